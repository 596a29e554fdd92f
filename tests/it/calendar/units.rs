//! Units get names, and become more or fewer.

use super::stage::{Stage, book, open_house, write};
use crate::support::{TestDb, on_both};
use serde_json::json;
use stopover::features::calendar;
use stopover::platform::db::DbResult;

on_both!(units_have_names, async |db: TestDb| {
    let stage = Stage::set(&db).await;
    assert_eq!(stage.town.get(&stage.ada, &stage.path("units")).await.expect(200).json(), json!({"names": [""], "version": 7}));
    let named = stage.put("units", json!({"names": ["Left", " Right ", ""]})).await.expect(200).json();
    assert_eq!(named["names"], json!(["Left", "Right", ""]));
    assert_eq!(stage.town.get(&stage.ada, &stage.path("units")).await.json(), named);
    assert_eq!(stage.days(&stage.ada, "2026-07-01", "2026-07-02").await[0]["units_free"], 3);
    let refused = stage.put("units", json!({"names": ["a\nb", "x".repeat(81)]})).await;
    assert_eq!(refused.expect_problem(422, "invalid_text").json()["errors"].as_array().map(Vec::len), Some(2));
    stage.put("units", json!({"names": []})).await.expect_problem(422, "out_of_range");
});

on_both!(fewer_units_need_room, async |db: TestDb| {
    let stage = Stage::set(&db).await;
    open_house(&db, stage.listing, 3).await;
    let (_, one) = book(&db, stage.listing, "2026-07-01", "2026-07-05").await;
    let (_, two) = book(&db, stage.listing, "2026-07-03", "2026-07-08").await;
    let (third, three) = book(&db, stage.listing, "2026-07-04", "2026-07-06").await;
    assert_eq!((one.slot, two.slot, three.slot), (0, 1, 2));
    let refused = stage.put("units", json!({"names": ["A", "B"]})).await;
    assert_eq!(refused.expect_problem(409, "units_taken").json()["nights"], json!([{"from": "2026-07-04", "to": "2026-07-05"}]));
    assert_eq!(stage.town.get(&stage.ada, &stage.path("units")).await.json()["names"].as_array().map(Vec::len), Some(3), "nothing was done");
    // The third stay goes, another comes into its unit later, and is moved.
    let freed: DbResult<_> = db.write(move |tx, now| calendar::release(tx, now, None, third)).await;
    freed.unwrap();
    let listing = stage.listing;
    let slots = async || -> Vec<i64> {
        let sql = "SELECT DISTINCT slot FROM booked_nights WHERE listing_id = $1 ORDER BY slot";
        let read: DbResult<Vec<i64>> = db.read(move |conn| conn.query(sql, &[listing.into()], |row| row.get(0))).await;
        read.unwrap()
    };
    write(&db, "UPDATE booked_nights SET slot = 2 WHERE slot = 1", vec![]).await;
    assert_eq!(slots().await, [0, 2]);
    stage.put("units", json!({"names": ["A", "B"]})).await.expect(200);
    assert_eq!(slots().await, [0, 1]);
    // One that is pinned to a unit that would go stays in the way, although there is room.
    book(&db, listing, "2026-07-20", "2026-07-22").await;
    write(&db, "DELETE FROM booked_nights WHERE night < '2026-07-20'", vec![]).await;
    write(&db, "UPDATE booked_nights SET slot = 1, pinned = TRUE", vec![]).await;
    let refused = stage.put("units", json!({"names": ["A"]})).await;
    assert_eq!(refused.expect_problem(409, "units_taken").json()["nights"], json!([{"from": "2026-07-20", "to": "2026-07-22"}]));
    write(&db, "UPDATE booked_nights SET pinned = FALSE", vec![]).await;
    stage.put("units", json!({"names": ["A"]})).await.expect(200);
    assert_eq!(slots().await, [0]);
    let kinds: Vec<String> = stage.log().await.iter().map(|entry| entry["kind"].as_str().unwrap().to_owned()).collect();
    assert_eq!(kinds.iter().filter(|kind| *kind == "units").count(), 4, "{kinds:?}");
});
