//! `SSLError` and its subclasses, and what failures of the protocol are called in OpenSSL's words.

use super::verify::Refusal;
use crate::os_support::new_exception;
use object::native::{PayloadInfo, TypeSpec, flag};
use object::singleton::ModuleObject;
use object::str::Str;
use object::{Object, ObjectCell, PyResult, Raised, Ref, RefOf, Slots, Type, Vm, exception};
use rustls::{AlertDescription, InvalidMessage, PeerIncompatible};

/// Numbers of `SSL_ERROR_...`
pub mod number {
    pub const SSL: i64 = 1;
    pub const WANT_READ: i64 = 2;
    pub const WANT_WRITE: i64 = 3;
    pub const ZERO_RETURN: i64 = 6;
    pub const EOF: i64 = 8;
}

/// Where in CPython's `_ssl.c` an error arises: messages end with it.
pub mod line {
    pub const NEW_SOCKET: u32 = 908;
    pub const NEW_CLIENT_SOCKET: u32 = 915;
    pub const HANDSHAKE: u32 = 1130;
    pub const WRITE: u32 = 2616;
    pub const READ: u32 = 2778;
    pub const SHUTDOWN: u32 = 2906;
    pub const POST_HANDSHAKE: u32 = 2984;
    pub const CERTIFICATE_CHAIN: u32 = 4291;
    pub const PRIVATE_KEY: u32 = 4312;
    pub const CERTIFICATE_DATA: u32 = 4410;
    pub const CERTIFICATE_DATA_REST: u32 = 4423;
    pub const VERIFY_LOCATIONS: u32 = 4544;
    pub const DH_PARAMETERS: u32 = 4600;
}

/// `ssl.SSLError`
pub static SSL_ERROR: Type = Type::new(&SSL_ERROR_SPEC);
static SSL_ERROR_SPEC: TypeSpec = TypeSpec {
    name: "ssl.SSLError",
    doc: "An error occurred in the SSL implementation.",
    base: Some(&exception::OS_ERROR),
    flags: flag::BASE_TYPE | flag::HAS_DICT | flag::EXCEPTION,
    payload: PayloadInfo::of::<object::exception::Exception>(),
    slots: Slots { str: Some(text), ..Slots::NONE },
    ..TypeSpec::DEFAULT
};

/// Without the number in front, unlike other `OSError`s.
fn text(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    if let Some(message) = exception::field(this, "strerror").filter(|message| message.borrow().downcast::<Str>().is_some()) {
        return Ok(message);
    }
    let args = vm.get_attr_str(this, "args")?;
    Ok(vm.str(args.borrow())?.into_object())
}

static ZERO_RETURN: ObjectCell = ObjectCell::EMPTY;
static WANT_READ: ObjectCell = ObjectCell::EMPTY;
static WANT_WRITE: ObjectCell = ObjectCell::EMPTY;
static SYSCALL: ObjectCell = ObjectCell::EMPTY;
static END_OF_FILE: ObjectCell = ObjectCell::EMPTY;
static VERIFICATION: ObjectCell = ObjectCell::EMPTY;

pub fn define(vm: &mut Vm, module: RefOf<'_, ModuleObject>) -> PyResult<()> {
    object::type_new::ready(vm, &SSL_ERROR);
    module.set(vm, "SSLError", SSL_ERROR.to_object());
    let rows: [(&ObjectCell, &str, &str); 6] = [
        (&ZERO_RETURN, "SSLZeroReturnError", "SSL/TLS connection terminated abruptly."),
        (&WANT_READ, "SSLWantReadError", "Non-blocking SSL socket needs to read more data\nbefore the requested operation can be completed."),
        (&WANT_WRITE, "SSLWantWriteError", "Non-blocking SSL socket needs to write more data\nbefore the requested operation can be completed."),
        (&SYSCALL, "SSLSyscallError", "System error when attempting SSL operation."),
        (&END_OF_FILE, "SSLEOFError", "SSL/TLS connection terminated abruptly."),
        (&VERIFICATION, "SSLCertVerificationError", "A certificate could not be verified."),
    ];
    for (cell, name, doc) in rows {
        // A second import gets the same class, so that those who hold either module can catch it.
        if let Some(class) = cell.get() {
            module.set(vm, name, class);
            continue;
        }
        let bases = match name {
            "SSLCertVerificationError" => vec![SSL_ERROR.object(), exception::VALUE_ERROR.object()],
            _ => vec![SSL_ERROR.object()],
        };
        let class = new_exception(vm, &format!("ssl.{name}"), &bases)?;
        let doc = vm.new_str(doc).into_object();
        let attribute = vm.intern("__doc__");
        vm.set_attr(class.borrow(), attribute, Some(doc.borrow()))?;
        cell.set(Some(class.clone()));
        module.set(vm, name, class);
    }
    Ok(())
}

