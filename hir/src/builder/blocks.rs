//! The blocks of bytecode: where they are, in which order they are visited, and what loops may write.

use super::{LoopEntries, Options, Refusal};
use crate::environment::{CodeUnit, Seen};
use crate::function::reverse_post_order;
use bytecode::verify::{depths, entry_at};
use bytecode::{Code, Instr, LocalKind, Opcode};
use smallvec::SmallVec;
use std::collections::BTreeSet;
use std::ops::Range;

/// The control flow of a code object, as far as entries lead.
pub(super) struct Flow {
    pub blocks: Vec<CodeBlock>,
    /// Blocks in reverse post order.
    pub order: Vec<usize>,
    /// The block that begins at an instruction.
    starts: Vec<Option<usize>>,
    /// The depth of the stack before each instruction.
    pub depths: Vec<Option<u32>>,
    n_locals: usize,
}

/// A run of instructions that control enters at the first only.
pub(super) struct CodeBlock {
    pub range: Range<u32>,
    /// Edges, without that to where a generator goes on.
    pub successors: Vec<usize>,
    pub entry: Option<Entry>,
    /// If edges come from blocks that are visited later: what may be written on the way.
    pub loop_writes: Option<Writes>,
}

/// What leads into a block from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    Start,
    /// Control may come in here from the interpreter.
    Resume,
    /// The same, once the instruction before, at which a generator is suspended, is compiled.
    Suspended,
}

/// What a loop may write.
pub(super) struct Writes {
    pub locals: Vec<bool>,
    /// Places of the stack below this are left alone.
    pub stack_from: usize,
}

impl Flow {
    pub fn new(unit: &CodeUnit, options: &Options) -> Result<Flow, Refusal> {
        let code = &*unit.code;
        let depths = depths(&without_constants(code));
        let is_too_deep = |(at, instruction): (usize, &Instr)| depths[at].is_some_and(|depth| depth < reach(*instruction));
        if code.instructions.iter().enumerate().any(is_too_deep) {
            return Err(Refusal::Malformed);
        }
        let mut roots = roots(code, options);
        // Control does not come to what has no depth, so that nothing is suspended there.
        roots.retain(|root| depths.get(*root as usize).is_some_and(Option::is_some));
        let leaders = leaders(code, &roots, &unit.caught)?;
        let mut flow = Flow { blocks: Vec::new(), order: Vec::new(), starts: vec![None; leaders.len()], depths, n_locals: code.locals.len() };
        flow.cut(code, &leaders)?;
        flow.leave_out(unit);
        flow.catch(unit);
        flow.enter(code, &roots, options);
        flow.sort(&roots);
        flow.find_loops(code);
        Ok(flow)
    }

    /// The block that begins at an instruction.
    pub fn block_at(&self, at: u32) -> Option<usize> {
        self.starts.get(at as usize).copied().flatten()
    }

    /// Whether a block begins at an instruction and control may come there.
    pub fn reaches(&self, at: u32) -> bool {
        self.block_at(at).is_some_and(|block| self.order.contains(&block))
    }

    fn cut(&mut self, code: &Code, leaders: &[bool]) -> Result<(), Refusal> {
        let n = leaders.len() as u32;
        let mut start = 0;
        while start < n {
            let mut end = start + 1;
            while end < n && !leaders[end as usize] && !ends_block(code.instructions[end as usize - 1]) {
                end += 1;
            }
            // What follows a terminator and is no target is not reached.
            if leaders[start as usize] {
                self.starts[start as usize] = Some(self.blocks.len());
                self.blocks.push(CodeBlock { range: start..end, successors: Vec::new(), entry: None, loop_writes: None });
            }
            start = end;
        }
        for index in 0..self.blocks.len() {
            let last = self.blocks[index].range.end - 1;
            let mut successors = Vec::new();
            let behind_pair = is_over_pairs(code, last).then_some(last + 2);
            for target in targets(code.instructions[last as usize], last).into_iter().chain(behind_pair) {
                successors.push(self.block_at(target).ok_or(Refusal::Malformed)?);
            }
            self.blocks[index].successors = successors;
        }
        Ok(())
    }

    /// Ends blocks at what has never run.
    fn leave_out(&mut self, unit: &CodeUnit) {
        for block in &mut self.blocks {
            if let Some(at) = block.range.clone().find(|at| *unit.seen(*at) == Seen::NeverRun) {
                block.range.end = at + 1;
                block.successors.clear();
            }
        }
    }

    /// Adds the edges to handlers.
    fn catch(&mut self, unit: &CodeUnit) {
        for index in 0..self.blocks.len() {
            for at in self.blocks[index].range.clone().filter(|at| unit.caught.contains(at)) {
                let handler = entry_at(&unit.code.exception_table, at).and_then(|entry| self.block_at(entry.target));
                let known = &mut self.blocks[index].successors;
                known.extend(handler.filter(|handler| !known.contains(handler)));
            }
        }
    }

