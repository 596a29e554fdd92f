//! The limits against a model, at their bounds, and in what they say.

use super::buckets::MOST;
use super::rule::{Rule, Ticks};
use super::*;
use crate::platform::access::{Roles, Scopes};
use crate::platform::config::Rate;
use crate::values::{Instant, UserId};
use poem::http::HeaderMap;
use proptest::prelude::*;
use std::collections::HashMap;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;
use uuid::Uuid;

/// A bucket that is filled evenly and holds `burst`: what governor computes with moments, computed with contents.
struct Model {
    cost: u64,
    burst: u64,
    /// By key: nanoseconds' worth of content, and when it was looked at.
    contents: HashMap<u128, (u64, u64)>,
}

impl Model {
    fn take(&mut self, key: u128, now: u64) -> bool {
        let full = self.cost * self.burst;
        let (content, seen) = self.contents.get(&key).copied().unwrap_or((full, now));
        let content = (content + (now - seen)).min(full);
        let allowed = content >= self.cost;
        self.contents.insert(key, (content - if allowed { self.cost } else { 0 }, now));
        allowed
    }

    fn left(&self, key: u128) -> u64 {
        self.contents[&key].0 / self.cost
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, ..ProptestConfig::default() })]

    #[test]
    fn a_rule_does_what_a_simple_bucket_does(
        per_minute in 1_u32..500,
        burst in 0_u32..40,
        steps in proptest::collection::vec((0_u128..4, prop_oneof![3 => Just(0_u64), 2 => 0_u64..500, 1 => 0_u64..90_000]), 1..60),
    ) {
        let ticks = Ticks::stopped();
        let rule = Rule::new("x", Rate { per_minute, per_hour: 0, burst }, &ticks);
        let cost = 60_000_000_000 / u64::from(per_minute);
        let mut model = Model { cost, burst: u64::from(if burst == 0 { per_minute } else { burst }), contents: HashMap::new() };
        let mut now = 0;
        for (key, pause) in steps {
            ticks.pass(Duration::from_millis(pause));
            now += pause * 1_000_000;
            let (standing, wait) = rule.count(key, false).unwrap();
            let allowed = model.take(key, now);
            prop_assert_eq!(wait.is_none(), allowed);
            let told = headers_of(standing)["ratelimit"].to_str().unwrap().to_owned();
            let left = if allowed { model.left(key) } else { 0 };
            prop_assert!(told.starts_with(&format!("\"x\";r={left};t=")), "{} {}", told, left);
            if let Some(seconds) = wait {
                // Waiting as long as was said is enough, and a second less would not have been.
                let missing = cost - model.contents[&key].0;
                prop_assert_eq!(u64::from(seconds), missing.div_ceil(1_000_000_000).max(1));
            }
        }
    }
}

fn headers_of(standing: Standing) -> HeaderMap {
    let mut headers = HeaderMap::new();
    standing.write(&mut headers);
    headers
}

fn text(headers: &HeaderMap, name: &str) -> String {
    headers.get(name).map_or(String::new(), |value| value.to_str().unwrap().to_owned())
}

#[test]
fn a_million_addresses_take_bounded_memory() {
    let ticks = Ticks::stopped();
    let rule = Rule::new("x", Rate { burst: 100, ..Rate::per_minute(300) }, &ticks);
    for n in 0..1_000_000_u32 {
        let address = Ipv4Addr::from(n.wrapping_mul(2_654_435_761));
        rule.count(household(address.into()), false);
    }
    let buckets = rule.keys().remove(0);
    assert!(buckets.len() <= MOST && buckets.len() > MOST * 9 / 10, "{}", buckets.len());
    // 16 bytes of key, 8 of value, 8 to align, one to control. Seven such memories go by address.
    let bytes = buckets.capacity() * 33;
    assert!(bytes * 7 < 50 << 20, "{bytes} bytes for {} places", buckets.capacity());
}

#[test]
fn neighbours_are_spread_over_all_shards() {
    let rule = Rule::new("x", Rate::per_minute(60), &Ticks::stopped());
    for n in 0..1_280 {
        rule.count(1_000_000 + n, false);
    }
    let buckets = rule.keys().remove(0);
    // Twenty on average; sixty has a chance of one in a trillion.
    assert!(buckets.fullest() < 60, "{} of {} in one shard", buckets.fullest(), buckets.len());
}

