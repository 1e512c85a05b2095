//! Generators and coroutines in compiled code.
//!
//! A generator that is suspended is the interpreter's, whoever suspended it: its frame has the locals and the stack, `ip` is at the `yield`. So whatever looks at
//! it, throws into it or closes it need not know of compiled code, and if that is thrown away the interpreter just goes on.
//!
//! Compiled code has an entry behind each `yield`, and behind what the generator delegates to, once that has returned. Who resumes a generator asks
//! whether there is one ([`entry_of`]) and calls it natively. It suspends or ends the frame before it returns, as the interpreter would.
//! Generators in between, that only hand values on, are passed by ([`go_on`]).
//!
//! A coroutine function whose call is awaited at once ([`Ending::Awaited`]) runs on the data stack, and is entered behind its `RETURN_GENERATOR`. If it has
//! to wait, it puts the coroutine that it becomes on its caller's stack ([`Awaited::Waits`]).

use super::{Entry, Exited, raised, stack};
use crate::async_generator::{self, ASYNC_GENERATOR};
use crate::cell_object::new_cell;
use crate::code::CodeObject;
use crate::eval;
use crate::frame::{self, Ending, Frame, take};
use crate::function::{self, Function};
use crate::generator::{self, COROUTINE, GENERATOR, Generator, GeneratorData, Resumed, State};
use crate::shadow;
use crate::tracing;
use bytecode::{CodeFlags, Opcode};
use object::tuple::Tuple;
use object::vm::{breaker, breaker_reasons};
use object::{Object, PyResult, Ref, Vm, raw};
use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicUsize, Ordering};

/// What a code object knows of the entries of its compiled code.
pub struct Resumable {
    /// Null: there are none.
    table: Cell<*const Table>,
    /// Resumptions before the code is compiled.
    countdown: Cell<u32>,
    /// All that there ever were: older code may still be running.
    #[expect(clippy::vec_box, reason = "found by address")]
    tables: RefCell<Vec<Box<Table>>>,
}

/// Entries by the index of their instruction.
struct Table {
    entries: Vec<Option<Entry>>,
    /// Of a coroutine function that does nothing before its `RETURN_GENERATOR`: the entry behind that.
    first: Option<Entry>,
    /// The words of the globals and builtins the code is for.
    scope: (u64, u64),
}

/// Where a generator goes on that compiled code has suspended.
pub(crate) struct Ready {
    /// Null: that has to be looked up.
    table: Cell<*const Table>,
    entry: Cell<Option<Entry>>,
}

impl Ready {
    pub(crate) const fn new() -> Ready {
        Ready { table: Cell::new(std::ptr::null()), entry: Cell::new(None) }
    }

    #[inline(always)]
    pub(crate) fn forget(&self) {
        self.table.set(std::ptr::null());
    }

    #[inline(always)]
    pub(crate) fn is_noted(&self) -> bool {
        !self.table.get().is_null()
    }
}

/// Stands for the table of code that has not been resumed often enough.
static WAITING: Table = Table { entries: Vec::new(), first: None, scope: (0, 0) };

/// Compiles the code of a frame that is about to be resumed.
pub type Compile = unsafe fn(vm: &mut Vm, frame: *mut Frame);

/// Who compiles; 0: nobody.
static COMPILE: AtomicUsize = AtomicUsize::new(0);

static COUNTDOWN: AtomicUsize = AtomicUsize::new(0);

/// From now on, after so many resumptions, this is asked to compile the code of new generator functions.
pub fn set_first_resumption(compile: Option<Compile>, countdown: u32) {
    COUNTDOWN.store(countdown as usize, Ordering::Relaxed);
    COMPILE.store(compile.map_or(0, |compile| compile as usize), Ordering::Relaxed);
}

impl Resumable {
    /// Whether resumptions are counted, or there is compiled code.
    #[inline(always)]
    pub(crate) fn is_in_use(&self) -> bool {
        !self.table.get().is_null()
    }

