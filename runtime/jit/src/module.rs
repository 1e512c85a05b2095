//! `cinderjit`: the JIT as Python sees it. `cinderx.jit` is made of it.

mod jit_list;
mod schedule;
mod statistics;

use crate::compile::{self, Options, Refusal};
use crate::dump;
use crate::options;
use crate::policy;
use crate::profilers;
use interp::Function;
use interp::function::FUNCTION;
use jit_list::{append_jit_list, get_jit_list, read_jit_list};
use object::function::BoundMethod;
use object::native::Module;
use object::str::Str;
use object::{Object, PyResult, Ref, RefOf, Vm, exception, method};
use schedule::{compile_after_n_calls, disable, enable, precompile_all};
use statistics::{
    clear_runtime_stats, get_allocator_stats, get_and_clear_inline_cache_stats, get_and_clear_runtime_stats, get_compilation_time,
    get_compiled_functions, get_compiled_size, get_compiled_spill_stack_size, get_compiled_stack_size, get_function_compilation_time,
    get_function_hir_opcode_counts, get_inlined_functions_stats, get_num_inlined_functions,
};
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
        method!(Bound disable "($module, /, deopt_all=False)", "Disable the JIT until it is enabled again; with deopt_all, functions that are compiled are interpreted meanwhile."),
        method!(Unary is_enabled "($module, /)", "Check if the JIT is enabled and usable."),
        method!(Binary force_compile "($module, func, /)", "Force a function to be JIT compiled if it hasn't yet."),
        method!(Binary force_uncompile "($module, func, /)", "Uncompile a function that is currently compiled."),
        method!(Binary lazy_compile "($module, func, /)", "Set a function to be compiled the next time it's called."),
        method!(Bound precompile_all "($module, /, workers=0)", "Compile all functions that are waiting for it."),
        method!(Binary is_jit_compiled "($module, func, /)", "Check if a function is jit compiled."),
        method!(Binary count_interpreted_calls "($module, func, /)", "Get the number of calls of a function that were interpreted before it was compiled."),
        method!(Binary jit_suppress "($module, func, /)", "Decorator to disable the JIT for the decorated function."),
        method!(Binary jit_unsuppress "($module, func, /)", "Allow a function that jit_suppress excluded to be compiled."),
        method!(Unary get_compiled_functions "($module, /)", "Get a list of functions that are currently JIT-compiled."),
        method!(Binary get_compiled_size "($module, func, /)", "Return code size in bytes for a JIT-compiled function."),
        method!(Binary get_compiled_stack_size "($module, func, /)", "Return stack size in bytes used for a JIT-compiled function."),
        method!(Binary get_compiled_spill_stack_size "($module, func, /)", "Return stack size in bytes used for register spills for a JIT-compiled function."),
        method!(Unary get_compilation_time "($module, /)", "Return the total time used for JIT compiling functions in milliseconds."),
        method!(Unary get_compilation_time as "get_batch_compilation_time_ms" "($module, /)", "Return the total time used for JIT compiling functions in milliseconds."),
        method!(Binary get_function_compilation_time "($module, func, /)", "Return the time used for JIT compiling a given function in milliseconds."),
        method!(Binary get_num_inlined_functions "($module, func, /)", "Return the number of inline sites in this function."),
        method!(Binary get_inlined_functions_stats "($module, func, /)", "Return how many calls were inlined in this function, and which were not, by reason."),
        method!(Binary get_function_hir_opcode_counts "($module, func, /)", "Return a map from HIR opcode name to the count of that opcode in the JIT-compiled version of this function."),
        method!(Unary get_and_clear_runtime_stats "($module, /)", "Returns information about the runtime behavior of JIT-compiled code, which is forgotten."),
        method!(Unary clear_runtime_stats "($module, /)", "Clears runtime stats about JIT-compiled code without returning a value."),
        method!(Unary get_and_clear_inline_cache_stats "($module, /)", "Returns and clears information about the runtime inline cache stats behavior of JIT-compiled code."),
        method!(Unary is_inline_cache_stats_collection_enabled "($module, /)", "Return True if misses of caches are counted."),
        method!(Unary get_allocator_stats "($module, /)", "Return stats from the code allocator as a dictionary."),
        method!(Binary set_max_code_size "($module, size, /)", "Set the number of bytes of code from which on nothing is compiled; 0: there is none."),
        method!(Unary is_hir_inliner_enabled "($module, /)", "Return True if the HIR inliner is enabled and False otherwise."),
        method!(Unary enable_hir_inliner "($module, /)", "Enable the HIR inliner."),
        method!(Unary disable_hir_inliner "($module, /)", "Disable the HIR inliner."),
        method!(Unary enable_specialized_opcodes "($module, /)", "Let what the interpreter has seen guide the compiler."),
        method!(Unary disable_specialized_opcodes "($module, /)", "Compile without what the interpreter has seen."),
        method!(Binary read_jit_list "($module, path, /)", "Read a JIT list file."),
        method!(Binary append_jit_list "($module, line, /)", "Parse a JIT-list line."),
        method!(Binary append_jit_list as "jit_list_append" "($module, line, /)", "Parse a JIT-list line."),
        method!(Unary get_jit_list "($module, /)", "Get the list of functions to compile."),
        method!(Binary print_hir "($module, func, /)", "Print the HIR for a jitted function to stdout."),
        method!(Binary disassemble "($module, func, /)", "Disassemble JIT compiled functions."),
        method!(Binary dump_elf "($module, path, /)", "Write out all generated code into an ELF file, whose filename is passed as the first argument. This is currently intended for debugging purposes."),
        method!(Unary is_multithreaded_compile_test_enabled "($module, /)", "Return True if functions are compiled by several threads for a test."),
        method!(Unary multithreaded_compile_test "($module, /)", "Compile all functions again by several threads."),
        method!(Unary jit_frame_mode "($module, /)", "Get the kind of frames of compiled functions: 0, frames like those of the interpreter."),
    ],
    ..Module::DEFAULT
};

