//! The C library's calendar, as safe functions.

use crate::blocking::SysResult;
use crate::sys::{check, last_error};
use std::ffi::{CStr, CString};
use std::mem::MaybeUninit;

/// A broken-down time with the name of its zone.
#[derive(Clone)]
pub struct Calendar {
    pub tm: libc::tm,
    pub zone: Option<Vec<u8>>,
}

fn calendar(tm: libc::tm) -> Calendar {
    // SAFETY: the zone's name is null or a string of the C library's, copied at once.
    let zone = unsafe { (!tm.tm_zone.is_null()).then(|| CStr::from_ptr(tm.tm_zone).to_bytes().to_vec()) };
    Calendar { tm, zone }
}

pub fn localtime(seconds: i64) -> SysResult<Calendar> {
    let mut tm = MaybeUninit::<libc::tm>::zeroed();
    // SAFETY: the structure is filled in if the call succeeds.
    unsafe {
        if libc::localtime_r(&seconds, tm.as_mut_ptr()).is_null() {
            return Err(last_error());
        }
        Ok(calendar(tm.assume_init()))
    }
}

pub fn gmtime(seconds: i64) -> SysResult<Calendar> {
    let mut tm = MaybeUninit::<libc::tm>::zeroed();
    // SAFETY: as above.
    unsafe {
        if libc::gmtime_r(&seconds, tm.as_mut_ptr()).is_null() {
            return Err(last_error());
        }
        Ok(calendar(tm.assume_init()))
    }
}

/// `None`: the time cannot be expressed.
pub fn mktime(mut tm: libc::tm) -> Option<i64> {
    // A day of the week that the call does not overwrite tells that it failed.
    tm.tm_wday = -1;
    // SAFETY: the structure lives through the call.
    let seconds = unsafe { libc::mktime(&mut tm) };
    (seconds != -1 || tm.tm_wday != -1).then_some(seconds)
}

pub fn strftime(format: &CStr, tm: &libc::tm, zone: Option<&CStr>) -> Option<Vec<u8>> {
    unsafe extern "C" {
        fn strftime(to: *mut libc::c_char, size: usize, format: *const libc::c_char, tm: *const libc::tm) -> usize;
    }
    let mut tm = *tm;
    if let Some(zone) = zone {
        tm.tm_zone = zone.as_ptr();
    }
    let mut size = 1024;
    loop {
        let mut buffer = vec![0u8; size];
        // SAFETY: the buffer is that long; format and zone live through the call.
        let n = unsafe { strftime(buffer.as_mut_ptr().cast(), size, format.as_ptr(), &tm) };
        // An empty result and a buffer that is too small look the same.
        if n > 0 || size >= 256 * format.to_bytes().len().max(4) {
            buffer.truncate(n);
            return Some(buffer);
        }
        size *= 2;
    }
}

pub fn tzset() {
    unsafe extern "C" {
        fn tzset();
    }
    // SAFETY: the environment is changed only under the global lock, which is held.
    unsafe { tzset() };
}

pub fn empty_tm() -> libc::tm {
    // SAFETY: a structure of numbers and one pointer may be all zero.
    unsafe { std::mem::zeroed() }
}

/// Sleeps until a time of the monotonic clock.
pub fn sleep_until(deadline: libc::timespec) -> SysResult<()> {
    // SAFETY: the structure lives through the call.
    match unsafe { libc::clock_nanosleep(libc::CLOCK_MONOTONIC, libc::TIMER_ABSTIME, &deadline, std::ptr::null_mut()) } {
        0 => Ok(()),
        code => Err(code),
    }
}

pub fn clock_settime(clock: i32, time: libc::timespec) -> SysResult<i32> {
    // SAFETY: as above.
    check(unsafe { libc::clock_settime(clock, &time) })
}

pub fn thread_clock(thread: u64) -> SysResult<i32> {
    let mut clock = 0;
    // SAFETY: the clock is filled in; a thread that is not alive is the caller's mistake.
    match unsafe { libc::pthread_getcpuclockid(thread, &mut clock) } {
        0 => Ok(clock),
        code => Err(code),
    }
}

/// The zone's name as C takes it.
pub fn zone_name(name: &[u8]) -> Option<CString> {
    CString::new(name).ok()
}
