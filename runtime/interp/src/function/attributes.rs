//! Attributes and constructor of Python functions.

use super::{FUNCTION, Function, text_of};
use crate::cell_object::CellObject;
use crate::code::{CODE, CodeObject};
use object::cell::ObjectCell;
use object::dict::Dict;
use object::native::{Getset, Member};
use object::str::Str;
use object::tuple::Tuple;
use object::{Args, Object, PyResult, Ref, RefOf, Type, Vm};

fn payload(this: Ref<'_>) -> &Function {
    this.downcast::<Function>().expect("the attribute belongs to the type").get()
}

pub(super) const MEMBERS: &[Member] = &[
    Member(Getset::readonly("__closure__", "", |_, this| Ok(payload(this).closure.get_or_none()))),
    Member(Getset::readonly("__globals__", "", |_, this| Ok(payload(this).globals.clone()))),
    Member(Getset::readonly("__builtins__", "", |_, this| Ok(payload(this).builtins.clone()))),
    Member(Getset::new(
        "__doc__",
        "",
        |_, this| Ok(payload(this).doc.get_or_none()),
        |_, this, value| {
            payload(this).doc.set(value.map(Ref::to_owned));
            Ok(())
        },
    )),
    Member(Getset::new(
        "__module__",
        "",
        |_, this| Ok(payload(this).module.get_or_none()),
        |_, this, value| {
            payload(this).module.set(value.map(Ref::to_owned));
            Ok(())
        },
    )),
];

pub(super) const GETSETS: &[Getset] = &[
    Getset::new("__code__", "", |_, this| Ok(payload(this).code.get_or_none()), set_code),
    Getset::new("__defaults__", "", |_, this| Ok(payload(this).defaults.get_or_none()), set_defaults),
    Getset::new("__kwdefaults__", "", get_keyword_defaults, set_keyword_defaults),
    Getset::new("__annotations__", "Dict of annotations in a function object.", get_annotations, set_annotations),
    Getset::new("__annotate__", "Get the code object for a function.", get_annotate, set_annotate),
    Getset::new("__dict__", "", get_dict, set_dict),
    Getset::new(
        "__name__",
        "",
        |_, this| Ok(payload(this).name.get_or_none()),
        |vm, this, value| set_text(vm, &payload(this).name, "__name__", value),
    ),
    Getset::new(
        "__qualname__",
        "",
        |_, this| Ok(payload(this).qualname.get_or_none()),
        |vm, this, value| set_text(vm, &payload(this).qualname, "__qualname__", value),
    ),
    Getset::new("__type_params__", "Get the declared type parameters for a function.", get_type_params, set_type_params),
];

/// Sets an attribute that is a string.
pub(crate) fn set_text(vm: &mut Vm, cell: &ObjectCell, name: &str, value: Option<Ref<'_>>) -> PyResult<()> {
    match value.filter(|value| value.downcast::<Str>().is_some()) {
        Some(value) => {
            cell.set(Some(value.to_owned()));
            Ok(())
        }
        None => Err(vm.type_error(format!("{name} must be set to a string object"))),
    }
}

fn set_code(vm: &mut Vm, this: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let Some(code) = value.and_then(|value| value.downcast::<CodeObject>()) else {
        return Err(vm.type_error("__code__ must be set to a code object"));
    };
    let own = payload(this);
    let n_cells = own.closure.get().and_then(|closure| closure.borrow().downcast::<Tuple>().map(|closure| closure.len())).unwrap_or(0);
    if code.n_free != n_cells {
        let message = format!("{}() requires a code object with {n_cells} free vars, not {}", text_of(&own.name), code.n_free);
        return Err(vm.value_error(message));
    }
    own.set_code(code.to_owned());
    Ok(())
}

fn set_defaults(vm: &mut Vm, this: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let value = value.filter(|value| !value.is_none());
    if value.is_some_and(|value| value.downcast::<Tuple>().is_none()) {
        return Err(vm.type_error("__defaults__ must be set to a tuple object"));
    }
    payload(this).defaults.set(value.map(Ref::to_owned));
    payload(this).note_change();
    Ok(())
}

