//! `datetime`: a date with a time of day, perhaps in a zone.

use super::calendar::{self, MAX_ORDINAL};
use super::date_type::{self, DATE, Date, at_most, missing, parse_with};
use super::delta::{self, DAY, SECOND};
use super::system::{self, EPOCH, total_seconds};
use super::text::{self, Clock, check_clock, check_date, int_argument};
use super::time_type::{self, Time, clock_of_state, clock_state, state_zone, timespec};
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

/// The payload of a `datetime`: it starts with that of a `date`.
#[repr(C)]
pub struct DateTime {
    date: Date,
    clock: Cell<Clock>,
    zone: Option<Object>,
}

impl Payload for DateTime {
    fn class() -> &'static Type {
        &DATETIME
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        visitor.visit_all(&self.zone);
    }
}

impl DateTime {
    fn new((year, month, day): (i64, i64, i64), clock: Clock, zone: Option<Object>) -> DateTime {
        DateTime { date: Date::new(year, month, day), clock: Cell::new(clock), zone }
    }

    /// Seconds since 1970 by its own clock, the year and the fold.
    pub fn local_moment(&self) -> (i64, i64, bool) {
        let seconds = total_seconds(self.date.fields(), self.clock()) - EPOCH;
        (seconds, self.date.year.into(), self.clock().fold)
    }

    /// Microseconds since the beginning of the calendar.
    fn total(&self) -> i128 {
        i128::from(self.date.ordinal()) * DAY + self.clock().total()
    }
}

impl Zoned for DateTime {
    fn clock(&self) -> Clock {
        self.clock.get()
    }

    fn zone(&self) -> Option<Ref<'_>> {
        self.zone.as_ref().map(Object::borrow)
    }
}

/// `datetime.datetime`
pub static DATETIME: Type = Type::new(&DATETIME_SPEC);
static DATETIME_SPEC: TypeSpec = TypeSpec {
    name: "datetime.datetime",
    doc: "datetime(year, month, day[, hour[, minute[, second[, microsecond[,tzinfo]]]]])\n\nThe year, month and day arguments are required. tzinfo may be None, or an\ninstance of a tzinfo subclass. The remaining arguments may be ints.\n",
    base: Some(&DATE),
    flags: flag::BASE_TYPE,
    payload: PayloadInfo::of::<DateTime>(),
    slots: Slots {
        new: Some(new),
        repr: Some(repr),
        str: Some(|vm, this| {
            let separator = vm.new_str(" ").into_object();
            vm.call_method(this, "isoformat", &[separator.borrow()])
        }),
        hash: Some(hash),
        compare: Some(compare),
        add: Some(|vm, left, right| if left.downcast::<DateTime>().is_some() { add(vm, left, right) } else { add(vm, right, left) }),
        subtract: Some(subtract),
        ..Slots::NONE
    },
    methods: METHODS,
    getsets: &zoned::getsets::<DateTime>(),
    ..TypeSpec::DEFAULT
};

