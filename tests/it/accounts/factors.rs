//! Authenticator apps and recovery codes: set up, asked for, guessed at, lost, taken away.

use crate::support::town::{Asker, Reply, Town, email_of, password_of};
use crate::support::{TestDb, on_both};
use poem::http::Method;
use serde_json::{Value, json};
use stopover::platform::db::DbResult;
use stopover::values::{Clock, Instant};

/// An authenticator app.
pub(super) struct App {
    pub(super) secret: String,
}

impl App {
    /// The code that it shows now.
    pub(super) fn code(&self, town: &Town) -> String {
        self.code_at(town.clock.now())
    }

    pub(super) fn code_at(&self, at: Instant) -> String {
        let secret = totp_rs::Secret::try_from_base32(&self.secret).unwrap();
        let app = totp_rs::Builder::new().with_secret(secret).build().unwrap();
        app.generate(u64::try_from(at.0 / Instant::SECOND).unwrap()).to_string()
    }

    /// A code that was not shown before.
    pub(super) fn next(&self, town: &Town) -> String {
        town.clock.advance_seconds(30);
        self.code(town)
    }

    /// Six digits that are wrong now.
    pub(super) fn wrong(&self, town: &Town) -> String {
        let near = [-30, 0, 30].map(|seconds| self.code_at(town.clock.now().plus_seconds(seconds)));
        (0..).map(|n| format!("{n:06}")).find(|code| !near.contains(code)).unwrap()
    }
}

/// Sets an app up for somebody who has logged in a moment ago; answers it with the recovery codes.
pub(super) async fn set_up(town: &Town, asker: &Asker) -> (App, Vec<String>) {
    let me = town.get(asker, "/me").await.expect(200).json();
    let made = town.post(asker, "/me/totp", json!({"password": password_of(me["name"].as_str().unwrap())})).await.expect(200).json();
    let app = App { secret: made["secret"].as_str().unwrap().to_owned() };
    let confirmed = town.post(asker, "/me/totp/confirm", json!({"code": app.code(town)})).await;
    let codes = confirmed.expect(200).json()["recovery_codes"].as_array().unwrap().iter().map(|code| code.as_str().unwrap().to_owned()).collect();
    (app, codes)
}

/// The ticket of a login with the right password.
pub(super) async fn ticket(town: &Town, name: &str) -> String {
    let login = town.post(&Asker::default(), "/auth/login", json!({"email": email_of(name), "password": password_of(name)})).await;
    let view = login.expect(200).json();
    assert_eq!((view["status"].as_str(), view["access_token"].is_null()), (Some("code_needed"), true), "{view}");
    view["ticket"].as_str().unwrap().to_owned()
}

pub(super) async fn otp(town: &Town, ticket: &str, code: &str) -> Reply {
    town.post(&Asker::default(), "/auth/otp", json!({"ticket": ticket, "code": code})).await
}

pub(super) fn bearer(reply: &Reply) -> Asker {
    Asker { bearer: Some(reply.expect(200).json()["access_token"].as_str().unwrap().to_owned()), ..Asker::default() }
}

/// Whether the session is strong.
pub(super) async fn strong(town: &Town, asker: &Asker) -> Value {
    town.get(asker, "/auth/session").await.expect(200).json()["strong"].take()
}

async fn text(db: &TestDb, sql: &'static str) -> Vec<String> {
    let found: DbResult<_> = db.read(|conn| conn.query(sql, &[], |row| row.get(0))).await;
    found.unwrap()
}

