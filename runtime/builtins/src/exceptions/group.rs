//! `BaseExceptionGroup` and `ExceptionGroup`, and what `except*` needs of them.

use super::{given_exception_matches, new as plain_new, no_keywords, payload};
use object::call::Args;
use object::cell::ObjectCell;
use object::exception::{self as declared, field, set_field};
use object::list::List;
use object::native::{Extension, flag};
use object::str::Str;
use object::tuple::Tuple;
use object::{Method, Object, PyResult, Ref, RefOf, Slots, Type, Vm, method};
use std::collections::HashSet;

pub(crate) static GROUP_EXTENSION: Extension = Extension {
    class: &declared::BASE_EXCEPTION_GROUP,
    slots: Slots { new: Some(new), init: Some(init), repr: Some(repr), str: Some(str), ..Slots::NONE },
    methods: METHODS,
    getsets: &[],
    members: &[],
};

const METHODS: &[Method] = &[
    method!(Binary class_get_item as "__class_getitem__" "($type, object, /)", "See PEP 585").class_method(),
    method!(Binary derive "($self, excs, /)", ""),
    method!(Binary split "($self, matcher_value, /)", ""),
    method!(Binary subgroup "($self, matcher_value, /)", ""),
];

/// `ExceptionGroup`, which has two bases and so is made like a Python class.
static EXCEPTION_GROUP: ObjectCell = ObjectCell::EMPTY;

/// The class `ExceptionGroup`; made when first asked for.
pub fn exception_group(vm: &mut Vm) -> PyResult {
    if let Some(class) = EXCEPTION_GROUP.get() {
        return Ok(class);
    }
    let name = vm.new_str("ExceptionGroup");
    let bases = vm.new_tuple([declared::BASE_EXCEPTION_GROUP.to_object(), declared::EXCEPTION.to_object()]);
    let namespace = vm.new_dict();
    let module = vm.new_str("builtins").into_object();
    namespace.set_str(vm, "__module__", module);
    let class = object::type_new::new_class(vm, &object::class::TYPE, name.borrow(), bases.borrow(), namespace.borrow(), Args::NONE)?;
    class.borrow().immortalize();
    EXCEPTION_GROUP.set(Some(class.clone()));
    Ok(class)
}

fn class_get_item(vm: &mut Vm, class: Ref<'_>, args: Ref<'_>) -> PyResult {
    vm.generic_alias(class, args)
}

fn is_group(object: Ref<'_>) -> bool {
    object.is_instance_of(&declared::BASE_EXCEPTION_GROUP)
}

/// The exceptions of a group.
fn members(group: Ref<'_>) -> Vec<Object> {
    let exceptions = field(group, "exceptions").unwrap_or(Object::none());
    exceptions.borrow().downcast::<Tuple>().map(|tuple| tuple.get().items().iter().map(|&item| item.to_owned()).collect()).unwrap_or_default()
}

fn new(vm: &mut Vm, class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    let &[message, exceptions] = args.positionals() else {
        return Err(vm.type_error(format!("BaseExceptionGroup.__new__() takes exactly 2 arguments ({} given)", args.n_positional())));
    };
    if message.downcast::<Str>().is_none() {
        return Err(vm.type_error(format!("BaseExceptionGroup.__new__() argument 1 must be str, not {}", message.class().full_name())));
    }
    if !vm.is_sequence(exceptions) {
        return Err(vm.type_error("second argument (exceptions) must be a sequence"));
    }
    // Another sequence is shown as it was: it may change or be used up.
    let is_plain = exceptions.downcast::<List>().is_some() || exceptions.downcast::<Tuple>().is_some();
    let shown = if is_plain { None } else { Some(vm.repr(exceptions)?.into_object()) };
    let items = vm.collect(exceptions)?;
    if items.is_empty() {
        return Err(vm.value_error("second argument (exceptions) must be a non-empty sequence"));
    }
    if let Some(index) = items.iter().position(|item| !item.borrow().is_instance_of(&declared::BASE_EXCEPTION)) {
        return Err(vm.value_error(format!("Item {index} of second argument (exceptions) is not an exception")));
    }
    let nests_base = items.iter().any(|item| !item.borrow().is_instance_of(&declared::EXCEPTION));
    let plain = exception_group(vm)?;
    let mut chosen = class.get();
    if class.object().is(plain.borrow()) {
        if nests_base {
            return Err(vm.type_error("Cannot nest BaseExceptions in an ExceptionGroup"));
        }
    } else if std::ptr::eq(chosen, &declared::BASE_EXCEPTION_GROUP) {
        if !nests_base {
            chosen = plain.borrow().downcast::<Type>().expect("a class was made").get();
        }
    } else if nests_base && chosen.is_subclass_of(&declared::EXCEPTION) {
        return Err(vm.type_error(format!("Cannot nest BaseExceptions in '{}'", chosen.full_name())));
    }
    let group = plain_new(vm, chosen.as_ref(), Args::positional(args.positionals()))?;
    set_field(vm, group.borrow(), "message", Some(message.to_owned()));
    let exceptions = vm.new_tuple(items).into_object();
    set_field(vm, group.borrow(), "exceptions", Some(exceptions));
    set_field(vm, group.borrow(), "_exceptions_text", shown);
    Ok(group)
}

