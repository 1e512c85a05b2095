//! Values to bytes.
//!
//! From version 3 on, a value that is met again is written as a reference to its first occurrence.
//! A value that has one owner is certain not to be met again, and is not entered into the table.

use super::{CODE, DEPTH_LIMIT, FLAG_REF};
use interp::CodeObject;
use num_bigint::{BigInt, Sign};
use object::dict::Dict;
use object::list::List;
use object::str::Str;
use object::tuple::Tuple;
use object::{Object, PyResult, Raised, Ref, Vm};
use std::collections::HashMap;

/// The marshalled form of a value.
pub(super) fn dumps(vm: &mut Vm, value: Ref<'_>, version: i32, allow_code: bool) -> PyResult<Vec<u8>> {
    let mut writer = Writer { out: Vec::new(), version, allow_code, depth: 0, seen: HashMap::new(), kept: Vec::new(), open: Vec::new() };
    writer.object(vm, value, 1)?;
    Ok(writer.out)
}

struct Writer {
    out: Vec<u8>,
    version: i32,
    allow_code: bool,
    depth: u32,
    /// The number of each value that may be referred to.
    seen: HashMap<u64, u32>,
    /// The same values: a word must not be used again for another object meanwhile.
    kept: Vec<Object>,
    /// Slices and frozen sets that are being written: they cannot be read back as parts of themselves.
    open: Vec<u64>,
}

fn unmarshallable(vm: &mut Vm) -> Raised {
    vm.value_error("unmarshallable object")
}

impl Writer {
    fn byte(&mut self, byte: u8) {
        self.out.push(byte);
    }

    fn long(&mut self, value: i32) {
        self.out.extend(value.to_le_bytes());
    }

    fn size(&mut self, vm: &mut Vm, size: usize) -> PyResult<()> {
        let Ok(size) = i32::try_from(size) else { return Err(unmarshallable(vm)) };
        self.long(size);
        Ok(())
    }

    fn blob(&mut self, vm: &mut Vm, bytes: &[u8]) -> PyResult<()> {
        self.size(vm, bytes.len())?;
        self.out.extend(bytes);
        Ok(())
    }

    /// A number as text, as versions 0 and 1 have it.
    fn float_text(&mut self, value: f64) {
        let text = object::float::repr_without_zero(value);
        self.byte(text.len() as u8);
        self.out.extend(text.bytes());
    }

    fn float(&mut self, value: f64) {
        if self.version > 1 { self.out.extend(value.to_bits().to_le_bytes()) } else { self.float_text(value) }
    }

    /// Writes one value. `owners`: how many references to it are known to come from the walk.
    fn object(&mut self, vm: &mut Vm, value: Ref<'_>, owners: u32) -> PyResult<()> {
        if self.depth >= DEPTH_LIMIT {
            return Err(vm.value_error("object too deeply nested to marshal"));
        }
        vm.check_stack("")?;
        if let Some(code) = constant_code(value) {
            self.byte(code);
            return Ok(());
        }
        let mut flag = 0;
        if self.version >= 3 && value.address().is_some() {
            if let Some(&index) = self.seen.get(&value.bits()) {
                if self.open.contains(&value.bits()) {
                    return Err(unmarshallable(vm));
                }
                self.byte(b'r');
                self.long(index as i32);
                return Ok(());
            }
            if value.is_immortal() || value.refcount() > owners {
                self.seen.insert(value.bits(), self.kept.len() as u32);
                self.kept.push(value.to_owned());
                flag = FLAG_REF;
            }
        }
        self.depth += 1;
        let result = self.complex_object(vm, value, flag);
        self.depth -= 1;
        result
    }

    fn complex_object(&mut self, vm: &mut Vm, value: Ref<'_>, flag: u8) -> PyResult<()> {
        let class = value.class();
        if object::int::is_int(value) && class.object().is(object::int::INT.object()) {
            self.int(vm, value, flag)
        } else if class.object().is(object::float::FLOAT.object()) {
            self.byte(if self.version > 1 { b'g' } else { b'f' } | flag);
            self.float(object::float::value(value).unwrap_or_default());
            Ok(())
        } else if let Some(text) = value.downcast_exact::<Str>() {
            self.text(vm, text.get(), flag)
        } else if let Some(tuple) = value.downcast_exact::<Tuple>() {
            let n = tuple.len();
            if self.version >= 4 && n < 256 {
                self.byte(b')' | flag);
                self.byte(n as u8);
            } else {
                self.byte(b'(' | flag);
                self.size(vm, n)?;
            }
            tuple.items().iter().try_for_each(|&item| self.object(vm, item, 1))
        } else if let Some(list) = value.downcast_exact::<List>() {
            let items = list.items(vm).to_vec();
            self.byte(b'[' | flag);
            self.items(vm, &items)
        } else if let Some(dict) = value.downcast_exact::<Dict>() {
            self.byte(b'{' | flag);
            for (key, item) in dict.items_snapshot(vm) {
                self.object(vm, key.borrow(), 2)?;
                self.object(vm, item.borrow(), 2)?;
            }
            self.byte(b'0');
            Ok(())
        } else if let Some(code) = value.downcast_exact::<CodeObject>() {
            self.code(vm, code.get(), flag)
        } else {
            self.rare_object(vm, value, flag)
        }
    }

