//! `range` and its iterators.
//!
//! A range of small ints is iterated and searched as machine words; any other goes by arithmetic
//! on big ints.

use crate::iterators::builtin;
use crate::slice::{self, Slice};
use crate::tuple::TupleHasher;
use bytecode::opcode::Comparison;
use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::{One, Signed, Zero};
use object::call::{Args, check_positional};
use object::cell::{Visitor, VmCell};
use object::int;
use object::native::{PayloadInfo, flag};
use object::protocol::iter_self;
use object::{Getset, Member, Method, Object, Payload, PyResult, Ref, RefOf, Slots, Type, TypeSpec, Vm, method};
use std::cell::Cell;

/// The payload of a `range`: exact ints.
pub struct Range {
    pub start: Object,
    pub stop: Object,
    pub step: Object,
    pub length: Object,
}

impl Payload for Range {
    fn class() -> &'static Type {
        &RANGE
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        visitor.visit_all([&self.start, &self.stop, &self.step, &self.length]);
    }
}

/// `range`
pub static RANGE: Type = Type::new(&RANGE_SPEC);
static RANGE_SPEC: TypeSpec = TypeSpec {
    name: "range",
    doc: "range(stop) -> range object\nrange(start, stop[, step]) -> range object\n\nReturn an object that produces a sequence of integers from start (inclusive)\nto stop (exclusive) by step.  range(i, j) produces i, i+1, i+2, ..., j-1.\nstart defaults to 0, and stop is omitted!  range(4) produces 0, 1, 2, 3.\nThese are exactly the valid indices for a list of 4 elements.\nWhen step is given, it specifies the increment (or decrement).",
    flags: flag::SEQUENCE,
    payload: PayloadInfo::of::<Range>(),
    slots: Slots {
        new: Some(new_range),
        repr: Some(repr),
        hash: Some(hash),
        compare: Some(compare),
        len: Some(len),
        getitem: Some(get_item),
        contains: Some(contains),
        bool: Some(|_, range| Ok(!is_zero(this(range).length.borrow()))),
        iter: Some(iter),
        ..Slots::NONE
    },
    methods: METHODS,
    members: &[
        Member(Getset::readonly("start", "", |_, range| Ok(this(range).start.clone()))),
        Member(Getset::readonly("stop", "", |_, range| Ok(this(range).stop.clone()))),
        Member(Getset::readonly("step", "", |_, range| Ok(this(range).step.clone()))),
    ],
    ..TypeSpec::DEFAULT
};

const METHODS: &[Method] = &[
    method!(Unary reversed as "__reversed__" "($self, /)", "Return a reverse iterator."),
    method!(Unary reduce as "__reduce__" "($self, /)", ""),
    method!(Binary count "($self, object, /)", "rangeobject.count(value) -> integer -- return number of occurrences of value"),
    method!(Binary index "($self, object, /)", "rangeobject.index(value) -> integer -- return index of value.\nRaise ValueError if the value is not present."),
];