/// What went wrong, in OpenSSL's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub library: &'static str,
    /// `None`: the library alone is known.
    pub reason: Option<String>,
    pub text: String,
    pub number: i64,
}

impl Failure {
    pub fn of(reason: &str) -> Failure {
        Failure { library: "SSL", reason: Some(reason.to_owned()), text: reason_text(reason), number: number::SSL }
    }

    /// An error of another of OpenSSL's libraries.
    pub fn in_library(library: &'static str, number: i64, reason: Option<&str>, text: &str) -> Failure {
        Failure { library, reason: reason.map(str::to_owned), text: text.to_owned(), number }
    }
}

fn reason_text(reason: &str) -> String {
    let words = reason.to_ascii_lowercase().replace('_', " ");
    match words.strip_prefix("sslv3 alert") {
        Some(rest) => format!("ssl/tls alert{rest}"),
        None => words,
    }
}

/// The name OpenSSL gives to an alert that was received.
pub fn alert_reason(alert: AlertDescription) -> String {
    let name = match u8::from(alert) {
        10 => "SSLV3_ALERT_UNEXPECTED_MESSAGE",
        20 => "SSLV3_ALERT_BAD_RECORD_MAC",
        21 => "TLSV1_ALERT_DECRYPTION_FAILED",
        22 => "TLSV1_ALERT_RECORD_OVERFLOW",
        30 => "SSLV3_ALERT_DECOMPRESSION_FAILURE",
        40 => "SSLV3_ALERT_HANDSHAKE_FAILURE",
        41 => "SSLV3_ALERT_NO_CERTIFICATE",
        42 => "SSLV3_ALERT_BAD_CERTIFICATE",
        43 => "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE",
        44 => "SSLV3_ALERT_CERTIFICATE_REVOKED",
        45 => "SSLV3_ALERT_CERTIFICATE_EXPIRED",
        46 => "SSLV3_ALERT_CERTIFICATE_UNKNOWN",
        47 => "SSLV3_ALERT_ILLEGAL_PARAMETER",
        48 => "TLSV1_ALERT_UNKNOWN_CA",
        49 => "TLSV1_ALERT_ACCESS_DENIED",
        50 => "TLSV1_ALERT_DECODE_ERROR",
        51 => "TLSV1_ALERT_DECRYPT_ERROR",
        60 => "TLSV1_ALERT_EXPORT_RESTRICTION",
        70 => "TLSV1_ALERT_PROTOCOL_VERSION",
        71 => "TLSV1_ALERT_INSUFFICIENT_SECURITY",
        80 => "TLSV1_ALERT_INTERNAL_ERROR",
        86 => "TLSV1_ALERT_INAPPROPRIATE_FALLBACK",
        90 => "TLSV1_ALERT_USER_CANCELLED",
        100 => "TLSV1_ALERT_NO_RENEGOTIATION",
        109 => "TLSV13_ALERT_MISSING_EXTENSION",
        110 => "TLSV1_UNSUPPORTED_EXTENSION",
        111 => "TLSV1_CERTIFICATE_UNOBTAINABLE",
        112 => "TLSV1_UNRECOGNIZED_NAME",
        113 => "TLSV1_BAD_CERTIFICATE_STATUS_RESPONSE",
        114 => "TLSV1_BAD_CERTIFICATE_HASH_VALUE",
        115 => "TLSV1_ALERT_UNKNOWN_PSK_IDENTITY",
        116 => "TLSV13_ALERT_CERTIFICATE_REQUIRED",
        120 => "TLSV1_ALERT_NO_APPLICATION_PROTOCOL",
        other => return format!("TLSV1_ALERT_{other}"),
    };
    name.to_owned()
}

