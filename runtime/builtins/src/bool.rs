//! `bool`: what differs from `int`.

use crate::dict::one_argument;
use crate::int;
use object::call::Args;
use object::int::BOOL;
use object::native::Extension;
use object::{Object, PyResult, Ref, RefOf, Slots, Type, Vm, exception};

pub static BOOL_EXTENSION: Extension = Extension {
    class: &BOOL,
    slots: Slots { new: Some(new), repr: Some(repr), and: Some(and), or: Some(or), xor: Some(xor), invert: Some(invert), ..Slots::NONE },
    methods: &[],
    getsets: &[],
    members: &[],
};

fn new(vm: &mut Vm, _class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    let value = match one_argument(vm, "bool", args)? {
        Some(object) => vm.is_true(object)?,
        None => false,
    };
    Ok(Object::bool(value))
}

fn repr(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(vm.intern(if this.is_true() { "True" } else { "False" }).to_owned())
}

fn and(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>) -> PyResult {
    match (left.as_bool(), right.as_bool()) {
        (Some(left), Some(right)) => Ok(Object::bool(left & right)),
        _ => int::and(vm, left, right),
    }
}

fn or(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>) -> PyResult {
    match (left.as_bool(), right.as_bool()) {
        (Some(left), Some(right)) => Ok(Object::bool(left | right)),
        _ => int::or(vm, left, right),
    }
}

fn xor(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>) -> PyResult {
    match (left.as_bool(), right.as_bool()) {
        (Some(left), Some(right)) => Ok(Object::bool(left ^ right)),
        _ => int::xor(vm, left, right),
    }
}

fn invert(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let message = "Bitwise inversion '~' on bool is deprecated and will be removed in Python 3.16. This returns the bitwise inversion of the underlying int object and is usually not what you expect from negating a bool. Use the 'not' operator for boolean negation or ~int(x) if you really want the bitwise inversion of the underlying int.";
    vm.warn(&exception::DEPRECATION_WARNING, message, 1)?;
    Ok(Object::small_int(if this.is_true() { -2 } else { -1 }))
}
