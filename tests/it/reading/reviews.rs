//! Reviews, newest first, page by page.

use super::street::{Door, home, write};
use crate::support::{TestDb, on_both, uses_index};
use stopover::features::reviews;
use stopover::values::{Instant, ListingId, Night, ReviewId};

/// Writes a review on a day of June 2026; answers its id.
async fn review(db: &TestDb, listing: ListingId, day: u8) -> String {
    const WRITE: &str = "INSERT INTO reviews (id, listing_id, author_name, written_on, body, created_at) VALUES ($1, $2, 'Bo', $3, 'Fine — très bien 👍', $4)";
    let (id, on) = (ReviewId::new(), Night::parse(&format!("2026-06-{day:02}")).unwrap());
    write(db, WRITE, vec![id.into(), listing.into(), on.into(), Instant(0).into()]).await;
    id.to_string()
}

on_both!(every_review_is_met_once_and_the_newest_first, async |db: TestDb| {
    let ((listing, _), (other, _), door) = (home(&db).await, home(&db).await, Door::of(&db));
    let mut written = Vec::new();
    // Three of one day: the id decides among them.
    for day in [3, 9, 9, 9, 12] {
        written.push(review(&db, listing, day).await);
    }
    review(&db, other, 10).await;
    written.reverse();
    let (mut met, mut pages, mut path) = (Vec::new(), 0, format!("/listings/{listing}/reviews?limit=2"));
    loop {
        let answer = door.get(&path).await;
        let page = answer.ok();
        pages += 1;
        met.extend(page["data"].as_array().unwrap().iter().map(|review| review["id"].as_str().unwrap().to_owned()));
        assert_eq!((page.get("total"), page["has_more"].as_bool()), (None, Some(page["next_cursor"].is_string())));
        let Some(link) = answer.link else { break };
        assert!(link.contains(page["next_cursor"].as_str().unwrap()), "{link}");
        path = link.strip_prefix("</api/v1").and_then(|l| l.strip_suffix(">; rel=\"next\"")).unwrap().to_owned();
    }
    assert_eq!((met, pages), (written, 3));
    let all = door.get(&format!("/listings/{listing}/reviews?count=true")).await.ok();
    assert_eq!((all["total"].as_i64(), all["data"].as_array().map(Vec::len), all["has_more"].as_bool()), (Some(5), Some(5), Some(false)));
    assert_eq!(
        (all["data"][0]["written_on"].as_str(), all["data"][0]["overall"].as_i64(), all["data"][0]["body"].as_str()),
        (Some("2026-06-12"), None, Some("Fine — très bien 👍"))
    );
});

on_both!(a_cursor_is_good_for_one_list, async |db: TestDb| {
    let ((listing, _), (other, _), door) = (home(&db).await, home(&db).await, Door::of(&db));
    review(&db, listing, 1).await;
    review(&db, listing, 2).await;
    let path = format!("/listings/{listing}/reviews?limit=1");
    let cursor = door.get(&path).await.ok()["next_cursor"].as_str().unwrap().to_owned();
    for forged in ["", "x", "AAAAAAAAAAAAAAAAAAAAAAAAAAAA", &cursor[1..], &format!("{cursor}A"), "%F0%9F%8F%A0"] {
        door.refuses(&format!("{path}&cursor={forged}"), 400, "invalid_cursor").await;
    }
    door.refuses(&format!("/listings/{other}/reviews?cursor={cursor}"), 400, "invalid_cursor").await;
    for (query, status, code) in [
        ("limit=0", 422, "out_of_range"),
        ("limit=101", 422, "out_of_range"),
        ("limit=-1", 400, "invalid_parameter"),
        ("count=maybe", 400, "invalid_parameter"),
    ] {
        door.refuses(&format!("/listings/{listing}/reviews?{query}"), status, code).await;
    }
});

on_both!(reviews_are_found_by_index, async |db: TestDb| {
    let params = [ListingId::new().into(), 20_i64.into(), Night(20_000).into(), ReviewId::new().into()];
    for sql in reviews::STATEMENTS {
        let most = (1..=4).rev().find(|n| sql.contains(&format!("${n}"))).unwrap();
        uses_index(&db, sql, params[..most].to_vec()).await;
    }
});
