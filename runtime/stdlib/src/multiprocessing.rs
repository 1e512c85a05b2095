//! `_multiprocessing`: locks and semaphores that processes share.

mod semaphore;

use crate::os_support::*;
use crate::thread::ident;
use object::call::{Args, bind_args};
use object::cell::{ObjectCell, Visitor};
use object::native::{Getset, Member, Module, PayloadInfo, flag};
use object::{Object, Payload, PyResult, Ref, RefOf, Slots, Type, TypeSpec, Vm, exception, method};
use semaphore::Semaphore;
use std::cell::Cell;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// `_multiprocessing`
pub static MODULE: Module = Module {
    name: "_multiprocessing",
    functions: &[method!(Binary sem_unlink "($module, name, /)", "")],
    types: &[&SEM_LOCK],
    init: Some(|vm, module| {
        let flags = vm.new_dict();
        for name in ["HAVE_SEM_OPEN", "HAVE_SEM_TIMEDWAIT"] {
            flags.set_str(vm, name, Object::small_int(1));
        }
        module.set(vm, "flags", flags.into_object());
        let largest = Object::small_int(i64::from(i32::MAX));
        object::type_new::ready(vm, &SEM_LOCK);
        SEM_LOCK.dict().set_str(vm, "SEM_VALUE_MAX", largest);
        Ok(())
    }),
    ..Module::DEFAULT
};

/// `SemLock`'s kinds.
const RECURSIVE_MUTEX: i32 = 0;
const SEMAPHORE: i32 = 1;

/// The payload of a `SemLock`.
pub struct SemLock {
    semaphore: Semaphore,
    kind: i32,
    largest: i32,
    /// How often this process holds it.
    count: Cell<i64>,
    /// The thread that took it last.
    last_thread: Cell<u64>,
    name: ObjectCell,
}

impl Payload for SemLock {
    fn class() -> &'static Type {
        &SEM_LOCK
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        self.name.traverse(visitor);
    }
}

/// `_multiprocessing.SemLock`
pub static SEM_LOCK: Type = Type::new(&SEM_LOCK_SPEC);
static SEM_LOCK_SPEC: TypeSpec = TypeSpec {
    name: "_multiprocessing.SemLock",
    doc: "Semaphore/Mutex type",
    flags: flag::BASE_TYPE,
    payload: PayloadInfo::of::<SemLock>(),
    slots: Slots { new: Some(new), ..Slots::NONE },
    methods: &[
        method!(Bound acquire "($self, /, block=True, timeout=None)", "Acquire the semaphore/lock."),
        method!(Unary release "($self, /)", "Release the semaphore/lock."),
        method!(Unary count as "_count" "($self, /)", "Num of `acquire()`s minus num of `release()`s for this process."),
        method!(Unary is_mine as "_is_mine" "($self, /)", "Whether the lock is owned by this thread."),
        method!(Unary get_value as "_get_value" "($self, /)", "Get the value of the semaphore."),
        method!(Unary is_zero as "_is_zero" "($self, /)", "Return whether semaphore has value zero."),
        method!(Bound rebuild as "_rebuild" "($type, handle, kind, maxvalue, name, /)", "").class_method(),
        method!(Unary after_fork as "_after_fork" "($self, /)", "Rezero the net acquisition count after fork()."),
        method!(Unary enter as "__enter__" "($self, /)", "Enter the semaphore/lock."),
        method!(Bound exit as "__exit__" "($self, exc_type=None, exc_value=None, exc_tb=None, /)", "Exit the semaphore/lock."),
    ],
    members: &[
        Member(Getset::readonly("handle", "", |vm, this| Ok(vm.new_uint(payload(this).semaphore.address() as u64)))),
        Member(Getset::readonly("kind", "", |_, this| Ok(Object::small_int(i64::from(payload(this).kind))))),
        Member(Getset::readonly("maxvalue", "", |_, this| Ok(Object::small_int(i64::from(payload(this).largest))))),
        Member(Getset::readonly("name", "", |_, this| Ok(payload(this).name.get_or_none()))),
    ],
    ..TypeSpec::DEFAULT
};

fn payload(this: Ref<'_>) -> &SemLock {
    this.downcast::<SemLock>().expect("the method belongs to the type").get()
}

/// A name argument, which must be a string.
fn name_argument(vm: &mut Vm, function: &str, which: &str, name: Ref<'_>, wanted: &str) -> PyResult<std::ffi::CString> {
    if name.downcast::<object::str::Str>().is_none() {
        let found = if name.is_none() { "None".into() } else { name.class().name().to_string() };
        return Err(vm.type_error(format!("{function}() argument {which}must be {wanted}, not {found}")));
    }
    c_string(vm, name)
}

fn new(vm: &mut Vm, class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    let mut bound = [const { None }; 5];
    bind_args(vm, "SemLock", "(kind, value, maxvalue, name, unlink)", args, &mut bound)?;
    let [kind, value, largest, name, unlink] = bound.map(|argument: Option<Object>| argument.unwrap_or(Object::none()));
    let kind = vm.to_i32(kind.borrow())?;
    let value = vm.to_i32(value.borrow())?;
    let largest = vm.to_i32(largest.borrow())?;
    let text = name_argument(vm, "SemLock", "'name' ", name.borrow(), "str")?;
    let unlink = vm.is_true(unlink.borrow())?;
    if kind != RECURSIVE_MUTEX && kind != SEMAPHORE {
        return Err(vm.value_error("unrecognized kind"));
    }
    let made = Semaphore::create(&text, value as u32);
    let semaphore = checked(vm, made)?;
    if unlink {
        let unlinked = semaphore::unlink(&text);
        checked(vm, unlinked)?;
    }
    Ok(allocate(vm, class.get(), semaphore, kind, largest, if unlink { None } else { Some(name) }))
}

