//! What an encoding is: steps that encode or decode one character, with a state of eight bytes between them.

use object::str::StrBuilder;

/// What an encoding remembers between characters; Python sees it as a number.
pub type State = [u8; 8];

/// Why a step could not be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// So many characters or bytes are wrong.
    Illegal(usize),
    /// The input ends too early.
    Incomplete,
    /// The state is none that the encoding knows.
    Internal,
}

/// Whether more text may follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// More follows: a character that may be the first of a pair waits for it.
    More,
    /// Nothing waits.
    Flush,
    /// Nothing waits, and the encoding returns to its initial state.
    Reset,
}

/// How many characters or bytes a step used.
pub type Step = Result<usize, Stop>;

/// An encoding.
pub struct Codec {
    pub name: &'static str,
    /// Encodes what is at the start of the text, which is not empty.
    pub encode: fn(&mut State, &[u32], Ending, &mut Vec<u8>) -> Step,
    /// Decodes what is at the start of the data, which is not empty.
    pub decode: fn(&mut State, &[u8], &mut StrBuilder) -> Step,
    /// The state an encoder starts with.
    pub encoder_state: State,
    /// The state a decoder starts with.
    pub decoder_state: State,
    /// Writes what leads an encoder back to the initial state.
    pub reset_encoder: Option<fn(&mut State, &mut Vec<u8>)>,
    /// Leads a decoder back to the initial state.
    pub reset_decoder: Option<fn(&mut State)>,
}

impl Codec {
    /// An encoding without a state.
    pub const fn stateless(
        name: &'static str,
        encode: fn(&mut State, &[u32], Ending, &mut Vec<u8>) -> Step,
        decode: fn(&mut State, &[u8], &mut StrBuilder) -> Step,
    ) -> Codec {
        Codec { name, encode, decode, encoder_state: [0; 8], decoder_state: [0; 8], reset_encoder: None, reset_decoder: None }
    }
}

/// The byte at `index`, if the data go on so far.
pub fn byte(data: &[u8], index: usize) -> Result<u8, Stop> {
    data.get(index).copied().ok_or(Stop::Incomplete)
}

/// Writes the bytes of one character.
pub fn put(out: &mut Vec<u8>, bytes: &[u8]) -> Step {
    out.extend_from_slice(bytes);
    Ok(1)
}

/// Writes one character, of so many bytes.
pub fn show(out: &mut StrBuilder, code_point: u32, used: usize) -> Step {
    out.push(code_point);
    Ok(used)
}
