//! Arrays out of pickles, which may come from machines with other number formats.

use super::kind::Kind;
use super::{ARRAY, allocate, extend_from, fill, this};
use num_bigint::BigInt;
use object::str::Str;
use object::{Object, PyResult, Ref, Type, Vm};

/// How items are in a pickle.
struct Format {
    size: usize,
    big_endian: bool,
    what: What,
}

#[derive(Clone, Copy, PartialEq)]
enum What {
    Unsigned,
    Signed,
    Float,
    Text,
}

/// The format of one of CPython's numbers.
fn format_of(number: i64) -> Option<Format> {
    let (size, what) = match number {
        0 => (1, What::Unsigned),
        1 => (1, What::Signed),
        2 | 3 => (2, What::Unsigned),
        4 | 5 => (2, What::Signed),
        6 | 7 => (4, What::Unsigned),
        8 | 9 => (4, What::Signed),
        10 | 11 => (8, What::Unsigned),
        12 | 13 => (8, What::Signed),
        14 | 15 => (4, What::Float),
        16 | 17 => (8, What::Float),
        18 | 19 => (2, What::Text),
        20 | 21 => (4, What::Text),
        _ => return None,
    };
    Some(Format { size, big_endian: number > 1 && number % 2 == 1, what })
}

impl Format {
    /// The bits of an item.
    fn bits(&self, item: &[u8]) -> u64 {
        let fold = |bits: u64, &byte: &u8| bits << 8 | u64::from(byte);
        if self.big_endian { item.iter().fold(0, fold) } else { item.iter().rev().fold(0, fold) }
    }

    fn decode(&self, vm: &Vm, item: &[u8]) -> Object {
        let bits = self.bits(item);
        match self.what {
            What::Unsigned => vm.new_bigint(BigInt::from(bits)),
            What::Signed => {
                let unused = 64 - 8 * self.size as u32;
                vm.new_int((bits << unused) as i64 >> unused)
            }
            What::Float if self.size == 4 => vm.new_float(f32::from_bits(bits as u32).into()),
            What::Float => vm.new_float(f64::from_bits(bits)),
            What::Text => vm.new_char((bits as u32).min(0x10_FFFF)).into_object(),
        }
    }
}

/// `_array_reconstructor(class, typecode, format, bytes)`
pub(super) fn reconstruct(vm: &mut Vm, [class, code, format, bytes]: [Ref<'_>; 4]) -> PyResult {
    let Some(class) = class.downcast::<Type>() else {
        return Err(vm.type_error(format!("first argument must be a type object, not {}", class.class().full_name())));
    };
    if !class.get().is_subclass_of(&ARRAY) {
        return Err(vm.type_error(format!("{} is not a subtype of {}", class.get().full_name(), ARRAY.full_name())));
    }
    let kind = code.downcast::<Str>().filter(|code| code.len() == 1).and_then(|code| Kind::of(code.char_at(0)));
    let Some(kind) = kind else { return Err(vm.value_error("second argument must be a valid type code")) };
    let number = vm.to_i64(format)?;
    let Some(format) = format_of(number) else { return Err(vm.value_error("third argument must be a valid machine format code.")) };
    if object::bytes::as_bytes(bytes).is_none() {
        return Err(vm.type_error(format!("fourth argument should be bytes, not {}", bytes.class().full_name())));
    }
    let array = allocate(vm, class.get(), kind, Vec::new());
    if number == kind.machine_format() {
        fill(vm, this(array.borrow()), bytes)?;
        return Ok(array);
    }
    let data = object::bytes::as_bytes(bytes).unwrap_or(&[]);
    if !data.len().is_multiple_of(format.size) {
        return Err(vm.value_error("string length not a multiple of item size"));
    }
    let items: Vec<Object> = if format.what == What::Text && format.size == 2 {
        let units = data.chunks_exact(2).map(|unit| format.bits(unit) as u16);
        char::decode_utf16(units)
            .map(|unit| unit.map_or_else(|lone| u32::from(lone.unpaired_surrogate()), u32::from))
            .map(|code_point| vm.new_char(code_point).into_object())
            .collect()
    } else {
        data.chunks_exact(format.size).map(|item| format.decode(vm, item)).collect()
    };
    let items = vm.new_list(items);
    extend_from(vm, this(array.borrow()), items.borrow().object())?;
    Ok(array)
}
