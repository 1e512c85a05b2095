//! What is compiled when: loops that run long, and code whose guesses turned out wrong.
//!
//! * A loop that has jumped backward often enough, in frames that are interpreted, goes on in compiled code that begins at its head
//!   ([`hot_loop`]). The types that the locals have at that moment are a guide: they are guarded at the entry.
//! * An exit that keeps being taken says that its site has seen something new ([`failed`]). The function is compiled anew then, after the interpreter has run it a few
//!   times more, with what its copy has seen by then. What is told of a site that has misled several times already is "many different things"
//!   ([`History::amend`]): only there the new code is general.

use crate::classify::leaf_of;
use crate::compile::{self, Options};
use crate::deopt::{Exits, FramePoint, Point};
use crate::report::Tale;
use crate::{ration, stress};
use bytecode::{CodeFlags, Opcode};
use hir::types::Leaves;
use hir::{Type, environment, ty};
use interp::CodeObject;
use interp::compiled::{self, Entry};
use interp::frame::Frame;
use interp::shadow::feedback::{Kind, Owner, Place, Seen};
use object::class::class_of_version;
use object::{Ref, Vm};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU32, Ordering};

/// After so many jumps backward a loop is compiled.
const LOOP_HEAT: u32 = 4000;
/// So many jumps backward are interpreted after code was left because a guard failed ...
const HEAT_AFTER_FAILURE: u32 = 50;
/// ... or for a handler.
const HEAT_AFTER_RAISE: u32 = 10;
/// How many compilations have begun.
static COMPILATIONS: AtomicU32 = AtomicU32::new(0);

/// Begins a compilation, of which the history of sites will know when it was.
pub fn begin_compilation() {
    COMPILATIONS.fetch_add(1, Ordering::Relaxed);
}

/// The number of the compilation that is being made.
pub fn compilation() -> u32 {
    COMPILATIONS.load(Ordering::Relaxed)
}

/// So often an exit is taken before its code is compiled anew ...
const PATIENCE: u32 = 20;
/// ... or is interpreted meanwhile, if there is no time for that.
const MOST_PATIENCE: u32 = 200;
/// So many calls are interpreted before code is compiled anew.
const CALLS_TO_LEARN: u32 = 8;
/// So often code is given up at most.
const MOST_FAILURES: u32 = 12;
/// From then on sites that mislead are told of no more.
const FEW_FAILURES: u32 = 5;
/// So often an instruction raises for a handler of its function before that is caught in compiled code.
const RAISES: u32 = 20;
/// The same where little is waited for.
const RAISES_IN_TESTS: u32 = 4;
/// The greatest number of classes that an attribute's site is told of.
const MOST_OWNERS: usize = 4;
/// So often numbers may mislead.
const MOST_NUMBERS: u32 = 3;
/// So many bytecode instructions may be inlined at first, and fewer each time that the code was given up.
const INLINE_BUDGET: usize = 400;
/// The site that stands for the types at a loop's entry.
pub const ENTRY_SITE: u32 = u32::MAX;

/// What is remembered of a code object that was compiled.
#[derive(Default)]
pub struct History {
    /// How often code was given up ...
    failures: u32,
    /// ... because what was seen was not what came, rather than that nothing had been seen.
    misled: u32,
    /// How often code was left for a handler of its own, by the instruction that raised; `u32::MAX`: exceptions are caught there.
    raises: BTreeMap<u32, u32>,
    /// Whether somebody keeps the tracebacks of exceptions that are handled: then they are not caught.
    are_frames_kept: bool,
    /// How often a site made its code be given up.
    blames: BTreeMap<u32, u32>,
    /// The types of operands that sites have been told of.
    operands: BTreeMap<u32, (Type, Type)>,
    /// The leaves of the values for which code was left there, as far as they are of use.
    guilty: BTreeMap<u32, Leaves>,
    /// The compilation that was the first to be told of what a site is told of now, see [`begin_compilation`].
    told_at: BTreeMap<u32, u32>,
    /// How often sites had been blamed when they were first told of both kinds of numbers.
    told_numbers: BTreeMap<u32, u32>,
    /// How often these sites had been blamed then.
    operands_failed: BTreeMap<u32, u32>,
    /// The owners that attributes' sites have been told of.
    owners: BTreeMap<u32, Vec<NotedOwner>>,
}

