//! One provider: what it says of itself, where people are sent, and what its answer proves.

use super::{Identity, Trouble};
use crate::platform::config::{Hidden, OidcProvider};
use crate::platform::keys::fresh_secret;
use crate::platform::outbound::{self, Budget, Outbound, Policy};
use crate::values::{Email, Instant};
use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreClientAuthMethod, CoreIdTokenClaims, CoreJwsSigningAlgorithm as Alg, CoreProviderMetadata, CoreTokenResponse,
    CoreUserInfoClaims,
};
use openidconnect::{
    AccessTokenHash, AuthType, AuthorizationCode, ClaimsVerificationError, ClientId, ClientSecret, CsrfToken, DiscoveryError, EndpointMaybeSet, EndpointNotSet,
    EndpointSet, HttpRequest, HttpResponse, IssuerUrl, Nonce, OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope,
    SignatureVerificationError, TokenResponse, UserInfoError,
};
use parking_lot::Mutex;
use std::time::{Duration, SystemTime};

/// How long what a provider says of itself is believed.
const BELIEVED: Duration = Duration::from_secs(3_600);
/// A provider that did not answer is left alone for a moment.
const LEFT_ALONE: Duration = Duration::from_secs(3);
const BUDGET: Budget = Budget { total: Duration::from_secs(5), body_bytes: 256 << 10 };
/// Clocks differ a little.
const LEEWAY_SECONDS: i64 = 30;
/// An ID token is made for this very login.
const OLDEST_SECONDS: i64 = 600;
/// Longest subject that the standard allows.
const SUBJECT_BYTES: usize = 255;
/// Signatures that only the provider can make: none, and those with our own secret as the key, prove nothing.
const SIGNATURES: [Alg; 9] = [
    Alg::RsaSsaPkcs1V15Sha256,
    Alg::RsaSsaPkcs1V15Sha384,
    Alg::RsaSsaPkcs1V15Sha512,
    Alg::RsaSsaPssSha256,
    Alg::RsaSsaPssSha384,
    Alg::RsaSsaPssSha512,
    Alg::EcdsaP256Sha256,
    Alg::EcdsaP384Sha384,
    Alg::EdDsa,
];

type Client = CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointMaybeSet, EndpointMaybeSet>;

/// A provider of the settings.
pub(in super::super) struct Provider {
    settings: OidcProvider,
    secret: Option<Hidden>,
    outbound: Outbound,
    callback: String,
    known: Mutex<Option<Known>>,
    silent_since: Mutex<Option<std::time::Instant>>,
}

#[derive(Clone)]
struct Known {
    metadata: CoreProviderMetadata,
    at: std::time::Instant,
}

/// Where somebody is sent, and what has to be known when they are back.
#[derive(Debug)]
pub(in super::super) struct Departure {
    pub(in super::super) url: String,
    pub(in super::super) state: String,
    pub(in super::super) nonce: String,
    pub(in super::super) verifier: String,
}

impl Provider {
    pub(super) fn open(settings: &OidcProvider, outbound: Outbound, base_url: &str) -> anyhow::Result<Self> {
        let callback = format!("{base_url}/api/v1/auth/oidc/{}/callback", settings.id);
        let secret = settings.secret()?;
        Ok(Self { settings: settings.clone(), secret, outbound, callback, known: Mutex::default(), silent_since: Mutex::default() })
    }

    pub(in super::super) fn id(&self) -> &str {
        &self.settings.id
    }

    pub(in super::super) fn name(&self) -> &str {
        &self.settings.name
    }

    pub(in super::super) fn issuer(&self) -> &str {
        &self.settings.issuer
    }

    /// Our own address for people who come back.
    pub(in super::super) fn callback(&self) -> &str {
        &self.callback
    }

    /// Whether an app may be sent back to this address.
    pub(in super::super) fn allows_redirect(&self, uri: &str) -> bool {
        self.settings.redirect_uris.iter().any(|allowed| allowed == uri)
    }

    /// Where to send somebody who wants to log in. Blocks.
    pub(in super::super) fn depart(&self, redirect_uri: &str) -> Result<Departure, Trouble> {
        let client = self.client(&self.metadata()?, redirect_uri)?;
        let (state, nonce) = (fresh_secret(), fresh_secret());
        let (sent, told) = (state.clone(), nonce.clone());
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let scopes = self.settings.scopes.iter().filter(|scope| *scope != "openid").cloned().map(Scope::new);
        let (url, _, _) = client
            .authorize_url(CoreAuthenticationFlow::AuthorizationCode, move || CsrfToken::new(sent.clone()), move || Nonce::new(told.clone()))
            .add_scopes(scopes)
            .set_pkce_challenge(challenge)
            .url();
        Ok(Departure { url: url.into(), state, nonce, verifier: verifier.into_secret() })
    }

