//! `_ssl._SSLContext`: settings shared by connections. Loading of keys and certificates has a file of its own.

use super::ciphers;
use super::config::{LogFile, MAXIMUM_SUPPORTED, MINIMUM_SUPPORTED, Settings, TLS1_2, TLS1_3};
use super::error;
use super::loading::*;
use super::socket::{wrap_bio, wrap_socket};
use crate::os_support::fs_c_string;
use object::cell::Visitor;
use object::native::{Getset, PayloadInfo, TypeSpec, flag};
use object::str::Str;
use object::{Args, Object, ObjectCell, Payload, PyResult, Raised, Ref, RefOf, Slots, Type, Vm, VmCell, exception, int, method};
use std::cell::Cell;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;

/// Numbers of `PROTOCOL_...`
pub mod protocol {
    pub const TLS: i64 = 2;
    pub const TLS1_2: i64 = 5;
    pub const TLS_CLIENT: i64 = 16;
    pub const TLS_SERVER: i64 = 17;
}

/// OP_ALL, OP_NO_SSLv3, OP_NO_COMPRESSION, OP_CIPHER_SERVER_PREFERENCE, OP_ENABLE_MIDDLEBOX_COMPAT, OP_IGNORE... as OpenSSL 3 begins.
const DEFAULT_OPTIONS: u64 = 2_186_412_112;
/// OP_NO_SSLv3 and OP_NO_TLSv1 to OP_NO_TLSv1_3.
const VERSION_BANS: u64 = 0x3e00_0000;

/// What has happened to the connections of a context.
#[derive(Default)]
pub struct Statistics {
    pub connect: Cell<i64>,
    pub connect_good: Cell<i64>,
    pub accept: Cell<i64>,
    pub accept_good: Cell<i64>,
    pub hits: Cell<i64>,
}

/// The payload of a context.
pub struct Context {
    pub protocol: i64,
    pub settings: VmCell<Settings>,
    pub sni_callback: ObjectCell,
    pub message_callback: ObjectCell,
    key_log_name: ObjectCell,
    pub statistics: Statistics,
}

impl Payload for Context {
    fn class() -> &'static Type {
        &CONTEXT
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        for cell in [&self.sni_callback, &self.message_callback, &self.key_log_name] {
            cell.traverse(visitor);
        }
    }

    fn clear(&self, _vm: &mut Vm) {
        for cell in [&self.sni_callback, &self.message_callback, &self.key_log_name] {
            cell.set(None);
        }
    }
}

