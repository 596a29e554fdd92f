//! The queue in front of SQLite's one writer: two lanes, bounded, the urgent one always first.

use super::Lane;
use parking_lot::{Condvar, Mutex};
use std::collections::VecDeque;

/// How many jobs may wait in a lane before `push` refuses.
const DEPTH: usize = 4_096;

pub(super) struct Lanes<J> {
    state: Mutex<State<J>>,
    arrived: Condvar,
}

struct State<J> {
    urgent: VecDeque<J>,
    bulk: VecDeque<J>,
    closed: bool,
}

/// Why a job was not taken.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Turned {
    Full,
    Closed,
}

impl<J> Lanes<J> {
    pub(super) fn new() -> Self {
        Self { state: Mutex::new(State { urgent: VecDeque::new(), bulk: VecDeque::new(), closed: false }), arrived: Condvar::new() }
    }

    pub(super) fn push(&self, lane: Lane, job: J) -> Result<(), Turned> {
        let mut state = self.state.lock();
        if state.closed {
            return Err(Turned::Closed);
        }
        let queue = match lane {
            Lane::Urgent => &mut state.urgent,
            Lane::Bulk => &mut state.bulk,
        };
        if queue.len() >= DEPTH {
            return Err(Turned::Full);
        }
        queue.push_back(job);
        drop(state);
        self.arrived.notify_one();
        Ok(())
    }

    /// Waits for work: up to `most` urgent jobs, or, when none waits, one bulk job. `None` once closed and empty.
    pub(super) fn take(&self, most: usize) -> Option<Vec<J>> {
        let mut state = self.state.lock();
        loop {
            if !state.urgent.is_empty() {
                let count = state.urgent.len().min(most);
                return Some(state.urgent.drain(..count).collect());
            }
            if let Some(job) = state.bulk.pop_front() {
                return Some(vec![job]);
            }
            if state.closed {
                return None;
            }
            self.arrived.wait(&mut state);
        }
    }

    /// Takes no more; what waits already is still handed out.
    pub(super) fn close(&self) {
        self.state.lock().closed = true;
        self.arrived.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urgent_goes_first_and_a_closed_queue_is_emptied() {
        let lanes = Lanes::new();
        lanes.push(Lane::Bulk, 1).unwrap();
        lanes.push(Lane::Urgent, 2).unwrap();
        lanes.push(Lane::Urgent, 3).unwrap();
        lanes.push(Lane::Urgent, 4).unwrap();
        assert_eq!(lanes.take(2), Some(vec![2, 3]));
        assert_eq!(lanes.take(2), Some(vec![4]));
        lanes.close();
        assert_eq!(lanes.push(Lane::Urgent, 5), Err(Turned::Closed));
        assert_eq!(lanes.take(2), Some(vec![1]));
        assert_eq!(lanes.take(2), None);
    }

    #[test]
    fn a_full_lane_refuses_instead_of_growing() {
        let lanes = Lanes::new();
        for n in 0..DEPTH {
            lanes.push(Lane::Urgent, n).unwrap();
        }
        assert_eq!(lanes.push(Lane::Urgent, 0), Err(Turned::Full));
        assert_eq!(lanes.push(Lane::Bulk, 0), Ok(()));
    }
}
