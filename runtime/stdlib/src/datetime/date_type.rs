//! `date`, and the named tuple of `isocalendar()`.

use super::calendar::{self, IsoProblem, MAX_ORDINAL};
use super::datetime_type::DateTime;
use super::delta::{self, DAY};
use super::system;
use super::text::{self, Clock, Moment, check_date, int_argument};
use super::zoned::Zoned;
use bytecode::opcode::Comparison;
use object::call::{Args, bind_args};
use object::native::{PayloadInfo, flag};
use object::protocol::ordering_satisfies;
use object::str::Str;
use object::tuple::{TUPLE, Tuple};
use object::{Getset, Method, Object, Payload, PyResult, Ref, RefOf, Slots, Type, TypeSpec, Vm, exception, int, method};
use std::cell::Cell;

/// The payload of a `date`.
#[repr(C)]
pub struct Date {
    pub year: u16,
    pub month: u8,
    pub day: u8,
    /// -1: not computed.
    pub hash: Cell<i64>,
}

impl Payload for Date {
    fn class() -> &'static Type {
        &DATE
    }
}

impl Date {
    pub fn new(year: i64, month: i64, day: i64) -> Date {
        Date { year: year as u16, month: month as u8, day: day as u8, hash: Cell::new(-1) }
    }

    pub fn fields(&self) -> (i64, i64, i64) {
        (self.year.into(), self.month.into(), self.day.into())
    }

    pub fn ordinal(&self) -> i64 {
        calendar::to_ordinal(self.year.into(), self.month.into(), self.day.into())
    }
}

/// `datetime.date`
pub static DATE: Type = Type::new(&DATE_SPEC);
static DATE_SPEC: TypeSpec = TypeSpec {
    name: "datetime.date",
    doc: "date(year, month, day) --> date object",
    flags: flag::BASE_TYPE,
    payload: PayloadInfo::leaf::<Date>(),
    slots: Slots {
        new: Some(new),
        repr: Some(|vm, this| {
            let own = date(this);
            Ok(vm.new_str(&format!("{}({}, {}, {})", this.class().full_name(), own.year, own.month, own.day)).into_object())
        }),
        str: Some(|vm, this| vm.call_method(this, "isoformat", &[])),
        hash: Some(hash),
        compare: Some(compare),
        add: Some(|vm, left, right| if left.downcast::<Date>().is_some() { shift(vm, left, right, 1) } else { shift(vm, right, left, 1) }),
        subtract: Some(subtract),
        ..Slots::NONE
    },
    methods: METHODS,
    getsets: &[
        Getset::readonly("year", "", |_, this| Ok(Object::small_int(date(this).year.into()))),
        Getset::readonly("month", "", |_, this| Ok(Object::small_int(date(this).month.into()))),
        Getset::readonly("day", "", |_, this| Ok(Object::small_int(date(this).day.into()))),
    ],
    ..TypeSpec::DEFAULT
};

const METHODS: &[Method] = &[
    method!(Binary from_timestamp as "fromtimestamp" "($type, timestamp, /)", "Create a date from a POSIX timestamp.\n\nThe timestamp is a number, e.g. created via time.time(), that is\ninterpreted as local time.").class_method(),
    method!(Binary from_ordinal as "fromordinal" "($type, ordinal, /)", "int -> date corresponding to a proleptic Gregorian ordinal.").class_method(),
    method!(Binary from_iso_format as "fromisoformat" "($type, object, /)", "str -> Construct a date from a string in ISO 8601 format.").class_method(),
    method!(Bound from_iso_calendar as "fromisocalendar" "($type, year, week, day)", "int, int, int -> Construct a date from the ISO year, week number and weekday.\n\nThis is the inverse of the date.isocalendar() function").class_method(),
    method!(Many strptime "($type, string, format, /)", "string, format -> new date parsed from a string (like time.strptime()).").class_method(),
    method!(Unary today "($type, /)", "Current date or datetime:  same as self.__class__.fromtimestamp(time.time()).").class_method(),
    method!(Unary ctime "($self, /)", "Return ctime() style string."),
    method!(Bound strftime "($self, /, format)", "format -> strftime() style string."),
    method!(Binary format as "__format__" "($self, format_spec, /)", "Formats self with strftime."),
    method!(Unary timetuple "($self, /)", "Return time tuple, compatible with time.localtime()."),
    method!(Unary isocalendar "($self, /)", "Return a named tuple containing ISO year, week number, and weekday."),
    method!(Unary isoformat "($self, /)", "Return string in ISO 8601 format, YYYY-MM-DD."),
    method!(Unary isoweekday "($self, /)", "Return the day of the week represented by the date.\nMonday == 1 ... Sunday == 7"),
    method!(Unary toordinal "($self, /)", "Return proleptic Gregorian ordinal.  January 1 of year 1 is day 1."),
    method!(Unary weekday "($self, /)", "Return the day of the week represented by the date.\nMonday == 0 ... Sunday == 6"),
    method!(Bound replace "($self, /, year=<unrepresentable>, month=<unrepresentable>, day=<unrepresentable>)", "Return date with new specified fields."),
    method!(Bound replace as "__replace__" "($self, /, year=<unrepresentable>, month=<unrepresentable>, day=<unrepresentable>)", "The same as replace()."),
    method!(Unary reduce as "__reduce__" "($self, /)", "__reduce__() -> (cls, state)"),
];

