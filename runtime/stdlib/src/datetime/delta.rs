//! `timedelta`: a length of time, exact to the microsecond.

use bytecode::opcode::{BinaryOp, Comparison};
use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::{Signed, ToPrimitive, Zero};
use object::call::{Args, bind_args};
use object::float;
use object::int;
use object::native::{PayloadInfo, flag};
use object::protocol::ordering_satisfies;
use object::tuple::Tuple;
use object::{Getset, Member, Method, Object, Payload, PyResult, Ref, RefOf, Slots, Type, TypeSpec, Vm, exception, method};

/// The payload of a `timedelta`.
pub struct Delta {
    pub days: i32,
    /// 0 to 86399.
    pub seconds: i32,
    /// 0 to 999999.
    pub microseconds: i32,
}

impl Payload for Delta {
    fn class() -> &'static Type {
        &DELTA
    }
}

pub const SECOND: i128 = 1_000_000;
pub const DAY: i128 = 86_400 * SECOND;
const MAX_DAYS: i128 = 999_999_999;

impl Delta {
    /// The length in microseconds.
    pub fn total(&self) -> i128 {
        i128::from(self.days) * DAY + i128::from(self.seconds) * SECOND + i128::from(self.microseconds)
    }
}

/// `datetime.timedelta`
pub static DELTA: Type = Type::new(&DELTA_SPEC);
static DELTA_SPEC: TypeSpec = TypeSpec {
    name: "datetime.timedelta",
    doc: "Difference between two datetime values.\n\ntimedelta(days=0, seconds=0, microseconds=0, milliseconds=0, minutes=0, hours=0, weeks=0)\n\nAll arguments are optional and default to 0.\nArguments may be integers or floats, and may be positive or negative.",
    flags: flag::BASE_TYPE,
    payload: PayloadInfo::leaf::<Delta>(),
    slots: Slots {
        new: Some(new),
        repr: Some(repr),
        str: Some(|vm, this| Ok(vm.new_str(&text(delta(this))).into_object())),
        hash: Some(hash),
        compare: Some(compare),
        add: Some(|vm, left, right| sum(vm, left, right, 1)),
        subtract: Some(|vm, left, right| sum(vm, left, right, -1)),
        multiply: Some(multiply),
        true_divide: Some(true_divide),
        floor_divide: Some(floor_divide),
        remainder: Some(remainder),
        negative: Some(|vm, this| make(vm, -delta(this).total())),
        positive: Some(|vm, this| make(vm, delta(this).total())),
        absolute: Some(|vm, this| make(vm, delta(this).total().abs())),
        bool: Some(|_, this| Ok(delta(this).total() != 0)),
        ..Slots::NONE
    },
    methods: METHODS,
    members: &[
        Member(Getset::readonly("days", "Number of days.", |vm, this| Ok(vm.new_int(delta(this).days.into())))),
        Member(Getset::readonly("seconds", "Number of seconds (>= 0 and less than 1 day).", |vm, this| Ok(vm.new_int(delta(this).seconds.into())))),
        Member(Getset::readonly("microseconds", "Number of microseconds (>= 0 and less than 1 second).", |vm, this| {
            Ok(vm.new_int(delta(this).microseconds.into()))
        })),
    ],
    ..TypeSpec::DEFAULT
};

const METHODS: &[Method] = &[
    method!(Unary total_seconds "($self, /)", "Total seconds in the duration."),
    method!(Unary reduce as "__reduce__" "($self, /)", "__reduce__() -> (cls, state)"),
    method!(Binary div_mod as "__divmod__" "($self, value, /)", "Return divmod(self, value)."),
    method!(Binary reverse_div_mod as "__rdivmod__" "($self, value, /)", "Return divmod(value, self)."),
];

pub fn delta(object: Ref<'_>) -> &Delta {
    object.downcast::<Delta>().expect("the method belongs to timedeltas").get()
}

/// The length of a `timedelta`; `None` for anything else.
pub fn total_of(object: Ref<'_>) -> Option<i128> {
    object.downcast::<Delta>().map(|delta| delta.total())
}

fn normalized(vm: &mut Vm, total: i128) -> PyResult<Delta> {
    let days = total.div_euclid(DAY);
    if days.abs() > MAX_DAYS {
        return Err(match i32::try_from(days) {
            Ok(_) => vm.overflow_error(format!("days={days}; must have magnitude <= 999999999")),
            Err(_) => vm.overflow_error("Python int too large to convert to C int"),
        });
    }
    let rest = total.rem_euclid(DAY);
    Ok(Delta { days: days as i32, seconds: (rest / SECOND) as i32, microseconds: (rest % SECOND) as i32 })
}

/// A new `timedelta` of so many microseconds.
pub fn make(vm: &mut Vm, total: i128) -> PyResult {
    let delta = normalized(vm, total)?;
    Ok(vm.allocate(delta).into_object())
}

