//! Dates and times as text: ISO 8601 both ways, and `strftime`.

use super::calendar;
use super::delta::{DAY, SECOND};
use super::zone::{self, offset_text};
use object::str::{STR, Str};
use object::{Object, PyResult, Ref, Vm};

/// Time of day.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Debug)]
pub struct Clock {
    pub hour: u8,
    pub minute: u8,
    pub second: u8,
    pub microsecond: u32,
    pub fold: bool,
}

impl Clock {
    /// Microseconds since midnight.
    pub fn total(self) -> i128 {
        i128::from(i64::from(self.hour) * 3600 + i64::from(self.minute) * 60 + i64::from(self.second)) * SECOND + i128::from(self.microsecond)
    }

    /// The time so many microseconds, less than a day, after midnight.
    pub fn from_total(total: i128) -> Clock {
        let total = total.rem_euclid(DAY);
        let seconds = (total / SECOND) as u32;
        Clock {
            hour: (seconds / 3600) as u8,
            minute: (seconds / 60 % 60) as u8,
            second: (seconds % 60) as u8,
            microsecond: (total % SECOND) as u32,
            fold: false,
        }
    }

    pub fn with_fold(self, fold: bool) -> Clock {
        Clock { fold, ..self }
    }

    /// The text, with as many parts as `timespec` says.
    pub fn iso(self, vm: &mut Vm, timespec: &str) -> PyResult<String> {
        let Clock { hour, minute, second, microsecond, .. } = self;
        Ok(match timespec {
            "auto" if microsecond == 0 => format!("{hour:02}:{minute:02}:{second:02}"),
            "auto" | "microseconds" => format!("{hour:02}:{minute:02}:{second:02}.{microsecond:06}"),
            "hours" => format!("{hour:02}"),
            "minutes" => format!("{hour:02}:{minute:02}"),
            "seconds" => format!("{hour:02}:{minute:02}:{second:02}"),
            "milliseconds" => format!("{hour:02}:{minute:02}:{second:02}.{:03}", microsecond / 1000),
            _ => return Err(vm.value_error("Unknown timespec value")),
        })
    }
}

/// A time as it is read: of 24 hours too, and with the offset that follows it.
#[derive(Default)]
pub struct ReadTime {
    pub fields: [i64; 4],
    pub offset: Option<i128>,
}

fn digits(text: &[u8], at: usize, count: usize) -> Option<i64> {
    let part = text.get(at..at + count)?;
    part.iter().all(u8::is_ascii_digit).then(|| part.iter().fold(0, |value, &digit| value * 10 + i64::from(digit - b'0')))
}

/// Reads `YYYY-MM-DD`, `YYYYMMDD`, or a week date, whole.
pub fn parse_date(text: &[u8]) -> Option<(i64, i64, i64)> {
    let year = digits(text, 0, 4)?;
    let mut at = 4;
    let separated = text.get(at) == Some(&b'-');
    at += usize::from(separated);
    if text.get(at) == Some(&b'W') {
        let week = digits(text, at + 1, 2)?;
        at += 3;
        let mut day = 1;
        if at < text.len() {
            if separated {
                if text[at] != b'-' {
                    return None;
                }
                at += 1;
            }
            day = digits(text, at, 1)?;
            at += 1;
        }
        return if at == text.len() { calendar::from_iso(year, week, day).ok() } else { None };
    }
    let month = digits(text, at, 2)?;
    at += 2;
    if separated {
        if text.get(at) != Some(&b'-') {
            return None;
        }
        at += 1;
    }
    let day = digits(text, at, 2)?;
    (at + 2 == text.len()).then_some((year, month, day))
}

/// Reads hours to fractions of a second, and says whether anything is left over. A single character
/// after a field, and anything after six digits of the fraction, counts as such.
fn parse_clock(text: &[u8]) -> Option<([i64; 4], bool)> {
    let mut fields = [0; 4];
    let mut at = 0;
    let mut separated = true;
    for index in 0..3 {
        fields[index] = digits(text, at, 2)?;
        at += 2;
        let Some(&next) = text.get(at) else { return Some((fields, false)) };
        if index == 0 {
            separated = next == b':';
        }
        if at + 1 == text.len() {
            return Some((fields, true));
        }
        match next {
            b':' if separated && index < 2 => at += 1,
            b'.' | b',' if index == 2 => break,
            b'.' | b',' => return None,
            _ if !separated && index < 2 => {}
            _ => return None,
        }
    }
    let fraction = text.get(at + 1..)?;
    let kept = fraction.len().min(6);
    fields[3] = digits(fraction, 0, kept)? * 10i64.pow(6 - kept as u32);
    Some((fields, !fraction.iter().all(u8::is_ascii_digit)))
}

