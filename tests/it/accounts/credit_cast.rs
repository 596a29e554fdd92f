//! Valid requests for the operations about credit. For `matrix.rs`.

use super::cast::{Cast, Request};
use serde_json::json;

impl Cast<'_> {
    pub(super) fn request_about_credit(&self, operation: &str) -> Option<Request> {
        match operation {
            "readOwnCredit" => Some(Request::default()),
            "giveCredit" => {
                let body = json!({"amount": 100, "currency": "USD", "reason": "the matrix asks"});
                Some(Request { id: Some(self.host.0), body: Some(body), ..Request::default() })
            }
            _ => None,
        }
    }
}
