//! `Unpickler`: the object, its attributes, its stack, and where it reads from.

use super::memo::{self, LoadMemo, UnpicklerMemo};
use super::opcode::HIGHEST_PROTOCOL;
use super::{hook, load, unpickling_error};
use object::cell::{ObjectCell, Visitor, VmCell};
use object::native::{Getset, Method, PayloadInfo, TypeSpec, flag};
use object::str::Str;
use object::{Args, Object, Payload, PyResult, Raised, Ref, Slots, Type, Vm, exception, method};
use std::borrow::Cow;
use std::cell::Cell;

/// How much a file is asked to show in advance.
const PREFETCH: usize = 128 * 1024;

/// How many values the stack has room for at first.
const FIRST_VALUES: usize = 16;

/// Bytes that were read and not used yet.
#[derive(Default)]
struct Input {
    bytes: Vec<u8>,
    position: usize,
    /// Whether the bytes were only peeked at: what is used of them is still to be read.
    peeked: bool,
    /// Whether a frame is open; nothing that is read may cross its end.
    framed: bool,
    /// The end of the open frame, all of which is there, or of the bytes.
    limit: usize,
}

impl Input {
    fn new(bytes: Vec<u8>, peeked: bool) -> Input {
        Input { limit: bytes.len(), bytes, position: 0, peeked, framed: false }
    }

    fn end_frame(&mut self) {
        self.framed = false;
        self.limit = self.bytes.len();
    }
}

/// The machine's stack, and the marks in it.
#[derive(Default)]
struct Stack {
    values: Vec<Object>,
    marks: Vec<usize>,
}

/// The payload of an `Unpickler`.
pub struct Unpickler {
    read: ObjectCell,
    readline: ObjectCell,
    peek: ObjectCell,
    pub buffers: ObjectCell,
    persistent_load_attribute: ObjectCell,
    pub persistent_load: ObjectCell,
    pub memo: VmCell<LoadMemo>,
    stack: VmCell<Stack>,
    input: VmCell<Input>,
    pub encoding: VmCell<Cow<'static, str>>,
    pub errors: VmCell<Cow<'static, str>>,
    pub protocol: Cell<i32>,
    pub fix_imports: Cell<bool>,
    pub running: Cell<bool>,
    ready: Cell<bool>,
}

impl Unpickler {
    pub fn new() -> Unpickler {
        Unpickler {
            read: ObjectCell::EMPTY,
            readline: ObjectCell::EMPTY,
            peek: ObjectCell::EMPTY,
            buffers: ObjectCell::EMPTY,
            persistent_load_attribute: ObjectCell::EMPTY,
            persistent_load: ObjectCell::EMPTY,
            memo: VmCell::new(LoadMemo::default()),
            stack: VmCell::new(Stack::default()),
            input: VmCell::new(Input::default()),
            encoding: VmCell::new(Cow::Borrowed("")),
            errors: VmCell::new(Cow::Borrowed("")),
            protocol: Cell::new(0),
            fix_imports: Cell::new(true),
            running: Cell::new(false),
            ready: Cell::new(false),
        }
    }

    fn cells(&self) -> [&ObjectCell; 6] {
        [&self.read, &self.readline, &self.peek, &self.buffers, &self.persistent_load_attribute, &self.persistent_load]
    }

    /// What to read, all of it.
    pub fn set_input(&self, vm: &mut Vm, bytes: Vec<u8>) {
        self.input.set(vm, Input::new(bytes, false));
    }

    /// The bytes that were taken last, as many as they were.
    #[inline]
    pub fn last_taken<'a>(&'a self, vm: &'a Vm, count: usize) -> &'a [u8] {
        let input = self.input.get(vm);
        &input.bytes[input.position - count..input.position]
    }

    /// The next bytes, as many as asked for.
    #[inline(always)]
    pub fn take<'a>(&'a self, vm: &'a mut Vm, count: usize) -> PyResult<&'a [u8]> {
        let input = self.input.get(vm);
        if count > input.limit - input.position {
            self.make_available(vm, count)?;
        }
        let input = self.input.get_mut(vm);
        let start = input.position;
        input.position += count;
        Ok(&input.bytes[start..start + count])
    }

