//! Frame objects: what Python sees of a frame.
//!
//! A frame object points at a frame that is in progress, or at the copy it took when the frame ended.

use crate::code::CodeObject;
use crate::compiled::look::{self, Wish};
use crate::eval;
use crate::frame::{FRAME_WORDS, Frame};
use object::cell::{ObjectCell, Visitor, VmCell};
use object::class::Payload;
use object::native::{Getset, PayloadInfo, TypeSpec, flag};
use object::slots::Slots;
use object::threads::Thread;
use object::{Object, PyResult, Ref, Type, Vm, method};
use std::cell::Cell;

/// The payload of a `frame`.
pub struct FrameObject {
    frame: Cell<*mut Frame>,
    /// The frame itself, once it has ended.
    memory: VmCell<Box<[u64]>>,
    back: ObjectCell,
    pub trace: ObjectCell,
    pub trace_lines: Cell<bool>,
    pub trace_opcodes: Cell<bool>,
    /// Names that were added through `f_locals`.
    pub extra_locals: ObjectCell,
    /// A line that a trace function asked to jump to; 0: none.
    pub jump: Cell<u32>,
}

/// `types.FrameType`
pub static FRAME: Type = Type::new(&FRAME_SPEC);
static FRAME_SPEC: TypeSpec = TypeSpec {
    name: "frame",
    flags: flag::NO_INSTANTIATION,
    payload: PayloadInfo::of::<FrameObject>(),
    slots: Slots { repr: Some(repr), ..Slots::NONE },
    methods: &[
        method!(Unary clear as "clear" "($self, /)", "Clear all references held by the frame."),
        method!(Unary sizeof as "__sizeof__" "($self, /)", "Return the size of the frame in memory, in bytes."),
    ],
    getsets: &[
        Getset::readonly("f_back", "", |vm, this| Ok(back(vm, this).unwrap_or(Object::none()))),
        Getset::readonly("f_code", "Return the code object being executed in this frame.", |_, this| {
            Ok(frame_of(this).function().code.get_or_none())
        }),
        Getset::readonly("f_globals", "Return the global variables in the frame.", |_, this| Ok(frame_of(this).globals())),
        Getset::readonly("f_builtins", "Return the built-in variables in the frame.", |_, this| Ok(frame_of(this).function().builtins.clone())),
        Getset::readonly("f_locals", "Return the mapping used by the frame to look up local variables.", locals_proxy::of_frame),
        Getset::readonly("f_lasti", "Return the index of the last attempted instruction in the frame.", get_lasti),
        Getset::readonly("f_generator", "Return the generator or coroutine associated with this frame, or None.", get_generator),
        Getset::new("f_lineno", "Return the current line number in the frame.", get_line, crate::tracing::set_line),
        Getset::new("f_trace", "Return the trace function for this frame, or None if no trace function is set.", get_trace, set_trace),
        Getset::new("f_trace_lines", "", |_, this| Ok(Object::bool(payload(this).trace_lines.get())), set_trace_lines),
        Getset::new("f_trace_opcodes", "", |_, this| Ok(Object::bool(payload(this).trace_opcodes.get())), set_trace_opcodes),
    ],
    ..TypeSpec::DEFAULT
};

pub mod locals_proxy;

impl Payload for FrameObject {
    fn class() -> &'static Type {
        &FRAME
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        for cell in [&self.back, &self.trace, &self.extra_locals] {
            cell.traverse(visitor);
        }
        if self.memory.visit(visitor).is_empty() {
            return;
        }
        let frame = self.frame.get();
        // SAFETY: the frame has ended; its words are references or zero.
        unsafe {
            visitor.visit((*frame).function.borrow());
            if (*frame).namespace != 0 {
                visitor.visit(Ref::from_bits((*frame).namespace));
            }
            for index in 0..(*(*frame).code).n_locals {
                let word = *Frame::locals(frame).add(index);
                if word != 0 {
                    visitor.visit(Ref::from_bits(word));
                }
            }
        }
    }

    fn clear(&self, vm: &mut Vm) {
        self.back.set(None);
        self.trace.set(None);
        if !self.memory.get(vm).is_empty() {
            self.clear_locals();
        }
    }
}

impl Drop for FrameObject {
    fn drop(&mut self) {
        // SAFETY: nobody else looks any more.
        unsafe {
            if !self.memory.get_unchecked().is_empty() {
                eval::clear_frame(self.frame.get(), 0, None);
            }
        }
    }
}

impl FrameObject {
    fn clear_locals(&self) {
        let frame = self.frame.get();
        // SAFETY: the words of locals are references or zero.
        unsafe { crate::frame::drop_locals(frame) };
    }

