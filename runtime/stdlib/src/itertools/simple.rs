//! Iterators that pass items of another through, chosen or changed.

use super::two_arguments;
use builtins::iterators::{count_positional, no_keywords};
use builtins::slice::size_argument;
use bytecode::opcode::BinaryOp;
use object::call::{Args, bind_args};
use object::cell::{ObjectCell, VmCell};
use object::list::List;
use object::tuple::Tuple;
use object::vm::Raised;
use object::{Object, Payload, PyResult, Ref, RefOf, Type, Vm, int, method};
use std::cell::Cell;

fn payload<T: Payload>(object: Ref<'_>) -> &T {
    object.downcast::<T>().expect("the slot belongs to the type").get()
}

/// The payload of `accumulate`.
pub struct Accumulate {
    iterator: Object,
    function: Option<Object>,
    total: ObjectCell,
    initial: ObjectCell,
}

iterator_type!(
    /// `accumulate`
    Accumulate, ACCUMULATE, ACCUMULATE_SPEC, "itertools.accumulate", "Return series of accumulated sums (or other binary function results).", "(iterable, func=None, *, initial=None)", Some(new_accumulate), next_accumulate,
    |this, visitor| {
        visitor.visit(this.iterator.borrow());
        visitor.visit_all(&this.function);
        this.total.traverse(visitor);
        this.initial.traverse(visitor);
    }
);

fn new_accumulate(vm: &mut Vm, class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    let mut bound = [const { None }; 3];
    bind_args(vm, "accumulate", "(iterable, func=None, *, initial=None)", args, &mut bound)?;
    let [iterable, function, initial] = bound;
    let iterator = vm.iter(iterable.expect("a required argument").borrow())?;
    let given = |value: Option<Object>| value.filter(|value| !value.borrow().is_none());
    Ok(vm.allocate_in(
        class.get(),
        Accumulate { iterator, function: given(function), total: ObjectCell::EMPTY, initial: ObjectCell::new(given(initial)) },
    ))
}

fn next_accumulate(vm: &mut Vm, this: Ref<'_>) -> PyResult<Option<Object>> {
    let this = payload::<Accumulate>(this);
    if let Some(initial) = this.initial.take() {
        this.total.set(Some(initial.clone()));
        return Ok(Some(initial));
    }
    let Some(item) = vm.next(this.iterator.borrow())? else { return Ok(None) };
    let total = match (this.total.get(), &this.function) {
        (None, _) => item,
        (Some(total), Some(function)) => vm.call(function.borrow(), &[total.borrow(), item.borrow()])?,
        (Some(total), None) => vm.binary(BinaryOp::Add, total.borrow(), item.borrow())?,
    };
    this.total.set(Some(total.clone()));
    Ok(Some(total))
}

/// The payload of `batched`.
pub struct Batched {
    iterator: ObjectCell,
    size: usize,
    strict: bool,
}

iterator_type!(
    /// `batched`
    Batched, BATCHED, BATCHED_SPEC, "itertools.batched", "Batch data into tuples of length n. The last batch may be shorter than n.\n\nLoops over the input iterable and accumulates data into tuples\nup to size n.  The input is consumed lazily, just enough to\nfill a batch.  The result is yielded as soon as a batch is full\nor when the input iterable is exhausted.\n\n    >>> for batch in batched('ABCDEFG', 3):\n    ...     print(batch)\n    ...\n    ('A', 'B', 'C')\n    ('D', 'E', 'F')\n    ('G',)\n\nIf \"strict\" is True, raises a ValueError if the final batch is shorter\nthan n.", "(iterable, n, *, strict=False)", Some(new_batched), next_batched,
    |this, visitor| this.iterator.traverse(visitor)
);

