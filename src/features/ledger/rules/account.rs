//! The accounts: what money there is, whose it is, and what it was earned or spent for (docs/RULES.md, "The ledger").

use crate::values::{BookingId, UserId};
use uuid::Uuid;

/// An account. Amounts on it are debits (positive) and credits (negative); what it holds is their sum.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Account {
    /// Our money at a payment provider.
    Psp(String),
    /// Cash and bank transfers that the operator holds.
    OfflineCash,
    /// What the guest still owes for a booking.
    GuestReceivable(BookingId),
    /// What a host owes us: taken from the next payouts.
    HostReceivable(UserId),
    /// Paid money that a bank has taken back until a dispute is decided.
    DisputeSuspense(BookingId),
    /// The host's part of a stay that is not yet due to them.
    StayEscrow(BookingId),
    /// The guest's fee before it is earned.
    FeeDeferred(BookingId),
    /// Taxes of a stay before it takes place.
    TaxHeld(BookingId),
    /// A tax that we owe to whoever levies it.
    TaxPayable(String),
    /// What we owe a host.
    HostPayable(UserId),
    /// A payout that is under way.
    PayoutTransit(Uuid),
    /// What goes back to the guest of a booking.
    RefundPayable(BookingId),
    /// A security deposit.
    DepositHeld(BookingId),
    /// What a guest may spend on later stays.
    GuestCredit(UserId),
    RevGuestFee,
    RevHostFee,
    RevPenalty,
    /// Fees of payment providers.
    ExpPsp,
    ExpChargeback,
    ExpGoodwill,
    /// Coupons that the platform bears.
    ExpPromo,
}

/// What sort of account, and so which sign its balance may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    Asset,
    Liability,
    Income,
    Expense,
}

/// Whose account, and so where its balance is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// One of the few of the house.
    House,
    /// Of one booking: only entries of that booking post to it.
    Booking(BookingId),
    /// Of one person.
    Person(UserId),
    Payout(Uuid),
}

/// Longest name of a provider or a tax.
const LONGEST: usize = 64;

impl Account {
    /// The word before the colon: `stay_escrow` of `stay_escrow:0190…`.
    #[must_use]
    pub fn sort(&self) -> &'static str {
        match self {
            Self::Psp(_) => "psp",
            Self::OfflineCash => "offline_cash",
            Self::GuestReceivable(_) => "guest_receivable",
            Self::HostReceivable(_) => "host_receivable",
            Self::DisputeSuspense(_) => "dispute_suspense",
            Self::StayEscrow(_) => "stay_escrow",
            Self::FeeDeferred(_) => "fee_deferred",
            Self::TaxHeld(_) => "tax_held",
            Self::TaxPayable(_) => "tax_payable",
            Self::HostPayable(_) => "host_payable",
            Self::PayoutTransit(_) => "payout_transit",
            Self::RefundPayable(_) => "refund_payable",
            Self::DepositHeld(_) => "deposit_held",
            Self::GuestCredit(_) => "guest_credit",
            Self::RevGuestFee => "rev_guest_fee",
            Self::RevHostFee => "rev_host_fee",
            Self::RevPenalty => "rev_penalty",
            Self::ExpPsp => "exp_psp",
            Self::ExpChargeback => "exp_chargeback",
            Self::ExpGoodwill => "exp_goodwill",
            Self::ExpPromo => "exp_promo",
        }
    }

    /// The stored word; never changes its meaning.
    #[must_use]
    pub fn name(&self) -> String {
        match (self, self.owner()) {
            (Self::Psp(name) | Self::TaxPayable(name), _) => format!("{}:{name}", self.sort()),
            (_, Owner::Booking(id)) => format!("{}:{id}", self.sort()),
            (_, Owner::Person(id)) => format!("{}:{id}", self.sort()),
            (_, Owner::Payout(id)) => format!("{}:{id}", self.sort()),
            (_, Owner::House) => self.sort().to_owned(),
        }
    }

    /// Reads [`Account::name`].
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let (sort, of) = name.split_once(':').map_or((name, None), |(sort, of)| (sort, Some(of)));
        let Some(of) = of else {
            return Some(match sort {
                "offline_cash" => Self::OfflineCash,
                "rev_guest_fee" => Self::RevGuestFee,
                "rev_host_fee" => Self::RevHostFee,
                "rev_penalty" => Self::RevPenalty,
                "exp_psp" => Self::ExpPsp,
                "exp_chargeback" => Self::ExpChargeback,
                "exp_goodwill" => Self::ExpGoodwill,
                "exp_promo" => Self::ExpPromo,
                _ => return None,
            });
        };
        if matches!(sort, "psp" | "tax_payable") {
            let account = if sort == "psp" { Self::Psp(of.to_owned()) } else { Self::TaxPayable(of.to_owned()) };
            return account.is_well_named().then_some(account);
        }
        // Only as it is written: one account must not have two names.
        let id = Uuid::try_parse(of).ok().filter(|id| id.to_string() == of)?;
        let (booking, user) = (BookingId(id), UserId(id));
        Some(match sort {
            "guest_receivable" => Self::GuestReceivable(booking),
            "host_receivable" => Self::HostReceivable(user),
            "dispute_suspense" => Self::DisputeSuspense(booking),
            "stay_escrow" => Self::StayEscrow(booking),
            "fee_deferred" => Self::FeeDeferred(booking),
            "tax_held" => Self::TaxHeld(booking),
            "host_payable" => Self::HostPayable(user),
            "payout_transit" => Self::PayoutTransit(id),
            "refund_payable" => Self::RefundPayable(booking),
            "deposit_held" => Self::DepositHeld(booking),
            "guest_credit" => Self::GuestCredit(user),
            _ => return None,
        })
    }

    #[must_use]
    pub fn owner(&self) -> Owner {
        match self {
            Self::GuestReceivable(id)
            | Self::DisputeSuspense(id)
            | Self::StayEscrow(id)
            | Self::FeeDeferred(id)
            | Self::TaxHeld(id)
            | Self::RefundPayable(id)
            | Self::DepositHeld(id) => Owner::Booking(*id),
            Self::HostReceivable(id) | Self::HostPayable(id) | Self::GuestCredit(id) => Owner::Person(*id),
            Self::PayoutTransit(id) => Owner::Payout(*id),
            _ => Owner::House,
        }
    }

    #[must_use]
    pub fn class(&self) -> Class {
        class_of(self.sort())
    }

    /// Under which name what the account holds is added up by the sealer: its own for those of the house, the sort for all others.
    #[must_use]
    pub fn summed_as(&self) -> String {
        if self.owner() == Owner::House { self.name() } else { self.sort().to_owned() }
    }

    /// Whether providers and taxes are called what an account may be called: lower-case letters, digits, `_`, `-` and `.`,
    /// a letter or digit first.
    #[must_use]
    pub fn is_well_named(&self) -> bool {
        let (Self::Psp(name) | Self::TaxPayable(name)) = self else { return true };
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        name.len() <= LONGEST && name.bytes().next().is_some_and(plain) && name.bytes().all(|b| plain(b) || matches!(b, b'_' | b'-' | b'.'))
    }
}

