//! The exception classes of signals and conditions, and `SignalDict`, which shows a context's flags or
//! traps as a mapping from those classes.

use super::settings::condition::*;
use bytecode::opcode::Comparison;
use object::cell::ObjectCell;
use object::class::TYPE;
use object::dict::Dict;
use object::exception;
use object::native::{PayloadInfo, flag};
use object::singleton::ModuleObject;
use object::vm::Raised;
use object::{Method, Object, Payload, PyResult, Ref, RefOf, Slots, Type, TypeSpec, Vm, method};
use std::cell::Cell;
use std::rc::{Rc, Weak};

/// A signal or condition: its name, its bits of a status, its class once made.
pub struct Signal {
    pub name: &'static str,
    pub bits: u32,
    class: ObjectCell,
}

impl Signal {
    const fn new(name: &'static str, bits: u32) -> Signal {
        Signal { name, bits, class: ObjectCell::EMPTY }
    }

    pub fn class(&self) -> Object {
        self.class.get_or_none()
    }
}

/// The signals that a context has flags and traps for, in the order in which they are raised.
pub static SIGNALS: [Signal; 9] = [
    Signal::new("InvalidOperation", ANY_INVALID),
    Signal::new("FloatOperation", FLOAT_OPERATION),
    Signal::new("DivisionByZero", DIVISION_BY_ZERO),
    Signal::new("Overflow", OVERFLOW),
    Signal::new("Underflow", UNDERFLOW),
    Signal::new("Subnormal", SUBNORMAL),
    Signal::new("Inexact", INEXACT),
    Signal::new("Rounded", ROUNDED),
    Signal::new("Clamped", CLAMPED),
];

/// What `InvalidOperation` may stand for.
static CONDITIONS: [Signal; 4] = [
    Signal::new("ConversionSyntax", CONVERSION_SYNTAX),
    Signal::new("DivisionImpossible", DIVISION_IMPOSSIBLE),
    Signal::new("DivisionUndefined", DIVISION_UNDEFINED),
    Signal::new("InvalidContext", INVALID_CONTEXT),
];

const VALID_SIGNALS: &str = "valid values for signals are:\n  [InvalidOperation, FloatOperation, DivisionByZero,\n   Overflow, Underflow, Subnormal, Inexact, Rounded,\n   Clamped]";

/// The class of signal dicts: a `MutableMapping`, so made when the module is.
static SIGNAL_DICT_CLASS: ObjectCell = ObjectCell::EMPTY;

/// Makes the classes and puts them into the module.
pub fn define(vm: &mut Vm, module: RefOf<'_, ModuleObject>) -> PyResult<()> {
    let arithmetic = exception::ARITHMETIC_ERROR.to_object();
    static BASE: ObjectCell = ObjectCell::EMPTY;
    let base = class(vm, &BASE, "DecimalException", &[arithmetic])?;
    module.set(vm, "DecimalException", base.clone());
    let zero_division = exception::ZERO_DIVISION_ERROR.to_object();
    // Bases come before what derives from them.
    for name in ["InvalidOperation", "DivisionByZero", "Inexact", "Rounded", "Subnormal", "Clamped", "FloatOperation", "Overflow", "Underflow"] {
        let bases = match name {
            "DivisionByZero" => vec![base.clone(), zero_division.clone()],
            "FloatOperation" => vec![base.clone(), exception::TYPE_ERROR.to_object()],
            "Overflow" => vec![named("Inexact"), named("Rounded")],
            "Underflow" => vec![named("Inexact"), named("Rounded"), named("Subnormal")],
            _ => vec![base.clone()],
        };
        let signal = SIGNALS.iter().find(|signal| signal.name == name).expect("the names are those of the table");
        let made = class(vm, &signal.class, name, &bases)?;
        module.set(vm, name, made);
    }
    for condition in &CONDITIONS {
        let mut bases = vec![named("InvalidOperation")];
        if condition.bits == DIVISION_UNDEFINED {
            bases.push(zero_division.clone());
        }
        let made = class(vm, &condition.class, condition.name, &bases)?;
        module.set(vm, condition.name, made);
    }
    define_signal_dict(vm)
}

fn named(name: &str) -> Object {
    SIGNALS.iter().find(|signal| signal.name == name).map_or(Object::none(), Signal::class)
}

fn class(vm: &mut Vm, place: &ObjectCell, name: &str, bases: &[Object]) -> PyResult {
    if let Some(class) = place.get() {
        return Ok(class);
    }
    let bases = vm.new_tuple(bases.to_vec()).into_object();
    let class = new_class(vm, TYPE.object(), name, "decimal", bases.borrow())?;
    place.set(Some(class.clone()));
    Ok(class)
}

