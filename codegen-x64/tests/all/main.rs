//! The tests of this crate: encodings of single instructions, whole functions with what is said about them, random functions.

mod encodings;
mod functions;
mod random;

use codegen_x64::{Code, Options};
use lir::{NO_ORIGIN, SymbolId, SymbolTable};
use std::fmt::Write;

/// The symbols that texts may name.
fn symbols() -> SymbolTable {
    let mut symbols = SymbolTable::new();
    for (index, name) in ["exit_trampoline", "call_slow", "dealloc", "float_pow", "none_object"].into_iter().enumerate() {
        symbols.add(name, 0x7f00_0000_1000 + 0x100 * index as u64);
    }
    symbols
}

fn options() -> Options {
    Options { exit_trampoline: SymbolId(0), native: None }
}

/// What is known about the code beside its bytes.
fn describe(code: &Code) -> String {
    let mut out = String::new();
    let origin = |origin: u32| if origin == NO_ORIGIN { String::new() } else { format!(" @{origin}") };
    let n_words = (code.bytes.len() - code.pool_offset as usize) / 8;
    let _ = writeln!(out, "code: {} bytes, {n_words} words in the pool", code.code_size);
    let frame = &code.frame;
    let _ = writeln!(out, "frame: {} bytes, saves {:?}, {} slots, area at {}", frame.size, frame.saved, frame.n_slots, frame.area_offset);
    for (index, exit) in code.exits.iter().enumerate() {
        let _ = writeln!(out, "exit{index}: id {}{} {:x?}", exit.id, origin(exit.origin), exit.locations);
    }
    for safepoint in &code.safepoints {
        let _ = writeln!(out, "safepoint {} at {}{} {:x?}", safepoint.id, safepoint.return_offset, origin(safepoint.origin), safepoint.locations);
    }
    for patchpoint in &code.patchpoints {
        let _ = writeln!(out, "patchpoint at {} for exit{}: {:02x?}", patchpoint.offset, patchpoint.exit, code.patch(patchpoint));
    }
    let origins = code.source_map.iter().filter(|entry| entry.origin != NO_ORIGIN);
    let map: Vec<String> = origins.map(|entry| format!("{}@{}", entry.offset, entry.origin)).collect();
    if !map.is_empty() {
        let _ = writeln!(out, "source map: {}", map.join(" "));
    }
    out
}