    pub(super) fn new(flags: CodeFlags) -> Resumable {
        let is_awaited = COMPILE.load(Ordering::Relaxed) != 0 && flags.has(CodeFlags::OPTIMIZED) && flags.has(CodeFlags::SUSPENDS);
        Resumable {
            table: Cell::new(if is_awaited { &raw const WAITING } else { std::ptr::null() }),
            countdown: Cell::new(COUNTDOWN.load(Ordering::Relaxed) as u32),
            tables: RefCell::default(),
        }
    }

    /// Installs compiled code.
    pub fn set(&self, code: &CodeObject, entries: &[(u32, Entry)], scope: (u64, u64)) {
        let limit = entries.iter().map(|(index, _)| *index as usize + 1).max().unwrap_or(0);
        let mut table = Box::new(Table { entries: vec![None; limit], first: None, scope });
        for &(index, entry) in entries {
            table.entries[index as usize] = Some(entry);
        }
        let begins_at_once = code.data.instructions[0].opcode() == Some(Opcode::ReturnGenerator);
        if begins_at_once && begins_awaited(code) {
            table.first = table.entries.get(1).copied().flatten();
        }
        self.table.set(&raw const *table);
        self.tables.borrow_mut().push(table);
    }

    /// Generators are interpreted from now on.
    pub fn clear(&self) {
        self.table.set(std::ptr::null());
    }

    /// Has the code compiled after so many more resumptions.
    pub fn compile_after(&self, resumptions: u32) {
        self.countdown.set(resumptions);
        self.table.set(&raw const WAITING);
    }

    /// Has generators run the code that was installed last. Whether there was any.
    pub fn restore(&self) -> bool {
        let tables = self.tables.borrow();
        tables.last().inspect(|table| self.table.set(&raw const ***table)).is_some()
    }

    pub fn is_set(&self) -> bool {
        !self.table.get().is_null() && !self.is_waiting()
    }

    /// Whether the code is compiled after some resumptions.
    pub fn is_waiting(&self) -> bool {
        std::ptr::eq(self.table.get(), &raw const WAITING)
    }
}

/// The compiled code at which a suspended frame, or one that has just begun, goes on.
///
/// # Safety
///
/// The frame is the innermost one, and its `ip` is that of the instruction it was suspended at.
#[inline(always)]
pub(crate) unsafe fn entry_of(vm: &mut Vm, frame: *mut Frame) -> Option<Entry> {
    // SAFETY: the caller's promise; the frame keeps its code.
    unsafe {
        let code = &*(*frame).code;
        if code.compiled.resumable.table.get().is_null() {
            return None;
        }
        entry_at(vm, frame, code.index_of((*frame).ip) + 1)
    }
}

/// The compiled code with which a frame goes on at an instruction.
///
/// # Safety
///
/// The frame is the innermost one.
#[inline(never)]
unsafe fn entry_at(vm: &mut Vm, frame: *mut Frame, index: usize) -> Option<Entry> {
    // SAFETY: the caller's promise; tables live as long as their code.
    unsafe {
        let resumable = &(*(*frame).code).compiled.resumable;
        if std::ptr::eq(resumable.table.get(), &raw const WAITING) {
            count(vm, frame);
        }
        let table = resumable.table.get().as_ref()?;
        let entry = (*table.entries.get(index)?)?;
        let function = (*frame).function();
        // Who has the frame object may look at the variables whenever it likes.
        if is_observed(frame) || table.scope != function.scope_words() {
            return None;
        }
        let is_traced = breaker_reasons() & breaker::TRACE != 0 && tracing::is_active(vm);
        (!is_traced && vm.has_stack()).then_some(entry)
    }
}

/// Whether somebody has the frame's object.
#[inline(always)]
unsafe fn is_observed(frame: *mut Frame) -> bool {
    // SAFETY: the caller's promise: the word is a reference or zero.
    unsafe { (*frame).object != 0 && !Ref::from_bits((*frame).object).is_unique() }
}

