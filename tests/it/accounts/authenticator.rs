//! A soft authenticator: ES256, attestation "none", as a browser would hand its answers on.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Where the tests' site is, as a browser on the same machine sees it.
pub(super) const ORIGIN: &str = "http://localhost:8080";
const PRESENT_AND_VERIFIED: u8 = 0x01 | 0x04;
const WITH_KEY: u8 = 0x40;

/// A passkey on a device.
pub(super) struct Authenticator {
    pair: EcdsaKeyPair,
    pub(super) id: Vec<u8>,
    /// Whose it is; known since it was made.
    user: Option<String>,
    pub(super) counter: u32,
    pub(super) flags: u8,
}

/// A copy signs with the same key and counts on its own.
impl Authenticator {
    pub(super) fn new() -> Self {
        let mut id = vec![0; 24];
        rand::fill(&mut id[..]);
        Self { pair: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap(), id, user: None, counter: 0, flags: PRESENT_AND_VERIFIED }
    }

    /// `navigator.credentials.create()`.
    pub(super) fn create(&mut self, options: &Value, origin: &str) -> Value {
        assert_eq!((&options["authenticatorSelection"]["userVerification"], &options["attestation"]), (&json!("required"), &json!("none")));
        self.user = Some(options["user"]["id"].as_str().unwrap().to_owned());
        self.counter += 1;
        let client = client_data("webauthn.create", options, origin);
        let mut data = self.head(options["rp"]["id"].as_str().unwrap(), WITH_KEY);
        data.extend([0; 16]);
        data.extend(u16::try_from(self.id.len()).unwrap().to_be_bytes());
        data.extend(&self.id);
        data.extend(self.public_key());
        // {"fmt": "none", "attStmt": {}, "authData": data} in CBOR.
        let mut object = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58".to_vec();
        object.push(u8::try_from(data.len()).unwrap());
        object.extend(data);
        let response = json!({"clientDataJSON": BASE64.encode(client), "attestationObject": BASE64.encode(object), "transports": ["internal"]});
        self.credential(response)
    }

    /// `navigator.credentials.get()`.
    pub(super) fn get(&mut self, options: &Value, origin: &str) -> Value {
        self.counter += 1;
        let client = client_data("webauthn.get", options, origin);
        let data = self.head(options["rpId"].as_str().unwrap(), 0);
        let signature = self.pair.sign(&SystemRandom::new(), &[&data[..], &Sha256::digest(&client)].concat()).unwrap();
        let response = json!({
            "clientDataJSON": BASE64.encode(client),
            "authenticatorData": BASE64.encode(data),
            "signature": BASE64.encode(signature.as_ref()),
            "userHandle": self.user,
        });
        self.credential(response)
    }

    fn credential(&self, response: Value) -> Value {
        let id = BASE64.encode(&self.id);
        json!({
            "id": id, "rawId": id, "type": "public-key", "response": response,
            "authenticatorAttachment": "platform", "clientExtensionResults": {},
        })
    }

    fn head(&self, rp: &str, more: u8) -> Vec<u8> {
        let mut data = Sha256::digest(rp.as_bytes()).to_vec();
        data.push(self.flags | more);
        data.extend(self.counter.to_be_bytes());
        data
    }

    /// {1: 2 (EC2), 3: -7 (ES256), -1: 1 (P-256), -2: x, -3: y} in CBOR.
    fn public_key(&self) -> Vec<u8> {
        let point = self.pair.public_key().as_ref();
        let mut key = b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20".to_vec();
        key.extend(&point[1..33]);
        key.extend(b"\x22\x58\x20");
        key.extend(&point[33..65]);
        key
    }
}

fn client_data(kind: &str, options: &Value, origin: &str) -> Vec<u8> {
    json!({"type": kind, "challenge": options["challenge"], "origin": origin, "crossOrigin": false}).to_string().into_bytes()
}