impl std::fmt::Display for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name())
    }
}

/// The class of a sort of accounts.
#[must_use]
pub fn class_of(sort: &str) -> Class {
    match sort {
        "psp" | "offline_cash" | "guest_receivable" | "host_receivable" | "dispute_suspense" => Class::Asset,
        other if other.starts_with("rev_") => Class::Income,
        other if other.starts_with("exp_") => Class::Expense,
        _ => Class::Liability,
    }
}

impl Class {
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Asset => "asset",
            Self::Liability => "liability",
            Self::Income => "income",
            Self::Expense => "expense",
        }
    }

    /// Whether an account of this class may hold `balance` (L4): what we own is not below nothing, nor is what we owe.
    #[must_use]
    pub fn may_hold(self, balance: i64) -> bool {
        match self {
            Self::Asset => balance >= 0,
            Self::Liability => balance <= 0,
            Self::Income | Self::Expense => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_come_back_from_their_names() {
        let id = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001);
        let (b, u) = (BookingId(id), UserId(id));
        let all = [
            Account::Psp("sandbox".into()),
            Account::OfflineCash,
            Account::GuestReceivable(b),
            Account::HostReceivable(u),
            Account::DisputeSuspense(b),
            Account::StayEscrow(b),
            Account::FeeDeferred(b),
            Account::TaxHeld(b),
            Account::TaxPayable("city_tax".into()),
            Account::HostPayable(u),
            Account::PayoutTransit(id),
            Account::RefundPayable(b),
            Account::DepositHeld(b),
            Account::GuestCredit(u),
            Account::RevGuestFee,
            Account::RevHostFee,
            Account::RevPenalty,
            Account::ExpPsp,
            Account::ExpChargeback,
            Account::ExpGoodwill,
            Account::ExpPromo,
        ];
        for account in &all {
            assert_eq!(Account::parse(&account.name()).as_ref(), Some(account), "{account}");
        }
        assert_eq!(Account::GuestReceivable(b).name(), "guest_receivable:01900000-0000-7000-8000-000000000001");
        assert_eq!(all.iter().filter(|account| account.class() == Class::Asset).count(), 5);
        assert_eq!(all.iter().filter(|account| account.class() == Class::Liability).count(), 9);
    }

    #[test]
    fn no_account_has_two_names_and_strange_names_are_none() {
        let upper = "stay_escrow:01900000-0000-7000-8000-00000000000A";
        for bad in ["", "psp", "psp:", "psp:Sandbox", "psp:a b", "psp:a:b", "psp:_a", "cash", "rev_guest_fee:x", "stay_escrow", "stay_escrow:1", upper] {
            assert_eq!(Account::parse(bad), None, "{bad}");
        }
        assert!(!Account::Psp("x".repeat(65)).is_well_named() && !Account::TaxPayable("MwSt".into()).is_well_named());
    }
}