fn new_batched(vm: &mut Vm, class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    let mut bound = [const { None }; 3];
    bind_args(vm, "batched", "(iterable, n, *, strict=False)", args, &mut bound)?;
    let [iterable, size, strict] = bound;
    let size = size_argument(vm, size.expect("a required argument").borrow())?;
    let strict = strict.map_or(Ok(false), |strict| vm.is_true(strict.borrow()))?;
    if size < 1 {
        return Err(vm.value_error("n must be at least one"));
    }
    let iterator = vm.iter(iterable.expect("a required argument").borrow())?;
    Ok(vm.allocate_in(class.get(), Batched { iterator: ObjectCell::new(Some(iterator)), size: size as usize, strict }))
}

fn next_batched(vm: &mut Vm, this: Ref<'_>) -> PyResult<Option<Object>> {
    let this = payload::<Batched>(this);
    let Some(iterator) = this.iterator.get() else { return Ok(None) };
    let mut items = Vec::with_capacity(this.size.min(1024));
    while items.len() < this.size {
        match vm.next(iterator.borrow())? {
            Some(item) => items.push(item),
            None => {
                this.iterator.set(None);
                if items.is_empty() {
                    return Ok(None);
                }
                if this.strict {
                    return Err(vm.value_error("batched(): incomplete batch"));
                }
                break;
            }
        }
    }
    Ok(Some(super::tuple(vm, items)))
}

/// The payload of `chain`.
pub struct Chain {
    /// Where the next iterable comes from.
    source: ObjectCell,
    /// The iterator over the iterable, or the iterable itself if it is a list or tuple.
    active: ObjectCell,
    /// The next item of a list or tuple.
    index: Cell<usize>,
}

iterator_type!(
    /// `chain`
    Chain, CHAIN, CHAIN_SPEC, "itertools.chain", "Return a chain object whose .__next__() method returns elements from the\nfirst iterable until it is exhausted, then elements from the next\niterable, until all of the iterables are exhausted.", "(*iterables)", Some(new_chain), next_chain,
    |this, visitor| {
        this.source.traverse(visitor);
        this.active.traverse(visitor);
    },
    methods: CHAIN_METHODS
);

const CHAIN_METHODS: &[object::Method] = &[
    method!(Binary from_iterable "($type, iterable, /)", "Alternative chain() constructor taking a single iterable argument that evaluates lazily.").class_method(),
    method!(Binary class_get_item as "__class_getitem__" "($type, object, /)", "chain is generic over the type of its contents.\nThis is the union of the types of the input iterable contents.").class_method(),
];

fn new_chain(vm: &mut Vm, class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    no_keywords(vm, "chain", class.get(), &CHAIN, args)?;
    let iterables = vm.new_tuple_from(args.positionals());
    let source = builtins::iterators::new_tuple_iterator(vm, iterables.borrow().object());
    Ok(vm.allocate_in(class.get(), Chain { source: ObjectCell::new(Some(source)), active: ObjectCell::EMPTY, index: Cell::new(0) }))
}

fn from_iterable(vm: &mut Vm, class: Ref<'_>, iterable: Ref<'_>) -> PyResult {
    let source = vm.iter(iterable)?;
    let class = class.downcast::<Type>().expect("a class method is called with a class");
    Ok(vm.allocate_in(class.get(), Chain { source: ObjectCell::new(Some(source)), active: ObjectCell::EMPTY, index: Cell::new(0) }))
}

fn class_get_item(vm: &mut Vm, class: Ref<'_>, args: Ref<'_>) -> PyResult {
    vm.generic_alias(class, args)
}

impl Chain {
    /// The next item of a list or tuple; `None` at its end.
    #[inline]
    fn next_item(&self, vm: &Vm, active: Ref<'_>) -> Option<Object> {
        let index = self.index.replace(self.index.get() + 1);
        match active.downcast_exact::<List>() {
            Some(list) => list.get().items(vm).get(index).cloned(),
            None => active.downcast_exact::<Tuple>()?.get().items().get(index).map(|&item| item.to_owned()),
        }
    }
}

fn is_sequence(object: Ref<'_>) -> bool {
    object.is_exactly(&object::list::LIST) || object.is_exactly(&object::tuple::TUPLE)
}

