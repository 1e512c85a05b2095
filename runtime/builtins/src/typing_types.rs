//! The native types of `typing`: type parameters, type aliases, `Generic`, `NoDefault`.
//!
//! Bounds, constraints, defaults and values may be given or be functions that compute them when they
//! are first asked for, as those made by the syntax are.

use crate::generic_alias::{push_type_repr, union};
use bytecode::opcode::Comparison;
use object::call::{Args, bind_args};
use object::cell::{ObjectCell, Visitor};
use object::native::{PayloadInfo, flag};
use object::str::{Str, StrBuilder};
use object::tuple::Tuple;
use object::vm::hooks;
use object::{Getset, Member, Method, Object, Payload, PyResult, Ref, RefOf, Slots, Type, TypeSpec, Vm, method, names};
use std::cell::Cell;

pub mod alias;

pub use alias::{TYPE_ALIAS, new_type_alias};

/// The name of the module whose code runs.
pub(crate) fn current_module(vm: &mut Vm) -> Object {
    let globals = hooks().current_globals.and_then(|current| current(vm));
    let globals = globals.as_ref().and_then(|globals| globals.borrow().downcast::<object::dict::Dict>());
    globals.and_then(|globals| globals.get_interned(names::__name__()).map(Ref::to_owned)).unwrap_or(Object::none())
}

/// Calls a function of `typing`.
fn call_typing(vm: &mut Vm, name: &str, args: Args<'_>) -> PyResult {
    let module = vm.import("typing")?;
    let function = vm.get_attr_str(module.borrow(), name)?;
    vm.call_with(function.borrow(), args)
}

/// A bound or the like: a type, or what `typing` makes of it.
fn type_check(vm: &mut Vm, arg: Ref<'_>, message: &str) -> PyResult {
    if arg.is_none() {
        return Ok(object::singleton::NONE_TYPE.to_object());
    }
    if union::is_unionable(arg) {
        return Ok(arg.to_owned());
    }
    let message = vm.new_str(message).into_object();
    call_typing(vm, "_type_check", Args::positional(&[arg, message.borrow()]))
}

/// A value that is known, or computed when it is first asked for.
#[derive(Default)]
pub struct Lazy {
    value: ObjectCell,
    compute: ObjectCell,
}

impl Lazy {
    #[expect(clippy::declare_interior_mutable_const, reason = "each use makes a new empty one")]
    const EMPTY: Lazy = Lazy { value: ObjectCell::EMPTY, compute: ObjectCell::EMPTY };

    fn new(value: Option<Object>, compute: Option<Object>) -> Lazy {
        Lazy { value: ObjectCell::new(value), compute: ObjectCell::new(compute) }
    }

    fn get(&self, vm: &mut Vm) -> PyResult<Option<Object>> {
        if let Some(value) = self.value.get() {
            return Ok(Some(value));
        }
        let Some(compute) = self.compute.get() else { return Ok(None) };
        let value = vm.call(compute.borrow(), &[Object::small_int(1).borrow()])?;
        self.value.set(Some(value.clone()));
        Ok(Some(value))
    }

    /// The function that computes the value in any format; `None` if there is no value.
    fn evaluator(&self, vm: &Vm) -> Object {
        match (self.compute.get(), self.value.get()) {
            (Some(compute), _) => compute,
            (None, Some(value)) => vm.allocate(ConstEvaluator { value }).into_object(),
            (None, None) => Object::none(),
        }
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        self.value.traverse(visitor);
        self.compute.traverse(visitor);
    }

    fn clear(&self) {
        self.value.set(None);
        self.compute.set(None);
    }
}

/// Which of the kinds of type parameter an object is, with what all have in common.
pub struct TypeParameter {
    name: Object,
    bound: Lazy,
    constraints: Lazy,
    default: Lazy,
    covariant: Cell<bool>,
    contravariant: Cell<bool>,
    infer_variance: Cell<bool>,
}

impl TypeParameter {
    fn new(name: Object) -> TypeParameter {
        TypeParameter {
            name,
            bound: Lazy::EMPTY,
            constraints: Lazy::EMPTY,
            default: Lazy::EMPTY,
            covariant: Cell::new(false),
            contravariant: Cell::new(false),
            infer_variance: Cell::new(false),
        }
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        visitor.visit(self.name.borrow());
        for lazy in [&self.bound, &self.constraints, &self.default] {
            lazy.traverse(visitor);
        }
    }

