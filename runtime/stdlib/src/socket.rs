//! `_socket`: sockets. Addresses, name lookups and the system calls have files of their own.
//!
//! A socket with a timeout is non-blocking below; each operation first waits until it is ready.

pub mod address;
pub mod constants;
pub mod names;
pub mod sys;

use crate::blocking::SysResult;
use crate::os_support::*;
use crate::sys::{self as system, Memory};
use names::*;
use object::bytes::Buffer;
use object::call::Args;
use object::exception;
use object::method;
use object::native::{Module, PayloadInfo, flag};
use object::singleton::ModuleObject;
use object::tuple::Tuple;
use object::{Getset, Member, Object, ObjectCell, Payload, PyResult, Raised, Ref, RefOf, Slots, Type, TypeSpec, Vm, VmCell};
use std::cell::Cell;
use std::time::{Duration, Instant};
use sys::RawAddress;

/// `_socket`
pub static MODULE: Module = Module {
    name: "_socket",
    doc: "Implementation module for socket operations.\n\nSee the socket module for documentation.",
    functions: &[
        method!(Bound getaddrinfo "($module, /, host, port, family=0, type=0, proto=0, flags=0)", "Resolve host and port into addrinfo struct."),
        method!(Bound getnameinfo "($module, sockaddr, flags, /)", "Get host and port for a sockaddr."),
        method!(Unary gethostname "($module, /)", "Return the current host name."),
        method!(Bound sethostname "($module, name, /)", "Sets the hostname to name."),
        method!(Bound gethostbyname "($module, host, /)", "Return the IP address (a string of the form '255.255.255.255') for a host."),
        method!(Bound gethostbyname_ex "($module, host, /)", "Return the true host name, a list of aliases, and a list of IP addresses, for a host."),
        method!(Bound gethostbyaddr "($module, host, /)", "Return the true host name, a list of aliases, and a list of IP addresses, for a host."),
        method!(Bound getprotobyname "($module, name, /)", "Return the protocol number for the named protocol."),
        method!(Bound getservbyname "($module, servicename, protocolname=<unrepresentable>, /)", "Return a port number from a service name and protocol name."),
        method!(Bound getservbyport "($module, port, protocolname=<unrepresentable>, /)", "Return the service name from a port number and protocol name."),
        method!(Bound ntohs "($module, integer, /)", "Convert a 16-bit unsigned integer from network to host byte order."),
        method!(Bound ntohl "($module, integer, /)", "Convert a 32-bit unsigned integer from network to host byte order."),
        method!(Bound htons "($module, integer, /)", "Convert a 16-bit unsigned integer from host to network byte order."),
        method!(Bound htonl "($module, integer, /)", "Convert a 32-bit unsigned integer from host to network byte order."),
        method!(Bound inet_aton "($module, ip_addr, /)", "Convert an IP address in string format to the 32-bit packed binary format used in low-level network functions."),
        method!(Bound inet_ntoa "($module, packed_ip, /)", "Convert an IP address from 32-bit packed binary format to string format."),
        method!(Bound inet_pton "($module, af, ip, /)", "Convert an IP address from string format to a packed string suitable for use with low-level network functions."),
        method!(Bound inet_ntop "($module, af, packed_ip, /)", "Convert a packed IP address of the given family to string format."),
        method!(Unary if_nameindex "($module, /)", "Returns a list of network interface information (index, name) tuples."),
        method!(Bound if_nametoindex "($module, oname, /)", "Returns the interface index corresponding to the interface name if_name."),
        method!(Bound if_indextoname "($module, if_index, /)", "Returns the interface name corresponding to the interface index if_index."),
        method!(Bound cmsg_len as "CMSG_LEN" "($module, length, /)", "Return the total length, without trailing padding, of an ancillary data item."),
        method!(Bound cmsg_space as "CMSG_SPACE" "($module, length, /)", "Return the buffer size needed for recvmsg() to receive an ancillary data item."),
        method!(Unary getdefaulttimeout "($module, /)", "Returns the default timeout in seconds (float) for new socket objects."),
        method!(Binary setdefaulttimeout "($module, timeout, /)", "Set the default timeout in seconds (float) for new socket objects."),
        method!(Bound socketpair "($module, family=AF_UNIX, type=SOCK_STREAM, proto=0, /)", "Create a pair of socket objects from the sockets returned by the platform socketpair() function."),
        method!(Binary dup "($module, fd, /)", "Duplicate a socket file descriptor."),
        method!(Binary close_fd as "close" "($module, fd, /)", "Close an integer socket file descriptor."),
    ],
    types: &[&SOCKET],
    init: Some(init),
};

