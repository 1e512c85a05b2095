//! `time`: clocks, sleeping, the calendar.

pub(crate) mod sys;

use crate::os_support::*;
use crate::sys::{clock_getres, clock_gettime};
use builtins::struct_sequence::{self, StructSequence as _};
use object::exception;
use object::method;
use object::native::Module;
use object::singleton::ModuleObject;
use object::str::{Str, StrBuilder};
use object::tuple::Tuple;
use object::{Object, PyResult, Ref, RefOf, Vm};
use std::ffi::CString;
use sys::Calendar;

builtins::struct_sequence!(StructTime, STRUCT_TIME, "time.struct_time",
    "The time value as returned by gmtime(), localtime(), and strptime(), and\naccepted by asctime(), mktime() and strftime().  May be considered as a\nsequence of 9 integers.\n\nNote that several fields' values are not the same as those defined by\nthe C language standard for struct tm.  For example, the value of the\nfield tm_year is the actual year, not year - 1900.  See individual\nfields' descriptions for details.",
    [tm_year "year, for example, 1993", tm_mon "month of year, range [1, 12]", tm_mday "day of month, range [1, 31]", tm_hour "hours, range [0, 23]", tm_min "minutes, range [0, 59]",
     tm_sec "seconds, range [0, 61])", tm_wday "day of week, range [0, 6], Monday is 0", tm_yday "day of year, range [1, 366]", tm_isdst "1 if summer time is in effect, 0 if not, and -1 if unknown"],
    [], [tm_zone "abbreviation of timezone name", tm_gmtoff "offset from UTC in seconds"]);

/// `time`
pub static MODULE: Module = Module {
    name: "time",
    doc: "This module provides various functions to manipulate time values.",
    functions: &[
        method!(Unary time "($module, /)", "Return the current time in seconds since the Epoch."),
        method!(Unary time_ns "($module, /)", "Return the current time in nanoseconds since the Epoch."),
        method!(Unary monotonic "($module, /)", "Monotonic clock, cannot go backward."),
        method!(Unary monotonic_ns "($module, /)", "Monotonic clock, cannot go backward, as nanoseconds."),
        method!(Unary monotonic as "perf_counter" "($module, /)", "Performance counter for benchmarking."),
        method!(Unary monotonic_ns as "perf_counter_ns" "($module, /)", "Performance counter for benchmarking as nanoseconds."),
        method!(Unary process_time "($module, /)", "Process time for profiling: sum of the kernel and user-space CPU time."),
        method!(Unary process_time_ns "($module, /)", "Process time for profiling as nanoseconds: sum of the kernel and user-space CPU time."),
        method!(Unary thread_time "($module, /)", "Thread time for profiling: sum of the kernel and user-space CPU time."),
        method!(Unary thread_time_ns "($module, /)", "Thread time for profiling as nanoseconds: sum of the kernel and user-space CPU time."),
        method!(Bound clock_gettime_float as "clock_gettime" "($module, clk_id, /)", "Return the time of the specified clock clk_id as a float."),
        method!(Bound clock_gettime_ns "($module, clk_id, /)", "Return the time of the specified clock clk_id as nanoseconds (int)."),
        method!(Bound clock_getres_float as "clock_getres" "($module, clk_id, /)", "Return the resolution (precision) of the specified clock clk_id."),
        method!(Bound clock_settime "($module, clk_id, time, /)", "Set the time of the specified clock clk_id."),
        method!(Bound clock_settime_ns "($module, clk_id, time, /)", "Set the time of the specified clock clk_id with nanoseconds."),
        method!(Bound pthread_getcpuclockid "($module, thread_id, /)", "Return the clk_id of a thread's CPU time clock."),
        method!(Binary sleep "($module, object, /)", "Delay execution for a given number of seconds.  The argument may be\na floating-point number for subsecond precision."),
        method!(Bound gmtime "($module, seconds=None, /)", "Convert seconds since the Epoch to a time tuple expressing UTC (a.k.a.\nGMT).  When 'seconds' is not passed in, convert the current time instead."),
        method!(Bound localtime "($module, seconds=None, /)", "Convert seconds since the Epoch to a time tuple expressing local time.\nWhen 'seconds' is not passed in, convert the current time instead."),
        method!(Bound asctime "($module, tuple=<unrepresentable>, /)", "Convert a time tuple to a string, e.g. 'Sat Jun 06 16:26:11 1998'.\nWhen the time tuple is not present, current time as returned by localtime()\nis used."),
        method!(Bound ctime "($module, seconds=None, /)", "Convert a time in seconds since the Epoch to a string in local time."),
        method!(Binary mktime "($module, object, /)", "Convert a time tuple in local time to seconds since the Epoch."),
        method!(Bound strftime "($module, format, tuple=<unrepresentable>, /)", "Convert a time tuple to a string according to a format specification."),
        method!(Many strptime "($module, string, format, /)", "Parse a string to a time tuple according to a format specification."),
        method!(Unary tzset "($module, /)", "Initialize, or reinitialize, the local timezone to the value stored in\nos.environ['TZ']."),
        method!(Bound get_clock_info "($module, name, /)", "Get information of the specified clock."),
    ],
    init: Some(init),
    ..Module::DEFAULT
};

