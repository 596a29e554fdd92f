//! Access tokens: JSON Web Tokens that every node can check without a query.
//!
//! One algorithm (HS256), one header, one kind of claims. The keys are derived from the master key and a name (`kid`) that
//! stands in the table `signing_keys`; rotation adds a name, and tokens under the one before count until they run out.

use super::store::signing;
use crate::platform::config::Config;
use crate::platform::db::{Db, DbError, DbResult, Lane, Tx};
use crate::platform::keys::{Keys, digest, fresh_secret};
use crate::platform::tasks::aside;
use crate::values::{Instant, UserId};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use parking_lot::RwLock;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::Arc;
use uuid::Uuid;

const TYPE: &str = "at+jwt";
const AUDIENCE: &str = "stopover-api";
/// Longer ones are not even looked at.
const MOST_BYTES: usize = 4 << 10;
/// Clocks of nodes differ.
const LEEWAY_SECONDS: i64 = 30;
/// How long tokens under a key that has a successor are still taken: longer than any token lives.
const OLD_KEY_SECONDS: i64 = 2 * 3_600;
/// How long the list of keys is believed.
const BELIEVED_SECONDS: i64 = 60;
/// How often unknown key names may send us to the database.
const RELOAD_SECONDS: i64 = 1;

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Claims {
    iss: String,
    aud: String,
    sub: Uuid,
    sid: Uuid,
    jti: Uuid,
    iat: i64,
    nbf: i64,
    exp: i64,
}

impl Claims {
    pub(crate) fn user(&self) -> UserId {
        UserId(self.sub)
    }

    pub(crate) fn session(&self) -> Uuid {
        self.sid
    }
}

/// The head of a token, to the letter: whatever else stands there is a trick.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    alg: String,
    typ: String,
    kid: String,
}

/// The token is not one of ours, or does not count any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unusable;

/// Signs and checks access tokens; cheap to clone.
#[derive(Clone)]
pub(crate) struct AccessTokens(Arc<Inner>);

struct Inner {
    db: Db,
    keys: Arc<Keys>,
    issuer: String,
    life_seconds: i64,
    ring: RwLock<Ring>,
}

struct Ring {
    current: String,
    signing: EncodingKey,
    checking: HashMap<String, DecodingKey>,
    read_at: Instant,
}

impl AccessTokens {
    /// Reads the names of the keys, and makes the first. Blocks.
    pub(crate) fn open(db: &Db, keys: &Arc<Keys>, config: &Config) -> anyhow::Result<Self> {
        if db.read_blocking(signing::all)?.is_empty() {
            add_key(db)?;
        }
        let issuer = config.public_url.clone().unwrap_or_else(|| "stopover".into());
        let life_seconds = i64::try_from(config.accounts.access_token_life.0.as_secs())?;
        let ring = RwLock::new(Ring::read(db, keys)?);
        Ok(Self(Arc::new(Inner { db: db.clone(), keys: Arc::clone(keys), issuer, life_seconds, ring })))
    }

    /// For how long a token counts.
    #[must_use]
    pub(crate) fn life_seconds(&self) -> i64 {
        self.0.life_seconds
    }

