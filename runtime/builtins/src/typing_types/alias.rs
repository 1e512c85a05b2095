//! `typing.TypeAliasType`: `type X[T] = ...`.

use super::{ConstEvaluator, check_name, current_module, iter_unpacked, unpack_type_var_tuples};
use crate::generic_alias::type_or;
use object::call::{Args, bind_args};
use object::cell::{ObjectCell, Visitor};
use object::native::{PayloadInfo, flag};
use object::tuple::Tuple;
use object::{Getset, Member, Object, Payload, PyResult, Ref, RefOf, Slots, Type, TypeSpec, Vm, method, names};

/// The payload of a type alias.
pub struct TypeAlias {
    name: Object,
    /// A tuple of type parameters.
    type_params: ObjectCell,
    /// Computes the value, if the syntax made the alias.
    compute: ObjectCell,
    value: ObjectCell,
    module: ObjectCell,
}

/// `typing.TypeAliasType`
pub static TYPE_ALIAS: Type = Type::new(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    name: "typing.TypeAliasType",
    doc: "Type alias.\n\nType aliases are created through the type statement::\n\n    type Alias = int",
    flags: flag::WEAK_REFERENCES,
    payload: PayloadInfo::of::<TypeAlias>(),
    slots: Slots { new: Some(new), repr: Some(repr), getitem: Some(get_item), or: Some(type_or), iter: Some(iter_unpacked), ..Slots::NONE },
    methods: &[method!(Unary reduce as "__reduce__" "($self, /)", "")],
    getsets: &[
        Getset::readonly("__parameters__", "", get_parameters),
        Getset::readonly("__type_params__", "", |vm, this| Ok(type_params(vm, this))),
        Getset::readonly("__value__", "", get_value),
        Getset::readonly("evaluate_value", "", get_evaluator),
        Getset::readonly("__module__", "", get_module),
    ],
    members: &[Member(Getset::readonly("__name__", "", |_, this| Ok(alias(this).name.clone())))],
    ..TypeSpec::DEFAULT
};

impl Payload for TypeAlias {
    fn class() -> &'static Type {
        &TYPE_ALIAS
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        visitor.visit(self.name.borrow());
        for cell in [&self.type_params, &self.compute, &self.value, &self.module] {
            cell.traverse(visitor);
        }
    }

    fn clear(&self, _vm: &mut Vm) {
        for cell in [&self.type_params, &self.compute, &self.value] {
            cell.set(None);
        }
    }
}

fn alias(this: Ref<'_>) -> &TypeAlias {
    this.downcast::<TypeAlias>().expect("the slot belongs to type aliases").get()
}

fn type_params(vm: &mut Vm, this: Ref<'_>) -> Object {
    alias(this).type_params.get().filter(|params| !params.borrow().is_none()).unwrap_or_else(|| vm.new_tuple([]).into_object())
}

/// `type name[type_params] = ...`; `compute` is the function that gives the value.
pub fn new_type_alias(vm: &mut Vm, name: Ref<'_>, type_params: Ref<'_>, compute: Object) -> Object {
    let type_params = (!type_params.is_none()).then(|| type_params.to_owned());
    vm.allocate(TypeAlias {
        name: name.to_owned(),
        type_params: ObjectCell::new(type_params),
        compute: ObjectCell::new(Some(compute)),
        value: ObjectCell::EMPTY,
        module: ObjectCell::EMPTY,
    })
    .into_object()
}

fn new(vm: &mut Vm, _class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    let mut out = [const { None }; 3];
    bind_args(vm, "typealias", "(name, value, *, type_params=())", args, &mut out)?;
    let [name, value, type_params] = out;
    let name = check_name(vm, "typealias", name)?;
    if let Some(params) = &type_params {
        check_params(vm, params.borrow())?;
    }
    let module = current_module(vm);
    Ok(vm
        .allocate(TypeAlias {
            name,
            type_params: ObjectCell::new(type_params),
            compute: ObjectCell::EMPTY,
            value: ObjectCell::new(value),
            module: ObjectCell::new(Some(module)),
        })
        .into_object())
}

/// Raises unless these are type parameters, those with defaults last.
fn check_params(vm: &mut Vm, params: Ref<'_>) -> PyResult<()> {
    let Some(tuple) = params.downcast::<Tuple>() else { return Err(vm.type_error("type_params must be a tuple")) };
    let mut seen_default = false;
    for &param in tuple.get().items() {
        let known = [&super::TYPE_VAR, &super::PARAM_SPEC, &super::TYPE_VAR_TUPLE].iter().any(|class| param.is_exactly(class));
        if !known && vm.find_attr(param, names::__typing_subst__())?.is_none() {
            let message = format!("Expected a type param, got {}", vm.repr_text(param)?);
            return Err(vm.type_error(message));
        }
        let has_default = match vm.find_attr_str(param, "has_default")? {
            Some(has_default) => {
                let result = vm.call(has_default.borrow(), &[])?;
                vm.is_true(result.borrow())?
            }
            None => false,
        };
        if seen_default && !has_default {
            let message = format!("non-default type parameter '{}' follows default type parameter", vm.repr_text(param)?);
            return Err(vm.type_error(message));
        }
        seen_default |= has_default;
    }
    Ok(())
}

fn repr(_vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(alias(this).name.clone())
}

fn reduce(_vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(alias(this).name.clone())
}

fn get_item(vm: &mut Vm, this: Ref<'_>, args: Ref<'_>) -> PyResult {
    let is_generic = type_params(vm, this).borrow().downcast::<Tuple>().is_some_and(|params| !params.is_empty());
    if !is_generic {
        return Err(vm.type_error("Only generic type aliases are subscriptable"));
    }
    vm.generic_alias(this, args)
}

fn get_value(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    if let Some(value) = alias(this).value.get() {
        return Ok(value);
    }
    let compute = alias(this).compute.get_or_none();
    let value = vm.call(compute.borrow(), &[Object::small_int(1).borrow()])?;
    alias(this).value.set(Some(value.clone()));
    Ok(value)
}

fn get_evaluator(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    if let Some(compute) = alias(this).compute.get() {
        return Ok(compute);
    }
    let value = alias(this).value.get_or_none();
    Ok(vm.allocate(ConstEvaluator { value }).into_object())
}

fn get_module(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    match (alias(this).module.get(), alias(this).compute.get()) {
        (Some(module), _) => Ok(module),
        (None, Some(compute)) => Ok(vm.find_attr(compute.borrow(), names::__module__())?.unwrap_or(Object::none())),
        (None, None) => Ok(Object::none()),
    }
}

fn get_parameters(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let params = type_params(vm, this);
    unpack_type_var_tuples(vm, params.borrow())
}
