//! What a home lacks before guests may see it.

use super::custom::{self, Field};
use super::home::Home;
use crate::platform::config::ListingSettings;
use crate::platform::error::FieldError;

/// Everything that is missing, each with a pointer to the field that would mend it and a sentence; empty when it can be published.
#[must_use]
pub(crate) fn missing(home: &Home, photo: bool, fields: &[Field], settings: &ListingSettings) -> Vec<FieldError> {
    let mut list = Vec::new();
    let mut need = |there: bool, pointer: &str, message: String| {
        if !there {
            list.push(FieldError::new(format!("/{pointer}"), "required", message));
        }
    };
    need(!home.title.is_empty(), "title", "A home needs a title.".into());
    need(!home.texts.description.is_empty(), "description", "Guests want to read what the home is like.".into());
    need(home.price_minor > 0, "base_price", "A night needs a price.".into());
    need(home.beds.is_some(), "rooms", "Say which rooms there are and which beds they have.".into());
    need(home.bathrooms_halves.is_some(), "bathrooms", "Say how many bathrooms there are.".into());
    need(!home.place.city.is_empty() && !home.place.country.is_empty(), "location", "Say in which city and country the home is.".into());
    need(!home.private.address.is_empty(), "private/address", "Guests who have booked need the address; nobody else is shown it.".into());
    need(photo || !settings.photo_required, "photos", "A home needs a photo.".into());
    let registered = home.registration_number.is_some() || !settings.registration_required.contains(&home.place.country);
    need(registered, "registration_number", format!("Homes in {} need their registration number.", home.place.country));
    let given = custom::shown(&home.custom, fields);
    for field in fields.iter().filter(|field| field.required) {
        need(given.contains_key(&field.key), &format!("custom/{}", field.key), format!("This site asks for \"{}\".", field.label));
    }
    list
}

#[cfg(test)]
mod tests {
    use super::super::custom::Kind;
    use super::*;
    use crate::values::Currency;
    use serde_json::json;

    #[test]
    fn a_home_is_told_everything_it_lacks() {
        let settings = ListingSettings { registration_required: vec!["FR".into()], ..ListingSettings::default() };
        let field = Field { key: "view".into(), label: "View".into(), kind: Kind::Text, choices: vec![], required: true, searchable: false, version: 1 };
        let mut home = Home::blank(Currency::parse("EUR").unwrap());
        let pointers =
            |home: &Home, photo| missing(home, photo, std::slice::from_ref(&field), &settings).into_iter().map(|one| one.pointer).collect::<Vec<_>>();
        assert_eq!(
            pointers(&home, false),
            ["/title", "/description", "/base_price", "/rooms", "/bathrooms", "/location", "/private/address", "/photos", "/custom/view"]
        );
        home.title = "Attic".into();
        home.texts.description = "High".into();
        home.price_minor = 8_000;
        (home.beds, home.bathrooms_halves) = (Some(1), Some(2));
        (home.place.city, home.place.country) = ("Paris".into(), "FR".into());
        home.private.address = "1 Rue".into();
        assert_eq!(pointers(&home, true), ["/registration_number", "/custom/view"]);
        home.registration_number = Some("75-1".into());
        home.custom.insert("view".into(), json!("Roofs"));
        assert!(pointers(&home, true).is_empty());
    }
}
