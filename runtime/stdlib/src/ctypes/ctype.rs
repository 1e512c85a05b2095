//! What the metaclasses of C types share: `CType_Type`, from which they derive, and the methods that all of them have.

use super::argument::Argument;
use super::data::{self, CData, cdata};
use super::info::{concrete_info, info_of, no_storage_info};
use super::{array, memory};
use builtins::memoryview;
use object::class::TYPE;
use object::native::{PayloadInfo, flag};
use object::{Args, Getset, Method, Object, PyResult, Ref, RefOf, Slots, Type, TypeSpec, Vm, method};

/// `_ctypes.CType_Type`
pub static CTYPE_TYPE: Type = Type::new(&CTYPE_TYPE_SPEC);
static CTYPE_TYPE_SPEC: TypeSpec = TypeSpec {
    name: "_ctypes.CType_Type",
    base: Some(&TYPE),
    flags: flag::BASE_TYPE,
    payload: PayloadInfo::NONE,
    slots: Slots { repeat: Some(array::repeat), ..Slots::NONE },
    methods: &[method!(Unary sizeof as "__sizeof__" "($self, /)", "Return memory consumption of the type object.")],
    getsets: &[Getset::new("__pointer_type__", "pointer type", pointer_type, set_pointer_type)],
    ..TypeSpec::DEFAULT
};

/// The methods of the metaclasses, which differ only in how parameters are converted.
pub const fn methods(from_param: Method) -> [Method; 5] {
    [
        method!(Binary from_address "", "C.from_address(integer) -> C instance\n\nAccess a C instance at the specified address."),
        method!(Many from_buffer "", "C.from_buffer(object, offset=0) -> C instance\n\nCreate a C instance from a writeable buffer."),
        method!(Many from_buffer_copy "", "C.from_buffer_copy(object, offset=0) -> C instance\n\nCreate a C instance from a readable buffer."),
        method!(Many in_dll "", "C.in_dll(dll, name) -> C instance\n\nAccess a C instance in a dll."),
        from_param,
    ]
}

/// The documentation of every `from_param`.
pub const FROM_PARAM_DOC: &str = "Convert a Python object into a function call parameter.";

/// The class a method of a metaclass was called on.
pub fn class_of(class: Ref<'_>) -> &Type {
    class.downcast::<Type>().expect("the method belongs to a metaclass").get()
}

/// Makes the class itself: what every metaclass does first.
pub fn make_class(vm: &mut Vm, meta: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    let new = TYPE.slots().new.expect("`type` makes classes");
    new(vm, meta, args)
}

/// The namespace's own entry of a class.
pub fn own_attribute(vm: &Vm, class: &Type, name: &str) -> Option<Object> {
    let name = vm.intern(name);
    class.dict().get_interned(name).map(Ref::to_owned)
}

fn sizeof(vm: &mut Vm, class: Ref<'_>) -> PyResult {
    let size = vm.call_method(TYPE.object(), "__sizeof__", &[class])?;
    let more = size_of::<super::info::TypeInfo>() as i64;
    let size = vm.to_i64(size.borrow())?;
    Ok(vm.new_int(size + if info_of(class).is_some() { more } else { 0 }))
}

fn pointer_type(vm: &mut Vm, class: Ref<'_>) -> PyResult {
    let Some(info) = info_of(class) else { return Err(no_storage_info(vm, class)) };
    match info.pointer_type.get() {
        Some(pointer_type) => Ok(pointer_type),
        None => {
            let text = vm.repr_text(class)?;
            let name = vm.intern("__pointer_type__");
            Err(vm.attribute_error(class, name, format!("type {text} has no attribute '__pointer_type__'")))
        }
    }
}

fn set_pointer_type(vm: &mut Vm, class: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let Some(info) = info_of(class) else { return Err(no_storage_info(vm, class)) };
    info.pointer_type.set(value.map(Ref::to_owned));
    Ok(())
}

fn from_address(vm: &mut Vm, class: Ref<'_>, address: Ref<'_>) -> PyResult {
    if !object::int::is_int(address) {
        return Err(vm.type_error("integer expected"));
    }
    let address = super::codes::low_bits(vm, address)?;
    data::at_address(vm, class_of(class), address as usize)
}

/// Object and offset of `from_buffer` and `from_buffer_copy`.
fn buffer_arguments<'a>(vm: &mut Vm, name: &str, args: &[Ref<'a>]) -> PyResult<(Ref<'a>, isize)> {
    match *args {
        [object] => Ok((object, 0)),
        [object, offset] => Ok((object, builtins::slice::size_argument(vm, offset)?)),
        [] => Err(vm.type_error(format!("{name}() takes at least 1 argument (0 given)"))),
        _ => Err(vm.type_error(format!("{name}() takes at most 2 arguments ({} given)", args.len()))),
    }
}

