//! `type(name, bases, namespace)`: makes a Python class.

use super::{instance_attributes, mro};
use crate::attribute::bind;
use crate::call::{self, Args};
use crate::cell::ObjectCell;
use crate::class::{OBJECT, TYPE, Type};
use crate::descriptor::{self, MemberDescriptor, MemberPlace};
use crate::dict::Dict;
use crate::instance::GREATEST_CAPACITY;
use crate::native::flag;
use crate::shape;
use crate::str::Str;
use crate::tuple::Tuple;
use crate::value::{Object, ObjectOf, Ref, RefOf};
use crate::vm::{PyResult, Vm, hooks};

/// `type.__new__`
pub(super) fn type_new(vm: &mut Vm, meta: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    if args.n_positional() == 1 && std::ptr::eq(meta.get(), &TYPE) && !args.has_keywords() {
        return Ok(args.positionals()[0].class().to_object());
    }
    if args.n_positional() != 3 {
        return Err(vm.type_error("type.__new__() takes exactly 3 arguments (1 given)".replace("(1", &format!("({}", args.n_positional()))));
    }
    let [name, bases, namespace] = [0, 1, 2].map(|index| args.positionals()[index]);
    let Some(name) = name.downcast::<Str>() else {
        return Err(vm.type_error(format!("type.__new__() argument 1 must be str, not {}", name.class().full_name())));
    };
    let Some(bases) = bases.downcast::<Tuple>() else {
        return Err(vm.type_error(format!("type.__new__() argument 2 must be tuple, not {}", bases.class().full_name())));
    };
    let Some(namespace) = namespace.downcast::<Dict>() else {
        return Err(vm.type_error(format!("type.__new__() argument 3 must be dict, not {}", namespace.class().full_name())));
    };
    new_class(vm, meta.get(), name, bases, namespace, args.skip(3))
}

/// The most derived metaclass of `meta` and the bases' types.
pub fn calculate_metaclass<'a>(vm: &mut Vm, meta: &'a Type, bases: &'a [Ref<'a>]) -> PyResult<&'a Type> {
    let mut winner = meta;
    for base in bases {
        let candidate = base.class();
        if winner.is_subclass_of(candidate) {
            continue;
        }
        if candidate.is_subclass_of(winner) {
            winner = candidate;
            continue;
        }
        return Err(
            vm.type_error("metaclass conflict: the metaclass of a derived class must be a (non-strict) subclass of the metaclasses of all its bases")
        );
    }
    Ok(winner)
}

