//! What `except` blocks begin and end with.

use crate::frame::Frame;
use crate::shadow::dispatch::{Exit, drop_and_go, fall_through, go, go_by_truth, handler, release_and_go, step, target};
use crate::shadow::opcode::HANDLERS;
use bytecode::{Instr, Opcode};
use object::exception::BASE_EXCEPTION;
use object::raw;
use object::{Object, Ref, Type, Vm};

handler!(push_exc_info(vm ip sp frame word fuel) {
    let Some(handled) = (*vm).handled.last_mut() else { return Exit::miss(ip, sp) };
    let exception = *sp.sub(1);
    raw::increment(exception);
    let previous = std::mem::replace(handled, Object::from_raw(exception)).map_or(raw::NONE, Object::into_raw);
    *sp.sub(1) = previous;
    *sp = exception;
    go!(vm, ip.add(1), sp.add(1), frame, fuel);
});

handler!(pop_except(vm ip sp frame word fuel) {
    let Some(handled) = (*vm).handled.last_mut() else { return Exit::miss(ip, sp) };
    let sp = sp.sub(1);
    let previous = if *sp == raw::NONE { 0 } else { *sp };
    let ended = std::mem::replace(handled, Object::from_raw(previous)).map_or(0, Object::into_raw);
    drop_and_go!(vm, ip, sp, frame, ended, fuel);
});

/// Whether an exception is an instance of a class of exceptions; `None` if it is no such class.
///
/// # Safety
///
/// Both words are those of live values.
#[inline(always)]
unsafe fn matches(exception: u64, class: u64) -> Option<bool> {
    // SAFETY: the caller's promise.
    unsafe {
        let class = Ref::from_bits(class).downcast::<Type>()?.get();
        class.is_subclass_of(&BASE_EXCEPTION).then(|| Ref::from_bits(exception).is_instance_of(class))
    }
}

handler!(check_exc_match(vm ip sp frame word fuel) {
    let (exception, class) = (*sp.sub(2), *sp.sub(1));
    let Some(truth) = matches(exception, class) else { return step(vm, ip, sp, frame, word, fuel) };
    let sp = sp.sub(1);
    if raw::decrement(class) {
        *sp = raw::bool_word(truth);
        return release_and_go(vm, ip, sp.add(1), frame, class, fuel);
    }
    go_by_truth!(vm, ip, sp, frame, truth, fuel);
});
