//! Texts that are almost right: those of tests, with words, numbers and lines changed, moved, doubled and left out.

use std::fs;
use std::path::Path;

/// A generator of numbers that is the same everywhere (xorshift64*).
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() >> 33) as usize % limit.max(1)
    }
}

/// The texts to begin with.
pub struct Corpus {
    texts: Vec<String>,
}

impl Corpus {
    /// All files with an extension below folders of the repository.
    pub fn read(folders: &[&str], extension: &str) -> Corpus {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut texts = Vec::new();
        for folder in folders {
            let entries = fs::read_dir(root.join(folder)).expect("the tests are part of the checkout").flatten();
            let mut files: Vec<_> =
                entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|found| found == extension)).collect();
            files.sort();
            texts.extend(files.iter().map(|path| fs::read_to_string(path).expect("a test is text")));
        }
        assert!(!texts.is_empty(), "there are tests");
        Corpus { texts }
    }

    /// One of the texts with a few changes.
    pub fn mutant(&self, random: &mut Random) -> String {
        let text = &self.texts[random.below(self.texts.len())];
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        for _ in 0..1 + random.below(3) {
            self.change(&mut lines, random);
        }
        lines.join("\n") + "\n"
    }

    fn change(&self, lines: &mut Vec<String>, random: &mut Random) {
        if lines.is_empty() {
            return;
        }
        let (at, other) = (random.below(lines.len()), random.below(lines.len()));
        match random.below(9) {
            0 => drop(lines.remove(at)),
            1 => lines.insert(other, lines[at].clone()),
            2 => lines.swap(at, other),
            3 => {
                let stranger = &self.texts[random.below(self.texts.len())];
                let foreign: Vec<&str> = stranger.lines().collect();
                if !foreign.is_empty() {
                    lines.insert(at, foreign[random.below(foreign.len())].to_owned());
                }
            }
            4..=6 => lines[at] = with_other_number(&lines[at], random),
            _ => lines[at] = with_other_word(&lines[at], &lines[other], random),
        }
    }
}

/// The pieces of a line: words and numbers, and what is between them.
fn pieces(line: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let same = |c: char| if first.is_ascii_digit() { c.is_ascii_digit() } else { c.is_ascii_alphabetic() && first.is_ascii_alphabetic() };
        let end = rest.char_indices().skip(1).find(|(_, c)| !same(*c)).map_or(rest.len(), |(at, _)| at);
        pieces.push(&rest[..end]);
        rest = &rest[end..];
    }
    pieces
}

fn with_other_number(line: &str, random: &mut Random) -> String {
    let mut pieces = pieces(line);
    let numbers: Vec<usize> = (0..pieces.len()).filter(|&at| pieces[at].starts_with(|c: char| c.is_ascii_digit())).collect();
    if numbers.is_empty() {
        return line.to_owned();
    }
    let at = numbers[random.below(numbers.len())];
    let old: u64 = pieces[at].parse().unwrap_or(0);
    let new = match random.below(6) {
        0 => 0,
        1 => old.wrapping_add(1),
        2 => old.wrapping_sub(1) & 0x7fff_ffff_ffff_ffff,
        3 => 0x7fff_ffff_ffff_ffff,
        4 => random.next() >> (1 + random.below(63)),
        _ => random.below(12) as u64,
    };
    let new = new.to_string();
    pieces[at] = &new;
    pieces.concat()
}

fn with_other_word(line: &str, source: &str, random: &mut Random) -> String {
    let (mut own, words) = (pieces(line), pieces(source));
    if own.is_empty() || words.is_empty() {
        return line.to_owned();
    }
    let at = random.below(own.len());
    own[at] = words[random.below(words.len())];
    own.concat()
}
