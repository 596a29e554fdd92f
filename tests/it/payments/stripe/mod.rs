//! Stripe: against `localstripe`, a server that nobody here wrote, as far as it goes; what it lacks (idempotency, Connect, transfers, disputes, search,
//! balance transactions of our sums) against a small fake of our own, written from Stripe's public description of its API.

mod fake;
mod fakes;
mod local;

use super::*;
use stopover::features::payments::provider::Stripe;
use stopover::platform::config::{CardProvider, Config, Hidden, StripeSettings};

const WEBHOOK_SECRET: &str = "whsec_0123456789abcdef";

fn settings(base_url: &str) -> StripeSettings {
    StripeSettings {
        secret: Hidden::new("sk_test_of_the_suite"),
        webhook_secret: Hidden::new(WEBHOOK_SECRET),
        old_webhook_secret: None,
        account: Some("acct_ours".into()),
        base_url: base_url.to_owned(),
    }
}

/// An instance that takes cards through the Stripe at `base_url`.
async fn stage(db: &TestDb, base_url: &str) -> Stage {
    let chosen = settings(base_url);
    let kept = chosen.clone();
    let configure = move |config: &mut Config| {
        config.payments.provider = CardProvider::Stripe;
        config.payments.stripe = Some(kept);
    };
    let town = Town::with(db, configure).await;
    let outbound = Outbound::open(&town.tools().config);
    let provider: Arc<dyn Provider> = Arc::new(Stripe::new(&chosen, &outbound));
    Stage::with_providers(db, town, vec![provider]).await
}

impl Stage {
    /// A payment of a new booking through Stripe, asked and answered.
    async fn striped(&self, change: impl FnOnce(Charge) -> Charge) -> (BookingId, PaymentId) {
        let booking = BookingId(Uuid::now_v7());
        let id = self.ask(change(self.wanted(booking, "pm_card_visa", Capture::Now)), "stripe").await.unwrap();
        self.settle(booking).await;
        (booking, id)
    }
}
