//! Cards: what a page shows of a listing, rendered once and kept until the listing changes.
//!
//! A card is kept as the JSON of everything that does not hang on the question. The page adds price of the stay and
//! distance, so a page of twenty cards is twenty copies of bytes and not twenty trees of values.

use super::engine::facets::Facets;
use super::engine::query::{Answer, Hit};
use super::store::CardRow;
use crate::features::listings::{amenities, mean_centi};
use crate::platform::wire::{Halves, Hundredths};
use crate::values::Currency;
use std::fmt::Write;
use std::sync::Arc;

/// The JSON of a card, open at the end: without its closing brace. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Card {
    json: Arc<str>,
    pub currency: Currency,
}

impl Card {
    pub(super) fn of(row: &CardRow) -> Self {
        let mut json = String::with_capacity(512);
        let mut object = Object::begin(&mut json);
        object.text("id", &row.id.to_string());
        object.text("title", &row.title);
        object.text("room_type", &row.room_type);
        object.text("property_type", &row.property_type);
        object.text("city", &row.city);
        object.text("neighbourhood", &row.neighbourhood);
        object.raw("location", format_args!("{{\"lat\":{},\"lng\":{}}}", row.lat, row.lng));
        object.raw("capacity", row.capacity);
        object.optional("bedrooms", row.bedrooms);
        object.optional("beds", row.beds);
        object.optional("bathrooms", row.bathrooms_halves.map(Halves));
        object.optional("rating", mean_centi(row.rating_sum_centi, row.rating_count).map(Hundredths));
        object.raw("review_count", row.review_count);
        object.raw("instant_book", row.instant_book);
        object.raw("top_host", row.top_host);
        match &row.photo_url {
            Some(url) => object.text("photo_url", url),
            None => object.optional("photo_url", None::<bool>),
        }
        object.money("nightly", row.price_minor, row.currency);
        Self { json: json.into(), currency: row.currency }
    }

    /// Bytes on the heap, with what the allocator adds.
    pub(super) fn bytes(&self) -> usize {
        self.json.len() + 32
    }
}

/// Writes the members of a JSON object one after the other.
struct Object<'a> {
    out: &'a mut String,
    first: bool,
}

impl<'a> Object<'a> {
    fn begin(out: &'a mut String) -> Self {
        out.push('{');
        Self { out, first: true }
    }

    fn name(&mut self, name: &str) {
        if !std::mem::take(&mut self.first) {
            self.out.push(',');
        }
        write(self.out, format_args!("\"{name}\":"));
    }

    fn raw(&mut self, name: &str, value: impl std::fmt::Display) {
        self.name(name);
        write(self.out, format_args!("{value}"));
    }

    fn text(&mut self, name: &str, value: &str) {
        self.name(name);
        push_text(self.out, value);
    }

    fn optional(&mut self, name: &str, value: Option<impl std::fmt::Display>) {
        match value {
            Some(value) => self.raw(name, value),
            None => self.raw(name, "null"),
        }
    }

    fn money(&mut self, name: &str, minor: i64, currency: Currency) {
        self.raw(name, format_args!("{{\"amount\":{minor},\"currency\":\"{currency}\"}}"));
    }
}

/// Writing into a string cannot fail.
fn write(out: &mut String, text: std::fmt::Arguments<'_>) {
    if out.write_fmt(text).is_err() {
        debug_assert!(false, "a Display implementation failed");
    }
}

/// A JSON string with everything escaped that must be.
fn push_text(out: &mut String, text: &str) {
    out.push('"');
    let mut rest = text;
    // Each of those that must be escaped is one byte long, and most texts have none.
    while let Some(at) = rest.bytes().position(|byte| byte < b' ' || byte == b'"' || byte == b'\\') {
        out.push_str(&rest[..at]);
        match rest.as_bytes()[at] {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            byte => write(out, format_args!("\\u{byte:04x}")),
        }
        rest = &rest[at + 1..];
    }
    out.push_str(rest);
    out.push('"');
}

/// Room for facets, so that a page is not moved while it is written.
const FACETS_BYTES: usize = 6_000;

