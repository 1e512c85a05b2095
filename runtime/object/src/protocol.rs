//! The operations Python code performs on any object: `repr`, `hash`, comparison, iteration, items,
//! numbers. Each looks the slot up and gives CPython's error where there is none.

mod rest;

use crate::class::Type;
use crate::exception;
use crate::float;
use crate::int;
use crate::list::List;
use crate::native::{PayloadInfo, TypeSpec, flag};
use crate::slots::Slots;
use crate::str::Str;
use crate::tuple::Tuple;
use crate::value::{Object, ObjectOf, Ref};
use crate::vm::{PyResult, Vm};
use bytecode::opcode::{BinaryOp, Comparison};

pub use rest::{comparison_name, method_names};

/// The comparison with operands exchanged.
pub fn swapped(op: Comparison) -> Comparison {
    match op {
        Comparison::Less => Comparison::Greater,
        Comparison::LessEqual => Comparison::GreaterEqual,
        Comparison::Greater => Comparison::Less,
        Comparison::GreaterEqual => Comparison::LessEqual,
        Comparison::Equal | Comparison::NotEqual => op,
    }
}

/// What a comparison says of an ordering.
pub fn ordering_satisfies(ordering: std::cmp::Ordering, op: Comparison) -> bool {
    match op {
        Comparison::Less => ordering.is_lt(),
        Comparison::LessEqual => ordering.is_le(),
        Comparison::Equal => ordering.is_eq(),
        Comparison::NotEqual => ordering.is_ne(),
        Comparison::Greater => ordering.is_gt(),
        Comparison::GreaterEqual => ordering.is_ge(),
    }
}

/// Text.
impl Vm {
    fn expect_str(&mut self, method: &str, value: Object) -> PyResult<ObjectOf<Str>> {
        match value.downcast::<Str>() {
            Ok(text) => Ok(text),
            Err(value) => Err(self.type_error(format!("{method} returned non-string (type {})", value.borrow().class().full_name()))),
        }
    }

    /// `repr(object)`
    pub fn repr(&mut self, object: Ref<'_>) -> PyResult<ObjectOf<Str>> {
        self.check_stack(" while getting the repr of an object")?;
        match object.class().slots().repr {
            Some(repr) => {
                let text = repr(self, object)?;
                self.expect_str("__repr__", text)
            }
            None => Ok(self.new_str(&format!("<{} object at {:#x}>", object.class().full_name(), object.bits()))),
        }
    }

    /// `str(object)`
    pub fn str(&mut self, object: Ref<'_>) -> PyResult<ObjectOf<Str>> {
        if let Some(text) = object.downcast_exact::<Str>() {
            return Ok(text.to_owned());
        }
        self.check_stack(" while getting the str of an object")?;
        match object.class().slots().str {
            Some(str) => {
                let text = str(self, object)?;
                self.expect_str("__str__", text)
            }
            None => self.repr(object),
        }
    }

    /// `ascii(object)`
    pub fn ascii(&mut self, object: Ref<'_>) -> PyResult<ObjectOf<Str>> {
        let text = self.repr(object)?;
        if text.is_ascii() {
            return Ok(text);
        }
        let mut escaped = String::with_capacity(text.len() * 2);
        for code_point in text.code_points() {
            match code_point {
                0..0x80 => escaped.push(char::from(code_point as u8)),
                0x80..0x100 => escaped.push_str(&format!("\\x{code_point:02x}")),
                0x100..0x1_0000 => escaped.push_str(&format!("\\u{code_point:04x}")),
                _ => escaped.push_str(&format!("\\U{code_point:08x}")),
            }
        }
        Ok(self.new_str(&escaped))
    }

    /// `repr` as a Rust string, with surrogates replaced; for messages.
    pub fn repr_text(&mut self, object: Ref<'_>) -> PyResult<String> {
        Ok(self.repr(object)?.to_string_lossy().into_owned())
    }

    /// `str` as a Rust string, with surrogates replaced; for messages.
    pub fn str_text(&mut self, object: Ref<'_>) -> PyResult<String> {
        Ok(self.str(object)?.to_string_lossy().into_owned())
    }
}

