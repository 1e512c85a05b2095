//! `_blake2`: the types `blake2b` and `blake2s`, with keys, salt and tree parameters.

use super::digest::{data_argument, hexadecimal, initial_argument};
use super::{LOCK_THRESHOLD, payload};
use num_traits::ToPrimitive;
use object::call::bind_args;
use object::cell::VmCell;
use object::int;
use object::native::{Getset, Method, Module, Native, PayloadInfo, TypeSpec};
use object::singleton::ModuleObject;
use object::{Args, Object, Payload, PyResult, Ref, RefOf, Slots, Type, Vm};

pub static MODULE: Module =
    Module { name: "_blake2", doc: "_blake2b provides BLAKE2b for hashlib\n", types: &[&BLAKE2B, &BLAKE2S], init: Some(init), ..Module::DEFAULT };

fn init(vm: &mut Vm, module: RefOf<'_, ModuleObject>) -> PyResult<()> {
    crate::argument::set_constants(vm, module, &[("_GIL_MINSIZE", LOCK_THRESHOLD)]);
    for (class, prefix, limits) in [(&BLAKE2B, "BLAKE2B", Blake2b::LIMITS), (&BLAKE2S, "BLAKE2S", Blake2s::LIMITS)] {
        let numbers = [("SALT_SIZE", limits.salt), ("PERSON_SIZE", limits.salt), ("MAX_KEY_SIZE", limits.digest), ("MAX_DIGEST_SIZE", limits.digest)];
        for (name, number) in numbers {
            let value = Object::small_int(number as i64);
            module.set(vm, &format!("{prefix}_{name}"), value.clone());
            class.dict().set_str(vm, name, value);
        }
    }
    Ok(())
}

/// What the two functions differ in.
pub struct Limits {
    digest: usize,
    salt: usize,
    node_offset: u64,
    block: usize,
    title: &'static str,
}

/// A constructor's arguments, checked.
struct Parameters {
    digest_size: usize,
    key: Vec<u8>,
    salt: Vec<u8>,
    person: Vec<u8>,
    fanout: u8,
    depth: u8,
    leaf_size: u32,
    node_offset: u64,
    node_depth: u8,
    inner_size: usize,
    last_node: bool,
}

trait Variant: 'static + Sized {
    type State: Clone + 'static;
    const LIMITS: Limits;
    const NAME: &'static str;
    fn class() -> &'static Type;
    fn start(parameters: &Parameters) -> Self::State;
    fn update(state: &mut Self::State, data: &[u8]);
    fn finish(state: &Self::State) -> Vec<u8>;
}

/// The payload of a BLAKE2 object.
struct Blake2<V: Variant> {
    state: VmCell<V::State>,
    digest_size: usize,
}

impl<V: Variant> Payload for Blake2<V> {
    fn class() -> &'static Type {
        V::class()
    }
}