    fn clear(&self) {
        for lazy in [&self.bound, &self.constraints, &self.default] {
            lazy.clear();
        }
    }
}

macro_rules! parameter_payload {
    ($(#[$doc:meta])* $Payload:ident, $CLASS:ident) => {
        $(#[$doc])*
        pub struct $Payload(TypeParameter);

        impl Payload for $Payload {
            fn class() -> &'static Type {
                &$CLASS
            }

            fn traverse(&self, visitor: &mut Visitor<'_>) {
                self.0.traverse(visitor);
            }

            fn clear(&self, _vm: &mut Vm) {
                self.0.clear();
            }
        }
    };
}

parameter_payload!(
    /// The payload of a `typing.TypeVar`.
    TypeVar, TYPE_VAR
);
parameter_payload!(
    /// The payload of a `typing.ParamSpec`.
    ParamSpec, PARAM_SPEC
);
parameter_payload!(
    /// The payload of a `typing.TypeVarTuple`.
    TypeVarTuple, TYPE_VAR_TUPLE
);

fn parameter(this: Ref<'_>) -> &TypeParameter {
    if let Some(parameter) = this.downcast::<TypeVar>() {
        return &parameter.get().0;
    }
    match this.downcast::<ParamSpec>() {
        Some(parameter) => &parameter.get().0,
        None => &this.downcast::<TypeVarTuple>().expect("the slot belongs to type parameters").get().0,
    }
}

const FLAGS: u32 = flag::HAS_DICT | flag::WEAK_REFERENCES;
const TYPE_VAR_MEMBERS: &[Member] = &[
    NAME_MEMBER,
    Member(Getset::readonly("__covariant__", "", |_, this| Ok(Object::bool(parameter(this).covariant.get())))),
    Member(Getset::readonly("__contravariant__", "", |_, this| Ok(Object::bool(parameter(this).contravariant.get())))),
    Member(Getset::readonly("__infer_variance__", "", |_, this| Ok(Object::bool(parameter(this).infer_variance.get())))),
];
const NAME_MEMBER: Member = Member(Getset::readonly("__name__", "", |_, this| Ok(parameter(this).name.clone())));
const BOUND: Getset = Getset::readonly("__bound__", "", |vm, this| Ok(parameter(this).bound.get(vm)?.unwrap_or(Object::none())));
const DEFAULT: Getset = Getset::readonly("__default__", "", get_default);
const EVALUATE_DEFAULT: Getset = Getset::readonly("evaluate_default", "", |vm, this| Ok(parameter(this).default.evaluator(vm)));
const HAS_DEFAULT: Method = method!(Unary has_default "($self, /)", "");
const REDUCE: Method = method!(Unary reduce as "__reduce__" "($self, /)", "");
const MRO_ENTRIES: Method = method!(Binary mro_entries as "__mro_entries__" "($self, bases, /)", "");

/// `typing.TypeVar`
pub static TYPE_VAR: Type = Type::new(&TYPE_VAR_SPEC);
static TYPE_VAR_SPEC: TypeSpec = TypeSpec {
    name: "typing.TypeVar",
    doc: "Type variable.\n\nThe preferred way to construct a type variable is via the dedicated\nsyntax for generic functions, classes, and type aliases.",
    flags: FLAGS,
    payload: PayloadInfo::of::<TypeVar>(),
    slots: Slots { new: Some(new_type_var_object), repr: Some(repr), or: Some(make_union), ..Slots::NONE },
    methods: &[
        method!(Binary subst_type_var as "__typing_subst__" "($self, arg, /)", ""),
        method!(Many prepare_type_var as "__typing_prepare_subst__" "($self, alias, args, /)", ""),
        REDUCE,
        HAS_DEFAULT,
        MRO_ENTRIES,
    ],
    getsets: &[
        BOUND,
        Getset::readonly("__constraints__", "", get_constraints),
        DEFAULT,
        Getset::readonly("evaluate_bound", "", |vm, this| Ok(parameter(this).bound.evaluator(vm))),
        Getset::readonly("evaluate_constraints", "", |vm, this| Ok(parameter(this).constraints.evaluator(vm))),
        EVALUATE_DEFAULT,
    ],
    members: TYPE_VAR_MEMBERS,
    ..TypeSpec::DEFAULT
};

/// `typing.ParamSpec`
pub static PARAM_SPEC: Type = Type::new(&PARAM_SPEC_SPEC);
static PARAM_SPEC_SPEC: TypeSpec = TypeSpec {
    name: "typing.ParamSpec",
    doc: "Parameter specification variable.",
    flags: FLAGS,
    payload: PayloadInfo::of::<ParamSpec>(),
    slots: Slots { new: Some(new_param_spec_object), repr: Some(repr), or: Some(make_union), ..Slots::NONE },
    methods: &[
        method!(Binary subst_param_spec as "__typing_subst__" "($self, arg, /)", ""),
        method!(Many prepare_param_spec as "__typing_prepare_subst__" "($self, alias, args, /)", ""),
        REDUCE,
        HAS_DEFAULT,
        MRO_ENTRIES,
    ],
    getsets: &[
        BOUND,
        DEFAULT,
        EVALUATE_DEFAULT,
        Getset::readonly("args", "Represents positional arguments.", |vm, this| {
            Ok(vm.allocate(ParamSpecArgs { origin: this.to_owned() }).into_object())
        }),
        Getset::readonly("kwargs", "Represents keyword arguments.", |vm, this| {
            Ok(vm.allocate(ParamSpecKwargs { origin: this.to_owned() }).into_object())
        }),
    ],
    members: TYPE_VAR_MEMBERS,
    ..TypeSpec::DEFAULT
};

/// `typing.TypeVarTuple`
pub static TYPE_VAR_TUPLE: Type = Type::new(&TYPE_VAR_TUPLE_SPEC);
static TYPE_VAR_TUPLE_SPEC: TypeSpec = TypeSpec {
    name: "typing.TypeVarTuple",
    doc: "Type variable tuple. A specialized form of type variable that enables\nvariadic generics.",
    flags: FLAGS,
    payload: PayloadInfo::of::<TypeVarTuple>(),
    slots: Slots {
        new: Some(new_type_var_tuple_object),
        repr: Some(|_, this| Ok(parameter(this).name.clone())),
        iter: Some(iter_unpacked),
        ..Slots::NONE
    },
    methods: &[
        method!(Binary subst_type_var_tuple as "__typing_subst__" "($self, arg, /)", ""),
        method!(Many prepare_type_var_tuple as "__typing_prepare_subst__" "($self, alias, args, /)", ""),
        REDUCE,
        HAS_DEFAULT,
        MRO_ENTRIES,
    ],
    getsets: &[DEFAULT, EVALUATE_DEFAULT],
    members: &[NAME_MEMBER],
    ..TypeSpec::DEFAULT
};

/// `left | right`, where one is a type parameter.
fn make_union(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>) -> PyResult {
    union::union_of(vm, &[left, right])
}

/// The name given to a constructor.
pub(crate) fn check_name(vm: &mut Vm, function: &str, name: Option<Object>) -> PyResult {
    let name = name.unwrap_or(Object::none());
    if name.borrow().downcast::<Str>().is_none() {
        return Err(vm.type_error(format!("{function}() argument 'name' must be str, not {}", name.borrow().class().full_name())));
    }
    Ok(name)
}

/// Makes a type parameter known as one of the module whose code runs.
fn finish(vm: &mut Vm, made: Object) -> PyResult {
    let module = current_module(vm);
    if !module.borrow().is_none() {
        object::instance::set_attribute(vm, made.borrow(), names::__module__(), module);
    }
    Ok(made)
}

fn flag_of(vm: &mut Vm, value: Option<Object>) -> PyResult<bool> {
    value.map_or(Ok(false), |value| vm.is_true(value.borrow()))
}

/// Sets the variance flags of a new parameter, which exclude one another.
fn set_variance(vm: &mut Vm, made: &TypeParameter, flags: [Option<Object>; 3]) -> PyResult<()> {
    let [covariant, contravariant, infer] = flags;
    let (covariant, contravariant, infer) = (flag_of(vm, covariant)?, flag_of(vm, contravariant)?, flag_of(vm, infer)?);
    if covariant && contravariant {
        return Err(vm.value_error("Bivariant types are not supported."));
    }
    if infer && (covariant || contravariant) {
        return Err(vm.value_error("Variance cannot be specified with infer_variance."));
    }
    made.covariant.set(covariant);
    made.contravariant.set(contravariant);
    made.infer_variance.set(infer);
    Ok(())
}

fn given(value: Option<Object>) -> Option<Object> {
    value.filter(|value| !value.borrow().is_none())
}

/// A default that was given, unless it is `NoDefault`.
fn default_given(vm: &mut Vm, value: Option<Object>) -> Option<Object> {
    let none = no_default(vm);
    value.filter(|value| !value.borrow().is(none.borrow()))
}

fn new_type_var_object(vm: &mut Vm, _class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    let mut out = [const { None }; 7];
    let signature = "(name, *constraints, bound=None, default=NoDefault, covariant=False, contravariant=False, infer_variance=False)";
    bind_args(vm, "typevar", signature, args, &mut out)?;
    let [name, constraints, bound, default, covariant, contravariant, infer] = out;
    let mut made = TypeParameter::new(check_name(vm, "typevar", name)?);
    set_variance(vm, &made, [covariant, contravariant, infer])?;
    let bound = given(bound).map(|bound| type_check(vm, bound.borrow(), "Bound must be a type.")).transpose()?;
    let n = constraints.as_ref().and_then(|given| given.borrow().downcast::<Tuple>()).map_or(0, |given| given.len());
    if n == 1 {
        return Err(vm.type_error("A single constraint is not allowed"));
    }
    if n > 0 && bound.is_some() {
        return Err(vm.type_error("Constraints cannot be combined with bound=..."));
    }
    made.bound = Lazy::new(bound, None);
    made.constraints = Lazy::new(constraints.filter(|_| n > 0), None);
    made.default = Lazy::new(default_given(vm, default), None);
    let made = vm.allocate(TypeVar(made)).into_object();
    finish(vm, made)
}

fn new_param_spec_object(vm: &mut Vm, _class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    let mut out = [const { None }; 6];
    let signature = "(name, *, bound=None, default=NoDefault, covariant=False, contravariant=False, infer_variance=False)";
    bind_args(vm, "paramspec", signature, args, &mut out)?;
    let [name, bound, default, covariant, contravariant, infer] = out;
    let mut made = TypeParameter::new(check_name(vm, "paramspec", name)?);
    set_variance(vm, &made, [covariant, contravariant, infer])?;
    let bound = given(bound).map(|bound| type_check(vm, bound.borrow(), "Bound must be a type.")).transpose()?;
    made.bound = Lazy::new(bound, None);
    made.default = Lazy::new(default_given(vm, default), None);
    let made = vm.allocate(ParamSpec(made)).into_object();
    finish(vm, made)
}

fn new_type_var_tuple_object(vm: &mut Vm, _class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    let mut out = [const { None }; 2];
    bind_args(vm, "typevartuple", "(name, *, default=NoDefault)", args, &mut out)?;
    let [name, default] = out;
    let mut made = TypeParameter::new(check_name(vm, "typevartuple", name)?);
    made.default = Lazy::new(default_given(vm, default), None);
    let made = vm.allocate(TypeVarTuple(made)).into_object();
    finish(vm, made)
}

/// A parameter as the syntax makes it: its variance is inferred. It shows `typing` as its module.
fn from_syntax(name: Ref<'_>) -> TypeParameter {
    let made = TypeParameter::new(name.to_owned());
    made.infer_variance.set(true);
    made
}

/// `[T: bound]`; bound or constraints are functions that compute them.
pub fn new_type_var(vm: &mut Vm, name: Ref<'_>, bound: Option<Object>, constraints: Option<Object>) -> Object {
    let mut made = from_syntax(name);
    made.bound = Lazy::new(None, bound);
    made.constraints = Lazy::new(None, constraints);
    vm.allocate(TypeVar(made)).into_object()
}

/// `[**P]`
pub fn new_param_spec(vm: &mut Vm, name: Ref<'_>) -> Object {
    vm.allocate(ParamSpec(from_syntax(name))).into_object()
}

/// `[*Ts]`
pub fn new_type_var_tuple(vm: &mut Vm, name: Ref<'_>) -> Object {
    vm.allocate(TypeVarTuple(from_syntax(name))).into_object()
}

/// `[T = default]`: sets the function that computes the default.
pub fn set_default(parameter_object: Ref<'_>, compute: Object) {
    parameter(parameter_object).default.compute.set(Some(compute));
}

/// `Generic[parameters]`, the base of a class with type parameters.
pub fn subscript_generic(vm: &mut Vm, parameters: Ref<'_>) -> PyResult {
    let unpacked = unpack_type_var_tuples(vm, parameters)?;
    call_typing(vm, "_GenericAlias", Args::positional(&[GENERIC.object(), unpacked.borrow()]))
}

/// A tuple of type parameters with each `TypeVarTuple` unpacked.
pub(crate) fn unpack_type_var_tuples(vm: &mut Vm, parameters: Ref<'_>) -> PyResult {
    let mut unpacked = Vec::new();
    for item in vm.collect(parameters)? {
        unpacked.push(if item.borrow().is_exactly(&TYPE_VAR_TUPLE) { unpack(vm, item.borrow())? } else { item });
    }
    Ok(vm.new_tuple(unpacked).into_object())
}

/// `typing.Unpack[item]`
fn unpack(vm: &mut Vm, item: Ref<'_>) -> PyResult {
    let module = vm.import("typing")?;
    let unpack = vm.get_attr_str(module.borrow(), "Unpack")?;
    vm.get_item(unpack.borrow(), item)
}

/// Iterating gives the unpacked form once: `*Ts`.
pub(crate) fn iter_unpacked(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let unpacked = unpack(vm, this)?;
    let tuple = vm.new_tuple([unpacked]).into_object();
    vm.iter(tuple.borrow())
}

fn repr(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let own = parameter(this);
    if own.infer_variance.get() {
        return Ok(own.name.clone());
    }
    let sign = match (own.covariant.get(), own.contravariant.get()) {
        (true, _) => "+",
        (_, true) => "-",
        _ => "~",
    };
    let text = format!("{sign}{}", vm.str_text(own.name.borrow())?);
    Ok(vm.new_str(&text).into_object())
}

fn get_constraints(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(parameter(this).constraints.get(vm)?.unwrap_or_else(|| vm.new_tuple([]).into_object()))
}

fn get_default(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(parameter(this).default.get(vm)?.unwrap_or_else(|| no_default(vm)))
}

fn has_default(_vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let default = &parameter(this).default;
    Ok(Object::bool(default.value.is_set() || default.compute.is_set()))
}

fn reduce(_vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(parameter(this).name.clone())
}

fn mro_entries(vm: &mut Vm, this: Ref<'_>, _bases: Ref<'_>) -> PyResult {
    Err(vm.type_error(format!("Cannot subclass an instance of {}", this.class().name())))
}

fn subst_type_var(vm: &mut Vm, this: Ref<'_>, arg: Ref<'_>) -> PyResult {
    call_typing(vm, "_typevar_subst", Args::positional(&[this, arg]))
}

fn subst_param_spec(vm: &mut Vm, this: Ref<'_>, arg: Ref<'_>) -> PyResult {
    call_typing(vm, "_paramspec_subst", Args::positional(&[this, arg]))
}

fn subst_type_var_tuple(vm: &mut Vm, _this: Ref<'_>, _arg: Ref<'_>) -> PyResult {
    Err(vm.type_error("Substitution of bare TypeVarTuple is not supported"))
}

fn two<'a>(vm: &mut Vm, args: &[Ref<'a>]) -> PyResult<[Ref<'a>; 2]> {
    match *args {
        [alias, args] => Ok([alias, args]),
        _ => Err(vm.type_error(format!("__typing_prepare_subst__ expected 2 arguments, got {}", args.len()))),
    }
}

