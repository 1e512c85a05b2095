//! Within which bounds ints are, tagged or machine, and which are less than others.

use crate::function::{Dominators, Function};
use crate::instr::{Block, Condition, Instr, IntKind, Value};
use crate::types::ty;
use bytecode::opcode::BinaryOp;
use rustc_hash::{FxHashMap, FxHashSet};

/// From the least to the greatest, both among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    pub least: i64,
    pub greatest: i64,
}

/// Containers have no more items than there are bytes.
const LONGEST: i64 = 1 << 48;
const SMALL: Range = Range { least: abi::tag::INT_MIN, greatest: abi::tag::INT_MAX };
const ALL: Range = Range { least: i64::MIN, greatest: i64::MAX };

#[derive(Clone, Default)]
pub struct Ranges {
    ranges: FxHashMap<Value, Range>,
    /// The first is less than the second.
    less: FxHashSet<(Value, Value)>,
}

/// The int that boxing and unboxing leave as it is.
fn number(function: &Function, value: Value) -> Value {
    let mut value = function.model(value);
    while let Instr::SmallIntUnbox { value: inner } | Instr::SmallIntBox { value: inner } | Instr::SmallIntBoxUnchecked { value: inner } =
        *function.instr(value)
    {
        value = function.model(inner);
    }
    value
}

impl Range {
    const fn of(value: i64) -> Range {
        Range { least: value, greatest: value }
    }

    fn and(self, other: Range) -> Range {
        Range { least: self.least.max(other.least), greatest: self.greatest.min(other.greatest) }
    }

    fn within(self, other: Range) -> bool {
        self.least >= other.least && self.greatest <= other.greatest
    }
}

impl Ranges {
    pub fn of(&self, function: &Function, value: Value) -> Range {
        let number = number(function, value);
        let ty = function.ty(number);
        if let Some(known) = ty.known_int() {
            return Range::of(known);
        }
        let most = if ty.fits(ty::SmallInt) || function.ty(value).fits(ty::SmallInt) { SMALL } else { ALL };
        self.ranges.get(&number).map_or(most, |range| range.and(most))
    }

    fn is_int(function: &Function, value: Value) -> bool {
        let ty = function.ty(value);
        (ty.fits(ty::SmallInt) || ty.fits(ty::CInt64)) && !ty.is_bottom()
    }

    fn restrict(&mut self, function: &Function, value: Value, range: Range) {
        let range = self.of(function, value).and(range);
        self.ranges.insert(number(function, value), range);
    }

    /// A comparison is known to hold or not.
    pub fn learn(&mut self, function: &Function, left: Value, right: Value, op: Condition, holds: bool) {
        if !Self::is_int(function, left) || !Self::is_int(function, right) {
            return;
        }
        let op = if holds { op } else { op.opposite() };
        let (a, b) = (self.of(function, left), self.of(function, right));
        match op {
            Condition::Less => {
                self.restrict(function, left, Range { least: i64::MIN, greatest: b.greatest.saturating_sub(1) });
                self.restrict(function, right, Range { least: a.least.saturating_add(1), greatest: i64::MAX });
                self.less.insert((number(function, left), number(function, right)));
            }
            Condition::LessEqual => {
                self.restrict(function, left, Range { least: i64::MIN, greatest: b.greatest });
                self.restrict(function, right, Range { least: a.least, greatest: i64::MAX });
            }
            Condition::Equal => {
                self.restrict(function, left, b);
                self.restrict(function, right, a);
            }
            Condition::Greater | Condition::GreaterEqual => self.learn(function, right, left, op.swapped(), true),
            Condition::NotEqual => {}
        }
    }

    /// What is known of a comparison.
    pub fn compare(&self, function: &Function, left: Value, right: Value, op: Condition) -> Option<bool> {
        if !Self::is_int(function, left) || !Self::is_int(function, right) {
            return None;
        }
        let (a, b) = (self.of(function, left), self.of(function, right));
        let is_less = a.greatest < b.least || self.less.contains(&(number(function, left), number(function, right)));
        let is_greater = a.least > b.greatest || self.less.contains(&(number(function, right), number(function, left)));
        match op {
            Condition::Less if is_less => Some(true),
            Condition::Less if a.least >= b.greatest || is_greater => Some(false),
            Condition::LessEqual if a.greatest <= b.least || is_less => Some(true),
            Condition::LessEqual if is_greater => Some(false),
            Condition::Greater if is_greater => Some(true),
            Condition::Greater if a.greatest <= b.least || is_less => Some(false),
            Condition::GreaterEqual if a.least >= b.greatest || is_greater => Some(true),
            Condition::GreaterEqual if is_less => Some(false),
            Condition::Equal if is_less || is_greater => Some(false),
            Condition::NotEqual if is_less || is_greater => Some(true),
            _ => None,
        }
    }

    /// Whether a machine int is one of 63 bits.
    pub fn fits_small(&self, function: &Function, value: Value) -> bool {
        self.of(function, value).within(SMALL)
    }

    /// Whether an index is not negative and less than the length.
    pub fn is_within(&self, function: &Function, index: Value, length: Value) -> bool {
        let (a, b) = (self.of(function, index), self.of(function, length));
        a.least >= 0 && (a.greatest < b.least || self.less.contains(&(number(function, index), number(function, length))))
    }

