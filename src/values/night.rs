//! Nights and stays: calendar dates and half-open intervals of them (docs/RULES.md, D1–D3, D12).
//!
//! A [`Night`] is the date of the evening on which somebody goes to bed. It has no hour and no zone, so no
//! conversion can move it by a day. A [`Stay`] is `[check_in, check_out)`.

use jiff::civil::Date;

/// A calendar date, counted in days since 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Night(pub i32);

impl Night {
    /// 1900-01-01, the first date that is understood.
    pub const FIRST: Self = Self(-25_567);
    /// 2199-12-31, the last date that is understood.
    pub const LAST: Self = Self(84_005);

    /// Reads `YYYY-MM-DD` and nothing else: no time part, no signs, no shorter forms, years 1900–2199 (D2).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let b = text.as_bytes();
        if b.len() != 10 || b[4] != b'-' || b[7] != b'-' {
            return None;
        }
        let number = |part: &[u8]| part.iter().try_fold(0_i16, |n, d| d.is_ascii_digit().then(|| n * 10 + i16::from(d - b'0')));
        let (year, month, day) = (number(&b[..4])?, number(&b[5..7])?, number(&b[8..])?);
        let date = Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
        let night = Self::from_date(date);
        (Self::FIRST..=Self::LAST).contains(&night).then_some(night)
    }

    /// The date in UTC at `now`, for what has no place: a registration.
    #[must_use]
    pub fn in_utc(now: super::Instant) -> Self {
        Self::from_date(now.timestamp().to_zoned(jiff::tz::TimeZone::UTC).date())
    }

    /// The night of a civil date.
    #[must_use]
    pub fn from_date(date: Date) -> Self {
        // Howard Hinnant's civil-days algorithm: exact for every proleptic Gregorian date, without a table.
        let (y, m, d) = (i32::from(date.year()), i32::from(date.month()), i32::from(date.day()));
        let y = if m <= 2 { y - 1 } else { y };
        let era = y.div_euclid(400);
        let year_of_era = y.rem_euclid(400);
        let day_of_year = (153 * ((m + 9) % 12) + 2) / 5 + d - 1;
        Self(era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468)
    }

    /// The civil date of this night.
    #[must_use]
    pub fn date(self) -> Date {
        let z = self.0 + 719_468;
        let era = z.div_euclid(146_097);
        let day_of_era = z.rem_euclid(146_097);
        let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
        let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
        let year = year_of_era + era * 400 + i32::from(month <= 2);
        let clamp = |n: i32| i8::try_from(n).unwrap_or(1);
        Date::new(i16::try_from(year).unwrap_or(9999), clamp(month), clamp(day)).unwrap_or(Date::MAX)
    }

    /// The night `days` later, or earlier when negative.
    #[must_use]
    pub fn plus(self, days: i32) -> Self {
        Self(self.0.saturating_add(days))
    }

    /// Days from `self` to `later`; negative when `later` is earlier.
    #[must_use]
    pub fn days_until(self, later: Self) -> i32 {
        later.0 - self.0
    }

    /// Monday = 0 … Sunday = 6.
    #[must_use]
    pub fn weekday(self) -> u8 {
        u8::try_from((self.0 + 3).rem_euclid(7)).unwrap_or(0)
    }
}

impl std::fmt::Display for Night {
    /// `YYYY-MM-DD`, as on the wire and in the database.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let date = self.date();
        write!(f, "{:04}-{:02}-{:02}", date.year(), date.month(), date.day())
    }
}

/// A half-open run of nights `[from, to)`; empty when `to <= from`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NightRange {
    pub from: Night,
    pub to: Night,
}

impl NightRange {
    #[must_use]
    pub fn new(from: Night, to: Night) -> Self {
        Self { from, to }
    }

    /// Nights in the range, zero when it is empty.
    #[must_use]
    pub fn nights(self) -> u32 {
        u32::try_from(self.from.days_until(self.to)).unwrap_or(0)
    }

