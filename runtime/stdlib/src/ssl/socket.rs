//! `_ssl._SSLSocket`: a connection as Python sees it.

use super::certificate::Certificate;
use super::ciphers::{self, Suite};
use super::config::{ConnectionLog, Sessions};
use super::connection::{Connection, LONGEST_WRITE, Trouble};
use super::context::{Context, context, protocol};
use super::error::{self, Failure, line};
use super::memory_bio::MemoryBio;
use super::session::Session;
use super::transport::{Input, Lock, deadline, ignores_end, pump, raise_trouble, transmit};
use super::verifier::Outcome;
use super::verify::{Expectation, Purpose};
use super::{certificate_object, random};
use crate::os_support::{arg, optional, truth};
use crate::socket::Socket;
use object::bytes::Buffer;
use object::cell::Visitor;
use object::native::{Getset, Method, Native, PayloadInfo, TypeSpec, flag};
use object::str::Str;
use object::weak::{self, WeakReference};
use object::{Object, ObjectCell, Payload, PyResult, Ref, Type, Vm, VmCell, exception, method};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::server::Accepted;
use rustls::{HandshakeKind, ProtocolVersion};
use std::cell::Cell;
use std::sync::Arc;
use std::time::Instant;

type Arguments<'a, 'b> = &'a [Option<Ref<'b>>];

/// What a connection is busy with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    Handshake,
    Read,
    Write,
    Shutdown,
}

impl Operation {
    pub fn line(self) -> u32 {
        match self {
            Operation::Handshake => line::HANDSHAKE,
            Operation::Read => line::READ,
            Operation::Write => line::WRITE,
            Operation::Shutdown => line::SHUTDOWN,
        }
    }
}

/// What changes while a connection lives.
pub struct State {
    pub connection: Connection,
    /// What the server gives the client to come back with.
    sessions: Arc<Sessions>,
    log: Arc<ConnectionLog>,
    session_id: Vec<u8>,
    session_time: i64,
    /// The client's cipher suites that the server has too.
    shared: Option<Vec<&'static Suite>>,
    /// What a write has taken that could not be sent at once.
    written: usize,
}

/// The payload of an `_SSLSocket`.
pub struct SslSocket {
    pub context: ObjectCell,
    /// A weak reference to the `SSLSocket` or `SSLObject` this belongs to.
    owner: ObjectCell,
    /// A weak reference to the socket below.
    pub socket: ObjectCell,
    pub incoming: ObjectCell,
    pub outgoing: ObjectCell,
    /// The session a client is to come back with.
    session: ObjectCell,
    is_server: bool,
    hostname: Option<String>,
    pub state: VmCell<State>,
    pub sending: Lock,
    pub receiving: Lock,
    /// Whether the handshake is done.
    is_done: Cell<bool>,
    /// Whether the peer has gone away without a word.
    has_ended: Cell<bool>,
}

impl Payload for SslSocket {
    fn class() -> &'static Type {
        &SSL_SOCKET
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        for cell in [&self.context, &self.owner, &self.socket, &self.incoming, &self.outgoing, &self.session] {
            cell.traverse(visitor);
        }
    }

    fn clear(&self, _vm: &mut Vm) {
        for cell in [&self.context, &self.owner, &self.socket, &self.incoming, &self.outgoing, &self.session] {
            cell.set(None);
        }
    }
}

