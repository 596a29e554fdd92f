//! What holds for every plan, policy, cause and instant: nobody loses a cent, and waiting never pays (C15).

use super::table::plain_stay;
use super::*;
use crate::features::pricing::rules::tests::chance::{House, coupon, guests, house, stays};
use crate::features::pricing::rules::{Coupon, Keep, Line, LineKind, Rate, taxes_kept};
use proptest::prelude::*;

fn promised(house: &House, stay: Stay, guests: Guests, coupon: Option<Coupon<'_>>) -> Priced {
    let options: Vec<String> = house.plan.fees.iter().map(|fee| fee.key.clone()).collect();
    price(&house.terms(), &Ask { stay, guests, lead_days: 40, rate: Rate::Standard, options: &options, coupon }).unwrap()
}

fn fees(price: &Priced) -> Vec<i64> {
    price.lines.iter().filter(|line| line.kind == LineKind::Fee).map(|line| line.amount).collect()
}

fn policy() -> impl Strategy<Value = Policy> {
    prop::sample::select(Policy::ALL.to_vec())
}

fn cause() -> impl Strategy<Value = Cause> {
    prop_oneof![
        3 => Just(Cause::Guest),
        1 => any::<bool>().prop_map(|excused| Cause::Host { excused }),
        1 => Just(Cause::Unpaid),
        1 => (0..1_000_000_i64).prop_map(|granted| Cause::NoShow { granted }),
        1 => (0..1_000_000_i64).prop_map(|amount| Cause::Staff(Decision::Refund(amount))),
        1 => (0..500_000_i64, 0..50_000_i64, 0..50_000_i64).prop_map(|(room, fees, service_fee)| Cause::Staff(Decision::Keep { room, fees, service_fee })),
    ]
}

fn zone() -> impl Strategy<Value = Zone> {
    prop::sample::select(vec!["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Kiritimati", "UTC"])
        .prop_map(|name| Zone::parse(name).unwrap())
}

/// A booking of one price, or of two after it was made longer; confirmed so many hours before check-in.
fn booking() -> impl Strategy<Value = Booking> {
    let added = prop::option::of((house(), 1..20_i32));
    let made = (house(), stays(), guests(), coupon(), added, policy());
    (made, zone(), -30..2_000_i64, any::<bool>(), any::<bool>()).prop_map(|((house, stay, guests, coupon, added, policy), zone, hours, taxed, penalty)| {
        let mut prices = vec![promised(&house, stay, guests, coupon)];
        let (mut whole, rules) = (stay, policy.rules(stay.nights()));
        if let Some((house, nights)) = added
            && let Ok(longer) = Stay::new(stay.check_in(), stay.check_out().plus(nights))
        {
            prices.push(promised(&house, Stay::new(stay.check_out(), longer.check_out()).unwrap(), guests, None));
            whole = longer;
        }
        let penalty = penalty.then(|| Penalty { tiers: vec![(720, 1_000), (48, 2_500), (0, 5_000)], least: 5_000, most: 100_000 });
        let settings = Settings { tax_on_retained: taxed, host_penalty: penalty };
        let confirmed_at = zone.resolve(stay.check_in(), 900).plus_seconds(-hours * 3_600);
        Booking { rules, stay: whole, zone, confirmed_at, prices, settings }
    })
}

