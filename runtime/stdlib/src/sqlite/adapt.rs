//! Adapters and converters: what becomes of Python values on their way into a database, and back.

use super::errors;
use object::call::Args;
use object::cell::ObjectCell;
use object::dict::Dict;
use object::exception;
use object::native::PayloadInfo;
use object::{Object, Payload, PyResult, Ref, RefOf, Slots, Type, TypeSpec, Vm};
use std::sync::atomic::{AtomicBool, Ordering};

/// `sqlite3.adapters`
static ADAPTERS: ObjectCell = ObjectCell::EMPTY;
/// `sqlite3.converters`
static CONVERTERS: ObjectCell = ObjectCell::EMPTY;
/// Whether a type that SQLite takes as it is has an adapter.
static BASE_TYPE_ADAPTED: AtomicBool = AtomicBool::new(false);

/// The payload of `PrepareProtocol`.
pub struct PrepareProtocol;

impl Payload for PrepareProtocol {
    fn class() -> &'static Type {
        &PREPARE_PROTOCOL
    }
}

/// `sqlite3.PrepareProtocol`
pub static PREPARE_PROTOCOL: Type = Type::new(&PREPARE_PROTOCOL_SPEC);
static PREPARE_PROTOCOL_SPEC: TypeSpec = TypeSpec {
    name: "sqlite3.PrepareProtocol",
    doc: "PEP 246 style object adaption protocol type.",
    payload: PayloadInfo::leaf::<PrepareProtocol>(),
    slots: Slots { new: Some(|vm, class, _args| Ok(vm.allocate_in(class.get(), PrepareProtocol))), init: Some(init_protocol), ..Slots::NONE },
    ..TypeSpec::DEFAULT
};

fn init_protocol(_vm: &mut Vm, _this: Ref<'_>, _args: Args<'_>) -> PyResult<()> {
    Ok(())
}

fn dict(vm: &mut Vm, place: &ObjectCell) -> Object {
    place.get().unwrap_or_else(|| {
        let made = vm.new_dict().into_object();
        place.set(Some(made.clone()));
        made
    })
}

pub fn adapters(vm: &mut Vm) -> Object {
    dict(vm, &ADAPTERS)
}

pub fn converters(vm: &mut Vm) -> Object {
    dict(vm, &CONVERTERS)
}

fn dict_of(object: Ref<'_>) -> RefOf<'_, Dict> {
    object.downcast::<Dict>().expect("made as a dict")
}

/// `sqlite3.register_adapter`
pub fn register_adapter(vm: &mut Vm, class: Ref<'_>, adapter: Ref<'_>) -> PyResult {
    let plain: [&Type; 4] = [&object::int::INT, &object::float::FLOAT, &object::str::STR, &object::bytes::BYTEARRAY];
    if plain.iter().any(|plain| plain.object().is(class)) {
        BASE_TYPE_ADAPTED.store(true, Ordering::Relaxed);
    }
    let key = vm.new_tuple([class.to_owned(), PREPARE_PROTOCOL.to_object()]).into_object();
    let adapters = adapters(vm);
    dict_of(adapters.borrow()).set(vm, key.borrow(), adapter.to_owned())?;
    Ok(Object::none())
}

/// `sqlite3.register_converter`
pub fn register_converter(vm: &mut Vm, name: Ref<'_>, converter: Ref<'_>) -> PyResult {
    let key = vm.call_method(name, "upper", &[])?;
    let converters = converters(vm);
    dict_of(converters.borrow()).set(vm, key.borrow(), converter.to_owned())?;
    Ok(Object::none())
}

/// The converter of a type's name, in any case.
pub fn converter(vm: &mut Vm, name: &[u8]) -> PyResult<Option<Object>> {
    let name = String::from_utf8_lossy(name).to_uppercase();
    let key = vm.new_str(&name).into_object();
    let converters = converters(vm);
    dict_of(converters.borrow()).get().get(vm, key.borrow())
}

/// Whether a value is not simply one that SQLite knows.
pub fn needs_adapting(value: Ref<'_>) -> bool {
    if BASE_TYPE_ADAPTED.load(Ordering::Relaxed) {
        return true;
    }
    let class = value.class();
    let plain: [&Type; 4] = [&object::int::INT, &object::float::FLOAT, &object::str::STR, &object::bytes::BYTEARRAY];
    !plain.iter().any(|plain| std::ptr::eq(*plain, class))
}

/// A method that says how to adapt; what it raises but `TypeError` goes on.
fn ask(vm: &mut Vm, object: Ref<'_>, method: &str, argument: Ref<'_>) -> PyResult<Option<Object>> {
    let Some(method) = vm.find_attr_str(object, method)? else { return Ok(None) };
    let answer = vm.call(method.borrow(), &[argument]);
    Ok(vm.ignore(answer, &exception::TYPE_ERROR)?.filter(|answer| !answer.borrow().is_none()))
}

/// Adapts a value to a protocol; `alternative` is what comes of one that cannot be.
pub fn adapt(vm: &mut Vm, value: Ref<'_>, protocol: Ref<'_>, alternative: Option<Ref<'_>>) -> PyResult {
    let key = vm.new_tuple([value.class().to_object(), protocol.to_owned()]).into_object();
    let adapters = adapters(vm);
    if let Some(adapter) = dict_of(adapters.borrow()).get().get(vm, key.borrow())? {
        return vm.call(adapter.borrow(), &[value]);
    }
    if let Some(adapted) = ask(vm, protocol, "__adapt__", value)? {
        return Ok(adapted);
    }
    if let Some(adapted) = ask(vm, value, "__conform__", protocol)? {
        return Ok(adapted);
    }
    match alternative {
        Some(alternative) => Ok(alternative.to_owned()),
        None => Err(errors::programming(vm, "can't adapt")),
    }
}
