//! From a code object to code that runs.

use crate::classify::Check;
use crate::codes;
use crate::deopt::Exits;
use crate::dump::{self, Watch};
use crate::graveyard;
use crate::helpers::Helper;
use crate::hot;
use crate::layout::{ListLayout, list_layout};
use crate::lower::{self, Environment, Extras, Inlinable};
use crate::memory::CodeMemory;
use crate::preload::{Assume, Known};
use crate::profilers::{self, Installed};
use crate::{patches, policy, ration, report, stress, trampoline};
use bytecode::CodeFlags;
use codegen_x64::Code;
use hir::builder;
use hir::instr::{EntryKind, Opcode};
use hir::passes::{self, NoObserver, Pass};
use hir::{CodeId, Function, Type};
use interp::CodeObject;
use interp::compiled::{self, Entry, resume};
use interp::frame::Frame;
use lir::{Allocator, SafepointValues, SymbolId, SymbolTable};
use object::dict::GlobalCell;
use object::str::Str;
use object::{Ref, Vm};
use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Why a function is not compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    Builder(builder::Refusal),
    /// It has no locals of its own, or must not be compiled.
    Kind,
    /// Something lowering does not know.
    Unsupported(String),
    /// Of registers.
    Allocation(String),
    /// There is no memory for its code.
    NoMemory,
    /// It is not on the list of functions to compile.
    NotListed,
    /// There is as much code as there may be.
    CodeLimit,
    /// It is larger than functions may be.
    SizeLimit,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Builder(refusal) => refusal.fmt(f),
            Refusal::Kind => f.write_str("bodies of modules and classes are not compiled"),
            Refusal::Unsupported(what) => write!(f, "{what} is not compiled"),
            Refusal::Allocation(why) => write!(f, "registers: {why}"),
            Refusal::NoMemory => f.write_str("no memory for code"),
            Refusal::NotListed => f.write_str("not on the list of functions to compile"),
            Refusal::CodeLimit => f.write_str("there is as much machine code as there may be"),
            Refusal::SizeLimit => f.write_str("too large"),
        }
    }
}

/// Names by which code gets at its own frame, whose variables are not in it while compiled code runs.
pub(crate) const LOOKING: &[&str] = &["_getframe", "currentframe", "f_locals"];

/// What all compilations share.
struct Shared {
    memory: CodeMemory,
    symbols: SymbolTable,
    helpers: Vec<SymbolId>,
    exit_trampoline: SymbolId,
    list: ListLayout,
    allocator: Allocator,
}

static SHARED: Mutex<Option<Shared>> = Mutex::new(None);

impl Shared {
    fn new() -> Shared {
        object::assumed::listen(patches::place_changes);
        let mut symbols = SymbolTable::new();
        let helpers = Helper::ALL.iter().map(|helper| symbols.add(helper.name(), helper.address())).collect();
        let exit_trampoline = symbols.add("exit", trampoline::address());
        // Frames are looked at while they call.
        let mut allocator = Allocator::new();
        allocator.safepoint_values = SafepointValues::OnStack;
        Shared { memory: CodeMemory::default(), symbols, helpers, exit_trampoline, list: list_layout(), allocator }
    }
}

/// Nobody compiles while somebody compiles: no Python code runs meanwhile.
fn shared() -> MutexGuard<'static, Option<Shared>> {
    SHARED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A function's code; lives as long as its code object.
struct Owned {
    /// Found by the word in front of the code, too.
    exits: Rc<Exits>,
    /// What the code refers to by address; taken when it dies.
    belongings: Option<Box<Belongings>>,
    /// The addresses of the code.
    code: Range<usize>,
    /// Whether it is for calls.
    is_start: bool,
    entry: Entry,
    statistics: Statistics,
}

/// What code refers to by address.
struct Belongings {
    #[expect(dead_code, reason = "found by address")]
    exits: Rc<Exits>,
    #[expect(dead_code, reason = "found by address")]
    cells: Vec<Rc<GlobalCell>>,
    #[expect(dead_code, clippy::vec_box, reason = "found by address")]
    checks: Vec<Box<Check>>,
    #[expect(dead_code, reason = "found by address")]
    sites: Vec<Box<dyn Any>>,
}