    /// Ends the frame if nothing is left of it, and reads more, for so many bytes to be there.
    #[cold]
    fn make_available(&self, vm: &mut Vm, count: usize) -> PyResult<()> {
        let input = self.input.get_mut(vm);
        if input.framed {
            if input.position < input.limit {
                return Err(unpickling_error(vm, "pickle exhausted before end of frame"));
            }
            input.end_frame();
        }
        if count > input.limit - input.position { self.refill(vm, count) } else { Ok(()) }
    }

    /// The next bytes, of a number known in advance.
    #[inline(always)]
    pub fn take_array<const N: usize>(&self, vm: &mut Vm) -> PyResult<[u8; N]> {
        let mut out = [0; N];
        out.copy_from_slice(self.take(vm, N)?);
        Ok(out)
    }

    /// Begins a frame; all of it has to be there.
    pub fn begin_frame(&self, vm: &mut Vm, length: usize) -> PyResult<()> {
        let input = self.input.get_mut(vm);
        if input.framed {
            if input.position < input.limit {
                return Err(unpickling_error(vm, "beginning of a new frame before end of current frame"));
            }
            input.end_frame();
        }
        if length > input.limit - input.position {
            self.refill(vm, length)?;
        }
        let input = self.input.get_mut(vm);
        (input.framed, input.limit) = (true, input.position + length);
        Ok(())
    }

    /// The next line, its end included.
    pub fn take_line(&self, vm: &mut Vm) -> PyResult<Vec<u8>> {
        let input = self.input.get_mut(vm);
        let rest = &input.bytes[input.position..];
        if let Some(end) = rest.iter().position(|&byte| byte == b'\n') {
            let length = end + 1;
            return self.take(vm, length).map(<[u8]>::to_vec);
        }
        if input.framed && input.position < input.limit {
            return Err(unpickling_error(vm, "pickle exhausted before end of frame"));
        }
        let Some(readline) = self.readline.get() else { return Err(truncated(vm)) };
        self.skip_peeked(vm)?;
        let left = self.left_over(vm);
        let line = vm.call(readline.borrow(), &[])?;
        let mut line = bytes_of(vm, line.borrow(), "readline")?;
        if !left.is_empty() {
            line.splice(0..0, left);
        }
        self.set_input(vm, Vec::new());
        if line.last() == Some(&b'\n') { Ok(line) } else { Err(truncated(vm)) }
    }

    /// What was read and not used.
    fn left_over(&self, vm: &Vm) -> Vec<u8> {
        let input = self.input.get(vm);
        if input.peeked { Vec::new() } else { input.bytes[input.position..].to_vec() }
    }

    /// Reads what was peeked at and used, so that the file is where the unpickler is.
    pub fn skip_peeked(&self, vm: &mut Vm) -> PyResult<()> {
        let input = self.input.get(vm);
        if !input.peeked {
            return Ok(());
        }
        let used = input.position;
        self.input.set(vm, Input::default());
        if used > 0
            && let Some(read) = self.read.get()
        {
            let count = vm.new_uint(used as u64);
            vm.call(read.borrow(), &[count.borrow()])?;
        }
        Ok(())
    }

    #[cold]
    fn refill(&self, vm: &mut Vm, count: usize) -> PyResult<()> {
        let Some(read) = self.read.get() else { return Err(truncated(vm)) };
        self.skip_peeked(vm)?;
        let mut bytes = self.left_over(vm);
        if bytes.is_empty()
            && count < PREFETCH
            && let Some(peek) = self.peek.get()
        {
            let size = vm.new_uint(PREFETCH as u64);
            let shown = vm.call(peek.borrow(), &[size.borrow()]);
            match vm.ignore(shown, &exception::NOT_IMPLEMENTED_ERROR)? {
                None => drop(self.peek.take()),
                Some(shown) => {
                    let shown = bytes_of(vm, shown.borrow(), "peek")?;
                    if shown.len() >= count {
                        self.input.set(vm, Input::new(shown, true));
                        return Ok(());
                    }
                }
            }
        }
        let missing = count - bytes.len();
        let size = vm.new_uint(missing as u64);
        let more = vm.call(read.borrow(), &[size.borrow()])?;
        bytes.extend(bytes_of(vm, more.borrow(), "read")?);
        let enough = bytes.len() >= count;
        self.set_input(vm, bytes);
        if enough { Ok(()) } else { Err(truncated(vm)) }
    }

