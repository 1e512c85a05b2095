//! Rules that go on for ever: the text at the end of a time zone's file, in the form of POSIX's `TZ`.

use crate::datetime::calendar;

const DAY: i64 = 86_400;
/// The ordinal of 1 January 1970.
pub const EPOCH_ORDINAL: i64 = 719_163;

/// An offset from UTC with its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kind {
    pub offset: i64,
    /// How much of it is daylight saving.
    pub saving: i64,
    pub name: String,
}

/// A day of each year.
#[derive(Clone, Copy, Debug)]
enum Date {
    /// 1 to 365; 29 February has no number.
    Julian(i64),
    /// 0 to 365.
    Ordinal(i64),
    /// Month, week (5 is the last), weekday (0 is Sunday).
    Week(i64, i64, i64),
}

/// A moment of each year, by the clock as it is before it.
#[derive(Clone, Copy, Debug)]
struct Change {
    date: Date,
    seconds: i64,
}

impl Change {
    /// Seconds since 1970 as the local clock counts them.
    fn in_year(self, year: i64) -> i64 {
        let first = calendar::to_ordinal(year, 1, 1) - EPOCH_ORDINAL;
        let day = match self.date {
            Date::Julian(day) => first + day - 1 + i64::from(day >= 60 && calendar::is_leap(year)),
            // CPython counts the first of these days as the one before the year.
            Date::Ordinal(day) => first + day - 1,
            Date::Week(month, week, weekday) => {
                let first_weekday = calendar::weekday(year, month, 1) + 1;
                let mut day = (weekday - first_weekday).rem_euclid(7) + 1 + (week - 1) * 7;
                if day > calendar::days_in_month(year, month) {
                    day -= 7;
                }
                calendar::to_ordinal(year, month, day) - EPOCH_ORDINAL
            }
        };
        day * DAY + self.seconds
    }
}

/// What holds after the last transition of a file.
pub enum Rules {
    Fixed(Kind),
    Saving(Box<Saving>),
}

/// Standard time and daylight saving time in turn.
pub struct Saving {
    standard: Kind,
    saving: Kind,
    start: Change,
    end: Change,
}

impl Saving {
    fn difference(&self) -> i64 {
        self.saving.offset - self.standard.offset
    }

    fn pick(&self, start: i64, end: i64, time: i64) -> &Kind {
        let saving = if start < end { (start..end).contains(&time) } else { !(end..start).contains(&time) };
        if saving { &self.saving } else { &self.standard }
    }

    /// What holds at a local time.
    pub fn at_local(&self, time: i64, year: i64, fold: bool) -> &Kind {
        let (mut start, mut end) = (self.start.in_year(year), self.end.in_year(year));
        // With the fold unset, the lesser offset begins at the end of the gap and ends at the end of the fold.
        if fold == (self.difference() >= 0) {
            end -= self.difference();
        } else {
            start += self.difference();
        }
        self.pick(start, end, time)
    }

    /// What holds at a time in UTC, and whether the local time is the second of its kind.
    pub fn at_universal(&self, time: i64, year: i64) -> (&Kind, bool) {
        let start = self.start.in_year(year) - self.standard.offset;
        let end = self.end.in_year(year) - self.saving.offset;
        let difference = self.difference();
        let twice = if difference > 0 { end..end + difference } else { start..start - difference };
        (self.pick(start, end, time), twice.contains(&time))
    }
}

/// What is left of a text while it is read.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take(&mut self, wanted: u8) -> bool {
        let found = self.0.first() == Some(&wanted);
        if found {
            self.0 = &self.0[1..];
        }
        found
    }

    /// A number of this many digits at least and at most.
    fn number(&mut self, least: usize, most: usize) -> Option<i64> {
        let count = self.0.iter().take(most).take_while(|byte| byte.is_ascii_digit()).count();
        if count < least {
            return None;
        }
        let (digits, rest) = self.0.split_at(count);
        self.0 = rest;
        Some(digits.iter().fold(0, |value, &digit| value * 10 + i64::from(digit - b'0')))
    }

    /// A name: letters, or anything of letters, digits and signs between angle brackets.
    fn name(&mut self) -> Option<String> {
        let quoted = self.take(b'<');
        let allowed = |byte: &&u8| if quoted { byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-') } else { byte.is_ascii_alphabetic() };
        let count = self.0.iter().take_while(allowed).count();
        let (name, rest) = self.0.split_at(count);
        self.0 = rest;
        if count == 0 || quoted && !self.take(b'>') {
            return None;
        }
        Some(String::from_utf8_lossy(name).into_owned())
    }

    /// `[+-]h[hh][:mm[:ss]]` in seconds.
    fn time(&mut self, most_hours: i64) -> Option<i64> {
        let negative = self.take(b'-');
        if !negative {
            self.take(b'+');
        }
        let hours = self.number(1, 3).filter(|&hours| hours <= most_hours)?;
        let mut total = hours * 3600;
        for unit in [60, 1] {
            if !self.take(b':') {
                break;
            }
            total += self.number(2, 2).filter(|&value| value < 60)? * unit;
        }
        Some(if negative { -total } else { total })
    }

    fn change(&mut self) -> Option<Change> {
        let date = if self.take(b'M') {
            let month = self.number(1, 2).filter(|month| (1..=12).contains(month))?;
            let week = self.take(b'.').then(|| self.number(1, 1))??;
            let weekday = self.take(b'.').then(|| self.number(1, 1))??;
            if !(1..=5).contains(&week) || weekday > 6 {
                return None;
            }
            Date::Week(month, week, weekday)
        } else if self.take(b'J') {
            Date::Julian(self.number(1, 3).filter(|day| (1..=365).contains(day))?)
        } else {
            Date::Ordinal(self.number(1, 3).filter(|&day| day <= 365)?)
        };
        let seconds = if self.take(b'/') { self.time(167)? } else { 2 * 3600 };
        Some(Change { date, seconds })
    }
}

/// Reads the rules; `None` if they are malformed.
pub fn parse(text: &[u8]) -> Option<Rules> {
    let mut reader = Reader(text);
    let name = reader.name()?;
    // POSIX counts westwards.
    let offset = -reader.time(24)?;
    let standard = Kind { offset, saving: 0, name };
    if reader.0.is_empty() {
        return Some(Rules::Fixed(standard));
    }
    let name = reader.name()?;
    let offset = if reader.0.first() == Some(&b',') { standard.offset + 3600 } else { -reader.time(24)? };
    let saving = Kind { offset, saving: offset - standard.offset, name };
    let start = reader.take(b',').then(|| reader.change())??;
    let end = reader.take(b',').then(|| reader.change())??;
    reader.0.is_empty().then(|| Rules::Saving(Box::new(Saving { standard, saving, start, end })))
}
