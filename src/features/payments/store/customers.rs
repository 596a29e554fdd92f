//! SQL of guests as providers know them.

use crate::platform::db::{Conn, DbResult, Tx};
use crate::values::{Instant, UserId};

/// A guest as a provider knows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Customer {
    pub provider: String,
    pub reference: String,
    /// The means of payment they left.
    pub method_sealed: Option<String>,
}

const ONE: &str = "SELECT provider, customer_ref, method_sealed FROM payment_customers WHERE guest_id = $1 AND provider = $2";
const OF_GUEST: &str = "SELECT provider, customer_ref, method_sealed FROM payment_customers WHERE guest_id = $1 ORDER BY provider";
const KEEP: &str = "INSERT INTO payment_customers (guest_id, provider, customer_ref, method_sealed, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $5)
    ON CONFLICT (guest_id, provider) DO UPDATE SET customer_ref = excluded.customer_ref, updated_at = excluded.updated_at,
    method_sealed = COALESCE(excluded.method_sealed, payment_customers.method_sealed)";
const FORGET_METHOD: &str = "UPDATE payment_customers SET method_sealed = NULL, updated_at = $3 WHERE guest_id = $1 AND provider = $2";
const FORGET: &str = "DELETE FROM payment_customers WHERE guest_id = $1";

pub(super) const STATEMENTS: [(&str, &str); 4] = [(ONE, "ut"), (OF_GUEST, "u"), (FORGET_METHOD, "uti"), (FORGET, "u")];

pub(in super::super) fn one(conn: &mut Conn<'_>, guest: UserId, provider: &str) -> DbResult<Option<Customer>> {
    conn.first(ONE, &[guest.into(), provider.into()], |row| Ok(Customer { provider: row.get(0)?, reference: row.get(1)?, method_sealed: row.get(2)? }))
}

pub(in super::super) fn of_guest(conn: &mut Conn<'_>, guest: UserId) -> DbResult<Vec<Customer>> {
    conn.query(OF_GUEST, &[guest.into()], |row| Ok(Customer { provider: row.get(0)?, reference: row.get(1)?, method_sealed: row.get(2)? }))
}

/// Remembers who a guest is to a provider; a means of payment that was kept stays where none is given.
pub(in super::super) fn keep(tx: &mut Tx<'_>, now: Instant, guest: UserId, customer: &Customer) -> DbResult<()> {
    let params = [guest.into(), (&customer.provider).into(), (&customer.reference).into(), customer.method_sealed.clone().into(), now.into()];
    tx.execute(KEEP, &params)?;
    Ok(())
}

pub(in super::super) fn forget_method(tx: &mut Tx<'_>, now: Instant, guest: UserId, provider: &str) -> DbResult<()> {
    tx.execute(FORGET_METHOD, &[guest.into(), provider.into(), now.into()])?;
    Ok(())
}

pub(in super::super) fn forget(tx: &mut Tx<'_>, guest: UserId) -> DbResult<()> {
    tx.execute(FORGET, &[guest.into()])?;
    Ok(())
}
