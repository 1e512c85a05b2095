//! `types.CodeType(...)`, `code.replace()`, and code objects back to plain data.
//!
//! Wordcode from Python is decoded and verified. Code that does not pass keeps the bytes it was
//! given for show, but what runs in its place raises `NotImplementedError`.

use super::{CodeObject, Shown};
use bytecode::opcode::Opcode;
use bytecode::wordcode::{self, WordCodeError};
use bytecode::{Code, CodeFlags, Constant, Instr, Local, LocalKind, Location, Locations};
use object::str::Str;
use object::tuple::Tuple;
use object::{Args, Object, PyResult, Raised, Ref, RefOf, Type, Vm, call};

/// Nesting of constants that is followed.
const DEPTH_LIMIT: u32 = 200;

/// The plain data of a value that can be a constant.
pub fn to_constant(vm: &mut Vm, value: Ref<'_>, depth: u32) -> Option<Constant> {
    if depth > DEPTH_LIMIT {
        return None;
    }
    if let Some(truth) = value.as_bool() {
        return Some(if truth { Constant::True } else { Constant::False });
    }
    if value.is_none() {
        return Some(Constant::None);
    }
    if value.is(Ref::ELLIPSIS) {
        return Some(Constant::Ellipsis);
    }
    if value.is_exactly(&object::int::INT) {
        return Some(match object::int::as_i64(value) {
            Some(small) => Constant::Int(small),
            None => Constant::BigInt(object::int::to_bigint(value)?.into_owned()),
        });
    }
    if value.is_exactly(&object::float::FLOAT) {
        return object::float::value(value).map(Constant::Float);
    }
    if value.is_exactly(&builtins::complex::COMPLEX) {
        let (real, imaginary) = builtins::complex::value(value)?;
        return Some(Constant::Complex(real, imaginary));
    }
    if let Some(text) = value.downcast_exact::<Str>() {
        return Some(Constant::Str(text.to_wtf8().into_owned()));
    }
    if let Some(tuple) = value.downcast_exact::<Tuple>() {
        let items: Option<Vec<Constant>> = tuple.items().iter().map(|&item| to_constant(vm, item, depth + 1)).collect();
        return items.map(Constant::Tuple);
    }
    if let Some(code) = value.downcast_exact::<CodeObject>() {
        return plain_data(vm, code.get()).map(|code| Constant::Code(Box::new(code)));
    }
    if value.is_exactly(&object::bytes::BYTES) {
        return object::bytes::as_bytes(value).map(|bytes| Constant::Bytes(bytes.to_vec()));
    }
    if value.is_exactly(&builtins::set::FROZEN_SET) {
        let elements = builtins::set::core(value)?.snapshot(vm);
        let elements: Option<Vec<Constant>> = elements.iter().map(|element| to_constant(vm, element.borrow(), depth + 1)).collect();
        return elements.map(Constant::FrozenSet);
    }
    if value.is_exactly(&builtins::slice::SLICE) {
        let (start, stop, step) = builtins::slice::parts(vm, value).ok()??;
        let [start, stop, step] = [start, stop, step].map(|part| to_constant(vm, part.borrow(), depth + 1));
        return Some(Constant::Slice(Box::new([start?, stop?, step?])));
    }
    None
}

/// A code object as it can be stored; `None` if it holds what cannot.
pub fn plain_data(vm: &mut Vm, code: &CodeObject) -> Option<Code> {
    if code.shown.as_ref().is_some_and(|shown| shown.is_unstorable) {
        return None;
    }
    let constants: Option<Vec<Constant>> = code.constants.iter().map(|constant| to_constant(vm, constant.borrow(), 0)).collect();
    Some(Code { constants: constants?, ..code.without_constants() })
}

/// Whether two constants are the same to the compiler: `0.0` is not `-0.0`, `1` is not `1.0`.
pub(super) fn same_constant(left: &Constant, right: &Constant) -> bool {
    match (left, right) {
        (Constant::Float(left), Constant::Float(right)) => left.to_bits() == right.to_bits(),
        (Constant::Complex(a, b), Constant::Complex(c, d)) => (a.to_bits(), b.to_bits()) == (c.to_bits(), d.to_bits()),
        (Constant::Tuple(left), Constant::Tuple(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same_constant(left, right))
        }
        (Constant::FrozenSet(left), Constant::FrozenSet(right)) => {
            left.len() == right.len() && left.iter().all(|element| right.iter().any(|other| same_constant(element, other)))
        }
        (Constant::Slice(left), Constant::Slice(right)) => left.iter().zip(right.iter()).all(|(left, right)| same_constant(left, right)),
        (Constant::Code(left), Constant::Code(right)) => same_code(left, right),
        (left, right) => left == right,
    }
}

