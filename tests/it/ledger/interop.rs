//! Our books read by hledger and by Beancount, which nobody here wrote: both must come to the same balances as we do. `make test` installs
//! them; without them these stories fail, they are never skipped.

use super::{booking, eur, host, keys, post, stays};
use crate::support::{TestDb, off_thread, on_both};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use stopover::features::ledger::{self, Account, Class, Format, To, goodwill};
use stopover::platform::db::{Db, DbError};
use stopover::values::Currency;

const MISSING: &str = "a reader of books is not installed: run `make test`, or scripts/prepare-tests once";

type Balances = BTreeMap<(String, String), String>;

/// What the postings of each account come to, in decimals, under the names that `path` gives; without those that hold nothing.
async fn ours(db: &Db, path: fn(&Account) -> String) -> Balances {
    let rows: Vec<(String, String, i64)> = db
        .read(|conn| {
            let sql = "SELECT account, currency, CAST(SUM(amount) AS BIGINT) FROM ledger_postings GROUP BY account, currency";
            conn.query(sql, &[], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        })
        .await
        .map_err(|error: DbError| error)
        .unwrap();
    let decimal = |amount: i64, currency: &str| match Currency::parse(currency).unwrap().exponent() {
        0 => amount.to_string(),
        2 => format!("{}{}.{:02}", if amount < 0 { "-" } else { "" }, amount.abs() / 100, amount.abs() % 100),
        3 => format!("{}{}.{:03}", if amount < 0 { "-" } else { "" }, amount.abs() / 1_000, amount.abs() % 1_000),
        other => panic!("{other} decimals"),
    };
    let held = rows.into_iter().filter(|(_, _, amount)| *amount != 0);
    held.map(|(account, currency, amount)| ((path(&Account::parse(&account).unwrap()), currency.clone()), decimal(amount, &currency))).collect()
}

async fn books(db: &TestDb) {
    stays(db, 1, 5).await;
    for (n, code) in ["JPY", "KWD", "USD"].iter().enumerate() {
        let credit = goodwill(&n.to_string(), Currency::parse(code).unwrap(), 1_234_567, To::Credit(host(1)));
        post(db, credit.with_memo("a|b ; c, d: \"e\" \\ = @ #tag ^link {x} (5) 2026-01-01 \u{1f6b2}")).await.unwrap();
    }
    post(db, goodwill("cents", eur(), 5, To::Credit(host(2)))).await.unwrap();
}

/// Exports the books into a file.
async fn file(db: &TestDb, format: Format, name: &str) -> (tempfile::TempDir, PathBuf) {
    let (db, folder) = (Db::clone(db), tempfile::tempdir().unwrap());
    let path = folder.path().join(name);
    let to = path.clone();
    off_thread(move || {
        ledger::seal_all(&db, &keys()).unwrap();
        assert_eq!(ledger::export(&db, format, None, None, &mut std::fs::File::create(&to).unwrap()).unwrap(), 34);
    })
    .await;
    (folder, path)
}

fn told(mut command: Command) -> String {
    let run = command.output().unwrap_or_else(|error| panic!("{MISSING} ({error})"));
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    String::from_utf8(run.stdout).unwrap()
}

on_both!(beancount_comes_to_the_same_balances, async |db: TestDb| {
    books(&db).await;
    let (_folder, path) = file(&db, Format::Beancount, "books.beancount").await;
    // The tests' binary lies in TARGET/PROFILE/deps.
    let target: PathBuf = std::env::current_exe().unwrap().ancestors().nth(3).unwrap().into();
    let mut command = Command::new(target.join("tools/beancount-3.2.3/bin/python"));
    command.arg(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/ledger/interop.py")).arg(&path);
    let mut theirs = Balances::new();
    for line in told(command).lines() {
        let [account, currency, amount] = line.split(' ').collect::<Vec<_>>().try_into().unwrap();
        if amount.trim_matches(['0', '.']) != "" {
            theirs.insert((account.into(), currency.into()), amount.into());
        }
    }
    let path = |account: &Account| {
        let root = match account.class() {
            Class::Asset => "Assets",
            Class::Liability => "Liabilities",
            Class::Income => "Income",
            Class::Expense => "Expenses",
        };
        let capital = |word: &str| format!("{}{}", word[..1].to_uppercase(), word[1..].replace('_', "-"));
        let name = account.name();
        let (sort, of) = name.split_once(':').map_or((name.as_str(), None), |(sort, of)| (sort, Some(of)));
        let of = of.map(|of| format!(":{}", if of.len() == 36 { of.to_uppercase() } else { capital(of) }));
        format!("{root}:{}{}", capital(sort), of.unwrap_or_default())
    };
    assert_eq!(theirs, ours(&db, path).await);
    assert!(theirs.len() > 8, "{theirs:?}");
});

on_both!(hledger_comes_to_the_same_balances, async |db: TestDb| {
    books(&db).await;
    let (_folder, path) = file(&db, Format::Hledger, "books.journal").await;
    let hledger = |arguments: &[&str]| {
        let mut command = Command::new("hledger");
        command.env("LANG", "C.UTF-8").arg("-f").arg(&path).args(arguments);
        told(command)
    };
    hledger(&["check", "ordereddates"]);
    let mut theirs = Balances::new();
    let text = hledger(&["balance", "--flat", "--no-total", "-O", "csv", "--layout", "bare"]);
    for row in csv::Reader::from_reader(text.as_bytes()).records() {
        let row = row.unwrap();
        theirs.insert((row[0].into(), row[1].into()), row[2].into());
    }
    let path = |account: &Account| {
        let root = match account.class() {
            Class::Asset => "assets",
            Class::Liability => "liabilities",
            Class::Income => "income",
            Class::Expense => "expenses",
        };
        format!("{root}:{}", account.name())
    };
    assert_eq!(theirs, ours(&db, path).await);
    let tagged = hledger(&["print", &format!("tag:booking={}", booking(2))]);
    assert!(tagged.contains("confirmed") && !tagged.contains(&booking(3).to_string()), "{tagged}");
});
