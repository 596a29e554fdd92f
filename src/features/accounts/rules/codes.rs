//! Codes: of authenticator apps (RFC 6238), and for when the app is lost (S-MFA 1–3).

use crate::values::Instant;
use totp_rs::{Algorithm, Builder, Secret, Totp};

/// Wrong codes of an account in a window, after which none is looked at.
pub(crate) const MOST_WRONG_CODES: i64 = 5;
pub(crate) const CODE_WINDOW_SECONDS: i64 = 15 * 60;
/// How many recovery codes somebody is given.
pub(crate) const RECOVERY_CODES: usize = 10;
/// 160 bits, as RFC 4226 recommends.
pub(crate) const SECRET_BYTES: usize = 20;
/// 80 bits, so that a plain digest of one can be stored.
pub(crate) const RECOVERY_BYTES: usize = 10;

/// SHA-1, 6 digits, 30 seconds, one step before and after: what every app can do.
fn app(secret: &[u8]) -> Builder {
    Builder::new().with_algorithm(Algorithm::SHA1).with_digits(6).with_step_duration(30).with_skew(1).with_secret(Secret::from(secret.to_vec()))
}

/// The number of the step that `code` belongs to, if it is right now or was a moment ago.
pub(crate) fn step_of(secret: &[u8], code: &str, now: Instant) -> Option<i64> {
    let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    let seconds = u64::try_from(now.0 / Instant::SECOND).ok()?;
    let app: Totp = app(secret).build().ok()?;
    i64::try_from(app.check(&code, seconds)?).ok()
}

/// The secret as a person types it, and as an app reads it from a picture. `None` when the secret is no secret.
pub(crate) fn shown(secret: &[u8], site: &str, email: &str) -> Option<(String, String)> {
    // A colon would end the name of the site.
    let plain = |text: &str| text.replace(':', " ");
    let app = app(secret).with_issuer(Some(plain(site))).with_account_name(plain(email)).build().ok()?;
    Some((app.secret().to_base32(), app.to_url().ok()?))
}

/// A recovery code as it is shown: `abcd-efgh-ijkl-mnop`.
pub(crate) fn recovery_text(bytes: [u8; RECOVERY_BYTES]) -> String {
    let text = Secret::from(bytes.to_vec()).to_base32().to_ascii_lowercase();
    let characters: Vec<char> = text.chars().collect();
    characters.chunks(4).map(String::from_iter).collect::<Vec<_>>().join("-")
}

/// What of a typed recovery code counts: letters and digits.
pub(crate) fn recovery_key(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B (SHA-1), the last six of its eight digits.
    #[test]
    fn codes_are_those_of_the_standard() {
        let at = |seconds: i64| Instant(seconds * Instant::SECOND);
        for (seconds, code) in [(59, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924"), (20_000_000_000, "353130")] {
            assert_eq!(step_of(b"12345678901234567890", code, at(seconds)), Some(seconds / 30), "{code}");
            assert_eq!(step_of(b"12345678901234567890", code, at(seconds + 30)), Some(seconds / 30), "a step later");
            assert_eq!(step_of(b"12345678901234567890", code, at(seconds - 30)), Some(seconds / 30), "a step earlier");
            assert_eq!(step_of(b"12345678901234567890", code, at(seconds + 60)), None, "two steps later");
        }
        for bad in ["", "28708", "2870820", "+87082", "28708x", "٢٨٧٠٨٢"] {
            assert_eq!(step_of(b"12345678901234567890", bad, at(59)), None, "{bad}");
        }
        assert_eq!(step_of(b"12345678901234567890", "287 082", at(59)), Some(1));
    }

    #[test]
    fn apps_are_told_what_they_need() {
        let (text, url) = shown(&[7; SECRET_BYTES], "Lake: Homes & more", "ada@example.org").unwrap();
        assert_eq!(text.len(), 32);
        assert!(url.starts_with("otpauth://totp/Lake%20%20Homes%20%26%20more:ada%40example.org?") && url.contains(&format!("secret={text}")), "{url}");
        assert_eq!(shown(&[7; 3], "x", "y"), None);
    }

    #[test]
    fn recovery_codes_are_read_however_they_are_typed() {
        let text = recovery_text([255, 0, 1, 2, 3, 4, 5, 6, 7, 8]);
        assert_eq!(text.len(), 19);
        assert_eq!(recovery_key(&text).len(), 16);
        assert_eq!(recovery_key(&text.to_uppercase().replace('-', " ")), recovery_key(&text));
    }
}
