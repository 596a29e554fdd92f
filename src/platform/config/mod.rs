//! Settings: read once at the start, then only passed on.
//!
//! Precedence: command line, then `STOPOVER_*` environment (nested with `__`, secrets from files with `_FILE`), then
//! the TOML file, then the defaults below. An unknown key is an error, wherever it stands. How the sources are read is
//! in `sources.rs`, how durations and sizes are spelled in `units.rs`.

mod accounts;
mod bookings;
mod cancellation;
mod fees;
mod hidden;
mod limits;
mod listings;
mod mail;
mod media;
mod oidc;
mod outbound;
mod papers;
mod payments;
mod payouts;
mod quotes;
mod sources;
mod units;

pub use accounts::{Accounts, Argon2Settings, Cookies, Registration};
pub use bookings::Bookings;
pub use cancellation::{Cancellation, HostPenalty, PenaltyTier};
pub use fees::{FeePreset, Fees};
pub use hidden::Hidden;
pub use limits::{Limits, Rate};
pub use listings::{Approval, ListingSettings};
pub use mail::{Encryption, Mail};
pub use media::{Media, MediaStore};
pub use oidc::OidcProvider;
pub use outbound::OutboundSettings;
pub use papers::Papers;
pub use payments::{CardProvider, Payments, StripeSettings};
pub use payouts::Payouts;
pub use quotes::Quotes;
pub use sources::{Flags, SettingsError};
pub use units::{Network, Size, Span};

use super::db::DatabaseUrl;
use serde::{Deserialize, Serialize};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

/// All settings of an instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// `sqlite:PATH` or `postgres://…`; absent: `stopover.db` in `data_dir`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
    /// Where the instance keeps its files: the SQLite database, the search index.
    pub data_dir: PathBuf,
    /// The address to listen on.
    pub listen: SocketAddr,
    /// The address under which clients reach this instance, for absolute links; no slash at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_url: Option<String>,
    pub log: Log,
    pub cors: Cors,
    pub http: Http,
    pub limits: Limits,
    pub metrics: MetricsAccess,
    pub docs: Docs,
    pub cache: Cache,
    pub keys: KeySettings,
    pub accounts: Accounts,
    pub mail: Mail,
    pub media: Media,
    pub search: Search,
    pub listings: ListingSettings,
    pub outbound: OutboundSettings,
    pub fees: Fees,
    pub quotes: Quotes,
    pub bookings: Bookings,
    pub cancellation: Cancellation,
    pub payments: Payments,
    pub payouts: Payouts,
    pub papers: Papers,
    /// `serve --dev`: time can be moved. Only the command line can say so.
    #[serde(skip)]
    pub dev: bool,
    /// Other places whose accounts open the door here; `[[oidc]]` in the file.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub oidc: Vec<OidcProvider>,
}

/// What is logged, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// `text` or `json`; absent: text on a terminal, JSON otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<LogFormat>,
    /// Levels by module, as in `info,stopover=debug`. Successful reads are logged at debug.
    pub filter: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    Text,
    Json,
}

/// Which foreign web pages may call the API from a browser.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Cors {
    /// Exact origins such as `https://www.example.org`; none by default.
    pub origins: Vec<String>,
}

/// Limits of the HTTP server; each has a default that a small machine survives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Http {
    /// Connections open at once; further ones are answered 503 and closed.
    pub max_connections: usize,
    /// Connections of one address (IPv6: of one /64). Loopback is exempt: behind a reverse proxy everybody is loopback.
    pub max_connections_per_ip: usize,
    /// From the first byte of a request to the end of its head.
    pub header_timeout: Span,
    /// Reading a body, and answering a request; each within this time.
    pub request_timeout: Span,
    /// The same for searches.
    pub search_timeout: Span,
    /// How long a write may make no progress before the connection is closed.
    pub write_timeout: Span,
    /// Largest request body.
    pub body_limit: Size,
    /// Largest body of an upload, which is not kept in memory.
    pub upload_limit: Size,
    /// From the head of an upload to the end of its body.
    pub upload_timeout: Span,
    /// Uploads at once; further ones are answered 503.
    pub uploads: usize,
    /// How long a connection may rest between two requests.
    pub keep_alive: Span,
    /// Requests answered on one connection before it is closed politely; 0 for no limit.
    pub requests_per_connection: usize,
    /// Requests worked on at once; further ones wait up to a second and are then answered 503.
    pub in_flight: usize,
    /// How long requests under way may take to finish when the server stops.
    pub shutdown_timeout: Span,
    /// Networks of the proxies in front, whose word about the client's address counts; none by default.
    pub trusted_proxies: Vec<Network>,
    /// The one header in which they give it; the other is not looked at.
    pub client_header: ClientHeader,
}