pub static SSL_SOCKET: Type = Type::new(&SSL_SOCKET_SPEC);
static SSL_SOCKET_SPEC: TypeSpec = TypeSpec {
    name: "_ssl._SSLSocket",
    flags: flag::NO_INSTANTIATION,
    payload: PayloadInfo::of::<SslSocket>(),
    methods: &[
        method!(Unary do_handshake "($self, /)", ""),
        method!(Binary write "($self, b, /)", "Writes the bytes-like object b into the SSL object.\n\nReturns the number of bytes written."),
        Method::new("read", "", "read(size, [buffer])\nRead up to size bytes from the SSL socket.", Native::Many(read)),
        method!(Unary pending "($self, /)", "Returns the number of already decrypted bytes available for read, pending on the connection."),
        method!(Bound getpeercert "($self, der=False, /)", "Returns the certificate for the peer.\n\nIf no certificate was provided, returns None.  If a certificate was\nprovided, but not validated, returns an empty dictionary.  Otherwise\nreturns a dict containing information about the peer certificate.\n\nIf the optional argument is True, returns a DER-encoded copy of the\npeer certificate, or None if no certificate was provided.  This will\nreturn the certificate even if it wasn't validated."),
        method!(Bound get_channel_binding "($self, /, cb_type='tls-unique')", "Get channel binding data for current connection.\n\nRaise ValueError if the requested `cb_type` is not supported.  Return\nbytes of the data or None if the data is not available (e.g. before\nthe handshake).  Only 'tls-unique' channel binding data from RFC 5929\nis supported."),
        method!(Unary cipher "($self, /)", ""),
        method!(Unary shared_ciphers "($self, /)", ""),
        method!(Unary version "($self, /)", ""),
        method!(Unary selected_alpn_protocol "($self, /)", ""),
        method!(Unary compression "($self, /)", ""),
        method!(Unary shutdown "($self, /)", "Does the SSL shutdown handshake with the remote end."),
        method!(Unary verify_client_post_handshake "($self, /)", "Initiate TLS 1.3 post-handshake authentication"),
        method!(Unary get_unverified_chain "($self, /)", ""),
        method!(Unary get_verified_chain "($self, /)", ""),
    ],
    getsets: &[
        Getset::new(
            "context",
            "This changes the context associated with the SSLSocket.\n\nThis is typically used from within a callback function set by the sni_callback\non the SSLContext to change the certificate information associated with the\nSSLSocket before the cryptographic exchange handshake messages.",
            |_, this| Ok(own(this).context.get_or_none()),
            set_context,
        ),
        Getset::readonly("server_side", "Whether this is a server-side socket.", |_, this| Ok(Object::bool(own(this).is_server))),
        Getset::readonly("server_hostname", "The currently set server hostname (for SNI).", |vm, this| {
            Ok(own(this).hostname.as_ref().map_or(Object::none(), |name| vm.new_str(name).into_object()))
        }),
        Getset::new(
            "owner",
            "The Python-level owner of this object.\n\nPassed as \"self\" in servername callback.",
            |_, this| Ok(own(this).owner_object().unwrap_or(Object::none())),
            set_owner,
        ),
        Getset::new("session", "The underlying SSLSession object.", get_session, set_session),
        Getset::readonly("session_reused", "Was the client session reused during handshake?", |vm, this| Ok(Object::bool(own(this).is_resumed(vm)))),
    ],
    ..TypeSpec::DEFAULT
};

pub fn own<'a>(this: Ref<'a>) -> &'a SslSocket {
    this.downcast::<SslSocket>().expect("the method belongs to the type").get()
}

impl SslSocket {
    pub fn owner_object(&self) -> Option<Object> {
        self.owner.get()?.borrow().downcast::<WeakReference>()?.target()
    }

    fn is_resumed(&self, vm: &Vm) -> bool {
        self.state.get(vm).connection.common().is_some_and(|common| common.handshake_kind() == Some(HandshakeKind::Resumed))
    }

    /// What the peer's certificate is to be checked for.
    pub fn expectation(&self, vm: &Vm) -> Expectation {
        let holder = self.context.borrow(vm);
        let settings = holder.map(|holder| context(holder).settings.get(vm));
        let purpose = if self.is_server { Purpose::Client } else { Purpose::Server };
        Expectation {
            mode: settings.map_or(2, |settings| settings.verify_mode),
            flags: settings.map_or(0, |settings| settings.verify_flags),
            host: self.hostname.clone().filter(|_| !self.is_server && settings.is_none_or(|settings| settings.check_hostname)),
            host_flags: settings.map_or(0, |settings| settings.host_flags),
            purpose,
        }
    }

    fn certificates<'a>(&'a self, vm: &'a Vm) -> &'a [CertificateDer<'static>] {
        self.state.get(vm).connection.common().and_then(|common| common.peer_certificates()).unwrap_or_default()
    }
}

fn weak_reference(vm: &mut Vm, target: Ref<'_>) -> Object {
    let reference = vm.allocate(WeakReference::new(None));
    weak::attach(reference.borrow(), target);
    reference.into_object()
}

