//! What holds for every plan, stay and party.

use super::chance::{House, coupon, days, fee_model, guests, house, plan, stays, tax_rule};
use super::*;
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    /// P5, P9, P12, P16, P17, P20; that the total is the sum of the lines is asserted by [`price`] itself.
    #[test]
    fn prices_add_up(house in house(), stay in stays(), guests in guests(), lead in 0..300_i32, coupon in coupon(), rate in any::<bool>(), chosen in any::<bool>()) {
        let terms = house.terms();
        let options: Vec<String> = house.plan.fees.iter().filter(|_| chosen).map(|fee| fee.key.clone()).collect();
        let rate = if rate { Rate::Standard } else { Rate::NonRefundable };
        let priced = price(&terms, &Ask { stay, guests, lead_days: lead, rate, options: &options, coupon }).unwrap();
        let sum = |wanted: &dyn Fn(&Line) -> bool| priced.lines.iter().filter(|line| wanted(line)).map(|line| line.amount).sum::<i64>();
        prop_assert_eq!(priced.nights.iter().sum::<i64>(), priced.nightly_subtotal);
        prop_assert_eq!(sum(&|line| line.kind == LineKind::Nights), priced.nightly_subtotal);
        prop_assert_eq!(priced.allocation.iter().sum::<i64>(), priced.room);
        prop_assert_eq!(priced.allocation.len(), usize::from(stay.nights()));
        prop_assert_eq!(sum(&|line| line.payer != Payer::Host && !line.included && line.collected == Collected::AtBooking), priced.total_due);
        prop_assert_eq!(sum(&|line| line.kind == LineKind::Fee && line.collected == Collected::AtBooking) + priced.room, priced.base);
        for amount in [priced.accommodation, priced.total_due, priced.total_price, priced.host_fee, priced.host_payout, priced.service_fee] {
            prop_assert!(amount >= 0, "{:?}", priced);
        }
        prop_assert!(priced.allocation.iter().all(|part| *part >= 0) && priced.nights.iter().all(|night| *night >= 1));
        prop_assert!(priced.total_price >= priced.total_due);
        for line in &priced.lines {
            prop_assert_eq!(i128::from(line.unit_amount) * i128::from(line.quantity), i128::from(line.amount));
            prop_assert_ne!(line.amount, 0);
        }
        let parts = instalments(&house.plan, &priced, stay, lead, Some(28));
        prop_assert_eq!(parts.iter().map(|part| part.amount).sum::<i64>(), priced.total_due);
        prop_assert!(parts.iter().all(|part| part.amount >= 0));
        prop_assert_eq!(parts[0].due, Due::AtBooking);
    }

    #[test]
    fn the_short_way_is_the_long_way(house in house(), stay in stays(), guests in guests(), lead in 0..300_i32) {
        let terms = house.terms();
        let priced = price(&terms, &Ask::standard(stay, guests, lead)).unwrap();
        prop_assert_eq!(total_price(&terms, stay, guests, lead), priced.total_price);
        match class(&house.plan, &house.fees, &house.taxes) {
            Class::Flat => prop_assert_eq!(stay_price(house.base, &house.days, stay).total, priced.total_price),
            Class::Runs => prop_assert_eq!(priced.nightly_subtotal, priced.total_price),
            Class::Complex => {}
        }
    }

    #[test]
    fn bounds_hold(house in house(), stay in stays(), guests in guests(), lead in 0..300_i32) {
        let terms = house.terms();
        let bounds = bounds_per_night(&terms, Largest { guests: 8, pets: 3 });
        let (total, nights) = (total_price(&terms, stay, guests, lead), i64::from(stay.nights()));
        prop_assert!(bounds.least >= 0 && bounds.least <= bounds.most);
        prop_assert!(bounds.least * nights <= total && total <= bounds.most * nights, "{:?} of {} nights: {}", bounds, nights, total);
    }

    /// One more guest, a dearer base, another fee, another tax: nobody pays less.
    #[test]
    fn more_is_never_cheaper(house in house(), stay in stays(), guests in guests(), lead in 0..300_i32, raise in 1..50_000_i64, tax in tax_rule()) {
        let mut house = house;
        // Brackets may lower what dearer nights pay.
        house.taxes.iter_mut().chain(&mut house.plan.taxes).for_each(|rule| rule.brackets.clear());
        let total = |house: &House, guests| total_price(&house.terms(), stay, guests, lead);
        let before = total(&house, guests);
        let party = Party { adults: guests.party.adults + 1, pets: guests.party.pets + 1, ..guests.party };
        let more = Guests { party, ..guests };
        prop_assert!(total(&house, more) >= before);
        let raised = House { base: house.base + raise, ..house.clone() };
        prop_assert!(total(&raised, guests) >= before);
        let mut taxed = house.clone();
        taxed.taxes.push(tax);
        prop_assert!(total(&taxed, guests) >= before);
        let mut dearer = house.clone();
        dearer.plan.fees.iter_mut().for_each(|fee| fee.mandatory = true);
        prop_assert!(total(&dearer, guests) >= before);
        let mut undiscounted = house.clone();
        (undiscounted.plan.lead, undiscounted.plan.los) = (Lead::default(), Vec::new());
        prop_assert!(total(&undiscounted, guests) >= before);
    }

    /// Walking over overrides, seasons and weeks finds what each night costs.
    #[test]
    fn runs_of_nights_are_nights(plan in plan(), days in days(), stay in stays(), fees in fee_model()) {
        let terms = Terms { base: 10_000, plan: &plan, days: &days, fees, taxes: &[] };
        let each: Vec<i64> = stay.range().iter().map(|night| night_price(&terms, night)).collect();
        prop_assert_eq!(&price(&terms, &Ask::standard(stay, adults(1), 0)).unwrap().nights, &each);
        let by_night: i64 = each.iter().sum();
        let bare = Plan { weekend: plan.weekend, seasons: plan.seasons.clone(), ..Plan::default() };
        let nights_only = Terms { plan: &bare, fees: FeeModel::default(), ..terms };
        prop_assert_eq!(total_price(&nights_only, stay, adults(1), 0), by_night);
    }

    #[test]
    fn random_plans_can_be_kept_and_come_back(plan in plan()) {
        prop_assert_eq!(plan_faults(1, &plan), vec![]);
        let json = serde_json::to_string(&plan).unwrap();
        prop_assert_eq!(serde_json::from_str::<Plan>(&json).unwrap(), plan);
    }

    #[test]
    fn spreading_is_fair(amount in 0..10_000_000_i64, weights in proptest::collection::vec(0..1_000_000_i64, 1..60)) {
        let parts = spread(amount, &weights);
        let sum: i64 = weights.iter().sum();
        prop_assert_eq!(parts.iter().sum::<i64>(), amount);
        for (part, weight) in parts.iter().zip(&weights).filter(|_| sum > 0) {
            let exact = i128::from(amount) * i128::from(*weight);
            prop_assert!((i128::from(*part) * i128::from(sum) - exact).abs() < i128::from(sum));
        }
    }
}
