//! A made-up provider of OpenID Connect that can be told to misbehave. It checks what it is sent like an honest one: the client's
//! secret, the redirect, the proof key, and that a code comes once.

use crate::support::TestClock;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD as BASE64};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use stopover::values::{Clock as _, Instant};

pub(super) const CLIENT: &str = "stopover";
pub(super) const SECRET: &str = "a secret & with odd + signs";

/// How a token is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signed {
    Es256,
    Rs256,
    /// By a key that is not published, under the name of one that is.
    ByAnotherKey,
    /// `alg: none`, without a signature.
    Not,
    /// With the client's secret as an HMAC.
    BySecret,
    /// By the right key, but over other claims.
    Broken,
}

/// How the provider behaves.
pub(super) struct Manners {
    pub(super) signed: Signed,
    /// Changes the claims before they are signed.
    pub(super) claims: Box<dyn Fn(&mut Value) + Send>,
    /// The address is told by `/userinfo` only, which says this.
    pub(super) user_info: Option<Value>,
    /// Answers nothing at all.
    pub(super) silent: bool,
    /// Publishes this issuer instead of its own.
    pub(super) alias: Option<String>,
    /// The name of its signing key.
    pub(super) kid: String,
}

/// A code that was handed out.
struct Grant {
    who: String,
    nonce: String,
    challenge: String,
    redirect_uri: String,
}

struct State {
    manners: Manners,
    grants: HashMap<String, Grant>,
    issued: usize,
    asked: Vec<String>,
}

pub(in crate::accounts) struct Issuer {
    pub(in crate::accounts) url: String,
    state: Arc<Mutex<State>>,
}

struct Keys {
    ec: EcdsaKeyPair,
    other: EcdsaKeyPair,
    rsa: RsaKeyPair,
}

impl Issuer {
    pub(in crate::accounts) fn new(clock: Arc<TestClock>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let manners = Manners { signed: Signed::Es256, claims: Box::new(|_| ()), user_info: None, silent: false, alias: None, kid: "one".into() };
        let state = Arc::new(Mutex::new(State { manners, grants: HashMap::new(), issued: 0, asked: Vec::new() }));
        let (serving, own) = (Arc::clone(&state), url.clone());
        let ec = || EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let keys = Keys { ec: ec(), other: ec(), rsa: RsaKeyPair::generate(KeySize::Rsa2048).unwrap() };
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                serve(stream.unwrap(), &serving, &keys, &own, &clock);
            }
        });
        Self { url, state }
    }

    /// Changes how it behaves from now on.
    pub(super) fn behave(&self, change: impl FnOnce(&mut Manners)) {
        change(&mut self.state.lock().unwrap().manners);
    }

    /// What it was asked so far, as `POST /token`.
    pub(super) fn asked(&self) -> Vec<String> {
        self.state.lock().unwrap().asked.clone()
    }

    /// Somebody logs in there and agrees: the code and the state that go back. Panics unless the request is what it has to be.
    pub(in crate::accounts) fn authorize(&self, url: &str, who: &str) -> (String, String) {
        let query = url.strip_prefix(&format!("{}/authorize?", self.url)).unwrap_or_else(|| panic!("{url}"));
        let asked = form(query);
        assert_eq!((asked["response_type"].as_str(), asked["client_id"].as_str(), asked["scope"].as_str()), ("code", CLIENT, "openid email profile"));
        assert_eq!((asked["code_challenge_method"].as_str(), asked["code_challenge"].len()), ("S256", 43), "a proof key is needed");
        assert!(asked["state"].len() >= 32 && asked["nonce"].len() >= 32);
        let mut state = self.state.lock().unwrap();
        state.issued += 1;
        let code = format!("code-{}", state.issued);
        let grant =
            Grant { who: who.into(), nonce: asked["nonce"].clone(), challenge: asked["code_challenge"].clone(), redirect_uri: asked["redirect_uri"].clone() };
        state.grants.insert(code.clone(), grant);
        (code, asked["state"].clone())
    }
}

/// Reads `a=b&c=d`.
pub(super) fn form(text: &str) -> HashMap<String, String> {
    let decode = |text: &str| {
        let (mut bytes, mut rest) = (Vec::new(), text.bytes());
        while let Some(byte) = rest.next() {
            bytes.push(match byte {
                b'+' => b' ',
                b'%' => u8::from_str_radix(&String::from_utf8(vec![rest.next().unwrap(), rest.next().unwrap()]).unwrap(), 16).unwrap(),
                other => other,
            });
        }
        String::from_utf8(bytes).unwrap()
    };
    text.split('&').filter_map(|pair| pair.split_once('=')).map(|(name, value)| (decode(name), decode(value))).collect()
}

