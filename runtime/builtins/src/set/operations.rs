//! What combines sets: union, intersection, differences, and the tests for them.
//!
//! The order in which members are looked at is CPython's, because the order of the result shows it.

use super::table::Table;
use super::{Core, FROZEN_SET, FrozenSet, Set, core, exact_dict, from_iterable, frozen_from_iterable, lookup_hash, new_set, this};
use object::dict::hash_key;
use object::list::List;
use object::str::Str;
use object::tuple::Tuple;
use object::{Object, PyResult, Ref, Vm};
use std::cell::Cell;

/// An empty set or frozen set, whichever `set` is by its nearest native base.
fn empty_like(vm: &Vm, set: Ref<'_>) -> Object {
    if set.is_instance_of(&FROZEN_SET) {
        vm.allocate(FrozenSet { hash: Cell::new(-1), ..FrozenSet::default() }).into_object()
    } else {
        new_set(vm).into_object()
    }
}

/// A set or frozen set with the same members.
pub(super) fn copy_of(vm: &mut Vm, set: Ref<'_>) -> PyResult {
    let copy = empty_like(vm, set);
    update(vm, this(copy.borrow()), set)?;
    Ok(copy)
}

/// Adds the members of any iterable.
pub fn update(vm: &mut Vm, set: &Core, other: Ref<'_>) -> PyResult<()> {
    if let Some(other) = core(other) {
        return merge(vm, set, other);
    }
    if let Some(dict) = exact_dict(other) {
        let size = dict.len(vm);
        set.table.get_mut(vm).reserve(size);
        let mut position = 0;
        while let Some((next, key, _)) = dict.entry_at(vm, position) {
            let (key, hash) = (key.to_owned(), dict.hash_before(vm, next));
            position = next;
            set.add_with_hash(vm, key.borrow(), hash)?;
        }
        return Ok(());
    }
    if let Some(list) = other.downcast_exact::<List>() {
        // The list may change while its items are hashed and compared.
        let mut index = 0;
        while let Some(item) = list.get().get(vm, index).map(Ref::to_owned) {
            index += 1;
            super::add(vm, set, item.borrow())?;
        }
        return Ok(());
    }
    if let Some(tuple) = other.downcast_exact::<Tuple>() {
        return tuple.get().items().iter().try_for_each(|&item| super::add(vm, set, item).map(drop));
    }
    if let Some(text) = other.downcast_exact::<Str>() {
        return text.get().code_points().try_for_each(|code_point| {
            let character = vm.new_char(code_point).into_object();
            super::add(vm, set, character.borrow()).map(drop)
        });
    }
    let items = vm.iter(other)?;
    while let Some(item) = vm.next(items.borrow())? {
        super::add(vm, set, item.borrow())?;
    }
    Ok(())
}

fn merge(vm: &mut Vm, set: &Core, other: &Core) -> PyResult<()> {
    if std::ptr::eq(set, other) || other.is_empty(vm) {
        return Ok(());
    }
    if set.is_empty(vm) {
        let mut table = set.table.get_mut(vm).take_all();
        let copied = table.copy_if_new(other.table.get(vm));
        set.replace_table(vm, table);
        if copied {
            return Ok(());
        }
    }
    let more = other.len(vm);
    set.table.get_mut(vm).reserve(more);
    let mut table = set.table.get_mut(vm).take_all();
    let mut position = table.add_all_quickly(other.table.get(vm));
    set.replace_table(vm, table);
    while let Some((next, hash, key)) = other.entry_at(vm, position) {
        let key = key.to_owned();
        position = next;
        set.add_with_hash(vm, key.borrow(), hash)?;
    }
    Ok(())
}

/// Removes the members of any iterable.
pub fn difference_update(vm: &mut Vm, set: &Core, other: Ref<'_>) -> PyResult<()> {
    if core(other).is_some_and(|other| std::ptr::eq(other, set)) {
        set.clear(vm);
        return Ok(());
    }
    match core(other) {
        Some(other) => {
            let mut position = 0;
            while let Some((next, hash, key)) = other.entry_at(vm, position) {
                let key = key.to_owned();
                position = next;
                set.remove_with_hash(vm, key.borrow(), hash)?;
            }
        }
        None => {
            let items = vm.iter(other)?;
            while let Some(item) = vm.next(items.borrow())? {
                let hash = hash_key(vm, item.borrow(), super::ELEMENT)?;
                set.remove_with_hash(vm, item.borrow(), hash)?;
            }
        }
    }
    set.table.get_mut(vm).tidy();
    Ok(())
}