fn hostname_argument(vm: &mut Vm, value: Option<Ref<'_>>) -> PyResult<Option<String>> {
    let Some(value) = value else { return Ok(None) };
    let Some(text) = value.downcast::<Str>() else {
        return Err(vm.type_error(format!("argument must be str, not {}", value.class().full_name())));
    };
    let Some(text) = text.as_str().filter(|text| text.is_ascii()).map(str::to_owned) else {
        let codec = vm.new_str("ascii").into_object();
        return Err(match vm.call_method(value, "encode", &[codec.borrow()]) {
            Ok(_) => vm.value_error("invalid server_hostname"),
            Err(raised) => raised,
        });
    };
    if text.contains('\0') {
        return Err(vm.type_error("argument must be encoded string without null bytes, not str"));
    }
    Ok(Some(text))
}

/// What both ways of wrapping share. `args`: `server_side`, `server_hostname`, `owner`, `session`.
fn new_socket(vm: &mut Vm, holder: Ref<'_>, args: [Option<Ref<'_>>; 4]) -> PyResult {
    let is_server = truth(vm, args[0], false)?;
    let hostname = hostname_argument(vm, args[1])?;
    let own = context(holder);
    match own.protocol {
        protocol::TLS_CLIENT if is_server => {
            return Err(error::raise_text(vm, "Cannot create a server socket with a PROTOCOL_TLS_CLIENT context", line::NEW_SOCKET));
        }
        protocol::TLS_SERVER if !is_server => {
            return Err(error::raise_text(vm, "Cannot create a client socket with a PROTOCOL_TLS_SERVER context", line::NEW_CLIENT_SOCKET));
        }
        _ => {}
    }
    check_arguments(vm, own, is_server, hostname.as_deref(), args[3])?;
    let settings = own.settings.get(vm);
    let log = Arc::new(ConnectionLog { file: settings.key_log.clone(), ..ConnectionLog::default() });
    let mut connection = Connection::new(is_server);
    connection.transcript.is_watched = own.message_callback.is_set();
    let state = State { connection, sessions: Arc::default(), log, session_id: Vec::new(), session_time: 0, shared: None, written: 0 };
    let made = SslSocket {
        context: ObjectCell::new(Some(holder.to_owned())),
        owner: ObjectCell::EMPTY,
        socket: ObjectCell::EMPTY,
        incoming: ObjectCell::EMPTY,
        outgoing: ObjectCell::EMPTY,
        session: ObjectCell::EMPTY,
        is_server,
        hostname,
        state: VmCell::new(state),
        sending: Lock::default(),
        receiving: Lock::default(),
        is_done: Cell::new(false),
        has_ended: Cell::new(false),
    };
    let made = vm.allocate(made).into_object();
    if let Some(owner) = args[2] {
        set_owner(vm, made.borrow(), Some(owner))?;
    }
    if let Some(session) = args[3] {
        set_session(vm, made.borrow(), Some(session))?;
    }
    Ok(made)
}

fn check_arguments(vm: &mut Vm, own: &Context, is_server: bool, hostname: Option<&str>, session: Option<Ref<'_>>) -> PyResult<()> {
    if is_server && hostname.is_some_and(|name| !name.is_empty()) {
        return Err(vm.value_error("server_hostname can only be specified in client mode"));
    }
    if is_server && session.is_some() {
        return Err(vm.value_error("session can only be specified in client mode"));
    }
    let checks = own.settings.get(vm).check_hostname;
    match hostname {
        None | Some("") if !is_server && checks => Err(vm.value_error("check_hostname requires server_hostname")),
        Some(name) if name.is_empty() || name.starts_with('.') => {
            Err(vm.value_error("server_hostname cannot be an empty string or start with a leading dot."))
        }
        _ => Ok(()),
    }
}

pub fn wrap_socket(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let socket = arg(args, 0);
    if socket.downcast::<Socket>().is_none() {
        return Err(vm.type_error(format!("_wrap_socket() argument 'sock' must be _socket.socket, not {}", socket.class().full_name())));
    }
    let made = new_socket(vm, this, [args[1], optional(args, 2), optional(args, 3), optional(args, 4)])?;
    let reference = weak_reference(vm, socket);
    own(made.borrow()).socket.set(Some(reference));
    Ok(made)
}

