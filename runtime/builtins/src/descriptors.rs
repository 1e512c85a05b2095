//! Descriptors and native callables as Python sees them: builtin functions, method descriptors, slot
//! wrappers, computed attributes, members, bound methods. `property` and its like have a file of
//! their own.

use bytecode::opcode::Comparison;
use object::call::{Args, NativeInfo};
use object::descriptor::{GETSET, GetsetDescriptor, MEMBER, MemberDescriptor, MemberPlace};
use object::function::{
    BOUND_METHOD, BUILTIN_FUNCTION, BoundMethod, BoundWrapper, BuiltinFunction, CLASS_METHOD_DESCRIPTOR, ClassMethodDescriptor, METHOD_DESCRIPTOR,
    METHOD_WRAPPER, MethodDescriptor, SLOT_WRAPPER, SlotWrapper,
};
use object::native::Extension;
use object::singleton::ModuleObject;
use object::slots::{Slot, Wrapper};
use object::{Getset, Member, Method, Object, ObjectCell, PyResult, Ref, RefOf, Slots, Type, Vm, method, names};

pub mod property;

/// What all descriptors of native types show of themselves.
struct Description {
    class: Object,
    name: Object,
    doc: &'static str,
    signature: &'static str,
    /// How `repr` calls it.
    kind: &'static str,
}

fn describe(vm: &mut Vm, this: Ref<'_>) -> Description {
    let native = |vm: &mut Vm, method: &MethodDescriptor| Description {
        class: method.class.to_object(),
        name: vm.intern(method.info.method.name).to_owned(),
        doc: method.info.method.doc,
        signature: method.info.method.signature,
        kind: "method",
    };
    if let Some(method) = this.downcast::<MethodDescriptor>() {
        return native(vm, method.get());
    }
    if let Some(method) = this.downcast::<ClassMethodDescriptor>() {
        return native(vm, &method.get().0);
    }
    if let Some(wrapper) = this.downcast::<SlotWrapper>() {
        let special = wrapper.special;
        return Description {
            class: wrapper.class.to_object(),
            name: vm.intern(special.name).to_owned(),
            doc: slot_doc(special.name),
            signature: slot_signature(special.wrapper, special.slot, special.position),
            kind: "slot wrapper",
        };
    }
    if let Some(getset) = this.downcast::<GetsetDescriptor>() {
        let name = vm.intern(getset.getset.name).to_owned();
        return Description { class: getset.class.get_or_none(), name, doc: getset.getset.doc, signature: "", kind: "attribute" };
    }
    let member = this.downcast::<MemberDescriptor>().expect("the attribute belongs to descriptors");
    let (doc, kind) = match member.place {
        MemberPlace::Native(getset) => (getset.doc, "member"),
        MemberPlace::Offset(_) | MemberPlace::Attribute => ("", "member"),
    };
    Description { class: member.class.get_or_none(), name: member.name.get_or_none(), doc, signature: "", kind }
}

/// The signature of a special method, as `help()` shows it.
fn slot_signature(wrapper: Wrapper, slot: Slot, position: usize) -> &'static str {
    match wrapper {
        Wrapper::Call | Wrapper::Init => "($self, /, *args, **kwargs)",
        Wrapper::New => "($type, /, *args, **kwargs)",
        Wrapper::Unary | Wrapper::Iter | Wrapper::Hash | Wrapper::Bool | Wrapper::Length | Wrapper::Next | Wrapper::Finalize => "($self, /)",
        Wrapper::GetAttr => "($self, name, /)",
        Wrapper::SetAttr if position == 0 => "($self, name, value, /)",
        Wrapper::SetAttr => "($self, name, /)",
        Wrapper::SetItem if position == 0 => "($self, key, value, /)",
        Wrapper::SetItem | Wrapper::Contains => "($self, key, /)",
        Wrapper::DescrSet if position == 0 => "($self, instance, value, /)",
        Wrapper::DescrSet => "($self, instance, /)",
        Wrapper::DescrGet => "($self, instance, owner=None, /)",
        Wrapper::Power => "($self, value, mod=None, /)",
        Wrapper::Buffer => "($self, flags, /)",
        Wrapper::Binary if slot == Slot::getitem => "($self, key, /)",
        Wrapper::Binary | Wrapper::Number | Wrapper::Compare | Wrapper::Repeat => "($self, value, /)",
    }
}

