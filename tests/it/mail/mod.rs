//! Letters: to a server that takes them, refuses them, stalls or is not there, and to the outbox.

mod outbox;
mod server;
mod sink;

use crate::support::{TestDb, off_thread};
use std::path::Path;
use std::sync::Arc;
use stopover::platform::config::{Config, Encryption, Hidden, Mail};
use stopover::platform::db::{Db, DbResult};
use stopover::platform::jobs::{Handler, Jobs, list_dead};
use stopover::platform::keys::Keys;
use stopover::platform::mail::{Letter, Postman, post};

fn keys() -> Arc<Keys> {
    Arc::new(Keys::from_bytes([7; 32]))
}

fn letter() -> Letter {
    let text = "Hello Ada,\n\nhttps://example.org/verify?token=s3cret\n.\n.. that was all\n";
    Letter { to: "ada@example.com".into(), to_name: "Ada Lovelace".into(), subject: "Grüße, and welcome".into(), text: text.into() }
}

/// Settings for a server at `port` of this machine.
fn config(data_dir: &Path, port: u16) -> Config {
    let mail = Mail { from: Some("Stopover <no-reply@example.org>".into()), host: Some("127.0.0.1".into()), port: Some(port), ..Mail::default() };
    Config { data_dir: data_dir.into(), mail: Mail { encryption: Encryption::None, ..mail }, ..Config::default() }
}

fn with_login(mut config: Config) -> Config {
    (config.mail.user, config.mail.password) = (Some("stopover".into()), Some(Hidden::new("007")));
    config
}

fn postman(config: &Config) -> Box<dyn Handler> {
    Box::new(Postman::new(config, keys()).unwrap())
}

/// A runner that carries letters and nothing else.
fn jobs(db: &TestDb, config: &Config) -> Jobs {
    Jobs::new(Db::clone(db), vec![postman(config)])
}

async fn run_due(jobs: &Jobs) -> usize {
    let jobs = jobs.clone();
    off_thread(move || jobs.run_due()).await
}

async fn send(db: &Db, letter: &Letter) {
    let letter = letter.clone();
    let posted: DbResult<()> = db.write(move |tx, now| post(tx, now, &keys(), &letter)).await;
    posted.unwrap();
}

/// What each job says of its failure.
async fn errors(db: &Db) -> Vec<String> {
    let found: DbResult<Vec<Option<String>>> = db.read(|conn| conn.query("SELECT last_error FROM jobs ORDER BY id", &[], |row| row.get(0))).await;
    found.unwrap().into_iter().flatten().collect()
}

async fn dead(db: &Db) -> usize {
    let found: DbResult<usize> = db.read(|conn| Ok(list_dead(conn, None, 100)?.len())).await;
    found.unwrap()
}
