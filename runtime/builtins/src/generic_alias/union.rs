//! `types.UnionType`, which is `typing.Union` too: `int | str`.

use super::{push_type_repr, substitution};
use crate::set::frozen_from_iterable;
use bytecode::opcode::Comparison;
use object::generic_alias::{GENERIC_ALIAS, UNION, Union};
use object::native::Extension;
use object::singleton::NONE_TYPE;
use object::str::StrBuilder;
use object::tuple::Tuple;
use object::{Getset, Member, Object, ObjectCell, PyResult, Ref, Slots, Type, Vm, method};

pub(crate) static UNION_EXTENSION: Extension = Extension {
    class: &UNION,
    slots: Slots { repr: Some(repr), hash: Some(hash), compare: Some(compare), getitem: Some(get_item), or: Some(type_or), ..Slots::NONE },
    methods: &[
        method!(Binary mro_entries as "__mro_entries__" "($self, bases, /)", ""),
        method!(Binary class_get_item as "__class_getitem__" "($type, args, /)", "").class_method(),
    ],
    getsets: &[
        Getset::readonly("__name__", "Name of the type", |vm, _| Ok(vm.intern("Union").to_owned())),
        Getset::readonly("__qualname__", "Qualified name of the type", |vm, _| Ok(vm.intern("Union").to_owned())),
        Getset::readonly("__origin__", "Always returns the type", |_, _| Ok(UNION.to_object())),
        Getset::readonly("__parameters__", "Type variables in the types.UnionType.", parameters),
    ],
    members: &[Member(Getset::readonly("__args__", "", |_, this| Ok(union(this).args.get_or_none())))],
};

fn union(this: Ref<'_>) -> &Union {
    this.downcast::<Union>().expect("the slot belongs to unions").get()
}

/// Whether `|` takes the object as it is.
pub(crate) fn is_unionable(object: Ref<'_>) -> bool {
    object.is_none()
        || object.downcast::<Type>().is_some()
        || object.is_instance_of(&GENERIC_ALIAS)
        || object.is_exactly(&UNION)
        || object.is_exactly(&crate::typing_types::TYPE_ALIAS)
}

/// `left | right` of types.
pub fn type_or(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>) -> PyResult {
    if !is_unionable(left) || !is_unionable(right) {
        return Ok(Object::not_implemented());
    }
    let mut members = Members::default();
    members.add(vm, left)?;
    members.add(vm, right)?;
    members.finish(vm)
}