macro_rules! variants {
    ($($Name:ident $STATIC:ident $SPEC:ident $krate:ident $name:literal $title:literal $digest:literal $salt:literal $offset:expr, $block:literal;)*) => { $(
        struct $Name;

        impl Variant for $Name {
            type State = ::$krate::State;
            const LIMITS: Limits = Limits { digest: $digest, salt: $salt, node_offset: $offset, block: $block, title: $title };
            const NAME: &'static str = $name;

            fn class() -> &'static Type {
                &$STATIC
            }

            fn start(parameters: &Parameters) -> Self::State {
                let mut start = ::$krate::Params::new();
                start
                    .hash_length(parameters.digest_size)
                    .key(&parameters.key)
                    .salt(&parameters.salt)
                    .personal(&parameters.person)
                    .fanout(parameters.fanout)
                    .max_depth(parameters.depth)
                    .max_leaf_length(parameters.leaf_size)
                    .node_offset(parameters.node_offset)
                    .node_depth(parameters.node_depth)
                    .inner_hash_length(parameters.inner_size)
                    .last_node(parameters.last_node);
                start.to_state()
            }

            fn update(state: &mut Self::State, data: &[u8]) {
                state.update(data);
            }

            fn finish(state: &Self::State) -> Vec<u8> {
                state.finalize().as_bytes().to_vec()
            }
        }

        pub static $STATIC: Type = Type::new(&$SPEC);
        static $SPEC: TypeSpec = TypeSpec {
            name: concat!("_blake2.", $name),
            doc: concat!("Return a new ", $title, " hash object."),
            signature: concat!("(data=b'', *, digest_size=_blake2.", $name, ".MAX_DIGEST_SIZE,\n        key=b'', salt=b'', person=b'', fanout=1, depth=1, leaf_size=0,\n        node_offset=0, node_depth=0, inner_size=0, last_node=False,\n        usedforsecurity=True, string=None)"),
            payload: PayloadInfo::leaf::<Blake2<$Name>>(),
            slots: Slots { new: Some(new::<$Name>), ..Slots::NONE },
            methods: &[
                Method::new("copy", "($self, /)", "Return a copy of the hash object.", Native::Unary(copy::<$Name>)),
                Method::new("digest", "($self, /)", "Return the digest value as a bytes object.", Native::Unary(digest::<$Name>)),
                Method::new("hexdigest", "($self, /)", "Return the digest value as a string of hexadecimal digits.", Native::Unary(hexdigest::<$Name>)),
                Method::new("update", "($self, data, /)", "Update this hash object's state with the provided bytes-like object.", Native::Binary(update::<$Name>)),
            ],
            getsets: &[
                Getset::readonly("block_size", "", |_, _| Ok(Object::small_int($block))),
                Getset::readonly("digest_size", "", |_, this| Ok(Object::small_int(payload::<Blake2<$Name>>(this).digest_size as i64))),
                Getset::readonly("name", "", |vm, _| Ok(vm.new_str($name).into_object())),
            ],
            ..TypeSpec::DEFAULT
        };
    )* };
}

variants! {
    Blake2b BLAKE2B BLAKE2B_SPEC blake2b_simd "blake2b" "BLAKE2b" 64 16 u64::MAX, 128;
    Blake2s BLAKE2S BLAKE2S_SPEC blake2s_simd "blake2s" "BLAKE2s" 32 8 (1 << 48) - 1, 64;
}

const SIGNATURE: &str = "(data=b'', *, digest_size=0, key=b'', salt=b'', person=b'', fanout=1, depth=1, leaf_size=0, node_offset=0, node_depth=0, inner_size=0, last_node=False, usedforsecurity=True, string=None)";

fn new<V: Variant>(vm: &mut Vm, _class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    let mut bound: [Option<Object>; 14] = Default::default();
    bind_args(vm, V::NAME, SIGNATURE, args, &mut bound)?;
    let bound: Vec<Option<Ref<'_>>> = bound.iter().map(|value| value.as_ref().map(Object::borrow)).collect();
    let data = initial_argument(vm, bound[0], bound[13])?;
    let parameters = parameters(vm, &bound, &V::LIMITS)?;
    let mut state = V::start(&parameters);
    if let Some(data) = data {
        let buffer = data_argument(vm, data)?;
        V::update(&mut state, buffer.bytes(vm));
    }
    Ok(vm.allocate(Blake2::<V> { state: VmCell::new(state), digest_size: parameters.digest_size }).into_object())
}

