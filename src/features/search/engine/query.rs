//! A question to the engine, already checked: what `ask.rs` makes of the parameters of a request.

use super::area::Area;
use super::customs::CustomFilter;
use super::dates::Dates;
use super::listing::RoomType;
use super::text::words::Word;
use crate::features::calendar::rules::Party;
use crate::features::pricing::ChildAges;
use crate::values::{Currency, Instant, ListingId, Stay, UserId};

/// What to look for. Everything given must hold.
#[derive(Debug, Clone)]
pub(crate) struct Query {
    pub words: Vec<Word>,
    /// Something was asked in which there is no word, such as an emoji: nobody has it.
    pub wordless: bool,
    pub city: Option<String>,
    pub area: Option<Area>,
    pub dates: Option<Dates>,
    pub party: Party,
    /// Of the children, as far as they are told.
    pub ages: ChildAges,
    pub price: Option<PriceFilter>,
    pub currency: Option<Currency>,
    /// Any of these; empty: all.
    pub room_types: Vec<RoomType>,
    /// Any of these; empty: all.
    pub property_types: Vec<String>,
    /// All of these places in the catalogue.
    pub amenities: Vec<u16>,
    pub bedrooms_min: u8,
    pub beds_min: u8,
    pub bathrooms_halves_min: u8,
    pub instant_book: Option<bool>,
    pub top_host: Option<bool>,
    /// Least mean rating × 100; unrated listings fail it.
    pub rating_centi_min: Option<u16>,
    pub reviews_min: u32,
    pub host: Option<UserId>,
    /// All of these about the operator's own fields.
    pub custom: Vec<CustomFilter>,
    pub sort: Sort,
    pub facets: bool,
    /// 1 to 100.
    pub limit: usize,
    /// Continue behind this one.
    pub after: Option<After>,
    /// The one moment at which the whole question is judged.
    pub now: Instant,
}

/// Bounds in minor units, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PriceFilter {
    pub min: i64,
    pub max: i64,
    pub basis: PriceBasis,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PriceBasis {
    /// The base price without dates, the stay's total by nights with dates.
    Nightly,
    /// Everything mandatory for the stay.
    Total,
}

/// The order of the answer; ties go by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sort {
    Relevance,
    Cheapest,
    Dearest,
    Rating,
    Nearest,
    Newest,
}

/// Where a page ended: the sort key and the id of its last listing. Keys ascend in the order of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct After {
    pub key: i64,
    pub id: ListingId,
}

/// The answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    pub total: usize,
    pub hits: Vec<Hit>,
    /// Where to go on; `None` on the last page.
    pub next: Option<After>,
    pub facets: Option<super::facets::Facets>,
}

/// One listing of the page.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    pub id: ListingId,
    /// With dates: total and average in minor units; with flexible dates those of the best.
    pub price: Option<crate::features::pricing::StayPrice>,
    /// With flexible dates: the best possible stay, and a few others.
    pub best_dates: Vec<BestDates>,
    /// With `near`.
    pub distance_km: Option<f64>,
}

/// A stay that is possible and what it costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BestDates {
    pub stay: Stay,
    /// Everything mandatory, in minor units.
    pub total: i64,
}

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    /// Prices of different currencies cannot be compared.
    #[error("the matching listings have several currencies; name one with `currency`")]
    CurrencyNeeded { currencies: Vec<Currency> },
    #[error("the text index cannot be read")]
    Text(#[from] tantivy::TantivyError),
}
