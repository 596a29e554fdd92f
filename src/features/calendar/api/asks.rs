//! What hosts ask for, read: every field that is wrong is named by its pointer.

use crate::features::calendar::rules::edits::{BlockReason, DayChange, Say};
use crate::features::calendar::rules::settings::{Asked, Fault, Settings, judge, weekday};
use crate::features::calendar::service::edit::{Blocking, Edit};
use crate::platform::error::{Error, FieldError, Kind, Refused, Result};
use crate::platform::wire::DateAsk;
use crate::values::{Currency, Night, NightRange};
use poem_openapi::Object;
use poem_openapi::types::MaybeUndefined;
use std::num::{NonZeroI64, NonZeroU16};
use unicode_normalization::UnicodeNormalization;

const MOST_NOTE: usize = 500;
const MOST_NAME: usize = 80;
/// A price of a night beyond this is a slip of the keyboard, in any currency.
const MOST_PRICE: i64 = 1_000_000_000_000;

/// The availability rules of a listing, all of them.
#[derive(Debug, Clone, Object)]
#[oai(deny_unknown_fields)]
pub(super) struct RulesAsk {
    /// Fewest nights of a stay, 1 to 365.
    min_nights: i64,
    /// Most nights of a stay, 1 to 365.
    max_nights: i64,
    /// Other minimums by weekday of arrival.
    min_nights_by_weekday: Option<WeekdayNights>,
    /// Days between a booking and its check-in, 0 to 30.
    notice_days: i64,
    /// Whoever is too late for that asks for the stay instead of being refused.
    #[oai(default)]
    notice_as_request: bool,
    /// With no days of notice: local time at which bookings for the same day end, such as `18:00`; null: they do not end.
    #[oai(validator(max_length = 20))]
    same_day_until: Option<String>,
    /// How many days ahead a check-in may be, 1 to 1095.
    window_days: i64,
    /// The check-out must lie within the window too.
    window_strict: bool,
    /// Nights kept free between two stays, 0 to 7.
    preparation_nights: i64,
    /// Weekdays on which guests may arrive.
    #[oai(validator(max_items = 20))]
    arrival_days: Vec<String>,
    /// Weekdays on which guests may leave.
    #[oai(validator(max_items = 20))]
    departure_days: Vec<String>,
    /// No free run of 1 to this many nights may be left over between two stays; 0: it does not matter.
    gap_nights: i64,
    /// A gap shorter than the minimum may be booked whole.
    fill_gaps: bool,
}

/// Numbers of nights by weekday; what is absent is as `min_nights` says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Object)]
#[oai(deny_unknown_fields, skip_serializing_if_is_none)]
pub(super) struct WeekdayNights {
    pub(super) monday: Option<i64>,
    pub(super) tuesday: Option<i64>,
    pub(super) wednesday: Option<i64>,
    pub(super) thursday: Option<i64>,
    pub(super) friday: Option<i64>,
    pub(super) saturday: Option<i64>,
    pub(super) sunday: Option<i64>,
}

impl RulesAsk {
    pub(super) fn judged(&self) -> Result<Settings> {
        let by = self.min_nights_by_weekday.unwrap_or_default();
        let asked = Asked {
            min_nights: self.min_nights,
            max_nights: self.max_nights,
            min_nights_by_weekday: [by.monday, by.tuesday, by.wednesday, by.thursday, by.friday, by.saturday, by.sunday],
            notice_days: self.notice_days,
            notice_as_request: self.notice_as_request,
            same_day_until: self.same_day_until.clone(),
            window_days: self.window_days,
            window_strict: self.window_strict,
            preparation_nights: self.preparation_nights,
            arrival_days: self.arrival_days.clone(),
            departure_days: self.departure_days.clone(),
            gap_nights: self.gap_nights,
            fill_gaps: self.fill_gaps,
        };
        let error = |fault: Fault| FieldError::new(format!("/body/{}", fault.place), "out_of_range", fault.message);
        judge(&asked).map_err(|faults| refused(faults.into_iter().map(error).collect()))
    }
}

/// The units of a listing.
#[derive(Debug, Clone, Object)]
#[oai(deny_unknown_fields)]
pub(super) struct UnitsAsk {
    /// What the units are called, 1 to 500 of them; an empty name is none. There are as many units as names.
    #[oai(validator(min_items = 1, max_items = 500))]
    names: Vec<String>,
}

