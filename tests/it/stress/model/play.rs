//! Plays a history twice: in the program, through its use cases, and in the model; and compares after every step.

use super::by_hand::{Card, DAY, Model, Policy, State};
use crate::support::people::run;
use crate::support::{TestClock, TestDb, homes, off_thread};
use serde_json::json;
use std::sync::Arc;
use stopover::features::bookings::{self, Desk, Doing, Listener};
use stopover::features::ledger::{self, Account};
use stopover::features::payments::{self, Payments};
use stopover::features::quotes::{self, Asked, QuoteId};
use stopover::platform::access::{Principal, Roles, Via};
use stopover::platform::config::{Config, FeePreset};
use stopover::platform::db::{Conn, Db, DbResult, Lane, Tx};
use stopover::platform::error::{Error, Result};
use stopover::platform::jobs::Jobs;
use stopover::platform::keys::Keys;
use stopover::platform::outbound::Outbound;
use stopover::platform::telemetry::Metrics;
use stopover::platform::tools::Tools;
use stopover::values::{BookingId, Currency, Instant, ListingId, Night, UserId};
use uuid::Uuid;

const STEPS: u64 = 9;
const PERSON: &str = "INSERT INTO users (id, name, about, location, languages, identity_verified, top_host, version, created_at, updated_at)
    VALUES ($1, 'Somebody', '', '', '[]', FALSE, FALSE, 1, $2, $2)";
/// Other homes like the first one.
const COPY: &str = "INSERT INTO listings (id, host_id, state, title, room_type, property_type, city, country, neighbourhood, lat, lng, public_lat, public_lng,
    zone, currency, price_minor, capacity, bathroom_shared, amenities, amenities_other, instant_book, max_infants, max_pets, min_nights, max_nights, notice_days,
    window_days, window_strict, preparation_nights, arrival_days, departure_days, gap_nights, fill_gaps, unit_count, rating_count, rating_sum_centi, review_scores,
    review_count, calendar_version, edited_fields, version, created_at, updated_at, short_policy)
    SELECT $1, host_id, state, title, room_type, property_type, city, country, neighbourhood, lat, lng, public_lat, public_lng, zone, currency, price_minor, capacity,
    bathroom_shared, amenities, amenities_other, $2, max_infants, max_pets, min_nights, max_nights, notice_days, window_days, window_strict, preparation_nights,
    arrival_days, departure_days, gap_nights, fill_gaps, unit_count, rating_count, rating_sum_centi, review_scores, review_count, calendar_version, edited_fields,
    version, created_at, updated_at, $3 FROM listings WHERE id = $4";
const NIGHTS: &str = "SELECT COUNT(*) FROM booked_nights WHERE booking_id = $1";

/// An instance with its clock in our hand, and nobody else on it.
pub(super) struct Stage {
    db: Db,
    clock: Arc<TestClock>,
    tools: Tools,
    desk: Desk,
    jobs: Jobs,
    host: Principal,
    home: ListingId,
}

/// The world throws the same dice for the same seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (x ^ (x >> 31)) % bound
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[usize::try_from(self.below(all.len() as u64)).unwrap()]
    }

    /// Mostly good ones.
    fn card(&mut self) -> (&'static str, Card) {
        self.of(&[
            ("card_ok", Card::Good),
            ("card_ok", Card::Good),
            ("card_ok", Card::Good),
            ("card_error_once", Card::Good),
            ("card_timeout_once", Card::Good),
            ("card_declined", Card::Refused),
            ("card_insufficient_funds", Card::Refused),
            ("card_late_success", Card::Late),
            ("card_3ds", Card::Silent),
            ("card_dispute", Card::Good),
            ("card_dispute_won", Card::Good),
            ("card_dispute_lost", Card::Good),
            ("card_refund_fails", Card::KeepsRefunds),
        ])
    }
}

/// One history under way.
struct History<'a> {
    stage: &'a Stage,
    seed: u64,
    dice: Dice,
    model: Model,
    home: ListingId,
    /// The home takes guests without asking its host.
    at_once: bool,
    guest: Principal,
    check_in: Night,
    booking: Option<BookingId>,
    card: &'static str,
    log: Vec<String>,
}

fn person(user: UserId, now: Instant) -> Principal {
    Principal { user, via: Via::Session(Uuid::nil()), roles: Roles::NONE, proven_at: now, strong: false }
}

fn seconds(at: Instant) -> i64 {
    at.0 / Instant::SECOND
}

