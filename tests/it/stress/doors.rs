//! Every way into a calendar at once: guests book, a host closes nights, and a booked stay is made longer, in a home with two units.

use crate::support::people::run;
use crate::support::town::{Asker, Town};
use crate::support::{TestDb, homes, on_both};
use futures_util::future::{join, join_all};
use poem::http::Method;
use serde_json::{Value as Json, json};
use stopover::platform::db::DbResult;
use stopover::values::Night;

const GUESTS: usize = 8;
const TRIES: u64 = 4;

fn below(seed: u64, bound: u64) -> i32 {
    let mut x = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    i32::try_from((x >> 33) % bound).unwrap()
}

fn stay(seed: u64) -> (Night, Night) {
    let check_in = Night::parse("2026-07-01").unwrap().plus(below(seed, 40));
    (check_in, check_in.plus(2 + below(seed + 500, 3)))
}

async fn book(town: &Town, guest: &Asker, home: uuid::Uuid, (from, to): (Night, Night)) -> Option<Json> {
    let wish = json!({"listing_id": home, "check_in": from.to_string(), "check_out": to.to_string(), "adults": 2});
    let quote = town.post(guest, "/quotes", wish).await;
    if quote.status == 409 {
        quote.expect_problem(409, "dates_unavailable");
        return None;
    }
    let booked = town.post(guest, "/bookings", json!({"quote_id": quote.expect(201).json()["id"], "payment_method": "card_ok"})).await;
    if booked.status == 409 {
        let problem = booked.expect_problem(409, "dates_unavailable").json();
        assert!(problem["nearest_available"].is_array() && !problem["reasons"].as_array().unwrap().is_empty(), "{problem}");
        return None;
    }
    Some(booked.expect(201).json())
}

/// A night more, if it can be had; whether it could.
async fn lengthen(town: &Town, guest: &Asker, host: &Asker, booking: &Json) -> bool {
    let id = booking["id"].as_str().unwrap();
    let check_out = Night::parse(booking["check_out"].as_str().unwrap()).unwrap().plus(1);
    let proposed = town.post(guest, &format!("/bookings/{id}/alterations"), json!({"check_out": check_out.to_string()})).await;
    if proposed.status == 409 {
        return false;
    }
    let change = proposed.expect(201).json();
    let answered = town.post(host, &format!("/bookings/{id}/alterations/{}/accept", change["id"].as_str().unwrap()), json!({})).await;
    assert!(matches!(answered.status.as_u16(), 200 | 409), "{}", answered.text());
    answered.status == 200
}

on_both!(all_doors_at_once_let_one_through_at_a_time, async |db: TestDb| {
    let town = Town::new(&db).await;
    let host = town.newcomer("Hannah").await;
    let me = town.get(&host, "/me").await.expect(200).json();
    let home = homes::home(&db, &me["id"], "Two rooms").await;
    run(&db, "UPDATE listings SET departure_days = 127 WHERE id = $1", vec![home.into()]).await;
    town.ask(&host, Method::PUT, &format!("/listings/{home}/units"), Some(&json!({"names": ["Left", "Right"]}))).await.expect(200);
    let mut guests = Vec::new();
    for name in ["Ada", "Bo", "Cy", "Di", "Eva", "Flo", "Gil", "Hal"].into_iter().take(GUESTS) {
        guests.push(town.newcomer(name).await);
    }
    let books = join_all(guests.iter().zip(0_u64..).map(async |(guest, number)| {
        let mut longer = 0;
        for round in 0..TRIES {
            if let Some(booking) = book(&town, guest, home, stay(number * 100 + round)).await {
                longer += u32::from(lengthen(&town, guest, &host, &booking).await);
            }
        }
        longer
    }));
    let closes = join_all((0..6).map(async |number| {
        let (from, to) = stay(9_000 + number);
        let edit = json!({"edits": [{"from": from.to_string(), "to": to.to_string(), "blocked": true, "reason": "owner"}]});
        let closed = town.ask(&host, Method::PATCH, &format!("/listings/{home}/calendar"), Some(&edit)).await;
        if closed.status == 200 {
            return Some((from, to));
        }
        closed.expect_problem(409, "nights_booked");
        None
    }));
    let (longer, closed) = join(books, closes).await;
    assert!(longer.iter().sum::<u32>() > 0 && closed.iter().any(Option::is_some), "each door let somebody through: {longer:?} {closed:?}");
    town.run_jobs().await;
    let read: DbResult<Vec<(Night, Night, String, i64)>> = db
        .read(|conn| {
            let sql = "SELECT b.check_in, b.check_out, b.state, (SELECT COUNT(*) FROM booked_nights n WHERE n.booking_id = b.id) FROM bookings b";
            conn.query(sql, &[], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
        })
        .await;
    let bookings = read.unwrap();
    assert!(bookings.len() > 3, "{bookings:?}");
    for (from, to, state, nights) in &bookings {
        assert_eq!((state.as_str(), *nights), ("confirmed", i64::from(from.days_until(*to))), "{bookings:?}");
        for (first, last) in closed.iter().flatten() {
            assert!(to <= first || last <= from, "{from} to {to} was sold although {first} to {last} is closed");
        }
    }
    for day in 0..60 {
        let night = Night::parse("2026-07-01").unwrap().plus(day);
        let sold = bookings.iter().filter(|(from, to, ..)| *from <= night && night < *to).count();
        assert!(sold <= 2, "{night} was sold {sold} times in two units");
    }
});
