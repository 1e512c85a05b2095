//! The evaluation loop.
//!
//! [`run`] executes a frame until it returns, yields or raises. Calls of Python functions and resumed
//! generators do not recurse: the loop switches frames, and returns when the frame it was entered
//! with ends. What an instruction does beyond a few lines is in the modules below, by family.
//!
//! Registers are locals of the loop: `ip` (next instruction), `sp` (one past the top of the evaluation stack) and
//! `frame`, from which all else is found: the machine has too few registers to keep more. Stack words are owned references; zero is the null of a call.

pub(crate) mod arithmetic;
pub(crate) mod calls;
mod classes;
pub(crate) mod exceptions;
pub(crate) mod intrinsics;
pub(crate) mod iteration;
mod matching;
pub(crate) mod names;
mod operators;
pub(crate) mod steps;

pub use calls::call_keywords_of;
pub use classes::build_class;
pub use names::{builtins_dict, import_from, import_name, set_builtins};

use crate::cell_object::{CellObject, new_cell};
use crate::code::CodeObject;
use crate::compiled::{self, Next};
use crate::frame::{Ending, Frame, drop_locals, take};
use crate::frame_object;
use crate::function::{self, FUNCTION};
use crate::generator;
use crate::shadow;
use crate::shadow::dispatch::{self, Why};
use crate::shadow::opcode::Specialized;
use crate::tracing::{self, monitoring::event};
use bytecode::opcode::{BinaryOp, Comparison};
use bytecode::{Instr, Opcode};
use object::attribute::cache;
use object::class::TYPE;
use object::exception;
use object::list::List;
use object::tuple::Tuple;
use object::vm::{breaker, breaker_reasons, clear_breaker, hooks};
use object::{Object, PyResult, Raised, Ref, Vm};

/// Runs a frame on the top of the data stack until it ends.
pub(crate) fn run(vm: &mut Vm, frame: *mut Frame) -> PyResult {
    // SAFETY: the frame was just pushed.
    unsafe {
        (*frame).is_entry = true;
        execute(vm, frame, None)
    }
}

/// Resumes a frame whose `sp` and `ip` say where by raising there.
pub(crate) unsafe fn raise_in(vm: &mut Vm, frame: *mut Frame, raised: Raised) -> PyResult {
    // SAFETY: the caller vouches for the frame.
    unsafe {
        (*frame).is_entry = true;
        execute(vm, frame, Some(raised))
    }
}

/// What the evaluation loop does when something outside asks for its attention.
#[cold]
#[inline(never)]
pub(crate) fn handle_breaker(vm: &mut Vm) -> PyResult<()> {
    let reasons = breaker_reasons();
    if reasons & breaker::FINALIZERS != 0 {
        vm.run_finalizers();
    }
    if reasons & breaker::COLLECT != 0 {
        object::collector::collect_if_due(vm);
    }
    if reasons & breaker::LOCK_WANTED != 0 {
        object::gil::yield_if_wanted(vm);
    }
    if reasons & (breaker::SIGNAL | breaker::PENDING_CALLS | breaker::ASYNC_EXCEPTION) != 0
        && let Some(signals) = hooks().signals
    {
        signals(vm)?;
    }
    if reasons & breaker::MEMORY != 0 {
        clear_breaker(breaker::MEMORY);
        return Err(vm.memory_error());
    }
    Ok(())
}

/// Ends a frame: drops what it holds, and gives its words back.
///
/// # Safety
///
/// The frame is the innermost one and lies on the data stack; `n_stack` values are on its evaluation stack.
pub(crate) unsafe fn pop_frame(vm: &mut Vm, frame: *mut Frame, n_stack: usize) {
    // SAFETY: the caller's promise.
    unsafe {
        let back = if (*frame).object != 0 { frame_object::back_of_leaving(vm, frame) } else { None };
        vm.frame = (*frame).previous.cast();
        vm.depth -= 1;
        clear_frame(frame, n_stack, back);
        vm.data_stack.start = frame.cast();
    }
}

/// Drops what a frame holds, from the end, as CPython does. Locals go to the frame object, if anybody has it; `back` is then its `f_back`.
///
/// # Safety
///
/// The frame has ended; `n_stack` values are on its evaluation stack.
pub(crate) unsafe fn clear_frame(frame: *mut Frame, n_stack: usize, back: Option<Object>) {
    // SAFETY: the words of locals and stack are references or zero; each is taken once.
    unsafe {
        let n_locals = (*(*frame).code).n_locals;
        let locals = Frame::locals(frame);
        for index in (0..n_stack).rev() {
            drop(take(locals.add(n_locals + index)));
        }
        if (*frame).object != 0 && frame_object::leave(frame, back) {
            return;
        }
        drop_locals(frame);
        drop(take(&raw mut (*frame).namespace));
        drop(std::mem::ManuallyDrop::take(&mut (*frame).function));
    }
}

const NO_VALUE: &str = "the stack depth was verified";

/// How a run of the loop ended.
enum Outcome {
    Done(Object),
    /// The innermost frame is to go on at this instruction, in the loop's other form.
    Switch(*const Instr),
}

