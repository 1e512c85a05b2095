//! What compiled code needs of the interpreter: where calls find it, how it leaves for the evaluation loop, and the
//! instructions it has no better form of.
//!
//! A code object with compiled code begins, for its callers, at [`gate`], an instruction of no code: the evaluation loop, when it comes there, runs the compiled code natively
//! ([`enter`]) or goes on with the first instruction. The frame has been laid as for the interpreter, and compiled code owns it from then on.
//!
//! Compiled code does not use the evaluation stack of its frame. Functions here that take many operands find them there ([`stack`]), borrowed, from the
//! first word on; a second result is in the first word.

mod functions;
pub mod look;
pub mod raising;
pub mod resume;

use crate::code::CodeObject;
use crate::eval::steps::STEPS;
use crate::eval::{self, arithmetic, calls, iteration, names};
use crate::frame::{self, Ending, FRAME_WORDS, Frame};
use crate::function::{self, FUNCTION, Function};
use crate::tracing;
use builtins::strict_module::StrictModule;
use bytecode::opcode::BinaryOp;
use bytecode::{CodeFlags, Instr, Opcode};
use object::attribute::cache;
use object::dict::{Dict, global_cell};
use object::function::BOUND_METHOD;
use object::list::List;
use object::str::Str;
use object::tuple::Tuple;
use object::vm::{breaker, breaker_reasons};
use object::{Object, PyResult, Raised, Ref, RefOf, Vm, raw};
use resume::Resumable;
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::mem::offset_of;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Compiled code: runs the frame to its end, pops it, and gives the word of the value; 0: it raised.
pub type Entry = unsafe extern "C" fn(vm: *mut Vm, frame: *mut Frame) -> u64;

/// What a code object knows of its compiled code.
pub struct Slot {
    pub entry: Cell<Option<Entry>>,
    /// The words of the globals and builtins the compiled code is for; 0: any.
    pub scope: Cell<(u64, u64)>,
    /// Calls that are interpreted before one goes to the entry.
    pub countdown: Cell<u32>,
    /// Calls that were interpreted meanwhile.
    pub interpreted: Cell<u32>,
    pub is_suppressed: Cell<bool>,
    /// Jumps backward, of all frames that are interpreted, until one goes on in compiled code, if it can; see [`set_hot_loop`].
    pub heat: Cell<u32>,
    /// What compiled code can be entered at, by the heads of loops.
    pub loops: RefCell<Vec<(u32, Entry)>>,
    /// What whoever compiles has to remember of the code.
    pub history: RefCell<Option<Box<dyn Any>>>,
    /// Of a generator's code: where it goes on.
    pub resumable: Resumable,
    /// The objects compiled code refers to.
    pub references: RefCell<Vec<Object>>,
    /// Keep the code, and what it refers to; the last one is of the code in use. Older code may still be running.
    pub owners: RefCell<Vec<Box<dyn Any>>>,
}

/// What new functions' code objects have for an entry; 0: none.
static FIRST_CALL: AtomicUsize = AtomicUsize::new(0);

static COUNTDOWN: AtomicUsize = AtomicUsize::new(0);

/// From now on, after so many calls, the next call of a function goes to this entry, which may compile it.
pub fn set_first_call(entry: Option<Entry>, countdown: u32) {
    COUNTDOWN.store(countdown as usize, Ordering::Relaxed);
    FIRST_CALL.store(entry.map_or(0, |entry| entry as usize), Ordering::Relaxed);
}

/// Finds, or makes, compiled code to go on with at the head of a loop, whose frame is the innermost one.
pub type HotLoop = unsafe fn(vm: &mut Vm, frame: *mut Frame, head: u32) -> Option<Entry>;

/// Who is asked about hot loops; 0: nobody.
static HOT_LOOP: AtomicUsize = AtomicUsize::new(0);

/// So often jumps go backward before somebody is asked.
static HEAT: AtomicUsize = AtomicUsize::new(0);

/// From now on code that gets a copy counts its jumps backward, and after so many this is asked for compiled code.
pub fn set_hot_loop(hot_loop: Option<HotLoop>, heat: u32) {
    HEAT.store(heat as usize, Ordering::Relaxed);
    HOT_LOOP.store(hot_loop.map_or(0, |hot_loop| hot_loop as usize), Ordering::Relaxed);
}

/// After how many jumps backward somebody is asked.
pub fn loop_heat() -> u32 {
    HEAT.load(Ordering::Relaxed) as u32
}

/// Whether a frame that is interpreted ran compiled code before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exited {
    No,
    /// [`leave_for_interpreter`] interprets it.
    Yes,
    /// The same, and an exception is set.
    Raising,
}

/// What compiled code gives that left its frame to the [`leave_for_interpreter`] that entered it; no value has this word.
const LEFT_AGAIN: u64 = 0x7fc;

/// Compiled code to go on with in the frame of the evaluation loop that has just returned; 0: none.
static PENDING: AtomicUsize = AtomicUsize::new(0);

impl Slot {
    /// Whether copies of the code count their jumps backward.
    pub(crate) fn counts_jumps(&self, flags: CodeFlags) -> bool {
        HOT_LOOP.load(Ordering::Relaxed) != 0 && flags.has(CodeFlags::OPTIMIZED) && !flags.has(CodeFlags::SUSPENDS)
    }

    pub(crate) fn new(flags: CodeFlags) -> Slot {
        let countdown = COUNTDOWN.load(Ordering::Relaxed) as u32;
        Slot {
            entry: Cell::new(if is_watched_late() { None } else { first_call(flags) }),
            scope: Cell::new((0, 0)),
            countdown: Cell::new(countdown),
            interpreted: Cell::new(0),
            is_suppressed: Cell::new(false),
            heat: Cell::new(loop_heat()),
            loops: RefCell::default(),
            history: RefCell::default(),
            resumable: Resumable::new(flags),
            references: RefCell::default(),
            owners: RefCell::default(),
        }
    }

    /// The code gets a copy: from now on its calls are counted, if they were not before.
    pub(crate) fn warmed_up(&self, flags: CodeFlags) {
        if is_watched_late() && self.entry.get().is_none() && !self.is_suppressed.get() && self.owners.borrow().is_empty() {
            self.countdown.set(COUNTDOWN.load(Ordering::Relaxed) as u32 - WARM_UP);
            self.entry.set(first_call(flags));
        }
    }
}

