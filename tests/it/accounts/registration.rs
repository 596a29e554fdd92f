//! Making an account, losing the password, changing the address.

use crate::support::town::{Asker, Town, email_of, password_of};
use crate::support::{TestDb, on_both};
use serde_json::json;
use stopover::platform::config::Registration;

on_both!(a_newcomer_registers_reads_the_letter_and_logs_in, async |db: TestDb| {
    let town = Town::new(&db).await;
    let nobody = Asker::default();
    town.post(&nobody, "/auth/register", json!({"email": "Ada@Example.org", "name": "Ada", "password": "seven purple kettles"})).await.expect(202);
    // Until the link is opened there is no account.
    town.post(&nobody, "/auth/login", json!({"email": "ada@example.org", "password": "seven purple kettles"})).await.expect_problem(401, "wrong_credentials");
    let letters = town.letters().await;
    assert_eq!((letters.len(), letters[0].subject.as_str()), (1, "Stopover: confirm your address"));
    let token = letters[0].token();
    town.post(&nobody, "/auth/verify-email", json!({"token": token, "password": "short"})).await.expect_problem(422, "password_too_short");
    town.post(&nobody, "/auth/verify-email", json!({"token": token, "password": "seven purple kettles"})).await.expect(204);
    town.post(&nobody, "/auth/verify-email", json!({"token": token, "password": "eight purple kettles"})).await.expect_problem(410, "link_unknown");
    let login = town.post(&nobody, "/auth/login", json!({"email": "ADA@example.org ", "password": "seven purple kettles"})).await;
    let login = login.expect(200).json();
    let ada = Asker { bearer: Some(login["access_token"].as_str().unwrap().into()), ..Asker::default() };
    let session = town.get(&ada, "/auth/session").await.expect(200).json();
    assert_eq!((session["session_id"].clone(), session["strong"].clone()), (login["session_id"].clone(), json!(false)));
    town.get(&nobody, "/auth/session").await.expect_problem(401, "unauthenticated");
});

on_both!(nobody_learns_who_has_an_account, async |db: TestDb| {
    let town = Town::new(&db).await;
    town.newcomer("Ada").await;
    let nobody = Asker::default();
    let answers = async |path: &str, known: serde_json::Value, unknown: serde_json::Value| {
        let (known, unknown) = (town.post(&nobody, path, known).await, town.post(&nobody, path, unknown).await);
        let mut bodies = [known.text(), unknown.text()];
        for (reply, body) in [&known, &unknown].iter().zip(&mut bodies) {
            *body = body.replace(reply.header("x-request-id"), "");
        }
        assert_eq!((known.status, &bodies[0]), (unknown.status, &bodies[1]), "{path}");
        let names = |reply: &crate::support::town::Reply| reply.headers.keys().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(names(&known), names(&unknown), "{path}");
    };
    answers("/auth/register", json!({"email": email_of("Ada"), "name": "Eve"}), json!({"email": "bo@example.org", "name": "Eve"})).await;
    answers("/auth/password/forgot", json!({"email": email_of("Ada")}), json!({"email": "cy@example.org"})).await;
    answers("/auth/login", json!({"email": email_of("Ada"), "password": "wrong"}), json!({"email": "cy@example.org", "password": "wrong"})).await;
    let letters = town.letters().await;
    let to = |who: &str| letters.iter().filter(|letter| letter.to.contains(who)).map(|letter| letter.subject.clone()).collect::<Vec<_>>();
    assert_eq!(to("ada@"), ["Stopover: confirm your address", "Stopover: you have an account already", "Stopover: a new password"]);
    assert_eq!((to("bo@"), to("cy@")), (vec!["Stopover: confirm your address".to_owned()], vec![]));
});

on_both!(a_forgotten_password_ends_every_session, async |db: TestDb| {
    let town = Town::new(&db).await;
    let (nobody, ada) = (Asker::default(), town.newcomer("Ada").await);
    town.post(&nobody, "/auth/password/forgot", json!({"email": email_of("Ada")})).await.expect(202);
    let token = town.token_for("ada@").await;
    let ask = json!({"token": token, "password": "nine yellow lanterns"});
    let both = futures_util::future::join(town.post(&nobody, "/auth/password/reset", ask.clone()), town.post(&nobody, "/auth/password/reset", ask)).await;
    let mut statuses = [both.0.status.as_u16(), both.1.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 410], "a link is good once");
    town.get(&ada, "/auth/session").await.expect_problem(401, "invalid_token");
    town.post(&nobody, "/auth/login", json!({"email": email_of("Ada"), "password": password_of("Ada")})).await.expect_problem(401, "wrong_credentials");
    town.post(&nobody, "/auth/login", json!({"email": email_of("Ada"), "password": "nine yellow lanterns"})).await.expect(200);
    town.post(&nobody, "/auth/password/forgot", json!({"email": email_of("Ada")})).await.expect(202);
    let late = town.token_for("ada@").await;
    town.clock.advance_seconds(30 * 60 + 1);
    town.post(&nobody, "/auth/password/reset", json!({"token": late, "password": "ten yellow lanterns"})).await.expect_problem(410, "link_unknown");
});

