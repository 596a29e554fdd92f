//! May this stay be booked? Pure: the causes and the local time come in as values.
//!
//! Every rule is one arm of [`Rule::passes`]; [`permits`] asks them all until one says no, [`explain`] writes the
//! answers out. There is no second implementation: search compiles what it can into bitmaps and hands every listing
//! whose rules are not bit tests to [`permits`].

pub mod edits;
mod overrides;
mod runs;
pub mod seasons;
pub mod settings;
pub mod times;
pub mod units;

pub use overrides::{HOST, SEASONS, lay, overlay};
pub use runs::{inside, merge, without};
pub use units::Held;

use crate::values::{LocalMoment, Night, NightRange, Stay};
use runs::{full_runs, in_units};
use std::num::{NonZeroI64, NonZeroU16};

/// What a host allows, apart from single days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// Published, that is: visible and open for bookings.
    pub bookable: bool,
    /// Most guests that count: adults and children (A8).
    pub capacity: u16,
    pub max_infants: u8,
    pub max_pets: u8,
    pub min_nights: u16,
    pub max_nights: u16,
    /// Days between booking and check-in, 0..30 (A9); 0 where whoever comes later may still ask for the stay.
    pub notice_days: u8,
    /// With no notice: the local minute of the day at which same-day bookings end; `None`: never.
    pub cutoff_minute: Option<u16>,
    /// How many days ahead a check-in may be, 1..1095 (A10).
    pub window_days: u16,
    /// Whether the check-out must lie within the window too.
    pub window_strict: bool,
    /// Nights kept free between two stays, 0..7 (A5).
    pub preparation: u8,
    /// Weekdays on which guests may arrive and leave: bit 0 Monday … bit 6 Sunday (A12).
    pub arrival_days: u8,
    pub departure_days: u8,
    /// A13: no free run of 1 to this many nights may be left over; 0 switches the rule off.
    pub gap_nights: u8,
    /// Whether a gap shorter than the minimum may be booked whole.
    pub fill_gaps: bool,
    /// Alike homes behind this listing, 1 or more (A3).
    pub units: u16,
    /// Fewest nights by weekday of arrival, Monday first; 0: as `min_nights` says (A11).
    pub arrival_min_nights: [u16; 7],
}

/// Days that differ from the terms; `None` means "as the terms say". Sorted by `from`, ranges do not overlap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayOverride {
    pub range: NightRange,
    /// Price of a night in minor units.
    pub price_minor: Option<NonZeroI64>,
    pub min_nights: Option<NonZeroU16>,
    pub max_nights: Option<NonZeroU16>,
    pub closed_to_arrival: Option<bool>,
    pub closed_to_departure: Option<bool>,
}

impl DayOverride {
    /// Days of which nothing is said.
    #[must_use]
    pub fn plain(range: NightRange) -> Self {
        Self { range, price_minor: None, min_nights: None, max_nights: None, closed_to_arrival: None, closed_to_departure: None }
    }
}

/// Why nights are taken, each cause standing for itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Causes {
    /// Closed by the host, every unit; no preparation around them.
    pub blocks: Vec<NightRange>,
    /// Stays, own or from a feed, each in one unit.
    pub stays: Vec<Held>,
}

/// A listing's days as a guest meets them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Days {
    /// Nights nobody can have, preparation included: sorted, disjoint, not touching.
    pub taken: Vec<NightRange>,
    pub overrides: Vec<DayOverride>,
    /// Where counting cannot tell whether a unit is free (several units, and stays that are pinned or keep more preparation than the
    /// terms ask): all stays, to be placed one by one. Empty everywhere else.
    pub held: Vec<Held>,
}

/// Who comes along (A8): children are 2 to 12, infants under 2 and not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Party {
    pub adults: u16,
    pub children: u16,
    pub infants: u16,
    pub pets: u16,
}

/// A rule of A7, in the order in which the first failure is reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    ListingNotBookable,
    InPast,
    OverCapacity,
    InfantsLimit,
    PetsNotAllowed,
    AdvanceNotice,
    BeyondWindow,
    ClosedToArrival,
    ClosedToDeparture,
    MinNights,
    MaxNights,
    GapRule,
    DatesUnavailable,
    NoSingleUnit,
}