/// Counts a resumption of code that is not compiled, and compiles it after enough of them.
#[cold]
#[inline(never)]
unsafe fn count(vm: &mut Vm, frame: *mut Frame) {
    // SAFETY: the caller's promise; the address is that of a `Compile`.
    unsafe {
        let code = &*(*frame).code;
        let resumable = &code.compiled.resumable;
        let left = resumable.countdown.get();
        let may_become_hot = !code.runs_copy() && code.warmth.get() != 0;
        if may_become_hot {
            // There is nothing yet to compile it by.
            return;
        }
        if left > 0 {
            resumable.countdown.set(left - 1);
            return;
        }
        resumable.clear();
        let address = COMPILE.load(Ordering::Relaxed);
        if address != 0 {
            std::mem::transmute::<usize, Compile>(address)(vm, frame);
        }
    }
}

/// What came of resuming a generator that may be ready.
#[derive(Clone, Copy)]
pub enum Quick {
    /// It is not, and nothing has happened.
    NotReady,
    Raised,
    /// Words that own references.
    Yielded(u64),
    Returned(u64),
}

/// Resumes a generator or coroutine that compiled code has suspended or is to begin, with a value that is taken over unless it is not ready.
///
/// # Safety
///
/// The words are those of a live generator or coroutine, and of a value with a reference.
#[inline(always)]
unsafe fn resume_ready(vm: &mut Vm, generator: u64, value: u64) -> Quick {
    // SAFETY: the caller's promise: a suspended generator has a frame.
    unsafe {
        let data = data_of(generator);
        let state = data.state.get();
        if state != State::Suspended && (state != State::Created || value != raw::NONE) {
            return Quick::NotReady;
        }
        let frame = data.frame.get();
        let table = (*(*frame).code).compiled.resumable.table.get();
        let is_valid = std::ptr::eq(data.ready.table.get(), table) && !is_observed(frame);
        let Some(entry) = data.ready.entry.get() else { return Quick::NotReady };
        if !is_valid || table.is_null() || breaker_reasons() & breaker::TRACE != 0 || !vm.has_stack() {
            return Quick::NotReady;
        }
        (*frame).previous = vm.frame.cast();
        (*frame).is_entry = true;
        (*frame).exited = Exited::No;
        vm.frame = frame.cast();
        vm.depth += 1;
        data.state.set(State::Running);
        let handled = data.handled.take();
        vm.handled.push(handled);
        // Compiled code knows where the top of the stack is.
        (*frame).sp.write(value);
        let word = entry(vm, frame);
        if word == 0 {
            Quick::Raised
        } else if data.state.get() == State::Suspended {
            Quick::Yielded(word)
        } else {
            Quick::Returned(word)
        }
    }
}

/// [`resume_ready`] for the evaluation loop.
///
/// # Safety
///
/// As for that.
#[inline(never)]
pub(crate) unsafe fn resume_quickly(vm: *mut Vm, generator: u64, value: u64) -> Quick {
    // SAFETY: the caller's promise.
    unsafe { resume_ready(&mut *vm, generator, value) }
}

/// Resumes a generator for native code. The value comes back if it is not ready.
pub(crate) fn resume_noted(vm: &mut Vm, generator: Ref<'_>, value: Object) -> Result<PyResult<Resumed>, Object> {
    if vm.depth >= vm.depth_limit {
        return Err(value);
    }
    let word = value.into_raw();
    // SAFETY: the generator is alive; the words own references.
    unsafe {
        let taken = |word: u64| Object::from_raw(word).expect("a value is never null");
        match resume_ready(vm, generator.bits(), word) {
            Quick::NotReady => Err(taken(word)),
            Quick::Raised => Ok(Err(raised(vm))),
            Quick::Yielded(value) => Ok(Ok(Resumed::Yield(taken(value)))),
            Quick::Returned(value) => Ok(Ok(Resumed::Return(taken(value)))),
        }
    }
}

/// The next item of an iterator that may be a generator that is ready.
///
/// # Safety
///
/// The word is that of a live value.
#[inline(always)]
pub unsafe fn next_ready(vm: &mut Vm, iterator: u64) -> Quick {
    // SAFETY: the caller's promise.
    unsafe {
        if raw::class_address(iterator) != std::ptr::from_ref(&GENERATOR).addr() || !data_of(iterator).ready.is_noted() {
            return Quick::NotReady;
        }
        resume_ready(vm, iterator, raw::NONE)
    }
}

