//! Traceback objects.

use crate::frame::{self, Frame};
use crate::frame_object::{self, FRAME, FrameObject};
use object::call;
use object::cell::{ObjectCell, Visitor};
use object::class::Payload;
use object::exception::Exception;
use object::native::{Getset, Member, PayloadInfo, TypeSpec};
use object::slots::Slots;
use object::{Args, Object, PyResult, Ref, RefOf, Type, Vm, method};
use std::cell::Cell;

/// The payload of a `traceback`.
pub struct Traceback {
    pub next: ObjectCell,
    pub frame: ObjectCell,
    /// `tb_lasti`, a byte offset; -1 until it is worked out from `index`.
    lasti: Cell<i64>,
    /// The index of the instruction that raised.
    pub index: Cell<usize>,
    /// `tb_lineno`; -1: to be worked out, -2: there is none.
    line: Cell<i64>,
}

/// `types.TracebackType`
pub static TRACEBACK: Type = Type::new(&TRACEBACK_SPEC);
static TRACEBACK_SPEC: TypeSpec = TypeSpec {
    name: "traceback",
    doc: "Create a new traceback object.",
    payload: PayloadInfo::of::<Traceback>(),
    slots: Slots { new: Some(new), ..Slots::NONE },
    signature: "(tb_next, tb_frame, tb_lasti, tb_lineno)",
    methods: &[method!(Unary dir as "__dir__" "($self, /)", "")],
    getsets: &[Getset::new("tb_next", "", |_, this| Ok(payload(this).next.get_or_none()), set_next), Getset::readonly("tb_lineno", "", get_line)],
    members: &[
        Member(Getset::readonly("tb_frame", "", |_, this| Ok(payload(this).frame.get_or_none()))),
        Member(Getset::readonly("tb_lasti", "", get_lasti)),
    ],
    ..TypeSpec::DEFAULT
};

impl Payload for Traceback {
    fn class() -> &'static Type {
        &TRACEBACK
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        self.next.traverse(visitor);
        self.frame.traverse(visitor);
    }

    fn clear(&self, _vm: &mut Vm) {
        self.next.set(None);
        self.frame.set(None);
    }
}

fn payload(this: Ref<'_>) -> &Traceback {
    this.downcast::<Traceback>().expect("the slot belongs to the type").get()
}

/// Adds an entry for the innermost frame to the exception that is on its way up.
///
/// # Safety
///
/// The frame is in progress.
#[cold]
pub(crate) unsafe fn add_entry(vm: &mut Vm, frame: *mut Frame, index: usize) {
    // SAFETY: the caller's promise.
    let frame = unsafe { frame_object::of(vm, frame) };
    let Some(error) = vm.raised().map(Ref::to_owned) else { return };
    let Some(exception) = error.borrow().downcast::<Exception>() else { return };
    let entry = Traceback {
        next: ObjectCell::new(exception.traceback.get()),
        frame: ObjectCell::new(Some(frame)),
        lasti: Cell::new(-1),
        index: Cell::new(index),
        line: Cell::new(-1),
    };
    exception.traceback.set(Some(vm.allocate(entry).into_object()));
}

/// A traceback of the innermost frame alone.
pub fn of_current_frame(vm: &mut Vm) -> Option<Object> {
    let frame = vm.frame.cast::<Frame>();
    // SAFETY: the innermost frame is in progress.
    let index = unsafe { frame.as_ref()? }.instruction_index();
    // SAFETY: as above.
    let frame = unsafe { frame_object::of(vm, frame) };
    let entry = Traceback {
        next: ObjectCell::EMPTY,
        frame: ObjectCell::new(Some(frame)),
        lasti: Cell::new(-1),
        index: Cell::new(index),
        line: Cell::new(-1),
    };
    Some(vm.allocate(entry).into_object())
}

fn new(vm: &mut Vm, _class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    let mut values = [const { None }; 4];
    call::bind_args(vm, "TracebackType", "(tb_next, tb_frame, tb_lasti, tb_lineno)", args, &mut values)?;
    let [next, frame, lasti, line] = values.map(|value| value.unwrap_or(Object::none()));
    let next = if next.borrow().is_none() {
        None
    } else if next.borrow().is_exactly(&TRACEBACK) {
        Some(next)
    } else {
        let message = format!("expected traceback object or None, got '{}'", next.borrow().class().full_name());
        return Err(vm.type_error(message));
    };
    if !frame.borrow().is_exactly(&FRAME) {
        let message = format!("TracebackType() argument 'tb_frame' must be frame, not {}", frame.borrow().class().full_name());
        return Err(vm.type_error(message));
    }
    let lasti = i64::from(vm.to_i32(lasti.borrow())?);
    let line = i64::from(vm.to_i32(line.borrow())?);
    let entry = Traceback {
        next: ObjectCell::new(next),
        frame: ObjectCell::new(Some(frame)),
        lasti: Cell::new(lasti),
        index: Cell::new(0),
        line: Cell::new(line),
    };
    Ok(vm.allocate(entry).into_object())
}

fn set_next(vm: &mut Vm, this: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let Some(value) = value else {
        return Err(vm.type_error("can't delete tb_next attribute"));
    };
    if value.is_none() {
        payload(this).next.set(None);
        return Ok(());
    }
    if !value.is_exactly(&TRACEBACK) {
        return Err(vm.type_error(format!("expected traceback object, got '{}'", value.class().full_name())));
    }
    let mut current = Some(value.to_owned());
    while let Some(entry) = current {
        if entry.borrow().is(this) {
            return Err(vm.value_error("traceback loop detected"));
        }
        current = payload(entry.borrow()).next.get();
    }
    payload(this).next.set(Some(value.to_owned()));
    Ok(())
}

fn get_lasti(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let own = payload(this);
    if own.lasti.get() == -1
        && let Some(frame) = own.frame.get()
        && let Some(frame) = frame.borrow().downcast::<FrameObject>()
    {
        own.lasti.set(frame.frame().code().byte_offset(own.index.get()));
    }
    Ok(vm.new_int(own.lasti.get()))
}

fn get_line(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let own = payload(this);
    if own.line.get() == -1
        && let Some(frame) = own.frame.get()
        && let Some(frame) = frame.borrow().downcast::<FrameObject>()
    {
        let line = frame.frame().code().line(own.index.get());
        own.line.set(if line == 0 { -2 } else { i64::from(line) });
    }
    Ok(if own.line.get() < 0 { Object::none() } else { vm.new_int(own.line.get()) })
}

fn dir(vm: &mut Vm, _this: Ref<'_>) -> PyResult {
    let names = ["tb_frame", "tb_next", "tb_lasti", "tb_lineno"].map(|name| vm.intern(name).to_owned());
    Ok(vm.new_list(names.into()).into_object())
}

/// The calls that lead to a new coroutine, as `sys.set_coroutine_origin_tracking_depth` asks for.
pub(crate) fn coroutine_origin(vm: &mut Vm) -> Option<Object> {
    let depth = frame::interp(vm).coroutine_origin_depth;
    if depth == 0 {
        return None;
    }
    let mut entries = Vec::new();
    let mut current = vm.frame.cast::<Frame>();
    while entries.len() < depth {
        // SAFETY: callers' frames outlive callees'.
        let Some(frame) = (unsafe { current.as_ref() }) else { break };
        let code = frame.code();
        let line = frame.line().map_or(Object::none(), |line| Object::small_int(i64::from(line)));
        let entry = vm.new_tuple([code.filename.to_owned(), line, code.name.to_owned()]);
        entries.push(entry.into_object());
        current = frame.previous;
    }
    Some(vm.new_tuple(entries).into_object())
}