pub static CONTEXT: Type = Type::new(&CONTEXT_SPEC);
static CONTEXT_SPEC: TypeSpec = TypeSpec {
    name: "_ssl._SSLContext",
    flags: flag::BASE_TYPE | flag::WEAK_REFERENCES,
    payload: PayloadInfo::of::<Context>(),
    slots: Slots { new: Some(new), ..Slots::NONE },
    methods: &[
        method!(Bound wrap_socket as "_wrap_socket" "($self, /, sock, server_side, server_hostname=None, *, owner=None, session=None)", ""),
        method!(Bound wrap_bio as "_wrap_bio" "($self, /, incoming, outgoing, server_side, server_hostname=None, *, owner=None, session=None)", ""),
        method!(Binary set_ciphers "($self, cipherlist, /)", ""),
        method!(Unary get_ciphers "($self, /)", ""),
        method!(Binary set_alpn_protocols as "_set_alpn_protocols" "($self, protos, /)", ""),
        method!(Bound load_cert_chain "($self, /, certfile, keyfile=None, password=None)", ""),
        method!(Binary load_dh_params "($self, path, /)", ""),
        method!(Bound load_verify_locations "($self, /, cafile=None, capath=None, cadata=None)", ""),
        method!(Unary set_default_verify_paths "($self, /)", ""),
        method!(Binary set_ecdh_curve "($self, name, /)", ""),
        method!(Unary session_stats "($self, /)", ""),
        method!(Unary cert_store_stats "($self, /)", "Returns quantities of loaded X.509 certificates.\n\nX.509 certificates with a CA extension and certificate revocation lists\ninside the context's cert store.\n\nNOTE: Certificates in a capath directory aren't loaded unless they have\nbeen used at least once."),
        method!(Bound get_ca_certs "($self, /, binary_form=False)", "Returns a list of dicts with information of loaded CA certs.\n\nIf the optional argument is True, returns a DER-encoded copy of the CA\ncertificate.\n\nNOTE: Certificates in a capath directory aren't loaded unless they have\nbeen used at least once."),
    ],
    getsets: &[
        Getset::new("check_hostname", "", |vm, this| Ok(Object::bool(settings(vm, this).check_hostname)), set_check_hostname),
        Getset::new("_host_flags", "", |vm, this| Ok(vm.new_int(i64::from(settings(vm, this).host_flags))), set_host_flags),
        Getset::new(
            "minimum_version",
            "Minimum supported TLS version.",
            |vm, this| Ok(vm.new_int(settings(vm, this).minimum_version)),
            set_minimum_version,
        ),
        Getset::new(
            "maximum_version",
            "Maximum supported TLS version.",
            |vm, this| Ok(vm.new_int(settings(vm, this).maximum_version)),
            set_maximum_version,
        ),
        Getset::new("keylog_filename", "TLS key log file.", |_, this| Ok(context(this).key_log_name.get_or_none()), set_key_log),
        Getset::new("_msg_callback", "TLS message callback.", |_, this| Ok(context(this).message_callback.get_or_none()), set_message_callback),
        Getset::new(
            "sni_callback",
            "Set a callback that will be called when a server name is provided by the SSL/TLS client in the SNI extension.\n\nIf the argument is None then the callback is disabled. The method is called\nwith the SSLSocket, the server name as a string, and the SSLContext object.\n\nSee RFC 6066 for details of the SNI extension.",
            |_, this| Ok(context(this).sni_callback.get_or_none()),
            set_sni_callback,
        ),
        Getset::new(
            "num_tickets",
            "Control the number of TLSv1.3 session tickets.",
            |vm, this| Ok(vm.new_int(settings(vm, this).n_tickets as i64)),
            set_n_tickets,
        ),
        Getset::new(
            "options",
            "",
            |vm, this| {
                let options = settings(vm, this).options;
                Ok(vm.new_int(options.cast_signed()))
            },
            set_options,
        ),
        Getset::new("post_handshake_auth", "", |vm, this| Ok(Object::bool(settings(vm, this).post_handshake_auth)), set_post_handshake_auth),
        Getset::readonly("protocol", "", |vm, this| Ok(vm.new_int(context(this).protocol))),
        Getset::new(
            "verify_flags",
            "",
            |vm, this| {
                let flags = settings(vm, this).verify_flags;
                Ok(vm.new_int(flags.cast_signed()))
            },
            set_verify_flags,
        ),
        Getset::new("verify_mode", "", |vm, this| Ok(vm.new_int(i64::from(settings(vm, this).verify_mode))), set_verify_mode),
        Getset::readonly("security_level", "The current security level.", |_, _| Ok(Object::small_int(2))),
    ],
    ..TypeSpec::DEFAULT
};

pub fn context<'a>(this: Ref<'a>) -> &'a Context {
    this.downcast::<Context>().expect("the method belongs to the type").get()
}

fn settings<'a>(vm: &'a Vm, this: Ref<'a>) -> &'a Settings {
    context(this).settings.get(vm)
}

fn change<'a>(vm: &'a mut Vm, this: Ref<'a>) -> &'a mut Settings {
    context(this).settings.get_mut(vm)
}

fn new(vm: &mut Vm, class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    if args.has_keywords() {
        return Err(vm.type_error("_SSLContext() takes no keyword arguments"));
    }
    let &[number] = args.positionals() else {
        return Err(vm.type_error(format!("_SSLContext expected 1 argument, got {}", args.n_positional())));
    };
    let number = i64::from(vm.to_i32(number)?);
    let (name, versions) = match number {
        protocol::TLS => (Some("TLS"), (MINIMUM_SUPPORTED, MAXIMUM_SUPPORTED)),
        protocol::TLS_CLIENT | protocol::TLS_SERVER => (None, (MINIMUM_SUPPORTED, MAXIMUM_SUPPORTED)),
        protocol::TLS1_2 => (Some("TLSv1_2"), (TLS1_2, TLS1_2)),
        _ => return Err(vm.value_error(format!("invalid or unsupported protocol version {number}"))),
    };
    if let Some(name) = name {
        vm.warn(&exception::DEPRECATION_WARNING, &format!("ssl.PROTOCOL_{name} is deprecated"), 2)?;
    }
    let context = Context {
        protocol: number,
        settings: VmCell::new(Settings::new(number == protocol::TLS_CLIENT, DEFAULT_OPTIONS, versions)),
        sni_callback: ObjectCell::EMPTY,
        message_callback: ObjectCell::EMPTY,
        key_log_name: ObjectCell::EMPTY,
        statistics: Statistics::default(),
    };
    Ok(vm.allocate_in(class.get(), context))
}

