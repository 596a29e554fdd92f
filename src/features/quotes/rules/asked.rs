//! What a guest asks for, judged before anything is looked up: every fault at once, each with its place in the body.

use super::coupon::code_key;
use crate::features::calendar::Party;
use crate::features::pricing::{Guests, OLDEST_CHILD, Rate};
use crate::platform::error::{FieldError, Kind, Refused};
use crate::values::written::date;
use crate::values::{ListingId, Night, Stay};
use serde::{Deserialize, Serialize};

/// Most of anybody in one party; more is no stay but an event.
const MOST_GUESTS: i64 = 100;
const MOST_OPTIONS: usize = 20;

/// A stay as it was asked for, in the one form in which it is stored and compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    pub listing: ListingId,
    #[serde(with = "date")]
    pub check_in: Night,
    #[serde(with = "date")]
    pub check_out: Night,
    pub adults: u16,
    pub children: u16,
    /// Of the children whose age is known, ascending.
    pub children_ages: Vec<u8>,
    pub infants: u16,
    pub pets: u16,
    /// Keys of optional fees, ascending.
    pub options: Vec<String>,
    /// As codes are compared.
    pub coupon: Option<String>,
    pub non_refundable: bool,
}

/// The same as a client wrote it.
#[derive(Debug, Clone)]
pub struct Wish {
    pub listing: ListingId,
    pub check_in: String,
    pub check_out: String,
    pub adults: i64,
    pub children: Option<i64>,
    pub children_ages: Option<Vec<i64>>,
    pub infants: i64,
    pub pets: i64,
    pub options: Vec<String>,
    pub coupon: Option<String>,
    pub non_refundable: bool,
}

impl Asked {
    #[must_use]
    pub fn guests(&self) -> Guests {
        let Self { adults, children, infants, pets, .. } = *self;
        Guests::with_ages(Party { adults, children, infants, pets }, &self.children_ages)
    }

    #[must_use]
    pub fn rate(&self) -> Rate {
        if self.non_refundable { Rate::NonRefundable } else { Rate::Standard }
    }

    /// The stay; refuses dates that make none (D1, D12).
    pub fn stay(&self) -> Result<Stay, Box<Refused>> {
        Stay::new(self.check_in, self.check_out).map_err(|no| {
            let mut refused = Refused::new(Kind::Unacceptable, "invalid_dates", format!("{no}."));
            refused.errors.push(FieldError::new("/body/check_out", "invalid_dates", no.to_string()));
            Box::new(refused)
        })
    }
}

/// Judges a wish. Refuses with 422 and every fault, under the code of the first.
pub fn judged(wish: Wish) -> Result<Asked, Box<Refused>> {
    let mut found = Faults::default();
    let check_in = found.date("/body/check_in", &wish.check_in);
    let check_out = found.date("/body/check_out", &wish.check_out);
    let adults = found.count("/body/adults", wish.adults, 1);
    let children = wish.children.map(|children| found.count("/body/children", children, 0));
    let children_ages = found.ages(wish.children_ages.as_deref(), children);
    let infants = found.count("/body/infants", wish.infants, 0);
    let pets = found.count("/body/pets", wish.pets, 0);
    let options = found.options(wish.options);
    let coupon = wish.coupon.filter(|code| !code.trim().is_empty());
    let key = coupon.map(|code| code_key(&code));
    if key == Some(None) {
        found.add("/body/coupon", "coupon_invalid", "is no code that a coupon could have");
    }
    let known = u16::try_from(children_ages.len()).unwrap_or(u16::MAX);
    let asked = Asked {
        listing: wish.listing,
        check_in,
        check_out,
        adults,
        children: children.unwrap_or(known),
        children_ages,
        infants,
        pets,
        options,
        coupon: key.flatten(),
        non_refundable: wish.non_refundable,
    };
    if let Some(refused) = found.refused() {
        return Err(refused);
    }
    asked.stay()?;
    Ok(asked)
}

#[derive(Default)]
struct Faults(Vec<FieldError>);

impl Faults {
    fn add(&mut self, pointer: &str, code: &'static str, message: &str) {
        self.0.push(FieldError { pointer: pointer.to_owned(), code, message: message.to_owned() });
    }

    fn date(&mut self, pointer: &str, text: &str) -> Night {
        Night::parse(text).unwrap_or_else(|| {
            self.add(pointer, "invalid_dates", "is a date of the years 1900 to 2199, YYYY-MM-DD, without a time of day");
            Night::FIRST
        })
    }

    fn count(&mut self, pointer: &str, number: i64, least: i64) -> u16 {
        if !(least..=MOST_GUESTS).contains(&number) {
            self.add(pointer, "out_of_range", &format!("is {least} to {MOST_GUESTS}"));
        }
        u16::try_from(number).unwrap_or(0)
    }

