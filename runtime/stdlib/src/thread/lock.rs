//! `_thread.lock` and `_thread.RLock`.

use super::raw_lock::{RawLock, Wait};
use super::{TIMEOUT_MAX, ident};
use crate::os_support::*;
use object::call::Args;
use object::method;
use object::native::{PayloadInfo, flag};
use object::tuple::Tuple;
use object::{Object, Payload, PyResult, Ref, RefOf, Slots, Type, TypeSpec, Vm};
use std::cell::Cell;
use std::time::{Duration, Instant};

/// The payload of a `lock`.
pub struct Lock {
    raw: RawLock,
}

/// `_thread.lock`
pub static LOCK: Type = Type::new(&LOCK_SPEC);
static LOCK_SPEC: TypeSpec = TypeSpec {
    name: "_thread.lock",
    doc: "A lock object is a synchronization primitive.  To create a lock,\ncall threading.Lock().  Methods are:\n\nacquire() -- lock the lock, possibly blocking until it can be obtained\nrelease() -- unlock of the lock\nlocked() -- test whether the lock is currently locked\n\nA lock is not owned by the thread that locked it; another thread may\nunlock it.  A thread attempting to lock a lock that it has already locked\nwill block until another thread unlocks it.  Deadlocks may ensue.",
    flags: flag::WEAK_REFERENCES,
    payload: PayloadInfo::leaf::<Lock>(),
    slots: Slots { new: Some(lock_new), repr: Some(lock_repr), ..Slots::NONE },
    signature: "()",
    methods: &[
        method!(Bound lock_acquire as "acquire" "($self, /, blocking=True, timeout=-1)", "Lock the lock."),
        method!(Bound lock_acquire as "acquire_lock" "($self, /, blocking=True, timeout=-1)", "An obsolete synonym of acquire()."),
        method!(Unary lock_release as "release" "($self, /)", "Release the lock."),
        method!(Unary lock_release as "release_lock" "($self, /)", "An obsolete synonym of release()."),
        method!(Unary lock_locked as "locked" "($self, /)", "Return whether the lock is in the locked state."),
        method!(Unary lock_locked as "locked_lock" "($self, /)", "An obsolete synonym of locked()."),
        method!(Unary lock_enter as "__enter__" "($self, /)", "Lock the lock."),
        method!(Many lock_exit as "__exit__" "($self, /, *exc_info)", "Release the lock."),
        method!(Unary lock_reinit as "_at_fork_reinit" "($self, /)", ""),
    ],
    ..TypeSpec::DEFAULT
};

impl Payload for Lock {
    fn class() -> &'static Type {
        &LOCK
    }
}

/// A new, free lock.
pub fn new_lock(vm: &Vm) -> Object {
    vm.allocate(Lock { raw: RawLock::new() }).into_object()
}

fn lock_of<'a>(this: Ref<'a>) -> &'a RawLock {
    &this.downcast::<Lock>().expect("the method belongs to the type").get().raw
}

fn lock_new(vm: &mut Vm, class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    object::call::bind_args(vm, "lock", "()", args, &mut [])?;
    Ok(vm.allocate_in(class.get(), Lock { raw: RawLock::new() }))
}

fn lock_repr(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let state = if lock_of(this).is_locked() { "locked" } else { "unlocked" };
    let text = format!("<{state} {} object at {:#x}>", this.class().full_name(), this.bits());
    Ok(vm.new_str(&text).into_object())
}

/// When a wait ends: `None`: never.
pub fn wait_deadline(timeout: Option<Duration>) -> Option<Instant> {
    timeout.and_then(|timeout| Instant::now().checked_add(timeout))
}

/// Takes a lock, running the handlers of signals that arrive meanwhile. `timeout`: `None` waits for ever.
pub fn acquire(vm: &mut Vm, lock: &RawLock, timeout: Option<Duration>) -> PyResult<bool> {
    if lock.try_lock() {
        return Ok(true);
    }
    if timeout.is_some_and(|timeout| timeout.is_zero()) {
        return Ok(false);
    }
    let deadline = wait_deadline(timeout);
    loop {
        match vm.allow_threads(|| lock.wait(deadline)) {
            Wait::Acquired => return Ok(true),
            Wait::TimedOut => return Ok(false),
            Wait::Interrupted => vm.run_signal_handlers()?,
        }
    }
}

