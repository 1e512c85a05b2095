//! Native callables as Python sees them: builtin functions and bound methods of native types, method
//! descriptors, slot wrappers; and bound methods of any callable.

use crate::call::{Args, NativeInfo};
use crate::cell::{ObjectCell, Visitor};
use crate::class::{Payload, Type};
use crate::native::{Binding, PayloadInfo, TypeSpec, flag};
use crate::slots::{Slots, SpecialMethod};
use crate::value::{Object, Ref};
use crate::vm::{PyResult, Vm};

/// The payload of a `builtin_function_or_method`.
pub struct BuiltinFunction {
    pub info: &'static NativeInfo,
    /// The instance, class or module; what the native function gets first.
    pub this: ObjectCell,
    /// `__module__`
    pub module: ObjectCell,
}

/// `types.BuiltinFunctionType`
pub static BUILTIN_FUNCTION: Type = Type::new(&BUILTIN_FUNCTION_SPEC);
static BUILTIN_FUNCTION_SPEC: TypeSpec = TypeSpec {
    name: "builtin_function_or_method",
    flags: flag::WEAK_REFERENCES,
    payload: PayloadInfo::of::<BuiltinFunction>(),
    slots: Slots { call: Some(call_builtin), ..Slots::NONE },
    ..TypeSpec::DEFAULT
};

impl Payload for BuiltinFunction {
    fn class() -> &'static Type {
        &BUILTIN_FUNCTION
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        self.this.traverse(visitor);
        self.module.traverse(visitor);
    }
}

fn call_builtin(vm: &mut Vm, callee: Ref<'_>, args: Args<'_>) -> PyResult {
    let function = callee.downcast::<BuiltinFunction>().expect("the slot belongs to the type");
    let this = function.this.get_or_none();
    function.info.call(vm, this.borrow(), args)
}

/// A native function bound to `this`.
pub fn new_builtin(vm: &Vm, info: &'static NativeInfo, this: Option<Object>, module: Option<Object>) -> Object {
    vm.allocate(BuiltinFunction { info, this: ObjectCell::new(this), module: ObjectCell::new(module) }).into_object()
}

/// The payload of a method of a native type: `method_descriptor`, `classmethod_descriptor`.
pub struct MethodDescriptor {
    pub info: &'static NativeInfo,
    /// `__objclass__`
    pub class: &'static Type,
}

/// `types.MethodDescriptorType`
pub static METHOD_DESCRIPTOR: Type = Type::new(&METHOD_DESCRIPTOR_SPEC);
static METHOD_DESCRIPTOR_SPEC: TypeSpec = TypeSpec {
    name: "method_descriptor",
    flags: flag::METHOD_DESCRIPTOR,
    payload: PayloadInfo::leaf::<MethodDescriptor>(),
    slots: Slots { call: Some(call_method_descriptor), descr_get: Some(get_method_descriptor), ..Slots::NONE },
    ..TypeSpec::DEFAULT
};
/// `types.ClassMethodDescriptorType`
pub static CLASS_METHOD_DESCRIPTOR: Type = Type::new(&CLASS_METHOD_DESCRIPTOR_SPEC);
static CLASS_METHOD_DESCRIPTOR_SPEC: TypeSpec = TypeSpec {
    name: "classmethod_descriptor",
    base: None,
    payload: PayloadInfo::leaf::<ClassMethodDescriptor>(),
    slots: Slots { call: Some(call_class_method_descriptor), descr_get: Some(get_class_method_descriptor), ..Slots::NONE },
    ..TypeSpec::DEFAULT
};

impl Payload for MethodDescriptor {
    fn class() -> &'static Type {
        &METHOD_DESCRIPTOR
    }
}

/// The payload of a class method of a native type.
pub struct ClassMethodDescriptor(pub MethodDescriptor);

impl Payload for ClassMethodDescriptor {
    fn class() -> &'static Type {
        &CLASS_METHOD_DESCRIPTOR
    }
}

/// Raises unless `this` is an instance of the class that declares a descriptor.
pub(crate) fn check_owner(vm: &mut Vm, name: &str, class: &Type, this: Ref<'_>) -> PyResult<()> {
    if this.is_instance_of(class) {
        return Ok(());
    }
    let message = format!("descriptor '{name}' for '{}' objects doesn't apply to a '{}' object", class.full_name(), this.class().full_name());
    Err(vm.type_error(message))
}

