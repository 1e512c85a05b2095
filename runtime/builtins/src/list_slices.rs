//! Slices of lists by bounds that are ints or `None`: without a slice object.

use crate::slice::{Positions, adjust};
use object::list::{List, drop_from_end};
use object::tuple::Tuple;
use object::{Object, Ref, RefOf, Vm};

/// The positions of a slice, if its bounds are plain.
fn positions(start: Ref<'_>, stop: Ref<'_>, step: Ref<'_>, len: usize) -> Option<Positions> {
    let bound = |bound: Ref<'_>, default: isize| if bound.is_none() { Some(default) } else { bound.as_small_int().map(|bound| bound as isize) };
    let step = bound(step, 1)?;
    let (first, last) = if step < 0 { (isize::MAX, isize::MIN) } else { (0, isize::MAX) };
    let (start, stop) = (bound(start, first)?, bound(stop, last)?);
    (step != 0).then(|| adjust((start, stop, step), len))
}

/// `list[start:stop:step]`; `None` if a bound is something else, or the step is zero.
pub fn quick_slice(vm: &Vm, list: RefOf<'_, List>, start: Ref<'_>, stop: Ref<'_>, step: Ref<'_>) -> Option<Object> {
    let items = list.items(vm);
    let positions = positions(start, stop, step, items.len())?;
    let part = match positions.step {
        1 => items[positions.start..positions.start + positions.count].to_vec(),
        -1 if positions.count > 0 => items[positions.start + 1 - positions.count..=positions.start].iter().rev().cloned().collect(),
        _ => positions.iter().map(|position| items[position].clone()).collect(),
    };
    Some(vm.new_list(part).into_object())
}

/// `list[start:stop] = value` with a list or tuple. The value is given back if it is something else, or a bound is.
pub fn quick_store(vm: &mut Vm, list: RefOf<'_, List>, start: Ref<'_>, stop: Ref<'_>, value: Object) -> Result<(), Object> {
    let Some(positions) = positions(start, stop, Ref::NONE, list.len(vm)) else { return Err(value) };
    let mut items = match (value.borrow().downcast_exact::<List>(), value.borrow().downcast_exact::<Tuple>()) {
        // The items of a list that nobody else has move.
        (Some(new), _) if value.borrow().is_unique() => std::mem::take(new.items_mut(vm)),
        (Some(new), _) => new.items(vm).to_vec(),
        (_, Some(new)) => new.items().iter().map(|&item| item.to_owned()).collect(),
        _ => return Err(value),
    };
    let range = positions.start..positions.start + positions.count;
    if items.len() == positions.count {
        list.items_mut(vm)[range].swap_with_slice(&mut items);
        drop_from_end(items);
    } else {
        let old: Vec<Object> = list.items_mut(vm).splice(range, items).collect();
        drop_from_end(old);
    }
    Ok(())
}

/// `list[start:stop] = source[first:last:step]`, with bounds that are plain.
pub fn store_strided(vm: &mut Vm, to: (RefOf<'_, List>, Ref<'_>, Ref<'_>), from: (RefOf<'_, List>, Ref<'_>, Ref<'_>, Ref<'_>)) {
    let ((list, start, stop), (source, first, last, step)) = (to, from);
    let part = positions(first, last, step, source.len(vm));
    let place = positions(start, stop, Ref::NONE, list.len(vm));
    let (Some(part), Some(place)) = (part, place) else { return };
    let range = place.start..place.start + place.count;
    let is_turned = part.step == -1 && part.count == place.count && part.start + 1 == range.end;
    if is_turned && std::ptr::eq(list.get(), source.get()) {
        return list.items_mut(vm)[range].reverse();
    }
    let items = source.items(vm);
    let mut new: Vec<Object> = part.iter().map(|position| items[position].clone()).collect();
    if part.count == place.count {
        list.items_mut(vm)[range].swap_with_slice(&mut new);
        return drop_from_end(new);
    }
    let old: Vec<Object> = list.items_mut(vm).splice(range, new).collect();
    drop_from_end(old);
}