impl Stage {
    pub(super) async fn set(db: &TestDb) -> Self {
        let host = UserId::new();
        run(db, PERSON, vec![host.into(), db.now().into()]).await;
        let home = homes::home(db, &json!(host), "Many histories").await;
        let same = "UPDATE listings SET zone = 'UTC', min_nights = 1, departure_days = 127, cutoff_minute = NULL WHERE id = $1";
        run(db, same, vec![home.into()]).await;
        let (handle, clock) = (Db::clone(db), Arc::clone(&db.clock));
        let at = Arc::clone(&clock);
        off_thread(move || {
            let mut config = Config::default();
            // Each history lets requests run out; the home is to be there for the next one all the same.
            config.bookings.pause_after_unanswered = 0;
            config.fees.model = FeePreset::Split;
            let tools = Tools {
                db: handle,
                clock: at,
                config: Arc::new(config),
                metrics: Arc::new(Metrics::new().unwrap()),
                keys: Arc::new(Keys::from_bytes([7; 32])),
            };
            let payments = Payments::open(&tools, &Outbound::open(&tools.config), Arc::new(Listener::new(&tools)));
            // Only what moves bookings and money: letters, searches and the like would only take time.
            let mut handlers = bookings::jobs(&tools);
            handlers.extend(payments::jobs(&tools, &payments));
            let jobs = Jobs::new(tools.db.clone(), handlers);
            let host = person(host, tools.clock.now());
            Self { db: tools.db.clone(), clock, desk: Desk::open(&tools, "histories"), tools, jobs, host, home: ListingId(home) }
        })
        .await
    }

    fn now(&self) -> i64 {
        seconds(self.db.now())
    }

    fn write<T: Send + 'static>(&self, f: impl Fn(&mut Tx<'_>, Instant) -> Result<T> + Send + 'static) -> Result<T> {
        self.db.write_blocking(Lane::Urgent, f)
    }

    fn newcomer(&self) -> Principal {
        let user = UserId::new();
        self.write(move |tx, now| Ok(tx.execute(PERSON, &[user.into(), now.into()])?)).unwrap();
        person(user, self.db.now())
    }

    /// Plays one history to its end.
    pub(super) fn play(&self, seed: u64) {
        let mut dice = Dice(seed);
        let instant = dice.below(3) > 0;
        let (policy, name) = dice.of(&[
            (Policy::Flexible, "flexible"),
            (Policy::Moderate, "moderate"),
            (Policy::Limited, "limited"),
            (Policy::Firm, "firm"),
            (Policy::Strict, "strict"),
        ]);
        let (lead, nights) = (dice.of(&[1, 2, 6, 8, 13, 20, 40]), 1 + i64::try_from(dice.below(7)).unwrap());
        let (home, like) = (ListingId::new(), self.home);
        self.write(move |tx, _| Ok(tx.execute(COPY, &[home.into(), instant.into(), name.into(), like.into()])?)).unwrap();
        let check_in = Night::in_utc(self.db.now()).plus(lead);
        let arrival = self.now().div_euclid(DAY) * DAY + i64::from(lead) * DAY + 15 * 3_600;
        let model = Model::new(instant, policy, arrival, nights);
        let mut history = History {
            stage: self,
            seed,
            dice,
            model,
            home,
            at_once: instant,
            guest: self.newcomer(),
            check_in,
            booking: None,
            card: "",
            log: vec![format!("{instant} {policy:?} {lead} {nights}")],
        };
        history.book();
        for _ in 0..history.dice.below(STEPS) + 1 {
            history.step();
        }
        // Whatever is under way comes to its end: disputes, refunds, arrivals.
        let days = history.dice.of(&[1, 60]);
        history.jump(days * DAY);
        self.books_hold(&history);
    }

    fn books_hold(&self, history: &History<'_>) {
        let nobody: ledger::Witnesses = Arc::new([]);
        ledger::seal_all(&self.db, &self.tools.keys).unwrap();
        if let Err(findings) = ledger::check(&self.db, &self.tools.keys, &nobody) {
            history.fails(&findings);
        }
    }
}