/// What is paid: all, or a part.
fn paid(booking: &Booking, share: i64) -> i64 {
    i64::try_from(i128::from(booking.total()) * i128::from(share.min(100)) / 100).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Keeping everything taxes everything, to the cent: the lines and what is worked out anew cannot differ.
    #[test]
    fn taxes_of_the_whole_are_the_taxes(house in house(), stay in stays(), guests in guests(), coupon in coupon()) {
        let price = promised(&house, stay, guests, coupon);
        let fees = fees(&price);
        let all = Keep { room: price.room, fees: &fees, service_fee: price.service_fee, nights: 0..price.nights.len() };
        let charged: Vec<i64> = price.taxes.iter().map(|tax| tax.amount).collect();
        prop_assert_eq!(taxes_kept(&price, &all), charged.clone());
        let lines: Vec<&Line> = price.lines.iter().filter(|line| line.kind == LineKind::Tax).collect();
        prop_assert_eq!(lines.iter().map(|line| line.amount).collect::<Vec<_>>(), charged);
        let none = Keep { room: 0, fees: &vec![0; fees.len()], service_fee: 0, nights: 0..0 };
        prop_assert!(taxes_kept(&price, &none).iter().all(|kept| *kept == 0));
        let written = serde_json::to_string(&price).unwrap();
        prop_assert_eq!(serde_json::from_str::<Priced>(&written).unwrap(), price);
    }

    /// Charged = kept + given back + not owed any more; nobody keeps less than nothing or gets more than was paid.
    #[test]
    fn no_cent_is_lost(booking in booking(), cause in cause(), days in -400..40_i64, seconds in 0..86_400_i64, share in 0..=140_i64, refunded in 0..=100_i64) {
        let at = booking.arrival().days_before(0).plus_seconds(-days * 86_400 + seconds);
        let captured = paid(&booking, share);
        let before = PaidSoFar { captured, refunded: captured * refunded / 100 * i64::from(share % 3 == 0) };
        let ended = booking.ends_after(cause, at, before);
        let held = captured - before.refunded;
        prop_assert_eq!(ended.kept.total() + ended.refund + ended.cancelled, booking.total());
        prop_assert_eq!(ended.back.total(), ended.refund + ended.cancelled);
        prop_assert!(ended.refund >= 0 && ended.refund <= held && ended.cancelled >= 0 && ended.kept.total() >= 0 && ended.kept.total() <= held);
        prop_assert!(ended.waived >= 0 && ended.waived <= ended.cancelled);
        for split in [&ended.kept, &ended.back] {
            prop_assert!(split.base >= 0 && split.guest_fee >= 0 && split.promo >= 0 && split.taxes.iter().all(|tax| tax.amount > 0), "{:?}", split);
        }
        for line in &ended.lines {
            prop_assert!(line.kept.abs() <= line.charged.abs() && line.kept * line.charged.signum() >= 0, "{:?}", line);
        }
        let room: i64 = ended.lines.iter().filter(|line| line.what == What::Room).map(|line| line.kept).sum();
        prop_assert_eq!(ended.room_by_night.iter().sum::<i64>(), room);
        prop_assert!(ended.room_by_night.iter().all(|night| *night >= 0));
        prop_assert!(ended.host_fee >= 0 && ended.host_fee_back >= 0 && ended.host_payout >= 0 && ended.host_fee <= ended.kept.base, "{:?}", ended);
        if let Some(next) = ended.next {
            prop_assert!(next.at >= at);
            let told = booking.ends_after(cause, Instant(next.at.0 - i64::from(!next.in_time)), before);
            prop_assert_eq!(told.hash().unwrap(), ended.hash().unwrap(), "nothing changes before the next deadline");
            prop_assert_ne!(booking.ends_after(cause, Instant(next.at.0 + 1), before).hash().unwrap(), ended.hash().unwrap());
        }
        let written = serde_json::to_string(&ended).unwrap();
        prop_assert_eq!(serde_json::from_str::<Outcome>(&written).unwrap(), ended);
    }

    /// Whoever calls off within the time to think again that they were shown loses nothing.
    #[test]
    fn within_the_shown_grace_nothing_is_kept(
        (hours, confirmed_days, latest_days) in (1..=168_u16, 0..=9_u16, prop::option::of(0..=9_u16)),
        (zone, day) in (zone(), 0..400_i32),
        early in 0..300_i64,
        part in 0..=1_000_i64,
    ) {
        let check_in = night("2026-01-01").plus(day).to_string();
        let grace = Some(GraceRule { hours, confirmed_days, latest_days });
        let plain = plain_stay(Policy::NonRefundable, 3, "UTC", &check_in);
        let mut booking = Booking { rules: Rules { grace, ..plain.rules.clone() }, zone, ..plain };
        booking.confirmed_at = booking.arrival().days_before(0).plus_seconds(-early * 3_600);
        let told = timeline(&booking.rules, &booking.arrival(), &[1; 3], booking.confirmed_at).grace;
        if let Some(told) = told {
            let end = booking.confirmed_at.plus_seconds(i64::from(told.hours) * 3_600);
            let end = told.until_latest.map_or(end, |latest| latest.min(end));
            let at = Instant(booking.confirmed_at.0 + (end.0 - booking.confirmed_at.0) / 1_000 * part);
            for at in [at, end].into_iter().filter(|at| *at >= booking.confirmed_at) {
                prop_assert_eq!(booking.ends(Cause::Guest, at, booking.total()).refund, booking.total(), "{:?} at {}", told, at);
            }
        }
    }

    /// C15: who cancels later never gets more.
    #[test]
    fn waiting_never_pays(booking in booking(), first in -30_000..2_000_000_i64, later in prop::collection::vec(0..2_000_000_i64, 1..12), share in 0..=100_i64) {
        let check_in = booking.arrival().days_before(0);
        let mut instants: Vec<Instant> = later.iter().map(|seconds| check_in.plus_seconds(-first + seconds)).collect();
        instants.extend([-30, -14, -7, -5, -1, 0, 1, 2].map(|days| check_in.plus_seconds(days * 86_400)));
        instants.extend([0, 1].map(|second| check_in.plus_seconds(second)));
        instants.retain(|at| *at >= booking.confirmed_at);
        instants.sort_unstable();
        let captured = paid(&booking, share);
        for cause in [Cause::Guest, Cause::Host { excused: true }] {
            let refunds: Vec<i64> = instants.iter().map(|at| booking.ends(cause, *at, captured).refund).collect();
            prop_assert!(refunds.windows(2).all(|pair| pair[0] >= pair[1]), "{:?}: {:?}", cause, refunds);
        }
    }
}
