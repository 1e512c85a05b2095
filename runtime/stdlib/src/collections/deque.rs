//! `deque` and its iterators.

use super::{payload, state_of};
use builtins::slice::{argument_bound, clamp_bound, position, size_argument};
use bytecode::opcode::Comparison;
use object::call::{Args, bind_args, check_positional};
use object::cell::{Visitor, VmCell};
use object::instance::size_of_instance;
use object::list::LIST;
use object::native::{PayloadInfo, flag};
use object::protocol::{iter_self, ordering_satisfies};
use object::str::StrBuilder;
use object::tuple::TUPLE;
use object::vm::Raised;
use object::{Getset, Method, Object, Payload, PyResult, Ref, RefOf, Slots, Type, TypeSpec, Vm, exception, int, method};
use std::cell::Cell;
use std::collections::VecDeque;

/// The payload of a `deque`.
pub struct Deque {
    items: VmCell<VecDeque<Object>>,
    max_len: Cell<Option<usize>>,
    /// Changes whenever items are added, removed or moved; iterators look at it.
    state: Cell<u64>,
}

impl Payload for Deque {
    fn class() -> &'static Type {
        &DEQUE
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        let items = self.items.visit(visitor);
        visitor.visit_all(items);
    }

    fn clear(&self, vm: &mut Vm) {
        let items = self.items.replace(vm, VecDeque::new());
        drop(items);
    }
}

/// `collections.deque`
pub static DEQUE: Type = Type::new(&DEQUE_SPEC);
static DEQUE_SPEC: TypeSpec = TypeSpec {
    name: "collections.deque",
    doc: "A list-like sequence optimized for data accesses near its endpoints.",
    signature: "([iterable[, maxlen]])",
    flags: flag::BASE_TYPE | flag::WEAK_REFERENCES | flag::SEQUENCE,
    payload: PayloadInfo::of::<Deque>(),
    slots: Slots {
        new: Some(new),
        init: Some(init),
        repr: Some(repr),
        compare: Some(compare),
        len: Some(|vm, deque| Ok(this(deque).len(vm))),
        getitem: Some(get_item),
        setitem: Some(set_item),
        contains: Some(contains),
        concat: Some(concat),
        repeat: Some(repeat),
        inplace_concat: Some(inplace_concat),
        inplace_repeat: Some(inplace_repeat),
        iter: Some(iter),
        ..Slots::NONE
    },
    methods: METHODS,
    getsets: &[Getset::readonly("maxlen", "maximum size of a deque or None if unbounded", |vm, deque| Ok(max_len_object(vm, this(deque))))],
    ..TypeSpec::DEFAULT
};

const METHODS: &[Method] = &[
    method!(Binary append "($self, item, /)", "Add an element to the right side of the deque."),
    method!(Binary appendleft "($self, item, /)", "Add an element to the left side of the deque."),
    method!(Unary clear "($self, /)", "Remove all elements from the deque."),
    method!(Unary copy as "__copy__" "($self, /)", "Return a shallow copy of a deque."),
    method!(Unary copy "($self, /)", "Return a shallow copy of a deque."),
    method!(Binary count "($self, value, /)", "Return number of occurrences of value."),
    method!(Binary extend "($self, iterable, /)", "Extend the right side of the deque with elements from the iterable."),
    method!(Binary extendleft "($self, iterable, /)", "Extend the left side of the deque with elements from the iterable."),
    method!(Bound index "($self, value, start=<unrepresentable>, stop=<unrepresentable>, /)", "Return first index of value.\n\nRaises ValueError if the value is not present."),
    method!(Bound insert "($self, index, value, /)", "Insert value before index."),
    method!(Unary pop "($self, /)", "Remove and return the rightmost element."),
    method!(Unary popleft "($self, /)", "Remove and return the leftmost element."),
    method!(Unary reduce as "__reduce__" "($self, /)", "Return state information for pickling."),
    method!(Binary remove "($self, value, /)", "Remove first occurrence of value."),
    method!(Unary reversed as "__reversed__" "($self, /)", "Return a reverse iterator over the deque."),
    method!(Unary reverse "($self, /)", "Reverse *IN PLACE*."),
    method!(Bound rotate "($self, n=1, /)", "Rotate the deque n steps to the right.  If n is negative, rotates left."),
    method!(Unary size_of as "__sizeof__" "($self, /)", "Return the size of the deque in memory, in bytes."),
    method!(Binary class_get_item as "__class_getitem__" "($type, object, /)", "deques are generic over the type of their contents").class_method(),
];

