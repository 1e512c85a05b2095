//! `_md5`, `_sha1`, `_sha2`, `_sha3`, `_blake2`, and `_hashlib` and `_hmac`, which know them all by name: hash functions, on
//! the crates of RustCrypto and BLAKE2's own.

pub mod blake2;
mod digest;
mod engine;
pub mod hashlib;
pub mod hmac;
mod objects;
pub mod sha3;

use digest::{Algorithm, Hash, new_hash};
use object::class::Payload;
use object::native::{Getset, Method, Module, Native, PayloadInfo, TypeSpec, flag};
use object::singleton::ModuleObject;
use object::{Object, PyResult, Ref, RefOf, Type, Vm};

/// Below this many bytes CPython keeps its lock; tests look at it.
pub const LOCK_THRESHOLD: i64 = 2048;

macro_rules! algorithms {
    ($($Name:ident $STATIC:ident $SPEC:ident $State:ty, $class:literal, $name:literal;)*) => { $(
        pub struct $Name;

        impl Algorithm for $Name {
            type State = $State;

            fn class() -> &'static Type {
                &$STATIC
            }
        }

        pub static $STATIC: Type = Type::new(&$SPEC);
        static $SPEC: TypeSpec = TypeSpec {
            name: $class,
            flags: flag::NO_INSTANTIATION,
            payload: PayloadInfo::leaf::<Hash<$Name>>(),
            methods: &[
                Method::new("copy", "($self, /)", "Return a copy of the hash object.", Native::Unary(digest::copy::<$Name>)),
                Method::new("digest", "($self, /)", "Return the digest value as a bytes object.", Native::Unary(digest::digest::<$Name>)),
                Method::new("hexdigest", "($self, /)", "Return the digest value as a string of hexadecimal digits.", Native::Unary(digest::hexdigest::<$Name>)),
                Method::new("update", "($self, obj, /)", "Update this hash object's state with the provided string.", Native::Binary(digest::update::<$Name>)),
            ],
            getsets: &[
                Getset::readonly("block_size", "", |_, _| Ok(Object::small_int(digest::block_size::<$Name>() as i64))),
                Getset::readonly("digest_size", "", |_, _| Ok(Object::small_int(digest::digest_size::<$Name>() as i64))),
                Getset::readonly("name", "", |vm, _| Ok(vm.new_str($name).into_object())),
            ],
            ..TypeSpec::DEFAULT
        };
    )* };
}

algorithms! {
    Md5 MD5 MD5_SPEC ::md5::Md5, "_md5.md5", "md5";
    Sha1 SHA1 SHA1_SPEC ::sha1::Sha1, "_sha1.sha1", "sha1";
    Sha224 SHA224 SHA224_SPEC ::sha2::Sha224, "_sha2.SHA224Type", "sha224";
    Sha256 SHA256 SHA256_SPEC ::sha2::Sha256, "_sha2.SHA256Type", "sha256";
    Sha384 SHA384 SHA384_SPEC ::sha2::Sha384, "_sha2.SHA384Type", "sha384";
    Sha512 SHA512 SHA512_SPEC ::sha2::Sha512, "_sha2.SHA512Type", "sha512";
}

const SIGNATURE: &str = "($module, /, data=b'', *, usedforsecurity=True, string=None)";

const fn constructor(name: &'static str, doc: &'static str, call: fn(&mut Vm, Ref<'_>, &[Option<Ref<'_>>]) -> PyResult) -> Method {
    Method::new(name, SIGNATURE, doc, Native::Bound(call))
}

pub static MD5_MODULE: Module = Module {
    name: "_md5",
    functions: &[constructor("md5", "Return a new MD5 hash object; optionally initialized with a string.", new_hash::<Md5>)],
    init: Some(|vm, module| add_types(vm, module, &[("MD5Type", &MD5)])),
    ..Module::DEFAULT
};

pub static SHA1_MODULE: Module = Module {
    name: "_sha1",
    functions: &[constructor("sha1", "Return a new SHA1 hash object; optionally initialized with a string.", new_hash::<Sha1>)],
    init: Some(|vm, module| add_types(vm, module, &[("SHA1Type", &SHA1)])),
    ..Module::DEFAULT
};

pub static SHA2_MODULE: Module = Module {
    name: "_sha2",
    functions: &[
        constructor("sha224", "Return a new SHA-224 hash object; optionally initialized with a string.", new_hash::<Sha224>),
        constructor("sha256", "Return a new SHA-256 hash object; optionally initialized with a string.", new_hash::<Sha256>),
        constructor("sha384", "Return a new SHA-384 hash object; optionally initialized with a string.", new_hash::<Sha384>),
        constructor("sha512", "Return a new SHA-512 hash object; optionally initialized with a string.", new_hash::<Sha512>),
    ],
    init: Some(|vm, module| {
        add_types(vm, module, &[("SHA224Type", &SHA224), ("SHA256Type", &SHA256), ("SHA384Type", &SHA384), ("SHA512Type", &SHA512)])
    }),
    ..Module::DEFAULT
};

fn add_types(vm: &mut Vm, module: RefOf<'_, ModuleObject>, types: &[(&str, &'static Type)]) -> PyResult<()> {
    for &(name, class) in types {
        object::type_new::ready(vm, class);
        module.set(vm, name, class.to_object());
    }
    crate::argument::set_constants(vm, module, &[("_GIL_MINSIZE", LOCK_THRESHOLD)]);
    Ok(())
}

/// The payload of a hash object, for methods.
fn payload<'a, T: Payload>(this: Ref<'a>) -> RefOf<'a, T> {
    this.downcast::<T>().expect("the method belongs to the type")
}
