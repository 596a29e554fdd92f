//! Signatures of messages: `t=TIME,v1=HEX`, an HMAC-SHA256 over `TIME.BODY`, as Stripe and the sandbox write them (S-HOOK 1).

use super::Forged;
use crate::platform::instance::hex;
use crate::platform::keys::same;
use crate::values::Instant;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// How far the time of a message may be from ours, in either direction.
const WINDOW_SECONDS: i64 = 300;
/// More than this nobody rolls over at a time.
const MOST_SIGNATURES: usize = 20;

/// The signature of a body at a time.
#[must_use]
pub fn signed(secret: &[u8], at: Instant, body: &[u8]) -> String {
    let seconds = at.0.div_euclid(Instant::SECOND);
    format!("t={seconds},v1={}", hex(&tag(secret, &seconds.to_string(), body)))
}

/// Whether one of the signatures in `header` was made with one of the secrets, and not long ago. Before this nothing of the body is looked at.
pub(super) fn check(secrets: &[&[u8]], header: Option<&str>, body: &[u8], now: Instant) -> Result<(), Forged> {
    let header = header.ok_or(Forged("it bears no signature"))?;
    let (mut time, mut signatures) = (None, Vec::new());
    for part in header.split(',').take(MOST_SIGNATURES) {
        match part.trim().split_once('=') {
            Some(("t", text)) if time.is_none() => time = Some(text),
            Some(("v1", text)) => signatures.push(text),
            _ => {}
        }
    }
    let time = time.ok_or(Forged("its signature has no time"))?;
    let seconds: i64 = time.parse().map_err(|_nonsense| Forged("the time of its signature is none"))?;
    let good = secrets.iter().any(|secret| {
        let expected = hex(&tag(secret, time, body));
        // All are compared, so that nobody learns which came close.
        signatures.iter().fold(false, |good, one| same(one.as_bytes(), expected.as_bytes()) | good)
    });
    if !good {
        return Err(Forged("its signature is not the provider's"));
    }
    let apart = now.0.div_euclid(Instant::SECOND).saturating_sub(seconds);
    if apart.saturating_abs() > WINDOW_SECONDS { Err(Forged("its time is too far from ours")) } else { Ok(()) }
}

fn tag(secret: &[u8], time: &str, body: &[u8]) -> [u8; 32] {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(secret).expect("HMAC takes keys of any length");
    mac.update(time.as_bytes());
    mac.update(b".");
    mac.update(body);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Instant = Instant(1_800_000_000 * Instant::SECOND);

    #[test]
    fn good_signatures_pass_and_no_others() {
        let (secret, old) = (b"whsec_1".as_slice(), b"whsec_0".as_slice());
        let good = signed(secret, NOW, b"{}");
        let both = [secret, old];
        let stamp = |seconds| signed(secret, NOW.plus_seconds(seconds), b"{}");
        let value = good.split_once("v1=").unwrap().1;
        for (header, body, passes) in [
            (Some(good.clone()), &b"{}"[..], true),
            (Some(signed(old, NOW, b"{}")), b"{}", true),
            (Some(format!("t=1800000000,v1=00,v0=x,v1={value}")), b"{}", true),
            (Some(format!("t=1800000000, v1={value}")), b"{}", true),
            (Some(good.clone()), b"{ }", false),
            (Some(signed(b"whsec_2", NOW, b"{}")), b"{}", false),
            (Some(stamp(300)), b"{}", true),
            (Some(stamp(-300)), b"{}", true),
            (Some(stamp(301)), b"{}", false),
            (Some(stamp(-301)), b"{}", false),
            (Some(format!("t=1800000001,v1={value}")), b"{}", false),
            (Some(format!("v1={value}")), b"{}", false),
            (Some(format!("t=x,v1={value}")), b"{}", false),
            (Some("t=1800000000,v1=".into()), b"{}", false),
            (Some(format!("t=1800000000,v1={}", &value[..63])), b"{}", false),
            (Some(String::new()), b"{}", false),
            (None, b"{}", false),
        ] {
            assert_eq!(check(&both, header.as_deref(), body, NOW).is_ok(), passes, "{header:?}");
        }
        assert!(check(&[], Some(&good), b"{}", NOW).is_err(), "without a secret nothing passes");
    }
}
