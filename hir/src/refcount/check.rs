//! Proves that reference counts are right: abstract execution of the final HIR along all paths.
//!
//! It shares nothing with the insertion but the table of instructions. An abstract state groups live names into *things*: names that are one object on this path
//! (a phi is another name of its input). Of each thing it knows how many references the function owns, and how long it lives without:
//! `lent` is memory that must not be written, none if nobody else is known to hold it. A thing is alive if the function owns a reference or it is lent.
//! All states of a block that differ are gone through; a state is dropped if the same was seen. So nothing has to be merged or guessed.
//!
//! Proved on each path: what is used is alive; no reference is given up that is not owned; none is left where the last name of a thing is gone or control
//! leaves; a list of live values names each value of the frame state and each owned reference.

use crate::function::{Function, Liveness, RefKind};
use crate::instr::{Block, Heap, Instr, Output, Value};
use crate::types::{Type, ty};
use rustc_hash::FxHashSet;
use std::collections::BTreeMap;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Thing {
    /// References the function owns.
    owned: u32,
    /// Alive until this memory is written.
    lent: Option<u32>,
    /// Nothing to count.
    is_uncounted: bool,
}

/// Names, and the things they are names of.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
struct State {
    names: BTreeMap<Value, usize>,
    things: Vec<Thing>,
}

/// Checks a function after the insertion; says the first thing that is wrong. Gives up after so many states, which is no flaw.
pub fn check(function: &Function, limit: usize) -> Result<(), String> {
    let checker = Checker { function, liveness: function.liveness() };
    let mut seen: FxHashSet<(Block, State)> = FxHashSet::default();
    let mut work = vec![(Function::ENTRY, State::default())];
    while let Some((block, state)) = work.pop() {
        if seen.len() > limit {
            return Ok(());
        }
        if seen.insert((block, state.clone())) {
            work.extend(checker.block(block, state)?);
        }
    }
    Ok(())
}

struct Checker<'a> {
    function: &'a Function,
    liveness: Liveness,
}

impl State {
    fn thing(&mut self, name: Value) -> Option<&mut Thing> {
        let index = *self.names.get(&name)?;
        Some(&mut self.things[index])
    }

    fn define(&mut self, name: Value, thing: Thing) {
        self.names.insert(name, self.things.len());
        self.things.push(thing);
    }

    /// Memory was written: what only lived there may be dead.
    fn write(&mut self, heap: Heap) {
        for thing in &mut self.things {
            if thing.lent.is_some_and(|lent| lent & heap.0 != 0) {
                thing.lent = None;
            }
        }
    }

    /// Only live names, and things numbered in their order: equal states look equal.
    fn normal(&self, is_live: &dyn Fn(Value) -> bool) -> Result<State, String> {
        let mut normal = State::default();
        let mut renamed = vec![None; self.things.len()];
        for (&name, &thing) in self.names.iter().filter(|(name, _)| is_live(**name)) {
            let new = *renamed[thing].get_or_insert_with(|| {
                normal.things.push(self.things[thing]);
                normal.things.len() - 1
            });
            normal.names.insert(name, new);
        }
        for (index, thing) in self.things.iter().enumerate() {
            if renamed[index].is_none() && thing.owned > 0 {
                let name = self.names.iter().find(|(_, at)| **at == index).map_or_else(String::new, |(name, _)| name.to_string());
                return Err(format!("a reference to {name} is never given up"));
            }
        }
        Ok(normal)
    }
}

