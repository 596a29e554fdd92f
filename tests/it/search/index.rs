//! The text index on disk is a cache: whatever is wrong with it, the next start answers rightly.

use super::lot::{Lot, build_all, change};
use super::stage::{House, index_in};
use crate::support::{TestDb, off_thread, on_both};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use stopover::features::search;
use stopover::platform::db::{Db, DbResult, Engine};
use stopover::platform::events::{self, Kind};

/// A way to spoil an index.
type Harm = (&'static str, fn(&Path));

const HARMS: [Harm; 12] = [
    ("the folder is gone", |index| fs::remove_dir_all(index).unwrap()),
    ("the folder is empty", |index| {
        fs::remove_dir_all(index).unwrap();
        fs::create_dir(index).unwrap();
    }),
    ("there is a file in its place", |index| {
        fs::remove_dir_all(index).unwrap();
        fs::write(index, b"not a folder").unwrap();
    }),
    ("meta.json is gone", |index| fs::remove_file(index.join("meta.json")).unwrap()),
    ("meta.json is empty", |index| fs::write(index.join("meta.json"), b"").unwrap()),
    ("meta.json ends in the middle", |index| {
        let text = fs::read(index.join("meta.json")).unwrap();
        fs::write(index.join("meta.json"), &text[..text.len() / 2]).unwrap();
    }),
    ("meta.json is of somebody else", |index| fs::write(index.join("meta.json"), br#"{"hello":"world"}"#).unwrap()),
    (".managed.json is broken", |index| fs::write(index.join(".managed.json"), b"[").unwrap()),
    ("it is of another layout", |index| {
        let text = fs::read_to_string(index.join("meta.json")).unwrap();
        let other = text.replace("\\\"layout\\\":", "\\\"layout\\\":9");
        assert_ne!(text, other);
        fs::write(index.join("meta.json"), other).unwrap();
    }),
    ("a segment file is gone", |index| fs::remove_file(largest(index)).unwrap()),
    ("a segment file ends in the middle", |index| {
        let bytes = fs::read(largest(index)).unwrap();
        fs::write(largest(index), &bytes[..bytes.len() / 2]).unwrap();
    }),
    ("a byte of every segment file is flipped", |index| {
        for file in segments(index) {
            let mut bytes = fs::read(&file).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 0x10;
            fs::write(&file, bytes).unwrap();
        }
    }),
];

fn segments(index: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(index).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|kind| kind != "json" && kind != "lock")).collect()
}

fn largest(index: &Path) -> PathBuf {
    segments(index).into_iter().max_by_key(|path| fs::metadata(path).unwrap().len()).unwrap()
}

async fn right(house: &House, what: &str) {
    for (query, total) in [("q=home%20", 30), ("q=seven%20", 10), ("q=seve", 10), ("", 30), ("q=missing", 0)] {
        assert_eq!(house.find(query).await["total"], total, "{what}: {query}");
    }
    assert_eq!(house.search().holdings().texts, 30, "{what}");
}

async fn thirty_homes(db: &TestDb) {
    build_all(db, (0..30).map(|n| Lot::new(&format!("Home {}", if n % 3 == 0 { "seven" } else { "of the others" }))).collect()).await;
}

on_both!(a_spoilt_index_is_made_anew, async |db: TestDb| {
    thirty_homes(&db).await;
    let mut folder = House::open(&db).await.close().await;
    for (what, harm) in HARMS {
        harm(&index_in(folder.path()));
        let house = House::open_in(&db, folder).await.unwrap_or_else(|e| panic!("{what}: {e}"));
        right(&house, what).await;
        folder = house.close().await;
        // And it is whole again.
        let house = House::open_in(&db, folder).await.unwrap();
        right(&house, what).await;
        folder = house.close().await;
    }
});

on_both!(an_index_that_is_behind_catches_up, async |db: TestDb| {
    thirty_homes(&db).await;
    let folder = House::open(&db).await.close().await;
    let newcomer = Lot::new("Nest of the wren").build(&db).await;
    let old = Lot::new("Short-lived").build(&db).await;
    change(&db, old, Kind::ListingChanged, "UPDATE listings SET state = 'archived' WHERE id = $1", vec![]).await;
    change(&db, newcomer, Kind::ListingChanged, "UPDATE listings SET title = 'Nest of the owl' WHERE id = $1", vec![]).await;
    let house = House::open_in(&db, folder).await.unwrap();
    assert_eq!(house.find("q=owl").await["total"], 1);
    assert_eq!(house.find("q=wren%20").await["total"], 0);
    assert_eq!(house.find("").await["total"], 31);
});

on_both!(an_index_whose_events_are_pruned_or_to_come_is_made_anew, async |db: TestDb| {
    thirty_homes(&db).await;
    let folder = House::open(&db).await.close().await;
    Lot::new("Nest of the wren").build(&db).await;
    let home = Lot::new("Nest of the owl").build(&db).await;
    // The log forgets what the index never saw.
    db.clock.advance_seconds(60);
    change(&db, home, Kind::CalendarChanged, "UPDATE listings SET calendar_version = 2 WHERE id = $1", vec![]).await;
    numbered(&db, 33).await;
    let pruned: DbResult<u64> = db.write(events::prune).await;
    assert!(pruned.unwrap() > 30);
    let house = House::open_in(&db, folder).await.unwrap();
    assert_eq!(house.find("q=wren").await["total"], 1);
    let folder = house.close().await;
    // A database brought back from a backup: the index is ahead of its log, and knows a home that is not there.
    let restored: DbResult<()> = db
        .write(|tx, _| {
            tx.execute("UPDATE events SET seq = 3", &[])?;
            tx.execute("DELETE FROM listing_texts WHERE listing_id IN (SELECT id FROM listings WHERE title LIKE 'Nest%')", &[])?;
            tx.execute("DELETE FROM listings WHERE title LIKE 'Nest%'", &[]).map(drop)
        })
        .await;
    restored.unwrap();
    let house = House::open_in(&db, folder).await.unwrap();
    right(&house, "restored").await;
});

async fn numbered(db: &TestDb, count: i64) {
    for _ in 0..250 {
        let last: DbResult<i64> = db.read(events::last_seq).await;
        if last.unwrap() >= count {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("the events are not numbered");
}

on_both!(the_index_of_another_database_is_not_believed, async |db: TestDb| {
    thirty_homes(&db).await;
    let other = TestDb::new(Engine::Sqlite).await;
    Lot::new("Cabin elsewhere").build(&other).await;
    let folder = House::open(&other).await.close().await;
    let house = House::open_in(&db, folder).await.unwrap();
    right(&house, "foreign").await;
    assert_eq!(house.find("q=cabin").await["total"], 0);
});

on_both!(two_on_one_index_get_a_sentence, async |db: TestDb| {
    thirty_homes(&db).await;
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let house = House::open_in(&db, Arc::clone(&folder)).await.unwrap();
    let refusal = House::open_in(&db, Arc::clone(&folder)).await.err().unwrap();
    assert!(refusal.contains("is in use by another process; is Stopover running there already?") && !refusal.contains('\n'), "{refusal}");
    let (again, data) = (Db::clone(&db), folder.path().to_owned());
    let refusal = off_thread(move || search::reindex(&again, &data, "any")).await.err().map(|e| format!("{e:#}")).unwrap_or_default();
    assert!(refusal.contains("stop the server first"), "{refusal}");
    right(&house, "the first is not disturbed").await;
});
