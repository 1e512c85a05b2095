//! `match` statements: mapping and class patterns.

use object::exception;
use object::native::flag;
use object::str::Str;
use object::tuple::Tuple;
use object::{Object, PyResult, Ref, Type, Vm};

/// The values of keys in a mapping, or `None` if one is missing.
pub(super) fn match_keys(vm: &mut Vm, subject: Ref<'_>, keys: Ref<'_>) -> PyResult {
    let keys = keys.downcast::<Tuple>().expect("the compiler builds a tuple of keys");
    let mut seen: Vec<Ref<'_>> = Vec::new();
    let get = object::names::get();
    let mut values = Vec::with_capacity(keys.len());
    // A unique object tells a missing key from one with any value.
    let missing = vm.new_list(Vec::new()).into_object();
    for &key in keys.get().items() {
        for &other in &seen {
            if vm.equal(other, key)? {
                let text = vm.repr_text(key)?;
                return Err(vm.value_error(format!("mapping pattern checks duplicate key ({text})")));
            }
        }
        seen.push(key);
        let value = vm.call_method_named(subject, get, &[key, missing.borrow()])?;
        if value.borrow().is(missing.borrow()) {
            return Ok(Object::none());
        }
        values.push(value);
    }
    Ok(vm.new_tuple(values).into_object())
}

/// The attributes a class pattern looks at, or `None` if the subject does not match.
pub(super) fn match_class(vm: &mut Vm, subject: Ref<'_>, class: Ref<'_>, n_positional: usize, keywords: Ref<'_>) -> PyResult {
    let Some(class_type) = class.downcast::<Type>() else {
        return Err(vm.type_error("called match pattern must be a class"));
    };
    if !builtins::type_checks::is_instance(vm, subject, class)? {
        return Ok(Object::none());
    }
    let class_type = class_type.get();
    let mut seen: Vec<Object> = Vec::new();
    let mut attributes = Vec::new();
    if n_positional > 0 {
        let name = object::names::__match_args__();
        match vm.find_attr(class, name)? {
            Some(names) => {
                let Some(names) = names.borrow().downcast_exact::<Tuple>().map(|names| names.to_owned()) else {
                    let message = format!("{}.__match_args__ must be a tuple (got {})", class_type.name(), names.borrow().class().full_name());
                    return Err(vm.type_error(message));
                };
                check_positional(vm, class_type, names.len(), n_positional)?;
                for &name in &names.borrow().get().items()[..n_positional] {
                    if name.downcast_exact::<Str>().is_none() {
                        let message = format!("__match_args__ elements must be strings (got {})", name.class().full_name());
                        return Err(vm.type_error(message));
                    }
                    match attribute(vm, subject, class_type, name, &mut seen)? {
                        Some(value) => attributes.push(value),
                        None => return Ok(Object::none()),
                    }
                }
            }
            None => {
                let match_self = class_type.has_flag(flag::MATCH_SELF);
                check_positional(vm, class_type, usize::from(match_self), n_positional)?;
                attributes.push(subject.to_owned());
            }
        }
    }
    let keywords = keywords.downcast::<Tuple>().expect("the compiler builds a tuple of names");
    for &name in keywords.get().items() {
        match attribute(vm, subject, class_type, name, &mut seen)? {
            Some(value) => attributes.push(value),
            None => return Ok(Object::none()),
        }
    }
    Ok(vm.new_tuple(attributes).into_object())
}

fn check_positional(vm: &mut Vm, class: &Type, allowed: usize, given: usize) -> PyResult<()> {
    if given <= allowed {
        return Ok(());
    }
    let plural = if allowed == 1 { "" } else { "s" };
    Err(vm.type_error(format!("{}() accepts {allowed} positional sub-pattern{plural} ({given} given)", class.name())))
}

fn attribute(vm: &mut Vm, subject: Ref<'_>, class: &Type, name: Ref<'_>, seen: &mut Vec<Object>) -> PyResult<Option<Object>> {
    for other in seen.iter() {
        if vm.equal(other.borrow(), name)? {
            let text = vm.repr_text(name)?;
            return Err(vm.raise(&exception::TYPE_ERROR, format!("{}() got multiple sub-patterns for attribute {text}", class.name())));
        }
    }
    seen.push(name.to_owned());
    let name = vm.attribute_name(name)?;
    vm.find_attr(subject, name.borrow())
}