static GAI_ERROR: ObjectCell = ObjectCell::EMPTY;
static HOST_ERROR: ObjectCell = ObjectCell::EMPTY;
/// What new sockets wait for: `None`: for ever.
static DEFAULT_TIMEOUT: VmCell<Option<Duration>> = VmCell::new(None);

fn init(vm: &mut Vm, module: RefOf<'_, ModuleObject>) -> PyResult<()> {
    add_constants(vm, module, constants::CONSTANTS);
    module.set(vm, "error", exception::OS_ERROR.to_object());
    module.set(vm, "timeout", exception::TIMEOUT_ERROR.to_object());
    module.set(vm, "SocketType", SOCKET.to_object());
    module.set(vm, "has_ipv6", Object::bool(true));
    for (cell, name) in [(&GAI_ERROR, "gaierror"), (&HOST_ERROR, "herror")] {
        // A second import gets the same class, so that those who hold either module can catch it.
        let class = match cell.get() {
            Some(class) => class,
            None => new_exception(vm, &format!("socket.{name}"), &[exception::OS_ERROR.object()])?,
        };
        cell.set(Some(class.clone()));
        module.set(vm, name, class);
    }
    for (name, text) in [("BDADDR_ANY", "00:00:00:00:00:00"), ("BDADDR_LOCAL", "00:00:00:FF:FF:FF")] {
        add_text(vm, module, name, text);
    }
    Ok(())
}

fn coded_error(vm: &mut Vm, cell: &ObjectCell, code: i32, text: &str) -> Raised {
    let text = vm.new_str(text).into_object();
    let class = cell.get().unwrap_or_else(|| exception::OS_ERROR.to_object());
    raise_class(vm, class.borrow(), &[Object::small_int(i64::from(code)).borrow(), text.borrow()])
}

/// `socket.gaierror`
pub fn gai_error(vm: &mut Vm, code: i32) -> Raised {
    if code == libc::EAI_SYSTEM {
        return os_error(vm, system::last_error(), None);
    }
    let text = sys::gai_strerror(code);
    coded_error(vm, &GAI_ERROR, code, &text)
}

/// `socket.herror`
pub fn host_error(vm: &mut Vm, code: i32) -> Raised {
    let text = sys::host_error(code);
    coded_error(vm, &HOST_ERROR, code, &text)
}

pub fn raise_os(vm: &mut Vm, code: i32) -> Raised {
    os_error(vm, code, None)
}

/// The payload of a `socket`.
pub struct Socket {
    /// -1: closed.
    fd: Cell<i32>,
    family: Cell<i32>,
    kind: Cell<i32>,
    protocol: Cell<i32>,
    /// `None`: blocking; zero: non-blocking.
    timeout: Cell<Option<Duration>>,
}

