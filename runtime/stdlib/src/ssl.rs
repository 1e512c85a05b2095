//! `_ssl`: TLS, on the protocol machine of the crate `rustls` and the cryptography of `ring`.
//!
//! The machine knows TLS 1.2 and 1.3. Whether a certificate is to be trusted is decided here, by OpenSSL's rules and with
//! its error numbers: `verify`. A connection (`connection`) has no input or output of its own; `transport` moves bytes
//! between it and a socket or a pair of `MemoryBIO`s.

mod certificate;
mod certificate_object;
mod ciphers;
mod config;
mod connection;
mod constants;
mod constraints;
mod context;
mod der;
mod error;
mod hostname;
mod keys;
mod loading;
mod memory_bio;
mod object_names;
mod pem;
mod session;
mod socket;
mod store;
mod transcript;
mod transport;
mod verifier;
mod verify;

use crate::os_support::{add_constants, add_text, arg, truth};
use object::native::Module;
use object::singleton::ModuleObject;
use object::str::Str;
use object::{Object, PyResult, Ref, RefOf, Vm, method};
use object_names::ObjectName;

type Arguments<'a, 'b> = &'a [Option<Ref<'b>>];

pub static MODULE: Module = Module {
    name: "_ssl",
    doc: "Implementation module for SSL socket operations.  See the socket module\nfor documentation.",
    functions: &[
        method!(Bound test_decode_cert as "_test_decode_cert" "($module, path, /)", ""),
        method!(Bound rand_add as "RAND_add" "($module, string, entropy, /)", "Mix string into the OpenSSL PRNG state.\n\nentropy (a float) is a lower bound on the entropy contained in\nstring.  See RFC 4086."),
        method!(Binary rand_bytes as "RAND_bytes" "($module, n, /)", "Generate n cryptographically strong pseudo-random bytes."),
        method!(Unary rand_status as "RAND_status" "($module, /)", "Returns True if the OpenSSL PRNG has been seeded with enough data and False if not.\n\nIt is necessary to seed the PRNG with RAND_add() on some platforms before\nusing the ssl() function."),
        method!(Unary get_default_verify_paths "($module, /)", "Return search paths and environment vars that are used by SSLContext's set_default_verify_paths() to load default CAs.\n\nThe values are \'cert_file_env\', \'cert_file\', \'cert_dir_env\', \'cert_dir\'."),
        method!(Bound txt2obj "($module, /, txt, name=False)", "Lookup NID, short name, long name and OID of an ASN1_OBJECT.\n\nBy default objects are looked up by OID.  With name=True short and\nlong name are also matched."),
        method!(Binary nid2obj "($module, nid, /)", "Lookup NID, short name, long name and OID of an ASN1_OBJECT by NID."),
    ],
    types: &[&context::CONTEXT, &socket::SSL_SOCKET, &memory_bio::MEMORY_BIO, &session::SESSION, &certificate_object::CERTIFICATE],
    init: Some(init),
};

/// The version of OpenSSL whose interface and behaviour this follows.
const VERSION: [i64; 5] = [3, 6, 0, 0, 0];
const VERSION_TEXT: &str = "OpenSSL 3.6.0 compatible (rustls 0.23, ring)";
const VERSION_NUMBER: i64 = 0x3060_0000;

fn init(vm: &mut Vm, module: RefOf<'_, ModuleObject>) -> PyResult<()> {
    error::define(vm, module)?;
    add_constants(vm, module, constants::CONSTANTS);
    for &(name, has) in constants::FEATURES {
        module.set(vm, name, Object::bool(has));
    }
    for name in ["OPENSSL_VERSION_INFO", "_OPENSSL_API_VERSION"] {
        let version = vm.new_tuple(VERSION.map(|number| vm.new_int(number))).into_object();
        module.set(vm, name, version);
    }
    add_constants(vm, module, &[("OPENSSL_VERSION_NUMBER", VERSION_NUMBER)]);
    add_text(vm, module, "OPENSSL_VERSION", VERSION_TEXT);
    add_text(vm, module, "_DEFAULT_CIPHERS", "ALL:!COMPLEMENTOFDEFAULT:!eNULL");
    Ok(())
}

/// Random bytes from the system.
fn random(vm: &mut Vm, size: usize) -> PyResult<Vec<u8>> {
    crate::posix::system::random_bytes(vm, size, 0)
}

fn rand_bytes(vm: &mut Vm, _module: Ref<'_>, count: Ref<'_>) -> PyResult {
    let count = vm.to_i32(count)?;
    let Ok(count) = usize::try_from(count) else { return Err(vm.value_error("num must be positive")) };
    let data = random(vm, count)?;
    Ok(vm.new_bytes(&data).into_object())
}

fn rand_status(_vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    Ok(Object::bool(true))
}

/// The system's generator needs no help; the arguments are checked.
fn rand_add(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    if arg(args, 0).downcast::<Str>().is_none() {
        vm.buffer(arg(args, 0))?;
    }
    vm.to_float(arg(args, 1))?;
    Ok(Object::none())
}

fn get_default_verify_paths(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    let (file, directory) = loading::default_paths();
    let texts = [loading::FILE_VARIABLE, &file.to_string_lossy(), loading::DIRECTORY_VARIABLE, &directory.to_string_lossy()];
    Ok(vm.new_tuple(texts.map(|text| vm.new_str(text).into_object())).into_object())
}

fn object_tuple(vm: &Vm, object: &ObjectName) -> Object {
    let (number, short, long, oid) = *object;
    vm.new_tuple([vm.new_int(number), vm.new_str(short).into_object(), vm.new_str(long).into_object(), vm.new_str(oid).into_object()]).into_object()
}

fn txt2obj(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let given = arg(args, 0);
    let Some(text) = given.downcast::<Str>() else {
        return Err(vm.type_error(format!("txt2obj() argument 'txt' must be str, not {}", given.class().full_name())));
    };
    let text = text.as_str().unwrap_or_default().to_owned();
    let by_name = truth(vm, args[1], false)?;
    let found = object_names::by_oid(&text).or_else(|| object_names::by_name(&text).filter(|_| by_name));
    match found {
        Some(object) => Ok(object_tuple(vm, object)),
        None if is_dotted(&text) => Err(vm.value_error("Unknown object")),
        None => {
            let shown: String = text.chars().take(100).collect();
            Err(vm.value_error(format!("unknown object '{shown}'")))
        }
    }
}

fn is_dotted(text: &str) -> bool {
    text.contains('.') && text.split('.').all(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

fn nid2obj(vm: &mut Vm, _module: Ref<'_>, number: Ref<'_>) -> PyResult {
    let number = i64::from(vm.to_i32(number)?);
    match object_names::by_number(number) {
        Some(object) => Ok(object_tuple(vm, object)),
        None if number < 0 => Err(vm.value_error("NID must be positive.")),
        None if number == 0 => Err(vm.value_error("Unknown object")),
        None => Err(vm.value_error(format!("unknown NID {number}"))),
    }
}

fn test_decode_cert(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let path = context::path_argument(vm, arg(args, 0), "path")?;
    let Ok(text) = std::fs::read(path) else { return Err(error::raise_plain(vm, "Can't open file")) };
    let blocks = pem::blocks(&text);
    let data = blocks.iter().find(|block| block.is_certificate()).and_then(|block| block.data.as_deref());
    match data.and_then(certificate::Certificate::read_first) {
        Some((certificate, _)) => certificate_object::decode(vm, &certificate),
        None => Err(error::raise_plain(vm, "Error decoding PEM-encoded file")),
    }
}
