//! Receipts, invoices and credit notes. The clock stands at 2026-06-01T12:00Z; guests come in at 19:00Z.

mod leaving;
mod numbers;
mod reading;
mod story;

use crate::payouts::Stage;
use crate::support::town::{Asker, Reply};
use serde_json::Value as Json;
use std::process::Command;

/// Three nights at 100.00, of which the guest's fee is 36.00 and VAT 30.00.
const JUNE: (&str, &str) = ("2026-06-10", "2026-06-13");

/// A paper of a booking, as `name` sees it.
async fn paper(stage: &Stage, name: &str, booking: &Json, what: &str) -> Reply {
    let who = stage.who(name).await;
    stage.town.get(&who, &format!("/bookings/{}/{what}", booking["id"].as_str().unwrap())).await
}

/// The documents of a booking that somebody sees: kind, from, to, number, total.
async fn documents(stage: &Stage, name: &str, booking: &Json) -> Vec<(String, String, i64)> {
    let list = paper(stage, name, booking, "documents").await.expect(200).json();
    let told = |one: &Json| {
        let text = |field: &str| one[field].as_str().unwrap().to_owned();
        (format!("{} {}-{}", text("kind"), text("from"), text("to")), text("number"), one["total"]["amount"].as_i64().unwrap())
    };
    list["data"].as_array().unwrap().iter().map(told).collect()
}

/// Gives what follows from the last deed the moment it takes.
async fn moment(stage: &Stage) {
    stage.town.clock.advance_seconds(60);
    stage.settle().await;
}

fn owned(of: &[(&str, &str, i64)]) -> Vec<(String, String, i64)> {
    of.iter().map(|(kind, number, total)| ((*kind).to_owned(), (*number).to_owned(), *total)).collect()
}

/// The same asker with one more header.
fn with(asker: &Asker, name: &str, value: &str) -> Asker {
    let mut asker = asker.clone();
    asker.headers.push((name.into(), value.into()));
    asker
}

/// The words of a PDF, in their places; `None` where the machine has no poppler to read it with.
fn words_of(pdf: &[u8]) -> Option<String> {
    assert!(pdf.starts_with(b"%PDF-"));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("paper.pdf");
    std::fs::write(&file, pdf).unwrap();
    match Command::new("pdftotext").arg("-layout").arg(&file).arg("-").output() {
        Ok(read) => {
            assert!(read.status.success() && read.stderr.is_empty(), "{}", String::from_utf8_lossy(&read.stderr));
            Some(String::from_utf8(read.stdout).unwrap())
        }
        Err(missing) if missing.kind() == std::io::ErrorKind::NotFound => {
            eprintln!("!!! pdftotext is not installed: the words of papers were NOT read");
            None
        }
        Err(error) => panic!("{error}"),
    }
}
