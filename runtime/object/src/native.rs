//! How native types, methods and modules are declared: constant tables of plain functions.
//!
//! A row holds what Python sees (name, signature, doc) and what the interpreter calls: a function
//! pointer of known arity. The signature is written as `help()` prints it, and the binder in
//! [`crate::call`] reads it, so a [`Native::Bound`] function receives one entry per parameter.
//!
//! ```ignore
//! pub static DEQUE_SPEC: TypeSpec = TypeSpec {
//!     name: "collections.deque",
//!     payload: PayloadInfo::of::<Deque>(),
//!     flags: flag::BASE_TYPE,
//!     slots: Slots { len: Some(len), iter: Some(iter), ..Slots::NONE },
//!     methods: &[
//!         method!(Binary append "($self, item, /)", "Add an element to the right side of the deque."),
//!         method!(Bound index "($self, value, start=<unrepresentable>, stop=<unrepresentable>, /)", "..."),
//!     ],
//!     ..TypeSpec::DEFAULT
//! };
//! pub static DEQUE: Type = Type::new(&DEQUE_SPEC);
//! ```

use crate::call::Args;
use crate::cell::Visitor;
use crate::class::{Payload, Type};
use crate::flat::FlatItems;
use crate::slots::Slots;
use crate::value::{Header, Object, Ref, RefOf};
use crate::vm::{PyResult, Vm};

/// A native function, by the shape of call it expects. The first reference is `self`: the instance
/// of a method, the class of a class method, the module of a module's function.
#[derive(Clone, Copy)]
pub enum Native {
    /// No arguments.
    Unary(fn(&mut Vm, Ref<'_>) -> PyResult),
    /// One positional argument.
    Binary(fn(&mut Vm, Ref<'_>, Ref<'_>) -> PyResult),
    /// Any number of positional arguments; the function checks how many.
    Many(fn(&mut Vm, Ref<'_>, &[Ref<'_>]) -> PyResult),
    /// Arguments bound by the row's signature: one entry per parameter, `None` where the default
    /// applies. `*args` and `**kwargs` arrive as a tuple and a dict.
    Bound(fn(&mut Vm, Ref<'_>, &[Option<Ref<'_>>]) -> PyResult),
    /// The call as it is.
    Raw(fn(&mut Vm, Ref<'_>, Args<'_>) -> PyResult),
}

/// How a method gets its `self`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binding {
    Instance,
    Class,
    Static,
}

/// A native method or function.
pub struct Method {
    pub name: &'static str,
    /// Python's view, as `help()` prints it: `"($self, item, /)"`. Empty if it has none.
    pub signature: &'static str,
    pub doc: &'static str,
    pub call: Native,
    pub binding: Binding,
}

impl Method {
    pub const fn new(name: &'static str, signature: &'static str, doc: &'static str, call: Native) -> Method {
        Method { name, signature, doc, call, binding: Binding::Instance }
    }

    #[must_use]
    pub const fn class_method(mut self) -> Method {
        self.binding = Binding::Class;
        self
    }

    #[must_use]
    pub const fn static_method(mut self) -> Method {
        self.binding = Binding::Static;
        self
    }
}

/// One method row: the shape of the call, the function (whose name is the method's, unless one is
/// given with `as`), the signature, the doc.
#[macro_export]
macro_rules! method {
    ($Shape:ident $function:ident as $name:literal $signature:literal, $doc:expr) => {
        $crate::native::Method::new($name, $signature, $doc, $crate::native::Native::$Shape($function))
    };
    ($Shape:ident $function:ident $signature:literal, $doc:expr) => {
        $crate::native::Method::new(stringify!($function), $signature, $doc, $crate::native::Native::$Shape($function))
    };
}

