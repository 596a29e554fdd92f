//! Valid requests for the operations about cancellation policies. For `matrix.rs`.

use super::cast::{Cast, Request, run, run_any};
use serde_json::json;
use stopover::platform::db::Json as Document;
use stopover::values::Instant;
use uuid::Uuid;

/// The policy that operators read and retire.
const POLICY: Uuid = Uuid::from_u128(0x90);

impl Cast<'_> {
    pub(super) async fn request_about_policies(&self, operation: &str) -> Option<Request> {
        let reason = "the matrix asks";
        let request = match operation {
            "listOwnPolicies" | "listCancellationPolicies" => Request::default(),
            "makeOwnPolicy" => {
                let rows = json!([{"days_before": 3, "kept_bp": 0}, {"hours_before": 0, "kept_bp": 10_000}]);
                let body = json!({"key": "three_days", "name": "Three days", "rows": rows, "reason": reason});
                Request { body: Some(body), ..Request::default() }
            }
            "readOwnPolicy" => Request { id: Some(POLICY), ..Request::default() },
            "retireOwnPolicy" => Request { id: Some(POLICY), body: Some(json!({"reason": reason})), ..Request::default() },
            "readCancellationPolicy" => Request { places: vec![("{key}", "flexible".into())], ..Request::default() },
            _ => return None,
        };
        const MAKE: &str =
            "INSERT INTO cancellation_policies (id, key, name, is_long, rules, retired_at, created_at) VALUES ($1, 'mild', 'Mild', FALSE, $2, NULL, $3)";
        let rules = json!({"policy": "mild", "grace": null, "deadlines": [], "until_check_in": {"nights": 1, "rest_bp": 0},
            "after_check_in": {"further_nights": 1, "rest_bp": 0}});
        run_any(self.db, "DELETE FROM cancellation_policies", vec![]).await;
        run(self.db, MAKE, vec![POLICY.into(), Document(rules.to_string()).into(), Instant(0).into()]).await;
        Some(request)
    }
}
