//! `format(decimal, spec)`: the format mini-language for decimals.

use super::context;
use super::number::{Kind, Number};
use super::object::number;
use super::settings::{Rounding, Settings, Status};
use object::dict::Dict;
use object::str::Str;
use object::{PyResult, Ref, Vm, exception};

/// How digits are grouped and the point is written.
struct Style {
    point: String,
    separator: String,
    /// Sizes of groups from the right; the last repeats unless followed by `NO_MORE`.
    grouping: Vec<u8>,
}

/// Ends grouping.
const NO_MORE: u8 = 127;

struct Spec {
    fill: char,
    align: char,
    sign: char,
    no_negative_zero: bool,
    alternate: bool,
    zero_pad: bool,
    width: usize,
    separator: Option<char>,
    precision: Option<i64>,
    fraction_separator: Option<char>,
    code: Option<char>,
}

/// Reads digits as a number; too large a number is as good as none.
fn take_number(rest: &mut &[char]) -> Option<Result<usize, ()>> {
    let length = rest.iter().take_while(|character| object::int::digits::decimal_digit(**character as u32).is_some()).count();
    if length == 0 {
        return None;
    }
    let (digits, after) = rest.split_at(length);
    *rest = after;
    let value = digits.iter().try_fold(0usize, |value, &character| {
        let digit = object::int::digits::decimal_digit(character as u32)?;
        value.checked_mul(10)?.checked_add(usize::from(digit)).filter(|&value| value <= i32::MAX as usize)
    });
    Some(value.ok_or(()))
}

fn take(rest: &mut &[char], wanted: &[char]) -> Option<char> {
    let first = rest.first().copied().filter(|first| wanted.contains(first))?;
    *rest = &rest[1..];
    Some(first)
}

impl Spec {
    fn parse(text: &str) -> Option<Spec> {
        const ALIGNS: &[char] = &['<', '>', '=', '^'];
        let characters: Vec<char> = text.chars().collect();
        let mut rest = characters.as_slice();
        let (fill, align) = match rest {
            [fill, align, ..] if ALIGNS.contains(align) => {
                rest = &rest[2..];
                (Some(*fill), Some(*align))
            }
            _ => (None, take(&mut rest, ALIGNS)),
        };
        let sign = take(&mut rest, &['-', '+', ' ']).unwrap_or('-');
        let no_negative_zero = take(&mut rest, &['z']).is_some();
        let alternate = take(&mut rest, &['#']).is_some();
        let zero_pad = take(&mut rest, &['0']).is_some();
        if zero_pad && align.is_some() {
            return None;
        }
        let width = take_number(&mut rest).unwrap_or(Ok(0)).ok()?;
        let separator = take(&mut rest, &[',', '_']);
        let (mut precision, mut fraction_separator) = (None, None);
        if take(&mut rest, &['.']).is_some() {
            precision = take_number(&mut rest).transpose().ok()?;
            fraction_separator = take(&mut rest, &[',', '_']);
            if precision.is_none() && fraction_separator.is_none() {
                return None;
            }
        }
        let code = take(&mut rest, &['e', 'E', 'f', 'F', 'g', 'G', 'n', 'N', '%']);
        if !rest.is_empty() || matches!(code, Some('n' | 'N')) && separator.is_some() {
            return None;
        }
        Some(Spec {
            fill: fill.unwrap_or(' '),
            align: align.unwrap_or('>'),
            sign,
            no_negative_zero,
            alternate,
            zero_pad,
            width,
            separator,
            precision: precision.map(|precision| precision as i64),
            fraction_separator,
            code,
        })
    }
}

/// `Decimal.__format__(spec[, override])`; the override stands in for the locale.
pub fn format(vm: &mut Vm, this: Ref<'_>, args: &[Ref<'_>]) -> PyResult {
    if args.is_empty() || args.len() > 2 {
        let plural = if args.is_empty() { "at least 1 argument" } else { "at most 2 arguments" };
        return Err(vm.type_error(format!("__format__ expected {plural}, got {}", args.len())));
    }
    let Some(text) = args[0].downcast::<Str>() else {
        return Err(vm.type_error("format arg must be str"));
    };
    let Some(spec) = text.to_utf8().as_deref().and_then(Spec::parse) else {
        return Err(vm.value_error("invalid format string"));
    };
    if spec.code == Some('N') {
        vm.warn(&exception::DEPRECATION_WARNING, "Format specifier 'N' is deprecated and slated for removal in Python 3.18", 1)?;
    }
    let overridden = match args.get(1) {
        Some(&given) => Some(override_style(vm, given)?),
        None => None,
    };
    let style = match (spec.code, overridden) {
        (_, Some(style)) => style,
        (Some('n' | 'N'), None) => locale_style(),
        _ => Style { point: ".".into(), separator: spec.separator.map_or(String::new(), String::from), grouping: vec![3] },
    };
    let context = context::current(vm)?;
    let (rounding, capitals) = (context.borrow().settings().rounding, context.borrow().capitals.get());
    let text = lay_out(number(this), &spec, &style, rounding, capitals);
    Ok(vm.new_str(&text).into_object())
}

