//! Runs the steps of an encoding over text or bytes, and asks for replacements where a step fails.

use super::codec::{Codec, Ending, State, Stop};
use builtins::text_codecs::{self, errors};
use object::bytes::Bytes;
use object::exception;
use object::str::{Str, StrBuilder};
use object::tuple::Tuple;
use object::{Object, ObjectOf, PyResult, Ref, RefOf, Vm};

/// What is done about errors in one run.
pub struct Policy<'a> {
    name: &'a str,
    handler: Option<Object>,
    /// The exception, made at the first error and used again at the next.
    error: Option<Object>,
}

impl<'a> Policy<'a> {
    pub fn new(name: Option<&'a str>) -> Policy<'a> {
        Policy { name: name.unwrap_or("strict"), handler: None, error: None }
    }

    /// Gives the exception to the handler; the replacement and position it returns. `strict` raises it.
    fn ask(&mut self, vm: &mut Vm, message: &str) -> PyResult<(Object, Object)> {
        let error = self.error.clone().expect("the caller made it");
        if self.name == "strict" {
            return Err(vm.raise_object(error));
        }
        let handler = match &self.handler {
            Some(handler) => handler.clone(),
            None => match text_codecs::hooks().lookup_error {
                Some(lookup) => lookup(vm, self.name)?,
                None => return Err(vm.raise(&exception::LOOKUP_ERROR, format!("unknown error handler name '{}'", self.name))),
            },
        };
        self.handler = Some(handler.clone());
        let answer = vm.call(handler.borrow(), &[error.borrow()])?;
        let parts = answer.borrow().downcast::<Tuple>();
        match parts.as_ref().map(|tuple| tuple.items()) {
            Some(&[replacement, position]) if object::int::is_int(position) => Ok((replacement.to_owned(), position.to_owned())),
            _ => Err(vm.type_error(message)),
        }
    }

    /// Sets what the exception is about, once there is one.
    fn describe(&self, vm: &Vm, start: usize, end: usize, reason: &str) -> bool {
        let Some(error) = &self.error else {
            return false;
        };
        let fields =
            [("start", Object::small_int(start as i64)), ("end", Object::small_int(end as i64)), ("reason", vm.new_str(reason).into_object())];
        for (name, value) in fields {
            exception::set_field(vm, error.borrow(), name, Some(value));
        }
        true
    }
}

/// How many characters or bytes are wrong, and why.
fn describe(vm: &mut Vm, stop: Stop, left: usize) -> PyResult<(usize, &'static str)> {
    match stop {
        Stop::Illegal(size) => Ok((size, "illegal multibyte sequence")),
        Stop::Incomplete => Ok((left, "incomplete multibyte sequence")),
        Stop::Internal => Err(vm.runtime_error("internal codec error")),
    }
}

/// Where to go on, as a handler said.
fn position(vm: &mut Vm, given: Ref<'_>, len: usize) -> PyResult<usize> {
    let given = match vm.index_isize(given) {
        Ok(given) => given,
        Err(raised) => {
            vm.catch_if(raised, &exception::OVERFLOW_ERROR)?;
            -1 - len as isize
        }
    };
    let wanted = if given < 0 { given + len as isize } else { given };
    match usize::try_from(wanted) {
        Ok(wanted) if wanted <= len => Ok(wanted),
        _ => Err(vm.raise(&object::exception::INDEX_ERROR, format!("position {wanted} from error handler out of bounds"))),
    }
}

/// Encodes text; also returns how many characters were used, which are all unless more may follow.
pub fn encode(
    vm: &mut Vm,
    codec: &Codec,
    state: &mut State,
    text: RefOf<'_, Str>,
    policy: &mut Policy<'_>,
    ending: Ending,
) -> PyResult<(Vec<u8>, usize)> {
    let characters: Vec<u32> = text.code_points().collect();
    let mut out = Vec::with_capacity(characters.len() * 2);
    let mut place = 0;
    while place < characters.len() {
        match (codec.encode)(state, &characters[place..], ending, &mut out) {
            Ok(used) => place += used,
            Err(Stop::Incomplete) if ending == Ending::More => break,
            Err(stop) => {
                let (size, reason) = describe(vm, stop, characters.len() - place)?;
                let end = (place + size).min(characters.len());
                place = replace_text(vm, codec, state, text, policy, (place, end, reason), &mut out)?;
            }
        }
    }
    if let (Ending::Reset, Some(reset)) = (ending, codec.reset_encoder) {
        reset(state, &mut out);
    }
    Ok((out, place))
}

/// Writes what stands for characters that cannot be encoded; returns where to go on.
fn replace_text(
    vm: &mut Vm,
    codec: &Codec,
    state: &mut State,
    text: RefOf<'_, Str>,
    policy: &mut Policy<'_>,
    (start, end, reason): (usize, usize, &str),
    out: &mut Vec<u8>,
) -> PyResult<usize> {
    const MESSAGE: &str = "encoding error handler must return (str, int) tuple";
    match policy.name {
        "ignore" => return Ok(end),
        "replace" => {
            if (codec.encode)(state, &[u32::from(b'?')], Ending::More, out).is_err() {
                out.push(b'?');
            }
            return Ok(end);
        }
        _ => {}
    }
    if !policy.describe(vm, start, end, reason) {
        policy.error = Some(errors::encode_error(vm, codec.name, text.object(), start, end, reason));
    }
    let (replacement, next) = policy.ask(vm, MESSAGE)?;
    if let Some(replacement) = replacement.borrow().downcast::<Str>() {
        let (bytes, _) = encode(vm, codec, state, replacement, &mut Policy::new(None), Ending::Flush)?;
        out.extend_from_slice(&bytes);
    } else if let Some(bytes) = replacement.borrow().downcast::<Bytes>() {
        out.extend_from_slice(bytes.data());
    } else {
        return Err(vm.type_error(MESSAGE));
    }
    position(vm, next.borrow(), text.len())
}

/// Decodes bytes; `is_final`: none may be left over. Also returns how many were used.
pub fn decode(
    vm: &mut Vm,
    codec: &Codec,
    state: &mut State,
    data: &[u8],
    policy: &mut Policy<'_>,
    is_final: bool,
) -> PyResult<(ObjectOf<Str>, usize)> {
    let mut out = StrBuilder::with_capacity(data.len());
    let mut place = 0;
    while place < data.len() {
        match (codec.decode)(state, &data[place..], &mut out) {
            Ok(used) => place += used,
            Err(Stop::Incomplete) if !is_final => break,
            Err(stop) => {
                let (size, reason) = describe(vm, stop, data.len() - place)?;
                let end = (place + size).min(data.len());
                place = replace_bytes(vm, codec, data, policy, (place, end, reason), &mut out)?;
            }
        }
    }
    Ok((out.finish(vm), place))
}

/// Writes what stands for bytes that cannot be decoded; returns where to go on.
fn replace_bytes(
    vm: &mut Vm,
    codec: &Codec,
    data: &[u8],
    policy: &mut Policy<'_>,
    (start, end, reason): (usize, usize, &str),
    out: &mut StrBuilder,
) -> PyResult<usize> {
    const MESSAGE: &str = "decoding error handler must return (str, int) tuple";
    match policy.name {
        "ignore" => return Ok(end),
        "replace" => {
            out.push(0xFFFD);
            return Ok(end);
        }
        _ => {}
    }
    if !policy.describe(vm, start, end, reason) {
        policy.error = Some(errors::decode_error(vm, codec.name, data, start, end, reason));
    }
    let (replacement, next) = policy.ask(vm, MESSAGE)?;
    let Some(replacement) = replacement.borrow().downcast::<Str>() else {
        return Err(vm.type_error(MESSAGE));
    };
    let next = position(vm, next.borrow(), data.len())?;
    out.push_object(&replacement);
    Ok(next)
}
