//! Widths of operations, and the conditions that instructions test.

use std::fmt;

/// How many bits an operation works on. An 8- or 16-bit result leaves the other bits of the register as they were, a 32-bit
/// result clears them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Width {
    W8,
    W16,
    W32,
    W64,
}

impl Width {
    pub const ALL: [Width; 4] = [Width::W8, Width::W16, Width::W32, Width::W64];

    /// How many bits it has.
    pub const fn bits(self) -> u32 {
        8 << self as u32
    }

    /// How many bytes it has.
    pub const fn bytes(self) -> u32 {
        self.bits() / 8
    }

    /// All its bits.
    pub const fn mask(self) -> u64 {
        u64::MAX >> (64 - self.bits())
    }

    /// The width of so many bits.
    pub fn from_bits(bits: u32) -> Option<Width> {
        Width::ALL.into_iter().find(|width| width.bits() == bits)
    }

    /// The value's low bits, as a signed number.
    pub const fn sign_extend(self, value: u64) -> i64 {
        let unused = 64 - self.bits();
        (value << unused) as i64 >> unused
    }
}

macro_rules! define_conditions {
    ($( $(#[$doc:meta])* $Name:ident = $text:literal, $inverse:ident; )*) => {
        /// A condition of the flags, in the order of their encoding, and of a comparison of two floats.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Condition { $( $(#[$doc])* $Name, )* }

        impl Condition {
            pub const ALL: &[Condition] = &[$(Condition::$Name),*];

            pub const fn name(self) -> &'static str {
                match self { $(Condition::$Name => $text),* }
            }

            /// The condition that holds when this one does not.
            pub const fn inverse(self) -> Condition {
                match self { $(Condition::$Name => Condition::$inverse),* }
            }
        }
    };
}

define_conditions! {
    Overflow = "o", NoOverflow;
    NoOverflow = "no", Overflow;
    /// Unsigned.
    Below = "b", AboveEqual;
    /// Unsigned.
    AboveEqual = "ae", Below;
    Equal = "e", NotEqual;
    NotEqual = "ne", Equal;
    /// Unsigned.
    BelowEqual = "be", Above;
    /// Unsigned.
    Above = "a", BelowEqual;
    Sign = "s", NoSign;
    NoSign = "ns", Sign;
    Parity = "p", NoParity;
    NoParity = "np", Parity;
    /// Signed.
    Less = "l", GreaterEqual;
    /// Signed.
    GreaterEqual = "ge", Less;
    /// Signed.
    LessEqual = "le", Greater;
    /// Signed.
    Greater = "g", LessEqual;
    FloatEqual = "feq", FloatNotEqual;
    /// Also holds of two floats of which one is not a number.
    FloatNotEqual = "fne", FloatEqual;
    FloatLess = "flt", FloatNotLess;
    FloatNotLess = "fnlt", FloatLess;
    FloatLessEqual = "fle", FloatNotLessEqual;
    FloatNotLessEqual = "fnle", FloatLessEqual;
    FloatGreater = "fgt", FloatNotGreater;
    FloatNotGreater = "fngt", FloatGreater;
    FloatGreaterEqual = "fge", FloatNotGreaterEqual;
    FloatNotGreaterEqual = "fnge", FloatGreaterEqual;
    FloatOrdered = "ford", FloatUnordered;
    FloatUnordered = "funo", FloatOrdered;
}

impl Condition {
    /// Whether it compares floats.
    pub fn is_float(self) -> bool {
        self >= Condition::FloatEqual
    }

    /// The condition with a name, of the text form.
    pub fn from_name(name: &str) -> Option<Condition> {
        Condition::ALL.iter().copied().find(|condition| condition.name() == name)
    }

    /// The condition that holds of `right, left` when this one holds of `left, right`; of conditions of a comparison only.
    pub fn swapped(self) -> Option<Condition> {
        Some(match self {
            Condition::Equal | Condition::NotEqual => self,
            Condition::Below => Condition::Above,
            Condition::Above => Condition::Below,
            Condition::BelowEqual => Condition::AboveEqual,
            Condition::AboveEqual => Condition::BelowEqual,
            Condition::Less => Condition::Greater,
            Condition::Greater => Condition::Less,
            Condition::LessEqual => Condition::GreaterEqual,
            Condition::GreaterEqual => Condition::LessEqual,
            _ => return None,
        })
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inverses_are_inverse_and_names_are_read_back() {
        for &condition in Condition::ALL {
            assert_ne!(condition.inverse(), condition);
            assert_eq!(condition.inverse().inverse(), condition);
            assert_eq!(condition.inverse().is_float(), condition.is_float());
            assert_eq!(Condition::from_name(condition.name()), Some(condition));
        }
    }

    #[test]
    fn narrow_values_are_extended() {
        assert_eq!(Width::W8.sign_extend(0x1ff), -1);
        assert_eq!(Width::W64.sign_extend(u64::MAX), -1);
        assert_eq!(Width::W16.mask(), 0xffff);
    }
}
