//! Pointers, their metaclass, and the functions of `ctypes` that work on plain addresses.

use super::argument::Argument;
use super::codes;
use super::ctype::{self, CTYPE_TYPE, FROM_PARAM_DOC, class_of, data_of_kind, own_attribute};
use super::data::{self, CDATA, CData, cdata};
use super::info::{Kind, TypeInfo, flag as info_flag, info_of, info_of_instance, no_storage_info, set_info};
use super::memory;
use builtins::slice::{self, Slice};
use object::class::TYPE;
use object::dict::Dict;
use object::native::flag;
use object::{Args, Getset, Method, Object, ObjectOf, PyResult, Ref, RefOf, Slots, Type, TypeSpec, Vm, method};

/// `_ctypes.PyCPointerType`
pub static POINTER_TYPE: Type = Type::new(&POINTER_TYPE_SPEC);
static POINTER_TYPE_SPEC: TypeSpec = TypeSpec {
    name: "_ctypes.PyCPointerType",
    doc: "metatype for the Pointer Objects",
    base: Some(&CTYPE_TYPE),
    flags: flag::BASE_TYPE,
    slots: Slots { init: Some(init_class), ..Slots::NONE },
    methods: &TYPE_METHODS,
    ..TypeSpec::DEFAULT
};
static TYPE_METHODS: [Method; 6] = {
    let [address, buffer, copy, library, param] = ctype::methods(method!(Binary from_param "($self, value, /)", FROM_PARAM_DOC));
    [address, buffer, copy, library, param, method!(Binary set_type "($self, type, /)", "")]
};

/// `_ctypes._Pointer`
pub static POINTER: Type = Type::new(&POINTER_SPEC);
static POINTER_SPEC: TypeSpec = TypeSpec {
    name: "_ctypes._Pointer",
    doc: "XXX to be provided",
    base: Some(&CDATA),
    metaclass: Some(&POINTER_TYPE),
    flags: flag::BASE_TYPE,
    slots: Slots {
        new: Some(new),
        init: Some(init),
        bool: Some(truth),
        getitem: Some(getitem),
        setitem: Some(setitem),
        buffer: Some(data::buffer),
        ..Slots::NONE
    },
    getsets: &[Getset::new("contents", "the object this pointer points to (read-write)", contents, set_contents)],
    ..TypeSpec::DEFAULT
};