/// The value that is being set; attributes cannot be deleted.
fn given<'a>(vm: &mut Vm, this: Ref<'_>, value: Option<Ref<'a>>, name: &str) -> PyResult<Ref<'a>> {
    value.ok_or_else(|| {
        let message = format!("attribute '{name}' of '{}' objects cannot be deleted", this.class().full_name());
        vm.raise(&exception::ATTRIBUTE_ERROR, message)
    })
}

fn set_check_hostname(vm: &mut Vm, this: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let value = given(vm, this, value, "check_hostname")?;
    let checks = vm.is_true(value)?;
    let settings = change(vm, this);
    settings.check_hostname = checks;
    if checks && settings.verify_mode == 0 {
        settings.verify_mode = 2;
        settings.forget_verifier();
    }
    Ok(())
}

fn set_host_flags(vm: &mut Vm, this: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let value = given(vm, this, value, "_host_flags")?;
    let flags = crate::argument::mask_u32(vm, value)?;
    change(vm, this).host_flags = flags;
    Ok(())
}

/// A version that may be asked for; old ones are frowned upon.
fn version(vm: &mut Vm, this: Ref<'_>, value: Ref<'_>) -> PyResult<i64> {
    let number = i64::from(vm.to_i32(value)?);
    if !matches!(context(this).protocol, protocol::TLS | protocol::TLS_CLIENT | protocol::TLS_SERVER) {
        return Err(vm.value_error("The context's protocol doesn't support modification of highest and lowest version."));
    }
    let deprecated = match number {
        0x300 => Some("SSLv3"),
        0x301 => Some("TLSv1"),
        0x302 => Some("TLSv1_1"),
        _ => None,
    };
    if let Some(name) = deprecated {
        vm.warn(&exception::DEPRECATION_WARNING, &format!("ssl.TLSVersion.{name} is deprecated"), 2)?;
    }
    match number {
        MINIMUM_SUPPORTED | MAXIMUM_SUPPORTED | 0x300..=TLS1_3 => Ok(number),
        _ => Err(vm.value_error(format!("Unsupported TLS/SSL version {}", hexadecimal(number)))),
    }
}

fn hexadecimal(number: i64) -> String {
    format!("0x{:x}", number as i32)
}

fn set_minimum_version(vm: &mut Vm, this: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let value = given(vm, this, value, "minimum_version")?;
    let number = version(vm, this, value)?;
    change(vm, this).minimum_version = if number == MAXIMUM_SUPPORTED { TLS1_3 } else { number };
    Ok(())
}

fn set_maximum_version(vm: &mut Vm, this: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let value = given(vm, this, value, "maximum_version")?;
    let number = version(vm, this, value)?;
    change(vm, this).maximum_version = if number == MINIMUM_SUPPORTED { TLS1_2 } else { number };
    Ok(())
}

fn set_key_log(vm: &mut Vm, this: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let value = given(vm, this, value, "keylog_filename")?;
    let context = context(this);
    context.key_log_name.set(None);
    context.settings.get_mut(vm).key_log = None;
    if value.is_none() {
        return Ok(());
    }
    let path = fs_c_string(vm, value)?;
    match LogFile::open(std::path::Path::new(OsStr::from_bytes(path.as_bytes()))) {
        Ok(file) => context.settings.get_mut(vm).key_log = Some(Arc::new(file)),
        Err(error) => return Err(crate::os_support::os_error(vm, error.raw_os_error().unwrap_or(0), Some(value))),
    }
    context.key_log_name.set(Some(value.to_owned()));
    Ok(())
}

