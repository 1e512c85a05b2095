//! What is known of fast locals: which loads must check, which may borrow, which instructions pair up.

use super::block::{BlockId, Graph, Inst, Op};
use bytecode::Opcode as O;

/// A set of locals.
#[derive(Clone, PartialEq)]
struct Bits(Vec<u64>);

impl Bits {
    fn new(size: usize) -> Bits {
        Bits(vec![0; size.div_ceil(64)])
    }

    fn get(&self, index: u32) -> bool {
        self.0.get(index as usize / 64).is_some_and(|word| word >> (index % 64) & 1 != 0)
    }

    fn set(&mut self, index: u32, value: bool) {
        if let Some(word) = self.0.get_mut(index as usize / 64) {
            *word = *word & !(1 << (index % 64)) | u64::from(value) << (index % 64);
        }
    }

    /// Adds the other's members; whether that changed anything.
    fn merge(&mut self, other: &Bits) -> bool {
        let mut changed = false;
        for (word, &other) in self.0.iter_mut().zip(&other.0) {
            changed |= *word | other != *word;
            *word |= other;
        }
        changed
    }
}

/// CPython tracks so many locals across blocks.
const ANALYZED_LOCALS: u32 = 64;

/// Loads of locals that may be unset become `LOAD_FAST_CHECK`.
pub(super) fn add_checks(graph: &mut Graph, local_count: usize, parameter_count: usize) {
    if local_count == 0 {
        return;
    }
    let mut unsafe_at: Vec<Option<Bits>> = vec![None; graph.blocks.len()];
    let mut entry = Bits::new(local_count);
    for index in parameter_count..local_count {
        entry.set(index as u32, true);
    }
    unsafe_at[0] = Some(entry);
    let mut work = vec![Graph::ENTRY];
    let mut queued = vec![false; graph.blocks.len()];
    while let Some(id) = work.pop() {
        queued[id.0 as usize] = false;
        let Some(mut state) = unsafe_at[id.0 as usize].clone() else { continue };
        let mut reach = |target: BlockId, state: &Bits, work: &mut Vec<BlockId>| {
            let changed = match &mut unsafe_at[target.0 as usize] {
                Some(known) => known.merge(state),
                empty => {
                    *empty = Some(state.clone());
                    true
                }
            };
            if changed && !std::mem::replace(&mut queued[target.0 as usize], true) {
                work.push(target);
            }
        };
        for inst in &graph.block(id).insts {
            if let Some(handler) = inst.handler {
                reach(handler, &state, &mut work);
            }
            step(inst, &mut state);
            if let (true, Some(target)) = (inst.op.is_jump(), inst.target) {
                reach(target, &state, &mut work);
            }
        }
        if let (true, Some(next)) = (graph.block(id).falls_through(), graph.block(id).next) {
            reach(next, &state, &mut work);
        }
    }
    for id in graph.order() {
        let Some(mut state) = unsafe_at[id.0 as usize].take() else { continue };
        // As in CPython, nothing is known of many locals at the start of a block.
        for index in ANALYZED_LOCALS..local_count as u32 {
            state.set(index, true);
        }
        for inst in &mut graph.block_mut(id).insts {
            if inst.op == O::LoadFast && state.get(inst.arg) {
                inst.op = O::LoadFastCheck.into();
            }
            step(inst, &mut state);
        }
    }
}

fn step(inst: &Inst, state: &mut Bits) {
    match inst.op {
        Op::Real(O::DeleteFast | O::LoadFastAndClear) | Op::StoreFastMaybeNull => state.set(inst.arg, true),
        Op::Real(O::StoreFast | O::LoadFast | O::LoadFastCheck) => state.set(inst.arg, false),
        _ => {}
    }
}

/// Pairs of loads and stores on one line become one instruction.
pub(super) fn pair_up(graph: &mut Graph) {
    for id in graph.order() {
        let insts = &mut graph.block_mut(id).insts;
        for at in 1..insts.len() {
            let (first, second) = (insts[at - 1], insts[at]);
            let opcode = match (first.op, second.op) {
                (Op::Real(O::LoadFast), Op::Real(O::LoadFast)) => O::LoadFastLoadFast,
                (Op::Real(O::StoreFast), Op::Real(O::LoadFast)) => O::StoreFastLoadFast,
                (Op::Real(O::StoreFast), Op::Real(O::StoreFast)) => O::StoreFastStoreFast,
                _ => continue,
            };
            let (a, b) = (first.span.line, second.span.line);
            if a >= 0 && b >= 0 && a != b || first.arg > 0xffff || second.arg > 0xffff {
                continue;
            }
            insts[at - 1].set(opcode, first.arg << 16 | second.arg);
            insts[at].make_nop();
        }
    }
    super::lines::remove_redundant_nops(graph);
}

/// A value on the abstract stack: the instruction that made it, and the local if it is just that.
#[derive(Clone, Copy)]
struct Value {
    maker: Option<usize>,
    local: Option<u32>,
}

