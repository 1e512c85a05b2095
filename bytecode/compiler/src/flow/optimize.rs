//! Improves one basic block at a time: folds constants, threads jumps, drops needless tests.

use super::block::{BlockId, Graph, Inst, Op};
use super::constants::Constants;
use super::fold::{self, Unary};
use super::{lines, order, swaps};
use crate::source::Span;
use bytecode::Constant;
use bytecode::Opcode as O;
use bytecode::opcode::{BinaryOp, Intrinsic1};

/// Longer displays are built step by step.
pub(crate) const STACK_GUIDELINE: u32 = 30;
/// Shorter displays of constants are built from their items.
const MIN_CONST_SEQUENCE: u32 = 3;

pub(super) fn optimize(graph: &mut Graph, constants: &mut Constants, first_line: i32) {
    order::inline_small_blocks(graph);
    order::remove_unreachable(graph);
    lines::resolve(graph, first_line);
    for id in graph.order() {
        let mut pass = Pass { graph, constants, id };
        pass.load_constants();
    }
    for id in graph.order() {
        let mut pass = Pass { graph, constants, id };
        pass.block();
        swaps::optimize(&mut pass.graph.block_mut(id).insts);
    }
    lines::remove_redundant_pairs(graph);
    order::remove_unreachable(graph);
    lines::remove_redundant_nops_and_jumps(graph);
}

struct Pass<'a> {
    graph: &'a mut Graph,
    constants: &'a mut Constants,
    id: BlockId,
}

