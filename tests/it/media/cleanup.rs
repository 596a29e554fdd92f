//! What is left of uploads that broke off, of photos that were removed, and of hosts who left: nothing.

use super::stage::{BOUNDARY, Stage, body, file, jpeg};
use crate::support::town::Asker;
use crate::support::{TestDb, long, on_both};
use futures_util::stream;
use poem::Body;
use poem::http::Method;
use std::time::Duration;
use stopover::values::Clock;

/// Lets so many seconds pass and runs what is due then.
async fn pass(stage: &Stage, seconds: i64) {
    stage.town.clock.advance_seconds(seconds);
    stage.town.run_jobs().await;
}

on_both!(files_go_a_day_after_the_last_photo_that_shows_them, async |db: TestDb| {
    let stage = Stage::set(&db).await;
    let (one, two) = (stage.add(1).await, stage.add(1).await);
    let url = Stage::largest(&one);
    assert_eq!((Stage::largest(&two), stage.files().len()), (url.clone(), 2));
    let remove = async |photo: &serde_json::Value| {
        let path = format!("{}/{}", stage.path(), photo["id"].as_str().unwrap());
        stage.town.ask(&stage.host, Method::DELETE, &path, None).await.expect(204);
    };
    remove(&one).await;
    pass(&stage, 2 * 86_400).await;
    assert_eq!(stage.files().len(), 2, "another photo shows them");
    let asker = stage.town.log_in("Ada").await;
    let path = format!("{}/{}", stage.path(), two["id"].as_str().unwrap());
    stage.town.ask(&asker, Method::DELETE, &path, None).await.expect(204);
    pass(&stage, 80_000).await;
    assert_eq!(stage.files().len(), 2, "pages that are open still ask for them");
    assert_eq!(stage.town.get(&Asker::default(), &format!("/{url}")).await.status, 200);
    pass(&stage, 10_000).await;
    assert!(stage.files().is_empty(), "{:?}", stage.files());
    assert_eq!(stage.town.get(&Asker::default(), &format!("/{url}")).await.status, 404);
    // The same picture may come back.
    let asker = stage.town.log_in("Ada").await;
    stage.upload_as(&asker, &[file("x.jpg", jpeg(600, 400, 1))]).await.expect(201);
    pass(&stage, 3 * 86_400).await;
    assert_eq!(stage.files().len(), 2);
});

on_both!(uploads_that_break_off_leave_nothing, async |db: TestDb| {
    let stage = Stage::set(&db).await;
    let kind = format!("multipart/form-data; boundary={BOUNDARY}");
    let whole = body(&[file("a.jpg", jpeg(64, 48, 1)), file("b.jpg", jpeg(64, 48, 2))]);
    let count = if long() { 1_000 } else { 60 };
    for at in 0..count {
        let cut = whole[..whole.len() * at / count].to_vec();
        if at % 2 == 0 {
            // The client is gone: its request is dropped where it stands.
            let hanging = stream::unfold(Some(cut), |piece| async {
                match piece {
                    Some(piece) => Some((Ok::<_, std::io::Error>(piece), None)),
                    None => std::future::pending().await,
                }
            });
            let path = stage.path();
            let sending = stage.town.send(&stage.host, Method::POST, &path, Some(&kind), Body::from_bytes_stream(hanging));
            drop(tokio::time::timeout(Duration::from_millis(15), sending).await);
        } else {
            let sent = stage.town.send(&stage.host, Method::POST, &stage.path(), Some(&kind), Body::from(cut)).await;
            assert!(sent.status.is_client_error(), "{}", sent.text());
        }
    }
    // A process that died left files behind, and one of another kind of today.
    let temporary = stage.town.folder().join("media/tmp");
    for age in [10, 2 * 86_400] {
        std::fs::write(temporary.join(format!("{}-x", stage.town.clock.now().plus_seconds(-age).0)), b"half a photo").unwrap();
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    pass(&stage, 1_000).await;
    assert_eq!(std::fs::read_dir(&temporary).unwrap().count(), 1, "what is under way stays");
    pass(&stage, 2 * 86_400).await;
    assert!(stage.files().is_empty(), "{:?}", stage.files());
    let rows: Result<Option<i64>, stopover::platform::db::DbError> =
        db.read(|conn| conn.first("SELECT COUNT(*) FROM media_files", &[], |row| row.get(0))).await;
    assert_eq!(rows.unwrap(), Some(0));
});

on_both!(photos_go_with_their_host, async |db: TestDb| {
    let stage = Stage::set(&db).await;
    stage.add(1).await;
    let other = stage.town.newcomer("Bo").await;
    let me = stage.town.get(&other, "/me").await.json();
    let home = crate::support::homes::home(&db, &me["id"], "Bo's").await;
    let kind = format!("multipart/form-data; boundary={BOUNDARY}");
    let both = body(&[file("same.jpg", jpeg(600, 400, 1)), file("own.jpg", jpeg(600, 400, 9))]);
    let path = format!("/listings/{home}/photos");
    stage.town.send(&other, Method::POST, &path, Some(&kind), Body::from(both)).await.expect(201);
    assert_eq!(stage.files().len(), 4);
    stage.town.ask(&other, Method::DELETE, "/me", None).await.expect(202);
    pass(&stage, 31 * 86_400).await;
    pass(&stage, 1_000).await;
    assert_eq!(stage.files().len(), 2, "what Ada shows too has stayed");
    let left: Result<Option<i64>, stopover::platform::db::DbError> =
        db.read(|conn| conn.first("SELECT COUNT(*) FROM listing_photos", &[], |row| row.get(0))).await;
    assert_eq!(left.unwrap(), Some(1));
});
