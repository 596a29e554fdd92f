"""Reads and writes calendars with the libraries icalendar and recurring-ical-events, which nobody here wrote.

read FILE ZONE FROM TO    prints the nights that the calendar takes between two dates, a range a line
write FILE ZONE FROM TO   writes a calendar, and prints the nights that it takes
"""

import datetime as dt
import sys
from zoneinfo import ZoneInfo

import icalendar
import recurring_ical_events


def calendar():
    cal = icalendar.Calendar()
    cal.add("prodid", "-//Somebody else//Calendar//EN")
    cal.add("version", "2.0")

    def event(uid, start, end=None, duration=None, summary="Reserved", **more):
        one = icalendar.Event()
        one.add("uid", uid)
        one.add("dtstamp", dt.datetime(2026, 5, 1, tzinfo=dt.timezone.utc))
        one.add("summary", summary)
        one.add("dtstart", start)
        if end is not None:
            one.add("dtend", end)
        if duration is not None:
            one.add("duration", duration)
        for name, value in more.items():
            one.add(name.replace("_", "-"), value)
        cal.add_component(one)

    day = dt.date
    berlin, york = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
    event("1", day(2026, 6, 10), day(2026, 6, 13))
    event("2", day(2026, 6, 20))
    event("3", day(2026, 6, 22), duration=dt.timedelta(days=3))
    event("4", dt.datetime(2026, 7, 1, 15, tzinfo=berlin), dt.datetime(2026, 7, 4, 10, tzinfo=berlin), summary="Bücher; Zürich, \\ und 🌍 " * 8)
    event("5", dt.datetime(2026, 7, 10, 20, tzinfo=york), dt.datetime(2026, 7, 12, 11, tzinfo=york))
    event("6", dt.datetime(2026, 7, 20, 22, 30, tzinfo=dt.timezone.utc), dt.datetime(2026, 7, 22, 8, tzinfo=dt.timezone.utc))
    event("7", day(2026, 8, 7), day(2026, 8, 9), rrule={"freq": "weekly", "count": 6}, exdate=[day(2026, 8, 21)])
    event("8", day(2026, 1, 31), rrule={"freq": "monthly", "bymonthday": -1})
    event("9", day(2026, 6, 4), rrule={"freq": "monthly", "byday": "1TH", "until": day(2026, 12, 31)})
    event("10", dt.datetime(2026, 10, 20, 18, tzinfo=berlin), dt.datetime(2026, 10, 21, 9, tzinfo=berlin), rrule={"freq": "daily", "interval": 3, "count": 5})
    event("11", day(2024, 2, 29), rrule={"freq": "yearly"})
    event("12", day(2026, 9, 1), day(2026, 9, 2), rrule={"freq": "daily", "byday": ["SA", "SU"], "until": day(2026, 9, 20)})
    event("7", day(2026, 8, 30), day(2026, 9, 1), recurrence_id=day(2026, 8, 28))
    return cal.to_ical()


def nights(data, zone, since, until):
    zone = ZoneInfo(zone)

    def local(value):
        return value.astimezone(zone).date() if isinstance(value, dt.datetime) else value

    found = set()
    for event in recurring_ical_events.of(icalendar.Calendar.from_ical(data)).between(since, until):
        first, last = local(event.start), local(event.end)
        for number in range(max((last - first).days, 0)):
            night = first + dt.timedelta(days=number)
            if since <= night < until:
                found.add(night)
    return sorted(found)


what, path, zone, since, until = sys.argv[1:]
if what == "write":
    with open(path, "wb") as file:
        file.write(calendar())
with open(path, "rb") as file:
    for night in nights(file.read(), zone, dt.date.fromisoformat(since), dt.date.fromisoformat(until)):
        print(night)
