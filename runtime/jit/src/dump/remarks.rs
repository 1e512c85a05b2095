//! Lines of source and bytecode instructions as remarks in dumps.
//!
//! A line of source is not read while a function is compiled: nothing may run then. Its place is marked in the text, and [`with_sources`] puts it there.

use hir::{CodeId, Function, Preloaded};
use object::Vm;
use object::str::Str;
use std::cell::Cell;

/// What is in front of a mark's file name, between file name and line, behind the line.
const BEGIN: char = '\u{e000}';
const MIDDLE: char = '\u{e001}';
const END: char = '\u{e002}';

/// What to say of the bytecode of a function, and of those inlined into it.
#[derive(Default)]
pub struct Remarks {
    codes: Vec<Listing>,
    has_origins: bool,
}

struct Listing {
    filename: String,
    lines: Vec<u32>,
    instructions: Vec<String>,
}

impl Remarks {
    /// What is to be said of a function.
    pub fn of(preloaded: &Preloaded, has_origins: bool) -> Remarks {
        let listing = |unit: &hir::environment::CodeUnit| Listing {
            filename: unit.code.filename.clone(),
            lines: unit.code.locations.iter().map(|location| location.line).collect(),
            instructions: bytecode::text::listing(&unit.code),
        };
        Remarks { codes: preloaded.codes.iter().map(listing).collect(), has_origins }
    }

    /// HIR with remarks.
    pub fn hir(&self, function: &Function) -> String {
        let last = Cell::new(None);
        hir::text::Remarked(function, &|code, at| self.of_bytecode(&last, code, at)).to_string()
    }

    /// The remarks of an instruction: its line, unless that is the one of the instruction before, and the instruction.
    fn of_bytecode(&self, last: &Cell<Option<(CodeId, u32)>>, code: CodeId, at: u32) -> Vec<String> {
        let Some(listing) = self.codes.get(code.0 as usize) else { return Vec::new() };
        let Some(instruction) = listing.instructions.get(at as usize) else { return Vec::new() };
        let line = listing.lines.get(at as usize).copied().unwrap_or(0);
        let mut lines = Vec::new();
        if line > 0 && last.replace(Some((code, line))) != Some((code, line)) {
            lines.push(format!("line {line}{BEGIN}{}{MIDDLE}{line}{END}", listing.filename));
        }
        lines.push(format!("{at} {instruction}"));
        lines
    }

    /// Gives the remarks of origins of LIR and machine code.
    pub fn of_origins(&self) -> impl Fn(u32) -> Vec<String> + '_ {
        let last = Cell::new(None);
        move |origin| if self.has_origins { self.of_bytecode(&last, CodeId(0), origin) } else { Vec::new() }
    }
}

/// The text with marks replaced by what `source` gives for file name and line.
fn replace_marks(text: &str, source: &mut dyn FnMut(&str, u32) -> String) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once(BEGIN) {
        out.push_str(before);
        let Some((mark, behind)) = behind.split_once(END) else { break };
        if let Some((file, line)) = mark.split_once(MIDDLE) {
            out.push_str(&source(file, line.parse().unwrap_or(0)));
        }
        rest = behind;
    }
    out + rest
}

/// A dump without what stands for the source in it.
pub fn without_sources(text: &str) -> String {
    replace_marks(text, &mut |_, _| String::new())
}

/// Puts the lines of source into a dump. They are read as tracebacks read them.
pub fn with_sources(vm: &mut Vm, text: &str) -> String {
    let Ok(linecache) = vm.import("linecache") else {
        drop(vm.take_raised());
        return without_sources(text);
    };
    replace_marks(text, &mut |file, line| {
        let (file, line) = (vm.new_str(file).into_object(), vm.new_int(i64::from(line)));
        let Ok(found) = vm.call_method(linecache.borrow(), "getline", &[file.borrow(), line.borrow()]) else {
            drop(vm.take_raised());
            return String::new();
        };
        let found = found.borrow().downcast::<Str>().map(|found| found.to_string_lossy().trim().to_owned()).unwrap_or_default();
        if found.is_empty() { String::new() } else { format!(": {found}") }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_replaced() {
        let text = format!("a line 3{BEGIN}file.py{MIDDLE}3{END}\nb\nline 4{BEGIN}f{MIDDLE}4{END}");
        assert_eq!(without_sources(&text), "a line 3\nb\nline 4");
        assert_eq!(replace_marks(&text, &mut |file, line| format!(": {file} {line}")), "a line 3: file.py 3\nb\nline 4: f 4");
    }
}