fn make_big(vm: &mut Vm, total: &BigInt) -> PyResult {
    match total.to_i128() {
        Some(total) => make(vm, total),
        None => Err(vm.overflow_error("Python int too large to convert to C int")),
    }
}

fn new(vm: &mut Vm, class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    let mut bound = [const { None }; 7];
    bind_args(vm, "__new__", "(days=0, seconds=0, microseconds=0, milliseconds=0, minutes=0, hours=0, weeks=0)", args, &mut bound)?;
    const UNITS: [(&str, usize, i64); 7] = [
        ("microseconds", 2, 1),
        ("milliseconds", 3, 1000),
        ("seconds", 1, 1_000_000),
        ("minutes", 4, 60_000_000),
        ("hours", 5, 3_600_000_000),
        ("days", 0, 86_400_000_000),
        ("weeks", 6, 604_800_000_000),
    ];
    let mut total = BigInt::ZERO;
    let mut leftover = 0.0;
    for (name, position, unit) in UNITS {
        if let Some(value) = &bound[position] {
            accumulate(vm, name, value.borrow(), unit, &mut total, &mut leftover)?;
        }
    }
    if leftover != 0.0 {
        total += rounded(leftover, total.is_odd());
    }
    let delta = match total.to_i128() {
        Some(total) => normalized(vm, total)?,
        None => return Err(vm.overflow_error("Python int too large to convert to C int")),
    };
    Ok(vm.allocate_in(class.get(), delta))
}

/// Rounds what is left of floats; halfway cases make the whole even.
fn rounded(leftover: f64, odd: bool) -> i64 {
    let whole = leftover.round();
    if (whole - leftover).abs() != 0.5 {
        return whole as i64;
    }
    let odd = f64::from(u8::from(odd));
    (2.0 * ((leftover + odd) * 0.5).round() - odd) as i64
}

fn accumulate(vm: &mut Vm, name: &str, value: Ref<'_>, unit: i64, total: &mut BigInt, leftover: &mut f64) -> PyResult<()> {
    if let Some(value) = int::to_bigint(value) {
        *total += value.as_ref() * unit;
        return Ok(());
    }
    let Some(value) = float::value(value) else {
        return Err(vm.type_error(format!("unsupported type for timedelta {name} component: {}", value.class().full_name())));
    };
    let whole = int::from_f64(vm, value.trunc())?;
    if let Some(whole) = int::to_bigint(whole.borrow()) {
        *total += whole.as_ref() * unit;
    }
    let fraction = value.fract();
    if fraction != 0.0 {
        let scaled = fraction * unit as f64;
        *total += scaled.trunc() as i64;
        *leftover += scaled.fract();
    }
    Ok(())
}

fn repr(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let own = delta(this);
    let parts: Vec<String> = [("days", own.days), ("seconds", own.seconds), ("microseconds", own.microseconds)]
        .iter()
        .filter(|(_, value)| *value != 0)
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let shown = if parts.is_empty() { "0".to_owned() } else { parts.join(", ") };
    Ok(vm.new_str(&format!("{}({shown})", this.class().full_name())).into_object())
}

fn text(delta: &Delta) -> String {
    let mut text = String::new();
    if delta.days != 0 {
        let plural = if delta.days.abs() == 1 { "" } else { "s" };
        text = format!("{} day{plural}, ", delta.days);
    }
    text += &format!("{}:{:02}:{:02}", delta.seconds / 3600, delta.seconds / 60 % 60, delta.seconds % 60);
    if delta.microseconds != 0 {
        text += &format!(".{:06}", delta.microseconds);
    }
    text
}

fn state(vm: &Vm, this: Ref<'_>) -> Object {
    let own = delta(this);
    vm.new_tuple([own.days, own.seconds, own.microseconds].map(|value| Object::small_int(value.into()))).into_object()
}

fn hash(vm: &mut Vm, this: Ref<'_>) -> PyResult<i64> {
    let state = state(vm, this);
    vm.hash(state.borrow())
}

fn reduce(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let state = state(vm, this);
    Ok(vm.new_tuple([this.class().to_object(), state]).into_object())
}

fn compare(_vm: &mut Vm, left: Ref<'_>, right: Ref<'_>, op: Comparison) -> PyResult {
    let Some(other) = total_of(right) else {
        return Ok(Object::not_implemented());
    };
    Ok(Object::bool(ordering_satisfies(delta(left).total().cmp(&other), op)))
}

fn sum(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>, sign: i128) -> PyResult {
    match (total_of(left), total_of(right)) {
        (Some(a), Some(b)) => make(vm, a + sign * b),
        _ => Ok(Object::not_implemented()),
    }
}

