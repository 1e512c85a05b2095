//! `--dump`: what Scoria makes of a program at each stage, as text, instead of running it.

use crate::arguments::{Action, Command, Dump};
use bytecode::{Code, Constant};
use parser::{Mode, Parsed};
use std::fmt::Write as _;
use std::io::{Read, Write as _};
use std::process::ExitCode;

/// A stage of compilation and what prints it.
type Stage = (&'static str, fn(&Program<'_>) -> Result<String, String>);

/// All stages, in the order in which a program goes through them.
const STAGES: &[Stage] = &[("tokens", tokens), ("ast", ast), ("symbols", symbols), ("bytecode", code)];

struct Program<'a> {
    parsed: Parsed,
    options: compiler::Options<'a>,
    /// The qualified name of the only function wanted.
    only: Option<&'a str>,
}

/// Whether there is a stage of this name.
pub fn is_stage(name: &str) -> bool {
    name == SHADOWCODE || runtime::Runtime::is_compiler_stage(name) || STAGES.iter().any(|(stage, _)| *stage == name)
}

/// What the program's hot code has become; for this, the program runs.
const SHADOWCODE: &str = "shadowcode";

impl Dump {
    pub fn wants_shadowcode(&self) -> bool {
        self.stages.iter().any(|stage| stage == SHADOWCODE)
    }

    /// Stages of the JIT's compiler, for which the program runs too.
    pub fn compiler_stages(&self) -> Vec<String> {
        self.stages.iter().filter(|stage| runtime::Runtime::is_compiler_stage(stage)).cloned().collect()
    }

    /// The qualified name of the only function wanted. The module's name in front of the colon is for the reader: there is one module.
    pub fn only_name(&self) -> Option<&str> {
        self.only.as_deref().map(|only| only.split_once(':').map_or(only, |(_, name)| name))
    }
}

/// Prints the stages the command asks for.
pub fn run(command: &Command, dump: &Dump) -> ExitCode {
    match text(command, dump) {
        // Whoever reads may stop reading.
        Ok(text) => drop(std::io::stdout().write_all(text.as_bytes())),
        Err(message) => {
            eprintln!("{message}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn text(command: &Command, dump: &Dump) -> Result<String, String> {
    let (filename, source) = source(&command.action)?;
    let at = |error: &dyn std::fmt::Display| format!("{filename}: {error}");
    let parsed = parser::parse(source.as_slice(), Mode::Module, &parser::Options::default()).map_err(|error| at(&error))?;
    let optimize = command.configuration.optimize.clamp(0, 2) as u8;
    let options = compiler::Options { optimize, ..compiler::Options::new(&filename) };
    let only = dump.only_name();
    let program = Program { parsed, options, only };
    let mut out = String::new();
    for (name, print) in STAGES.iter().filter(|(name, _)| dump.stages.iter().any(|stage| stage == name)) {
        if dump.stages.len() > 1 {
            let _ = writeln!(out, "== {name}");
        }
        out.push_str(&print(&program).map_err(|error| at(&error))?);
    }
    Ok(out)
}

/// The program's text and the name it goes by.
fn source(action: &Action) -> Result<(String, Vec<u8>), String> {
    match action {
        Action::Command(text) => Ok(("<string>".into(), text.clone().into_encoded_bytes())),
        Action::Script(path) => {
            std::fs::read(path).map(|source| (path.to_string_lossy().into_owned(), source)).map_err(|error| format!("{}: {error}", path.display()))
        }
        Action::Stdin => {
            let mut source = Vec::new();
            std::io::stdin().read_to_end(&mut source).map_err(|error| format!("<stdin>: {error}"))?;
            Ok(("<stdin>".into(), source))
        }
        Action::Module(_) | Action::Version { .. } | Action::Help | Action::Misuse(_) | Action::Refusal { .. } => {
            Err("--dump wants a file, -c, or -".into())
        }
    }
}

fn tokens(program: &Program<'_>) -> Result<String, String> {
    Ok(parser::tokens(&program.parsed.source))
}

fn ast(program: &Program<'_>) -> Result<String, String> {
    Ok(parser::ast(&program.parsed))
}

fn symbols(program: &Program<'_>) -> Result<String, String> {
    let module = program.parsed.module().expect("the program was parsed as a module");
    let table = compiler::module_symbols(module, &program.parsed.source, &program.options).map_err(|error| error.to_string())?;
    Ok(table.to_string())
}

fn code(program: &Program<'_>) -> Result<String, String> {
    let module = program.parsed.module().expect("the program was parsed as a module");
    let code = compiler::compile_module(module, &program.parsed.source, &program.options).map_err(|error| error.to_string())?;
    match program.only {
        None => Ok(code.to_string()),
        Some(name) => find(&code, name).map(Code::to_string).ok_or_else(|| format!("there is no {name}")),
    }
}

/// The code object of a qualified name, at any depth.
fn find<'a>(code: &'a Code, qualname: &str) -> Option<&'a Code> {
    if code.qualname == qualname {
        return Some(code);
    }
    let nested = code.constants.iter().filter_map(|constant| if let Constant::Code(code) = constant { Some(code) } else { None });
    nested.into_iter().find_map(|code| find(code, qualname))
}
