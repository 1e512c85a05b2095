//! Source text to code objects: the parser and the compiler behind the interpreter's hook.

use compiler::{CompileError, WarningAction};
use interp::compile_hook::{Mode, Request, Source, flag};
use object::exception;
use object::{Object, PyResult, Raised, Type, Vm};
use parser::{ErrorKind, Parsed, SyntaxError, Tree};
use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

static OPTIMIZE: AtomicI64 = AtomicI64::new(0);

/// Whether code knows no columns, as `-X no_debug_ranges` asks for.
static HAS_NO_RANGES: AtomicBool = AtomicBool::new(false);

/// Has code be made without columns; at start-up.
pub(crate) fn leave_out_ranges() {
    HAS_NO_RANGES.store(true, Ordering::Relaxed);
}

/// Code as the options want it.
pub(crate) fn ranged(code: bytecode::Code) -> bytecode::Code {
    if HAS_NO_RANGES.load(Ordering::Relaxed) { without_ranges(code) } else { code }
}

/// Takes the columns from code and from the code within it.
fn without_ranges(mut code: bytecode::Code) -> bytecode::Code {
    let plain = |location: bytecode::Location| bytecode::Location { column: -1, end_column: -1, end_line: location.line, ..location };
    code.locations = code.locations.iter().map(plain).collect();
    for constant in &mut code.constants {
        if let bytecode::Constant::Code(inner) = constant {
            let taken = std::mem::take(&mut **inner);
            **inner = without_ranges(taken);
        }
    }
    code
}

/// The level that `optimize=-1` stands for.
pub(crate) fn set_optimize(level: i64) {
    OPTIMIZE.store(level, Ordering::Relaxed);
}

/// Compiles a request to a code object or a tree.
pub(crate) fn compile(vm: &mut Vm, request: &Request<'_>) -> PyResult {
    let options = parser::Options {
        allow_incomplete_input: request.flags & flag::ALLOW_INCOMPLETE_INPUT != 0,
        dont_imply_dedent: request.flags & flag::DONT_IMPLY_DEDENT != 0,
        barry_as_flufl: request.flags & 0x0040_0000 != 0,
    };
    let mode = match request.mode {
        Mode::Exec => parser::Mode::Module,
        Mode::Eval => parser::Mode::Expression,
        Mode::Single => parser::Mode::Interactive,
        Mode::FunctionType => parser::Mode::FunctionType,
    };
    let parsed = match &request.source {
        Source::Text(text) => parser::parse(*text, mode, &options),
        Source::Bytes(bytes) => parser::parse(*bytes, mode, &options),
        Source::Script(bytes) => parser::parse(parser::Source::Script(bytes, request.filename), mode, &options),
        Source::Tree(tree) => return compile_tree(vm, *tree, request),
    };
    let parsed = match parsed {
        Ok(parsed) => parsed,
        Err(error) => {
            warn_all(vm, &error.warnings, request.filename)?;
            return Err(raise_syntax_error(vm, &error, request.filename));
        }
    };
    warn_all(vm, &parsed.warnings, request.filename)?;
    if request.flags & flag::ONLY_AST != 0 {
        let with_type_comments = request.flags & flag::TYPE_COMMENTS != 0;
        return crate::ast_bridge::to_object(vm, &parsed, with_type_comments, request.filename, request.feature_version);
    }
    let code = compile_parsed(vm, &parsed, request)?;
    Ok(interp::code::new_code(vm, ranged(code)).into_object())
}

/// Warns of what the parser found doubtful. What the filters make an error is a syntax error.
pub(crate) fn warn_all(vm: &mut Vm, warnings: &[parser::Warning], filename: &str) -> PyResult<()> {
    for warning in warnings {
        let line = warning.location.line;
        if let Err(raised) = warn(vm, &warning.message, filename, line.max(0) as u32) {
            let caught = vm.catch_if(raised, &exception::SYNTAX_WARNING)?;
            drop(caught);
            let error = SyntaxError {
                message: warning.error_message.clone(),
                location: Some(place_of_error(warning)),
                text: warning.text.clone(),
                ..SyntaxError::BLANK
            };
            return Err(raise_syntax_error(vm, &error, filename));
        }
    }
    Ok(())
}

