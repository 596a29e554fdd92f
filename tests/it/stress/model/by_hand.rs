//! What must come of a history: one booking in a home with round prices, written from the rules and not from the code.
//!
//! Nights cost 100.00, guests pay 12 % on top. Time is in seconds.

const NIGHT: i64 = 10_000;
const FEE: i64 = 1_200;
pub(super) const DAY: i64 = 86_400;
const HOLD: i64 = 15 * 60;
const LATE: i64 = 20 * 60;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    None,
    Pending,
    Requested,
    Confirmed,
    InStay,
    Completed,
    Declined,
    Expired,
    Withdrawn,
    Cancelled,
}

impl State {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Pending => "pending_payment",
            Self::Requested => "requested",
            Self::Confirmed => "confirmed",
            Self::InStay => "in_stay",
            Self::Completed => "completed",
            Self::Declined => "declined",
            Self::Expired => "expired",
            Self::Withdrawn => "withdrawn",
            Self::Cancelled => "cancelled",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Policy {
    Flexible,
    Moderate,
    Limited,
    Firm,
    Strict,
}

/// What a card does to a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Card {
    Good,
    Refused,
    /// Twenty minutes later.
    Late,
    /// The guest never proves who they are.
    Silent,
    /// Good, but nothing comes back.
    KeepsRefunds,
}

/// A payment that is not over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Money {
    None,
    Promised,
    /// Comes by itself at this time.
    Coming(i64),
    /// Waits for a proof.
    Waiting,
}

#[derive(Debug, Clone)]
pub(super) struct Model {
    pub(super) state: State,
    pub(super) instant: bool,
    pub(super) policy: Policy,
    pub(super) check_in: i64,
    pub(super) nights: i64,
    pub(super) captured: i64,
    pub(super) refunded: i64,
    /// Owed to the guest, and refused by their bank.
    pub(super) stuck: i64,
    /// What the stay holds of the base and of the guest's fee.
    pub(super) base: i64,
    pub(super) fee: i64,
    /// Nights in the calendar.
    pub(super) held: i64,
    /// Somebody else has the nights, or the host has closed them.
    pub(super) taken: bool,
    hold_until: i64,
    confirmed_at: i64,
    money: Money,
    card: Card,
}

impl Model {
    pub(super) fn new(instant: bool, policy: Policy, check_in: i64, nights: i64) -> Self {
        Self {
            state: State::None,
            instant,
            policy,
            check_in,
            nights,
            captured: 0,
            refunded: 0,
            stuck: 0,
            base: 0,
            fee: 0,
            held: 0,
            taken: false,
            hold_until: 0,
            confirmed_at: 0,
            money: Money::None,
            card: Card::Good,
        }
    }

    pub(super) fn check_out(&self) -> i64 {
        // From three in the afternoon to eleven in the morning.
        self.check_in + self.nights * DAY - 4 * 3_600
    }

    pub(super) fn total(&self) -> i64 {
        self.nights * (NIGHT + FEE)
    }

    pub(super) fn book(&mut self, now: i64, card: Option<Card>) {
        self.held = self.nights;
        (self.state, self.hold_until) = if self.instant { (State::Pending, now + HOLD) } else { (State::Requested, (now + DAY).min(self.check_in)) };
        if let Some(card) = card {
            self.ask(now, card);
        }
    }

    /// A payment is asked for: taken at once, or promised while the host is asked.
    fn ask(&mut self, now: i64, card: Card) {
        self.card = card;
        match card {
            Card::Good | Card::KeepsRefunds => self.comes(now),
            Card::Refused => {}
            Card::Late => self.money = Money::Coming(now + LATE),
            Card::Silent => self.money = Money::Waiting,
        }
    }

    pub(super) fn may_pay(&self) -> bool {
        self.state == State::Pending && self.money == Money::None
    }

    pub(super) fn pay(&mut self, now: i64, card: Card) {
        // Whoever pays after the host has agreed pays at once.
        self.instant = true;
        self.ask(now, card);
    }

    /// The guest's bank says yes.
    fn comes(&mut self, now: i64) {
        self.money = Money::None;
        let promised = !self.instant;
        match self.state {
            State::Requested => self.money = Money::Promised,
            State::Pending => self.confirm(now),
            // What was only promised is let go.
            _ if promised => {}
            State::Expired if !self.taken && now < self.check_out() => {
                self.held = self.nights;
                self.confirm(now);
            }
            _ => {
                self.captured += self.total();
                self.give_back(self.total());
            }
        }
    }

    fn confirm(&mut self, now: i64) {
        (self.state, self.confirmed_at) = (State::Confirmed, now);
        self.captured += self.total();
        (self.base, self.fee) = (self.nights * NIGHT, self.nights * FEE);
    }