fn allocate(vm: &mut Vm, class: &Type, semaphore: Semaphore, kind: i32, largest: i32, name: Option<Object>) -> Object {
    let lock = SemLock { semaphore, kind, largest, count: Cell::new(0), last_thread: Cell::new(0), name: ObjectCell::EMPTY };
    lock.name.set(name);
    vm.allocate_in(class, lock)
}

/// Makes the object in another process: by name, or by an address that a fork has kept.
fn rebuild(vm: &mut Vm, class: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let handle = vm.index(arg(args, 0))?;
    let kind = vm.to_i32(arg(args, 1))?;
    let largest = vm.to_i32(arg(args, 2))?;
    let name = arg(args, 3);
    let semaphore = if name.is_none() {
        let address = object::int::as_u64(handle.borrow()).and_then(|address| usize::try_from(address).ok());
        address.and_then(Semaphore::at).ok_or(libc::EINVAL)
    } else {
        let text = name_argument(vm, "_rebuild", "4 ", name, "str or None")?;
        Semaphore::open(&text)
    };
    let semaphore = checked(vm, semaphore)?;
    let class = class.downcast::<Type>().expect("a class method");
    Ok(allocate(vm, class.get(), semaphore, kind, largest, Some(name).filter(|name| !name.is_none()).map(Ref::to_owned)))
}

fn owned_by_this_thread(lock: &SemLock) -> bool {
    lock.count.get() > 0 && lock.last_thread.get() == ident()
}

fn took(lock: &SemLock) -> PyResult {
    lock.count.set(lock.count.get() + 1);
    lock.last_thread.set(ident());
    Ok(Object::bool(true))
}

/// The time of the clock when a wait of so many seconds ends.
fn deadline(seconds: f64) -> Duration {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    // The system takes seconds as a signed 64-bit number; nobody waits for longer than this.
    const LONGEST: Duration = Duration::from_secs(1 << 40);
    let wait = Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(LONGEST);
    now + wait.min(LONGEST)
}

fn acquire_for(vm: &mut Vm, lock: &SemLock, block: bool, timeout: Option<f64>) -> PyResult {
    if lock.kind == RECURSIVE_MUTEX && owned_by_this_thread(lock) {
        lock.count.set(lock.count.get() + 1);
        return Ok(Object::bool(true));
    }
    let deadline = timeout.map(deadline);
    loop {
        match lock.semaphore.try_wait() {
            Ok(()) => return took(lock),
            Err(libc::EINTR) => vm.run_signal_handlers()?,
            Err(libc::EAGAIN) if !block => return Ok(Object::bool(false)),
            Err(libc::EAGAIN) => break,
            Err(code) => return Err(os_error(vm, code, None)),
        }
    }
    loop {
        let waited = vm.allow_threads(|| match deadline {
            Some(deadline) => lock.semaphore.wait_until(deadline),
            None => lock.semaphore.wait(),
        });
        match waited {
            Ok(()) => return took(lock),
            Err(libc::EINTR) => vm.run_signal_handlers()?,
            Err(libc::EAGAIN | libc::ETIMEDOUT) => return Ok(Object::bool(false)),
            Err(code) => return Err(os_error(vm, code, None)),
        }
    }
}

fn acquire(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let block = truth(vm, args[0], true)?;
    let timeout = optional(args, 1).map(|timeout| vm.to_float(timeout)).transpose()?;
    acquire_for(vm, payload(this), block, timeout)
}

fn release(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let lock = payload(this);
    if lock.kind == RECURSIVE_MUTEX {
        if !owned_by_this_thread(lock) {
            return Err(vm.raise(&exception::ASSERTION_ERROR, "attempt to release recursive lock not owned by thread"));
        }
        if lock.count.get() > 1 {
            lock.count.set(lock.count.get() - 1);
            return Ok(Object::none());
        }
    } else {
        let value = lock.semaphore.value();
        if checked(vm, value)? >= lock.largest {
            return Err(vm.value_error("semaphore or lock released too many times"));
        }
    }
    let posted = lock.semaphore.post();
    checked(vm, posted)?;
    lock.count.set(lock.count.get() - 1);
    Ok(Object::none())
}

fn count(_vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(Object::small_int(payload(this).count.get()))
}

fn is_mine(_vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(Object::bool(owned_by_this_thread(payload(this))))
}

fn get_value(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let value = payload(this).semaphore.value();
    Ok(Object::small_int(i64::from(checked(vm, value)?.max(0))))
}

fn is_zero(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let value = payload(this).semaphore.value();
    Ok(Object::bool(checked(vm, value)? == 0))
}

fn after_fork(_vm: &mut Vm, this: Ref<'_>) -> PyResult {
    payload(this).count.set(0);
    Ok(Object::none())
}

fn enter(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    acquire_for(vm, payload(this), true, None)
}

fn exit(vm: &mut Vm, this: Ref<'_>, _args: Arguments<'_, '_>) -> PyResult {
    release(vm, this)
}

fn sem_unlink(vm: &mut Vm, _module: Ref<'_>, name: Ref<'_>) -> PyResult {
    let text = name_argument(vm, "sem_unlink", "", name, "str")?;
    let unlinked = semaphore::unlink(&text);
    checked(vm, unlinked)?;
    Ok(Object::none())
}