impl Drop for Owned {
    /// The code may have to return yet.
    fn drop(&mut self) {
        if let Some(belongings) = self.belongings.take() {
            graveyard::bury(self.code.clone(), belongings);
        }
    }
}

/// What is known of a compiled function.
#[derive(Default)]
pub struct Statistics {
    /// Bytes of machine code.
    pub size: usize,
    /// Bytes of its stack frame, and of it for values no register was left for.
    pub stack_size: usize,
    pub spill_size: usize,
    pub time: Duration,
    /// How many HIR instructions of each kind there are.
    pub opcodes: Box<[(Opcode, u32)]>,
    /// How many calls were inlined, and which functions were not, by the reason.
    pub n_inlined: usize,
    pub not_inlined: BTreeMap<&'static str, Vec<String>>,
}

/// How to compile.
#[derive(Clone, Debug)]
pub struct Options {
    /// Whether what instructions have seen is a guide.
    pub with_feedback: bool,
    /// The head of the loop that the code is entered at, rather than the start, and the types that locals and stack are guarded for there.
    pub loop_entry: Option<(u32, Vec<Type>)>,
}

impl Default for Options {
    fn default() -> Options {
        Options { with_feedback: true, loop_entry: None }
    }
}

impl Options {
    /// The number of the entry.
    fn entry(&self) -> u32 {
        self.loop_entry.as_ref().map_or(0, |(head, _)| lower::entry_id(EntryKind::Resume(*head)))
    }

    fn for_builder(&self) -> builder::Options {
        match &self.loop_entry {
            None => builder::Options::default(),
            Some((head, types)) => builder::Options { entry_types: types.clone(), ..builder::Options::on_stack_replacement(*head) },
        }
    }
}

/// Whether functions are compiled after so many calls, of code objects made from now on.
pub fn set_enabled(enabled: bool, calls: u32) {
    ration::lift();
    compiled::set_first_call(enabled.then_some(first_call as Entry), calls);
    hot::set_enabled(enabled.then_some(calls));
    resume::set_first_resumption(enabled.then_some(first_resumption as resume::Compile), calls);
    *CALLS.lock().unwrap_or_else(PoisonError::into_inner) = enabled.then_some(calls);
}

static CALLS: Mutex<Option<u32>> = Mutex::new(None);