    fn ages(&mut self, ages: Option<&[i64]>, children: Option<u16>) -> Vec<u8> {
        let Some(ages) = ages else { return Vec::new() };
        let most = children.map_or(100, usize::from);
        if ages.len() > most {
            self.add("/body/children_ages", "out_of_range", &format!("has at most {most} entries, one for each child"));
            return Vec::new();
        }
        if let Some(at) = ages.iter().position(|age| !(0..=i64::from(OLDEST_CHILD)).contains(age)) {
            self.add(&format!("/body/children_ages/{at}"), "out_of_range", &format!("is 0 to {OLDEST_CHILD}"));
        }
        let mut known: Vec<u8> = ages.iter().filter_map(|age| u8::try_from(*age).ok()).collect();
        known.sort_unstable();
        known
    }

    fn options(&mut self, mut options: Vec<String>) -> Vec<String> {
        if options.len() > MOST_OPTIONS {
            self.add("/body/options", "out_of_range", &format!("has at most {MOST_OPTIONS} entries"));
            return Vec::new();
        }
        options.sort_unstable();
        if options.windows(2).any(|pair| pair[0] == pair[1]) {
            self.add("/body/options", "unknown_option", "names each option once");
        }
        options
    }

    fn refused(self) -> Option<Box<Refused>> {
        let first = self.0.first()?;
        let name = first.pointer.trim_start_matches("/body/");
        let mut refused = Refused::new(Kind::Unacceptable, first.code, format!("{name} {}.", first.message));
        if first.code == "coupon_invalid" {
            refused.data.insert("reason".to_owned(), "unknown".into());
        }
        refused.errors = self.0;
        Some(Box::new(refused))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn wish() -> Wish {
        Wish {
            listing: ListingId(Uuid::nil()),
            check_in: "2027-06-04".into(),
            check_out: "2027-06-11".into(),
            adults: 2,
            children: None,
            children_ages: Some(vec![9, 3]),
            infants: 0,
            pets: 0,
            options: vec!["parking".into(), "breakfast".into()],
            coupon: Some(" Été-10 ".into()),
            non_refundable: false,
        }
    }

    fn refusal(change: impl FnOnce(&mut Wish)) -> (&'static str, Vec<String>) {
        let mut wish = wish();
        change(&mut wish);
        let refused = judged(wish).unwrap_err();
        assert_eq!(refused.kind, Kind::Unacceptable);
        (refused.code, refused.errors.into_iter().map(|error| error.pointer).collect())
    }

    #[test]
    fn what_means_the_same_has_one_form() {
        let asked = judged(wish()).unwrap();
        assert_eq!((asked.children, &asked.children_ages[..], asked.coupon.as_deref()), (2, &[3, 9][..], Some("ÉTÉ-10")));
        assert_eq!(asked.options, ["breakfast", "parking"]);
        let again: Asked = serde_json::from_value(serde_json::to_value(&asked).unwrap()).unwrap();
        assert_eq!(again, asked);
        assert_eq!(judged(Wish { children: Some(3), ..wish() }).unwrap().children, 3, "of one child the age is not known");
        assert_eq!(judged(Wish { coupon: Some("  ".into()), ..wish() }).unwrap().coupon, None);
    }

    #[test]
    fn odd_wishes_are_refused_with_the_field() {
        for date in ["", "9999-01-01", "2027-02-30", "2027-06-04T00:00:00Z", "tomorrow", "２027-06-04"] {
            assert_eq!(refusal(|wish| wish.check_in = date.into()), ("invalid_dates", vec!["/body/check_in".into()]), "{date}");
        }
        assert_eq!(refusal(|wish| wish.check_out = wish.check_in.clone()), ("invalid_dates", vec!["/body/check_out".into()]));
        assert_eq!(refusal(|wish| wish.check_out = "2028-06-11".into()).0, "invalid_dates");
        for adults in [0, -1, 101, i64::MAX] {
            assert_eq!(refusal(|wish| wish.adults = adults), ("out_of_range", vec!["/body/adults".into()]));
        }
        assert_eq!(refusal(|wish| wish.children = Some(10_000)), ("out_of_range", vec!["/body/children".into()]));
        assert_eq!(refusal(|wish| wish.children = Some(1)), ("out_of_range", vec!["/body/children_ages".into()]));
        assert_eq!(refusal(|wish| wish.children_ages = Some(vec![5; 10_000])), ("out_of_range", vec!["/body/children_ages".into()]));
        assert_eq!(refusal(|wish| wish.children_ages = Some(vec![5, 18])), ("out_of_range", vec!["/body/children_ages/1".into()]));
        assert_eq!(refusal(|wish| wish.options = vec!["a".into(), "a".into()]), ("unknown_option", vec!["/body/options".into()]));
        assert_eq!(refusal(|wish| wish.options = vec!["a".into(); 21]), ("out_of_range", vec!["/body/options".into()]));
        for code in ["a\u{0}b", &"x".repeat(41), "two words"] {
            assert_eq!(refusal(|wish| wish.coupon = Some(code.into())), ("coupon_invalid", vec!["/body/coupon".into()]));
        }
        let all = refusal(|wish| (wish.adults, wish.pets, wish.check_in) = (0, -1, "x".into()));
        assert_eq!(all, ("invalid_dates", vec!["/body/check_in".into(), "/body/adults".into(), "/body/pets".into()]));
    }
}
