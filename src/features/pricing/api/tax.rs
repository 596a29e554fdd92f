//! A tax as JSON, in and out; of a host in `plan.rs`, of the operator in `taxes.rs`.

use super::plan::{Collected, date_fault};
use crate::platform::error::FieldError;
use poem_openapi::{Enum, Object};

/// A tax: a share of lines, or an amount for the stay, its nights, its guests or both. Exactly one of `bp` and `amount` is given.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields, skip_serializing_if_is_none)]
pub(super) struct TaxTerms {
    /// Small letters, digits, underscores.
    key: String,
    /// What guests read.
    name: String,
    bp: Option<u32>,
    amount: Option<i64>,
    /// For amounts; `stay`, unless given. Infants do not count.
    #[oai(default = "stay")]
    basis: TaxBasis,
    /// For shares; all but `service_fee`, unless given. Of fees those that are taxable.
    #[oai(default = "room_and_fees", validator(max_items = 10))]
    applies_to: Vec<TaxedLines>,
    /// The prices contain it: it is shown and not added.
    #[oai(default)]
    inclusive: bool,
    /// Children under this age pay nothing where their age is known; for amounts by guest, 1 to 18.
    age_exempt_below: Option<u8>,
    /// Only the first so many nights count.
    max_nights: Option<u16>,
    /// Stays of so many nights or more pay nothing.
    exempt_if_nights_at_least: Option<u16>,
    /// The first night on which it is valid, `YYYY-MM-DD`.
    valid_from: Option<String>,
    /// The first night on which it is not valid any more, `YYYY-MM-DD`.
    valid_to: Option<String>,
    /// Other shares or amounts from some nightly price on, ascending. At most 20.
    #[oai(default, skip_serializing_if_is_empty)]
    brackets: Vec<TaxBracket>,
    /// Shares are taken of the taxes of lower orders too. 0 to 9.
    #[oai(default)]
    compound_order: u8,
    remitted_by: Remitter,
    collected: Collected,
}

#[derive(Debug, Enum)]
#[oai(rename_all = "snake_case")]
enum TaxBasis {
    Stay,
    Night,
    Guest,
    GuestNight,
}

#[derive(Debug, Enum)]
#[oai(rename_all = "snake_case")]
enum TaxedLines {
    Accommodation,
    ExtraGuests,
    Fees,
    ServiceFee,
}

/// From this nightly price on, before discounts, another share or amount.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields, skip_serializing_if_is_none)]
struct TaxBracket {
    from: i64,
    bp: Option<u32>,
    amount: Option<i64>,
}

/// Who hands the tax to the authority.
#[derive(Debug, Enum)]
#[oai(rename_all = "snake_case")]
enum Remitter {
    Platform,
    Host,
}

fn stay() -> TaxBasis {
    TaxBasis::Stay
}

fn room_and_fees() -> Vec<TaxedLines> {
    vec![TaxedLines::Accommodation, TaxedLines::ExtraGuests, TaxedLines::Fees]
}

impl TaxTerms {
    /// Dates that are none; their pointers begin with `at`.
    pub(super) fn date_faults(&self, at: &str) -> Vec<FieldError> {
        let mut faults = Vec::new();
        date_fault(&mut faults, format!("{at}/valid_from"), self.valid_from.as_ref());
        date_fault(&mut faults, format!("{at}/valid_to"), self.valid_to.as_ref());
        faults
    }
}
