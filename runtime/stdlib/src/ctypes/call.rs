//! Calls of C functions by the System V convention of x86-64.
//!
//! Each value is classified by the rules of the ABI's section 3.2.3: eightbytes of class INTEGER go to general
//! registers, those of class SSE to vector registers, and what does not fit, or is larger than two eightbytes, to
//! the stack. [`plan`] says where a value goes; [`call`] fills a [`Frame`] and a short piece of assembly loads it into
//! the registers. Callbacks come in by the same rules the other way round: see [`super::callback`].

use std::cell::Cell;

/// A number somewhere in a structure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaf {
    /// An integer or pointer, by its size.
    Int(u8),
    Float,
    Double,
    LongDouble,
}

impl Leaf {
    const fn size(self) -> usize {
        match self {
            Leaf::Int(size) => size as usize,
            Leaf::Float => 4,
            Leaf::Double => 8,
            Leaf::LongDouble => 16,
        }
    }
}

/// A C type, as far as calls go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ForeignType {
    Void,
    Int {
        size: u8,
        signed: bool,
    },
    Float,
    Double,
    LongDouble,
    FloatComplex,
    DoubleComplex,
    LongDoubleComplex,
    Struct {
        size: usize,
        align: usize,
        /// Offsets and kinds of all numbers in it; not needed if it is larger than two eightbytes.
        leaves: Vec<(usize, Leaf)>,
    },
}

impl ForeignType {
    pub const POINTER: ForeignType = ForeignType::Int { size: 8, signed: false };
    pub const INT: ForeignType = ForeignType::Int { size: 4, signed: true };

    /// Bytes of a value.
    pub fn size(&self) -> usize {
        match self {
            ForeignType::Void => 0,
            ForeignType::Int { size, .. } => usize::from(*size),
            ForeignType::Float => 4,
            ForeignType::Double | ForeignType::FloatComplex => 8,
            ForeignType::LongDouble | ForeignType::DoubleComplex => 16,
            ForeignType::LongDoubleComplex => 32,
            ForeignType::Struct { size, .. } => *size,
        }
    }
}

/// The bytes of a value; few of them need no memory of their own.
#[derive(Clone, Default)]
pub struct Bytes {
    inline: [u8; 16],
    len: usize,
    /// Empty if the value is inline.
    heap: Vec<u8>,
}

impl Bytes {
    /// So many zeros.
    pub fn zeros(len: usize) -> Bytes {
        Bytes { inline: [0; 16], len, heap: if len > 16 { vec![0; len] } else { Vec::new() } }
    }

    pub fn of(bytes: &[u8]) -> Bytes {
        let mut own = Bytes::zeros(bytes.len());
        own.copy_from_slice(bytes);
        own
    }
}

impl std::ops::Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        if self.len > 16 { &self.heap } else { &self.inline[..self.len] }
    }
}

impl std::ops::DerefMut for Bytes {
    fn deref_mut(&mut self) -> &mut [u8] {
        if self.len > 16 { &mut self.heap } else { &mut self.inline[..self.len] }
    }
}

/// The classes of a value that travels in registers: one or two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Classes {
    first: Class,
    second: Option<Class>,
}

impl Classes {
    pub fn iter(self) -> impl Iterator<Item = Class> {
        std::iter::once(self.first).chain(self.second)
    }
}

/// The class of an eightbyte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    Integer,
    Sse,
}

/// How a value travels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Plan {
    Nothing,
    /// One or two registers.
    Registers(Classes),
    /// The memory itself, on the stack for an argument; aligned to 16 bytes if so said.
    Memory {
        aligned: bool,
    },
    /// As an argument like memory; as a result on the stack of the x87 unit, so many numbers.
    X87(u64),
}

/// Classifies a type.
pub fn plan(foreign: &ForeignType) -> Plan {
    match foreign {
        ForeignType::Void => Plan::Nothing,
        ForeignType::Int { .. } => Plan::Registers(Classes { first: Class::Integer, second: None }),
        ForeignType::Float | ForeignType::Double | ForeignType::FloatComplex => Plan::Registers(Classes { first: Class::Sse, second: None }),
        ForeignType::DoubleComplex => Plan::Registers(Classes { first: Class::Sse, second: Some(Class::Sse) }),
        ForeignType::LongDouble => Plan::X87(1),
        ForeignType::LongDoubleComplex => Plan::X87(2),
        ForeignType::Struct { size, align, leaves } => plan_struct(*size, *align, leaves),
    }
}

