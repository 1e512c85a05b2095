//! The tools of `sys.monitoring`: which events each wants, of all code or of some, and its callbacks.
//!
//! Tools belong to the whole process; all of this is guarded by the global lock.

use crate::code::{CODE, CodeObject};
use crate::frame::{self, Frame};
use object::cell::ObjectCell;
use object::{Object, PyResult, Ref, Vm};
use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

/// Events by number; an event set has the bits of these numbers.
pub mod event {
    pub type Event = u32;

    pub const PY_START: Event = 0;
    pub const PY_RESUME: Event = 1;
    pub const PY_RETURN: Event = 2;
    pub const PY_YIELD: Event = 3;
    pub const CALL: Event = 4;
    pub const LINE: Event = 5;
    pub const INSTRUCTION: Event = 6;
    pub const JUMP: Event = 7;
    pub const BRANCH_LEFT: Event = 8;
    pub const BRANCH_RIGHT: Event = 9;
    pub const STOP_ITERATION: Event = 10;
    pub const RAISE: Event = 11;
    pub const EXCEPTION_HANDLED: Event = 12;
    pub const PY_UNWIND: Event = 13;
    pub const PY_THROW: Event = 14;
    pub const RERAISE: Event = 15;
    pub const C_RETURN: Event = 16;
    pub const C_RAISE: Event = 17;
    /// Both kinds of branch.
    pub const BRANCH: Event = 18;

    /// Names, in order.
    pub const NAMES: [&str; 19] = [
        "PY_START",
        "PY_RESUME",
        "PY_RETURN",
        "PY_YIELD",
        "CALL",
        "LINE",
        "INSTRUCTION",
        "JUMP",
        "BRANCH_LEFT",
        "BRANCH_RIGHT",
        "STOP_ITERATION",
        "RAISE",
        "EXCEPTION_HANDLED",
        "PY_UNWIND",
        "PY_THROW",
        "RERAISE",
        "C_RETURN",
        "C_RAISE",
        "BRANCH",
    ];

    /// Events that can be wanted of one code object, and disabled at one place.
    pub const N_LOCAL: Event = 11;
}

use event::Event;

/// Tools Python may use.
pub const N_TOOLS: usize = 6;

/// A tool.
struct Tool {
    name: ObjectCell,
    events: Cell<u32>,
    callbacks: [ObjectCell; event::NAMES.len()],
}

struct Tools([Tool; N_TOOLS]);

// SAFETY: the tools are only touched by the holder of the global lock.
unsafe impl Sync for Tools {}

static TOOLS: Tools =
    Tools([const { Tool { name: ObjectCell::EMPTY, events: Cell::new(0), callbacks: [const { ObjectCell::EMPTY }; event::NAMES.len()] } }; N_TOOLS]);

/// Events any tool wants of all code, and how many code objects have events of their own.
static GLOBAL_EVENTS: AtomicU32 = AtomicU32::new(0);
static LOCAL_CODES: AtomicUsize = AtomicUsize::new(0);
/// What was disabled in an earlier version is enabled again.
static VERSION: AtomicU32 = AtomicU32::new(0);

/// A code object's part in monitoring.
#[derive(Default)]
pub struct CodeEvents {
    events: [Cell<u32>; N_TOOLS],
    version: Cell<u32>,
    /// Places, tools and events that were disabled.
    disabled: RefCell<HashSet<(usize, usize, Event)>>,
}

/// `sys.monitoring.DISABLE` and `MISSING`.
static DISABLE: ObjectCell = ObjectCell::EMPTY;
static MISSING: ObjectCell = ObjectCell::EMPTY;

fn sentinel(vm: &mut Vm, cell: &'static ObjectCell) -> Object {
    if let Some(object) = cell.get() {
        return object;
    }
    let object = vm.call(object::class::OBJECT.object(), &[]).unwrap_or(Object::ellipsis());
    cell.set(Some(object.clone()));
    object
}

pub fn disable(vm: &mut Vm) -> Object {
    sentinel(vm, &DISABLE)
}

pub fn missing(vm: &mut Vm) -> Object {
    sentinel(vm, &MISSING)
}

/// Whether any tool wants any event.
#[inline]
pub fn is_active() -> bool {
    GLOBAL_EVENTS.load(Ordering::Relaxed) != 0 || LOCAL_CODES.load(Ordering::Relaxed) != 0
}

fn update() {
    let all = TOOLS.0.iter().fold(0, |all, tool| all | tool.events.get());
    GLOBAL_EVENTS.store(all, Ordering::Relaxed);
    super::update_breaker();
}

