//! Lists: a growable vector of values.

use crate::cell::{Visitor, VmCell};
use crate::class::{Payload, Type};
use crate::native::{PayloadInfo, TypeSpec, flag};
use crate::room::make_room;
use crate::value::{Object, ObjectOf, Ref};
use crate::vm::{PyResult, Vm};

/// The payload of a `list`.
#[repr(C)]
pub struct List {
    items: VmCell<Vec<Object>>,
}

impl Payload for List {
    fn class() -> &'static Type {
        &LIST
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        // SAFETY: nothing else runs while the collector does.
        for item in unsafe { self.items.get_unchecked() }.iter() {
            visitor.visit(item.borrow());
        }
    }

    fn clear(&self, vm: &mut Vm) {
        drop_from_end(self.items.replace(vm, Vec::new()));
    }
}

impl Drop for List {
    fn drop(&mut self) {
        let items = self.items.get_exclusive();
        while items.pop().is_some() {}
    }
}

/// Drops items as CPython does, last one first: finalisers run in that order.
pub fn drop_from_end(mut items: Vec<Object>) {
    while items.pop().is_some() {}
}

/// `list`. Its methods are in the builtins crate, which fills in the rest.
pub static LIST: Type = Type::new(&LIST_SPEC);
static LIST_SPEC: TypeSpec = TypeSpec {
    name: "list",
    flags: flag::BASE_TYPE | flag::SEQUENCE | flag::MATCH_SELF,
    payload: PayloadInfo::of::<List>(),
    doc: "Built-in mutable sequence.\n\nIf no argument is given, the constructor creates a new empty list.\nThe argument must be an iterable if specified.",
    signature: "(iterable=(), /)",
    ..TypeSpec::DEFAULT
};

impl List {
    #[inline]
    pub fn new(items: Vec<Object>) -> List {
        List { items: VmCell::new(items) }
    }

    /// The items, for as long as nothing can run Python.
    #[inline]
    pub fn items<'a>(&'a self, vm: &'a Vm) -> &'a [Object] {
        self.items.get(vm)
    }

    /// The vector itself, to change it.
    #[inline]
    pub fn items_mut<'a>(&'a self, vm: &'a mut Vm) -> &'a mut Vec<Object> {
        self.items.get_mut(vm)
    }

    #[inline]
    pub fn len(&self, vm: &Vm) -> usize {
        self.items.get(vm).len()
    }

    /// The item at `index`, if there is one.
    #[inline]
    pub fn get<'a>(&'a self, vm: &'a Vm, index: usize) -> Option<Ref<'a>> {
        self.items.get(vm).get(index).map(Object::borrow)
    }

    #[inline]
    pub fn push(&self, vm: &mut Vm, item: Object) {
        self.items.get_mut(vm).push(item);
    }

    /// Adds an item to a list that may become of any length.
    #[inline]
    pub fn append(&self, vm: &mut Vm, item: Object) -> PyResult<()> {
        let items = self.items.get_mut(vm);
        if items.len() == items.capacity() && !make_room(items, 1) {
            return Err(vm.memory_error());
        }
        self.items.get_mut(vm).push(item);
        Ok(())
    }

    /// Raises `MemoryError` if there is no room for `more` items.
    pub fn make_room(&self, vm: &mut Vm, more: usize) -> PyResult<()> {
        if make_room(self.items.get_mut(vm), more) { Ok(()) } else { Err(vm.memory_error()) }
    }
}

impl Vm {
    #[inline]
    pub fn new_list(&self, items: Vec<Object>) -> ObjectOf<List> {
        const SIZE: usize = List::OFFSET + size_of::<List>();
        // SAFETY: header and payload are written before anybody sees the object; lists have no attributes, and the collector looks at them.
        unsafe {
            let pointer = crate::instance::allocate_plain(&LIST, SIZE, true);
            pointer.cast::<u8>().add(List::OFFSET).cast::<List>().write(List::new(items));
            ObjectOf::from_object(Object::from_header(pointer))
        }
    }
}