/// The `blocking` and `timeout` arguments as a time to wait.
pub fn timeout_argument(vm: &mut Vm, blocking: Option<Ref<'_>>, timeout: Option<Ref<'_>>) -> PyResult<Option<Duration>> {
    let blocking = truth(vm, blocking, true)?;
    let nanoseconds = match timeout {
        Some(timeout) => nanoseconds_of(vm, timeout, Rounding::Up)?,
        None => -1_000_000_000,
    };
    if !blocking && nanoseconds != -1_000_000_000 {
        return Err(vm.value_error("can't specify a timeout for a non-blocking call"));
    }
    if nanoseconds < 0 && nanoseconds != -1_000_000_000 {
        return Err(vm.value_error("timeout value must be a non-negative number"));
    }
    if !blocking {
        return Ok(Some(Duration::ZERO));
    }
    if nanoseconds < 0 {
        return Ok(None);
    }
    if nanoseconds as f64 > TIMEOUT_MAX * 1e9 {
        return Err(vm.overflow_error("timeout value is too large"));
    }
    Ok(Some(Duration::from_nanos(nanoseconds as u64)))
}

fn lock_acquire(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let timeout = if args[0].is_none() && args[1].is_none() { None } else { timeout_argument(vm, args[0], args[1])? };
    Ok(Object::bool(acquire(vm, lock_of(this), timeout)?))
}

fn lock_release(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let lock = lock_of(this);
    if !lock.is_locked() {
        return Err(vm.runtime_error("release unlocked lock"));
    }
    lock.unlock();
    Ok(Object::none())
}

fn lock_locked(_vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(Object::bool(lock_of(this).is_locked()))
}

fn lock_enter(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(Object::bool(acquire(vm, lock_of(this), None)?))
}

fn lock_exit(vm: &mut Vm, this: Ref<'_>, _args: &[Ref<'_>]) -> PyResult {
    lock_release(vm, this)
}

fn lock_reinit(_vm: &mut Vm, this: Ref<'_>) -> PyResult {
    lock_of(this).reset();
    Ok(Object::none())
}

/// The payload of an `RLock`.
pub struct ReentrantLock {
    raw: RawLock,
    /// The thread that holds it; 0: nobody.
    owner: Cell<u64>,
    depth: Cell<u64>,
}

/// `_thread.RLock`
pub static RLOCK: Type = Type::new(&RLOCK_SPEC);
static RLOCK_SPEC: TypeSpec = TypeSpec {
    name: "_thread.RLock",
    flags: flag::BASE_TYPE | flag::WEAK_REFERENCES,
    payload: PayloadInfo::leaf::<ReentrantLock>(),
    slots: Slots { new: Some(rlock_new), repr: Some(rlock_repr), ..Slots::NONE },
    signature: "()",
    methods: &[
        method!(Bound rlock_acquire as "acquire" "($self, /, blocking=True, timeout=-1)", "Lock the lock."),
        method!(Unary rlock_release as "release" "($self, /)", "Release the lock."),
        method!(Unary rlock_locked as "locked" "($self, /)", "Return a boolean indicating whether this object is locked right now."),
        method!(Unary rlock_is_owned as "_is_owned" "($self, /)", "For internal use by `threading.Condition`."),
        method!(Binary rlock_acquire_restore as "_acquire_restore" "($self, state, /)", "For internal use by `threading.Condition`."),
        method!(Unary rlock_release_save as "_release_save" "($self, /)", "For internal use by `threading.Condition`."),
        method!(Unary rlock_recursion_count as "_recursion_count" "($self, /)", "For internal use by reentrancy tests."),
        method!(Unary rlock_enter as "__enter__" "($self, /)", "Lock the lock."),
        method!(Many rlock_exit as "__exit__" "($self, /, *exc_info)", "Release the lock."),
        method!(Unary rlock_reinit as "_at_fork_reinit" "($self, /)", ""),
    ],
    ..TypeSpec::DEFAULT
};