impl History<'_> {
    #[track_caller]
    fn fails(&self, what: &str) -> ! {
        panic!("STOPOVER_SEED={}: {what}\n{}\n{:#?}", self.seed, self.log.join("\n"), self.model)
    }

    fn quote(&self, guest: UserId) -> Result<QuoteId> {
        let asked = Asked {
            listing: self.home,
            check_in: self.check_in,
            check_out: self.check_in.plus(i32::try_from(self.model.nights).unwrap()),
            adults: 2,
            children: 0,
            children_ages: Vec::new(),
            infants: 0,
            pets: 0,
            options: Vec::new(),
            coupon: None,
            non_refundable: false,
        };
        let config = Arc::clone(&self.stage.tools.config);
        self.stage.write(move |tx, now| quotes::make(tx, now, Some(guest), &config, &asked).map(|quote| quote.id))
    }

    fn book_for(&self, guest: &Principal, card: Option<&'static str>) -> Result<BookingId> {
        let quote = self.quote(guest.user)?;
        let (desk, guest) = (self.stage.desk.clone(), guest.clone());
        self.stage.write(move |tx, now| desk.book(tx, now, &guest, quote, card).map(|booking| booking.id))
    }

    fn book(&mut self) {
        let card = (self.dice.below(8) > 0).then(|| self.dice.card());
        self.log.push(format!("book with {card:?}"));
        match self.book_for(&self.guest, card.map(|(token, _)| token)) {
            Ok(id) => self.booking = Some(id),
            Err(error) => self.fails(&format!("{error:#}")),
        }
        self.card = card.map_or("", |(token, _)| token);
        self.model.book(self.stage.now(), card.map(|(_, card)| card));
        self.settle();
    }

    fn act(&mut self, who: &Principal, doing: Doing<'static>, allowed: bool) -> bool {
        self.log.push(format!("{doing:?}{}", if allowed { "" } else { ", which is to be refused" }));
        let (desk, who, booking) = (self.stage.desk.clone(), who.clone(), self.booking.unwrap());
        let done = self.stage.write(move |tx, now| desk.act(tx, now, &who, booking, doing).map(|_| ()));
        match done {
            Ok(()) if allowed => true,
            Err(Error::Refused(refused)) if !allowed => {
                self.log.push(format!("refused: {}", refused.code));
                false
            }
            Ok(()) => self.fails("it was not refused"),
            Err(error) => self.fails(&format!("{error:#}")),
        }
    }

    fn step(&mut self) {
        let (now, state, host, guest) = (self.stage.now(), self.model.state, self.stage.host.clone(), self.guest.clone());
        match self.dice.below(16) {
            0 => {
                if self.act(&host, Doing::Accept, state == State::Requested) {
                    self.model.accept(now);
                }
            }
            1 if state == State::Requested || self.dice.below(4) == 0 => {
                if self.act(&host, Doing::Decline("other"), state == State::Requested) {
                    self.model.end(State::Declined);
                }
            }
            2 if matches!(state, State::Requested | State::Pending) || self.dice.below(4) == 0 => {
                if self.act(&guest, Doing::Withdraw, matches!(state, State::Requested | State::Pending)) {
                    self.model.end(State::Withdrawn);
                }
            }
            1..=4 => {
                let (token, card) = self.dice.card();
                if self.act(&guest, Doing::Pay(token), self.model.may_pay()) {
                    self.card = token;
                    self.model.pay(now, card);
                }
            }
            5 => {
                if self.act(&guest, Doing::Cancel, self.model.may_cancel()) {
                    self.model.cancel(now, false);
                }
            }
            6 if self.dice.below(2) == 0 => {
                if self.act(&host, Doing::Cancel, self.model.may_cancel()) {
                    self.model.cancel(now, true);
                }
            }
            6 | 7 => {
                let may = state == State::Confirmed && now >= self.model.check_in - 12 * 3_600;
                if self.act(&host, Doing::CheckIn, may) {
                    self.model.state = State::InStay;
                }
            }
            8 if self.dice.below(2) == 0 => {
                if self.act(&host, Doing::CheckOut, state == State::InStay) {
                    self.model.check_out_early(now);
                }
            }
            8 | 9 => self.alter(),
            10 => self.rival(),
            _ => {
                let time = self.dice.of(&[60, 600, 1_300, 3 * 3_600, DAY + 100, 3 * DAY + 100, 8 * DAY, -1, -2]);
                // Also right up to the arrival, and into the stay.
                let until = self.model.check_in - now;
                let time = match time {
                    -1 if until > 7_200 => until - 7_200,
                    -1 => 3_600,
                    -2 if until > 0 => until + 30 * 3_600,
                    -2 => DAY,
                    time => time,
                };
                self.jump(time);
                return;
            }
        }
        self.settle();
    }

    /// A night more or less, proposed by the guest and agreed to by the host.
    fn alter(&mut self) {
        let more = if self.dice.below(2) == 0 { 1 } else { -1 };
        let paid = ["card_ok", "card_refund_fails", "card_error_once", "card_timeout_once"].contains(&self.card);
        let fits = self.model.state == State::Confirmed && self.stage.now() < self.model.check_in && paid && self.model.nights + more > 0;
        if !fits {
            return;
        }
        let check_out = self.check_in.plus(i32::try_from(self.model.nights + more).unwrap());
        let wish = quotes::Wish {
            listing: self.home,
            check_in: self.check_in.to_string(),
            check_out: check_out.to_string(),
            adults: 2,
            children: Some(0),
            children_ages: None,
            infants: 0,
            pets: 0,
            options: Vec::new(),
            coupon: None,
            non_refundable: false,
        };
        let yes = self.dice.below(4) > 0;
        self.log.push(format!("{more} night, agreed to: {yes}"));
        let (desk, guest, host, booking) = (self.stage.desk.clone(), self.guest.clone(), self.stage.host.clone(), self.booking.unwrap());
        let proposing = desk.clone();
        let proposed = self.stage.write(move |tx, now| proposing.propose(tx, now, &guest, booking, wish.clone()));
        let change = proposed.unwrap_or_else(|error| self.fails(&format!("{error:#}")));
        let answered = self.stage.write(move |tx, now| desk.answer(tx, now, &host, booking, change, yes).map(|_| ()));
        answered.unwrap_or_else(|error| self.fails(&format!("{error:#}")));
        if yes {
            self.model.alter(more);
        }
    }

    /// Somebody else wants the very same nights.
    fn rival(&mut self) {
        if self.stage.now() + DAY >= self.model.check_in {
            return;
        }
        let free = self.model.held == 0 && !self.model.taken;
        if free && !self.at_once {
            // A request would hold the nights for a day only.
            return;
        }
        self.log.push(format!("a rival, who may: {free}"));
        let rival = self.stage.newcomer();
        match self.book_for(&rival, Some("card_ok")) {
            Ok(_) if free => self.model.taken = true,
            Err(Error::Refused(refused)) if !free && refused.code == "dates_unavailable" => {
                assert!(refused.data.contains_key("reasons") && refused.data.contains_key("nearest_available"));
            }
            Ok(_) => self.fails("the nights were sold twice"),
            Err(error) => self.fails(&format!("the rival: {error:#}")),
        }
    }

    fn jump(&mut self, time: i64) {
        self.log.push(format!("{} h pass", time / 3_600));
        self.stage.clock.advance_seconds(time);
        let _ran = self.stage.jobs.run_due();
        // What came late has its own turn at the next beat of the timers.
        self.stage.clock.advance_seconds(16);
        self.model.passes(self.stage.now());
        self.settle();
    }

    /// Lets everything run that is due, and compares.
    fn settle(&mut self) {
        for _ in 0..3 {
            if self.stage.jobs.run_due() == 0 {
                break;
            }
        }
        if matches!(self.card, "card_error_once" | "card_timeout_once") {
            // What went wrong at first is tried again a second later.
            self.stage.clock.advance_seconds(3);
            let _ran = self.stage.jobs.run_due();
        }
        self.model.passes(self.stage.now());
        let booking = self.booking.unwrap();
        let read = move |conn: &mut Conn<'_>| -> Result<_> {
            let found = Desk::find(conn, booking)?;
            let paid = payments::paid(conn, booking)?;
            let nights: i64 = conn.first(NIGHTS, &[booking.into()], |row| row.get(0))?.unwrap();
            let mut balance = |account: Account| ledger::balance(conn, &account, Currency::parse("USD").unwrap());
            let balances: DbResult<Vec<i64>> =
                [Account::GuestReceivable(booking), Account::StayEscrow(booking), Account::FeeDeferred(booking), Account::RefundPayable(booking)]
                    .into_iter()
                    .map(&mut balance)
                    .collect();
            Ok((found, paid, nights, balances?))
        };
        let (found, paid, nights, balances) = self.stage.db.read_blocking(read).unwrap();
        self.log.push(format!("  {} {} taken, {} back, {balances:?}", found.state.name(), paid.captured, paid.refunded));
        let model = &self.model;
        let expected = (model.state.name(), model.captured, model.refunded, model.held);
        if (found.state.name(), paid.captured, paid.refunded, nights) != expected {
            self.fails(&format!("{:?} where the model says {expected:?}", (found.state.name(), paid.captured, paid.refunded, nights)));
        }
        let expected = [0, -model.base, -model.fee, -model.stuck];
        if balances != expected {
            self.fails(&format!("receivable, escrow, fee, to give back: {balances:?}, where the model says {expected:?}"));
        }
    }
}
