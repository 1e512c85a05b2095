//! `list`: the methods of the type that `object::list` declares.
//!
//! Anything that runs Python may change the list: the functions here copy an item out before they
//! call, and look at the length again afterwards.

use crate::dict;
use crate::iterators;
use crate::list_sort;
use crate::slice::{self, Positions, Slice};
use bytecode::opcode::Comparison;
use object::call::{Args, NativeInfo};
use object::dict::table::quick_equal;
use object::instance::size_of_instance;
use object::list::{LIST, List, drop_from_end};
use object::native::Extension;
use object::protocol::ordering_satisfies;
use object::str::Str;
use object::str::StrBuilder;
use object::tuple::Tuple;
use object::{Method, Object, PyResult, Ref, RefOf, Slots, Type, Vm, method};

pub static LIST_EXTENSION: Extension = Extension {
    class: &LIST,
    slots: Slots {
        new: Some(new),
        init: Some(init),
        repr: Some(repr),
        compare: Some(compare),
        len: Some(|vm, list| Ok(this(list).len(vm))),
        getitem: Some(get_item),
        setitem: Some(set_item),
        contains: Some(contains),
        concat: Some(concat),
        repeat: Some(repeat),
        inplace_concat: Some(inplace_concat),
        inplace_repeat: Some(inplace_repeat),
        iter: Some(iter),
        ..Slots::NONE
    },
    methods: METHODS,
    getsets: &[],
    members: &[],
};

const METHODS: &[Method] = &[
    method!(Unary reversed as "__reversed__" "($self, /)", "Return a reverse iterator over the list."),
    method!(Unary list_size as "__sizeof__" "($self, /)", "Return the size of the list in memory, in bytes."),
    method!(Unary clear "($self, /)", "Remove all items from list."),
    method!(Unary copy "($self, /)", "Return a shallow copy of the list."),
    method!(Binary append "($self, object, /)", "Append object to the end of the list."),
    method!(Bound insert "($self, index, object, /)", "Insert object before index."),
    method!(Binary extend "($self, iterable, /)", "Extend list by appending elements from the iterable."),
    method!(Bound pop "($self, index=-1, /)", "Remove and return item at index (default last).\n\nRaises IndexError if list is empty or index is out of range."),
    method!(Binary remove "($self, value, /)", "Remove first occurrence of value.\n\nRaises ValueError if the value is not present."),
    method!(Bound index "($self, value, start=0, stop=sys.maxsize, /)", "Return first index of value.\n\nRaises ValueError if the value is not present."),
    method!(Binary count "($self, value, /)", "Return number of occurrences of value."),
    method!(Unary reverse "($self, /)", "Reverse *IN PLACE*."),
    method!(Bound sort "($self, /, *, key=None, reverse=False)", "Sort the list in ascending order and return None.\n\nThe sort is in-place (i.e. the list itself is modified) and stable\n(i.e. the order of two equal elements is maintained).\n\nIf a key function is given, apply it once to each list item and sort\nthem, ascending or descending, according to their function values.\n\nThe reverse flag can be set to sort in descending order."),
    method!(Binary class_get_item as "__class_getitem__" "($type, object, /)", "lists are generic over the type of their contents").class_method(),
];