    fn enter(&mut self, code: &Code, roots: &[u32], options: &Options) {
        for block in &mut self.blocks {
            let start = block.range.start;
            let is_suspended = start > 0 && suspends(code.instructions[start as usize - 1]);
            block.entry = if roots.contains(&start) {
                Some(if start == 0 && options.start { Entry::Start } else { Entry::Resume })
            } else {
                is_suspended.then_some(Entry::Suspended)
            };
        }
    }

    /// The blocks that come next; where a generator goes on counts.
    fn next(&self, block: usize) -> SmallVec<[usize; 4]> {
        let data = &self.blocks[block];
        // A block that was cut short does not come so far.
        let resumed = self.block_at(data.range.end).filter(|next| self.blocks[*next].entry == Some(Entry::Suspended));
        data.successors.iter().copied().chain(resumed).collect()
    }

    fn sort(&mut self, roots: &[u32]) {
        let roots: Vec<usize> = roots.iter().filter_map(|&root| self.block_at(root)).collect();
        self.order = reverse_post_order(self.blocks.len(), roots, &|block| self.next(block));
    }

    fn find_loops(&mut self, code: &Code) {
        let mut place = vec![usize::MAX; self.blocks.len()];
        for (index, block) in self.order.iter().enumerate() {
            place[*block] = index;
        }
        let mut preds = vec![Vec::new(); self.blocks.len()];
        for &block in &self.order {
            for &next in &self.blocks[block].successors {
                preds[next].push(block);
            }
        }
        for &head in &self.order {
            let back: Vec<usize> = preds[head].iter().copied().filter(|pred| place[*pred] >= place[head]).collect();
            if back.is_empty() {
                continue;
            }
            let body = body(head, back, &preds);
            self.blocks[head].loop_writes = Some(self.writes(code, head, &body));
        }
    }

    /// Makes a block take anything from edges that come late.
    pub fn write_all(&mut self, block: usize) {
        let n_locals = self.n_locals;
        self.blocks[block].loop_writes = Some(Writes { locals: vec![true; n_locals], stack_from: 0 });
    }

    fn writes(&self, code: &Code, head: usize, body: &[usize]) -> Writes {
        let depth = self.depths[self.blocks[head].range.start as usize].unwrap_or(0) as usize;
        let mut writes = Writes { locals: vec![false; code.locals.len()], stack_from: depth };
        for &block in body {
            // What comes from outside may hold anything.
            if block != head && self.blocks[block].entry.is_some() {
                return Writes { locals: vec![true; code.locals.len()], stack_from: 0 };
            }
            for at in self.blocks[block].range.clone() {
                let instruction = code.instructions[at as usize];
                for_each_written(instruction, code, &mut |local| writes.locals[local as usize] = true);
                let depth = self.depths[at as usize].unwrap_or(0) as usize;
                writes.stack_from = writes.stack_from.min(depth.saturating_sub(taken(instruction)));
            }
        }
        writes
    }
}

/// The blocks from which `back` can be reached without passing the head, and the head.
fn body(head: usize, back: Vec<usize>, preds: &[Vec<usize>]) -> Vec<usize> {
    let mut body = vec![head];
    let mut pending = back;
    while let Some(block) = pending.pop() {
        if !body.contains(&block) {
            body.push(block);
            pending.extend(&preds[block]);
        }
    }
    body
}

/// The verifier needs no constants to find depths; they can be big.
fn without_constants(code: &Code) -> Code {
    Code { stack_size: code.stack_size, instructions: code.instructions.clone(), exception_table: code.exception_table.clone(), ..Code::default() }
}

/// Where control may come in from outside, but for suspended generators.
fn roots(code: &Code, options: &Options) -> Vec<u32> {
    let mut roots = Vec::new();
    if options.start {
        roots.push(0);
    }
    match options.loops {
        LoopEntries::None => {}
        LoopEntries::Only(head) => roots.push(head),
        LoopEntries::All => {
            let is_back = |instruction: &&Instr| instruction.opcode() == Some(Opcode::JumpBackward);
            roots.extend(code.instructions.iter().filter(is_back).map(|instruction| instruction.arg()));
        }
    }
    if options.handlers {
        roots.extend(code.exception_table.iter().map(|entry| entry.target));
    }
    if options.resumptions {
        for (at, instruction) in code.instructions.iter().enumerate() {
            match instruction.opcode() {
                Some(Opcode::ReturnGenerator | Opcode::YieldValue) => roots.push(at as u32 + 1),
                Some(Opcode::Send) => roots.push(instruction.arg()),
                _ => {}
            }
        }
    }
    roots.sort_unstable();
    roots.dedup();
    roots
}

