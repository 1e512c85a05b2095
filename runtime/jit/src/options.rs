//! The options of the JIT, declared once: names of `-X` options and of variables in the environment, defaults, help.
//!
//! Options have the names of Cinder 3.10 (`-X jit-auto`, `PYTHONJITAUTO`) and of CinderX (`-X cinderx-jit-auto`, `CINDERX_JIT_AUTO`). What is given with `-X` wins over
//! the environment; of one option given several times, the last one counts. An option without value is on, `0` is off.
//! Each pass over HIR has a switch of its name, too. [`parse`] reads all; the rest of the crate asks [`get`].

use codegen_x64::Syntax;
use hir::passes::{Pass, Switch};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::{LazyLock, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// What a value of an option is made of.
trait Value: Sized {
    /// How values are written, for the help: empty for switches.
    const FORM: &'static str;
    /// Reads what is behind `=`; `None` if nothing is. The error says what a value is.
    fn read(text: Option<&str>) -> Result<Self, &'static str>;
    fn show(&self) -> String;
}

impl Value for bool {
    const FORM: &'static str = "";

    fn read(text: Option<&str>) -> Result<bool, &'static str> {
        Ok(text != Some("0"))
    }

    fn show(&self) -> String {
        if *self { "on" } else { "off" }.to_owned()
    }
}

impl Value for u32 {
    const FORM: &'static str = "N";

    fn read(text: Option<&str>) -> Result<u32, &'static str> {
        text.and_then(|text| text.trim().parse().ok()).ok_or("a number from 0 to 4294967295")
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl Value for Option<u32> {
    const FORM: &'static str = "N";

    fn read(text: Option<&str>) -> Result<Option<u32>, &'static str> {
        u32::read(text).map(Some)
    }

    fn show(&self) -> String {
        self.as_ref().map_or_else(|| "-".to_owned(), u32::to_string)
    }
}

impl Value for Option<String> {
    const FORM: &'static str = "TEXT";

    fn read(text: Option<&str>) -> Result<Option<String>, &'static str> {
        text.filter(|text| !text.is_empty()).map(|text| Some(text.to_owned())).ok_or("a text")
    }

    fn show(&self) -> String {
        self.as_ref().map_or_else(|| "-".to_owned(), String::clone)
    }
}

/// A number of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size(pub u64);

impl Value for Size {
    const FORM: &'static str = "N[k|m|g]";

    fn read(text: Option<&str>) -> Result<Size, &'static str> {
        let text = text.unwrap_or_default();
        let (digits, shift) = match text.char_indices().last() {
            Some((at, 'k' | 'K')) => (&text[..at], 10),
            Some((at, 'm' | 'M')) => (&text[..at], 20),
            Some((at, 'g' | 'G')) => (&text[..at], 30),
            _ => (text, 0),
        };
        let size = digits.parse::<u64>().ok().and_then(|size| size.checked_mul(1 << shift));
        size.map(Size).ok_or("a number of bytes, with k, m or g behind it for KiB, MiB or GiB")
    }

    fn show(&self) -> String {
        self.0.to_string()
    }
}

impl Value for Syntax {
    const FORM: &'static str = "intel|att";

    fn read(text: Option<&str>) -> Result<Syntax, &'static str> {
        match text {
            Some("intel") => Ok(Syntax::Intel),
            Some("att") => Ok(Syntax::Att),
            _ => Err("'intel' or 'att'"),
        }
    }

    fn show(&self) -> String {
        if *self == Syntax::Intel { "intel" } else { "att" }.to_owned()
    }
}

/// One option, for those who walk the table.
pub struct Row {
    /// The names with `-X`; one with `!` in front says the opposite.
    pub names: &'static [&'static str],
    /// Names in the environment beside those that follow from `names`.
    pub variables: &'static [&'static str],
    pub form: &'static str,
    pub default: fn() -> String,
    pub help: &'static str,
    set: fn(&mut Settings, Option<&str>) -> Result<(), &'static str>,
    is_switch: bool,
}