fn parameters(vm: &mut Vm, bound: &[Option<Ref<'_>>], limits: &Limits) -> PyResult<Parameters> {
    let number = |vm: &mut Vm, index: usize, default: i64| bound[index].map_or(Ok(default), |value| vm.to_i32(value).map(i64::from));
    let bytes = |vm: &mut Vm, index: usize| bound[index].map_or(Ok(Vec::new()), |value| crate::argument::bytes(vm, value));
    let digest_size = number(vm, 1, limits.digest as i64)?;
    let (key, salt, person) = (bytes(vm, 2)?, bytes(vm, 3)?, bytes(vm, 4)?);
    let (fanout, depth) = (number(vm, 5, 1)?, number(vm, 6, 1)?);
    let leaf_size = bound[7].map_or(Ok(0), |value| unsigned(vm, value, "Python int too large to convert to C unsigned long"))?;
    let node_offset = bound[8].map_or(Ok(0), |value| unsigned(vm, value, "Python int too large for C unsigned long long"))?;
    let (node_depth, inner_size) = (number(vm, 9, 0)?, number(vm, 10, 0)?);
    let last_node = crate::argument::flag(vm, bound[11], false)?;
    if digest_size < 1 || digest_size > limits.digest as i64 {
        return Err(
            vm.value_error(format!("digest_size for {} must be between 1 and {} bytes, here it is {digest_size}", limits.title, limits.digest))
        );
    }
    for (what, value, most) in [("salt", &salt, limits.salt), ("person", &person, limits.salt)] {
        if value.len() > most {
            return Err(vm.value_error(format!("maximum {what} length is {most} bytes")));
        }
    }
    for (what, value, least) in [("fanout", fanout, 0), ("depth", depth, 1)] {
        if value < least || value > 255 {
            return Err(vm.value_error(format!("{what} must be between {least} and 255")));
        }
    }
    let Ok(leaf_size) = u32::try_from(leaf_size) else {
        return Err(vm.overflow_error("leaf_size is too large"));
    };
    if node_offset > limits.node_offset {
        return Err(vm.overflow_error("node_offset is too large"));
    }
    if !(0..=255).contains(&node_depth) {
        return Err(vm.value_error("node_depth must be between 0 and 255"));
    }
    if inner_size < 0 || inner_size > limits.digest as i64 {
        return Err(vm.value_error(format!("inner_size must be between 0 and is {}", limits.digest)));
    }
    if key.len() > limits.digest {
        return Err(vm.value_error(format!("maximum key length is {} bytes", limits.digest)));
    }
    debug_assert!(limits.block > 0);
    Ok(Parameters {
        digest_size: digest_size as usize,
        key,
        salt,
        person,
        fanout: fanout as u8,
        depth: depth as u8,
        leaf_size,
        node_offset,
        node_depth: node_depth as u8,
        inner_size: inner_size as usize,
        last_node,
    })
}

fn unsigned(vm: &mut Vm, object: Ref<'_>, too_large: &str) -> PyResult<u64> {
    let number = vm.index(object)?;
    if int::is_negative(number.borrow()) {
        return Err(vm.value_error("Cannot convert negative int"));
    }
    match int::to_bigint(number.borrow()).and_then(|number| number.to_u64()) {
        Some(number) => Ok(number),
        None => Err(vm.overflow_error(too_large)),
    }
}

fn copy<V: Variant>(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let this = payload::<Blake2<V>>(this);
    let state = this.state.get(vm).clone();
    Ok(vm.allocate(Blake2::<V> { state: VmCell::new(state), digest_size: this.digest_size }).into_object())
}

fn digest<V: Variant>(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let digest = V::finish(payload::<Blake2<V>>(this).state.get(vm));
    Ok(vm.new_bytes(&digest).into_object())
}

fn hexdigest<V: Variant>(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let digest = V::finish(payload::<Blake2<V>>(this).state.get(vm));
    Ok(hexadecimal(vm, &digest))
}

fn update<V: Variant>(vm: &mut Vm, this: Ref<'_>, data: Ref<'_>) -> PyResult {
    let buffer = data_argument(vm, data)?;
    let mut state = payload::<Blake2<V>>(this).state.get(vm).clone();
    V::update(&mut state, buffer.bytes(vm));
    payload::<Blake2<V>>(this).state.set(vm, state);
    Ok(Object::none())
}
