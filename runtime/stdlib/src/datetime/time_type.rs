//! `time`: a time of day, perhaps in a zone.

use super::date_type::{at_most, parse_with};
use super::text::{self, Clock, Moment, check_clock, int_argument};
use super::zone;
use super::zoned::{self, Zoned};
use bytecode::opcode::Comparison;
use object::call::{Args, bind_args};
use object::cell::Visitor;
use object::native::{PayloadInfo, flag};
use object::protocol::ordering_satisfies;
use object::str::Str;
use object::{Method, Object, Payload, PyResult, Ref, RefOf, Slots, Type, TypeSpec, Vm, method};
use std::cell::Cell;

/// The payload of a `time`.
pub struct Time {
    clock: Cell<Clock>,
    zone: Option<Object>,
    /// -1: not computed.
    hash: Cell<i64>,
}

impl Payload for Time {
    fn class() -> &'static Type {
        &TIME
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        visitor.visit_all(&self.zone);
    }
}

impl Time {
    pub fn new(clock: Clock, zone: Option<Object>) -> Time {
        Time { clock: Cell::new(clock), zone, hash: Cell::new(-1) }
    }
}

impl Zoned for Time {
    fn clock(&self) -> Clock {
        self.clock.get()
    }

    fn zone(&self) -> Option<Ref<'_>> {
        self.zone.as_ref().map(Object::borrow)
    }
}

/// `datetime.time`
pub static TIME: Type = Type::new(&TIME_SPEC);
static TIME_SPEC: TypeSpec = TypeSpec {
    name: "datetime.time",
    doc: "time([hour[, minute[, second[, microsecond[, tzinfo]]]]]) --> a time object\n\nAll arguments are optional. tzinfo may be None, or an instance of\na tzinfo subclass. The remaining arguments may be ints.\n",
    flags: flag::BASE_TYPE,
    payload: PayloadInfo::of::<Time>(),
    slots: Slots {
        new: Some(new),
        repr: Some(repr),
        str: Some(|vm, this| vm.call_method(this, "isoformat", &[])),
        hash: Some(hash),
        compare: Some(compare),
        ..Slots::NONE
    },
    methods: METHODS,
    getsets: &zoned::getsets::<Time>(),
    ..TypeSpec::DEFAULT
};

const METHODS: &[Method] = &[
    method!(Many strptime "($type, string, format, /)", "string, format -> new time parsed from a string (like time.strptime()).").class_method(),
    method!(Bound isoformat "($self, /, timespec='auto')", "Return string in ISO 8601 format, [HH[:MM[:SS[.mmm[uuu]]]]][+HH:MM].\n\nThe optional argument timespec specifies the number of additional terms\nof the time to include. Valid options are 'auto', 'hours', 'minutes',\n'seconds', 'milliseconds' and 'microseconds'.\n"),
    method!(Bound strftime "($self, /, format)", "format -> strftime() style string."),
    method!(Binary format as "__format__" "($self, format_spec, /)", "Formats self with strftime."),
    method!(Unary utcoffset "($self, /)", "Return self.tzinfo.utcoffset(self)."),
    method!(Unary tzname "($self, /)", "Return self.tzinfo.tzname(self)."),
    method!(Unary dst "($self, /)", "Return self.tzinfo.dst(self)."),
    method!(Bound replace "($self, /, hour=<unrepresentable>, minute=<unrepresentable>, second=<unrepresentable>, microsecond=<unrepresentable>, tzinfo=<unrepresentable>, *, fold=<unrepresentable>)", "Return time with new specified fields."),
    method!(Bound replace as "__replace__" "($self, /, hour=<unrepresentable>, minute=<unrepresentable>, second=<unrepresentable>, microsecond=<unrepresentable>, tzinfo=<unrepresentable>, fold=<unrepresentable>)", "The same as replace()."),
    method!(Binary from_iso_format as "fromisoformat" "($type, object, /)", "string -> time from a string in ISO 8601 format").class_method(),
    method!(Binary reduce_protocol as "__reduce_ex__" "($self, proto, /)", "__reduce_ex__(proto) -> (cls, state)"),
    method!(Unary reduce as "__reduce__" "($self, /)", "__reduce__() -> (cls, state)"),
];

pub fn time(object: Ref<'_>) -> &Time {
    object.downcast::<Time>().expect("the method belongs to times").get()
}

