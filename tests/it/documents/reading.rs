//! Who reads which paper, and in which form.

use super::{JUNE, documents, paper, with, words_of};
use crate::payouts::Stage;
use crate::support::people::{run, with_role};
use crate::support::{TestDb, on_both};
use serde_json::{Value as Json, json};

const NASTY: &str = "<script>alert(1)</script> \"Under\" & 'over' Łódź";

/// A stay that is over, in a home with a nasty title, of a guest with a nasty name.
async fn over(db: &TestDb) -> (Stage, Json) {
    let stage = Stage::with(db, |config| {
        config.papers.address = vec!["7 Lark <b>Street</b>".into(), "Albany".into()];
        config.papers.tax_id = Some("US-12-3456".into());
    })
    .await;
    run(db, "UPDATE listings SET title = $1 WHERE id = $2", vec![NASTY.into(), stage.home.into()]).await;
    run(db, "UPDATE users SET name = '<img src=x onerror=alert(2)>' WHERE name = 'Gustav'", vec![]).await;
    let booking = stage.book("Gustav", JUNE, "card_ok").await;
    stage.at("2026-06-13T18:00:00Z").await;
    (stage, booking)
}

on_both!(papers_are_for_those_who_are_named_on_them, async |db: TestDb| {
    let (stage, booking) = over(&db).await;
    with_role(&stage.town, &db, "Maud", "moderator").await;
    stage.town.newcomer("Stella").await;
    for (name, many) in [("Gustav", 2), ("Hannah", 2), ("Fiona", 3), ("Olga", 3)] {
        assert_eq!(documents(&stage, name, &booking).await.len(), many, "{name}");
        for what in ["receipt", "invoice"] {
            paper(&stage, name, &booking, what).await.expect(200);
        }
    }
    for name in ["Stella", "Maud"] {
        for what in ["receipt", "invoice", "documents"] {
            let reply = paper(&stage, name, &booking, what).await;
            assert_eq!(reply.status, 404, "{name} {what}");
        }
    }
    let list = paper(&stage, "Fiona", &booking, "documents").await.json();
    let seen = async |name: &str| {
        let (mut statuses, who) = (Vec::new(), stage.who(name).await);
        for one in list["data"].as_array().unwrap() {
            statuses.push(stage.town.get(&who, &format!("/documents/{}", one["id"].as_str().unwrap())).await.status.as_u16());
        }
        statuses
    };
    assert_eq!(seen("Gustav").await, [200, 200, 404]);
    assert_eq!(seen("Hannah").await, [200, 404, 200]);
    assert_eq!(seen("Fiona").await, [200, 200, 200]);
    assert_eq!(seen("Stella").await, [404, 404, 404]);
});

on_both!(papers_have_three_forms, async |db: TestDb| {
    let (stage, booking) = over(&db).await;
    let gustav = stage.who("Gustav").await;
    let path = |what: &str| format!("/bookings/{}/{what}", booking["id"].as_str().unwrap());
    for (what, total) in [("invoice", "330.00"), ("receipt", "366.00")] {
        let page = stage.town.get(&with(&gustav, "accept", "text/html,*/*;q=0.8"), &path(what)).await;
        let html = page.expect(200).text();
        assert_eq!((page.header("content-type"), page.header("cache-control")), ("text/html; charset=utf-8", "private, no-cache"));
        assert!(page.header("vary").contains("accept") && page.header("content-security-policy").starts_with("default-src 'none'; style-src 'sha256-"));
        assert!(!page.header("content-security-policy").contains("unsafe"));
        assert!(!html.contains("<script") && !html.contains("<img") && html.contains("&lt;script&gt;") && html.contains("&lt;img"), "{html}");
        assert!(html.contains(total), "{html}");
        let asked = stage.town.get(&gustav, &path(&format!("{what}?format=html"))).await;
        assert_eq!(asked.text(), html);

        let file = stage.town.get(&with(&gustav, "accept", "application/pdf"), &path(what)).await;
        assert_eq!((file.expect(200).header("content-type"), file.header("cache-control")), ("application/pdf", "private, no-cache"));
        assert!(file.header("content-disposition").starts_with("attachment; filename=\""), "{}", file.header("content-disposition"));
        if let Some(words) = words_of(&file.body) {
            for word in [total, NASTY, "<img src=x onerror=alert(2)>", booking["code"].as_str().unwrap(), "2026-06-10"] {
                assert!(words.contains(word), "{word} is not in {words}");
            }
        }
        let json = stage.town.get(&with(&gustav, "accept", "application/pdf"), &path(&format!("{what}?format=json"))).await;
        assert_eq!(json.expect(200).json()["stay"]["home"], NASTY, "the parameter wins");

        // Whoever has it is not sent it again; another form is another thing.
        let tag = file.header("etag").to_owned();
        assert_ne!(tag, page.header("etag"));
        let same = stage.town.get(&with(&gustav, "if-none-match", &tag), &path(&format!("{what}?format=pdf"))).await;
        assert_eq!((same.status.as_u16(), same.body.len(), same.header("etag")), (304, 0, tag.as_str()));
        stage.town.get(&with(&gustav, "if-none-match", &tag), &path(&format!("{what}?format=html"))).await.expect(200);
    }
    stage.town.get(&gustav, &path("invoice?format=docx")).await.expect_problem(400, "invalid_parameter");
    // A receipt tells what is; the platform has its address on what it issues.
    let receipt = paper(&stage, "Gustav", &booking, "receipt").await.json();
    assert_eq!((&receipt["issuer"]["lines"][1], &receipt["issuer"]["tax_id"]), (&json!("Albany"), &json!("US-12-3456")));
    let tag = paper(&stage, "Gustav", &booking, "receipt").await.header("etag").to_owned();
    stage.act("Hannah", &booking, "refunds", json!({"amount": 5_000, "reason": "Cold"})).await.expect(200);
    stage.settle().await;
    assert_ne!(paper(&stage, "Gustav", &booking, "receipt").await.header("etag"), tag);
});

on_both!(a_host_has_a_statement_on_paper, async |db: TestDb| {
    let (stage, booking) = over(&db).await;
    let hannah = stage.who("Hannah").await;
    let read = async |month: &str| stage.town.get(&hannah, &format!("/earnings/statements/{month}?format=pdf")).await;
    let file = read("2026-06").await;
    assert_eq!(
        (file.expect(200).header("content-type"), file.header("content-disposition")),
        ("application/pdf", "attachment; filename=\"statement-2026-06.pdf\"")
    );
    if let Some(words) = words_of(&file.body) {
        for word in ["Balance USD", "291.00", "gross 300.00, fee -9.00", booking["code"].as_str().unwrap(), "Hannah"] {
            assert!(words.contains(word), "{word} is not in {words}");
        }
        assert!(words_of(&read("2026-03").await.expect(200).body).unwrap().contains("Nothing has moved"));
    }
    read("2026-13").await.expect_problem(400, "invalid_parameter");
});
