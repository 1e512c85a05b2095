//! Changes to classes and instances that exist: `__class__`, `__bases__` and `__name__` assigned.

use super::construct::{best_base, set_order};
use super::python_slots;
use crate::class::Type;
use crate::descriptor::{MemberDescriptor, MemberPlace};
use crate::instance;
use crate::native::flag;
use crate::singleton::{MODULE, ModuleObject};
use crate::tuple::Tuple;
use crate::value::{Object, Ref, RefOf};
use crate::vm::{PyResult, Vm};

/// Sets `__name__`.
pub fn rename(class: &Type, name: &str) {
    class.set_name(name);
}

/// Sets `__qualname__`.
pub fn set_qualname(class: &Type, name: Object) {
    class.qualname.set(Some(name));
}

fn is_mutable(class: &Type) -> bool {
    class.is_heap_type() || class.has_flag(flag::MUTABLE)
}

/// `object.__class__ = class`
pub fn assign_class(vm: &mut Vm, object: Ref<'_>, class: RefOf<'_, Type>) -> PyResult<()> {
    let (old, new) = (object.class(), class.get());
    let modules = old.is_subclass_of(&MODULE) && new.is_subclass_of(&MODULE);
    if !(modules || is_mutable(old) && is_mutable(new)) {
        return Err(vm.type_error("__class__ assignment only supported for mutable types or ModuleType subclasses"));
    }
    check_compatible(vm, old, new, "__class__")?;
    if let Some(module) = object.downcast::<ModuleObject>() {
        // What is compiled for attributes of plain modules goes by these.
        module.get().dict().get().forget_cells();
    }
    instance::set_class(vm, object, new)
}

/// Raises unless instances of `old` can become instances of `new` as they are.
fn check_compatible(vm: &mut Vm, old: &Type, new: &Type, what: &str) -> PyResult<()> {
    let (old_layout, new_layout) = (layout_base(old), layout_base(new));
    if std::ptr::eq(old_layout, new_layout) || same_members_added(vm, old_layout, new_layout) {
        return Ok(());
    }
    let message = format!("{what} assignment: '{}' object layout differs from '{}'", new.full_name(), old.full_name());
    Err(vm.type_error(message))
}

/// The nearest class along the bases that changes the layout of instances.
fn layout_base(class: &Type) -> &Type {
    let mut class = class;
    while let Some(base) = class.base() {
        let same = class.is_heap_type()
            && class.n_slots.get() == base.n_slots.get()
            && class.has_flag(flag::HAS_DICT) == base.has_flag(flag::HAS_DICT)
            && class.has_flag(flag::WEAK_REFERENCES) == base.has_flag(flag::WEAK_REFERENCES);
        if !same {
            break;
        }
        class = base;
    }
    class
}

/// Whether two classes add the same members, `__dict__` and `__weakref__` to the same base.
fn same_members_added(vm: &Vm, left: &Type, right: &Type) -> bool {
    let (Some(left_base), Some(right_base)) = (left.base(), right.base()) else { return false };
    left.is_heap_type()
        && right.is_heap_type()
        && std::ptr::eq(layout_base(left_base), layout_base(right_base))
        && left.fixed_size.get() == right.fixed_size.get()
        && left.has_flag(flag::HAS_DICT) == right.has_flag(flag::HAS_DICT)
        && left.has_flag(flag::WEAK_REFERENCES) == right.has_flag(flag::WEAK_REFERENCES)
        && members_of(vm, left) == members_of(vm, right)
}

/// The `__slots__` members a class declares, by offset.
fn members_of(vm: &Vm, class: &Type) -> Vec<(u32, u64)> {
    let mut members: Vec<(u32, u64)> = Vec::new();
    for (_, value) in class.dict().get().iter(vm) {
        if let Some(member) = value.downcast_exact::<MemberDescriptor>()
            && let MemberPlace::Offset(offset) = member.place
            && let Some(name) = member.name.get()
            && member.class.get().is_some_and(|owner| owner.borrow().is(class.object()))
        {
            members.push((offset, name.borrow().bits()));
        }
    }
    members.sort_unstable();
    members
}

/// `class.__bases__ = bases`
pub fn assign_bases(vm: &mut Vm, class: RefOf<'_, Type>, bases: Ref<'_>) -> PyResult<()> {
    let class = class.get();
    let name = class.full_name();
    let Some(tuple) = bases.downcast::<Tuple>() else {
        let message = format!("can only assign tuple to {name}.__bases__, not {}", bases.class().full_name());
        return Err(vm.type_error(message));
    };
    if tuple.is_empty() {
        return Err(vm.type_error(format!("can only assign non-empty tuple to {name}.__bases__, not ()")));
    }
    for base in tuple.get().items() {
        let Some(base) = base.downcast::<Type>() else {
            let message = format!("{name}.__bases__ must be tuple of classes, not '{}'", base.class().full_name());
            return Err(vm.type_error(message));
        };
        if base.is_subclass_of(class) {
            return Err(vm.type_error("a __bases__ item causes an inheritance cycle"));
        }
    }
    let best = best_base(vm, tuple.get().items())?;
    if let Some(old) = class.base() {
        check_compatible(vm, old, best.borrow().get(), "__bases__")?;
    }
    let (old_bases, old_base) = (class.bases_object(), class.base().map(|base| base.as_ref().to_owned()));
    class.bases.set(Some(bases.to_owned()));
    class.set_base(Some(best.borrow().get()));
    let mut changed = Vec::new();
    if let Err(raised) = reorder(vm, class, &mut changed) {
        if class.bases_object().borrow().is(bases) {
            class.bases.set(Some(old_bases));
            class.set_base(old_base.as_ref().map(|base| base.borrow().get()));
            for (class, order) in changed {
                if let Some(class) = class.borrow().downcast::<Type>() {
                    class.set_mro(vm, order);
                    class.modified();
                }
            }
        }
        return Err(raised);
    }
    // Computing the orders may have run code that assigned the bases again.
    if class.bases_object().borrow().is(bases) {
        move_between_lists(class, old_bases.borrow(), bases);
        python_slots::update(class);
    }
    Ok(())
}

/// Computes the orders of a class and its subclasses anew; `changed` gets what was there.
fn reorder(vm: &mut Vm, class: &Type, changed: &mut Vec<(Object, Object)>) -> PyResult<()> {
    let bases = class.bases_object();
    let Some(items) = bases.borrow().downcast::<Tuple>() else { return Ok(()) };
    changed.push((class.to_object(), class.mro_object()));
    set_order(vm, class, items.get().items())?;
    for subclass in super::subclasses(class) {
        if let Some(subclass) = subclass.borrow().downcast::<Type>() {
            reorder(vm, subclass.get(), changed)?;
        }
    }
    Ok(())
}

/// Takes a class out of its old bases' lists of subclasses and enters it in those of the new.
fn move_between_lists(class: &Type, old: Ref<'_>, new: Ref<'_>) {
    let address = std::ptr::from_ref(class).addr();
    for (bases, enters) in [(old, false), (new, true)] {
        let Some(bases) = bases.downcast::<Tuple>() else { continue };
        for base in bases.get().items() {
            if let Some(base) = base.downcast::<Type>() {
                // SAFETY: nobody walks along the list now.
                let list = unsafe { base.get().subclasses.get_unchecked() };
                list.retain(|&known| known != address);
                if enters {
                    list.push(address);
                }
            }
        }
    }
}
