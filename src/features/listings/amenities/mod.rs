//! Amenities: one key for each thing guests filter by, and the folding of what hosts write into those keys.
//!
//! Hosts write "LG refrigerator", "55 inch HDTV with Roku" or "Free dryer – In unit". A text is cut into words; an
//! entry of the catalogue (`catalogue.rs`) is meant when one of its `when` phrases stands there as whole words
//! after all its `unless` phrases have been struck out, so that "Conditioner" is not air conditioning and a "Hair dryer" is not a dryer.

mod catalogue;
#[cfg(test)]
mod tests;

pub use catalogue::CATALOGUE;

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

/// One key of the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amenity {
    /// Stable name on the wire and in the database, such as `free_parking`.
    pub key: &'static str,
    /// What an English reader sees.
    pub name: &'static str,
    pub group: Group,
    when: &'static [&'static str],
    unless: &'static [&'static str],
}

/// Shelves of the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Group {
    Bathroom,
    BedroomAndLaundry,
    KitchenAndDining,
    HeatingAndCooling,
    Entertainment,
    Family,
    Safety,
    InternetAndOffice,
    ParkingAndFacilities,
    Outdoor,
    LocationFeatures,
    Services,
    Accessibility,
}

impl Group {
    /// Stable name on the wire.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Bathroom => "bathroom",
            Self::BedroomAndLaundry => "bedroom_and_laundry",
            Self::KitchenAndDining => "kitchen_and_dining",
            Self::HeatingAndCooling => "heating_and_cooling",
            Self::Entertainment => "entertainment",
            Self::Family => "family",
            Self::Safety => "safety",
            Self::InternetAndOffice => "internet_and_office",
            Self::ParkingAndFacilities => "parking_and_facilities",
            Self::Outdoor => "outdoor",
            Self::LocationFeatures => "location_features",
            Self::Services => "services",
            Self::Accessibility => "accessibility",
        }
    }
}

/// The entry of a key, or `None` for a word that is no key.
#[must_use]
pub fn find(key: &str) -> Option<&'static Amenity> {
    number(key).map(|n| &CATALOGUE[usize::from(n)])
}

/// The place of a key in the catalogue of this release; never stored.
#[must_use]
pub fn number(key: &str) -> Option<u16> {
    static NUMBERS: LazyLock<HashMap<&'static str, u16, foldhash::fast::RandomState>> =
        LazyLock::new(|| CATALOGUE.iter().map(|amenity| amenity.key).zip(0..).collect());
    NUMBERS.get(key).copied()
}

/// The amenities of a listing as bits, one for each place in the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AmenitySet([u64; 4]);

const _: () = assert!(CATALOGUE.len() <= 256, "AmenitySet has 256 bits");

impl AmenitySet {
    /// Reads a JSON array of keys; words that are no keys of this release are passed over.
    pub fn from_json(json: &str) -> serde_json::Result<Self> {
        let mut set = Self::default();
        if json.contains('\\') {
            let keys: Vec<String> = serde_json::from_str(json)?;
            keys.iter().filter_map(|key| number(key)).for_each(|n| set.insert(n));
        } else {
            // Without escapes, what stands between quotes is a key: a million listings have 35 million of them.
            json.split('"').skip(1).step_by(2).filter_map(number).for_each(|n| set.insert(n));
        }
        Ok(set)
    }

    pub fn insert(&mut self, number: u16) {
        self.0[usize::from(number / 64) % 4] |= 1 << (number % 64);
    }

    /// The bits, place 0 lowest in the first word.
    #[must_use]
    pub fn words(self) -> [u64; 4] {
        self.0
    }

    /// Back from [`AmenitySet::words`].
    #[must_use]
    pub fn from_words(words: [u64; 4]) -> Self {
        Self(words)
    }

    /// The places in the catalogue, ascending.
    pub fn iter(self) -> impl Iterator<Item = u16> {
        (0..256_u16).filter(move |n| self.0[usize::from(n / 64)] >> (n % 64) & 1 == 1)
    }
}

/// The keys that a host's words mean, in the order of the catalogue; empty when the catalogue has none for them.
///
/// A key means itself. Words that begin with "no" or "without" mean nothing: what is missing is no amenity.
#[must_use]
pub fn amenity_keys(raw: &str) -> Vec<&'static str> {
    if let Some(amenity) = find(raw.trim()) {
        return vec![amenity.key];
    }
    let words = words_of(raw);
    let denied = words.starts_with(" without ") || (words.starts_with(" no ") && !words.starts_with(" no stairs "));
    if denied {
        return Vec::new();
    }
    CATALOGUE.iter().filter(|amenity| amenity.is_meant_by(&words)).map(|amenity| amenity.key).collect()
}

impl Amenity {
    fn is_meant_by(&self, words: &str) -> bool {
        if !self.when.iter().any(|phrase| has_phrase(words, phrase)) {
            return false;
        }
        let rest = self.unless.iter().fold(words.to_owned(), |left, phrase| left.replace(&format!(" {phrase} "), " "));
        self.when.iter().any(|phrase| has_phrase(&rest, phrase))
    }
}

/// Whether `phrase` stands in `words` (which has a space around each word) as whole words.
fn has_phrase(words: &str, phrase: &str) -> bool {
    words.match_indices(phrase).any(|(at, _)| words[..at].ends_with(' ') && words[at + phrase.len()..].starts_with(' '))
}

/// Lower-case words with one space around each: typographic apostrophes become plain, other marks part words.
fn words_of(raw: &str) -> String {
    let plain = raw.replace("\\u2019", "'").replace("\\u2013", " ").replace(['’', '‘', '`'], "'");
    let mut words = String::with_capacity(plain.len() + 2);
    for word in plain.split(|c: char| !c.is_alphanumeric() && c != '\'' && c != '+').filter(|word| !word.is_empty()) {
        words.push(' ');
        words.push_str(&word.to_lowercase());
    }
    words.push(' ');
    words
}

/// How many different texts a [`Folder`] remembers; more than any city has, less than a flood could use.
const REMEMBERED: usize = 50_000;

/// [`amenity_keys`] with a memory, for imports in which the same words come back millions of times.
#[derive(Default)]
pub struct Folder {
    known: HashMap<String, Arc<[&'static str]>>,
}

impl Folder {
    /// The same answer as [`amenity_keys`].
    pub fn keys(&mut self, raw: &str) -> Arc<[&'static str]> {
        if let Some(keys) = self.known.get(raw) {
            return Arc::clone(keys);
        }
        if self.known.len() >= REMEMBERED {
            self.known.clear();
        }
        let keys: Arc<[&'static str]> = amenity_keys(raw).into();
        self.known.insert(raw.to_owned(), Arc::clone(&keys));
        keys
    }
}
