//! Tables whose rows are kept and never changed: the database itself refuses, whoever asks.
//!
//! Triggers are the one thing the engines spell differently, so they are not in `schema.sql` but made here, after it, at every
//! opening. A further table is one more line in [`GUARDED`]. Nobody who may drop a trigger is stopped; that is what the chain of
//! the audit trail is for. What the ledger asks of its entries beyond that is in `balance.rs`.

use super::{DbResult, Engine, Tx, balance};
use std::fmt::Write;

/// A table that takes new rows and keeps them.
struct Guarded {
    table: &'static str,
    /// When a row (`OLD`) may be deleted after all. Both engines read it; what is neither true nor false is a no.
    may_go: &'static str,
}

const fn keep(table: &'static str, may_go: &'static str) -> Guarded {
    Guarded { table, may_go }
}

const NEVER: &str = "1 = 0";

const GUARDED: &[Guarded] = &[
    keep("audit", "EXISTS (SELECT 1 FROM audit_seals s WHERE s.audit_id = OLD.id AND s.seq <= (SELECT MAX(c.seq) FROM audit_checkpoints c))"),
    keep("audit_seals", "OLD.seq <= (SELECT MAX(c.seq) FROM audit_checkpoints c)"),
    keep("audit_checkpoints", NEVER),
    keep("ledger_entries", NEVER),
    keep("ledger_postings", NEVER),
    keep("ledger_seals", NEVER),
    keep("issued_documents", NEVER),
];

/// Puts up the guards that are missing.
pub(super) fn put_up(tx: &mut Tx<'_>) -> DbResult<()> {
    let mut sql = String::new();
    for guarded in GUARDED {
        let text = match tx.engine() {
            Engine::Sqlite => sqlite(guarded),
            Engine::Postgres => postgres(guarded),
        };
        // Writing to a String cannot fail.
        let _: std::fmt::Result = writeln!(sql, "{text}");
    }
    sql.push_str(balance::guards(tx.engine()));
    tx.batch(&sql)
}

fn sqlite(Guarded { table, may_go }: &Guarded) -> String {
    format!(
        "CREATE TRIGGER IF NOT EXISTS {table}_unchanged BEFORE UPDATE ON {table}
             BEGIN SELECT RAISE(ABORT, 'rows of {table} are never changed'); END;
         CREATE TRIGGER IF NOT EXISTS {table}_kept BEFORE DELETE ON {table} WHEN ({may_go}) IS NOT TRUE
             BEGIN SELECT RAISE(ABORT, 'rows of {table} are kept'); END;"
    )
}

/// TRUNCATE passes by all triggers of rows and has one of its own.
fn postgres(Guarded { table, may_go }: &Guarded) -> String {
    format!(
        "CREATE OR REPLACE FUNCTION {table}_guard() RETURNS trigger LANGUAGE plpgsql AS $guard$
         BEGIN
             IF TG_OP = 'DELETE' THEN
                 IF ({may_go}) IS TRUE THEN RETURN OLD; END IF;
                 RAISE EXCEPTION 'rows of {table} are kept' USING ERRCODE = 'restrict_violation';
             ELSIF TG_OP = 'TRUNCATE' THEN
                 RAISE EXCEPTION 'rows of {table} are kept' USING ERRCODE = 'restrict_violation';
             END IF;
             RAISE EXCEPTION 'rows of {table} are never changed' USING ERRCODE = 'restrict_violation';
         END $guard$;
         DO $make$ BEGIN
             IF NOT EXISTS (SELECT 1 FROM pg_trigger WHERE tgrelid = CAST('{table}' AS regclass) AND tgname = '{table}_unchanged') THEN
                 CREATE TRIGGER {table}_unchanged BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION {table}_guard();
             END IF;
             IF NOT EXISTS (SELECT 1 FROM pg_trigger WHERE tgrelid = CAST('{table}' AS regclass) AND tgname = '{table}_kept') THEN
                 CREATE TRIGGER {table}_kept BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {table}_guard();
             END IF;
             IF NOT EXISTS (SELECT 1 FROM pg_trigger WHERE tgrelid = CAST('{table}' AS regclass) AND tgname = '{table}_not_emptied') THEN
                 CREATE TRIGGER {table}_not_emptied BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION {table}_guard();
             END IF;
         END $make$;"
    )
}