/// An [`Owner`] without references to objects. They are there for as long as the class has the version.
#[derive(Clone, Copy, PartialEq, Eq)]
struct NotedOwner {
    version: u32,
    shape: u32,
    place: NotedPlace,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum NotedPlace {
    Slot { offset: u32 },
    Added { offset: u32, shape: u32 },
    Method(u64),
    Value(u64),
    Function(u64),
    General,
}

impl NotedOwner {
    fn of(owner: &Owner) -> NotedOwner {
        let place = match &owner.place {
            Place::Slot { offset } => NotedPlace::Slot { offset: *offset },
            Place::Added { offset, shape } => NotedPlace::Added { offset: *offset, shape: *shape },
            Place::Method(value) => NotedPlace::Method(value.borrow().bits()),
            Place::Value(value) => NotedPlace::Value(value.borrow().bits()),
            Place::Function(value) => NotedPlace::Function(value.borrow().bits()),
            Place::General => NotedPlace::General,
        };
        NotedOwner { version: owner.version, shape: owner.shape, place }
    }

    fn owner(self) -> Option<Owner> {
        let class = class_of_version(self.version)?;
        // SAFETY: while the version holds, so does the namespace that holds the value.
        let object = |word: u64| unsafe { Ref::from_bits(word) }.to_owned();
        let place = match self.place {
            NotedPlace::Slot { offset } => Place::Slot { offset },
            NotedPlace::Added { offset, shape } => Place::Added { offset, shape },
            NotedPlace::Method(word) => Place::Method(object(word)),
            NotedPlace::Value(word) => Place::Value(object(word)),
            NotedPlace::Function(word) => Place::Function(object(word)),
            NotedPlace::General => Place::General,
        };
        Some(Owner { class, shape: self.shape, version: self.version, place })
    }
}

impl History {
    /// What is told of the sites, after what became of it the last time, to who compiles the code or inlines it.
    pub fn amend(&mut self, seen: &mut [Seen]) {
        for (index, seen) in seen.iter_mut().enumerate() {
            let site = index as u32;
            let blames = self.blames.get(&site).copied().unwrap_or(0);
            if let Seen::Attribute(owners) = seen {
                // A run that left at one site went on to the others with the same owners, which these know by now.
                if let Some(before) = self.owners.get(&site) {
                    add_owners(owners, before.iter().filter_map(|noted| noted.owner()));
                }
                let noted: Vec<NotedOwner> = owners.iter().map(NotedOwner::of).collect();
                let is_news = self.owners.get(&site).is_none_or(|before| noted.iter().any(|owner| !before.contains(owner)));
                if is_news {
                    self.told_at.insert(site, compilation());
                }
                self.owners.insert(site, noted);
            }
            let most = match seen {
                Seen::Attribute(owners) if owners.len() <= MOST_OWNERS => MOST_OWNERS as u32 + 1,
                Seen::Operands(Kind::Int | Kind::Float, Kind::Int | Kind::Float) => MOST_NUMBERS,
                // It went by what another instruction has seen.
                Seen::Unrecorded => 0,
                _ => 1,
            };
            let is_hopeless = blames > most || blames > 0 && self.failures > FEW_FAILURES;
            if is_hopeless {
                *seen = Seen::Megamorphic;
            }
        }
    }

    /// Tells sites of operators of all kinds of numbers that they have met.
    pub fn amend_operands(&mut self, seen: &mut [environment::Seen]) {
        for (site, seen) in (0u32..).zip(seen) {
            let environment::Seen::Operands(left, right) = seen else { continue };
            if let Some(before) = self.operands.insert(site, (*left, *right)) {
                let mut both = (either(*left, before.0), either(*right, before.1));
                if let Some(guilty) = self.guilty.get(&site) {
                    let guilty = Type::of(*guilty);
                    both = (either(both.0, guilty), either(both.1, guilty));
                }
                let failed_at = self.operands_failed.insert(site, self.blames.get(&site).copied().unwrap_or(0)).unwrap_or(0);
                if both == before && self.blames.get(&site).is_some_and(|blames| *blames > failed_at) {
                    // These it was told of when it failed: an int did not fit a word.
                    both = (wider(both.0), wider(both.1));
                }
                if both != before {
                    self.told_at.insert(site, compilation());
                }
                self.operands.insert(site, both);
                (*left, *right) = both;
            }
        }
    }

