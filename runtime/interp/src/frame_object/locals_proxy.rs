//! `f_locals` and `locals()`: the local variables of a frame as a mapping (PEP 667).
//!
//! A [`FrameLocalsProxy`] reads and writes the frame's own variables. Names that the code does not
//! have are kept in a dict of the frame object's. Variables of inlined comprehensions in module and class
//! bodies are hidden: they are there to be seen only while they have a value, and may not be set.

use super::{FRAME, FrameObject, payload};
use crate::cell_object::CellObject;
use crate::code::CodeObject;
use crate::compiled::look::{self, Wish};
use crate::frame::Frame;
use bytecode::opcode::Comparison;
use bytecode::{CodeFlags, LocalKind};
use object::cell::{ObjectCell, Visitor};
use object::class::Payload;
use object::dict::Dict;
use object::native::{PayloadInfo, TypeSpec, flag};
use object::slots::Slots;
use object::str::Str;
use object::{Args, Object, ObjectOf, PyResult, Raised, Ref, RefOf, Type, Vm, exception, method};

/// The payload of a `FrameLocalsProxy`.
pub struct FrameLocalsProxy {
    frame: ObjectCell,
}

pub static FRAME_LOCALS_PROXY: Type = Type::new(&FRAME_LOCALS_PROXY_SPEC);
static FRAME_LOCALS_PROXY_SPEC: TypeSpec = TypeSpec {
    name: "FrameLocalsProxy",
    flags: flag::MAPPING,
    payload: PayloadInfo::of::<FrameLocalsProxy>(),
    slots: Slots {
        new: Some(new),
        repr: Some(repr),
        compare: Some(compare),
        iter: Some(iter),
        len: Some(len),
        getitem: Some(get_item),
        setitem: Some(set_item),
        contains: Some(contains),
        or: Some(or),
        inplace_or: Some(inplace_or),
        ..Slots::NONE
    },
    methods: &[
        method!(Unary reversed as "__reversed__" "", ""),
        method!(Unary copy "", ""),
        method!(Unary keys "", ""),
        method!(Unary values "", ""),
        method!(Unary items "", ""),
        method!(Binary update "", ""),
        method!(Many get "", ""),
        method!(Many pop "", ""),
        method!(Many setdefault "", ""),
    ],
    ..TypeSpec::DEFAULT
};

impl Payload for FrameLocalsProxy {
    fn class() -> &'static Type {
        &FRAME_LOCALS_PROXY
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        self.frame.traverse(visitor);
    }

    fn clear(&self, _vm: &mut Vm) {
        self.frame.set(None);
    }
}

/// The value of a local, looking into its cell; `None` if it is unset.
pub(crate) fn local_value(code: &CodeObject, locals: *mut u64, index: usize) -> Option<Object> {
    let kind = code.data.local_kinds[index];
    // SAFETY: the index is that of a local; its word is a reference or zero.
    let word = unsafe { *locals.add(index) };
    if word == 0 {
        return None;
    }
    // SAFETY: as above.
    let value = unsafe { Ref::from_bits(word) };
    if kind.has(LocalKind::CELL.with(LocalKind::FREE))
        && let Some(cell) = value.downcast_exact::<CellObject>()
    {
        return cell.contents.get();
    }
    Some(value.to_owned())
}

/// Whether a hidden variable of the frame has a value: an inlined comprehension is running.
fn has_hidden(frame: &Frame) -> bool {
    let code = frame.code();
    let locals = Frame::locals(std::ptr::from_ref(frame).cast_mut());
    // SAFETY: the frame has as many words of locals as its code has locals.
    code.locals_of(LocalKind::HIDDEN).any(|(index, _)| unsafe { *locals.add(index) } != 0)
}

/// The variables of a frame that has fast locals, as a new dict.
pub(crate) fn snapshot(vm: &mut Vm, frame: &Frame) -> ObjectOf<Dict> {
    // SAFETY: the frame is in progress, or has ended.
    unsafe { look::ask(vm, std::ptr::from_ref(frame).cast_mut(), Wish::Show) };
    let code = frame.code();
    let locals = Frame::locals(std::ptr::from_ref(frame).cast_mut());
    let dict = vm.new_dict();
    for index in 0..code.n_locals {
        if let Some(value) = local_value(code, locals, index) {
            dict.borrow().set_interned(vm, code.local_names[index], value);
        }
    }
    dict
}

