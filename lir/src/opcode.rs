//! The instructions, declared once: the role, class and form of every operand, and the facts about the whole.
//!
//! Allocation, text, verification, peepholes and emission read these rows. Flags of the machine never live between two
//! instructions, because the allocator puts moves there: an instruction that needs flags makes them itself. So there is a
//! family for each use of flags (`…Set`, `…Select`, `…Jump`, `Guard…`) and a member for each way of making them.

use crate::condition::Width;
use crate::operand::Form;
use crate::reg::{Class, Reg};

/// What an instruction does with an operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Written at the end, when the uses have been read.
    Def,
    /// Written in place: the register of the first use.
    Reuse,
    /// Read at the start.
    Use,
    /// Read to the end: shares no register with what is written.
    Late,
}

/// One operand of a row.
#[derive(Clone, Copy, Debug)]
pub struct Slot {
    pub name: &'static str,
    pub role: Role,
    pub class: Class,
    pub form: Form,
    /// The one register that will do, of operands that are registers.
    pub fixed: Option<Reg>,
}

impl Slot {
    /// Whether the instruction writes it.
    pub const fn is_def(&self) -> bool {
        matches!(self.role, Role::Def | Role::Reuse)
    }
}

/// Which conditions go with an instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conditions {
    None,
    /// Of the flags.
    Flags,
    /// Of two floats.
    Floats,
}

/// How many edges leave a block that ends in the instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edges {
    /// The instruction does not end a block.
    Inside,
    Zero,
    One,
    /// Taken when the condition holds, and taken when it does not.
    Two,
    Many,
}

/// What an instruction does beside writing its results.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// Nothing: it may be removed, repeated and moved.
    Pure,
    /// It depends on memory.
    Reads,
    /// It writes memory.
    Writes,
    /// It may leave the function or do anything else.
    Leaves,
}

/// What is true of all instructions of an opcode.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    pub widths: &'static [Width],
    pub conditions: Conditions,
    pub edges: Edges,
    pub effect: Effect,
    /// It has an exit, and records the values that the exit needs.
    pub exits: bool,
    /// More operands than the row says follow, under rules of the opcode's own.
    pub variadic: bool,
}

const W64: &[Width] = &[Width::W64];
const WIDE: &[Width] = &[Width::W32, Width::W64];
const NARROW: &[Width] = &[Width::W8, Width::W16, Width::W32];
const ANY: &[Width] = &Width::ALL;

macro_rules! fact {
    ($facts:ident any) => {
        $facts.widths = ANY
    };
    ($facts:ident wide) => {
        $facts.widths = WIDE
    };
    ($facts:ident narrow) => {
        $facts.widths = NARROW
    };
    ($facts:ident flags) => {
        $facts.conditions = Conditions::Flags
    };
    ($facts:ident floats) => {
        $facts.conditions = Conditions::Floats
    };
    ($facts:ident zero) => {
        $facts.edges = Edges::Zero
    };
    ($facts:ident one) => {
        $facts.edges = Edges::One
    };
    ($facts:ident two) => {
        $facts.edges = Edges::Two
    };
    ($facts:ident many) => {
        $facts.edges = Edges::Many
    };
    ($facts:ident reads) => {
        $facts.effect = Effect::Reads
    };
    ($facts:ident writes) => {
        $facts.effect = Effect::Writes
    };
    ($facts:ident leaves) => {
        $facts.effect = Effect::Leaves
    };
    ($facts:ident exits) => {
        $facts.exits = true;
        $facts.effect = Effect::Leaves
    };
    ($facts:ident variadic) => {
        $facts.variadic = true
    };
}

macro_rules! fixed {
    () => {
        None
    };
    ($Fixed:ident) => {
        Some(Reg::$Fixed)
    };
}

