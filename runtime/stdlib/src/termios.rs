//! `termios`: settings of terminals.

use crate::blocking::retry;
use crate::os_support::*;
use crate::sys;
use object::exception;
use object::list::List;
use object::method;
use object::native::Module;
use object::singleton::ModuleObject;
use object::tuple::Tuple;
use object::{Object, ObjectCell, PyResult, Raised, Ref, RefOf, Vm};

/// `termios`
pub static MODULE: Module = Module {
    name: "termios",
    doc: "This module provides an interface to the Posix calls for tty I/O control.",
    functions: &[
        method!(Bound tcgetattr "($module, fd, /)", "Get the tty attributes for file descriptor fd."),
        method!(Bound tcsetattr "($module, fd, when, attributes, /)", "Set the tty attributes for file descriptor fd."),
        method!(Bound tcsendbreak "($module, fd, duration, /)", "Send a break on file descriptor fd."),
        method!(Bound tcdrain "($module, fd, /)", "Wait until all output written to file descriptor fd has been transmitted."),
        method!(Bound tcflush "($module, fd, queue, /)", "Discard queued data on file descriptor fd."),
        method!(Bound tcflow "($module, fd, action, /)", "Suspend or resume input or output on file descriptor fd."),
        method!(Bound tcgetwinsize "($module, fd, /)", "Get the tty winsize for file descriptor fd."),
        method!(Bound tcsetwinsize "($module, fd, winsize, /)", "Set the tty winsize for file descriptor fd."),
    ],
    init: Some(init),
    ..Module::DEFAULT
};

static ERROR: ObjectCell = ObjectCell::EMPTY;

fn init(vm: &mut Vm, module: RefOf<'_, ModuleObject>) -> PyResult<()> {
    add_constants(vm, module, CONSTANTS);
    let error = new_exception(vm, "termios.error", &[exception::EXCEPTION.object()])?;
    ERROR.set(Some(error.clone()));
    module.set(vm, "error", error);
    Ok(())
}

fn error(vm: &mut Vm, code: i32) -> Raised {
    let class = ERROR.get().unwrap_or_else(|| exception::OS_ERROR.to_object());
    let text = vm.new_str(&strerror(code)).into_object();
    raise_class(vm, class.borrow(), &[Object::small_int(i64::from(code)).borrow(), text.borrow()])
}

fn or_error<T>(vm: &mut Vm, result: Result<T, i32>) -> PyResult<T> {
    result.map_err(|code| error(vm, code))
}

fn tcgetattr(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let fd = file_descriptor(vm, arg(args, 0))?;
    let settings = or_error(vm, sys::tcgetattr(fd))?;
    let canonical = settings.tty.c_lflag & libc::ICANON != 0;
    let characters: Vec<Object> = settings
        .tty
        .c_cc
        .iter()
        .enumerate()
        .map(|(index, &character)| {
            // Without canonical mode these two are numbers.
            if !canonical && (index == libc::VMIN || index == libc::VTIME) {
                Object::small_int(i64::from(character))
            } else {
                vm.new_bytes(&[character]).into_object()
            }
        })
        .collect();
    let tty = &settings.tty;
    let mut all: Vec<Object> = [tty.c_iflag, tty.c_oflag, tty.c_cflag, tty.c_lflag, settings.input_speed, settings.output_speed]
        .iter()
        .map(|&flags| Object::small_int(i64::from(flags)))
        .collect();
    all.push(vm.new_list(characters).into_object());
    Ok(vm.new_list(all).into_object())
}

