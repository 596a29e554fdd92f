//! Which of a listing's fields an import may write again after a host has edited some of them.

const PLACE: [&str; 5] = ["lat", "lng", "public_lat", "public_lng", "zone"];

/// Whether `column` keeps what the host wrote.
///
/// - `edited`: the names of the fields the host has changed (columns of `listings` and `listing_texts`, or `location`).
/// - `price_unknown`: the import has no price for the listing.
///
/// Fields that only make sense together stay together: the place with its zone, the price with its currency and the
/// state, the catalogue keys with the host's own words.
pub(crate) fn stays(column: &str, edited: &[String], price_unknown: bool) -> bool {
    let changed = |name: &str| edited.iter().any(|field| field == name);
    match column {
        column if changed(column) => true,
        column if PLACE.contains(&column) => changed("location") || PLACE.iter().any(|name| changed(name)),
        "currency" => changed("price_minor"),
        // A listing that a host published keeps a price, or it could not stay published.
        "price_minor" => price_unknown && changed("state"),
        "state" => changed("price_minor"),
        "amenities" | "amenities_other" | "max_pets" => changed("amenities") || changed("amenities_other"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_host_edited_stays_with_what_belongs_to_it() {
        for (edited, column, price_unknown, kept) in [
            ("", "title", false, false),
            ("title", "title", false, true),
            ("title", "lat", false, false),
            ("location", "zone", false, true),
            ("lat", "public_lng", false, true),
            ("price_minor", "state", false, true),
            ("price_minor", "currency", false, true),
            ("state", "price_minor", false, false),
            ("state", "price_minor", true, true),
            ("amenities", "amenities_other", false, true),
        ] {
            assert_eq!(stays(column, &[edited.to_owned()], price_unknown), kept, "{edited} → {column}");
        }
    }
}
