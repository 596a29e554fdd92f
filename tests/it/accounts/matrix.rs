//! Every operation of the document against everybody: who gets in is what `authz.toml` says, what the doors say, and what the
//! server does, all three alike (S-AUTHZ).
//!
//! **When this test fails after you have added an operation**: give it a row in `authz.toml`, and a valid request in `cast.rs`
//! (its head says how). Nothing else is needed; mass assignment, foreign ids and wrong methods are tried by themselves.

use super::cast::{Cast, Request, Who};
use crate::support::{TestDb, on_both};
use figment::Figment;
use figment::providers::{Format, Toml};
use serde_json::{Map, Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};
use stopover::app;
use stopover::platform::access::{Action, Cell, Door, Relation, allows, may_try};
use stopover::platform::db::DbResult;
use uuid::Uuid;

/// A row of `authz.toml`.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    open_to: String,
    scopes: String,
    status: Vec<u16>,
}

/// What somebody may expect at a door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Welcome {
    In,
    Unknown,
    Forbidden,
}

/// An operation of the document.
pub(super) struct Operation {
    pub(super) id: String,
    pub(super) method: String,
    pub(super) path: String,
    pub(super) spec: Json,
}

pub(super) fn document() -> Json {
    serde_json::from_str(&app::openapi_document(None)).unwrap()
}

fn operations(document: &Json) -> Vec<Operation> {
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, spec) in item.as_object().unwrap() {
            all.push(Operation { id: spec["operationId"].as_str().unwrap().into(), method: method.clone(), path: path.clone(), spec: spec.clone() });
        }
    }
    all
}

fn table() -> BTreeMap<String, Row> {
    Figment::from(Toml::string(include_str!("authz.toml"))).extract().unwrap()
}

fn door(operation: &str) -> Door {
    *app::doors().find(operation).unwrap()
}

impl Row {
    /// What this row says.
    fn welcomes(&self, who: Who, come_in: bool) -> Welcome {
        let known = ["guest", "host", "moderator", "finance", "operator", "unproven", "stale", "leaving"];
        let named = |name: &str| self.open_to.split(' ').any(|word| word == name);
        let everyone = named("everyone");
        let open = match who {
            Who::Token(scope) => self.scopes == "any" || self.scopes.split(' ').any(|word| word == scope.name()),
            // Whoever comes in may still carry something that counts no more.
            _ if who.shows_nothing_valid() => come_in,
            _ => everyone || named(who.name()) || (known.contains(&who.name()) && (named("known") || (named("fresh") && who != Who::Stale))),
        };
        match who {
            _ if open => Welcome::In,
            Who::Anonymous => Welcome::Unknown,
            _ if who.shows_nothing_valid() => Welcome::Unknown,
            _ => Welcome::Forbidden,
        }
    }
}

/// What the door of the operation says, by the table of the house.
fn expected(door: &Door, who: Who) -> Welcome {
    if door.action == Action::ComeIn {
        return Welcome::In;
    }
    if who.shows_nothing_valid() {
        return Welcome::Unknown;
    }
    let principal = who.principal();
    let caller = principal.as_ref();
    let row = door.action.row();
    if !may_try(door.action, caller) || (door.staff && allows(door.action, caller, Relation::Stranger) != Cell::Yes) {
        return if caller.is_some() { Welcome::Forbidden } else { Welcome::Unknown };
    }
    let for_strangers = row.cells[0] != Cell::No;
    match who {
        Who::Token(scope) if !for_strangers && row.scope != Some(scope) => Welcome::Forbidden,
        Who::Token(_) | Who::Stale if door.fresh_proof => Welcome::Forbidden,
        Who::Unproven if door.staff || row.is_for_staff() => Welcome::Forbidden,
        _ => Welcome::In,
    }
}

