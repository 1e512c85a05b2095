//! `_decimal`: decimal floating point arithmetic, after the General Decimal Arithmetic specification.
//!
//! [`number`] holds values, [`coefficient`] their digits; [`settings`] is what a context means for
//! arithmetic, with the rounding that ends every operation; [`arithmetic`], [`operations`] and
//! [`transcendental`] are the operations. Python sees them through [`object`] and [`methods`]
//! (`Decimal`), [`context`] and [`context_methods`] (`Context`), which have the operations of [`common`] in common,
//! [`signals`] and [`local`].

mod arithmetic;
mod coefficient;
mod common;
mod context;
mod context_methods;
mod fixed;
mod format;
mod local;
mod methods;
mod number;
mod object;
mod operations;
mod settings;
mod signals;
mod transcendental;

use self::context::Context;
use ::object::native::Module;
use ::object::singleton::ModuleObject;
use ::object::{Object, PyResult, RefOf, Vm, method};

pub static MODULE: Module = Module {
    name: "_decimal",
    doc: "C decimal arithmetic module",
    functions: &[
        method!(Unary getcontext "($module, /)", "Get the current default context."),
        method!(Binary setcontext "($module, context, /)", "Set a new default context."),
        method!(Raw localcontext "($module, /, ctx=None, **kwargs)", "Return a context manager for a copy of the supplied context.\n\nThat will set the default context to a copy of ctx on entry to the\nwith-statement and restore the previous default context when exiting\nthe with-statement. If no context is supplied, a copy of the current\ndefault context is used."),
        method!(Binary ieee_context as "IEEEContext" "($module, bits, /)", "Return a context, initialized as one of the IEEE interchange formats.\n\nThe argument must be a multiple of 32 and less than\nIEEE_CONTEXT_MAX_BITS."),
    ],
    types: &[&object::DECIMAL, &context::CONTEXT],
    init: Some(init),
};

use context::{getcontext, ieee_context, setcontext};
use local::localcontext;

fn init(vm: &mut Vm, module: RefOf<'_, ModuleObject>) -> PyResult<()> {
    ::object::type_new::ready(vm, &local::CONTEXT_MANAGER);
    signals::define(vm, module)?;
    for (name, value) in [
        ("MAX_PREC", settings::MAX_PRECISION),
        ("MAX_EMAX", settings::MAX_EMAX),
        ("MIN_EMIN", settings::MIN_EMIN),
        ("MIN_ETINY", settings::MIN_ETINY),
        ("IEEE_CONTEXT_MAX_BITS", 512),
    ] {
        let value = vm.new_int(value);
        module.set(vm, name, value);
    }
    for name in ["HAVE_THREADS", "HAVE_CONTEXTVAR"] {
        module.set(vm, name, Object::bool(true));
    }
    for (name, _) in settings::ROUNDINGS {
        let text = vm.intern(name).to_owned();
        module.set(vm, name, text);
    }
    for (name, text) in [("__version__", "1.70"), ("__libmpdec_version__", "2.5.1")] {
        let text = vm.new_str(text).into_object();
        module.set(vm, name, text);
    }
    define_contexts(vm, module);
    define_tuple(vm, module)?;
    register(vm)
}

fn define_contexts(vm: &mut Vm, module: RefOf<'_, ModuleObject>) {
    for (name, place, (settings, traps)) in [
        ("DefaultContext", &context::DEFAULT_CONTEXT, context::DEFAULT),
        ("BasicContext", &context::BASIC_CONTEXT, context::BASIC),
        ("ExtendedContext", &context::EXTENDED_CONTEXT, context::EXTENDED),
    ] {
        let made = place.get().unwrap_or_else(|| vm.allocate(Context::new(settings, traps)).into_object());
        place.set(Some(made.clone()));
        module.set(vm, name, made);
    }
}

fn define_tuple(vm: &mut Vm, module: RefOf<'_, ModuleObject>) -> PyResult<()> {
    let class = match methods::DECIMAL_TUPLE.get() {
        Some(class) => class,
        None => {
            let collections = vm.import("collections")?;
            let name = vm.new_str("DecimalTuple").into_object();
            let fields = vm.new_str("sign digits exponent").into_object();
            let class = vm.call_method(collections.borrow(), "namedtuple", &[name.borrow(), fields.borrow()])?;
            let own_module = vm.new_str("decimal").into_object();
            vm.set_attr_str(class.borrow(), "__module__", own_module.borrow())?;
            methods::DECIMAL_TUPLE.set(Some(class.clone()));
            class
        }
    };
    module.set(vm, "DecimalTuple", class);
    Ok(())
}

/// Decimals are numbers, and compare with rationals.
fn register(vm: &mut Vm) -> PyResult<()> {
    let numbers = vm.import("numbers")?;
    let number = vm.get_attr_str(numbers.borrow(), "Number")?;
    vm.call_method(number.borrow(), "register", &[object::DECIMAL.object()])?;
    let rational = vm.get_attr_str(numbers.borrow(), "Rational")?;
    object::RATIONAL.set(Some(rational));
    Ok(())
}