/// Whether code is equal; file names do not count.
pub(super) fn same_code(left: &Code, right: &Code) -> bool {
    left.name == right.name
        && (left.arg_count, left.positional_only_count, left.keyword_only_count)
            == (right.arg_count, right.positional_only_count, right.keyword_only_count)
        && (left.flags, left.first_line) == (right.flags, right.first_line)
        && left.instructions == right.instructions
        && left.names == right.names
        && left.locals == right.locals
        && left.locations == right.locations
        && left.exception_table == right.exception_table
        && left.constants.len() == right.constants.len()
        && left.constants.iter().zip(&right.constants).all(|(left, right)| same_constant(left, right))
}

/// Everything `types.CodeType` is given, checked for type only.
struct Parts {
    arg_count: i32,
    positional_only_count: i32,
    keyword_only_count: i32,
    n_locals: i32,
    stack_size: i32,
    flags: i32,
    code: Vec<u8>,
    constants: Vec<Object>,
    names: Vec<Object>,
    variable_names: Vec<Object>,
    filename: Object,
    name: Object,
    qualname: Object,
    first_line: i32,
    line_table: Vec<u8>,
    exception_table: Vec<u8>,
    free_names: Vec<Object>,
    cell_names: Vec<Object>,
}

const POSITIONS: [&str; 18] = [
    "co_argcount",
    "co_posonlyargcount",
    "co_kwonlyargcount",
    "co_nlocals",
    "co_stacksize",
    "co_flags",
    "co_code",
    "co_consts",
    "co_names",
    "co_varnames",
    "co_filename",
    "co_name",
    "co_qualname",
    "co_firstlineno",
    "co_linetable",
    "co_exceptiontable",
    "co_freevars",
    "co_cellvars",
];

/// How an argument's errors are worded.
#[derive(Clone, Copy, PartialEq)]
enum Caller {
    Constructor,
    Replace,
}

fn wrong_type(vm: &mut Vm, caller: Caller, index: usize, expected: &str, value: Ref<'_>) -> Raised {
    let got = value.class().full_name().to_owned();
    match caller {
        Caller::Constructor => vm.type_error(format!("code() argument {} must be {expected}, not {got}", index + 1)),
        Caller::Replace => vm.type_error(format!("replace() argument '{}' must be {expected}, not {got}", POSITIONS[index])),
    }
}

struct Arguments<'a> {
    values: &'a [Option<Object>],
    caller: Caller,
}

impl Arguments<'_> {
    fn value(&self, index: usize) -> Ref<'_> {
        self.values[index].as_ref().map_or(Ref::NONE, Object::borrow)
    }

    fn number(&self, vm: &mut Vm, index: usize) -> PyResult<i32> {
        vm.to_i32(self.value(index))
    }

    fn bytes(&self, vm: &mut Vm, index: usize) -> PyResult<Vec<u8>> {
        let value = self.value(index);
        match object::bytes::as_bytes(value) {
            Some(bytes) => Ok(bytes.to_vec()),
            None => Err(wrong_type(vm, self.caller, index, "bytes", value)),
        }
    }

    fn tuple(&self, vm: &mut Vm, index: usize) -> PyResult<Vec<Object>> {
        let value = self.value(index);
        match value.downcast::<Tuple>() {
            Some(tuple) => Ok(tuple.items().iter().map(|&item| item.to_owned()).collect()),
            None => Err(wrong_type(vm, self.caller, index, "tuple", value)),
        }
    }

    fn names(&self, vm: &mut Vm, index: usize) -> PyResult<Vec<Object>> {
        let names = self.tuple(vm, index)?;
        for name in &names {
            if name.borrow().downcast::<Str>().is_none() {
                return Err(match self.caller {
                    Caller::Constructor => {
                        vm.type_error(format!("name tuples must contain only strings, not '{}'", name.borrow().class().full_name()))
                    }
                    Caller::Replace => vm.system_error("non-string found in code slot"),
                });
            }
        }
        Ok(names)
    }

    fn text(&self, vm: &mut Vm, index: usize) -> PyResult {
        let value = self.value(index);
        match value.downcast::<Str>() {
            Some(_) => Ok(value.to_owned()),
            None => Err(wrong_type(vm, self.caller, index, "str", value)),
        }
    }

    fn parts(&self, vm: &mut Vm) -> PyResult<Parts> {
        Ok(Parts {
            arg_count: self.number(vm, 0)?,
            positional_only_count: self.number(vm, 1)?,
            keyword_only_count: self.number(vm, 2)?,
            n_locals: self.number(vm, 3)?,
            stack_size: self.number(vm, 4)?,
            flags: self.number(vm, 5)?,
            code: self.bytes(vm, 6)?,
            constants: self.tuple(vm, 7)?,
            names: self.names(vm, 8)?,
            variable_names: self.names(vm, 9)?,
            filename: self.text(vm, 10)?,
            name: self.text(vm, 11)?,
            qualname: self.text(vm, 12)?,
            first_line: self.number(vm, 13)?,
            line_table: self.bytes(vm, 14)?,
            exception_table: self.bytes(vm, 15)?,
            free_names: self.names(vm, 16)?,
            cell_names: self.names(vm, 17)?,
        })
    }
}