fn get_keyword_defaults(_vm: &mut Vm, this: Ref<'_>) -> PyResult {
    share_keyword_defaults(payload(this));
    Ok(payload(this).keyword_defaults.get_or_none())
}

/// What calls by compiled code count on holds no longer.
fn share_keyword_defaults(function: &Function) {
    if !function.are_keyword_defaults_shared.replace(true) {
        function.note_change();
    }
}

fn set_keyword_defaults(vm: &mut Vm, this: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let value = value.filter(|value| !value.is_none());
    if value.is_some_and(|value| value.downcast::<Dict>().is_none()) {
        return Err(vm.type_error("__kwdefaults__ must be set to a dict object"));
    }
    share_keyword_defaults(payload(this));
    payload(this).keyword_defaults.set(value.map(Ref::to_owned));
    payload(this).note_change();
    Ok(())
}

/// `__annotations__`: what the annotate function says, computed once (PEP 649).
fn get_annotations(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let own = payload(this);
    if let Some(annotations) = own.annotations.get() {
        // `from __future__ import annotations` leaves a tuple of names and values.
        if let Some(pairs) = annotations.borrow().downcast::<Tuple>() {
            let dict = vm.new_dict();
            for pair in pairs.items().chunks_exact(2) {
                dict.borrow().set(vm, pair[0], pair[1].to_owned())?;
            }
            own.annotations.set(Some(dict.clone().into_object()));
            return Ok(dict.into_object());
        }
        return Ok(annotations);
    }
    let annotations = match own.annotate.get().filter(|annotate| !annotate.borrow().is_none()) {
        Some(annotate) => {
            let annotations = vm.call(annotate.borrow(), &[Object::small_int(1).borrow()])?;
            if annotations.borrow().downcast::<Dict>().is_none() {
                let message = format!("__annotate__ returned non-dict of type '{}'", annotations.borrow().class().full_name());
                return Err(vm.type_error(message));
            }
            annotations
        }
        None => vm.new_dict().into_object(),
    };
    own.annotations.set(Some(annotations.clone()));
    Ok(annotations)
}

fn set_annotations(vm: &mut Vm, this: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let value = value.filter(|value| !value.is_none());
    if value.is_some_and(|value| value.downcast::<Dict>().is_none()) {
        return Err(vm.type_error("__annotations__ must be set to a dict object"));
    }
    payload(this).annotations.set(value.map(Ref::to_owned));
    payload(this).annotate.set(None);
    Ok(())
}

fn get_annotate(_vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(payload(this).annotate.get_or_none())
}

fn set_annotate(vm: &mut Vm, this: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let Some(value) = value else {
        return Err(vm.type_error("__annotate__ cannot be deleted"));
    };
    if value.is_none() {
        payload(this).annotate.set(None);
        return Ok(());
    }
    if value.class().slots().call.is_none() {
        return Err(vm.type_error("__annotate__ must be callable or None"));
    }
    payload(this).annotate.set(Some(value.to_owned()));
    payload(this).annotations.set(None);
    Ok(())
}

fn get_dict(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(object::instance::dict_of(vm, this).map_or(Object::none(), Object::from))
}

fn set_dict(vm: &mut Vm, this: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let Some(value) = value else {
        return Err(vm.type_error("cannot delete __dict__"));
    };
    match value.downcast::<Dict>() {
        Some(dict) => {
            object::instance::set_dict(vm, this, dict.to_owned());
            Ok(())
        }
        None => Err(vm.type_error(format!("__dict__ must be set to a dictionary, not a '{}'", value.class().full_name()))),
    }
}

fn get_type_params(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(payload(this).type_params.get().unwrap_or_else(|| vm.new_tuple([]).into_object()))
}

fn set_type_params(vm: &mut Vm, this: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    match value.filter(|value| value.downcast::<Tuple>().is_some()) {
        Some(value) => {
            payload(this).type_params.set(Some(value.to_owned()));
            Ok(())
        }
        None => Err(vm.type_error("__type_params__ must be set to a tuple")),
    }
}

