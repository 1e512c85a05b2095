//! Globals, builtins, namespaces, imports.

use super::{Builder, Refusal};
use crate::instr::Instr;
use bytecode::{Code, CodeFlags, Opcode};

/// What looks at the variables of the running frame, which compiled code does not keep there.
const LOOK_AT_FRAME: &[&str] = &["eval", "exec", "locals"];
/// What does so when it is called without arguments.
const LOOK_AT_FRAME_ALONE: &[&str] = &["vars", "dir", "super"];

/// Refuses functions that use builtins which look at the frame. Code whose variables are in a namespace may.
pub(super) fn check_globals(code: &Code) -> Result<(), Refusal> {
    if !code.flags.has(CodeFlags::OPTIMIZED) {
        return Ok(());
    }
    for (index, instruction) in code.instructions.iter().enumerate() {
        if instruction.opcode() != Some(Opcode::LoadGlobal) {
            continue;
        }
        let Some(name) = code.names.get((instruction.arg() >> 1) as usize) else { return Err(Refusal::Malformed) };
        let is_called_alone = code.instructions.get(index + 1).is_some_and(|next| next.opcode() == Some(Opcode::Call) && next.arg() == 0);
        let find = |names: &'static [&'static str]| names.iter().find(|other| *other == name).copied();
        let found = find(LOOK_AT_FRAME).or_else(|| find(LOOK_AT_FRAME_ALONE).filter(|_| is_called_alone));
        if let Some(name) = found {
            return Err(Refusal::LooksAtFrame(name));
        }
    }
    Ok(())
}

impl Builder<'_> {
    pub(super) fn load_global(&mut self, operand: u32) {
        let value = match self.unit.globals.get(&(operand >> 1)).copied() {
            Some(global) if global.value.is_single_value() => {
                self.assume(global.assumption);
                self.constant(global.value)
            }
            _ => {
                let name = self.name(operand >> 1);
                match self.unit.cells.get(&(operand >> 1)) {
                    Some(&cell) if self.is_replayable => self.emit(Instr::load_global_cell(name, cell)),
                    _ => self.emit(Instr::load_global(name)),
                }
            }
        };
        self.push(value);
        if operand & 1 != 0 {
            self.vars.stack.push(None);
        }
    }

    pub(super) fn store_global(&mut self, index: u32) {
        let (value, name) = (self.pop(), self.name(index));
        self.emit(Instr::store_global(value, name));
    }

    pub(super) fn delete_global(&mut self, index: u32) {
        let name = self.name(index);
        self.emit(Instr::delete_global(name));
    }

    pub(super) fn load_name(&mut self, index: u32) {
        let name = self.name(index);
        let value = self.emit(Instr::load_name(name));
        self.push(value);
    }

    pub(super) fn store_name(&mut self, index: u32) {
        let (value, name) = (self.pop(), self.name(index));
        self.emit(Instr::store_name(value, name));
    }

    pub(super) fn delete_name(&mut self, index: u32) {
        let name = self.name(index);
        self.emit(Instr::delete_name(name));
    }

    pub(super) fn load_locals(&mut self) {
        let value = self.emit(Instr::load_locals());
        self.push(value);
    }

    pub(super) fn load_from_dict_or_globals(&mut self, index: u32) {
        let (mapping, name) = (self.pop(), self.name(index));
        let value = self.emit(Instr::load_from_dict_or_globals(mapping, name));
        self.push(value);
    }

    pub(super) fn load_build_class(&mut self) {
        let value = self.emit(Instr::load_build_class());
        self.push(value);
    }

    pub(super) fn setup_annotations(&mut self) {
        self.emit(Instr::setup_annotations());
    }

    pub(super) fn import_name(&mut self, index: u32) {
        let (names, level) = (self.pop(), self.pop());
        let name = self.name(index);
        let module = self.emit(Instr::import_name(level, names, name));
        self.push(module);
    }

    pub(super) fn import_from(&mut self, index: u32) {
        let (module, name) = (self.top(1), self.name(index));
        let value = self.emit(Instr::import_from(module, name));
        self.push(value);
    }
}
