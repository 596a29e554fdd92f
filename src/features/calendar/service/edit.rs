//! A host's edits of single days: prices, limits and blocks, over ranges of nights.

use super::super::rules::edits::{Block, BlockReason, DayChange, change_days, close, on_weekdays, open};
use super::super::rules::{DayOverride, inside, without};
use super::super::store::{self, edits};
use super::log::{LogEntry, LogKind, tell};
use crate::platform::db::Tx;
use crate::platform::error::{Error, FieldError, Kind, Refused, Result};
use crate::platform::events;
use crate::values::{Currency, Instant, ListingId, Night, NightRange, UserId};
use serde_json::{Value, json};

/// How far ahead days can be edited (D12).
const HORIZON_DAYS: i32 = 1_095;
/// Bits of all weekdays.
const EVERY_DAY: u8 = 0b111_1111;

/// What is changed in a range of nights.
#[derive(Debug, Clone)]
pub(crate) struct Edit {
    pub range: NightRange,
    /// The weekdays that are meant: bit 0 Monday … bit 6 Sunday.
    pub weekdays: u8,
    pub days: DayChange,
    /// What the price is in, where one is set.
    pub currency: Option<Currency>,
    pub blocking: Option<Blocking>,
}

/// Closing nights, or opening them again.
#[derive(Debug, Clone)]
pub(crate) enum Blocking {
    Close { reason: BlockReason, note: String },
    Open,
}

/// Nights that an edit would close, and that guests have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Clash {
    /// Which of the edits.
    pub edit: usize,
    pub range: NightRange,
}

/// Makes all edits, one after the other, or none. Nights before today are left as they are. Where an edit closes nights that guests
/// have, all is refused with 409 `nights_booked`, unless `skip_conflicts`: then the rest is done, and those are answered. The caller
/// holds the listing lock.
pub(crate) fn edit_calendar(tx: &mut Tx<'_>, now: Instant, by: UserId, listing: ListingId, asked: &[Edit], skip_conflicts: bool) -> Result<Vec<Clash>> {
    let not_found = || Error::not_found("There is no such listing, or it is not yours.");
    let listed = store::terms(tx, listing)?.ok_or_else(not_found)?;
    let today = listed.times.zone.local(now).today;
    let ranges = clipped(asked, today, listed.base.currency)?;
    let Some(span) = ranges.iter().copied().reduce(|a, b| NightRange::new(a.from.min(b.from), a.to.max(b.to))) else { return Ok(Vec::new()) };
    let booked: Vec<NightRange> = store::booked(tx, listing, span.from, now)?.into_iter().map(|(_, held)| held.range).collect();
    let before = Sheet { days: edits::days(tx, listing, span)?, blocks: edits::blocks(tx, listing, span)? };
    let (after, clashes) = apply(&before, asked, &ranges, &booked);
    if !clashes.is_empty() && !skip_conflicts {
        return Err(refused(&clashes));
    }
    if after == before {
        return Ok(clashes);
    }
    if after.days != before.days {
        edits::replace_days(tx, listing, span, &after.days)?;
    }
    if after.blocks != before.blocks {
        edits::replace_blocks(tx, listing, span, &after.blocks, now)?;
    }
    let entry = LogEntry { actor: Some(by), kind: LogKind::Edit, ranges, was: before.told(), became: after.told() };
    tell(tx, now, listing, events::Kind::CalendarChanged, &entry)?;
    Ok(clashes)
}

/// Closes nights that a stay has given up and that nobody shall have instead. Nights that are past, or that guests have, stay as they are.
pub fn block(tx: &mut Tx<'_>, now: Instant, by: UserId, listing: ListingId, range: NightRange, note: &str) -> Result<()> {
    let blocking = Some(Blocking::Close { reason: BlockReason::Other, note: note.to_owned() });
    let edit = Edit { range, weekdays: EVERY_DAY, days: DayChange::default(), currency: None, blocking };
    edit_calendar(tx, now, by, listing, &[edit], true).map(|_skipped| ())
}

