//! `object`: the methods everything inherits, pickling among them; and the types of `None`, `...` and
//! `NotImplemented`.

use crate::type_object::merge_class_names;
use object::call::Args;
use object::class::OBJECT;
use object::dict::Dict;
use object::function::BuiltinFunction;
use object::list::List;
use object::native::Extension;
use object::singleton::{ELLIPSIS_TYPE, NONE_TYPE, NOT_IMPLEMENTED_TYPE};
use object::str::Str;
use object::tuple::Tuple;
use object::{Getset, Method, Object, ObjectCell, PyResult, Ref, RefOf, Slots, Type, Vm, instance, method, names, type_new};

pub(crate) static OBJECT_EXTENSION: Extension = Extension {
    class: &OBJECT,
    slots: Slots::NONE,
    methods: METHODS,
    getsets: &[Getset::new("__class__", "the object's class", |_, this| Ok(this.class().to_object()), set_class)],
    members: &[],
};

static METHODS: &[Method] = &[
    method!(Binary reduce_ex as "__reduce_ex__" "($self, protocol, /)", "Helper for pickle."),
    method!(Unary reduce as "__reduce__" "($self, /)", "Helper for pickle."),
    method!(Unary get_state as "__getstate__" "($self, /)", "Helper for pickle."),
    method!(Raw subclass_hook as "__subclasshook__" "($type, object, /)", "Abstract classes can override this to customize issubclass().\n\nThis is invoked early on by abc.ABCMeta.__subclasscheck__().\nIt should return True, False or NotImplemented.  If it returns\nNotImplemented, the normal algorithm is used.  Otherwise, it\noverrides the normal algorithm (and the outcome is cached).").class_method(),
    method!(Raw init_subclass as "__init_subclass__" "($type, /)", "This method is called when a class is subclassed.\n\nThe default implementation does nothing. It may be\noverridden to extend subclasses.").class_method(),
    method!(Binary format as "__format__" "($self, format_spec, /)", "Default object formatter.\n\nReturn str(self) if format_spec is empty. Raise TypeError otherwise."),
    method!(Unary size_of as "__sizeof__" "($self, /)", "Size of object in memory, in bytes."),
    method!(Unary dir as "__dir__" "($self, /)", "Default dir() implementation."),
];

fn set_class(vm: &mut Vm, this: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let Some(value) = value else { return Err(vm.type_error("can't delete __class__ attribute")) };
    match value.downcast::<Type>() {
        Some(class) => type_new::assign_class(vm, this, class),
        None => Err(vm.type_error(format!("__class__ must be set to a class, not '{}' object", value.class().full_name()))),
    }
}

