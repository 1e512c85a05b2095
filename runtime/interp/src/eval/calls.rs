//! Calls with unpacked arguments, unpacking of sequences, updates of displays.

use super::NO_VALUE;
use crate::frame::{Ending, Frame};
use crate::function::{self, FUNCTION, Function};
use bytecode::CodeFlags;
use bytecode::opcode::FunctionAttribute;
use object::descriptor::{PROPERTY, Property};
use object::dict::Dict;
use object::exception;
use object::function::{BOUND_METHOD, BUILTIN_FUNCTION, BoundMethod, BuiltinFunction, METHOD_DESCRIPTOR, MethodDescriptor};
use object::list::List;
use object::str::Str;
use object::tuple::Tuple;
use object::{Object, PyResult, Raised, Ref, RefOf, Type, Vm};

/// Turns a bound method below the arguments into its function and `self`.
///
/// # Safety
///
/// `first` is the place of a call's first argument; below it are a null and the callable.
#[inline]
pub(crate) unsafe fn unpack_bound_method(first: *mut u64) {
    // SAFETY: the caller's promise.
    unsafe {
        let callable = Ref::from_bits(*first.sub(2));
        if !callable.is_exactly(&BOUND_METHOD) {
            return;
        }
        let method = callable.downcast_unchecked::<BoundMethod>();
        let (function, this) = (method.function.get_or_none(), method.this.get_or_none());
        *first.sub(1) = this.into_raw();
        drop(Object::from_raw(std::mem::replace(&mut *first.sub(2), function.into_raw())));
    }
}

/// The `__init__` of a class whose instances are made by `object.__new__` and set up by a Python function.
#[inline]
pub(crate) fn plain_init<'a>(class: Ref<'a>) -> Option<Ref<'a>> {
    // SAFETY: the caller compared the type.
    let class = unsafe { class.downcast_unchecked::<Type>() }.get();
    let init = object::type_new::plain_init(class).filter(|init| init.is_exactly(&FUNCTION))?;
    runs_at_once(init).then_some(init)
}

/// Makes an instance and pushes the frame of its `__init__`. The instance takes the place of the class
/// on the stack; the arguments are taken over.
///
/// # Safety
///
/// `init` is a Python function that [`plain_init`] found for the class; `first` is the place of the
/// first of `n` arguments; below it are a null and the class.
#[inline]
pub(crate) unsafe fn enter_init(vm: &mut Vm, frame: *mut Frame, class: Ref<'_>, init: Ref<'_>, first: *mut u64, n: usize) -> PyResult<*mut Frame> {
    // SAFETY: the caller's promise.
    unsafe {
        let init = init.to_owned();
        let instance = vm.allocate_plain(class.downcast_unchecked::<Type>().get());
        *first.sub(1) = instance.borrow().to_owned().into_raw();
        let class = std::mem::replace(&mut *first.sub(2), instance.into_raw());
        (*frame).sp = first.sub(1);
        let inner = function::push_call_frame(vm, init, first.sub(1), n + 1, None);
        // The instance keeps its class alive.
        drop(Object::from_raw(class));
        let inner = inner?;
        (*inner).ending = Ending::Init;
        Ok(inner)
    }
}

/// The special method of an object whose class was made by Python, if it is a Python function that runs at once.
#[inline]
pub(crate) fn python_method<'a>(owner: Ref<'a>, name: Ref<'_>) -> Option<Ref<'a>> {
    let class = owner.class();
    if !class.is_heap_type() {
        return None;
    }
    let method = class.lookup(name).filter(|method| method.is_exactly(&FUNCTION))?;
    runs_at_once(method).then_some(method)
}

/// Whether calling a Python function gives what it returns, and not a generator.
#[inline]
fn runs_at_once(function: Ref<'_>) -> bool {
    // SAFETY: the callers compared the type.
    let flags = unsafe { function.downcast_unchecked::<Function>() }.get().code().data.flags;
    !flags.has(CodeFlags::SUSPENDS)
}