fn new_class(vm: &mut Vm, metaclass: Ref<'_>, name: &str, module: &str, bases: Ref<'_>) -> PyResult {
    let name = vm.new_str(name).into_object();
    let module = vm.new_str(module).into_object();
    let namespace = vm.new_dict();
    namespace.borrow().get().set_str(vm, "__module__", module);
    vm.call(metaclass, &[name.borrow(), bases, namespace.borrow().object()])
}

fn define_signal_dict(vm: &mut Vm) -> PyResult<()> {
    if SIGNAL_DICT_CLASS.is_set() {
        return Ok(());
    }
    object::type_new::ready(vm, &SIGNAL_DICT_MIXIN);
    let abc = vm.import("collections.abc")?;
    let mapping = vm.get_attr_str(abc.borrow(), "MutableMapping")?;
    let metaclass = mapping.borrow().class().to_object();
    let bases = vm.new_tuple([SIGNAL_DICT_MIXIN.to_object(), mapping]).into_object();
    let class = new_class(vm, metaclass.borrow(), "SignalDict", "abc", bases.borrow())?;
    SIGNAL_DICT_CLASS.set(Some(class));
    Ok(())
}

/// The exception for conditions that are trapped.
#[cold]
pub fn raise(vm: &mut Vm, trapped: u32) -> Raised {
    if trapped & MALLOC_ERROR != 0 {
        return vm.memory_error();
    }
    let Some(signal) = SIGNALS.iter().find(|signal| signal.bits & trapped != 0) else {
        return vm.system_error("internal error in flags_as_exception");
    };
    let mut all = Vec::new();
    if trapped & INVALID_OPERATION != 0 {
        all.push(SIGNALS[0].class());
    }
    all.extend(CONDITIONS.iter().filter(|condition| condition.bits & trapped != 0).map(Signal::class));
    all.extend(SIGNALS[1..].iter().filter(|signal| signal.bits & trapped != 0).map(Signal::class));
    let list = vm.new_list(all);
    match vm.call(signal.class().borrow(), &[list.borrow().object()]) {
        Ok(error) => vm.raise_object(error),
        Err(raised) => raised,
    }
}

/// The names of the signals of a status, in the order of their bits, as `repr` shows them.
pub fn names(status: u32) -> String {
    let mut found: Vec<&Signal> = SIGNALS.iter().filter(|signal| signal.bits & status != 0).collect();
    found.sort_by_key(|signal| (signal.bits & status).trailing_zeros());
    found.iter().map(|signal| signal.name).collect::<Vec<_>>().join(", ")
}

/// A list of the classes of a status.
pub fn list(vm: &Vm, status: u32) -> Object {
    let classes = SIGNALS.iter().filter(|signal| signal.bits & status != 0).map(Signal::class).collect();
    vm.new_list(classes).into_object()
}

fn signal_bits(vm: &mut Vm, key: Ref<'_>) -> PyResult<u32> {
    match SIGNALS.iter().find(|signal| signal.class().borrow().is(key)) {
        Some(signal) => Ok(signal.bits),
        None => {
            let message = vm.new_str(VALID_SIGNALS);
            Err(vm.raise_with(&exception::KEY_ERROR, vec![message.into_object()]))
        }
    }
}

/// The status that a list of classes stands for.
pub fn from_list(vm: &mut Vm, classes: &[Object]) -> PyResult<u32> {
    let mut status = 0;
    for class in classes {
        status |= signal_bits(vm, class.borrow())?;
    }
    Ok(status)
}

/// The status that a signal dict, or a dict like one, stands for.
pub fn from_mapping(vm: &mut Vm, mapping: Ref<'_>) -> PyResult<u32> {
    if mapping.downcast::<SignalDict>().is_some() {
        return bits_of(vm, mapping).map(|bits| bits.get());
    }
    let Some(dict) = mapping.downcast::<Dict>() else {
        return Err(vm.type_error("argument must be a signal dict"));
    };
    let mut status = 0;
    let complete = dict.len(vm) == SIGNALS.len();
    for signal in SIGNALS.iter().filter(|_| complete) {
        match dict.get().get(vm, signal.class().borrow())? {
            Some(value) if vm.is_true(value.borrow())? => status |= signal.bits,
            Some(_) => {}
            None => return Err(invalid_dict(vm)),
        }
    }
    if complete { Ok(status) } else { Err(invalid_dict(vm)) }
}

fn invalid_dict(vm: &mut Vm) -> Raised {
    let message = vm.new_str("invalid signal dict");
    vm.raise_with(&exception::KEY_ERROR, vec![message.into_object()])
}

/// The payload of a `SignalDict`: bits of a context, for as long as there is the context.
pub struct SignalDict {
    bits: Weak<Cell<u32>>,
}

impl Payload for SignalDict {
    fn class() -> &'static Type {
        &SIGNAL_DICT_MIXIN
    }
}