/// Calls a function of `copyreg`.
fn call_copyreg(vm: &mut Vm, name: &str, args: &[Ref<'_>]) -> PyResult {
    let module = copyreg(vm)?;
    let function = vm.get_attr_str(module.borrow(), name)?;
    vm.call(function.borrow(), args)
}

fn reduce_ex(vm: &mut Vm, this: Ref<'_>, protocol: Ref<'_>) -> PyResult {
    let protocol = vm.to_i32(protocol)?;
    let reduce = vm.get_attr(this, names::__reduce__())?;
    let of_class = vm.get_attr(this.class().object(), names::__reduce__())?;
    let of_object = OBJECT.lookup(names::__reduce__());
    if of_object.is_none_or(|own| !own.is(of_class.borrow())) {
        return vm.call(reduce.borrow(), &[]);
    }
    common_reduce(vm, this, protocol)
}

fn reduce(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    common_reduce(vm, this, 0)
}

fn common_reduce(vm: &mut Vm, this: Ref<'_>, protocol: i32) -> PyResult {
    if protocol >= 2 {
        return reduce_new_object(vm, this);
    }
    let protocol = Object::small_int(i64::from(protocol));
    call_copyreg(vm, "_reduce_ex", &[this, protocol.borrow()])
}

fn cannot_pickle(vm: &mut Vm, this: Ref<'_>) -> object::Raised {
    vm.type_error(format!("cannot pickle '{}' object", this.class().full_name()))
}

static COPYREG: ObjectCell = ObjectCell::EMPTY;

/// The module `copyreg`, imported once.
fn copyreg(vm: &mut Vm) -> PyResult {
    if let Some(module) = COPYREG.get() {
        return Ok(module);
    }
    let module = vm.import("copyreg")?;
    COPYREG.set(Some(module.clone()));
    Ok(module)
}

/// What `__getnewargs_ex__` or `__getnewargs__` give.
type NewArguments = (Option<Object>, Option<Object>);

fn new_arguments(vm: &mut Vm, this: Ref<'_>) -> PyResult<NewArguments> {
    if let Some(method) = vm.lookup_special(this, names::__getnewargs_ex__())? {
        let result = vm.call(method.borrow(), &[])?;
        let Some(pair) = result.borrow().downcast::<Tuple>() else {
            let message = format!("__getnewargs_ex__ should return a tuple, not '{}'", result.borrow().class().full_name());
            return Err(vm.type_error(message));
        };
        let &[args, keywords] = pair.get().items() else {
            return Err(vm.value_error(format!("__getnewargs_ex__ should return a tuple of length 2, not {}", pair.len())));
        };
        if args.downcast::<Tuple>().is_none() {
            let message = format!("first item of the tuple returned by __getnewargs_ex__ must be a tuple, not '{}'", args.class().full_name());
            return Err(vm.type_error(message));
        }
        if keywords.downcast::<Dict>().is_none() {
            let message = format!("second item of the tuple returned by __getnewargs_ex__ must be a dict, not '{}'", keywords.class().full_name());
            return Err(vm.type_error(message));
        }
        return Ok((Some(args.to_owned()), Some(keywords.to_owned())));
    }
    let Some(method) = vm.lookup_special(this, names::__getnewargs__())? else { return Ok((None, None)) };
    let args = vm.call(method.borrow(), &[])?;
    if args.borrow().downcast::<Tuple>().is_none() {
        let message = format!("__getnewargs__ should return a tuple, not '{}'", args.borrow().class().full_name());
        return Err(vm.type_error(message));
    }
    Ok((Some(args), None))
}

/// Protocols 2 and later: the class's `__new__` makes the object again.
fn reduce_new_object(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let class = this.class();
    if class.slots().new.is_none() || class.has_flag(object::native::flag::NO_INSTANTIATION) {
        return Err(cannot_pickle(vm, this));
    }
    let (args, keywords) = new_arguments(vm, this)?;
    let has_args = args.is_some();
    let copyreg = copyreg(vm)?;
    let keywords = keywords.filter(|keywords| keywords.borrow().downcast::<Dict>().is_some_and(|dict| !dict.is_empty(vm)));
    let (maker, parts) = match (keywords, args) {
        (Some(keywords), Some(args)) => ("__newobj_ex__", vec![class.to_object(), args, keywords]),
        (_, args) => {
            let mut parts = vec![class.to_object()];
            if let Some(args) = args.as_ref().and_then(|args| args.borrow().downcast::<Tuple>()) {
                parts.extend(args.get().items().iter().map(|&item| item.to_owned()));
            }
            ("__newobj__", parts)
        }
    };
    let maker = vm.get_attr_str(copyreg.borrow(), maker)?;
    let parts = vm.new_tuple(parts).into_object();
    let is_container = this.downcast::<List>().is_some() || this.downcast::<Dict>().is_some();
    let state = state_of(vm, this, !(has_args || is_container))?;
    let list_items = if this.downcast::<List>().is_some() { vm.iter(this)? } else { Object::none() };
    let dict_items = if this.downcast::<Dict>().is_some() {
        let items = vm.call_method(this, "items", &[])?;
        vm.iter(items.borrow())?
    } else {
        Object::none()
    };
    Ok(vm.new_tuple([maker, parts, state, list_items, dict_items]).into_object())
}

/// The state by `__getstate__`; the default one refuses an object whose native data it would miss,
/// if `complete` is asked for.
pub fn state_of(vm: &mut Vm, this: Ref<'_>, complete: bool) -> PyResult {
    let method = vm.get_attr(this, names::__getstate__())?;
    let is_default = method
        .borrow()
        .downcast_exact::<BuiltinFunction>()
        .is_some_and(|function| function.this.get().is_some_and(|own| own.borrow().is(this)) && std::ptr::eq(function.info.method, own_getstate()));
    if is_default { default_state(vm, this, complete) } else { vm.call(method.borrow(), &[]) }
}

fn own_getstate() -> &'static Method {
    METHODS.iter().find(|method| method.name == "__getstate__").expect("the table has it")
}

fn get_state(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    default_state(vm, this, false)
}

fn default_state(vm: &mut Vm, this: Ref<'_>, complete: bool) -> PyResult {
    let class = this.class();
    if complete && class.has_native_payload() {
        return Err(cannot_pickle(vm, this));
    }
    let state = vm.find_attr(this, names::__dict__())?.unwrap_or(Object::none());
    let slot_names = slot_names(vm, class)?;
    if slot_names.is_empty() {
        return Ok(if is_empty_dict(vm, state.borrow()) { Object::none() } else { state });
    }
    let slots = vm.new_dict();
    for name in slot_names {
        if let Some(value) = vm.find_attr(this, name.borrow())? {
            slots.set(vm, name.borrow(), value)?;
        }
    }
    let state = if is_empty_dict(vm, state.borrow()) { Object::none() } else { state };
    if slots.is_empty(vm) {
        return Ok(state);
    }
    Ok(vm.new_tuple([state, slots.into_object()]).into_object())
}

fn is_empty_dict(vm: &Vm, object: Ref<'_>) -> bool {
    object.downcast::<Dict>().is_some_and(|dict| dict.is_empty(vm))
}

