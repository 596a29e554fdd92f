//! `/listings/{id}/texts/{language}`: a home's texts in further languages.

use super::home_view::ListingStateView;
use super::homes::{Homes, fresh, state_of};
use crate::features::listings::rules::complaints::Complaints;
use crate::features::listings::rules::home::Texts;
use crate::features::listings::rules::words;
use crate::features::listings::service::texts;
use crate::features::listings::service::world::Request;
use crate::features::listings::store::texts::Translation;
use crate::platform::error::{Error, FieldError, Kind, Result};
use crate::platform::http::{Caller, Done, IfMatch, Visitor};
use crate::values::{ListingId, language};
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

/// The texts of a home in one language; an empty one is shown as the host wrote it.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct TextsAsk {
    /// One line of up to 100 characters.
    #[oai(default)]
    title: String,
    /// Up to 500 characters.
    #[oai(default)]
    summary: String,
    /// Up to 10,000 characters.
    #[oai(default)]
    description: String,
    /// Up to 5,000 characters.
    #[oai(default)]
    neighbourhood_text: String,
    /// Up to 5,000 characters.
    #[oai(default)]
    house_rules: String,
}

/// Translations.
pub struct TextsApi {
    homes: Homes,
}

impl TextsApi {
    #[must_use]
    pub fn new(homes: Homes) -> Self {
        Self { homes }
    }
}

#[OpenApi(tag = "crate::platform::http::Tag::Listings")]
impl TextsApi {
    /// Put the texts of a home in another language, in the place of those that were there.
    ///
    /// The page shows what suits the reader (`lang`, `Accept-Language`); the search finds words in every language.
    #[oai(path = "/listings/:id/texts/:language", method = "put", operation_id = "putListingTexts")]
    async fn put(
        &self,
        caller: Caller,
        visitor: Visitor,
        id: Path<Uuid>,
        /// BCP 47, such as `de` or `pt-BR`.
        language: Path<String>,
        if_match: IfMatch,
        ask: Json<TextsAsk>,
    ) -> Result<Done<ListingStateView>> {
        let (world, listing) = (self.homes.world(&visitor), ListingId(id.0));
        let translation = ask.0.judged(tag(&language.0)?)?;
        let done = self.homes.tools.db.write(move |tx, now| {
            let fresh = fresh(&if_match);
            let held = texts::translate(tx, now, &world, Request { caller: &caller, listing, fresh: &fresh }, &translation)?;
            state_of(tx, &world, &held)
        });
        done.await
    }

    /// Drop the texts of one language.
    #[oai(path = "/listings/:id/texts/:language", method = "delete", operation_id = "dropListingTexts")]
    async fn remove(
        &self,
        caller: Caller,
        visitor: Visitor,
        id: Path<Uuid>,
        /// BCP 47.
        language: Path<String>,
        if_match: IfMatch,
    ) -> Result<Done<ListingStateView>> {
        let (world, listing, language) = (self.homes.world(&visitor), ListingId(id.0), tag(&language.0)?);
        let done = self.homes.tools.db.write(move |tx, now| {
            let fresh = fresh(&if_match);
            let held = texts::drop(tx, now, &world, Request { caller: &caller, listing, fresh: &fresh }, &language)?;
            state_of(tx, &world, &held)
        });
        done.await
    }
}

fn tag(text: &str) -> Result<String> {
    language::tag(text).ok_or_else(|| {
        let message = "must be a language tag such as `en` or `pt-BR`";
        let refused = Error::refused(Kind::Unacceptable, "invalid_language", format!("language: {message}."));
        refused.with_error(FieldError::new("/path/language", "invalid_language", message))
    })
}

impl TextsAsk {
    fn judged(self, language: String) -> Result<Translation> {
        let mut complaints = Complaints::default();
        let mut prose = |field: &str, text: &str, most| complaints.take(field, "invalid_text", words::prose(text, most)).unwrap_or_default();
        let texts = Texts {
            summary: prose("summary", &self.summary, 500),
            description: prose("description", &self.description, 10_000),
            neighbourhood_text: prose("neighbourhood_text", &self.neighbourhood_text, 5_000),
            house_rules: prose("house_rules", &self.house_rules, 5_000),
        };
        let title = complaints.take("title", "invalid_text", words::line(&self.title, 100)).unwrap_or_default();
        complaints.settle()?;
        Ok(Translation { language, title, texts })
    }
}