impl UnitsAsk {
    pub(super) fn judged(&self) -> Result<Vec<String>> {
        let mut errors = Vec::new();
        let names: Vec<String> = self.names.iter().map(|name| name.trim().nfc().collect()).collect();
        for (n, name) in names.iter().enumerate() {
            if name.chars().count() > MOST_NAME || name.chars().any(char::is_control) {
                errors.push(FieldError::new(format!("/body/names/{n}"), "invalid_text", format!("must be at most {MOST_NAME} characters in one line")));
            }
        }
        if errors.is_empty() { Ok(names) } else { Err(refused(errors)) }
    }
}

/// Changes of single days.
#[derive(Debug, Clone, Object)]
#[oai(deny_unknown_fields)]
pub(super) struct EditsAsk {
    /// Done in this order.
    #[oai(validator(min_items = 1, max_items = 100))]
    edits: Vec<EditAsk>,
    /// Leave nights open that guests have, and close the rest; else nothing is done when there are such nights.
    #[oai(default)]
    pub(super) skip_conflicts: bool,
}

/// A change of the nights from `from` up to, not including, `to`. What is absent stays, null goes back to what the listing says.
#[derive(Debug, Clone, Object)]
#[oai(deny_unknown_fields)]
struct EditAsk {
    from: DateAsk,
    to: DateAsk,
    /// Only these weekdays, such as `friday`.
    #[oai(validator(max_items = 20))]
    days: Option<Vec<String>>,
    /// Price of a night.
    price: MaybeUndefined<NightPriceAsk>,
    /// Fewest nights of a stay that begins on such a day, 1 to 365.
    min_nights: MaybeUndefined<i64>,
    /// Most nights of a stay that begins on such a day, 1 to 365.
    max_nights: MaybeUndefined<i64>,
    /// Nobody may arrive; false opens a weekday that is closed.
    closed_to_arrival: MaybeUndefined<bool>,
    /// Nobody may leave; false opens a weekday that is closed.
    closed_to_departure: MaybeUndefined<bool>,
    /// True closes the nights, false opens what a host has closed.
    blocked: Option<bool>,
    /// Why they are closed: `owner`, `maintenance` or `other`, which it is unless given.
    #[oai(validator(max_length = 20))]
    reason: Option<String>,
    /// A note on the closed nights, for the people of the listing.
    #[oai(validator(max_length = 2000))]
    note: Option<String>,
}

/// A price of a night, in the currency of the listing.
#[derive(Debug, Clone, Object)]
#[oai(deny_unknown_fields)]
struct NightPriceAsk {
    /// In minor units.
    amount: i64,
    /// ISO 4217 code.
    #[oai(validator(max_length = 10))]
    currency: String,
}

impl EditsAsk {
    pub(super) fn judged(&self) -> Result<Vec<Edit>> {
        let mut errors = Vec::new();
        let edits = self.edits.iter().enumerate().map(|(n, ask)| Reader { place: format!("/body/edits/{n}"), errors: &mut errors }.edit(ask)).collect();
        if errors.is_empty() { Ok(edits) } else { Err(refused(errors)) }
    }
}

/// Reads one edit and notes what is wrong with it.
struct Reader<'a> {
    place: String,
    errors: &'a mut Vec<FieldError>,
}