/// So many calls go by before code gets a copy, as a rule.
const WARM_UP: u32 = 50;

/// Whether calls are counted only of code that has a copy: counting takes time, too.
fn is_watched_late() -> bool {
    COUNTDOWN.load(Ordering::Relaxed) >= WARM_UP as usize
}

/// What calls of code that has not been compiled go to, if anything.
fn first_call(flags: CodeFlags) -> Option<Entry> {
    let address = FIRST_CALL.load(Ordering::Relaxed);
    // SAFETY: the address is 0 or that of an entry, see `set_first_call`.
    let entry = unsafe { std::mem::transmute::<usize, Option<Entry>>(address) };
    entry.filter(|_| flags.has(CodeFlags::OPTIMIZED) && !flags.has(CodeFlags::SUSPENDS))
}

/// A word that no code has; its form is that of an instruction of a copy, without handler.
static GATE: Instr = Instr(1 << 31 | 0xff);

/// The same at the head of a loop.
static LOOP_GATE: Instr = Instr(1 << 31 | 0xff);

/// Where calls of code that is compiled begin.
#[inline(always)]
pub(crate) fn gate() -> *const Instr {
    &raw const GATE
}

/// Whether the word is that of an instruction of no code.
#[inline(always)]
pub(crate) fn is_gate(instruction: Instr) -> bool {
    instruction.0 == GATE.0
}

/// How a frame goes on after a jump backward to a loop that may be hot.
pub(crate) enum Next {
    Interpret,
    /// At this instruction, which is of no code.
    Gate(*const Instr),
    /// The evaluation loop returns, whatever it gives: [`leave_for_interpreter`] goes on with compiled code.
    Return,
}

/// Asks for compiled code at the head of a loop, after enough jumps backward.
///
/// # Safety
///
/// The frame is the innermost one, and its `ip` and `sp` are those at the head, an instruction with this index.
#[cold]
#[inline(never)]
pub(crate) unsafe fn at_hot_loop(vm: &mut Vm, frame: *mut Frame, head: u32) -> Next {
    // SAFETY: the address is that of a `HotLoop`; the frame keeps its code.
    unsafe {
        let slot = &(*(*frame).code).compiled;
        slot.heat.set(loop_heat());
        let asked = HOT_LOOP.load(Ordering::Relaxed);
        let is_other = (*frame).ending == Ending::Awaited || (*frame).generator | (*frame).namespace != 0 || look::is_observed(frame);
        if asked == 0 || is_other || slot.is_suppressed.get() || breaker_reasons() & breaker::TRACE != 0 || !vm.has_stack() {
            return Next::Interpret;
        }
        let asked = std::mem::transmute::<usize, HotLoop>(asked);
        let Some(entry) = asked(vm, frame, head) else { return Next::Interpret };
        PENDING.store(entry as usize, Ordering::Relaxed);
        if (*frame).exited != Exited::No && (*frame).is_entry { Next::Return } else { Next::Gate(&raw const LOOP_GATE) }
    }
}

/// The compiled code that [`at_hot_loop`] has found.
fn take_pending() -> Option<Entry> {
    let address = PENDING.load(Ordering::Relaxed);
    if address != 0 {
        PENDING.store(0, Ordering::Relaxed);
    }
    // SAFETY: the address is 0 or that of an entry.
    unsafe { std::mem::transmute::<usize, Option<Entry>>(address) }
}

/// How a frame that ran compiled code ended.
pub(crate) struct Left {
    pub is_entry: bool,
    pub ending: Ending,
    /// `None`: it raised.
    pub value: Option<Object>,
}

/// Runs the compiled code of a frame that has come to a gate. `None`: the frame is to be interpreted, from where its `ip` is now.
///
/// # Safety
///
/// The frame is the innermost one, at this gate.
pub(crate) unsafe fn pass(vm: &mut Vm, frame: *mut Frame, gate: *const Instr) -> Option<Left> {
    // SAFETY: the caller's promise; an entry takes the frame over.
    unsafe {
        if std::ptr::eq(gate, &raw const LOOP_GATE) {
            let entry = take_pending()?;
            let (is_entry, ending) = ((*frame).is_entry, (*frame).ending);
            let value = Object::from_raw(entry(vm, frame));
            return Some(Left { is_entry, ending, value });
        }
        enter(vm, frame)
    }
}

/// Runs a frame's compiled code. `None`: the frame is to be interpreted, from the first instruction, where its `ip` is now.
///
/// # Safety
///
/// The frame is the innermost one, at the gate.
unsafe fn enter(vm: &mut Vm, frame: *mut Frame) -> Option<Left> {
    // SAFETY: the caller's promise; an entry takes the frame over.
    unsafe {
        let code = (*frame).code;
        (*frame).ip = (*code).entry();
        let slot = &(*code).compiled;
        let entry = slot.entry.get()?;
        if slot.countdown.get() > 0 {
            slot.countdown.set(slot.countdown.get() - 1);
            slot.interpreted.set(slot.interpreted.get().saturating_add(1));
            return None;
        }
        let function = (*frame).function();
        let scope = slot.scope.get();
        if scope.0 != 0 && scope != function.scope_words() {
            return None;
        }
        let is_traced = breaker_reasons() & breaker::TRACE != 0 && tracing::is_active(vm);
        if is_traced {
            look::leave_callers(vm, frame);
        }
        if is_traced || (*frame).ending == Ending::Awaited || (*frame).generator | (*frame).namespace != 0 || !vm.has_stack() {
            return None;
        }
        let (is_entry, ending) = ((*frame).is_entry, (*frame).ending);
        let value = Object::from_raw(entry(vm, frame));
        Some(Left { is_entry, ending, value })
    }
}

/// The exception that is set, as a result.
pub(crate) fn raised(vm: &mut Vm) -> Raised {
    let exception = vm.take_raised().expect("compiled code says so when an exception is set");
    vm.reraise(exception)
}

