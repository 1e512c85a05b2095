//! `localcontext()`: the context manager that makes a copy of a context the current one for a while.

use super::context::{self, Context};
use object::call::{Args, bind_args};
use object::cell::Visitor;
use object::native::PayloadInfo;
use object::{Method, Object, Payload, PyResult, Ref, Type, TypeSpec, Vm, method};

/// The payload of a `ContextManager`.
pub struct ContextManager {
    local: Object,
    global: Object,
}

impl Payload for ContextManager {
    fn class() -> &'static Type {
        &CONTEXT_MANAGER
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        visitor.visit_all([&self.local, &self.global]);
    }
}

/// `decimal.ContextManager`
pub static CONTEXT_MANAGER: Type = Type::new(&CONTEXT_MANAGER_SPEC);
static CONTEXT_MANAGER_SPEC: TypeSpec = TypeSpec {
    name: "decimal.ContextManager",
    flags: object::native::flag::NO_INSTANTIATION,
    payload: PayloadInfo::of::<ContextManager>(),
    methods: METHODS,
    ..TypeSpec::DEFAULT
};

const METHODS: &[Method] = &[method!(Unary enter as "__enter__" "($self, /)", ""), method!(Many exit as "__exit__" "", "")];

fn manager(object: Ref<'_>) -> &ContextManager {
    object.downcast::<ContextManager>().expect("the method belongs to context managers").get()
}

/// `_decimal.localcontext(ctx=None, **kwargs)`
pub fn localcontext(vm: &mut Vm, _module: Ref<'_>, args: Args<'_>) -> PyResult {
    let mut bound = [const { None }; 9];
    let signature = "(ctx=None, *, prec=None, rounding=None, Emin=None, Emax=None, capitals=None, clamp=None, flags=None, traps=None)";
    bind_args(vm, "localcontext", signature, args, &mut bound)?;
    let global = context::current(vm)?;
    let template = context::argument(vm, bound[0].as_ref().map(Object::borrow))?;
    let local = vm.allocate::<Context>(template.borrow().copied()).into_object();
    context::set_attributes(vm, local.borrow(), &bound[1..])?;
    Ok(vm.allocate(ContextManager { local, global: global.into_object() }).into_object())
}

fn enter(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let local = manager(this).local.clone();
    context::set_current(vm, local.borrow())?;
    Ok(local)
}

fn exit(vm: &mut Vm, this: Ref<'_>, _args: &[Ref<'_>]) -> PyResult {
    let global = manager(this).global.clone();
    context::set_current(vm, global.borrow())?;
    Ok(Object::bool(false))
}
