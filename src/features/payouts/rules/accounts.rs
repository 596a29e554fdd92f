//! Accounts that money can be sent to, as people write them, and what ends one.

use super::terms::TOLD_BY_STAFF;
use crate::features::payments::provider::SANDBOX;

/// Longest account and longest name of a holder, in characters.
pub const MOST_ACCOUNT: usize = 100;
pub const MOST_HOLDER: usize = 140;
/// Characters of an account that its owner is shown.
const SHOWN: usize = 4;

/// Why an account is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadAccount {
    #[error("must be 4 to 100 characters without control characters")]
    Length,
    #[error("looks like an IBAN, and its check digits are wrong")]
    Iban,
    #[error("is not the name of an account at the payment provider")]
    Provider,
}

/// A bank account in its one form. What looks like an IBAN (two letters, two digits) has to be a right one, without spaces and in capitals;
/// anything else is kept as it was written.
pub fn bank(text: &str) -> Result<String, BadAccount> {
    let text = text.trim();
    if !(4..=MOST_ACCOUNT).contains(&text.chars().count()) || text.chars().any(char::is_control) {
        return Err(BadAccount::Length);
    }
    let close: String = text.chars().filter(|c| *c != ' ').collect::<String>().to_ascii_uppercase();
    if !looks_like_iban(&close) {
        return Ok(text.to_owned());
    }
    if is_iban(&close) { Ok(close) } else { Err(BadAccount::Iban) }
}

/// The name of an account at a payment provider, such as `acct_1Abc`; those of the sandbox begin with `sb_`.
pub fn at_provider(provider: &str, text: &str) -> Result<String, BadAccount> {
    let begins = if provider == SANDBOX { "sb_acct_" } else { "acct_" };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let good = (6..=MOST_ACCOUNT).contains(&text.len()) && text.starts_with(begins) && text.bytes().all(plain);
    if good { Ok(text.to_owned()) } else { Err(BadAccount::Provider) }
}

/// Why money could not be sent, as far as that is about the account it was sent to: the host has to leave another one, or mend this one and leave it
/// again. Anything else (no money at the provider, a currency it does not send, a call that it did not understand) is none of the host's.
const ENDS: &[&str] = &[
    TOLD_BY_STAFF,
    // Banks, as Stripe passes their words on; the sandbox says the first one.
    "account_closed",
    "account_frozen",
    "bank_account_restricted",
    "bank_ownership_changed",
    "incorrect_account_holder_address",
    "incorrect_account_holder_name",
    "incorrect_account_holder_tax_id",
    "invalid_account_number",
    "no_account",
    // Stripe itself. A transfer names nothing but its destination, so that is what is missing.
    "account_invalid",
    "insufficient_capabilities_for_transfer",
    "resource_missing",
];

/// Whether an account is not tried again after a payout to it has failed with this word.
#[must_use]
pub fn is_ended_by(failure: &str) -> bool {
    ENDS.contains(&failure)
}

/// What its owner is shown of an account.
#[must_use]
pub fn hint(account: &str) -> String {
    let skipped = account.chars().count().saturating_sub(SHOWN);
    format!("…{}", account.chars().skip(skipped).collect::<String>())
}

fn looks_like_iban(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() >= 15
        && bytes[..2].iter().all(u8::is_ascii_alphabetic)
        && bytes[2..4].iter().all(u8::is_ascii_digit)
        && bytes.iter().all(u8::is_ascii_alphanumeric)
}

/// ISO 13616: at most 34 characters; the first four moved to the end, letters as numbers, it leaves 1 when divided by 97.
fn is_iban(text: &str) -> bool {
    let moved = text[4..].bytes().chain(text[..4].bytes());
    let rest = moved.fold(0_u32, |rest, byte| match byte {
        b'0'..=b'9' => (rest * 10 + u32::from(byte - b'0')) % 97,
        letter => (rest * 100 + u32::from(letter - b'A') + 10) % 97,
    });
    text.len() <= 34 && rest == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_read_as_people_write_them() {
        for (text, expected) in [
            ("DE89 3704 0044 0532 0130 00", Ok("DE89370400440532013000")),
            ("gb82west12345698765432", Ok("GB82WEST12345698765432")),
            ("FR14 2004 1010 0505 0001 3M02 606", Ok("FR1420041010050500013M02606")),
            ("DE89 3704 0044 0532 0130 01", Err(BadAccount::Iban)),
            ("  routing 021000021, account 000123 ", Ok("routing 021000021, account 000123")),
            ("123", Err(BadAccount::Length)),
            ("12\u{7}34", Err(BadAccount::Length)),
        ] {
            assert_eq!(bank(text).as_deref(), expected.as_ref().copied(), "{text}");
        }
        assert_eq!(bank(&"x".repeat(101)), Err(BadAccount::Length));
    }

    #[test]
    fn accounts_at_providers_are_their_names() {
        assert!(at_provider("stripe", "acct_1AbC").is_ok() && at_provider("sandbox", "sb_acct_7").is_ok());
        for (provider, bad) in [
            ("stripe", ""),
            ("stripe", "acct"),
            ("stripe", "acct_1 x"),
            ("stripe", "acct_ü"),
            ("stripe", "https://acct_1"),
            ("stripe", "sb_acct_7"),
            ("sandbox", "acct_7"),
        ] {
            assert_eq!(at_provider(provider, bad), Err(BadAccount::Provider), "{bad}");
        }
    }

    #[test]
    fn only_what_is_about_the_account_ends_it() {
        for ends in ["told_by_staff", "account_closed", "account_invalid", "invalid_account_number", "no_account", "resource_missing"] {
            assert!(is_ended_by(ends), "{ends}");
        }
        for other in
            ["", "balance_insufficient", "insufficient_funds", "not_there", "http_400", "invalid_request_error", "idempotency_error", "amount_too_small"]
        {
            assert!(!is_ended_by(other), "{other}");
        }
    }

    #[test]
    fn little_is_shown() {
        assert_eq!((hint("DE89370400440532013000"), hint("abcd"), hint("äöüß")), ("…3000".into(), "…abcd".into(), "…äöüß".into()));
    }
}