/// Makes a class; keyword arguments go to `__init_subclass__`.
pub fn new_class(
    vm: &mut Vm,
    meta: &Type,
    name: RefOf<'_, Str>,
    bases: RefOf<'_, Tuple>,
    namespace: RefOf<'_, Dict>,
    keywords: Args<'_>,
) -> PyResult {
    for base in bases.items() {
        if base.downcast::<Type>().is_none() {
            let entries = crate::str::names::__mro_entries__();
            if vm.find_attr(*base, entries)?.is_some() {
                return Err(vm.type_error("type() doesn't support MRO entry resolution; use types.new_class()"));
            }
        }
    }
    let winner = calculate_metaclass(vm, meta, bases.get().items())?;
    if !std::ptr::eq(winner, meta)
        && let (Some(own), Some(asked)) = (winner.slots().new, meta.slots().new)
        && !std::ptr::fn_addr_eq(own, asked)
    {
        let mut all = vec![name.object(), bases.object(), namespace.object()];
        all.extend_from_slice(keywords.values());
        return own(vm, winner.as_ref(), Args::new(&all, keywords.names()));
    }
    let bases = if bases.is_empty() { vm.new_tuple([OBJECT.to_object()]) } else { bases.to_owned() };
    let base = best_base(vm, bases.get_items())?;
    let Some(text) = name.to_utf8() else { return Err(surrogates_not_allowed(vm, name)) };
    if text.contains('\0') {
        return Err(vm.value_error("type name must not contain null characters"));
    }
    let own_namespace = namespace.copy(vm);
    let class = allocate(winner, base.borrow().get(), &text);
    let class_ref = class.borrow().downcast::<Type>().expect("a class was just made");
    let class_type = class_ref.get();
    class_type.bases.set(Some(bases.clone().into_object()));
    class_type.set_base(Some(base.borrow().get()));
    class_type.set_dict(own_namespace.clone());
    set_up_namespace(vm, class_type, name, &own_namespace)?;
    let cells = take_cells(vm, &own_namespace);
    let slots = read_slots(vm, &own_namespace)?;
    lay_out(vm, class_type, base.borrow().get(), bases.get_items(), slots, &own_namespace, &text)?;
    complete_namespace(vm, &own_namespace)?;
    // Before `mro()`, which may call functions of the class.
    for (cell, contents, name) in [(cells.0, class_type.object(), "__classcell__"), (cells.1, own_namespace.borrow().object(), "__classdictcell__")] {
        let Some(cell) = cell else { continue };
        if cell.borrow().class().full_name() != "cell" {
            let shown = vm.repr_text(cell.borrow().class().object())?;
            return Err(vm.type_error(format!("{name} must be a nonlocal cell, not {shown}")));
        }
        vm.set_attr_str(cell.borrow(), "cell_contents", contents)?;
    }
    set_order(vm, class_type, bases.get_items())?;
    for base in bases.get_items() {
        let base = base.downcast::<Type>().expect("bases are types").get();
        // SAFETY: nobody walks along the list now.
        unsafe { base.subclasses.get_unchecked() }.push(std::ptr::from_ref(class_type).addr());
        // The first base that is a sequence or mapping to `match` decides which.
        let is_collection = class_type.has_flag(flag::SEQUENCE) || class_type.has_flag(flag::MAPPING);
        for inherited in [flag::SEQUENCE, flag::MAPPING, flag::EXCEPTION, flag::METACLASS, flag::MATCH_SELF, flag::FINALIZER] {
            if is_collection && matches!(inherited, flag::SEQUENCE | flag::MAPPING) {
                continue;
            }
            if base.has_flag(inherited) {
                class_type.set_flag(inherited);
            }
        }
    }
    super::python_slots::update(class_type);
    choose_capacity(class_type);
    if !own_namespace.has_only_str_keys(vm) {
        let message = format!("non-string key in the __dict__ of class {}", class_type.name());
        vm.warn(&crate::exception::RUNTIME_WARNING, &message, 1)?;
    }
    set_names(vm, class_type, &own_namespace)?;
    init_subclass(vm, class_type, keywords)?;
    Ok(class)
}

/// The error of text that cannot be encoded as UTF-8.
fn surrogates_not_allowed(vm: &mut Vm, text: RefOf<'_, Str>) -> crate::vm::Raised {
    let position = text.code_points().position(|code_point| (0xd800..0xe000).contains(&code_point)).unwrap_or(0) as i64;
    let (encoding, reason) = (vm.new_str("utf-8").into_object(), vm.new_str("surrogates not allowed").into_object());
    let args = vec![encoding, text.object().to_owned(), Object::small_int(position), Object::small_int(position + 1), reason];
    vm.raise_with(&crate::exception::UNICODE_ENCODE_ERROR, args)
}

fn allocate(meta: &Type, base: &Type, name: &str) -> Object {
    let class = Type::new_heap(base.spec(), name);
    // The payload of a type includes its header, which is made anew for the metaclass.
    // SAFETY: the memory is fresh; everything after the header is the payload just made.
    unsafe {
        let pointer = crate::instance::allocate_raw(meta, 0);
        let source = std::mem::ManuallyDrop::new(class);
        let (from, to) = (std::ptr::from_ref(&*source).cast::<u8>(), pointer.cast::<u8>());
        std::ptr::copy_nonoverlapping(from.add(abi::header::SIZE), to.add(abi::header::SIZE), size_of::<Type>() - abi::header::SIZE);
        let object = Object::from_header(pointer);
        let class = object.borrow().downcast::<Type>().expect("metaclasses derive from `type`").get();
        class.payload.set(base.payload());
        class.set_flag(flag::HEAP | flag::BASE_TYPE | flag::READY);
        object
    }
}

