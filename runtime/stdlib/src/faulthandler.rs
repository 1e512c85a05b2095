//! `faulthandler`: tracebacks of all threads when asked for, after a time, or at a signal, and a
//! message before the process dies of a fatal one.

mod sys;

use crate::os_support::*;
use crate::thread::raw_lock::{RawLock, Wait};
use object::gil;
use object::method;
use object::native::Module;
use object::str::Str;
use object::{Object, PyResult, Ref, Vm, VmCell};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// `faulthandler`
pub static MODULE: Module = Module {
    name: "faulthandler",
    doc: "faulthandler module.",
    functions: &[
        method!(Bound enable "($module, /, file=sys.stderr, all_threads=True, c_stack=True)", "Enable the fault handler."),
        method!(Unary disable "($module, /)", "Disable the fault handler."),
        method!(Unary is_enabled "($module, /)", "Check if the handler is enabled."),
        method!(Bound dump_traceback "($module, /, file=sys.stderr, all_threads=True)", "Dump the traceback of the current thread into file."),
        method!(Bound dump_traceback_later "($module, /, timeout, repeat=False, file=sys.stderr, exit=False)", "Dump the traceback of all threads in timeout seconds."),
        method!(Unary cancel_dump_traceback_later "($module, /)", "Cancel the previous call to dump_traceback_later()."),
    ],
    ..Module::DEFAULT
};

/// A file argument: its descriptor. The object is kept alive by the caller.
fn file_argument(vm: &mut Vm, file: Option<Ref<'_>>) -> PyResult<(i32, Object)> {
    let file = match file {
        Some(file) if !file.is_none() => file.to_owned(),
        _ => {
            let sys = vm.import("sys")?;
            let stderr = vm.find_attr_str(sys.borrow(), "stderr")?;
            match stderr.filter(|stderr| !stderr.borrow().is_none()) {
                Some(stderr) => stderr,
                None => return Err(vm.runtime_error("unable to get sys.stderr")),
            }
        }
    };
    if object::int::is_int(file.borrow()) {
        let fd = vm.to_i32(file.borrow())?;
        if fd < 0 {
            return Err(vm.value_error("file is not a valid file descripter"));
        }
        return Ok((fd, file));
    }
    let fd = vm.call_method(file.borrow(), "fileno", &[])?;
    let fd = vm.to_i32(fd.borrow())?;
    if fd < 0 {
        return Err(vm.runtime_error("file.fileno() is not a valid file descriptor"));
    }
    // What waits in the stream's buffer comes first.
    if let Err(raised) = vm.call_method(file.borrow(), "flush", &[]) {
        vm.catch(raised);
    }
    Ok((fd, file))
}

static ENABLED_FILE: VmCell<Option<Object>> = VmCell::new(None);

fn enable(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let (fd, file) = file_argument(vm, args[0])?;
    sys::enable(fd);
    ENABLED_FILE.set(vm, Some(file));
    Ok(Object::none())
}

fn disable(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    let was = sys::is_enabled();
    sys::disable();
    ENABLED_FILE.set(vm, None);
    Ok(Object::bool(was))
}

fn is_enabled(_vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    Ok(Object::bool(sys::is_enabled()))
}

/// The lines of a stack, innermost frame first.
fn stack_text(vm: &mut Vm, frame: Object, text: &mut String) -> PyResult<()> {
    let mut frame = frame;
    let mut depth = 0;
    while !frame.borrow().is_none() && depth < 100 {
        let code = vm.get_attr_str(frame.borrow(), "f_code")?;
        let file = vm.get_attr_str(code.borrow(), "co_filename")?;
        let name = vm.get_attr_str(code.borrow(), "co_name")?;
        let line = vm.get_attr_str(frame.borrow(), "f_lineno")?;
        let (file, name) = (ascii_text(file.borrow()), ascii_text(name.borrow()));
        let line = if line.borrow().is_none() { "???".to_owned() } else { vm.str_text(line.borrow())? };
        text.push_str(&format!("  File \"{file}\", line {line} in {name}\n"));
        frame = vm.get_attr_str(frame.borrow(), "f_back")?;
        depth += 1;
    }
    if !frame.borrow().is_none() {
        text.push_str("  ...\n");
    }
    Ok(())
}

