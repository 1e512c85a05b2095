//! `_collections`: `deque`, `defaultdict`, `OrderedDict` and helpers of `collections`.

use object::dict::hash_key;
use object::dict::{DICT, Dict};
use object::native::Module;
use object::{Object, Payload, PyResult, Ref, Vm, int, method};

mod default_dict;
mod deque;
mod ordered_dict;
mod tuple_getter;

pub static MODULE: Module = Module {
    name: "_collections",
    doc: "High performance data structures.\n- deque:        ordered collection accessible from endpoints only\n- defaultdict:  dict subclass with a default value factory\n",
    functions: &[
        method!(Bound count_elements as "_count_elements" "($module, mapping, iterable, /)", "Count elements in the iterable, updating the mapping"),
    ],
    types: &[
        &deque::DEQUE,
        &default_dict::DEFAULT_DICT,
        &ordered_dict::ORDERED_DICT,
        &deque::DEQUE_ITERATOR,
        &deque::DEQUE_REVERSE_ITERATOR,
        &tuple_getter::TUPLE_GETTER,
    ],
    init: Some(|vm, _| {
        for class in ordered_dict::HELPER_TYPES {
            object::type_new::ready(vm, class);
        }
        Ok(())
    }),
};

/// The payload of an object whose class has been checked.
fn payload<T: Payload>(object: Ref<'_>) -> &T {
    object.downcast::<T>().expect("the slot belongs to the type").get()
}

/// What `__getstate__` gives, for `__reduce__`.
fn state_of(vm: &mut Vm, object: Ref<'_>) -> PyResult {
    vm.call_method_named(object, object::str::names::__getstate__(), &[])
}

/// Whether a mapping's `get` and `__setitem__` are those of `dict`.
fn is_plain_mapping(vm: &Vm, mapping: Ref<'_>) -> bool {
    ["get", "__setitem__"].into_iter().all(|name| {
        let name = vm.intern(name);
        match (mapping.class().lookup(name), DICT.lookup(name)) {
            (Some(own), Some(plain)) => own.is(plain),
            _ => false,
        }
    })
}

fn count_elements(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let (mapping, iterable) = (args[0].expect("a required argument"), args[1].expect("a required argument"));
    let iterator = vm.iter(iterable)?;
    let one = Object::small_int(1);
    if let Some(dict) = mapping.downcast::<Dict>().filter(|_| is_plain_mapping(vm, mapping)) {
        while let Some(key) = vm.next(iterator.borrow())? {
            let hash = hash_key(vm, key.borrow(), "a dict key")?;
            let count = match dict.get_with_hash(vm, key.borrow(), hash)? {
                Some(count) => add_one(vm, count.borrow())?,
                None => one.clone(),
            };
            dict.set_with_hash(vm, key.borrow(), hash, count)?;
        }
        return Ok(Object::none());
    }
    let get = vm.get_attr_str(mapping, "get")?;
    let zero = Object::small_int(0);
    while let Some(key) = vm.next(iterator.borrow())? {
        let count = vm.call(get.borrow(), &[key.borrow(), zero.borrow()])?;
        let count = add_one(vm, count.borrow())?;
        vm.set_item(mapping, key.borrow(), count.borrow())?;
    }
    Ok(Object::none())
}

fn add_one(vm: &mut Vm, count: Ref<'_>) -> PyResult {
    let one = Object::small_int(1);
    match count.as_small_int().and_then(|_| int::add(vm, count, one.borrow())) {
        Some(sum) => Ok(sum),
        None => vm.binary(bytecode::opcode::BinaryOp::Add, count, one.borrow()),
    }
}
