//! Setting `f_lineno` in a trace function: the frame goes on at another line.
//!
//! Where that is possible depends on what is on the evaluation stack here and there. The kinds of
//! values on the stack are worked out for every instruction, following all paths; a jump may take
//! values off the stack, but never needs to put some on it.

use super::event;
use crate::code::CodeObject;
use crate::frame::{self, Frame};
use crate::frame_object::{FrameObject, payload};
use bytecode::opcode::Arg;
use bytecode::{Instr, Opcode};
use object::{Object, PyResult, Ref, Vm, exception};

/// What a value on the evaluation stack is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Object,
    Iterator,
    /// An exception, or the one that was handled before.
    Except,
    /// The place to raise again from.
    Lasti,
    /// Perhaps nothing.
    Null,
}

type Stack = Vec<Kind>;

/// `frame.f_lineno = value`
pub(crate) fn set_line(vm: &mut Vm, this: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let Some(value) = value else {
        return Err(vm.raise(&exception::ATTRIBUTE_ERROR, "cannot delete attribute"));
    };
    if !object::int::is_int(value) || value.as_bool().is_some() {
        return Err(vm.value_error("lineno must be an integer"));
    }
    let own = payload(this);
    match frame::interp(vm).tracing.event {
        Some(event::LINE | event::PY_RESUME | event::JUMP | event::BRANCH_LEFT | event::BRANCH_RIGHT) => {}
        Some(event::PY_START) => return Err(vm.value_error("can't jump from the 'call' trace event of a new frame")),
        None => return Err(vm.value_error("f_lineno can only be set in a trace function")),
        Some(event::CALL | event::C_RETURN) => return Err(vm.value_error("can't jump during a call")),
        _ => return Err(vm.value_error("can only jump from a 'line' trace event")),
    }
    let Some(line) = object::int::as_i64(value).and_then(|line| i32::try_from(line).ok()) else {
        return Err(vm.value_error("lineno out of range"));
    };
    let code = own.frame().code();
    if i64::from(line) < i64::from(code.data.first_line) {
        return Err(vm.value_error(format!("line {line} comes before the current code block")));
    }
    let starts = line_starts(code);
    let Some(target_line) = starts.iter().copied().filter(|&start| start != 0 && i64::from(start) >= i64::from(line)).min() else {
        return Err(vm.value_error(format!("line {line} comes after the current code block")));
    };
    let stacks = stacks(code);
    let from = stacks.get(own.frame().instruction_index()).cloned().flatten();
    let (target, depth) = match find_target(&starts, &stacks, from.as_ref(), target_line) {
        Ok(found) => found,
        Err(message) => return Err(vm.value_error(message)),
    };
    bind_locals(vm, own)?;
    // SAFETY: the frame is stopped before an instruction; both stacks were found to agree up to `depth`.
    unsafe {
        let frame: *mut Frame = std::ptr::from_ref(own.frame()).cast_mut();
        cut_stack(vm, frame, &from.unwrap_or_default(), depth);
        (*frame).ip = (*frame).code().entry().add(target);
    }
    own.jump.set(target_line);
    Ok(())
}

/// The line of each instruction that is the first of a run of its line; 0 for all others.
fn line_starts(code: &CodeObject) -> Vec<u32> {
    let first = code.lines().first_traceable;
    let mut last = 0;
    let lines = code.data.locations.iter().map(|location| location.line).enumerate();
    lines
        .map(|(index, line)| {
            let is_start = line != last && index >= first;
            last = if index >= first { line } else { last };
            if is_start { line } else { 0 }
        })
        .collect()
}

/// The instruction to go to and the depth of its stack: of those that begin the line and can be
/// come to, one with the most on the stack.
fn find_target(starts: &[u32], stacks: &[Option<Stack>], from: Option<&Stack>, line: u32) -> Result<(usize, usize), &'static str> {
    let Some(from) = from else { return Err("can't jump from unreachable code") };
    let mut best: Option<(usize, usize)> = None;
    let mut message = "cannot find bytecode for specified line";
    for (index, _) in starts.iter().enumerate().filter(|&(_, &start)| start == line) {
        let Some(to) = &stacks[index] else {
            message = "can't jump into an unreachable block";
            continue;
        };
        if to.len() <= from.len() && to.iter().zip(from).all(|(&to, &from)| is_compatible(from, to)) {
            if best.is_none_or(|(_, depth)| to.len() > depth) {
                best = Some((index, to.len()));
            }
        } else {
            message = explain(to);
        }
    }
    best.ok_or(message)
}

fn is_compatible(from: Kind, to: Kind) -> bool {
    match to {
        Kind::Object => from != Kind::Null,
        Kind::Null => true,
        other => from == other,
    }
}