/// `_socket.socket`
pub static SOCKET: Type = Type::new(&SOCKET_SPEC);
static SOCKET_SPEC: TypeSpec = TypeSpec {
    name: "_socket.socket",
    doc: "socket(family=AF_INET, type=SOCK_STREAM, proto=0) -> socket object\nsocket(family=-1, type=-1, proto=-1, fileno=None) -> socket object\n\nOpen a socket of the given type.",
    flags: flag::BASE_TYPE | flag::FINALIZER,
    payload: PayloadInfo::leaf::<Socket>(),
    slots: Slots { new: Some(new), init: Some(initialize), repr: Some(repr), finalize: Some(finalize), ..Slots::NONE },
    signature: "(family=-1, type=-1, proto=-1, fileno=None)",
    methods: &[
        method!(Unary accept as "_accept" "($self, /)", "Wait for an incoming connection."),
        method!(Binary bind "($self, address, /)", "Bind the socket to a local address."),
        method!(Unary close "($self, /)", "Close the socket.  It cannot be used after this call."),
        method!(Binary connect "($self, address, /)", "Connect the socket to a remote address."),
        method!(Binary connect_ex "($self, address, /)", "This is like connect(address), but returns an error code (the errno value) instead of raising an exception when an error occurs."),
        method!(Unary detach "($self, /)", "Close the socket object without closing the underlying file descriptor."),
        method!(Unary fileno "($self, /)", "Return the integer file descriptor of the socket."),
        method!(Unary getpeername "($self, /)", "Return the address of the remote endpoint."),
        method!(Unary getsockname "($self, /)", "Return the address of the local endpoint."),
        method!(Bound getsockopt "($self, level, option, buffersize=0, /)", "Get a socket option."),
        method!(Bound setsockopt "($self, level, option, value, optlen=<unrepresentable>, /)", "Set a socket option."),
        method!(Bound listen "($self, backlog=128, /)", "Enable a server to accept connections."),
        method!(Bound recv "($self, buffersize, flags=0, /)", "Receive up to buffersize bytes from the socket."),
        method!(Bound recv_into "($self, buffer, nbytes=0, flags=0)", "A version of recv() that stores its data into a buffer."),
        method!(Bound recvfrom "($self, buffersize, flags=0, /)", "Like recv(buffersize, flags) but also return the sender's address info."),
        method!(Bound recvfrom_into "($self, buffer, nbytes=0, flags=0)", "Like recv_into(buffer[, nbytes[, flags]]) but also return the sender's address info."),
        method!(Bound send "($self, data, flags=0, /)", "Send a data string to the socket."),
        method!(Bound sendall "($self, data, flags=0, /)", "Send a data string to the socket until all of it is sent."),
        method!(Many sendto "($self, data, flags, address, /)", "Like send(data, flags) but allows specifying the destination address."),
        method!(Binary setblocking "($self, flag, /)", "Set the socket to blocking (flag is true) or non-blocking (false)."),
        method!(Unary getblocking "($self, /)", "Returns True if socket is in blocking mode, or False if it is in non-blocking mode."),
        method!(Binary settimeout "($self, timeout, /)", "Set a timeout on socket operations."),
        method!(Unary gettimeout "($self, /)", "Returns the timeout in seconds (float) associated with socket operations."),
        method!(Binary shutdown "($self, flag, /)", "Shut down the reading side of the socket, the writing side of the socket, or both ends."),
        method!(Bound recvmsg "($self, bufsize, ancbufsize=0, flags=0, /)", "Receive normal data and ancillary data from the socket."),
        method!(Bound recvmsg_into "($self, buffers, ancbufsize=0, flags=0, /)", "Receive normal data and ancillary data from the socket, scattering it into a series of buffers."),
        method!(Bound sendmsg "($self, buffers, ancdata=(), flags=0, address=None, /)", "Send normal and ancillary data to the socket."),
    ],
    getsets: &[Getset::readonly("timeout", "the socket timeout", gettimeout)],
    members: &[
        Member(Getset::readonly("family", "the socket family", |_, this| Ok(Object::small_int(i64::from(socket_of(this).family.get()))))),
        Member(Getset::readonly("type", "the socket type", |_, this| Ok(Object::small_int(i64::from(socket_of(this).kind.get()))))),
        Member(Getset::readonly("proto", "the socket protocol", |_, this| Ok(Object::small_int(i64::from(socket_of(this).protocol.get()))))),
    ],
    ..TypeSpec::DEFAULT
};

impl Payload for Socket {
    fn class() -> &'static Type {
        &SOCKET
    }
}

impl Socket {
    /// -1: closed.
    pub fn descriptor(&self) -> i32 {
        self.fd.get()
    }

    /// `None`: blocking; zero: non-blocking.
    pub fn timeout(&self) -> Option<Duration> {
        self.timeout.get()
    }
}

fn socket_of<'a>(this: Ref<'a>) -> &'a Socket {
    this.downcast::<Socket>().expect("the method belongs to the type").get()
}

fn new(vm: &mut Vm, class: RefOf<'_, Type>, _args: Args<'_>) -> PyResult {
    let socket = Socket { fd: Cell::new(-1), family: Cell::new(0), kind: Cell::new(0), protocol: Cell::new(0), timeout: Cell::new(None) };
    Ok(vm.allocate_in(class.get(), socket))
}

