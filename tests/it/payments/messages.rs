//! Messages of providers: in any order, any number of times, genuine or not.

use super::*;
use poem::http::Method;
use stopover::features::payments::provider::{message_of, signed};
use stopover::features::payments::rules::facts::{DisputeFacts, Facts, RefundFacts};
use stopover::features::payments::{DisputeState, Received, RefundState, State};

impl Stage {
    /// Takes a message of the sandbox; straight, without the edge.
    async fn message(&self, id: &str, facts: &Facts) -> Result<Received> {
        let tools = self.town.tools();
        let (signature, body) = message_of(tools, tools.clock.now(), id, "payment", Some(facts));
        let mut headers = poem::http::HeaderMap::new();
        headers.insert("sandbox-signature", signature.parse().unwrap());
        let payments = self.payments.clone();
        off_thread(move || payments.take_message("sandbox", &headers, &body)).await
    }

    /// Sends a message over HTTP.
    async fn send(&self, provider: &str, signature: Option<String>, body: Vec<u8>) -> crate::support::town::Reply {
        let headers = signature.into_iter().map(|text| (format!("{provider}-signature"), text)).collect();
        let asker = Asker { headers, ..Asker::default() };
        self.town.send(&asker, Method::POST, &format!("/payments/webhooks/{provider}"), Some("application/json"), poem::Body::from(body)).await
    }
}

/// The five messages about a payment that was promised, taken, refused once in between, partly given back at the provider, and disputed.
fn five(booking: BookingId, payment: PaymentId) -> [Facts; 5] {
    let of = |state| Facts {
        reference: Some(format!("sb_{payment}")),
        amount: Some(10_000),
        currency: Some("EUR".into()),
        state: Some(state),
        ..Facts::of(payment, booking)
    };
    let refund = RefundFacts { reference: format!("re_{payment}"), refund: None, amount: 2_500, state: RefundState::Succeeded, failure: None };
    let dispute =
        DisputeFacts { reference: format!("dp_{payment}"), amount: 7_500, fee: 1_500, state: DisputeState::Opened, reason: Some("fraudulent".into()) };
    // The last two say nothing of the payment itself, as with Stripe.
    let bare = Facts { reference: Some(format!("sb_{payment}")), currency: Some("EUR".into()), ..Facts::default() };
    [
        of(State::Authorized),
        Facts { captured: Some(10_000), fee: Some(175), ..of(State::Captured) },
        Facts { failure: Some("card_declined".into()), ..of(State::Failed) },
        Facts { refunds: vec![refund], ..bare.clone() },
        Facts { dispute: Some(dispute), ..bare },
    ]
}

/// All orders of 0 to 4.
fn orders() -> Vec<[usize; 5]> {
    let mut all = Vec::new();
    for code in 0..3_125_usize {
        let order: [usize; 5] = std::array::from_fn(|at| code / 5_usize.pow(u32::try_from(at).unwrap()) % 5);
        if (0..5).all(|one| order.contains(&one)) {
            all.push(order);
        }
    }
    all
}

fn standing(found: &PaymentWithRefunds) -> (State, i64, i64, Option<i64>, Option<String>, Vec<(i64, RefundState, bool)>, Vec<(i64, DisputeState)>) {
    let payment = &found.payment;
    let refunds = found.refunds.iter().map(|refund| (refund.amount, refund.state, refund.asked)).collect();
    let disputes = found.disputes.iter().map(|dispute| (dispute.amount, dispute.state)).collect();
    (payment.state, payment.captured, payment.refunded, payment.fee, payment.held.clone(), refunds, disputes)
}

on_both!(messages_in_any_order_end_where_asking_would, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    // What asking would tell: everything at once.
    let (asked, payment) = stage.charge("card_ok", Capture::Now).await;
    let [_, captured, _, refunded, disputed] = five(asked, payment);
    stage.message("whole", &Facts { refunds: refunded.refunds, dispute: disputed.dispute, ..captured }).await.unwrap();
    let expected = standing(&stage.of(asked).await[0]);
    assert_eq!((expected.0, expected.1, expected.2), (State::Captured, 10_000, 2_500));
    assert_eq!(orders().len(), 120);
    for order in orders() {
        let (booking, payment) = stage.charge("card_ok", Capture::Now).await;
        let messages = five(booking, payment);
        for at in order {
            stage.message(&format!("{booking} {at}"), &messages[at]).await.unwrap();
        }
        assert_eq!(standing(&stage.of(booking).await[0]), expected, "{order:?}");
        // Each again, the other way round: nothing more.
        let told = stage.news(payment).await;
        for at in order.into_iter().rev() {
            assert_eq!(stage.message(&format!("{booking} {at}"), &messages[at]).await.unwrap(), Received::Nothing);
        }
        assert_eq!(stage.news(payment).await, told, "{order:?}");
        for once in ["captured", "refunded 2500 unasked", "dispute opened 7500"] {
            assert_eq!(told.iter().filter(|said| *said == once).count(), 1, "{order:?}: {told:?}");
        }
    }
});

