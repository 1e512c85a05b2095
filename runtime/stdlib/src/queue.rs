//! `_queue`: `SimpleQueue`.

use crate::exception_class;
use object::call::Args;
use object::cell::{ObjectCell, Visitor, VmCell};
use object::exception;
use object::native::{Module, PayloadInfo, flag};
use object::{Method, Object, Payload, PyResult, Ref, RefOf, Slots, Type, TypeSpec, Vm, float, int, method};
use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

pub static MODULE: Module = Module {
    name: "_queue",
    doc: "C implementation of the Python queue module.\nThis module is an implementation detail, please do not use it directly.",
    types: &[&SIMPLE_QUEUE],
    init: Some(|vm, module| {
        exception_class::define(
            vm,
            module,
            &EMPTY,
            "_queue",
            "Empty",
            &exception::EXCEPTION,
            Some("Exception raised by Queue.get(block=0)/get_nowait()."),
        )
    }),
    ..Module::DEFAULT
};

/// `_queue.Empty`
static EMPTY: ObjectCell = ObjectCell::EMPTY;

/// How long a wait goes on without looking for signals.
const SLICE: Duration = Duration::from_millis(50);

/// The payload of a `SimpleQueue`.
pub struct SimpleQueue {
    items: VmCell<VecDeque<Object>>,
    /// How often something was put in, for those who wait without the global lock.
    puts: Mutex<u64>,
    arrival: Condvar,
}