fn initialize(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult<()> {
    let mut bound = [None, None, None, None];
    object::call::bind_args(vm, "socket", "(family=-1, type=-1, proto=-1, fileno=None)", args, &mut bound)?;
    let mut numbers = [-1; 3];
    for (number, value) in numbers.iter_mut().zip(&bound) {
        *number = int_or(vm, value.as_ref().map(Object::borrow), -1)?;
    }
    let [mut family, mut kind, mut protocol] = numbers;
    let fd = match bound[3].as_ref().map(Object::borrow).filter(|fd| !fd.is_none()) {
        Some(given) => {
            if object::float::value(given).is_some() {
                return Err(vm.type_error("'float' object cannot be interpreted as an integer"));
            }
            let fd = vm.to_i64(given)?;
            if fd < 0 {
                return Err(vm.value_error("negative file descriptor"));
            }
            let fd = i32::try_from(fd).unwrap_or(i32::MAX);
            let own = match sys::getsockname(fd) {
                Ok(address) => address.family(),
                Err(code) if family == -1 || code == libc::EBADF || code == libc::ENOTSOCK => return Err(raise_os(vm, code)),
                Err(_) => 0,
            };
            if family == -1 {
                family = own;
            }
            if kind == -1 {
                kind = checked(vm, sys::getsockopt_int(fd, libc::SOL_SOCKET, libc::SO_TYPE))?;
            }
            if protocol == -1 {
                protocol = checked(vm, sys::getsockopt_int(fd, libc::SOL_SOCKET, libc::SO_PROTOCOL))?;
            }
            fd
        }
        None => {
            family = if family == -1 { libc::AF_INET } else { family };
            kind = if kind == -1 { libc::SOCK_STREAM } else { kind };
            protocol = protocol.max(0);
            let result = vm.allow_threads(|| system::socket(family, kind | libc::SOCK_CLOEXEC, protocol));
            checked(vm, result)?
        }
    };
    let socket = socket_of(this);
    socket.fd.set(fd);
    socket.family.set(family);
    socket.kind.set(kind & !(libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK));
    socket.protocol.set(protocol);
    if kind & libc::SOCK_NONBLOCK != 0 {
        socket.timeout.set(Some(Duration::ZERO));
        return Ok(());
    }
    let default = *DEFAULT_TIMEOUT.get(vm);
    socket.timeout.set(default);
    if default.is_some() {
        checked(vm, system::set_blocking(fd, false))?;
    }
    Ok(())
}

fn repr(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let socket = socket_of(this);
    let text = format!(
        "<socket object, fd={}, family={}, type={}, proto={}>",
        socket.fd.get(),
        socket.family.get(),
        socket.kind.get(),
        socket.protocol.get()
    );
    Ok(vm.new_str(&text).into_object())
}

fn finalize(vm: &mut Vm, this: Ref<'_>) -> PyResult<()> {
    let socket = socket_of(this);
    if socket.fd.get() < 0 {
        return Ok(());
    }
    let result = vm.repr_text(this).and_then(|text| vm.warn(&exception::RESOURCE_WARNING, &format!("unclosed {text}"), 1));
    if let Err(raised) = result {
        vm.write_unraisable(raised, "Exception ignored in", Some(this));
    }
    let fd = socket.fd.replace(-1);
    // Nobody is left to hear of a failure.
    let _ = vm.allow_threads(|| system::close(fd));
    Ok(())
}

/// Makes a call that may have to wait, within the socket's timeout.
fn operate<T>(vm: &mut Vm, socket: &Socket, writing: bool, call: impl FnMut(i32) -> SysResult<T>) -> PyResult<T> {
    let deadline = socket.timeout.get().filter(|timeout| !timeout.is_zero()).and_then(|timeout| Instant::now().checked_add(timeout));
    operate_until(vm, socket, writing, deadline, call)
}

fn operate_until<T>(
    vm: &mut Vm,
    socket: &Socket,
    writing: bool,
    deadline: Option<Instant>,
    mut call: impl FnMut(i32) -> SysResult<T>,
) -> PyResult<T> {
    let fd = socket.fd.get();
    let waits = socket.timeout.get().is_some_and(|timeout| !timeout.is_zero());
    loop {
        if waits {
            wait(vm, fd, writing, deadline)?;
        }
        match vm.allow_threads(|| call(fd)) {
            Ok(value) => return Ok(value),
            Err(libc::EINTR) => vm.run_signal_handlers()?,
            // Another thread may have taken what there was.
            Err(libc::EAGAIN) if waits => {}
            Err(code) => return Err(raise_os(vm, code)),
        }
    }
}

/// Waits until the socket is ready, or raises `TimeoutError`.
fn wait(vm: &mut Vm, fd: i32, writing: bool, deadline: Option<Instant>) -> PyResult<()> {
    loop {
        let left = match deadline {
            Some(deadline) => i32::try_from(deadline.saturating_duration_since(Instant::now()).as_nanos().div_ceil(1_000_000)).unwrap_or(i32::MAX),
            None => -1,
        };
        match vm.allow_threads(|| sys::wait_ready(fd, writing, left)) {
            Ok(true) => return Ok(()),
            Ok(false) => return Err(vm.raise(&exception::TIMEOUT_ERROR, "timed out")),
            Err(libc::EINTR) => vm.run_signal_handlers()?,
            Err(code) => return Err(raise_os(vm, code)),
        }
    }
}

fn accept(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let (fd, address) = operate(vm, socket_of(this), false, sys::accept)?;
    let address = address::object(vm, &address)?;
    Ok(vm.new_tuple([Object::small_int(i64::from(fd)), address]).into_object())
}

fn bind(vm: &mut Vm, this: Ref<'_>, value: Ref<'_>) -> PyResult {
    let socket = socket_of(this);
    let address = address::parse(vm, socket.family.get(), value, "bind")?;
    let fd = socket.fd.get();
    let result = vm.allow_threads(|| sys::bind(fd, &address));
    checked(vm, result)?;
    Ok(Object::none())
}

fn close(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let fd = socket_of(this).fd.replace(-1);
    if fd >= 0 {
        // A connection that was reset is closed all the same.
        match vm.allow_threads(|| system::close(fd)) {
            Err(code) if code != libc::ECONNRESET && code != libc::EINTR => return Err(raise_os(vm, code)),
            _ => {}
        }
    }
    Ok(Object::none())
}

fn detach(_vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(Object::small_int(i64::from(socket_of(this).fd.replace(-1))))
}

fn fileno(_vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(Object::small_int(i64::from(socket_of(this).fd.get())))
}

/// Connects; the inner error is a system error, a timeout is raised.
fn connect_to(vm: &mut Vm, socket: &Socket, address: &RawAddress) -> PyResult<SysResult<()>> {
    let fd = socket.fd.get();
    let timeout = socket.timeout.get();
    let code = match vm.allow_threads(|| sys::connect(fd, address)) {
        Ok(_) => return Ok(Ok(())),
        Err(code) => code,
    };
    let waits = match code {
        libc::EINTR => {
            vm.run_signal_handlers()?;
            timeout.is_none_or(|timeout| !timeout.is_zero())
        }
        libc::EINPROGRESS => timeout.is_some_and(|timeout| !timeout.is_zero()),
        _ => false,
    };
    if !waits {
        return Ok(Err(code));
    }
    let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
    wait(vm, fd, true, deadline)?;
    Ok(match sys::getsockopt_int(fd, libc::SOL_SOCKET, libc::SO_ERROR) {
        Ok(0 | libc::EISCONN) => Ok(()),
        Ok(code) | Err(code) => Err(code),
    })
}

fn connect(vm: &mut Vm, this: Ref<'_>, value: Ref<'_>) -> PyResult {
    let socket = socket_of(this);
    let address = address::parse(vm, socket.family.get(), value, "connect")?;
    let result = connect_to(vm, socket, &address)?;
    checked(vm, result)?;
    Ok(Object::none())
}

fn connect_ex(vm: &mut Vm, this: Ref<'_>, value: Ref<'_>) -> PyResult {
    let socket = socket_of(this);
    let address = address::parse(vm, socket.family.get(), value, "connect_ex")?;
    let result = connect_to(vm, socket, &address);
    let code = match result {
        Ok(result) => result.err().unwrap_or(0),
        Err(raised) => {
            vm.catch_if(raised, &exception::TIMEOUT_ERROR)?;
            libc::EWOULDBLOCK
        }
    };
    Ok(Object::small_int(i64::from(code)))
}

fn getpeername(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let address = checked(vm, sys::getpeername(socket_of(this).fd.get()))?;
    address::object(vm, &address)
}

fn getsockname(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let address = checked(vm, sys::getsockname(socket_of(this).fd.get()))?;
    address::object(vm, &address)
}

fn getsockopt(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let fd = socket_of(this).fd.get();
    let (level, option) = (vm.to_i32(arg(args, 0))?, vm.to_i32(arg(args, 1))?);
    let size = int_or(vm, args[2], 0)?;
    if size == 0 && socket_of(this).family.get() == libc::AF_VSOCK {
        // Options of this family have 64 bits.
        let data = checked(vm, sys::getsockopt(fd, level, option, 8))?;
        let value = data.try_into().map_or(0, u64::from_ne_bytes);
        return Ok(vm.new_int(value.cast_signed()));
    }
    if size == 0 {
        let value = checked(vm, sys::getsockopt_int(fd, level, option))?;
        return Ok(Object::small_int(i64::from(value)));
    }
    if !(0..=1024).contains(&size) {
        return Err(vm.raise(&exception::OS_ERROR, "getsockopt buflen out of range"));
    }
    let data = checked(vm, sys::getsockopt(fd, level, option, size as usize))?;
    Ok(vm.new_bytes(&data).into_object())
}

fn setsockopt(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let fd = socket_of(this).fd.get();
    let (level, option) = (vm.to_i32(arg(args, 0))?, vm.to_i32(arg(args, 1))?);
    let value = arg(args, 2);
    let is_wide = socket_of(this).family.get() == libc::AF_VSOCK && object::int::is_int(value);
    let result = match args[3] {
        None if is_wide => {
            let number = vm.to_i64(value)?;
            sys::setsockopt(fd, level, option, Some(&number.to_ne_bytes()), 8)
        }
        Some(len) if value.is_none() => {
            let len = vm.to_i64(len)?;
            sys::setsockopt(fd, level, option, None, len.max(0) as usize)
        }
        Some(_) => return Err(vm.type_error(format!("socket option should be None when optlen is given, not {}", value.class().full_name()))),
        // A number that is none of C's is refused for what it is not.
        None if object::int::as_i64(value).is_some_and(|number| i32::try_from(number).is_ok())
            || (value.class().slots().index.is_some() && !object::int::is_int(value)) =>
        {
            let number = vm.to_i32(value)?;
            sys::setsockopt(fd, level, option, Some(&number.to_ne_bytes()), 4)
        }
        None => {
            let data = vm.buffer(value)?;
            let data = data.bytes(vm).to_vec();
            sys::setsockopt(fd, level, option, Some(&data), 0)
        }
    };
    checked(vm, result)?;
    Ok(Object::none())
}

fn listen(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let backlog = int_or(vm, args[0], 128)?.max(0);
    let fd = socket_of(this).fd.get();
    let result = vm.allow_threads(|| system::listen(fd, backlog));
    checked(vm, result)?;
    Ok(Object::none())
}

/// A size that must not be negative.
fn size_argument(vm: &mut Vm, value: Ref<'_>, function: &str) -> PyResult<usize> {
    let size = vm.index_isize(value)?;
    usize::try_from(size).map_err(|_| vm.value_error(format!("negative buffersize in {function}")))
}

fn recv(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let size = size_argument(vm, arg(args, 0), "recv")?;
    let flags = int_or(vm, args[1], 0)?;
    let mut data = object::room::zeros(vm, size)?;
    let memory = Memory::of_slice_mut(&mut data);
    let n = operate(vm, socket_of(this), false, |fd| sys::recv(fd, memory, flags))?;
    Ok(vm.new_bytes(&data[..n]).into_object())
}

fn recvfrom(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let size = size_argument(vm, arg(args, 0), "recvfrom")?;
    let flags = int_or(vm, args[1], 0)?;
    let mut data = object::room::zeros(vm, size)?;
    let memory = Memory::of_slice_mut(&mut data);
    let (n, address) = operate(vm, socket_of(this), false, |fd| sys::recvfrom(fd, memory, flags))?;
    let data = vm.new_bytes(&data[..n]).into_object();
    let address = address::object(vm, &address)?;
    Ok(vm.new_tuple([data, address]).into_object())
}

/// The buffer, the bytes wanted and the flags of `recv_into` and `recvfrom_into`.
fn into_arguments(vm: &mut Vm, args: Arguments<'_, '_>, function: &str) -> PyResult<(Buffer, Memory, i32)> {
    let buffer = vm.buffer_mut(arg(args, 0))?;
    let wanted = args[1].map_or(Ok(0), |wanted| vm.index_isize(wanted))?;
    let flags = int_or(vm, args[2], 0)?;
    if wanted < 0 {
        return Err(vm.value_error(format!("negative buffersize in {function}")));
    }
    let memory = Memory::of(&buffer);
    if wanted as usize > memory.len() {
        let message =
            if function == "recv_into" { "buffer too small for requested bytes" } else { "nbytes is greater than the length of the buffer" };
        return Err(vm.value_error(message));
    }
    let memory = if wanted == 0 { memory } else { memory.limit(wanted as usize) };
    Ok((buffer, memory, flags))
}

fn recv_into(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let (_buffer, memory, flags) = into_arguments(vm, args, "recv_into")?;
    let n = operate(vm, socket_of(this), false, |fd| sys::recv(fd, memory, flags))?;
    Ok(Object::small_int(n as i64))
}

fn recvfrom_into(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let (_buffer, memory, flags) = into_arguments(vm, args, "recvfrom_into")?;
    let (n, address) = operate(vm, socket_of(this), false, |fd| sys::recvfrom(fd, memory, flags))?;
    let address = address::object(vm, &address)?;
    Ok(vm.new_tuple([Object::small_int(n as i64), address]).into_object())
}

fn send(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let data = vm.buffer(arg(args, 0))?;
    let flags = int_or(vm, args[1], 0)?;
    let memory = Memory::of(&data);
    let n = operate(vm, socket_of(this), true, |fd| sys::send(fd, memory, flags))?;
    Ok(Object::small_int(n as i64))
}

fn sendall(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let data = vm.buffer(arg(args, 0))?;
    let flags = int_or(vm, args[1], 0)?;
    let mut memory = Memory::of(&data);
    let socket = socket_of(this);
    // The timeout is for all of it.
    let deadline = socket.timeout.get().filter(|timeout| !timeout.is_zero()).and_then(|timeout| Instant::now().checked_add(timeout));
    while !memory.is_empty() {
        let n = operate_until(vm, socket, true, deadline, |fd| sys::send(fd, memory, flags))?;
        memory = memory.skip(n);
        vm.run_signal_handlers()?;
    }
    Ok(Object::none())
}

fn sendto(vm: &mut Vm, this: Ref<'_>, args: &[Ref<'_>]) -> PyResult {
    let (data, flags, address) = match *args {
        [data, address] => (data, 0, address),
        [data, flags, address] => {
            let flags = vm.to_i32(flags)?;
            (data, flags, address)
        }
        _ => return Err(vm.type_error(format!("sendto() takes 2 or 3 arguments ({} given)", args.len()))),
    };
    let data = vm.buffer(data)?;
    let socket = socket_of(this);
    let address = address::parse(vm, socket.family.get(), address, "sendto")?;
    let memory = Memory::of(&data);
    let n = operate(vm, socket, true, |fd| sys::sendto(fd, memory, flags, &address))?;
    Ok(Object::small_int(n as i64))
}