static CONSTANTS: &[(&str, i64)] = &[
    ("CLOCK_REALTIME", libc::CLOCK_REALTIME as i64),
    ("CLOCK_MONOTONIC", libc::CLOCK_MONOTONIC as i64),
    ("CLOCK_MONOTONIC_RAW", libc::CLOCK_MONOTONIC_RAW as i64),
    ("CLOCK_PROCESS_CPUTIME_ID", libc::CLOCK_PROCESS_CPUTIME_ID as i64),
    ("CLOCK_THREAD_CPUTIME_ID", libc::CLOCK_THREAD_CPUTIME_ID as i64),
    ("CLOCK_BOOTTIME", libc::CLOCK_BOOTTIME as i64),
    ("CLOCK_TAI", libc::CLOCK_TAI as i64),
    ("_STRUCT_TM_ITEMS", 11),
];

fn init(vm: &mut Vm, module: RefOf<'_, ModuleObject>) -> PyResult<()> {
    add_constants(vm, module, CONSTANTS);
    let class = struct_sequence::ready::<StructTime>(vm);
    module.set(vm, "struct_time", class.to_object());
    sys::tzset();
    set_zone_names(vm, module)
}

/// Offset from UTC, westward, and name of the zone at some time.
fn zone_at(seconds: i64) -> (i64, Vec<u8>) {
    sys::localtime(seconds).map_or((0, b"UTC".to_vec()), |calendar| (-calendar.tm.tm_gmtoff, calendar.zone.unwrap_or_default()))
}

fn set_zone_names(vm: &mut Vm, module: RefOf<'_, ModuleObject>) -> PyResult<()> {
    const YEAR: i64 = (365 * 24 + 6) * 3600;
    let now = checked(vm, clock_gettime(libc::CLOCK_REALTIME))?.tv_sec;
    let start = now / YEAR * YEAR;
    let (january, july) = (zone_at(start), zone_at(start + YEAR / 2));
    // In the south summer time is in January.
    let (winter, summer) = if january.0 < july.0 { (july, january) } else { (january, july) };
    add_constants(vm, module, &[("timezone", winter.0), ("altzone", summer.0), ("daylight", i64::from(winter.0 != summer.0))]);
    let names = [fs_decode(vm, &winter.1), fs_decode(vm, &summer.1)];
    let names = vm.new_tuple(names).into_object();
    module.set(vm, "tzname", names);
    Ok(())
}

fn seconds(vm: &mut Vm, clock: i32) -> PyResult {
    let time = checked(vm, clock_gettime(clock))?;
    Ok(vm.new_float(as_float(&time)))
}

fn as_float(time: &libc::timespec) -> f64 {
    // Dividing the whole number of nanoseconds rounds once, as converting it would.
    (time.tv_sec as f64 * 1e9 + time.tv_nsec as f64) / 1e9
}

fn nanoseconds(vm: &mut Vm, clock: i32) -> PyResult {
    let time = checked(vm, clock_gettime(clock))?;
    Ok(new_nanoseconds(vm, time.tv_sec, time.tv_nsec))
}

fn time(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    seconds(vm, libc::CLOCK_REALTIME)
}

fn time_ns(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    nanoseconds(vm, libc::CLOCK_REALTIME)
}

fn monotonic(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    seconds(vm, libc::CLOCK_MONOTONIC)
}

fn monotonic_ns(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    nanoseconds(vm, libc::CLOCK_MONOTONIC)
}

fn process_time(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    seconds(vm, libc::CLOCK_PROCESS_CPUTIME_ID)
}