/// The doc of a special method.
fn slot_doc(name: &str) -> &'static str {
    SLOT_DOCS.iter().find(|(known, _)| *known == name).map_or("", |(_, doc)| doc)
}

const SLOT_DOCS: &[(&str, &str)] = &[
    ("__repr__", "Return repr(self)."),
    ("__str__", "Return str(self)."),
    ("__hash__", "Return hash(self)."),
    ("__call__", "Call self as a function."),
    ("__iter__", "Implement iter(self)."),
    ("__next__", "Implement next(self)."),
    ("__getattribute__", "Return getattr(self, name)."),
    ("__setattr__", "Implement setattr(self, name, value)."),
    ("__delattr__", "Implement delattr(self, name)."),
    ("__lt__", "Return self<value."),
    ("__le__", "Return self<=value."),
    ("__eq__", "Return self==value."),
    ("__ne__", "Return self!=value."),
    ("__gt__", "Return self>value."),
    ("__ge__", "Return self>=value."),
    ("__len__", "Return len(self)."),
    ("__getitem__", "Return self[key]."),
    ("__setitem__", "Set self[key] to value."),
    ("__delitem__", "Delete self[key]."),
    ("__contains__", "Return bool(key in self)."),
    ("__add__", "Return self+value."),
    ("__radd__", "Return value+self."),
    ("__sub__", "Return self-value."),
    ("__rsub__", "Return value-self."),
    ("__mul__", "Return self*value."),
    ("__rmul__", "Return value*self."),
    ("__mod__", "Return self%value."),
    ("__rmod__", "Return value%self."),
    ("__pow__", "Return pow(self, value, mod)."),
    ("__rpow__", "Return pow(value, self, mod)."),
    ("__lshift__", "Return self<<value."),
    ("__rlshift__", "Return value<<self."),
    ("__rshift__", "Return self>>value."),
    ("__rrshift__", "Return value>>self."),
    ("__and__", "Return self&value."),
    ("__rand__", "Return value&self."),
    ("__xor__", "Return self^value."),
    ("__rxor__", "Return value^self."),
    ("__or__", "Return self|value."),
    ("__ror__", "Return value|self."),
    ("__floordiv__", "Return self//value."),
    ("__rfloordiv__", "Return value//self."),
    ("__truediv__", "Return self/value."),
    ("__rtruediv__", "Return value/self."),
    ("__matmul__", "Return self@value."),
    ("__rmatmul__", "Return value@self."),
    ("__iadd__", "Return self+=value."),
    ("__isub__", "Return self-=value."),
    ("__imul__", "Return self*=value."),
    ("__imod__", "Return self%=value."),
    ("__ipow__", "Return self**=value."),
    ("__ilshift__", "Return self<<=value."),
    ("__irshift__", "Return self>>=value."),
    ("__iand__", "Return self&=value."),
    ("__ixor__", "Return self^=value."),
    ("__ior__", "Return self|=value."),
    ("__ifloordiv__", "Return self//=value."),
    ("__itruediv__", "Return self/=value."),
    ("__imatmul__", "Return self@=value."),
    ("__neg__", "-self"),
    ("__pos__", "+self"),
    ("__abs__", "abs(self)"),
    ("__invert__", "~self"),
    ("__bool__", "True if self else False"),
    ("__int__", "int(self)"),
    ("__float__", "float(self)"),
    ("__index__", "Return self converted to an integer, if self is suitable for use as an index into a list."),
    ("__get__", "Return an attribute of instance, which is of type owner."),
    ("__set__", "Set an attribute of instance to value."),
    ("__delete__", "Delete an attribute of instance."),
    ("__init__", "Initialize self.  See help(type(self)) for accurate signature."),
    ("__new__", "Create and return new object.  See help(type) for accurate signature."),
    ("__del__", "Called when the instance is about to be destroyed."),
    ("__await__", "Return an iterator to be used in await expression."),
    ("__aiter__", "Return an awaitable, that resolves in asynchronous iterator."),
    ("__anext__", "Return a value or raise StopAsyncIteration."),
    ("__buffer__", "Return a buffer object that exposes the underlying memory of the object."),
];