/// A timeout argument: `None`: for ever.
fn timeout_argument(vm: &mut Vm, value: Ref<'_>) -> PyResult<Option<Duration>> {
    if value.is_none() {
        return Ok(None);
    }
    let nanoseconds = nanoseconds_of(vm, value, Rounding::Up)?;
    match u64::try_from(nanoseconds) {
        Ok(nanoseconds) => Ok(Some(Duration::from_nanos(nanoseconds))),
        Err(_) => Err(vm.value_error("Timeout value out of range")),
    }
}

fn set_timeout(vm: &mut Vm, this: Ref<'_>, timeout: Option<Duration>) -> PyResult {
    let socket = socket_of(this);
    socket.timeout.set(timeout);
    checked(vm, system::set_blocking(socket.fd.get(), timeout.is_none()))?;
    Ok(Object::none())
}

fn settimeout(vm: &mut Vm, this: Ref<'_>, timeout: Ref<'_>) -> PyResult {
    let timeout = timeout_argument(vm, timeout)?;
    set_timeout(vm, this, timeout)
}

fn setblocking(vm: &mut Vm, this: Ref<'_>, blocking: Ref<'_>) -> PyResult {
    let blocking = vm.is_true(blocking)?;
    set_timeout(vm, this, if blocking { None } else { Some(Duration::ZERO) })
}