pub fn wrap_bio(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    for (index, name) in ["incoming", "outgoing"].into_iter().enumerate() {
        let bio = arg(args, index);
        if bio.downcast::<MemoryBio>().is_none() {
            return Err(vm.type_error(format!("_wrap_bio() argument '{name}' must be _ssl.MemoryBIO, not {}", bio.class().full_name())));
        }
    }
    let made = new_socket(vm, this, [args[2], optional(args, 3), optional(args, 4), optional(args, 5)])?;
    own(made.borrow()).incoming.set(args[0].map(Ref::to_owned));
    own(made.borrow()).outgoing.set(args[1].map(Ref::to_owned));
    Ok(made)
}

/// `AttributeError` for what cannot be deleted.
fn given<'a>(vm: &mut Vm, value: Option<Ref<'a>>, name: &str) -> PyResult<Ref<'a>> {
    value.ok_or_else(|| vm.raise(&exception::ATTRIBUTE_ERROR, format!("attribute '{name}' of '_ssl._SSLSocket' objects cannot be deleted")))
}

fn set_context(vm: &mut Vm, this: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let value = given(vm, value, "context")?;
    if value.downcast::<Context>().is_none() {
        return Err(vm.type_error("The value must be a SSLContext"));
    }
    own(this).context.set(Some(value.to_owned()));
    let is_watched = context(value).message_callback.is_set();
    own(this).state.get_mut(vm).connection.transcript.is_watched = is_watched;
    Ok(())
}

fn set_owner(vm: &mut Vm, this: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let value = given(vm, value, "owner")?;
    if !weak::allows_references(value.class()) {
        return Err(vm.type_error(format!("cannot create weak reference to '{}' object", value.class().full_name())));
    }
    let reference = weak_reference(vm, value);
    own(this).owner.set(Some(reference));
    Ok(())
}

fn get_session(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let own = own(this);
    if !own.is_done.get() || own.is_server {
        return Ok(Object::none());
    }
    let state = own.state.get(vm);
    let lifetime = state.connection.transcript.ticket_lifetime;
    let is_tls13 = state.connection.common().is_some_and(|common| common.protocol_version() == Some(ProtocolVersion::TLSv1_3));
    let has_ticket = if is_tls13 { state.sessions.has_ticket() } else { lifetime > 0 || own.is_resumed(vm) };
    let session = Session {
        context: ObjectCell::new(own.context.get()),
        sessions: state.sessions.clone(),
        id: state.session_id.clone(),
        time: state.session_time,
        ticket_lifetime: if has_ticket && lifetime == 0 { 7200 } else { lifetime },
        has_ticket,
    };
    Ok(vm.allocate(session).into_object())
}

fn set_session(vm: &mut Vm, this: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let value = given(vm, value, "session")?;
    let own = own(this);
    let Some(session) = value.downcast::<Session>() else { return Err(vm.type_error("Value is not a SSLSession.")) };
    let context = own.context.get_or_none();
    if !session.context.get_or_none().borrow().is(context.borrow()) {
        return Err(vm.value_error("Session refers to a different SSLContext."));
    }
    if own.is_server {
        return Err(vm.value_error("Cannot set session for server-side SSLSocket."));
    }
    if own.is_done.get() {
        return Err(vm.value_error("Cannot set session after handshake."));
    }
    own.session.set(Some(value.to_owned()));
    own.state.get_mut(vm).sessions = session.sessions.clone();
    Ok(())
}

/// Begins a client's handshake, if it has not begun.
fn begin(vm: &mut Vm, this: Ref<'_>) -> PyResult<()> {
    let own = own(this);
    if !own.state.get(vm).connection.is_fresh() {
        return Ok(());
    }
    let holder = own.context.get_or_none();
    let context = context(holder.borrow());
    context.statistics.connect.set(context.statistics.connect.get() + 1);
    let name = own.hostname.clone().and_then(|name| ServerName::try_from(name).ok());
    // An address is not told to the server; without a name there is a stand-in that is not told either.
    let sends_name = matches!(name, Some(ServerName::DnsName(_)));
    let name = name.unwrap_or(ServerName::IpAddress(std::net::IpAddr::from([0, 0, 0, 0]).into()));
    let (sessions, log) = {
        let state = own.state.get(vm);
        (state.sessions.clone(), state.log.clone())
    };
    let config = context.settings.get_mut(vm).client(sessions, log, sends_name);
    let result = match config {
        Ok(config) => own.state.get_mut(vm).connection.start_client(config, name),
        Err(failure) => Err(Trouble::Failure(failure)),
    };
    result.map_err(|trouble| raise_trouble(vm, &trouble, Operation::Handshake))
}

