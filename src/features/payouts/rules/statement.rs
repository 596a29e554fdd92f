//! What of the books is a host's: each entry that touches what we owe them or they owe us, as a line, and sums of such lines.

use crate::features::ledger::{Account, EntryKind, Recorded};
use crate::values::{BookingId, Currency, Instant, UserId};

/// What a line is for; the names are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    Stay,
    /// Given back to a guest after the release.
    GivenBack,
    Penalty,
    /// Paid to the host by the guest, and so owed to us.
    Cash,
    Damage,
    Dispute,
    Payout,
    /// A payout that came back, or was stopped.
    PayoutReturned,
    Correction,
}

impl Sort {
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Stay => "stay",
            Self::GivenBack => "given_back",
            Self::Penalty => "penalty",
            Self::Cash => "cash",
            Self::Damage => "damage",
            Self::Dispute => "dispute",
            Self::Payout => "payout",
            Self::PayoutReturned => "payout_returned",
            Self::Correction => "correction",
        }
    }

    fn of(kind: EntryKind) -> Option<Self> {
        Some(match kind {
            EntryKind::Released => Self::Stay,
            EntryKind::RefundedLate => Self::GivenBack,
            EntryKind::Penalty => Self::Penalty,
            EntryKind::PaidOffline => Self::Cash,
            EntryKind::ClaimFromDeposit | EntryKind::ClaimCharged => Self::Damage,
            EntryKind::DisputeOpened | EntryKind::DisputeWon | EntryKind::DisputeLost => Self::Dispute,
            EntryKind::PayoutSent => Self::Payout,
            EntryKind::PayoutFailed => Self::PayoutReturned,
            // What a host owes is taken from what they are owed: nothing between the two of us.
            EntryKind::Netted => return None,
            _ => Self::Correction,
        })
    }

    #[must_use]
    pub fn is_payout(self) -> bool {
        matches!(self, Self::Payout | Self::PayoutReturned)
    }
}

/// A line of a statement, in minor units; above zero: for the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub at: Instant,
    pub sort: Sort,
    pub booking: Option<BookingId>,
    pub currency: Currency,
    /// Of stays, and of what is given back of them: the base before the host's fee.
    pub gross: i64,
    /// The host's fee in it, below zero where it was taken.
    pub fee: i64,
    /// Taxes in it that the host hands on.
    pub taxes: i64,
    /// What comes of it for the host.
    pub amount: i64,
}

/// The line of an entry; `None`: it is none of the host's.
#[must_use]
pub fn line(host: UserId, recorded: &Recorded) -> Option<Line> {
    let entry = &recorded.entry;
    let amount = -(entry.on(&Account::HostPayable(host)) + entry.on(&Account::HostReceivable(host)));
    let sort = Sort::of(entry.kind)?;
    if amount == 0 && sort != Sort::Stay {
        return None;
    }
    let (mut gross, mut fee, mut taxes) = (0, 0, 0);
    if matches!(sort, Sort::Stay | Sort::GivenBack) {
        fee = entry.on(&Account::RevHostFee);
        let base = entry.booking.map_or(0, |booking| entry.on(&Account::StayEscrow(booking)));
        // What is given back comes from the host alone: its taxes are in the base, where nobody can tell them apart any more.
        gross = if sort == Sort::Stay { base } else { amount - fee };
        taxes = amount - gross - fee;
    }
    Some(Line { at: recorded.at, sort, booking: entry.booking, currency: entry.currency, gross, fee, taxes, amount })
}

/// What many lines come to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sums {
    /// Releases of stays.
    pub stays: i64,
    pub gross: i64,
    pub fee: i64,
    pub taxes: i64,
    pub given_back: i64,
    pub penalties: i64,
    pub cash: i64,
    /// Damages, disputes, corrections.
    pub other: i64,
    /// All of these.
    pub earned: i64,
    /// What was paid out, less what came back; zero or more as a rule.
    pub paid_out: i64,
}

impl Sums {
    pub fn add(&mut self, line: &Line) {
        self.add_amount(line.sort, line.amount);
        if line.sort == Sort::Stay {
            self.add_stays(1, line.gross, line.fee);
        }
    }