/// An attribute computed by native functions. Without a setter it is read-only.
pub struct Getset {
    pub name: &'static str,
    pub doc: &'static str,
    pub get: fn(&mut Vm, Ref<'_>) -> PyResult,
    /// The value is `None` for a deletion.
    pub set: Option<fn(&mut Vm, Ref<'_>, Option<Ref<'_>>) -> PyResult<()>>,
}

impl Getset {
    pub const fn readonly(name: &'static str, doc: &'static str, get: fn(&mut Vm, Ref<'_>) -> PyResult) -> Getset {
        Getset { name, doc, get, set: None }
    }

    pub const fn new(
        name: &'static str,
        doc: &'static str,
        get: fn(&mut Vm, Ref<'_>) -> PyResult,
        set: fn(&mut Vm, Ref<'_>, Option<Ref<'_>>) -> PyResult<()>,
    ) -> Getset {
        Getset { name, doc, get, set: Some(set) }
    }
}

/// The same as [`Getset`] as far as calls go, but shown as a `member_descriptor`.
pub struct Member(pub Getset);

/// Bits of [`TypeSpec::flags`].
pub mod flag {
    /// Python classes may derive from it.
    pub const BASE_TYPE: u32 = 1 << 0;
    /// Instances have a `__dict__`.
    pub const HAS_DICT: u32 = 1 << 1;
    /// Instances can be weakly referenced.
    pub const WEAK_REFERENCES: u32 = 1 << 2;
    /// Attributes of the type can be set although it is native.
    pub const MUTABLE: u32 = 1 << 3;
    /// Calling the type raises `TypeError: cannot create 'X' instances`.
    pub const NO_INSTANTIATION: u32 = 1 << 4;
    /// `match` treats instances as sequences.
    pub const SEQUENCE: u32 = 1 << 5;
    /// `match` treats instances as mappings.
    pub const MAPPING: u32 = 1 << 6;
    /// Instances are functions: `LOAD_ATTR` calls them with `self` without making a bound method.
    pub const METHOD_DESCRIPTOR: u32 = 1 << 7;
    /// A single positional class pattern matches the subject itself.
    pub const MATCH_SELF: u32 = 1 << 8;
    /// A subclass of `int`, `tuple`, ... by layout: set on the type and inherited.
    pub const EXCEPTION: u32 = 1 << 9;
    /// Made by a `class` statement or `type()`.
    pub const HEAP: u32 = 1 << 10;
    /// Has abstract methods.
    pub const ABSTRACT: u32 = 1 << 11;
    /// Is a subclass of `type`.
    pub const METACLASS: u32 = 1 << 12;
    /// Has `__del__`, or a native finaliser.
    pub const FINALIZER: u32 = 1 << 13;
    /// The type's dict is filled in.
    pub const READY: u32 = 1 << 14;
    /// `SEQUENCE` and `MAPPING` were set explicitly, by registration with an ABC.
    pub const INSTANCE_IN_ITEMS: u32 = 1 << 15;
    /// A Python class whose attributes cannot be changed any more.
    pub const FROZEN: u32 = 1 << 16;
    /// A Python class whose owner wants to know of instances that get attributes of their own, and, if it is frozen, of changes.
    pub const FLAGGED: u32 = 1 << 17;
    /// Some instance has, or had, a `__dict__` in which any name, or a name known to be a method's, may have been.
    pub const DICT_SHOWN: u32 = 1 << 18;
}

/// What the heap must know of a payload.
#[derive(Clone, Copy)]
pub struct PayloadInfo {
    /// Bytes of an instance, header included, without items and attributes.
    pub size: usize,
    /// Bytes of each item that follows, for a type whose instances vary in size.
    pub item_size: usize,
    /// Whether instances can be part of a cycle.
    pub traced: bool,
    /// # Safety: the object is an instance, unreferenced, and not used again.
    pub(crate) drop: Option<unsafe fn(*mut Header)>,
    /// # Safety: the object is a live instance and nothing else runs.
    pub(crate) traverse: Option<unsafe fn(*const Header, &mut Visitor<'_>)>,
    /// # Safety: the object is a live instance.
    pub(crate) clear: Option<unsafe fn(&mut Vm, *const Header)>,
    /// # Safety: the object is a live instance.
    pub(crate) ends_quietly: Option<unsafe fn(*const Header) -> bool>,
    /// The number of items of an instance of varying size.
    /// # Safety: the object is a live instance.
    pub(crate) n_items: Option<unsafe fn(*const Header) -> usize>,
}

impl PayloadInfo {
    /// No payload but the header.
    pub const NONE: PayloadInfo =
        PayloadInfo { size: 16, item_size: 0, traced: false, drop: None, traverse: None, clear: None, ends_quietly: None, n_items: None };

    /// No payload but attributes, which the collector has to look at.
    pub const ATTRIBUTES: PayloadInfo = PayloadInfo { traced: true, ..PayloadInfo::NONE };

    /// A payload that may refer to other objects.
    pub const fn of<T: Payload>() -> PayloadInfo {
        PayloadInfo {
            size: T::OFFSET + size_of::<T>(),
            item_size: 0,
            traced: true,
            drop: if std::mem::needs_drop::<T>() { Some(drop_payload::<T>) } else { None },
            traverse: Some(traverse_payload::<T>),
            clear: Some(clear_payload::<T>),
            ends_quietly: Some(payload_ends_quietly::<T>),
            n_items: None,
        }
    }

    /// A payload that refers to no other objects, so that the collector need not look at it.
    pub const fn leaf<T: Payload>() -> PayloadInfo {
        PayloadInfo { traced: false, ..PayloadInfo::of::<T>() }
    }
}

unsafe fn drop_payload<T: Payload>(pointer: *mut Header) {
    // SAFETY: the caller's promise: the object is an instance of `T`'s type.
    unsafe { pointer.cast::<u8>().add(T::OFFSET).cast::<T>().drop_in_place() }
}

unsafe fn traverse_payload<T: Payload>(pointer: *const Header, visitor: &mut Visitor<'_>) {
    // SAFETY: as above.
    unsafe { (*pointer.cast::<u8>().add(T::OFFSET).cast::<T>()).traverse(visitor) }
}

unsafe fn clear_payload<T: Payload>(vm: &mut Vm, pointer: *const Header) {
    // SAFETY: as above.
    unsafe { (*pointer.cast::<u8>().add(T::OFFSET).cast::<T>()).clear(vm) }
}

unsafe fn payload_ends_quietly<T: Payload>(pointer: *const Header) -> bool {
    // SAFETY: as above.
    unsafe { (*pointer.cast::<u8>().add(T::OFFSET).cast::<T>()).ends_quietly() }
}

/// A native type, declared.
pub struct TypeSpec {
    /// As in CPython's `tp_name`: with the module in front for all but builtins.
    pub name: &'static str,
    pub doc: &'static str,
    pub base: Option<&'static Type>,
    /// The type's own type; `None`: its base's.
    pub metaclass: Option<&'static Type>,
    pub flags: u32,
    pub payload: PayloadInfo,
    pub slots: Slots,
    /// Python's view of the constructor, `"(iterable=(), /)"`, for `help()` and `inspect.signature`.
    pub signature: &'static str,
    pub methods: &'static [Method],
    pub getsets: &'static [Getset],
    pub members: &'static [Member],
    /// `__match_args__`, where the type has one.
    pub match_args: &'static [&'static str],
    /// Of an exception: what its instances hold besides what all exceptions do.
    pub fields: &'static [&'static str],
    /// Of a class of rows of machine numbers: how compiled code gets at them.
    pub flat: Option<&'static FlatItems>,
}

impl TypeSpec {
    pub const DEFAULT: TypeSpec = TypeSpec {
        name: "",
        doc: "",
        base: None,
        metaclass: None,
        flags: 0,
        payload: PayloadInfo::NONE,
        slots: Slots::NONE,
        signature: "",
        methods: &[],
        getsets: &[],
        members: &[],
        match_args: &[],
        fields: &[],
        flat: None,
    };
}

/// A native module, declared.
pub struct Module {
    pub name: &'static str,
    pub doc: &'static str,
    pub functions: &'static [Method],
    /// Types that become attributes under their short names.
    pub types: &'static [&'static Type],
    /// Adds what a table cannot say: constants and computed values.
    pub init: Option<fn(&mut Vm, RefOf<'_, crate::singleton::ModuleObject>) -> PyResult<()>>,
}

impl Module {
    pub const DEFAULT: Module = Module { name: "", doc: "", functions: &[], types: &[], init: None };
}

/// A value that becomes an object: for constants in tables and for the results of native functions.
pub trait IntoObject {
    fn into_object(self, vm: &mut Vm) -> Object;
}

impl IntoObject for Object {
    fn into_object(self, _vm: &mut Vm) -> Object {
        self
    }
}

impl IntoObject for bool {
    fn into_object(self, _vm: &mut Vm) -> Object {
        Object::bool(self)
    }
}

impl IntoObject for () {
    fn into_object(self, _vm: &mut Vm) -> Object {
        Object::none()
    }
}

impl IntoObject for i64 {
    fn into_object(self, vm: &mut Vm) -> Object {
        vm.new_int(self)
    }
}

impl IntoObject for f64 {
    fn into_object(self, vm: &mut Vm) -> Object {
        vm.new_float(self)
    }
}

impl IntoObject for &str {
    fn into_object(self, vm: &mut Vm) -> Object {
        vm.new_str(self).into_object()
    }
}

/// What another crate adds to a type that is declared here, before the type is readied: the
/// builtins crate holds the methods of `list`, `dict`, `str` and so on.
pub struct Extension {
    pub class: &'static Type,
    /// Slots that are set here replace the declared ones.
    pub slots: Slots,
    pub methods: &'static [Method],
    pub getsets: &'static [Getset],
    pub members: &'static [Member],
}