    /// A token for a session.
    pub(crate) fn issue(&self, now: Instant, user: UserId, session: Uuid) -> anyhow::Result<String> {
        if self.is_old(now)
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            // This one is still signed with the key at hand, which counts for hours.
            let this = self.clone();
            runtime.spawn(async move { this.reload(now).await });
        }
        let seconds = now.0.div_euclid(Instant::SECOND);
        let claims = Claims {
            iss: self.0.issuer.clone(),
            aud: AUDIENCE.into(),
            sub: user.0,
            sid: session,
            jti: Uuid::now_v7(),
            iat: seconds,
            nbf: seconds,
            exp: seconds + self.0.life_seconds,
        };
        let ring = self.0.ring.read();
        let mut head = Header::new(Algorithm::HS256);
        head.typ = Some(TYPE.into());
        head.kid = Some(ring.current.clone());
        Ok(jsonwebtoken::encode(&head, &claims, &ring.signing)?)
    }

    /// What a token says, if it is one of ours and counts now. Asks the database only for a key name it has never seen, and that
    /// at most once a second.
    pub(crate) async fn check(&self, now: Instant, token: &str) -> Result<Claims, Unusable> {
        if token.len() > MOST_BYTES {
            return Err(Unusable);
        }
        let head = head(token).ok_or(Unusable)?;
        if self.is_old(now) {
            self.reload(now).await;
        }
        let key = match self.key(&head.kid) {
            Some(key) => key,
            None => {
                self.reload(now).await;
                self.key(&head.kid).ok_or(Unusable)?
            }
        };
        let claims = jsonwebtoken::decode::<Claims>(token, &key, &self.rules()).map_err(|_refused| Unusable)?.claims;
        let seconds = now.0.div_euclid(Instant::SECOND);
        let counts = claims.nbf <= seconds + LEEWAY_SECONDS && claims.iat <= seconds + LEEWAY_SECONDS && seconds < claims.exp + LEEWAY_SECONDS;
        // A life longer than we give was not given by us.
        let ours = claims.exp - claims.iat <= self.0.life_seconds.max(OLD_KEY_SECONDS);
        if counts && ours { Ok(claims) } else { Err(Unusable) }
    }

    /// Whether somebody may have rotated the keys since they were read.
    fn is_old(&self, now: Instant) -> bool {
        now.0 - self.0.ring.read().read_at.0 >= BELIEVED_SECONDS * Instant::SECOND
    }

    fn key(&self, kid: &str) -> Option<DecodingKey> {
        self.0.ring.read().checking.get(kid).cloned()
    }

    /// Our clock may be a test's, so times are checked above and not by the library.
    fn rules(&self) -> Validation {
        let mut rules = Validation::new(Algorithm::HS256);
        rules.set_audience(&[AUDIENCE]);
        rules.set_issuer(&[&self.0.issuer]);
        rules.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
        (rules.validate_exp, rules.validate_nbf) = (false, false);
        rules
    }

    async fn reload(&self, now: Instant) {
        if now.0 - self.0.ring.read().read_at.0 < RELOAD_SECONDS * Instant::SECOND {
            return;
        }
        self.0.ring.write().read_at = now;
        let this = self.clone();
        let read = aside(move || Ring::read(&this.0.db, &this.0.keys)).await;
        match read {
            Ok(Ok(ring)) => *self.0.ring.write() = ring,
            Ok(Err(error)) => tracing::warn!(%error, "the signing keys cannot be read"),
            Err(error) => tracing::warn!(%error, "the signing keys cannot be read"),
        }
    }
}

/// Makes the first key. Blocks.
fn add_key(db: &Db) -> DbResult<String> {
    let kid = key_name();
    let name = kid.clone();
    db.write_blocking(Lane::Urgent, move |tx, now| put_key(tx, now, &name))?;
    Ok(kid)
}

/// A name for a new key.
pub(crate) fn key_name() -> String {
    digest(&fresh_secret())[..12].to_owned()
}

/// The key of this name signs from now on; nodes meet it within a minute.
pub(crate) fn put_key(tx: &mut Tx<'_>, now: Instant, kid: &str) -> DbResult<()> {
    signing::insert(tx, now, kid)
}

impl Ring {
    fn read(db: &Db, keys: &Keys) -> DbResult<Self> {
        let now = db.now();
        let names = db.read_blocking(signing::all)?;
        let secret = |kid: &str| keys.derive(&format!("access tokens {kid}"));
        let mut checking = HashMap::new();
        let mut successor: Option<Instant> = None;
        for (kid, created_at) in &names {
            if successor.is_none_or(|at| now.0 - at.0 < OLD_KEY_SECONDS * Instant::SECOND) {
                checking.insert(kid.clone(), DecodingKey::from_secret(&secret(kid)));
            }
            successor = Some(*created_at);
        }
        let Some((current, _)) = names.into_iter().next() else {
            return Err(DbError::Unusable("the table `signing_keys` is empty; `stopover rotate-keys` adds a key".into()));
        };
        Ok(Self { signing: EncodingKey::from_secret(&secret(&current)), current, checking, read_at: now })
    }
}

