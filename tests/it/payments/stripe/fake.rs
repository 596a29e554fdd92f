//! A small Stripe of our own, for what localstripe lacks: idempotency keys, search, Connect accounts, transfers, disputes, balance transactions. It is
//! written from Stripe's public description of its API, not recorded from Stripe; it proves that we do what we understand, no more.

use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, HashMap};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use url::form_urlencoded::parse;

/// What goes wrong with the next call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrong {
    /// Done, and the connection breaks.
    Silence,
    /// Done, and 500 is said.
    Broken,
    /// Not done: 429.
    TooMany,
}

#[derive(Default)]
pub(super) struct State {
    next: u64,
    pub(super) intents: BTreeMap<String, Json>,
    pub(super) refunds: Vec<Json>,
    pub(super) disputes: Vec<Json>,
    pub(super) transfers: Vec<Json>,
    pub(super) lines: Vec<Json>,
    /// What was answered to a key, and to which form.
    keys: HashMap<String, (String, u16, Json)>,
    pub(super) wrong: Vec<(&'static str, Wrong)>,
    /// Calls that did something, as `POST /v1/refunds`.
    pub(super) done: Vec<String>,
}

pub(super) struct Fake {
    pub(super) at: SocketAddr,
    pub(super) state: Arc<Mutex<State>>,
}

type Form = BTreeMap<String, String>;

impl Fake {
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let this = Self { at: listener.local_addr().unwrap(), state: Arc::default() };
        let state = Arc::clone(&this.state);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let state = Arc::clone(&state);
                std::thread::spawn(move || drop(serve(stream.unwrap(), &state)));
            }
        });
        this
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.at)
    }

    /// The next call whose path ends so goes wrong.
    pub(super) fn spoil(&self, path: &'static str, wrong: Wrong) {
        self.state.lock().unwrap().wrong.push((path, wrong));
    }

    pub(super) fn times(&self, call: &str) -> usize {
        self.state.lock().unwrap().done.iter().filter(|done| *done == call).count()
    }
}