/// Text or `None` where there is none.
fn text_or_none(vm: &Vm, text: &str) -> Object {
    if text.is_empty() { Object::none() } else { vm.new_str(text).into_object() }
}

fn get_objclass(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(describe(vm, this).class)
}

fn get_name(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(describe(vm, this).name)
}

fn get_doc(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let doc = describe(vm, this).doc;
    Ok(text_or_none(vm, doc))
}

fn get_signature(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let signature = describe(vm, this).signature;
    Ok(text_or_none(vm, signature))
}

fn get_qualname(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let described = describe(vm, this);
    let owner = vm.get_attr(described.class.borrow(), names::__qualname__())?;
    let text = format!("{}.{}", vm.str_text(owner.borrow())?, vm.str_text(described.name.borrow())?);
    Ok(vm.new_str(&text).into_object())
}

fn repr_descriptor(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let described = describe(vm, this);
    let owner = described.class.borrow().downcast::<Type>().map_or(String::from("?"), |class| class.full_name().to_owned());
    let text = format!("<{} '{}' of '{owner}' objects>", described.kind, vm.str_text(described.name.borrow())?);
    Ok(vm.new_str(&text).into_object())
}

/// `(getattr, (owner, name))`
fn reduced(vm: &mut Vm, owner: Object, name: Object) -> PyResult {
    let builtins = vm.import("builtins")?;
    let getattr = vm.get_attr_str(builtins.borrow(), "getattr")?;
    let args = vm.new_tuple([owner, name]).into_object();
    Ok(vm.new_tuple([getattr, args]).into_object())
}

fn reduce_descriptor(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let described = describe(vm, this);
    reduced(vm, described.class, described.name)
}

const DESCRIPTOR_MEMBERS: &[Member] =
    &[Member(Getset::readonly("__objclass__", "", get_objclass)), Member(Getset::readonly("__name__", "", get_name))];
const DESCRIPTOR_GETSETS: &[Getset] = &[
    Getset::readonly("__doc__", "", get_doc),
    Getset::readonly("__qualname__", "", get_qualname),
    Getset::readonly("__text_signature__", "", get_signature),
];
const DATA_GETSETS: &[Getset] = &[Getset::readonly("__doc__", "", get_doc), Getset::readonly("__qualname__", "", get_qualname)];
const REDUCE_DESCRIPTOR: &[Method] = &[method!(Unary reduce_descriptor as "__reduce__" "($self, /)", "")];
const REPR_DESCRIPTOR: Slots = Slots { repr: Some(repr_descriptor), ..Slots::NONE };

pub(crate) static METHOD_DESCRIPTOR_EXTENSION: Extension = Extension {
    class: &METHOD_DESCRIPTOR,
    slots: REPR_DESCRIPTOR,
    methods: REDUCE_DESCRIPTOR,
    getsets: DESCRIPTOR_GETSETS,
    members: DESCRIPTOR_MEMBERS,
};
pub(crate) static CLASS_METHOD_DESCRIPTOR_EXTENSION: Extension =
    Extension { class: &CLASS_METHOD_DESCRIPTOR, slots: REPR_DESCRIPTOR, methods: &[], getsets: DESCRIPTOR_GETSETS, members: DESCRIPTOR_MEMBERS };
pub(crate) static SLOT_WRAPPER_EXTENSION: Extension =
    Extension { class: &SLOT_WRAPPER, slots: REPR_DESCRIPTOR, methods: REDUCE_DESCRIPTOR, getsets: DESCRIPTOR_GETSETS, members: DESCRIPTOR_MEMBERS };
