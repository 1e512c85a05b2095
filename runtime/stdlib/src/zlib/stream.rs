//! Coders run over slices of input, with output that grows.

use super::sys::{Deflate, Inflate, code};

pub const NO_FLUSH: i32 = 0;
const SYNC_FLUSH: i32 = 2;
pub const FINISH: i32 = 4;

/// An error of the library.
#[derive(Clone, Copy, Debug)]
pub struct Failure {
    pub code: i32,
    pub message: Option<&'static str>,
}

/// The message of a failure to set the dictionary.
pub const DICTIONARY: &str = "zdict";

const CHUNK: usize = 16 << 10;

pub struct Compressor(Deflate);

/// A compressor, if the options are valid.
pub fn compressor(level: i32, window_bits: i32, mem_level: i32, strategy: i32) -> Option<Compressor> {
    let window_is_valid = matches!(window_bits, 8..=15 | -15..=-9 | 25..=31);
    if !window_is_valid || !(-1..=9).contains(&level) || !(1..=9).contains(&mem_level) || !(0..=4).contains(&strategy) {
        return None;
    }
    Deflate::new(level, window_bits, mem_level, strategy).map(Compressor)
}

impl Compressor {
    pub fn set_dictionary(&mut self, dictionary: &[u8]) -> bool {
        self.0.set_dictionary(dictionary) == code::OK
    }

    /// Compresses all of the input.
    pub fn run(&mut self, mut input: &[u8], flush: i32, out: &mut Vec<u8>) -> Result<(), Failure> {
        let mut chunk = vec![0; CHUNK];
        loop {
            let step = self.0.run(input, &mut chunk, flush);
            input = &input[step.used..];
            out.extend_from_slice(&chunk[..step.written]);
            match step.code {
                code::STREAM_END => return Ok(()),
                code::OK if step.written == chunk.len() || !input.is_empty() || flush == FINISH => {}
                code::OK | code::BUFFER_ERROR => return Ok(()),
                code => return Err(Failure { code, message: self.0.message() }),
            }
        }
    }

    pub fn copy(&mut self) -> Option<Compressor> {
        self.0.copy().map(Compressor)
    }
}

pub struct Decompressor {
    inflate: Inflate,
    dictionary: Option<Vec<u8>>,
}

/// What a run came to.
pub struct Done {
    /// Bytes of input that were used.
    pub used: usize,
    pub ended: bool,
}

/// A decompressor, if the window size is valid.
pub fn decompressor(window_bits: i32, dictionary: Option<Vec<u8>>) -> Option<Decompressor> {
    if !matches!(window_bits, 0 | 8..=16 | -15..=-8 | 24..=31 | 32 | 40..=47) {
        return None;
    }
    let mut inflate = Inflate::new(window_bits)?;
    let dictionary = dictionary.filter(|dictionary| !dictionary.is_empty());
    if window_bits < 0
        && let Some(dictionary) = &dictionary
        && inflate.set_dictionary(dictionary) != code::OK
    {
        return None;
    }
    Some(Decompressor { inflate, dictionary })
}

impl Decompressor {
    /// Decompresses until the input, the stream, or the room for output ends.
    pub fn run(&mut self, input: &[u8], most: usize, out: &mut Vec<u8>) -> Result<Done, Failure> {
        let mut used = 0;
        loop {
            let room = (most - out.len()).min(CHUNK.max(out.len()));
            let start = out.len();
            out.resize(start + room, 0);
            let step = self.inflate.run(&input[used..], &mut out[start..], SYNC_FLUSH);
            used += step.used;
            out.truncate(start + step.written);
            match step.code {
                code::STREAM_END => return Ok(Done { used, ended: true }),
                code::OK | code::BUFFER_ERROR => {
                    if out.len() >= most || step.written < room {
                        return Ok(Done { used, ended: false });
                    }
                }
                code::NEED_DICTIONARY => match &self.dictionary {
                    Some(dictionary) => {
                        let code = self.inflate.set_dictionary(dictionary);
                        if code != code::OK {
                            return Err(Failure { code, message: Some(DICTIONARY) });
                        }
                    }
                    None => return Err(Failure { code: step.code, message: None }),
                },
                code => return Err(Failure { code, message: self.inflate.message() }),
            }
        }
    }

    pub fn copy(&mut self) -> Option<Decompressor> {
        Some(Decompressor { inflate: self.inflate.copy()?, dictionary: self.dictionary.clone() })
    }
}