    /// Adds entries of a kind that come to `amount` for the host; of releases, [`Sums::add_stays`] says the rest. `false`: they are none of the host's.
    pub fn add_kind(&mut self, kind: EntryKind, amount: i64) -> bool {
        let Some(sort) = Sort::of(kind) else { return false };
        self.add_amount(sort, amount);
        true
    }

    /// Adds what releases were of: base and fee. What they came to beside these two is taxes.
    pub fn add_stays(&mut self, stays: i64, gross: i64, fee: i64) {
        self.stays += stays;
        self.gross += gross;
        self.fee += fee;
        self.taxes -= gross + fee;
    }

    fn add_amount(&mut self, sort: Sort, amount: i64) {
        if sort.is_payout() {
            self.paid_out -= amount;
            return;
        }
        self.earned += amount;
        match sort {
            Sort::Stay => self.taxes += amount,
            Sort::GivenBack => self.given_back += amount,
            Sort::Penalty => self.penalties += amount,
            Sort::Cash => self.cash += amount,
            _ => self.other += amount,
        }
    }
}

/// A statement of a span in one currency. `opening` plus all amounts is `closing`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    pub currency: Currency,
    /// What we owed the host, less what they owed us, when the span began.
    pub opening: i64,
    pub lines: Vec<Line>,
    pub sums: Sums,
    pub closing: i64,
}

impl Section {
    #[must_use]
    pub fn of(currency: Currency, opening: i64, lines: Vec<Line>) -> Self {
        let mut sums = Sums::default();
        lines.iter().for_each(|line| sums.add(line));
        let closing = opening + lines.iter().map(|line| line.amount).sum::<i64>();
        Self { currency, opening, lines, sums, closing }
    }
}

/// Days of UTC are all as long.
const DAY_SECONDS: i64 = 24 * 3_600;

/// A month of a year, as in `2026-06`; both in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Month {
    pub year: i16,
    pub month: i8,
}

impl Month {
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (year, month) = text.split_once('-')?;
        let digits = year.len() == 4 && month.len() == 2 && [year, month].iter().all(|part| part.bytes().all(|b| b.is_ascii_digit()));
        let (year, month): (i16, i8) = (year.parse().ok()?, month.parse().ok()?);
        (digits && (2000..=9998).contains(&year) && (1..=12).contains(&month)).then_some(Self { year, month })
    }

    /// The month of an instant.
    #[must_use]
    pub fn of(at: Instant) -> Self {
        let date = at.timestamp().to_zoned(jiff::tz::TimeZone::UTC).date();
        Self { year: date.year(), month: date.month() }
    }

    /// When it begins.
    #[must_use]
    pub fn begins(self) -> Instant {
        let text = format!("{:04}-{:02}-01T00:00:00Z", self.year, self.month);
        Instant::parse(&text).unwrap_or(Instant(0))
    }

    #[must_use]
    pub fn next(self) -> Self {
        if self.month == 12 { Self { year: self.year + 1, month: 1 } } else { Self { month: self.month + 1, ..self } }
    }
}

impl std::fmt::Display for Month {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

/// What a statement is of: a month, or one day of it, as in `2026-06-14`; both in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    month: Month,
    /// `None`: all of it.
    day: Option<i8>,
}

impl Span {
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(month) = Month::parse(text) {
            return Some(Self { month, day: None });
        }
        let (month, day) = text.rsplit_once('-')?;
        let month = Month::parse(month)?;
        let number: i8 = day.parse().ok()?;
        let digits = day.len() == 2 && day.bytes().all(|b| b.is_ascii_digit());
        let exists = jiff::civil::Date::new(month.year, month.month, number).is_ok();
        (digits && exists).then_some(Self { month, day: Some(number) })
    }

    #[must_use]
    pub fn is_month(self) -> bool {
        self.day.is_none()
    }

    /// When it begins.
    #[must_use]
    pub fn begins(self) -> Instant {
        self.month.begins().plus_seconds(self.day.map_or(0, |day| (i64::from(day) - 1) * DAY_SECONDS))
    }

    /// When what comes after it begins.
    #[must_use]
    pub fn ends(self) -> Instant {
        if self.is_month() { self.month.next().begins() } else { self.begins().plus_seconds(DAY_SECONDS) }
    }
}