const METHODS: &[Method] = &[
    method!(Bound now "($type, /, tz=None)", "Returns new datetime object representing current time local to tz.\n\n  tz\n    Timezone object.\n\nIf no tz is specified, uses local timezone.").class_method(),
    method!(Unary utcnow "($type, /)", "Return a new datetime representing UTC day and time.").class_method(),
    method!(Bound from_timestamp as "fromtimestamp" "($type, /, timestamp, tz=None)", "timestamp[, tz] -> tz's local time from POSIX timestamp.").class_method(),
    method!(Binary utc_from_timestamp as "utcfromtimestamp" "($type, timestamp, /)", "Construct a naive UTC datetime from a POSIX timestamp.").class_method(),
    method!(Many strptime "($type, string, format, /)", "string, format -> new datetime parsed from a string (like time.strptime()).").class_method(),
    method!(Bound combine "($type, /, date, time, tzinfo=<unrepresentable>)", "date, time -> datetime with same date and time fields").class_method(),
    method!(Binary from_iso_format as "fromisoformat" "($type, object, /)", "string -> datetime from a string in most ISO 8601 formats").class_method(),
    method!(Unary date "($self, /)", "Return date object with same year, month and day."),
    method!(Unary time "($self, /)", "Return time object with same time but with tzinfo=None."),
    method!(Unary timetz "($self, /)", "Return time object with same time and tzinfo."),
    method!(Unary ctime "($self, /)", "Return ctime() style string."),
    method!(Unary timetuple "($self, /)", "Return time tuple, compatible with time.localtime()."),
    method!(Unary timestamp "($self, /)", "Return POSIX timestamp as float."),
    method!(Unary utctimetuple "($self, /)", "Return UTC time tuple, compatible with time.localtime()."),
    method!(Bound isoformat "($self, /, sep='T', timespec='auto')", "[sep] -> string in ISO 8601 format, YYYY-MM-DDT[HH[:MM[:SS[.mmm[uuu]]]]][+HH:MM].\nsep is used to separate the year from the time, and defaults to 'T'.\nThe optional argument timespec specifies the number of additional terms\nof the time to include. Valid options are 'auto', 'hours', 'minutes',\n'seconds', 'milliseconds' and 'microseconds'.\n"),
    method!(Unary utcoffset "($self, /)", "Return self.tzinfo.utcoffset(self)."),
    method!(Unary tzname "($self, /)", "Return self.tzinfo.tzname(self)."),
    method!(Unary dst "($self, /)", "Return self.tzinfo.dst(self)."),
    method!(Bound replace "($self, /, year=<unrepresentable>, month=<unrepresentable>, day=<unrepresentable>, hour=<unrepresentable>, minute=<unrepresentable>, second=<unrepresentable>, microsecond=<unrepresentable>, tzinfo=<unrepresentable>, *, fold=<unrepresentable>)", "Return datetime with new specified fields."),
    method!(Bound replace as "__replace__" "($self, /, year=<unrepresentable>, month=<unrepresentable>, day=<unrepresentable>, hour=<unrepresentable>, minute=<unrepresentable>, second=<unrepresentable>, microsecond=<unrepresentable>, tzinfo=<unrepresentable>, fold=<unrepresentable>)", "The same as replace()."),
    method!(Bound astimezone "($self, /, tz=None)", "tz -> convert to local time in new timezone tz\n"),
    method!(Binary reduce_protocol as "__reduce_ex__" "($self, proto, /)", "__reduce_ex__(proto) -> (cls, state)"),
    method!(Unary reduce as "__reduce__" "($self, /)", "__reduce__() -> (cls, state)"),
];

pub fn datetime(object: Ref<'_>) -> &DateTime {
    object.downcast::<DateTime>().expect("the method belongs to datetimes").get()
}

/// A datetime of a class: subclasses are called.
fn make(vm: &mut Vm, class: Ref<'_>, date: (i64, i64, i64), clock: Clock, zone: Option<Object>) -> PyResult {
    if class.is(DATETIME.object()) {
        check_date(vm, date.0, date.1, date.2)?;
        return Ok(vm.allocate(DateTime::new(date, clock, zone)).into_object());
    }
    let numbers = [date.0, date.1, date.2, clock.hour.into(), clock.minute.into(), clock.second.into(), clock.microsecond.into()];
    let mut args: Vec<Object> = numbers.map(Object::small_int).to_vec();
    args.push(zone.unwrap_or(Object::none()));
    let made = vm.call(class, Object::as_refs(&args))?;
    if clock.fold
        && let Some(own) = made.borrow().downcast::<DateTime>()
    {
        own.clock.set(own.clock().with_fold(true));
    }
    Ok(made)
}

/// The same datetime so many microseconds later, in the same zone and of the same class.
pub fn shifted(vm: &mut Vm, this: Ref<'_>, length: i128) -> PyResult {
    let own = datetime(this);
    shifted_to(vm, this.class().object(), own.total() + length, own.zone.clone())
}

fn shifted_to(vm: &mut Vm, class: Ref<'_>, total: i128, zone: Option<Object>) -> PyResult {
    let ordinal = total.div_euclid(DAY);
    if !(1..=i128::from(MAX_ORDINAL)).contains(&ordinal) {
        return Err(vm.overflow_error("date value out of range"));
    }
    make(vm, class, calendar::from_ordinal(ordinal as i64), Clock::from_total(total), zone)
}

/// Marks a datetime as the second of two that look alike, or leaves it as it is.
pub fn set_fold(vm: &mut Vm, object: Object, fold: bool) -> PyResult {
    if !fold {
        return Ok(object);
    }
    let own = datetime(object.borrow());
    make(vm, object.borrow().class().object(), own.date.fields(), own.clock().with_fold(true), own.zone.clone())
}