pub(crate) static GETSET_EXTENSION: Extension =
    Extension { class: &GETSET, slots: REPR_DESCRIPTOR, methods: &[], getsets: DATA_GETSETS, members: DESCRIPTOR_MEMBERS };
pub(crate) static MEMBER_EXTENSION: Extension =
    Extension { class: &MEMBER, slots: REPR_DESCRIPTOR, methods: REDUCE_DESCRIPTOR, getsets: DATA_GETSETS, members: DESCRIPTOR_MEMBERS };

/// Equality of two callables: the same function bound to the same object.
fn compare_bound(left: (usize, Ref<'_>), right: (usize, Ref<'_>), op: Comparison) -> Object {
    let equal = left.0 == right.0 && left.1.is(right.1);
    match op {
        Comparison::Equal => Object::bool(equal),
        Comparison::NotEqual => Object::bool(!equal),
        _ => Object::not_implemented(),
    }
}

/// A hash that depends on identities alone.
fn identity_hash(function: usize, this: Ref<'_>) -> i64 {
    let hash = ((function as u64) >> 4 ^ this.bits().rotate_right(4)) as i64;
    if hash == -1 { -2 } else { hash }
}

pub(crate) static BUILTIN_FUNCTION_EXTENSION: Extension = Extension {
    class: &BUILTIN_FUNCTION,
    slots: Slots { repr: Some(repr_builtin), hash: Some(hash_builtin), compare: Some(compare_builtin), ..Slots::NONE },
    methods: &[method!(Unary reduce_builtin as "__reduce__" "($self, /)", "")],
    getsets: &[
        Getset::readonly("__doc__", "", |vm, this| Ok(text_or_none(vm, builtin(this).info.method.doc))),
        Getset::readonly("__name__", "", |vm, this| Ok(vm.intern(builtin(this).info.method.name).to_owned())),
        Getset::readonly("__qualname__", "", builtin_qualname),
        Getset::readonly("__self__", "", |_, this| Ok(builtin(this).this.get_or_none())),
        Getset::readonly("__text_signature__", "", |vm, this| Ok(text_or_none(vm, builtin(this).info.method.signature))),
    ],
    members: &[Member(Getset::new(
        "__module__",
        "",
        |_, this| Ok(builtin(this).module.get_or_none()),
        |_, this, value| {
            builtin(this).module.set(value.map(Ref::to_owned));
            Ok(())
        },
    ))],
};

fn builtin(this: Ref<'_>) -> &BuiltinFunction {
    this.downcast::<BuiltinFunction>().expect("the slot belongs to builtin functions").get()
}

/// The module's functions have no `self` worth showing.
fn is_plain(this: &Object) -> bool {
    this.borrow().is_none() || this.borrow().downcast::<ModuleObject>().is_some()
}

fn repr_builtin(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let function = builtin(this);
    let (name, owner) = (function.info.method.name, function.this.get_or_none());
    let text = if is_plain(&owner) {
        format!("<built-in function {name}>")
    } else {
        format!("<built-in method {name} of {} object at {:#x}>", owner.borrow().class().full_name(), owner.borrow().bits())
    };
    Ok(vm.new_str(&text).into_object())
}

fn builtin_identity(function: &BuiltinFunction) -> usize {
    std::ptr::from_ref::<NativeInfo>(function.info).addr()
}

fn hash_builtin(_vm: &mut Vm, this: Ref<'_>) -> PyResult<i64> {
    let function = builtin(this);
    Ok(identity_hash(builtin_identity(function), function.this.get_or_none().borrow()))
}

fn compare_builtin(_vm: &mut Vm, left: Ref<'_>, right: Ref<'_>, op: Comparison) -> PyResult {
    let (Some(left), Some(right)) = (left.downcast::<BuiltinFunction>(), right.downcast::<BuiltinFunction>()) else {
        return Ok(Object::not_implemented());
    };
    let (left_this, right_this) = (left.this.get_or_none(), right.this.get_or_none());
    Ok(compare_bound((builtin_identity(left.get()), left_this.borrow()), (builtin_identity(right.get()), right_this.borrow()), op))
}

