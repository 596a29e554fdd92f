//! Calendars as other sites write them, and as they should not.

use super::*;

fn manner(zone: &str) -> Manner {
    let today = Night::parse("2026-06-01").unwrap();
    Manner { zone: Zone::parse(zone).unwrap(), today, block_same_day: false, ignore_window_blocks: false }
}

fn event(lines: &str) -> String {
    format!("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n{}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n", lines.replace('|', "\r\n"))
}

fn ranges(reading: &Reading) -> String {
    let written = |range: &NightRange| format!("{}/{}", &range.from.to_string()[2..], &range.to.to_string()[5..]);
    reading.taken().iter().map(|(range, _)| written(range)).collect::<Vec<_>>().join(" ")
}

/// The nights of one event, or its verdict where it takes none.
fn judged(manner: &Manner, lines: &str) -> String {
    let reading = match read(event(lines).as_bytes(), manner, |uid| uid.ends_with("@own")) {
        Ok(reading) => reading,
        Err(unreadable) => return format!("{unreadable:?}"),
    };
    let seen = &reading.events[0];
    let odd: String = seen.warnings.iter().map(|warning| format!(" {warning:?}")).collect();
    if seen.verdict == Verdict::Takes { ranges(&reading) + &odd } else { format!("{:?}{odd}", seen.verdict) }
}

#[test]
fn every_event_has_its_nights_or_its_reason() {
    let berlin = manner("Europe/Berlin");
    for (lines, expected) in [
        // I2: the end is the check-out date.
        ("DTSTART;VALUE=DATE:20260610|DTEND;VALUE=DATE:20260613", "26-06-10/06-13"),
        ("DTSTART;VALUE=DATE:20260610", "26-06-10/06-11"),
        ("DTSTART;VALUE=DATE:20260610|DTEND;VALUE=DATE:20260610", "26-06-10/06-11"),
        ("DTSTART;VALUE=DATE:20260610|DTEND;VALUE=DATE:20260608", "26-06-10/06-11 EndsBeforeItBegins"),
        ("DTSTART;VALUE=DATE:20260610|DURATION:P3D", "26-06-10/06-13"),
        ("DTSTART;VALUE=DATE:20260610|DURATION:PT36H", "26-06-10/06-12"),
        ("DTSTART;VALUE=DATE:20260610|DTEND;VALUE=DATE:soon", "26-06-10/06-11 NoEnd"),
        ("DTSTART;VALUE=DATE:20260610|DTEND:20260612T100000Z", "26-06-10/06-12"),
        // I3: local dates.
        ("DTSTART:20260610T140000Z|DTEND:20260612T080000Z", "26-06-10/06-12"),
        ("DTSTART:20260610T230000Z|DTEND:20260612T230000Z", "26-06-11/06-13"),
        ("DTSTART;TZID=America/New_York:20260610T200000|DTEND;TZID=America/New_York:20260612T110000", "26-06-11/06-12"),
        ("DTSTART:20260610T150000|DURATION:P2D", "26-06-10/06-12"),
        ("DTSTART:20260610T000000|DTEND:20260611T000000", "26-06-10/06-11"),
        ("DTSTART:20260610T090000|DTEND:20260610T120000", "SameDay"),
        ("DTSTART:20260610T090000", "SameDay"),
        ("DTSTART;TZID=Nowhere/Land:20260610T233000|DTEND;TZID=Nowhere/Land:20260611T233000", "26-06-11/06-12 UnknownZone"),
        // I4.
        ("DTSTART;VALUE=DATE:20260610|STATUS:CANCELLED", "Cancelled"),
        ("DTSTART;VALUE=DATE:20260610|TRANSP:transparent", "Transparent"),
        ("DTSTART;VALUE=DATE:20260610|STATUS:CONFIRMED|TRANSP:OPAQUE", "26-06-10/06-11"),
        ("DTSTART;VALUE=DATE:20260604|RRULE:FREQ=WEEKLY;COUNT=3", "26-06-04/06-05 26-06-11/06-12 26-06-18/06-19"),
        ("DTSTART;VALUE=DATE:20260605|DTEND;VALUE=DATE:20260607|RRULE:FREQ=WEEKLY;UNTIL=20260619|EXDATE;VALUE=DATE:20260612", "26-06-05/06-07 26-06-19/06-21"),
        ("DTSTART;VALUE=DATE:20260605|RRULE:FREQ=HOURLY", "26-06-05/06-06 UnknownRule"),
        ("DTSTART;VALUE=DATE:20260605|RRULE:FREQ=DAILY;COUNT=2;BYHOUR=9", "26-06-05/06-06 26-06-06/06-07 TimesOfRule"),
        ("DTSTART:20260605T200000Z|DTEND:20260606T080000Z|RRULE:FREQ=DAILY;UNTIL=20260606T200000Z", "26-06-05/06-06 26-06-06/06-07"),
        ("DTSTART;VALUE=DATE:20260605|RDATE;VALUE=DATE:20260701,20260702,x", "26-06-05/06-06 26-07-01/07-02 26-07-02/07-03 UnknownDate"),
        // I5.
        ("DTSTART;VALUE=DATE:20260610|SUMMARY:Check-out: Jane", "Marker"),
        ("DTSTART;VALUE=DATE:20260610|DTEND;VALUE=DATE:20260614|SUMMARY:Check-in Jane", "26-06-10/06-14"),
        ("DTSTART;VALUE=DATE:20260610|UID:1@own", "Own"),
        // Then and now.
        ("DTSTART;VALUE=DATE:20260520|DTEND;VALUE=DATE:20260601", "Past"),
        ("DTSTART;VALUE=DATE:20260520|DTEND;VALUE=DATE:20260602", "26-05-20/06-02"),
        ("DTSTART;VALUE=DATE:20290601", "Beyond"),
        ("DTSTART;VALUE=DATE:19000101|DTEND;VALUE=DATE:21991231", "00-01-01/12-31"),
    ] {
        assert_eq!(judged(&berlin, lines), expected, "{lines}");
    }
    for unreadable in ["SUMMARY:x", "DTSTART:yesterday", "DTSTART;VALUE=DATE:20260231"] {
        assert_eq!(judged(&berlin, unreadable), "NoDates", "{unreadable}");
    }
}

