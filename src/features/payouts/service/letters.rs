//! What hosts are written about their money.

use super::World;
use crate::features::accounts;
use crate::features::payouts::rules::terms::{Method, Payout, State};
use crate::platform::db::{DbResult, Tx};
use crate::values::{Instant, Money, UserId};

fn write(tx: &mut Tx<'_>, now: Instant, world: &World, to: UserId, subject: &str, text: &str) -> DbResult<()> {
    accounts::write_to(tx, now, (&world.keys, &world.config), to, subject, text)?;
    Ok(())
}

const NOT_YOU: &str = "If this was not you, set a new password at once (\"forgotten password\"), which ends all sessions, and remove the new method: nothing is paid there before it counts.";

pub(super) fn method_added(tx: &mut Tx<'_>, now: Instant, world: &World, method: &Method) -> DbResult<()> {
    let text = format!(
        "an account to which your earnings are paid was added: {} ({}). It counts from {} on; until then nothing is paid out.\n\n{NOT_YOU}",
        method.hint, method.kind, method.active_at
    );
    write(tx, now, world, method.user, "a new account for your payouts", &text)
}

pub(super) fn method_removed(tx: &mut Tx<'_>, now: Instant, world: &World, method: &Method) -> DbResult<()> {
    let text = format!("an account to which your earnings were paid was removed: {} ({}).\n\n{NOT_YOU}", method.hint, method.kind);
    write(tx, now, world, method.user, "an account for your payouts was removed", &text)
}

/// A payout has arrived, came back, or was stopped.
pub(super) fn ended(tx: &mut Tx<'_>, now: Instant, world: &World, payout: &Payout) -> DbResult<()> {
    let amount = Money::new(payout.amount, payout.currency);
    let (subject, text) = match payout.state {
        State::Paid => ("you are paid", format!("{amount} were sent to your account. Your statement says what they are for.")),
        State::Failed => (
            "a payout has failed",
            format!("{amount} could not be paid to your account. They are yours all the same, and wait until you leave another account for payouts."),
        ),
        _ => ("a payout was stopped", format!("a payout of {amount} was stopped before it was sent. The money is yours all the same.")),
    };
    write(tx, now, world, payout.host, subject, &text)
}