/// The namespace a frame's variables are in, if they are in one.
fn namespace(frame: &Frame) -> Option<Object> {
    if frame.namespace == 0 || frame.code().has_flag(CodeFlags::OPTIMIZED) || has_hidden(frame) {
        return None;
    }
    // SAFETY: the word is a reference.
    Some(unsafe { Ref::from_bits(frame.namespace) }.to_owned())
}

/// `locals()` of the innermost frame.
pub fn locals(vm: &mut Vm) -> PyResult {
    let Some(frame) = crate::frame::current(vm) else {
        return Err(vm.system_error("frame does not exist"));
    };
    if let Some(namespace) = namespace(frame) {
        return Ok(namespace);
    }
    // SAFETY: the frame is in progress, and cannot end while this function runs.
    let frame = unsafe { &*std::ptr::from_ref(frame) };
    let dict = snapshot(vm, frame);
    // Names that were added through `f_locals`.
    // SAFETY: the word is a reference to a frame object, or zero.
    let object = (frame.object != 0).then(|| unsafe { Ref::from_bits(frame.object) });
    if let Some(extra) = object.and_then(|object| payload(object).extra_locals.get())
        && let Some(extra) = extra.borrow().downcast::<Dict>()
    {
        dict.borrow().update_from(vm, extra.get())?;
    }
    Ok(dict.into_object())
}

/// `frame.f_locals`
pub(super) fn of_frame(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    if let Some(namespace) = namespace(payload(this).frame()) {
        return Ok(namespace);
    }
    Ok(vm.allocate(FrameLocalsProxy { frame: ObjectCell::new(Some(this.to_owned())) }).into_object())
}

fn is_proxy(value: Ref<'_>) -> bool {
    value.downcast::<FrameLocalsProxy>().is_some()
}

/// The frame object of a proxy.
fn frame_object(this: Ref<'_>) -> Object {
    this.downcast::<FrameLocalsProxy>().expect("the slot belongs to the type").frame.get_or_none()
}

fn own(frame: &Object) -> &FrameObject {
    frame.borrow().downcast::<FrameObject>().expect("a proxy is of a frame").get()
}

fn new(vm: &mut Vm, _class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    if args.n_positional() != 1 {
        return Err(vm.type_error(format!("FrameLocalsProxy expected 1 argument, got {}", args.n_positional())));
    }
    if args.has_keywords() {
        return Err(vm.type_error("FrameLocalsProxy takes no keyword arguments"));
    }
    let frame = args.positionals()[0];
    if !frame.is_exactly(&FRAME) {
        return Err(vm.type_error(format!("expect frame, not {}", frame.class().full_name())));
    }
    Ok(vm.allocate(FrameLocalsProxy { frame: ObjectCell::new(Some(frame.to_owned())) }).into_object())
}

/// What a variable is looked up for.
#[derive(Clone, Copy, PartialEq)]
enum Access {
    Read,
    Write,
}

/// The index of the variable called `key`: for reading one that has a value, for writing one that is not hidden.
fn find(vm: &mut Vm, own: &FrameObject, key: Ref<'_>, access: Access) -> PyResult<Option<usize>> {
    let hash = vm.hash(key)?;
    own.show(vm);
    let code: *const CodeObject = own.frame().code();
    // SAFETY: the frame keeps the code alive, and the caller the frame.
    let code = unsafe { &*code };
    for index in 0..code.n_locals {
        let name = code.local_names[index];
        let is_same = name.is(key)
            || match key.downcast_exact::<Str>() {
                Some(key) => name.downcast::<Str>().is_some_and(|name| name.equals(key.get())),
                None => vm.hash(name)? == hash && vm.equal(name, key)?,
            };
        if !is_same {
            continue;
        }
        let fits = match access {
            Access::Read => local_value(code, own.locals(), index).is_some(),
            Access::Write => !code.data.local_kinds[index].has(LocalKind::HIDDEN),
        };
        if fits {
            return Ok(Some(index));
        }
    }
    Ok(None)
}

fn extra(own: &FrameObject) -> Option<ObjectOf<Dict>> {
    own.extra_locals.get().and_then(|extra| extra.downcast::<Dict>().ok())
}

/// The dict of added names, made if there is none.
fn extra_or_new(vm: &mut Vm, own: &FrameObject) -> ObjectOf<Dict> {
    if let Some(extra) = extra(own) {
        return extra;
    }
    let dict = vm.new_dict();
    own.extra_locals.set(Some(dict.clone().into_object()));
    dict
}