/// Truth, hash, comparison.
impl Vm {
    /// `bool(object)`
    #[inline]
    pub fn is_true(&mut self, object: Ref<'_>) -> PyResult<bool> {
        if let Some(value) = object.as_bool() {
            return Ok(value);
        }
        if object.is_none() {
            return Ok(false);
        }
        if let Some(value) = object.as_small_int() {
            return Ok(value != 0);
        }
        let slots = object.class().slots();
        if let Some(bool) = slots.bool {
            return bool(self, object);
        }
        match slots.len {
            Some(len) => Ok(len(self, object)? != 0),
            None => Ok(true),
        }
    }

    /// `hash(object)`
    #[inline]
    pub fn hash(&mut self, object: Ref<'_>) -> PyResult<i64> {
        if let Some(text) = object.downcast_exact::<Str>() {
            return Ok(text.hash());
        }
        match object.class().slots().hash {
            Some(hash) => hash(self, object),
            None => Err(self.type_error(format!("unhashable type: '{}'", object.class().full_name()))),
        }
    }

    /// `left op right`
    pub fn compare(&mut self, left: Ref<'_>, right: Ref<'_>, op: Comparison) -> PyResult {
        self.check_stack(" in comparison")?;
        let (left_class, right_class) = (left.class(), right.class());
        let mut tried_right = false;
        if !std::ptr::eq(left_class, right_class)
            && right_class.is_subclass_of(left_class)
            && let Some(compare) = right_class.slots().compare
        {
            tried_right = true;
            let result = compare(self, right, left, swapped(op))?;
            if !result.borrow().is_not_implemented() {
                return Ok(result);
            }
        }
        if let Some(compare) = left_class.slots().compare {
            let result = compare(self, left, right, op)?;
            if !result.borrow().is_not_implemented() {
                return Ok(result);
            }
        }
        if !tried_right && let Some(compare) = right.class().slots().compare {
            let result = compare(self, right, left, swapped(op))?;
            if !result.borrow().is_not_implemented() {
                return Ok(result);
            }
        }
        self.compare_by_identity(op, left, right)
    }

    /// What a comparison says that neither operand has an answer to.
    fn compare_by_identity(&mut self, op: Comparison, left: Ref<'_>, right: Ref<'_>) -> PyResult {
        match op {
            Comparison::Equal => Ok(Object::bool(left.is(right))),
            Comparison::NotEqual => Ok(Object::bool(!left.is(right))),
            _ => {
                let (left, right) = (left.class().full_name(), right.class().full_name());
                let message = format!("'{}' not supported between instances of '{left}' and '{right}'", op.text());
                Err(self.type_error(message))
            }
        }
    }

    /// `bool(left op right)`; identical objects are equal.
    #[inline]
    pub fn compare_bool(&mut self, left: Ref<'_>, right: Ref<'_>, op: Comparison) -> PyResult<bool> {
        if left.is(right) {
            match op {
                Comparison::Equal => return Ok(true),
                Comparison::NotEqual => return Ok(false),
                _ => {}
            }
        }
        if let (Some(left), Some(right)) = (left.as_small_int(), right.as_small_int()) {
            return Ok(ordering_satisfies(left.cmp(&right), op));
        }
        let result = self.compare(left, right, op)?;
        self.is_true(result.borrow())
    }

    /// Whether two objects are identical or equal.
    #[inline]
    pub fn equal(&mut self, left: Ref<'_>, right: Ref<'_>) -> PyResult<bool> {
        self.compare_bool(left, right, Comparison::Equal)
    }
}

/// Iteration and containers.
impl Vm {
    /// `iter(object)`
    pub fn iter(&mut self, object: Ref<'_>) -> PyResult {
        let class = object.class();
        if let Some(iter) = class.slots().iter {
            let iterator = iter(self, object)?;
            if iterator.borrow().class().slots().next.is_none() {
                let message = format!("iter() returned non-iterator of type '{}'", iterator.borrow().class().full_name());
                return Err(self.type_error(message));
            }
            return Ok(iterator);
        }
        if class.slots().getitem.is_some() && !class.has_flag(flag::MAPPING) && self.is_sequence(object) {
            return Ok(self.allocate(SequenceIterator::new(object.to_owned())).into_object());
        }
        Err(self.type_error(format!("'{}' object is not iterable", class.full_name())))
    }

