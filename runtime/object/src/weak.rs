//! What happens when objects die: weak references and finalisers.
//!
//! Dropping the last reference to an object never runs Python. An object with a finaliser is put on a
//! queue, alive, and so is each callback of a weak reference to an object that died;
//! [`run_queue`] empties the queue at the next point where Python may run, which the evaluation
//! loop reaches after the instruction that dropped the reference. An object whose finaliser has run
//! and that nobody took hold of again dies for good when the queue lets go of it.

use crate::cell::{ObjectCell, Visitor, VmCell};
use crate::class::{Payload, Type};
use crate::heap::{self, bit};
use crate::native::{PayloadInfo, TypeSpec, flag};
use crate::value::{Header, Object, Ref, RefOf};
use crate::vm::{Vm, breaker, clear_breaker, set_breaker};
use std::cell::Cell;
use std::collections::{HashMap, VecDeque};
use std::hash::BuildHasherDefault;

/// The payload of a `weakref.ref`, `proxy` or the like.
pub struct WeakReference {
    /// Address of the object; 0 when it has died.
    target: Cell<usize>,
    callback: ObjectCell,
    /// The hash of the object, once it has been asked for; -1 before.
    pub hash: Cell<i64>,
}

/// `weakref.ref` (`weakref.ReferenceType`). Its methods are in the builtins crate.
pub static REFERENCE: Type = Type::new(&REFERENCE_SPEC);
static REFERENCE_SPEC: TypeSpec = TypeSpec {
    name: "weakref.ReferenceType",
    flags: flag::BASE_TYPE,
    payload: PayloadInfo::of::<WeakReference>(),
    signature: "(object, callback=None, /)",
    ..TypeSpec::DEFAULT
};

impl Payload for WeakReference {
    fn class() -> &'static Type {
        &REFERENCE
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        self.callback.traverse(visitor);
    }

    fn clear(&self, _vm: &mut Vm) {
        self.forget();
        self.callback.set(None);
    }
}

/// The payload of a `weakref.proxy`: the same, under types of their own.
#[repr(transparent)]
pub struct WeakProxy(pub WeakReference);

/// `weakref.ProxyType`. Its slots are in the builtins crate.
pub static PROXY: Type = Type::new(&PROXY_SPEC);
static PROXY_SPEC: TypeSpec = TypeSpec { name: "weakref.ProxyType", payload: PayloadInfo::of::<WeakProxy>(), ..TypeSpec::DEFAULT };

/// The payload of a proxy of something callable.
#[repr(transparent)]
pub struct CallableWeakProxy(pub WeakReference);

/// `weakref.CallableProxyType`
pub static CALLABLE_PROXY: Type = Type::new(&CALLABLE_PROXY_SPEC);
static CALLABLE_PROXY_SPEC: TypeSpec =
    TypeSpec { name: "weakref.CallableProxyType", payload: PayloadInfo::of::<CallableWeakProxy>(), ..TypeSpec::DEFAULT };

macro_rules! proxy_payload {
    ($Payload:ident, $CLASS:ident) => {
        impl Payload for $Payload {
            fn class() -> &'static Type {
                &$CLASS
            }

            fn traverse(&self, visitor: &mut Visitor<'_>) {
                self.0.traverse(visitor);
            }

            fn clear(&self, vm: &mut Vm) {
                self.0.clear(vm);
            }
        }
    };
}
proxy_payload!(WeakProxy, PROXY);
proxy_payload!(CallableWeakProxy, CALLABLE_PROXY);

enum Pending {
    Finalizer(Object),
    Callback { reference: Object, callback: Object },
}

/// Weak references by the address of what they refer to, oldest first.
static REFERENCES: VmCell<Option<HashMap<usize, Vec<usize>, BuildHasherDefault<crate::collector::AddressHasher>>>> = VmCell::new(None);
static QUEUE: VmCell<VecDeque<Pending>> = VmCell::new(VecDeque::new());

fn references() -> &'static mut HashMap<usize, Vec<usize>, BuildHasherDefault<crate::collector::AddressHasher>> {
    // SAFETY: the lock is held; callers let go of the map before anything else can run.
    unsafe { REFERENCES.get_unchecked() }.get_or_insert_default()
}

fn queue() -> &'static mut VecDeque<Pending> {
    // SAFETY: as for `references`.
    unsafe { QUEUE.get_unchecked() }
}