on_both!(a_hundred_copies_have_one_effect, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    for at_once in [true, false] {
        let (booking, payment) = stage.charge("card_ok", Capture::Now).await;
        let captured = five(booking, payment)[1].clone();
        let tools = stage.town.tools();
        let (signature, body) = message_of(tools, tools.clock.now(), &format!("evt {booking}"), "payment", Some(&captured));
        let send = || stage.send("sandbox", Some(signature.clone()), body.clone());
        let replies = if at_once {
            futures_util::future::join_all((0..100).map(|_| send())).await
        } else {
            let mut replies = Vec::new();
            for _ in 0..100 {
                replies.push(send().await);
            }
            replies
        };
        let outcomes: Vec<String> = replies.iter().map(|reply| reply.expect(200).json()["outcome"].as_str().unwrap().to_owned()).collect();
        assert_eq!(outcomes.iter().filter(|outcome| *outcome == "applied").count(), 1, "at once: {at_once}");
        let payment = stage.payment(booking).await;
        assert_eq!((payment.state, payment.captured), (State::Captured, 10_000));
    }
    assert_eq!(stage.count("SELECT COUNT(*) FROM provider_events").await, 2);
});

on_both!(what_is_not_genuine_is_refused_and_not_kept, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    let (booking, payment) = stage.charge("card_ok", Capture::Now).await;
    let captured = five(booking, payment)[1].clone();
    let (tools, now) = (stage.town.tools(), stage.town.tools().clock.now());
    let good = |at| message_of(tools, at, "evt", "payment", Some(&captured));
    let (signature, body) = good(now);
    let forged = signed(b"somebody else's secret", now, &body);
    let mut bent = body.clone();
    *bent.last_mut().unwrap() = b' ';
    for (signature, body) in [
        (None, body.clone()),
        (Some(forged), body.clone()),
        (Some(signature.clone()), bent),
        (Some(good(now.plus_seconds(-301)).0), body.clone()),
        (Some(good(now.plus_seconds(301)).0), body.clone()),
        (Some(signature.clone()), Vec::new()),
    ] {
        stage.send("sandbox", signature, body).await.expect_problem(400, "invalid_signature");
    }
    // Of real money, although the sandbox has none.
    let live = String::from_utf8(body.clone()).unwrap().replace("\"livemode\":false", "\"livemode\":true").into_bytes();
    let secret = tools.keys.derive("messages of the sandbox");
    stage.send("sandbox", Some(signed(&secret, now, &live)), live).await.expect_problem(400, "invalid_signature");
    stage.send("sandbox", Some(signature.clone()), vec![b' '; (512 << 10) + 1]).await.expect_problem(413, "body_too_large");
    for elsewhere in ["stripe", "manual", "nobody"] {
        let reply = stage.send(elsewhere, Some(signature.clone()), body.clone()).await;
        assert!(matches!(reply.status.as_u16(), 400 | 404), "{elsewhere}: {}", reply.text());
    }
    assert_eq!((stage.payment(booking).await.state, stage.count("SELECT COUNT(*) FROM provider_events").await), (State::Created, 0));
    // Of a kind that says nothing here: kept, and answered well.
    let (signature, body) = message_of(tools, now, "evt other", "account.updated", None);
    let reply = stage.send("sandbox", Some(signature), body).await;
    assert_eq!(reply.expect(200).json()["outcome"], "nothing");
    // The largest is read.
    let mut large = message_of(tools, now, "evt large", "x", None).1;
    large.resize(512 << 10, b' ');
    let reply = stage.send("sandbox", Some(signed(&secret, now, &large)), large).await;
    assert_eq!((reply.expect(200).json()["outcome"].as_str(), stage.count("SELECT COUNT(*) FROM provider_events").await), (Some("nothing"), 2));
});
