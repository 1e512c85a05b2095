//! `eval` and `single`, optimisation levels, warnings.

use bytecode::{Code, Constant, Opcode};
use compiler::{Options, Warning, WarningAction};
use std::cell::RefCell;

fn opcodes(code: &Code) -> Vec<Opcode> {
    code.instructions.iter().filter_map(|instr| instr.opcode()).collect()
}

fn module(source: &str, options: &Options<'_>) -> Result<Code, compiler::CompileError> {
    let parsed = ruff_python_parser::parse_module(source).expect("the test's source parses");
    compiler::compile_module(parsed.syntax(), source, options)
}

#[test]
fn expressions_return_their_value() {
    let parsed = ruff_python_parser::parse_expression("a + 1").expect("the test's source parses");
    let code = compiler::compile_expression(parsed.syntax(), "a + 1", &Options::new("test")).expect("it compiles");
    use Opcode::*;
    assert_eq!(opcodes(&code), [Resume, LoadName, LoadSmallInt, BinaryOp, ReturnValue]);
}

#[test]
fn interactive_statements_print() {
    let parsed = ruff_python_parser::parse_module("'text'\n").expect("the test's source parses");
    let code = compiler::compile_interactive(parsed.syntax(), "'text'\n", &Options::new("test")).expect("it compiles");
    use Opcode::*;
    assert_eq!(opcodes(&code), [Resume, LoadConst, CallIntrinsic1, PopTop, LoadConst, ReturnValue]);
}

#[test]
fn optimisation_drops_asserts_and_docstrings() {
    let source = "def f():\n    'doc'\n    assert x\n    return __debug__\n";
    let inner = |optimize| {
        let code = module(source, &Options { optimize, ..Options::new("test") }).expect("it compiles");
        code.constants.into_iter().find_map(|constant| match constant {
            Constant::Code(code) => Some(code),
            _ => None,
        })
    };
    let (plain, optimized) = (inner(0).expect("there is a function"), inner(2).expect("there is a function"));
    assert!(opcodes(&plain).contains(&Opcode::RaiseVarargs));
    assert!(plain.flags.has(bytecode::CodeFlags::HAS_DOCSTRING));
    assert_eq!(opcodes(&optimized), [Opcode::Resume, Opcode::LoadConst, Opcode::ReturnValue]);
    assert!(!optimized.flags.has(bytecode::CodeFlags::HAS_DOCSTRING));
    assert_eq!(optimized.constants, [Constant::False]);
}

#[test]
fn warnings_are_told_once_and_may_become_errors() {
    let source = "def f():\n    try:\n        return 1 is x\n    finally:\n        assert (a, 'b')\n        1(2)\n";
    let seen = RefCell::new(Vec::new());
    let note = |warning: Warning| {
        seen.borrow_mut().push(format!("{} at {}:{}", warning.message, warning.line, warning.column));
        WarningAction::Continue
    };
    module(source, &Options { warn: Some(&note), ..Options::new("test") }).expect("it compiles");
    assert_eq!(
        seen.take(),
        [
            "\"is\" with 'int' literal. Did you mean \"==\"? at 3:16",
            "assertion is always true, perhaps remove parentheses? at 5:9",
            "'int' object is not callable; perhaps you missed a comma? at 6:9",
        ]
    );
    let refuse = |_: Warning| WarningAction::Raise;
    let error = module(source, &Options { warn: Some(&refuse), ..Options::new("test") }).expect_err("the warning is an error");
    assert!(error.message.starts_with("\"is\" with"));
}
