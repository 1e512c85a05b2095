//! Builtin functions of numbers: `abs`, `bin`, `divmod`, `hex`, `oct`, `pow`, `round`, `sum`.

use crate::complex::{self, COMPLEX};
use bytecode::opcode::BinaryOp;
use object::exception;
use object::float::{self, FLOAT};
use object::int::{self, INT};
use object::list::List;
use object::str::names;
use object::tuple::Tuple;
use object::{Object, PyResult, Ref, Vm};

pub(super) fn abs(vm: &mut Vm, _module: Ref<'_>, number: Ref<'_>) -> PyResult {
    vm.absolute(number)
}

/// The digits of an int behind a prefix.
fn to_base(vm: &mut Vm, number: Ref<'_>, radix: u32, prefix: &str) -> PyResult {
    let number = vm.index(number)?;
    if let Some(small) = number.borrow().as_small_int() {
        let mut text = [0; 2 + 64 + 1];
        let mut start = text.len();
        let mut rest = small.unsigned_abs();
        loop {
            start -= 1;
            text[start] = b"0123456789abcdef"[(rest % u64::from(radix)) as usize];
            rest /= u64::from(radix);
            if rest == 0 {
                break;
            }
        }
        start -= prefix.len();
        text[start..][..prefix.len()].copy_from_slice(prefix.as_bytes());
        if small < 0 {
            start -= 1;
            text[start] = b'-';
        }
        return Ok(vm.new_str_latin1(&text[start..]).into_object());
    }
    let value = int::to_bigint(number.borrow()).map(|value| value.into_owned()).unwrap_or_default();
    let sign = if value.sign() == num_bigint::Sign::Minus { "-" } else { "" };
    let text = format!("{sign}{prefix}{}", value.magnitude().to_str_radix(radix));
    Ok(vm.new_str(&text).into_object())
}

pub(super) fn bin(vm: &mut Vm, _module: Ref<'_>, number: Ref<'_>) -> PyResult {
    to_base(vm, number, 2, "0b")
}

pub(super) fn oct(vm: &mut Vm, _module: Ref<'_>, number: Ref<'_>) -> PyResult {
    to_base(vm, number, 8, "0o")
}

pub(super) fn hex(vm: &mut Vm, _module: Ref<'_>, number: Ref<'_>) -> PyResult {
    to_base(vm, number, 16, "0x")
}

pub(super) fn divmod(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    div_mod(vm, args[0].expect("a required argument"), args[1].expect("a required argument"))
}

/// `divmod(left, right)`
pub fn div_mod(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>) -> PyResult {
    let plain = |object: Ref<'_>| object.as_small_int().is_some() || object.is_exactly(&INT) || object.is_exactly(&FLOAT);
    if plain(left)
        && plain(right)
        && let Some(pair) = div_mod_of_numbers(vm, left, right)?
    {
        return Ok(pair);
    }
    let reflected = !std::ptr::eq(left.class(), right.class());
    let right_first = reflected && right.class().is_subclass_of(left.class()) && overrides(left, right);
    let mut attempts = vec![(left, right, names::__divmod__())];
    if reflected {
        attempts.insert(usize::from(!right_first), (right, left, names::__rdivmod__()));
    }
    for (this, other, name) in attempts {
        if let Some(method) = vm.lookup_special(this, name)? {
            let result = vm.call(method.borrow(), &[other])?;
            if !result.borrow().is_not_implemented() {
                return Ok(result);
            }
        }
    }
    Err(vm.type_error(format!("unsupported operand type(s) for divmod(): '{}' and '{}'", left.class().full_name(), right.class().full_name())))
}

/// Whether the right operand's class has a reflected method of its own.
fn overrides(left: Ref<'_>, right: Ref<'_>) -> bool {
    match (left.class().lookup(names::__rdivmod__()), right.class().lookup(names::__rdivmod__())) {
        (Some(left), Some(right)) => !left.is(right),
        (None, Some(_)) => true,
        _ => false,
    }
}

/// `divmod` of ints and floats and instances of their subclasses; `None` if an operand is neither.
pub fn div_mod_of_numbers(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>) -> PyResult<Option<Object>> {
    if let Some((quotient, rest)) = int::div_mod(vm, left, right)? {
        return Ok(Some(vm.new_tuple([quotient, rest]).into_object()));
    }
    let number = |object: Ref<'_>| float::value(object).is_some() || int::is_int(object);
    if !number(left) || !number(right) {
        return Ok(None);
    }
    let (left, right) = (vm.to_float(left)?, vm.to_float(right)?);
    if right == 0.0 {
        return Err(vm.raise(&exception::ZERO_DIVISION_ERROR, "division by zero"));
    }
    let (quotient, rest) = float::div_mod(left, right);
    let pair = [vm.new_float(quotient), vm.new_float(rest)];
    Ok(Some(vm.new_tuple(pair).into_object()))
}

pub(super) fn pow(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    vm.power(args[0].expect("a required argument"), args[1].expect("a required argument"), args[2])
}

pub(super) fn round(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let number = args[0].expect("a required argument");
    let Some(method) = vm.lookup_special(number, names::__round__())? else {
        return Err(vm.type_error(format!("type {} doesn't define __round__ method", number.class().full_name())));
    };
    match args[1].filter(|digits| !digits.is_none()) {
        Some(digits) => vm.call(method.borrow(), &[digits]),
        None => vm.call(method.borrow(), &[]),
    }
}