fn init(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult<()> {
    no_keywords(vm, this.class(), args)?;
    super::store_args(vm, this, args);
    Ok(())
}

/// The exceptions as they were given: a list is shown as one.
fn repr(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let message = field(this, "message").unwrap_or(Object::none());
    let shown = match field(this, "_exceptions_text").and_then(|text| text.downcast::<Str>().ok()) {
        Some(text) => text,
        None => {
            let exceptions = field(this, "exceptions").unwrap_or(Object::none());
            let was_list = super::with_args(this, |args| matches!(args, [_, list] if list.downcast::<List>().is_some()));
            let exceptions = if was_list {
                let items = vm.collect(exceptions.borrow())?;
                vm.new_list(items).into_object()
            } else {
                exceptions
            };
            vm.repr(exceptions.borrow())?
        }
    };
    let mut text = object::str::StrBuilder::new();
    text.push_str(this.class().name());
    text.push_str("(");
    text.push_object(&*vm.repr(message.borrow())?);
    text.push_str(", ");
    text.push_object(&shown);
    text.push_str(")");
    Ok(text.finish(vm).into_object())
}

fn str(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let message = field(this, "message").unwrap_or(Object::none());
    let message = vm.str(message.borrow())?;
    let n = members(this).len();
    let mut text = object::str::StrBuilder::new();
    text.push_object(&message);
    text.push_str(&format!(" ({n} sub-exception{})", if n == 1 { "" } else { "s" }));
    Ok(text.finish(vm).into_object())
}

fn derive(vm: &mut Vm, this: Ref<'_>, exceptions: Ref<'_>) -> PyResult {
    let message = field(this, "message").unwrap_or(Object::none());
    vm.call(declared::BASE_EXCEPTION_GROUP.object(), &[message.borrow(), exceptions])
}

/// A group like `original` with some of its exceptions; `None` of none.
fn subset(vm: &mut Vm, original: Ref<'_>, exceptions: Vec<Object>) -> PyResult<Option<Object>> {
    if exceptions.is_empty() {
        return Ok(None);
    }
    let list = vm.new_list(exceptions).into_object();
    let group = vm.call_method(original, "derive", &[list.borrow()])?;
    if !is_group(group.borrow()) {
        return Err(vm.type_error("derive must return an instance of BaseExceptionGroup"));
    }
    let (from, to) = (payload(original), payload(group.borrow()));
    to.traceback.set(from.traceback.get());
    to.context.set(from.context.get());
    to.cause.set(from.cause.get());
    to.suppress_context.set(from.suppress_context.get());
    let name = object::names::__notes__();
    if let Some(notes) = vm.find_attr(original, name)?
        && vm.is_sequence(notes.borrow())
    {
        let notes = vm.collect(notes.borrow())?;
        let notes = vm.new_list(notes).into_object();
        vm.set_attr(group.borrow(), name, Some(notes.borrow()))?;
    }
    Ok(Some(group))
}

/// What `split` and `subgroup` are asked for.
enum Matcher<'a> {
    Class(Ref<'a>),
    Predicate(Ref<'a>),
    /// The addresses of the exceptions wanted.
    Identities(&'a HashSet<u64>),
}

fn is_exception_class(object: Ref<'_>) -> bool {
    object.downcast::<Type>().is_some_and(|class| class.is_subclass_of(&declared::BASE_EXCEPTION))
}

fn matcher<'a>(vm: &mut Vm, value: Ref<'a>) -> PyResult<Matcher<'a>> {
    if value.class().slots().call.is_some() && value.downcast::<Type>().is_none() {
        return Ok(Matcher::Predicate(value));
    }
    let is_tuple = value.downcast::<Tuple>().is_some_and(|tuple| tuple.get().items().iter().all(|&item| is_exception_class(item)));
    if is_exception_class(value) || is_tuple {
        return Ok(Matcher::Class(value));
    }
    Err(vm.type_error("expected an exception type, a tuple of exception types, or a callable (other than a class)"))
}

impl Matcher<'_> {
    fn matches(&self, vm: &mut Vm, error: Ref<'_>) -> PyResult<bool> {
        match self {
            Matcher::Class(class) => Ok(given_exception_matches(error, *class)),
            Matcher::Predicate(predicate) => {
                let result = vm.call(*predicate, &[error])?;
                vm.is_true(result.borrow())
            }
            Matcher::Identities(wanted) => Ok(wanted.contains(&error.bits())),
        }
    }
}

