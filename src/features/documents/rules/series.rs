//! Documents and their numbers: `INV-2026-000123`, one series for each issuer, kind and year.

use super::paper::{Invoice, Sheet};
use crate::values::{BookingId, Instant, UserId};
use uuid::Uuid;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    Invoice,
    CreditNote,
}

impl Kind {
    pub const ALL: [Self; 2] = [Self::Invoice, Self::CreditNote];

    /// The stored word; never changes its meaning.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Invoice => "invoice",
            Self::CreditNote => "credit_note",
        }
    }

    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    fn prefix(self) -> &'static str {
        match self {
            Self::Invoice => "INV",
            Self::CreditNote => "CRN",
        }
    }
}

/// What somebody on a document is to the stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    Guest,
    Host,
    Platform,
}

impl Role {
    pub const ALL: [Self; 3] = [Self::Guest, Self::Host, Self::Platform];

    /// The stored word; never changes its meaning.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Guest => "guest",
            Self::Host => "host",
            Self::Platform => "platform",
        }
    }

    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// A document that is to be issued: a credit note where the invoice corrects another one.
#[derive(Debug, Clone, Copy)]
pub struct Issue<'a> {
    pub booking: BookingId,
    /// Of the booking.
    pub host: UserId,
    pub from: Role,
    pub to: Role,
    /// What it follows from, such as `booking:{id}:invoice`: the same again is the same document.
    pub source: &'a str,
    pub invoice: &'a Invoice,
}

impl Issue<'_> {
    #[must_use]
    pub fn kind(&self) -> Kind {
        if self.invoice.corrects.is_some() { Kind::CreditNote } else { Kind::Invoice }
    }

    /// In whose series it stands.
    #[must_use]
    pub fn issuer(&self) -> String {
        if self.from == Role::Platform { Role::Platform.name().to_owned() } else { format!("{}:{}", self.from.name(), self.host) }
    }

    #[must_use]
    pub fn year(&self) -> i64 {
        self.invoice.issued.date().year().into()
    }
}

/// A document as it was issued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    pub id: Uuid,
    pub booking: BookingId,
    pub kind: Kind,
    pub issuer: String,
    pub year: i64,
    pub number: i64,
    pub source: String,
    pub from: Role,
    pub to: Role,
    /// With the parties as they are called now: names of people who were erased are gone.
    pub invoice: Invoice,
    pub issued_at: Instant,
}

impl Document {
    /// What people know it by.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}-{}-{:06}", self.kind.prefix(), self.year, self.number)
    }

    #[must_use]
    pub fn sheet(&self) -> Sheet {
        Sheet { number: self.name(), ..self.invoice.sheet() }
    }

    /// Whether somebody in this role is named on it.
    #[must_use]
    pub fn concerns(&self, role: Role) -> bool {
        self.from == role || self.to == role
    }
}
