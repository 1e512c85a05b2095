//! `decimal.Context`, and the current one of each thread and task.

use super::settings::condition::*;
use super::settings::{MAX_EMAX, MAX_PRECISION, MIN_EMIN, ROUNDINGS, Rounding, Settings, Status};
use super::signals;
use crate::contextvars;
use object::call::{Args, bind_args};
use object::cell::{ObjectCell, Visitor, VmCell};
use object::int;
use object::list::List;
use object::native::{PayloadInfo, flag};
use object::str::Str;
use object::{Getset, Object, ObjectOf, Payload, PyResult, Ref, RefOf, Slots, Type, TypeSpec, Vm, exception};
use std::cell::Cell;
use std::rc::Rc;

/// The payload of a `Context`.
pub struct Context {
    settings: Cell<Settings>,
    pub capitals: Cell<bool>,
    status: Rc<Cell<u32>>,
    traps: Rc<Cell<u32>>,
    /// The mappings that show the two, once asked for.
    flags_dict: ObjectCell,
    traps_dict: ObjectCell,
}

impl Payload for Context {
    fn class() -> &'static Type {
        &CONTEXT
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        self.flags_dict.traverse(visitor);
        self.traps_dict.traverse(visitor);
    }

    fn clear(&self, _vm: &mut Vm) {
        self.flags_dict.set(None);
        self.traps_dict.set(None);
    }
}

impl Context {
    pub fn new(settings: Settings, traps: u32) -> Context {
        Context {
            settings: Cell::new(settings),
            capitals: Cell::new(true),
            status: Rc::default(),
            traps: Rc::new(Cell::new(traps)),
            flags_dict: ObjectCell::EMPTY,
            traps_dict: ObjectCell::EMPTY,
        }
    }

    /// A context of the same settings and traps, with flags of its own.
    pub fn copied(&self) -> Context {
        let copy = Context::new(self.settings.get(), self.traps.get());
        copy.capitals.set(self.capitals.get());
        copy.status.set(self.status.get());
        copy
    }

    #[inline]
    pub fn settings(&self) -> Settings {
        self.settings.get()
    }

    /// Sets the flags of what an operation has met, and raises what is trapped.
    #[inline]
    pub fn report(&self, vm: &mut Vm, status: Status) -> PyResult<()> {
        if status.0 == 0 {
            return Ok(());
        }
        self.status.set(self.status.get() | status.0);
        let trapped = status.0 & (self.traps.get() | MALLOC_ERROR);
        if trapped == 0 { Ok(()) } else { Err(signals::raise(vm, trapped)) }
    }

    /// Sets flags without raising anything.
    pub fn set_flags(&self, status: u32) {
        self.status.set(self.status.get() | status);
    }

    pub fn clear_flags(&self) {
        self.status.set(0);
    }

    pub fn clear_traps(&self) {
        self.traps.set(0);
    }
}

/// The settings and traps of the default context.
pub const DEFAULT: (Settings, u32) = (
    Settings { precision: 28, emax: 999_999, emin: -999_999, rounding: Rounding::HalfEven, clamp: false },
    ANY_INVALID | DIVISION_BY_ZERO | OVERFLOW,
);
pub const BASIC: (Settings, u32) =
    (Settings { precision: 9, rounding: Rounding::HalfUp, ..DEFAULT.0 }, ANY_INVALID | DIVISION_BY_ZERO | OVERFLOW | UNDERFLOW | CLAMPED);
pub const EXTENDED: (Settings, u32) = (Settings { precision: 9, ..DEFAULT.0 }, 0);

/// `DefaultContext`, which new contexts copy.
pub static DEFAULT_CONTEXT: ObjectCell = ObjectCell::EMPTY;
/// `BasicContext` and `ExtendedContext`, which `setcontext` copies too.
pub static BASIC_CONTEXT: ObjectCell = ObjectCell::EMPTY;
pub static EXTENDED_CONTEXT: ObjectCell = ObjectCell::EMPTY;

