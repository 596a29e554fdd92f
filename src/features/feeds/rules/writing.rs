//! Entries as a calendar that every other site reads (RFC 5545): CRLF, folded lines, escapes, dates without times.

use super::entries::Entry;
use crate::values::{Instant, Night};
use std::fmt::Write as _;

/// Longest line, without its CRLF.
const OCTETS: usize = 75;

/// What stands around the entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame<'a> {
    /// Of this instance; behind the `@` of every UID.
    pub host: &'a str,
    /// What the calendar is called.
    pub name: &'a str,
    /// The version of the calendar: rises with every change.
    pub sequence: i64,
}

/// The calendar as it is sent. The same entries make the same bytes.
#[must_use]
pub fn calendar(frame: &Frame<'_>, entries: &[Entry]) -> String {
    let mut text = String::with_capacity(400 + entries.len() * 320);
    let head = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Stopover//Calendar//EN", "CALSCALE:GREGORIAN", "METHOD:PUBLISH"];
    head.iter().for_each(|one| line(&mut text, one));
    line(&mut text, &format!("X-WR-CALNAME:{}", escaped(frame.name)));
    line(&mut text, "REFRESH-INTERVAL;VALUE=DURATION:PT30M");
    line(&mut text, "X-PUBLISHED-TTL:PT30M");
    for entry in entries {
        line(&mut text, "BEGIN:VEVENT");
        line(&mut text, &format!("UID:{}@{}", entry.uid, frame.host));
        line(&mut text, &format!("DTSTAMP:{}", stamp(entry.since)));
        line(&mut text, &format!("LAST-MODIFIED:{}", stamp(entry.since)));
        line(&mut text, &format!("SEQUENCE:{}", frame.sequence));
        line(&mut text, &format!("DTSTART;VALUE=DATE:{}", day(entry.nights.from)));
        line(&mut text, &format!("DTEND;VALUE=DATE:{}", day(entry.nights.to)));
        line(&mut text, if entry.reserved { "SUMMARY:Reserved" } else { "SUMMARY:Not available" });
        line(&mut text, "TRANSP:OPAQUE");
        line(&mut text, "END:VEVENT");
    }
    line(&mut text, "END:VCALENDAR");
    text
}

/// Adds a line, folded so that no part is longer than 75 octets and no character is torn.
fn line(text: &mut String, content: &str) {
    let mut used = 0;
    for character in content.chars() {
        if used + character.len_utf8() > OCTETS {
            text.push_str("\r\n ");
            used = 1;
        }
        text.push(character);
        used += character.len_utf8();
    }
    text.push_str("\r\n");
}

/// As a value of type TEXT.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\\' | ';' | ',' => safe.extend(['\\', character]),
            '\n' => safe.push_str("\\n"),
            '\r' => {}
            other if other.is_control() => safe.push(' '),
            other => safe.push(other),
        }
    }
    safe
}

fn stamp(at: Instant) -> String {
    at.timestamp().strftime("%Y%m%dT%H%M%SZ").to_string()
}

fn day(night: Night) -> String {
    let date = night.date();
    let mut text = String::with_capacity(8);
    // Writing into a text cannot fail.
    let _always = write!(text, "{:04}{:02}{:02}", date.year(), date.month(), date.day());
    text
}

#[cfg(test)]
mod tests {
    use super::super::entries::tests::terms;
    use super::super::entries::{Block, Destination, Elsewhere, Ids, Stay, Taken, entries, in_unit};
    use super::super::{Manner, lines, read};
    use super::*;
    use crate::features::calendar::rules::{Causes, Days, merge};
    use crate::values::{BookingId, ListingId, NightRange, Zone};
    use proptest::prelude::*;
    use uuid::Uuid;

    const TODAY: Night = Night(20_605);

    fn ids() -> Ids {
        Ids::new([3; 32], ListingId(Uuid::from_u128(9)))
    }