    /// What a code proves, which is exchanged now. Blocks.
    pub(in super::super) fn arrive(&self, now: Instant, code: String, nonce: String, verifier: String, redirect_uri: &str) -> Result<Identity, Trouble> {
        let client = self.client(&self.metadata()?, redirect_uri)?;
        let request = client.exchange_code(AuthorizationCode::new(code)).map_err(|_missing| Trouble::Unavailable("it names no token endpoint".into()))?;
        let answer = request.set_pkce_verifier(PkceCodeVerifier::new(verifier)).request(&|request| self.call(request));
        let answer = answer.map_err(|error| match error {
            RequestTokenError::ServerResponse(_) => Trouble::Unproven("it does not take the code"),
            RequestTokenError::Request(trouble) => unavailable(&trouble),
            RequestTokenError::Parse(..) | RequestTokenError::Other(_) => Trouble::Unavailable("its token answer cannot be read".into()),
        })?;
        let nonce = Nonce::new(nonce);
        let claims = match verify(&client, &answer, &nonce, now) {
            // Its keys were replaced since we looked.
            Err(Unproven::NewKey) => {
                let client = self.client(&self.look_up()?, redirect_uri)?;
                verify(&client, &answer, &nonce, now).map_err(Unproven::trouble)?
            }
            other => other.map_err(Unproven::trouble)?,
        };
        self.identity(&client, &answer, &claims)
    }

    fn identity(&self, client: &Client, answer: &CoreTokenResponse, claims: &CoreIdTokenClaims) -> Result<Identity, Trouble> {
        if claims.authorized_party().is_some_and(|party| party.as_str() != self.settings.client_id) {
            return Err(Trouble::Unproven("the token is for another party"));
        }
        let subject = claims.subject().to_string();
        if subject.is_empty() || subject.len() > SUBJECT_BYTES {
            return Err(Trouble::Unproven("its subject is empty or too long"));
        }
        let name = |localized: Option<&openidconnect::LocalizedClaim<openidconnect::EndUserName>>| {
            localized.and_then(|names| names.get(None).or_else(|| names.iter().next().map(|(_, name)| name))).map(|name| name.to_string())
        };
        let (mut email, mut verified, mut called) = (claims.email().map(|e| e.to_string()), claims.email_verified(), name(claims.name()));
        if (email.is_none() || verified.is_none()) && client.user_info_url().is_some() {
            let told = self.user_info(client, answer, claims)?;
            (email, verified) = (told.email().map(|e| e.to_string()), told.email_verified());
            called = called.or_else(|| name(told.name()));
        }
        if verified != Some(true) {
            return Err(Trouble::Unverified);
        }
        let email = email.as_deref().and_then(Email::parse).ok_or(Trouble::Unverified)?;
        let (provider, provider_name) = (self.settings.id.clone(), self.settings.name.clone());
        Ok(Identity { provider, provider_name, issuer: self.settings.issuer.clone(), subject, email, name: called })
    }

    /// Some providers tell the address only here.
    fn user_info(&self, client: &Client, answer: &CoreTokenResponse, claims: &CoreIdTokenClaims) -> Result<CoreUserInfoClaims, Trouble> {
        let asked = client.user_info(answer.access_token().clone(), Some(claims.subject().clone()));
        let asked = asked.map_err(|_missing| Trouble::Unavailable("it names no userinfo endpoint".into()))?;
        asked.request(&|request| self.call(request)).map_err(|error| match error {
            UserInfoError::ClaimsVerification(_) => Trouble::Unproven("its userinfo is about somebody else"),
            UserInfoError::Request(trouble) => unavailable(&trouble),
            _ => Trouble::Unavailable("its userinfo cannot be read".into()),
        })
    }

    fn client(&self, metadata: &CoreProviderMetadata, redirect_uri: &str) -> Result<Client, Trouble> {
        let redirect = RedirectUrl::new(redirect_uri.to_owned()).map_err(|_bad| Trouble::Unavailable("our own address is no URL".into()))?;
        let methods = metadata.token_endpoint_auth_methods_supported();
        let by_body = methods
            .is_some_and(|methods| !methods.contains(&CoreClientAuthMethod::ClientSecretBasic) && methods.contains(&CoreClientAuthMethod::ClientSecretPost));
        let secret = self.secret.as_ref().map(|secret| ClientSecret::new(secret.expose().to_owned()));
        let client = CoreClient::from_provider_metadata(metadata.clone(), ClientId::new(self.settings.client_id.clone()), secret);
        Ok(client.set_redirect_uri(redirect).set_auth_type(if by_body { AuthType::RequestBody } else { AuthType::BasicAuth }))
    }