/// Rows: `field: Type = default, [names] [variables], help;`
macro_rules! define_options {
    ($( $field:ident: $Type:ty = $default:expr, [$($name:literal)+] [$($variable:literal)*], $help:literal; )*) => {
        /// What the options say.
        #[derive(Clone, Debug)]
        pub struct Settings {
            $( #[doc = $help] pub $field: $Type, )*
            /// Passes that are switched on and off beside the default ones.
            pub passes_on: Vec<Pass>,
            pub passes_off: Vec<Pass>,
        }

        impl Default for Settings {
            fn default() -> Settings {
                Settings { $($field: $default,)* passes_on: Vec::new(), passes_off: Vec::new() }
            }
        }

        /// All options but for the switches of passes.
        pub static OPTIONS: &[Row] = &[
            $( Row {
                names: &[$($name),+],
                variables: &[$($variable),*],
                form: <$Type as Value>::FORM,
                default: || { let default: $Type = $default; default.show() },
                help: $help,
                set: |settings, text| { settings.$field = <$Type as Value>::read(text)?; Ok(()) },
                is_switch: <$Type as Value>::FORM.is_empty(),
            }, )*
        ];
    };
}

define_options! {
    compile_all: bool = false, ["jit" "cinderx-jit-all"] [], "compile every function at its first call";
    auto: Option<u32> = None, ["jit-auto" "cinderx-jit-auto"] [], "compile a function after N calls";
    disable: bool = false, ["jit-disable" "cinderx-jit-disable"] [], "never compile; wins over all other options";
    list_file: Option<String> = None, ["jit-list-file" "cinderx-jit-list-file"] [], "compile only the functions that the file lists, at their first call unless -X jit-auto says otherwise";
    list_wildcards: bool = false, ["jit-enable-jit-list-wildcards" "cinderx-jit-enable-jit-list-wildcards"] [], "* stands for any module or qualified name in the list";
    list_lines: bool = false, ["jit-list-match-line-numbers" "cinderx-jit-list-match-line-numbers"] [], "the line of an entry name@file:line must be the function's first";
    list_errors: bool = false, ["jit-list-fail-on-parse-error" "cinderx-jit-list-fail-on-parse-error"] [], "a line of the list that cannot be read ends the program";
    specialized: bool = true, ["jit-specialized-opcodes" "cinderx-jit-specialized-opcodes"] [], "what the interpreter has seen guides the compiler";
    inliner: bool = true, ["jit-enable-hir-inliner" "cinderx-jit-enable-hir-inliner"] [], "put small functions in the place of their calls";
    inliner_cost_limit: u32 = 800, ["jit-hir-inliner-cost-limit" "cinderx-jit-hir-inliner-cost-limit"] [], "bytecode instructions that may be put into one function";
    inliner_depth_limit: u32 = 10, ["jit-hir-inliner-depth-limit" "cinderx-jit-hir-inliner-depth-limit"] [], "calls within calls that are replaced";
    max_code_size: Size = Size(0), ["jit-max-code-size" "cinderx-jit-max-code-size"] [], "stop compiling when there is so much machine code; 0: never";
    max_hir_blocks: u32 = 4000, ["jit-max-hir-blocks" "cinderx-jit-max-hir-blocks"] [], "a function with more blocks of HIR is not compiled";
    max_hir_instrs: u32 = 40000, ["jit-max-hir-instrs" "cinderx-jit-max-hir-instrs"] [], "a function with more instructions of HIR is not compiled";
    max_lir_blocks: u32 = 20000, ["jit-max-lir-blocks" "cinderx-jit-max-lir-blocks"] [], "a function with more blocks of LIR is not compiled";
    max_lir_instrs: u32 = 80000, ["jit-max-lir-instrs" "cinderx-jit-max-lir-instrs"] [], "a function with more instructions of LIR is not compiled";
    debug: bool = false, ["jit-debug" "cinderx-jit-debug"] [], "log what is compiled, what is refused and why";
    log_file: Option<String> = None, ["jit-log-file" "cinderx-jit-log-file"] [], "where logs and the dumps of the following options go; {pid} is the number of the process. Standard error if not given";
    dump_hir: bool = false, ["jit-dump-hir" "cinderx-jit-dump-hir"] [], "log the HIR that functions begin as";
    dump_hir_passes: bool = false, ["jit-dump-hir-passes" "cinderx-jit-dump-hir-passes"] [], "log the HIR behind each pass";
    dump_final_hir: bool = false, ["jit-dump-final-hir" "cinderx-jit-dump-final-hir"] [], "log the HIR that machine code is made from";
    dump_lir: bool = false, ["jit-dump-lir" "cinderx-jit-dump-lir"] [], "log the LIR before and behind the allocation of registers";
    dump_lir_origin: bool = true, ["cinderx-jit-dump-lir-origin" "!jit-dump-lir-no-origin"] [], "say in LIR and machine code which lines and bytecode instructions they come from";
    dump_asm: bool = false, ["jit-dump-asm" "cinderx-jit-dump-asm" "jit-disas-funcs"] [], "log the machine code";
    asm_syntax: Syntax = Syntax::Intel, ["jit-asm-syntax" "cinderx-jit-asm-syntax"] [], "how machine code is written";
    symbolize: bool = true, ["cinderx-jit-symbolize" "!jit-no-symbolize"] [], "show names in the place of addresses";
    dump_compiled_functions: Option<String> = None, ["jit-dump-compiled-functions" "cinderx-jit-dump-compiled-functions"] [], "write the names of compiled functions to the file at the end";
    dump_stats: bool = false, ["jit-dump-stats" "cinderx-jit-dump-stats"] [], "log at the end how often compiled code was left, where and why";
    dump_hir_stats: bool = false, ["jit-dump-hir-stats" "cinderx-jit-dump-hir-stats"] [], "log the number of HIR instructions of each kind";
    inline_cache_stats: bool = false, ["jit-enable-inline-cache-stats-collection" "cinderx-jit-enable-inline-cache-stats-collection"] ["CINDERX_JIT_ENABLE_INLINE_CACHE_STATS"], "count the misses of caches";
    time: Option<String> = None, ["jit-time" "cinderx-jit-time"] [], "log the time of each stage for functions whose module:qualname is like one of the patterns, which have commas between them";
    perf_map: bool = false, ["jit-perfmap" "cinderx-jit-perfmap"] ["JIT_PERFMAP"], "write /tmp/perf-PID.map for perf";
    perf_dump: Option<String> = None, ["jit-perf-dumpdir" "cinderx-jit-perf-dumpdir"] ["JIT_DUMPDIR"], "write jit-PID.dump into the directory for perf inject";
    gdb: bool = false, ["jit-gdb-support" "cinderx-jit-gdb-support"] [], "tell debuggers where the machine code is";
    gdb_elf: bool = false, ["jit-gdb-write-elf" "cinderx-jit-gdb-write-elf"] [], "the same, and write what they are told to /tmp/__cinder_jit_PID_N.elf";
    stress_deopt: u32 = 0, ["jit-stress-deopt"] [], "for tests: each N-th guard that is met fails, whatever it guards; 0: none";
    help: bool = false, ["jit-help" "cinderx-jit-help"] [], "print this and exit";
}

/// Options of Cinder that are read, and mean nothing here: what they switch is always so, or does not exist.
const WITHOUT_MEANING: &[&str] = &[
    "jit-all-static-functions",
    "jit-shadow-frame",
    "jit-stable-code",
    "jit-stable-globals",
    "jit-reg-alloc",
    "jit-debug-refcount",
    "jit-debug-inliner",
    "jit-debug-regalloc",
    "jit-debug-guard-removal",
    "jit-debug-dataflow-analysis",
    "jit-dump-hir-passes-json",
    "jit-dump-c-helper",
    "jit-auto-profile",
    "jit-gdb-stubs-support",
    "jit-disable-huge-pages",
    "jit-huge-pages",
    "jit-disable-lir-inliner",
    "jit-lir-inliner",
    "jit-hir-inliner-cold-call-threshold",
    "jit-simplify-iteration-limit",
    "jit-simplify-new-block-limit",
    "jit-attr-caches",
    "jit-attr-cache-size",
    "jit-batch-compile-workers",
    "jit-multithreaded-compile-test",
    "jit-background-compile",
    "jit-preload-dependent-limit",
    "jit-emit-type-annotation-guards",
    "jit-support-instrumentation",
    "jit-refine-static-python",
    "jit-multiple-code-sections",
    "jit-hot-code-section-size",
    "jit-cold-code-section-size",
    "jit-cold-code-huge-pages",
    "jit-hinted-code-allocation",
    "jit-profile-interp",
    "jit-profile-interp-period",
    "jit-read-profile",
    "jit-write-profile",
    "jit-profile-strip-pattern",
];

/// When functions are compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Never.
    Off,
    /// Nothing was said.
    Default,
    /// After so many calls.
    After(u32),
}

