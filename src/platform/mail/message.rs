//! The message that travels: RFC 5322, safe against line breaks in names and subjects.

use super::Letter;
use crate::values::Instant;
use lettre::Message;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, SinglePart};
use std::time::{Duration, UNIX_EPOCH};
use uuid::Uuid;

const LONGEST_ADDRESS: usize = 254;
const LONGEST_SUBJECT: usize = 200;
const LONGEST_NAME: usize = 80;

/// The message of a job. The same job makes the same Message-ID each time, so that a second delivery can be recognised. The error is a
/// sentence without the address.
pub(super) fn compose(letter: &Letter, from: &Mailbox, id: Uuid, at: Instant) -> Result<Message, String> {
    let address = letter.to.parse().ok().filter(|_| letter.to.len() <= LONGEST_ADDRESS).ok_or("the address of the letter is none")?;
    let name = one_line(&letter.to_name, LONGEST_NAME);
    let since = Duration::from_micros(u64::try_from(at.0).unwrap_or(0));
    Message::builder()
        .message_id(Some(format!("<{id}@{}>", from.email.domain())))
        .date(UNIX_EPOCH + since)
        .from(from.clone())
        .to(Mailbox::new((!name.is_empty()).then_some(name), address))
        .subject(one_line(&letter.subject, LONGEST_SUBJECT))
        // Holiday answers are not wanted (RFC 3834).
        .raw_header(HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".into()))
        .singlepart(SinglePart::plain(letter.text.trim_end().replace("\r\n", "\n").replace('\r', "\n")))
        .map_err(|error| format!("the letter cannot be written as a message: {error}"))
}

/// `text` without line breaks and other control characters, at most `most` characters. Cut this short, no header comes near the
/// 998 bytes that a line may have.
fn one_line(text: &str, most: usize) -> String {
    let is_space = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    let words: Vec<&str> = text.split(is_space).filter(|word| !word.is_empty()).collect();
    words.join(" ").chars().take(most).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(letter: &Letter) -> String {
        let from = "Stopover <no-reply@example.org>".parse().unwrap();
        let at = Instant::parse("2026-06-01T12:00:00Z").unwrap();
        let message = compose(letter, &from, Uuid::nil(), at).unwrap();
        String::from_utf8(message.formatted()).unwrap()
    }

    fn letter(to_name: &str, subject: &str, text: &str) -> Letter {
        Letter { to: "ada@example.com".into(), to_name: to_name.into(), subject: subject.into(), text: text.into() }
    }

    #[test]
    fn a_letter_has_what_a_letter_needs() {
        let text = written(&letter("Ada", "Welcome", "Hello Ada,\nhttps://example.org/verify?token=abc\n.\nBye\n"));
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        for line in [
            "From: Stopover <no-reply@example.org>",
            "To: Ada <ada@example.com>",
            "Subject: Welcome",
            "Date: Mon, 01 Jun 2026 12:00:00 +0000",
            "Message-ID: <00000000-0000-0000-0000-000000000000@example.org>",
            "Auto-Submitted: auto-generated",
            "MIME-Version: 1.0",
            "Content-Type: text/plain; charset=utf-8",
            "Content-Transfer-Encoding: 7bit",
        ] {
            assert!(head.lines().any(|l| l == line), "{line}\n{head}");
        }
        assert_eq!(body, "Hello Ada,\r\nhttps://example.org/verify?token=abc\r\n.\r\nBye\r\n");
    }

    #[test]
    fn nobody_smuggles_headers_in() {
        for evil in
            ["Ada\r\nBcc: all@example.com", "Ada\nBcc: all@example.com", "Ada\rBcc: x", "Ada\u{2028}Bcc: x\u{85}y\0z", "\r\n\r\nbody", "a\" <b@c>, <d@e"]
        {
            let text = written(&letter(evil, evil, "."));
            let (head, body) = text.split_once("\r\n\r\n").unwrap();
            assert_eq!(head.lines().filter(|l| !l.starts_with(' ')).count(), 9, "{head}");
            assert!(!head.lines().any(|l| l.to_ascii_lowercase().starts_with("bcc")), "{head}");
            assert_eq!(body, ".\r\n");
        }
        let mut letter = letter("Ada", "Hi", "x");
        for evil in ["ada@example.com\r\nBcc: x@example.com", "<ada@example.com>", "a@b, c@d", "ada", "", &format!("{}@example.com", "a".repeat(300))] {
            letter.to = evil.into();
            assert!(compose(&letter, &"a@example.org".parse().unwrap(), Uuid::nil(), Instant(0)).is_err(), "{evil}");
        }
    }

    #[test]
    fn every_line_is_ascii_and_short_enough() {
        let long = "x".repeat(5_000);
        let wide = "Grüße aus Zürich 🌍 ".repeat(300);
        for (name, subject, body) in [(&long, &long, &long), (&wide, &wide, &wide), (&wide, &long, &"a\rb\r\nc\n".repeat(50))] {
            let text = written(&letter(name, subject, body));
            assert!(text.is_ascii());
            assert!(text.split("\r\n").all(|line| line.len() <= 998 && !line.contains(['\r', '\n'])), "{text}");
        }
    }
}
