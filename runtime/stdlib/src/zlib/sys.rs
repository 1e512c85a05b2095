//! The streams of `libz-rs-sys` as owned values. The crate below it, `zlib-rs`, has safe ones, which cannot be copied.

use libz_rs_sys as library;
use std::ffi::CStr;

/// What the library returns.
pub mod code {
    pub const OK: i32 = 0;
    pub const STREAM_END: i32 = 1;
    pub const NEED_DICTIONARY: i32 = 2;
    pub const BUFFER_ERROR: i32 = -5;
}

/// What one call did.
pub struct Step {
    pub code: i32,
    /// Bytes of input that were used.
    pub used: usize,
    /// Bytes of output that were written.
    pub written: usize,
}

const STREAM_SIZE: i32 = size_of::<library::z_stream>() as i32;

/// A stream on the heap, where the library expects it to stay.
struct Stream(Box<library::z_stream>);

impl Stream {
    fn new() -> Stream {
        Stream(Box::default())
    }

    /// Points the stream at input and output, runs a function of the library, and counts.
    fn step(&mut self, input: &[u8], out: &mut [u8], run: impl FnOnce(*mut library::z_stream) -> i32) -> Step {
        let (available, room) = (u32::try_from(input.len()).unwrap_or(u32::MAX), u32::try_from(out.len()).unwrap_or(u32::MAX));
        let stream = &mut *self.0;
        (stream.next_in, stream.avail_in) = (input.as_ptr(), available);
        (stream.next_out, stream.avail_out) = (out.as_mut_ptr(), room);
        let code = run(stream);
        let step = Step { code, used: (available - stream.avail_in) as usize, written: (room - stream.avail_out) as usize };
        // The stream does not outlive its hold on the slices.
        (stream.next_in, stream.avail_in) = (EMPTY.as_ptr(), 0);
        stream.avail_out = 0;
        step
    }

    /// The library's words for the last error.
    fn message(&self) -> Option<&'static str> {
        if self.0.msg.is_null() {
            return None;
        }
        // SAFETY: the library's messages are constants that end with a zero byte.
        unsafe { CStr::from_ptr(self.0.msg) }.to_str().ok()
    }
}

static EMPTY: [u8; 1] = [0];

/// A stream that compresses.
pub struct Deflate(Stream);

impl Deflate {
    /// `None` if the library refuses the options.
    pub fn new(level: i32, window_bits: i32, memory: i32, strategy: i32) -> Option<Deflate> {
        let mut stream = Stream::new();
        const DEFLATED: i32 = 8;
        // SAFETY: the stream is initial, and the version and the size are the library's own.
        let code =
            unsafe { library::deflateInit2_(&mut *stream.0, level, DEFLATED, window_bits, memory, strategy, library::zlibVersion(), STREAM_SIZE) };
        (code == code::OK).then_some(Deflate(stream))
    }

    pub fn run(&mut self, input: &[u8], out: &mut [u8], flush: i32) -> Step {
        // SAFETY: the stream is initialised, and its input and output are slices that live.
        self.0.step(input, out, |stream| unsafe { library::deflate(stream, flush) })
    }

    pub fn set_dictionary(&mut self, dictionary: &[u8]) -> i32 {
        let len = u32::try_from(dictionary.len()).unwrap_or(u32::MAX);
        // SAFETY: the stream is initialised; the library reads no more than the slice.
        unsafe { library::deflateSetDictionary(&mut *self.0.0, dictionary.as_ptr(), len) }
    }

    pub fn message(&self) -> Option<&'static str> {
        self.0.message()
    }

    /// Another stream in the same state; `None` if there is no memory for it.
    pub fn copy(&mut self) -> Option<Deflate> {
        let mut copy = Stream::new();
        // SAFETY: the source is initialised; the library initialises the other one if it succeeds.
        let code = unsafe { library::deflateCopy(&mut *copy.0, &mut *self.0.0) };
        (code == code::OK).then_some(Deflate(copy))
    }
}

impl Drop for Deflate {
    fn drop(&mut self) {
        // SAFETY: the stream is initialised, and not used again.
        unsafe { library::deflateEnd(&mut *self.0.0) };
    }
}

/// A stream that decompresses.
pub struct Inflate(Stream);

impl Inflate {
    /// `None` if the library refuses the window size.
    pub fn new(window_bits: i32) -> Option<Inflate> {
        let mut stream = Stream::new();
        // SAFETY: as for `Deflate::new`.
        let code = unsafe { library::inflateInit2_(&mut *stream.0, window_bits, library::zlibVersion(), STREAM_SIZE) };
        (code == code::OK).then_some(Inflate(stream))
    }

    pub fn run(&mut self, input: &[u8], out: &mut [u8], flush: i32) -> Step {
        // SAFETY: as for `Deflate::run`.
        self.0.step(input, out, |stream| unsafe { library::inflate(stream, flush) })
    }

    pub fn set_dictionary(&mut self, dictionary: &[u8]) -> i32 {
        let len = u32::try_from(dictionary.len()).unwrap_or(u32::MAX);
        // SAFETY: as for `Deflate::set_dictionary`.
        unsafe { library::inflateSetDictionary(&mut *self.0.0, dictionary.as_ptr(), len) }
    }

    pub fn message(&self) -> Option<&'static str> {
        self.0.message()
    }

    /// Another stream in the same state; `None` if there is no memory for it.
    pub fn copy(&mut self) -> Option<Inflate> {
        let mut copy = Stream::new();
        // The library wants to know where output goes, although it writes none.
        self.0.0.next_out = EMPTY.as_ptr().cast_mut();
        // SAFETY: the source is initialised; the library initialises the other one if it succeeds.
        let code = unsafe { library::inflateCopy(&mut *copy.0, &*self.0.0) };
        (code == code::OK).then_some(Inflate(copy))
    }
}

impl Drop for Inflate {
    fn drop(&mut self) {
        // SAFETY: the stream is initialised, and not used again.
        unsafe { library::inflateEnd(&mut *self.0.0) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_goes_on_from_where_the_original_is() {
        let mut first = Deflate::new(6, 15, 8, 0).unwrap();
        let mut out = [0; 100];
        assert_eq!(first.run(b"scoria ", &mut out, 0).written, 2);
        let mut second = first.copy().unwrap();
        let mut ends = [[0; 100]; 2];
        let steps = [first.run(b"one", &mut ends[0], 4), second.run(b"two", &mut ends[1], 4)];
        for (step, (end, expected)) in steps.iter().zip(ends.iter().zip([b"scoria one", b"scoria two"])) {
            assert_eq!(step.code, code::STREAM_END);
            let packed = [&out[..2], &end[..step.written]].concat();
            let mut text = [0; 100];
            let done = Inflate::new(15).unwrap().run(&packed, &mut text, 2);
            assert_eq!(&text[..done.written], expected);
        }
    }
}
