//! The functions of `math` that work on ints.

use num_bigint::{BigInt, BigUint};
use num_integer::Integer;
use num_traits::{One, Signed, ToPrimitive, Zero};
use object::{Object, PyResult, Ref, Vm, int};

/// An argument as an exact int's value.
fn argument(vm: &mut Vm, object: Ref<'_>) -> PyResult<BigInt> {
    let index = vm.index(object)?;
    Ok(int::to_bigint(index.borrow()).map(|value| value.into_owned()).unwrap_or_default())
}

/// The product of the whole numbers from `low` to `high`, in halves so that factors stay balanced.
fn range_product(low: u64, high: u64) -> BigUint {
    if low > high {
        return BigUint::one();
    }
    if high - low < 16 {
        let mut product = BigUint::one();
        let mut part = 1u64;
        for factor in low..=high {
            match part.checked_mul(factor) {
                Some(value) => part = value,
                None => {
                    product *= part;
                    part = factor;
                }
            }
        }
        return product * part;
    }
    let middle = low + (high - low) / 2;
    range_product(low, middle) * range_product(middle + 1, high)
}

/// `n * (n - 1) * ...`, `k` factors.
fn falling(n: &BigInt, k: u64) -> BigInt {
    if let Some(n) = n.to_u64() {
        return BigInt::from(range_product(n - k + 1, n));
    }
    fn product(n: &BigInt, from: u64, to: u64) -> BigInt {
        if to - from <= 8 {
            return (from..to).fold(BigInt::one(), |product, step| product * (n - step));
        }
        let middle = from + (to - from) / 2;
        product(n, from, middle) * product(n, middle, to)
    }
    product(n, 0, k)
}

pub(super) fn factorial(vm: &mut Vm, _module: Ref<'_>, n: Ref<'_>) -> PyResult {
    let n = argument(vm, n)?;
    let result = factorial_of(vm, &n)?;
    Ok(vm.new_bigint(result))
}

fn factorial_of(vm: &mut Vm, n: &BigInt) -> PyResult<BigInt> {
    if n.is_negative() {
        return Err(vm.value_error("factorial() not defined for negative values"));
    }
    match n.to_i64() {
        Some(n) => Ok(BigInt::from(range_product(2, n as u64))),
        None => Err(vm.overflow_error(format!("factorial() argument should not exceed {}", i64::MAX))),
    }
}

fn check_non_negative(vm: &mut Vm, name: &str, value: &BigInt) -> PyResult<()> {
    if value.is_negative() { Err(vm.value_error(format!("{name} must be a non-negative integer"))) } else { Ok(()) }
}

pub(super) fn perm(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let n = argument(vm, args[0].expect("a required argument"))?;
    let Some(k) = args[1].filter(|k| !k.is_none()) else {
        let result = factorial_of(vm, &n)?;
        return Ok(vm.new_bigint(result));
    };
    let k = argument(vm, k)?;
    check_non_negative(vm, "n", &n)?;
    check_non_negative(vm, "k", &k)?;
    if k > n {
        return Ok(Object::small_int(0));
    }
    match k.to_i64() {
        Some(k) => Ok(vm.new_bigint(falling(&n, k as u64))),
        None => Err(vm.overflow_error(format!("k must not exceed {}", i64::MAX))),
    }
}

pub(super) fn comb(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let n = argument(vm, args[0].expect("a required argument"))?;
    let k = argument(vm, args[1].expect("a required argument"))?;
    check_non_negative(vm, "n", &n)?;
    check_non_negative(vm, "k", &k)?;
    if k > n {
        return Ok(Object::small_int(0));
    }
    let k = k.clone().min(&n - k);
    let Some(k) = k.to_i64() else {
        return Err(vm.overflow_error(format!("min(n - k, k) must not exceed {}", i64::MAX)));
    };
    let result = falling(&n, k as u64) / BigInt::from(range_product(2, k as u64));
    Ok(vm.new_bigint(result))
}

pub(super) fn gcd(vm: &mut Vm, _module: Ref<'_>, args: &[Ref<'_>]) -> PyResult {
    let mut result = BigInt::zero();
    for &arg in args {
        result = result.gcd(&argument(vm, arg)?);
    }
    Ok(vm.new_bigint(result))
}

pub(super) fn lcm(vm: &mut Vm, _module: Ref<'_>, args: &[Ref<'_>]) -> PyResult {
    let mut result = BigInt::one();
    for &arg in args {
        let value = argument(vm, arg)?;
        result = if result.is_zero() { result } else { result.lcm(&value) };
    }
    Ok(vm.new_bigint(result.abs()))
}

pub(super) fn isqrt(vm: &mut Vm, _module: Ref<'_>, n: Ref<'_>) -> PyResult {
    let n = argument(vm, n)?;
    if n.is_negative() {
        return Err(vm.value_error("isqrt() argument must be nonnegative"));
    }
    Ok(vm.new_bigint(n.sqrt()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_agree_with_plain_loops() {
        for n in 0..60u64 {
            let plain = (1..=n).fold(BigUint::one(), |product, factor| product * factor);
            assert_eq!(range_product(2, n), plain);
            for k in 0..=n {
                let expected = BigInt::from(plain.clone() / range_product(2, n - k));
                assert_eq!(falling(&BigInt::from(n), k), expected);
            }
        }
        let huge = BigInt::one() << 70;
        assert_eq!(falling(&huge, 3), &huge * (&huge - 1) * (&huge - 2));
    }
}