/// A callback or `None`.
fn callback(vm: &mut Vm, value: Ref<'_>, refusal: &str) -> PyResult<Option<Object>> {
    if value.is_none() {
        return Ok(None);
    }
    if value.class().slots().call.is_none() {
        return Err(vm.type_error(refusal));
    }
    Ok(Some(value.to_owned()))
}

fn set_message_callback(vm: &mut Vm, this: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let value = given(vm, this, value, "_msg_callback")?;
    let refusal = format!("{} is not callable.", vm.repr_text(value)?);
    let callback = callback(vm, value, &refusal)?;
    context(this).message_callback.set(callback);
    Ok(())
}

fn set_sni_callback(vm: &mut Vm, this: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let value = given(vm, this, value, "sni_callback")?;
    if context(this).protocol == protocol::TLS_CLIENT {
        return Err(vm.value_error("sni_callback cannot be set on TLS_CLIENT context"));
    }
    let callback = callback(vm, value, "not a callable object")?;
    context(this).sni_callback.set(callback);
    Ok(())
}

fn set_n_tickets(vm: &mut Vm, this: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let value = given(vm, this, value, "num_tickets")?;
    let count = vm.to_i64(value)?;
    let Ok(count) = usize::try_from(count) else { return Err(vm.value_error("value must be non-negative")) };
    if context(this).protocol != protocol::TLS_SERVER {
        return Err(vm.value_error("SSLContext is not a server context."));
    }
    change(vm, this).n_tickets = count;
    Ok(())
}

/// An unsigned number of 64 bits.
fn unsigned(vm: &mut Vm, value: Ref<'_>) -> PyResult<u64> {
    let number = vm.index(value)?;
    if int::is_negative(number.borrow()) {
        return Err(vm.value_error("Cannot convert negative int"));
    }
    let number = int::to_bigint(number.borrow()).and_then(|number| num_traits::ToPrimitive::to_u64(&*number));
    number.ok_or_else(|| vm.overflow_error("Python int too large for C unsigned long long"))
}

fn set_options(vm: &mut Vm, this: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let value = given(vm, this, value, "options")?;
    let options = unsigned(vm, value)?;
    if options & !settings(vm, this).options & VERSION_BANS != 0 {
        vm.warn(&exception::DEPRECATION_WARNING, "ssl.OP_NO_SSL*/ssl.OP_NO_TLS* options are deprecated", 2)?;
    }
    change(vm, this).options = options;
    Ok(())
}

fn set_post_handshake_auth(vm: &mut Vm, this: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let Some(value) = value else { return Err(vm.raise(&exception::ATTRIBUTE_ERROR, "cannot delete attribute")) };
    let wanted = vm.is_true(value)?;
    change(vm, this).post_handshake_auth = wanted;
    Ok(())
}

fn set_verify_flags(vm: &mut Vm, this: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let value = given(vm, this, value, "verify_flags")?;
    if !int::is_int(value) {
        let shown = if value.is_none() { "None".to_owned() } else { value.class().full_name().to_string() };
        return Err(vm.type_error(format!("argument must be int, not {shown}")));
    }
    let number = vm.to_i64(value)?;
    change(vm, this).verify_flags = number.cast_unsigned();
    Ok(())
}

fn set_verify_mode(vm: &mut Vm, this: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let value = given(vm, this, value, "verify_mode")?;
    let mode = vm.to_i32(value)?;
    if !(0..=2).contains(&mode) {
        return Err(vm.value_error("invalid value for verify_mode"));
    }
    if mode == 0 && settings(vm, this).check_hostname {
        return Err(vm.value_error("Cannot set verify_mode to CERT_NONE when check_hostname is enabled."));
    }
    let settings = change(vm, this);
    settings.verify_mode = mode;
    settings.forget_verifier();
    Ok(())
}

fn set_ciphers(vm: &mut Vm, this: Ref<'_>, list: Ref<'_>) -> PyResult {
    let Some(list) = list.downcast::<Str>() else {
        let shown = if list.is_none() { "None".to_owned() } else { list.class().full_name().to_string() };
        return Err(vm.type_error(format!("set_ciphers() argument must be str, not {shown}")));
    };
    match list.as_str().and_then(ciphers::select) {
        Some(suites) => {
            change(vm, this).suites = suites;
            Ok(Object::none())
        }
        None => Err(error::raise_plain(vm, "No cipher can be selected.")),
    }
}

