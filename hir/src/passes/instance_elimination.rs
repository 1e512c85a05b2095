//! Does not make instances that only the function itself gets to see: their attributes are values, and where control leaves, deopt makes them.
//!
//! An instance that is allocated here goes away if all that is done with it is to store and load attributes, to ask for its shape or class, and to be in frame states. (What is
//! stored in such an instance may be such an instance, too: the outer one goes first.) Its shape at each point is known, and with it which attributes are set. Each attribute is a
//! variable, put into SSA form; a frame state gets a description of the instance with the attributes that it has there.

use crate::environment::Preloaded;
use crate::function::{Dominators, FrameStateId, Function};
use crate::instr::{Block, Instr, Value};
use crate::types::{ClassId, ShapeId, Spec, Type, ty};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeMap;

/// So often instances are looked for, the outer ones first.
const ROUNDS: usize = 4;
/// So many instances at most.
const MOST: usize = 64;

/// What is known of an instance at a point.
#[derive(Clone, PartialEq, Eq)]
enum Layout {
    /// It has this shape, and the attributes at these offsets.
    Known(ShapeId, Vec<u32>),
    /// Several.
    Mixed,
}

/// An instance, and all that happens to it.
struct Candidate {
    allocation: Value,
    class: ClassId,
    names: FxHashSet<Value>,
    /// The blocks where it can be, in reverse post order, the one that makes it first.
    region: Vec<Block>,
    /// Its layout where each begins.
    entries: FxHashMap<Block, Layout>,
}

pub(super) fn run(function: &mut Function, preloaded: &Preloaded) {
    let mut n_done = 0;
    for _ in 0..ROUNDS {
        let mut changed = false;
        let allocations: Vec<Value> = function.values().filter(|value| matches!(function.instr(*value), Instr::AllocateInstance { .. })).collect();
        if allocations.is_empty() {
            return;
        }
        let mut dominators = function.dominators();
        for allocation in allocations {
            if n_done == MOST {
                return;
            }
            let Some(candidate) = candidate(function, &dominators, allocation) else { continue };
            if !is_private(function, preloaded, &candidate) {
                continue;
            }
            Replacer::new(function, preloaded, &candidate).run();
            dominators = function.dominators();
            n_done += 1;
            changed = true;
        }
        if !changed {
            return;
        }
        // Where no branch leads any more, nobody asks for an instance.
        super::clean_cfg::run(function, preloaded);
        function.reflow_types();
    }
}

fn candidate(function: &Function, dominators: &Dominators, allocation: Value) -> Option<Candidate> {
    let Instr::AllocateInstance { class, shape, .. } = *function.instr(allocation) else { return None };
    let (home, index) = function.position(allocation)?;
    let names: FxHashSet<Value> = function.values().filter(|value| function.model(*value) == allocation).collect();
    // Quickly: most instances go somewhere.
    if function.values().any(|value| escapes_by(function, &names, value)) {
        return None;
    }
    let live = blocks_before_uses(function, &names, home);
    if live.iter().any(|block| !dominators.is_reachable(*block)) {
        return None;
    }
    let region: Vec<Block> = dominators.order().iter().copied().filter(|block| live.contains(block) && dominators.dominates(home, *block)).collect();
    let mut candidate = Candidate { allocation, class, names, region, entries: FxHashMap::default() };
    candidate.find_layouts(function, home, index, shape);
    Some(candidate)
}

/// The blocks from which some use of the instance is ahead, and the one that makes it.
fn blocks_before_uses(function: &Function, names: &FxHashSet<Value>, home: Block) -> FxHashSet<Block> {
    let is_use = |value: Value| {
        let is_held = function.state_chain(function.frame_state(value)).any(|id| function.state(id).values().any(|held| names.contains(&held)));
        let mut uses = is_held || names.contains(&value);
        function.instr(value).for_each_operand(&function.pool, &mut |operand| uses |= names.contains(&operand));
        uses
    };
    let mut work: Vec<Block> = function.blocks().filter(|block| function.instrs(*block).iter().any(|value| is_use(*value))).collect();
    let mut live = FxHashSet::from_iter([home]);
    while let Some(block) = work.pop() {
        if live.insert(block) {
            work.extend(function.preds(block));
        }
    }
    live
}

