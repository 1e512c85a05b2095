//! The objects of `_hashlib` and `_hmac`: hashes and keyed hashes of any kind.

use super::digest::{data_argument, hexadecimal};
use super::engine::{Kind, Mac, State};
use object::native::{Getset, PayloadInfo, TypeSpec, flag};
use object::{Object, Payload, PyResult, Ref, RefOf, Slots, Type, Vm, VmCell, method};

/// The payload of a `HASH`.
pub struct Hash {
    kind: &'static Kind,
    state: VmCell<State>,
}

impl Payload for Hash {
    fn class() -> &'static Type {
        &HASH
    }
}

pub static HASH: Type = Type::new(&HASH_SPEC);
static HASH_SPEC: TypeSpec = TypeSpec {
    name: "_hashlib.HASH",
    doc: "HASH(name, string=b'')\n--\n\nA hash is an object used to calculate a checksum of a string of information.\n\nMethods:\n\nupdate() -- updates the current digest with an additional string\ndigest() -- return the current digest value\nhexdigest() -- return the current digest as a string of hexadecimal digits\ncopy() -- return a copy of the current hash object\n\nAttributes:\n\nname -- the hash algorithm being used by this object\ndigest_size -- number of bytes in this hashes output",
    flags: flag::BASE_TYPE | flag::NO_INSTANTIATION,
    payload: PayloadInfo::leaf::<Hash>(),
    slots: Slots { repr: Some(repr), ..Slots::NONE },
    methods: &[
        method!(Binary update "($self, obj, /)", "Update this hash object's state with the provided string."),
        method!(Unary digest "($self, /)", "Return the digest value as a bytes object."),
        method!(Unary hexdigest "($self, /)", "Return the digest value as a string of hexadecimal digits."),
        method!(Unary copy "($self, /)", "Return a copy of the hash object."),
    ],
    getsets: &[
        Getset::readonly("digest_size", "", |_, this| Ok(Object::small_int(hash(this).kind.digest_size as i64))),
        Getset::readonly("block_size", "", |_, this| Ok(Object::small_int(hash(this).kind.block_size as i64))),
        Getset::readonly("name", "algorithm name.", |vm, this| Ok(vm.new_str(hash(this).kind.name).into_object())),
    ],
    ..TypeSpec::DEFAULT
};

pub static HASH_XOF: Type = Type::new(&HASH_XOF_SPEC);
static HASH_XOF_SPEC: TypeSpec = TypeSpec {
    name: "_hashlib.HASHXOF",
    doc: "HASHXOF(name, string=b'')\n--\n\nA hash is an object used to calculate a checksum of a string of information.\n\nMethods:\n\nupdate() -- updates the current digest with an additional string\ndigest(length) -- return the current digest value\nhexdigest(length) -- return the current digest as a string of hexadecimal digits\ncopy() -- return a copy of the current hash object\n\nAttributes:\n\nname -- the hash algorithm being used by this object\ndigest_size -- number of bytes in this hashes output",
    base: Some(&HASH),
    flags: flag::BASE_TYPE | flag::NO_INSTANTIATION,
    payload: PayloadInfo::leaf::<Hash>(),
    methods: &[
        method!(Bound digest_of_length as "digest" "($self, /, length)", "Return the digest value as a bytes object."),
        method!(Bound hexdigest_of_length as "hexdigest" "($self, /, length)", "Return the digest value as a string of hexadecimal digits."),
    ],
    ..TypeSpec::DEFAULT
};

fn hash<'a>(this: Ref<'a>) -> RefOf<'a, Hash> {
    this.downcast::<Hash>().expect("the method belongs to the type")
}

/// A new hash object that has hashed some data.
pub fn new_hash(vm: &mut Vm, kind: &'static Kind, data: Option<Ref<'_>>) -> PyResult {
    let mut state = kind.start();
    if let Some(data) = data {
        let buffer = data_argument(vm, data)?;
        state.update(buffer.bytes(vm));
    }
    Ok(allocate(vm, kind, state))
}

fn allocate(vm: &Vm, kind: &'static Kind, state: State) -> Object {
    let class = if kind.is_extendable() { &HASH_XOF } else { &HASH };
    vm.allocate_in(class, Hash { kind, state: VmCell::new(state) })
}

fn repr(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let text = format!("<{} {} object @ {:#x}>", hash(this).kind.name, this.class().full_name(), this.bits());
    Ok(vm.new_str(&text).into_object())
}

fn update(vm: &mut Vm, this: Ref<'_>, data: Ref<'_>) -> PyResult {
    let buffer = data_argument(vm, data)?;
    let hash = hash(this);
    // The state is taken out, because reading the data borrows the `Vm`.
    let mut state = hash.state.replace(vm, hash.kind.start());
    state.update(buffer.bytes(vm));
    hash.state.set(vm, state);
    Ok(Object::none())
}

fn finish(vm: &Vm, this: Ref<'_>, len: usize) -> Vec<u8> {
    hash(this).state.get(vm).finish(len)
}

fn digest(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let digest = finish(vm, this, 0);
    Ok(vm.new_bytes(&digest).into_object())
}

fn hexdigest(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let digest = finish(vm, this, 0);
    Ok(hexadecimal(vm, &digest))
}