    fn give_back(&mut self, amount: i64) {
        if self.card == Card::KeepsRefunds { self.stuck += amount } else { self.refunded += amount }
    }

    pub(super) fn accept(&mut self, now: i64) {
        (self.state, self.hold_until) = (State::Pending, (now + DAY).min(self.check_in));
        if self.money == Money::Promised {
            self.comes(now);
        }
    }

    /// Declined or withdrawn, or the time is over.
    pub(super) fn end(&mut self, state: State) {
        (self.state, self.held) = (state, 0);
        if !matches!(self.money, Money::Coming(_)) {
            self.money = Money::None;
        }
    }

    /// What time does by `now`: first to the booking, then the bank.
    pub(super) fn passes(&mut self, now: i64) {
        self.turns(now);
        if let Money::Coming(at) = self.money
            && at <= now
        {
            self.comes(now);
            self.turns(now);
        }
    }

    fn turns(&mut self, now: i64) {
        if matches!(self.state, State::Pending | State::Requested) && self.hold_until <= now {
            self.end(State::Expired);
        }
        if self.state == State::Confirmed && self.check_in <= now {
            self.state = State::InStay;
        }
        if self.state == State::InStay && self.check_out() <= now {
            self.state = State::Completed;
        }
    }

    pub(super) fn spent(&self, now: i64) -> i64 {
        if now < self.check_in { 0 } else { ((now - self.check_in) / DAY + 1).min(self.nights) }
    }

    pub(super) fn may_cancel(&self) -> bool {
        matches!(self.state, State::Confirmed | State::InStay)
    }

    /// The table of policies; of the rest a half is rounded down.
    fn kept_room(&self, now: i64) -> i64 {
        let (lead, spent, all) = (self.check_in - now, self.spent(now), self.nights * NIGHT);
        if now <= self.confirmed_at + DAY && self.confirmed_at <= self.check_in - 7 * DAY {
            return 0;
        }
        let half_after = |nights: i64| nights.min(self.nights) * NIGHT + (self.nights - nights).max(0) * NIGHT / 2;
        match self.policy {
            Policy::Flexible if lead >= DAY => 0,
            Policy::Flexible => (spent + 1).min(self.nights) * NIGHT,
            Policy::Moderate if lead >= 5 * DAY => 0,
            Policy::Moderate => half_after(spent + 1),
            Policy::Limited if lead >= 14 * DAY => 0,
            Policy::Firm if lead >= 30 * DAY => 0,
            Policy::Limited | Policy::Firm | Policy::Strict if lead >= 7 * DAY => all / 2,
            Policy::Limited | Policy::Firm | Policy::Strict => all,
        }
    }

    pub(super) fn cancel(&mut self, now: i64, by_host: bool) {
        let spent = self.spent(now);
        let (base, fee) = if by_host {
            (spent * NIGHT, 0)
        } else {
            let kept = self.kept_room(now);
            (kept, if kept == 0 { 0 } else { self.nights * FEE })
        };
        self.give_back(self.base + self.fee - base - fee);
        (self.state, self.base, self.fee, self.held) = (State::Cancelled, base, fee, spent);
        self.taken |= by_host && spent < self.nights;
    }

    pub(super) fn check_out_early(&mut self, now: i64) {
        (self.state, self.held) = (State::Completed, self.spent(now));
    }

    /// Both sides agree to nights more or fewer, paid with the card that was left.
    pub(super) fn alter(&mut self, nights: i64) {
        let delta = nights * (NIGHT + FEE);
        self.nights += nights;
        self.held = self.nights;
        (self.base, self.fee) = (self.nights * NIGHT, self.nights * FEE);
        if delta > 0 {
            self.captured += delta;
        } else {
            self.give_back(-delta);
        }
    }
}

/// Checked against the worked table of docs/RULES.md, so that the model is not the code once more.
#[test]
fn the_model_knows_the_table() {
    let kept = |policy, lead_days: i64, nights| {
        let mut model = Model::new(true, policy, 100 * DAY, nights);
        model.confirmed_at = 50 * DAY;
        model.kept_room(100 * DAY - lead_days * DAY)
    };
    for (policy, lead, nights, expected) in [
        (Policy::Flexible, 1, 3, 0),
        (Policy::Flexible, 0, 3, 20_000),
        (Policy::Flexible, -1, 3, 30_000),
        (Policy::Moderate, 5, 3, 0),
        (Policy::Moderate, 4, 3, 20_000),
        (Policy::Moderate, 0, 4, 30_000),
        (Policy::Limited, 13, 3, 15_000),
        (Policy::Firm, 29, 3, 15_000),
        (Policy::Firm, 6, 3, 30_000),
        (Policy::Strict, 40, 3, 15_000),
    ] {
        assert_eq!(kept(policy, lead, nights), expected, "{policy:?} {lead} {nights}");
    }
}
