//! The interpreter: code objects, functions, frames, the evaluation loop, generators and coroutines,
//! tracebacks.
//!
//! It knows nothing of the parser, and of the JIT only what plugs into it. Read [`frame`] (where
//! locals and the evaluation stack live), then [`eval`] (the loop), then [`function`] and
//! [`generator`].

pub mod async_generator;
pub mod cell_object;
pub mod code;
pub mod compile_hook;
pub mod compiled;
pub mod eval;
pub mod frame;
pub mod frame_object;
pub mod function;
pub mod generator;
pub mod inlined;
pub mod shadow;
pub mod traceback;
pub mod tracing;

pub use code::CodeObject;
pub use function::Function;

use object::{Type, Vm};

/// The types this crate declares.
pub static TYPES: &[&Type] = &[
    &code::CODE,
    &cell_object::CELL,
    &function::FUNCTION,
    &frame_object::FRAME,
    &frame_object::locals_proxy::FRAME_LOCALS_PROXY,
    &traceback::TRACEBACK,
    &generator::GENERATOR,
    &generator::COROUTINE,
    &generator::COROUTINE_WRAPPER,
    &async_generator::ASYNC_GENERATOR,
    &async_generator::ASYNC_GENERATOR_ASEND,
    &async_generator::ASYNC_GENERATOR_ATHROW,
];

/// Plugs the interpreter into the object model.
pub fn install(vm: &mut Vm) {
    object::vm::set_hooks(|hooks| {
        hooks.current_globals = Some(|vm| frame::current(vm).map(|frame| frame.globals()));
        hooks.super_context = Some(function::super_context);
    });
    for class in TYPES {
        object::type_new::ready(vm, class);
    }
}