fn timeout_object(vm: &Vm, timeout: Option<Duration>) -> Object {
    timeout.map_or(Object::none(), |timeout| vm.new_float(timeout.as_nanos() as f64 / 1e9))
}

fn gettimeout(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(timeout_object(vm, socket_of(this).timeout.get()))
}

fn getblocking(_vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(Object::bool(socket_of(this).timeout.get().is_none_or(|timeout| !timeout.is_zero())))
}

fn shutdown(vm: &mut Vm, this: Ref<'_>, how: Ref<'_>) -> PyResult {
    let how = vm.to_i32(how)?;
    let fd = socket_of(this).fd.get();
    let result = vm.allow_threads(|| system::shutdown(fd, how));
    checked(vm, result)?;
    Ok(Object::none())
}

/// What `recvmsg` returns, with the first part given.
fn message_object(vm: &mut Vm, first: Object, message: sys::Message) -> PyResult {
    let (_, controls, flags, address) = message;
    let mut list = Vec::new();
    for (level, kind, data) in controls {
        let data = vm.new_bytes(&data).into_object();
        list.push(vm.new_tuple([Object::small_int(i64::from(level)), Object::small_int(i64::from(kind)), data]).into_object());
    }
    let list = vm.new_list(list).into_object();
    let address = address::object(vm, &address)?;
    Ok(vm.new_tuple([first, list, Object::small_int(i64::from(flags)), address]).into_object())
}