/// What the server name callback says to a client's first message: go on, or an alert.
fn ask(vm: &mut Vm, this: Ref<'_>, accepted: &Accepted) -> PyResult<Option<u8>> {
    const HANDSHAKE_FAILURE: u8 = 40;
    const INTERNAL_ERROR: u8 = 80;
    let holder = own(this).context.get_or_none();
    let Some(callback) = context(holder.borrow()).sni_callback.get() else { return Ok(None) };
    let Some(owner) = own(this).owner_object() else { return Ok(Some(INTERNAL_ERROR)) };
    let hello = accepted.client_hello();
    let name = hello.server_name().map_or(Object::none(), |name| vm.new_str(name).into_object());
    let answer = match vm.call(callback.borrow(), &[owner.borrow(), name.borrow(), holder.borrow()]) {
        Ok(answer) => answer,
        Err(raised) => {
            vm.write_unraisable(raised, "Exception ignored in ssl servername callback", Some(callback.borrow()));
            return Ok(Some(HANDSHAKE_FAILURE));
        }
    };
    if answer.borrow().is_none() {
        return Ok(None);
    }
    match vm.to_i32(answer.borrow()) {
        Ok(alert) => Ok(Some(alert as u8)),
        Err(raised) => {
            vm.write_unraisable(raised, "Exception ignored in ssl servername callback", Some(answer.borrow()));
            Ok(Some(INTERNAL_ERROR))
        }
    }
}

/// Goes on with a client's first message, under the context that the server name callback chooses.
pub fn decide(vm: &mut Vm, this: Ref<'_>, accepted: Accepted) -> PyResult<Result<(), Trouble>> {
    let own = own(this);
    let first = own.context.get_or_none();
    let statistics = &context(first.borrow()).statistics;
    statistics.accept.set(statistics.accept.get() + 1);
    if let Some(alert) = ask(vm, this, &accepted)? {
        own.state.get_mut(vm).connection.abort(alert);
        return Ok(Err(Trouble::Failure(Failure::of("CALLBACK_FAILED"))));
    }
    let holder = own.context.get_or_none();
    let settings = context(holder.borrow()).settings.get(vm);
    let hello = accepted.client_hello();
    let shared = hello.cipher_suites().iter().filter_map(|&suite| ciphers::by_suite(suite));
    let shared: Vec<&'static Suite> = shared.filter(|suite| settings.suites.iter().any(|known| known.name == suite.name)).collect();
    // Where nothing is in common the connection goes on without a protocol.
    let offered: Vec<Vec<u8>> = hello.alpn().map(|names| names.map(<[u8]>::to_vec).collect()).unwrap_or_default();
    let has_common = settings.alpn.iter().any(|name| offered.contains(name));
    let log = own.state.get(vm).log.clone();
    // A key log set on the context that took over counts as well.
    let expected = own.expectation(vm);
    let config = context(holder.borrow()).settings.get_mut(vm).server(log);
    let state = own.state.get_mut(vm);
    state.shared = Some(shared);
    Ok(match config {
        Ok(mut config) => {
            if !has_common {
                config.alpn_protocols.clear();
            }
            state.connection.start_server(accepted, config, &expected)
        }
        Err(failure) => {
            state.connection.abort(70);
            Err(Trouble::Failure(failure))
        }
    })
}

/// Raises `SSLEOFError` for a connection whose peer has gone.
fn check_end(vm: &mut Vm, this: Ref<'_>, operation: Operation) -> PyResult<()> {
    if own(this).has_ended.get() { Err(error::raise_ended(vm, operation.line())) } else { Ok(()) }
}

