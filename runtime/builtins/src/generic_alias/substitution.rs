//! Type parameters: which there are in a tuple of arguments, and putting arguments in their place.

use super::alias;
use object::generic_alias::GENERIC_ALIAS;
use object::list::List;
use object::tuple::Tuple;
use object::{Object, PyResult, Ref, Type, Vm, names};

fn push_new(found: &mut Vec<Object>, item: Ref<'_>) {
    if !found.iter().any(|known| known.borrow().is(item)) {
        found.push(item.to_owned());
    }
}

/// The items of a tuple or list.
fn items_of(vm: &Vm, object: Ref<'_>) -> Option<Vec<Object>> {
    if let Some(tuple) = object.downcast::<Tuple>() {
        return Some(tuple.get().items().iter().map(|&item| item.to_owned()).collect());
    }
    object.downcast::<List>().map(|list| list.items(vm).to_vec())
}

/// The type parameters in a tuple or list of arguments, in order of appearance.
pub fn make_parameters(vm: &mut Vm, args: Ref<'_>) -> PyResult {
    let mut found = Vec::new();
    collect_parameters(vm, args, &mut found)?;
    Ok(vm.new_tuple(found).into_object())
}

fn collect_parameters(vm: &mut Vm, args: Ref<'_>, found: &mut Vec<Object>) -> PyResult<()> {
    vm.check_stack("")?;
    for item in items_of(vm, args).unwrap_or_default() {
        let item = item.borrow();
        // A class's own `__parameters__` are no free ones.
        if item.downcast::<Type>().is_some() {
            continue;
        }
        if item.downcast::<Tuple>().is_some() || item.downcast::<List>().is_some() {
            collect_parameters(vm, item, found)?;
        } else if vm.find_attr(item, names::__typing_subst__())?.is_some() {
            push_new(found, item);
        } else if let Some(inner) = vm.find_attr(item, names::__parameters__())?
            && let Some(inner) = inner.borrow().downcast::<Tuple>()
        {
            for &parameter in inner.get().items() {
                push_new(found, parameter);
            }
        }
    }
    Ok(())
}

/// The arguments of an unpacked `*tuple[...]`, unless their number is open.
fn unpacked_args(vm: &mut Vm, item: Ref<'_>) -> PyResult<Option<Object>> {
    if item.downcast::<Type>().is_some() {
        return Ok(None);
    }
    let args = if item.is_exactly(&GENERIC_ALIAS) {
        let own = alias(item);
        let is_tuple = own.origin.get_or_none().borrow().is(object::tuple::TUPLE.object());
        (own.starred.get() && is_tuple).then(|| own.args.get_or_none())
    } else {
        vm.find_attr(item, names::__typing_unpacked_tuple_args__())?
    };
    Ok(args
        .filter(|args| args.borrow().downcast::<Tuple>().is_some_and(|tuple| !tuple.get().items().last().is_some_and(|last| last.is(Ref::ELLIPSIS)))))
}

/// What was subscripted with, as a tuple in which unpacked tuples are spread out.
fn unpack_args(vm: &mut Vm, item: Ref<'_>) -> PyResult {
    let given = match item.downcast::<Tuple>() {
        Some(tuple) => tuple.get().items().iter().map(|&item| item.to_owned()).collect(),
        None => vec![item.to_owned()],
    };
    let mut all = Vec::with_capacity(given.len());
    for item in given {
        match unpacked_args(vm, item.borrow())? {
            Some(args) => all.extend(items_of(vm, args.borrow()).unwrap_or_default()),
            None => all.push(item),
        }
    }
    Ok(vm.new_tuple(all).into_object())
}

