//! C data: objects that are views of memory, the base of all C types.
//!
//! A [`CData`] owns its memory, or lies in that of another one, its base, or at an address that a program gave. Python
//! objects that the memory points to are kept alive in the `_objects` of the outermost base, under keys that say where
//! in it they are used.

use super::codes;
use super::function::FunctionState;
use super::info::{Code, Kind, TypeInfo, concrete_info, flag as info_flag, info_of, info_of_instance};
use super::memory::{self, Allocation, Inline};
use object::bytes::{Buffer, Layout};
use object::cell::Visitor;
use object::dict::Dict;
use object::native::{Member, PayloadInfo, flag};
use object::tuple::Tuple;
use object::{Args, Getset, Object, ObjectCell, ObjectOf, Payload, PyResult, Ref, RefOf, Slots, Type, TypeSpec, Vm, VmCell, method};
use std::cell::Cell;

/// The payload of every C data object.
pub struct CData {
    pub address: Cell<usize>,
    pub size: Cell<usize>,
    /// Number of fields or elements.
    pub length: Cell<usize>,
    /// Whose memory it is a part of.
    pub base: ObjectCell,
    /// Which field or element of the base it is.
    pub index: Cell<usize>,
    /// What must be kept alive.
    pub objects: ObjectCell,
    owns_memory: Cell<bool>,
    inline: Inline,
    /// The last is in use; the others are kept for views of them.
    allocations: VmCell<Vec<Allocation>>,
    exports: Cell<usize>,
    /// What a function pointer has besides.
    pub function: Option<Box<FunctionState>>,
}

impl Payload for CData {
    fn class() -> &'static Type {
        &CDATA
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        self.base.traverse(visitor);
        self.objects.traverse(visitor);
        if let Some(function) = &self.function {
            function.traverse(visitor);
        }
    }

    fn clear(&self, _vm: &mut Vm) {
        self.objects.set(None);
        if let Some(function) = &self.function {
            function.clear();
        }
    }
}

/// `_ctypes._CData`
pub static CDATA: Type = Type::new(&CDATA_SPEC);
static CDATA_SPEC: TypeSpec = TypeSpec {
    name: "_ctypes._CData",
    doc: "XXX to be provided",
    flags: flag::BASE_TYPE | flag::NO_INSTANTIATION,
    payload: PayloadInfo::of::<CData>(),
    slots: Slots { hash: Some(hash), buffer: Some(buffer), ..Slots::NONE },
    methods: &[
        method!(Unary reduce as "__reduce__" "", ""),
        method!(Many setstate as "__setstate__" "", ""),
        method!(Unary from_outparam as "__ctypes_from_outparam__" "($self, /)", "default __ctypes_from_outparam__ method returns self."),
    ],
    members: &[
        Member(Getset::readonly("_b_base_", "the base object", |_, this| Ok(cdata(this).base.get_or_none()))),
        Member(Getset::readonly("_b_needsfree_", "whether the object owns the memory or not", |_, this| {
            Ok(Object::small_int(i64::from(cdata(this).owns_memory.get())))
        })),
        Member(Getset::readonly("_objects", "internal objects tree (NEVER CHANGE THIS OBJECT!)", |_, this| Ok(cdata(this).objects.get_or_none()))),
    ],
    ..TypeSpec::DEFAULT
};

/// The payload of an object that is known to be C data.
pub fn cdata(object: Ref<'_>) -> &CData {
    object.downcast::<CData>().expect("the method belongs to C data").get()
}

/// A new object without memory.
fn bare(vm: &Vm, class: &Type, info: &TypeInfo) -> Object {
    info.set(info_flag::FINAL);
    let function = (info.kind == Kind::Function).then(Box::default);
    let data = CData {
        address: Cell::new(0),
        size: Cell::new(info.size.get()),
        length: Cell::new(info.length.get()),
        base: ObjectCell::EMPTY,
        index: Cell::new(0),
        objects: ObjectCell::EMPTY,
        owns_memory: Cell::new(false),
        inline: Inline::default(),
        allocations: VmCell::new(Vec::new()),
        exports: Cell::new(0),
        function,
    };
    vm.allocate_in(class, data)
}