/// Goes through with the handshake, as far as it is not done.
fn handshake(vm: &mut Vm, this: Ref<'_>, operation: Operation, deadline: Option<Instant>) -> PyResult<()> {
    let own = own(this);
    check_end(vm, this, operation)?;
    if own.state.get(vm).connection.has_failed() && !own.is_done.get() {
        return Err(error::raise(vm, &Failure::of("SSL_HANDSHAKE_FAILURE"), operation.line()));
    }
    begin(vm, this)?;
    loop {
        transmit(vm, this, operation, deadline)?;
        if own.is_done.get() || !own.state.get(vm).connection.is_handshaking() {
            break;
        }
        if pump(vm, this, operation, deadline)? == Input::End {
            own.has_ended.set(true);
            return Err(error::raise_end_of_file(vm, operation.line()));
        }
    }
    if !own.is_done.get() {
        finish(vm, this)?;
    }
    Ok(())
}

/// Remembers that the handshake is done.
fn finish(vm: &mut Vm, this: Ref<'_>) -> PyResult<()> {
    let own = own(this);
    own.is_done.set(true);
    let is_resumed = own.is_resumed(vm);
    let holder = own.context.get_or_none();
    let statistics = &context(holder.borrow()).statistics;
    let good = if own.is_server { &statistics.accept_good } else { &statistics.connect_good };
    good.set(good.get() + 1);
    if is_resumed {
        statistics.hits.set(statistics.hits.get() + 1);
    }
    let id = match own.session.get().filter(|_| is_resumed) {
        Some(session) => session.borrow().downcast::<Session>().map(|session| session.id.clone()).unwrap_or_default(),
        None => random(vm, 32)?,
    };
    let state = own.state.get_mut(vm);
    state.session_id = id;
    state.session_time = super::der::Time::now().0;
    Ok(())
}

fn do_handshake(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let deadline = deadline(vm, own(this))?;
    handshake(vm, this, Operation::Handshake, deadline)?;
    Ok(Object::none())
}

/// Where what is read goes.
enum Target {
    Bytes(usize),
    Buffer(Buffer, usize),
}

impl Target {
    fn size(&self) -> usize {
        match self {
            Target::Bytes(size) | Target::Buffer(_, size) => *size,
        }
    }

    fn finish(self, vm: &mut Vm, data: &[u8]) -> Object {
        match self {
            Target::Bytes(_) => vm.new_bytes(data).into_object(),
            Target::Buffer(buffer, _) => {
                buffer.bytes_mut(vm)[..data.len()].copy_from_slice(data);
                vm.new_int(data.len() as i64)
            }
        }
    }
}

fn read_target(vm: &mut Vm, args: &[Ref<'_>]) -> PyResult<Target> {
    let (size, buffer) = match *args {
        [size] => (size, None),
        [size, buffer] => (size, Some(buffer)),
        _ => return Err(vm.type_error("_ssl._SSLSocket.read requires 1 to 2 arguments")),
    };
    let size = vm.to_i32(size)?;
    match buffer {
        None if size < 0 => Err(vm.value_error("size should not be negative")),
        None => Ok(Target::Bytes(size as usize)),
        Some(buffer) => {
            let buffer = vm.buffer_mut(buffer)?;
            let size = usize::try_from(size).ok().filter(|&size| size > 0 && size <= buffer.len()).unwrap_or(buffer.len());
            Ok(Target::Buffer(buffer, size))
        }
    }
}

fn read(vm: &mut Vm, this: Ref<'_>, args: &[Ref<'_>]) -> PyResult {
    let target = read_target(vm, args)?;
    let own = own(this);
    let deadline = deadline(vm, own)?;
    if target.size() == 0 {
        return Ok(target.finish(vm, &[]));
    }
    check_end(vm, this, Operation::Read)?;
    if !own.is_done.get() {
        handshake(vm, this, Operation::Read, deadline)?;
    }
    loop {
        let connection = &mut own.state.get_mut(vm).connection;
        if connection.available() > 0 {
            let mut data = vec![0; target.size().min(connection.available())];
            let n = connection.read(&mut data);
            return Ok(target.finish(vm, &data[..n]));
        }
        if connection.peer_has_closed() {
            if connection.has_closed {
                return Err(error::raise_zero_return(vm, line::READ));
            }
            return Ok(target.finish(vm, &[]));
        }
        if connection.has_failed() {
            return Err(error::raise(vm, &Failure::of("INTERNAL_ERROR"), line::READ));
        }
        if pump(vm, this, Operation::Read, deadline)? == Input::End {
            if ignores_end(vm, own) {
                return Ok(target.finish(vm, &[]));
            }
            own.has_ended.set(true);
            return Err(error::raise_end_of_file(vm, line::READ));
        }
    }
}