#[test]
fn idle_keys_are_forgotten_and_their_memory_is_given_back() {
    let ticks = Ticks::stopped();
    let rule = Rule::new("x", Rate::per_minute(60), &ticks);
    for n in 0..50_000 {
        rule.count(n, false);
    }
    ticks.pass(Duration::from_secs(120));
    for n in 0..1_000 {
        rule.count(1_000_000 + n, false);
    }
    let buckets = rule.keys().remove(0);
    assert!(buckets.len() < 2_000 && buckets.capacity() < 20_000, "{} of {}", buckets.len(), buckets.capacity());
}

#[test]
fn who_is_at_the_limit_is_not_pushed_out() {
    let ticks = Ticks::stopped();
    let rule = Rule::new("x", Rate::per_minute(10), &ticks);
    let flood = |key, times: u32| (0..times).map(|_| rule.count(key, false).unwrap().1).collect::<Vec<_>>();
    assert!(flood(7, 11)[10].is_some());
    for n in 0..300_000 {
        rule.count(1_000 + n, false);
    }
    assert!(rule.count(7, false).unwrap().1.is_some(), "a flood of addresses forgave one that was at its limit");
}

fn caller(user: u128, via: Via) -> Principal {
    Principal { user: UserId(Uuid::from_u128(user)), via, roles: Roles::NONE, proven_at: Instant(0), strong: false }
}

const HOME: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

/// Counts until it is refused; answers how often it was not.
fn allowed(limits: &Limits, meter: Meter, address: IpAddr, caller: Option<&Principal>) -> usize {
    (0..2_000).take_while(|_| limits.count(meter, address, caller).is_some_and(|verdict| verdict.refused.is_none())).count()
}

#[test]
fn strangers_are_counted_by_household_and_people_by_account_or_token() {
    let ticks = Ticks::stopped();
    let limits = Limits::with_ticks(&config::Limits::default(), &ticks);
    let (ada, bo) = (caller(1, Via::Session(Uuid::from_u128(11))), caller(2, Via::Session(Uuid::from_u128(12))));
    let ada_elsewhere = caller(1, Via::Cookie(Uuid::from_u128(13)));
    let token = |id| caller(1, Via::Token(Uuid::from_u128(id), Scopes::NONE));
    assert_eq!(allowed(&limits, Meter::Read, HOME, None), 100);
    assert_eq!(allowed(&limits, Meter::Search, HOME, None), 100, "searches have a bucket of their own");
    assert_eq!(allowed(&limits, Meter::Read, Ipv4Addr::new(192, 0, 2, 2).into(), None), 100);
    // Whoever is logged in does not suffer for the neighbours, nor the neighbours for them.
    assert_eq!(allowed(&limits, Meter::Read, HOME, Some(&ada)), 600);
    assert_eq!(allowed(&limits, Meter::Read, HOME, Some(&ada_elsewhere)), 0, "all sessions of an account are one");
    assert_eq!(allowed(&limits, Meter::Read, HOME, Some(&bo)), 600);
    assert_eq!(allowed(&limits, Meter::Write, HOME, Some(&ada)), 120);
    assert_eq!(allowed(&limits, Meter::Read, HOME, Some(&token(21))), 600, "a token has a bucket of its own");
    assert_eq!(allowed(&limits, Meter::Read, HOME, Some(&token(22))), 600);
    // Coming in is counted by address, whoever one is.
    assert_eq!(allowed(&limits, Meter::Login, HOME, Some(&ada)), 30);
    assert_eq!(allowed(&limits, Meter::Login, HOME, None), 0);
    assert_eq!(allowed(&limits, Meter::Register, HOME, None), 5);
    assert_eq!(allowed(&limits, Meter::Mail, HOME, None), 10);
    // One home has a whole /64 of IPv6, and IPv4 written as IPv6 is the same address.
    let v6 = |text: &str| text.parse::<Ipv6Addr>().unwrap().into();
    assert_eq!(allowed(&limits, Meter::Read, v6("2001:db8::1"), None), 100);
    assert_eq!(allowed(&limits, Meter::Read, v6("2001:db8::ffff:2"), None), 0);
    assert_eq!(allowed(&limits, Meter::Read, v6("2001:db8:0:1::1"), None), 100);
    assert_eq!(allowed(&limits, Meter::Read, v6("::ffff:192.0.2.1"), None), 0);
    ticks.pass(Duration::from_secs(1));
    assert_eq!(allowed(&limits, Meter::Read, HOME, None), 5, "300 a minute are 5 a second");
}