/// What running a frame came to.
pub(crate) enum Went {
    /// A frame that native code resumed gave a value.
    Finished(Object),
    /// Such a frame raised.
    Failed,
    /// The innermost frame is to be interpreted, from where its `ip` and `sp` are.
    Interpret,
    /// The instruction of the innermost frame raised.
    Raised,
}

/// Who resumes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Resumer {
    /// The evaluation loop, which cannot end by itself frames that native code resumed.
    Loop,
    Native,
}

/// The data of a generator, coroutine or async generator.
///
/// # Safety
///
/// The word is that of one, which is alive.
unsafe fn data_of<'a>(generator: u64) -> &'a GeneratorData {
    // SAFETY: the caller's promise; the payloads are all nothing but this.
    unsafe { &Ref::from_bits(generator).downcast_unchecked::<Generator>().get().0 }
}

/// Runs the frame of a generator that has just been resumed, in compiled code, and then the frames that delegate to it, as long as there is compiled code for them.
///
/// # Safety
///
/// The frame is the innermost one, and the entry is its.
pub(crate) unsafe fn go_on(vm: &mut Vm, frame: *mut Frame, entry: Entry, by: Resumer) -> Went {
    // SAFETY: the caller's promise; who resumed a generator holds it, so it outlives its frame.
    unsafe {
        let (mut frame, mut entry) = (frame, entry);
        loop {
            let (is_entry, generator) = ((*frame).is_entry, (*frame).generator);
            let is_own = !is_entry && Ref::from_bits(generator).is_exactly(&ASYNC_GENERATOR);
            (*frame).is_entry = true;
            (*frame).exited = Exited::No;
            let value = Object::from_raw(entry(vm, frame));
            let data = data_of(generator);
            let resumer: *mut Frame = vm.frame.cast();
            let Some(value) = value else {
                if is_own {
                    data.running_async.set(false);
                }
                return if is_entry { Went::Failed } else { Went::Raised };
            };
            if is_entry {
                return Went::Finished(value);
            }
            if data.state.get() == State::Suspended {
                if data.yields.get() {
                    generator::end_awaitable(resumer, data);
                } else if generator::suspend_waiting(vm) {
                    return Went::Finished(value);
                }
                let resumer: *mut Frame = vm.frame.cast();
                generator::push(resumer, value);
                (*resumer).ip = (*resumer).ip.add(1);
                return Went::Interpret;
            }
            let at = (*resumer).ip;
            let target = (*at).arg() as usize;
            if shadow::original(*at) == Opcode::ForIter {
                // What the generator of a loop returned goes nowhere.
                drop(value);
                (*resumer).ip = (*(*resumer).code).entry().add(target + 1);
                return Went::Interpret;
            }
            generator::push(resumer, value);
            if is_own {
                // The `SEND` comes again and finds that the generator has ended.
                return Went::Interpret;
            }
            (*resumer).ip = (*(*resumer).code).entry().add(target);
            let may_enter = (*resumer).generator != 0 && (by == Resumer::Native || !(*resumer).is_entry);
            if !may_enter || (*(*resumer).code).compiled.resumable.table.get().is_null() {
                return Went::Interpret;
            }
            let Some(next) = entry_at(vm, resumer, target) else { return Went::Interpret };
            (frame, entry) = (resumer, next);
        }
    }
}

/// Runs a generator's frame that native code has just resumed, until it is left.
///
/// # Safety
///
/// The frame is the innermost one, and its `is_entry` is set; the value that is sent to it is on its stack.
pub(crate) unsafe fn run_resumed(vm: &mut Vm, frame: *mut Frame) -> PyResult {
    // SAFETY: the caller's promise.
    unsafe {
        let inner = generator::resume_delegates(vm, frame);
        let Some(entry) = entry_of(vm, inner) else {
            (*inner).ip = (*inner).ip.add(1);
            return eval::execute(vm, inner, None);
        };
        let raised_in = match go_on(vm, inner, entry, Resumer::Native) {
            Went::Finished(value) => return Ok(value),
            Went::Failed => return Err(raised(vm)),
            Went::Interpret => None,
            Went::Raised => Some(raised(vm)),
        };
        let innermost = vm.frame.cast();
        eval::execute(vm, innermost, raised_in)
    }
}