/// How long a digest is to be.
fn length(vm: &mut Vm, args: &[Option<Ref<'_>>]) -> PyResult<usize> {
    const LONGEST: usize = 1 << 31;
    let length = vm.index_isize(args[0].unwrap_or(Ref::NONE))?;
    match usize::try_from(length) {
        Ok(length) if length < LONGEST => Ok(length),
        Ok(_) => Err(vm.memory_error()),
        Err(_) => Err(vm.value_error("length must be positive")),
    }
}

fn digest_of_length(vm: &mut Vm, this: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let length = length(vm, args)?;
    let digest = finish(vm, this, length);
    Ok(vm.new_bytes(&digest).into_object())
}

fn hexdigest_of_length(vm: &mut Vm, this: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let length = length(vm, args)?;
    let digest = finish(vm, this, length);
    Ok(hexadecimal(vm, &digest))
}

fn copy(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let state = hash(this).state.get(vm).clone();
    Ok(allocate(vm, hash(this).kind, state))
}

/// The payload of an `HMAC` of either module.
pub struct Keyed {
    kind: &'static Kind,
    mac: VmCell<Mac>,
}

impl Payload for Keyed {
    fn class() -> &'static Type {
        &OPENSSL_HMAC
    }
}

/// The payload of `_hmac.HMAC`, which is a type of its own.
pub struct BuiltinKeyed(Keyed);

impl Payload for BuiltinKeyed {
    fn class() -> &'static Type {
        &BUILTIN_HMAC
    }
}

macro_rules! keyed_type {
    ($STATIC:ident $SPEC:ident $Payload:ty, $name:literal, $doc:literal) => {
        pub static $STATIC: Type = Type::new(&$SPEC);
        static $SPEC: TypeSpec = TypeSpec {
            name: $name,
            doc: $doc,
            flags: flag::NO_INSTANTIATION,
            payload: PayloadInfo::leaf::<$Payload>(),
            slots: Slots { repr: Some(keyed_repr), ..Slots::NONE },
            methods: &[
                method!(Bound keyed_update as "update" "($self, /, msg)", "Update the HMAC object with msg."),
                method!(Unary keyed_digest as "digest" "($self, /)", "Return the digest of the bytes passed to the update() method so far."),
                method!(Unary keyed_hexdigest as "hexdigest" "($self, /)", "Return hexadecimal digest of the bytes passed to the update() method so far.\n\nThis may be used to exchange the value safely in email or other non-binary\nenvironments."),
                method!(Unary keyed_copy as "copy" "($self, /)", "Return a copy (\"clone\") of the HMAC object."),
            ],
            getsets: &[
                Getset::readonly("digest_size", "", |_, this| Ok(Object::small_int(keyed(this).kind.digest_size as i64))),
                Getset::readonly("block_size", "", |_, this| Ok(Object::small_int(keyed(this).kind.block_size as i64))),
                Getset::readonly("name", "", |vm, this| Ok(vm.new_str(&format!("hmac-{}", keyed(this).kind.name)).into_object())),
            ],
            ..TypeSpec::DEFAULT
        };
    };
}

keyed_type!(OPENSSL_HMAC OPENSSL_HMAC_SPEC Keyed, "_hashlib.HMAC", "The object used to calculate HMAC of a message.\n\nMethods:\n\nupdate() -- updates the current digest with an additional string\ndigest() -- return the current digest value\nhexdigest() -- return the current digest as a string of hexadecimal digits\ncopy() -- return a copy of the current hash object\n\nAttributes:\n\nname -- the name, including the hash algorithm used by this object\ndigest_size -- number of bytes in digest() output\n");
keyed_type!(BUILTIN_HMAC BUILTIN_HMAC_SPEC BuiltinKeyed, "_hmac.HMAC", "");

fn keyed<'a>(this: Ref<'a>) -> &'a Keyed {
    match this.downcast::<BuiltinKeyed>() {
        Some(builtin) => &builtin.get().0,
        None => this.downcast::<Keyed>().expect("the method belongs to the type").get(),
    }
}

fn allocate_keyed(vm: &Vm, is_builtin: bool, kind: &'static Kind, mac: Mac) -> Object {
    let keyed = Keyed { kind, mac: VmCell::new(mac) };
    if is_builtin { vm.allocate(BuiltinKeyed(keyed)).into_object() } else { vm.allocate(keyed).into_object() }
}

/// A new keyed hash object that has hashed some data.
pub fn new_keyed(vm: &mut Vm, is_builtin: bool, kind: &'static Kind, key: &[u8], message: Option<Ref<'_>>) -> PyResult {
    let mut mac = Mac::new(kind, key);
    if let Some(message) = message.filter(|message| !message.is_none()) {
        let buffer = data_argument(vm, message)?;
        mac.update(buffer.bytes(vm));
    }
    Ok(allocate_keyed(vm, is_builtin, kind, mac))
}

fn keyed_repr(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let text = format!("<{} HMAC object @ {:#x}>", keyed(this).kind.name, this.bits());
    Ok(vm.new_str(&text).into_object())
}

fn keyed_update(vm: &mut Vm, this: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let buffer = data_argument(vm, args[0].unwrap_or(Ref::NONE))?;
    let keyed = keyed(this);
    let mut mac = keyed.mac.get(vm).clone();
    mac.update(buffer.bytes(vm));
    keyed.mac.set(vm, mac);
    Ok(Object::none())
}

fn keyed_digest(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let digest = keyed(this).mac.get(vm).finish();
    Ok(vm.new_bytes(&digest).into_object())
}

fn keyed_hexdigest(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let digest = keyed(this).mac.get(vm).finish();
    Ok(hexadecimal(vm, &digest))
}

fn keyed_copy(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let mac = keyed(this).mac.get(vm).clone();
    Ok(allocate_keyed(vm, this.downcast::<BuiltinKeyed>().is_some(), keyed(this).kind, mac))
}
