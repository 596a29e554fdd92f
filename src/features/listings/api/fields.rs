//! `/admin/custom-fields`: the operator's own fields of homes. `/reference/listing-choices`: what hosts can choose.

use super::homes::{Homes, fresh};
use super::reference::NamedView;
use crate::features::listings::property_types;
use crate::features::listings::rules::catalogue::{self, Choice};
use crate::features::listings::rules::complaints::Complaints;
use crate::features::listings::rules::custom::{self as rules, Field, MOST_CHOICES};
use crate::features::listings::rules::words;
use crate::features::listings::service::custom::{self, Deed};
use crate::platform::error::{Error, Result};
use crate::platform::http::{Caller, Created, Done, IfMatch, Nothing, PREFIX, Visitor, etag, reason};
use crate::platform::idempotency::Once;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};

/// A field that this site added.
#[derive(Debug, Clone, Object)]
struct CustomFieldView {
    key: String,
    /// What people read.
    label: String,
    /// `text`, `number`, `choice`, `boolean` or `date`.
    kind: String,
    /// Of a `choice`.
    choices: Vec<String>,
    /// A home without it is not published.
    required: bool,
    /// Guests can filter by it, and its words are found by the search for texts.
    searchable: bool,
    version: i64,
}

/// All of them; there are never more than fifty.
#[derive(Debug, Object)]
struct CustomFieldsView {
    data: Vec<CustomFieldView>,
}

#[derive(Debug, Clone, Object)]
#[oai(deny_unknown_fields)]
struct CustomFieldAsk {
    /// Small letters, digits and `_`; up to 40. It stays.
    key: String,
    /// Up to 80 characters.
    label: String,
    /// `text`, `number`, `choice`, `boolean` or `date`. It stays.
    kind: String,
    /// Of a `choice`: 1 to 50 of up to 80 characters.
    #[oai(default)]
    choices: Vec<String>,
    #[oai(default)]
    required: bool,
    /// Guests can filter by it (`custom.{key}` of the search); words of a `text` or a `choice` are found by the search for texts too.
    #[oai(default)]
    searchable: bool,
    /// Why; kept in the audit trail.
    reason: String,
}

/// What to change of a field: what is absent stays.
#[derive(Debug, Clone, Object)]
#[oai(deny_unknown_fields)]
struct CustomFieldPatch {
    label: Option<String>,
    /// Homes with a choice that is gone do not show it any more.
    choices: Option<Vec<String>>,
    required: Option<bool>,
    searchable: Option<bool>,
    /// Why; kept in the audit trail.
    reason: String,
}

#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct CustomFieldDeedAsk {
    /// Why; kept in the audit trail.
    reason: String,
}

/// What hosts can choose from, with English names.
#[derive(Debug, Object)]
struct ListingChoicesView {
    room_types: Vec<NamedView>,
    property_types: Vec<NamedView>,
    room_kinds: Vec<NamedView>,
    beds: Vec<NamedView>,
    accessibility: Vec<NamedView>,
    short_policies: Vec<NamedView>,
    long_policies: Vec<NamedView>,
    /// The fields that this site added.
    custom: Vec<CustomFieldView>,
}

/// The operator's own fields.
pub struct FieldsApi {
    homes: Homes,
}

impl FieldsApi {
    #[must_use]
    pub fn new(homes: Homes) -> Self {
        Self { homes }
    }

    async fn all(&self) -> Result<Vec<CustomFieldView>> {
        let fields = self.homes.tools.db.read(|conn| custom::all(conn).map_err(Error::from)).await?;
        Ok(fields.into_iter().map(CustomFieldView::of).collect())
    }
}

#[OpenApi]
impl FieldsApi {
    /// What hosts can choose from: kinds of homes, rooms and beds, accessibility, cancellation, and this site's own fields.
    #[oai(path = "/reference/listing-choices", method = "get", operation_id = "listListingChoices", tag = "crate::platform::http::Tag::Reference")]
    async fn choices(&self) -> Result<Json<ListingChoicesView>> {
        let named = |choices: &[Choice]| choices.iter().map(|one| NamedView { key: one.key.to_owned(), name: one.name.to_owned() }).collect::<Vec<_>>();
        let own = self.homes.policies().await?;
        let with_own = |choices: &[Choice], long: bool| {
            let own = own.iter().filter(|one| one.long == long).map(|one| NamedView { key: one.key.clone(), name: one.name.clone() });
            named(choices).into_iter().chain(own).collect()
        };
        let types = catalogue::PROPERTY_TYPES.iter().map(|slug| NamedView { key: (*slug).to_owned(), name: property_types::name(slug) });
        Ok(Json(ListingChoicesView {
            room_types: named(catalogue::ROOM_TYPES),
            property_types: types.collect(),
            room_kinds: named(catalogue::ROOM_KINDS),
            beds: named(catalogue::BEDS),
            accessibility: named(catalogue::ACCESSIBILITY),
            short_policies: with_own(catalogue::SHORT_POLICIES, false),
            long_policies: with_own(catalogue::LONG_POLICIES, true),
            custom: self.all().await?,
        }))
    }

