//! Sums, products and distances over iterables.

use bytecode::opcode::BinaryOp;
use num_bigint::BigInt;
use object::float::{self, FLOAT};
use object::int::{self, INT};
use object::{Object, PyResult, Ref, Vm};
use pymath::Error;

pub(super) fn fsum(vm: &mut Vm, _module: Ref<'_>, iterable: Ref<'_>) -> PyResult {
    let iterator = vm.iter(iterable)?;
    let mut values = Vec::new();
    while let Some(item) = vm.next(iterator.borrow())? {
        values.push(vm.to_float(item.borrow())?);
    }
    match pymath::math::fsum(values) {
        Ok(sum) => Ok(vm.new_float(sum)),
        Err(Error::EDOM) => Err(vm.value_error("-inf + inf in fsum")),
        Err(Error::ERANGE) => Err(vm.overflow_error("intermediate overflow in fsum")),
    }
}

pub(super) fn prod(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let mut product = args[1].map_or(Object::small_int(1), Ref::to_owned);
    let iterator = vm.iter(args[0].expect("a required argument"))?;
    while let Some(item) = vm.next(iterator.borrow())? {
        product = vm.binary(BinaryOp::Multiply, product.borrow(), item.borrow())?;
    }
    Ok(product)
}

fn is_plain_int(object: Ref<'_>) -> bool {
    object.is_exactly(&INT) || object.as_bool().is_some()
}

pub(super) fn sumprod(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let p = vm.collect(args[0].expect("a required argument"))?;
    let q = vm.collect(args[1].expect("a required argument"))?;
    if p.len() != q.len() {
        return Err(vm.value_error("Inputs are not the same length"));
    }
    // Ints at the beginning are added exactly, then pairs with a float in more than double precision; the
    // rest as Python would.
    let pairs: Vec<(Ref<'_>, Ref<'_>)> = p.iter().zip(&q).map(|(left, right)| (left.borrow(), right.borrow())).collect();
    let n_ints = pairs.iter().take_while(|(left, right)| is_plain_int(*left) && is_plain_int(*right)).count();
    let mut sum = vm.new_bigint(integer_sum(&p[..n_ints], &q[..n_ints]));
    let mut total = Total::default();
    let mut at = n_ints;
    while let Some(next) = pairs.get(at).and_then(|&(left, right)| total.plus(float_pair(left, right)?)) {
        total = next;
        at += 1;
    }
    if at > n_ints {
        let floats = vm.new_float(total.value());
        sum = vm.binary(BinaryOp::Add, sum.borrow(), floats.borrow())?;
    }
    for &(left, right) in &pairs[at..] {
        let product = vm.binary(BinaryOp::Multiply, left, right)?;
        sum = vm.binary(BinaryOp::Add, sum.borrow(), product.borrow())?;
    }
    Ok(sum)
}

/// Two floats, or a float and an int that a float can be near to.
fn float_pair(left: Ref<'_>, right: Ref<'_>) -> Option<(f64, f64)> {
    let number = |item: Ref<'_>| {
        if item.is_exactly(&FLOAT) {
            return float::value(item);
        }
        is_plain_int(item).then(|| int::to_bigint(item).and_then(|value| int::rounding::to_f64(&value))).flatten()
    };
    if !left.is_exactly(&FLOAT) && !right.is_exactly(&FLOAT) {
        return None;
    }
    Some((number(left)?, number(right)?))
}

/// The exact sum of two floats: what it rounds to, and what that is off by.
fn exact_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let part = sum - a;
    (sum, (a - (sum - part)) + (b - part))
}

/// A sum of products in three floats, after Dekker, Ogita and Rump.
#[derive(Default)]
struct Total {
    high: f64,
    low: f64,
    tiny: f64,
}

impl Total {
    /// With one more product; `None` if it is beyond what floats hold.
    fn plus(&self, (x, y): (f64, f64)) -> Option<Total> {
        let product = x * y;
        let (high, rest) = exact_sum(self.high, product);
        let (first, first_rest) = exact_sum(self.low, x.mul_add(y, -product));
        let (low, low_rest) = exact_sum(first, rest);
        high.is_finite().then_some(Total { high, low, tiny: self.tiny + first_rest + low_rest })
    }

    fn value(&self) -> f64 {
        let (last, rest) = exact_sum(self.low, self.high);
        self.tiny + rest + last
    }
}

fn integer_sum(p: &[Object], q: &[Object]) -> BigInt {
    p.iter().zip(q).fold(BigInt::ZERO, |sum, (left, right)| match (int::to_bigint(left.borrow()), int::to_bigint(right.borrow())) {
        (Some(left), Some(right)) => sum + left.into_owned() * right.into_owned(),
        _ => sum,
    })
}

fn coordinates(vm: &mut Vm, point: Ref<'_>) -> PyResult<Vec<f64>> {
    let items = vm.collect(point)?;
    let mut values = Vec::with_capacity(items.len());
    for item in items {
        values.push(vm.to_float(item.borrow())?);
    }
    Ok(values)
}

pub(super) fn dist(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let (p, q) = (args[0].expect("a required argument"), args[1].expect("a required argument"));
    let (p, q) = (vm.collect(p)?, vm.collect(q)?);
    if p.len() != q.len() {
        return Err(vm.value_error("both points must have the same number of dimensions"));
    }
    let (p, q) = (vm.new_list(p), vm.new_list(q));
    let p = coordinates(vm, p.borrow().object())?;
    let q = coordinates(vm, q.borrow().object())?;
    Ok(vm.new_float(pymath::math::dist(&p, &q)))
}

pub(super) fn hypot(vm: &mut Vm, _module: Ref<'_>, args: &[Ref<'_>]) -> PyResult {
    let mut values = Vec::with_capacity(args.len());
    for &arg in args {
        values.push(vm.to_float(arg)?);
    }
    Ok(vm.new_float(pymath::math::hypot(&values)))
}