fn next_chain(vm: &mut Vm, this: Ref<'_>) -> PyResult<Option<Object>> {
    let this = payload::<Chain>(this);
    loop {
        let item = match this.active.borrow(vm) {
            Some(active) if is_sequence(active) => this.next_item(vm, active),
            Some(active) => {
                let active = active.to_owned();
                vm.next(active.borrow())?
            }
            None => None,
        };
        if item.is_some() {
            return Ok(item);
        }
        this.active.set(None);
        let Some(source) = this.source.get() else { return Ok(None) };
        let active = match vm.next(source.borrow()) {
            Ok(Some(iterable)) if is_sequence(iterable.borrow()) => Ok(iterable),
            Ok(Some(iterable)) => vm.iter(iterable.borrow()),
            Ok(None) => {
                this.source.set(None);
                return Ok(None);
            }
            Err(raised) => Err(raised),
        };
        match active {
            Ok(active) => {
                this.index.set(0);
                this.active.set(Some(active));
            }
            Err(raised) => {
                this.source.set(None);
                return Err(raised);
            }
        }
    }
}

/// The payload of `compress`.
pub struct Compress {
    data: Object,
    selectors: Object,
}

iterator_type!(
    /// `compress`
    Compress, COMPRESS, COMPRESS_SPEC, "itertools.compress", "Return data elements corresponding to true selector elements.\n\nForms a shorter iterator from selected data elements using the selectors\nto choose the data elements.", "(data, selectors)", Some(new_compress), next_compress,
    |this, visitor| visitor.visit_all([&this.data, &this.selectors])
);

fn new_compress(vm: &mut Vm, class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    let mut bound = [const { None }; 2];
    bind_args(vm, "compress", "(data, selectors)", args, &mut bound)?;
    let [data, selectors] = bound;
    let data = vm.iter(data.expect("a required argument").borrow())?;
    let selectors = vm.iter(selectors.expect("a required argument").borrow())?;
    Ok(vm.allocate_in(class.get(), Compress { data, selectors }))
}

fn next_compress(vm: &mut Vm, this: Ref<'_>) -> PyResult<Option<Object>> {
    let this = payload::<Compress>(this);
    loop {
        let Some(item) = vm.next(this.data.borrow())? else { return Ok(None) };
        let Some(selector) = vm.next(this.selectors.borrow())? else { return Ok(None) };
        if vm.is_true(selector.borrow())? {
            return Ok(Some(item));
        }
    }
}

/// The payload of `count`.
pub struct Count {
    next: ObjectCell,
    step: Object,
}

iterator_type!(
    /// `count`
    Count, COUNT, COUNT_SPEC, "itertools.count", "Return a count object whose .__next__() method returns consecutive values.\n\nEquivalent to:\n    def count(firstval=0, step=1):\n        x = firstval\n        while 1:\n            yield x\n            x += step", "(start=0, step=1)", Some(new_count), next_count,
    |this, visitor| {
        this.next.traverse(visitor);
        visitor.visit(this.step.borrow());
    },
    repr: repr_count
);

fn is_number(object: Ref<'_>) -> bool {
    let slots = object.class().slots();
    slots.index.is_some() || slots.int.is_some() || slots.float.is_some() || object.class().mro_types().any(|class| class.full_name() == "complex")
}

fn new_count(vm: &mut Vm, class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    let mut bound = [const { None }; 2];
    bind_args(vm, "count", "(start=0, step=1)", args, &mut bound)?;
    if bound.iter().flatten().any(|number| !is_number(number.borrow())) {
        return Err(vm.type_error("a number is required"));
    }
    let [start, step] = bound;
    let start = start.unwrap_or(Object::small_int(0));
    Ok(vm.allocate_in(class.get(), Count { next: ObjectCell::new(Some(start)), step: step.unwrap_or(Object::small_int(1)) }))
}

fn next_count(vm: &mut Vm, this: Ref<'_>) -> PyResult<Option<Object>> {
    let this = payload::<Count>(this);
    let value = this.next.get_or_none();
    let next = match int::add(vm, value.borrow(), this.step.borrow()) {
        Some(next) if is_exact_int(value.borrow()) && is_exact_int(this.step.borrow()) => next,
        _ => vm.binary(BinaryOp::Add, value.borrow(), this.step.borrow())?,
    };
    this.next.set(Some(next));
    Ok(Some(value))
}

