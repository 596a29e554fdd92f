//! The words of payments: what is asked of a guest, how it stands, what others are told.

use crate::values::{BookingId, Currency, PaymentId, RefundId, UserId};
use uuid::Uuid;

/// Months in which something is paid, claims, alterations: more than this is a mistake.
const MOST_INSTALMENTS: u16 = 120;

/// What a payment is for. Of one purpose a booking has one living payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// The first instalment, with which the stay is booked.
    Booking,
    /// Later ones; the second is number 2.
    Instalment(u16),
    Alteration(Uuid),
    /// A security deposit.
    Deposit,
    /// A damage claim.
    Claim(Uuid),
    /// Whatever else is open.
    Balance,
}

impl Purpose {
    /// As it is stored; never changes its meaning.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::Booking => "booking".into(),
            Self::Instalment(number) => format!("instalment:{number}"),
            Self::Alteration(id) => format!("alteration:{id}"),
            Self::Deposit => "deposit".into(),
            Self::Claim(id) => format!("claim:{id}"),
            Self::Balance => "balance".into(),
        }
    }

    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text.split_once(':') {
            None => match text {
                "booking" => Self::Booking,
                "deposit" => Self::Deposit,
                "balance" => Self::Balance,
                _ => return None,
            },
            Some(("instalment", number)) => Self::Instalment(number.parse().ok().filter(|number| (1..=MOST_INSTALMENTS).contains(number))?),
            Some(("alteration", id)) => Self::Alteration(id.parse().ok()?),
            Some(("claim", id)) => Self::Claim(id.parse().ok()?),
            _ => return None,
        })
    }

    /// Whether it pays the stay itself: deposits and damages are given back on their own.
    #[must_use]
    pub fn is_for_stay(self) -> bool {
        !matches!(self, Self::Deposit | Self::Claim(_))
    }
}

/// When the money is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Capture {
    Now,
    /// It is promised (authorised), and taken or let go later.
    Later,
}

impl Capture {
    #[must_use]
    pub fn name(self) -> &'static str {
        if self == Self::Now { "now" } else { "later" }
    }

    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Now, Self::Later].into_iter().find(|one| one.name() == text)
    }
}

/// What is asked of a guest.
#[derive(Debug, Clone)]
pub struct Charge {
    pub booking: BookingId,
    pub guest: UserId,
    pub purpose: Purpose,
    /// Minor units, more than zero.
    pub amount: i64,
    pub currency: Currency,
    pub capture: Capture,
    /// The provider's token of the means of payment, as in `card_ok` or `pm_card_visa`; [`super::super::SAVED`]: what the guest left before.
    pub method: String,
    /// The guest is not there, and cannot prove anything.
    pub off_session: bool,
    /// Keep the means of payment for later instalments.
    pub keep: bool,
}

/// How a payment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Asked for; nothing is known yet.
    Created,
    /// The guest has to prove who they are.
    RequiresAction,
    Authorized,
    Captured,
    Failed,
    Voided,
}

impl State {
    pub const ALL: [Self; 6] = [Self::Created, Self::RequiresAction, Self::Authorized, Self::Captured, Self::Failed, Self::Voided];

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::RequiresAction => "requires_action",
            Self::Authorized => "authorized",
            Self::Captured => "captured",
            Self::Failed => "failed",
            Self::Voided => "voided",
        }
    }

    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == text)
    }

    /// News count when they rank higher than what is known, whatever came first (M3). A payment that failed may still succeed (the guest
    /// tries again on the provider's page), and money that was taken is taken, whatever was wished.
    #[must_use]
    pub fn rank(self) -> u8 {
        match self {
            Self::Created => 0,
            Self::RequiresAction => 1,
            Self::Failed => 2,
            Self::Authorized => 3,
            Self::Voided => 4,
            Self::Captured => 5,
        }
    }

    /// The state after `told` was heard, if that is another one.
    #[must_use]
    pub fn after(self, told: Self) -> Option<Self> {
        (told.rank() > self.rank()).then_some(told)
    }

    #[must_use]
    pub fn is_over(self) -> bool {
        matches!(self, Self::Captured | Self::Failed | Self::Voided)
    }
}

