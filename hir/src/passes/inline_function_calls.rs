//! Puts the bodies of small functions where they are called.
//!
//! Candidates are `CallFunction`s: the function is known, the arguments are its parameters. The smallest function comes first, calls in inlined bodies count
//! too, until all together have as many bytecode instructions as they may ([`crate::environment::InliningLimits`]). What was not inlined, and why, is in [`Function::not_inlined`].
//!
//! The call's frame state becomes the parent of all states of the body; `BeginInlinedFunction` and `EndInlinedFunction` enclose it.

use crate::builder;
use crate::environment::Preloaded;
use crate::function::{CodeId, Function, NotInlined};
use crate::instr::{Block, Instr, Value};
use crate::types::ObjectId;
use bytecode::Opcode;
use bytecode::code::CodeFlags;
use rustc_hash::FxHashSet;
use std::sync::Arc;

/// A function of more bytecode instructions is not inlined: there is more in it than calling it costs.
const LARGEST: usize = 60;

struct Candidate {
    block: Block,
    index: usize,
    callee: ObjectId,
    code: CodeId,
    cost: usize,
}

pub(super) fn run(function: &mut Function, preloaded: &Preloaded) {
    if preloaded.codes.first().is_some_and(|unit| is_generator(unit.code.flags)) {
        return;
    }
    let mut refused = FxHashSet::default();
    let budget = preloaded.inline_budget.map_or(preloaded.inlining.budget, |budget| budget.min(preloaded.inlining.budget));
    let mut total = preloaded.codes.first().map_or(0, |unit| unit.code.instructions.len());
    while let Some(candidate) = smallest(function, preloaded, &mut refused) {
        if total + candidate.cost > budget || candidate.cost > LARGEST {
            function.not_inlined.insert(candidate.callee, NotInlined::TooBig);
            break;
        }
        let call = function.instrs(candidate.block)[candidate.index];
        match inline(function, preloaded, &candidate) {
            Ok(()) => total += candidate.cost,
            Err(why) => {
                refused.insert(call);
                function.not_inlined.insert(candidate.callee, why);
            }
        }
    }
    function.reflow_types();
}

fn smallest(function: &mut Function, preloaded: &Preloaded, refused: &mut FxHashSet<Value>) -> Option<Candidate> {
    let mut best: Option<Candidate> = None;
    for block in function.reverse_post_order() {
        if function.is_cold(block) {
            continue;
        }
        for (index, value) in function.instrs(block).to_vec().into_iter().enumerate() {
            let Instr::CallFunction { callee, .. } = *function.instr(value) else { continue };
            if refused.contains(&value) {
                continue;
            }
            match code_of(function, preloaded, value, callee) {
                Ok(code) => {
                    let cost = cost(preloaded, code);
                    if best.as_ref().is_none_or(|best| cost < best.cost) {
                        best = Some(Candidate { block, index, callee, code, cost });
                    }
                }
                Err(why) => {
                    refused.insert(value);
                    function.not_inlined.insert(callee, why);
                }
            }
        }
    }
    best
}

fn cost(preloaded: &Preloaded, code: CodeId) -> usize {
    let unit = preloaded.codes.get(code.0 as usize).map_or(0, |unit| unit.code.instructions.len());
    if unit > 0 { unit } else { preloaded.bodies.get(&code).map_or(0, |body| body.values().count()) }
}

fn is_generator(flags: CodeFlags) -> bool {
    flags.has(CodeFlags::SUSPENDS.with(CodeFlags::ITERABLE_COROUTINE))
}

/// The code to inline, or why not.
fn code_of(function: &Function, preloaded: &Preloaded, call: Value, callee: ObjectId) -> Result<CodeId, NotInlined> {
    let code = preloaded.functions.get(&callee).and_then(|known| known.code).ok_or(NotInlined::NeedsPreload)?;
    let chain: Vec<CodeId> = function.state_chain(function.frame_state(call)).map(|id| function.state(id).code).collect();
    if chain.contains(&code) {
        return Err(NotInlined::IsRecursive);
    }
    if chain.len() > preloaded.inlining.depth {
        return Err(NotInlined::ExceedsDepthLimit);
    }
    if preloaded.codes.get(code.0 as usize).is_some_and(|unit| is_generator(unit.code.flags)) {
        return Err(NotInlined::IsGenerator);
    }
    Ok(code)
}

