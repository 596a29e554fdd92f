//! A setting that must not be seen: printed as `***` wherever settings are shown.

use serde::{Deserialize, Serialize, Serializer};
use std::fmt;

/// A password or a key among the settings.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Hidden(String);

impl Hidden {
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The secret itself, for the one place that needs it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Serialize for Hidden {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_shows_it() {
        let hidden: Hidden = serde_json::from_str("\"hunter2\"").unwrap();
        assert_eq!((hidden.expose(), format!("{hidden:?}").as_str(), serde_json::to_string(&hidden).unwrap().as_str()), ("hunter2", "***", "\"***\""));
    }
}