    /// Empties the machine.
    pub fn reset(&self, vm: &mut Vm) {
        drop(self.stack.replace(vm, Stack::default()));
    }

    /// The same, with room for what most pickles need.
    pub fn begin(&self, vm: &mut Vm) {
        self.reset(vm);
        self.stack.get_mut(vm).values.reserve(FIRST_VALUES);
    }

    /// Whether persistent identities are refused by the method that `_pickle` declares.
    pub fn has_own_persistent_load(&self, this: Ref<'_>) -> bool {
        this.is_exactly(&UNPICKLER) && self.persistent_load_attribute.get().is_none()
    }

    #[inline(always)]
    pub fn push(&self, vm: &mut Vm, value: Object) {
        self.stack.get_mut(vm).values.push(value);
    }

    /// The number of values above the innermost mark.
    #[inline]
    fn available(&self, vm: &Vm) -> usize {
        let stack = self.stack.get(vm);
        stack.values.len() - stack.marks.last().copied().unwrap_or(0)
    }

    /// Fails unless there are so many values above the innermost mark.
    #[inline]
    pub fn need(&self, vm: &mut Vm, count: usize) -> PyResult<()> {
        if self.available(vm) >= count {
            return Ok(());
        }
        let marked = !self.stack.get(vm).marks.is_empty();
        Err(unpickling_error(vm, if marked { "unexpected MARK found" } else { "unpickling stack underflow" }))
    }

    #[inline]
    pub fn pop(&self, vm: &mut Vm) -> PyResult {
        self.need(vm, 1)?;
        Ok(self.stack.get_mut(vm).values.pop().expect("there is a value"))
    }

    /// The topmost value, which stays.
    #[inline]
    pub fn top(&self, vm: &mut Vm) -> PyResult {
        self.need(vm, 1)?;
        Ok(self.stack.get(vm).values.last().expect("there is a value").clone())
    }

    /// The value below the one at `start`, which must be above the innermost mark.
    #[inline]
    pub fn below(&self, vm: &mut Vm, start: usize) -> PyResult {
        let stack = self.stack.get(vm);
        if start > stack.marks.last().copied().unwrap_or(0)
            && let Some(value) = stack.values.get(start - 1)
        {
            return Ok(value.clone());
        }
        // What fails fails as if the values above were taken off.
        self.drain(vm, start, |_, values| drop(values));
        self.top(vm)
    }

    /// Where the topmost so many values start.
    #[inline]
    pub fn position_of(&self, vm: &mut Vm, count: usize) -> PyResult<usize> {
        self.need(vm, count)?;
        Ok(self.stack.get(vm).values.len() - count)
    }

    /// Takes the innermost mark off; returns where the values above it start.
    #[inline]
    pub fn take_mark(&self, vm: &mut Vm) -> PyResult<usize> {
        match self.stack.get_mut(vm).marks.pop() {
            Some(mark) => Ok(mark),
            None => Err(unpickling_error(vm, "could not find MARK")),
        }
    }

    /// Hands out the values from `start` on, in the order they were pushed, and takes them off. What is done with them
    /// does not see the stack.
    #[inline]
    pub fn drain<T>(&self, vm: &mut Vm, start: usize, with: impl FnOnce(&mut Vm, std::vec::Drain<'_, Object>) -> T) -> T {
        let mut values = std::mem::take(&mut self.stack.get_mut(vm).values);
        let result = with(vm, values.drain(start.min(values.len())..));
        self.stack.get_mut(vm).values = values;
        result
    }

    pub fn mark(&self, vm: &mut Vm) {
        let stack = self.stack.get_mut(vm);
        stack.marks.push(stack.values.len());
    }

    /// The values above the innermost mark; the mark goes too.
    pub fn pop_mark(&self, vm: &mut Vm) -> PyResult<Vec<Object>> {
        let mark = self.take_mark(vm)?;
        Ok(self.stack.get_mut(vm).values.split_off(mark))
    }

    /// Takes a mark off if it is topmost; whether it was.
    pub fn pop_bare_mark(&self, vm: &mut Vm) -> bool {
        let stack = self.stack.get_mut(vm);
        stack.marks.pop_if(|mark| *mark == stack.values.len()).is_some()
    }
}

impl Payload for Unpickler {
    fn class() -> &'static Type {
        &UNPICKLER
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        for cell in self.cells() {
            cell.traverse(visitor);
        }
        let (memo, stack) = (self.memo.visit(visitor), self.stack.visit(visitor));
        visitor.visit_all(memo.entries().map(|(_, object)| object));
        visitor.visit_all(&stack.values);
    }

