//! A function with a loop, a handler and a nested code object: its text, its flaws when damaged,
//! its CPython byte forms.

use bytecode::{Instr, Opcode, text, verify, wordcode::WordCode};

const FUNCTION: &str = include_str!("text/loop_with_handler.txt");

#[test]
fn printed_as_it_was_read() {
    let code = text::parse(FUNCTION).unwrap();
    assert_eq!(verify::verify(&code), Ok(()));
    insta::assert_snapshot!(code);
}

#[test]
fn byte_forms_are_those_of_cpython() {
    let code = text::parse(FUNCTION).unwrap();
    let words = WordCode::new(&code);
    let hexadecimal = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    // What CPython 3.14 has for the same function.
    assert_eq!(
        hexadecimal(&words.bytes),
        "8000560010004627000070015c0100000000000000005601500200000000000000000000000000000000000050050000000000000000000000000000000000005601340100000000000034010000000000001f004b29000009001e005200230020005c0600000000000000000600640500001c001f001d004b3b000069003b031d006901"
    );
    assert_eq!(
        hexadecimal(&words.line_table(&code)),
        hexadecimal(b"\x80\x00\xdb\r\x0e\x88\x01\xdc\r\x12\x901\x973\x913\x975\x915\x98\x11\x938\x8e_\xf3\x03\x00\x0e\x0f\xf8\xe4\x0f\x10\x8c\x0e\x92$\x88\x0e\xfa")
    );
}

#[test]
fn flaws_are_named() {
    let code = text::parse(FUNCTION).unwrap();
    let mut report = String::new();
    let mut damage = |title: &str, index: usize, instruction: Instr| {
        let mut code = code.clone();
        code.instructions[index] = instruction;
        report += &format!("{title}\n");
        for flaw in verify::verify(&code).unwrap_err() {
            report += &format!("    {flaw}\n");
        }
    };
    damage("a constant too many", 0, Instr::new(Opcode::LoadConst, 7));
    damage("a local too many", 1, Instr::new(Opcode::LoadFast, 2));
    damage("a jump to nowhere", 3, Instr::new(Opcode::ForIter, 99));
    damage("a jump the wrong way", 3, Instr::new(Opcode::ForIter, 0));
    damage("a value too many", 0, Instr::new(Opcode::PushNull, 0));
    damage("a value too few", 1, Instr::new(Opcode::Nop, 0));
    damage("off the end", code.instructions.len() - 1, Instr::new(Opcode::PopTop, 0));
    damage("no opcode", 0, Instr(255));
    let mut small = code.clone();
    small.stack_size = 3;
    report += &format!("a small stack\n    {}\n", verify::verify(&small).unwrap_err()[0]);
    insta::assert_snapshot!(report);
}
