//! What is known of compiled code, for Python.

use super::{function_of, payload};
use crate::compile::{self, Statistics};
use crate::{options, report};
use interp::function::FUNCTION;
use object::{Object, PyResult, Ref, Vm};

pub(super) fn get_compiled_functions(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
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

pub(super) fn get_compiled_size(vm: &mut Vm, _module: Ref<'_>, value: Ref<'_>) -> PyResult {
    statistic(vm, "get_compiled_size", value, |known| known.size)
}

pub(super) fn get_compiled_stack_size(vm: &mut Vm, _module: Ref<'_>, value: Ref<'_>) -> PyResult {
    statistic(vm, "get_compiled_stack_size", value, |known| known.stack_size)
}

pub(super) fn get_compiled_spill_stack_size(vm: &mut Vm, _module: Ref<'_>, value: Ref<'_>) -> PyResult {
    statistic(vm, "get_compiled_spill_stack_size", value, |known| known.spill_size)
}

pub(super) fn get_compilation_time(_vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    Ok(Object::small_int(compile::total_time().as_millis() as i64))
}

pub(super) fn get_function_compilation_time(vm: &mut Vm, _module: Ref<'_>, value: Ref<'_>) -> PyResult {
    let function = function_of(vm, "get_function_compilation_time", value)?;
    let time = compile::statistics(payload(&function).get().code(), |known| known.time.as_millis() as i64);
    Ok(time.map_or(Object::none(), Object::small_int))
}

pub(super) fn get_num_inlined_functions(vm: &mut Vm, _module: Ref<'_>, value: Ref<'_>) -> PyResult {
    let function = function_of(vm, "get_num_inlined_functions", value)?;
    let number = compile::statistics(payload(&function).get().code(), |known| known.n_inlined);
    Ok(Object::small_int(number.unwrap_or(0) as i64))
}

pub(super) fn get_inlined_functions_stats(vm: &mut Vm, _module: Ref<'_>, value: Ref<'_>) -> PyResult {
    let function = function_of(vm, "get_inlined_functions_stats", value)?;
    let known = compile::statistics(payload(&function).get().code(), |known| (known.n_inlined, known.not_inlined.clone()));
    let Some((number, failures)) = known else { return Ok(Object::none()) };
    let reasons = vm.new_dict();
    for (reason, names) in failures {
        let names = names.iter().map(|name| vm.new_str(name).into_object()).collect();
        let names = vm.new_list(names).into_object();
        let names = vm.call(builtins::set::SET.object(), &[names.borrow()])?;
        reasons.borrow().set_str(vm, reason, names);
    }
    let dict = vm.new_dict();
    dict.borrow().set_str(vm, "num_inlined_functions", Object::small_int(number as i64));
    dict.borrow().set_str(vm, "failure_stats", reasons.into_object());
    Ok(dict.into_object())
}

pub(super) fn get_function_hir_opcode_counts(vm: &mut Vm, _module: Ref<'_>, value: Ref<'_>) -> PyResult {
    let function = function_of(vm, "get_function_hir_opcode_counts", value)?;
    let Some(counts) = compile::statistics(payload(&function).get().code(), |known| known.opcodes.clone()) else { return Ok(Object::none()) };
    let dict = vm.new_dict();
    for (opcode, count) in counts {
        dict.borrow().set_str(vm, opcode.info().name, Object::small_int(count.into()));
    }
    Ok(dict.into_object())
}

/// A dict of texts.
fn texts(vm: &mut Vm, items: &[(&str, &str)]) -> Object {
    let dict = vm.new_dict();
    for (name, text) in items {
        let text = vm.new_str(text).into_object();
        dict.borrow().set_str(vm, name, text);
    }
    dict.into_object()
}

pub(super) fn get_and_clear_runtime_stats(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    let mut events = Vec::new();
    for event in compile::events(true) {
        let normal = [
            ("func_qualname", event.qualname.as_str()),
            ("filename", &event.filename),
            ("reason", event.reason),
            ("description", event.description),
            ("guilty_type", &event.guilty_type),
        ];
        let (normal, numbers, both) = (texts(vm, &normal), vm.new_dict(), vm.new_dict());
        numbers.borrow().set_str(vm, "lineno", Object::small_int(i64::from(event.line)));
        numbers.borrow().set_str(vm, "count", Object::small_int(i64::from(event.count)));
        both.borrow().set_str(vm, "normal", normal);
        both.borrow().set_str(vm, "int", numbers.into_object());
        events.push(both.into_object());
    }
    let dict = vm.new_dict();
    let events = vm.new_list(events).into_object();
    dict.borrow().set_str(vm, "deopt", events);
    Ok(dict.into_object())
}

pub(super) fn clear_runtime_stats(_vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    compile::events(true);
    Ok(Object::none())
}

pub(super) fn get_and_clear_inline_cache_stats(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    let mut entries = Vec::new();
    for ((file, method), keys) in report::take_misses() {
        let misses = vm.new_dict();
        for (key, (count, reason)) in keys {
            let miss = texts(vm, &[("reason", reason)]);
            if let Some(dict) = miss.borrow().downcast::<object::dict::Dict>() {
                dict.set_str(vm, "count", Object::small_int(i64::from(count)));
            }
            misses.borrow().set_str(vm, &key, miss);
        }
        let entry = texts(vm, &[("filename", &file), ("method", &method)]);
        if let Some(dict) = entry.borrow().downcast::<object::dict::Dict>() {
            dict.set_str(vm, "cache_misses", misses.into_object());
        }
        entries.push(entry);
    }
    let (dict, loads) = (vm.new_dict(), vm.new_list(entries).into_object());
    // Methods of classes are in no cache of their own here.
    let of_types = vm.new_list(Vec::new()).into_object();
    dict.borrow().set_str(vm, "load_method_stats", loads);
    dict.borrow().set_str(vm, "load_type_method_stats", of_types);
    Ok(dict.into_object())
}

pub(super) fn get_allocator_stats(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    let dict = vm.new_dict();
    let (used, most) = (compile::used_bytes(), options::get().max_code_size.0);
    dict.borrow().set_str(vm, "used_bytes", Object::small_int(used as i64));
    dict.borrow().set_str(vm, "max_bytes", Object::small_int(most as i64));
    Ok(dict.into_object())
}
