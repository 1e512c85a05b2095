//! `cinderx.StrictModule`: a module whose attributes cannot be changed, but for tests that are allowed to patch it.
//!
//! It shows the globals of the module's code. What that code does to its globals goes on to be seen: only ways from outside
//! are closed. Names in angle brackets are the loader's own, and `<assigned:NAME>`, if false, says that a name has no value yet.

use crate::module_object;
use object::call::{Args, bind_args};
use object::cell::Visitor;
use object::class::Payload;
use object::dict::{DICT, Dict};
use object::native::{PayloadInfo, TypeSpec, flag};
use object::singleton::MODULE;
use object::str::Str;
use object::{Getset, Object, ObjectOf, PyResult, Ref, RefOf, Slots, Type, Vm, method, names};

/// The payload of a strict module.
pub struct StrictModule {
    globals: ObjectOf<Dict>,
    is_patchable: bool,
}

pub static STRICT_MODULE: Type = Type::new(&STRICT_MODULE_SPEC);
static STRICT_MODULE_SPEC: TypeSpec = TypeSpec {
    name: "StrictModule",
    flags: flag::BASE_TYPE | flag::WEAK_REFERENCES,
    payload: PayloadInfo::of::<StrictModule>(),
    signature: "(d, enable_patching)",
    slots: Slots {
        new: Some(new),
        // `new` has seen to the arguments.
        init: Some(|_, _, _| Ok(())),
        repr: Some(module_object::repr),
        getattr: Some(get_attribute),
        setattr: Some(set_attribute),
        ..Slots::NONE
    },
    methods: &[
        method!(Unary dir as "__dir__" "($self, /)", "__dir__() -> list\nspecialized dir() implementation"),
        method!(Many patch "($self, /, *args)", "Patch a strict module. No type checking is done."),
        method!(Many patch_delete "($self, /, *args)", "Patch by deleting a field from strict module."),
    ],
    getsets: &[
        Getset::readonly("__dict__", "", shown_dict),
        Getset::readonly("__name__", "", name_of),
        Getset::readonly("__patch_enabled__", "", |_, this| Ok(Object::bool(module(this).is_patchable))),
    ],
    ..TypeSpec::DEFAULT
};

impl Payload for StrictModule {
    fn class() -> &'static Type {
        &STRICT_MODULE
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        visitor.visit(self.globals.borrow().object());
    }
}

impl StrictModule {
    /// The globals of the module's code.
    #[inline(always)]
    pub fn globals(&self) -> RefOf<'_, Dict> {
        self.globals.borrow()
    }

    /// The globals, if a name means for as long as their keys stay what it means there: no mark says whether it has a value.
    pub fn globals_with(&self, vm: &Vm, name: Ref<'_>) -> Option<RefOf<'_, Dict>> {
        let is_computed = STRICT_MODULE.lookup(name).is_some_and(|found| found.class().slots().descr_set.is_some());
        let is_marked = self.globals.borrow().get().get_str(vm, &mark_of(name.downcast::<Str>()?)).is_some();
        (!is_computed && !is_marked).then(|| self.globals())
    }

    /// The value of a global name, which is interned, if it has one.
    fn find(&self, vm: &mut Vm, name: Ref<'_>) -> Option<Object> {
        let value = self.globals().get_interned(name)?.to_owned();
        (!self.is_unassigned(vm, name)).then_some(value)
    }

    fn is_unassigned(&self, vm: &mut Vm, name: Ref<'_>) -> bool {
        let Some(name) = name.downcast::<Str>() else { return false };
        self.globals().get_str(vm, &mark_of(name)).is_some_and(Ref::is_false)
    }
}

/// The name whose value says whether another one has a value.
fn mark_of(name: RefOf<'_, Str>) -> String {
    format!("<assigned:{}>", name.get().to_string_lossy())
}

fn module(this: Ref<'_>) -> &StrictModule {
    this.downcast::<StrictModule>().expect("the slot belongs to strict modules").get()
}

fn new(vm: &mut Vm, class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    let mut out = [const { None }; 2];
    bind_args(vm, "StrictModule", "(d, enable_patching)", args, &mut out)?;
    let [globals, patching] = out.map(|value| value.expect("the argument has no default"));
    let globals = match globals.downcast::<Dict>() {
        Ok(globals) if globals.borrow().object().is_exactly(&DICT) => globals,
        Ok(_) | Err(_) => return Err(vm.type_error("StrictModule.__new__ expected dict for 1st argument")),
    };
    if patching.borrow().as_bool().is_none() {
        return Err(vm.type_error("StrictModule.__new__ expected bool for 2nd argument"));
    }
    Ok(vm.allocate_in(class.get(), StrictModule { globals, is_patchable: patching.borrow().is_true() }))
}

