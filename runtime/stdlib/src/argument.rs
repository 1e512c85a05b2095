//! How functions of native modules read arguments, and how modules make exception classes.

use num_traits::ToPrimitive;
use object::exception;
use object::int;
use object::singleton::ModuleObject;
use object::str::Str;
use object::{Object, PyResult, Raised, Ref, RefOf, Type, Vm};

/// The low 32 bits of an int, whatever its size and sign.
pub fn mask_u32(vm: &mut Vm, object: Ref<'_>) -> PyResult<u32> {
    let number = vm.index(object)?;
    if let Some(number) = number.borrow().as_small_int() {
        return Ok(number as u32);
    }
    let number = int::to_bigint(number.borrow()).map(|number| number.into_owned()).unwrap_or_default();
    let low = number & num_bigint::BigInt::from(u32::MAX);
    Ok(low.to_u32().unwrap_or(0))
}

/// The bytes of a bytes-like object or of an ASCII string.
pub fn ascii_bytes(vm: &mut Vm, object: Ref<'_>) -> PyResult<Vec<u8>> {
    if let Some(text) = object.downcast::<Str>() {
        return match text.as_str() {
            Some(text) => Ok(text.as_bytes().to_vec()),
            None => Err(vm.value_error("string argument should contain only ASCII characters")),
        };
    }
    if !vm.has_buffer(object) {
        return Err(vm.type_error(format!("argument should be bytes, buffer or ASCII string, not '{}'", object.class().full_name())));
    }
    let buffer = vm.buffer(object)?;
    Ok(buffer.bytes(vm).to_vec())
}

/// The bytes of a bytes-like object, copied.
pub fn bytes(vm: &mut Vm, object: Ref<'_>) -> PyResult<Vec<u8>> {
    let buffer = vm.buffer(object)?;
    Ok(buffer.bytes(vm).to_vec())
}

/// The truth of an optional argument.
pub fn flag(vm: &mut Vm, object: Option<Ref<'_>>, default: bool) -> PyResult<bool> {
    object.map_or(Ok(default), |object| vm.is_true(object))
}

/// `None` for an argument that is `None` or not given.
pub fn given(object: Option<Ref<'_>>) -> Option<Ref<'_>> {
    object.filter(|object| !object.is_none())
}

/// A new exception class of a module, set as its attribute.
pub fn new_exception(vm: &mut Vm, module: RefOf<'_, ModuleObject>, module_name: &str, name: &str, base: &Type) -> PyResult {
    let class_name = vm.new_str(name).into_object();
    let bases = vm.new_tuple([base.to_object()]).into_object();
    let dict = vm.new_dict();
    let module_text = vm.new_str(module_name).into_object();
    dict.set_str(vm, "__module__", module_text);
    let class = vm.call(object::class::TYPE.object(), &[class_name.borrow(), bases.borrow(), dict.borrow().object()])?;
    module.set(vm, name, class.clone());
    Ok(class)
}

/// Raises an exception of a class that a module has made.
pub fn raise_class(vm: &mut Vm, class: Ref<'_>, message: &str) -> Raised {
    let text = vm.new_str(message).into_object();
    match vm.call(class, &[text.borrow()]) {
        Ok(error) => vm.raise_object(error),
        Err(raised) => raised,
    }
}

/// Raises the exception class that the module keeps as its state.
pub fn raise_own(vm: &mut Vm, module: Ref<'_>, message: &str) -> Raised {
    match module.downcast::<ModuleObject>().and_then(|module| module.state.get()) {
        Some(class) => raise_class(vm, class.borrow(), message),
        None => vm.raise(&exception::EXCEPTION, message),
    }
}

/// A list of constants as attributes of a module.
pub fn set_constants(vm: &mut Vm, module: RefOf<'_, ModuleObject>, constants: &[(&str, i64)]) {
    for &(name, value) in constants {
        let value: Object = vm.new_int(value);
        module.set(vm, name, value);
    }
}
