//! Reading DER: tags, lengths, object identifiers, times. Only what certificates and keys are made of.

use crate::datetime::calendar;

/// Tags of the universal class, with the bit of constructed values where they have it.
pub mod tag {
    pub const BOOLEAN: u8 = 0x01;
    pub const INTEGER: u8 = 0x02;
    pub const BIT_STRING: u8 = 0x03;
    pub const OCTET_STRING: u8 = 0x04;
    pub const OBJECT_IDENTIFIER: u8 = 0x06;
    pub const UTF8_STRING: u8 = 0x0c;
    pub const UTC_TIME: u8 = 0x17;
    pub const GENERALIZED_TIME: u8 = 0x18;
    pub const UNIVERSAL_STRING: u8 = 0x1c;
    pub const BMP_STRING: u8 = 0x1e;
    pub const SEQUENCE: u8 = 0x30;
    pub const SET: u8 = 0x31;
}

/// One value: its tag, what is in it, and all of its bytes.
#[derive(Clone, Copy)]
pub struct Value<'a> {
    pub tag: u8,
    pub content: &'a [u8],
    pub whole: &'a [u8],
}

/// Values one after the other.
#[derive(Clone, Copy)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub fn new(data: &'a [u8]) -> Reader<'a> {
        Reader { rest: data }
    }

    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The tag of the value that comes next.
    pub fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// The next value, whatever it is. Tags of more than one byte are refused.
    pub fn value(&mut self) -> Option<Value<'a>> {
        let (&tag, rest) = self.rest.split_first()?;
        if tag & 0x1f == 0x1f {
            return None;
        }
        let (&first, mut rest) = rest.split_first()?;
        let len = if first < 0x80 {
            usize::from(first)
        } else {
            let count = usize::from(first & 0x7f);
            if count == 0 || count > 4 || rest.len() < count {
                return None;
            }
            let (bytes, after) = rest.split_at(count);
            rest = after;
            bytes.iter().fold(0, |len, &byte| len << 8 | usize::from(byte))
        };
        if rest.len() < len {
            return None;
        }
        let (content, after) = rest.split_at(len);
        let whole = &self.rest[..self.rest.len() - after.len()];
        self.rest = after;
        Some(Value { tag, content, whole })
    }

    /// The next value, which must have this tag.
    pub fn expect(&mut self, tag: u8) -> Option<Value<'a>> {
        if self.peek() == Some(tag) { self.value() } else { None }
    }

    /// A reader of the contents of the next value, which must have this tag.
    pub fn enter(&mut self, tag: u8) -> Option<Reader<'a>> {
        self.expect(tag).map(|value| Reader::new(value.content))
    }

    /// A small non-negative integer.
    pub fn small_integer(&mut self) -> Option<i64> {
        let content = self.expect(tag::INTEGER)?.content;
        if content.is_empty() || content.len() > 8 {
            return None;
        }
        let start = if content[0] & 0x80 == 0 { 0 } else { -1 };
        Some(content.iter().fold(start, |value, &byte| value << 8 | i64::from(byte)))
    }
}

/// The dotted form of an object identifier.
pub fn dotted(content: &[u8]) -> Option<String> {
    let mut numbers = Vec::new();
    let mut number: u64 = 0;
    for &byte in content {
        number = number.checked_mul(128)? | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            numbers.push(number);
            number = 0;
        }
    }
    let (&first, rest) = numbers.split_first()?;
    if content.last()? & 0x80 != 0 {
        return None;
    }
    let head = (first / 40).min(2);
    let mut text = format!("{head}.{}", first - head * 40);
    for number in rest {
        text.push_str(&format!(".{number}"));
    }
    Some(text)
}

/// A point in time, in seconds since 1970.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(pub i64);

impl Time {
    pub fn of(value: Value<'_>) -> Option<Time> {
        let text = std::str::from_utf8(value.content).ok()?.strip_suffix('Z')?;
        if !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let (year, rest) = match (value.tag, text.len()) {
            (tag::UTC_TIME, 10 | 12) => {
                let year: i64 = text[..2].parse().ok()?;
                (if year < 50 { 2000 + year } else { 1900 + year }, &text[2..])
            }
            (tag::GENERALIZED_TIME, 14) => (text[..4].parse().ok()?, &text[4..]),
            _ => return None,
        };
        let part = |index: usize| rest.get(index * 2..index * 2 + 2).map_or(Some(0), |digits| digits.parse::<i64>().ok());
        let (month, day, hour, minute, second) = (part(0)?, part(1)?, part(2)?, part(3)?, part(4)?);
        Some(Time(((days_from_civil(year, month, day) * 24 + hour) * 60 + minute) * 60 + second))
    }

    pub fn now() -> Time {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Time(now.as_secs().cast_signed())
    }

    /// As `Jun 14 18:00:58 2028 GMT`.
    pub fn text(self) -> String {
        const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        let (days, seconds) = (self.0.div_euclid(86_400), self.0.rem_euclid(86_400));
        let (year, month, day) = calendar::from_ordinal(days + EPOCH);
        let month = MONTHS.get(month as usize - 1).copied().unwrap_or("???");
        format!("{month} {day:2} {:02}:{:02}:{:02} {year} GMT", seconds / 3600, seconds / 60 % 60, seconds % 60)
    }
}

/// The ordinal of the first day of 1970.
const EPOCH: i64 = 719_163;

/// Days since 1970 of a date of the Gregorian calendar; years begin in March while counting.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// The text of a string value, whatever its kind.
pub fn string(value: Value<'_>) -> Option<String> {
    match value.tag {
        tag::UTF8_STRING => String::from_utf8(value.content.to_vec()).ok(),
        tag::BMP_STRING => {
            let units: Vec<u16> = value.content.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
            String::from_utf16(&units).ok()
        }
        tag::UNIVERSAL_STRING => {
            value.content.chunks_exact(4).map(|four| char::from_u32(u32::from_be_bytes([four[0], four[1], four[2], four[3]]))).collect()
        }
        // NumericString, PrintableString, TeletexString, IA5String, VisibleString.
        0x12..=0x16 | 0x1a => Some(value.content.iter().map(|&byte| char::from(byte)).collect()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_go_both_ways() {
        for (text, expected) in [
            ("180614180058Z", "Jun 14 18:00:58 2018 GMT"),
            ("491231235959Z", "Dec 31 23:59:59 2049 GMT"),
            ("000229000000Z", "Feb 29 00:00:00 2000 GMT"),
        ] {
            let value = Value { tag: tag::UTC_TIME, content: text.as_bytes(), whole: &[] };
            assert_eq!(Time::of(value).unwrap().text(), expected);
        }
    }

    #[test]
    fn identifiers_are_dotted() {
        assert_eq!(dotted(&[0x55, 4, 3]).as_deref(), Some("2.5.4.3"));
        assert_eq!(dotted(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1]).as_deref(), Some("1.2.840.113549.1.1.1"));
        assert_eq!(dotted(&[0x80]), None);
    }
}
