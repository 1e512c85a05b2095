//! The table against a model, with every operation in random order.

use super::table::{DictEntry, Entry, Table};
use crate::value::Object;
use proptest::prelude::*;

#[derive(Debug, Clone)]
enum Step {
    Insert(i64),
    Remove(i64),
    Pop,
    Clear,
    Copy,
}

fn step() -> impl Strategy<Value = Step> {
    // Few keys, and hashes that collide, make for long probe sequences.
    prop_oneof![
        10 => (0..300i64).prop_map(Step::Insert),
        5 => (0..300i64).prop_map(Step::Remove),
        2 => Just(Step::Pop),
        1 => Just(Step::Copy),
        1 => prop_oneof![20 => Just(Step::Pop), 1 => Just(Step::Clear)],
    ]
}

fn entry(hash: i64, key: i64) -> DictEntry {
    DictEntry { hash, key: Some(Object::small_int(key)), value: Object::none() }
}

fn hash_of(key: i64) -> i64 {
    key % 37 * 1024
}

fn find(table: &Table<DictEntry>, key: i64) -> Option<usize> {
    table.find(hash_of(key), |entry| entry.key().and_then(|found| found.as_small_int()) == Some(key))
}

proptest! {
    #[test]
    fn table_behaves_like_an_ordered_list(steps in prop::collection::vec(step(), 1..600)) {
        let mut table = Table::<DictEntry>::default();
        let mut model: Vec<i64> = Vec::new();
        for step in steps {
            match step {
                Step::Insert(key) => {
                    if find(&table, key).is_none() {
                        table.insert(hash_of(key), entry(hash_of(key), key));
                        prop_assert!(!model.contains(&key));
                        model.push(key);
                    }
                }
                Step::Remove(key) => {
                    let found = find(&table, key);
                    prop_assert_eq!(found.is_some(), model.contains(&key));
                    if let Some(position) = found {
                        table.remove(position);
                        model.retain(|&other| other != key);
                    }
                }
                Step::Pop => {
                    let popped = table.pop().and_then(|entry| entry.key().and_then(|key| key.as_small_int()));
                    prop_assert_eq!(popped, model.pop());
                }
                Step::Clear => {
                    table.take_all();
                    model.clear();
                }
                Step::Copy => table = table.compact_copy(),
            }
            prop_assert_eq!(table.len(), model.len());
            let keys: Vec<i64> = table.iter().filter_map(|entry| entry.key()?.as_small_int()).collect();
            prop_assert_eq!(&keys, &model);
        }
    }
}

#[test]
fn big_tables_find_everything() {
    let mut table = Table::<DictEntry>::default();
    for key in 0..200_000 {
        table.insert(key * 7, entry(key * 7, key));
    }
    for key in 0..200_000 {
        assert_eq!(table.find(key * 7, |entry| entry.key().is_some_and(|found| found.as_small_int() == Some(key))), Some(key as usize));
    }
    // No more than CPython: 4 bytes of index and 24 of entry for each of 2^19 and 2/3 of that.
    assert!(table.allocated_bytes() <= (1 << 19) * 4 + (1 << 19) * 2 / 3 * 24);
}