fn explain(to: &Stack) -> &'static str {
    match to.last() {
        Some(Kind::Except) => "can't jump into an 'except' block as there's no exception",
        Some(Kind::Lasti) => "can't jump into a re-raising block as there's no location",
        Some(Kind::Iterator) => "can't jump into the body of a for loop",
        _ => "incompatible stacks",
    }
}

/// Gives unset variables a value: code there may take for granted that they have one.
fn bind_locals(vm: &mut Vm, own: &FrameObject) -> PyResult<()> {
    let n = own.frame().code().n_locals;
    // SAFETY: the words of locals are references or zero.
    unsafe {
        let n_unbound = (0..n).filter(|&index| *own.locals().add(index) == 0).count();
        if n_unbound == 0 {
            return Ok(());
        }
        let plural = if n_unbound == 1 { "" } else { "s" };
        vm.warn(&exception::RUNTIME_WARNING, &format!("assigning None to {n_unbound} unbound local{plural}"), 0)?;
        for index in 0..n {
            let word = own.locals().add(index);
            if *word == 0 {
                *word = Object::none().into_raw();
            }
        }
    }
    Ok(())
}

/// Takes values off a stopped frame's stack.
unsafe fn cut_stack(vm: &mut Vm, frame: *mut Frame, kinds: &[Kind], depth: usize) {
    for &kind in kinds[depth..].iter().rev() {
        // SAFETY: the frame's stack has as many values as were worked out.
        let value = unsafe {
            (*frame).sp = (*frame).sp.sub(1);
            frame::take((*frame).sp)
        };
        if kind == Kind::Except
            && let Some(handled) = vm.handled.last_mut()
        {
            drop(std::mem::replace(handled, value.filter(|value| !value.borrow().is_none())));
        }
    }
}

/// What is on the stack before each instruction; `None` where no path leads.
fn stacks(code: &CodeObject) -> Vec<Option<Stack>> {
    let instructions = &code.data.instructions;
    let mut stacks: Vec<Option<Stack>> = vec![None; instructions.len()];
    let mut pending = vec![(0usize, Stack::new())];
    while let Some((index, stack)) = pending.pop() {
        let Some(place) = stacks.get_mut(index) else { continue };
        if place.is_some() {
            continue;
        }
        *place = Some(stack.clone());
        if let Some(entry) = code.handler(index) {
            let mut handler = stack.clone();
            handler.truncate(entry.depth as usize);
            if entry.lasti {
                handler.push(Kind::Lasti);
            }
            handler.push(Kind::Except);
            pending.push((entry.target as usize, handler));
        }
        let instruction = instructions[index];
        let Some(opcode) = instruction.opcode() else { continue };
        let after = step(stack, opcode, instruction);
        if !opcode.info().ends_block {
            pending.push((index + 1, after.clone()));
        }
        if opcode.info().arg == Arg::Jump {
            pending.push((instruction.arg() as usize, after));
        }
    }
    stacks
}

/// The stack after an instruction. What lies below an instruction's net effect is taken to stay
/// what it was, unless the instruction is one of those that matter.
fn step(mut stack: Stack, opcode: Opcode, instruction: Instr) -> Stack {
    let arg = instruction.arg() as usize;
    match opcode {
        Opcode::Copy => {
            let copied = stack.len().checked_sub(arg).and_then(|index| stack.get(index).copied());
            stack.push(copied.unwrap_or(Kind::Object));
        }
        Opcode::Swap => {
            let top = stack.len().wrapping_sub(1);
            if let Some(other) = stack.len().checked_sub(arg) {
                stack.swap(top, other);
            }
        }
        Opcode::GetIter | Opcode::GetAiter => {
            stack.pop();
            stack.push(Kind::Iterator);
        }
        Opcode::PushNull | Opcode::LoadFastAndClear => stack.push(Kind::Null),
        Opcode::PushExcInfo => stack.push(Kind::Except),
        Opcode::LoadGlobal => {
            stack.push(Kind::Object);
            if arg & 1 != 0 {
                stack.push(Kind::Null);
            }
        }
        Opcode::LoadAttr if arg & 1 != 0 => stack.push(Kind::Null),
        Opcode::LoadSpecial => stack.push(Kind::Null),
        Opcode::EndSend => {
            stack.pop();
            stack.pop();
            stack.push(Kind::Object);
        }
        _ => {
            let info = opcode.info();
            let (pops, pushes) = (info.pops.at(instruction.arg()) as usize, info.pushes.at(instruction.arg()) as usize);
            stack.truncate((stack.len() + pushes).saturating_sub(pops).min(stack.len()));
            stack.extend(std::iter::repeat_n(Kind::Object, pushes.saturating_sub(pops)));
        }
    }
    stack
}