fn is_exact_int(object: Ref<'_>) -> bool {
    object.as_small_int().is_some() || object.is_exactly(&int::INT)
}

fn repr_count(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let name = this.class().name().to_owned();
    let this = payload::<Count>(this);
    let next = this.next.get_or_none();
    let next = vm.repr_text(next.borrow())?;
    let text = if this.step.borrow().as_small_int() == Some(1) {
        format!("{name}({next})")
    } else {
        format!("{name}({next}, {})", vm.repr_text(this.step.borrow())?)
    };
    Ok(vm.new_str(&text).into_object())
}

/// The payload of `cycle`.
pub struct Cycle {
    /// Empty once it has been gone through.
    iterator: ObjectCell,
    saved: VmCell<Vec<Object>>,
    index: Cell<usize>,
}

iterator_type!(
    /// `cycle`
    Cycle, CYCLE, CYCLE_SPEC, "itertools.cycle", "Return elements from the iterable until it is exhausted. Then repeat the sequence indefinitely.", "(iterable, /)", Some(new_cycle), next_cycle,
    |this, visitor| {
        this.iterator.traverse(visitor);
        let saved = this.saved.visit(visitor);
        visitor.visit_all(saved);
    }
);

fn new_cycle(vm: &mut Vm, class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    no_keywords(vm, "cycle", class.get(), &CYCLE, args)?;
    count_positional(vm, "cycle", args, 1, 1)?;
    let iterator = vm.iter(args.positionals()[0])?;
    Ok(vm.allocate_in(class.get(), Cycle { iterator: ObjectCell::new(Some(iterator)), saved: VmCell::new(Vec::new()), index: Cell::new(0) }))
}

fn next_cycle(vm: &mut Vm, this: Ref<'_>) -> PyResult<Option<Object>> {
    let this = payload::<Cycle>(this);
    if let Some(iterator) = this.iterator.get() {
        if let Some(item) = vm.next(iterator.borrow())? {
            this.saved.get_mut(vm).push(item.clone());
            return Ok(Some(item));
        }
        this.iterator.set(None);
    }
    let saved = this.saved.get(vm);
    let Some(item) = saved.get(this.index.get()) else { return Ok(None) };
    this.index.set((this.index.get() + 1) % saved.len());
    Ok(Some(item.clone()))
}

/// The payload of `dropwhile` and `takewhile`.
macro_rules! while_type {
    ($Payload:ident, $STATIC:ident, $SPEC:ident, $name:literal, $full_name:literal, $doc:expr, $signature:expr, $new:ident, $next:ident) => {
        /// An iterator and the predicate that decides on its items.
        pub struct $Payload {
            predicate: Object,
            iterator: Object,
            /// Whether the predicate has said no.
            decided: Cell<bool>,
        }

        iterator_type!(
            #[doc = concat!("`", $name, "`")]
            $Payload,
            $STATIC,
            $SPEC,
            $full_name,
            $doc,
            $signature,
            Some($new),
            $next,
            |this, visitor| visitor.visit_all([&this.predicate, &this.iterator])
        );

        fn $new(vm: &mut Vm, class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
            let (predicate, iterable) = two_arguments(vm, $name, class.get(), &$STATIC, args)?;
            let iterator = vm.iter(iterable)?;
            Ok(vm.allocate_in(class.get(), $Payload { predicate: predicate.to_owned(), iterator, decided: Cell::new(false) }))
        }
    };
}

while_type!(
    DropWhile,
    DROP_WHILE,
    DROP_WHILE_SPEC,
    "dropwhile",
    "itertools.dropwhile",
    "Drop items from the iterable while predicate(item) is true.\n\nAfterwards, return every element until the iterable is exhausted.",
    "(predicate, iterable, /)",
    new_drop_while,
    next_drop_while
);
while_type!(
    TakeWhile,
    TAKE_WHILE,
    TAKE_WHILE_SPEC,
    "takewhile",
    "itertools.takewhile",
    "Return successive entries from an iterable as long as the predicate evaluates to true for each entry.",
    "(predicate, iterable, /)",
    new_take_while,
    next_take_while
);