    /// What an instruction says of its result.
    pub fn define(&mut self, function: &Function, value: Value) {
        if !function.has_output(value) || !Self::is_int(function, value) {
            return;
        }
        let range = match *function.instr(value) {
            Instr::LoadLength { .. } | Instr::LoadArrayLength { .. } => Range { least: 0, greatest: LONGEST },
            Instr::LoadArrayItem { kind, .. } => match kind.bounds() {
                Some((least, greatest)) => Range { least, greatest },
                None => return,
            },
            Instr::CheckBounds { index, length } => {
                let most = Range { least: 0, greatest: self.of(function, length).greatest.min(LONGEST) };
                // The index itself, unless it was counted from the end.
                if self.of(function, index).least >= 0 {
                    self.restrict(function, index, most);
                    self.less.insert((number(function, index), number(function, length)));
                }
                self.less.insert((value, number(function, length)));
                most
            }
            Instr::SmallIntBinaryOp { left, right, op } => self.binary(function, left, right, op).unwrap_or(SMALL),
            // Machine arithmetic wraps.
            Instr::IntBinaryOp { left, right, op } if function.ty(value).fits(ty::CInt64) => {
                let op = match op {
                    IntKind::Add => BinaryOp::Add,
                    IntKind::Subtract => BinaryOp::Subtract,
                    IntKind::And => BinaryOp::And,
                    IntKind::Multiply => BinaryOp::Multiply,
                    IntKind::Or | IntKind::Xor | IntKind::LeftShift | IntKind::RightShift | IntKind::Divide | IntKind::Remainder => return,
                };
                match self.binary(function, left, right, op) {
                    Some(range) => range,
                    None => return,
                }
            }
            _ => return,
        };
        self.restrict(function, value, range);
    }

    /// The bounds of a result that does not overflow.
    fn binary(&self, function: &Function, left: Value, right: Value, op: BinaryOp) -> Option<Range> {
        let (a, b) = (self.of(function, left), self.of(function, right));
        let of = |least: Option<i64>, greatest: Option<i64>| Some(Range { least: least?, greatest: greatest? });
        match op.without_inplace() {
            BinaryOp::Add => of(a.least.checked_add(b.least), a.greatest.checked_add(b.greatest)),
            BinaryOp::Subtract => of(a.least.checked_sub(b.greatest), a.greatest.checked_sub(b.least)),
            BinaryOp::And if b.least >= 0 => Some(Range { least: 0, greatest: b.greatest }),
            BinaryOp::And if a.least >= 0 => Some(Range { least: 0, greatest: a.greatest }),
            BinaryOp::Remainder if b.least > 0 => Some(Range { least: 0, greatest: b.greatest - 1 }),
            BinaryOp::FloorDivide if b.least > 0 && a.least >= 0 => Some(Range { least: 0, greatest: a.greatest }),
            BinaryOp::RightShift if b.least >= 0 && a.least >= 0 => Some(Range { least: 0, greatest: a.greatest }),
            BinaryOp::Multiply if a.least >= 0 && b.least >= 0 => of(a.least.checked_mul(b.least), a.greatest.checked_mul(b.greatest)),
            _ => None,
        }
    }

    /// A counter of a loop that only goes up is never less than at first; overflow leaves the loop.
    pub fn phis(&mut self, function: &Function, block: Block, dominators: &Dominators) {
        for &phi in function.phis(block) {
            if !Self::is_int(function, phi) {
                continue;
            }
            let mut least = i64::MAX;
            let mut goes_up = true;
            for (input, pred) in function.phi_inputs(phi).iter().zip(function.preds(block)) {
                if dominators.dominates(block, *pred) {
                    goes_up &= self.grows(function, dominators, phi, *input);
                } else {
                    least = least.min(self.of(function, *input).least);
                }
            }
            if goes_up && least != i64::MAX {
                self.restrict(function, phi, Range { least, greatest: i64::MAX });
            }
        }
    }

    fn grows(&self, function: &Function, dominators: &Dominators, phi: Value, input: Value) -> bool {
        if function.model(input) == phi {
            return true;
        }
        match *function.instr(function.model(input)) {
            Instr::SmallIntBinaryOp { left, right, op } if op.without_inplace() == BinaryOp::Add => {
                number(function, left) == phi && function.ty(right).known_int().is_some_and(|step| step >= 0)
            }
            // It wraps, unless it is less than something of 63 bits before: then a step of as many bits cannot.
            Instr::IntBinaryOp { left, right, op: IntKind::Add } => {
                let is_step = function.ty(right).known_int().is_some_and(|step| (0..=SMALL.greatest).contains(&step));
                function.model(left) == phi && is_step && self.is_bounded(function, dominators, phi, function.model(input))
            }
            _ => false,
        }
    }
}

impl Ranges {
    /// Whether the head of the loop lets only turns go on in which the counter is less than a number of 63 bits.
    fn is_bounded(&self, function: &Function, dominators: &Dominators, phi: Value, next: Value) -> bool {
        let (Some((head, _)), Some((block, _))) = (function.position(phi), function.position(next)) else { return false };
        let Some(Instr::CondBranch { condition, then, otherwise }) = function.terminator(head).map(|value| *function.instr(value)) else {
            return false;
        };
        let Instr::PrimitiveCompare { left, right, op: Condition::Less } = *function.instr(condition) else { return false };
        let bound = number(function, right);
        let is_small = function.ty(bound).fits(ty::SmallInt)
            || matches!(function.instr(bound), Instr::LoadLength { .. })
            || self.of(function, right).within(SMALL);
        then != otherwise && function.preds(then) == [head] && function.model(left) == phi && is_small && dominators.dominates(then, block)
    }
}
