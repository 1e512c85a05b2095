//! What a pickler has written: bytes, in frames from protocol 4 on.

use super::opcode;

/// Frames end at the first instruction after this many bytes; longer data are written outside of frames.
pub const FRAME_SIZE_TARGET: usize = 64 * 1024;
/// A frame shorter than this is not worth its header.
const FRAME_SIZE_MIN: usize = 4;
/// The opcode and eight bytes of length.
const FRAME_HEADER: usize = 9;

#[derive(Default)]
pub struct Output {
    pub bytes: Vec<u8>,
    pub framing: bool,
    /// Where the header of the open frame goes.
    frame_start: Option<usize>,
}

/// What there is room for at first.
const FIRST_BYTES: usize = 256;

impl Output {
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.bytes.reserve(FIRST_BYTES);
        self.frame_start = None;
    }

    #[inline(always)]
    pub fn write(&mut self, data: &[u8]) {
        if self.framing && self.frame_start.is_none() {
            self.begin_frame();
        }
        self.bytes.extend_from_slice(data);
    }

    #[cold]
    fn begin_frame(&mut self) {
        self.frame_start = Some(self.bytes.len());
        self.bytes.extend_from_slice(&[0; FRAME_HEADER]);
    }

    /// Ends the open frame: fills its header in, or takes it away if the frame is too short.
    pub fn commit_frame(&mut self) {
        let Some(start) = self.frame_start.take() else { return };
        let length = self.bytes.len() - start - FRAME_HEADER;
        if length >= FRAME_SIZE_MIN {
            self.bytes[start] = opcode::FRAME;
            self.bytes[start + 1..start + FRAME_HEADER].copy_from_slice(&(length as u64).to_le_bytes());
        } else {
            self.bytes.drain(start..start + FRAME_HEADER);
        }
    }

    /// Whether the open frame is long enough to be ended.
    #[inline]
    pub fn frame_is_full(&self) -> bool {
        self.frame_start.is_some_and(|start| self.bytes.len() - start - FRAME_HEADER >= FRAME_SIZE_TARGET)
    }
}