/// Runs a frame that was just pushed; 0: it raised.
unsafe fn run(vm: &mut Vm, frame: *mut Frame) -> u64 {
    // SAFETY: the caller's promise.
    unsafe {
        match enter(vm, frame) {
            Some(left) => left.value.map_or(0, Object::into_raw),
            None => eval::run(vm, frame).map_or(0, Object::into_raw),
        }
    }
}

/// Interprets a frame from the first instruction to its end, although its code is compiled.
///
/// # Safety
///
/// The frame is the innermost one and has just been pushed.
pub unsafe fn interpret(vm: &mut Vm, frame: *mut Frame) -> u64 {
    // SAFETY: the caller's promise.
    unsafe {
        (*frame).native = 0;
        (*frame).ip = (*(*frame).code).entry();
        // Compiled callers leave it as it was.
        (*frame).sp = stack(frame);
        eval::run(vm, frame).map_or(0, Object::into_raw)
    }
}

/// Offsets of fields that compiled code reads and writes.
pub mod layout {
    use super::*;

    pub const LOCALS: usize = FRAME_WORDS * 8;
    pub const FRAME_FUNCTION: usize = offset_of!(Frame, function);
    pub const FRAME_CODE: usize = offset_of!(Frame, code);
    pub const FRAME_NAMESPACE: usize = offset_of!(Frame, namespace);
    pub const FRAME_GENERATOR: usize = offset_of!(Frame, generator);
    /// The word of all small fields: zero in the frame of a plain call.
    pub const FRAME_FLAGS: usize = offset_of!(Frame, is_entry);
    const _: () = assert!(size_of::<Frame>() == FRAME_FLAGS + 8 && Ending::Push as u8 == 0);
    /// Four bytes: see [`super::look`].
    pub const FRAME_NATIVE: usize = offset_of!(Frame, native);
    pub const FRAME_IP: usize = offset_of!(Frame, ip);
    pub const FRAME_PREVIOUS: usize = offset_of!(Frame, previous);
    pub const FRAME_OBJECT: usize = offset_of!(Frame, object);
    pub const FUNCTION_CODE: usize = abi::header::SIZE + offset_of!(Function, code_data);
    pub const FUNCTION_ENTRY: usize = abi::header::SIZE + offset_of!(Function, known_entry);
    /// Of a code object, behind its header.
    pub const CODE_ENTRY: usize = offset_of!(CodeObject, compiled.entry);
    pub const CODE_INSTRUCTIONS: usize = offset_of!(CodeObject, entry);
    pub const CODE_FRAME_WORDS: usize = offset_of!(CodeObject, frame_words);
    pub const CODE_SMALL_ARGUMENTS: usize = offset_of!(CodeObject, small_arguments);
    pub const FUNCTION_CLOSURE: usize = abi::header::SIZE + offset_of!(Function, closure);
    pub const CELL_CONTENTS: usize = abi::header::SIZE + offset_of!(crate::cell_object::CellObject, contents);
}

/// The code a frame runs.
///
/// # Safety
///
/// The frame is in progress, and the code is used while it is.
pub unsafe fn code_of<'a>(frame: *mut Frame) -> &'a CodeObject {
    // SAFETY: the caller's promise.
    unsafe { &*(*frame).code }
}

/// The function a frame runs.
///
/// # Safety
///
/// As for [`code_of`].
pub unsafe fn function_of<'a>(frame: *mut Frame) -> &'a Function {
    // SAFETY: the caller's promise.
    unsafe { (*frame).function() }
}

/// The first word of a frame's locals.
pub fn locals(frame: *mut Frame) -> *mut u64 {
    Frame::locals(frame)
}

/// The first word of a frame's evaluation stack.
///
/// # Safety
///
/// The frame is in progress.
pub unsafe fn stack(frame: *mut Frame) -> *mut u64 {
    // SAFETY: the caller's promise.
    unsafe { Frame::locals(frame).add((*(*frame).code).n_locals) }
}

/// The words of a frame's locals and stack: live values, or zero.
///
/// # Safety
///
/// The frame is in progress, does not run, and the words are used before it does.
pub unsafe fn words_of<'a>(frame: *mut Frame) -> &'a [u64] {
    // SAFETY: the caller's promise.
    unsafe {
        let first = Frame::locals(frame);
        std::slice::from_raw_parts(first, (*frame).sp.offset_from(first) as usize)
    }
}

/// Goes on in the evaluation loop: at the instruction with this index, or, if an exception is set, with the search for its handler. The frame's locals
/// and so many words of its stack are in place.
///
/// # Safety
///
/// The frame's code was entered by [`enter`]. It is the innermost one, or frames of calls it inlined are deeper, and say themselves where they are.
pub unsafe fn leave_for_interpreter(vm: &mut Vm, frame: *mut Frame, index: usize, depth: usize, is_raised: bool) -> u64 {
    // SAFETY: the caller's promise.
    unsafe {
        (*frame).ip = (*(*frame).code).entry().add(index);
        (*frame).sp = stack(frame).add(depth);
        (*frame).native = 0;
        // The native stack must not grow with each loop that is entered and left.
        if (*frame).exited != Exited::No {
            (*frame).exited = if is_raised { Exited::Raising } else { Exited::Yes };
            return LEFT_AGAIN;
        }
        (*frame).is_entry = true;
        (*frame).exited = if is_raised { Exited::Raising } else { Exited::Yes };
        loop {
            let raised = if (*frame).exited == Exited::Raising { Some(raised(vm)) } else { None };
            // Deeper frames are those of inlined calls.
            let value = eval::execute(vm, vm.frame.cast(), raised).map_or(0, Object::into_raw);
            let Some(entry) = take_pending() else { return value };
            let value = entry(vm, frame);
            if value != LEFT_AGAIN {
                return value;
            }
        }
    }
}

/// Whether an exception that a frame begins with was thrown into its generator: else compiled code has left the frame with it.
pub(crate) unsafe fn is_thrown_into(frame: *mut Frame) -> bool {
    // SAFETY: the frame is the innermost one.
    unsafe {
        if (*frame).exited == Exited::Raising {
            (*frame).exited = Exited::Yes;
            return false;
        }
        (*frame).generator != 0
    }
}

/// Pops a frame whose locals and stack are empty.
///
/// # Safety
///
/// The frame is the innermost one.
pub unsafe fn pop(vm: &mut Vm, frame: *mut Frame) {
    // SAFETY: the caller's promise.
    unsafe { eval::pop_frame(vm, frame, 0) };
    vm.run_finalizers();
}

