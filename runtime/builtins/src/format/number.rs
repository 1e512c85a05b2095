//! Laying out a number: sign, prefix, grouped digits, padding.

use super::Locale;
use super::spec::{Align, Sign, Spec, Thousands};
use object::str::StrBuilder;
use std::borrow::Cow;

/// A number in pieces.
#[derive(Clone, Copy, Debug)]
pub struct Parts<'a> {
    pub negative: bool,
    /// `0x` and the like.
    pub prefix: &'a str,
    /// The digits before the point; these are grouped.
    pub digits: &'a str,
    /// The digits after the point, with the point; empty if there is none.
    pub fraction: &'a str,
    /// Exponent or percent sign; the whole of what is not a number.
    pub rest: &'a str,
}

impl<'a> Parts<'a> {
    /// Takes the text of a float apart.
    pub fn of_float(text: &'a str) -> Parts<'a> {
        let (negative, text) = text.strip_prefix('-').map_or((false, text), |text| (true, text));
        let whole = text.bytes().take_while(u8::is_ascii_digit).count();
        let (digits, tail) = text.split_at(whole);
        let fraction = match tail.strip_prefix('.') {
            Some(after) => 1 + after.bytes().take_while(u8::is_ascii_digit).count(),
            None => 0,
        };
        let (fraction, rest) = tail.split_at(fraction);
        Parts { negative, prefix: "", digits, fraction, rest }
    }

    fn sign(&self, spec: &Spec<'_>) -> &'static str {
        match spec.sign {
            _ if self.negative => "-",
            Some(Sign::Plus) => "+",
            Some(Sign::Space) => " ",
            Some(Sign::Minus) | None => "",
        }
    }

    /// Writes the number as the specification says.
    pub fn write(&self, spec: &Spec<'_>, locale: Option<&Locale>, out: &mut StrBuilder) {
        let sign = self.sign(spec);
        let group = Grouping::of(spec, locale);
        let fraction = self.fraction_text(spec, locale);
        let fixed = sign.len() + self.prefix.len() + fraction.chars().count() + self.rest.len();
        let width = spec.width.unwrap_or(0);
        let zeros = spec.fill == Some(0x30) && spec.align == Some(Align::AfterSign);
        let digits = group.apply(self.digits, if zeros { width.saturating_sub(fixed) } else { 0 });
        let len = fixed + digits.chars().count();
        if spec.align == Some(Align::AfterSign) {
            out.push_str(sign);
            out.push_str(self.prefix);
            out.push_repeated(spec.fill(), width.saturating_sub(len));
            out.push_str(&digits);
            out.push_str(&fraction);
            out.push_str(self.rest);
            return;
        }
        spec.pad(out, len, Align::Right, |out| {
            for part in [sign, self.prefix, &digits, &fraction, self.rest] {
                out.push_str(part);
            }
        });
    }

    /// The fraction with its point and grouping.
    fn fraction_text(&self, spec: &Spec<'_>, locale: Option<&Locale>) -> Cow<'a, str> {
        let Some(digits) = self.fraction.strip_prefix('.') else {
            return Cow::Borrowed("");
        };
        if locale.is_none() && spec.fraction_thousands == Thousands::None {
            return Cow::Borrowed(self.fraction);
        }
        let mut text = locale.map_or(".", |locale| locale.decimal_point.as_str()).to_owned();
        let separator = spec.fraction_thousands.separator();
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && index % 3 == 0 {
                text.push_str(separator);
            }
            text.push(digit);
        }
        Cow::Owned(text)
    }
}

/// Separator and group sizes from the right.
struct Grouping<'a> {
    separator: &'a str,
    sizes: &'a [u8],
}

impl<'a> Grouping<'a> {
    fn of(spec: &Spec<'_>, locale: Option<&'a Locale>) -> Grouping<'a> {
        if let Some(locale) = locale {
            return Grouping { separator: &locale.thousands_separator, sizes: &locale.grouping };
        }
        let in_fours = matches!(spec.code.and_then(char::from_u32), Some('b' | 'o' | 'x' | 'X'));
        let sizes: &[u8] = match spec.thousands {
            Thousands::None => &[],
            Thousands::Underscore if in_fours => &[4],
            Thousands::Comma | Thousands::Underscore => &[3],
        };
        Grouping { separator: spec.thousands.separator(), sizes }
    }

    /// The digits with separators, and with zeros before them until there are `width` characters.
    fn apply<'d>(&self, digits: &'d str, width: usize) -> Cow<'d, str> {
        if digits.is_empty() || (width <= digits.len() && (self.sizes.is_empty() || self.separator.is_empty())) {
            return Cow::Borrowed(digits);
        }
        Cow::Owned(self.group(digits, width))
    }

    fn group(&self, digits: &str, width: usize) -> String {
        let separator_len = self.separator.chars().count();
        if let (&[size], 0) = (self.sizes, width)
            && (1..127).contains(&size)
        {
            // The first group takes what does not fill one.
            let (size, mut text) = (usize::from(size), String::with_capacity(digits.len() * 2));
            let (first, rest) = digits.split_at((digits.len() - 1) % size + 1);
            text.push_str(first);
            for (index, digit) in rest.chars().enumerate() {
                if index % size == 0 {
                    text.push_str(self.separator);
                }
                text.push(digit);
            }
            return text;
        }
        if self.sizes.is_empty() || separator_len == 0 {
            return format!("{}{digits}", "0".repeat(width.saturating_sub(digits.len())));
        }
        // Groups from the right, each the characters it takes.
        let (mut groups, mut left, mut len, mut index) = (Vec::new(), digits, 0, 0);
        loop {
            let size = match self.sizes.get(index.min(self.sizes.len() - 1)) {
                Some(0) => usize::from(self.sizes[index.min(self.sizes.len() - 1).saturating_sub(1)]),
                Some(127) | None => usize::MAX,
                Some(&size) => usize::from(size),
            };
            index += 1;
            let separator = if groups.is_empty() { 0 } else { separator_len };
            let wanted = width.saturating_sub(len + separator).max(1);
            let take = size.min(left.len());
            let (rest, group) = left.split_at(left.len() - take);
            let padded = size.min(take.max(wanted));
            groups.push(format!("{}{group}", "0".repeat(padded - take)));
            len += separator + padded;
            left = rest;
            if left.is_empty() && len >= width {
                break;
            }
        }
        groups.reverse();
        groups.join(self.separator)
    }
}
