//! `tzinfo`, the base of time zones, and `timezone`, those with a fixed offset.

use super::datetime_type::{self, DateTime};
use super::delta::{self, DAY, Delta, SECOND};
use super::zoned::Zoned;
use bytecode::opcode::Comparison;
use object::call::{Args, bind_args};
use object::cell::{ObjectCell, Visitor};
use object::native::{PayloadInfo, flag};
use object::str::Str;
use object::{Method, Object, Payload, PyResult, Ref, RefOf, Slots, Type, TypeSpec, Vm, exception, method};

/// `datetime.tzinfo`
pub static TZINFO: Type = Type::new(&TZINFO_SPEC);
static TZINFO_SPEC: TypeSpec = TypeSpec {
    name: "datetime.tzinfo",
    doc: "Abstract base class for time zone info objects.",
    flags: flag::BASE_TYPE,
    slots: Slots { new: Some(|vm, class, _| Ok(vm.allocate_plain(class.get()))), ..Slots::NONE },
    methods: TZINFO_METHODS,
    ..TypeSpec::DEFAULT
};

const TZINFO_METHODS: &[Method] = &[
    method!(Binary abstract_tzname as "tzname" "($self, object, /)", "datetime -> string name of time zone."),
    method!(Binary abstract_utcoffset as "utcoffset" "($self, object, /)", "datetime -> timedelta showing offset from UTC, negative values indicating West of UTC"),
    method!(Binary abstract_dst as "dst" "($self, object, /)", "datetime -> DST offset as timedelta positive east of UTC."),
    method!(Binary from_utc as "fromutc" "($self, object, /)", "datetime in UTC -> datetime in local time."),
    method!(Unary reduce as "__reduce__" "($self, /)", "-> (cls, state)"),
];

/// The payload of a `timezone`.
pub struct Zone {
    pub offset: Object,
    name: Option<Object>,
}

impl Payload for Zone {
    fn class() -> &'static Type {
        &TIMEZONE
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        visitor.visit(self.offset.borrow());
        visitor.visit_all(&self.name);
    }
}

/// `datetime.timezone`
pub static TIMEZONE: Type = Type::new(&TIMEZONE_SPEC);
static TIMEZONE_SPEC: TypeSpec = TypeSpec {
    name: "datetime.timezone",
    doc: "Fixed offset from UTC implementation of tzinfo.",
    base: Some(&TZINFO),
    payload: PayloadInfo::of::<Zone>(),
    slots: Slots {
        new: Some(new),
        repr: Some(repr),
        str: Some(|vm, this| {
            let text = name_text(zone(this));
            Ok(vm.new_str(&text).into_object())
        }),
        hash: Some(|vm, this| vm.hash(zone(this).offset.borrow())),
        compare: Some(compare),
        ..Slots::NONE
    },
    methods: TIMEZONE_METHODS,
    ..TypeSpec::DEFAULT
};

const TIMEZONE_METHODS: &[Method] = &[
    method!(Binary tzname "($self, object, /)", "If name is specified when timezone is created, returns the name.  Otherwise returns offset as 'UTC(+|-)HH:MM'."),
    method!(Binary utcoffset "($self, object, /)", "Return fixed offset."),
    method!(Binary dst "($self, object, /)", "Return None."),
    method!(Binary zone_from_utc as "fromutc" "($self, object, /)", "datetime in UTC -> datetime in local time."),
    method!(Unary get_init_args as "__getinitargs__" "($self, /)", "pickle support"),
];

fn zone(object: Ref<'_>) -> &Zone {
    object.downcast::<Zone>().expect("the method belongs to timezones").get()
}

/// `timezone.utc`
static UTC: ObjectCell = ObjectCell::EMPTY;

/// The one zone of offset zero without a name.
pub fn utc(vm: &mut Vm) -> PyResult {
    if let Some(utc) = UTC.get() {
        return Ok(utc);
    }
    let offset = delta::make(vm, 0)?;
    let utc = vm.allocate(Zone { offset, name: None }).into_object();
    UTC.set(Some(utc.clone()));
    Ok(utc)
}

/// The zone with this offset in microseconds; zero is UTC.
pub fn fixed(vm: &mut Vm, offset: i128, name: Option<Object>) -> PyResult {
    if offset == 0 && name.is_none() {
        return utc(vm);
    }
    let delta = delta::make(vm, offset)?;
    if offset.abs() >= DAY {
        let shown = vm.repr_text(delta.borrow())?;
        return Err(vm.value_error(format!("offset must be a timedelta strictly between -timedelta(hours=24) and timedelta(hours=24), not {shown}")));
    }
    Ok(vm.allocate(Zone { offset: delta, name }).into_object())
}

