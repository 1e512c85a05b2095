//! Editing keeps the graph's invariants.

use super::*;
use crate::instr::Instr;
use crate::text::parse;
use crate::types::ty;
use crate::verify::verify;

const LOOP: &str = "fun m:f {
  bb 0 {
    v1:SmallInt[0] = LoadConst<SmallInt[0]>
    v2:SmallInt[9] = LoadConst<SmallInt[9]>
    Branch<1>
  }
  bb 1 (preds 0, 2) {
    v3:SmallInt = Phi v1 v5
    v4:CBool = SmallIntCompare<Less> v3 v2
    CondBranch<2, 3> v4
  }
  bb 2 (preds 1) {
    v5:SmallInt = SmallIntBinaryOp<Add> v3 v2 fs0
    Branch<1>
  }
  bb 3 (preds 1) {
    Return v3
  }
  fs 0 = code 0 at 4 locals(v3, _) stack() covered
}
";

fn function(text: &str) -> Function {
    let function = parse(text, Arc::default()).map_err(|error| error.to_string()).unwrap();
    assert_eq!(verify(&function), Ok(()));
    function
}

#[test]
fn text_round_trips() {
    assert_eq!(function(LOOP).to_string(), LOOP);
}

#[test]
fn types_flow_around_loops() {
    let mut function = function(LOOP);
    function.set_type(Value(3), ty::Top);
    function.reflow_types();
    assert_eq!(function.ty(Value(3)), ty::SmallInt);
    assert_eq!(function.to_string(), LOOP);
}

#[test]
fn dominators_of_a_loop() {
    let function = function(LOOP);
    let dominators = function.dominators();
    assert_eq!(dominators.order(), [Block(0), Block(1), Block(2), Block(3)]);
    assert!(dominators.dominates(Block(1), Block(3)) && !dominators.dominates(Block(2), Block(1)));
    assert_eq!(dominators.parent(Block(2)), Some(Block(1)));
    assert_eq!(dominators.parent(Block(0)), None);
}

#[test]
fn blocks_split_and_merge() {
    let mut function = function(LOOP);
    let tail = function.split_block(Block(1), 1);
    function.append(Block(1), Instr::branch(tail));
    assert_eq!(verify(&function), Ok(()));
    assert_eq!(function.preds(Block(2)), [tail]);
    function.merge_into_pred(tail);
    assert_eq!(function.to_string(), LOOP);
}

#[test]
fn edges_split() {
    let mut function = function(LOOP);
    let middle = function.split_edge(Block(0), Block(1));
    assert_eq!(verify(&function), Ok(()));
    assert_eq!(function.preds(Block(1)), [middle, Block(2)]);
    assert_eq!(function.phi_inputs(Value(3)), [Value(1), Value(5)]);
}

#[test]
fn removed_edges_take_inputs_along() {
    let mut function = function(LOOP);
    function.set_terminator(Block(2), Instr::unreachable(), None);
    assert_eq!(verify(&function), Ok(()));
    assert_eq!(function.phi_inputs(Value(3)), [Value(1)]);
}

#[test]
fn uses_are_replaced_in_frame_states() {
    let mut function = function(LOOP);
    assert_eq!(function.use_counts()[3], 4);
    function.replace_all_uses(Value(3), Value(2));
    assert_eq!(function.state(FrameStateId(0)).locals[0], Some(Value(2)));
    assert_eq!(function.use_counts()[3], 0);
}

#[test]
fn guards_find_the_nearest_snapshot() {
    let text = "fun m:f {
        bb 0 {
            v0:Object = LoadArg<0, \"x\", Object>
            Snapshot fs0
            v1:CBool = Is v0 v0
            v2:Object = UnaryOp<Negate> v0 fs0
            v3:Object = UnaryOp<Negate> v2 fs0
            Snapshot fs1
            Return v3
        }
        fs 0 = code 0 at 0 locals() stack(v0) pops 1
        fs 1 = code 0 at 1 locals() stack(v3) pops 1
    }";
    let function = function(text);
    let states: Vec<Option<u32>> = (0..7).map(|index| function.state_for_guard(Block(0), index).map(|id| id.0)).collect();
    assert_eq!(states, [None, None, Some(0), Some(0), None, None, Some(1)]);
}

#[test]
fn a_function_is_imported() {
    let inner = function(LOOP);
    let mut outer = function(
        "fun m:g {\n bb 0 {\n v0:NoneType = LoadConst<NoneType>\n Deopt<\"here\"> fs0\n }\n fs 0 = code 0 at 9 locals() stack(v0) pops 1\n}",
    );
    let imported = outer.import(&inner, Some(FrameStateId(0)), &mut |_| CodeId(1));
    outer.set_terminator(Block(0), Instr::branch(imported.block(Function::ENTRY)), None);
    assert_eq!(verify(&outer), Ok(()));
    assert!(outer.to_string().contains("fs 1 = code 1 at 4 locals(v5, _) stack() covered parent fs0"), "{outer}");
}

#[test]
fn values_live_around_loops() {
    let function = function(LOOP);
    let liveness = function.liveness();
    let live = |set: &ValueSet| set.iter().map(|value| value.0).collect::<Vec<_>>();
    assert_eq!(live(liveness.live_in(Block(0))), []);
    assert_eq!(live(liveness.live_out(Block(0))), [1, 2]);
    assert_eq!(live(liveness.live_in(Block(1))), [2]);
    assert_eq!(live(liveness.live_in(Block(2))), [2, 3]);
    assert_eq!(live(liveness.live_out(Block(2))), [2, 5]);
    assert_eq!(live(liveness.live_in(Block(3))), [3]);
}
