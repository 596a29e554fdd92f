//! What a day is to the people of a listing: why it is not free, in one word, with what stands behind it (A16). Pure.

use crate::features::calendar::{Days, NightOfStay, Terms, ToldCauses};
use crate::values::{BookingId, LocalMoment, Night, NightRange};

/// A day in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// A unit can be had that night.
    Free,
    /// All units are taken, at least one of them only for a while.
    Held,
    Booked,
    /// By the host.
    Blocked,
    /// By another calendar.
    External,
    /// Kept free between stays.
    Prep,
    /// Past, or further ahead than the window.
    Closed,
}

impl Status {
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Held => "held",
            Self::Booked => "booked",
            Self::Blocked => "blocked",
            Self::External => "external",
            Self::Prep => "prep",
            Self::Closed => "closed",
        }
    }
}

/// A day as the people of the listing see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayTold {
    pub status: Status,
    /// Units that can still be had for that night alone.
    pub units_free: u16,
    /// Why it is blocked, or the name of the calendar that has it.
    pub reason: Option<String>,
    /// What the host wrote beside the block.
    pub note: Option<String>,
    /// Who has a unit that night, holds included.
    pub bookings: Vec<BookingId>,
}

/// Every day of `range`.
#[must_use]
pub(crate) fn told(terms: &Terms, days: &Days, causes: &ToldCauses, range: NightRange, local: LocalMoment) -> Vec<DayTold> {
    let mut stays = causes.stays.as_slice();
    range
        .iter()
        .map(|date| {
            let first = stays.partition_point(|stay| stay.night < date);
            let next = stays.partition_point(|stay| stay.night <= date);
            let tonight = &stays[first..next];
            stays = &stays[next..];
            day(terms, days, causes, tonight, date, local)
        })
        .collect()
}

fn day(terms: &Terms, days: &Days, causes: &ToldCauses, tonight: &[NightOfStay], date: Night, local: LocalMoment) -> DayTold {
    let block = causes.blocks.iter().find(|block| block.range.contains(date));
    let external = || causes.external.iter().filter(|(range, _)| range.contains(date));
    let taken = u16::try_from(tonight.len() + external().count()).unwrap_or(u16::MAX);
    let sold_out = days.is_taken(NightRange::new(date, date.plus(1)));
    let units_free = if block.is_some() || sold_out { 0 } else { terms.units.saturating_sub(taken) };
    let is_out_of_time = date < local.today || date > local.today.plus(terms.window_days.into());
    let status = match () {
        () if block.is_some() => Status::Blocked,
        () if taken >= terms.units && tonight.iter().any(|stay| stay.until.is_some()) => Status::Held,
        () if taken >= terms.units && !tonight.is_empty() => Status::Booked,
        () if taken >= terms.units => Status::External,
        () if sold_out => Status::Prep,
        () if is_out_of_time => Status::Closed,
        () => Status::Free,
    };
    let reason = match status {
        Status::Blocked => block.map(|block| block.reason.name().to_owned()),
        Status::External => external().next().map(|(_, feed)| feed.clone()),
        _ => None,
    };
    let note = block.map(|block| block.note.clone()).filter(|note| !note.is_empty());
    DayTold { status, units_free, reason, note, bookings: tonight.iter().map(|stay| stay.booking).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::calendar::rules::edits::{Block, BlockReason};
    use crate::features::calendar::{Causes, Held};
    use crate::values::Instant;

    const TODAY: Night = Night(20_000);

    fn range(from: i32, to: i32) -> NightRange {
        NightRange::new(TODAY.plus(from), TODAY.plus(to))
    }

    fn terms(units: u16, preparation: u8) -> Terms {
        Terms {
            bookable: true,
            capacity: 2,
            max_infants: 0,
            max_pets: 0,
            min_nights: 1,
            max_nights: 30,
            notice_days: 0,
            cutoff_minute: None,
            window_days: 20,
            window_strict: false,
            preparation,
            arrival_days: 127,
            departure_days: 127,
            gap_nights: 0,
            fill_gaps: true,
            units,
            arrival_min_nights: [0; 7],
        }
    }

    /// Booked 3 to 5, held 6 to 7, elsewhere 9 to 11, closed 13 to 15.
    fn story(units: u16, preparation: u8) -> Vec<(&'static str, u16)> {
        let stay = |night: i32, until| NightOfStay { night: TODAY.plus(night), slot: 0, booking: BookingId::new(), until };
        let causes = ToldCauses {
            blocks: vec![Block { range: range(13, 15), reason: BlockReason::Maintenance, note: "Roof".into() }],
            external: vec![(range(9, 11), "elsewhere".into())],
            stays: vec![stay(3, None), stay(4, None), stay(6, Some(Instant(1)))],
        };
        let terms = terms(units, preparation);
        let held = [range(3, 5), range(6, 7), range(9, 11)].map(Held::from);
        let days = Days::new(&terms, &Causes { blocks: vec![range(13, 15)], stays: held.into() }, vec![]);
        let told = told(&terms, &days, &causes, range(-1, 22), LocalMoment { today: TODAY, minute: 0 });
        assert_eq!((told[14].reason.as_deref(), told[14].note.as_deref()), (Some("maintenance"), Some("Roof")));
        assert_eq!((told[4].bookings.len(), told[5].bookings.len(), told[6].bookings.len()), (1, 1, 0));
        told.iter().map(|day| (day.status.name(), day.units_free)).collect()
    }

    #[test]
    fn every_day_has_its_word() {
        let words: Vec<&str> = story(1, 0).iter().map(|day| day.0).collect();
        let expected =
            "closed free free free booked booked free held free free external external free free blocked blocked free free free free free free closed";
        assert_eq!(words.join(" "), expected);
        let words: Vec<&str> = story(1, 1).iter().map(|day| day.0).collect();
        let expected =
            "closed free free prep booked booked prep held prep prep external external prep free blocked blocked free free free free free free closed";
        assert_eq!(words.join(" "), expected);
    }

    #[test]
    fn units_that_are_left_are_counted() {
        let free: Vec<u16> = story(2, 0).iter().map(|day| day.1).collect();
        assert_eq!(free, [2, 2, 2, 2, 1, 1, 2, 1, 2, 2, 1, 1, 2, 2, 0, 0, 2, 2, 2, 2, 2, 2, 2]);
    }
}
