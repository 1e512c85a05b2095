//! `OrderedDict`: a dict, which is ordered anyway, with operations that care about the order.

use super::{payload, state_of};
use builtins::dict::iterators::{ITEMS, KEYS, VALUES};
use builtins::dict::views::{DICT_ITEMS, DICT_KEYS, DICT_VALUES, DictView};
use bytecode::opcode::Comparison;
use object::call::Args;
use object::cell::{ObjectCell, Visitor};
use object::dict::{DICT, Dict};
use object::exception;
use object::instance::size_of_instance;
use object::native::{PayloadInfo, flag};
use object::protocol::iter_self;
use object::str::{StrBuilder, names};
use object::{Method, Object, Payload, PyResult, Ref, RefOf, Slots, Type, TypeSpec, Vm, method};
use std::cell::Cell;

/// The payload of an `OrderedDict`: it starts with that of a `dict`.
#[repr(C)]
pub struct OrderedDict {
    dict: Dict,
}

impl Payload for OrderedDict {
    fn class() -> &'static Type {
        &ORDERED_DICT
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        self.dict.traverse(visitor);
    }

    fn clear(&self, vm: &mut Vm) {
        Payload::clear(&self.dict, vm);
    }
}

/// `collections.OrderedDict`
pub static ORDERED_DICT: Type = Type::new(&ORDERED_DICT_SPEC);
static ORDERED_DICT_SPEC: TypeSpec = TypeSpec {
    name: "collections.OrderedDict",
    doc: "Dictionary that remembers insertion order",
    base: Some(&DICT),
    flags: flag::BASE_TYPE | flag::MAPPING | flag::HAS_DICT | flag::WEAK_REFERENCES,
    payload: PayloadInfo::of::<OrderedDict>(),
    slots: Slots {
        new: Some(new),
        init: Some(init),
        repr: Some(repr),
        compare: Some(compare),
        iter: Some(iter),
        or: Some(or),
        inplace_or: Some(inplace_or),
        ..Slots::NONE
    },
    methods: METHODS,
    ..TypeSpec::DEFAULT
};

const METHODS: &[Method] = &[
    method!(Bound fromkeys "($type, /, iterable, value=None)", "Create a new ordered dictionary with keys from iterable and values set to value.")
        .class_method(),
    method!(Unary size_of as "__sizeof__" "($self, /)", ""),
    method!(Unary reduce as "__reduce__" "($self, /)", "Return state information for pickling"),
    method!(Bound setdefault "($self, /, key, default=None)", "Insert key with a value of default if key is not in the dictionary.\n\nReturn the value for key if key is in the dictionary, else default."),
    method!(Bound pop "($self, /, key, default=<unrepresentable>)", "od.pop(key[,default]) -> v, remove specified key and return the corresponding value.\n\nIf the key is not found, return the default if given; otherwise,\nraise a KeyError."),
    method!(Bound popitem "($self, /, last=True)", "Remove and return a (key, value) pair from the dictionary.\n\nPairs are returned in LIFO order if last is true or FIFO order if\nfalse."),
    method!(Unary keys "($self, /)", ""),
    method!(Unary values "($self, /)", ""),
    method!(Unary items "($self, /)", ""),
    method!(Raw update "", ""),
    method!(Unary clear "($self, /)", "Remove all items from ordered dict."),
    method!(Unary copy "($self, /)", "A shallow copy of ordered dict."),
    method!(Unary reversed as "__reversed__" "($self, /)", "od.__reversed__() <==> reversed(od)"),
    method!(Bound move_to_end "($self, /, key, last=True)", "Move an existing element to the end (or beginning if last is false).\n\nRaise KeyError if the element does not exist."),
];

/// Types that come with `OrderedDict` but are no attributes of the module.
pub static HELPER_TYPES: &[&Type] = &[&ODICT_KEYS, &ODICT_VALUES, &ODICT_ITEMS, &ODICT_ITERATOR];

fn dict(object: Ref<'_>) -> &Dict {
    &payload::<OrderedDict>(object).dict
}

fn is_exact(object: Ref<'_>) -> bool {
    object.is_exactly(&ORDERED_DICT)
}

