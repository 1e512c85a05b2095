//! `_sha3`: the types `sha3_224` to `sha3_512`, `shake_128` and `shake_256`.

use super::digest::{self, Algorithm, data_argument, hexadecimal, initial_argument};
use super::{LOCK_THRESHOLD, payload};
use ::sha3::digest::{ExtendableOutput, Update, XofReader};
use object::call::bind_args;
use object::cell::VmCell;
use object::native::{Getset, Method, Module, Native, PayloadInfo, TypeSpec};
use object::singleton::ModuleObject;
use object::{Args, Object, Payload, PyResult, Ref, RefOf, Slots, Type, Vm};

pub static MODULE: Module =
    Module { name: "_sha3", types: &[&SHA3_224, &SHA3_256, &SHA3_384, &SHA3_512, &SHAKE_128, &SHAKE_256], init: Some(init), ..Module::DEFAULT };

fn init(vm: &mut Vm, module: RefOf<'_, ModuleObject>) -> PyResult<()> {
    crate::argument::set_constants(vm, module, &[("_GIL_MINSIZE", LOCK_THRESHOLD)]);
    let implementation = vm.new_str("HACL").into_object();
    module.set(vm, "implementation", implementation);
    Ok(())
}

/// The first data of a constructor, if any.
fn constructor_data(vm: &mut Vm, name: &'static str, args: Args<'_>) -> PyResult<Vec<u8>> {
    let mut bound: [Option<Object>; 3] = [None, None, None];
    bind_args(vm, name, "(data=b'', *, usedforsecurity=True, string=None)", args, &mut bound)?;
    let [data, _, string] = &bound;
    match initial_argument(vm, data.as_ref().map(Object::borrow), string.as_ref().map(Object::borrow))? {
        Some(data) => {
            let buffer = data_argument(vm, data)?;
            Ok(buffer.bytes(vm).to_vec())
        }
        None => Ok(Vec::new()),
    }
}

/// A sponge's numbers: `_capacity_bits`, `_rate_bits`, `_suffix`.
macro_rules! sponge_getsets {
    ($name:literal, $rate:literal, $suffix:literal, $digest_size:expr) => {
        &[
            Getset::readonly("block_size", "", |_, _| Ok(Object::small_int($rate / 8))),
            Getset::readonly("digest_size", "", |_, _| Ok(Object::small_int($digest_size))),
            Getset::readonly("name", "", |vm, _| Ok(vm.new_str($name).into_object())),
            Getset::readonly("_capacity_bits", "", |_, _| Ok(Object::small_int(1600 - $rate))),
            Getset::readonly("_rate_bits", "", |_, _| Ok(Object::small_int($rate))),
            Getset::readonly("_suffix", "", |vm, _| Ok(vm.new_bytes(&[$suffix]).into_object())),
        ]
    };
}

macro_rules! sha3_types {
    ($($Name:ident $STATIC:ident $SPEC:ident $name:literal $bits:literal $rate:literal $doc:literal;)*) => { $(
        pub struct $Name;

        impl Algorithm for $Name {
            type State = ::sha3::$Name;

            fn class() -> &'static Type {
                &$STATIC
            }
        }

        pub static $STATIC: Type = Type::new(&$SPEC);
        static $SPEC: TypeSpec = TypeSpec {
            name: concat!("_sha3.", $name),
            doc: $doc,
            payload: PayloadInfo::leaf::<digest::Hash<$Name>>(),
            slots: Slots {
                new: Some(|vm, _class, args| {
                    let data = constructor_data(vm, $name, args)?;
                    Ok(digest::with_data::<$Name>(vm, &data))
                }),
                ..Slots::NONE
            },
            methods: &[
                Method::new("copy", "($self, /)", "Return a copy of the hash object.", Native::Unary(digest::copy::<$Name>)),
                Method::new("digest", "($self, /)", "Return the digest value as a bytes object.", Native::Unary(digest::digest::<$Name>)),
                Method::new("hexdigest", "($self, /)", "Return the digest value as a string of hexadecimal digits.", Native::Unary(digest::hexdigest::<$Name>)),
                Method::new("update", "($self, data, /)", "Update this hash object's state with the provided bytes-like object.", Native::Binary(digest::update::<$Name>)),
            ],
            getsets: sponge_getsets!($name, $rate, 6, $bits / 8),
            ..TypeSpec::DEFAULT
        };
    )* };
}

