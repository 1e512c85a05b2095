//! The order in which objects with a finaliser were made: in it those of one garbage cycle are finalised, as CPython does.
//!
//! The heap does not know it: cells are used again, the one that was freed last first. So instances of Python classes
//! with `__del__` are numbered when they are made. Native objects with a finaliser (generators, files) are not: they are
//! many, and keep the place that their address gives them.

use super::AddressHasher;
use crate::cell::VmCell;
use crate::value::Object;
use std::collections::HashMap;
use std::hash::BuildHasherDefault;

#[derive(Default)]
struct Creations {
    numbers: HashMap<usize, u64, BuildHasherDefault<AddressHasher>>,
    next: u64,
}

static CREATIONS: VmCell<Option<Creations>> = VmCell::new(None);

fn creations() -> &'static mut Creations {
    // SAFETY: the lock is held; callers let go of the map before anything else can run.
    unsafe { CREATIONS.get_unchecked() }.get_or_insert_default()
}

/// Numbers an object that is being made.
#[cold]
pub(crate) fn remember(address: usize) {
    let creations = creations();
    creations.numbers.insert(address, creations.next);
    creations.next += 1;
}

/// To be called when an object that may have been numbered is freed.
#[cold]
pub(crate) fn forget(address: usize) {
    creations().numbers.remove(&address);
}

/// Puts the numbered ones of some objects in the order of their numbers; the others keep their places.
pub(super) fn sort(objects: &mut [Object]) {
    let numbers = &creations().numbers;
    if numbers.is_empty() {
        return;
    }
    let number = |object: &Object| object.borrow().address().and_then(|address| numbers.get(&address)).copied();
    let (places, mut order): (Vec<usize>, Vec<(u64, usize)>) =
        objects.iter().enumerate().filter_map(|(place, object)| Some((place, (number(object)?, place)))).unzip();
    order.sort_unstable();
    let sorted: Vec<Object> = order.iter().map(|&(_, place)| objects[place].clone()).collect();
    for (place, object) in places.into_iter().zip(sorted) {
        objects[place] = object;
    }
}
