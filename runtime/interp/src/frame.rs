//! Frames: where a running function's locals and evaluation stack live.
//!
//! ```text
//! Frame · locals (fast, cells, free variables) · evaluation stack
//! ```
//!
//! Frames of plain functions lie one behind the other on the thread's data stack, a reserved range of
//! address space that never moves. The frame of a generator lies in the generator. A frame that
//! Python asks to see gets a frame object, which takes the locals over when the frame ends.

use crate::code::{CodeObject, SMALL_LOCALS, SMALL_PARAMETERS};
use crate::function::Function;
use bytecode::{Instr, Opcode};
use object::{Object, Ref, Vm, raw};
use std::mem::{ManuallyDrop, MaybeUninit};
use std::sync::atomic::AtomicBool;

/// The fixed part of a frame.
#[repr(C)]
pub struct Frame {
    /// The function that runs; keeps code, globals and closure alive.
    pub(crate) function: ManuallyDrop<Object>,
    pub(crate) code: *const CodeObject,
    /// The instruction that is being executed.
    pub(crate) ip: *const Instr,
    /// The value on top of the evaluation stack is just below; valid while the frame does not run.
    pub(crate) sp: *mut u64,
    pub(crate) previous: *mut Frame,
    /// The namespace of a module or class body; 0: none.
    pub(crate) namespace: u64,
    /// The frame object, once Python has asked for it; 0: none.
    pub(crate) object: u64,
    /// The generator whose frame this is; 0: none. Not counted.
    pub(crate) generator: u64,
    /// Whether the evaluation loop was entered with this frame, and returns when it ends.
    pub(crate) is_entry: bool,
    /// What becomes of what the frame returns.
    pub(crate) ending: Ending,
    /// `f_trace_lines`, `f_trace_opcodes` and whether the frame was told to trace.
    pub(crate) traced: u8,
    /// Whether compiled code has left the frame to the interpreter.
    pub(crate) exited: crate::compiled::Exited,
    /// Where the compiled code that runs the frame is, see [`crate::compiled::look`]; 0: it is interpreted.
    pub(crate) native: u32,
}

/// What the caller of a frame that was entered without recursion does with what it returns.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Ending {
    /// It goes on the evaluation stack.
    Push,
    /// It has to be `None`: the frame is that of an `__init__`, and the instance is on the stack.
    Init,
    /// It goes nowhere.
    Discard,
    /// It takes the place of the object on top of the stack, whose attribute it is. An `AttributeError` is told what was looked for.
    Attribute,
    /// It is what a method says of two operands, which are on the stack: the instruction, an operator, makes its result of it, which takes their place.
    Operator,
    /// It has to be an iterator, and goes on the evaluation stack: the frame is that of an `__iter__`.
    Iterator,
    /// It is a length, and goes on the evaluation stack: the frame is that of a `__len__`.
    Length,
    /// It is the result of an `await`: the frame is that of a coroutine function whose call is awaited at once. It becomes a
    /// coroutine when it waits for something.
    Awaited,
}

pub(crate) const FRAME_WORDS: usize = size_of::<Frame>() / 8;

impl Frame {
    /// The word of the first local.
    #[inline]
    pub(crate) fn locals(frame: *mut Frame) -> *mut u64 {
        frame.wrapping_add(1).cast()
    }

    /// Writes the fixed part of the frame of a call that the frame `caller` makes.
    ///
    /// # Safety
    ///
    /// There is room at `frame`; `function` is a word that owns a reference to a function with this code.
    #[inline(always)]
    pub(crate) unsafe fn write_called(frame: *mut Frame, function: u64, code: *const CodeObject, sp: *mut u64, caller: *mut Frame) {
        // SAFETY: the caller's promise.
        unsafe {
            (&raw mut (*frame).function).cast::<u64>().write(function);
            (&raw mut (*frame).code).write(code);
            (&raw mut (*frame).ip).write((*code).start());
            (&raw mut (*frame).sp).write(sp);
            (&raw mut (*frame).previous).write(caller);
            (&raw mut (*frame).namespace).write(0);
            (&raw mut (*frame).object).write(0);
            (&raw mut (*frame).generator).write(0);
            (&raw mut (*frame).is_entry).write(false);
            (&raw mut (*frame).ending).write(Ending::Push);
            (&raw mut (*frame).traced).write(0);
            (&raw mut (*frame).exited).write(crate::compiled::Exited::No);
            (&raw mut (*frame).native).write(0);
        }
    }

