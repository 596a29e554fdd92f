//! What staff do: finding people, suspending them, roles; the first operator; the trail of it all.

pub(super) use crate::support::people::with_role;
use crate::support::people::{run, user_of};
use crate::support::town::{Asker, Town, email_of, password_of};
use crate::support::{TestDb, off_thread, on_both};
use poem::http::Method;
use serde_json::{Value, json};
use std::time::Duration;
use stopover::features::accounts::console;
use stopover::platform::audit;
use stopover::platform::db::{DbResult, Json};
use stopover::values::Instant;
use uuid::Uuid;

pub(super) async fn path_of(db: &TestDb, name: &str, rest: &str) -> String {
    format!("/admin/users/{}{rest}", user_of(db, name).await)
}

async fn put(town: &Town, asker: &Asker, path: &str, body: Value) -> crate::support::town::Reply {
    town.ask(asker, Method::PUT, path, Some(&body)).await
}

on_both!(a_suspended_person_is_out_everywhere_within_a_second, async |db: TestDb| {
    let (here, there) = (Town::new(&db).await, Town::node(&db, |_| ()).await);
    let mona = with_role(&here, &db, "Mona", "moderator").await;
    let ada = here.newcomer("Ada").await;
    let login = here.post(&Asker::default(), "/auth/login", json!({"email": email_of("Ada"), "password": password_of("Ada")})).await.json();
    there.get(&ada, "/auth/session").await.expect(200);
    let path = path_of(&db, "Ada", "/suspend").await;
    for (body, status) in [(json!({}), 400), (json!({"reason": ""}), 400), (json!({"reason": "  "}), 422), (json!({"reason": "x".repeat(501)}), 400)] {
        let reply = here.post(&mona, &path, body.clone()).await;
        assert!([status, 422].contains(&reply.status.as_u16()), "{body}: {}", reply.text());
    }
    here.get(&ada, "/auth/session").await.expect(200);
    here.post(&mona, &path, json!({"reason": "fake listings"})).await.expect(204);
    here.post(&mona, &path, json!({"reason": "fake listings"})).await.expect_problem(409, "conflict");
    here.get(&ada, "/auth/session").await.expect_problem(401, "invalid_token");
    let mut waited = 0;
    while there.get(&ada, "/auth/session").await.status != 401 {
        waited += 50;
        assert!(waited <= 1_000, "the suspension was not felt within a second");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let nobody = Asker::default();
    here.post(&nobody, "/auth/refresh", json!({"refresh_token": login["refresh_token"]})).await.expect_problem(401, "invalid_token");
    let right = json!({"email": email_of("Ada"), "password": password_of("Ada")});
    here.post(&nobody, "/auth/login", right.clone()).await.expect_problem(403, "account_suspended");
    let letter = here.letters().await.pop().unwrap();
    assert!(letter.to.contains("ada@") && letter.text.contains("fake listings"), "{letter:?}");
    // A new password is no way around it.
    here.post(&nobody, "/auth/password/forgot", json!({"email": email_of("Ada")})).await.expect(202);
    assert_eq!(here.letters().await.pop().unwrap().text, letter.text, "no link for somebody who is suspended");
    let seen = here.get(&mona, &path_of(&db, "Ada", "").await).await.expect(200).json();
    assert_eq!((&seen["state"], &seen["state_reason"], &seen["sessions"]), (&json!("suspended"), &json!("fake listings"), &json!([])));
    let suspended = seen["recent"].as_array().unwrap().iter().find(|entry| entry["action"] == "user.suspended").unwrap();
    assert_eq!(suspended["reason"], "fake listings");
    here.post(&mona, &path_of(&db, "Ada", "/restore").await, json!({"reason": "a mistake"})).await.expect(204);
    here.get(&ada, "/auth/session").await.expect_problem(401, "invalid_token");
    here.post(&nobody, "/auth/login", right).await.expect(200);
    assert!(here.letters().await.pop().unwrap().subject.contains("open again"));
});

on_both!(moderators_leave_staff_and_themselves_alone, async |db: TestDb| {
    let town = Town::new(&db).await;
    let mona = with_role(&town, &db, "Mona", "moderator").await;
    let otto = with_role(&town, &db, "Otto", "operator").await;
    let reason = json!({"reason": "because"});
    town.post(&mona, &path_of(&db, "Mona", "/suspend").await, reason.clone()).await.expect_problem(409, "own_account");
    town.post(&mona, &path_of(&db, "Otto", "/suspend").await, reason.clone()).await.expect_problem(403, "staff_account");
    let sessions = path_of(&db, "Otto", "/sessions").await;
    town.ask(&mona, Method::DELETE, &sessions, Some(&reason)).await.expect_problem(403, "staff_account");
    town.post(&otto, &path_of(&db, "Otto", "/suspend").await, reason.clone()).await.expect_problem(409, "own_account");
    let unknown = format!("/admin/users/{}/suspend", Uuid::now_v7());
    town.post(&mona, &unknown, reason.clone()).await.expect_problem(404, "not_found");
    let ended = town.ask(&otto, Method::DELETE, &path_of(&db, "Mona", "/sessions").await, Some(&reason)).await.expect(200).json();
    assert_eq!(ended["ended"], 2);
    town.get(&mona, "/auth/session").await.expect_problem(401, "invalid_token");
});

on_both!(roles_are_given_with_a_fresh_proof_and_felt_at_once, async |db: TestDb| {
    let town = Town::new(&db).await;
    let otto = with_role(&town, &db, "Otto", "operator").await;
    let ada = town.newcomer("Ada").await;
    let path = path_of(&db, "Ada", "/roles").await;
    put(&town, &otto, &path, json!({"roles": ["king"], "reason": "x"})).await.expect_problem(422, "out_of_range");
    put(&town, &otto, &path, json!({"roles": ["moderator", "finance"], "reason": "helps on weekends"})).await.expect(204);
    // Sessions of staff are shorter, so hers begins anew.
    town.get(&ada, "/auth/session").await.expect_problem(401, "invalid_token");
    let ada = town.log_in("Ada").await;
    town.get(&ada, "/admin/users").await.expect(200);
    put(&town, &ada, &path, json!({"roles": ["operator"], "reason": "me"})).await.expect_problem(403, "forbidden");
    put(&town, &otto, &path, json!({"roles": ["finance"], "reason": "enough"})).await.expect(204);
    town.get(&ada, "/admin/users").await.expect_problem(403, "forbidden");
    town.get(&ada, "/admin/audit").await.expect(200);
    town.clock.advance_seconds(301);
    put(&town, &otto, &path, json!({"roles": [], "reason": "x"})).await.expect_problem(403, "proof_needed");
    let entries = town.get(&otto, &format!("/admin/audit?object={}&action=role.granted", user_of(&db, "Ada").await)).await.expect(200).json();
    let reasons: Vec<&str> = entries["data"].as_array().unwrap().iter().map(|entry| entry["reason"].as_str().unwrap()).collect();
    assert_eq!(reasons, ["helps on weekends", "helps on weekends"]);
});

on_both!(the_last_operator_stays, async |db: TestDb| {
    const GRANT: &str = "INSERT INTO account_roles (user_id, role, granted_at) VALUES ($1, $2, $3)";
    let (here, there) = (Town::new(&db).await, Town::node(&db, |_| ()).await);
    let otto = with_role(&here, &db, "Otto", "operator").await;
    let own = path_of(&db, "Otto", "/roles").await;
    let none = json!({"roles": [], "reason": "x"});
    put(&here, &otto, &own, none.clone()).await.expect_problem(409, "last_operator");
    here.get(&otto, "/admin/users").await.expect(200);
    let una = with_role(&here, &db, "Una", "operator").await;
    let hers = path_of(&db, "Una", "/roles").await;
    for round in 0..8 {
        // Each takes the other's role in the same moment, on two nodes.
        let (a, b) = futures_util::future::join(put(&here, &otto, &hers, none.clone()), put(&there, &una, &own, none.clone())).await;
        let statuses = [a.status.as_u16(), b.status.as_u16()];
        assert!(statuses.contains(&204) && (statuses.contains(&403) || statuses.contains(&409)), "round {round}: {} {}", a.text(), b.text());
        let left: DbResult<Vec<stopover::values::UserId>> =
            db.read(|conn| conn.query("SELECT user_id FROM account_roles WHERE role = 'operator'", &[], |row| row.get(0))).await;
        let left = left.unwrap();
        assert_eq!(left.len(), 1, "round {round}");
        let gone = if left[0] == user_of(&db, "Otto").await { "Una" } else { "Otto" };
        run(&db, GRANT, vec![user_of(&db, gone).await.into(), "operator".into(), Instant(0).into()]).await;
        // Both nodes look again within their time; the story does not wait for them.
        here.clock.advance_seconds(6);
    }
    // Suspending each other leaves one who may enter.
    let reason = json!({"reason": "x"});
    let (a, b) = (path_of(&db, "Una", "/suspend").await, path_of(&db, "Otto", "/suspend").await);
    let (a, b) = futures_util::future::join(here.post(&otto, &a, reason.clone()), there.post(&una, &b, reason)).await;
    let mut statuses = [a.status.as_u16(), b.status.as_u16()];
    statuses.sort_unstable();
    assert!(statuses[0] == 204 && statuses[1] >= 401, "{} {}", a.text(), b.text());
});

on_both!(people_are_found, async |db: TestDb| {
    let town = Town::new(&db).await;
    let otto = with_role(&town, &db, "Otto", "operator").await;
    for name in ["Ada", "Adam", "Adele", "Bo"] {
        town.newcomer(name).await;
    }
    run(&db, "UPDATE accounts SET state = 'suspended' WHERE email_key = $1", vec![email_of("Adam").into()]).await;
    let found = async |query: &str| {
        let (mut names, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = town.get(&otto, &format!("/admin/users?limit=2{query}{cursor}")).await.expect(200).json();
            names.extend(page["data"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned()));
            let Some(next) = page["next_cursor"].as_str() else { return names };
            cursor = format!("&cursor={next}");
        }
    };
    assert_eq!(found("").await, ["Otto", "Ada", "Adam", "Adele", "Bo"]);
    assert_eq!(found("&email=AD").await, ["Ada", "Adam", "Adele"]);
    assert_eq!(found("&email=Ada%40Example.org").await, ["Ada"]);
    assert_eq!(found("&name=Ad").await, ["Ada", "Adam", "Adele"]);
    assert_eq!(found("&name=Ad&state=active").await, ["Ada", "Adele"]);
    assert_eq!(found("&state=suspended").await, ["Adam"]);
    assert_eq!(found("&role=operator").await, ["Otto"]);
    assert_eq!(found("&email=o&role=operator").await, ["Otto"]);
    assert_eq!(found("&email=x").await, Vec::<String>::new());
    for bad in ["state=gone", "role=king"] {
        town.get(&otto, &format!("/admin/users?{bad}")).await.expect_problem(422, "out_of_range");
    }
    let page = town.get(&otto, "/admin/users?limit=2").await.json();
    let moved = format!("/admin/users?email=a&cursor={}", page["next_cursor"].as_str().unwrap());
    town.get(&otto, &moved).await.expect_problem(400, "invalid_cursor");
});

on_both!(the_trail_is_read_exported_and_verified, async |db: TestDb| {
    let town = Town::new(&db).await;
    let finn = with_role(&town, &db, "Finn", "finance").await;
    let ada = town.newcomer("Ada").await;
    town.get(&ada, "/admin/audit").await.expect_problem(403, "forbidden");
    let own = town.get(&ada, "/me/audit").await.expect(200).json();
    let user = json!(user_of(&db, "Ada").await);
    assert!(own["data"].as_array().unwrap().iter().all(|entry| entry["actor_id"] == user), "{own}");
    assert_eq!(own["data"][0]["action"], "session.started");
    let all = town.get(&finn, "/admin/audit?limit=100").await.expect(200).json();
    assert!(all["data"].as_array().unwrap().len() > own["data"].as_array().unwrap().len());
    town.get(&finn, "/admin/audit?from=yesterday").await.expect_problem(400, "invalid_parameter");
    assert_eq!(town.get(&finn, "/admin/audit?to=2020-01-01T00:00:00Z").await.expect(200).json()["data"], json!([]));
    let first = town.get(&finn, "/admin/audit?limit=1").await.json();
    let second = town.get(&finn, &format!("/admin/audit?limit=1&cursor={}", first["next_cursor"].as_str().unwrap())).await.expect(200).json();
    assert_eq!(second["data"][0], all["data"][1]);
    let tools = town.tools().clone();
    off_thread(move || audit::seal_all(&tools.db, &tools.keys).map(|_| drop(tools)).unwrap()).await;
    let export = town.get(&finn, "/admin/audit/export").await;
    assert_eq!(export.expect(200).header("content-type"), "application/x-ndjson");
    let lines: Vec<Value> = export.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), all["data"].as_array().unwrap().len());
    assert_eq!((lines[0]["seq"].clone(), lines.last().unwrap()["seq"].clone()), (json!(1), json!(lines.len())));
    let report = town.get(&finn, "/admin/audit/verify").await.expect(200).json();
    assert_eq!((&report["intact"], &report["sealed"], &report["waiting"]), (&json!(true), &json!(lines.len()), &json!(0)));
    assert!(report["head"].as_str().unwrap().starts_with(&format!("{}:", lines.len())));
});

