//! Structures and unions, and their metaclasses. The layout is computed by the library's `ctypes._layout`.

use super::ctype::{self, CTYPE_TYPE, FROM_PARAM_DOC, class_of, own_attribute};
use super::data::{self, CDATA};
use super::field::{FIELD, Field};
use super::info::{Kind, TypeInfo, flag as info_flag, info_of, set_info};
use object::class::TYPE;
use object::native::flag;
use object::str::Str;
use object::{Args, Method, Object, ObjectOf, PyResult, Ref, Slots, Type, TypeSpec, Vm, exception, method};
use std::cell::Cell;

/// `_ctypes.PyCStructType`
pub static STRUCTURE_TYPE: Type = Type::new(&STRUCTURE_TYPE_SPEC);
static STRUCTURE_TYPE_SPEC: TypeSpec = TypeSpec {
    name: "_ctypes.PyCStructType",
    doc: "metatype for the CData Objects",
    base: Some(&CTYPE_TYPE),
    flags: flag::BASE_TYPE,
    slots: Slots { init: Some(init_structure_class), setattr: Some(set_structure_attribute), ..Slots::NONE },
    methods: &METHODS,
    ..TypeSpec::DEFAULT
};
static METHODS: [Method; 5] = ctype::methods(method!(Binary from_param "($self, value, /)", FROM_PARAM_DOC));
use ctype::from_param;

/// `_ctypes.UnionType`
pub static UNION_TYPE: Type = Type::new(&UNION_TYPE_SPEC);
static UNION_TYPE_SPEC: TypeSpec = TypeSpec {
    name: "_ctypes.UnionType",
    doc: "metatype for the Union Objects",
    base: Some(&CTYPE_TYPE),
    flags: flag::BASE_TYPE,
    slots: Slots { init: Some(init_union_class), setattr: Some(set_union_attribute), ..Slots::NONE },
    methods: &METHODS,
    ..TypeSpec::DEFAULT
};

/// `_ctypes.Structure`
pub static STRUCTURE: Type = Type::new(&STRUCTURE_SPEC);
static STRUCTURE_SPEC: TypeSpec = TypeSpec {
    name: "_ctypes.Structure",
    doc: "Structure base class",
    base: Some(&CDATA),
    metaclass: Some(&STRUCTURE_TYPE),
    flags: flag::BASE_TYPE,
    slots: Slots { new: Some(data::new), init: Some(init), buffer: Some(data::buffer), ..Slots::NONE },
    ..TypeSpec::DEFAULT
};

/// `_ctypes.Union`
pub static UNION: Type = Type::new(&UNION_SPEC);
static UNION_SPEC: TypeSpec = TypeSpec {
    name: "_ctypes.Union",
    doc: "Union base class",
    base: Some(&CDATA),
    metaclass: Some(&UNION_TYPE),
    flags: flag::BASE_TYPE,
    slots: Slots { new: Some(data::new), init: Some(init), buffer: Some(data::buffer), ..Slots::NONE },
    ..TypeSpec::DEFAULT
};

