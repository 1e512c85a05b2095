//! Writing objects by what a reducer says of them, and globals by name.

use super::opcode::*;
use super::pickler::Pickler;
use super::save::{append_all, save, set_all};
use super::{Shared, pickling_error, shared, type_name, with_note};
use object::class::TYPE;
use object::dict::Dict;
use object::exception;
use object::int;
use object::str::Str;
use object::tuple::Tuple;
use object::{Object, PyResult, Raised, Ref, Type, Vm};

/// Writes an object as its reducer says: a string names a global, a tuple says how to make the object.
pub fn save_reduced(vm: &mut Vm, this: &Pickler, object: Ref<'_>, reduced: Ref<'_>) -> PyResult<()> {
    if reduced.downcast::<Str>().is_some() {
        return save_global(vm, this, object, Some(reduced));
    }
    let result = if reduced.downcast::<Tuple>().is_none() {
        let name = type_name(vm, reduced);
        Err(pickling_error(vm, format!("__reduce__ must return a string or tuple, not {name}")))
    } else {
        save_reduce(vm, this, reduced, Some(object))
    };
    result.map_err(|raised| {
        let name = type_name(vm, object);
        with_note(vm, raised, &format!("when serializing {name} object"))
    })
}

/// Writes a part of an object; what goes wrong is said to be with that part.
fn save_part(vm: &mut Vm, this: &Pickler, part: Ref<'_>, object: Option<Ref<'_>>, what: &str) -> PyResult<()> {
    save(vm, this, part).map_err(|raised| {
        let name = object.map_or_else(|| "NoneType".into(), |object| type_name(vm, object));
        with_note(vm, raised, &format!("when serializing {name} {what}"))
    })
}

/// The items of a reducer's tuple, checked.
struct Parts<'a> {
    function: Ref<'a>,
    args: &'a [Ref<'a>],
    args_tuple: Ref<'a>,
    state: Option<Ref<'a>>,
    list_items: Option<Ref<'a>>,
    dict_items: Option<Ref<'a>>,
    state_setter: Option<Ref<'a>>,
}

fn parts<'a>(vm: &mut Vm, reduced: Ref<'a>) -> PyResult<Parts<'a>> {
    let items = reduced.downcast::<Tuple>().map(|tuple| tuple.get().items()).unwrap_or_default();
    if !(2..=6).contains(&items.len()) {
        return Err(pickling_error(vm, "tuple returned by __reduce__ must contain 2 through 6 elements"));
    }
    let at = |index: usize| items.get(index).copied().filter(|item| !item.is_none());
    let (function, args_tuple) = (items[0], items[1]);
    let wrong = |vm: &mut Vm, which: &str, wanted: &str, item: Ref<'_>| {
        let name = type_name(vm, item);
        pickling_error(vm, format!("{which} item of the tuple returned by __reduce__ must be {wanted}, not {name}"))
    };
    if function.class().slots().call.is_none() {
        return Err(wrong(vm, "first", "callable", function));
    }
    let Some(args) = args_tuple.downcast::<Tuple>().map(|args| args.get().items()) else {
        return Err(wrong(vm, "second", "a tuple", args_tuple));
    };
    for (index, which) in [(3, "fourth"), (4, "fifth")] {
        if let Some(item) = at(index).filter(|item| item.class().slots().next.is_none()) {
            return Err(wrong(vm, which, "an iterator", item));
        }
    }
    if let Some(setter) = at(5).filter(|setter| setter.class().slots().call.is_none()) {
        return Err(wrong(vm, "sixth", "callable", setter));
    }
    Ok(Parts { function, args, args_tuple, state: at(2), list_items: at(3), dict_items: at(4), state_setter: at(5) })
}

