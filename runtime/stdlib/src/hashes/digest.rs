//! What hash objects have in common.

use super::payload;
use ::sha2::digest::{FixedOutput, HashMarker, OutputSizeUser, Update, core_api::BlockSizeUser, typenum::Unsigned};
use object::bytes::Buffer;
use object::cell::VmCell;
use object::str::Str;
use object::{Object, Payload, PyResult, Ref, Type, Vm};

/// A hash function with a result of fixed size.
pub trait Algorithm: 'static + Sized {
    type State: Clone + Default + Update + FixedOutput + HashMarker + BlockSizeUser + 'static;
    fn class() -> &'static Type;
}

/// The payload of a hash object.
pub struct Hash<A: Algorithm>(VmCell<A::State>);

impl<A: Algorithm> Payload for Hash<A> {
    fn class() -> &'static Type {
        A::class()
    }
}

pub fn block_size<A: Algorithm>() -> usize {
    <A::State as BlockSizeUser>::BlockSize::USIZE
}

pub fn digest_size<A: Algorithm>() -> usize {
    <A::State as OutputSizeUser>::OutputSize::USIZE
}

/// The bytes of an argument that is to be hashed.
pub fn data_argument(vm: &mut Vm, object: Ref<'_>) -> PyResult<Buffer> {
    if object.downcast::<Str>().is_some() {
        return Err(vm.type_error("Strings must be encoded before hashing"));
    }
    if !vm.has_buffer(object) {
        return Err(vm.type_error("object supporting the buffer API required"));
    }
    vm.buffer(object)
}

/// The first data of a constructor, which has an old name too.
pub fn initial_argument<'a>(vm: &mut Vm, data: Option<Ref<'a>>, string: Option<Ref<'a>>) -> PyResult<Option<Ref<'a>>> {
    match (data, string) {
        (Some(_), Some(_)) => Err(vm.type_error(
            "'data' and 'string' are mutually exclusive and support for 'string' keyword parameter is slated for removal in a future version.",
        )),
        (data, string) => Ok(data.or(string)),
    }
}

pub fn hexadecimal(vm: &Vm, data: &[u8]) -> Object {
    let text: String = data.iter().map(|byte| format!("{byte:02x}")).collect();
    vm.new_str(&text).into_object()
}

/// `md5(data=b'', *, usedforsecurity=True, string=None)`
pub fn new_hash<A: Algorithm>(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let mut state = A::State::default();
    if let Some(data) = initial_argument(vm, args[0], args[2])? {
        let buffer = data_argument(vm, data)?;
        state.update(buffer.bytes(vm));
    }
    Ok(vm.allocate(Hash::<A>(VmCell::new(state))).into_object())
}

pub fn copy<A: Algorithm>(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let state = payload::<Hash<A>>(this).0.get(vm).clone();
    Ok(vm.allocate(Hash::<A>(VmCell::new(state))).into_object())
}

fn finish<A: Algorithm>(vm: &Vm, this: Ref<'_>) -> Vec<u8> {
    payload::<Hash<A>>(this).0.get(vm).clone().finalize_fixed().to_vec()
}

pub fn digest<A: Algorithm>(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let digest = finish::<A>(vm, this);
    Ok(vm.new_bytes(&digest).into_object())
}

pub fn hexdigest<A: Algorithm>(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let digest = finish::<A>(vm, this);
    Ok(hexadecimal(vm, &digest))
}

pub fn update<A: Algorithm>(vm: &mut Vm, this: Ref<'_>, data: Ref<'_>) -> PyResult {
    let buffer = data_argument(vm, data)?;
    // The state is taken out, because reading the data borrows the `Vm`.
    let mut state = payload::<Hash<A>>(this).0.get(vm).clone();
    state.update(buffer.bytes(vm));
    payload::<Hash<A>>(this).0.set(vm, state);
    Ok(Object::none())
}

/// A new hash object of data.
pub fn with_data<A: Algorithm>(vm: &Vm, data: &[u8]) -> Object {
    let mut state = A::State::default();
    state.update(data);
    vm.allocate(Hash::<A>(VmCell::new(state))).into_object()
}