/// `decimal.Context`
pub static CONTEXT: Type = Type::new(&CONTEXT_SPEC);
static CONTEXT_SPEC: TypeSpec = TypeSpec {
    name: "decimal.Context",
    doc: "The context affects almost all operations and controls rounding,\nOver/Underflow, raising of exceptions and much more.  A new context\ncan be constructed as follows:\n\n    >>> c = Context(prec=28, Emin=-425000000, Emax=425000000,\n    ...             rounding=ROUND_HALF_EVEN, capitals=1, clamp=1,\n    ...             traps=[InvalidOperation, DivisionByZero, Overflow],\n    ...             flags=[])\n    >>>\n\n",
    signature: "(prec=None, rounding=None, Emin=None, Emax=None, capitals=None, clamp=None, flags=None, traps=None)",
    flags: flag::BASE_TYPE,
    payload: PayloadInfo::of::<Context>(),
    slots: Slots { new: Some(new), init: Some(init), repr: Some(repr), ..Slots::NONE },
    methods: super::context_methods::METHODS,
    getsets: &[
        Getset::new("prec", "", |vm, this| Ok(vm.new_int(context(this).settings().precision)), set_precision),
        Getset::new("Emax", "", |vm, this| Ok(vm.new_int(context(this).settings().emax)), set_emax),
        Getset::new("Emin", "", |vm, this| Ok(vm.new_int(context(this).settings().emin)), set_emin),
        Getset::new("rounding", "", |vm, this| Ok(vm.intern(context(this).settings().rounding.name()).to_owned()), set_rounding),
        Getset::new("capitals", "", |_, this| Ok(Object::small_int(i64::from(context(this).capitals.get()))), set_capitals),
        Getset::new("clamp", "", |_, this| Ok(Object::small_int(i64::from(context(this).settings().clamp))), set_clamp),
        Getset::new(
            "flags",
            "",
            |vm, this| Ok(mapping(vm, &context(this).flags_dict, &context(this).status)),
            |vm, this, value| {
                let bits = mapping_argument(vm, value)?;
                context(this).status.set(bits);
                Ok(())
            },
        ),
        Getset::new(
            "traps",
            "",
            |vm, this| Ok(mapping(vm, &context(this).traps_dict, &context(this).traps)),
            |vm, this, value| {
                let bits = mapping_argument(vm, value)?;
                context(this).traps.set(bits);
                Ok(())
            },
        ),
    ],
    ..TypeSpec::DEFAULT
};

pub fn context(object: Ref<'_>) -> &Context {
    object.downcast::<Context>().expect("the method belongs to contexts").get()
}

fn mapping(vm: &Vm, place: &ObjectCell, bits: &Rc<Cell<u32>>) -> Object {
    if let Some(mapping) = place.get() {
        return mapping;
    }
    let mapping = signals::new_dict(vm, bits);
    place.set(Some(mapping.clone()));
    mapping
}

fn mapping_argument(vm: &mut Vm, value: Option<Ref<'_>>) -> PyResult<u32> {
    let value = present(vm, value)?;
    signals::from_mapping(vm, value)
}

fn present<'a>(vm: &mut Vm, value: Option<Ref<'a>>) -> PyResult<Ref<'a>> {
    match value {
        Some(value) => Ok(value),
        None => Err(vm.raise(&exception::ATTRIBUTE_ERROR, "context attributes cannot be deleted")),
    }
}

/// An int that must fit a machine word.
pub fn size_argument(vm: &mut Vm, value: Ref<'_>) -> PyResult<i64> {
    match int::to_i64(value) {
        Some(Some(value)) => Ok(value),
        Some(None) => Err(vm.overflow_error("Python int too large to convert to C ssize_t")),
        None => Err(vm.type_error("an integer is required")),
    }
}

fn ranged(vm: &mut Vm, value: Option<Ref<'_>>, range: std::ops::RangeInclusive<i64>, message: &str) -> PyResult<i64> {
    let value = present(vm, value)?;
    let value = size_argument(vm, value)?;
    if range.contains(&value) { Ok(value) } else { Err(vm.value_error(message)) }
}

fn change(this: Ref<'_>, change: impl FnOnce(&mut Settings)) {
    let mut settings = context(this).settings();
    change(&mut settings);
    context(this).settings.set(settings);
}

fn set_precision(vm: &mut Vm, this: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let value = ranged(vm, value, 1..=MAX_PRECISION, "valid range for prec is [1, MAX_PREC]")?;
    change(this, |settings| settings.precision = value);
    Ok(())
}

fn set_emax(vm: &mut Vm, this: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let value = ranged(vm, value, 0..=MAX_EMAX, "valid range for Emax is [0, MAX_EMAX]")?;
    change(this, |settings| settings.emax = value);
    Ok(())
}

fn set_emin(vm: &mut Vm, this: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let value = ranged(vm, value, MIN_EMIN..=0, "valid range for Emin is [MIN_EMIN, 0]")?;
    change(this, |settings| settings.emin = value);
    Ok(())
}

