//! Object files: the smallest one that names a function at an address, for debuggers, and one with all code.

use super::Installed;

const HEADER_SIZE: u64 = 64;
const SECTION_SIZE: u64 = 64;
const SYMBOL_SIZE: u64 = 24;
/// Kinds of sections.
const PROGRAM_BITS: u32 = 1;
const SYMBOLS: u32 = 2;
const STRINGS: u32 = 3;
const NO_BITS: u32 = 8;

/// A section's header.
#[derive(Default)]
struct Section {
    name: u32,
    kind: u32,
    flags: u64,
    address: u64,
    offset: u64,
    size: u64,
    link: u32,
    info: u32,
    entry_size: u64,
}

impl Section {
    fn write(&self, out: &mut Vec<u8>) {
        [self.name, self.kind].iter().for_each(|word| out.extend(word.to_le_bytes()));
        [self.flags, self.address, self.offset, self.size].iter().for_each(|word| out.extend(word.to_le_bytes()));
        [self.link, self.info].iter().for_each(|word| out.extend(word.to_le_bytes()));
        [8, self.entry_size].iter().for_each(|word: &u64| out.extend(word.to_le_bytes()));
    }
}

/// A function in the section of code.
struct Symbol<'a> {
    name: &'a str,
    offset: u64,
    size: u64,
}

/// The section of code.
enum Text<'a> {
    /// Which is elsewhere, at an address.
    Elsewhere(u64, u64),
    Bytes(&'a [u8]),
}

/// A file that names code, which is elsewhere.
pub fn image(name: &str, code: &Installed<'_>) -> Vec<u8> {
    let size = code.bytes.len() as u64;
    file(&[Symbol { name, offset: 0, size }], &Text::Elsewhere(code.address, size))
}

/// A file that has several functions, with their code.
pub fn archive(codes: &[(String, Vec<u8>)]) -> Vec<u8> {
    let (mut text, mut symbols) = (Vec::new(), Vec::new());
    for (name, bytes) in codes {
        text.resize(text.len().next_multiple_of(16), 0xcc);
        symbols.push(Symbol { name, offset: text.len() as u64, size: bytes.len() as u64 });
        text.extend(bytes);
    }
    file(&symbols, &Text::Bytes(&text))
}

/// The file: sections for the code, for the symbols, and for names.
fn file(symbols: &[Symbol<'_>], text: &Text<'_>) -> Vec<u8> {
    let section_names = b"\0.text\0.symtab\0.strtab\0.shstrtab\0";
    let mut strings = vec![0];
    let mut names = Vec::new();
    for symbol in symbols {
        names.push(strings.len() as u32);
        strings.extend(symbol.name.replace('\0', "_").as_bytes());
        strings.push(0);
    }
    let (bytes, address, size, kind) = match *text {
        Text::Elsewhere(address, size) => (&[] as &[u8], address, size, NO_BITS),
        Text::Bytes(bytes) => (bytes, 0, bytes.len() as u64, PROGRAM_BITS),
    };
    let symbols_at = (HEADER_SIZE + bytes.len() as u64).next_multiple_of(8);
    let symbols_size = (1 + symbols.len() as u64) * SYMBOL_SIZE;
    let strings_at = symbols_at + symbols_size;
    let names_at = strings_at + strings.len() as u64;
    let sections_at = (names_at + section_names.len() as u64).next_multiple_of(8);
    let mut out = Vec::new();
    // Little-endian ELF of 64 bits, a relocatable file for x86-64.
    out.extend(b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0");
    [1u16, 62].iter().for_each(|half| out.extend(half.to_le_bytes()));
    out.extend(1u32.to_le_bytes());
    [0, 0, sections_at].iter().for_each(|word: &u64| out.extend(word.to_le_bytes()));
    out.extend(0u32.to_le_bytes());
    [HEADER_SIZE as u16, 0, 0, SECTION_SIZE as u16, 5, 4].iter().for_each(|half| out.extend(half.to_le_bytes()));
    out.extend(bytes);
    out.resize(symbols_at as usize, 0);
    // The first symbol is none; the others are global functions in the first section.
    out.extend([0; SYMBOL_SIZE as usize]);
    for (symbol, name) in symbols.iter().zip(names) {
        out.extend(name.to_le_bytes());
        out.extend([0x12, 0]);
        out.extend(1u16.to_le_bytes());
        [symbol.offset, symbol.size].iter().for_each(|word| out.extend(word.to_le_bytes()));
    }
    out.extend(&strings);
    out.extend(section_names);
    out.resize(sections_at as usize, 0);
    let code = Section { name: 1, kind, flags: 6, address, offset: HEADER_SIZE, size, ..Section::default() };
    let symbols =
        Section { name: 7, kind: SYMBOLS, offset: symbols_at, size: symbols_size, link: 3, info: 1, entry_size: SYMBOL_SIZE, ..Section::default() };
    let sections = [
        Section::default(),
        code,
        symbols,
        Section { name: 15, kind: STRINGS, offset: strings_at, size: strings.len() as u64, ..Section::default() },
        Section { name: 23, kind: STRINGS, offset: names_at, size: section_names.len() as u64, ..Section::default() },
    ];
    sections.iter().for_each(|section| section.write(&mut out));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_those_of_the_parts() {
        let image = image("m:f", &Installed { name: "m:f", address: 0x1000, bytes: &[0xc3, 0x90] });
        let word = |at: usize| u64::from_le_bytes(image[at..at + 8].try_into().unwrap());
        let sections = word(40) as usize;
        assert_eq!(image.len(), sections + 5 * SECTION_SIZE as usize);
        let text = sections + SECTION_SIZE as usize;
        assert_eq!((word(text + 16), word(text + 32)), (0x1000, 2));
        let strings = word(sections + 3 * SECTION_SIZE as usize + 24) as usize;
        assert_eq!(&image[strings..strings + 5], b"\0m:f\0");
    }

    #[test]
    fn all_code_is_in_one_file() {
        let image = archive(&[("m:f".to_owned(), vec![0xc3]), ("m:g".to_owned(), vec![0x90, 0xc3])]);
        let word = |at: usize| u64::from_le_bytes(image[at..at + 8].try_into().unwrap());
        let sections = word(40) as usize;
        let text = sections + SECTION_SIZE as usize;
        let (at, size) = (word(text + 24) as usize, word(text + 32) as usize);
        assert_eq!((image[at], &image[at + 16..at + size]), (0xc3, &[0x90, 0xc3][..]));
        let symbols = word(sections + 2 * SECTION_SIZE as usize + 24) as usize;
        let second = symbols + 2 * SYMBOL_SIZE as usize;
        assert_eq!((word(second + 8), word(second + 16)), (16, 2));
        let strings = word(sections + 3 * SECTION_SIZE as usize + 24) as usize;
        assert_eq!(&image[strings..strings + 9], b"\0m:f\0m:g\0");
    }
}