    /// Whether an object without `__iter__` can be iterated by index.
    pub fn is_sequence(&self, object: Ref<'_>) -> bool {
        let class = object.class();
        class.slots().getitem.is_some() && !class.is_subclass_of(&crate::dict::DICT) && !std::ptr::eq(class, &crate::class::TYPE)
    }

    /// `next(iterator)`, with `None` where it is exhausted.
    #[inline]
    pub fn next(&mut self, iterator: Ref<'_>) -> PyResult<Option<Object>> {
        self.set_stop_value(None);
        match iterator.class().slots().next {
            Some(next) => next(self, iterator),
            None => Err(self.type_error(format!("'{}' object is not an iterator", iterator.class().full_name()))),
        }
    }

    /// All items of an iterable.
    pub fn collect(&mut self, object: Ref<'_>) -> PyResult<Vec<Object>> {
        if let Some(list) = object.downcast_exact::<List>() {
            return Ok(list.items(self).to_vec());
        }
        if let Some(tuple) = object.downcast_exact::<Tuple>() {
            return Ok(tuple.items().iter().map(|&item| item.to_owned()).collect());
        }
        if let Some(text) = object.downcast_exact::<Str>() {
            return Ok(text.code_points().map(|code_point| self.new_char(code_point).into_object()).collect());
        }
        let iterator = self.iter(object)?;
        let hint = self.length_hint(object, 0)?;
        // A hint is only a hint: a huge one is not believed.
        let mut items = Vec::with_capacity(hint.min(1 << 16));
        self.set_stop_value(None);
        while let Some(item) = match iterator.borrow().class().slots().next {
            Some(next) => next(self, iterator.borrow())?,
            None => self.next(iterator.borrow())?,
        } {
            if items.len() == items.capacity() && !crate::room::make_room(&mut items, 1) {
                return Err(self.memory_error());
            }
            items.push(item);
        }
        Ok(items)
    }

    /// `len(object)`
    pub fn len(&mut self, object: Ref<'_>) -> PyResult<usize> {
        match object.class().slots().len {
            Some(len) => len(self, object),
            None => Err(self.type_error(format!("object of type '{}' has no len()", object.class().full_name()))),
        }
    }

    /// `operator.length_hint(object, default)`
    pub fn length_hint(&mut self, object: Ref<'_>, default: usize) -> PyResult<usize> {
        if let Some(len) = object.class().slots().len {
            let length = len(self, object);
            if let Some(length) = self.ignore(length, &exception::TYPE_ERROR)? {
                return Ok(length);
            }
        }
        let name = crate::str::names::__length_hint__();
        let Some(found) = object.class().lookup(name).map(Ref::to_owned) else { return Ok(default) };
        let result = if found.borrow().class().has_flag(flag::METHOD_DESCRIPTOR) {
            self.call(found.borrow(), &[object])
        } else {
            let method = crate::attribute::bind(self, found, Some(object), object.class())?;
            self.call(method.borrow(), &[])
        };
        let Some(hint) = self.ignore(result, &exception::TYPE_ERROR)? else { return Ok(default) };
        if hint.borrow().is_not_implemented() {
            return Ok(default);
        }
        match int::to_i64(hint.borrow()) {
            Some(Some(hint)) if hint >= 0 => Ok(hint as usize),
            Some(Some(_)) => Err(self.value_error("__length_hint__() should return >= 0")),
            Some(None) => Err(self.overflow_error("Python int too large to convert to C ssize_t")),
            None => Err(self.type_error(format!("__length_hint__ must be an integer, not {}", hint.borrow().class().full_name()))),
        }
    }