impl std::fmt::Display for Span {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.day {
            Some(day) => write!(f, "{}-{day:02}", self.month),
            None => self.month.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::ledger::{self, Split, TaxShare};
    use uuid::Uuid;

    fn recorded(entry: ledger::Entry) -> Recorded {
        Recorded { id: Uuid::nil(), number: None, at: Month { year: 2026, month: 6 }.begins(), entry }
    }

    #[test]
    fn entries_become_lines_and_lines_sums() {
        let (host, booking, eur) = (UserId(Uuid::from_u128(1)), BookingId(Uuid::from_u128(2)), Currency::parse("EUR").unwrap());
        let tax = |to_host| TaxShare { tax: format!("t{to_host}"), amount: 50, to_host };
        let part = Split { base: 1_000, guest_fee: 100, taxes: vec![tax(true), tax(false)], promo: 0 };
        let payout = Uuid::from_u128(3);
        let entries = [
            ledger::released(booking, 1, host, eur, &part, 30),
            ledger::refunded_late(booking, "k", host, eur, &Split { base: 100, ..Split::default() }, 3, 1_020),
            ledger::penalty(booking, host, eur, 2_000, 923),
            ledger::netted(payout, host, eur, 10),
            ledger::payout_sent(payout, host, eur, 5),
            ledger::payout_failed(payout, host, eur, 5),
        ];
        let lines: Vec<Line> = entries.into_iter().filter_map(|entry| line(host, &recorded(entry))).collect();
        let told: Vec<_> = lines.iter().map(|line| (line.sort.name(), line.gross, line.fee, line.taxes, line.amount)).collect();
        assert_eq!(
            told,
            [
                ("stay", 1_000, -30, 50, 1_020),
                ("given_back", -100, 3, 0, -97),
                ("penalty", 0, 0, 0, -2_000),
                ("payout", 0, 0, 0, -5),
                ("payout_returned", 0, 0, 0, 5),
            ]
        );
        // The same in one go, as the books add it up by kind.
        let mut sums = Sums::default();
        for (kind, amount) in [
            (EntryKind::Released, 1_020),
            (EntryKind::RefundedLate, -97),
            (EntryKind::Penalty, -2_000),
            (EntryKind::PayoutSent, -5),
            (EntryKind::PayoutFailed, 5),
        ] {
            assert!(sums.add_kind(kind, amount));
        }
        assert!(!sums.add_kind(EntryKind::Netted, 0));
        sums.add_stays(1, 1_000, -30);
        let section = Section::of(eur, 7, lines);
        assert_eq!((sums, sums.taxes), (section.sums, 50));
        assert_eq!((section.sums.earned, section.sums.paid_out, section.closing), (-1_077, 0, -1_070));
    }

    #[test]
    fn a_statement_is_of_a_month_or_of_a_day() {
        for (text, from, to) in [
            ("2026-06", "2026-06-01T00:00:00Z", "2026-07-01T00:00:00Z"),
            ("2026-06-30", "2026-06-30T00:00:00Z", "2026-07-01T00:00:00Z"),
            ("2028-02-29", "2028-02-29T00:00:00Z", "2028-03-01T00:00:00Z"),
        ] {
            let span = Span::parse(text).unwrap();
            assert_eq!((span.begins().to_string(), span.ends().to_string(), span.to_string()), (from.into(), to.into(), text.into()));
        }
        for bad in ["", "2026-06-31", "2026-06-00", "2026-06-1", "2026-06-+1", "2026-06-001", "2026-13-01", "1999-01-01", "2026-06-14T00", "2026-06-14-"] {
            assert_eq!(Span::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn months_are_read_and_follow_each_other() {
        let june = Month::parse("2026-06").unwrap();
        assert_eq!((june.begins().to_string(), june.next().to_string()), ("2026-06-01T00:00:00Z".into(), "2026-07".into()));
        assert_eq!(Month::parse("2026-12").unwrap().next().to_string(), "2027-01");
        assert_eq!(Month::of(june.next().begins().plus_seconds(-1)), june);
        for bad in ["", "2026", "2026-13", "2026-00", "26-06", "2026-6", "2026-06-01", "+026-06"] {
            assert_eq!(Month::parse(bad), None, "{bad}");
        }
    }
}