/// Where the part of a buffer begins.
fn check_range(vm: &mut Vm, len: usize, offset: isize, size: usize) -> PyResult<usize> {
    let Ok(offset) = usize::try_from(offset) else { return Err(vm.value_error("offset cannot be negative")) };
    let needed = offset.saturating_add(size);
    if needed > len {
        return Err(vm.value_error(format!("Buffer size too small ({len} instead of at least {needed} bytes)")));
    }
    Ok(offset)
}

fn from_buffer(vm: &mut Vm, class: Ref<'_>, args: &[Ref<'_>]) -> PyResult {
    let (object, offset) = buffer_arguments(vm, "from_buffer", args)?;
    let info = concrete_info(vm, class_of(class))?;
    let Some(buffer) = vm.buffer_any(object, false)? else {
        return Err(vm.type_error(format!("a bytes-like object is required, not '{}'", object.class().full_name())));
    };
    if buffer.is_readonly() {
        return Err(vm.type_error("underlying buffer is not writable"));
    }
    if !buffer.is_c_contiguous() {
        return Err(vm.type_error("underlying buffer is not C contiguous"));
    }
    let offset = check_range(vm, buffer.len(), offset, info.size.get())?;
    let address = buffer.address().expose_provenance() + offset;
    let view = memoryview::from_buffer(vm, buffer);
    let object = data::at_address(vm, class_of(class), address)?;
    data::keep_alive(vm, object.borrow(), 0xffff_ffff, view)?;
    Ok(object)
}

fn from_buffer_copy(vm: &mut Vm, class: Ref<'_>, args: &[Ref<'_>]) -> PyResult {
    let (object, offset) = buffer_arguments(vm, "from_buffer_copy", args)?;
    let info = concrete_info(vm, class_of(class))?;
    let buffer = vm.buffer(object)?;
    let size = info.size.get();
    let offset = check_range(vm, buffer.len(), offset, size)?;
    let object = data::new_instance(vm, class_of(class))?;
    memory::write(cdata(object.borrow()).address.get(), &buffer.bytes(vm)[offset..offset + size]);
    Ok(object)
}

fn in_dll(vm: &mut Vm, class: Ref<'_>, args: &[Ref<'_>]) -> PyResult {
    let &[library, name] = args else {
        return Err(vm.type_error(format!("in_dll() takes exactly 2 arguments ({} given)", args.len())));
    };
    let Some(text) = name.downcast::<object::str::Str>() else {
        return Err(vm.type_error(format!("in_dll() argument 2 must be str, not {}", name.class().full_name())));
    };
    let text = text.get().to_string_lossy().into_owned();
    super::audit(vm, "ctypes.dlsym", &[library, name])?;
    let handle = super::library_handle(vm, library)?;
    let Ok(symbol) = std::ffi::CString::new(text.as_bytes()) else { return Err(vm.value_error("embedded null character")) };
    match memory::find_symbol(handle, &symbol) {
        Ok(address) => data::at_address(vm, class_of(class), address),
        Err(reason) => {
            let message = super::load_error(reason, "symbol", &text);
            Err(vm.value_error(message))
        }
    }
}

/// `from_param` of types that take nothing but their instances.
pub fn from_param(vm: &mut Vm, class: Ref<'_>, value: Ref<'_>) -> PyResult {
    if data::is_instance(vm, value, class)? {
        return Ok(value.to_owned());
    }
    if let Some(argument) = value.downcast_exact::<Argument>() {
        // A reference to an instance of what the type points to.
        let object = argument.object.get();
        let proto = info_of(class).and_then(|info| info.proto.get());
        if let (Some(object), Some(proto)) = (&object, proto)
            && proto.borrow().downcast::<Type>().is_some()
            && data::is_instance(vm, object.borrow(), proto.borrow())?
        {
            return Ok(value.to_owned());
        }
        let name = object.as_ref().map_or("???", |object| object.borrow().class().full_name()).to_owned();
        return Err(vm.type_error(format!("expected {} instance instead of pointer to {name}", class_of(class).full_name())));
    }
    if let Some(parameter) = vm.find_attr_str(value, "_as_parameter_")? {
        vm.check_stack(" while processing _as_parameter_")?;
        return from_param(vm, class, parameter.borrow());
    }
    Err(vm.type_error(format!("expected {} instance instead of {}", class_of(class).full_name(), value.class().full_name())))
}

/// Whether a value is C data of a kind.
pub fn data_of_kind(value: Ref<'_>, kinds: &[super::info::Kind]) -> bool {
    value.downcast::<CData>().is_some() && super::info::info_of_instance(value).is_some_and(|info| kinds.contains(&info.kind))
}