fn get_ciphers(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let suites = settings(vm, this).suites.clone();
    let mut list = Vec::new();
    for suite in suites {
        let text = |text: &str| vm.new_str(text).into_object();
        let rows = [
            ("id", vm.new_int(suite.id)),
            ("name", text(suite.name)),
            ("protocol", text(suite.protocol())),
            ("description", text(&suite.description())),
            ("strength_bits", vm.new_int(suite.bits)),
            ("alg_bits", vm.new_int(suite.bits)),
            ("aead", Object::bool(true)),
            ("symmetric", text(suite.symmetric)),
            ("digest", Object::none()),
            ("kea", text(suite.exchange)),
            ("auth", text(&format!("auth-{}", suite.authentication.to_ascii_lowercase()))),
        ];
        let dict = vm.new_dict();
        for (key, value) in rows {
            dict.set_str(vm, key, value);
        }
        list.push(dict.into_object());
    }
    Ok(vm.new_list(list).into_object())
}

fn set_alpn_protocols(vm: &mut Vm, this: Ref<'_>, protocols: Ref<'_>) -> PyResult {
    let data = crate::argument::bytes(vm, protocols)?;
    let mut names = Vec::new();
    let mut rest = &data[..];
    while let [len, after @ ..] = rest {
        let len = usize::from(*len);
        let Some(name) = after.get(..len).filter(|name| !name.is_empty()) else { return Err(vm.memory_error()) };
        names.push(name.to_vec());
        rest = &after[len..];
    }
    change(vm, this).alpn = names;
    Ok(Object::none())
}

fn set_ecdh_curve(vm: &mut Vm, this: Ref<'_>, name: Ref<'_>) -> PyResult {
    let text = fs_c_string(vm, name)?;
    match text.to_str().ok().and_then(ciphers::group) {
        Some(group) => {
            change(vm, this).groups = vec![group];
            Ok(Object::none())
        }
        None => {
            let shown = vm.repr_text(name)?;
            Err(vm.value_error(format!("unknown elliptic curve name {shown}")))
        }
    }
}

/// A dict of numbers.
fn counts(vm: &mut Vm, rows: &[(&str, i64)]) -> Object {
    let dict = vm.new_dict();
    for &(key, count) in rows {
        let count = vm.new_int(count);
        dict.set_str(vm, key, count);
    }
    dict.into_object()
}

fn session_stats(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let statistics = &context(this).statistics;
    let rows = [
        ("number", 0),
        ("connect", statistics.connect.get()),
        ("connect_good", statistics.connect_good.get()),
        ("connect_renegotiate", 0),
        ("accept", statistics.accept.get()),
        ("accept_good", statistics.accept_good.get()),
        ("accept_renegotiate", 0),
        ("hits", statistics.hits.get()),
        ("misses", 0),
        ("timeouts", 0),
        ("cache_full", 0),
    ];
    Ok(counts(vm, &rows))
}

fn cert_store_stats(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let store = settings(vm, this).store.clone();
    let contents = store.contents();
    let authorities = contents.certificates.iter().filter(|certificate| certificate.is_ca()).count();
    let rows = [("x509", contents.certificates.len() as i64), ("crl", contents.revocation_lists.len() as i64), ("x509_ca", authorities as i64)];
    Ok(counts(vm, &rows))
}

/// The name of a file as the file system knows it, or `TypeError`.
pub fn path_argument(vm: &mut Vm, value: Ref<'_>, name: &str) -> PyResult<std::path::PathBuf> {
    match fs_c_string(vm, value) {
        Ok(path) => Ok(OsStr::from_bytes(path.as_bytes()).into()),
        Err(raised) => Err(not_a_path(vm, raised, name)),
    }
}

fn not_a_path(vm: &mut Vm, raised: Raised, name: &str) -> Raised {
    match vm.catch_if(raised, &exception::TYPE_ERROR) {
        Ok(_) => vm.type_error(format!("{name} should be a valid filesystem path")),
        Err(raised) => raised,
    }
}