#[test]
fn every_operation_has_a_door_and_a_row_and_says_whether_it_is_closed() {
    let (document, table) = (document(), table());
    let operations = operations(&document);
    let ids: BTreeSet<String> = operations.iter().map(|operation| operation.id.clone()).collect();
    let doors: BTreeSet<String> = app::doors().iter().map(|door| door.operation.to_owned()).collect();
    assert_eq!(ids, doors, "operations of the document, and doors");
    let rows: BTreeSet<String> = table.keys().cloned().collect();
    assert_eq!(ids, rows, "operations of the document, and rows of authz.toml: see the head of this file");
    for operation in &operations {
        let closed = door(&operation.id).action.row().cells[0] == Cell::No;
        let schemes = operation.spec["security"].as_array().cloned().unwrap_or_default();
        let declared = !schemes.is_empty() && !schemes.contains(&json!({}));
        assert_eq!(declared, closed, "{}: `security` in the document, and whether strangers are kept out; take a `Caller`", operation.id);
        for who in Who::everybody() {
            let door = door(&operation.id);
            let said = table[&operation.id].welcomes(who, door.action == Action::ComeIn);
            assert_eq!(said, expected(&door, who), "{} for {}: authz.toml, and the door", operation.id, who.name());
        }
    }
}

on_both!(every_door_is_open_to_whom_the_table_says, async |db: TestDb| {
    let (document, table) = (document(), table());
    let mut cast = Cast::gather(&db).await;
    let mut wrong = Vec::new();
    for operation in operations(&document) {
        let row = &table[&operation.id];
        for who in Who::everybody() {
            let request = cast.request(&operation.id, who).await;
            let reply = cast.send(who, &operation.method, &operation.path, &request).await;
            let status = reply.status.as_u16();
            let right = match row.welcomes(who, door(&operation.id).action == Action::ComeIn) {
                Welcome::In => row.status.contains(&status),
                Welcome::Unknown => status == 401,
                Welcome::Forbidden => status == 403,
            };
            if !right {
                wrong.push(format!("{} as {}: {status} {}", operation.id, who.name(), reply.text()));
            }
            // Some operations end the very session, or make an old proof new, or a weak one strong.
            let changed = operation.method != "get" && status < 300;
            let session = matches!(who, Who::Anonymous | Who::Token(_)) || who.shows_nothing_valid();
            if changed && !session && (who == Who::Stale || !cast.is_as_before(who).await) {
                cast.enter(who).await;
            }
        }
    }
    assert!(wrong.is_empty(), "{} cells are wrong:\n{}", wrong.len(), wrong.join("\n"));
});

on_both!(what_is_foreign_looks_like_what_is_not_there, async |db: TestDb| {
    let cast = Cast::gather(&db).await;
    let operations = operations(&document());
    // Own things with an id: the id of somebody else's, and one that nobody has.
    for id in Cast::OWN_THINGS {
        let foreign = cast.own_thing(id, Who::Host).await;
        let before = cast.count_things(Who::Host).await;
        let operation = operations.iter().find(|operation| operation.id == id).unwrap();
        let mut bodies = Vec::new();
        for one in [foreign, Uuid::now_v7()] {
            let request = Request { id: Some(one), ..cast.request(id, Who::Guest).await };
            let reply = cast.send(Who::Guest, &operation.method, &operation.path, &request).await;
            reply.expect_problem(404, "not_found");
            bodies.push(reply.text().replace(&one.to_string(), "").replace(reply.header("x-request-id"), ""));
        }
        assert_eq!(bodies[0], bodies[1], "{id}");
        assert_eq!(cast.count_things(Who::Host).await, before, "{id} did something to what is foreign");
    }
    // Whatever takes an id says the same of one that nobody has, to whoever may do everything.
    for operation in operations.iter().filter(|operation| operation.path.contains("{id}")) {
        let request = Request { id: Some(Uuid::now_v7()), ..cast.request(&operation.id, Who::Operator).await };
        let reply = cast.send(Who::Operator, &operation.method, &operation.path, &request).await;
        assert_eq!(reply.status, 404, "{}: {}", operation.id, reply.text());
    }
});

