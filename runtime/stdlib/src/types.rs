//! `_types`: the types that have no name among the builtins.

use builtins::dict::mapping_proxy::MAPPING_PROXY;
use builtins::namespace::SIMPLE_NAMESPACE;
use interp::async_generator::ASYNC_GENERATOR;
use interp::cell_object::CELL;
use interp::code::CODE;
use interp::frame_object::FRAME;
use interp::function::FUNCTION;
use interp::generator::{COROUTINE, GENERATOR};
use interp::traceback::TRACEBACK;
use object::descriptor::{GETSET, MEMBER};
use object::function::{BOUND_METHOD, BUILTIN_FUNCTION, CLASS_METHOD_DESCRIPTOR, METHOD_DESCRIPTOR, METHOD_WRAPPER, SLOT_WRAPPER};
use object::generic_alias::{GENERIC_ALIAS, UNION};
use object::native::{Module, PayloadInfo, flag};
use object::singleton::{ELLIPSIS_TYPE, MODULE as MODULE_TYPE, NONE_TYPE, NOT_IMPLEMENTED_TYPE};
use object::{Object, Payload, Slots, Type, TypeSpec, Vm};

/// `_types`
pub static MODULE: Module = Module {
    name: "_types",
    doc: "Define names for built-in types.",
    init: Some(|vm, module| {
        object::type_new::ready(vm, &CAPSULE);
        for (name, class) in NAMES {
            module.set(vm, name, class.to_object());
        }
        Ok(())
    }),
    ..Module::DEFAULT
};

/// The payload of a capsule: a pointer for C code, which there is none of here, so only its name.
pub struct Capsule(&'static str);

impl Payload for Capsule {
    fn class() -> &'static Type {
        &CAPSULE
    }
}

/// A capsule with this name.
pub fn new_capsule(vm: &mut Vm, name: &'static str) -> Object {
    object::type_new::ready(vm, &CAPSULE);
    vm.allocate(Capsule(name)).into_object()
}

/// `types.CapsuleType`
static CAPSULE: Type = Type::new(&CAPSULE_SPEC);
static CAPSULE_SPEC: TypeSpec = TypeSpec {
    name: "PyCapsule",
    doc: "Capsule objects let you wrap a C \"void *\" pointer in a Python\nobject.",
    flags: flag::NO_INSTANTIATION,
    payload: PayloadInfo::leaf::<Capsule>(),
    slots: Slots {
        repr: Some(|vm, this| {
            let name = this.downcast::<Capsule>().map_or("", |capsule| capsule.0);
            Ok(vm.new_str(&format!("<capsule object \"{name}\" at {:#x}>", this.bits())).into_object())
        }),
        ..Slots::NONE
    },
    ..TypeSpec::DEFAULT
};

static NAMES: &[(&str, &Type)] = &[
    ("AsyncGeneratorType", &ASYNC_GENERATOR),
    ("BuiltinFunctionType", &BUILTIN_FUNCTION),
    ("BuiltinMethodType", &BUILTIN_FUNCTION),
    ("CapsuleType", &CAPSULE),
    ("CellType", &CELL),
    ("ClassMethodDescriptorType", &CLASS_METHOD_DESCRIPTOR),
    ("CodeType", &CODE),
    ("CoroutineType", &COROUTINE),
    ("EllipsisType", &ELLIPSIS_TYPE),
    ("FrameType", &FRAME),
    ("FunctionType", &FUNCTION),
    ("GeneratorType", &GENERATOR),
    ("GenericAlias", &GENERIC_ALIAS),
    ("GetSetDescriptorType", &GETSET),
    ("LambdaType", &FUNCTION),
    ("MappingProxyType", &MAPPING_PROXY),
    ("MemberDescriptorType", &MEMBER),
    ("MethodDescriptorType", &METHOD_DESCRIPTOR),
    ("MethodType", &BOUND_METHOD),
    ("MethodWrapperType", &METHOD_WRAPPER),
    ("ModuleType", &MODULE_TYPE),
    ("NoneType", &NONE_TYPE),
    ("NotImplementedType", &NOT_IMPLEMENTED_TYPE),
    ("SimpleNamespace", &SIMPLE_NAMESPACE),
    ("TracebackType", &TRACEBACK),
    ("UnionType", &UNION),
    ("WrapperDescriptorType", &SLOT_WRAPPER),
];
