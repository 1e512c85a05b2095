//! The types of a code object's constants, where no runtime says them.

use crate::types::{Classes, ObjectInfo, Spec, Type, ty};
use bytecode::Constant;

/// The type whose only value is the constant. What is on the heap becomes an object of the tables.
pub(super) fn type_of(constant: &Constant, classes: &mut Classes) -> Type {
    let ty = match constant {
        Constant::None => return ty::NoneType,
        Constant::False => return Type::bool(false),
        Constant::True => return Type::bool(true),
        Constant::Ellipsis => return ty::Ellipsis,
        Constant::Int(value) if (abi::tag::INT_MIN..=abi::tag::INT_MAX).contains(value) => return Type::small_int(*value),
        Constant::Float(value) => return float(*value),
        Constant::Int(_) | Constant::BigInt(_) => ty::BigInt,
        Constant::Complex(..) => ty::ObjectUser,
        Constant::Str(_) => ty::UnicodeExact,
        Constant::Bytes(_) => ty::BytesExact,
        Constant::Tuple(_) => ty::TupleExact,
        Constant::FrozenSet(_) => ty::ObjectUser,
        Constant::Slice(_) => ty::Slice,
        Constant::Code(_) => ty::Code,
    };
    let name = match constant {
        Constant::Code(code) => format!("<code {}>", code.qualname),
        _ => constant.to_string(),
    };
    let object = classes.add_object(ObjectInfo { name, ty, class: None });
    Type::object(object, classes)
}

/// A float with an exponent in the common range, or 0.0, is in the word itself.
fn float(value: f64) -> Type {
    let bits = value.to_bits();
    let is_common = matches!(bits >> 60 & 7, 3 | 4) && bits != 0x3000_0000_0000_0000 || bits == 0;
    let leaf = if is_common { ty::TaggedFloat } else { ty::BoxedFloat };
    leaf.specialized(Spec::Double(bits))
}
