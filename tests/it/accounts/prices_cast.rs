//! Valid requests for the operations about prices and taxes. For `matrix.rs`.

use super::cast::{Cast, Request, run, run_any};
use serde_json::{Value as Json, json};
use stopover::platform::db::Json as Document;
use stopover::values::Instant;
use uuid::Uuid;

/// The tax that operators read, change and take away.
const TAX: Uuid = Uuid::from_u128(0x7a);

impl Cast<'_> {
    pub(super) async fn request_about_prices(&self, operation: &str) -> Option<Request> {
        let reason = "the matrix asks";
        let rule = json!({"key": "vat", "name": "VAT", "bp": 700, "remitted_by": "platform", "collected": "at_booking"});
        let tax = json!({"country": "CA", "rule": rule, "reason": reason});
        let (id, body): (Option<Uuid>, Option<Json>) = match operation {
            "readPricing" => (Some(self.listing), None),
            "setPricing" => (Some(self.listing), Some(json!({"base_price": 10_000, "plan": {}}))),
            "makeTax" => (None, Some(tax)),
            "readTax" => (Some(TAX), None),
            "setTax" => (Some(TAX), Some(tax)),
            "removeTax" => (Some(TAX), Some(json!({"reason": reason}))),
            _ => return None,
        };
        const MAKE: &str = "INSERT INTO tax_rules (id, country, city, city_key, currency, rule, version, created_at, updated_at)
            VALUES ($1, 'CA', '', '', '', $2, 1, $3, $3)";
        run_any(self.db, "DELETE FROM tax_rules", vec![]).await;
        run(self.db, MAKE, vec![TAX.into(), Document(rule.to_string()).into(), Instant(0).into()]).await;
        Some(Request { id, body, ..Request::default() })
    }
}
