//! The last part: cells and prefix, stack depth, real jumps, tables.

use super::block::{Block, BlockId, Graph, Inst, Op, Sequence};
use super::constants::Constants;
use super::{exceptions, lines, locals, optimize, order};
use crate::error::CompileError;
use crate::source::Span;
use bytecode::Opcode as O;
use bytecode::{ExceptionEntry, Instr, Location};

/// What the flow graph must know of the scope.
pub(crate) struct Shape {
    pub first_line: u32,
    /// Names of the fast locals that are neither cells nor free variables of other slots.
    pub local_count: usize,
    pub parameter_count: usize,
    /// For each cell, then each free variable, its slot among all locals.
    pub cell_slots: Vec<u32>,
    pub cell_count: usize,
}

/// What becomes part of the code object.
pub(crate) struct Assembled {
    pub instructions: Vec<Instr>,
    pub locations: Vec<Location>,
    pub exception_table: Vec<ExceptionEntry>,
    pub stack_size: u32,
}

pub(crate) fn assemble(sequence: Sequence, constants: &mut Constants, shape: &Shape) -> Result<Assembled, CompileError> {
    let mut graph = Graph::new(sequence);
    let first_line = shape.first_line as i32;
    exceptions::label_handlers(&mut graph);
    optimize::optimize(&mut graph, constants, first_line);
    remove_unused_constants(&mut graph, constants);
    locals::add_checks(&mut graph, shape.local_count, shape.parameter_count);
    locals::pair_up(&mut graph);
    order::push_cold_blocks(&mut graph);
    lines::resolve(&mut graph, first_line);
    expand_conditional_jumps(&mut graph);
    add_prefix(&mut graph, shape);
    let stack_size = stack_depth(&mut graph)?;
    convert_pseudo_ops(&mut graph);
    normalize_jumps(&mut graph);
    resolve_jumps(&mut graph);
    locals::borrow_loads(&mut graph);
    emit(&graph, stack_size)
}

fn remove_unused_constants(graph: &mut Graph, constants: &mut Constants) {
    let mut used = vec![false; constants.values.len()];
    for id in graph.order() {
        for inst in &graph.block(id).insts {
            if inst.op == O::LoadConst {
                used[inst.arg as usize] = true;
            }
        }
    }
    let map = constants.retain(&used);
    for id in graph.order() {
        for inst in &mut graph.block_mut(id).insts {
            if inst.op == O::LoadConst {
                inst.arg = map[inst.arg as usize];
            }
        }
    }
}

fn expand_conditional_jumps(graph: &mut Graph) {
    for id in graph.order() {
        let block = graph.block_mut(id);
        if !block.insts.iter().any(|inst| matches!(inst.op, Op::JumpIfFalse | Op::JumpIfTrue)) {
            continue;
        }
        let mut insts = Vec::with_capacity(block.insts.len() + 2);
        for inst in &block.insts {
            let opcode = match inst.op {
                Op::JumpIfFalse => O::PopJumpIfFalse,
                Op::JumpIfTrue => O::PopJumpIfTrue,
                _ => {
                    insts.push(*inst);
                    continue;
                }
            };
            insts.push(Inst { op: O::Copy.into(), arg: 1, target: None, ..*inst });
            insts.push(Inst { op: O::ToBool.into(), arg: 0, target: None, ..*inst });
            insts.push(Inst { op: opcode.into(), ..*inst });
        }
        block.insts = insts;
    }
}

