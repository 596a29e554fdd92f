//! Which of many stays one listing can take, and which of them are the best: for the listings of a page, and for those
//! whose price must be known.

use super::corpus::Corpus;
use super::dates::{Dates, Flexible};
use super::pricing::Totals;
use super::query::{BestDates, PriceBasis, PriceFilter, Query};
use crate::features::calendar::rules::{Party, permits};
use crate::features::pricing::{Guests, StayPrice, stay_price, total_price};
use crate::values::{LocalMoment, Night, Stay};
use std::sync::Arc;

/// The best dates of a hit and so many alternatives.
const MOST_DATES: usize = 4;

/// What listings cost for the dates of a question.
pub(super) struct Costs<'a> {
    corpus: &'a Corpus,
    filter: Option<PriceFilter>,
    guests: Guests,
    locals: Arc<[Option<LocalMoment>]>,
    when: When<'a>,
}

enum When<'a> {
    /// Without dates: the base price of a night.
    Undated,
    Stay(Stay),
    Any(Possible<'a>),
}

impl Corpus {
    pub(super) fn costs<'a>(&'a self, query: &'a Query) -> Costs<'a> {
        let when = match &query.dates {
            None => When::Undated,
            Some(Dates::Fixed(stay)) => When::Stay(*stay),
            Some(Dates::Flexible(flexible)) => When::Any(Possible { flexible, party: query.party }),
        };
        let guests = Guests { party: query.party, ages: query.ages };
        Costs { corpus: self, filter: query.price, guests, locals: self.locals(query), when }
    }
}

