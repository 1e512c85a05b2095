//! `_sre`: the regular expression engine under `re`.
//!
//! `re` compiles patterns to code words ([`codes`]). [`validate`] keeps words that `re` did not make away, [`program`] makes
//! instructions of them, [`analysis`] sees what can follow where; [`search`] finds places where a match may start, and [`matcher`] tries
//! them. [`drive`] does so for strings as they are stored. The objects are in [`pattern`], [`matching`] and [`template`].

mod analysis;
mod charset;
mod codes;
mod drive;
mod matcher;
mod matching;
mod pattern;
mod program;
mod search;
mod template;
mod validate;

use builtins::unicode;
use codes::{CODESIZE, MAGIC, MAXGROUPS, MAXREPEAT};
use object::dict::Dict;
use object::int;
use object::list::List;
use object::native::Module;
use object::singleton::ModuleObject;
use object::str::Str;
use object::tuple::Tuple;
use object::{Object, PyResult, Ref, RefOf, Vm, method};

pub static MODULE: Module = Module {
    name: "_sre",
    functions: &[
        method!(Unary getcodesize "($module, /)", ""),
        method!(Binary ascii_iscased "($module, character, /)", ""),
        method!(Binary unicode_iscased "($module, character, /)", ""),
        method!(Binary ascii_tolower "($module, character, /)", ""),
        method!(Binary unicode_tolower "($module, character, /)", ""),
        method!(Bound compile "($module, /, pattern, flags, code, groups, groupindex,\n        indexgroup)", ""),
        method!(Bound make_template as "template" "($module, pattern, template, /)", "\n\n  template\n    A list containing interleaved literal strings (str or bytes) and group\n    indices (int), as returned by re._parser.parse_template():\n        [literal1, group1, ..., literalN, groupN]"),
    ],
    init: Some(init),
    ..Module::DEFAULT
};

fn init(vm: &mut Vm, module: RefOf<'_, ModuleObject>) -> PyResult<()> {
    for class in [&pattern::PATTERN, &pattern::SCANNER, &pattern::FOUND, &matching::MATCH, &template::TEMPLATE] {
        object::type_new::ready(vm, class);
    }
    for (name, value) in [("MAGIC", MAGIC), ("CODESIZE", CODESIZE), ("MAXREPEAT", MAXREPEAT as usize), ("MAXGROUPS", MAXGROUPS)] {
        let value = vm.new_int(value as i64);
        module.set(vm, name, value);
    }
    let copyright = vm.new_str(" SRE 2.2.2 Copyright (c) 1997-2002 by Secret Labs AB ").into_object();
    module.set(vm, "copyright", copyright);
    Ok(())
}

fn getcodesize(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    Ok(vm.new_int(CODESIZE as i64))
}

/// A character's number as the case functions take it: a C int whose bits are what they are.
fn character(vm: &mut Vm, object: Ref<'_>) -> PyResult<u32> {
    Ok(vm.to_i32(object)? as u32)
}

fn ascii_iscased(vm: &mut Vm, _module: Ref<'_>, object: Ref<'_>) -> PyResult {
    let character = character(vm, object)?;
    Ok(Object::bool(u8::try_from(character).is_ok_and(|byte| byte.is_ascii_alphabetic())))
}

fn unicode_iscased(vm: &mut Vm, _module: Ref<'_>, object: Ref<'_>) -> PyResult {
    let character = character(vm, object)?;
    // A mapping to several characters counts by its first.
    let mut upper = None;
    unicode::to_upper(character, |mapped| {
        upper.get_or_insert(mapped);
    });
    Ok(Object::bool(unicode::simple_lower(character) != character || upper != Some(character)))
}

fn ascii_tolower(vm: &mut Vm, _module: Ref<'_>, object: Ref<'_>) -> PyResult {
    let character = character(vm, object)?;
    Ok(vm.new_int(i64::from(charset::lower_ascii(character) as i32)))
}

fn unicode_tolower(vm: &mut Vm, _module: Ref<'_>, object: Ref<'_>) -> PyResult {
    let character = character(vm, object)?;
    Ok(vm.new_int(i64::from(unicode::simple_lower(character) as i32)))
}

fn wrong_argument(vm: &mut Vm, function: &str, which: &str, expected: &str, got: Ref<'_>) -> object::Raised {
    vm.type_error(format!("{function}() argument {which} must be {expected}, not {}", got.class().full_name()))
}

/// The code words of a pattern.
fn code_words(vm: &mut Vm, list: RefOf<'_, List>) -> PyResult<Vec<u32>> {
    let items: Vec<Object> = list.items(vm).to_vec();
    let mut words = Vec::with_capacity(items.len());
    for item in &items {
        let item = item.borrow();
        match int::as_i64(item) {
            Some(word) => match u32::try_from(word) {
                Ok(word) => words.push(word),
                Err(_) if word < 0 => return Err(vm.overflow_error("can't convert negative value to unsigned int")),
                Err(_) => return Err(vm.overflow_error("regular expression code size limit exceeded")),
            },
            None if int::is_int(item) => return Err(vm.overflow_error("Python int too large to convert to C unsigned long")),
            None => return Err(vm.type_error("an integer is required")),
        }
    }
    Ok(words)
}

fn compile(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let &[Some(source), Some(flags), Some(code), Some(groups), Some(group_index), Some(index_group)] = args else {
        return Err(vm.system_error("compile() was called without its arguments"));
    };
    let flags = vm.to_i32(flags)?;
    let Some(code) = code.downcast::<List>() else {
        return Err(wrong_argument(vm, "compile", "'code'", "list", code));
    };
    let groups = vm.index_isize(groups)?;
    if group_index.downcast::<Dict>().is_none() {
        return Err(wrong_argument(vm, "compile", "'groupindex'", "dict", group_index));
    }
    let Some(index_group) = index_group.downcast::<Tuple>() else {
        return Err(wrong_argument(vm, "compile", "'indexgroup'", "tuple", index_group));
    };
    let code = code_words(vm, code)?;
    let kind = if source.is_none() {
        None
    } else if source.downcast::<Str>().is_some() {
        Some(pattern::Kind::Text)
    } else {
        pattern::check_subject(vm, source)?;
        Some(pattern::Kind::Bytes)
    };
    let valid = usize::try_from(groups).is_ok_and(|groups| groups <= MAXGROUPS && validate::is_valid(&code, groups));
    if !valid {
        return Err(vm.runtime_error("invalid SRE code"));
    }
    let compiled = pattern::Pattern {
        source: source.to_owned(),
        flags,
        program: std::cell::OnceCell::new(),
        code: code.into_boxed_slice(),
        groups: groups as usize,
        group_index: group_index.to_owned(),
        index_group: index_group.to_owned(),
        kind,
    };
    Ok(vm.allocate(compiled).into_object())
}

fn make_template(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let &[Some(_), Some(parts)] = args else {
        return Err(vm.system_error("template() was called without its arguments"));
    };
    match parts.downcast::<List>() {
        Some(list) => {
            let parts = list.items(vm).to_vec();
            template::new(vm, parts)
        }
        None => Err(wrong_argument(vm, "template", "2", "list", parts)),
    }
}
