//! Homes as somebody reads them who knows only the CSV files: field by field, day by day.

use super::dice::Dice;
use flate2::read::GzDecoder;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::File;
use std::path::{Path, PathBuf};
use stopover::features::listings::amenities;
use stopover::values::Night;
use unicode_normalization::UnicodeNormalization;

/// The folder with `listings.csv.gz` and `calendar.csv.gz`, and whether it is the whole city.
#[expect(clippy::disallowed_methods, reason = "the test run has no configuration of its own")]
pub(super) fn boston(whole: bool) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let shared = std::env::var("STOPOVER_SHARED").map_or_else(|_unset| root.join("../shared"), PathBuf::from);
    let folder = if whole && shared.join("data/boston/listings.csv.gz").exists() { shared.join("data/boston") } else { root.join("tests/data/boston-cut") };
    println!("reading {}", folder.display());
    folder
}

/// What a calendar says of one day; 0 where it says nothing.
#[derive(Debug, Clone, Copy)]
pub(super) struct Day {
    pub(super) open: bool,
    pub(super) price: i64,
    pub(super) min_nights: i64,
    pub(super) max_nights: i64,
}

/// A row of `listings.csv` with its rows of `calendar.csv`.
#[derive(Debug, Default)]
pub(super) struct Home {
    /// The id in the source, later the id in the database.
    pub(super) id: String,
    pub(super) host: String,
    pub(super) room_type: String,
    pub(super) property_type: String,
    pub(super) neighbourhood: String,
    pub(super) lat: f64,
    pub(super) lng: f64,
    pub(super) price: i64,
    pub(super) capacity: i64,
    pub(super) bedrooms: Option<i64>,
    pub(super) beds: Option<i64>,
    pub(super) bathroom_halves: Option<i64>,
    pub(super) amenities: BTreeSet<&'static str>,
    pub(super) instant_book: bool,
    pub(super) top_host: bool,
    /// Mean × 100.
    pub(super) rating: Option<i64>,
    pub(super) reviews: i64,
    pub(super) min_nights: i64,
    pub(super) max_nights: i64,
    pub(super) title_words: Vec<String>,
    pub(super) stems: BTreeSet<String>,
    /// By night; nights without a row are free at the base price.
    pub(super) days: HashMap<Night, Day>,
}

/// Every home with a price, its calendar moved so that the first date of the file is `first`.
pub(super) fn read(folder: &Path, first: Night) -> Vec<Home> {
    let mut homes: BTreeMap<String, Home> = BTreeMap::new();
    let mut listings = open(&folder.join("listings.csv.gz"));
    let names: Vec<String> = listings.headers().unwrap().iter().map(str::to_owned).collect();
    for row in listings.records() {
        let row = row.unwrap();
        let fields: HashMap<&str, &str> = names.iter().map(String::as_str).zip(row.iter().map(str::trim)).collect();
        let home = home(&fields);
        homes.insert(home.id.clone(), home);
    }
    let mut rows: Vec<(String, Night, Day)> = Vec::new();
    for row in open(&folder.join("calendar.csv.gz")).records() {
        let row = row.unwrap();
        let number = |n: usize, most: i64| row[n].parse::<i64>().map_or(0, |nights| nights.min(most));
        let day = Day { open: &row[2] == "t", price: price(&row[3]), min_nights: number(5, 1_095), max_nights: number(6, 365) };
        rows.push((row[0].to_owned(), Night::parse(&row[1]).unwrap(), day));
    }
    let shift = rows.iter().map(|(_, night, _)| *night).min().unwrap().days_until(first);
    for (id, night, day) in rows {
        homes.get_mut(&id).unwrap().days.insert(night.plus(shift), day);
    }
    homes.values_mut().for_each(find_price);
    homes.into_values().filter(|home| home.price > 0).collect()
}

fn open(file: &Path) -> csv::Reader<GzDecoder<File>> {
    csv::Reader::from_reader(GzDecoder::new(File::open(file).unwrap()))
}

/// A home without a price costs what most of its days cost, the smaller amount when two are as frequent.
fn find_price(home: &mut Home) {
    if home.price > 0 {
        return;
    }
    let mut counts: BTreeMap<i64, usize> = BTreeMap::new();
    home.days.values().filter(|day| day.price > 0).for_each(|day| *counts.entry(day.price).or_default() += 1);
    let most = counts.values().copied().max().unwrap_or(0);
    home.price = counts.into_iter().find(|(_, count)| *count == most).map_or(0, |(price, _)| price);
}

