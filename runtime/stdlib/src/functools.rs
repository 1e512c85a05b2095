//! `_functools`: `partial`, `reduce`, `cmp_to_key` and the cache of `lru_cache`.

use object::exception;
use object::native::Module;
use object::{Object, Payload, PyResult, Ref, Vm, method};

mod compare_key;
mod lru_cache;
mod partial;

pub static MODULE: Module = Module {
    name: "_functools",
    doc: "Tools that operate on functions.",
    functions: &[
        method!(Bound reduce "($module, function, iterable, /, initial=<unrepresentable>)", "Apply a function of two arguments cumulatively to the items of an iterable, from left to right.\n\nThis effectively reduces the iterable to a single value.  If initial is\npresent, it is placed before the items of the iterable in the\ncalculation, and serves as a default when the iterable is empty.\n\nFor example, reduce(lambda x, y: x+y, [1, 2, 3, 4, 5])\ncalculates ((((1 + 2) + 3) + 4) + 5)."),
        method!(Bound cmp_to_key "($module, /, mycmp)", "Convert a cmp= function into a key= function.\n\n  mycmp\n    Function that compares two objects."),
    ],
    types: &[&partial::PLACEHOLDER_TYPE, &partial::PARTIAL, &lru_cache::LRU_CACHE_WRAPPER],
    init: Some(|vm, module| {
        object::type_new::ready(vm, &compare_key::KEY_WRAPPER);
        let placeholder = partial::placeholder(vm);
        module.set(vm, "Placeholder", placeholder);
        Ok(())
    }),
};

/// The payload of an object whose class has been checked.
fn payload<T: Payload>(object: Ref<'_>) -> &T {
    object.downcast::<T>().expect("the slot belongs to the type").get()
}

fn cmp_to_key(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    Ok(compare_key::new(vm, args[0].expect("a required argument")))
}

fn reduce(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let (function, iterable) = (args[0].expect("a required argument"), args[1].expect("a required argument"));
    let iterator = match vm.iter(iterable) {
        Ok(iterator) => iterator,
        Err(raised) => {
            vm.catch_if(raised, &exception::TYPE_ERROR)?;
            return Err(vm.type_error("reduce() arg 2 must support iteration"));
        }
    };
    let mut result = args[2].map(Ref::to_owned);
    while let Some(item) = vm.next(iterator.borrow())? {
        result = Some(match result {
            Some(so_far) => vm.call(function, &[so_far.borrow(), item.borrow()])?,
            None => item,
        });
    }
    match result {
        Some(result) => Ok(result),
        None => Err(vm.type_error("reduce() of empty iterable with no initial value")),
    }
}

/// A method is found on the class: what `__get__` of a callable gives.
fn bind(vm: &mut Vm, this: Ref<'_>, instance: Option<Ref<'_>>, _owner: Option<Ref<'_>>) -> PyResult {
    Ok(match instance.filter(|instance| !instance.is_none()) {
        Some(instance) => vm.new_bound_method(this.to_owned(), instance.to_owned()),
        None => this.to_owned(),
    })
}

/// `object` itself, for `__copy__`.
fn itself(_vm: &mut Vm, this: Ref<'_>) -> PyResult<Object> {
    Ok(this.to_owned())
}