/// A failure of the protocol machine.
pub fn protocol_failure(error: &rustls::Error) -> Failure {
    use rustls::Error;
    let reason = match error {
        Error::AlertReceived(alert) => return Failure::of(&alert_reason(*alert)),
        Error::InvalidCertificate(_) => "CERTIFICATE_VERIFY_FAILED",
        Error::NoCertificatesPresented => "PEER_DID_NOT_RETURN_A_CERTIFICATE",
        Error::DecryptError => "DECRYPTION_FAILED_OR_BAD_RECORD_MAC",
        Error::NoApplicationProtocol => "NO_APPLICATION_PROTOCOL",
        Error::PeerSentOversizedRecord => "PACKET_LENGTH_TOO_LONG",
        Error::InappropriateMessage { .. } | Error::InappropriateHandshakeMessage { .. } => "UNEXPECTED_MESSAGE",
        Error::InvalidMessage(InvalidMessage::UnknownProtocolVersion | InvalidMessage::InvalidContentType) => "WRONG_VERSION_NUMBER",
        Error::InvalidMessage(InvalidMessage::MessageTooLarge) => "PACKET_LENGTH_TOO_LONG",
        Error::InvalidMessage(InvalidMessage::InvalidCcs) => "BAD_CHANGE_CIPHER_SPEC",
        Error::InvalidMessage(InvalidMessage::UnsupportedCompression) => "UNSUPPORTED_COMPRESSION_ALGORITHM",
        Error::InvalidMessage(_) => "LENGTH_MISMATCH",
        Error::PeerIncompatible(incompatible) => match incompatible {
            PeerIncompatible::NoCipherSuitesInCommon => "NO_SHARED_CIPHER",
            PeerIncompatible::NoKxGroupsInCommon | PeerIncompatible::KeyShareExtensionRequired => "NO_SUITABLE_KEY_SHARE",
            PeerIncompatible::NoSignatureSchemesInCommon | PeerIncompatible::NoCertificateRequestSignatureSchemesInCommon => {
                "NO_SUITABLE_SIGNATURE_ALGORITHM"
            }
            PeerIncompatible::SignatureAlgorithmsExtensionRequired => "MISSING_SIGALGS_EXTENSION",
            _ => "UNSUPPORTED_PROTOCOL",
        },
        Error::PeerMisbehaved(_) => "BAD_EXTENSION",
        // What rustls says when a resolver has no certificate to offer.
        Error::General(text) if text.contains("no server certificate chain") => "NO_SHARED_CIPHER",
        _ => "INTERNAL_ERROR",
    };
    Failure::of(reason)
}

fn make(vm: &mut Vm, class: Ref<'_>, number: i64, message: &str, library: Option<&str>, reason: Option<&str>) -> PyResult {
    let number = vm.new_int(number);
    let message = vm.new_str(message).into_object();
    let error = vm.call(class, &[number.borrow(), message.borrow()])?;
    for (name, value) in [("reason", reason), ("library", library)] {
        let value = value.map_or(Object::none(), |value| vm.new_str(value).into_object());
        let name = vm.intern(name);
        vm.set_attr(error.borrow(), name, Some(value.borrow()))?;
    }
    Ok(error)
}

fn raise_made(vm: &mut Vm, made: PyResult) -> Raised {
    match made {
        Ok(error) => vm.raise_object(error),
        Err(raised) => raised,
    }
}

