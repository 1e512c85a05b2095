//! `_ssl.MemoryBIO`: a queue of bytes between a connection and whoever carries them.

use super::error;
use crate::os_support::int_or;
use object::native::{Getset, PayloadInfo, TypeSpec, flag};
use object::{Args, Object, Payload, PyResult, Ref, RefOf, Slots, Type, Vm, VmCell, method};
use std::cell::Cell;
use std::collections::VecDeque;

/// The payload of a `MemoryBIO`.
pub struct MemoryBio {
    data: VmCell<VecDeque<u8>>,
    /// Whether nothing more will be written.
    has_ended: Cell<bool>,
}

impl Payload for MemoryBio {
    fn class() -> &'static Type {
        &MEMORY_BIO
    }
}

pub static MEMORY_BIO: Type = Type::new(&MEMORY_BIO_SPEC);
static MEMORY_BIO_SPEC: TypeSpec = TypeSpec {
    name: "_ssl.MemoryBIO",
    flags: flag::BASE_TYPE,
    payload: PayloadInfo::leaf::<MemoryBio>(),
    slots: Slots { new: Some(new), ..Slots::NONE },
    methods: &[
        method!(Bound read "($self, size=-1, /)", "Read up to size bytes from the memory BIO.\n\nIf size is not specified, read the entire buffer.\nIf the return value is an empty bytes instance, this means either\nEOF or that no data is available. Use the \"eof\" property to\ndistinguish between the two."),
        method!(Binary write "($self, b, /)", "Writes the bytes b into the memory BIO.\n\nReturns the number of bytes written."),
        method!(Unary write_eof "($self, /)", "Write an EOF marker to the memory BIO.\n\nWhen all data has been read, the \"eof\" property will be True."),
    ],
    getsets: &[
        Getset::readonly("pending", "The number of bytes pending in the memory BIO.", |vm, this| Ok(vm.new_int(bio(this).data.get(vm).len() as i64))),
        Getset::readonly("eof", "Whether the memory BIO is at EOF.", |vm, this| Ok(Object::bool(bio(this).is_at_end(vm)))),
    ],
    ..TypeSpec::DEFAULT
};

fn bio<'a>(this: Ref<'a>) -> RefOf<'a, MemoryBio> {
    this.downcast::<MemoryBio>().expect("the method belongs to the type")
}

impl MemoryBio {
    pub fn is_at_end(&self, vm: &Vm) -> bool {
        self.has_ended.get() && self.data.get(vm).is_empty()
    }

    /// Takes at most so many bytes.
    pub fn take(&self, vm: &mut Vm, most: usize) -> Vec<u8> {
        let data = self.data.get_mut(vm);
        let most = most.min(data.len());
        data.drain(..most).collect()
    }

    pub fn put(&self, vm: &mut Vm, bytes: &[u8]) {
        self.data.get_mut(vm).extend(bytes);
    }
}

fn new(vm: &mut Vm, class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    if args.has_keywords() {
        return Err(vm.type_error("MemoryBIO() takes no keyword arguments"));
    }
    if args.n_positional() > 0 {
        return Err(vm.type_error("MemoryBIO() takes no positional arguments"));
    }
    Ok(vm.allocate_in(class.get(), MemoryBio { data: VmCell::new(VecDeque::new()), has_ended: Cell::new(false) }))
}

fn read(vm: &mut Vm, this: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let size = int_or(vm, args[0], -1)?;
    let most = usize::try_from(size).unwrap_or(usize::MAX);
    let data = bio(this).take(vm, most);
    Ok(vm.new_bytes(&data).into_object())
}

fn write(vm: &mut Vm, this: Ref<'_>, data: Ref<'_>) -> PyResult {
    let data = crate::argument::bytes(vm, data)?;
    let bio = bio(this);
    if bio.has_ended.get() {
        return Err(error::raise_plain(vm, "cannot write() after write_eof()"));
    }
    bio.put(vm, &data);
    Ok(vm.new_int(data.len() as i64))
}

fn write_eof(_vm: &mut Vm, this: Ref<'_>) -> PyResult {
    bio(this).has_ended.set(true);
    Ok(Object::none())
}
