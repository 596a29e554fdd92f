//! Many rows in few statements: multi-row INSERTs of three fixed sizes, so that each engine prepares them once.

use crate::platform::db::{DbResult, Tx, Value};
use std::fmt::Write as _;

/// Placeholders of the largest statement; both engines allow ten times as many.
const PLACEHOLDERS: usize = 2_400;

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
        let most = (PLACEHOLDERS / width).max(1);
        let sizes = [most, most.div_ceil(8), 1].map(|rows| (rows, text(into, width, fixed, conflict, rows)));
        Self { width, sizes: sizes.into() }
    }

    /// Writes all rows of the flat list `values`; answers how many rows were written.
    pub(super) fn insert(&self, tx: &mut Tx<'_>, mut values: &[Value]) -> DbResult<u64> {
        let mut written = 0;
        for (rows, sql) in &self.sizes {
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