fn new(vm: &mut Vm, class: RefOf<'_, Type>, _args: Args<'_>) -> PyResult {
    Ok(vm.allocate_in(class.get(), OrderedDict { dict: Dict::new() }))
}

fn init(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult<()> {
    if args.n_positional() > 1 {
        return Err(vm.type_error(format!("expected at most 1 argument, got {}", args.n_positional())));
    }
    update_with(vm, this, args)
}

fn update(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult {
    if args.n_positional() > 1 {
        return Err(vm.type_error(format!("update() takes at most 1 positional argument ({} given)", args.n_positional())));
    }
    update_with(vm, this, args)?;
    Ok(Object::none())
}

/// Sets an item as `self[key] = value` does.
fn set(vm: &mut Vm, this: Ref<'_>, key: Ref<'_>, value: Ref<'_>) -> PyResult<()> {
    if is_exact(this) { dict(this).set(vm, key, value.to_owned()) } else { vm.set_item(this, key, value) }
}

/// `MutableMapping.update`
fn update_with(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult<()> {
    if let Some(&source) = args.positionals().first() {
        update_from(vm, this, source)?;
    }
    for (key, value) in args.keywords() {
        set(vm, this, key, value)?;
    }
    Ok(())
}

fn update_from(vm: &mut Vm, this: Ref<'_>, source: Ref<'_>) -> PyResult<()> {
    if let Some(source) = source.downcast_exact::<Dict>() {
        for (key, value) in source.items_snapshot(vm) {
            set(vm, this, key.borrow(), value.borrow())?;
        }
        return Ok(());
    }
    if let Some(keys) = vm.find_attr_str(source, "keys")? {
        let keys = vm.call(keys.borrow(), &[])?;
        let keys = vm.iter(keys.borrow())?;
        while let Some(key) = vm.next(keys.borrow())? {
            let value = vm.get_item(source, key.borrow())?;
            set(vm, this, key.borrow(), value.borrow())?;
        }
        return Ok(());
    }
    let pairs = match vm.find_attr_str(source, "items")? {
        Some(items) => vm.call(items.borrow(), &[])?,
        None => source.to_owned(),
    };
    let pairs = vm.iter(pairs.borrow())?;
    while let Some(pair) = vm.next(pairs.borrow())? {
        let pair = vm.collect(pair.borrow())?;
        match pair.as_slice() {
            [key, value] => set(vm, this, key.borrow(), value.borrow())?,
            [_, _, _, ..] => return Err(vm.value_error("too many values to unpack (expected 2)")),
            short => {
                return Err(vm.value_error(format!("need more than {} value{} to unpack", short.len(), if short.len() == 1 { "" } else { "s" })));
            }
        }
    }
    Ok(())
}

fn fromkeys(vm: &mut Vm, class: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let (iterable, value) = (args[0].expect("a required argument"), args[1].unwrap_or(Ref::NONE));
    let result = vm.call(class, &[])?;
    let keys = vm.iter(iterable)?;
    while let Some(key) = vm.next(keys.borrow())? {
        vm.set_item(result.borrow(), key.borrow(), value)?;
    }
    Ok(result)
}

fn size_of(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let size = size_of_instance(this) + dict(this).allocated_bytes(vm);
    Ok(vm.new_uint(size as u64))
}

fn reduce(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let state = state_of(vm, this)?;
    let args = vm.new_tuple([]).into_object();
    let items = vm.call_method_named(this, names::items(), &[])?;
    let items = vm.iter(items.borrow())?;
    Ok(vm.new_tuple([this.class().to_object(), args, state, Object::none(), items]).into_object())
}

fn setdefault(vm: &mut Vm, this: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let (key, default) = (args[0].expect("a required argument"), args[1].unwrap_or(Ref::NONE));
    if is_exact(this) {
        return dict(this).set_default(vm, key, default.to_owned());
    }
    if vm.contains(this, key)? {
        return vm.get_item(this, key);
    }
    vm.set_item(this, key, default)?;
    Ok(default.to_owned())
}

fn pop(vm: &mut Vm, this: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let key = args[0].expect("a required argument");
    match (dict(this).remove(vm, key)?, args[1]) {
        (Some(value), _) => Ok(value),
        (None, Some(default)) => Ok(default.to_owned()),
        (None, None) => Err(vm.key_error(key)),
    }
}

fn popitem(vm: &mut Vm, this: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let last = args[0].map_or(Ok(true), |last| vm.is_true(last))?;
    let dict = dict(this);
    let pair = if last {
        dict.pop_item(vm)
    } else {
        match dict.entry_at(vm, 0) {
            Some((_, key, value)) => {
                let pair = (key.to_owned(), value.to_owned());
                let hash = dict.hash_before(vm, dict.entry_at(vm, 0).map_or(1, |(next, _, _)| next));
                dict.remove_with_hash(vm, pair.0.borrow(), hash)?;
                Some(pair)
            }
            None => None,
        }
    };
    match pair {
        Some((key, value)) => Ok(vm.new_tuple([key, value]).into_object()),
        None => Err(vm.raise(&exception::KEY_ERROR, "dictionary is empty")),
    }
}

fn clear(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    dict(this).clear(vm);
    Ok(Object::none())
}

fn copy(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    if is_exact(this) {
        let items = dict(this).copy(vm);
        let result = vm.allocate(OrderedDict { dict: Dict::new() });
        result.dict.update_from(vm, &items)?;
        return Ok(result.into_object());
    }
    let result = vm.call(this.class().object(), &[])?;
    let version = dict(this).keys_version();
    for key in dict(this).keys_snapshot(vm) {
        if dict(this).keys_version() != version {
            return Err(vm.runtime_error("OrderedDict mutated during iteration"));
        }
        let value = vm.get_item(this, key.borrow())?;
        if dict(this).keys_version() != version {
            return Err(vm.runtime_error("OrderedDict mutated during iteration"));
        }
        vm.set_item(result.borrow(), key.borrow(), value.borrow())?;
    }
    Ok(result)
}

fn move_to_end(vm: &mut Vm, this: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let key = args[0].expect("a required argument");
    let last = args[1].map_or(Ok(true), |last| vm.is_true(last))?;
    let dict = dict(this);
    if dict.is_empty(vm) {
        return Err(vm.key_error(key));
    }
    if last {
        // The key that is there stays, whatever equal key was asked for.
        if let Some((_, end, _)) = dict.entry_before(vm, usize::MAX)
            && end.is(key)
        {
            return Ok(Object::none());
        }
        let stored = stored_key(vm, dict, key)?;
        let Some(value) = dict.remove(vm, key)? else { return Err(vm.key_error(key)) };
        dict.set(vm, stored.borrow(), value)?;
        return Ok(Object::none());
    }
    let stored = stored_key(vm, dict, key)?;
    let Some(value) = dict.remove(vm, key)? else { return Err(vm.key_error(key)) };
    let rest = dict.items_snapshot(vm);
    dict.clear(vm);
    dict.set(vm, stored.borrow(), value)?;
    for (key, value) in rest {
        dict.set(vm, key.borrow(), value)?;
    }
    Ok(Object::none())
}

/// The key in the dict that is equal to `key`: usually `key` itself or one that shows no difference.
fn stored_key(vm: &mut Vm, dict: &Dict, key: Ref<'_>) -> PyResult {
    if key.as_small_int().is_some() || key.is_exactly(&object::str::STR) {
        return Ok(key.to_owned());
    }
    for stored in dict.keys_snapshot(vm) {
        if vm.equal(stored.borrow(), key)? {
            return Ok(stored);
        }
    }
    Ok(key.to_owned())
}

fn repr(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let name = this.class().name().to_owned();
    if dict(this).is_empty(vm) {
        return Ok(vm.new_str(&format!("{name}()")).into_object());
    }
    if !vm.enter_repr(this) {
        return Ok(vm.new_str("...").into_object());
    }
    let shown = plain_dict(vm, this).and_then(|plain| vm.repr(plain.borrow()));
    vm.leave_repr(this);
    let mut text = StrBuilder::new();
    text.push_fmt(format_args!("{name}("));
    text.push_object(&*shown?);
    text.push_str(")");
    Ok(text.finish(vm).into_object())
}

/// The items as an exact dict; those of a subclass are asked for by `items()`.
fn plain_dict(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    if is_exact(this) {
        return Ok(dict(this).copy(vm).into_object());
    }
    let items = vm.call_method_named(this, names::items(), &[])?;
    let plain = vm.new_dict();
    for pair in vm.collect(items.borrow())? {
        let pair = vm.collect(pair.borrow())?;
        if let [key, value] = pair.as_slice() {
            plain.set(vm, key.borrow(), value.clone())?;
        }
    }
    Ok(plain.into_object())
}

fn compare(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>, op: Comparison) -> PyResult {
    let compare = DICT.slots().compare.filter(|_| matches!(op, Comparison::Equal | Comparison::NotEqual));
    let Some(compare) = compare.filter(|_| left.downcast::<Dict>().is_some() && right.downcast::<Dict>().is_some()) else {
        return Ok(Object::not_implemented());
    };
    let result = compare(vm, left, right, Comparison::Equal)?;
    let mut equal = result.borrow().is_true();
    if equal && left.downcast::<OrderedDict>().is_some() && right.downcast::<OrderedDict>().is_some() {
        equal = same_order(vm, dict(left), dict(right))?;
    }
    Ok(Object::bool(equal == (op == Comparison::Equal)))
}

fn same_order(vm: &mut Vm, left: &Dict, right: &Dict) -> PyResult<bool> {
    let (a, b) = (left.keys_snapshot(vm), right.keys_snapshot(vm));
    let (left_version, right_version) = (left.keys_version(), right.keys_version());
    for (x, y) in a.iter().zip(&b) {
        if !vm.equal(x.borrow(), y.borrow())? {
            return Ok(false);
        }
        if left.keys_version() != left_version || right.keys_version() != right_version {
            return Err(vm.runtime_error("OrderedDict mutated during iteration"));
        }
    }
    Ok(a.len() == b.len())
}

fn or(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>) -> PyResult {
    if left.downcast::<Dict>().is_none() || right.downcast::<Dict>().is_none() {
        return Ok(Object::not_implemented());
    }
    let class = if left.downcast::<OrderedDict>().is_some() { left.class() } else { right.class() };
    let result = vm.call(class.object(), &[left])?;
    update_from_any(vm, result.borrow(), right)?;
    Ok(result)
}

fn update_from_any(vm: &mut Vm, this: Ref<'_>, source: Ref<'_>) -> PyResult<()> {
    match this.downcast::<OrderedDict>() {
        Some(_) => update_from(vm, this, source),
        None => Ok(()),
    }
}

fn inplace_or(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>) -> PyResult {
    update_from(vm, left, right)?;
    Ok(left.to_owned())
}

fn keys(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(vm.allocate_in(&ODICT_KEYS, DictView::<KEYS>::of(this.to_owned())))
}

fn values(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(vm.allocate_in(&ODICT_VALUES, DictView::<VALUES>::of(this.to_owned())))
}

fn items(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(vm.allocate_in(&ODICT_ITEMS, DictView::<ITEMS>::of(this.to_owned())))
}

/// Defines a view: that of dicts with iterators of its own.
macro_rules! view {
    ($STATIC:ident, $SPEC:ident, $name:literal, $BASE:ident, $KIND:ident, $iter:ident, $reversed:ident) => {
        #[doc = concat!("`", $name, "`")]
        pub static $STATIC: Type = Type::new(&$SPEC);
        static $SPEC: TypeSpec = TypeSpec {
            name: $name,
            base: Some(&$BASE),
            flags: flag::NO_INSTANTIATION,
            payload: PayloadInfo::of::<DictView<$KIND>>(),
            slots: Slots { iter: Some($iter), ..Slots::NONE },
    methods: &[method!(Unary $reversed as "__reversed__" "($self, /)", "")],
            ..TypeSpec::DEFAULT
        };

        fn $iter(vm: &mut Vm, this: Ref<'_>) -> PyResult {
            Ok(new_iterator(vm, payload::<DictView<$KIND>>(this).dict(), $KIND, false))
        }

        fn $reversed(vm: &mut Vm, this: Ref<'_>) -> PyResult {
            Ok(new_iterator(vm, payload::<DictView<$KIND>>(this).dict(), $KIND, true))
        }
    };
}

view!(ODICT_KEYS, ODICT_KEYS_SPEC, "odict_keys", DICT_KEYS, KEYS, iter_keys, reversed_keys);
view!(ODICT_VALUES, ODICT_VALUES_SPEC, "odict_values", DICT_VALUES, VALUES, iter_values, reversed_values);
view!(ODICT_ITEMS, ODICT_ITEMS_SPEC, "odict_items", DICT_ITEMS, ITEMS, iter_items, reversed_items);

/// The payload of an `odict_iterator`.
pub struct OrderedIterator {
    /// Empty once the end was reached.
    dict: ObjectCell,
    kind: u8,
    backwards: bool,
    version: Cell<u32>,
    size: usize,
    position: Cell<usize>,
}

impl Payload for OrderedIterator {
    fn class() -> &'static Type {
        &ODICT_ITERATOR
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        self.dict.traverse(visitor);
    }
}

/// `odict_iterator`
pub static ODICT_ITERATOR: Type = Type::new(&ODICT_ITERATOR_SPEC);
static ODICT_ITERATOR_SPEC: TypeSpec = TypeSpec {
    name: "odict_iterator",
    flags: flag::NO_INSTANTIATION,
    payload: PayloadInfo::of::<OrderedIterator>(),
    slots: Slots { iter: Some(iter_self), next: Some(next), ..Slots::NONE },
    methods: &[method!(Unary iterator_reduce as "__reduce__" "($self, /)", "Return state information for pickling")],
    ..TypeSpec::DEFAULT
};

fn new_iterator(vm: &Vm, ordered: Ref<'_>, kind: u8, backwards: bool) -> Object {
    let dict = dict(ordered);
    let iterator = OrderedIterator {
        dict: ObjectCell::new(Some(ordered.to_owned())),
        kind,
        backwards,
        version: Cell::new(dict.keys_version()),
        size: dict.len(vm),
        position: Cell::new(if backwards { usize::MAX } else { 0 }),
    };
    vm.allocate(iterator).into_object()
}

fn iter(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(new_iterator(vm, this, KEYS, false))
}

fn reversed(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(new_iterator(vm, this, KEYS, true))
}

fn next(vm: &mut Vm, this: Ref<'_>) -> PyResult<Option<Object>> {
    let iterator = payload::<OrderedIterator>(this);
    let Some(ordered) = iterator.dict.get() else { return Ok(None) };
    let dict = dict(ordered.borrow());
    if dict.keys_version() != iterator.version.get() {
        return Err(vm.runtime_error("OrderedDict mutated during iteration"));
    }
    if dict.len(vm) != iterator.size {
        return Err(vm.runtime_error("OrderedDict changed size during iteration"));
    }
    let position = iterator.position.get();
    let found = if iterator.backwards { dict.entry_before(vm, position) } else { dict.entry_at(vm, position) };
    let Some((position, key, value)) = found else {
        iterator.dict.set(None);
        return Ok(None);
    };
    iterator.position.set(position);
    let (key, value) = (key.to_owned(), value.to_owned());
    let value = if iterator.kind == KEYS || is_exact(ordered.borrow()) { value } else { vm.get_item(ordered.borrow(), key.borrow())? };
    Ok(Some(match iterator.kind {
        KEYS => key,
        VALUES => value,
        _ => vm.new_tuple([key, value]).into_object(),
    }))
}

/// The rest as a list, without moving this iterator on.
fn iterator_reduce(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let iterator = payload::<OrderedIterator>(this);
    let (dict, position) = (iterator.dict.get(), iterator.position.get());
    let rest = vm.collect(this);
    iterator.dict.set(dict);
    iterator.position.set(position);
    let rest = vm.new_list(rest?).into_object();
    let iter = builtins::iterators::builtin(vm, "iter")?;
    builtins::iterators::reduced(vm, iter, rest, None)
}
