//! `stopover ical doctor`: what a calendar of another site would take here, event by event, and why. Needs no database.

use super::print;
use crate::features::feeds::rules::{Manner, Reading, Seen, Verdict, read};
use crate::platform::config::Config;
use crate::platform::outbound::{Budget, Outbound, Policy};
use crate::values::{Clock, Night, NightRange, SystemClock, Zone};
use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use std::fmt::Write as _;
use std::io::Read as _;
use std::process::ExitCode;

/// Largest calendar that is read.
const BYTES: u64 = 2 << 20;
/// Ranges of one event that are printed.
const RANGES: usize = 6;

#[derive(Debug, Subcommand)]
pub enum IcalCommand {
    /// Explain what a calendar would take: every event with its verdict
    Doctor(IcalArgs),
}

#[derive(Debug, Args)]
pub struct IcalArgs {
    /// A file, `-` for standard input, or an address beginning with https://
    #[arg(value_name = "FILE|URL")]
    from: String,
    /// The time zone of the listing
    #[arg(long, value_name = "ZONE", default_value = "UTC", value_parser = zone)]
    zone: Zone,
    /// As the setting of a feed: an event inside one day takes that night
    #[arg(long)]
    block_same_day: bool,
    /// As the setting of a feed: closed nights far ahead or very near are the other site's window
    #[arg(long)]
    ignore_window_blocks: bool,
}

fn zone(name: &str) -> Result<Zone, String> {
    Zone::parse(name).ok_or_else(|| "not a time zone such as Europe/Berlin".to_owned())
}

/// Exit 1 when the calendar would not be taken over.
pub(super) fn run(config: &Config, command: &IcalCommand) -> anyhow::Result<ExitCode> {
    let IcalCommand::Doctor(args) = command;
    let bytes = if args.from.contains("://") { fetched(config, &args.from)? } else { from_file(&args.from)? };
    let (report, well) = explain(&bytes, args, args.zone.local(SystemClock.now()).today);
    print(report.trim_end())?;
    Ok(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn from_file(path: &str) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = if path == "-" {
        std::io::stdin().lock().take(BYTES + 1).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(path).with_context(|| format!("cannot open {path}"))?.take(BYTES + 1).read_to_end(&mut bytes)
    };
    read.with_context(|| format!("cannot read {path}"))?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > BYTES) {
        bail!("the calendar is larger than 2 MiB; no feed may be");
    }
    Ok(bytes)
}

/// As a feed would be fetched: the same client, the same bounds.
fn fetched(config: &Config, address: &str) -> anyhow::Result<Vec<u8>> {
    let request = http::Request::get(address).header("accept", "text/calendar").body(Vec::new()).context("this is not an address")?;
    let answer = Outbound::open(config).send(Policy::Public, Budget::of(BYTES), request)?;
    if answer.status() != 200 {
        bail!("the server answers {}", answer.status());
    }
    Ok(answer.into_body())
}

/// The report, and whether a feed would take the calendar over.
fn explain(bytes: &[u8], args: &IcalArgs, today: Night) -> (String, bool) {
    let manner = Manner { zone: args.zone.clone(), today, block_same_day: args.block_same_day, ignore_window_blocks: args.ignore_window_blocks };
    match read(bytes, &manner, |_uid| false) {
        Ok(reading) => (written(&reading, &manner), true),
        Err(unreadable) => (format!("This calendar would not be taken over: {unreadable}. What it said before would stay."), false),
    }
}

fn written(reading: &Reading, manner: &Manner) -> String {
    let (mut text, taken) = (String::new(), reading.taken());
    // Writing into a text cannot fail.
    let _always = writeln!(text, "Calendar of {} ({}), read for {} on {}", reading.site, shown(&reading.product), manner.zone.name(), manner.today);
    for seen in &reading.events {
        text.push_str(&event(seen));
    }
    if reading.strange_lines > 0 {
        let _always = writeln!(text, "warning: {} lines are none of a calendar and were read over", reading.strange_lines);
    }
    let nights: u32 = taken.iter().map(|(range, _)| range.nights()).sum();
    let _always = writeln!(text, "{} events, {} warnings; {nights} nights in {} ranges would be taken", reading.events.len(), reading.warnings(), taken.len());
    text
}

fn event(seen: &Seen) -> String {
    let mut text = format!("\n{} [{}] {}\n", shown(&seen.summary), seen.class.name(), shown(&seen.uid));
    let dates: Vec<String> = seen.ranges.iter().take(RANGES).map(|range| dates(*range)).collect();
    if seen.verdict == Verdict::Takes {
        let more = seen.ranges.len().saturating_sub(RANGES);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let _always = writeln!(text, "  takes {}{more}", dates.join(", "));
    } else {
        let _always = writeln!(text, "  {}", seen.verdict.words());
    }
    for warning in &seen.warnings {
        let _always = writeln!(text, "  warning: {}", warning.words());
    }
    text
}

fn dates(range: NightRange) -> String {
    format!("{} to {} ({} nights)", range.from, range.to, range.nights())
}

/// Text of strangers on a terminal: without control characters, which the reader has taken out, and never empty.
fn shown(text: &str) -> &str {
    if text.is_empty() { "-" } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(ignore_window_blocks: bool) -> IcalArgs {
        IcalArgs { from: "-".into(), zone: Zone::parse("Europe/Berlin").unwrap(), block_same_day: false, ignore_window_blocks }
    }

    #[test]
    fn every_event_is_explained() {
        let today = Night::parse("2026-06-01").unwrap();
        let (text, well) = explain(include_bytes!("../../tests/calendars/airbnb.ics"), &args(true), today);
        for line in [
            "Calendar of airbnb (-//Airbnb Inc//Hosting Calendar 0.8.8//EN), read for Europe/Berlin on 2026-06-01",
            "Reserved [reservation] 1418fb94e984-0123456789abcdef@airbnb.com",
            "  takes 2026-06-05 to 2026-06-09 (4 nights)",
            "Airbnb (Not available) [block] 7f662ec65913-8899aabbccddeeff@airbnb.com",
            "  takes nothing: it is the other site's booking window or notice (ignore_window_blocks)",
            "4 events, 0 warnings; 13 nights in 3 ranges would be taken",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
        assert!(well);
        let (text, well) = explain(b"<html>", &args(false), today);
        assert!(!well && text.contains("would not be taken over: it is not a calendar"), "{text}");
    }
}
