//! The iterators of the builtins module: over lists and tuples, backwards over any sequence, of
//! calls up to a sentinel; `enumerate`, `zip`, `map`, `filter`.

use crate::dict::{
    self,
    iterators::{DictIterator, ITEMS},
};
use object::call::Args;
use object::cell::{ObjectCell, Visitor};
use object::exception;
use object::int;
use object::list::List;
use object::native::{PayloadInfo, flag};
use object::protocol::iter_self;
use object::str::{Str, names};
use object::tuple::Tuple;
use object::{Method, Object, Payload, PyResult, Ref, RefOf, Slots, Type, TypeSpec, Vm, method};
use std::cell::Cell;

/// A builtin, as `__reduce__` methods name it: whatever the builtins module has under the name now.
pub fn builtin(vm: &mut Vm, name: &str) -> PyResult {
    let builtins = vm.import("builtins")?;
    vm.get_attr_str(builtins.borrow(), name)
}

/// `(function, (argument,))`, with a state if there is one.
pub fn reduced(vm: &mut Vm, function: Object, argument: Object, state: Option<Object>) -> PyResult {
    let args = vm.new_tuple([argument]).into_object();
    Ok(match state {
        Some(state) => vm.new_tuple([function, args, state]).into_object(),
        None => vm.new_tuple([function, args]).into_object(),
    })
}

/// Whether instances of `class`, which derives from `base`, take their arguments in `__new__` alone.
pub fn inherits_init(class: &Type, base: &Type) -> bool {
    class.slots().init.map(|init| init as usize) == base.slots().init.map(|init| init as usize)
}

/// Refuses keyword arguments, unless the class has an `__init__` of its own to read them.
pub fn no_keywords(vm: &mut Vm, name: &str, class: &Type, base: &Type, args: Args<'_>) -> PyResult<()> {
    if args.has_keywords() && inherits_init(class, base) {
        return Err(vm.type_error(format!("{name}() takes no keyword arguments")));
    }
    Ok(())
}

/// Raises unless the number of positional arguments is in range.
pub fn count_positional(vm: &mut Vm, name: &str, args: Args<'_>, least: usize, most: usize) -> PyResult<()> {
    object::call::check_positional(vm, name, Args::positional(args.positionals()), least, most)
}

/// The state of an iterator over positions.
fn index_state(vm: &mut Vm, state: Ref<'_>) -> PyResult<isize> {
    match int::to_i64(state) {
        Some(Some(index)) => Ok(index as isize),
        Some(None) => Err(vm.overflow_error("Python int too large to convert to C ssize_t")),
        None => Err(vm.type_error("an integer is required")),
    }
}

const HINT_DOC: &str = "Private method returning an estimate of len(list(it)).";
const REDUCE_DOC: &str = "Return state information for pickling.";
const STATE_DOC: &str = "Set state information for unpickling.";

/// The payload of a `list_iterator`.
pub struct ListIterator {
    /// Empty once the end was reached.
    pub list: ObjectCell,
    pub index: Cell<usize>,
}

impl Payload for ListIterator {
    fn class() -> &'static Type {
        &LIST_ITERATOR
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        self.list.traverse(visitor);
    }
}

/// `list_iterator`
pub static LIST_ITERATOR: Type = Type::new(&LIST_ITERATOR_SPEC);
static LIST_ITERATOR_SPEC: TypeSpec = TypeSpec {
    name: "list_iterator",
    flags: flag::NO_INSTANTIATION,
    payload: PayloadInfo::of::<ListIterator>(),
    slots: Slots { iter: Some(iter_self), next: Some(next_in_list), ..Slots::NONE },
    methods: &[
        method!(Unary list_length_hint as "__length_hint__" "($self, /)", HINT_DOC),
        method!(Unary list_reduce as "__reduce__" "($self, /)", REDUCE_DOC),
        method!(Binary list_set_state as "__setstate__" "($self, object, /)", STATE_DOC),
    ],
    ..TypeSpec::DEFAULT
};

/// `iter(list)`
pub fn new_list_iterator(vm: &Vm, list: Ref<'_>) -> Object {
    vm.allocate(ListIterator { list: ObjectCell::new(Some(list.to_owned())), index: Cell::new(0) }).into_object()
}

/// The iterator of a list that comes to this index next.
pub fn new_list_iterator_at(vm: &Vm, list: Ref<'_>, index: usize) -> Object {
    vm.allocate(ListIterator { list: ObjectCell::new(Some(list.to_owned())), index: Cell::new(index) }).into_object()
}