/// The arguments of `this` with `item` in place of its parameters: `this[item]`.
pub fn substitute(vm: &mut Vm, this: Ref<'_>, args: Ref<'_>, parameters: Ref<'_>, item: Ref<'_>) -> PyResult {
    let parameters = items_of(vm, parameters).unwrap_or_default();
    if parameters.is_empty() {
        let message = format!("{} is not a generic class", vm.repr_text(this)?);
        return Err(vm.type_error(message));
    }
    let mut given = unpack_args(vm, item)?;
    for parameter in &parameters {
        let prepare = vm.find_attr(parameter.borrow(), names::__typing_prepare_subst__())?.filter(|prepare| !prepare.borrow().is_none());
        if let Some(prepare) = prepare {
            let tuple = if given.borrow().downcast::<Tuple>().is_some() { given } else { vm.new_tuple([given]).into_object() };
            given = vm.call(prepare.borrow(), &[this, tuple.borrow()])?;
        }
    }
    let values = items_of(vm, given.borrow()).unwrap_or_else(|| vec![given.clone()]);
    if values.len() != parameters.len() {
        let amount = if values.len() > parameters.len() { "many" } else { "few" };
        let message = format!("Too {amount} arguments for {}; actual {}, expected {}", vm.repr_text(this)?, values.len(), parameters.len());
        return Err(vm.type_error(message));
    }
    let replaced = replace_all(vm, args, &parameters, &values)?;
    Ok(vm.new_tuple(replaced).into_object())
}

fn replace_all(vm: &mut Vm, args: Ref<'_>, parameters: &[Object], values: &[Object]) -> PyResult<Vec<Object>> {
    vm.check_stack("")?;
    let mut replaced = Vec::new();
    for arg in items_of(vm, args).unwrap_or_default() {
        let item = arg.borrow();
        if item.downcast::<Type>().is_some() {
            replaced.push(arg);
            continue;
        }
        if item.downcast::<Tuple>().is_some() || item.downcast::<List>().is_some() {
            let inner = replace_all(vm, item, parameters, values)?;
            let is_tuple = item.downcast::<Tuple>().is_some();
            replaced.push(if is_tuple { vm.new_tuple(inner).into_object() } else { vm.new_list(inner).into_object() });
            continue;
        }
        let unpacks = match vm.find_attr(item, names::__typing_is_unpacked_typevartuple__())? {
            Some(mark) => vm.is_true(mark.borrow())?,
            None => false,
        };
        let value = match vm.find_attr(item, names::__typing_subst__())? {
            Some(subst) => match parameters.iter().position(|parameter| parameter.borrow().is(item)) {
                Some(index) => vm.call(subst.borrow(), &[values[index].borrow()])?,
                None => arg.clone(),
            },
            None => replace_inside(vm, item, parameters, values)?,
        };
        if !unpacks {
            replaced.push(value);
            continue;
        }
        let Some(spread) = value.borrow().downcast::<Tuple>() else {
            let (owner, given) = (item.class().full_name(), value.borrow().class().full_name());
            let message = format!("expected __typing_subst__ of {owner} objects to return a tuple, not {given}");
            return Err(vm.type_error(message));
        };
        replaced.extend(spread.get().items().iter().map(|&item| item.to_owned()));
    }
    Ok(replaced)
}

/// Subscripts an argument that has parameters itself.
fn replace_inside(vm: &mut Vm, item: Ref<'_>, parameters: &[Object], values: &[Object]) -> PyResult {
    let inner = vm.find_attr(item, names::__parameters__())?;
    let inner = inner.and_then(|inner| items_of(vm, inner.borrow()).filter(|_| inner.borrow().downcast::<Tuple>().is_some())).unwrap_or_default();
    if inner.is_empty() {
        return Ok(item.to_owned());
    }
    let mut chosen = Vec::with_capacity(inner.len());
    for parameter in inner {
        match parameters.iter().position(|known| known.borrow().is(parameter.borrow())) {
            Some(index) => {
                // What stands for a `TypeVarTuple` is a tuple.
                match values[index].borrow().downcast::<Tuple>().filter(|_| parameter.borrow().class().slots().iter.is_some()) {
                    Some(spread) => chosen.extend(spread.get().items().iter().map(|&item| item.to_owned())),
                    None => chosen.push(values[index].clone()),
                }
            }
            None => chosen.push(parameter),
        }
    }
    let chosen = vm.new_tuple(chosen).into_object();
    vm.get_item(item, chosen.borrow())
}