fn call_method_descriptor(vm: &mut Vm, callee: Ref<'_>, args: Args<'_>) -> PyResult {
    let method = callee.downcast::<MethodDescriptor>().expect("the slot belongs to the type");
    let Some(&this) = args.positionals().first() else {
        return Err(vm.type_error(format!("unbound method {}.{}() needs an argument", method.class.full_name(), method.info.method.name)));
    };
    check_owner(vm, method.info.method.name, method.class, this)?;
    method.info.call(vm, this, args.skip(1))
}

fn get_method_descriptor(vm: &mut Vm, descriptor: Ref<'_>, instance: Option<Ref<'_>>, _owner: Option<Ref<'_>>) -> PyResult {
    let Some(instance) = instance else { return Ok(descriptor.to_owned()) };
    let method = descriptor.downcast::<MethodDescriptor>().expect("the slot belongs to the type");
    check_owner(vm, method.info.method.name, method.class, instance)?;
    Ok(new_builtin(vm, method.info, Some(instance.to_owned()), None))
}

fn call_class_method_descriptor(vm: &mut Vm, callee: Ref<'_>, args: Args<'_>) -> PyResult {
    let method = &callee.downcast::<ClassMethodDescriptor>().expect("the slot belongs to the type").get().0;
    let Some(&this) = args.positionals().first() else {
        return Err(vm.type_error(format!("descriptor '{}' of '{}' object needs an argument", method.info.method.name, method.class.full_name())));
    };
    check_class(vm, method, this)?;
    method.info.call(vm, this, args.skip(1))
}

fn check_class(vm: &mut Vm, method: &MethodDescriptor, owner: Ref<'_>) -> PyResult<()> {
    let name = method.info.method.name;
    match owner.downcast::<Type>() {
        Some(owner) if owner.is_subclass_of(method.class) => Ok(()),
        Some(owner) => {
            let message = format!("descriptor '{name}' requires a subtype of '{}' but received '{}'", method.class.full_name(), owner.full_name());
            Err(vm.type_error(message))
        }
        None => {
            let message =
                format!("descriptor '{name}' for type '{}' needs a type, not a '{}' as arg 2", method.class.full_name(), owner.class().full_name());
            Err(vm.type_error(message))
        }
    }
}

fn get_class_method_descriptor(vm: &mut Vm, descriptor: Ref<'_>, instance: Option<Ref<'_>>, owner: Option<Ref<'_>>) -> PyResult {
    let method = &descriptor.downcast::<ClassMethodDescriptor>().expect("the slot belongs to the type").get().0;
    let owner = match (owner, instance) {
        (Some(owner), _) => owner.to_owned(),
        (None, Some(instance)) => instance.class().to_object(),
        (None, None) => {
            let message =
                format!("descriptor '{}' for type '{}' needs either an object or a type", method.info.method.name, method.class.full_name());
            return Err(vm.type_error(message));
        }
    };
    check_class(vm, method, owner.borrow())?;
    Ok(new_builtin(vm, method.info, Some(owner), None))
}

/// The payload of a special method of a native type: `wrapper_descriptor`.
pub struct SlotWrapper {
    pub special: &'static SpecialMethod,
    /// `__objclass__`; the slot is this type's.
    pub class: &'static Type,
}

/// `types.WrapperDescriptorType`
pub static SLOT_WRAPPER: Type = Type::new(&SLOT_WRAPPER_SPEC);
static SLOT_WRAPPER_SPEC: TypeSpec = TypeSpec {
    name: "wrapper_descriptor",
    flags: flag::METHOD_DESCRIPTOR,
    payload: PayloadInfo::leaf::<SlotWrapper>(),
    slots: Slots { call: Some(call_slot_wrapper), descr_get: Some(get_slot_wrapper), ..Slots::NONE },
    ..TypeSpec::DEFAULT
};

impl Payload for SlotWrapper {
    fn class() -> &'static Type {
        &SLOT_WRAPPER
    }
}

fn call_slot_wrapper(vm: &mut Vm, callee: Ref<'_>, args: Args<'_>) -> PyResult {
    let wrapper = callee.downcast::<SlotWrapper>().expect("the slot belongs to the type");
    let Some(&this) = args.positionals().first() else {
        let message = format!("descriptor '{}' of '{}' object needs an argument", wrapper.special.name, wrapper.class.full_name());
        return Err(vm.type_error(message));
    };
    if !this.is_instance_of(wrapper.class) {
        let message = format!(
            "descriptor '{}' requires a '{}' object but received a '{}'",
            wrapper.special.name,
            wrapper.class.full_name(),
            this.class().full_name()
        );
        return Err(vm.type_error(message));
    }
    crate::type_new::call_special(vm, wrapper.class, wrapper.special, this, args.skip(1))
}

