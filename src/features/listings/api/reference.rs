//! `GET /reference/…`: the lists guests filter by, good for a day.

use super::pages::Rendered;
use crate::features::listings::{amenities, property_types, service};
use crate::platform::error::{Error, Result};
use crate::platform::http::Cached;
use crate::platform::tools::Tools;
use poem_openapi::{Object, OpenApi};

/// An amenity of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
pub(super) struct AmenityView {
    /// Stable key, as in the search parameter `amenities`.
    pub(super) key: String,
    /// English name.
    pub(super) name: String,
    /// Key of its group.
    pub(super) group: String,
}

/// A key with its English name.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
pub(super) struct NamedView {
    pub(super) key: String,
    pub(super) name: String,
}

/// The catalogue of amenities, group by group.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
struct AmenitiesView {
    data: Vec<AmenityView>,
    groups: Vec<NamedView>,
}

/// A property type.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
struct PropertyTypeView {
    /// As in the search parameter `property_type`.
    slug: String,
    /// English name.
    name: String,
}

/// Property types of the listings that are published now.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
struct PropertyTypesView {
    data: Vec<PropertyTypeView>,
}

impl AmenityView {
    pub(super) fn of(amenity: &amenities::Amenity) -> Self {
        Self { key: amenity.key.to_owned(), name: amenity.name.to_owned(), group: amenity.group.key().to_owned() }
    }
}

impl AmenitiesView {
    fn all() -> Self {
        let mut groups: Vec<NamedView> = Vec::new();
        for amenity in amenities::CATALOGUE {
            let key = amenity.group.key();
            if !groups.iter().any(|group| group.key == key) {
                // Group keys read like slugs, so their names are made the same way.
                groups.push(NamedView { key: key.to_owned(), name: property_types::name(key) });
            }
        }
        Self { data: amenities::CATALOGUE.iter().map(AmenityView::of).collect(), groups }
    }
}

/// Lists to choose from.
pub struct ReferenceApi {
    tools: Tools,
    amenities: Rendered,
}

impl ReferenceApi {
    #[must_use]
    pub fn new(tools: Tools) -> Self {
        Self { tools, amenities: Rendered::of(&AmenitiesView::all()) }
    }
}

#[OpenApi(tag = "crate::platform::http::Tag::Reference")]
impl ReferenceApi {
    /// Every amenity that can be searched for, with its group.
    #[oai(path = "/reference/amenities", method = "get", operation_id = "listAmenities")]
    async fn amenities(&self) -> Cached<AmenitiesView> {
        self.amenities.answer_for_a_day()
    }

    /// Every property type that a published listing has.
    #[oai(path = "/reference/property-types", method = "get", operation_id = "listPropertyTypes")]
    async fn property_types(&self) -> Result<Cached<PropertyTypesView>> {
        let types = self.tools.db.read(|conn| service::property_types_in_use(conn).map_err(Error::from)).await?;
        let data = types.into_iter().map(|kind| PropertyTypeView { slug: kind.slug, name: kind.name }).collect();
        Ok(Rendered::of(&PropertyTypesView { data }).answer_for_a_day())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_amenity_has_a_named_group() {
        let all = AmenitiesView::all();
        assert!(all.data.len() >= 80, "{}", all.data.len());
        assert!(all.data.iter().all(|amenity| all.groups.iter().any(|group| group.key == amenity.group)));
        assert!(all.groups.contains(&NamedView { key: "bedroom_and_laundry".into(), name: "Bedroom and laundry".into() }));
    }
}
