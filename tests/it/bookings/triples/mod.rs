//! Everybody does everything to a booking in every state, over HTTP, and is answered what `table.txt` says: where it is refused nothing has
//! changed, where it is done the booking is in the state that stands there. What the booking itself says is allowed agrees with both.

mod stage;
mod table;

use crate::support::TestDb;
use serde_json::Value as Json;
use stage::Players;
use stopover::platform::db::Engine;
use table::{Answer, READ, Section, Table};

/// States that only time makes.
const OF_THE_NEXT_DAY: [&str; 3] = ["expired", "in_stay_next_day", "no_show"];
/// Acts that a booking shows in `allowed_actions`, under the name that they have there.
const SHOWN: [(&str, &str); 7] = [
    ("accept", "accept"),
    ("decline", "decline"),
    ("withdraw", "withdraw"),
    ("check-in", "check_in"),
    ("check-out", "check_out"),
    ("cancel", "cancel"),
    ("propose", "alter"),
];

async fn every_state_act_and_person(engine: Engine) {
    let table = Table::read(include_str!("table.txt"));
    let mut players = Players::new(TestDb::quick(engine).await).await;
    let mut wrong = Vec::new();
    let (first, then): (Vec<_>, Vec<_>) = table.sections.iter().partition(|section| !OF_THE_NEXT_DAY.contains(&section.name.as_str()));
    for section in first {
        wrong.extend(play(&mut players, &table, section).await);
    }
    // An act that succeeds uses a booking up, and nobody can make one of yesterday.
    let count = |section: &Section| if section.name == "expired" { 1 } else { section.acts_that_move() + 1 };
    let wanted: Vec<(String, usize)> = then.iter().map(|section| (section.name.clone(), count(section))).collect();
    players.sleep(&wanted).await;
    for section in then {
        wrong.extend(play(&mut players, &table, section).await);
    }
    assert!(wrong.is_empty(), "{} of what was asked is not as the table says:\n{}", wrong.len(), wrong.join("\n"));
}

/// Asks everything of one state; answers what is not as it should be.
async fn play(players: &mut Players, table: &Table, section: &Section) -> Vec<String> {
    let mut booking = players.take(&section.name).await;
    let mut wrong = shown(players, table, section, &booking).await;
    let mut before = players.print(&booking).await;
    if before.state != section.state {
        wrong.push(format!("{}: it is {}", section.name, before.state));
    }
    for (act, answers) in &section.acts {
        for (person, told) in table.people.iter().zip(answers) {
            let reply = players.ask(person, act, &booking).await;
            let after = players.print(&booking).await;
            let mut complain = |what: &str| wrong.push(format!("{}: {act} by {person}: {what}: {} {}", section.name, reply.status, short(&reply.text())));
            match told {
                Answer::Refused(status, code) => {
                    if reply.status.as_u16() != *status || reply.json()["code"] != code.as_str() {
                        complain(&format!("{status} {code} is meant"));
                    }
                    if after != before {
                        complain(&format!("{before:?} has become {after:?}"));
                    }
                }
                Answer::Done(state) => {
                    let state = state.as_ref().unwrap_or(&before.state);
                    if !reply.status.is_success() || after.state != *state {
                        complain(&format!("{state} is meant, it is {}", after.state));
                    }
                    let told = reply.json();
                    if told["history"].is_array() && told["state"] != state.as_str() {
                        complain("the answer tells of another state");
                    }
                }
            }
            let looks = READ.contains(&act.as_str());
            // Who has taken a stay into their account takes it again as often as they like.
            if looks && after != before || !looks && act != "join" && matches!(told, Answer::Done(_)) && after == before {
                complain(&format!("{before:?} has become {after:?}"));
            }
            if after != before {
                players.put_away(&booking).await;
                booking = players.take(&section.name).await;
                before = players.print(&booking).await;
            }
        }
    }
    players.put_away(&booking).await;
    wrong
}

/// What the booking says that each of its readers may do, against what they can.
async fn shown(players: &Players, table: &Table, section: &Section, booking: &Json) -> Vec<String> {
    let mut wrong = Vec::new();
    for (at, person) in table.people.iter().enumerate() {
        if *section.answer("read", at) != Answer::Done(None) {
            continue;
        }
        let view = players.read(person, booking).await;
        let mut told: Vec<&str> = view["allowed_actions"].as_array().unwrap().iter().map(|act| act.as_str().unwrap()).collect();
        let can = |act: &str| match section.answer(act, at) {
            Answer::Done(_) => true,
            // One change at a time, and yet the stay can be changed.
            Answer::Refused(_, code) => code == "alteration_open",
        };
        let mut meant: Vec<&str> = SHOWN.iter().filter(|(act, _)| can(act)).map(|(_, name)| *name).collect();
        told.sort_unstable();
        meant.sort_unstable();
        if told != meant {
            wrong.push(format!("{}: `allowed_actions` for {person} are {told:?}, and {meant:?} are meant", section.name));
        }
    }
    wrong
}

fn short(text: &str) -> String {
    text.chars().take(300).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_state_act_and_person_on_sqlite() {
    every_state_act_and_person(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_state_act_and_person_on_postgres() {
    every_state_act_and_person(Engine::Postgres).await;
}