fn new(vm: &mut Vm, class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    if let [state, rest @ ..] = args.positionals()
        && rest.len() < 2
        && !args.has_keywords()
        && let Some(bytes) = text::state_bytes(*state, 10)
        && (1..=12).contains(&(bytes[2] & 0x7f))
    {
        let zone = state_zone(vm, rest.first().copied())?;
        let date = (i64::from(bytes[0]) << 8 | i64::from(bytes[1]), i64::from(bytes[2] & 0x7f), i64::from(bytes[3]));
        let clock = clock_of_state(&bytes[4..]).with_fold(bytes[2] & 0x80 != 0);
        return Ok(vm.allocate_in(class.get(), DateTime::new(date, clock, zone)));
    }
    at_most(vm, args, 9, 8)?;
    let mut bound = [const { None }; 9];
    let signature =
        "(year=<unrepresentable>, month=<unrepresentable>, day=<unrepresentable>, hour=0, minute=0, second=0, microsecond=0, tzinfo=None, *, fold=0)";
    bind_args(vm, "function", signature, args, &mut bound)?;
    missing(vm, &bound, &["year", "month", "day"])?;
    let mut fields = [0; 7];
    for (field, value) in fields.iter_mut().zip(&bound) {
        *field = int_argument(vm, value, 0)?;
    }
    let fold = int_argument(vm, &bound[8], 0)?;
    let [year, month, day, hour, minute, second, microsecond] = fields;
    check_date(vm, year, month, day)?;
    let clock = check_clock(vm, [hour, minute, second, microsecond], fold)?;
    let zone = zone::argument(vm, bound[7].as_ref().map(Object::borrow))?;
    Ok(vm.allocate_in(class.get(), DateTime::new((year, month, day), clock, zone)))
}

fn repr(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let own = datetime(this);
    let (year, month, day) = own.date.fields();
    let clock = own.clock();
    let mut shown = format!("{}({year}, {month}, {day}, {}, {}", this.class().full_name(), clock.hour, clock.minute);
    shown += &zoned::seconds_repr(clock);
    shown += zoned::fold_repr(clock);
    shown += &zoned::zone_repr(vm, own)?;
    shown.push(')');
    Ok(vm.new_str(&shown).into_object())
}

fn offset(vm: &mut Vm, this: Ref<'_>) -> PyResult<Option<i128>> {
    zone::offset_of(vm, datetime(this).zone(), "utcoffset", this)
}

/// The same datetime with the fold given.
fn with_fold(vm: &Vm, own: &DateTime, fold: bool) -> Object {
    vm.allocate(DateTime::new(own.date.fields(), own.clock().with_fold(fold), own.zone.clone())).into_object()
}

fn state(own: &DateTime) -> [u8; 10] {
    let (year, month, day) = (own.date.year, own.date.month, own.date.day);
    let mut state = [(year >> 8) as u8, year as u8, month, day, 0, 0, 0, 0, 0, 0];
    state[4..].copy_from_slice(&clock_state(own.clock()));
    state
}

fn hash(vm: &mut Vm, this: Ref<'_>) -> PyResult<i64> {
    let own = datetime(this);
    if own.date.hash.get() == -1 {
        let plain = if own.clock().fold { with_fold(vm, own, false) } else { this.to_owned() };
        let offset = offset(vm, plain.borrow())?;
        own.date.hash.set(zoned::hash(vm, offset, &state(own), own.total())?);
    }
    Ok(own.date.hash.get())
}

/// Whether the offset depends on the fold: such a time is equal to none of another zone.
fn is_ambiguous(vm: &mut Vm, this: Ref<'_>, known: Option<i128>) -> PyResult<bool> {
    let own = datetime(this);
    let flipped = with_fold(vm, own, !own.clock().fold);
    Ok(offset(vm, flipped.borrow())? != known)
}