fn new(vm: &mut Vm, _class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    let mut bound = [const { None }; 2];
    bind_args(vm, "timezone", "(offset, name=<unrepresentable>)", args, &mut bound)?;
    let [offset, name] = bound;
    let offset = offset.unwrap_or(Object::none());
    let Some(total) = delta::total_of(offset.borrow()) else {
        return Err(vm.type_error(format!("timezone() argument 1 must be datetime.timedelta, not {}", offset.borrow().class().full_name())));
    };
    if let Some(name) = &name
        && name.borrow().downcast::<Str>().is_none()
    {
        return Err(vm.type_error(format!("timezone() argument 2 must be str, not {}", name.borrow().class().full_name())));
    }
    fixed(vm, total, name)
}

fn repr(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    if UTC.get().is_some_and(|utc| utc.borrow().is(this)) {
        return Ok(vm.new_str("datetime.timezone.utc").into_object());
    }
    let own = zone(this);
    let offset = vm.repr_text(own.offset.borrow())?;
    let name = match &own.name {
        Some(name) => format!(", {}", vm.repr_text(name.borrow())?),
        None => String::new(),
    };
    Ok(vm.new_str(&format!("{}({offset}{name})", this.class().full_name())).into_object())
}

fn name_text(zone: &Zone) -> String {
    if let Some(name) = zone.name.as_ref().and_then(|name| name.borrow().downcast::<Str>()) {
        return name.to_string_lossy().into_owned();
    }
    match delta::total_of(zone.offset.borrow()).unwrap_or(0) {
        0 => "UTC".into(),
        offset => format!("UTC{}", offset_text(offset, ":")),
    }
}

/// An offset as `+hh:mm[:ss[.ffffff]]`.
pub fn offset_text(offset: i128, separator: &str) -> String {
    let sign = if offset < 0 { '-' } else { '+' };
    let magnitude = offset.abs();
    let (seconds, microseconds) = (magnitude / SECOND, magnitude % SECOND);
    let mut text = format!("{sign}{:02}{separator}{:02}", seconds / 3600, seconds / 60 % 60);
    if seconds % 60 != 0 || microseconds != 0 {
        text += &format!("{separator}{:02}", seconds % 60);
    }
    if microseconds != 0 {
        text += &format!(".{microseconds:06}");
    }
    text
}

fn compare(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>, op: Comparison) -> PyResult {
    match right.downcast::<Zone>() {
        Some(other) if matches!(op, Comparison::Equal | Comparison::NotEqual) => vm.compare(zone(left).offset.borrow(), other.offset.borrow(), op),
        _ => Ok(Object::not_implemented()),
    }
}

/// A zone's methods take a datetime or `None`.
fn check_argument(vm: &mut Vm, value: Ref<'_>, method: &str) -> PyResult<()> {
    if value.is_none() || value.downcast::<DateTime>().is_some() {
        return Ok(());
    }
    Err(vm.type_error(format!("{method}(dt) argument must be a datetime instance or None, not {}", value.class().full_name())))
}

fn tzname(vm: &mut Vm, this: Ref<'_>, value: Ref<'_>) -> PyResult {
    check_argument(vm, value, "tzname")?;
    if let Some(name) = &zone(this).name {
        return Ok(name.clone());
    }
    let text = name_text(zone(this));
    Ok(vm.new_str(&text).into_object())
}

fn utcoffset(vm: &mut Vm, this: Ref<'_>, value: Ref<'_>) -> PyResult {
    check_argument(vm, value, "utcoffset")?;
    Ok(zone(this).offset.clone())
}

fn dst(vm: &mut Vm, _this: Ref<'_>, value: Ref<'_>) -> PyResult {
    check_argument(vm, value, "dst")?;
    Ok(Object::none())
}

/// The datetime that a zone's `fromutc` is given, which must be in that zone.
pub fn own_datetime<'a>(vm: &mut Vm, this: Ref<'_>, value: Ref<'a>) -> PyResult<&'a DateTime> {
    let Some(datetime) = value.downcast::<DateTime>() else {
        return Err(vm.type_error("fromutc: argument must be a datetime"));
    };
    if !datetime.zone().is_some_and(|zone| zone.is(this)) {
        return Err(vm.value_error("fromutc: dt.tzinfo is not self"));
    }
    Ok(datetime.get())
}

fn zone_from_utc(vm: &mut Vm, this: Ref<'_>, value: Ref<'_>) -> PyResult {
    own_datetime(vm, this, value)?;
    let offset = delta::total_of(zone(this).offset.borrow()).unwrap_or(0);
    datetime_type::shifted(vm, value, offset)
}

fn get_init_args(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let own = zone(this);
    let args: Vec<Object> = [Some(own.offset.clone()), own.name.clone()].into_iter().flatten().collect();
    Ok(vm.new_tuple(args).into_object())
}

