//! The test cards of the sandbox: each does what its name says, always.

/// What a test card does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Card {
    Good,
    /// Refused with this word.
    Refused(&'static str),
    /// The guest has to prove who they are; off session it is refused.
    Secure,
    /// Nothing is known for twenty minutes, longer than a place is held; then it succeeds.
    Late,
    /// Good, and disputed an hour after it was taken; closed two hours later, if it is.
    Disputed(Option<bool>),
    /// The promise lapses after an hour instead of seven days.
    Lapses,
    /// The provider breaks before anything happens, the first time it is asked.
    BreaksOnce,
    /// It is done, and the answer is lost, the first time.
    SilentOnce,
    /// Good, and what is to go back comes back refused.
    RefundFails,
}

/// All cards with their tokens and what they are told to be.
pub const CARDS: &[(&str, Card, &str)] = &[
    ("card_ok", Card::Good, "succeeds"),
    ("card_declined", Card::Refused("card_declined"), "is declined"),
    ("card_insufficient_funds", Card::Refused("insufficient_funds"), "has too little on it"),
    ("card_expired", Card::Refused("expired_card"), "has expired"),
    ("card_3ds", Card::Secure, "asks the guest for a proof (3-D Secure)"),
    ("card_late_success", Card::Late, "succeeds after twenty minutes, when a place is not held any more"),
    ("card_dispute", Card::Disputed(None), "succeeds and is disputed after an hour"),
    ("card_dispute_won", Card::Disputed(Some(true)), "the same, and the dispute is won two hours later"),
    ("card_dispute_lost", Card::Disputed(Some(false)), "the same, and the dispute is lost two hours later"),
    ("card_lapses", Card::Lapses, "is promised for an hour instead of seven days"),
    ("card_error_once", Card::BreaksOnce, "succeeds at the second try; at the first the provider breaks"),
    ("card_timeout_once", Card::SilentOnce, "succeeds, but the first answer is lost"),
    ("card_refund_fails", Card::RefundFails, "succeeds, and takes nothing back"),
];

/// How long a good card's promise stands.
pub const PROMISED_SECONDS: i64 = 7 * 86_400;
pub const LAPSES_SECONDS: i64 = 3_600;
pub const LATE_SECONDS: i64 = 20 * 60;
pub const DISPUTED_SECONDS: i64 = 3_600;
pub const DECIDED_SECONDS: i64 = 2 * 3_600;
/// What a dispute costs, in minor units of whatever currency.
pub const DISPUTE_FEE: i64 = 1_500;

impl Card {
    /// The card of a token.
    #[must_use]
    pub fn parse(token: &str) -> Option<Self> {
        CARDS.iter().find(|(name, ..)| *name == token).map(|(_, card, _)| *card)
    }
}

/// What the sandbox takes for a payment: 1.5 % rounded down and 25 minor units, never more than the payment.
#[must_use]
pub fn fee(amount: i64) -> i64 {
    (amount / 1_000 * 15 + amount % 1_000 * 15 / 1_000 + 25).min(amount)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fees_are_rounded_down() {
        for (amount, expected) in [(1, 1), (25, 25), (100, 26), (10_000, 175), (10_066, 175), (10_067, 176)] {
            assert_eq!(fee(amount), expected, "{amount}");
        }
        assert!(fee(i64::MAX) < i64::MAX / 60);
    }

    #[test]
    fn every_card_has_one_token() {
        for (at, (token, card, _)) in CARDS.iter().enumerate() {
            assert_eq!(Card::parse(token), Some(*card));
            assert!(CARDS[..at].iter().all(|(other, ..)| other != token));
        }
        assert_eq!(Card::parse("card_unknown"), None);
    }
}
