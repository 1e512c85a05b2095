//! Showing what functions become: `--dump=STAGES` prints it when the program ends, options like `-X jit-dump-hir` log it at once.
//!
//! A [`Watch`] goes with each compilation. It takes the time of stages ([`timing`]) and makes text only of the stages that somebody wants. The text is stable: what is
//! in memory has a name in the place of its address ([`words`]); lines of source and bytecode instructions are remarks ([`remarks`]).

mod exits;
mod remarks;
pub mod timing;
mod words;

use crate::compile::Refusal;
use crate::deopt::Point;
use crate::list_file::is_like;
use crate::log;
use crate::options;
use codegen_x64::Code;
use hir::Function;
use hir::passes::{Observer, Pass};
use interp::CodeObject;
use lir::{Allocated, SymbolTable};
use remarks::Remarks;
use std::fmt::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};

pub use remarks::with_sources;
pub use words::name_words;

/// The stages that can be printed, in order, beside `hir:PASS` for each pass.
pub const STAGES: &[&str] = &["hir:initial", "hir:passes", "hir", "hir:counts", "lir", "lir:allocated", "asm", "deopt", "timing"];

/// Whether there is a stage of this name.
pub fn is_stage(name: &str) -> bool {
    STAGES.contains(&name) || name.strip_prefix("hir:").is_some_and(|pass| Pass::from_name(pass).is_some())
}

/// What is printed at the end.
#[derive(Default)]
struct Request {
    stages: Vec<String>,
    /// A pattern of the functions wanted.
    only: Option<String>,
    text: String,
}

static REQUEST: Mutex<Option<Request>> = Mutex::new(None);

fn request() -> MutexGuard<'static, Option<Request>> {
    REQUEST.lock().unwrap_or_else(PoisonError::into_inner)
}

/// From now on what functions become is noted, for [`collected`]: of functions whose `module:qualname` is like the pattern. One without
/// a colon is of the qualified name.
pub fn collect(stages: Vec<String>, only: Option<&str>) {
    let only = only.map(|only| if only.contains(':') { only.to_owned() } else { format!("*:{only}") });
    *request() = Some(Request { stages, only, text: String::new() });
}

/// The text of what was noted; lines of source are not in it yet, see [`with_sources`].
pub fn collected() -> String {
    let (mut text, is_timed) = match &*request() {
        Some(request) => (request.text.clone(), request.stages.iter().any(|stage| stage == "timing")),
        None => return String::new(),
    };
    if is_timed {
        text.push_str(&timing::table());
    }
    text
}

/// Whether text is for the dump at the end, for the log, or for both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Wanted {
    at_end: bool,
    in_log: bool,
}

impl Wanted {
    const NO: Wanted = Wanted { at_end: false, in_log: false };
}

