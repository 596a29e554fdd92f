//! `GET /listings/{id}/reviews`: newest first, page by page.

use super::service::{self, Ask, Page, Place, Review};
use crate::platform::access::{Action, Door};
use crate::platform::cursor::CursorKey;
use crate::platform::error::{Error, Result};
use crate::platform::tools::Tools;
use crate::platform::wire::DateView;
use crate::values::{ListingId, Night, ReviewId};
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};
use uuid::Uuid;

/// A page of reviews, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
struct ReviewsView {
    data: Vec<ReviewView>,
    /// For the parameter `cursor` of the next page; null on the last.
    next_cursor: Option<String>,
    has_more: bool,
    /// How many reviews there are, with `count=true`.
    #[oai(skip_serializing_if_is_none)]
    total: Option<i64>,
}

/// A review of a listing.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
struct ReviewView {
    id: Uuid,
    /// Null where the author has no account here.
    author_id: Option<Uuid>,
    author_name: String,
    written_on: DateView,
    /// 1 to 5; null where the review came without a grade.
    overall: Option<i64>,
    body: String,
}

/// The answer with its `Link` to the next page.
#[derive(ApiResponse)]
enum Listed {
    #[oai(status = 200)]
    Page(Json<ReviewsView>, #[oai(header = "Link")] Option<String>, #[oai(header = "Cache-Control")] String),
}

/// Who may come in.
pub const DOORS: &[Door] = &[Door::to("listReviews", Action::Search)];

/// Reading reviews.
pub struct ReviewsApi {
    tools: Tools,
    cursors: CursorKey,
}

impl ReviewsApi {
    #[must_use]
    pub fn new(tools: Tools, cursors: CursorKey) -> Self {
        Self { tools, cursors }
    }
}

#[OpenApi(tag = "crate::platform::http::Tag::Listings")]
impl ReviewsApi {
    /// What guests wrote about a listing, newest first.
    #[oai(path = "/listings/:id/reviews", method = "get", operation_id = "listReviews")]
    async fn list(
        &self,
        id: Path<Uuid>,
        /// Reviews a page.
        #[oai(default = "twenty", validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<u8>,
        /// Where to go on: `next_cursor` of the page before.
        cursor: Query<Option<String>>,
        /// Whether to count all reviews.
        #[oai(default)]
        count: Query<bool>,
    ) -> Result<Listed> {
        let listing = ListingId(id.0);
        let last = cursor.0.map(|text| open(&self.cursors, listing, &text)).transpose()?;
        let ask = Ask { listing, last, limit: limit.0, count: count.0 };
        let page = self.tools.db.read_cut(move |conn| service::page(conn, &ask).map_err(Error::from)).await?;
        let page = page.ok_or_else(|| Error::not_found("There is no such listing, or it is not published."))?;
        let next = page.next.map(|place| seal(&self.cursors, listing, place));
        let link = next.as_ref().map(|cursor| next_link(&ask, cursor));
        Ok(Listed::Page(Json(ReviewsView::of(page, next)), link, "no-cache".to_owned()))
    }
}

fn twenty() -> u8 {
    20
}

/// The cursor after a review; good for this listing only.
fn seal(cursors: &CursorKey, listing: ListingId, place: Place) -> String {
    let mut content = place.written_on.0.to_be_bytes().to_vec();
    content.extend_from_slice(place.id.0.as_bytes());
    cursors.seal(&purpose(listing), &content)
}

/// The place a cursor stands for; refuses what [`seal`] did not make for this listing.
fn open(cursors: &CursorKey, listing: ListingId, text: &str) -> Result<Place> {
    cursors.place(&purpose(listing), text, |content| {
        let (date, id) = content.split_first_chunk::<4>()?;
        Some(Place { written_on: Night(i32::from_be_bytes(*date)), id: ReviewId(Uuid::from_slice(id).ok()?) })
    })
}

fn purpose(listing: ListingId) -> String {
    format!("reviews/{listing}")
}

fn next_link(ask: &Ask, cursor: &str) -> String {
    let count = if ask.count { "&count=true" } else { "" };
    format!("</api/v1/listings/{}/reviews?limit={}{count}&cursor={cursor}>; rel=\"next\"", ask.listing, ask.limit)
}

impl ReviewsView {
    fn of(page: Page, next_cursor: Option<String>) -> Self {
        Self { data: page.reviews.into_iter().map(ReviewView::of).collect(), has_more: next_cursor.is_some(), next_cursor, total: page.total }
    }
}

impl ReviewView {
    fn of(review: Review) -> Self {
        Self {
            id: review.id.0,
            author_id: review.author_id.map(|id| id.0),
            author_name: review.author_name,
            written_on: DateView(review.written_on),
            overall: review.overall,
            body: review.body,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::error::Kind;
    use crate::platform::instance::Secret;

    #[test]
    fn a_cursor_is_good_for_its_own_listing() {
        let cursors = CursorKey::new(&Secret::from_bytes([1; 32]));
        let (here, elsewhere) = (ListingId::new(), ListingId::new());
        let place = Place { written_on: Night(20_000), id: ReviewId::new() };
        let text = seal(&cursors, here, place);
        assert_eq!(open(&cursors, here, &text).unwrap(), place);
        for (listing, text) in [(elsewhere, text.as_str()), (here, ""), (here, "AAAA"), (here, &cursors.seal(&purpose(here), b"short"))] {
            let Error::Refused(refused) = open(&cursors, listing, text).unwrap_err() else { panic!("not refused") };
            assert_eq!((refused.kind, refused.code), (Kind::Malformed, "invalid_cursor"));
        }
    }
}