fn builtin_qualname(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let function = builtin(this);
    let (name, owner) = (function.info.method.name, function.this.get_or_none());
    if is_plain(&owner) {
        return Ok(vm.intern(name).to_owned());
    }
    let class = if owner.borrow().downcast::<Type>().is_some() { owner } else { owner.borrow().class().to_object() };
    let qualname = vm.get_attr(class.borrow(), names::__qualname__())?;
    let text = format!("{}.{name}", vm.str_text(qualname.borrow())?);
    Ok(vm.new_str(&text).into_object())
}

fn reduce_builtin(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let function = builtin(this);
    let (name, owner) = (vm.intern(function.info.method.name).to_owned(), function.this.get_or_none());
    if is_plain(&owner) { Ok(name) } else { reduced(vm, owner, name) }
}

pub(crate) static METHOD_WRAPPER_EXTENSION: Extension = Extension {
    class: &METHOD_WRAPPER,
    slots: Slots { repr: Some(repr_wrapper), hash: Some(hash_wrapper), compare: Some(compare_wrapper), ..Slots::NONE },
    methods: &[method!(Unary reduce_wrapper as "__reduce__" "($self, /)", "")],
    getsets: &[
        Getset::readonly("__objclass__", "", |vm, this| get_objclass(vm, wrapper(this).wrapper.get_or_none().borrow())),
        Getset::readonly("__name__", "", |vm, this| get_name(vm, wrapper(this).wrapper.get_or_none().borrow())),
        Getset::readonly("__qualname__", "", |vm, this| get_qualname(vm, wrapper(this).wrapper.get_or_none().borrow())),
        Getset::readonly("__doc__", "", |vm, this| get_doc(vm, wrapper(this).wrapper.get_or_none().borrow())),
        Getset::readonly("__text_signature__", "", |vm, this| get_signature(vm, wrapper(this).wrapper.get_or_none().borrow())),
    ],
    members: &[Member(Getset::readonly("__self__", "", |_, this| Ok(wrapper(this).this.get_or_none())))],
};

fn wrapper(this: Ref<'_>) -> &BoundWrapper {
    this.downcast::<BoundWrapper>().expect("the slot belongs to method wrappers").get()
}

fn repr_wrapper(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let (slot, owner) = (wrapper(this).wrapper.get_or_none(), wrapper(this).this.get_or_none());
    let name = get_name(vm, slot.borrow())?;
    let text = format!(
        "<method-wrapper '{}' of {} object at {:#x}>",
        vm.str_text(name.borrow())?,
        owner.borrow().class().full_name(),
        owner.borrow().bits()
    );
    Ok(vm.new_str(&text).into_object())
}

fn cell_bits(cell: &ObjectCell) -> usize {
    cell.get_or_none().borrow().bits() as usize
}

fn hash_wrapper(_vm: &mut Vm, this: Ref<'_>) -> PyResult<i64> {
    Ok(identity_hash(cell_bits(&wrapper(this).wrapper), wrapper(this).this.get_or_none().borrow()))
}

fn compare_wrapper(_vm: &mut Vm, left: Ref<'_>, right: Ref<'_>, op: Comparison) -> PyResult {
    let (Some(left), Some(right)) = (left.downcast::<BoundWrapper>(), right.downcast::<BoundWrapper>()) else {
        return Ok(Object::not_implemented());
    };
    let (left_this, right_this) = (left.this.get_or_none(), right.this.get_or_none());
    Ok(compare_bound((cell_bits(&left.wrapper), left_this.borrow()), (cell_bits(&right.wrapper), right_this.borrow()), op))
}

fn reduce_wrapper(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let (slot, owner) = (wrapper(this).wrapper.get_or_none(), wrapper(this).this.get_or_none());
    let name = get_name(vm, slot.borrow())?;
    reduced(vm, owner, name)
}