macro_rules! define_lir {
    ($( $(#[$doc:meta])* $Name:ident( $($slot:ident: $Role:ident $Class:ident $Form:ident $(@ $Fixed:ident)?),* ) $($fact:ident)*; )*) => {
        /// What an instruction does.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Opcode { $( $(#[$doc])* $Name, )* }

        impl Opcode {
            pub const ALL: &[Opcode] = &[$(Opcode::$Name),*];

            pub const fn name(self) -> &'static str {
                match self { $(Opcode::$Name => stringify!($Name)),* }
            }

            /// The operands every instruction of this opcode has: definitions first, then uses.
            pub const fn slots(self) -> &'static [Slot] {
                match self { $(Opcode::$Name => &[
                    $(Slot {
                        name: stringify!($slot), role: Role::$Role, class: Class::$Class, form: Form::$Form, fixed: fixed!($($Fixed)?),
                    }),*
                ]),* }
            }

            /// The row of the table.
            pub const fn facts(self) -> &'static Facts {
                match self { $(Opcode::$Name => const {
                    #[allow(unused_mut, reason = "rows without facts")]
                    let mut facts = Facts {
                        widths: W64, conditions: Conditions::None, edges: Edges::Inside, effect: Effect::Pure, exits: false, variadic: false,
                    };
                    $(fact!(facts $fact);)*
                    &{ facts }
                }),* }
            }
        }
    };
}