/// The nearest class along the bases that adds to the layout of instances.
pub(super) fn solid_base(class: &Type) -> &Type {
    let Some(base) = class.base() else { return class };
    // Exceptions share a payload, but those with fields of their own differ.
    if !class.is_heap_type() && class.has_flag(flag::EXCEPTION) && crate::exception::declares_fields(class) {
        return class;
    }
    let adds = if class.is_heap_type() {
        class.n_slots.get() > base.n_slots.get()
    } else {
        class.payload().size > base.payload().size || class.payload().item_size != base.payload().item_size
    };
    if adds { class } else { solid_base(base) }
}

pub(super) fn best_base(vm: &mut Vm, bases: &[Ref<'_>]) -> PyResult<ObjectOf<Type>> {
    let mut best: Option<(&Type, &Type)> = None;
    for base in bases {
        let Some(candidate) = base.downcast::<Type>() else {
            return Err(vm.type_error("bases must be types"));
        };
        let candidate = candidate.get();
        if !candidate.has_flag(flag::BASE_TYPE) {
            return Err(vm.type_error(format!("type '{}' is not an acceptable base type", candidate.full_name())));
        }
        let solid = solid_base(candidate);
        best = match best {
            None => Some((candidate, solid)),
            Some((winner, winner_solid)) if winner_solid.is_subclass_of(solid) => Some((winner, winner_solid)),
            Some((_, winner_solid)) if solid.is_subclass_of(winner_solid) => Some((candidate, solid)),
            Some(_) => return Err(vm.type_error("multiple bases have instance lay-out conflict")),
        };
    }
    let (winner, _) = best.expect("there is at least one base");
    Ok(winner.as_ref().to_owned())
}

fn set_up_namespace(vm: &mut Vm, class: &Type, name: RefOf<'_, Str>, namespace: &ObjectOf<Dict>) -> PyResult<()> {
    let dict = namespace.borrow();
    let module = crate::str::names::__module__();
    if dict.get_interned(module).is_none()
        && let Some(current) = hooks().current_globals
        && let Some(globals) = current(vm)
        && let Some(globals) = globals.borrow().downcast::<Dict>()
    {
        let name = crate::str::names::__name__();
        if let Some(value) = globals.get_interned(name).map(Ref::to_owned) {
            dict.set_interned(vm, module, value);
        }
    }
    let qualname = crate::str::names::__qualname__();
    let given = dict.remove_interned(vm, qualname);
    if let Some(given) = &given
        && given.borrow().downcast::<Str>().is_none()
    {
        return Err(vm.type_error(format!("type __qualname__ must be a str, not {}", given.borrow().class().full_name())));
    }
    class.qualname.set(Some(given.unwrap_or_else(|| name.object().to_owned())));
    let is_function = |value: Ref<'_>| value.class().full_name() == "function";
    let new = crate::str::names::__new__();
    if let Some(value) = dict.get_interned(new).filter(|&value| is_function(value)).map(Ref::to_owned) {
        let value = descriptor::new_static_method(vm, value);
        dict.set_interned(vm, new, value);
    }
    for name in ["__init_subclass__", "__class_getitem__"] {
        let name = vm.intern(name);
        if let Some(value) = dict.get_interned(name).filter(|&value| is_function(value)).map(Ref::to_owned) {
            let value = descriptor::new_class_method(vm, value);
            dict.set_interned(vm, name, value);
        }
    }
    Ok(())
}

/// What the namespace says although the class does not: set after `__slots__`, which may name it too.
fn complete_namespace(vm: &mut Vm, namespace: &ObjectOf<Dict>) -> PyResult<()> {
    let dict = namespace.borrow();
    let doc = crate::str::names::__doc__();
    if let Some(text) = namespace.borrow().get_interned(doc).and_then(|text| text.downcast::<Str>())
        && text.get().to_utf8().is_none()
    {
        return Err(surrogates_not_allowed(vm, text));
    }
    if dict.get_interned(doc).is_none() {
        dict.set_interned(vm, doc, Object::none());
    }
    // A class that defines equality and no hash has none.
    let (hash, equal) = (crate::str::names::__hash__(), crate::str::names::__eq__());
    if dict.get_interned(equal).is_some() && dict.get_interned(hash).is_none() {
        dict.set_interned(vm, hash, Object::none());
    }
    Ok(())
}

/// The cells of `__class__` and `__classdict__`, which the compiler leaves in the namespace.
fn take_cells(vm: &mut Vm, namespace: &ObjectOf<Dict>) -> (Option<Object>, Option<Object>) {
    let names = ["__classcell__", "__classdictcell__"].map(|name| vm.intern(name));
    let [class, dict] = names.map(|name| namespace.borrow().remove_interned(vm, name));
    (class, dict)
}

/// `__slots__`, as a list of names; `None` if the class does not say.
fn read_slots(vm: &mut Vm, namespace: &ObjectOf<Dict>) -> PyResult<Option<Vec<Object>>> {
    let name = crate::str::names::__slots__();
    let Some(slots) = namespace.borrow().get_interned(name).map(Ref::to_owned) else { return Ok(None) };
    if slots.borrow().downcast::<Str>().is_some() {
        return Ok(Some(vec![slots]));
    }
    vm.collect(slots.borrow()).map(Some)
}

/// `_Class__name` for `__name`.
fn mangle(class: &str, name: &str) -> String {
    let class = class.trim_start_matches('_');
    if name.starts_with("__") && !name.ends_with("__") && !name.contains('.') && !class.is_empty() {
        format!("_{class}{name}")
    } else {
        name.to_owned()
    }
}

fn is_identifier(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|first| first == '_' || first.is_alphabetic())
        && chars.all(|char| char == '_' || char.is_alphanumeric() || !char.is_ascii())
}