impl Settings {
    pub fn mode(&self) -> Mode {
        match self.auto {
            _ if self.disable => Mode::Off,
            Some(calls) => Mode::After(calls),
            None if self.compile_all || self.list_file.is_some() => Mode::After(0),
            None => Mode::Default,
        }
    }

    /// The name by which a file is given, with the number of the process in it.
    pub fn file_name(name: &str) -> String {
        name.replace("{pid}", &std::process::id().to_string())
    }
}

/// The names of the switch of a pass: its own, and Cinder's.
fn names_of_pass(pass: Pass) -> [String; 2] {
    let short = pass.name().replace("elimination", "elim");
    [format!("jit-{short}"), format!("cinderx-jit-{short}")]
}

/// Whether a switch of a pass is offered: of those that may be left out, but for the inliner, which has an option.
fn has_switch(pass: Pass) -> bool {
    pass.switch() != Switch::Always && pass != Pass::InlineFunctionCalls
}

/// The variable of the environment that says the same as a `-X` option.
fn variable_of(name: &str) -> String {
    let upper = name.to_uppercase();
    if name.starts_with("cinderx-") { upper.replace('-', "_") } else { format!("PYTHON{}", upper.replace('-', "")) }
}

/// Where values of options are found.
struct Sources<'a> {
    options: &'a [(String, Option<String>)],
    variable: &'a dyn Fn(&str) -> Option<String>,
}

