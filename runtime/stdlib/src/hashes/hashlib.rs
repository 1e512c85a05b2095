//! `_hashlib`: hashes by name, HMAC and derivation of keys, with the interface of OpenSSL's half of `hashlib`.

use super::LOCK_THRESHOLD;
use super::digest::{data_argument, initial_argument};
use super::engine::{self, KINDS, Kind};
use super::objects::{HASH, HASH_XOF, OPENSSL_HMAC, new_hash, new_keyed};
use crate::os_support::{new_exception, raise_class};
use object::native::{Method, Module, Native};
use object::singleton::ModuleObject;
use object::str::Str;
use object::{Object, ObjectCell, PyResult, Raised, Ref, RefOf, Vm, exception, int, method};

type Arguments<'a, 'b> = &'a [Option<Ref<'b>>];

static UNSUPPORTED: ObjectCell = ObjectCell::EMPTY;
/// The functions `openssl_md5` and so on, as keys, and the names of their hashes.
static CONSTRUCTORS: ObjectCell = ObjectCell::EMPTY;

const CONSTRUCTOR_SIGNATURE: &str = "($module, /, data=b'', *, usedforsecurity=True, string=None)";

macro_rules! constructors {
    ($($function:ident $name:literal $full:literal $title:literal;)*) => {
        $(fn $function(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
            construct(vm, $name, args)
        })*

        /// Functions with the hashes they are for.
        static NAMES: &[(&str, &str)] = &[$(($full, $name)),*];

        pub static MODULE: Module = Module {
            name: "_hashlib",
            doc: "OpenSSL interface for hashlib module",
            functions: &[
                $(Method::new($full, CONSTRUCTOR_SIGNATURE, concat!("Returns a ", $title, " hash object; optionally initialized with a string."), Native::Bound($function)),)*
                method!(Bound new "($module, /, name, data=b'', *, usedforsecurity=True, string=None)", "Return a new hash object using the named algorithm.\n\nAn optional string argument may be provided and will be\nautomatically hashed.\n\nThe MD5 and SHA1 algorithms are always supported."),
                method!(Bound pbkdf2_hmac "($module, /, hash_name, password, salt, iterations, dklen=None)", "Password based key derivation function 2 (PKCS #5 v2.0) with HMAC as pseudorandom function."),
                method!(Bound scrypt "($module, /, password, *, salt, n, r, p, maxmem=0, dklen=64)", "scrypt password-based key derivation function."),
                method!(Bound hmac_new "($module, /, key, msg=b'', digestmod=None)", "Return a new hmac object."),
                method!(Bound hmac_digest "($module, /, key, msg, digest)", "Single-shot HMAC."),
                method!(Unary get_fips_mode "($module, /)", "Determine the OpenSSL FIPS mode of operation.\n\nFor OpenSSL 3.0.0 and newer it returns the state of the default provider\nin the default OSSL context. It's not quite the same as FIPS_mode() but good\nenough for unittests.\n\nEffectively any non-zero return value indicates FIPS mode;\nvalues other than 1 may have additional significance."),
                method!(Bound compare_digest "($module, a, b, /)", "Return 'a == b'.\n\nThis function uses an approach designed to prevent\ntiming analysis, making it appropriate for cryptography.\n\na and b must both be of the same type: either str (ASCII only),\nor any bytes-like object.\n\nNote: If a and b are of different lengths, or if an error occurs,\na timing attack could theoretically reveal information about the\ntypes and lengths of a and b--but not their values."),
            ],
            types: &[&HASH, &HASH_XOF, &OPENSSL_HMAC],
            init: Some(init),
        };
    };
}

constructors! {
    openssl_md5 "md5" "openssl_md5" "md5";
    openssl_sha1 "sha1" "openssl_sha1" "sha1";
    openssl_sha224 "sha224" "openssl_sha224" "sha224";
    openssl_sha256 "sha256" "openssl_sha256" "sha256";
    openssl_sha384 "sha384" "openssl_sha384" "sha384";
    openssl_sha512 "sha512" "openssl_sha512" "sha512";
    openssl_sha3_224 "sha3_224" "openssl_sha3_224" "sha3-224";
    openssl_sha3_256 "sha3_256" "openssl_sha3_256" "sha3-256";
    openssl_sha3_384 "sha3_384" "openssl_sha3_384" "sha3-384";
    openssl_sha3_512 "sha3_512" "openssl_sha3_512" "sha3-512";
    openssl_shake_128 "shake_128" "openssl_shake_128" "shake-128 variable";
    openssl_shake_256 "shake_256" "openssl_shake_256" "shake-256 variable";
}

