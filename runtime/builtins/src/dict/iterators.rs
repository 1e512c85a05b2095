//! Iterators over dicts: forwards and backwards, over keys, values and items.
//!
//! An iterator notices when its dict changes size. Like CPython's it also counts how many entries
//! are left, which is how it notices keys being exchanged for others.

use crate::iterators::{builtin, reduced};
use object::cell::{ObjectCell, Visitor};
use object::dict::Dict;
use object::native::PayloadInfo;
use object::protocol::iter_self;
use object::{Method, Object, Payload, PyResult, Ref, RefOf, Slots, Type, TypeSpec, Vm, method};
use std::cell::Cell;

/// What an iterator or view is of.
pub const KEYS: u8 = 0;
pub const VALUES: u8 = 1;
pub const ITEMS: u8 = 2;

/// The size of a dict that was found to have changed: it matches none.
const CHANGED: usize = usize::MAX;

/// The payload of `dict_keyiterator`, `dict_valueiterator` and `dict_itemiterator`.
pub struct DictIterator<const KIND: u8> {
    place: Place,
}

/// The payload of the iterators that go backwards.
pub struct DictReverseIterator<const KIND: u8> {
    place: Place,
}

struct Place {
    /// Empty once the end was reached.
    dict: ObjectCell,
    size: Cell<usize>,
    position: Cell<usize>,
    remaining: Cell<usize>,
}

impl Place {
    fn new(vm: &Vm, dict: Ref<'_>, position: usize) -> Place {
        let size = super::this(dict).len(vm);
        Place { dict: ObjectCell::new(Some(dict.to_owned())), size: Cell::new(size), position: Cell::new(position), remaining: Cell::new(size) }
    }

    fn hint(&self, vm: &Vm) -> usize {
        match self.dict.borrow(vm).and_then(|dict| dict.downcast::<Dict>()) {
            Some(dict) if dict.len(vm) == self.size.get() => self.remaining.get(),
            _ => 0,
        }
    }
}

impl<const KIND: u8> Payload for DictIterator<KIND> {
    fn class() -> &'static Type {
        match KIND {
            KEYS => &DICT_KEY_ITERATOR,
            VALUES => &DICT_VALUE_ITERATOR,
            _ => &DICT_ITEM_ITERATOR,
        }
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        self.place.dict.traverse(visitor);
    }
}

impl<const KIND: u8> Payload for DictReverseIterator<KIND> {
    fn class() -> &'static Type {
        match KIND {
            KEYS => &DICT_REVERSE_KEY_ITERATOR,
            VALUES => &DICT_REVERSE_VALUE_ITERATOR,
            _ => &DICT_REVERSE_ITEM_ITERATOR,
        }
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        self.place.dict.traverse(visitor);
    }
}

const fn forward<const KIND: u8>(name: &'static str) -> TypeSpec {
    TypeSpec {
        name,
        payload: PayloadInfo::of::<DictIterator<KIND>>(),
        slots: Slots { iter: Some(iter_self), next: Some(next::<KIND>), ..Slots::NONE },
        methods: const {
            &[
                method!(Unary hint as "__length_hint__" "($self, /)", "Private method returning an estimate of len(list(it))."),
                method!(Unary reduce as "__reduce__" "($self, /)", "Return state information for pickling."),
            ] as &[Method]
        },
        ..TypeSpec::DEFAULT
    }
}

const fn backward<const KIND: u8>(name: &'static str) -> TypeSpec {
    TypeSpec {
        payload: PayloadInfo::of::<DictReverseIterator<KIND>>(),
        slots: Slots { iter: Some(iter_self), next: Some(next_back::<KIND>), ..Slots::NONE },
        ..forward::<KIND>(name)
    }
}

pub static DICT_KEY_ITERATOR: Type = Type::new(&KEY_SPEC);
static KEY_SPEC: TypeSpec = forward::<KEYS>("dict_keyiterator");
pub static DICT_VALUE_ITERATOR: Type = Type::new(&VALUE_SPEC);
static VALUE_SPEC: TypeSpec = forward::<VALUES>("dict_valueiterator");
pub static DICT_ITEM_ITERATOR: Type = Type::new(&ITEM_SPEC);
static ITEM_SPEC: TypeSpec = forward::<ITEMS>("dict_itemiterator");
pub static DICT_REVERSE_KEY_ITERATOR: Type = Type::new(&REVERSE_KEY_SPEC);
static REVERSE_KEY_SPEC: TypeSpec = backward::<KEYS>("dict_reversekeyiterator");
pub static DICT_REVERSE_VALUE_ITERATOR: Type = Type::new(&REVERSE_VALUE_SPEC);
static REVERSE_VALUE_SPEC: TypeSpec = backward::<VALUES>("dict_reversevalueiterator");
pub static DICT_REVERSE_ITEM_ITERATOR: Type = Type::new(&REVERSE_ITEM_SPEC);
static REVERSE_ITEM_SPEC: TypeSpec = backward::<ITEMS>("dict_reverseitemiterator");