/// What was found: the name it was given by, the value, whether the name says the opposite.
type Found<'a> = (String, Option<String>, bool);

impl Sources<'_> {
    fn find(&self, names: &[&str], variables: &[&str]) -> Option<Found<'_>> {
        let plain = |name: &str| name.trim_start_matches('!').to_owned();
        let given = self.options.iter().rev().find_map(|(given, value)| {
            let name = names.iter().find(|name| plain(name) == *given)?;
            Some((format!("-X {given}"), value.clone(), name.starts_with('!')))
        });
        given.or_else(|| {
            let derived = names.iter().map(|name| (variable_of(&plain(name)), name.starts_with('!')));
            let mut all = derived.chain(variables.iter().map(|name| ((*name).to_owned(), false)));
            all.find_map(|(name, is_opposite)| (self.variable)(&name).map(|value| (name, Some(value), is_opposite)))
        })
    }
}

/// Reads options, in the order in which they were given, and the environment, in which a variable that is empty is not set. The error is for the user.
pub fn parse(options: &[(String, Option<String>)], variable: &dyn Fn(&str) -> Option<String>) -> Result<Settings, String> {
    let sources = Sources { options, variable };
    let mut settings = Settings::default();
    for row in OPTIONS {
        let Some((name, value, is_opposite)) = sources.find(row.names, row.variables) else { continue };
        let value = if row.is_switch { value.map(|value| value.trim().to_owned()) } else { value };
        let value = match (is_opposite, value.as_deref() == Some("0")) {
            (false, _) => value,
            (true, is_zero) => Some(if is_zero { "1" } else { "0" }.to_owned()),
        };
        let read = (row.set)(&mut settings, value.as_deref());
        read.map_err(|wanted| {
            format!("{name}: the value must be {wanted}, not {}", value.map_or("missing".to_owned(), |value| format!("'{value}'")))
        })?;
    }
    for &pass in Pass::ALL.iter().filter(|pass| has_switch(**pass)) {
        let names = names_of_pass(pass);
        let Some((_, value, _)) = sources.find(&[&names[0], &names[1]], &[]) else { continue };
        if value.as_deref() == Some("0") { settings.passes_off.push(pass) } else { settings.passes_on.push(pass) }
    }
    Ok(settings)
}

