//! The rows of the threat table that concern accounts.