fn init(vm: &mut Vm, module: RefOf<'_, ModuleObject>) -> PyResult<()> {
    crate::argument::set_constants(vm, module, &[("_GIL_MINSIZE", LOCK_THRESHOLD)]);
    // A second import gets the same class, so that those who hold either module can catch it.
    let class = match UNSUPPORTED.get() {
        Some(class) => class,
        None => new_exception(vm, "_hashlib.UnsupportedDigestmodError", &[exception::VALUE_ERROR.object()])?,
    };
    UNSUPPORTED.set(Some(class.clone()));
    module.set(vm, "UnsupportedDigestmodError", class);
    let names: Vec<Object> = KINDS.iter().map(|kind| vm.new_str(kind.name).into_object()).collect();
    let names = vm.new_list(names).into_object();
    let builtins = vm.import("builtins")?;
    let names = vm.call_method(builtins.borrow(), "frozenset", &[names.borrow()])?;
    module.set(vm, "openssl_md_meth_names", names);
    let constructors = vm.new_dict();
    for &(function, name) in NAMES {
        let function = vm.get_attr_str(module.object(), function)?;
        let name = vm.new_str(name).into_object();
        constructors.set(vm, function.borrow(), name)?;
    }
    let constructors = constructors.into_object();
    CONSTRUCTORS.set(Some(constructors.clone()));
    let types = vm.import("types")?;
    let view = vm.call_method(types.borrow(), "MappingProxyType", &[constructors.borrow()])?;
    module.set(vm, "_constructors", view);
    Ok(())
}

fn raise_unsupported(vm: &mut Vm, message: &str) -> Raised {
    let class = UNSUPPORTED.get().unwrap_or_else(|| exception::VALUE_ERROR.to_object());
    let message = vm.new_str(message).into_object();
    raise_class(vm, class.borrow(), &[message.borrow()])
}

fn kind_of_name(vm: &mut Vm, name: &str) -> PyResult<&'static Kind> {
    engine::by_name(name).ok_or_else(|| raise_unsupported(vm, "[digital envelope routines] unsupported"))
}

fn construct(vm: &mut Vm, name: &str, args: Arguments<'_, '_>) -> PyResult {
    let data = initial_argument(vm, args[0], args[2].filter(|string| !string.is_none()))?;
    let kind = kind_of_name(vm, name)?;
    new_hash(vm, kind, data)
}

fn name_argument(vm: &mut Vm, value: Option<Ref<'_>>, function: &str, name: &str) -> PyResult<String> {
    let value = value.unwrap_or(Ref::NONE);
    match value.downcast::<Str>() {
        Some(text) => Ok(text.as_str().unwrap_or_default().to_owned()),
        None => Err(vm.type_error(format!("{function}() argument '{name}' must be str, not {}", shown_type(value)))),
    }
}

fn shown_type(value: Ref<'_>) -> String {
    if value.is_none() { "None".to_owned() } else { value.class().full_name().to_string() }
}

fn new(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let name = name_argument(vm, args[0], "new", "name")?;
    let data = initial_argument(vm, args[1], args[3].filter(|string| !string.is_none()))?;
    let kind = kind_of_name(vm, &name)?;
    new_hash(vm, kind, data)
}

fn positive(vm: &mut Vm, value: Ref<'_>, most: i64, too_small: &str, too_great: &str) -> PyResult<i64> {
    let number = vm.index(value)?;
    match int::to_i64(number.borrow()).flatten() {
        Some(number) if number < 1 => Err(vm.value_error(too_small)),
        None if int::is_negative(number.borrow()) => Err(vm.value_error(too_small)),
        Some(number) if number <= most => Ok(number),
        _ => Err(vm.overflow_error(too_great)),
    }
}

fn pbkdf2_hmac(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let name = name_argument(vm, args[0], "pbkdf2_hmac", "hash_name")?;
    let password = crate::argument::bytes(vm, args[1].unwrap_or(Ref::NONE))?;
    let salt = crate::argument::bytes(vm, args[2].unwrap_or(Ref::NONE))?;
    let kind = kind_of_name(vm, &name)?;
    let most = i64::from(i32::MAX);
    let rounds = positive(vm, args[3].unwrap_or(Ref::NONE), most, "iteration value must be greater than 0.", "iteration value is too great.")?;
    let length = match args[4].filter(|length| !length.is_none()) {
        Some(length) => positive(vm, length, most, "key length must be greater than 0.", "key length is too great.")? as usize,
        None => kind.digest_size,
    };
    if length == 0 || kind.is_extendable() {
        return Err(vm.value_error("no reason supplied"));
    }
    let mut key = object::room::zeros(vm, length)?;
    vm.allow_threads(|| engine::pbkdf2(kind, &password, &salt, rounds as u32, &mut key));
    Ok(vm.new_bytes(&key).into_object())
}

/// An unsigned number.
fn unsigned(vm: &mut Vm, value: Option<Ref<'_>>) -> PyResult<u64> {
    let number = vm.index(value.unwrap_or(Ref::NONE))?;
    if int::is_negative(number.borrow()) {
        return Err(vm.value_error("Cannot convert negative int"));
    }
    int::to_i64(number.borrow())
        .flatten()
        .map(i64::cast_unsigned)
        .ok_or_else(|| vm.overflow_error("Python int too large to convert to C unsigned long"))
}