fn override_style(vm: &mut Vm, given: Ref<'_>) -> PyResult<Style> {
    let Some(dict) = given.downcast::<Dict>() else {
        return Err(vm.type_error("optional argument must be a dict"));
    };
    let mut style = Style { point: ".".into(), separator: String::new(), grouping: vec![3] };
    for name in ["decimal_point", "thousands_sep", "grouping"] {
        let Some(value) = dict.get().get_str(vm, name).map(Ref::to_owned) else { continue };
        let text = value.borrow().downcast::<Str>().and_then(|text| text.to_utf8().map(|text| text.into_owned()));
        let Some(text) = text else {
            return Err(vm.type_error("bad argument type for built-in operation"));
        };
        match name {
            "decimal_point" => style.point = text,
            "thousands_sep" => style.separator = text,
            _ => style.grouping = grouping_of(text.chars().map(|size| size as u32 as u8)),
        }
    }
    if style.point.is_empty() || style.point.len() > 4 || style.separator.len() > 4 || style.grouping.iter().any(|&size| size > NO_MORE) {
        return Err(vm.value_error("invalid override dict"));
    }
    Ok(style)
}

/// Group sizes up to the zero that says that the last repeats.
fn grouping_of(sizes: impl Iterator<Item = u8>) -> Vec<u8> {
    sizes.take_while(|&size| size != 0).collect()
}

fn locale_style() -> Style {
    let locale = builtins::format::current_locale();
    Style { point: locale.decimal_point, separator: locale.thousands_separator, grouping: grouping_of(locale.grouping.into_iter()) }
}

/// Rounds to so many digits.
fn rounded(number: &Number, digits: i64, rounding: Rounding) -> Number {
    let settings = Settings::working(digits).with_rounding(rounding);
    settings.finish(number.clone(), &mut Status::default())
}

/// Rounds to so many places after the point.
fn rescaled(number: &Number, places: i64, rounding: Rounding) -> Number {
    let exponent = -places;
    if number.exponent >= exponent || number.coefficient.is_zero() {
        return super::arithmetic::rescaled(number, exponent);
    }
    let (coefficient, rest) = number.coefficient.cut((exponent - number.exponent) as u64);
    let up = rounding.goes_up(&coefficient, rest, number.negative);
    let coefficient = if up { coefficient.plus(&super::coefficient::Coefficient::ONE) } else { coefficient };
    Number::new(number.negative, coefficient, exponent)
}

