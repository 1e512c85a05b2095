//! Global names whose place a site knows.

use crate::frame::Frame;
use crate::shadow::dispatch::{Exit, go, handler, misfit, seen};
use crate::shadow::opcode::HANDLERS;
use bytecode::Instr;
use object::dict::{Dict, GlobalSite};
use object::raw;
use object::{Ref, Vm};

/// The dict behind a reference that the site has seen to be one.
macro_rules! dict {
    ($object:expr) => {
        Ref::from_bits($object.borrow().bits()).downcast_unchecked::<Dict>().get()
    };
}

handler!(load_global_module(vm ip sp frame word fuel) {
    let site: &GlobalSite = seen(ip, word);
    let function = (*frame).function();
    let Some(value) = site.in_globals(dict!(function.globals)) else {
        return misfit(vm, ip, sp, frame, word, fuel);
    };
    raw::increment(value);
    *sp = value;
    if word >> 32 & 1 != 0 {
        *sp.add(1) = 0;
        go!(vm, ip.add(1), sp.add(2), frame, fuel);
    }
    go!(vm, ip.add(1), sp.add(1), frame, fuel);
});

handler!(load_global_builtin(vm ip sp frame word fuel) {
    let site: &GlobalSite = seen(ip, word);
    let function = (*frame).function();
    let Some(value) = site.in_builtins(dict!(function.globals), dict!(function.builtins)) else {
        return misfit(vm, ip, sp, frame, word, fuel);
    };
    raw::increment(value);
    *sp = value;
    if word >> 32 & 1 != 0 {
        *sp.add(1) = 0;
        go!(vm, ip.add(1), sp.add(2), frame, fuel);
    }
    go!(vm, ip.add(1), sp.add(1), frame, fuel);
});
