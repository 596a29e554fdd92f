//! Where settings come from, and how a mistake in them is told: one sentence with the name of the setting.

use super::Config;
use figment::providers::{Format, Serialized, Toml};
use figment::value::{Dict, Map, Value};
use figment::{Figment, Metadata, Profile, Provider, error::Kind};
use std::path::{Path, PathBuf};

const PREFIX: &str = "STOPOVER_";
/// Read when it is there and no other file was named.
const DEFAULT_FILE: &str = "stopover.toml";

/// What the command line says about settings; `None` leaves the word to the other sources.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    pub config: Option<PathBuf>,
    pub database: Option<String>,
    pub data_dir: Option<PathBuf>,
    pub listen: Option<String>,
}

/// A setting that cannot be used; the text is a whole sentence for the operator.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0}")]
pub struct SettingsError(String);

impl SettingsError {
    /// `text` is a whole sentence.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    pub(super) fn of(setting: &str, reason: &str) -> Self {
        Self(format!("the setting `{setting}` cannot be used: {reason}"))
    }
}

/// Merges flags over environment over file over defaults.
pub(super) fn read(flags: &Flags, environment: impl Iterator<Item = (String, String)>) -> Result<Config, SettingsError> {
    let mut environment: Vec<(String, String)> = environment.filter(|(name, _)| name.starts_with(PREFIX)).collect();
    // Names of the test suite and of the benches, which share the prefix.
    environment.retain(|(name, _)| !name.starts_with("STOPOVER_TEST_") && !name.starts_with("STOPOVER_BENCH_"));
    let file = take(&mut environment, "STOPOVER_CONFIG").map(PathBuf::from);
    let file = flags.config.clone().or(file);
    let mut sources = Vec::new();
    if let Some(text) = read_file(file.as_deref())? {
        let name = file.as_deref().unwrap_or(Path::new(DEFAULT_FILE)).display().to_string();
        sources.push(Named { name, values: parse_toml(&text, file.as_deref())? });
    }
    sources.push(Named { name: "the environment".into(), values: from_environment(environment)? });
    sources.push(Named { name: "the command line".into(), values: from_flags(flags) });
    let defaults = Figment::from(Serialized::defaults(Config::default()));
    sources.iter().fold(defaults, |merged, source| merged.merge(source)).extract().map_err(|error| sentence(&error, &sources))
}

fn take(environment: &mut Vec<(String, String)>, name: &str) -> Option<String> {
    let at = environment.iter().position(|(n, _)| n == name)?;
    Some(environment.swap_remove(at).1)
}

/// The text of the named file, which must be there, or of the default one, which need not.
fn read_file(named: Option<&Path>) -> Result<Option<String>, SettingsError> {
    let path = named.unwrap_or(Path::new(DEFAULT_FILE));
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(SettingsError(format!("the settings file {} cannot be read: {error}", path.display()))),
    }
}

fn parse_toml(text: &str, file: Option<&Path>) -> Result<Dict, SettingsError> {
    Figment::from(Toml::string(text)).extract().map_err(|error| {
        let file = file.unwrap_or(Path::new(DEFAULT_FILE));
        SettingsError(format!("the settings file {} is not valid TOML: {}", file.display(), one_line(&error.to_string())))
    })
}

/// `STOPOVER_HTTP__IN_FLIGHT=64` is `http.in_flight = 64`; `STOPOVER_DATABASE_FILE=F` is `database` = the text of F.
fn from_environment(environment: Vec<(String, String)>) -> Result<Dict, SettingsError> {
    let mut values = Dict::new();
    for (name, text) in environment {
        let key = name[PREFIX.len()..].to_ascii_lowercase();
        let (key, text) = match key.strip_suffix("_file") {
            Some(key) => (key.to_owned(), secret(&name, &text)?),
            None => (key, text),
        };
        insert(&mut values, &key.split("__").collect::<Vec<_>>(), text);
    }
    Ok(values)
}

