//! Checks that a function keeps the invariants of [`crate::function`] and the rows of the table. Flaws are bugs of whoever made the function.

use crate::function::{Dominators, Function};
use crate::instr::{Block, Instr, Value};
use crate::types::{Type, ty};
use std::fmt;

/// What is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    pub block: Block,
    /// The instruction, as text.
    pub instr: Option<String>,
    pub kind: FlawKind,
}

/// What can be wrong with a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FlawKind {
    /// The entry is removed.
    NoEntry,
    /// The entry has predecessors.
    EntryIsEntered,
    NoTerminator,
    TerminatorInside,
    PhiInside,
    /// The list of predecessors is not what terminators say.
    Predecessors,
    /// A block leads to one that was removed.
    RemovedTarget(Block),
    PhiInputs {
        inputs: usize,
        preds: usize,
    },
    /// The instruction is in two places.
    DefinedTwice,
    /// The operand has no result, or is in no block.
    NotAValue(Value),
    NotDominated(Value),
    OperandType {
        operand: Value,
        is: Type,
        must: Type,
    },
    OperandsDiffer,
    /// The type of the result is not the one the row gives.
    OutputType {
        is: Type,
        must: Type,
    },
    NoFrameState,
    UnexpectedFrameState,
    /// Not right behind the instruction whose second result it is.
    NotSecond,
    /// `EntrySwitch` elsewhere than in the entry.
    EntrySwitchInside,
    /// A shape is a fact of a moment only.
    ShapeInType,
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "bb {}", self.block.0)?;
        if let Some(instr) = &self.instr {
            write!(f, ", {instr}")?;
        }
        write!(f, ": {}", self.kind)
    }
}

impl fmt::Display for FlawKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FlawKind::NoEntry => write!(f, "there is no entry"),
            FlawKind::EntryIsEntered => write!(f, "the entry has predecessors"),
            FlawKind::NoTerminator => write!(f, "no terminator"),
            FlawKind::TerminatorInside => write!(f, "a terminator is not the last instruction"),
            FlawKind::PhiInside => write!(f, "a phi is not among the first instructions"),
            FlawKind::Predecessors => write!(f, "the predecessors are not those that lead here"),
            FlawKind::RemovedTarget(block) => write!(f, "leads to bb {}, which is removed", block.0),
            FlawKind::PhiInputs { inputs, preds } => write!(f, "{inputs} inputs for {preds} predecessors"),
            FlawKind::DefinedTwice => write!(f, "is in two places"),
            FlawKind::NotAValue(value) => write!(f, "{value} has no value"),
            FlawKind::NotDominated(value) => write!(f, "{value} is not defined on every path here"),
            FlawKind::OperandType { operand, is, must } => write!(f, "{operand} is {is}, not {must}"),
            FlawKind::OperandsDiffer => write!(f, "operands are not of one machine type"),
            FlawKind::OutputType { is, must } => write!(f, "the result is {is}, not {must}"),
            FlawKind::NoFrameState => write!(f, "no frame state"),
            FlawKind::UnexpectedFrameState => write!(f, "a frame state where none is needed"),
            FlawKind::NotSecond => write!(f, "not right behind its operand, which has two results"),
            FlawKind::EntrySwitchInside => write!(f, "not in the entry block"),
            FlawKind::ShapeInType => write!(f, "the type of a result names a shape"),
        }
    }
}

/// All flaws of a function.
pub fn verify(function: &Function) -> Result<(), Vec<Flaw>> {
    let mut verifier = Verifier { function, dominators: None, positions: Vec::new(), flaws: Vec::new() };
    verifier.check_shape();
    // Values can be asked about only in a graph that is one.
    if verifier.flaws.is_empty() {
        verifier.dominators = Some(function.dominators());
        verifier.positions = function.positions();
        verifier.check_values();
    }
    if verifier.flaws.is_empty() { Ok(()) } else { Err(verifier.flaws) }
}

struct Verifier<'a> {
    function: &'a Function,
    dominators: Option<Dominators>,
    positions: Vec<Option<(Block, usize)>>,
    flaws: Vec<Flaw>,
}