    /// What the provider says of itself, from memory where it is fresh.
    fn metadata(&self) -> Result<CoreProviderMetadata, Trouble> {
        if let Some(known) = self.known.lock().as_ref().filter(|known| known.at.elapsed() < BELIEVED) {
            return Ok(known.metadata.clone());
        }
        if self.silent_since.lock().is_some_and(|since| since.elapsed() < LEFT_ALONE) {
            return Err(Trouble::Unavailable("it did not answer a moment ago".into()));
        }
        self.look_up()
    }

    fn look_up(&self) -> Result<CoreProviderMetadata, Trouble> {
        let issuer = IssuerUrl::new(self.settings.issuer.clone()).map_err(|_bad| Trouble::Unavailable("its issuer is no URL".into()))?;
        let found = CoreProviderMetadata::discover(&issuer, &|request| self.call(request)).map_err(|error| match error {
            DiscoveryError::Request(trouble) => unavailable(&trouble),
            DiscoveryError::Validation(_) => Trouble::Unavailable("it calls itself by another issuer".into()),
            _ => Trouble::Unavailable("what it says of itself cannot be read".into()),
        });
        match found {
            Ok(metadata) => {
                *self.silent_since.lock() = None;
                *self.known.lock() = Some(Known { metadata: metadata.clone(), at: std::time::Instant::now() });
                Ok(metadata)
            }
            Err(trouble) => {
                *self.silent_since.lock() = Some(std::time::Instant::now());
                Err(trouble)
            }
        }
    }

    /// The operator named this provider, so it may be on a private network; whatever it names must be as secret as itself.
    fn call(&self, request: HttpRequest) -> Result<HttpResponse, outbound::Trouble> {
        self.outbound.send(Policy::Operator { http: self.settings.is_plain_http() }, BUDGET, request)
    }
}

fn unavailable(trouble: &outbound::Trouble) -> Trouble {
    Trouble::Unavailable(trouble.to_string())
}

/// Why an ID token is not believed.
enum Unproven {
    /// No key of ours fits: perhaps the provider has new ones.
    NewKey,
    For(&'static str),
}

impl Unproven {
    fn trouble(self) -> Trouble {
        Trouble::Unproven(match self {
            Self::NewKey => "the signature is by a key that is not the provider's",
            Self::For(why) => why,
        })
    }
}

/// Checks signature, issuer, audience, nonce, times, and that the access token belongs to it.
fn verify(client: &Client, answer: &CoreTokenResponse, nonce: &Nonce, now: Instant) -> Result<CoreIdTokenClaims, Unproven> {
    let token = answer.id_token().ok_or(Unproven::For("there is no ID token"))?;
    let seconds = now.0 / Instant::SECOND;
    let judged_at = SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(seconds - LEEWAY_SECONDS).unwrap_or(0));
    let verifier = client.id_token_verifier().set_allowed_algs(SIGNATURES).set_time_fn(move || judged_at.into()).set_issue_time_verifier_fn(move |issued| {
        let age = seconds - issued.timestamp();
        if (-LEEWAY_SECONDS..=OLDEST_SECONDS).contains(&age) { Ok(()) } else { Err("not made for this login".into()) }
    });
    let claims = token.claims(&verifier, nonce).map_err(|error| match error {
        ClaimsVerificationError::SignatureVerification(SignatureVerificationError::NoMatchingKey) => Unproven::NewKey,
        ClaimsVerificationError::SignatureVerification(_) => Unproven::For("the signature does not fit"),
        ClaimsVerificationError::Expired(_) => Unproven::For("the token has run out"),
        ClaimsVerificationError::InvalidAudience(_) => Unproven::For("the token is for somebody else"),
        ClaimsVerificationError::InvalidIssuer(_) => Unproven::For("the token is by somebody else"),
        ClaimsVerificationError::InvalidNonce(_) => Unproven::For("the token belongs to another login"),
        _ => Unproven::For("the token cannot be used"),
    })?;
    if let Some(hash) = claims.access_token_hash() {
        let broken = |_error| Unproven::For("the token's signature cannot be used");
        let (alg, key) = (token.signing_alg().map_err(broken)?, token.signing_key(&verifier).map_err(broken)?);
        let own = AccessTokenHash::from_token(answer.access_token(), alg, key).map_err(|_error| Unproven::For("the access token's hash cannot be made"))?;
        if own != *hash {
            return Err(Unproven::For("the access token belongs to another login"));
        }
    }
    Ok(claims.clone())
}