#[test]
fn hosts_may_have_it_otherwise() {
    let mut chosen = manner("Europe/Berlin");
    chosen.block_same_day = true;
    assert_eq!(judged(&chosen, "DTSTART:20260610T090000|DTEND:20260610T120000"), "26-06-10/06-11");
    chosen.ignore_window_blocks = true;
    for (lines, expected) in [
        // I7: today is 2026-06-01; 300 days ahead is 2027-03-28.
        ("SUMMARY:Not available|DTSTART;VALUE=DATE:20270301|DTEND;VALUE=DATE:20270328", "Window"),
        ("SUMMARY:Not available|DTSTART;VALUE=DATE:20270301|DTEND;VALUE=DATE:20270327", "27-03-01/03-27"),
        ("SUMMARY:Airbnb (Not available)|DTSTART;VALUE=DATE:20260601|DTEND;VALUE=DATE:20260608", "Window"),
        ("SUMMARY:Airbnb (Not available)|DTSTART;VALUE=DATE:20260601|DTEND;VALUE=DATE:20260609", "26-06-01/06-09"),
        ("SUMMARY:Reserved|DTSTART;VALUE=DATE:20260601|DTEND;VALUE=DATE:20260604", "26-06-01/06-04"),
    ] {
        assert_eq!(judged(&chosen, lines), expected, "{lines}");
    }
}

#[test]
fn an_occurrence_may_be_moved() {
    let text = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:a\nDTSTART;VALUE=DATE:20260604\nRRULE:FREQ=WEEKLY;COUNT=3\nEND:VEVENT\n\
        BEGIN:VEVENT\nUID:a\nRECURRENCE-ID;VALUE=DATE:20260611\nDTSTART;VALUE=DATE:20260613\nDTEND;VALUE=DATE:20260615\nEND:VEVENT\n\
        BEGIN:VEVENT\nUID:a\nRECURRENCE-ID;VALUE=DATE:20260618\nDTSTART;VALUE=DATE:20260618\nSTATUS:CANCELLED\nEND:VEVENT\nEND:VCALENDAR\n";
    assert_eq!(ranges(&read(text.as_bytes(), &manner("Europe/Berlin"), |_| false).unwrap()), "26-06-04/06-05 26-06-13/06-15");
}

