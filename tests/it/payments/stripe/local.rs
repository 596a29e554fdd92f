//! Against localstripe 1.15.10 (PyPI), started by the story on a port of its own. `make test` installs it; without it these stories fail, they are
//! never skipped.

use super::*;
use http::{Request, Response, header};
use serde_json::Value as Json;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use stopover::features::payments::{NextAction, SAVED, State};
use stopover::platform::outbound::{Budget, Policy};
use stopover::values::{Clock as _, SystemClock};

/// Its process; ends with the story.
struct Local {
    child: Child,
    url: String,
    /// Where it writes what it remembers.
    _folder: tempfile::TempDir,
}

impl Local {
    fn start() -> Self {
        // The tests' binary lies in TARGET/PROFILE/deps.
        let target: PathBuf = std::env::current_exe().unwrap().ancestors().nth(3).unwrap().into();
        let python = target.join("tools/localstripe-1.15.10/bin/python");
        let missing = "localstripe is not installed: run `make test`, or scripts/prepare-tests once";
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = tempfile::tempdir().unwrap();
        let child = Command::new(&python)
            .args(["-m", "localstripe", "--port", &port.to_string(), "--from-scratch"])
            .env("TMPDIR", folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let child = child.unwrap_or_else(|error| panic!("{missing} ({}: {error})", python.display()));
        let this = Self { child, url: format!("http://127.0.0.1:{port}"), _folder: folder };
        for _ in 0..400 {
            if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return this;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("{missing} (it does not start)");
    }

    /// Asks it as somebody else would: the script in a guest's browser, or whoever sets it up.
    fn post(&self, path: &str, form: &str) -> Json {
        let request = Request::post(format!("{}{path}", self.url))
            .header(header::AUTHORIZATION, "Bearer sk_test_of_the_suite")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form.as_bytes().to_vec())
            .unwrap();
        let answer: Response<Vec<u8>> = Outbound::open(&Config::default()).send(Policy::Operator { http: true }, Budget::of(1 << 20), request).unwrap();
        assert!(answer.status().is_success(), "{path}: {}", String::from_utf8_lossy(answer.body()));
        serde_json::from_slice(answer.body()).unwrap_or(Json::Null)
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

on_both!(a_server_nobody_here_wrote_takes_promises_and_gives_back, async |db: TestDb| {
    let local = off_thread(Local::start).await;
    let stage = stage(&db, &local.url).await;
    let (taken, id) = stage.striped(|charge| charge).await;
    let payment = stage.payment(taken).await;
    assert_eq!((payment.state, payment.captured, payment.fee, stage.news(id).await), (State::Captured, 10_000, Some(0), vec!["captured".to_owned()]));
    assert!(payment.reference.unwrap().starts_with("pi_"));
    // Promised, then taken; promised, then let go.
    let later = |charge| Charge { capture: Capture::Later, ..charge };
    let (promised, id) = stage.striped(later).await;
    assert_eq!(stage.payment(promised).await.state, State::Authorized);
    stage.write(move |tx, now| payments::capture(tx, now, id)).await.unwrap();
    assert!(stage.settle(promised).await);
    assert_eq!(stage.news(id).await, ["authorized", "captured"]);
    let (let_go, id) = stage.striped(later).await;
    stage.write(move |tx, now| payments::void(tx, now, id)).await.unwrap();
    assert!(stage.settle(let_go).await);
    assert_eq!(stage.news(id).await, ["authorized", "voided"]);
    // A part goes back, then the rest.
    for (amount, key) in [(4_000, "part"), (6_000, "rest")] {
        stage.write(move |tx, now| payments::refund(tx, now, taken, amount, key)).await.unwrap();
        assert!(stage.settle(taken).await);
    }
    assert_eq!(stage.payment(taken).await.refunded, 10_000);
    // A card that is attached and refused when it is charged.
    let (refused, id) = stage.striped(|charge| Charge { method: "pm_card_chargeCustomerFail".into(), ..charge }).await;
    assert_eq!((stage.payment(refused).await.state, stage.news(id).await), (State::Failed, vec!["failed card_declined".to_owned()]));
    let (unknown, _) = stage.striped(|charge| Charge { method: "pm_nobody_knows".into(), ..charge }).await;
    assert_eq!(stage.payment(unknown).await.failure.as_deref(), Some("not_there"));
});

on_both!(its_guests_prove_who_they_are_and_leave_their_card, async |db: TestDb| {
    let local = Arc::new(off_thread(Local::start).await);
    let stage = stage(&db, &local.url).await;
    let asked = Arc::clone(&local);
    let card = off_thread(move || {
        let card = "type=card&card[number]=4000002500003155&card[exp_month]=12&card[exp_year]=2030&card[cvc]=123";
        asked.post("/v1/payment_methods", card)["id"].as_str().unwrap().to_owned()
    })
    .await;
    let secure = card.clone();
    let (booking, id) = stage.striped(|charge| Charge { method: card, ..charge }).await;
    let payment = stage.payment(booking).await;
    assert_eq!(payment.state, State::RequiresAction);
    let Some(NextAction::ClientSecret(secret)) = stage.payments.action(&payment).unwrap() else { panic!("nothing to do") };
    let (asked, intent) = (Arc::clone(&local), payment.reference.unwrap());
    off_thread(move || asked.post(&format!("/v1/payment_intents/{intent}/_authenticate"), &format!("client_secret={secret}&success=true"))).await;
    // It sends no message here; whoever looks sees it.
    stage.write(move |tx, _| Ok(tx.execute("UPDATE payments SET held = 'amount' WHERE id = $1", &[id.into()])?)).await.unwrap();
    let finance = crate::support::people::with_role(&stage.town, &db, "Fina", "finance").await;
    stage.town.post(&finance, &format!("/admin/payments/{id}/confirm"), serde_json::json!({"reason": "look again"})).await.expect(200);
    assert!(stage.settle(booking).await);
    assert_eq!(stage.payment(booking).await.state, State::Captured);
    // A card that is left, and charged when nobody is there.
    let (left, _) = stage.striped(|charge| Charge { keep: true, ..charge }).await;
    assert_eq!(stage.payment(left).await.state, State::Captured);
    let (later, _) = stage.striped(|charge| Charge { method: SAVED.into(), off_session: true, purpose: Purpose::Instalment(2), ..charge }).await;
    assert_eq!(stage.payment(later).await.state, State::Captured);
    // The same without taking anything.
    let (guest, settings) = (stage.guest, settings(&local.url));
    let saved = off_thread(move || {
        let stripe = Stripe::new(&settings, &Outbound::open(&Config::default()));
        assert!(stripe.save("declined", guest, None, "pm_card_visa_chargeDeclined").is_err(), "a card that is refused is not left");
        let asked = stripe.save("secure", guest, None, &secure).unwrap();
        assert!(matches!(asked.action, Some(NextAction::ClientSecret(_))), "{asked:?}");
        stripe.save("setup", guest, None, "pm_card_visa").unwrap()
    })
    .await;
    assert!(saved.customer.starts_with("cus_") && saved.method.starts_with("pm_") && saved.action.is_none(), "{saved:?}");
});

on_both!(its_messages_arrive_and_are_known_by_their_signature, async |db: TestDb| {
    let local = Arc::new(off_thread(Local::start).await);
    let stage = stage(&db, &local.url).await;
    // Its messages bear the machine's time.
    stage.town.clock.set(&SystemClock.now().to_string());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = tokio::spawn(stage.town.serve(listener, async move { drop(stopped.await) }));
    let asked = Arc::clone(&local);
    off_thread(move || asked.post("/_config/webhooks/ours", &format!("url=http://{at}/api/v1/payments/webhooks/stripe&secret={WEBHOOK_SECRET}"))).await;
    let (booking, id) = stage.striped(|charge| charge).await;
    let mut heard = 0;
    for _ in 0..100 {
        heard = stage.count("SELECT COUNT(*) FROM provider_events WHERE kind = 'payment_intent.succeeded'").await;
        if heard > 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(heard, 1, "its message never came");
    assert_eq!((stage.payment(booking).await.state, stage.news(id).await), (State::Captured, vec!["captured".to_owned()]));
    drop(stop);
    serving.await.unwrap();
});
