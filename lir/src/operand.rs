//! What an instruction works on: registers, immediates, memory, addresses of runtime things; and which of these a position accepts.

use crate::reg::Reg;
use std::fmt;

/// Something outside of the code whose address is known when code is emitted; an index of a `SymbolTable`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SymbolId(pub u32);

/// What the index of an address is multiplied by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scale {
    One,
    Two,
    Four,
    Eight,
}

impl Scale {
    pub const ALL: [Scale; 4] = [Scale::One, Scale::Two, Scale::Four, Scale::Eight];

    /// How far an index is shifted.
    pub const fn shift(self) -> u8 {
        self as u8
    }

    /// What an index is multiplied by.
    pub const fn factor(self) -> u32 {
        1 << self.shift()
    }

    /// The scale that multiplies by so much.
    pub fn from_factor(factor: u64) -> Option<Scale> {
        Scale::ALL.into_iter().find(|scale| u64::from(scale.factor()) == factor)
    }
}

/// `[base + index * scale + offset]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Address {
    pub base: Reg,
    index: Option<Index>,
    pub offset: i32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Index {
    reg: Reg,
    scale: Scale,
}

impl Address {
    /// So far from what a register points to.
    pub const fn new(base: Reg, offset: i32) -> Address {
        Address { base, index: None, offset }
    }

    /// The same with an index.
    pub const fn indexed(base: Reg, index: Reg, scale: Scale, offset: i32) -> Address {
        Address { base, index: Some(Index { reg: index, scale }), offset }
    }

    /// The index, if there is one.
    pub fn index(&self) -> Option<(Reg, Scale)> {
        self.index.map(|index| (index.reg, index.scale))
    }

    /// Calls `visit` for the base and the index.
    pub fn for_each_reg_mut(&mut self, visit: &mut dyn FnMut(&mut Reg)) {
        visit(&mut self.base);
        if let Some(index) = &mut self.index {
            visit(&mut index.reg);
        }
    }
}

/// What an instruction works on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operand {
    Reg(Reg),
    Imm(i64),
    Mem(Address),
    /// The address of the symbol.
    Symbol(SymbolId),
}

impl Operand {
    /// The register, if it is one.
    pub fn reg(self) -> Option<Reg> {
        match self {
            Operand::Reg(reg) => Some(reg),
            Operand::Imm(_) | Operand::Mem(_) | Operand::Symbol(_) => None,
        }
    }

    /// The number, if it is one.
    pub fn imm(self) -> Option<i64> {
        match self {
            Operand::Imm(imm) => Some(imm),
            Operand::Reg(_) | Operand::Mem(_) | Operand::Symbol(_) => None,
        }
    }

    /// The place, if it is one in memory.
    pub fn mem(self) -> Option<Address> {
        match self {
            Operand::Mem(address) => Some(address),
            Operand::Reg(_) | Operand::Imm(_) | Operand::Symbol(_) => None,
        }
    }

    /// Calls `visit` for each register: the operand itself, or the parts of its address.
    pub fn for_each_reg(&self, visit: &mut dyn FnMut(Reg)) {
        let mut copy = *self;
        copy.for_each_reg_mut(&mut |reg| visit(*reg));
    }

    pub fn for_each_reg_mut(&mut self, visit: &mut dyn FnMut(&mut Reg)) {
        match self {
            Operand::Reg(reg) => visit(reg),
            Operand::Mem(address) => address.for_each_reg_mut(visit),
            Operand::Imm(_) | Operand::Symbol(_) => (),
        }
    }
}

impl From<Reg> for Operand {
    fn from(reg: Reg) -> Self {
        Operand::Reg(reg)
    }
}

impl From<Address> for Operand {
    fn from(address: Address) -> Self {
        Operand::Mem(address)
    }
}

impl From<i64> for Operand {
    fn from(imm: i64) -> Self {
        Operand::Imm(imm)
    }
}

impl From<i32> for Operand {
    fn from(imm: i32) -> Self {
        Operand::Imm(i64::from(imm))
    }
}

impl From<SymbolId> for Operand {
    fn from(symbol: SymbolId) -> Self {
        Operand::Symbol(symbol)
    }
}

/// Which operands a position accepts, as a set of kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Form(u8);

impl Form {
    const REG: u8 = 1;
    const IMM32: u8 = 2;
    const MEM: u8 = 4;
    const IMM64: u8 = 8;
    const SYMBOL: u8 = 16;
    /// The register may be spilled: the machine can read the value where it is.
    const SLOT: u8 = 32;

    pub const R: Form = Form(Form::REG);
    pub const M: Form = Form(Form::MEM);
    /// A 32-bit immediate, sign-extended to the operation's width.
    pub const I: Form = Form(Form::IMM32);
    pub const RI: Form = Form(Form::REG | Form::IMM32);
    pub const RM: Form = Form(Form::REG | Form::MEM | Form::SLOT);
    pub const RIM: Form = Form(Form::REG | Form::IMM32 | Form::MEM | Form::SLOT);
    /// Any immediate.
    pub const W: Form = Form(Form::IMM32 | Form::IMM64);
    pub const S: Form = Form(Form::SYMBOL);
    /// What a call can be given: it puts constants into registers itself.
    pub const RWS: Form = Form(Form::REG | Form::IMM32 | Form::IMM64 | Form::SYMBOL | Form::SLOT);
    /// What a call can go to.
    pub const RMS: Form = Form(Form::REG | Form::MEM | Form::SYMBOL);

    /// Whether an operand is of a form that fits.
    pub const fn accepts(self, operand: Operand) -> bool {
        let kind = match operand {
            Operand::Reg(_) => Form::REG,
            Operand::Imm(imm) if imm == imm as i32 as i64 => Form::IMM32,
            Operand::Imm(_) => Form::IMM64,
            Operand::Mem(_) => Form::MEM,
            Operand::Symbol(_) => Form::SYMBOL,
        };
        self.0 & kind != 0
    }

    pub const fn accepts_slot(self) -> bool {
        self.0 & Form::SLOT != 0
    }

    pub const fn accepts_mem(self) -> bool {
        self.0 & Form::MEM != 0
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}", self.base)?;
        if let Some((index, scale)) = self.index() {
            write!(f, "+{index}*{}", scale.factor())?;
        }
        if self.offset != 0 {
            write!(f, "{:+}", self.offset)?;
        }
        f.write_str("]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operands_are_small() {
        assert!(size_of::<Operand>() <= 24);
    }

    #[test]
    fn immediates_have_two_sizes() {
        assert!(Form::RI.accepts(Operand::Imm(-1)));
        assert!(Form::RI.accepts(Operand::Imm(0x7fff_ffff)));
        assert!(!Form::RI.accepts(Operand::Imm(0x8000_0000)));
        assert!(Form::W.accepts(Operand::Imm(i64::MIN)));
    }
}