    /// `object[key]`
    pub fn get_item(&mut self, object: Ref<'_>, key: Ref<'_>) -> PyResult {
        if let Some(getitem) = object.class().slots().getitem {
            return getitem(self, object, key);
        }
        if let Some(class) = object.downcast::<Type>() {
            if std::ptr::eq(class.get(), &crate::class::TYPE) {
                return self.generic_alias(object, key);
            }
            let name = crate::str::names::__class_getitem__();
            if let Some(method) = self.find_attr(object, name)? {
                return self.call(method.borrow(), &[key]);
            }
            let message = format!("type '{}' is not subscriptable", class.get().full_name());
            return Err(self.type_error(message));
        }
        Err(self.type_error(format!("'{}' object is not subscriptable", object.class().full_name())))
    }

    /// `types.GenericAlias(origin, args)`
    pub fn generic_alias(&mut self, origin: Ref<'_>, args: Ref<'_>) -> PyResult {
        Ok(crate::generic_alias::new(self, origin, args))
    }

    /// `object[key] = value`
    pub fn set_item(&mut self, object: Ref<'_>, key: Ref<'_>, value: Ref<'_>) -> PyResult<()> {
        match object.class().slots().setitem {
            Some(setitem) => setitem(self, object, key, Some(value)),
            None => Err(self.type_error(format!("'{}' object does not support item assignment", object.class().full_name()))),
        }
    }

    /// `del object[key]`
    pub fn del_item(&mut self, object: Ref<'_>, key: Ref<'_>) -> PyResult<()> {
        match object.class().slots().setitem {
            Some(setitem) => setitem(self, object, key, None),
            None => Err(self.type_error(format!("'{}' object doesn't support item deletion", object.class().full_name()))),
        }
    }

