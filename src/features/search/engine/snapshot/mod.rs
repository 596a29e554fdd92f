//! The engine on disk, so that a start need not read every table again.
//!
//! A snapshot is a cache like the engine itself: whoever reads it believes nothing that is not proven, and falls back
//! to the tables. `save.rs` copies the corpus piece by piece while it is searched and changed; `restore.rs` brings it
//! back, and the event log from [`Header::mark`] on makes it true. `blocks.rs` is the file, `plain.rs` and `prices.rs` the values in it.
//!
//! Since the pieces are copied one after the other, a snapshot is no single moment: a listing that changes meanwhile
//! may be there half. That does no harm, because its change has an event after the mark, and putting a listing in
//! writes everything that is known of it. Three things must hold for it: names are copied after the numbers that stand
//! for them, `unranked` after `quality`, and holds that run out during the copy are in the header.

mod blocks;
mod plain;
mod prices;
mod restore;
mod save;
#[cfg(test)]
mod tests;

pub(crate) use restore::Stored;
pub(crate) use save::{Halt, save};

use super::corpus::COMMON_TYPES;
use super::lengths::LEVELS;
use super::listing::RoomType;
use super::nights::HORIZON;
use super::prices::BOUNDS;
use super::sets::AtLeast;
use crate::features::listings::amenities::CATALOGUE;
use crate::platform::db::SCHEMA_VERSION;
use crate::platform::events::Mark;
use crate::values::{Instant, ListingId, Night};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::Xxh3;

/// Rises whenever the order or the meaning of what is written changes.
const FORMAT: u32 = 4;

/// Why a snapshot is not used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unusable {
    #[error("there is none")]
    Missing,
    #[error("another release wrote it")]
    OtherRelease,
    #[error("it belongs to another database")]
    OtherDatabase,
    #[error("it is damaged: {0}")]
    Damaged(String),
    #[error("{0}")]
    Stale(&'static str),
}

impl Unusable {
    fn damaged(why: impl Into<String>) -> Self {
        Self::Damaged(why.into())
    }
}

impl From<std::io::Error> for Unusable {
    fn from(error: std::io::Error) -> Self {
        Self::Damaged(error.to_string())
    }
}

/// What a snapshot says of itself, before the corpus.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Header {
    release: String,
    vocabulary: u64,
    instance: String,
    /// What the platform took of stays when bounds of prices were worked out.
    pub fees: String,
    /// Every change up to this event is in the snapshot, and perhaps later ones.
    pub mark: Mark,
    base: i32,
    ordinals: u32,
    room: usize,
    holds: Vec<(i64, ListingId)>,
}

impl Header {
    /// Of a corpus with so many `ordinals` and `room`, true for `mark`; `holds` are those not run out by then.
    pub(crate) fn new(
        instance: &str,
        fees: &str,
        mark: Mark,
        base: Night,
        (ordinals, room): (u32, usize),
        holds: impl Iterator<Item = (Instant, ListingId)>,
    ) -> Self {
        let holds = holds.map(|(until, id)| (until.0, id)).collect();
        Self {
            release: RELEASE.to_owned(),
            vocabulary: vocabulary(),
            instance: instance.to_owned(),
            fees: fees.to_owned(),
            mark,
            base: base.0,
            ordinals,
            room,
            holds,
        }
    }

    /// The first night of the bitmaps.
    pub(crate) fn base(&self) -> Night {
        Night(self.base)
    }

    /// One more than the highest ordinal.
    pub(crate) fn ordinals(&self) -> usize {
        self.ordinals as usize
    }

    /// Holds that had not run out at the mark.
    pub(crate) fn holds(&self) -> impl Iterator<Item = (Instant, ListingId)> + '_ {
        self.holds.iter().map(|(until, id)| (Instant(*until), *id))
    }
}

/// A release may compute what it stores in another way than the one before; so none believes another's.
const RELEASE: &str = env!("CARGO_PKG_VERSION");

/// Stands for every list whose places are numbers in the snapshot.
fn vocabulary() -> u64 {
    let mut hash = Xxh3::new();
    let words = CATALOGUE.iter().map(|amenity| amenity.key).chain(RoomType::ALL.map(RoomType::name));
    words.for_each(|word| [word.as_bytes(), b"\n"].iter().for_each(|part| hash.update(part)));
    let numbers = [SCHEMA_VERSION, HORIZON.into(), LEVELS.into(), AtLeast::LEVELS.into(), COMMON_TYPES.into()];
    numbers.iter().chain(&BOUNDS).for_each(|number| hash.update(&number.to_le_bytes()));
    hash.digest()
}

/// Where the snapshot of an instance is.
pub(crate) fn place(data: &Path) -> PathBuf {
    data.join("search-snapshot")
}

/// Where it is while it is written.
fn draft(place: &Path) -> PathBuf {
    place.with_extension("new")
}

/// Removes the snapshot, and what a writer that was killed has left.
pub(crate) fn remove(place: &Path) -> std::io::Result<()> {
    for file in [place, &draft(place)] {
        match std::fs::remove_file(file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _removed => {}
        }
    }
    Ok(())
}
