//! The availability rules of a listing as a host sets them, and their limits (docs/RULES.md, "Who may book what, and when").

use serde::Serialize;

/// The names of weekdays, as bits of a mask and as fields: Monday first.
pub const WEEKDAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// The longest stay, and so the largest minimum (D12).
const MOST_NIGHTS: i64 = 365;

/// Everything a host says about when guests may come, apart from single days and seasons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Settings {
    pub min_nights: u16,
    pub max_nights: u16,
    /// By weekday of arrival, Monday first; 0: as `min_nights` says.
    pub arrival_min_nights: [u16; 7],
    pub notice_days: u8,
    pub notice_as_request: bool,
    /// With no notice: the local minute at which bookings for the same day end; `None`: never.
    pub cutoff_minute: Option<u16>,
    pub window_days: u16,
    pub window_strict: bool,
    pub preparation_nights: u8,
    /// Bit 0 Monday … bit 6 Sunday.
    pub arrival_days: u8,
    pub departure_days: u8,
    pub gap_nights: u8,
    pub fill_gaps: bool,
}

/// The same as it came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    pub min_nights: i64,
    pub max_nights: i64,
    pub min_nights_by_weekday: [Option<i64>; 7],
    pub notice_days: i64,
    pub notice_as_request: bool,
    pub same_day_until: Option<String>,
    pub window_days: i64,
    pub window_strict: bool,
    pub preparation_nights: i64,
    pub arrival_days: Vec<String>,
    pub departure_days: Vec<String>,
    pub gap_nights: i64,
    pub fill_gaps: bool,
}

/// A field that is refused: where it stands below the body, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub place: String,
    pub message: String,
}

/// What was asked for as settings, or everything that is wrong with it.
pub fn judge(asked: &Asked) -> Result<Settings, Vec<Fault>> {
    let mut judge = Judge(Vec::new());
    let min_nights = judge.number("min_nights", asked.min_nights, 1, MOST_NIGHTS);
    let max_nights = judge.number("max_nights", asked.max_nights, 1, MOST_NIGHTS);
    let mut arrival_min_nights = [0; 7];
    for ((limit, asked), day) in arrival_min_nights.iter_mut().zip(asked.min_nights_by_weekday).zip(WEEKDAYS) {
        let place = format!("min_nights_by_weekday/{day}");
        *limit = asked.map_or(0, |nights| judge.number(&place, nights, 1, MOST_NIGHTS));
        if *limit > max_nights {
            judge.fault(&place, "must not be more than max_nights");
        }
    }
    if min_nights > max_nights {
        judge.fault("min_nights", "must not be more than max_nights");
    }
    let settings = Settings {
        min_nights,
        max_nights,
        arrival_min_nights,
        notice_days: judge.number("notice_days", asked.notice_days, 0, 30),
        notice_as_request: asked.notice_as_request,
        cutoff_minute: asked.same_day_until.as_deref().and_then(|text| judge.wall_time("same_day_until", text)),
        window_days: judge.number("window_days", asked.window_days, 1, 1_095),
        window_strict: asked.window_strict,
        preparation_nights: judge.number("preparation_nights", asked.preparation_nights, 0, 7),
        arrival_days: judge.weekdays("arrival_days", &asked.arrival_days),
        departure_days: judge.weekdays("departure_days", &asked.departure_days),
        gap_nights: judge.number("gap_nights", asked.gap_nights, 0, 30),
        fill_gaps: asked.fill_gaps,
    };
    if judge.0.is_empty() { Ok(settings) } else { Err(judge.0) }
}

/// Collects what is wrong.
struct Judge(Vec<Fault>);

impl Judge {
    fn fault(&mut self, place: &str, message: impl Into<String>) {
        self.0.push(Fault { place: place.to_owned(), message: message.into() });
    }

    fn number<T: TryFrom<i64> + Default>(&mut self, place: &str, asked: i64, least: i64, most: i64) -> T {
        let found = Some(asked).filter(|n| (least..=most).contains(n)).and_then(|n| T::try_from(n).ok());
        found.unwrap_or_else(|| {
            self.fault(place, format!("must be {least} to {most}"));
            T::default()
        })
    }

