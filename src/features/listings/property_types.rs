//! Property types: a slug such as `entire_rental_unit`, kept as the source names it.

/// The slug of a type's name: lower-case letters and digits of any script, `_` between words; `other` when nothing is left.
#[must_use]
pub fn slug(name: &str) -> String {
    let mut slug = String::with_capacity(name.len());
    for word in name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        if !slug.is_empty() {
            slug.push('_');
        }
        slug.push_str(&word.to_lowercase());
    }
    if slug.is_empty() { "other".to_owned() } else { slug }
}

/// An English name for a slug: `entire_rental_unit` becomes "Entire rental unit".
#[must_use]
pub fn name(slug: &str) -> String {
    let text = slug.replace('_', " ");
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_slugs_and_back() {
        for (text, expected, back) in [
            ("Entire rental unit", "entire_rental_unit", "Entire rental unit"),
            ("Private room in bed and breakfast", "private_room_in_bed_and_breakfast", "Private room in bed and breakfast"),
            ("Room in aparthotel", "room_in_aparthotel", "Room in aparthotel"),
            ("Camper/RV", "camper_rv", "Camper rv"),
            ("entire_home", "entire_home", "Entire home"),
            ("  ", "other", "Other"),
        ] {
            assert_eq!(slug(text), expected);
            assert_eq!(name(expected), back);
        }
    }
}