    /// Whether the frame is nothing but that of a call whose result goes on the caller's stack.
    #[inline(always)]
    pub(crate) fn is_plain(&self) -> bool {
        let is_push = self.ending as u8 == Ending::Push as u8;
        self.generator | self.object | self.namespace == 0 && u8::from(self.is_entry) | u8::from(!is_push) == 0
    }

    #[inline]
    pub(crate) fn code(&self) -> &CodeObject {
        // SAFETY: the function keeps the code alive, or the frame was made for it.
        unsafe { &*self.code }
    }

    #[inline]
    pub(crate) fn function(&self) -> &Function {
        // SAFETY: a frame runs a function.
        unsafe { self.function.borrow().downcast_unchecked::<Function>() }.get()
    }

    /// The code that runs.
    pub fn code_object(&self) -> &CodeObject {
        self.code()
    }

    /// The function object.
    pub fn function_object(&self) -> Ref<'_> {
        self.function.borrow()
    }

    /// The dict of global names.
    pub fn globals(&self) -> Object {
        self.function().globals.clone()
    }

    /// The index of the instruction being executed.
    pub fn instruction_index(&self) -> usize {
        self.code().index_of(self.ip)
    }

    /// The line being executed; `None` if the instruction belongs to none.
    pub fn line(&self) -> Option<u32> {
        let line = self.code().line(self.instruction_index());
        (line != 0).then_some(line)
    }
}

/// The data stack of a thread: owns the address range whose free part is in `Vm::data_stack`.
pub(crate) struct DataStack {
    start: *mut u64,
    bytes: usize,
}

/// Address space of the main thread's data stack: room for more than a million small frames.
/// Untouched pages cost nothing.
const MAIN_DATA_STACK: usize = 384 << 20;
/// Address space of other threads' data stacks, of which there may be many.
const THREAD_DATA_STACK: usize = 32 << 20;

impl DataStack {
    /// A stack without room if the address space has none left: the first call raises then.
    fn new(vm: &mut Vm, bytes: usize) -> DataStack {
        // SAFETY: an anonymous mapping of fresh memory.
        let start = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                bytes,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE,
                -1,
                0,
            )
        };
        if start == libc::MAP_FAILED {
            vm.data_stack = std::ptr::null_mut()..std::ptr::null_mut();
            return DataStack { start: std::ptr::null_mut(), bytes: 0 };
        }
        let start = start.cast::<u64>();
        vm.data_stack = start..start.wrapping_add(bytes / 8);
        DataStack { start, bytes }
    }
}

/// Room for `n` words on the data stack, or `None` if it is used up.
#[inline]
pub(crate) fn reserve(vm: &mut Vm, n: usize) -> Option<*mut u64> {
    let start = vm.data_stack.start;
    let top = start.wrapping_add(n);
    if top.addr() > vm.data_stack.end.addr() {
        return None;
    }
    vm.data_stack.start = top;
    Some(start)
}