/// The names of `__slots__` along the class's order, as `copyreg` finds and remembers them.
fn slot_names(vm: &mut Vm, class: &Type) -> PyResult<Vec<Object>> {
    let known = class.dict().get_interned(names::__slotnames__()).map(Ref::to_owned);
    let found = match known {
        Some(known) => known,
        None if !class.is_heap_type() => return Ok(Vec::new()),
        None => call_copyreg(vm, "_slotnames", &[class.object()])?,
    };
    if found.borrow().is_none() {
        return Ok(Vec::new());
    }
    if found.borrow().downcast::<List>().is_none() {
        return Err(vm.type_error("copyreg._slotnames didn't return a list or None"));
    }
    let listed = vm.collect(found.borrow())?;
    let mut slot_names = Vec::with_capacity(listed.len());
    for name in listed {
        slot_names.push(vm.attribute_name(name.borrow())?);
    }
    Ok(slot_names)
}

fn subclass_hook(vm: &mut Vm, _this: Ref<'_>, args: Args<'_>) -> PyResult {
    if args.has_keywords() || args.n_positional() != 1 {
        return Err(vm.type_error(format!("object.__subclasshook__() takes exactly one argument ({} given)", args.n_positional())));
    }
    Ok(Object::not_implemented())
}

fn init_subclass(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult {
    let qualname = |vm: &mut Vm| {
        let name = vm.get_attr(this, names::__qualname__())?;
        vm.str_text(name.borrow())
    };
    if args.has_keywords() {
        let name = qualname(vm)?;
        return Err(vm.type_error(format!("{name}.__init_subclass__() takes no keyword arguments")));
    }
    if args.n_positional() > 0 {
        let name = qualname(vm)?;
        return Err(vm.type_error(format!("{name}.__init_subclass__() takes no arguments ({} given)", args.n_positional())));
    }
    Ok(Object::none())
}

fn format(vm: &mut Vm, this: Ref<'_>, spec: Ref<'_>) -> PyResult {
    let Some(text) = spec.downcast::<Str>() else {
        return Err(vm.type_error(format!("__format__() argument must be str, not {}", spec.class().full_name())));
    };
    if !text.is_empty() {
        return Err(vm.type_error(format!("unsupported format string passed to {}.__format__", this.class().full_name())));
    }
    Ok(vm.str(this)?.into_object())
}

fn size_of(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(vm.new_int(instance::size_of_instance(this) as i64))
}

fn dir(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let found = vm.new_dict();
    if let Some(dict) = vm.find_attr(this, names::__dict__())?
        && dict.borrow().downcast::<Dict>().is_some()
    {
        for key in vm.collect(dict.borrow())? {
            found.set(vm, key.borrow(), Object::none())?;
        }
    }
    if let Some(class) = vm.find_attr(this, names::__class__())? {
        merge_class_names(vm, found.borrow(), class.borrow())?;
    }
    Ok(vm.new_list(found.keys_snapshot(vm)).into_object())
}

fn no_arguments(vm: &mut Vm, name: &str, args: Args<'_>) -> PyResult<()> {
    if args.values().is_empty() { Ok(()) } else { Err(vm.type_error(format!("{name} takes no arguments"))) }
}

fn new_none(vm: &mut Vm, _class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    no_arguments(vm, "NoneType", args).map(|()| Object::none())
}

fn new_ellipsis(vm: &mut Vm, _class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    no_arguments(vm, "EllipsisType", args).map(|()| Object::ellipsis())
}

fn new_not_implemented(vm: &mut Vm, _class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    no_arguments(vm, "NotImplementedType", args).map(|()| Object::not_implemented())
}

pub(crate) static NONE_EXTENSION: Extension = Extension {
    class: &NONE_TYPE,
    slots: Slots { new: Some(new_none), bool: Some(|_, _| Ok(false)), hash: Some(|_, _| Ok(0xfca8_6420)), ..Slots::NONE },
    methods: &[],
    getsets: &[],
    members: &[],
};

pub(crate) static ELLIPSIS_EXTENSION: Extension = Extension {
    class: &ELLIPSIS_TYPE,
    slots: Slots { new: Some(new_ellipsis), ..Slots::NONE },
    methods: &[method!(Unary reduce_singleton as "__reduce__" "($self, /)", "")],
    getsets: &[],
    members: &[],
};

pub(crate) static NOT_IMPLEMENTED_EXTENSION: Extension = Extension {
    class: &NOT_IMPLEMENTED_TYPE,
    slots: Slots { new: Some(new_not_implemented), bool: Some(no_truth), ..Slots::NONE },
    methods: &[method!(Unary reduce_singleton as "__reduce__" "($self, /)", "")],
    getsets: &[],
    members: &[],
};

/// A singleton is pickled by its name.
fn reduce_singleton(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(vm.repr(this)?.into_object())
}

fn no_truth(vm: &mut Vm, _this: Ref<'_>) -> PyResult<bool> {
    Err(vm.type_error("NotImplemented should not be used in a boolean context"))
}