/// The name a tool was taken with.
pub fn tool_name(tool: usize) -> Option<Object> {
    TOOLS.0[tool].name.get()
}

pub fn set_tool_name(tool: usize, name: Option<Object>) {
    TOOLS.0[tool].name.set(name);
}

/// Forgets a tool's events and callbacks.
pub fn clear_tool(tool: usize) {
    for callback in &TOOLS.0[tool].callbacks {
        callback.set(None);
    }
    TOOLS.0[tool].events.set(0);
    update();
}

pub fn set_callback(tool: usize, event: Event, callback: Option<Object>) -> Option<Object> {
    TOOLS.0[tool].callbacks[event as usize].replace(callback)
}

pub fn events(tool: usize) -> u32 {
    TOOLS.0[tool].events.get()
}

pub fn set_events(tool: usize, events: u32) {
    TOOLS.0[tool].events.set(events);
    update();
}

pub fn local_events(code: &CodeObject, tool: usize) -> u32 {
    code.monitoring().events[tool].get()
}

pub fn set_local_events(code: &CodeObject, tool: usize, events: u32) {
    let own = code.monitoring();
    let had_any = own.events.iter().any(|events| events.get() != 0);
    own.events[tool].set(events);
    let has_any = own.events.iter().any(|events| events.get() != 0);
    match (had_any, has_any) {
        (false, true) => drop(LOCAL_CODES.fetch_add(1, Ordering::Relaxed)),
        (true, false) => drop(LOCAL_CODES.fetch_sub(1, Ordering::Relaxed)),
        _ => {}
    }
    super::update_breaker();
}

impl CodeEvents {
    pub(crate) fn events_of(&self, tool: usize) -> u32 {
        self.events[tool].get()
    }
}