fn list_iterator(object: Ref<'_>) -> RefOf<'_, ListIterator> {
    object.downcast().expect("the method belongs to list iterators")
}

impl ListIterator {
    /// The next item. Runs no Python.
    #[inline]
    pub fn advance(&self, vm: &Vm) -> Option<Object> {
        let list = self.list.borrow(vm)?.downcast::<List>()?;
        let index = self.index.get();
        match list.get().items(vm).get(index) {
            Some(item) => {
                self.index.set(index + 1);
                Some(item.clone())
            }
            None => {
                self.list.set(None);
                None
            }
        }
    }
}

fn next_in_list(vm: &mut Vm, iterator: Ref<'_>) -> PyResult<Option<Object>> {
    Ok(list_iterator(iterator).advance(vm))
}

fn list_length_hint(vm: &mut Vm, iterator: Ref<'_>) -> PyResult {
    let iterator = list_iterator(iterator);
    let len = iterator.list.borrow(vm).and_then(|list| list.downcast::<List>()).map_or(0, |list| list.len(vm));
    Ok(Object::small_int(len.saturating_sub(iterator.index.get()) as i64))
}

fn list_reduce(vm: &mut Vm, iterator: Ref<'_>) -> PyResult {
    let iterator = list_iterator(iterator);
    let iter = builtin(vm, "iter")?;
    match iterator.list.get() {
        Some(list) => reduced(vm, iter, list, Some(Object::small_int(iterator.index.get() as i64))),
        None => {
            let empty = vm.new_list(Vec::new()).into_object();
            reduced(vm, iter, empty, None)
        }
    }
}

fn list_set_state(vm: &mut Vm, iterator: Ref<'_>, state: Ref<'_>) -> PyResult {
    let index = index_state(vm, state)?;
    let iterator = list_iterator(iterator);
    if let Some(list) = iterator.list.borrow(vm).and_then(|list| list.downcast::<List>()) {
        iterator.index.set((index.max(0) as usize).min(list.len(vm)));
    }
    Ok(Object::none())
}

/// The payload of a `list_reverseiterator`.
pub struct ListReverseIterator {
    list: ObjectCell,
    /// How many items are left.
    end: Cell<usize>,
}

impl Payload for ListReverseIterator {
    fn class() -> &'static Type {
        &LIST_REVERSE_ITERATOR
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        self.list.traverse(visitor);
    }
}

/// `list_reverseiterator`
pub static LIST_REVERSE_ITERATOR: Type = Type::new(&LIST_REVERSE_ITERATOR_SPEC);
static LIST_REVERSE_ITERATOR_SPEC: TypeSpec = TypeSpec {
    name: "list_reverseiterator",
    flags: flag::NO_INSTANTIATION,
    payload: PayloadInfo::of::<ListReverseIterator>(),
    slots: Slots { iter: Some(iter_self), next: Some(next_in_list_reversed), ..Slots::NONE },
    methods: &[
        method!(Unary list_reverse_length_hint as "__length_hint__" "($self, /)", HINT_DOC),
        method!(Unary list_reverse_reduce as "__reduce__" "($self, /)", REDUCE_DOC),
        method!(Binary list_reverse_set_state as "__setstate__" "($self, object, /)", STATE_DOC),
    ],
    ..TypeSpec::DEFAULT
};

/// `reversed(list)`
pub fn new_list_reverse_iterator(vm: &Vm, list: Ref<'_>) -> Object {
    let end = crate::list::this(list).len(vm);
    vm.allocate(ListReverseIterator { list: ObjectCell::new(Some(list.to_owned())), end: Cell::new(end) }).into_object()
}

fn list_reverse_iterator(object: Ref<'_>) -> RefOf<'_, ListReverseIterator> {
    object.downcast().expect("the method belongs to list iterators")
}

fn next_in_list_reversed(vm: &mut Vm, iterator: Ref<'_>) -> PyResult<Option<Object>> {
    let iterator = list_reverse_iterator(iterator);
    let item = iterator.end.get().checked_sub(1).and_then(|index| {
        let list = iterator.list.borrow(vm)?.downcast::<List>()?;
        iterator.end.set(index);
        list.get().items(vm).get(index).cloned()
    });
    if item.is_none() {
        iterator.end.set(0);
        iterator.list.set(None);
    }
    Ok(item)
}

fn list_reverse_length_hint(vm: &mut Vm, iterator: Ref<'_>) -> PyResult {
    let iterator = list_reverse_iterator(iterator);
    let len = iterator.list.borrow(vm).and_then(|list| list.downcast::<List>()).map_or(0, |list| list.len(vm));
    let left = iterator.end.get();
    Ok(Object::small_int(if left > len { 0 } else { left as i64 }))
}

fn list_reverse_reduce(vm: &mut Vm, iterator: Ref<'_>) -> PyResult {
    let iterator = list_reverse_iterator(iterator);
    let reversed = builtin(vm, "reversed")?;
    match iterator.list.get() {
        Some(list) => reduced(vm, reversed, list, Some(Object::small_int(iterator.end.get() as i64 - 1))),
        None => {
            let empty = vm.new_list(Vec::new()).into_object();
            reduced(vm, reversed, empty, None)
        }
    }
}

fn list_reverse_set_state(vm: &mut Vm, iterator: Ref<'_>, state: Ref<'_>) -> PyResult {
    let index = index_state(vm, state)?;
    let iterator = list_reverse_iterator(iterator);
    if let Some(list) = iterator.list.borrow(vm).and_then(|list| list.downcast::<List>()) {
        iterator.end.set((index.saturating_add(1).max(0) as usize).min(list.len(vm)));
    }
    Ok(Object::none())
}

/// The payload of a `tuple_iterator`.
pub struct TupleIterator {
    /// Empty once the end was reached.
    pub tuple: ObjectCell,
    pub index: Cell<usize>,
}

impl Payload for TupleIterator {
    fn class() -> &'static Type {
        &TUPLE_ITERATOR
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        self.tuple.traverse(visitor);
    }
}

