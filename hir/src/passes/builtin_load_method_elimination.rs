//! Knows the methods of builtin classes, which cannot change: a `LoadMethod` of a value of exactly such a class gives the method and the value itself.

use crate::environment::Preloaded;
use crate::function::Function;
use crate::instr::{Block, Instr, Value};
use crate::types::{ClassId, ObjectId, Type};
use rustc_hash::FxHashMap;

pub(super) fn run(function: &mut Function, preloaded: &Preloaded) {
    let mut replacements = FxHashMap::default();
    for block in function.blocks() {
        let mut index = 0;
        while index < function.instrs(block).len() {
            if !replace(function, preloaded, block, index, &mut replacements) {
                index += 1;
            }
        }
    }
    function.replace_uses(&replacements);
    if !replacements.is_empty() {
        function.reflow_types();
    }
}

fn replace(function: &mut Function, preloaded: &Preloaded, block: Block, index: usize, replacements: &mut FxHashMap<Value, Value>) -> bool {
    let value = function.instrs(block)[index];
    let Instr::LoadMethod { owner, name } = *function.instr(value) else { return false };
    let Some(method) = method(function, preloaded, owner, function.pool.name(name)) else { return false };
    let second = function.instrs(block).get(index + 1).copied();
    if let Some(second) = second.filter(|second| matches!(function.instr(*second), Instr::GetSecondOutput { .. })) {
        function.remove(block, index + 1);
        replacements.insert(second, owner);
    }
    function.remove(block, index);
    let ty = Type::object(method, &function.classes);
    let constant = function.insert_const(block, index, ty);
    replacements.insert(value, constant);
    true
}

fn method(function: &Function, preloaded: &Preloaded, owner: Value, name: &str) -> Option<ObjectId> {
    let class = builtin_class(function, function.ty(owner))?;
    preloaded.builtin_methods.get(&(class, name.to_owned())).copied()
}

/// The class that all values of a type have, if it is a builtin one.
fn builtin_class(function: &Function, ty: Type) -> Option<ClassId> {
    let is_class = |info: &crate::types::ClassInfo| info.is_leaf && ty.is_subtype(info.exact, &function.classes) && !ty.is_bottom();
    let index = function.classes.classes.iter().position(is_class)?;
    Some(ClassId(index as u32))
}