    /// The fields that this site added to its homes.
    #[oai(path = "/admin/custom-fields", method = "get", operation_id = "listCustomFields", tag = "crate::platform::http::Tag::Administration")]
    async fn list(&self, _caller: Caller) -> Result<Json<CustomFieldsView>> {
        Ok(Json(CustomFieldsView { data: self.all().await? }))
    }

    /// Add a field. What is required is asked for when a home is published; homes that are published already stay so.
    #[oai(path = "/admin/custom-fields", method = "post", operation_id = "addCustomField", tag = "crate::platform::http::Tag::Administration")]
    async fn add(&self, caller: Caller, visitor: Visitor, once: Once, ask: Json<CustomFieldAsk>) -> Result<Created<CustomFieldView>> {
        let (world, reason) = (self.homes.world(&visitor), reason::given(&ask.0.reason)?);
        let field = ask.0.judged()?;
        let made = self.homes.tools.db.write_once(&once, move |tx, now| {
            let field = custom::add(tx, now, &world, Deed { by: &caller, reason: &reason }, &field)?;
            let (location, tag) = (format!("{PREFIX}/admin/custom-fields/{}", field.key), etag::of_version(field.version));
            Ok(Created::at(location, CustomFieldView::of(field)).with_etag(tag))
        });
        made.await
    }

    /// Change a field; its key and kind stay.
    #[oai(path = "/admin/custom-fields/:key", method = "patch", operation_id = "changeCustomField", tag = "crate::platform::http::Tag::Administration")]
    async fn change(
        &self,
        caller: Caller,
        visitor: Visitor,
        key: Path<String>,
        if_match: IfMatch,
        patch: Json<CustomFieldPatch>,
    ) -> Result<Done<CustomFieldView>> {
        let (world, reason, key, patch) = (self.homes.world(&visitor), reason::given(&patch.0.reason)?, key.0, patch.0);
        let done = self.homes.tools.db.write(move |tx, now| {
            let (deed, fresh) = (Deed { by: &caller, reason: &reason }, fresh(&if_match));
            let field = custom::change(tx, now, &world, deed, (&key, &fresh), |field| patch.clone().write_on(field))?;
            let tag = etag::of_version(field.version);
            Ok::<_, Error>(Done::now(CustomFieldView::of(field)).with_etag(tag))
        });
        done.await
    }

    /// Take a field away. What homes say in it is not shown any more.
    #[oai(path = "/admin/custom-fields/:key", method = "delete", operation_id = "removeCustomField", tag = "crate::platform::http::Tag::Administration")]
    async fn remove(&self, caller: Caller, visitor: Visitor, key: Path<String>, ask: Json<CustomFieldDeedAsk>) -> Result<Nothing> {
        let (world, reason, key) = (self.homes.world(&visitor), reason::given(&ask.0.reason)?, key.0);
        let done = self.homes.tools.db.write(move |tx, now| {
            let deed = Deed { by: &caller, reason: &reason };
            custom::remove(tx, now, &world, deed, &key).map(|()| Nothing::more())
        });
        done.await
    }
}

impl CustomFieldView {
    fn of(field: Field) -> Self {
        let Field { key, label, kind, choices, required, searchable, version } = field;
        Self { key, label, kind: kind.name().to_owned(), choices, required, searchable, version }
    }
}

impl CustomFieldAsk {
    fn judged(self) -> Result<Field> {
        let mut complaints = Complaints::default();
        let key = complaints.take("key", "invalid_text", rules::key(&self.key)).unwrap_or_default();
        let known = rules::Kind::parse(&self.kind).ok_or_else(|| "must be text, number, choice, boolean or date".to_owned());
        let kind = complaints.take("kind", "unknown_value", known).unwrap_or(rules::Kind::Choice);
        let mut field = Field { key, label: self.label, kind, choices: self.choices, required: self.required, searchable: self.searchable, version: 1 };
        judge(&mut field, &mut complaints);
        complaints.settle()?;
        Ok(field)
    }
}

impl CustomFieldPatch {
    fn write_on(self, field: &mut Field) -> Result<()> {
        let mut complaints = Complaints::default();
        field.label = self.label.unwrap_or_else(|| field.label.clone());
        field.choices = self.choices.unwrap_or_else(|| field.choices.clone());
        field.required = self.required.unwrap_or(field.required);
        field.searchable = self.searchable.unwrap_or(field.searchable);
        judge(field, &mut complaints);
        complaints.settle()
    }
}

/// Looks at what is the same for new and changed fields.
fn judge(field: &mut Field, complaints: &mut Complaints) {
    let label = words::line(&field.label, 80).and_then(|label| if label.is_empty() { Err("must not be empty".to_owned()) } else { Ok(label) });
    field.label = complaints.take("label", "invalid_text", label).unwrap_or_default();
    if field.choices.len() > MOST_CHOICES {
        complaints.add("choices", "out_of_range", format!("must be at most {MOST_CHOICES}"));
        field.choices.clear();
    }
    let judged = field.choices.iter().enumerate().filter_map(|(at, text)| complaints.take(&format!("choices/{at}"), "invalid_text", words::line(text, 80)));
    let choices = words::each_once(judged.collect());
    let is_choice = field.kind == rules::Kind::Choice;
    if is_choice == choices.is_empty() {
        complaints.add("choices", "out_of_range", "must be given for a choice, and for nothing else");
    }
    field.choices = choices;
}