fn leaders(code: &Code, roots: &[u32], caught: &BTreeSet<u32>) -> Result<Vec<bool>, Refusal> {
    let n = code.instructions.len();
    let mut leaders = vec![false; n];
    let mut mark = |at: u32| match leaders.get_mut(at as usize) {
        Some(is_leader) => {
            *is_leader = true;
            Ok(())
        }
        None => Err(Refusal::Malformed),
    };
    for (at, &instruction) in code.instructions.iter().enumerate() {
        let opcode = instruction.opcode().ok_or(Refusal::Malformed)?;
        if opcode.info().jumps {
            targets(instruction, at as u32).into_iter().try_for_each(&mut mark)?;
        }
        if suspends(instruction) {
            mark(at as u32 + 1)?;
        }
        if is_over_pairs(code, at as u32) {
            mark(at as u32 + 2)?;
        }
    }
    roots.iter().copied().try_for_each(&mut mark)?;
    caught.iter().filter_map(|at| entry_at(&code.exception_table, *at)).map(|entry| entry.target).try_for_each(&mut mark)?;
    Ok(leaders)
}

/// Whether an instruction is the step of a loop that takes pairs apart at once.
pub(super) fn is_over_pairs(code: &Code, at: u32) -> bool {
    let opcode_at = |at: u32| code.instructions.get(at as usize).and_then(|instruction| instruction.opcode());
    let is_unpacked = |at: u32| opcode_at(at) == Some(Opcode::UnpackSequence) && code.instructions[at as usize].arg() == 2;
    opcode_at(at) == Some(Opcode::ForIter) && is_unpacked(at + 1)
}

/// Where control goes from an instruction that ends a block, or that another block follows.
fn targets(instruction: Instr, at: u32) -> Vec<u32> {
    let Some(opcode) = instruction.opcode() else { return Vec::new() };
    let mut targets = Vec::new();
    if opcode.info().jumps {
        targets.push(jump_target(opcode, instruction.arg()));
    }
    if !opcode.info().ends_block && !suspends(instruction) {
        targets.push(at + 1);
    }
    targets
}

/// The instruction that a jump leads to.
pub(super) fn jump_target(opcode: Opcode, operand: u32) -> u32 {
    // A loop that has ended skips the `END_FOR`.
    if opcode == Opcode::ForIter { operand + 1 } else { operand }
}

fn ends_block(instruction: Instr) -> bool {
    instruction.opcode().is_some_and(|opcode| opcode.info().ends_block) || suspends(instruction)
}

fn suspends(instruction: Instr) -> bool {
    matches!(instruction.opcode(), Some(Opcode::YieldValue | Opcode::ReturnGenerator))
}

/// How many values an instruction looks at, which need not be those that it takes.
fn reach(instruction: Instr) -> u32 {
    let Some(opcode) = instruction.opcode() else { return 0 };
    let operand = instruction.arg();
    let below = match opcode {
        Opcode::ListAppend | Opcode::ListExtend | Opcode::SetAdd | Opcode::SetUpdate | Opcode::MapAdd | Opcode::DictUpdate => operand,
        Opcode::DictMerge => operand.saturating_add(3),
        _ => 0,
    };
    opcode.info().pops.at(operand).saturating_add(below)
}

/// How many values on top of the stack an instruction takes off or replaces.
pub(super) fn taken(instruction: Instr) -> usize {
    let Some(opcode) = instruction.opcode() else { return 0 };
    let operand = instruction.arg();
    let taken = match opcode {
        Opcode::ForIter | Opcode::Copy | Opcode::GetAnext | Opcode::GetLen => 0,
        Opcode::Send | Opcode::PushExcInfo | Opcode::CheckExcMatch => 1,
        Opcode::MatchKeys | Opcode::MatchMapping | Opcode::MatchSequence | Opcode::ImportFrom | Opcode::WithExceptStart => 0,
        _ => opcode.info().pops.at(operand),
    };
    taken as usize
}

fn for_each_written(instruction: Instr, code: &Code, visit: &mut dyn FnMut(u32)) {
    let operand = instruction.arg();
    match instruction.opcode() {
        Some(Opcode::StoreFast | Opcode::DeleteFast | Opcode::LoadFastAndClear | Opcode::MakeCell) => visit(operand),
        Some(Opcode::StoreFastLoadFast) => visit(operand >> 16),
        Some(Opcode::StoreFastStoreFast) => {
            visit(operand >> 16);
            visit(operand & 0xffff);
        }
        Some(Opcode::CopyFreeVars) => {
            let is_free = |local: &(usize, &bytecode::Local)| local.1.kind.has(LocalKind::FREE);
            code.locals.iter().enumerate().filter(is_free).for_each(|(index, _)| visit(index as u32));
        }
        _ => {}
    }
}
