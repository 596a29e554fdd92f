//! The only place that knows everybody: it puts features, tools and the HTTP edge together.
//!
//! A new feature is added here: its API in [`api`], what it is made of in [`Parts::gather`], its jobs in [`handlers`],
//! and what `stopover doctor` should look at in `app/checks.rs`.

mod checks;
mod freezes;
#[cfg(test)]
mod tests;

pub use checks::checks;

use crate::features::accounts::{
    self, Accounts, AuthApi, ExportsApi, FactorsApi, LettersApi, OidcApi, PasskeysApi, ProfileApi, SecurityApi, TokensApi, UsersApi,
};
use crate::features::availability::{self, AvailabilityApi};
use crate::features::bookings::{self, BookingData, PartsInStays};
use crate::features::calendar::{self, CalendarApi, CalendarData, CalendarUnits};
use crate::features::cancellation::{self, OwnPolicies, PoliciesApi};
use crate::features::claims::{self, ClaimData};
use crate::features::credit::{self, CreditApi, CreditData};
use crate::features::documents::{self, DocumentData};
use crate::features::feeds::{self, ConflictsApi, ExportAddressesApi, FeedData, FeedGuard, FeedsApi, IcalApi};
use crate::features::ledger::{self, LedgerApi, Witnesses};
use crate::features::listings::{
    self, CoHostsApi, FieldsApi, Guard, Guards, Homes, HomesApi, HostingApi, ListingPages, ListingStaffApi, ListingsApi, PlaceKey, ReferenceApi, TextsApi,
};
use crate::features::media::{self, HouseGallery, Media, PhotoData, PhotoFilesApi, PhotoGuard, PhotosApi};
use crate::features::payments::{self, PaymentData, Payments, SandboxWitness};
use crate::features::payouts::{self, PayoutData, PayoutWitness, Payouts};
use crate::features::pricing::{self, PricingApi, TaxesApi};
use crate::features::quotes::{self, CouponsApi, QuoteData, QuotesApi, StaffCouponsApi};
use crate::features::reviews::{self, ReviewsApi};
use crate::features::search::{self, Search, SearchApi};
use crate::platform::access::Doors;
use crate::platform::audit;
use crate::platform::config::{Config, Docs, Hidden};
use crate::platform::cursor::CursorKey;
use crate::platform::dev;
use crate::platform::events::{self, Reader};
use crate::platform::health::{self, Check, HealthApi};
use crate::platform::http::{self, Document, Edge, PREFIX, Routes, V1, pages};
use crate::platform::idempotency;
use crate::platform::instance::{self, Secret};
use crate::platform::jobs::{Handler, Jobs};
use crate::platform::mail::Postman;
use crate::platform::outbound::Outbound;
use crate::platform::privacy::Holders;
use crate::platform::tasks::{Running, Task};
use crate::platform::tools::Tools;
use crate::values::Clock;
use anyhow::Context;
use poem::{Endpoint, EndpointExt, IntoEndpoint, Response, Route};
use poem_openapi::{OpenApi, OpenApiService};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;

/// How long background tasks may take to stop.
const TASKS_PATIENCE: Duration = Duration::from_secs(5);

/// The features, opened and ready to serve.
pub struct Parts {
    pub tools: Tools,
    pub search: Search,
    /// Rendered pages of listings, and how often they are read.
    pub pages: ListingPages,
    /// Makes the first operator: shown once on the console, and nowhere else.
    pub set_up: Option<Hidden>,
    accounts: Accounts,
    media: Media,
    holders: Holders,
    homes: Homes,
    payments: Payments,
    payouts: Payouts,
    cursors: CursorKey,
    /// Calls to addresses that hosts name.
    outbound: Outbound,
    /// Must pass before `/readyz` answers 200. Quick: asked by every probe.
    pub readiness: Vec<Check>,
    /// Started with the server, stopped with it.
    pub tasks: Vec<Task>,
    /// Runs what features have enqueued; tests call [`Jobs::run_due`].
    pub jobs: Jobs,
    /// Keeps memory in step with the database; ends when it is dropped, on a plain thread.
    reader: Option<Reader>,
}

