//! Documents and their numbers: `INV-2026-000123`, one series for each issuer, kind and year.

use super::paper::Sheet;
use crate::values::Instant;
use uuid::Uuid;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    Invoice,
    Receipt,
    Statement,
}

impl Kind {
    pub const ALL: [Self; 3] = [Self::Invoice, Self::Receipt, Self::Statement];

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Invoice => "invoice",
            Self::Receipt => "receipt",
            Self::Statement => "statement",
        }
    }

    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    fn prefix(self) -> &'static str {
        match self {
            Self::Invoice => "INV",
            Self::Receipt => "RCT",
            Self::Statement => "STM",
        }
    }
}

/// A document that is to be issued.
#[derive(Debug, Clone, Copy)]
pub struct Issue<'a> {
    pub kind: Kind,
    /// Whose series it stands in: `platform`, `host:{id}`.
    pub issuer: &'a str,
    /// What it follows from, such as `booking:{id}:invoice`: the same again is the same document.
    pub source: &'a str,
    pub sheet: &'a Sheet,
}

/// A document as it was issued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    pub id: Uuid,
    pub kind: Kind,
    pub issuer: String,
    pub year: i64,
    pub number: Option<i64>,
    pub source: String,
    /// Without its number.
    pub sheet: Sheet,
    pub issued_at: Instant,
}

impl Document {
    /// What people know it by; `None` until it is numbered.
    #[must_use]
    pub fn name(&self) -> Option<String> {
        Some(format!("{}-{}-{:06}", self.kind.prefix(), self.year, self.number?))
    }

    /// The sheet with its number; `None` until it is numbered.
    #[must_use]
    pub fn numbered(&self) -> Option<Sheet> {
        Some(Sheet { number: self.name()?, ..self.sheet.clone() })
    }
}