    /// Whether both ranges hold a common night; touching ends do not overlap (D3).
    #[must_use]
    pub fn overlaps(self, other: Self) -> bool {
        self.from < other.to && other.from < self.to && self.nights() > 0 && other.nights() > 0
    }

    #[must_use]
    pub fn contains(self, night: Night) -> bool {
        self.from <= night && night < self.to
    }

    /// Every night of the range, in order.
    pub fn iter(self) -> impl DoubleEndedIterator<Item = Night> + Clone {
        (self.from.0..self.to.0).map(Night)
    }
}

/// Nights from check-in up to, not including, check-out: 1 to 365 of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Stay {
    check_in: Night,
    check_out: Night,
}

/// Why two dates make no stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StayRefusal {
    #[error("check_out must be after check_in")]
    NotAfter,
    #[error("a stay has at most {} nights", Stay::MAX_NIGHTS)]
    TooLong,
}

impl Stay {
    /// The longest stay that can be booked (D12).
    pub const MAX_NIGHTS: u16 = 365;

    /// `[check_in, check_out)`; refuses equal or reversed dates and more than 365 nights (D1, D12).
    pub fn new(check_in: Night, check_out: Night) -> Result<Self, StayRefusal> {
        match check_in.days_until(check_out) {
            ..=0 => Err(StayRefusal::NotAfter),
            n if n > i32::from(Self::MAX_NIGHTS) => Err(StayRefusal::TooLong),
            _ => Ok(Self { check_in, check_out }),
        }
    }

    #[must_use]
    pub fn check_in(self) -> Night {
        self.check_in
    }

    #[must_use]
    pub fn check_out(self) -> Night {
        self.check_out
    }

    /// How many nights: 1 to 365.
    #[must_use]
    pub fn nights(self) -> u16 {
        u16::try_from(self.check_in.days_until(self.check_out)).unwrap_or(Self::MAX_NIGHTS)
    }

    #[must_use]
    pub fn range(self) -> NightRange {
        NightRange { from: self.check_in, to: self.check_out }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_ten_characters_and_nothing_else() {
        for (text, days) in [("1970-01-01", 0), ("2000-02-29", 11_016), ("2026-11-22", 20_779), ("1900-01-01", -25_567), ("2199-12-31", 84_005)] {
            assert_eq!(Night::parse(text), Some(Night(days)), "{text}");
            assert_eq!(Night(days).to_string(), text);
        }
        for text in ["", "2026-1-1", "2026-11-22T00:00:00Z", "2026-02-30", "1899-12-31", "2200-01-01", "+026-01-01", "２026-01-01", "2026/01/01"] {
            assert_eq!(Night::parse(text), None, "{text}");
        }
    }

    #[test]
    fn every_day_of_three_centuries_survives_the_round_trip() {
        for days in Night::FIRST.0..=Night::LAST.0 {
            let night = Night(days);
            assert_eq!(Night::from_date(night.date()), night);
            assert_eq!(i32::from(night.weekday()), i32::from(night.date().weekday().to_monday_zero_offset()));
        }
    }

    #[test]
    fn a_stay_is_half_open_and_bounded() {
        let night = |n| Night(20_000 + n);
        assert_eq!(Stay::new(night(0), night(0)), Err(StayRefusal::NotAfter));
        assert_eq!(Stay::new(night(1), night(0)), Err(StayRefusal::NotAfter));
        assert_eq!(Stay::new(night(0), night(366)), Err(StayRefusal::TooLong));
        assert_eq!(Stay::new(night(0), night(365)).map(Stay::nights), Ok(365));
        let (a, b) = (NightRange::new(night(0), night(3)), NightRange::new(night(3), night(5)));
        assert!(!a.overlaps(b) && !b.overlaps(a), "check-out day may be the next check-in day");
        assert!(a.overlaps(NightRange::new(night(2), night(4))));
    }
}