/// `tuple_iterator`
pub static TUPLE_ITERATOR: Type = Type::new(&TUPLE_ITERATOR_SPEC);
static TUPLE_ITERATOR_SPEC: TypeSpec = TypeSpec {
    name: "tuple_iterator",
    flags: flag::NO_INSTANTIATION,
    payload: PayloadInfo::of::<TupleIterator>(),
    slots: Slots { iter: Some(iter_self), next: Some(next_in_tuple), ..Slots::NONE },
    methods: &[
        method!(Unary tuple_length_hint as "__length_hint__" "($self, /)", HINT_DOC),
        method!(Unary tuple_reduce as "__reduce__" "($self, /)", REDUCE_DOC),
        method!(Binary tuple_set_state as "__setstate__" "($self, object, /)", STATE_DOC),
    ],
    ..TypeSpec::DEFAULT
};

/// `iter(tuple)`
pub fn new_tuple_iterator(vm: &Vm, tuple: Ref<'_>) -> Object {
    vm.allocate(TupleIterator { tuple: ObjectCell::new(Some(tuple.to_owned())), index: Cell::new(0) }).into_object()
}

/// The iterator of a tuple that comes to this index next.
pub fn new_tuple_iterator_at(vm: &Vm, tuple: Ref<'_>, index: usize) -> Object {
    vm.allocate(TupleIterator { tuple: ObjectCell::new(Some(tuple.to_owned())), index: Cell::new(index) }).into_object()
}

fn tuple_iterator(object: Ref<'_>) -> RefOf<'_, TupleIterator> {
    object.downcast().expect("the method belongs to tuple iterators")
}

impl TupleIterator {
    /// The next item. Runs no Python.
    #[inline]
    pub fn advance(&self, vm: &Vm) -> Option<Object> {
        let tuple = self.tuple.borrow(vm)?.downcast::<Tuple>()?;
        let index = self.index.get();
        match tuple.get().items().get(index) {
            Some(&item) => {
                self.index.set(index + 1);
                Some(item.to_owned())
            }
            None => {
                self.tuple.set(None);
                None
            }
        }
    }
}

fn next_in_tuple(vm: &mut Vm, iterator: Ref<'_>) -> PyResult<Option<Object>> {
    Ok(tuple_iterator(iterator).advance(vm))
}

fn tuple_length_hint(vm: &mut Vm, iterator: Ref<'_>) -> PyResult {
    let iterator = tuple_iterator(iterator);
    let len = iterator.tuple.borrow(vm).and_then(|tuple| tuple.downcast::<Tuple>()).map_or(0, |tuple| tuple.len());
    Ok(Object::small_int(len.saturating_sub(iterator.index.get()) as i64))
}

fn tuple_reduce(vm: &mut Vm, iterator: Ref<'_>) -> PyResult {
    let iterator = tuple_iterator(iterator);
    let iter = builtin(vm, "iter")?;
    match iterator.tuple.get() {
        Some(tuple) => reduced(vm, iter, tuple, Some(Object::small_int(iterator.index.get() as i64))),
        None => empty_reduced(vm, iter),
    }
}

fn empty_reduced(vm: &mut Vm, function: Object) -> PyResult {
    let empty = vm.new_tuple([]).into_object();
    reduced(vm, function, empty, None)
}

fn tuple_set_state(vm: &mut Vm, iterator: Ref<'_>, state: Ref<'_>) -> PyResult {
    let index = index_state(vm, state)?;
    let iterator = tuple_iterator(iterator);
    if let Some(tuple) = iterator.tuple.borrow(vm).and_then(|tuple| tuple.downcast::<Tuple>()) {
        iterator.index.set((index.max(0) as usize).min(tuple.len()));
    }
    Ok(Object::none())
}

/// The payload of a `callable_iterator`.
pub struct CallableIterator {
    callable: ObjectCell,
    sentinel: ObjectCell,
}

impl Payload for CallableIterator {
    fn class() -> &'static Type {
        &CALLABLE_ITERATOR
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        self.callable.traverse(visitor);
        self.sentinel.traverse(visitor);
    }

    fn clear(&self, _vm: &mut Vm) {
        self.callable.set(None);
        self.sentinel.set(None);
    }
}

