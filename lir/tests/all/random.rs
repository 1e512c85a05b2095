//! Random functions mean the same before and after allocation, and their text is read back.

use crate::common::generator::generate;
use crate::common::interpreter::{Start, run};
use lir::{Allocator, Function, Opcode, Operand, Place, SafepointValues, peephole, text, verify};
use proptest::prelude::*;

fn numbers() -> impl Strategy<Value = Vec<u32>> {
    proptest::collection::vec(any::<u32>(), 0..400)
}

fn starts(function: &Function) -> Vec<Start> {
    let starts = [Start::default(), Start { args: [0, u64::MAX, 0x7fff_ffff_ffff_ffff, 2], ..Start::default() }];
    let entries: Vec<u32> = function.block(lir::BlockId::ENTRY).edges.iter().map(|edge| edge.key).collect();
    let has_entries = entries.contains(&7);
    starts.into_iter().flat_map(|start| [start, Start { entry: if has_entries { 7 } else { 0 }, ..start }]).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, max_shrink_iters: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn allocation_keeps_the_meaning(numbers in numbers()) {
        let function = generate(&numbers);
        prop_assert_eq!(verify::verify(&function), Ok(()), "{}", function);
        let allocated = Allocator::new().allocate(function.clone());
        prop_assert!(allocated.is_ok(), "{:?}\n{}", allocated.map(|_| ()), function);
        let allocated = allocated.expect("it was asked for");
        for start in starts(&function) {
            let (before, after) = (run(&function, &start), run(&allocated.function, &start));
            prop_assert_eq!(before, after, "{}\n{}", function, allocated);
        }
    }

    #[test]
    fn safepoints_find_values_on_the_stack(numbers in numbers()) {
        let function = generate(&numbers);
        let mut allocator = Allocator::new();
        allocator.safepoint_values = SafepointValues::OnStack;
        let allocated = allocator.allocate(function.clone());
        prop_assert!(allocated.is_ok(), "{:?}\n{}", allocated.map(|_| ()), function);
        let allocated = allocated.expect("it was asked for").function;
        for call in allocated.blocks.iter().flat_map(|block| &block.instrs).filter(|instr| instr.opcode == Opcode::Call) {
            let on_stack = |operand: &Operand| operand.reg().is_none_or(|reg| matches!(reg.place(), Place::Slot(_)));
            prop_assert!(allocated.recorded(call).iter().all(on_stack), "{}", allocated);
        }
        for start in starts(&function) {
            let (before, after) = (run(&function, &start), run(&allocated, &start));
            prop_assert_eq!(before, after, "{}\n{}", function, allocated);
        }
    }

    #[test]
    fn peepholes_keep_the_meaning(numbers in numbers()) {
        let function = generate(&numbers);
        let mut improved = function.clone();
        peephole::improve(&mut improved);
        prop_assert_eq!(verify::verify(&improved), Ok(()), "{}", improved);
        let allocated = Allocator::new().allocate(improved.clone());
        prop_assert!(allocated.is_ok(), "{:?}\n{}", allocated.map(|_| ()), improved);
        let allocated = allocated.expect("it was asked for");
        for start in starts(&function) {
            let (before, between, after) = (run(&function, &start), run(&improved, &start), run(&allocated.function, &start));
            prop_assert_eq!(&before, &between, "{}\n{}", function, improved);
            prop_assert_eq!(before, after, "{}\n{}\n{}", function, improved, allocated);
        }
    }

    #[test]
    fn text_is_read_back(numbers in numbers()) {
        let function = generate(&numbers);
        let read = text::parse(&function.to_string()).expect("what is printed can be read");
        prop_assert!(read.same_as(&function), "{}\n{}", function, read);
        let allocated = Allocator::new().allocate(function).expect("a sound function can be allocated").function;
        let read = text::parse(&allocated.to_string()).expect("what is printed can be read");
        prop_assert!(read.same_as(&allocated), "{}\n{}", allocated, read);
    }
}