fn secret(name: &str, file: &str) -> Result<String, SettingsError> {
    let text = std::fs::read_to_string(file).map_err(|error| SettingsError(format!("{name} names the file {file}, which cannot be read: {error}")))?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

fn insert(values: &mut Dict, path: &[&str], text: String) {
    let [first, rest @ ..] = path else { return };
    if rest.is_empty() {
        // Numbers, booleans and lists are understood as in TOML; anything else is text. Parsing cannot fail. Secrets are text
        // whatever they look like: `007` stays so, and no mistake is told together with its value.
        let value = if is_secret(first) { Value::from(text) } else { text.parse().unwrap_or_else(|_never| Value::from(text)) };
        values.insert((*first).to_owned(), value);
        return;
    }
    let inner = values.entry((*first).to_owned()).or_insert_with(|| Value::from(Dict::new()));
    if !matches!(inner, Value::Dict(..)) {
        *inner = Value::from(Dict::new());
    }
    if let Value::Dict(_, inner) = inner {
        insert(inner, rest, text);
    }
}

fn is_secret(name: &str) -> bool {
    ["master", "password", "secret"].iter().any(|ending| name.ends_with(ending))
}

fn from_flags(flags: &Flags) -> Dict {
    let mut values = Dict::new();
    let data_dir = flags.data_dir.as_ref().map(|path| path.display().to_string());
    for (name, value) in [("database", flags.database.clone()), ("data_dir", data_dir), ("listen", flags.listen.clone())] {
        if let Some(value) = value {
            values.insert(name.into(), Value::from(value));
        }
    }
    values
}

/// Values with the name of their source, so that a mistake can be told together with where it stands.
struct Named {
    name: String,
    values: Dict,
}

impl Provider for &Named {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.name.clone())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Ok(Profile::Default.collect(self.values.clone()))
    }
}

impl Named {
    fn holds(&self, path: &[String]) -> bool {
        let [first, rest @ ..] = path else { return false };
        let Some(mut value) = self.values.get(first) else { return false };
        for step in rest {
            match value.as_dict().and_then(|dict| dict.get(step)) {
                Some(inner) => value = inner,
                None => return false,
            }
        }
        true
    }
}