/// Keeps what is in one of set and iterable, but not in both.
pub fn symmetric_difference_update(vm: &mut Vm, set: &Core, other: Ref<'_>) -> PyResult<()> {
    if core(other).is_some_and(|other| std::ptr::eq(other, set)) {
        set.clear(vm);
        return Ok(());
    }
    let made = match core(other) {
        Some(_) => None,
        None => Some(from_iterable(vm, other)?),
    };
    let other = match (&made, core(other)) {
        (Some(made), _) => made,
        (None, Some(other)) => other,
        (None, None) => return Ok(()),
    };
    let mut position = 0;
    while let Some((next, hash, key)) = other.entry_at(vm, position) {
        let key = key.to_owned();
        position = next;
        if !set.remove_with_hash(vm, key.borrow(), hash)? {
            set.add_with_hash(vm, key.borrow(), hash)?;
        }
    }
    Ok(())
}

fn intersect(vm: &mut Vm, set: Ref<'_>, other: Ref<'_>) -> PyResult {
    if set.is(other) {
        return copy_of(vm, set);
    }
    let result = empty_like(vm, set);
    let target = this(result.borrow());
    let set = this(set);
    match core(other) {
        Some(other) => {
            let (walked, asked) = if other.len(vm) > set.len(vm) { (set, other) } else { (other, set) };
            if let Some(table) = walked.table.get(vm).selected(asked.table.get(vm), true) {
                target.replace_table(vm, table);
                return Ok(result);
            }
            let mut position = 0;
            while let Some((next, hash, key)) = walked.entry_at(vm, position) {
                let key = key.to_owned();
                position = next;
                if asked.contains_with_hash(vm, key.borrow(), hash)? {
                    target.add_with_hash(vm, key.borrow(), hash)?;
                }
            }
        }
        None => {
            let items = vm.iter(other)?;
            while let Some(item) = vm.next(items.borrow())? {
                let hash = hash_key(vm, item.borrow(), super::ELEMENT)?;
                if set.contains_with_hash(vm, item.borrow(), hash)? {
                    target.add_with_hash(vm, item.borrow(), hash)?;
                }
            }
        }
    }
    Ok(result)
}

fn difference_of(vm: &mut Vm, set: Ref<'_>, other: Ref<'_>) -> PyResult {
    let size = match (core(other), exact_dict(other)) {
        (Some(other), _) => other.len(vm),
        (_, Some(dict)) => dict.len(vm),
        _ => 0,
    };
    let walk = core(other).is_some() || exact_dict(other).is_some();
    if !walk || this(set).len(vm) >> 2 > size {
        let copy = copy_of(vm, set)?;
        difference_update(vm, this(copy.borrow()), other)?;
        return Ok(copy);
    }
    let result = empty_like(vm, set);
    if let Some(table) = core(other).and_then(|other| this(set).table.get(vm).selected(other.table.get(vm), false)) {
        this(result.borrow()).replace_table(vm, table);
        return Ok(result);
    }
    let mut position = 0;
    while let Some((next, hash, key)) = this(set).entry_at(vm, position) {
        let key = key.to_owned();
        position = next;
        let found = match (core(other), exact_dict(other)) {
            (Some(other), _) => other.contains_with_hash(vm, key.borrow(), hash)?,
            (_, Some(dict)) => dict.contains_with_hash(vm, key.borrow(), hash)?,
            _ => false,
        };
        if !found {
            this(result.borrow()).add_with_hash(vm, key.borrow(), hash)?;
        }
    }
    Ok(result)
}

/// Two sets, or `NotImplemented`.
macro_rules! both_sets {
    ($left:ident, $right:ident) => {
        if core($left).is_none() || core($right).is_none() {
            return Ok(Object::not_implemented());
        }
    };
}

pub(super) fn or(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>) -> PyResult {
    both_sets!(left, right);
    let result = copy_of(vm, left)?;
    if !left.is(right) {
        update(vm, this(result.borrow()), right)?;
    }
    Ok(result)
}

pub(super) fn and(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>) -> PyResult {
    both_sets!(left, right);
    intersect(vm, left, right)
}

pub(super) fn subtract(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>) -> PyResult {
    both_sets!(left, right);
    difference_of(vm, left, right)
}

pub(super) fn xor(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>) -> PyResult {
    both_sets!(left, right);
    symmetric_difference(vm, left, right)
}

pub(super) fn inplace_or(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>) -> PyResult {
    both_sets!(left, right);
    update(vm, this(left), right)?;
    Ok(left.to_owned())
}

pub(super) fn inplace_and(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>) -> PyResult {
    both_sets!(left, right);
    intersection_update(vm, left, &[right])?;
    Ok(left.to_owned())
}

pub(super) fn inplace_subtract(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>) -> PyResult {
    both_sets!(left, right);
    difference_update(vm, this(left), right)?;
    Ok(left.to_owned())
}

pub(super) fn inplace_xor(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>) -> PyResult {
    both_sets!(left, right);
    symmetric_difference_update(vm, this(left), right)?;
    Ok(left.to_owned())
}

pub(super) fn update_method(vm: &mut Vm, set: Ref<'_>, others: &[Ref<'_>]) -> PyResult {
    for &other in others {
        update(vm, this(set), other)?;
    }
    Ok(Object::none())
}