/// Reads a time with the offset that may follow it.
pub fn parse_time(text: &[u8]) -> Option<ReadTime> {
    let zone = text.iter().position(|byte| matches!(byte, b'+' | b'-' | b'Z')).unwrap_or(text.len());
    let (clock, zone) = text.split_at(zone);
    let (fields, left_over) = parse_clock(clock)?;
    let offset = match zone {
        [] if left_over => return None,
        [] => None,
        b"Z" => Some(0),
        [b'Z', ..] => return None,
        [sign, rest @ ..] => {
            let ([hours, minutes, seconds, microseconds], false) = parse_clock(rest)? else { return None };
            let total = i128::from(hours * 3600 + minutes * 60 + seconds) * SECOND + i128::from(microseconds);
            Some(if *sign == b'-' { -total } else { total })
        }
    };
    Some(ReadTime { fields, offset })
}

/// Where the date ends in a text of date and time.
pub fn separator_position(text: &[u8]) -> Option<usize> {
    let is_digit = |at: usize| text.get(at).is_some_and(u8::is_ascii_digit);
    if text.len() == 7 {
        return Some(7);
    }
    if text.get(4) == Some(&b'-') {
        if text.get(5) != Some(&b'W') {
            return Some(10);
        }
        return match text.len() {
            0..=7 => None,
            8 => Some(8),
            9 if text[8] == b'-' => None,
            9.. if text[8] == b'-' => Some(if text.len() > 10 && is_digit(10) { 8 } else { 10 }),
            _ => Some(8),
        };
    }
    if text.get(4) == Some(&b'W') {
        let end = (7..text.len()).find(|&at| !is_digit(at)).unwrap_or(text.len());
        return Some(if end < 9 { end } else { 7 + end % 2 });
    }
    Some(8)
}

/// What `strftime` needs to know of a date or time beyond its tuple.
pub struct Moment<'a> {
    pub year: i64,
    pub iso_year: i64,
    pub microsecond: u32,
    pub zone: Option<Object>,
    /// What the zone's methods are asked about.
    pub argument: Ref<'a>,
}

/// Formats by `time.strftime`, after what it does not know is filled in.
pub fn strftime(vm: &mut Vm, moment: &Moment<'_>, format: &Str, tuple: Ref<'_>) -> PyResult {
    let mut expanded = object::str::StrBuilder::with_capacity(format.len());
    let mut points = format.code_points();
    while let Some(point) = points.next() {
        if point != u32::from(b'%') {
            expanded.push(point);
            continue;
        }
        let Some(code) = points.next() else {
            expanded.push(point);
            break;
        };
        match char::from_u32(code).unwrap_or('\u{fffd}') {
            'z' => push_offset(vm, moment, "", &mut expanded)?,
            'Z' => push_name(vm, moment, &mut expanded)?,
            'f' => expanded.push_str(&format!("{:06}", moment.microsecond)),
            'Y' => expanded.push_str(&format!("{:04}", moment.year)),
            'G' => expanded.push_str(&format!("{:04}", moment.iso_year)),
            'C' => expanded.push_str(&format!("{:02}", moment.year / 100)),
            'F' => expanded.push_str(&format!("{:04}-%m-%d", moment.year)),
            ':' => match points.next() {
                Some(0x7a) => push_offset(vm, moment, ":", &mut expanded)?,
                other => {
                    expanded.push_str("%:");
                    if let Some(other) = other {
                        expanded.push(other);
                    }
                }
            },
            _ => {
                expanded.push(point);
                expanded.push(code);
            }
        }
    }
    let expanded = expanded.finish(vm).into_object();
    let time = vm.import("time")?;
    vm.call_method(time.borrow(), "strftime", &[expanded.borrow(), tuple])
}

fn push_offset(vm: &mut Vm, moment: &Moment<'_>, separator: &str, out: &mut object::str::StrBuilder) -> PyResult<()> {
    if let Some(offset) = zone::offset_of(vm, moment.zone.as_ref().map(Object::borrow), "utcoffset", moment.argument)? {
        out.push_str(&offset_text(offset, separator));
    }
    Ok(())
}

fn push_name(vm: &mut Vm, moment: &Moment<'_>, out: &mut object::str::StrBuilder) -> PyResult<()> {
    let mut name = zone::name_of(vm, moment.zone.as_ref().map(Object::borrow), moment.argument)?;
    if !name.borrow().is_none() && !name.borrow().is_exactly(&STR) {
        // A subclass may have a `replace` of its own.
        let (percent, twice) = (vm.new_str("%").into_object(), vm.new_str("%%").into_object());
        name = vm.call_method(name.borrow(), "replace", &[percent.borrow(), twice.borrow()])?;
        let Some(name) = name.borrow().downcast::<Str>() else {
            return Err(vm.type_error("tzname.replace() did not return a string"));
        };
        out.push_object(name.get());
        return Ok(());
    }
    if let Some(name) = name.borrow().downcast::<Str>() {
        for point in name.get().code_points() {
            out.push(point);
            if point == u32::from(b'%') {
                out.push(point);
            }
        }
    }
    Ok(())
}