fn lookup(vm: &mut Vm, this: Ref<'_>, key: Ref<'_>) -> PyResult<Option<Object>> {
    let frame = frame_object(this);
    let own = own(&frame);
    if let Some(index) = find(vm, own, key, Access::Read)? {
        return Ok(local_value(own.frame().code(), own.locals(), index));
    }
    match extra(own) {
        Some(extra) => extra.borrow().get().get(vm, key),
        None => Ok(None),
    }
}

fn get_item(vm: &mut Vm, this: Ref<'_>, key: Ref<'_>) -> PyResult {
    match lookup(vm, this, key)? {
        Some(value) => Ok(value),
        None => {
            let shown = vm.repr_text(key)?;
            Err(vm.raise(&exception::KEY_ERROR, format!("local variable '{shown}' is not defined")))
        }
    }
}

fn contains(vm: &mut Vm, this: Ref<'_>, key: Ref<'_>) -> PyResult<bool> {
    Ok(lookup(vm, this, key)?.is_some())
}

fn cannot_remove(vm: &mut Vm) -> Raised {
    vm.value_error("cannot remove local variables from FrameLocalsProxy")
}

fn set_item(vm: &mut Vm, this: Ref<'_>, key: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let frame = frame_object(this);
    let own = own(&frame);
    match (find(vm, own, key, Access::Write)?, value) {
        (Some(_), None) => Err(cannot_remove(vm)),
        (Some(index), Some(value)) => {
            store(own, index, value.to_owned());
            Ok(())
        }
        (None, Some(value)) => {
            let extra = extra_or_new(vm, own);
            extra.borrow().get().set(vm, key, value.to_owned())
        }
        (None, None) => match extra(own) {
            Some(extra) => match extra.borrow().get().remove(vm, key)? {
                Some(_) => Ok(()),
                None => Err(vm.key_error(key)),
            },
            None => Err(vm.key_error(key)),
        },
    }
}

/// Gives a variable a value, in its cell if it has one.
fn store(own: &FrameObject, index: usize, value: Object) {
    let kind = own.frame().code().data.local_kinds[index];
    // SAFETY: the index is that of a local; its word is a reference or zero, and is the frame's own.
    unsafe {
        let place = own.locals().add(index);
        if *place != 0
            && kind.has(LocalKind::CELL.with(LocalKind::FREE))
            && let Some(cell) = Ref::from_bits(*place).downcast_exact::<CellObject>()
        {
            cell.contents.set(Some(value));
            return;
        }
        drop(Object::from_raw(std::mem::replace(&mut *place, value.into_raw())));
    }
}

/// The variables as a new dict.
fn as_dict(vm: &mut Vm, this: Ref<'_>) -> PyResult<ObjectOf<Dict>> {
    let frame = frame_object(this);
    let own = own(&frame);
    let dict = snapshot(vm, own.frame());
    if let Some(extra) = extra(own) {
        dict.borrow().get().update_from(vm, extra.borrow().get())?;
    }
    Ok(dict)
}

fn repr(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    vm.guard_repr(this, "{...}", |vm| {
        let dict = as_dict(vm, this)?;
        vm.repr(dict.borrow().object()).map(Object::from)
    })
}

fn compare(vm: &mut Vm, this: Ref<'_>, other: Ref<'_>, op: Comparison) -> PyResult {
    let equal = if !matches!(op, Comparison::Equal | Comparison::NotEqual) || !is_proxy(this) {
        return Ok(Object::not_implemented());
    } else if is_proxy(other) {
        frame_object(this).borrow().is(frame_object(other).borrow())
    } else if other.downcast::<Dict>().is_some() {
        let dict = as_dict(vm, this)?;
        vm.equal(dict.borrow().object(), other)?
    } else {
        return Ok(Object::not_implemented());
    };
    Ok(Object::bool(equal == (op == Comparison::Equal)))
}

fn len(vm: &mut Vm, this: Ref<'_>) -> PyResult<usize> {
    let frame = frame_object(this);
    let own = own(&frame);
    own.show(vm);
    let code = own.frame().code();
    let bound = (0..code.n_locals).filter(|&index| local_value(code, own.locals(), index).is_some()).count();
    Ok(bound + extra(own).map_or(0, |extra| extra.borrow().len(vm)))
}

