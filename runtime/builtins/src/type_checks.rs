//! `isinstance` and `issubclass`.

use object::class::TYPE;
use object::generic_alias::Union;
use object::tuple::Tuple;
use object::{Object, PyResult, Ref, Type, Vm, names};

const ISINSTANCE: &str = "isinstance() arg 2 must be a type, a tuple of types, or a union";
const ISSUBCLASS_CLASS: &str = "issubclass() arg 1 must be a class";
const ISSUBCLASS: &str = "issubclass() arg 2 must be a class, a tuple of classes, or a union";

/// `isinstance(object, class)`
pub fn is_instance(vm: &mut Vm, object: Ref<'_>, class: Ref<'_>) -> PyResult<bool> {
    if object.class().object().is(class) {
        return Ok(true);
    }
    if class.is_exactly(&TYPE) {
        return real_is_instance(vm, object, class);
    }
    if let Some(alternatives) = alternatives(class) {
        vm.check_stack(" in __instancecheck__")?;
        for &alternative in alternatives.borrow().downcast::<Tuple>().map_or(&[][..], |tuple| tuple.get().items()) {
            if is_instance(vm, object, alternative)? {
                return Ok(true);
            }
        }
        return Ok(false);
    }
    match own_check(vm, class, names::__instancecheck__())? {
        Some(check) => {
            vm.check_stack(" in __instancecheck__")?;
            let result = vm.call(check.borrow(), &[object])?;
            vm.is_true(result.borrow())
        }
        None => real_is_instance(vm, object, class),
    }
}

/// What answers for a class, if that is not the method of `type`.
fn own_check(vm: &mut Vm, class: Ref<'_>, name: Ref<'_>) -> PyResult<Option<Object>> {
    let is_inherited = class.class().lookup(name).zip(TYPE.lookup(name)).is_some_and(|(found, inherited)| found.is(inherited));
    if is_inherited { Ok(None) } else { vm.lookup_special(class, name) }
}

/// The members of a tuple or union.
fn alternatives(class: Ref<'_>) -> Option<Object> {
    if let Some(union) = class.downcast_exact::<Union>() {
        return Some(union.args.get_or_none());
    }
    class.downcast::<Tuple>().map(|_| class.to_owned())
}

/// `type.__instancecheck__`
pub fn real_is_instance(vm: &mut Vm, object: Ref<'_>, class: Ref<'_>) -> PyResult<bool> {
    if let Some(class) = class.downcast::<Type>() {
        if has_ancestor(object.class(), class.get()) {
            return Ok(true);
        }
        // A proxy may claim another class; hardly anything does.
        let own = object.class();
        if !own.is_heap_type() && own.slots().getattr.is_none() {
            return Ok(false);
        }
        let inherited = object::class::OBJECT.lookup(names::__class__());
        if own.slots().getattr.is_none() && own.lookup(names::__class__()).zip(inherited).is_some_and(|(found, inherited)| found.is(inherited)) {
            return Ok(false);
        }
        let claimed = vm.find_attr(object, names::__class__())?;
        return Ok(claimed.is_some_and(|claimed| {
            claimed
                .borrow()
                .downcast::<Type>()
                .is_some_and(|claimed| !std::ptr::eq(claimed.get(), object.class()) && has_ancestor(claimed.get(), class.get()))
        }));
    }
    check_class(vm, class, ISINSTANCE)?;
    match vm.find_attr(object, names::__class__())? {
        Some(own) => abstract_is_subclass(vm, own.borrow(), class),
        None => Ok(false),
    }
}

/// The `__bases__` of something class-like.
fn bases_of(vm: &mut Vm, class: Ref<'_>) -> PyResult<Option<Object>> {
    let bases = vm.find_attr(class, names::__bases__())?;
    Ok(bases.filter(|bases| bases.borrow().downcast::<Tuple>().is_some()))
}

fn check_class(vm: &mut Vm, class: Ref<'_>, message: &str) -> PyResult<()> {
    match bases_of(vm, class)? {
        Some(_) => Ok(()),
        None => Err(vm.type_error(message)),
    }
}

/// Follows `__bases__` of objects that need not be types.
fn abstract_is_subclass(vm: &mut Vm, derived: Ref<'_>, class: Ref<'_>) -> PyResult<bool> {
    if derived.is(class) {
        return Ok(true);
    }
    vm.check_stack(" in __issubclass__")?;
    let Some(bases) = bases_of(vm, derived)? else { return Ok(false) };
    for &base in bases.borrow().downcast::<Tuple>().map_or(&[][..], |tuple| tuple.get().items()) {
        if abstract_is_subclass(vm, base, class)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a class has another in its method resolution order, which a metaclass may make without its bases.
fn has_ancestor(class: &Type, other: &Type) -> bool {
    let mut order = class.mro_types().peekable();
    if order.peek().is_none() { class.is_subclass_of(other) } else { order.any(|ancestor| std::ptr::eq(ancestor, other)) }
}

/// `issubclass(derived, class)`
pub fn is_subclass(vm: &mut Vm, derived: Ref<'_>, class: Ref<'_>) -> PyResult<bool> {
    if class.is_exactly(&TYPE) {
        return if derived.is(class) { Ok(true) } else { real_is_subclass(vm, derived, class) };
    }
    if let Some(alternatives) = alternatives(class) {
        vm.check_stack(" in __subclasscheck__")?;
        for &alternative in alternatives.borrow().downcast::<Tuple>().map_or(&[][..], |tuple| tuple.get().items()) {
            if is_subclass(vm, derived, alternative)? {
                return Ok(true);
            }
        }
        return Ok(false);
    }
    match own_check(vm, class, names::__subclasscheck__())? {
        Some(check) => {
            vm.check_stack(" in __subclasscheck__")?;
            let result = vm.call(check.borrow(), &[derived])?;
            vm.is_true(result.borrow())
        }
        None => real_is_subclass(vm, derived, class),
    }
}

/// `type.__subclasscheck__`
pub fn real_is_subclass(vm: &mut Vm, derived: Ref<'_>, class: Ref<'_>) -> PyResult<bool> {
    if let (Some(derived), Some(class)) = (derived.downcast::<Type>(), class.downcast::<Type>()) {
        return Ok(has_ancestor(derived.get(), class.get()));
    }
    check_class(vm, derived, ISSUBCLASS_CLASS)?;
    check_class(vm, class, ISSUBCLASS)?;
    abstract_is_subclass(vm, derived, class)
}
