//! `dict.keys()`, `dict.values()` and `dict.items()`: views that follow the dict. Views of keys and
//! items behave like sets.

use super::iterators::{self, ITEMS, KEYS, VALUES};
use super::sizes_allow;
use crate::set;
use bytecode::opcode::Comparison;
use object::cell::Visitor;
use object::dict::Dict;
use object::native::{Getset, PayloadInfo, flag};
use object::str::StrBuilder;
use object::tuple::Tuple;
use object::{Method, Object, Payload, PyResult, Ref, RefOf, Slots, Type, TypeSpec, Vm, method};

/// The payload of `dict_keys`, `dict_values` and `dict_items`.
pub struct DictView<const KIND: u8> {
    dict: Object,
}

impl<const KIND: u8> DictView<KIND> {
    /// For types that derive from the views.
    pub fn of(dict: Object) -> DictView<KIND> {
        DictView { dict }
    }

    pub fn dict(&self) -> Ref<'_> {
        self.dict.borrow()
    }
}

impl<const KIND: u8> Payload for DictView<KIND> {
    fn class() -> &'static Type {
        match KIND {
            KEYS => &DICT_KEYS,
            VALUES => &DICT_VALUES,
            _ => &DICT_ITEMS,
        }
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        visitor.visit(self.dict.borrow());
    }
}

const fn view_slots<const KIND: u8>() -> Slots {
    Slots { repr: Some(repr), len: Some(len), iter: Some(iter::<KIND>), ..Slots::NONE }
}

const fn set_slots<const KIND: u8>() -> Slots {
    Slots {
        contains: Some(contains::<KIND>),
        compare: Some(compare),
        subtract: Some(subtract),
        and: Some(intersect),
        or: Some(unite),
        xor: Some(symmetric_difference),
        ..view_slots::<KIND>()
    }
}

const fn spec<const KIND: u8>(name: &'static str, slots: Slots, methods: &'static [Method]) -> TypeSpec {
    TypeSpec {
        name,
        payload: PayloadInfo::of::<DictView<KIND>>(),
        flags: flag::NO_INSTANTIATION,
        slots,
        methods,
        getsets: &[const { Getset::readonly("mapping", "dictionary that this view refers to", mapping) }],
        ..TypeSpec::DEFAULT
    }
}

const DISJOINT: Method =
    method!(Binary is_disjoint as "isdisjoint" "($self, other, /)", "Return True if the view and the given iterable have a null intersection.");

pub static DICT_KEYS: Type = Type::new(&KEYS_SPEC);
static KEYS_SPEC: TypeSpec = spec::<KEYS>(
    "dict_keys",
    set_slots::<KEYS>(),
    &[DISJOINT, method!(Unary reversed_keys as "__reversed__" "($self, /)", "Return a reverse iterator over the dict keys.")],
);
pub static DICT_VALUES: Type = Type::new(&VALUES_SPEC);
static VALUES_SPEC: TypeSpec = spec::<VALUES>(
    "dict_values",
    view_slots::<VALUES>(),
    &[method!(Unary reversed_values as "__reversed__" "($self, /)", "Return a reverse iterator over the dict values.")],
);
pub static DICT_ITEMS: Type = Type::new(&ITEMS_SPEC);
static ITEMS_SPEC: TypeSpec = spec::<ITEMS>(
    "dict_items",
    set_slots::<ITEMS>(),
    &[DISJOINT, method!(Unary reversed_items as "__reversed__" "($self, /)", "Return a reverse iterator over the dict items.")],
);

/// A view of a dict.
pub fn new<const KIND: u8>(vm: &Vm, dict: Ref<'_>) -> Object {
    vm.allocate(DictView::<KIND> { dict: dict.to_owned() }).into_object()
}