/// Whether an instruction uses the instance in a way that cannot be replaced.
fn escapes_by(function: &Function, names: &FxHashSet<Value>, value: Value) -> bool {
    let is = |value: &Value| names.contains(value);
    let instr = function.instr(value);
    if instr.info().steals_frame_state
        && function.state_chain(function.frame_state(value)).any(|id| function.state(id).values().any(|held| is(&held)))
    {
        return true;
    }
    let mut uses = false;
    instr.for_each_operand(&function.pool, &mut |operand| uses |= is(&operand));
    if !uses {
        return false;
    }
    match instr {
        Instr::AddSlot { value, .. } => is(value),
        Instr::StoreSlot { value, previous, .. } => is(value) || is(previous),
        Instr::LoadSlot { .. }
        | Instr::TakeSlot { .. }
        | Instr::GuardShape { .. }
        | Instr::GuardType { .. }
        | Instr::RefineType { .. }
        | Instr::Assign { .. }
        | Instr::UseType { .. }
        | Instr::UseObject { .. }
        | Instr::HintType { .. }
        | Instr::CondBranchShape { .. }
        | Instr::CondBranchCheckType { .. }
        | Instr::LoadClass { .. }
        | Instr::Is { .. }
        | Instr::VirtualObject { .. } => false,
        _ => true,
    }
}

impl Candidate {
    fn is(&self, value: Value) -> bool {
        self.names.contains(&value)
    }

    /// Follows the shape through the blocks.
    fn find_layouts(&mut self, function: &Function, home: Block, index: usize, shape: ShapeId) {
        let start = Layout::Known(shape, Vec::new());
        let mut exits: FxHashMap<Block, Layout> = FxHashMap::default();
        loop {
            let mut changed = false;
            for &block in &self.region {
                let entry = if block == home {
                    Some(start.clone())
                } else {
                    let mut layouts = function.preds(block).iter().filter_map(|pred| exits.get(pred));
                    let first = layouts.next().cloned();
                    first.map(|first| if layouts.all(|other| *other == first) { first } else { Layout::Mixed })
                };
                let Some(entry) = entry else { continue };
                let skipped = if block == home { index + 1 } else { 0 };
                let exit = function.instrs(block)[skipped..].iter().fold(entry.clone(), |layout, value| self.behind(function, layout, *value));
                changed |= exits.insert(block, exit.clone()) != Some(exit);
                self.entries.insert(block, entry);
            }
            if !changed {
                return;
            }
        }
    }

    /// The layout behind an instruction.
    fn behind(&self, function: &Function, layout: Layout, value: Value) -> Layout {
        match (function.instr(value), layout) {
            (&Instr::AddSlot { owner, offset, shape, .. }, Layout::Known(_, mut offsets)) if self.is(owner) => {
                if !offsets.contains(&offset) {
                    offsets.push(offset);
                    offsets.sort_unstable();
                }
                Layout::Known(shape, offsets)
            }
            (_, layout) => layout,
        }
    }
}

/// The class object of a class.
fn class_object(preloaded: &Preloaded, class: ClassId) -> Option<crate::types::ObjectId> {
    preloaded.known_classes.iter().find(|(_, known)| known.class == class).map(|(object, _)| *object)
}

/// Whether all that is done with an instance can be said without it.
fn is_private(function: &Function, preloaded: &Preloaded, candidate: &Candidate) -> bool {
    let exact = function.ty(candidate.allocation);
    let mut is_behind = false;
    for &block in &candidate.region {
        let Some(mut layout) = candidate.entries.get(&block).cloned() else { return false };
        for &value in function.instrs(block) {
            if value == candidate.allocation {
                is_behind = true;
                continue;
            }
            // The block that makes it comes first.
            if !is_behind {
                continue;
            }
            if !is_answered(function, preloaded, candidate, exact, &layout, value) {
                return false;
            }
            layout = candidate.behind(function, layout, value);
        }
    }
    true
}