    fn clear(&self, vm: &mut Vm) {
        for cell in self.cells() {
            drop(cell.take());
        }
        drop(self.memo.replace(vm, LoadMemo::default()));
        self.reset(vm);
    }
}

pub fn truncated(vm: &mut Vm) -> Raised {
    unpickling_error(vm, "pickle data was truncated")
}

fn bytes_of(vm: &mut Vm, object: Ref<'_>, what: &str) -> PyResult<Vec<u8>> {
    match object::bytes::as_bytes(object) {
        Some(bytes) => Ok(bytes.to_vec()),
        None if vm.has_buffer(object) => {
            let buffer = vm.buffer(object)?;
            Ok(buffer.bytes(vm).to_vec())
        }
        None => {
            let name = object.class().full_name();
            Err(vm.type_error(format!("{what}() returned non-bytes object ({name})")))
        }
    }
}

pub static UNPICKLER: Type = Type::new(&UNPICKLER_SPEC);
static UNPICKLER_SPEC: TypeSpec = TypeSpec {
    name: "_pickle.Unpickler",
    doc: "This takes a binary file for reading a pickle data stream.\n\nThe protocol version of the pickle is detected automatically, so no\nprotocol argument is needed.  Bytes past the pickled object's\nrepresentation are ignored.",
    flags: flag::BASE_TYPE,
    payload: PayloadInfo::of::<Unpickler>(),
    signature: "(file, *, fix_imports=True, encoding='ASCII', errors='strict', buffers=())",
    slots: Slots {
        new: Some(|vm, class, _| Ok(vm.allocate_in(class.get(), Unpickler::new()))),
        init: Some(init),
        getattr: Some(getattr),
        setattr: Some(setattr),
        ..Slots::NONE
    },
    methods: METHODS,
    getsets: &[Getset::new("memo", "", get_memo, set_memo)],
    ..TypeSpec::DEFAULT
};

pub const METHODS: &[Method] = &[
    method!(Unary load_method as "load" "($self, /)", "Load a pickle.\n\nRead a pickled object representation from the open file object given\nin the constructor, and return the reconstituted object hierarchy\nspecified therein."),
    method!(Bound find_class "($self, module_name, global_name, /)", "Return an object from a specified module.\n\nIf necessary, the module will be imported. Subclasses may override\nthis method (e.g. to restrict unpickling of arbitrary classes and\nfunctions)."),
    method!(Binary persistent_load "($self, pid, /)", ""),
    method!(Unary sizeof as "__sizeof__" "($self, /)", "Returns size in memory, in bytes."),
];

pub fn of(this: Ref<'_>) -> &Unpickler {
    this.downcast::<Unpickler>().expect("the function belongs to the type").get()
}