/// Raises `SSLError` for a failure.
#[cold]
pub fn raise(vm: &mut Vm, failure: &Failure, line: u32) -> Raised {
    let message = match &failure.reason {
        Some(reason) => format!("[{}: {reason}] {} (_ssl.c:{line})", failure.library, failure.text),
        None => format!("[{}] {} (_ssl.c:{line})", failure.library, failure.text),
    };
    let made = make(vm, SSL_ERROR.object(), failure.number, &message, Some(failure.library), failure.reason.as_deref());
    raise_made(vm, made)
}

/// Raises `SSLError` with a message of its own.
#[cold]
pub fn raise_text(vm: &mut Vm, message: &str, line: u32) -> Raised {
    let made = make(vm, SSL_ERROR.object(), 0, &format!("{message} (_ssl.c:{line})"), None, None);
    raise_made(vm, made)
}

/// Raises `SSLError` with nothing but a message.
#[cold]
pub fn raise_plain(vm: &mut Vm, message: &str) -> Raised {
    let message = vm.new_str(message).into_object();
    let made = vm.call(SSL_ERROR.object(), &[message.borrow()]);
    raise_made(vm, made)
}

fn class(cell: &ObjectCell) -> Object {
    cell.get().unwrap_or_else(|| SSL_ERROR.to_object())
}

#[cold]
pub fn raise_want_read(vm: &mut Vm, line: u32) -> Raised {
    let class = class(&WANT_READ);
    let message = format!("The operation did not complete (read) (_ssl.c:{line})");
    let made = make(vm, class.borrow(), number::WANT_READ, &message, None, None);
    raise_made(vm, made)
}

#[cold]
pub fn raise_want_write(vm: &mut Vm, line: u32) -> Raised {
    let class = class(&WANT_WRITE);
    let message = format!("The operation did not complete (write) (_ssl.c:{line})");
    let made = make(vm, class.borrow(), number::WANT_WRITE, &message, None, None);
    raise_made(vm, made)
}

#[cold]
pub fn raise_zero_return(vm: &mut Vm, line: u32) -> Raised {
    let class = class(&ZERO_RETURN);
    let message = format!("TLS/SSL connection has been closed (EOF) (_ssl.c:{line})");
    let made = make(vm, class.borrow(), number::ZERO_RETURN, &message, None, None);
    raise_made(vm, made)
}

#[cold]
pub fn raise_end_of_file(vm: &mut Vm, line: u32) -> Raised {
    let class = class(&END_OF_FILE);
    let reason = "UNEXPECTED_EOF_WHILE_READING";
    let message = format!("[SSL: {reason}] EOF occurred in violation of protocol (_ssl.c:{line})");
    let made = make(vm, class.borrow(), number::EOF, &message, Some("SSL"), Some(reason));
    raise_made(vm, made)
}

/// As [`raise_end_of_file`], for what is asked of a connection after that.
#[cold]
pub fn raise_ended(vm: &mut Vm, line: u32) -> Raised {
    let class = class(&END_OF_FILE);
    let message = format!("EOF occurred in violation of protocol (_ssl.c:{line})");
    let made = make(vm, class.borrow(), number::EOF, &message, None, None);
    raise_made(vm, made)
}

#[cold]
pub fn raise_refusal(vm: &mut Vm, refusal: &Refusal, line: u32) -> Raised {
    let class = class(&VERIFICATION);
    let reason = "CERTIFICATE_VERIFY_FAILED";
    let message = format!("[SSL: {reason}] certificate verify failed: {} (_ssl.c:{line})", refusal.message);
    let made = make(vm, class.borrow(), number::SSL, &message, Some("SSL"), Some(reason)).and_then(|error| {
        let code = vm.new_int(i64::from(refusal.code));
        let text = vm.new_str(&refusal.message).into_object();
        for (name, value) in [("verify_code", code), ("verify_message", text)] {
            let name = vm.intern(name);
            vm.set_attr(error.borrow(), name, Some(value.borrow()))?;
        }
        Ok(error)
    });
    raise_made(vm, made)
}