/// `Union[args]`: members that are no types are checked by `typing`.
pub fn union_of(vm: &mut Vm, args: &[Ref<'_>]) -> PyResult {
    let mut members = Members { checks: true, ..Members::default() };
    for &arg in args {
        members.add(vm, arg)?;
    }
    members.finish(vm)
}

/// A union in the making.
#[derive(Default)]
struct Members {
    all: Vec<Object>,
    hashable: Vec<Object>,
    unhashable: Vec<Object>,
    checks: bool,
}

impl Members {
    fn add(&mut self, vm: &mut Vm, item: Ref<'_>) -> PyResult<()> {
        if item.is_none() {
            return self.add_distinct(vm, NONE_TYPE.to_object());
        }
        if let Some(inner) = item.downcast_exact::<Union>() {
            let args = inner.args.get_or_none();
            for &arg in args.borrow().downcast::<Tuple>().map_or(&[][..], |args| args.get().items()) {
                self.add(vm, arg)?;
            }
            return Ok(());
        }
        if self.checks && !is_unionable(item) {
            let typing = vm.import("typing")?;
            let check = vm.get_attr_str(typing.borrow(), "_type_check")?;
            let message = vm.new_str("Union[arg, ...]: each arg must be a type.").into_object();
            let checked = vm.call(check.borrow(), &[item, message.borrow()])?;
            return self.add_distinct(vm, checked);
        }
        self.add_distinct(vm, item.to_owned())
    }

    fn add_distinct(&mut self, vm: &mut Vm, item: Object) -> PyResult<()> {
        let hash = vm.hash(item.borrow());
        let hashable = match hash {
            Ok(_) => true,
            Err(raised) => {
                // Whatever it is, the member counts as unhashable.
                vm.catch(raised);
                false
            }
        };
        let known = if hashable { self.hashable.clone() } else { self.unhashable.clone() };
        for other in known {
            if vm.equal(other.borrow(), item.borrow())? {
                return Ok(());
            }
        }
        if hashable { &mut self.hashable } else { &mut self.unhashable }.push(item.clone());
        self.all.push(item);
        Ok(())
    }

    fn finish(mut self, vm: &mut Vm) -> PyResult {
        match self.all.len() {
            0 => return Err(vm.type_error("Cannot take a Union of no types.")),
            1 => return Ok(self.all.pop().expect("there is one")),
            _ => {}
        }
        let hashable = vm.new_list(self.hashable).into_object();
        let hashable = frozen_from_iterable(vm, hashable.borrow())?;
        let unhashable = (!self.unhashable.is_empty()).then(|| vm.new_tuple(self.unhashable).into_object());
        let args = vm.new_tuple(self.all).into_object();
        let payload = Union {
            args: ObjectCell::new(Some(args)),
            hashable_args: ObjectCell::new(Some(hashable)),
            unhashable_args: ObjectCell::new(unhashable),
            parameters: ObjectCell::EMPTY,
        };
        Ok(vm.allocate(payload).into_object())
    }
}

fn repr(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let mut text = StrBuilder::new();
    let args = union(this).args.get_or_none();
    for (index, item) in vm.collect(args.borrow())?.iter().enumerate() {
        if index > 0 {
            text.push_str(" | ");
        }
        push_type_repr(vm, &mut text, item.borrow())?;
    }
    Ok(text.finish(vm).into_object())
}

fn hash(vm: &mut Vm, this: Ref<'_>) -> PyResult<i64> {
    if let Some(unhashable) = union(this).unhashable_args.get() {
        let items = vm.collect(unhashable.borrow())?;
        for item in &items {
            vm.hash(item.borrow())?;
        }
        let plural = if items.len() == 1 { "" } else { "s" };
        return Err(vm.type_error(format!("union contains {} unhashable element{plural}", items.len())));
    }
    let hashable = union(this).hashable_args.get_or_none();
    vm.hash(hashable.borrow())
}

/// Whether two sets of unhashable members are the same.
fn same_unhashable(vm: &mut Vm, left: Option<Object>, right: Option<Object>) -> PyResult<bool> {
    let (Some(left), Some(right)) = (&left, &right) else { return Ok(left.is_none() && right.is_none()) };
    for (these, those) in [(left, right), (right, left)] {
        for item in vm.collect(these.borrow())? {
            if !vm.contains(those.borrow(), item.borrow())? {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

fn compare(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>, op: Comparison) -> PyResult {
    let (Some(of_left), Some(of_right)) = (left.downcast_exact::<Union>(), right.downcast_exact::<Union>()) else {
        return Ok(Object::not_implemented());
    };
    if !matches!(op, Comparison::Equal | Comparison::NotEqual) {
        return Ok(Object::not_implemented());
    }
    let (hashable_left, hashable_right) = (of_left.hashable_args.get_or_none(), of_right.hashable_args.get_or_none());
    let equal = vm.equal(hashable_left.borrow(), hashable_right.borrow())?
        && same_unhashable(vm, of_left.unhashable_args.get(), of_right.unhashable_args.get())?;
    Ok(Object::bool(equal == (op == Comparison::Equal)))
}

fn parameters(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    if let Some(known) = union(this).parameters.get() {
        return Ok(known);
    }
    let args = union(this).args.get_or_none();
    let found = substitution::make_parameters(vm, args.borrow())?;
    union(this).parameters.set(Some(found.clone()));
    Ok(found)
}

fn get_item(vm: &mut Vm, this: Ref<'_>, item: Ref<'_>) -> PyResult {
    let parameters = parameters(vm, this)?;
    let args = union(this).args.get_or_none();
    let replaced = substitution::substitute(vm, this, args.borrow(), parameters.borrow(), item)?;
    let replaced = vm.collect(replaced.borrow())?;
    union_of(vm, Object::as_refs(&replaced))
}

fn mro_entries(vm: &mut Vm, this: Ref<'_>, _bases: Ref<'_>) -> PyResult {
    let message = format!("Cannot subclass {}", vm.repr_text(this)?);
    Err(vm.type_error(message))
}

fn class_get_item(vm: &mut Vm, _class: Ref<'_>, args: Ref<'_>) -> PyResult {
    match args.downcast::<Tuple>() {
        Some(args) => union_of(vm, args.get().items()),
        None => union_of(vm, &[args]),
    }
}