pub fn date(object: Ref<'_>) -> &Date {
    object.downcast::<Date>().expect("the method belongs to dates").get()
}

/// Whether an object is a date without time.
fn plain(object: Ref<'_>) -> Option<&Date> {
    if object.downcast::<DateTime>().is_some() { None } else { object.downcast::<Date>().map(RefOf::get) }
}

/// A date of a class: subclasses are called.
pub fn make(vm: &mut Vm, class: Ref<'_>, year: i64, month: i64, day: i64) -> PyResult {
    if class.is(DATE.object()) {
        check_date(vm, year, month, day)?;
        return Ok(vm.allocate(Date::new(year, month, day)).into_object());
    }
    let fields = [year, month, day].map(Object::small_int);
    vm.call(class, Object::as_refs(&fields))
}

/// Refuses a call that leaves out what it must have.
pub fn missing(vm: &mut Vm, bound: &[Option<Object>], names: &[&str]) -> PyResult<()> {
    match names.iter().zip(bound).position(|(_, value)| value.is_none()) {
        Some(index) => Err(vm.type_error(format!("function missing required argument '{}' (pos {})", names[index], index + 1))),
        None => Ok(()),
    }
}

/// Refuses more arguments than there are parameters.
pub fn at_most(vm: &mut Vm, args: Args<'_>, most: usize, positional: usize) -> PyResult<()> {
    let n = args.values().len();
    if n > most {
        return Err(vm.type_error(format!("function takes at most {most} arguments ({n} given)")));
    }
    if args.n_positional() > positional {
        let n = args.n_positional();
        return Err(vm.type_error(format!("function takes at most {positional} positional arguments ({n} given)")));
    }
    Ok(())
}

fn new(vm: &mut Vm, class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    if let [state] = args.positionals()
        && !args.has_keywords()
        && let Some(bytes) = text::state_bytes(*state, 4)
        && (1..=12).contains(&bytes[2])
    {
        let made = Date::new(i64::from(bytes[0]) << 8 | i64::from(bytes[1]), bytes[2].into(), bytes[3].into());
        return Ok(vm.allocate_in(class.get(), made));
    }
    at_most(vm, args, 3, 3)?;
    let mut bound = [const { None }; 3];
    bind_args(vm, "function", "(year=<unrepresentable>, month=<unrepresentable>, day=<unrepresentable>)", args, &mut bound)?;
    missing(vm, &bound, &["year", "month", "day"])?;
    let mut fields = [0; 3];
    for (field, value) in fields.iter_mut().zip(&bound) {
        *field = int_argument(vm, value, 0)?;
    }
    let [year, month, day] = fields;
    check_date(vm, year, month, day)?;
    Ok(vm.allocate_in(class.get(), Date::new(year, month, day)))
}

fn state(vm: &Vm, own: &Date) -> Object {
    vm.new_bytes(&[(own.year >> 8) as u8, own.year as u8, own.month, own.day]).into_object()
}

fn hash(vm: &mut Vm, this: Ref<'_>) -> PyResult<i64> {
    let own = date(this);
    if own.hash.get() == -1 {
        let state = state(vm, own);
        own.hash.set(vm.hash(state.borrow())?);
    }
    Ok(own.hash.get())
}

fn compare(_vm: &mut Vm, left: Ref<'_>, right: Ref<'_>, op: Comparison) -> PyResult {
    match (plain(left), plain(right)) {
        (Some(a), Some(b)) => Ok(Object::bool(ordering_satisfies(a.fields().cmp(&b.fields()), op))),
        _ => Ok(Object::not_implemented()),
    }
}