fn lay_out(number: &Number, spec: &Spec, style: &Style, rounding: Rounding, capitals: bool) -> String {
    if number.kind != Kind::Finite {
        let mut body = number.clone().with_sign(false).text(false, capitals);
        if spec.code == Some('%') {
            body.push('%');
        }
        return align(sign_text(number.negative, spec), &body, spec, spec.fill);
    }
    let code = match spec.code {
        None => {
            if capitals {
                'G'
            } else {
                'g'
            }
        }
        Some('n') => 'g',
        Some('N') => 'G',
        Some(code) => code,
    };
    let mut value = number.clone();
    if code == '%' {
        value.exponent += 2;
    }
    let precision = spec.precision.map(|precision| if matches!(code, 'g' | 'G') { precision.max(1) } else { precision });
    if let Some(precision) = precision {
        match code {
            'e' | 'E' if !value.coefficient.is_zero() => value = with_length(rounded(&value, precision + 1, rounding), precision + 1),
            'f' | 'F' | '%' => value = rescaled(&value, precision, rounding),
            'g' | 'G' if value.coefficient.digits() > precision => value = rounded(&value, precision, rounding),
            _ => {}
        }
    }
    if value.coefficient.is_zero() && value.exponent > 0 && matches!(code, 'f' | 'F' | '%') {
        value.exponent = 0;
    }
    let negative = value.negative && !(spec.no_negative_zero && value.coefficient.is_zero());
    let digits = value.coefficient.text();
    let left = value.exponent + digits.len() as i64;
    let point = match code {
        'e' | 'E' if value.coefficient.is_zero() => 1 - precision.unwrap_or(0),
        'e' | 'E' => 1,
        'f' | 'F' | '%' => left,
        _ if value.exponent <= 0 && left > -6 => left,
        _ => 1,
    };
    let (whole, fraction) = split_at_point(&digits, point);
    let mut tail = String::new();
    if !fraction.is_empty() || spec.alternate {
        tail.push_str(&style.point);
    }
    push_grouped_fraction(&mut tail, &fraction, spec.fraction_separator);
    let exponent = left - point;
    if exponent != 0 || matches!(code, 'e' | 'E') {
        tail.push(if matches!(code, 'E' | 'G') { 'E' } else { 'e' });
        tail.push_str(&format!("{exponent:+}"));
    }
    if code == '%' {
        tail.push('%');
    }
    let sign = sign_text(negative, spec);
    let least = if spec.zero_pad { spec.width.saturating_sub(tail.chars().count() + sign.len()) } else { 0 };
    let body = grouped(&whole, style, least) + &tail;
    align(sign, &body, spec, spec.fill)
}

/// A rounded number with zeros at the end, as many as make this length.
fn with_length(number: Number, digits: i64) -> Number {
    let missing = (digits - number.coefficient.digits()).max(0);
    Number::new(number.negative, number.coefficient.times_power(missing as u64), number.exponent - missing)
}

fn split_at_point(digits: &str, point: i64) -> (String, String) {
    if point <= 0 {
        return ("0".into(), "0".repeat(point.unsigned_abs() as usize) + digits);
    }
    let point = point as usize;
    if point >= digits.len() {
        return (digits.to_owned() + &"0".repeat(point - digits.len()), String::new());
    }
    (digits[..point].to_owned(), digits[point..].to_owned())
}

fn push_grouped_fraction(out: &mut String, fraction: &str, separator: Option<char>) {
    for (index, digit) in fraction.chars().enumerate() {
        if index > 0 && index % 3 == 0 {
            out.extend(separator);
        }
        out.push(digit);
    }
}

/// The digits with separators between groups, and zeros before them until they are `least` long.
fn grouped(digits: &str, style: &Style, least: usize) -> String {
    let separator = style.separator.chars().count();
    let mut rest = digits;
    let mut missing = least;
    let mut groups: Vec<String> = Vec::new();
    let mut sizes = style.grouping.iter().copied().peekable();
    let mut last = None;
    if separator > 0 {
        loop {
            let size = match sizes.next() {
                Some(NO_MORE) => break,
                Some(size) => {
                    last = Some(size);
                    size
                }
                None => match last {
                    Some(size) => size,
                    None => break,
                },
            };
            let size = usize::from(size).min(rest.len().max(missing).max(1));
            let taken = rest.len().min(size);
            groups.push("0".repeat(size - taken) + &rest[rest.len() - taken..]);
            rest = &rest[..rest.len() - taken];
            missing = missing.saturating_sub(size);
            if rest.is_empty() && missing == 0 {
                groups.reverse();
                return groups.join(&style.separator);
            }
            missing = missing.saturating_sub(separator);
        }
    }
    let size = rest.len().max(missing).max(1);
    groups.push("0".repeat(size - rest.len()) + rest);
    groups.reverse();
    groups.join(&style.separator)
}

fn sign_text(negative: bool, spec: &Spec) -> &'static str {
    match (negative, spec.sign) {
        (true, _) => "-",
        (false, '+') => "+",
        (false, ' ') => " ",
        _ => "",
    }
}

fn align(sign: &str, body: &str, spec: &Spec, fill: char) -> String {
    let padding = spec.width.saturating_sub(sign.len() + body.chars().count());
    let fill = |count: usize| String::from_iter(std::iter::repeat_n(fill, count));
    match spec.align {
        '<' => format!("{sign}{body}{}", fill(padding)),
        '=' => format!("{sign}{}{body}", fill(padding)),
        '^' => format!("{}{sign}{body}{}", fill(padding / 2), fill(padding - padding / 2)),
        _ => format!("{}{sign}{body}", fill(padding)),
    }
}