impl Checker<'_> {
    fn block(&self, block: Block, mut state: State) -> Result<Vec<(Block, State)>, String> {
        let function = self.function;
        for &value in function.instrs(block) {
            if function.instr(value).is_phi() {
                continue;
            }
            self.instr(&mut state, value).map_err(|flaw| {
                let text = function.instr(value).display(&function.pool);
                format!("bb {}, {value} {text}: {flaw}", block.0)
            })?;
        }
        self.edges(block, &state).map_err(|flaw| format!("bb {}, at its end: {flaw}", block.0))
    }

    fn edges(&self, block: Block, state: &State) -> Result<Vec<(Block, State)>, String> {
        let function = self.function;
        let mut next = Vec::new();
        let mut seen: Vec<Block> = Vec::new();
        for successor in function.successors(block) {
            let nth = seen.iter().filter(|other| **other == successor).count();
            seen.push(successor);
            let mut preds = function.preds(successor).iter().enumerate().filter(|(_, pred)| **pred == block);
            let Some((position, _)) = preds.nth(nth) else { continue };
            let mut state = state.clone();
            self.refine(&mut state, block, successor);
            let inputs: Vec<(Value, Option<usize>)> =
                function.phis(successor).iter().map(|phi| (*phi, state.names.get(&function.phi_inputs(*phi)[position]).copied())).collect();
            let live = self.liveness.live_in(successor);
            state.names.retain(|name, _| live.contains(*name));
            for (phi, thing) in inputs {
                state.names.insert(phi, thing.ok_or_else(|| format!("no input of {phi}"))?);
            }
            let used: FxHashSet<Value> = function.phis(successor).iter().copied().collect();
            next.push((successor, state.normal(&|name| live.contains(name) || used.contains(&name))?));
        }
        Ok(next)
    }

    /// What a branch says of what it tests.
    fn refine(&self, state: &mut State, block: Block, successor: Block) {
        let Some(terminator) = self.function.terminator(block) else { return };
        let (value, left) = match *self.function.instr(terminator) {
            Instr::CondBranch { condition, then, otherwise } if then != otherwise && successor == otherwise => (condition, ty::Nullptr),
            Instr::CondBranchIterNotDone { item, then, otherwise } if then != otherwise && successor == otherwise => (item, ty::Exhausted),
            Instr::CondBranchCheckType { value, then, otherwise, ty } if then != otherwise => {
                let (is, asked) = (self.function.ty(value), self.function.pool.ty(ty));
                let classes = &self.function.classes;
                (value, if successor == then { is.and(asked, classes) } else { is.minus(asked, classes) })
            }
            _ => return,
        };
        self.narrow(state, value, left);
    }

    /// A thing turns out to be of a type.
    fn narrow(&self, state: &mut State, name: Value, ty: Type) {
        if ty.is_uncounted()
            && let Some(thing) = state.thing(name)
        {
            *thing = Thing { owned: 0, lent: Some(0), is_uncounted: true };
        }
    }

    fn instr(&self, state: &mut State, value: Value) -> Result<(), String> {
        let function = self.function;
        let instr = *function.instr(value);
        for operand in function.operands(value) {
            self.alive(state, operand)?;
        }
        match instr {
            Instr::VirtualObject { .. } => return Ok(()),
            Instr::Incref { value } | Instr::XIncref { value } => {
                if let Some(thing) = state.thing(value).filter(|thing| !thing.is_uncounted) {
                    thing.owned += 1;
                    if thing.owned > 64 {
                        return Err(format!("references to {value} grow"));
                    }
                }
                return Ok(());
            }
            Instr::Decref { .. } | Instr::XDecref { .. } | Instr::BatchDecref { .. } => return self.release(state, value),
            _ => {}
        }
        // The instruction runs, with everything alive that it was given; what it steals it holds while it runs.
        for (place, operand) in function.operands(value).into_iter().enumerate() {
            if instr.steals(place) {
                self.give_up(state, operand)?;
            }
        }
        if instr.info().steals_frame_state {
            self.each_held(value, &mut |held| self.give_up(state, held))?;
        }
        if !self.runs_on_borrowed(state, value) {
            return Err("an operand may die while it runs".to_owned());
        }
        if instr.info().may_deopt() {
            self.check_live(state, value)?;
        }
        let leaves = instr.is_terminator() && instr.successors(&function.pool).is_empty();
        if leaves && !matches!(instr, Instr::Unreachable {}) {
            let is_handed_over = instr.info().may_deopt();
            return if is_handed_over { self.all_gone(&State::default()) } else { self.all_gone(state) };
        }
        state.write(instr.info().writes);
        self.define(state, value)
    }

    /// Whether operands that are used while Python runs are owned or lent for good.
    fn runs_on_borrowed(&self, state: &mut State, value: Value) -> bool {
        let instr = *self.function.instr(value);
        let writes = instr.info().writes;
        self.function.operands(value).into_iter().enumerate().all(|(place, operand)| {
            instr.steals(place)
                || !instr.info().runs_python
                || state
                    .thing(operand)
                    .is_none_or(|thing| thing.is_uncounted || thing.owned > 0 || thing.lent.is_some_and(|lent| lent & writes.0 == 0))
        })
    }

    fn alive(&self, state: &mut State, name: Value) -> Result<(), String> {
        if matches!(self.function.instr(name), Instr::VirtualObject { .. }) {
            return Ok(());
        }
        match state.thing(name) {
            None => Err(format!("{name} is not there")),
            Some(thing) if thing.is_uncounted || thing.owned > 0 || thing.lent.is_some() => Ok(()),
            Some(_) => Err(format!("{name} may be dead")),
        }
    }

    /// One reference is somebody else's now.
    fn give_up(&self, state: &mut State, name: Value) -> Result<(), String> {
        match state.thing(name) {
            Some(thing) if thing.is_uncounted => Ok(()),
            Some(thing) if thing.owned > 0 => {
                thing.owned -= 1;
                Ok(())
            }
            _ => Err(format!("no reference to {name} is owned")),
        }
    }

    fn release(&self, state: &mut State, value: Value) -> Result<(), String> {
        for operand in self.function.operands(value) {
            let counted = state.thing(operand).is_some_and(|thing| !thing.is_uncounted);
            self.give_up(state, operand)?;
            let classes = &self.function.classes;
            if counted && !self.function.ty(operand).minus(ty::Nullptr, classes).is_leaf_scalar() {
                state.write(Heap::MANAGED);
            }
        }
        Ok(())
    }

    fn each_held(&self, value: Value, visit: &mut dyn FnMut(Value) -> Result<(), String>) -> Result<(), String> {
        let mut held = Vec::new();
        for id in self.function.state_chain(self.function.frame_state(value)) {
            self.function.state(id).values().for_each(|name| self.function.for_each_real(name, &mut |real| held.push(real)));
        }
        held.into_iter().try_for_each(visit)
    }

    fn check_live(&self, state: &mut State, value: Value) -> Result<(), String> {
        let empty = Vec::new();
        let live = self.function.live.get(&value).unwrap_or(&empty);
        let mut listed = vec![0; state.things.len()];
        for entry in live {
            let Some(&index) = state.names.get(&entry.value) else { return Err(format!("{} is listed, but not there", entry.value)) };
            let thing = state.things[index];
            match entry.kind {
                RefKind::Owned if !thing.is_uncounted => listed[index] += 1,
                RefKind::Uncounted if !thing.is_uncounted => return Err(format!("{} is counted", entry.value)),
                _ => {}
            }
            // A borrowed value must outlive what runs before the exception is raised.
            self.alive(state, entry.value)?;
            let writes = self.function.instr(value).info().writes;
            if thing.owned == 0 && !thing.is_uncounted && thing.lent.is_some_and(|lent| lent & writes.0 != 0) {
                return Err(format!("{} may die before it is looked at", entry.value));
            }
        }
        for (index, thing) in state.things.iter().enumerate() {
            if listed[index] != thing.owned {
                return Err(format!("{} owned references are listed, not {}", listed[index], thing.owned));
            }
        }
        self.each_held(value, &mut |held| match live.iter().any(|entry| entry.value == held) {
            true => Ok(()),
            false => Err(format!("{held} is not listed")),
        })
    }

    fn all_gone(&self, state: &State) -> Result<(), String> {
        state.normal(&|_| false).map(|_| ())
    }

    fn define(&self, state: &mut State, value: Value) -> Result<(), String> {
        let ty = self.function.ty(value);
        let uncounted = Thing { owned: 0, lent: Some(0), is_uncounted: true };
        let thing = match self.function.instr(value).info().output {
            Output::Nothing => return Ok(()),
            Output::Alias => {
                let of = self.function.operands(value)[0];
                let index = *state.names.get(&of).ok_or_else(|| format!("{of} is not there"))?;
                state.names.insert(value, index);
                self.narrow(state, value, ty);
                return Ok(());
            }
            _ if ty.is_uncounted() => uncounted,
            Output::Uncounted => uncounted,
            Output::Borrowed(heap) => Thing { owned: 0, lent: Some(heap.0), is_uncounted: false },
            Output::Owned | Output::Merged => Thing { owned: 1, lent: None, is_uncounted: false },
        };
        state.define(value, thing);
        Ok(())
    }
}
