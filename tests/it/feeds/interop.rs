//! Our calendars read by somebody else's library, and theirs read by us. `make test` installs it; without it these stories fail, they are never
//! skipped.

use super::*;
use crate::support::on_both;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use stopover::features::feeds::rules::{Manner, read};
use stopover::values::{Night, NightRange, Zone};

const FROM: &str = "2026-06-01";
const TO: &str = "2028-01-01";

/// Runs `interop.py`; answers the nights it prints.
fn python(what: &str, file: &Path, zone: &str) -> BTreeSet<String> {
    // The tests' binary lies in TARGET/PROFILE/deps.
    let target: PathBuf = std::env::current_exe().unwrap().ancestors().nth(3).unwrap().into();
    let python = target.join("tools/icalendar-7.3.0/bin/python");
    let missing = "the calendar library of the tests is not installed: run `make test`, or scripts/prepare-tests once";
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/feeds/interop.py");
    let run = Command::new(&python).arg(script).arg(what).arg(file).args([zone, FROM, TO]).output();
    let run = run.unwrap_or_else(|error| panic!("{missing} ({}: {error})", python.display()));
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    String::from_utf8(run.stdout).unwrap().lines().map(str::to_owned).collect()
}

fn between(ranges: impl Iterator<Item = NightRange>) -> BTreeSet<String> {
    let (from, to) = (Night::parse(FROM).unwrap(), Night::parse(TO).unwrap());
    ranges.flat_map(NightRange::iter).filter(|night| (from..to).contains(night)).map(|night| night.to_string()).collect()
}

on_both!(somebody_elses_library_reads_our_calendar_as_it_is_meant, async |db: TestDb| {
    let site = Site::new(Says::Calendar(calendar(&[("2026-08-01", "2026-08-15", "x"), ("2027-02-27", "2027-03-02", "y")])));
    let stage = Stage::new(&db, &[site.at.port()]).await;
    change(
        &db,
        "UPDATE listings SET title = 'Bücher; Zürich, \\ und 🌍 mit einem sehr langen Titel, der gefaltet werden muss 🌍🌍🌍🌍🌍🌍' WHERE id = $1",
        stage.home,
    )
    .await;
    book(&db, stage.home, 0, &["2026-07-01", "2026-07-02"]).await;
    book(&db, stage.home, 0, &["2026-07-03"]).await;
    stage.connect(&site).await;
    let (_, path) = stage.export(json!({"name": "x"})).await;
    let file = stage.town.folder().join("ours.ics");
    std::fs::write(&file, stage.told(&path).await).unwrap();
    let expected = [("2026-07-01", "2026-07-04"), ("2026-08-01", "2026-08-15"), ("2027-02-27", "2027-03-02")];
    let expected = between(expected.iter().map(|(from, to)| NightRange::new(Night::parse(from).unwrap(), Night::parse(to).unwrap())));
    assert_eq!(python("read", &file, "America/New_York"), expected);
});

#[test]
fn we_read_somebody_elses_calendar_as_it_is_meant() {
    let folder = tempfile::tempdir().unwrap();
    for zone in ["Europe/Berlin", "America/New_York", "Pacific/Auckland"] {
        let file = folder.path().join("theirs.ics");
        let expected = python("write", &file, zone);
        let manner = Manner { zone: Zone::parse(zone).unwrap(), today: Night::parse(FROM).unwrap(), block_same_day: false, ignore_window_blocks: false };
        let reading = read(&std::fs::read(&file).unwrap(), &manner, |_| false).unwrap();
        assert!(expected.len() > 60, "{}", expected.len());
        assert_eq!(between(reading.taken().into_iter().map(|(range, _)| range)), expected, "{zone}");
        assert_eq!(reading.warnings(), 0, "{zone}");
    }
}