/// Names of options that look like the JIT's, and that nobody knows.
pub fn unknown(options: &[(String, Option<String>)]) -> Vec<&str> {
    let mut known: BTreeSet<String> = OPTIONS.iter().flat_map(|row| row.names).map(|name| name.trim_start_matches('!').to_owned()).collect();
    known.extend(Pass::ALL.iter().filter(|pass| has_switch(**pass)).flat_map(|pass| names_of_pass(*pass)));
    known.extend(WITHOUT_MEANING.iter().flat_map(|name| [(*name).to_owned(), format!("cinderx-{name}")]));
    let is_ours = |name: &str| name.starts_with("jit-") || name.starts_with("cinderx-jit");
    options.iter().map(|(name, _)| name.as_str()).filter(|name| is_ours(name) && !known.contains(*name)).collect()
}

/// What `-X jit-help` prints.
pub fn help() -> String {
    let mut text =
        "Options of the JIT: -X NAME or -X NAME=VALUE, or a variable in the environment. A name alone switches on, 0 switches off.\n".to_owned();
    for row in OPTIONS {
        let form = if row.form.is_empty() { String::new() } else { format!("={}", row.form) };
        let names: Vec<String> = row.names.iter().map(|name| format!("-X {}{form}", name.trim_start_matches('!'))).collect();
        let variables = row.names.iter().map(|name| variable_of(name.trim_start_matches('!')));
        let variables: Vec<String> = variables.chain(row.variables.iter().map(|name| (*name).to_owned())).collect();
        let _ = writeln!(text, "\n{}\n    {}", names.join(", "), variables.join(", "));
        if let Some(opposite) = row.names.iter().find_map(|name| name.strip_prefix('!')) {
            let _ = writeln!(text, "    (-X {opposite} says the opposite)");
        }
        let _ = writeln!(text, "    {} (default: {})", row.help, (row.default)());
    }
    text.push_str("\nSwitches of passes over HIR:\n");
    for &pass in Pass::ALL.iter().filter(|pass| has_switch(**pass)) {
        let default = if pass.switch() == Switch::On { "on" } else { "off" };
        let _ = writeln!(text, "-X {}, -X {} (default: {default})", names_of_pass(pass)[0], names_of_pass(pass)[1]);
    }
    text
}

static SETTINGS: LazyLock<RwLock<Settings>> = LazyLock::new(RwLock::default);

/// What the options say. Nobody may hold it while Python code runs.
pub fn get() -> RwLockReadGuard<'static, Settings> {
    SETTINGS.read().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// The same, to change it.