/// Where trusted proxies write whom they speak for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClientHeader {
    #[default]
    XForwardedFor,
    /// RFC 7239.
    Forwarded,
}

/// Who may read `/metrics`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MetricsAccess {
    /// Networks of the peers that may ask; requests that a proxy passed on are refused.
    pub allow: Vec<Network>,
}

/// The documentation page `/docs`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Docs {
    pub enabled: bool,
}

/// Memory given to caches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Cache {
    /// For rendered listing cards, in MiB.
    pub cards_mb: u64,
}

/// Secrets that stand outside the database.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct KeySettings {
    /// The master key, 32 bytes in URL-safe base64; absent: `keys/master.key` in the data folder, made at the first start. Several
    /// nodes of one instance need the same one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub master: Option<Hidden>,
}

/// How search keeps itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Search {
    /// From how many listings on a snapshot of the engine is kept in the data folder, for a quick start.
    pub snapshot_from: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            database: None,
            data_dir: PathBuf::from("data"),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            public_url: None,
            log: Log::default(),
            cors: Cors::default(),
            http: Http::default(),
            limits: Limits::default(),
            metrics: MetricsAccess::default(),
            docs: Docs::default(),
            cache: Cache::default(),
            keys: KeySettings::default(),
            accounts: Accounts::default(),
            mail: Mail::default(),
            media: Media::default(),
            search: Search::default(),
            listings: ListingSettings::default(),
            outbound: OutboundSettings::default(),
            fees: Fees::default(),
            quotes: Quotes::default(),
            bookings: Bookings::default(),
            payments: Payments::default(),
            payouts: Payouts::default(),
            papers: Papers::default(),
            cancellation: Cancellation::default(),
            dev: false,
            oidc: Vec::new(),
        }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self { format: None, filter: "info".into() }
    }
}

impl Default for Http {
    fn default() -> Self {
        Self {
            max_connections: 1_024,
            max_connections_per_ip: 64,
            header_timeout: Span::seconds(10),
            request_timeout: Span::seconds(15),
            search_timeout: Span::seconds(3),
            write_timeout: Span::seconds(30),
            body_limit: Size(64 << 10),
            upload_limit: Size(301 << 20),
            upload_timeout: Span::seconds(120),
            uploads: 16,
            keep_alive: Span::seconds(60),
            requests_per_connection: 1_000,
            in_flight: 256,
            shutdown_timeout: Span::seconds(10),
            trusted_proxies: Vec::new(),
            client_header: ClientHeader::default(),
        }
    }
}

impl Default for MetricsAccess {
    fn default() -> Self {
        Self { allow: ["127.0.0.0/8", "::1/128"].into_iter().filter_map(Network::parse).collect() }
    }
}

impl Default for Docs {
    fn default() -> Self {
        Self { enabled: true }
    }
}

impl Default for Cache {
    fn default() -> Self {
        Self { cards_mb: 64 }
    }
}

impl Default for Search {
    fn default() -> Self {
        // With fewer, reading the tables takes a fraction of a second.
        Self { snapshot_from: 50_000 }
    }
}

impl Config {
    /// Reads all sources and checks what they say together. The error is one sentence that names the setting.
    pub fn load(flags: &Flags) -> Result<Self, SettingsError> {
        let config = sources::read(flags, std::env::vars())?;
        config.check()?;
        Ok(config)
    }

    /// The database to open.
    pub fn database(&self) -> Result<DatabaseUrl, SettingsError> {
        match &self.database {
            Some(text) => DatabaseUrl::parse(text).map_err(|reason| SettingsError::of("database", &reason)),
            None => Ok(DatabaseUrl::Sqlite(self.data_dir.join("stopover.db"))),
        }
    }

    /// Where clients find this instance: `public_url`, or the address it listens on.
    #[must_use]
    pub fn base_url(&self) -> String {
        self.public_url.clone().unwrap_or_else(|| format!("http://{}", self.listen))
    }

    /// One sentence about a server that others can reach but that does not know its own address; `None`: all is well.
    #[must_use]
    pub fn unknown_address(&self) -> Option<String> {
        let reached = self.public_url.is_none() && !self.listen.ip().to_canonical().is_loopback();
        reached.then(|| format!("public_url is not set, so the links in letters lead to {}; set it to the address that people open", self.base_url()))
    }

    /// All effective settings as TOML, secrets redacted.
    pub fn to_toml(&self) -> Result<String, SettingsError> {
        let database = self.database()?.redacted();
        let shown = Self { database: Some(database), ..self.clone() };
        toml::to_string(&shown).map_err(|error| SettingsError::new(format!("the settings cannot be written as TOML: {error}")))
    }

