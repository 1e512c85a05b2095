//! Exits as text: where in the code values are when it is left, and what frames the interpreter gets.

use crate::deopt::{Form, FramePoint, Place, Point};
use codegen_x64::{Code, Location};
use interp::CodeObject;
use lir::SymbolTable;
use std::fmt::Write;

/// The names of registers by the numbers that encode them.
const REGISTERS: [&str; 16] = ["rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"];

/// All exits of a function, in the order of their stubs.
pub fn text_of_exits(made: &Code, points: &[Point], code: &CodeObject, symbols: &SymbolTable) -> String {
    let mut text = String::new();
    for (index, record) in made.exits.iter().enumerate() {
        let Some(point) = points.get(record.id as usize) else { continue };
        let why = if point.is_raise { "with an exception" } else { "as a guard" };
        let _ = writeln!(text, "exit{index}: {} {why}", point.instr.info().name);
        for (number, (value, &location)) in point.values.iter().zip(&record.locations).enumerate() {
            let form = match value.form {
                Form::Word if value.is_owned => "owned",
                Form::Word => "borrowed",
                Form::Signed => "int to be made",
                Form::Unsigned => "unsigned int to be made",
                Form::Bool => "bool to be made",
                Form::Double => "float to be made",
            };
            let _ = writeln!(text, "    value {number} = {}, {form}", place_of(location, symbols));
        }
        for (number, object) in point.objects.iter().enumerate() {
            let _ = writeln!(text, "    object {number} = {:?}({})", object.kind, places(&object.parts));
        }
        for frame in &point.frames {
            frame_text(&mut text, frame, code);
        }
    }
    text
}

fn place_of(location: Location, symbols: &SymbolTable) -> String {
    match location {
        Location::Int(number) => REGISTERS[usize::from(number)].to_owned(),
        Location::Float(number) => format!("xmm{number}"),
        Location::Stack(offset) if offset < 0 => format!("[rbp-{}]", -offset),
        Location::Stack(offset) => format!("[rbp+{offset}]"),
        Location::Constant(word) => match symbols.word(word) {
            Some(name) => name.to_owned(),
            None if word & abi::tag::INT != 0 => format!("int {}", word as i64 >> 1),
            None => format!("{word}"),
        },
    }
}

fn place_text(place: &Place) -> String {
    match place {
        Place::Null => "null".to_owned(),
        Place::Value(index) => format!("value {index}"),
        Place::Object(index) => format!("object {index}"),
    }
}

fn places(places: &[Place]) -> String {
    places.iter().map(place_text).collect::<Vec<_>>().join(", ")
}

fn frame_text(text: &mut String, frame: &FramePoint, code: &CodeObject) {
    let _ = write!(text, "    frame at {}", frame.bytecode);
    if frame.callee.is_some() {
        let _ = write!(text, " of an inlined call: locals ({})", places(&frame.locals));
    } else {
        let _ = write!(text, " (line {}):", code.line(frame.bytecode as usize));
        for (name, place) in code.local_names.iter().zip(&frame.locals) {
            let name = name.downcast::<object::str::Str>().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let _ = write!(text, " {name} = {};", place_text(place));
        }
    }
    let _ = writeln!(text, " stack ({})", places(&frame.stack));
}