fn process_time_ns(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    nanoseconds(vm, libc::CLOCK_PROCESS_CPUTIME_ID)
}

fn thread_time(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    seconds(vm, libc::CLOCK_THREAD_CPUTIME_ID)
}

fn thread_time_ns(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    nanoseconds(vm, libc::CLOCK_THREAD_CPUTIME_ID)
}

fn clock_gettime_float(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let clock = vm.to_i32(arg(args, 0))?;
    seconds(vm, clock)
}

fn clock_gettime_ns(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let clock = vm.to_i32(arg(args, 0))?;
    nanoseconds(vm, clock)
}

fn clock_getres_float(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let clock = vm.to_i32(arg(args, 0))?;
    let time = checked(vm, clock_getres(clock))?;
    Ok(vm.new_float(as_float(&time)))
}

fn timespec(nanoseconds: i64) -> libc::timespec {
    libc::timespec { tv_sec: nanoseconds.div_euclid(1_000_000_000), tv_nsec: nanoseconds.rem_euclid(1_000_000_000) }
}

fn clock_settime(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let clock = vm.to_i32(arg(args, 0))?;
    let time = nanoseconds_of(vm, arg(args, 1), Rounding::Floor)?;
    checked(vm, sys::clock_settime(clock, timespec(time)))?;
    Ok(Object::none())
}

fn clock_settime_ns(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let clock = vm.to_i32(arg(args, 0))?;
    let time = vm.to_i64(arg(args, 1))?;
    checked(vm, sys::clock_settime(clock, timespec(time)))?;
    Ok(Object::none())
}

fn pthread_getcpuclockid(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let thread = vm.index(arg(args, 0))?;
    let thread = object::int::as_u64(thread.borrow()).unwrap_or(0);
    let clock = checked(vm, sys::thread_clock(thread))?;
    Ok(vm.new_int(i64::from(clock)))
}

fn sleep(vm: &mut Vm, _module: Ref<'_>, length: Ref<'_>) -> PyResult {
    crate::sys_module::raise_event(vm, "time.sleep", &[length])?;
    let length = nanoseconds_of(vm, length, Rounding::Up)?;
    if length < 0 {
        return Err(vm.value_error("sleep length must be non-negative"));
    }
    let now = checked(vm, clock_gettime(libc::CLOCK_MONOTONIC))?;
    let now = now.tv_sec.saturating_mul(1_000_000_000).saturating_add(now.tv_nsec);
    let deadline = timespec(now.saturating_add(length));
    let result = crate::blocking::retry(vm, || sys::sleep_until(deadline))?;
    checked(vm, result)?;
    Ok(Object::none())
}

fn time_object(vm: &mut Vm, calendar: &Calendar) -> Object {
    let tm = &calendar.tm;
    let numbers = [tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, (tm.tm_wday + 6) % 7, tm.tm_yday + 1, tm.tm_isdst];
    let mut values: Vec<Object> = numbers.iter().map(|&number| Object::small_int(i64::from(number))).collect();
    values.push(calendar.zone.as_ref().map_or(Object::none(), |zone| fs_decode(vm, zone)));
    values.push(vm.new_int(tm.tm_gmtoff));
    StructTime::make(vm, values)
}

/// A time argument in whole seconds, rounded down; now if there is none.
fn seconds_argument(vm: &mut Vm, value: Option<Ref<'_>>) -> PyResult<i64> {
    let Some(value) = value else { return Ok(checked(vm, clock_gettime(libc::CLOCK_REALTIME))?.tv_sec) };
    if let Some(seconds) = object::float::value(value) {
        if seconds.is_nan() {
            return Err(vm.value_error("Invalid value NaN (not a number)"));
        }
        let whole = seconds.floor();
        if !(-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&whole) {
            return Err(vm.overflow_error("timestamp out of range for platform time_t"));
        }
        return Ok(whole as i64);
    }
    let number = vm.index(value)?;
    object::int::as_i64(number.borrow()).ok_or(()).map_err(|()| vm.overflow_error("timestamp out of range for platform time_t"))
}

fn gmtime(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let seconds = seconds_argument(vm, optional(args, 0))?;
    let calendar = checked(vm, sys::gmtime(seconds))?;
    Ok(time_object(vm, &Calendar { zone: Some(b"UTC".to_vec()), ..calendar }))
}