on_both!(an_app_is_set_up_and_asked_for, async |db: TestDb| {
    let town = Town::new(&db).await;
    let ada = town.newcomer("Ada").await;
    let elsewhere = town.log_in("Ada").await;
    assert_eq!(town.get(&ada, "/me/totp").await.expect(200).json(), json!({"on": false, "since": null, "recovery_codes_left": 0}));
    town.post(&ada, "/me/totp/confirm", json!({"code": "123456"})).await.expect_problem(409, "second_factor_off");
    for body in [json!({}), json!({"password": null}), json!({"password": "a wrong guess"})] {
        town.post(&ada, "/me/totp", body).await.expect_problem(403, "wrong_password");
    }
    let made = town.post(&ada, "/me/totp", json!({"password": password_of("Ada")})).await.expect(200).json();
    let app = App { secret: made["secret"].as_str().unwrap().to_owned() };
    assert_eq!(app.secret.len(), 32, "160 bits");
    let url = made["otpauth_url"].as_str().unwrap();
    assert!(url.starts_with("otpauth://totp/Stopover:ada%40example.org?") && url.contains("issuer=Stopover"), "{url}");
    assert!(!text(&db, "SELECT totp_sealed FROM accounts").await[0].contains(&app.secret));
    // Until it has shown a code nothing is asked for.
    town.log_in("Ada").await;
    town.post(&ada, "/me/totp/confirm", json!({"code": app.wrong(&town)})).await.expect_problem(403, "wrong_code");
    let codes = town.post(&ada, "/me/totp/confirm", json!({"code": app.code(&town)})).await.expect(200).json();
    let codes = codes["recovery_codes"].as_array().unwrap();
    assert_eq!(codes.len(), 10);
    for code in codes {
        let code = code.as_str().unwrap();
        assert_eq!((code.len(), code.matches('-').count()), (19, 3), "80 bits in four groups");
        assert!(!text(&db, "SELECT digest FROM recovery_codes").await.iter().any(|digest| digest == code));
    }
    assert!(town.letters().await.last().unwrap().subject.contains("two steps to log in"));
    let standing = town.get(&ada, "/me/totp").await.expect(200).json();
    assert_eq!((&standing["on"], &standing["recovery_codes_left"]), (&json!(true), &json!(10)));
    // The session that did it has shown both; the others are over.
    assert_eq!(strong(&town, &ada).await, true);
    town.get(&elsewhere, "/auth/session").await.expect_problem(401, "invalid_token");
    town.post(&ada, "/me/totp", json!({"password": password_of("Ada")})).await.expect_problem(409, "second_factor_on");
    // A code of the step that was used does not count again, neither does a wrong one; the ticket stays.
    let ticket_one = ticket(&town, "Ada").await;
    otp(&town, &ticket_one, &app.code(&town)).await.expect_problem(403, "wrong_code");
    otp(&town, &ticket_one, &app.wrong(&town)).await.expect_problem(403, "wrong_code");
    let code = app.next(&town);
    let inside = otp(&town, &ticket_one, &code).await;
    assert_eq!(strong(&town, &bearer(&inside)).await, true);
    assert!(inside.json()["device_token"].is_string());
    otp(&town, &ticket_one, &app.next(&town)).await.expect_problem(410, "ticket_unknown");
    otp(&town, &ticket(&town, "Ada").await, &code).await.expect_problem(403, "wrong_code");
});

on_both!(an_unproven_session_sets_up_nothing, async |db: TestDb| {
    let town = Town::new(&db).await;
    let ada = town.newcomer("Ada").await;
    town.clock.advance_seconds(301);
    town.post(&ada, "/me/totp", json!({"password": password_of("Ada")})).await.expect_problem(403, "proof_needed");
    town.post(&ada, "/me/totp/confirm", json!({"code": "123456"})).await.expect_problem(403, "proof_needed");
    town.post(&ada, "/me/recovery-codes", json!({"code": "123456"})).await.expect_problem(403, "proof_needed");
    town.ask(&ada, Method::POST, "/me/passkeys/start", None).await.expect_problem(403, "proof_needed");
});

on_both!(twenty_with_one_code_and_one_gets_in, async |db: TestDb| {
    let town = Town::new(&db).await;
    let ada = town.newcomer("Ada").await;
    let (app, _) = set_up(&town, &ada).await;
    let mut tickets = Vec::new();
    for _ in 0..20 {
        tickets.push(ticket(&town, "Ada").await);
    }
    let code = app.next(&town);
    let replies = futures_util::future::join_all(tickets.iter().map(|ticket| otp(&town, ticket, &code))).await;
    let count = |status: u16| replies.iter().filter(|reply| reply.status == status).count();
    assert_eq!((count(200), count(403), count(429)), (1, 5, 14), "one gets in, five are wrong, nobody listens to the rest");
});

on_both!(all_doors_count_wrong_codes_together, async |db: TestDb| {
    let town = Town::new(&db).await;
    let ada = town.newcomer("Ada").await;
    let (app, codes) = set_up(&town, &ada).await;
    let ticket = ticket(&town, "Ada").await;
    let wrong = app.wrong(&town);
    let password = password_of("Ada");
    otp(&town, &ticket, &wrong).await.expect_problem(403, "wrong_code");
    let nobody = Asker::default();
    town.post(&nobody, "/auth/otp", json!({"ticket": ticket, "recovery_code": "aaaa-bbbb-cccc-dddd"})).await.expect_problem(403, "wrong_code");
    town.post(&ada, "/auth/prove", json!({"password": password, "code": wrong})).await.expect_problem(403, "wrong_code");
    town.post(&ada, "/me/totp/disable", json!({"password": password, "code": wrong})).await.expect_problem(403, "wrong_code");
    town.post(&ada, "/me/recovery-codes", json!({"code": wrong})).await.expect_problem(403, "wrong_code");
    // Now no door listens, not even to what is right.
    let right = app.next(&town);
    let slowed = otp(&town, &ticket, &right).await;
    let seconds: u32 = slowed.expect_problem(429, "login_delayed").header("retry-after").parse().unwrap();
    assert!((860..=900).contains(&seconds), "{seconds}");
    let recovery = json!({"ticket": ticket, "recovery_code": codes[0]});
    town.post(&nobody, "/auth/otp", recovery).await.expect_problem(429, "login_delayed");
    town.post(&ada, "/auth/prove", json!({"password": password, "code": right})).await.expect_problem(429, "login_delayed");
    town.post(&ada, "/me/totp/disable", json!({"password": password, "code": right})).await.expect_problem(429, "login_delayed");
    town.post(&ada, "/me/recovery-codes", json!({"code": right})).await.expect_problem(429, "login_delayed");
    // A new login does not help, and the password alone is no proof.
    let ticket = self::ticket(&town, "Ada").await;
    otp(&town, &ticket, &right).await.expect_problem(429, "login_delayed");
    town.clock.advance_seconds(i64::from(seconds));
    let ticket = self::ticket(&town, "Ada").await;
    otp(&town, &ticket, &app.code(&town)).await.expect(200);
});

