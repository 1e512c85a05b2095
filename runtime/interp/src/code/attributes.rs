//! Attributes and methods of code objects.

use super::CodeObject;
use bytecode::{LocalKind, Location};
use bytecode::opcode::Comparison;
use object::native::{Getset, Method};
use object::slots::Slots;
use object::{Object, PyResult, Ref, Vm, method};

fn payload(this: Ref<'_>) -> &CodeObject {
    this.downcast::<CodeObject>().expect("the attribute belongs to the type").get()
}

macro_rules! number {
    ($name:literal, $field:ident) => {
        Getset::readonly($name, "", |_, this| Ok(Object::small_int(i64::from(payload(this).data.$field))))
    };
}

pub(super) const GETSETS: &[Getset] = &[
    number!("co_argcount", arg_count),
    number!("co_posonlyargcount", positional_only_count),
    number!("co_kwonlyargcount", keyword_only_count),
    number!("co_stacksize", stack_size),
    number!("co_firstlineno", first_line),
    Getset::readonly("co_flags", "", |_, this| Ok(Object::small_int(i64::from(payload(this).data.flags.0)))),
    Getset::readonly("co_nlocals", "", |_, this| {
        let n = payload(this).locals_of(LocalKind::LOCAL).count();
        Ok(Object::small_int(n as i64))
    }),
    Getset::readonly("co_name", "", |_, this| Ok(payload(this).name.to_owned())),
    Getset::readonly("co_qualname", "", |_, this| Ok(payload(this).qualname.to_owned())),
    Getset::readonly("co_filename", "", |_, this| Ok(payload(this).filename.to_owned())),
    Getset::readonly("co_names", "", |vm, this| Ok(vm.new_tuple_from(&payload(this).names).into_object())),
    Getset::readonly("co_consts", "", |vm, this| Ok(vm.new_tuple(payload(this).constants.iter().cloned()).into_object())),
    Getset::readonly("co_varnames", "", |vm, this| Ok(names_of(vm, this, LocalKind::LOCAL))),
    Getset::readonly("co_cellvars", "", |vm, this| Ok(names_of(vm, this, LocalKind::CELL))),
    Getset::readonly("co_freevars", "", |vm, this| Ok(names_of(vm, this, LocalKind::FREE))),
    Getset::readonly("co_code", "", |vm, this| Ok(vm.new_bytes(&payload(this).word_code().bytes).into_object())),
    Getset::readonly("_co_code_adaptive", "", |vm, this| Ok(vm.new_bytes(&payload(this).word_code().bytes).into_object())),
    Getset::readonly("co_exceptiontable", "", |vm, this| {
        let code = payload(this);
        Ok(vm.new_bytes(&code.word_code().exception_table(&code.data)).into_object())
    }),
    Getset::readonly("co_linetable", "", |vm, this| {
        let code = payload(this);
        Ok(vm.new_bytes(&code.word_code().line_table(&code.data)).into_object())
    }),
];

pub(super) const METHODS: &[Method] = &[
    method!(Unary co_lines "($self, /)", ""),
    method!(Unary co_positions "($self, /)", ""),
];

pub(super) const SLOTS: Slots = Slots { repr: Some(repr), compare: Some(compare), hash: Some(hash), ..Slots::NONE };

fn names_of(vm: &mut Vm, this: Ref<'_>, kind: LocalKind) -> Object {
    let names: Vec<Object> = payload(this).locals_of(kind).map(|(_, name)| name.to_owned()).collect();
    vm.new_tuple(names).into_object()
}

fn repr(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let code = payload(this);
    let text = format!("<code object {} at {:#x}, file \"{}\", line {}>", code.data.name, this.bits(), code.data.filename, code.data.first_line);
    Ok(vm.new_str(&text).into_object())
}

fn compare(_vm: &mut Vm, left: Ref<'_>, right: Ref<'_>, op: Comparison) -> PyResult {
    let (Some(left), Some(right)) = (left.downcast::<CodeObject>(), right.downcast::<CodeObject>()) else {
        return Ok(Object::not_implemented());
    };
    // File names do not count.
    let equal = left.object().is(right.object()) || {
        let (left, right) = (&left.data, &right.data);
        (&left.name, &left.instructions, &left.names, &left.locals, left.flags.0, left.first_line, left.arg_count)
            == (&right.name, &right.instructions, &right.names, &right.locals, right.flags.0, right.first_line, right.arg_count)
            && left.constants == right.constants
            && left.locations == right.locations
            && left.exception_table == right.exception_table
    };
    Ok(match op {
        Comparison::Equal => Object::bool(equal),
        Comparison::NotEqual => Object::bool(!equal),
        _ => Object::not_implemented(),
    })
}

fn hash(_vm: &mut Vm, this: Ref<'_>) -> PyResult<i64> {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let data = &payload(this).data;
    let mut hasher = DefaultHasher::new();
    data.name.hash(&mut hasher);
    data.instructions.hash(&mut hasher);
    data.names.hash(&mut hasher);
    let hash = hasher.finish() as i64;
    Ok(if hash == -1 { -2 } else { hash })
}

fn line_or_none(line: u32) -> Object {
    if line == 0 { Object::none() } else { Object::small_int(i64::from(line)) }
}

/// Ranges of bytes of `co_code` and their lines.
fn co_lines(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let code = payload(this);
    let offset = |index: usize| code.word_code().offset_of(index).unwrap_or(0);
    let mut ranges: Vec<(u32, u32, u32)> = Vec::new();
    for index in 0..code.data.instructions.len() {
        let (start, end, line) = (offset(index), offset(index + 1), code.location(index).line);
        match ranges.last_mut() {
            Some(last) if last.2 == line => last.1 = end,
            _ => ranges.push((start, end, line)),
        }
    }
    let entries = ranges
        .into_iter()
        .map(|(start, end, line)| vm.new_tuple([Object::small_int(i64::from(start)), Object::small_int(i64::from(end)), line_or_none(line)]).into_object())
        .collect();
    let list = vm.new_list(entries).into_object();
    vm.iter(list.borrow())
}

/// Line, end line, column, end column of each two-byte unit of `co_code`.
fn co_positions(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let code = payload(this);
    let mut entries = Vec::new();
    for index in 0..code.data.instructions.len() {
        let units = (code.word_code().offset_of(index + 1).unwrap_or(0) - code.word_code().offset_of(index).unwrap_or(0)) / 2;
        let Location { line, end_line, column, end_column } = code.location(index);
        let column_or_none = |column: i32| if column < 0 { Object::none() } else { Object::small_int(i64::from(column)) };
        let entry = vm.new_tuple([line_or_none(line), line_or_none(end_line), column_or_none(column), column_or_none(end_column)]).into_object();
        for _ in 0..units {
            entries.push(entry.clone());
        }
    }
    let list = vm.new_list(entries).into_object();
    vm.iter(list.borrow())
}