/// The getter of a property, if it is a Python function that runs at once and nothing overrides it.
#[inline]
pub(crate) fn python_getter<'a>(owner: Ref<'a>, name: Ref<'_>) -> Option<Ref<'a>> {
    let class = owner.class();
    if !class.is_heap_type() || class.slots().getattr.is_some() {
        return None;
    }
    let property = class.lookup(name).filter(|found| found.is_exactly(&PROPERTY))?;
    // SAFETY: the type was just compared; the property, which the class holds, holds the getter.
    let getter = unsafe { Ref::from_bits(property.downcast_unchecked::<Property>().get.get()?.borrow().bits()) };
    (getter.is_exactly(&FUNCTION) && runs_at_once(getter)).then_some(getter)
}

/// The `__getattr__` of an object, if it is a Python function that runs at once and the object has no such attribute otherwise.
pub(crate) fn python_getattr<'a>(owner: Ref<'a>, name: Ref<'_>) -> Option<Ref<'a>> {
    let class = owner.class();
    if class.slots().getattr.is_none() || !object::type_new::finds_like_object(class) || class.lookup(name).is_some() {
        return None;
    }
    let hook = class.lookup(object::names::__getattr__()).filter(|hook| hook.is_exactly(&FUNCTION))?;
    (object::instance::get_attribute(owner, name).is_none() && runs_at_once(hook)).then_some(hook)
}

/// The Python function that stores an attribute of an object, if there is one that runs at once, and whether it wants the attribute's name: the setter of a property, or
/// `__setattr__`.
pub(crate) fn python_setter<'a>(owner: Ref<'a>, name: Ref<'_>) -> Option<(Ref<'a>, bool)> {
    let class = owner.class();
    if class.slots().setattr.is_some() {
        let hook = class.lookup(object::names::__setattr__()).filter(|hook| hook.is_exactly(&FUNCTION))?;
        return runs_at_once(hook).then_some((hook, true));
    }
    let property = class.lookup(name).filter(|found| found.is_exactly(&PROPERTY))?;
    // SAFETY: the type was just compared; the property, which the class holds, holds the setter.
    let setter = unsafe { Ref::from_bits(property.downcast_unchecked::<Property>().set.get()?.borrow().bits()) };
    (setter.is_exactly(&FUNCTION) && runs_at_once(setter)).then_some((setter, false))
}

/// The error of an `__init__` that returned something.
#[cold]
pub(crate) fn init_returned(vm: &mut Vm, value: Ref<'_>) -> Raised {
    vm.type_error(format!("__init__() should return None, not '{}'", value.class().full_name()))
}

/// What `len()` makes of what a `__len__` returned.
#[cold]
pub(super) fn length_returned(vm: &mut Vm, value: Object) -> PyResult {
    let length = object::type_new::length_of_result(vm, value.borrow())?;
    Ok(vm.new_uint(length as u64))
}

pub(super) fn iter_returned(vm: &mut Vm, value: Ref<'_>) -> Raised {
    vm.type_error(format!("iter() returned non-iterator of type '{}'", value.class().full_name()))
}

/// The `__iter__` of an object whose class was made by Python, if it is a Python function and no coroutine function.
#[inline]
pub(crate) fn python_iter<'a>(iterable: Ref<'a>) -> Option<Ref<'a>> {
    let class = iterable.class();
    if !class.is_heap_type() {
        return None;
    }
    let method = class.lookup(object::names::__iter__()).filter(|method| method.is_exactly(&FUNCTION))?;
    // SAFETY: the type was just compared.
    let flags = unsafe { method.downcast_unchecked::<Function>() }.get().code().data.flags;
    (!flags.has(CodeFlags::COROUTINE) && !flags.has(CodeFlags::ASYNC_GENERATOR)).then_some(method)
}