pub(crate) fn this(object: Ref<'_>) -> RefOf<'_, List> {
    object.downcast().expect("the method belongs to lists")
}

fn new(vm: &mut Vm, class: RefOf<'_, Type>, _args: Args<'_>) -> PyResult {
    Ok(vm.allocate_in(class.get(), List::new(Vec::new())))
}

fn init(vm: &mut Vm, list: Ref<'_>, args: Args<'_>) -> PyResult<()> {
    let own_new = list.class().slots().new.map(|new| new as usize) != LIST.slots().new.map(|new| new as usize);
    let args = if own_new { Args::positional(args.positionals()) } else { args };
    let iterable = crate::dict::one_argument(vm, "list", args)?;
    drop_from_end(std::mem::take(this(list).items_mut(vm)));
    match iterable {
        Some(iterable) => extend_with(vm, this(list), iterable),
        None => Ok(()),
    }
}

/// `list.extend(iterable)`
pub fn extend_with(vm: &mut Vm, list: RefOf<'_, List>, iterable: Ref<'_>) -> PyResult<()> {
    if let Some(other) = iterable.downcast_exact::<List>() {
        let n = other.len(vm);
        vm.check_room(n * 8)?;
        if list.get().len(vm) == 0 {
            let items = other.items(vm).to_vec();
            *list.items_mut(vm) = items;
            return Ok(());
        }
        list.get().make_room(vm, n)?;
        let more = other.items(vm).to_vec();
        list.items_mut(vm).extend(more);
        return Ok(());
    }
    if let Some(tuple) = iterable.downcast_exact::<Tuple>() {
        list.get().make_room(vm, tuple.items().len())?;
        list.items_mut(vm).extend(tuple.items().iter().map(|&item| item.to_owned()));
        return Ok(());
    }
    if let Some(text) = iterable.downcast_exact::<Str>() {
        let text = text.get();
        list.get().make_room(vm, text.len())?;
        let items: Vec<Object> = text.code_points().map(|code_point| vm.new_char(code_point).into_object()).collect();
        list.items_mut(vm).extend(items);
        return Ok(());
    }
    if let Some(items) = dict::views::items_of(vm, iterable) {
        list.get().make_room(vm, items.len())?;
        list.items_mut(vm).extend(items);
        return Ok(());
    }
    let iterator = vm.iter(iterable)?;
    let hint = vm.length_hint(iterable, 8)?;
    // One that cannot be true is ignored.
    let is_lie = list.get().len(vm).saturating_add(hint) > isize::MAX as usize;
    if hint > 1 << 20 && !is_lie && !object::heap::can_allocate(hint.saturating_mul(8)) {
        return Err(vm.memory_error());
    }
    list.items_mut(vm).reserve(hint.min(1 << 20));
    while let Some(item) = vm.next(iterator.borrow())? {
        list.append(vm, item)?;
    }
    Ok(())
}

fn repr(vm: &mut Vm, list: Ref<'_>) -> PyResult {
    if this(list).len(vm) == 0 {
        return Ok(vm.new_str("[]").into_object());
    }
    vm.guard_repr(list, "[...]", |vm| repr_items(vm, this(list)))
}

fn repr_items(vm: &mut Vm, list: RefOf<'_, List>) -> PyResult {
    let mut text = StrBuilder::new();
    text.push_str("[");
    let mut index = 0;
    while let Some(item) = list.get().get(vm, index).map(Ref::to_owned) {
        if index > 0 {
            text.push_str(", ");
        }
        text.push_object(&*vm.repr(item.borrow())?);
        index += 1;
    }
    text.push_str("]");
    Ok(text.finish(vm).into_object())
}

fn compare(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>, op: Comparison) -> PyResult {
    let (Some(left), Some(right)) = (left.downcast::<List>(), right.downcast::<List>()) else { return Ok(Object::not_implemented()) };
    if left.len(vm) != right.len(vm) && matches!(op, Comparison::Equal | Comparison::NotEqual) {
        return Ok(Object::bool(op == Comparison::NotEqual));
    }
    let mut index = 0;
    loop {
        index += equal_prefix(vm, left, right, index);
        let (Some(a), Some(b)) = (left.get().get(vm, index), right.get().get(vm, index)) else { break };
        let (a, b) = (a.to_owned(), b.to_owned());
        if !vm.equal(a.borrow(), b.borrow())? {
            // The comparison may have emptied a list: then only the lengths are left to compare.
            if index >= left.len(vm) || index >= right.len(vm) {
                break;
            }
            return match op {
                Comparison::Equal => Ok(Object::bool(false)),
                Comparison::NotEqual => Ok(Object::bool(true)),
                _ => vm.compare(a.borrow(), b.borrow(), op),
            };
        }
        index += 1;
    }
    Ok(Object::bool(ordering_satisfies(left.len(vm).cmp(&right.len(vm)), op)))
}

/// How many items from `start` on are equal without a doubt.
fn equal_prefix(vm: &Vm, left: RefOf<'_, List>, right: RefOf<'_, List>, start: usize) -> usize {
    let (Some(left), Some(right)) = (left.items(vm).get(start..), right.items(vm).get(start..)) else { return 0 };
    left.iter().zip(right).take_while(|(a, b)| quick_equal(a.borrow(), b.borrow()) == Some(true)).count()
}

fn get_item(vm: &mut Vm, list: Ref<'_>, key: Ref<'_>) -> PyResult {
    let items = this(list);
    let index = match key.as_small_int() {
        Some(index) => index as isize,
        None => match key.downcast::<Slice>() {
            Some(slice) => return get_slice(vm, items, slice.get()),
            None if key.class().slots().index.is_some() => slice::item_index(vm, key)?,
            None => return Err(slice::bad_key(vm, "list indices", key)),
        },
    };
    let items = items.items(vm);
    match slice::position(index, items.len()) {
        Some(position) => Ok(items[position].clone()),
        None => Err(vm.index_error("list index out of range")),
    }
}

fn get_slice(vm: &mut Vm, list: RefOf<'_, List>, slice: &Slice) -> PyResult {
    let bounds = slice::unpack(vm, slice)?;
    let items = list.items(vm);
    let positions = slice::adjust(bounds, items.len());
    let part = if positions.step == 1 {
        items[positions.start..positions.start + positions.count].to_vec()
    } else {
        positions.iter().map(|position| items[position].clone()).collect()
    };
    Ok(vm.new_list(part).into_object())
}

fn set_item(vm: &mut Vm, list: Ref<'_>, key: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let list = this(list);
    let index = match key.as_small_int() {
        Some(index) => index as isize,
        None => match key.downcast::<Slice>() {
            Some(slice) => {
                return match value {
                    Some(value) => set_slice(vm, list, slice.get(), value),
                    None => delete_slice(vm, list, slice.get()),
                };
            }
            None if key.class().slots().index.is_some() => slice::item_index(vm, key)?,
            None => return Err(slice::bad_key(vm, "list indices", key)),
        },
    };
    let items = list.items_mut(vm);
    let Some(position) = slice::position(index, items.len()) else {
        return Err(vm.index_error("list assignment index out of range"));
    };
    let old = match value {
        Some(value) => std::mem::replace(&mut items[position], value.to_owned()),
        None => items.remove(position),
    };
    drop(old);
    Ok(())
}

fn set_slice(vm: &mut Vm, list: RefOf<'_, List>, slice: &Slice, value: Ref<'_>) -> PyResult<()> {
    let bounds = slice::unpack(vm, slice)?;
    if bounds.2 == 1 {
        let new = new_items(vm, value)?;
        let positions = slice::adjust(bounds, list.len(vm));
        replace_range(vm, list, positions, new);
        return Ok(());
    }
    let new = new_items(vm, value)?;
    let positions = slice::adjust(bounds, list.len(vm));
    if positions.count != new.len() {
        let message = format!("attempt to assign sequence of size {} to extended slice of size {}", new.len(), positions.count);
        return Err(vm.value_error(message));
    }
    let items = list.items_mut(vm);
    let old: Vec<Object> = positions.iter().zip(new).map(|(position, item)| std::mem::replace(&mut items[position], item)).collect();
    drop(old);
    Ok(())
}

fn replace_range(vm: &mut Vm, list: RefOf<'_, List>, positions: Positions, mut new: Vec<Object>) {
    let range = positions.start..positions.start + positions.count;
    if new.len() == positions.count {
        list.items_mut(vm)[range].swap_with_slice(&mut new);
        drop_from_end(new);
        return;
    }
    let old: Vec<Object> = list.items_mut(vm).splice(range, new).collect();
    drop_from_end(old);
}

/// The items to assign.
fn new_items(vm: &mut Vm, value: Ref<'_>) -> PyResult<Vec<Object>> {
    let iterable = value.class().slots().iter.is_some() || vm.is_sequence(value);
    if !iterable {
        return Err(vm.type_error("must assign iterable to extended slice"));
    }
    vm.collect(value)
}

fn delete_slice(vm: &mut Vm, list: RefOf<'_, List>, slice: &Slice) -> PyResult<()> {
    let bounds = slice::unpack(vm, slice)?;
    let items = list.items_mut(vm);
    let positions = slice::adjust(bounds, items.len()).ascending();
    if positions.step == 1 {
        let old: Vec<Object> = items.drain(positions.start..positions.start + positions.count).collect();
        drop_from_end(old);
        return Ok(());
    }
    if positions.count == 0 {
        return Ok(());
    }
    let mut old = Vec::with_capacity(positions.count);
    let (mut next, mut index) = (positions.start, 0);
    let mut kept = Vec::with_capacity(items.len() - positions.count);
    for item in items.drain(..) {
        if index == next && old.len() < positions.count {
            old.push(item);
            next = next.saturating_add(positions.step as usize);
        } else {
            kept.push(item);
        }
        index += 1;
    }
    *items = kept;
    drop(old);
    Ok(())
}

/// The position of an item equal to `value`, in a range of positions that is fitted to the length as it goes.
fn find(vm: &mut Vm, list: RefOf<'_, List>, value: Ref<'_>, start: usize, stop: usize) -> PyResult<Option<usize>> {
    let mut index = start;
    while index < stop {
        // Whatever can be told without running Python is looked at in one go.
        let items = list.items(vm);
        let mut doubtful = None;
        for (offset, item) in items.get(index..stop.min(items.len())).unwrap_or(&[]).iter().enumerate() {
            match quick_equal(item.borrow(), value) {
                Some(true) => return Ok(Some(index + offset)),
                Some(false) => {}
                None => {
                    doubtful = Some((index + offset, item.clone()));
                    break;
                }
            }
        }
        let Some((position, item)) = doubtful else { return Ok(None) };
        if vm.equal(item.borrow(), value)? {
            return Ok(Some(position));
        }
        index = position + 1;
    }
    Ok(None)
}

fn contains(vm: &mut Vm, list: Ref<'_>, item: Ref<'_>) -> PyResult<bool> {
    Ok(find(vm, this(list), item, 0, usize::MAX)?.is_some())
}

fn concat(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>) -> PyResult {
    let Some(right_list) = right.downcast::<List>() else {
        return Err(vm.type_error(format!("can only concatenate list (not \"{}\") to list", right.class().full_name())));
    };
    let items = [this(left).items(vm), right_list.items(vm)].concat();
    Ok(vm.new_list(items).into_object())
}

/// The items `count` times over.
pub(crate) fn repeated(items: &[Ref<'_>], count: usize) -> Vec<Object> {
    let mut result = Vec::with_capacity(items.len() * count);
    if let &[item] = items {
        result.resize(count, item.to_owned());
        return result;
    }
    for _ in 0..count {
        result.extend(items.iter().map(|&item| item.to_owned()));
    }
    result
}

fn check_repeat(vm: &mut Vm, len: usize, count: usize) -> PyResult<()> {
    match len.checked_mul(count) {
        Some(total) if total <= 1 << 16 || (total < isize::MAX as usize / 16 && object::heap::can_allocate(total * 8)) => Ok(()),
        _ => Err(vm.memory_error()),
    }
}

fn repeat(vm: &mut Vm, list: Ref<'_>, count: isize) -> PyResult {
    let count = count.max(0) as usize;
    let len = this(list).len(vm);
    check_repeat(vm, len, count)?;
    let items = repeated(Object::as_refs(this(list).items(vm)), count);
    Ok(vm.new_list(items).into_object())
}

fn inplace_concat(vm: &mut Vm, list: Ref<'_>, iterable: Ref<'_>) -> PyResult {
    extend_with(vm, this(list), iterable)?;
    Ok(list.to_owned())
}

fn inplace_repeat(vm: &mut Vm, list: Ref<'_>, count: isize) -> PyResult {
    let count = count.max(0) as usize;
    let len = this(list).len(vm);
    check_repeat(vm, len, count)?;
    let items = this(list);
    if count == 0 {
        let old = std::mem::take(items.items_mut(vm));
        drop(old);
    } else {
        let more = repeated(Object::as_refs(items.items(vm)), count - 1);
        items.items_mut(vm).extend(more);
    }
    Ok(list.to_owned())
}

fn iter(vm: &mut Vm, list: Ref<'_>) -> PyResult {
    Ok(iterators::new_list_iterator(vm, list))
}

fn reversed(vm: &mut Vm, list: Ref<'_>) -> PyResult {
    Ok(iterators::new_list_reverse_iterator(vm, list))
}

fn list_size(vm: &mut Vm, list: Ref<'_>) -> PyResult {
    let capacity = this(list).items_mut(vm).capacity();
    Ok(vm.new_uint((size_of_instance(list) + capacity * size_of::<Object>()) as u64))
}

fn clear(vm: &mut Vm, list: Ref<'_>) -> PyResult {
    let old = std::mem::take(this(list).items_mut(vm));
    drop(old);
    Ok(Object::none())
}

fn copy(vm: &mut Vm, list: Ref<'_>) -> PyResult {
    vm.check_room(this(list).len(vm) * 8)?;
    let items = this(list).items(vm).to_vec();
    Ok(vm.new_list(items).into_object())
}

/// Whether this is the description of `list.append`.
pub fn is_append(info: &NativeInfo) -> bool {
    info.calls(append)
}

fn append(vm: &mut Vm, list: Ref<'_>, item: Ref<'_>) -> PyResult {
    this(list).append(vm, item.to_owned())?;
    Ok(Object::none())
}

fn insert(vm: &mut Vm, list: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let (index, item) = (args[0].expect("a required argument"), args[1].expect("a required argument"));
    let index = slice::size_argument(vm, index)?;
    let items = this(list);
    let position = slice::clamp_bound(index, items.len(vm));
    items.items_mut(vm).insert(position, item.to_owned());
    Ok(Object::none())
}

fn extend(vm: &mut Vm, list: Ref<'_>, iterable: Ref<'_>) -> PyResult {
    extend_with(vm, this(list), iterable)?;
    Ok(Object::none())
}

fn pop(vm: &mut Vm, list: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let index = match args[0] {
        Some(index) => slice::size_argument(vm, index)?,
        None => -1,
    };
    let items = this(list).get().items_mut(vm);
    if index == -1
        && let Some(last) = items.pop()
    {
        return Ok(last);
    }
    match slice::position(index, items.len()) {
        Some(position) => Ok(items.remove(position)),
        None if items.is_empty() => Err(vm.index_error("pop from empty list")),
        None => Err(vm.index_error("pop index out of range")),
    }
}

fn remove(vm: &mut Vm, list: Ref<'_>, value: Ref<'_>) -> PyResult {
    let list = this(list);
    let Some(position) = find(vm, list, value, 0, usize::MAX)? else {
        return Err(vm.value_error("list.remove(x): x not in list"));
    };
    let items = list.items_mut(vm);
    let removed = (position < items.len()).then(|| items.remove(position));
    drop(removed);
    Ok(Object::none())
}

fn index(vm: &mut Vm, list: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let value = args[0].expect("a required argument");
    let start = args[1].map_or(Ok(0), |start| slice::argument_bound(vm, start))?;
    let stop = args[2].map_or(Ok(isize::MAX), |stop| slice::argument_bound(vm, stop))?;
    let list = this(list);
    let len = list.len(vm);
    let start = slice::clamp_bound(start, len);
    let stop = if stop < 0 { slice::clamp_bound(stop, len) } else { stop as usize };
    match find(vm, list, value, start, stop)? {
        Some(position) => Ok(Object::small_int(position as i64)),
        None => Err(vm.value_error("list.index(x): x not in list")),
    }
}

fn count(vm: &mut Vm, list: Ref<'_>, value: Ref<'_>) -> PyResult {
    let list = this(list);
    let (mut count, mut start) = (0, 0);
    while let Some(position) = find(vm, list, value, start, usize::MAX)? {
        count += 1;
        start = position + 1;
    }
    Ok(Object::small_int(count))
}

fn reverse(vm: &mut Vm, list: Ref<'_>) -> PyResult {
    this(list).items_mut(vm).reverse();
    Ok(Object::none())
}

fn sort(vm: &mut Vm, list: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let reverse = args[1].map_or(Ok(false), |reverse| vm.is_true(reverse))?;
    list_sort::sort_list(vm, this(list), args[0], reverse)?;
    Ok(Object::none())
}

fn class_get_item(vm: &mut Vm, class: Ref<'_>, args: Ref<'_>) -> PyResult {
    vm.generic_alias(class, args)
}
