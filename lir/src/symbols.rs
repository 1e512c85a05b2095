//! The runtime things that compiled code refers to: names for text, addresses for code.

use crate::operand::SymbolId;
use std::collections::HashMap;

/// One table serves all functions; only `add` changes it.
#[derive(Clone, Debug, Default)]
pub struct SymbolTable {
    symbols: Vec<(String, u64)>,
    by_name: HashMap<String, SymbolId>,
    /// What constants are, for text.
    words: HashMap<u64, String>,
}

impl SymbolTable {
    pub fn new() -> SymbolTable {
        SymbolTable::default()
    }

    /// Adds a symbol. The name consists of letters, digits, `_`, `.` and `:`; it is a number in text if it has been used before.
    pub fn add(&mut self, name: &str, address: u64) -> SymbolId {
        let id = SymbolId(self.symbols.len() as u32);
        self.symbols.push((name.to_owned(), address));
        self.by_name.entry(name.to_owned()).or_insert(id);
        id
    }

    /// What a symbol is called.
    pub fn name(&self, id: SymbolId) -> Option<&str> {
        let (name, _) = self.symbols.get(id.0 as usize)?;
        (self.by_name.get(name) == Some(&id)).then_some(name)
    }

    /// Where it is.
    pub fn address(&self, id: SymbolId) -> Option<u64> {
        self.symbols.get(id.0 as usize).map(|(_, address)| *address)
    }

    /// The symbol with a name.
    pub fn find(&self, name: &str) -> Option<SymbolId> {
        self.by_name.get(name).copied()
    }

    /// Says what a word is that code has as a constant. It is printed in braces; such text is for readers only.
    pub fn name_word(&mut self, word: u64, name: &str) {
        self.words.entry(word).or_insert_with(|| format!("{{{name}}}"));
    }

    /// What a constant is, in braces.
    pub fn word(&self, word: u64) -> Option<&str> {
        self.words.get(&word).map(String::as_str)
    }

    /// Addresses and their names.
    pub fn words(&self) -> impl Iterator<Item = (u64, &str)> {
        self.words.iter().map(|(word, name)| (*word, name.as_str()))
    }

    /// All symbols with names and addresses, in the order they were added.
    pub fn iter(&self) -> impl Iterator<Item = (SymbolId, &str, u64)> {
        self.symbols.iter().enumerate().map(|(index, (name, address))| (SymbolId(index as u32), name.as_str(), *address))
    }
}
