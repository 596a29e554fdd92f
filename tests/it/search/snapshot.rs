//! The engine on disk is a cache: with it a start answers as without it, and whatever is wrong with it, it is not used.

use super::lot::{Lot, build_all, change};
use super::restless::Town;
use super::stage::{House, snapshot_in};
use crate::support::{TestDb, off_thread, on_both};
use serde_json::Value as Json;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use stopover::features::search::{self, Origin};
use stopover::platform::db::{Db, DbResult, Engine};
use stopover::platform::events::{self, Kind};

fn fresh() -> Arc<tempfile::TempDir> {
    Arc::new(tempfile::tempdir().unwrap())
}

/// Waits until every event has its number.
async fn numbered(db: &TestDb) {
    for _ in 0..250 {
        let waiting: DbResult<Option<i64>> = db.read(|conn| conn.first("SELECT COUNT(*) FROM events WHERE seq IS NULL", &[], |row| row.get(0))).await;
        if waiting.unwrap() == Some(0) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the events are not numbered");
}

/// Waits until a snapshot is there.
async fn written(data: &Path) {
    for _ in 0..500 {
        if snapshot_in(data).exists() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("no snapshot is written");
}

/// A data folder with a snapshot of what is in the database now.
async fn kept(db: &TestDb) -> Arc<tempfile::TempDir> {
    numbered(db).await;
    let house = House::keeping(db, fresh()).await;
    assert_eq!(house.search().holdings().origin, Origin::Tables);
    let folder = house.close().await;
    written(folder.path()).await;
    folder
}

/// The listings looked up on top of the snapshot; `None`: the tables were read.
fn replayed(house: &House) -> Option<usize> {
    match house.search().holdings().origin {
        Origin::Tables => None,
        Origin::Snapshot { replayed, .. } => Some(replayed),
    }
}

async fn compare(one: &House, other: &House, town: &mut Town, what: &str) {
    let mut found = 0;
    for _ in 0..150 {
        let question = town.question();
        let [mut first, mut second] = [one.find(&question).await, other.find(&question).await];
        for page in [&mut first, &mut second] {
            // A cursor is sealed by chance.
            page["next_cursor"] = Json::from(page["next_cursor"].is_string());
        }
        assert_eq!(first, second, "{what}: {question}");
        found += first["total"].as_u64().unwrap();
    }
    assert!(found > 500, "{what}: only {found} homes were found");
    assert_eq!((one.search().holdings().listings, one.search().holdings().texts), (other.search().holdings().listings, other.search().holdings().texts));
}

on_both!(a_start_from_a_snapshot_answers_as_one_from_the_tables, async |db: TestDb| {
    for seed in 1..=3 {
        let mut town = Town::build(&db, seed, 90).await;
        numbered(&db).await;
        let house = House::keeping(&db, fresh()).await;
        // Some of it happens before the first snapshot is written, some during it, some after.
        town.stir(&db, 40).await;
        let folder = house.close().await;
        written(folder.path()).await;
        town.stir(&db, 40).await;
        db.clock.advance_seconds(1_200);
        town.stir(&db, 10).await;
        numbered(&db).await;
        let house = House::keeping(&db, folder).await;
        assert!(replayed(&house).is_some_and(|n| n > 10), "{:?}", house.search().holdings());
        let plain = House::open(&db).await;
        assert_eq!(replayed(&plain), None);
        compare(&house, &plain, &mut town, "from the snapshot").await;
        // It follows the log like any other, and holds that came with the snapshot run out.
        town.stir(&db, 25).await;
        db.clock.advance_seconds(1_800);
        numbered(&db).await;
        let last: DbResult<i64> = db.read(events::last_seq).await;
        let last = last.unwrap();
        for _ in 0..250 {
            if house.search().holdings().seq >= last && plain.search().holdings().seq >= last {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        tokio::time::sleep(Duration::from_millis(700)).await;
        compare(&house, &plain, &mut town, "after more changes").await;
        let folder = house.close().await;
        // And the next one is written from what came from a snapshot.
        let house = House::keeping(&db, folder).await;
        assert_eq!(replayed(&house), Some(0));
        compare(&house, &plain, &mut town, "from the second snapshot").await;
    }
});

on_both!(a_day_later_a_snapshot_is_used_and_a_month_later_it_is_not, async |db: TestDb| {
    let mut town = Town::build(&db, 11, 60).await;
    let folder = kept(&db).await;
    db.clock.set("2026-06-04T00:30:00Z");
    let house = House::keeping(&db, folder).await;
    assert_eq!(replayed(&house).map(|_holds| ()), Some(()));
    compare(&house, &House::open(&db).await, &mut town, "three days later").await;
    let folder = house.close().await;
    for moment in ["2026-06-30T12:00:00Z", "2026-05-30T12:00:00Z"] {
        db.clock.set(moment);
        let house = House::keeping(&db, Arc::clone(&folder)).await;
        assert_eq!(replayed(&house), None, "{moment}");
        house.close().await;
        db.clock.set("2026-06-01T12:00:00Z");
    }
});

/// A way to spoil a snapshot.
type Harm = (&'static str, fn(&Path));

const HARMS: [Harm; 6] = [
    ("it is gone", |file| fs::remove_file(file).unwrap()),
    ("it is empty", |file| fs::write(file, b"").unwrap()),
    ("it ends in the middle", |file| {
        let bytes = fs::read(file).unwrap();
        fs::write(file, &bytes[..bytes.len() / 2]).unwrap();
    }),
    ("a bit is flipped", |file| {
        let mut bytes = fs::read(file).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 4;
        fs::write(file, bytes).unwrap();
    }),
    ("there is a folder in its place", |file| {
        fs::remove_file(file).unwrap();
        fs::create_dir(file).unwrap();
    }),
    ("it is something else", |file| fs::write(file, b"A letter, by mistake.").unwrap()),
];

on_both!(a_spoilt_snapshot_is_not_used, async |db: TestDb| {
    let mut town = Town::build(&db, 21, 60).await;
    let plain = House::open(&db).await;
    for (what, harm) in HARMS {
        let folder = kept(&db).await;
        let (again, data, instance) = (Db::clone(&db), folder.path().to_owned(), member(folder.path(), "instance"));
        harm(&snapshot_in(folder.path()));
        let said = off_thread(move || search::check_snapshot(&again, &data, &instance, &stopover::platform::config::Fees::default())).await;
        assert!(said.is_err() || what == "it is gone", "{what}: {said:?}");
        let house = House::keeping(&db, folder).await;
        assert_eq!(replayed(&house), None, "{what}");
        compare(&house, &plain, &mut town, what).await;
    }
});

on_both!(a_snapshot_that_the_log_does_not_continue_is_not_used, async |db: TestDb| {
    let mut town = Town::build(&db, 31, 60).await;
    let folder = kept(&db).await;
    let home = town.homes[0];
    // An import replaced everything.
    let import = uuid::Uuid::now_v7();
    let replaced: DbResult<()> = db.write(move |tx, now| events::append(tx, Kind::ListingsReplaced, import, &serde_json::json!({}), now)).await;
    replaced.unwrap();
    numbered(&db).await;
    let house = House::keeping(&db, folder).await;
    assert_eq!(replayed(&house), None, "replaced");
    house.close().await;
    // The log forgets what the snapshot never saw.
    let folder = kept(&db).await;
    db.clock.advance_seconds(60);
    town.stir(&db, 5).await;
    db.clock.advance_seconds(60);
    change(&db, home, Kind::CalendarChanged, "UPDATE listings SET calendar_version = 2 WHERE id = $1", vec![]).await;
    numbered(&db).await;
    let pruned: DbResult<u64> = db.write(events::prune).await;
    assert!(pruned.unwrap() > 5);
    let house = House::keeping(&db, folder).await;
    assert_eq!(replayed(&house), None, "pruned");
    compare(&house, &House::open(&db).await, &mut town, "pruned").await;
    house.close().await;
    // A backup was brought back, and the log has grown again beyond the snapshot, and beyond the index, with other events.
    let folder = kept(&db).await;
    let restored: DbResult<u64> = db.write(|tx, _| tx.execute("DELETE FROM events", &[])).await;
    restored.unwrap();
    let seq = events_until(&db, home, member(folder.path(), "seq").parse().unwrap()).await;
    change(&db, home, Kind::CalendarChanged, "UPDATE listings SET title = 'Zeppelin', price_minor = 99999, state = 'published' WHERE id = $1", vec![]).await;
    numbered(&db).await;
    let house = House::keeping(&db, folder).await;
    assert_eq!(replayed(&house), None, "restored, at {seq}");
    // The index was written with another history too: what it never heard of is found.
    assert_eq!((&house.find("q=zeppelin").await["total"], &house.find("price_min=99999").await["total"]), (&Json::from(1), &Json::from(1)));
    compare(&house, &House::open(&db).await, &mut town, "restored").await;
});

/// Appends events that say nothing new until there are as many as `seq`.
async fn events_until(db: &TestDb, home: stopover::values::ListingId, seq: i64) -> i64 {
    loop {
        let last: DbResult<i64> = db.read(events::last_seq).await;
        let last = last.unwrap();
        if last >= seq {
            return last;
        }
        let missing = seq - last;
        let appended: DbResult<()> =
            db.write(move |tx, now| (0..missing).try_for_each(|_| events::append(tx, Kind::CalendarChanged, home.0, &serde_json::json!({}), now))).await;
        appended.unwrap();
        numbered(db).await;
    }
}

on_both!(the_snapshot_of_another_database_is_not_used, async |db: TestDb| {
    Town::build(&db, 41, 30).await;
    let other = TestDb::new(Engine::Sqlite).await;
    Lot::new("Cabin elsewhere").build(&other).await;
    let folder = kept(&other).await;
    let house = House::keeping(&db, folder).await;
    assert_eq!(replayed(&house), None);
    assert_eq!((house.search().holdings().listings, &house.find("q=cabin").await["total"]), (30, &Json::from(0)));
});

on_both!(after_very_many_changes_the_tables_are_read, async |db: TestDb| {
    let lots: Vec<Lot> = (0..20).map(|n| Lot::new(&format!("Home {n}"))).collect();
    build_all(&db, lots).await;
    let folder = kept(&db).await;
    build_all(&db, (0..600).map(|n| Lot::new(&format!("Late home {n}"))).collect()).await;
    numbered(&db).await;
    let house = House::keeping(&db, folder).await;
    assert_eq!((replayed(&house), house.search().holdings().listings), (None, 620));
});

on_both!(doctor_and_reindex_know_the_snapshot, async |db: TestDb| {
    let town = Town::build(&db, 51, 30).await;
    let folder = kept(&db).await;
    let instance = member(folder.path(), "instance");
    let said = async |what: &str| {
        let (again, data, instance) = (Db::clone(&db), folder.path().to_owned(), instance.clone());
        let said = off_thread(move || search::check_snapshot(&again, &data, &instance, &stopover::platform::config::Fees::default())).await;
        said.unwrap_or_else(|e| panic!("{what}: {e}"))
    };
    assert_eq!(said("kept").await, "30 listings as of event 30; 0 have changed since");
    change(&db, town.homes[0], Kind::CalendarChanged, "UPDATE listings SET calendar_version = 2 WHERE id = $1", vec![]).await;
    numbered(&db).await;
    assert_eq!(said("changed").await, "30 listings as of event 30; 1 have changed since");
    // What a writer that was killed has left is in nobody's way.
    let draft = snapshot_in(folder.path()).with_extension("new");
    fs::write(&draft, b"STOPSNAP, and then no more").unwrap();
    let (again, data, name) = (Db::clone(&db), folder.path().to_owned(), instance.clone());
    off_thread(move || search::reindex(&again, &data, &name)).await.unwrap();
    assert_eq!(said("dropped").await, "none; the next start reads the tables");
    assert!(!draft.exists());
});

/// What the header of the snapshot in `data` says under this name.
fn member(data: &Path, name: &str) -> String {
    let bytes = fs::read(snapshot_in(data)).unwrap();
    let header = String::from_utf8_lossy(&bytes).into_owned();
    let value = header.split_once(&format!("\"{name}\":")).unwrap().1;
    value.split([',', '}']).next().unwrap().trim_matches('"').to_owned()
}

on_both!(a_small_instance_keeps_none, async |db: TestDb| {
    Town::build(&db, 61, 30).await;
    let folder = kept(&db).await;
    fs::write(snapshot_in(folder.path()).with_extension("new"), b"half").unwrap();
    let house = House::open_in(&db, folder).await.unwrap();
    tokio::time::sleep(Duration::from_millis(400)).await;
    let folder = house.close().await;
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).filter(|name| name != "search-index").collect();
    assert!(left.is_empty(), "{left:?}");
});

on_both!(fields_of_the_sites_own_are_read_beside_the_snapshot, async |db: TestDb| {
    const FIELD: &str = "INSERT INTO custom_fields (key, label, kind, choices, required, searchable, version, created_at, updated_at)
        VALUES ('floor', 'Floor', 'number', '[]', FALSE, TRUE, 1, $1, $1)";
    let _town = Town::build(&db, 1, 30).await;
    let said: DbResult<u64> = db
        .write(|tx, now| {
            tx.execute(FIELD, &[now.into()])?;
            tx.execute("UPDATE listings SET custom = '{\"floor\": 3}' WHERE id IN (SELECT id FROM listings WHERE state = 'published' ORDER BY id LIMIT 7)", &[])
        })
        .await;
    assert_eq!(said.unwrap(), 7);
    let house = House::keeping(&db, kept(&db).await).await;
    assert!(replayed(&house).is_some(), "it did not begin with the snapshot");
    assert_eq!(house.find("custom.floor=3").await["total"], 7);
    assert_eq!(house.find("custom.floor_min=4").await["total"], 0);
});
