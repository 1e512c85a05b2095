//! The encoding of one instruction: 64 bits, opcode in the low byte, a 32-bit operand in the high half.
//!
//! All instructions have this one width, so there is no `EXTENDED_ARG`, and a jump's operand is
//! simply the index of the instruction it goes to. Bits 8 to 31 are zero in compiled code; the
//! interpreter's private copies use them.

use crate::opcode::Opcode;

/// One instruction.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[repr(transparent)]
pub struct Instr(pub u64);

impl Instr {
    /// An instruction with operand `arg` (0 where the opcode takes none).
    pub const fn new(opcode: Opcode, arg: u32) -> Instr {
        Instr(opcode as u64 | (arg as u64) << 32)
    }

    /// An instruction with two 16-bit operands, as [`Opcode::LoadFastLoadFast`] has.
    pub const fn pair(opcode: Opcode, first: u16, second: u16) -> Instr {
        Instr::new(opcode, (first as u32) << 16 | second as u32)
    }

    /// The opcode's number, which need not name an opcode if the instruction came from outside.
    pub const fn opcode_byte(self) -> u8 {
        self.0 as u8
    }

    /// The opcode, or `None` if the byte names none.
    pub const fn opcode(self) -> Option<Opcode> {
        Opcode::from_u8(self.0 as u8)
    }

    pub const fn arg(self) -> u32 {
        (self.0 >> 32) as u32
    }

    /// The two operands of a pair instruction.
    pub const fn arg_pair(self) -> (u16, u16) {
        ((self.0 >> 48) as u16, (self.0 >> 32) as u16)
    }

    #[must_use]
    pub const fn with_arg(self, arg: u32) -> Instr {
        Instr(self.0 & 0xffff_ffff | (arg as u64) << 32)
    }
}

impl std::fmt::Debug for Instr {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.opcode() {
            Some(opcode) => write!(f, "{} {}", opcode.name(), self.arg()),
            None => write!(f, "<{}> {}", self.opcode_byte(), self.arg()),
        }
    }
}