    /// The frame, in progress or ended.
    pub fn frame(&self) -> &Frame {
        // SAFETY: the pointer is kept up to date while the frame is in progress, and is that of
        // `memory` afterwards.
        unsafe { &*self.frame.get() }
    }

    /// Has compiled code put the variables where they are looked for.
    pub(crate) fn show(&self, vm: &mut Vm) {
        // SAFETY: the pointer is that of a frame, in progress or ended.
        unsafe { look::ask(vm, self.frame.get(), Wish::Show) };
    }

    /// The words of the locals.
    pub(crate) fn locals(&self) -> *mut u64 {
        Frame::locals(self.frame.get())
    }

    /// Whether the frame has ended.
    pub fn has_ended(&self, vm: &Vm) -> bool {
        !self.memory.get(vm).is_empty()
    }
}

pub(crate) fn payload(this: Ref<'_>) -> &FrameObject {
    this.downcast::<FrameObject>().expect("the slot belongs to the type").get()
}

fn frame_of(this: Ref<'_>) -> &Frame {
    payload(this).frame()
}

/// The frame object of a frame, made if there is none.
///
/// # Safety
///
/// The frame has not ended.
pub(crate) unsafe fn of(vm: &mut Vm, frame: *mut Frame) -> Object {
    // SAFETY: the word is a reference or zero.
    unsafe {
        if (*frame).object != 0 {
            return Ref::from_bits((*frame).object).to_owned();
        }
        let object = vm.allocate(FrameObject {
            frame: Cell::new(frame),
            memory: VmCell::new(Box::default()),
            back: ObjectCell::EMPTY,
            trace: ObjectCell::EMPTY,
            trace_lines: Cell::new(true),
            trace_opcodes: Cell::new(false),
            extra_locals: ObjectCell::EMPTY,
            jump: Cell::new(0),
        });
        let object = object.into_object();
        (*frame).object = object.clone().into_raw();
        look::ask(vm, frame, Wish::Watch);
        object
    }
}

/// The frame object of the frame `depth` calls out from the innermost one.
pub fn at_depth(vm: &mut Vm, depth: usize) -> Option<Object> {
    let mut frame = vm.frame.cast::<Frame>();
    for _ in 0..depth {
        // SAFETY: callers' frames outlive callees'.
        frame = unsafe { frame.as_ref()?.previous };
    }
    // SAFETY: the frame is in progress.
    (!frame.is_null()).then(|| unsafe { of(vm, frame) })
}

/// The frame object of another thread's innermost frame.
pub fn of_thread(vm: &mut Vm, thread: &Thread) -> Option<Object> {
    let frame = thread.frame.cast::<Frame>();
    // SAFETY: the thread stands still, so that the frame is in progress.
    (!frame.is_null()).then(|| unsafe { of(vm, frame) })
}

/// Tells the frame object that its frame has moved.
///
/// # Safety
///
/// `frame` is where the frame is now.
pub(crate) unsafe fn moved(frame: *mut Frame) {
    // SAFETY: the word is a reference to a frame object, or zero.
    unsafe {
        if (*frame).object != 0 {
            payload(Ref::from_bits((*frame).object)).frame.set(frame);
        }
    }
}

/// The `f_back` a frame object will need when its frame ends; `None` if nobody holds the object.
///
/// # Safety
///
/// The frame is in progress.
pub(crate) unsafe fn back_of_leaving(vm: &mut Vm, frame: *mut Frame) -> Option<Object> {
    // SAFETY: the caller's promise.
    unsafe {
        if (*frame).object == 0 || Ref::from_bits((*frame).object).is_unique() || (*frame).previous.is_null() {
            return None;
        }
        Some(of(vm, (*frame).previous))
    }
}

/// Gives an ended frame's locals to its frame object, if anybody else holds that; returns whether so.
///
/// # Safety
///
/// The frame has ended, its evaluation stack is empty, and it has an object. If the result is true
/// everything the frame held has been moved out.
pub(crate) unsafe fn leave(frame: *mut Frame, back: Option<Object>) -> bool {
    // SAFETY: the caller's promise; the words are moved into memory of the object's own.
    unsafe {
        let Some(object) = crate::frame::take(&raw mut (*frame).object) else { return false };
        if object.borrow().is_unique() {
            return false;
        }
        let own = payload(object.borrow());
        let words = FRAME_WORDS + (*(*frame).code).n_locals;
        let mut memory = vec![0u64; words].into_boxed_slice();
        std::ptr::copy_nonoverlapping(frame.cast::<u64>(), memory.as_mut_ptr(), words);
        let copy = memory.as_mut_ptr().cast::<Frame>();
        (*copy).previous = std::ptr::null_mut();
        (*copy).generator = 0;
        (*copy).native = 0;
        *own.memory.get_unchecked() = memory;
        own.frame.set(copy);
        own.back.set(back);
        true
    }
}