pub(super) fn sum(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let iterable = args[0].expect("a required argument");
    if args[1].is_none()
        && let Some(sum) = sum_of_words(vm, iterable)
    {
        return Ok(vm.new_int(sum));
    }
    let iterator = vm.iter(iterable)?;
    let start = args[1].map_or(Object::small_int(0), Ref::to_owned);
    for (class, what) in [
        (&object::str::STR, "strings [use ''.join(seq) instead]"),
        (&object::bytes::BYTES, "bytes [use b''.join(seq) instead]"),
        (&object::bytes::BYTEARRAY, "bytearray [use b''.join(seq) instead]"),
    ] {
        if start.borrow().is_instance_of(class) {
            return Err(vm.type_error(format!("sum() can't sum {what}")));
        }
    }
    sum_from(vm, iterator.borrow(), start)
}

/// An exact int or a bool that fits the word.
fn plain_small_int(object: Ref<'_>) -> Option<i64> {
    object.as_small_int().or_else(|| object.as_bool().map(i64::from))
}

/// The sum of a list or tuple of ints, if all and their sums fit a word.
fn sum_of_words(vm: &Vm, iterable: Ref<'_>) -> Option<i64> {
    let add = |sum: i64, item: Ref<'_>| sum.checked_add(item.as_small_int()?);
    if let Some(list) = iterable.downcast_exact::<List>() {
        return list.get().items(vm).iter().try_fold(0, |sum, item| add(sum, item.borrow()));
    }
    iterable.downcast_exact::<Tuple>()?.get().items().iter().try_fold(0, |sum, &item| add(sum, item))
}

/// Adds up what is left of an iterator: ints as words as long as they fit, then floats with
/// compensation, then anything.
fn sum_from(vm: &mut Vm, iterator: Ref<'_>, start: Object) -> PyResult {
    let mut total = start;
    if let Some(mut sum) = total.borrow().as_small_int() {
        loop {
            let Some(item) = vm.next(iterator)? else { return Ok(vm.new_int(sum)) };
            match plain_small_int(item.borrow()).and_then(|item| sum.checked_add(item)) {
                Some(next) => sum = next,
                None => {
                    let so_far = vm.new_int(sum);
                    total = vm.binary(BinaryOp::Add, so_far.borrow(), item.borrow())?;
                    break;
                }
            }
        }
    }
    if total.borrow().is_exactly(&FLOAT) {
        match sum_floats(vm, iterator, float::value(total.borrow()).unwrap_or(0.0))? {
            (so_far, Some(item)) => total = vm.binary(BinaryOp::Add, so_far.borrow(), item.borrow())?,
            (sum, None) => return Ok(sum),
        }
    }
    if total.borrow().is_exactly(&COMPLEX) {
        match sum_complexes(vm, iterator, complex::value(total.borrow()).unwrap_or_default())? {
            (so_far, Some(item)) => total = vm.binary(BinaryOp::Add, so_far.borrow(), item.borrow())?,
            (sum, None) => return Ok(sum),
        }
    }
    while let Some(item) = vm.next(iterator)? {
        total = vm.binary(BinaryOp::Add, total.borrow(), item.borrow())?;
    }
    Ok(total)
}

/// A sum with what rounding took from it.
struct Compensated {
    sum: f64,
    compensation: f64,
}

impl Compensated {
    fn add(&mut self, value: f64) {
        let total = self.sum + value;
        self.compensation += if self.sum.abs() >= value.abs() { (self.sum - total) + value } else { (value - total) + self.sum };
        self.sum = total;
    }

    fn value(&self) -> f64 {
        // An infinite sum has a compensation that is not a number.
        if self.compensation != 0.0 && self.compensation.is_finite() { self.sum + self.compensation } else { self.sum }
    }
}

/// As [`sum_floats`], for complex numbers.
fn sum_complexes(vm: &mut Vm, iterator: Ref<'_>, start: (f64, f64)) -> PyResult<(Object, Option<Object>)> {
    let mut real = Compensated { sum: start.0, compensation: 0.0 };
    let mut imaginary = Compensated { sum: start.1, compensation: 0.0 };
    let rest = loop {
        let Some(item) = vm.next(iterator)? else { break None };
        if item.borrow().is_exactly(&COMPLEX) {
            let (re, im) = complex::value(item.borrow()).unwrap_or_default();
            real.add(re);
            imaginary.add(im);
        } else if item.borrow().is_exactly(&FLOAT) {
            real.add(float::value(item.borrow()).unwrap_or(0.0));
        } else if let Some(value) = plain_small_int(item.borrow()) {
            real.add(value as f64);
        } else {
            break Some(item);
        }
    };
    Ok((complex::new_complex(vm, real.value(), imaginary.value()), rest))
}

/// Neumaier's sum. Returns with the item that is no float or small int, if one comes.
fn sum_floats(vm: &mut Vm, iterator: Ref<'_>, start: f64) -> PyResult<(Object, Option<Object>)> {
    let mut sum = Compensated { sum: start, compensation: 0.0 };
    let rest = loop {
        let Some(item) = vm.next(iterator)? else { break None };
        if item.borrow().is_exactly(&FLOAT) {
            sum.add(float::value(item.borrow()).unwrap_or(0.0));
        } else if let Some(value) = plain_small_int(item.borrow()) {
            sum.add(value as f64);
        } else {
            break Some(item);
        }
    };
    Ok((vm.new_float(sum.value()), rest))
}