fn is_answered(function: &Function, preloaded: &Preloaded, candidate: &Candidate, exact: Type, layout: &Layout, value: Value) -> bool {
    let is_held = function.state_chain(function.frame_state(value)).any(|id| function.state(id).values().any(|held| candidate.is(held)));
    let Layout::Known(shape, offsets) = layout else {
        // Then nobody may ask.
        return !is_held && !function.operands(value).into_iter().any(|operand| candidate.is(operand));
    };
    match *function.instr(value) {
        Instr::LoadSlot { owner, offset, .. } | Instr::TakeSlot { owner, offset, .. } | Instr::StoreSlot { owner, offset, .. }
            if candidate.is(owner) =>
        {
            offsets.contains(&offset)
        }
        Instr::GuardShape { value: guarded, shape: wanted, .. } if candidate.is(guarded) => wanted == *shape,
        Instr::GuardType { value: guarded, ty } if candidate.is(guarded) => exact.is_subtype(function.pool.ty(ty), &function.classes),
        Instr::CondBranchCheckType { value: asked, ty, .. } if candidate.is(asked) => {
            let wanted = function.pool.ty(ty);
            exact.is_subtype(wanted, &function.classes) || !exact.could_be(wanted, &function.classes)
        }
        Instr::LoadClass { value: asked } if candidate.is(asked) => class_object(preloaded, candidate.class).is_some(),
        _ => true,
    }
}

struct Replacer<'a> {
    function: &'a mut Function,
    preloaded: &'a Preloaded,
    candidate: &'a Candidate,
    exact: Type,
    replacements: FxHashMap<Value, Value>,
    /// The attributes at the ends of blocks.
    exits: FxHashMap<Block, BTreeMap<u32, Value>>,
    /// Phis of attributes that have no inputs yet.
    phis: Vec<(Block, u32, Value)>,
}