/// A new object with zeroed memory of its own.
pub fn new_instance(vm: &mut Vm, class: &Type) -> PyResult {
    let info = concrete_info(vm, class)?;
    let object = bare(vm, class, &info);
    let data = cdata(object.borrow());
    data.owns_memory.set(true);
    if info.size.get() <= Inline::SIZE && info.align.get() <= Inline::ALIGN {
        data.address.set(data.inline.address());
        return Ok(object);
    }
    let Some(allocation) = Allocation::new(info.size.get(), info.align.get()) else { return Err(vm.memory_error()) };
    data.address.set(allocation.address());
    data.allocations.get_mut(vm).push(allocation);
    Ok(object)
}

/// The `new` slot of the concrete types.
pub fn new(vm: &mut Vm, class: RefOf<'_, Type>, _args: Args<'_>) -> PyResult {
    new_instance(vm, class.get())
}

/// A view of memory at an address that the program gives.
pub fn at_address(vm: &mut Vm, class: &Type, address: usize) -> PyResult {
    let info = concrete_info(vm, class)?;
    let object = bare(vm, class, &info);
    cdata(object.borrow()).address.set(address);
    Ok(object)
}

/// A view of a part of another object's memory; without one, a copy of the memory.
pub fn from_base(vm: &mut Vm, class: Ref<'_>, base: Option<Ref<'_>>, index: usize, address: usize) -> PyResult {
    let class = class.downcast::<Type>().expect("types of elements are checked when they are set").get();
    if let Some(base) = base {
        let object = at_address(vm, class, address)?;
        let data = cdata(object.borrow());
        data.base.set(Some(base.to_owned()));
        data.index.set(index);
        return Ok(object);
    }
    let object = new_instance(vm, class)?;
    let data = cdata(object.borrow());
    memory::copy(data.address.get(), address, data.size.get());
    Ok(object)
}

/// Makes the memory of an object larger. What was is copied, and stays where it was for those who have a view of it.
pub fn resize(vm: &mut Vm, object: Ref<'_>, size: usize) -> PyResult<()> {
    let data = cdata(object);
    let least = info_of_instance(object).map_or(0, |info| info.size.get());
    if size < least {
        return Err(vm.value_error(format!("minimum size is {least}")));
    }
    if !data.owns_memory.get() {
        return Err(vm.value_error("Memory cannot be resized because this object doesn't own it"));
    }
    if size > data.size.get() {
        let Some(allocation) = Allocation::new(size, 16) else { return Err(vm.memory_error()) };
        memory::copy(allocation.address(), data.address.get(), data.size.get());
        data.address.set(allocation.address());
        data.allocations.get_mut(vm).push(allocation);
    }
    data.size.set(size);
    Ok(())
}

/// Whether a class derives from a simple type, and so is not converted to a Python value.
pub fn is_simple_subclass(class: Ref<'_>) -> bool {
    let simple = &super::simple::SIMPLE_DATA;
    class
        .downcast::<Type>()
        .is_some_and(|class| class.get().is_subclass_of(simple) && class.get().base().is_none_or(|base| !std::ptr::eq(base, simple)))
}

/// The conversion of values of a class to Python values, if they are converted.
pub fn getter(class: Ref<'_>) -> Option<Code> {
    if is_simple_subclass(class) { None } else { info_of(class)?.code.get() }
}

/// Reads a field or element.
pub fn get_value(vm: &mut Vm, class: Ref<'_>, own: Option<Code>, owner: Ref<'_>, index: usize, size: usize, address: usize) -> PyResult {
    match own.or_else(|| getter(class)) {
        Some(code) => codes::get(vm, code, address, size),
        None => from_base(vm, class, Some(owner), index, address),
    }
}

