//! Exceptions as Python sees them: constructors, `str`, `repr`, attributes, pickling.
//!
//! The classes and what their instances carry are declared in `object::exception`. Here is what
//! `BaseException` gives all of them, and the small classes with arguments of their own; the bigger ones
//! have a file each.

use object::call::Args;
use object::dict::Dict;
use object::exception::{self as declared, Exception, field, set_field};
use object::instance;
use object::list::List;
use object::native::{Extension, flag};
use object::str::Str;
use object::tuple::Tuple;
use object::{Getset, Member, Method, Object, PyResult, Ref, RefOf, Slots, Type, Vm, method};

pub mod group;
pub mod os_error;
pub mod syntax_error;
pub mod unicode_errors;

const fn extension(class: &'static Type, slots: Slots) -> Extension {
    Extension { class, slots, methods: &[], getsets: &[], members: &[] }
}

pub(crate) static BASE_EXCEPTION_EXTENSION: Extension = Extension {
    class: &declared::BASE_EXCEPTION,
    slots: Slots { new: Some(new), init: Some(init), repr: Some(repr), str: Some(str), ..Slots::NONE },
    methods: BASE_METHODS,
    getsets: BASE_GETSETS,
    members: &[Member(Getset::new("__suppress_context__", "", get_suppress_context, set_suppress_context))],
};

const BASE_METHODS: &[Method] = &[
    method!(Unary reduce as "__reduce__" "($self, /)", ""),
    method!(Binary set_state as "__setstate__" "($self, state, /)", ""),
    method!(Binary with_traceback "($self, tb, /)", "Set self.__traceback__ to tb and return self."),
    method!(Binary add_note "($self, note, /)", "Add a note to the exception"),
];

const BASE_GETSETS: &[Getset] = &[
    Getset::new("args", "", |_, this| Ok(payload(this).args.get_or_none()), set_args),
    Getset::new("__traceback__", "", |_, this| Ok(payload(this).traceback.get_or_none()), set_traceback),
    Getset::new("__context__", "exception context", |_, this| Ok(payload(this).context.get_or_none()), set_context),
    Getset::new("__cause__", "exception cause", |_, this| Ok(payload(this).cause.get_or_none()), set_cause),
];

pub(crate) fn payload(this: Ref<'_>) -> &Exception {
    this.downcast::<Exception>().expect("the slot belongs to exceptions").get()
}

/// The arguments, as a slice that lives as long as the tuple does.
pub(crate) fn with_args<T>(this: Ref<'_>, each: impl FnOnce(&[Ref<'_>]) -> T) -> T {
    let args = payload(this).args.get_or_none();
    match args.borrow().downcast::<Tuple>() {
        Some(args) => each(args.get().items()),
        None => each(&[]),
    }
}

/// `BaseException.__new__`
pub(crate) fn new(vm: &mut Vm, class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    let args = vm.new_tuple_from(args.positionals()).into_object();
    Ok(declared::allocate(vm, class.get(), args))
}

/// Raises if there are keyword arguments.
pub(crate) fn no_keywords(vm: &mut Vm, class: &Type, args: Args<'_>) -> PyResult<()> {
    if args.has_keywords() {
        return Err(vm.type_error(format!("{}() takes no keyword arguments", class.full_name())));
    }
    Ok(())
}

