//! Random searches: every parameter is drawn together with what it means for a home, said as plainly as possible.

use super::dice::Dice;
use super::homes::{Home, word, words_of};
use super::stage::encode;
use stopover::features::listings::amenities;
use stopover::values::Night;

/// The first date of the calendar, a week before today, so that there is a past to be refused.
pub(super) const FIRST: &str = "2026-05-25";
/// Today in Boston by the stopped clock.
pub(super) const TODAY: &str = "2026-06-01";

type Test = Box<dyn Fn(&Home) -> bool>;
/// Draws one kind of filter into a search.
type Part = fn(&mut Search, &mut Dice, &[Home]);

/// A search and its meaning.
#[derive(Default)]
pub(super) struct Search {
    /// The parameters as they stand in the address.
    pub(super) query: String,
    tests: Vec<Test>,
    pub(super) stay: Option<When>,
    /// Latitude and longitude.
    pub(super) near: Option<(f64, f64)>,
    pub(super) sort: &'static str,
    pub(super) facets: bool,
}

/// When somebody wants to stay: on any of these days of arrival (the first is the one to be preferred), so many nights.
#[derive(Clone)]
pub(super) struct When {
    pub(super) arrivals: Vec<Night>,
    pub(super) nights: i64,
    pub(super) flexible: bool,
    /// Bounds on the price of a stay, and whether on its total.
    price: Option<(i64, i64, bool)>,
}

impl When {
    /// The stays that the home takes at such a price: total, place among the arrivals by preference, arrival. Best first.
    pub(super) fn possible(&self, home: &Home) -> Vec<(i64, usize, Night)> {
        let open = self.arrivals.iter().enumerate().filter(|(_, arrival)| bookable(home, **arrival, self.nights));
        let priced = open.map(|(place, arrival)| (total(home, *arrival, self.nights), place, *arrival));
        let mut stays: Vec<(i64, usize, Night)> = priced
            .filter(|(total, ..)| self.price.is_none_or(|(min, max, by_total)| (min..=max).contains(&if by_total { *total } else { total / self.nights })))
            .collect();
        stays.sort_unstable();
        stays
    }
}

/// What a stay in a home costs: the sum of its nights, each at its own price.
fn total(home: &Home, arrival: Night, nights: i64) -> i64 {
    each_night(arrival, nights).map(|night| home.days.get(&night).map(|day| day.price).filter(|price| *price > 0).unwrap_or(home.price)).sum()
}

fn each_night(arrival: Night, nights: i64) -> impl Iterator<Item = Night> {
    (0..i32::try_from(nights).unwrap()).map(move |n| arrival.plus(n))
}

/// Whether the home can be booked: free every night, and long and short enough for its day of arrival.
fn bookable(home: &Home, arrival: Night, nights: i64) -> bool {
    let day = home.days.get(&arrival);
    let least = day.map(|day| day.min_nights).filter(|n| *n > 0).unwrap_or(home.min_nights);
    let most = day.map(|day| day.max_nights).filter(|n| *n > 0).unwrap_or(home.max_nights);
    let today = today();
    let in_time = arrival >= today && today.days_until(arrival) <= 1_095;
    in_time && least <= nights && nights <= most && each_night(arrival, nights).all(|night| home.days.get(&night).is_none_or(|day| day.open))
}

fn today() -> Night {
    Night::parse(TODAY).unwrap()
}