fn serve(mut stream: TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let (mut line, mut length, mut key, mut authorized) = (String::new(), 0, None, false);
    reader.read_line(&mut line)?;
    let mut words = line.split_whitespace();
    let (method, target) = (words.next().unwrap_or_default().to_owned(), words.next().unwrap_or_default().to_owned());
    loop {
        let mut header = String::new();
        reader.read_line(&mut header)?;
        let Some((name, value)) = header.trim().split_once(": ") else { break };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.parse().unwrap(),
            "idempotency-key" => key = Some(value.to_owned()),
            "authorization" => authorized = value == "Bearer sk_test_of_the_suite",
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let text = if method == "GET" { query.to_owned() } else { String::from_utf8(body).unwrap() };
    let form: Form = parse(text.as_bytes()).into_owned().collect();
    let mut state = state.lock().unwrap();
    let wrong = state.wrong.iter().position(|(ending, _)| path.ends_with(ending)).map(|at| state.wrong.remove(at).1);
    let (status, answer) = match (authorized, wrong, &key) {
        (false, ..) => (401, json!({"error": {"type": "invalid_request_error"}})),
        (_, Some(Wrong::TooMany), _) => (429, json!({"error": {"type": "rate_limit_error"}})),
        (_, _, Some(key)) => keyed(&mut state, key, &method, path, &text, &form),
        _ => act(&mut state, &method, path, &form),
    };
    drop(state);
    let (status, answer) = match wrong {
        Some(Wrong::Silence) => return Ok(()),
        Some(Wrong::Broken) => (500, json!({"error": {"type": "api_error"}})),
        _ => (status, answer),
    };
    let answer = answer.to_string();
    write!(stream, "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{answer}", answer.len())
}

/// The same key and form get the same answer; another form is refused.
fn keyed(state: &mut State, key: &str, method: &str, path: &str, text: &str, form: &Form) -> (u16, Json) {
    let asked = format!("{path} {text}");
    if let Some((before, status, answer)) = state.keys.get(key) {
        return if *before == asked { (*status, answer.clone()) } else { (400, json!({"error": {"type": "idempotency_error"}})) };
    }
    let (status, answer) = act(state, method, path, form);
    state.keys.insert(key.to_owned(), (asked, status, answer.clone()));
    (status, answer)
}

fn act(state: &mut State, method: &str, path: &str, form: &Form) -> (u16, Json) {
    let id = |state: &mut State, prefix: &str| {
        state.next += 1;
        format!("{prefix}_{}", state.next)
    };
    if method == "POST" {
        state.done.push(format!("POST {path}"));
    }
    let parts: Vec<&str> = path.trim_start_matches("/v1/").split('/').collect();
    let amount = || form.get("amount").and_then(|amount| amount.parse::<i64>().ok()).unwrap_or(0);
    let list = |data: Vec<Json>| (200, json!({"object": "list", "data": data, "has_more": false}));
    let of_intent = |all: &[Json]| all.iter().filter(|one| Some(&one["payment_intent"]) == form.get("payment_intent").map(|x| json!(x)).as_ref()).cloned().collect();
    match (method, parts.as_slice()) {
        ("POST", ["customers"]) => (200, json!({"id": id(state, "cus")})),
        ("POST", ["payment_methods", name, "attach"]) => (200, json!({"id": name, "customer": form["customer"]})),
        ("POST", ["payment_intents"]) => {
            let name = id(state, "pi");
            let manual = form["capture_method"] == "manual";
            let intent = json!({
                "id": name, "amount": amount(), "currency": form["currency"], "customer": form["customer"], "client_secret": format!("{name}_secret"),
                "status": if manual { "requires_capture" } else { "succeeded" }, "amount_received": if manual { 0 } else { amount() },
                "metadata": {"payment": form["metadata[payment]"], "booking": form["metadata[booking]"]},
                "latest_charge": {"id": "ch_1", "balance_transaction": if manual { Json::Null } else { json!({"fee": 320}) }},
            });
            if !manual {
                state.lines.push(json!({"id": format!("txn_{name}"), "reporting_category": "charge", "amount": amount(), "fee": 320, "currency": form["currency"]}));
            }
            state.intents.insert(name, intent.clone());
            (200, intent)
        }
        ("GET", ["payment_intents", "search"]) => {
            let found = state.intents.values().filter(|one| form["query"].contains(one["metadata"]["payment"].as_str().unwrap())).cloned().collect();
            list(found)
        }
        ("GET", ["payment_intents", name]) => state.intents.get(*name).map_or((404, json!({"error": {}})), |intent| (200, intent.clone())),
        ("POST", ["payment_intents", name, what]) => {
            let Some(intent) = state.intents.get_mut(*name) else { return (404, json!({"error": {}})) };
            if intent["status"] != "requires_capture" {
                return (400, json!({"error": {"type": "invalid_request_error", "code": "payment_intent_unexpected_state", "payment_intent": intent}}));
            }
            let taken = *what == "capture";
            intent["status"] = json!(if taken { "succeeded" } else { "canceled" });
            intent["amount_received"] = if taken { intent["amount"].clone() } else { json!(0) };
            let intent = intent.clone();
            if taken {
                state.lines.push(json!({"id": format!("txn_{name}"), "reporting_category": "charge", "amount": intent["amount"], "fee": 0, "currency": "eur"}));
            }
            (200, intent)
        }
        ("POST", ["refunds"]) => {
            let refund = json!({
                "id": id(state, "re"), "amount": amount(), "currency": "eur", "payment_intent": form["payment_intent"], "status": "succeeded",
                "metadata": {"refund": form["metadata[refund]"], "payment": form["metadata[payment]"]},
            });
            state.lines.push(json!({"id": "txn_re", "reporting_category": "refund", "amount": -amount(), "fee": 0, "currency": "eur"}));
            state.refunds.push(refund.clone());
            (200, refund)
        }
        ("GET", ["refunds"]) => list(of_intent(&state.refunds)),
        ("GET", ["disputes"]) => list(of_intent(&state.disputes)),
        ("GET", ["balance_transactions"]) => list(state.lines.clone()),
        ("POST", ["accounts"]) => (200, json!({"id": id(state, "acct"), "type": form["type"]})),
        ("POST", ["account_links"]) => (200, json!({"url": format!("https://connect.example/{}", form["account"])})),
        ("POST", ["transfers"]) => {
            let transfer = json!({"id": id(state, "tr"), "amount": amount(), "destination": form["destination"]});
            state.lines.push(json!({"id": "txn_tr", "reporting_category": "transfer", "amount": -amount(), "fee": 0, "currency": "eur"}));
            state.transfers.push(transfer.clone());
            (200, transfer)
        }
        _ => (404, json!({"error": {"message": "not in the fake"}})),
    }
}