/// A time of a class: subclasses are called.
pub fn make(vm: &mut Vm, class: Ref<'_>, clock: Clock, zone: Option<Object>) -> PyResult {
    if class.is(TIME.object()) {
        return Ok(vm.allocate(Time::new(clock, zone)).into_object());
    }
    let numbers = [i64::from(clock.hour), i64::from(clock.minute), i64::from(clock.second), i64::from(clock.microsecond)];
    let mut args: Vec<Object> = numbers.map(Object::small_int).to_vec();
    args.push(zone.unwrap_or(Object::none()));
    let made = vm.call(class, Object::as_refs(&args))?;
    if clock.fold
        && let Some(time) = made.borrow().downcast::<Time>()
    {
        time.clock.set(time.clock().with_fold(true));
    }
    Ok(made)
}

fn new(vm: &mut Vm, class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    if let [state, rest @ ..] = args.positionals()
        && rest.len() < 2
        && !args.has_keywords()
        && let Some(bytes) = text::state_bytes(*state, 6)
        && bytes[0] & 0x7f < 24
    {
        return from_state(vm, class, &bytes, rest.first().copied());
    }
    at_most(vm, args, 6, 5)?;
    let mut bound = [const { None }; 6];
    bind_args(vm, "function", "(hour=0, minute=0, second=0, microsecond=0, tzinfo=None, *, fold=0)", args, &mut bound)?;
    let mut fields = [0; 4];
    for (field, value) in fields.iter_mut().zip(&bound) {
        *field = int_argument(vm, value, 0)?;
    }
    let fold = int_argument(vm, &bound[5], 0)?;
    let clock = check_clock(vm, fields, fold)?;
    let zone = zone::argument(vm, bound[4].as_ref().map(Object::borrow))?;
    Ok(vm.allocate_in(class.get(), Time::new(clock, zone)))
}

/// Reads the time of a pickle.
pub fn clock_of_state(bytes: &[u8]) -> Clock {
    let microsecond = u32::from(bytes[3]) << 16 | u32::from(bytes[4]) << 8 | u32::from(bytes[5]);
    Clock { hour: bytes[0] & 0x7f, minute: bytes[1], second: bytes[2], microsecond, fold: bytes[0] & 0x80 != 0 }
}

/// The bytes of a time in a pickle, without the fold.
pub fn clock_state(clock: Clock) -> [u8; 6] {
    let [_, high, middle, low] = clock.microsecond.to_be_bytes();
    [clock.hour, clock.minute, clock.second, high, middle, low]
}

/// The zone of a pickle.
pub fn state_zone(vm: &mut Vm, value: Option<Ref<'_>>) -> PyResult<Option<Object>> {
    match value {
        Some(value) if !value.is_none() && !value.is_instance_of(&zone::TZINFO) => Err(vm.type_error("bad tzinfo state arg")),
        other => Ok(other.filter(|value| !value.is_none()).map(Ref::to_owned)),
    }
}

fn from_state(vm: &mut Vm, class: RefOf<'_, Type>, bytes: &[u8], zone: Option<Ref<'_>>) -> PyResult {
    let zone = state_zone(vm, zone)?;
    Ok(vm.allocate_in(class.get(), Time::new(clock_of_state(bytes), zone)))
}

fn repr(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let own = time(this);
    let clock = own.clock();
    let mut shown = format!("{}({}, {}", this.class().full_name(), clock.hour, clock.minute);
    shown += &zoned::seconds_repr(clock);
    shown += &zoned::zone_repr(vm, own)?;
    shown += zoned::fold_repr(clock);
    shown.push(')');
    Ok(vm.new_str(&shown).into_object())
}

fn offset(vm: &mut Vm, this: Ref<'_>) -> PyResult<Option<i128>> {
    zone::offset_of(vm, time(this).zone(), "utcoffset", Ref::NONE)
}

fn hash(vm: &mut Vm, this: Ref<'_>) -> PyResult<i64> {
    let own = time(this);
    if own.hash.get() == -1 {
        let clock = own.clock();
        // The fold has no part in equality: without it, both get the same hash.
        let plain = if clock.fold { vm.allocate(Time::new(clock.with_fold(false), own.zone.clone())).into_object() } else { this.to_owned() };
        let offset = offset(vm, plain.borrow())?;
        own.hash.set(zoned::hash(vm, offset, &clock_state(clock), clock.total())?);
    }
    Ok(own.hash.get())
}