on_both!(the_first_code_is_counted_too, async |db: TestDb| {
    let town = Town::new(&db).await;
    let ada = town.newcomer("Ada").await;
    let made = town.post(&ada, "/me/totp", json!({"password": password_of("Ada")})).await.expect(200).json();
    let app = App { secret: made["secret"].as_str().unwrap().to_owned() };
    for _ in 0..5 {
        town.post(&ada, "/me/totp/confirm", json!({"code": app.wrong(&town)})).await.expect_problem(403, "wrong_code");
    }
    town.post(&ada, "/me/totp/confirm", json!({"code": app.code(&town)})).await.expect_problem(429, "login_delayed");
});

on_both!(recovery_codes_are_good_once, async |db: TestDb| {
    let town = Town::new(&db).await;
    let ada = town.newcomer("Ada").await;
    let (app, codes) = set_up(&town, &ada).await;
    let nobody = Asker::default();
    let with = async |code: &str| {
        let ticket = ticket(&town, "Ada").await;
        town.post(&nobody, "/auth/otp", json!({"ticket": ticket, "recovery_code": code})).await
    };
    // However it is typed.
    let inside = with(&codes[0].to_uppercase().replace('-', " ")).await;
    assert_eq!(strong(&town, &bearer(&inside)).await, true);
    with(&codes[0]).await.expect_problem(403, "wrong_code");
    let letters = town.letters().await;
    assert!(letters.last().unwrap().subject.contains("recovery code was used") && letters.last().unwrap().text.contains("; 9 are left"));
    assert_eq!(text(&db, "SELECT action FROM audit WHERE action = 'mfa.recovery_used'").await.len(), 1);
    assert_eq!(text(&db, "SELECT method FROM sessions WHERE method = 'recovery'").await.len(), 1);
    // Of twenty at once one counts.
    let mut tickets = Vec::new();
    for _ in 0..4 {
        tickets.push(ticket(&town, "Ada").await);
    }
    let tries = tickets.iter().map(|ticket| town.post(&nobody, "/auth/otp", json!({"ticket": ticket, "recovery_code": codes[1]})));
    let replies = futures_util::future::join_all(tries).await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 200).count(), 1);
    // A new set for a code of the app; somebody else's are worth nothing.
    town.clock.advance_seconds(901);
    let ada = bearer(&otp(&town, &ticket(&town, "Ada").await, &app.code(&town)).await);
    let fresh = town.post(&ada, "/me/recovery-codes", json!({"code": app.next(&town)})).await.expect(200).json();
    with(&codes[2]).await.expect_problem(403, "wrong_code");
    let bo = town.newcomer("Bo").await;
    let (_, of_bo) = set_up(&town, &bo).await;
    with(&of_bo[0]).await.expect_problem(403, "wrong_code");
    with(fresh["recovery_codes"][0].as_str().unwrap()).await.expect(200);
    assert!(town.letters().await.iter().any(|letter| letter.subject.contains("new recovery codes")));
});

on_both!(an_app_is_taken_away_by_who_has_both, async |db: TestDb| {
    let town = Town::new(&db).await;
    let ada = town.newcomer("Ada").await;
    town.post(&ada, "/me/totp/disable", json!({"password": password_of("Ada"), "code": "123456"})).await.expect_problem(409, "second_factor_off");
    let (app, _) = set_up(&town, &ada).await;
    let elsewhere = bearer(&otp(&town, &ticket(&town, "Ada").await, &app.next(&town)).await);
    let waiting = ticket(&town, "Ada").await;
    town.post(&ada, "/me/totp/disable", json!({"password": password_of("Ada")})).await.expect_problem(403, "code_needed");
    town.post(&ada, "/me/totp/disable", json!({"password": "wrong", "code": app.next(&town)})).await.expect_problem(403, "wrong_password");
    town.post(&ada, "/me/totp/disable", json!({"password": password_of("Ada"), "code": app.code(&town)})).await.expect(204);
    assert!(town.letters().await.last().unwrap().subject.contains("one step to log in"));
    assert_eq!(strong(&town, &ada).await, false, "what is gone proves nothing any more");
    town.get(&elsewhere, "/auth/session").await.expect_problem(401, "invalid_token");
    otp(&town, &waiting, &app.next(&town)).await.expect_problem(410, "ticket_unknown");
    town.log_in("Ada").await;
    assert!(text(&db, "SELECT digest FROM recovery_codes").await.is_empty());
    // And can be set up anew.
    let ada = town.log_in("Ada").await;
    set_up(&town, &ada).await;
    ticket(&town, "Ada").await;
});