fn compare(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>, op: Comparison) -> PyResult {
    let (Some(a), Some(b)) = (left.downcast::<DateTime>(), right.downcast::<DateTime>()) else {
        return Ok(Object::not_implemented());
    };
    let (first, second) = (a.total(), b.total());
    if zoned::same_zone(a.zone(), b.zone()) {
        return Ok(Object::bool(ordering_satisfies(first.cmp(&second), op)));
    }
    let offsets = (offset(vm, left)?, offset(vm, right)?);
    let equality = matches!(op, Comparison::Equal | Comparison::NotEqual);
    let order = match offsets {
        (None, None) => first.cmp(&second),
        (Some(x), Some(y)) => (first - x).cmp(&(second - y)),
        _ if equality => return Ok(Object::bool(op == Comparison::NotEqual)),
        _ => return Err(vm.type_error("can't compare offset-naive and offset-aware datetimes")),
    };
    if equality && order.is_eq() && (is_ambiguous(vm, left, offsets.0)? || is_ambiguous(vm, right, offsets.1)?) {
        return Ok(Object::bool(op == Comparison::NotEqual));
    }
    Ok(Object::bool(ordering_satisfies(order, op)))
}

fn add(vm: &mut Vm, this: Ref<'_>, length: Ref<'_>) -> PyResult {
    match (this.downcast::<DateTime>(), delta::total_of(length)) {
        (Some(_), Some(length)) => shifted(vm, this, length),
        _ => Ok(Object::not_implemented()),
    }
}

fn subtract(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>) -> PyResult {
    let Some(a) = left.downcast::<DateTime>() else {
        return Ok(Object::not_implemented());
    };
    let Some(b) = right.downcast::<DateTime>() else {
        return match delta::total_of(right) {
            Some(length) => shifted(vm, left, -length),
            None => Ok(Object::not_implemented()),
        };
    };
    let difference = a.total() - b.total();
    if zoned::same_zone(a.zone(), b.zone()) {
        return delta::make(vm, difference);
    }
    match (offset(vm, left)?, offset(vm, right)?) {
        (None, None) => delta::make(vm, difference),
        (Some(x), Some(y)) => delta::make(vm, difference - x + y),
        _ => Err(vm.type_error("can't subtract offset-naive and offset-aware datetimes")),
    }
}

/// The datetime of a moment, by local time or in a zone.
fn at_moment(vm: &mut Vm, class: Ref<'_>, seconds: i64, microsecond: u32, zone: Option<Object>) -> PyResult {
    let found = match &zone {
        None => system::local_with_fold(vm, seconds)?,
        Some(_) => system::universal(vm, seconds)?,
    };
    let clock = Clock { microsecond, ..found.clock };
    let made = make(vm, class, found.date, clock, zone.clone())?;
    match zone {
        None => Ok(made),
        Some(zone) => vm.call_method(zone.borrow(), "fromutc", &[made.borrow()]),
    }
}

/// The datetime of a moment by UTC, without a zone.
fn universal(vm: &mut Vm, class: Ref<'_>, seconds: i64, microsecond: u32) -> PyResult {
    let found = system::universal(vm, seconds)?;
    make(vm, class, found.date, Clock { microsecond, ..found.clock }, None)
}

fn now(vm: &mut Vm, class: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let zone = zone::argument(vm, args[0])?;
    let (seconds, microsecond) = system::now();
    at_moment(vm, class, seconds, microsecond, zone)
}

fn utcnow(vm: &mut Vm, class: Ref<'_>) -> PyResult {
    system::deprecated(
        vm,
        "datetime.datetime.utcnow() is deprecated and scheduled for removal in a future version. Use timezone-aware objects to represent datetimes in UTC: datetime.datetime.now(datetime.UTC).",
    )?;
    let (seconds, microsecond) = system::now();
    universal(vm, class, seconds, microsecond)
}

fn from_timestamp(vm: &mut Vm, class: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let zone = zone::argument(vm, args[1])?;
    let (seconds, microsecond) = system::seconds_and_microseconds(vm, args[0].unwrap_or(Ref::NONE))?;
    at_moment(vm, class, seconds, microsecond, zone)
}

fn utc_from_timestamp(vm: &mut Vm, class: Ref<'_>, timestamp: Ref<'_>) -> PyResult {
    system::deprecated(
        vm,
        "datetime.datetime.utcfromtimestamp() is deprecated and scheduled for removal in a future version. Use timezone-aware objects to represent datetimes in UTC: datetime.datetime.fromtimestamp(timestamp, datetime.UTC).",
    )?;
    let (seconds, microsecond) = system::seconds_and_microseconds(vm, timestamp)?;
    universal(vm, class, seconds, microsecond)
}

fn strptime(vm: &mut Vm, class: Ref<'_>, args: &[Ref<'_>]) -> PyResult {
    parse_with(vm, class, args, "_strptime_datetime_datetime")
}

