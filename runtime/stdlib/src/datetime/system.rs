//! The machine's clock and time zone.

use super::calendar;
use super::text::Clock;
use super::zone;
use crate::time::sys;
use num_traits::ToPrimitive;
use object::float;
use object::{PyResult, Ref, Vm, exception, int};

/// Seconds from 1 January of the year 1, as if it were day 1, to 1970.
pub const EPOCH: i64 = 719_163 * 86_400;
const DAY: i64 = 86_400;

/// A moment by the calendar of some zone.
pub struct Calendar {
    pub date: (i64, i64, i64),
    pub clock: Clock,
    /// Seconds east of Greenwich, and the zone's name.
    pub offset: i64,
    pub name: Vec<u8>,
}

impl Calendar {
    fn seconds(&self) -> i64 {
        total_seconds(self.date, self.clock)
    }
}

/// Seconds since the beginning of the calendar.
pub fn total_seconds((year, month, day): (i64, i64, i64), clock: Clock) -> i64 {
    let days = calendar::to_ordinal(year, month, day);
    ((days * 24 + i64::from(clock.hour)) * 60 + i64::from(clock.minute)) * 60 + i64::from(clock.second)
}

fn convert(vm: &mut Vm, found: crate::blocking::SysResult<sys::Calendar>) -> PyResult<Calendar> {
    let Ok(found) = found else {
        return Err(vm.overflow_error("timestamp out of range for platform time_t"));
    };
    let tm = found.tm;
    let year = i64::from(tm.tm_year) + 1900;
    if !(1..=9999).contains(&year) {
        return Err(vm.value_error(format!("year must be in 1..9999, not {year}")));
    }
    // A leap second is the second before it.
    let clock = Clock { hour: tm.tm_hour as u8, minute: tm.tm_min as u8, second: tm.tm_sec.min(59) as u8, microsecond: 0, fold: false };
    let date = (year, i64::from(tm.tm_mon) + 1, i64::from(tm.tm_mday));
    Ok(Calendar { date, clock, offset: tm.tm_gmtoff, name: found.zone.unwrap_or_default() })
}

/// Local time.
pub fn local(vm: &mut Vm, seconds: i64) -> PyResult<Calendar> {
    let found = sys::localtime(seconds);
    convert(vm, found)
}

pub fn universal(vm: &mut Vm, seconds: i64) -> PyResult<Calendar> {
    let found = sys::gmtime(seconds);
    convert(vm, found)
}

/// Local time, with the fold set in the second of two equal hours.
pub fn local_with_fold(vm: &mut Vm, seconds: i64) -> PyResult<Calendar> {
    let mut found = local(vm, seconds)?;
    let own = found.seconds();
    if seconds - DAY + EPOCH > DAY {
        let transition = own - local_seconds(vm, EPOCH + seconds - DAY)? - DAY;
        if transition < 0 && local_seconds(vm, EPOCH + seconds + transition)? == own {
            found.clock.fold = true;
        }
    }
    Ok(found)
}

/// The local calendar's seconds at a moment counted from the beginning of the calendar in UTC.
fn local_seconds(vm: &mut Vm, moment: i64) -> PyResult<i64> {
    Ok(local(vm, moment - EPOCH)?.seconds())
}

/// The moment at which the local calendar shows so many seconds.
pub fn from_local(vm: &mut Vm, wanted: i64, fold: bool) -> PyResult<i64> {
    let a = local_seconds(vm, wanted)? - wanted;
    let mut first = wanted - a;
    let shown = local_seconds(vm, first)?;
    let b = if shown == wanted {
        // One solution; there may be another a day or less away.
        let probe = if fold { first + DAY } else { first - DAY };
        let b = local_seconds(vm, probe)? - probe;
        if a == b {
            return Ok(first);
        }
        b
    } else {
        shown - first
    };
    let second = wanted - b;
    if local_seconds(vm, second)? == wanted {
        return Ok(second);
    }
    if shown == wanted {
        return Ok(first);
    }
    // The local clock never shows it.
    first = if fold { first.min(second) } else { first.max(second) };
    Ok(first)
}

/// The zone of local time at a moment.
pub fn local_zone(vm: &mut Vm, seconds: i64) -> PyResult {
    let found = local(vm, seconds)?;
    let name = vm.new_str(&String::from_utf8_lossy(&found.name)).into_object();
    zone::fixed(vm, i128::from(found.offset) * super::delta::SECOND, Some(name))
}

/// The present, as seconds and microseconds.
pub fn now() -> (i64, u32) {
    match std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH) {
        Ok(passed) => (passed.as_secs() as i64, passed.subsec_micros()),
        Err(error) => {
            let before = error.duration();
            let microseconds = -(before.as_micros() as i64);
            (microseconds.div_euclid(1_000_000), microseconds.rem_euclid(1_000_000) as u32)
        }
    }
}

fn out_of_range(vm: &mut Vm) -> object::Raised {
    vm.overflow_error("timestamp out of range for platform time_t")
}

fn float_of(vm: &mut Vm, value: Ref<'_>) -> PyResult<Option<f64>> {
    match float::value(value) {
        Some(number) if number.is_nan() => Err(vm.value_error("Invalid value NaN (not a number)")),
        other => Ok(other),
    }
}

fn int_of(vm: &mut Vm, value: Ref<'_>) -> PyResult<i64> {
    let number = vm.index(value)?;
    match int::to_i64(number.borrow()) {
        Some(Some(number)) => Ok(number),
        _ => Err(out_of_range(vm)),
    }
}

/// A timestamp's whole seconds, rounded down.
pub fn whole_seconds(vm: &mut Vm, value: Ref<'_>) -> PyResult<i64> {
    match float_of(vm, value)? {
        Some(number) => match number.floor().to_i64() {
            Some(seconds) => Ok(seconds),
            None => Err(out_of_range(vm)),
        },
        None => int_of(vm, value),
    }
}

/// A timestamp's seconds and microseconds, to the nearest, even if there are two.
pub fn seconds_and_microseconds(vm: &mut Vm, value: Ref<'_>) -> PyResult<(i64, u32)> {
    let Some(number) = float_of(vm, value)? else {
        return Ok((int_of(vm, value)?, 0));
    };
    let (mut whole, fraction) = (number.trunc(), number.fract());
    let mut microseconds = (fraction * 1e6).round_ties_even();
    if microseconds >= 1e6 {
        microseconds -= 1e6;
        whole += 1.0;
    } else if microseconds < 0.0 {
        microseconds += 1e6;
        whole -= 1.0;
    }
    match whole.to_i64() {
        Some(seconds) => Ok((seconds, microseconds as u32)),
        None => Err(out_of_range(vm)),
    }
}

/// Warns of what is deprecated.
pub fn deprecated(vm: &mut Vm, message: &str) -> PyResult<()> {
    vm.warn(&exception::DEPRECATION_WARNING, message, 1)
}
