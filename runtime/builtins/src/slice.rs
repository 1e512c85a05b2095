//! `slice`, and what every sequence needs of one: positions that fit a length.

use crate::tuple::TupleHasher;
use bytecode::opcode::Comparison;
use num_bigint::BigInt;
use num_traits::{One, Signed, Zero};
use object::call::{Args, check_positional};
use object::cell::Visitor;
use object::exception;
use object::int;
use object::native::PayloadInfo;
use object::str::StrBuilder;
use object::{Getset, Member, Method, Object, Payload, PyResult, Ref, RefOf, Slots, Type, TypeSpec, Vm, method};

/// The payload of a `slice`.
pub struct Slice {
    pub start: Object,
    pub stop: Object,
    pub step: Object,
}

impl Payload for Slice {
    fn class() -> &'static Type {
        &SLICE
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        visitor.visit_all([&self.start, &self.stop, &self.step]);
    }
}

/// `slice`
pub static SLICE: Type = Type::new(&SLICE_SPEC);
static SLICE_SPEC: TypeSpec = TypeSpec {
    name: "slice",
    doc: "slice(stop)\nslice(start, stop[, step])\n\nCreate a slice object.\n\nThis is used for extended slicing (e.g. a[0:10:2]).",
    payload: PayloadInfo::of::<Slice>(),
    slots: Slots { new: Some(new_slice), repr: Some(repr), hash: Some(hash), compare: Some(compare), ..Slots::NONE },
    methods: METHODS,
    members: &[
        Member(Getset::readonly("start", "", |_, slice| Ok(this(slice).start.clone()))),
        Member(Getset::readonly("stop", "", |_, slice| Ok(this(slice).stop.clone()))),
        Member(Getset::readonly("step", "", |_, slice| Ok(this(slice).step.clone()))),
    ],
    ..TypeSpec::DEFAULT
};

const METHODS: &[Method] = &[
    method!(Binary indices "($self, object, /)", "S.indices(len) -> (start, stop, stride)\n\nAssuming a sequence of length len, calculate the start and stop\nindices, and the stride length of the extended slice described by\nS. Out of bounds indices are clipped in a manner consistent with the\nhandling of normal slices."),
    method!(Unary reduce as "__reduce__" "($self, /)", "Return state information for pickling."),
];

/// A slice fitted to a length: `count` positions from `start` on, `step` apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Positions {
    pub start: usize,
    /// Where the slice ends, as `list[start:stop] = ...` wants it; for a negative step it may be -1.
    pub stop: isize,
    pub step: isize,
    pub count: usize,
}

impl Positions {
    /// The positions in order.
    pub fn iter(self) -> impl ExactSizeIterator<Item = usize> + DoubleEndedIterator {
        (0..self.count).map(move |n| (self.start as isize).wrapping_add(self.step.wrapping_mul(n as isize)) as usize)
    }

    /// The same positions in ascending order.
    #[must_use]
    pub fn ascending(self) -> Positions {
        if self.step > 0 || self.count == 0 {
            return self;
        }
        let first = (self.start as isize).wrapping_add(self.step.wrapping_mul(self.count as isize - 1));
        Positions { start: first as usize, stop: self.start as isize + 1, step: self.step.wrapping_neg(), count: self.count }
    }
}