impl Parts {
    /// Opens what the features need and starts following the event log. Blocks; call it off the async threads.
    pub fn gather(tools: Tools) -> anyhow::Result<Self> {
        let holders = holders(&tools);
        accounts::reapply_erasures(&tools, &holders)?;
        let secret = instance::secret(&tools.db)?;
        let cursors = CursorKey::new(&secret);
        let config = &tools.config;
        let limits = search::Limits { card_bytes: config.cache.cards_mb.saturating_mul(1 << 20), snapshot_from: config.search.snapshot_from };
        let opened = Search::open(&tools.db, &config.data_dir, &fingerprint(&secret), cursors.clone(), limits, &config.fees)?;
        let pages = ListingPages::new();
        let mut followers = opened.followers;
        // First those that only forget: they must not wait for one that has to look things up.
        followers.insert(0, pages.follower());
        let homes = Homes::new(tools.clone(), cursors.clone(), PlaceKey::new(&secret), guards(&tools));
        let accounts = Accounts::open(&tools)?;
        let media = Media::open(&tools)?;
        followers.insert(0, accounts.follower());
        let reader = Reader::start(tools.db.clone(), opened.seq, followers).context("the event reader cannot be started")?;
        let search = opened.search;
        let watched = search.clone();
        let pulse = reader.pulse();
        let readiness = vec![Check::new("search", move || match pulse.stalled() {
            Some(ago) => Err(format!("changes have not been followed for {} s; see the log", ago.as_secs())),
            None => Ok(format!("{} listings", watched.holdings().listings)),
        })];
        let outbound = Outbound::open(&tools.config);
        let payments = Payments::open(&tools, &outbound, Arc::new(claims::Listener::new(&tools)));
        let payouts = Payouts::new(&tools, &payments, freezes::all());
        let jobs = Jobs::new(tools.db.clone(), handlers(&tools, &holders, &media, &outbound, &payments, &payouts)?);
        jobs.register(&tools.metrics.registry).context("the numbers of the jobs cannot be registered")?;
        let (db, keys) = (tools.db.clone(), Arc::clone(&tools.keys));
        let tasks = vec![jobs.task(), audit::sealer(db.clone(), Arc::clone(&keys)), ledger::sealer(db.clone(), keys), pages.views().task(db)];
        let reader = Some(reader);
        Ok(Self { tools, search, set_up: None, accounts, media, holders, pages, homes, payments, payouts, cursors, outbound, readiness, tasks, jobs, reader })
    }
}

/// Who runs which kind of jobs.
fn handlers(
    tools: &Tools,
    holders: &Holders,
    media: &Media,
    outbound: &Outbound,
    payments: &Payments,
    payouts: &Payouts,
) -> anyhow::Result<Vec<Box<dyn Handler>>> {
    let mut handlers = accounts::jobs(tools, holders);
    handlers.extend(feeds::jobs(tools, outbound));
    handlers.extend(listings::jobs(tools));
    handlers.extend(media::jobs(media));
    handlers.extend(payments::jobs(tools, payments));
    let postman = Postman::new(&tools.config, Arc::clone(&tools.keys))?;
    handlers.extend(quotes::jobs(tools));
    handlers.extend(bookings::jobs(tools));
    handlers.extend(claims::jobs(tools));
    handlers.extend(documents::jobs(tools));
    handlers.extend(payouts::jobs(payouts));
    handlers.extend([events::sweeper(tools.db.clone()), idempotency::sweeper(tools.db.clone()), Box::new(postman)]);
    Ok(handlers)
}

/// Who is asked before a home is published or archived, and hears who may edit it no longer.
fn guards(tools: &Tools) -> Guards {
    let all: Vec<Box<dyn Guard>> = vec![Box::new(PhotoGuard::new(Arc::clone(&tools.config))), Box::new(FeedGuard::new(tools)), Box::new(OwnPolicies)];
    Guards::new(all, Arc::new(CalendarUnits))
}

/// Who knows what the books should agree with.
fn witnesses() -> Witnesses {
    Arc::new([Box::new(SandboxWitness), Box::new(PayoutWitness)])
}

/// Who stores something about people. Accounts come last: what others erase may need to know who somebody was.
fn holders(tools: &Tools) -> Holders {
    Holders::new(vec![
        Box::new(FeedData::new(tools)),
        Box::new(listings::HostData::new(Arc::clone(&tools.keys))),
        Box::new(CalendarData),
        Box::new(PhotoData),
        Box::new(QuoteData),
        Box::new(BookingData),
        Box::new(ClaimData),
        Box::new(DocumentData),
        Box::new(PaymentData),
        Box::new(PayoutData),
        Box::new(CreditData),
        Box::new(ledger::AccountData),
        Box::new(reviews::AuthorData),
        Accounts::personal_data(tools),
    ])
}

/// Tells one database from another without telling its secret: whose search index is this?
fn fingerprint(secret: &Secret) -> String {
    instance::hex(&secret.derive("fingerprint")[..8])
}