    fn wall_time(&mut self, place: &str, text: &str) -> Option<u16> {
        let minute = minute_of(text);
        if minute.is_none() {
            self.fault(place, "must be a time of day, 00:00 to 24:00");
        }
        minute
    }

    fn weekdays(&mut self, place: &str, names: &[String]) -> u8 {
        if names.is_empty() {
            self.fault(place, "must name at least one weekday");
        }
        let mut mask = 0;
        for (n, name) in names.iter().enumerate() {
            match weekday(name) {
                Some(day) => mask |= 1 << day,
                None => self.fault(&format!("{place}/{n}"), "must be a weekday such as `monday`"),
            }
        }
        mask
    }
}

/// The number of a weekday, Monday 0.
#[must_use]
pub fn weekday(name: &str) -> Option<u8> {
    (0..).zip(WEEKDAYS).find(|(_, day)| *day == name).map(|(n, _)| n)
}

/// The names of a mask, Monday first.
#[must_use]
pub fn weekday_names(mask: u8) -> Vec<String> {
    (0..).zip(WEEKDAYS).filter(|(day, _)| mask >> day & 1 == 1).map(|(_, name)| name.to_owned()).collect()
}

/// `HH:MM` as a minute of the day; `24:00` is 1440.
fn minute_of(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    let number = |part: &str| (part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit())).then(|| part.parse::<u16>().ok()).flatten();
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    (minutes < 60).then_some(hours * 60 + minutes).filter(|minute| *minute <= 1_440)
}

/// A minute of the day as `HH:MM`.
#[must_use]
pub fn wall_time(minute: u16) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked() -> Asked {
        Asked {
            min_nights: 2,
            max_nights: 30,
            min_nights_by_weekday: [None, None, None, None, Some(3), None, None],
            notice_days: 0,
            notice_as_request: false,
            same_day_until: Some("18:00".into()),
            window_days: 365,
            window_strict: false,
            preparation_nights: 1,
            arrival_days: WEEKDAYS.map(str::to_owned).into(),
            departure_days: vec!["sunday".into(), "monday".into()],
            gap_nights: 0,
            fill_gaps: true,
        }
    }

    #[test]
    fn what_is_within_its_limits_becomes_settings() {
        let settings = judge(&asked()).unwrap();
        assert_eq!((settings.arrival_min_nights, settings.cutoff_minute), ([0, 0, 0, 0, 3, 0, 0], Some(1_080)));
        assert_eq!((settings.arrival_days, settings.departure_days), (127, 0b100_0001));
        assert_eq!(weekday_names(settings.departure_days), ["monday", "sunday"]);
    }

    #[test]
    fn everything_wrong_is_named_at_once() {
        let odd = Asked {
            min_nights: 31,
            min_nights_by_weekday: [Some(0), Some(40), None, None, None, None, None],
            notice_days: 31,
            same_day_until: Some("6pm".into()),
            window_days: 0,
            preparation_nights: 8,
            arrival_days: vec![],
            departure_days: vec!["monday".into(), "someday".into()],
            gap_nights: -1,
            ..asked()
        };
        let places: Vec<String> = judge(&odd).unwrap_err().into_iter().map(|fault| fault.place).collect();
        assert_eq!(
            places,
            [
                "min_nights_by_weekday/monday",
                "min_nights_by_weekday/tuesday",
                "min_nights",
                "notice_days",
                "same_day_until",
                "window_days",
                "preparation_nights",
                "arrival_days",
                "departure_days/1",
                "gap_nights",
            ]
        );
    }

    #[test]
    fn times_of_day_come_back() {
        for (text, minute) in
            [("00:00", Some(0)), ("18:05", Some(1_085)), ("24:00", Some(1_440)), ("24:01", None), ("7:00", None), ("12:60", None), ("+1:00", None)]
        {
            assert_eq!(minute_of(text), minute, "{text}");
            if let Some(minute) = minute {
                assert_eq!(wall_time(minute), text);
            }
        }
    }
}
