//! Cards that guests leave for later without paying anything.

use super::*;
use poem::http::Method;
use serde_json::json;
use stopover::features::payments::{SAVED, State};

on_both!(a_card_is_left_replaced_and_forgotten, async |db: TestDb| {
    let stage = Stage::new(&db).await;
    let read = async || stage.town.get(&stage.asker, "/me/payment-method").await;
    let leave = async |token: &str| stage.town.ask(&stage.asker, Method::PUT, "/me/payment-method", Some(&json!({"payment_method": token}))).await;
    let later = |booking| Charge { purpose: Purpose::Instalment(2), off_session: true, ..stage.wanted(booking, SAVED, Capture::Now) };
    read().await.expect_problem(404, "not_found");
    assert_eq!(leave("card_ok").await.expect(200).json(), json!({"provider": "sandbox", "state": "saved"}));
    assert_eq!(read().await.expect(200).json(), json!({"provider": "sandbox", "state": "saved"}));
    let paid = BookingId(Uuid::now_v7());
    stage.ask(later(paid), "sandbox").await.unwrap();
    stage.settle(paid).await;
    assert_eq!(stage.of(paid).await[0].payment.state, State::Captured);
    // What is refused leaves the one before where it was.
    leave("card_declined").await.expect_problem(402, "payment_failed");
    leave("card_nobody_knows").await.expect_problem(402, "payment_failed");
    for bad in ["", "saved", "cash", "credit", "bank_transfer", "card ok", "卡", "card\u{0}"] {
        let refused = leave(bad).await;
        assert!(matches!(refused.status.as_u16(), 400 | 422), "{bad:?}: {}", refused.text());
    }
    for bad in [json!(false), json!(5), json!(null), json!({}), json!(["card_ok"])] {
        let refused = stage.town.ask(&stage.asker, Method::PUT, "/me/payment-method", Some(&json!({"payment_method": bad}))).await;
        assert!(matches!(refused.status.as_u16(), 400 | 422), "{bad}: {}", refused.text());
    }
    assert_eq!(stage.count("SELECT COUNT(*) FROM payment_customers WHERE method_sealed IS NOT NULL").await, 1);
    // Another one in its place: off session the bank of this one refuses.
    leave("card_3ds").await.expect(200);
    let refused = BookingId(Uuid::now_v7());
    stage.ask(later(refused), "sandbox").await.unwrap();
    stage.settle(refused).await;
    assert_eq!(stage.of(refused).await[0].payment.state, State::Failed);
    stage.town.ask(&stage.asker, Method::DELETE, "/me/payment-method", None).await.expect(204);
    stage.town.ask(&stage.asker, Method::DELETE, "/me/payment-method", None).await.expect(204);
    read().await.expect_problem(404, "not_found");
    assert!(stage.ask(later(BookingId(Uuid::now_v7())), "sandbox").await.is_err(), "nothing is left");
    assert_eq!(stage.count("SELECT COUNT(*) FROM payment_customers WHERE method_sealed LIKE '%card_%'").await, 0, "it was sealed");
});
