//! Python functions that SQLite calls: functions, aggregates, collations and the hooks of a connection. What they raise
//! does not reach the caller of `execute`, who sees an error of SQLite; it is shown if callback tracebacks are on.

use super::errors;
use super::ffi::{Argument, Context, Value};
use libsqlite3_sys as sqlite;
use object::exception;
use object::str::Str;
use object::{Object, PyResult, Raised, Ref, Vm, float, int};
use std::sync::atomic::{AtomicBool, Ordering};

static TRACEBACKS: AtomicBool = AtomicBool::new(false);

/// `sqlite3.enable_callback_tracebacks`
pub fn enable_tracebacks(enable: bool) {
    TRACEBACKS.store(enable, Ordering::Relaxed);
}

/// Shows or forgets what a callback raised.
fn report(vm: &mut Vm, raised: Raised, callable: Ref<'_>) {
    if TRACEBACKS.load(Ordering::Relaxed) {
        let error = vm.catch(raised);
        let shown = vm.repr_text(callable).unwrap_or_else(|raised| {
            drop(vm.catch(raised));
            "<unknown>".into()
        });
        let raised = vm.reraise(error);
        vm.write_unraisable(raised, &format!("Exception ignored on sqlite3 callback {shown}"), None);
    } else {
        drop(vm.catch(raised));
    }
}

/// Ends a function's call with an error.
fn fail(vm: &mut Vm, raised: Raised, context: &Context, callable: Ref<'_>, message: &str) {
    let error = vm.catch(raised);
    if error.borrow().is_instance_of(&exception::MEMORY_ERROR) {
        context.fail_for_memory();
    } else if error.borrow().is_instance_of(&exception::OVERFLOW_ERROR) {
        context.fail_as_too_big();
    } else {
        context.fail(message);
    }
    let raised = vm.reraise(error);
    report(vm, raised, callable);
}

/// SQLite's text as a string.
pub fn decode(vm: &mut Vm, text: &[u8]) -> PyResult {
    if let Ok(text) = std::str::from_utf8(text) {
        return Ok(vm.new_str(text).into_object());
    }
    let bytes = vm.new_bytes(text).into_object();
    vm.call_method(bytes.borrow(), "decode", &[])
}

fn python_arguments(vm: &mut Vm, values: Vec<Argument>) -> PyResult<Vec<Object>> {
    values
        .into_iter()
        .map(|value| {
            Ok(match value {
                Argument::Null => Object::none(),
                Argument::Integer(number) => vm.new_int(number),
                Argument::Float(number) => vm.new_float(number),
                Argument::Text(text) => decode(vm, &text)?,
                Argument::Blob(data) => vm.new_bytes(&data).into_object(),
            })
        })
        .collect()
}

/// Gives a Python value to SQLite as the result.
fn set_result(vm: &mut Vm, context: &Context, value: Ref<'_>) -> PyResult<()> {
    if value.is_none() {
        context.set(Value::Null);
    } else if int::is_int(value) {
        match int::as_i64(value) {
            Some(number) => context.set(Value::Integer(number)),
            None => return Err(vm.overflow_error("Python int too large to convert to SQLite INTEGER")),
        }
    } else if let Some(number) = float::value(value) {
        context.set(Value::Float(number));
    } else if let Some(text) = value.downcast::<Str>() {
        let bytes = encode(vm, text.get(), value)?;
        context.set(Value::Text(&bytes));
    } else if vm.has_buffer(value) {
        let buffer = vm.buffer(value)?;
        context.set(Value::Blob(buffer.bytes(vm)));
    } else {
        let message = format!("User-defined functions cannot return '{}' values to SQLite", value.class().full_name());
        return Err(errors::programming(vm, &message));
    }
    Ok(())
}

/// A string as UTF-8; surrogates are refused as `str.encode` refuses them.
pub fn encode(vm: &mut Vm, text: &Str, object: Ref<'_>) -> PyResult<Vec<u8>> {
    if let Some(utf8) = text.to_utf8() {
        return Ok(utf8.as_bytes().to_vec());
    }
    let encoded = vm.call_method(object, "encode", &[])?;
    let bytes = object::bytes::as_bytes(encoded.borrow()).map(<[u8]>::to_vec);
    Ok(bytes.unwrap_or_default())
}

/// A function's call.
pub fn function(vm: &mut Vm, callable: Object, context: &Context, values: Vec<Argument>) {
    let outcome = python_arguments(vm, values)
        .and_then(|args| vm.call(callable.borrow(), Object::as_refs(&args)))
        .and_then(|result| set_result(vm, context, result.borrow()));
    if let Err(raised) = outcome {
        fail(vm, raised, context, callable.borrow(), "user-defined function raised exception");
    }
}

