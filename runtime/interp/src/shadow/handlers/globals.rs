//! Global names, read through cells: see [`object::dict::GlobalCell`].

use crate::frame::Frame;
use crate::shadow::dispatch::{Exit, arg, fall_through, go, go_by_truth, handler, release_and_go, rewrite, site, target};
use crate::shadow::opcode::HANDLERS;
use bytecode::{Instr, Opcode};
use object::Vm;
use object::dict::{Dict, GlobalCell, find_in_scope};
use object::raw;

/// Puts the value on the stack, with a null above if it is to be called, and goes on.
macro_rules! put_global {
    ($value:ident, $vm:ident, $ip:ident, $sp:ident, $frame:ident, $word:ident, $fuel:ident) => {{
        raw::increment($value);
        *$sp = $value;
        if $word >> 32 & 1 != 0 {
            *$sp.add(1) = 0;
            go!($vm, $ip.add(1), $sp.add(2), $frame, $fuel);
        }
        go!($vm, $ip.add(1), $sp.add(1), $frame, $fuel);
    }};
}

handler!(load_global(vm ip sp frame word fuel) {
    let cell = &*std::ptr::with_exposed_provenance::<GlobalCell>(site(ip, word)[1].get() as usize);
    if let Some(value) = cell.word() {
        put_global!(value, vm, ip, sp, frame, word, fuel);
    }
    // The keys of the globals or the builtins have changed.
    rewrite(ip, Opcode::LoadGlobal as u8);
    go!(vm, ip, sp, frame, fuel);
});

handler!(
    /// A name and the `IS_OP` that follows, which takes no reference to the value.
    load_global_is(vm ip sp frame word fuel) {
        let cell = &*std::ptr::with_exposed_provenance::<GlobalCell>(site(ip, word)[1].get() as usize);
        if let Some(value) = cell.word() {
            let (next, sp) = (ip.add(1), sp.sub(1));
            let left = *sp;
            let truth = (left == value) != (arg((*next).0) == 1);
            if raw::decrement(left) {
                *sp = raw::bool_word(truth);
                return release_and_go(vm, next, sp.add(1), frame, left, fuel);
            }
            go_by_truth!(vm, next, sp, frame, truth, fuel);
        }
        // The keys of the globals or the builtins have changed.
        rewrite(ip, Opcode::LoadGlobal as u8);
        go!(vm, ip, sp, frame, fuel);
    }
);

handler!(
    /// Code that runs with several globals.
    load_global_general(vm ip sp frame word fuel) {
        let function = (*frame).function();
        let name = *(*(*frame).code).names.as_ptr().add(arg(word) >> 1);
        if let (Some(globals), Some(builtins)) = (function.globals.borrow().downcast_exact::<Dict>(), function.builtins.borrow().downcast_exact::<Dict>())
            && let Some(value) = find_in_scope(globals, builtins, name)
        {
            let value = value.bits();
            put_global!(value, vm, ip, sp, frame, word, fuel);
        }
        Exit::miss(ip, sp)
    }
);
