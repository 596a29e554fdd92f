//! Valid requests for the operations about payouts. For `matrix.rs`.

use super::cast::{Cast, Request, Who, run, run_any, user_of};
use serde_json::json;
use stopover::features::ledger::{self, Account, Split, TaxShare};
use stopover::platform::db::DbError;
use stopover::values::{BookingId, Clock, Currency, UserId};
use uuid::Uuid;

impl Cast<'_> {
    pub(super) async fn request_about_payouts(&self, operation: &str, who: Who) -> Option<Request> {
        let reason = json!({"reason": "the matrix asks"});
        let user = self.user(who).unwrap_or(self.host);
        Some(match operation {
            "listPayoutMethods" | "listPayouts" | "readEarnings" | "listAllPayouts" | "listPayoutHolds" => Request::default(),
            "addPayoutMethod" => {
                run_any(self.db, "UPDATE payout_methods SET removed_at = created_at", vec![]).await;
                let body = json!({"kind": "bank", "holder": "Somebody", "account": "DE89 3704 0044 0532 0130 00"});
                Request { body: Some(body), ..Request::default() }
            }
            "openPayoutAccount" => {
                run_any(self.db, "UPDATE payout_methods SET removed_at = created_at", vec![]).await;
                Request { body: Some(json!({})), ..Request::default() }
            }
            "removePayoutMethod" => Request { id: Some(self.payout_method(user).await), ..Request::default() },
            "readPayout" => Request { id: Some(self.payout(user).await), ..Request::default() },
            "readStatement" => Request { places: vec![("{month}", "2026-06".into())], ..Request::default() },
            "exportPayouts" => Request { body: Some(reason), ..Request::default() },
            // Of somebody who does not want to leave: what comes back is owed to them.
            "confirmPayout" | "failPayout" => {
                let rita = user_of(self.db, "Rita").await;
                Request { id: Some(self.payout(rita).await), body: Some(reason), ..Request::default() }
            }
            "holdPayouts" | "unholdPayouts" => {
                run_any(self.db, "DELETE FROM payout_holds", vec![]).await;
                if operation == "unholdPayouts" {
                    const HOLD: &str = "INSERT INTO payout_holds (host_id, reason, created_by, created_at) VALUES ($1, 'x', $1, $2)";
                    run(self.db, HOLD, vec![self.host.into(), self.town.clock.now().into()]).await;
                }
                Request { id: Some(self.host.0), body: Some(reason), ..Request::default() }
            }
            "remitTax" => {
                self.owed_tax().await;
                let body = json!({"tax": "vat", "currency": "USD", "amount": 100, "reason": "the matrix asks"});
                Request { body: Some(body), ..Request::default() }
            }
            _ => return None,
        })
    }

    async fn payout_method(&self, user: UserId) -> Uuid {
        const MAKE: &str =
            "INSERT INTO payout_methods (id, user_id, kind, details_sealed, hint, active_at, created_at) VALUES ($1, $2, 'bank', '', 'x', $3, $3)";
        let id = Uuid::now_v7();
        run(self.db, MAKE, vec![id.into(), user.into(), self.town.clock.now().into()]).await;
        id
    }

    /// A payout that waits for somebody to send it.
    async fn payout(&self, host: UserId) -> Uuid {
        const MAKE: &str = "INSERT INTO payouts (id, host_id, method_id, kind, amount_minor, netted_minor, currency, state, version, created_at, updated_at)
            VALUES ($1, $2, $3, 'bank', 100, 0, 'USD', 'created', 1, $4, $4)";
        let (id, method) = (Uuid::now_v7(), self.payout_method(host).await);
        run_any(self.db, "UPDATE payouts SET state = 'cancelled'", vec![]).await;
        run(self.db, MAKE, vec![id.into(), host.into(), method.into(), self.town.clock.now().into()]).await;
        id
    }

    /// What somebody owes from cash that they took is given back to the guest, and no stay has anything to give them: whoever owes something, or is
    /// still to get something, cannot leave.
    pub(super) async fn owes_nothing(&self, who: Who) {
        run_any(self.db, "UPDATE bookings SET release_at = NULL", vec![]).await;
        let (Some(user), usd) = (self.user(who), Currency::parse("USD").unwrap()) else { return };
        let posted: Result<(), DbError> = self
            .db
            .write(move |tx, now| {
                let owed = ledger::balance(tx, &Account::HostReceivable(user), usd)?;
                if owed > 0 {
                    ledger::post(tx, now, &ledger::returned_offline(BookingId(Uuid::now_v7()), "the matrix", usd, owed, user, owed))?;
                }
                Ok(())
            })
            .await;
        posted.unwrap();
    }

    /// Something of a tax that may be handed on.
    async fn owed_tax(&self) {
        let (booking, host, usd) = (BookingId(Uuid::now_v7()), self.host, Currency::parse("USD").unwrap());
        let part = Split { taxes: vec![TaxShare { tax: "vat".into(), amount: 100, to_host: false }], ..Split::default() };
        let posted: Result<(), DbError> =
            self.db.write(move |tx, now| ledger::post(tx, now, &ledger::released(booking, 1, host, usd, &part, 0)).map(|_posted| ())).await;
        posted.unwrap();
    }
}