/// A method of an aggregate's instance; a message for the error if that fails.
fn method_of(vm: &mut Vm, instance: Ref<'_>, name: &str) -> Result<Object, (Raised, String)> {
    vm.get_attr_str(instance, name).map_err(|raised| {
        let error = vm.catch(raised);
        let missing = error.borrow().is_instance_of(&exception::ATTRIBUTE_ERROR);
        let what = if missing { "not defined" } else { "raised error" };
        (vm.reraise(error), format!("user-defined aggregate's '{name}' method {what}"))
    })
}

/// A step of an aggregate, or of a window function also one back.
pub fn step(vm: &mut Vm, class: Object, context: &Context, name: &str, values: Vec<Argument>) {
    let instance = match context.instance() {
        Some(instance) => instance,
        None => {
            if !context.reserve_instance() {
                context.fail_for_memory();
                return;
            }
            match vm.call(class.borrow(), &[]) {
                Ok(instance) => {
                    context.set_instance(instance.clone());
                    instance
                }
                Err(raised) => {
                    fail(vm, raised, context, class.borrow(), "user-defined aggregate's '__init__' method raised error");
                    return;
                }
            }
        }
    };
    let method = match method_of(vm, instance.borrow(), name) {
        Ok(method) => method,
        Err((raised, message)) => return fail(vm, raised, context, class.borrow(), &message),
    };
    let outcome = python_arguments(vm, values).and_then(|args| vm.call(method.borrow(), Object::as_refs(&args)));
    if let Err(raised) = outcome {
        fail(vm, raised, context, class.borrow(), &format!("user-defined aggregate's '{name}' method raised error"));
    }
}

/// The result of an aggregate, at its end or, of a window, so far.
pub fn result(vm: &mut Vm, class: Object, context: &Context, name: &str, instance: Object) {
    let method = match method_of(vm, instance.borrow(), name) {
        Ok(method) => method,
        Err((raised, message)) => return fail(vm, raised, context, class.borrow(), &message),
    };
    let outcome = vm.call(method.borrow(), &[]).and_then(|value| set_result(vm, context, value.borrow()));
    if let Err(raised) = outcome {
        fail(vm, raised, context, class.borrow(), &format!("user-defined aggregate's '{name}' method raised error"));
    }
}

/// The order of two texts.
pub fn collate(vm: &mut Vm, callable: Object, left: &[u8], right: &[u8]) -> i32 {
    let outcome = decode(vm, left).and_then(|left| {
        let right = decode(vm, right)?;
        let answer = vm.call(callable.borrow(), &[left.borrow(), right.borrow()])?;
        let number = vm.index(answer.borrow())?;
        Ok(match int::as_i64(number.borrow()) {
            Some(number) => number.signum() as i32,
            None if int::is_negative(number.borrow()) => -1,
            None => 1,
        })
    });
    outcome.unwrap_or_else(|raised| {
        report(vm, raised, callable.borrow());
        0
    })
}

/// Whether an action is allowed, denied or ignored.
pub fn authorize(vm: &mut Vm, callable: Object, action: i32, texts: [Option<Vec<u8>>; 4]) -> i32 {
    let outcome = texts
        .iter()
        .map(|text| text.as_ref().map_or(Ok(Object::none()), |text| decode(vm, text)))
        .collect::<PyResult<Vec<Object>>>()
        .and_then(|texts| {
            let mut args = vec![Object::small_int(i64::from(action))];
            args.extend(texts);
            vm.call(callable.borrow(), Object::as_refs(&args))
        })
        .and_then(|answer| if int::is_int(answer.borrow()) { vm.to_i32(answer.borrow()) } else { Ok(sqlite::SQLITE_DENY) });
    outcome.unwrap_or_else(|raised| {
        report(vm, raised, callable.borrow());
        sqlite::SQLITE_DENY
    })
}

/// Not zero if the statement is to be interrupted.
pub fn progress(vm: &mut Vm, callable: Object) -> i32 {
    let outcome = vm.call(callable.borrow(), &[]).and_then(|answer| vm.is_true(answer.borrow()));
    match outcome {
        Ok(stop) => i32::from(stop),
        Err(raised) => {
            report(vm, raised, callable.borrow());
            -1
        }
    }
}

/// Tells of a statement that begins to run.
pub fn trace(vm: &mut Vm, callable: Object, expanded: Option<Vec<u8>>, plain: Vec<u8>) {
    let text = match expanded {
        Some(text) => text,
        None => {
            let raised = errors::raise(vm, &errors::DATA_ERROR, "Expanded SQL string exceeds the maximum string length");
            report(vm, raised, callable.borrow());
            plain
        }
    };
    let outcome = decode(vm, &text).and_then(|text| vm.call(callable.borrow(), &[text.borrow()]));
    if let Err(raised) = outcome {
        report(vm, raised, callable.borrow());
    }
}
