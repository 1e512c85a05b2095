//! In which order the objects of one garbage cycle are finalised: in that in which they were made, as CPython does; and when
//! the program ends, in that in which its modules lead to them.
//!
//! The heap does not know it: cells are used again, the one that was freed last first. So instances of Python classes
//! with `__del__` are numbered when they are made. Native objects with a finaliser (generators, files) are not: they are
//! many, and keep the place that their address gives them.

use super::{AddressHasher, heap_address, traverse};
use crate::cell::{Mode, VmCell};
use crate::heap::{self, bit};
use crate::list::List;
use crate::tuple::Tuple;
use crate::value::{Object, Ref};
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

/// Whether the end of an object can be seen: it has a finaliser, or weak references to it exist.
fn has_visible_end(address: usize) -> bool {
    // SAFETY: the address is a live object's.
    let object = unsafe { Ref::from_bits(address as u64) };
    object.class().has_finalizer() || heap::bits(address) & bit::WEAKLY_REFERENCED != 0
}

/// Whether CPython's collector looks at what an object refers to last to first.
pub(super) fn is_walked_backward(object: Ref<'_>) -> bool {
    object.downcast::<List>().is_some() || object.downcast::<Tuple>().is_some()
}

/// The addresses of the objects with a visible end that are reachable from some, in the order in which CPython's collector
/// meets them: the nearest first, items of a list or tuple last to first. The walk does not go into `barriers`.
pub fn order_of_ends(roots: &[Ref<'_>], barriers: &[Ref<'_>]) -> Vec<usize> {
    let barriers: Vec<usize> = barriers.iter().filter_map(|&object| heap_address(object)).collect();
    barriers.iter().for_each(|&address| heap::set_bits(address, bit::MARK));
    let mut met: Vec<usize> = Vec::new();
    let mut children: Vec<usize> = roots.iter().filter_map(|&object| heap_address(object)).collect();
    let mut next = 0;
    loop {
        for address in children.drain(..) {
            if heap::bits(address) & (bit::TRACED | bit::MARK) == bit::TRACED {
                heap::set_bits(address, bit::MARK);
                met.push(address);
            }
        }
        let Some(&address) = met.get(next) else { break };
        next += 1;
        traverse(address, Mode::Each(&mut |child| children.extend(heap_address(child))));
        // SAFETY: what was reached is alive while nothing runs.
        if is_walked_backward(unsafe { Ref::from_bits(address as u64) }) {
            children.reverse();
        }
    }
    barriers.iter().chain(&met).for_each(|&address| heap::clear_bits(address, bit::MARK));
    met.retain(|&address| has_visible_end(address));
    met
}

/// Puts those objects first whose addresses are in `order`, and in this order.
pub(super) fn put_first(objects: Vec<Object>, order: &[usize]) -> Vec<Object> {
    let places: HashMap<usize, usize, BuildHasherDefault<AddressHasher>> =
        order.iter().enumerate().map(|(place, &address)| (address, place)).collect();
    let place = |object: &Object| {
        let address = object.borrow().address().filter(|&address| has_visible_end(address))?;
        places.get(&address).copied()
    };
    let (mut first, mut others) = (Vec::new(), Vec::with_capacity(objects.len()));
    for object in objects {
        match place(&object) {
            Some(place) => first.push((place, object)),
            None => others.push(object),
        }
    }
    first.sort_unstable_by_key(|&(place, _)| place);
    first.into_iter().map(|(_, object)| object).chain(others).collect()
}
