//! Single fields of a source, read into values. Each answers `None` for what it cannot read.

use crate::values::{Currency, Money};

/// The longest stay that can be booked; longer maximums mean the same.
pub(crate) const NIGHTS_MAX: i64 = 365;
/// The longest minimum that is kept; such homes cannot be booked at all.
pub(crate) const MINIMUM_MAX: i64 = 1_095;

/// Larger prices are typing errors, and sums of a year of them would leave 64 bits.
pub(crate) const PRICE_MAX: i64 = 1_000_000_000_000;

/// A price such as `$1,234.00` in minor units; 0 says that there is none.
pub(crate) fn price(text: &str, currency: Currency) -> Option<i64> {
    Money::parse_decimal(text, currency).map(|price| price.minor).filter(|minor| *minor <= PRICE_MAX)
}

/// A whole number from `least` to `most`; `2.0` counts as 2.
pub(crate) fn whole(text: &str, least: i64, most: i64) -> Option<i64> {
    let digits = text.strip_suffix(".0").unwrap_or(text);
    digits.parse().ok().filter(|number| (least..=most).contains(number))
}

/// A decimal such as `4.87` in hundredths, further decimals rounded half up.
pub(crate) fn centi(text: &str) -> Option<i64> {
    let (units, decimals) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if units.is_empty() || units.len() > 9 || !digits(units) || !digits(decimals) {
        return None;
    }
    let place = |at: usize| decimals.as_bytes().get(at).map_or(0, |b| i64::from(b - b'0'));
    Some(units.parse::<i64>().ok()? * 100 + place(0) * 10 + place(1) + i64::from(place(2) >= 5))
}

/// A mean grade of 0 to 5 in hundredths.
pub(crate) fn grade(text: &str) -> Option<i64> {
    centi(text).filter(|grade| *grade <= 500)
}

/// A number of bathrooms such as `1.5`, in halves.
pub(crate) fn halves(text: &str) -> Option<i64> {
    centi(text).map(|hundredths| (hundredths * 2 + 50) / 100).filter(|halves| *halves <= 200)
}

/// `1.5 shared baths` → 3 halves, shared; `Half-bath` → 1.
pub(crate) fn bathrooms(text: &str) -> Option<(i64, bool)> {
    let lower = text.to_ascii_lowercase();
    let shared = lower.contains("shared");
    if lower.contains("half-bath") || lower.contains("half bath") {
        return Some((1, shared));
    }
    lower.split_whitespace().next().and_then(halves).map(|count| (count, shared))
}

/// `98%` → 98.
pub(crate) fn percent(text: &str) -> Option<i64> {
    whole(text.strip_suffix('%').unwrap_or(text), 0, 100)
}

/// `t`, `true`, `yes`, `1` and their opposites.
pub(crate) fn flag(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "t" | "true" | "yes" | "1" => Some(true),
        "f" | "false" | "no" | "0" => Some(false),
        _ => None,
    }
}

/// The room type of either spelling: `Entire home/apt` or `entire_home`.
pub(crate) fn room_type(text: &str) -> Option<&'static str> {
    Some(match text.to_ascii_lowercase().as_str() {
        "entire home/apt" | "entire_home" | "entire home" => "entire_home",
        "private room" | "private_room" => "private_room",
        "shared room" | "shared_room" => "shared_room",
        "hotel room" | "hotel_room" => "hotel_room",
        _ => return None,
    })
}

/// Degrees from -`most` to `most`.
pub(crate) fn degrees(text: &str, most: f64) -> Option<f64> {
    text.parse::<f64>().ok().filter(|degrees| degrees.is_finite() && degrees.abs() <= most)
}

/// A web address, or `None` for anything a browser would run instead of fetch.
pub(crate) fn web_address(text: &str) -> Option<String> {
    let sound =
        (text.starts_with("https://") || text.starts_with("http://")) && text.len() <= 2_000 && !text.contains(|c: char| c.is_control() || c.is_whitespace());
    sound.then(|| text.to_owned())
}

/// An id of the source: kept as text, because some exceed 2^53.
pub(crate) fn id(text: &str) -> Option<&str> {
    (!text.is_empty() && text.len() <= 200 && !text.contains(char::is_control)).then_some(text)
}

/// The words of a JSON list such as `["Wifi", "Kitchen"]`.
pub(crate) fn words(text: &str) -> Option<Vec<String>> {
    serde_json::from_str(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_exactly() {
        for (text, expected) in [
            ("4.87", Some(487)),
            ("5.0", Some(500)),
            ("5", Some(500)),
            ("4.875", Some(488)),
            ("4.994", Some(499)),
            ("", None),
            (".5", None),
            ("-1", None),
            ("4,8", None),
            ("NaN", None),
        ] {
            assert_eq!(centi(text), expected, "{text}");
        }
        assert_eq!((grade("5.0"), grade("5.01")), (Some(500), None));
        assert_eq!((whole("2", 0, 9), whole("2.0", 0, 9), whole("2.5", 0, 9), whole("10", 0, 9), whole("x", 0, 9)), (Some(2), Some(2), None, None, None));
        assert_eq!((percent("98%"), percent("100%"), percent("N/A"), percent("101%")), (Some(98), Some(100), None, None));
    }

    #[test]
    fn prices_are_minor_units_within_reason() {
        let usd = Currency::parse("USD").unwrap();
        for (text, minor) in [("$1,234.00", Some(123_400)), ("$0.00", Some(0)), ("$10,000,000,000.01", None), ("-1", None)] {
            assert_eq!(price(text, usd), minor, "{text}");
        }
    }

    #[test]
    fn bathrooms_are_counted_in_halves() {
        for (text, expected) in [
            ("1 bath", Some((2, false))),
            ("1.5 shared baths", Some((3, true))),
            ("0 shared baths", Some((0, true))),
            ("1 private bath", Some((2, false))),
            ("Half-bath", Some((1, false))),
            ("Shared half-bath", Some((1, true))),
            ("Private half-bath", Some((1, false))),
            ("5.5 baths", Some((11, false))),
            ("2.5", Some((5, false))),
            ("many", None),
        ] {
            assert_eq!(bathrooms(text), expected, "{text}");
        }
    }

    #[test]
    fn words_of_the_source_become_values() {
        assert_eq!(room_type("Entire home/apt"), Some("entire_home"));
        assert_eq!(room_type("hotel_room"), Some("hotel_room"));
        assert_eq!(room_type("Tent"), None);
        assert_eq!((flag("t"), flag("F"), flag("maybe")), (Some(true), Some(false), None));
        assert_eq!((degrees("42.5", 90.0), degrees("91", 90.0), degrees("NaN", 90.0), degrees("inf", 90.0)), (Some(42.5), None, None, None));
        assert_eq!(web_address("javascript:alert(1)"), None);
        assert_eq!(web_address("https://a.example/x.jpg").as_deref(), Some("https://a.example/x.jpg"));
        assert_eq!(id("9223372036854775808123"), Some("9223372036854775808123"));
        assert_eq!(words(r#"["Pack ’n play", "Wifi"]"#), Some(vec!["Pack ’n play".to_owned(), "Wifi".to_owned()]));
        assert_eq!((words("{}"), words("[1]")), (None, None));
    }
}