sha3_types! {
    Sha3_224 SHA3_224 SHA3_224_SPEC "sha3_224" 224 1152 "sha3_224([data], *, usedforsecurity=True) -> SHA3 object\n\nReturn a new SHA3 hash object with a hashbit length of 28 bytes.";
    Sha3_256 SHA3_256 SHA3_256_SPEC "sha3_256" 256 1088 "sha3_256([data], *, usedforsecurity=True) -> SHA3 object\n\nReturn a new SHA3 hash object with a hashbit length of 32 bytes.";
    Sha3_384 SHA3_384 SHA3_384_SPEC "sha3_384" 384 832 "sha3_384([data], *, usedforsecurity=True) -> SHA3 object\n\nReturn a new SHA3 hash object with a hashbit length of 48 bytes.";
    Sha3_512 SHA3_512 SHA3_512_SPEC "sha3_512" 512 576 "sha3_512([data], *, usedforsecurity=True) -> SHA3 object\n\nReturn a new SHA3 hash object with a hashbit length of 64 bytes.";
}

/// A hash function with a result of any length.
pub trait Extendable: 'static + Sized {
    type State: Clone + Default + Update + ExtendableOutput + 'static;
    fn class() -> &'static Type;
}

/// The payload of a SHAKE object.
pub struct Shake<A: Extendable>(VmCell<A::State>);

impl<A: Extendable> Payload for Shake<A> {
    fn class() -> &'static Type {
        A::class()
    }
}

macro_rules! shake_types {
    ($($Name:ident $STATIC:ident $SPEC:ident $name:literal $rate:literal $doc:literal;)*) => { $(
        pub struct $Name;

        impl Extendable for $Name {
            type State = ::sha3::$Name;

            fn class() -> &'static Type {
                &$STATIC
            }
        }

        pub static $STATIC: Type = Type::new(&$SPEC);
        static $SPEC: TypeSpec = TypeSpec {
            name: concat!("_sha3.", $name),
            doc: $doc,
            payload: PayloadInfo::leaf::<Shake<$Name>>(),
            slots: Slots {
                new: Some(|vm, _class, args| {
                    let data = constructor_data(vm, $name, args)?;
                    let mut state = <$Name as Extendable>::State::default();
                    state.update(&data);
                    Ok(vm.allocate(Shake::<$Name>(VmCell::new(state))).into_object())
                }),
                ..Slots::NONE
            },
            methods: &[
                Method::new("copy", "($self, /)", "Return a copy of the hash object.", Native::Unary(shake_copy::<$Name>)),
                Method::new("digest", "($self, /, length)", "Return the digest value as a bytes object.", Native::Bound(shake_digest::<$Name>)),
                Method::new("hexdigest", "($self, /, length)", "Return the digest value as a string of hexadecimal digits.", Native::Bound(shake_hexdigest::<$Name>)),
                Method::new("update", "($self, data, /)", "Update this hash object's state with the provided bytes-like object.", Native::Binary(shake_update::<$Name>)),
            ],
            getsets: sponge_getsets!($name, $rate, 0x1F, 0),
            ..TypeSpec::DEFAULT
        };
    )* };
}

shake_types! {
    Shake128 SHAKE_128 SHAKE_128_SPEC "shake_128" 1344 "shake_128([data], *, usedforsecurity=True) -> SHAKE object\n\nReturn a new SHAKE hash object.";
    Shake256 SHAKE_256 SHAKE_256_SPEC "shake_256" 1088 "shake_256([data], *, usedforsecurity=True) -> SHAKE object\n\nReturn a new SHAKE hash object.";
}

fn shake_copy<A: Extendable>(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let state = payload::<Shake<A>>(this).0.get(vm).clone();
    Ok(vm.allocate(Shake::<A>(VmCell::new(state))).into_object())
}

/// The longest result.
const MAX_LENGTH: isize = 1 << 29;

fn output<A: Extendable>(vm: &mut Vm, this: Ref<'_>, length: Option<Ref<'_>>) -> PyResult<Vec<u8>> {
    let length = vm.index_isize(length.expect("the argument is required"))?;
    if length < 0 {
        return Err(vm.value_error("Cannot convert negative int"));
    }
    if length >= MAX_LENGTH {
        return Err(vm.value_error("length is too large"));
    }
    let mut data = vec![0; length as usize];
    payload::<Shake<A>>(this).0.get(vm).clone().finalize_xof().read(&mut data);
    Ok(data)
}

fn shake_digest<A: Extendable>(vm: &mut Vm, this: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let data = output::<A>(vm, this, args[0])?;
    Ok(vm.new_bytes(&data).into_object())
}

fn shake_hexdigest<A: Extendable>(vm: &mut Vm, this: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let data = output::<A>(vm, this, args[0])?;
    Ok(hexadecimal(vm, &data))
}

fn shake_update<A: Extendable>(vm: &mut Vm, this: Ref<'_>, data: Ref<'_>) -> PyResult {
    let buffer = data_argument(vm, data)?;
    let mut state = payload::<Shake<A>>(this).0.get(vm).clone();
    state.update(buffer.bytes(vm));
    payload::<Shake<A>>(this).0.set(vm, state);
    Ok(Object::none())
}
