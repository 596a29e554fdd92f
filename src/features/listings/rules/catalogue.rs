//! What can be chosen: kinds of rooms and homes, beds, accessibility, cancellation policies, countries. Data only; keys never change
//! their meaning.

/// A key with its English name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Choice {
    pub key: &'static str,
    pub name: &'static str,
}

const fn choice(key: &'static str, name: &'static str) -> Choice {
    Choice { key, name }
}

pub(crate) const ROOM_TYPES: &[Choice] =
    &[choice("entire_home", "Entire home"), choice("private_room", "Private room"), choice("shared_room", "Shared room"), choice("hotel_room", "Hotel room")];

/// What a room of a home is. Bedrooms are counted from these.
pub(crate) const ROOM_KINDS: &[Choice] = &[choice("bedroom", "Bedroom"), choice("living_room", "Living room"), choice("other", "Another room")];

pub(crate) const BEDS: &[Choice] = &[
    choice("single", "Single bed"),
    choice("double", "Double bed"),
    choice("queen", "Queen bed"),
    choice("king", "King bed"),
    choice("bunk", "Bunk bed"),
    choice("sofa_bed", "Sofa bed"),
    choice("couch", "Couch"),
    choice("floor_mattress", "Floor mattress"),
    choice("crib", "Crib"),
    choice("toddler", "Toddler bed"),
    choice("hammock", "Hammock"),
    choice("water", "Water bed"),
];

pub(crate) const ACCESSIBILITY: &[Choice] = &[
    choice("step_free_entrance", "Step-free way to the door"),
    choice("lit_path", "Lit path to the door"),
    choice("wide_entrance", "Entrance at least 81 cm (32 in) wide"),
    choice("accessible_parking", "Accessible parking space"),
    choice("step_free_bedroom", "Step-free bedroom"),
    choice("wide_bedroom", "Bedroom door at least 81 cm (32 in) wide"),
    choice("step_free_bathroom", "Step-free bathroom"),
    choice("wide_bathroom", "Bathroom door at least 81 cm (32 in) wide"),
    choice("step_free_shower", "Step-free shower"),
    choice("shower_chair", "Shower or bath chair"),
    choice("toilet_grab_bar", "Grab bar at the toilet"),
    choice("shower_grab_bar", "Grab bar in the shower"),
    choice("raised_toilet", "Raised toilet"),
    choice("ceiling_hoist", "Ceiling or mobile hoist"),
    choice("pool_hoist", "Pool with a hoist"),
    choice("elevator", "Elevator"),
    choice("visual_alarm", "Visual smoke alarm"),
    choice("braille", "Signs in Braille"),
];

/// For stays under 28 nights (docs/RULES.md, C2).
pub(crate) const SHORT_POLICIES: &[Choice] = &[
    choice("flexible", "Flexible"),
    choice("moderate", "Moderate"),
    choice("limited", "Limited"),
    choice("firm", "Firm"),
    choice("strict", "Strict"),
    choice("non_refundable", "Non-refundable"),
];

/// For stays of 28 nights and more.
pub(crate) const LONG_POLICIES: &[Choice] = &[choice("firm_long", "Firm, long stays"), choice("strict_long", "Strict, long stays")];

/// Slugs that a host may choose; imports bring further ones, which a home keeps.
pub(crate) const PROPERTY_TYPES: &[&str] = &[
    "entire_rental_unit",
    "entire_home",
    "entire_condo",
    "entire_townhouse",
    "entire_loft",
    "entire_guesthouse",
    "entire_guest_suite",
    "entire_serviced_apartment",
    "entire_vacation_home",
    "entire_villa",
    "entire_cottage",
    "entire_cabin",
    "entire_chalet",
    "entire_bungalow",
    "entire_place",
    "farm_stay",
    "tiny_home",
    "boat",
    "houseboat",
    "camper_rv",
    "tent",
    "yurt",
    "treehouse",
    "castle",
    "private_room_in_rental_unit",
    "private_room_in_home",
    "private_room_in_condo",
    "private_room_in_townhouse",
    "private_room_in_loft",
    "private_room_in_guesthouse",
    "private_room_in_guest_suite",
    "private_room_in_villa",
    "private_room_in_bed_and_breakfast",
    "private_room_in_hostel",
    "private_room",
    "shared_room_in_rental_unit",
    "shared_room_in_home",
    "shared_room_in_hostel",
    "shared_room",
    "room_in_hotel",
    "room_in_boutique_hotel",
    "room_in_aparthotel",
    "room_in_hostel",
    "room_in_bed_and_breakfast",
    "other",
];

/// ISO 3166-1 alpha-2, and XK for Kosovo.
const COUNTRIES: &str = "\
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU \
    CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE \
    IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT \
    MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM \
    SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW";

/// Whether `key` is one of `choices`; else the end of a sentence that says so.
pub(crate) fn known(key: &str, choices: &[Choice]) -> Result<String, String> {
    if choices.iter().any(|choice| choice.key == key) {
        return Ok(key.to_owned());
    }
    let keys: Vec<&str> = choices.iter().map(|choice| choice.key).collect();
    Err(format!("must be one of {}", keys.join(", ")))
}

/// The code of a country in capitals.
pub(crate) fn country(code: &str) -> Result<String, String> {
    let code = code.trim().to_ascii_uppercase();
    if code.len() == 2 && COUNTRIES.split_ascii_whitespace().any(|known| known == code) {
        return Ok(code);
    }
    Err("must be a country of ISO 3166-1 alpha-2 such as `PT`".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_unique() {
        for choices in [ROOM_TYPES, ROOM_KINDS, BEDS, ACCESSIBILITY, SHORT_POLICIES, LONG_POLICIES] {
            for (at, one) in choices.iter().enumerate() {
                assert!(choices[..at].iter().all(|other| other.key != one.key) && !one.name.is_empty(), "{}", one.key);
            }
        }
        assert_eq!(COUNTRIES.split_ascii_whitespace().count(), 250);
        for slug in PROPERTY_TYPES {
            assert_eq!(crate::features::listings::property_types::slug(slug), *slug);
        }
    }

    #[test]
    fn what_is_no_choice_is_told() {
        assert_eq!(country(" pt "), Ok("PT".into()));
        assert!(country("XX").is_err() && country("PRT").is_err() && country("").is_err());
        assert_eq!(known("king", BEDS), Ok("king".into()));
        assert_eq!(known("x", LONG_POLICIES), Err("must be one of firm_long, strict_long".into()));
    }
}