/// Gives cells and free variables their slots and puts `COPY_FREE_VARS` and `MAKE_CELL` first.
fn add_prefix(graph: &mut Graph, shape: &Shape) {
    for id in graph.order() {
        for inst in &mut graph.block_mut(id).insts {
            if matches!(inst.op, Op::LoadClosure | Op::Real(O::MakeCell | O::LoadDeref | O::StoreDeref | O::DeleteDeref | O::LoadFromDictOrDeref)) {
                inst.arg = shape.cell_slots.get(inst.arg as usize).copied().unwrap_or(inst.arg);
            }
        }
    }
    let mut prefix = Vec::new();
    let free_count = shape.cell_slots.len() - shape.cell_count;
    if free_count > 0 {
        prefix.push(Inst::new(O::CopyFreeVars, free_count as u32, Span::NONE));
    }
    let mut cells: Vec<u32> = shape.cell_slots[..shape.cell_count].to_vec();
    cells.sort_unstable();
    prefix.extend(cells.into_iter().map(|slot| Inst::new(O::MakeCell, slot, Span::NONE)));
    let entry = graph.block_mut(Graph::ENTRY);
    entry.insts.splice(0..0, prefix);
}

/// Values popped and pushed when the instruction does not jump, or when it does.
fn effect(inst: &Inst, jumps: bool) -> (u32, u32) {
    match inst.op {
        Op::Real(O::Send) if jumps => (2, 2),
        Op::Real(O::ForIter) if jumps => (1, 2),
        Op::Real(opcode) => {
            let info = opcode.info();
            (info.pops.at(inst.arg), info.pushes.at(inst.arg))
        }
        Op::SetupFinally | Op::SetupWith if jumps => (0, 1),
        Op::SetupCleanup if jumps => (0, 2),
        Op::LoadClosure => (0, 1),
        Op::StoreFastMaybeNull => (1, 0),
        Op::JumpIfFalse | Op::JumpIfTrue => (1, 1),
        _ => (0, 0),
    }
}

fn stack_depth(graph: &mut Graph) -> Result<u32, CompileError> {
    let mut greatest = 0u32;
    let mut work = vec![Graph::ENTRY];
    graph.block_mut(Graph::ENTRY).depth = Some(0);
    while let Some(id) = work.pop() {
        let block = graph.block(id);
        let mut depth = block.depth.unwrap_or(0);
        let mut successors = Vec::new();
        for inst in &block.insts {
            let (pops, pushes) = effect(inst, false);
            if let Some(target) = inst.target.filter(|_| inst.op != O::EndAsyncFor) {
                let (pops, pushes) = effect(inst, true);
                let at_target = depth.saturating_sub(pops) + pushes;
                greatest = greatest.max(at_target);
                successors.push((target, at_target));
            }
            if depth < pops {
                return Err(CompileError::overflow("invalid stack effect"));
            }
            depth = depth - pops + pushes;
            greatest = greatest.max(depth);
        }
        if let (true, Some(next)) = (block.falls_through(), block.next) {
            successors.push((next, depth));
        }
        for (target, depth) in successors {
            let block = graph.block_mut(target);
            if block.depth.is_none() {
                block.depth = Some(depth);
                work.push(target);
            }
        }
    }
    Ok(greatest)
}

fn convert_pseudo_ops(graph: &mut Graph) {
    for id in graph.order() {
        for inst in &mut graph.block_mut(id).insts {
            match inst.op {
                Op::LoadClosure => inst.op = O::LoadFast.into(),
                Op::StoreFastMaybeNull => inst.op = O::StoreFast.into(),
                op if op.is_block_push() || op == Op::PopBlock || op == Op::AnnotationsPlaceholder => inst.make_nop(),
                _ => {}
            }
        }
    }
    lines::remove_redundant_nops(graph);
}

