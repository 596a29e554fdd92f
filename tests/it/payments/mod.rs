//! Stories about payments. The stage: a guest, the sandbox (or something between us and it), and somebody who writes down what they hear.

mod cards;
mod faults;
mod hands;
mod held;
mod left;
mod messages;
mod stripe;
mod unwanted;

use crate::support::people::user_of;
use crate::support::town::{Asker, Town};
use crate::support::{TestDb, off_thread, on_both, uses_index};
use std::sync::Arc;
use std::time::Duration;
use stopover::features::payments::provider::{Provider, Sandbox, Total, delivered};
use stopover::features::payments::{self, Capture, Charge, Follows, News, Payment, PaymentWithRefunds, Payments, Purpose, What};
use stopover::platform::db::{DbError, DbResult, Tx, Value};
use stopover::platform::error::Result;
use stopover::platform::jobs::Jobs;
use stopover::platform::outbound::Outbound;
use stopover::values::{BookingId, Currency, Instant, PaymentId, UserId};
use uuid::Uuid;

on_both!(statements_use_indexes, async |db: TestDb| {
    for (sql, kinds) in payments::statements() {
        let params = kinds.chars().map(|kind| match kind {
            'u' => Value::Uuid(Uuid::nil()),
            't' => Value::Text("x".into()),
            'n' => Value::Int(1),
            'i' => Value::Instant(Instant(1)),
            other => panic!("no parameter of kind {other}"),
        });
        uses_index(&db, &sql, params.collect()).await;
    }
});

/// Writes down what it hears, in the transaction in which it is told.
struct Heard;

impl Follows for Heard {
    fn heard(&self, tx: &mut Tx<'_>, _now: Instant, news: &News) -> Result<()> {
        const NOTE: &str = "INSERT INTO heard (id, payment_id, said) VALUES ($1, $2, $3)";
        tx.execute(NOTE, &[Uuid::now_v7().into(), news.payment.into(), word(&news.what).into()])?;
        Ok(())
    }

    fn hold(&self, _tx: &mut Tx<'_>, _booking: BookingId) -> Result<()> {
        Ok(())
    }
}

fn word(what: &What) -> String {
    match what {
        What::RequiresAction(_) => "requires_action".into(),
        What::Authorized => "authorized".into(),
        What::Captured => "captured".into(),
        What::Failed { code } => format!("failed {code}"),
        What::Voided => "voided".into(),
        What::Refunded { amount, asked, .. } => format!("refunded {amount}{}", if *asked { "" } else { " unasked" }),
        What::RefundFailed { amount, code, .. } => format!("refund failed {amount} {code}"),
        What::DisputeOpened { amount } => format!("dispute opened {amount}"),
        What::DisputeWon { amount } => format!("dispute won {amount}"),
        What::DisputeLost { amount, .. } => format!("dispute lost {amount}"),
    }
}

pub(crate) struct Stage {
    town: Town,
    payments: Payments,
    jobs: Jobs,
    guest: UserId,
    asker: Asker,
}

impl Stage {
    async fn new(db: &TestDb) -> Self {
        Self::between(db, |sandbox| Arc::new(sandbox)).await
    }

    /// With something between us and the sandbox.
    async fn between(db: &TestDb, wrap: impl FnOnce(Sandbox) -> Arc<dyn Provider>) -> Self {
        let town = Town::new(db).await;
        let sandbox = Sandbox::new(town.tools());
        let manual = [payments::provider::MANUAL, payments::provider::CASH].map(|name| Arc::new(payments::provider::Manual(name)) as Arc<dyn Provider>);
        Self::with_providers(db, town, std::iter::once(wrap(sandbox)).chain(manual).collect()).await
    }

    /// With these providers.
    async fn with_providers(db: &TestDb, town: Town, providers: Vec<Arc<dyn Provider>>) -> Self {
        let table = "CREATE TABLE heard (id UUID PRIMARY KEY, payment_id UUID NOT NULL, said TEXT NOT NULL)";
        let made: DbResult<()> = db.write(move |tx, _| tx.batch(table)).await;
        made.unwrap();
        let asker = town.newcomer("Gail").await;
        let guest = user_of(db, "Gail").await;
        let payments = Payments::with(town.tools(), providers, Arc::new(Heard));
        let mut handlers = payments::jobs(town.tools(), &payments);
        handlers.push(delivered(&payments, &Sandbox::new(town.tools())));
        let jobs = Jobs::new(town.tools().db.clone(), handlers);
        Self { town, payments, jobs, guest, asker }
    }

    /// What `doctor` would say.
    async fn checked(&self) -> std::result::Result<String, String> {
        let payments = self.payments.clone();
        off_thread(move || payments.check()).await
    }