impl Payload for ReentrantLock {
    fn class() -> &'static Type {
        &RLOCK
    }
}

fn rlock_of<'a>(this: Ref<'a>) -> &'a ReentrantLock {
    this.downcast::<ReentrantLock>().expect("the method belongs to the type").get()
}

/// Arguments are for `__init__` of subclasses; `threading.RLock` warns of them.
fn rlock_new(vm: &mut Vm, class: RefOf<'_, Type>, _args: Args<'_>) -> PyResult {
    Ok(vm.allocate_in(class.get(), ReentrantLock { raw: RawLock::new(), owner: Cell::new(0), depth: Cell::new(0) }))
}

fn rlock_repr(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let lock = rlock_of(this);
    let state = if lock.depth.get() > 0 { "locked" } else { "unlocked" };
    let (name, owner, depth) = (this.class().full_name(), lock.owner.get(), lock.depth.get());
    let text = format!("<{state} {name} object owner={owner} count={depth} at {:#x}>", this.bits());
    Ok(vm.new_str(&text).into_object())
}

fn rlock_take(vm: &mut Vm, lock: &ReentrantLock, timeout: Option<Duration>) -> PyResult<bool> {
    let me = ident();
    if lock.owner.get() == me {
        lock.depth.set(lock.depth.get() + 1);
        return Ok(true);
    }
    if !acquire(vm, &lock.raw, timeout)? {
        return Ok(false);
    }
    lock.owner.set(me);
    lock.depth.set(1);
    Ok(true)
}

fn rlock_acquire(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let timeout = if args[0].is_none() && args[1].is_none() { None } else { timeout_argument(vm, args[0], args[1])? };
    Ok(Object::bool(rlock_take(vm, rlock_of(this), timeout)?))
}

fn rlock_release(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let lock = rlock_of(this);
    if lock.owner.get() != ident() || lock.depth.get() == 0 {
        return Err(vm.runtime_error("cannot release un-acquired lock"));
    }
    lock.depth.set(lock.depth.get() - 1);
    if lock.depth.get() == 0 {
        lock.owner.set(0);
        lock.raw.unlock();
    }
    Ok(Object::none())
}

fn rlock_locked(_vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(Object::bool(rlock_of(this).depth.get() > 0))
}

fn rlock_is_owned(_vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(Object::bool(rlock_of(this).owner.get() == ident()))
}

fn rlock_acquire_restore(vm: &mut Vm, this: Ref<'_>, state: Ref<'_>) -> PyResult {
    let (depth, owner) = match state.downcast::<Tuple>().map(RefOf::get).map(Tuple::items) {
        Some(&[depth, owner]) => (vm.to_i64(depth)?, object::int::as_u64(owner).unwrap_or(0)),
        _ => return Err(vm.type_error("an RLock's state is a tuple of two ints")),
    };
    let lock = rlock_of(this);
    acquire(vm, &lock.raw, None)?;
    lock.owner.set(owner);
    lock.depth.set(depth as u64);
    Ok(Object::none())
}

fn rlock_release_save(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let lock = rlock_of(this);
    if lock.depth.get() == 0 {
        return Err(vm.runtime_error("cannot release un-acquired lock"));
    }
    let state = [Object::small_int(lock.depth.get() as i64), vm.new_uint(lock.owner.get())];
    lock.depth.set(0);
    lock.owner.set(0);
    lock.raw.unlock();
    Ok(vm.new_tuple(state).into_object())
}

fn rlock_recursion_count(_vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let lock = rlock_of(this);
    Ok(Object::small_int(if lock.owner.get() == ident() { lock.depth.get() as i64 } else { 0 }))
}

fn rlock_enter(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(Object::bool(rlock_take(vm, rlock_of(this), None)?))
}

fn rlock_exit(vm: &mut Vm, this: Ref<'_>, _args: &[Ref<'_>]) -> PyResult {
    rlock_release(vm, this)
}

fn rlock_reinit(_vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let lock = rlock_of(this);
    lock.raw.reset();
    lock.owner.set(0);
    lock.depth.set(0);
    Ok(Object::none())
}
