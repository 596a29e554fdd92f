//! `kill -9` of a server that is busy selling: guests book, pay, withdraw and call off over HTTP, and the process ends at a random moment. What
//! was answered is there afterwards, nothing is half, and the sandbox's own book says what ours do.
//!
//! Ten moments; `STOPOVER_LONG=1` tries two hundred. The clock is moved an hour after each, so that calls whose maker died are made again at once.

use super::program::{Server, run};
use crate::support::long;
use rusqlite::{Connection, OpenFlags};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use stopover::values::{Clock as _, Night, SystemClock};

const GUESTS: usize = 4;
const HOMES: u32 = 6;
const PASSWORD: &str = "seven purple kettles";

/// What is never so, each as a query that counts.
const NEVER: &[(&str, &str)] = &[
    (
        "two bookings share a night",
        "SELECT COUNT(*) FROM bookings a JOIN bookings b ON b.listing_id = a.listing_id AND b.id > a.id AND b.check_in < a.check_out AND a.check_in < b.check_out
            WHERE a.state IN ('confirmed', 'in_stay') AND b.state IN ('confirmed', 'in_stay')",
    ),
    (
        "a booking without all of its nights",
        "SELECT COUNT(*) FROM bookings b WHERE b.state = 'confirmed'
            AND julianday(b.check_out) - julianday(b.check_in) <> (SELECT COUNT(*) FROM booked_nights n WHERE n.booking_id = b.id AND n.kind = 'booking')",
    ),
    (
        "nights without a booking that stands",
        "SELECT COUNT(*) FROM booked_nights n LEFT JOIN bookings b ON b.id = n.booking_id
            WHERE b.id IS NULL OR b.state NOT IN ('pending_payment', 'requested', 'confirmed', 'in_stay', 'completed')",
    ),
    (
        "a state that is not the last step of the history",
        "SELECT COUNT(*) FROM bookings b WHERE b.state <> (SELECT t.to_state FROM booking_transitions t WHERE t.booking_id = b.id ORDER BY number DESC LIMIT 1)",
    ),
    (
        "a confirmed stay that the books do not know",
        "SELECT COUNT(*) FROM bookings b WHERE (b.confirmed_at IS NOT NULL)
            <> EXISTS (SELECT 1 FROM ledger_entries e WHERE e.booking_id = b.id AND e.kind = 'confirmed')",
    ),
    ("an entry that does not balance", "SELECT COUNT(*) FROM (SELECT entry_id FROM ledger_postings GROUP BY entry_id HAVING SUM(amount) <> 0)"),
    ("a call that nobody makes", "SELECT COUNT(*) FROM provider_calls WHERE state = 'waiting'"),
    (
        "a payment that the sandbox has otherwise",
        "SELECT COUNT(*) FROM payments p LEFT JOIN sandbox_charges c ON c.payment_id = p.id
            WHERE p.captured_minor <> COALESCE(c.captured_minor, 0) OR p.state = 'captured' AND c.state <> 'captured'",
    ),
    (
        "a stay that was charged twice",
        "SELECT COUNT(*) FROM (SELECT p.booking_id, p.purpose FROM sandbox_charges c JOIN payments p ON p.id = c.payment_id
            WHERE c.state = 'captured' GROUP BY p.booking_id, p.purpose HAVING COUNT(*) > 1)",
    ),
    ("a charge for nobody", "SELECT COUNT(*) FROM sandbox_charges c LEFT JOIN payments p ON p.id = c.payment_id WHERE p.id IS NULL"),
    (
        "a refund that the sandbox has otherwise",
        "SELECT COUNT(*) FROM payments p WHERE p.refunded_minor <> (SELECT COALESCE(SUM(s.amount_minor), 0) FROM sandbox_book s
            JOIN sandbox_charges c ON c.reference = s.charge WHERE c.payment_id = p.id AND s.kind = 'refund')",
    ),
    (
        "money without a stay",
        "SELECT COUNT(*) FROM payments p JOIN bookings b ON b.id = p.booking_id
            WHERE b.state IN ('withdrawn', 'declined', 'expired') AND p.captured_minor <> p.refunded_minor",
    ),
    (
        "a stay without money",
        "SELECT COUNT(*) FROM bookings b WHERE b.state = 'confirmed'
            AND b.total_minor <> (SELECT COALESCE(SUM(p.captured_minor - p.refunded_minor), 0) FROM payments p WHERE p.booking_id = b.id)",
    ),
];

/// Looks random and is the same for the same seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

fn today() -> Night {
    Night::in_utc(SystemClock.now())
}