fn localtime(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let seconds = seconds_argument(vm, optional(args, 0))?;
    let calendar = checked(vm, sys::localtime(seconds))?;
    Ok(time_object(vm, &calendar))
}

/// A time tuple as C has it, on behalf of `function`.
fn calendar_argument(vm: &mut Vm, value: Ref<'_>, function: &str) -> PyResult<Calendar> {
    let Some(items) = value.downcast::<Tuple>() else {
        return Err(vm.type_error("Tuple or struct_time argument required"));
    };
    let items: Vec<Object> = RefOf::get(items).items().iter().map(|&item| item.to_owned()).collect();
    if items.len() != 9 {
        return Err(vm.type_error(format!("{function}(): illegal time tuple argument")));
    }
    let mut numbers = [0i32; 9];
    for (number, item) in numbers.iter_mut().zip(&items) {
        *number = vm.to_i32(item.borrow())?;
    }
    let [year, month, day, hour, minute, second, weekday, yearday, dst] = numbers;
    let Some(tm_year) = year.checked_sub(1900) else { return Err(vm.overflow_error("year out of range")) };
    let mut tm = sys::empty_tm();
    tm.tm_year = tm_year;
    tm.tm_mon = month.wrapping_sub(1);
    tm.tm_mday = day;
    tm.tm_hour = hour;
    tm.tm_min = minute;
    tm.tm_sec = second;
    tm.tm_wday = weekday.wrapping_add(1) % 7;
    tm.tm_yday = yearday.wrapping_sub(1);
    tm.tm_isdst = dst;
    let mut zone = None;
    if value.is_instance_of(&STRUCT_TIME) {
        let name = vm.get_attr_str(value, "tm_zone")?;
        if let Some(text) = name.borrow().downcast::<Str>() {
            zone = Some(fs_encode(vm, text.get())?);
        }
        let offset = vm.get_attr_str(value, "tm_gmtoff")?;
        if !offset.borrow().is_none() {
            tm.tm_gmtoff = vm.to_i64(offset.borrow())?;
        }
    }
    Ok(Calendar { tm, zone })
}

/// Refuses values that the C library would index its tables with, and mends those that are zero by mistake.
fn check_calendar(vm: &mut Vm, tm: &mut libc::tm) -> PyResult<()> {
    if tm.tm_mon == -1 {
        tm.tm_mon = 0;
    }
    if tm.tm_mday == 0 {
        tm.tm_mday = 1;
    }
    if tm.tm_yday == -1 {
        tm.tm_yday = 0;
    }
    let ranges = [
        (tm.tm_mon, 0..=11, "month out of range"),
        (tm.tm_mday, 1..=31, "day of month out of range"),
        (tm.tm_hour, 0..=23, "hour out of range"),
        (tm.tm_min, 0..=59, "minute out of range"),
        (tm.tm_sec, 0..=61, "seconds out of range"),
        (tm.tm_wday, 0..=6, "day of week out of range"),
        (tm.tm_yday, 0..=365, "day of year out of range"),
    ];
    for (value, range, message) in ranges {
        if !range.contains(&value) {
            return Err(vm.value_error(message));
        }
    }
    Ok(())
}

/// The time tuple given, or the local time.
fn calendar_or_now(vm: &mut Vm, value: Option<Ref<'_>>, function: &str) -> PyResult<Calendar> {
    match value {
        Some(value) => {
            let mut calendar = calendar_argument(vm, value, function)?;
            check_calendar(vm, &mut calendar.tm)?;
            Ok(calendar)
        }
        None => {
            let now = seconds_argument(vm, None)?;
            checked(vm, sys::localtime(now))
        }
    }
}