fn set_capitals(vm: &mut Vm, this: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let value = ranged(vm, value, 0..=1, "valid values for capitals are 0 or 1")?;
    context(this).capitals.set(value == 1);
    Ok(())
}

fn set_clamp(vm: &mut Vm, this: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let value = ranged(vm, value, 0..=1, "valid values for clamp are 0 or 1")?;
    change(this, |settings| settings.clamp = value == 1);
    Ok(())
}

fn set_rounding(vm: &mut Vm, this: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let value = present(vm, value)?;
    let rounding = rounding_argument(vm, value)?;
    change(this, |settings| settings.rounding = rounding);
    Ok(())
}

/// A rounding by its name.
pub fn rounding_argument(vm: &mut Vm, value: Ref<'_>) -> PyResult<Rounding> {
    let found = value.downcast::<Str>().and_then(|text| ROUNDINGS.iter().find(|(name, _)| text.equals_str(name)));
    match found {
        Some(&(_, rounding)) => Ok(rounding),
        None => Err(vm.type_error(
            "valid values for rounding are:\n  [ROUND_CEILING, ROUND_FLOOR, ROUND_UP, ROUND_DOWN,\n   ROUND_HALF_UP, ROUND_HALF_DOWN, ROUND_HALF_EVEN,\n   ROUND_05UP]",
        )),
    }
}

fn new(vm: &mut Vm, class: RefOf<'_, Type>, _args: Args<'_>) -> PyResult {
    let made = match DEFAULT_CONTEXT.get() {
        Some(template) => context(template.borrow()).copied(),
        None => Context::new(DEFAULT.0, DEFAULT.1),
    };
    made.status.set(0);
    Ok(vm.allocate_in(class.get(), made))
}

fn init(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult<()> {
    if args.n_positional() > 8 {
        return Err(vm.type_error(format!("function takes at most 8 arguments ({} given)", args.n_positional())));
    }
    let mut bound = [const { None }; 8];
    let signature = "(prec=None, rounding=None, Emin=None, Emax=None, capitals=None, clamp=None, flags=None, traps=None)";
    bind_args(vm, "Context", signature, args, &mut bound)?;
    set_attributes(vm, this, &bound)
}

/// Sets what is given of: prec, rounding, Emin, Emax, capitals, clamp, flags, traps.
pub fn set_attributes(vm: &mut Vm, this: Ref<'_>, values: &[Option<Object>]) -> PyResult<()> {
    type Setter = fn(&mut Vm, Ref<'_>, Option<Ref<'_>>) -> PyResult<()>;
    let setters: [Setter; 6] = [set_precision, set_rounding, set_emin, set_emax, set_capitals, set_clamp];
    for (setter, value) in setters.into_iter().zip(values) {
        if let Some(value) = given(value) {
            setter(vm, this, Some(value))?;
        }
    }
    if let Some(value) = values.get(6).and_then(given) {
        let bits = status_argument(vm, value)?;
        context(this).status.set(bits);
    }
    if let Some(value) = values.get(7).and_then(given) {
        let bits = status_argument(vm, value)?;
        context(this).traps.set(bits);
    }
    Ok(())
}

fn given(value: &Option<Object>) -> Option<Ref<'_>> {
    value.as_ref().map(Object::borrow).filter(|value| !value.is_none())
}

fn status_argument(vm: &mut Vm, value: Ref<'_>) -> PyResult<u32> {
    match value.downcast::<List>() {
        Some(list) => {
            let classes = list.items(vm).to_vec();
            signals::from_list(vm, &classes)
        }
        None => signals::from_mapping(vm, value),
    }
}

fn repr(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let own = context(this);
    let settings = own.settings();
    let text = format!(
        "Context(prec={}, rounding={}, Emin={}, Emax={}, capitals={}, clamp={}, flags=[{}], traps=[{}])",
        settings.precision,
        settings.rounding.name(),
        settings.emin,
        settings.emax,
        u8::from(own.capitals.get()),
        u8::from(settings.clamp),
        signals::names(own.status.get()),
        signals::names(own.traps.get())
    );
    Ok(vm.new_str(&text).into_object())
}

/// What pickling needs.
pub fn reduce(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let own = context(this);
    let settings = own.settings();
    let rounding = vm.intern(settings.rounding.name()).to_owned();
    let state = [
        vm.new_int(settings.precision),
        rounding,
        vm.new_int(settings.emin),
        vm.new_int(settings.emax),
        vm.new_int(i64::from(own.capitals.get())),
        vm.new_int(i64::from(settings.clamp)),
        signals::list(vm, own.status.get()),
        signals::list(vm, own.traps.get()),
    ];
    let state = vm.new_tuple(state).into_object();
    Ok(vm.new_tuple([this.class().to_object(), state]).into_object())
}

