//! A coupon as a host or staff want it, judged: every fault at once.

use super::coupon::code_key;
use crate::features::pricing::Off;
use crate::platform::error::{FieldError, Kind, Refused};
use crate::values::{Currency, Instant};

const MOST_AMOUNT: i64 = 100_000_000_000;
const MOST_USES: i64 = 1_000_000;
const MOST_NIGHTS: i64 = 365;
const SHORTEST_CODE: usize = 3;

/// As it was written.
#[derive(Debug, Clone, Default)]
pub struct CouponWish {
    pub code: String,
    pub percent_bp: Option<i64>,
    /// With a share: at most this.
    pub most: Option<i64>,
    pub amount: Option<i64>,
    pub valid_from: Option<String>,
    pub valid_to: Option<String>,
    pub min_nights: Option<i64>,
    pub max_uses: Option<i64>,
    pub per_guest: Option<i64>,
}

/// What can be kept of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CouponTerms {
    pub code: String,
    pub key: String,
    pub off: Off,
    pub valid_from: Option<Instant>,
    pub valid_to: Option<Instant>,
    pub min_nights: u16,
    pub max_uses: Option<u32>,
    pub per_guest: Option<u32>,
}

impl CouponTerms {
    /// Whether it has amounts, which are in some currency.
    #[must_use]
    pub fn has_amounts(&self) -> bool {
        !matches!(self.off, Off::Share { most: None, .. })
    }
}

/// Judges a wish; refuses with 422 and every fault.
pub fn judged(wish: &CouponWish) -> Result<CouponTerms, Box<Refused>> {
    let mut found = Vec::new();
    let key = code_key(&wish.code).filter(|key| key.chars().count() >= SHORTEST_CODE);
    check(&mut found, key.is_some(), "/body/code", "is 3 to 40 letters, digits, - _ and .");
    let off = match (wish.percent_bp, wish.amount) {
        (Some(bp), None) => {
            range(&mut found, "/body/percent_bp", Some(bp), 10_000);
            range(&mut found, "/body/most", wish.most, MOST_AMOUNT);
            Off::Share { bp: u32::try_from(bp).unwrap_or(0), most: wish.most }
        }
        (None, Some(amount)) => {
            range(&mut found, "/body/amount", Some(amount), MOST_AMOUNT);
            check(&mut found, wish.most.is_none(), "/body/most", "is for shares only");
            Off::Amount(amount)
        }
        _ => {
            check(&mut found, false, "/body/percent_bp", "or `amount` is there, and not both");
            Off::Amount(0)
        }
    };
    let valid_from = instant(&mut found, "/body/valid_from", wish.valid_from.as_deref());
    let valid_to = instant(&mut found, "/body/valid_to", wish.valid_to.as_deref());
    let in_order = valid_from.zip(valid_to).is_none_or(|(from, to)| from < to);
    check(&mut found, in_order, "/body/valid_to", "is after `valid_from`");
    range(&mut found, "/body/min_nights", wish.min_nights, MOST_NIGHTS);
    range(&mut found, "/body/max_uses", wish.max_uses, MOST_USES);
    range(&mut found, "/body/per_guest", wish.per_guest, MOST_USES);
    let (Some(key), true) = (key, found.is_empty()) else { return Err(refused(found)) };
    let count = |number: Option<i64>| number.and_then(|number| u32::try_from(number).ok());
    Ok(CouponTerms {
        code: wish.code.trim().to_owned(),
        key,
        off,
        valid_from,
        valid_to,
        min_nights: wish.min_nights.and_then(|nights| u16::try_from(nights).ok()).unwrap_or(1),
        max_uses: count(wish.max_uses),
        per_guest: count(wish.per_guest),
    })
}

/// The currency of a coupon's amounts, as it was written.
pub fn currency(code: &str) -> Result<Currency, Box<Refused>> {
    Currency::parse(code).ok_or_else(|| {
        let mut refused = Refused::new(Kind::Unacceptable, "invalid_currency", "currency is a code of ISO 4217 such as EUR.");
        refused.errors.push(FieldError::new("/body/currency", "invalid_currency", "is a code of ISO 4217 such as EUR"));
        Box::new(refused)
    })
}

fn check(found: &mut Vec<FieldError>, holds: bool, pointer: &str, message: &str) {
    if !holds {
        found.push(FieldError::new(pointer, "out_of_range", message));
    }
}

fn range(found: &mut Vec<FieldError>, pointer: &str, number: Option<i64>, most: i64) {
    check(found, number.is_none_or(|number| (1..=most).contains(&number)), pointer, &format!("is 1 to {most}"));
}

fn instant(found: &mut Vec<FieldError>, pointer: &str, text: Option<&str>) -> Option<Instant> {
    // The database keeps instants of these years on both engines.
    let sane = |at: &Instant| (0..=7_258_118_400_000_000).contains(&at.0);
    let read = text.map(|text| Instant::parse(text).filter(sane));
    check(found, read != Some(None), pointer, "is an instant of the years 1970 to 2199, RFC 3339, such as 2027-06-01T00:00:00Z");
    read.flatten()
}

fn refused(found: Vec<FieldError>) -> Box<Refused> {
    let detail = found.first().map(|first| format!("{} {}.", first.pointer.trim_start_matches("/body/"), first.message));
    let mut refused = Refused::new(Kind::Unacceptable, "out_of_range", detail.unwrap_or_default());
    refused.errors = found;
    Box::new(refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_coupon_takes_off_a_share_or_an_amount() {
        let share = CouponWish { code: " Summer ".into(), percent_bp: Some(1_000), ..CouponWish::default() };
        let terms = judged(&share).unwrap();
        assert_eq!((terms.code.as_str(), terms.key.as_str(), terms.off, terms.min_nights), ("Summer", "SUMMER", Off::Share { bp: 1_000, most: None }, 1));
        assert!(!terms.has_amounts());
        assert!(judged(&CouponWish { most: Some(5_000), ..share.clone() }).unwrap().has_amounts());
        let pointers = |wish: CouponWish| judged(&wish).unwrap_err().errors.into_iter().map(|error| error.pointer).collect::<Vec<_>>();
        assert_eq!(pointers(CouponWish { amount: Some(1), ..share.clone() }), ["/body/percent_bp"]);
        assert_eq!(pointers(CouponWish { percent_bp: None, ..share.clone() }), ["/body/percent_bp"]);
        assert_eq!(pointers(CouponWish { percent_bp: Some(10_001), code: "a".into(), ..share.clone() }), ["/body/code", "/body/percent_bp"]);
        assert_eq!(pointers(CouponWish { percent_bp: None, amount: Some(5), most: Some(4), ..share.clone() }), ["/body/most"]);
        let dates = |from: &str, to: &str| CouponWish { valid_from: Some(from.into()), valid_to: Some(to.into()), ..share.clone() };
        assert!(judged(&dates("2027-01-01T00:00:00Z", "2027-01-02T00:00:00+01:00")).is_ok());
        assert_eq!(pointers(dates("2027-01-02T00:00:00Z", "2027-01-01T00:00:00Z")), ["/body/valid_to"]);
        assert_eq!(pointers(dates("2027-01-01", "9999-01-01T00:00:00Z")), ["/body/valid_from", "/body/valid_to"]);
        let limits = CouponWish { min_nights: Some(0), max_uses: Some(-1), per_guest: Some(i64::MAX), ..share };
        assert_eq!(pointers(limits), ["/body/min_nights", "/body/max_uses", "/body/per_guest"]);
    }
}