/// The stages that options ask to log.
fn logged_stages() -> Vec<&'static str> {
    let settings = options::get();
    let switches: [(bool, &[&'static str]); 6] = [
        (settings.dump_hir, &["hir:initial"]),
        (settings.dump_hir_passes, &["hir:passes"]),
        (settings.dump_final_hir, &["hir"]),
        (settings.dump_hir_stats, &["hir:counts"]),
        (settings.dump_lir, &["lir", "lir:allocated"]),
        (settings.dump_asm, &["asm"]),
    ];
    switches.iter().filter(|(is_on, _)| *is_on).flat_map(|(_, stages)| stages.iter().copied()).collect()
}

/// Goes with the compilation of one function.
pub struct Watch {
    /// `module:qualified name`
    name: String,
    at_end: Vec<String>,
    in_log: Vec<String>,
    /// What was printed of the stage asked for by [`Watch::of_stage`].
    pub shown: String,
    remarks: Remarks,
    pub times: timing::Times,
    /// The last text of HIR, of which only changes are printed.
    last_hir: String,
    is_single: bool,
}

impl Watch {
    /// Of a function whose compilation has begun.
    pub fn new(name: &str) -> Watch {
        let at_end = match &*request() {
            Some(request) if request.only.as_ref().is_none_or(|only| is_like(only, name)) => request.stages.clone(),
            _ => Vec::new(),
        };
        let in_log = logged_stages().into_iter().map(str::to_owned).collect();
        Watch {
            name: name.to_owned(),
            at_end,
            in_log,
            shown: String::new(),
            remarks: Remarks::default(),
            times: timing::Times::start(),
            last_hir: String::new(),
            is_single: false,
        }
    }

    /// Shows one stage alone, without a heading, in [`Watch::shown`].
    pub fn of_stage(name: &str, stage: &str) -> Watch {
        Watch { at_end: vec![stage.to_owned()], in_log: Vec::new(), is_single: true, ..Watch::new(name) }
    }

    /// What the function is made of is known now.
    pub fn preloaded(&mut self, preloaded: &hir::Preloaded) {
        self.times.finished("preload");
        if !(self.at_end.is_empty() && self.in_log.is_empty()) {
            self.remarks = Remarks::of(preloaded, options::get().dump_lir_origin);
        }
    }

    fn wanted(&self, stage: &str) -> Wanted {
        let has = |stages: &[String]| stages.iter().any(|known| known == stage);
        Wanted { at_end: has(&self.at_end), in_log: has(&self.in_log) }
    }

    /// Whether somebody wants names of words: those of any stage behind HIR.
    pub fn wants_words(&self) -> bool {
        let is_behind = |stage: &String| !stage.starts_with("hir");
        options::get().symbolize && self.at_end.iter().chain(&self.in_log).any(is_behind)
    }

    fn show(&mut self, stage: &str, wanted: Wanted, text: &str) {
        if self.is_single {
            self.shown.push_str(text);
            return;
        }
        let text = format!("==== {stage} {}\n{text}\n", self.name);
        if wanted.in_log {
            log::write(&remarks::without_sources(&text));
        }
        if wanted.at_end
            && let Some(request) = &mut *request()
        {
            request.text.push_str(&text);
        }
    }

    /// Shows a stage, if somebody wants it. The time it takes is nobody's.
    fn show_if_wanted(&mut self, stage: &str, text: impl FnOnce(&Remarks) -> String) {
        let wanted = self.wanted(stage);
        if wanted != Wanted::NO {
            let text = text(&self.remarks);
            self.show(stage, wanted, &text);
            self.times.skip();
        }
    }

    pub fn hir(&mut self, stage: &str, function: &Function) {
        self.show_if_wanted(stage, |remarks| remarks.hir(function));
        if stage == "hir:initial" && self.wanted("hir:passes") != Wanted::NO {
            self.last_hir = self.remarks.hir(function);
            self.times.skip();
        }
        if stage == "hir" {
            self.show_if_wanted("hir:counts", |_| counts(function));
        }
    }

    pub fn lir(&mut self, stage: &str, function: &lir::Function, symbols: &SymbolTable) {
        self.show_if_wanted(stage, |remarks| function.print_with_remarks(symbols, &remarks.of_origins()).to_string());
    }

    pub fn asm(&mut self, code: &Code, symbols: &SymbolTable, allocated: &Allocated) {
        let syntax = options::get().asm_syntax;
        self.show_if_wanted("asm", |remarks| codegen_x64::disassemble_with(code, symbols, Some(allocated), &remarks.of_origins(), syntax));
    }

    pub fn exits(&mut self, made: &Code, points: &[Point], code: &CodeObject, symbols: &SymbolTable) {
        self.show_if_wanted("deopt", |_| exits::text_of_exits(made, points, code, symbols));
    }

    /// The compilation has ended.
    pub fn end(mut self, refusal: Option<&Refusal>) {
        timing::add(&self.name, &self.times, refusal.is_none());
        match refusal {
            Some(refusal) => {
                log::debug(|| format!("{} is not compiled: {refusal}", self.name));
                if let Some(stage) = self.at_end.iter().find(|stage| *stage != "timing").cloned() {
                    let text = format!("refused: {refusal}\n");
                    self.show(&stage, Wanted { at_end: true, in_log: false }, &text);
                }
            }
            None => log::debug(|| format!("{} is compiled, in {} µs", self.name, self.times.total().as_micros())),
        }
    }
}

/// How many instructions of each kind there are.
fn counts(function: &Function) -> String {
    let mut counts = std::collections::BTreeMap::<&str, usize>::new();
    for value in function.values() {
        *counts.entry(function.instr(value).info().name).or_default() += 1;
    }
    counts.iter().fold(String::new(), |mut text, (name, count)| {
        let _ = writeln!(text, "{count:5} {name}");
        text
    })
}

impl Observer for Watch {
    fn after(&mut self, pass: Pass, function: &Function) {
        self.times.finished(pass.name());
        self.show_if_wanted(&format!("hir:{}", pass.name()), |remarks| remarks.hir(function));
        let wanted = self.wanted("hir:passes");
        if wanted != Wanted::NO {
            let text = self.remarks.hir(function);
            if text != self.last_hir {
                self.show(&format!("hir:{}", pass.name()), wanted, &text);
                self.last_hir = text;
            }
            self.times.skip();
        }
    }
}
