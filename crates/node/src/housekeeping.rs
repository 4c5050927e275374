//! What has to be tidied up while a node runs.

use concord_domain::Clock;
use concord_store::{Change, Store, Write};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Between two looks. Requests are kept eleven minutes; a few seconds more matter to nobody.
const EVERY: Duration = Duration::from_secs(5);

/// Forgets requests, and what waits, once their time has passed, until `shutdown`.
pub(crate) async fn run(store: Store, clock: Arc<dyn Clock>, shutdown: CancellationToken) {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => forget(&store, &*clock).await,
            () = shutdown.cancelled() => return,
        }
    }
}

/// Batch after batch, so that answers are written in between.
async fn forget(store: &Store, clock: &dyn Clock) {
    let before = clock.now();
    while store.has_lapsed_requests(before).unwrap_or(false) {
        let changes = vec![Change::ForgetRequests { before }];
        let write = Write { name: "forget_requests", guards: vec![], changes, entries: vec![] };
        if let Err(error) = store.submit(write).await {
            tracing::warn!(%error, "old requests are not forgotten");
            return;
        }
    }
    while store.has_lapsed_waiting(before).unwrap_or(false) {
        let changes = vec![Change::ForgetWaiting { before }];
        let write = Write { name: "forget_waiting", guards: vec![], changes, entries: vec![] };
        if let Err(error) = store.submit(write).await {
            tracing::warn!(%error, "what waited too long is not forgotten");
            return;
        }
    }
}
