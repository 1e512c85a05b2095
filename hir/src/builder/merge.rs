//! Entries, edges, and the values where paths meet.

use super::blocks::Entry;
use super::{Builder, Refusal, Vars};
use crate::function::Function;
use crate::instr::{Block, EntryKind, Instr, Value};
use crate::types::{Type, ty};
use bytecode::{CodeFlags, LocalKind};

/// How far a block of bytecode has got.
#[derive(Default)]
pub(super) struct Place {
    /// Its first HIR block, once something leads there.
    block: Option<Block>,
    /// The edges that lead there so far: where they come from, with which values. In the order of predecessors.
    incoming: Vec<(Block, Vars)>,
    /// The values it began with.
    started: Option<Vars>,
    /// Whether an edge came for which it has no phis.
    is_surprised: bool,
    /// Phis that need an input for each edge that comes later.
    open_phis: Vec<(Variable, Value)>,
    /// Whether the instruction before, which suspends, has been compiled.
    pub is_suspended: bool,
    is_entered: bool,
}

/// A local, or a place of the stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Variable {
    Local(usize),
    Stack(usize),
}

impl Vars {
    fn get(&self, variable: Variable) -> Option<Value> {
        match variable {
            Variable::Local(index) => self.locals.get(index).copied().flatten(),
            Variable::Stack(index) => self.stack.get(index).copied().flatten(),
        }
    }
}