pub(super) fn difference_update_method(vm: &mut Vm, set: Ref<'_>, others: &[Ref<'_>]) -> PyResult {
    for &other in others {
        difference_update(vm, this(set), other)?;
    }
    Ok(Object::none())
}

pub(super) fn intersection_update(vm: &mut Vm, set: Ref<'_>, others: &[Ref<'_>]) -> PyResult {
    let result = intersection(vm, set, others)?;
    let table: Table = this(result.borrow()).table.get(vm).clone();
    this(set).replace_table(vm, table);
    Ok(Object::none())
}

pub(super) fn symmetric_difference_update_method(vm: &mut Vm, set: Ref<'_>, other: Ref<'_>) -> PyResult {
    symmetric_difference_update(vm, this(set), other)?;
    Ok(Object::none())
}

pub(super) fn union(vm: &mut Vm, set: Ref<'_>, others: &[Ref<'_>]) -> PyResult {
    let result = copy_of(vm, set)?;
    for &other in others {
        if !set.is(other) {
            update(vm, this(result.borrow()), other)?;
        }
    }
    Ok(result)
}

pub(super) fn difference(vm: &mut Vm, set: Ref<'_>, others: &[Ref<'_>]) -> PyResult {
    let Some((&first, rest)) = others.split_first() else { return copy_of(vm, set) };
    let result = difference_of(vm, set, first)?;
    for &other in rest {
        difference_update(vm, this(result.borrow()), other)?;
    }
    Ok(result)
}

pub(super) fn intersection(vm: &mut Vm, set: Ref<'_>, others: &[Ref<'_>]) -> PyResult {
    let Some((&first, rest)) = others.split_first() else { return copy_of(vm, set) };
    let mut result = intersect(vm, set, first)?;
    for &other in rest {
        result = intersect(vm, result.borrow(), other)?;
    }
    Ok(result)
}

pub(super) fn symmetric_difference(vm: &mut Vm, set: Ref<'_>, other: Ref<'_>) -> PyResult {
    let result = empty_like(vm, set);
    update(vm, this(result.borrow()), other)?;
    symmetric_difference_update(vm, this(result.borrow()), set)?;
    Ok(result)
}

pub(super) fn is_disjoint(vm: &mut Vm, set: Ref<'_>, other: Ref<'_>) -> PyResult {
    if set.is(other) {
        let empty = this(set).is_empty(vm);
        return Ok(Object::bool(empty));
    }
    match core(other) {
        Some(other) => {
            let set = this(set);
            let (walked, asked) = if other.len(vm) > set.len(vm) { (set, other) } else { (other, set) };
            let mut position = 0;
            while let Some((next, hash, key)) = walked.entry_at(vm, position) {
                let key = key.to_owned();
                position = next;
                if asked.contains_with_hash(vm, key.borrow(), hash)? {
                    return Ok(Object::bool(false));
                }
            }
        }
        None => {
            let items = vm.iter(other)?;
            while let Some(item) = vm.next(items.borrow())? {
                let hash = hash_key(vm, item.borrow(), super::ELEMENT)?;
                if this(set).contains_with_hash(vm, item.borrow(), hash)? {
                    return Ok(Object::bool(false));
                }
            }
        }
    }
    Ok(Object::bool(true))
}

pub(super) fn is_subset_method(vm: &mut Vm, set: Ref<'_>, other: Ref<'_>) -> PyResult {
    let result = match core(other) {
        Some(other) => this(set).is_subset(vm, other)?,
        None => {
            let common = intersect(vm, set, other)?;
            this(common.borrow()).len(vm) == this(set).len(vm)
        }
    };
    Ok(Object::bool(result))
}

pub(super) fn is_superset_method(vm: &mut Vm, set: Ref<'_>, other: Ref<'_>) -> PyResult {
    if let Some(other) = core(other) {
        let result = other.is_subset(vm, this(set))?;
        return Ok(Object::bool(result));
    }
    let items = vm.iter(other)?;
    while let Some(item) = vm.next(items.borrow())? {
        let hash = lookup_hash(vm, item.borrow())?;
        if !this(set).contains_with_hash(vm, item.borrow(), hash)? {
            return Ok(Object::bool(false));
        }
    }
    Ok(Object::bool(true))
}

/// A frozen set of these members, for constants.
pub fn frozen_of(vm: &mut Vm, members: Vec<Object>) -> PyResult {
    let list = vm.new_list(members);
    frozen_from_iterable(vm, list.borrow().object())
}

/// A set of these members.
pub fn set_of(vm: &mut Vm, members: &[Ref<'_>]) -> PyResult<object::ObjectOf<Set>> {
    let set = new_set(vm);
    for &member in members {
        super::add(vm, &set, member)?;
    }
    Ok(set)
}