/// Fills in the default where too few arguments are given.
fn prepare_type_var(vm: &mut Vm, this: Ref<'_>, args: &[Ref<'_>]) -> PyResult {
    let [alias, args] = two(vm, args)?;
    let parameters = vm.get_attr(alias, names::__parameters__())?;
    let parameters = vm.collect(parameters.borrow())?;
    let index = parameters.iter().position(|known| known.borrow().is(this)).unwrap_or(parameters.len());
    let mut items = vm.collect(args)?;
    if index < items.len() {
        return Ok(args.to_owned());
    }
    if index == items.len()
        && let Some(default) = parameter(this).default.get(vm)?
    {
        items.push(default);
        return Ok(vm.new_tuple(items).into_object());
    }
    let message = format!("Too few arguments for {}; actual {}, expected at least {}", vm.repr_text(alias)?, items.len(), index + 1);
    Err(vm.type_error(message))
}

fn prepare_param_spec(vm: &mut Vm, this: Ref<'_>, args: &[Ref<'_>]) -> PyResult {
    let [alias, args] = two(vm, args)?;
    call_typing(vm, "_paramspec_prepare_subst", Args::positional(&[this, alias, args]))
}

fn prepare_type_var_tuple(vm: &mut Vm, this: Ref<'_>, args: &[Ref<'_>]) -> PyResult {
    let [alias, args] = two(vm, args)?;
    call_typing(vm, "_typevartuple_prepare_subst", Args::positional(&[this, alias, args]))
}