/// The matching part and, if it is wanted, the rest.
fn split_by(vm: &mut Vm, error: Ref<'_>, matcher: &Matcher<'_>, wants_rest: bool) -> PyResult<(Option<Object>, Option<Object>)> {
    if matcher.matches(vm, error)? {
        return Ok((Some(error.to_owned()), None));
    }
    if !is_group(error) {
        return Ok((None, wants_rest.then(|| error.to_owned())));
    }
    vm.check_stack(" in exceptiongroup_split_recursive")?;
    let (mut matching, mut others) = (Vec::new(), Vec::new());
    for member in members(error) {
        let (found, rest) = split_by(vm, member.borrow(), matcher, wants_rest)?;
        matching.extend(found);
        others.extend(rest);
    }
    let found = subset(vm, error, matching)?;
    let rest = if wants_rest { subset(vm, error, others)? } else { None };
    Ok((found, rest))
}

fn split(vm: &mut Vm, this: Ref<'_>, value: Ref<'_>) -> PyResult {
    let matcher = matcher(vm, value)?;
    let (found, rest) = split_by(vm, this, &matcher, true)?;
    let parts = [found, rest].map(|part| part.unwrap_or(Object::none()));
    Ok(vm.new_tuple(parts).into_object())
}

fn subgroup(vm: &mut Vm, this: Ref<'_>, value: Ref<'_>) -> PyResult {
    let matcher = matcher(vm, value)?;
    let (found, _) = split_by(vm, this, &matcher, false)?;
    Ok(found.unwrap_or(Object::none()))
}

const CANNOT_CATCH: &str = "catching classes that do not inherit from BaseException is not allowed";
const CANNOT_CATCH_GROUP: &str = "catching ExceptionGroup with except* is not allowed. Use except instead.";

/// Raises unless `wanted` can be named by `except`: an exception class or a tuple of them.
pub fn check_except_type(vm: &mut Vm, wanted: Ref<'_>) -> PyResult<()> {
    let valid = match wanted.downcast::<Tuple>() {
        Some(tuple) => tuple.get().items().iter().all(|&item| is_exception_class(item)),
        None => is_exception_class(wanted),
    };
    if valid { Ok(()) } else { Err(vm.type_error(CANNOT_CATCH)) }
}

/// The same for `except*`, which does not take groups.
pub fn check_except_star_type(vm: &mut Vm, wanted: Ref<'_>) -> PyResult<()> {
    check_except_type(vm, wanted)?;
    let names_group = |object: Ref<'_>| object.downcast::<Type>().is_some_and(|class| class.is_subclass_of(&declared::BASE_EXCEPTION_GROUP));
    let names_one = match wanted.downcast::<Tuple>() {
        Some(tuple) => tuple.get().items().iter().any(|&item| names_group(item)),
        None => names_group(wanted),
    };
    if names_one { Err(vm.type_error(CANNOT_CATCH_GROUP)) } else { Ok(()) }
}

