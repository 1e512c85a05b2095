//! What `cmp_to_key` returns: a maker of keys that compare as a function says.

use super::payload;
use bytecode::opcode::Comparison;
use object::call::{Args, bind_args};
use object::cell::{ObjectCell, Visitor};
use object::exception;
use object::native::{PayloadInfo, flag};
use object::{Getset, Member, Object, Payload, PyResult, Ref, Slots, Type, TypeSpec, Vm};

/// The payload of a key, or of the maker of keys, which has no object.
pub struct KeyWrapper {
    compare: Object,
    object: ObjectCell,
}

impl Payload for KeyWrapper {
    fn class() -> &'static Type {
        &KEY_WRAPPER
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        visitor.visit(self.compare.borrow());
        self.object.traverse(visitor);
    }
}

/// `functools.KeyWrapper`
pub static KEY_WRAPPER: Type = Type::new(&KEY_WRAPPER_SPEC);
static KEY_WRAPPER_SPEC: TypeSpec = TypeSpec {
    name: "functools.KeyWrapper",
    flags: flag::NO_INSTANTIATION,
    payload: PayloadInfo::of::<KeyWrapper>(),
    slots: Slots { call: Some(call), compare: Some(compare), ..Slots::NONE },
    getsets: &[Getset::readonly("__text_signature__", "", |vm, _| Ok(vm.new_str("(obj)").into_object()))],
    members: &[Member(Getset::new(
        "obj",
        "Value wrapped by a key function.",
        |_, this| Ok(payload::<KeyWrapper>(this).object.get_or_none()),
        |_, this, value| {
            payload::<KeyWrapper>(this).object.set(value.map(Ref::to_owned));
            Ok(())
        },
    ))],
    ..TypeSpec::DEFAULT
};

/// `cmp_to_key(compare)`
pub(super) fn new(vm: &Vm, compare: Ref<'_>) -> Object {
    vm.allocate(KeyWrapper { compare: compare.to_owned(), object: ObjectCell::EMPTY }).into_object()
}

fn call(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult {
    let mut bound = [const { None }; 1];
    bind_args(vm, "K", "(obj)", args, &mut bound)?;
    let [object] = bound;
    let compare = payload::<KeyWrapper>(this).compare.clone();
    Ok(vm.allocate(KeyWrapper { compare, object: ObjectCell::new(object) }).into_object())
}

fn compare(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>, op: Comparison) -> PyResult {
    let (Some(a), Some(b)) = (left.downcast::<KeyWrapper>(), right.downcast::<KeyWrapper>()) else {
        return Err(vm.type_error("other argument must be K instance"));
    };
    let (Some(x), Some(y)) = (a.object.get(), b.object.get()) else {
        return Err(vm.raise(&exception::ATTRIBUTE_ERROR, "object"));
    };
    let result = vm.call(a.compare.borrow(), &[x.borrow(), y.borrow()])?;
    vm.compare(result.borrow(), Object::small_int(0).borrow(), op)
}
