//! `_abc`: what abstract base classes know of their registered and recognised subclasses.

use builtins::set::{from_iterable, frozen_from_iterable};
use builtins::type_checks::is_subclass;
use object::cell::{Visitor, VmCell};
use object::exception;
use object::native::{Module, PayloadInfo, flag};
use object::str::names;
use object::tuple::Tuple;
use object::weak::{WeakReference, attach};
use object::{Object, Payload, PyResult, Ref, Type, TypeSpec, Vm, method, type_new};
use std::cell::Cell;
use std::collections::HashMap;

pub static MODULE: Module = Module {
    name: "_abc",
    doc: "Module contains faster C implementation of abc.ABCMeta",
    functions: &[
        method!(Unary get_cache_token "($module, /)", "Returns the current ABC cache token.\n\nThe token is an opaque object (supporting equality testing) identifying\nthe current version of the ABC cache for virtual subclasses.  The token\nchanges with every call to register() on any ABC."),
        method!(Binary abc_init as "_abc_init" "($module, self, /)", "Internal ABC helper for class set-up. Should be never used outside abc module."),
        method!(Binary reset_registry as "_reset_registry" "($module, self, /)", "Internal ABC helper to reset registry of a given class.\n\nShould be only used by refleak.py"),
        method!(Binary reset_caches as "_reset_caches" "($module, self, /)", "Internal ABC helper to reset both caches of a given class.\n\nShould be only used by refleak.py"),
        method!(Binary get_dump as "_get_dump" "($module, self, /)", "Internal ABC helper for cache and registry debugging.\n\nReturn shallow copies of registry, of both caches, and\nnegative cache version. Don't call this function directly,\ninstead use ABC._dump_registry() for a nice repr."),
        method!(Bound abc_register as "_abc_register" "($module, self, subclass, /)", "Internal ABC helper for subclasss registration. Should be never used outside abc module."),
        method!(Bound abc_instancecheck as "_abc_instancecheck" "($module, self, instance, /)", "Internal ABC helper for instance checks. Should be never used outside abc module."),
        method!(Bound abc_subclasscheck as "_abc_subclasscheck" "($module, self, subclass, /)", "Internal ABC helper for subclasss checks. Should be never used outside abc module."),
    ],
    init: Some(|vm, _| {
        type_new::ready(vm, &ABC_DATA);
        Ok(())
    }),
    ..Module::DEFAULT
};

/// Grows with every registration: negative caches of before are out of date.
static INVALIDATIONS: VmCell<u64> = VmCell::new(0);

/// Classes, weakly referenced, by their words.
#[derive(Default)]
struct WeakClasses(HashMap<u64, Object>);

fn target(reference: &Object) -> Option<Object> {
    reference.borrow().downcast::<WeakReference>().and_then(|reference| reference.target())
}

impl WeakClasses {
    fn contains(&self, class: Ref<'_>) -> bool {
        // A dead class's place may have been taken by another.
        self.0.get(&class.bits()).and_then(target).is_some_and(|known| known.borrow().is(class))
    }

    fn add(&mut self, class: Ref<'_>, reference: Object) {
        self.0.retain(|_, reference| target(reference).is_some());
        self.0.insert(class.bits(), reference);
    }

    fn classes(&self) -> Vec<Object> {
        self.0.values().filter_map(target).collect()
    }

    fn references(&self) -> Vec<Object> {
        self.0.values().filter(|reference| target(reference).is_some()).cloned().collect()
    }
}

/// The payload of a class's `_abc_impl`.
pub struct AbcData {
    registry: VmCell<WeakClasses>,
    cache: VmCell<WeakClasses>,
    negative_cache: VmCell<WeakClasses>,
    negative_version: Cell<u64>,
}

impl Payload for AbcData {
    fn class() -> &'static Type {
        &ABC_DATA
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        for cell in [&self.registry, &self.cache, &self.negative_cache] {
            let classes = cell.visit(visitor);
            visitor.visit_all(classes.0.values());
        }
    }
}

/// `_abc._abc_data`
static ABC_DATA: Type = Type::new(&ABC_DATA_SPEC);
static ABC_DATA_SPEC: TypeSpec = TypeSpec {
    name: "_abc._abc_data",
    doc: "Internal state held by ABC machinery.",
    flags: flag::NO_INSTANTIATION,
    payload: PayloadInfo::of::<AbcData>(),
    ..TypeSpec::DEFAULT
};

fn weak_reference(vm: &mut Vm, class: Ref<'_>) -> Object {
    let reference = vm.allocate(WeakReference::new(None));
    attach(reference.borrow(), class);
    reference.into_object()
}