    /// Tells operators that have met several kinds of operands of numbers of both kinds, if that is what they had met before.
    pub fn amend_numbers(&mut self, seen: &mut [environment::Seen]) {
        for (site, seen) in (0u32..).zip(seen) {
            let blames = self.blames.get(&site).copied().unwrap_or(0);
            // However often one kind was wrong: both kinds are all that numbers can be.
            let is_hopeless = self.told_numbers.get(&site).is_some_and(|told_at| blames > told_at + 1);
            if *seen == environment::Seen::Megamorphic
                && !is_hopeless
                && let Some((left, right)) = self.operands.get(&site)
                && [left, right].iter().all(|ty| !ty.is_bottom() && ty.fits(ty::Number))
            {
                *seen = environment::Seen::Operands(ty::Number, ty::Number);
            }
            if *seen == environment::Seen::Operands(ty::Number, ty::Number) {
                self.told_numbers.entry(site).or_insert(blames);
            }
        }
    }

    /// Tells sites that take different things apart of lists and tuples, until that turns out wrong.
    pub fn amend_unpacking(&self, code: &CodeObject, seen: &mut [environment::Seen]) {
        for ((site, seen), instr) in (0u32..).zip(seen).zip(&code.data.instructions) {
            let is_unpacking = instr.opcode() == Some(bytecode::Opcode::UnpackSequence);
            if is_unpacking && *seen == environment::Seen::Megamorphic && !self.blames.contains_key(&site) {
                *seen = environment::Seen::Operands(ty::SequenceExact, ty::Object);
            }
        }
    }

    /// Tells loops over what was no list, and no tuple, that it may be an instance of a class derived from `list`, until that turns out wrong.
    pub fn amend_iteration(&self, code: &CodeObject, seen: &mut [environment::Seen]) {
        for ((site, seen), instr) in (0u32..).zip(seen).zip(&code.data.instructions) {
            let is_iteration = instr.opcode() == Some(bytecode::Opcode::GetIter);
            if is_iteration && *seen == environment::Seen::Megamorphic && self.blames.get(&site) == Some(&1) && !self.guilty.contains_key(&site) {
                *seen = environment::Seen::Operands(ty::List, ty::Object);
            }
        }
    }

    /// Counts that an instruction raised for a handler of its code. Whether it has now raised so often that it is worth to catch that.
    fn raised(&mut self, bytecode: u32) -> bool {
        let most = if compile::calls_before().is_some_and(|calls| calls < 10) { RAISES_IN_TESTS } else { RAISES };
        let raises = self.raises.entry(bytecode).or_default();
        *raises = raises.saturating_add(1);
        if *raises < most || *raises == u32::MAX || self.are_frames_kept {
            return false;
        }
        // Others that are on the way there need not be waited for.
        self.raises.values_mut().filter(|raises| **raises >= most / 4).for_each(|raises| *raises = u32::MAX);
        true
    }

    /// The instructions whose exceptions are caught in compiled code.
    pub fn caught(&self) -> BTreeSet<u32> {
        let is_caught = |raises: u32| raises == u32::MAX && !self.are_frames_kept;
        self.raises.iter().filter(|(_, raises)| is_caught(**raises)).map(|(bytecode, _)| *bytecode).collect()
    }

    /// How often what was seen was not what came.
    pub fn misled(&self) -> u32 {
        self.misled
    }

    /// Whether the values at a loop's entry were of types of which those at other times are not.
    pub fn is_entry_blamed(&self) -> bool {
        self.blames.contains_key(&ENTRY_SITE)
    }