macro_rules! spec_part {
    ($Payload:ident, $CLASS:ident, $SPEC:ident, $name:literal, $function:literal, $suffix:literal, $new:ident, $repr:ident, $doc:literal) => {
        /// A part of a `ParamSpec`: its positional or keyword arguments.
        pub struct $Payload {
            origin: Object,
        }

        #[doc = concat!("`", $name, "`")]
        pub static $CLASS: Type = Type::new(&$SPEC);
        static $SPEC: TypeSpec = TypeSpec {
            name: $name,
            doc: $doc,
            flags: flag::WEAK_REFERENCES,
            payload: PayloadInfo::of::<$Payload>(),
            slots: Slots { new: Some($new), repr: Some($repr), compare: Some(compare_parts), ..Slots::NONE },
            methods: &[MRO_ENTRIES],
            members: &[Member(Getset::readonly("__origin__", "", |_, this| Ok(part_origin(this))))],
            ..TypeSpec::DEFAULT
        };

        impl Payload for $Payload {
            fn class() -> &'static Type {
                &$CLASS
            }

            fn traverse(&self, visitor: &mut Visitor<'_>) {
                visitor.visit(self.origin.borrow());
            }
        }

        fn $new(vm: &mut Vm, _class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
            let mut out = [None];
            bind_args(vm, $function, "(origin)", args, &mut out)?;
            let [origin] = out;
            Ok(vm.allocate($Payload { origin: origin.unwrap_or(Object::none()) }).into_object())
        }

        fn $repr(vm: &mut Vm, this: Ref<'_>) -> PyResult {
            let origin = part_origin(this);
            let shown = match origin.borrow().downcast::<ParamSpec>() {
                Some(spec) => spec.0.name.clone(),
                None => vm.repr(origin.borrow())?.into_object(),
            };
            let text = format!("{}{}", vm.str_text(shown.borrow())?, $suffix);
            Ok(vm.new_str(&text).into_object())
        }
    };
}

