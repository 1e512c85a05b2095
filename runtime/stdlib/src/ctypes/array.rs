//! Arrays and their metaclass.

use super::codes;
use super::ctype::{self, CTYPE_TYPE, FROM_PARAM_DOC, class_of};
use super::data::{self, CDATA, cdata};
use super::info::{Kind, TypeInfo, flag as info_flag, info_of, info_of_instance, set_info};
use super::memory;
use builtins::slice::{self, Slice};
use object::class::TYPE;
use object::native::flag;
use object::str::Str;
use object::{Args, Getset, Method, Object, ObjectOf, PyResult, Ref, Slots, Type, TypeSpec, Vm, exception, method};

/// `_ctypes.PyCArrayType`
pub static ARRAY_TYPE: Type = Type::new(&ARRAY_TYPE_SPEC);
static ARRAY_TYPE_SPEC: TypeSpec = TypeSpec {
    name: "_ctypes.PyCArrayType",
    doc: "metatype for the Array Objects",
    base: Some(&CTYPE_TYPE),
    flags: flag::BASE_TYPE,
    slots: Slots { init: Some(init_class), ..Slots::NONE },
    methods: &TYPE_METHODS,
    ..TypeSpec::DEFAULT
};
static TYPE_METHODS: [Method; 5] = ctype::methods(method!(Binary from_param "($self, value, /)", FROM_PARAM_DOC));
use ctype::from_param;

/// `_ctypes.Array`
pub static ARRAY: Type = Type::new(&ARRAY_SPEC);
static ARRAY_SPEC: TypeSpec = TypeSpec {
    name: "_ctypes.Array",
    doc: "Abstract base class for arrays.\n\nThe recommended way to create concrete array types is by multiplying any\nctypes data type with a non-negative integer. Alternatively, you can subclass\nthis type and define _length_ and _type_ class variables. Array elements can\nbe read and written using standard subscript and slice accesses for slice\nreads, the resulting object is not itself an Array.",
    base: Some(&CDATA),
    metaclass: Some(&ARRAY_TYPE),
    flags: flag::BASE_TYPE,
    slots: Slots {
        new: Some(data::new),
        init: Some(init),
        len: Some(len),
        getitem: Some(getitem),
        setitem: Some(setitem),
        buffer: Some(data::buffer),
        ..Slots::NONE
    },
    methods: &[method!(Binary class_getitem as "__class_getitem__" "($type, object, /)", "Arrays are generic over the type of their elements")
        .class_method()],
    ..TypeSpec::DEFAULT
};

fn class_getitem(vm: &mut Vm, class: Ref<'_>, item: Ref<'_>) -> PyResult {
    vm.generic_alias(class, item)
}

/// What arrays of bytes have besides.
static BYTES_GETSETS: [Getset; 2] = [Getset::new("value", "string value", value, set_value), Getset::new("raw", "value", raw, set_raw)];
/// What arrays of wide characters have besides.
static TEXT_GETSETS: [Getset; 1] = [Getset::new("value", "string value", text, set_text)];

/// `_length_` and `_type_` of a class.
fn declared(vm: &mut Vm, class: Ref<'_>) -> PyResult<(usize, Object)> {
    let Some(length) = vm.find_attr_str(class, "_length_")? else {
        return Err(vm.raise(&exception::ATTRIBUTE_ERROR, "class must define a '_length_' attribute"));
    };
    if !object::int::is_int(length.borrow()) {
        return Err(vm.type_error("The '_length_' attribute must be an integer"));
    }
    if object::int::is_negative(length.borrow()) {
        return Err(vm.value_error("The '_length_' attribute must not be negative"));
    }
    let Some(length) = object::int::as_i64(length.borrow()) else {
        return Err(vm.overflow_error("The '_length_' attribute is too large"));
    };
    match vm.find_attr_str(class, "_type_")? {
        Some(element) => Ok((length as usize, element)),
        None => Err(vm.raise(&exception::ATTRIBUTE_ERROR, "class must define a '_type_' attribute")),
    }
}

