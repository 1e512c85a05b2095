//! `cinderjit`: the JIT as Python sees it.

use crate::compile::{self, Options, Statistics};
use interp::Function;
use interp::function::FUNCTION;
use object::function::BoundMethod;
use object::native::Module;
use object::{Object, PyResult, Ref, RefOf, Vm, method};
use std::sync::atomic::{AtomicBool, Ordering};

/// The native modules of this crate.
pub static MODULES: &[&Module] = &[&MODULE];

static MODULE: Module = Module {
    name: "cinderjit",
    doc: "Controls the JIT and shows what it did.",
    functions: &[
        method!(Unary auto "($module, /)", "Configure the JIT to automatically compile functions after a set number of calls."),
        method!(Binary compile_after_n_calls "($module, calls, /)", "Configure the JIT to automatically compile functions after they are called a set number of times."),
        method!(Unary get_compile_after_n_calls "($module, /)", "Get the current number of calls needed before a function is automatically compiled."),
        method!(Unary get_compile_after_n_calls as "auto_jit_threshold" "($module, /)", "Get the current number of calls needed before a function is automatically compiled."),
        method!(Unary enable "($module, /)", "Re-enable the JIT after it has been disabled."),
        method!(Many disable "($module, /, *args)", "Disable the JIT until it is enabled again."),
        method!(Unary is_enabled "($module, /)", "Check if the JIT is enabled and usable."),
        method!(Binary force_compile "($module, func, /)", "Force a function to be JIT compiled if it hasn't yet."),
        method!(Binary force_uncompile "($module, func, /)", "Uncompile a function that is currently compiled."),
        method!(Binary lazy_compile "($module, func, /)", "Set a function to be compiled the next time it's called."),
        method!(Binary is_jit_compiled "($module, func, /)", "Check if a function is jit compiled."),
        method!(Binary jit_suppress "($module, func, /)", "Decorator to disable the JIT for the decorated function."),
        method!(Binary jit_unsuppress "($module, func, /)", "Allow a function that jit_suppress excluded to be compiled."),
        method!(Unary get_compiled_functions "($module, /)", "Get a list of functions that are currently JIT-compiled."),
        method!(Binary get_compiled_size "($module, func, /)", "Return code size in bytes for a JIT-compiled function."),
        method!(Binary get_compiled_stack_size "($module, func, /)", "Return stack size in bytes used for a JIT-compiled function."),
        method!(Binary get_compiled_spill_stack_size "($module, func, /)", "Return stack size in bytes used for register spills for a JIT-compiled function."),
        method!(Unary get_compilation_time "($module, /)", "Return the total time used for JIT compiling functions in milliseconds."),
        method!(Binary get_function_compilation_time "($module, func, /)", "Return the time used for JIT compiling a given function in milliseconds."),
        method!(Binary get_num_inlined_functions "($module, func, /)", "Return the number of inline sites in this function."),
        method!(Binary get_function_hir_opcode_counts "($module, func, /)", "Return a map from HIR opcode name to the count of that opcode in the JIT-compiled version of this function."),
        method!(Binary print_hir "($module, func, /)", "Print the HIR for a jitted function to stdout."),
        method!(Binary disassemble "($module, func, /)", "Disassemble JIT compiled functions."),
        method!(Unary get_jit_list "($module, /)", "Get the list of functions to compile."),
    ],
    ..Module::DEFAULT
};

/// Whether functions may be compiled.
static IS_RUNNING: AtomicBool = AtomicBool::new(true);

/// The function, or that of a bound method.
fn function_of<'a>(vm: &mut Vm, caller: &str, value: Ref<'a>) -> PyResult<Object> {
    if value.is_exactly(&FUNCTION) {
        return Ok(value.to_owned());
    }
    if let Some(method) = value.downcast::<BoundMethod>()
        && let Some(function) = method.get().function.get().filter(|function| function.borrow().is_exactly(&FUNCTION))
    {
        return Ok(function);
    }
    Err(vm.type_error(format!("{caller} expected a Python callable, received '{}' object", value.class().full_name())))
}