pub fn change() -> RwLockWriteGuard<'static, Settings> {
    SETTINGS.write().unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(options: &[&str]) -> Result<Settings, String> {
        with_environment(options, &[])
    }

    fn with_environment(options: &[&str], environment: &[(&str, &str)]) -> Result<Settings, String> {
        let split =
            |option: &&str| option.split_once('=').map_or(((*option).to_owned(), None), |(name, value)| (name.to_owned(), Some(value.to_owned())));
        let options: Vec<_> = options.iter().map(split).collect();
        parse(&options, &|name| environment.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn every_name_of_every_row_is_read_and_helped_with() {
        let help = help();
        for row in OPTIONS {
            let value = match row.form {
                "N" | "N[k|m|g]" => "=7",
                "intel|att" => "=att",
                "TEXT" => "=x",
                _ => "",
            };
            for name in row.names {
                let plain = name.trim_start_matches('!');
                let before = format!("{:?}", Settings::default());
                let after = format!("{:?}", given(&[&format!("{plain}{value}")]).expect("the value is one"));
                let is_default = row.is_switch && ((row.default)() == "on") != name.starts_with('!');
                assert_eq!(before == after, is_default, "{name}");
                assert!(help.contains(&format!("-X {plain}")), "{name}");
            }
        }
    }

    #[test]
    fn names_are_unique() {
        let mut names: Vec<String> = OPTIONS.iter().flat_map(|row| row.names).map(|name| name.trim_start_matches('!').to_owned()).collect();
        names.extend(Pass::ALL.iter().filter(|pass| has_switch(**pass)).flat_map(|pass| names_of_pass(*pass)));
        let total = names.len();
        assert_eq!(names.into_iter().collect::<BTreeSet<_>>().len(), total);
    }

    #[test]
    fn modes() {
        assert_eq!(given(&[]).unwrap().mode(), Mode::Default);
        assert_eq!(given(&["jit"]).unwrap().mode(), Mode::After(0));
        assert_eq!(given(&["jit=0"]).unwrap().mode(), Mode::Default);
        assert_eq!(given(&["jit", "cinderx-jit-auto=5"]).unwrap().mode(), Mode::After(5));
        assert_eq!(given(&["jit-list-file=x"]).unwrap().mode(), Mode::After(0));
        assert_eq!(given(&["jit", "jit-disable"]).unwrap().mode(), Mode::Off);
        assert_eq!(with_environment(&[], &[("PYTHONJIT", "1")]).unwrap().mode(), Mode::After(0));
        assert_eq!(with_environment(&["jit-auto=3"], &[("CINDERX_JIT_AUTO", "4")]).unwrap().mode(), Mode::After(3));
        assert_eq!(with_environment(&[], &[("PYTHONJITDISABLE", "1"), ("PYTHONJIT", "1")]).unwrap().mode(), Mode::Off);
    }

    #[test]
    fn values() {
        assert_eq!(given(&["jit-max-code-size=3k"]).unwrap().max_code_size, Size(3072));
        assert_eq!(given(&["jit-max-code-size=2G"]).unwrap().max_code_size, Size(2 << 30));
        assert_eq!(given(&["jit-auto"]).unwrap_err(), "-X jit-auto: the value must be a number from 0 to 4294967295, not missing");
        assert_eq!(
            with_environment(&[], &[("PYTHONJITAUTO", "x")]).unwrap_err(),
            "PYTHONJITAUTO: the value must be a number from 0 to 4294967295, not 'x'"
        );
        assert!(!given(&["jit-no-symbolize"]).unwrap().symbolize);
        assert!(given(&["jit-no-symbolize=0"]).unwrap().symbolize);
        assert!(!given(&["cinderx-jit-symbolize=0"]).unwrap().symbolize);
    }

    #[test]
    fn passes_have_switches() {
        let settings = given(&["jit-simplify=0", "cinderx-jit-dead-code-elim=0", "jit-periodic-tasks-deopt"]).unwrap();
        assert_eq!(settings.passes_off, [Pass::Simplify, Pass::DeadCodeElimination]);
        assert_eq!(settings.passes_on, [Pass::PeriodicTasksDeopt]);
    }

    #[test]
    fn strangers_are_named() {
        let options = ["jit-auto", "jit-atuo", "cinderx-jit-huge-pages", "dev", "jit-simplify"].map(|name| (name.to_owned(), None));
        assert_eq!(unknown(&options), ["jit-atuo"]);
    }
}