impl Builder<'_> {
    /// Makes the blocks through which control comes in at the start.
    pub(super) fn enter_function(&mut self) {
        let has_other = self.flow.blocks.iter().any(|block| matches!(block.entry, Some(Entry::Resume | Entry::Suspended)));
        if !self.options.start {
            return;
        }
        let block = if has_other { self.function.add_block() } else { Function::ENTRY };
        if has_other {
            self.entries.push((EntryKind::Start, block));
        }
        self.block = Some(block);
        self.vars = Vars { locals: vec![None; self.unit.code.locals.len()], stack: Vec::new() };
        self.load_arguments(block);
        self.branch_to(0);
    }

    fn load_arguments(&mut self, block: Block) {
        let code = &self.unit.code;
        let n_plain = (code.arg_count + code.keyword_only_count) as usize;
        let has_rest = code.flags.has(CodeFlags::VARARGS);
        let n_all = n_plain + usize::from(has_rest) + usize::from(code.flags.has(CodeFlags::VARKEYWORDS));
        for index in 0..n_all.min(code.locals.len()) {
            let natural = match index.checked_sub(n_plain) {
                None => ty::Object,
                Some(0) if has_rest => ty::TupleExact,
                Some(_) => ty::DictExact,
            };
            let known = self.unit.arguments.get(index).map_or(natural, |known| known.and(natural, &self.function.classes));
            let (name, known) = (self.function.pool.add_name(&code.locals[index].name), self.function.pool.add_type(known));
            self.vars.locals[index] = Some(self.function.append(block, Instr::load_arg(index as u32, name, known)));
        }
    }

    /// Ends the entry block, now that all entries are known.
    pub(super) fn leave_entry(&mut self) {
        if self.function.terminator(Function::ENTRY).is_some() {
            return;
        }
        let terminator = if self.entries.is_empty() {
            Instr::unreachable()
        } else {
            let entries = self.function.pool.add_entries(&self.entries);
            Instr::entry_switch(entries)
        };
        self.function.append(Function::ENTRY, terminator);
    }

    /// The HIR block of an instruction that begins a block of bytecode, for an edge to it.
    pub(super) fn target(&mut self, at: u32) -> Block {
        let place = self.flow.block_at(at).expect("blocks begin where control goes");
        let function = &mut self.function;
        *self.places[place].block.get_or_insert_with(|| function.add_block())
    }

    /// Takes the values along an edge, which has just been made, from `from` to the block of an instruction.
    pub(super) fn arrive(&mut self, from: Block, at: u32) {
        let place = self.flow.block_at(at).expect("blocks begin where control goes");
        let Some(started) = &self.places[place].started else {
            let vars = self.vars.clone();
            self.places[place].incoming.push((from, vars));
            return;
        };
        if !self.is_expected(started, &self.places[place].open_phis) {
            self.places[place].is_surprised = true;
            return;
        }
        for index in 0..self.places[place].open_phis.len() {
            let (variable, phi) = self.places[place].open_phis[index];
            let input = self.vars.get(variable).unwrap_or_else(|| self.null_at_end(from));
            self.function.add_phi_input(phi, input);
            // There may be more to come.
            self.function.set_type(phi, ty::OptObject);
        }
    }

    /// Whether a block that has begun holds what an edge brings, but for its phis.
    fn is_expected(&self, started: &Vars, phis: &[(Variable, Value)]) -> bool {
        let is_same = |variable: Variable| {
            let (old, new) = (started.get(variable), self.vars.get(variable));
            old == new || old.zip(new).is_some_and(|(old, new)| self.function.model(old) == self.function.model(new))
        };
        let mut open = phis.iter().map(|(variable, _)| *variable).peekable();
        let locals = (0..started.locals.len()).map(Variable::Local);
        // Phis are in the order of variables.
        locals.chain((0..started.stack.len()).map(Variable::Stack)).all(|variable| open.next_if_eq(&variable).is_some() || is_same(variable))
    }

    /// Goes to an instruction that begins a block.
    pub(super) fn branch_to(&mut self, at: u32) {
        let Some(from) = self.block.take() else { return };
        let target = self.target(at);
        self.function.append(from, Instr::branch(target));
        self.arrive(from, at);
    }

    /// A null that is there at the end of a block.
    fn null_at_end(&mut self, block: Block) -> Value {
        let end = self.function.instrs(block).len().saturating_sub(1);
        // The one that the last phi needed stands right there.
        let last = end.checked_sub(1).map(|last| self.function.instrs(block)[last]);
        match last {
            Some(last) if matches!(self.function.instr(last), Instr::LoadConst { .. }) && self.ty(last) == ty::Nullptr => last,
            _ => self.function.insert_const(block, end, ty::Nullptr),
        }
    }

    /// Begins a block of bytecode; whether anything leads there.
    pub(super) fn start_place(&mut self, place: usize) -> Result<bool, Refusal> {
        if self.places[place].started.is_some() {
            return Ok(false);
        }
        let start = self.flow.blocks[place].range.start;
        match self.flow.blocks[place].entry {
            Some(Entry::Resume) if !self.places[place].is_entered => self.enter_at(start),
            Some(Entry::Suspended) if self.places[place].is_suspended && !self.places[place].is_entered => self.enter_at(start),
            Some(Entry::Resume | Entry::Start | Entry::Suspended) | None => {}
        }
        let incoming = std::mem::take(&mut self.places[place].incoming);
        let Some(block) = self.places[place].block.filter(|_| !incoming.is_empty()) else { return Ok(false) };
        let depth = incoming[0].1.stack.len();
        if incoming.iter().any(|(_, vars)| vars.stack.len() != depth) {
            return Err(Refusal::Malformed);
        }
        self.block = Some(block);
        self.begin_instruction(start);
        let mut vars = Vars::default();
        for local in 0..self.unit.code.locals.len() {
            vars.locals.push(self.merged(place, &incoming, Variable::Local(local)));
        }
        for slot in 0..depth {
            vars.stack.push(self.merged(place, &incoming, Variable::Stack(slot)));
        }
        self.narrow_aliases(block, &incoming, &mut vars);
        self.places[place].started = Some(vars.clone());
        self.vars = vars;
        Ok(true)
    }

    /// Whether control comes to a block that has not begun.
    pub(super) fn is_waiting(&self, place: usize) -> bool {
        self.places[place].started.is_none() && !self.places[place].incoming.is_empty()
    }

    /// The blocks that got edges which they were not made for.
    pub(super) fn surprised(&self) -> Vec<usize> {
        (0..self.places.len()).filter(|place| self.places[*place].is_surprised).collect()
    }

    /// Makes the entry through which the interpreter comes in before an instruction.
    fn enter_at(&mut self, at: u32) {
        if let Some(place) = self.flow.block_at(at) {
            self.places[place].is_entered = true;
        }
        let block = self.function.add_block();
        self.entries.push((EntryKind::Resume(at), block));
        let n_locals = self.unit.code.locals.len();
        let depth = self.flow.depths[at as usize].unwrap_or(0) as usize;
        let mut vars = Vars::default();
        for index in 0..n_locals + depth {
            // The closure's cells are in place from the first instruction on, but for one that could come before `COPY_FREE_VARS`.
            let is_free = at > 0 && index < n_locals && self.unit.code.locals[index].kind.has(LocalKind::FREE);
            let known = self.function.pool.add_type(if is_free { ty::Cell } else { ty::OptObject });
            let value = self.function.append(block, Instr::load_frame_slot(index as u32, known));
            if index < n_locals { vars.locals.push(Some(value)) } else { vars.stack.push(Some(value)) }
        }
        self.vars = vars;
        self.block = Some(block);
        self.begin_instruction(at);
        self.guard_entry();
        self.guard_iterator();
        self.branch_to(at);
    }

    /// Guards that locals and stack are of the types they had when the code was compiled.
    fn guard_entry(&mut self) {
        let options = self.options;
        let values: Vec<Option<Value>> = self.vars.locals.iter().chain(&self.vars.stack).copied().collect();
        for (&value, &wanted) in values.iter().zip(&options.entry_types) {
            let Some(value) = value.filter(|value| self.may_be(*value, wanted)) else { continue };
            let guard = self.guard_type(value, wanted);
            if guard != value {
                self.function.blames.insert(guard, u32::MAX);
            }
        }
    }

    /// What a variable holds where paths meet.
    fn merged(&mut self, place: usize, incoming: &[(Block, Vars)], variable: Variable) -> Option<Value> {
        let is_written = self.flow.blocks[place].loop_writes.as_ref().is_some_and(|writes| match variable {
            Variable::Local(index) => writes.locals[index],
            Variable::Stack(index) => index >= writes.stack_from,
        });
        let first = incoming[0].1.get(variable);
        if !is_written {
            if incoming.iter().all(|(_, vars)| vars.get(variable) == first) {
                return first;
            }
            if let Some(model) = self.common_model(incoming, variable) {
                return Some(model);
            }
        }
        let is_loop = self.flow.blocks[place].loop_writes.is_some();
        let inputs: Vec<Value> = incoming.iter().map(|(from, vars)| vars.get(variable).unwrap_or_else(|| self.null_at_end(*from))).collect();
        let block = self.block.expect("the block has just begun");
        let phi = self.function.add_phi(block, &inputs);
        if is_loop {
            self.function.set_type(phi, ty::OptObject);
            self.places[place].open_phis.push((variable, phi));
        }
        Some(phi)
    }

    /// The one value that a variable holds on all paths under different names.
    fn common_model(&self, incoming: &[(Block, Vars)], variable: Variable) -> Option<Value> {
        let model = self.function.model(incoming[0].1.get(variable)?);
        let is_same = |vars: &Vars| vars.get(variable).is_some_and(|value| self.function.model(value) == model);
        incoming.iter().all(|(_, vars)| is_same(vars)).then_some(model)
    }

    /// Where all paths know more of a value than its definition does, says so.
    fn narrow_aliases(&mut self, block: Block, incoming: &[(Block, Vars)], vars: &mut Vars) {
        let n_locals = vars.locals.len();
        for index in 0..n_locals + vars.stack.len() {
            let variable = if index < n_locals { Variable::Local(index) } else { Variable::Stack(index - n_locals) };
            let Some(value) = vars.get(variable) else { continue };
            let known: Vec<Value> = incoming.iter().filter_map(|(_, vars)| vars.get(variable)).collect();
            let is_alias = known.len() == incoming.len() && known.iter().any(|known| *known != value);
            if !is_alias || self.function.instr(value).is_phi() && self.function.phis(block).contains(&value) {
                continue;
            }
            let union = known.iter().fold(ty::Bottom, |union, known| union.or(self.ty(*known), &self.function.classes));
            if union.is_proper_subtype(self.ty(value), &self.function.classes) {
                let narrow = self.refine(value, union);
                let slot = if index < n_locals { &mut vars.locals[index] } else { &mut vars.stack[index - n_locals] };
                *slot = Some(narrow);
            }
        }
    }

    /// The type of a value as far as it can be relied on while not all of the function is there.
    pub(super) fn ty(&self, value: Value) -> Type {
        self.function.ty(value)
    }
}