/// `callable_iterator`
pub static CALLABLE_ITERATOR: Type = Type::new(&CALLABLE_ITERATOR_SPEC);
static CALLABLE_ITERATOR_SPEC: TypeSpec = TypeSpec {
    name: "callable_iterator",
    flags: flag::NO_INSTANTIATION,
    payload: PayloadInfo::of::<CallableIterator>(),
    slots: Slots { iter: Some(iter_self), next: Some(next_call), ..Slots::NONE },
    methods: &[method!(Unary callable_reduce as "__reduce__" "($self, /)", REDUCE_DOC)],
    ..TypeSpec::DEFAULT
};

/// `iter(callable, sentinel)`
pub fn new_callable_iterator(vm: &Vm, callable: Ref<'_>, sentinel: Ref<'_>) -> Object {
    let iterator = CallableIterator { callable: ObjectCell::new(Some(callable.to_owned())), sentinel: ObjectCell::new(Some(sentinel.to_owned())) };
    vm.allocate(iterator).into_object()
}

fn next_call(vm: &mut Vm, this: Ref<'_>) -> PyResult<Option<Object>> {
    let iterator = this.downcast::<CallableIterator>().expect("the slot belongs to the type");
    let Some(callable) = iterator.callable.get() else { return Ok(None) };
    let result = match vm.call(callable.borrow(), &[]) {
        Ok(result) => result,
        Err(raised) => {
            vm.catch_if(raised, &exception::STOP_ITERATION)?;
            iterator.callable.set(None);
            iterator.sentinel.set(None);
            return Ok(None);
        }
    };
    // The call may have exhausted the iterator.
    let Some(sentinel) = iterator.sentinel.get() else { return Ok(None) };
    if !vm.equal(sentinel.borrow(), result.borrow())? {
        return Ok(Some(result));
    }
    iterator.callable.set(None);
    iterator.sentinel.set(None);
    Ok(None)
}

fn callable_reduce(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let iter = builtin(vm, "iter")?;
    let iterator = this.downcast::<CallableIterator>().expect("the method belongs to the type");
    match (iterator.callable.get(), iterator.sentinel.get()) {
        (Some(callable), Some(sentinel)) => {
            let args = vm.new_tuple([callable, sentinel]).into_object();
            Ok(vm.new_tuple([iter, args]).into_object())
        }
        _ => empty_reduced(vm, iter),
    }
}

/// The payload of a `reversed`, of a sequence without a `__reversed__` of its own.
pub struct Reversed {
    sequence: ObjectCell,
    /// How many items are left.
    end: Cell<usize>,
}

impl Payload for Reversed {
    fn class() -> &'static Type {
        &REVERSED
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        self.sequence.traverse(visitor);
    }

    fn clear(&self, _vm: &mut Vm) {
        self.sequence.set(None);
    }
}

/// `reversed`
pub static REVERSED: Type = Type::new(&REVERSED_SPEC);
static REVERSED_SPEC: TypeSpec = TypeSpec {
    name: "reversed",
    doc: "Return a reverse iterator over the values of the given sequence.",
    flags: flag::BASE_TYPE,
    payload: PayloadInfo::of::<Reversed>(),
    slots: Slots { new: Some(new_reversed), iter: Some(iter_self), next: Some(next_reversed), ..Slots::NONE },
    signature: "(sequence, /)",
    methods: &[
        method!(Unary reversed_length_hint as "__length_hint__" "($self, /)", HINT_DOC),
        method!(Unary reversed_reduce as "__reduce__" "($self, /)", REDUCE_DOC),
        method!(Binary reversed_set_state as "__setstate__" "($self, object, /)", STATE_DOC),
    ],
    ..TypeSpec::DEFAULT
};

fn new_reversed(vm: &mut Vm, class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    no_keywords(vm, "reversed", class.get(), &REVERSED, args)?;
    count_positional(vm, "reversed", args, 1, 1)?;
    let sequence = args.positionals()[0];
    match vm.lookup_special(sequence, names::__reversed__())? {
        Some(method) if method.borrow().is_none() => Err(not_reversible(vm, sequence)),
        Some(method) => vm.call(method.borrow(), &[]),
        None if !vm.is_sequence(sequence) => Err(not_reversible(vm, sequence)),
        None => {
            let end = vm.len(sequence)?;
            Ok(vm.allocate_in(class.get(), Reversed { sequence: ObjectCell::new(Some(sequence.to_owned())), end: Cell::new(end) }))
        }
    }
}

fn not_reversible(vm: &mut Vm, object: Ref<'_>) -> object::vm::Raised {
    vm.type_error(format!("'{}' object is not reversible", object.class().full_name()))
}