/// The ranges that are meant, without what is past. Refuses prices in another currency, ranges that are wholly past, and what lies
/// too far ahead; all at once.
fn clipped(asked: &[Edit], today: Night, currency: Currency) -> Result<Vec<NightRange>> {
    let (mut ranges, mut errors) = (Vec::with_capacity(asked.len()), Vec::new());
    let mut amiss = |n: usize, field: &str, code, message: String| errors.push(FieldError::new(format!("/body/edits/{n}/{field}"), code, message));
    let last = today.plus(HORIZON_DAYS);
    for (n, edit) in asked.iter().enumerate() {
        if edit.range.to <= today {
            amiss(n, "to", "invalid_dates", format!("must be after today, which is {today} there"));
        }
        if edit.range.to > last {
            amiss(n, "to", "out_of_range", format!("must not be after {last}: calendars reach {HORIZON_DAYS} days ahead"));
        }
        if edit.currency.is_some_and(|asked| asked != currency) {
            amiss(n, "price/currency", "invalid_currency", format!("must be {currency}, in which the listing is priced"));
        }
        ranges.push(NightRange::new(edit.range.from.max(today), edit.range.to));
    }
    if errors.is_empty() {
        return Ok(ranges);
    }
    let mut refused = Refused::new(Kind::Unacceptable, errors[0].code, "Some edits cannot be made; `errors` names them. Nothing was changed.");
    refused.errors = errors;
    Err(refused.into())
}

/// What a host said of days.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Sheet {
    days: Vec<DayOverride>,
    blocks: Vec<Block>,
}

/// The sheet after all edits, and the nights that could not be closed.
fn apply(before: &Sheet, asked: &[Edit], ranges: &[NightRange], booked: &[NightRange]) -> (Sheet, Vec<Clash>) {
    let (mut sheet, mut clashes) = (before.clone(), Vec::new());
    for (n, (edit, range)) in asked.iter().zip(ranges).enumerate() {
        let pieces = on_weekdays(*range, edit.weekdays);
        if edit.days.is_something() {
            sheet.days = change_days(&sheet.days, &pieces, &edit.days);
        }
        match &edit.blocking {
            None => {}
            Some(Blocking::Open) => sheet.blocks = open(sheet.blocks, &pieces),
            Some(Blocking::Close { reason, note }) => {
                clashes.extend(pieces.iter().flat_map(|piece| inside(*piece, booked)).map(|range| Clash { edit: n, range }));
                let free: Vec<NightRange> = pieces.iter().flat_map(|piece| without(*piece, booked)).collect();
                sheet.blocks = close(sheet.blocks, &free, *reason, note);
            }
        }
    }
    (sheet, clashes)
}

impl Sheet {
    /// For the log: without notes, which are the host's own.
    fn told(&self) -> Value {
        let day = |day: &DayOverride| {
            let mut told = json!({"from": day.range.from.to_string(), "to": day.range.to.to_string()});
            let fields = [
                ("price_minor", json!(day.price_minor)),
                ("min_nights", json!(day.min_nights)),
                ("max_nights", json!(day.max_nights)),
                ("closed_to_arrival", json!(day.closed_to_arrival)),
                ("closed_to_departure", json!(day.closed_to_departure)),
            ];
            for (name, value) in fields.into_iter().filter(|(_, value)| !value.is_null()) {
                told[name] = value;
            }
            told
        };
        let block = |block: &Block| json!({"from": block.range.from.to_string(), "to": block.range.to.to_string(), "reason": block.reason.name()});
        json!({"days": self.days.iter().map(day).collect::<Vec<_>>(), "blocks": self.blocks.iter().map(block).collect::<Vec<_>>()})
    }
}

fn refused(clashes: &[Clash]) -> Error {
    let mut refused = Refused::new(Kind::Conflict, "nights_booked", "Guests have some of these nights; nothing was changed. `conflicts` names them.");
    let told = |clash: &Clash| json!({"edit": clash.edit, "from": clash.range.from.to_string(), "to": clash.range.to.to_string()});
    refused.data.insert("conflicts".to_owned(), clashes.iter().map(told).collect());
    refused.errors = clashes.iter().map(|clash| FieldError::new(format!("/body/edits/{}", clash.edit), "nights_booked", "guests have nights of it")).collect();
    refused.errors.dedup();
    refused.into()
}
