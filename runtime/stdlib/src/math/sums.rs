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
    let all = || p.iter().chain(&q).map(Object::borrow);
    if all().all(is_plain_int) {
        return Ok(vm.new_bigint(integer_sum(&p, &q)));
    }
    if all().all(|item| is_plain_int(item) || item.is_exactly(&FLOAT))
        && let (Some(p), Some(q)) = (floats(&p), floats(&q))
        && let sum = float_sum_of_products(&p, &q)
        && sum.is_finite()
    {
        return Ok(vm.new_float(sum));
    }
    let mut sum = Object::small_int(0);
    for (left, right) in p.iter().zip(&q) {
        let product = vm.binary(BinaryOp::Multiply, left.borrow(), right.borrow())?;
        sum = vm.binary(BinaryOp::Add, sum.borrow(), product.borrow())?;
    }
    Ok(sum)
}

/// The exact sum of two floats: what it rounds to, and what that is off by.
fn exact_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let part = sum - a;
    (sum, (a - (sum - part)) + (b - part))
}

/// The sum of products with three floats for the total, after Dekker, Ogita and Rump.
fn float_sum_of_products(p: &[f64], q: &[f64]) -> f64 {
    let (mut high, mut low, mut tiny) = (0.0, 0.0, 0.0);
    for (&x, &y) in p.iter().zip(q) {
        let product = x * y;
        let (sum, rest) = exact_sum(high, product);
        let (first, first_rest) = exact_sum(low, x.mul_add(y, -product));
        let (second, second_rest) = exact_sum(first, rest);
        (high, low, tiny) = (sum, second, tiny + first_rest + second_rest);
    }
    let (last, rest) = exact_sum(low, high);
    tiny + rest + last
}

fn integer_sum(p: &[Object], q: &[Object]) -> BigInt {
    p.iter().zip(q).fold(BigInt::ZERO, |sum, (left, right)| match (int::to_bigint(left.borrow()), int::to_bigint(right.borrow())) {
        (Some(left), Some(right)) => sum + left.into_owned() * right.into_owned(),
        _ => sum,
    })
}

fn floats(items: &[Object]) -> Option<Vec<f64>> {
    items
        .iter()
        .map(|item| float::value(item.borrow()).or_else(|| int::to_bigint(item.borrow()).and_then(|value| int::rounding::to_f64(&value))))
        .collect()
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
