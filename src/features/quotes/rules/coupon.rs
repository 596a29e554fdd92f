//! Whether a coupon holds for a stay (P8), and how codes are compared.

use crate::features::pricing::{Funder, Off};
use crate::platform::error::{FieldError, Kind, Refusal, Refused};
use crate::values::{Currency, Instant, ListingId, UserId};
use unicode_normalization::UnicodeNormalization;
use uuid::Uuid;

const LONGEST: usize = 40;

/// A code as codes are compared: without spaces around it, upper case, one form of each letter. `None` when no coupon can have it.
#[must_use]
pub fn code_key(code: &str) -> Option<String> {
    // Longer ones are not even normalised.
    let code = Some(code.trim()).filter(|code| code.len() <= 4 * LONGEST)?;
    let key: String = code.nfkc().flat_map(char::to_uppercase).nfkc().collect();
    let fits = (1..=LONGEST).contains(&key.chars().count()) && key.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'));
    fits.then_some(key)
}

/// A coupon as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coupon {
    pub id: Uuid,
    pub code: String,
    pub key: String,
    pub funded_by: Funder,
    /// Whose homes it holds at; `None`: all.
    pub host: Option<UserId>,
    pub listing: Option<ListingId>,
    pub off: Off,
    /// Of its amounts; `None`: it has none.
    pub currency: Option<Currency>,
    pub valid_from: Option<Instant>,
    pub valid_to: Option<Instant>,
    pub min_nights: u16,
    pub max_uses: Option<u32>,
    pub per_guest: Option<u32>,
    pub uses: u32,
    pub ended_at: Option<Instant>,
    pub version: i64,
    pub created_at: Instant,
}

/// The use that somebody wants to make of it.
#[derive(Debug, Clone, Copy)]
pub struct Use {
    pub now: Instant,
    pub listing: ListingId,
    pub host: UserId,
    pub currency: Currency,
    pub nights: u16,
    /// How often this guest has used it.
    pub by_guest: u32,
}

/// Why it does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CouponRefusal {
    /// There is none, it has ended, or it is for other homes: which of these is not told.
    Unknown,
    NotYet,
    Over,
    TooFewNights {
        least: u16,
    },
    OtherCurrency,
    UsedUp,
    UsedByYou,
}

impl CouponRefusal {
    /// The public word for it.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::NotYet => "not_yet",
            Self::Over => "over",
            Self::TooFewNights { .. } => "too_few_nights",
            Self::OtherCurrency => "other_currency",
            Self::UsedUp => "used_up",
            Self::UsedByYou => "used_by_you",
        }
    }
}

impl Refusal for CouponRefusal {
    fn refused(&self) -> Refused {
        let why = match self {
            Self::Unknown => "There is no coupon with this code for this home.".to_owned(),
            Self::NotYet => "The coupon does not hold yet.".to_owned(),
            Self::Over => "The coupon does not hold any more.".to_owned(),
            Self::TooFewNights { least } => format!("The coupon is for stays of {least} nights or more."),
            Self::OtherCurrency => "The coupon is for homes with prices in another currency.".to_owned(),
            Self::UsedUp => "The coupon has been used as often as it can be.".to_owned(),
            Self::UsedByYou => "You have used the coupon as often as you can.".to_owned(),
        };
        let mut refused = Refused::new(Kind::Unacceptable, "coupon_invalid", why.clone());
        refused.errors.push(FieldError::new("/body/coupon", "coupon_invalid", why));
        refused.data.insert("reason".to_owned(), self.reason().into());
        refused
    }
}