fn plan_struct(size: usize, align: usize, leaves: &[(usize, Leaf)]) -> Plan {
    let memory = Plan::Memory { aligned: align > 8 };
    if size == 0 {
        return Plan::Nothing;
    }
    if size > 16 || leaves.iter().any(|&(offset, leaf)| offset % leaf.size() != 0) {
        return memory;
    }
    if let Some(&(_, Leaf::LongDouble)) = leaves.iter().find(|(_, leaf)| *leaf == Leaf::LongDouble) {
        return if leaves.iter().all(|(_, leaf)| *leaf == Leaf::LongDouble) { Plan::X87(1) } else { memory };
    }
    let class_of = |eightbyte: usize| {
        let mut inside = leaves.iter().filter(|(offset, _)| offset / 8 == eightbyte).peekable();
        let is_empty = inside.peek().is_none();
        // Padding alone is passed as SSE.
        if is_empty || inside.all(|(_, leaf)| matches!(leaf, Leaf::Float | Leaf::Double)) { Class::Sse } else { Class::Integer }
    };
    Plan::Registers(Classes { first: class_of(0), second: (size > 8).then(|| class_of(1)) })
}

/// Where arguments lie: filled by [`call`], loaded by the assembly.
#[repr(C)]
struct Frame {
    integers: [u64; 6],
    floats: [u64; 8],
    n_floats: u64,
    stack: *const u64,
    n_stack: u64,
    function: usize,
    x87_results: u64,
    rax: u64,
    rdx: u64,
    xmm0: u64,
    xmm1: u64,
    st: [u8; 32],
}

thread_local! {
    /// The thread's copy of `errno`, which calls that ask for it exchange with the real one.
    static ERRNO: Cell<i32> = const { Cell::new(0) };
}

/// The thread's copy of `errno`.
pub fn saved_errno() -> i32 {
    ERRNO.get()
}

/// Sets the thread's copy of `errno`, and returns the old value.
pub fn set_saved_errno(value: i32) -> i32 {
    ERRNO.replace(value)
}

/// Exchanges the thread's copy of `errno` with the real one.
pub fn swap_errno() {
    // SAFETY: the address is that of this thread's variable.
    unsafe {
        let place = libc::__errno_location();
        *place = ERRNO.replace(*place);
    }
}

/// The arguments of a call, sorted by where they go.
#[derive(Default)]
struct Places {
    integers: [u64; 6],
    n_integers: usize,
    floats: [u64; 8],
    n_floats: usize,
    stack: Vec<u64>,
}

impl Places {
    fn add(&mut self, foreign: &ForeignType, value: &[u8]) {
        match plan(foreign) {
            Plan::Nothing => {}
            Plan::Registers(classes) => {
                let (integers, floats) = count(classes);
                if self.n_integers + integers > 6 || self.n_floats + floats > 8 {
                    return self.add_memory(value, false);
                }
                for (index, class) in classes.iter().enumerate() {
                    let part = &value[(index * 8).min(value.len())..(index * 8 + 8).min(value.len())];
                    match class {
                        Class::Integer => self.add_integer(extended(foreign, part)),
                        Class::Sse => {
                            self.floats[self.n_floats] = word(part);
                            self.n_floats += 1;
                        }
                    }
                }
            }
            Plan::Memory { aligned } => self.add_memory(value, aligned),
            Plan::X87(_) => self.add_memory(value, true),
        }
    }

    fn add_integer(&mut self, value: u64) {
        self.integers[self.n_integers] = value;
        self.n_integers += 1;
    }

    fn add_memory(&mut self, value: &[u8], aligned: bool) {
        if aligned && self.stack.len() % 2 == 1 {
            self.stack.push(0);
        }
        self.stack.extend(value.chunks(8).map(word));
    }
}

/// How many general and vector registers a value takes.
pub fn count(classes: Classes) -> (usize, usize) {
    let of = |class: Class| classes.iter().filter(|other| *other == class).count();
    (of(Class::Integer), of(Class::Sse))
}

/// Up to eight bytes as a word.
fn word(bytes: &[u8]) -> u64 {
    let mut word = [0; 8];
    word[..bytes.len()].copy_from_slice(bytes);
    u64::from_le_bytes(word)
}

/// A small int fills its register: callees may rely on it.
pub fn extended(foreign: &ForeignType, bytes: &[u8]) -> u64 {
    let value = word(bytes);
    match foreign {
        ForeignType::Int { size, signed: true } if *size < 8 => {
            let unused = 64 - 8 * u32::from(*size);
            (((value << unused) as i64) >> unused) as u64
        }
        _ => value,
    }
}

/// How much of the stack arguments may take, in words.
const MOST_STACK: usize = 1 << 16;