fn shift(vm: &mut Vm, this: Ref<'_>, length: Ref<'_>, sign: i64) -> PyResult {
    let (Some(own), Some(length)) = (plain(this), delta::total_of(length)) else {
        return Ok(Object::not_implemented());
    };
    let ordinal = own.ordinal() + sign * length.div_euclid(DAY) as i64;
    if !(1..=MAX_ORDINAL).contains(&ordinal) {
        return Err(vm.overflow_error("date value out of range"));
    }
    let (year, month, day) = calendar::from_ordinal(ordinal);
    make(vm, this.class().object(), year, month, day)
}

fn subtract(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>) -> PyResult {
    match (plain(left), plain(right)) {
        (Some(a), Some(b)) => delta::make(vm, i128::from(a.ordinal() - b.ordinal()) * DAY),
        (Some(_), None) => shift(vm, left, right, -1),
        _ => Ok(Object::not_implemented()),
    }
}

fn from_timestamp(vm: &mut Vm, class: Ref<'_>, timestamp: Ref<'_>) -> PyResult {
    let seconds = system::whole_seconds(vm, timestamp)?;
    let local = system::local(vm, seconds)?;
    let (year, month, day) = local.date;
    make(vm, class, year, month, day)
}

fn from_ordinal(vm: &mut Vm, class: Ref<'_>, ordinal: Ref<'_>) -> PyResult {
    let ordinal = i64::from(vm.to_i32(ordinal)?);
    if ordinal < 1 {
        return Err(vm.value_error("ordinal must be >= 1"));
    }
    let (year, month, day) = calendar::from_ordinal(ordinal);
    make(vm, class, year, month, day)
}

fn from_iso_format(vm: &mut Vm, class: Ref<'_>, value: Ref<'_>) -> PyResult {
    let Some(shown) = value.downcast::<Str>() else {
        return Err(vm.type_error("fromisoformat: argument must be str"));
    };
    let found = shown.as_str().filter(|text| matches!(text.len(), 7 | 8 | 10)).and_then(|text| text::parse_date(text.as_bytes()));
    match found {
        Some((year, month, day)) => {
            check_date(vm, year, month, day)?;
            make(vm, class, year, month, day)
        }
        None => Err(text::invalid(vm, value)),
    }
}

fn from_iso_calendar(vm: &mut Vm, class: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let mut fields = [0; 3];
    for (field, value) in fields.iter_mut().zip(args) {
        let number = vm.to_i32(value.unwrap_or(Ref::NONE));
        *field = match vm.ignore(number, &exception::OVERFLOW_ERROR)? {
            Some(number) => i64::from(number),
            None => return Err(vm.value_error("ISO calendar component out of range")),
        };
    }
    let [year, week, day] = fields;
    match calendar::from_iso(year, week, day) {
        Ok((year, month, day)) => make(vm, class, year, month, day),
        Err(IsoProblem::Year) => Err(vm.value_error(format!("year must be in 1..9999, not {year}"))),
        Err(IsoProblem::Week) => Err(vm.value_error(format!("Invalid week: {week}"))),
        Err(IsoProblem::Weekday) => Err(vm.value_error(format!("Invalid weekday: {day} (range is [1, 7])"))),
    }
}

/// Parses by the module that knows how.
pub fn parse_with(vm: &mut Vm, class: Ref<'_>, args: &[Ref<'_>], function: &str) -> PyResult {
    let [string, format] = args else {
        return Err(vm.type_error(format!("strptime() takes exactly 2 arguments ({} given)", args.len())));
    };
    for (index, value) in args.iter().enumerate() {
        if value.downcast::<Str>().is_none() {
            let class = value.class().full_name();
            return Err(vm.type_error(format!("strptime() argument {} must be str, not {class}", index + 1)));
        }
    }
    let module = vm.import("_strptime")?;
    vm.call_method(module.borrow(), function, &[class, *string, *format])
}

fn strptime(vm: &mut Vm, class: Ref<'_>, args: &[Ref<'_>]) -> PyResult {
    parse_with(vm, class, args, "_strptime_datetime_date")
}

fn today(vm: &mut Vm, class: Ref<'_>) -> PyResult {
    let time = vm.import("time")?;
    let now = vm.call_method(time.borrow(), "time", &[])?;
    vm.call_method(class, "fromtimestamp", &[now.borrow()])
}

fn ctime(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(text::ctime(vm, date(this).fields(), Clock::default()))
}

