//! How dates and instants are written in stored documents, for `#[serde(with = "…")]`: `2027-06-01`, `2027-06-01T13:00:00Z`.

use serde::{Deserialize, Deserializer, Serializer, de};

macro_rules! as_text {
    ($name:ident, $or_none:ident, $type:ty, $what:literal) => {
        pub mod $name {
            use super::{Deserialize, Deserializer, Serializer, de};

            pub fn serialize<S: Serializer>(value: &$type, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(value)
            }

            pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<$type, D::Error> {
                let text = String::deserialize(deserializer)?;
                <$type>::parse(&text).ok_or_else(|| de::Error::custom(format!(concat!("no ", $what, ": {}"), text)))
            }
        }

        /// The same where it may be missing.
        pub mod $or_none {
            use super::{Deserialize, Deserializer, Serializer, de};

            pub fn serialize<S: Serializer>(value: &Option<$type>, serializer: S) -> Result<S::Ok, S::Error> {
                match value {
                    Some(value) => serializer.collect_str(value),
                    None => serializer.serialize_none(),
                }
            }

            pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<$type>, D::Error> {
                let text = Option::<String>::deserialize(deserializer)?;
                text.map(|text| <$type>::parse(&text).ok_or_else(|| de::Error::custom(format!(concat!("no ", $what, ": {}"), text)))).transpose()
            }
        }
    };
}
as_text!(date, date_or_none, crate::values::Night, "date");
as_text!(instant, instant_or_none, crate::values::Instant, "instant");
as_text!(currency, currency_or_none, crate::values::Currency, "currency");
