//! Interned strings: at most one exact `str` object for each text that is a name.
//!
//! Interned strings are immortal. One open-addressing table holds them all, with the empty string
//! and those of one Latin-1 character among them.

use super::{STR, Str, hash};
use crate::cell::VmCell;
use crate::value::{Object, Ref, RefOf};
use crate::vm::Vm;
use std::cell::Cell;

/// The words of the interned strings, a power of two of them; 0: free.
struct Table {
    entries: Vec<u64>,
    used: usize,
}

static TABLE: VmCell<Table> = VmCell::new(Table { entries: Vec::new(), used: 0 });

/// Words of the empty string (last) and of the strings of one Latin-1 character; 0: not made yet.
struct Characters([Cell<u64>; 257]);

// SAFETY: touched only by the thread that holds the global lock.
unsafe impl Sync for Characters {}

static CHARACTERS: Characters = Characters([const { Cell::new(0) }; 257]);

/// # Safety
///
/// `word` is that of an interned string.
#[inline]
unsafe fn from_word(word: u64) -> RefOf<'static, Str> {
    // SAFETY: the caller's promise; interned strings are never freed.
    unsafe { Ref::from_bits(word).downcast_unchecked() }
}

/// Start-up interns about 3000 strings: a smaller table would be thrown away at once.
const FIRST_SIZE: usize = 8192;

impl Table {
    /// The entry of a string with this hash that `is_it`, or the free entry where it belongs.
    fn position(&self, hash: i64, is_it: impl Fn(&Str) -> bool) -> usize {
        let mask = self.entries.len() - 1;
        let mut index = hash as usize & mask;
        loop {
            let word = self.entries[index];
            // SAFETY: words in the table are those of interned strings.
            if word == 0 || unsafe { from_word(word) }.get_if(hash, &is_it) {
                return index;
            }
            index = (index + 1) & mask;
        }
    }

    /// The word of the interned string of the same text, or 0.
    fn find(&self, string: RefOf<'_, Str>) -> u64 {
        if self.entries.is_empty() { 0 } else { self.entries[self.position(string.hash(), |entry| entry.equals(string.get()))] }
    }

    fn make_room(&mut self) {
        if (self.used + 1) * 2 <= self.entries.len() {
            return;
        }
        let size = (self.entries.len() * 2).max(FIRST_SIZE);
        let old = std::mem::replace(&mut self.entries, vec![0; size]);
        for word in old.into_iter().filter(|&word| word != 0) {
            // SAFETY: words in the table are those of interned strings.
            let index = self.position(unsafe { from_word(word) }.get().hash(), |_| false);
            self.entries[index] = word;
        }
    }

    fn insert(&mut self, index: usize, string: Object) -> u64 {
        let word = string.borrow().bits();
        string.borrow().immortalize();
        // SAFETY: the object is a string.
        let interned = unsafe { from_word(word) };
        interned.get().info.set(interned.get().info.get() | super::INTERNED);
        std::mem::forget(string);
        self.entries[index] = word;
        self.used += 1;
        word
    }
}

impl RefOf<'_, Str> {
    #[inline]
    fn get_if(self, hash: i64, is_it: impl Fn(&Str) -> bool) -> bool {
        self.get().hash() == hash && is_it(self.get())
    }
}

fn table() -> &'static mut Table {
    // SAFETY: the functions of this file let go of the table before they return and run no other code.
    unsafe { TABLE.get_unchecked() }
}

/// The string of one Latin-1 character.
#[inline]
pub(super) fn character(_vm: &Vm, byte: u8) -> RefOf<'static, Str> {
    let word = CHARACTERS.0[usize::from(byte)].get();
    // SAFETY: the words there are those of interned strings.
    if word != 0 { unsafe { from_word(word) } } else { make_character(&[byte], usize::from(byte)) }
}

#[inline]
pub(super) fn empty(_vm: &Vm) -> RefOf<'static, Str> {
    let word = CHARACTERS.0[256].get();
    // SAFETY: as above.
    if word != 0 { unsafe { from_word(word) } } else { make_character(&[], 256) }
}

#[cold]
fn make_character(text: &[u8], index: usize) -> RefOf<'static, Str> {
    let word = intern_bytes(text);
    CHARACTERS.0[index].set(word);
    // SAFETY: the word is that of an interned string.
    unsafe { from_word(word) }
}

/// Words of strings interned lately, by the address of the text that was asked for: most texts are
/// literals of the program, which are asked for again and again.
struct Recent([Cell<u64>; 512]);

// SAFETY: touched only by the thread that holds the global lock.
unsafe impl Sync for Recent {}

static RECENT: Recent = Recent([const { Cell::new(0) }; 512]);

/// Interns ASCII text.
#[inline]
fn intern_literal(text: &str) -> u64 {
    let place = &RECENT.0[(text.as_ptr().addr() ^ text.len()) % RECENT.0.len()];
    let word = place.get();
    // SAFETY: the words there are those of interned strings.
    if word != 0 && unsafe { from_word(word) }.get().as_latin1() == Some(text.as_bytes()) {
        return word;
    }
    let word = intern_bytes(text.as_bytes());
    place.set(word);
    word
}

/// Interns Latin-1 text.
fn intern_bytes(text: &[u8]) -> u64 {
    let table = table();
    table.make_room();
    let index = table.position(hash::hash_bytes(text), |entry| entry.as_latin1() == Some(text));
    match table.entries[index] {
        0 => table.insert(index, super::make(&STR, text, text.is_ascii())),
        word => word,
    }
}

/// The interned string of this ASCII text, without a `Vm` at hand.
pub(crate) fn intern(text: &str) -> Ref<'static> {
    debug_assert!(text.is_ascii());
    // SAFETY: the word is that of an interned string.
    unsafe { from_word(intern_literal(text)) }.object()
}

/// The interned string of the same text, if there is one.
pub(crate) fn find(string: RefOf<'_, Str>) -> Option<Ref<'static>> {
    let word = if string.is_interned() { string.object().bits() } else { table().find(string) };
    // SAFETY: the word is that of an interned string.
    (word != 0).then(|| unsafe { from_word(word) }.object())
}

/// How many strings are interned.
pub fn interned_count() -> usize {
    table().used
}

impl Vm {
    /// The interned string of this text.
    pub fn intern(&self, text: &str) -> Ref<'static> {
        if !text.is_ascii() {
            return self.intern_str(self.new_str(text).borrow());
        }
        // SAFETY: the word is that of an interned string.
        unsafe { from_word(intern_literal(text)) }.object()
    }

    /// The interned string with the same text.
    #[inline]
    pub fn intern_str(&self, string: RefOf<'_, Str>) -> Ref<'static> {
        // SAFETY: an interned string is immortal.
        if string.is_interned() { unsafe { from_word(string.object().bits()) }.object() } else { self.intern_new(string) }
    }

    fn intern_new(&self, string: RefOf<'_, Str>) -> Ref<'static> {
        let table = table();
        table.make_room();
        let index = table.position(string.hash(), |entry| entry.equals(string.get()));
        let word = match table.entries[index] {
            0 if string.object().is_exactly(&STR) => table.insert(index, string.object().to_owned()),
            0 => table.insert(index, super::make_data(&STR, string.get().data())),
            word => word,
        };
        // SAFETY: the word is that of an interned string.
        unsafe { from_word(word) }.object()
    }

    /// The interned string equal to `object`; what is not exactly a `str` is returned as it is.
    pub fn intern_object(&self, object: Object) -> Object {
        match object.borrow().downcast_exact::<Str>() {
            Some(string) => self.intern_str(string).to_owned(),
            None => object,
        }
    }
}
