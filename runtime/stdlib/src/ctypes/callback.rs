//! Functions that C calls and that end in Python.
//!
//! A [`Thunk`] is an address that C can call. Thunks come in pairs of pages: the first page holds the code of all of
//! them, which is written once and then made executable and never writable again; the second holds for each where to go
//! and with what. Each piece of code loads the address of its own entry in the second page and jumps to what it
//! finds there: [`arrive`], which saves the registers and calls [`handle`].

use super::call::{Class, ForeignType, Plan, count, plan};
use object::{Vm, gil};
use std::cell::Cell;
use std::rc::Rc;
use std::sync::{Mutex, PoisonError};

/// What a thunk does: gets the arguments' bytes, and gives those of the result.
pub type Handler = dyn Fn(&mut Vm, &[Vec<u8>]) -> Vec<u8>;

/// What a thunk needs to know when it is called.
pub struct Context {
    pub arguments: Vec<ForeignType>,
    pub result: ForeignType,
    pub handler: Box<Handler>,
}

/// An address that C can call, for as long as this lives.
pub struct Thunk {
    slot: *mut Slot,
    code: usize,
    #[expect(dead_code, reason = "the slot has its address")]
    context: Rc<Context>,
}

impl Thunk {
    /// `None`: the system gives no executable memory.
    pub fn new(context: Context) -> Option<Thunk> {
        let context = Rc::new(context);
        let (slot, code) = {
            let mut free = FREE.lock().unwrap_or_else(PoisonError::into_inner);
            if free.is_empty() {
                free.extend(new_pages()?);
            }
            free.pop()?
        };
        let slot = std::ptr::with_exposed_provenance_mut::<Slot>(slot);
        // SAFETY: the slot is in a page of ours, and nobody else has it.
        unsafe { slot.write(Slot { entry: arrive as *const () as usize, context: Rc::as_ptr(&context) }) };
        Some(Thunk { slot, code, context })
    }

    pub fn address(&self) -> usize {
        self.code
    }
}

impl Drop for Thunk {
    fn drop(&mut self) {
        FREE.lock().unwrap_or_else(PoisonError::into_inner).push((self.slot.expose_provenance(), self.code));
    }
}

/// What a piece of code finds in the second page.
#[repr(C)]
struct Slot {
    entry: usize,
    context: *const Context,
}

/// Bytes of one piece of code, and of its slot.
const STRIDE: usize = 16;
const PAGE: usize = 4096;

/// The addresses of slots that are not in use, and of their code.
static FREE: Mutex<Vec<(usize, usize)>> = Mutex::new(Vec::new());

thread_local! {
    /// The state of the Python thread that is in a call of a C function.
    static CURRENT: Cell<*mut Vm> = const { Cell::new(std::ptr::null_mut()) };
}

fn new_pages() -> Option<Vec<(usize, usize)>> {
    // SAFETY: the system chooses a place where nothing is; all writes are inside the two pages.
    unsafe {
        let start = libc::mmap(std::ptr::null_mut(), 2 * PAGE, libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, -1, 0);
        if start == libc::MAP_FAILED {
            return None;
        }
        let start = start.cast::<u8>();
        // lea r10, [rip + distance to the slot]; jmp [r10]
        let mut code = [0x4c, 0x8d, 0x15, 0, 0, 0, 0, 0x41, 0xff, 0x22];
        code[3..7].copy_from_slice(&(PAGE as u32 - 7).to_le_bytes());
        for offset in (0..PAGE).step_by(STRIDE) {
            start.add(offset).copy_from(code.as_ptr(), code.len());
        }
        if libc::mprotect(start.cast(), PAGE, libc::PROT_READ | libc::PROT_EXEC) != 0 {
            libc::munmap(start.cast(), 2 * PAGE);
            return None;
        }
        Some((0..PAGE).step_by(STRIDE).map(|offset| (start.add(PAGE + offset).expose_provenance(), start.add(offset).expose_provenance())).collect())
    }
}

/// Makes a call of C during which thunks find this thread's state. Unless `keep_lock`, other threads may run meanwhile.
pub fn calling<T>(vm: &mut Vm, keep_lock: bool, call: impl FnOnce() -> T) -> T {
    struct Restore(*mut Vm);
    impl Drop for Restore {
        fn drop(&mut self) {
            CURRENT.set(self.0);
        }
    }
    let pointer = std::ptr::from_mut(vm);
    let _restore = Restore(CURRENT.replace(pointer));
    if keep_lock {
        return call();
    }
    // SAFETY: the pointer is that of the caller's exclusive borrow, which is not used until this ends.
    unsafe { &mut *pointer }.allow_threads(call)
}

/// Runs Python in a thread that C code is running in.
pub fn with_vm<T>(work: impl FnOnce(&mut Vm) -> T) -> T {
    let pointer = CURRENT.get();
    if pointer.is_null() {
        return with_new_vm(work);
    }
    let must_take = !gil::is_held();
    if must_take {
        gil::acquire();
    }
    // SAFETY: the pointer is that of this thread's state, whose exclusive borrow rests in `calling` further down the stack;
    // the lock is held.
    let result = work(unsafe { &mut *pointer });
    if must_take {
        gil::release();
    }
    result
}