/// After how many calls functions are compiled, if they are.
pub fn calls_before() -> Option<u32> {
    *CALLS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Has the next call of a function compile it.
pub fn compile_at_next_call(code: &CodeObject) {
    ration::lift();
    if code.has_flag(CodeFlags::SUSPENDS) {
        return code.compiled.resumable.compile_after(0);
    }
    code.compiled.countdown.set(0);
    code.compiled.entry.set(Some(first_call));
}

/// Has a function be compiled once the countdown of its calls is over.
pub fn compile_after_countdown(code: &CodeObject) {
    code.compiled.entry.set(Some(first_call));
}

/// Has a function be compiled after so many calls, unless it is compiled or must not be.
pub fn schedule(code: &CodeObject, calls: u32) {
    if code.has_flag(CodeFlags::OPTIMIZED) && !code.has_flag(CodeFlags::SUSPENDS) && !code.compiled.is_suppressed.get() && !is_compiled(code) {
        code.compiled.countdown.set(calls);
        code.compiled.entry.set(Some(first_call));
    }
}

/// No call compiles the code any more.
pub fn unschedule(code: &CodeObject) {
    if is_scheduled(code) {
        code.compiled.entry.set(None);
    }
}

/// Calls are interpreted from now on. Whether they were not before.
pub fn uncompile(code: &CodeObject) -> bool {
    let was_compiled = is_compiled(code);
    if was_compiled {
        give_up(code);
    }
    was_compiled
}

/// Says whether the code must not be compiled.
pub fn suppress(code: &CodeObject, is_suppressed: bool) {
    code.compiled.is_suppressed.set(is_suppressed);
    if is_suppressed {
        give_up(code);
    }
}

/// Has the code interpreted from now on.
fn give_up(code: &CodeObject) {
    code.compiled.entry.set(None);
    code.compiled.loops.borrow_mut().clear();
    code.compiled.resumable.clear();
}

/// The entry of code that has not been called before.
unsafe extern "C" fn first_call(vm: *mut Vm, frame: *mut Frame) -> u64 {
    // SAFETY: the caller gives the innermost frame, which nobody has touched.
    unsafe {
        let code = compiled::code_of(frame);
        if !ration::allows(code) {
            code.compiled.countdown.set(ration::CALLS_TO_WAIT);
            return compiled::interpret(&mut *vm, frame);
        }
        code.compiled.entry.set(None);
        let options = Options::default();
        match compile_function(&mut *vm, compiled::function_of(frame), &options) {
            Ok(entry) => entry(vm, frame),
            Err(_) => compiled::interpret(&mut *vm, frame),
        }
    }
}

/// Compiles a generator's code that has been resumed often enough.
unsafe fn first_resumption(vm: &mut Vm, frame: *mut Frame) {
    // SAFETY: the frame, which is about to be resumed, keeps its function.
    let function = unsafe { compiled::function_of(frame) };
    if !is_worth_resuming(function.code()) {
        return;
    }
    if !ration::allows(function.code()) {
        return function.code().compiled.resumable.compile_after(ration::CALLS_TO_WAIT);
    }
    // Code that is refused is interpreted.
    let _ = compile_function(vm, function, &Options::default());
}

/// Whether a generator's code is quicker compiled. What mostly hands on what others yield is passed by in the evaluation loop, which costs less than a native
/// call for each. (Tests, which ask for compiling after few calls, have it compiled all the same.)
fn is_worth_resuming(code: &CodeObject) -> bool {
    let hands_on = code.data.instructions.iter().any(|instruction| instruction.opcode() == Some(bytecode::Opcode::Send));
    let is_for_test = calls_before().is_some_and(|calls| calls < 10);
    is_for_test || code.has_flag(CodeFlags::COROUTINE) || !hands_on && !code.has_flag(CodeFlags::ASYNC_GENERATOR)
}

fn is_first_call(entry: Entry) -> bool {
    entry as usize == first_call as *const () as usize
}

/// Whether calls of the code run compiled code.
pub fn is_compiled(code: &CodeObject) -> bool {
    let has_entry = code.compiled.entry.get().is_some_and(|entry| !is_first_call(entry));
    (has_entry || code.compiled.resumable.is_set()) && !code.compiled.owners.borrow().is_empty()
}

/// What is known of compiled code.
pub fn statistics<T>(code: &CodeObject, number: impl FnOnce(&Statistics) -> T) -> Option<T> {
    if !is_compiled(code) {
        return None;
    }
    let owners = code.compiled.owners.borrow();
    let mut all = owners.iter().rev().filter_map(|owned| owned.downcast_ref::<Owned>());
    all.find(|owned| owned.is_start).map(|owned| number(&owned.statistics))
}

/// What is told of all exits so far; it is forgotten if `clears`.
pub fn events(clears: bool) -> Vec<report::Event> {
    let mut events = report::kept_events(clears);
    for code in object::collector::instances_of(&interp::code::CODE) {
        let Some(code) = code.borrow().downcast::<CodeObject>() else { continue };
        for owned in code.get().compiled.owners.borrow().iter().filter_map(|owned| owned.downcast_ref::<Owned>()) {
            report::events_of(code.get(), &owned.exits, &mut events);
            if clears {
                owned.exits.forget_tales();
            }
        }
    }
    events
}

/// `module:qualified name` of all functions that are compiled now, in order.
pub fn compiled_names() -> Vec<String> {
    let functions = object::collector::instances_of(&interp::function::FUNCTION);
    let functions = functions.iter().filter_map(|function| function.borrow().downcast::<interp::Function>());
    let mut names: Vec<String> =
        functions.filter(|function| is_compiled(function.get().code())).map(|function| policy::full_name(function.get())).collect();
    names.sort();
    names.dedup();
    names
}

/// Whether the code is waiting for a call that compiles it.
pub fn is_scheduled(code: &CodeObject) -> bool {
    code.compiled.entry.get().is_some_and(is_first_call) || code.compiled.resumable.is_waiting()
}

/// Has calls run the compiled code again that [`uncompile`] took from them. Whether there was any.
pub fn reattach(code: &CodeObject) -> bool {
    let owners = code.compiled.owners.borrow();
    let mut all = owners.iter().rev().filter_map(|owned| owned.downcast_ref::<Owned>());
    let found = all.find(|owned| owned.is_start && !owned.exits.is_given_up.get());
    if found.is_some() && code.has_flag(CodeFlags::SUSPENDS) {
        return code.compiled.resumable.restore();
    }
    if let Some(owned) = found.filter(|_| code.compiled.entry.get().is_none()) {
        code.compiled.countdown.set(0);
        code.compiled.entry.set(Some(owned.entry));
    }
    found.is_some()
}

/// Bytes of machine code.
pub fn used_bytes() -> usize {
    shared().as_ref().map_or(0, |shared| shared.memory.used)
}

/// The time all compilations took.
pub fn total_time() -> Duration {
    dump::timing::total()
}

/// What a function would be compiled to now, at one stage.
pub fn text_of_stage(vm: &mut Vm, function: &interp::Function, stage: &str) -> Option<String> {
    let code = function.code();
    let mut guard = shared();
    let shared = guard.get_or_insert_with(Shared::new);
    let name = policy::full_name(function);
    let known = Known::of_function(function, code, &name, true, None);
    let mut watch = Watch::of_stage(&name, stage);
    watch.preloaded(&known.preloaded);
    let made = build(code, &known, &Options::default(), &mut watch).and_then(|function| emit(vm, shared, code, &known, &function, &mut watch));
    drop(made);
    Some(watch.shown)
}

/// Compiles a function; calls of its code run the result from now on.
pub fn compile_function(vm: &mut Vm, function: &interp::Function, options: &Options) -> Result<Entry, Refusal> {
    let code = function.code();
    let looks = |name: &object::Ref<'_>| name.downcast::<Str>().is_some_and(|name| LOOKING.contains(&&*name.to_string_lossy()));
    if code.names.iter().any(looks) {
        return Err(Refusal::Unsupported("a look at the variables of the running frame".to_owned()));
    }
    if code.compiled.is_suppressed.get() || !crate::module::is_running() {
        return Err(Refusal::Kind);
    }
    if !code.has_flag(CodeFlags::OPTIMIZED) {
        return Err(Refusal::Kind);
    }
    let name = policy::full_name(function);
    policy::allows(function)?;
    let with_feedback = options.with_feedback && crate::options::get().specialized;
    ration::start();
    let mut watch = Watch::new(&name);
    let mut guard = shared();
    let shared = guard.get_or_insert_with(Shared::new);
    graveyard::clear(vm, &mut shared.memory);
    hot::begin_compilation();
    let known = hot::with_history(code, |history| Known::of_function(function, code, &name, with_feedback, Some(history)));
    watch.preloaded(&known.preloaded);
    let result = compile(vm, shared, code, &known, options, &mut watch);
    ration::spend(code);
    watch.end(result.as_ref().err());
    let entries = result?;
    let scope = function.scope_words();
    code.compiled.scope.set(scope);
    if code.has_flag(CodeFlags::SUSPENDS) {
        code.compiled.resumable.set(code, &entries.resumptions, scope);
    } else if options.loop_entry.is_none() {
        code.compiled.countdown.set(0);
        code.compiled.entry.set(Some(entries.wanted));
    }
    Ok(entries.wanted)
}

/// Where compiled code can be entered.
struct Entries {
    /// Where the options say; any, of a generator.
    wanted: Entry,
    /// All but the start, by the index of the instruction.
    resumptions: Vec<(u32, Entry)>,
}

fn compile(vm: &mut Vm, shared: &mut Shared, code: &CodeObject, known: &Known, options: &Options, watch: &mut Watch) -> Result<Entries, Refusal> {
    if policy::is_full(shared.memory.used) {
        return Err(Refusal::CodeLimit);
    }
    let function = build(code, known, options, watch)?;
    let (made, extras) = emit(vm, shared, code, known, &function, watch)?;
    let mut opcodes = BTreeMap::<Opcode, u32>::new();
    for value in function.values() {
        *opcodes.entry(function.instr(value).opcode()).or_default() += 1;
    }
    let statistics = Statistics {
        size: made.bytes.len(),
        stack_size: made.frame.size as usize,
        spill_size: made.frame.n_slots as usize * 8,
        time: watch.times.total(),
        opcodes: opcodes.into_iter().collect(),
        n_inlined: function.inlined.len(),
        not_inlined: not_inlined(&function),
    };
    let entry = install(shared, code, known, (made, extras), options.entry(), statistics);
    watch.times.finished("install");
    entry
}

/// The names of functions that were not inlined, by the reason.
fn not_inlined(function: &Function) -> BTreeMap<&'static str, Vec<String>> {
    let mut names = BTreeMap::<&'static str, Vec<String>>::new();
    for (object, why) in &function.not_inlined {
        let name = function.classes.object(*object).map_or_else(String::new, |object| object.name.clone());
        names.entry(why.name()).or_default().push(name);
    }
    names
}