/// What the frame of an awaited call came to.
pub(crate) enum Awaited {
    Returned(Object),
    /// It waits, and yields a value; the coroutine that it has become is on its caller's stack.
    Waits(Object),
    Raised,
}

/// Runs the frame of an awaited call in compiled code.
///
/// # Safety
///
/// The frame is the innermost one, its ending is [`Ending::Awaited`], and the entry is its.
pub(crate) unsafe fn run_awaited(vm: &mut Vm, frame: *mut Frame, entry: Entry) -> Awaited {
    // SAFETY: the caller's promise; the caller's frame outlives it.
    unsafe {
        let caller = (*frame).previous;
        let top = (*caller).sp;
        (*frame).is_entry = true;
        let value = Object::from_raw(entry(vm, frame));
        awaited(vm, caller, top, value)
    }
}

/// What the frame of an awaited call came to that has given a value, or raised. The top of its caller's stack was `top` before.
unsafe fn awaited(vm: &mut Vm, caller: *mut Frame, top: *mut u64, value: Option<Object>) -> Awaited {
    // SAFETY: the caller's promise.
    unsafe {
        match value {
            None => Awaited::Raised,
            Some(value) if (*caller).sp != top => Awaited::Waits(value),
            Some(value) => {
                drop(vm.handled.pop());
                Awaited::Returned(value)
            }
        }
    }
}

/// Whether a call of a function with this code may run before there is a coroutine.
pub(crate) fn may_begin_awaited(code: &CodeObject) -> bool {
    begins_awaited(code) && !frame::ARE_ORIGINS_TRACKED.load(Ordering::Relaxed)
}

fn begins_awaited(code: &CodeObject) -> bool {
    let flags = code.data.flags;
    flags.has(CodeFlags::COROUTINE) && !flags.has(CodeFlags::ITERABLE_COROUTINE)
}

/// Executes what comes before the `RETURN_GENERATOR` of a frame that was just laid, and that itself. Whether it was simple enough.
unsafe fn begin(vm: &mut Vm, frame: *mut Frame) -> bool {
    // SAFETY: the caller's promise.
    unsafe {
        let is_simple = go_to_begin(vm, frame);
        if is_simple {
            generator::push(frame, Object::none());
        }
        is_simple
    }
}

/// Executes what comes before the `RETURN_GENERATOR` of a frame that was just laid. Whether it was simple enough.
///
/// # Safety
///
/// The frame is the innermost one, and complete but for its `ip`.
pub(super) unsafe fn go_to_begin(vm: &mut Vm, frame: *mut Frame) -> bool {
    // SAFETY: the frame is complete; operands are in range.
    unsafe {
        let code = &*(*frame).code;
        let locals = Frame::locals(frame);
        for (index, instruction) in code.data.instructions.iter().enumerate() {
            let arg = instruction.arg() as usize;
            match instruction.opcode() {
                Some(Opcode::ReturnGenerator) => {
                    (*frame).ip = code.entry().add(index);
                    return true;
                }
                Some(Opcode::MakeCell) => {
                    let cell = new_cell(vm, take(locals.add(arg)));
                    *locals.add(arg) = cell.into_object().into_raw();
                }
                Some(Opcode::CopyFreeVars) => {
                    let closure = (*frame).function().closure.get();
                    let Some(cells) = closure.as_ref().and_then(|closure| closure.borrow().downcast_exact::<Tuple>()) else { return false };
                    for (index, &cell) in cells.get().items().iter().enumerate() {
                        *locals.add(code.n_locals - arg + index) = cell.to_owned().into_raw();
                    }
                }
                _ => return false,
            }
        }
        false
    }
}