fn combine(vm: &mut Vm, class: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let (date, time) = (args[0].unwrap_or(Ref::NONE), args[1].unwrap_or(Ref::NONE));
    let Some(date) = date.downcast::<Date>() else {
        return Err(vm.type_error(format!("combine() argument 1 must be datetime.date, not {}", date.class().full_name())));
    };
    let Some(time) = time.downcast::<Time>() else {
        return Err(vm.type_error(format!("combine() argument 2 must be datetime.time, not {}", time.class().full_name())));
    };
    let zone = match args[2] {
        Some(zone) => zone::argument(vm, Some(zone))?,
        None => time.zone().map(Ref::to_owned),
    };
    make(vm, class, date.fields(), time.clock(), zone)
}

fn from_iso_format(vm: &mut Vm, class: Ref<'_>, value: Ref<'_>) -> PyResult {
    let Some(shown) = value.downcast::<Str>() else {
        return Err(vm.type_error("fromisoformat: argument must be str"));
    };
    // The separator may be any character; the rest is ASCII.
    let ascii: Vec<u8> = shown.get().code_points().map(|point| if point < 128 { point as u8 } else { b'?' }).collect();
    let Some((date, time)) = split_and_parse(&ascii) else {
        return Err(text::invalid(vm, value));
    };
    let (mut year, mut month, mut day) = date;
    let mut fields = time.fields;
    if (1..=12).contains(&month) && zoned::normalize_midnight(vm, &mut fields)? {
        check_date(vm, year, month, day)?;
        day += 1;
        if day > calendar::days_in_month(year, month) {
            day = 1;
            month += 1;
            if month > 12 {
                month = 1;
                year += 1;
            }
        }
    }
    check_date(vm, year, month, day)?;
    let clock = check_clock(vm, fields, 0)?;
    let zone = zoned::read_zone(vm, &time)?;
    make(vm, class, (year, month, day), clock, zone)
}

fn split_and_parse(ascii: &[u8]) -> Option<((i64, i64, i64), text::ReadTime)> {
    if ascii.len() < 7 {
        return None;
    }
    let end = text::separator_position(ascii)?;
    let date = text::parse_date(ascii.get(..end)?)?;
    if end == ascii.len() {
        return Some((date, text::ReadTime::default()));
    }
    Some((date, text::parse_time(ascii.get(end + 1..)?)?))
}

fn date(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let (year, month, day) = datetime(this).date.fields();
    date_type::make(vm, DATE.object(), year, month, day)
}

fn time(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    time_type::make(vm, time_type::TIME.object(), datetime(this).clock(), None)
}

fn timetz(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let own = datetime(this);
    time_type::make(vm, time_type::TIME.object(), own.clock(), own.zone.clone())
}

fn ctime(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let own = datetime(this);
    Ok(text::ctime(vm, own.date.fields(), own.clock()))
}

fn timetuple(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let own = datetime(this);
    let saving = match zone::offset_of(vm, own.zone(), "dst", this)? {
        None => -1,
        Some(saving) => i64::from(saving != 0),
    };
    text::time_tuple(vm, own.date.fields(), own.clock(), saving)
}

fn utctimetuple(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let own = datetime(this);
    let total = own.total() - offset(vm, this)?.unwrap_or(0);
    let ordinal = total.div_euclid(DAY);
    if !(1..=i128::from(MAX_ORDINAL)).contains(&ordinal) {
        return Err(vm.overflow_error("date value out of range"));
    }
    text::time_tuple(vm, calendar::from_ordinal(ordinal as i64), Clock::from_total(total), 0)
}

fn timestamp(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let own = datetime(this);
    if own.zone.is_none() {
        let seconds = system::from_local(vm, total_seconds(own.date.fields(), own.clock()), own.clock().fold)?;
        return Ok(vm.new_float((seconds - EPOCH) as f64 + f64::from(own.clock().microsecond) / 1e6));
    }
    let Some(offset) = offset(vm, this)? else {
        return Err(vm.type_error("can't subtract offset-naive and offset-aware datetimes"));
    };
    let passed = delta::make(vm, own.total() - offset - i128::from(EPOCH) * SECOND)?;
    vm.call_method(passed.borrow(), "total_seconds", &[])
}