/// Writes what a reducer's tuple says: how to make the object, and what to put into it.
pub fn save_reduce(vm: &mut Vm, this: &Pickler, reduced: Ref<'_>, object: Option<Ref<'_>>) -> PyResult<()> {
    let parts = parts(vm, reduced)?;
    let maker = if this.protocol.get() >= 2 { vm.find_attr_str(parts.function, "__name__")? } else { None };
    let is_named = |name: &str| maker.as_ref().and_then(|maker| maker.borrow().downcast::<Str>()).is_some_and(|maker| maker.equals_str(name));
    if is_named("__newobj_ex__") {
        save_new_object_with_keywords(vm, this, parts.args, object)?;
    } else if is_named("__newobj__") {
        save_new_object(vm, this, parts.args, object)?;
    } else {
        save_part(vm, this, parts.function, object, "reconstructor")?;
        save_part(vm, this, parts.args_tuple, object, "reconstructor arguments")?;
        this.put(vm, &[REDUCE]);
    }
    if let Some(object) = object {
        // One that its own arguments contain has been written by now.
        match this.memo.get(vm).find(object) {
            Some(known) => {
                this.put(vm, &[POP]);
                this.recall(vm, known);
            }
            None => this.memoize(vm, object),
        }
    }
    let container = object.unwrap_or(Ref::NONE);
    if let Some(items) = parts.list_items {
        append_all(vm, this, items, container)?;
    }
    if let Some(items) = parts.dict_items {
        set_all(vm, this, items, container)?;
    }
    let Some(state) = parts.state else { return Ok(()) };
    match parts.state_setter {
        None => {
            save_part(vm, this, state, object, "state")?;
            this.put(vm, &[BUILD]);
        }
        Some(setter) => {
            // The setter is called for its effect; what it returns is dropped.
            save_part(vm, this, setter, object, "state setter")?;
            save(vm, this, container)?;
            save_part(vm, this, state, object, "state")?;
            this.put(vm, &[TUPLE2, REDUCE, POP]);
        }
    }
    Ok(())
}

fn check_class(vm: &mut Vm, maker: &str, class: Ref<'_>, object: Option<Ref<'_>>) -> PyResult<()> {
    if class.downcast::<Type>().is_none() {
        let name = type_name(vm, class);
        return Err(pickling_error(vm, format!("first argument to {maker}() must be a class, not {name}")));
    }
    let Some(object) = object else { return Ok(()) };
    let own = vm.get_attr_str(object, "__class__")?;
    if own.borrow().is(class) {
        return Ok(());
    }
    let (own, class) = (vm.repr_text(own.borrow())?, vm.repr_text(class)?);
    Err(pickling_error(vm, format!("first argument to {maker}() must be {own}, not {class}")))
}