    fn wanted(&self, booking: BookingId, card: &str, capture: Capture) -> Charge {
        Charge {
            booking,
            guest: self.guest,
            purpose: Purpose::Booking,
            amount: 10_000,
            currency: Currency::parse("EUR").unwrap(),
            capture,
            method: card.into(),
            off_session: false,
            keep: false,
        }
    }

    async fn ask(&self, wanted: Charge, provider: &'static str) -> Result<PaymentId> {
        let tools = self.town.tools();
        let keys = tools.keys.clone();
        tools.db.write(move |tx, now| payments::charge(tx, now, &keys, &wanted, provider)).await
    }

    /// A payment of a new booking at the sandbox.
    async fn charge(&self, card: &str, capture: Capture) -> (BookingId, PaymentId) {
        let booking = BookingId(Uuid::now_v7());
        (booking, self.ask(self.wanted(booking, card, capture), "sandbox").await.unwrap())
    }

    /// The same, asked and answered.
    async fn charged(&self, card: &str, capture: Capture) -> (BookingId, PaymentId) {
        let (booking, payment) = self.charge(card, capture).await;
        self.settle(booking).await;
        (booking, payment)
    }

    async fn settle(&self, booking: BookingId) -> bool {
        self.payments.settle(booking, Duration::from_secs(20)).await.unwrap()
    }

    async fn write<T: Send + 'static>(&self, work: impl Fn(&mut Tx<'_>, Instant) -> Result<T> + Send + 'static) -> Result<T> {
        self.town.tools().db.write(work).await
    }

    /// Runs everything that is due now.
    async fn run(&self) {
        let jobs = self.jobs.clone();
        off_thread(move || jobs.run_due()).await;
    }

    /// Lets time pass, a step at a time, and runs what falls due.
    async fn pass(&self, seconds: i64) {
        self.town.clock.advance_seconds(seconds);
        self.run().await;
    }

    async fn of(&self, booking: BookingId) -> Vec<PaymentWithRefunds> {
        let found: DbResult<_> = self.town.tools().db.read(move |conn| payments::of_booking(conn, booking)).await;
        found.unwrap()
    }

    async fn payment(&self, booking: BookingId) -> Payment {
        self.of(booking).await.remove(0).payment
    }

    async fn news(&self, payment: PaymentId) -> Vec<String> {
        const SAID: &str = "SELECT said FROM heard WHERE payment_id = $1 ORDER BY id";
        let found: DbResult<Vec<String>> = self.town.tools().db.read(move |conn| conn.query(SAID, &[payment.into()], |row| row.get(0))).await;
        found.unwrap()
    }

    async fn count(&self, sql: &'static str) -> i64 {
        let found: DbResult<Option<i64>> = self.town.tools().db.read(move |conn| conn.first(sql, &[], |row| row.get(0))).await;
        found.unwrap().unwrap_or(0)
    }

    /// What the sandbox's own books say of all time.
    async fn report(&self) -> Vec<Total> {
        let sandbox = Sandbox::new(self.town.tools());
        off_thread(move || sandbox.report(Instant(0), Instant(i64::MAX / 4)).unwrap().unwrap()).await
    }

    /// Our own sums of payments at the sandbox, in EUR.
    async fn ours(&self) -> Total {
        const SUMS: &str = "SELECT CAST(COALESCE(SUM(captured_minor), 0) AS BIGINT), CAST(COALESCE(SUM(refunded_minor), 0) AS BIGINT),
            CAST(COALESCE(SUM(fee_minor), 0) AS BIGINT) FROM payments WHERE provider = 'sandbox'";
        const DISPUTED: &str = "SELECT CAST(COALESCE(SUM(CASE WHEN state <> 'won' THEN amount_minor ELSE 0 END), 0) AS BIGINT),
            CAST(COALESCE(SUM(fee_minor), 0) AS BIGINT) FROM disputes";
        let read = |conn: &mut stopover::platform::db::Conn<'_>| {
            let sums = conn.first(SUMS, &[], |row| Ok((row.get(0)?, row.get(1)?, row.get::<i64>(2)?)))?.unwrap_or_default();
            let disputed: (i64, i64) = conn.first(DISPUTED, &[], |row| Ok((row.get(0)?, row.get(1)?)))?.unwrap_or_default();
            Ok::<_, DbError>((sums, disputed))
        };
        let ((captured, refunded, fees), (disputed, dispute_fees)) = self.town.tools().db.read(read).await.unwrap();
        Total { currency: "EUR".into(), captured, refunded, disputed, fees: fees + dispute_fees, paid_out: 0 }
    }

    /// Ours and the sandbox's books say the same.
    async fn expect_same_books(&self) {
        let report = self.report().await;
        let theirs = report.first().cloned().unwrap_or_else(|| Total { currency: "EUR".into(), ..Total::default() });
        assert_eq!((report.len() < 2, theirs), (true, self.ours().await), "the sandbox's books, and ours");
    }
}
