//! Letters to an SMTP server of this test.

use super::sink::{Manner, Sink};
use super::{config, dead, errors, jobs, keys, letter, postman, run_due, send, with_login};
use crate::support::{TestDb, off_thread, on_both};
use serde_json::json;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, Instant};
use stopover::platform::config::{Config, Encryption};
use stopover::platform::db::{Db, DbError, DbResult};
use stopover::platform::jobs::{Job, Jobs, Order, enqueue, every};
use stopover::platform::mail::{Letter, check, post};
use stopover::platform::tasks::Running;

fn at(port: u16) -> Config {
    config(Path::new("/nowhere"), port)
}

on_both!(a_letter_reaches_the_server_when_its_transaction_is_committed, async |db: TestDb| {
    let sink = Sink::new(Manner::Friendly);
    let jobs = jobs(&db, &at(sink.port));
    let undone: DbResult<()> = db
        .write(|tx, now| {
            post(tx, now, &keys(), &letter())?;
            Err(DbError::Unusable("changed my mind".into()))
        })
        .await;
    assert!(undone.is_err() && run_due(&jobs).await == 0);
    send(&db, &letter()).await;
    let stored: DbResult<Option<String>> = db.read(|conn| conn.first("SELECT CAST(payload AS TEXT) FROM jobs", &[], |row| row.get(0))).await;
    let stored = stored.unwrap().unwrap();
    assert!(stored.contains("sealed") && !["ada", "Ada", "s3cret", "welcome"].iter().any(|word| stored.contains(word)), "{stored}");
    assert_eq!(run_due(&jobs).await, 1);
    let commands = sink.commands();
    assert!(commands[0].starts_with("EHLO "), "{commands:?}");
    assert_eq!(commands[1..4], ["MAIL FROM:<no-reply@example.org>", "RCPT TO:<ada@example.com>", "DATA"]);
    let message = &sink.messages()[0];
    let (head, body) = message.split_once("\r\n\r\n").unwrap();
    assert!(head.contains("To: \"Ada Lovelace\" <ada@example.com>") && head.contains("Subject: =?utf-8?b?"), "{head}");
    assert_eq!(body, "Hello Ada,\r\n\r\nhttps://example.org/verify?token=s3cret\r\n.\r\n.. that was all\r\n");
    assert_eq!(run_due(&jobs).await, 0);
    // The letter of another instance, or of a lost key, cannot be read and need not be tried.
    let foreign: DbResult<bool> = db
        .write(|tx, now| {
            let sealed = stopover::platform::keys::Keys::from_bytes([8; 32]).seal("jobs mail.send", b"{}");
            enqueue(tx, now, &Job { kind: "mail.send", key: None, payload: json!({ "sealed": sealed }), run_at: now })
        })
        .await;
    assert!(foreign.unwrap());
    assert_eq!((run_due(&jobs).await, dead(&db).await), (1, 1));
});

on_both!(refusals_that_last_are_dead_letters_and_others_wait, async |db: TestDb| {
    let sink = Sink::new(Manner::Friendly);
    let config = at(sink.port);
    let jobs = jobs(&db, &config);
    let mut buried = 0;
    for (manner, lasting) in [
        (Manner::Recipient(550), true),
        (Manner::Content(554), true),
        (Manner::Recipient(450), false),
        (Manner::Content(451), false),
        (Manner::Sender(550), false),
        (Manner::Babbles, false),
    ] {
        sink.becomes(manner);
        send(&db, &letter()).await;
        assert_eq!(run_due(&jobs).await, 1, "{manner:?}");
        buried += usize::from(lasting);
        assert_eq!(dead(&db).await, buried, "{manner:?}");
    }
    let errors = errors(&db).await;
    assert!(errors.len() == 6 && !errors.iter().any(|e| e.contains("ada")), "an error tells no address: {errors:?}");
    assert!(errors[0].contains("recipient") && errors[0].contains("550"), "{errors:?}");

    sink.becomes(Manner::Friendly);
    db.clock.advance_seconds(1);
    assert_eq!(run_due(&jobs).await, 4, "those that waited");
    assert_eq!(sink.messages().len(), 4);
    assert!(check(&config).unwrap().contains("answers"));
});