fn asctime_text(tm: &libc::tm) -> String {
    const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let name = |names: &[&'static str], index: i32| usize::try_from(index).ok().and_then(|index| names.get(index).copied()).unwrap_or("???");
    format!(
        "{} {}{:3} {:02}:{:02}:{:02} {}",
        name(&DAYS, tm.tm_wday),
        name(&MONTHS, tm.tm_mon),
        tm.tm_mday,
        tm.tm_hour,
        tm.tm_min,
        tm.tm_sec,
        1900 + i64::from(tm.tm_year)
    )
}

fn asctime(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let calendar = calendar_or_now(vm, args[0], "asctime")?;
    Ok(vm.new_str(&asctime_text(&calendar.tm)).into_object())
}

fn ctime(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let seconds = seconds_argument(vm, optional(args, 0))?;
    let calendar = checked(vm, sys::localtime(seconds))?;
    Ok(vm.new_str(&asctime_text(&calendar.tm)).into_object())
}

fn mktime(vm: &mut Vm, _module: Ref<'_>, value: Ref<'_>) -> PyResult {
    let calendar = calendar_argument(vm, value, "mktime")?;
    match sys::mktime(calendar.tm) {
        Some(seconds) => Ok(vm.new_float(seconds as f64)),
        None => Err(vm.overflow_error("mktime argument out of range")),
    }
}

fn strftime(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let format = arg(args, 0);
    let Some(format) = format.downcast::<Str>() else {
        return Err(vm.type_error(format!("strftime() argument 1 must be str, not {}", format.class().full_name())));
    };
    let mut calendar = calendar_or_now(vm, args[1], "strftime")?;
    calendar.tm.tm_isdst = calendar.tm.tm_isdst.clamp(-1, 1);
    let zone = calendar.zone.as_deref().and_then(sys::zone_name);
    let mut out = StrBuilder::with_capacity(format.len() * 2);
    // Characters C does not know are passed around it.
    let mut part: Vec<u8> = Vec::new();
    for character in format.code_points() {
        match char::from_u32(character) {
            Some(character) if character != '\0' => part.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
            _ => {
                push_formatted(vm, &mut out, &mut part, &calendar.tm, zone.as_ref());
                out.push(character);
            }
        }
    }
    push_formatted(vm, &mut out, &mut part, &calendar.tm, zone.as_ref());
    Ok(out.finish(vm).into_object())
}

fn push_formatted(vm: &Vm, out: &mut StrBuilder, part: &mut Vec<u8>, tm: &libc::tm, zone: Option<&CString>) {
    if part.is_empty() {
        return;
    }
    if let Ok(format) = CString::new(std::mem::take(part))
        && let Some(text) = sys::strftime(&format, tm, zone.map(CString::as_c_str))
    {
        let text = fs_decode(vm, &text);
        if let Some(text) = text.borrow().downcast::<Str>() {
            out.push_data(text.data());
        }
    }
}

fn strptime(vm: &mut Vm, _module: Ref<'_>, args: &[Ref<'_>]) -> PyResult {
    let module = vm.import("_strptime")?;
    vm.call_method(module.borrow(), "_strptime_time", args)
}

fn tzset(vm: &mut Vm, module: Ref<'_>) -> PyResult {
    sys::tzset();
    if let Some(module) = module.downcast::<ModuleObject>() {
        set_zone_names(vm, module)?;
    }
    Ok(Object::none())
}

fn get_clock_info(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let Some(name) = arg(args, 0).downcast::<Str>().and_then(|name| name.get().to_utf8()) else {
        return Err(vm.type_error(format!("get_clock_info() argument 1 must be str, not {}", arg(args, 0).class().full_name())));
    };
    let (clock, implementation, monotonic, adjustable) = match name.as_ref() {
        "time" => (libc::CLOCK_REALTIME, "clock_gettime(CLOCK_REALTIME)", false, true),
        "monotonic" | "perf_counter" => (libc::CLOCK_MONOTONIC, "clock_gettime(CLOCK_MONOTONIC)", true, false),
        "process_time" => (libc::CLOCK_PROCESS_CPUTIME_ID, "clock_gettime(CLOCK_PROCESS_CPUTIME_ID)", true, false),
        "thread_time" => (libc::CLOCK_THREAD_CPUTIME_ID, "clock_gettime(CLOCK_THREAD_CPUTIME_ID)", true, false),
        _ => return Err(vm.raise(&exception::VALUE_ERROR, "unknown clock")),
    };
    let resolution = checked(vm, clock_getres(clock))?;
    let types = vm.import("types")?;
    let class = vm.get_attr_str(types.borrow(), "SimpleNamespace")?;
    let info = vm.call(class.borrow(), &[])?;
    let values = [
        ("implementation", vm.new_str(implementation).into_object()),
        ("monotonic", Object::bool(monotonic)),
        ("adjustable", Object::bool(adjustable)),
        ("resolution", vm.new_float(as_float(&resolution))),
    ];
    for (name, value) in values {
        vm.set_attr_str(info.borrow(), name, value.borrow())?;
    }
    Ok(info)
}