fn tcsetattr(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let fd = file_descriptor(vm, arg(args, 0))?;
    let when = vm.to_i32(arg(args, 1))?;
    let items: Vec<Object> = match arg(args, 2).downcast::<List>() {
        Some(list) if list.len(vm) == 7 => list.items(vm).to_vec(),
        _ => return Err(vm.type_error("tcsetattr, arg 3: must be 7 element list")),
    };
    let mut settings = or_error(vm, sys::tcgetattr(fd))?;
    let mut numbers = [0u32; 6];
    for (number, item) in numbers.iter_mut().zip(&items) {
        *number = vm.to_i64(item.borrow())? as u32;
    }
    let [input, output, control, local, input_speed, output_speed] = numbers;
    let tty = &mut settings.tty;
    (tty.c_iflag, tty.c_oflag, tty.c_cflag, tty.c_lflag) = (input, output, control, local);
    (settings.input_speed, settings.output_speed) = (input_speed, output_speed);
    let count = tty.c_cc.len();
    let characters: Vec<Object> = match items[6].borrow().downcast::<List>() {
        Some(list) if list.len(vm) == count => list.items(vm).to_vec(),
        _ => return Err(vm.type_error(format!("tcsetattr: attributes[6] must be {count} element list"))),
    };
    for (slot, item) in settings.tty.c_cc.iter_mut().zip(&characters) {
        *slot = match object::bytes::as_bytes(item.borrow()) {
            Some(&[character]) => character,
            _ if object::int::is_int(item.borrow()) => vm.to_i64(item.borrow())? as u8,
            _ => return Err(vm.type_error("tcsetattr: elements of attributes must be characters or integers")),
        };
    }
    let result = retry(vm, || sys::tcsetattr(fd, when, &settings))?;
    or_error(vm, result)?;
    Ok(Object::none())
}

fn done(vm: &mut Vm, result: Result<i32, i32>) -> PyResult {
    or_error(vm, result)?;
    Ok(Object::none())
}

fn tcsendbreak(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let (fd, duration) = (file_descriptor(vm, arg(args, 0))?, vm.to_i32(arg(args, 1))?);
    let result = retry(vm, || sys::tcsendbreak(fd, duration))?;
    done(vm, result)
}

fn tcdrain(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let fd = file_descriptor(vm, arg(args, 0))?;
    let result = retry(vm, || sys::tcdrain(fd))?;
    done(vm, result)
}

fn tcflush(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let (fd, queue) = (file_descriptor(vm, arg(args, 0))?, vm.to_i32(arg(args, 1))?);
    let result = retry(vm, || sys::tcflush(fd, queue))?;
    done(vm, result)
}

fn tcflow(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let (fd, action) = (file_descriptor(vm, arg(args, 0))?, vm.to_i32(arg(args, 1))?);
    let result = retry(vm, || sys::tcflow(fd, action))?;
    done(vm, result)
}

fn tcgetwinsize(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let fd = file_descriptor(vm, arg(args, 0))?;
    let size = or_error(vm, sys::window_size(fd))?;
    Ok(vm.new_tuple([Object::small_int(i64::from(size.ws_row)), Object::small_int(i64::from(size.ws_col))]).into_object())
}

fn tcsetwinsize(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let fd = file_descriptor(vm, arg(args, 0))?;
    let value = arg(args, 1);
    let is_pair = value.downcast::<Tuple>().is_some() || value.downcast::<List>().is_some();
    if !is_pair && value.class().slots().getitem.is_none() {
        return Err(vm.type_error("tcsetwinsize, arg 2: must be a two-item sequence"));
    }
    let items = vm.collect(value)?;
    let [rows, columns] = &items[..] else { return Err(vm.type_error("tcsetwinsize, arg 2: must be a two-item sequence")) };
    let (rows, columns) = (vm.to_i64(rows.borrow())?, vm.to_i64(columns.borrow())?);
    let (Ok(rows), Ok(columns)) = (u16::try_from(rows), u16::try_from(columns)) else {
        return Err(vm.overflow_error("winsize value(s) out of range."));
    };
    let mut size = or_error(vm, sys::window_size(fd))?;
    size.ws_row = rows;
    size.ws_col = columns;
    done(vm, sys::set_window_size(fd, size))
}

