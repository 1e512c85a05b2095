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
use object::native::Module;
use object::singleton::{ELLIPSIS_TYPE, MODULE as MODULE_TYPE, NONE_TYPE, NOT_IMPLEMENTED_TYPE};
use object::{Type, TypeSpec};

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

/// `types.CapsuleType`, which has no instances here.
static CAPSULE: Type = Type::new(&CAPSULE_SPEC);
static CAPSULE_SPEC: TypeSpec =
    TypeSpec { name: "PyCapsule", doc: "Capsule objects let you wrap a C \"void *\" pointer in a Python\nobject.", ..TypeSpec::DEFAULT };

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
