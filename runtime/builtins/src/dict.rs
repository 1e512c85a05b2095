//! `dict`: the methods of the type that `object::dict` declares.

use bytecode::opcode::Comparison;
use object::call::{Args, check_positional};
use object::dict::{DICT, Dict, Merge};
use object::exception;
use object::instance::size_of_instance;
use object::list::List;
use object::method;
use object::native::Extension;
use object::protocol::ordering_satisfies;
use object::str::StrBuilder;
use object::tuple::Tuple;
use object::vm::Raised;
use object::{Method, Object, ObjectOf, PyResult, Ref, RefOf, Slots, Type, Vm};

pub mod iterators;
pub mod mapping_proxy;
pub mod views;

pub static DICT_EXTENSION: Extension = Extension {
    class: &DICT,
    slots: Slots {
        new: Some(new),
        init: Some(init),
        repr: Some(repr),
        len: Some(len),
        getitem: Some(get_item),
        setitem: Some(set_item),
        contains: Some(contains),
        iter: Some(iter),
        compare: Some(compare),
        or: Some(or),
        inplace_or: Some(inplace_or),
        ..Slots::NONE
    },
    methods: METHODS,
    getsets: &[],
    members: &[],
};

const METHODS: &[Method] = &[
    method!(Bound get "($self, key, default=None, /)", "Return the value for key if key is in the dictionary, else default."),
    method!(Bound set_default as "setdefault" "($self, key, default=None, /)", "Insert key with a value of default if key is not in the dictionary.\n\nReturn the value for key if key is in the dictionary, else default."),
    method!(Bound pop "($self, key, default=<unrepresentable>, /)", "D.pop(k[,d]) -> v, remove specified key and return the corresponding value.\n\nIf the key is not found, return the default if given; otherwise,\nraise a KeyError."),
    method!(Unary pop_item as "popitem" "($self, /)", "Remove and return a (key, value) pair as a 2-tuple.\n\nPairs are returned in LIFO (last-in, first-out) order.\nRaises KeyError if the dict is empty."),
    method!(Unary keys "($self, /)", "Return a set-like object providing a view on the dict's keys."),
    method!(Unary items "($self, /)", "Return a set-like object providing a view on the dict's items."),
    method!(Unary values "($self, /)", "Return an object providing a view on the dict's values."),
    method!(Raw update "", "D.update([E, ]**F) -> None.  Update D from mapping/iterable E and F.\nIf E is present and has a .keys() method, then does:  for k in E.keys(): D[k] = E[k]\nIf E is present and lacks a .keys() method, then does:  for k, v in E: D[k] = v\nIn either case, this is followed by: for k in F:  D[k] = F[k]"),
    method!(Bound from_keys as "fromkeys" "($type, iterable, value=None, /)", "Create a new dictionary with keys from iterable and values set to value.").class_method(),
    method!(Unary clear "($self, /)", "Remove all items from the dict."),
    method!(Unary copy "($self, /)", "Return a shallow copy of the dict."),
    method!(Unary reversed as "__reversed__" "($self, /)", "Return a reverse iterator over the dict keys."),
    method!(Unary size_of as "__sizeof__" "($self, /)", "Return the size of the dict in memory."),
    method!(Binary class_get_item as "__class_getitem__" "($type, object, /)", "See PEP 585").class_method(),
];