fn compare(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>, op: Comparison) -> PyResult {
    let (Some(a), Some(b)) = (left.downcast::<Time>(), right.downcast::<Time>()) else {
        return Ok(Object::not_implemented());
    };
    let (first, second) = (a.clock().with_fold(false), b.clock().with_fold(false));
    if zoned::same_zone(a.zone(), b.zone()) {
        return Ok(Object::bool(ordering_satisfies(first.cmp(&second), op)));
    }
    let order = match (offset(vm, left)?, offset(vm, right)?) {
        (None, None) => first.cmp(&second),
        (Some(x), Some(y)) => (first.total() - x).cmp(&(second.total() - y)),
        _ => {
            return match op {
                Comparison::Equal => Ok(Object::bool(false)),
                Comparison::NotEqual => Ok(Object::bool(true)),
                _ => Err(vm.type_error("can't compare offset-naive and offset-aware times")),
            };
        }
    };
    Ok(Object::bool(ordering_satisfies(order, op)))
}

fn strptime(vm: &mut Vm, class: Ref<'_>, args: &[Ref<'_>]) -> PyResult {
    parse_with(vm, class, args, "_strptime_datetime_time")
}

/// The argument that says how much of a time is shown.
pub fn timespec(vm: &mut Vm, value: Option<Ref<'_>>, position: usize) -> PyResult<String> {
    let Some(value) = value else { return Ok("auto".into()) };
    match value.downcast::<Str>() {
        Some(text) => Ok(text.to_string_lossy().into_owned()),
        None => Err(vm.type_error(format!("isoformat() argument {position} must be str, not {}", value.class().full_name()))),
    }
}

fn isoformat(vm: &mut Vm, this: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let timespec = timespec(vm, args[0], 1)?;
    let mut shown = time(this).clock().iso(vm, &timespec)?;
    if let Some(offset) = offset(vm, this)? {
        shown += &zone::offset_text(offset, ":");
    }
    Ok(vm.new_str(&shown).into_object())
}

fn strftime(vm: &mut Vm, this: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let format = args[0].unwrap_or(Ref::NONE);
    let Some(format) = format.downcast::<Str>() else {
        return Err(vm.type_error(format!("strftime() argument 1 must be str, not {}", format.class().full_name())));
    };
    let own = time(this);
    let clock = own.clock();
    // The date is not looked at by formats of times.
    let fields = [1900, 1, 1, clock.hour.into(), clock.minute.into(), clock.second.into(), 0, 1, -1];
    let tuple = vm.new_tuple(fields.map(Object::small_int)).into_object();
    let moment = Moment { year: 1900, iso_year: 1900, microsecond: clock.microsecond, zone: own.zone.clone(), argument: Ref::NONE };
    text::strftime(vm, &moment, format.get(), tuple.borrow())
}

fn format(vm: &mut Vm, this: Ref<'_>, spec: Ref<'_>) -> PyResult {
    text::format(vm, this, spec)
}

fn utcoffset(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    zone::offset_object(vm, time(this).zone(), "utcoffset", Ref::NONE)
}

fn dst(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    zone::offset_object(vm, time(this).zone(), "dst", Ref::NONE)
}

fn tzname(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    zone::name_of(vm, time(this).zone(), Ref::NONE)
}

fn replace(vm: &mut Vm, this: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let own = time(this);
    let clock = own.clock();
    let mut fields = [clock.hour.into(), clock.minute.into(), clock.second.into(), i64::from(clock.microsecond)];
    zoned::replace_fields(vm, &mut fields, args)?;
    let (zone, fold) = zoned::replace_zone(vm, own, args[4], args[5])?;
    let clock = check_clock(vm, fields, fold)?;
    make(vm, this.class().object(), clock, zone)
}

fn from_iso_format(vm: &mut Vm, class: Ref<'_>, value: Ref<'_>) -> PyResult {
    let Some(shown) = value.downcast::<Str>() else {
        return Err(vm.type_error("fromisoformat: argument must be str"));
    };
    let found = shown.as_str().and_then(|text| text::parse_time(text.strip_prefix('T').unwrap_or(text).as_bytes()));
    let Some(mut found) = found else {
        return Err(text::invalid(vm, value));
    };
    zoned::normalize_midnight(vm, &mut found.fields)?;
    let clock = check_clock(vm, found.fields, 0)?;
    let zone = zoned::read_zone(vm, &found)?;
    make(vm, class, clock, zone)
}

fn reduce_as(vm: &mut Vm, this: Ref<'_>, protocol: i64) -> PyResult {
    let mut state = clock_state(time(this).clock());
    zoned::reduce::<Time>(vm, this, &mut state, 0, protocol)
}

fn reduce_protocol(vm: &mut Vm, this: Ref<'_>, protocol: Ref<'_>) -> PyResult {
    let protocol = zoned::protocol(vm, protocol)?;
    reduce_as(vm, this, protocol)
}

fn reduce(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    reduce_as(vm, this, 2)
}
