//! Each kind of flaw is found.

use super::*;
use crate::text::parse;
use std::sync::Arc;

fn flaws(blocks: &str) -> Vec<String> {
    let function = parse(&format!("fun m:f {{\n{blocks}\n}}\n"), Arc::default()).map_err(|error| error.to_string()).unwrap();
    verify(&function).err().unwrap_or_default().iter().map(ToString::to_string).collect()
}

#[test]
fn a_right_function_has_none() {
    assert!(flaws("bb 0 { v0:NoneType = LoadConst<NoneType>\n Return v0 }").is_empty());
}

#[test]
fn terminators() {
    assert_eq!(flaws("bb 0 { v0:NoneType = LoadConst<NoneType> }"), ["bb 0: no terminator"]);
    assert_eq!(flaws("bb 0 { Unreachable\n Unreachable }"), ["bb 0, Unreachable: a terminator is not the last instruction"]);
}

#[test]
fn predecessors() {
    assert_eq!(flaws("bb 0 { Branch<1> }\n bb 1 { Unreachable }"), ["bb 1: the predecessors are not those that lead here"]);
    assert_eq!(flaws("bb 0 { Branch<1> }\n bb 1 (preds 0, 0) { Unreachable }"), ["bb 1: the predecessors are not those that lead here"]);
    assert_eq!(flaws("bb 0 (preds 0) { Branch<0> }"), ["bb 0: the entry has predecessors"]);
    assert_eq!(flaws("bb 8 { Unreachable }"), ["bb 0: there is no entry"]);
}

#[test]
fn dominance() {
    let early = "bb 0 { v1:CBool = Is v0 v0\n v0:NoneType = LoadConst<NoneType>\n Return v0 }";
    assert_eq!(flaws(early), ["bb 0, v1 = Is v0 v0: v0 is not defined on every path here"; 2]);
    let branches = "bb 0 { v0:CBool[1] = LoadConst<CBool[1]>\n CondBranch<1, 2> v0 }
        bb 1 (preds 0) { v1:NoneType = LoadConst<NoneType>\n Branch<2> }
        bb 2 (preds 0, 1) { Return v1 }";
    assert_eq!(flaws(branches), ["bb 2, Return v1: v1 is not defined on every path here"]);
}

#[test]
fn phis() {
    let text = "bb 0 { v0:NoneType = LoadConst<NoneType>\n Branch<1> }
        bb 1 (preds 0) { v1:NoneType = Phi v0 v0\n Return v1 }";
    assert_eq!(flaws(text), ["bb 1, v1 = Phi v0 v0: 2 inputs for 1 predecessors"]);
}

#[test]
fn operand_types() {
    let text = "bb 0 { v0:NoneType = LoadConst<NoneType>\n v1:CInt64 = SmallIntUnbox v0\n Return v1 }";
    assert_eq!(flaws(text), ["bb 0, v1 = SmallIntUnbox v0: v0 is NoneType, not SmallInt"]);
    let mixed = "bb 0 { v0:CInt8[1] = LoadConst<CInt8[1]>\n v1:CInt64[1] = LoadConst<CInt64[1]>\n v2:CInt8 = IntBinaryOp<Add> v0 v1\n Return v2 }";
    assert_eq!(flaws(mixed), ["bb 0, v2 = IntBinaryOp<Add> v0 v1: operands are not of one machine type"]);
    let wrong = "bb 0 { v0:ListExact = LoadConst<NoneType>\n Return v0 }";
    assert_eq!(flaws(wrong), ["bb 0, v0 = LoadConst<NoneType>: the result is ListExact, not NoneType"]);
}

#[test]
fn frame_states() {
    let text = "bb 0 { v0:NoneType = LoadConst<NoneType>\n v1:CBool = IsTruthy v0\n Return v0 fs0 }\n fs 0 = code 0 at 0 locals() stack()";
    assert_eq!(flaws(text), ["bb 0, v1 = IsTruthy v0: no frame state", "bb 0, Return v0: a frame state where none is needed"]);
}

#[test]
fn second_results() {
    let text = "bb 0 { v0:NoneType = LoadConst<NoneType>\n v1:Object = GetSecondOutput<Object> v0\n Return v1 }";
    assert_eq!(flaws(text), ["bb 0, v1 = GetSecondOutput<Object> v0: not right behind its operand, which has two results"]);
}