fn control_size(vm: &mut Vm, value: Option<Ref<'_>>) -> PyResult<usize> {
    let size = value.map_or(Ok(0), |value| vm.index_isize(value))?;
    if !(0..=0x7fff_0000).contains(&size) {
        return Err(vm.value_error("invalid ancillary data buffer length"));
    }
    Ok(size as usize)
}

fn recvmsg(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let size = vm.index_isize(arg(args, 0))?;
    let Ok(size) = usize::try_from(size) else { return Err(vm.value_error("negative buffer size in recvmsg()")) };
    let control = control_size(vm, args[1])?;
    let flags = int_or(vm, args[2], 0)?;
    let mut data = object::room::zeros(vm, size)?;
    let memory = [Memory::of_slice_mut(&mut data)];
    let message = operate(vm, socket_of(this), false, |fd| sys::recvmsg(fd, &memory, control, flags))?;
    let first = vm.new_bytes(&data[..message.0]).into_object();
    message_object(vm, first, message)
}

fn recvmsg_into(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    if arg(args, 0).class().slots().iter.is_none() && !vm.is_sequence(arg(args, 0)) {
        return Err(vm.type_error("recvmsg_into() argument 1 must be an iterable"));
    }
    let mut buffers = Vec::new();
    for item in vm.collect(arg(args, 0))? {
        buffers.push(vm.buffer_mut(item.borrow())?);
    }
    let control = control_size(vm, args[1])?;
    let flags = int_or(vm, args[2], 0)?;
    let memory: Vec<Memory> = buffers.iter().map(Memory::of).collect();
    let message = operate(vm, socket_of(this), false, |fd| sys::recvmsg(fd, &memory, control, flags))?;
    let first = Object::small_int(message.0 as i64);
    message_object(vm, first, message)
}

