//! The kinds of items an array can have.

use num_traits::ToPrimitive;
use object::flat::{FlatKind, ItemForm};
use object::str::Str;
use object::{Object, PyResult, Ref, Vm, int};

/// A kind of item.
pub(super) struct Kind {
    /// Python's name for it.
    pub code: u8,
    /// Bytes of an item.
    pub size: usize,
}

/// All kinds, in the order of `array.typecodes`.
pub(super) static ALL: [Kind; 14] = [
    Kind { code: b'b', size: 1 },
    Kind { code: b'B', size: 1 },
    Kind { code: b'u', size: 4 },
    Kind { code: b'w', size: 4 },
    Kind { code: b'h', size: 2 },
    Kind { code: b'H', size: 2 },
    Kind { code: b'i', size: 4 },
    Kind { code: b'I', size: 4 },
    Kind { code: b'l', size: 8 },
    Kind { code: b'L', size: 8 },
    Kind { code: b'q', size: 8 },
    Kind { code: b'Q', size: 8 },
    Kind { code: b'f', size: 4 },
    Kind { code: b'd', size: 8 },
];

/// The same for compiled code.
pub(super) static FLAT: [FlatKind; 14] = [
    FlatKind::new(Some(ItemForm::Int8)),
    FlatKind::new(Some(ItemForm::UInt8)),
    FlatKind::new(None),
    FlatKind::new(None),
    FlatKind::new(Some(ItemForm::Int16)),
    FlatKind::new(Some(ItemForm::UInt16)),
    FlatKind::new(Some(ItemForm::Int32)),
    FlatKind::new(Some(ItemForm::UInt32)),
    FlatKind::new(Some(ItemForm::Int64)),
    FlatKind::new(None),
    FlatKind::new(Some(ItemForm::Int64)),
    FlatKind::new(None),
    FlatKind::new(None),
    FlatKind::new(Some(ItemForm::Double)),
];

/// The character of an item of a text array.
pub(super) fn code_point(item: &[u8]) -> u32 {
    u32::from_ne_bytes(item.try_into().unwrap_or([0; 4]))
}

/// What an int that is out of range is told, and the limits of the C types that have wording of
/// their own.
struct Wording {
    too_small: &'static str,
    too_large: &'static str,
}

impl Kind {
    pub(super) fn of(code: u32) -> Option<&'static Kind> {
        ALL.iter().find(|kind| u32::from(kind.code) == code)
    }

    pub(super) fn is_text(&self) -> bool {
        matches!(self.code, b'u' | b'w')
    }

    pub(super) fn is_float(&self) -> bool {
        matches!(self.code, b'f' | b'd')
    }

    pub(super) fn is_signed(&self) -> bool {
        self.code.is_ascii_lowercase()
    }

    /// The notation of the buffer protocol.
    pub(super) fn buffer_format(&self) -> &'static str {
        const NAMES: &str = "bBuwhHiIlLqQfd";
        let index = NAMES.bytes().position(|code| code == self.code).unwrap_or(0);
        &NAMES[index..=index]
    }

    /// CPython's number for the format of items in pickles.
    pub(super) fn machine_format(&self) -> i64 {
        let big = i64::from(cfg!(target_endian = "big"));
        match (self.code, self.size) {
            (b'f', _) => 14 + big,
            (b'd', _) => 16 + big,
            (b'u' | b'w', _) => 20 + big,
            (_, 1) => i64::from(self.is_signed()),
            (_, 2) => 2 + 2 * i64::from(self.is_signed()) + big,
            (_, 4) => 6 + 2 * i64::from(self.is_signed()) + big,
            _ => 10 + 2 * i64::from(self.is_signed()) + big,
        }
    }

    /// The object of an item's bytes.
    pub(super) fn decode(&self, vm: &Vm, item: &[u8]) -> Object {
        let bits = match *item {
            [byte] => u64::from(byte),
            [a, b] => u64::from(u16::from_ne_bytes([a, b])),
            [a, b, c, d] => u64::from(u32::from_ne_bytes([a, b, c, d])),
            [a, b, c, d, e, f, g, h] => u64::from_ne_bytes([a, b, c, d, e, f, g, h]),
            _ => unreachable!("items have 1, 2, 4 or 8 bytes"),
        };
        match self.code {
            b'u' | b'w' => vm.new_char((bits as u32).min(0x10_FFFF)).into_object(),
            b'f' => vm.new_float(f32::from_bits(bits as u32).into()),
            b'd' => vm.new_float(f64::from_bits(bits)),
            _ if self.is_signed() => {
                let unused = 64 - 8 * self.size as u32;
                vm.new_int((bits << unused) as i64 >> unused)
            }
            _ => vm.new_uint(bits),
        }
    }

    /// The bytes of an item, in as many as the kind has.
    pub(super) fn encode(&self, vm: &mut Vm, value: Ref<'_>) -> PyResult<[u8; 8]> {
        let bits = match self.code {
            b'u' | b'w' => u64::from(self.character(vm, value)?),
            b'f' => u64::from((vm.to_float(value)? as f32).to_bits()),
            b'd' => vm.to_float(value)?.to_bits(),
            _ => self.int_bits(vm, value)?,
        };
        Ok(if cfg!(target_endian = "big") { (bits << (64 - 8 * self.size)).to_be_bytes() } else { bits.to_le_bytes() })
    }

    fn character(&self, vm: &mut Vm, value: Ref<'_>) -> PyResult<u32> {
        let Some(text) = value.downcast::<Str>() else {
            return Err(vm.type_error(format!("array item must be a unicode character, not {}", value.class().full_name())));
        };
        if text.len() != 1 {
            return Err(vm.type_error(format!("array item must be a unicode character, not a string of length {}", text.len())));
        }
        Ok(text.char_at(0))
    }

    fn wording(&self) -> Wording {
        let (too_small, too_large) = match self.code {
            b'b' => ("signed char is less than minimum", "signed char is greater than maximum"),
            b'B' => ("unsigned byte integer is less than minimum", "unsigned byte integer is greater than maximum"),
            b'h' => ("signed short integer is less than minimum", "signed short integer is greater than maximum"),
            b'H' => ("unsigned short is less than minimum", "unsigned short is greater than maximum"),
            b'i' => ("signed integer is less than minimum", "signed integer is greater than maximum"),
            b'I' => ("can't convert negative value to unsigned int", "unsigned int is greater than maximum"),
            b'l' => ("Python int too large to convert to C long", "Python int too large to convert to C long"),
            b'L' => ("can't convert negative value to unsigned int", "Python int too large to convert to C unsigned long"),
            b'q' => ("int too big to convert", "int too big to convert"),
            _ => ("can't convert negative int to unsigned", "int too big to convert"),
        };
        Wording { too_small, too_large }
    }

    fn int_bits(&self, vm: &mut Vm, value: Ref<'_>) -> PyResult<u64> {
        let number = vm.index(value)?;
        let wide = match number.borrow().as_small_int() {
            Some(number) => Some(i128::from(number)),
            None => int::to_bigint(number.borrow()).and_then(|number| number.to_i128()),
        };
        let bits = 8 * self.size as u32;
        let (low, high) = if self.is_signed() { (-(1i128 << (bits - 1)), (1i128 << (bits - 1)) - 1) } else { (0, (1i128 << bits) - 1) };
        match wide {
            Some(wide) if (low..=high).contains(&wide) => Ok(wide as u64),
            _ => {
                let wording = self.wording();
                let message = if int::is_negative(number.borrow()) { wording.too_small } else { wording.too_large };
                Err(vm.overflow_error(message))
            }
        }
    }
}
