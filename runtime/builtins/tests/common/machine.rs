//! What the tests of this crate have in common.

use object::{Vm, names, type_new};

/// A machine with the builtin types.
pub fn start() -> Vm {
    let mut vm = Vm::new(4 << 20);
    type_new::extend(builtins::EXTENSIONS);
    names::initialize(&vm);
    builtins::ready_types(&mut vm);
    vm
}