impl Rule {
    pub const ALL: [Self; 14] = [
        Self::ListingNotBookable,
        Self::InPast,
        Self::OverCapacity,
        Self::InfantsLimit,
        Self::PetsNotAllowed,
        Self::AdvanceNotice,
        Self::BeyondWindow,
        Self::ClosedToArrival,
        Self::ClosedToDeparture,
        Self::MinNights,
        Self::MaxNights,
        Self::GapRule,
        Self::DatesUnavailable,
        Self::NoSingleUnit,
    ];

    /// The public reason code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::ListingNotBookable => "listing_not_bookable",
            Self::InPast => "in_past",
            Self::OverCapacity => "over_capacity",
            Self::InfantsLimit => "infants_limit",
            Self::PetsNotAllowed => "pets_not_allowed",
            Self::AdvanceNotice => "advance_notice",
            Self::BeyondWindow => "beyond_window",
            Self::ClosedToArrival => "closed_to_arrival",
            Self::ClosedToDeparture => "closed_to_departure",
            Self::MinNights => "min_nights",
            Self::MaxNights => "max_nights",
            Self::GapRule => "gap_rule",
            Self::DatesUnavailable => "dates_unavailable",
            Self::NoSingleUnit => "no_single_unit",
        }
    }

    /// Whether `ask` keeps this rule, and the numbers behind the answer: what is asked and where the limit lies.
    fn judge(self, on: &Question<'_>) -> Verdict {
        let Question { terms, days, stay, party, local } = *on;
        let (arrival, departure) = (stay.check_in(), stay.check_out());
        let at_most = |actual: u16, limit: u16| Verdict { passes: actual <= limit, numbers: Numbers::Count { actual, limit } };
        match self {
            Self::ListingNotBookable => Verdict::plain(terms.bookable),
            Self::InPast => Verdict { passes: arrival >= local.today, numbers: Numbers::Date { actual: arrival, limit: local.today } },
            Self::OverCapacity => at_most(party.adults.saturating_add(party.children), terms.capacity),
            Self::InfantsLimit => at_most(party.infants, terms.max_infants.into()),
            Self::PetsNotAllowed => at_most(party.pets, terms.max_pets.into()),
            Self::AdvanceNotice => {
                let earliest = terms.earliest_arrival(local);
                Verdict { passes: arrival >= earliest, numbers: Numbers::Date { actual: arrival, limit: earliest } }
            }
            Self::BeyondWindow => {
                let last = local.today.plus(terms.window_days.into());
                let actual = if terms.window_strict { departure } else { arrival };
                Verdict { passes: actual <= last, numbers: Numbers::Date { actual, limit: last } }
            }
            Self::ClosedToArrival => {
                let by_day = days.at(arrival).and_then(|day| day.closed_to_arrival);
                Verdict::plain(!by_day.unwrap_or(terms.arrival_days >> arrival.weekday() & 1 == 0))
            }
            Self::ClosedToDeparture => {
                let by_day = days.at(departure).and_then(|day| day.closed_to_departure);
                Verdict::plain(!by_day.unwrap_or(terms.departure_days >> departure.weekday() & 1 == 0))
            }
            Self::MinNights => {
                let limit = days.min_nights(terms, arrival);
                let fills = || terms.gap_nights > 0 && terms.fill_gaps && on.leftovers() == (Leftover::None, Leftover::None);
                Verdict { passes: stay.nights() >= limit || fills(), numbers: Numbers::Count { actual: stay.nights(), limit } }
            }
            Self::MaxNights => at_most(stay.nights(), days.max_nights(terms, arrival)),
            Self::GapRule => on.judge_gaps(),
            Self::DatesUnavailable => Verdict::plain(!on.has_no_room()),
            // Where there is no room anyhow, nobody's pin is to blame.
            Self::NoSingleUnit => Verdict::plain(days.held.is_empty() || on.has_no_room() || on.finds_unit(true)),
        }
    }
}

/// The answer to one rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    pub passes: bool,
    pub numbers: Numbers,
}

