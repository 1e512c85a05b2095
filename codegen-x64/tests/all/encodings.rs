//! Single instructions in every form: `encodings/*.lir` has one allocated instruction a line, the snapshot its bytes and their text.

use crate::{options, symbols};
use lir::{Allocated, text};
use std::fmt::Write;

/// The bytes of the instruction alone: what is between the entry and what follows.
fn encode(line: &str) -> Vec<u8> {
    let symbols = symbols();
    let source = format!("fun one (area 2, slots 2) {{\nbb0:\n  {line} @1\n  Trap @2\n  Unreachable\n}}");
    let function = text::parse_with(&source, &symbols).unwrap_or_else(|error| panic!("{line}: {error}"));
    let code = codegen_x64::emit(&Allocated::new(function), &symbols, &options()).expect("all symbols are known");
    let start = code.source_map.iter().find(|entry| entry.origin == 1).map(|entry| entry.offset);
    let end = code.source_map.iter().find(|entry| entry.origin == 2).expect("a trap has bytes").offset;
    code.bytes[start.unwrap_or(end) as usize..end as usize].to_vec()
}

fn check(name: &str, source: &str) {
    let mut out = String::new();
    for line in source.lines() {
        let bytes = encode(line);
        let hex: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let _ = writeln!(out, "{line:<44} {}", hex.join(" "));
        out.push_str(&codegen_x64::disassemble_bytes(&bytes));
    }
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false, snapshot_path => "snapshots/encodings" }, {
        insta::assert_snapshot!(name, out);
    });
}

macro_rules! tables {
    ($($name:ident)*) => { $(
        #[test]
        fn $name() {
            check(stringify!($name), include_str!(concat!("encodings/", stringify!($name), ".lir")));
        }
    )* };
}

tables! {
    addresses arithmetic constants extensions floats loads moves products_and_quotients selects sets shifts stores
}