/// A group of these exceptions, of whichever of the two classes can hold them.
pub fn new_group(vm: &mut Vm, message: &str, exceptions: Vec<Object>) -> PyResult {
    let message = vm.new_str(message).into_object();
    let exceptions = vm.new_list(exceptions).into_object();
    vm.call(declared::BASE_EXCEPTION_GROUP.object(), &[message.borrow(), exceptions.borrow()])
}

/// `except* wanted`: the part of `error` that matches, and the rest. Either may be `None`.
///
/// An exception that is no group and matches is wrapped in one; the caller adds its frame to that
/// one's traceback.
pub fn match_group(vm: &mut Vm, error: Ref<'_>, wanted: Ref<'_>) -> PyResult<(Object, Object)> {
    check_except_star_type(vm, wanted)?;
    if error.is_none() {
        return Ok((Object::none(), Object::none()));
    }
    if given_exception_matches(error, wanted) {
        let found = if is_group(error) { error.to_owned() } else { new_group(vm, "", vec![error.to_owned()])? };
        return Ok((found, Object::none()));
    }
    if !is_group(error) {
        return Ok((Object::none(), error.to_owned()));
    }
    let pair = vm.call_method(error, "split", &[wanted])?;
    let class_name = error.class().full_name().to_owned();
    let Some(tuple) = pair.borrow().downcast::<Tuple>() else {
        let message = format!("{class_name}.split must return a tuple, not {}", pair.borrow().class().full_name());
        return Err(vm.type_error(message));
    };
    match *tuple.get().items() {
        [found, rest, ..] => Ok((found.to_owned(), rest.to_owned())),
        _ => Err(vm.type_error(format!("{class_name}.split must return a 2-tuple, got tuple of size {}", tuple.len()))),
    }
}

/// Whether an exception raised in an `except*` clause is a part of the original, raised again.
fn is_reraised(error: Ref<'_>, original: Ref<'_>) -> bool {
    if !is_group(error) || !is_group(original) {
        return false;
    }
    let (left, right) = (payload(error), payload(original));
    let same = |left: &ObjectCell, right: &ObjectCell| left.get_or_none().borrow().is(right.get_or_none().borrow());
    same(&left.traceback, &right.traceback) && same(&left.context, &right.context) && same(&left.cause, &right.cause)
}

fn collect_leaves(error: Ref<'_>, leaves: &mut HashSet<u64>) {
    if !is_group(error) {
        leaves.insert(error.bits());
        return;
    }
    for member in members(error) {
        collect_leaves(member.borrow(), leaves);
    }
}

/// What a `try` with `except*` raises in the end: the exceptions its clauses raised and what none of
/// them handled, put together again. `None`: nothing. `errors` is the list the clauses filled.
pub fn prep_reraise_star(vm: &mut Vm, original: Ref<'_>, errors: Ref<'_>) -> PyResult {
    let Some(list) = errors.downcast::<List>() else { return Ok(Object::none()) };
    let list: Vec<Object> = list.items(vm).to_vec();
    let Some(first) = list.first() else { return Ok(Object::none()) };
    if !is_group(original) {
        // There was one clause that could run: it handled the exception or raised.
        return Ok(first.clone());
    }
    let (mut raised, mut leaves, mut any_reraised) = (Vec::new(), HashSet::new(), false);
    for error in list.into_iter().filter(|error| !error.borrow().is_none()) {
        if is_reraised(error.borrow(), original) {
            collect_leaves(error.borrow(), &mut leaves);
            any_reraised = true;
        } else {
            raised.push(error);
        }
    }
    let again = if any_reraised { split_by(vm, original, &Matcher::Identities(&leaves), false)?.0 } else { None };
    if raised.is_empty() {
        return Ok(again.unwrap_or(Object::none()));
    }
    raised.extend(again);
    match raised.len() {
        1 => Ok(raised.pop().expect("there is one")),
        _ => new_group(vm, "", raised),
    }
}

/// Whether an object is an exception class, for callers of `except`.
pub fn is_exception_type(object: Ref<'_>) -> bool {
    object.downcast::<Type>().is_some_and(|class| class.has_flag(flag::EXCEPTION))
}