on_both!(a_new_address_is_confirmed_and_the_old_one_told, async |db: TestDb| {
    let town = Town::new(&db).await;
    let (ada, _bo) = (town.newcomer("Ada").await, town.newcomer("Bo").await);
    town.post(&ada, "/me/email", json!({"email": "ada.new@example.org"})).await.expect(202);
    let token = town.token_for("ada.new@").await;
    let letters = town.letters().await;
    assert!(letters.iter().any(|letter| letter.to.contains("ada@") && letter.subject.contains("about to change")));
    town.post(&Asker::default(), "/auth/confirm-email", json!({"token": token})).await.expect(204);
    town.post(&Asker::default(), "/auth/login", json!({"email": "ada.new@example.org", "password": password_of("Ada")})).await.expect(200);
    town.post(&Asker::default(), "/auth/login", json!({"email": email_of("Ada"), "password": password_of("Ada")}))
        .await
        .expect_problem(401, "wrong_credentials");
    // An address that somebody has: the same answer, and no link to it.
    town.post(&ada, "/me/email", json!({"email": email_of("Bo")})).await.expect(202);
    let letters = town.letters().await;
    assert!(letters.iter().rev().find(|letter| letter.to.contains("bo@")).unwrap().subject.contains("have an account already"));
    // An old proof is not enough.
    town.clock.advance_seconds(301);
    town.post(&ada, "/me/email", json!({"email": "ada.third@example.org"})).await.expect_problem(403, "proof_needed");
    town.post(&ada, "/auth/prove", json!({"password": "wrong"})).await.expect_problem(403, "wrong_password");
    town.post(&ada, "/auth/prove", json!({"password": password_of("Ada")})).await.expect(204);
    assert_eq!(town.get(&ada, "/me/audit").await.expect(200).json()["data"][0]["action"], "session.proven");
    town.post(&ada, "/me/email", json!({"email": "ada.third@example.org"})).await.expect(202);
});

on_both!(a_password_is_changed_by_who_knows_it, async |db: TestDb| {
    let town = Town::new(&db).await;
    let here = town.newcomer("Ada").await;
    let elsewhere = town.log_in("Ada").await;
    let ask = |old: &str, new: &str| json!({"current_password": old, "password": new});
    town.post(&here, "/me/password", ask("wrong", "nine yellow lanterns")).await.expect_problem(403, "wrong_password");
    town.post(&here, "/me/password", ask(&password_of("Ada"), "ada@example.org")).await.expect_problem(422, "password_about_you");
    town.post(&here, "/me/password", ask(&password_of("Ada"), "nine yellow lanterns")).await.expect(204);
    town.get(&here, "/auth/session").await.expect(200);
    town.get(&elsewhere, "/auth/session").await.expect_problem(401, "invalid_token");
    assert!(town.letters().await.last().unwrap().subject.contains("password was changed"));
});

on_both!(a_site_may_be_for_the_invited_or_closed, async |db: TestDb| {
    let closed = Town::with(&db, |config| config.accounts.registration = Registration::Closed).await;
    let ask = json!({"email": "ada@example.org", "name": "Ada"});
    closed.post(&Asker::default(), "/auth/register", ask.clone()).await.expect_problem(403, "registration_closed");
    let invited = Town::node(&db, |config| config.accounts.registration = Registration::InviteOnly).await;
    invited.post(&Asker::default(), "/auth/register", ask.clone()).await.expect_problem(403, "invitation_needed");
    let bad = json!({"email": "ada@example.org", "name": "Ada", "invite": "x".repeat(43)});
    invited.post(&Asker::default(), "/auth/register", bad).await.expect_problem(403, "invitation_needed");
});

on_both!(bad_input_is_told_clearly, async |db: TestDb| {
    let town = Town::new(&db).await;
    let nobody = Asker::default();
    for (body, status, code) in [
        (json!({"email": "ada", "name": "Ada"}), 422, "invalid_email"),
        (json!({"email": "ada@example.org", "name": ""}), 422, "invalid_name"),
        (json!({"email": "ada@example.org", "name": "A\u{202e}da"}), 422, "invalid_name"),
        (json!({"email": "ada@example.org", "name": "Ada", "password": "password1234"}), 422, "password_common"),
        (json!({"email": "ada@example.org", "name": "Ada", "role": "operator"}), 400, "invalid_body"),
        (json!({"email": ["ada@example.org"], "name": "Ada"}), 400, "invalid_body"),
        (json!({"name": "Ada"}), 400, "invalid_body"),
    ] {
        let reply = town.post(&nobody, "/auth/register", body.clone()).await;
        assert_eq!((reply.status.as_u16(), reply.json()["code"].as_str().unwrap()), (status, code), "{body}");
    }
    let long = "x".repeat(60_000);
    town.post(&nobody, "/auth/login", json!({"email": "ada@example.org", "password": long})).await.expect_problem(422, "out_of_range");
    assert!(town.letters().await.is_empty());
});
