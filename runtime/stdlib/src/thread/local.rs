//! `_thread._local`: an object with different attributes in each thread.
//!
//! The attributes of a thread are in a dict that the object holds under the thread's token. A thread
//! remembers, weakly, the objects it has used, and takes its dicts out when it ends.

use object::attribute;
use object::call::Args;
use object::dict::Dict;
use object::native::{PayloadInfo, flag};
use object::{Object, ObjectOf, Payload, PyResult, Ref, RefOf, Slots, Type, TypeSpec, Visitor, Vm, VmCell};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::{Rc, Weak};
use std::sync::atomic::{AtomicU64, Ordering};

/// The dicts of an object, by thread.
type Dicts = VmCell<HashMap<u64, Object>>;

/// The payload of a `_local`.
pub struct Local {
    dicts: Rc<Dicts>,
    /// What `__init__` is called with in each thread.
    args: Vec<Object>,
    keywords: Option<Object>,
}

/// `_thread._local`
pub static LOCAL: Type = Type::new(&LOCAL_SPEC);
static LOCAL_SPEC: TypeSpec = TypeSpec {
    name: "_thread._local",
    doc: "Thread-local data",
    flags: flag::BASE_TYPE | flag::WEAK_REFERENCES,
    payload: PayloadInfo::of::<Local>(),
    slots: Slots { new: Some(new), getattr: Some(getattr), setattr: Some(setattr), ..Slots::NONE },
    ..TypeSpec::DEFAULT
};

impl Payload for Local {
    fn class() -> &'static Type {
        &LOCAL
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        visitor.visit_all(self.dicts.visit(visitor).values().cloned().collect::<Vec<_>>().iter());
        visitor.visit_all(&self.args);
        visitor.visit_all(&self.keywords);
    }

    fn clear(&self, vm: &mut Vm) {
        let dicts = self.dicts.replace(vm, HashMap::new());
        drop(dicts);
    }
}

static NEXT_TOKEN: AtomicU64 = AtomicU64::new(1);

thread_local! {
    /// Tells threads apart even if the system gives a number out again.
    static TOKEN: Cell<u64> = Cell::new(NEXT_TOKEN.fetch_add(1, Ordering::Relaxed));
    static USED: RefCell<Vec<ThreadEntry>> = const { RefCell::new(Vec::new()) };
}

/// An object this thread has used.
struct ThreadEntry(Weak<Dicts>);

/// To be called by a thread that ends, while it holds the global lock.
pub fn forget_thread(vm: &mut Vm) {
    let token = TOKEN.get();
    let entries = USED.with(|used| std::mem::take(&mut *used.borrow_mut()));
    for entry in entries {
        if let Some(dicts) = entry.0.upgrade() {
            let dict = dicts.get_mut(vm).remove(&token);
            drop(dict);
        }
    }
}

fn new(vm: &mut Vm, class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    let object_init = object::class::OBJECT.slots().init.map(|init| init as usize);
    let has_init = class.get().slots().init.map(|init| init as usize) != object_init;
    if !has_init && !args.values().is_empty() {
        return Err(vm.type_error("Initialization arguments are not supported"));
    }
    let keywords = args.keyword_dict(vm)?;
    let kept = args.positionals().iter().map(|&value| value.to_owned()).collect();
    let local = Local { dicts: Rc::new(VmCell::new(HashMap::new())), args: kept, keywords };
    let object = vm.allocate_in(class.get(), local);
    // `__init__` runs for the thread that makes the object as a part of the call.
    make_dict(vm, local_of(object.borrow()));
    Ok(object)
}

fn local_of<'a>(this: Ref<'a>) -> &'a Local {
    this.downcast::<Local>().expect("the slot belongs to the type").get()
}

fn make_dict(vm: &mut Vm, local: &Local) -> ObjectOf<Dict> {
    let dict = vm.new_dict();
    local.dicts.get_mut(vm).insert(TOKEN.get(), dict.clone().into_object());
    USED.with(|used| {
        let mut used = used.borrow_mut();
        if used.len() % 64 == 63 {
            used.retain(|entry| entry.0.strong_count() > 0);
        }
        used.push(ThreadEntry(Rc::downgrade(&local.dicts)));
    });
    dict
}

/// The calling thread's attributes; `__init__` is called where they are new.
fn dict_of(vm: &mut Vm, this: Ref<'_>) -> PyResult<ObjectOf<Dict>> {
    let local = local_of(this);
    if let Some(dict) = local.dicts.get(vm).get(&TOKEN.get()).and_then(|dict| dict.borrow().downcast::<Dict>()) {
        return Ok(dict.to_owned());
    }
    let dict = make_dict(vm, local);
    if this.class().slots().init.is_some_and(|init| object::class::OBJECT.slots().init.is_none_or(|base| base as usize != init as usize)) {
        let init = vm.get_attr_str(this.class().object(), "__init__")?;
        let mut args = vec![this];
        args.extend(local.args.iter().map(Object::borrow));
        let keywords = local.keywords.as_ref().and_then(|keywords| keywords.borrow().downcast::<Dict>());
        if let Err(raised) = vm.call_star(init.borrow(), &args, keywords) {
            local.dicts.get_mut(vm).remove(&TOKEN.get());
            return Err(raised);
        }
    }
    Ok(dict)
}

fn is_dict_name(vm: &mut Vm, name: Ref<'_>) -> bool {
    name.is(vm.intern("__dict__"))
}

fn getattr(vm: &mut Vm, this: Ref<'_>, name: Ref<'_>) -> PyResult {
    let name = vm.attribute_name(name)?;
    let name = name.borrow();
    let dict = dict_of(vm, this)?;
    if is_dict_name(vm, name) {
        return Ok(dict.into_object());
    }
    let found = this.class().lookup(name).map(Ref::to_owned);
    if let Some(found) = &found
        && found.borrow().class().slots().descr_set.is_some()
        && found.borrow().class().slots().descr_get.is_some()
    {
        return attribute::bind(vm, found.clone(), Some(this), this.class());
    }
    if let Some(value) = dict.get(vm, name)? {
        return Ok(value);
    }
    match found {
        Some(found) => attribute::bind(vm, found, Some(this), this.class()),
        None => Err(attribute::no_attribute(vm, this, name)),
    }
}

fn setattr(vm: &mut Vm, this: Ref<'_>, name: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let name = vm.attribute_name(name)?;
    let name = name.borrow();
    let dict = dict_of(vm, this)?;
    if is_dict_name(vm, name) {
        let message = format!("'{}' object attribute '__dict__' is read-only", this.class().full_name());
        return Err(vm.attribute_error(this, name, message));
    }
    if let Some(found) = this.class().lookup(name).map(Ref::to_owned)
        && let Some(set) = found.borrow().class().slots().descr_set
    {
        return set(vm, found.borrow(), this, value);
    }
    match value {
        Some(value) => dict.set(vm, name, value.to_owned()),
        None => match dict.remove(vm, name)? {
            Some(_) => Ok(()),
            None => Err(attribute::no_attribute(vm, this, name)),
        },
    }
}