fn init_structure_class(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult<()> {
    init_class(vm, this, args, Kind::Structure)
}

fn init_union_class(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult<()> {
    init_class(vm, this, args, Kind::Union)
}

fn set_structure_attribute(vm: &mut Vm, this: Ref<'_>, name: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    set_class_attribute(vm, this, name, value, Kind::Structure)
}

fn set_union_attribute(vm: &mut Vm, this: Ref<'_>, name: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    set_class_attribute(vm, this, name, value, Kind::Union)
}

fn init_class(vm: &mut Vm, this: Ref<'_>, args: Args<'_>, kind: Kind) -> PyResult<()> {
    let class = class_of(this);
    TYPE.slots().init.map_or(Ok(()), |init| init(vm, this, args))?;
    if own_attribute(vm, class, "_abstract_").is_some() {
        return Ok(());
    }
    if info_of(this).is_some() {
        return Err(vm.system_error("StgInfo of class was already initialized"));
    }
    let info = TypeInfo::new(kind, 0, 1, 0);
    *info.format.get_mut(vm) = "B".to_owned();
    if let Some(fields) = own_attribute(vm, class, "_fields_") {
        set_info(vm, class, info);
        return vm.set_attr_str(this, "_fields_", fields.borrow());
    }
    match class.base().and_then(|base| info_of(base.object())) {
        Some(base) => {
            let derived = base.derived(vm);
            base.set(info_flag::FINAL);
            set_info(vm, class, derived);
        }
        None => {
            set_info(vm, class, info);
        }
    }
    Ok(())
}

fn set_class_attribute(vm: &mut Vm, this: Ref<'_>, name: Ref<'_>, value: Option<Ref<'_>>, kind: Kind) -> PyResult<()> {
    if let Some(fields) = value
        && name.downcast::<Str>().is_some_and(|name| name.equals_str("_fields_"))
    {
        set_fields(vm, this, fields, kind)?;
    }
    TYPE.slots().setattr.map_or(Ok(()), |set| set(vm, this, name, value))
}

/// The layout that the library computes.
struct ComputedLayout {
    align: usize,
    size: usize,
    fields: Vec<Object>,
    format: String,
}

fn compute_layout(vm: &mut Vm, this: Ref<'_>, fields: Ref<'_>, kind: Kind, base: Ref<'_>) -> PyResult<ComputedLayout> {
    let module = vm.import("ctypes._layout")?;
    let function = vm.get_attr_str(module.borrow(), "get_layout")?;
    let names: Vec<Object> = ["is_struct", "base"].iter().map(|name| vm.intern(name).to_owned()).collect();
    let names = vm.new_tuple(names);
    let is_structure = if kind == Kind::Structure { Ref::TRUE } else { Ref::FALSE };
    let layout = vm.call_with(function.borrow(), Args::new(&[this, fields, is_structure, base], Some(names.borrow())))?;
    let mut number = |name: &str| -> PyResult<usize> {
        let value = vm.get_attr_str(layout.borrow(), name)?;
        let value = vm.index_isize(value.borrow())?;
        usize::try_from(value).map_err(|_| vm.value_error(format!("{name} must be a non-negative integer")))
    };
    let (align, size) = (number("align")?, number("size")?);
    let fields = vm.get_attr_str(layout.borrow(), "fields")?;
    let fields = vm.collect(fields.borrow())?;
    let format = vm.get_attr_str(layout.borrow(), "format_spec")?;
    let format = vm.str_text(format.borrow())?;
    Ok(ComputedLayout { align, size, fields, format })
}

fn set_fields(vm: &mut Vm, this: Ref<'_>, fields: Ref<'_>, kind: Kind) -> PyResult<()> {
    let class = class_of(this);
    if info_of(this).is_some_and(|info| info.has(info_flag::FINAL)) {
        return Err(vm.raise(&exception::ATTRIBUTE_ERROR, "_fields_ is final"));
    }
    let base = class.base().filter(|base| info_of(base.object()).is_some());
    let computed = compute_layout(vm, this, fields, kind, base.map_or(Ref::NONE, Type::object))?;
    let Some(info) = info_of(this) else { return Err(vm.type_error("ctypes state is not initialized")) };
    if info.has(info_flag::FINAL) {
        return Err(vm.raise(&exception::ATTRIBUTE_ERROR, "_fields_ is final"));
    }
    let mut places: Vec<(usize, Object)> = Vec::new();
    let mut length = 0;
    if let Some(base) = base.and_then(|base| info_of(base.object())) {
        info.set(base.flags.get() & info_flag::POINTER);
        base.set(info_flag::FINAL);
        places.extend(base.fields.get(vm).iter().cloned());
        length = base.length.get();
    }
    for (index, object) in computed.fields.iter().enumerate() {
        add_field(vm, this, &info, object.borrow(), index)?;
        let field = object.borrow().downcast::<Field>().expect("the field has been checked").get();
        places.push((usize::try_from(field.byte_offset).unwrap_or(0), field.proto.clone()));
    }
    info.size.set(computed.size);
    info.align.set(computed.align);
    info.length.set(length + computed.fields.len());
    *info.format.get_mut(vm) = computed.format;
    info.fields.set(vm, places);
    info.set(info_flag::FINAL);
    make_anonymous_fields(vm, this)
}

fn add_field(vm: &mut Vm, this: Ref<'_>, info: &ObjectOf<TypeInfo>, object: Ref<'_>, index: usize) -> PyResult<()> {
    let Some(field) = object.downcast_exact::<Field>() else {
        return Err(vm.type_error(format!("fields must be of type CField, got {}", object.class().full_name())));
    };
    if field.index != index {
        let name = vm.repr_text(field.name.borrow())?;
        return Err(vm.value_error(format!("field {name} index mismatch; expected {index}, got {}", field.index)));
    }
    // Instances may have been made while the layout was computed, of a field of the type itself for example.
    if info.has(info_flag::FINAL) {
        return Err(vm.raise(&exception::ATTRIBUTE_ERROR, "Structure or union cannot contain itself"));
    }
    let Some(own) = info_of(field.proto.borrow()) else {
        return Err(vm.type_error(format!("second item in _fields_ tuple (index {index}) must be a C type")));
    };
    own.set(info_flag::FINAL);
    info.set(own.flags.get() & info_flag::POINTER);
    if info.has(info_flag::FINAL) {
        return Err(vm.raise(&exception::ATTRIBUTE_ERROR, "Structure or union cannot contain itself"));
    }
    vm.set_attr(this, field.name.borrow(), Some(object))
}

/// Gives a class the members of its anonymous members.
fn make_anonymous_fields(vm: &mut Vm, this: Ref<'_>) -> PyResult<()> {
    let Some(names) = vm.find_attr_str(this, "_anonymous_")? else { return Ok(()) };
    if !vm.is_sequence(names.borrow()) {
        return Err(vm.type_error("_anonymous_ must be a sequence"));
    }
    for name in vm.collect(names.borrow())? {
        let name = vm.attribute_name(name.borrow())?;
        let object = vm.get_attr(this, name.borrow())?;
        let Some(field) = object.borrow().downcast_exact::<Field>() else {
            let name = vm.str_text(name.borrow())?;
            return Err(vm.raise(&exception::ATTRIBUTE_ERROR, format!("'{name}' is specified in _anonymous_ but not in _fields_")));
        };
        field.anonymous.set(true);
        lift_fields(vm, this, field.get(), field.index, field.byte_offset)?;
    }
    Ok(())
}

fn lift_fields(vm: &mut Vm, this: Ref<'_>, outer: &Field, index: usize, offset: isize) -> PyResult<()> {
    let pairs = vm.get_attr_str(outer.proto.borrow(), "_fields_")?;
    for pair in vm.collect(pairs.borrow())? {
        let name = vm.get_item(pair.borrow(), Object::small_int(0).borrow())?;
        let name = vm.attribute_name(name.borrow())?;
        let object = vm.get_attr(outer.proto.borrow(), name.borrow())?;
        let Some(field) = object.borrow().downcast_exact::<Field>() else { return Err(vm.type_error("unexpected type")) };
        if field.anonymous.get() {
            lift_fields(vm, this, field.get(), index + field.index, offset + field.byte_offset)?;
            continue;
        }
        let lifted = Field {
            name: field.name.clone(),
            proto: field.proto.clone(),
            byte_offset: field.byte_offset + offset,
            byte_size: field.byte_size,
            index: field.index + index,
            bits: field.bits,
            code: field.code,
            anonymous: Cell::new(false),
        };
        let lifted = vm.allocate_in(&FIELD, lifted);
        vm.set_attr(this, name.borrow(), Some(lifted.borrow()))?;
    }
    Ok(())
}

fn init(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult<()> {
    let given = args.positionals();
    if !given.is_empty() {
        let used = set_positional(vm, this, this.class(), args, 0)?;
        if used < given.len() {
            return Err(vm.type_error("too many initializers"));
        }
    }
    for (name, value) in args.keywords() {
        let name = vm.attribute_name(name)?;
        vm.set_attr(this, name.borrow(), Some(value))?;
    }
    Ok(())
}

/// Sets the fields of a class, after those of its bases, from the positional arguments. Returns how many were used.
fn set_positional(vm: &mut Vm, this: Ref<'_>, class: &Type, args: Args<'_>, mut index: usize) -> PyResult<usize> {
    if let Some(base) = class.base().filter(|base| info_of(base.object()).is_some()) {
        index = set_positional(vm, this, base, args, index)?;
    }
    let Some(fields) = own_attribute(vm, class, "_fields_") else { return Ok(index) };
    let given = args.positionals();
    for pair in vm.collect(fields.borrow())? {
        let Some(&value) = given.get(index) else { break };
        let name = vm.get_item(pair.borrow(), Object::small_int(0).borrow())?;
        let is_repeated = args.keywords().any(|(key, _)| match (key.downcast::<Str>(), name.borrow().downcast::<Str>()) {
            (Some(key), Some(name)) => key.equals(name.get()),
            _ => false,
        });
        if is_repeated {
            let name = vm.repr_text(name.borrow())?;
            return Err(vm.type_error(format!("duplicate values for field {name}")));
        }
        let name = vm.attribute_name(name.borrow())?;
        vm.set_attr(this, name.borrow(), Some(value))?;
        index += 1;
    }
    Ok(index)
}