/// Calls what is on the stack, and awaits the result: callable, self or null, `n` arguments. Gives what it returned, or what it yielded; then what is waited for is in the
/// first word of the stack, which is 0 otherwise. 0: it raised.
///
/// # Safety
///
/// As for [`super::call`].
pub unsafe fn call_awaited(vm: &mut Vm, frame: *mut Frame, n: usize) -> u64 {
    // SAFETY: the caller's promise.
    unsafe {
        let base = stack(frame);
        super::unpack_bound_method(base);
        let result = match begin_quickly(vm, frame, n) {
            Some(result) => result,
            None => match begin_awaited(vm, frame, n) {
                Some(result) => result,
                None => await_result(vm, frame, n),
            },
        };
        vm.run_finalizers();
        match result {
            Awaited::Returned(value) => {
                *base = 0;
                value.into_raw()
            }
            Awaited::Waits(value) => value.into_raw(),
            Awaited::Raised => 0,
        }
    }
}

/// Runs the frame of the call of a small coroutine function in compiled code.
#[inline(always)]
unsafe fn begin_quickly(vm: &mut Vm, frame: *mut Frame, n: usize) -> Option<Awaited> {
    // SAFETY: the caller's promise.
    unsafe {
        let base = stack(frame);
        let callable = Ref::from_bits(*base);
        let function = callable.downcast_exact::<Function>()?.get();
        let code = function.code_data.get();
        let table = (*code).compiled.resumable.table.get().as_ref()?;
        let entry = table.first?;
        let (args, n) = super::arguments(base, n);
        let is_for_it = table.scope == function.scope_words();
        let is_ready = breaker_reasons() & breaker::TRACE == 0 && vm.has_stack() && !frame::ARE_ORIGINS_TRACKED.load(Ordering::Relaxed);
        if (*code).small_arguments as usize != n || !is_for_it || !is_ready {
            return None;
        }
        let inner = frame::lay_small(vm, frame, callable.bits(), code, args, n, &[]);
        if inner.is_null() {
            return None;
        }
        raw::increment(callable.bits());
        for index in 0..n {
            raw::increment(*args.add(index));
        }
        (*inner).ending = Ending::Awaited;
        (*inner).ip = (*code).entry();
        vm.handled.push(None);
        (*frame).sp = base;
        *stack(inner) = raw::NONE;
        Some(run_awaited(vm, inner, entry))
    }
}

/// Runs the frame of the call, if it is one of a coroutine function.
#[inline(never)]
unsafe fn begin_awaited(vm: &mut Vm, frame: *mut Frame, n: usize) -> Option<Awaited> {
    // SAFETY: the caller's promise; who holds a bound method holds its parts.
    unsafe {
        let base = stack(frame);
        let callable = Ref::from_bits(*base);
        let function = callable.downcast_exact::<Function>()?.get();
        let is_traced = breaker_reasons() & breaker::TRACE != 0;
        if is_traced || !vm.has_stack() || !may_begin_awaited(function.code()) {
            return None;
        }
        let (args, n) = super::arguments(base, n);
        for index in 0..n {
            raw::increment(*args.add(index));
        }
        let Ok(inner) = function::push_call_frame(vm, callable.to_owned(), args, n, None) else { return Some(Awaited::Raised) };
        (*inner).ending = Ending::Awaited;
        vm.handled.push(None);
        (*frame).sp = base;
        let compiled = if (*(*inner).code).compiled.resumable.table.get().is_null() || !begin(vm, inner) { None } else { entry_of(vm, inner) };
        Some(match compiled {
            Some(entry) => run_awaited(vm, inner, entry),
            None => {
                let value = interpret(vm, inner);
                awaited(vm, frame, base, value)
            }
        })
    }
}

