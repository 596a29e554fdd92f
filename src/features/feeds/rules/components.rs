//! The events of a calendar as they are written: which component holds what, within the bounds of S-ICAL 10.

use super::Unreadable;
use super::lines::{self, Line};

pub(super) const EVENTS: usize = 5_000;
const PROPERTIES: usize = 100;
const DEPTH: usize = 4;
const UID_CHARS: usize = 255;
const SUMMARY_CHARS: usize = 200;

/// A VEVENT: the lines that say when, and what it calls itself. Nothing else of it is kept.
#[derive(Debug, Clone, Default)]
pub(super) struct Raw {
    pub uid: String,
    pub summary: String,
    pub cancelled: bool,
    pub transparent: bool,
    pub start: Option<Line>,
    pub end: Option<Line>,
    pub duration: Option<Line>,
    pub rule: Option<Line>,
    pub more: Vec<Line>,
    pub without: Vec<Line>,
    pub instead_of: Option<Line>,
    properties: usize,
}

/// What a calendar says of itself.
#[derive(Debug, Clone, Default)]
pub(super) struct Head {
    pub product: String,
    /// Lines that are none; they were read over.
    pub strange_lines: usize,
}

/// What is being read.
#[derive(Default)]
struct Open {
    head: Head,
    /// The parts that have begun and not ended.
    parts: Vec<String>,
    event: Option<Raw>,
    events: usize,
}

/// Reads a whole calendar and hands over one event after the other, so that never more than one of them is in memory. What does not end as it
/// began was cut off on the way and is refused, whatever was handed over by then.
pub(super) fn each(bytes: &[u8], mut take: impl FnMut(Raw) -> Result<(), Unreadable>) -> Result<Head, Unreadable> {
    let (mut open, mut ended) = (Open::default(), false);
    for bytes in lines::unfolded(bytes) {
        let line = lines::read(&bytes);
        if open.parts.is_empty() && !line.as_ref().is_some_and(|line| line.name == "BEGIN" && line.value.trim().eq_ignore_ascii_case("VCALENDAR")) {
            // Before the first calendar: something else, such as a page of HTML. Behind it: remains.
            if !ended {
                return Err(Unreadable::NotACalendar);
            }
            open.head.strange_lines += 1;
            continue;
        }
        let Some(line) = line else {
            open.head.strange_lines += 1;
            continue;
        };
        match line.name.as_str() {
            "BEGIN" => open.begin(&line)?,
            "END" => {
                let name = line.value.trim().to_ascii_uppercase();
                if open.parts.pop().is_none_or(|begun| begun != name) {
                    return Err(Unreadable::NotACalendar);
                }
                if open.parts.len() == 1 {
                    open.event.take().map_or(Ok(()), &mut take)?;
                }
                ended |= open.parts.is_empty();
            }
            "PRODID" if open.parts.len() == 1 => open.head.product = line.text(SUMMARY_CHARS),
            _ if open.parts.len() == 2 => open.event.as_mut().map_or(Ok(()), |event| event.take(line))?,
            _ => {}
        }
    }
    if open.parts.is_empty() && ended { Ok(open.head) } else { Err(Unreadable::NotACalendar) }
}

impl Open {
    fn begin(&mut self, line: &Line) -> Result<(), Unreadable> {
        if self.parts.len() >= DEPTH {
            return Err(Unreadable::TooDeep);
        }
        let name = line.value.trim().to_ascii_uppercase();
        if self.parts.len() == 1 && name == "VEVENT" {
            self.events += 1;
            if self.events > EVENTS {
                return Err(Unreadable::TooManyEvents);
            }
            self.event = Some(Raw::default());
        }
        self.parts.push(name.chars().take(64).collect());
        Ok(())
    }
}

impl Raw {
    fn take(&mut self, line: Line) -> Result<(), Unreadable> {
        self.properties += 1;
        if self.properties > PROPERTIES {
            return Err(Unreadable::TooManyProperties);
        }
        let said = |word: &str| line.value.trim().eq_ignore_ascii_case(word);
        match line.name.as_str() {
            "UID" => self.uid = line.text(UID_CHARS),
            "SUMMARY" => self.summary = line.text(SUMMARY_CHARS),
            "STATUS" => self.cancelled = said("CANCELLED"),
            "TRANSP" => self.transparent = said("TRANSPARENT"),
            "DTSTART" => self.start = Some(line),
            "DTEND" => self.end = Some(line),
            "DURATION" => self.duration = Some(line),
            "RRULE" => self.rule = Some(line),
            "RDATE" => self.more.push(line),
            "EXDATE" => self.without.push(line),
            "RECURRENCE-ID" => self.instead_of = Some(line),
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Written {
        events: Vec<Raw>,
        strange_lines: usize,
    }

    fn read(bytes: &[u8]) -> Result<Written, Unreadable> {
        let mut events = Vec::new();
        let head = each(bytes, |raw| {
            events.push(raw);
            Ok(())
        })?;
        Ok(Written { events, strange_lines: head.strange_lines })
    }

    fn calendar(inside: &str) -> Result<Written, Unreadable> {
        read(format!("BEGIN:VCALENDAR\r\nPRODID:x\r\n{inside}END:VCALENDAR\r\n").as_bytes())
    }

    #[test]
    fn only_what_begins_and_ends_as_a_calendar_is_one() {
        for bad in [
            "",
            "<html><body>Maintenance</body></html>",
            "BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VEVENT\n",
            "BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VCALENDAR\n",
            "BEGIN:VCARD\nEND:VCARD\n",
            "BEGIN:VCALENDAR\nEND:VCALENDAR\nEND:VCALENDAR\nBEGIN:VCALENDAR",
            "{\"error\":\"gone\"}",
        ] {
            assert_eq!(read(bad.as_bytes()).err(), Some(Unreadable::NotACalendar), "{bad}");
        }
        assert_eq!(calendar("").map(|written| written.events.len()), Ok(0));
        let two =
            read(b"begin:vcalendar\nBEGIN:VEVENT\nEND:VEVENT\nend:vcalendar\n\nBEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VEVENT\nEND:VCALENDAR\nrubbish\n").unwrap();
        assert_eq!((two.events.len(), two.strange_lines), (2, 1));
    }

    #[test]
    fn what_is_inside_an_event_is_not_the_event() {
        let alarm = "BEGIN:VEVENT\nSUMMARY:Stay\nDTSTART:20260601\nBEGIN:VALARM\nSUMMARY:Alarm\nDTSTART:20300101\nEND:VALARM\nTRANSP:TRANSPARENT\nEND:VEVENT\nBEGIN:VTODO\nDTSTART:20200101\nEND:VTODO\n";
        let written = calendar(alarm).unwrap();
        let event = &written.events[0];
        assert_eq!((written.events.len(), event.summary.as_str(), event.transparent), (1, "Stay", true));
        assert_eq!(event.start.as_ref().unwrap().value, "20260601");
    }

    #[test]
    fn bounds_hold() {
        let event = "BEGIN:VEVENT\nEND:VEVENT\n";
        assert_eq!(calendar(&event.repeat(EVENTS)).map(|written| written.events.len()), Ok(EVENTS));
        assert_eq!(calendar(&event.repeat(EVENTS + 1)).err(), Some(Unreadable::TooManyEvents));
        assert_eq!(calendar(&"BEGIN:VEVENT\n".repeat(50_000)).err(), Some(Unreadable::TooDeep));
        assert_eq!(calendar(&format!("BEGIN:VEVENT\n{}END:VEVENT\n", "X-A:1\n".repeat(101))).err(), Some(Unreadable::TooManyProperties));
    }
}