/// The payload of `filterfalse`.
pub struct FilterFalse {
    predicate: Object,
    iterator: Object,
}

iterator_type!(
    /// `filterfalse`
    FilterFalse, FILTER_FALSE, FILTER_FALSE_SPEC, "itertools.filterfalse", "Return those items of iterable for which function(item) is false.\n\nIf function is None, return the items that are false.", "(function, iterable, /)", Some(new_filter_false), next_filter_false,
    |this, visitor| visitor.visit_all([&this.predicate, &this.iterator])
);

fn new_filter_false(vm: &mut Vm, class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    let (predicate, iterable) = two_arguments(vm, "filterfalse", class.get(), &FILTER_FALSE, args)?;
    let iterator = vm.iter(iterable)?;
    Ok(vm.allocate_in(class.get(), FilterFalse { predicate: predicate.to_owned(), iterator }))
}

fn holds(vm: &mut Vm, predicate: &Object, item: &Object) -> PyResult<bool> {
    let result = vm.call(predicate.borrow(), &[item.borrow()])?;
    vm.is_true(result.borrow())
}

fn next_drop_while(vm: &mut Vm, this: Ref<'_>) -> PyResult<Option<Object>> {
    let this = payload::<DropWhile>(this);
    loop {
        let Some(item) = vm.next(this.iterator.borrow())? else { return Ok(None) };
        if this.decided.get() {
            return Ok(Some(item));
        }
        if !holds(vm, &this.predicate, &item)? {
            this.decided.set(true);
            return Ok(Some(item));
        }
    }
}

fn next_take_while(vm: &mut Vm, this: Ref<'_>) -> PyResult<Option<Object>> {
    let this = payload::<TakeWhile>(this);
    if this.decided.get() {
        return Ok(None);
    }
    let Some(item) = vm.next(this.iterator.borrow())? else { return Ok(None) };
    if holds(vm, &this.predicate, &item)? {
        return Ok(Some(item));
    }
    this.decided.set(true);
    Ok(None)
}

fn next_filter_false(vm: &mut Vm, this: Ref<'_>) -> PyResult<Option<Object>> {
    let this = payload::<FilterFalse>(this);
    let by_truth = this.predicate.borrow().is_none() || this.predicate.borrow().is(int::BOOL.object());
    loop {
        let Some(item) = vm.next(this.iterator.borrow())? else { return Ok(None) };
        let holds = if by_truth { vm.is_true(item.borrow())? } else { holds(vm, &this.predicate, &item)? };
        if !holds {
            return Ok(Some(item));
        }
    }
}

/// The payload of `islice`.
pub struct Islice {
    iterator: ObjectCell,
    /// The position of the next item to give out.
    next: Cell<usize>,
    stop: Option<usize>,
    step: usize,
    /// How many items have been taken.
    count: Cell<usize>,
}

iterator_type!(
    /// `islice`
    Islice, ISLICE, ISLICE_SPEC, "itertools.islice", "islice(iterable, stop) --> islice object\nislice(iterable, start, stop[, step]) --> islice object\n\nReturn an iterator whose next() method returns selected values from an\niterable.  If start is specified, will skip all preceding elements;\notherwise, start defaults to zero.  Step defaults to one.  If\nspecified as another value, step determines how many values are\nskipped between successive calls.  Works like a slice() on a list\nbut returns an iterator.", "", Some(new_islice), next_islice,
    |this, visitor| this.iterator.traverse(visitor)
);

/// A bound that is not negative; `None` for Python's.
fn islice_bound(vm: &mut Vm, value: Ref<'_>, message: &str) -> PyResult<Option<usize>> {
    if value.is_none() {
        return Ok(None);
    }
    let bound = size_argument(vm, value).map_err(|raised| drop(vm.catch(raised)));
    match bound {
        Ok(bound) if bound >= 0 => Ok(Some(bound as usize)),
        _ => Err(vm.value_error(message)),
    }
}