fn this(object: Ref<'_>) -> RefOf<'_, Range> {
    object.downcast().expect("the method belongs to ranges")
}

fn big(object: &Object) -> BigInt {
    int::to_bigint(object.borrow()).map(|value| value.into_owned()).unwrap_or_default()
}

fn is_zero(object: Ref<'_>) -> bool {
    object.as_small_int() == Some(0)
}

impl Range {
    /// Start, step and length, where all fit the word.
    #[inline]
    pub fn small(&self) -> Option<(i64, i64, i64)> {
        Some((self.start.borrow().as_small_int()?, self.step.borrow().as_small_int()?, self.length.borrow().as_small_int()?))
    }

    fn new(vm: &Vm, start: Object, stop: Object, step: Object) -> Range {
        let length = length_of(vm, &start, &stop, &step);
        Range { start, stop, step, length }
    }

    /// The item at an index that is in range.
    fn item(&self, vm: &Vm, index: &Object) -> Object {
        if let (Some((start, step, _)), Some(index)) = (self.small(), index.borrow().as_small_int())
            && let Some(item) = index.checked_mul(step).and_then(|offset| start.checked_add(offset))
        {
            return vm.new_int(item);
        }
        vm.new_bigint(big(&self.start) + big(index) * big(&self.step))
    }

    /// Which item an int is.
    fn position(&self, vm: &Vm, value: Ref<'_>) -> Option<Object> {
        if let (Some((start, step, length)), Some(Some(value))) = (self.small(), int::to_i64(value))
            && let Some(distance) = value.checked_sub(start)
        {
            let (index, rest) = (distance.checked_div(step)?, distance.checked_rem(step)?);
            return (rest == 0 && index >= 0 && index < length).then(|| Object::small_int(index));
        }
        let (index, rest) = (int::to_bigint(value)?.into_owned() - big(&self.start)).div_rem(&big(&self.step));
        (rest.is_zero() && !index.is_negative() && index < big(&self.length)).then(|| vm.new_bigint(index))
    }
}

/// How many numbers there are between small ints.
pub fn length_of_small(start: i64, stop: i64, step: i64) -> i64 {
    match step {
        _ if step > 0 && start < stop => (stop - start - 1) / step + 1,
        _ if step < 0 && start > stop => (start - stop - 1) / -step + 1,
        _ => 0,
    }
}

/// `range(start, stop, step)` of small ints.
pub fn new_small(vm: &Vm, start: i64, stop: i64, step: i64) -> Object {
    let [start, stop, step] = [start, stop, step].map(Object::small_int);
    vm.allocate(Range::new(vm, start, stop, step)).into_object()
}

fn length_of(vm: &Vm, start: &Object, stop: &Object, step: &Object) -> Object {
    if let (Some(start), Some(stop), Some(step)) = (start.borrow().as_small_int(), stop.borrow().as_small_int(), step.borrow().as_small_int()) {
        return vm.new_int(length_of_small(start, stop, step));
    }
    let (start, stop, step) = (big(start), big(stop), big(step));
    let length = if step.is_positive() && start < stop {
        Integer::div_floor(&(stop - start - 1i32), &step) + 1i32
    } else if step.is_negative() && start > stop {
        Integer::div_floor(&(start - stop - 1i32), &-step) + 1i32
    } else {
        BigInt::zero()
    };
    vm.new_bigint(length)
}

fn new_range(vm: &mut Vm, _class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    check_positional(vm, "range", args, 1, 3)?;
    let (start, stop, step) = match *args.positionals() {
        [stop] => (Object::small_int(0), vm.index(stop)?, Object::small_int(1)),
        [start, stop] => (vm.index(start)?, vm.index(stop)?, Object::small_int(1)),
        [start, stop, step, ..] => (vm.index(start)?, vm.index(stop)?, vm.index(step)?),
        [] => return Err(vm.type_error("range expected at least 1 argument, got 0")),
    };
    if is_zero(step.borrow()) {
        return Err(vm.value_error("range() arg 3 must not be zero"));
    }
    let range = Range::new(vm, start, stop, step);
    Ok(vm.allocate(range).into_object())
}

fn repr(vm: &mut Vm, range: Ref<'_>) -> PyResult {
    let range = this(range);
    let (start, stop) = (vm.repr_text(range.start.borrow())?, vm.repr_text(range.stop.borrow())?);
    let text = if range.step.borrow().as_small_int() == Some(1) {
        format!("range({start}, {stop})")
    } else {
        format!("range({start}, {stop}, {})", vm.repr_text(range.step.borrow())?)
    };
    Ok(vm.new_str(&text).into_object())
}

fn hash(vm: &mut Vm, range: Ref<'_>) -> PyResult<i64> {
    let range = this(range);
    let length = range.length.borrow().as_small_int();
    let mut hasher = TupleHasher::new();
    let start = if length == Some(0) { Ref::NONE } else { range.start.borrow() };
    let step = if matches!(length, Some(0 | 1)) { Ref::NONE } else { range.step.borrow() };
    for part in [range.length.borrow(), start, step] {
        hasher.add(vm.hash(part)?);
    }
    Ok(hasher.finish())
}

fn same_int(left: &Object, right: &Object) -> bool {
    left.borrow().is(right.borrow()) || (left.borrow().as_small_int().is_none() && big(left) == big(right))
}

fn compare(_vm: &mut Vm, left: Ref<'_>, right: Ref<'_>, op: Comparison) -> PyResult {
    let (Comparison::Equal | Comparison::NotEqual, Some(a), Some(b)) = (op, left.downcast::<Range>(), right.downcast::<Range>()) else {
        return Ok(Object::not_implemented());
    };
    let equal = same_int(&a.length, &b.length)
        && match a.length.borrow().as_small_int() {
            Some(0) => true,
            Some(1) => same_int(&a.start, &b.start),
            _ => same_int(&a.start, &b.start) && same_int(&a.step, &b.step),
        };
    Ok(Object::bool(equal == (op == Comparison::Equal)))
}

fn len(vm: &mut Vm, range: Ref<'_>) -> PyResult<usize> {
    match int::as_i64(this(range).length.borrow()) {
        Some(length) => Ok(length as usize),
        None => Err(vm.overflow_error("Python int too large to convert to C ssize_t")),
    }
}

fn get_item(vm: &mut Vm, range: Ref<'_>, key: Ref<'_>) -> PyResult {
    let range = this(range);
    if let Some(slice) = key.downcast::<Slice>() {
        return get_slice(vm, range, slice.get());
    }
    if key.as_small_int().is_none() && key.class().slots().index.is_none() {
        return Err(slice::bad_key(vm, "range indices", key));
    }
    let mut index = vm.index(key)?;
    if let (Some(number), Some(length)) = (index.borrow().as_small_int(), range.length.borrow().as_small_int()) {
        let number = if number < 0 { number + length } else { number };
        if number < 0 || number >= length {
            return Err(vm.index_error("range object index out of range"));
        }
        index = Object::small_int(number);
    } else {
        let (mut number, length) = (big(&index), big(&range.length));
        if number.is_negative() {
            number += &length;
        }
        if number.is_negative() || number >= length {
            return Err(vm.index_error("range object index out of range"));
        }
        index = vm.new_bigint(number);
    }
    Ok(range.item(vm, &index))
}

/// Start, stop and step of a slice of a range, where words hold all that goes into it.
fn quick_slice(range: &Range, slice: &Slice) -> Option<[i64; 3]> {
    let small = |object: &Object| object.borrow().as_small_int();
    let bound = |object: &Object| if object.borrow().is_none() { Some(None) } else { small(object).map(Some) };
    let (length, first, stride) = (small(&range.length)?, small(&range.start)?, small(&range.step)?);
    let step = bound(&slice.step)?.unwrap_or(1);
    if step == 0 {
        return None;
    }
    let (low, high) = if step < 0 { (-1, length - 1) } else { (0, length) };
    let fit = |bound: Option<i64>, default: i64| match bound {
        None => default,
        Some(bound) if bound < 0 => (bound + length).max(low),
        Some(bound) => bound.min(high),
    };
    let (from, to) = if step < 0 { (high, low) } else { (low, high) };
    let at = |index: i64| index.checked_mul(stride)?.checked_add(first);
    Some([at(fit(bound(&slice.start)?, from))?, at(fit(bound(&slice.stop)?, to))?, stride.checked_mul(step)?])
}

fn get_slice(vm: &mut Vm, range: RefOf<'_, Range>, slice: &Slice) -> PyResult {
    if let Some(parts) = quick_slice(range.get(), slice) {
        let [start, stop, step] = parts.map(|part| vm.new_int(part));
        let part = Range::new(vm, start, stop, step);
        return Ok(vm.allocate(part).into_object());
    }
    let parts = slice::long_indices(vm, slice, big(&range.length))?;
    let [start, stop, step] = parts.map(|part| vm.new_bigint(part));
    let start = range.item(vm, &start);
    let stop = range.item(vm, &stop);
    let step = vm.new_bigint(big(&range.step) * big(&step));
    let part = Range::new(vm, start, stop, step);
    Ok(vm.allocate(part).into_object())
}

/// Ints that need no `__eq__` of their own to be found.
fn is_plain_int(object: Ref<'_>) -> bool {
    object.as_small_int().is_some() || object.as_bool().is_some() || object.is_exactly(&int::INT)
}

fn contains(vm: &mut Vm, range: Ref<'_>, item: Ref<'_>) -> PyResult<bool> {
    if is_plain_int(item) {
        return Ok(this(range).position(vm, item).is_some());
    }
    let iterator = iter(vm, range)?;
    while let Some(candidate) = vm.next(iterator.borrow())? {
        if vm.equal(candidate.borrow(), item)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn count(vm: &mut Vm, range: Ref<'_>, item: Ref<'_>) -> PyResult {
    if is_plain_int(item) {
        return Ok(Object::small_int(i64::from(this(range).position(vm, item).is_some())));
    }
    let mut count = 0;
    let iterator = iter(vm, range)?;
    while let Some(candidate) = vm.next(iterator.borrow())? {
        count += i64::from(vm.equal(candidate.borrow(), item)?);
    }
    Ok(vm.new_int(count))
}

fn index(vm: &mut Vm, range: Ref<'_>, item: Ref<'_>) -> PyResult {
    if is_plain_int(item) {
        return match this(range).position(vm, item) {
            Some(position) => Ok(position),
            None => Err(vm.value_error("range.index(x): x not in range")),
        };
    }
    let mut position = 0;
    let iterator = iter(vm, range)?;
    while let Some(candidate) = vm.next(iterator.borrow())? {
        if vm.equal(candidate.borrow(), item)? {
            return Ok(vm.new_int(position));
        }
        position += 1;
    }
    Err(vm.value_error("sequence.index(x): x not in sequence"))
}

fn reduce(vm: &mut Vm, range: Ref<'_>) -> PyResult {
    let parts = this(range);
    let args = vm.new_tuple([parts.start.clone(), parts.stop.clone(), parts.step.clone()]).into_object();
    Ok(vm.new_tuple([range.class().to_object(), args]).into_object())
}

fn iter(vm: &mut Vm, range: Ref<'_>) -> PyResult {
    let range = this(range);
    if let (Some((start, step, length)), true) = (range.small(), range.stop.borrow().as_small_int().is_some()) {
        return Ok(vm.allocate(RangeIterator::new(start, step, length as u64)).into_object());
    }
    let state = LongRange { next: big(&range.start), step: big(&range.step), remaining: big(&range.length) };
    Ok(vm.allocate(LongRangeIterator { state: VmCell::new(state) }).into_object())
}

fn reversed(vm: &mut Vm, range: Ref<'_>) -> PyResult {
    let range = this(range);
    if let Some((start, step, length)) = range.small()
        && let Some(last) = (length - 1).checked_mul(step).and_then(|offset| start.checked_add(offset))
        && last.checked_sub(step).is_some()
    {
        return Ok(vm.allocate(RangeIterator::new(last, step.wrapping_neg(), length as u64)).into_object());
    }
    let (start, step, remaining) = (big(&range.start), big(&range.step), big(&range.length));
    let state = LongRange { next: start + (&remaining - 1) * &step, step: -step, remaining };
    Ok(vm.allocate(LongRangeIterator { state: VmCell::new(state) }).into_object())
}

/// The payload of a `range_iterator`: ints that fit the word.
pub struct RangeIterator {
    pub next: Cell<i64>,
    pub step: i64,
    pub remaining: Cell<u64>,
}

impl Payload for RangeIterator {
    fn class() -> &'static Type {
        &RANGE_ITERATOR
    }
}

impl RangeIterator {
    pub fn new(next: i64, step: i64, remaining: u64) -> RangeIterator {
        RangeIterator { next: Cell::new(next), step, remaining: Cell::new(remaining) }
    }

    /// The next value. Runs no Python.
    #[inline]
    pub fn advance(&self) -> Option<i64> {
        let remaining = self.remaining.get();
        if remaining == 0 {
            return None;
        }
        self.remaining.set(remaining - 1);
        let value = self.next.get();
        self.next.set(value.wrapping_add(self.step));
        Some(value)
    }
}

/// `range_iterator`
pub static RANGE_ITERATOR: Type = Type::new(&RANGE_ITERATOR_SPEC);
static RANGE_ITERATOR_SPEC: TypeSpec = TypeSpec {
    name: "range_iterator",
    flags: flag::NO_INSTANTIATION,
    payload: PayloadInfo::leaf::<RangeIterator>(),
    slots: Slots { iter: Some(iter_self), next: Some(next_int), ..Slots::NONE },
    methods: &[
        method!(Unary small_length_hint as "__length_hint__" "($self, /)", "Private method returning an estimate of len(list(it))."),
        method!(Unary small_reduce as "__reduce__" "($self, /)", "Return state information for pickling."),
        method!(Binary small_set_state as "__setstate__" "($self, object, /)", "Set state information for unpickling."),
    ],
    ..TypeSpec::DEFAULT
};

fn small_iterator(object: Ref<'_>) -> RefOf<'_, RangeIterator> {
    object.downcast().expect("the method belongs to range iterators")
}

fn next_int(vm: &mut Vm, iterator: Ref<'_>) -> PyResult<Option<Object>> {
    Ok(small_iterator(iterator).advance().map(|value| vm.new_int(value)))
}

fn small_length_hint(vm: &mut Vm, iterator: Ref<'_>) -> PyResult {
    Ok(vm.new_uint(small_iterator(iterator).remaining.get()))
}

/// `(iter, (range(start, stop, step),), None)`
fn reduce_to_range(vm: &mut Vm, start: BigInt, step: BigInt, remaining: BigInt) -> PyResult {
    let stop = vm.new_bigint(&start + &step * remaining);
    let (start, step) = (vm.new_bigint(start), vm.new_bigint(step));
    let range = Range::new(vm, start, stop, step);
    let range = vm.allocate(range).into_object();
    let iter = builtin(vm, "iter")?;
    let args = vm.new_tuple([range]).into_object();
    Ok(vm.new_tuple([iter, args, Object::none()]).into_object())
}

fn small_reduce(vm: &mut Vm, iterator: Ref<'_>) -> PyResult {
    let iterator = small_iterator(iterator);
    reduce_to_range(vm, iterator.next.get().into(), iterator.step.into(), iterator.remaining.get().into())
}

fn small_set_state(vm: &mut Vm, iterator: Ref<'_>, state: Ref<'_>) -> PyResult {
    let iterator = small_iterator(iterator);
    let skipped = (vm.to_i64(state)?.max(0) as u64).min(iterator.remaining.get());
    iterator.next.set(iterator.next.get().wrapping_add(iterator.step.wrapping_mul(skipped as i64)));
    iterator.remaining.set(iterator.remaining.get() - skipped);
    Ok(Object::none())
}

/// The payload of a `longrange_iterator`.
pub struct LongRangeIterator {
    state: VmCell<LongRange>,
}

struct LongRange {
    next: BigInt,
    step: BigInt,
    remaining: BigInt,
}

impl Payload for LongRangeIterator {
    fn class() -> &'static Type {
        &LONG_RANGE_ITERATOR
    }
}

/// `longrange_iterator`
pub static LONG_RANGE_ITERATOR: Type = Type::new(&LONG_RANGE_ITERATOR_SPEC);
static LONG_RANGE_ITERATOR_SPEC: TypeSpec = TypeSpec {
    name: "longrange_iterator",
    flags: flag::NO_INSTANTIATION,
    payload: PayloadInfo::leaf::<LongRangeIterator>(),
    slots: Slots { iter: Some(iter_self), next: Some(next_long), ..Slots::NONE },
    methods: &[
        method!(Unary long_length_hint as "__length_hint__" "($self, /)", "Private method returning an estimate of len(list(it))."),
        method!(Unary long_reduce as "__reduce__" "($self, /)", "Return state information for pickling."),
        method!(Binary long_set_state as "__setstate__" "($self, object, /)", "Set state information for unpickling."),
    ],
    ..TypeSpec::DEFAULT
};

fn long_iterator(object: Ref<'_>) -> RefOf<'_, LongRangeIterator> {
    object.downcast().expect("the method belongs to range iterators")
}

fn next_long(vm: &mut Vm, iterator: Ref<'_>) -> PyResult<Option<Object>> {
    let state = long_iterator(iterator).get().state.get_mut(vm);
    if state.remaining.is_zero() {
        return Ok(None);
    }
    state.remaining -= BigInt::one();
    let next = &state.next + &state.step;
    let value = std::mem::replace(&mut state.next, next);
    Ok(Some(vm.new_bigint(value)))
}

fn long_length_hint(vm: &mut Vm, iterator: Ref<'_>) -> PyResult {
    let remaining = long_iterator(iterator).state.get(vm).remaining.clone();
    Ok(vm.new_bigint(remaining))
}

fn long_reduce(vm: &mut Vm, iterator: Ref<'_>) -> PyResult {
    let iterator = long_iterator(iterator);
    let state = iterator.state.get(vm);
    let (next, step, remaining) = (state.next.clone(), state.step.clone(), state.remaining.clone());
    reduce_to_range(vm, next, step, remaining)
}

fn long_set_state(vm: &mut Vm, iterator: Ref<'_>, state: Ref<'_>) -> PyResult {
    let Some(skipped) = int::to_bigint(state).map(|value| value.into_owned()) else {
        return Err(vm.type_error(format!("state must be an int, not {}", state.class().full_name())));
    };
    let state = long_iterator(iterator).get().state.get_mut(vm);
    let skipped = skipped.max(BigInt::zero()).min(state.remaining.clone());
    state.next += &state.step * &skipped;
    state.remaining -= skipped;
    Ok(Object::none())
}