/// Runs the innermost frame in the form of the loop that is wanted at the time.
pub(crate) unsafe fn execute(vm: &mut Vm, entered: *mut Frame, raised: Option<Raised>) -> PyResult {
    // SAFETY: the caller vouches for the frame; after a switch it is the innermost one.
    unsafe {
        let (mut frame, mut start, mut raised) = (entered, (*entered).ip, raised);
        loop {
            let is_traced = breaker_reasons() & breaker::TRACE != 0 && tracing::is_active(vm);
            let outcome = if is_traced {
                execute_loop::<true>(vm, frame, start, raised.take())
            } else {
                execute_loop::<false>(vm, frame, start, raised.take())
            };
            match outcome? {
                Outcome::Done(value) => return Ok(value),
                Outcome::Switch(next) => (frame, start) = (vm.frame.cast(), next),
            }
        }
    }
}

/// The loop itself. `TRACED`: events are reported.
#[expect(clippy::cognitive_complexity, reason = "a dispatch loop")]
unsafe fn execute_loop<const TRACED: bool>(vm: &mut Vm, entered: *mut Frame, start: *const Instr, raised: Option<Raised>) -> PyResult<Outcome> {
    // SAFETY: (whole function) code objects come from the compiler or passed the verifier, so operands are in
    // range and the stack never under- or overflows; `frame` is the innermost frame throughout.
    unsafe {
        let mut frame = entered;
        let mut ip = start;
        let mut sp = (*frame).sp;
        // Where a `RERAISE` stands: its handlers count, though another instruction is to blame.
        let mut reraised_at: Option<usize> = None;
        let mut pending = match raised {
            Some(raised) if TRACED && compiled::is_thrown_into(frame) => Some(tracing::thrown(vm, frame, raised)),
            raised => raised,
        };

        macro_rules! load_registers {
            () => {
                sp = (*frame).sp;
            };
        }
        macro_rules! push {
            ($object:expr) => {{
                let object: Object = $object;
                sp.write(object.into_raw());
                sp = sp.add(1);
            }};
        }
        macro_rules! pop {
            () => {{
                sp = sp.sub(1);
                Object::from_raw(*sp).expect(NO_VALUE)
            }};
        }
        macro_rules! top {
            ($n:expr) => {
                Ref::from_bits(*sp.sub($n))
            };
        }
        macro_rules! set_top {
            ($n:expr, $object:expr) => {{
                let object: Object = $object;
                let slot = sp.sub($n);
                drop(Object::from_raw(std::mem::replace(&mut *slot, object.into_raw())));
            }};
        }
        macro_rules! check_finalizers {
            () => {
                if breaker_reasons() & breaker::FINALIZERS != 0 {
                    vm.run_finalizers();
                }
            };
        }

        'resume: loop {
            let raised: Raised = 'raise: {
                if let Some(raised) = pending.take() {
                    break 'raise raised;
                }
                macro_rules! attempt {
                    ($result:expr) => {
                        match $result {
                            Ok(value) => value,
                            Err(raised) => break 'raise raised,
                        }
                    };
                }
                macro_rules! jump {
                    ($target:expr) => {
                        ip = (*(*frame).code).entry().add($target as usize)
                    };
                }
                // Goes on in the frame of a function. It takes over its `$n` arguments at `$args`, and what it
                // returns goes to `$bottom`.
                macro_rules! enter {
                    ($function:expr, $args:expr, $n:expr, $ending:expr) => {
                        enter!($function, $args, $n, $ending, $args)
                    };
                    ($function:expr, $args:expr, $n:expr, $ending:expr, $bottom:expr) => {{
                        let (function, args, bottom) = ($function, $args, $bottom);
                        sp = bottom;
                        (*frame).sp = sp;
                        let inner = attempt!(function::push_call_frame(vm, function, args, $n, None));
                        (*inner).ending = $ending;
                        frame = inner;
                        ip = (*frame).ip;
                        load_registers!();
                        continue;
                    }};
                }
                macro_rules! switch_loop {
                    ($next:expr) => {{
                        (*frame).sp = sp;
                        return Ok(Outcome::Switch($next));
                    }};
                }
                // After a call of native code, which may have started or ended tracing.
                macro_rules! finish_call {
                    ($result:expr) => {{
                        let result = $result;
                        if breaker_reasons() & (breaker::FINALIZERS | breaker::TRACE) == 0 {
                            push!(attempt!(result));
                        } else {
                            vm.run_finalizers();
                            push!(attempt!(result));
                            if TRACED != tracing::is_active(vm) {
                                switch_loop!(ip);
                            }
                        }
                    }};
                }
                loop {
                    if !TRACED && shadow::is_shadow((*ip).0) {
                        let exit = dispatch::run(vm, ip, sp, frame);
                        frame = vm.frame.cast();
                        ip = exit.ip();
                        sp = exit.sp;
                        match exit.why() {
                            Why::Miss => {}
                            Why::Look => {
                                if breaker_reasons() & (breaker::FINALIZERS | breaker::TRACE) != 0 {
                                    vm.run_finalizers();
                                    if tracing::is_active(vm) {
                                        switch_loop!(ip);
                                    }
                                }
                                if shadow::is_shadow((*ip).0) {
                                    continue;
                                }
                            }
                            Why::Finished(value) => {
                                check_finalizers!();
                                return Ok(Outcome::Done(value));
                            }
                            Why::Raised => {
                                let exception = vm.take_raised().expect("a handler says so when an exception is set");
                                break 'raise vm.reraise(exception);
                            }
                        }
                    }
                    let instruction = *ip;
                    if compiled::is_gate(instruction) {
                        let Some(left) = compiled::pass(vm, frame, ip) else {
                            ip = (*frame).ip;
                            continue;
                        };
                        if left.is_entry {
                            check_finalizers!();
                            return left.value.map(Outcome::Done).ok_or_else(|| compiled::raised(vm));
                        }
                        frame = vm.frame.cast();
                        load_registers!();
                        let Some(value) = left.value else {
                            if left.ending == Ending::Attribute {
                                object::attribute::note_missing(vm, top!(1), name_at((*frame).code, (*(*frame).ip).arg() >> 1));
                            }
                            break 'raise compiled::raised(vm);
                        };
                        ip = (*frame).ip.add(1);
                        match left.ending {
                            Ending::Push | Ending::Awaited => push!(value),
                            Ending::Attribute => set_top!(1, value),
                            Ending::Iterator if value.borrow().class().slots().next.is_none() => {
                                break 'raise calls::iter_returned(vm, value.borrow());
                            }
                            Ending::Iterator => push!(value),
                            Ending::Length => match calls::length_returned(vm, value) {
                                Ok(length) => push!(length),
                                Err(raised) => break 'raise raised,
                            },
                            Ending::Operator => {
                                let result = match operators::finish(vm, *(*frame).ip, sp, value) {
                                    Ok(result) => result,
                                    Err(raised) => break 'raise raised,
                                };
                                drop(pop!());
                                set_top!(1, result);
                            }
                            Ending::Init if !value.borrow().is_none() => break 'raise calls::init_returned(vm, value.borrow()),
                            Ending::Init | Ending::Discard => drop(value),
                        }
                        check_finalizers!();
                        if breaker_reasons() & breaker::TRACE != 0 && TRACED != tracing::is_active(vm) {
                            switch_loop!(ip);
                        }
                        continue;
                    }
                    if TRACED {
                        let previous = std::mem::replace(&mut (*frame).ip, ip);
                        (*frame).sp = sp;
                        if attempt!(tracing::before_instruction(vm, frame, previous)) {
                            ip = (*frame).ip;
                            sp = (*frame).sp;
                            continue;
                        }
                    } else {
                        (*frame).ip = ip;
                    }
                    ip = ip.add(1);
                    let arg = instruction.arg();
                    let opcode = shadow::original(instruction);
                    match opcode {
                        Opcode::Nop | Opcode::NotTaken => {}
                        Opcode::Resume => {
                            if breaker_reasons() != 0 {
                                attempt!(handle_breaker(vm));
                                if TRACED != tracing::is_active(vm) {
                                    switch_loop!(ip.sub(1));
                                }
                            }
                            if TRACED {
                                attempt!(tracing::resumed(vm, frame, arg));
                            } else if arg != 0 {
                                // What is resumed often is worth a copy as well as what is called often.
                                (*(*frame).code).warm_up();
                            }
                        }
                        Opcode::LoadFast | Opcode::LoadFastBorrow => {
                            push!(Ref::from_bits(*Frame::locals(frame).add(arg as usize)).to_owned());
                        }
                        Opcode::LoadFastCheck => {
                            let word = *Frame::locals(frame).add(arg as usize);
                            if word == 0 {
                                break 'raise names::unbound_local(vm, &*(*frame).code, arg as usize);
                            }
                            push!(Ref::from_bits(word).to_owned());
                        }
                        Opcode::LoadFastAndClear => {
                            sp.write(std::mem::replace(&mut *Frame::locals(frame).add(arg as usize), 0));
                            sp = sp.add(1);
                        }
                        Opcode::LoadFastLoadFast | Opcode::LoadFastBorrowLoadFastBorrow => {
                            push!(Ref::from_bits(*Frame::locals(frame).add((arg >> 16) as usize)).to_owned());
                            push!(Ref::from_bits(*Frame::locals(frame).add((arg & 0xffff) as usize)).to_owned());
                        }
                        Opcode::StoreFast => {
                            sp = sp.sub(1);
                            let value = *sp;
                            drop(Object::from_raw(std::mem::replace(&mut *Frame::locals(frame).add(arg as usize), value)));
                            check_finalizers!();
                        }
                        Opcode::StoreFastLoadFast => {
                            let value = *sp.sub(1);
                            drop(Object::from_raw(std::mem::replace(&mut *Frame::locals(frame).add((arg >> 16) as usize), value)));
                            *sp.sub(1) = Ref::from_bits(*Frame::locals(frame).add((arg & 0xffff) as usize)).to_owned().into_raw();
                            check_finalizers!();
                        }
                        Opcode::StoreFastStoreFast => {
                            sp = sp.sub(2);
                            let (below, above) = (*sp, *sp.add(1));
                            drop(Object::from_raw(std::mem::replace(&mut *Frame::locals(frame).add((arg >> 16) as usize), above)));
                            drop(Object::from_raw(std::mem::replace(&mut *Frame::locals(frame).add((arg & 0xffff) as usize), below)));
                            check_finalizers!();
                        }
                        Opcode::LoadConst => push!(constant_at((*frame).code, arg)),
                        Opcode::LoadSmallInt => push!(Object::small_int(i64::from(arg))),
                        Opcode::PopTop | Opcode::PopIter | Opcode::EndFor => {
                            // The null that marks an exhausted value may be here.
                            sp = sp.sub(1);
                            drop(Object::from_raw(*sp));
                            check_finalizers!();
                        }
                        Opcode::PushNull => {
                            sp.write(0);
                            sp = sp.add(1);
                        }
                        Opcode::Copy => {
                            let word = *sp.sub(arg as usize);
                            sp.write(word);
                            if word != 0 {
                                std::mem::forget(Ref::from_bits(word).to_owned());
                            }
                            sp = sp.add(1);
                        }
                        Opcode::Swap => std::ptr::swap(sp.sub(1), sp.sub(arg as usize)),
                        Opcode::EndSend if TRACED => {
                            if generator::data(top!(2)).is_some() {
                                attempt!(tracing::iteration_ended(vm, frame, top!(1)));
                            }
                            let value = pop!();
                            set_top!(1, value);
                        }
                        Opcode::UnaryNot => {
                            let value = top!(1).is_true();
                            set_top!(1, Object::bool(!value));
                        }
                        Opcode::ToBool => {
                            let value = top!(1);
                            if value.as_bool().is_none() {
                                let truth = attempt!(vm.is_true(value));
                                set_top!(1, Object::bool(truth));
                                check_finalizers!();
                            }
                        }
                        Opcode::BinaryOp => {
                            let (left, right) = (top!(2), top!(1));
                            let result = match arithmetic::fast(vm, arg, left, right) {
                                Some(result) => result,
                                None => {
                                    if !TRACED
                                        && arg == BinaryOp::Subscript as u32
                                        && let Some(method) = calls::python_method(left, object::names::__getitem__())
                                    {
                                        enter!(method.to_owned(), sp.sub(2), 2, Ending::Push);
                                    }
                                    let op = BinaryOp::from_u32(arg).expect("the operand was verified");
                                    if op == BinaryOp::InplaceAdd && arithmetic::is_append(left, right) {
                                        attempt!(arithmetic::append(vm, sp, ip, Frame::locals(frame)))
                                    } else {
                                        attempt!(vm.binary(op, left, right))
                                    }
                                }
                            };
                            set_top!(2, result);
                            drop(pop!());
                            check_finalizers!();
                        }
                        Opcode::CompareOp => {
                            let (left, right) = (top!(2), top!(1));
                            let result = match arithmetic::fast_compare(arg & 15, left, right) {
                                Some(result) => Object::bool(result),
                                None => {
                                    let op = Comparison::from_u32(arg & 15).expect("the operand was verified");
                                    let result = attempt!(vm.compare(left, right, op));
                                    if arg & 16 != 0 && result.borrow().as_bool().is_none() {
                                        let truth = attempt!(vm.is_true(result.borrow()));
                                        Object::bool(truth)
                                    } else {
                                        result
                                    }
                                }
                            };
                            drop(pop!());
                            set_top!(1, result);
                            check_finalizers!();
                        }
                        Opcode::IsOp => {
                            let same = top!(2).is(top!(1));
                            drop(pop!());
                            set_top!(1, Object::bool(same != (arg == 1)));
                            check_finalizers!();
                        }
                        Opcode::ContainsOp => {
                            let found = attempt!(vm.contains(top!(1), top!(2)));
                            drop(pop!());
                            set_top!(1, Object::bool(found != (arg == 1)));
                            check_finalizers!();
                        }
                        Opcode::PopJumpIfFalse => {
                            sp = sp.sub(1);
                            if Ref::from_bits(*sp).is_false() {
                                jump!(arg);
                            }
                        }
                        Opcode::PopJumpIfTrue => {
                            sp = sp.sub(1);
                            if Ref::from_bits(*sp).is_true() {
                                jump!(arg);
                            }
                        }
                        Opcode::PopJumpIfNone => {
                            let value = pop!();
                            if value.borrow().is_none() {
                                jump!(arg);
                            }
                            drop(value);
                            check_finalizers!();
                        }
                        Opcode::PopJumpIfNotNone => {
                            let value = pop!();
                            if !value.borrow().is_none() {
                                jump!(arg);
                            }
                            drop(value);
                            check_finalizers!();
                        }
                        Opcode::JumpForward | Opcode::JumpBackwardNoInterrupt => jump!(arg),
                        Opcode::JumpBackward => {
                            (*(*frame).code).warm_up();
                            jump!(arg);
                            if breaker_reasons() != 0 {
                                attempt!(handle_breaker(vm));
                                if TRACED != tracing::is_active(vm) {
                                    switch_loop!(ip);
                                }
                            }
                            let is_counted = instruction.opcode_byte() == Specialized::JumpBackwardCounted as u8;
                            if !TRACED && is_counted && (*(*frame).code).compiled.heat.get() == 0 {
                                (*frame).ip = ip;
                                (*frame).sp = sp;
                                match compiled::at_hot_loop(vm, frame, arg) {
                                    Next::Interpret => {}
                                    Next::Gate(gate) => ip = gate,
                                    Next::Return => return Ok(Outcome::Done(Object::none())),
                                }
                            }
                        }
                        Opcode::LoadGlobal => {
                            let name = name_at((*frame).code, arg >> 1);
                            let value = attempt!(names::load_global(vm, (*frame).function(), name));
                            push!(value);
                            if arg & 1 != 0 {
                                sp.write(0);
                                sp = sp.add(1);
                            }
                        }
                        Opcode::MakeCell => {
                            let contents = take(Frame::locals(frame).add(arg as usize));
                            *Frame::locals(frame).add(arg as usize) = new_cell(vm, contents).into_object().into_raw();
                        }
                        Opcode::CopyFreeVars => {
                            let closure = (*frame).function().closure.get_or_none();
                            let closure = closure.borrow().downcast::<Tuple>().expect("a function with free variables has a closure");
                            let start = (*(*frame).code).n_locals - arg as usize;
                            for (index, &cell) in closure.items().iter().enumerate() {
                                *Frame::locals(frame).add(start + index) = cell.to_owned().into_raw();
                            }
                        }
                        Opcode::LoadDeref => {
                            let cell = Ref::from_bits(*Frame::locals(frame).add(arg as usize)).downcast_unchecked::<CellObject>();
                            match cell.contents.get() {
                                Some(value) => push!(value),
                                None => break 'raise names::unbound_cell(vm, &*(*frame).code, arg as usize),
                            }
                        }
                        Opcode::StoreDeref => {
                            let value = pop!();
                            Ref::from_bits(*Frame::locals(frame).add(arg as usize)).downcast_unchecked::<CellObject>().contents.set(Some(value));
                            check_finalizers!();
                        }
                        Opcode::DeleteDeref => {
                            let cell = Ref::from_bits(*Frame::locals(frame).add(arg as usize)).downcast_unchecked::<CellObject>();
                            if cell.contents.take().is_none() {
                                break 'raise names::unbound_cell(vm, &*(*frame).code, arg as usize);
                            }
                            check_finalizers!();
                        }
                        Opcode::LoadAttr => {
                            let name = name_at((*frame).code, arg >> 1);
                            match cache::load(top!(1), name) {
                                Some(cache::Found::Value(value)) => {
                                    let value = value.to_owned();
                                    set_top!(1, value);
                                    if arg & 1 != 0 {
                                        sp.write(0);
                                        sp = sp.add(1);
                                    }
                                }
                                Some(cache::Found::Method(method)) if arg & 1 != 0 => {
                                    let method = method.to_owned();
                                    sp.write(std::mem::replace(&mut *sp.sub(1), method.into_raw()));
                                    sp = sp.add(1);
                                    continue;
                                }
                                _ if arg & 1 == 0 => {
                                    if !TRACED && let Some(getter) = calls::python_getter(top!(1), name) {
                                        let getter = getter.to_owned();
                                        sp.write(top!(1).to_owned().into_raw());
                                        enter!(getter, sp, 1, Ending::Attribute);
                                    }
                                    let value = attempt!(vm.get_attr(top!(1), name));
                                    set_top!(1, value);
                                }
                                _ => {
                                    let (method, this) = attempt!(vm.get_method(top!(1), name));
                                    set_top!(1, method);
                                    sp.write(this.map_or(0, Object::into_raw));
                                    sp = sp.add(1);
                                }
                            }
                            check_finalizers!();
                        }
                        Opcode::StoreAttr => {
                            let name = name_at((*frame).code, arg);
                            let value = Object::from_raw(std::mem::replace(&mut *sp.sub(2), Ref::NONE.bits())).expect(NO_VALUE);
                            if let Err(value) = cache::store(top!(1), name, value) {
                                let result = vm.set_attr(top!(1), name, Some(value.borrow()));
                                drop(value);
                                attempt!(result);
                            }
                            drop(pop!());
                            sp = sp.sub(1);
                            check_finalizers!();
                        }
                        Opcode::LoadSuperAttr if TRACED => {
                            let name = name_at((*frame).code, arg >> 2);
                            let watchers = attempt!(tracing::calling(vm, frame, top!(3), (arg & 2 != 0).then(|| top!(2))));
                            let found = names::load_super_attribute(vm, top!(3), top!(2), top!(1), name, arg);
                            let found = tracing::called_super(vm, frame, top!(3), (arg & 2 != 0).then(|| top!(2)), watchers, found);
                            let (value, this) = attempt!(found);
                            drop(pop!());
                            drop(pop!());
                            set_top!(1, value);
                            if arg & 1 != 0 {
                                sp.write(this.map_or(0, Object::into_raw));
                                sp = sp.add(1);
                            }
                            check_finalizers!();
                        }
                        Opcode::StoreSubscr => {
                            if let Some(index) = top!(1).as_small_int()
                                && let Some(list) = top!(2).downcast_exact::<List>()
                                && let Some(place) = list.items_mut(vm).get_mut(index as usize)
                            {
                                let value = Object::from_raw(*sp.sub(3)).expect(NO_VALUE);
                                let old = std::mem::replace(place, value);
                                drop(Object::from_raw(*sp.sub(2)));
                                sp = sp.sub(3);
                                drop(old);
                                check_finalizers!();
                                continue;
                            }
                            if !TRACED && let Some(method) = calls::python_method(top!(2), object::names::__setitem__()) {
                                let method = method.to_owned();
                                // The method wants container, key, value.
                                let value = *sp.sub(3);
                                *sp.sub(3) = *sp.sub(2);
                                *sp.sub(2) = *sp.sub(1);
                                *sp.sub(1) = value;
                                enter!(method, sp.sub(3), 3, Ending::Discard);
                            }
                            attempt!(vm.set_item(top!(2), top!(1), top!(3)));
                            drop(pop!());
                            drop(pop!());
                            drop(pop!());
                            check_finalizers!();
                        }
                        Opcode::BinarySlice => {
                            let (stop, start) = (pop!(), pop!());
                            let slice = builtins::slice::new(vm, start, stop, Object::none());
                            let result = attempt!(vm.get_item(top!(1), slice.borrow()));
                            set_top!(1, result);
                            check_finalizers!();
                        }
                        Opcode::BuildList => {
                            let list = vm.new_list(take_values(sp, arg as usize));
                            sp = sp.sub(arg as usize);
                            push!(list.into_object());
                        }
                        Opcode::BuildTuple => {
                            let tuple = vm.new_tuple(take_values(sp, arg as usize));
                            sp = sp.sub(arg as usize);
                            push!(tuple.into_object());
                        }
                        Opcode::ListAppend => {
                            let value = pop!();
                            top!(arg as usize).downcast_unchecked::<List>().push(vm, value);
                        }
                        Opcode::UnpackSequence => {
                            let sequence = pop!();
                            attempt!(calls::unpack_sequence(vm, sequence.borrow(), arg as usize, sp));
                            sp = sp.add(arg as usize);
                            drop(sequence);
                            check_finalizers!();
                        }
                        Opcode::GetIter => {
                            let iterator = attempt!(vm.iter(top!(1)));
                            set_top!(1, iterator);
                            check_finalizers!();
                        }
                        Opcode::ForIter => {
                            let iterator = top!(1);
                            if let Some(next) = iteration::next(vm, iterator) {
                                match next {
                                    Some(value) => push!(value),
                                    None => jump!(arg + 1),
                                }
                                continue;
                            }
                            if let Some(inner) = generator::start_inline(vm, iterator, None) {
                                let inner = attempt!(inner);
                                generator::chain::unchain(inner);
                                (*frame).sp = sp;
                                frame = inner;
                                ip = (*frame).ip.add(1);
                                load_registers!();
                                continue;
                            }
                            match attempt!(vm.next(iterator)) {
                                Some(value) => {
                                    push!(value);
                                    check_finalizers!();
                                }
                                None => jump!(arg + 1),
                            }
                        }
                        Opcode::Send => {
                            let value = pop!();
                            if let Some(inner) = generator::start_inline(vm, top!(1), Some(&value)) {
                                drop(value);
                                let inner = attempt!(inner);
                                generator::chain::unchain(inner);
                                (*frame).sp = sp;
                                frame = inner;
                                ip = (*frame).ip.add(1);
                                load_registers!();
                                continue;
                            }
                            match attempt!(generator::send(vm, top!(1), value)) {
                                generator::Resumed::Yield(value) => push!(value),
                                generator::Resumed::Return(value) => {
                                    if TRACED && generator::data(top!(1)).is_none() {
                                        attempt!(tracing::receiver_stopped(vm, frame, value.borrow()));
                                    }
                                    push!(value);
                                    jump!(arg);
                                }
                            }
                            check_finalizers!();
                        }
                        Opcode::Call => {
                            let n = arg as usize;
                            let first = sp.sub(n);
                            if *first.sub(1) == 0 {
                                calls::unpack_bound_method(first);
                            }
                            let callable = Ref::from_bits(*first.sub(2));
                            let has_self = *first.sub(1) != 0;
                            let (args, n) = if has_self { (first.sub(1), n + 1) } else { (first, n) };
                            let watchers =
                                if TRACED { attempt!(tracing::calling(vm, frame, callable, (n > 0).then(|| Ref::from_bits(*args)))) } else { 0 };
                            if callable.is_exactly(&FUNCTION) {
                                let callee = Object::from_raw(*first.sub(2)).expect(NO_VALUE);
                                sp = first.sub(2);
                                (*frame).sp = sp;
                                let inner = attempt!(function::push_call_frame(vm, callee, args, n, None));
                                frame = inner;
                                ip = (*frame).ip;
                                load_registers!();
                                continue;
                            }
                            if !TRACED
                                && !has_self
                                && callable.is_exactly(&TYPE)
                                && let Some(init) = calls::plain_init(callable)
                            {
                                let inner = calls::enter_init(vm, frame, callable, init, first, n);
                                sp = first.sub(1);
                                frame = attempt!(inner);
                                ip = (*frame).ip;
                                load_registers!();
                                continue;
                            }
                            if !TRACED
                                && !has_self
                                && let Some(method) = calls::python_method(callable, object::names::__call__())
                            {
                                let method = method.to_owned();
                                *first.sub(1) = *first.sub(2);
                                enter!(method, first.sub(1), n + 1, Ending::Push, first.sub(2));
                            }
                            let values: &[Ref<'_>] = std::slice::from_raw_parts(args.cast(), n);
                            let mut result = calls::call_native_from_loop(vm, callable, values);
                            if TRACED {
                                result = tracing::called(vm, frame, callable, values.first().copied(), watchers, result);
                            }
                            for _ in 0..arg + 2 {
                                sp = sp.sub(1);
                                drop(Object::from_raw(*sp));
                            }
                            finish_call!(result);
                        }
                        Opcode::CallKw => {
                            let names = pop!();
                            let n = arg as usize;
                            let first = sp.sub(n);
                            if *first.sub(1) == 0 {
                                calls::unpack_bound_method(first);
                            }
                            let callable = Ref::from_bits(*first.sub(2));
                            let has_self = *first.sub(1) != 0;
                            let (args, n) = if has_self { (first.sub(1), n + 1) } else { (first, n) };
                            let keywords = names.borrow().downcast_unchecked::<Tuple>();
                            let watchers =
                                if TRACED { attempt!(tracing::calling(vm, frame, callable, (n > 0).then(|| Ref::from_bits(*args)))) } else { 0 };
                            if callable.is_exactly(&FUNCTION) {
                                let callee = Object::from_raw(*first.sub(2)).expect(NO_VALUE);
                                sp = first.sub(2);
                                (*frame).sp = sp;
                                let inner = attempt!(function::push_call_frame(vm, callee, args, n, Some(keywords)));
                                frame = inner;
                                ip = (*frame).ip;
                                load_registers!();
                                continue;
                            }
                            let values: &[Ref<'_>] = std::slice::from_raw_parts(args.cast(), n);
                            let mut result = vm.call_with(callable, object::Args::new(values, Some(keywords)));
                            if TRACED {
                                result = tracing::called(vm, frame, callable, values.first().copied(), watchers, result);
                            }
                            for _ in 0..arg + 2 {
                                sp = sp.sub(1);
                                drop(Object::from_raw(*sp));
                            }
                            finish_call!(result);
                        }
                        Opcode::CallFunctionEx => {
                            let first = if TRACED { calls::first_argument(sp) } else { None };
                            let watchers = if TRACED {
                                attempt!(tracing::calling(vm, frame, Ref::from_bits(*sp.sub(4)), first.as_ref().map(Object::borrow)))
                            } else {
                                0
                            };
                            let mut result = calls::call_star(vm, Ref::from_bits(*sp.sub(4)), sp);
                            if TRACED {
                                result =
                                    calls::report_star(vm, frame, Ref::from_bits(*sp.sub(4)), first.as_ref().map(Object::borrow), watchers, result);
                            }
                            for _ in 0..4 {
                                sp = sp.sub(1);
                                drop(Object::from_raw(*sp));
                            }
                            let call = attempt!(result);
                            match call {
                                calls::Call::Frame(inner) => {
                                    (*frame).sp = sp;
                                    frame = inner;
                                    ip = (*frame).ip;
                                    load_registers!();
                                    continue;
                                }
                                calls::Call::Value(value) => finish_call!(Ok(value)),
                            }
                        }
                        Opcode::FormatSimple => {
                            if !top!(1).is_exactly(&object::str::STR) {
                                let text = attempt!(builtins::functions::format_value(vm, top!(1), vm.empty_str().object()));
                                set_top!(1, text.into_object());
                                check_finalizers!();
                            }
                        }
                        Opcode::RaiseVarargs => {
                            let cause = if arg == 2 { Some(pop!()) } else { None };
                            let exception = if arg >= 1 { Some(pop!()) } else { None };
                            if exception.is_none() && vm.handled_exception().is_some() {
                                // Raised again: the traceback has this frame already.
                                (*frame).traced |= exceptions::RERAISED;
                            }
                            break 'raise exceptions::raise(vm, exception, cause);
                        }
                        Opcode::Reraise => {
                            let exception = pop!();
                            if arg != 0 {
                                let index = Ref::from_bits(*sp.sub(arg as usize)).as_small_int().expect("an instruction index was pushed");
                                reraised_at = Some((*(*frame).code).index_of((*frame).ip));
                                (*frame).ip = (*(*frame).code).entry().add(index as usize);
                            }
                            pending = Some(vm.reraise(exception));
                            // Raised again, not anew: no traceback entry is added.
                            (*frame).traced |= exceptions::RERAISED;
                            break;
                        }
                        Opcode::CleanupThrow => match exceptions::cleanup_throw(vm, top!(1)) {
                            Some(value) => {
                                drop(pop!());
                                drop(pop!());
                                set_top!(1, Object::none());
                                push!(value);
                            }
                            None => {
                                let exception = pop!();
                                pending = Some(vm.reraise(exception));
                                (*frame).traced |= exceptions::RERAISED;
                                break;
                            }
                        },
                        Opcode::EndAsyncFor => {
                            let exception = pop!();
                            if exception.borrow().is_instance_of(&exception::STOP_ASYNC_ITERATION) {
                                drop(pop!());
                            } else {
                                pending = Some(vm.reraise(exception));
                                (*frame).traced |= exceptions::RERAISED;
                                break;
                            }
                        }
                        Opcode::ReturnGenerator if (*frame).ending == Ending::Awaited => push!(Object::none()),
                        Opcode::ReturnGenerator => {
                            (*frame).sp = sp;
                            let generator = generator::make(vm, frame);
                            let caller = vm.frame.cast::<Frame>();
                            if (*frame).is_entry {
                                return Ok(Outcome::Done(generator));
                            }
                            frame = caller;
                            ip = (*frame).ip.add(1);
                            load_registers!();
                            push!(generator);
                        }
                        Opcode::ReturnValue => {
                            if TRACED {
                                attempt!(tracing::returned(vm, frame, event::PY_RETURN, top!(1)));
                            }
                            let value = pop!();
                            let (is_entry, ending, is_generator) = ((*frame).is_entry, (*frame).ending, (*frame).generator != 0);
                            if is_generator {
                                generator::finish(vm, frame, 0);
                            } else {
                                pop_frame(vm, frame, 0);
                            }
                            check_finalizers!();
                            if is_entry {
                                return Ok(Outcome::Done(value));
                            }
                            frame = vm.frame.cast();
                            ip = (*frame).ip.add(1);
                            load_registers!();
                            if ending == Ending::Awaited {
                                drop(vm.handled.pop());
                                push!(value);
                                ip = shadow::after_await(&*(*frame).code, (*frame).ip);
                                continue;
                            }
                            if ending == Ending::Attribute {
                                set_top!(1, value);
                                check_finalizers!();
                                continue;
                            }
                            if ending == Ending::Operator {
                                let result = attempt!(operators::finish(vm, *(*frame).ip, sp, value));
                                drop(pop!());
                                set_top!(1, result);
                                check_finalizers!();
                                continue;
                            }
                            if ending == Ending::Length {
                                let length = attempt!(calls::length_returned(vm, value));
                                push!(length);
                                check_finalizers!();
                                continue;
                            }
                            if ending == Ending::Iterator && value.borrow().class().slots().next.is_none() {
                                break 'raise calls::iter_returned(vm, value.borrow());
                            }
                            if ending != Ending::Push && ending != Ending::Iterator {
                                // The instance is on the stack already.
                                if ending == Ending::Init && !value.borrow().is_none() {
                                    break 'raise calls::init_returned(vm, value.borrow());
                                }
                                drop(value);
                                check_finalizers!();
                                continue;
                            }
                            if !is_generator {
                                push!(value);
                                continue;
                            }
                            match shadow::original(*(*frame).ip) {
                                // The generator of a `for` is exhausted; what it returned goes nowhere.
                                Opcode::ForIter => {
                                    if TRACED {
                                        attempt!(tracing::receiver_stopped(vm, frame, value.borrow()));
                                    }
                                    drop(value);
                                    jump!((*(*frame).ip).arg() + 1);
                                }
                                Opcode::Send => {
                                    push!(value);
                                    jump!((*(*frame).ip).arg());
                                }
                                _ => push!(value),
                            }
                        }
                        Opcode::YieldValue => {
                            if TRACED {
                                attempt!(tracing::returned(vm, frame, event::PY_YIELD, top!(1)));
                            }
                            let value = pop!();
                            (*frame).sp = sp;
                            if (*frame).ending == Ending::Awaited && (*frame).is_entry {
                                compiled::resume::wait(vm, frame);
                                return Ok(Outcome::Done(value));
                            }
                            if (*frame).ending == Ending::Awaited {
                                (*frame).ending = Ending::Push;
                                let coroutine = generator::make_suspended(vm, frame);
                                frame = vm.frame.cast();
                                ip = (*frame).ip.add(shadow::AWAITED_CALL);
                                load_registers!();
                                push!(coroutine);
                                push!(value);
                                continue;
                            }
                            let is_entry = (*frame).is_entry;
                            generator::suspend(vm, frame);
                            if is_entry {
                                return Ok(Outcome::Done(value));
                            }
                            frame = vm.frame.cast();
                            ip = (*frame).ip.add(1);
                            load_registers!();
                            push!(value);
                        }
                        _ => {
                            let stepped = steps::STEPS[opcode as usize](vm, frame, sp, arg);
                            sp = stepped.sp;
                            attempt!(stepped.result);
                            check_finalizers!();
                        }
                    }
                }
                continue 'resume;
            };
            // An exception: find the handler in this frame or the ones that called it.
            let mut raised = raised;
            loop {
                let index = (*(*frame).code).index_of((*frame).ip);
                let handler = (*(*frame).code).handler(reraised_at.take().unwrap_or(index));
                let is_again = (*frame).traced & exceptions::RERAISED != 0;
                exceptions::add_traceback(vm, frame, index);
                if TRACED {
                    (*frame).sp = sp;
                    raised = tracing::raised(vm, frame, raised, is_again);
                    raised = tracing::unwinding(vm, frame, raised, handler.is_some());
                }
                if let Some(entry) = handler {
                    let bottom = Frame::locals(frame).add((*(*frame).code).n_locals + entry.depth as usize);
                    while sp > bottom {
                        sp = sp.sub(1);
                        drop(Object::from_raw(*sp));
                    }
                    if entry.lasti {
                        push!(Object::small_int(index as i64));
                    }
                    let exception = vm.catch(raised);
                    push!(exception);
                    ip = (*(*frame).code).entry().add(entry.target as usize);
                    if breaker_reasons() & breaker::FINALIZERS != 0 {
                        vm.run_finalizers();
                    }
                    break;
                }
                let (is_entry, ending) = ((*frame).is_entry, (*frame).ending);
                let n_stack = sp.offset_from(Frame::locals(frame)) as usize - (*(*frame).code).n_locals;
                if (*frame).generator != 0 {
                    generator::finish(vm, frame, n_stack);
                } else {
                    if (*frame).ending == Ending::Awaited {
                        drop(vm.handled.pop());
                    }
                    pop_frame(vm, frame, n_stack);
                }
                if is_entry {
                    if breaker_reasons() & breaker::FINALIZERS != 0 {
                        vm.run_finalizers();
                    }
                    return Err(raised);
                }
                frame = vm.frame.cast();
                load_registers!();
                if ending == Ending::Attribute {
                    object::attribute::note_missing(vm, top!(1), name_at((*frame).code, (*(*frame).ip).arg() >> 1));
                }
                // The same proof, for the next frame.
                let exception = vm.catch(raised);
                raised = vm.reraise(exception);
            }
        }
    }
}

/// Moves the top `n` values off the stack.
unsafe fn take_values(sp: *mut u64, n: usize) -> Vec<Object> {
    // SAFETY: the caller has that many values on the stack, and lets go of them.
    (0..n).map(|index| unsafe { Object::from_raw(*sp.sub(n - index)) }.expect(NO_VALUE)).collect()
}

/// The name an operand stands for.
#[inline(always)]
unsafe fn name_at(code: *const CodeObject, index: u32) -> Ref<'static> {
    // SAFETY: the caller's code was verified: its operands are in range.
    unsafe { *(*code).names.as_ptr().add(index as usize) }
}

/// The constant an operand stands for.
#[inline(always)]
unsafe fn constant_at(code: *const CodeObject, index: u32) -> Object {
    // SAFETY: as for `name_at`.
    unsafe { (*(*code).constants.as_ptr().add(index as usize)).clone() }
}
