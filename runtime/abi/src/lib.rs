//! What compiled code and the runtime must agree on: how a value is encoded in a word, what a heap
//! object starts with, and how big the pages of the heap are.
//!
//! The runtime's own types are checked against these numbers where they are declared.
#![forbid(unsafe_code)]

/// The encoding of a value in one 64-bit word.
///
/// ```text
/// …iii1   a 63-bit int, shifted left by one
/// …ff10   a float with an exponent in the common range, its bits rotated
/// …cc100  None, False, True, NotImplemented, Ellipsis
/// …000    a pointer to a heap object, aligned to 16 bytes
/// 0       nothing: "an exception is set", or "absent"
/// ```
pub mod tag {
    /// Set in every int held in the word itself.
    pub const INT: u64 = 0b1;
    /// The two low bits of a float held in the word itself.
    pub const FLOAT: u64 = 0b10;
    pub const FLOAT_MASK: u64 = 0b11;
    /// The three low bits of a constant.
    pub const CONSTANT: u64 = 0b100;
    pub const CONSTANT_MASK: u64 = 0b111;
    /// A word with none of these bits set is a pointer.
    pub const IMMEDIATE_MASK: u64 = 0b111;

    pub const NONE: u64 = 0x04;
    pub const FALSE: u64 = 0x14;
    pub const TRUE: u64 = 0x24;
    pub const NOT_IMPLEMENTED: u64 = 0x34;
    pub const ELLIPSIS: u64 = 0x44;

    /// The least and greatest int held in a word.
    pub const INT_MIN: i64 = i64::MIN >> 1;
    pub const INT_MAX: i64 = i64::MAX >> 1;
    /// What is added to the bits of a float, and by how many bits the sum is rotated to the left then, to give the word.
    pub const FLOAT_BIAS: u64 = 1 << 60;
    pub const FLOAT_ROTATION: u32 = 3;
    /// The word of the float 0.0; by the rule it would be that of 2^-255, which is on the heap.
    pub const FLOAT_ZERO: u64 = 0b10;
}

/// The 16 bytes every heap object starts with.
pub mod header {
    /// Offset of the reference count, 32 bits.
    pub const REFCOUNT: usize = 0;
    /// Offset of the shape id, 32 bits.
    pub const SHAPE: usize = 4;
    /// Offset of the pointer to the type.
    pub const TYPE: usize = 8;
    pub const SIZE: usize = 16;
    /// Set in the count of an object that is never freed; such a count is never written to.
    pub const IMMORTAL: u32 = 0x8000_0000;
}

/// The heap's segments; see the module `heap` of the object crate.
pub mod heap {
    /// Objects are aligned to this many bytes, and each granule has a byte in the side table.
    pub const GRANULE: usize = 16;
    /// A segment is this big and aligned to its size.
    pub const SEGMENT: usize = 1 << 20;
}