    /// Whether a global name's value is not to be counted on where this site loads it.
    pub fn is_name_blamed(&self, site: u32) -> bool {
        self.blames.get(&site).is_some_and(|blames| *blames > 1)
    }
}

/// The leaf of values whose class has the name, of those that operators are told of together.
fn leaf_of_name(name: &str) -> Leaves {
    let leaf = match name {
        "int" => ty::SmallInt,
        "float" => ty::FloatExact,
        "list" => ty::ListExact,
        "tuple" => ty::TupleExact,
        _ => ty::Bottom,
    };
    leaf.leaves()
}

/// Both types, if they are of numbers or of sequences, or else the first.
fn either(now: Type, before: Type) -> Type {
    let are = |wanted: Type| [now, before].iter().all(|ty| !ty.is_bottom() && ty.leaves().within(wanted.leaves()));
    if are(Type::any_of(&[ty::LongExact, ty::FloatExact])) || are(ty::SequenceExact) { Type::any_of(&[now, before]) } else { now }
}

/// Ints of any size for those that fit a word.
fn wider(ty: Type) -> Type {
    if ty.fits(ty::LongExact) && !ty.is_bottom() { ty::LongExact } else { ty }
}

/// Adds owners with other layouts than those that are there.
fn add_owners(owners: &mut Vec<Owner>, more: impl Iterator<Item = Owner>) {
    for owner in more {
        if owners.len() < MOST_OWNERS && !owners.iter().any(|known| known.shape == owner.shape) {
            owners.push(owner);
        }
    }
}

/// How many bytecode instructions a function may have with all that is inlined, after code was given up so often.
pub fn inline_budget(code: &CodeObject, failures: u32) -> usize {
    let most = crate::options::get().inliner_cost_limit as usize;
    most.min(code.data.instructions.len() + INLINE_BUDGET / (1 + failures as usize))
}

/// Has `with` look at, and change, what is remembered of code.
pub fn with_history<T>(code: &CodeObject, with: impl FnOnce(&mut History) -> T) -> T {
    let mut history = code.compiled.history.borrow_mut();
    let history = history.get_or_insert_with(|| Box::<History>::default());
    with(history.downcast_mut::<History>().expect("nobody else remembers anything"))
}

/// Says after how many jumps backward loops are compiled, given after how many calls functions are.
pub fn set_enabled(calls: Option<u32>) {
    // Few calls are for tests.
    let heat = calls.map_or(0, |calls| if calls < 10 { calls * 8 } else { LOOP_HEAT });
    compiled::set_hot_loop(calls.map(|_| hot_loop as compiled::HotLoop), heat);
}

/// Compiled code to go on with at the head of a loop.
///
/// # Safety
///
/// The frame is the innermost one, at the head, which is the instruction with this index.
unsafe fn hot_loop(vm: &mut Vm, frame: *mut Frame, head: u32) -> Option<Entry> {
    // SAFETY: the caller's promise: the frame keeps code and function.
    let (code, function) = unsafe { (compiled::code_of(frame), compiled::function_of(frame)) };
    let slot = &code.compiled;
    let found = slot.loops.borrow().iter().find(|(known, _)| *known == head).map(|(_, entry)| *entry);
    let scope = function.scope_words();
    if found.is_some() {
        return found.filter(|_| slot.scope.get() == scope);
    }
    let is_other_scope = slot.scope.get() != (0, 0) && slot.scope.get() != scope;
    if is_other_scope || with_history(code, |history| history.failures >= MOST_FAILURES) {
        slot.heat.set(u32::MAX);
        return None;
    }
    if !ration::allows(code) {
        return None;
    }
    let types = if with_history(code, |history| history.is_entry_blamed()) {
        Vec::new()
    } else {
        // SAFETY: the words of locals and stack up to `sp` are live values or null.
        unsafe { compiled::words_of(frame) }.iter().map(|&word| entry_type(word)).collect()
    };
    let options = Options { loop_entry: Some((head, types)), ..Options::default() };
    match compile::compile_function(vm, function, &options) {
        Ok(entry) => {
            slot.loops.borrow_mut().push((head, entry));
            // What has loops that are worth it is worth it.
            slot.countdown.set(slot.countdown.get().min(1));
            Some(entry)
        }
        Err(_) => {
            slot.heat.set(u32::MAX);
            None
        }
    }
}

/// The type to guard a value for where a loop is entered.
fn entry_type(word: u64) -> Type {
    if word == 0 {
        return ty::Nullptr;
    }
    // SAFETY: the caller's promise: the word is a live value.
    let leaf = leaf_of(unsafe { Ref::from_bits(word) });
    let useful = [ty::SmallInt, ty::FloatExact, ty::UnicodeExact, ty::ListExact, ty::TupleExact, ty::DictExact, ty::ListIterator, ty::TupleIterator];
    let more = [ty::RangeIterator, ty::Bool];
    useful.into_iter().chain(more).find(|useful| leaf.fits(*useful)).unwrap_or(ty::OptObject)
}

/// Counts that code is left with an exception set. Where a handler of the function, or of one that was inlined, has met many, the code is compiled anew, so
/// that they are caught there.
pub fn raised(code: &CodeObject, exits: &Exits, point: &Point) {
    let heat = &code.compiled.heat;
    heat.set(heat.get().min(HEAT_AFTER_RAISE));
    // SAFETY: the compiled code keeps the code objects of what it inlined.
    let code_of = |frame: &FramePoint| frame.callee.map_or(code, |callee| unsafe { &*callee.code() });
    let handling = point.frames.iter().rev().find(|frame| code_of(frame).handler(frame.bytecode as usize).is_some());
    let Some(frame) = handling.filter(|frame| is_catchable(code_of(frame), frame.bytecode)) else { return };
    let is_hot = ration::allows(code) && with_history(code_of(frame), |history| history.raised(frame.bytecode));
    if is_hot && !exits.is_given_up.get() {
        exits.is_given_up.set(true);
        learn_anew(code, false);
    }
}

/// Whether exceptions of an instruction can be caught in compiled code.
fn is_catchable(code: &CodeObject, bytecode: u32) -> bool {
    let instruction = code.data.instructions[bytecode as usize];
    match instruction.opcode() {
        Some(Opcode::Call | Opcode::CallKw | Opcode::CallFunctionEx | Opcode::BinaryOp) => true,
        Some(Opcode::LoadAttr) => instruction.arg() & 1 == 0,
        _ => false,
    }
}

/// Counts that a guard failed; if that happens often, the code is given up and compiled anew after some calls.
pub fn failed(code: &CodeObject, exits: &Exits, id: u32, point: &Point) {
    let heat = &code.compiled.heat;
    heat.set(heat.get().min(HEAT_AFTER_FAILURE));
    if point.instr == hir::instr::Opcode::CheckPeriodicTasks {
        // That was no guess.
        return;
    }
    let failures = exits.with_tale(id, Tale::failed);
    if failures < PATIENCE || exits.is_given_up.get() || stress::period() > 0 {
        return;
    }
    // Better code may have to wait; code that is left so often is worse than none.
    if failures < MOST_PATIENCE && !ration::allows(code) {
        return;
    }
    exits.is_given_up.set(true);
    // The site may be in inlined code.
    // SAFETY: the compiled code keeps the code objects of what it inlined.
    let blamed = point.frames.last().and_then(|frame| frame.callee).map_or(code, |callee| unsafe { &*callee.code() });
    with_history(blamed, |history| {
        // Code into which this was inlined earlier does not know what has been learned since.
        let is_old = history.told_at.get(&point.site).is_some_and(|told_at| exits.compilation < *told_at);
        *history.blames.entry(point.site).or_default() += u32::from(!is_old);
        let leaves = exits.with_tale(id, |tale| tale.guilty_types()).iter().fold(Leaves::NONE, |leaves, name| leaves.or(leaf_of_name(name)));
        if !leaves.is_empty() {
            let guilty = history.guilty.entry(point.site).or_insert(Leaves::NONE);
            *guilty = guilty.or(leaves);
        }
        history.are_frames_kept |= point.instr == hir::instr::Opcode::Guard && is_behind_handler(blamed, point.site);
    });
    let is_last = with_history(code, |history| {
        history.failures += 1;
        history.misled += u32::from(point.instr != hir::instr::Opcode::Deopt);
        history.failures >= MOST_FAILURES
    });
    learn_anew(code, is_last);
}

/// Whether an instruction comes right behind the end of a handler.
fn is_behind_handler(code: &CodeObject, site: u32) -> bool {
    let before = site.checked_sub(1).and_then(|before| code.data.instructions.get(before as usize));
    before.is_some_and(|instruction| instruction.opcode() == Some(Opcode::PopExcept))
}

/// Has calls, loops and resumptions interpreted, and, unless it `is_last`, after some more of them compiled again.
fn learn_anew(code: &CodeObject, is_last: bool) {
    code.compiled.loops.borrow_mut().clear();
    if code.has_flag(CodeFlags::SUSPENDS) {
        let resumable = &code.compiled.resumable;
        return if is_last { resumable.clear() } else { resumable.compile_after(CALLS_TO_LEARN) };
    }
    if is_last || code.compiled.entry.get().is_none() {
        code.compiled.entry.set(None);
    } else {
        code.compiled.countdown.set(CALLS_TO_LEARN);
        compile::compile_after_countdown(code);
    }
}