/// Interprets the frame of an awaited call.
unsafe fn interpret(vm: &mut Vm, frame: *mut Frame) -> Option<Object> {
    // SAFETY: the frame has begun, or has not.
    unsafe {
        let code = &*(*frame).code;
        (*frame).is_entry = true;
        let has_begun = (*frame).sp > stack(frame);
        (*frame).ip = if has_begun { (*frame).ip.add(1) } else { code.entry() };
        eval::execute(vm, frame, None).ok()
    }
}

/// Makes the call and awaits what it gives.
unsafe fn await_result(vm: &mut Vm, frame: *mut Frame, n: usize) -> Awaited {
    // SAFETY: the caller's promise.
    unsafe {
        let Some(value) = Object::from_raw(super::call(vm, frame, n)) else { return Awaited::Raised };
        let Ok(awaitable) = generator::get_awaitable(vm, value.borrow(), 0) else { return Awaited::Raised };
        drop(value);
        let Some(value) = Object::from_raw(send(vm, frame, awaitable.borrow(), Ref::NONE)) else { return Awaited::Raised };
        if *stack(frame) != 0 {
            return Awaited::Returned(value);
        }
        *stack(frame) = awaitable.into_raw();
        Awaited::Waits(value)
    }
}

/// Leaves a frame whose locals and stack, so many words of it, are in place, at its `yield`, the instruction with this index.
///
/// # Safety
///
/// The frame is the innermost one, and was entered by [`go_on`] or [`run_awaited`].
pub unsafe fn suspend(vm: &mut Vm, frame: *mut Frame, index: usize, depth: usize) {
    // SAFETY: the caller's promise.
    unsafe {
        let code = &*(*frame).code;
        (*frame).ip = code.entry().add(index);
        (*frame).sp = stack(frame).add(depth);
        (*frame).native = 0;
        if (*frame).ending == Ending::Awaited {
            return wait(vm, frame);
        }
        let data = data_of((*frame).generator);
        data.state.set(State::Suspended);
        if let Some(handled) = vm.handled.pop().flatten() {
            data.handled.set(Some(handled));
        }
        vm.frame = (*frame).previous.cast();
        (*frame).previous = std::ptr::null_mut();
        vm.depth -= 1;
        generator::chain::leave_if_member(vm);
        note(data, code, index);
    }
}

/// Notes where compiled code goes on with a generator that waits at the instruction with this index, or has just been made.
#[inline]
pub(crate) fn note(data: &GeneratorData, code: &CodeObject, index: usize) {
    // SAFETY: tables live as long as their code.
    let table = unsafe { code.compiled.resumable.table.get().as_ref() };
    match table {
        Some(table) if !code.has_several_scopes() => {
            data.ready.entry.set(table.entries.get(index + 1).copied().flatten());
            data.ready.table.set(table);
        }
        _ => data.ready.forget(),
    }
}

/// The same at a `yield` that hands on what another generator yields. It is passed by when that yields again.
///
/// # Safety
///
/// As for [`suspend`].
pub unsafe fn suspend_delegating(vm: &mut Vm, frame: *mut Frame, index: usize, depth: usize) {
    // SAFETY: the caller's promise.
    unsafe {
        (*frame).ip = (*(*frame).code).entry().add(index);
        (*frame).sp = stack(frame).add(depth);
        (*frame).native = 0;
        if (*frame).ending == Ending::Awaited {
            return wait(vm, frame);
        }
        generator::suspend(vm, frame);
    }
}

/// Makes a coroutine of the frame of an awaited call that native code has entered, and puts it on its caller's stack.
///
/// # Safety
///
/// The frame is the innermost one; its `ip` and `sp` are those of the `yield`.
pub(crate) unsafe fn wait(vm: &mut Vm, frame: *mut Frame) {
    // SAFETY: the caller's promise; there is room for a coroutine where the callable was.
    unsafe {
        (*frame).ending = Ending::Push;
        let coroutine = generator::make_suspended(vm, frame);
        generator::push(vm.frame.cast(), coroutine);
    }
}

