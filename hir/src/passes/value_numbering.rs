//! Computes what was computed before only once, and reads what was read or written before not again.
//!
//! Dominator-based global value numbering: blocks are visited in the order of the tree of dominators, with a table of what is available. An instruction is
//! available under its opcode, immediates, operands (by model: other names of a value are the value) and the *versions* of the memory it reads. Versions are
//! numbers for each kind of memory at each point: a write makes a new one, and so does a block that paths with different versions lead to.
//!
//! * Guards give what an equal guard gave before. Guards without a result, and patchpoints while nothing has run that could break assumptions, go away.
//! * Stores make loads of the same place available; what they cannot change stays available under the new version ([`survives`]).
//! * New objects (owned results) are never one.

mod versions;

use crate::environment::Preloaded;
use crate::function::{Dominators, Function};
use crate::instr::{Block, Heap, Instr, Output, Value};
use bytecode::opcode::BinaryOp;
use rustc_hash::FxHashMap;
use versions::Versions;
pub(super) use versions::memory_of;

/// What makes two instructions the same.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    instr: Instr,
    versions: Vec<u32>,
}

struct Numbering<'a> {
    function: &'a mut Function,
    entries: FxHashMap<Block, Versions>,
    available: FxHashMap<Key, Value>,
    replacements: FxHashMap<Value, Value>,
}

pub(super) fn run(function: &mut Function, _preloaded: &Preloaded) {
    let dominators = function.dominators();
    let entries = versions::entries(function);
    let mut numbering = Numbering { function, entries, available: FxHashMap::default(), replacements: FxHashMap::default() };
    numbering.tree(&dominators);
    let replacements = numbering.replacements;
    function.replace_uses(&replacements);
    if !replacements.is_empty() {
        function.reflow_types();
    }
}

impl Numbering<'_> {
    /// Visits the tree of dominators, with what each subtree added taken away behind it.
    fn tree(&mut self, dominators: &Dominators) {
        let mut children = dominators.children();
        enum Visit {
            Enter(Block),
            Leave(Vec<(Key, Option<Value>)>),
        }
        let mut work = vec![Visit::Enter(Function::ENTRY)];
        while let Some(visit) = work.pop() {
            match visit {
                Visit::Leave(undo) => undo.into_iter().rev().for_each(|(key, old)| match old {
                    Some(old) => drop(self.available.insert(key, old)),
                    None => drop(self.available.remove(&key)),
                }),
                Visit::Enter(block) => {
                    let undo = self.block(block);
                    work.push(Visit::Leave(undo));
                    let children = children.remove(&block).unwrap_or_default();
                    work.extend(children.into_iter().rev().map(Visit::Enter));
                }
            }
        }
    }

    fn block(&mut self, block: Block) -> Vec<(Key, Option<Value>)> {
        let mut versions = self.entries.get(&block).cloned().unwrap_or_default();
        let mut undo = Vec::new();
        let mut kept = Vec::new();
        let mut phis: Vec<Value> = Vec::new();
        for value in self.function.instrs(block).to_vec() {
            self.rename(value);
            if self.function.instr(value).is_phi() {
                let same = phis.iter().copied().find(|phi| self.function.phi_inputs(*phi) == self.function.phi_inputs(value));
                match same {
                    Some(same) => drop(self.replacements.insert(value, same)),
                    None => {
                        phis.push(value);
                        kept.push(value);
                    }
                }
                continue;
            }
            if let Some(key) = self.key(value, &versions) {
                if let Some(&known) = self.available.get(&key).filter(|known| self.fits(**known, value)) {
                    if self.function.has_output(value) {
                        self.replacements.insert(value, known);
                    }
                    continue;
                }
                undo.push((key.clone(), self.available.insert(key, value)));
            }
            kept.push(value);
            self.write(value, &mut versions, &mut undo);
        }
        self.function.set_instrs(block, kept);
        undo
    }

    fn rename(&mut self, value: Value) {
        let replacements = &self.replacements;
        self.function.replace_operands(value, &mut |operand| Function::resolved(replacements, operand));
    }

    /// Whether uses of `value` may use `known`: it is not of a greater type.
    fn fits(&self, known: Value, value: Value) -> bool {
        !self.function.has_output(value) || self.function.ty(known).is_subtype(self.function.ty(value), &self.function.classes)
    }

    fn key(&mut self, value: Value, versions: &Versions) -> Option<Key> {
        let instr = *self.function.instr(value);
        if !is_repeatable(&instr) {
            return None;
        }
        Some(self.key_of(instr, versions))
    }

    /// With operands in a normal form.
    fn key_of(&self, mut instr: Instr, versions: &Versions) -> Key {
        let mut operands = instr.operands(&self.function.pool).into_iter().map(|operand| self.known_model(operand)).collect::<Vec<_>>();
        if is_commutative(&instr) {
            operands.sort_unstable();
        }
        let mut operands = operands.into_iter();
        // Instructions with a variable tail of operands are not repeatable: the pool is not touched.
        let mut pool = crate::instr::Pool::default();
        instr.for_each_operand_mut(&mut pool, &mut |operand| *operand = operands.next().unwrap_or(*operand));
        Key { instr, versions: versions.of(memory_of(&instr)) }
    }

    /// The model, of those that are there to stay.
    fn known_model(&self, value: Value) -> Value {
        let mut model = value;
        loop {
            model = Function::resolved(&self.replacements, model);
            if !self.function.instr(model).is_passthrough() {
                return model;
            }
            model = self.function.operands(model)[0];
        }
    }

    /// What an instruction does to memory, and to what is known of it.
    fn write(&mut self, value: Value, versions: &mut Versions, undo: &mut Vec<(Key, Option<Value>)>) {
        let instr = *self.function.instr(value);
        let writes = instr.info().writes;
        if writes.is_empty() {
            return;
        }
        let old = versions.clone();
        versions.write(writes, value);
        let mut added = Vec::new();
        if can_survive(&instr) {
            for (key, known) in &self.available {
                let reads = memory_of(&key.instr);
                if reads.meets(writes) && key.versions == old.of(reads) && self.survives(key, &instr) {
                    added.push((Key { instr: key.instr, versions: versions.of(reads) }, *known));
                }
            }
        }
        added.extend(self.stored(&instr, versions));
        for (key, known) in added {
            undo.push((key.clone(), self.available.insert(key, known)));
        }
    }

    /// What a load would give now.
    fn stored(&self, instr: &Instr, versions: &Versions) -> Option<(Key, Value)> {
        let (load, value) = match *instr {
            Instr::StoreSlot { owner, value, offset, name, .. } => (Instr::load_slot(owner, offset, name), value),
            Instr::AddSlot { owner, value, offset, name, .. } => (Instr::load_slot(owner, offset, name), value),
            Instr::SetCellItem { cell, value, .. } => (Instr::load_cell_item(cell), value),
            Instr::StoreListItem { list, index, value, .. } => (Instr::load_list_item(list, index), value),
            _ => return None,
        };
        Some((self.key_of(load, versions), value))
    }

    /// Whether what a load gives is the same behind a write to memory of its kind.
    fn survives(&self, key: &Key, write: &Instr) -> bool {
        let known = |value: Value| self.function.ty(value).known_int();
        match (key.instr, *write) {
            (
                Instr::LoadSlot { offset: read, .. },
                Instr::TakeSlot { offset, .. } | Instr::StoreSlot { offset, .. } | Instr::AddSlot { offset, .. },
            ) => read != offset,
            // Taking and storing keep the length.
            (Instr::LoadLength { .. }, Instr::TakeListItem { .. } | Instr::StoreListItem { .. }) => true,
            (
                Instr::LoadListItem { list: read_list, index: read, .. },
                Instr::TakeListItem { list, index } | Instr::StoreListItem { list, index, .. },
            ) => self.known_model(list) == read_list && matches!((known(read), known(index)), (Some(read), Some(index)) if read != index),
            (Instr::LoadListItem { .. }, Instr::ListAppend { .. }) => true,
            _ => false,
        }
    }
}

