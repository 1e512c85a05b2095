//! Simple types: `_SimpleCData` and its metaclass. A class says which C type it is by its `_type_`, a letter.

use super::argument::Argument;
use super::codes::{self, CODES};
use super::ctype::{self, CTYPE_TYPE, FROM_PARAM_DOC, class_of, data_of_kind};
use super::data::{self, CDATA, cdata};
use super::info::{Code, Kind, TypeInfo, flag as info_flag, info_of, info_of_instance, set_info};
use super::memory;
use object::class::TYPE;
use object::native::flag;
use object::str::Str;
use object::{Args, Getset, Method, Object, PyResult, Ref, Slots, Type, TypeSpec, Vm, method};

/// `_ctypes.PyCSimpleType`
pub static SIMPLE_TYPE: Type = Type::new(&SIMPLE_TYPE_SPEC);
static SIMPLE_TYPE_SPEC: TypeSpec = TypeSpec {
    name: "_ctypes.PyCSimpleType",
    doc: "metatype for the PyCSimpleType Objects",
    base: Some(&CTYPE_TYPE),
    flags: flag::BASE_TYPE,
    slots: Slots { init: Some(init_class), ..Slots::NONE },
    methods: &SIMPLE_METHODS,
    ..TypeSpec::DEFAULT
};
static SIMPLE_METHODS: [Method; 5] = ctype::methods(method!(Binary from_param "($self, value, /)", FROM_PARAM_DOC));

/// `_ctypes._SimpleCData`
pub static SIMPLE_DATA: Type = Type::new(&SIMPLE_DATA_SPEC);
static SIMPLE_DATA_SPEC: TypeSpec = TypeSpec {
    name: "_ctypes._SimpleCData",
    doc: "XXX to be provided",
    base: Some(&CDATA),
    metaclass: Some(&SIMPLE_TYPE),
    flags: flag::BASE_TYPE,
    slots: Slots { new: Some(data::new), init: Some(init), repr: Some(repr), bool: Some(truth), buffer: Some(data::buffer), ..Slots::NONE },
    methods: &[method!(Unary from_outparam as "__ctypes_from_outparam__" "($self, /)", "")],
    getsets: &[Getset::new("value", "current value", value, set_value)],
    ..TypeSpec::DEFAULT
};

/// `_type_` of a class: one letter.
fn type_code(vm: &mut Vm, class: &Type) -> PyResult<(u8, Object)> {
    let Some(given) = vm.find_attr_str(class.object(), "_type_")? else {
        return Err(vm.raise(&object::exception::ATTRIBUTE_ERROR, "class must define a '_type_' attribute"));
    };
    let Some(text) = given.borrow().downcast::<Str>() else {
        return Err(vm.type_error("class must define a '_type_' string attribute"));
    };
    if text.len() != 1 {
        return Err(vm.value_error("class must define a '_type_' attribute which must be a string of length 1"));
    }
    let code = u8::try_from(text.char_at(0)).unwrap_or(0);
    if !CODES.as_bytes().contains(&code) {
        let message = format!(
            "class must define a '_type_' attribute which must be\na single character string containing one of the\nsupported types: '{CODES}'."
        );
        return Err(vm.raise(&object::exception::ATTRIBUTE_ERROR, message));
    }
    Ok((code, given))
}

fn add_info(vm: &mut Vm, class: &Type, code: Code, proto: Object) {
    let (size, align) = codes::size_and_align(code.code);
    let info = TypeInfo::new(Kind::Simple, size, align, 0);
    info.code.set(Some(code));
    info.proto.set(Some(proto));
    if codes::is_pointer(code.code) {
        info.set(info_flag::POINTER);
    }
    *info.format.get_mut(vm) = codes::buffer_format(code);
    set_info(vm, class, info);
}

