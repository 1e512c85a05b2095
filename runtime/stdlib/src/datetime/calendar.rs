//! The proleptic Gregorian calendar: years, months and days as numbers of days since the year 1.

/// 1 January of year 1 is day 1.
pub const MAX_ORDINAL: i64 = 3_652_059;

pub fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

pub fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 => 28 + i64::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn days_before_year(year: i64) -> i64 {
    let y = year - 1;
    y * 365 + y.div_euclid(4) - y.div_euclid(100) + y.div_euclid(400)
}

pub fn days_before_month(year: i64, month: i64) -> i64 {
    const BEFORE: [i64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    BEFORE[(month - 1) as usize] + i64::from(month > 2 && is_leap(year))
}

pub fn to_ordinal(year: i64, month: i64, day: i64) -> i64 {
    days_before_year(year) + days_before_month(year, month) + day
}

/// Year, month and day of an ordinal, by counting from March of the year 0.
pub fn from_ordinal(ordinal: i64) -> (i64, i64, i64) {
    let days = ordinal + 305;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// 0 is Monday.
pub fn weekday(year: i64, month: i64, day: i64) -> i64 {
    (to_ordinal(year, month, day) + 6).rem_euclid(7)
}

/// The ordinal of the Monday of the first ISO week of a year.
pub fn first_iso_monday(year: i64) -> i64 {
    let first = to_ordinal(year, 1, 1);
    let weekday = (first + 6).rem_euclid(7);
    let monday = first - weekday;
    if weekday > 3 { monday + 7 } else { monday }
}

/// ISO year, week and weekday.
pub fn iso_calendar(year: i64, month: i64, day: i64) -> (i64, i64, i64) {
    let ordinal = to_ordinal(year, month, day);
    let iso_year = if ordinal < first_iso_monday(year) {
        year - 1
    } else if ordinal >= first_iso_monday(year + 1) {
        year + 1
    } else {
        year
    };
    let days = ordinal - first_iso_monday(iso_year);
    (iso_year, days / 7 + 1, days % 7 + 1)
}

/// What is wrong with an ISO date.
pub enum IsoProblem {
    Year,
    Week,
    Weekday,
}

/// The date of an ISO year, week and weekday.
pub fn from_iso(year: i64, week: i64, day: i64) -> Result<(i64, i64, i64), IsoProblem> {
    if !(1..=9999).contains(&year) {
        return Err(IsoProblem::Year);
    }
    if !(1..=53).contains(&week) || week == 53 && first_iso_monday(year + 1) - first_iso_monday(year) < 53 * 7 {
        return Err(IsoProblem::Week);
    }
    if !(1..=7).contains(&day) {
        return Err(IsoProblem::Weekday);
    }
    Ok(from_ordinal(first_iso_monday(year) + (week - 1) * 7 + day - 1))
}
