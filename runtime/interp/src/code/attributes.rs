//! Attributes and methods of code objects.

use super::construct::{self, replace, same_code, same_constant};
use super::{CodeObject, text_of, to_constant};
use bytecode::opcode::Comparison;
use bytecode::{LocalKind, Location, Opcode};
use object::native::{Getset, Method};
use object::slots::Slots;
use object::{Object, PyResult, Ref, Vm, method};

pub(super) fn payload(this: Ref<'_>) -> &CodeObject {
    this.downcast::<CodeObject>().expect("the attribute belongs to the type").get()
}

macro_rules! number {
    ($name:literal, $field:ident) => {
        Getset::readonly($name, "", |_, this| Ok(Object::small_int(i64::from(payload(this).data.$field))))
    };
}

/// An attribute that is made when it is asked for first.
macro_rules! kept {
    ($name:literal, $field:ident, |$vm:ident, $this:ident| $make:expr) => {
        Getset::readonly($name, "", |$vm, $this| {
            let asked = payload($this).asked.get_or_init(Box::default);
            if let Some(known) = asked.$field.get() {
                return Ok(known);
            }
            let value: Object = $make;
            if $this.is_immortal() {
                // As it would be had it been there before.
                value.borrow().immortalize();
            }
            asked.$field.set(Some(value.clone()));
            Ok(value)
        })
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
    Getset::readonly("co_qualname", "", |_, this| Ok(payload(this).qualname.get().to_owned())),
    Getset::readonly("co_filename", "", |_, this| Ok(payload(this).filename.to_owned())),
    kept!("co_names", names, |vm, this| vm.new_tuple_from(&payload(this).names).into_object()),
    kept!("co_consts", constants, |vm, this| vm.new_tuple(payload(this).constants.iter().cloned()).into_object()),
    kept!("co_varnames", local_names, |vm, this| names_of(vm, this, LocalKind::LOCAL)),
    kept!("co_cellvars", cell_names, |vm, this| names_of(vm, this, LocalKind::CELL)),
    kept!("co_freevars", free_names, |vm, this| names_of(vm, this, LocalKind::FREE)),
    kept!("co_code", code, |vm, this| vm.new_bytes(code_bytes(payload(this))).into_object()),
    Getset::readonly("_co_code_adaptive", "", |vm, this| {
        let code = payload(this);
        let adaptive = crate::shadow::adaptive_code(code);
        Ok(vm.new_bytes(adaptive.as_deref().unwrap_or_else(|| code_bytes(code))).into_object())
    }),
    kept!("co_exceptiontable", exception_table, |vm, this| {
        let code = payload(this);
        let bytes = match &code.shown {
            Some(shown) => shown.exception_table.clone(),
            None => code.word_code().exception_table(&code.without_constants()),
        };
        vm.new_bytes(&bytes).into_object()
    }),
    kept!("co_linetable", line_table, |vm, this| {
        let code = payload(this);
        let bytes = match &code.shown {
            Some(shown) => shown.line_table.clone(),
            None => code.word_code().line_table(&code.without_constants()),
        };
        vm.new_bytes(&bytes).into_object()
    }),
    Getset::readonly("co_lnotab", "", line_number_table),
];

pub(super) const METHODS: &[Method] = &[
    method!(Unary co_lines "($self, /)", ""),
    method!(Unary co_positions "($self, /)", ""),
    method!(Unary co_branches "($self, /)", ""),
    method!(Binary varname_from_oparg as "_varname_from_oparg" "($self, /, oparg)", "(internal-only) Return the local variable name for the given oparg.\n\nWARNING: this method is for internal use only and may change or go away."),
    method!(Unary sizeof as "__sizeof__" "($self, /)", "Size of object in memory, in bytes."),
    method!(Bound replace as "replace" "($self, /, *, co_argcount=<unrepresentable>, co_posonlyargcount=<unrepresentable>, co_kwonlyargcount=<unrepresentable>, co_nlocals=<unrepresentable>, co_stacksize=<unrepresentable>, co_flags=<unrepresentable>, co_firstlineno=<unrepresentable>, co_code=<unrepresentable>, co_consts=<unrepresentable>, co_names=<unrepresentable>, co_varnames=<unrepresentable>, co_freevars=<unrepresentable>, co_cellvars=<unrepresentable>, co_filename=<unrepresentable>, co_name=<unrepresentable>, co_qualname=<unrepresentable>, co_linetable=<unrepresentable>, co_exceptiontable=<unrepresentable>)", "Return a copy of the code object with new values for the specified fields."),
    method!(Bound replace as "__replace__" "($self, /, *, co_argcount=<unrepresentable>, co_posonlyargcount=<unrepresentable>, co_kwonlyargcount=<unrepresentable>, co_nlocals=<unrepresentable>, co_stacksize=<unrepresentable>, co_flags=<unrepresentable>, co_firstlineno=<unrepresentable>, co_code=<unrepresentable>, co_consts=<unrepresentable>, co_names=<unrepresentable>, co_varnames=<unrepresentable>, co_freevars=<unrepresentable>, co_cellvars=<unrepresentable>, co_filename=<unrepresentable>, co_name=<unrepresentable>, co_qualname=<unrepresentable>, co_linetable=<unrepresentable>, co_exceptiontable=<unrepresentable>)", "The same as replace()."),
];

pub(super) const SLOTS: Slots = Slots { repr: Some(repr), compare: Some(compare), hash: Some(hash), new: Some(construct::new), ..Slots::NONE };

fn names_of(vm: &mut Vm, this: Ref<'_>, kind: LocalKind) -> Object {
    let names: Vec<Object> = payload(this).locals_of(kind).map(|(_, name)| name.to_owned()).collect();
    vm.new_tuple(names).into_object()
}

fn repr(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let code = payload(this);
    let text = format!("<code object {} at {:#x}, file \"{}\", line {}>", code.name_text(), this.bits(), code.filename_text(), code.data.first_line);
    Ok(vm.new_str(&text).into_object())
}

fn compare(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>, op: Comparison) -> PyResult {
    let (Some(left), Some(right)) = (left.downcast::<CodeObject>(), right.downcast::<CodeObject>()) else {
        return Ok(Object::not_implemented());
    };
    let equal = left.object().is(right.object()) || same(vm, left.get(), right.get());
    Ok(match op {
        Comparison::Equal => Object::bool(equal),
        Comparison::NotEqual => Object::bool(!equal),
        _ => Object::not_implemented(),
    })
}

fn same(vm: &mut Vm, left: &CodeObject, right: &CodeObject) -> bool {
    left.constants.len() == right.constants.len()
        && code_bytes(left) == code_bytes(right)
        && same_code(&left.without_constants(), &right.without_constants())
        && left.constants.iter().zip(&right.constants).all(|(left, right)| same_value(vm, left.borrow(), right.borrow()))
}

/// Whether two constants are the same; those without a plain form are so to themselves alone.
fn same_value(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>) -> bool {
    left.is(right)
        || match (to_constant(vm, left, 0), to_constant(vm, right, 0)) {
            (Some(left), Some(right)) => same_constant(&left, &right),
            _ => false,
        }
}

fn code_bytes(code: &CodeObject) -> &[u8] {
    match &code.shown {
        Some(shown) => &shown.code,
        None => &code.word_code().bytes,
    }
}

fn hash(_vm: &mut Vm, this: Ref<'_>) -> PyResult<i64> {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let code = payload(this);
    let data = &code.data;
    let mut hasher = DefaultHasher::new();
    code.name_text().hash(&mut hasher);
    (data.first_line, data.arg_count, data.positional_only_count, data.keyword_only_count, data.flags.0).hash(&mut hasher);
    data.instructions.hash(&mut hasher);
    code.names.iter().for_each(|&name| text_of(name).hash(&mut hasher));
    let hash = hasher.finish() as i64;
    Ok(if hash == -1 { -2 } else { hash })
}

/// A line of a location. Line 0 is none, but where a module begins.
fn known_line(location: Location, line: u32) -> Option<u32> {
    (location.line != 0 || location.end_line != 0).then_some(line)
}

fn line_or_none(line: Option<u32>) -> Object {
    line.map_or(Object::none(), |line| Object::small_int(i64::from(line)))
}

/// Ranges of bytes of `co_code` and their lines.
fn co_lines(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let code = payload(this);
    let offset = |index: usize| code.word_code().offset_of(index).unwrap_or(0);
    let mut ranges: Vec<(u32, u32, Option<u32>)> = Vec::new();
    for (index, location) in code.data.locations.iter().enumerate() {
        let (start, end, line) = (offset(index), offset(index + 1), known_line(location, location.line));
        match ranges.last_mut() {
            Some(last) if last.2 == line => last.1 = end,
            _ => ranges.push((start, end, line)),
        }
    }
    let entries = ranges
        .into_iter()
        .map(|(start, end, line)| {
            vm.new_tuple([Object::small_int(i64::from(start)), Object::small_int(i64::from(end)), line_or_none(line)]).into_object()
        })
        .collect();
    let list = vm.new_list(entries).into_object();
    vm.iter(list.borrow())
}

/// Line, end line, column, end column of each two-byte unit of `co_code`.
fn co_positions(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let code = payload(this);
    let mut entries = Vec::new();
    for (index, location) in code.data.locations.iter().enumerate() {
        let units = (code.word_code().offset_of(index + 1).unwrap_or(0) - code.word_code().offset_of(index).unwrap_or(0)) / 2;
        let Location { line, end_line, column, end_column } = location;
        let column_or_none = |column: i32| if column < 0 { Object::none() } else { Object::small_int(i64::from(column)) };
        let entry = vm
            .new_tuple([
                line_or_none(known_line(location, line)),
                line_or_none(known_line(location, end_line)),
                column_or_none(column),
                column_or_none(end_column),
            ])
            .into_object();
        for _ in 0..units {
            entries.push(entry.clone());
        }
    }
    let list = vm.new_list(entries).into_object();
    vm.iter(list.borrow())
}

/// The branches: source, where it goes if not taken, where if taken.
fn co_branches(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let code = payload(this);
    let instructions = &code.data.instructions;
    let offset = |index: usize| Object::small_int(code.byte_offset(index));
    let mut entries = Vec::new();
    for (index, instruction) in instructions.iter().enumerate() {
        let target = instruction.arg() as usize;
        let branch = match instruction.opcode() {
            Some(Opcode::PopJumpIfFalse | Opcode::PopJumpIfTrue | Opcode::PopJumpIfNone | Opcode::PopJumpIfNotNone) => {
                let is_marked = instructions.get(index + 1).and_then(|next| next.opcode()) == Some(Opcode::NotTaken);
                [offset(index), offset(index + 1 + usize::from(is_marked)), offset(target)]
            }
            // Past the END_FOR and the POP_ITER.
            Some(Opcode::ForIter) => [offset(index), offset(index + 1), offset(target + 2)],
            Some(Opcode::EndAsyncFor) => match instructions[..index].iter().rposition(|instruction| instruction.opcode() == Some(Opcode::EndSend)) {
                Some(source) => [offset(source), offset(source + 2), offset(index + 1)],
                None => continue,
            },
            _ => continue,
        };
        entries.push(vm.new_tuple(branch).into_object());
    }
    let list = vm.new_list(entries).into_object();
    vm.iter(list.borrow())
}

fn varname_from_oparg(vm: &mut Vm, this: Ref<'_>, argument: Ref<'_>) -> PyResult {
    let index = vm.to_i32(argument)?;
    match usize::try_from(index).ok().and_then(|index| payload(this).local_names.get(index)) {
        Some(&name) => Ok(name.to_owned()),
        None => Err(vm.index_error("tuple index out of range")),
    }
}

fn sizeof(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let code = payload(this);
    let words = code.constants.len() + code.names.len() + code.local_names.len() + code.data.instructions.len();
    Ok(vm.new_int((object::instance::size_of_instance(this) + 8 * words) as i64))
}

/// The table of line numbers that co_lines has replaced: pairs of steps in bytes and lines.
fn line_number_table(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    vm.warn(&object::exception::DEPRECATION_WARNING, "co_lnotab is deprecated, use co_lines instead.", 1)?;
    let code = payload(this);
    let mut bytes = Vec::new();
    let (mut at, mut line) = (0i64, i64::from(code.data.first_line));
    for (index, location) in code.data.locations.iter().enumerate() {
        let next = i64::from(location.line);
        if next == 0 || next == line {
            continue;
        }
        let (mut byte_step, mut line_step) = (code.byte_offset(index) - at, next - line);
        (at, line) = (code.byte_offset(index), next);
        while byte_step > 254 {
            bytes.extend([254, 0]);
            byte_step -= 254;
        }
        while !(-128..128).contains(&line_step) {
            let part = line_step.clamp(-128, 127);
            bytes.extend([byte_step as u8, part as i8 as u8]);
            byte_step = 0;
            line_step -= part;
        }
        bytes.extend([byte_step as u8, line_step as i8 as u8]);
    }
    Ok(vm.new_bytes(&bytes).into_object())
}