/// `decimal.SignalDictMixin`
static SIGNAL_DICT_MIXIN: Type = Type::new(&SIGNAL_DICT_SPEC);
static SIGNAL_DICT_SPEC: TypeSpec = TypeSpec {
    name: "decimal.SignalDictMixin",
    flags: flag::BASE_TYPE,
    payload: PayloadInfo::leaf::<SignalDict>(),
    slots: Slots {
        new: Some(|vm, class, _| Ok(vm.allocate_in(class.get(), SignalDict { bits: Weak::new() }))),
        init: Some(|_, _, _| Ok(())),
        repr: Some(repr),
        len: Some(|vm, this| bits_of(vm, this).map(|_| SIGNALS.len())),
        iter: Some(iter),
        getitem: Some(|vm, this, key| {
            let own = bits_of(vm, this)?;
            let bits = signal_bits(vm, key)?;
            Ok(Object::bool(own.get() & bits != 0))
        }),
        setitem: Some(set_item),
        compare: Some(compare),
        hash: Some(|vm, this| Err(vm.type_error(format!("unhashable type: '{}'", this.class().name())))),
        ..Slots::NONE
    },
    methods: SIGNAL_DICT_METHODS,
    ..TypeSpec::DEFAULT
};

const SIGNAL_DICT_METHODS: &[Method] = &[method!(Unary copy "($self, /)", "")];

/// The bits that a signal dict shows; an error if their context is gone.
fn bits_of(vm: &mut Vm, object: Ref<'_>) -> PyResult<Rc<Cell<u32>>> {
    match object.downcast::<SignalDict>().and_then(|dict| dict.bits.upgrade()) {
        Some(bits) => Ok(bits),
        None => Err(vm.value_error("invalid signal dict")),
    }
}

/// A signal dict that shows these bits.
pub fn new_dict(vm: &Vm, bits: &Rc<Cell<u32>>) -> Object {
    let payload = SignalDict { bits: Rc::downgrade(bits) };
    match SIGNAL_DICT_CLASS.get().as_ref().and_then(|class| class.borrow().downcast::<Type>()) {
        Some(class) => vm.allocate_in(class.get(), payload),
        None => vm.allocate(payload).into_object(),
    }
}

fn repr(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let bits = bits_of(vm, this)?.get();
    let entries: Vec<String> = SIGNALS
        .iter()
        .map(|signal| format!("<class 'decimal.{}'>:{}", signal.name, if signal.bits & bits != 0 { "True" } else { "False" }))
        .collect();
    Ok(vm.new_str(&format!("{{{}}}", entries.join(", "))).into_object())
}

fn iter(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    bits_of(vm, this)?;
    let classes = vm.new_tuple(SIGNALS.iter().map(Signal::class).collect::<Vec<_>>());
    vm.iter(classes.borrow().object())
}

fn set_item(vm: &mut Vm, this: Ref<'_>, key: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let Some(value) = value else {
        return Err(vm.value_error("signal keys cannot be deleted"));
    };
    let own = bits_of(vm, this)?;
    let bits = signal_bits(vm, key)?;
    let on = vm.is_true(value)?;
    own.set(if on { own.get() | bits } else { own.get() & !bits });
    Ok(())
}

fn compare(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>, op: Comparison) -> PyResult {
    if !matches!(op, Comparison::Equal | Comparison::NotEqual) {
        return Ok(Object::not_implemented());
    }
    let own = bits_of(vm, left)?.get();
    let equal = if right.downcast::<SignalDict>().is_some() {
        bits_of(vm, right)?.get() == own
    } else if let Some(dict) = right.downcast::<Dict>() {
        if dict.is_empty(vm) {
            return Err(vm.value_error("invalid signal dict"));
        }
        let other = match from_mapping(vm, right) {
            Ok(other) => other,
            // A dict that is not like a signal dict.
            Err(raised) => {
                vm.catch_if(raised, &exception::KEY_ERROR)?;
                return Ok(Object::bool(op == Comparison::NotEqual));
            }
        };
        other == visible(own)
    } else {
        return Ok(Object::not_implemented());
    };
    Ok(Object::bool(equal == (op == Comparison::Equal)))
}

/// The status as the signals show it: any of a signal's bits stands for all.
fn visible(status: u32) -> u32 {
    SIGNALS.iter().filter(|signal| signal.bits & status != 0).fold(0, |bits, signal| bits | signal.bits)
}

fn copy(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let bits = bits_of(vm, this)?.get();
    let copied = vm.new_dict();
    for signal in &SIGNALS {
        copied.borrow().get().set(vm, signal.class().borrow(), Object::bool(signal.bits & bits != 0))?;
    }
    Ok(copied.into_object())
}