fn can_survive(write: &Instr) -> bool {
    matches!(
        write,
        Instr::TakeSlot { .. }
            | Instr::StoreSlot { .. }
            | Instr::AddSlot { .. }
            | Instr::TakeListItem { .. }
            | Instr::StoreListItem { .. }
            | Instr::ListAppend { .. }
    )
}

/// Whether an equal instruction before makes this one superfluous.
fn is_repeatable(instr: &Instr) -> bool {
    let info = instr.info();
    let gives_same = match info.output {
        Output::Uncounted | Output::Borrowed(_) | Output::Alias => true,
        Output::Nothing => matches!(instr, Instr::Guard { .. } | Instr::DeoptPatchpoint { .. }),
        Output::Owned | Output::Merged => false,
    };
    let has_effect = info.is_terminator || info.runs_python || !info.writes.is_empty() || info.rest.is_some();
    let is_kept = info.is_essential && !matches!(instr, Instr::GuardShape { .. } | Instr::DeoptPatchpoint { .. });
    gives_same && !has_effect && !is_kept && info.second.is_none()
}

fn is_commutative(instr: &Instr) -> bool {
    match instr {
        Instr::SmallIntBinaryOp { op, .. } => {
            matches!(op.without_inplace(), BinaryOp::Add | BinaryOp::Multiply | BinaryOp::And | BinaryOp::Or | BinaryOp::Xor)
        }
        Instr::IntBinaryOp { op, .. } => {
            use crate::instr::IntKind::{Add, And, Multiply, Or, Xor};
            matches!(op, Add | Multiply | And | Or | Xor)
        }
        Instr::DoubleBinaryOp { op, .. } => matches!(op, crate::instr::DoubleKind::Add | crate::instr::DoubleKind::Multiply),
        Instr::Is { .. } => true,
        _ => false,
    }
}

/// Assumptions break while other code runs.
const ASSUMPTIONS: Heap = Heap::TYPE_ATTRIBUTE.or(Heap::GLOBAL).or(Heap::FUNCTION_ATTRIBUTE);