/// Where the error is that a warning becomes: of an escape sequence, the backslash and what follows.
fn place_of_error(warning: &parser::Warning) -> parser::ErrorLocation {
    let location = warning.location;
    if warning.error_message.contains(" escape sequence") {
        return parser::ErrorLocation { end: Some((location.line, location.column + 2)), ..location };
    }
    location
}

/// Compiles a tree of the `ast` module.
fn compile_tree(vm: &mut Vm, tree: object::Ref<'_>, request: &Request<'_>) -> PyResult {
    use crate::ast_bridge::{Built, from_object};
    let expected = match request.mode {
        Mode::Exec => "Module",
        Mode::Eval => "Expression",
        Mode::Single => "Interactive",
        Mode::FunctionType => "FunctionType",
    };
    let built = from_object(vm, tree, expected)?;
    if request.flags & flag::ONLY_AST != 0 {
        return Ok(tree.to_owned());
    }
    let code = match &built {
        Built::Module(module, text) => with_options(vm, request, |options| compiler::compile_module(module, text, options)),
        Built::Interactive(module, text) => with_options(vm, request, |options| compiler::compile_interactive(module, text, options)),
        Built::Expression(expression, text) => with_options(vm, request, |options| compiler::compile_expression(expression, text, options)),
    }?;
    Ok(interp::code::new_code(vm, ranged(code)).into_object())
}

fn warn(vm: &mut Vm, message: &str, filename: &str, line: u32) -> PyResult<()> {
    stdlib::warnings::warn_explicit_at(vm, &exception::SYNTAX_WARNING, message, filename, line)
}

/// Compiles a parsed program; warnings go through the filters.
pub(crate) fn compile_parsed(vm: &mut Vm, parsed: &Parsed, request: &Request<'_>) -> PyResult<bytecode::Code> {
    match parsed.tree() {
        Tree::Module(module) => with_options(vm, request, |options| compiler::compile_module(module, &parsed.source, options)),
        Tree::Interactive(module) => with_options(vm, request, |options| compiler::compile_interactive(module, &parsed.source, options)),
        Tree::Expression(expression) => with_options(vm, request, |options| compiler::compile_expression(expression, &parsed.source, options)),
        Tree::FunctionType { .. } => Err(vm.value_error("a function type cannot be compiled")),
    }
}

/// Calls the compiler with the request's options, and raises what it complains of.
pub(crate) fn with_options<T>(
    vm: &mut Vm,
    request: &Request<'_>,
    compile: impl FnOnce(&compiler::Options<'_>) -> Result<T, CompileError>,
) -> PyResult<T> {
    let optimize = if request.optimize < 0 { OPTIMIZE.load(Ordering::Relaxed) } else { i64::from(request.optimize) };
    let max_int_digits = object::int::max_str_digits();
    // The compiler calls back while it runs; the filters may run Python.
    let state = RefCell::new((vm, None::<Raised>));
    let on_warning = |warning: compiler::Warning| {
        let mut state = state.borrow_mut();
        let (vm, raised) = &mut *state;
        match warn(vm, &warning.message, request.filename, warning.line) {
            Ok(()) => WarningAction::Continue,
            Err(error) => {
                if vm.raised().is_some_and(|error| error.is_instance_of(&exception::SYNTAX_WARNING)) {
                    vm.catch(error);
                } else {
                    *raised = Some(error);
                }
                WarningAction::Raise
            }
        }
    };
    let options = compiler::Options {
        filename: request.filename,
        optimize: optimize.clamp(0, 2) as u8,
        flags: request.flags & flag::FUTURE_MASK,
        top_level_await: request.flags & flag::ALLOW_TOP_LEVEL_AWAIT != 0,
        max_int_digits,
        warn: Some(&on_warning),
    };
    let result = compile(&options);
    let (vm, raised) = state.into_inner();
    if let Some(raised) = raised {
        return Err(raised);
    }
    result.map_err(|error| raise_compile_error(vm, &error, request.filename))
}

fn number(value: i32) -> Object {
    Object::small_int(i64::from(value))
}

fn class_of(kind: ErrorKind) -> &'static Type {
    match kind {
        ErrorKind::SyntaxError => &exception::SYNTAX_ERROR,
        ErrorKind::IndentationError => &exception::INDENTATION_ERROR,
        ErrorKind::TabError => &exception::TAB_ERROR,
        ErrorKind::IncompleteInput => &exception::INCOMPLETE_INPUT_ERROR,
        ErrorKind::MemoryError => &exception::MEMORY_ERROR,
        ErrorKind::RecursionError => &exception::RECURSION_ERROR,
    }
}