fn this(object: Ref<'_>) -> &Deque {
    payload(object)
}

fn max_len_object(vm: &Vm, deque: &Deque) -> Object {
    deque.max_len.get().map_or(Object::none(), |max| vm.new_uint(max as u64))
}

impl Deque {
    fn new(items: VecDeque<Object>, max_len: Option<usize>) -> Deque {
        Deque { items: VmCell::new(items), max_len: Cell::new(max_len), state: Cell::new(0) }
    }

    fn len(&self, vm: &Vm) -> usize {
        self.items.get(vm).len()
    }

    /// The items, to be changed.
    fn change<'a>(&'a self, vm: &'a mut Vm) -> &'a mut VecDeque<Object> {
        self.state.set(self.state.get().wrapping_add(1));
        self.items.get_mut(vm)
    }

    fn snapshot(&self, vm: &Vm) -> Vec<Object> {
        self.items.get(vm).iter().cloned().collect()
    }

    fn push_back(&self, vm: &mut Vm, item: Object) {
        let max = self.max_len.get();
        let items = self.change(vm);
        items.push_back(item);
        let surplus = if max.is_some_and(|max| items.len() > max) { items.pop_front() } else { None };
        drop(surplus);
    }

    fn push_front(&self, vm: &mut Vm, item: Object) {
        let max = self.max_len.get();
        let items = self.change(vm);
        items.push_front(item);
        let surplus = if max.is_some_and(|max| items.len() > max) { items.pop_back() } else { None };
        drop(surplus);
    }

    fn item(&self, vm: &Vm, index: usize) -> Option<Object> {
        self.items.get(vm).get(index).cloned()
    }

    /// The position of an item equal to `value`; `mutated` is raised if a comparison changes the deque.
    fn find(&self, vm: &mut Vm, value: Ref<'_>, start: usize, stop: usize, mutated: fn(&mut Vm) -> Raised) -> PyResult<Option<usize>> {
        let state = self.state.get();
        for index in start..stop {
            let Some(item) = self.item(vm, index) else { break };
            let equal = vm.equal(item.borrow(), value)?;
            if self.state.get() != state {
                return Err(mutated(vm));
            }
            if equal {
                return Ok(Some(index));
            }
        }
        Ok(None)
    }
}

fn mutated_during_iteration(vm: &mut Vm) -> Raised {
    vm.runtime_error("deque mutated during iteration")
}

fn mutated_during_remove(vm: &mut Vm) -> Raised {
    vm.index_error("deque mutated during remove().")
}

fn new(vm: &mut Vm, class: RefOf<'_, Type>, _args: Args<'_>) -> PyResult {
    Ok(vm.allocate_in(class.get(), Deque::new(VecDeque::new(), None)))
}

fn init(vm: &mut Vm, deque: Ref<'_>, args: Args<'_>) -> PyResult<()> {
    let mut bound = [const { None }; 2];
    bind_args(vm, "deque", "(iterable=(), maxlen=None)", args, &mut bound)?;
    let [iterable, max_len] = bound;
    let max_len = match max_len.as_ref().map(Object::borrow).filter(|max_len| !max_len.is_none()) {
        Some(max_len) if !int::is_int(max_len) => return Err(vm.type_error("an integer is required")),
        Some(max_len) => Some(size_argument(vm, max_len)?),
        None => None,
    };
    if max_len.is_some_and(|max_len| max_len < 0) {
        return Err(vm.value_error("maxlen must be non-negative"));
    }
    let deque_data = this(deque);
    deque_data.max_len.set(max_len.map(|max_len| max_len as usize));
    let old = std::mem::take(deque_data.change(vm));
    drop(old);
    match iterable {
        Some(iterable) => extend_back(vm, deque, iterable.borrow()),
        None => Ok(()),
    }
}