/// `f_back`
pub fn back(vm: &mut Vm, this: Ref<'_>) -> Option<Object> {
    let own = payload(this);
    if let Some(back) = own.back.get() {
        return Some(back);
    }
    crate::generator::chain::settle_frame(own.frame());
    let previous = own.frame().previous;
    // SAFETY: callers' frames outlive callees'.
    (!previous.is_null()).then(|| unsafe { of(vm, previous) })
}

fn get_lasti(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let frame = frame_of(this);
    // A generator that waits has the instruction that it goes on with before it.
    let resume = usize::from(is_suspended(frame));
    let offset = frame.code().byte_offset(frame.instruction_index() + resume);
    Ok(vm.new_int(offset))
}

fn is_suspended(frame: &Frame) -> bool {
    if frame.generator == 0 {
        return false;
    }
    // SAFETY: a generator outlives its frame.
    let generator = unsafe { Ref::from_bits(frame.generator) };
    crate::generator::data(generator)
        .is_some_and(|data| matches!(data.state(), crate::generator::State::Created | crate::generator::State::Suspended))
}

fn get_generator(_vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let word = frame_of(this).generator;
    // SAFETY: a generator outlives its frame.
    Ok(if word == 0 { Object::none() } else { unsafe { Ref::from_bits(word) }.to_owned() })
}

fn get_line(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let own = payload(this);
    if own.jump.get() != 0 {
        return Ok(vm.new_int(i64::from(own.jump.get())));
    }
    let frame = own.frame();
    let line = frame.line().or_else(|| {
        // Where a module begins there is line 0.
        let location = frame.code().data.locations.get(frame.instruction_index())?;
        (location.end_line != 0).then_some(0)
    });
    Ok(line.map_or(Object::none(), |line| Object::small_int(i64::from(line))))
}

fn get_trace(_vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(payload(this).trace.get_or_none())
}

fn set_trace(_vm: &mut Vm, this: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    payload(this).trace.set(value.filter(|value| !value.is_none()).map(Ref::to_owned));
    Ok(())
}

fn bool_value(vm: &mut Vm, value: Option<Ref<'_>>) -> PyResult<bool> {
    match value.and_then(Ref::as_bool) {
        Some(value) => Ok(value),
        None => Err(vm.type_error("attribute value type must be bool")),
    }
}

fn set_trace_lines(vm: &mut Vm, this: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    if value.is_none() {
        return Err(vm.type_error("can't delete numeric/char attribute"));
    }
    payload(this).trace_lines.set(bool_value(vm, value)?);
    Ok(())
}

fn set_trace_opcodes(vm: &mut Vm, this: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    if value.is_none() {
        return Err(vm.raise(&object::exception::ATTRIBUTE_ERROR, "attribute 'f_trace_opcodes' of 'frame' objects cannot be deleted"));
    }
    payload(this).trace_opcodes.set(bool_value(vm, value)?);
    Ok(())
}

fn repr(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let frame = frame_of(this);
    let code: &CodeObject = frame.code();
    let file = vm.repr_text(code.filename)?;
    let line = frame.line().map_or("None".into(), |line| line.to_string());
    let text = format!("<frame at {:#x}, file {file}, line {line}, code {}>", this.bits(), code.name_text());
    Ok(vm.new_str(&text).into_object())
}

fn clear(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let own = payload(this);
    if !own.has_ended(vm) {
        let generator = own.frame().generator;
        if generator == 0 {
            return Err(vm.runtime_error("cannot clear an executing frame"));
        }
        // SAFETY: a generator outlives its frame.
        let generator = unsafe { Ref::from_bits(generator) }.to_owned();
        let state = crate::generator::data(generator.borrow()).map(|data| data.state());
        return match state {
            Some(crate::generator::State::Running) => Err(vm.runtime_error("cannot clear an executing frame")),
            Some(crate::generator::State::Suspended) => Err(vm.runtime_error("cannot clear a suspended frame")),
            _ => {
                generator.borrow().class().slots().finalize.map_or(Ok(()), |finalize| finalize(vm, generator.borrow()))?;
                object::collector::mark_finalized(generator.borrow());
                Ok(Object::none())
            }
        };
    }
    own.clear_locals();
    own.extra_locals.set(None);
    Ok(Object::none())
}

fn sizeof(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let own = payload(this);
    let size = object::instance::size_of_instance(this) + 8 * own.frame().code().n_locals;
    Ok(vm.new_int(size as i64))
}
