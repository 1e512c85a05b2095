//! Global names, read through cells: see [`object::dict::GlobalCell`].

use crate::frame::Frame;
use crate::shadow::dispatch::{Exit, arg, go, handler, rewrite, site};
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