fn this(object: Ref<'_>) -> RefOf<'_, Slice> {
    object.downcast().expect("the method belongs to slices")
}

/// `slice(start, stop, step)`
pub fn new(vm: &Vm, start: Object, stop: Object, step: Object) -> Object {
    vm.allocate(Slice { start, stop, step }).into_object()
}

fn new_slice(vm: &mut Vm, _class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    check_positional(vm, "slice", args, 1, 3)?;
    let (start, stop, step) = match *args.positionals() {
        [stop] => (Ref::NONE, stop, Ref::NONE),
        [start, stop] => (start, stop, Ref::NONE),
        [start, stop, step, ..] => (start, stop, step),
        [] => (Ref::NONE, Ref::NONE, Ref::NONE),
    };
    Ok(new(vm, start.to_owned(), stop.to_owned(), step.to_owned()))
}

/// A bound of a slice: an index that takes the nearest value that fits.
pub fn bound(vm: &mut Vm, object: Ref<'_>) -> PyResult<isize> {
    if let Some(value) = object.as_small_int() {
        return Ok(value as isize);
    }
    if !int::is_int(object) && object.class().slots().index.is_none() {
        return Err(vm.type_error("slice indices must be integers or None or have an __index__ method"));
    }
    vm.index_clamped(object)
}

/// A bound given as an argument, to `list.index` for example, where `None` is not allowed.
pub fn argument_bound(vm: &mut Vm, object: Ref<'_>) -> PyResult<isize> {
    if let Some(value) = object.as_small_int() {
        return Ok(value as isize);
    }
    if !int::is_int(object) && object.class().slots().index.is_none() {
        return Err(vm.type_error("slice indices must be integers or have an __index__ method"));
    }
    vm.index_clamped(object)
}

/// A count or index given as an argument, as C's `Py_ssize_t`.
pub fn size_argument(vm: &mut Vm, object: Ref<'_>) -> PyResult<isize> {
    if let Some(value) = object.as_small_int() {
        return Ok(value as isize);
    }
    let index = vm.index(object)?;
    match int::as_i64(index.borrow()) {
        Some(value) => Ok(value as isize),
        None => Err(vm.overflow_error("Python int too large to convert to C ssize_t")),
    }
}

/// The start or stop of a search in `len` items: negative ones count from the end.
pub fn clamp_bound(bound: isize, len: usize) -> usize {
    if bound < 0 { bound.saturating_add(len as isize).max(0) as usize } else { (bound as usize).min(len) }
}

/// An index into a sequence; `IndexError` if it is too large for any.
pub fn item_index(vm: &mut Vm, key: Ref<'_>) -> PyResult<isize> {
    if let Some(value) = key.as_small_int() {
        return Ok(value as isize);
    }
    let index = vm.index(key)?;
    match int::as_i64(index.borrow()) {
        Some(value) => Ok(value as isize),
        None => Err(vm.raise(&object::exception::INDEX_ERROR, format!("cannot fit '{}' into an index-sized integer", key.class().full_name()))),
    }
}

/// The position of an index in `len` items; negative ones count from the end.
#[inline]
pub fn position(index: isize, len: usize) -> Option<usize> {
    let position = if index < 0 { index.wrapping_add(len as isize) } else { index };
    usize::try_from(position).ok().filter(|&position| position < len)
}

/// Start, stop and step of `key`, if it is a slice.
pub fn parts(_vm: &mut Vm, key: Ref<'_>) -> PyResult<Option<(Object, Object, Object)>> {
    Ok(key.downcast::<Slice>().map(|slice| (slice.start.clone(), slice.stop.clone(), slice.step.clone())))
}

/// Start, stop and step as numbers. Runs Python, so that lengths must be asked for afterwards.
pub fn unpack(vm: &mut Vm, slice: &Slice) -> PyResult<(isize, isize, isize)> {
    let step = if slice.step.borrow().is_none() { 1 } else { bound(vm, slice.step.borrow())? };
    if step == 0 {
        return Err(vm.value_error("slice step cannot be zero"));
    }
    // The least step is left out, so that the step can be negated.
    let step = step.max(-isize::MAX);
    let start = match slice.start.borrow() {
        start if !start.is_none() => bound(vm, start)?,
        _ if step < 0 => isize::MAX,
        _ => 0,
    };
    let stop = match slice.stop.borrow() {
        stop if !stop.is_none() => bound(vm, stop)?,
        _ if step < 0 => isize::MIN,
        _ => isize::MAX,
    };
    Ok((start, stop, step))
}

/// Fits what [`unpack`] gave to a length.
pub fn adjust((start, stop, step): (isize, isize, isize), len: usize) -> Positions {
    let len = len as isize;
    let (low, high) = if step < 0 { (-1, len - 1) } else { (0, len) };
    let fit = |bound: isize| if bound < 0 { bound.saturating_add(len).max(low) } else { bound.min(high) };
    let (start, stop) = (fit(start), fit(stop));
    let count = match step {
        _ if step > 0 && start < stop => (stop - start - 1) / step + 1,
        _ if step < 0 && stop < start => (start - stop - 1) / -step + 1,
        _ => 0,
    };
    Positions { start: start.max(0) as usize, stop, step, count: count as usize }
}

/// Fits a slice to a sequence whose length cannot change meanwhile.
pub fn resolve(vm: &mut Vm, slice: &Slice, len: usize) -> PyResult<Positions> {
    Ok(adjust(unpack(vm, slice)?, len))
}

fn repr(vm: &mut Vm, slice: Ref<'_>) -> PyResult {
    let slice = this(slice);
    let mut text = StrBuilder::new();
    text.push_str("slice(");
    text.push_object(&*vm.repr(slice.start.borrow())?);
    text.push_str(", ");
    text.push_object(&*vm.repr(slice.stop.borrow())?);
    text.push_str(", ");
    text.push_object(&*vm.repr(slice.step.borrow())?);
    text.push_str(")");
    Ok(text.finish(vm).into_object())
}

fn hash(vm: &mut Vm, slice: Ref<'_>) -> PyResult<i64> {
    let slice = this(slice);
    let mut hasher = TupleHasher::new();
    for part in [&slice.start, &slice.stop, &slice.step] {
        hasher.add(vm.hash(part.borrow())?);
    }
    Ok(hasher.finish_without_length())
}

fn compare(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>, op: Comparison) -> PyResult {
    let (Some(a), Some(b)) = (left.downcast::<Slice>(), right.downcast::<Slice>()) else { return Ok(Object::not_implemented()) };
    if left.is(right) {
        return Ok(Object::bool(matches!(op, Comparison::Equal | Comparison::LessEqual | Comparison::GreaterEqual)));
    }
    let a = vm.new_tuple([a.start.clone(), a.stop.clone(), a.step.clone()]);
    let b = vm.new_tuple([b.start.clone(), b.stop.clone(), b.step.clone()]);
    vm.compare(a.borrow().object(), b.borrow().object(), op)
}

fn reduce(vm: &mut Vm, slice: Ref<'_>) -> PyResult {
    let parts = this(slice);
    let parts = vm.new_tuple([parts.start.clone(), parts.stop.clone(), parts.step.clone()]).into_object();
    Ok(vm.new_tuple([slice.class().to_object(), parts]).into_object())
}

/// A bound as a whole number of any size.
fn long_bound(vm: &mut Vm, object: Ref<'_>) -> PyResult<BigInt> {
    if !int::is_int(object) && object.class().slots().index.is_none() {
        return Err(vm.type_error("slice indices must be integers or None or have an __index__ method"));
    }
    let index = vm.index(object)?;
    Ok(int::to_bigint(index.borrow()).map(|value| value.into_owned()).unwrap_or_default())
}

/// `slice.indices(len)`
fn indices(vm: &mut Vm, slice: Ref<'_>, len: Ref<'_>) -> PyResult {
    let len = vm.index(len)?;
    let len = int::to_bigint(len.borrow()).map(|value| value.into_owned()).unwrap_or_default();
    if len.is_negative() {
        return Err(vm.value_error("length should not be negative"));
    }
    let parts = long_indices(vm, this(slice).get(), len)?.map(|part| vm.new_bigint(part));
    Ok(vm.new_tuple(parts).into_object())
}

/// Start, stop and step of a slice fitted to a length of any size.
pub fn long_indices(vm: &mut Vm, slice: &Slice, len: BigInt) -> PyResult<[BigInt; 3]> {
    let step = if slice.step.borrow().is_none() { BigInt::one() } else { long_bound(vm, slice.step.borrow())? };
    if step.is_zero() {
        return Err(vm.value_error("slice step cannot be zero"));
    }
    let (low, high) = if step.is_negative() { (BigInt::from(-1), &len - 1) } else { (BigInt::zero(), len.clone()) };
    let mut fit = |bound: Ref<'_>, default: &BigInt| -> PyResult<BigInt> {
        if bound.is_none() {
            return Ok(default.clone());
        }
        let bound = long_bound(vm, bound)?;
        Ok(if bound.is_negative() { (bound + &len).max(low.clone()) } else { bound.min(high.clone()) })
    };
    let (first, last) = if step.is_negative() { (&high, &low) } else { (&low, &high) };
    let start = fit(slice.start.borrow(), first)?;
    let stop = fit(slice.stop.borrow(), last)?;
    Ok([start, stop, step])
}

/// The error of a key that is neither an index nor a slice: `what` is "list indices".
#[cold]
pub fn bad_key(vm: &mut Vm, what: &str, key: Ref<'_>) -> object::vm::Raised {
    vm.raise(&exception::TYPE_ERROR, format!("{what} must be integers or slices, not {}", key.class().full_name()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_fit_lengths() {
        let fit = |start, stop, step, len| {
            let positions = adjust((start, stop, step), len);
            (positions.start, positions.count, positions.iter().collect::<Vec<_>>())
        };
        assert_eq!(fit(1, 4, 1, 10), (1, 3, vec![1, 2, 3]));
        assert_eq!(fit(isize::MAX, isize::MIN, -2, 5), (4, 3, vec![4, 2, 0]));
        assert_eq!(fit(-3, isize::MAX, 1, 5), (2, 3, vec![2, 3, 4]));
        assert_eq!(fit(5, 2, 1, 10), (5, 0, vec![]));
        assert_eq!(adjust((isize::MAX, isize::MIN, -2), 5).ascending().iter().collect::<Vec<_>>(), [0, 2, 4]);
    }
}
