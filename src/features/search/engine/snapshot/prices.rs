//! The pricing of listings as it stands in a snapshot. Neighbours often share it, so "the same as before" is one byte.

use super::super::pricing::Pricing;
use super::Unusable;
use super::plain::{In, Plain};
use crate::features::pricing::{FeeModel, TaxRule};
use std::sync::Arc;

const NONE: u8 = 0;
const SAME: u8 = 1;
const OWN: u8 = 2;

/// `before` is the pricing that was written last.
pub(super) fn put_pricing(pricing: Option<&Arc<Pricing>>, before: &mut Option<Arc<Pricing>>, out: &mut Vec<u8>) {
    let Some(pricing) = pricing else { return NONE.put(out) };
    if before.as_ref().is_some_and(|before| Arc::ptr_eq(before, pricing) || before == pricing) {
        return SAME.put(out);
    }
    OWN.put(out);
    let FeeModel { guest_bp, host_bp, guest_min, guest_max } = pricing.fees;
    guest_bp.put(out);
    host_bp.put(out);
    guest_min.unwrap_or(-1).put(out);
    guest_max.unwrap_or(-1).put(out);
    // What was read as JSON is written as JSON.
    let text = |json: serde_json::Result<String>| Box::<str>::from(json.unwrap_or_default());
    text(serde_json::to_string(&*pricing.taxes)).put(out);
    text(serde_json::to_string(&pricing.plan)).put(out);
    *before = Some(Arc::clone(pricing));
}

/// Back from [`put_pricing`].
pub(super) fn take_pricing(from: &mut In<'_>, before: &mut Option<Arc<Pricing>>) -> Result<Option<Arc<Pricing>>, Unusable> {
    match u8::take(from)? {
        NONE => Ok(None),
        SAME => Ok(Some(before.clone().ok_or_else(|| Unusable::damaged("nothing comes before a pricing"))?)),
        OWN => {
            let (guest_bp, host_bp) = (u32::take(from)?, u32::take(from)?);
            let mut limit = || i64::take(from).map(|limit| (limit >= 0).then_some(limit));
            let fees = FeeModel { guest_bp, host_bp, guest_min: limit()?, guest_max: limit()? };
            let read = |_error| Unusable::damaged("a pricing is not understood");
            let taxes: Vec<TaxRule> = serde_json::from_str(&Box::<str>::take(from)?).map_err(read)?;
            let plan = serde_json::from_str(&Box::<str>::take(from)?).map_err(read)?;
            // Whoever has the same taxes shares them.
            let taxes = before.as_ref().filter(|before| *before.taxes == *taxes).map_or_else(|| taxes.as_slice().into(), |before| Arc::clone(&before.taxes));
            *before = Some(Arc::new(Pricing { plan, fees, taxes }));
            Ok(before.clone())
        }
        _ => Err(Unusable::damaged("a pricing is of no kind")),
    }
}