/// Writes a field or element, and keeps alive what it refers to.
pub fn set_value(
    vm: &mut Vm,
    owner: Ref<'_>,
    class: Ref<'_>,
    own: Option<Code>,
    value: Ref<'_>,
    (index, size, address): (usize, usize, usize),
) -> PyResult<()> {
    let keep = write_value(vm, class, own, value, size, address)?;
    keep_alive(vm, owner, index, keep)
}

fn class_name(class: Ref<'_>) -> String {
    class.downcast::<Type>().map_or_else(String::new, |class| class.full_name().to_owned())
}

fn is_pointer_type(class: Ref<'_>) -> bool {
    info_of(class).is_some_and(|info| info.kind == Kind::Pointer)
}

fn write_value(vm: &mut Vm, class: Ref<'_>, own: Option<Code>, value: Ref<'_>, size: usize, address: usize) -> PyResult {
    if let Some(code) = own {
        return codes::set(vm, code, address, size, value);
    }
    let info = info_of(class);
    let Some(source) = value.downcast::<CData>() else {
        if let Some(code) = info.as_ref().and_then(|info| info.code.get()) {
            return codes::set(vm, code, address, size, value);
        }
        if let Some(items) = value.downcast::<Tuple>() {
            return match vm.call(class, items.items()) {
                Ok(object) => write_value(vm, class, None, object.borrow(), size, address),
                Err(raised) => {
                    Err(super::extend_error(vm, raised, &object::exception::RUNTIME_ERROR.to_object(), &format!("({}) ", class_name(class))))
                }
            };
        }
        if value.is_none() && is_pointer_type(class) {
            memory::write_pointer(address, 0);
            return Ok(Object::none());
        }
        return Err(vm.type_error(format!("expected {} instance, got {}", class_name(class), value.class().full_name())));
    };
    if is_instance(vm, value, class)? {
        memory::copy(address, source.address.get(), size.min(source.size.get()));
        return Ok(kept_objects(vm, value));
    }
    if is_pointer_type(class)
        && let Some(array) = info_of_instance(value).filter(|info| info.kind == Kind::Array)
        && let (Some(element), Some(target)) = (array.proto.get(), info.and_then(|info| info.proto.get()))
        && element.borrow().is(target.borrow())
    {
        memory::write_pointer(address, source.address.get());
        let keep = kept_objects(vm, value);
        return Ok(vm.new_tuple([keep, value.to_owned()]).into_object());
    }
    Err(vm.type_error(format!("incompatible types, {} instance instead of {} instance", value.class().full_name(), class_name(class))))
}

/// `isinstance(value, class)`
pub fn is_instance(vm: &mut Vm, value: Ref<'_>, class: Ref<'_>) -> PyResult<bool> {
    if let Some(class) = class.downcast::<Type>()
        && value.is_instance_of(class.get())
    {
        return Ok(true);
    }
    let name = vm.intern("__instancecheck__");
    match vm.lookup_special(class, name)? {
        Some(method) => {
            let result = vm.call(method.borrow(), &[value])?;
            vm.is_true(result.borrow())
        }
        None => Ok(false),
    }
}

/// The outermost base, with a place to keep objects in.
fn container(vm: &mut Vm, object: Ref<'_>) -> Object {
    let mut current = object.to_owned();
    while let Some(base) = cdata(current.borrow()).base.get() {
        current = base;
    }
    let data = cdata(current.borrow());
    if !data.objects.is_set() {
        let objects = if data.length.get() > 0 { vm.new_dict().into_object() } else { Object::none() };
        data.objects.set(Some(objects));
    }
    current
}

/// What an object keeps alive: the dict of its outermost base, or `None`.
pub fn kept_objects(vm: &mut Vm, object: Ref<'_>) -> Object {
    let container = container(vm, object);
    cdata(container.borrow()).objects.get_or_none()
}