fn serve(mut stream: TcpStream, state: &Mutex<State>, keys: &Keys, url: &str, clock: &TestClock) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut line = String::new();
    if reader.read_line(&mut line).unwrap_or(0) == 0 {
        return;
    }
    let mut headers = HashMap::new();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).unwrap();
        let Some((name, value)) = header.trim().split_once(": ") else { break };
        headers.insert(name.to_ascii_lowercase(), value.to_owned());
    }
    let mut body = vec![0; headers.get("content-length").map_or(0, |length| length.parse().unwrap())];
    reader.read_exact(&mut body).unwrap();
    let mut state = state.lock().unwrap();
    let asked = line.rsplit_once(' ').unwrap().0.to_owned();
    state.asked.push(asked.clone());
    if state.manners.silent {
        return;
    }
    let (status, answer) = match asked.as_str() {
        "GET /.well-known/openid-configuration" => (200, metadata(&state.manners, url)),
        "GET /jwks" => (200, jwks(&state.manners, keys)),
        "POST /token" => token(&mut state, keys, url, clock, &headers, &form(&String::from_utf8(body).unwrap())),
        "GET /userinfo" => (200, state.manners.user_info.clone().unwrap_or(Value::Null)),
        _ => (404, json!({})),
    };
    let answer = answer.to_string();
    let head = format!("HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", answer.len());
    drop(stream.write_all(format!("{head}{answer}").as_bytes()));
}

fn metadata(manners: &Manners, url: &str) -> Value {
    json!({
        "issuer": manners.alias.as_deref().unwrap_or(url),
        "authorization_endpoint": format!("{url}/authorize"),
        "token_endpoint": format!("{url}/token"),
        "userinfo_endpoint": manners.user_info.as_ref().map(|_| format!("{url}/userinfo")),
        "jwks_uri": format!("{url}/jwks"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        // Says that it would do everything, as a careless provider might.
        "id_token_signing_alg_values_supported": ["ES256", "RS256", "HS256", "none"],
    })
}

fn jwks(manners: &Manners, keys: &Keys) -> Value {
    let point = keys.ec.public_key().as_ref();
    let rsa = keys.rsa.public_key();
    let number = |bytes: &[u8]| BASE64.encode(bytes);
    json!({"keys": [
        {"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": manners.kid, "x": number(&point[1..33]), "y": number(&point[33..])},
        {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "rsa",
         "n": number(rsa.modulus().big_endian_without_leading_zero()), "e": number(rsa.exponent().big_endian_without_leading_zero())},
    ]})
}

fn token(state: &mut State, keys: &Keys, url: &str, clock: &TestClock, headers: &HashMap<String, String>, asked: &HashMap<String, String>) -> (u16, Value) {
    let refuse = |error: &str| (400, json!({"error": error}));
    let basic = headers.get("authorization").and_then(|value| value.strip_prefix("Basic ")).map(|text| STANDARD.decode(text).unwrap());
    let Some((id, secret)) = basic.as_ref().and_then(|bytes| std::str::from_utf8(bytes).unwrap().split_once(':')) else { return refuse("invalid_client") };
    if id != CLIENT || form(&format!("s={secret}"))["s"] != SECRET {
        return refuse("invalid_client");
    }
    // Good once, whatever comes of it.
    let Some(grant) = state.grants.remove(&asked["code"]) else { return refuse("invalid_grant") };
    let challenge = asked.get("code_verifier").map(|verifier| BASE64.encode(Sha256::digest(verifier.as_bytes())));
    if challenge.as_deref() != Some(&grant.challenge) || asked["redirect_uri"] != grant.redirect_uri {
        return refuse("invalid_grant");
    }
    let now = clock.now().0 / Instant::SECOND;
    let mut claims = json!({
        "iss": url, "aud": CLIENT, "sub": format!("sub of {}", grant.who), "nonce": grant.nonce, "iat": now, "exp": now + 300,
        "email": format!("{}@example.org", grant.who), "email_verified": true, "name": grant.who,
    });
    if state.manners.user_info.is_some() {
        claims.as_object_mut().unwrap().retain(|name, _| !name.starts_with("email"));
    }
    (state.manners.claims)(&mut claims);
    let id_token = sign(&state.manners, keys, &claims);
    (200, json!({"access_token": "opaque", "token_type": "Bearer", "expires_in": 300, "id_token": id_token}))
}

fn sign(manners: &Manners, keys: &Keys, claims: &Value) -> String {
    let (alg, kid) = match manners.signed {
        Signed::Es256 | Signed::ByAnotherKey | Signed::Broken => ("ES256", Some(manners.kid.as_str())),
        Signed::Rs256 => ("RS256", Some("rsa")),
        Signed::BySecret => ("HS256", None),
        Signed::Not => ("none", None),
    };
    let part = |value: &Value| BASE64.encode(value.to_string());
    let signed = format!("{}.{}", part(&json!({"alg": alg, "kid": kid, "typ": "JWT"})), part(claims));
    let random = SystemRandom::new();
    let ecdsa = |key: &EcdsaKeyPair, text: &str| key.sign(&random, text.as_bytes()).unwrap().as_ref().to_vec();
    let signature = match manners.signed {
        Signed::Es256 => ecdsa(&keys.ec, &signed),
        Signed::ByAnotherKey => ecdsa(&keys.other, &signed),
        Signed::Broken => ecdsa(&keys.ec, "something else"),
        Signed::Rs256 => {
            let mut signature = vec![0; keys.rsa.public_modulus_len()];
            keys.rsa.sign(&RSA_PKCS1_SHA256, &random, signed.as_bytes(), &mut signature).unwrap();
            signature
        }
        Signed::BySecret => {
            let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, SECRET.as_bytes());
            aws_lc_rs::hmac::sign(&key, signed.as_bytes()).as_ref().to_vec()
        }
        Signed::Not => Vec::new(),
    };
    format!("{signed}.{}", BASE64.encode(signature))
}