fn init_class(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult<()> {
    let class = class_of(this);
    TYPE.slots().init.map_or(Ok(()), |init| init(vm, this, args))?;
    let (code, proto) = type_code(vm, class)?;
    if info_of(this).is_some() {
        return Err(vm.system_error("StgInfo of class was already initialized"));
    }
    add_info(vm, class, Code { code, swapped: false }, proto.clone());
    if std::ptr::eq(this.class(), &SIMPLE_TYPE) && codes::has_swapped(code) {
        add_swapped(vm, this, code, proto, args)?;
    }
    Ok(())
}

/// Makes the type of the other byte order.
fn add_swapped(vm: &mut Vm, this: Ref<'_>, code: u8, proto: Object, args: Args<'_>) -> PyResult<()> {
    let name = vm.str_text(args.positionals()[0])?;
    let name = vm.new_str(&format!("{name}_be")).into_object();
    let arguments = [name.borrow(), args.positionals()[1], args.positionals()[2]];
    let swapped = ctype::make_class(vm, SIMPLE_TYPE.as_ref(), Args::positional(&arguments))?;
    add_info(vm, class_of(swapped.borrow()), Code { code, swapped: true }, proto);
    for (class, name, value) in [
        (this, "__ctype_be__", swapped.borrow()),
        (this, "__ctype_le__", this),
        (swapped.borrow(), "__ctype_le__", this),
        (swapped.borrow(), "__ctype_be__", swapped.borrow()),
    ] {
        vm.set_attr_str(class, name, value)?;
    }
    Ok(())
}

fn code_of(vm: &mut Vm, this: Ref<'_>) -> PyResult<Code> {
    match info_of_instance(this).and_then(|info| info.code.get()) {
        Some(code) => Ok(code),
        None => Err(vm.type_error("abstract class")),
    }
}

fn init(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult<()> {
    match *args.positionals() {
        [] => Ok(()),
        [value] => set_value(vm, this, Some(value)),
        _ => Err(vm.type_error(format!("__init__ expected at most 1 argument, got {}", args.n_positional()))),
    }
}

fn value(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let code = code_of(vm, this)?;
    let data = cdata(this);
    codes::get(vm, code, data.address.get(), data.size.get())
}

fn set_value(vm: &mut Vm, this: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let Some(value) = value else { return Err(vm.type_error("can't delete attribute")) };
    let code = code_of(vm, this)?;
    let (address, size) = (cdata(this).address.get(), cdata(this).size.get());
    let keep = codes::set(vm, code, address, size, value)?;
    data::keep_alive(vm, this, 0, keep)
}

fn repr(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let class = this.class();
    if !class.base().is_some_and(|base| std::ptr::eq(base, &SIMPLE_DATA)) {
        let text = format!("<{} object at {:#x}>", class.full_name(), this.bits());
        return Ok(vm.new_str(&text).into_object());
    }
    let value = value(vm, this)?;
    let text = format!("{}({})", class.full_name(), vm.repr_text(value.borrow())?);
    Ok(vm.new_str(&text).into_object())
}

fn truth(_vm: &mut Vm, this: Ref<'_>) -> PyResult<bool> {
    let data = cdata(this);
    Ok(memory::read_bytes(data.address.get(), data.size.get()).iter().any(|&byte| byte != 0))
}

fn from_outparam(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    if data::is_simple_subclass(this.class().object()) { Ok(this.to_owned()) } else { value(vm, this) }
}

fn from_param(vm: &mut Vm, class: Ref<'_>, value: Ref<'_>) -> PyResult {
    let Some(code) = info_of(class).and_then(|info| info.code.get()) else { return Err(vm.type_error("abstract class")) };
    match code.code {
        b'z' => from_string(vm, class, value),
        b'Z' => from_wide_string(vm, class, value),
        b'P' => from_pointer(vm, class, value),
        _ => from_plain(vm, class, value, code),
    }
}

fn from_plain(vm: &mut Vm, class: Ref<'_>, value: Ref<'_>, code: Code) -> PyResult {
    if data::is_instance(vm, value, class)? {
        return Ok(value.to_owned());
    }
    match Argument::of_code(vm, code, value) {
        Ok(argument) => Ok(argument),
        Err(raised) => {
            let error = vm.catch(raised);
            match vm.find_attr_str(value, "_as_parameter_")? {
                Some(parameter) => {
                    vm.check_stack(" while processing _as_parameter_")?;
                    from_param(vm, class, parameter.borrow())
                }
                None => Err(vm.reraise(error)),
            }
        }
    }
}

/// Whether a value is a `byref()` of an instance of a simple type with this code.
fn is_reference_to(value: Ref<'_>, code: u8) -> bool {
    value
        .downcast_exact::<Argument>()
        .and_then(|argument| argument.object.get())
        .and_then(|object| info_of_instance(object.borrow()))
        .is_some_and(|info| info.has_code(code))
}

/// Whether a value is an array of, or a pointer to, a simple type with this code.
fn has_elements(value: Ref<'_>, code: u8) -> bool {
    data_of_kind(value, &[Kind::Array, Kind::Pointer])
        && info_of_instance(value).and_then(|info| info.proto.get()).and_then(|proto| info_of(proto.borrow())).is_some_and(|info| info.has_code(code))
}

/// The last resort of the pointer types, and their error.
fn as_parameter(vm: &mut Vm, class: Ref<'_>, value: Ref<'_>, name: &str) -> PyResult {
    match vm.find_attr_str(value, "_as_parameter_")? {
        Some(parameter) => {
            vm.check_stack(" while processing _as_parameter_")?;
            from_param(vm, class, parameter.borrow())
        }
        None => Err(vm.type_error(format!("'{}' object cannot be interpreted as ctypes.{name}", value.class().full_name()))),
    }
}

fn from_string(vm: &mut Vm, class: Ref<'_>, value: Ref<'_>) -> PyResult {
    if value.is_none() {
        return Ok(Object::none());
    }
    if object::bytes::as_bytes(value).is_some() {
        return Argument::of_code(vm, Code { code: b'z', swapped: false }, value);
    }
    if data::is_instance(vm, value, class)? || has_elements(value, b'c') || is_reference_to(value, b'c') {
        return Ok(value.to_owned());
    }
    as_parameter(vm, class, value, "c_char_p")
}

fn from_wide_string(vm: &mut Vm, class: Ref<'_>, value: Ref<'_>) -> PyResult {
    if value.is_none() {
        return Ok(Object::none());
    }
    if value.downcast::<Str>().is_some() {
        return Argument::of_code(vm, Code { code: b'Z', swapped: false }, value);
    }
    if data::is_instance(vm, value, class)? || has_elements(value, b'u') || is_reference_to(value, b'u') {
        return Ok(value.to_owned());
    }
    as_parameter(vm, class, value, "c_wchar_p")
}

fn from_pointer(vm: &mut Vm, class: Ref<'_>, value: Ref<'_>) -> PyResult {
    if value.is_none() {
        return Ok(Object::none());
    }
    let code = if object::int::is_int(value) {
        Some(b'P')
    } else if object::bytes::as_bytes(value).is_some() {
        Some(b'z')
    } else if value.downcast::<Str>().is_some() {
        Some(b'Z')
    } else {
        None
    };
    if let Some(code) = code {
        return Argument::of_code(vm, Code { code, swapped: false }, value);
    }
    if data::is_instance(vm, value, class)? || data_of_kind(value, &[Kind::Array, Kind::Pointer]) {
        return Ok(value.to_owned());
    }
    if value.downcast_exact::<Argument>().is_some_and(|argument| argument.tag == b'P') {
        return Ok(value.to_owned());
    }
    if data_of_kind(value, &[Kind::Function]) {
        let pointer = memory::read_pointer(cdata(value).address.get());
        return Ok(Argument::pointer(vm, b'P', pointer, Some(value.to_owned())));
    }
    if data_of_kind(value, &[Kind::Simple]) && info_of_instance(value).is_some_and(|info| info.has_code(b'z') || info.has_code(b'Z')) {
        let pointer = memory::read_pointer(cdata(value).address.get());
        return Ok(Argument::pointer(vm, b'Z', pointer, Some(value.to_owned())));
    }
    as_parameter(vm, class, value, "c_void_p")
}