fn head(token: &str) -> Option<Head> {
    let (head, rest) = token.split_once('.')?;
    let head: Head = serde_json::from_slice(&BASE64.decode(head).ok()?).ok()?;
    (rest.matches('.').count() == 1 && head.alg == "HS256" && head.typ == TYPE && head.kid.len() <= 64).then_some(head)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::db::DatabaseUrl;
    use crate::values::SystemClock;
    use serde_json::{Value, json};

    fn tokens() -> (AccessTokens, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("stopover.db");
        let opened = std::thread::spawn(move || {
            let db = Db::open(&DatabaseUrl::Sqlite(path), Arc::new(SystemClock)).unwrap();
            AccessTokens::open(&db, &Arc::new(Keys::from_bytes([5; 32])), &Config::default()).unwrap()
        });
        (opened.join().unwrap(), folder)
    }

    fn now() -> Instant {
        Instant(1_800_000_000 * Instant::SECOND)
    }

    /// A token with any head and any claims, signed with HS256 under `secret`.
    fn forged(head: &Value, claims: &Value, secret: &[u8]) -> String {
        let text = format!("{}.{}", BASE64.encode(head.to_string()), BASE64.encode(claims.to_string()));
        let signature = jsonwebtoken::crypto::sign(text.as_bytes(), &EncodingKey::from_secret(secret), Algorithm::HS256).unwrap();
        format!("{text}.{signature}")
    }

    #[tokio::test]
    async fn what_is_issued_counts_until_it_runs_out() {
        let (tokens, _folder) = tokens();
        let (user, session) = (UserId::new(), Uuid::now_v7());
        let token = tokens.issue(now(), user, session).unwrap();
        let claims = tokens.check(now(), &token).await.unwrap();
        assert_eq!((claims.user(), claims.session()), (user, session));
        assert!(tokens.check(now().plus_seconds(900 + 29), &token).await.is_ok());
        assert_eq!(tokens.check(now().plus_seconds(900 + 30), &token).await, Err(Unusable));
        assert_eq!(tokens.check(now().plus_seconds(-31), &token).await, Err(Unusable), "not yet");
    }

    #[tokio::test]
    #[expect(clippy::too_many_lines, reason = "a long table")]
    async fn forty_forgeries_are_refused() {
        let (tokens, _folder) = tokens();
        let kid = tokens.0.ring.read().current.clone();
        let secret = tokens.0.keys.derive(&format!("access tokens {kid}"));
        let seconds = now().0 / Instant::SECOND;
        let head = json!({"alg": "HS256", "typ": "at+jwt", "kid": kid});
        let claims = json!({"iss": "stopover", "aud": "stopover-api", "sub": Uuid::now_v7(), "sid": Uuid::now_v7(), "jti": Uuid::now_v7(), "iat": seconds, "nbf": seconds, "exp": seconds + 900});
        let good = forged(&head, &claims, &secret);
        assert!(tokens.check(now(), &good).await.is_ok(), "the forger's tool works");
        let with = |value: &Value, change: &Value| {
            let mut value = value.clone();
            for (name, to) in change.as_object().unwrap() {
                if to.is_null() {
                    value.as_object_mut().unwrap().remove(name);
                } else {
                    value[name] = to.clone();
                }
            }
            value
        };
        let heads = [
            json!({"alg": "none"}),
            json!({"alg": "None"}),
            json!({"alg": "HS384"}),
            json!({"alg": "HS512"}),
            json!({"alg": "RS256"}),
            json!({"alg": "ES256"}),
            json!({"alg": "EdDSA"}),
            json!({"alg": null}),
            json!({"typ": "JWT"}),
            json!({"typ": "mfa+jwt"}),
            json!({"typ": null}),
            json!({"kid": null}),
            json!({"kid": "other"}),
            json!({"kid": "../../etc/passwd"}),
            json!({"kid": "' OR 1=1 --"}),
            json!({"kid": ""}),
            json!({"kid": "x".repeat(5_000)}),
            json!({"jku": "https://evil.example/keys"}),
            json!({"x5u": "https://evil.example"}),
            json!({"jwk": {"kty": "oct", "k": "AAAA"}}),
            json!({"crit": ["exp"]}),
            json!({"x5c": ["AAAA"]}),
            json!({"cty": "JWT"}),
            json!({"kid": 7}),
        ];
        let bodies = [
            json!({"exp": seconds - 31}),
            json!({"exp": null}),
            json!({"exp": seconds + 900_000}),
            json!({"nbf": seconds + 60}),
            json!({"nbf": null}),
            json!({"iat": seconds + 60}),
            json!({"iat": null}),
            json!({"iss": "elsewhere"}),
            json!({"iss": null}),
            json!({"aud": "other"}),
            json!({"aud": null}),
            json!({"aud": ["stopover-api", "other"]}),
            json!({"sub": null}),
            json!({"sub": "admin"}),
            json!({"sid": null}),
            json!({"jti": null}),
            json!({"roles": ["operator"]}),
            json!({"exp": "never"}),
        ];
        let mut refused = 0;
        for change in &heads {
            assert_eq!(tokens.check(now(), &forged(&with(&head, change), &claims, &secret)).await, Err(Unusable), "{change}");
            refused += 1;
        }
        for change in &bodies {
            assert_eq!(tokens.check(now(), &forged(&head, &with(&claims, change), &secret)).await, Err(Unusable), "{change}");
            refused += 1;
        }
        let (text, signature) = good.rsplit_once('.').unwrap();
        let unsigned = format!("{}.{}.", BASE64.encode(json!({"alg": "none", "typ": "at+jwt", "kid": kid}).to_string()), BASE64.encode(claims.to_string()));
        let (first, second) = text.split_once('.').unwrap();
        let altered = format!("{first}.{}.{signature}", BASE64.encode(with(&claims, &json!({"sub": Uuid::now_v7()})).to_string()));
        let others = [
            forged(&head, &claims, b"another key of thirty-two bytes!"),
            forged(&head, &claims, b""),
            format!("{text}."),
            text.to_owned(),
            unsigned,
            altered,
            String::new(),
            ".".into(),
            "..".into(),
            "a.b.c".into(),
            format!("{good}."),
            format!("{good}.x"),
            format!(" {good}"),
            format!("{good}="),
            second.to_owned(),
            "x".repeat(10_000),
            "é.é.é".into(),
        ];
        for token in &others {
            assert_eq!(tokens.check(now(), token).await, Err(Unusable), "{token}");
            refused += 1;
        }
        assert!(refused >= 40, "{refused}");
    }

    #[tokio::test]
    async fn keys_rotate_without_logging_anybody_out() {
        let (tokens, _folder) = tokens();
        let start = tokens.0.db.now();
        let old = tokens.issue(start, UserId::new(), Uuid::now_v7()).unwrap();
        let db = tokens.0.db.clone();
        tokio::task::spawn_blocking(move || add_key(&db).unwrap()).await.unwrap();
        let (db, keys) = (tokens.0.db.clone(), Arc::clone(&tokens.0.keys));
        let other = tokio::task::spawn_blocking(move || AccessTokens::open(&db, &keys, &Config::default()).unwrap()).await.unwrap();
        let new = other.issue(start, UserId::new(), Uuid::now_v7()).unwrap();
        assert_ne!(head(&old).unwrap().kid, head(&new).unwrap().kid);
        assert!(other.check(start, &old).await.is_ok(), "the other node takes what was signed before");
        assert!(tokens.check(start.plus_seconds(2), &new).await.is_ok(), "this node finds the new key when it meets it");
    }
}