fn init_class(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult<()> {
    let class = class_of(this);
    TYPE.slots().init.map_or(Ok(()), |init| init(vm, this, args))?;
    // `Array` itself has neither.
    let (length, element) = declared(vm, this)?;
    if info_of(this).is_some() {
        return Err(vm.system_error("StgInfo of class was already initialized"));
    }
    let Some(item) = info_of(element.borrow()) else { return Err(vm.type_error("_type_ must have storage info")) };
    let size = item.size.get().checked_mul(length).filter(|size| isize::try_from(*size).is_ok());
    let Some(size) = size else { return Err(vm.overflow_error("array too large")) };
    item.set(info_flag::FINAL);
    let info = TypeInfo::new(Kind::Array, size, item.align.get(), length);
    info.set(item.flags.get() & info_flag::POINTER);
    info.proto.set(Some(element));
    *info.format.get_mut(vm) = data::format_of(vm, &item);
    let mut shape = vec![length];
    shape.extend_from_slice(item.shape.get(vm));
    info.shape.set(vm, shape);
    set_info(vm, class, info);
    let getsets: &'static [Getset] = match item.code.get().map(|code| code.code) {
        Some(b'c') => &BYTES_GETSETS,
        Some(b'u') => &TEXT_GETSETS,
        _ => &[],
    };
    for getset in getsets {
        let name = vm.intern(getset.name);
        let descriptor = object::descriptor::new_getset(vm, getset, class);
        class.dict().set_interned(vm, name, descriptor);
        object::type_new::attribute_changed(class, name);
    }
    Ok(())
}

/// `ctype * length`
pub fn repeat(vm: &mut Vm, class: Ref<'_>, length: isize) -> PyResult {
    let Ok(length) = usize::try_from(length) else {
        return Err(vm.value_error(format!("Array length must be >= 0, not {length}")));
    };
    array_type(vm, class, length)
}

/// The type of arrays of so many elements.
pub fn array_type(vm: &mut Vm, element: Ref<'_>, length: usize) -> PyResult {
    let Some(info) = info_of(element) else { return Err(vm.type_error("Expected a type object")) };
    if let Some((_, known)) = info.arrays.get(vm).iter().find(|(known, _)| *known == length) {
        return Ok(known.clone());
    }
    let name = vm.new_str(&format!("{}_Array_{length}", class_of(element).full_name())).into_object();
    let bases = vm.new_tuple([ARRAY.to_object()]).into_object();
    let namespace = vm.new_dict();
    let length_object = vm.new_uint(length as u64);
    namespace.borrow().get().set_str(vm, "_length_", length_object);
    namespace.borrow().get().set_str(vm, "_type_", element.to_owned());
    let class = vm.call(ARRAY_TYPE.object(), &[name.borrow(), bases.borrow(), namespace.borrow().object()])?;
    info.arrays.get_mut(vm).push((length, class.clone()));
    Ok(class)
}

fn element_of(vm: &mut Vm, this: Ref<'_>) -> PyResult<(Object, ObjectOf<TypeInfo>)> {
    let proto = info_of_instance(this).and_then(|info| info.proto.get());
    match proto.as_ref().and_then(|proto| info_of(proto.borrow())) {
        Some(info) => Ok((proto.expect("it has just been looked into"), info)),
        None => Err(vm.type_error("abstract class")),
    }
}