impl<'a> Replacer<'a> {
    fn new(function: &'a mut Function, preloaded: &'a Preloaded, candidate: &'a Candidate) -> Replacer<'a> {
        let exact = function.ty(candidate.allocation);
        Replacer { function, preloaded, candidate, exact, replacements: FxHashMap::default(), exits: FxHashMap::default(), phis: Vec::new() }
    }

    fn run(mut self) {
        for &block in &self.candidate.region {
            self.block(block);
        }
        for (block, offset, phi) in std::mem::take(&mut self.phis) {
            let preds = self.function.preds(block).to_vec();
            let inputs: Vec<Value> =
                preds.iter().map(|pred| self.exits.get(pred).and_then(|exit| exit.get(&offset)).map_or(phi, |value| self.resolved(*value))).collect();
            self.function.set_phi_inputs(phi, &inputs);
        }
        let replacements: FxHashMap<Value, Value> = self.replacements.keys().map(|value| (*value, self.resolved(*value))).collect();
        self.function.replace_uses(&replacements);
    }

    fn resolved(&self, value: Value) -> Value {
        Function::resolved(&self.replacements, value)
    }

    fn block(&mut self, block: Block) {
        let Some(Layout::Known(mut shape, offsets)) = self.candidate.entries.get(&block).cloned() else { return };
        let mut slots = self.entry(block, &offsets);
        let mut is_behind = block != self.candidate.region[0];
        let mut described: Option<Value> = None;
        let mut kept = Vec::new();
        for value in self.function.instrs(block).to_vec() {
            if !is_behind {
                is_behind = value == self.candidate.allocation;
                if !is_behind {
                    kept.push(value);
                }
                continue;
            }
            let instr = *self.function.instr(value);
            if matches!(instr, Instr::AddSlot { .. } | Instr::StoreSlot { .. }) {
                described = None;
            }
            let is = |value: Value| self.candidate.is(value);
            match instr {
                Instr::AddSlot { owner, value: stored, offset, shape: next, .. } if is(owner) => {
                    slots.insert(offset, self.resolved(stored));
                    shape = next;
                    continue;
                }
                Instr::StoreSlot { owner, value: stored, offset, .. } if is(owner) => {
                    slots.insert(offset, self.resolved(stored));
                    continue;
                }
                Instr::LoadSlot { owner, offset, .. } | Instr::TakeSlot { owner, offset, .. } if is(owner) => {
                    if let Some(&known) = slots.get(&offset) {
                        self.replacements.insert(value, known);
                    }
                    continue;
                }
                Instr::GuardShape { value: name, .. }
                | Instr::GuardType { value: name, .. }
                | Instr::RefineType { value: name, .. }
                | Instr::Assign { value: name }
                | Instr::UseType { value: name, .. }
                | Instr::UseObject { value: name }
                | Instr::HintType { value: name, .. }
                    if is(name) =>
                {
                    continue;
                }
                Instr::Is { left, right } if is(left) || is(right) => {
                    let same = self.function.pool.add_type(Type::c_bool(is(left) && is(right)));
                    self.function.replace(value, Instr::load_const(same));
                }
                Instr::LoadClass { value: name } if is(name) => {
                    let object = class_object(self.preloaded, self.candidate.class).expect("this was asked before");
                    let known = Type::object(object, &self.function.classes);
                    let known = self.function.pool.add_type(known);
                    self.function.replace(value, Instr::load_const(known));
                }
                Instr::VirtualObject { .. } if self.function.operands(value).into_iter().any(is) => {
                    let description = *described.get_or_insert_with(|| self.describe(shape, &slots, &mut kept));
                    let names = &self.candidate.names;
                    self.function.replace_operands(value, &mut |part| if names.contains(&part) { description } else { part });
                }
                _ => {}
            }
            if self.is_held(value) {
                let description = *described.get_or_insert_with(|| self.describe(shape, &slots, &mut kept));
                let state = self.function.frame_state(value).map(|state| self.state(state, description));
                self.function.set_frame_state(value, state);
            }
            kept.push(value);
        }
        let branch = kept.last().copied().map(|last| *self.function.instr(last));
        self.function.set_instrs(block, kept);
        if let Some(branch) = branch {
            self.branch(block, branch, shape);
        }
        self.exits.insert(block, slots);
    }

    /// The attributes where a block begins.
    fn entry(&mut self, block: Block, offsets: &[u32]) -> BTreeMap<u32, Value> {
        if block == self.candidate.region[0] {
            return BTreeMap::new();
        }
        let preds = self.function.preds(block).to_vec();
        if let [pred] = preds[..]
            && let Some(exit) = self.exits.get(&pred)
        {
            return exit.clone();
        }
        let mut slots = BTreeMap::new();
        for &offset in offsets {
            let phi = self.function.add_phi(block, &[]);
            self.phis.push((block, offset, phi));
            slots.insert(offset, phi);
        }
        slots
    }

    fn is_held(&self, value: Value) -> bool {
        self.function.state_chain(self.function.frame_state(value)).any(|id| self.function.state(id).values().any(|held| self.candidate.is(held)))
    }

    /// A description of the instance as it is, added to the instructions: offsets and attributes by turns.
    fn describe(&mut self, shape: ShapeId, slots: &BTreeMap<u32, Value>, kept: &mut Vec<Value>) -> Value {
        let mut parts = Vec::new();
        for (&offset, &value) in slots {
            let known = self.function.pool.add_type(Type::c_int(ty::CInt64, offset.into()));
            let constant = self.function.create(Instr::load_const(known), None);
            kept.push(constant);
            parts.extend([constant, self.resolved(value)]);
        }
        let of = self.exact.specialized(Spec::Shape(shape));
        let (parts, of) = (self.function.pool.add_values(&parts), self.function.pool.add_type(of));
        let description = self.function.create(Instr::virtual_object(parts, of), None);
        kept.push(description);
        description
    }

    /// A state, and those of its callers, with the description for the instance.
    fn state(&mut self, id: FrameStateId, description: Value) -> FrameStateId {
        let mut state = self.function.state(id).clone();
        for value in state.values_mut() {
            if self.candidate.is(*value) {
                *value = description;
            }
        }
        state.parent = state.parent.map(|parent| {
            let is_held = self.function.state_chain(Some(parent)).any(|id| self.function.state(id).values().any(|held| self.candidate.is(held)));
            if is_held { self.state(parent, description) } else { parent }
        });
        self.function.add_frame_state(state)
    }

    /// Decides a branch on shape or type.
    fn branch(&mut self, block: Block, branch: Instr, shape: ShapeId) {
        let target = match branch {
            Instr::CondBranchShape { value, then, otherwise, shape: wanted } if self.candidate.is(value) => {
                if wanted == shape {
                    then
                } else {
                    otherwise
                }
            }
            Instr::CondBranchCheckType { value, then, otherwise, ty } if self.candidate.is(value) => {
                let wanted = self.function.pool.ty(ty);
                if self.exact.is_subtype(wanted, &self.function.classes) { then } else { otherwise }
            }
            _ => return,
        };
        self.function.set_terminator(block, Instr::branch(target), None);
    }
}