/// The same in a thread that Python does not know.
fn with_new_vm<T>(work: impl FnOnce(&mut Vm) -> T) -> T {
    let must_take = !gil::is_held();
    if must_take {
        gil::acquire();
    }
    let mut vm = Vm::new(stack_left());
    vm.thread_id = crate::thread::ident();
    let hooks = object::vm::hooks();
    if let Some(started) = hooks.thread_started {
        started(&mut vm);
    }
    CURRENT.set(&raw mut vm);
    let result = work(&mut vm);
    CURRENT.set(std::ptr::null_mut());
    vm.run_finalizers();
    if let Some(ended) = hooks.thread_ended {
        ended(&mut vm);
    }
    drop(vm);
    if must_take {
        gil::release();
    }
    result
}

/// How much of the thread's stack is free, about.
fn stack_left() -> usize {
    const LEAST: usize = 512 << 10;
    let marker = 0u8;
    let here = std::ptr::from_ref(&marker).addr();
    // SAFETY: the attributes are filled in by the system before they are read, and given back.
    unsafe {
        let mut attributes = std::mem::zeroed::<libc::pthread_attr_t>();
        if libc::pthread_getattr_np(libc::pthread_self(), &raw mut attributes) != 0 {
            return LEAST;
        }
        let (mut start, mut size) = (std::ptr::null_mut(), 0);
        let failed = libc::pthread_attr_getstack(&raw const attributes, &raw mut start, &raw mut size) != 0;
        libc::pthread_attr_destroy(&raw mut attributes);
        if failed { LEAST } else { here.saturating_sub(start.addr()).max(LEAST / 2) }
    }
}

/// The registers a thunk was called with, and those it returns.
#[repr(C)]
struct Saved {
    integers: [u64; 6],
    floats: [u64; 8],
    stack: *const u64,
    rax: u64,
    rdx: u64,
    xmm0: u64,
    xmm1: u64,
    x87_results: u64,
    st: [u8; 32],
}

#[cfg(target_arch = "x86_64")]
const _: () = assert!(
    std::mem::offset_of!(Saved, floats) == 48
        && std::mem::offset_of!(Saved, stack) == 112
        && std::mem::offset_of!(Saved, rax) == 120
        && std::mem::offset_of!(Saved, rdx) == 128
        && std::mem::offset_of!(Saved, xmm0) == 136
        && std::mem::offset_of!(Saved, xmm1) == 144
        && std::mem::offset_of!(Saved, x87_results) == 152
        && std::mem::offset_of!(Saved, st) == 160
        && size_of::<Saved>() == 192
);

/// Where all thunks go; `r10` has the address of the slot.
///
/// # Safety
///
/// Only a thunk's code may jump here.
#[cfg(target_arch = "x86_64")]
#[unsafe(naked)]
unsafe extern "C" fn arrive() {
    std::arch::naked_asm!(
        "push rbp",
        "mov rbp, rsp",
        "sub rsp, 192",
        "mov [rsp], rdi",
        "mov [rsp + 8], rsi",
        "mov [rsp + 16], rdx",
        "mov [rsp + 24], rcx",
        "mov [rsp + 32], r8",
        "mov [rsp + 40], r9",
        "movsd [rsp + 48], xmm0",
        "movsd [rsp + 56], xmm1",
        "movsd [rsp + 64], xmm2",
        "movsd [rsp + 72], xmm3",
        "movsd [rsp + 80], xmm4",
        "movsd [rsp + 88], xmm5",
        "movsd [rsp + 96], xmm6",
        "movsd [rsp + 104], xmm7",
        "lea rax, [rbp + 16]",
        "mov [rsp + 112], rax",
        "mov rdi, [r10 + 8]",
        "mov rsi, rsp",
        "call {handle}",
        "mov rcx, [rsp + 152]",
        "test rcx, rcx",
        "jz 3f",
        "cmp rcx, 1",
        "je 2f",
        "fld tbyte ptr [rsp + 176]",
        "2:",
        "fld tbyte ptr [rsp + 160]",
        "3:",
        "mov rax, [rsp + 120]",
        "mov rdx, [rsp + 128]",
        "movsd xmm0, [rsp + 136]",
        "movsd xmm1, [rsp + 144]",
        "leave",
        "ret",
        handle = sym handle,
    )
}

/// Other machines have other conventions, which are not written yet.
///
/// # Safety
///
/// None is needed.
#[cfg(not(target_arch = "x86_64"))]
unsafe extern "C" fn arrive() {
    panic!("C can call Python on x86-64 only");
}

/// Reads arguments in the order the ABI gave them their places.
struct Arrived<'a> {
    saved: &'a Saved,
    integers: usize,
    floats: usize,
    stack: usize,
}