/// Constants by name.
static CONSTANTS: &[(&str, i64)] = &[
    ("B0", libc::B0 as i64),
    ("B1000000", libc::B1000000 as i64),
    ("B110", libc::B110 as i64),
    ("B115200", libc::B115200 as i64),
    ("B1152000", libc::B1152000 as i64),
    ("B1200", libc::B1200 as i64),
    ("B134", libc::B134 as i64),
    ("B14400", 14400),
    ("B150", libc::B150 as i64),
    ("B1500000", libc::B1500000 as i64),
    ("B1800", libc::B1800 as i64),
    ("B19200", libc::B19200 as i64),
    ("B200", libc::B200 as i64),
    ("B2000000", libc::B2000000 as i64),
    ("B230400", libc::B230400 as i64),
    ("B2400", libc::B2400 as i64),
    ("B2500000", libc::B2500000 as i64),
    ("B28800", 28800),
    ("B300", libc::B300 as i64),
    ("B3000000", libc::B3000000 as i64),
    ("B3500000", libc::B3500000 as i64),
    ("B38400", libc::B38400 as i64),
    ("B4000000", libc::B4000000 as i64),
    ("B460800", libc::B460800 as i64),
    ("B4800", libc::B4800 as i64),
    ("B50", libc::B50 as i64),
    ("B500000", libc::B500000 as i64),
    ("B57600", libc::B57600 as i64),
    ("B576000", libc::B576000 as i64),
    ("B600", libc::B600 as i64),
    ("B7200", 7200),
    ("B75", libc::B75 as i64),
    ("B76800", 76800),
    ("B921600", libc::B921600 as i64),
    ("B9600", libc::B9600 as i64),
    ("BRKINT", libc::BRKINT as i64),
    ("BS0", libc::BS0 as i64),
    ("BS1", libc::BS1 as i64),
    ("BSDLY", libc::BSDLY as i64),
    ("CBAUD", libc::CBAUD as i64),
    ("CBAUDEX", libc::CBAUDEX as i64),
    ("CDSUSP", 25),
    ("CEOF", 4),
    ("CEOL", 0),
    ("CEOT", 4),
    ("CERASE", 127),
    ("CFLUSH", 15),
    ("CIBAUD", libc::CIBAUD as i64),
    ("CINTR", 3),
    ("CKILL", 21),
    ("CLNEXT", 22),
    ("CLOCAL", libc::CLOCAL as i64),
    ("CQUIT", 28),
    ("CR0", libc::CR0 as i64),
    ("CR1", libc::CR1 as i64),
    ("CR2", libc::CR2 as i64),
    ("CR3", libc::CR3 as i64),
    ("CRDLY", libc::CRDLY as i64),
    ("CREAD", libc::CREAD as i64),
    ("CRPRNT", 18),
    ("CRTSCTS", libc::CRTSCTS as i64),
    ("CS5", libc::CS5 as i64),
    ("CS6", libc::CS6 as i64),
    ("CS7", libc::CS7 as i64),
    ("CS8", libc::CS8 as i64),
    ("CSIZE", libc::CSIZE as i64),
    ("CSTART", 17),
    ("CSTOP", 19),
    ("CSTOPB", libc::CSTOPB as i64),
    ("CSUSP", 26),
    ("CWERASE", 23),
    ("ECHO", libc::ECHO as i64),
    ("ECHOCTL", libc::ECHOCTL as i64),
    ("ECHOE", libc::ECHOE as i64),
    ("ECHOK", libc::ECHOK as i64),
    ("ECHOKE", libc::ECHOKE as i64),
    ("ECHONL", libc::ECHONL as i64),
    ("ECHOPRT", libc::ECHOPRT as i64),
    ("EXTA", libc::EXTA as i64),
    ("EXTB", libc::EXTB as i64),
    ("EXTPROC", libc::EXTPROC as i64),
    ("FF0", libc::FF0 as i64),
    ("FF1", libc::FF1 as i64),
    ("FFDLY", libc::FFDLY as i64),
    ("FIOASYNC", libc::FIOASYNC as i64),
    ("FIOCLEX", libc::FIOCLEX as i64),
    ("FIONBIO", libc::FIONBIO as i64),
    ("FIONCLEX", libc::FIONCLEX as i64),
    ("FIONREAD", libc::FIONREAD as i64),
    ("FLUSHO", libc::FLUSHO as i64),
    ("HUPCL", libc::HUPCL as i64),
    ("IBSHIFT", libc::IBSHIFT as i64),
    ("ICANON", libc::ICANON as i64),
    ("ICRNL", libc::ICRNL as i64),
    ("IEXTEN", libc::IEXTEN as i64),
    ("IGNBRK", libc::IGNBRK as i64),
    ("IGNCR", libc::IGNCR as i64),
    ("IGNPAR", libc::IGNPAR as i64),
    ("IMAXBEL", libc::IMAXBEL as i64),
    ("INLCR", libc::INLCR as i64),
    ("INPCK", libc::INPCK as i64),
    ("IOCSIZE_MASK", 1073676288),
    ("IOCSIZE_SHIFT", 16),
    ("ISIG", libc::ISIG as i64),
    ("ISTRIP", libc::ISTRIP as i64),
    ("IUCLC", libc::IUCLC as i64),
    ("IUTF8", libc::IUTF8 as i64),
    ("IXANY", libc::IXANY as i64),
    ("IXOFF", libc::IXOFF as i64),
    ("IXON", libc::IXON as i64),
    ("NCCS", libc::NCCS as i64),
    ("NL0", libc::NL0 as i64),
    ("NL1", libc::NL1 as i64),
    ("NLDLY", libc::NLDLY as i64),
    ("NOFLSH", libc::NOFLSH as i64),
    ("N_MOUSE", 2),
    ("N_PPP", 3),
    ("N_SLIP", 1),
    ("N_STRIP", 4),
    ("N_TTY", 0),
    ("OCRNL", libc::OCRNL as i64),
    ("OFDEL", libc::OFDEL as i64),
    ("OFILL", libc::OFILL as i64),
    ("OLCUC", libc::OLCUC as i64),
    ("ONLCR", libc::ONLCR as i64),
    ("ONLRET", libc::ONLRET as i64),
    ("ONOCR", libc::ONOCR as i64),
    ("OPOST", libc::OPOST as i64),
    ("PARENB", libc::PARENB as i64),
    ("PARMRK", libc::PARMRK as i64),
    ("PARODD", libc::PARODD as i64),
    ("PENDIN", libc::PENDIN as i64),
    ("TAB0", libc::TAB0 as i64),
    ("TAB1", libc::TAB1 as i64),
    ("TAB2", libc::TAB2 as i64),
    ("TAB3", libc::TAB3 as i64),
    ("TABDLY", libc::TABDLY as i64),
    ("TCFLSH", libc::TCFLSH as i64),
    ("TCGETS", libc::TCGETS as i64),
    ("TCIFLUSH", libc::TCIFLUSH as i64),
    ("TCIOFF", libc::TCIOFF as i64),
    ("TCIOFLUSH", libc::TCIOFLUSH as i64),
    ("TCION", libc::TCION as i64),
    ("TCOFLUSH", libc::TCOFLUSH as i64),
    ("TCOOFF", libc::TCOOFF as i64),
    ("TCOON", libc::TCOON as i64),
    ("TCSADRAIN", libc::TCSADRAIN as i64),
    ("TCSAFLUSH", libc::TCSAFLUSH as i64),
    ("TCSANOW", libc::TCSANOW as i64),
    ("TCSBRK", libc::TCSBRK as i64),
    ("TCSBRKP", libc::TCSBRKP as i64),
    ("TCSETS", libc::TCSETS as i64),
    ("TCSETSF", libc::TCSETSF as i64),
    ("TCSETSW", libc::TCSETSW as i64),
    ("TCXONC", libc::TCXONC as i64),
    ("TIOCCONS", libc::TIOCCONS as i64),
    ("TIOCEXCL", libc::TIOCEXCL as i64),
    ("TIOCGETD", libc::TIOCGETD as i64),
    ("TIOCGICOUNT", libc::TIOCGICOUNT as i64),
    ("TIOCGLCKTRMIOS", libc::TIOCGLCKTRMIOS as i64),
    ("TIOCGPGRP", libc::TIOCGPGRP as i64),
    ("TIOCGSERIAL", libc::TIOCGSERIAL as i64),
    ("TIOCGSOFTCAR", libc::TIOCGSOFTCAR as i64),
    ("TIOCGWINSZ", libc::TIOCGWINSZ as i64),
    ("TIOCINQ", libc::TIOCINQ as i64),
    ("TIOCLINUX", libc::TIOCLINUX as i64),
    ("TIOCMBIC", libc::TIOCMBIC as i64),
    ("TIOCMBIS", libc::TIOCMBIS as i64),
    ("TIOCMGET", libc::TIOCMGET as i64),
    ("TIOCMIWAIT", libc::TIOCMIWAIT as i64),
    ("TIOCMSET", libc::TIOCMSET as i64),
    ("TIOCM_CAR", libc::TIOCM_CAR as i64),
    ("TIOCM_CD", libc::TIOCM_CD as i64),
    ("TIOCM_CTS", libc::TIOCM_CTS as i64),
    ("TIOCM_DSR", libc::TIOCM_DSR as i64),
    ("TIOCM_DTR", libc::TIOCM_DTR as i64),
    ("TIOCM_LE", libc::TIOCM_LE as i64),
    ("TIOCM_RI", libc::TIOCM_RI as i64),
    ("TIOCM_RNG", libc::TIOCM_RNG as i64),
    ("TIOCM_RTS", libc::TIOCM_RTS as i64),
    ("TIOCM_SR", libc::TIOCM_SR as i64),
    ("TIOCM_ST", libc::TIOCM_ST as i64),
    ("TIOCNOTTY", libc::TIOCNOTTY as i64),
    ("TIOCNXCL", libc::TIOCNXCL as i64),
    ("TIOCOUTQ", libc::TIOCOUTQ as i64),
    ("TIOCPKT", libc::TIOCPKT as i64),
    ("TIOCPKT_DATA", 0),
    ("TIOCPKT_DOSTOP", 32),
    ("TIOCPKT_FLUSHREAD", 1),
    ("TIOCPKT_FLUSHWRITE", 2),
    ("TIOCPKT_NOSTOP", 16),
    ("TIOCPKT_START", 8),
    ("TIOCPKT_STOP", 4),
    ("TIOCSCTTY", libc::TIOCSCTTY as i64),
    ("TIOCSERCONFIG", libc::TIOCSERCONFIG as i64),
    ("TIOCSERGETLSR", libc::TIOCSERGETLSR as i64),
    ("TIOCSERGETMULTI", libc::TIOCSERGETMULTI as i64),
    ("TIOCSERGSTRUCT", libc::TIOCSERGSTRUCT as i64),
    ("TIOCSERGWILD", libc::TIOCSERGWILD as i64),
    ("TIOCSERSETMULTI", libc::TIOCSERSETMULTI as i64),
    ("TIOCSERSWILD", libc::TIOCSERSWILD as i64),
    ("TIOCSER_TEMT", 1),
    ("TIOCSETD", libc::TIOCSETD as i64),
    ("TIOCSLCKTRMIOS", libc::TIOCSLCKTRMIOS as i64),
    ("TIOCSPGRP", libc::TIOCSPGRP as i64),
    ("TIOCSSERIAL", libc::TIOCSSERIAL as i64),
    ("TIOCSSOFTCAR", libc::TIOCSSOFTCAR as i64),
    ("TIOCSTI", libc::TIOCSTI as i64),
    ("TIOCSWINSZ", libc::TIOCSWINSZ as i64),
    ("TOSTOP", libc::TOSTOP as i64),
    ("VDISCARD", libc::VDISCARD as i64),
    ("VEOF", libc::VEOF as i64),
    ("VEOL", libc::VEOL as i64),
    ("VEOL2", libc::VEOL2 as i64),
    ("VERASE", libc::VERASE as i64),
    ("VINTR", libc::VINTR as i64),
    ("VKILL", libc::VKILL as i64),
    ("VLNEXT", libc::VLNEXT as i64),
    ("VMIN", libc::VMIN as i64),
    ("VQUIT", libc::VQUIT as i64),
    ("VREPRINT", libc::VREPRINT as i64),
    ("VSTART", libc::VSTART as i64),
    ("VSTOP", libc::VSTOP as i64),
    ("VSUSP", libc::VSUSP as i64),
    ("VSWTC", libc::VSWTC as i64),
    ("VSWTCH", 7),
    ("VT0", libc::VT0 as i64),
    ("VT1", libc::VT1 as i64),
    ("VTDLY", libc::VTDLY as i64),
    ("VTIME", libc::VTIME as i64),
    ("VWERASE", libc::VWERASE as i64),
    ("XCASE", libc::XCASE as i64),
    ("XTABS", libc::XTABS as i64),
    ("_POSIX_VDISABLE", libc::_POSIX_VDISABLE as i64),
];