fn get_attribute(vm: &mut Vm, this: Ref<'_>, name: Ref<'_>) -> PyResult {
    // To Python it is a module.
    if name.is(names::__class__()) {
        return Ok(MODULE.object().to_owned());
    }
    let class = this.class();
    let found = class.lookup(name).map(Ref::to_owned);
    if let Some(found) = &found {
        let slots = found.borrow().class().slots();
        if let (Some(get), Some(_)) = (slots.descr_get, slots.descr_set) {
            return get(vm, found.borrow(), Some(this), Some(class.object()));
        }
    }
    if let Some(value) = module(this).find(vm, name) {
        return Ok(value);
    }
    if let Some(found) = found {
        return object::attribute::bind(vm, found, Some(this), class);
    }
    if let Some(hook) = module(this).globals().get_interned(names::__getattr__()).map(Ref::to_owned) {
        return vm.call(hook.borrow(), &[name]);
    }
    let text = vm.str_text(name)?;
    let message = match own_name(this) {
        Some(own) => format!("strict module '{}' has no attribute '{text}'", vm.str_text(own.borrow())?),
        None => format!("strict module has no attribute '{text}'"),
    };
    Err(vm.attribute_error(this, name, message))
}

fn own_name(this: Ref<'_>) -> Option<Object> {
    let name = module(this).globals().get_interned(names::__name__())?;
    name.downcast::<Str>().is_some().then(|| name.to_owned())
}

fn name_of(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    own_name(this).ok_or_else(|| vm.attribute_error(this, names::__name__(), "strict module has no attribute __name__"))
}

fn set_attribute(vm: &mut Vm, this: Ref<'_>, name: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let Some(own) = own_name(this) else { return Err(vm.raise(&object::exception::SYSTEM_ERROR, "nameless module")) };
    let action = if value.is_some() { "modify" } else { "delete" };
    let message = format!("cannot {action} attribute '{}' of strict module {}", vm.str_text(name)?, vm.str_text(own.borrow())?);
    Err(vm.attribute_error(this, name, message))
}

/// The globals that others may see, in a dict of their own.
fn shown_dict(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let module = module(this);
    let shown = vm.new_dict();
    for (key, value) in module.globals().items_snapshot(vm) {
        let is_internal = match key.borrow().downcast::<Str>() {
            Some(name) => name.get().to_string_lossy().starts_with('<') || module.is_unassigned(vm, key.borrow()),
            None => false,
        };
        if !is_internal {
            shown.borrow().set(vm, key.borrow(), value)?;
        }
    }
    Ok(shown.into_object())
}

fn dir(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let shown = shown_dict(vm, this)?;
    let shown = shown.borrow().downcast::<Dict>().expect("it was made as a dict");
    if let Some(hook) = shown.get_interned(names::__dir__()).map(Ref::to_owned) {
        return vm.call(hook.borrow(), &[]);
    }
    Ok(vm.new_list(shown.keys_snapshot(vm)).into_object())
}

/// Sets or deletes an attribute, if that is allowed.
fn do_patch(vm: &mut Vm, this: Ref<'_>, name: Ref<'_>, value: Option<Ref<'_>>) -> PyResult {
    let Some(text) = name.downcast::<Str>() else {
        return Err(vm.type_error(format!("attribute name must be str, not {}", name.class().full_name())));
    };
    let name = vm.intern_str(text);
    if !module(this).is_patchable {
        return set_attribute(vm, this, name, value).map(|()| Object::none());
    }
    if let Some(found) = this.class().lookup(name).map(Ref::to_owned)
        && let Some(set) = found.borrow().class().slots().descr_set
    {
        return set(vm, found.borrow(), this, value).map(|()| Object::none());
    }
    let globals = module(this).globals();
    match value {
        Some(value) => globals.set_interned(vm, name, value.to_owned()),
        None if globals.remove_interned(vm, name).is_some() => {}
        None => return Err(object::attribute::no_attribute(vm, this, name)),
    }
    Ok(Object::none())
}

/// So many arguments, or `TypeError`.
fn exactly<'a, const N: usize>(vm: &mut Vm, function: &str, args: &[Ref<'a>]) -> PyResult<[Ref<'a>; N]> {
    let plural = if N == 1 { "" } else { "s" };
    args.try_into().map_err(|_| vm.type_error(format!("{function}() takes exactly {N} argument{plural} ({} given)", args.len())))
}

fn patch(vm: &mut Vm, this: Ref<'_>, args: &[Ref<'_>]) -> PyResult {
    let [name, value] = exactly(vm, "patch", args)?;
    do_patch(vm, this, name, Some(value))
}

fn patch_delete(vm: &mut Vm, this: Ref<'_>, args: &[Ref<'_>]) -> PyResult {
    let [name] = exactly(vm, "patch_delete", args)?;
    do_patch(vm, this, name, None)
}

fn check(vm: &mut Vm, object: Ref<'_>) -> PyResult<()> {
    match object.downcast::<StrictModule>() {
        Some(_) => Ok(()),
        None => Err(vm.type_error("expected strict module object")),
    }
}

pub fn strict_module_patch(vm: &mut Vm, _module: Ref<'_>, args: &[Ref<'_>]) -> PyResult {
    let [this, name, value] = exactly(vm, "strict_module_patch", args)?;
    check(vm, this)?;
    do_patch(vm, this, name, Some(value))
}

pub fn strict_module_patch_delete(vm: &mut Vm, _module: Ref<'_>, args: &[Ref<'_>]) -> PyResult {
    let [this, name] = exactly(vm, "strict_module_patch_delete", args)?;
    check(vm, this)?;
    do_patch(vm, this, name, None)
}

pub fn strict_module_patch_enabled(vm: &mut Vm, _module: Ref<'_>, this: Ref<'_>) -> PyResult {
    check(vm, this)?;
    Ok(Object::bool(module(this).is_patchable))
}
