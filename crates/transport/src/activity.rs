//! How busy one connection is: what the idle limit and the limit on the first request go by.

use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

/// Counts the open requests of one connection.
#[derive(Debug)]
pub(crate) struct Activity {
    state: Mutex<State>,
    /// Told when the last open request has ended.
    quiet: Notify,
}

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
        let state = State { open: 0, asked: false, quiet_since: Instant::now() };
        Arc::new(Self { state: Mutex::new(state), quiet: Notify::new() })
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

    /// Ends once no request is open.
    pub(crate) async fn over(&self) {
        loop {
            // Before looking, so that an end in between is not missed.
            let mut quiet = pin!(self.quiet.notified());
            quiet.as_mut().enable();
            if self.state().open == 0 {
                return;
            }
            quiet.await;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere cannot leave these three fields half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for OpenRequest {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.open = state.open.saturating_sub(1);
        if state.open == 0 {
            state.quiet_since = Instant::now();
            self.0.quiet.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn over_with_the_end_of_the_last_request() {
        let activity = Activity::new();
        activity.over().await;
        let start = Instant::now();
        let requests = [1, 3].map(|seconds| (seconds, activity.begin()));
        let held = async move {
            for (seconds, request) in requests {
                tokio::time::sleep(Duration::from_secs(seconds)).await;
                drop(request);
            }
        };
        tokio::join!(held, activity.over());
        assert_eq!(start.elapsed(), Duration::from_secs(4));
    }

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