define_lir! {
    /// `dst = src`.
    Move(dst: Def Int R, src: Use Int R);
    MoveFloat(dst: Def Float R, src: Use Float R);
    LoadImm(dst: Def Int R, value: Use Int W);
    /// The value is the double's bits.
    LoadFloatImm(dst: Def Float R, bits: Use Int W);
    LoadAddress(dst: Def Int R, symbol: Use Int S);

    /// Clears the bits of the register that it does not load.
    Load(dst: Def Int R, memory: Use Int M) any reads;
    /// Copies the sign to the bits of the register that it does not load.
    LoadSigned(dst: Def Int R, memory: Use Int M) narrow reads;
    Store(memory: Use Int M, src: Use Int RI) any writes;
    LoadFloat(dst: Def Float R, memory: Use Int M) reads;
    StoreFloat(memory: Use Int M, src: Use Float R) writes;
    /// The address itself; also a sum that leaves its operands alone.
    Lea(dst: Def Int R, memory: Use Int M);

    ZeroExtend(dst: Def Int R, src: Use Int RM) narrow;
    SignExtend(dst: Def Int R, src: Use Int RM) narrow;

    Add(dst: Reuse Int R, left: Use Int R, right: Use Int RIM) any;
    Sub(dst: Reuse Int R, left: Use Int R, right: Use Int RIM) any;
    And(dst: Reuse Int R, left: Use Int R, right: Use Int RIM) any;
    Or(dst: Reuse Int R, left: Use Int R, right: Use Int RIM) any;
    Xor(dst: Reuse Int R, left: Use Int R, right: Use Int RIM) any;
    Mul(dst: Reuse Int R, left: Use Int R, right: Use Int RIM) wide;
    Neg(dst: Reuse Int R, src: Use Int R) any;
    Not(dst: Reuse Int R, src: Use Int R) any;
    /// Shifts and rotates by the count modulo the width; modulo 32 of narrower ones.
    Shl(dst: Reuse Int R, src: Use Int R, count: Use Int RI @ RCX) any;
    Shr(dst: Reuse Int R, src: Use Int R, count: Use Int RI @ RCX) any;
    Sar(dst: Reuse Int R, src: Use Int R, count: Use Int RI @ RCX) any;
    Rol(dst: Reuse Int R, src: Use Int R, count: Use Int RI @ RCX) any;
    Ror(dst: Reuse Int R, src: Use Int R, count: Use Int RI @ RCX) any;
    /// The whole product of two signed numbers.
    MulWide(low: Def Int R @ RAX, high: Def Int R @ RDX, left: Use Int R @ RAX, right: Use Int RM) wide;
    MulWideUnsigned(low: Def Int R @ RAX, high: Def Int R @ RDX, left: Use Int R @ RAX, right: Use Int RM) wide;
    /// Rounds towards zero. The machine traps at a divisor of zero, and where the quotient does not fit.
    Divide(quotient: Def Int R @ RAX, remainder: Def Int R @ RDX, dividend: Use Int R @ RAX, divisor: Late Int RM) wide leaves;
    DivideUnsigned(quotient: Def Int R @ RAX, remainder: Def Int R @ RDX, dividend: Use Int R @ RAX, divisor: Late Int RM) wide leaves;

    AddMemory(memory: Use Int M, src: Use Int RI) any writes;
    SubMemory(memory: Use Int M, src: Use Int RI) any writes;
    AndMemory(memory: Use Int M, src: Use Int RI) any writes;
    OrMemory(memory: Use Int M, src: Use Int RI) any writes;

    /// Counts a reference: adds 1 to the 32 bits at the address unless they are negative, or there is no address: if the word has a bit of `unless` that is in
    /// [`UNLESS_TAGGED`], or is zero and `unless` has [`UNLESS_NULL`].
    Incref(word: Use Int R, unless: Use Int I) writes;

    FloatAdd(dst: Reuse Float R, left: Use Float R, right: Use Float RM);
    FloatSub(dst: Reuse Float R, left: Use Float R, right: Use Float RM);
    FloatMul(dst: Reuse Float R, left: Use Float R, right: Use Float RM);
    FloatDiv(dst: Reuse Float R, left: Use Float R, right: Use Float RM);
    FloatSqrt(dst: Def Float R, src: Use Float RM);
    FloatNegate(dst: Reuse Float R, src: Use Float R);
    FloatAbsolute(dst: Reuse Float R, src: Use Float R);
    /// From a signed number of the width.
    IntToFloat(dst: Def Float R, src: Use Int RM) wide;
    /// Rounds towards zero; the least number of the width where that does not fit.
    FloatToInt(dst: Def Int R, src: Use Float RM) wide;
    BitsToFloat(dst: Def Float R, src: Use Int RM);
    FloatToBits(dst: Def Int R, src: Use Float RM);

    /// 1 if the condition holds of the comparison, else 0.
    CompareSet(dst: Def Int R, left: Use Int RM, right: Use Int RIM) any flags;
    /// The flags are those of `left & right`.
    TestSet(dst: Def Int R, left: Use Int RM, right: Use Int RI) any flags;
    /// The bit, counted modulo the width, is the flag of `b`.
    BitSet(dst: Def Int R, value: Use Int R, bit: Use Int RI) wide flags;
    FloatCompareSet(dst: Def Int R, left: Use Float R, right: Use Float RM) floats;
    /// All 64 bits of one of two values; the width is the comparison's.
    CompareSelect(dst: Reuse Int R, if_not: Use Int R, if_so: Use Int R, left: Use Int RM, right: Use Int RIM) any flags;
    TestSelect(dst: Reuse Int R, if_not: Use Int R, if_so: Use Int R, left: Use Int RM, right: Use Int RI) any flags;

    /// Goes to the first edge if the condition holds, else to the second.
    CompareJump(left: Use Int RM, right: Use Int RIM) any flags two;
    TestJump(left: Use Int RM, right: Use Int RI) any flags two;
    BitJump(value: Use Int R, bit: Use Int RI) wide flags two;
    FloatCompareJump(left: Use Float R, right: Use Float RM) floats two;
    AddJump(dst: Reuse Int R, left: Use Int R, right: Use Int RIM) wide flags two;
    SubJump(dst: Reuse Int R, left: Use Int R, right: Use Int RIM) wide flags two;
    /// Only the overflow flag is defined.
    MulJump(dst: Reuse Int R, left: Use Int R, right: Use Int RIM) wide flags two;
    NegJump(dst: Reuse Int R, src: Use Int R) wide flags two;
    AddMemoryJump(memory: Use Int M, src: Use Int RI) any flags two writes;
    SubMemoryJump(memory: Use Int M, src: Use Int RI) any flags two writes;
    /// Gives a reference up, counted as by `Incref`: goes to the first edge if it was the last one, else to the second.
    Decref(word: Use Int R, unless: Use Int I) two writes;
    Branch() one;
    /// Goes to the edge with the number of the index, unsigned; to the last if it is too big.
    Switch(index: Use Int R) many;
    /// The first block's end: each edge is an entry of the function, with an id of its own. It has no code.
    EntrySwitch() many;

    /// Goes on if the condition holds, else leaves by the exit.
    GuardCompare(left: Use Int RM, right: Use Int RIM) any flags exits;
    GuardTest(left: Use Int RM, right: Use Int RI) any flags exits;
    GuardBit(value: Use Int R, bit: Use Int RI) wide flags exits;
    GuardFloatCompare(left: Use Float R, right: Use Float RM) floats exits;
    /// Leaves with the operands as they were before.
    GuardAdd(dst: Reuse Int R, left: Use Int R, right: Use Int RIM) wide flags exits;
    GuardSub(dst: Reuse Int R, left: Use Int R, right: Use Int RIM) wide flags exits;
    /// Only the overflow flag is defined.
    GuardMul(dst: Reuse Int R, left: Use Int R, right: Use Int RIM) wide flags exits;
    GuardNeg(dst: Reuse Int R, src: Use Int R) wide flags exits;
    /// Nothing, until it is overwritten with a jump to the exit.
    Patchpoint() exits;

    /// The C arguments from the third on; at the start of an entry. The first two are the `Vm` and the frame record.
    Arguments() variadic leaves;
    /// By the C calling convention: results (one or two ints, or a float), the target, arguments, then what the safepoint records.
    Call(target: Use Int RMS) variadic leaves;

    /// Leaves the function with up to two ints or one float.
    Return() variadic zero leaves;
    /// Leaves by the exit, always.
    Exit() zero exits;
    /// The machine traps: what the compiler knows not to happen.
    Trap() leaves;
    Unreachable() zero leaves;
}

