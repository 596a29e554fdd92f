//! A street of odd homes: every rule of a calendar in random company, for searches with dates.

use super::dice::Dice;
use super::lot::{Booked, Lot, Override};
use std::num::{NonZeroI64, NonZeroU16};
use stopover::features::calendar::rules::{Causes, DayOverride, Days, Party, Terms, lay, permits};
use stopover::values::{Instant, Night, NightRange, Stay, Zone};

const ZONES: [&str; 7] = ["America/New_York", "Asia/Tokyo", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kolkata", "Europe/Paris", "UTC"];
const CURRENCIES: [&str; 3] = ["USD", "EUR", "JPY"];

/// A home as it was made, and as the rules see it.
pub(super) struct Home {
    pub(super) lot: Lot,
    pub(super) currency: &'static str,
    zone: Zone,
    terms: Terms,
}

/// So many homes, each with some rules of its own; calendars begin about `today`.
pub(super) fn street(dice: &mut Dice, homes: usize, today: Night) -> Vec<Home> {
    (0..homes).map(|n| home(dice, n, today)).collect()
}

fn home(dice: &mut Dice, n: usize, today: Night) -> Home {
    let (zone, currency) = (*dice.pick(&ZONES), *dice.pick(&CURRENCIES));
    // Half of the rules are off in most homes, so that enough stays can be booked.
    let mut rule = |times: usize, least: i64, most: i64, off: i64| if dice.once_in(times) { dice.between(least, most) } else { off };
    let units = rule(4, 2, 3, 1);
    let cutoff: Option<i64> = Some(rule(3, 0, 1_440, -1)).filter(|minute| *minute >= 0);
    let mut lot = Lot::new(&format!("Home {n}"))
        .with("zone", zone)
        .with("currency", currency)
        .with("price_minor", rule(1, 3_000, 30_000, 0))
        .with("capacity", rule(1, 2, 18, 0))
        .with("max_infants", rule(2, 0, 2, 5))
        .with("max_pets", rule(3, 1, 3, 0))
        .with("min_nights", rule(2, 1, 5, 1))
        .with("max_nights", rule(3, 4, 14, 365))
        .with("notice_days", rule(4, 1, 5, 0))
        .with("cutoff_minute", cutoff)
        .with("window_days", rule(3, 20, 60, 365))
        .with("preparation_nights", rule(3, 1, 3, 0))
        .with("arrival_days", rule(4, 1, 127, 127))
        .with("departure_days", rule(4, 1, 127, 127))
        .with("gap_nights", rule(4, 1, 4, 0))
        .with("unit_count", units);
    let (strict, fills) = (dice.once_in(4), dice.once_in(2));
    lot = lot.with("window_strict", strict).with("fill_gaps", fills);
    for slot in 0..units {
        stays(dice, &mut lot, slot, today);
    }
    lot.external = if units == 1 { ranges(dice, today, 25) } else { vec![] };
    lot.blocks = ranges(dice, today, 40);
    for source in ["host", "inside"] {
        for nights in ranges(dice, today, 12) {
            lot.overrides.push(odd_days(dice, source, nights));
        }
    }
    let terms = terms(&lot, cutoff, strict, fills);
    Home { lot, currency, zone: Zone::parse(zone).unwrap(), terms }
}

/// Some ranges of up to a week, about `apart` nights apart.
fn ranges(dice: &mut Dice, today: Night, apart: i64) -> Vec<NightRange> {
    let mut found = Vec::new();
    let mut from = today.plus(days(dice.between(-20, apart)));
    while today.days_until(from) < 100 {
        let to = from.plus(days(dice.between(1, 7)));
        found.push(NightRange::new(from, to));
        from = to.plus(days(dice.between(1, 2 * apart)));
    }
    found
}

/// Bookings and holds of one unit; holds run out within the next days.
fn stays(dice: &mut Dice, lot: &mut Lot, slot: i64, today: Night) {
    for nights in ranges(dice, today, 12) {
        let until = dice.once_in(3).then(|| at_noon(today).plus_seconds(dice.between(-3_600, 200_000)));
        lot.booked.push(Booked { slot, nights, until });
    }
}

fn odd_days(dice: &mut Dice, source: &'static str, nights: NightRange) -> Override {
    let mut maybe = |least: i64, most: i64| if dice.once_in(2) { Some(dice.between(least, most)) } else { None };
    let (price, min, max) = (maybe(2_000, 60_000), maybe(1, 6), maybe(3, 20));
    let (arrival, departure) = (maybe(0, 1).map(|n| n == 1), maybe(0, 1).map(|n| n == 1));
    Override { source, nights, price, min, max, arrival, departure }
}

fn days(count: i64) -> i32 {
    i32::try_from(count).unwrap()
}

fn at_noon(day: Night) -> Instant {
    Instant::parse(&format!("{day}T12:00:00Z")).unwrap()
}

fn terms(lot: &Lot, cutoff: Option<i64>, window_strict: bool, fill_gaps: bool) -> Terms {
    let wide = |column| u16::try_from(lot.number(column)).unwrap();
    let small = |column| u8::try_from(lot.number(column)).unwrap();
    Terms {
        bookable: true,
        capacity: wide("capacity"),
        max_infants: small("max_infants"),
        max_pets: small("max_pets"),
        min_nights: wide("min_nights"),
        max_nights: wide("max_nights"),
        notice_days: small("notice_days"),
        cutoff_minute: cutoff.map(|minute| u16::try_from(minute).unwrap()),
        window_days: wide("window_days"),
        window_strict,
        preparation: small("preparation_nights"),
        arrival_days: small("arrival_days"),
        departure_days: small("departure_days"),
        gap_nights: small("gap_nights"),
        fill_gaps,
        units: wide("unit_count"),
        arrival_min_nights: [0; 7],
    }
}

impl Home {
    pub(super) fn id(&self) -> String {
        self.lot.id.to_string()
    }

    fn overrides(&self, source: &str) -> Vec<DayOverride> {
        let nights = |n: Option<i64>| n.and_then(|n| NonZeroU16::new(u16::try_from(n).unwrap()));
        let day = |day: &Override| DayOverride {
            range: day.nights,
            price_minor: day.price.and_then(NonZeroI64::new),
            min_nights: nights(day.min),
            max_nights: nights(day.max),
            closed_to_arrival: day.arrival,
            closed_to_departure: day.departure,
        };
        self.lot.overrides.iter().filter(|day| day.source == source).map(day).collect()
    }

    /// Whether the rules permit the stay at `now`.
    pub(super) fn takes(&self, stay: Stay, party: Party, now: Instant) -> bool {
        let live = self.lot.booked.iter().filter(|booked| booked.until.is_none_or(|until| until > now)).map(|booked| booked.nights);
        let causes = Causes { blocks: self.lot.blocks.clone(), stays: live.chain(self.lot.external.iter().copied()).map(Into::into).collect() };
        let days = Days::new(&self.terms, &causes, lay(vec![("inside", self.overrides("inside")), ("host", self.overrides("host"))]));
        permits(&self.terms, &days, stay, party, self.zone.local(now))
    }

    /// The price of the stay, night by night: the host's, else the import's, else the base price.
    pub(super) fn total(&self, stay: Stay) -> i64 {
        let set = |source: &'static str, night: Night| {
            self.lot.overrides.iter().filter(|day| day.source == source && day.nights.contains(night)).find_map(|day| day.price)
        };
        stay.range().iter().map(|night| set("host", night).or(set("inside", night)).unwrap_or(self.lot.number("price_minor"))).sum()
    }

    /// The date there.
    pub(super) fn today(&self, now: Instant) -> Night {
        self.zone.local(now).today
    }

    /// Whether the party fits, dates apart.
    pub(super) fn fits(&self, party: Party) -> bool {
        party.adults + party.children <= self.terms.capacity && party.infants <= self.terms.max_infants.into() && party.pets <= self.terms.max_pets.into()
    }
}

/// A random party, and its parameters.
pub(super) fn party(dice: &mut Dice) -> (Party, String) {
    let mut number = |times: usize, most: i64| if dice.once_in(times) { u16::try_from(dice.between(0, most)).unwrap() } else { 0 };
    let party = Party { adults: 1 + number(1, 3), children: number(3, 2), infants: number(4, 3), pets: number(5, 2) };
    let Party { adults, children, infants, pets } = party;
    (party, format!("adults={adults}&children={children}&infants={infants}&pets={pets}"))
}
