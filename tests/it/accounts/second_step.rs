//! Between the password and the code: what a ticket opens, what a new password changes, what staff need.

use super::factors::{bearer, otp, set_up, strong, ticket};
use crate::support::town::{Asker, Town, email_of, password_of};
use crate::support::{TestDb, on_both};
use poem::http::Method;
use serde_json::json;
use std::time::Duration;
use stopover::platform::db::DbResult;
use uuid::Uuid;

on_both!(a_ticket_opens_nothing_but_the_code, async |db: TestDb| {
    let town = Town::new(&db).await;
    let ada = town.newcomer("Ada").await;
    set_up(&town, &ada).await;
    let ticket = ticket(&town, "Ada").await;
    let cookie = |name: &str| ("cookie".to_owned(), format!("{name}={ticket}"));
    let shows = [
        Asker { bearer: Some(ticket.clone()), ..Asker::default() },
        Asker { bearer: Some(format!("sto_{ticket}")), ..Asker::default() },
        Asker { headers: vec![cookie("__Host-stopover")], ..Asker::default() },
    ];
    let document = town.get(&Asker::default(), "/openapi.json").await.expect(200).json();
    let (mut closed, mut open) = (0, 0);
    for (path, methods) in document["paths"].as_object().unwrap() {
        let path = path.split('/').map(|part| if part.starts_with('{') { Uuid::nil().to_string() } else { part.to_owned() }).collect::<Vec<_>>().join("/");
        for (method, operation) in methods.as_object().unwrap() {
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let body = operation.get("requestBody").map(|_| json!({}));
            let path = path.strip_prefix("/api/v1").map_or_else(|| format!("/{path}"), str::to_owned);
            let stranger = town.ask(&Asker::default(), method.clone(), &path, body.as_ref()).await;
            for shown in &shows {
                let reply = town.ask(shown, method.clone(), &path, body.as_ref()).await;
                if operation.get("security").is_some_and(|security| security.as_array().is_none_or(|list| !list.is_empty() && !list.contains(&json!({})))) {
                    assert_eq!(reply.status, 401, "{method} {path}: {}", reply.text());
                    closed += 1;
                } else {
                    // What strangers may see; a token that is none is refused even there.
                    assert!(reply.status == stranger.status || reply.status == 401, "{method} {path}: {}", reply.text());
                    open += 1;
                }
            }
        }
    }
    assert!(closed > 40 && open > 40, "{closed} {open}");
    town.post(&Asker::default(), "/auth/refresh", json!({"refresh_token": ticket})).await.expect_problem(401, "invalid_token");
});

on_both!(a_new_password_leaves_the_second_step, async |db: TestDb| {
    let town = Town::new(&db).await;
    let ada = town.newcomer("Ada").await;
    let (app, _) = set_up(&town, &ada).await;
    let waiting = ticket(&town, "Ada").await;
    let nobody = Asker::default();
    town.post(&nobody, "/auth/password/forgot", json!({"email": email_of("Ada")})).await.expect(202);
    let token = town.token_for("ada@").await;
    town.post(&nobody, "/auth/password/reset", json!({"token": token, "password": "nine yellow lanterns"})).await.expect(204);
    otp(&town, &waiting, &app.next(&town)).await.expect_problem(410, "ticket_unknown");
    let login = json!({"email": email_of("Ada"), "password": "nine yellow lanterns"});
    let view = town.post(&nobody, "/auth/login", login.clone()).await.expect(200).json();
    assert_eq!(view["status"], "code_needed");
    let ada = bearer(&otp(&town, view["ticket"].as_str().unwrap(), &app.code(&town)).await);
    // A changed one too.
    let view = town.post(&nobody, "/auth/login", login).await.expect(200).json();
    let ask = json!({"current_password": "nine yellow lanterns", "password": "ten yellow lanterns"});
    town.post(&ada, "/me/password", ask).await.expect(204);
    otp(&town, view["ticket"].as_str().unwrap(), &app.next(&town)).await.expect_problem(410, "ticket_unknown");
});

on_both!(tickets_run_out_and_suspended_people_stay_out, async |db: TestDb| {
    let town = Town::new(&db).await;
    let ada = town.newcomer("Ada").await;
    let (app, _) = set_up(&town, &ada).await;
    let late = ticket(&town, "Ada").await;
    town.clock.advance_seconds(5 * 60 + 1);
    otp(&town, &late, &app.code(&town)).await.expect_problem(410, "ticket_unknown");
    let nobody = Asker::default();
    let ticket = ticket(&town, "Ada").await;
    town.post(&nobody, "/auth/otp", json!({"ticket": ticket})).await.expect_problem(403, "code_needed");
    let both = json!({"ticket": ticket, "code": "123456", "recovery_code": "x"});
    town.post(&nobody, "/auth/otp", both).await.expect_problem(422, "unprocessable");
    otp(&town, "nonsense", "123456").await.expect_problem(410, "ticket_unknown");
    let closed: DbResult<u64> = db.write(|tx, _| tx.execute("UPDATE accounts SET state = 'suspended'", &[])).await;
    assert_eq!(closed.unwrap(), 1);
    otp(&town, &ticket, &app.code(&town)).await.expect_problem(403, "account_suspended");
});

