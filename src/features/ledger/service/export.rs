//! The books as a text for other programs, entry by entry, so that memory does not grow with them.

use crate::features::ledger::rules::export::Format;
use crate::features::ledger::store;
use crate::platform::db::{Db, DbError};
use crate::values::Instant;
use anyhow::Context;
use std::io::Write;

/// Writes the numbered entries of a span (`from` on, before `to`), oldest first; answers how many. What has no number yet is left for the
/// next time, see [`super::seal_all`]. Blocks.
pub fn export(db: &Db, format: Format, from: Option<Instant>, to: Option<Instant>, out: &mut dyn Write) -> anyhow::Result<u64> {
    let mut written = 0;
    let mut broken: Option<std::io::Error> = None;
    out.write_all(format.head().as_bytes()).context("the books cannot be written")?;
    let read = db.bulk(|conn| {
        store::between(conn, from, to, |recorded| {
            out.write_all(format.entry(recorded).as_bytes()).map_err(|error| {
                broken = Some(error);
                DbError::Closed
            })?;
            written += 1;
            Ok::<_, DbError>(())
        })
    });
    if let Some(error) = broken {
        return Err(error).context("the books cannot be written");
    }
    read.context("the books cannot be read")?;
    out.flush().context("the books cannot be written")?;
    Ok(written)
}