/// Of `Incref` and `Decref`: bits of a word that is no address ...
pub const UNLESS_TAGGED: i64 = 7;
/// ... and this bit, where the word may be zero.
pub const UNLESS_NULL: i64 = 8;

impl Opcode {
    /// The opcode with a name, of the text form.
    pub fn from_name(name: &str) -> Option<Opcode> {
        Opcode::ALL.iter().copied().find(|opcode| opcode.name() == name)
    }

    /// Whether it is the last of a block.
    pub const fn ends_block(self) -> bool {
        !matches!(self.facts().edges, Edges::Inside)
    }

    /// Records values: at its exit, or at the safepoint that a call is.
    pub const fn records(self) -> bool {
        self.facts().exits || matches!(self, Opcode::Call)
    }

    /// How many leading operands of the row are definitions.
    pub fn n_defs(self) -> usize {
        self.slots().iter().filter(|slot| slot.is_def()).count()
    }

    /// Whether the use, if it is a register, must be a value: pinned registers are not written, nor moved elsewhere.
    pub fn needs_value(self, index: usize) -> bool {
        let (slots, n_defs) = (self.slots(), self.n_defs());
        let in_place = index == 0 && slots.first().is_some_and(|slot| slot.role == Role::Reuse);
        in_place || slots.get(n_defs + index).is_some_and(|slot| slot.fixed.is_some() || slot.role == Role::Late)
    }

    /// Whether operands of the two uses may be swapped, whatever the condition.
    pub const fn commutes(self) -> bool {
        use Opcode::*;
        matches!(self, Add | And | Or | Xor | Mul | AddJump | MulJump | GuardAdd | GuardMul | FloatAdd | FloatMul)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definitions_lead_every_row() {
        for opcode in Opcode::ALL {
            let slots = opcode.slots();
            assert!(slots.iter().skip(opcode.n_defs()).all(|slot| !slot.is_def()), "{}", opcode.name());
            assert_eq!(Opcode::from_name(opcode.name()), Some(*opcode));
        }
    }

    #[test]
    fn what_is_written_in_place_has_its_first_use_in_a_register() {
        for opcode in Opcode::ALL {
            let slots = opcode.slots();
            let Some(place) = slots.iter().position(|slot| slot.role == Role::Reuse) else { continue };
            let first = slots[opcode.n_defs()];
            assert_eq!(place, 0, "{}", opcode.name());
            assert_eq!((first.class, first.form, first.role), (slots[0].class, Form::R, Role::Use), "{}", opcode.name());
        }
    }

    #[test]
    fn conditions_go_with_flags() {
        for opcode in Opcode::ALL {
            let facts = opcode.facts();
            let named = ["Set", "Select", "Jump"].iter().any(|suffix| opcode.name().ends_with(suffix)) || opcode.name().starts_with("Guard");
            assert_eq!(facts.conditions != Conditions::None, named, "{}", opcode.name());
        }
    }

    #[test]
    fn one_operand_at_most_is_wider_than_a_register_and_an_address() {
        for opcode in Opcode::ALL {
            assert!(opcode.slots().iter().filter(|slot| slot.form.accepts_mem()).count() <= 2, "{}", opcode.name());
        }
    }
}