/// `types.CodeType(...)`
pub(super) fn new(vm: &mut Vm, _class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    if args.has_keywords() {
        return Err(vm.type_error("code() takes no keyword arguments"));
    }
    call::check_positional(vm, "code", args, 16, 18)?;
    let mut values: Vec<Option<Object>> = args.positionals().iter().map(|&value| Some(value.to_owned())).collect();
    while values.len() < 18 {
        values.push(Some(vm.new_tuple(Vec::new()).into_object()));
    }
    let parts = Arguments { values: &values, caller: Caller::Constructor }.parts(vm)?;
    for (value, name) in [
        (parts.arg_count, "argcount"),
        (parts.positional_only_count, "posonlyargcount"),
        (parts.keyword_only_count, "kwonlyargcount"),
        (parts.n_locals, "nlocals"),
    ] {
        if value < 0 {
            return Err(vm.value_error(format!("code: {name} must not be negative")));
        }
    }
    build(vm, parts)
}

/// `code.replace(**changes)`; the arguments in the order of [`REPLACE_NAMES`].
pub(super) fn replace(vm: &mut Vm, this: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let mut values: Vec<Option<Object>> = Vec::with_capacity(18);
    for name in POSITIONS {
        let given = REPLACE_NAMES.iter().position(|&other| other == name).and_then(|index| args[index]);
        values.push(Some(match given {
            Some(value) => value.to_owned(),
            None => vm.get_attr_str(this, name)?,
        }));
    }
    let is_given = |name: &str| REPLACE_NAMES.iter().position(|&other| other == name).is_some_and(|index| args[index].is_some());
    let mut parts = Arguments { values: &values, caller: Caller::Replace }.parts(vm)?;
    for (value, name) in [
        (parts.arg_count, "co_argcount"),
        (parts.positional_only_count, "co_posonlyargcount"),
        (parts.keyword_only_count, "co_kwonlyargcount"),
        (parts.n_locals, "co_nlocals"),
        (parts.stack_size, "co_stacksize"),
        (parts.flags, "co_flags"),
        (parts.first_line, "co_firstlineno"),
    ] {
        if value < 0 {
            return Err(vm.value_error(format!("{name} must be a positive integer")));
        }
    }
    let own = super::attributes::payload(this);
    let layout = ["co_varnames", "co_cellvars", "co_freevars", "co_argcount", "co_posonlyargcount", "co_kwonlyargcount", "co_nlocals", "co_flags"];
    let keeps_layout = !layout.into_iter().any(is_given);
    let instructions = ["co_code", "co_exceptiontable", "co_linetable", "co_firstlineno"];
    if own.shown.is_none() && keeps_layout && !instructions.into_iter().any(is_given) {
        return keep_instructions(vm, own, parts);
    }
    // Hidden variables of inlined comprehensions are told apart by nothing that Python can say.
    let hidden: Vec<Ref<'static>> = own.locals_of(LocalKind::HIDDEN).map(|(_, name)| name).collect();
    parts.flags &= i32::MAX;
    build_with(vm, parts, &hidden)
}

