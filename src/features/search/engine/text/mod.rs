//! The words of all listings: a tantivy index on disk, and sets of ordinals made from it.
//!
//! tantivy keeps the dictionary and the postings; which listings match is then a set like any other. A word's set is
//! cached until the index or the ordinals change. Text is committed on a tick (`index.rs`), because a durable commit
//! costs tens of milliseconds whatever its size; nights, prices and filters do not wait for it.

pub(crate) mod hits;
pub(crate) mod index;
pub(crate) mod words;

use self::hits::{Gathering, Hits, WordHits};
use self::index::Fields;
use self::words::{STEM, Word};
use crate::values::ListingId;
use std::collections::HashMap;
use std::sync::Arc;
use tantivy::index::SegmentId;
use tantivy::query::FuzzyTermQuery;
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocSet, InvertedIndexReader, Searcher, TERMINATED, Term};
use uuid::Uuid;

/// For documents whose listing is not in the corpus.
const NOBODY: u32 = u32::MAX;
/// Most memory for the sets of words that were asked for.
const CACHE_BYTES: u64 = 128 << 20;
/// Shorter words than this are taken at their letter: nearly everything is one typo away from them.
const SHORTEST_TYPO: usize = 4;

/// A view of the committed index, tied to the ordinals of one corpus.
pub(crate) struct TextView {
    searcher: Searcher,
    fields: Fields,
    /// For each segment, the ordinal of each document.
    ordinals: Vec<Arc<[u32]>>,
    by_segment: HashMap<SegmentId, Arc<[u32]>>,
    total: u32,
    cache: moka::sync::Cache<Word, Arc<WordHits>>,
}

impl TextView {
    /// Looks up the ordinal of every document. Segments that `before` knew with the same ordinals are taken over.
    pub(crate) fn new(
        searcher: Searcher,
        fields: Fields,
        total: u32,
        before: Option<&Self>,
        ordinal: impl Fn(ListingId) -> Option<u32>,
    ) -> tantivy::Result<Self> {
        let mut by_segment = HashMap::new();
        let mut ordinals = Vec::new();
        for segment in searcher.segment_readers() {
            let known = before.and_then(|view| view.by_segment.get(&segment.segment_id())).cloned();
            let map = match known {
                Some(map) => map,
                None => {
                    let (high, low) = (segment.fast_fields().u64("id_high")?, segment.fast_fields().u64("id_low")?);
                    let id = |doc| Some(ListingId(Uuid::from_u64_pair(high.first(doc)?, low.first(doc)?)));
                    (0..segment.max_doc()).map(|doc| id(doc).and_then(&ordinal).unwrap_or(NOBODY)).collect()
                }
            };
            by_segment.insert(segment.segment_id(), Arc::clone(&map));
            ordinals.push(map);
        }
        let cache =
            moka::sync::Cache::builder().max_capacity(CACHE_BYTES).weigher(|_, hits: &Arc<WordHits>| u32::try_from(hits.bytes()).unwrap_or(u32::MAX)).build();
        Ok(Self { searcher, fields, ordinals, by_segment, total, cache })
    }

    /// What another view over the same committed texts is made from.
    pub(crate) fn parts(&self) -> (Searcher, Fields) {
        (self.searcher.clone(), self.fields)
    }

    /// How many listings have text in the index.
    pub(crate) fn documents(&self) -> u64 {
        self.searcher.num_docs()
    }

    /// Whether all these words were looked up before and are still remembered.
    pub(crate) fn remembers(&self, words: &[Word]) -> bool {
        words.iter().all(|word| self.cache.contains_key(word))
    }

    /// Who has this word.
    pub(crate) fn hits(&self, word: &Word) -> tantivy::Result<Arc<WordHits>> {
        if let Some(hits) = self.cache.get(word) {
            return Ok(hits);
        }
        let mut found = self.collect(word, Spelling::AsAsked)?;
        if found.anywhere.is_empty() && may_be_misspelt(word) {
            found = self.collect(word, Spelling::OneTypo)?;
        }
        let found = Arc::new(found);
        self.cache.insert(word.clone(), Arc::clone(&found));
        Ok(found)
    }

    fn collect(&self, word: &Word, spelling: Spelling) -> tantivy::Result<WordHits> {
        let [title, place, body] = [self.fields.title, self.fields.place, self.fields.body].map(|field| self.zone(field, word, spelling));
        let (title, place, body) = (title?, place?, body?);
        Ok(WordHits { anywhere: Hits::union(&[&title, &place, &body], self.total), title, place })
    }

    /// The ordinals that have the word in one zone.
    fn zone(&self, field: Field, word: &Word, spelling: Spelling) -> tantivy::Result<Hits> {
        let mut found = Gathering::new(self.total);
        for (segment, ordinals) in self.searcher.segment_readers().iter().zip(&self.ordinals) {
            let inverted = segment.inverted_index(field)?;
            let alive = segment.alive_bitset();
            let mut take = |term: &tantivy::postings::TermInfo| -> std::io::Result<()> {
                let mut postings = inverted.read_postings_from_terminfo(term, IndexRecordOption::Basic)?;
                let mut doc = postings.doc();
                while doc != TERMINATED {
                    let ordinal = ordinals[doc as usize];
                    if ordinal != NOBODY && alive.is_none_or(|alive| alive.is_alive(doc)) {
                        found.push(ordinal);
                    }
                    doc = postings.advance();
                }
                Ok(())
            };
            match spelling {
                Spelling::AsAsked => each_form(&inverted, word, &mut take)?,
                Spelling::OneTypo => each_typo(&inverted, field, word.plain(), &mut take)?,
            }
        }
        Ok(found.hits())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spelling {
    AsAsked,
    OneTypo,
}

type Take<'a> = dyn FnMut(&tantivy::postings::TermInfo) -> std::io::Result<()> + 'a;

/// Hands over the dictionary entries that are forms of the word.
fn each_form(inverted: &InvertedIndexReader, word: &Word, take: &mut Take<'_>) -> std::io::Result<()> {
    let terms = inverted.terms();
    match word {
        Word::Piece(piece) => terms.get(piece)?.iter().try_for_each(take),
        Word::Whole { stem, .. } => terms.get(stem)?.iter().try_for_each(take),
        Word::Begun { stem, plain } => {
            terms.get(stem)?.iter().try_for_each(&mut *take)?;
            let mut range = terms.range().ge(plain).into_stream()?;
            while range.advance() && range.key().starts_with(plain.as_bytes()) {
                take(range.value())?;
            }
            Ok(())
        }
    }
}

/// Hands over the dictionary entries one edit away: a letter more, less, changed, or two neighbours swapped.
fn each_typo(inverted: &InvertedIndexReader, field: Field, plain: &str, take: &mut Take<'_>) -> std::io::Result<()> {
    let automaton = FuzzyTermQuery::new(Term::from_field_text(field, plain), 1, true).automaton().map_err(std::io::Error::other)?;
    let mut near = inverted.terms().search(automaton).into_stream()?;
    while near.advance() {
        // Stems are one edit away from words too (their mark), but they are not words.
        if !near.key().starts_with(STEM.encode_utf8(&mut [0; 4]).as_bytes()) {
            take(near.value())?;
        }
    }
    Ok(())
}

fn may_be_misspelt(word: &Word) -> bool {
    !matches!(word, Word::Piece(_)) && word.plain().chars().count() >= SHORTEST_TYPO
}
