//! How busy one connection is: what the idle limit and the limit on the first request go by.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// Counts the open requests of one connection.
#[derive(Debug)]
pub(crate) struct Activity(Mutex<State>);

#[derive(Debug)]
struct State {
    open: usize,
    asked: bool,
    quiet_since: Instant,
}

/// One open request; dropping it closes it.
#[derive(Debug)]
pub(crate) struct OpenRequest(Arc<Activity>);

impl Activity {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(State { open: 0, asked: false, quiet_since: Instant::now() })))
    }

    pub(crate) fn begin(self: &Arc<Self>) -> OpenRequest {
        let mut state = self.state();
        state.open += 1;
        state.asked = true;
        OpenRequest(Arc::clone(self))
    }

    /// Whether there has been a request at all.
    pub(crate) fn asked(&self) -> bool {
        self.state().asked
    }

    /// Ends once no request has been open for `limit`. It looks again only when that could be so, which costs a
    /// request nothing.
    pub(crate) async fn idle(&self, limit: Duration) {
        loop {
            let now = Instant::now();
            let quiet_since = match &*self.state() {
                State { open: 0, quiet_since, .. } => *quiet_since,
                State { .. } => now,
            };
            let until = quiet_since + limit;
            if until <= now {
                return;
            }
            sleep_until(until).await;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere cannot leave these three fields half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for OpenRequest {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.open = state.open.saturating_sub(1);
        if state.open == 0 {
            state.quiet_since = Instant::now();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn idle_counts_from_the_end_of_the_last_request() {
        let activity = Activity::new();
        let start = Instant::now();
        let request = activity.begin();
        let held = async move {
            tokio::time::sleep(Duration::from_secs(25)).await;
            drop(request);
        };
        tokio::join!(held, activity.idle(Duration::from_secs(10)));
        assert_eq!(start.elapsed(), Duration::from_secs(35));
    }
}