fn extend_back(vm: &mut Vm, deque: Ref<'_>, iterable: Ref<'_>) -> PyResult<()> {
    let data = this(deque);
    if iterable.is(deque) {
        for item in data.snapshot(vm) {
            data.push_back(vm, item);
        }
        return Ok(());
    }
    if iterable.is_exactly(&LIST) || iterable.is_exactly(&TUPLE) {
        let items = vm.collect(iterable)?;
        let max = data.max_len.get().unwrap_or(usize::MAX);
        let own = data.change(vm);
        own.extend(items);
        let surplus: Vec<Object> = own.drain(..own.len().saturating_sub(max)).collect();
        drop(surplus);
        return Ok(());
    }
    let iterator = vm.iter(iterable)?;
    while let Some(item) = vm.next(iterator.borrow())? {
        data.push_back(vm, item);
    }
    Ok(())
}

fn append(vm: &mut Vm, deque: Ref<'_>, item: Ref<'_>) -> PyResult {
    this(deque).push_back(vm, item.to_owned());
    Ok(Object::none())
}

fn appendleft(vm: &mut Vm, deque: Ref<'_>, item: Ref<'_>) -> PyResult {
    this(deque).push_front(vm, item.to_owned());
    Ok(Object::none())
}

fn extend(vm: &mut Vm, deque: Ref<'_>, iterable: Ref<'_>) -> PyResult {
    extend_back(vm, deque, iterable)?;
    Ok(Object::none())
}

fn extendleft(vm: &mut Vm, deque: Ref<'_>, iterable: Ref<'_>) -> PyResult {
    let data = this(deque);
    if iterable.is(deque) {
        for item in data.snapshot(vm) {
            data.push_front(vm, item);
        }
        return Ok(Object::none());
    }
    let iterator = vm.iter(iterable)?;
    while let Some(item) = vm.next(iterator.borrow())? {
        data.push_front(vm, item);
    }
    Ok(Object::none())
}

fn pop(vm: &mut Vm, deque: Ref<'_>) -> PyResult {
    match this(deque).change(vm).pop_back() {
        Some(item) => Ok(item),
        None => Err(vm.index_error("pop from an empty deque")),
    }
}

fn popleft(vm: &mut Vm, deque: Ref<'_>) -> PyResult {
    match this(deque).change(vm).pop_front() {
        Some(item) => Ok(item),
        None => Err(vm.index_error("pop from an empty deque")),
    }
}

fn clear(vm: &mut Vm, deque: Ref<'_>) -> PyResult {
    let old = std::mem::take(this(deque).change(vm));
    drop(old);
    Ok(Object::none())
}

/// A deque of the same class and greatest length.
fn copy(vm: &mut Vm, deque: Ref<'_>) -> PyResult {
    let data = this(deque);
    if deque.is_exactly(&DEQUE) {
        let items = data.items.get(vm).clone();
        return Ok(vm.allocate(Deque::new(items, data.max_len.get())).into_object());
    }
    let class = deque.class().to_object();
    let result = match data.max_len.get() {
        Some(max_len) => {
            let max_len = vm.new_uint(max_len as u64);
            vm.call(class.borrow(), &[deque, max_len.borrow()])?
        }
        None => vm.call(class.borrow(), &[deque])?,
    };
    if result.borrow().downcast::<Deque>().is_none() {
        let message = format!("{}() must return a deque, not {}", deque.class().full_name(), result.borrow().class().full_name());
        return Err(vm.type_error(message));
    }
    Ok(result)
}

fn count(vm: &mut Vm, deque: Ref<'_>, value: Ref<'_>) -> PyResult {
    let (data, mut count, mut start) = (this(deque), 0, 0);
    let state = data.state.get();
    while let Some(index) = data.find(vm, value, start, usize::MAX, mutated_during_iteration)? {
        if data.state.get() != state {
            return Err(mutated_during_iteration(vm));
        }
        count += 1;
        start = index + 1;
    }
    Ok(Object::small_int(count))
}

fn index(vm: &mut Vm, deque: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let value = args[0].expect("a required argument");
    let start = args[1].map_or(Ok(0), |start| argument_bound(vm, start))?;
    let stop = args[2].map_or(Ok(isize::MAX), |stop| argument_bound(vm, stop))?;
    let data = this(deque);
    let len = data.len(vm);
    match data.find(vm, value, clamp_bound(start, len), clamp_bound(stop, len), mutated_during_iteration)? {
        Some(index) => Ok(Object::small_int(index as i64)),
        None => Err(vm.value_error("deque.index(x): x not in deque")),
    }
}

