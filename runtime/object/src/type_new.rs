//! How types come to be: readying native types, and `type()`, which makes Python classes.

mod construct;
mod held_buffer;
mod instance_attributes;
mod mro;
mod object_type;
mod python_slots;
mod reassign;
mod special;

pub use construct::{calculate_metaclass, new_class};
pub use mro::linearize;
pub use object_type::{OBJECT_EXTENSION_DOC, builtin_maker, initialize, object_new, plain_init, plain_new, qualified_name};
pub(crate) use object_type::{OBJECT_SPEC, TYPE_SPEC, identity_hash};
pub(crate) use python_slots::finds_like_type;
pub use python_slots::{finds_like_object, length_of_result};
pub use reassign::{assign_bases, assign_class, rename, set_qualname};
pub(crate) use special::call_special;

use crate::call::NativeInfo;
use crate::cell::{ObjectCell, VmCell};
use crate::class::{OBJECT, TYPE, Type};
use crate::descriptor::{self, MemberDescriptor, MemberPlace};
use crate::function::{self, SlotWrapper};
use crate::native::{Extension, Method, Native, flag};
use crate::shape;
use crate::slots::{Slot, special_methods};
use crate::value::{Object, Ref};
use crate::vm::Vm;

/// What other crates add to types that are declared here.
static EXTENSIONS: VmCell<Vec<&'static Extension>> = VmCell::new(Vec::new());