fn reversed(object: Ref<'_>) -> RefOf<'_, Reversed> {
    object.downcast().expect("the method belongs to reversed")
}

fn next_reversed(vm: &mut Vm, this: Ref<'_>) -> PyResult<Option<Object>> {
    let iterator = reversed(this);
    if let (Some(sequence), Some(index)) = (iterator.sequence.get(), iterator.end.get().checked_sub(1)) {
        let key = vm.new_int(index as i64);
        match vm.get_item(sequence.borrow(), key.borrow()) {
            Ok(item) => {
                iterator.end.set(index);
                return Ok(Some(item));
            }
            Err(raised) => match vm.catch_if(raised, &exception::INDEX_ERROR) {
                Ok(_) => {}
                Err(raised) => {
                    vm.catch_if(raised, &exception::STOP_ITERATION)?;
                }
            },
        }
    }
    iterator.end.set(0);
    iterator.sequence.set(None);
    Ok(None)
}

fn reversed_length_hint(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let iterator = reversed(this);
    let Some(sequence) = iterator.sequence.get() else { return Ok(Object::small_int(0)) };
    let (len, left) = (vm.len(sequence.borrow())?, iterator.end.get());
    Ok(Object::small_int(if len < left { 0 } else { left as i64 }))
}

fn reversed_reduce(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let iterator = reversed(this);
    let class = this.class().to_object();
    match iterator.sequence.get() {
        Some(sequence) => reduced(vm, class, sequence, Some(Object::small_int(iterator.end.get() as i64 - 1))),
        None => empty_reduced(vm, class),
    }
}

fn reversed_set_state(vm: &mut Vm, this: Ref<'_>, state: Ref<'_>) -> PyResult {
    let index = index_state(vm, state)?;
    let iterator = reversed(this);
    if let Some(sequence) = iterator.sequence.get() {
        let len = vm.len(sequence.borrow())?;
        iterator.end.set((index.saturating_add(1).max(0) as usize).min(len));
    }
    Ok(Object::none())
}

/// The payload of an `enumerate`.
pub struct Enumerate {
    iterator: Object,
    count: Cell<i64>,
    /// The count, once it is too large.
    long_count: ObjectCell,
}

/// `enumerate` of a list that has come to this index.
pub fn new_enumerate_at(vm: &Vm, list: Ref<'_>, index: usize) -> Object {
    let iterator = new_list_iterator_at(vm, list, index);
    vm.allocate(Enumerate { iterator, count: Cell::new(index as i64), long_count: ObjectCell::EMPTY }).into_object()
}

impl Payload for Enumerate {
    fn class() -> &'static Type {
        &ENUMERATE
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        visitor.visit(self.iterator.borrow());
        self.long_count.traverse(visitor);
    }
}

/// `enumerate`
pub static ENUMERATE: Type = Type::new(&ENUMERATE_SPEC);
static ENUMERATE_SPEC: TypeSpec = TypeSpec {
    name: "enumerate",
    doc: "Return an enumerate object.\n\n  iterable\n    an object supporting iteration\n\nThe enumerate object yields pairs containing a count (from start, which\ndefaults to zero) and a value yielded by the iterable argument.\n\nenumerate is useful for obtaining an indexed list:\n    (0, seq[0]), (1, seq[1]), (2, seq[2]), ...",
    flags: flag::BASE_TYPE,
    payload: PayloadInfo::of::<Enumerate>(),
    slots: Slots { new: Some(new_enumerate), iter: Some(iter_self), next: Some(next_pair), ..Slots::NONE },
    signature: "(iterable, start=0)",
    methods: &[
        method!(Unary enumerate_reduce as "__reduce__" "($self, /)", REDUCE_DOC),
        method!(Binary class_get_item as "__class_getitem__" "($type, object, /)", "See PEP 585").class_method(),
    ],
    ..TypeSpec::DEFAULT
};

fn class_get_item(vm: &mut Vm, class: Ref<'_>, args: Ref<'_>) -> PyResult {
    vm.generic_alias(class, args)
}

fn enumerate_args<'a>(vm: &mut Vm, args: Args<'a>) -> PyResult<(Ref<'a>, Option<Ref<'a>>)> {
    let total = args.values().len();
    if total > 2 {
        return Err(vm.type_error(format!("enumerate() takes at most 2 arguments ({total} given)")));
    }
    let mut found = [args.positionals().first().copied(), args.positionals().get(1).copied()];
    for (name, value) in args.keywords() {
        let text = name.downcast::<Str>().map(|name| name.get().to_string_lossy().into_owned()).unwrap_or_default();
        let place = match text.as_str() {
            "iterable" => 0,
            "start" => 1,
            _ => return Err(vm.type_error(format!("'{text}' is an invalid keyword argument for enumerate()"))),
        };
        if found[place].is_some() {
            return Err(vm.type_error(format!("'{text}' is an invalid keyword argument for enumerate()")));
        }
        found[place] = Some(value);
    }
    match found {
        [Some(iterable), start] => Ok((iterable, start)),
        [None, _] => Err(vm.type_error("enumerate() missing required argument 'iterable'")),
    }
}