fn not_implemented(vm: &mut Vm, method: &str) -> PyResult {
    Err(vm.raise(&exception::NOT_IMPLEMENTED_ERROR, format!("a tzinfo subclass must implement {method}()")))
}

fn abstract_tzname(vm: &mut Vm, _this: Ref<'_>, _value: Ref<'_>) -> PyResult {
    not_implemented(vm, "tzname")
}

fn abstract_utcoffset(vm: &mut Vm, _this: Ref<'_>, _value: Ref<'_>) -> PyResult {
    not_implemented(vm, "utcoffset")
}

fn abstract_dst(vm: &mut Vm, _this: Ref<'_>, _value: Ref<'_>) -> PyResult {
    not_implemented(vm, "dst")
}

fn from_utc(vm: &mut Vm, this: Ref<'_>, value: Ref<'_>) -> PyResult {
    own_datetime(vm, this, value)?;
    let Some(offset) = offset_of(vm, Some(this), "utcoffset", value)? else {
        return Err(vm.value_error("fromutc: non-None utcoffset() result required"));
    };
    let Some(saving) = offset_of(vm, Some(this), "dst", value)? else {
        return Err(vm.value_error("fromutc: non-None dst() result required"));
    };
    let standard = datetime_type::shifted(vm, value, offset - saving)?;
    let zone = standard.borrow().downcast::<DateTime>().and_then(|datetime| datetime.zone().map(Ref::to_owned));
    let Some(saving) = offset_of(vm, zone.as_ref().map(Object::borrow), "dst", standard.borrow())? else {
        return Err(vm.value_error("fromutc: tz.dst() gave inconsistent results; cannot convert"));
    };
    if saving == 0 { Ok(standard) } else { datetime_type::shifted(vm, standard.borrow(), saving) }
}

fn reduce(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let args = match vm.find_attr_str(this, "__getinitargs__")? {
        Some(get) => vm.call(get.borrow(), &[])?,
        None => vm.new_tuple([]).into_object(),
    };
    let state = vm.call_method(this, "__getstate__", &[])?;
    Ok(vm.new_tuple([this.class().to_object(), args, state]).into_object())
}

/// What a zone's `utcoffset` or `dst` says of a time, in microseconds.
pub fn offset_of(vm: &mut Vm, zone: Option<Ref<'_>>, method: &str, argument: Ref<'_>) -> PyResult<Option<i128>> {
    let Some(zone) = zone else { return Ok(None) };
    if let Some(fixed) = zone.downcast_exact::<Zone>() {
        return Ok(if method == "dst" { None } else { delta::total_of(fixed.offset.borrow()) });
    }
    let answer = vm.call_method(zone, method, &[argument])?;
    if answer.borrow().is_none() {
        return Ok(None);
    }
    let Some(delta) = answer.borrow().downcast::<Delta>() else {
        let class = answer.borrow().class().full_name().to_owned();
        return Err(vm.type_error(format!("tzinfo.{method}() must return None or timedelta, not '{class}'")));
    };
    let total = delta.total();
    if total.abs() >= DAY {
        let shown = vm.repr_text(answer.borrow())?;
        return Err(vm.value_error(format!("offset must be a timedelta strictly between -timedelta(hours=24) and timedelta(hours=24), not {shown}")));
    }
    Ok(Some(total))
}

/// The same as a `timedelta` or `None`.
pub fn offset_object(vm: &mut Vm, zone: Option<Ref<'_>>, method: &str, argument: Ref<'_>) -> PyResult {
    match offset_of(vm, zone, method, argument)? {
        Some(offset) => delta::make(vm, offset),
        None => Ok(Object::none()),
    }
}

/// What a zone's `tzname` says.
pub fn name_of(vm: &mut Vm, zone: Option<Ref<'_>>, argument: Ref<'_>) -> PyResult {
    let Some(zone) = zone else { return Ok(Object::none()) };
    let answer = vm.call_method(zone, "tzname", &[argument])?;
    if answer.borrow().is_none() || answer.borrow().downcast::<Str>().is_some() {
        return Ok(answer);
    }
    let class = answer.borrow().class().full_name().to_owned();
    Err(vm.type_error(format!("tzinfo.tzname() must return None or a string, not '{class}'")))
}

/// A zone argument: `None` or an instance of `tzinfo`.
pub fn argument(vm: &mut Vm, value: Option<Ref<'_>>) -> PyResult<Option<Object>> {
    match value {
        Some(value) if !value.is_none() => {
            if !value.is_instance_of(&TZINFO) {
                let class = value.class().full_name();
                return Err(vm.type_error(format!("tzinfo argument must be None or of a tzinfo subclass, not type '{class}'")));
            }
            Ok(Some(value.to_owned()))
        }
        _ => Ok(None),
    }
}