/// Makes the search index anew and drops the snapshot of the engine; answers how many listings it holds. Blocks.
pub fn reindex(tools: &Tools) -> anyhow::Result<u64> {
    search::reindex(&tools.db, &tools.config.data_dir, &fingerprint(&instance::secret(&tools.db)?))
}

/// All operations of the server. Features stand inside `V1`, which gives them their prefix `/api/v1`.
fn api(parts: ApiParts) -> impl OpenApi + 'static {
    let ApiParts { tools, accounts, media, holders, search, pages, homes, payments, payouts, cursors, outbound, readiness } = parts;
    let staff = accounts::staff_apis(accounts.clone(), cursors.clone());
    let ical = IcalApi::new(tools.clone());
    let money = (LedgerApi::new(tools.clone(), cursors.clone(), witnesses()), payments::apis(&tools, &cursors, &payments), payouts::apis(&payouts, &cursors));
    let finding = (
        SearchApi::new(tools.clone(), search),
        ListingsApi::new(tools.clone(), pages).with_gallery(Arc::new(HouseGallery)),
        PhotosApi::new(media.clone()),
        AvailabilityApi::new(tools.clone()),
        QuotesApi::new(tools.clone()),
        ReviewsApi::new(tools.clone(), cursors.clone()),
        UsersApi::new(tools.clone()),
        ReferenceApi::new(tools.clone()),
    );
    let hosting = (
        HomesApi::new(homes.clone()),
        TextsApi::new(homes.clone()),
        ListingStaffApi::new(homes.clone()),
        FieldsApi::new(homes),
        CalendarApi::new(tools.clone(), cursors.clone()),
        FeedsApi::new(tools.clone(), outbound),
        ExportAddressesApi::new(tools.clone()),
        ConflictsApi::new(tools.clone(), cursors.clone()),
        PricingApi::new(tools.clone()),
        TaxesApi::new(tools.clone(), cursors.clone()),
        PoliciesApi::new(tools.clone(), cursors.clone()),
        CouponsApi::new(tools.clone(), cursors.clone()),
        StaffCouponsApi::new(tools.clone(), cursors.clone()),
        CoHostsApi::new(tools.clone(), guards(&tools)),
        HostingApi::new(tools.clone(), cursors.clone()),
    );
    let booking = (
        bookings::apis(&tools, &cursors, &payments),
        claims::apis(&tools, &cursors, &payments),
        documents::apis(&tools),
        CreditApi::new(tools.clone(), cursors.clone(), Arc::new(PartsInStays)),
    );
    let people = (
        AuthApi::new(accounts.clone()),
        LettersApi::new(accounts.clone()),
        FactorsApi::new(accounts.clone()),
        PasskeysApi::new(accounts.clone()),
        SecurityApi::new(accounts.clone()),
        OidcApi::new(accounts.clone()),
        ProfileApi::new(accounts.clone(), holders),
        TokensApi::new(accounts.clone()),
        ExportsApi::new(accounts),
    );
    let features = (finding, hosting, booking, people, staff, money);
    (V1(features), ical, HealthApi::new(readiness), PhotoFilesApi::new(media))
}

/// Who may call which operation.
#[must_use]
pub fn doors() -> Doors {
    Doors::of(&[
        health::DOORS,
        accounts::DOORS,
        accounts::STAFF_DOORS,
        listings::DOORS,
        listings::CO_HOST_DOORS,
        listings::HOSTING_DOORS,
        media::DOORS,
        calendar::DOORS,
        pricing::DOORS,
        cancellation::DOORS,
        availability::DOORS,
        quotes::DOORS,
        bookings::DOORS,
        claims::DOORS,
        credit::DOORS,
        documents::DOORS,
        payments::DOORS,
        payouts::DOORS,
        feeds::DOORS,
        reviews::DOORS,
        ledger::DOORS,
        search::DOORS,
    ])
}

/// What the APIs of the features are made of.
struct ApiParts {
    tools: Tools,
    accounts: Accounts,
    media: Media,
    holders: Holders,
    search: Search,
    pages: ListingPages,
    homes: Homes,
    payments: Payments,
    payouts: Payouts,
    cursors: CursorKey,
    outbound: Outbound,
    readiness: Vec<Check>,
}

/// The OpenAPI service around `api`: title, licence and servers are the same for the document and for the running server.
fn service<T: OpenApi>(api: T, base_url: Option<&str>) -> OpenApiService<T, ()> {
    OpenApiService::new(api, "Stopover", env!("CARGO_PKG_VERSION"))
        .description("A self-hosted short-stay rental marketplace. Errors are `application/problem+json`; their codes are explained at `/problems`.")
        .license(poem_openapi::LicenseObject::new("MIT OR Apache-2.0"))
        .server(poem_openapi::ServerObject::new(base_url.unwrap_or("/")).description("This instance"))
}