/// Raises what the parser found.
pub(crate) fn raise_syntax_error(vm: &mut Vm, error: &SyntaxError, filename: &str) -> Raised {
    let class = class_of(error.kind);
    if matches!(error.kind, ErrorKind::MemoryError | ErrorKind::RecursionError) {
        return vm.raise(class, &error.message);
    }
    let Some(location) = error.location else { return vm.raise(class, &error.message) };
    let message = vm.new_str(&error.message).into_object();
    let file = stdlib::os_support::fs_decode(vm, filename.as_bytes());
    let filename = if error.has_no_file { Object::none() } else { file.clone() };
    let text = match &error.text {
        Some(text) => vm.new_str(text).into_object(),
        None => Object::none(),
    };
    let mut details = vec![filename, number(location.line), number(location.column), text];
    if let Some((line, column)) = location.end {
        details.extend([number(line), number(column)]);
    }
    let raised = raise_with_details(vm, class, message, details);
    if error.has_no_file {
        // The exception gets to know afterwards.
        let exception = vm.catch(raised);
        exception::set_field(vm, exception.borrow(), "filename", Some(file));
        return vm.reraise(exception);
    }
    if let Some(source) = &error.source {
        // What `traceback` looks for misspelt keywords in.
        let exception = vm.catch(raised);
        let source = vm.new_str(source).into_object();
        let metadata = vm.new_tuple([number(0), number(0), source]).into_object();
        exception::set_field(vm, exception.borrow(), "_metadata", Some(metadata));
        return vm.reraise(exception);
    }
    raised
}

fn raise_with_details(vm: &mut Vm, class: &'static Type, message: Object, details: Vec<Object>) -> Raised {
    let details = vm.new_tuple(details).into_object();
    match vm.call(class.object(), &[message.borrow(), details.borrow()]) {
        Ok(error) => vm.raise_object(error),
        Err(raised) => raised,
    }
}

/// A line of the file that was compiled, if there is such a file.
fn line_of_file(filename: &str, line: u32) -> Option<String> {
    let contents = std::fs::read(filename).ok()?;
    let text = parser::decode(parser::Source::Bytes(&contents)).ok()?;
    text.split_inclusive('\n').nth((line as usize).checked_sub(1)?).map(str::to_owned)
}

/// Raises what the compiler found. It knows no source: columns count bytes, and the line to show comes from the file.
fn raise_compile_error(vm: &mut Vm, error: &CompileError, filename: &str) -> Raised {
    match error.kind {
        compiler::ErrorKind::Recursion => return vm.raise(&exception::RECURSION_ERROR, &error.message),
        compiler::ErrorKind::Overflow => return vm.raise(&exception::OVERFLOW_ERROR, &error.message),
        compiler::ErrorKind::Syntax => {}
    }
    let message = vm.new_str(&error.message).into_object();
    let text = match line_of_file(filename, error.line) {
        Some(text) => vm.new_str(&text).into_object(),
        None => Object::none(),
    };
    let filename = stdlib::os_support::fs_decode(vm, filename.as_bytes());
    let (column, end_column) = (error.column as i32, error.end_column as i32);
    let details = vec![filename, number(error.line as i32), number(column), text, number(error.end_line as i32), number(end_column)];
    raise_with_details(vm, &exception::SYNTAX_ERROR, message, details)
}