on_both!(fields_that_are_not_asked_for_are_refused, async |db: TestDb| {
    let cast = Cast::gather(&db).await;
    let document = document();
    let mut fields: BTreeSet<String> = [
        "role",
        "roles",
        "is_admin",
        "admin",
        "state",
        "owner_id",
        "user_id",
        "host_id",
        "id",
        "version",
        "verified",
        "email_verified",
        "identity_verified",
        "password_hash",
        "email_key",
        "strong",
        "proven_at",
        "scopes",
        "created_at",
        "erase_at",
        "paid",
        "price",
        "__proto__",
        "constructor",
    ]
    .map(str::to_owned)
    .into();
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        if name.ends_with("View") {
            fields.extend(schema["properties"].as_object().into_iter().flatten().map(|(field, _)| field.clone()));
        }
    }
    let mut tried = 0;
    let bodies = bodies(&cast, &document).await;
    let before = rows(&db).await;
    for (operation, who, request, body) in bodies {
        for field in fields.iter().filter(|field| !asks_for(&document, &operation.spec, field)) {
            let mut more = body.clone();
            more.insert(field.clone(), json!("operator"));
            let request = Request { body: Some(Json::Object(more)), ..request.clone() };
            let reply = cast.send(who, &operation.method, &operation.path, &request).await;
            assert!(matches!(reply.status.as_u16(), 400 | 422), "{} with `{field}`: {}", operation.id, reply.text());
            tried += 1;
        }
    }
    assert!(tried > 500, "only {tried} fields were tried");
    assert_eq!(rows(&db).await, before, "something was written all the same");
});

/// All operations that read JSON, each with somebody who is let in and a request of theirs that succeeds.
pub(super) async fn bodies(cast: &Cast<'_>, document: &Json) -> Vec<(Operation, Who, Request, Map<String, Json>)> {
    let mut all = Vec::new();
    for operation in operations(document) {
        // Uploads have parts instead of fields; an odd one is refused in `media/uploads.rs`. Messages of payment providers have fields of the provider's.
        if operation.spec.get("requestBody").is_none_or(|body| body["content"].get("application/json; charset=utf-8").is_none()) {
            continue;
        }
        // Whoever is let in first.
        let row = &table()[&operation.id];
        let order = [Who::Operator, Who::Guest, Who::Anonymous];
        let who = order.into_iter().find(|who| row.welcomes(*who, false) == Welcome::In).unwrap();
        let request = cast.request(&operation.id, who).await;
        let Some(Json::Object(body)) = request.body.clone() else { panic!("{}: cast.rs has no body for it", operation.id) };
        all.push((operation, who, request, body));
    }
    all
}

on_both!(methods_that_are_not_documented_are_refused, async |db: TestDb| {
    let cast = Cast::gather(&db).await;
    let document = document();
    for (path, item) in document["paths"].as_object().unwrap() {
        let known = item.as_object().unwrap();
        for method in ["get", "put", "post", "patch", "delete", "trace", "connect", "copy"].into_iter().filter(|method| !known.contains_key(*method)) {
            let request = Request { id: Some(Uuid::now_v7()), ..Request::default() };
            let reply = cast.send(Who::Operator, method, path, &request).await;
            assert_eq!(reply.status, 405, "{method} {path}: {}", reply.text());
            assert!(!reply.header("allow").is_empty(), "{method} {path} does not say what would be right");
        }
    }
});

/// Whether the body of an operation has a field of this name.
fn asks_for(document: &Json, spec: &Json, field: &str) -> bool {
    ask(document, spec)["properties"].get(field).is_some()
}

/// The schema of the body of an operation.
pub(super) fn ask<'a>(document: &'a Json, spec: &Json) -> &'a Json {
    let schema = &spec["requestBody"]["content"]["application/json; charset=utf-8"]["schema"];
    let name = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next()).unwrap_or_else(|| panic!("no schema of a body: {spec}"));
    &document["components"]["schemas"][name]
}

/// All rows that decide what somebody is and may.
async fn rows(db: &TestDb) -> Vec<String> {
    const ALL: [&str; 4] = [
        "SELECT email || state || COALESCE(password_hash, '') || CAST(version AS TEXT) FROM accounts ORDER BY 1",
        "SELECT a.email || r.role FROM account_roles r JOIN accounts a ON a.user_id = r.user_id ORDER BY 1",
        "SELECT name || about || CAST(identity_verified AS TEXT) || CAST(version AS TEXT) FROM users ORDER BY 1",
        "SELECT name || CAST(scopes AS TEXT) FROM personal_tokens ORDER BY 1",
    ];
    let read: DbResult<Vec<String>> = db
        .read(|conn| {
            let mut all = Vec::new();
            for sql in ALL {
                all.extend(conn.query(sql, &[], |row| row.get::<String>(0))?);
            }
            Ok(all)
        })
        .await;
    read.unwrap()
}
