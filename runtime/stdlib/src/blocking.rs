//! System calls that may block: the global lock is released around them, and a call that a signal
//! interrupts is made again after the signal's handler has run without raising.

use object::{PyResult, Vm};

/// The error number of a failed system call.
pub type SysResult<T> = Result<T, i32>;

/// Runs `f` while other threads may run Python.
#[inline]
pub fn allow_threads<T>(vm: &mut Vm, f: impl FnOnce() -> T) -> T {
    vm.allow_threads(f)
}

/// Makes a system call, again and again while signals interrupt it.
pub fn retry<T>(vm: &mut Vm, mut call: impl FnMut() -> SysResult<T>) -> PyResult<SysResult<T>> {
    // A signal that has just arrived is not to wait until the call returns.
    vm.run_signal_handlers()?;
    loop {
        match vm.allow_threads(&mut call) {
            Err(libc::EINTR) => vm.run_signal_handlers()?,
            result => return Ok(result),
        }
    }
}
