//! The command line and the environment, read the way CPython reads them.

use runtime::Configuration;
use std::env;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

/// What to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    Command(OsString),
    Module(String),
    Script(OsString),
    Stdin,
    Version {
        verbose: bool,
    },
    Help,
    /// The arguments are wrong: a message, and exit status 2.
    Misuse(String),
    /// An option or a variable has a value that nothing can start with.
    Refusal {
        message: String,
        state: &'static str,
    },
}

/// A stage of compilation to print.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dump {
    pub stages: Vec<String>,
    /// `module:qualname`
    pub only: Option<String>,
}

/// Everything the command line said.
#[derive(Debug)]
pub struct Command {
    pub action: Action,
    pub configuration: Configuration,
    pub skip_first_line: bool,
    pub dump: Option<Dump>,
}

pub const USAGE: &str = "usage: scoria [option] ... [-c cmd | -m mod | file | -] [arg] ...";

const OPTIONS: &str = "\
Options (and corresponding environment variables):
-b     : issue warnings about converting bytes/bytearray to str and comparing
         bytes/bytearray with str or bytes with int
-bb    : issue errors
-B     : don't write .pyc files on import; also PYTHONDONTWRITEBYTECODE=x
-c cmd : program passed in as string (terminates option list)
-d     : turn on parser debugging output
-E     : ignore PYTHON* environment variables (such as PYTHONPATH)
-h     : print this help message and exit (also -? or --help)
-i     : inspect interactively after running script; also PYTHONINSPECT=x
-I     : isolate Python from the user's environment (implies -E, -P and -s)
-m mod : run library module as a script (terminates option list)
-O     : remove assert and __debug__-dependent statements; also PYTHONOPTIMIZE=x
-OO    : do -O changes and also discard docstrings
-P     : don't prepend a potentially unsafe path to sys.path; also PYTHONSAFEPATH
-q     : don't print version and copyright messages on interactive startup
-s     : don't add user site directory to sys.path; also PYTHONNOUSERSITE=x
-S     : don't imply 'import site' on initialization
-u     : force the stdout and stderr streams to be unbuffered; also PYTHONUNBUFFERED=x
-v     : verbose (trace import statements); also PYTHONVERBOSE=x
-V     : print the Python version number and exit (also --version)
-W arg : warning control; arg is action:message:category:module:lineno
         also PYTHONWARNINGS=arg
-x     : skip first line of source, allowing use of non-Unix forms of #!cmd
-X opt : set implementation-specific option; -X jit-help lists those of the JIT
--dump=STAGES         : print tokens, ast, symbols or bytecode instead of running; shadowcode: run, then print
                        what hot code has become; hir, lir, lir:allocated, asm, deopt, timing, hir:initial,
                        hir:PASS, hir:passes: run, then print what functions were compiled to
--dump-only=MOD:NAME  : only for functions like this; * stands for anything
--stdlib DIR          : use another 3.14 Lib/ than the one inside the program

Arguments:
file   : program read from script file
-      : program read from stdin (default; interactive mode if a tty)
arg ...: arguments passed to program in sys.argv[1:]
";

/// The text of `--help`.
pub fn help() -> String {
    format!("{USAGE}\n{OPTIONS}")
}

