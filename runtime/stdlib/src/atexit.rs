//! `atexit`: what is to be called when the interpreter ends.

use object::call::Args;
use object::dict::Dict;
use object::method;
use object::native::Module;
use object::{Object, PyResult, Ref, Vm, VmCell};

/// `atexit`
pub static MODULE: Module = Module {
    name: "atexit",
    doc: "allow programmer to define multiple exit functions to be executed\nupon normal program termination.\n\nTwo public functions, register and unregister, are defined.\n",
    functions: &[
        method!(Raw register "($module, func, /, *args, **kwargs)", "Register a function to be executed upon normal program termination."),
        method!(Binary unregister "($module, func, /)", "Unregister an exit function which was previously registered using atexit.register"),
        method!(Unary clear as "_clear" "($module, /)", "Clear the list of previously registered exit functions."),
        method!(Unary run_exitfuncs as "_run_exitfuncs" "($module, /)", "Run all registered exit functions."),
        method!(Unary ncallbacks as "_ncallbacks" "($module, /)", "Return the number of registered exit functions."),
    ],
    ..Module::DEFAULT
};

struct Callback {
    /// Callbacks are numbered as they are registered: comparing functions may change the list.
    number: u64,
    function: Object,
    args: Vec<Object>,
    keywords: Option<Object>,
}

/// What is to be called, in the order of their numbers.
static CALLBACKS: VmCell<Vec<Callback>> = VmCell::new(Vec::new());
static REGISTERED: VmCell<u64> = VmCell::new(0);

fn register(vm: &mut Vm, _module: Ref<'_>, args: Args<'_>) -> PyResult {
    let Some((&function, rest)) = args.positionals().split_first() else {
        return Err(vm.type_error("register() takes at least 1 argument (0 given)"));
    };
    if function.class().slots().call.is_none() {
        return Err(vm.type_error("the first argument must be callable"));
    }
    let keywords = args.keyword_dict(vm)?;
    let number = *REGISTERED.get(vm);
    REGISTERED.set(vm, number + 1);
    let callback = Callback { number, function: function.to_owned(), args: rest.iter().map(|&value| value.to_owned()).collect(), keywords };
    CALLBACKS.get_mut(vm).push(callback);
    Ok(function.to_owned())
}

fn unregister(vm: &mut Vm, _module: Ref<'_>, function: Ref<'_>) -> PyResult {
    // The newest is compared first.
    let mut end = u64::MAX;
    while let Some(callback) = CALLBACKS.get(vm).iter().rev().find(|callback| callback.number < end) {
        end = callback.number;
        let candidate = callback.function.clone();
        if vm.equal(function, candidate.borrow())?
            && let Some(index) = CALLBACKS.get(vm).iter().position(|callback| callback.number == end)
        {
            drop(CALLBACKS.get_mut(vm).remove(index));
        }
    }
    Ok(Object::none())
}

fn clear(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    CALLBACKS.set(vm, Vec::new());
    Ok(Object::none())
}

fn ncallbacks(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    Ok(Object::small_int(CALLBACKS.get(vm).len() as i64))
}

fn run_exitfuncs(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    run(vm);
    Ok(Object::none())
}

/// Calls all functions, the last registered first; for the end of the interpreter.
pub fn run(vm: &mut Vm) {
    while let Some(callback) = CALLBACKS.get_mut(vm).pop() {
        let keywords = callback.keywords.as_ref().and_then(|keywords| keywords.borrow().downcast::<Dict>());
        let result = vm.call_star(callback.function.borrow(), Object::as_refs(&callback.args), keywords);
        if let Err(raised) = result {
            let text = vm_text(vm, callback.function.borrow());
            vm.write_unraisable(raised, &format!("Exception ignored in atexit callback {text}"), None);
        }
    }
}

/// The function's `repr`, while an exception is set.
fn vm_text(vm: &mut Vm, function: Ref<'_>) -> String {
    let pending = vm.take_raised();
    let text = match vm.repr_text(function) {
        Ok(text) => text,
        Err(raised) => {
            vm.catch(raised);
            function.class().name().to_owned()
        }
    };
    if let Some(pending) = pending {
        let _ = vm.reraise(pending);
    }
    text
}
