//! Which listings can take at least one of many stays, told from the night bitmaps for all listings at once.
//!
//! The selection is worked on in pieces of a few words, whose part of every night in question fits the nearest cache.
//! There a row a night becomes a row a stay by doubling: taken in 1, 2, 4 … nights from here on, and the last step
//! overlaps. So each night is fetched from memory once, and costs a logarithm of the length of the stay.

use super::bits::{Bitmap, Ones, first_of};
use super::corpus::Corpus;
use super::dates::{Flexible, Stretch};
use super::kernels::{self, OpenSomewhere, PIECE, Slide};
use super::lengths;
use super::query::Query;
use super::selection::{Selection, filter_word};
use crate::features::calendar::rules::permits;
use crate::values::LocalMoment;
use std::ops::Range;
use std::sync::Arc;

/// With two months of nights the rows of a piece take some 17 kB.
type Words = [u64; PIECE];

impl Corpus {
    /// Keeps the listings that can take at least one of the stays.
    pub(super) fn filter_flexible(&self, query: &Query, flexible: &Flexible, selection: &mut Selection) {
        let locals = self.locals(query);
        let spans = Spans::of(self, flexible, &locals);
        let mut sweep = Sweep {
            corpus: self,
            query,
            flexible,
            stretches: flexible.stretches(spans.hull.clone()),
            lengths: self.lengths.of(flexible.nights()),
            closed: vec![None; spans.partial.len()],
            touched: Vec::new(),
            rows: Vec::new(),
            locals,
            spans,
        };
        selection.for_stretches(|word, bits| {
            for (n, piece) in bits.chunks_mut(PIECE).enumerate() {
                sweep.piece(word + n * PIECE, piece);
            }
        });
    }
}

/// On which of the arrivals each time class lets anybody arrive: not in the past, not too soon, not too far ahead.
struct Spans {
    /// By class: which of `partial` it has; `None` where every arrival of the hull is open.
    by_class: Vec<Option<usize>>,
    partial: Vec<Range<usize>>,
    /// The arrivals that are open in some class.
    hull: Range<usize>,
}

impl Spans {
    fn of(corpus: &Corpus, flexible: &Flexible, locals: &[Option<LocalMoment>]) -> Self {
        let arrivals = flexible.arrivals();
        let span = |(class, local): (&super::classes::TimeClass, &Option<LocalMoment>)| {
            let Some(local) = *local else { return 0..0 };
            let (earliest, last) = (class.earliest_arrival(local), local.today.plus(class.window_days.into()));
            let (from, to) = (arrivals.partition_point(|night| *night < earliest), arrivals.partition_point(|night| *night <= last));
            from..to.max(from)
        };
        let spans: Vec<Range<usize>> = corpus.classes.iter().map(|(class, _)| class).zip(locals).map(span).collect();
        let open = || spans.iter().filter(|span| !span.is_empty());
        let hull = open().map(|span| span.start).min().unwrap_or(0)..open().map(|span| span.end).max().unwrap_or(0);
        let mut partial: Vec<Range<usize>> = Vec::new();
        let number = |span: Range<usize>| {
            (span != hull).then(|| {
                partial.iter().position(|known| *known == span).unwrap_or_else(|| {
                    partial.push(span);
                    partial.len() - 1
                })
            })
        };
        let by_class = spans.into_iter().map(number).collect();
        Self { by_class, partial, hull }
    }
}

/// One question on its way through the words.
struct Sweep<'a> {
    corpus: &'a Corpus,
    query: &'a Query,
    flexible: &'a Flexible,
    locals: Arc<[Option<LocalMoment>]>,
    spans: Spans,
    stretches: Vec<Stretch>,
    lengths: Option<(&'a Bitmap, &'a Bitmap)>,
    /// The listings of this piece by their partial span, and which of these somebody has.
    closed: Vec<Option<Words>>,
    touched: Vec<usize>,
    /// A row of words a night, then a stay.
    rows: Vec<u64>,
}