fn init(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult<()> {
    for (index, &value) in args.positionals().iter().enumerate() {
        set_element(vm, this, index as isize, value)?;
    }
    Ok(())
}

fn len(_vm: &mut Vm, this: Ref<'_>) -> PyResult<usize> {
    Ok(cdata(this).length.get())
}

fn position(vm: &mut Vm, this: Ref<'_>, index: isize) -> PyResult<usize> {
    let found = usize::try_from(index).ok().filter(|index| *index < cdata(this).length.get());
    found.ok_or_else(|| vm.index_error("invalid index"))
}

fn get_element(vm: &mut Vm, this: Ref<'_>, index: isize) -> PyResult {
    let index = position(vm, this, index)?;
    let (element, info) = element_of(vm, this)?;
    let size = info.size.get();
    let address = cdata(this).address.get() + index * size;
    data::get_value(vm, element.borrow(), None, this, index, size, address)
}

fn set_element(vm: &mut Vm, this: Ref<'_>, index: isize, value: Ref<'_>) -> PyResult<()> {
    let index = position(vm, this, index)?;
    let (element, info) = element_of(vm, this)?;
    let size = info.size.get();
    let address = cdata(this).address.get() + index * size;
    data::set_value(vm, this, element.borrow(), None, value, (index, size, address))
}

/// An index, counted from the end if it is negative.
fn index_key(vm: &mut Vm, this: Ref<'_>, key: Ref<'_>, message: &str) -> PyResult<isize> {
    if !object::int::is_int(key) && key.class().slots().index.is_none() {
        return Err(vm.type_error(message));
    }
    let index = slice::item_index(vm, key)?;
    Ok(if index < 0 { index + cdata(this).length.get() as isize } else { index })
}

fn getitem(vm: &mut Vm, this: Ref<'_>, key: Ref<'_>) -> PyResult {
    let Some(bounds) = key.downcast::<Slice>() else {
        let index = index_key(vm, this, key, "indices must be integers")?;
        return get_element(vm, this, index);
    };
    let positions = slice::resolve(vm, bounds.get(), cdata(this).length.get())?;
    let (_, info) = element_of(vm, this)?;
    let start = cdata(this).address.get();
    match info.code.get().map(|code| code.code) {
        Some(b'c') => {
            let bytes: Vec<u8> = positions.iter().map(|index| memory::read::<1>(start + index)[0]).collect();
            Ok(vm.new_bytes(&bytes).into_object())
        }
        Some(b'u') => {
            let text: Vec<u32> = positions.iter().map(|index| u32::from_ne_bytes(memory::read(start + 4 * index))).collect();
            codes::wide_text(vm, &text)
        }
        _ => {
            let mut items = Vec::new();
            for index in positions.iter() {
                items.push(get_element(vm, this, index as isize)?);
            }
            Ok(vm.new_list(items).into_object())
        }
    }
}

fn setitem(vm: &mut Vm, this: Ref<'_>, key: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let Some(value) = value else { return Err(vm.type_error("Array does not support item deletion")) };
    let Some(bounds) = key.downcast::<Slice>() else {
        let index = index_key(vm, this, key, "indices must be integer")?;
        return set_element(vm, this, index, value);
    };
    let positions = slice::resolve(vm, bounds.get(), cdata(this).length.get())?;
    if vm.len(value)? != positions.count {
        return Err(vm.value_error("Can only assign sequence of same size"));
    }
    for (n, index) in positions.iter().enumerate() {
        let item = vm.get_item(value, Object::small_int(n as i64).borrow())?;
        set_element(vm, this, index as isize, item.borrow())?;
    }
    Ok(())
}

fn raw(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let data = cdata(this);
    Ok(vm.new_bytes(&memory::read_bytes(data.address.get(), data.size.get())).into_object())
}

fn set_raw(vm: &mut Vm, this: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let Some(value) = value else { return Err(vm.raise(&exception::ATTRIBUTE_ERROR, "cannot delete attribute")) };
    let buffer = vm.buffer(value)?;
    let data = cdata(this);
    if buffer.len() > data.size.get() {
        return Err(vm.value_error("byte string too long"));
    }
    memory::write(data.address.get(), buffer.bytes(vm));
    Ok(())
}

fn value(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let data = cdata(this);
    let bytes = memory::read_bytes(data.address.get(), data.size.get());
    let len = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
    Ok(vm.new_bytes(&bytes[..len]).into_object())
}

fn set_value(vm: &mut Vm, this: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let Some(value) = value else { return Err(vm.type_error("can't delete attribute")) };
    let Some(bytes) = object::bytes::as_bytes(value) else {
        return Err(vm.type_error(format!("bytes expected instead of {} instance", value.class().full_name())));
    };
    let data = cdata(this);
    let room = data.size.get();
    if bytes.len() > room {
        return Err(vm.value_error("byte string too long"));
    }
    memory::write(data.address.get(), bytes);
    if bytes.len() < room {
        memory::write(data.address.get() + bytes.len(), &[0]);
    }
    Ok(())
}

fn text(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let data = cdata(this);
    let text = codes::wide_characters(data.address.get(), data.size.get() / 4);
    let len = text.iter().position(|&character| character == 0).unwrap_or(text.len());
    codes::wide_text(vm, &text[..len])
}

fn set_text(vm: &mut Vm, this: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let Some(value) = value else { return Err(vm.type_error("can't delete attribute")) };
    let Some(text) = value.downcast::<Str>() else {
        return Err(vm.type_error(format!("unicode string expected instead of {} instance", value.class().full_name())));
    };
    let data = cdata(this);
    let room = data.size.get() / 4;
    if text.len() > room {
        return Err(vm.value_error("string too long"));
    }
    codes::write_wide(data.address.get(), text.get());
    if text.len() < room {
        memory::write(data.address.get() + 4 * text.len(), &[0; 4]);
    }
    Ok(())
}
