//! Arguments of calls: `CArgObject`, which `byref` and `from_param` make, and the conversion of any Python value.

use super::call::{Bytes, ForeignType};
use super::codes;
use super::data::{CData, cdata};
use super::info::{Code, Kind, foreign_type, info_of_instance};
use super::memory;
use object::cell::Visitor;
use object::native::{Member, PayloadInfo};
use object::{Getset, Object, ObjectCell, Payload, PyResult, Ref, Slots, Type, TypeSpec, Vm};

/// The payload of a `CArgObject`: a C value, ready to be passed.
pub struct Argument {
    pub tag: u8,
    pub foreign: ForeignType,
    pub value: Bytes,
    /// What the value refers to.
    pub object: ObjectCell,
}

impl Payload for Argument {
    fn class() -> &'static Type {
        &ARGUMENT
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        self.object.traverse(visitor);
    }
}

/// `_ctypes.CArgObject`
pub static ARGUMENT: Type = Type::new(&ARGUMENT_SPEC);
static ARGUMENT_SPEC: TypeSpec = TypeSpec {
    name: "_ctypes.CArgObject",
    payload: PayloadInfo::of::<Argument>(),
    slots: Slots { repr: Some(repr), ..Slots::NONE },
    members: &[Member(Getset::readonly("_obj", "the wrapped object", |_, this| Ok(argument(this).object.get_or_none())))],
    ..TypeSpec::DEFAULT
};

fn argument(this: Ref<'_>) -> &Argument {
    this.downcast::<Argument>().expect("the method belongs to the type").get()
}

/// How C passes a value of a type code.
fn foreign_of_code(code: u8) -> ForeignType {
    let size = codes::size_and_align(code).0 as u8;
    match code {
        b'f' => ForeignType::Float,
        b'd' => ForeignType::Double,
        b'g' => ForeignType::LongDouble,
        b'F' => ForeignType::FloatComplex,
        b'D' => ForeignType::DoubleComplex,
        b'G' => ForeignType::LongDoubleComplex,
        _ => ForeignType::Int { size, signed: codes::signedness(code).unwrap_or(matches!(code, b'c' | b'v' | b'u')) },
    }
}

impl Argument {
    /// A pointer, and what keeps alive what it points to.
    pub fn pointer(vm: &Vm, tag: u8, pointer: usize, object: Option<Object>) -> Object {
        let value = Bytes::of(&pointer.to_ne_bytes());
        vm.allocate(Argument { tag, foreign: ForeignType::POINTER, value, object: ObjectCell::new(object) }).into_object()
    }

    /// A Python value as the C value of a type code.
    pub fn of_code(vm: &mut Vm, code: Code, value: Ref<'_>) -> PyResult {
        let mut bytes = Bytes::zeros(codes::size_and_align(code.code).0);
        let keep = codes::set(vm, code, bytes.as_mut_ptr().expose_provenance(), 0, value)?;
        let keep = Some(keep).filter(|keep| !keep.borrow().is_none());
        let foreign = foreign_of_code(code.code);
        Ok(vm.allocate(Argument { tag: code.code, foreign, value: bytes, object: ObjectCell::new(keep) }).into_object())
    }
}

fn repr(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let argument = argument(this);
    let tag = char::from(argument.tag);
    let code = Code { code: argument.tag, swapped: false };
    let address = argument.value.as_ptr().expose_provenance();
    let text = match argument.tag {
        b'b' | b'B' | b'h' | b'H' | b'i' | b'I' | b'l' | b'L' | b'q' | b'Q' | b'd' | b'f' => {
            let value = codes::get(vm, code, address, 0)?;
            format!("<cparam '{tag}' ({})>", vm.repr_text(value.borrow())?)
        }
        b'c' => match argument.value[0] {
            byte @ b' '..=b'~' if byte != b'\'' && byte != b'\\' => format!("<cparam '{tag}' ('{}')>", char::from(byte)),
            byte => format!("<cparam '{tag}' ('\\x{byte:02x}')>"),
        },
        b'z' | b'Z' | b'P' => match memory::read_pointer(address) {
            0 => format!("<cparam '{tag}' ((nil))>"),
            pointer => format!("<cparam '{tag}' ({pointer:#x})>"),
        },
        b' '..=b'~' => format!("<cparam '{tag}' at {:#x}>", this.bits()),
        other => format!("<cparam {other:#04x} at {:#x}>", this.bits()),
    };
    Ok(vm.new_str(&text).into_object())
}

/// A value as C takes it, with what must stay alive during the call.
pub struct Converted {
    pub foreign: ForeignType,
    pub value: Bytes,
    pub keep: Option<Object>,
}

impl Converted {
    fn pointer(pointer: usize, keep: Option<Object>) -> Converted {
        Converted { foreign: ForeignType::POINTER, value: Bytes::of(&pointer.to_ne_bytes()), keep }
    }
}

/// C data as an argument.
fn convert_data(vm: &Vm, object: Ref<'_>) -> Option<Converted> {
    object.downcast::<CData>()?;
    let info = info_of_instance(object)?;
    let data = cdata(object);
    let address = data.address.get();
    Some(match info.kind {
        Kind::Array => Converted::pointer(address, None),
        Kind::Pointer | Kind::Function => Converted::pointer(memory::read_pointer(address), None),
        Kind::Simple | Kind::Structure | Kind::Union => {
            let mut value = Bytes::zeros(info.size.get());
            memory::read_into(address, &mut value);
            Converted { foreign: foreign_type(vm, &info), value, keep: None }
        }
    })
}

/// Converts the argument of a call that has no declared type, or went through its `from_param`.
pub fn convert(vm: &mut Vm, value: Ref<'_>, position: usize) -> PyResult<Converted> {
    if let Some(argument) = value.downcast_exact::<Argument>() {
        return Ok(Converted { foreign: argument.foreign.clone(), value: argument.value.clone(), keep: None });
    }
    if let Some(converted) = convert_data(vm, value) {
        return Ok(converted);
    }
    if value.is_none() {
        return Ok(Converted::pointer(0, None));
    }
    if object::int::is_int(value) {
        let fits = object::int::as_i64(value).is_some() || object::int::as_u64(value).is_some();
        if !fits {
            return Err(vm.overflow_error("int too long to convert"));
        }
        let bits = codes::low_bits(vm, value)?;
        return Ok(Converted { foreign: ForeignType::INT, value: Bytes::of(&(bits as u32).to_ne_bytes()), keep: None });
    }
    if let Some(bytes) = object::bytes::as_bytes(value) {
        return Ok(Converted::pointer(bytes.as_ptr().expose_provenance(), Some(value.to_owned())));
    }
    if let Some(text) = value.downcast::<object::str::Str>() {
        let (pointer, keep) = codes::wide_copy(vm, text.get())?;
        return Ok(Converted::pointer(pointer, Some(keep)));
    }
    if let Some(parameter) = vm.find_attr_str(value, "_as_parameter_")? {
        vm.check_stack(" while processing _as_parameter_")?;
        let mut converted = convert(vm, parameter.borrow(), position)?;
        converted.keep.get_or_insert(parameter);
        return Ok(converted);
    }
    Err(vm.type_error(format!("Don't know how to convert parameter {position}")))
}