fn home(fields: &HashMap<&str, &str>) -> Home {
    let count = |name: &str| fields[name].trim_end_matches(".0").parse::<i64>().ok();
    let words: Vec<String> = serde_json::from_str(fields["amenities"]).unwrap();
    let keys: BTreeSet<&'static str> = words.iter().flat_map(|word| amenities::amenity_keys(word)).collect();
    let other = words.iter().filter(|word| amenities::amenity_keys(word).is_empty());
    let room_type = match fields["room_type"] {
        "Entire home/apt" => "entire_home",
        "Private room" => "private_room",
        "Shared room" => "shared_room",
        _ => "hotel_room",
    };
    let property_type = fields["property_type"].to_lowercase().split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).collect::<Vec<_>>().join("_");
    let mut texts = vec![text(fields["name"]), text(fields["description"]), text(fields["neighborhood_overview"]), text(fields["host_name"])];
    texts.extend([fields["neighbourhood_cleansed"].to_owned(), "Boston".into(), room_type.replace('_', " "), property_type.replace('_', " ")]);
    texts.extend(keys.iter().map(|key| amenities::find(key).unwrap().name.to_owned()));
    texts.extend(other.map(|word| text(word)));
    let stemmer = frostem::Stemmer::new(frostem::Algorithm::English);
    let reviews = count("number_of_reviews").unwrap_or(0);
    let rating = hundredths(fields["review_scores_rating"]).filter(|mean| *mean > 0 && reviews > 0);
    Home {
        id: fields["id"].to_owned(),
        host: fields["host_id"].to_owned(),
        room_type: room_type.to_owned(),
        property_type,
        neighbourhood: fields["neighbourhood_cleansed"].to_owned(),
        lat: fields["latitude"].parse().unwrap(),
        lng: fields["longitude"].parse().unwrap(),
        price: price(fields["price"]),
        capacity: count("accommodates").unwrap(),
        bedrooms: count("bedrooms"),
        beds: count("beds"),
        bathroom_halves: bathrooms(fields["bathrooms_text"]).or_else(|| fields["bathrooms"].parse::<f64>().ok().map(halves)),
        amenities: keys,
        instant_book: fields["instant_bookable"] == "t",
        top_host: fields["host_is_superhost"] == "t",
        rating,
        reviews,
        min_nights: count("minimum_nights").unwrap_or(1).min(1_095),
        max_nights: count("maximum_nights").unwrap_or(365).min(365),
        title_words: words_of(&text(fields["name"])),
        stems: texts.iter().flat_map(|text| words_of(text)).map(|word| stemmer.stem(&word).to_string()).collect(),
        days: HashMap::new(),
    }
}

/// `$1,234.00` in cents, 0 when there is no price.
fn price(text: &str) -> i64 {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    if text.contains('.') { digits.parse().unwrap_or(0) } else { digits.parse::<i64>().unwrap_or(0) * 100 }
}

fn hundredths(text: &str) -> Option<i64> {
    let (units, decimals) = text.split_once('.').unwrap_or((text, "0"));
    let two: String = decimals.chars().chain("00".chars()).take(2).collect();
    Some(units.parse::<i64>().ok()? * 100 + two.parse::<i64>().ok()?)
}

#[expect(clippy::cast_possible_truncation, reason = "a number of bathrooms")]
fn halves(count: f64) -> i64 {
    (count * 2.0).round() as i64
}

/// `1.5 shared baths`, `Half-bath`.
fn bathrooms(text: &str) -> Option<i64> {
    if text.to_lowercase().contains("half-bath") {
        return Some(1);
    }
    text.split(' ').next().and_then(|number| number.parse::<f64>().ok()).map(halves)
}

/// Plain text of a field that may be HTML: of real tags the city has only breaks and bold ones.
fn text(html: &str) -> String {
    let mut plain = html.to_owned();
    for tag in ["<br />", "<br/>", "<br>", "<b>", "</b>"] {
        plain = plain.replace(tag, if tag.starts_with("<br") { "\n" } else { "" });
    }
    html_escape::decode_html_entities(&plain).into_owned()
}

/// Lower-case words without accents.
pub(super) fn words_of(text: &str) -> Vec<String> {
    let plain: String = text.nfkd().filter(|c| !('\u{300}'..='\u{36f}').contains(c)).flat_map(char::to_lowercase).collect();
    plain.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// A word to search for: out of a title or the name of a neighbourhood.
pub(super) fn word(dice: &mut Dice, homes: &[Home]) -> String {
    loop {
        let home = dice.pick(homes);
        let words = if dice.once_in(4) { words_of(&home.neighbourhood) } else { home.title_words.clone() };
        if let Some(word) = words.get(dice.below(words.len().max(1)))
            && word.is_ascii()
        {
            return word.clone();
        }
    }
}
