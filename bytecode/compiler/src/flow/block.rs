//! Instructions before assembly, and basic blocks.

use crate::source::Span;
use bytecode::Opcode;

/// An operation: an opcode, or one of the compiler's own that assembly removes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    Real(Opcode),
    /// Starts the protection of a handler, which gets the exception.
    SetupFinally,
    /// The same; the handler gets the raising instruction's index too.
    SetupCleanup,
    /// The same, around the body of `with`.
    SetupWith,
    /// Ends the innermost protection.
    PopBlock,
    Jump,
    JumpNoInterrupt,
    /// Jumps if the value is false, keeping it.
    JumpIfFalse,
    JumpIfTrue,
    /// Pushes the cell itself.
    LoadClosure,
    /// `STORE_FAST` of what may be null.
    StoreFastMaybeNull,
    /// Where the annotations of a module are set up.
    AnnotationsPlaceholder,
}

impl From<Opcode> for Op {
    fn from(opcode: Opcode) -> Op {
        Op::Real(opcode)
    }
}

impl PartialEq<Opcode> for Op {
    fn eq(&self, other: &Opcode) -> bool {
        matches!(self, Op::Real(opcode) if opcode == other)
    }
}

impl Op {
    pub fn is_unconditional_jump(self) -> bool {
        matches!(self, Op::Jump | Op::JumpNoInterrupt | Op::Real(Opcode::JumpForward | Opcode::JumpBackward | Opcode::JumpBackwardNoInterrupt))
    }

    pub fn is_conditional_jump(self) -> bool {
        matches!(self, Op::Real(Opcode::PopJumpIfFalse | Opcode::PopJumpIfTrue | Opcode::PopJumpIfNone | Opcode::PopJumpIfNotNone))
    }

    pub fn is_scope_exit(self) -> bool {
        matches!(self, Op::Real(Opcode::ReturnValue | Opcode::RaiseVarargs | Opcode::Reraise))
    }

    pub fn is_block_push(self) -> bool {
        matches!(self, Op::SetupFinally | Op::SetupCleanup | Op::SetupWith)
    }

    /// Whether the instruction's target is one of control flow (block pushes have targets too).
    pub fn is_jump(self) -> bool {
        match self {
            Op::Jump | Op::JumpNoInterrupt | Op::JumpIfFalse | Op::JumpIfTrue => true,
            Op::Real(opcode) => opcode.info().jumps || opcode == Opcode::EndAsyncFor,
            _ => false,
        }
    }

    fn is_terminator(self) -> bool {
        self.is_jump() || self.is_scope_exit()
    }

    pub fn loads_constant(self) -> bool {
        matches!(self, Op::Real(Opcode::LoadConst | Opcode::LoadSmallInt))
    }
}

/// A position in a sequence that is not known yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Label(pub u32);

#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub op: Op,
    pub arg: u32,
    pub target: Option<Label>,
    pub span: Span,
}

/// The instructions of a scope as the tree is walked.
#[derive(Default)]
pub(crate) struct Sequence {
    pub entries: Vec<Entry>,
    /// The index of each label.
    labels: Vec<Option<u32>>,
}

impl Sequence {
    pub fn new_label(&mut self) -> Label {
        self.labels.push(None);
        Label(self.labels.len() as u32 - 1)
    }

    /// The label names the next instruction.
    pub fn use_label(&mut self, label: Label) {
        self.labels[label.0 as usize] = Some(self.entries.len() as u32);
    }

    pub fn push(&mut self, op: Op, arg: u32, target: Option<Label>, span: Span) {
        self.entries.push(Entry { op, arg, target, span });
    }

    /// Inserts a jump-like instruction just before the function's `RESUME`.
    pub fn insert_before_resume(&mut self, op: Op, target: Label) {
        let at = self.entries.iter().position(|entry| entry.op == Opcode::Resume).unwrap_or(0);
        for label in self.labels.iter_mut().flatten() {
            if *label > at as u32 {
                *label += 1;
            }
        }
        self.entries.insert(at, Entry { op, arg: 0, target: Some(target), span: Span::NONE });
    }

    /// Puts another sequence in place of the annotations placeholder, or removes that.
    pub fn fill_placeholder(&mut self, other: Option<Sequence>) {
        let Some(at) = self.entries.iter().position(|entry| entry.op == Op::AnnotationsPlaceholder) else { return };
        let other = other.unwrap_or_default();
        let (base, added) = (self.labels.len() as u32, other.entries.len() as u32);
        for label in self.labels.iter_mut().flatten() {
            if *label > at as u32 {
                *label = *label + added - 1;
            }
        }
        self.labels.extend(other.labels.iter().map(|label| label.map(|index| index + at as u32)));
        let entries = other.entries.into_iter().map(|mut entry| {
            entry.target = entry.target.map(|label| Label(label.0 + base));
            entry
        });
        self.entries.splice(at..=at, entries);
    }
}

/// An index into [`Graph::blocks`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct BlockId(pub u32);

