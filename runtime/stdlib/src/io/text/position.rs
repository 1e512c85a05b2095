//! The position of a text stream as one number: where the decoder last was at rest in the bytes
//! below, and how to get from there to the character the reader is at.

use super::codec::State;
use super::{Text, decoded_len, flush_pending, ready};
use crate::io::base::OsErrorMessage as _;
use crate::io::{base, unsupported};
use crate::os_support::*;
use num_bigint::{BigInt, Sign};
use object::{Object, PyResult, Ref, Vm};

/// See the module.
#[derive(Default, Clone)]
struct Cookie {
    start: i64,
    flags: i32,
    bytes_to_feed: i32,
    chars_to_skip: i32,
    need_eof: bool,
}

impl Cookie {
    fn pack(&self, vm: &Vm) -> Object {
        let mut bytes = [0u8; 21];
        bytes[0..8].copy_from_slice(&self.start.to_le_bytes());
        bytes[8..12].copy_from_slice(&self.flags.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.bytes_to_feed.to_le_bytes());
        bytes[16..20].copy_from_slice(&self.chars_to_skip.to_le_bytes());
        bytes[20] = u8::from(self.need_eof);
        vm.new_bigint(BigInt::from_bytes_le(Sign::Plus, &bytes))
    }

    fn unpack(vm: &mut Vm, value: Ref<'_>) -> PyResult<Cookie> {
        let number = vm.index(value)?;
        let bytes = object::int::to_bigint(number.borrow()).map(|number| number.to_bytes_le().1).unwrap_or_default();
        if bytes.len() > 21 {
            return Err(vm.overflow_error("int too big to convert"));
        }
        let mut all = [0u8; 21];
        all[..bytes.len()].copy_from_slice(&bytes);
        let part = |at: usize| i32::from_le_bytes([all[at], all[at + 1], all[at + 2], all[at + 3]]);
        let start = i64::from_le_bytes([all[0], all[1], all[2], all[3], all[4], all[5], all[6], all[7]]);
        Ok(Cookie { start, flags: part(8), bytes_to_feed: part(12), chars_to_skip: part(16), need_eof: all[20] != 0 })
    }
}

fn stream_position(vm: &mut Vm, buffer: Ref<'_>) -> PyResult<i64> {
    let position = vm.call_method(buffer, "tell", &[])?;
    vm.to_i64(position.borrow())
}

fn full_state(vm: &mut Vm, text: &Text) -> PyResult<State> {
    super::decoder_state(vm, text)
}

/// Decodes bytes on trial; returns the number of characters.
fn try_decode(vm: &mut Vm, text: &Text, bytes: &[u8], is_final: bool) -> PyResult<usize> {
    let data = vm.new_bytes(bytes).into_object();
    let decoded = super::decode(vm, text, data.borrow(), bytes, is_final)?;
    Ok(decoded.len())
}

pub fn tell(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let (text, buffer) = ready(vm, this)?;
    base::require_open(vm, this)?;
    if !text.seekable.get() {
        return Err(unsupported(vm, "underlying stream is not seekable"));
    }
    if !text.telling.get() {
        return Err(vm.os_error_message("telling position disabled by next() call".to_owned()));
    }
    flush_pending(vm, text, buffer.borrow())?;
    vm.call_method(this, "flush", &[])?;
    let position = stream_position(vm, buffer.borrow())?;
    let Some(snapshot) = text.snapshot.get(vm).clone().filter(|_| text.codec.can_decode.get()) else {
        return Ok(vm.new_int(position));
    };
    let cookie = Cookie { start: position - snapshot.buffer.len() as i64, flags: snapshot.flags as i32, ..Cookie::default() };
    let skip = text.used.get();
    if skip == 0 || decoded_len(vm, text) == 0 {
        return Ok(cookie.pack(vm));
    }
    let saved = full_state(vm, text)?;
    let result = find_cookie(vm, text, &snapshot.buffer, cookie, skip);
    let restored = super::set_decoder_state(vm, text, &saved);
    let cookie = result?;
    restored?;
    Ok(cookie.pack(vm))
}