    fn rare_object(&mut self, vm: &mut Vm, value: Ref<'_>, flag: u8) -> PyResult<()> {
        if let Some(pair) = builtins::complex::value(value).filter(|_| value.is_exactly(&builtins::complex::COMPLEX)) {
            self.byte(if self.version > 1 { b'y' } else { b'x' } | flag);
            self.float(pair.0);
            self.float(pair.1);
            return Ok(());
        }
        let is_frozen = value.is_exactly(&builtins::set::FROZEN_SET);
        if is_frozen || value.is_exactly(&builtins::set::SET) {
            self.byte(if is_frozen { b'>' } else { b'<' } | flag);
            self.open.extend(is_frozen.then_some(value.bits()));
            let result = self.set(vm, value);
            self.open.retain(|&open| open != value.bits());
            return result;
        }
        if value.is_exactly(&builtins::slice::SLICE) {
            let Some((start, stop, step)) = builtins::slice::parts(vm, value)?.filter(|_| self.version >= 5) else {
                return Err(unmarshallable(vm));
            };
            self.byte(b':' | flag);
            self.open.push(value.bits());
            let result = [start, stop, step].iter().try_for_each(|part| self.object(vm, part.borrow(), 2));
            self.open.retain(|&open| open != value.bits());
            return result;
        }
        if !vm.has_buffer(value) {
            return Err(unmarshallable(vm));
        }
        let Ok(buffer) = vm.buffer(value) else {
            drop(vm.take_raised());
            return Err(unmarshallable(vm));
        };
        let data = buffer.bytes(vm).to_vec();
        self.byte(b's' | flag);
        self.blob(vm, &data)
    }

    fn items(&mut self, vm: &mut Vm, items: &[Object]) -> PyResult<()> {
        self.size(vm, items.len())?;
        items.iter().try_for_each(|item| self.object(vm, item.borrow(), 2))
    }

    fn int(&mut self, vm: &mut Vm, value: Ref<'_>, flag: u8) -> PyResult<()> {
        if let Some(small) = object::int::as_i64(value).and_then(|value| i32::try_from(value).ok()) {
            self.byte(b'i' | flag);
            self.long(small);
            return Ok(());
        }
        self.byte(b'l' | flag);
        let value = object::int::to_bigint(value).map(|value| value.into_owned()).unwrap_or_default();
        let digits = digits_of(&value);
        let Ok(n) = i32::try_from(digits.len()) else { return Err(unmarshallable(vm)) };
        self.long(if value.sign() == Sign::Minus { -n } else { n });
        self.out.extend(digits.into_iter().flat_map(u16::to_le_bytes));
        Ok(())
    }

    fn text(&mut self, vm: &mut Vm, text: &Str, flag: u8) -> PyResult<()> {
        if self.version >= 4 && text.is_ascii() {
            let is_short = text.len() < 256;
            self.byte(
                flag | match (is_short, text.is_interned()) {
                    (true, true) => b'Z',
                    (true, false) => b'z',
                    (false, true) => b'A',
                    (false, false) => b'a',
                },
            );
            if !is_short {
                return self.blob(vm, text.raw());
            }
            self.byte(text.len() as u8);
            self.out.extend(text.raw());
            return Ok(());
        }
        self.byte(if self.version >= 3 && text.is_interned() { b't' } else { b'u' } | flag);
        let encoded = text.to_wtf8().into_owned();
        self.blob(vm, encoded.as_bytes())
    }

    /// The elements in the order of their marshalled forms, so that equal sets come out the same.
    fn set(&mut self, vm: &mut Vm, value: Ref<'_>) -> PyResult<()> {
        let Some(core) = builtins::set::core(value) else { return Err(unmarshallable(vm)) };
        let mut elements = Vec::new();
        let n = core.len(vm);
        for element in core.snapshot(vm) {
            let key = dumps(vm, element.borrow(), self.version, self.allow_code)?;
            if core.len(vm) != n {
                return Err(vm.runtime_error("set changed size during iteration"));
            }
            elements.push((key, element));
        }
        elements.sort_by(|left, right| left.0.cmp(&right.0));
        self.size(vm, elements.len())?;
        elements.iter().try_for_each(|(_, element)| self.object(vm, element.borrow(), 2))
    }

    fn code(&mut self, vm: &mut Vm, code: &CodeObject, flag: u8) -> PyResult<()> {
        if !self.allow_code {
            return Err(vm.value_error("marshalling code objects is disallowed"));
        }
        let Some(data) = interp::code::plain_data(vm, code) else { return Err(unmarshallable(vm)) };
        self.byte(CODE | flag);
        self.blob(vm, &bytecode::marshal::dump_code(&data))
    }
}

/// The type code of a value that is nothing but its type code.
fn constant_code(value: Ref<'_>) -> Option<u8> {
    Some(if value.is_none() {
        b'N'
    } else if value.is_true() {
        b'T'
    } else if value.is_false() {
        b'F'
    } else if value.is(Ref::ELLIPSIS) {
        b'.'
    } else if value.is(object::exception::STOP_ITERATION.object()) {
        b'S'
    } else {
        return None;
    })
}

/// The magnitude in base 2**15, lowest digit first.
fn digits_of(value: &BigInt) -> Vec<u16> {
    let bytes = value.magnitude().to_bytes_le();
    let (mut digits, mut bits, mut n_bits) = (Vec::with_capacity(bytes.len() * 8 / 15 + 1), 0u32, 0);
    for byte in bytes {
        bits |= u32::from(byte) << n_bits;
        n_bits += 8;
        if n_bits >= 15 {
            digits.push((bits & 0x7fff) as u16);
            bits >>= 15;
            n_bits -= 15;
        }
    }
    if bits != 0 {
        digits.push(bits as u16);
    }
    while digits.last() == Some(&0) {
        digits.pop();
    }
    digits
}