    fn check(&self) -> Result<(), SettingsError> {
        self.database()?;
        self.mail.check()?;
        self.media.check()?;
        self.outbound.check()?;
        self.listings.check()?;
        self.fees.check()?;
        self.quotes.check()?;
        self.bookings.check()?;
        self.payouts.check()?;
        self.papers.check()?;
        self.cancellation.check()?;
        self.payments.check()?;
        oidc::check(&self.oidc)?;
        if let Some(url) = &self.public_url
            && !is_origin(url)
        {
            return Err(SettingsError::of("public_url", "must be http:// or https://, a host and perhaps a port, without a path"));
        }
        if let Some(origin) = self.cors.origins.iter().find(|origin| !is_origin(origin)) {
            return Err(SettingsError::of("cors.origins", &format!("`{origin}` is not an exact origin such as https://www.example.org")));
        }
        for (name, value) in [
            ("http.max_connections", self.http.max_connections),
            ("http.max_connections_per_ip", self.http.max_connections_per_ip),
            ("http.in_flight", self.http.in_flight),
            ("http.body_limit", self.http.body_limit.0),
            ("http.upload_limit", self.http.upload_limit.0),
            ("http.uploads", self.http.uploads),
        ] {
            if value == 0 || value > usize::MAX >> 4 {
                return Err(SettingsError::of(name, "must be at least 1"));
            }
        }
        if let Some(network) = self.http.trusted_proxies.iter().find(|network| network.is_everything()) {
            return Err(SettingsError::of("http.trusted_proxies", &format!("`{network}` is everybody, who could then call themselves what they like")));
        }
        self.limits.check()?;
        self.accounts.check()
    }
}

/// Whether `text` is `http(s)://host[:port]` and nothing more, lower case as browsers send it.
fn is_origin(text: &str) -> bool {
    let Some(host) = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")) else { return false };
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, Some(port)),
        _ => (host, None),
    };
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'[' | b']' | b':');
    !name.is_empty() && name.bytes().all(plain) && port.is_none_or(|p| p.parse::<u16>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_database_lies_in_the_data_folder_unless_told_otherwise() {
        let config = Config { data_dir: "/srv/stay".into(), ..Config::default() };
        assert_eq!(config.database().unwrap().redacted(), "sqlite:/srv/stay/stopover.db");
        let config = Config { database: Some("postgres://app:secret@db/stay".into()), ..Config::default() };
        let shown = config.to_toml().unwrap();
        assert!(shown.contains("postgres://app:***@db/stay") && !shown.contains("secret"), "{shown}");
    }

    #[test]
    fn a_server_that_others_reach_should_know_its_address() {
        let warned = |listen: &str, public_url: Option<&str>| {
            Config { listen: listen.parse().unwrap(), public_url: public_url.map(str::to_owned), ..Config::default() }.unknown_address().is_some()
        };
        for (listen, warns) in [("127.0.0.1:8080", false), ("[::1]:80", false), ("[::ffff:127.0.0.1]:80", false), ("0.0.0.0:80", true), ("[::]:80", true)] {
            assert_eq!(warned(listen, None), warns, "{listen}");
            assert!(!warned(listen, Some("https://stay.example.org")), "{listen}");
        }
    }

    #[test]
    fn origins_are_exact() {
        for good in ["https://a.example", "http://localhost:3000", "http://[::1]:8080", "http://[::1]"] {
            assert!(is_origin(good), "{good}");
        }
        for bad in ["*", "null", "https://a.example/", "https://A.example", "ftp://a", "https://", "https://a:port", "https://a.example?x"] {
            assert!(!is_origin(bad), "{bad}");
        }
    }

    #[test]
    fn what_is_printed_can_be_read_again() {
        let shown = Config::default().to_toml().unwrap();
        let again: Config = toml_config(&shown);
        assert_eq!(again, Config { database: Some("sqlite:data/stopover.db".into()), ..Config::default() });
    }

    #[test]
    fn nobody_trusts_everybody_to_say_who_they_are() {
        for (network, good) in [("10.0.0.0/8", true), ("2001:db8::/32", true), ("192.0.2.1", true), ("0.0.0.0/0", false), ("::/0", false)] {
            let mut config = Config::default();
            config.http.trusted_proxies = Network::parse(network).into_iter().collect();
            let refused = config.check().err().map(|error| error.to_string());
            assert_eq!(refused.is_none(), good, "{network}");
            assert!(refused.is_none_or(|sentence| sentence.contains("`http.trusted_proxies`") && sentence.contains(network)));
        }
    }

    fn toml_config(text: &str) -> Config {
        use figment::providers::{Format, Toml};
        figment::Figment::from(Toml::string(text)).extract().unwrap()
    }
}