on_both!(jobs_that_were_given_up_get_another_chance, async |db: TestDb| {
    let town = Town::new(&db).await;
    let otto = with_role(&town, &db, "Otto", "operator").await;
    const DEAD: &str = "INSERT INTO jobs (id, kind, payload, state, run_at, attempts, last_error, created_at) VALUES ($1, 'x', $2, 'dead', $3, 9, 'no', $3)";
    let ids = [Uuid::now_v7(), Uuid::now_v7()];
    for id in ids {
        run(&db, DEAD, vec![id.into(), Json("{}".into()).into(), Instant(0).into()]).await;
    }
    let page = town.get(&otto, "/admin/jobs/dead?limit=1").await.expect(200).json();
    assert_eq!((&page["data"][0]["id"], &page["data"][0]["error"], &page["has_more"]), (&json!(ids[0]), &json!("no"), &json!(true)));
    let next = format!("/admin/jobs/dead?cursor={}", page["next_cursor"].as_str().unwrap());
    assert_eq!(town.get(&otto, &next).await.expect(200).json()["data"][0]["id"], json!(ids[1]));
    let path = format!("/admin/jobs/{}/retry", ids[0]);
    town.ask(&otto, Method::POST, &path, None).await.expect(204);
    town.ask(&otto, Method::POST, &path, None).await.expect_problem(404, "not_found");
    let noted = town.get(&otto, &format!("/admin/audit?object_kind=job&object={}", ids[0])).await.expect(200).json();
    assert_eq!(noted["data"][0]["action"], "job.retried");
});

