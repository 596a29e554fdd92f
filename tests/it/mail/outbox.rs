//! Letters without an SMTP server: files in the data folder.

use super::{jobs, letter, run_due, send};
use crate::support::{TestDb, on_both};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use stopover::platform::config::Config;
use stopover::platform::mail::check;

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

on_both!(letters_are_written_where_only_the_owner_reads_them, async |db: TestDb| {
    let folder = tempfile::tempdir().unwrap();
    let config = Config { data_dir: folder.path().into(), ..Config::default() };
    let outbox = folder.path().join("outbox");
    assert!(check(&config).unwrap().contains(&outbox.display().to_string()));
    // A folder that somebody made readable for all is closed.
    std::fs::create_dir(&outbox).unwrap();
    std::fs::set_permissions(&outbox, std::fs::Permissions::from_mode(0o755)).unwrap();
    let jobs = jobs(&db, &config);
    send(&db, &letter()).await;
    assert_eq!(run_due(&jobs).await, 1);
    let [file] = &files(&outbox)[..] else { panic!("{:?}", files(&outbox)) };
    assert_eq!((mode(&outbox), mode(file)), (0o700, 0o600));
    let name = file.file_name().unwrap().to_str().unwrap();
    assert!(name.starts_with("20260601T120000Z-") && name.ends_with(".eml"), "{name}");

    let text = std::fs::read_to_string(file).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let header = |name: &str| head.lines().find_map(|l| l.strip_prefix(&format!("{name}: "))).unwrap_or_else(|| panic!("{name}: {head}"));
    assert_eq!(header("From"), "Stopover <stopover@localhost>");
    assert_eq!(header("To"), "\"Ada Lovelace\" <ada@example.com>");
    assert_eq!(header("Date"), "Mon, 01 Jun 2026 12:00:00 +0000");
    assert!(header("Message-ID").starts_with(&format!("<{}", &name["20260601T120000Z-".len()..name.len() - 4])));
    assert_eq!(body, "Hello Ada,\r\n\r\nhttps://example.org/verify?token=s3cret\r\n.\r\n.. that was all\r\n");

    // A disk that cannot be written keeps the letter waiting.
    std::fs::remove_dir_all(&outbox).unwrap();
    std::fs::write(&outbox, "in the way").unwrap();
    send(&db, &letter()).await;
    assert_eq!(run_due(&jobs).await, 1);
    std::fs::remove_file(&outbox).unwrap();
    db.clock.advance_seconds(1);
    assert_eq!(run_due(&jobs).await, 1);
    assert!(files(&outbox).len() == 1 && files(&outbox)[0].extension().is_some_and(|e| e == "eml"));
    // The name tells when the letter was written, not when the disk was mended.
    assert!(files(&outbox)[0].display().to_string().contains("20260601T120000Z"));
});