/// What an option says. Only programs, paths and the program's own arguments may be other than UTF-8.
fn text(argument: OsString) -> String {
    String::from_utf8(argument.into_vec()).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// A variable of the environment that is set and not empty.
fn variable(name: &str) -> Option<String> {
    env::var_os(name).filter(|value| !value.is_empty()).map(text)
}

/// Reads a process's arguments, the program's own name first, and the environment.
pub fn parse(arguments: impl Iterator<Item = OsString>) -> Command {
    let all: Vec<OsString> = arguments.collect();
    let mut configuration = Configuration { int_max_str_digits: 4300, original_arguments: all.clone(), ..Configuration::default() };
    let mut rest = all.iter().skip(1).cloned().collect::<std::collections::VecDeque<OsString>>();
    let mut command = Command { action: Action::Stdin, configuration: Configuration::default(), skip_first_line: false, dump: None };
    let mut warnings = Vec::new();
    let (mut versions, mut randomizes) = (0, false);
    let mut refusal = None;
    let action = loop {
        let Some(given) = rest.front().cloned() else { break Action::Stdin };
        let argument = text(given.clone());
        if argument == "-" {
            break Action::Stdin;
        }
        if !argument.starts_with('-') {
            break Action::Script(given);
        }
        rest.pop_front();
        if let Some(long) = argument.strip_prefix("--") {
            match long_option(long, &mut rest, &mut configuration, &mut command.dump) {
                Ok(Some(action)) => break action,
                Ok(None) => continue,
                Err(message) => break Action::Misuse(message),
            }
        }
        let mut letters = argument[1..].chars();
        let mut chosen = None;
        while let Some(letter) = letters.next() {
            if matches!(letter, 'c' | 'm' | 'W' | 'X') {
                let attached: String = letters.by_ref().collect();
                // What is attached to the letter, in the bytes it was given.
                let attached = (!attached.is_empty()).then(|| {
                    let bytes = given.as_bytes();
                    let start = bytes.iter().position(|&byte| byte == letter as u8).map_or(0, |at| at + 1);
                    OsStr::from_bytes(&bytes[start..]).to_owned()
                });
                let Some(value) = attached.or_else(|| rest.pop_front()) else {
                    chosen = Some(Action::Misuse(format!("Argument expected for the -{letter} option")));
                    break;
                };
                match letter {
                    'c' => {
                        let mut program = value;
                        program.push("\n");
                        chosen = Some(Action::Command(program));
                    }
                    'm' => chosen = Some(Action::Module(text(value))),
                    'W' => warnings.push(text(value)),
                    _ => {
                        if let Err(why) = x_option(&mut configuration, &text(value)) {
                            refusal.get_or_insert(why);
                        }
                    }
                }
                break;
            }
            match letter {
                'b' => configuration.bytes_warning += 1,
                'B' => configuration.dont_write_bytecode = true,
                'd' => configuration.debug += 1,
                'E' => configuration.ignore_environment = true,
                'h' | '?' => chosen = Some(Action::Help),
                'i' => (configuration.inspect, configuration.interactive) = (true, true),
                'I' => {
                    configuration.isolated = true;
                    configuration.ignore_environment = true;
                    configuration.no_user_site = true;
                    configuration.safe_path = true;
                }
                'O' => configuration.optimize += 1,
                'P' => configuration.safe_path = true,
                'q' => configuration.quiet = true,
                'R' => randomizes = true,
                's' => configuration.no_user_site = true,
                'S' => configuration.no_site = true,
                't' => {}
                'u' => configuration.unbuffered = true,
                'v' => configuration.verbose += 1,
                'V' => versions += 1,
                'x' => command.skip_first_line = true,
                _ => chosen = Some(Action::Misuse(format!("Unknown option: -{letter}"))),
            }
            if chosen.is_some() {
                break;
            }
        }
        if let Some(action) = chosen {
            break action;
        }
    };
    let action = if versions > 0 { Action::Version { verbose: versions > 1 } } else { action };
    if let Err(why) = environment(&mut configuration, &mut warnings) {
        refusal.get_or_insert(why);
    }
    if randomizes {
        configuration.hash_seed = None;
    }
    let runs = !matches!(action, Action::Version { .. } | Action::Help | Action::Misuse(_));
    let action = if runs { refusal.unwrap_or(action) } else { action };
    configuration.warn_options = warnings;
    configuration.arguments = match &action {
        Action::Command(_) => vec!["-c".into()],
        Action::Module(_) => vec!["-m".into()],
        Action::Stdin if rest.is_empty() => vec![OsString::new()],
        _ => Vec::new(),
    };
    configuration.arguments.extend(rest);
    command.action = action;
    command.configuration = configuration;
    command
}

fn long_option(
    option: &str,
    rest: &mut std::collections::VecDeque<OsString>,
    configuration: &mut Configuration,
    dump: &mut Option<Dump>,
) -> Result<Option<Action>, String> {
    let (name, value) = option.split_once('=').map_or((option, None), |(name, value)| (name, Some(value.to_owned())));
    match name {
        "help" | "help-all" => Ok(Some(Action::Help)),
        "version" => Ok(Some(Action::Version { verbose: false })),
        "check-hash-based-pycs" => {
            let Some(mode) = value.or_else(|| rest.pop_front().map(text)) else {
                return Err("Argument expected for the --check-hash-based-pycs options".into());
            };
            if matches!(mode.as_str(), "always" | "never" | "default") {
                Ok(None)
            } else {
                Err("--check-hash-based-pycs must be one of 'default', 'always', or 'never'".into())
            }
        }
        "stdlib" => {
            configuration.library = Some(value.or_else(|| rest.pop_front().map(text)).ok_or("Argument expected for the --stdlib option")?);
            Ok(None)
        }
        "dump" => {
            let stages: Vec<String> = value.unwrap_or_default().split(',').map(str::to_owned).collect();
            if let Some(unknown) = stages.iter().find(|stage| !crate::dump::is_stage(stage)) {
                return Err(format!("unknown stage to dump: '{unknown}'"));
            }
            let only = dump.take().and_then(|dump| dump.only);
            *dump = Some(Dump { stages, only });
            Ok(None)
        }
        "dump-only" => {
            let stages = dump.take().map_or_else(|| vec!["bytecode".into()], |dump| dump.stages);
            *dump = Some(Dump { stages, only: value });
            Ok(None)
        }
        _ => Err(format!("Unknown option: --{option}")),
    }
}

/// `-X name` or `-X name=value`
fn x_option(configuration: &mut Configuration, option: &str) -> Result<(), Action> {
    let (name, value) = option.split_once('=').map_or((option, None), |(name, value)| (name, Some(value.to_owned())));
    match name {
        "dev" => configuration.dev_mode = true,
        "utf8" => match value.as_deref() {
            None | Some("1") => utf8_mode(configuration, true),
            Some("0") => utf8_mode(configuration, false),
            Some(_) => return Err(refusal("preconfig_init_utf8_mode: invalid -X utf8 option value", "preinitializing")),
        },
        "frozen_modules" if !matches!(value.as_deref(), None | Some("" | "on" | "off")) => {
            return Err(refusal("bad value for option -X frozen_modules (expected \"on\" or \"off\")", "preinitialized"));
        }
        "warn_default_encoding" => configuration.warn_default_encoding = true,
        "int_max_str_digits" => {
            configuration.int_max_str_digits = max_str_digits("-X int_max_str_digits", value.as_deref().unwrap_or_default())?;
        }
        "pycache_prefix" => configuration.pycache_prefix = value.clone().filter(|value| !value.is_empty()),
        "cpu_count" => configuration.cpu_count = cpu_count(value.as_deref())?,
        "importtime" => {
            let message = "config_init_import_time: -X importtime: values other than 1 and 2 are reserved for future use.";
            let level = value.as_deref().filter(|value| !value.is_empty()).map_or(Some(1), import_time);
            configuration.import_time = level.ok_or_else(|| refusal(message, "preinitialized"))?;
        }
        _ => {}
    }
    configuration.x_options.push((name.to_owned(), value));
    Ok(())
}

/// What the options of the JIT say, and names of options that nobody knows.
pub fn jit_settings(configuration: &Configuration) -> Result<(runtime::jit_options::Settings, Vec<&str>), String> {
    let environment = |name: &str| if configuration.ignore_environment { None } else { variable(name) };
    let settings = runtime::jit_options::parse(&configuration.x_options, &environment)?;
    Ok((settings, runtime::jit_options::unknown(&configuration.x_options)))
}

fn has_x_option(configuration: &Configuration, name: &str) -> bool {
    configuration.x_options.iter().any(|(option, _)| option == name)
}

/// `None`: as many as there are.
fn cpu_count(value: Option<&str>) -> Result<Option<i64>, Action> {
    let message = "config_init_cpu_count: -X cpu_count=n option: n is missing or an invalid number, n must be greater than 0";
    match value {
        Some("default") => Ok(None),
        Some(value) => match value.parse::<i32>() {
            Ok(count) if count > 0 => Ok(Some(i64::from(count))),
            _ => Err(refusal(message, "preinitialized")),
        },
        None => Err(refusal(message, "preinitialized")),
    }
}

/// Whether imports are to be timed. What is no number means yes.
fn import_time(value: &str) -> Option<u8> {
    match value.parse::<i64>() {
        Ok(level @ (1 | 2)) => Some(level as u8),
        Ok(0) => Some(0),
        Ok(_) => None,
        Err(_) => Some(1),
    }
}

fn refusal(message: &str, state: &'static str) -> Action {
    Action::Refusal { message: message.to_owned(), state }
}

/// The most digits that an int may have in decimal text: none are few enough to keep programs from working.
fn max_str_digits(origin: &str, value: &str) -> Result<i64, Action> {
    let digits = value.parse::<i32>().ok().filter(|&digits| digits == 0 || digits >= 640);
    let message = || format!("config_init_int_max_str_digits: {origin}: invalid limit; must be >= 640 or 0 for unlimited.");
    digits.map(i64::from).ok_or_else(|| refusal(&message(), "preinitialized"))
}

fn hash_seed(value: &str) -> Result<u32, Action> {
    let message = "config_init_hash_seed: PYTHONHASHSEED must be \"random\" or an integer in range [0; 4294967295]";
    value.parse().map_err(|_| refusal(message, "preinitialized"))
}

fn utf8_mode(configuration: &mut Configuration, on: bool) {
    configuration.utf8_mode = on;
    if on {
        configuration.lenient_streams = true;
    }
}

/// What the locale's name says of the standard streams. In the `C` locale, and in what takes its place, they let bytes
/// that are no text pass; in `C` and `POSIX`, UTF-8 mode is on too.
fn locale(configuration: &mut Configuration) {
    let name = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(variable).unwrap_or_default();
    let plain = matches!(name.as_str(), "" | "C" | "POSIX");
    configuration.lenient_streams |= plain || matches!(name.as_str(), "C.UTF-8" | "C.utf8" | "UTF-8");
    if plain && !configuration.x_options.iter().any(|(name, _)| name == "utf8") {
        configuration.utf8_mode = true;
    }
}

/// `PYTHON*` variables.
fn environment(configuration: &mut Configuration, warnings: &mut Vec<String>) -> Result<(), Action> {
    configuration.hash_seed = None;
    locale(configuration);
    if configuration.ignore_environment {
        return Ok(());
    }
    // Whatever is no number is 1.
    let number = |name: &str| variable(name).map(|value| value.trim_start().parse::<i64>().ok().filter(|&value| value >= 0).unwrap_or(1));
    let flag = |name: &str| number(name).is_some_and(|value| value > 0);
    configuration.optimize = configuration.optimize.max(number("PYTHONOPTIMIZE").unwrap_or(0));
    configuration.verbose = configuration.verbose.max(number("PYTHONVERBOSE").unwrap_or(0));
    configuration.debug = configuration.debug.max(i64::from(flag("PYTHONDEBUG")));
    configuration.dont_write_bytecode |= flag("PYTHONDONTWRITEBYTECODE");
    configuration.no_user_site |= flag("PYTHONNOUSERSITE");
    configuration.unbuffered |= flag("PYTHONUNBUFFERED");
    configuration.inspect |= variable("PYTHONINSPECT").is_some();
    configuration.safe_path |= variable("PYTHONSAFEPATH").is_some();
    configuration.dev_mode |= variable("PYTHONDEVMODE").is_some();
    if let Some(value) = variable("PYTHONUTF8")
        && !configuration.x_options.iter().any(|(name, _)| name == "utf8")
    {
        if !matches!(value.as_str(), "0" | "1") {
            return Err(refusal("preconfig_init_utf8_mode: invalid PYTHONUTF8 environment variable value", "preinitializing"));
        }
        utf8_mode(configuration, value == "1");
    }
    configuration.warn_default_encoding |= variable("PYTHONWARNDEFAULTENCODING").is_some();
    configuration.io_encoding = variable("PYTHONIOENCODING");
    if let Some(count) = variable("PYTHON_CPU_COUNT")
        && !has_x_option(configuration, "cpu_count")
    {
        configuration.cpu_count = cpu_count(Some(&count))?;
    }
    if let Some(level) = variable("PYTHONPROFILEIMPORTTIME")
        && !has_x_option(configuration, "importtime")
    {
        configuration.import_time = import_time(&level).ok_or_else(|| {
            refusal(
                "config_init_import_time: PYTHONPROFILEIMPORTTIME: numeric values other than 1 and 2 are reserved for future use.",
                "preinitialized",
            )
        })?;
    }
    if !has_x_option(configuration, "pycache_prefix") {
        configuration.pycache_prefix = variable("PYTHONPYCACHEPREFIX");
    }
    if let Some(value) = variable("PYTHONINTMAXSTRDIGITS") {
        let digits = max_str_digits("PYTHONINTMAXSTRDIGITS", &value)?;
        // The option has precedence.
        if !configuration.x_options.iter().any(|(name, _)| name == "int_max_str_digits") {
            configuration.int_max_str_digits = digits;
        }
    }
    if let Some(seed) = variable("PYTHONHASHSEED").filter(|seed| seed != "random") {
        configuration.hash_seed = Some(hash_seed(&seed)?);
    }
    if let Some(path) = variable("PYTHONPATH") {
        configuration.search_path.extend(path.split(':').map(crate::home::absolute));
    }
    configuration.home = variable("PYTHONHOME");
    if let Some(filters) = variable("PYTHONWARNINGS") {
        let given = std::mem::take(warnings);
        warnings.extend(filters.split(',').map(str::to_owned));
        warnings.extend(given);
    }
    if configuration.bytes_warning > 0 {
        let action = if configuration.bytes_warning > 1 { "error" } else { "default" };
        warnings.push(format!("{action}::BytesWarning"));
    }
    if configuration.dev_mode {
        warnings.insert(0, "default".into());
    }
    Ok(())
}