fn text(vm: &mut Vm, value: Option<Object>, name: &str, default: &'static str) -> PyResult<Cow<'static, str>> {
    let Some(value) = value else { return Ok(Cow::Borrowed(default)) };
    match value.borrow().downcast::<Str>() {
        Some(text) => Ok(Cow::Owned(text.get().to_string_lossy().into_owned())),
        None => {
            let class = value.borrow().class().full_name();
            Err(vm.type_error(format!("Unpickler() argument '{name}' must be str, not {class}")))
        }
    }
}

/// Sets up an unpickler: options are `fix_imports`, `encoding`, `errors`, `buffers`.
pub fn initialize(vm: &mut Vm, this: Ref<'_>, file: Option<Ref<'_>>, options: [Option<Object>; 4]) -> PyResult<()> {
    let unpickler = of(this);
    let [fix_imports, encoding, errors, buffers] = options;
    let fix_imports = match fix_imports {
        Some(fix_imports) => vm.is_true(fix_imports.borrow())?,
        None => true,
    };
    if let Some(file) = file {
        let peek = vm.find_attr_str(file, "peek")?;
        let read = vm.find_attr_str(file, "read")?;
        let readline = vm.find_attr_str(file, "readline")?;
        if read.is_none() || readline.is_none() {
            return Err(vm.raise(&exception::ATTRIBUTE_ERROR, "file must have 'read' and 'readline' attributes"));
        }
        for (cell, value) in [(&unpickler.peek, peek), (&unpickler.read, read), (&unpickler.readline, readline)] {
            drop(cell.replace(value));
        }
    }
    let encoding = text(vm, encoding, "encoding", "ASCII")?;
    let errors = text(vm, errors, "errors", "strict")?;
    unpickler.encoding.set(vm, encoding);
    unpickler.errors.set(vm, errors);
    let buffers = match buffers.filter(|buffers| !buffers.borrow().is_none()) {
        Some(buffers) => Some(vm.iter(buffers.borrow())?),
        None => None,
    };
    drop(unpickler.buffers.replace(buffers));
    unpickler.fix_imports.set(fix_imports);
    unpickler.protocol.set(0);
    drop(unpickler.memo.replace(vm, LoadMemo::default()));
    unpickler.set_input(vm, Vec::new());
    unpickler.ready.set(true);
    Ok(())
}

pub fn check_idle(vm: &mut Vm, this: &Unpickler) -> PyResult<()> {
    if this.running.get() { Err(vm.runtime_error("Unpickler object is already used")) } else { Ok(()) }
}

fn init(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult<()> {
    let mut bound = [const { None }; 5];
    object::call::bind_args(vm, "Unpickler", "(file, *, fix_imports=True, encoding='ASCII', errors='strict', buffers=())", args, &mut bound)?;
    let [file, fix_imports, encoding, errors, buffers] = bound;
    check_idle(vm, of(this))?;
    let file = file.unwrap_or(Object::none());
    initialize(vm, this, Some(file.borrow()), [fix_imports, encoding, errors, buffers])
}

fn load_method(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    if !of(this).ready.get() {
        let class = this.class().name().to_owned();
        return Err(unpickling_error(vm, format!("Unpickler.__init__() was not called by {class}.__init__()")));
    }
    load::run(vm, this)
}

fn find_class(vm: &mut Vm, this: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    load::find_class(vm, of(this), args[0].unwrap_or(Ref::NONE), args[1].unwrap_or(Ref::NONE))
}

fn persistent_load(vm: &mut Vm, _this: Ref<'_>, _identity: Ref<'_>) -> PyResult {
    Err(no_persistent_load(vm))
}

pub fn no_persistent_load(vm: &mut Vm) -> Raised {
    unpickling_error(vm, "A load persistent id instruction was encountered, but no persistent_load function was specified.")
}

fn sizeof(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let unpickler = of(this);
    let size = this.class().basic_size() + unpickler.input.get(vm).bytes.capacity() + 8 * unpickler.memo.get(vm).len();
    Ok(vm.new_uint(size as u64))
}

fn getattr(vm: &mut Vm, this: Ref<'_>, name: Ref<'_>) -> PyResult {
    hook::getattr(vm, this, name, "persistent_load", &of(this).persistent_load_attribute)
}

fn setattr(vm: &mut Vm, this: Ref<'_>, name: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    hook::setattr(vm, this, name, value, "persistent_load", &of(this).persistent_load_attribute)
}

fn get_memo(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(UnpicklerMemo::make(vm, this))
}

fn set_memo(vm: &mut Vm, this: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let memo = memo::loaded_from(vm, value)?;
    drop(of(this).memo.replace(vm, memo));
    Ok(())
}

/// Refuses a protocol that is not known.
pub fn check_protocol(vm: &mut Vm, protocol: i32) -> PyResult<()> {
    if protocol <= HIGHEST_PROTOCOL { Ok(()) } else { Err(vm.value_error(format!("unsupported pickle protocol: {protocol}"))) }
}