/// An iterator over a dict.
pub fn new<const KIND: u8>(vm: &Vm, dict: Ref<'_>) -> Object {
    vm.allocate(DictIterator::<KIND> { place: Place::new(vm, dict, 0) }).into_object()
}

/// An iterator over a dict from its end.
pub fn new_reverse<const KIND: u8>(vm: &Vm, dict: Ref<'_>) -> Object {
    vm.allocate(DictReverseIterator::<KIND> { place: Place::new(vm, dict, super::this(dict).end(vm)) }).into_object()
}

fn select<const KIND: u8>(vm: &Vm, key: Ref<'_>, value: Ref<'_>) -> Object {
    match KIND {
        KEYS => key.to_owned(),
        VALUES => value.to_owned(),
        _ => vm.new_tuple([key.to_owned(), value.to_owned()]).into_object(),
    }
}

fn next<const KIND: u8>(vm: &mut Vm, this: Ref<'_>) -> PyResult<Option<Object>> {
    let iterator: RefOf<'_, DictIterator<KIND>> = this.downcast().expect("the slot belongs to the type");
    advance(vm, &iterator.get().place, select::<KIND>)
}

/// The next key and value of an iterator over items.
pub(crate) fn next_item(vm: &mut Vm, iterator: &DictIterator<ITEMS>) -> PyResult<Option<(Object, Object)>> {
    advance(vm, &iterator.place, |_, key, value| (key.to_owned(), value.to_owned()))
}

fn advance<T>(vm: &mut Vm, place: &Place, select: impl FnOnce(&Vm, Ref<'_>, Ref<'_>) -> T) -> PyResult<Option<T>> {
    let Some(dict) = place.dict.borrow(vm).and_then(|dict| dict.downcast::<Dict>()) else { return Ok(None) };
    if dict.len(vm) != place.size.get() {
        place.size.set(CHANGED);
        return Err(vm.runtime_error("dictionary changed size during iteration"));
    }
    let Some((position, key, value)) = dict.entry_at(vm, place.position.get()) else {
        place.dict.set(None);
        return Ok(None);
    };
    if place.remaining.get() == 0 {
        place.dict.set(None);
        return Err(vm.runtime_error("dictionary keys changed during iteration"));
    }
    place.position.set(position);
    place.remaining.set(place.remaining.get() - 1);
    Ok(Some(select(vm, key, value)))
}

fn next_back<const KIND: u8>(vm: &mut Vm, this: Ref<'_>) -> PyResult<Option<Object>> {
    let iterator: RefOf<'_, DictReverseIterator<KIND>> = this.downcast().expect("the slot belongs to the type");
    let place = &iterator.get().place;
    let Some(dict) = place.dict.borrow(vm).and_then(|dict| dict.downcast::<Dict>()) else { return Ok(None) };
    if dict.len(vm) != place.size.get() {
        place.size.set(CHANGED);
        return Err(vm.runtime_error("dictionary changed size during iteration"));
    }
    let entry = if place.position.get() > dict.end(vm) { None } else { dict.entry_before(vm, place.position.get()) };
    let Some((position, key, value)) = entry else {
        place.dict.set(None);
        return Ok(None);
    };
    if place.remaining.get() == 0 {
        place.dict.set(None);
        return Err(vm.runtime_error("dictionary keys changed during iteration"));
    }
    place.position.set(position);
    place.remaining.set(place.remaining.get() - 1);
    Ok(Some(select::<KIND>(vm, key, value)))
}

fn place(this: Ref<'_>) -> &Place {
    macro_rules! place_of {
        ($($Iterator:ident<$KIND:ident>),*) => {
            $( if let Some(iterator) = this.downcast::<$Iterator<$KIND>>() { return &iterator.get().place; } )*
        };
    }
    place_of!(DictIterator<KEYS>, DictIterator<VALUES>, DictIterator<ITEMS>, DictReverseIterator<KEYS>, DictReverseIterator<VALUES>);
    &this.downcast::<DictReverseIterator<ITEMS>>().expect("the method belongs to the iterators of dicts").get().place
}

fn hint(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let hint = place(this).hint(vm);
    Ok(Object::small_int(hint as i64))
}

/// The rest as a list, without moving this iterator on.
fn reduce(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let here = place(this);
    let saved = (here.dict.get(), here.size.get(), here.position.get(), here.remaining.get());
    let rest = vm.collect(this);
    here.dict.set(saved.0);
    here.size.set(saved.1);
    here.position.set(saved.2);
    here.remaining.set(saved.3);
    let rest = vm.new_list(rest?).into_object();
    let iter = builtin(vm, "iter")?;
    reduced(vm, iter, rest, None)
}
