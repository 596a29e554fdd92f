//! Guessing passwords does not pay, and does not lock anybody out for ever.

use crate::support::town::{Asker, Town, email_of, password_of};
use crate::support::{TestDb, on_both};
use serde_json::json;

on_both!(guessing_is_slowed_down_and_a_known_device_gets_through, async |db: TestDb| {
    let town = Town::new(&db).await;
    town.newcomer("Ada").await;
    let nobody = Asker::default();
    let login = |password: &str, device: Option<&str>| json!({"email": email_of("Ada"), "password": password, "device_token": device});
    let known = town.post(&nobody, "/auth/login", login(&password_of("Ada"), None)).await.json();
    let device = known["device_token"].as_str().unwrap().to_owned();
    for _ in 0..10 {
        town.post(&nobody, "/auth/login", login("a wrong guess", None)).await.expect_problem(401, "wrong_credentials");
    }
    let slowed = town.post(&nobody, "/auth/login", login(&password_of("Ada"), None)).await;
    slowed.expect_problem(429, "login_delayed");
    assert!(slowed.header("retry-after").parse::<u32>().unwrap() >= 1);
    // The same for an address that nobody has: the delay tells nothing.
    for _ in 0..10 {
        town.post(&nobody, "/auth/login", json!({"email": "nobody@example.org", "password": "x"})).await.expect_problem(401, "wrong_credentials");
    }
    town.post(&nobody, "/auth/login", json!({"email": "nobody@example.org", "password": "x"})).await.expect_problem(429, "login_delayed");
    // Her own device, and another network, are not delayed.
    town.post(&nobody, "/auth/login", login(&password_of("Ada"), Some(&device))).await.expect(200);
    let elsewhere = Asker { address: Some("198.51.100.9".into()), ..Asker::default() };
    town.post(&elsewhere, "/auth/login", login(&password_of("Ada"), None)).await.expect(200);
    town.clock.advance_seconds(2);
    town.post(&nobody, "/auth/login", login(&password_of("Ada"), None)).await.expect(200);
});

on_both!(a_hundred_guesses_from_everywhere_leave_the_owner_a_way_in, async |db: TestDb| {
    let town = Town::new(&db).await;
    let ada = town.newcomer("Ada").await;
    drop(ada);
    let login = |password: &str| json!({"email": email_of("Ada"), "password": password});
    for n in 0..100 {
        let bot = Asker { address: Some(format!("100.64.{n}.1")), ..Asker::default() };
        town.post(&bot, "/auth/login", login("a wrong guess")).await.expect_problem(401, "wrong_credentials");
    }
    let fresh = Asker { address: Some("192.0.2.1".into()), ..Asker::default() };
    town.post(&fresh, "/auth/login", login(&password_of("Ada"))).await.expect_problem(429, "login_delayed");
    town.post(&fresh, "/auth/password/forgot", json!({"email": email_of("Ada")})).await.expect(202);
    let token = town.token_for("ada@").await;
    town.post(&fresh, "/auth/password/reset", json!({"token": token, "password": "nine yellow lanterns"})).await.expect(204);
    town.post(&fresh, "/auth/login", login("nine yellow lanterns")).await.expect(200);
});

on_both!(unicode_passwords_are_the_same_on_every_keyboard, async |db: TestDb| {
    let town = Town::new(&db).await;
    let nobody = Asker::default();
    town.post(&nobody, "/auth/register", json!({"email": "ada@example.org", "name": "Ada"})).await.expect(202);
    let token = town.token_for("ada@").await;
    town.post(&nobody, "/auth/verify-email", json!({"token": token, "password": "ﬁve gre\u{301}en kites"})).await.expect(204);
    town.post(&nobody, "/auth/login", json!({"email": "ada@example.org", "password": "five gr\u{e9}en kites"})).await.expect(200);
});
