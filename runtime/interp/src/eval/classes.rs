//! `__build_class__`: what a `class` statement calls.

use crate::cell_object::CellObject;
use crate::function::{self, Function};
use object::str::Str;
use object::tuple::Tuple;
use object::{Args, Object, PyResult, Ref, Type, Vm};

/// `__build_class__(function, name, *bases, metaclass=None, **keywords)`
pub fn build_class(vm: &mut Vm, args: Args<'_>) -> PyResult {
    let [body, name, bases @ ..] = args.positionals() else {
        return Err(vm.type_error("__build_class__: not enough arguments"));
    };
    let Some(function) = body.downcast::<Function>() else {
        return Err(vm.type_error("__build_class__: func must be a function"));
    };
    if name.downcast::<Str>().is_none() {
        return Err(vm.type_error("__build_class__: name is not a string"));
    }
    let original_bases = vm.new_tuple_from(bases);
    let resolved = resolve_bases(vm, bases)?;
    let bases = match &resolved {
        Some(resolved) => resolved.clone(),
        None => original_bases.clone(),
    };
    let keywords = vm.new_dict();
    let mut meta = None;
    for (key, value) in args.keywords() {
        if key.downcast::<Str>().is_some_and(|key| key.equals_str("metaclass")) {
            meta = Some(value.to_owned());
        } else {
            keywords.borrow().set(vm, key, value.to_owned())?;
        }
    }
    let meta = choose_metaclass(vm, meta, bases.borrow().get().items())?;
    let prepare = object::names::__prepare__();
    let namespace = match vm.find_attr(meta.borrow(), prepare)? {
        Some(prepare) => vm.call_star(prepare.borrow(), &[*name, bases.borrow().object()], Some(keywords.borrow()))?,
        None => vm.new_dict().into_object(),
    };
    if namespace.borrow().class().slots().getitem.is_none() {
        let who = match meta.borrow().downcast::<Type>() {
            Some(meta) => meta.get().name().to_owned(),
            None => "<metaclass>".into(),
        };
        let message = format!("{who}.__prepare__() must return a mapping, not {}", namespace.borrow().class().full_name());
        return Err(vm.type_error(message));
    }
    let cell = function::run_function_body(vm, function.to_owned(), namespace.clone())?;
    if resolved.is_some() {
        let name = object::names::__orig_bases__();
        vm.set_item(namespace.borrow(), name, original_bases.borrow().object())?;
    }
    let class = vm.call_star(meta.borrow(), &[*name, bases.borrow().object(), namespace.borrow()], Some(keywords.borrow()))?;
    check_cell(vm, &cell, &class, *name)?;
    Ok(class)
}

/// The cell of `__class__` must hold the class that was made.
fn check_cell(vm: &mut Vm, cell: &Object, class: &Object, name: Ref<'_>) -> PyResult<()> {
    let Some(cell) = cell.borrow().downcast::<CellObject>() else { return Ok(()) };
    if class.borrow().downcast::<Type>().is_none() {
        return Ok(());
    }
    let contents = cell.contents.get();
    if contents.as_ref().is_some_and(|contents| contents.borrow().is(class.borrow())) {
        return Ok(());
    }
    let name = vm.repr_text(name)?;
    let class_text = vm.repr_text(class.borrow())?;
    match contents {
        Some(contents) => {
            let other = vm.repr_text(contents.borrow())?;
            Err(vm.type_error(format!("__class__ set to {other} defining {name} as {class_text}")))
        }
        None => {
            let message = format!("__class__ not set defining {name} as {class_text}. Was __classcell__ propagated to type.__new__?");
            Err(vm.runtime_error(message))
        }
    }
}

/// Replaces bases that are no classes by what their `__mro_entries__` say; `None` if there are none.
fn resolve_bases(vm: &mut Vm, bases: &[Ref<'_>]) -> PyResult<Option<object::ObjectOf<Tuple>>> {
    let name = object::names::__mro_entries__();
    let all = vm.new_tuple_from(bases);
    let mut resolved: Vec<Object> = Vec::with_capacity(bases.len());
    let mut changed = false;
    for &base in bases {
        if base.downcast::<Type>().is_none()
            && let Some(method) = vm.find_attr(base, name)?
        {
            let entries = vm.call(method.borrow(), &[all.borrow().object()])?;
            let Some(entries) = entries.borrow().downcast::<Tuple>().map(|entries| entries.to_owned()) else {
                return Err(vm.type_error("__mro_entries__ must return a tuple"));
            };
            resolved.extend(entries.borrow().get().items().iter().map(|&entry| entry.to_owned()));
            changed = true;
        } else {
            resolved.push(base.to_owned());
        }
    }
    Ok(changed.then(|| vm.new_tuple(resolved)))
}

fn choose_metaclass(vm: &mut Vm, given: Option<Object>, bases: &[Ref<'_>]) -> PyResult {
    let meta = match given {
        Some(meta) => meta,
        None => match bases.first() {
            Some(base) => base.class().to_object(),
            None => object::class::TYPE.to_object(),
        },
    };
    let Some(class) = meta.borrow().downcast::<Type>() else { return Ok(meta) };
    let winner = object::type_new::calculate_metaclass(vm, class.get(), bases)?;
    Ok(winner.to_object())
}