    fn manner() -> Manner {
        Manner { zone: Zone::parse("Europe/Berlin").unwrap(), today: TODAY, block_same_day: false, ignore_window_blocks: false }
    }

    fn frame(name: &str) -> Frame<'_> {
        Frame { host: "stay.example", name, sequence: 4 }
    }

    #[test]
    fn a_calendar_is_written_to_the_letter() {
        let entry =
            Entry { uid: Uuid::nil(), nights: NightRange::new(TODAY, TODAY.plus(3)), reserved: true, since: Instant::parse("2026-05-01T10:00:00Z").unwrap() };
        let closed = Entry { reserved: false, ..entry.clone() };
        let text = calendar(&frame("Loft; \"B\u{fc}ro\", 1\nA"), &[entry, closed]);
        let expected = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Stopover//Calendar//EN\r\nCALSCALE:GREGORIAN\r\nMETHOD:PUBLISH\r\n\
            X-WR-CALNAME:Loft\\; \"B\u{fc}ro\"\\, 1\\nA\r\nREFRESH-INTERVAL;VALUE=DURATION:PT30M\r\nX-PUBLISHED-TTL:PT30M\r\n\
            BEGIN:VEVENT\r\nUID:00000000-0000-0000-0000-000000000000@stay.example\r\nDTSTAMP:20260501T100000Z\r\nLAST-MODIFIED:20260501T100000Z\r\n\
            SEQUENCE:4\r\nDTSTART;VALUE=DATE:20260601\r\nDTEND;VALUE=DATE:20260604\r\nSUMMARY:Reserved\r\nTRANSP:OPAQUE\r\nEND:VEVENT\r\n";
        assert!(text.starts_with(expected), "{text}");
        assert!(text.ends_with("SUMMARY:Not available\r\nTRANSP:OPAQUE\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"), "{text}");
    }

    #[test]
    fn long_lines_are_folded_between_characters() {
        for name in ["x".repeat(200), "\u{fc}".repeat(90), "\u{1f30d}".repeat(60), format!("{}\u{1f30d}", "x".repeat(60))] {
            let text = calendar(&frame(&name), &[]);
            assert!(text.split("\r\n").all(|line| line.len() <= OCTETS && !line.contains('\n')), "{text}");
            let joined: Vec<_> = lines::unfolded(text.as_bytes()).filter_map(|line| lines::read(&line)).collect();
            assert_eq!(joined.iter().find(|line| line.name == "X-WR-CALNAME").unwrap().value, name);
        }
    }

    fn ranges(most: usize) -> impl Strategy<Value = Vec<(i64, i32, i32)>> {
        prop::collection::vec((0..3_i64, -60..1_100_i32, 1..40_i32), 0..most)
    }

    fn taken(stays: &[(i64, i32, i32)], blocks: &[(i64, i32, i32)], feeds: &[(i64, i32, i32)]) -> Taken {
        let nights = |from: i32, length: i32| NightRange::new(TODAY.plus(from), TODAY.plus(from + length));
        let stay = |(at, &(slot, from, length)): (usize, &(i64, i32, i32))| Stay {
            slot,
            booking: BookingId(Uuid::from_u128(at as u128)),
            nights: nights(from, length),
            firm: true,
            pinned: false,
        };
        Taken {
            stays: stays.iter().enumerate().map(stay).collect(),
            blocks: blocks.iter().map(|&(_, from, length)| Block { id: Uuid::nil(), nights: nights(from, length), since: Instant(0) }).collect(),
            elsewhere: feeds
                .iter()
                .map(|&(slot, from, length)| Elsewhere { slot, feed: format!("f{slot}"), nights: nights(from, length), since: Instant(0) })
                .collect(),
        }
    }

    /// What is ahead and told of a calendar, night by night.
    fn told(all: &[NightRange]) -> Vec<Night> {
        let mut nights: Vec<Night> = merge(all.to_vec()).into_iter().flat_map(NightRange::iter).collect();
        nights.retain(|night| *night >= TODAY && *night < TODAY.plus(1_000));
        nights
    }

    proptest! {
        /// I15: what we write and read again takes the very nights that are taken here.
        #[test]
        fn our_own_calendar_is_read_as_it_was_meant(stays in ranges(12), blocks in ranges(4), feeds in ranges(8), units in 1_u16..4, preparation in 0_u8..4, slot in prop::option::of(0..3_i64)) {
            let taken = taken(&stays, &blocks, &feeds);
            let to = Destination { slot, source: None };
            let written = calendar(&frame("x"), &entries(&terms(units, preparation), &taken, &to, &ids(), TODAY));
            let read = read(written.as_bytes(), &manner(), |_| false).unwrap();
            let found: Vec<NightRange> = read.taken().into_iter().map(|(range, _)| range).collect();
            let mine = |of: i64| slot.is_none_or(|slot| slot == of);
            let units = if slot.is_some() { 1 } else { units };
            let all = taken.stays.iter().map(|stay| (stay.slot, stay.nights)).chain(taken.elsewhere.iter().map(|range| (range.slot, range.nights)));
            let causes = Causes { blocks: taken.blocks.iter().map(|block| block.nights).collect(), stays: all.filter(|(slot, _)| mine(*slot)).map(|(slot, nights)| in_unit(slot, nights)).collect() };
            let meant = Days::new(&crate::features::calendar::rules::Terms { units, ..terms(units, preparation) }, &causes, Vec::new()).taken;
            prop_assert_eq!(told(&found), told(&meant));
            prop_assert_eq!(read.warnings(), 0);
        }

        /// I15: taking over a calendar and handing it on changes no night of it.
        #[test]
        fn a_calendar_that_is_handed_on_stays_the_same(feeds in ranges(20)) {
            let first = taken(&[], &[], &feeds.iter().map(|&(_, from, length)| (0, from, length)).collect::<Vec<_>>());
            let destination = Destination::default();
            let write = |taken: &Taken| calendar(&frame("x"), &entries(&terms(1, 0), taken, &destination, &ids(), TODAY));
            let nights = |text: &str| read(text.as_bytes(), &manner(), |_| false).unwrap().taken().into_iter().map(|(range, _)| range).collect::<Vec<_>>();
            let imported = nights(&write(&first));
            let handed = Taken { elsewhere: imported.iter().map(|range| Elsewhere { slot: 0, feed: "x".into(), nights: *range, since: Instant(0) }).collect(), ..Taken::default() };
            prop_assert_eq!(nights(&write(&handed)), imported);
        }

        /// Whatever bytes arrive: an answer, and never a panic.
        #[test]
        fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let mut wrapped = b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:".to_vec();
            wrapped.extend_from_slice(&bytes);
            wrapped.extend_from_slice(b"\nEND:VEVENT\nEND:VCALENDAR\n");
            let _answer = (read(&bytes, &manner(), |_| false), read(&wrapped, &manner(), |_| false));
        }

        #[test]
        fn any_rule_is_answered(rule in "(FREQ=(DAILY|WEEKLY|MONTHLY|YEARLY))(;(INTERVAL=[0-9]{1,5}|COUNT=[0-9]{1,6}|UNTIL=[0-9]{8}(T[0-9]{6}Z)?|BYDAY=-?[0-9]{0,2}(MO|SU)|BYMONTHDAY=-?[0-9]{1,2}|BYMONTH=[0-9]{1,2}|WKST=SU)){0,4}", start in "(19|20|21)[0-9]{2}(0[1-9]|1[0-2])[0-2][1-8](T[0-2][0-9]0000Z?)?") {
            let text = format!("BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:{start}\nRRULE:{rule}\nEND:VEVENT\nEND:VCALENDAR\n");
            if let Ok(read) = read(text.as_bytes(), &manner(), |_| false) {
                prop_assert!(read.events[0].ranges.len() <= 732);
            }
        }
    }
}
