//! `select`, `poll` and `epoll` as safe functions.

use crate::blocking::SysResult;
use crate::sys::check;
use std::mem::MaybeUninit;

pub const FD_SETSIZE: i32 = libc::FD_SETSIZE as i32;

/// Which of the descriptors are ready: for reading, for writing, in an exceptional state.
pub fn select(sets: [&[i32]; 3], timeout: Option<libc::timeval>) -> SysResult<[Vec<i32>; 3]> {
    let mut timeout = timeout;
    let timeout = timeout.as_mut().map_or(std::ptr::null_mut(), std::ptr::from_mut);
    let greatest = sets.iter().flat_map(|set| set.iter().copied()).max().unwrap_or(-1);
    // SAFETY: the sets are cleared before use; the caller has checked that each descriptor fits.
    unsafe {
        let mut raw = [MaybeUninit::<libc::fd_set>::zeroed(); 3];
        for (raw, set) in raw.iter_mut().zip(sets) {
            libc::FD_ZERO(raw.as_mut_ptr());
            for &fd in set {
                libc::FD_SET(fd, raw.as_mut_ptr());
            }
        }
        let [read, write, except] = &mut raw;
        check(libc::select(greatest + 1, read.as_mut_ptr(), write.as_mut_ptr(), except.as_mut_ptr(), timeout))?;
        let mut ready = [const { Vec::new() }; 3];
        for ((ready, raw), set) in ready.iter_mut().zip(&raw).zip(sets) {
            ready.extend(set.iter().copied().filter(|&fd| libc::FD_ISSET(fd, raw.as_ptr())));
        }
        Ok(ready)
    }
}

/// Waits for events of descriptors; fills in what happened. `timeout`: milliseconds, negative for ever.
pub fn poll(fds: &mut [libc::pollfd], timeout: i32) -> SysResult<usize> {
    // SAFETY: the slice is that long.
    check(unsafe { libc::poll(fds.as_mut_ptr(), fds.len() as libc::nfds_t, timeout) }).map(|n| n as usize)
}

pub fn epoll_control(epoll: i32, operation: i32, fd: i32, events: u32) -> SysResult<i32> {
    let mut event = libc::epoll_event { events, u64: fd as u64 };
    // SAFETY: the event lives through the call.
    check(unsafe { libc::epoll_ctl(epoll, operation, fd, &mut event) })
}

/// Descriptors and their events. `timeout`: milliseconds, negative for ever.
pub fn epoll_wait(epoll: i32, most: usize, timeout: i32) -> SysResult<Vec<(i32, u32)>> {
    let mut events = vec![libc::epoll_event { events: 0, u64: 0 }; most];
    // SAFETY: there is room for `most` events.
    let n = check(unsafe { libc::epoll_wait(epoll, events.as_mut_ptr(), most as i32, timeout) })?;
    Ok(events[..n as usize].iter().map(|event| (event.u64 as i32, event.events)).collect())
}
