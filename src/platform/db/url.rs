//! Which database: `sqlite:PATH` or `postgres://…`.

use std::path::PathBuf;

/// The engine behind a [`super::Db`]; only a store function whose SQL truly differs may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// Where the data is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    Sqlite(PathBuf),
    Postgres(String),
}

impl DatabaseUrl {
    /// Reads `sqlite:PATH`, `sqlite://PATH`, `postgres://…` or `postgresql://…`.
    pub fn parse(text: &str) -> Result<Self, String> {
        if let Some(path) = text.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            return if path.is_empty() { Err("sqlite: needs a path, as in sqlite:data/stopover.db".into()) } else { Ok(Self::Sqlite(path.into())) };
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return text.parse::<postgres::Config>().map(|_| Self::Postgres(text.to_owned())).map_err(|e| format!("the postgres address cannot be read: {e}"));
        }
        Err("a database is sqlite:PATH or postgres://USER@HOST/NAME".into())
    }

    /// The address without its password, for logs and `stopover config`.
    #[must_use]
    pub fn redacted(&self) -> String {
        match self {
            Self::Sqlite(path) => format!("sqlite:{}", path.display()),
            Self::Postgres(url) => redact(url),
        }
    }
}

/// Hides the password in `scheme://user:password@host` and in `password=` query parameters.
fn redact(url: &str) -> String {
    let (head, query) = url.split_once('?').map_or((url, None), |(h, q)| (h, Some(q)));
    let head = match head.rsplit_once('@') {
        Some((before, host)) => match before.find("://").map(|i| i + 3).and_then(|start| before[start..].find(':').map(|colon| start + colon)) {
            Some(colon) => format!("{}:***@{host}", &before[..colon]),
            None => head.to_owned(),
        },
        None => head.to_owned(),
    };
    let query = query.map(|q| q.split('&').map(|pair| if pair.starts_with("password=") { "password=***" } else { pair }).collect::<Vec<_>>().join("&"));
    query.map_or(head.clone(), |q| format!("{head}?{q}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_redacted() {
        assert_eq!(DatabaseUrl::parse("sqlite:a/b.db"), Ok(DatabaseUrl::Sqlite("a/b.db".into())));
        for bad in ["", "sqlite:", "mysql://x", "postgres://[::1"] {
            assert!(DatabaseUrl::parse(bad).is_err(), "{bad}");
        }
        for (url, shown) in [
            ("postgres://app:s3cret@db:5432/stopover", "postgres://app:***@db:5432/stopover"),
            ("postgres://app:p@ss@db/x", "postgres://app:***@db/x"),
            ("postgres://app@db/x", "postgres://app@db/x"),
            ("postgres:///x?host=/run&password=s3cret&user=a", "postgres:///x?host=/run&password=***&user=a"),
        ] {
            assert_eq!(redact(url), shown);
        }
    }
}