impl Verdict {
    fn plain(passes: bool) -> Self {
        Self { passes, numbers: Numbers::None }
    }
}

/// What was asked for and where the limit lies, where a rule is about a number or a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Numbers {
    None,
    Count { actual: u16, limit: u16 },
    Date { actual: Night, limit: Night },
}

/// The first day that is `days` of notice away, today ending at `cutoff_minute` (A9).
#[must_use]
pub fn earliest_arrival(days: u8, cutoff_minute: Option<u16>, local: LocalMoment) -> Night {
    let too_late_today = days == 0 && cutoff_minute.is_some_and(|cutoff| local.minute >= cutoff);
    local.today.plus(if too_late_today { 1 } else { days.into() })
}

impl Terms {
    /// The first day on which a guest may arrive (A9).
    #[must_use]
    pub fn earliest_arrival(&self, local: LocalMoment) -> Night {
        earliest_arrival(self.notice_days, self.cutoff_minute, local)
    }

    /// The fewest nights from `arrival` on, single days and seasons apart.
    fn usual_min_nights(&self, arrival: Night) -> u16 {
        match self.arrival_min_nights[usize::from(arrival.weekday() % 7)] {
            0 => self.min_nights,
            of_weekday => of_weekday,
        }
    }
}

impl Days {
    /// Works out what is taken from all causes (decisions: preparation is a gap, several units are counted).
    ///
    /// With one unit, a stay keeps others away by the larger of its own preparation and the terms'. With several, a stay `[a, b)` holds
    /// `[a, b + g)` of a unit; where all units are held, a new stay of any length that would touch the run or come closer than `g`
    /// before it is refused, so the run is widened by `g` to the left. Where that does not tell the whole truth, `held` is kept.
    #[must_use]
    pub fn new(terms: &Terms, causes: &Causes, overrides: Vec<DayOverride>) -> Self {
        let g = i32::from(terms.preparation);
        let mut taken: Vec<NightRange> = causes.blocks.clone();
        let uncountable = terms.units > 1 && causes.stays.iter().any(|stay| stay.pinned || stay.gap > terms.preparation);
        if terms.units == 1 {
            let kept = |stay: &Held| i32::from(stay.gap.max(terms.preparation));
            let all = causes.stays.iter().filter(|stay| stay.range.nights() > 0);
            taken.extend(all.map(|stay| NightRange::new(stay.range.from.plus(-kept(stay)), stay.range.to.plus(kept(stay)))));
        } else if uncountable {
            taken.extend(full_runs(in_units(&causes.stays).into_iter(), terms.units, 0));
        } else {
            taken.extend(full_runs(in_units(&causes.stays).into_iter(), terms.units, g).map(|run| NightRange::new(run.from.plus(-g), run.to)));
        }
        Self { taken: merge(taken), overrides, held: if uncountable { units::each_once(&causes.stays) } else { Vec::new() } }
    }

    /// The override in force on `night`.
    #[must_use]
    pub fn at(&self, night: Night) -> Option<&DayOverride> {
        let next = self.overrides.partition_point(|day| day.range.from <= night);
        self.overrides[..next].last().filter(|day| day.range.contains(night))
    }

    /// The fewest nights of a stay that begins on `arrival`: the day's own or its season's, else the weekday's, else the listing's
    /// (A11: the arrival date decides).
    #[must_use]
    pub fn min_nights(&self, terms: &Terms, arrival: Night) -> u16 {
        self.at(arrival).and_then(|day| day.min_nights).map_or_else(|| terms.usual_min_nights(arrival), NonZeroU16::get)
    }

    /// The most nights of a stay that begins on `arrival`.
    #[must_use]
    pub fn max_nights(&self, terms: &Terms, arrival: Night) -> u16 {
        self.at(arrival).and_then(|day| day.max_nights).map_or(terms.max_nights, NonZeroU16::get).min(Stay::MAX_NIGHTS)
    }

    /// Whether any night of `range` is taken.
    #[must_use]
    pub fn is_taken(&self, range: NightRange) -> bool {
        let next = self.taken.partition_point(|run| run.to <= range.from);
        self.taken.get(next).is_some_and(|run| run.overlaps(range))
    }
}