pub(crate) fn this(object: Ref<'_>) -> RefOf<'_, Dict> {
    object.downcast().expect("the method belongs to dicts")
}

pub(crate) fn class_get_item(vm: &mut Vm, class: Ref<'_>, args: Ref<'_>) -> PyResult {
    vm.generic_alias(class, args)
}

fn new(vm: &mut Vm, class: RefOf<'_, Type>, _args: Args<'_>) -> PyResult {
    Ok(vm.allocate_in(&class, Dict::new()))
}

fn init(vm: &mut Vm, dict: Ref<'_>, args: Args<'_>) -> PyResult<()> {
    update_from_args(vm, "dict", this(dict), args)
}

fn update(vm: &mut Vm, dict: Ref<'_>, args: Args<'_>) -> PyResult {
    update_from_args(vm, "update", this(dict), args)?;
    Ok(Object::none())
}

fn update_from_args(vm: &mut Vm, name: &str, dict: RefOf<'_, Dict>, args: Args<'_>) -> PyResult<()> {
    let positionals = args.positionals();
    if positionals.len() > 1 {
        return Err(vm.type_error(format!("{name} expected at most 1 argument, got {}", positionals.len())));
    }
    if let Some(&source) = positionals.first() {
        update_from(vm, dict, source)?;
    }
    for (key, value) in args.keywords() {
        dict.set(vm, key, value.to_owned())?;
    }
    Ok(())
}

/// The dict to take entries from directly: one that does not override iteration.
pub fn plain_dict(source: Ref<'_>) -> Option<RefOf<'_, Dict>> {
    let dict = source.downcast::<Dict>()?;
    let own_iter = source.class().slots().iter.is_some_and(|slot| std::ptr::fn_addr_eq(slot, iter as object::slots::UnaryFn));
    (source.is_exactly(&DICT) || own_iter).then_some(dict)
}

/// `dict.update(source)`: from a dict, a mapping, or an iterable of pairs.
pub fn update_from(vm: &mut Vm, dict: RefOf<'_, Dict>, source: Ref<'_>) -> PyResult<()> {
    if source.is_exactly(&DICT) {
        return dict.update_from(vm, &this(source));
    }
    if vm.find_attr_str(source, "keys")?.is_some() { merge_mapping(vm, dict, source, Merge::Replace) } else { update_from_pairs(vm, dict, source) }
}

/// Adds the entries of any mapping, as `{**mapping}` and calls with `**mapping` do.
pub fn merge_mapping(vm: &mut Vm, dict: RefOf<'_, Dict>, source: Ref<'_>, merge: Merge) -> PyResult<()> {
    if let Some(source) = plain_dict(source) {
        return dict.merge_from(vm, &source, merge);
    }
    let keys = vm.call_method(source, "keys", &[])?;
    let keys = vm.iter(keys.borrow())?;
    while let Some(key) = vm.next(keys.borrow())? {
        if merge != Merge::Replace && dict.contains(vm, key.borrow())? {
            if merge == Merge::Unique {
                return Err(vm.key_error(key.borrow()));
            }
            continue;
        }
        let value = vm.get_item(source, key.borrow())?;
        dict.set(vm, key.borrow(), value)?;
    }
    Ok(())
}

fn update_from_pairs(vm: &mut Vm, dict: RefOf<'_, Dict>, source: Ref<'_>) -> PyResult<()> {
    let pairs = vm.iter(source)?;
    let mut index = 0usize;
    while let Some(pair) = vm.next(pairs.borrow())? {
        if let Some(tuple) = pair.borrow().downcast_exact::<Tuple>()
            && let &[key, value] = tuple.items()
        {
            dict.set(vm, key, value.to_owned())?;
            index += 1;
            continue;
        }
        let items = match vm.iter(pair.borrow()) {
            Ok(iterator) => vm.collect(iterator.borrow()),
            Err(raised) => Err(not_iterable(vm, raised)),
        };
        let pair = match items {
            Ok(items) => items,
            Err(raised) => return Err(not_a_pair(vm, raised, index)),
        };
        let [key, value] = pair.as_slice() else {
            let message = format!("dictionary update sequence element #{index} has length {}; 2 is required", pair.len());
            return Err(vm.value_error(message));
        };
        dict.set(vm, key.borrow(), value.clone())?;
        index += 1;
    }
    Ok(())
}

fn not_iterable(vm: &mut Vm, raised: Raised) -> Raised {
    match vm.catch_if(raised, &exception::TYPE_ERROR) {
        Ok(_) => vm.type_error("object is not iterable"),
        Err(raised) => raised,
    }
}

/// Notes on a `TypeError` which element it was.
fn not_a_pair(vm: &mut Vm, raised: Raised, index: usize) -> Raised {
    let error = match vm.catch_if(raised, &exception::TYPE_ERROR) {
        Ok(error) => error,
        Err(raised) => return raised,
    };
    let note = vm.new_str(&format!("Cannot convert dictionary update sequence element #{index} to a sequence"));
    match vm.call_method(error.borrow(), "add_note", &[note.borrow().object()]) {
        Ok(_) => vm.reraise(error),
        Err(raised) => raised,
    }
}

fn repr(vm: &mut Vm, dict: Ref<'_>) -> PyResult {
    if this(dict).is_empty(vm) {
        return Ok(vm.new_str("{}").into_object());
    }
    vm.guard_repr(dict, "{...}", |vm| repr_entries(vm, this(dict)))
}

fn repr_entries(vm: &mut Vm, dict: RefOf<'_, Dict>) -> PyResult {
    let mut text = StrBuilder::default();
    let mut position = 0;
    while let Some((next, key, value)) = dict.entry_at(vm, position) {
        let (key, value) = (key.to_owned(), value.to_owned());
        text.push_str(if position == 0 { "{" } else { ", " });
        position = next;
        text.push_object(&*vm.repr(key.borrow())?);
        text.push_str(": ");
        text.push_object(&*vm.repr(value.borrow())?);
    }
    text.push_str("}");
    Ok(text.finish(vm).into_object())
}

fn len(vm: &mut Vm, dict: Ref<'_>) -> PyResult<usize> {
    Ok(this(dict).len(vm))
}

fn get_item(vm: &mut Vm, dict: Ref<'_>, key: Ref<'_>) -> PyResult {
    if let Some(value) = this(dict).get_item(vm, key)? {
        return Ok(value);
    }
    if !dict.is_exactly(&DICT) {
        let name = object::names::__missing__();
        if let Some(missing) = vm.lookup_special(dict, name)? {
            return vm.call(missing.borrow(), &[key]);
        }
    }
    Err(vm.key_error(key))
}

fn set_item(vm: &mut Vm, dict: Ref<'_>, key: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    match value {
        Some(value) => this(dict).set(vm, key, value.to_owned()),
        None => match this(dict).remove(vm, key)? {
            Some(_) => Ok(()),
            None => Err(vm.key_error(key)),
        },
    }
}

fn contains(vm: &mut Vm, dict: Ref<'_>, key: Ref<'_>) -> PyResult<bool> {
    this(dict).contains(vm, key)
}

fn iter(vm: &mut Vm, dict: Ref<'_>) -> PyResult {
    Ok(iterators::new::<{ iterators::KEYS }>(vm, dict))
}

fn compare(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>, op: Comparison) -> PyResult {
    let (Comparison::Equal | Comparison::NotEqual, Some(left), Some(right)) = (op, left.downcast::<Dict>(), right.downcast::<Dict>()) else {
        return Ok(Object::not_implemented());
    };
    let equal = equal(vm, left, right)?;
    Ok(Object::bool(equal == (op == Comparison::Equal)))
}

fn equal(vm: &mut Vm, left: RefOf<'_, Dict>, right: RefOf<'_, Dict>) -> PyResult<bool> {
    if left.len(vm) != right.len(vm) {
        return Ok(false);
    }
    vm.check_stack(" in comparison")?;
    let mut position = 0;
    while let Some((next, key, value)) = left.entry_at(vm, position) {
        let (key, value, hash) = (key.to_owned(), value.to_owned(), left.hash_before(vm, next));
        position = next;
        let Some(other) = right.get_with_hash(vm, key.borrow(), hash)? else { return Ok(false) };
        if !vm.compare_bool(value.borrow(), other.borrow(), Comparison::Equal)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn or(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>) -> PyResult {
    let (Some(dict), Some(_)) = (left.downcast::<Dict>(), right.downcast::<Dict>()) else { return Ok(Object::not_implemented()) };
    let result = dict.copy(vm);
    update_from(vm, result.borrow(), right)?;
    Ok(result.into_object())
}

fn inplace_or(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>) -> PyResult {
    update_from(vm, this(left), right)?;
    Ok(left.to_owned())
}

fn get(vm: &mut Vm, dict: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let key = args[0].expect("a required argument");
    Ok(this(dict).get_item(vm, key)?.unwrap_or_else(|| args[1].unwrap_or(Ref::NONE).to_owned()))
}

fn set_default(vm: &mut Vm, dict: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let key = args[0].expect("a required argument");
    this(dict).set_default(vm, key, args[1].unwrap_or(Ref::NONE).to_owned())
}

fn pop(vm: &mut Vm, dict: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let key = args[0].expect("a required argument");
    let removed = if this(dict).is_empty(vm) { None } else { this(dict).remove(vm, key)? };
    match (removed, args[1]) {
        (Some(value), _) => Ok(value),
        (None, Some(default)) => Ok(default.to_owned()),
        (None, None) => Err(vm.key_error(key)),
    }
}

fn pop_item(vm: &mut Vm, dict: Ref<'_>) -> PyResult {
    match this(dict).pop_item(vm) {
        Some((key, value)) => Ok(vm.new_tuple([key, value]).into_object()),
        None => Err(vm.raise(&exception::KEY_ERROR, "popitem(): dictionary is empty")),
    }
}

fn keys(vm: &mut Vm, dict: Ref<'_>) -> PyResult {
    Ok(views::new::<{ iterators::KEYS }>(vm, dict))
}

fn items(vm: &mut Vm, dict: Ref<'_>) -> PyResult {
    Ok(views::new::<{ iterators::ITEMS }>(vm, dict))
}

fn values(vm: &mut Vm, dict: Ref<'_>) -> PyResult {
    Ok(views::new::<{ iterators::VALUES }>(vm, dict))
}

fn from_keys(vm: &mut Vm, class: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let (iterable, value) = (args[0].expect("a required argument"), args[1].unwrap_or(Ref::NONE));
    let result = if class.is(DICT.object()) { vm.new_dict().into_object() } else { vm.call(class, &[])? };
    if let (Some(dict), Some(members)) = (result.borrow().downcast_exact::<Dict>(), crate::set::core(iterable)) {
        // The hashes are known.
        let mut position = 0;
        while let Some((next, hash, key)) = members.entry_at(vm, position) {
            let key = key.to_owned();
            position = next;
            dict.set_with_hash(vm, key.borrow(), hash, value.to_owned())?;
        }
        return Ok(result);
    }
    if let (Some(dict), Some(list)) = (result.borrow().downcast_exact::<Dict>(), iterable.downcast_exact::<List>()) {
        let mut index = 0;
        while let Some(key) = list.get().get(vm, index).map(Ref::to_owned) {
            index += 1;
            dict.set(vm, key.borrow(), value.to_owned())?;
        }
        return Ok(result);
    }
    let keys = vm.iter(iterable)?;
    while let Some(key) = vm.next(keys.borrow())? {
        match result.borrow().downcast_exact::<Dict>() {
            Some(dict) => dict.set(vm, key.borrow(), value.to_owned())?,
            None => vm.set_item(result.borrow(), key.borrow(), value)?,
        }
    }
    Ok(result)
}

fn clear(vm: &mut Vm, dict: Ref<'_>) -> PyResult {
    this(dict).clear(vm);
    Ok(Object::none())
}

fn copy(vm: &mut Vm, dict: Ref<'_>) -> PyResult {
    Ok(this(dict).copy(vm).into_object())
}

fn reversed(vm: &mut Vm, dict: Ref<'_>) -> PyResult {
    Ok(iterators::new_reverse::<{ iterators::KEYS }>(vm, dict))
}

fn size_of(vm: &mut Vm, dict: Ref<'_>) -> PyResult {
    let size = size_of_instance(dict) + this(dict).allocated_bytes(vm);
    Ok(vm.new_uint(size as u64))
}

/// A new dict of string keys.
pub fn from_pairs(vm: &mut Vm, pairs: &[(&str, Object)]) -> ObjectOf<Dict> {
    let dict = vm.new_dict();
    for (name, value) in pairs {
        dict.set_str(vm, name, value.clone());
    }
    dict
}

/// Whether `size` entries stand to `other` as a comparison of sets asks, before members are looked at.
pub(crate) fn sizes_allow(size: usize, other: usize, op: Comparison) -> bool {
    match op {
        Comparison::NotEqual => true,
        _ => ordering_satisfies(size.cmp(&other), op),
    }
}

/// Refuses keyword arguments and more than one positional; for constructors of one optional argument.
pub(crate) fn one_argument<'a>(vm: &mut Vm, name: &str, args: Args<'a>) -> PyResult<Option<Ref<'a>>> {
    if args.has_keywords() {
        return Err(vm.type_error(format!("{name}() takes no keyword arguments")));
    }
    check_positional(vm, name, args, 0, 1)?;
    Ok(args.positionals().first().copied())
}
