//! `_thread._ThreadHandle`: what `threading.Thread` waits on.

use super::lock::{acquire, wait_deadline};
use super::raw_lock::RawLock;
use super::{ident, spawn};
use crate::os_support::*;
use object::call::Args;
use object::method;
use object::native::PayloadInfo;
use object::{Getset, Object, Payload, PyResult, Ref, RefOf, Slots, Type, TypeSpec, Vm};
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

const NOT_STARTED: u8 = 0;
const STARTING: u8 = 1;
const RUNNING: u8 = 2;
const DONE: u8 = 3;

/// What a handle and its thread share.
pub struct State {
    status: AtomicU8,
    ident: AtomicU64,
    /// Held until the thread has ended.
    ended: RawLock,
    /// Held until the identifier is known.
    started: RawLock,
}

impl State {
    fn new(status: u8) -> Arc<State> {
        Arc::new(State { status: AtomicU8::new(status), ident: AtomicU64::new(0), ended: RawLock::new_locked(), started: RawLock::new_locked() })
    }

    pub fn starting() -> Arc<State> {
        State::new(STARTING)
    }

    pub fn ident(&self) -> u64 {
        self.ident.load(Ordering::Acquire)
    }

    pub fn set_ident(&self, ident: u64) {
        self.ident.store(ident, Ordering::Release);
        self.status.store(RUNNING, Ordering::Release);
        self.started.unlock();
    }

    pub fn wait_for_ident(&self) {
        while self.started.wait(None) != super::raw_lock::Wait::Acquired {}
    }

    pub fn set_done(&self) {
        self.status.store(DONE, Ordering::Release);
        self.ended.unlock();
    }

    fn is_done(&self) -> bool {
        self.status.load(Ordering::Acquire) == DONE
    }
}

/// The payload of a `_ThreadHandle`.
pub struct ThreadHandle {
    state: Arc<State>,
}

/// `_thread._ThreadHandle`
pub static THREAD_HANDLE: Type = Type::new(&THREAD_HANDLE_SPEC);
static THREAD_HANDLE_SPEC: TypeSpec = TypeSpec {
    name: "_thread._ThreadHandle",
    payload: PayloadInfo::leaf::<ThreadHandle>(),
    slots: Slots { new: Some(handle_new), repr: Some(handle_repr), ..Slots::NONE },
    signature: "()",
    methods: &[
        method!(Bound handle_join as "join" "($self, timeout=-1, /)", ""),
        method!(Unary handle_set_done as "_set_done" "($self, /)", ""),
        method!(Unary handle_is_done as "is_done" "($self, /)", ""),
    ],
    getsets: &[Getset::readonly("ident", "", handle_ident)],
    ..TypeSpec::DEFAULT
};

impl Payload for ThreadHandle {
    fn class() -> &'static Type {
        &THREAD_HANDLE
    }
}

/// Threads that the interpreter waits for before it ends.
static WAITED_FOR: Mutex<Vec<Arc<State>>> = Mutex::new(Vec::new());

fn waited_for() -> std::sync::MutexGuard<'static, Vec<Arc<State>>> {
    WAITED_FOR.lock().unwrap_or_else(PoisonError::into_inner)
}

fn state_of<'a>(this: Ref<'a>) -> &'a Arc<State> {
    &this.downcast::<ThreadHandle>().expect("the method belongs to the type").get().state
}

pub fn new_handle(vm: &Vm) -> Object {
    vm.allocate(ThreadHandle { state: State::new(NOT_STARTED) }).into_object()
}

/// The handle of a thread that somebody else started.
pub fn new_running_handle(vm: &Vm, ident: u64) -> Object {
    let state = State::new(RUNNING);
    state.set_ident(ident);
    vm.allocate(ThreadHandle { state }).into_object()
}

fn handle_new(vm: &mut Vm, class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    object::call::bind_args(vm, "_ThreadHandle", "()", args, &mut [])?;
    Ok(vm.allocate_in(class.get(), ThreadHandle { state: State::new(NOT_STARTED) }))
}

