//! Jumps, and tests that give bools.

use crate::frame::Frame;
use crate::shadow::dispatch::{
    Exit, arg, drop_after_native, drop_and_go, drop_both_and_go_by_truth, drop_two_and_go, fall_through, go, go_by_truth, handler, look_or_go,
    misfit, release_and_go, target,
};
use crate::shadow::opcode::HANDLERS;
use bytecode::{Instr, Opcode};
use object::list::{LIST, List};
use object::raw;
use object::str::{STR, Str};
use object::vm::{breaker, breaker_reasons};
use object::{Ref, Vm};

handler!(nop(vm ip sp frame word fuel) {
    go!(vm, ip.add(1), sp, frame, fuel);
});

handler!(resume(vm ip sp frame word fuel) {
    if breaker_reasons() != 0 {
        return Exit::miss(ip, sp);
    }
    go!(vm, ip.add(1), sp, frame, fuel);
});

handler!(jump(vm ip sp frame word fuel) {
    go!(vm, target(ip, word), sp, frame, fuel);
});

handler!(jump_backward(vm ip sp frame word fuel) {
    if breaker_reasons() != 0 || fuel == 0 {
        return Exit::miss(ip, sp);
    }
    go!(vm, target(ip, word), sp, frame, fuel - 1);
});

handler!(
    /// The same where compiled code may be entered at the head of the loop after a while.
    jump_backward_counted(vm ip sp frame word fuel) {
        let heat = &(*(*frame).code).compiled.heat;
        let left = heat.get();
        if breaker_reasons() != 0 || fuel == 0 || left == 0 {
            return Exit::miss(ip, sp);
        }
        heat.set(left - 1);
        go!(vm, target(ip, word), sp, frame, fuel - 1);
    }
);

handler!(pop_jump_if_false(vm ip sp frame word fuel) {
    let sp = sp.sub(1);
    if *sp == raw::FALSE {
        go!(vm, target(ip, word), sp, frame, fuel);
    }
    go!(vm, fall_through(ip), sp, frame, fuel);
});

handler!(pop_jump_if_true(vm ip sp frame word fuel) {
    let sp = sp.sub(1);
    if *sp == raw::TRUE {
        go!(vm, target(ip, word), sp, frame, fuel);
    }
    go!(vm, fall_through(ip), sp, frame, fuel);
});

handler!(pop_jump_if_none(vm ip sp frame word fuel) {
    let sp = sp.sub(1);
    let value = *sp;
    if value == raw::NONE {
        go!(vm, target(ip, word), sp, frame, fuel);
    }
    drop_and_go!(vm, ip, sp, frame, value, fuel);
});

handler!(pop_jump_if_not_none(vm ip sp frame word fuel) {
    let value = *sp.sub(1);
    if value == raw::NONE {
        go!(vm, fall_through(ip), sp.sub(1), frame, fuel);
    }
    if raw::decrement(value) {
        // The loop drops it and jumps.
        return Exit::miss(ip, sp);
    }
    go!(vm, target(ip, word), sp.sub(1), frame, fuel);
});

handler!(unary_not(vm ip sp frame word fuel) {
    *sp.sub(1) = raw::bool_word(*sp.sub(1) != raw::TRUE);
    go!(vm, ip.add(1), sp, frame, fuel);
});

macro_rules! to_bool_constant {
    ($name:ident, |$value:ident| $truth:expr) => {
        handler!($name(vm ip sp frame word fuel) {
            let $value = *sp.sub(1);
            match $truth {
                Some(truth) => go_by_truth!(vm, ip, sp.sub(1), frame, truth, fuel),
                None => misfit(vm, ip, sp, frame, word, fuel),
            }
        });
    };
}

to_bool_constant!(to_bool_bool, |value| (value == raw::TRUE || value == raw::FALSE).then_some(value == raw::TRUE));
to_bool_constant!(to_bool_int, |value| raw::is_int(value).then_some(value != raw::ZERO));
to_bool_constant!(to_bool_none, |value| (value == raw::NONE).then_some(false));

handler!(to_bool_str(vm ip sp frame word fuel) {
    let value = *sp.sub(1);
    if raw::class_address(value) != std::ptr::from_ref(&STR).addr() {
        return misfit(vm, ip, sp, frame, word, fuel);
    }
    let truth = !Ref::from_bits(value).downcast_unchecked::<Str>().get().is_empty();
    drop_both_and_go_by_truth!(vm, ip, sp.sub(1), frame, word, value, 0, truth, fuel);
});

handler!(to_bool_list(vm ip sp frame word fuel) {
    let value = *sp.sub(1);
    if raw::class_address(value) != std::ptr::from_ref(&LIST).addr() {
        return misfit(vm, ip, sp, frame, word, fuel);
    }
    let truth = !Ref::from_bits(value).downcast_unchecked::<List>().get().items(&*vm).is_empty();
    drop_both_and_go_by_truth!(vm, ip, sp.sub(1), frame, word, value, 0, truth, fuel);
});

handler!(to_bool(vm ip sp frame word fuel) {
    let value = *sp.sub(1);
    if value == raw::TRUE || value == raw::FALSE {
        go_by_truth!(vm, ip, sp.sub(1), frame, value == raw::TRUE, fuel);
    }
    if raw::is_int(value) || value == raw::NONE {
        go_by_truth!(vm, ip, sp.sub(1), frame, value != raw::ZERO && value != raw::NONE, fuel);
    }
    return to_bool_general(vm, ip, sp, frame, word, fuel);
});

/// The word of a value's truth; 0 if asking for it raised.
///
/// # Safety
///
/// The word is that of a live value.
#[inline(never)]
unsafe fn truth_of(vm: *mut Vm, value: u64) -> u64 {
    // SAFETY: the caller's promise.
    unsafe { (*vm).is_true(Ref::from_bits(value)).map_or(0, raw::bool_word) }
}

handler!(
    #[inline(never)]
    to_bool_general(vm ip sp frame word fuel) {
        (*frame).ip = ip;
        let value = *sp.sub(1);
        let truth = truth_of(vm, value);
        if truth == 0 {
            return Exit::raised(ip, sp);
        }
        *sp.sub(1) = truth;
        drop_after_native!(vm, ip, sp, frame, value, fuel);
    }
);

handler!(is_op(vm ip sp frame word fuel) {
    let (left, right) = (*sp.sub(2), *sp.sub(1));
    drop_both_and_go_by_truth!(vm, ip, sp.sub(2), frame, word, right, left, (left == right) != (arg(word) == 1), fuel);
});