/// Registers additions to types; only at start-up, before the types are readied.
pub fn extend(extensions: &[&'static Extension]) {
    // SAFETY: at start-up nobody else looks.
    unsafe { EXTENSIONS.get_unchecked() }.extend_from_slice(extensions);
}

/// Makes a native type usable: order, slots, namespace. Does nothing the second time.
pub fn ready(vm: &mut Vm, class: &'static Type) {
    if class.has_flag(flag::READY) {
        return;
    }
    class.set_flag(flag::READY);
    let base = class.spec().base.unwrap_or(&OBJECT);
    let is_root = std::ptr::eq(class, &OBJECT);
    if !is_root {
        ready(vm, base);
        class.set_base(Some(base));
        // SAFETY: at this moment nobody walks along the list.
        unsafe { base.subclasses.get_unchecked() }.push(std::ptr::from_ref(class).addr());
    }
    if let Some(meta) = class.spec().metaclass {
        ready(vm, meta);
    }
    let meta = if is_root { &TYPE } else { class.spec().metaclass.unwrap_or_else(|| base.object().class()) };
    class.header().ty.set(meta);
    let dict = vm.new_dict();
    class.set_dict(dict);
    let bases: Vec<Object> = if is_root { Vec::new() } else { vec![base.to_object()] };
    let bases = vm.new_tuple(bases).into_object();
    class.bases.set(Some(bases));
    let mro: Vec<Object> = std::iter::once(class.object()).chain(base.mro().iter().copied().filter(|_| !is_root)).map(Ref::to_owned).collect();
    let mro = vm.new_tuple(mro).into_object();
    class.set_mro(vm, mro);
    fill_namespace(vm, class);
    lay_out(class, base, is_root);
    if !is_root {
        class.slots_mut(|slots| inherit_slots(slots, base, class));
    }
    if class.slots().finalize.is_some() {
        class.set_flag(flag::FINALIZER);
    }
}

fn inherit_slots(slots: &mut crate::slots::Slots, base: &Type, class: &Type) {
    // `__hash__` and comparison are inherited together or not at all.
    let own_compare = slots.compare.is_some();
    let hash = slots.hash;
    slots.inherit(base.slots());
    if own_compare && hash.is_none() && class.dict().has_name("__hash__") {
        slots.hash = None;
    }
    // A native type without a constructor has no instances that Python could make.
    let is_plain_base = class.has_flag(flag::BASE_TYPE) && !class.has_native_payload();
    if std::ptr::eq(base, &OBJECT) && !is_plain_base && !class.dict().has_name("__new__") {
        slots.new = None;
        class.set_flag(flag::NO_INSTANTIATION);
    }
}

fn lay_out(class: &Type, base: &Type, is_root: bool) {
    if !is_root {
        let mut payload = class.payload();
        if payload.size < base.payload().size || (payload.drop.is_none() && base.payload().drop.is_some()) {
            payload = base.payload();
        }
        class.payload.set(payload);
        class.fixed_size.set(payload.size.next_multiple_of(8) as u32);
        for inherited in [
            flag::WEAK_REFERENCES,
            flag::SEQUENCE,
            flag::MAPPING,
            flag::EXCEPTION,
            flag::METACLASS,
            flag::FINALIZER,
            flag::MATCH_SELF,
            flag::HAS_DICT,
        ] {
            if base.has_flag(inherited) {
                class.set_flag(inherited);
            }
        }
    }
    class.capacity.set(class.has_flag(flag::HAS_DICT).then_some(0));
    class.root_shape.set(shape::new_root(class, 0));
    class.dict_shape.set(shape::new_dict_shape(class));
    class.header().shape.set(0);
}

fn fill_namespace(vm: &mut Vm, class: &'static Type) {
    // SAFETY: the list is complete before the first type is readied.
    let extensions: Vec<&'static Extension> =
        unsafe { EXTENSIONS.get_unchecked() }.iter().copied().filter(|extension| std::ptr::eq(extension.class, class)).collect();
    for extension in &extensions {
        class.slots_mut(|slots| {
            let declared = *slots;
            *slots = extension.slots;
            slots.inherit(&declared);
        });
    }
    add_special_methods(vm, class);
    let spec = class.spec();
    for methods in std::iter::once(spec.methods).chain(extensions.iter().map(|extension| extension.methods)) {
        add_methods(vm, class, methods);
    }
    let members = std::iter::once(spec.members).chain(extensions.iter().map(|extension| extension.members));
    for member in members.flatten() {
        let name = vm.intern(member.0.name).to_owned();
        let descriptor = MemberDescriptor {
            name: ObjectCell::new(Some(name)),
            class: ObjectCell::new(Some(class.to_object())),
            place: MemberPlace::Native(&member.0),
        };
        let descriptor = vm.allocate(descriptor).into_object();
        set(vm, class, member.0.name, descriptor);
    }
    // After the members: an extension's attribute replaces the declared one.
    let getsets = std::iter::once(spec.getsets).chain(extensions.iter().map(|extension| extension.getsets));
    for getset in getsets.flatten() {
        let descriptor = descriptor::new_getset(vm, getset, class);
        set(vm, class, getset.name, descriptor);
    }
    if class.has_flag(flag::HAS_DICT) && !class.dict().has_name("__dict__") && spec.base.is_none_or(|base| !base.has_flag(flag::HAS_DICT)) {
        let descriptor = descriptor::new_getset(vm, &instance_attributes::DICT, class);
        set(vm, class, "__dict__", descriptor);
    }
    let doc = if spec.doc.is_empty() { Object::none() } else { vm.new_str(spec.doc).into_object() };
    if !class.dict().has_name("__doc__") {
        set(vm, class, "__doc__", doc);
    }
    if !spec.match_args.is_empty() {
        let names: Vec<Object> = spec.match_args.iter().map(|name| vm.intern(name).to_owned()).collect();
        let names = vm.new_tuple(names).into_object();
        set(vm, class, "__match_args__", names);
    }
    if let Some((module, _)) = spec.name.rsplit_once('.').filter(|_| !class.dict().has_name("__module__")) {
        let module = vm.new_str(module).into_object();
        set(vm, class, "__module__", module);
    }
}

fn set(vm: &mut Vm, class: &Type, name: &str, value: Object) {
    let name = vm.intern(name);
    class.dict().set_interned(vm, name, value);
}

fn add_methods(vm: &mut Vm, class: &'static Type, methods: &'static [Method]) {
    for method in methods {
        let info = NativeInfo::leak(method, Some(class));
        let descriptor = function::new_descriptor(vm, class, info);
        set(vm, class, method.name, descriptor);
    }
}

/// `__new__` as Python sees it: a function that checks its first argument.
static NEW_METHOD: Method = Method::new(
    "__new__",
    "($type, /, *args, **kwargs)",
    "Create and return a new object.  See help(type) for accurate signature.",
    Native::Raw(special::call_new),
);

fn add_special_methods(vm: &mut Vm, class: &'static Type) {
    for special in special_methods() {
        // The generic attribute access of `object` is where there is no function.
        let generic = matches!(special.slot, Slot::getattr | Slot::setattr) && std::ptr::eq(class, &OBJECT);
        if !class.slots().has(special.slot) && !generic {
            continue;
        }
        // Sequences answer to some of the numbers' names; the first in the table stays.
        if class.dict().has_name(special.name) {
            continue;
        }
        let object = if special.slot == Slot::new {
            let info = NativeInfo::leak(&NEW_METHOD, Some(class));
            function::new_builtin(vm, info, Some(class.to_object()), None)
        } else {
            vm.allocate(SlotWrapper { special, class }).into_object()
        };
        set(vm, class, special.name, object);
    }
    if class.slots().compare.is_some() && class.slots().hash.is_none() {
        set(vm, class, "__hash__", Object::none());
    }
}

/// To be called after an attribute of a class has changed: versions and slots follow.
pub fn attribute_changed(class: &Type, name: Ref<'_>) {
    class.modified();
    let is_special = name.downcast::<crate::str::Str>().is_some_and(|name| name.as_str().is_some_and(python_slots::is_special));
    if is_special {
        python_slots::update(class);
    }
}

/// Takes a dying class out of its bases' lists.
pub(crate) fn forget_class(class: &Type) {
    let address = std::ptr::from_ref(class).addr();
    let bases = class.bases.get_or_none();
    let Some(bases) = bases.borrow().downcast::<crate::tuple::Tuple>() else { return };
    for base in bases.items() {
        if let Some(base) = base.downcast::<Type>() {
            // SAFETY: classes die one at a time, and nobody walks along the list meanwhile.
            unsafe { base.get().subclasses.get_unchecked() }.retain(|&known| known != address);
        }
    }
}

/// The direct subclasses that are alive.
pub fn subclasses(class: &Type) -> Vec<Object> {
    // SAFETY: a class takes its address out of the list when it dies.
    unsafe { class.subclasses.get_unchecked().iter().map(|&address| (*(address as *const Type)).to_object()).collect() }
}
