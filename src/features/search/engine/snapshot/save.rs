//! From memory to disk, while everybody goes on searching and changing.

use super::super::Engine;
use super::super::bits::Bitmap;
use super::super::corpus::Corpus;
use super::blocks::BlockWriter;
use super::plain::{Plain, put_set};
use super::prices::put_pricing;
use super::{Header, draft};
use crate::platform::events::Mark;
use std::cell::RefCell;
use std::path::Path;

/// Bytes copied under one lock: well below a millisecond.
const PIECE: usize = 512 << 10;

/// Why no snapshot was written. What was there before is there still.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Halt {
    /// The corpus was replaced meanwhile.
    #[error("the corpus was replaced")]
    Replaced,
    #[error("there was no time for it")]
    Stopped,
    #[error(transparent)]
    Broken(#[from] anyhow::Error),
}

impl From<std::io::Error> for Halt {
    fn from(error: std::io::Error) -> Self {
        Self::Broken(error.into())
    }
}

/// Writes the corpus that the engine held in `epoch` to `place`, durably; answers the bytes written.
///
/// `go_on` is asked between two pieces. `end` is asked when everything is copied: the newest event that can have
/// left its mark on it.
pub(crate) fn save(
    engine: &Engine,
    epoch: u64,
    header: &Header,
    place: &Path,
    go_on: impl Fn() -> bool,
    end: impl FnOnce() -> anyhow::Result<Mark>,
) -> Result<u64, Halt> {
    let draft = draft(place);
    let written = write(engine, epoch, header, &draft, go_on, end).and_then(|bytes| {
        std::fs::rename(&draft, place)?;
        // The new name has to last as well.
        if let Some(folder) = place.parent() {
            std::fs::File::open(folder)?.sync_all()?;
        }
        Ok(bytes)
    });
    if written.is_err() {
        // It may be what fills the disk.
        std::fs::remove_file(&draft).or_else(|error| if error.kind() == std::io::ErrorKind::NotFound { Ok(()) } else { Err(error) })?;
    }
    written
}

fn write(
    engine: &Engine,
    epoch: u64,
    header: &Header,
    draft: &Path,
    go_on: impl Fn() -> bool,
    end: impl FnOnce() -> anyhow::Result<Mark>,
) -> Result<u64, Halt> {
    let mut out = BlockWriter::create(draft)?;
    out.put(&serde_json::to_vec(header).map_err(anyhow::Error::from)?)?;
    let mut saver = Saver { engine, epoch, out, piece: Vec::with_capacity(PIECE + PIECE / 2), go_on };
    saver.columns(header.ordinals as usize)?;
    saver.sets()?;
    saver.rest()?;
    let mut out = saver.out;
    out.put(&serde_json::to_vec(&end()?).map_err(anyhow::Error::from)?)?;
    Ok(out.finish()?)
}

struct Saver<'a, G> {
    engine: &'a Engine,
    epoch: u64,
    out: BlockWriter,
    piece: Vec<u8>,
    go_on: G,
}