impl Drop for CodeEvents {
    fn drop(&mut self) {
        if self.events.iter().any(|events| events.get() != 0) {
            LOCAL_CODES.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

/// Enables everything that was disabled.
pub fn restart() {
    VERSION.fetch_add(1, Ordering::Relaxed);
}

/// The bit by which an event is asked for.
fn asking(event: Event) -> u32 {
    match event {
        event::C_RETURN | event::C_RAISE => 1 << event::CALL,
        event::BRANCH => 1 << event::BRANCH_LEFT | 1 << event::BRANCH_RIGHT,
        event => 1 << event,
    }
}

fn tool_wants(tool: usize, code: &CodeObject, event: Event) -> bool {
    let local = if !(event::N_LOCAL..event::C_RETURN).contains(&event) { code.monitoring_events(tool) } else { 0 };
    (TOOLS.0[tool].events.get() | local) & asking(event) != 0
}

/// Whether any tool wants an event of the frame's code.
///
/// # Safety
///
/// The frame is in progress.
pub(super) unsafe fn wants(frame: *mut Frame, event: Event) -> bool {
    // SAFETY: the caller's promise.
    unsafe { watchers(frame, event) != 0 }
}

/// What the callbacks of an event get after the code object.
enum Arguments<'a> {
    /// The offset of the instruction, and more.
    At(&'a [Ref<'a>]),
    Line(u32),
}

unsafe fn fire_at(vm: &mut Vm, frame: *mut Frame, event: Event, index: usize, arguments: Arguments<'_>) -> PyResult<()> {
    // SAFETY: the caller's promise.
    unsafe { fire_for(vm, frame, event, index, arguments, watchers(frame, event)) }
}

/// The tools that want an event of the frame's code, a bit each.
pub(super) unsafe fn watchers(frame: *mut Frame, event: Event) -> u32 {
    if !is_active() {
        return 0;
    }
    // SAFETY: the caller's promise.
    let code = unsafe { &*(*frame).code };
    (0..N_TOOLS).filter(|&tool| tool_wants(tool, code, event)).fold(0, |all, tool| all | 1 << tool)
}

unsafe fn fire_for(vm: &mut Vm, frame: *mut Frame, event: Event, index: usize, arguments: Arguments<'_>, watchers: u32) -> PyResult<()> {
    if watchers == 0 {
        return Ok(());
    }
    // SAFETY: the caller's promise.
    let code = unsafe { &*(*frame).code };
    // SAFETY: as above; the function object is the frame's.
    let code_object = unsafe { (*frame).function().code.get_or_none() };
    debug_assert!(code_object.borrow().is_exactly(&CODE), "a function's code is a code object");
    for tool in 0..N_TOOLS {
        if watchers & 1 << tool == 0 || is_disabled(code, index, tool, event) {
            continue;
        }
        let Some(callback) = TOOLS.0[tool].callbacks[event as usize].get() else { continue };
        let first = match arguments {
            Arguments::At(_) => vm.new_int(code.byte_offset(index)),
            Arguments::Line(line) => vm.new_int(i64::from(line)),
        };
        let mut values = vec![code_object.borrow(), first.borrow()];
        if let Arguments::At(more) = arguments {
            values.extend(more);
        }
        let previous = frame::interp(vm).tracing.event.replace(event);
        let result = super::unobserved(vm, |vm| vm.call(callback.borrow(), &values));
        frame::interp(vm).tracing.event = previous;
        let result = result?;
        if DISABLE.get().is_some_and(|disable| disable.borrow().is(result.borrow())) {
            disable_at(vm, code, index, tool, event)?;
        }
    }
    Ok(())
}

fn is_disabled(code: &CodeObject, index: usize, tool: usize, event: Event) -> bool {
    let own = code.monitoring();
    if own.version.get() != VERSION.load(Ordering::Relaxed) {
        own.version.set(VERSION.load(Ordering::Relaxed));
        own.disabled.borrow_mut().clear();
    }
    let disabled = own.disabled.borrow();
    !disabled.is_empty() && disabled.contains(&(index, tool, event))
}

fn disable_at(vm: &mut Vm, code: &CodeObject, index: usize, tool: usize, event: Event) -> PyResult<()> {
    let event = match event {
        event::C_RETURN | event::C_RAISE => event::CALL,
        event => event,
    };
    if event >= event::N_LOCAL && event != event::BRANCH {
        drop(set_callback(tool, event, None));
        return Err(vm.value_error(format!("Cannot disable {} events. Callback removed.", event::NAMES[event as usize])));
    }
    let mut disabled = code.monitoring().disabled.borrow_mut();
    disabled.insert((index, tool, event));
    if event == event::CALL {
        disabled.extend([(index, tool, event::C_RETURN), (index, tool, event::C_RAISE)]);
    }
    Ok(())
}

/// Reports an event of the current instruction.
///
/// # Safety
///
/// The frame is the innermost one; so for all functions below.
pub(super) unsafe fn fire(vm: &mut Vm, frame: *mut Frame, event: Event, args: &[Ref<'_>]) -> PyResult<()> {
    if !is_active() {
        return Ok(());
    }
    // SAFETY: the caller's promise.
    unsafe { fire_at(vm, frame, event, (*frame).instruction_index(), Arguments::At(args)) }
}

pub(super) unsafe fn fire_line(vm: &mut Vm, frame: *mut Frame, line: u32) -> PyResult<()> {
    if !is_active() {
        return Ok(());
    }
    // SAFETY: the caller's promise.
    unsafe { fire_at(vm, frame, event::LINE, (*frame).instruction_index(), Arguments::Line(line)) }
}

pub(super) unsafe fn fire_instruction(vm: &mut Vm, frame: *mut Frame, index: usize) -> PyResult<()> {
    if !is_active() {
        return Ok(());
    }
    // SAFETY: the caller's promise.
    unsafe { fire_at(vm, frame, event::INSTRUCTION, index, Arguments::At(&[])) }
}

pub(super) unsafe fn fire_jump(vm: &mut Vm, frame: *mut Frame, event: Event, from: usize, to: usize) -> PyResult<()> {
    // SAFETY: the caller's promise.
    unsafe {
        let target = vm.new_int((*frame).code().byte_offset(to));
        fire_at(vm, frame, event, from, Arguments::At(&[target.borrow()]))?;
        if matches!(event, event::BRANCH_LEFT | event::BRANCH_RIGHT) {
            fire_at(vm, frame, event::BRANCH, from, Arguments::At(&[target.borrow()]))?;
        }
        Ok(())
    }
}

pub(super) unsafe fn fire_call(
    vm: &mut Vm,
    frame: *mut Frame,
    event: Event,
    callable: Ref<'_>,
    first: Option<Ref<'_>>,
    watchers: u32,
) -> PyResult<()> {
    if watchers == 0 {
        return Ok(());
    }
    let missing = missing(vm);
    let first = first.unwrap_or(missing.borrow());
    // SAFETY: the caller's promise.
    unsafe { fire_for(vm, frame, event, (*frame).instruction_index(), Arguments::At(&[callable, first]), watchers) }
}