impl Reader<'_> {
    fn complain(&mut self, field: &str, code: &'static str, message: impl Into<String>) {
        self.errors.push(FieldError { pointer: format!("{}{field}", self.place), code, message: message.into() });
    }

    fn edit(mut self, ask: &EditAsk) -> Edit {
        let before = self.errors.len();
        let range = NightRange::new(self.night("/from", ask.from), self.night("/to", ask.to));
        if range.nights() == 0 && self.errors.len() == before {
            self.complain("/to", "invalid_dates", "must be after `from`: it is the first night that is not meant");
        }
        let (price_minor, currency) = self.price(&ask.price);
        let days = DayChange {
            price_minor,
            min_nights: self.nights("/min_nights", &ask.min_nights),
            max_nights: self.nights("/max_nights", &ask.max_nights),
            closed_to_arrival: said(&ask.closed_to_arrival),
            closed_to_departure: said(&ask.closed_to_departure),
        };
        let (weekdays, blocking) = (self.weekdays(ask.days.as_deref()), self.blocking(ask));
        if !days.is_something() && blocking.is_none() && self.errors.len() == before {
            self.complain("", "unprocessable", "says nothing about these nights");
        }
        Edit { range, weekdays, days, currency, blocking }
    }

    fn night(&mut self, field: &str, ask: DateAsk) -> Night {
        ask.night().unwrap_or_else(|refusal| {
            self.complain(field, "invalid_dates", refusal.to_string());
            Night::FIRST
        })
    }

    fn weekdays(&mut self, names: Option<&[String]>) -> u8 {
        let Some(names) = names else { return 127 };
        if names.is_empty() {
            self.complain("/days", "out_of_range", "must name a weekday, or be absent");
        }
        let mut mask = 0;
        for (n, name) in names.iter().enumerate() {
            match weekday(name) {
                Some(day) => mask |= 1 << day,
                None => self.complain(&format!("/days/{n}"), "out_of_range", "must be a weekday such as `friday`"),
            }
        }
        mask
    }

    fn price(&mut self, ask: &MaybeUndefined<NightPriceAsk>) -> (Say<NonZeroI64>, Option<Currency>) {
        let price = match ask {
            MaybeUndefined::Undefined => return (Say::Nothing, None),
            MaybeUndefined::Null => return (Say::Clear, None),
            MaybeUndefined::Value(price) => price,
        };
        let currency = Currency::parse(&price.currency);
        if currency.is_none() {
            self.complain("/price/currency", "invalid_currency", "must be a currency of ISO 4217 such as `EUR`");
        }
        let amount = NonZeroI64::new(price.amount).filter(|amount| (1..=MOST_PRICE).contains(&amount.get()));
        if amount.is_none() {
            self.complain("/price/amount", "out_of_range", format!("must be 1 to {MOST_PRICE} minor units"));
        }
        (amount.map_or(Say::Nothing, Say::Set), currency)
    }

    fn nights(&mut self, field: &str, ask: &MaybeUndefined<i64>) -> Say<NonZeroU16> {
        let number = match ask {
            MaybeUndefined::Undefined => return Say::Nothing,
            MaybeUndefined::Null => return Say::Clear,
            MaybeUndefined::Value(number) => *number,
        };
        let nights = u16::try_from(number).ok().filter(|nights| *nights <= 365).and_then(NonZeroU16::new);
        if nights.is_none() {
            self.complain(field, "out_of_range", "must be 1 to 365");
        }
        nights.map_or(Say::Nothing, Say::Set)
    }

    fn blocking(&mut self, ask: &EditAsk) -> Option<Blocking> {
        let note: String = ask.note.as_deref().unwrap_or_default().replace("\r\n", "\n").trim().nfc().collect();
        if note.chars().count() > MOST_NOTE || note.chars().any(|c| c.is_control() && c != '\n') {
            self.complain("/note", "invalid_text", format!("must be at most {MOST_NOTE} characters, without control characters"));
        }
        let reason = ask.reason.as_deref().map_or(Some(BlockReason::Other), BlockReason::parse);
        if reason.is_none() {
            self.complain("/reason", "out_of_range", "must be `owner`, `maintenance` or `other`");
        }
        for (field, is_given) in [("/reason", ask.reason.is_some()), ("/note", ask.note.is_some())] {
            if is_given && ask.blocked != Some(true) {
                self.complain(field, "out_of_range", "is about nights that are closed: say `blocked: true`");
            }
        }
        match ask.blocked? {
            true => Some(Blocking::Close { reason: reason.unwrap_or(BlockReason::Other), note }),
            false => Some(Blocking::Open),
        }
    }
}

fn said(ask: &MaybeUndefined<bool>) -> Say<bool> {
    match ask {
        MaybeUndefined::Undefined => Say::Nothing,
        MaybeUndefined::Null => Say::Clear,
        MaybeUndefined::Value(value) => Say::Set(*value),
    }
}

/// 422 with everything that is wrong; the first error names the code.
fn refused(errors: Vec<FieldError>) -> Error {
    let code = errors.first().map_or("out_of_range", |first| first.code);
    let mut refused = Refused::new(Kind::Unacceptable, code, "Some fields are refused; `errors` names each. Nothing was changed.");
    refused.errors = errors;
    refused.into()
}