impl Pass<'_> {
    fn len(&self) -> usize {
        self.graph.block(self.id).insts.len()
    }

    fn inst(&mut self, at: usize) -> &mut Inst {
        &mut self.graph.block_mut(self.id).insts[at]
    }

    fn get(&self, at: usize) -> Option<Inst> {
        self.graph.block(self.id).insts.get(at).copied()
    }

    fn constant(&self, inst: Inst) -> Option<Constant> {
        match inst.op {
            Op::Real(O::LoadConst) => self.constants.values.get(inst.arg as usize).cloned(),
            Op::Real(O::LoadSmallInt) => Some(Constant::Int(i64::from(inst.arg))),
            _ => None,
        }
    }

    /// The instruction becomes one that loads `constant`.
    fn make_load(&mut self, at: usize, constant: Constant) {
        match constant {
            Constant::Int(value @ 0..=255) => self.inst(at).set(O::LoadSmallInt, value as u32),
            constant => {
                let index = self.constants.add(constant);
                self.inst(at).set(O::LoadConst, index);
            }
        }
    }

    fn load_constants(&mut self) {
        let mut loaded: Option<Inst> = None;
        for at in 0..self.len() {
            let inst = *self.inst(at);
            let is_copy = inst.op == O::Copy && inst.arg == 1 && loaded.is_some_and(|loaded| loaded.op == O::LoadConst);
            if !is_copy {
                loaded = Some(inst);
            }
            let Some(source) = loaded.filter(|loaded| loaded.op.loads_constant()) else { continue };
            let Some(next) = self.get(at + 1) else { continue };
            let tests = matches!(next.op, Op::Real(O::PopJumpIfFalse | O::PopJumpIfTrue | O::IsOp | O::ToBool) | Op::JumpIfFalse | Op::JumpIfTrue);
            if !tests {
                continue;
            }
            let Some(value) = self.constant(source) else { continue };
            match next.op {
                Op::Real(O::PopJumpIfFalse | O::PopJumpIfTrue) | Op::JumpIfFalse | Op::JumpIfTrue => {
                    let Some(truth) = fold::truth(&value) else { continue };
                    if matches!(next.op, Op::Real(_)) {
                        self.inst(at).make_nop();
                    }
                    let if_true = matches!(next.op, Op::Real(O::PopJumpIfTrue) | Op::JumpIfTrue);
                    if truth == if_true {
                        self.inst(at + 1).op = Op::Jump;
                    } else {
                        self.inst(at + 1).make_nop();
                    }
                }
                Op::Real(O::IsOp) if value == Constant::None => self.compare_with_none(at),
                Op::Real(O::ToBool) => {
                    let Some(truth) = fold::truth(&value) else { continue };
                    self.inst(at).make_nop();
                    self.make_load(at + 1, fold::boolean(truth));
                }
                _ => {}
            }
        }
    }

    /// `x is None` before a jump becomes part of the jump.
    fn compare_with_none(&mut self, at: usize) {
        let mut jump_at = at + 2;
        let Some(mut jump) = self.get(jump_at) else { return };
        if jump.op == O::ToBool {
            self.inst(jump_at).make_nop();
            jump_at += 1;
            match self.get(jump_at) {
                Some(next) => jump = next,
                None => return,
            }
        }
        let mut invert = self.inst(at + 1).arg != 0;
        if jump.op == O::PopJumpIfFalse {
            invert = !invert;
        } else if jump.op != O::PopJumpIfTrue {
            return;
        }
        self.inst(at).make_nop();
        self.inst(at + 1).make_nop();
        self.inst(jump_at).op = Op::Real(if invert { O::PopJumpIfNotNone } else { O::PopJumpIfNone });
    }

    fn block(&mut self) {
        let mut at = 0;
        // Threading looks at an instruction again; the graph's size bounds how often.
        let mut budget = 4 * self.graph.blocks.len() + self.len();
        while at < self.len() {
            if self.instruction(at) && budget > 0 {
                budget -= 1;
            } else {
                at += 1;
            }
        }
    }

    /// Improves one instruction; true if it is to be looked at again.
    fn instruction(&mut self, at: usize) -> bool {
        let inst = *self.inst(at);
        let next = self.get(at + 1).map(|next| next.op);
        let next_is = |opcode: O| next.is_some_and(|next| next == opcode);
        match inst.op {
            Op::Real(O::BuildTuple) => self.build_tuple(at, next),
            Op::Real(O::BuildList | O::BuildSet) => self.build_list_or_set(at, next_is(O::GetIter) || next_is(O::ContainsOp)),
            Op::Real(O::PopJumpIfFalse | O::PopJumpIfTrue | O::PopJumpIfNone | O::PopJumpIfNotNone) => {
                return self.thread(at, |target| (target == Op::Jump).then_some(inst.op));
            }
            Op::JumpIfFalse | Op::JumpIfTrue => return self.conditional(at),
            Op::Jump => {
                return self.thread(at, |target| match target {
                    Op::Jump => Some(Op::Jump),
                    Op::JumpNoInterrupt => Some(Op::Jump),
                    _ => None,
                });
            }
            Op::JumpNoInterrupt => {
                return self.thread(at, |target| matches!(target, Op::Jump | Op::JumpNoInterrupt).then_some(target));
            }
            Op::Real(O::StoreFast) => {
                if let Some(following) = self.get(at + 1)
                    && following.op == inst.op
                    && following.arg == inst.arg
                    && following.span.line == inst.span.line
                {
                    self.inst(at).set(O::PopTop, 0);
                }
            }
            Op::Real(O::Swap) if inst.arg == 1 => self.inst(at).make_nop(),
            Op::Real(O::LoadGlobal) if next_is(O::PushNull) && inst.arg & 1 == 0 => {
                self.inst(at).arg |= 1;
                self.inst(at + 1).make_nop();
            }
            Op::Real(O::CompareOp) if next_is(O::ToBool) => self.merge(at, O::CompareOp, inst.arg | 16),
            Op::Real(opcode @ (O::ContainsOp | O::IsOp)) if next_is(O::ToBool) => self.merge(at, opcode, inst.arg),
            Op::Real(opcode @ (O::ContainsOp | O::IsOp)) if next_is(O::UnaryNot) => self.merge(at, opcode, inst.arg ^ 1),
            Op::Real(O::ToBool) if next_is(O::ToBool) => self.inst(at).make_nop(),
            Op::Real(O::UnaryNot) if next_is(O::ToBool) => self.merge(at, O::UnaryNot, 0),
            Op::Real(O::UnaryNot) if next_is(O::UnaryNot) => {
                self.inst(at).make_nop();
                self.inst(at + 1).make_nop();
            }
            Op::Real(O::UnaryNot) => self.fold_unary(at, Unary::Not),
            Op::Real(O::UnaryInvert) => self.fold_unary(at, Unary::Invert),
            Op::Real(O::UnaryNegative) => self.fold_unary(at, Unary::Negative),
            Op::Real(O::CallIntrinsic1) if inst.arg == Intrinsic1::ListToTuple as u32 => {
                self.fold_list_to_tuple(at);
                if next_is(O::GetIter) && self.inst(at).op == O::CallIntrinsic1 {
                    self.inst(at).make_nop();
                }
            }
            Op::Real(O::CallIntrinsic1) if inst.arg == Intrinsic1::UnaryPositive as u32 => self.fold_unary(at, Unary::Positive),
            Op::Real(O::BinaryOp) => self.fold_binary(at),
            _ => {}
        }
        false
    }

    /// The instruction goes, and the next one takes its place with another operand.
    fn merge(&mut self, at: usize, opcode: O, arg: u32) {
        self.inst(at).make_nop();
        self.inst(at + 1).set(opcode, arg);
    }

    /// A jump to a jump goes where that goes.
    fn thread(&mut self, at: usize, combine: impl Fn(Op) -> Option<Op>) -> bool {
        let inst = *self.inst(at);
        let Some(target) = inst.target.and_then(|target| self.graph.first_inst(target)) else { return false };
        let (Some(op), Some(end)) = (combine(target.op), target.target) else { return false };
        if inst.target == Some(end) {
            return false;
        }
        // The jump gets the place of the one it saves; the `NOP` keeps the line if nothing else has it.
        self.inst(at).make_nop();
        let jump = Inst { target: Some(end), handler: inst.handler, ..Inst::new(op, 0, target.span) };
        self.graph.block_mut(self.id).insts.push(jump);
        true
    }

    fn conditional(&mut self, at: usize) -> bool {
        let inst = *self.inst(at);
        let opposite = if inst.op == Op::JumpIfFalse { Op::JumpIfTrue } else { Op::JumpIfFalse };
        let Some(target_block) = inst.target else { return false };
        let Some(target) = self.graph.first_inst(target_block) else { return false };
        if target.op == opposite {
            // The value decides the second test as well: go on behind it.
            if let Some(next) = self.graph.block(target_block).next {
                self.inst(at).target = Some(next);
                return true;
            }
            return false;
        }
        self.thread(at, |target| (target == Op::Jump || target == inst.op).then_some(inst.op))
    }

    /// The positions of `count` constants loaded just before `at`.
    fn constants_before(&self, at: usize, count: usize) -> Option<Vec<usize>> {
        let mut found = Vec::with_capacity(count);
        let mut index = at;
        while found.len() < count {
            index = index.checked_sub(1)?;
            let inst = self.get(index)?;
            if inst.is_nop() {
                continue;
            }
            if !inst.op.loads_constant() {
                return None;
            }
            found.push(index);
        }
        found.reverse();
        Some(found)
    }

    fn values_at(&self, positions: &[usize]) -> Option<Vec<Constant>> {
        positions.iter().map(|&at| self.constant(self.get(at)?)).collect()
    }

    fn remove(&mut self, positions: &[usize]) {
        for &at in positions {
            self.inst(at).make_nop();
            self.inst(at).span = Span::NONE;
        }
    }

    fn build_tuple(&mut self, at: usize, next: Option<Op>) {
        let count = self.inst(at).arg;
        if next.is_some_and(|next| next == O::UnpackSequence) && self.inst(at + 1).arg == count {
            match count {
                1 => {
                    self.inst(at).make_nop();
                    self.inst(at + 1).make_nop();
                    return;
                }
                2 | 3 => {
                    self.inst(at).make_nop();
                    self.inst(at + 1).op = O::Swap.into();
                    return;
                }
                _ => {}
            }
        }
        if count > STACK_GUIDELINE {
            return;
        }
        let Some(positions) = self.constants_before(at, count as usize) else { return };
        let Some(values) = self.values_at(&positions) else { return };
        self.remove(&positions);
        self.make_load(at, Constant::Tuple(values));
    }

    fn build_list_or_set(&mut self, at: usize, only_read: bool) {
        let inst = *self.inst(at);
        if inst.arg > STACK_GUIDELINE || inst.arg < MIN_CONST_SEQUENCE && !only_read {
            return;
        }
        let positions = self.constants_before(at, inst.arg as usize);
        let Some((positions, values)) =
            positions.and_then(|positions| Some((self.values_at(&positions)?, positions))).map(|(values, positions)| (positions, values))
        else {
            if only_read && inst.op == O::BuildList {
                self.inst(at).op = O::BuildTuple.into();
            }
            return;
        };
        let is_list = inst.op == O::BuildList;
        let constant = if is_list { Constant::Tuple(values) } else { Constant::FrozenSet(unique(values)) };
        self.remove(&positions);
        if only_read {
            self.make_load(at, constant);
            return;
        }
        let index = self.constants.add(constant);
        self.inst(at - 2).set(inst.op, 0);
        self.inst(at - 2).span = inst.span;
        self.inst(at - 1).set(O::LoadConst, index);
        self.inst(at - 1).span = inst.span;
        self.inst(at).set(if is_list { O::ListExtend } else { O::SetUpdate }, 1);
    }

    /// `BUILD_LIST 0`, then constants appended one by one, then `LIST_TO_TUPLE`: a constant tuple.
    fn fold_list_to_tuple(&mut self, at: usize) {
        let mut positions = Vec::new();
        let mut values = Vec::new();
        let mut expect_append = true;
        let mut index = at;
        while let Some(before) = index.checked_sub(1) {
            index = before;
            let Some(inst) = self.get(index) else { return };
            if inst.is_nop() {
                continue;
            }
            if inst.op == O::BuildList && inst.arg == 0 {
                if !expect_append {
                    return;
                }
                positions.push(index);
                self.remove(&positions);
                values.reverse();
                self.make_load(at, Constant::Tuple(values));
                return;
            }
            if expect_append {
                if inst.op != O::ListAppend || inst.arg != 1 {
                    return;
                }
            } else {
                match self.constant(inst) {
                    Some(value) if inst.op.loads_constant() => values.push(value),
                    _ => return,
                }
            }
            positions.push(index);
            expect_append = !expect_append;
        }
    }

    fn fold_unary(&mut self, at: usize, op: Unary) {
        let Some(positions) = self.constants_before(at, 1) else { return };
        let Some(value) = self.values_at(&positions).and_then(|values| fold::unary(op, &values[0])) else { return };
        self.remove(&positions);
        self.make_load(at, value);
    }

    fn fold_binary(&mut self, at: usize) {
        let Some(op) = BinaryOp::from_u32(self.inst(at).arg) else { return };
        let Some(positions) = self.constants_before(at, 2) else { return };
        let Some(value) = self.values_at(&positions).and_then(|values| fold::binary(op, &values[0], &values[1])) else { return };
        self.remove(&positions);
        self.make_load(at, value);
    }
}

/// The items of a set: `1`, `1.0` and `True` are one.
fn unique(values: Vec<Constant>) -> Vec<Constant> {
    let mut out: Vec<Constant> = Vec::with_capacity(values.len());
    for value in values {
        if !out.iter().any(|other| equal(other, &value)) {
            out.push(value);
        }
    }
    out
}

fn equal(a: &Constant, b: &Constant) -> bool {
    let number = |constant: &Constant| match constant {
        Constant::True => Some(1.0),
        Constant::False => Some(0.0),
        Constant::Int(value) if value.unsigned_abs() < 1 << 53 => Some(*value as f64),
        Constant::Float(value) => Some(*value),
        Constant::Complex(real, imaginary) if *imaginary == 0.0 => Some(*real),
        _ => None,
    };
    match (a, b) {
        (Constant::Tuple(a), Constant::Tuple(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b)),
        _ => match (number(a), number(b)) {
            (Some(a), Some(b)) => a == b,
            _ => a == b,
        },
    }
}