#[test]
fn an_hour_limits_what_each_minute_would_allow() {
    let ticks = Ticks::stopped();
    let limits = Limits::with_ticks(&config::Limits::default(), &ticks);
    let tries: usize = (0..60)
        .map(|_| {
            ticks.pass(Duration::from_secs(60));
            allowed(&limits, Meter::Login, HOME, None)
        })
        .sum();
    // The bucket of an hour holds 300 at first and gets another 300 while the hour lasts.
    assert!((560..=600).contains(&tries), "{tries}");
}

#[test]
fn the_headers_say_how_one_stands() {
    let settings = config::Limits { legacy_headers: true, ..config::Limits::default() };
    let limits = Limits::with_ticks(&settings, &Ticks::stopped());
    let first = headers_of(limits.count(Meter::Read, HOME, None).unwrap().standing);
    assert_eq!((text(&first, "ratelimit-policy"), text(&first, "ratelimit")), ("\"anon\";q=300;w=60".into(), "\"anon\";r=99;t=1".into()));
    assert_eq!(["limit", "remaining", "reset"].map(|name| text(&first, &format!("x-ratelimit-{name}"))), ["300", "99", "1"]);
    let login = headers_of(limits.count(Meter::Login, HOME, None).unwrap().standing);
    assert_eq!(text(&login, "ratelimit-policy"), "\"login\";q=30;w=60, \"login-hour\";q=300;w=3600");
    assert_eq!(text(&login, "ratelimit"), "\"login\";r=29;t=2, \"login-hour\";r=299;t=12");
    let register = headers_of(limits.count(Meter::Register, HOME, None).unwrap().standing);
    assert_eq!((text(&register, "ratelimit-policy"), text(&register, "ratelimit")), ("\"register\";q=5;w=3600".into(), "\"register\";r=4;t=720".into()));
    allowed(&limits, Meter::Register, HOME, None);
    let refused = limits.count(Meter::Register, HOME, None).unwrap();
    let Some(Error::Refused(refusal)) = refused.refused else { panic!("not refused") };
    assert_eq!((refusal.code, refusal.kind, refusal.retry_after_seconds), ("too_many_requests", Kind::TooMany, Some(720)));
    assert_eq!(text(&headers_of(refused.standing), "ratelimit"), "\"register\";r=0;t=3600");
}

#[test]
fn limits_can_be_lifted_one_by_one_and_all_together() {
    let settings = config::Limits { anonymous_read: Rate::default(), ..config::Limits::default() };
    let limits = Limits::with_ticks(&settings, &Ticks::stopped());
    assert!(limits.count(Meter::Read, HOME, None).is_none() && limits.count(Meter::Search, HOME, None).is_some());
    let none = Limits::new(&config::Limits { enabled: false, ..config::Limits::default() });
    assert!(none.count(Meter::Register, HOME, None).is_none());
}

#[test]
fn a_mailbox_gets_three_letters_an_hour() {
    let ticks = Ticks::stopped();
    let letters = Letters::with_ticks(&config::Limits::default(), &ticks);
    let sent = |mailbox: &str| (0..10).filter(|_| letters.may_go_to(mailbox)).count();
    assert_eq!((sent("ada@example.org"), sent("bo@example.org"), sent("ada@example.org")), (3, 3, 0));
    ticks.pass(Duration::from_secs(1_200));
    assert_eq!(sent("ada@example.org"), 1);
    assert!(Letters::new(&config::Limits { enabled: false, ..config::Limits::default() }).may_go_to("ada@example.org"));
}