/// Where an object is in its outermost base: the indices on the way, innermost first.
fn key(object: Ref<'_>, index: usize) -> String {
    let mut key = format!("{index:x}");
    let mut current = object.to_owned();
    while let Some(base) = cdata(current.borrow()).base.get() {
        key.push_str(&format!(":{:x}", cdata(current.borrow()).index.get()));
        current = base;
    }
    key
}

/// Keeps an object alive for as long as the memory that refers to it.
pub fn keep_alive(vm: &mut Vm, object: Ref<'_>, index: usize, keep: Object) -> PyResult<()> {
    if keep.borrow().is_none() {
        return Ok(());
    }
    let container = container(vm, object);
    let data = cdata(container.borrow());
    match data.objects.get().map(Object::downcast::<Dict>) {
        Some(Ok(objects)) => {
            let key = vm.new_str(&key(object, index)).into_object();
            objects.set(vm, key.borrow(), keep)
        }
        _ => {
            data.objects.set(Some(keep));
            Ok(())
        }
    }
}

fn hash(vm: &mut Vm, _this: Ref<'_>) -> PyResult<i64> {
    Err(vm.type_error("unhashable type"))
}

/// The format of a type, for the buffer protocol.
pub fn format_of(vm: &Vm, info: &TypeInfo) -> String {
    let format = info.format.get(vm);
    if format.is_empty() { "B".to_owned() } else { format.clone() }
}

/// The `buffer` slot: the memory, with the format of the type.
pub fn buffer(vm: &mut Vm, this: Ref<'_>, _writable: bool) -> PyResult<Buffer> {
    let data = cdata(this);
    let Some(info) = info_of_instance(this) else { return Err(vm.type_error("abstract class")) };
    let layout = Layout::contiguous(&format_of(vm, &info), item_size(&info), info.shape.get(vm).clone());
    Ok(memory::export(this, data.address.get(), data.size.get(), &data.exports, layout))
}

/// Bytes of what an array of arrays consists of in the end.
fn item_size(info: &ObjectOf<TypeInfo>) -> usize {
    let mut info = info.clone();
    while info.kind == Kind::Array
        && let Some(element) = info.proto.get().and_then(|proto| info_of(proto.borrow()))
    {
        info = element;
    }
    info.size.get()
}

fn from_outparam(_vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(this.to_owned())
}

fn reduce(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let data = cdata(this);
    if info_of_instance(this).is_none_or(|info| info.has(info_flag::POINTER)) {
        return Err(vm.value_error("ctypes objects containing pointers cannot be pickled"));
    }
    let attributes = vm.get_attr_str(this, "__dict__")?;
    let module = vm.import("_ctypes")?;
    let unpickle = vm.get_attr_str(module.borrow(), "_unpickle")?;
    let bytes = vm.new_bytes(&memory::read_bytes(data.address.get(), data.size.get())).into_object();
    let state = vm.new_tuple([attributes, bytes]).into_object();
    let args = vm.new_tuple([this.class().to_object(), state]).into_object();
    Ok(vm.new_tuple([unpickle, args]).into_object())
}

fn setstate(vm: &mut Vm, this: Ref<'_>, args: &[Ref<'_>]) -> PyResult {
    let &[attributes, bytes] = args else {
        return Err(vm.type_error(format!("__setstate__() takes exactly 2 arguments ({} given)", args.len())));
    };
    if attributes.downcast::<Dict>().is_none() {
        return Err(vm.type_error(format!("__setstate__() argument 1 must be dict, not {}", attributes.class().full_name())));
    }
    let bytes = vm.buffer(bytes)?;
    let data = cdata(this);
    let len = bytes.len().min(data.size.get());
    memory::write(data.address.get(), &bytes.bytes(vm)[..len]);
    let own = vm.get_attr_str(this, "__dict__")?;
    vm.call_method(own.borrow(), "update", &[attributes])?;
    Ok(Object::none())
}
