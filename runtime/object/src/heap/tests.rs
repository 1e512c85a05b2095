//! Allocation against a model, runs, and memory that is given back.

use super::segment::{FIRST_BLOCK, N_BLOCKS};
use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

#[test]
fn classes_hold_what_they_say() {
    for size in 1..=LARGEST_CELL {
        let class = class_of(size);
        assert!(class < N_CLASSES - 1, "{size}");
        assert!(class_size(class) >= size, "{size} in {}", class_size(class));
        assert!(class == 0 || class_size(class - 1) < size, "{size} in {}", class_size(class));
        assert_eq!(class_size(class) % GRANULE, 0);
    }
}

/// A heap of the test's own.
fn new_heap() -> Box<Heap> {
    let heap = Box::new(Heap::new());
    // No test of memory asks for a collection.
    heap.until_collection.set(isize::MAX / 2);
    heap
}

/// An object's memory, filled with a pattern that tells whether anybody else wrote to it.
struct Live {
    size: usize,
    traced: bool,
    pattern: u8,
}

fn fill(address: usize, size: usize, pattern: u8) {
    // SAFETY: the memory was handed out with this size.
    unsafe { std::ptr::write_bytes(address as *mut u8, pattern, size) };
}

fn is_intact(address: usize, live: &Live) -> bool {
    // SAFETY: as above.
    unsafe { std::slice::from_raw_parts(address as *const u8, live.size) }.iter().all(|&byte| byte == live.pattern)
}

fn traced_addresses(heap: &Heap) -> Vec<usize> {
    let mut found = Vec::new();
    heap.for_each_traced(Part::All, &mut |pointer, _| found.push(pointer.addr()));
    found.sort_unstable();
    found
}

#[derive(Debug, Clone)]
enum Step {
    Allocate {
        size: usize,
        traced: bool,
    },
    /// Frees the object at this part of the addresses.
    Free(f64),
    FreeAll,
}

fn step() -> impl Strategy<Value = Step> {
    let size = prop_oneof![10 => 16usize..600, 4 => 600usize..9000, 6 => 8000usize..70_000, 2 => 70_000usize..700_000, 1 => 500_000usize..3_000_000];
    prop_oneof![
        12 => (size, any::<bool>()).prop_map(|(size, traced)| Step::Allocate { size, traced }),
        9 => (0.0..1.0f64).prop_map(Step::Free),
        1 => prop_oneof![30 => Just(Step::Free(0.0)), 1 => Just(Step::FreeAll)],
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]
    #[test]
    fn memory_is_like_a_model(steps in proptest::collection::vec(step(), 1..400)) {
        let heap = new_heap();
        let mut model: BTreeMap<usize, Live> = BTreeMap::new();
        let mut pattern = 0u8;
        for step in steps {
            match step {
                Step::Allocate { size, traced } => {
                    let address = heap.allocate(size, traced).addr();
                    pattern = pattern.wrapping_add(1);
                    prop_assert_eq!(address % GRANULE, 0);
                    // SAFETY: the test keeps track of what is allocated, and nobody else looks.
                    let capacity = segment::capacity(unsafe { &*block_of(address) });
                    prop_assert!(capacity >= size);
                    if let Some((&before, live)) = model.range(..=address).next_back() {
                        prop_assert!(before + live.size <= address, "objects overlap");
                    }
                    if let Some((&after, _)) = model.range(address..).next() {
                        prop_assert!(address + size <= after, "objects overlap");
                    }
                    fill(address, size, pattern);
                    model.insert(address, Live { size, traced, pattern });
                }
                Step::Free(place) => {
                    let index = (place * model.len() as f64) as usize;
                    let Some(&address) = model.keys().nth(index) else { continue };
                    let live = model.remove(&address).unwrap();
                    prop_assert!(is_intact(address, &live));
                    // SAFETY: the test keeps track of what is allocated, and nobody else looks.
                    unsafe { heap.free(address as *mut Header) };
                }
                Step::FreeAll => {
                    for address in std::mem::take(&mut model).into_keys() {
                        // SAFETY: the test keeps track of what is allocated, and nobody else looks.
                        unsafe { heap.free(address as *mut Header) };
                    }
                }
            }
            prop_assert_eq!(heap.live(), model.len());
        }
        let traced: Vec<usize> = model.iter().filter(|(_, live)| live.traced).map(|(&address, _)| address).collect();
        prop_assert_eq!(traced_addresses(&heap), traced);
        for (&address, live) in &model {
            prop_assert!(is_intact(address, live));
            prop_assert_eq!(bits(address) & bit::LIVE, bit::LIVE);
            // SAFETY: the test keeps track of what is allocated, and nobody else looks.
            unsafe { heap.free(address as *mut Header) };
        }
        prop_assert_eq!(heap.live(), 0);
    }
}

#[test]
fn many_objects_of_ten_kilobytes_need_few_mappings() {
    let heap = new_heap();
    let objects: Vec<usize> = (0..100_000).map(|_| heap.allocate(10_000, false).addr()).collect();
    assert_eq!(heap.memory.mapped_objects().len(), 0);
    let least = objects.len().div_ceil(N_BLOCKS - FIRST_BLOCK);
    assert_eq!(heap.memory.segments().len(), least);
    // Every other object makes room for another, of another kind.
    for &address in objects.iter().step_by(2) {
        // SAFETY: the test keeps track of what is allocated, and nobody else looks.
        unsafe { heap.free(address as *mut Header) };
    }
    let others: Vec<usize> = (0..50_000).map(|_| heap.allocate(16_000, true).addr()).collect();
    assert_eq!(heap.memory.segments().len(), least);
    assert_eq!(traced_addresses(&heap).len(), others.len());
    for &address in objects.iter().skip(1).step_by(2).chain(&others) {
        // SAFETY: the test keeps track of what is allocated, and nobody else looks.
        unsafe { heap.free(address as *mut Header) };
    }
    assert_eq!(heap.live(), 0);
    assert!(heap.memory.segments().len() < 10, "empty segments are given back");
}

#[test]
fn blocks_serve_other_sizes_once_they_are_empty() {
    let heap = new_heap();
    let mut segments = 0;
    for round in 0..20 {
        let objects: Vec<usize> = (0..20_000).map(|_| heap.allocate(32 + 32 * round, round % 2 == 0).addr()).collect();
        segments = segments.max(heap.memory.segments().len());
        for address in objects {
            // SAFETY: the test keeps track of what is allocated, and nobody else looks.
            unsafe { heap.free(address as *mut Header) };
        }
    }
    // The last size needs 13 MB; the sizes before it leave no more than a block each.
    assert!(segments <= 16, "{segments} segments");
    assert!(heap.memory.segments().len() <= 10, "{} segments", heap.memory.segments().len());
}

#[test]
fn the_first_place_that_fits_is_taken() {
    let heap = new_heap();
    let runs: Vec<usize> = (0..12).map(|_| heap.allocate(5 * BLOCK, false).addr()).collect();
    assert_eq!(heap.memory.segments().len(), 1);
    for index in [3, 7, 8] {
        // SAFETY: the test keeps track of what is allocated, and nobody else looks.
        unsafe { heap.free(runs[index] as *mut Header) };
    }
    assert_eq!(heap.allocate(10 * BLOCK, false).addr(), runs[7]);
    assert_eq!(heap.allocate(2 * BLOCK, false).addr(), runs[3]);
    assert_eq!(heap.allocate(3 * BLOCK, false).addr(), runs[3] + 2 * BLOCK);
    assert_eq!(heap.memory.segments().len(), 1);
}