fn write(vm: &mut Vm, this: Ref<'_>, data: Ref<'_>) -> PyResult {
    let data = vm.buffer(data)?;
    let own = own(this);
    let deadline = deadline(vm, own)?;
    check_end(vm, this, Operation::Write)?;
    if !own.is_done.get() {
        handshake(vm, this, Operation::Write, deadline)?;
    }
    if own.state.get(vm).connection.has_closed || own.state.get(vm).connection.has_failed() {
        return Err(error::raise(vm, &Failure::of("PROTOCOL_IS_SHUTDOWN"), line::WRITE));
    }
    // What is left of a write that is being made again.
    transmit(vm, this, Operation::Write, deadline)?;
    let written = std::mem::take(&mut own.state.get_mut(vm).written);
    if written > 0 {
        return Ok(vm.new_int(written.min(data.len()) as i64));
    }
    let chunk = data.bytes(vm);
    let chunk = chunk[..chunk.len().min(LONGEST_WRITE)].to_vec();
    if chunk.is_empty() {
        return Ok(Object::small_int(0));
    }
    own.state.get_mut(vm).connection.write(&chunk);
    if let Err(raised) = transmit(vm, this, Operation::Write, deadline) {
        own.state.get_mut(vm).written = chunk.len();
        return Err(raised);
    }
    Ok(vm.new_int(chunk.len() as i64))
}

fn pending(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let available = own(this).state.get(vm).connection.available();
    Ok(vm.new_int(available as i64))
}

fn shutdown(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let own = own(this);
    let deadline = deadline(vm, own)?;
    if !own.is_done.get() {
        return Err(error::raise(vm, &Failure::of("SHUTDOWN_WHILE_IN_INIT"), line::SHUTDOWN));
    }
    if own.state.get(vm).connection.has_failed() {
        return Err(error::raise(vm, &Failure::of("UNINITIALIZED"), line::SHUTDOWN));
    }
    own.state.get_mut(vm).connection.close();
    transmit(vm, this, Operation::Shutdown, deadline)?;
    while !own.state.get(vm).connection.peer_has_closed() {
        check_end(vm, this, Operation::Shutdown)?;
        if own.state.get(vm).connection.available() > 0 {
            return Err(error::raise(vm, &Failure::of("APPLICATION_DATA_AFTER_CLOSE_NOTIFY"), line::SHUTDOWN));
        }
        if pump(vm, this, Operation::Shutdown, deadline)? == Input::End {
            if ignores_end(vm, own) {
                break;
            }
            own.has_ended.set(true);
            return Err(error::raise_end_of_file(vm, line::SHUTDOWN));
        }
    }
    Ok(super::transport::socket(vm, own)?.unwrap_or(Object::none()))
}

fn getpeercert(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let binary = truth(vm, args[0], false)?;
    let own = own(this);
    if !own.is_done.get() {
        return Err(vm.value_error("handshake not done yet"));
    }
    let Some(leaf) = own.certificates(vm).first().map(|leaf| leaf.to_vec()) else { return Ok(Object::none()) };
    if binary {
        return Ok(vm.new_bytes(&leaf).into_object());
    }
    if own.expectation(vm).mode == 0 {
        return Ok(vm.new_dict().into_object());
    }
    match Certificate::read(&leaf) {
        Some(certificate) => certificate_object::decode(vm, &certificate),
        None => Ok(vm.new_dict().into_object()),
    }
}