/// Calls what is no Python function.
#[inline(always)]
pub(crate) fn call_native(vm: &mut Vm, callable: Ref<'_>, values: &[Ref<'_>]) -> PyResult {
    if callable.is_exactly(&METHOD_DESCRIPTOR)
        && let [this, rest @ ..] = values
    {
        // SAFETY: the type was just compared.
        let method = unsafe { callable.downcast_unchecked::<MethodDescriptor>() };
        if this.is_instance_of(method.class) {
            return method.get().info.call_positional(vm, *this, rest);
        }
    } else if callable.is_exactly(&BUILTIN_FUNCTION) {
        // SAFETY: the type was just compared; the callable, which the caller holds, never changes what it is bound to.
        let function = unsafe { callable.downcast_unchecked::<BuiltinFunction>() }.get();
        let this = match function.this.bits() {
            0 => Ref::NONE,
            // SAFETY: as above.
            bits => unsafe { Ref::from_bits(bits) },
        };
        return function.info.call_positional(vm, this, values);
    }
    vm.call(callable, values)
}

/// The same, for the loop.
#[inline(never)]
pub(super) fn call_native_from_loop(vm: &mut Vm, callable: Ref<'_>, values: &[Ref<'_>]) -> PyResult {
    call_native(vm, callable, values)
}

/// What a call came to.
pub(crate) enum Call {
    Frame(*mut Frame),
    Value(Object),
}

/// The first argument of a `CALL_FUNCTION_EX`, for those who watch.
///
/// # Safety
///
/// As for [`call_star`].
pub(super) unsafe fn first_argument(sp: *mut u64) -> Option<Object> {
    // SAFETY: the caller's promise: a null or self, then the positional arguments.
    let (this, positional) = unsafe { (*sp.sub(3), Ref::from_bits(*sp.sub(2))) };
    if this != 0 {
        // SAFETY: the word is a reference.
        return Some(unsafe { Ref::from_bits(this) }.to_owned());
    }
    positional.downcast::<Tuple>().and_then(|tuple| tuple.items().first().map(|&item| item.to_owned()))
}

/// Reports what a `CALL_FUNCTION_EX` of native code came to.
///
/// # Safety
///
/// The frame is the innermost one, unless the result is a frame.
pub(super) unsafe fn report_star(
    vm: &mut Vm,
    frame: *mut Frame,
    callable: Ref<'_>,
    first: Option<Ref<'_>>,
    watchers: u32,
    result: PyResult<Call>,
) -> PyResult<Call> {
    let result = match result {
        Ok(Call::Frame(inner)) => return Ok(Call::Frame(inner)),
        Ok(Call::Value(value)) => Ok(value),
        Err(raised) => Err(raised),
    };
    // SAFETY: the caller's promise.
    unsafe { crate::tracing::called(vm, frame, callable, first, watchers, result) }.map(Call::Value)
}

/// A starred call with fewer positional arguments needs no memory for them.
const FEW_ARGUMENTS: usize = 8;