/// `__format__`: `str` for an empty format, `strftime` otherwise.
pub fn format(vm: &mut Vm, this: Ref<'_>, spec: Ref<'_>) -> PyResult {
    let Some(text) = spec.downcast::<Str>() else {
        let class = spec.class().full_name();
        return Err(vm.type_error(format!("__format__() argument 1 must be str, not {class}")));
    };
    if text.is_empty() {
        return Ok(vm.str(this)?.into_object());
    }
    vm.call_method(this, "strftime", &[spec])
}

/// The optional arguments of a call, each an int if given.
pub fn int_argument(vm: &mut Vm, value: &Option<Object>, default: i64) -> PyResult<i64> {
    match value {
        Some(value) => Ok(i64::from(vm.to_i32(value.borrow())?)),
        None => Ok(default),
    }
}

/// Checks year, month and day.
pub fn check_date(vm: &mut Vm, year: i64, month: i64, day: i64) -> PyResult<()> {
    let problem = if !(1..=9999).contains(&year) {
        format!("year must be in 1..9999, not {year}")
    } else if !(1..=12).contains(&month) {
        format!("month must be in 1..12, not {month}")
    } else if day < 1 || day > calendar::days_in_month(year, month) {
        let last = calendar::days_in_month(year, month);
        format!("day {day} must be in range 1..{last} for month {month} in year {year}")
    } else {
        return Ok(());
    };
    Err(vm.value_error(problem))
}

/// Checks the fields of a time.
pub fn check_clock(vm: &mut Vm, fields: [i64; 4], fold: i64) -> PyResult<Clock> {
    let [hour, minute, second, microsecond] = fields;
    let problem = if !(0..24).contains(&hour) {
        format!("hour must be in 0..23, not {hour}")
    } else if !(0..60).contains(&minute) {
        format!("minute must be in 0..59, not {minute}")
    } else if !(0..60).contains(&second) {
        format!("second must be in 0..59, not {second}")
    } else if !(0..1_000_000).contains(&microsecond) {
        format!("microsecond must be in 0..999999, not {microsecond}")
    } else if !(0..2).contains(&fold) {
        format!("fold must be either 0 or 1, not {fold}")
    } else {
        return Ok(Clock { hour: hour as u8, minute: minute as u8, second: second as u8, microsecond: microsecond as u32, fold: fold == 1 });
    };
    Err(vm.value_error(problem))
}

/// An error for a text that is not in ISO format.
pub fn invalid(vm: &mut Vm, text: Ref<'_>) -> object::Raised {
    match vm.repr_text(text) {
        Ok(shown) => vm.value_error(format!("Invalid isoformat string: {shown}")),
        Err(raised) => raised,
    }
}

/// The bytes that pickles hold, given as bytes or as text of code points below 256.
pub fn state_bytes(value: Ref<'_>, length: usize) -> Option<Vec<u8>> {
    let bytes = match value.downcast::<object::bytes::Bytes>() {
        Some(bytes) => bytes.data().to_vec(),
        None => value.downcast::<Str>()?.as_latin1()?.to_vec(),
    };
    (bytes.len() == length).then_some(bytes)
}

/// Builds a `time.struct_time`.
pub fn time_tuple(vm: &mut Vm, date: (i64, i64, i64), clock: Clock, saving: i64) -> PyResult {
    let (year, month, day) = date;
    let day_of_year = calendar::days_before_month(year, month) + day;
    let weekday = calendar::weekday(year, month, day);
    let fields = [year, month, day, clock.hour.into(), clock.minute.into(), clock.second.into(), weekday, day_of_year, saving];
    let fields = vm.new_tuple(fields.map(Object::small_int)).into_object();
    let time = vm.import("time")?;
    vm.call_method(time.borrow(), "struct_time", &[fields.borrow()])
}

/// `ctime()`
pub fn ctime(vm: &Vm, (year, month, day): (i64, i64, i64), clock: Clock) -> Object {
    const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let weekday = DAYS[calendar::weekday(year, month, day) as usize];
    let name = MONTHS[(month - 1) as usize];
    vm.new_str(&format!("{weekday} {name} {day:2} {:02}:{:02}:{:02} {year:04}", clock.hour, clock.minute, clock.second)).into_object()
}