impl Payload for SimpleQueue {
    fn class() -> &'static Type {
        &SIMPLE_QUEUE
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

/// `_queue.SimpleQueue`
pub static SIMPLE_QUEUE: Type = Type::new(&SIMPLE_QUEUE_SPEC);
static SIMPLE_QUEUE_SPEC: TypeSpec = TypeSpec {
    name: "_queue.SimpleQueue",
    doc: "Simple, unbounded, reentrant FIFO queue.",
    signature: "()",
    flags: flag::BASE_TYPE | flag::WEAK_REFERENCES,
    payload: PayloadInfo::of::<SimpleQueue>(),
    slots: Slots { new: Some(new), ..Slots::NONE },
    methods: METHODS,
    ..TypeSpec::DEFAULT
};

const METHODS: &[Method] = &[
    method!(Unary empty "($self, /)", "Return True if the queue is empty, False otherwise (not reliable!)."),
    method!(Bound get "($self, /, block=True, timeout=None)", "Remove and return an item from the queue.\n\nIf optional args 'block' is true and 'timeout' is None (the\ndefault), block if necessary until an item is available.  If\n'timeout' is a non-negative number, it blocks at most 'timeout'\nseconds and raises the Empty exception if no item was available\nwithin that time.\nOtherwise ('block' is false), return an item if one is immediately\navailable, else raise the Empty exception ('timeout' is ignored\nin that case)."),
    method!(Unary get_nowait "($self, /)", "Remove and return an item from the queue without blocking.\n\nOnly get an item if one is immediately available. Otherwise\nraise the Empty exception."),
    method!(Bound put "($self, /, item, block=True, timeout=None)", "Put the item on the queue.\n\nThe optional 'block' and 'timeout' arguments are ignored, as this\nmethod never blocks.  They are provided for compatibility with the\nQueue class."),
    method!(Bound put_nowait "($self, /, item)", "Put an item into the queue without blocking.\n\nThis is exactly equivalent to `put(item)` and is only provided\nfor compatibility with the Queue class."),
    method!(Unary qsize "($self, /)", "Return the approximate size of the queue (not reliable!)."),
    method!(Binary class_get_item as "__class_getitem__" "($type, object, /)", "SimpleQueues are generic over the type of their contents")
        .class_method(),
];

fn this(object: Ref<'_>) -> &SimpleQueue {
    object.downcast::<SimpleQueue>().expect("the method belongs to queues").get()
}

fn new(vm: &mut Vm, class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    if builtins::iterators::inherits_init(class.get(), &SIMPLE_QUEUE) {
        if args.has_keywords() {
            return Err(vm.type_error("SimpleQueue() takes no keyword arguments"));
        }
        if args.n_positional() > 0 {
            return Err(vm.type_error("SimpleQueue() takes no positional arguments"));
        }
    }
    Ok(vm.allocate_in(class.get(), SimpleQueue { items: VmCell::new(VecDeque::new()), puts: Mutex::new(0), arrival: Condvar::new() }))
}

fn put_item(vm: &mut Vm, queue: &SimpleQueue, item: Ref<'_>) -> PyResult {
    queue.items.get_mut(vm).push_back(item.to_owned());
    *queue.puts.lock().unwrap_or_else(PoisonError::into_inner) += 1;
    queue.arrival.notify_one();
    Ok(Object::none())
}

fn put(vm: &mut Vm, queue: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    put_item(vm, this(queue), args[0].expect("a required argument"))
}

fn put_nowait(vm: &mut Vm, queue: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    put_item(vm, this(queue), args[0].expect("a required argument"))
}

/// The time until when to wait; `None`: for ever.
fn deadline(vm: &mut Vm, timeout: Ref<'_>) -> PyResult<Option<Instant>> {
    if timeout.is_none() {
        return Ok(None);
    }
    let is_number = float::value(timeout).is_some() || int::is_int(timeout) || timeout.class().slots().index.is_some();
    if !is_number {
        return Err(vm.type_error(format!("'{}' object cannot be interpreted as an integer or float", timeout.class().full_name())));
    }
    let seconds = vm.to_float(timeout)?;
    if seconds < 0.0 {
        return Err(vm.value_error("'timeout' must be a non-negative number"));
    }
    if seconds.is_nan() {
        return Err(vm.value_error("Invalid value NaN (not a number)"));
    }
    match Duration::try_from_secs_f64(seconds).ok().filter(|_| seconds < 9.2e9).and_then(|timeout| Instant::now().checked_add(timeout)) {
        Some(deadline) => Ok(Some(deadline)),
        None => Err(vm.overflow_error("timeout value is too large")),
    }
}

fn get(vm: &mut Vm, queue: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let queue = this(queue);
    let block = args[0].map_or(Ok(true), |block| vm.is_true(block))?;
    let deadline = if block { deadline(vm, args[1].unwrap_or(Ref::NONE))? } else { None };
    loop {
        let seen = *queue.puts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(item) = queue.items.get_mut(vm).pop_front() {
            return Ok(item);
        }
        let now = Instant::now();
        if !block || deadline.is_some_and(|deadline| deadline <= now) {
            return Err(exception_class::raise(vm, &EMPTY, None));
        }
        let wait = deadline.map_or(SLICE, |deadline| (deadline - now).min(SLICE));
        vm.allow_threads(|| {
            let puts = queue.puts.lock().unwrap_or_else(PoisonError::into_inner);
            drop(queue.arrival.wait_timeout_while(puts, wait, |puts| *puts == seen));
        });
        vm.run_signal_handlers()?;
    }
}

fn get_nowait(vm: &mut Vm, queue: Ref<'_>) -> PyResult {
    match this(queue).items.get_mut(vm).pop_front() {
        Some(item) => Ok(item),
        None => Err(exception_class::raise(vm, &EMPTY, None)),
    }
}

fn empty(vm: &mut Vm, queue: Ref<'_>) -> PyResult {
    Ok(Object::bool(this(queue).items.get(vm).is_empty()))
}

fn qsize(vm: &mut Vm, queue: Ref<'_>) -> PyResult {
    Ok(Object::small_int(this(queue).items.get(vm).len() as i64))
}

fn class_get_item(vm: &mut Vm, class: Ref<'_>, args: Ref<'_>) -> PyResult {
    vm.generic_alias(class, args)
}