on_both!(a_browser_gets_its_cookie_in_the_second_step, async |db: TestDb| {
    let town = Town::new(&db).await;
    let ada = town.newcomer("Ada").await;
    let (app, _) = set_up(&town, &ada).await;
    let nobody = Asker::default();
    let login = json!({"email": email_of("Ada"), "password": password_of("Ada"), "browser": true});
    let first = town.post(&nobody, "/auth/login", login).await;
    assert_eq!(first.header("set-cookie"), "");
    let second = otp(&town, first.json()["ticket"].as_str().unwrap(), &app.next(&town)).await;
    assert!(second.expect(200).header("set-cookie").starts_with("__Host-stopover="));
    assert!(second.json()["csrf_token"].is_string() && second.json()["access_token"].is_null());
});

on_both!(a_fresh_proof_takes_both_steps, async |db: TestDb| {
    let town = Town::new(&db).await;
    let ada = town.newcomer("Ada").await;
    let (app, codes) = set_up(&town, &ada).await;
    town.clock.advance_seconds(301);
    let renew = async |town: &Town| town.post(&ada, "/me/recovery-codes", json!({"code": app.next(town)})).await;
    renew(&town).await.expect_problem(403, "proof_needed");
    town.post(&ada, "/auth/prove", json!({"password": password_of("Ada")})).await.expect_problem(403, "code_needed");
    town.post(&ada, "/auth/prove", json!({"password": "wrong", "code": app.code(&town)})).await.expect_problem(403, "wrong_password");
    renew(&town).await.expect_problem(403, "proof_needed");
    town.post(&ada, "/auth/prove", json!({"password": password_of("Ada"), "recovery_code": codes[0]})).await.expect(204);
    renew(&town).await.expect(200);
});

on_both!(a_changed_second_factor_is_felt_on_the_other_node_within_a_second, async |db: TestDb| {
    let (here, there) = (Town::new(&db).await, Town::node(&db, |_| ()).await);
    let ada = here.newcomer("Ada").await;
    let other = here.log_in("Ada").await;
    there.get(&other, "/auth/session").await.expect(200);
    assert_eq!(strong(&there, &ada).await, false);
    set_up(&here, &ada).await;
    let mut waited = 0;
    while there.get(&other, "/auth/session").await.status != 401 || strong(&there, &ada).await != true {
        waited += 50;
        assert!(waited <= 1_000, "it was not felt within a second");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
});

/// Asks for a room of the staff.
async fn staff_room(town: &Town, asker: &Asker) -> (u16, String) {
    let reply = town.get(asker, "/admin/jobs/dead").await;
    (reply.status.as_u16(), reply.text())
}

on_both!(staff_need_a_second_factor_where_it_is_asked_for, async |db: TestDb| {
    let town = Town::with(&db, |config| config.accounts.staff_second_factor = Some(true)).await;
    let ada = town.newcomer("Ada").await;
    assert_eq!(staff_room(&town, &ada).await.0, 403, "a guest is no staff");
    let granted: DbResult<u64> = db
        .write(|tx, now| tx.execute("INSERT INTO account_roles (user_id, role, granted_at) SELECT user_id, 'operator', $1 FROM accounts", &[now.into()]))
        .await;
    assert_eq!(granted.unwrap(), 1);
    // Written past the server, which looks again within five seconds.
    town.clock.advance_seconds(6);
    let (status, body) = staff_room(&town, &ada).await;
    assert!(status == 403 && body.contains("second_factor_needed"), "{status} {body}");
    let (app, _) = set_up(&town, &ada).await;
    assert_eq!(staff_room(&town, &ada).await.0, 200);
    let again = bearer(&otp(&town, &ticket(&town, "Ada").await, &app.next(&town)).await);
    assert_eq!(staff_room(&town, &again).await.0, 200);
    town.post(&again, "/me/totp/disable", json!({"password": password_of("Ada"), "code": app.next(&town)})).await.expect(204);
    assert!(staff_room(&town, &again).await.1.contains("second_factor_needed"));
    // Where the setting is off, a password is enough.
    let easy = Town::node(&db, |config| config.accounts.staff_second_factor = Some(false)).await;
    assert_eq!(staff_room(&easy, &again).await.0, 200);
});