#[test]
fn calendars_of_other_sites_are_read() {
    for (name, bytes, site, expected) in [
        (
            "airbnb",
            include_str!("../../../../../tests/calendars/airbnb.ics"),
            "airbnb",
            "26-06-05/06-09 R, 26-06-20/06-27 R, 26-07-01/07-03 B, 27-05-30/06-01 B",
        ),
        ("vrbo", include_str!("../../../../../tests/calendars/vrbo.ics"), "vrbo", "26-06-12/06-15 R, 26-08-01/08-15 B"),
        ("booking_com", include_str!("../../../../../tests/calendars/booking_com.ics"), "booking_com", "26-06-18/06-20 B, 26-07-10/07-17 B"),
        ("smoobu", include_str!("../../../../../tests/calendars/smoobu.ics"), "smoobu", "26-06-22/06-26 R"),
    ] {
        let reading = read(bytes.as_bytes(), &manner("Europe/Berlin"), |_| false).unwrap();
        let taken = reading.taken();
        let word = |class: Class| if class == Class::Block { "B" } else { "R" };
        let found: Vec<String> =
            taken.iter().map(|(range, class)| format!("{}/{} {}", &range.from.to_string()[2..], &range.to.to_string()[5..], word(*class))).collect();
        assert_eq!((reading.site, found.join(", ").as_str()), (site, expected), "{name}");
        assert_eq!(reading.warnings(), 0, "{name}");
    }
}

#[test]
fn a_calendar_as_large_as_may_be_is_read_quickly() {
    let mut text = String::from("BEGIN:VCALENDAR\r\n");
    for at in 0..5_000 {
        let day = Night(20_605 + at % 900).date().strftime("%Y%m%d").to_string();
        text.push_str(&format!("BEGIN:VEVENT\r\nUID:{at}@x\r\nDTSTART;TZID=Europe/Paris:{day}T150000\r\nDURATION:P2D\r\nSUMMARY:Reserved\r\n"));
        text.push_str(&format!("DESCRIPTION:{}\r\nEND:VEVENT\r\n", "x".repeat(250)));
    }
    text.push_str("END:VCALENDAR\r\n");
    assert!(text.len() < 2 << 20, "{}", text.len());
    let begun = std::time::Instant::now();
    let reading = read(text.as_bytes(), &manner("America/New_York"), |_| false).unwrap();
    assert_eq!(reading.events.len(), 5_000);
    // 200 ms in a release; without optimisation, on a machine with other work, leave room.
    assert!(begun.elapsed().as_millis() < 4_000, "{:?}", begun.elapsed());
}

#[test]
fn rules_without_end_are_refused_when_they_are_too_many() {
    let daily = "BEGIN:VEVENT\nDTSTART;VALUE=DATE:19000101\nRRULE:FREQ=DAILY\nEND:VEVENT\n";
    let calendar = |inside: &str| read(format!("BEGIN:VCALENDAR\n{inside}END:VCALENDAR\n").as_bytes(), &manner("Europe/Berlin"), |_| false);
    assert_eq!(calendar(&daily.repeat(2)).map(|reading| reading.taken().len()), Ok(730));
    assert_eq!(calendar(&daily.repeat(5_000)).unwrap_err(), Unreadable::TooManyRepeats);
    let never = "BEGIN:VEVENT\nDTSTART;VALUE=DATE:19000101\nRRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;COUNT=9999\nEND:VEVENT\n";
    let begun = std::time::Instant::now();
    let _answer = calendar(&never.repeat(5_000));
    assert!(begun.elapsed().as_secs() < 10, "{:?}", begun.elapsed());
}