/// A string in ASCII, other characters escaped.
fn ascii_text(value: Ref<'_>) -> String {
    let Some(text) = value.downcast::<Str>() else { return "???".to_owned() };
    let mut out = String::new();
    for character in text.code_points() {
        match character {
            0x20..=0x7e => out.extend(char::from_u32(character)),
            0..=0xff => out.push_str(&format!("\\x{character:02x}")),
            0x100..=0xffff => out.push_str(&format!("\\u{character:04x}")),
            _ => out.push_str(&format!("\\U{character:08x}")),
        }
    }
    out
}

/// The tracebacks of the calling thread, or of all.
fn dump_text(vm: &mut Vm, all_threads: bool, current: Option<u64>) -> PyResult<String> {
    let sys = vm.import("sys")?;
    let mut text = String::new();
    if !all_threads {
        text.push_str("Stack (most recent call first):\n");
        let frame = vm.call_method(sys.borrow(), "_getframe", &[])?;
        stack_text(vm, frame, &mut text)?;
        return Ok(text);
    }
    let frames = vm.call_method(sys.borrow(), "_current_frames", &[])?;
    let items = vm.call_method(frames.borrow(), "items", &[])?;
    for (index, item) in vm.collect(items.borrow())?.into_iter().enumerate() {
        let thread = vm.get_item(item.borrow(), Object::small_int(0).borrow())?;
        let frame = vm.get_item(item.borrow(), Object::small_int(1).borrow())?;
        let ident = object::int::as_u64(thread.borrow()).unwrap_or(0);
        if index > 0 {
            text.push('\n');
        }
        let label = if current == Some(ident) { "Current thread" } else { "Thread" };
        text.push_str(&format!("{label} 0x{ident:016x} (most recent call first):\n"));
        stack_text(vm, frame, &mut text)?;
    }
    Ok(text)
}

fn dump_traceback(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let (fd, _file) = file_argument(vm, args[0])?;
    let all = truth(vm, args[1], true)?;
    let text = dump_text(vm, all, Some(crate::thread::ident()))?;
    sys::write_all(fd, text.as_bytes());
    Ok(Object::none())
}

/// The watchdog that runs, and the file it writes to.
static WATCHDOG: VmCell<Option<(Arc<RawLock>, Object)>> = VmCell::new(None);

fn dump_traceback_later(vm: &mut Vm, module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let nanoseconds = nanoseconds_of(vm, arg(args, 0), Rounding::Up)?;
    let repeat = truth(vm, args[1], false)?;
    let exit = truth(vm, args[3], false)?;
    if nanoseconds <= 0 {
        return Err(vm.value_error("timeout must be greater than 0"));
    }
    let (fd, file) = file_argument(vm, args[2])?;
    cancel_dump_traceback_later(vm, module)?;
    let timeout = Duration::from_nanos(nanoseconds as u64);
    let seconds = timeout.as_secs();
    let heading = format!(
        "Timeout ({}:{:02}:{:02}{})!\n",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60,
        match timeout.subsec_micros() {
            0 => String::new(),
            part => format!(".{part:06}"),
        }
    );
    let cancelled = Arc::new(RawLock::new_locked());
    let lock = Arc::clone(&cancelled);
    let started = std::thread::Builder::new().stack_size(4 << 20).spawn(move || {
        loop {
            let deadline = Instant::now() + timeout;
            let ended = loop {
                match lock.wait(Some(deadline)) {
                    Wait::Acquired => break true,
                    Wait::TimedOut => break false,
                    Wait::Interrupted => {}
                }
            };
            if ended {
                return;
            }
            watchdog_dump(fd, &heading);
            if exit {
                crate::sys::_exit(1);
            }
            if !repeat {
                return;
            }
        }
    });
    if started.is_err() {
        return Err(vm.runtime_error("unable to start watchdog thread"));
    }
    WATCHDOG.set(vm, Some((cancelled, file)));
    Ok(Object::none())
}

/// Writes the tracebacks of all threads, from a thread of its own.
fn watchdog_dump(fd: i32, heading: &str) {
    sys::write_all(fd, heading.as_bytes());
    gil::acquire();
    let mut vm = Vm::new(3 << 20);
    if let Some(started) = object::vm::hooks().thread_started {
        started(&mut vm);
    }
    match dump_text(&mut vm, true, None) {
        Ok(text) => sys::write_all(fd, text.as_bytes()),
        Err(raised) => {
            vm.catch(raised);
        }
    }
    if let Some(ended) = object::vm::hooks().thread_ended {
        ended(&mut vm);
    }
    drop(vm);
    gil::release();
}

fn cancel_dump_traceback_later(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    if let Some((lock, _file)) = WATCHDOG.replace(vm, None) {
        lock.unlock();
    }
    Ok(Object::none())
}
