//! What the books hold about people: the accounts of hosts and guests. They show an id and amounts, no names.

use super::rules::Account;
use super::store;
use crate::platform::db::{Conn, DbResult, Tx};
use crate::platform::privacy::{Archive, Blocker, PersonalData};
use crate::values::{Instant, UserId};

/// See [`PersonalData`]. Books are never changed, so nothing is erased: the id in them becomes nobody's. A host who still owes or is owed
/// something stays until that is settled; what becomes of credit is said by whoever gives it.
pub struct AccountData;

fn accounts(user: UserId) -> [Account; 3] {
    [Account::HostPayable(user), Account::HostReceivable(user), Account::GuestCredit(user)]
}

impl PersonalData for AccountData {
    fn export(&self, conn: &mut Conn<'_>, user: UserId, archive: &mut Archive) -> DbResult<()> {
        archive.list("ledger")?;
        for account in accounts(user) {
            store::each_of_account(conn, &account, |posting| archive.item(posting))?;
        }
        Ok(())
    }

    fn blocks_erasure(&self, conn: &mut Conn<'_>, user: UserId) -> DbResult<Vec<Blocker>> {
        let mut blockers = Vec::new();
        for account in [Account::HostPayable(user), Account::HostReceivable(user)] {
            let open = store::open_in(conn, &account)?;
            blockers.extend(open.into_iter().map(|(currency, amount)| {
                let (amount, what) = (super::rules::export::decimal(amount.saturating_abs(), currency), account.sort());
                let message = match what {
                    "host_receivable" => format!("You owe {amount} {currency}, which is taken from your next payouts."),
                    _ => format!("You are still to get {amount} {currency}."),
                };
                Blocker { reason: "money_open", message }
            }));
        }
        Ok(blockers)
    }

    fn erase(&self, _tx: &mut Tx<'_>, _now: Instant, _user: UserId) -> DbResult<()> {
        Ok(())
    }
}
