//! `_hmac`: keyed hashes without OpenSSL's interface.

use super::LOCK_THRESHOLD;
use super::engine::{self, Kind};
use super::hashlib::hmac_data;
use super::objects::{BUILTIN_HMAC, new_keyed};
use crate::os_support::{new_exception, raise_class};
use object::native::{Method, Module, Native};
use object::singleton::ModuleObject;
use object::str::Str;
use object::{ObjectCell, PyResult, Ref, RefOf, Vm, exception, method};

type Arguments<'a, 'b> = &'a [Option<Ref<'b>>];

static UNKNOWN_HASH: ObjectCell = ObjectCell::EMPTY;

macro_rules! one_shots {
    ($($function:ident $name:literal;)*) => {
        $(fn $function(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
            let (key, message) = (hmac_data(vm, args[0])?, hmac_data(vm, args[1])?);
            match engine::by_name($name) {
                Some(kind) => Ok(vm.new_bytes(&engine::mac(kind, &key, &message)).into_object()),
                None => Err(vm.runtime_error("HMAC digest is not available")),
            }
        })*

        pub static MODULE: Module = Module {
            name: "_hmac",
            functions: &[
                $(Method::new(stringify!($function), "($module, key, msg, /)", "", Native::Bound($function)),)*
                method!(Bound new "($module, /, key, msg=None, digestmod=<unrepresentable>)", "Return a new HMAC object."),
                method!(Bound compute_digest "($module, /, key, msg, digest)", ""),
            ],
            types: &[&BUILTIN_HMAC],
            init: Some(init),
            ..Module::DEFAULT
        };
    };
}

one_shots! {
    compute_md5 "md5";
    compute_sha1 "sha1";
    compute_sha224 "sha224";
    compute_sha256 "sha256";
    compute_sha384 "sha384";
    compute_sha512 "sha512";
    compute_sha3_224 "sha3_224";
    compute_sha3_256 "sha3_256";
    compute_sha3_384 "sha3_384";
    compute_sha3_512 "sha3_512";
    compute_blake2s_32 "blake2s";
    compute_blake2b_32 "blake2b";
}

fn init(vm: &mut Vm, module: RefOf<'_, ModuleObject>) -> PyResult<()> {
    crate::argument::set_constants(vm, module, &[("_GIL_MINSIZE", LOCK_THRESHOLD)]);
    // A second import gets the same class, so that those who hold either module can catch it.
    let class = match UNKNOWN_HASH.get() {
        Some(class) => class,
        None => new_exception(vm, "_hmac.UnknownHashError", &[exception::VALUE_ERROR.object()])?,
    };
    UNKNOWN_HASH.set(Some(class.clone()));
    module.set(vm, "UnknownHashError", class);
    Ok(())
}

/// The names that are known here: those of `hashlib`, and the two BLAKE2 functions with their lane width.
fn kind_argument(vm: &mut Vm, value: Ref<'_>) -> PyResult<&'static Kind> {
    let name = value.downcast::<Str>().and_then(|name| name.as_str().map(str::to_owned));
    let lower = name.unwrap_or_default().to_ascii_lowercase();
    let known = match &*lower {
        "blake2b_32" | "blake2b" => engine::by_name("blake2b"),
        "blake2s_32" | "blake2s" => engine::by_name("blake2s"),
        "sha512_224" | "sha512_256" => None,
        _ => engine::by_name(&lower).filter(|kind| kind.name == lower && !kind.is_extendable()),
    };
    match known {
        Some(kind) => Ok(kind),
        None => {
            let message = format!("unsupported hash type: {}", vm.repr_text(value)?);
            let message = vm.new_str(&message).into_object();
            let class = UNKNOWN_HASH.get().unwrap_or_else(|| exception::VALUE_ERROR.to_object());
            Err(raise_class(vm, class.borrow(), &[message.borrow()]))
        }
    }
}

fn new(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let Some(digest) = args[2].filter(|digest| !digest.is_none()) else {
        return Err(vm.type_error("new() missing 1 required argument 'digestmod'"));
    };
    let kind = kind_argument(vm, digest)?;
    let key = hmac_data(vm, args[0])?;
    new_keyed(vm, true, kind, &key, args[1])
}

fn compute_digest(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let kind = kind_argument(vm, args[2].unwrap_or(Ref::NONE))?;
    let (key, message) = (hmac_data(vm, args[0])?, hmac_data(vm, args[1])?);
    let digest = engine::mac(kind, &key, &message);
    Ok(vm.new_bytes(&digest).into_object())
}
