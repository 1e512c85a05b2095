//! Hot code as text: what its instructions have become. `--dump=shadowcode` prints it when the program ends.

use super::feedback::Feedback;
use super::{Shadow, opcode};
use crate::code::{CodeObject, to_constant};
use bytecode::Opcode;
use bytecode::opcode::Arg;
use object::cell::VmCell;
use object::str::Str;
use object::{Ref, Vm};
use std::fmt::Write as _;

/// The hot code objects that are alive, if somebody wants to see them.
static HOT: VmCell<Option<Vec<Hot>>> = VmCell::new(None);

/// A copy, by which it is found when it dies, and its code.
type Hot = (*const Shadow, *const CodeObject);

/// From now on hot code is remembered for [`text`].
pub fn start(vm: &mut Vm) {
    HOT.set(vm, Some(Vec::new()));
}

fn hot() -> Option<&'static mut Vec<Hot>> {
    // SAFETY: the lock is held, and every caller lets go of the borrow before anything else runs.
    unsafe { HOT.get_unchecked() }.as_mut()
}

pub(super) fn note(code: &CodeObject) {
    if let (Some(hot), Some(shadow)) = (hot(), code.shadow.get()) {
        // Code whose copy was emptied becomes hot again.
        if !hot.iter().any(|&(known, _)| std::ptr::eq(known, shadow)) {
            hot.push((shadow, code));
        }
    }
}

pub(super) fn forget(shadow: &Shadow) {
    if let Some(hot) = hot() {
        hot.retain(|&(known, _)| !std::ptr::eq(known, shadow));
    }
}

/// The copies of all hot code, or of the one with this qualified name.
pub fn text(vm: &mut Vm, only: Option<&str>) -> String {
    let mut out = String::new();
    for &(_, code) in hot().map_or(&[][..], |hot| hot.as_slice()) {
        // SAFETY: a code object is taken out when its copy is dropped, which is when it dies.
        let code = unsafe { &*code };
        if only.is_none_or(|only| code.qualname_text() == only) {
            write(vm, &mut out, code);
        }
    }
    out
}

fn write(vm: &mut Vm, out: &mut String, code: &CodeObject) {
    let Some(shadow) = code.shadow.get() else { return };
    let _ = writeln!(out, "code {} ({}:{})", code.qualname_text(), code.filename_text(), code.data.first_line);
    let feedback = Feedback::of_code(code);
    let mut line = 0;
    for (index, (byte, operand)) in shadow.instructions().enumerate() {
        let own = code.line(index);
        let shown = if own == line || own == 0 { String::new() } else { own.to_string() };
        line = if own == 0 { line } else { own };
        let name = opcode::name(byte);
        let operand = operand_text(vm, code, opcode::ORIGINAL[usize::from(byte)], operand);
        let seen = feedback.at(index).to_string();
        let text = format!("{shown:>5} {index:>4}  {name:<28} {operand:<24} {seen}");
        let _ = writeln!(out, "{}", text.trim_end());
    }
    out.push('\n');
}

fn operand_text(vm: &mut Vm, code: &CodeObject, opcode: Opcode, operand: u32) -> String {
    let name = |names: &[Ref<'static>], index: u32| {
        names
            .get(index as usize)
            .and_then(|name| name.downcast::<Str>())
            .map_or_else(|| index.to_string(), |name| name.to_string_lossy().into_owned())
    };
    match opcode.info().arg {
        Arg::None => String::new(),
        Arg::Name => name(&code.names, operand),
        Arg::Attr | Arg::Global => name(&code.names, operand >> 1),
        Arg::SuperAttr => name(&code.names, operand >> 2),
        Arg::Local => name(&code.local_names, operand),
        Arg::LocalPair => format!("{}, {}", name(&code.local_names, operand >> 16), name(&code.local_names, operand & 0xffff)),
        Arg::Const => {
            let constant = code.constants.get(operand as usize).and_then(|constant| to_constant(vm, constant.borrow(), 0));
            constant.map_or_else(String::new, |constant| format!("{constant:?}").chars().take(40).collect())
        }
        Arg::Jump => format!("to {operand}"),
        _ => operand.to_string(),
    }
}