pub(crate) static BOUND_METHOD_EXTENSION: Extension = Extension {
    class: &BOUND_METHOD,
    slots: Slots {
        new: Some(new_bound),
        repr: Some(repr_bound),
        hash: Some(hash_bound),
        compare: Some(compare_bound_methods),
        getattr: Some(getattr_bound),
        descr_get: Some(get_bound),
        ..Slots::NONE
    },
    methods: &[method!(Unary reduce_bound as "__reduce__" "($self, /)", "")],
    getsets: &[Getset::readonly("__doc__", "", |vm, this| vm.get_attr(bound(this).function.get_or_none().borrow(), names::__doc__()))],
    members: &[
        Member(Getset::readonly("__func__", "the function (or other callable) implementing a method", |_, this| {
            Ok(bound(this).function.get_or_none())
        })),
        Member(Getset::readonly("__self__", "the instance to which a method is bound", |_, this| Ok(bound(this).this.get_or_none()))),
    ],
};

fn bound(this: Ref<'_>) -> &BoundMethod {
    this.downcast::<BoundMethod>().expect("the slot belongs to bound methods").get()
}

fn new_bound(vm: &mut Vm, _class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    object::call::check_positional(vm, "method", args, 2, 2)?;
    let [function, this] = [0, 1].map(|index| args.positionals()[index]);
    if function.class().slots().call.is_none() {
        return Err(vm.type_error("first argument must be callable"));
    }
    if this.is_none() {
        return Err(vm.type_error("instance must not be None"));
    }
    Ok(vm.new_bound_method(function.to_owned(), this.to_owned()))
}

fn repr_bound(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let (function, owner) = (bound(this).function.get_or_none(), bound(this).this.get_or_none());
    let mut name = vm.find_attr(function.borrow(), names::__qualname__())?;
    if name.is_none() {
        name = vm.find_attr(function.borrow(), names::__name__())?;
    }
    let name = match name.filter(|name| name.borrow().downcast::<object::str::Str>().is_some()) {
        Some(name) => vm.str_text(name.borrow())?,
        None => "?".into(),
    };
    let mut text = object::str::StrBuilder::new();
    text.push_str(&format!("<bound method {name} of "));
    text.push_object(vm.repr(owner.borrow())?.borrow().get());
    text.push_str(">");
    Ok(text.finish(vm).into_object())
}

fn hash_bound(vm: &mut Vm, this: Ref<'_>) -> PyResult<i64> {
    let (function, owner) = (bound(this).function.get_or_none(), bound(this).this.get_or_none());
    let hash = vm.hash(function.borrow())? ^ owner.borrow().bits().rotate_right(4) as i64;
    Ok(if hash == -1 { -2 } else { hash })
}

fn compare_bound_methods(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>, op: Comparison) -> PyResult {
    let (Some(left), Some(right)) = (left.downcast::<BoundMethod>(), right.downcast::<BoundMethod>()) else {
        return Ok(Object::not_implemented());
    };
    if !matches!(op, Comparison::Equal | Comparison::NotEqual) {
        return Ok(Object::not_implemented());
    }
    let (left_function, right_function) = (left.function.get_or_none(), right.function.get_or_none());
    let same_owner = left.this.get_or_none().borrow().is(right.this.get_or_none().borrow());
    let equal = vm.equal(left_function.borrow(), right_function.borrow())? && same_owner;
    Ok(Object::bool(equal == (op == Comparison::Equal)))
}

/// What the method itself does not have is the function's.
fn getattr_bound(vm: &mut Vm, this: Ref<'_>, name: Ref<'_>) -> PyResult {
    if let Some(found) = BOUND_METHOD.lookup(name) {
        return object::attribute::bind(vm, found.to_owned(), Some(this), &BOUND_METHOD);
    }
    let function = bound(this).function.get_or_none();
    vm.get_attr(function.borrow(), name)
}

/// A bound method stays bound to what it is bound to.
fn get_bound(_vm: &mut Vm, this: Ref<'_>, _instance: Option<Ref<'_>>, _owner: Option<Ref<'_>>) -> PyResult {
    Ok(this.to_owned())
}

fn reduce_bound(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let (function, owner) = (bound(this).function.get_or_none(), bound(this).this.get_or_none());
    let name = vm.get_attr(function.borrow(), names::__name__())?;
    reduced(vm, owner, name)
}