/// What is to become of what an instruction leaves on the stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Take {
    /// Nothing of it is wanted.
    Nothing,
    /// The value on top.
    Top,
    /// The first value.
    First,
    /// The first value; the second one is the second result.
    FirstThenSecond,
    /// The second value; the first one is the second result.
    SecondThenFirst,
}

impl Take {
    pub const ALL: [Take; 5] = [Take::Nothing, Take::Top, Take::First, Take::FirstThenSecond, Take::SecondThenFirst];
}

/// Runs an instruction of [`crate::eval::steps`] on `n` operands, which are not taken over. Gives the result, or 1 if there is none; 0: it raised.
///
/// # Safety
///
/// The frame is the innermost one and `n` words that are live values or zero are on its stack, as the instruction wants them.
pub unsafe fn step(vm: &mut Vm, frame: *mut Frame, opcode: Opcode, arg: u32, n: usize, take: Take) -> u64 {
    // SAFETY: the caller's promise.
    unsafe {
        let base = stack(frame);
        for index in 0..n {
            let word = *base.add(index);
            if word != 0 {
                raw::increment(word);
            }
        }
        let stepped = STEPS[opcode as usize](vm, frame, base.add(n), arg);
        let depth = stepped.sp.offset_from(base) as usize;
        let (first, second) = match take {
            Take::Nothing => (None, None),
            Take::Top => (depth.checked_sub(1), None),
            Take::First => (Some(0), None),
            Take::FirstThenSecond => (Some(0), Some(1)),
            Take::SecondThenFirst => (Some(1), Some(0)),
        };
        let word_at = |index: Option<usize>| index.map_or(0, |index| std::mem::replace(&mut *base.add(index), 0));
        let is_done = stepped.result.is_ok();
        let (mut result, mut other) = (1, 0);
        if is_done {
            other = word_at(second);
            if first.is_some() {
                result = word_at(first);
            }
        }
        for index in (0..depth).rev() {
            drop(Object::from_raw(std::mem::replace(&mut *base.add(index), 0)));
        }
        *base = other;
        vm.run_finalizers();
        if is_done { result } else { 0 }
    }
}

