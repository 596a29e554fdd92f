//! Price filters: by bits and bounds where these can tell, by the price itself at the edge.

use super::corpus::Corpus;
use super::possible::Costs;
use super::query::{PriceBasis, PriceFilter, Trouble};
use super::selection::Selection;
use super::slices::rough;
use crate::values::Currency;

/// From so many words on, prices are compared by their digits rather than listing by listing; the towns of tests are small.
const MANY_WORDS: usize = if cfg!(test) { 20 } else { 1_000 };

impl Corpus {
    /// The currency all matches share; `None` when nothing matches.
    pub(super) fn one_currency(&self, selection: &Selection) -> Result<Option<Currency>, Trouble> {
        if self.currency_list.len() == 1 {
            return Ok(self.currency_list.first().copied());
        }
        let present: Vec<Currency> = self.currency_list.iter().zip(&self.currencies).filter(|(_, map)| selection.count_and(map) > 0).map(|(c, _)| *c).collect();
        if present.len() > 1 { Err(Trouble::CurrencyNeeded { currencies: present }) } else { Ok(present.first().copied()) }
    }

    /// Keeps those whose price, or the price of one of whose possible stays, lies within the bounds of `filter`.
    pub(super) fn filter_price(&self, filter: PriceFilter, costs: &Costs<'_>, currency: Currency, selection: &mut Selection) {
        let nights = costs.nights();
        // Flat prices: the average is the base price, and the total so many times it.
        let (low, high) = match filter.basis {
            PriceBasis::Nightly => (filter.min, filter.max),
            PriceBasis::Total => (filter.min.saturating_add(nights - 1).div_euclid(nights), filter.max.div_euclid(nights)),
        };
        let varied = (costs.dated() && selection.count_and(&self.varied_price) > 0).then(|| {
            let mut varied = selection.clone();
            varied.and(&self.varied_price);
            selection.and_not(&self.varied_price);
            varied
        });
        self.filter_base(low, high, currency, selection);
        if let Some(mut varied) = varied {
            self.filter_varied((low, high), costs, &mut varied);
            selection.or_same_words(&varied);
        }
    }

    /// Keeps whose base price lies between the two: by its digits over many words, else by its band.
    fn filter_base(&self, low: i64, high: i64, currency: Currency, selection: &mut Selection) {
        let within = |n: u32| low <= self.columns.prices[n as usize] && self.columns.prices[n as usize] <= high;
        if selection.words() > MANY_WORDS {
            return self.rough_prices.base.retain_between(selection, rough(low), rough(high), within);
        }
        let (inside, partly) = self.bands.within(low, high, currency);
        selection.map_sets(&inside, &partly, within);
    }

    /// The same for stays whose nights have prices of their own: by the bounds of these where they can tell.
    fn filter_varied(&self, (low, high): (i64, i64), costs: &Costs<'_>, varied: &mut Selection) {
        let mut sure = None;
        if varied.words() > MANY_WORDS {
            let (least, most) = (&self.rough_prices.least, &self.rough_prices.most);
            most.retain_within(varied, rough(low), u32::MAX);
            least.retain_within(varied, 0, rough(high));
            let mut inside = varied.clone();
            least.retain_within(&mut inside, rough(low) + 1, u32::MAX);
            most.retain_within(&mut inside, 0, rough(high).saturating_sub(1));
            varied.drop_same_words(&inside);
            sure = Some(inside);
        }
        varied.retain(|n| {
            let (least, most) = self.columns.price_bounds[n as usize];
            if most < low || least > high {
                return false;
            }
            low <= least && most <= high || costs.within_bounds(n)
        });
        if let Some(sure) = sure {
            varied.or_same_words(&sure);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::dates::Dates;
    use super::super::testing::{everything, town, vary_prices};
    use super::*;
    use crate::features::pricing::stay_price;
    use crate::values::{Night, Stay};

    #[test]
    fn prices_are_filtered_alike_by_digits_and_by_bands_and_one_by_one() {
        let mut corpus = town(5, 2_500);
        vary_prices(&mut corpus, 3);
        let stay = Stay::new(Night(20_003), Night(20_006)).unwrap();
        let currency = corpus.currency_list[0];
        for (stay, basis) in [(None, PriceBasis::Nightly), (Some(stay), PriceBasis::Nightly), (Some(stay), PriceBasis::Total)] {
            for (min, max) in [(0, i64::MAX), (0, 0), (5_000, 20_000), (5_003, 5_003), (70_001, i64::MAX), (0, 9_999), (140_000, 450_000), (i64::MAX, i64::MAX)]
            {
                let filter = PriceFilter { min, max, basis };
                let asked = |n: u32| match (stay.map(|stay| stay_price(corpus.columns.prices[n as usize], corpus.days(n), stay)), basis) {
                    (None, _) => corpus.columns.prices[n as usize],
                    (Some(price), PriceBasis::Nightly) => price.average_nightly,
                    (Some(price), PriceBasis::Total) => price.total,
                };
                let expected: Vec<u32> = corpus.live.iter().filter(|n| min <= asked(*n) && asked(*n) <= max).collect();
                // All words at once, and pieces that are few enough for the bands.
                for pieces in [1_u32, 4] {
                    let mut found = Vec::new();
                    for piece in 0..pieces {
                        let mut selection = Selection::default();
                        selection.push_range(piece * 2_500 / pieces, (piece + 1) * 2_500 / pieces);
                        selection.and(&corpus.live);
                        let query = crate::features::search::engine::query::Query { dates: stay.map(Dates::Fixed), price: Some(filter), ..everything() };
                        corpus.filter_price(filter, &corpus.costs(&query), currency, &mut selection);
                        found.extend(selection.iter());
                    }
                    assert_eq!(found, expected, "{filter:?} {stay:?} in {pieces}");
                }
            }
        }
    }
}