/// Kilometres between two points, by the law of cosines on vectors: not the formula the engine uses.
pub(super) fn kilometres(a: (f64, f64), b: (f64, f64)) -> f64 {
    let vector = |(lat, lng): (f64, f64)| {
        let (lat, lng) = (lat.to_radians(), lng.to_radians());
        [lat.cos() * lng.cos(), lat.cos() * lng.sin(), lat.sin()]
    };
    let (a, b) = (vector(a), vector(b));
    let cross = [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
    let length = cross.iter().map(|x| x * x).sum::<f64>().sqrt();
    6_371.008_8 * length.atan2(a.iter().zip(&b).map(|(x, y)| x * y).sum())
}

impl Search {
    /// Draws a search over `homes`.
    pub(super) fn draw(dice: &mut Dice, homes: &[Home]) -> Self {
        let mut search = Self { sort: "", ..Self::default() };
        let parts: [(usize, Part); 16] = [
            (3, Self::words),
            (10, Self::city),
            (2, Self::place),
            (2, Self::dates),
            (3, Self::guests),
            (8, Self::small_company),
            (3, Self::price),
            (4, Self::room_types),
            (6, Self::property_types),
            (4, Self::amenities),
            (6, Self::rooms),
            (8, Self::flags),
            (8, Self::rating),
            (8, Self::reviews),
            (25, Self::host),
            (2, Self::order),
        ];
        for (times, part) in parts {
            if dice.once_in(times) {
                part(&mut search, dice, homes);
            }
        }
        if dice.once_in(3) {
            search.facets = true;
            search.add("facets", "true", |_| true);
        }
        search
    }

    /// Whether the home is to be found.
    pub(super) fn matches(&self, home: &Home) -> bool {
        self.tests.iter().all(|test| test(home)) && self.stay.as_ref().is_none_or(|stay| !stay.possible(home).is_empty())
    }

    fn add(&mut self, name: &str, value: &str, test: impl Fn(&Home) -> bool + 'static) {
        let and = if self.query.is_empty() { "" } else { "&" };
        self.query += &format!("{and}{name}={}", encode(value));
        self.tests.push(Box::new(test));
    }

    fn words(&mut self, dice: &mut Dice, homes: &[Home]) {
        let words: Vec<String> = (0..dice.between(1, 3)).map(|_| word(dice, homes)).collect();
        let stemmer = frostem::Stemmer::new(frostem::Algorithm::English);
        let stems: Vec<String> = words.iter().map(|word| stemmer.stem(word).to_string()).collect();
        // The space behind the last word says that it is finished.
        let typed = words.join(*dice.pick(&[" ", ", ", " - "])) + " ";
        let typed = if dice.once_in(3) { typed.to_uppercase() } else { typed };
        self.add("q", &typed, move |home| stems.iter().all(|stem| home.stems.contains(stem)));
    }

    fn city(&mut self, dice: &mut Dice, _: &[Home]) {
        let name = *dice.pick(&["Boston", "boston", "BOSTON", " Bóston ", "Albany"]);
        let here = words_of(name) == ["boston"];
        self.add("city", name, move |_| here);
    }

    fn place(&mut self, dice: &mut Dice, homes: &[Home]) {
        let home = dice.pick(homes);
        let (lat, lng) = (home.lat, home.lng);
        if dice.once_in(2) {
            let (radius, km) = *dice.pick(&[("&radius_km=0.5", 0.5), ("&radius_km=2", 2.0), ("&radius_km=12.5", 12.5), ("", 10.0)]);
            let (lat, lng) = (lat + dice.share() / 500.0, lng - dice.share() / 500.0);
            self.near = Some((lat, lng));
            self.add("near", &format!("{lat},{lng}"), move |home| kilometres((lat, lng), (home.lat, home.lng)) <= km);
            self.query += radius;
            return;
        }
        let (wide, high) = (dice.share() / 10.0, dice.share() / 10.0);
        let (west, south, east, north) = match dice.below(8) {
            0 => (lng, lat, lng, lat),
            1 => (lng, lat - high, lng, lat + high),
            2 => (lng + 0.000_001, -90.0, lng - 0.000_001, 90.0),
            3 => (170.0, lat - high, lng, lat + high),
            4 => (-180.0, -90.0, 180.0, 90.0),
            5 => (180.0, -90.0, -180.0, 90.0),
            _ => (lng - wide, lat - high, lng + wide, lat + high),
        };
        self.add("bbox", &format!("{west},{south},{east},{north}"), move |home| {
            let across = if west <= east { home.lng >= west && home.lng <= east } else { home.lng >= west || home.lng <= east };
            across && home.lat >= south && home.lat <= north
        });
    }

    fn dates(&mut self, dice: &mut Dice, _: &[Home]) {
        if dice.once_in(3) {
            return self.flexible_dates(dice);
        }
        let nights = *dice.pick(&[1, 2, 3, 4, 5, 7, 10, 14, 28, 29, 30, 31, 32, 33, 60, 90, 91, 180, 364, 365]);
        let away = match dice.below(12) {
            0 => dice.between(-10, -1),
            1 => dice.between(1_090, 1_100),
            2 => dice.between(360, 1_000),
            3 => 0,
            _ => dice.between(0, 360),
        };
        let arrival = today().plus(i32::try_from(away).unwrap());
        let departure = arrival.plus(i32::try_from(nights).unwrap());
        self.stay = Some(When { arrivals: vec![arrival], nights, flexible: false, price: None });
        self.add("check_in", &arrival.to_string(), |_| true);
        self.add("check_out", &departure.to_string(), |_| true);
    }

    fn flexible_dates(&mut self, dice: &mut Dice) {
        let day = |n: i64| today().plus(i32::try_from(n).unwrap());
        let (arrivals, nights): (Vec<Night>, i64) = match dice.below(3) {
            0 => {
                let (nights, from) = (*dice.pick(&[1, 2, 3, 5, 7, 14, 30, 33, 60, 100]), dice.between(-20, 350));
                let arrivals = *dice.pick(&[1, 7, 30, 60]);
                self.add("nights", &nights.to_string(), |_| true);
                self.add("window_from", &day(from).to_string(), |_| true);
                self.add("window_to", &day(from + arrivals - 1 + nights).to_string(), |_| true);
                ((from..from + arrivals).map(day).collect(), nights)
            }
            1 => {
                let (nights, from, shift) = (*dice.pick(&[1, 2, 3, 5, 7, 14, 31]), dice.between(-5, 350), *dice.pick(&[1, 2, 3, 7, 14]));
                self.add("check_in", &day(from).to_string(), |_| true);
                self.add("check_out", &day(from + nights).to_string(), |_| true);
                self.add("plus_minus", &shift.to_string(), |_| true);
                let mut shifts: Vec<i64> = (-shift..=shift).collect();
                shifts.sort_by_key(|days| (days.abs(), *days));
                (shifts.into_iter().map(|days| day(from + days)).collect(), nights)
            }
            _ => {
                let (flex, nights) = *dice.pick(&[("weekend", 2), ("week", 7), ("month", 28)]);
                let months: Vec<String> = (0..dice.between(1, 3)).map(|_| day(dice.between(0, 330)).to_string()[..7].to_owned()).collect();
                self.add("flex", flex, |_| true);
                self.add("months", &months.join(","), |_| true);
                let named = |night: &Night| months.contains(&night.to_string()[..7].to_owned()) && (flex != "weekend" || night.weekday() == 4);
                ((-31..400).map(day).filter(named).collect(), nights)
            }
        };
        self.stay = Some(When { arrivals, nights, flexible: true, price: None });
    }

    fn guests(&mut self, dice: &mut Dice, _: &[Home]) {
        let (adults, children) = (dice.between(1, 17), if dice.once_in(3) { dice.between(0, 6) } else { 0 });
        self.add("adults", &adults.to_string(), move |home| home.capacity >= adults + children);
        self.add("children", &children.to_string(), |_| true);
    }

    fn small_company(&mut self, dice: &mut Dice, _: &[Home]) {
        let (infants, pets) = (dice.between(0, 6), dice.between(0, 6));
        // An imported home takes five infants, and five pets where the source says that it takes any.
        self.add("infants", &infants.to_string(), move |_| infants <= 5);
        self.add("pets", &pets.to_string(), move |home| pets == 0 || (pets <= 5 && home.amenities.contains("pets_allowed")));
    }

    fn price(&mut self, dice: &mut Dice, homes: &[Home]) {
        let (one, other) = (dice.pick(homes).price, dice.pick(homes).price);
        let of_stay = self.stay.is_some() && dice.once_in(2);
        let times = self.stay.as_ref().filter(|_| of_stay).map_or(1, |stay| stay.nights);
        let (min, max) = (one.min(other) * times, one.max(other) * times);
        let (min, max) = match dice.below(4) {
            0 => (0, max),
            1 => (min, i64::MAX),
            2 => (min, min),
            _ => (min, max),
        };
        if of_stay {
            self.add("price_basis", "total", |_| true);
        }
        if min > 0 {
            self.add("price_min", &min.to_string(), |_| true);
        }
        if max < i64::MAX || min == 0 {
            self.add("price_max", &max.to_string(), |_| true);
        }
        match &mut self.stay {
            Some(stay) => stay.price = Some((min, max, of_stay)),
            None => self.tests.push(Box::new(move |home| (min..=max).contains(&home.price))),
        }
    }

    fn room_types(&mut self, dice: &mut Dice, _: &[Home]) {
        let wanted: Vec<&str> = ["entire_home", "private_room", "shared_room", "hotel_room"].into_iter().filter(|_| dice.once_in(2)).collect();
        self.any_of("room_type", wanted.iter().map(|w| (*w).to_owned()).collect(), |home| &home.room_type);
    }

    fn property_types(&mut self, dice: &mut Dice, homes: &[Home]) {
        let mut wanted: Vec<String> = (0..dice.between(1, 4)).map(|_| dice.pick(homes).property_type.clone()).collect();
        if dice.once_in(5) {
            wanted = vec!["castle_in_the_air".into()];
        }
        self.any_of("property_type", wanted, |home| &home.property_type);
    }

    fn any_of(&mut self, name: &str, wanted: Vec<String>, of: fn(&Home) -> &String) {
        wanted.iter().for_each(|value| self.add(name, value, |_| true));
        self.tests.push(Box::new(move |home| wanted.is_empty() || wanted.contains(of(home))));
    }

    fn amenities(&mut self, dice: &mut Dice, _: &[Home]) {
        for _ in 0..dice.between(1, 4) {
            let key = if dice.once_in(2) { *dice.pick(&["wifi", "kitchen", "free_parking", "air_conditioning"]) } else { dice.pick(amenities::CATALOGUE).key };
            if amenities::find(key).is_some() {
                self.add("amenities", key, move |home| home.amenities.contains(key));
            }
        }
    }

    fn rooms(&mut self, dice: &mut Dice, _: &[Home]) {
        let (bedrooms, beds, halves) = (dice.between(0, 5), dice.between(0, 5), dice.between(0, 7));
        // Unknown fails any minimum.
        self.add("bedrooms_min", &bedrooms.to_string(), move |home| bedrooms == 0 || home.bedrooms.is_some_and(|n| n >= bedrooms));
        self.add("beds_min", &beds.to_string(), move |home| beds == 0 || home.beds.is_some_and(|n| n >= beds));
        let bathrooms = format!("{}{}", halves / 2, if halves % 2 == 1 { ".5" } else { "" });
        self.add("bathrooms_min", &bathrooms, move |home| halves == 0 || home.bathroom_halves.is_some_and(|n| n >= halves));
    }

    fn flags(&mut self, dice: &mut Dice, _: &[Home]) {
        let wanted = dice.once_in(2);
        match dice.below(3) {
            0 => self.add("instant_book", &wanted.to_string(), move |home| home.instant_book == wanted),
            1 => self.add("top_host", &wanted.to_string(), move |home| home.top_host == wanted),
            _ => {
                self.add("instant_book", "true", |home| home.instant_book);
                self.add("top_host", "true", |home| home.top_host);
            }
        }
    }

    fn rating(&mut self, dice: &mut Dice, _: &[Home]) {
        let (text, least) = *dice.pick(&[("0", 0), ("4", 400), ("4.5", 450), ("4.87", 487), ("5", 500)]);
        self.add("rating_min", text, move |home| home.rating.is_some_and(|mean| mean >= least));
    }

    fn reviews(&mut self, dice: &mut Dice, _: &[Home]) {
        let least = dice.between(0, 150);
        self.add("min_reviews", &least.to_string(), move |home| home.reviews >= least);
    }

    fn host(&mut self, dice: &mut Dice, homes: &[Home]) {
        let host = dice.pick(homes).host.clone();
        self.add("host_id", &host.clone(), move |home| home.host == host);
    }

    fn order(&mut self, dice: &mut Dice, _: &[Home]) {
        self.sort = *dice.pick(&["relevance", "price", "-price", "rating", "newest", "distance"]);
        if self.sort == "distance" && self.near.is_none() {
            self.sort = "price";
        }
        let sort = self.sort;
        self.add("sort", sort, |_| true);
    }
}