/// Calls what is on the stack: callable, self or null, `n` arguments.
///
/// # Safety
///
/// The frame is the innermost one; the words are live values.
pub unsafe fn call(vm: &mut Vm, frame: *mut Frame, n: usize) -> u64 {
    // SAFETY: the caller's promise; who holds a bound method holds its parts.
    unsafe {
        let base = stack(frame);
        unpack_bound_method(base);
        let callable = Ref::from_bits(*base);
        let (args, n_all) = arguments(base, n);
        if callable.is_exactly(&FUNCTION) {
            for index in 0..n_all {
                raw::increment(*args.add(index));
            }
            let function = callable.downcast_unchecked::<Function>().get();
            if let Some(entry) = entry_for(function) {
                function.known_entry.set(entry as usize);
            }
            return call_python(vm, callable, args, n_all);
        }
        if *base.add(1) == 0
            && callable.is_exactly(&object::class::TYPE)
            && let Some(init) = calls::plain_init(callable)
        {
            return construct(vm, callable, init, base, n);
        }
        if *base.add(1) == 0
            && let Some(method) = calls::python_method(callable, object::names::__call__())
        {
            // The instance becomes the first argument, which the called function takes over with the others.
            raw::increment(*base);
            for index in 0..n {
                raw::increment(*base.add(2 + index));
            }
            *base.add(1) = *base;
            let method = method.to_owned();
            return call_python(vm, method.borrow(), base.add(1), n + 1);
        }
        let values: &[Ref<'_>] = std::slice::from_raw_parts(args.cast(), n_all);
        let result = calls::call_native(vm, callable, values).map_or(0, Object::into_raw);
        vm.run_finalizers();
        result
    }
}

/// Makes an instance of a class that a Python function sets up, of `n` arguments behind two words of the stack.
///
/// # Safety
///
/// As for [`call`]; the class has this `__init__`.
unsafe fn construct(vm: &mut Vm, class: Ref<'_>, init: Ref<'_>, base: *mut u64, n: usize) -> u64 {
    // SAFETY: the caller's promise; the type was compared.
    unsafe {
        let instance = vm.allocate_plain(class.downcast_unchecked::<object::Type>().get());
        *base.add(1) = instance.clone().into_raw();
        for index in 0..n {
            raw::increment(*base.add(2 + index));
        }
        let init = init.to_owned();
        let returned = call_python(vm, init.borrow(), base.add(1), n + 1);
        drop(init);
        let Some(returned) = Object::from_raw(returned) else {
            drop(instance);
            vm.run_finalizers();
            return 0;
        };
        if !returned.borrow().is_none() {
            let _ = calls::init_returned(vm, returned.borrow());
            drop((returned, instance));
            vm.run_finalizers();
            return 0;
        }
        instance.into_raw()
    }
}

/// The arguments of a call, with self if there is one, and how many there are.
///
/// # Safety
///
/// Callable, self or null and `n` arguments are there.
#[inline(always)]
unsafe fn arguments(base: *mut u64, n: usize) -> (*mut u64, usize) {
    // SAFETY: the caller's promise.
    unsafe { if *base.add(1) == 0 { (base.add(2), n) } else { (base.add(1), n + 1) } }
}

/// Puts the parts of a bound method, if the callable is one, in the place of callable and self.
///
/// # Safety
///
/// Callable, self or null are there, borrowed; who holds a bound method holds its parts.
unsafe fn unpack_bound_method(base: *mut u64) {
    // SAFETY: the caller's promise.
    unsafe {
        if *base.add(1) == 0 && raw::class_address(*base) == std::ptr::from_ref(&BOUND_METHOD).addr() {
            let method = Ref::from_bits(*base).downcast_unchecked::<object::function::BoundMethod>().get();
            *base.add(1) = method.this.bits();
            *base = method.function.bits();
        }
    }
}

/// Lays the frame of a call of a small function that has compiled code, and runs it. `None`: it is not that simple, and nothing has
/// happened.
///
/// # Safety
///
/// As for [`call_python`].
#[inline(always)]
unsafe fn call_small(vm: &mut Vm, callable: Ref<'_>, args: *mut u64, n: usize, is_entry: bool) -> Option<u64> {
    // SAFETY: the caller's promise.
    unsafe {
        let function = callable.downcast_unchecked::<Function>().get();
        let code = function.code_data.get();
        let slot = &(*code).compiled;
        let entry = slot.entry.get()?;
        let is_for_it = slot.scope.get() == function.scope_words();
        let is_ready = slot.countdown.get() == 0 && vm.has_stack() && breaker_reasons() & breaker::TRACE == 0;
        if !is_for_it || !is_ready {
            return None;
        }
        let defaults = if (*code).small_arguments as usize == n { &[] } else { last_defaults(function, (*code).small_arguments as usize, n)? };
        let caller = vm.frame.cast();
        let inner = frame::lay_small(vm, caller, callable.bits(), code, args, n, defaults);
        if inner.is_null() {
            return None;
        }
        raw::increment(callable.bits());
        (*inner).ip = (*code).entry();
        (*inner).is_entry = is_entry;
        Some(entry(vm, inner))
    }
}

/// Calls a function that has compiled code from native code, if it is that simple. `None`: it is not, and nothing has happened.
///
/// # Safety
///
/// As for [`call_python`]; there are [`SMALL_PARAMETERS`] words.
pub(crate) unsafe fn call_from_native(vm: &mut Vm, callable: Ref<'_>, args: *mut u64, n: usize) -> Option<PyResult> {
    // SAFETY: the caller's promise.
    unsafe {
        let word = call_small(vm, callable, args, n, true)?;
        Some(Object::from_raw(word).ok_or_else(|| raised(vm)))
    }
}

/// The defaults of the last parameters of a small function that is called with the `n` before them.
fn last_defaults(function: &Function, n_parameters: usize, n: usize) -> Option<&[Ref<'_>]> {
    let defaults = function.defaults.bits();
    if n_parameters > SMALL_PARAMETERS || n > n_parameters || defaults == 0 {
        return None;
    }
    // SAFETY: the function holds the tuple of its defaults.
    let defaults = unsafe { Ref::from_bits(defaults) }.downcast_exact::<Tuple>()?;
    let first = (n + defaults.len()).checked_sub(n_parameters)?;
    Some(&defaults.get().items()[first..])
}

/// Calls a Python function with `n` owned words, which are taken over.
///
/// # Safety
///
/// `callable` is a Python function; the words are live values on the stack of a frame.
pub unsafe fn call_python(vm: &mut Vm, callable: Ref<'_>, args: *mut u64, n: usize) -> u64 {
    // SAFETY: the caller's promise.
    unsafe {
        if let Some(value) = call_small(vm, callable, args, n, false) {
            return value;
        }
        match functions::make_generator(vm, callable, args, n) {
            0 => call_python_slowly(vm, callable, args, n),
            generator => generator,
        }
    }
}

/// The same from a site that lays frames itself as long as the code it calls is entered at `known`: notes the entry if it is one that
/// this function's calls can go to.
///
/// # Safety
///
/// As for [`call_python`].
pub unsafe fn call_python_from(vm: &mut Vm, known: &Cell<usize>, callable: Ref<'_>, args: *mut u64, n: usize) -> u64 {
    // SAFETY: the caller's promise.
    unsafe {
        if let Some(entry) = entry_for(callable.downcast_unchecked::<Function>().get()) {
            known.set(entry as usize);
        }
        call_bound(vm, callable, args, n)
    }
}

/// Calls a Python function with all its parameters, also those that take no positional arguments.
///
/// # Safety
///
/// As for [`call_python`]; the function takes no arguments beside these parameters.
pub unsafe fn call_bound(vm: &mut Vm, callable: Ref<'_>, args: *mut u64, n: usize) -> u64 {
    // SAFETY: the caller's promise: the words become the first locals.
    unsafe {
        let code = callable.downcast_unchecked::<Function>().get().code();
        if code.simple_arguments as usize == n {
            return call_python(vm, callable, args, n);
        }
        if vm.check_stack("").is_err() {
            function::drop_words(args, n);
            return 0;
        }
        let Ok(inner) = function::new_frame(vm, callable.to_owned(), code) else {
            function::drop_words(args, n);
            return 0;
        };
        let locals = Frame::locals(inner);
        for index in 0..n {
            *locals.add(index) = *args.add(index);
        }
        run(vm, inner)
    }
}

/// What no entry is.
pub const NO_ENTRY: usize = 1;

/// The compiled code that calls of a function go to as long as nothing changes.
fn entry_for(function: &Function) -> Option<Entry> {
    let slot = &function.code().compiled;
    let is_for_it = slot.scope.get() == function.scope_words();
    // What compiles at a call may put that off, and counts calls again, which sites that go there at once do not.
    let is_compiled = |entry: &Entry| *entry as usize != FIRST_CALL.load(Ordering::Relaxed);
    slot.entry.get().filter(is_compiled).filter(|_| is_for_it && slot.countdown.get() == 0)
}

/// A small function has this many parameters, and this many other locals, at most; its frames have room for all of them.
pub use crate::code::{SMALL_LOCALS, SMALL_PARAMETERS};
pub use crate::eval::calls::set_function_attribute;
pub use functions::make_function;

/// What a call of a function needs to know of its code, if its frame can be laid by who knows it.
pub struct Callee {
    /// Where the code says where its compiled code is.
    pub entry: *const Option<Entry>,
    pub code: *const CodeObject,
    pub first_instruction: *const Instr,
    pub n_locals: usize,
    pub frame_words: usize,
}

/// So many locals that are no parameters a frame laid in line may have.
const LOCALS_IN_LINE: usize = 24;

/// What there is to know of a function that is called with exactly its `n` parameters, if all are positional and it has few locals.
pub fn callee(function: &Function, n: usize) -> Option<Callee> {
    let code = function.code();
    if code.bound_arguments() != Some(n) || code.has_flag(CodeFlags::SUSPENDS) || code.n_locals > n + LOCALS_IN_LINE {
        return None;
    }
    Some(Callee {
        entry: code.compiled.entry.as_ptr(),
        code,
        first_instruction: code.data.instructions.as_ptr(),
        n_locals: code.n_locals,
        frame_words: code.frame_words,
    })
}

#[inline(never)]
unsafe fn call_python_slowly(vm: &mut Vm, callable: Ref<'_>, args: *mut u64, n: usize) -> u64 {
    // SAFETY: the caller's promise.
    unsafe {
        if vm.check_stack("").is_err() {
            function::drop_words(args, n);
            return 0;
        }
        let Ok(inner) = function::push_call_frame(vm, callable.to_owned(), args, n, None) else { return 0 };
        run(vm, inner)
    }
}

/// Calls what is on the stack: callable, self or null, arguments, and the tuple of the last ones' names; `n`: all but callable, self and names.
///
/// # Safety
///
/// As for [`call`].
pub unsafe fn call_keywords(vm: &mut Vm, frame: *mut Frame, n: usize) -> u64 {
    // SAFETY: the caller's promise.
    unsafe {
        let base = stack(frame);
        let callable = Ref::from_bits(*base);
        let names = Ref::from_bits(*base.add(2 + n)).downcast_unchecked::<Tuple>();
        let (args, n) = arguments(base, n);
        let values: &[Ref<'_>] = std::slice::from_raw_parts(args.cast(), n);
        if callable.is_exactly(&FUNCTION)
            && let Some(mut words) = bind_names(callable.downcast_unchecked::<Function>().get(), values, names.get().items())
        {
            let n = callable.downcast_unchecked::<Function>().get().code().data.arg_count as usize;
            for &word in &words[..n] {
                raw::increment(word);
            }
            return call_python(vm, callable, words.as_mut_ptr(), n);
        }
        let result = vm.call_with(callable, object::Args::new(values, Some(names))).map_or(0, Object::into_raw);
        vm.run_finalizers();
        result
    }
}

/// So many parameters are bound without further ado.
const BOUND_PARAMETERS: usize = 12;

/// The words of all parameters of a simple function for a call whose last arguments have these names, borrowed; `None` if that takes more.
fn bind_names(function: &Function, values: &[Ref<'_>], names: &[Ref<'_>]) -> Option<[u64; BOUND_PARAMETERS]> {
    let code = function.code();
    let (n_parameters, n_positional) = (code.data.arg_count as usize, values.len() - names.len());
    if !code.is_simple || n_parameters > BOUND_PARAMETERS || n_positional > n_parameters {
        return None;
    }
    let mut words = [0; BOUND_PARAMETERS];
    for (word, value) in words.iter_mut().zip(&values[..n_positional]) {
        *word = value.bits();
    }
    let first = code.data.positional_only_count as usize;
    let parameters = &code.local_names[..n_parameters];
    for (name, value) in names.iter().zip(&values[n_positional..]) {
        let index = first + parameters.get(first..)?.iter().position(|parameter| parameter.is(*name))?;
        if std::mem::replace(&mut words[index], value.bits()) != 0 {
            return None;
        }
    }
    let defaults = function.defaults.bits();
    for (index, word) in words[..n_parameters].iter_mut().enumerate().filter(|(_, word)| **word == 0) {
        // SAFETY: the function holds the tuple of its defaults.
        let defaults = unsafe { Ref::from_bits(if defaults == 0 { raw::NONE } else { defaults }) }.downcast_exact::<Tuple>()?;
        *word = defaults.items().get((index + defaults.len()).checked_sub(n_parameters)?)?.bits();
    }
    Some(words)
}

/// Calls what is on the stack: callable, self or null, positional arguments, keyword arguments or null.
///
/// # Safety
///
/// As for [`call`].
pub unsafe fn call_unpacked(vm: &mut Vm, frame: *mut Frame) -> u64 {
    // SAFETY: the caller's promise.
    unsafe {
        let base = stack(frame);
        let result = match calls::call_star(vm, Ref::from_bits(*base), base.add(4)) {
            Ok(calls::Call::Frame(inner)) if vm.check_stack("").is_ok() => run(vm, inner),
            Ok(calls::Call::Frame(inner)) => {
                eval::pop_frame(vm, inner, 0);
                0
            }
            Ok(calls::Call::Value(value)) => value.into_raw(),
            Err(_) => 0,
        };
        vm.run_finalizers();
        result
    }
}

/// Calls something native with `n` values.
///
/// # Safety
///
/// As for [`call`]; only the arguments are on the stack.
pub unsafe fn call_native(vm: &mut Vm, frame: *mut Frame, callable: Ref<'_>, n: usize) -> u64 {
    // SAFETY: the caller's promise.
    unsafe {
        let values: &[Ref<'_>] = std::slice::from_raw_parts(stack(frame).cast(), n);
        let result = calls::call_native(vm, callable, values).map_or(0, Object::into_raw);
        vm.run_finalizers();
        result
    }
}

/// `left op right`
pub fn binary(vm: &mut Vm, op: BinaryOp, left: Ref<'_>, right: Ref<'_>) -> u64 {
    let result = match arithmetic::fast(vm, op as u32, left, right) {
        Some(result) => result.into_raw(),
        None => vm.binary(op, left, right).map_or(0, Object::into_raw),
    };
    vm.run_finalizers();
    result
}

/// What a comparison of frequent kinds says without further ado.
pub fn compare_quickly(op: bytecode::opcode::Comparison, left: Ref<'_>, right: Ref<'_>) -> Option<bool> {
    arithmetic::fast_compare(op as u32, left, right)
}

/// `owner.name`
pub fn load_attribute(vm: &mut Vm, owner: Ref<'_>, name: Ref<'_>) -> u64 {
    if let Some(cache::Found::Value(value)) = cache::load(owner, name) {
        return value.to_owned().into_raw();
    }
    let result = vm.get_attr(owner, name).map_or(0, Object::into_raw);
    vm.run_finalizers();
    result
}

/// `owner.name` to be called; the receiver, or null, is the second result.
///
/// # Safety
///
/// The frame is the innermost one.
pub unsafe fn load_method(vm: &mut Vm, frame: *mut Frame, owner: Ref<'_>, name: Ref<'_>) -> u64 {
    let (method, this) = match cache::load(owner, name) {
        Some(cache::Found::Value(value)) => (value.to_owned(), None),
        Some(cache::Found::Method(method)) => (method.to_owned(), Some(owner.to_owned())),
        None => match vm.get_method(owner, name) {
            Ok(found) => found,
            Err(_) => return 0,
        },
    };
    // SAFETY: the caller's promise.
    unsafe { *stack(frame) = this.map_or(0, Object::into_raw) };
    vm.run_finalizers();
    method.into_raw()
}

/// `owner.name = value`; whether that went well.
pub fn store_attribute(vm: &mut Vm, owner: Ref<'_>, name: Ref<'_>, value: Ref<'_>) -> bool {
    let is_stored = match cache::store(owner, name, value.to_owned()) {
        Ok(()) => true,
        Err(value) => vm.set_attr(owner, name, Some(value.borrow())).is_ok(),
    };
    vm.run_finalizers();
    is_stored
}

/// A global or builtin name of the frame's function.
///
/// # Safety
///
/// The frame is the innermost one.
pub unsafe fn load_global(vm: &mut Vm, frame: *mut Frame, name: Ref<'_>) -> u64 {
    // SAFETY: the caller's promise; the frame keeps the function.
    let function = unsafe { function_of(frame) };
    fill_cell(function, name);
    names::load_global(vm, function, name).map_or(0, Object::into_raw)
}

/// A global or builtin name of a function.
///
/// # Safety
///
/// The value is a Python function.
pub unsafe fn load_global_of(vm: &mut Vm, function: Ref<'_>, name: Ref<'_>) -> u64 {
    // SAFETY: the caller's promise.
    let function = unsafe { function.downcast_unchecked::<Function>() };
    fill_cell(function.get(), name);
    names::load_global(vm, function.get(), name).map_or(0, Object::into_raw)
}

/// Looks up where a global name is, after keys changed.
fn fill_cell(function: &Function, name: Ref<'_>) {
    if let (Some(globals), Some(builtins)) = (function.globals.borrow().downcast_exact(), function.builtins.borrow().downcast_exact()) {
        let _ = object::dict::global_cell(globals, builtins, name);
    }
}

/// The word of a global or builtin name of the frame's function, borrowed; 0 if there is none.
///
/// # Safety
///
/// The frame is the innermost one.
pub unsafe fn global_word(_vm: &mut Vm, frame: *mut Frame, name: Ref<'_>) -> u64 {
    // SAFETY: the caller's promise; the frame keeps the function.
    word_of_global(unsafe { function_of(frame) }, name)
}

/// The same of a function.
///
/// # Safety
///
/// The value is a Python function.
pub unsafe fn global_word_of(function: Ref<'_>, name: Ref<'_>) -> u64 {
    // SAFETY: the caller's promise.
    word_of_global(unsafe { function.downcast_unchecked::<Function>() }.get(), name)
}

fn word_of_global(function: &Function, name: Ref<'_>) -> u64 {
    fill_cell(function, name);
    let (globals, builtins) = (function.globals.borrow().downcast_exact(), function.builtins.borrow().downcast_exact());
    globals.zip(builtins).and_then(|(globals, builtins)| object::dict::find_in_scope(globals, builtins, name)).map_or(0, Ref::bits)
}

/// What a name of a module is, borrowed; 0 if that is not simple. Finds it in its cell again.
pub fn word_of_module(vm: &Vm, module: Ref<'_>, name: Ref<'_>) -> u64 {
    let strict = module.downcast_exact::<StrictModule>();
    if strict.is_some_and(|module| module.get().globals_with(vm, name).is_none()) {
        return 0;
    }
    let cell = crate::shadow::feedback::namespace_of(module).and_then(|names| global_cell(names, names, name));
    cell.and_then(|cell| cell.word()).unwrap_or(0)
}

/// A common constant by its number.
pub fn common_constant(vm: &mut Vm, number: u32) -> Object {
    names::common_constant(vm, number)
}

/// Raises that a local is unset.
pub fn unbound_local(vm: &mut Vm, code: &CodeObject, index: usize) {
    let _ = names::unbound_local(vm, code, index);
}

/// Raises that a cell is empty.
pub fn unbound_cell(vm: &mut Vm, code: &CodeObject, index: usize) {
    let _ = names::unbound_cell(vm, code, index);
}

/// `raise` with an exception and a cause, or null.
///
/// # Safety
///
/// The frame is the innermost one.
pub unsafe fn raise(vm: &mut Vm, frame: *mut Frame, exception: Option<Object>, cause: Option<Object>) {
    if exception.is_none() && vm.handled_exception().is_some() {
        // SAFETY: the caller's promise.
        unsafe { (*frame).traced |= eval::exceptions::RERAISED };
    }
    let _ = eval::exceptions::raise(vm, exception, cause);
}

/// Raises an exception again.
///
/// # Safety
///
/// The frame is the innermost one.
pub unsafe fn reraise(vm: &mut Vm, frame: *mut Frame, exception: Object) {
    let _ = vm.reraise(exception);
    // SAFETY: the caller's promise.
    unsafe { (*frame).traced |= eval::exceptions::RERAISED };
}

/// Raises that an `__init__` returned something.
pub fn init_returned(vm: &mut Vm, value: Ref<'_>) {
    let _ = calls::init_returned(vm, value);
}

/// The next item of an iterator: `None` if it raised, `Some(None)` at the end.
pub fn next(vm: &mut Vm, iterator: Ref<'_>) -> Option<Option<Object>> {
    if let Some(next) = iteration::next(vm, iterator) {
        return Some(next);
    }
    if let Some(next) = resume::next(vm, iterator) {
        return next;
    }
    let next = vm.next(iterator).ok();
    vm.run_finalizers();
    next
}

/// The same; of a pair, if no tuple need be made for it, the first value: the second one is the second result then, and null else.
///
/// # Safety
///
/// The frame is the innermost one.
pub unsafe fn next_pair(vm: &mut Vm, frame: *mut Frame, iterator: Ref<'_>) -> Option<Option<Object>> {
    let next = builtins::iterators::next_two(vm, iterator);
    let mut other = 0;
    let first = match next {
        Some(Ok(Some((first, second)))) => {
            other = second.into_raw();
            Some(Some(first))
        }
        Some(Ok(None)) => Some(None),
        Some(Err(_)) => None,
        None => self::next(vm, iterator),
    };
    // SAFETY: compiled code does not use the stack of its frame.
    unsafe { *stack(frame) = other };
    first
}

/// `dict.get(key, default)`
pub fn dict_get(vm: &mut Vm, dict: RefOf<'_, Dict>, key: Ref<'_>, default: Ref<'_>) -> PyResult {
    if let Some(found) = dict.get().get_quickly(key) {
        return Ok(found.unwrap_or(default).to_owned());
    }
    Ok(dict.get_item(vm, key)?.unwrap_or_else(|| default.to_owned()))
}

/// `dict[key] = value`, whatever its class says; whether that went well.
pub fn set_in_dict(vm: &mut Vm, dict: RefOf<'_, Dict>, key: Ref<'_>, value: Ref<'_>) -> bool {
    let is_stored = dict.set(vm, key, value.to_owned()).is_ok();
    vm.run_finalizers();
    is_stored
}

/// `container[key] = value`; whether that went well.
pub fn store_item(vm: &mut Vm, container: Ref<'_>, key: Ref<'_>, value: Ref<'_>) -> bool {
    if let Some(index) = key.as_small_int()
        && let Some(list) = container.downcast_exact::<List>()
        && let Some(place) = list.items_mut(vm).get_mut(index as usize)
    {
        drop(std::mem::replace(place, value.to_owned()));
        vm.run_finalizers();
        return true;
    }
    if let Some(dict) = container.downcast_exact::<Dict>() {
        return set_in_dict(vm, dict, key, value);
    }
    let is_stored = vm.set_item(container, key, value).is_ok();
    vm.run_finalizers();
    is_stored
}

/// `container[start:stop]`
pub fn slice(vm: &mut Vm, container: Ref<'_>, start: Ref<'_>, stop: Ref<'_>) -> u64 {
    // SAFETY: the words are those of live values.
    let plain = unsafe { crate::shadow::plain_slice(vm, container.bits(), start.bits(), stop.bits()) };
    if let Some(slice) = plain {
        return slice.into_raw();
    }
    let slice = builtins::slice::new(vm, start.to_owned(), stop.to_owned(), Object::none());
    let result = vm.get_item(container, slice.borrow()).map_or(0, Object::into_raw);
    vm.run_finalizers();
    result
}

/// `container[key]`
pub fn load_item(vm: &mut Vm, container: Ref<'_>, key: Ref<'_>) -> u64 {
    if let Some(dict) = container.downcast_exact::<Dict>()
        && let Some(value) = dict.get_interned(key)
    {
        return value.to_owned().into_raw();
    }
    binary(vm, BinaryOp::Subscript, container, key)
}

/// Whether the item is in the container; `None` if that raised.
pub fn contains(vm: &mut Vm, item: Ref<'_>, container: Ref<'_>) -> Option<bool> {
    if let Some(text) = item.downcast_exact::<Str>() {
        if let Some(found) = container.downcast_exact::<Dict>().and_then(|dict| dict.get().get_quickly(item)) {
            return Some(found.is_some());
        }
        if let Some(is_member) = builtins::set::contains_quickly(vm, container, item, text.get().hash()) {
            return Some(is_member);
        }
    }
    if raw::is_int(item.bits())
        && let Some(is_item) = contains_int(vm, container, item)
    {
        return Some(is_item);
    }
    let result = builtins::set::contains_plainly(vm, container, item).unwrap_or_else(|| vm.contains(container, item)).ok();
    vm.run_finalizers();
    result
}

/// Whether an int that fits a word is among the items of a list or tuple, as long as these are such ints, too.
fn contains_int(vm: &Vm, container: Ref<'_>, item: Ref<'_>) -> Option<bool> {
    let among = |words: &mut dyn Iterator<Item = u64>| {
        for word in words {
            if word == item.bits() {
                return Some(true);
            }
            if !raw::is_int(word) {
                return None;
            }
        }
        Some(false)
    };
    if let Some(list) = container.downcast_exact::<List>() {
        return among(&mut list.items(vm).iter().map(|item| item.borrow().bits()));
    }
    among(&mut container.downcast_exact::<Tuple>()?.items().iter().map(|item| item.bits()))
}

/// The string of `parts` one behind the other, or 0.
pub fn join(vm: &mut Vm, parts: &[Ref<'_>]) -> u64 {
    eval::intrinsics::join_strings(vm, parts).map_or(0, Object::into_raw)
}

/// Adds an item to a set; whether that went well.
pub fn add_to_set(vm: &mut Vm, set: Ref<'_>, item: Ref<'_>) -> bool {
    let is_added = calls::set_add(vm, set, item).is_ok();
    vm.run_finalizers();
    is_added
}

/// Unpacks so many values, or, if `after` is given, so many, a list and so many, into a tuple.
///
/// # Safety
///
/// The frame is the innermost one, and its stack has room for the values.
pub unsafe fn unpack(vm: &mut Vm, frame: *mut Frame, sequence: Ref<'_>, before: usize, after: Option<usize>) -> u64 {
    // SAFETY: the caller's promise: the words are written before they are taken.
    unsafe {
        let base = stack(frame);
        let total = after.map_or(before, |after| before + 1 + after);
        let result = match after {
            None => calls::unpack_sequence(vm, sequence, before, base),
            Some(after) => calls::unpack_starred(vm, sequence, before, after, base),
        };
        let result = match result {
            Ok(()) => {
                let items: Vec<Object> = (0..total).rev().filter_map(|index| Object::from_raw(*base.add(index))).collect();
                vm.new_tuple(items).into_object().into_raw()
            }
            Err(_) => 0,
        };
        vm.run_finalizers();
        result
    }
}

/// What somebody wants of running code: signals, other threads, collections. Whether it went well.
///
/// # Safety
///
/// The frame runs compiled code, and its instruction can be executed again.
pub unsafe fn run_periodic_tasks(vm: &mut Vm, frame: *mut Frame) -> bool {
    let is_done = eval::handle_breaker(vm).is_ok();
    if breaker_reasons() & breaker::TRACE != 0 && tracing::is_active(vm) {
        // SAFETY: the caller's promise.
        unsafe { look::ask(vm, frame, look::Wish::Leave) };
    }
    is_done
}
