//! Decisions about listings, pure. `home.rs` is what a host says of a home, `words.rs` judges texts, `catalogue.rs` lists what can be
//! chosen, `custom.rs` knows the operator's own fields, `checklist.rs` says what a home lacks, `approval.rs` whether staff look first;
//! who may do what with co-hosts is in `co_hosts.rs`, the figures of a month in `months.rs`.

pub(super) mod approval;
pub(super) mod catalogue;
pub(super) mod checklist;
pub(super) mod co_hosts;
pub(super) mod complaints;
pub(super) mod custom;
pub(super) mod home;
pub(super) mod months;
pub(super) mod words;

/// The mean of ratings in hundredths, rounded half up: `sum_centi` is the sum of ratings × 100, `count` how many.
/// `None` where nobody has rated yet.
#[must_use]
pub fn mean_centi(sum_centi: i64, count: i64) -> Option<i64> {
    (count > 0 && sum_centi >= 0).then(|| (sum_centi.saturating_mul(2).saturating_add(count)) / count.saturating_mul(2))
}

/// The weekdays of a mask, bit 0 Monday … bit 6 Sunday.
#[must_use]
pub(super) fn weekdays(mask: i64) -> Vec<&'static str> {
    const NAMES: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    NAMES.iter().enumerate().filter(|(day, _)| mask >> day & 1 == 1).map(|(_, name)| *name).collect()
}

/// A local minute of the day as `HH:MM`; 1440 is `24:00`.
#[must_use]
pub(super) fn wall_time(minute: i64) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_are_exact_and_round_half_up() {
        for (sum, count, mean) in [(0, 0, None), (500, 1, Some(500)), (1_461, 3, Some(487)), (965, 2, Some(483)), (1, 200, Some(0)), (1, 2, Some(1))] {
            assert_eq!(mean_centi(sum, count), mean, "{sum} / {count}");
        }
    }

    #[test]
    fn masks_and_minutes_are_written_out() {
        assert_eq!(weekdays(127).len(), 7);
        assert_eq!(weekdays(0b100_0001), ["monday", "sunday"]);
        assert_eq!((wall_time(0).as_str(), wall_time(18 * 60 + 5).as_str(), wall_time(1_440).as_str()), ("00:00", "18:05", "24:00"));
    }
}
