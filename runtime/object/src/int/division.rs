//! Floor division of long ints.
//!
//! A quotient that fits a word is the common case among long ints of similar lengths (digits of a series, reduction of
//! fractions), and needs no long division: the leading bits give it all but exactly.

use num_bigint::{BigInt, BigUint};
use num_integer::Integer;
use num_traits::{One, ToPrimitive, Zero};

/// The quotient, rounded towards minus infinity, and the remainder, which has the divisor's sign. The divisor is not zero.
pub fn div_mod_floor(dividend: &BigInt, divisor: &BigInt) -> (BigInt, BigInt) {
    let Some((quotient, rest)) = word_quotient(dividend.magnitude(), divisor.magnitude()) else {
        return dividend.div_mod_floor(divisor);
    };
    let (quotient, rest) = (BigInt::from(quotient), BigInt::from_biguint(divisor.sign(), rest));
    match (dividend.sign() == divisor.sign(), rest.is_zero()) {
        (true, _) => (quotient, rest),
        (false, true) => (-quotient, rest),
        (false, false) => (-(quotient + BigInt::one()), divisor - rest),
    }
}

/// The quotient and the remainder, if both operands are long and the quotient has at most 61 bits.
fn word_quotient(dividend: &BigUint, divisor: &BigUint) -> Option<(u64, BigUint)> {
    const SHORTEST: u64 = 129;
    let (dividend_bits, divisor_bits) = (dividend.bits(), divisor.bits());
    if divisor_bits < SHORTEST || dividend_bits < divisor_bits || dividend_bits - divisor_bits > 60 {
        return None;
    }
    // With `d` the divisor's leading 64 bits and `n` what stands above the same place of the dividend,
    // n / (d + 1) is never above the quotient, and below it by 2 at most, as the quotient is below 2^61 and d at least 2^63.
    let place = divisor_bits - 64;
    let leading = u128::from((divisor >> place).to_u64()?);
    let mut quotient = ((dividend >> place).to_u128()? / (leading + 1)) as u64;
    let mut rest = dividend - divisor * quotient;
    while rest >= *divisor {
        rest -= divisor;
        quotient += 1;
    }
    Some((quotient, rest))
}

#[cfg(test)]
mod tests {
    use super::div_mod_floor;
    use num_bigint::{BigInt, Sign};
    use num_integer::Integer;
    use proptest::prelude::*;

    fn long_int(lengths: std::ops::Range<usize>) -> impl Strategy<Value = BigInt> {
        let digit = prop_oneof![any::<u32>(), Just(0), Just(u32::MAX)];
        (any::<bool>(), proptest::collection::vec(digit, lengths))
            .prop_map(|(negative, digits)| BigInt::from_slice(if negative { Sign::Minus } else { Sign::Plus }, &digits))
    }

    proptest! {
        #[test]
        fn agrees_with_long_division(divisor in long_int(1..20), quotient in long_int(0..4), rest in long_int(0..20)) {
            prop_assume!(divisor.sign() != Sign::NoSign);
            let dividend = &divisor * quotient + rest;
            prop_assert_eq!(div_mod_floor(&dividend, &divisor), dividend.div_mod_floor(&divisor));
        }
    }
}