/// `CALL_FUNCTION_EX`: callable, null, positional arguments, keyword arguments or null.
///
/// # Safety
///
/// The four are on top of the stack.
pub(crate) unsafe fn call_star(vm: &mut Vm, callable: Ref<'_>, sp: *mut u64) -> PyResult<Call> {
    // SAFETY: the caller's promise; what is below is the callable and a null or self.
    let (this, positional, keywords) = unsafe {
        let optional = |word: u64| (word != 0).then(|| Ref::from_bits(word));
        (optional(*sp.sub(3)), Ref::from_bits(*sp.sub(2)), optional(*sp.sub(1)))
    };
    let collected;
    let items = match positional.downcast_exact::<Tuple>() {
        Some(tuple) => tuple.get().items(),
        None => {
            collected = iterated_arguments(vm, callable, positional)?;
            Object::as_refs(&collected)
        }
    };
    if this.is_none() && keywords.is_none() && !callable.is_exactly(&FUNCTION) {
        // What is on the stack holds them.
        return vm.call_with(callable, object::Args::positional(items)).map(Call::Value);
    }
    let dict = keywords.map(|keywords| as_keywords(vm, callable, keywords)).transpose()?;
    let dict = dict.as_ref().and_then(|dict| dict.borrow().downcast::<Dict>()).filter(|dict| !dict.is_empty(vm));
    let n_keywords = dict.map_or(0, |dict| dict.len(vm));
    let mut names = None;
    if let Some(dict) = dict {
        if !dict.has_only_str_keys(vm) && dict.iter(vm).any(|(key, _)| key.downcast::<Str>().is_none()) {
            return Err(vm.type_error("keywords must be strings"));
        }
        names = Some(vm.new_tuple(dict.keys_snapshot(vm)));
    }
    let names = names.as_ref().map(|names| names.borrow());
    let n = usize::from(this.is_some()) + items.len() + n_keywords;
    // Few arguments need no memory.
    let (mut few, mut many) = ([0; FEW_ARGUMENTS], Vec::new());
    let words = if n <= FEW_ARGUMENTS {
        &mut few[..n]
    } else {
        many.resize(n, 0);
        &mut many[..]
    };
    let values = dict.into_iter().flat_map(|dict| RefOf::get(dict).iter(vm).map(|(_, value)| value));
    for (word, value) in words.iter_mut().zip(this.into_iter().chain(items.iter().copied()).chain(values)) {
        *word = value.to_owned().into_raw();
    }
    // SAFETY: the words own the references, which the callee takes over, or which are dropped.
    unsafe {
        if callable.is_exactly(&FUNCTION) {
            return function::push_call_frame(vm, callable.to_owned(), words.as_mut_ptr(), n, names).map(Call::Frame);
        }
        let result = vm.call_with(callable, object::Args::new(std::slice::from_raw_parts(words.as_ptr().cast(), n), names));
        function::drop_words(words.as_mut_ptr(), n);
        result.map(Call::Value)
    }
}

/// What is after the `*` of a call, if it is no tuple.
fn iterated_arguments(vm: &mut Vm, callable: Ref<'_>, positional: Ref<'_>) -> PyResult<Vec<Object>> {
    if positional.class().slots().iter.is_none() && !vm.is_sequence(positional) {
        let message = format!("{}argument after * must be an iterable, not {}", callee_name(vm, callable), positional.class().full_name());
        return Err(vm.type_error(message));
    }
    vm.collect(positional)
}

fn as_keywords(vm: &mut Vm, callable: Ref<'_>, keywords: Ref<'_>) -> PyResult {
    if keywords.is_exactly(&object::dict::DICT) {
        return Ok(keywords.to_owned());
    }
    let dict = vm.new_dict();
    dict_merge_into(vm, dict.borrow().object(), keywords, callable)?;
    Ok(dict.into_object())
}

/// `name() ` of a callable, as messages about its arguments begin; of one without a name its `str()`.
fn callee_name(vm: &mut Vm, callable: Ref<'_>) -> String {
    let name = match vm.find_attr_str(callable, "__qualname__") {
        Ok(Some(name)) => vm.str_text(name.borrow()).ok(),
        _ => None,
    };
    let module = match vm.find_attr_str(callable, "__module__") {
        Ok(Some(module)) if module.borrow().downcast::<Str>().is_some() => vm.str_text(module.borrow()).ok(),
        _ => None,
    };
    let shown = match (name, module.as_deref()) {
        (Some(name), None | Some("builtins")) => format!("{name}() "),
        (Some(name), Some(module)) => format!("{module}.{name}() "),
        (None, _) => vm.str_text(callable).map(|text| format!("{text} ")).unwrap_or_default(),
    };
    drop(vm.take_raised());
    shown
}

/// The keyword arguments as a dict; for callers outside.
pub fn call_keywords_of(vm: &mut Vm, callable: Ref<'_>, keywords: Ref<'_>) -> PyResult {
    as_keywords(vm, callable, keywords)
}

