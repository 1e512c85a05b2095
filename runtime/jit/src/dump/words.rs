//! Names for the words that code has as constants: objects, places in memory, bytecode instructions.

use crate::classify;
use crate::lower::Extras;
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

/// Names the places of bytecode instructions.
fn name_bytecode(symbols: &mut SymbolTable, code: &CodeObject, of: &str) {
    for (index, _) in code.data.instructions.iter().enumerate() {
        let name = format!("bytecode {index}{of}");
        for start in [code.data.instructions.as_ptr(), code.entry()] {
            symbols.name_word(start.wrapping_add(index).addr() as u64, &name);
        }
    }
}

/// Names what calls of a function, or its body in the place of a call, refer to.
fn name_code(symbols: &mut SymbolTable, code: &CodeObject) {
    let name = code.qualname_text();
    name_bytecode(symbols, code, &format!(" of {name}"));
    symbols.name_word(std::ptr::from_ref(code).addr() as u64, &format!("code of {name}"));
    symbols.name_word(code.compiled.entry.as_ptr().addr() as u64, &format!("entry of {name}"));
    for value in code.names.iter().copied().chain(code.constants.iter().map(|constant| constant.borrow())) {
        if value.address().is_some() {
            symbols.name_word(value.bits(), &object_name(value));
        }
    }
}

/// Names what the code of a function may refer to.
pub fn name_words(symbols: &mut SymbolTable, code: &CodeObject, known: &Known, extras: &Extras) {
    name_bytecode(symbols, code, "");
    let functions = known.objects.iter().filter_map(|object| object.borrow().downcast::<interp::Function>());
    for function in functions {
        let callee = function.get().code();
        name_code(symbols, callee);
    }
    for class in known.classes.iter().filter_map(|class| class.borrow().downcast::<Type>()) {
        symbols.name_word(class.get().version_place().addr() as u64, &format!("version of class {}", class.get().name()));
    }
    for (index, check) in extras.checks.iter().enumerate() {
        symbols.name_word(std::ptr::from_ref(&**check).addr() as u64, &format!("check {index}"));
    }
    for (index, site) in extras.sites.iter().enumerate() {
        symbols.name_word(std::ptr::from_ref(&**site).cast::<()>().addr() as u64, &format!("site {index}"));
    }
    for object in &extras.references {
        if object.borrow().address().is_some() {
            symbols.name_word(object.borrow().bits(), &object_name(object.borrow()));
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
            Assume::Global { cell, .. } | Assume::OfModule { cell, .. } => {
                symbols.name_word(cell.place().addr() as u64, &format!("cell of {}", told.text))
            }
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