fn new_enumerate(vm: &mut Vm, class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    let (iterable, start) = enumerate_args(vm, args)?;
    let start = start.map_or(Ok(Object::small_int(0)), |start| vm.index(start))?;
    let (count, long_count) = match start.borrow().as_small_int() {
        Some(count) => (count, None),
        None => (0, Some(start)),
    };
    let iterator = vm.iter(iterable)?;
    Ok(vm.allocate_in(class.get(), Enumerate { iterator, count: Cell::new(count), long_count: ObjectCell::new(long_count) }))
}

impl Enumerate {
    /// The next number and item.
    #[inline]
    pub(crate) fn advance(&self, vm: &mut Vm) -> PyResult<Option<(Object, Object)>> {
        let Some(item) = vm.next(self.iterator.borrow())? else { return Ok(None) };
        let count = match self.long_count.get() {
            Some(count) => {
                let next = int::add(vm, count.borrow(), Object::small_int(1).borrow());
                self.long_count.set(next);
                count
            }
            None => {
                let count = self.count.get();
                match Object::from_small_int(count + 1) {
                    Some(_) => self.count.set(count + 1),
                    None => self.long_count.set(Some(vm.new_int(count + 1))),
                }
                Object::small_int(count)
            }
        };
        Ok(Some((count, item)))
    }
}

fn next_pair(vm: &mut Vm, this: Ref<'_>) -> PyResult<Option<Object>> {
    let enumerate = this.downcast::<Enumerate>().expect("the slot belongs to the type");
    let pair = enumerate.get().advance(vm)?;
    Ok(pair.map(|(count, item)| vm.new_tuple([count, item]).into_object()))
}

fn enumerate_reduce(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let enumerate = this.downcast::<Enumerate>().expect("the method belongs to the type");
    let count = enumerate.long_count.get().unwrap_or_else(|| Object::small_int(enumerate.count.get()));
    let args = vm.new_tuple([enumerate.iterator.clone(), count]).into_object();
    Ok(vm.new_tuple([this.class().to_object(), args]).into_object())
}

/// The payload of a `zip` and of a `map`: iterators that advance together.
pub struct Parallel {
    iterators: Vec<Object>,
    strict: Cell<bool>,
}

impl Parallel {
    fn new(vm: &mut Vm, iterables: &[Ref<'_>], strict: bool) -> PyResult<Parallel> {
        let iterators = iterables.iter().map(|&iterable| vm.iter(iterable)).collect::<PyResult<Vec<Object>>>()?;
        Ok(Parallel { iterators, strict: Cell::new(strict) })
    }

    /// One item of each, or `None` at the end; `name` is for errors about lengths.
    fn advance(&self, vm: &mut Vm, name: &str) -> PyResult<Option<Vec<Object>>> {
        let mut items = Vec::with_capacity(self.iterators.len());
        for (index, iterator) in self.iterators.iter().enumerate() {
            match vm.next(iterator.borrow())? {
                Some(item) => items.push(item),
                None if !self.strict.get() => return Ok(None),
                None => return self.check_ends(vm, name, index),
            }
        }
        Ok(Some(items))
    }

    fn check_ends(&self, vm: &mut Vm, name: &str, ended: usize) -> PyResult<Option<Vec<Object>>> {
        if ended > 0 {
            return Err(mismatch(vm, name, ended, "shorter"));
        }
        for (index, iterator) in self.iterators.iter().enumerate().skip(1) {
            if vm.next(iterator.borrow())?.is_some() {
                return Err(mismatch(vm, name, index, "longer"));
            }
        }
        Ok(None)
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        visitor.visit_all(&self.iterators);
    }
}

fn mismatch(vm: &mut Vm, name: &str, index: usize, how: &str) -> object::vm::Raised {
    let others = if index == 1 { " 1".to_owned() } else { format!("s 1-{index}") };
    vm.value_error(format!("{name}() argument {} is {how} than argument{others}", index + 1))
}

/// The value of `strict=`, the only keyword argument of `zip` and `map`.
fn strict_argument(vm: &mut Vm, name: &str, args: Args<'_>) -> PyResult<bool> {
    if args.n_keywords() > 1 {
        return Err(vm.type_error(format!("{name}() takes at most 1 keyword argument ({} given)", args.n_keywords())));
    }
    let Some((key, value)) = args.keywords().next() else { return Ok(false) };
    let key = key.downcast::<Str>().map(|key| key.get().to_string_lossy().into_owned()).unwrap_or_default();
    if key != "strict" {
        return Err(vm.type_error(format!("{name}() got an unexpected keyword argument '{key}'")));
    }
    vm.is_true(value)
}

/// The payload of a `zip`.
pub struct Zip(Parallel);

impl Payload for Zip {
    fn class() -> &'static Type {
        &ZIP
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        self.0.traverse(visitor);
    }
}

