//! A street of homes, and a door to ask at.

use crate::support::{TestDb, unlimited};
use poem::http::{StatusCode, Uri};
use poem::{Endpoint, EndpointExt, Request, Response, Route};
use poem_openapi::OpenApiService;
use serde_json::{Map, Value as Json};
use std::sync::Arc;
use stopover::features::accounts::UsersApi;
use stopover::features::availability::AvailabilityApi;
use stopover::features::listings::{ListingPages, ListingsApi, ReferenceApi};
use stopover::features::reviews::ReviewsApi;
use stopover::platform::cursor::CursorKey;
use stopover::platform::db::{Db, DbError, DbResult, Tx, Value};
use stopover::platform::http::{Edge, NoGate, Routes};
use stopover::platform::instance::Secret;
use stopover::platform::telemetry::Metrics;
use stopover::platform::tools::Tools;
use stopover::values::{Instant, ListingId, UserId};

/// All reading operations behind the edge, and the pages they keep.
pub(super) struct Door {
    endpoint: poem::endpoint::BoxEndpoint<'static, Response>,
    pub(super) pages: ListingPages,
}

/// An answer as a client sees it.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) tag: Option<String>,
    pub(super) caching: Option<String>,
    pub(super) link: Option<String>,
    pub(super) text: String,
}

impl Door {
    pub(super) fn of(db: &TestDb) -> Self {
        let metrics = Arc::new(Metrics::new().unwrap());
        let tools = Tools {
            keys: Arc::new(stopover::platform::keys::Keys::from_bytes([7; 32])),
            db: Db::clone(db),
            clock: db.clock.clone(),
            config: Arc::new(unlimited()),
            metrics: Arc::clone(&metrics),
        };
        let (pages, cursors) = (ListingPages::new(), CursorKey::new(&Secret::from_bytes([3; 32])));
        let apis = (
            ListingsApi::new(tools.clone(), pages.clone()),
            ReferenceApi::new(tools.clone()),
            AvailabilityApi::new(tools.clone()),
            ReviewsApi::new(tools.clone(), cursors),
            UsersApi::new(tools.clone()),
        );
        let service = OpenApiService::new(apis, "Stopover", "1");
        let routes = Routes::from_spec(&prefixed(&service.spec()), &stopover::app::doors(), &metrics).unwrap();
        let inner = Route::new().nest("/api/v1", service).map_to_response();
        Self { endpoint: Edge::new(inner, routes, Arc::new(NoGate), tools).boxed(), pages }
    }

    /// Asks for `path` under `/api/v1`.
    pub(super) async fn get(&self, path: &str) -> Answer {
        self.get_if_changed(path, "").await
    }

    /// The same with an `If-None-Match`.
    pub(super) async fn get_if_changed(&self, path: &str, tag: &str) -> Answer {
        let mut request = Request::builder().uri(format!("/api/v1{path}").parse::<Uri>().unwrap());
        if !tag.is_empty() {
            request = request.header("If-None-Match", tag);
        }
        let response = self.endpoint.get_response(request.finish()).await;
        let header = |name| response.header(name).map(str::to_owned);
        let (status, tag, caching, link) = (response.status(), header("etag"), header("cache-control"), header("link"));
        Answer { status, tag, caching, link, text: response.into_body().into_string().await.unwrap() }
    }

    /// Asks for something that must be refused with `status` and `code`.
    pub(super) async fn refuses(&self, path: &str, status: u16, code: &str) {
        let answer = self.get(path).await;
        assert_eq!((answer.status.as_u16(), answer.json()["code"].as_str()), (status, Some(code)), "{path}: {}", answer.text);
    }
}

impl Answer {
    pub(super) fn json(&self) -> Json {
        serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("{e}: {} {}", self.status, self.text))
    }

    /// The JSON of an answer that must be 200.
    pub(super) fn ok(&self) -> Json {
        assert_eq!(self.status, 200, "{}", self.text);
        self.json()
    }
}

/// The document with the addresses that the server mounts the operations at.
fn prefixed(spec: &str) -> Json {
    let mut spec: Json = serde_json::from_str(spec).unwrap();
    let paths: Map<String, Json> = spec["paths"].as_object().unwrap().iter().map(|(path, item)| (format!("/api/v1{path}"), item.clone())).collect();
    spec["paths"] = Json::Object(paths);
    spec
}

/// Writes one row a statement.
pub(super) async fn write(db: &TestDb, sql: &'static str, params: Vec<Value>) {
    let wrote: DbResult<u64> = db.write(move |tx, _| tx.execute(sql, &params)).await;
    assert!(wrote.unwrap() > 0, "{sql} wrote nothing");
}

/// A host with one published home in Albany, New York, at 100.00 USD a night.
pub(crate) async fn home(db: &TestDb) -> (ListingId, UserId) {
    let (listing, host) = (ListingId::new(), UserId::new());
    let built: Result<(), DbError> = db.write(move |tx, now| build(tx, listing, host, now)).await;
    built.unwrap();
    (listing, host)
}

fn build(tx: &mut Tx<'_>, listing: ListingId, host: UserId, now: Instant) -> DbResult<()> {
    const HOST: &str =
        "INSERT INTO users (id, name, about, location, languages, identity_verified, top_host, response_rate, member_since, version, created_at, updated_at)
                        VALUES ($1, 'Ada', 'Likes guests', 'Albany', '[\"en\"]', TRUE, TRUE, 97, '2015-03-01', 1, $2, $2)";
    const HOME: &str = "INSERT INTO listings (id, host_id, state, title, room_type, property_type, city, country, neighbourhood, lat, lng, public_lat, public_lng,
                            zone, currency, price_minor, capacity, bedrooms, beds, bathrooms_halves, bathroom_shared, amenities, amenities_other, instant_book,
                            max_infants, max_pets, min_nights, max_nights, notice_days, cutoff_minute, window_days, window_strict, preparation_nights, arrival_days,
                            departure_days, gap_nights, fill_gaps, unit_count, rating_count, rating_sum_centi, review_scores, review_count, calendar_version,
                            edited_fields, version, created_at, updated_at)
                        VALUES ($1, $2, 'published', 'Attic of the lark', 'entire_home', 'entire_loft', 'Albany', 'US', 'Center Square', 42.6543219, -73.7612345,
                            42.655, -73.76, 'America/New_York', 'USD', 10000, 4, 2, 3, 3, FALSE, '[\"wifi\"]', '[\"A view of the lark\"]', TRUE,
                            5, 0, 2, 30, 0, 1080, 365, FALSE, 0, 127, 31, 0, TRUE, 1, 3, 1461, '{\"cleanliness\": 490}', 3, 1, '[]', 7, $3, $3)";
    const TEXT: &str = "INSERT INTO listing_texts (listing_id, language, description, neighbourhood_text) VALUES ($1, '', 'Under the roof.', 'Quiet.')";
    tx.execute(HOST, &[host.into(), now.into()])?;
    tx.execute(HOME, &[listing.into(), host.into(), now.into()])?;
    tx.execute(TEXT, &[listing.into()])?;
    Ok(())
}
