//! Many rows in few statements: multi-row INSERTs of a few fixed sizes, so that each engine prepares them once.

use crate::platform::db::{DbResult, Engine, Tx, Value};
use std::fmt::Write as _;

/// Placeholders of the largest statement for PostgreSQL, where a statement costs a round trip; it allows 65,535.
const PLACEHOLDERS_REMOTE: usize = 2_400;
/// For SQLite, where a statement costs next to nothing, but finding a placeholder's name takes as long as there are others.
const PLACEHOLDERS_LOCAL: usize = 48;

/// An INSERT of any number of rows.
pub(super) struct Bulk {
    width: usize,
    /// Rows of a statement and its text, the largest first, the last for one row.
    sizes: Vec<(usize, String)>,
}

impl Bulk {
    /// `into` is `table (columns…)`, `width` the values a row brings, `fixed` the literals that end each row,
    /// `conflict` what follows the rows.
    pub(super) fn new(into: &str, width: usize, fixed: &str, conflict: &str) -> Self {
        let (remote, local) = ((PLACEHOLDERS_REMOTE / width).max(1), (PLACEHOLDERS_LOCAL / width).max(1));
        let mut sizes = vec![remote, remote.div_ceil(8), local, 1];
        sizes.dedup();
        Self { width, sizes: sizes.into_iter().map(|rows| (rows, text(into, width, fixed, conflict, rows))).collect() }
    }

    /// Writes all rows of the flat list `values`; answers how many rows were written.
    pub(super) fn insert(&self, tx: &mut Tx<'_>, mut values: &[Value]) -> DbResult<u64> {
        let most = if tx.engine() == Engine::Sqlite { (PLACEHOLDERS_LOCAL / self.width).max(1) } else { usize::MAX };
        let mut written = 0;
        for (rows, sql) in self.sizes.iter().filter(|(rows, _)| *rows <= most) {
            while values.len() >= rows * self.width {
                let (now, later) = values.split_at(rows * self.width);
                written += tx.execute(sql, now)?;
                values = later;
            }
        }
        Ok(written)
    }
}

fn text(into: &str, width: usize, fixed: &str, conflict: &str, rows: usize) -> String {
    let mut sql = format!("INSERT INTO {into} VALUES ");
    for row in 0..rows {
        sql.push_str(if row == 0 { "(" } else { ", (" });
        for place in 0..width {
            let comma = if place == 0 { "" } else { ", " };
            // Writing to a string cannot fail.
            write!(sql, "{comma}${}", row * width + place + 1).unwrap_or(());
        }
        sql.push_str(fixed);
        sql.push(')');
    }
    sql.push(' ');
    sql.push_str(conflict);
    sql
}
