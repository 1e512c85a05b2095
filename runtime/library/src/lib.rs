//! The standard library's Python half: compiled when the project is built, and part of the program.
#![forbid(unsafe_code)]

/// A module of the library.
pub struct Entry {
    /// The full name, `email.mime.text`.
    pub name: &'static str,
    /// The file, relative to the library: `email/mime/text.py`.
    pub path: &'static str,
    pub is_package: bool,
    code: (usize, usize),
    source: (usize, usize),
}

static BLOB: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/library.bin"));

/// All modules, sorted by name.
pub static MODULES: &[Entry] = include!(concat!(env!("OUT_DIR"), "/index.rs"));

impl Entry {
    /// The code, as `bytecode::marshal` wrote it.
    pub fn code(&self) -> &'static [u8] {
        &BLOB[self.code.0..self.code.0 + self.code.1]
    }

    /// The source text, in the encoding of the file.
    pub fn source(&self) -> &'static [u8] {
        &BLOB[self.source.0..self.source.0 + self.source.1]
    }
}

/// The module of this name.
pub fn find(name: &str) -> Option<&'static Entry> {
    MODULES.binary_search_by(|entry| entry.name.cmp(name)).ok().map(|index| &MODULES[index])
}
