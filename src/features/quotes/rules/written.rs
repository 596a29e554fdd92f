//! How dates and instants are written in stored quotes: `2027-06-01`, `2027-06-01T13:00:00Z`.

use serde::{Deserialize, Deserializer, Serializer, de};

macro_rules! as_text {
    ($name:ident, $type:ty, $parse:expr) => {
        pub(super) mod $name {
            use super::{Deserialize, Deserializer, Serializer, de};

            pub(in super::super) fn serialize<S: Serializer>(value: &$type, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(value)
            }

            pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<$type, D::Error> {
                let text = String::deserialize(deserializer)?;
                $parse(&text).ok_or_else(|| de::Error::custom(format!("cannot be read: {text}")))
            }
        }
    };
}
as_text!(date, crate::values::Night, crate::values::Night::parse);
as_text!(instant, crate::values::Instant, crate::values::Instant::parse);

/// The same for an instant that may be missing.
pub(super) mod instant_or_none {
    use super::{Deserialize, Deserializer, Serializer, de};
    use crate::values::Instant;

    pub(in super::super) fn serialize<S: Serializer>(at: &Option<Instant>, serializer: S) -> Result<S::Ok, S::Error> {
        match at {
            Some(at) => serializer.collect_str(at),
            None => serializer.serialize_none(),
        }
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Instant>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        text.map(|text| Instant::parse(&text).ok_or_else(|| de::Error::custom(format!("no instant: {text}")))).transpose()
    }
}