fn data_of(vm: &mut Vm, class: Ref<'_>) -> PyResult<object::ObjectOf<AbcData>> {
    let data = vm.get_attr(class, names::_abc_impl())?;
    match data.downcast::<AbcData>() {
        Ok(data) => Ok(data),
        Err(_) => Err(vm.type_error("_abc_impl is set to a wrong type")),
    }
}

fn remember(vm: &mut Vm, classes: &VmCell<WeakClasses>, class: Ref<'_>) {
    let reference = weak_reference(vm, class);
    classes.get_mut(vm).add(class, reference);
}

fn version(vm: &Vm) -> u64 {
    *INVALIDATIONS.get(vm)
}

fn get_cache_token(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    Ok(vm.new_uint(version(vm)))
}

fn is_abstract(vm: &mut Vm, object: Ref<'_>) -> PyResult<bool> {
    match vm.find_attr(object, names::__isabstractmethod__())? {
        Some(answer) => vm.is_true(answer.borrow()),
        None => Ok(false),
    }
}

/// Sets `__abstractmethods__`: abstract methods of the class itself, and those of bases that it does
/// not implement.
fn compute_abstract_methods(vm: &mut Vm, class: Ref<'_>) -> PyResult<()> {
    let namespace = vm.get_attr(class, names::__dict__())?;
    let items = vm.call_method_named(namespace.borrow(), names::items(), &[])?;
    let mut abstracts = Vec::new();
    for pair in vm.collect(items.borrow())? {
        let Some(pair) = pair.borrow().downcast::<Tuple>().map(|pair| pair.to_owned()) else { continue };
        if let &[name, value] = pair.items()
            && is_abstract(vm, value)?
        {
            abstracts.push(name.to_owned());
        }
    }
    let bases = vm.get_attr(class, names::__bases__())?;
    let Some(bases) = bases.borrow().downcast::<Tuple>() else { return Err(vm.type_error("__bases__ is not tuple")) };
    for &base in bases.items() {
        let Some(inherited) = vm.find_attr(base, names::__abstractmethods__())? else { continue };
        for name in vm.collect(inherited.borrow())? {
            let interned = vm.attribute_name(name.borrow())?;
            if let Some(value) = vm.find_attr(class, interned.borrow())?
                && is_abstract(vm, value.borrow())?
            {
                abstracts.push(name);
            }
        }
    }
    let abstracts = vm.new_list(abstracts);
    let abstracts = frozen_from_iterable(vm, abstracts.borrow().object())?;
    vm.set_attr(class, names::__abstractmethods__(), Some(abstracts.borrow()))
}

const COLLECTION_FLAGS: u32 = flag::SEQUENCE | flag::MAPPING;

fn abc_init(vm: &mut Vm, _module: Ref<'_>, class: Ref<'_>) -> PyResult {
    compute_abstract_methods(vm, class)?;
    let data = AbcData {
        registry: VmCell::default(),
        cache: VmCell::default(),
        negative_cache: VmCell::default(),
        negative_version: Cell::new(version(vm)),
    };
    let data = vm.allocate(data).into_object();
    vm.set_attr(class, names::_abc_impl(), Some(data.borrow()))?;
    let Some(class) = class.downcast::<Type>() else { return Ok(Object::none()) };
    let name = vm.intern("__abc_tpflags__");
    if let Some(flags) = class.get().dict().get().get_name(vm, name) {
        let flags = flags.borrow().as_small_int().unwrap_or(0) as u32 & COLLECTION_FLAGS;
        if flags == COLLECTION_FLAGS {
            return Err(vm.type_error("__abc_tpflags__ cannot be both Py_TPFLAGS_SEQUENCE and Py_TPFLAGS_MAPPING"));
        }
        if flags != 0 {
            class.get().clear_flag(COLLECTION_FLAGS);
            class.get().set_flag(flags);
        }
        vm.set_attr(class.object(), name, None)?;
    }
    Ok(Object::none())
}

/// Makes a class and its subclasses sequences or mappings to `match`.
fn set_collection_flag(class: &Type, flag: u32) {
    if !class.is_heap_type() || (class.has_flag(flag) && !class.has_flag(COLLECTION_FLAGS & !flag)) {
        return;
    }
    class.clear_flag(COLLECTION_FLAGS);
    class.set_flag(flag);
    for subclass in type_new::subclasses(class) {
        if let Some(subclass) = subclass.borrow().downcast::<Type>() {
            set_collection_flag(subclass.get(), flag);
        }
    }
}

