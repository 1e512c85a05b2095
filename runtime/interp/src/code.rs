//! Code objects: compiled code with its constants and names as live objects.

use crate::shadow::Shadow;
use crate::tracing::lines::Lines;
use crate::tracing::monitoring::CodeEvents;
use bytecode::wordcode::WordCode;
use bytecode::{Code, CodeFlags, Constant, ExceptionEntry, Instr, Local, LocalKind, Location, Locations};
use object::cell::{ObjectCell, Visitor};
use object::class::Payload;
use object::native::{PayloadInfo, TypeSpec};
use object::str::Str;
use object::{Object, ObjectOf, Ref, Type, Vm};
use std::borrow::Cow;
use std::cell::{Cell, OnceCell};

/// The payload of a `code` object. What every call looks at is in front, in one line of the cache.
#[repr(C)]
pub struct CodeObject {
    /// The first of the instructions that run: those of `data`, or of the copy.
    pub(crate) entry: Cell<*const Instr>,
    /// Words of a frame: a few more than the code says, since shadowcode drops two words from above the result of what took them, and
    /// lays the frames of small functions by copies of fixed length.
    pub(crate) frame_words: usize,
    /// Words of a frame's locals: fast locals, cells, free variables.
    pub n_locals: usize,
    /// The number of arguments that a small function takes, see [`SMALL_PARAMETERS`]; more than any call has, if it is none.
    pub(crate) small_arguments: u32,
    /// The same of a function whose arguments need no further binding.
    pub(crate) simple_arguments: u32,
    /// Calls and backward jumps left until the code is hot; 0: it is, or never will be.
    pub(crate) warmth: Cell<u32>,
    /// Whether a call with exactly the positional parameters needs no further binding.
    pub is_simple: bool,
    pub compiled: crate::compiled::Slot,
    pub names: Box<[Ref<'static>]>,
    pub constants: Box<[Object]>,
    pub(crate) shadow: OnceCell<Shadow>,
    /// The words of the globals and builtins of the functions with this code. Not counted: of dicts that ended nothing is known any more.
    pub(crate) scope: Cell<[u64; 2]>,
    /// The rest of the code, as plain data. Its instructions are the ones that run.
    pub data: Body,
    pub local_names: Box<[Ref<'static>]>,
    pub name: Ref<'static>,
    pub qualname: Cell<Ref<'static>>,
    pub filename: Ref<'static>,
    pub n_free: usize,
    // Few code objects are asked for these.
    word_code: OnceCell<Box<WordCode>>,
    /// The bytes Python gave to make this code, if it did.
    pub(crate) shown: Option<Box<Shown>>,
    lines: OnceCell<Box<Lines>>,
    monitoring: OnceCell<Box<CodeEvents>>,
    asked: OnceCell<Box<Asked>>,
}

/// Attributes that were asked for, and are the same objects from then on.
#[derive(Default)]
pub(crate) struct Asked {
    names: ObjectCell,
    constants: ObjectCell,
    local_names: ObjectCell,
    cell_names: ObjectCell,
    free_names: ObjectCell,
    code: ObjectCell,
    line_table: ObjectCell,
    exception_table: ObjectCell,
}

/// A small function has at most this many parameters, all of them positional, ...
pub const SMALL_PARAMETERS: usize = 4;
/// ... and at most this many other locals.
pub const SMALL_LOCALS: usize = 8;

/// What of compiled code stays plain data: all but the names and constants, which become objects.
pub struct Body {
    /// The line of `def`, `class` or the first decorator; 1 for a module.
    pub first_line: u32,
    pub flags: CodeFlags,
    pub arg_count: u32,
    pub positional_only_count: u32,
    pub keyword_only_count: u32,
    /// The greatest number of values on the evaluation stack.
    pub stack_size: u32,
    pub instructions: Box<[Instr]>,
    pub locations: Locations,
    pub exception_table: Box<[ExceptionEntry]>,
    /// The kind of each fast local.
    pub local_kinds: Box<[LocalKind]>,
}

/// What a code object shows of itself where that is not made from its instructions.
pub(crate) struct Shown {
    pub code: Vec<u8>,
    pub line_table: Vec<u8>,
    pub exception_table: Vec<u8>,
    /// Whether a part of the code has no plain form.
    pub is_unstorable: bool,
}

/// `types.CodeType`. Its attributes are in the stdlib crate.
pub static CODE: Type = Type::new(&CODE_SPEC);
static CODE_SPEC: TypeSpec = TypeSpec {
    name: "code",
    doc: "Create a code object.  Not for mere mortals.",
    flags: object::native::flag::WEAK_REFERENCES,
    payload: PayloadInfo::of::<CodeObject>(),
    getsets: crate::code::attributes::GETSETS,
    methods: crate::code::attributes::METHODS,
    slots: crate::code::attributes::SLOTS,
    ..TypeSpec::DEFAULT
};

pub mod attributes;
mod construct;

pub use construct::{plain_data, to_constant};

impl Payload for CodeObject {
    fn class() -> &'static Type {
        &CODE
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        visitor.visit_all(&self.constants);
        // What is being compiled cannot be collected meanwhile.
        if let Ok(references) = self.compiled.references.try_borrow() {
            visitor.visit_all(references.iter());
        }
        if let Some(asked) = self.asked.get() {
            asked.constants.traverse(visitor);
        }
    }
}

impl CodeObject {
    /// The first of the instructions that run.
    #[inline]
    pub fn entry(&self) -> *const Instr {
        self.entry.get()
    }