/// Calls the function at an address. `None`: the arguments do not fit the stack.
///
/// What is called, and whether the types are the right ones, is what the program vouches for.
pub fn call(function: usize, arguments: &[(ForeignType, Bytes)], result: &ForeignType, use_errno: bool) -> Option<Bytes> {
    let mut returned = Bytes::zeros(result.size().max(8));
    let mut places = Places::default();
    let how = plan(result);
    if let Plan::Memory { .. } = how {
        // The caller says where the result is to be.
        places.add_integer(returned.as_mut_ptr().expose_provenance() as u64);
    }
    for (foreign, value) in arguments {
        places.add(foreign, value);
    }
    if places.stack.len() > MOST_STACK {
        return None;
    }
    let mut frame = Frame {
        integers: places.integers,
        floats: places.floats,
        n_floats: places.n_floats as u64,
        stack: places.stack.as_ptr(),
        n_stack: places.stack.len() as u64,
        function,
        x87_results: if let Plan::X87(n) = how { n } else { 0 },
        rax: 0,
        rdx: 0,
        xmm0: 0,
        xmm1: 0,
        st: [0; 32],
    };
    if use_errno {
        swap_errno();
    }
    // SAFETY: the program vouches for the function; the frame says what the ABI wants it to find.
    unsafe { enter(&raw mut frame) };
    if use_errno {
        swap_errno();
    }
    match how {
        Plan::Nothing | Plan::Memory { .. } => {}
        Plan::X87(n) => {
            let len = returned.len().min(16 * n as usize);
            returned[..len].copy_from_slice(&frame.st[..len]);
        }
        Plan::Registers(classes) => {
            let (mut integers, mut floats) = ([frame.rax, frame.rdx].into_iter(), [frame.xmm0, frame.xmm1].into_iter());
            for (part, class) in returned.chunks_mut(8).zip(classes.iter()) {
                let register = if class == Class::Integer { integers.next() } else { floats.next() };
                let bytes = register.unwrap_or(0).to_le_bytes();
                part.copy_from_slice(&bytes[..part.len()]);
            }
        }
    }
    Some(returned)
}

/// Loads registers and stack from a frame, calls its function and stores the results.
///
/// # Safety
///
/// The frame's function can be called with what the frame holds.
#[cfg(target_arch = "x86_64")]
#[unsafe(naked)]
unsafe extern "C" fn enter(_frame: *mut Frame) {
    std::arch::naked_asm!(
        "push rbp",
        "mov rbp, rsp",
        "push rbx",
        "push r12",
        "mov rbx, rdi",
        "mov rcx, [rbx + 128]",
        "lea rax, [rcx * 8 + 15]",
        "and rax, -16",
        "sub rsp, rax",
        "mov rsi, [rbx + 120]",
        "mov rdi, rsp",
        "cld",
        "rep movsq",
        "movsd xmm0, [rbx + 48]",
        "movsd xmm1, [rbx + 56]",
        "movsd xmm2, [rbx + 64]",
        "movsd xmm3, [rbx + 72]",
        "movsd xmm4, [rbx + 80]",
        "movsd xmm5, [rbx + 88]",
        "movsd xmm6, [rbx + 96]",
        "movsd xmm7, [rbx + 104]",
        "mov r11, [rbx + 136]",
        // The number of vector registers, for functions with variable arguments.
        "mov rax, [rbx + 112]",
        "mov rdi, [rbx]",
        "mov rsi, [rbx + 8]",
        "mov rdx, [rbx + 16]",
        "mov rcx, [rbx + 24]",
        "mov r8, [rbx + 32]",
        "mov r9, [rbx + 40]",
        "call r11",
        "mov [rbx + 152], rax",
        "mov [rbx + 160], rdx",
        "movsd [rbx + 168], xmm0",
        "movsd [rbx + 176], xmm1",
        "mov rcx, [rbx + 144]",
        "test rcx, rcx",
        "jz 2f",
        "fstp tbyte ptr [rbx + 184]",
        "cmp rcx, 1",
        "je 2f",
        "fstp tbyte ptr [rbx + 200]",
        "2:",
        "lea rsp, [rbp - 16]",
        "pop r12",
        "pop rbx",
        "pop rbp",
        "ret",
    )
}

/// Other machines have other conventions, which are not written yet.
///
/// # Safety
///
/// None is needed: nothing is called.
#[cfg(not(target_arch = "x86_64"))]
unsafe extern "C" fn enter(_frame: *mut Frame) {
    panic!("C functions can be called on x86-64 only");
}

#[cfg(target_arch = "x86_64")]
const _: () = assert!(
    std::mem::offset_of!(Frame, floats) == 48
        && std::mem::offset_of!(Frame, n_floats) == 112
        && std::mem::offset_of!(Frame, stack) == 120
        && std::mem::offset_of!(Frame, n_stack) == 128
        && std::mem::offset_of!(Frame, function) == 136
        && std::mem::offset_of!(Frame, x87_results) == 144
        && std::mem::offset_of!(Frame, rax) == 152
        && std::mem::offset_of!(Frame, rdx) == 160
        && std::mem::offset_of!(Frame, xmm0) == 168
        && std::mem::offset_of!(Frame, xmm1) == 176
        && std::mem::offset_of!(Frame, st) == 184
);