/// `SET_ADD`. The set a module's annotations are counted in is a variable, which programs may rebind.
#[inline]
pub(crate) fn set_add(vm: &mut Vm, set: Ref<'_>, value: Ref<'_>) -> PyResult<()> {
    match set.downcast::<builtins::set::Set>() {
        Some(_) => builtins::set::add(vm, builtins::set::core(set).expect(NO_VALUE), value).map(drop),
        None => Err(vm.type_error(format!("'{}' object is not a set", set.class().full_name()))),
    }
}

pub(super) fn list_extend(vm: &mut Vm, list: Ref<'_>, iterable: Ref<'_>) -> PyResult<()> {
    if iterable.class().slots().iter.is_none() && !vm.is_sequence(iterable) {
        return Err(vm.type_error(format!("Value after * must be an iterable, not {}", iterable.class().full_name())));
    }
    builtins::list::extend_with(vm, list.downcast::<List>().expect(NO_VALUE), iterable)
}

pub(super) fn dict_update(vm: &mut Vm, dict: Ref<'_>, mapping: Ref<'_>) -> PyResult<()> {
    let dict = dict.downcast::<Dict>().expect(NO_VALUE);
    if let Some(other) = mapping.downcast_exact::<Dict>() {
        return dict.update_from(vm, other.get());
    }
    let name = object::names::keys();
    if vm.find_attr(mapping, name)?.is_none() {
        return Err(vm.type_error(format!("'{}' object is not a mapping", mapping.class().full_name())));
    }
    if let Some(other) = builtins::dict::plain_dict(mapping) {
        return dict.update_from(vm, other.get());
    }
    let keys = vm.call_method_named(mapping, name, &[])?;
    for key in vm.collect(keys.borrow())? {
        let value = vm.get_item(mapping, key.borrow())?;
        dict.set(vm, key.borrow(), value)?;
    }
    Ok(())
}

pub(super) fn dict_merge(vm: &mut Vm, dict: Ref<'_>, mapping: Ref<'_>, callable: Ref<'_>) -> PyResult<()> {
    dict_merge_into(vm, dict, mapping, callable)
}

fn dict_merge_into(vm: &mut Vm, dict: Ref<'_>, mapping: Ref<'_>, callable: Ref<'_>) -> PyResult<()> {
    let dict = dict.downcast::<Dict>().expect(NO_VALUE);
    let plain = builtins::dict::plain_dict(mapping);
    if let Some(other) = &plain
        && dict.is_empty(vm)
    {
        return dict.update_from(vm, other.get());
    }
    let keys_name = object::names::keys();
    let keys = if let Some(other) = &plain {
        other.keys_snapshot(vm)
    } else {
        if vm.find_attr(mapping, keys_name)?.is_none() {
            let message = format!("{}argument after ** must be a mapping, not {}", callee_name(vm, callable), mapping.class().full_name());
            return Err(vm.type_error(message));
        }
        let keys = vm.call_method_named(mapping, keys_name, &[])?;
        vm.collect(keys.borrow())?
    };
    for key in keys {
        if dict.contains(vm, key.borrow())? {
            let text = vm.str_text(key.borrow())?;
            let message = format!("{}got multiple values for keyword argument '{text}'", callee_name(vm, callable));
            return Err(vm.raise(&exception::TYPE_ERROR, message));
        }
        let value = match &plain {
            Some(other) => match other.get().get(vm, key.borrow())? {
                Some(value) => value,
                None => continue,
            },
            None => vm.get_item(mapping, key.borrow())?,
        };
        dict.set(vm, key.borrow(), value)?;
    }
    Ok(())
}