fn insert(vm: &mut Vm, deque: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let (index, item) = (args[0].expect("a required argument"), args[1].expect("a required argument"));
    let index = size_argument(vm, index)?;
    let data = this(deque);
    let len = data.len(vm);
    if data.max_len.get().is_some_and(|max| len >= max) {
        return Err(vm.index_error("deque already at its maximum size"));
    }
    data.change(vm).insert(clamp_bound(index, len), item.to_owned());
    Ok(Object::none())
}

fn remove(vm: &mut Vm, deque: Ref<'_>, value: Ref<'_>) -> PyResult {
    let data = this(deque);
    match data.find(vm, value, 0, usize::MAX, mutated_during_remove)? {
        Some(index) => {
            let removed = data.change(vm).remove(index);
            drop(removed);
            Ok(Object::none())
        }
        None => Err(vm.value_error("deque.remove(x): x not in deque")),
    }
}

fn reverse(vm: &mut Vm, deque: Ref<'_>) -> PyResult {
    this(deque).items.get_mut(vm).make_contiguous().reverse();
    Ok(Object::none())
}

fn rotate(vm: &mut Vm, deque: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let n = args[0].map_or(Ok(1), |n| size_argument(vm, n))?;
    let items = this(deque).change(vm);
    if items.len() > 1 {
        let n = n.rem_euclid(items.len() as isize) as usize;
        items.rotate_right(n);
    }
    Ok(Object::none())
}

fn size_of(vm: &mut Vm, deque: Ref<'_>) -> PyResult {
    let size = size_of_instance(deque) + this(deque).items.get(vm).capacity() * 8;
    Ok(vm.new_uint(size as u64))
}

fn reduce(vm: &mut Vm, deque: Ref<'_>) -> PyResult {
    let state = state_of(vm, deque)?;
    let items = vm.iter(deque)?;
    let args = match this(deque).max_len.get() {
        Some(max_len) => {
            let empty = vm.new_tuple([]).into_object();
            let max_len = vm.new_uint(max_len as u64);
            vm.new_tuple([empty, max_len])
        }
        None => vm.new_tuple([]),
    };
    Ok(vm.new_tuple([deque.class().to_object(), args.into_object(), state, items]).into_object())
}

fn class_get_item(vm: &mut Vm, class: Ref<'_>, args: Ref<'_>) -> PyResult {
    vm.generic_alias(class, args)
}

fn repr(vm: &mut Vm, deque: Ref<'_>) -> PyResult {
    if !vm.enter_repr(deque) {
        return Ok(vm.new_str("[...]").into_object());
    }
    let items = this(deque).snapshot(vm);
    let items = vm.new_list(items);
    let shown = vm.repr(items.borrow().object());
    vm.leave_repr(deque);
    let mut text = StrBuilder::new();
    text.push_fmt(format_args!("{}(", deque.class().name()));
    text.push_object(&*shown?);
    if let Some(max_len) = this(deque).max_len.get() {
        text.push_fmt(format_args!(", maxlen={max_len}"));
    }
    text.push_str(")");
    Ok(text.finish(vm).into_object())
}

fn compare(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>, op: Comparison) -> PyResult {
    let (Some(a), Some(b)) = (left.downcast::<Deque>(), right.downcast::<Deque>()) else { return Ok(Object::not_implemented()) };
    let lengths = a.len(vm).cmp(&b.len(vm));
    if lengths.is_ne() && matches!(op, Comparison::Equal | Comparison::NotEqual) {
        return Ok(Object::bool(op == Comparison::NotEqual));
    }
    let (first, second) = (vm.iter(left)?, vm.iter(right)?);
    loop {
        let (x, y) = (vm.next(first.borrow())?, vm.next(second.borrow())?);
        let (x, y) = match (x, y) {
            (Some(x), Some(y)) => (x, y),
            (x, y) => return Ok(Object::bool(ordering_satisfies(x.is_some().cmp(&y.is_some()), op))),
        };
        if !vm.equal(x.borrow(), y.borrow())? {
            return match op {
                Comparison::Equal => Ok(Object::bool(false)),
                Comparison::NotEqual => Ok(Object::bool(true)),
                _ => vm.compare(x.borrow(), y.borrow(), op),
            };
        }
    }
}