on_both!(invitations_open_a_closed_site, async |db: TestDb| {
    let town = Town::with(&db, |config| config.accounts.registration = stopover::platform::config::Registration::InviteOnly).await;
    let tools = town.tools().clone();
    off_thread(move || console::create_operator(&tools, "Otto", &email_of("Otto"), &password_of("Otto")).unwrap()).await;
    let otto = town.log_in("Otto").await;
    town.post(&otto, "/admin/invites", json!({"email": email_of("Ada")})).await.expect(202);
    let invite = town.token_for("ada@").await;
    let ask = |email: &str| json!({"email": email, "name": "Somebody", "invite": invite});
    town.post(&Asker::default(), "/auth/register", ask("eve@example.org")).await.expect_problem(403, "invitation_needed");
    let nobody = Asker::default();
    town.post(&nobody, "/auth/register", ask(&email_of("Ada"))).await.expect(202);
    // A letter may get lost: the invitation is good until there is an account.
    town.post(&nobody, "/auth/register", ask(&email_of("Ada"))).await.expect(202);
    let made = json!({"token": town.token_for("ada@").await, "password": password_of("Ada")});
    town.post(&nobody, "/auth/verify-email", made).await.expect(204);
    town.post(&nobody, "/auth/register", ask(&email_of("Ada"))).await.expect_problem(403, "invitation_needed");
});

