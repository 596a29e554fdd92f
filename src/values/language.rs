//! Languages: tags of BCP 47, and which of several texts a reader is given.

/// Longest tag that is kept.
const MOST_TAG: usize = 35;

/// A language tag (BCP 47) in its usual spelling: `pt-br` becomes `pt-BR`. `None` when it has not the form of one.
#[must_use]
pub fn tag(text: &str) -> Option<String> {
    let mut parts = text.trim().split(['-', '_']);
    let language = parts.next().filter(|part| (2..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphabetic()))?;
    let (mut tag, mut plain, mut last_len) = (language.to_ascii_lowercase(), true, 2);
    for part in parts {
        if !(1..=8).contains(&part.len()) || !part.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return None;
        }
        // After a single letter come extensions, which are written small.
        plain &= part.len() > 1;
        let letters = part.bytes().all(|b| b.is_ascii_alphabetic());
        tag.push('-');
        match part.len() {
            2 if plain => tag.push_str(&part.to_ascii_uppercase()),
            4 if plain && letters => {
                tag.push_str(&part[..1].to_ascii_uppercase());
                tag.push_str(&part[1..].to_ascii_lowercase());
            }
            _ => tag.push_str(&part.to_ascii_lowercase()),
        }
        last_len = part.len();
    }
    (tag.len() <= MOST_TAG && last_len > 1).then_some(tag)
}

/// Which of `offered` suits somebody who asked for `wanted` (as in `Accept-Language`), best wish first: the very tag, else one that
/// begins alike (`pt` for `pt-PT` and the other way round). `None` when nothing suits, or `*` was wanted before anything that does.
#[must_use]
pub fn pick<'a>(wanted: &str, offered: &[&'a str]) -> Option<&'a str> {
    for wish in wishes(wanted) {
        if wish == "*" {
            return None;
        }
        let same = |tag: &&&str| tag.eq_ignore_ascii_case(&wish);
        let first = |tag: &str| tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
        let alike = |tag: &&&str| first(tag) == first(&wish);
        if let Some(found) = offered.iter().find(same).or_else(|| offered.iter().find(alike)) {
            return Some(found);
        }
    }
    None
}

/// The ranges of an `Accept-Language`, best first; at most twenty, and none of weight 0.
fn wishes(header: &str) -> Vec<String> {
    let mut wishes: Vec<(u16, String)> = Vec::new();
    for part in header.split(',').take(20) {
        let (range, weight) = part.split_once(';').unwrap_or((part, ""));
        let weight = weight.trim().strip_prefix("q=").map_or(Some(1_000), thousandths);
        if let Some(weight) = weight.filter(|weight| *weight > 0) {
            wishes.push((weight, range.trim().to_owned()));
        }
    }
    wishes.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
    wishes.into_iter().map(|(_, range)| range).filter(|range| !range.is_empty()).collect()
}

/// `0.85` as 850; weights have three decimals at most.
fn thousandths(text: &str) -> Option<u16> {
    let (whole, decimals) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    let digits = format!("{whole}{decimals:0<3}");
    (decimals.len() <= 3).then(|| digits.parse().ok()).flatten().filter(|weight| *weight <= 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_spelled_as_usual() {
        for (given, tag_of) in [
            ("en", Some("en")),
            (" EN ", Some("en")),
            ("pt-br", Some("pt-BR")),
            ("pt_BR", Some("pt-BR")),
            ("ZH-hant-tw", Some("zh-Hant-TW")),
            ("es-419", Some("es-419")),
            ("de-u-CO-phonebk", Some("de-u-co-phonebk")),
            ("gsw", Some("gsw")),
            ("", None),
            ("e", None),
            ("english", None),
            ("en-", None),
            ("en--US", None),
            ("en-x", None),
            ("e1", None),
            ("en-US-ünder", None),
            ("en-toolongpart", None),
            ("en-aaaaaaaa-bbbbbbbb-cccccccc-dddddddd", None),
        ] {
            assert_eq!(tag(given).as_deref(), tag_of, "{given}");
        }
    }

    #[test]
    fn a_reader_gets_what_suits_best() {
        for (wanted, picked) in [
            ("de", Some("de")),
            ("DE-at", Some("de")),
            ("pt", Some("pt-BR")),
            ("fr, de;q=0.5, pt-BR;q=0.8", Some("pt-BR")),
            ("fr", None),
            ("*", None),
            ("fr, *;q=0.5, de;q=0.1", None),
            ("de;q=0", None),
            ("de;q=1.5, pt;q=x", None),
            ("", None),
        ] {
            assert_eq!(pick(wanted, &["de", "pt-BR"]), picked, "{wanted}");
        }
    }
}
