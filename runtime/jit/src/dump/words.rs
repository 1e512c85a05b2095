//! Names for the words that code has as constants: objects, places in memory, bytecode instructions.

use crate::classify;
use crate::preload::{Assume, Known};
use interp::CodeObject;
use lir::SymbolTable;
use object::str::Str;
use object::{Ref, Type};

/// What an object is called in dumps.
fn object_name(value: Ref<'_>) -> String {
    if let Some(text) = value.downcast::<Str>() {
        return format!("{:?}", text.to_string_lossy());
    }
    if let Some(class) = value.downcast::<Type>() {
        return format!("class {}", class.get().name());
    }
    if let Some(function) = value.downcast::<interp::Function>() {
        return format!("function {}", function.get().code().qualname_text());
    }
    if let Some(function) = value.downcast::<object::function::BuiltinFunction>() {
        return format!("builtin {}", function.get().info.method.name);
    }
    if let Some(number) = object::float::value(value) {
        return format!("float {number:?}");
    }
    value.class().name().to_owned()
}

/// Names what the code of a function may refer to.
pub fn name_words(symbols: &mut SymbolTable, code: &CodeObject, known: &Known) {
    for (index, _) in code.data.instructions.iter().enumerate() {
        let name = format!("bytecode {index}");
        for start in [code.data.instructions.as_ptr(), code.entry()] {
            symbols.name_word(start.wrapping_add(index).addr() as u64, &name);
        }
    }
    symbols.name_word(object::vm::breaker_address().addr() as u64, "breaker");
    let mut object = |value: Ref<'_>| {
        if value.address().is_some() {
            symbols.name_word(value.bits(), &object_name(value));
        }
    };
    code.names.iter().for_each(|name| object(*name));
    code.constants.iter().chain(&known.objects).chain(&known.classes).for_each(|value| object(value.borrow()));
    classify::classes().for_each(|class| object(class.object()));
    for (assume, told) in known.assumptions.iter().zip(&known.preloaded.assumptions) {
        match assume {
            Assume::Version { place, .. } => symbols.name_word(place.addr() as u64, &format!("version of {}", told.text)),
            Assume::Global { cell, .. } => symbols.name_word(cell.place().addr() as u64, &format!("cell of {}", told.text)),
            Assume::Nothing => {}
        }
    }
    for (&(unit, index), cell) in &known.cells {
        let callee = (unit as usize).checked_sub(1).and_then(|callee| known.callees.get(callee)?.1.borrow().downcast::<CodeObject>());
        let code = callee.map_or(code, |callee| callee.get());
        let name = code.names.get(index as usize).map_or_else(String::new, |name| object_name(*name));
        symbols.name_word(cell.place().addr() as u64, &format!("cell of {name}"));
    }
}
