//! The memos: what has been written or read and may be referred to; and the objects that show them to Python.

use super::{pickler, unpickler};
use object::cell::{ObjectCell, Visitor};
use object::dict::Dict;
use object::int;
use object::native::{PayloadInfo, TypeSpec};
use object::tuple::Tuple;
use object::{Object, Payload, PyResult, Ref, Slots, Type, Vm, method};
use std::collections::BTreeMap;

/// A pickler's memo: by identity, the number under which an object can be had again, and the object, kept alive.
#[derive(Default)]
pub struct SaveMemo {
    /// An open-addressed index: the position of an entry plus 1, or 0. As long as a power of two, and half full at most.
    index: Vec<u32>,
    entries: Vec<(usize, Object)>,
}

/// How many objects a memo has room for at first.
const FIRST_OBJECTS: usize = 32;

impl SaveMemo {
    /// Where the search for a word begins: a multiplication spreads addresses well enough.
    #[inline]
    fn start(&self, word: u64) -> usize {
        ((word >> 3).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as usize & (self.index.len() - 1)
    }

    #[inline]
    pub fn find(&self, object: Ref<'_>) -> Option<usize> {
        if self.index.is_empty() {
            return None;
        }
        let mut slot = self.start(object.bits());
        loop {
            let (known, object_at) = self.entries.get((self.index[slot] as usize).wrapping_sub(1))?;
            if object_at.borrow().is(object) {
                return Some(*known);
            }
            slot = (slot + 1) & (self.index.len() - 1);
        }
    }

    /// Enters an object that is not there; returns its number.
    #[inline]
    pub fn enter(&mut self, object: Ref<'_>) -> usize {
        let number = self.entries.len();
        self.enter_as(number, object);
        number
    }

    #[inline]
    fn enter_as(&mut self, number: usize, object: Ref<'_>) {
        if 2 * self.entries.len() >= self.index.len() {
            self.grow();
        }
        self.entries.push((number, object.to_owned()));
        self.point_at(self.entries.len(), object.bits());
    }

    #[inline]
    fn point_at(&mut self, position_plus_1: usize, word: u64) {
        let mut slot = self.start(word);
        while self.index[slot] != 0 {
            slot = (slot + 1) & (self.index.len() - 1);
        }
        self.index[slot] = position_plus_1 as u32;
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self) {
        self.entries.reserve(FIRST_OBJECTS);
        self.index = vec![0; (2 * FIRST_OBJECTS).max(4 * self.index.len())];
        for position in 0..self.entries.len() {
            self.point_at(position + 1, self.entries[position].1.borrow().bits());
        }
    }

    pub fn objects(&self) -> impl Iterator<Item = &Object> {
        self.entries.iter().map(|(_, object)| object)
    }
}

/// An unpickler's memo. Numbers follow each other as a rule; a pickle that leaves gaps has the rest in a tree.
#[derive(Default)]
pub struct LoadMemo {
    dense: Vec<Option<Object>>,
    sparse: BTreeMap<usize, Object>,
    count: usize,
}

impl LoadMemo {
    #[inline]
    pub fn find(&self, index: usize) -> Option<Object> {
        match self.dense.get(index) {
            Some(entry) => entry.clone(),
            None => self.sparse.get(&index).cloned(),
        }
    }

    /// Enters an object; returns the one it takes the place of, to be dropped where that may be.
    #[inline]
    pub fn enter(&mut self, index: usize, object: Object) -> Option<Object> {
        if index == self.dense.len() && self.sparse.is_empty() {
            if index == 0 {
                self.dense.reserve(FIRST_OBJECTS);
            }
            self.dense.push(Some(object));
            self.count += 1;
            return None;
        }
        self.enter_out_of_order(index, object)
    }

    #[cold]
    fn enter_out_of_order(&mut self, index: usize, object: Object) -> Option<Object> {
        let old = if index <= 2 * self.dense.len() + 64 {
            if index >= self.dense.len() {
                self.dense.resize(index + 1, None);
            }
            self.dense[index].replace(object).or_else(|| self.sparse.remove(&index))
        } else {
            self.sparse.insert(index, object)
        };
        self.count += usize::from(old.is_none());
        old
    }

    /// The number that the next object gets which is entered without one.
    pub fn len(&self) -> usize {
        self.count
    }

    pub fn entries(&self) -> impl Iterator<Item = (usize, &Object)> {
        let dense = self.dense.iter().enumerate().filter_map(|(index, entry)| entry.as_ref().map(|object| (index, object)));
        dense.chain(self.sparse.iter().filter(|(index, _)| **index >= self.dense.len()).map(|(&index, object)| (index, object)))
    }
}

macro_rules! proxy {
    ($Name:ident, $CLASS:ident, $SPEC:ident, $name:literal, $clear:ident, $copy:ident) => {
        /// The memo of an object, as Python sees it.
        pub struct $Name {
            owner: ObjectCell,
        }

        impl $Name {
            pub fn make(vm: &Vm, owner: Ref<'_>) -> Object {
                vm.allocate($Name { owner: ObjectCell::new(Some(owner.to_owned())) }).into_object()
            }

            /// Whose memo it is.
            pub fn owner(&self) -> Object {
                self.owner.get_or_none()
            }
        }

        impl Payload for $Name {
            fn class() -> &'static Type {
                &$CLASS
            }

            fn traverse(&self, visitor: &mut Visitor<'_>) {
                self.owner.traverse(visitor);
            }

            fn clear(&self, _vm: &mut Vm) {
                drop(self.owner.take());
            }
        }

        pub static $CLASS: Type = Type::new(&$SPEC);
        static $SPEC: TypeSpec = TypeSpec {
            name: $name,
            flags: object::native::flag::NO_INSTANTIATION,
            payload: PayloadInfo::of::<$Name>(),
            slots: Slots { hash: None, ..Slots::NONE },
            methods: &[
        method!(Unary $clear as "clear" "($self, /)", "Remove all items from memo."),
        method!(Unary $copy as "copy" "($self, /)", "Copy the memo to a new object."),
        method!(Unary $copy as "__reduce__" "($self, /)", "Implement pickle support."),
            ],
            ..TypeSpec::DEFAULT
        };
    };
}