/// Loads whose value is consumed in the same block while the local keeps it need no reference of their own.
pub(super) fn borrow_loads(graph: &mut Graph) {
    let mut depths: Vec<Option<usize>> = vec![None; graph.blocks.len()];
    depths[0] = Some(0);
    let mut work = vec![Graph::ENTRY];
    while let Some(id) = work.pop() {
        let depth = depths[id.0 as usize].unwrap_or(0);
        let mut run = Borrow { stack: vec![Value { maker: None, local: None }; depth], owned: vec![false; graph.block(id).insts.len()] };
        let mut reach = |target: BlockId, depth: usize, work: &mut Vec<BlockId>| {
            if depths[target.0 as usize].is_none() {
                depths[target.0 as usize] = Some(depth);
                work.push(target);
            }
        };
        let insts = std::mem::take(&mut graph.block_mut(id).insts);
        for (at, inst) in insts.iter().enumerate() {
            let before = run.stack.len();
            run.step(at, inst);
            if let (true, Some(target)) = (inst.op.is_jump(), inst.target) {
                let depth = match inst.op {
                    Op::Real(O::ForIter) => before + 1,
                    Op::Real(O::Send) => before,
                    _ => run.stack.len(),
                };
                if inst.op != O::EndAsyncFor {
                    reach(target, depth, &mut work);
                }
            }
        }
        let block = graph.block_mut(id);
        block.insts = insts;
        if let (true, Some(next)) = (block.falls_through() && !block.insts.is_empty(), block.next) {
            reach(next, run.stack.len(), &mut work);
        }
        for value in run.stack {
            if let Some(maker) = value.maker {
                run.owned[maker] = true;
            }
        }
        for (inst, owned) in graph.block_mut(id).insts.iter_mut().zip(run.owned) {
            if !owned && inst.op == O::LoadFast {
                inst.op = O::LoadFastBorrow.into();
            } else if !owned && inst.op == O::LoadFastLoadFast {
                inst.op = O::LoadFastBorrowLoadFastBorrow.into();
            }
        }
    }
}

struct Borrow {
    stack: Vec<Value>,
    /// Instructions whose values need a reference of their own.
    owned: Vec<bool>,
}

impl Borrow {
    fn pop(&mut self) -> Value {
        self.stack.pop().unwrap_or(Value { maker: None, local: None })
    }

    fn push(&mut self, maker: usize, local: Option<u32>) {
        self.stack.push(Value { maker: Some(maker), local });
    }

    /// The local changes: loads of it that are still on the stack cannot borrow.
    fn kill(&mut self, local: u32) {
        for value in &self.stack {
            if let (Some(maker), true) = (value.maker, value.local == Some(local)) {
                self.owned[maker] = true;
            }
        }
    }

    fn store(&mut self, local: u32, value: Value) {
        self.kill(local);
        if let (Some(maker), Some(_)) = (value.maker, value.local) {
            self.owned[maker] = true;
        }
    }

    fn step(&mut self, at: usize, inst: &Inst) {
        let Op::Real(opcode) = inst.op else { return };
        let (first, second) = (inst.arg >> 16, inst.arg & 0xffff);
        match opcode {
            O::DeleteFast => self.kill(inst.arg),
            O::LoadFast => self.push(at, Some(inst.arg)),
            O::LoadFastAndClear => {
                self.kill(inst.arg);
                self.push(at, Some(inst.arg));
            }
            O::LoadFastLoadFast => {
                self.push(at, Some(first));
                self.push(at, Some(second));
            }
            O::StoreFast => {
                let value = self.pop();
                self.store(inst.arg, value);
            }
            O::StoreFastLoadFast => {
                let value = self.pop();
                self.store(first, value);
                self.push(at, Some(second));
            }
            O::StoreFastStoreFast => {
                let value = self.pop();
                self.store(first, value);
                let value = self.pop();
                self.store(second, value);
            }
            O::Copy => {
                let depth = self.stack.len();
                let value = depth.checked_sub(inst.arg as usize).and_then(|index| self.stack.get(index)).copied();
                self.stack.push(value.unwrap_or(Value { maker: None, local: None }));
            }
            O::Swap => {
                let depth = self.stack.len();
                if let (Some(a), Some(b)) = (depth.checked_sub(1), depth.checked_sub(inst.arg as usize)) {
                    self.stack.swap(a, b);
                }
            }
            O::FormatSimple
            | O::GetAnext
            | O::GetLen
            | O::GetYieldFromIter
            | O::ImportFrom
            | O::MatchKeys
            | O::MatchMapping
            | O::MatchSequence
            | O::WithExceptStart => {
                let (pops, pushes) = effect(opcode, inst.arg);
                for _ in pops..pushes {
                    self.push(at, None);
                }
            }
            O::DictMerge | O::DictUpdate | O::ListAppend | O::ListExtend | O::MapAdd | O::Reraise | O::SetAdd | O::SetUpdate => {
                let (pops, pushes) = effect(opcode, inst.arg);
                for _ in pushes..pops {
                    self.pop();
                }
            }
            O::EndSend => {
                let value = self.pop();
                self.pop();
                self.stack.push(value);
            }
            O::CheckExcMatch => {
                self.pop();
                self.push(at, None);
            }
            O::ForIter => self.push(at, None),
            O::LoadAttr | O::LoadSuperAttr => {
                let owner = self.pop();
                if opcode == O::LoadSuperAttr {
                    self.pop();
                    self.pop();
                }
                self.push(at, None);
                if inst.arg & 1 != 0 {
                    // A method call may put the owner back as `self`.
                    self.stack.push(owner);
                }
            }
            O::LoadSpecial | O::PushExcInfo => {
                let value = self.pop();
                self.push(at, None);
                self.stack.push(value);
            }
            O::Send => {
                self.pop();
                self.push(at, None);
            }
            _ => {
                let (pops, pushes) = effect(opcode, inst.arg);
                for _ in 0..pops {
                    self.pop();
                }
                for _ in 0..pushes {
                    self.push(at, None);
                }
            }
        }
    }
}

fn effect(opcode: O, arg: u32) -> (u32, u32) {
    let info = opcode.info();
    (info.pops.at(arg), info.pushes.at(arg))
}