/// The JSON of a page: `hits` with their cards, in order.
pub(super) fn page(answer: &Answer, cards: &[(Hit, Card)], nights: Option<u16>, next_cursor: Option<&str>) -> String {
    let facets = if answer.facets.is_some() { FACETS_BYTES } else { 0 };
    let mut out = String::with_capacity(256 + facets + cards.iter().map(|(_, card)| card.json.len() + 160).sum::<usize>());
    write(&mut out, format_args!("{{\"total\":{},\"data\":[", answer.total));
    for (n, (hit, card)) in cards.iter().enumerate() {
        if n > 0 {
            out.push(',');
        }
        out.push_str(&card.json);
        if let (Some(nights), Some(price)) = (nights, hit.price) {
            let currency = card.currency;
            let money = |minor: i64| format!("{{\"amount\":{minor},\"currency\":\"{currency}\"}}");
            write(
                &mut out,
                format_args!(",\"stay\":{{\"nights\":{},\"total\":{},\"average_nightly\":{}}}", nights, money(price.total), money(price.average_nightly)),
            );
            if !hit.best_dates.is_empty() {
                out.push_str(",\"best_dates\":");
                list(&mut out, &hit.best_dates, |out, best| {
                    let (arrival, departure) = (best.stay.check_in(), best.stay.check_out());
                    write(out, format_args!("{{\"check_in\":\"{arrival}\",\"check_out\":\"{departure}\",\"total\":{}}}", money(best.total)));
                });
            }
        }
        if let Some(km) = hit.distance_km {
            write(&mut out, format_args!(",\"distance_km\":{km:.3}"));
        }
        out.push('}');
    }
    write(&mut out, format_args!("],\"has_more\":{}", next_cursor.is_some()));
    if let Some(cursor) = next_cursor {
        write(&mut out, format_args!(",\"next_cursor\":\"{cursor}\""));
    }
    if let Some(facets) = &answer.facets {
        push_facets(&mut out, facets);
    }
    out.push('}');
    out
}

fn push_facets(out: &mut String, facets: &Facets) {
    out.push_str(",\"facets\":{\"room_types\":");
    list(out, &facets.room_types, |out, (room, count)| write(out, format_args!("{{\"value\":\"{}\",\"count\":{count}}}", room.name())));
    out.push_str(",\"property_types\":");
    list(out, &facets.property_types, |out, (slug, count)| {
        out.push_str("{\"value\":");
        push_text(out, slug);
        write(out, format_args!(",\"count\":{count}}}"));
    });
    out.push_str(",\"amenities\":");
    list(out, &facets.amenities, |out, (key, count)| {
        out.push_str("{\"value\":");
        push_text(out, key);
        out.push_str(",\"name\":");
        push_text(out, amenities::find(key).map_or(key, |amenity| amenity.name));
        write(out, format_args!(",\"count\":{count}}}"));
    });
    out.push_str(",\"bedrooms\":");
    list(out, &facets.bedrooms, |out, (n, count)| write(out, format_args!("{{\"value\":{n},\"count\":{count}}}")));
    if let Some(prices) = &facets.prices {
        write(out, format_args!(",\"prices\":{{\"currency\":\"{}\",\"bands\":", prices.currency));
        list(out, &prices.bands, |out, (from, to, count)| match to {
            Some(to) => write(out, format_args!("{{\"from\":{from},\"to\":{to},\"count\":{count}}}")),
            None => write(out, format_args!("{{\"from\":{from},\"count\":{count}}}")),
        });
        out.push('}');
    }
    out.push('}');
}

fn list<T>(out: &mut String, items: &[T], mut push: impl FnMut(&mut String, &T)) {
    out.push('[');
    for (n, item) in items.iter().enumerate() {
        if n > 0 {
            out.push(',');
        }
        push(out, item);
    }
    out.push(']');
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_text_is_read_as_it_was_written(text in "[ -~\u{0}-\u{1f}\u{7f}äß東\u{1f3d6}\u{2028}]{0,40}") {
            let mut out = String::new();
            push_text(&mut out, &text);
            prop_assert_eq!(serde_json::from_str::<String>(&out).unwrap(), text);
        }
    }
}
