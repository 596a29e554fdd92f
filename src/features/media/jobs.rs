//! The jobs of photos: what nobody shows any more is taken off the shelf a day later, what a dead process left is swept away.

use super::house::Media;
use super::store;
use crate::platform::db::{DbError, Lane};
use crate::platform::jobs::{Failure, Handler, Order, every};
use crate::values::Instant;
use std::time::Duration;

const EVERY: Duration = Duration::from_secs(900);
/// How long files stay after the last photo that showed them: pages that are open still ask for them, and an upload that is under
/// way has put its files there before it says so.
const KEPT_SECONDS: i64 = 86_400;
/// Missing files that `doctor` names.
const MOST_NAMED: usize = 3;

/// What photos do on their own.
#[must_use]
pub fn jobs(media: &Media) -> Vec<Box<dyn Handler>> {
    let media = media.clone();
    vec![every("media.sweep", EVERY, move |order| sweep(&media, order))]
}

fn sweep(media: &Media, order: &Order) -> Result<(), Failure> {
    media.temporary.sweep(order.now).map_err(|error| Failure::Later(format!("files of uploads cannot be swept: {error}")))?;
    let before = order.now.plus_seconds(-KEPT_SECONDS);
    let db = &media.tools.db;
    loop {
        let unused = db.read_blocking(|conn| store::unused(conn, before)).map_err(|error: DbError| Failure::from(error))?;
        if unused.is_empty() {
            return Ok(());
        }
        for (hash, width) in unused {
            if order.should_stop() {
                return Err(Failure::Later("the server stops".into()));
            }
            remove(media, hash, width, before)?;
        }
    }
}

/// First nobody may use it any more, then the files go, then the row: a run that dies in between is gone on with by the next.
fn remove(media: &Media, hash: String, width: u32, before: Instant) -> Result<(), Failure> {
    let db = &media.tools.db;
    let name = hash.clone();
    if !db.write_blocking(Lane::Bulk, move |tx, _| store::doom(tx, &name, before))? {
        return Ok(());
    }
    for (_, file) in store::files(&hash, width) {
        media.shelf.remove(&file).map_err(|error| Failure::Later(format!("{error:#}")))?;
    }
    Ok(db.write_blocking(Lane::Bulk, move |tx, _| store::forget(tx, &hash))?)
}

/// One sentence for `stopover doctor`: whether files can be written, and whether every photo has its files. Blocks.
pub fn check(media: &Media) -> Result<String, String> {
    media.shelf.try_out().map_err(|error| format!("photos cannot be stored: {error:#}"))?;
    let (mut after, mut count, mut missing) = (String::new(), 0, Vec::new());
    loop {
        let from = after.clone();
        let page = media.tools.db.read_blocking(move |conn| store::shown_after(conn, &from)).map_err(|error: DbError| error.to_string())?;
        let Some((last, _)) = page.last() else { break };
        after.clone_from(last);
        for (hash, width) in page {
            count += 1;
            for (_, file) in store::files(&hash, width) {
                if !media.shelf.has(&file).map_err(|error| format!("{error:#}"))? {
                    missing.push(file.name());
                }
            }
        }
    }
    if missing.is_empty() {
        return Ok(format!("{count} pictures, all there"));
    }
    let named: Vec<&str> = missing.iter().take(MOST_NAMED).map(String::as_str).collect();
    Err(format!("{} files of photos are missing: {}", missing.len(), named.join(", ")))
}