fn key_position(vm: &mut Vm, deque: &Deque, key: Ref<'_>) -> PyResult<usize> {
    if key.as_small_int().is_none() && key.class().slots().index.is_none() {
        return Err(vm.type_error(format!("sequence index must be integer, not '{}'", key.class().full_name())));
    }
    let index = builtins::slice::item_index(vm, key)?;
    match position(index, deque.len(vm)) {
        Some(position) => Ok(position),
        None => Err(vm.index_error("deque index out of range")),
    }
}

fn get_item(vm: &mut Vm, deque: Ref<'_>, key: Ref<'_>) -> PyResult {
    let data = this(deque);
    let position = key_position(vm, data, key)?;
    Ok(data.items.get(vm)[position].clone())
}

fn set_item(vm: &mut Vm, deque: Ref<'_>, key: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let data = this(deque);
    let position = key_position(vm, data, key)?;
    let old = match value {
        Some(value) => std::mem::replace(&mut data.items.get_mut(vm)[position], value.to_owned()),
        None => match data.change(vm).remove(position) {
            Some(old) => old,
            None => return Ok(()),
        },
    };
    drop(old);
    Ok(())
}

fn contains(vm: &mut Vm, deque: Ref<'_>, value: Ref<'_>) -> PyResult<bool> {
    Ok(this(deque).find(vm, value, 0, usize::MAX, mutated_during_iteration)?.is_some())
}

fn concat(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>) -> PyResult {
    if right.downcast::<Deque>().is_none() {
        return Err(vm.type_error(format!("can only concatenate deque (not \"{}\") to deque", right.class().full_name())));
    }
    let result = copy(vm, left)?;
    extend_back(vm, result.borrow(), right)?;
    Ok(result)
}

fn inplace_concat(vm: &mut Vm, deque: Ref<'_>, iterable: Ref<'_>) -> PyResult {
    extend_back(vm, deque, iterable)?;
    Ok(deque.to_owned())
}

fn repeat(vm: &mut Vm, deque: Ref<'_>, count: isize) -> PyResult {
    let result = copy(vm, deque)?;
    inplace_repeat(vm, result.borrow(), count)
}

fn inplace_repeat(vm: &mut Vm, deque: Ref<'_>, count: isize) -> PyResult {
    let data = this(deque);
    let (len, mut count) = (data.len(vm), count.max(0) as usize);
    if count == 0 {
        clear(vm, deque)?;
        return Ok(deque.to_owned());
    }
    if len == 0 || count == 1 {
        return Ok(deque.to_owned());
    }
    if len > 1 && len > isize::MAX as usize / count {
        return Err(vm.memory_error());
    }
    if let Some(max) = data.max_len.get() {
        // More rounds than fill the deque change nothing but where it ends.
        count = count.min(max.div_ceil(len) + 1);
    }
    match len.checked_mul(count) {
        Some(total) if total < 1 << 20 || (total < isize::MAX as usize / 16 && object::heap::can_allocate(total * 8)) => {}
        _ => return Err(vm.memory_error()),
    }
    let items = data.snapshot(vm);
    for _ in 1..count {
        for item in &items {
            data.push_back(vm, item.clone());
        }
    }
    Ok(deque.to_owned())
}

/// Where an iterator over a deque stands.
struct Place {
    deque: Object,
    state: Cell<u64>,
    /// How many items have been given out, and how many are left.
    given: Cell<usize>,
    left: Cell<usize>,
}

/// The payload of a `_deque_iterator`.
pub struct DequeIterator(Place);

/// The payload of a `_deque_reverse_iterator`.
pub struct DequeReverseIterator(Place);