fn save_new_object(vm: &mut Vm, this: &Pickler, args: &[Ref<'_>], object: Option<Ref<'_>>) -> PyResult<()> {
    let [class, rest @ ..] = args else {
        return Err(pickling_error(vm, "__newobj__ expected at least 1 argument, got 0"));
    };
    check_class(vm, "__newobj__", *class, object)?;
    let rest = vm.new_tuple_from(rest).into_object();
    save_part(vm, this, *class, object, "class")?;
    save_part(vm, this, rest.borrow(), object, "__new__ arguments")?;
    this.put(vm, &[NEWOBJ]);
    Ok(())
}

fn save_new_object_with_keywords(vm: &mut Vm, this: &Pickler, args: &[Ref<'_>], object: Option<Ref<'_>>) -> PyResult<()> {
    let &[class, args, keywords] = args else {
        return Err(pickling_error(vm, format!("__newobj_ex__ expected 3 arguments, got {}", args.len())));
    };
    check_class(vm, "__newobj_ex__", class, object)?;
    let wrong = |vm: &mut Vm, which: &str, wanted: &str, value: Ref<'_>| {
        let name = type_name(vm, value);
        pickling_error(vm, format!("{which} argument to __newobj_ex__() must be {wanted}, not {name}"))
    };
    let Some(positional) = args.downcast::<Tuple>() else { return Err(wrong(vm, "second", "a tuple", args)) };
    let Some(dict) = keywords.downcast::<Dict>() else { return Err(wrong(vm, "third", "a dict", keywords)) };
    if this.protocol.get() >= 4 {
        save_part(vm, this, class, object, "class")?;
        save_part(vm, this, args, object, "__new__ arguments")?;
        save_part(vm, this, keywords, object, "__new__ arguments")?;
        this.put(vm, &[NEWOBJ_EX]);
        return Ok(());
    }
    // Older protocols call a partial function without arguments.
    let functools = vm.import("functools")?;
    let partial = vm.get_attr_str(functools.borrow(), "partial")?;
    let new = vm.get_attr_str(class, "__new__")?;
    let mut values = vec![new.borrow(), class];
    values.extend_from_slice(positional.get().items());
    let bound = vm.call_star(partial.borrow(), &values, Some(dict))?;
    save_part(vm, this, bound.borrow(), object, "reconstructor")?;
    let none = vm.new_tuple([]).into_object();
    save(vm, this, none.borrow())?;
    this.put(vm, &[REDUCE]);
    Ok(())
}

/// A class: by name, but for those of constants, which have no name anywhere.
pub fn save_type(vm: &mut Vm, this: &Pickler, object: Ref<'_>) -> PyResult<()> {
    for constant in [Ref::NONE, Ref::ELLIPSIS, Ref::NOT_IMPLEMENTED] {
        if object.is(constant.class().object()) {
            let args = vm.new_tuple_from(&[constant]).into_object();
            let reduced = vm.new_tuple([TYPE.to_object(), args]).into_object();
            return save_reduce(vm, this, reduced.borrow(), Some(object));
        }
    }
    save_global(vm, this, object, None)
}

/// What the dotted path leads to; or else the error, if it is that there is no such attribute.
fn follow(vm: &mut Vm, start: Ref<'_>, path: &str) -> PyResult<Result<Object, Object>> {
    let mut found = start.to_owned();
    for name in path.split('.') {
        let name = vm.intern(name);
        match vm.get_attr(found.borrow(), name) {
            Ok(next) => found = next,
            Err(raised) => return vm.catch_if(raised, &exception::ATTRIBUTE_ERROR).map(Err),
        }
    }
    Ok(Ok(found))
}

/// An exception raised while another one was being handled.
pub fn in_context(vm: &mut Vm, raised: Raised, context: Object) -> Raised {
    let error = vm.catch(raised);
    if let Some(payload) = error.borrow().downcast::<exception::Exception>() {
        payload.context.set(Some(context));
    }
    vm.reraise(error)
}

fn cannot(vm: &mut Vm, object: Ref<'_>, why: &str) -> Raised {
    match vm.repr_text(object) {
        Ok(shown) => pickling_error(vm, format!("Can't pickle {shown}: {why}")),
        Err(raised) => raised,
    }
}

/// The module in which an object can be found by name: the one it says, or else the first that has it.
fn which_module(vm: &mut Vm, object: Ref<'_>, name: &str) -> PyResult<Object> {
    let key = vm.intern("__module__");
    let said = vm.find_attr(object, key)?.filter(|module| !module.borrow().is_none());
    if name.split('.').any(|part| part == "<locals>") {
        let shown = vm.repr_text(object)?;
        return Err(pickling_error(vm, format!("Can't pickle local object {shown}")));
    }
    let module_name = match said {
        Some(name) => name,
        None => search_modules(vm, object, name)?,
    };
    let shown = vm.str_text(module_name.borrow())?;
    let module = match import_named(vm, module_name.borrow()) {
        Ok(module) => module,
        Err(raised) => {
            let error = vm.catch(raised);
            let known = [&exception::IMPORT_ERROR, &exception::VALUE_ERROR, &exception::KEY_ERROR];
            if !known.iter().any(|class| error.borrow().is_instance_of(class)) {
                return Err(vm.reraise(error));
            }
            let why = vm.str_text(error.borrow())?;
            let raised = cannot(vm, object, &why);
            return Err(in_context(vm, raised, error));
        }
    };
    match follow(vm, module.borrow(), name)? {
        Ok(found) if found.borrow().is(object) => Ok(module_name),
        Ok(_) => Err(cannot(vm, object, &format!("it's not the same object as {shown}.{name}"))),
        Err(error) => {
            let raised = cannot(vm, object, &format!("it's not found as {shown}.{name}"));
            Err(in_context(vm, raised, error))
        }
    }
}

fn modules(vm: &mut Vm) -> Object {
    crate::sys_module::modules(vm)
}

fn search_modules(vm: &mut Vm, object: Ref<'_>, name: &str) -> PyResult {
    let modules = modules(vm);
    let entries = modules.borrow().downcast::<Dict>().map(|dict| dict.get().items_snapshot(vm)).unwrap_or_default();
    for (key, module) in entries {
        let is_main = key.borrow().downcast::<Str>().is_some_and(|key| key.equals_str("__main__") || key.equals_str("__mp_main__"));
        if is_main || module.borrow().is_none() {
            continue;
        }
        if follow(vm, module.borrow(), name)?.is_ok_and(|found| found.borrow().is(object)) {
            return Ok(key);
        }
    }
    Ok(vm.intern("__main__").to_owned())
}

/// Imports a module and returns it, not the package it is in.
pub fn import_named(vm: &mut Vm, name: Ref<'_>) -> PyResult {
    let modules = modules(vm);
    if let Some(dict) = modules.borrow().downcast::<Dict>()
        && name.downcast_exact::<Str>().is_some()
        && let Some(module) = dict.get().get(vm, name)?
        && !module.borrow().is_none()
    {
        let spec = vm.find_attr_str(module.borrow(), "__spec__")?;
        let initializing = match spec.filter(|spec| !spec.borrow().is_none()) {
            Some(spec) => vm.find_attr_str(spec.borrow(), "_initializing")?.is_some_and(|state| state.borrow().is(Ref::TRUE)),
            None => false,
        };
        if !initializing {
            return Ok(module);
        }
    }
    let builtins = vm.import("builtins")?;
    vm.call_method(builtins.borrow(), "__import__", &[name])?;
    vm.get_item(modules.borrow(), name)
}

/// A global: the number it is registered under, or the names of its module and its own.
pub fn save_global(vm: &mut Vm, this: &Pickler, object: Ref<'_>, name: Option<Ref<'_>>) -> PyResult<()> {
    let name = match name {
        Some(name) => name.to_owned(),
        None => match vm.find_attr_str(object, "__qualname__")? {
            Some(name) => name,
            None => vm.get_attr_str(object, "__name__")?,
        },
    };
    let name_text = match name.borrow().downcast::<Str>() {
        Some(text) => text.get().to_string_lossy().into_owned(),
        None => return Err(cannot(vm, object, "its name is not a string")),
    };
    let module_name = which_module(vm, object, &name_text)?;
    if this.protocol.get() >= 2 && save_extension(vm, this, object, module_name.borrow(), name.borrow())? {
        return Ok(());
    }
    if this.protocol.get() >= 4 {
        save(vm, this, module_name.borrow())?;
        save(vm, this, name.borrow())?;
        this.put(vm, &[STACK_GLOBAL]);
    } else if let Some((first, rest)) = name_text.split_once('.') {
        save_path(vm, this, module_name.borrow(), first, rest)?;
    } else {
        put_global(vm, this, module_name.borrow(), name.borrow())?;
    }
    this.memoize(vm, object);
    Ok(())
}

/// Writes the number of a registered global; whether it is one.
fn save_extension(vm: &mut Vm, this: &Pickler, object: Ref<'_>, module: Ref<'_>, name: Ref<'_>) -> PyResult<bool> {
    let registry = shared(Shared::ExtensionRegistry);
    let Some(registry) = registry.borrow().downcast::<Dict>() else { return Ok(false) };
    if registry.get().is_empty(vm) {
        return Ok(false);
    }
    let key = vm.new_tuple_from(&[module, name]).into_object();
    let Some(code) = registry.get().get(vm, key.borrow())? else { return Ok(false) };
    let Some(number) = int::to_i64(code.borrow()) else {
        let shown = vm.repr_text(code.borrow())?;
        return Err(cannot(vm, object, &format!("extension code {shown} isn't an integer")));
    };
    let number = number.unwrap_or(-1);
    let [a, b, c, d, ..] = number.to_le_bytes();
    match number {
        1..=0xff => this.put(vm, &[EXT1, a]),
        0x100..=0xffff => this.put(vm, &[EXT2, a, b]),
        0x1_0000..=0x7fff_ffff => this.put(vm, &[EXT4, a, b, c, d]),
        _ => {
            let shown = vm.repr_text(code.borrow())?;
            return Err(vm.runtime_error(format!("extension code {shown} is out of range")));
        }
    }
    Ok(true)
}

/// A name with dots, for protocols in which names have none: `getattr` of `getattr` of a global.
fn save_path(vm: &mut Vm, this: &Pickler, module: Ref<'_>, first: &str, rest: &str) -> PyResult<()> {
    let builtins = vm.import("builtins")?;
    let getattr = vm.get_attr_str(builtins.borrow(), "getattr")?;
    let names: Vec<&str> = rest.split('.').collect();
    let old = this.protocol.get() < 2;
    for _ in &names {
        save(vm, this, getattr.borrow())?;
        if old {
            this.put(vm, &[MARK]);
        }
    }
    let first = vm.new_str(first).into_object();
    put_global(vm, this, module, first.borrow())?;
    for name in names {
        let name = vm.intern(name);
        save(vm, this, name)?;
        this.put(vm, &[if old { TUPLE } else { TUPLE2 }, REDUCE]);
    }
    Ok(())
}

/// The names that Python 2 has for a global, if they differ.
fn old_names(vm: &mut Vm, module: Ref<'_>, name: Ref<'_>) -> PyResult<(Object, Object)> {
    let key = vm.new_tuple_from(&[module, name]).into_object();
    if let Some(names) = shared(Shared::ReverseNameMapping).borrow().downcast::<Dict>()
        && let Some(found) = names.get().get(vm, key.borrow())?
        && let Some(&[module, name]) = found.borrow().downcast::<Tuple>().map(|pair| pair.get().items())
    {
        return Ok((module.to_owned(), name.to_owned()));
    }
    if let Some(imports) = shared(Shared::ReverseImportMapping).borrow().downcast::<Dict>()
        && let Some(module) = imports.get().get(vm, module)?
    {
        return Ok((module, name.to_owned()));
    }
    Ok((module.to_owned(), name.to_owned()))
}

/// A global by the names of its module and its own, a line each.
fn put_global(vm: &mut Vm, this: &Pickler, module: Ref<'_>, name: Ref<'_>) -> PyResult<()> {
    let (module, name) = if this.fix_imports.get() { old_names(vm, module, name)? } else { (module.to_owned(), name.to_owned()) };
    this.put(vm, &[GLOBAL]);
    for (text, what) in [(module, "module"), (name, "global")] {
        let string = text.borrow().downcast::<Str>();
        let line = string.and_then(|text| text.get().to_utf8().map(|text| text.into_owned()));
        let Some(mut line) = line.filter(|line| this.protocol.get() >= 3 || line.is_ascii()) else {
            let (shown, protocol) = (vm.repr_text(text.borrow())?, this.protocol.get());
            let encoding = vm.new_str(if protocol >= 3 { "utf-8" } else { "ascii" }).into_object();
            let context = match vm.call_method(text.borrow(), "encode", &[encoding.borrow()]) {
                Ok(_) => Object::none(),
                Err(raised) => vm.catch(raised),
            };
            let raised = pickling_error(vm, format!("can't pickle {what} identifier {shown} using pickle protocol {protocol}"));
            return Err(in_context(vm, raised, context));
        };
        line.push('\n');
        this.put(vm, line.as_bytes());
    }
    Ok(())
}