impl WeakReference {
    /// A weak reference's payload that refers to nothing yet; see [`attach`].
    pub fn new(callback: Option<Object>) -> WeakReference {
        WeakReference { target: Cell::new(0), callback: ObjectCell::new(callback), hash: Cell::new(-1) }
    }

    /// The object, if it is alive.
    pub fn target(&self) -> Option<Object> {
        let address = self.target.get();
        if address == 0 {
            return None;
        }
        // SAFETY: references to a dying object are cleared before its memory goes.
        let target = unsafe { Ref::from_bits(address as u64) };
        // One whose release was put off is dead already.
        (target.refcount() > 0).then(|| target.to_owned())
    }

    pub fn callback(&self) -> Option<Object> {
        self.callback.get()
    }

    pub fn is_dead(&self) -> bool {
        self.target().is_none()
    }

    /// Stops referring to the object; the callback will not be called.
    fn forget(&self) {
        let address = self.target.replace(0);
        if address == 0 {
            return;
        }
        let own = std::ptr::from_ref(self).addr() - WeakReference::OFFSET;
        if let Some(list) = references().get_mut(&address) {
            list.retain(|&reference| reference != own);
            if list.is_empty() {
                references().remove(&address);
                // SAFETY: the object lives: references to a dying one have been cleared.
                if heap_object(unsafe { Ref::from_bits(address as u64) }) {
                    heap::clear_bits(address, bit::WEAKLY_REFERENCED);
                }
            }
        }
    }
}

impl Drop for WeakReference {
    fn drop(&mut self) {
        self.forget();
    }
}

/// Makes `reference` refer to `target`, a heap object.
pub fn attach(reference: RefOf<'_, WeakReference>, target: Ref<'_>) {
    attach_payload(reference.get(), target);
}

/// Makes a reference or proxy, whose payload this is, refer to `target`, a heap object.
pub fn attach_payload(reference: &WeakReference, target: Ref<'_>) {
    let Some(address) = target.address() else { return };
    let own = std::ptr::from_ref(reference).addr() - WeakReference::OFFSET;
    reference.target.set(address);
    references().entry(address).or_default().push(own);
    // A native type is not on the heap, and never dies.
    if heap_object(target) {
        heap::set_bits(address, bit::WEAKLY_REFERENCED);
    }
}

/// Whether the object has an entry in the heap's side table: all but the `static` native types.
fn heap_object(object: Ref<'_>) -> bool {
    object.downcast::<Type>().is_none_or(|class| class.is_heap_type())
}

/// Whether instances of `class` may be weakly referenced.
pub fn allows_references(class: &Type) -> bool {
    class.has_flag(flag::WEAK_REFERENCES)
}

/// The weak references to an object, oldest first.
pub fn references_to(object: Ref<'_>) -> Vec<Object> {
    let Some(address) = object.address() else { return Vec::new() };
    let list = references().get(&address).cloned().unwrap_or_default();
    // SAFETY: a weak reference takes itself out of the list when it dies.
    list.into_iter()
        .map(|reference| unsafe { Ref::from_bits(reference as u64) })
        .filter(|reference| reference.refcount() > 0)
        .map(|reference| reference.to_owned())
        .collect()
}

/// The oldest weak reference to an object for which `matches` holds. It must not run anything.
pub fn find_reference(object: Ref<'_>, matches: impl Fn(Ref<'_>) -> bool) -> Option<Object> {
    let list = references().get(&object.address()?)?;
    // SAFETY: a weak reference takes itself out of the list when it dies.
    let known = list.iter().map(|&reference| unsafe { Ref::from_bits(reference as u64) });
    known.filter(|&known| known.refcount() > 0).find(|&known| matches(known)).map(Ref::to_owned)
}

/// Takes the callbacks out of weak references that are garbage themselves: those are not called.
pub(crate) fn forget_callbacks(garbage: &[Object]) {
    for object in garbage {
        let object = object.borrow();
        let reference = match object.downcast::<WeakReference>() {
            Some(reference) => Some(reference.get()),
            None => match object.downcast_exact::<WeakProxy>() {
                Some(proxy) => Some(&proxy.get().0),
                None => object.downcast_exact::<CallableWeakProxy>().map(|proxy| &proxy.get().0),
            },
        };
        if let Some(reference) = reference {
            reference.callback.set(None);
        }
    }
}

