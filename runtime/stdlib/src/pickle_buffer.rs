//! `PickleBuffer` of `_pickle`: the buffers that pickles may leave out of band.

use object::bytes::Buffer;
use object::cell::Visitor;
use object::native::{PayloadInfo, TypeSpec, flag};
use object::{Args, Object, Payload, PyResult, Ref, RefOf, Slots, Type, Vm, VmCell, exception, method};

/// The payload of a `PickleBuffer`.
pub struct PickleBuffer {
    /// `None` once released.
    buffer: VmCell<Option<Buffer>>,
}

impl Payload for PickleBuffer {
    fn class() -> &'static Type {
        &PICKLE_BUFFER
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        if let Some(buffer) = self.buffer.visit(visitor) {
            visitor.visit(buffer.owner());
        }
    }

    fn clear(&self, vm: &mut Vm) {
        drop(self.buffer.replace(vm, None));
    }
}

pub static PICKLE_BUFFER: Type = Type::new(&PICKLE_BUFFER_SPEC);
static PICKLE_BUFFER_SPEC: TypeSpec = TypeSpec {
    name: "pickle.PickleBuffer",
    doc: "Wrapper for potentially out-of-band buffers",
    flags: flag::WEAK_REFERENCES,
    payload: PayloadInfo::of::<PickleBuffer>(),
    slots: Slots { new: Some(new), buffer: Some(buffer_slot), ..Slots::NONE },
    methods: &[
        method!(Unary raw "($self, /)", "Return a memoryview of the raw memory underlying this buffer.\n\nWill raise BufferError is the buffer isn't contiguous."),
        method!(Unary release "($self, /)", "Release the underlying buffer exposed by the PickleBuffer object."),
    ],
    ..TypeSpec::DEFAULT
};

fn new(vm: &mut Vm, class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    let given = args.n_positional();
    let &[object] = args.positionals() else {
        let wanted = if given == 0 { "exactly 1 positional argument" } else { "at most 1 argument" };
        return Err(vm.type_error(format!("PickleBuffer() takes {wanted} ({given} given)")));
    };
    if args.has_keywords() {
        let given = given + args.keywords().count();
        return Err(vm.type_error(format!("PickleBuffer() takes at most 1 argument ({given} given)")));
    }
    match vm.buffer_any(object, false)? {
        Some(buffer) => Ok(vm.allocate_in(class.get(), PickleBuffer { buffer: VmCell::new(Some(buffer)) })),
        None => Err(vm.type_error(format!("a bytes-like object is required, not '{}'", object.class().full_name()))),
    }
}

impl PickleBuffer {
    /// The buffer, unless it was released.
    pub fn buffer(&self, vm: &mut Vm) -> PyResult<Buffer> {
        match self.buffer.get(vm) {
            Some(buffer) => Ok(buffer.clone()),
            None => Err(vm.value_error("operation forbidden on released PickleBuffer object")),
        }
    }
}

/// The buffer of an object that is not released; a clone, which holds the memory while it is used.
fn buffer_of(vm: &mut Vm, this: Ref<'_>) -> PyResult<Buffer> {
    let this = this.downcast::<PickleBuffer>().expect("the method belongs to the type");
    this.get().buffer(vm)
}

fn buffer_slot(vm: &mut Vm, this: Ref<'_>, writable: bool) -> PyResult<Buffer> {
    let buffer = buffer_of(vm, this)?;
    // The owner knows best what a writable buffer of it is.
    let owner = buffer.owner().to_owned();
    match vm.buffer_any(owner.borrow(), writable)? {
        Some(buffer) => Ok(buffer),
        None => Ok(buffer),
    }
}

fn raw(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let buffer = buffer_of(vm, this)?;
    if !buffer.is_c_contiguous() && !buffer.is_f_contiguous() {
        return Err(vm.raise(&exception::BUFFER_ERROR, "cannot extract raw buffer from non-contiguous buffer"));
    }
    let (offset, length) = (buffer.offset(), buffer.len());
    Ok(builtins::memoryview::from_buffer(vm, buffer.with_range(offset, length)))
}

fn release(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let this = this.downcast::<PickleBuffer>().expect("the method belongs to the type");
    drop(this.buffer.replace(vm, None));
    Ok(Object::none())
}