fn lay_out(
    vm: &mut Vm,
    class: &Type,
    base: &Type,
    bases: &[Ref<'_>],
    slots: Option<Vec<Object>>,
    namespace: &ObjectOf<Dict>,
    class_name: &str,
) -> PyResult<()> {
    let types = || bases.iter().filter_map(|base| base.downcast::<Type>()).map(RefOf::get);
    let mut has_dict = types().any(|base| base.capacity.get().is_some());
    let mut has_weak = types().any(|base| base.has_flag(flag::WEAK_REFERENCES));
    // Types have a namespace of their own instead.
    let has_namespace = base.is_subclass_of(&TYPE);
    let base_has_dict = base.capacity.get().is_some() || has_namespace;
    let base_has_weak = base.has_flag(flag::WEAK_REFERENCES);
    let item_size = base.payload().item_size;
    let mut members = Vec::new();
    // Whether `__dict__` and `__weakref__` are among the slots.
    let mut asked = (false, false);
    match slots {
        None => {
            has_dict = true;
            has_weak |= ![&crate::int::INT, &crate::tuple::TUPLE, &crate::bytes::BYTES].iter().any(|class| base.is_subclass_of(class));
        }
        Some(names) => {
            // The data of a string makes room.
            let no_members =
                (item_size != 0 && !base.is_subclass_of(&crate::str::STR)) || base.is_subclass_of(&crate::int::INT) || base.is_subclass_of(&TYPE);
            if !names.is_empty() && no_members {
                let message = format!("nonempty __slots__ not supported for subtype of '{}'", base.full_name());
                return Err(vm.type_error(message));
            }
            for name in names {
                let Some(text) = name.borrow().downcast::<Str>() else {
                    let message = format!("__slots__ items must be strings, not '{}'", name.borrow().class().full_name());
                    return Err(vm.type_error(message));
                };
                let Some(text) = text.to_utf8().filter(|text| is_identifier(text)).map(|text| text.into_owned()) else {
                    return Err(vm.type_error("__slots__ must be identifiers"));
                };
                match text.as_str() {
                    "__dict__" if base_has_dict || std::mem::replace(&mut asked.0, true) => {
                        return Err(vm.type_error("__dict__ slot disallowed: we already got one"));
                    }
                    "__dict__" => has_dict = true,
                    "__weakref__" if base_has_weak || std::mem::replace(&mut asked.1, true) => {
                        return Err(vm.type_error("__weakref__ slot disallowed: we already got one"));
                    }
                    "__weakref__" => has_weak = true,
                    _ => members.push(mangle(class_name, &text)),
                }
            }
        }
    }
    // A string's characters are where members would be: its members are attributes.
    let as_attributes = item_size != 0 && !members.is_empty();
    add_members(vm, class, base, members, namespace)?;
    if has_weak {
        class.set_flag(flag::WEAK_REFERENCES);
    }
    if has_dict && !has_namespace {
        class.set_flag(flag::HAS_DICT);
        class.capacity.set(Some(0));
    }
    if as_attributes && class.capacity.get().is_none() {
        class.capacity.set(Some(0));
    }
    for (getset, introduced) in
        [(&instance_attributes::DICT, has_dict && !base_has_dict), (&instance_attributes::WEAK_REFERENCES, has_weak && !base_has_weak)]
    {
        let name = vm.intern(getset.name);
        if introduced && namespace.borrow().get_interned(name).is_none() {
            let descriptor = descriptor::new_getset(vm, getset, class);
            namespace.borrow().set_interned(vm, name, descriptor);
        }
    }
    class.root_shape.set(shape::new_root(class, 0));
    class.dict_shape.set(shape::new_dict_shape(class));
    Ok(())
}

fn add_members(vm: &mut Vm, class: &Type, base: &Type, mut names: Vec<String>, namespace: &ObjectOf<Dict>) -> PyResult<()> {
    // A name given twice has two places; its descriptor is of the later one.
    names.sort();
    let mut previous: Option<&String> = None;
    let mut offset = (base.fixed_size.get() as usize).next_multiple_of(8);
    let as_attributes = base.payload().item_size != 0;
    for name in &names {
        let interned = vm.intern(name);
        let is_special = matches!(name.as_str(), "__qualname__" | "__classcell__");
        let is_repeated = previous.replace(name) == Some(name);
        if namespace.borrow().get_interned(interned).is_some() && !is_special && !is_repeated {
            return Err(vm.value_error(format!("'{name}' in __slots__ conflicts with class variable")));
        }
        let member = MemberDescriptor {
            name: ObjectCell::new(Some(interned.to_owned())),
            class: ObjectCell::new(Some(class.to_object())),
            place: if as_attributes { MemberPlace::Attribute } else { MemberPlace::Offset(offset as u32) },
        };
        let member = vm.allocate(member).into_object();
        namespace.borrow().set_interned(vm, interned, member);
        offset += if as_attributes { 0 } else { 8 };
    }
    class.fixed_size.set(if as_attributes { base.fixed_size.get() } else { offset as u32 });
    class.n_slots.set(base.n_slots.get() + names.len() as u32);
    Ok(())
}

/// Room for as many attributes as the methods of the class and its bases assign to `self`.
fn choose_capacity(class: &Type) {
    if class.capacity.get().is_none() {
        return;
    }
    let name = crate::str::names::__static_attributes__();
    let mut names: Vec<u64> = Vec::new();
    for base in class.mro_types() {
        if let Some(attributes) = base.dict().get_interned(name).and_then(|attributes| attributes.downcast::<Tuple>()) {
            for attribute in attributes.items() {
                if !names.contains(&attribute.bits()) {
                    names.push(attribute.bits());
                }
            }
        }
    }
    // Other code adds attributes too, to what has several of them already.
    let spare = match names.len() {
        0 => usize::from(crate::instance::LEAST_CAPACITY),
        1..=3 => 0,
        known => known / 2,
    };
    let capacity = (names.len() + spare).min(usize::from(GREATEST_CAPACITY)) as u16;
    class.capacity.set(Some(capacity));
    class.root_shape.set(shape::new_root(class, capacity));
}

/// Computes and sets `__mro__`, asking the metaclass's `mro` if it has one of its own.
pub(super) fn set_order(vm: &mut Vm, class: &Type, bases: &[Ref<'_>]) -> PyResult<()> {
    let meta = class.object().class();
    let name = crate::str::names::mro();
    let custom =
        if std::ptr::eq(meta, &TYPE) { None } else { meta.lookup(name).filter(|found| found.class().full_name() == "function").map(Ref::to_owned) };
    let mut order = vec![class.to_object()];
    order.extend(mro::linearize(vm, bases)?);
    // The plain order is there while a metaclass computes its own.
    let plain = vm.new_tuple(order).into_object();
    class.set_mro(vm, plain);
    if let Some(custom) = custom {
        let result = bind(vm, custom, Some(class.object()), meta)?;
        let result = vm.call(result.borrow(), &[])?;
        let order = vm.collect(result.borrow())?;
        for entry in &order {
            if entry.borrow().downcast::<Type>().is_none() {
                let message = format!("mro() returned a non-class ('{}')", entry.borrow().class().full_name());
                return Err(vm.type_error(message));
            }
        }
        if order.is_empty() {
            return Err(vm.type_error("type MRO must not be empty"));
        }
        check_layouts(vm, class, &order)?;
        let order = vm.new_tuple(order).into_object();
        class.set_mro(vm, order);
    }
    class.modified();
    Ok(())
}

/// Raises if an order a metaclass computed has a class that instances do not have the layout of.
fn check_layouts(vm: &mut Vm, class: &Type, order: &[Object]) -> PyResult<()> {
    let solid = solid_base(class);
    for entry in order {
        let entry = entry.borrow().downcast::<Type>().expect("the order has been checked to be of types");
        if !solid.is_subclass_of(solid_base(entry.get())) {
            return Err(vm.type_error(format!("mro() returned base with unsuitable layout ('{}')", entry.full_name())));
        }
    }
    Ok(())
}

fn set_names(vm: &mut Vm, class: &Type, namespace: &ObjectOf<Dict>) -> PyResult<()> {
    let set_name = crate::str::names::__set_name__();
    for (name, value) in namespace.borrow().items_snapshot(vm) {
        let Some(method) = vm.lookup_special(value.borrow(), set_name)? else { continue };
        if let Err(raised) = vm.call(method.borrow(), &[class.object(), name.borrow()]) {
            let error = vm.catch(raised);
            let name = vm.repr_text(name.borrow())?;
            let note = format!("Error calling __set_name__ on '{}' instance {name} in '{}'", value.borrow().class().full_name(), class.name());
            let note = vm.new_str(&note).into_object();
            vm.call_method(error.borrow(), "add_note", &[note.borrow()])?;
            return Err(vm.reraise(error));
        }
    }
    Ok(())
}

fn init_subclass(vm: &mut Vm, class: &Type, keywords: Args<'_>) -> PyResult<()> {
    let name = crate::str::names::__init_subclass__();
    if !class.mro_types().any(|ancestor| std::ptr::eq(ancestor, class)) {
        let name = class.name();
        return Err(vm.type_error(format!("super(type, obj): obj (type {name}) is not an instance or subtype of type ({name}).")));
    }
    let found = crate::super_object::lookup(vm, class, class.object(), class, name)?;
    match found {
        Some(method) => vm.call_with(method.borrow(), keywords).map(drop),
        None => call::check_positional(vm, "__init_subclass__", keywords, 0, 0),
    }
}

impl ObjectOf<Tuple> {
    fn get_items(&self) -> &[Ref<'_>] {
        self.borrow().get().items()
    }
}