pub(super) fn repr(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let text = format!("<function {} at {:#x}>", text_of(&payload(this).qualname), this.bits());
    Ok(vm.new_str(&text).into_object())
}

/// `types.FunctionType(code, globals, name=None, argdefs=None, closure=None, kwdefaults=None)`
pub(super) fn new(vm: &mut Vm, _class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    let mut values = [const { None }; 6];
    object::call::bind_args(vm, "function", "(code, globals, name=None, argdefs=None, closure=None, kwdefaults=None)", args, &mut values)?;
    let [code, globals, name, defaults, closure, keyword_defaults] = values.map(|value| value.unwrap_or(Object::none()));
    let code = match code.downcast::<CodeObject>() {
        Ok(code) => code,
        Err(code) => {
            let message = format!("function() argument 'code' must be {}, not {}", CODE.name(), code.borrow().class().full_name());
            return Err(vm.type_error(message));
        }
    };
    if globals.borrow().downcast::<Dict>().is_none() {
        let message = format!("function() argument 'globals' must be dict, not {}", globals.borrow().class().full_name());
        return Err(vm.type_error(message));
    }
    if !name.borrow().is_none() && name.borrow().downcast::<Str>().is_none() {
        return Err(vm.type_error("arg 3 (name) must be None or string"));
    }
    if !defaults.borrow().is_none() && defaults.borrow().downcast::<Tuple>().is_none() {
        return Err(vm.type_error("arg 4 (defaults) must be None or tuple"));
    }
    if !keyword_defaults.borrow().is_none() && keyword_defaults.borrow().downcast::<Dict>().is_none() {
        return Err(vm.type_error("arg 6 (kwdefaults) must be None or dict"));
    }
    check_closure(vm, &code, closure.borrow())?;
    let function = super::new_function(vm, code, globals);
    let given = |value: Object| (!value.borrow().is_none()).then_some(value);
    if let Some(name) = given(name) {
        function.name.set(Some(name));
    }
    function.defaults.set(given(defaults));
    function.closure.set(given(closure).filter(|closure| closure.borrow().downcast::<Tuple>().is_some_and(|closure| !closure.is_empty())));
    function.keyword_defaults.set(given(keyword_defaults));
    debug_assert!(function.borrow().object().is_exactly(&FUNCTION));
    Ok(function.into_object())
}

fn check_closure(vm: &mut Vm, code: &CodeObject, closure: Ref<'_>) -> PyResult<()> {
    let cells: &[Ref<'_>] = match closure.downcast::<Tuple>() {
        Some(closure) => closure.get().items(),
        None if code.n_free > 0 && closure.is_none() => return Err(vm.type_error("arg 5 (closure) must be tuple")),
        None if !closure.is_none() => return Err(vm.type_error("arg 5 (closure) must be None or tuple")),
        None => &[],
    };
    if cells.len() != code.n_free {
        let message = format!("{} requires closure of length {}, not {}", code.name_text(), code.n_free, cells.len());
        return Err(vm.value_error(message));
    }
    for cell in cells {
        if cell.downcast::<CellObject>().is_none() {
            return Err(vm.type_error(format!("arg 5 (closure) expected cell, found {}", cell.class().full_name())));
        }
    }
    Ok(())
}

/// Names the function that a definition's annotations are evaluated by after the function defined.
pub(crate) fn name_annotate(vm: &Vm, function: Ref<'_>, annotate: Ref<'_>) {
    let Some((function, annotate)) = function.downcast::<Function>().zip(annotate.downcast_exact::<Function>()) else { return };
    let qualname = function.qualname.get_or_none();
    if let Some(qualname) = qualname.borrow().downcast::<Str>() {
        let qualname = format!("{}.__annotate__", qualname.to_string_lossy());
        annotate.qualname.set(Some(vm.new_str(&qualname).into_object()));
    }
}
