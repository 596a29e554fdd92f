//! Staff look at homes first, where the site asks for that (V2); they take homes out of sight, and let them back.

use super::stage::{act, make, patch, whole, with_role};
use crate::support::town::{Asker, Reply, Town};
use crate::support::{TestDb, on_both};
use serde_json::json;
use stopover::platform::config::Approval;
use stopover::platform::db::DbResult;

async fn town(db: &TestDb, approval: Approval) -> Town {
    Town::with(db, |config| {
        config.listings.photo_required = false;
        config.listings.approval = approval;
    })
    .await
}

async fn decide(town: &Town, who: &Asker, id: &str, what: &str, reason: &str) -> Reply {
    town.post(who, &format!("/admin/listings/{id}/{what}"), json!({"reason": reason})).await
}

/// How a home stands to its host.
async fn state(town: &Town, host: &Asker, id: &str) -> String {
    town.get(host, &format!("/me/listings/{id}")).await.expect(200).json()["state"].as_str().unwrap().to_owned()
}

on_both!(the_first_home_of_a_host_waits_for_staff, async |db: TestDb| {
    let town = town(&db, Approval::First).await;
    let ada = town.newcomer("Ada").await;
    let mo = with_role(&town, &db, "Mo", "moderator").await;
    let id = make(&town, &ada, whole("Attic of the swift")).await;
    act(&town, &ada, &id, "publish").await.expect_problem(409, "approval_needed");
    decide(&town, &mo, &id, "approve", "Fine").await.expect_problem(409, "listing_state");
    assert_eq!(act(&town, &ada, &id, "submit").await.expect(200).json()["state"], "submitted");
    town.get(&Asker::default(), &format!("/listings/{id}")).await.expect(404);

    let queue = town.get(&mo, "/admin/listings").await.expect(200).json();
    assert_eq!((queue["data"][0]["id"].as_str(), queue["data"].as_array().unwrap().len()), (Some(id.as_str()), 1));
    let whole_home = town.get(&mo, &format!("/admin/listings/{id}")).await.expect(200).json();
    assert_eq!((whole_home["description"].as_str(), &whole_home["private"]), (Some("Under the roof, with swifts."), &json!(null)));
    for bad in ["", "  ", &"x".repeat(501)] {
        decide(&town, &mo, &id, "reject", bad).await.expect_problem(422, "invalid_reason");
    }
    decide(&town, &ada, &id, "approve", "Mine").await.expect_problem(403, "forbidden");
    let back = decide(&town, &mo, &id, "reject", "Which floor is it?").await.expect(200).json();
    assert_eq!((back["state"].as_str(), back["state_note"].as_str()), (Some("draft"), Some("Which floor is it?")));
    let letter = town.letters().await.last().unwrap().clone();
    assert!(letter.to.contains("ada@") && letter.subject.contains("needs a change") && letter.text.contains("Which floor is it?"), "{}", letter.text);

    patch(&town, &ada, &id, json!({"description": "Under the roof, third floor."})).await.expect(200);
    act(&town, &ada, &id, "submit").await.expect(200);
    decide(&town, &mo, &id, "approve", "Fine now").await.expect(200);
    assert_eq!(state(&town, &ada, &id).await, "published");
    assert!(town.letters().await.last().unwrap().subject.contains("is published"));
    // The second one does not wait.
    let second = make(&town, &ada, whole("Cellar of the mole")).await;
    act(&town, &ada, &second, "publish").await.expect(200);
    let trail: DbResult<Vec<(String, Option<String>)>> = db
        .read(|conn| conn.query("SELECT action, reason FROM audit WHERE object_kind = 'listing' ORDER BY at, id", &[], |row| Ok((row.get(0)?, row.get(1)?))))
        .await;
    let trail = trail.unwrap();
    assert!(
        trail.contains(&("listing.rejected".into(), Some("Which floor is it?".into())))
            && trail.contains(&("listing.approved".into(), Some("Fine now".into())))
    );
});

on_both!(another_title_asks_for_another_look, async |db: TestDb| {
    let town = town(&db, Approval::Edits).await;
    let ada = town.newcomer("Ada").await;
    let mo = with_role(&town, &db, "Mo", "moderator").await;
    let id = make(&town, &ada, whole("Attic of the swift")).await;
    act(&town, &ada, &id, "submit").await.expect(200);
    decide(&town, &mo, &id, "approve", "Fine").await.expect(200);
    let changed = patch(&town, &ada, &id, json!({"max_pets": 1})).await;
    assert_eq!(changed.expect(200).json()["state"], "published");
    let changed = patch(&town, &ada, &id, json!({"title": "Palace", "max_pets": 2})).await;
    let changed = changed.expect(200).json();
    assert_eq!((changed["state"].as_str(), changed["edited_fields"].clone()), (Some("submitted"), json!(["state", "max_pets", "title"])));
    town.get(&Asker::default(), &format!("/listings/{id}")).await.expect(404);
    // Taken back, it is a draft again, and waits once more.
    assert_eq!(act(&town, &ada, &id, "pause").await.expect(200).json()["state"], "draft");
    act(&town, &ada, &id, "publish").await.expect_problem(409, "approval_needed");
});

on_both!(what_staff_withhold_its_host_cannot_publish, async |db: TestDb| {
    let town = town(&db, Approval::Every).await;
    let ada = town.newcomer("Ada").await;
    let mo = with_role(&town, &db, "Mo", "moderator").await;
    let id = make(&town, &ada, whole("Attic of the swift")).await;
    act(&town, &ada, &id, "submit").await.expect(200);
    decide(&town, &mo, &id, "approve", "Fine").await.expect(200);
    let held = decide(&town, &mo, &id, "withhold", "Somebody else's photos").await.expect(200).json();
    assert_eq!((held["state"].as_str(), held["withheld"].as_bool()), (Some("paused"), Some(true)));
    decide(&town, &mo, &id, "withhold", "Again").await.expect_problem(409, "conflict");
    let refused = act(&town, &ada, &id, "publish").await;
    assert!(refused.expect_problem(409, "listing_withheld").text().contains("Somebody else's photos"));
    let queue = town.get(&mo, "/admin/listings?state=withheld").await.expect(200).json();
    assert_eq!(queue["data"][0]["id"], json!(id));
    decide(&town, &mo, &id, "release", "Sorry").await.expect(200);
    decide(&town, &mo, &id, "release", "Sorry").await.expect_problem(409, "conflict");
    // Approved once is approved.
    act(&town, &ada, &id, "publish").await.expect(200);
    let subjects: Vec<String> = town.letters().await.into_iter().filter(|letter| letter.to.contains("ada@")).map(|letter| letter.subject).collect();
    assert!(subjects.iter().any(|s| s.contains("out of sight")) && subjects.iter().any(|s| s.contains("can be published again")), "{subjects:?}");
});