/// Conditional jumps go forward only, and the way not taken is marked.
fn normalize_jumps(graph: &mut Graph) {
    let mut seen = vec![false; graph.blocks.len()];
    for id in graph.order() {
        seen[id.0 as usize] = true;
        let Some(&last) = graph.block(id).insts.last() else { continue };
        let (true, Some(target)) = (last.op.is_conditional_jump(), last.target) else { continue };
        let not_taken = Inst { handler: last.handler, ..Inst::new(O::NotTaken, 0, last.span) };
        if !seen[target.0 as usize] {
            graph.block_mut(id).insts.push(not_taken);
            continue;
        }
        let reversed = match last.op {
            Op::Real(O::PopJumpIfNotNone) => O::PopJumpIfNone,
            Op::Real(O::PopJumpIfNone) => O::PopJumpIfNotNone,
            Op::Real(O::PopJumpIfFalse) => O::PopJumpIfTrue,
            _ => O::PopJumpIfFalse,
        };
        let block = graph.block(id);
        let (next, depth) = (block.next, block.depth);
        let backward = Inst { handler: last.handler, target: Some(target), ..Inst::new(Op::Jump, 0, last.span) };
        let new = Block { insts: vec![not_taken, backward], next, depth: depth.map(|_| 0), ..block.clone() };
        let new = graph.add(new);
        seen.push(true);
        let block = graph.block_mut(id);
        if let Some(last) = block.insts.last_mut() {
            last.op = reversed.into();
            last.target = next;
        }
        block.next = Some(new);
    }
}

fn resolve_jumps(graph: &mut Graph) {
    let mut seen = vec![false; graph.blocks.len()];
    for id in graph.order() {
        seen[id.0 as usize] = true;
        for inst in &mut graph.block_mut(id).insts {
            let Some(target) = inst.target else { continue };
            let forward = !seen[target.0 as usize];
            match inst.op {
                Op::Jump | Op::JumpNoInterrupt if forward => inst.op = O::JumpForward.into(),
                Op::Jump => inst.op = O::JumpBackward.into(),
                Op::JumpNoInterrupt => inst.op = O::JumpBackwardNoInterrupt.into(),
                _ => {}
            }
        }
    }
}

fn emit(graph: &Graph, stack_size: u32) -> Result<Assembled, CompileError> {
    let order = graph.order();
    let mut start = vec![0u32; graph.blocks.len()];
    let mut count = 0u32;
    for &id in &order {
        start[id.0 as usize] = count;
        count += graph.block(id).insts.len() as u32;
    }
    let mut out = Assembled {
        instructions: Vec::with_capacity(count as usize),
        locations: Vec::with_capacity(count as usize),
        exception_table: Vec::new(),
        stack_size,
    };
    let mut handler: Option<BlockId> = None;
    let mut handler_start = 0;
    let mut close = |handler: Option<BlockId>, from: u32, to: u32| {
        let Some(id) = handler.filter(|_| from < to) else { return };
        let block = graph.block(id);
        let pushed = 1 + u32::from(block.keeps_lasti);
        out.exception_table.push(ExceptionEntry {
            start: from,
            end: to,
            target: start[id.0 as usize],
            depth: block.depth.unwrap_or(pushed).saturating_sub(pushed),
            lasti: block.keeps_lasti,
        });
    };
    for &id in &order {
        for inst in &graph.block(id).insts {
            let Op::Real(opcode) = inst.op else {
                return Err(CompileError::overflow("an instruction without an opcode"));
            };
            let at = out.instructions.len() as u32;
            if inst.handler != handler {
                close(handler, handler_start, at);
                handler = inst.handler;
                handler_start = at;
            }
            let arg = match inst.target {
                Some(target) if opcode.info().jumps => start[target.0 as usize],
                _ => inst.arg,
            };
            out.instructions.push(Instr::new(opcode, arg));
            out.locations.push(location(inst.span));
        }
    }
    close(handler, handler_start, count);
    // `NEXT` locations are those of the next instruction.
    for at in (0..out.locations.len()).rev() {
        if out.locations[at].line == u32::MAX {
            out.locations[at] = out.locations.get(at + 1).copied().unwrap_or(Location::NONE);
        }
    }
    Ok(out)
}

fn location(span: Span) -> Location {
    match span {
        Span::NEXT => Location { line: u32::MAX, ..Location::NONE },
        span if span.line < 0 => Location::NONE,
        Span { line, end_line, column, end_column } => Location { line: line as u32, end_line: end_line.max(0) as u32, column, end_column },
    }
}