/// Whether the coupon holds. The instants of its limits belong to its time.
pub fn holds(coupon: &Coupon, on: &Use) -> Result<(), CouponRefusal> {
    let here = coupon.host.is_none_or(|host| host == on.host) && coupon.listing.is_none_or(|listing| listing == on.listing);
    if coupon.ended_at.is_some() || !here {
        return Err(CouponRefusal::Unknown);
    }
    if coupon.valid_from.is_some_and(|from| on.now < from) {
        return Err(CouponRefusal::NotYet);
    }
    if coupon.valid_to.is_some_and(|to| on.now > to) {
        return Err(CouponRefusal::Over);
    }
    if on.nights < coupon.min_nights {
        return Err(CouponRefusal::TooFewNights { least: coupon.min_nights });
    }
    if coupon.currency.is_some_and(|currency| currency != on.currency) {
        return Err(CouponRefusal::OtherCurrency);
    }
    if coupon.max_uses.is_some_and(|most| coupon.uses >= most) {
        return Err(CouponRefusal::UsedUp);
    }
    if coupon.per_guest.is_some_and(|most| on.by_guest >= most) {
        return Err(CouponRefusal::UsedByYou);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn coupon() -> Coupon {
        Coupon {
            id: Uuid::nil(),
            code: "Summer".into(),
            key: "SUMMER".into(),
            funded_by: Funder::Host,
            host: Some(UserId(Uuid::nil())),
            listing: None,
            off: Off::Amount(500),
            currency: Currency::parse("EUR"),
            valid_from: Some(Instant(100)),
            valid_to: Some(Instant(200)),
            min_nights: 3,
            max_uses: Some(10),
            per_guest: Some(2),
            uses: 0,
            ended_at: None,
            version: 1,
            created_at: Instant(0),
        }
    }

    #[test]
    fn codes_that_look_alike_are_one() {
        for (code, key) in [("summer", Some("SUMMER")), (" Summer ", Some("SUMMER")), ("ＳＵＭＭＥＲ", Some("SUMMER")), ("straße", Some("STRASSE"))] {
            assert_eq!(code_key(code).as_deref(), key, "{code}");
        }
        assert_eq!(code_key("e\u{301}te\u{301}"), code_key("ÉTÉ"));
        for none in ["", "  ", "a b", "a\u{0}", "💶", &"x".repeat(41), &"x".repeat(100_000), "<b>"] {
            assert_eq!(code_key(none), None, "{none:.20}");
        }
    }

    #[test]
    fn a_coupon_holds_where_when_and_as_often_as_it_says() {
        let on = Use {
            now: Instant(150),
            listing: ListingId(Uuid::nil()),
            host: UserId(Uuid::nil()),
            currency: Currency::parse("EUR").unwrap(),
            nights: 3,
            by_guest: 1,
        };
        assert_eq!(holds(&coupon(), &on), Ok(()));
        assert_eq!((holds(&coupon(), &Use { now: Instant(100), ..on }), holds(&coupon(), &Use { now: Instant(200), ..on })), (Ok(()), Ok(())));
        let elsewhere = Uuid::max();
        for (coupon, on, refusal) in [
            (coupon(), Use { now: Instant(99), ..on }, CouponRefusal::NotYet),
            (coupon(), Use { now: Instant(201), ..on }, CouponRefusal::Over),
            (coupon(), Use { nights: 2, ..on }, CouponRefusal::TooFewNights { least: 3 }),
            (coupon(), Use { currency: Currency::parse("USD").unwrap(), ..on }, CouponRefusal::OtherCurrency),
            (coupon(), Use { by_guest: 2, ..on }, CouponRefusal::UsedByYou),
            (coupon(), Use { host: UserId(elsewhere), ..on }, CouponRefusal::Unknown),
            (Coupon { uses: 10, ..coupon() }, on, CouponRefusal::UsedUp),
            (Coupon { ended_at: Some(Instant(1)), ..coupon() }, on, CouponRefusal::Unknown),
            (Coupon { listing: Some(ListingId(elsewhere)), ..coupon() }, on, CouponRefusal::Unknown),
        ] {
            assert_eq!(holds(&coupon, &on), Err(refusal));
            assert_eq!(refusal.refused().data["reason"], refusal.reason());
        }
        let everywhere = Coupon { host: None, currency: None, off: Off::Share { bp: 1_000, most: None }, ..coupon() };
        assert_eq!(holds(&everywhere, &Use { host: UserId(elsewhere), currency: Currency::parse("JPY").unwrap(), ..on }), Ok(()));
    }
}