/// The context variable that holds the current context.
static VARIABLE: ObjectCell = ObjectCell::EMPTY;

/// The current context, with the state of context variables in which it was found.
struct Cached {
    moment: contextvars::Moment,
    context: Option<ObjectOf<Context>>,
}

static CACHED: VmCell<Cached> = VmCell::new(Cached { moment: contextvars::Moment::NEVER, context: None });

fn variable(vm: &mut Vm) -> PyResult {
    if let Some(variable) = VARIABLE.get() {
        return Ok(variable);
    }
    let name = vm.new_str("decimal_context").into_object();
    let variable = vm.call(contextvars::CONTEXT_VAR.object(), &[name.borrow()])?;
    VARIABLE.set(Some(variable.clone()));
    Ok(variable)
}

/// The current context of the thread or task.
#[inline]
pub fn current(vm: &mut Vm) -> PyResult<ObjectOf<Context>> {
    let moment = contextvars::moment(vm);
    let cached = CACHED.get(vm);
    if cached.moment == moment
        && let Some(context) = &cached.context
    {
        return Ok(context.clone());
    }
    find_current(vm)
}

fn find_current(vm: &mut Vm) -> PyResult<ObjectOf<Context>> {
    let variable = variable(vm)?;
    let found = contextvars::value_of(vm, variable.borrow()).and_then(|found| found.downcast::<Context>().ok());
    let found = match found {
        Some(found) => found,
        None => {
            // A thread begins with a copy of the default context.
            let made = match DEFAULT_CONTEXT.get() {
                Some(template) => context(template.borrow()).copied(),
                None => Context::new(DEFAULT.0, DEFAULT.1),
            };
            made.status.set(0);
            let made = vm.allocate(made);
            let object = made.clone().into_object();
            vm.call_method(variable.borrow(), "set", &[object.borrow()])?;
            made
        }
    };
    let moment = contextvars::moment(vm);
    let old = CACHED.replace(vm, Cached { moment, context: Some(found.clone()) });
    drop(old);
    Ok(found)
}

/// Makes a context the current one; the contexts of the module are copied.
pub fn set_current(vm: &mut Vm, value: Ref<'_>) -> PyResult<()> {
    let Some(wanted) = value.downcast::<Context>() else {
        return Err(vm.type_error("argument must be a context"));
    };
    let template = [&DEFAULT_CONTEXT, &BASIC_CONTEXT, &EXTENDED_CONTEXT].iter().any(|place| place.get().is_some_and(|own| own.borrow().is(value)));
    let wanted = if template {
        let copy = wanted.get().copied();
        copy.status.set(0);
        vm.allocate(copy).into_object()
    } else {
        value.to_owned()
    };
    let variable = variable(vm)?;
    vm.call_method(variable.borrow(), "set", &[wanted.borrow()])?;
    Ok(())
}

/// The context an optional argument names, or the current one.
pub fn argument(vm: &mut Vm, value: Option<Ref<'_>>) -> PyResult<ObjectOf<Context>> {
    match value.filter(|value| !value.is_none()) {
        None => current(vm),
        Some(value) => match value.downcast::<Context>() {
            Some(context) => Ok(context.to_owned()),
            None => Err(vm.type_error("optional argument must be a context")),
        },
    }
}

/// `_decimal.getcontext()`
pub fn getcontext(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    Ok(current(vm)?.into_object())
}

/// `_decimal.setcontext(context)`
pub fn setcontext(vm: &mut Vm, _module: Ref<'_>, value: Ref<'_>) -> PyResult {
    set_current(vm, value)?;
    Ok(Object::none())
}

/// `_decimal.IEEEContext(bits)`
pub fn ieee_context(vm: &mut Vm, _module: Ref<'_>, bits: Ref<'_>) -> PyResult {
    let bits = size_argument(vm, bits)?;
    if bits <= 0 || bits > 512 || bits % 32 != 0 {
        return Err(vm.value_error("argument must be a multiple of 32, with a maximum of 512"));
    }
    let emax = 3 * (1i64 << (bits / 16 + 3));
    let settings = Settings { precision: 9 * (bits / 32) - 2, emax, emin: 1 - emax, rounding: Rounding::HalfEven, clamp: true };
    Ok(vm.allocate(Context::new(settings, 0)).into_object())
}