impl<G: Fn() -> bool> Saver<'_, G> {
    /// Looks at the corpus, which must be the one that was begun with.
    fn look<T>(&self, f: impl FnOnce(&Corpus) -> T) -> Result<T, Halt> {
        self.engine.look(|state| if state.epoch == self.epoch { Ok(f(&state.corpus)) } else { Err(Halt::Replaced) })
    }

    /// Writes a block, filled under the lock, written without it.
    fn piece(&mut self, fill: impl FnOnce(&Corpus, &mut Vec<u8>)) -> Result<(), Halt> {
        if !(self.go_on)() {
            return Err(Halt::Stopped);
        }
        let mut piece = std::mem::take(&mut self.piece);
        piece.clear();
        self.look(|corpus| fill(corpus, &mut piece))?;
        self.out.put(&piece)?;
        self.piece = piece;
        Ok(())
    }

    /// Writes the first `count` items of a list, of which there are never fewer later.
    fn items(&mut self, count: usize, put: impl Fn(&Corpus, usize, &mut Vec<u8>)) -> Result<(), Halt> {
        self.piece(|_, out| (count as u64).put(out))?;
        let mut next = 0;
        while next < count {
            self.piece(|corpus, out| {
                while next < count && out.len() < PIECE {
                    put(corpus, next, out);
                    next += 1;
                }
            })?;
        }
        Ok(())
    }

    fn list<T: Plain>(&mut self, of: impl Fn(&Corpus) -> &[T]) -> Result<(), Halt> {
        let count = self.look(|corpus| of(corpus).len())?;
        self.items(count, |corpus, n, out| of(corpus)[n].put(out))
    }

    fn some_sets(&mut self, of: impl Fn(&Corpus) -> &[Bitmap]) -> Result<(), Halt> {
        let count = self.look(|corpus| of(corpus).len())?;
        self.items(count, |corpus, n, out| put_set(of(corpus).get(n), out))
    }

    fn set(&mut self, of: impl Fn(&Corpus) -> &Bitmap) -> Result<(), Halt> {
        self.some_sets(|corpus| std::slice::from_ref(of(corpus)))
    }

    /// The order is that of `Stored::columns`.
    fn columns(&mut self, ordinals: usize) -> Result<(), Halt> {
        let n = ordinals;
        self.list(|c| &c.columns.ids[..n])?;
        self.list(|c| &c.columns.points[..n])?;
        self.list(|c| &c.columns.terms[..n])?;
        self.list(|c| &c.columns.prices[..n])?;
        let before = RefCell::new(None);
        self.items(n, |c, n, out| put_pricing(c.columns.pricing[n].as_ref(), &mut before.borrow_mut(), out))?;
        self.list(|c| &c.columns.price_bounds[..n])?;
        self.list(|c| &c.columns.quality[..n])?;
        self.list(|c| &c.columns.rating[..n])?;
        self.list(|c| &c.columns.reviews[..n])?;
        self.list(|c| &c.columns.created[..n])?;
        self.list(|c| &c.columns.hosts[..n])?;
        self.list(|c| &c.columns.cities[..n])?;
        self.list(|c| &c.columns.neighbourhoods[..n])?;
        self.list(|c| &c.columns.currencies[..n])?;
        self.list(|c| &c.columns.classes[..n])?;
        self.list(|c| &c.columns.property_types[..n])?;
        self.list(|c| &c.columns.bedrooms[..n])?;
        self.list(|c| &c.columns.beds[..n])?;
        self.list(|c| &c.columns.bathrooms[..n])?;
        self.items(n, |c, n, out| {
            let days = c.columns.days[n].as_deref();
            days.is_some().put(out);
            if let Some(days) = days {
                days.put(out);
            }
        })
    }

    /// The order is that of `Stored::corpus`.
    fn sets(&mut self) -> Result<(), Halt> {
        self.set(|c| &c.live)?;
        self.list(|c| &c.curve)?;
        let nights = self.look(|c| c.nights.len())?;
        self.items(nights, |c, n, out| put_set(c.nights.set(n), out))?;
        self.items(2 * usize::from(super::LEVELS), |c, n, out| put_set(c.lengths.set(n), out))?;
        self.some_sets(|c| c.bands.sets())?;
        self.set(|c| &c.exact)?;
        self.set(|c| &c.varied_price)?;
        self.set(|c| &c.instant_book)?;
        self.set(|c| &c.top_host)?;
        self.set(|c| &c.rated)?;
        self.some_sets(|c| &c.room_types)?;
        self.some_sets(|c| &c.property_types)?;
        self.some_sets(|c| &c.amenities)?;
        self.some_sets(|c| &c.currencies)?;
        self.some_sets(|c| c.capacity.levels())?;
        self.some_sets(|c| c.infants.levels())?;
        self.some_sets(|c| c.pets.levels())?;
        self.some_sets(|c| c.bedrooms.levels())?;
        self.some_sets(|c| c.beds.levels())?;
        self.some_sets(|c| c.bathrooms.levels())?;
        self.set(|c| &c.bedrooms_known)?;
        self.list(|c| &c.common_types)?;
        self.set(|c| &c.rare_types)?;
        self.list(|c| &c.ranking)?;
        self.set(|c| &c.unranked)
    }

    /// What numbers stand for, after all numbers. Lists only grow, so later is never too little.
    fn rest(&mut self) -> Result<(), Halt> {
        self.list(|c| c.property_names.words())?;
        self.list(|c| c.city_names.words())?;
        self.list(|c| c.neighbourhood_names.words())?;
        let currencies = self.look(|c| c.currency_list.len())?;
        self.items(currencies, |c, n, out| Box::<str>::from(c.currency_list[n].code()).put(out))?;
        let classes = self.look(|c| c.classes.len())?;
        self.items(classes, |c, n, out| {
            let class = &c.classes[n].0;
            Box::<str>::from(&*class.zone).put(out);
            class.notice_days.put(out);
            class.cutoff_minute.put(out);
            class.window_days.put(out);
        })?;
        self.list(|c| &c.hosts)
    }
}
