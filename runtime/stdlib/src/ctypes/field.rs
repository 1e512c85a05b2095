//! `CField`: the descriptor of a member of a structure or union.

use super::codes;
use super::data::{self, CData, cdata};
use super::info::{Code, Kind, TypeInfo, info_of};
use builtins::slice::size_argument;
use object::cell::Visitor;
use object::native::{Member, PayloadInfo};
use object::str::Str;
use object::{Args, Getset, Object, ObjectOf, Payload, PyResult, Ref, RefOf, Slots, Type, TypeSpec, Vm};
use std::cell::Cell;

/// The payload of a `CField`.
pub struct Field {
    pub name: Object,
    pub proto: Object,
    pub byte_offset: isize,
    pub byte_size: usize,
    pub index: usize,
    /// Position and number of bits, from the least significant one on.
    pub bits: Option<(u32, u32)>,
    /// Of a character array, which is read as a string; of a bit field, its integer type's.
    pub code: Option<Code>,
    pub anonymous: Cell<bool>,
}

impl Payload for Field {
    fn class() -> &'static Type {
        &FIELD
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        visitor.visit(self.proto.borrow());
    }
}

/// `ctypes.CField`
pub static FIELD: Type = Type::new(&FIELD_SPEC);
static FIELD_SPEC: TypeSpec = TypeSpec {
    name: "ctypes.CField",
    doc: "Structure/Union member",
    payload: PayloadInfo::of::<Field>(),
    slots: Slots { new: Some(new), repr: Some(repr), descr_get: Some(get), descr_set: Some(set), ..Slots::NONE },
    getsets: &[
        Getset::readonly("size", "size in bytes of this field. For bitfields, this is a legacy packed value; use byte_size instead", size),
        Getset::readonly("bit_size", "size of this field in bits", bit_size),
        Getset::readonly("is_bitfield", "true if this is a bitfield", |_, this| Ok(Object::bool(field(this).bits.is_some()))),
        Getset::readonly("is_anonymous", "true if this field is anonymous", |_, this| Ok(Object::bool(field(this).anonymous.get()))),
    ],
    members: &[
        Member(Getset::readonly("name", "name of this field", |_, this| Ok(field(this).name.clone()))),
        Member(Getset::readonly("type", "type of this field", |_, this| Ok(field(this).proto.clone()))),
        Member(Getset::readonly("offset", "offset in bytes of this field (same as byte_offset)", offset)),
        Member(Getset::readonly("byte_size", "size of this field in bytes", |vm, this| Ok(vm.new_uint(field(this).byte_size as u64)))),
        Member(Getset::readonly("byte_offset", "offset in bytes of this field. For bitfields: excludes bit_offset.", offset)),
        Member(Getset::readonly("bit_offset", "additional offset in bits (relative to byte_offset); zero for non-bitfields", |_, this| {
            Ok(Object::small_int(field(this).bits.map_or(0, |(shift, _)| i64::from(shift))))
        })),
    ],
    ..TypeSpec::DEFAULT
};

fn field(this: Ref<'_>) -> &Field {
    this.downcast::<Field>().expect("the method belongs to the type").get()
}

fn offset(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(vm.new_int(field(this).byte_offset as i64))
}

fn size(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let field = field(this);
    Ok(match field.bits {
        Some((shift, bits)) => Object::small_int(i64::from(bits) << 16 | i64::from(shift)),
        None => vm.new_uint(field.byte_size as u64),
    })
}

fn bit_size(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let field = field(this);
    Ok(match field.bits {
        Some((_, bits)) => Object::small_int(i64::from(bits)),
        None => vm.new_bigint(num_bigint::BigInt::from(field.byte_size) * 8),
    })
}

/// The bits of a bit field, checked.
fn bits_argument(vm: &mut Vm, name: Ref<'_>, byte_size: usize, size: Option<Ref<'_>>, offset: Option<Ref<'_>>) -> PyResult<Option<(u32, u32)>> {
    let Some(size) = size.filter(|size| !size.is_none()) else {
        if offset.is_some_and(|offset| !offset.is_none()) {
            let name = vm.repr_text(name)?;
            return Err(vm.value_error(format!("field {name}: bit_offset must be specified if bit_size is")));
        }
        return Ok(None);
    };
    let Some(offset) = offset.filter(|offset| object::int::is_int(*offset)) else { return Err(vm.type_error("an integer is required")) };
    let (size, offset) = (size_argument(vm, size)?, size_argument(vm, offset)?);
    let shown = vm.repr_text(name)?;
    if size <= 0 || size > 64 {
        return Err(vm.value_error(format!("bit size of field {shown} out of range, got {size}")));
    }
    if !(0..=64).contains(&offset) {
        return Err(vm.value_error(format!("bit offset of field {shown} out of range, got {offset}")));
    }
    if (size + offset) as usize > byte_size * 8 {
        return Err(vm.value_error(format!("bit field {shown} overflows its type ({offset} + {size} > {})", byte_size * 8)));
    }
    Ok(Some((offset as u32, size as u32)))
}