/// The quotient nearest to the exact one, even if there are two.
fn nearest_quotient(dividend: &BigInt, divisor: &BigInt) -> BigInt {
    let (quotient, rest) = dividend.div_mod_floor(divisor);
    let twice: BigInt = &rest * 2;
    let up = match twice.magnitude().cmp(divisor.magnitude()) {
        std::cmp::Ordering::Greater => true,
        std::cmp::Ordering::Equal => quotient.is_odd(),
        std::cmp::Ordering::Less => false,
    };
    if up { quotient + 1 } else { quotient }
}

/// A float as a ratio of integers.
fn ratio(vm: &mut Vm, value: Ref<'_>) -> PyResult<(BigInt, BigInt)> {
    let pair = vm.call_method(value, "as_integer_ratio", &[])?;
    let Some(items) = pair.borrow().downcast::<Tuple>() else {
        let class = pair.borrow().class().full_name().to_owned();
        return Err(vm.type_error(format!("unexpected return type from as_integer_ratio(): expected tuple, not '{class}'")));
    };
    let &[numerator, denominator] = items.items() else {
        return Err(vm.value_error("as_integer_ratio() must return a 2-tuple"));
    };
    match (int::to_bigint(numerator), int::to_bigint(denominator)) {
        (Some(numerator), Some(denominator)) => Ok((numerator.into_owned(), denominator.into_owned())),
        _ => Err(vm.type_error("unsupported operand type(s) for as_integer_ratio(): expected ints")),
    }
}

fn multiply(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>) -> PyResult {
    let (own, factor) = if left.downcast::<Delta>().is_some() { (left, right) } else { (right, left) };
    let total = BigInt::from(delta(own).total());
    if let Some(factor) = int::to_bigint(factor) {
        return make_big(vm, &(total * factor.as_ref()));
    }
    if float::value(factor).is_none() {
        return Ok(Object::not_implemented());
    }
    let (numerator, denominator) = ratio(vm, factor)?;
    make_big(vm, &nearest_quotient(&(total * numerator), &denominator))
}

fn zero_division(vm: &mut Vm) -> object::Raised {
    vm.raise(&exception::ZERO_DIVISION_ERROR, "division by zero")
}

fn true_divide(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>) -> PyResult {
    let Some(total) = total_of(left) else {
        return Ok(Object::not_implemented());
    };
    if let Some(divisor) = total_of(right) {
        let (a, b) = (vm.new_bigint(total.into()), vm.new_bigint(divisor.into()));
        return vm.binary(BinaryOp::TrueDivide, a.borrow(), b.borrow());
    }
    let (factor, divisor) = match int::to_bigint(right) {
        Some(divisor) => (BigInt::from(1), divisor.into_owned()),
        None if float::value(right).is_some() => {
            let (numerator, denominator) = ratio(vm, right)?;
            (denominator, numerator)
        }
        None => return Ok(Object::not_implemented()),
    };
    if divisor.is_zero() {
        return Err(zero_division(vm));
    }
    let (dividend, divisor) = if divisor.is_negative() { (-factor * total, -divisor) } else { (factor * total, divisor) };
    make_big(vm, &nearest_quotient(&dividend, &divisor))
}

fn floor_divide(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>) -> PyResult {
    let Some(total) = total_of(left) else {
        return Ok(Object::not_implemented());
    };
    if let Some(divisor) = total_of(right) {
        if divisor == 0 {
            return Err(zero_division(vm));
        }
        return Ok(vm.new_bigint(Integer::div_floor(&total, &divisor).into()));
    }
    let Some(divisor) = int::to_bigint(right) else {
        return Ok(Object::not_implemented());
    };
    if divisor.is_zero() {
        return Err(zero_division(vm));
    }
    make_big(vm, &BigInt::from(total).div_floor(&divisor))
}

fn remainder(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>) -> PyResult {
    match (total_of(left), total_of(right)) {
        (Some(_), Some(0)) => Err(zero_division(vm)),
        (Some(a), Some(b)) => make(vm, Integer::mod_floor(&a, &b)),
        _ => Ok(Object::not_implemented()),
    }
}

fn divide_modulo(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>) -> PyResult {
    match (total_of(left), total_of(right)) {
        (Some(_), Some(0)) => Err(zero_division(vm)),
        (Some(a), Some(b)) => {
            let (quotient, rest) = Integer::div_mod_floor(&a, &b);
            let pair = [vm.new_bigint(quotient.into()), make(vm, rest)?];
            Ok(vm.new_tuple(pair).into_object())
        }
        _ => Ok(Object::not_implemented()),
    }
}

fn div_mod(vm: &mut Vm, this: Ref<'_>, other: Ref<'_>) -> PyResult {
    divide_modulo(vm, this, other)
}

fn reverse_div_mod(vm: &mut Vm, this: Ref<'_>, other: Ref<'_>) -> PyResult {
    divide_modulo(vm, other, this)
}

fn total_seconds(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let total = vm.new_bigint(delta(this).total().into());
    vm.binary(BinaryOp::TrueDivide, total.borrow(), Object::small_int(1_000_000).borrow())
}