/// `BaseException.__init__`
pub(crate) fn init(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult<()> {
    no_keywords(vm, this.class(), args)?;
    store_args(vm, this, args);
    Ok(())
}

pub(crate) fn store_args(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) {
    let tuple = vm.new_tuple_from(args.positionals()).into_object();
    payload(this).args.set(Some(tuple));
}

/// `BaseException.__str__`
pub(crate) fn str(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let args = payload(this).args.get_or_none();
    let Some(items) = args.borrow().downcast::<Tuple>() else { return Ok(vm.str(args.borrow())?.into_object()) };
    match items.get().items() {
        [] => Ok(vm.new_str("").into_object()),
        &[only] => Ok(vm.str(only)?.into_object()),
        _ => Ok(vm.str(args.borrow())?.into_object()),
    }
}

fn repr(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let args = payload(this).args.get_or_none();
    let mut text = object::str::StrBuilder::new();
    text.push_str(this.class().name());
    match args.borrow().downcast::<Tuple>().map(|items| items.get().items()) {
        Some(&[only]) => {
            let inner = vm.repr(only)?;
            text.push_str("(");
            text.push_object(&inner);
            text.push_str(")");
        }
        _ => {
            let inner = vm.repr(args.borrow())?;
            text.push_object(&inner);
        }
    }
    Ok(text.finish(vm).into_object())
}

/// The instance's attributes, if it has any.
pub(crate) fn attributes(vm: &mut Vm, this: Ref<'_>) -> Option<object::ObjectOf<Dict>> {
    instance::dict_of(vm, this).filter(|dict| !dict.is_empty(vm))
}

/// `(type, args)`, or `(type, args, state)`.
pub(crate) fn reduced(vm: &mut Vm, this: Ref<'_>, args: Object, state: Option<Object>) -> Object {
    let class = this.class().to_object();
    let parts: Vec<Object> = [class, args].into_iter().chain(state).collect();
    vm.new_tuple(parts).into_object()
}

fn reduce(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let args = payload(this).args.get_or_none();
    let state = attributes(vm, this).map(Object::from);
    Ok(reduced(vm, this, args, state))
}

fn set_state(vm: &mut Vm, this: Ref<'_>, state: Ref<'_>) -> PyResult {
    if state.is_none() {
        return Ok(Object::none());
    }
    let Some(dict) = state.downcast::<Dict>() else {
        return Err(vm.type_error("state is not a dictionary"));
    };
    for (name, value) in dict.items_snapshot(vm) {
        let name = vm.attribute_name(name.borrow())?;
        vm.set_attr(this, name.borrow(), Some(value.borrow()))?;
    }
    Ok(Object::none())
}

fn with_traceback(vm: &mut Vm, this: Ref<'_>, traceback: Ref<'_>) -> PyResult {
    set_traceback(vm, this, Some(traceback))?;
    Ok(this.to_owned())
}

fn add_note(vm: &mut Vm, this: Ref<'_>, note: Ref<'_>) -> PyResult {
    if note.downcast::<Str>().is_none() {
        return Err(vm.type_error(format!("add_note() argument must be str, not {}", note.class().full_name())));
    }
    let name = object::names::__notes__();
    let notes = match vm.find_attr(this, name)? {
        Some(notes) => notes,
        None => {
            let notes = vm.new_list(Vec::new()).into_object();
            vm.set_attr(this, name, Some(notes.borrow()))?;
            notes
        }
    };
    let Some(list) = notes.borrow().downcast::<List>() else {
        return Err(vm.type_error("Cannot add note: __notes__ is not a list"));
    };
    list.push(vm, note.to_owned());
    Ok(Object::none())
}

fn set_args(vm: &mut Vm, this: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let Some(value) = value else { return Err(vm.type_error("args may not be deleted")) };
    let items = vm.collect(value)?;
    let args = vm.new_tuple(items).into_object();
    payload(this).args.set(Some(args));
    Ok(())
}

fn set_traceback(vm: &mut Vm, this: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let Some(value) = value else { return Err(vm.type_error("__traceback__ may not be deleted")) };
    // The type is the interpreter's.
    if !value.is_none() && value.class().full_name() != "traceback" {
        return Err(vm.type_error("__traceback__ must be a traceback or None"));
    }
    payload(this).traceback.set((!value.is_none()).then(|| value.to_owned()));
    Ok(())
}

/// An exception or `None`, given as `what`.
fn exception_or_none(vm: &mut Vm, name: &str, what: &str, value: Option<Ref<'_>>) -> PyResult<Option<Object>> {
    let Some(value) = value else { return Err(vm.type_error(format!("{name} may not be deleted"))) };
    if value.is_none() {
        return Ok(None);
    }
    if value.downcast::<Exception>().is_none() {
        return Err(vm.type_error(format!("exception {what} must be None or derive from BaseException")));
    }
    Ok(Some(value.to_owned()))
}

fn set_context(vm: &mut Vm, this: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let value = exception_or_none(vm, "__context__", "context", value)?;
    payload(this).context.set(value);
    Ok(())
}

fn set_cause(vm: &mut Vm, this: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let value = exception_or_none(vm, "__cause__", "cause", value)?;
    payload(this).cause.set(value);
    payload(this).suppress_context.set(true);
    Ok(())
}

fn get_suppress_context(_vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(Object::bool(payload(this).suppress_context.get()))
}

fn set_suppress_context(vm: &mut Vm, this: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let Some(value) = value else { return Err(vm.type_error("can't delete numeric/char attribute")) };
    match value.as_bool() {
        Some(value) => {
            payload(this).suppress_context.set(value);
            Ok(())
        }
        None => Err(vm.type_error("attribute value type must be bool")),
    }
}

pub(crate) static SYSTEM_EXIT_EXTENSION: Extension = extension(&declared::SYSTEM_EXIT, Slots { init: Some(init_system_exit), ..Slots::NONE });

fn init_system_exit(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult<()> {
    init(vm, this, args)?;
    let code = match args.positionals() {
        [] => return Ok(()),
        &[only] => only.to_owned(),
        _ => payload(this).args.get_or_none(),
    };
    set_field(vm, this, "code", Some(code));
    Ok(())
}

pub(crate) static STOP_ITERATION_EXTENSION: Extension =
    extension(&declared::STOP_ITERATION, Slots { init: Some(init_stop_iteration), ..Slots::NONE });

fn init_stop_iteration(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult<()> {
    init(vm, this, args)?;
    set_field(vm, this, "value", args.positionals().first().map(|&value| value.to_owned()));
    Ok(())
}

pub(crate) static KEY_ERROR_EXTENSION: Extension = extension(&declared::KEY_ERROR, Slots { str: Some(str_key_error), ..Slots::NONE });

/// A lone key is shown by its `repr`: an empty or odd string would say nothing.
fn str_key_error(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    match declared::only_argument(this) {
        Some(key) => Ok(vm.repr(key.borrow())?.into_object()),
        None => str(vm, this),
    }
}

/// Sets the fields that keyword arguments name; others are errors.
fn keyword_fields(vm: &mut Vm, this: Ref<'_>, function: &str, names: &[&str], args: Args<'_>) -> PyResult<()> {
    if args.n_keywords() > names.len() {
        let (most, plural) = (names.len(), if names.len() == 1 { "" } else { "s" });
        return Err(vm.type_error(format!("{function}() takes at most {most} keyword argument{plural} ({} given)", args.n_keywords())));
    }
    for (key, value) in args.keywords() {
        let text = vm.str_text(key)?;
        if !names.contains(&text.as_str()) {
            return Err(vm.type_error(format!("{function}() got an unexpected keyword argument '{text}'")));
        }
        set_field(vm, this, &text, Some(value.to_owned()));
    }
    Ok(())
}

pub(crate) static IMPORT_ERROR_EXTENSION: Extension = Extension {
    methods: &[method!(Unary reduce_import_error as "__reduce__" "($self, /)", "")],
    ..extension(&declared::IMPORT_ERROR, Slots { init: Some(init_import_error), str: Some(str_import_error), ..Slots::NONE })
};

fn init_import_error(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult<()> {
    store_args(vm, this, args);
    for name in ["msg", "name", "path", "name_from"] {
        set_field(vm, this, name, None);
    }
    keyword_fields(vm, this, "ImportError", &["name", "path", "name_from"], args)?;
    if let &[message] = args.positionals() {
        set_field(vm, this, "msg", Some(message.to_owned()));
    }
    Ok(())
}

fn str_import_error(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    match field(this, "msg") {
        Some(message) if message.borrow().is_exactly(&object::str::STR) => Ok(message),
        _ => str(vm, this),
    }
}

/// A copy of the instance's attributes with the fields that are set.
fn state_with_fields(vm: &mut Vm, this: Ref<'_>, names: &[&str]) -> Option<object::ObjectOf<Dict>> {
    let state = attributes(vm, this).map(|dict| dict.copy(vm));
    let set: Vec<_> = names.iter().filter_map(|name| field(this, name).map(|value| (*name, value))).collect();
    if set.is_empty() {
        return state;
    }
    let state = state.unwrap_or_else(|| vm.new_dict());
    for (name, value) in set {
        state.set_str(vm, name, value);
    }
    Some(state)
}

fn reduce_import_error(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let state = state_with_fields(vm, this, &["name", "path", "name_from"]);
    let args = payload(this).args.get_or_none();
    Ok(reduced(vm, this, args, state.map(Object::from)))
}

pub(crate) static NAME_ERROR_EXTENSION: Extension = extension(&declared::NAME_ERROR, Slots { init: Some(init_name_error), ..Slots::NONE });

fn init_name_error(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult<()> {
    store_args(vm, this, args);
    set_field(vm, this, "name", None);
    keyword_fields(vm, this, "NameError", &["name"], args)
}

pub(crate) static ATTRIBUTE_ERROR_EXTENSION: Extension = Extension {
    methods: &[
        method!(Unary reduce_attribute_error as "__reduce__" "($self, /)", ""),
        method!(Unary attribute_error_state as "__getstate__" "($self, /)", ""),
    ],
    ..extension(&declared::ATTRIBUTE_ERROR, Slots { init: Some(init_attribute_error), ..Slots::NONE })
};

fn init_attribute_error(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult<()> {
    store_args(vm, this, args);
    set_field(vm, this, "name", None);
    set_field(vm, this, "obj", None);
    keyword_fields(vm, this, "AttributeError", &["name", "obj"], args)
}

/// The name and the arguments, but not the object, which may not be picklable.
fn attribute_error_state(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let state = state_with_fields(vm, this, &["name"]).unwrap_or_else(|| vm.new_dict());
    let args = payload(this).args.get_or_none();
    state.set_str(vm, "args", args);
    Ok(state.into_object())
}

fn reduce_attribute_error(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let state = attribute_error_state(vm, this)?;
    let args = payload(this).args.get_or_none();
    Ok(reduced(vm, this, args, Some(state)))
}

/// Whether an exception matches what `except` names: a class or a tuple of classes.
pub fn given_exception_matches(error: Ref<'_>, wanted: Ref<'_>) -> bool {
    if let Some(tuple) = wanted.downcast::<Tuple>() {
        return tuple.get().items().iter().any(|&entry| given_exception_matches(error, entry));
    }
    let class = if error.downcast::<Exception>().is_some() { Some(error.class()) } else { error.downcast::<Type>().map(RefOf::get) };
    match (class, wanted.downcast::<Type>()) {
        (Some(class), Some(wanted)) if class.has_flag(flag::EXCEPTION) => class.is_subclass_of(wanted.get()),
        _ => error.is(wanted),
    }
}
