//! Properties and case mappings of code points, as `str` sees them (Unicode 16.0).
//!
//! The tables are made by `unicode/make_tables.py`: code point -> page -> record, with the few
//! mappings to several characters in a table of their own.

mod tables;

use tables::{INDICES, PAGES, RECORDS, SHIFT, SPECIALS};

/// What the tables know of a code point. Mappings are differences to the code point.
struct Record {
    flags: u16,
    /// 255: not a digit.
    digit: u8,
    /// The index into `SPECIALS` if the flag says so.
    lower: i32,
    upper: i32,
    title: i32,
    fold: i32,
}

#[inline]
fn record(code_point: u32) -> &'static Record {
    let page = PAGES.get((code_point >> SHIFT) as usize).copied().unwrap_or(0);
    let index = (usize::from(page) << SHIFT) + (code_point & ((1 << SHIFT) - 1)) as usize;
    &RECORDS[usize::from(INDICES[index])]
}

macro_rules! properties {
    ($($(#[$doc:meta])* $name:ident = $($flag:ident)|+;)*) => {
        $(
            $(#[$doc])*
            #[inline]
            pub fn $name(code_point: u32) -> bool {
                record(code_point).flags & ($(tables::$flag)|+) != 0
            }
        )*
    };
}

properties! {
    /// `str.isalpha` of one character.
    is_alpha = ALPHA;
    is_decimal = DECIMAL;
    is_digit = DIGIT;
    is_numeric = NUMERIC;
    is_alphanumeric = ALPHA | DECIMAL | DIGIT | NUMERIC;
    is_lower = LOWER;
    is_upper = UPPER;
    /// Category Lt.
    is_title = TITLE;
    is_space = SPACE;
    /// What `repr` shows as it is.
    is_printable = PRINTABLE;
    /// May begin an identifier; the underscore is among them.
    is_identifier_start = XID_START;
    is_identifier_continue = XID_CONTINUE;
    is_cased = CASED;
    is_case_ignorable = CASE_IGNORABLE;
    is_line_break = LINE_BREAK;
}

/// The value of a decimal digit.
#[inline]
pub fn decimal_value(code_point: u32) -> Option<u8> {
    let record = record(code_point);
    (record.flags & tables::DECIMAL != 0).then_some(record.digit)
}

/// The value of a digit, superscripts and the like included.
pub fn digit_value(code_point: u32) -> Option<u8> {
    let digit = record(code_point).digit;
    (digit != 255).then_some(digit)
}

#[derive(Clone, Copy)]
enum Case {
    Lower = 0,
    Upper = 1,
    Title = 2,
    Fold = 3,
}

#[inline]
fn map(code_point: u32, case: Case, push: &mut impl FnMut(u32)) {
    let record = record(code_point);
    if record.flags & tables::SPECIAL_CASE != 0 {
        let text = SPECIALS[record.lower as usize][case as usize];
        return text.chars().for_each(|character| push(u32::from(character)));
    }
    let delta = match case {
        Case::Lower => record.lower,
        Case::Upper => record.upper,
        Case::Title => record.title,
        Case::Fold => record.fold,
    };
    push(code_point.wrapping_add_signed(delta));
}

/// Lower case, but for the final sigma, which depends on what is around it.
#[inline]
pub fn to_lower(code_point: u32, mut push: impl FnMut(u32)) {
    map(code_point, Case::Lower, &mut push);
}

#[inline]
pub fn to_upper(code_point: u32, mut push: impl FnMut(u32)) {
    map(code_point, Case::Upper, &mut push);
}

#[inline]
pub fn to_title(code_point: u32, mut push: impl FnMut(u32)) {
    map(code_point, Case::Title, &mut push);
}

#[inline]
pub fn case_fold(code_point: u32, mut push: impl FnMut(u32)) {
    map(code_point, Case::Fold, &mut push);
}

/// The lower case of one character as one character, for regular expressions that ignore case.
pub fn simple_lower(code_point: u32) -> u32 {
    let mut mapped = None;
    to_lower(code_point, |character| {
        mapped.get_or_insert(character);
    });
    mapped.unwrap_or(code_point)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mapped(map: impl Fn(u32, &mut dyn FnMut(u32)), text: &str) -> String {
        let mut out = String::new();
        for character in text.chars() {
            map(u32::from(character), &mut |code_point| out.push(char::from_u32(code_point).expect("a character")));
        }
        out
    }

    #[test]
    fn cases_are_mapped() {
        assert_eq!(mapped(|c, push| to_upper(c, push), "straße ŉ ǆ"), "STRASSE ʼN Ǆ");
        assert_eq!(mapped(|c, push| to_title(c, push), "ǆ"), "ǅ");
        assert_eq!(mapped(|c, push| case_fold(c, push), "ßΣς"), "ssσσ");
        assert_eq!(mapped(|c, push| to_lower(c, push), "İA"), "i̇a");
    }

    #[test]
    fn properties_are_unicodes() {
        assert!(is_decimal(0x661) && decimal_value(0x661) == Some(1));
        assert!(is_digit(0xB2) && !is_decimal(0xB2) && digit_value(0xB2) == Some(2));
        assert!(is_numeric(0xBD) && !is_digit(0xBD));
        assert!(is_identifier_start(u32::from('_')) && !is_identifier_start(u32::from('1')));
        assert!(!is_printable(0xD800) && !is_printable(0x10_FFFF) && is_printable(0xE9));
    }
}