fn get_channel_binding(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    if let Some(kind) = args[0] {
        let Some(text) = kind.downcast::<Str>() else {
            return Err(vm.type_error(format!("get_channel_binding() argument 'cb_type' must be str, not {}", kind.class().full_name())));
        };
        if text.as_str() != Some("tls-unique") {
            let message = format!("'{}' channel binding type not implemented", text.as_str().unwrap_or_default());
            return Err(vm.value_error(message));
        }
    }
    let own = own(this);
    let state = own.state.get(vm);
    let secret = state.log.master_secret();
    let suite = state.connection.common().and_then(|common| common.negotiated_cipher_suite());
    let Some(suite) = suite.filter(|_| own.is_done.get() && !secret.is_empty()) else { return Ok(Object::none()) };
    let uses_sha384 = suite.suite().as_str().is_some_and(|name| name.ends_with("SHA384"));
    let data = state.connection.transcript.first_finished(&secret, own.is_resumed(vm), uses_sha384);
    Ok(vm.new_bytes(&data).into_object())
}

fn suite_object(vm: &Vm, suite: &Suite) -> Object {
    vm.new_tuple([vm.new_str(suite.name).into_object(), vm.new_str(suite.protocol()).into_object(), vm.new_int(suite.bits)]).into_object()
}

fn cipher(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let suite = own(this).state.get(vm).connection.common().and_then(|common| common.negotiated_cipher_suite());
    Ok(suite.and_then(|suite| ciphers::by_suite(suite.suite())).map_or(Object::none(), |suite| suite_object(vm, suite)))
}

fn shared_ciphers(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let Some(shared) = &own(this).state.get(vm).shared else { return Ok(Object::none()) };
    let list: Vec<Object> = shared.iter().map(|suite| suite_object(vm, suite)).collect();
    Ok(vm.new_list(list).into_object())
}

fn version(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let own = own(this);
    if !own.is_done.get() {
        return Ok(Object::none());
    }
    let version = own.state.get(vm).connection.common().and_then(|common| common.protocol_version());
    Ok(match version {
        Some(ProtocolVersion::TLSv1_3) => vm.new_str("TLSv1.3").into_object(),
        Some(ProtocolVersion::TLSv1_2) => vm.new_str("TLSv1.2").into_object(),
        _ => Object::none(),
    })
}

fn selected_alpn_protocol(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let name = own(this).state.get(vm).connection.common().and_then(|common| common.alpn_protocol());
    Ok(name.map_or(Object::none(), |name| vm.new_str(&String::from_utf8_lossy(name)).into_object()))
}

fn compression(_vm: &mut Vm, _this: Ref<'_>) -> PyResult {
    Ok(Object::none())
}

fn verify_client_post_handshake(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let version = own(this).state.get(vm).connection.common().and_then(|common| common.protocol_version());
    match version {
        Some(ProtocolVersion::TLSv1_3) if own(this).is_server => {
            Err(vm.raise(&exception::NOT_IMPLEMENTED_ERROR, "Post-handshake auth is not supported by your OpenSSL version."))
        }
        Some(ProtocolVersion::TLSv1_3) => Err(error::raise(vm, &Failure::of("NOT_SERVER"), line::POST_HANDSHAKE)),
        _ => Err(error::raise(vm, &Failure { number: 266, ..Failure::of("WRONG_SSL_VERSION") }, line::POST_HANDSHAKE)),
    }
}

fn chain_object(vm: &Vm, chain: Vec<Arc<Certificate>>) -> Object {
    if chain.is_empty() {
        return Object::none();
    }
    let list: Vec<Object> = chain.into_iter().map(|certificate| certificate_object::new_object(vm, certificate)).collect();
    vm.new_list(list).into_object()
}

fn get_unverified_chain(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let own = own(this);
    // A session remembers a client's certificate, not what came with it.
    let most = if own.is_server && own.is_resumed(vm) { 1 } else { usize::MAX };
    let chain: Vec<Arc<Certificate>> = own.certificates(vm).iter().take(most).filter_map(|der| Certificate::read(der)).map(Arc::new).collect();
    Ok(chain_object(vm, chain))
}

fn get_verified_chain(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let own = own(this);
    let chain = match &own.state.get(vm).connection.outcome {
        Outcome::Trusted(chain) => chain.clone(),
        Outcome::None | Outcome::Refused(_) => Vec::new(),
    };
    Ok(chain_object(vm, chain))
}