fn database(folder: &Path) -> Connection {
    let db = Connection::open_with_flags(folder.join("data/stopover.db"), OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    db.busy_timeout(Duration::from_secs(10)).unwrap();
    db
}

/// Homes of a stress run, and guests with a password, made while no server runs.
fn prepare(folder: &Path) -> Vec<String> {
    std::fs::write(folder.join("stopover.toml"), "[limits]\nenabled = false\n").unwrap();
    std::fs::write(folder.join("password"), PASSWORD).unwrap();
    let made = run(folder, &["stress", "bookings", "--callers", "1", "--attempts", "1", "--listings", &HOMES.to_string()]);
    assert_eq!(made.code, Some(0), "{made:?}");
    for guest in 0..GUESTS {
        let email = format!("guest{guest}@example.org");
        let made = run(folder, &["create-admin", "--email", &email, "--name", "Guest", "--password-file", "password"]);
        assert_eq!(made.code, Some(0), "{made:?}");
    }
    let db = database(folder);
    let mut homes = db.prepare("SELECT lower(hex(id)) FROM listings ORDER BY id").unwrap();
    homes.query_map([], |row| row.get::<_, String>(0)).unwrap().map(|id| uuid::Uuid::parse_str(&id.unwrap()).unwrap().to_string()).collect()
}

/// What a guest was told, and asked for last: the state that a booking must have reached, and whether they were about to end it.
type Told = BTreeMap<String, (&'static str, bool)>;

/// Books until the server is gone.
fn guest(server: &Server, token: &str, homes: &[String], mut dice: Dice, stop: &AtomicBool) -> Told {
    let mut told = Told::new();
    let today = today();
    while !stop.load(Ordering::Relaxed) {
        let home = &homes[usize::try_from(dice.below(homes.len() as u64)).unwrap()];
        let check_in = today.plus(20 + i32::try_from(dice.below(200)).unwrap());
        let check_out = check_in.plus(1 + i32::try_from(dice.below(3)).unwrap());
        let wish = json!({"listing_id": home, "check_in": check_in.to_string(), "check_out": check_out.to_string(), "adults": 2});
        let Some((status, quote)) = server.try_post("/quotes", Some(token), &wish) else { break };
        if status == 409 {
            continue;
        }
        assert_eq!(status, 201, "{quote}");
        let card = ["card_ok", "card_ok", "card_timeout_once", "card_declined"][usize::try_from(dice.below(4)).unwrap()];
        let Some((status, booking)) = server.try_post("/bookings", Some(token), &json!({"quote_id": quote["id"], "payment_method": card})) else { break };
        let id = match status {
            201 => booking["id"].as_str().unwrap().to_owned(),
            402 => booking["booking_id"].as_str().unwrap().to_owned(),
            409 => continue,
            _ => panic!("{status} {booking}"),
        };
        told.insert(id.clone(), (if booking["state"] == "confirmed" { "confirmed" } else { "pending_payment" }, false));
        let act = match (status, booking["state"].as_str(), dice.below(3)) {
            (402, ..) => "withdraw",
            (_, Some("confirmed"), 0) => "cancel",
            _ => continue,
        };
        told.insert(id.clone(), (told[&id].0, true));
        let Some((status, answer)) = server.try_post(&format!("/bookings/{id}/{act}"), Some(token), &json!({})) else { break };
        assert_eq!(status, 200, "{answer}");
        told.insert(id, (if act == "cancel" { "cancelled" } else { "withdrawn" }, false));
    }
    told
}

/// Everybody books for `time`, then the server is killed.
fn load(server: Server, homes: &[String], seed: u64, time: Duration) -> Told {
    let tokens: Vec<String> = (0..GUESTS).map(|guest| log_in(&server, guest)).collect();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let guests: Vec<_> = tokens
            .iter()
            .zip(1_u64..)
            .map(|(token, n)| {
                let (server, stop) = (&server, &stop);
                scope.spawn(move || guest(server, token, homes, Dice(seed * 31 + n), stop))
            })
            .collect();
        std::thread::sleep(time);
        server.signal("KILL");
        stop.store(true, Ordering::Relaxed);
        guests.into_iter().flat_map(|guest| guest.join().unwrap()).collect()
    })
}

fn log_in(server: &Server, guest: usize) -> String {
    let (status, login) = server.post("/auth/login", None, &json!({"email": format!("guest{guest}@example.org"), "password": PASSWORD}));
    assert_eq!(status, 200, "{login}");
    login["access_token"].as_str().unwrap().to_owned()
}

