//! The states where blocks begin, and what edges need so that they hold.

use super::Inserter;
use super::state::{Entry, Kind, State, Support};
use crate::function::ValueSet;
use crate::instr::{Block, Instr, Value};
use crate::types::ty;
use smallvec::{SmallVec, smallvec};

impl Inserter<'_> {
    /// The state behind a block's phis.
    pub(super) fn enter(&mut self, block: Block) -> State {
        match *self.function.preds(block) {
            [] => State::default(),
            [pred] => self.enter_from(pred, block),
            _ => self.meet(block),
        }
    }

    /// What came from the only predecessor; what is not live any more dies here.
    fn enter_from(&mut self, pred: Block, block: Block) -> State {
        let mut state = self.exits.get(&pred).cloned().unwrap_or_default();
        self.refine(&mut state, pred, block);
        let live = self.liveness.live_in(block).clone();
        let dead: Vec<Value> = state.iter().flat_map(|(_, entry)| &entry.copies).copied().filter(|copy| !live.contains(*copy)).collect();
        let behind = if dead.len() > 1 && self.output.is_some() { self.last_state_in(pred) } else { None };
        self.kill(&mut state, &dead, behind);
        state
    }

    /// The last instruction with a frame state that control passes on its way to the end of a block, if it lies in the block or in those that alone lead to it.
    fn last_state_in(&self, mut block: Block) -> Option<Value> {
        const MOST_BLOCKS: usize = 8;
        for _ in 0..MOST_BLOCKS {
            let found = self.function.instrs(block).iter().rev().copied().find(|value| self.function.frame_state(*value).is_some());
            if found.is_some() {
                return found;
            }
            let [pred] = *self.function.preds(block) else { return None };
            block = pred;
        }
        None
    }

    /// What a branch says of the value it tests: null, the mark of exhausted iterators, and values of types that are not counted need no counting.
    fn refine(&mut self, state: &mut State, pred: Block, block: Block) {
        let function = &*self.function;
        let Some(terminator) = function.terminator(pred) else { return };
        let (value, uncounted) = match *function.instr(terminator) {
            Instr::CondBranch { condition, then, otherwise } if then != otherwise => (condition, block == otherwise),
            Instr::CondBranchIterNotDone { item, then, otherwise } if then != otherwise => (item, block == otherwise),
            Instr::CondBranchCheckType { value, then, otherwise, ty } if then != otherwise => {
                let (is, asked) = (function.ty(value), function.pool.ty(ty));
                let left = if block == then { is.and(asked, &function.classes) } else { is.minus(asked, &function.classes) };
                (value, left.is_uncounted())
            }
            _ => return,
        };
        if uncounted {
            state.set(self.model(value), Kind::Uncounted);
        }
    }

    /// Where several edges meet: phis, and what is live through.
    fn meet(&mut self, block: Block) -> State {
        let live = self.liveness.live_in(block).clone();
        let mut models = ValueSet::default();
        live.iter().for_each(|value| models.insert(self.model(value)));
        let phis = self.function.phis(block).to_vec();
        let mut merged = self.entries.remove(&block).unwrap_or_default();
        for (position, pred) in self.function.preds(block).to_vec().into_iter().enumerate() {
            let Some(mut out) = self.exits.get(&pred).cloned() else { continue };
            let inputs: Vec<Value> = phis.iter().map(|phi| self.model(self.function.phi_inputs(*phi)[position])).collect();
            let dies = |model: Value| !models.contains(model);
            for (phi, &input) in phis.iter().zip(&inputs) {
                if out.is_owned(input) && dies(input) && !self.function.ty(*phi).is_uncounted() {
                    out.repoint(input, *phi);
                }
            }
            for (phi, &input) in phis.iter().zip(&inputs) {
                let kind = match out.kind(input) {
                    _ if self.function.ty(*phi).is_uncounted() => Kind::Uncounted,
                    Some(Kind::Owned) if dies(input) => Kind::Owned,
                    Some(Kind::Owned) => Kind::Borrowed(Support::of_model(input)),
                    Some(Kind::Borrowed(support)) => Kind::Borrowed(support.clone()),
                    Some(Kind::Uncounted) | None => Kind::Uncounted,
                };
                merged.get_or_insert_with(*phi, || Entry { copies: smallvec![*phi], kind: Kind::Uncounted }).kind.merge(&kind);
            }
            self.merge_live(&mut merged, &out, &live);
        }
        self.entries.insert(block, merged.clone());
        merged
    }

    fn merge_live(&self, merged: &mut State, out: &State, live: &ValueSet) {
        for (model, entry) in out.iter() {
            let copies: SmallVec<[Value; 2]> = entry.copies.iter().copied().filter(|copy| live.contains(*copy)).collect();
            if copies.is_empty() {
                continue;
            }
            let place = merged.get_or_insert_with(model, || Entry { copies: copies.clone(), kind: Kind::Uncounted });
            place.copies = copies;
            place.kind.merge(&entry.kind);
        }
    }

    /// Makes the references that the only successor expects to come with the edge.
    pub(super) fn reconcile(&mut self, state: &State, block: Block) {
        let [successor] = self.function.successors(block)[..] else { return };
        let preds = self.function.preds(successor).to_vec();
        let Some(expected) = self.entries.get(&successor).filter(|_| preds.len() > 1).cloned() else { return };
        let Some(position) = preds.iter().position(|pred| *pred == block) else { return };
        let phis = self.function.phis(successor).to_vec();
        for (model, entry) in state.iter() {
            if entry.kind == Kind::Uncounted {
                continue;
            }
            let is_fed = |phi: &&Value| self.model(self.function.phi_inputs(**phi)[position]) == model && expected.is_owned(**phi);
            // A phi that is fed to itself begins anew.
            let lives_on = expected.is_owned(model) && !phis.contains(&model);
            let taken = phis.iter().filter(is_fed).count() + usize::from(lives_on);
            for _ in usize::from(entry.kind.is_owned())..taken {
                self.incref(&entry.copies);
            }
        }
    }

    /// One more reference to the value of these names.
    pub(super) fn incref(&mut self, copies: &[Value]) {
        let (Some(&newest), true) = (copies.last(), self.output.is_some()) else { return };
        let newest = self.countable(newest);
        let may_be_null = !self.function.ty(newest).fits(ty::Object);
        let instr = if may_be_null { Instr::x_incref(newest) } else { Instr::incref(newest) };
        let incref = self.function.create(instr, None);
        self.keep(incref);
    }

    /// A name for the value that may be counted. (An iterator's step is not known to be a value where only that matters.)
    pub(super) fn countable(&mut self, name: Value) -> Value {
        if self.function.ty(name).fits(ty::OptObject) {
            return name;
        }
        let object = self.function.pool.add_type(ty::Object);
        let refined = self.function.create(Instr::refine_type(name, object), None);
        self.keep(refined);
        refined
    }
}
