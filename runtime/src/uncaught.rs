//! What happens to an exception that nobody caught: it is kept for a debugger and `sys.excepthook` shows it.

use object::exception::{self, Exception};
use object::{Object, Vm};
use std::sync::atomic::{AtomicBool, Ordering};
use stdlib::sys_module;

/// Whether anything that ran was ended by an interrupt from the keyboard.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Whether anything that ran was ended by an interrupt from the keyboard that nobody caught.
pub fn was_interrupted() -> bool {
    INTERRUPTED.load(Ordering::Relaxed)
}

/// Shows an exception. If that raises `SystemExit`, it is the result.
pub fn show(vm: &mut Vm, error: Object) -> Option<Object> {
    if error.borrow().is_instance_of(&exception::KEYBOARD_INTERRUPT) {
        INTERRUPTED.store(true, Ordering::Relaxed);
    }
    let class = error.borrow().class().to_object();
    let traceback = error.borrow().downcast::<Exception>().map_or(Object::none(), |payload| payload.traceback.get_or_none());
    for (name, value) in
        [("last_exc", error.clone()), ("last_type", class.clone()), ("last_value", error.clone()), ("last_traceback", traceback.clone())]
    {
        sys_module::set_attribute(vm, name, value);
    }
    let Some(hook) = sys_module::attribute(vm, "excepthook").filter(|hook| !hook.borrow().is_none()) else {
        sys_module::write_stderr(vm, "sys.excepthook is missing\n");
        sys_module::print_exception(vm, error.borrow());
        return None;
    };
    if let Err(raised) = vm.call(hook.borrow(), &[class.borrow(), error.borrow(), traceback.borrow()]) {
        let second = vm.catch(raised);
        if second.borrow().is_instance_of(&exception::SYSTEM_EXIT) {
            return Some(second);
        }
        sys_module::write_stderr(vm, "Error in sys.excepthook:\n");
        sys_module::print_exception(vm, second.borrow());
        sys_module::write_stderr(vm, "\nOriginal exception was:\n");
        sys_module::print_exception(vm, error.borrow());
    }
    None
}