spec_part!(
    ParamSpecArgs,
    PARAM_SPEC_ARGS,
    PARAM_SPEC_ARGS_SPEC,
    "typing.ParamSpecArgs",
    "paramspecargs",
    ".args",
    new_args,
    repr_args,
    "The args for a ParamSpec object.\n\nGiven a ParamSpec object P, P.args returns an instance of ParamSpecArgs."
);
spec_part!(
    ParamSpecKwargs,
    PARAM_SPEC_KWARGS,
    PARAM_SPEC_KWARGS_SPEC,
    "typing.ParamSpecKwargs",
    "paramspeckwargs",
    ".kwargs",
    new_kwargs,
    repr_kwargs,
    "The kwargs for a ParamSpec object.\n\nGiven a ParamSpec object P, P.kwargs returns an instance of ParamSpecKwargs."
);

fn part_origin(this: Ref<'_>) -> Object {
    match this.downcast::<ParamSpecArgs>() {
        Some(part) => part.origin.clone(),
        None => this.downcast::<ParamSpecKwargs>().expect("the attribute belongs to the two types").origin.clone(),
    }
}

fn compare_parts(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>, op: Comparison) -> PyResult {
    if !std::ptr::eq(left.class(), right.class()) || !matches!(op, Comparison::Equal | Comparison::NotEqual) {
        return Ok(Object::not_implemented());
    }
    let (left, right) = (part_origin(left), part_origin(right));
    vm.compare(left.borrow(), right.borrow(), op)
}

