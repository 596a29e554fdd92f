//! Completions: cities and neighbourhoods whose name has a word that begins as typed, then titles.

use super::engine::State;
use super::engine::names::fold;
use super::engine::selection::Selection;
use super::engine::text::words;
use super::store::CardRow;
use crate::values::ListingId;
use std::collections::HashMap;

/// A completion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Suggestion {
    City { name: String, listings: usize },
    Neighbourhood { name: String, city: String },
    Title { id: ListingId, title: String, city: String },
}

/// Places that fit (cities with most listings first, neighbourhoods by name), and the best listings whose title has all words.
pub(super) fn find(state: &State, typed: &str, limit: usize) -> tantivy::Result<(Vec<Suggestion>, Vec<ListingId>)> {
    let folded = fold(typed);
    if folded.is_empty() {
        return Ok((Vec::new(), Vec::new()));
    }
    let corpus = &state.corpus;
    let mut cities: Vec<(usize, &str)> = corpus
        .city_names
        .iter()
        .filter(|(_, name)| begins(name, &folded))
        .map(|(n, name)| (corpus.by_city[n as usize].iter().filter(|o| corpus.live.contains(**o) && corpus.columns.cities[**o as usize] == n).count(), name))
        .filter(|(listings, _)| *listings > 0)
        .collect();
    cities.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
    let mut found: Vec<Suggestion> = cities.into_iter().map(|(listings, name)| Suggestion::City { name: name.to_owned(), listings }).take(limit).collect();
    let places = corpus.neighbourhood_names.iter().filter_map(|(_, both)| both.split_once('\n')).filter(|(name, _)| begins(name, &folded));
    let mut places: Vec<(&str, &str)> = places.collect();
    places.sort_unstable();
    found.extend(places.into_iter().map(|(name, city)| Suggestion::Neighbourhood { name: name.to_owned(), city: city.to_owned() }).take(limit));
    let titles = best_titles(state, typed, limit.saturating_sub(found.len()))?;
    Ok((found, titles))
}

/// Whether a word of the name begins as typed.
fn begins(name: &str, typed: &str) -> bool {
    let name = fold(name);
    name.starts_with(typed) || name.match_indices([' ', '-', '/']).any(|(at, gap)| name[at + gap.len()..].starts_with(typed))
}

fn best_titles(state: &State, typed: &str, limit: usize) -> tantivy::Result<Vec<ListingId>> {
    let words = words::question(typed);
    if words.is_empty() || limit == 0 {
        return Ok(Vec::new());
    }
    let corpus = &state.corpus;
    let mut matches = Selection::everything(&corpus.live);
    for word in &words {
        state.text.hits(word)?.title.narrow(&mut matches);
    }
    let mut best: Vec<(u32, ListingId)> = matches.iter().map(|n| (corpus.columns.quality[n as usize], corpus.columns.ids[n as usize])).collect();
    let order = |a: &(u32, ListingId), b: &(u32, ListingId)| b.0.cmp(&a.0).then(a.1.cmp(&b.1));
    if best.len() > limit {
        best.select_nth_unstable_by(limit, order);
        best.truncate(limit);
    }
    best.sort_unstable_by(order);
    Ok(best.into_iter().map(|(_, id)| id).collect())
}

/// The titles of `ids`, in their order.
pub(super) fn titles(ids: &[ListingId], rows: Vec<CardRow>) -> Vec<Suggestion> {
    let mut by_id: HashMap<ListingId, CardRow> = rows.into_iter().map(|row| (row.id, row)).collect();
    ids.iter().filter_map(|id| by_id.remove(id)).map(|row| Suggestion::Title { id: row.id, title: row.title, city: row.city }).collect()
}