    /// `item in container`
    pub fn contains(&mut self, container: Ref<'_>, item: Ref<'_>) -> PyResult<bool> {
        if let Some(contains) = container.class().slots().contains {
            return contains(self, container, item);
        }
        let iterator = match self.iter(container) {
            Ok(iterator) => iterator,
            Err(raised) => {
                if container.class().slots().iter.is_some() {
                    return Err(raised);
                }
                self.catch_if(raised, &exception::TYPE_ERROR)?;
                let message = format!("argument of type '{}' is not a container or iterable", container.class().full_name());
                return Err(self.type_error(message));
            }
        };
        while let Some(candidate) = self.next(iterator.borrow())? {
            if self.equal(candidate.borrow(), item)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// The iterator of an object that has only `__getitem__`.
pub struct SequenceIterator {
    sequence: crate::cell::ObjectCell,
    index: std::cell::Cell<i64>,
}

impl SequenceIterator {
    fn new(sequence: Object) -> SequenceIterator {
        SequenceIterator { sequence: crate::cell::ObjectCell::new(Some(sequence)), index: std::cell::Cell::new(0) }
    }
}

/// `iterator`: what `iter()` makes of an object with `__getitem__` only.
pub static SEQUENCE_ITERATOR: Type = Type::new(&SEQUENCE_ITERATOR_SPEC);
static SEQUENCE_ITERATOR_SPEC: TypeSpec = TypeSpec {
    name: "iterator",
    payload: PayloadInfo::of::<SequenceIterator>(),
    slots: Slots { iter: Some(iter_self), next: Some(next_in_sequence), ..Slots::NONE },
    methods: &[
        crate::method!(Unary sequence_length_hint as "__length_hint__" "($self, /)", "Private method returning an estimate of len(list(it))."),
        crate::method!(Unary sequence_reduce as "__reduce__" "($self, /)", "Return state information for pickling."),
        crate::method!(Binary sequence_setstate as "__setstate__" "($self, state, /)", "Set state information for unpickling."),
    ],
    ..TypeSpec::DEFAULT
};

impl crate::class::Payload for SequenceIterator {
    fn class() -> &'static Type {
        &SEQUENCE_ITERATOR
    }

    fn traverse(&self, visitor: &mut crate::cell::Visitor<'_>) {
        self.sequence.traverse(visitor);
    }
}

/// The `iter` slot of an iterator.
pub fn iter_self(_vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(this.to_owned())
}

fn next_in_sequence(vm: &mut Vm, this: Ref<'_>) -> PyResult<Option<Object>> {
    let iterator = this.downcast::<SequenceIterator>().expect("the slot belongs to the type");
    let Some(sequence) = iterator.sequence.get() else { return Ok(None) };
    let index = iterator.index.get();
    if index == i64::MAX {
        return Err(vm.overflow_error("iter index too large"));
    }
    let key = vm.new_int(index);
    match vm.get_item(sequence.borrow(), key.borrow()) {
        Ok(item) => {
            iterator.index.set(index + 1);
            Ok(Some(item))
        }
        Err(raised) => {
            let stops =
                vm.raised().is_some_and(|error| error.is_instance_of(&exception::INDEX_ERROR) || error.is_instance_of(&exception::STOP_ITERATION));
            if !stops {
                return Err(raised);
            }
            vm.catch(raised);
            iterator.sequence.set(None);
            Ok(None)
        }
    }
}

fn sequence_length_hint(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let iterator = this.downcast::<SequenceIterator>().expect("the method belongs to the type");
    let Some(sequence) = iterator.sequence.get() else { return Ok(Object::small_int(0)) };
    if sequence.borrow().class().slots().len.is_none() {
        return Ok(Object::not_implemented());
    }
    let left = vm.len(sequence.borrow())? as i64 - iterator.index.get();
    Ok(vm.new_int(left.max(0)))
}

fn sequence_reduce(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let iterator = this.downcast::<SequenceIterator>().expect("the method belongs to the type");
    let builtins = vm.import("builtins")?;
    let iter = vm.get_attr_str(builtins.borrow(), "iter")?;
    match iterator.sequence.get() {
        Some(sequence) => {
            let args = vm.new_tuple([sequence]).into_object();
            let index = vm.new_int(iterator.index.get());
            Ok(vm.new_tuple([iter, args, index]).into_object())
        }
        None => {
            let empty = vm.new_tuple([]).into_object();
            let args = vm.new_tuple([empty]).into_object();
            Ok(vm.new_tuple([iter, args]).into_object())
        }
    }
}

fn sequence_setstate(vm: &mut Vm, this: Ref<'_>, state: Ref<'_>) -> PyResult {
    let iterator = this.downcast::<SequenceIterator>().expect("the method belongs to the type");
    let index = vm.index_isize(state)?;
    if iterator.sequence.is_set() {
        iterator.index.set(index.max(0) as i64);
    }
    Ok(Object::none())
}

/// Numbers.
impl Vm {
    /// `operator.index(object)`: an exact int.
    pub fn index(&mut self, object: Ref<'_>) -> PyResult {
        if object.as_small_int().is_some() || object.is_exactly(&int::INT) {
            return Ok(object.to_owned());
        }
        if let Some(value) = int::to_bigint(object) {
            let value = value.into_owned();
            return Ok(self.new_bigint(value));
        }
        let Some(index) = object.class().slots().index else {
            let message = format!("'{}' object cannot be interpreted as an integer", object.class().full_name());
            return Err(self.type_error(message));
        };
        let result = index(self, object)?;
        if result.borrow().is_exactly(&int::INT) {
            return Ok(result);
        }
        let Some(value) = int::to_bigint(result.borrow()).map(|value| value.into_owned()) else {
            let message = format!("__index__ returned non-int (type {})", result.borrow().class().full_name());
            return Err(self.type_error(message));
        };
        let message = format!(
            "__index__ returned non-int (type {}).  The ability to return an instance of a strict subclass of int is deprecated, and may be removed in a future version of Python.",
            result.borrow().class().full_name()
        );
        self.warn(&exception::DEPRECATION_WARNING, &message, 1)?;
        Ok(self.new_bigint(value))
    }

    /// An index or size; `OverflowError` if it does not fit.
    pub fn index_isize(&mut self, object: Ref<'_>) -> PyResult<isize> {
        if let Some(value) = object.as_small_int() {
            return Ok(value as isize);
        }
        let value = self.index(object)?;
        match int::to_i64(value.borrow()) {
            Some(Some(value)) => Ok(value as isize),
            _ => Err(self.overflow_error(format!("cannot fit '{}' into an index-sized integer", object.class().full_name()))),
        }
    }

    /// An index that takes the nearest value if it does not fit, as slices do.
    pub fn index_clamped(&mut self, object: Ref<'_>) -> PyResult<isize> {
        if let Some(value) = object.as_small_int() {
            return Ok(value as isize);
        }
        let value = self.index(object)?;
        Ok(match int::to_i64(value.borrow()) {
            Some(Some(value)) => value as isize,
            _ if int::is_negative(value.borrow()) => isize::MIN,
            _ => isize::MAX,
        })
    }

    /// An int that must fit 64 bits, as C's `long`.
    pub fn to_i64(&mut self, object: Ref<'_>) -> PyResult<i64> {
        let value = self.index(object)?;
        match int::to_i64(value.borrow()) {
            Some(Some(value)) => Ok(value),
            _ => Err(self.overflow_error("Python int too large to convert to C long")),
        }
    }

    /// An int that must fit 32 bits, as C's `int`.
    pub fn to_i32(&mut self, object: Ref<'_>) -> PyResult<i32> {
        let value = self.to_i64(object)?;
        match i32::try_from(value) {
            Ok(value) => Ok(value),
            Err(_) if value > 0 => Err(self.overflow_error("signed integer is greater than maximum")),
            Err(_) => Err(self.overflow_error("signed integer is less than minimum")),
        }
    }

    /// A number as a float: floats, `__float__`, `__index__`.
    pub fn to_float(&mut self, object: Ref<'_>) -> PyResult<f64> {
        if let Some(value) = float::value(object) {
            return Ok(value);
        }
        let slots = object.class().slots();
        if let Some(convert) = slots.float {
            let result = convert(self, object)?;
            if result.borrow().is_exactly(&float::FLOAT) {
                return Ok(float::value(result.borrow()).expect("an exact float has a value"));
            }
            let Some(value) = float::value(result.borrow()) else {
                let message = format!("{}.__float__() must return a float, not {}", object.class().full_name(), result.borrow().class().full_name());
                return Err(self.type_error(message));
            };
            let message = format!(
                "{}.__float__() must return a float, not {}.  The ability to return an instance of a strict subclass of float is deprecated, and may not be allowed in a future version of Python.",
                object.class().full_name(),
                result.borrow().class().full_name()
            );
            self.warn(&exception::DEPRECATION_WARNING, &message, 1)?;
            return Ok(value);
        }
        if slots.index.is_some() {
            let value = self.index(object)?;
            return int::to_f64(self, value.borrow());
        }
        Err(self.type_error(format!("must be real number, not {}", object.class().full_name())))
    }

    /// `-object`, `+object`, `~object`, `abs(object)`
    pub fn negative(&mut self, object: Ref<'_>) -> PyResult {
        self.unary(object, |slots| slots.negative, "unary -")
    }

    pub fn positive(&mut self, object: Ref<'_>) -> PyResult {
        self.unary(object, |slots| slots.positive, "unary +")
    }

    pub fn invert(&mut self, object: Ref<'_>) -> PyResult {
        self.unary(object, |slots| slots.invert, "unary ~")
    }

    pub fn absolute(&mut self, object: Ref<'_>) -> PyResult {
        self.unary(object, |slots| slots.absolute, "abs()")
    }

    fn unary(&mut self, object: Ref<'_>, slot: fn(&Slots) -> Option<crate::slots::UnaryFn>, what: &str) -> PyResult {
        match slot(object.class().slots()) {
            Some(function) => function(self, object),
            None => Err(self.type_error(format!("bad operand type for {what}: '{}'", object.class().full_name()))),
        }
    }
}

type BinarySlot = fn(&Slots) -> Option<crate::slots::BinaryFn>;

fn number_slot(op: BinaryOp) -> Option<BinarySlot> {
    Some(match op.without_inplace() {
        BinaryOp::Add => |slots| slots.add,
        BinaryOp::And => |slots| slots.and,
        BinaryOp::FloorDivide => |slots| slots.floor_divide,
        BinaryOp::LeftShift => |slots| slots.left_shift,
        BinaryOp::MatrixMultiply => |slots| slots.matrix_multiply,
        BinaryOp::Multiply => |slots| slots.multiply,
        BinaryOp::Remainder => |slots| slots.remainder,
        BinaryOp::Or => |slots| slots.or,
        BinaryOp::RightShift => |slots| slots.right_shift,
        BinaryOp::Subtract => |slots| slots.subtract,
        BinaryOp::TrueDivide => |slots| slots.true_divide,
        BinaryOp::Xor => |slots| slots.xor,
        _ => return None,
    })
}

fn inplace_slot(op: BinaryOp) -> Option<BinarySlot> {
    Some(match op {
        BinaryOp::InplaceAdd => |slots| slots.inplace_add,
        BinaryOp::InplaceAnd => |slots| slots.inplace_and,
        BinaryOp::InplaceFloorDivide => |slots| slots.inplace_floor_divide,
        BinaryOp::InplaceLeftShift => |slots| slots.inplace_left_shift,
        BinaryOp::InplaceMatrixMultiply => |slots| slots.inplace_matrix_multiply,
        BinaryOp::InplaceMultiply => |slots| slots.inplace_multiply,
        BinaryOp::InplaceRemainder => |slots| slots.inplace_remainder,
        BinaryOp::InplaceOr => |slots| slots.inplace_or,
        BinaryOp::InplacePower => |slots| slots.inplace_power,
        BinaryOp::InplaceRightShift => |slots| slots.inplace_right_shift,
        BinaryOp::InplaceSubtract => |slots| slots.inplace_subtract,
        BinaryOp::InplaceTrueDivide => |slots| slots.inplace_true_divide,
        BinaryOp::InplaceXor => |slots| slots.inplace_xor,
        _ => return None,
    })
}

/// Binary operators.
impl Vm {
    /// Any binary or in-place operator.
    pub fn binary(&mut self, op: BinaryOp, left: Ref<'_>, right: Ref<'_>) -> PyResult {
        if op == BinaryOp::Subscript {
            return self.get_item(left, right);
        }
        if op.is_inplace()
            && let Some(function) = inplace_slot(op).and_then(|slot| slot(left.class().slots()))
        {
            let result = function(self, left, right)?;
            if !result.borrow().is_not_implemented() {
                return Ok(result);
            }
        }
        let result = match number_slot(op) {
            Some(slot) => self.number_operation(left, right, slot)?,
            None => self.power_operation(left, right, None)?,
        };
        if !result.borrow().is_not_implemented() {
            return Ok(result);
        }
        self.sequence_operation(op, left, right)
    }

    /// What sequences say of an operator that is not one of numbers here.
    fn sequence_operation(&mut self, op: BinaryOp, left: Ref<'_>, right: Ref<'_>) -> PyResult {
        match op.without_inplace() {
            BinaryOp::Add => self.concat(op, left, right),
            BinaryOp::Multiply => self.repeat(op, left, right),
            _ => Err(self.unsupported(op, left, right)),
        }
    }

    fn number_operation(&mut self, left: Ref<'_>, right: Ref<'_>, slot: BinarySlot) -> PyResult {
        let (left_class, right_class) = (left.class(), right.class());
        let of_left = slot(left_class.slots());
        let mut of_right = None;
        if !std::ptr::eq(left_class, right_class) {
            of_right = slot(right_class.slots()).filter(|right| of_left.is_none_or(|left| !std::ptr::fn_addr_eq(left, *right)));
            if let Some(function) = of_right
                && of_left.is_some()
                && right_class.is_subclass_of(left_class)
            {
                let result = function(self, left, right)?;
                if !result.borrow().is_not_implemented() {
                    return Ok(result);
                }
                of_right = None;
            }
        }
        for function in [of_left, of_right].into_iter().flatten() {
            let result = function(self, left, right)?;
            if !result.borrow().is_not_implemented() {
                return Ok(result);
            }
        }
        Ok(Object::not_implemented())
    }

    fn power_operation(&mut self, left: Ref<'_>, right: Ref<'_>, modulus: Option<Ref<'_>>) -> PyResult {
        let (left_class, right_class) = (left.class(), right.class());
        let of_left = left_class.slots().power;
        let mut of_right = None;
        if !std::ptr::eq(left_class, right_class) {
            of_right = right_class.slots().power.filter(|right| of_left.is_none_or(|left| !std::ptr::fn_addr_eq(left, *right)));
            if let Some(function) = of_right
                && of_left.is_some()
                && right_class.is_subclass_of(left_class)
            {
                let result = function(self, left, right, modulus)?;
                if !result.borrow().is_not_implemented() {
                    return Ok(result);
                }
                of_right = None;
            }
        }
        let of_modulus = modulus
            .and_then(|modulus| modulus.class().slots().power)
            .filter(|function| [of_left, of_right].into_iter().flatten().all(|other| !std::ptr::fn_addr_eq(other, *function)));
        for function in [of_left, of_right, of_modulus].into_iter().flatten() {
            let result = function(self, left, right, modulus)?;
            if !result.borrow().is_not_implemented() {
                return Ok(result);
            }
        }
        Ok(Object::not_implemented())
    }

    /// `pow(base, exponent, modulus)`
    pub fn power(&mut self, base: Ref<'_>, exponent: Ref<'_>, modulus: Option<Ref<'_>>) -> PyResult {
        let modulus = modulus.filter(|modulus| !modulus.is_none());
        let result = self.power_operation(base, exponent, modulus)?;
        if !result.borrow().is_not_implemented() {
            return Ok(result);
        }
        let (left, right) = (base.class().full_name(), exponent.class().full_name());
        let message = match modulus {
            Some(modulus) => format!("unsupported operand type(s) for ** or pow(): '{left}', '{right}', '{}'", modulus.class().full_name()),
            None => format!("unsupported operand type(s) for ** or pow(): '{left}' and '{right}'"),
        };
        Err(self.type_error(message))
    }

    fn concat(&mut self, op: BinaryOp, left: Ref<'_>, right: Ref<'_>) -> PyResult {
        let slots = left.class().slots();
        let function = if op.is_inplace() { slots.inplace_concat.or(slots.concat) } else { slots.concat };
        match function {
            Some(function) => {
                let result = function(self, left, right)?;
                if result.borrow().is_not_implemented() { Err(self.unsupported(op, left, right)) } else { Ok(result) }
            }
            None => Err(self.unsupported(op, left, right)),
        }
    }

    fn repeat(&mut self, op: BinaryOp, left: Ref<'_>, right: Ref<'_>) -> PyResult {
        let slots = left.class().slots();
        let of_left = if op.is_inplace() { slots.inplace_repeat.or(slots.repeat) } else { slots.repeat };
        let (function, sequence, count) = match (of_left, right.class().slots().repeat) {
            (Some(function), _) => (function, left, right),
            (None, Some(function)) => (function, right, left),
            (None, None) => return Err(self.unsupported(op, left, right)),
        };
        if count.class().slots().index.is_none() {
            let message = format!("can't multiply sequence by non-int of type '{}'", count.class().full_name());
            return Err(self.type_error(message));
        }
        let count = self.index_isize(count)?;
        function(self, sequence, count)
    }

    #[cold]
    fn unsupported(&mut self, op: BinaryOp, left: Ref<'_>, right: Ref<'_>) -> crate::vm::Raised {
        let text = if op == BinaryOp::Power { "** or pow()" } else { op.text() };
        let (left_name, right_name) = (left.class().full_name(), right.class().full_name());
        let mut message = format!("unsupported operand type(s) for {text}: '{left_name}' and '{right_name}'");
        if op == BinaryOp::RightShift
            && let Some(function) = left.downcast::<crate::function::BuiltinFunction>()
            && function.info.method.name == "print"
        {
            message.push_str(". Did you mean \"print(<message>, file=<output_stream>)\"?");
        }
        self.type_error(message)
    }
}