fn handle_repr(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let text = format!("<{} object: ident={}>", this.class().name(), state_of(this).ident());
    Ok(vm.new_str(&text).into_object())
}

fn handle_ident(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(vm.new_uint(state_of(this).ident()))
}

/// Starts the thread of a handle that has none yet.
pub fn start(vm: &mut Vm, handle: Ref<'_>, function: Ref<'_>, daemon: bool) -> PyResult<()> {
    let state = Arc::clone(state_of(handle));
    if state.status.compare_exchange(NOT_STARTED, STARTING, Ordering::AcqRel, Ordering::Acquire).is_err() {
        return Err(vm.runtime_error("thread already started"));
    }
    let args = vm.new_tuple([]).into_object();
    if !daemon {
        waited_for().push(Arc::clone(&state));
    }
    let result = spawn(vm, function.to_owned(), args, None, Arc::clone(&state));
    if result.is_err() {
        state.status.store(NOT_STARTED, Ordering::Release);
        waited_for().retain(|other| !Arc::ptr_eq(other, &state));
    }
    result
}

/// Waits for a thread's end; `false`: the time is up.
fn wait_for(vm: &mut Vm, state: &Arc<State>, timeout: Option<Duration>) -> PyResult<bool> {
    if state.is_done() {
        return Ok(true);
    }
    let deadline = wait_deadline(timeout);
    let left = deadline.map(|deadline| deadline.saturating_duration_since(std::time::Instant::now()));
    if !acquire(vm, &state.ended, left)? {
        return Ok(false);
    }
    // Others may wait too.
    state.ended.unlock();
    Ok(true)
}

fn handle_join(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let timeout = match optional(args, 0) {
        Some(timeout) => {
            if timeout.class().slots().index.is_none() && object::float::value(timeout).is_none() {
                return Err(vm.type_error("'timeout' must be a number"));
            }
            let nanoseconds = nanoseconds_of(vm, timeout, Rounding::Up)?;
            (nanoseconds >= 0).then(|| Duration::from_nanos(nanoseconds as u64))
        }
        None => None,
    };
    let state = Arc::clone(state_of(this));
    if state.status.load(Ordering::Acquire) == NOT_STARTED {
        return Err(vm.runtime_error("thread not started"));
    }
    if state.ident() == ident() && !state.is_done() {
        return Err(vm.runtime_error("Cannot join current thread"));
    }
    if !state.is_done() {
        // Threads that are left do not run Python any more, so none of them will end.
        crate::sys_module::check_not_finalizing(vm, "cannot join thread at interpreter shutdown")?;
    }
    wait_for(vm, &state, timeout)?;
    Ok(Object::none())
}

fn handle_set_done(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let state = state_of(this);
    if state.status.load(Ordering::Acquire) == NOT_STARTED {
        return Err(vm.runtime_error("thread not started"));
    }
    state.set_done();
    let state = Arc::clone(state);
    waited_for().retain(|other| !Arc::ptr_eq(other, &state));
    Ok(Object::none())
}

fn handle_is_done(_vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(Object::bool(state_of(this).is_done()))
}

/// Waits for all threads that are not daemons.
pub fn join_all(vm: &mut Vm) -> PyResult<()> {
    loop {
        let me = ident();
        let next = {
            let mut all = waited_for();
            all.retain(|state| !state.is_done());
            all.iter().find(|state| state.ident() != me).cloned()
        };
        match next {
            Some(state) => {
                wait_for(vm, &state, None)?;
            }
            None => return Ok(()),
        }
    }
}

/// In the child of a fork: all other threads are gone.
pub fn after_fork(_vm: &mut Vm) {
    let me = ident();
    let mut all = match WAITED_FOR.try_lock() {
        Ok(all) => all,
        // Another thread of the parent was looking; its copy of the list is lost to the child.
        Err(_) => return,
    };
    all.retain(|state| {
        if state.ident() != me {
            state.status.store(DONE, Ordering::Release);
            state.ended.reset();
        }
        state.ident() == me
    });
}