fn strftime(vm: &mut Vm, this: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let format = args[0].unwrap_or(Ref::NONE);
    let Some(format) = format.downcast::<Str>() else {
        return Err(vm.type_error(format!("strftime() argument 1 must be str, not {}", format.class().full_name())));
    };
    let (year, month, day) = date(this).fields();
    let tuple = vm.call_method(this, "timetuple", &[])?;
    let iso_year = calendar::iso_calendar(year, month, day).0;
    let (microsecond, zone) = match this.downcast::<DateTime>() {
        Some(datetime) => (datetime.clock().microsecond, datetime.zone().map(Ref::to_owned)),
        None => (0, None),
    };
    let moment = Moment { year, iso_year, microsecond, zone, argument: this };
    text::strftime(vm, &moment, format.get(), tuple.borrow())
}

fn format(vm: &mut Vm, this: Ref<'_>, spec: Ref<'_>) -> PyResult {
    text::format(vm, this, spec)
}

fn timetuple(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    text::time_tuple(vm, date(this).fields(), Clock::default(), -1)
}

fn isoformat(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let (year, month, day) = date(this).fields();
    Ok(vm.new_str(&format!("{year:04}-{month:02}-{day:02}")).into_object())
}

fn weekday(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let (year, month, day) = date(this).fields();
    Ok(vm.new_int(calendar::weekday(year, month, day)))
}

fn isoweekday(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let (year, month, day) = date(this).fields();
    Ok(vm.new_int(calendar::weekday(year, month, day) + 1))
}

fn toordinal(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(vm.new_int(date(this).ordinal()))
}

fn replace(vm: &mut Vm, this: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let (year, month, day) = date(this).fields();
    let mut fields = [year, month, day];
    for (field, value) in fields.iter_mut().zip(args) {
        if let Some(value) = value {
            *field = i64::from(vm.to_i32(*value)?);
        }
    }
    make(vm, this.class().object(), fields[0], fields[1], fields[2])
}

fn reduce(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let state = state(vm, date(this));
    let args = vm.new_tuple([state]).into_object();
    Ok(vm.new_tuple([this.class().to_object(), args]).into_object())
}

/// `datetime.IsoCalendarDate`
pub static ISO_CALENDAR_DATE: Type = Type::new(&ISO_CALENDAR_DATE_SPEC);
static ISO_CALENDAR_DATE_SPEC: TypeSpec = TypeSpec {
    name: "datetime.IsoCalendarDate",
    doc: "The result of date.isocalendar() or datetime.isocalendar()\n\nThis object may be accessed either as a tuple of\n  ((year, week, weekday))\nor via the object attributes as named in the above tuple.",
    base: Some(&TUPLE),
    payload: PayloadInfo::TUPLE,
    slots: Slots {
        new: Some(new_iso_calendar_date),
        repr: Some(|vm, this| {
            let items = iso_items(this);
            let text = format!("{}(year={}, week={}, weekday={})", this.class().full_name(), items[0], items[1], items[2]);
            Ok(vm.new_str(&text).into_object())
        }),
        ..Slots::NONE
    },
    methods: &[method!(Unary reduce_iso as "__reduce__" "($self, /)", "__reduce__() -> (cls, state)")],
    getsets: &[
        Getset::readonly("year", "", |vm, this| Ok(vm.new_int(iso_items(this)[0]))),
        Getset::readonly("week", "", |vm, this| Ok(vm.new_int(iso_items(this)[1]))),
        Getset::readonly("weekday", "", |vm, this| Ok(vm.new_int(iso_items(this)[2]))),
    ],
    ..TypeSpec::DEFAULT
};

fn iso_items(this: Ref<'_>) -> [i64; 3] {
    let mut items = [0; 3];
    if let Some(tuple) = this.downcast::<Tuple>() {
        for (item, value) in items.iter_mut().zip(tuple.items()) {
            *item = int::as_i64(*value).unwrap_or(0);
        }
    }
    items
}

fn new_iso_calendar_date(vm: &mut Vm, class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    let mut bound = [const { None }; 3];
    bind_args(vm, "IsoCalendarDate", "(year, week, weekday)", args, &mut bound)?;
    let mut items = Vec::new();
    for value in &bound {
        items.push(Object::small_int(int_argument(vm, value, 0)?));
    }
    Ok(vm.new_tuple_of(class.get(), items))
}

fn reduce_iso(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let items = vm.new_tuple(iso_items(this).map(Object::small_int)).into_object();
    let args = vm.new_tuple([items]).into_object();
    Ok(vm.new_tuple([TUPLE.to_object(), args]).into_object())
}

fn isocalendar(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let (year, month, day) = date(this).fields();
    let (iso_year, week, weekday) = calendar::iso_calendar(year, month, day);
    Ok(vm.new_tuple_of(&ISO_CALENDAR_DATE, [iso_year, week, weekday].map(Object::small_int).to_vec()))
}