/// Whether functions may be compiled.
static IS_RUNNING: AtomicBool = AtomicBool::new(true);

/// Whether functions may be compiled now.
pub fn is_running() -> bool {
    IS_RUNNING.load(Ordering::Relaxed) && !options::get().disable
}

/// The function, or that of a bound method.
fn function_of(vm: &mut Vm, caller: &str, value: Ref<'_>) -> PyResult<Object> {
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

fn auto(vm: &mut Vm, module: Ref<'_>) -> PyResult {
    let calls = Object::small_int(1000);
    compile_after_n_calls(vm, module, calls.borrow())
}

fn get_compile_after_n_calls(_vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    Ok(compile::calls_before().map_or(Object::none(), |calls| Object::small_int(i64::from(calls))))
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
        Err(refusal) => Err(vm.runtime_error(format!("{}: {}: {refusal}", policy::full_name(function.get()), result_code(&refusal)))),
    }
}

/// Cinder's name for why a function is not compiled.
fn result_code(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::Builder(_) | Refusal::Kind | Refusal::Unsupported(_) => "PYJIT_RESULT_CANNOT_SPECIALIZE",
        Refusal::NotListed => "PYJIT_RESULT_NOT_ON_JITLIST",
        Refusal::CodeLimit => "PYJIT_OVER_MAX_CODE_SIZE",
        Refusal::Allocation(_) | Refusal::NoMemory | Refusal::SizeLimit => "PYJIT_RESULT_UNKNOWN_ERROR",
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

fn count_interpreted_calls(vm: &mut Vm, _module: Ref<'_>, value: Ref<'_>) -> PyResult {
    let function = function_of(vm, "count_interpreted_calls", value)?;
    Ok(Object::small_int(i64::from(payload(&function).get().code().compiled.interpreted.get())))
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

fn is_inline_cache_stats_collection_enabled(_vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    Ok(Object::bool(options::get().inline_cache_stats))
}

fn set_max_code_size(vm: &mut Vm, _module: Ref<'_>, size: Ref<'_>) -> PyResult {
    let size = vm.to_i64(size)?;
    let Ok(size) = u64::try_from(size) else { return Err(vm.value_error("max_code_size must not be negative")) };
    options::change().max_code_size = options::Size(size);
    Ok(Object::none())
}

fn is_hir_inliner_enabled(_vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    Ok(Object::bool(options::get().inliner))
}

fn enable_hir_inliner(_vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    options::change().inliner = true;
    Ok(Object::none())
}

fn disable_hir_inliner(_vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    options::change().inliner = false;
    Ok(Object::none())
}

fn enable_specialized_opcodes(_vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    options::change().specialized = true;
    Ok(Object::none())
}

fn disable_specialized_opcodes(_vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    options::change().specialized = false;
    Ok(Object::none())
}

/// Prints a stage of a compiled function.
fn print_stage(vm: &mut Vm, caller: &str, value: Ref<'_>, stage: &str) -> PyResult {
    let function = function_of(vm, caller, value)?;
    let function = payload(&function);
    if !compile::is_compiled(function.get().code()) {
        return Err(vm.runtime_error("function is not jit compiled"));
    }
    let text = compile::text_of_stage(vm, function.get(), stage).unwrap_or_default();
    let text = dump::with_sources(vm, &text);
    let sys = vm.import("sys")?;
    let out = vm.get_attr_str(sys.borrow(), "stdout")?;
    let text = vm.new_str(&text).into_object();
    vm.call_method(out.borrow(), "write", &[text.borrow()])?;
    Ok(Object::none())
}

fn print_hir(vm: &mut Vm, _module: Ref<'_>, value: Ref<'_>) -> PyResult {
    print_stage(vm, "print_hir", value, "hir")
}

fn disassemble(vm: &mut Vm, _module: Ref<'_>, value: Ref<'_>) -> PyResult {
    print_stage(vm, "disassemble", value, "asm")
}

fn dump_elf(vm: &mut Vm, _module: Ref<'_>, path: Ref<'_>) -> PyResult {
    let Some(path) = path.downcast::<Str>().map(|path| path.get().to_string_lossy().into_owned()) else {
        return Err(vm.value_error("dump_elf expects a filename string"));
    };
    match std::fs::write(&path, profilers::object_file()) {
        Ok(()) => Ok(Object::none()),
        Err(error) => Err(vm.raise(&exception::OS_ERROR, format!("{path}: {error}").as_str())),
    }
}

/// One thread compiles here.
fn is_multithreaded_compile_test_enabled(_vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    Ok(Object::bool(false))
}

fn multithreaded_compile_test(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    Err(vm.raise(&exception::NOT_IMPLEMENTED_ERROR, "multithreaded_compile_test not enabled"))
}

fn jit_frame_mode(_vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    Ok(Object::small_int(0))
}
