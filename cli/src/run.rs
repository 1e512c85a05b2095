//! Running what the command line asks for, and turning the outcome into an exit status.

use crate::arguments::{self, Action, Command};
use crate::{closed_streams, home};
use object::exception;
use object::{Object, Raised, Ref, Vm, int};
use runtime::{Opening, Runtime, uncaught};
use std::io::{IsTerminal, Read, Write};
use std::process::ExitCode;

/// The program on its own thread.
pub fn main() -> ExitCode {
    let mut command = arguments::parse(std::env::args_os());
    match &command.action {
        Action::Version { verbose } => {
            // Nobody may be there to read it; that is no failure.
            let _ = writeln!(std::io::stdout(), "Python 3.14.0{}", if *verbose { " (scoria)" } else { "" });
            return ExitCode::SUCCESS;
        }
        Action::Help => {
            let _ = write!(std::io::stdout(), "{}", arguments::help());
            return ExitCode::SUCCESS;
        }
        Action::Misuse(message) => {
            let _ = writeln!(std::io::stderr(), "{message}\n{}\nTry `python -h' for more information.", arguments::USAGE);
            return ExitCode::from(2);
        }
        Action::Refusal { message, state } => {
            let _ = writeln!(std::io::stderr(), "Fatal Python error: {message}\nPython runtime state: {state}\n");
            return ExitCode::FAILURE;
        }
        Action::Command(_) | Action::Module(_) | Action::Script(_) | Action::Stdin => {}
    }
    let dump = command.dump.take();
    if let Some(dump) = dump.as_ref().filter(|dump| !dump.wants_shadowcode() && dump.compiler_stages().is_empty()) {
        return crate::dump::run(&command, dump);
    }
    if let Some(dump) = dump.as_ref().filter(|dump| !dump.compiler_stages().is_empty()) {
        Runtime::record_compiled_code(dump.compiler_stages(), dump.only.as_deref());
    }
    if let Err(end) = configure_jit(&command, dump.as_ref().is_some_and(|dump| !dump.compiler_stages().is_empty())) {
        return end;
    }
    home::locate(&mut command.configuration);
    if let Err(message) = home::check(&command.configuration) {
        let _ = write!(std::io::stderr(), "{message}");
        return ExitCode::FAILURE;
    }
    command.configuration.closed_streams = closed_streams::at_start();
    let mut runtime = match Runtime::start(&command.configuration) {
        Ok(runtime) => runtime,
        Err(message) => {
            eprintln!("Fatal Python error: init_import_site: Failed to start\n{message}");
            return ExitCode::FAILURE;
        }
    };
    if dump.as_ref().is_some_and(crate::arguments::Dump::wants_shadowcode) {
        runtime.record_shadowcode();
    }
    let outcome = run(&mut runtime, &command);
    if let Some(dump) = &dump {
        let only = dump.only_name();
        // Whoever reads may stop reading.
        let text = if dump.wants_shadowcode() { runtime.shadowcode(only) } else { runtime.compiled_code() };
        let _ = std::io::stdout().write_all(text.as_bytes());
    }
    // What is typed ends the process when it says so.
    let looks = command.configuration.inspect && !(matches!(command.action, Action::Stdin) && prompts(&command));
    let mut end = match outcome {
        Ok(()) => end_of_prompt(),
        Err(()) => report(&mut runtime.vm, if looks { Exit::IsShown } else { Exit::Ends }),
    };
    if inspects(&mut runtime, &command) {
        let outcome = runtime.run_interactive(&command.configuration, Opening::AfterProgram);
        end = match outcome {
            Ok(()) => end_of_prompt(),
            Err(raised) => {
                keep(&mut runtime.vm, raised);
                report(&mut runtime.vm, Exit::Ends)
            }
        };
    }
    let clean = runtime.finish();
    let status = match end {
        _ if !clean => 120,
        End::Status(status) => status,
        End::Interrupt => {
            // Whoever started the program sees that a signal ended it.
            let _ = stdlib::signal::handler::end_by(2);
            130
        }
    };
    // What is left is freed by the system; destructors of a dying process would only take time.
    std::process::exit(status)
}

/// Puts the options of the JIT into force. The error is the exit status, if the program is not to run.
fn configure_jit(command: &Command, is_dumped: bool) -> Result<(), ExitCode> {
    let refuse = |message: String| {
        let _ = writeln!(std::io::stderr(), "Fatal Python error: config_init_jit: {message}\nPython runtime state: preinitialized\n");
        ExitCode::FAILURE
    };
    let (mut settings, unknown) = arguments::jit_settings(&command.configuration).map_err(refuse)?;
    if settings.help {
        let _ = write!(std::io::stdout(), "{}", runtime::jit_options::help());
        return Err(ExitCode::SUCCESS);
    }
    for name in unknown {
        let _ = writeln!(std::io::stderr(), "scoria: no such option: -X {name} (-X jit-help lists them)");
    }
    if is_dumped && settings.mode() == runtime::jit_options::Mode::Default {
        settings.compile_all = true;
    }
    Runtime::configure_jit(settings).map_err(refuse)
}

