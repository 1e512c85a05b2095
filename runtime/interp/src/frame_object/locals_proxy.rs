//! `f_locals` and `locals()`: the local variables of a frame as a mapping (PEP 667).

use super::payload;
use crate::cell_object::CellObject;
use crate::code::CodeObject;
use crate::frame::Frame;
use bytecode::{CodeFlags, LocalKind};
use object::dict::Dict;
use object::{ObjectOf, PyResult, Ref, Vm};

/// The value of a local, looking into its cell; `None` if it is unset or hidden.
pub(crate) fn local_value(code: &CodeObject, locals: *mut u64, index: usize) -> Option<object::Object> {
    let kind = code.data.locals[index].kind;
    if kind.has(LocalKind::HIDDEN) {
        return None;
    }
    // SAFETY: the index is that of a local; its word is a reference or zero.
    let word = unsafe { *locals.add(index) };
    if word == 0 {
        return None;
    }
    // SAFETY: as above.
    let value = unsafe { Ref::from_bits(word) };
    if kind.has(LocalKind::CELL.with(LocalKind::FREE))
        && let Some(cell) = value.downcast_exact::<CellObject>()
    {
        return cell.contents.get();
    }
    Some(value.to_owned())
}

/// The variables of a frame that has fast locals, as a new dict.
pub(crate) fn snapshot(vm: &mut Vm, frame: &Frame) -> ObjectOf<Dict> {
    let code = frame.code();
    let locals = Frame::locals(std::ptr::from_ref(frame).cast_mut());
    let dict = vm.new_dict();
    for index in 0..code.n_locals {
        if let Some(value) = local_value(code, locals, index) {
            dict.borrow().set_interned(vm, code.local_names[index], value);
        }
    }
    dict
}

/// `locals()` of the innermost frame.
pub fn locals(vm: &mut Vm) -> PyResult {
    let Some(frame) = crate::frame::current(vm) else {
        return Err(vm.system_error("frame does not exist"));
    };
    if frame.namespace != 0 {
        // SAFETY: the word is a reference.
        return Ok(unsafe { Ref::from_bits(frame.namespace) }.to_owned());
    }
    // SAFETY: the frame is in progress, and cannot end while this function runs.
    let frame = unsafe { &*std::ptr::from_ref(frame) };
    Ok(snapshot(vm, frame).into_object())
}

/// `frame.f_locals`
pub(super) fn of_frame(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let frame = payload(this).frame();
    if frame.namespace != 0 && !frame.code().has_flag(CodeFlags::OPTIMIZED) {
        // SAFETY: the word is a reference.
        return Ok(unsafe { Ref::from_bits(frame.namespace) }.to_owned());
    }
    Ok(snapshot(vm, frame).into_object())
}
