//! Code of random functions: every byte decodes, and what is said about it holds.

#[path = "../../../lir/tests/all/common/generator.rs"]
mod generator;

use crate::options;
use codegen_x64::{Code, emit};
use lir::{Allocator, SymbolTable, peephole};
use proptest::prelude::*;

fn symbols() -> SymbolTable {
    let mut symbols = SymbolTable::new();
    for index in 0..generator::N_SYMBOLS {
        symbols.add(&format!("symbol{index}"), 0x7f00_0000_0000 + 16 * u64::from(index));
    }
    symbols
}

fn check(code: &Code) -> Result<(), TestCaseError> {
    let text = codegen_x64::disassemble(code, &symbols(), None);
    prop_assert!(!text.contains("(bad)"), "{}", text);
    for patchpoint in &code.patchpoints {
        let offset = patchpoint.offset as usize;
        prop_assert_eq!(offset / 8, (offset + 4) / 8);
        prop_assert_eq!(&code.bytes[offset..offset + 5], &[0x0f, 0x1f, 0x44, 0x00, 0x00]);
    }
    prop_assert!(code.safepoints.is_sorted_by_key(|safepoint| safepoint.return_offset));
    prop_assert!(code.source_map.is_sorted_by_key(|entry| entry.offset));
    for (index, safepoint) in code.safepoints.iter().enumerate() {
        prop_assert_eq!(code.safepoint_at(safepoint.return_offset), Some(&code.safepoints[index]));
    }
    prop_assert_eq!(code.frame.size % 16, 0);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn code_is_sound(numbers in proptest::collection::vec(any::<u32>(), 0..400)) {
        let function = generator::generate(&numbers);
        let mut improved = function.clone();
        peephole::improve(&mut improved);
        for function in [function, improved] {
            let allocated = Allocator::new().allocate(function).expect("a sound function can be allocated");
            check(&emit(&allocated, &symbols(), &options()).expect("all symbols are known"))?;
        }
    }
}
