//! Floats as text: the codes `e`, `f`, `g` of `printf`, and `r`, the shortest text that reads back the same.

/// Flags of [`format`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Style {
    /// `#`: always a point, and `g` keeps trailing zeros.
    pub alternate: bool,
    /// `.0` after a whole number that has no exponent.
    pub add_dot_zero: bool,
    /// `-0.0` is shown as `0.0`.
    pub no_negative_zero: bool,
}

/// More digits than any float has; what follows is zeros.
const MOST_DIGITS: usize = 1100;

/// The text of a float. `code` is one of `eEfFgGr`.
pub fn format(value: f64, code: char, precision: usize, style: Style) -> String {
    if !value.is_finite() {
        let text = match (value.is_nan(), value < 0.0) {
            (true, _) => "nan",
            (_, true) => "-inf",
            _ => "inf",
        };
        return if code.is_ascii_uppercase() { text.to_uppercase() } else { text.to_owned() };
    }
    let text = match code.to_ascii_lowercase() {
        'f' => fixed(value, precision, style.alternate),
        'e' => exponential(value, precision, style.alternate),
        'g' => general(value, precision.max(1), style),
        _ => shortest(value, style),
    };
    let text = if code.is_ascii_uppercase() { text.to_uppercase() } else { text };
    if style.no_negative_zero && text.starts_with('-') && is_zero(&text) { text[1..].to_owned() } else { text }
}

fn is_zero(text: &str) -> bool {
    let mantissa = text.split(['e', 'E']).next().unwrap_or(text);
    !mantissa.bytes().any(|byte| matches!(byte, b'1'..=b'9'))
}

fn fixed(value: f64, precision: usize, alternate: bool) -> String {
    if let Some(text) = fixed_exactly(value, precision).filter(|_| !alternate) {
        return text;
    }
    let mut text = format!("{value:.*}", precision.min(MOST_DIGITS));
    text.push_str(&"0".repeat(precision.saturating_sub(MOST_DIGITS)));
    if alternate && precision == 0 {
        text.push('.');
    }
    text
}

/// The text of a number that is no multiple of a great power of two, with few decimals: the number times a power of ten
/// is rounded, half to even, in integers that hold all of it.
fn fixed_exactly(value: f64, precision: usize) -> Option<String> {
    const MOST_DECIMALS: usize = 15;
    if precision > MOST_DECIMALS {
        return None;
    }
    let bits = value.to_bits();
    let exponent = (bits >> 52 & 0x7FF) as i32;
    let fraction = bits & ((1 << 52) - 1);
    let mantissa = if exponent == 0 { fraction } else { fraction | 1 << 52 };
    // value = mantissa / 2 ** shift
    let shift = if mantissa == 0 { 1 } else { u32::try_from(1075 - exponent.max(1)).ok().filter(|shift| (1..=120).contains(shift))? };
    let scale = 10u64.pow(precision as u32);
    // Less than 2 ** 53 times 2 ** 50.
    let product = u128::from(mantissa) * u128::from(scale);
    let (quotient, rest, half) = (product >> shift, product & ((1 << shift) - 1), 1 << (shift - 1));
    let quotient = u64::try_from(quotient).ok()?;
    let rounded = quotient.checked_add(u64::from(rest > half || (rest == half && quotient % 2 == 1)))?;
    let (whole, decimals) = (i64::try_from(rounded / scale).ok()?, rounded % scale);
    let mut text = String::with_capacity(24 + precision);
    if value.is_sign_negative() {
        text.push('-');
    }
    text.push_str(object::int::text::decimal_digits(whole, &mut [0; 20]));
    if precision > 0 {
        text.push('.');
        let mut buffer = [0; 20];
        let digits = object::int::text::decimal_digits(decimals as i64, &mut buffer);
        text.push_str(&"000000000000000"[digits.len()..][..precision - digits.len()]);
        text.push_str(digits);
    }
    Some(text)
}

/// The digits, with a point after the first, and the exponent.
fn scientific(value: f64, precision: usize) -> (String, i32) {
    let text = format!("{value:.*e}", precision.min(MOST_DIGITS));
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let zeros = "0".repeat(precision.saturating_sub(MOST_DIGITS));
    (format!("{mantissa}{zeros}"), exponent.parse().unwrap_or(0))
}

fn with_exponent(mantissa: &str, exponent: i32) -> String {
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.unsigned_abs())
}

fn exponential(value: f64, precision: usize, alternate: bool) -> String {
    let (mut mantissa, exponent) = scientific(value, precision);
    if alternate && precision == 0 {
        mantissa.push('.');
    }
    with_exponent(&mantissa, exponent)
}

fn general(value: f64, precision: usize, style: Style) -> String {
    let (mantissa, exponent) = scientific(value, precision - 1);
    let limit = precision as i64 - i64::from(style.add_dot_zero);
    let has_exponent = exponent < -4 || i64::from(exponent) >= limit;
    let mut text = if has_exponent { mantissa } else { fixed(value, (precision as i64 - 1 - i64::from(exponent)).max(0) as usize, false) };
    if style.alternate {
        if !text.contains('.') {
            text.push('.');
        }
    } else if text.contains('.') {
        let len = text.trim_end_matches('0').trim_end_matches('.').len();
        text.truncate(len);
    }
    if has_exponent {
        return with_exponent(&text, exponent);
    }
    if style.add_dot_zero && !text.contains('.') {
        text.push_str(".0");
    } else if style.add_dot_zero && text.ends_with('.') {
        text.push('0');
    }
    text
}

fn shortest(value: f64, style: Style) -> String {
    let mut text = object::float::repr_without_zero(value);
    match text.find('e') {
        None if !text.contains('.') && style.add_dot_zero => text.push_str(".0"),
        None if !text.contains('.') && style.alternate => text.push('.'),
        Some(at) if style.alternate && !text.contains('.') => text.insert(at, '.'),
        _ => {}
    }
    text
}