/// Lays the frame of a small function on the data stack, with copies of fixed length that may go past the locals: `n` values that are moved from `args`, then copies
/// of `more`. It becomes the innermost one. Null if there is no room.
///
/// # Safety
///
/// `callable` is a word that owns a reference to a small function with this code, and the values are its parameters. They lie on a frame's evaluation stack;
/// all are taken over unless the answer is null. `caller` is the innermost frame.
#[inline(always)]
pub(crate) unsafe fn lay_small(
    vm: *mut Vm,
    caller: *mut Frame,
    callable: u64,
    code: *const CodeObject,
    args: *mut u64,
    n: usize,
    more: &[Ref<'_>],
) -> *mut Frame {
    // SAFETY: the caller's promise. What is read and written past the arguments and locals is of the frames: see `CodeObject::frame_words`.
    unsafe {
        let start = (*vm).data_stack.start;
        let end = start.wrapping_add((*code).frame_words);
        if (*vm).depth >= (*vm).depth_limit || end.addr() > (*vm).data_stack.end.addr() {
            return std::ptr::null_mut();
        }
        (*vm).data_stack.start = end;
        (*vm).depth += 1;
        let frame = start.cast::<Frame>();
        let locals = Frame::locals(frame);
        // Word by word: the words were written one by one just now, and a wide read would have to wait until they are in the cache.
        for index in 0..SMALL_PARAMETERS {
            let word = args.add(index).cast::<MaybeUninit<u64>>().read_volatile();
            locals.add(index).cast::<MaybeUninit<u64>>().write_volatile(word);
        }
        for (index, value) in more.iter().enumerate() {
            raw::increment(value.bits());
            locals.add(n + index).write_volatile(value.bits());
        }
        let (n, n_locals) = (n + more.len(), (*code).n_locals);
        let rest = locals.add(n).cast::<[u64; SMALL_LOCALS / 2]>();
        rest.write_unaligned([0; SMALL_LOCALS / 2]);
        if n_locals > n + SMALL_LOCALS / 2 {
            rest.add(1).write_unaligned([0; SMALL_LOCALS / 2]);
        }
        Frame::write_called(frame, callable, code, locals.add(n_locals), caller);
        (*vm).frame = frame.cast();
        frame
    }
}

impl Drop for DataStack {
    fn drop(&mut self) {
        if self.bytes > 0 {
            // SAFETY: the mapping was made by `new`, and no frame is left when the thread ends.
            unsafe { libc::munmap(self.start.cast(), self.bytes) };
        }
    }
}

/// Whether some thread has ever asked where coroutines come from.
pub static ARE_ORIGINS_TRACKED: AtomicBool = AtomicBool::new(false);

/// The interpreter's state of a thread.
pub struct Interp {
    #[expect(dead_code, reason = "owned so that the range is unmapped when the thread ends")]
    stack: DataStack,
    /// `sys.settrace`, `sys.setprofile`, `sys.monitoring`
    pub tracing: crate::tracing::State,
    /// `sys.set_asyncgen_hooks`
    pub async_generator_hooks: [Option<Object>; 2],
    /// `sys.set_coroutine_origin_tracking_depth`
    pub coroutine_origin_depth: usize,
}

/// The interpreter's state of the running thread, made by [`start_thread`].
#[inline]
pub fn interp(vm: &mut Vm) -> &mut Interp {
    vm.interp.as_mut().and_then(|state| state.downcast_mut::<Interp>()).expect("the thread has been started")
}

/// Gives a new thread's `Vm` its data stack.
pub fn start_thread(vm: &mut Vm) {
    start(vm, THREAD_DATA_STACK);
}

/// Gives the main thread's `Vm` its data stack.
pub fn start_main_thread(vm: &mut Vm) {
    start(vm, MAIN_DATA_STACK);
}

fn start(vm: &mut Vm, bytes: usize) {
    let stack = DataStack::new(vm, bytes);
    vm.interp =
        Some(Box::new(Interp { stack, tracing: crate::tracing::State::default(), async_generator_hooks: [None, None], coroutine_origin_depth: 0 }));
}

/// The innermost frame.
pub fn current(vm: &Vm) -> Option<&Frame> {
    // SAFETY: the pointer is that of a frame in progress, which cannot end while the `Vm` is borrowed.
    unsafe { vm.frame.cast::<Frame>().as_ref() }
}

/// Whether the innermost frame awaits what the call gives that it is executing: the call is followed by `GET_AWAITABLE`,
/// `LOAD_CONST None` and `SEND`.
pub fn awaits_its_call(vm: &Vm) -> bool {
    let Some(frame) = current(vm) else { return false };
    let index = frame.instruction_index();
    let Some(&[call, awaitable, constant, send]) = frame.code().data.instructions.get(index..index + 4) else { return false };
    matches!(call.opcode(), Some(Opcode::Call | Opcode::CallKw | Opcode::CallFunctionEx))
        && [awaitable, constant, send].map(Instr::opcode) == [Opcode::GetAwaitable, Opcode::LoadConst, Opcode::Send].map(Some)
        && awaitable.arg() == 0
}

/// The frame that called this one.
pub fn previous(frame: &Frame) -> Option<&Frame> {
    // SAFETY: callers' frames outlive callees'.
    unsafe { frame.previous.as_ref() }
}

/// Drops the locals of a frame, the last first, as CPython does.
///
/// # Safety
///
/// The words of the locals are references or zero.
pub(crate) unsafe fn drop_locals(frame: *mut Frame) {
    // SAFETY: the caller's promise; each is taken once.
    unsafe {
        for index in (0..(*(*frame).code).n_locals).rev() {
            drop(take(Frame::locals(frame).add(index)));
        }
    }
}

/// Takes the reference a word holds, if it holds one.
///
/// # Safety
///
/// The word owns a reference, or is zero, and is not used again.
#[inline]
pub(crate) unsafe fn take(word: *mut u64) -> Option<Object> {
    // SAFETY: the caller's promise.
    unsafe { Object::from_raw(std::mem::replace(&mut *word, 0)) }
}