const STOP_MESSAGE: &str = "Stop argument for islice() must be None or an integer: 0 <= x <= sys.maxsize.";
const INDICES_MESSAGE: &str = "Indices for islice() must be None or an integer: 0 <= x <= sys.maxsize.";
const STEP_MESSAGE: &str = "Step for islice() must be a positive integer or None.";

fn new_islice(vm: &mut Vm, class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    no_keywords(vm, "islice", class.get(), &ISLICE, args)?;
    count_positional(vm, "islice", args, 2, 4)?;
    let (start, stop, step) = match *args.positionals() {
        [_, stop] => (0, islice_bound(vm, stop, STOP_MESSAGE)?, 1),
        [_, start, stop, ref rest @ ..] => {
            let stop = islice_bound(vm, stop, STOP_MESSAGE)?;
            let start = islice_bound(vm, start, INDICES_MESSAGE)?.unwrap_or(0);
            let step = match rest.first() {
                Some(&step) => islice_bound(vm, step, STEP_MESSAGE)?.unwrap_or(1),
                None => 1,
            };
            (start, stop, step)
        }
        _ => (0, None, 1),
    };
    if step == 0 {
        return Err(vm.value_error(STEP_MESSAGE));
    }
    let iterator = vm.iter(args.positionals()[0])?;
    Ok(vm.allocate_in(class.get(), Islice { iterator: ObjectCell::new(Some(iterator)), next: Cell::new(start), stop, step, count: Cell::new(0) }))
}

fn next_islice(vm: &mut Vm, this: Ref<'_>) -> PyResult<Option<Object>> {
    let this = payload::<Islice>(this);
    let Some(iterator) = this.iterator.get() else { return Ok(None) };
    let limit = this.stop.unwrap_or(usize::MAX);
    while this.count.get() < this.next.get() {
        if vm.next(iterator.borrow())?.is_none() {
            this.iterator.set(None);
            return Ok(None);
        }
        this.count.set(this.count.get() + 1);
    }
    if this.count.get() >= limit {
        this.iterator.set(None);
        return Ok(None);
    }
    let Some(item) = vm.next(iterator.borrow())? else {
        this.iterator.set(None);
        return Ok(None);
    };
    this.count.set(this.count.get() + 1);
    this.next.set(this.next.get().saturating_add(this.step).min(limit));
    Ok(Some(item))
}

/// The payload of `pairwise`.
pub struct Pairwise {
    iterator: ObjectCell,
    last: ObjectCell,
}

iterator_type!(
    /// `pairwise`
    Pairwise, PAIRWISE, PAIRWISE_SPEC, "itertools.pairwise", "Return an iterator of overlapping pairs taken from the input iterator.\n\n    s -> (s0,s1), (s1,s2), (s2, s3), ...", "(iterable, /)", Some(new_pairwise), next_pairwise,
    |this, visitor| {
        this.iterator.traverse(visitor);
        this.last.traverse(visitor);
    }
);

fn new_pairwise(vm: &mut Vm, class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    no_keywords(vm, "pairwise", class.get(), &PAIRWISE, args)?;
    count_positional(vm, "pairwise", args, 1, 1)?;
    let iterator = vm.iter(args.positionals()[0])?;
    Ok(vm.allocate_in(class.get(), Pairwise { iterator: ObjectCell::new(Some(iterator)), last: ObjectCell::EMPTY }))
}

fn next_pairwise(vm: &mut Vm, this: Ref<'_>) -> PyResult<Option<Object>> {
    let this = payload::<Pairwise>(this);
    let Some(mut iterator) = this.iterator.get() else { return Ok(None) };
    let last = match this.last.get() {
        Some(last) => last,
        None => {
            let first = vm.next(iterator.borrow())?;
            this.last.set(first.clone());
            let Some(first) = first else {
                this.iterator.set(None);
                return Ok(None);
            };
            // Taking the first item may have used the iterator up.
            let Some(current) = this.iterator.get() else {
                this.last.set(None);
                return Ok(None);
            };
            iterator = current;
            first
        }
    };
    match vm.next(iterator.borrow())? {
        Some(item) => {
            this.last.set(Some(item.clone()));
            Ok(Some(vm.new_tuple([last, item]).into_object()))
        }
        None => {
            this.iterator.set(None);
            this.last.set(None);
            Ok(None)
        }
    }
}

