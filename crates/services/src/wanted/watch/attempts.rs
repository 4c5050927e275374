//! Attempts of a node's watches: so many at once, and one at a time for each answer that is waited for.

use super::super::Search;
use concord_domain::{AgencyId, Reference};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// An answer that is waited for.
type Awaited = (Reference, AgencyId);

/// What all watches of a node share.
#[derive(Debug, Clone)]
pub(in crate::wanted) struct Attempts {
    places: Arc<Semaphore>,
    under_way: Arc<Mutex<BTreeSet<Awaited>>>,
}

/// The leave to make one attempt, until it is dropped.
#[derive(Debug)]
pub(super) struct Attempt {
    under_way: Arc<Mutex<BTreeSet<Awaited>>>,
    awaited: Awaited,
    _place: OwnedSemaphorePermit,
}

impl Attempts {
    /// With as many places as one search has, however many watch.
    pub(in crate::wanted) fn new() -> Self {
        Self { places: Arc::new(Semaphore::new(Search::ASKED_AT_ONCE_MAX)), under_way: Arc::default() }
    }

    /// Waits for a place. `None` if somebody else is at it already: two at once would take each other's answer, since an
    /// approval is used once.
    pub(super) async fn begin(&self, watch: Reference, agency: AgencyId) -> Option<Attempt> {
        let place = Arc::clone(&self.places).acquire_owned().await.ok()?;
        let awaited = (watch, agency);
        let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        under_way.insert(awaited.clone()).then(|| Attempt {
            under_way: Arc::clone(&self.under_way),
            awaited,
            _place: place,
        })
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.awaited);
    }
}
