//! Which functions may be compiled, and by which passes: what options, the list of functions and limits say.

use crate::compile::Refusal;
use crate::list_file::{Candidate, List, Rules};
use crate::options;
use hir::passes::{self, Pass};
use interp::Function;
use object::str::Str;
use std::sync::{Mutex, MutexGuard, PoisonError};

static LIST: Mutex<Option<List>> = Mutex::new(None);

/// The list of functions to compile, if there is one.
pub fn list() -> MutexGuard<'static, Option<List>> {
    LIST.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How entries of the list are read and compared.
pub fn rules() -> Rules {
    let settings = options::get();
    Rules { wildcards: settings.list_wildcards, lines: settings.list_lines }
}

fn module_name(function: &Function) -> String {
    let module = function.module.get();
    module.and_then(|module| module.borrow().downcast::<Str>().map(|name| name.to_string_lossy().into_owned())).unwrap_or_default()
}

/// `module:qualified name`
pub fn full_name(function: &Function) -> String {
    format!("{}:{}", module_name(function), function.code().qualname_text())
}

/// Whether the list, if there is one, has the function.
pub fn is_listed(function: &Function) -> bool {
    let list = list();
    let Some(list) = &*list else { return true };
    let code = function.code();
    let (module, qualname, filename) = (module_name(function), code.qualname_text(), code.filename_text());
    list.has(&Candidate { module: &module, qualname: &qualname, filename: &filename, first_line: code.data.first_line }, rules())
}

/// An error if the function may not be compiled.
pub fn allows(function: &Function) -> Result<(), Refusal> {
    if is_listed(function) { Ok(()) } else { Err(Refusal::NotListed) }
}

/// Whether there may be no more machine code than these bytes.
pub fn is_full(used: usize) -> bool {
    let limit = options::get().max_code_size.0;
    limit > 0 && used as u64 >= limit
}

/// The passes to run.
pub fn pipeline() -> Vec<Pass> {
    let settings = options::get();
    let mut off: Vec<Pass> = settings.passes_off.clone();
    if !settings.inliner {
        off.push(Pass::InlineFunctionCalls);
    }
    passes::pipeline_with(&settings.passes_on, &off)
}

/// Refuses a function that has grown too big.
pub fn check_hir(function: &hir::Function) -> Result<(), Refusal> {
    let settings = options::get();
    let (n_blocks, n_instrs) = (function.blocks().count(), function.values().count());
    check(n_blocks, settings.max_hir_blocks, n_instrs, settings.max_hir_instrs)
}

/// The same before registers are allocated.
pub fn check_lir(function: &lir::Function) -> Result<(), Refusal> {
    let settings = options::get();
    check(function.blocks.len(), settings.max_lir_blocks, function.n_instrs(), settings.max_lir_instrs)
}

fn check(n_blocks: usize, max_blocks: u32, n_instrs: usize, max_instrs: u32) -> Result<(), Refusal> {
    if n_blocks > max_blocks as usize || n_instrs > max_instrs as usize { Err(Refusal::SizeLimit) } else { Ok(()) }
}