    /// Where a call begins: with the first instruction, or with what runs compiled code.
    #[inline(always)]
    pub(crate) fn start(&self) -> *const Instr {
        if self.compiled.entry.get().is_some() { crate::compiled::gate() } else { self.entry.get() }
    }

    /// Whether calls run the copy, and not the original instructions.
    pub fn runs_copy(&self) -> bool {
        !std::ptr::eq(self.entry.get(), self.data.instructions.as_ptr())
    }

    /// The index of an instruction of this code.
    pub fn index_of(&self, instruction: *const Instr) -> usize {
        match self.shadow.get().and_then(|shadow| shadow.index_of(instruction)) {
            Some(index) => index,
            None => {
                let index = instruction.addr().wrapping_sub(self.data.instructions.as_ptr().addr()) / size_of::<Instr>();
                // The gate of compiled code stands for the first one.
                if index < self.data.instructions.len() { index } else { 0 }
            }
        }
    }

    /// Where an instruction comes from.
    pub fn location(&self, index: usize) -> Location {
        self.data.locations.get(index).unwrap_or(Location::NONE)
    }

    /// The line an instruction belongs to; 0: none.
    pub fn line(&self, index: usize) -> u32 {
        // Hot code is asked often.
        let lines = if self.warmth.get() == 0 { Some(self.lines()) } else { self.lines.get().map(|lines| &**lines) };
        match lines {
            Some(lines) => lines.line(index),
            None => self.location(index).line,
        }
    }

    /// The code as CPython would show it: two-byte units.
    pub fn word_code(&self) -> &WordCode {
        self.word_code.get_or_init(|| Box::new(WordCode::new(&self.without_constants())))
    }

    /// Which instructions begin a line.
    pub(crate) fn lines(&self) -> &Lines {
        self.lines.get_or_init(|| Box::new(Lines::new(&self.data)))
    }

    /// What `sys.monitoring` knows of this code.
    pub(crate) fn monitoring(&self) -> &CodeEvents {
        self.monitoring.get_or_init(Box::default)
    }

    /// The events a tool wants of this code alone.
    pub(crate) fn monitoring_events(&self, tool: usize) -> u32 {
        self.monitoring.get().map_or(0, |own| own.events_of(tool))
    }

    /// The offset of an instruction in `co_code`.
    pub fn byte_offset(&self, index: usize) -> i64 {
        self.word_code().offset_of(index).map_or(-1, i64::from)
    }

    /// The innermost handler that covers an instruction.
    pub fn handler(&self, index: usize) -> Option<ExceptionEntry> {
        bytecode::verify::entry_at(&self.data.exception_table, index as u32).copied()
    }

    /// How many locals are parameters, `*args` and `**keywords` among them, if a call can fill them all in beforehand.
    pub fn bound_arguments(&self) -> Option<usize> {
        let more = usize::from(self.has_flag(CodeFlags::VARARGS)) + usize::from(self.has_flag(CodeFlags::VARKEYWORDS));
        self.has_flag(CodeFlags::OPTIMIZED).then_some((self.data.arg_count + self.data.keyword_only_count) as usize + more)
    }

    pub fn has_flag(&self, flag: CodeFlags) -> bool {
        self.data.flags.has(flag)
    }

    /// The code's name as text.
    pub fn name_text(&self) -> Cow<'static, str> {
        text_of(self.name)
    }

    pub fn qualname_text(&self) -> Cow<'static, str> {
        text_of(self.qualname.get())
    }

    pub fn filename_text(&self) -> Cow<'static, str> {
        text_of(self.filename)
    }

    /// All of the code as plain data, but for its constants.
    pub fn without_constants(&self) -> Code {
        let text = |name: &Ref<'static>| text_of(*name).into_owned();
        let data = &self.data;
        Code {
            name: text(&self.name),
            qualname: text(&self.qualname.get()),
            filename: text(&self.filename),
            first_line: data.first_line,
            flags: data.flags,
            arg_count: data.arg_count,
            positional_only_count: data.positional_only_count,
            keyword_only_count: data.keyword_only_count,
            stack_size: data.stack_size,
            instructions: data.instructions.to_vec(),
            locations: data.locations.clone(),
            exception_table: data.exception_table.to_vec(),
            constants: Vec::new(),
            names: self.names.iter().map(text).collect(),
            locals: self.local_names.iter().zip(&data.local_kinds).map(|(name, &kind)| Local { name: text(name), kind }).collect(),
        }
    }

    /// Names of the locals of a kind, in order.
    pub fn locals_of(&self, kind: LocalKind) -> impl Iterator<Item = (usize, Ref<'static>)> + '_ {
        self.data.local_kinds.iter().enumerate().filter(move |(_, own)| own.has(kind)).map(|(index, _)| (index, self.local_names[index]))
    }
}