impl Verifier<'_> {
    fn flaw(&mut self, block: Block, value: Option<Value>, kind: FlawKind) {
        let show = |value: Value| {
            let text = self.function.instr(value).display(&self.function.pool).to_string();
            if self.function.has_output(value) { format!("{value} = {text}") } else { text }
        };
        self.flaws.push(Flaw { block, instr: value.map(show), kind });
    }

    fn check_shape(&mut self) {
        let function = self.function;
        if function.is_removed(Function::ENTRY) {
            self.flaw(Function::ENTRY, None, FlawKind::NoEntry);
        }
        if !function.preds(Function::ENTRY).is_empty() {
            self.flaw(Function::ENTRY, None, FlawKind::EntryIsEntered);
        }
        let mut edges = Vec::new();
        for block in function.blocks() {
            self.check_order(block);
            for successor in function.successors(block) {
                if function.is_removed(successor) {
                    self.flaw(block, None, FlawKind::RemovedTarget(successor));
                }
                edges.push((successor, block));
            }
        }
        edges.sort_unstable();
        for block in function.blocks() {
            let mut preds = function.preds(block).to_vec();
            preds.sort_unstable();
            let leading = edges.iter().filter(|(to, _)| *to == block).map(|(_, from)| *from);
            if !leading.eq(preds) {
                self.flaw(block, None, FlawKind::Predecessors);
            }
        }
    }

    fn check_order(&mut self, block: Block) {
        let instrs = self.function.instrs(block);
        let phis = self.function.phis(block).len();
        if self.function.terminator(block).is_none() {
            self.flaw(block, None, FlawKind::NoTerminator);
        }
        for (index, &value) in instrs.iter().enumerate() {
            let instr = self.function.instr(value);
            if instr.is_terminator() && index + 1 < instrs.len() {
                self.flaw(block, Some(value), FlawKind::TerminatorInside);
            }
            if instr.is_phi() && index >= phis {
                self.flaw(block, Some(value), FlawKind::PhiInside);
            }
            if matches!(instr, Instr::EntrySwitch { .. }) && block != Function::ENTRY {
                self.flaw(block, Some(value), FlawKind::EntrySwitchInside);
            }
        }
    }

    fn check_values(&mut self) {
        let function = self.function;
        for block in function.blocks() {
            for (index, &value) in function.instrs(block).iter().enumerate() {
                if self.positions[value.0 as usize] != Some((block, index)) {
                    self.flaw(block, Some(value), FlawKind::DefinedTwice);
                }
                if function.instr(value).is_phi() {
                    self.check_phi(block, value);
                } else {
                    self.check_instr(block, index, value);
                }
                self.check_output(block, value);
            }
        }
    }

    fn check_phi(&mut self, block: Block, phi: Value) {
        let (inputs, preds) = (self.function.phi_inputs(phi).to_vec(), self.function.preds(block).to_vec());
        if inputs.len() != preds.len() {
            self.flaw(block, Some(phi), FlawKind::PhiInputs { inputs: inputs.len(), preds: preds.len() });
            return;
        }
        for (input, pred) in inputs.into_iter().zip(preds) {
            self.check_use(block, phi, input, (pred, usize::MAX));
        }
    }

    fn check_instr(&mut self, block: Block, index: usize, value: Value) {
        let function = self.function;
        let info = function.instr(value).info();
        let operands = function.operands(value);
        for (place, &operand) in operands.iter().enumerate() {
            let must = info.operands.get(place).map_or(info.rest.unwrap_or(ty::Top), |(_, must)| *must);
            self.check_use(block, value, operand, (block, index));
            let is = function.ty(operand);
            if !is.fits(must) {
                self.flaw(block, Some(value), FlawKind::OperandType { operand, is, must });
            }
        }
        if info.same_operands && operands.windows(2).any(|pair| function.ty(pair[0]).leaves() != function.ty(pair[1]).leaves()) {
            self.flaw(block, Some(value), FlawKind::OperandsDiffer);
        }
        match (info.has_frame_state(), function.frame_state(value)) {
            (true, None) => self.flaw(block, Some(value), FlawKind::NoFrameState),
            (false, Some(_)) => self.flaw(block, Some(value), FlawKind::UnexpectedFrameState),
            (true, Some(_)) | (false, None) => {}
        }
        for id in function.state_chain(function.frame_state(value)) {
            for used in function.state(id).values().collect::<Vec<_>>() {
                self.check_use(block, value, used, (block, index));
            }
        }
        if let Instr::GetSecondOutput { first, .. } = *function.instr(value) {
            let is_second = index > 0 && function.instrs(block)[index - 1] == first && function.instr(first).info().second.is_some();
            if !is_second {
                self.flaw(block, Some(value), FlawKind::NotSecond);
            }
        }
    }

    /// Checks that a value is there before the instruction of that place.
    fn check_use(&mut self, block: Block, user: Value, used: Value, at: (Block, usize)) {
        let position = self.positions.get(used.0 as usize).copied().flatten();
        let Some((home, index)) = position.filter(|_| self.function.has_output(used)) else {
            self.flaw(block, Some(user), FlawKind::NotAValue(used));
            return;
        };
        let Some(dominators) = &self.dominators else { return };
        // Anything goes where control does not come.
        let is_there = !dominators.is_reachable(at.0) || if home == at.0 { index < at.1 } else { dominators.dominates(home, at.0) };
        if !is_there {
            self.flaw(block, Some(user), FlawKind::NotDominated(used));
        }
    }

    fn check_output(&mut self, block: Block, value: Value) {
        let function = self.function;
        let is = function.ty(value);
        // (A description says how the instance is made.)
        if matches!(is.spec(), crate::types::Spec::Shape(_)) && !matches!(self.function.instr(value), Instr::VirtualObject { .. }) {
            self.flaw(block, Some(value), FlawKind::ShapeInType);
        }
        let must = function.output_type(function.instr(value));
        // Passes may know more than the row; phis may have been made before their inputs were narrowed.
        if !is.is_subtype(must, &function.classes) && !must.is_subtype(is, &function.classes) {
            self.flaw(block, Some(value), FlawKind::OutputType { is, must });
        }
    }
}

#[cfg(test)]
mod tests;
