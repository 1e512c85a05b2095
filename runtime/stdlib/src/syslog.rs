//! `syslog`: messages to the system's log.

use crate::os_support::*;
use crate::sys;
use crate::sys_module::raise_event;
use object::method;
use object::native::Module;
use object::str::Str;
use object::{Object, PyResult, Ref, Vm, VmCell};
use std::ffi::CString;

/// `syslog`
pub static MODULE: Module = Module {
    name: "syslog",
    functions: &[
        method!(Bound openlog "($module, /, ident=<unrepresentable>, logoption=0, facility=LOG_USER)", "Set logging options of subsequent syslog() calls."),
        method!(Many syslog "", "syslog([priority=LOG_INFO,] message)\nSend the string message to the system logger."),
        method!(Unary closelog "($module, /)", "Reset the syslog module values and call the system library closelog()."),
        method!(Bound setlogmask "($module, maskpri, /)", "Set the priority mask to maskpri and return the previous mask value."),
        method!(Bound log_mask as "LOG_MASK" "($module, pri, /)", "Calculates the mask for the individual priority pri."),
        method!(Bound log_upto as "LOG_UPTO" "($module, pri, /)", "Calculates the mask for all priorities up to and including pri."),
    ],
    init: Some(|vm, module| {
        add_constants(vm, module, CONSTANTS);
        Ok(())
    }),
    ..Module::DEFAULT
};

/// The name given to `openlog`, which the C library goes on using.
static IDENT: VmCell<Option<CString>> = VmCell::new(None);
static OPENED: VmCell<bool> = VmCell::new(false);

fn openlog(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let ident = match optional(args, 0) {
        Some(ident) => Some(c_string(vm, ident)?),
        None => default_ident(vm)?,
    };
    let options = int_or(vm, args[1], 0)?;
    let facility = int_or(vm, args[2], libc::LOG_USER)?;
    let shown = match (&ident, optional(args, 0)) {
        (_, Some(given)) => given.to_owned(),
        (Some(ident), None) => vm.new_str(&ident.to_string_lossy()).into_object(),
        (None, None) => Object::none(),
    };
    let (options_object, facility_object) = (Object::small_int(i64::from(options)), Object::small_int(i64::from(facility)));
    raise_event(vm, "syslog.openlog", &[shown.borrow(), options_object.borrow(), facility_object.borrow()])?;
    sys::openlog(ident.as_deref(), options, facility);
    // The old name is given up only now that nobody uses it.
    IDENT.set(vm, ident);
    OPENED.set(vm, true);
    Ok(Object::none())
}

/// The last part of the program's name.
fn default_ident(vm: &mut Vm) -> PyResult<Option<CString>> {
    let module = vm.import("sys")?;
    let Some(argv) = vm.find_attr_str(module.borrow(), "argv")? else { return Ok(None) };
    if argv.borrow().downcast::<object::list::List>().is_none() {
        return Ok(None);
    }
    let Some(first) = vm.collect(argv.borrow())?.into_iter().next() else { return Ok(None) };
    let Some(text) = first.borrow().downcast::<Str>().and_then(|text| text.to_utf8().map(|text| text.into_owned())) else { return Ok(None) };
    let name = text.rsplit('/').next().unwrap_or_default();
    Ok(CString::new(name).ok().filter(|name| !name.is_empty()))
}

fn syslog(vm: &mut Vm, module: Ref<'_>, args: &[Ref<'_>]) -> PyResult {
    let (priority, message) = match *args {
        [message] => (libc::LOG_INFO, message),
        [priority, message] => (vm.to_i32(priority)?, message),
        _ => return Err(vm.type_error("syslog.syslog requires 1 to 2 arguments")),
    };
    if message.downcast::<Str>().is_none() {
        return Err(vm.type_error(format!("syslog() argument must be str, not {}", message.class().full_name())));
    }
    let priority_object = Object::small_int(i64::from(priority));
    raise_event(vm, "syslog.syslog", &[priority_object.borrow(), message])?;
    let message = c_string(vm, message)?;
    if !*OPENED.get(vm) {
        openlog(vm, module, &[None, None, None])?;
    }
    vm.allow_threads(|| sys::syslog(priority, &message));
    Ok(Object::none())
}

fn closelog(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    raise_event(vm, "syslog.closelog", &[])?;
    if *OPENED.get(vm) {
        sys::closelog();
        OPENED.set(vm, false);
        IDENT.set(vm, None);
    }
    Ok(Object::none())
}

fn setlogmask(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let mask = vm.to_i32(arg(args, 0))?;
    raise_event(vm, "syslog.setlogmask", &[Object::small_int(i64::from(mask)).borrow()])?;
    Ok(Object::small_int(i64::from(sys::setlogmask(mask))))
}

fn log_mask(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let priority = vm.to_i32(arg(args, 0))?;
    Ok(Object::small_int(1i64.wrapping_shl(priority as u32)))
}

fn log_upto(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let priority = vm.to_i32(arg(args, 0))?;
    Ok(Object::small_int(1i64.wrapping_shl((priority + 1) as u32) - 1))
}

/// Constants by name.
static CONSTANTS: &[(&str, i64)] = &[
    ("LOG_ALERT", libc::LOG_ALERT as i64),
    ("LOG_AUTH", libc::LOG_AUTH as i64),
    ("LOG_AUTHPRIV", libc::LOG_AUTHPRIV as i64),
    ("LOG_CONS", libc::LOG_CONS as i64),
    ("LOG_CRIT", libc::LOG_CRIT as i64),
    ("LOG_CRON", libc::LOG_CRON as i64),
    ("LOG_DAEMON", libc::LOG_DAEMON as i64),
    ("LOG_DEBUG", libc::LOG_DEBUG as i64),
    ("LOG_EMERG", libc::LOG_EMERG as i64),
    ("LOG_ERR", libc::LOG_ERR as i64),
    ("LOG_FTP", libc::LOG_FTP as i64),
    ("LOG_INFO", libc::LOG_INFO as i64),
    ("LOG_KERN", libc::LOG_KERN as i64),
    ("LOG_LOCAL0", libc::LOG_LOCAL0 as i64),
    ("LOG_LOCAL1", libc::LOG_LOCAL1 as i64),
    ("LOG_LOCAL2", libc::LOG_LOCAL2 as i64),
    ("LOG_LOCAL3", libc::LOG_LOCAL3 as i64),
    ("LOG_LOCAL4", libc::LOG_LOCAL4 as i64),
    ("LOG_LOCAL5", libc::LOG_LOCAL5 as i64),
    ("LOG_LOCAL6", libc::LOG_LOCAL6 as i64),
    ("LOG_LOCAL7", libc::LOG_LOCAL7 as i64),
    ("LOG_LPR", libc::LOG_LPR as i64),
    ("LOG_MAIL", libc::LOG_MAIL as i64),
    ("LOG_NDELAY", libc::LOG_NDELAY as i64),
    ("LOG_NEWS", libc::LOG_NEWS as i64),
    ("LOG_NOTICE", libc::LOG_NOTICE as i64),
    ("LOG_NOWAIT", libc::LOG_NOWAIT as i64),
    ("LOG_ODELAY", libc::LOG_ODELAY as i64),
    ("LOG_PERROR", libc::LOG_PERROR as i64),
    ("LOG_PID", libc::LOG_PID as i64),
    ("LOG_SYSLOG", libc::LOG_SYSLOG as i64),
    ("LOG_USER", libc::LOG_USER as i64),
    ("LOG_UUCP", libc::LOG_UUCP as i64),
    ("LOG_WARNING", libc::LOG_WARNING as i64),
];
