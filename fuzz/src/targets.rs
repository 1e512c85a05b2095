//! What texts are fed to.

use crate::environment;
use hir::passes::{self, NoObserver};
use lir::{Allocator, SymbolTable};
use std::sync::Arc;

/// A stage, and where texts for it are.
pub struct Target {
    pub name: &'static str,
    pub folders: &'static [&'static str],
    pub extension: &'static str,
    /// Whether the text went all the way. Panics are what is looked for.
    pub run: fn(&str) -> bool,
}

pub static TARGETS: &[Target] = &[
    Target { name: "hir", folders: &["hir/tests/passes"], extension: "hir", run: hir_text },
    Target {
        name: "lir",
        folders: &["lir/tests/all/allocation", "lir/tests/all/peephole", "codegen-x64/tests/all/pipeline"],
        extension: "lir",
        run: lir_text,
    },
];

/// HIR is parsed, verified, printed, and goes through all passes, each followed by the verifier.
fn hir_text(text: &str) -> bool {
    let classes = Arc::new(environment::classes());
    let Ok(mut function) = hir::text::parse(text, Arc::clone(&classes)) else { return false };
    if hir::verify::verify(&function).is_err() {
        return false;
    }
    // A text may say of a phi what its inputs do not keep.
    function.reflow_types();
    if hir::verify::verify(&function).is_err() {
        return false;
    }
    let printed = function.to_string();
    let again = hir::text::parse(&printed, Arc::clone(&classes)).unwrap_or_else(|error| panic!("{error}\n{printed}"));
    assert_eq!(again.to_string(), printed, "what is printed is read back as something else");
    // Texts from behind the insertion of counts do not go through it again.
    if !function.live.is_empty() {
        return false;
    }
    let preloaded = environment::preloaded(&classes);
    for pass in passes::pipeline(&[]) {
        passes::run(&[pass], &mut function, &preloaded, &mut NoObserver);
        if let Err(flaws) = hir::verify::verify(&function) {
            let flaws: Vec<String> = flaws.iter().map(ToString::to_string).collect();
            panic!("after {}: {}\n{function}", pass.name(), flaws.join("; "));
        }
    }
    true
}

/// LIR is parsed, verified, printed, improved, allocated, emitted and disassembled.
fn lir_text(text: &str) -> bool {
    let symbols = symbols();
    let Ok(mut function) = lir::text::parse_with(text, &symbols) else { return false };
    if lir::verify::verify(&function).is_err() {
        return false;
    }
    let printed = function.print_with(&symbols).to_string();
    let again = lir::text::parse_with(&printed, &symbols).unwrap_or_else(|error| panic!("{error}\n{printed}"));
    assert!(again.same_as(&function), "what is printed is read back as something else\n{printed}");
    lir::peephole::improve(&mut function);
    if let Err(flaws) = lir::verify::verify(&function) {
        panic!("after peepholes: {flaws:?}\n{function}");
    }
    let Ok(allocated) = Allocator::new().allocate(function) else { return false };
    let options = codegen_x64::Options { exit_trampoline: symbols.find("exit_trampoline").expect("it is there"), native: Some(68) };
    let Ok(code) = codegen_x64::emit(&allocated, &symbols, &options) else { return false };
    let text = codegen_x64::disassemble(&code, &symbols, Some(&allocated));
    assert!(!text.contains("(bad)"), "{text}");
    true
}

/// The names that texts use, and the trampoline of exits.
fn symbols() -> SymbolTable {
    let mut symbols = SymbolTable::new();
    for (index, name) in ["exit_trampoline", "call_slow", "dealloc", "float_pow", "none_object"].iter().enumerate() {
        symbols.add(name, 0x1000 + 16 * index as u64);
    }
    symbols
}
