//! The simulation's time of day.

use concord_domain::{Clock, Timestamp};

/// A clock that starts at a fixed moment and goes as the simulation goes.
#[derive(Debug, Clone, Copy)]
pub struct SimClock(Timestamp);

impl SimClock {
    /// Shows `start` when the simulation begins.
    pub fn starting(start: Timestamp) -> Self {
        Self(start)
    }
}

impl Clock for SimClock {
    fn now(&self) -> Timestamp {
        self.0.plus(turmoil::sim_elapsed().unwrap_or_default())
    }
}
