//! What `__buffer__` of a native type shows to `memoryview`: the memory by that type's own slot. Looked up on the object, a
//! subclass that defines `__buffer__` by `super().__buffer__` would be asked again and again.

use crate::bytes::Buffer;
use crate::cell::Visitor;
use crate::class::{Payload, Type};
use crate::exception;
use crate::native::{PayloadInfo, TypeSpec, flag};
use crate::slots::{BufferFn, Slots};
use crate::value::Ref;
use crate::vm::{PyResult, Vm};

struct HeldBuffer(Buffer);

static HELD_BUFFER_SPEC: TypeSpec = TypeSpec {
    name: "_buffer_wrapper",
    flags: flag::NO_INSTANTIATION,
    payload: PayloadInfo::of::<HeldBuffer>(),
    slots: Slots { buffer: Some(buffer), ..Slots::NONE },
    ..TypeSpec::DEFAULT
};

static HELD_BUFFER: Type = Type::new(&HELD_BUFFER_SPEC);

impl Payload for HeldBuffer {
    fn class() -> &'static Type {
        &HELD_BUFFER
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        visitor.visit(self.0.owner());
    }
}

fn buffer(_vm: &mut Vm, this: Ref<'_>, _writable: bool) -> PyResult<Buffer> {
    Ok(this.downcast::<HeldBuffer>().expect("the slot belongs to the type").get().0.clone())
}

/// A `memoryview` of an object's memory, by this slot.
pub(super) fn view(vm: &mut Vm, slot: BufferFn, this: Ref<'_>, flags: Ref<'_>) -> PyResult {
    let Ok(number) = i32::try_from(vm.index_isize(flags)?) else {
        return Err(vm.raise(&exception::OVERFLOW_ERROR, "buffer flags out of range"));
    };
    let writable = number & 1 != 0;
    let held = slot(vm, this, writable)?;
    super::ready(vm, &HELD_BUFFER);
    let held = vm.allocate(HeldBuffer(held)).into_object();
    let builtins = vm.import("builtins")?;
    let class = vm.get_attr_str(builtins.borrow(), "memoryview")?;
    vm.call_method(class.borrow(), "_from_flags", &[held.borrow(), flags])
}