/// One stay put to one listing at one moment.
#[derive(Debug, Clone, Copy)]
struct Question<'a> {
    terms: &'a Terms,
    days: &'a Days,
    stay: Stay,
    party: Party,
    local: LocalMoment,
}

/// What a stay leaves free on one side, up to the next taken run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Leftover {
    /// Nothing that anybody could still book.
    None,
    /// A run of so many nights, beginning on `from`.
    Run { from: Night, nights: u16 },
    /// No taken run on this side.
    Open,
}

impl Question<'_> {
    /// The free runs that would remain before and after the stay, its own preparation kept.
    fn leftovers(&self) -> (Leftover, Leftover) {
        let g = i32::from(self.terms.preparation);
        let range = self.stay.range();
        let next = self.days.taken.partition_point(|run| run.to <= range.from);
        let before = next.checked_sub(1).map(|i| (self.days.taken[i].to, range.from.plus(-g)));
        let after = self.days.taken.get(next).map(|run| (range.to.plus(g), run.from));
        (leftover(before), leftover(after))
    }

    /// Whether no unit could be had even if every stay could be moved.
    fn has_no_room(&self) -> bool {
        self.days.is_taken(self.stay.range()) || (!self.days.held.is_empty() && !self.finds_unit(false))
    }

    /// Whether all stays find their units with this one among them; `pins`: those that keep theirs do.
    fn finds_unit(&self, pins: bool) -> bool {
        let new = Held { gap: self.terms.preparation, ..Held::from(self.stay.range()) };
        units::arrange(self.terms.units, &self.days.held, new, |held| pins && held.stays_put(self.local.today)).is_some()
    }

    /// A13: a run of 1..=`gap_nights` nights that is shorter than its own minimum must not be left over.
    fn judge_gaps(&self) -> Verdict {
        if self.terms.gap_nights == 0 {
            return Verdict::plain(true);
        }
        let (before, after) = self.leftovers();
        for side in [before, after] {
            if let Leftover::Run { from, nights } = side {
                let limit = self.days.min_nights(self.terms, from);
                if nights <= u16::from(self.terms.gap_nights) && nights < limit {
                    return Verdict { passes: false, numbers: Numbers::Count { actual: nights, limit } };
                }
            }
        }
        Verdict::plain(true)
    }
}

fn leftover(between: Option<(Night, Night)>) -> Leftover {
    match between {
        None => Leftover::Open,
        Some((from, to)) => match u16::try_from(from.days_until(to)) {
            Ok(nights) if nights > 0 => Leftover::Run { from, nights },
            _ => Leftover::None,
        },
    }
}

/// Whether the stay may be booked: every rule says yes.
#[must_use]
pub fn permits(terms: &Terms, days: &Days, stay: Stay, party: Party, local: LocalMoment) -> bool {
    let question = Question { terms, days, stay, party, local };
    Rule::ALL.iter().all(|rule| rule.judge(&question).passes)
}

/// Every rule with its answer, in the order of A7; the first that does not pass is the primary reason.
#[must_use]
pub fn explain(terms: &Terms, days: &Days, stay: Stay, party: Party, local: LocalMoment) -> Vec<(Rule, Verdict)> {
    let question = Question { terms, days, stay, party, local };
    Rule::ALL.iter().map(|rule| (*rule, rule.judge(&question))).collect()
}

/// The nearest stays of the same length that may be booked: up to `most`, by distance of their check-in from the
/// one asked for, earlier first where two are as near. Looks at most `reach` days to each side.
#[must_use]
pub fn nearest(terms: &Terms, days: &Days, stay: Stay, party: Party, local: LocalMoment, reach: i32, most: usize) -> Vec<Stay> {
    let shifted = |days_away: i32| Stay::new(stay.check_in().plus(days_away), stay.check_out().plus(days_away)).ok();
    (1..=reach).flat_map(|away| [-away, away]).filter_map(shifted).filter(|other| permits(terms, days, *other, party, local)).take(most).collect()
}

#[cfg(test)]
mod tests;
