//! Hosts who do not answer (S5): after three requests in a row that ran out, their homes are paused.

use super::Stage;
use crate::support::{TestDb, on_both};
use poem::http::Method;
use serde_json::json;

impl Stage {
    /// A request on these nights that nobody answers, and whether guests still find the home.
    async fn unanswered(&mut self, from: &str, to: &str) -> bool {
        let guest = self.town.log_in("Gustav").await;
        let quote = self.quote(&guest, from, to).await;
        self.town.post(&guest, "/bookings", json!({"quote_id": quote["id"], "payment_method": "card_ok"})).await.expect(201);
        self.town.clock.advance_seconds(24 * 3_600);
        for _ in 0..3 {
            self.town.run_jobs().await;
        }
        (self.host, self.guest) = (self.town.log_in("Hannah").await, self.town.log_in("Gustav").await);
        self.town.get(&self.guest, &format!("/listings/{}", self.home)).await.status == 200
    }

    async fn told(&self) -> usize {
        self.town.letters().await.iter().filter(|letter| letter.subject.contains("your homes are paused")).count()
    }
}

on_both!(homes_of_a_host_who_does_not_answer_are_paused, async |db: TestDb| {
    let mut stage = Stage::asking(&db).await;
    assert!(stage.unanswered("2026-06-10", "2026-06-12").await);
    assert!(stage.unanswered("2026-06-13", "2026-06-15").await);
    // An answer, even a no, and counting begins anew.
    let asked = stage.try_book(&stage.guest, "2026-06-16", "2026-06-18").await.expect(201).json();
    stage.act(&stage.host, &asked, "decline", json!({"reason": "other"})).await.expect(200);
    assert!(stage.unanswered("2026-06-19", "2026-06-21").await);
    assert!(stage.unanswered("2026-06-22", "2026-06-24").await);
    assert_eq!(stage.told().await, 0);
    assert!(!stage.unanswered("2026-06-25", "2026-06-27").await, "the third in a row");
    assert_eq!(stage.told().await, 1);
    let address = format!("/me/listings/{}", stage.home);
    assert_eq!(stage.town.get(&stage.host, &address).await.expect(200).json()["state"], "paused");
    // Whoever is back publishes again, and one more that is not answered is the first.
    let published = format!("/listings/{}/publish", stage.home);
    let reply = stage.town.ask(&stage.host, Method::POST, &published, None).await;
    if reply.status == 422 {
        // The home of these stories lacks photos and words; that it is not held back is what counts here.
        reply.expect_problem(422, "listing_incomplete");
        crate::support::people::run(&db, "UPDATE listings SET state = 'published' WHERE id = $1", vec![stage.home.into()]).await;
    }
    assert!(stage.unanswered("2026-07-01", "2026-07-03").await);
    assert_eq!(stage.told().await, 1);
});