/// Ends a frame whose locals and stack are empty.
///
/// # Safety
///
/// As for [`suspend`].
pub unsafe fn finish(vm: &mut Vm, frame: *mut Frame) {
    // SAFETY: the caller's promise.
    unsafe {
        if (*frame).generator != 0 {
            generator::finish(vm, frame, 0);
        } else if (*frame).object != 0 {
            eval::pop_frame(vm, frame, 0);
        } else {
            vm.frame = (*frame).previous.cast();
            vm.depth -= 1;
            drop(std::mem::ManuallyDrop::take(&mut (*frame).function));
            vm.data_stack.start = frame.cast();
        }
    }
    vm.run_finalizers();
}

/// Resumes a generator or coroutine with a value from compiled code, if that is all it takes. `Some(None)`: it raised. The flag says that it returned.
fn resume_directly(vm: &mut Vm, receiver: Ref<'_>, value: Ref<'_>) -> Option<Option<(Object, bool)>> {
    if !vm.has_stack() {
        return None;
    }
    let (data, frame) = generator::start_native(vm, receiver, value)?;
    // SAFETY: the frame was just linked.
    let result = unsafe { run_resumed(vm, frame) };
    Some(result.ok().map(|value| (value, data.state.get() == State::Finished)))
}

/// Sends a value to any iterator: what it yields or returns; in the first word of the stack whether it returned. 0: it raised.
///
/// # Safety
///
/// The frame is the innermost one.
pub unsafe fn send(vm: &mut Vm, frame: *mut Frame, receiver: Ref<'_>, value: Ref<'_>) -> u64 {
    let class = receiver.class();
    let is_generator = std::ptr::eq(class, &GENERATOR) || std::ptr::eq(class, &COROUTINE);
    // SAFETY: both are alive; compiled code does not use the stack of its frame.
    unsafe {
        if is_generator && data_of(receiver.bits()).ready.is_noted() {
            raw::increment(value.bits());
            match resume_ready(vm, receiver.bits(), value.bits()) {
                Quick::NotReady => drop(Object::from_raw(value.bits())),
                Quick::Raised => return 0,
                Quick::Yielded(value) => {
                    *stack(frame) = 0;
                    return value;
                }
                Quick::Returned(value) => {
                    *stack(frame) = 1;
                    return value;
                }
            }
        }
    }
    let sent = match resume_directly(vm, receiver, value) {
        Some(sent) => sent,
        None => match generator::send(vm, receiver, value.to_owned()) {
            Ok(generator::Resumed::Yield(value)) => Some((value, false)),
            Ok(generator::Resumed::Return(value)) => Some((value, true)),
            Err(_) => None,
        },
    };
    vm.run_finalizers();
    let Some((value, has_returned)) = sent else { return 0 };
    // SAFETY: compiled code does not use the stack of its frame.
    unsafe { *stack(frame) = u64::from(has_returned) };
    value.into_raw()
}

/// The next item of a generator: `None` if it is something else, `Some(None)` if it raised, `Some(Some(None))` at its end.
#[inline]
pub(super) fn next(vm: &mut Vm, iterator: Ref<'_>) -> Option<Option<Option<Object>>> {
    if !iterator.is_exactly(&GENERATOR) {
        return None;
    }
    let resumed = resume_directly(vm, iterator, Ref::NONE)?;
    vm.run_finalizers();
    Some(resumed.map(|(value, has_returned)| (!has_returned).then_some(value)))
}

/// What an `async for` or `anext()` awaits; 0: it raised.
pub fn get_anext(vm: &mut Vm, iterator: Ref<'_>) -> u64 {
    let awaitable = async_generator::get_anext(vm, iterator).map_or(0, Object::into_raw);
    vm.run_finalizers();
    awaitable
}

/// What `await` waits for; 0: it raised. `place`: the operand of the instruction.
pub fn get_awaitable(vm: &mut Vm, value: Ref<'_>, place: u32) -> u64 {
    let awaitable = generator::get_awaitable(vm, value, place).map_or(0, Object::into_raw);
    vm.run_finalizers();
    awaitable
}

/// A value that an async generator is about to yield.
pub fn wrap_own(vm: &mut Vm, value: Ref<'_>) -> u64 {
    async_generator::wrap(vm, value).into_raw()
}
