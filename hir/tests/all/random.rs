//! Functions made at random mean the same before and after passes: [`generate`] makes them, [`interpret`] executes them.

mod generate;
mod heap;
mod interpret;

use generate::{generate, preloaded};
use hir::Instr;
use hir::passes::{self, NoObserver, Pass};
use hir::verify::verify;
use interpret::run;
use proptest::prelude::*;

fn numbers() -> impl Strategy<Value = Vec<u32>> {
    proptest::collection::vec(any::<u32>(), 5..160)
}

fn check(numbers: &[u32], seed: u32, passes: &[Pass]) -> Result<(), TestCaseError> {
    let original = generate(numbers);
    prop_assert_eq!(verify(&original), Ok(()), "{}", original);
    let Some(expected) = run(&original, None, seed) else { return Ok(()) };
    let mut optimized = original.clone();
    passes::run(passes, &mut optimized, &preloaded(), &mut NoObserver);
    let is = run(&original, Some(&optimized), seed);
    prop_assert!(is.as_ref() == Some(&expected), "was {expected:#?}\nis {is:#?}\nof\n{original}\nmade\n{optimized}");
    Ok(())
}

macro_rules! same_meaning {
    ($($name:ident: $($pass:literal)*;)*) => { $(
        proptest! {
            #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]
            #[test]
            fn $name(numbers in numbers(), seed in any::<u32>()) {
                let passes: Vec<Pass> = [$($pass),*].into_iter().map(|name| Pass::from_name(name).expect("a pass")).collect();
                check(&numbers, seed, &passes)?;
            }
        }
    )* };
}

fn cases() -> u32 {
    std::env::var("HIR_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(60)
}

same_meaning! {
    nothing: ;
    phi_elimination: "phi-elimination";
    clean_cfg: "clean-cfg" "dead-code-elimination" "clean-cfg";
    guard_type_removal: "guard-type-removal";
    dynamic_comparison_elimination: "dynamic-comparison-elimination" "clean-cfg";
    begin_inlined_function_elimination: "begin-inlined-function-elimination";
    sink_primitive_box: "simplify" "sink-primitive-box" "dead-code-elimination";
    insert_update_instr: "frame-state-trimming" "refcount-insertion" "insert-update-instr";
    value_numbering: "phi-elimination" "value-numbering" "clean-cfg";
    value_numbering_and_simplify: "simplify" "value-numbering" "simplify" "clean-cfg" "dead-code-elimination" "frame-state-trimming" "refcount-insertion";
    unboxing: "simplify" "unboxing" "simplify" "dead-code-elimination";
    loop_invariant_code_motion: "simplify" "clean-cfg" "phi-elimination" "loop-invariant-code-motion" "simplify";
    escape_analysis: "simplify" "escape-analysis" "sink-primitive-box" "dead-code-elimination";
    escape_analysis_and_counts: "simplify" "value-numbering" "simplify" "escape-analysis" "sink-primitive-box" "frame-state-trimming" "refcount-insertion";
    instance_elimination: "simplify" "value-numbering" "instance-elimination" "phi-elimination" "simplify" "clean-cfg" "dead-code-elimination";
    instance_elimination_and_counts: "simplify" "value-numbering" "instance-elimination" "phi-elimination" "clean-cfg" "sink-primitive-box" "frame-state-trimming" "refcount-insertion";
    guard_elimination: "simplify" "value-numbering" "guard-elimination" "simplify" "clean-cfg" "dead-code-elimination";
    shape_elimination: "simplify" "shape-elimination" "clean-cfg" "value-numbering" "shape-elimination" "clean-cfg";
    slice_fusion: "simplify" "slice-fusion" "dead-code-elimination";
    iterator_elimination: "simplify" "clean-cfg" "dead-code-elimination" "iterator-elimination" "simplify";
    inline_function_calls: "inline-function-calls" "phi-elimination" "clean-cfg" "simplify" "begin-inlined-function-elimination";
    simplify: "simplify" "clean-cfg" "dead-code-elimination";
    refcount_insertion: "frame-state-trimming" "refcount-insertion";
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn pipeline(numbers in numbers(), seed in any::<u32>()) {
        check(&numbers, seed, &passes::pipeline(&[]))?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]
    /// The checker of reference counts sees each count that is not there.
    #[test]
    fn no_count_is_superfluous(numbers in numbers(), which in any::<proptest::sample::Index>()) {
        let mut function = generate(&numbers);
        passes::run(&[Pass::Simplify, Pass::CleanCfg, Pass::FrameStateTrimming, Pass::RefcountInsertion], &mut function, &preloaded(), &mut NoObserver);
        let is_count = |value: &hir::Value| {
            let operand = function.operands(*value).first().copied();
// What may be no object needs no counting where it is none.
            let is_there = operand.is_some_and(|operand| function.ty(operand).fits(hir::ty::HeapObject));
            is_there && matches!(function.instr(*value), Instr::Incref { .. } | Instr::Decref { .. })
        };
        let counts: Vec<hir::Value> = function.values().filter(is_count).collect();
        // Where control does not come, nothing is checked.
        if counts.is_empty() || function.values().any(|value| function.has_output(value) && function.ty(value).is_bottom()) {
            return Ok(());
        }
        let removed = *which.get(&counts);
        let (block, index) = function.position(removed).expect("it is in a block");
        function.remove(block, index);
        prop_assert!(hir::refcount::check::check(&function, 20_000).is_err(), "without {removed}\n{function}");
    }
}

/// That random functions are worth something: most do a lot before they end.
#[test]
fn functions_do_something() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let (mut ends, mut steps) = (std::collections::BTreeMap::new(), 0);
    for seed in 0..300 {
        let numbers = numbers().new_tree(&mut runner).expect("numbers").current();
        let original = generate(&numbers);
        let Some(outcome) = run(&original, None, seed) else { continue };
        let end = outcome.end.split(' ').next().unwrap_or_default().to_owned();
        *ends.entry(end).or_insert(0) += 1;
        steps += outcome.steps;
    }
    eprintln!("{ends:?} {steps}");
    assert!(steps > 300 * 20, "{ends:?}, {steps} steps");
}