fn abc_register(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let (class, subclass) = (args[0].expect("a required argument"), args[1].expect("a required argument"));
    let Some(subclass_type) = subclass.downcast::<Type>() else { return Err(vm.type_error("Can only register classes")) };
    if is_subclass(vm, subclass, class)? {
        return Ok(subclass.to_owned());
    }
    if is_subclass(vm, class, subclass)? {
        return Err(vm.runtime_error("Refusing to create an inheritance cycle"));
    }
    let data = data_of(vm, class)?;
    remember(vm, &data.borrow().get().registry, subclass);
    *INVALIDATIONS.get_mut(vm) += 1;
    if let Some(class) = class.downcast::<Type>() {
        for flag in [flag::SEQUENCE, flag::MAPPING] {
            if class.get().has_flag(flag) {
                set_collection_flag(subclass_type.get(), flag);
            }
        }
    }
    Ok(subclass.to_owned())
}

fn abc_instancecheck(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let (class, instance) = (args[0].expect("a required argument"), args[1].expect("a required argument"));
    let data = data_of(vm, class)?;
    let data = data.borrow().get();
    let claimed = vm.find_attr(instance, names::__class__())?.unwrap_or_else(|| instance.class().to_object());
    if data.cache.get(vm).contains(claimed.borrow()) {
        return Ok(Object::bool(true));
    }
    let actual = instance.class().to_object();
    if actual.borrow().is(claimed.borrow()) {
        if data.negative_version.get() == version(vm) && data.negative_cache.get(vm).contains(claimed.borrow()) {
            return Ok(Object::bool(false));
        }
        return vm.call_method_named(class, names::__subclasscheck__(), &[claimed.borrow()]);
    }
    let result = vm.call_method_named(class, names::__subclasscheck__(), &[claimed.borrow()])?;
    if vm.is_true(result.borrow())? {
        return Ok(result);
    }
    vm.call_method_named(class, names::__subclasscheck__(), &[actual.borrow()])
}

fn abc_subclasscheck(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let (class, subclass) = (args[0].expect("a required argument"), args[1].expect("a required argument"));
    let Some(subclass_type) = subclass.downcast::<Type>() else { return Err(vm.type_error("issubclass() arg 1 must be a class")) };
    let data = data_of(vm, class)?;
    let data = data.borrow().get();
    if data.cache.get(vm).contains(subclass) {
        return Ok(Object::bool(true));
    }
    if data.negative_version.get() < version(vm) {
        data.negative_version.set(version(vm));
        data.negative_cache.set(vm, WeakClasses::default());
    } else if data.negative_cache.get(vm).contains(subclass) {
        return Ok(Object::bool(false));
    }
    let answer = decide(vm, class, data, subclass, subclass_type.get())?;
    remember(vm, if answer { &data.cache } else { &data.negative_cache }, subclass);
    Ok(Object::bool(answer))
}

/// Whether a class that is in no cache is a subclass.
fn decide(vm: &mut Vm, class: Ref<'_>, data: &AbcData, subclass: Ref<'_>, subclass_type: &Type) -> PyResult<bool> {
    let answer = vm.call_method_named(class, names::__subclasshook__(), &[subclass])?;
    match answer.borrow() {
        answer if answer.is_true() => return Ok(true),
        answer if answer.is_false() => return Ok(false),
        answer if answer.is_not_implemented() => {}
        _ => return Err(vm.raise(&exception::ASSERTION_ERROR, "__subclasshook__ must return either False, True, or NotImplemented")),
    }
    if subclass_type.mro().iter().any(|base| base.is(class)) {
        return Ok(true);
    }
    for registered in data.registry.get(vm).classes() {
        if is_subclass(vm, subclass, registered.borrow())? {
            return Ok(true);
        }
    }
    let derived = vm.call_method(class, "__subclasses__", &[])?;
    for derived in vm.collect(derived.borrow())? {
        if is_subclass(vm, subclass, derived.borrow())? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn reset_registry(vm: &mut Vm, _module: Ref<'_>, class: Ref<'_>) -> PyResult {
    let data = data_of(vm, class)?;
    data.borrow().get().registry.set(vm, WeakClasses::default());
    Ok(Object::none())
}

fn reset_caches(vm: &mut Vm, _module: Ref<'_>, class: Ref<'_>) -> PyResult {
    let data = data_of(vm, class)?;
    let data = data.borrow().get();
    data.cache.set(vm, WeakClasses::default());
    data.negative_cache.set(vm, WeakClasses::default());
    Ok(Object::none())
}

fn get_dump(vm: &mut Vm, _module: Ref<'_>, class: Ref<'_>) -> PyResult {
    let data = data_of(vm, class)?;
    let data = data.borrow().get();
    let mut parts = Vec::new();
    for cell in [&data.registry, &data.cache, &data.negative_cache] {
        let references = cell.get(vm).references();
        let references = vm.new_list(references);
        parts.push(from_iterable(vm, references.borrow().object())?.into_object());
    }
    parts.push(vm.new_uint(data.negative_version.get()));
    Ok(vm.new_tuple(parts).into_object())
}