/// The OpenAPI document as JSON, in a stable order.
#[must_use]
pub fn openapi_document(base_url: Option<&str>) -> String {
    http::document::complete(&service(Document::of(api), base_url).spec(), &doors())
}

/// The whole server as an endpoint: what tests call in process, and what [`serve`] puts behind a socket.
pub fn endpoint(parts: &Parts) -> anyhow::Result<impl Endpoint<Output = Response> + use<>> {
    let tools = &parts.tools;
    let base_url = tools.config.public_url.clone();
    let document = openapi_document(base_url.as_deref());
    let spec = serde_json::from_str(&document).context("the OpenAPI document is not JSON")?;
    let mut routes = Routes::from_spec(&spec, &doors(), &tools.metrics)?;
    let api_parts = ApiParts {
        tools: tools.clone(),
        accounts: parts.accounts.clone(),
        media: parts.media.clone(),
        holders: parts.holders.clone(),
        search: parts.search.clone(),
        pages: parts.pages.clone(),
        homes: parts.homes.clone(),
        payments: parts.payments.clone(),
        payouts: parts.payouts.clone(),
        cursors: parts.cursors.clone(),
        outbound: parts.outbound.clone(),
        readiness: parts.readiness.clone(),
    };
    let api = service(api(api_parts), base_url.as_deref());
    let openapi_json = format!("{PREFIX}/openapi.json");
    let mut site = Route::new()
        .at(&openapi_json, poem::get(pages::openapi(document)))
        .at("/problems", poem::get(pages::problems()))
        .at("/problems/:code", poem::get(pages::problem()))
        .at("/account/:page", poem::get(pages::html(|| accounts::PAGE.to_owned())))
        .at("/metrics", poem::get(pages::metrics(tools.clone())));
    let mut known = vec![openapi_json.as_str(), "/problems", "/problems/{code}", "/account/{page}", "/metrics"];
    if tools.config.docs == (Docs { enabled: true }) {
        site = site
            .at("/docs", poem::get(pages::html(move || service(Document::of(self::api), base_url.as_deref()).swagger_ui_html())))
            .at("/", poem::get(poem::endpoint::make_sync(|_| poem::web::Redirect::temporary("/docs"))));
        known.extend(["/docs", "/"]);
    }
    known.iter().for_each(|path| routes.add_page(path, &tools.metrics));
    let more = if tools.config.dev { Some(dev::PREFIX) } else { None };
    if more.is_some() {
        site = dev::mount(site, &mut routes, tools, &parts.jobs)?;
    }
    let site = pages::Site::new(site.map_to_response(), api.into_endpoint(), more);
    Ok(Edge::new(site, routes, parts.accounts.gate(), tools.clone()))
}

/// Serves on `listener` until `shutdown` is done and what was under way has finished.
pub async fn serve(mut parts: Parts, listener: TcpListener, shutdown: impl Future<Output = ()>) -> anyhow::Result<()> {
    let tasks = Running::start(std::mem::take(&mut parts.tasks));
    let limits = parts.tools.config.http.clone();
    let metrics = Arc::clone(&parts.tools.metrics);
    let served = http::serve(listener, endpoint(&parts)?, limits, metrics, shutdown).await;
    tasks.stop(TASKS_PATIENCE).await;
    served.context("the server cannot go on")
}

/// Opens everything, serves until `shutdown`, closes everything. Blocks until then; call it on a plain thread, because
/// closing PostgreSQL connections on an async one panics. `listening` is called once the address is taken.
pub fn run(config: Config, clock: Arc<dyn Clock>, shutdown: impl Future<Output = ()>, listening: impl FnOnce(&Parts)) -> anyhow::Result<()> {
    crate::platform::private::folder(&config.data_dir).with_context(|| format!("cannot make the data folder {}", config.data_dir.display()))?;
    let tools = Tools::open(config, clock)?;
    dev::arrive(&tools)?;
    let mut parts = Parts::gather(tools.clone())?;
    parts.set_up = accounts::console::offer_set_up(&tools)?.map(Hidden::new);
    let reader = parts.reader.take();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("the async runtime cannot be started")?;
    let served = runtime.block_on(async {
        let address = tools.config.listen;
        let listener = TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))?;
        listening(&parts);
        serve(parts, listener, shutdown).await
    });
    // Whatever still holds a handle to the database goes with the runtime; ours is then the last.
    runtime.shutdown_timeout(Duration::from_secs(2));
    drop(reader);
    drop(tools);
    served
}