fn payload(function: &Object) -> RefOf<'_, Function> {
    function.borrow().downcast::<Function>().expect("`function_of` gives functions")
}

fn set_calls(calls: Option<u32>) {
    compile::set_enabled(calls.is_some(), calls.unwrap_or(0));
}

fn auto(_vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    set_calls(Some(1000));
    Ok(Object::none())
}

fn compile_after_n_calls(vm: &mut Vm, _module: Ref<'_>, calls: Ref<'_>) -> PyResult {
    match object::int::to_i64(calls) {
        Some(Some(calls)) => match u32::try_from(calls) {
            Ok(calls) => set_calls(Some(calls)),
            Err(_) => return Err(vm.value_error("number of calls is out of range")),
        },
        Some(None) => return Err(vm.value_error("number of calls is out of range")),
        None => return Err(vm.type_error(format!("an integer is required (got type {})", calls.class().full_name()))),
    }
    Ok(Object::none())
}

fn get_compile_after_n_calls(_vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    Ok(compile::calls_before().map_or(Object::none(), |calls| Object::small_int(i64::from(calls))))
}

fn enable(_vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    IS_RUNNING.store(true, Ordering::Relaxed);
    Ok(Object::none())
}

fn disable(_vm: &mut Vm, _module: Ref<'_>, _args: &[Ref<'_>]) -> PyResult {
    IS_RUNNING.store(false, Ordering::Relaxed);
    Ok(Object::none())
}

/// Whether functions may be compiled now.
pub fn is_running() -> bool {
    IS_RUNNING.load(Ordering::Relaxed)
}

fn is_enabled(_vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    Ok(Object::bool(is_running()))
}

fn force_compile(vm: &mut Vm, _module: Ref<'_>, value: Ref<'_>) -> PyResult {
    let function = function_of(vm, "force_compile", value)?;
    let function = payload(&function);
    if compile::is_compiled(function.get().code()) || !is_running() {
        return Ok(Object::bool(false));
    }
    match compile::compile_function(vm, function.get(), &Options::default()) {
        Ok(_) => Ok(Object::bool(true)),
        Err(refusal) => Err(vm.runtime_error(format!("cannot compile {}: {refusal}", function.get().code().qualname_text()))),
    }
}

fn force_uncompile(vm: &mut Vm, _module: Ref<'_>, value: Ref<'_>) -> PyResult {
    let function = function_of(vm, "force_uncompile", value)?;
    Ok(Object::bool(compile::uncompile(payload(&function).get().code())))
}

fn lazy_compile(vm: &mut Vm, _module: Ref<'_>, value: Ref<'_>) -> PyResult {
    let function = function_of(vm, "lazy_compile", value)?;
    let function = payload(&function);
    if compile::is_compiled(function.get().code()) || !is_running() {
        return Ok(Object::bool(false));
    }
    compile::compile_at_next_call(function.get().code());
    Ok(Object::bool(true))
}

fn is_jit_compiled(vm: &mut Vm, _module: Ref<'_>, value: Ref<'_>) -> PyResult {
    let function = function_of(vm, "is_jit_compiled", value)?;
    Ok(Object::bool(compile::is_compiled(payload(&function).get().code())))
}

fn jit_suppress(vm: &mut Vm, _module: Ref<'_>, value: Ref<'_>) -> PyResult {
    let function = function_of(vm, "jit_suppress", value)?;
    compile::suppress(payload(&function).get().code(), true);
    Ok(value.to_owned())
}

fn jit_unsuppress(vm: &mut Vm, _module: Ref<'_>, value: Ref<'_>) -> PyResult {
    let function = function_of(vm, "jit_unsuppress", value)?;
    compile::suppress(payload(&function).get().code(), false);
    Ok(value.to_owned())
}