fn sentence(error: &figment::Error, sources: &[Named]) -> SettingsError {
    let mut path = error.path.clone();
    if let Kind::UnknownField(name, _) = &error.kind
        && path.last() != Some(name)
    {
        path.push(name.clone());
    }
    // The strongest source that has the setting is the one whose value was used.
    let source = sources.iter().rev().find(|source| source.holds(&path)).map_or_else(String::new, |source| format!(" (in {})", source.name));
    let path = path.join(".");
    SettingsError(match &error.kind {
        Kind::UnknownField(_, known) => format!("there is no setting `{path}`{source}; known here: {}", known.join(", ")),
        other => format!("the setting `{path}`{source} cannot be used: {}", one_line(&other.to_string())),
    })
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::config::Span;

    fn with(file: &str, environment: &[(&str, &str)], flags: Flags) -> Result<Config, SettingsError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.toml");
        std::fs::write(&path, file).unwrap();
        let environment = environment.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
        read(&Flags { config: Some(path), ..flags }, environment)
    }

    #[test]
    fn flags_win_over_environment_over_file_over_defaults() {
        let file = "data_dir = 'file'\nlisten = '127.0.0.1:1'\ndatabase = 'sqlite:file.db'\n[http]\nin_flight = 7\n";
        let environment = [("STOPOVER_DATABASE", "sqlite:env.db"), ("STOPOVER_LISTEN", "127.0.0.1:2"), ("STOPOVER_HTTP__HEADER_TIMEOUT", "500ms")];
        let flags = Flags { listen: Some("127.0.0.1:3".into()), ..Flags::default() };
        let config = with(file, &environment, flags).unwrap();
        assert_eq!(config.data_dir, PathBuf::from("file"));
        assert_eq!(config.database.as_deref(), Some("sqlite:env.db"));
        assert_eq!(config.listen.port(), 3);
        assert_eq!(config.http.in_flight, 7);
        assert_eq!(config.http.header_timeout, Span(std::time::Duration::from_millis(500)));
        assert_eq!(config.http.max_connections, 1_024);
    }

    #[test]
    fn lists_and_numbers_come_from_the_environment_too() {
        let environment = [("STOPOVER_CORS__ORIGINS", "[\"https://a.example\"]"), ("STOPOVER_HTTP__KEEP_ALIVE", "5"), ("STOPOVER_DOCS__ENABLED", "false")];
        let config = with("", &environment, Flags::default()).unwrap();
        assert_eq!(config.cors.origins, ["https://a.example"]);
        assert_eq!(config.http.keep_alive, Span::seconds(5));
        assert!(!config.docs.enabled);
    }

    #[test]
    fn a_part_of_a_limit_may_be_changed() {
        let file = "[limits.anonymous_read]\nper_minute = 1000\n[http]\ntrusted_proxies = ['10.0.0.0/8']\nclient_header = 'forwarded'\n";
        let environment = [("STOPOVER_LIMITS__LOGIN__PER_HOUR", "50"), ("STOPOVER_LIMITS__LEGACY_HEADERS", "true")];
        let config = with(file, &environment, Flags::default()).unwrap();
        let (read, login) = (config.limits.anonymous_read, config.limits.login);
        assert_eq!((read.per_minute, read.burst, login.per_minute, login.per_hour), (1_000, 100, 30, 50));
        assert!(config.limits.enabled && config.limits.legacy_headers);
        assert_eq!((config.http.client_header, config.http.trusted_proxies.len()), (crate::platform::config::ClientHeader::Forwarded, 1));
        let unknown = with("[limits.login]\nper_second = 1\n", &[], Flags::default()).unwrap_err().to_string();
        assert!(unknown.contains("`limits.login.per_second`"), "{unknown}");
    }

    #[test]
    fn a_secret_may_come_from_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let secret = folder.path().join("url");
        std::fs::write(&secret, "postgres://app:pw@db/x\n").unwrap();
        let config = with("", &[("STOPOVER_DATABASE_FILE", secret.to_str().unwrap())], Flags::default()).unwrap();
        assert_eq!(config.database.as_deref(), Some("postgres://app:pw@db/x"));
        let missing = with("", &[("STOPOVER_DATABASE_FILE", "/nowhere/url")], Flags::default()).unwrap_err().to_string();
        assert!(missing.starts_with("STOPOVER_DATABASE_FILE names the file /nowhere/url"), "{missing}");
    }

    #[test]
    fn a_password_stays_as_it_is_written() {
        let environment = |password| [("STOPOVER_MAIL__HOST", "mail.example.org"), ("STOPOVER_MAIL__PORT", "2525"), ("STOPOVER_MAIL__PASSWORD", password)];
        for password in ["007", "true", "[1, 2", "\"quoted\"", " spaced "] {
            let config = with("", &environment(password), Flags::default()).unwrap();
            assert_eq!(config.mail.password.as_ref().map(crate::platform::config::Hidden::expose), Some(password));
            assert_eq!(config.mail.port, Some(2525));
            assert!(config.to_toml().unwrap().contains("password = \"***\""));
        }
    }

    #[test]
    fn unknown_and_unusable_settings_are_named() {
        let unknown = with("[http]\nmax_conections = 5\n", &[], Flags::default()).unwrap_err().to_string();
        assert!(unknown.contains("`http.max_conections`") && unknown.contains("settings.toml") && unknown.contains("max_connections"), "{unknown}");
        let unknown = with("", &[("STOPOVER_LISTN", "x")], Flags::default()).unwrap_err().to_string();
        assert!(unknown.contains("`listn`") && unknown.contains("the environment"), "{unknown}");
        let bad = with("", &[("STOPOVER_HTTP__HEADER_TIMEOUT", "soon")], Flags::default()).unwrap_err().to_string();
        assert!(bad.contains("`http.header_timeout`") && bad.contains("a duration such as") && bad.contains("soon"), "{bad}");
        let bad = with("", &[], Flags { listen: Some("everywhere".into()), ..Flags::default() }).unwrap_err().to_string();
        assert!(bad.contains("`listen`") && bad.contains("the command line"), "{bad}");
        let bad = with("listen = ", &[], Flags::default()).unwrap_err().to_string();
        assert!(bad.contains("is not valid TOML") && !bad.contains('\n'), "{bad}");
        let missing = read(&Flags { config: Some("/nowhere.toml".into()), ..Flags::default() }, std::iter::empty()).unwrap_err().to_string();
        assert!(missing.starts_with("the settings file /nowhere.toml cannot be read"), "{missing}");
    }
}