/// The payload of `repeat`.
pub struct Repeat {
    element: Object,
    /// How many are left; `None`: for ever.
    left: Cell<Option<usize>>,
}

iterator_type!(
    /// `repeat`
    Repeat, REPEAT, REPEAT_SPEC, "itertools.repeat", "repeat(object [,times]) -> create an iterator which returns the object\nfor the specified number of times.  If not specified, returns the object\nendlessly.", "", Some(new_repeat), next_repeat,
    |this, visitor| visitor.visit(this.element.borrow()),
    repr: repr_repeat,
    methods: REPEAT_METHODS
);

const REPEAT_METHODS: &[object::Method] =
    &[method!(Unary length_hint as "__length_hint__" "($self, /)", "Private method returning an estimate of len(list(it)).")];

fn new_repeat(vm: &mut Vm, class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    let mut bound = [const { None }; 2];
    bind_args(vm, "repeat", "(object, times=None)", args, &mut bound)?;
    let [element, times] = bound;
    let left = match times {
        Some(times) => Some(size_argument(vm, times.borrow())?.max(0) as usize),
        None => None,
    };
    Ok(vm.allocate_in(class.get(), Repeat { element: element.expect("a required argument"), left: Cell::new(left) }))
}

fn next_repeat(_vm: &mut Vm, this: Ref<'_>) -> PyResult<Option<Object>> {
    let this = payload::<Repeat>(this);
    match this.left.get() {
        Some(0) => return Ok(None),
        Some(left) => this.left.set(Some(left - 1)),
        None => {}
    }
    Ok(Some(this.element.clone()))
}

fn repr_repeat(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let name = this.class().name().to_owned();
    let this = payload::<Repeat>(this);
    let element = vm.repr(this.element.borrow())?;
    let mut text = object::str::StrBuilder::new();
    text.push_fmt(format_args!("{name}("));
    text.push_object(&element);
    if let Some(left) = this.left.get() {
        text.push_fmt(format_args!(", {left}"));
    }
    text.push_str(")");
    Ok(text.finish(vm).into_object())
}

fn length_hint(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    match payload::<Repeat>(this).left.get() {
        Some(left) => Ok(vm.new_uint(left as u64)),
        None => Err(unsized_error(vm)),
    }
}

fn unsized_error(vm: &mut Vm) -> Raised {
    vm.type_error("len() of unsized object")
}

/// The payload of `starmap`.
pub struct Starmap {
    function: Object,
    iterator: Object,
}

iterator_type!(
    /// `starmap`
    Starmap, STARMAP, STARMAP_SPEC, "itertools.starmap", "Return an iterator whose values are returned from the function evaluated with an argument tuple taken from the given sequence.", "(function, iterable, /)", Some(new_starmap), next_starmap,
    |this, visitor| visitor.visit_all([&this.function, &this.iterator])
);

fn new_starmap(vm: &mut Vm, class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    let (function, iterable) = two_arguments(vm, "starmap", class.get(), &STARMAP, args)?;
    let iterator = vm.iter(iterable)?;
    Ok(vm.allocate_in(class.get(), Starmap { function: function.to_owned(), iterator }))
}

fn next_starmap(vm: &mut Vm, this: Ref<'_>) -> PyResult<Option<Object>> {
    let this = payload::<Starmap>(this);
    let Some(args) = vm.next(this.iterator.borrow())? else { return Ok(None) };
    if let Some(args) = args.borrow().downcast_exact::<Tuple>() {
        return vm.call(this.function.borrow(), args.items()).map(Some);
    }
    let args = vm.collect(args.borrow())?;
    vm.call(this.function.borrow(), Object::as_refs(&args)).map(Some)
}