fn get_compiled_functions(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    let functions = object::collector::instances_of(&FUNCTION);
    let compiled = functions.into_iter().filter(|function| compile::is_compiled(payload(function).get().code())).collect();
    Ok(vm.new_list(compiled).into_object())
}

/// A number of what is known of compiled code; -1 of code that is not compiled.
fn statistic(vm: &mut Vm, caller: &str, value: Ref<'_>, number: impl FnOnce(&Statistics) -> usize) -> PyResult {
    let function = function_of(vm, caller, value)?;
    let known = compile::statistics(payload(&function).get().code(), number);
    Ok(Object::small_int(known.map_or(-1, |number| number as i64)))
}

fn get_compiled_size(vm: &mut Vm, _module: Ref<'_>, value: Ref<'_>) -> PyResult {
    statistic(vm, "get_compiled_size", value, |known| known.size)
}

fn get_compiled_stack_size(vm: &mut Vm, _module: Ref<'_>, value: Ref<'_>) -> PyResult {
    statistic(vm, "get_compiled_stack_size", value, |known| known.stack_size)
}

fn get_compiled_spill_stack_size(vm: &mut Vm, _module: Ref<'_>, value: Ref<'_>) -> PyResult {
    statistic(vm, "get_compiled_spill_stack_size", value, |known| known.spill_size)
}

fn get_compilation_time(_vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    Ok(Object::small_int(compile::total_time().as_millis() as i64))
}

fn get_function_compilation_time(vm: &mut Vm, _module: Ref<'_>, value: Ref<'_>) -> PyResult {
    let function = function_of(vm, "get_function_compilation_time", value)?;
    let time = compile::statistics(payload(&function).get().code(), |known| known.time.as_millis() as i64);
    Ok(time.map_or(Object::none(), Object::small_int))
}

fn get_num_inlined_functions(vm: &mut Vm, _module: Ref<'_>, value: Ref<'_>) -> PyResult {
    function_of(vm, "get_num_inlined_functions", value)?;
    Ok(Object::small_int(0))
}

fn get_function_hir_opcode_counts(vm: &mut Vm, _module: Ref<'_>, value: Ref<'_>) -> PyResult {
    let function = function_of(vm, "get_function_hir_opcode_counts", value)?;
    let Some(counts) = compile::statistics(payload(&function).get().code(), |known| known.opcodes.clone()) else { return Ok(Object::none()) };
    let dict = vm.new_dict();
    for (name, count) in counts {
        let key = vm.new_str(name).into_object();
        dict.borrow().set(vm, key.borrow(), Object::small_int(count))?;
    }
    Ok(dict.into_object())
}

/// Prints a stage of a compiled function.
fn print_stage(vm: &mut Vm, caller: &str, value: Ref<'_>, stage: &str) -> PyResult {
    let function = function_of(vm, caller, value)?;
    let function = payload(&function);
    if !compile::is_compiled(function.get().code()) {
        return Err(vm.runtime_error("function is not jit compiled"));
    }
    let text = compile::text_of_stage(vm, function.get(), stage).unwrap_or_default();
    let sys = vm.import("sys")?;
    let out = vm.get_attr_str(sys.borrow(), "stdout")?;
    let write = vm.get_attr_str(out.borrow(), "write")?;
    let text = vm.new_str(&text).into_object();
    vm.call(write.borrow(), &[text.borrow()])?;
    Ok(Object::none())
}

fn print_hir(vm: &mut Vm, _module: Ref<'_>, value: Ref<'_>) -> PyResult {
    print_stage(vm, "print_hir", value, "hir")
}

fn disassemble(vm: &mut Vm, _module: Ref<'_>, value: Ref<'_>) -> PyResult {
    print_stage(vm, "disassemble", value, "asm")
}

fn get_jit_list(_vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    Ok(Object::none())
}