proxy!(PicklerMemo, PICKLER_MEMO, PICKLER_MEMO_SPEC, "_pickle.PicklerMemoProxy", clear_saved, copy_saved);
proxy!(UnpicklerMemo, UNPICKLER_MEMO, UNPICKLER_MEMO_SPEC, "_pickle.UnpicklerMemoProxy", clear_loaded, copy_loaded);

fn saved_owner(this: Ref<'_>) -> Object {
    this.downcast::<PicklerMemo>().expect("the method belongs to the type").owner()
}

fn loaded_owner(this: Ref<'_>) -> Object {
    this.downcast::<UnpicklerMemo>().expect("the method belongs to the type").owner()
}

fn clear_saved(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let owner = saved_owner(this);
    drop(pickler::of(owner.borrow()).memo.replace(vm, SaveMemo::default()));
    Ok(Object::none())
}

fn clear_loaded(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let owner = loaded_owner(this);
    drop(unpickler::of(owner.borrow()).memo.replace(vm, LoadMemo::default()));
    Ok(Object::none())
}

fn copy_saved(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let owner = saved_owner(this);
    let memo = &pickler::of(owner.borrow()).memo;
    let mut entries = memo.get(vm).entries.clone();
    entries.sort_by_key(|(index, _)| *index);
    let copy = vm.new_dict();
    for (index, object) in entries {
        let key = vm.new_uint(object.borrow().bits());
        let value = vm.new_tuple([Object::small_int(index as i64), object]).into_object();
        copy.borrow().get().set(vm, key.borrow(), value)?;
    }
    Ok(copy.into_object())
}

fn copy_loaded(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let owner = loaded_owner(this);
    let entries: Vec<(usize, Object)> = unpickler::of(owner.borrow()).memo.get(vm).entries().map(|(index, object)| (index, object.clone())).collect();
    let copy = vm.new_dict();
    for (index, object) in entries {
        copy.borrow().get().set(vm, Object::small_int(index as i64).borrow(), object)?;
    }
    Ok(copy.into_object())
}

/// The entries of what is set as a memo: a dict, or the memo of another object, which is copied.
fn entries_of<Proxy: Payload>(
    vm: &mut Vm,
    value: Option<Ref<'_>>,
    copy: fn(&mut Vm, Ref<'_>) -> PyResult,
    expected: &str,
) -> PyResult<Vec<(Object, Object)>> {
    let Some(value) = value else { return Err(vm.type_error("attribute deletion is not supported")) };
    let copy = match value.downcast::<Proxy>() {
        Some(_) => copy(vm, value)?,
        None => value.to_owned(),
    };
    let Some(dict) = copy.borrow().downcast::<Dict>() else {
        let message = format!("'memo' attribute must be {expected} object or dict, not {}", value.class().full_name());
        return Err(vm.type_error(message));
    };
    Ok(dict.get().items_snapshot(vm))
}

/// Reads a pickler's memo from a dict of identities, as another memo's `copy` gives it.
pub fn saved_from(vm: &mut Vm, value: Option<Ref<'_>>) -> PyResult<SaveMemo> {
    let entries = entries_of::<PicklerMemo>(vm, value, copy_saved, "a PicklerMemoProxy")?;
    let mut memo = SaveMemo::default();
    for (_, entry) in entries {
        let Some(&[index, object]) = entry.borrow().downcast::<Tuple>().map(|pair| pair.get().items()) else {
            return Err(vm.type_error("'memo' values must be 2-item tuples"));
        };
        let index = vm.index_isize(index)?.max(0) as usize;
        if memo.find(object).is_none() {
            memo.enter_as(index, object);
        }
    }
    Ok(memo)
}

/// Reads an unpickler's memo from a dict of numbers.
pub fn loaded_from(vm: &mut Vm, value: Option<Ref<'_>>) -> PyResult<LoadMemo> {
    let entries = entries_of::<UnpicklerMemo>(vm, value, copy_loaded, "an UnpicklerMemoProxy")?;
    let mut memo = LoadMemo::default();
    for (key, object) in entries {
        if !int::is_int(key.borrow()) {
            return Err(vm.type_error("memo key must be integers"));
        }
        match usize::try_from(vm.index_isize(key.borrow())?) {
            Ok(index) => drop(memo.enter(index, object)),
            Err(_) => return Err(vm.value_error("memo key must be positive integers.")),
        }
    }
    Ok(memo)
}