/// The payload of the function that gives a known value in any format.
pub struct ConstEvaluator {
    value: Object,
}

/// The type of the functions that give known values.
pub static CONST_EVALUATOR: Type = Type::new(&CONST_EVALUATOR_SPEC);
static CONST_EVALUATOR_SPEC: TypeSpec = TypeSpec {
    name: "_typing._ConstEvaluator",
    doc: "Internal type for implementing evaluation functions.",
    payload: PayloadInfo::of::<ConstEvaluator>(),
    slots: Slots { call: Some(call_evaluator), repr: Some(repr_evaluator), ..Slots::NONE },
    ..TypeSpec::DEFAULT
};

impl Payload for ConstEvaluator {
    fn class() -> &'static Type {
        &CONST_EVALUATOR
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        visitor.visit(self.value.borrow());
    }
}

/// The format that asks for source text.
const FORMAT_STRING: i32 = 4;

fn call_evaluator(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult {
    let own = this.downcast::<ConstEvaluator>().expect("the slot belongs to the type").get();
    if args.has_keywords() {
        return Err(vm.type_error("constevaluator.__call__() takes no keyword arguments"));
    }
    let &[format] = args.positionals() else {
        return Err(vm.type_error(format!("constevaluator.__call__() takes exactly 1 argument ({} given)", args.n_positional())));
    };
    if vm.to_i32(format)? != FORMAT_STRING {
        return Ok(own.value.clone());
    }
    let mut text = StrBuilder::new();
    match own.value.borrow().downcast::<Tuple>() {
        Some(tuple) => {
            text.push_str("(");
            for (index, &item) in tuple.get().items().iter().enumerate() {
                if index > 0 {
                    text.push_str(", ");
                }
                push_type_repr(vm, &mut text, item)?;
            }
            text.push_str(")");
        }
        None => push_type_repr(vm, &mut text, own.value.borrow())?,
    }
    Ok(text.finish(vm).into_object())
}

fn repr_evaluator(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let own = this.downcast::<ConstEvaluator>().expect("the slot belongs to the type").get();
    let text = format!("<constevaluator {}>", vm.repr_text(own.value.borrow())?);
    Ok(vm.new_str(&text).into_object())
}

/// `typing.Generic`
pub static GENERIC: Type = Type::new(&GENERIC_SPEC);
static GENERIC_SPEC: TypeSpec = TypeSpec {
    name: "typing.Generic",
    doc: "Abstract base class for generic types.\n\nOn Python 3.12 and newer, generic classes implicitly inherit from\nGeneric when they declare a parameter list after the class's name::\n\n    class Mapping[KT, VT]:\n        def __getitem__(self, key: KT) -> VT:\n            ...\n            # Etc.",
    flags: flag::BASE_TYPE,
    methods: &[
        method!(Raw generic_class_getitem as "__class_getitem__" "($type, params, /)", "Parameterizes a generic class.").class_method(),
        method!(Raw generic_init_subclass as "__init_subclass__" "($type, /, *args, **kwargs)", "Function to initialize subclasses.").class_method(),
    ],
    ..TypeSpec::DEFAULT
};

fn generic_class_getitem(vm: &mut Vm, class: Ref<'_>, args: Args<'_>) -> PyResult {
    args.with_first(class, |args| call_typing(vm, "_generic_class_getitem", args))
}

fn generic_init_subclass(vm: &mut Vm, class: Ref<'_>, args: Args<'_>) -> PyResult {
    args.with_first(class, |args| call_typing(vm, "_generic_init_subclass", args))
}

/// The type of `typing.NoDefault`.
pub static NO_DEFAULT_TYPE: Type = Type::new(&NO_DEFAULT_SPEC);
static NO_DEFAULT_SPEC: TypeSpec = TypeSpec {
    name: "NoDefaultType",
    doc: "The type of the NoDefault singleton.",
    payload: PayloadInfo::leaf::<NoDefault>(),
    signature: "()",
    slots: Slots { new: Some(new_no_default), repr: Some(|vm, _| Ok(vm.new_str("typing.NoDefault").into_object())), ..Slots::NONE },
    methods: &[method!(Unary reduce_no_default as "__reduce__" "($self, /)", "")],
    ..TypeSpec::DEFAULT
};

/// The payload of the singleton.
pub struct NoDefault;

impl Payload for NoDefault {
    fn class() -> &'static Type {
        &NO_DEFAULT_TYPE
    }
}

static NO_DEFAULT: ObjectCell = ObjectCell::EMPTY;

/// `typing.NoDefault`
pub fn no_default(vm: &mut Vm) -> Object {
    NO_DEFAULT.get().unwrap_or_else(|| {
        let made = vm.allocate(NoDefault).into_object();
        made.borrow().immortalize();
        NO_DEFAULT.set(Some(made.clone()));
        made
    })
}

fn new_no_default(vm: &mut Vm, _class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    if !args.values().is_empty() {
        return Err(vm.type_error("NoDefaultType takes no arguments"));
    }
    Ok(no_default(vm))
}

fn reduce_no_default(vm: &mut Vm, _this: Ref<'_>) -> PyResult {
    Ok(vm.new_str("NoDefault").into_object())
}