fn keys(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let dict = as_dict(vm, this)?;
    let keys = dict.borrow().keys_snapshot(vm);
    Ok(vm.new_list(keys).into_object())
}

fn values(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let dict = as_dict(vm, this)?;
    let values = dict.borrow().values_snapshot(vm);
    Ok(vm.new_list(values).into_object())
}

fn items(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let dict = as_dict(vm, this)?;
    let items = dict.borrow().items_snapshot(vm);
    let items = items.into_iter().map(|(key, value)| vm.new_tuple([key, value]).into_object()).collect();
    Ok(vm.new_list(items).into_object())
}

fn iter(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let keys = keys(vm, this)?;
    vm.iter(keys.borrow())
}

fn reversed(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let dict = as_dict(vm, this)?;
    let mut keys = dict.borrow().keys_snapshot(vm);
    keys.reverse();
    Ok(vm.new_list(keys).into_object())
}

fn copy(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    as_dict(vm, this).map(ObjectOf::into_object)
}

/// A dict or proxy as pairs; `None` for anything else.
fn pairs(vm: &mut Vm, other: Ref<'_>) -> PyResult<Option<Vec<(Object, Object)>>> {
    if is_proxy(other) {
        let dict = as_dict(vm, other)?;
        return Ok(Some(dict.borrow().items_snapshot(vm)));
    }
    Ok(other.downcast::<Dict>().map(|dict| dict.items_snapshot(vm)))
}

/// Stores what another mapping has; `false` if it is none.
fn merge(vm: &mut Vm, this: Ref<'_>, other: Ref<'_>) -> PyResult<bool> {
    let Some(pairs) = pairs(vm, other)? else { return Ok(false) };
    for (key, value) in pairs {
        set_item(vm, this, key.borrow(), Some(value.borrow()))?;
    }
    Ok(true)
}

fn update(vm: &mut Vm, this: Ref<'_>, other: Ref<'_>) -> PyResult {
    if merge(vm, this, other)? { Ok(Object::none()) } else { Err(vm.type_error("update() argument must be dict or another FrameLocalsProxy")) }
}

fn or(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>) -> PyResult {
    let (Some(left), Some(right)) = (pairs(vm, left)?, pairs(vm, right)?) else {
        return Ok(Object::not_implemented());
    };
    let dict = vm.new_dict();
    for (key, value) in left.into_iter().chain(right) {
        dict.borrow().get().set(vm, key.borrow(), value)?;
    }
    Ok(dict.into_object())
}

fn inplace_or(vm: &mut Vm, this: Ref<'_>, other: Ref<'_>) -> PyResult {
    Ok(if merge(vm, this, other)? { this.to_owned() } else { Object::not_implemented() })
}

fn get(vm: &mut Vm, this: Ref<'_>, args: &[Ref<'_>]) -> PyResult {
    if !(1..=2).contains(&args.len()) {
        return Err(vm.type_error("get expected 1 or 2 arguments"));
    }
    let default = args.get(1).map_or(Object::none(), |&value| value.to_owned());
    Ok(lookup(vm, this, args[0])?.unwrap_or(default))
}

fn setdefault(vm: &mut Vm, this: Ref<'_>, args: &[Ref<'_>]) -> PyResult {
    if !(1..=2).contains(&args.len()) {
        return Err(vm.type_error("setdefault expected 1 or 2 arguments"));
    }
    if let Some(value) = lookup(vm, this, args[0])? {
        return Ok(value);
    }
    let default = args.get(1).copied().unwrap_or(Ref::NONE);
    set_item(vm, this, args[0], Some(default))?;
    Ok(default.to_owned())
}

fn pop(vm: &mut Vm, this: Ref<'_>, args: &[Ref<'_>]) -> PyResult {
    let &[key, ref default @ ..] = args else {
        return Err(vm.type_error("pop expected at least 1 argument, got 0"));
    };
    if default.len() > 1 {
        return Err(vm.type_error(format!("pop expected at most 2 arguments, got {}", args.len())));
    }
    let frame = frame_object(this);
    let own = own(&frame);
    if find(vm, own, key, Access::Write)?.is_some() {
        return Err(cannot_remove(vm));
    }
    let removed = match extra(own) {
        Some(extra) => extra.borrow().get().remove(vm, key)?,
        None => None,
    };
    match (removed, default.first()) {
        (Some(value), _) => Ok(value),
        (None, Some(&default)) => Ok(default.to_owned()),
        (None, None) => Err(vm.key_error(key)),
    }
}