impl Costs<'_> {
    /// How many nights are paid; 1 without dates, when prices are those of a night.
    pub(super) fn nights(&self) -> i64 {
        match &self.when {
            When::Undated => 1,
            When::Stay(stay) => stay.nights().into(),
            When::Any(possible) => possible.flexible.nights().into(),
        }
    }

    pub(super) fn dated(&self) -> bool {
        !matches!(self.when, When::Undated)
    }

    /// What is shown and sorted by: the base price, the total of the stay, or of the cheapest possible stay.
    pub(super) fn shown(&self, ordinal: u32) -> i64 {
        match &self.when {
            When::Undated => self.corpus.columns.prices[ordinal as usize],
            When::Stay(stay) => self.price(ordinal, *stay).total,
            When::Any(_) if !self.corpus.varied_price.contains(ordinal) => self.corpus.columns.prices[ordinal as usize].saturating_mul(self.nights()),
            When::Any(possible) => self.affordable(possible, ordinal).map(|(_, price)| price.total).min().unwrap_or(i64::MAX),
        }
    }

    /// Whether the stay, or any possible one, has a price within the bounds that were asked for.
    pub(super) fn within_bounds(&self, ordinal: u32) -> bool {
        match &self.when {
            When::Undated => self.passes(self.corpus.columns.prices[ordinal as usize], self.corpus.columns.prices[ordinal as usize]),
            When::Stay(stay) => self.price_passes(self.price(ordinal, *stay)),
            When::Any(possible) => self.affordable(possible, ordinal).next().is_some(),
        }
    }

    /// The price of a hit: of the stay, or of its best dates, which come along with a few alternatives. The cheapest come
    /// first; of the same price those nearest to the day that was asked for, then the earliest.
    pub(super) fn of_hit(&self, ordinal: u32) -> (Option<StayPrice>, Vec<BestDates>) {
        match &self.when {
            When::Undated => (None, Vec::new()),
            When::Stay(stay) => (Some(self.price(ordinal, *stay)), Vec::new()),
            When::Any(possible) => {
                let mut stays: Vec<(Stay, StayPrice)> = self.affordable(possible, ordinal).collect();
                stays.sort_by_key(|(stay, price)| (price.total, possible.flexible.preference(*stay)));
                stays.truncate(MOST_DATES);
                (stays.first().map(|(_, price)| *price), stays.iter().map(|(stay, price)| BestDates { stay: *stay, total: price.total }).collect())
            }
        }
    }

    /// The possible stays whose price is within the bounds that were asked for.
    fn affordable<'b>(&'b self, possible: &'b Possible<'_>, ordinal: u32) -> impl Iterator<Item = (Stay, StayPrice)> + 'b {
        let (base, days) = (self.corpus.columns.prices[ordinal as usize], self.corpus.days(ordinal));
        let pricing = self.corpus.columns.pricing[ordinal as usize].as_deref();
        let mut totals = pricing.map(|pricing| Totals::new(pricing, pricing.terms(base, days), self.guests, self.today(ordinal)));
        let mut price = move |stay: Stay| match &mut totals {
            Some(totals) => StayPrice::of(totals.total(stay), stay),
            None => stay_price(base, days, stay),
        };
        self.stays(possible, ordinal).map(move |stay| (stay, price(stay))).filter(|(_, price)| self.price_passes(*price))
    }

    /// What a stay costs these guests when they book it now.
    fn price(&self, ordinal: u32, stay: Stay) -> StayPrice {
        let (base, days) = (self.corpus.columns.prices[ordinal as usize], self.corpus.days(ordinal));
        match &self.corpus.columns.pricing[ordinal as usize] {
            None => stay_price(base, days, stay),
            Some(pricing) => {
                let lead_days = self.today(ordinal).days_until(stay.check_in());
                StayPrice::of(total_price(&pricing.terms(base, days), stay, self.guests, lead_days), stay)
            }
        }
    }

    /// The date on which these guests book: that of the listing's own clock.
    fn today(&self, ordinal: u32) -> Night {
        self.local(ordinal).map_or(Night::FIRST, |local| local.today)
    }

    fn local(&self, ordinal: u32) -> Option<LocalMoment> {
        self.locals[self.corpus.columns.classes[ordinal as usize] as usize]
    }

    /// The stays that this listing can take, by date.
    fn stays<'b>(&'b self, possible: &'b Possible<'_>, ordinal: u32) -> impl Iterator<Item = Stay> + 'b {
        let (corpus, local) = (self.corpus, self.local(ordinal));
        let mut free = Free { corpus, ordinal, known: None };
        let stays = possible.flexible.arrivals().iter().filter_map(|arrival| possible.flexible.stay(*arrival));
        stays.filter(move |stay| {
            local.is_some_and(|local| {
                let (terms, days) = (&corpus.columns.terms[ordinal as usize], corpus.days(ordinal));
                stay.check_in() >= local.today && free.all(*stay) && permits(terms, days, *stay, possible.party, local)
            })
        })
    }

    fn price_passes(&self, price: StayPrice) -> bool {
        self.passes(price.average_nightly, price.total)
    }

    fn passes(&self, nightly: i64, total: i64) -> bool {
        self.filter.is_none_or(|filter| {
            let asked = if filter.basis == PriceBasis::Total { total } else { nightly };
            filter.min <= asked && asked <= filter.max
        })
    }
}

/// The stays of a flexible question, put to single listings.
struct Possible<'a> {
    flexible: &'a Flexible,
    party: Party,
}

/// The nights of one listing, each looked up once for stays that come in the order of their dates.
struct Free<'a> {
    corpus: &'a Corpus,
    ordinal: u32,
    /// All nights from `.0` up to, not including, `.1` are free.
    known: Option<(Night, Night)>,
}

impl Free<'_> {
    /// Whether every night of the stay is free.
    fn all(&mut self, stay: Stay) -> bool {
        let (from, to) = (stay.check_in(), stay.check_out());
        let (since, mut until) = self.known.filter(|(since, until)| *since <= from && from <= *until).unwrap_or((from, from));
        while until < to {
            if self.corpus.nights.taken_on(until).is_some_and(|taken| taken.contains(self.ordinal)) {
                self.known = Some((since, until));
                return false;
            }
            until = until.plus(1);
        }
        self.known = Some((since, until));
        true
    }
}