/// Writes the `n` items of a sequence above the stack, the first on top.
///
/// # Safety
///
/// There is room for `n` words at `sp`.
pub(crate) unsafe fn unpack_sequence(vm: &mut Vm, sequence: Ref<'_>, n: usize, sp: *mut u64) -> PyResult<()> {
    let put = |items: &[Ref<'_>]| {
        for (index, &item) in items.iter().enumerate() {
            // SAFETY: the caller's promise.
            unsafe { sp.add(n - 1 - index).write(item.to_owned().into_raw()) };
        }
    };
    if let Some(tuple) = sequence.downcast_exact::<Tuple>()
        && tuple.len() == n
    {
        put(tuple.items());
        return Ok(());
    }
    if let Some(list) = sequence.downcast_exact::<List>()
        && list.len(vm) == n
    {
        put(Object::as_refs(list.items(vm)));
        return Ok(());
    }
    let known = sequence.downcast_exact::<Tuple>().map(|tuple| tuple.len()).or_else(|| sequence.downcast_exact::<List>().map(|list| list.len(vm)));
    let known = known.or_else(|| sequence.downcast_exact::<Dict>().map(|dict| dict.len(vm)));
    let iterator = iterate(vm, sequence)?;
    let mut items = Vec::with_capacity(n);
    while items.len() < n {
        match vm.next(iterator.borrow())? {
            Some(item) => items.push(item),
            None => {
                let message = format!("not enough values to unpack (expected {n}, got {})", items.len());
                return Err(vm.value_error(message));
            }
        }
    }
    if vm.next(iterator.borrow())?.is_some() {
        let got = known.map(|known| format!(", got {known}")).unwrap_or_default();
        return Err(vm.value_error(format!("too many values to unpack (expected {n}{got})")));
    }
    put(Object::as_refs(&items));
    Ok(())
}

fn iterate(vm: &mut Vm, sequence: Ref<'_>) -> PyResult {
    if sequence.class().slots().iter.is_none() && !vm.is_sequence(sequence) {
        return Err(vm.type_error(format!("cannot unpack non-iterable {} object", sequence.class().full_name())));
    }
    vm.iter(sequence)
}

/// The same with a starred target after `before` values, which `after` follow.
///
/// # Safety
///
/// There is room for `before + 1 + after` words at `sp`.
pub(crate) unsafe fn unpack_starred(vm: &mut Vm, sequence: Ref<'_>, before: usize, after: usize, sp: *mut u64) -> PyResult<()> {
    let iterator = iterate(vm, sequence)?;
    let mut items = Vec::new();
    while items.len() < before {
        match vm.next(iterator.borrow())? {
            Some(item) => items.push(item),
            None => {
                let message = format!("not enough values to unpack (expected at least {}, got {})", before + after, items.len());
                return Err(vm.value_error(message));
            }
        }
    }
    let mut rest = Vec::new();
    while let Some(item) = vm.next(iterator.borrow())? {
        rest.push(item);
    }
    if rest.len() < after {
        let message = format!("not enough values to unpack (expected at least {}, got {})", before + after, before + rest.len());
        return Err(vm.value_error(message));
    }
    let tail = rest.split_off(rest.len() - after);
    let list = vm.new_list(rest).into_object();
    let total = before + 1 + after;
    for (index, item) in items.into_iter().chain([list]).chain(tail).enumerate() {
        // SAFETY: the caller's promise.
        unsafe { sp.add(total - 1 - index).write(item.into_raw()) };
    }
    Ok(())
}

/// Gives a new function its defaults, closure or annotations.
///
/// # Safety
///
/// `function` is a Python function; the attribute has been verified.
pub unsafe fn set_function_attribute(vm: &mut Vm, function: Ref<'_>, attribute: u32, value: Object) {
    let attribute = FunctionAttribute::from_u32(attribute).expect("the operand was verified");
    if attribute == FunctionAttribute::Annotate {
        function::attributes::name_annotate(vm, function, value.borrow());
    }
    // SAFETY: the caller's promise.
    let function = unsafe { function.downcast_unchecked::<Function>() }.get();
    let cell = match attribute {
        FunctionAttribute::Defaults => &function.defaults,
        FunctionAttribute::KeywordDefaults => &function.keyword_defaults,
        FunctionAttribute::Annotations => &function.annotations,
        FunctionAttribute::Closure => &function.closure,
        FunctionAttribute::Annotate => &function.annotate,
    };
    cell.set(Some(value));
}
