//! How weekdays are written in stored plans: `["friday", "saturday"]`.

use crate::values::Night;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Names of the weekdays, Monday first.
const NAMES: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// A set of weekdays: bit 0 Monday … bit 6 Sunday.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Weekdays(pub u8);

impl Weekdays {
    /// The nights of Friday and Saturday.
    pub const FRIDAY_AND_SATURDAY: Self = Self(0b011_0000);

    #[must_use]
    pub fn contains(self, night: Night) -> bool {
        self.0 >> night.weekday() & 1 == 1
    }

    /// How many nights of `[from, to)` are in the set.
    #[must_use]
    pub(super) fn nights_in(self, from: Night, to: Night) -> i64 {
        let nights = i64::from(from.days_until(to)).max(0);
        let of_week = i64::from((self.0 & 0x7f).count_ones());
        let first_of_rest = i32::try_from(nights / 7 * 7).unwrap_or(i32::MAX);
        let rest = (from.plus(first_of_rest).0..to.0).filter(|night| self.contains(Night(*night))).count();
        nights / 7 * of_week + i64::try_from(rest).unwrap_or(0)
    }

    pub fn names(self) -> impl Iterator<Item = &'static str> {
        NAMES.into_iter().enumerate().filter(move |(day, _)| self.0 >> day & 1 == 1).map(|(_, name)| name)
    }

    /// The day of a name; `None` for a word that is no weekday.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        NAMES.iter().position(|known| *known == name).map(|day| Self(1 << day))
    }
}

impl Serialize for Weekdays {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.names())
    }
}

impl<'de> Deserialize<'de> for Weekdays {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let names = Vec::<String>::deserialize(deserializer)?;
        let mut days = names.iter().map(|name| Self::parse(name).ok_or_else(|| de::Error::custom(format!("no weekday: {name}"))));
        days.try_fold(Self(0), |all, day| Ok(Self(all.0 | day?.0)))
    }
}