fn init_class(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult<()> {
    let class = class_of(this);
    TYPE.slots().init.map_or(Ok(()), |init| init(vm, this, args))?;
    if info_of(this).is_some() {
        return Err(vm.system_error("StgInfo of class was already initialized"));
    }
    let info = TypeInfo::new(Kind::Pointer, 8, 8, 1);
    info.set(info_flag::POINTER);
    match own_attribute(vm, class, "_type_") {
        Some(target) => {
            if info_of(target.borrow()).is_none() {
                return Err(no_storage_info(vm, target.borrow()));
            }
            let info = set_info(vm, class, info);
            set_target(vm, this, &info, target.borrow())
        }
        None => {
            *info.format.get_mut(vm) = "X{}".to_owned();
            set_info(vm, class, info);
            Ok(())
        }
    }
}

/// Settles what a pointer type points to.
fn set_target(vm: &mut Vm, this: Ref<'_>, info: &ObjectOf<TypeInfo>, target: Ref<'_>) -> PyResult<()> {
    if target.downcast::<Type>().is_none() {
        return Err(vm.type_error("_type_ must be a type"));
    }
    let Some(own) = info_of(target) else { return Err(no_storage_info(vm, target)) };
    let shape = own.shape.get(vm).iter().map(usize::to_string).collect::<Vec<_>>().join(",");
    let format = data::format_of(vm, &own);
    let format = if shape.is_empty() { format!("&{format}") } else { format!("&({shape}){format}") };
    *info.format.get_mut(vm) = format;
    info.proto.set(Some(target.to_owned()));
    if !own.pointer_type.is_set() {
        own.pointer_type.set(Some(this.to_owned()));
    }
    Ok(())
}

fn set_type(vm: &mut Vm, this: Ref<'_>, target: Ref<'_>) -> PyResult {
    let Some(info) = info_of(this) else { return Err(no_storage_info(vm, this)) };
    set_target(vm, this, &info, target)?;
    vm.set_attr_str(this, "_type_", target)?;
    Ok(Object::none())
}

fn from_param(vm: &mut Vm, class: Ref<'_>, value: Ref<'_>) -> PyResult {
    if value.is_none() {
        return Ok(Object::none());
    }
    let Some(target) = info_of(class).and_then(|info| info.proto.get()) else {
        return ctype::from_param(vm, class, value);
    };
    if data::is_instance(vm, value, target.borrow())? && value.downcast::<CData>().is_some() {
        return byref(vm, value, 0);
    }
    if data_of_kind(value, &[Kind::Pointer, Kind::Array])
        && let Some(element) = info_of_instance(value).and_then(|info| info.proto.get())
        && let (Some(element), Some(target)) = (element.borrow().downcast::<Type>(), target.borrow().downcast::<Type>())
        && element.get().is_subclass_of(target.get())
    {
        return Ok(value.to_owned());
    }
    ctype::from_param(vm, class, value)
}

/// `byref(object, offset)`
pub fn byref(vm: &mut Vm, object: Ref<'_>, offset: isize) -> PyResult {
    let pointer = cdata(object).address.get().wrapping_add_signed(offset);
    Ok(Argument::pointer(vm, b'P', pointer, Some(object.to_owned())))
}

fn new(vm: &mut Vm, class: RefOf<'_, Type>, _args: Args<'_>) -> PyResult {
    if info_of(class.object()).is_none_or(|info| !info.proto.is_set()) {
        return Err(vm.type_error("Cannot create instance: has no _type_"));
    }
    data::new_instance(vm, class.get())
}

fn init(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult<()> {
    match *args.positionals() {
        [] => Ok(()),
        [value] => set_contents(vm, this, Some(value)),
        _ => Err(vm.type_error(format!("POINTER expected at most 1 argument, got {}", args.n_positional()))),
    }
}

fn truth(_vm: &mut Vm, this: Ref<'_>) -> PyResult<bool> {
    Ok(memory::read_pointer(cdata(this).address.get()) != 0)
}

/// What a pointer points to, which must be something.
fn target_of(vm: &mut Vm, this: Ref<'_>) -> PyResult<(usize, Object, ObjectOf<TypeInfo>)> {
    let pointer = memory::read_pointer(cdata(this).address.get());
    if pointer == 0 {
        return Err(vm.value_error("NULL pointer access"));
    }
    let target = info_of_instance(this).and_then(|info| info.proto.get());
    match target.as_ref().and_then(|target| info_of(target.borrow())) {
        Some(info) => Ok((pointer, target.expect("it has just been looked into"), info)),
        None => Err(vm.type_error("Cannot create instance: has no _type_")),
    }
}

fn contents(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let (pointer, target, _) = target_of(vm, this)?;
    data::from_base(vm, target.borrow(), Some(this), 0, pointer)
}

fn set_contents(vm: &mut Vm, this: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let Some(value) = value else { return Err(vm.type_error("Pointer does not support item deletion")) };
    let Some(target) = info_of_instance(this).and_then(|info| info.proto.get()) else {
        return Err(vm.type_error("Cannot create instance: has no _type_"));
    };
    let Some(source) = value.downcast::<CData>() else {
        let name = class_of(target.borrow()).full_name();
        return Err(vm.type_error(format!("expected {name} instead of {}", value.class().full_name())));
    };
    memory::write_pointer(cdata(this).address.get(), source.address.get());
    data::keep_alive(vm, this, 1, value.to_owned())?;
    let keep = data::kept_objects(vm, value);
    data::keep_alive(vm, this, 0, keep)
}

fn get_element(vm: &mut Vm, this: Ref<'_>, index: isize) -> PyResult {
    let (pointer, target, info) = target_of(vm, this)?;
    let size = info.size.get();
    let address = pointer.wrapping_add_signed(index.wrapping_mul(size as isize));
    data::get_value(vm, target.borrow(), None, this, index as usize, size, address)
}

fn getitem(vm: &mut Vm, this: Ref<'_>, key: Ref<'_>) -> PyResult {
    if let Some(bounds) = key.downcast::<Slice>() {
        return get_slice(vm, this, bounds.get());
    }
    if !object::int::is_int(key) && key.class().slots().index.is_none() {
        return Err(vm.type_error("Pointer indices must be integer"));
    }
    let index = slice::item_index(vm, key)?;
    get_element(vm, this, index)
}

/// The indices of a slice: a pointer has no length, so that a bound must not be left out.
fn slice_indices(vm: &mut Vm, (start, stop, step): (Ref<'_>, Ref<'_>, Ref<'_>)) -> PyResult<Vec<isize>> {
    let step = if step.is_none() { 1 } else { slice::bound(vm, step)? };
    if step == 0 {
        return Err(vm.value_error("slice step cannot be zero"));
    }
    let start = match start {
        start if !start.is_none() => slice::bound(vm, start)?,
        _ if step < 0 => return Err(vm.value_error("slice start is required for step < 0")),
        _ => 0,
    };
    if stop.is_none() {
        return Err(vm.value_error("slice stop is required"));
    }
    let stop = slice::bound(vm, stop)?;
    let mut indices = Vec::new();
    let mut index = start;
    while if step > 0 { index < stop } else { index > stop } {
        indices.push(index);
        match index.checked_add(step) {
            Some(next) => index = next,
            None => break,
        }
    }
    Ok(indices)
}

fn get_slice(vm: &mut Vm, this: Ref<'_>, bounds: &Slice) -> PyResult {
    let (start, stop, step) = (bounds.start.clone(), bounds.stop.clone(), bounds.step.clone());
    let indices = slice_indices(vm, (start.borrow(), stop.borrow(), step.borrow()))?;
    let code = info_of_instance(this)
        .and_then(|info| info.proto.get())
        .and_then(|target| info_of(target.borrow()))
        .and_then(|info| info.code.get())
        .map(|code| code.code);
    if matches!(code, Some(b'c' | b'u')) && indices.is_empty() {
        return if code == Some(b'c') { Ok(vm.new_bytes(&[]).into_object()) } else { Ok(vm.new_str("").into_object()) };
    }
    match code {
        Some(b'c') => {
            let (pointer, ..) = target_of(vm, this)?;
            let bytes: Vec<u8> = indices.iter().map(|&index| memory::read::<1>(pointer.wrapping_add_signed(index))[0]).collect();
            Ok(vm.new_bytes(&bytes).into_object())
        }
        Some(b'u') => {
            let (pointer, ..) = target_of(vm, this)?;
            let text: Vec<u32> = indices.iter().map(|&index| u32::from_ne_bytes(memory::read(pointer.wrapping_add_signed(4 * index)))).collect();
            codes::wide_text(vm, &text)
        }
        _ => {
            let mut items = Vec::new();
            for index in indices {
                items.push(get_element(vm, this, index)?);
            }
            Ok(vm.new_list(items).into_object())
        }
    }
}

fn setitem(vm: &mut Vm, this: Ref<'_>, key: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let Some(value) = value else { return Err(vm.type_error("Pointer does not support item deletion")) };
    let index = slice::item_index(vm, key)?;
    let (pointer, target, info) = target_of(vm, this)?;
    let size = info.size.get();
    let address = pointer.wrapping_add_signed(index.wrapping_mul(size as isize));
    data::set_value(vm, this, target.borrow(), None, value, (index as usize, size, address))
}

/// `cast(source, class)`, given the address that `source` was converted to.
pub fn cast(vm: &mut Vm, pointer: usize, source: Ref<'_>, class: Ref<'_>) -> PyResult {
    let Some(target) = class.downcast::<Type>() else {
        return Err(vm.type_error("cast() argument 2 must be a pointer type"));
    };
    let is_pointer = info_of(class).is_some_and(|info| match info.kind {
        Kind::Pointer | Kind::Function => true,
        Kind::Simple => info.code.get().is_some_and(|code| b"sPzUZXO".contains(&code.code)),
        _ => false,
    });
    if !is_pointer {
        return Err(vm.type_error(match info_of(class) {
            Some(_) => format!("cast() argument 2 must be a pointer type, not {}", target.full_name()),
            None => "cast() argument 2 must be a pointer type".to_owned(),
        }));
    }
    let result = vm.call(class, &[])?;
    let Some(data) = result.borrow().downcast::<CData>() else { return Err(vm.type_error("cast() argument 2 must be a pointer type")) };
    // The new pointer keeps alive what the old one does, and the old one itself.
    if source.downcast::<CData>().is_some() {
        data::kept_objects(vm, source);
        let objects = match cdata(source).objects.get().filter(|objects| !objects.borrow().is_none()) {
            Some(objects) => objects,
            None => {
                let objects = vm.new_dict().into_object();
                cdata(source).objects.set(Some(objects.clone()));
                objects
            }
        };
        if let Some(dict) = objects.borrow().downcast::<Dict>() {
            let key = vm.new_uint(source.bits());
            dict.set(vm, key.borrow(), source.to_owned())?;
        }
        data.objects.set(Some(objects));
    }
    memory::write_pointer(data.address.get(), pointer);
    Ok(result)
}

/// `string_at(pointer, size)`; -1: up to the first zero.
pub fn string_at(vm: &mut Vm, pointer: usize, size: i32) -> PyResult {
    let pointer_object = vm.new_uint(pointer as u64);
    super::audit(vm, "ctypes.string_at", &[pointer_object.borrow(), Object::small_int(i64::from(size)).borrow()])?;
    let bytes = match usize::try_from(size) {
        Ok(size) => memory::read_bytes(pointer, size),
        Err(_) if size == -1 => memory::c_string_at(pointer),
        Err(_) => return Err(vm.system_error("Negative size passed to PyBytes_FromStringAndSize")),
    };
    Ok(vm.new_bytes(&bytes).into_object())
}

/// `wstring_at(pointer, size)`; -1: up to the first zero.
pub fn wide_string_at(vm: &mut Vm, pointer: usize, size: i32) -> PyResult {
    let pointer_object = vm.new_uint(pointer as u64);
    super::audit(vm, "ctypes.wstring_at", &[pointer_object.borrow(), Object::small_int(i64::from(size)).borrow()])?;
    let text = match usize::try_from(size) {
        Ok(size) => codes::wide_characters(pointer, size),
        Err(_) if size == -1 => memory::wide_string_at(pointer),
        Err(_) => return Err(vm.system_error("bad argument to internal function")),
    };
    codes::wide_text(vm, &text)
}

/// `memoryview_at(pointer, size, readonly)`
pub fn memoryview_at(vm: &mut Vm, pointer: usize, size: isize, readonly: bool) -> PyResult {
    let pointer_object = vm.new_uint(pointer as u64);
    let size_object = vm.new_int(size as i64);
    super::audit(vm, "ctypes.memoryview_at", &[pointer_object.borrow(), size_object.borrow(), Object::bool(readonly).borrow()])?;
    let Ok(size) = usize::try_from(size) else {
        return Err(vm.value_error(format!("memoryview_at: size is negative (or overflowed): {size}")));
    };
    Ok(builtins::memoryview::from_buffer(vm, memory::buffer_at(pointer, size, readonly)))
}