/// How the program ends.
enum End {
    Status(i32),
    /// By an interrupt from the keyboard that nobody caught.
    Interrupt,
}

/// What `SystemExit` does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Exit {
    /// It ends the process.
    Ends,
    /// It is shown like any exception: the program is to be looked at.
    IsShown,
}

/// How the program ends when no more is typed.
fn end_of_prompt() -> End {
    if uncaught::was_interrupted() { End::Interrupt } else { End::Status(0) }
}

/// Whether to prompt for more when the program has ended: as asked for, or by `PYTHONINSPECT` set by the program.
fn inspects(runtime: &mut Runtime, command: &Command) -> bool {
    if !prompts(command) || matches!(command.action, Action::Stdin) {
        return false;
    }
    command.configuration.inspect || (!command.configuration.ignore_environment && runtime.environment_has("PYTHONINSPECT"))
}

/// Whether there is somebody to prompt.
fn prompts(command: &Command) -> bool {
    std::io::stdin().is_terminal() || command.configuration.interactive
}

/// What comes before a program that is typed, or that may be looked at when it has ended.
fn welcome(runtime: &mut Runtime, command: &Command) {
    let configuration = &command.configuration;
    let has_program = !matches!(command.action, Action::Stdin);
    if !configuration.isolated && prompts(command) && (configuration.inspect || !has_program) {
        runtime.import_readline();
    }
    if !configuration.quiet && (configuration.verbose > 0 || (!has_program && prompts(command))) {
        runtime.greet(configuration);
    }
}

/// Runs the program; an error is on the `Vm`.
fn run(runtime: &mut Runtime, command: &Command) -> Result<(), ()> {
    welcome(runtime, command);
    let namespace = runtime.main_namespace();
    let result = match &command.action {
        Action::Command(text) => {
            prepend_path(runtime, command, "");
            runtime.run_command(text, namespace)
        }
        Action::Script(path) => runtime.run_script(path, namespace, command.skip_first_line, !command.configuration.safe_path),
        Action::Module(name) => {
            if !command.configuration.safe_path {
                let directory = std::env::current_dir().map(|path| path.to_string_lossy().into_owned()).unwrap_or_default();
                runtime.insert_path(&directory);
            }
            runtime.run_module(name)
        }
        _ => {
            prepend_path(runtime, command, "");
            if prompts(command) {
                let outcome = runtime.run_interactive(&command.configuration, Opening::Program);
                outcome.map(|()| Object::none())
            } else {
                let mut source = Vec::new();
                if let Err(error) = std::io::stdin().read_to_end(&mut source) {
                    eprintln!("scoria: cannot read standard input: {error}");
                    std::process::exit(1);
                }
                runtime.run_source(&source, "<stdin>", namespace)
            }
        }
    };
    result.map(drop).map_err(|raised| keep(&mut runtime.vm, raised))
}

/// Leaves an error on the `Vm`.
fn keep(vm: &mut Vm, raised: Raised) {
    let error = vm.catch(raised);
    let _ = vm.reraise(error);
}

fn prepend_path(runtime: &mut Runtime, command: &Command, path: &str) {
    if !command.configuration.safe_path {
        runtime.insert_path(path);
    }
}

/// Shows the exception that ended the program; returns the exit status.
fn report(vm: &mut Vm, exit: Exit) -> End {
    let Some(error) = vm.take_raised() else { return End::Status(1) };
    if exit == Exit::Ends && error.borrow().is_instance_of(&exception::SYSTEM_EXIT) {
        return End::Status(exit_status(vm, error.borrow()));
    }
    match uncaught::show(vm, error) {
        Some(exit) => End::Status(exit_status(vm, exit.borrow())),
        None if uncaught::was_interrupted() => End::Interrupt,
        None => End::Status(1),
    }
}

/// The status of a `SystemExit`: its code, or 1 after printing what is no number.
fn exit_status(vm: &mut Vm, error: Ref<'_>) -> i32 {
    let code = exception::field(error, "code").unwrap_or(Object::none());
    if code.borrow().is_none() {
        return 0;
    }
    match int::to_i64(code.borrow()) {
        Some(Some(status)) => (status & 0xff) as i32,
        Some(None) => 255,
        None => {
            if let Some(stdout) = stdlib::sys_module::attribute(vm, "stdout").filter(|stdout| !stdout.borrow().is_none())
                && vm.call_method(stdout.borrow(), "flush", &[]).is_err()
            {
                drop(vm.take_raised());
            }
            let text = vm.str_text(code.borrow()).unwrap_or_default();
            stdlib::sys_module::write_stderr(vm, &format!("{text}\n"));
            1
        }
    }
}
