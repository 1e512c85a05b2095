//! Registers: virtual ones before allocation, registers of the machine and slots of the stack frame after it.
//!
//! All kinds share one small type, so that the instructions before and after allocation are the same type, and so are
//! their text, the verifier's view of them and the tests' interpreter.

use std::fmt;

/// Which registers of the machine can hold a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// 64-bit words.
    Int,
    /// A double in the low half of an SSE register.
    Float,
}

/// Where a value is. The class is part of it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reg(u32);

/// What a `Reg` is, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A value that has no home yet.
    Virtual(u32),
    /// A register of the machine, by the number that encodes it.
    Machine(u8),
    /// A slot of the stack frame, for a value that no register was left for.
    Slot(u32),
    /// The start of the memory that the function reserves in its stack frame; only in addresses.
    Area,
}

const KIND_SHIFT: u32 = 30;
const FLOAT_BIT: u32 = 1 << 29;
const INDEX_MASK: u32 = FLOAT_BIT - 1;
const VIRTUAL: u32 = 0;
const MACHINE: u32 = 1;
const SLOT: u32 = 2;
const AREA: u32 = 3;

/// The names of the integer registers, by encoding.
const INT_NAMES: [&str; 16] = ["rax", "rcx", "rdx", "frame", "rsp", "fp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "vm"];

impl Reg {
    pub const RAX: Reg = Reg::machine(Class::Int, 0);
    pub const RCX: Reg = Reg::machine(Class::Int, 1);
    pub const RDX: Reg = Reg::machine(Class::Int, 2);
    /// `rbx`, which holds the interpreter's frame record throughout.
    pub const FRAME: Reg = Reg::machine(Class::Int, 3);
    pub const RSP: Reg = Reg::machine(Class::Int, 4);
    /// `rbp`, which points at the machine's stack frame throughout.
    pub const FRAME_POINTER: Reg = Reg::machine(Class::Int, 5);
    pub const RSI: Reg = Reg::machine(Class::Int, 6);
    pub const RDI: Reg = Reg::machine(Class::Int, 7);
    pub const R8: Reg = Reg::machine(Class::Int, 8);
    pub const R9: Reg = Reg::machine(Class::Int, 9);
    /// Free within every instruction and between them; never holds a value.
    pub const SCRATCH: Reg = Reg::machine(Class::Int, 11);
    /// `r15`, which holds the `Vm` throughout.
    pub const VM: Reg = Reg::machine(Class::Int, 15);
    pub const XMM0: Reg = Reg::machine(Class::Float, 0);
    /// As `SCRATCH`, for floats.
    pub const FLOAT_SCRATCH: Reg = Reg::machine(Class::Float, 15);
    /// The memory reserved in the stack frame.
    pub const AREA: Reg = Reg(AREA << KIND_SHIFT);

    /// The integer arguments of the C calling convention.
    pub const INT_ARGUMENTS: [Reg; 6] = [Reg::RDI, Reg::RSI, Reg::RDX, Reg::RCX, Reg::R8, Reg::R9];
    /// How many floats the C calling convention passes in registers: the first ones.
    pub const N_FLOAT_ARGUMENTS: usize = 8;
    /// Registers that a call leaves alone and that values may be allocated to.
    pub const CALLEE_SAVED: [Reg; 3] = [Reg::machine(Class::Int, 12), Reg::machine(Class::Int, 13), Reg::machine(Class::Int, 14)];

    /// One that the allocator has to find a place for.
    pub const fn virtual_reg(class: Class, index: u32) -> Reg {
        Reg(VIRTUAL << KIND_SHIFT | Reg::class_bit(class) | index)
    }

    /// One that the machine has.
    pub const fn machine(class: Class, number: u8) -> Reg {
        Reg(MACHINE << KIND_SHIFT | Reg::class_bit(class) | number as u32)
    }

    /// A place in the frame of the function.
    pub const fn slot(class: Class, index: u32) -> Reg {
        Reg(SLOT << KIND_SHIFT | Reg::class_bit(class) | index)
    }

    const fn class_bit(class: Class) -> u32 {
        match class {
            Class::Int => 0,
            Class::Float => FLOAT_BIT,
        }
    }

    /// Whether it holds words or floats.
    pub const fn class(self) -> Class {
        if self.0 & FLOAT_BIT == 0 { Class::Int } else { Class::Float }
    }

    /// What it is.
    pub const fn place(self) -> Place {
        let index = self.0 & INDEX_MASK;
        match self.0 >> KIND_SHIFT {
            VIRTUAL => Place::Virtual(index),
            MACHINE => Place::Machine(index as u8),
            SLOT => Place::Slot(index),
            _ => Place::Area,
        }
    }

    pub const fn is_virtual(self) -> bool {
        self.0 >> KIND_SHIFT == VIRTUAL
    }

    /// The number of a virtual register.
    pub const fn index(self) -> Option<usize> {
        match self.place() {
            Place::Virtual(index) => Some(index as usize),
            Place::Machine(_) | Place::Slot(_) | Place::Area => None,
        }
    }

    /// The registers that instructions may name before allocation: they hold the same value throughout.
    pub fn is_pinned(self) -> bool {
        matches!(self, Reg::VM | Reg::FRAME | Reg::FRAME_POINTER)
    }

    /// Reads what `Display` writes.
    pub fn from_name(name: &str) -> Option<Reg> {
        if name == "area" {
            return Some(Reg::AREA);
        }
        if let Some(number) = INT_NAMES.iter().position(|known| *known == name) {
            return Some(Reg::machine(Class::Int, number as u8));
        }
        let number = |text: &str, limit: u32| text.parse().ok().filter(|&number: &u32| number < limit && !text.starts_with('+'));
        if let Some(rest) = name.strip_prefix("xmm") {
            return Some(Reg::machine(Class::Float, number(rest, 16)? as u8));
        }
        if let Some(rest) = name.strip_prefix("slotf") {
            return Some(Reg::slot(Class::Float, number(rest, FLOAT_BIT)?));
        }
        if let Some(rest) = name.strip_prefix("slot") {
            return Some(Reg::slot(Class::Int, number(rest, FLOAT_BIT)?));
        }
        let rest = name.strip_prefix('%')?;
        match rest.strip_prefix('f') {
            Some(rest) => Some(Reg::virtual_reg(Class::Float, number(rest, FLOAT_BIT)?)),
            None => Some(Reg::virtual_reg(Class::Int, number(rest, FLOAT_BIT)?)),
        }
    }
}

impl fmt::Display for Reg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.place(), self.class()) {
            (Place::Virtual(index), Class::Int) => write!(f, "%{index}"),
            (Place::Virtual(index), Class::Float) => write!(f, "%f{index}"),
            (Place::Machine(number), Class::Int) => f.write_str(INT_NAMES[usize::from(number)]),
            (Place::Machine(number), Class::Float) => write!(f, "xmm{number}"),
            (Place::Slot(index), Class::Int) => write!(f, "slot{index}"),
            (Place::Slot(index), Class::Float) => write!(f, "slotf{index}"),
            (Place::Area, _) => f.write_str("area"),
        }
    }
}

impl fmt::Debug for Reg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        for class in [Class::Int, Class::Float] {
            let machine = (0..16).map(|number| Reg::machine(class, number));
            let others = [Reg::virtual_reg(class, 0), Reg::virtual_reg(class, 77), Reg::slot(class, 0), Reg::slot(class, 12)];
            for reg in machine.chain(others) {
                assert_eq!(Reg::from_name(&reg.to_string()), Some(reg));
                assert_eq!(reg.class(), class);
            }
        }
        assert_eq!(Reg::from_name("area"), Some(Reg::AREA));
        assert_eq!(Reg::from_name("xmm16"), None);
        assert_eq!(Reg::from_name("%f+1"), None);
    }

    #[test]
    fn three_registers_are_pinned() {
        let pinned: Vec<u8> = (0..16).filter(|&number| Reg::machine(Class::Int, number).is_pinned()).collect();
        assert_eq!(pinned, [3, 5, 15]);
    }
}
