//! Letters: stored as jobs in the transaction that causes them, sent when it has been committed.
//!
//! [`post`] seals a [`Letter`] into a job; the [`Postman`] sends it to the SMTP server of the settings, or, where there is none,
//! writes it to the folder `outbox` as a file that any mail program opens. `message.rs` makes the text that travels,
//! `smtp.rs` talks to the server, `outbox.rs` writes the files. No address and no text reaches the log.

mod message;
mod outbox;
mod postman;
mod smtp;

pub use postman::Postman;

use super::config::Config;
use super::db::{DbResult, Tx};
use super::jobs::{Job, drop_where, enqueue};
use super::keys::Keys;
use crate::values::Instant;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::time::Duration;

/// The kind of the jobs.
const KIND: &str = "mail.send";
/// What the letters are sealed for.
const PLACE: &str = "jobs mail.send";

/// A letter to one person.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// The address alone.
    pub to: String,
    /// May be empty.
    pub to_name: String,
    /// One line; longer ones are cut at 200 characters.
    pub subject: String,
    /// Plain text, lines separated by `\n`.
    pub text: String,
}

impl std::fmt::Debug for Letter {
    /// Letters hold addresses and links with tokens, which no log may show.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Letter")
    }
}

/// Stores the letter as a job in the caller's transaction: it is sent if and only if that commits, at least once.
pub fn post(tx: &mut Tx<'_>, now: Instant, keys: &Keys, letter: &Letter) -> DbResult<()> {
    let text = json!({ "to": letter.to, "to_name": letter.to_name, "subject": letter.subject, "text": letter.text }).to_string();
    let payload = json!({ "sealed": keys.seal(PLACE, text.as_bytes()) });
    enqueue(tx, now, &Job { kind: KIND, key: None, payload, run_at: now }).map(|_new| ())
}

/// Drops the letters to an address that have not left: its owner was erased.
pub fn drop_letters_to(tx: &mut Tx<'_>, keys: &Keys, address: &str) -> DbResult<usize> {
    drop_where(tx, KIND, |payload| opened(keys, payload).is_some_and(|letter| letter.to.eq_ignore_ascii_case(address)))
}

/// The letter of a job; `None` when it cannot be opened with this master key.
fn opened(keys: &Keys, payload: &Value) -> Option<Letter> {
    let text = keys.unseal(PLACE, payload.get("sealed")?.as_str()?).ok()?;
    serde_json::from_slice(&text).ok()
}

/// For `stopover doctor`: can letters leave? Blocks, for some seconds when the server does not answer.
pub fn check(config: &Config) -> Result<String, String> {
    match &config.mail.host {
        Some(host) => {
            smtp::greet(&config.mail, Duration::from_secs(5))?;
            Ok(format!("the SMTP server {host}:{} answers", config.mail.port()))
        }
        None => Ok(format!("no SMTP server is set (mail.host); letters are written to {}", outbox::folder(&config.data_dir).display())),
    }
}
