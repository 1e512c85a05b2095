//! Coders run over slices of input, with output that grows.

use zlib_rs::{Deflate, DeflateConfig, DeflateError, DeflateFlush, Inflate, InflateError, InflateFlush, Status, Strategy};

pub const NO_FLUSH: i32 = 0;
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
    let strategy = match strategy {
        0 => Strategy::Default,
        1 => Strategy::Filtered,
        2 => Strategy::HuffmanOnly,
        3 => Strategy::Rle,
        4 => Strategy::Fixed,
        _ => return None,
    };
    if !window_is_valid || !(-1..=9).contains(&level) || !(1..=9).contains(&mem_level) {
        return None;
    }
    let config = DeflateConfig { level, window_bits, mem_level, strategy, ..DeflateConfig::default() };
    Some(Compressor(Deflate::new_with_config(config)))
}

impl Compressor {
    pub fn set_dictionary(&mut self, dictionary: &[u8]) -> bool {
        self.0.set_dictionary(dictionary).is_ok()
    }

    /// Compresses all of the input.
    pub fn run(&mut self, mut input: &[u8], flush: i32, out: &mut Vec<u8>) -> Result<(), Failure> {
        let Ok(flush) = DeflateFlush::try_from(flush) else {
            return Err(Failure { code: -2, message: None });
        };
        let mut chunk = vec![0; CHUNK];
        loop {
            let (in_before, out_before) = (self.0.total_in(), self.0.total_out());
            let status = self.0.compress(input, &mut chunk, flush);
            let written = (self.0.total_out() - out_before) as usize;
            input = &input[(self.0.total_in() - in_before) as usize..];
            out.extend_from_slice(&chunk[..written]);
            match status {
                Ok(Status::StreamEnd) => return Ok(()),
                Ok(Status::Ok) if written == chunk.len() || !input.is_empty() || flush == DeflateFlush::Finish => {}
                Ok(Status::Ok | Status::BufError) => return Ok(()),
                Err(error) => {
                    let code = match error {
                        DeflateError::StreamError => -2,
                        DeflateError::DataError => -3,
                        DeflateError::MemError => -4,
                    };
                    return Err(Failure { code, message: self.0.error_message() });
                }
            }
        }
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
    if !matches!(window_bits, 0 | 8..=15 | -15..=-8 | 24..=31 | 32 | 40..=47) {
        return None;
    }
    let raw = window_bits < 0;
    let mut inflate = Inflate::new(!raw, window_bits.unsigned_abs() as u8);
    let dictionary = dictionary.filter(|dictionary| !dictionary.is_empty());
    if raw && let Some(dictionary) = &dictionary {
        inflate.set_dictionary(dictionary).ok()?;
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
            let (in_before, out_before) = (self.inflate.total_in(), self.inflate.total_out());
            let status = self.inflate.decompress(&input[used..], &mut out[start..], InflateFlush::SyncFlush);
            let written = (self.inflate.total_out() - out_before) as usize;
            used += (self.inflate.total_in() - in_before) as usize;
            out.truncate(start + written);
            match status {
                Ok(Status::StreamEnd) => return Ok(Done { used, ended: true }),
                Ok(Status::Ok | Status::BufError) => {
                    if out.len() >= most || written < room {
                        return Ok(Done { used, ended: false });
                    }
                }
                Err(InflateError::NeedDict { .. }) => match &self.dictionary {
                    Some(dictionary) => {
                        if self.inflate.set_dictionary(dictionary).is_err() {
                            return Err(Failure { code: -3, message: Some(DICTIONARY) });
                        }
                    }
                    None => return Err(Failure { code: 2, message: None }),
                },
                Err(error) => {
                    let code = match error {
                        InflateError::NeedDict { .. } => 2,
                        InflateError::StreamError => -2,
                        InflateError::DataError => -3,
                        InflateError::MemError => -4,
                    };
                    return Err(Failure { code, message: self.inflate.error_message() });
                }
            }
        }
    }
}