#[derive(Clone, Copy, Debug)]
pub(crate) struct Inst {
    pub op: Op,
    pub arg: u32,
    pub target: Option<BlockId>,
    pub span: Span,
    pub handler: Option<BlockId>,
}

impl Inst {
    pub fn new(op: impl Into<Op>, arg: u32, span: Span) -> Inst {
        Inst { op: op.into(), arg, target: None, span, handler: None }
    }

    pub fn set(&mut self, op: impl Into<Op>, arg: u32) {
        self.op = op.into();
        self.arg = arg;
    }

    pub fn make_nop(&mut self) {
        self.set(Opcode::Nop, 0);
        self.target = None;
    }

    pub fn is_nop(&self) -> bool {
        self.op == Opcode::Nop
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Block {
    pub insts: Vec<Inst>,
    pub next: Option<BlockId>,
    pub predecessors: u32,
    /// An exception handler begins here.
    pub is_handler: bool,
    /// The handler gets the raising instruction's index.
    pub keeps_lasti: bool,
    pub cold: bool,
    pub warm: bool,
    /// Stack depth at the start, once known.
    pub depth: Option<u32>,
}

impl Block {
    pub fn exits_scope(&self) -> bool {
        self.insts.last().is_some_and(|inst| inst.op.is_scope_exit())
    }

    pub fn falls_through(&self) -> bool {
        !self.insts.last().is_some_and(|inst| inst.op.is_scope_exit() || inst.op.is_unconditional_jump())
    }

    pub fn has_no_line(&self) -> bool {
        self.insts.iter().all(|inst| inst.span.line < 0)
    }

    /// Whether it ends in a jump at which signals are looked at.
    pub fn has_eval_break(&self) -> bool {
        self.insts.iter().any(|inst| matches!(inst.op, Op::Jump | Op::Real(Opcode::JumpBackward | Opcode::Resume)))
    }
}

/// The basic blocks of a scope; the first is the entry, `next` gives their order.
pub(crate) struct Graph {
    pub blocks: Vec<Block>,
}

impl Graph {
    pub const ENTRY: BlockId = BlockId(0);

    pub fn block(&self, id: BlockId) -> &Block {
        &self.blocks[id.0 as usize]
    }

    pub fn block_mut(&mut self, id: BlockId) -> &mut Block {
        &mut self.blocks[id.0 as usize]
    }

    pub fn add(&mut self, block: Block) -> BlockId {
        self.blocks.push(block);
        BlockId(self.blocks.len() as u32 - 1)
    }

    /// The blocks in order.
    pub fn order(&self) -> Vec<BlockId> {
        let mut order = Vec::with_capacity(self.blocks.len());
        let mut at = Some(Graph::ENTRY);
        while let Some(id) = at {
            order.push(id);
            at = self.block(id).next;
        }
        order
    }

    /// The first block from `id` on that has instructions.
    pub fn next_nonempty(&self, id: Option<BlockId>) -> Option<BlockId> {
        let mut at = id;
        while let Some(id) = at {
            if !self.block(id).insts.is_empty() {
                break;
            }
            at = self.block(id).next;
        }
        at
    }

    /// The first instruction at or after the start of a block.
    pub fn first_inst(&self, id: BlockId) -> Option<Inst> {
        self.block(id).insts.first().copied()
    }

    /// Cuts a sequence into blocks.
    pub fn new(sequence: Sequence) -> Graph {
        let Sequence { entries, labels } = sequence;
        let index_of = |label: Label| labels[label.0 as usize].unwrap_or(entries.len() as u32);
        let mut is_target = vec![false; entries.len() + 1];
        for entry in &entries {
            if let Some(label) = entry.target {
                is_target[index_of(label) as usize] = true;
            }
        }
        let mut block_at = vec![Graph::ENTRY; entries.len() + 1];
        let mut graph = Graph { blocks: vec![Block::default()] };
        let mut current = Graph::ENTRY;
        let mut ended = false;
        for (index, &entry) in entries.iter().enumerate() {
            let starts = is_target[index] && (!graph.block(current).insts.is_empty() || index > 0 && is_target[index - 1]);
            if ended || starts {
                let new = graph.add(Block::default());
                graph.block_mut(current).next = Some(new);
                current = new;
            }
            block_at[index] = current;
            graph.block_mut(current).insts.push(Inst { op: entry.op, arg: entry.arg, target: None, span: entry.span, handler: None });
            ended = entry.op.is_terminator();
        }
        if is_target[entries.len()] {
            let new = graph.add(Block::default());
            graph.block_mut(current).next = Some(new);
            block_at[entries.len()] = new;
        }
        let targets = entries.iter().map(|entry| entry.target.map(|label| block_at[index_of(label) as usize]));
        let mut targets: Vec<Option<BlockId>> = targets.collect();
        let mut at = 0;
        for block in &mut graph.blocks {
            for inst in &mut block.insts {
                inst.target = targets[at].take();
                at += 1;
            }
        }
        graph
    }
}