/// `zip`
pub static ZIP: Type = Type::new(&ZIP_SPEC);
static ZIP_SPEC: TypeSpec = TypeSpec {
    name: "zip",
    doc: "The zip object yields n-length tuples, where n is the number of iterables\npassed as positional arguments to zip().  The i-th element in every tuple\ncomes from the i-th iterable argument to zip().  This continues until the\nshortest argument is exhausted.\n\nIf strict is true and one of the arguments is exhausted before the others,\nraise a ValueError.\n\n   >>> list(zip('abcdefg', range(3), range(4)))\n   [('a', 0, 0), ('b', 1, 1), ('c', 2, 2)]",
    flags: flag::BASE_TYPE,
    payload: PayloadInfo::of::<Zip>(),
    slots: Slots { new: Some(new_zip), iter: Some(iter_self), next: Some(next_zip), ..Slots::NONE },
    signature: "(*iterables, strict=False)",
    methods: &[
        method!(Unary zip_reduce as "__reduce__" "($self, /)", REDUCE_DOC),
        method!(Binary zip_set_state as "__setstate__" "($self, object, /)", STATE_DOC),
    ],
    ..TypeSpec::DEFAULT
};

fn zip(object: Ref<'_>) -> RefOf<'_, Zip> {
    object.downcast().expect("the method belongs to zip")
}

fn new_zip(vm: &mut Vm, class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    let strict = strict_argument(vm, "zip", args)?;
    let parallel = Parallel::new(vm, args.positionals(), strict)?;
    Ok(vm.allocate_in(class.get(), Zip(parallel)))
}

fn next_zip(vm: &mut Vm, this: Ref<'_>) -> PyResult<Option<Object>> {
    let parallel = &zip(this).get().0;
    match &parallel.iterators[..] {
        [] => Ok(None),
        // The common case, without a vector.
        [first, second] if !parallel.strict.get() => {
            let pair = advance_both(vm, first.borrow(), second.borrow())?;
            Ok(pair.map(|(first, second)| vm.new_tuple([first, second]).into_object()))
        }
        _ => {
            let items = parallel.advance(vm, "zip")?;
            Ok(items.map(|items| vm.new_tuple(items).into_object()))
        }
    }
}

#[inline]
fn advance_both(vm: &mut Vm, first: Ref<'_>, second: Ref<'_>) -> PyResult<Option<(Object, Object)>> {
    let Some(first) = vm.next(first)? else { return Ok(None) };
    Ok(vm.next(second)?.map(|second| (first, second)))
}

/// The next pair of an iterator over pairs that makes its tuples itself: `enumerate`, `zip` of two, items of a dict. `None` for
/// other iterators. For loops that take the pair apart at once, and need no tuple.
pub fn next_two(vm: &mut Vm, iterator: Ref<'_>) -> Option<PyResult<Option<(Object, Object)>>> {
    if let Some(items) = iterator.downcast_exact::<DictIterator<ITEMS>>() {
        return Some(dict::iterators::next_item(vm, items.get()));
    }
    if let Some(enumerate) = iterator.downcast_exact::<Enumerate>() {
        return Some(enumerate.get().advance(vm));
    }
    let parallel = &iterator.downcast_exact::<Zip>()?.get().0;
    match &parallel.iterators[..] {
        [first, second] if !parallel.strict.get() => Some(advance_both(vm, first.borrow(), second.borrow())),
        _ => None,
    }
}

/// Whether [`next_two`] knows the iterator's class.
pub fn yields_pairs(iterator: Ref<'_>) -> bool {
    iterator.is_exactly(&ENUMERATE) || iterator.is_exactly(&ZIP) || iterator.is_exactly(&dict::iterators::DICT_ITEM_ITERATOR)
}

fn zip_reduce(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let parallel = &zip(this).get().0;
    let iterators = vm.new_tuple(parallel.iterators.iter().cloned()).into_object();
    let class = this.class().to_object();
    Ok(if parallel.strict.get() {
        vm.new_tuple([class, iterators, Object::bool(true)]).into_object()
    } else {
        vm.new_tuple([class, iterators]).into_object()
    })
}

fn zip_set_state(vm: &mut Vm, this: Ref<'_>, state: Ref<'_>) -> PyResult {
    let strict = vm.is_true(state)?;
    zip(this).0.strict.set(strict);
    Ok(Object::none())
}

/// The payload of a `map`.
pub struct Map {
    function: Object,
    parallel: Parallel,
}

impl Payload for Map {
    fn class() -> &'static Type {
        &MAP
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        visitor.visit(self.function.borrow());
        self.parallel.traverse(visitor);
    }
}