on_both!(a_second_delivery_can_be_recognised, async |db: TestDb| {
    let sink = Sink::new(Manner::Friendly);
    let jobs = jobs(&db, &at(sink.port));
    send(&db, &letter()).await;
    let copied: DbResult<u64> = db.write(|tx, _| tx.execute("UPDATE jobs SET attempts = 0", &[])).await;
    assert_eq!(copied.unwrap(), 1);
    let id = |message: &str| message.lines().find(|l| l.starts_with("Message-ID: <")).unwrap().to_owned();
    // The server takes the letter and the process dies before that is written down: here, its row is put back.
    let row: DbResult<Option<(uuid::Uuid, String)>> =
        db.read(|conn| conn.first("SELECT id, CAST(payload AS TEXT) FROM jobs", &[], |row| Ok((row.get(0)?, row.get(1)?)))).await;
    let (job, payload) = row.unwrap().unwrap();
    assert_eq!(run_due(&jobs).await, 1);
    let put_back: DbResult<u64> = db
        .write(move |tx, now| {
            let sql = "INSERT INTO jobs (id, kind, payload, state, run_at, attempts, created_at) VALUES ($1, 'mail.send', $2, 'waiting', $3, 1, $3)";
            tx.execute(sql, &[job.into(), stopover::platform::db::Value::Json(payload.clone()), now.into()])
        })
        .await;
    assert_eq!(put_back.unwrap(), 1);
    assert_eq!(run_due(&jobs).await, 1);
    let messages = sink.messages();
    assert!(messages.len() == 2 && id(&messages[0]) == id(&messages[1]) && id(&messages[0]).contains(&job.to_string()));
});

on_both!(the_password_goes_to_the_server_and_never_in_the_clear_to_one_without_tls, async |db: TestDb| {
    let sink = Sink::new(Manner::Login(235));
    let config = with_login(at(sink.port));
    let jobs = jobs(&db, &config);
    send(&db, &letter()).await;
    assert_eq!((run_due(&jobs).await, sink.messages().len()), (1, 1));
    assert!(sink.commands().iter().any(|c| c == "AUTH PLAIN AHN0b3BvdmVyADAwNw=="), "{:?}", sink.commands());
    sink.becomes(Manner::Login(535));
    send(&db, &letter()).await;
    assert_eq!((run_due(&jobs).await, dead(&db).await), (1, 0), "the operator can mend a password");
    assert!(
        off_thread({
            let config = config.clone();
            move || check(&config)
        })
        .await
        .unwrap_err()
        .contains("535")
    );

    // A server, or somebody in between, that offers no STARTTLS hears neither password nor letter.
    let bare = Sink::new(Manner::Login(235));
    let mut config = with_login(at(bare.port));
    config.mail.encryption = Encryption::Starttls;
    let jobs = super::jobs(&db, &config);
    send(&db, &letter()).await;
    assert_eq!((run_due(&jobs).await, bare.messages().len(), dead(&db).await), (1, 0, 0));
    assert!(bare.commands().iter().all(|c| c.starts_with("EHLO") || c == "QUIT"), "{:?}", bare.commands());
});

on_both!(a_server_that_is_silent_or_gone_stalls_nobody_else, async |db: TestDb| {
    let sink = Sink::new(Manner::Silent);
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let other = every("other", Duration::from_secs(1), move |_: &Order| {
        counted.fetch_add(1, SeqCst);
        Ok(())
    });
    let running = Running::start(vec![Jobs::new(Db::clone(&db), vec![postman(&at(sink.port)), other]).task()]);
    for _ in 0..20 {
        send(&db, &letter()).await;
    }
    let begun = Instant::now();
    while sink.connections() < 2 || count.load(SeqCst) < 5 {
        assert!(begun.elapsed() < Duration::from_secs(18), "other work waits for the post: {}", count.load(SeqCst));
        db.clock.advance_seconds(1);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(sink.connections(), 2, "two letters at once");
    let asked = Instant::now();
    let told = off_thread({
        let config = at(sink.port);
        move || check(&config)
    })
    .await;
    assert!(told.unwrap_err().contains("did not answer in time") && asked.elapsed() < Duration::from_secs(8));
    let port = sink.port;
    drop(sink);
    running.stop(Duration::from_secs(10)).await;
    assert_eq!(dead(&db).await, 0);
    assert!(check(&at(port)).unwrap_err().contains("refused"));
});

#[test]
fn a_letter_shows_nothing_in_a_log() {
    let shown = format!("{:?}", Letter { to: "ada@example.com".into(), ..letter() });
    assert_eq!(shown, "Letter");
}