impl Arrived<'_> {
    fn integer(&mut self) -> u64 {
        self.integers += 1;
        self.saved.integers[self.integers - 1]
    }

    fn stacked(&mut self, size: usize, aligned: bool) -> Vec<u8> {
        if aligned {
            self.stack = self.stack.next_multiple_of(2);
        }
        let mut bytes = vec![0; size];
        // SAFETY: the caller passed an argument of this size here; `stack` is where its arguments on the stack begin.
        unsafe { self.saved.stack.add(self.stack).cast::<u8>().copy_to(bytes.as_mut_ptr(), size) };
        self.stack += size.div_ceil(8);
        bytes
    }

    fn argument(&mut self, foreign: &ForeignType) -> Vec<u8> {
        let size = foreign.size();
        match plan(foreign) {
            Plan::Nothing => Vec::new(),
            Plan::Memory { aligned } => self.stacked(size, aligned),
            Plan::X87(_) => self.stacked(size, true),
            Plan::Registers(classes) => {
                let (integers, floats) = count(classes);
                if self.integers + integers > 6 || self.floats + floats > 8 {
                    return self.stacked(size, false);
                }
                let mut bytes = Vec::with_capacity(16);
                for class in classes.iter() {
                    let register = match class {
                        Class::Integer => self.integer(),
                        Class::Sse => {
                            self.floats += 1;
                            self.saved.floats[self.floats - 1]
                        }
                    };
                    bytes.extend_from_slice(&register.to_le_bytes());
                }
                bytes.truncate(size);
                bytes
            }
        }
    }
}

/// # Safety
///
/// The context is that of a live thunk, and `saved` has what it was called with.
unsafe extern "C" fn handle(context: *const Context, saved: *mut Saved) {
    // SAFETY: the caller's promise.
    let saved = unsafe { &mut *saved };
    with_vm(|vm| {
        // The program may drop the thunk while it runs.
        // SAFETY: the pointer came from the thunk's `Rc`, which is alive; counts change under the lock.
        let context = unsafe {
            Rc::increment_strong_count(context);
            Rc::from_raw(context)
        };
        serve(vm, &context, saved);
    });
}

fn serve(vm: &mut Vm, context: &Context, saved: &mut Saved) {
    let how = plan(&context.result);
    let mut arrived = Arrived { saved, integers: 0, floats: 0, stack: 0 };
    let place = if matches!(how, Plan::Memory { .. }) { arrived.integer() } else { 0 };
    let arguments: Vec<Vec<u8>> = context.arguments.iter().map(|foreign| arrived.argument(foreign)).collect();
    let mut result = (context.handler)(vm, &arguments);
    result.resize(context.result.size(), 0);
    (saved.rax, saved.rdx, saved.xmm0, saved.xmm1, saved.x87_results) = (0, 0, 0, 0, 0);
    match how {
        Plan::Nothing => {}
        Plan::Memory { .. } => {
            super::memory::write(place as usize, &result);
            saved.rax = place;
        }
        Plan::X87(n) => {
            saved.x87_results = n;
            let len = result.len().min(32);
            saved.st = [0; 32];
            saved.st[..len].copy_from_slice(&result[..len]);
        }
        Plan::Registers(classes) => {
            let (mut integers, mut floats) = (0, 0);
            for (part, class) in result.chunks(8).zip(classes.iter()) {
                let value = super::call::extended(&context.result, part);
                let register = match (class, integers, floats) {
                    (Class::Integer, 0, _) => &mut saved.rax,
                    (Class::Integer, ..) => &mut saved.rdx,
                    (Class::Sse, _, 0) => &mut saved.xmm0,
                    (Class::Sse, ..) => &mut saved.xmm1,
                };
                *register = value;
                if class == Class::Integer { integers += 1 } else { floats += 1 }
            }
        }
    }
}

/// The addresses of the functions that `ctypes` itself calls as if they were C's.
pub fn helper_addresses() -> [(&'static str, usize); 4] {
    [
        ("_cast_addr", cast as *const () as usize),
        ("_string_at_addr", string_at as *const () as usize),
        ("_wstring_at_addr", wide_string_at as *const () as usize),
        ("_memoryview_at_addr", memoryview_at as *const () as usize),
    ]
}

/// The word of a result; zero with an exception set.
fn returned(result: object::PyResult) -> u64 {
    result.map_or(0, object::Object::into_raw)
}

extern "C" fn cast(pointer: usize, source: u64, class: u64) -> u64 {
    with_vm(|vm| {
        let words = [source, class].map(super::memory::object_from_word);
        let [Some(source), Some(class)] = words else { return returned(Err(vm.value_error("PyObject is NULL"))) };
        returned(super::pointer::cast(vm, pointer, source.borrow(), class.borrow()))
    })
}

extern "C" fn string_at(pointer: usize, size: i32) -> u64 {
    with_vm(|vm| returned(super::pointer::string_at(vm, pointer, size)))
}

extern "C" fn wide_string_at(pointer: usize, size: i32) -> u64 {
    with_vm(|vm| returned(super::pointer::wide_string_at(vm, pointer, size)))
}

extern "C" fn memoryview_at(pointer: usize, size: isize, readonly: i32) -> u64 {
    with_vm(|vm| returned(super::pointer::memoryview_at(vm, pointer, size, readonly != 0)))
}
