//! The statements of feeds find their rows by an index; and what a host who leaves has connected goes with them.

use super::*;
use crate::support::town::email_of;
use crate::support::{on_both, uses_index};
use stopover::features::feeds::{self, FeedData};
use stopover::platform::db::Value as Param;
use stopover::platform::privacy::{Holders, PersonalData};
use stopover::values::{Instant, Night, UserId};

on_both!(statements_use_indexes, async |db: TestDb| {
    for (sql, kinds) in feeds::STATEMENTS {
        let params = kinds.chars().map(|kind| match kind {
            'u' => Param::Uuid(Uuid::nil()),
            't' => Param::Text("x".into()),
            'i' => Param::Instant(Instant(0)),
            'd' => Param::Night(Night(0)),
            'n' => Param::Int(1),
            'b' => Param::Bool(false),
            other => panic!("no parameter of kind {other}"),
        });
        uses_index(&db, sql, params.collect()).await;
    }
});

on_both!(whoever_leaves_takes_their_calendars_along, async |db: TestDb| {
    let site = Site::new(Says::Calendar(calendar(&[("2026-07-01", "2026-07-05", "Reserved")])));
    let stage = Stage::new(&db, &[site.at.port()]).await;
    book(&db, stage.home, 0, &["2026-07-01"]).await;
    let feed = stage.connect(&site).await;
    let (_, path) = stage.export(json!({"name": "Elsewhere", "source_feed": feed})).await;
    let key = email_of("Ada");
    let user: DbResult<Option<UserId>> =
        db.read(move |conn| conn.first("SELECT user_id FROM accounts WHERE email_key = $1", &[key.into()], |row| row.get(0))).await;
    let user = user.unwrap().unwrap();
    let held = FeedData::new(stage.town.tools());
    let copy: DbResult<Vec<u8>> = db.read(move |conn| Holders::new(vec![Box::new(held)]).export(conn, user)).await;
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(copy.unwrap())).unwrap();
    let mut texts = String::new();
    for at in 0..zip.len() {
        zip.by_index(at).unwrap().read_to_string(&mut texts).unwrap();
    }
    assert!(texts.contains("127.0.0.1") && texts.contains("Elsewhere") && texts.contains(&feed), "{texts}");
    assert!(!texts.contains("secret-word") && !texts.contains(path.trim_start_matches("/ical/").trim_end_matches(".ics")), "{texts}");
    let held = FeedData::new(stage.town.tools());
    let erased: DbResult<()> = db.write(move |tx, now| held.erase(tx, now, user)).await;
    erased.unwrap();
    for table in [
        "SELECT COUNT(*) FROM calendar_feeds",
        "SELECT COUNT(*) FROM calendar_feed_log",
        "SELECT COUNT(*) FROM calendar_exports",
        "SELECT COUNT(*) FROM calendar_conflicts",
        "SELECT COUNT(*) FROM external_nights",
    ] {
        assert_eq!(number(&db, table).await, 0, "{table}");
    }
    stage.town.get(&Asker::default(), &format!("/{path}")).await.expect_problem(404, "not_found");
    stage.town.run_jobs().await;
});