/// An hour later, with everything done that was due. Calls that the dead server had taken are made again when their turn comes, which may be a
/// moment later.
fn settle(server: &Server, folder: &Path) {
    loop {
        let (status, arrived) = server.post("/dev/advance", None, &json!({"hours": 1}));
        assert_eq!(status, 200, "{arrived}");
        if arrived["reached"] == true {
            break;
        }
    }
    let waiting = || database(folder).query_row("SELECT COUNT(*) FROM provider_calls WHERE state = 'waiting'", [], |row| row.get::<_, i64>(0)).unwrap();
    for _ in 0..200 {
        if waiting() == 0 {
            return;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// The calls that wait, and the jobs that are to make them.
fn calls(db: &Connection) -> String {
    let sql =
        "SELECT json_object('call', hex(c.id), 'kind', c.kind, 'attempts', c.attempts, 'lease_until', c.lease_until, 'said', c.answer, 'created', c.created_at,
            'jobs', (SELECT json_group_array(json_object('kind', j.kind, 'key', j.unique_key, 'state', j.state, 'run_at', j.run_at, 'attempts', j.attempts,
                'lease_until', j.lease_until, 'error', j.last_error)) FROM jobs j WHERE j.kind LIKE 'payments.%'))
        FROM provider_calls c WHERE c.state = 'waiting'";
    let mut found = db.prepare(sql).unwrap();
    found.query_map([], |row| row.get::<_, String>(0)).unwrap().map(Result::unwrap).collect::<Vec<_>>().join("\n")
}

fn look(folder: &Path, told: &Told, killed: &str) {
    let db = database(folder);
    for (never, sql) in NEVER {
        let found: i64 = db.query_row(sql, [], |row| row.get(0)).unwrap();
        assert_eq!(found, 0, "{killed}: {never}\n{}", calls(&db));
    }
    for (id, (state, under_way)) in told {
        let key = uuid::Uuid::parse_str(id).unwrap();
        let found: Option<String> = db.query_row("SELECT state FROM bookings WHERE id = ?1", [key.as_bytes().as_slice()], |row| row.get(0)).ok();
        let found = found.unwrap_or_else(|| panic!("{killed}: {id} was answered and is gone"));
        let fits = match (*state, found.as_str()) {
            (state, found) if state == found => true,
            ("confirmed", "cancelled") | ("pending_payment", "withdrawn") => *under_way,
            // Nobody paid, and an hour has passed; or the bank said yes in the end.
            ("pending_payment", "expired" | "confirmed") => true,
            _ => false,
        };
        assert!(fits, "{killed}: {id} was {state} and is {found}");
    }
}

/// Search and calendar say what the table of nights says.
fn look_from_outside(server: &Server, folder: &Path, homes: &[String], killed: &str) {
    let db = database(folder);
    let taken = "SELECT COUNT(DISTINCT listing_id) FROM booked_nights WHERE night = ?1";
    let today = today();
    for day in [20, 33, 60, 111, 180] {
        let night = today.plus(day);
        let found: i64 = db.query_row(taken, [night.to_string()], |row| row.get(0)).unwrap();
        let free = server.json(&format!("/api/v1/search/stays?check_in={night}&check_out={}&adults=2", night.plus(1)))["total"].as_i64().unwrap();
        assert_eq!(free, i64::from(HOMES) - found, "{killed}: search for {night}");
    }
    let sold = "SELECT COUNT(*) FROM booked_nights WHERE listing_id = ?1 AND night >= ?2 AND night < ?3";
    let (from, to) = (today.plus(20), today.plus(110));
    for home in homes {
        let key = uuid::Uuid::parse_str(home).unwrap();
        let found: i64 = db.query_row(sold, rusqlite::params![key.as_bytes().as_slice(), from.to_string(), to.to_string()], |row| row.get(0)).unwrap();
        let calendar = server.json(&format!("/api/v1/listings/{home}/calendar?from={from}&to={to}"));
        let told = calendar["data"].as_array().unwrap().iter().filter(|day| day["available"] == false).count();
        assert_eq!(i64::try_from(told).unwrap(), found, "{killed}: the calendar of {home}");
    }
}

#[test]
fn a_server_killed_while_it_sells_has_sold_nothing_twice_and_lost_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let homes = prepare(folder.path());
    let mut told = Told::new();
    let mut dice = Dice(u64::from(std::process::id()));
    for moment in 0..if long() { 200 } else { 10 } {
        let time = Duration::from_millis(30 + dice.below(900));
        let killed = format!("moment {moment}, killed after {time:?}");
        let server = Server::start(folder.path(), &["--dev"]).ready();
        told.extend(load(server, &homes, moment + 1, time));
        let server = Server::start(folder.path(), &["--dev"]).ready();
        settle(&server, folder.path());
        look(folder.path(), &told, &killed);
        look_from_outside(&server, folder.path(), &homes, &killed);
        // What was pending or being ended has come to rest.
        for (id, (state, under_way)) in &mut told {
            if *under_way || *state == "pending_payment" {
                (*state, *under_way) = (database_state(folder.path(), id), false);
            }
        }
        server.kill();
    }
    assert!(told.values().filter(|(state, _)| *state == "confirmed").count() > 5, "nobody booked anything: {told:?}");
    let doctor = run(folder.path(), &["doctor"]);
    assert_eq!(doctor.code, Some(0), "{doctor:?}");
}

fn database_state(folder: &Path, id: &str) -> &'static str {
    let key = uuid::Uuid::parse_str(id).unwrap();
    let found: String = database(folder).query_row("SELECT state FROM bookings WHERE id = ?1", [key.as_bytes().as_slice()], |row| row.get(0)).unwrap();
    ["pending_payment", "confirmed", "in_stay", "completed", "expired", "withdrawn", "cancelled"].into_iter().find(|state| *state == found).unwrap()
}