fn isoformat(vm: &mut Vm, this: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let separator = match args[0] {
        None => u32::from(b'T'),
        Some(value) => match value.downcast::<Str>() {
            Some(text) if text.len() == 1 => text.char_at(0),
            Some(text) => {
                let n = text.len();
                return Err(vm.type_error(format!("isoformat() argument 1 must be a unicode character, not a string of length {n}")));
            }
            None => {
                let class = value.class().full_name();
                return Err(vm.type_error(format!("isoformat() argument 1 must be a unicode character, not {class}")));
            }
        },
    };
    let timespec = timespec(vm, args[1], 2)?;
    let own = datetime(this);
    let (year, month, day) = own.date.fields();
    let clock = own.clock().iso(vm, &timespec)?;
    let mut shown = object::str::StrBuilder::with_capacity(32);
    shown.push_str(&format!("{year:04}-{month:02}-{day:02}"));
    shown.push(separator);
    shown.push_str(&clock);
    if let Some(offset) = offset(vm, this)? {
        shown.push_str(&zone::offset_text(offset, ":"));
    }
    Ok(shown.finish(vm).into_object())
}

fn utcoffset(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    zone::offset_object(vm, datetime(this).zone(), "utcoffset", this)
}

fn dst(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    zone::offset_object(vm, datetime(this).zone(), "dst", this)
}

fn tzname(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    zone::name_of(vm, datetime(this).zone(), this)
}

fn replace(vm: &mut Vm, this: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let own = datetime(this);
    let ((year, month, day), clock) = (own.date.fields(), own.clock());
    let mut fields = [year, month, day, clock.hour.into(), clock.minute.into(), clock.second.into(), i64::from(clock.microsecond)];
    zoned::replace_fields(vm, &mut fields, args)?;
    let (zone, fold) = zoned::replace_zone(vm, own, args[7], args[8])?;
    let [year, month, day, hour, minute, second, microsecond] = fields;
    check_date(vm, year, month, day)?;
    let clock = check_clock(vm, [hour, minute, second, microsecond], fold)?;
    make(vm, this.class().object(), (year, month, day), clock, zone)
}

/// The machine's zone at a local time. One that the local clock skips belongs to the zone before or
/// after, as the fold says.
fn local_zone(vm: &mut Vm, own: &DateTime) -> PyResult {
    let (shown, fold) = (total_seconds(own.date.fields(), own.clock()), own.clock().fold);
    let mut seconds = system::from_local(vm, shown, fold)?;
    let other = system::from_local(vm, shown, !fold)?;
    if other != seconds && (other > seconds) == fold {
        seconds = other;
    }
    system::local_zone(vm, seconds - EPOCH)
}

fn astimezone(vm: &mut Vm, this: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let wanted = zone::argument(vm, args[0])?;
    let own = datetime(this);
    let mut from = match &own.zone {
        Some(zone) => zone.clone(),
        None => local_zone(vm, own)?,
    };
    if wanted.as_ref().is_some_and(|wanted| wanted.borrow().is(from.borrow())) {
        return Ok(this.to_owned());
    }
    let mut offset = zone::offset_of(vm, Some(from.borrow()), "utcoffset", this)?;
    if offset.is_none() {
        from = local_zone(vm, own)?;
        offset = zone::offset_of(vm, Some(from.borrow()), "utcoffset", this)?;
    }
    let total = own.total() - offset.unwrap_or(0);
    let utc = zone::utc(vm)?;
    let universal = shifted_to(vm, this.class().object(), total, Some(utc.clone()))?;
    let wanted = match wanted {
        Some(wanted) => wanted,
        None => {
            let seconds = total.div_euclid(SECOND) as i64;
            system::local_zone(vm, seconds - EPOCH)?
        }
    };
    if wanted.borrow().is(utc.borrow()) {
        return Ok(universal);
    }
    let made = datetime(universal.borrow());
    let there = make(vm, this.class().object(), made.date.fields(), made.clock(), Some(wanted.clone()))?;
    vm.call_method(wanted.borrow(), "fromutc", &[there.borrow()])
}

fn reduce_as(vm: &mut Vm, this: Ref<'_>, protocol: i64) -> PyResult {
    let mut state = state(datetime(this));
    zoned::reduce::<DateTime>(vm, this, &mut state, 2, protocol)
}

fn reduce_protocol(vm: &mut Vm, this: Ref<'_>, protocol: Ref<'_>) -> PyResult {
    let protocol = zoned::protocol(vm, protocol)?;
    reduce_as(vm, this, protocol)
}

fn reduce(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    reduce_as(vm, this, 2)
}