fn sendmsg(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    if arg(args, 0).class().slots().iter.is_none() && !vm.is_sequence(arg(args, 0)) {
        return Err(vm.type_error("sendmsg() argument 1 must be an iterable"));
    }
    let mut buffers = Vec::new();
    for item in vm.collect(arg(args, 0))? {
        buffers.push(vm.buffer(item.borrow())?);
    }
    let mut controls = Vec::new();
    if let Some(given) = args[1] {
        if given.class().slots().iter.is_none() && !vm.is_sequence(given) {
            return Err(vm.type_error("sendmsg() argument 2 must be an iterable"));
        }
        for item in vm.collect(given)? {
            let parts: Vec<Object> = match item.borrow().downcast::<Tuple>() {
                Some(tuple) => tuple.items().iter().map(|&part| part.to_owned()).collect(),
                None => vm.collect(item.borrow())?,
            };
            let [level, kind, data] = &parts[..] else {
                return Err(vm.type_error("[sendmsg() ancillary data items]() argument must be a 3-item sequence"));
            };
            let (level, kind) = (vm.to_i32(level.borrow())?, vm.to_i32(kind.borrow())?);
            let data = vm.buffer(data.borrow())?;
            controls.push((level, kind, data.bytes(vm).to_vec()));
        }
    }
    let flags = int_or(vm, args[2], 0)?;
    let socket = socket_of(this);
    let address = match optional(args, 3) {
        Some(address) => Some(address::parse(vm, socket.family.get(), address, "sendmsg")?),
        None => None,
    };
    let memory: Vec<Memory> = buffers.iter().map(Memory::of).collect();
    let n = operate(vm, socket, true, |fd| sys::sendmsg(fd, &memory, &controls, flags, address.as_ref()))?;
    Ok(Object::small_int(n as i64))
}

fn getdefaulttimeout(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    Ok(timeout_object(vm, *DEFAULT_TIMEOUT.get(vm)))
}

fn setdefaulttimeout(vm: &mut Vm, _module: Ref<'_>, timeout: Ref<'_>) -> PyResult {
    let timeout = timeout_argument(vm, timeout)?;
    DEFAULT_TIMEOUT.set(vm, timeout);
    Ok(Object::none())
}

fn socketpair(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let family = int_or(vm, args[0], libc::AF_UNIX)?;
    let kind = int_or(vm, args[1], libc::SOCK_STREAM)?;
    let protocol = int_or(vm, args[2], 0)?;
    let (first, second) = checked(vm, system::socketpair(family, kind | libc::SOCK_CLOEXEC, protocol))?;
    let mut pair = Vec::new();
    for fd in [first, second] {
        let numbers = [family, kind, protocol, fd].map(|number| Object::small_int(i64::from(number)));
        pair.push(vm.call(SOCKET.object(), Object::as_refs(&numbers))?);
    }
    Ok(vm.new_tuple(pair).into_object())
}

fn dup(vm: &mut Vm, _module: Ref<'_>, fd: Ref<'_>) -> PyResult {
    let fd = vm.to_i32(fd)?;
    let new = checked(vm, system::fcntl(fd, libc::F_DUPFD_CLOEXEC, 0))?;
    Ok(Object::small_int(i64::from(new)))
}

fn close_fd(vm: &mut Vm, _module: Ref<'_>, fd: Ref<'_>) -> PyResult {
    let fd = vm.to_i32(fd)?;
    match vm.allow_threads(|| system::close(fd)) {
        Err(code) if code != libc::ECONNRESET => Err(raise_os(vm, code)),
        _ => Ok(Object::none()),
    }
}