/// The parameters of `replace`.
const REPLACE_NAMES: [&str; 18] = [
    "co_argcount",
    "co_posonlyargcount",
    "co_kwonlyargcount",
    "co_nlocals",
    "co_stacksize",
    "co_flags",
    "co_firstlineno",
    "co_code",
    "co_consts",
    "co_names",
    "co_varnames",
    "co_freevars",
    "co_cellvars",
    "co_filename",
    "co_name",
    "co_qualname",
    "co_linetable",
    "co_exceptiontable",
];

fn keep_instructions(vm: &mut Vm, own: &CodeObject, parts: Parts) -> PyResult {
    let mut data = own.without_constants();
    data.stack_size = parts.stack_size as u32;
    finish(vm, data, parts, None)
}

fn build(vm: &mut Vm, parts: Parts) -> PyResult {
    build_with(vm, parts, &[])
}

fn build_with(vm: &mut Vm, parts: Parts, hidden: &[Ref<'static>]) -> PyResult {
    if parts.positional_only_count > parts.arg_count || parts.stack_size < 0 || parts.flags < 0 {
        return Err(vm.system_error("../Objects/codeobject.c:465: bad argument to internal function"));
    }
    if !parts.code.len().is_multiple_of(2) {
        return Err(vm.value_error("code: co_code is malformed"));
    }
    let flags = CodeFlags(parts.flags as u32);
    let n_parameters = i64::from(parts.arg_count)
        + i64::from(parts.keyword_only_count)
        + i64::from(flags.has(CodeFlags::VARARGS))
        + i64::from(flags.has(CodeFlags::VARKEYWORDS));
    if n_parameters > parts.variable_names.len() as i64 {
        return Err(vm.value_error("code: co_varnames is too small"));
    }
    if parts.n_locals as usize != parts.variable_names.len() {
        return Err(vm.value_error("code: co_nlocals != len(co_varnames)"));
    }
    let first_line = u32::try_from(parts.first_line).unwrap_or(0);
    let decoded = match wordcode::decode(&parts.code, &parts.exception_table, &parts.line_table, first_line) {
        // A bad line table is no reason not to run.
        Err(WordCodeError::LineTable) => wordcode::decode(&parts.code, &parts.exception_table, &[], first_line),
        other => other,
    };
    let mut data = Code {
        first_line,
        flags,
        arg_count: parts.arg_count as u32,
        positional_only_count: parts.positional_only_count as u32,
        keyword_only_count: parts.keyword_only_count as u32,
        stack_size: parts.stack_size as u32,
        locals: locals(&parts, flags, hidden),
        ..Code::default()
    };
    let mut shown = Shown {
        code: parts.code.clone(),
        line_table: parts.line_table.clone(),
        exception_table: parts.exception_table.clone(),
        is_unstorable: false,
    };
    match decoded {
        Ok(decoded) => {
            data.instructions = decoded.instructions;
            data.locations = decoded.locations;
            data.exception_table = decoded.exception_table;
        }
        Err(_) => shown.is_unstorable = true,
    }
    finish(vm, data, parts, Some(shown))
}

fn text_of(name: &Object) -> String {
    name.borrow().downcast::<Str>().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// The variables: parameters and other locals, cells that are neither, free variables.
fn locals(parts: &Parts, flags: CodeFlags, hidden: &[Ref<'static>]) -> Vec<Local> {
    let (positional_only, positional) = (parts.positional_only_count as usize, parts.arg_count as usize);
    let keyword_only = positional + parts.keyword_only_count as usize;
    let star = keyword_only + usize::from(flags.has(CodeFlags::VARARGS));
    let star_star = star + usize::from(flags.has(CodeFlags::VARKEYWORDS));
    let cells: Vec<String> = parts.cell_names.iter().map(text_of).collect();
    let mut locals: Vec<Local> = Vec::new();
    for (index, name) in parts.variable_names.iter().enumerate() {
        let name = text_of(name);
        let mut kind = LocalKind::LOCAL;
        if index < positional {
            kind = kind.with(LocalKind::ARG_POSITIONAL);
        }
        if (index >= positional_only && index < keyword_only) || (index >= star && index < star_star) {
            kind = kind.with(LocalKind::ARG_KEYWORD);
        }
        if index >= keyword_only && index < star_star {
            kind = kind.with(LocalKind::ARG_VARIADIC);
        }
        if index >= keyword_only && index < star {
            kind = kind.with(LocalKind::ARG_POSITIONAL);
        }
        if cells.contains(&name) {
            kind = kind.with(LocalKind::CELL);
        }
        if hidden.iter().any(|hidden| hidden.downcast::<Str>().is_some_and(|hidden| hidden.equals_str(&name))) {
            kind = kind.with(LocalKind::HIDDEN);
        }
        locals.push(Local { name, kind });
    }
    let n = locals.len();
    for name in cells {
        if !locals[..n].iter().any(|local| local.name == name) {
            locals.push(Local { name, kind: LocalKind::CELL });
        }
    }
    locals.extend(parts.free_names.iter().map(|name| Local { name: text_of(name), kind: LocalKind::FREE }));
    locals
}

/// Names, constants, the check, the object.
fn finish(vm: &mut Vm, mut data: Code, parts: Parts, mut shown: Option<Shown>) -> PyResult {
    data.name = text_of(&parts.name);
    data.qualname = text_of(&parts.qualname);
    data.filename = text_of(&parts.filename);
    data.names = parts.names.iter().map(text_of).collect();
    data.constants.clear();
    let mut is_unstorable = false;
    for constant in &parts.constants {
        let plain = to_constant(vm, constant.borrow(), 0);
        is_unstorable |= plain.is_none();
        data.constants.push(plain.unwrap_or(Constant::None));
    }
    let is_undecodable = shown.as_ref().is_some_and(|shown| shown.is_unstorable);
    if is_undecodable || verify_outermost(&data).is_err() {
        let shown = shown.get_or_insert_with(|| shown_of(&data));
        shown.is_unstorable = true;
        stand_in(&mut data);
    }
    if is_unstorable {
        shown.get_or_insert_with(|| shown_of(&data)).is_unstorable = true;
    }
    let names = parts.names.iter().chain([&parts.name, &parts.qualname, &parts.filename]);
    for name in names {
        if let Some(name) = name.borrow().downcast_exact::<Str>() {
            vm.intern_str(name);
        }
    }
    let filename = parts.filename.borrow().downcast_exact::<Str>().map(|name| vm.intern_str(name));
    let mut code = super::payload_of(vm, data, Some(parts.constants.into()));
    code.shown = shown.map(Box::new);
    if let Some(filename) = filename {
        code.filename = filename;
    }
    Ok(vm.allocate(code).into_object())
}

/// Constants that are code were verified when they were made.
fn verify_outermost(data: &Code) -> Result<(), ()> {
    let constants = data.constants.iter().map(|_| Constant::None).collect();
    let shallow = Code { constants, ..clone_without_constants(data) };
    bytecode::verify::verify(&shallow).map_err(|_| ())
}

fn clone_without_constants(data: &Code) -> Code {
    Code {
        name: data.name.clone(),
        qualname: data.qualname.clone(),
        filename: data.filename.clone(),
        first_line: data.first_line,
        flags: data.flags,
        arg_count: data.arg_count,
        positional_only_count: data.positional_only_count,
        keyword_only_count: data.keyword_only_count,
        stack_size: data.stack_size,
        instructions: data.instructions.clone(),
        locations: data.locations.clone(),
        exception_table: data.exception_table.clone(),
        constants: Vec::new(),
        names: data.names.clone(),
        locals: data.locals.clone(),
    }
}

fn shown_of(data: &Code) -> Shown {
    let words = wordcode::WordCode::new(data);
    Shown { line_table: words.line_table(data), exception_table: words.exception_table(data), code: words.bytes, is_unstorable: false }
}

/// Puts instructions that raise in place of those that cannot run.
fn stand_in(data: &mut Code) {
    const NOT_IMPLEMENTED_ERROR: u32 = 1;
    data.instructions =
        vec![Instr::new(Opcode::Resume, 0), Instr::new(Opcode::LoadCommonConstant, NOT_IMPLEMENTED_ERROR), Instr::new(Opcode::RaiseVarargs, 1)];
    let location = Location { line: data.first_line, end_line: data.first_line, column: -1, end_column: -1 };
    data.locations = Locations::from_vec(vec![location; 3]);
    data.exception_table.clear();
    data.stack_size = data.stack_size.max(1);
}
