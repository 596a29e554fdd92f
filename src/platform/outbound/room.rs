//! How many calls go on at once, in all and to one host (S-SSRF 8).

use super::Trouble;
use parking_lot::{Condvar, Mutex};
use std::collections::HashMap;
use std::time::Instant;

/// Places for calls under way.
#[derive(Debug)]
pub(super) struct Room {
    places: usize,
    per_host: usize,
    taken: Mutex<HashMap<String, usize>>,
    freed: Condvar,
}

/// A place, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Place<'a> {
    room: &'a Room,
    host: String,
}

impl Room {
    pub(super) fn new(places: usize, per_host: usize) -> Self {
        Self { places, per_host, taken: Mutex::default(), freed: Condvar::new() }
    }

    /// Waits for a place until `until`.
    pub(super) fn enter(&self, host: &str, until: Instant) -> Result<Place<'_>, Trouble> {
        let mut taken = self.taken.lock();
        while taken.values().sum::<usize>() >= self.places || taken.get(host).is_some_and(|count| *count >= self.per_host) {
            if self.freed.wait_until(&mut taken, until).timed_out() {
                return Err(Trouble::Busy);
            }
        }
        *taken.entry(host.to_owned()).or_default() += 1;
        Ok(Place { room: self, host: host.to_owned() })
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut taken = self.room.taken.lock();
        if let Some(count) = taken.get_mut(&self.host) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.host);
            }
        }
        self.room.freed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn places_are_few_and_given_back() {
        let room = Room::new(2, 1);
        let soon = || Instant::now() + Duration::from_millis(20);
        let first = room.enter("a", soon()).unwrap();
        assert_eq!(room.enter("a", soon()).unwrap_err(), Trouble::Busy, "one for each host");
        let second = room.enter("b", soon()).unwrap();
        assert_eq!(room.enter("c", soon()).unwrap_err(), Trouble::Busy, "two in all");
        drop(first);
        let third = room.enter("a", soon()).unwrap();
        drop((second, third));
        assert!(room.taken.lock().is_empty());
    }
}