/// The text of a name.
pub(crate) fn text_of(name: Ref<'static>) -> Cow<'static, str> {
    name.downcast::<Str>().map_or_else(Cow::default, |name| name.get().to_string_lossy())
}

/// Makes the object of compiled code.
pub fn new_code(vm: &mut Vm, data: Code) -> ObjectOf<CodeObject> {
    let object = payload_of(vm, data, None);
    vm.allocate(object)
}

/// The payload of compiled code; `constants` are its constants as objects, if they are already there.
fn payload_of(vm: &mut Vm, code: Code, constants: Option<Box<[Object]>>) -> CodeObject {
    let constants = constants.unwrap_or_else(|| code.constants.into_iter().map(|constant| new_constant(vm, constant)).collect());
    let special = CodeFlags::VARARGS.with(CodeFlags::VARKEYWORDS);
    let is_simple = code.keyword_only_count == 0 && code.flags.has(CodeFlags::OPTIMIZED) && !code.flags.has(special);
    let data = Body {
        first_line: code.first_line,
        flags: code.flags,
        arg_count: code.arg_count,
        positional_only_count: code.positional_only_count,
        keyword_only_count: code.keyword_only_count,
        stack_size: code.stack_size,
        instructions: code.instructions.into(),
        locations: code.locations,
        exception_table: code.exception_table.into(),
        local_kinds: code.locals.iter().map(|local| local.kind).collect(),
    };
    let (n_locals, n_parameters) = (data.local_kinds.len(), data.arg_count as usize);
    let is_small = is_simple && n_parameters <= SMALL_PARAMETERS && n_locals <= n_parameters + SMALL_LOCALS;
    let stack_words = (data.stack_size as usize + SMALL_PARAMETERS).max(SMALL_PARAMETERS + SMALL_LOCALS);
    CodeObject {
        constants,
        names: code.names.iter().map(|name| vm.intern(name)).collect(),
        local_names: code.locals.iter().map(|local| vm.intern(&local.name)).collect(),
        name: vm.intern(&code.name),
        qualname: Cell::new(vm.intern(&code.qualname)),
        filename: vm.intern(&code.filename),
        n_locals,
        n_free: data.local_kinds.iter().filter(|kind| kind.has(LocalKind::FREE)).count(),
        warmth: Cell::new(crate::shadow::threshold()),
        entry: Cell::new(data.instructions.as_ptr()),
        shadow: OnceCell::new(),
        compiled: crate::compiled::Slot::new(code.flags),
        scope: Cell::new(crate::shadow::NO_SCOPE),
        is_simple,
        simple_arguments: if is_simple { data.arg_count } else { u32::MAX },
        small_arguments: if is_small { data.arg_count } else { u32::MAX },
        frame_words: crate::frame::FRAME_WORDS + n_locals + stack_words,
        word_code: OnceCell::new(),
        shown: None,
        lines: OnceCell::new(),
        monitoring: OnceCell::new(),
        asked: OnceCell::new(),
        data,
    }
}

/// The object of a constant.
pub fn new_constant(vm: &mut Vm, constant: Constant) -> Object {
    match constant {
        Constant::None => Object::none(),
        Constant::False => Object::bool(false),
        Constant::True => Object::bool(true),
        Constant::Ellipsis => Object::ellipsis(),
        Constant::Int(value) => vm.new_int(value),
        Constant::BigInt(value) => vm.new_bigint(value),
        Constant::Float(value) => vm.new_float(value),
        Constant::Complex(real, imaginary) => builtins::complex::new_complex(vm, real, imaginary),
        Constant::Str(text) => {
            let object = vm.new_wtf8(&text);
            // Strings that look like names are interned, as CPython does.
            let is_name = object.as_str().is_some_and(|text| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'));
            if is_name { vm.intern_str(object.borrow()).to_owned() } else { object.into_object() }
        }
        Constant::Bytes(bytes) => vm.new_bytes(&bytes).into_object(),
        Constant::Tuple(items) => {
            let items: Vec<Object> = items.into_iter().map(|item| new_constant(vm, item)).collect();
            vm.new_tuple(items).into_object()
        }
        Constant::FrozenSet(items) => {
            let items: Vec<Object> = items.into_iter().map(|item| new_constant(vm, item)).collect();
            let list = vm.new_list(items).into_object();
            builtins::set::frozen_from_iterable(vm, list.borrow()).expect("constants are hashable")
        }
        Constant::Slice(parts) => {
            let [start, stop, step] = (*parts).map(|part| new_constant(vm, part));
            builtins::slice::new(vm, start, stop, step)
        }
        Constant::Code(code) => new_code(vm, *code).into_object(),
    }
}