/// Installs HIR given as text for a function, whose code is what its exits lead to; for tests. `callees` may have been inlined: they are `code 1`, `code 2`, ...
/// and the objects `o0`, `o1`, ...
pub fn install_text(vm: &mut Vm, function: &interp::Function, callees: &[Ref<'_>], text: &str) -> Result<(), String> {
    let code = function.code();
    let mut guard = shared();
    let shared = guard.get_or_insert_with(Shared::new);
    let mut known = Known::of_function(function, code, &code.qualname_text(), false, None);
    known.add_callees(callees);
    let mut function = hir::text::parse(text, Arc::clone(&known.preloaded.classes)).map_err(|error| error.to_string())?;
    let flaws = hir::verify::verify(&function).err().unwrap_or_default();
    if !flaws.is_empty() {
        return Err(flaws.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "));
    }
    let always: Vec<Pass> = passes::PIPELINE.iter().copied().filter(|pass| pass.switch() == passes::Switch::Always).collect();
    passes::run(&always, &mut function, &known.preloaded, &mut NoObserver);
    let refused = |refusal: Refusal| refusal.to_string();
    let (made, extras) = emit(vm, shared, code, &known, &function, &mut Watch::new(&function.name)).map_err(refused)?;
    let statistics = Statistics { size: made.bytes.len(), ..Statistics::default() };
    let entries = install(shared, code, &known, (made, extras), 0, statistics).map_err(refused)?;
    code.compiled.entry.set(Some(entries.wanted));
    Ok(())
}

/// The HIR of a function, with references counted.
fn build(code: &CodeObject, known: &Known, options: &Options, watch: &mut Watch) -> Result<Function, Refusal> {
    let suspends = code.has_flag(CodeFlags::SUSPENDS);
    let options = if suspends { builder::Options::generator() } else { options.for_builder() };
    let mut function = builder::build(&known.preloaded, CodeId(0), &options).map_err(Refusal::Builder)?;
    watch.times.finished("build");
    watch.hir("hir:initial", &function);
    passes::run(&policy::pipeline(), &mut function, &known.preloaded, watch);
    watch.hir("hir", &function);
    Ok(function)
}

/// The functions that may have been inlined.
fn inlinable(known: &Known) -> Vec<Inlinable<'_>> {
    let mut inlinable = Vec::with_capacity(known.callees.len());
    for (object, code) in &known.callees {
        let code = code.borrow().downcast::<CodeObject>().expect("functions have code").get();
        inlinable.push(Inlinable { object: *object, function: known.objects[object.0 as usize].borrow().bits(), code });
    }
    inlinable
}

/// The machine code of a function whose references are counted.
fn emit(
    vm: &mut Vm,
    shared: &mut Shared,
    code: &CodeObject,
    known: &Known,
    function: &Function,
    watch: &mut Watch,
) -> Result<(Code, Extras), Refusal> {
    policy::check_hir(function)?;
    let inlinable = inlinable(known);
    let environment = Environment {
        code,
        objects: &known.objects,
        classes: &known.classes,
        arrays: &known.arrays,
        assumptions: &known.assumptions,
        cells: &known.cells,
        numbered_cells: &known.numbered_cells,
        inlinable: &inlinable,
        helpers: &shared.helpers,
        list: shared.list,
    };
    let (mut target, extras) = lower::lower(vm, function, &environment)?;
    if cfg!(debug_assertions) {
        let verified = lir::verify::verify(&target);
        assert!(verified.is_ok(), "{verified:?}\n{function}\n{target}");
    }
    let stressed = stress::period();
    if stressed > 0 {
        stress::fail_guards(&mut target, &extras.points, stressed);
    }
    policy::check_lir(&target)?;
    watch.times.finished("lower");
    lir::peephole::improve(&mut target);
    watch.times.finished("peephole");
    let named = watch.wants_words().then(|| {
        let mut symbols = shared.symbols.clone();
        dump::name_words(&mut symbols, code, known, &extras);
        symbols
    });
    let symbols = named.as_ref().unwrap_or(&shared.symbols);
    watch.lir("lir", &target, symbols);
    let allocated = shared.allocator.allocate(target).map_err(|error| Refusal::Allocation(error.to_string()))?;
    watch.times.finished("allocate");
    watch.lir("lir:allocated", &allocated.function, symbols);
    let options = codegen_x64::Options { exit_trampoline: shared.exit_trampoline, native: Some(compiled::layout::FRAME_NATIVE as i32) };
    let made = codegen_x64::emit(&allocated, &shared.symbols, &options).map_err(|error| Refusal::Allocation(error.to_string()))?;
    watch.times.finished("emit");
    watch.asm(&made, symbols, &allocated);
    watch.exits(&made, &extras.points, code, symbols);
    Ok((made, extras))
}

/// Lets go of code that is not entered any more, because it was given up or new code for calls is there. (A generator that is suspended goes on in the code that
/// it was suspended in.)
fn retire(code: &CodeObject, is_start: bool) {
    if code.has_flag(CodeFlags::SUSPENDS) {
        return;
    }
    let is_left = |owned: &mut Box<dyn Any>| {
        let Some(owned) = owned.downcast_ref::<Owned>() else { return false };
        if owned.exits.is_given_up.get() || is_start && owned.is_start {
            report::keep_events(code, &owned.exits);
            return true;
        }
        false
    };
    // Dropped when the list can be looked at again.
    let retired: Vec<Box<dyn Any>> = code.compiled.owners.borrow_mut().extract_if(.., is_left).collect();
    drop(retired);
}

/// Puts machine code where it can run.
fn install(
    shared: &mut Shared,
    code: &CodeObject,
    known: &Known,
    (mut made, extras): (Code, Extras),
    entry: u32,
    statistics: Statistics,
) -> Result<Entries, Refusal> {
    let is_generator = code.has_flag(CodeFlags::SUSPENDS);
    let wanted = if is_generator { made.entries.first().map(|entry| entry.offset) } else { made.entry(entry) };
    let wanted = wanted.ok_or_else(|| Refusal::Unsupported("a function that cannot be called".to_owned()))?;
    let offsets: Vec<(u32, u32)> = made.entries.iter().map(|entry| (entry.id, entry.offset)).collect();
    let exits = Rc::new(Exits::new(&made, &extras.points, hot::compilation()));
    let owner = (&raw const *exits).expose_provenance() as u64;
    patches::apply(&mut made, &extras.counted);
    let place = shared.memory.install(owner, &made.bytes).ok_or(Refusal::NoMemory)?;
    patches::await_changes(&made, &extras.counted, place.expose_provenance());
    let name = known.preloaded.codes.first().map_or("", |unit| &unit.name);
    codes::add(name, place.addr(), made.bytes.len(), &exits);
    profilers::installed(&Installed { name, address: place.addr() as u64, bytes: &made.bytes });
    let objects =
        extras.references.into_iter().chain(known.objects.iter().chain(&known.classes).chain(known.callees.iter().map(|(_, code)| code)).cloned());
    code.compiled.references.borrow_mut().extend(objects);
    let cells = known.cells.values().cloned().chain(known.assumptions.iter().filter_map(Assume::cell)).collect();
    // SAFETY: what was emitted are C functions of this form.
    let entry_at = |offset: u32| unsafe { std::mem::transmute::<*const u8, Entry>(place.wrapping_add(offset as usize)) };
    let start = entry_at(wanted);
    let is_start = entry == 0 || is_generator;
    let belongings = Belongings { exits: Rc::clone(&exits), cells, checks: extras.checks, sites: extras.sites };
    let code_range = place.addr()..place.addr() + made.bytes.len();
    let owned = Owned { exits, belongings: Some(Box::new(belongings)), code: code_range, is_start, entry: start, statistics };
    retire(code, is_start);
    code.compiled.owners.borrow_mut().push(Box::new(owned));
    let resumption = |(id, offset): (u32, u32)| match lower::entry_kind(id) {
        EntryKind::Start => None,
        EntryKind::Resume(index) => Some((index, entry_at(offset))),
    };
    Ok(Entries { wanted: start, resumptions: offsets.into_iter().filter_map(resumption).collect() })
}