fn get_slot_wrapper(vm: &mut Vm, descriptor: Ref<'_>, instance: Option<Ref<'_>>, _owner: Option<Ref<'_>>) -> PyResult {
    let Some(instance) = instance else { return Ok(descriptor.to_owned()) };
    let wrapper = descriptor.downcast::<SlotWrapper>().expect("the slot belongs to the type");
    check_owner(vm, wrapper.special.name, wrapper.class, instance)?;
    let bound = BoundWrapper { wrapper: ObjectCell::new(Some(descriptor.to_owned())), this: ObjectCell::new(Some(instance.to_owned())) };
    Ok(vm.allocate(bound).into_object())
}

/// The payload of a slot wrapper bound to an instance: `method-wrapper`.
pub struct BoundWrapper {
    pub wrapper: ObjectCell,
    pub this: ObjectCell,
}

/// `types.MethodWrapperType`
pub static METHOD_WRAPPER: Type = Type::new(&METHOD_WRAPPER_SPEC);
static METHOD_WRAPPER_SPEC: TypeSpec = TypeSpec {
    name: "method-wrapper",
    payload: PayloadInfo::of::<BoundWrapper>(),
    slots: Slots { call: Some(call_bound_wrapper), ..Slots::NONE },
    ..TypeSpec::DEFAULT
};

impl Payload for BoundWrapper {
    fn class() -> &'static Type {
        &METHOD_WRAPPER
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        self.wrapper.traverse(visitor);
        self.this.traverse(visitor);
    }
}

fn call_bound_wrapper(vm: &mut Vm, callee: Ref<'_>, args: Args<'_>) -> PyResult {
    let bound = callee.downcast::<BoundWrapper>().expect("the slot belongs to the type");
    let (wrapper, this) = (bound.wrapper.get_or_none(), bound.this.get_or_none());
    let wrapper = wrapper.borrow().downcast::<SlotWrapper>().expect("only slot wrappers are bound");
    crate::type_new::call_special(vm, wrapper.class, wrapper.special, this.borrow(), args)
}

/// The payload of a bound method: `types.MethodType`.
pub struct BoundMethod {
    pub function: ObjectCell,
    pub this: ObjectCell,
}

/// `types.MethodType`
pub static BOUND_METHOD: Type = Type::new(&BOUND_METHOD_SPEC);
static BOUND_METHOD_SPEC: TypeSpec = TypeSpec {
    name: "method",
    doc: "Create a bound instance method object.",
    flags: flag::WEAK_REFERENCES,
    payload: PayloadInfo::of::<BoundMethod>(),
    slots: Slots { call: Some(call_bound_method), ..Slots::NONE },
    signature: "(function, instance, /)",
    ..TypeSpec::DEFAULT
};

impl Payload for BoundMethod {
    fn class() -> &'static Type {
        &BOUND_METHOD
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        self.function.traverse(visitor);
        self.this.traverse(visitor);
    }
}

fn call_bound_method(vm: &mut Vm, callee: Ref<'_>, args: Args<'_>) -> PyResult {
    let bound = callee.downcast::<BoundMethod>().expect("the slot belongs to the type");
    let (function, this) = (bound.function.get_or_none(), bound.this.get_or_none());
    vm.check_stack("")?;
    args.with_first(this.borrow(), |args| vm.call_with(function.borrow(), args))
}

impl Vm {
    /// `types.MethodType(function, this)`
    pub fn new_bound_method(&self, function: Object, this: Object) -> Object {
        self.allocate(BoundMethod { function: ObjectCell::new(Some(function)), this: ObjectCell::new(Some(this)) }).into_object()
    }
}

/// The object that stands for a native method in its class's namespace.
pub(crate) fn new_descriptor(vm: &mut Vm, class: &'static Type, info: &'static NativeInfo) -> Object {
    let descriptor = MethodDescriptor { info, class };
    match info.method.binding {
        Binding::Instance => vm.allocate(descriptor).into_object(),
        Binding::Class => vm.allocate(ClassMethodDescriptor(descriptor)).into_object(),
        Binding::Static => {
            let function = new_builtin(vm, info, Some(class.to_object()), None);
            crate::descriptor::new_static_method(vm, function)
        }
    }
}
