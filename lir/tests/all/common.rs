//! What several tests need.

pub mod generator;
pub mod interpreter;

use lir::SymbolTable;

/// The symbols that texts may name.
pub fn symbols() -> SymbolTable {
    let mut symbols = SymbolTable::new();
    for (index, name) in ["call_slow", "dealloc", "float_pow", "none_object", "exit_trampoline"].into_iter().enumerate() {
        symbols.add(name, 0x7f00_0000_1000 + 0x100 * index as u64);
    }
    symbols
}
