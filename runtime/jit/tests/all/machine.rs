//! A runtime with one function whose compiled code is given as HIR.

use bytecode::{Code, CodeFlags, Constant, ExceptionEntry, Instr, Local, LocalKind, Locations, Opcode};
use object::{Object, Ref, Vm};

/// Runs a test with the process's machine. Tests take turns: whoever runs holds the global lock.
pub fn with_vm(test: impl FnOnce(&mut Vm)) {
    static TURN: std::sync::Mutex<bool> = std::sync::Mutex::new(false);
    let mut is_started = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    object::gil::acquire();
    let mut vm = Vm::new(4 << 20);
    if !std::mem::replace(&mut *is_started, true) {
        object::type_new::extend(builtins::EXTENSIONS);
        object::names::initialize(&vm);
        builtins::ready_types(&mut vm);
        interp::install(&mut vm);
    }
    interp::frame::start_thread(&mut vm);
    let _held = Held;
    test(&mut vm);
}

/// The global lock, which a test that fails gives back, too.
struct Held;

impl Drop for Held {
    fn drop(&mut self) {
        object::gil::release();
    }
}

/// The bytecode of `def f(a, b): x = None; try: return a + b; except: return "handled"`, where only what exits lead to matters.
///
/// ```text
/// 0 RESUME   1 LOAD_FAST a   2 LOAD_FAST b   3 BINARY_OP +   4 RETURN_VALUE   5 POP_TOP   6 LOAD_CONST   7 RETURN_VALUE
/// 8 LOAD_FAST_CHECK x   9 RETURN_VALUE
/// ```
fn code() -> Code {
    let local = |name: &str| Local { name: name.to_owned(), kind: LocalKind::LOCAL };
    let instructions = vec![
        Instr::new(Opcode::Resume, 0),
        Instr::new(Opcode::LoadFast, 0),
        Instr::new(Opcode::LoadFast, 1),
        Instr::new(Opcode::BinaryOp, 0),
        Instr::new(Opcode::ReturnValue, 0),
        Instr::new(Opcode::PopTop, 0),
        Instr::new(Opcode::LoadConst, 0),
        Instr::new(Opcode::ReturnValue, 0),
        Instr::new(Opcode::LoadFastCheck, 2),
        Instr::new(Opcode::ReturnValue, 0),
    ];
    Code {
        name: "f".to_owned(),
        qualname: "f".to_owned(),
        filename: "test.py".to_owned(),
        first_line: 1,
        flags: CodeFlags::OPTIMIZED,
        arg_count: 2,
        stack_size: 4,
        locations: Locations::from_vec(vec![bytecode::Location::NONE; instructions.len()]),
        instructions,
        exception_table: vec![ExceptionEntry { start: 3, end: 4, target: 5, depth: 0, lasti: false }],
        constants: vec![Constant::Str("handled".into())],
        names: vec!["name".to_owned(), "append".to_owned()],
        locals: vec![local("a"), local("b"), local("x")],
        ..Code::default()
    }
}

/// A function of `a` and `b` that is this HIR.
pub fn compiled(vm: &mut Vm, hir: &str) -> Object {
    try_compiled(vm, hir).expect("tests use HIR that can be compiled")
}

/// The same. Two other functions with the same bytecode may have been inlined.
fn try_compiled(vm: &mut Vm, hir: &str) -> Result<Object, String> {
    let code = interp::code::new_code(vm, code());
    let globals = vm.new_dict().into_object();
    let callees = [0, 1].map(|_| {
        let code = interp::code::new_code(vm, self::code());
        interp::function::new_function(vm, code, globals.clone()).into_object()
    });
    let function = interp::function::new_function(vm, code, globals);
    jit::compile::install_text(vm, &function, &[callees[0].borrow(), callees[1].borrow()], hir)?;
    // Calls of other compiled code may come here directly.
    function.code().compiled.scope.set(function.scope_words());
    Ok(function.into_object())
}

/// Calls a function of `a` and `b` that is this HIR.
pub fn run(vm: &mut Vm, hir: &str, args: &[Ref<'_>]) -> Result<Object, String> {
    let function = try_compiled(vm, hir)?;
    run_function(vm, &function, args)
}

fn run_function(vm: &mut Vm, function: &Object, args: &[Ref<'_>]) -> Result<Object, String> {
    let result = vm.call(function.borrow(), args);
    let result = result.map_err(|raised| {
        let error = vm.catch(raised);
        format!("{}: {}", error.borrow().class().name(), vm.str_text(error.borrow()).unwrap_or_default())
    });
    assert!(!vm.is_raised());
    result
}

/// The same, where no argument is a part of the result: references are given up.
pub fn call(vm: &mut Vm, hir: &str, args: &[Ref<'_>]) -> Result<Object, String> {
    let function = try_compiled(vm, hir)?;
    call_function(vm, &function, args)
}

fn call_function(vm: &mut Vm, function: &Object, args: &[Ref<'_>]) -> Result<Object, String> {
    let before: Vec<u32> = args.iter().map(|arg| arg.refcount()).collect();
    let result = run_function(vm, function, args);
    let is_result = |arg: &Ref<'_>| result.as_ref().is_ok_and(|result| result.borrow().is(*arg));
    for (arg, before) in args.iter().zip(before) {
        assert_eq!(arg.refcount(), before + u32::from(is_result(arg) && !arg.is_immortal()), "references to {arg:?}");
    }
    result
}

/// The result as `repr` shows it.
pub fn shown(vm: &mut Vm, hir: &str, args: &[Ref<'_>]) -> String {
    let result = call(vm, hir, args);
    text_of(vm, result)
}

/// The same of a function that has been compiled.
pub fn shown_of(vm: &mut Vm, function: &Object, args: &[Ref<'_>]) -> String {
    let result = call_function(vm, function, args);
    text_of(vm, result)
}

fn text_of(vm: &mut Vm, result: Result<Object, String>) -> String {
    match result {
        Ok(value) => vm.repr_text(value.borrow()).expect("tests use values that can be shown"),
        Err(message) => message,
    }
}
