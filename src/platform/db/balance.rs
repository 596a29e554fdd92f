//! An entry of the ledger balances, and nothing is added to it later: the database itself refuses, whoever asks.
//!
//! An entry counts once it stands in the queue of the sealer, and there only what balances gets in. PostgreSQL looks at each
//! statement that adds postings as well; SQLite has no triggers of statements, so it looks at the queue only. Neither is put off to the
//! commit: an entry is written by one statement, which balances or not.

use super::Engine;

pub(super) fn guards(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => SQLITE,
        Engine::Postgres => POSTGRES,
    }
}

const SQLITE: &str = "
CREATE TRIGGER IF NOT EXISTS ledger_waiting_balanced BEFORE INSERT ON ledger_waiting
    WHEN (SELECT COUNT(*) < 2 OR SUM(p.amount) <> 0 FROM ledger_postings p WHERE p.entry_id = NEW.entry_id)
    BEGIN SELECT RAISE(ABORT, 'an entry of the ledger balances'); END;
CREATE TRIGGER IF NOT EXISTS ledger_postings_closed BEFORE INSERT ON ledger_postings
    WHEN EXISTS (SELECT 1 FROM ledger_waiting w WHERE w.entry_id = NEW.entry_id) OR EXISTS (SELECT 1 FROM ledger_seals s WHERE s.entry_id = NEW.entry_id)
    BEGIN SELECT RAISE(ABORT, 'nothing is added to an entry of the ledger'); END;
";

const POSTGRES: &str = "
CREATE OR REPLACE FUNCTION ledger_waiting_guard() RETURNS trigger LANGUAGE plpgsql AS $guard$
BEGIN
    IF (SELECT COUNT(*) < 2 OR SUM(p.amount) <> 0 FROM ledger_postings p WHERE p.entry_id = NEW.entry_id) THEN
        RAISE EXCEPTION 'an entry of the ledger balances' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $guard$;
CREATE OR REPLACE FUNCTION ledger_postings_added() RETURNS trigger LANGUAGE plpgsql AS $guard$
BEGIN
    IF EXISTS (SELECT 1 FROM added a GROUP BY a.entry_id HAVING SUM(a.amount) <> 0) THEN
        RAISE EXCEPTION 'an entry of the ledger balances' USING ERRCODE = 'check_violation';
    END IF;
    IF EXISTS (SELECT 1 FROM added a WHERE EXISTS (SELECT 1 FROM ledger_waiting w WHERE w.entry_id = a.entry_id)
        OR EXISTS (SELECT 1 FROM ledger_seals s WHERE s.entry_id = a.entry_id)) THEN
        RAISE EXCEPTION 'nothing is added to an entry of the ledger' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $guard$;
DO $make$ BEGIN
    IF NOT EXISTS (SELECT 1 FROM pg_trigger WHERE tgrelid = CAST('ledger_waiting' AS regclass) AND tgname = 'ledger_waiting_balanced') THEN
        CREATE TRIGGER ledger_waiting_balanced BEFORE INSERT ON ledger_waiting FOR EACH ROW EXECUTE FUNCTION ledger_waiting_guard();
    END IF;
    IF NOT EXISTS (SELECT 1 FROM pg_trigger WHERE tgrelid = CAST('ledger_postings' AS regclass) AND tgname = 'ledger_postings_closed') THEN
        CREATE TRIGGER ledger_postings_closed AFTER INSERT ON ledger_postings REFERENCING NEW TABLE AS added
            FOR EACH STATEMENT EXECUTE FUNCTION ledger_postings_added();
    END IF;
END $make$;
";
