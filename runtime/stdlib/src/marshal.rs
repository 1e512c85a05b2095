//! `marshal`: Python values as bytes, in CPython's format.

/// The magic number of our compiled files. Its low half is far from every number CPython and PyPy
/// have used; the high half is `\r\n`, which a transfer in text mode would damage.
pub const PYC_MAGIC: u32 = 0x0a0d_5c01;