on_both!(the_first_operator_comes_from_the_console, async |db: TestDb| {
    let town = Town::new(&db).await;
    let offer = async || {
        let tools = town.tools().clone();
        off_thread(move || console::offer_set_up(&tools).unwrap()).await
    };
    let set_up = async |token: &str| {
        let ask = json!({"token": token, "email": email_of("Otto"), "name": "Otto", "password": password_of("Otto")});
        town.post(&Asker::default(), "/auth/setup", ask).await
    };
    let first = offer().await.unwrap();
    let second = offer().await.unwrap();
    set_up(&first).await.expect_problem(410, "link_unknown");
    set_up("").await.expect_problem(410, "link_unknown");
    town.clock.advance_seconds(3_601);
    set_up(&second).await.expect_problem(410, "link_unknown");
    let third = offer().await.unwrap();
    let (a, b) = futures_util::future::join(set_up(&third), set_up(&third)).await;
    let mut statuses = [a.status.as_u16(), b.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 410], "{} {}", a.text(), b.text());
    assert_eq!(offer().await, None);
    let otto = town.log_in("Otto").await;
    assert_eq!(town.get(&otto, "/auth/session").await.json()["roles"], json!(["operator"]));
});

on_both!(the_console_helps_who_is_locked_out, async |db: TestDb| {
    let town = Town::new(&db).await;
    let ada = town.newcomer("Ada").await;
    let at_console = async |work: fn(&stopover::platform::tools::Tools) -> anyhow::Result<String>| {
        let tools = town.tools().clone();
        off_thread(move || work(&tools)).await
    };
    let short = at_console(|tools| console::reset_password(tools, &email_of("Ada"), "short").map(|()| String::new())).await;
    assert!(short.unwrap_err().to_string().contains("characters"));
    town.get(&ada, "/auth/session").await.expect(200);
    at_console(|tools| console::reset_password(tools, &email_of("Ada"), "nine yellow lanterns").map(|()| String::new())).await.unwrap();
    town.clock.advance_seconds(6);
    town.get(&ada, "/auth/session").await.expect_problem(401, "invalid_token");
    town.post(&Asker::default(), "/auth/login", json!({"email": email_of("Ada"), "password": "nine yellow lanterns"})).await.expect(200);
    let link = at_console(|tools| console::reset_link(tools, &email_of("Ada"))).await.unwrap();
    let token = link.split_once('#').unwrap().1;
    town.post(&Asker::default(), "/auth/password/reset", json!({"token": token, "password": password_of("Ada")})).await.expect(204);
    let ada = town.log_in("Ada").await;
    assert!(at_console(|tools| console::reset_link(tools, "nobody@example.org")).await.is_err());
    // Tokens under the old key go on; a minute later new ones are under the new key.
    let kid = at_console(console::rotate_keys).await.unwrap();
    town.get(&ada, "/auth/session").await.expect(200);
    town.clock.advance_seconds(61);
    town.get(&ada, "/auth/session").await.expect(200);
    let head = town.log_in("Ada").await.bearer.unwrap();
    use base64::Engine as _;
    let head = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(head.split('.').next().unwrap()).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&head).unwrap()["kid"], json!(kid));
    let tools = town.tools().clone();
    let report = off_thread(move || audit::verify(&tools.db, &tools.keys).unwrap()).await;
    // What the console did is sealed; what the login after it wrote is the server's to seal.
    assert!(report.faults.is_empty() && report.sealed > 0 && report.waiting == 1, "{report:?}");
});

#[test]
fn the_rules_show_the_table_of_roles() {
    use stopover::platform::access::{Cell, Scope, TABLE};
    let rules = include_str!("../../../docs/RULES.md");
    let chapter = rules.split("\n## ").find(|chapter| chapter.starts_with("Roles")).unwrap();
    let shown: Vec<&str> = chapter.lines().filter(|line| line.starts_with("| ")).skip(1).collect();
    let cell = |cell: &Cell| match cell {
        Cell::No => "–",
        Cell::Yes => "yes",
        Cell::Own => "own",
        Cell::Limited(words) => words,
    };
    let rows = TABLE.iter().map(|row| {
        let cells: Vec<&str> = row.cells.iter().map(cell).collect();
        let scope = row.scope.map_or("–".to_owned(), |scope: Scope| format!("`{}`", scope.name()));
        format!("| {} | {} | {scope} |", row.words, cells.join(" | "))
    });
    assert_eq!(shown, rows.collect::<Vec<_>>());
}