fn body(preloaded: &Preloaded, code: CodeId) -> Result<Arc<Function>, NotInlined> {
    if let Some(body) = preloaded.bodies.get(&code) {
        return Ok(body.clone());
    }
    match builder::build(preloaded, code, &builder::Options::default()) {
        Ok(body) => Ok(Arc::new(body)),
        Err(_) => Err(NotInlined::NotCompiled),
    }
}

/// Whether the body can run without a frame of the machine.
fn check(body: &Function, args: usize) -> Result<(), NotInlined> {
    for value in body.values() {
        match *body.instr(value) {
            Instr::LoadArg { index, .. } if index as usize >= args => return Err(NotInlined::CalledWithMismatchedArgs),
            Instr::LoadClosureCell { .. } => return Err(NotInlined::HasFreevars),
            Instr::Yield { .. } | Instr::ReturnGenerator {} => return Err(NotInlined::IsGenerator),
            Instr::LoadLocals {} | Instr::SetupAnnotations {} | Instr::LoadName { .. } => return Err(NotInlined::NeedsRuntimeAccess),
            _ => {}
        }
    }
    Ok(())
}

fn inline(function: &mut Function, preloaded: &Preloaded, candidate: &Candidate) -> Result<(), NotInlined> {
    let Candidate { block, index, callee, code, .. } = *candidate;
    let call = function.instrs(block)[index];
    let operands = function.operands(call);
    let (callable, args) = (operands[0], &operands[1..]);
    let body = body(preloaded, code)?;
    check(&body, args.len())?;
    let (state, ty) = (function.frame_state(call), function.ty(call));
    let tail = function.split_block(block, index + 1);
    function.remove(block, index);
    function.append_with(block, Instr::begin_inlined_function(callable, callee), state);
    let imported = function.import(&body, state, &mut |code| code);
    let entry = imported.block(Function::ENTRY);
    function.append(block, Instr::branch(entry));
    let start = body.terminator(Function::ENTRY).map(|value| *body.instr(value));
    if let Some(Instr::EntrySwitch { entries }) = start {
        let entries = body.pool.entries(entries);
        let Some((_, start)) = entries.iter().find(|(kind, _)| *kind == crate::instr::EntryKind::Start) else { return Err(NotInlined::NotCompiled) };
        function.set_terminator(entry, Instr::branch(imported.block(*start)), None);
    }
    let mut results = Vec::new();
    for inner in body.blocks().map(|block| imported.block(block)).collect::<Vec<_>>() {
        give_arguments(function, inner, callable, args);
        leave_out_resume(function, preloaded, code, inner);
        if let Some(Instr::Return { value }) = function.terminator(inner).map(|value| *function.instr(value)) {
            function.set_terminator(inner, Instr::branch(tail), None);
            results.push(value);
        }
    }
    let result = function.add_phi(tail, &results);
    let returns = function.pool.add_type(ty);
    let refined = function.insert(tail, 1, Instr::refine_type(result, returns), None);
    function.insert(tail, 1, Instr::end_inlined_function(), None);
    function.replace_all_uses(call, refined);
    function.inlined.push(callee);
    Ok(())
}

/// Who called has asked for signals and other threads just before.
fn leave_out_resume(function: &mut Function, preloaded: &Preloaded, code: CodeId, block: Block) {
    let Some(unit) = preloaded.codes.get(code.0 as usize) else { return };
    let is_resume = |function: &Function, value: Value| {
        let at = function.frame_state(value).map(|state| function.state(state).bytecode as usize);
        let opcode = at.and_then(|at| unit.code.instructions.get(at)?.opcode());
        matches!(function.instr(value), Instr::RunPeriodicTasks {}) && opcode == Some(Opcode::Resume)
    };
    function.retain(block, &mut |function, value| !is_resume(function, value));
}

fn give_arguments(function: &mut Function, block: Block, callable: Value, args: &[Value]) {
    for value in function.instrs(block).to_vec() {
        match *function.instr(value) {
            Instr::LoadArg { index, ty, .. } => function.replace(value, Instr::refine_type(args[index as usize], ty)),
            Instr::LoadCurrentFunction {} => function.replace(value, Instr::assign(callable)),
            _ => {}
        }
    }
}