/// `map`
pub static MAP: Type = Type::new(&MAP_SPEC);
static MAP_SPEC: TypeSpec = TypeSpec {
    name: "map",
    doc: "Make an iterator that computes the function using arguments from\neach of the iterables.  Stops when the shortest iterable is exhausted.\n\nIf strict is true and one of the arguments is exhausted before the others,\nraise a ValueError.",
    flags: flag::BASE_TYPE,
    payload: PayloadInfo::of::<Map>(),
    slots: Slots { new: Some(new_map), iter: Some(iter_self), next: Some(next_map), ..Slots::NONE },
    signature: "(function, iterable, /, *iterables, strict=False)",
    methods: &[
        method!(Unary map_reduce as "__reduce__" "($self, /)", REDUCE_DOC),
        method!(Binary map_set_state as "__setstate__" "($self, object, /)", STATE_DOC),
    ],
    ..TypeSpec::DEFAULT
};

fn map(object: Ref<'_>) -> RefOf<'_, Map> {
    object.downcast().expect("the method belongs to map")
}

fn new_map(vm: &mut Vm, class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    let strict = strict_argument(vm, "map", args)?;
    let &[function, ref iterables @ ..] = args.positionals() else { return Err(vm.type_error("map() must have at least two arguments.")) };
    if iterables.is_empty() {
        return Err(vm.type_error("map() must have at least two arguments."));
    }
    let parallel = Parallel::new(vm, iterables, strict)?;
    Ok(vm.allocate_in(class.get(), Map { function: function.to_owned(), parallel }))
}

fn next_map(vm: &mut Vm, this: Ref<'_>) -> PyResult<Option<Object>> {
    let map = map(this);
    let function = map.function.borrow();
    if let [only] = &map.parallel.iterators[..] {
        return match vm.next(only.borrow())? {
            Some(item) => vm.call(function, &[item.borrow()]).map(Some),
            None => Ok(None),
        };
    }
    match map.parallel.advance(vm, "map")? {
        Some(items) => vm.call(function, Object::as_refs(&items)).map(Some),
        None => Ok(None),
    }
}

fn map_reduce(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let map = map(this);
    let args: Vec<Object> = std::iter::once(&map.function).chain(&map.parallel.iterators).cloned().collect();
    let args = vm.new_tuple(args).into_object();
    let class = this.class().to_object();
    Ok(if map.parallel.strict.get() {
        vm.new_tuple([class, args, Object::bool(true)]).into_object()
    } else {
        vm.new_tuple([class, args]).into_object()
    })
}

fn map_set_state(vm: &mut Vm, this: Ref<'_>, state: Ref<'_>) -> PyResult {
    let strict = vm.is_true(state)?;
    map(this).parallel.strict.set(strict);
    Ok(Object::none())
}

/// The payload of a `filter`.
pub struct Filter {
    function: Object,
    iterator: Object,
}

impl Payload for Filter {
    fn class() -> &'static Type {
        &FILTER
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        visitor.visit_all([&self.function, &self.iterator]);
    }
}

/// `filter`
pub static FILTER: Type = Type::new(&FILTER_SPEC);
static FILTER_SPEC: TypeSpec = TypeSpec {
    name: "filter",
    doc: "Return an iterator yielding those items of iterable for which function(item)\nis true. If function is None, return the items that are true.",
    flags: flag::BASE_TYPE,
    payload: PayloadInfo::of::<Filter>(),
    slots: Slots { new: Some(new_filter), iter: Some(iter_self), next: Some(next_filter), ..Slots::NONE },
    signature: "(function, iterable, /)",
    methods: FILTER_METHODS,
    ..TypeSpec::DEFAULT
};

const FILTER_METHODS: &[Method] = &[method!(Unary filter_reduce as "__reduce__" "($self, /)", REDUCE_DOC)];

fn new_filter(vm: &mut Vm, class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    no_keywords(vm, "filter", class.get(), &FILTER, args)?;
    count_positional(vm, "filter", args, 2, 2)?;
    let (function, iterable) = (args.positionals()[0], args.positionals()[1]);
    let iterator = vm.iter(iterable)?;
    Ok(vm.allocate_in(class.get(), Filter { function: function.to_owned(), iterator }))
}

fn next_filter(vm: &mut Vm, this: Ref<'_>) -> PyResult<Option<Object>> {
    let filter = this.downcast::<Filter>().expect("the slot belongs to the type");
    let function = filter.function.borrow();
    let by_truth = function.is_none() || function.is(int::BOOL.object());
    while let Some(item) = vm.next(filter.iterator.borrow())? {
        let wanted = if by_truth {
            vm.is_true(item.borrow())?
        } else {
            let result = vm.call(function, &[item.borrow()])?;
            vm.is_true(result.borrow())?
        };
        if wanted {
            return Ok(Some(item));
        }
    }
    Ok(None)
}

fn filter_reduce(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let filter = this.downcast::<Filter>().expect("the method belongs to the type");
    let args = vm.new_tuple([filter.function.clone(), filter.iterator.clone()]).into_object();
    Ok(vm.new_tuple([this.class().to_object(), args]).into_object())
}