/// Finds the last place before the reader where the decoder has nothing in hand.
fn find_cookie(vm: &mut Vm, text: &Text, input: &[u8], mut cookie: Cookie, mut skip: usize) -> PyResult<Cookie> {
    let at_rest = |flags: i32| State { buffer: Vec::new(), flags: i64::from(flags) };
    let mut skip_bytes = ((text.bytes_per_char.get() * skip as f64) as usize).min(input.len());
    let mut skip_back = 1;
    let mut found = false;
    while skip_bytes > 0 {
        super::set_decoder_state(vm, text, &at_rest(cookie.flags))?;
        let n = try_decode(vm, text, &input[..skip_bytes], false)?;
        if n <= skip {
            let state = full_state(vm, text)?;
            if state.buffer.is_empty() {
                cookie.flags = state.flags as i32;
                skip -= n;
                found = true;
                break;
            }
            skip_bytes -= state.buffer.len().min(skip_bytes);
            skip_back = 1;
        } else {
            skip_bytes = skip_bytes.saturating_sub(skip_back);
            skip_back *= 2;
        }
    }
    if !found {
        skip_bytes = 0;
        super::set_decoder_state(vm, text, &at_rest(cookie.flags))?;
    }
    cookie.start += skip_bytes as i64;
    if skip == 0 {
        return Ok(cookie);
    }
    let (mut fed, mut decoded) = (0, 0);
    for index in skip_bytes..input.len() {
        fed += 1;
        decoded += try_decode(vm, text, &input[index..=index], false)?;
        let state = full_state(vm, text)?;
        if state.buffer.is_empty() && decoded <= skip {
            cookie.start += fed;
            skip -= decoded;
            cookie.flags = state.flags as i32;
            (fed, decoded) = (0, 0);
        }
        if decoded >= skip {
            break;
        }
    }
    if decoded < skip {
        decoded += try_decode(vm, text, &[], true)?;
        cookie.need_eof = true;
        if decoded < skip {
            return Err(vm.os_error_message("can't reconstruct logical file position".to_owned()));
        }
    }
    cookie.bytes_to_feed = fed as i32;
    cookie.chars_to_skip = skip as i32;
    Ok(cookie)
}

pub fn seek(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let mut target = arg(args, 0).to_owned();
    let mut whence = int_or(vm, args[1], 0)?;
    let (text, buffer) = ready(vm, this)?;
    base::require_open(vm, this)?;
    if !text.seekable.get() {
        return Err(unsupported(vm, "underlying stream is not seekable"));
    }
    match whence {
        1 => {
            if vm.is_true(target.borrow())? {
                return Err(unsupported(vm, "can't do nonzero cur-relative seeks"));
            }
            whence = 0;
            target = vm.call_method(this, "tell", &[])?;
        }
        2 => {
            if vm.is_true(target.borrow())? {
                return Err(unsupported(vm, "can't do nonzero end-relative seeks"));
            }
            vm.call_method(this, "flush", &[])?;
            super::forget_decoded(vm, text);
            if text.codec.can_decode.get() {
                super::reset_decoder(vm, text)?;
            }
            let position = vm.call_method(buffer.borrow(), "seek", &[target.borrow(), Object::small_int(2).borrow()])?;
            if text.codec.can_encode.get() {
                let at_start = vm.equal(position.borrow(), Object::small_int(0).borrow())?;
                text.codec.reset_encoder(vm, at_start)?;
            }
            return Ok(position);
        }
        0 => {}
        _ => return Err(vm.value_error(format!("invalid whence ({whence}, should be 0, 1 or 2)"))),
    }
    debug_assert_eq!(whence, 0);
    if object::int::is_negative(target.borrow()) {
        let text = vm.repr_text(target.borrow())?;
        return Err(vm.value_error(format!("negative seek position {text}")));
    }
    vm.call_method(this, "flush", &[])?;
    let cookie = Cookie::unpack(vm, target.borrow())?;
    let start = vm.new_int(cookie.start);
    vm.call_method(buffer.borrow(), "seek", &[start.borrow()])?;
    super::forget_decoded(vm, text);
    restore_decoder(vm, text, buffer.borrow(), &cookie)?;
    if text.codec.can_encode.get() {
        let at_start = cookie.start == 0 && cookie.flags == 0;
        text.codec.reset_encoder(vm, at_start)?;
    }
    Ok(target)
}

/// Puts the decoder where it was when the cookie was made.
fn restore_decoder(vm: &mut Vm, text: &Text, buffer: Ref<'_>, cookie: &Cookie) -> PyResult<()> {
    if !text.codec.can_decode.get() {
        return Ok(());
    }
    if cookie.start == 0 && cookie.flags == 0 {
        super::reset_decoder(vm, text)?;
    } else {
        super::set_decoder_state(vm, text, &State { buffer: Vec::new(), flags: i64::from(cookie.flags) })?;
    }
    let flags = i64::from(cookie.flags);
    if cookie.chars_to_skip == 0 {
        text.snapshot.set(vm, Some(State { buffer: Vec::new(), flags }));
        return Ok(());
    }
    let n = vm.new_int(i64::from(cookie.bytes_to_feed));
    let input = vm.call_method(buffer, "read", &[n.borrow()])?;
    let Some(bytes) = object::bytes::as_bytes(input.borrow()) else {
        return Err(vm.type_error(format!("underlying read() should have returned a bytes object, not '{}'", input.borrow().class().full_name())));
    };
    text.snapshot.set(vm, Some(State { buffer: bytes.to_vec(), flags }));
    let decoded = super::decode(vm, text, input.borrow(), bytes, cookie.need_eof)?;
    let skip = cookie.chars_to_skip.max(0) as usize;
    if decoded.len() < skip {
        return Err(vm.os_error_message("can't restore logical file position".to_owned()));
    }
    text.decoded.set(Some(decoded.into_object()));
    text.used.set(skip);
    Ok(())
}