/// How money on its way back stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundState {
    Created,
    Succeeded,
    /// Ranks highest: a bank may send back what had arrived.
    Failed,
}

impl RefundState {
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
        }
    }

    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Created, Self::Succeeded, Self::Failed].into_iter().find(|state| state.name() == text)
    }
}

/// How a dispute stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisputeState {
    Opened,
    Won,
    Lost,
}

impl DisputeState {
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Won => "won",
            Self::Lost => "lost",
        }
    }

    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Opened, Self::Won, Self::Lost].into_iter().find(|state| state.name() == text)
    }
}

/// What a guest has to do before the money moves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NextAction {
    /// Open this page (of the bank, of the sandbox).
    Open(String),
    /// The provider's own script in the guest's browser takes this.
    ClientSecret(String),
}

impl NextAction {
    /// One text, as it is sealed.
    #[must_use]
    pub fn written(&self) -> String {
        match self {
            Self::Open(url) => format!("open {url}"),
            Self::ClientSecret(secret) => format!("secret {secret}"),
        }
    }

    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        match text.split_once(' ')? {
            ("open", url) => Some(Self::Open(url.to_owned())),
            ("secret", secret) => Some(Self::ClientSecret(secret.to_owned())),
            _ => None,
        }
    }
}

/// One change of a payment, told to whoever follows payments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct News {
    pub payment: PaymentId,
    pub booking: BookingId,
    pub purpose: Purpose,
    pub provider: String,
    /// Of the payment.
    pub amount: i64,
    pub currency: Currency,
    pub what: What,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    RequiresAction(NextAction),
    Authorized,
    Captured,
    Failed {
        code: String,
    },
    Voided,
    Refunded {
        refund: RefundId,
        amount: i64,
        /// `false`: nobody here asked for it; somebody made it at the provider itself.
        asked: bool,
    },
    /// `was_paid`: the provider had said before that it arrived.
    RefundFailed {
        refund: RefundId,
        amount: i64,
        code: String,
        was_paid: bool,
    },
    DisputeOpened {
        amount: i64,
    },
    DisputeWon {
        amount: i64,
    },
    DisputeLost {
        /// Tells the disputes of a payment apart.
        dispute: Uuid,
        amount: i64,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn purposes_come_back_from_their_words() {
        let id = Uuid::from_u128(7);
        for purpose in [Purpose::Booking, Purpose::Instalment(2), Purpose::Alteration(id), Purpose::Deposit, Purpose::Claim(id), Purpose::Balance] {
            assert_eq!(Purpose::parse(&purpose.name()), Some(purpose));
        }
        for bad in ["", "x", "instalment:0", "instalment:121", "instalment:", "claim:x", "alteration"] {
            assert_eq!(Purpose::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_higher_rank_stays_whatever_comes_first() {
        for (told, end) in [
            (vec![State::Failed, State::Authorized, State::Captured], State::Captured),
            (vec![State::Captured, State::Failed, State::Authorized], State::Captured),
            (vec![State::Authorized, State::Voided, State::Failed], State::Voided),
            (vec![State::Voided, State::Captured], State::Captured),
            (vec![State::RequiresAction, State::Failed, State::RequiresAction], State::Failed),
        ] {
            let found = told.iter().fold(State::Created, |now, told| now.after(*told).unwrap_or(now));
            assert_eq!(found, end, "{told:?}");
        }
    }

    #[test]
    fn what_a_guest_has_to_do_is_one_text() {
        for action in [NextAction::Open("https://a.example/b c".into()), NextAction::ClientSecret("pi_1_secret_2".into())] {
            assert_eq!(NextAction::read(&action.written()), Some(action));
        }
    }
}