/// How the values of a field are read, if not as those of its type are.
fn special_code(vm: &mut Vm, proto: Ref<'_>, info: &ObjectOf<TypeInfo>, bits: Option<(u32, u32)>) -> PyResult<Option<Code>> {
    if bits.is_some() {
        let code = info.code.get();
        if let Some(code) = code.filter(|code| codes::signedness(code.code).is_some()) {
            return Ok(Some(code));
        }
        let name = proto.downcast::<Type>().map_or("", |class| class.get().full_name());
        return Err(vm.type_error(format!("bit fields not allowed for type {name}")));
    }
    if info.kind == Kind::Array
        && let Some(element) = info.proto.get().and_then(|element| info_of(element.borrow()))
    {
        let code = match element.code.get().map(|code| code.code) {
            Some(b'c') => b's',
            Some(b'u') => b'U',
            _ => return Ok(None),
        };
        return Ok(Some(Code { code, swapped: false }));
    }
    Ok(None)
}

fn new(vm: &mut Vm, class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    let mut bound = [const { None }; 8];
    object::call::bind_args(
        vm,
        "CField",
        "(name, type, byte_size, byte_offset, index, _internal_use, bit_size=None, bit_offset=None)",
        args,
        &mut bound,
    )?;
    let given = |index: usize| bound[index].as_ref().map(Object::borrow);
    let required = |index: usize| given(index).unwrap_or(Ref::NONE);
    let name = required(0);
    let Some(text) = name.downcast::<Str>() else {
        return Err(vm.type_error(format!("CField() argument 'name' must be str, not {}", name.class().full_name())));
    };
    let proto = required(1);
    let (byte_size, byte_offset) = (size_argument(vm, required(2))?, size_argument(vm, required(3))?);
    let index = size_argument(vm, required(4))?;
    if !vm.is_true(required(5))? {
        return Err(vm.type_error("cannot create type object"));
    }
    let shown = vm.repr_text(name)?;
    let Ok(byte_size) = usize::try_from(byte_size) else {
        return Err(vm.value_error(format!("byte size of field {shown} must not be negative, got {byte_size}")));
    };
    let Some(info) = info_of(proto) else { return Err(vm.type_error(format!("type of field {shown} must be a C type"))) };
    if byte_size != info.size.get() {
        return Err(vm.value_error(format!("byte size of field {shown} ({byte_size}) does not match type size ({})", info.size.get())));
    }
    let bits = bits_argument(vm, name, byte_size, given(6), given(7))?;
    let code = special_code(vm, proto, &info, bits)?;
    let name = match text.get().as_str() {
        Some(text) => vm.intern(text).to_owned(),
        None => name.to_owned(),
    };
    let index = usize::try_from(index).unwrap_or(0);
    let field = Field { name, proto: proto.to_owned(), byte_offset, byte_size, index, bits, code, anonymous: Cell::new(false) };
    Ok(vm.allocate_in(class.get(), field))
}

fn repr(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let field = field(this);
    let name = vm.repr_text(field.name.borrow())?;
    let class = field.proto.borrow().downcast::<Type>().map_or("", |class| class.get().full_name()).to_owned();
    let bits = match field.bits {
        Some((shift, bits)) => format!("bit_size={bits}, bit_offset={shift}"),
        None => format!("size={}", field.byte_size),
    };
    let anonymous = if field.anonymous.get() { ", anonymous" } else { "" };
    let text = format!("<ctypes.CField {name} type={class}, ofs={}, {bits}{anonymous}>", field.byte_offset);
    Ok(vm.new_str(&text).into_object())
}

fn place(vm: &mut Vm, field: &Field, instance: Ref<'_>) -> PyResult<usize> {
    match instance.downcast::<CData>() {
        Some(_) => Ok(cdata(instance).address.get().wrapping_add_signed(field.byte_offset)),
        None => Err(vm.type_error("not a ctype instance")),
    }
}

fn get(vm: &mut Vm, this: Ref<'_>, instance: Option<Ref<'_>>, _owner: Option<Ref<'_>>) -> PyResult {
    let Some(instance) = instance else { return Ok(this.to_owned()) };
    let field = field(this);
    let address = place(vm, field, instance)?;
    match (field.bits, field.code) {
        (Some(bits), Some(code)) => Ok(codes::get_bits(vm, code, address, field.byte_size, bits)),
        (_, code) => data::get_value(vm, field.proto.borrow(), code, instance, field.index, field.byte_size, address),
    }
}

fn set(vm: &mut Vm, this: Ref<'_>, instance: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let field = field(this);
    let address = place(vm, field, instance)?;
    let Some(value) = value else { return Err(vm.type_error("can't delete attribute")) };
    match (field.bits, field.code) {
        (Some(bits), Some(code)) => codes::set_bits(vm, code, address, field.byte_size, bits, value),
        (_, code) => data::set_value(vm, instance, field.proto.borrow(), code, value, (field.index, field.byte_size, address)),
    }
}