/// The dict behind a view of any kind.
pub fn dict_of(view: Ref<'_>) -> Option<Ref<'_>> {
    if let Some(view) = view.downcast::<DictView<KEYS>>() {
        return Some(view.get().dict.borrow());
    }
    if let Some(view) = view.downcast::<DictView<ITEMS>>() {
        return Some(view.get().dict.borrow());
    }
    Some(view.downcast::<DictView<VALUES>>()?.get().dict.borrow())
}

/// What a view shows, if the object is one.
pub fn items_of(vm: &Vm, view: Ref<'_>) -> Option<Vec<Object>> {
    let dict = dict_of(view)?.downcast::<Dict>()?;
    let entries = dict.get().iter(vm);
    let mut items = Vec::with_capacity(dict.len(vm));
    if view.is_exactly(&DICT_KEYS) {
        items.extend(entries.map(|(key, _)| key.to_owned()));
    } else if view.is_exactly(&DICT_VALUES) {
        items.extend(entries.map(|(_, value)| value.to_owned()));
    } else if view.is_exactly(&DICT_ITEMS) {
        items.extend(entries.map(|(key, value)| vm.new_tuple([key.to_owned(), value.to_owned()]).into_object()));
    } else {
        return None;
    }
    Some(items)
}

/// Whether an object is a view that behaves like a set.
pub fn is_set_view(object: Ref<'_>) -> bool {
    object.is_instance_of(&DICT_KEYS) || object.is_instance_of(&DICT_ITEMS)
}

fn dict(view: Ref<'_>) -> RefOf<'_, Dict> {
    dict_of(view).and_then(|dict| dict.downcast()).expect("the slot belongs to the views of dicts")
}

fn mapping(vm: &mut Vm, view: Ref<'_>) -> PyResult {
    let mapping = dict(view).object().to_owned();
    Ok(super::mapping_proxy::new_proxy(vm, mapping))
}

fn len(vm: &mut Vm, view: Ref<'_>) -> PyResult<usize> {
    Ok(dict(view).len(vm))
}

fn iter<const KIND: u8>(vm: &mut Vm, view: Ref<'_>) -> PyResult {
    Ok(iterators::new::<KIND>(vm, dict(view).object()))
}

fn reversed_keys(vm: &mut Vm, view: Ref<'_>) -> PyResult {
    Ok(iterators::new_reverse::<KEYS>(vm, dict(view).object()))
}

fn reversed_values(vm: &mut Vm, view: Ref<'_>) -> PyResult {
    Ok(iterators::new_reverse::<VALUES>(vm, dict(view).object()))
}

fn reversed_items(vm: &mut Vm, view: Ref<'_>) -> PyResult {
    Ok(iterators::new_reverse::<ITEMS>(vm, dict(view).object()))
}

fn repr(vm: &mut Vm, view: Ref<'_>) -> PyResult {
    vm.guard_repr(view, "...", |vm| repr_items(vm, view))
}

fn repr_items(vm: &mut Vm, view: Ref<'_>) -> PyResult {
    let items = vm.collect(view)?;
    let list = vm.new_list(items);
    let list = vm.repr(list.borrow().object())?;
    let mut text = StrBuilder::default();
    text.push_str(view.class().name());
    text.push_str("(");
    text.push_object(&list);
    text.push_str(")");
    Ok(text.finish(vm).into_object())
}

fn contains<const KIND: u8>(vm: &mut Vm, view: Ref<'_>, item: Ref<'_>) -> PyResult<bool> {
    if KIND == KEYS {
        return dict(view).contains(vm, item);
    }
    let Some(&[key, value]) = item.downcast::<Tuple>().map(|pair| pair.get().items()) else { return Ok(false) };
    match dict(view).get_item(vm, key)? {
        Some(found) => vm.compare_bool(found.borrow(), value, Comparison::Equal),
        None => Ok(false),
    }
}

/// Whether every member of `left` is in `right`.
fn is_subset(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>) -> PyResult<bool> {
    let items = vm.iter(left)?;
    while let Some(item) = vm.next(items.borrow())? {
        if !vm.contains(right, item.borrow())? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn compare(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>, op: Comparison) -> PyResult {
    if !set::is_any_set(right) && !is_set_view(right) {
        return Ok(Object::not_implemented());
    }
    let (size, other) = (vm.len(left)?, vm.len(right)?);
    let result = sizes_allow(size, other, op)
        && match op {
            Comparison::NotEqual => size != other || !is_subset(vm, left, right)?,
            Comparison::Equal | Comparison::Less | Comparison::LessEqual => is_subset(vm, left, right)?,
            Comparison::Greater | Comparison::GreaterEqual => is_subset(vm, right, left)?,
        };
    Ok(Object::bool(result))
}

fn subtract(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>) -> PyResult {
    let result = set::from_iterable(vm, left)?;
    set::difference_update(vm, &result, right)?;
    Ok(result.into_object())
}

fn unite(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>) -> PyResult {
    let result = set::from_iterable(vm, left)?;
    set::update(vm, &result, right)?;
    Ok(result.into_object())
}

fn symmetric_difference(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>) -> PyResult {
    let result = set::from_iterable(vm, left)?;
    set::symmetric_difference_update(vm, &result, right)?;
    Ok(result.into_object())
}

fn intersect(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>) -> PyResult {
    let (mut view, mut other) = if is_set_view(left) { (left, right) } else { (right, left) };
    // The smaller of two views is walked.
    if is_set_view(other) && vm.len(other)? > vm.len(view)? {
        std::mem::swap(&mut view, &mut other);
    }
    if set::is_any_set(other) && vm.len(view)? <= vm.len(other)? {
        std::mem::swap(&mut view, &mut other);
    }
    let result = set::new_set(vm);
    let items = vm.iter(other)?;
    while let Some(item) = vm.next(items.borrow())? {
        if vm.contains(view, item.borrow())? {
            set::add(vm, &result, item.borrow())?;
        }
    }
    Ok(result.into_object())
}

fn is_disjoint(vm: &mut Vm, view: Ref<'_>, other: Ref<'_>) -> PyResult {
    if view.is(other) {
        let empty = dict(view).is_empty(vm);
        return Ok(Object::bool(empty));
    }
    let (mut view, mut other) = (view, other);
    if (set::is_any_set(other) || is_set_view(other)) && vm.len(other)? > vm.len(view)? {
        std::mem::swap(&mut view, &mut other);
    }
    let items = vm.iter(other)?;
    while let Some(item) = vm.next(items.borrow())? {
        if vm.contains(view, item.borrow())? {
            return Ok(Object::bool(false));
        }
    }
    Ok(Object::bool(true))
}
