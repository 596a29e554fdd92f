//! The sandbox: a provider that lives in this program and behaves as if it did not. It keeps its own books in tables of its own, in transactions
//! of its own, knows copies of a call by their key, and sends signed messages about what happens later. Its cards are `rules/cards.rs`.

mod book;
mod later;

pub(in super::super) use book::totals as sandbox_totals;
pub use later::delivered;
pub(in super::super) use later::sandbox_proof;

use super::signature::{check, signed};
use super::{Again, Answer, Authorize, Forged, GiveBack, Message, PaidOut, PayOut, Provider, Saved, Total, Trouble};
use crate::features::payments::rules::cards::Card;
use crate::features::payments::rules::facts::Facts;
use crate::features::payments::store::sandbox as rows;
use crate::platform::db::{Db, DbError, Lane};
use crate::platform::error::Result;
use crate::platform::tools::Tools;
use crate::values::{Instant, PaymentId, UserId};
use book::Told;
use http::HeaderMap;
use later::{Event, Step};
use serde::{Deserialize, Serialize};

/// Its name.
pub const SANDBOX: &str = "sandbox";
/// The header of its messages.
pub(super) const SIGNATURE: &str = "sandbox-signature";

/// The sandbox.
#[derive(Clone)]
pub struct Sandbox {
    db: Db,
    /// What its messages are signed with.
    secret: [u8; 32],
    base_url: String,
}

/// A message of the sandbox.
#[derive(Debug, Serialize, Deserialize)]
struct Note {
    id: String,
    kind: String,
    /// Never: no real money.
    livemode: bool,
    facts: Option<Facts>,
}

impl Sandbox {
    #[must_use]
    pub fn new(tools: &Tools) -> Self {
        Self { db: tools.db.clone(), secret: tools.keys.derive("messages of the sandbox"), base_url: tools.config.base_url() }
    }

    /// The guest has proven who they are, or failed to. Answers the message about it; `None`: nothing waits for a proof. Blocks.
    pub(in super::super) fn authenticate(&self, payment: PaymentId, passes: bool) -> Result<Option<Event>> {
        let this = self.clone();
        Ok(self.db.write_blocking(Lane::Urgent, move |tx, now| {
            let Some(charge) = rows::of_payment(tx, payment)? else { return Ok(None) };
            later::happen(tx, now, &this, &charge.reference, if passes { Step::Proven } else { Step::NotProven })
        })?)
    }

    /// A message about facts, with its signature.
    pub(super) fn message(&self, at: Instant, id: &str, kind: &str, facts: Option<&Facts>) -> (String, Vec<u8>) {
        let note = Note { id: id.to_owned(), kind: kind.to_owned(), livemode: false, facts: facts.cloned() };
        let body = serde_json::json!(note).to_string().into_bytes();
        (signed(&self.secret, at, &body), body)
    }

    fn write(&self, work: impl Fn(&mut crate::platform::db::Tx<'_>, Instant, &Self) -> Result<Told, DbError> + Send + 'static) -> Answer {
        let this = self.clone();
        match self.db.write_blocking(Lane::Urgent, move |tx, now| work(tx, now, &this)) {
            Ok(Told::Is(facts)) => Ok(*facts),
            Ok(Told::No(code, facts)) => Err(Trouble::Refused { code: code.to_owned(), facts }),
            Ok(Told::Nothing(why)) => Err(Trouble::Unknown(why.to_owned())),
            Err(error) => Err(Trouble::Unknown(error.to_string())),
        }
    }
}

/// A message as the sandbox of this instance would send it: its signature, and its body. For tests.
#[must_use]
pub fn message_of(tools: &Tools, at: Instant, id: &str, kind: &str, facts: Option<&Facts>) -> (String, Vec<u8>) {
    Sandbox::new(tools).message(at, id, kind, facts)
}

impl Provider for Sandbox {
    fn name(&self) -> &'static str {
        SANDBOX
    }

    fn authorize(&self, call: &Authorize) -> Answer {
        let call = call.clone();
        self.write(move |tx, now, this| book::authorize(tx, now, &this.base_url, &call))
    }

    fn capture(&self, call: &Again) -> Answer {
        let call = call.clone();
        self.write(move |tx, now, this| book::capture(tx, now, &this.base_url, &call))
    }

    fn void(&self, call: &Again) -> Answer {
        let call = call.clone();
        self.write(move |tx, _now, this| book::void(tx, &this.base_url, &call))
    }

    fn refund(&self, call: &GiveBack) -> Answer {
        let call = call.clone();
        self.write(move |tx, now, this| book::refund(tx, now, &this.base_url, &call))
    }

    fn look_up(&self, whom: &Again) -> Result<Option<Facts>, Trouble> {
        let (payment, base) = (whom.payment, self.base_url.clone());
        let read = self.db.read_blocking(move |conn| {
            let Some(charge) = rows::of_payment(conn, payment)? else { return Ok(None) };
            book::snapshot(conn, &base, &charge).map(Some)
        });
        read.map_err(|error: DbError| Trouble::Unknown(error.to_string()))
    }

    fn payout(&self, call: &PayOut) -> Result<PaidOut, Trouble> {
        let reference = format!("sb_po_{}", call.payout.simple());
        if call.destination == "sb_acct_closed" {
            return Err(Trouble::Refused { code: "account_closed".into(), facts: Box::default() });
        }
        let (call, name) = (call.clone(), reference.clone());
        let written = self.db.write_blocking(Lane::Urgent, move |tx, now| book::pay_out(tx, now, &call, &name));
        written.map(|()| PaidOut { reference }).map_err(|error: DbError| Trouble::Unknown(error.to_string()))
    }

    fn open_account(&self, _key: &str, host: UserId) -> Result<String, Trouble> {
        Ok(format!("sb_acct_{}", host.0.simple()))
    }

    /// Nothing is to be proven here.
    fn account_page(&self, _account: &str, back_to: &str) -> Result<String, Trouble> {
        Ok(back_to.to_owned())
    }

    /// Cards that would be refused are not kept. Nobody is asked for a proof yet.
    fn save(&self, _key: &str, guest: UserId, customer: Option<&String>, method: &str) -> Result<Saved, Trouble> {
        let refused = |code: &str| Err(Trouble::Refused { code: code.to_owned(), facts: Box::default() });
        match Card::parse(method) {
            None => refused("unknown_card"),
            Some(Card::Refused(why)) => refused(why),
            Some(_) => {
                Ok(Saved { customer: customer.cloned().unwrap_or_else(|| format!("sb_cus_{}", guest.0.simple())), method: method.to_owned(), action: None })
            }
        }
    }

    fn verify_webhook(&self, now: Instant, headers: &HeaderMap, body: &[u8]) -> Result<Message, Forged> {
        let signature = headers.get(SIGNATURE).and_then(|value| value.to_str().ok());
        check(&[&self.secret], signature, body, now)?;
        let note: Note = serde_json::from_slice(body).map_err(|_nonsense| Forged("it is no message of the sandbox"))?;
        if note.livemode {
            return Err(Forged("it speaks of real money"));
        }
        Ok(Message { event: note.id, kind: note.kind, facts: note.facts })
    }

    fn report(&self, from: Instant, to: Instant) -> Result<Option<Vec<Total>>, Trouble> {
        let read = self.db.read_blocking(move |conn| rows::totals(conn, from, to));
        let sums = read.map_err(|error: DbError| Trouble::NotMade(error.to_string()))?;
        Ok(Some(book::totals(&sums)))
    }
}