impl Sweep<'_> {
    /// Keeps of `bits`, which begin at `word` of the corpus, who can take one of the stays.
    fn piece(&mut self, word: usize, bits: &mut [u64]) {
        if bits.iter().all(|bits| *bits == 0) {
            return;
        }
        let (easy, hard) = self.split(word, bits);
        self.find_closed(word, bits.len(), &easy, &hard);
        let judging = hard.iter().any(|bits| *bits != 0);
        let mut found = [0; PIECE];
        for stretch in 0..self.stretches.len() {
            let stretch = self.stretches[stretch];
            self.slide(stretch, word, bits.len());
            self.close(stretch, bits.len());
            let rows = &self.rows[..bits.len() * usize::try_from(stretch.days).unwrap_or(0)];
            kernels::run(OpenSomewhere { rows, among: &easy[..bits.len()], found: &mut found[..bits.len()] });
            if judging {
                self.judge(stretch, word, &hard[..bits.len()], &mut found);
            }
        }
        bits.copy_from_slice(&found[..bits.len()]);
    }

    /// Whom the bits decide, and who must be judged by the rules. Whoever never takes such a length is neither.
    fn split(&self, word: usize, bits: &[u64]) -> (Words, Words) {
        let (mut easy, mut hard) = ([0; PIECE], [0; PIECE]);
        let nights = self.flexible.nights();
        for (i, bits) in bits.iter().enumerate() {
            let at = word + i;
            let exact = bits & self.corpus.exact.word(at);
            let rest = bits & !exact;
            let (sure, maybe) = match self.lengths {
                Some((sure, maybe)) => (rest & sure.word(at), rest & maybe.word(at)),
                None => {
                    let takes = |n: u32| lengths::takes(&self.corpus.columns.terms[n as usize], self.corpus.days(n), nights);
                    (filter_word(at, rest, &mut |n| takes(n) == Some(true)), filter_word(at, rest, &mut |n| takes(n).is_none()))
                }
            };
            easy[i] = sure;
            hard[i] = exact | maybe;
        }
        (easy, hard)
    }

    /// Gathers the listings whose class is closed on some arrival.
    fn find_closed(&mut self, word: usize, width: usize, easy: &Words, hard: &Words) {
        for span in self.touched.drain(..) {
            self.closed[span] = None;
        }
        if self.spans.partial.is_empty() {
            return;
        }
        for i in 0..width {
            for ordinal in (Ones { bits: easy[i] | hard[i], base: first_of(word + i) }) {
                let class = self.corpus.columns.classes[ordinal as usize] as usize;
                let Some(span) = self.spans.by_class[class] else { continue };
                let words = self.closed[span].get_or_insert_with(|| {
                    self.touched.push(span);
                    [0; PIECE]
                });
                words[i] |= 1 << (ordinal % 64);
            }
        }
    }

    /// Fills the rows: who is taken in any night of the stay that begins on each day of the stretch.
    fn slide(&mut self, stretch: Stretch, word: usize, width: usize) {
        let nights = usize::from(self.flexible.nights());
        let count = usize::try_from(stretch.days).unwrap_or(0) + nights - 1;
        self.rows.clear();
        self.rows.resize(count * width, 0);
        for (night, row) in (0..).zip(self.rows.chunks_exact_mut(width)) {
            if let Some(taken) = self.corpus.nights.taken_on(stretch.first.plus(night)) {
                let taken = taken.stretch(word, width);
                row[..taken.len()].copy_from_slice(taken);
            }
        }
        kernels::run(Slide { rows: &mut self.rows, width, nights });
    }

    /// Whoever is closed on a day of arrival counts as taken.
    fn close(&mut self, stretch: Stretch, width: usize) {
        for span in &self.touched {
            let Some(closed) = &self.closed[*span] else { continue };
            let open = &self.spans.partial[*span];
            let rows = (stretch.place..).zip(self.rows.chunks_exact_mut(width)).take(usize::try_from(stretch.days).unwrap_or(0));
            for (_, row) in rows.filter(|(place, _)| !open.contains(place)) {
                row.iter_mut().zip(closed).for_each(|(taken, closed)| *taken |= closed);
            }
        }
    }

    /// Asks the rules about those who are free, until they have said yes once.
    fn judge(&self, stretch: Stretch, word: usize, hard: &[u64], found: &mut Words) {
        let corpus = self.corpus;
        for (day, row) in (0..stretch.days).zip(self.rows.chunks_exact(hard.len())) {
            let Some(stay) = self.flexible.stay(stretch.first.plus(day)) else { continue };
            for (i, taken) in row.iter().enumerate() {
                let open = hard[i] & !taken & !found[i];
                if open != 0 {
                    found[i] |= filter_word(word + i, open, &mut |n| {
                        let local = self.locals[corpus.columns.classes[n as usize] as usize];
                        local.is_some_and(|local| permits(&corpus.columns.terms[n as usize], corpus.days(n), stay, self.query.party, local))
                    });
                }
            }
        }
    }
}