/// Clears all weak references to an object that dies and queues their callbacks, newest first.
#[cold]
pub(crate) fn clear_references(address: usize) {
    heap::clear_bits(address, bit::WEAKLY_REFERENCED);
    let Some(list) = references().remove(&address) else { return };
    for own in list.into_iter().rev() {
        // SAFETY: a weak reference takes itself out of the list when it dies, so it is alive.
        let object = unsafe { Ref::from_bits(own as u64) };
        // SAFETY: the list holds weak references only.
        let reference = unsafe { object.downcast_unchecked::<WeakReference>() };
        reference.target.set(0);
        // One that is itself dying has no references left, and is not called.
        if object.refcount() > 0
            && let Some(callback) = reference.callback.take()
        {
            queue().push_back(Pending::Callback { reference: object.to_owned(), callback });
            set_breaker(breaker::FINALIZERS);
        }
    }
}

/// Queues the call `callback(argument)`.
pub(crate) fn queue_call(callback: Object, argument: Object) {
    queue().push_back(Pending::Callback { reference: argument, callback });
    set_breaker(breaker::FINALIZERS);
}

/// Puts an object that died on the queue, alive again until its finaliser has run.
///
/// # Safety
///
/// The object's count is zero and it is intact.
#[cold]
pub(crate) unsafe fn queue_finalizer(pointer: *mut Header) {
    // SAFETY: the caller's promise; the queue owns the reference.
    unsafe {
        (*pointer).refcount.set(1);
        queue().push_back(Pending::Finalizer(Object::from_header(pointer)));
    }
    set_breaker(breaker::FINALIZERS);
}

/// Queues the finaliser of an object that is part of a garbage cycle, once.
pub(crate) fn queue_finalizer_of(object: Ref<'_>) -> bool {
    let Some(address) = object.address() else { return false };
    if !object.class().has_finalizer() || heap::bits(address) & bit::FINALIZED != 0 {
        return false;
    }
    heap::set_bits(address, bit::FINALIZED);
    queue().push_back(Pending::Finalizer(object.to_owned()));
    set_breaker(breaker::FINALIZERS);
    true
}

/// Runs what waits: finalisers and callbacks, in the order in which the objects died.
///
/// What Python code called from here drops is run while that code runs, as everywhere; what waits meanwhile is out of its
/// sight. What the end of one object queues comes before the objects that died after it.
#[cold]
pub fn run_queue(vm: &mut Vm) {
    let saved = vm.take_raised();
    let mut waiting = take_queue();
    while let Some(next) = waiting.pop_front() {
        run_pending(vm, next);
        for queued in take_queue().into_iter().rev() {
            waiting.push_front(queued);
        }
    }
    if let Some(saved) = saved {
        let _ = vm.reraise(saved);
    }
}

fn take_queue() -> VecDeque<Pending> {
    clear_breaker(breaker::FINALIZERS);
    std::mem::take(queue())
}

fn run_pending(vm: &mut Vm, pending: Pending) {
    match pending {
        Pending::Finalizer(object) => {
            if let Some(finalize) = object.borrow().class().slots().finalize
                && let Err(raised) = finalize(vm, object.borrow())
            {
                let place = finalizer_of(object.borrow());
                report(vm, raised, "Exception ignored while calling deallocator", place);
            }
        }
        Pending::Callback { reference, callback } => {
            if let Err(raised) = vm.call(callback.borrow(), &[reference.borrow()]) {
                report(vm, raised, "Exception ignored while calling weakref callback", Some(callback));
            }
        }
    }
}

/// Reports an exception that a finaliser or callback raised.
fn report(vm: &mut Vm, raised: crate::vm::Raised, message: &str, place: Option<Object>) {
    let error = vm.catch(raised);
    let shown = match place.map(|place| vm.repr_text(place.borrow())) {
        Some(Ok(shown)) => format!("{message} {shown}"),
        Some(Err(raised)) => {
            vm.catch(raised);
            message.to_owned()
        }
        None => message.to_owned(),
    };
    let raised = vm.reraise(error);
    vm.write_unraisable(raised, &shown, None);
}

fn finalizer_of(object: Ref<'_>) -> Option<Object> {
    let name = crate::str::names::__del__();
    object.class().lookup(name).map(Ref::to_owned)
}