macro_rules! iterator {
    ($Payload:ident, $STATIC:ident, $SPEC:ident, $name:literal, $short:literal, $new:ident, $next:ident, $hint:ident, $reduce:ident, $backwards:literal) => {
        impl Payload for $Payload {
            fn class() -> &'static Type {
                &$STATIC
            }

            fn traverse(&self, visitor: &mut Visitor<'_>) {
                visitor.visit(self.0.deque.borrow());
            }
        }

        #[doc = concat!("`", $name, "`")]
        pub static $STATIC: Type = Type::new(&$SPEC);
        static $SPEC: TypeSpec = TypeSpec {
            name: $name,
            payload: PayloadInfo::of::<$Payload>(),
            slots: Slots { new: Some($new), iter: Some(iter_self), next: Some($next), ..Slots::NONE },
            methods: &[
        method!(Unary $hint as "__length_hint__" "($self, /)", "Private method returning an estimate of len(list(it))."),
        method!(Unary $reduce as "__reduce__" "($self, /)", "Return state information for pickling."),
            ],
            ..TypeSpec::DEFAULT
        };

        fn $new(vm: &mut Vm, class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
            let place = place_from_args(vm, $short, args)?;
            Ok(vm.allocate_in(class.get(), $Payload(place)))
        }

        fn $next(vm: &mut Vm, this: Ref<'_>) -> PyResult<Option<Object>> {
            payload::<$Payload>(this).0.next(vm, $backwards)
        }

        fn $hint(_vm: &mut Vm, this: Ref<'_>) -> PyResult {
            Ok(Object::small_int(payload::<$Payload>(this).0.left.get() as i64))
        }

        fn $reduce(vm: &mut Vm, this: Ref<'_>) -> PyResult {
            let place = &payload::<$Payload>(this).0;
            let given = self::this(place.deque.borrow()).len(vm).saturating_sub(place.left.get());
            let args = vm.new_tuple([place.deque.clone(), Object::small_int(given as i64)]).into_object();
            Ok(vm.new_tuple([this.class().to_object(), args]).into_object())
        }
    };
}

iterator!(
    DequeIterator,
    DEQUE_ITERATOR,
    DEQUE_ITERATOR_SPEC,
    "collections._deque_iterator",
    "_deque_iterator",
    new_forward,
    next_forward,
    hint_forward,
    reduce_forward,
    false
);
iterator!(
    DequeReverseIterator,
    DEQUE_REVERSE_ITERATOR,
    DEQUE_REVERSE_ITERATOR_SPEC,
    "collections._deque_reverse_iterator",
    "_deque_reverse_iterator",
    new_backward,
    next_backward,
    hint_backward,
    reduce_backward,
    true
);

impl Place {
    fn new(vm: &Vm, deque: Ref<'_>, given: usize) -> Place {
        let data = this(deque);
        let left = data.len(vm).saturating_sub(given);
        Place { deque: deque.to_owned(), state: Cell::new(data.state.get()), given: Cell::new(given), left: Cell::new(left) }
    }

    fn next(&self, vm: &mut Vm, backwards: bool) -> PyResult<Option<Object>> {
        let deque = this(self.deque.borrow());
        if deque.state.get() != self.state.get() {
            self.left.set(0);
            return Err(mutated_during_iteration(vm));
        }
        if self.left.get() == 0 {
            return Ok(None);
        }
        let given = self.given.get();
        self.given.set(given + 1);
        self.left.set(self.left.get() - 1);
        let index = if backwards { deque.len(vm).wrapping_sub(given + 1) } else { given };
        Ok(deque.item(vm, index))
    }
}

fn place_from_args(vm: &mut Vm, name: &str, args: Args<'_>) -> PyResult<Place> {
    check_positional(vm, name, args, 1, 2)?;
    let deque = args.positionals()[0];
    if deque.downcast::<Deque>().is_none() {
        return Err(vm.raise(&exception::TYPE_ERROR, format!("argument 1 must be collections.deque, not {}", deque.class().full_name())));
    }
    let given = match args.positionals().get(1) {
        Some(&given) => size_argument(vm, given)?.max(0) as usize,
        None => 0,
    };
    Ok(Place::new(vm, deque, given))
}

fn iter(vm: &mut Vm, deque: Ref<'_>) -> PyResult {
    let place = Place::new(vm, deque, 0);
    Ok(vm.allocate(DequeIterator(place)).into_object())
}

fn reversed(vm: &mut Vm, deque: Ref<'_>) -> PyResult {
    let place = Place::new(vm, deque, 0);
    Ok(vm.allocate(DequeReverseIterator(place)).into_object())
}
