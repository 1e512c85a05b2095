//! How the tests of this crate print code.

use bytecode::{Code, Constant};
use std::fmt::Write;

/// Prints code and the code in its constants, an empty line between them.
pub fn write(code: &Code, out: &mut String) {
    writeln!(out, "{} (stack {})", code.qualname, code.stack_size).expect("a string can be written to");
    let mut line = 0;
    for (index, (instr, location)) in code.instructions.iter().zip(code.locations.iter()).enumerate() {
        let opcode = instr.opcode().expect("compiled code has opcodes");
        let shown = if location.line == line { String::new() } else { location.line.to_string() };
        line = location.line;
        let text = format!("{shown:>4} {index:>3} {} {}", opcode.name(), instr.arg());
        writeln!(out, "{}", text.trim_end()).expect("a string can be written to");
    }
    for entry in &code.exception_table {
        let lasti = if entry.lasti { " lasti" } else { "" };
        writeln!(out, "  {}..{} -> {} [{}]{lasti}", entry.start, entry.end, entry.target, entry.depth).expect("a string can be written to");
    }
    for constant in &code.constants {
        if let Constant::Code(inner) = constant {
            out.push('\n');
            write(inner, out);
        }
    }
}
