//! What `verify` finds: one flaw in each function.

use crate::common::symbols;
use lir::{text, verify};

/// The body of a function, and what is wrong with it.
const FLAWS: &[(&str, &str)] = &[
    ("bb0:\n%0 = Arguments", "bb0: the block does not end"),
    ("bb0:\nReturn 0\nbb1:", "bb1: the block does not end"),
    ("bb0:\nReturn 0\nReturn 1", "bb0, 0: Return ends the block in the middle"),
    ("bb0:\nBranch -> bb7", "bb0: there is no bb7"),
    ("bb0:\nBranch -> bb0", "bb0: the entry is the target of an edge"),
    ("bb0 (%0):\nReturn %0", "bb0: the entry has parameters"),
    ("bb0 cold:\nReturn 0", "bb0: the entry is cold"),
    ("bb0:\nBranch\nbb1:\nReturn 0", "bb0, 0: Branch does not have 0 edges"),
    ("bb0:\n%0 = Arguments\nCompareJump.64 e %0, 1 -> bb1\nbb1:\nReturn 0", "bb0, 1: CompareJump does not have 1 edges"),
    ("bb0:\nBranch -> bb1\nbb1 (%0):\nReturn %0", "bb0: the arguments do not fit the parameters of bb1"),
    ("bb0:\n%0 = Arguments\nBranch -> bb1(%0)\nbb1 (%f1):\nReturn %f1", "bb0: the arguments do not fit the parameters of bb1"),
    ("bb0:\nBranch -> bb1(vm)\nbb1 (%1):\nReturn %1", "bb0: an argument for bb1 is no value"),
    ("bb0:\nReturn %0", "bb0, 0: %0 is not defined"),
    ("bb0:\n%0 = LoadImm 1\nReturn %f0", "bb0, 1: %f0 is not defined"),
    ("bb0:\n%0 = LoadImm 1\n%0 = LoadImm 2\nReturn %0", "bb0, 1: %0 is defined twice"),
    ("bb0:\n%1 = Neg.64 %0\n%0 = LoadImm 2\nReturn %1", "bb0, 0: %0 is used where it need not be defined"),
    (
        "bb0:\n%0 = Arguments\nTestJump.64 e %0, %0 -> bb1, bb2\nbb1:\n%1 = LoadImm 1\nBranch -> bb3\nbb2:\nBranch -> bb3\nbb3:\nReturn %1",
        "bb3, 0: %1 is used where it need not be defined",
    ),
    ("bb0:\n%f0 = LoadImm 1\nReturn 0", "bb0, 0: LoadImm: dst is of the wrong class"),
    ("bb0:\n%0 = LoadImm 1\n%f1 = FloatSqrt %0\nReturn %f1", "bb0, 1: FloatSqrt: src is of the wrong class"),
    ("bb0:\n%0 = LoadImm 1\n%1 = Add.64 5, %0\nReturn %1", "bb0, 1: Add: left has the wrong form"),
    ("bb0:\n%0 = LoadImm 1\n%1 = Add.64 %0, 4294967296\nReturn %1", "bb0, 1: Add: right has the wrong form"),
    ("bb0:\n%0 = LoadImm 1\n%1 = Add.64 %0, &call_slow\nReturn %1", "bb0, 1: Add: right has the wrong form"),
    ("bb0:\n%0 = Load.64 5\nReturn %0", "bb0, 0: Load: memory has the wrong form"),
    ("bb0:\nGuardCompare.64 e [vm], [frame] exit 1\nReturn 0", "bb0, 0: GuardCompare: two operands are in memory"),
    ("bb0:\n%0 = LoadImm 1\n%1 = Add.64 %0\nReturn %1", "bb0, 1: Add does not have 1 results and 1 operands"),
    ("bb0:\n%0, %1 = LoadImm 1\nReturn %0", "bb0, 0: LoadImm does not have 2 results and 1 operands"),
    ("bb0:\nrax = LoadImm 1\nReturn 0", "bb0, 0: LoadImm writes rax"),
    ("bb0:\n%0 = Move rax\nReturn %0", "bb0, 0: Move: rax is not for use"),
    ("bb0:\n%0 = Move area\nReturn %0", "bb0, 0: Move: area is not for use"),
    ("bb0:\n%0 = Neg.64 vm\nReturn %0", "bb0, 0: Neg: src must be a value"),
    ("bb0:\n%0 = LoadImm 1\n%1 = Shl.64 %0, vm\nReturn %1", "bb0, 1: Shl: count must be a value"),
    ("bb0:\n%0 = Load.64 [rax]\nReturn %0", "bb0, 0: Load: rax is no base"),
    ("bb0:\n%0 = LoadImm 1\n%1 = BitSet.64 e %0, 1\nReturn %1", "bb0, 1: BitSet has no condition e"),
    ("bb0:\n%0 = LoadImm 1\n%1 = CompareSet.64 feq %0, 1\nReturn %1", "bb0, 1: CompareSet has no condition feq"),
    ("bb0:\n%0 = LoadImm 1\n%1 = GuardMul.64 s %0, 1 exit 1\nReturn %1", "bb0, 1: GuardMul has no condition s"),
    ("bb0:\nGuardCompare.64 e [vm], 1 exit 1 ([vm])\nReturn 0", "bb0, 0: memory and pinned registers are not recorded"),
    ("bb0:\nPatchpoint exit 1 (vm)\nReturn 0", "bb0, 0: memory and pinned registers are not recorded"),
    ("bb0:\n%0 = LoadImm 1\n%1 = Arguments\nReturn %1", "bb0, 1: Arguments are at the start of an entry"),
    ("bb0:\n%0, %1, %2, %3, %4 = Arguments\nReturn %1", "bb0, 0: Arguments are up to four ints"),
    ("bb0:\n%0, %1, %2 = Call &call_slow safepoint 1\nReturn %1", "bb0, 0: a call has up to two ints or a float as results"),
    ("bb0:\n%0 = Call &call_slow, [vm] safepoint 1\nReturn %0", "bb0, 0: an argument is a value, a pinned register or a constant"),
    ("bb0:\n%0 = Call 5 safepoint 1\nReturn %0", "bb0, 0: Call: target has the wrong form"),
    ("bb0:\nReturn vm", "bb0, 0: up to two ints or a float are returned"),
    ("bb0:\nReturn 1, 2, 3", "bb0, 0: up to two ints or a float are returned"),
    ("bb0:\nEntrySwitch -> 1: bb1, 1: bb1\nbb1:\nReturn 0", "bb0, 0: two entries have the same id"),
    ("bb0:\n%0 = LoadImm 1\nEntrySwitch -> 1: bb1\nbb1:\nReturn 0", "bb0, 1: EntrySwitch is the entry's only instruction"),
];

#[test]
fn flaws_are_found() {
    for (body, expected) in FLAWS {
        let source = format!("fun flawed {{\n{body}\n}}");
        let function = text::parse_with(&source, &symbols()).unwrap_or_else(|error| panic!("{source}: {error}"));
        let flaws = verify::verify(&function).expect_err(&source);
        let messages: Vec<String> = flaws.iter().map(ToString::to_string).collect();
        assert!(messages.iter().any(|message| message == expected), "{source}\n{messages:?}");
    }
}

#[test]
fn a_function_without_blocks_is_flawed() {
    assert!(verify::verify(&lir::Function::new("empty")).is_err());
}