fn scrypt(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    /// What may be used where nothing is said.
    const DEFAULT_MEMORY: u64 = 32 << 20;
    let most = i64::from(i32::MAX);
    let password = crate::argument::bytes(vm, args[0].unwrap_or(Ref::NONE))?;
    let salt = crate::argument::bytes(vm, args[1].unwrap_or(Ref::NONE))?;
    let (n, r, p) = (unsigned(vm, args[2])?, unsigned(vm, args[3])?, unsigned(vm, args[4])?);
    let memory = args[5].map_or(Ok(0), |value| vm.to_i64(value))?;
    let length = args[6].map_or(Ok(64), |value| vm.to_i64(value))?;
    if n < 2 || !n.is_power_of_two() {
        return Err(vm.value_error("n must be a power of 2."));
    }
    if !(0..=most).contains(&memory) {
        return Err(vm.value_error(format!("maxmem must be positive and smaller than {most}")));
    }
    if !(1..=most).contains(&length) {
        return Err(vm.value_error(format!("dklen must be greater than 0 and smaller than {most}")));
    }
    let parameters = match (u32::try_from(r), u32::try_from(p)) {
        (Ok(r), Ok(p)) => ::scrypt::Params::new(n.trailing_zeros() as u8, r, p, ::scrypt::Params::RECOMMENDED_LEN).ok(),
        _ => None,
    };
    let Some(parameters) = parameters else { return Err(vm.value_error("Invalid parameter combination for n, r, p, maxmem.")) };
    let limit = if memory == 0 { DEFAULT_MEMORY } else { memory.cast_unsigned() };
    let used = p.saturating_mul(128).saturating_mul(r).saturating_add(n.saturating_add(2).saturating_mul(128).saturating_mul(r));
    if used > limit {
        return Err(vm.value_error("[digital envelope routines] memory limit exceeded"));
    }
    let mut key = object::room::zeros(vm, length as usize)?;
    match vm.allow_threads(|| ::scrypt::scrypt(&password, &salt, &parameters, &mut key)) {
        Ok(()) => Ok(vm.new_bytes(&key).into_object()),
        Err(_) => Err(vm.value_error("Invalid parameter combination for n, r, p, maxmem.")),
    }
}

/// The hash function that a name or one of the constructors stands for.
fn kind_argument(vm: &mut Vm, value: Ref<'_>) -> PyResult<&'static Kind> {
    let kind = if let Some(name) = value.downcast::<Str>() {
        let name = name.as_str().unwrap_or_default().to_owned();
        kind_of_name(vm, &name)?
    } else {
        let constructors = CONSTRUCTORS.get_or_none();
        let found = match constructors.borrow().downcast::<object::dict::Dict>() {
            // What cannot be hashed is no constructor.
            Some(constructors) if value.class().slots().call.is_some() => constructors.get().get(vm, value)?,
            _ => None,
        };
        let Some(name) = found else {
            let message = format!("Unsupported digestmod {}", vm.repr_text(value)?);
            return Err(raise_unsupported(vm, &message));
        };
        let name = name.borrow().downcast::<Str>().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default();
        kind_of_name(vm, &name)?
    };
    if kind.is_extendable() {
        return Err(vm.value_error("no reason supplied"));
    }
    Ok(kind)
}

fn hmac_new(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let key = crate::argument::bytes(vm, args[0].unwrap_or(Ref::NONE))?;
    let Some(digest) = args[2].filter(|digest| !digest.is_none()) else {
        return Err(vm.type_error("Missing required parameter 'digestmod'."));
    };
    let kind = kind_argument(vm, digest)?;
    new_keyed(vm, false, kind, &key, args[1])
}

fn hmac_digest(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let key = crate::argument::bytes(vm, args[0].unwrap_or(Ref::NONE))?;
    let message = crate::argument::bytes(vm, args[1].unwrap_or(Ref::NONE))?;
    let kind = kind_argument(vm, args[2].unwrap_or(Ref::NONE))?;
    let digest = engine::mac(kind, &key, &message);
    Ok(vm.new_bytes(&digest).into_object())
}

fn get_fips_mode(_vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    Ok(Object::small_int(0))
}

fn compare_digest(vm: &mut Vm, module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    crate::operator::compare_digest(vm, module, args)
}

/// The bytes of a key or message of `_hmac`, which has other words for what is none.
pub fn hmac_data(vm: &mut Vm, value: Option<Ref<'_>>) -> PyResult<Vec<u8>> {
    let buffer = data_argument(vm, value.unwrap_or(Ref::NONE))?;
    Ok(buffer.bytes(vm).to_vec())
}
