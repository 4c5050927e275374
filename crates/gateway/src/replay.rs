//! Requests under way, so that a second attempt of a running one is told apart from a new one.

use concord_domain::{AgencyId, Digest, Refusal, RequestId};
use concord_trust::envelope::VerifiedRequest;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

type Key = (AgencyId, RequestId);

#[derive(Debug)]
struct Running {
    digest: Digest,
    attempt: u32,
}

/// The requests under way. What has ended is in the store; admission bounds how many there are.
#[derive(Debug, Clone, Default)]
pub(crate) struct InFlight(Arc<Mutex<BTreeMap<Key, Running>>>);

impl InFlight {
    /// Takes up a request, unless one is running under its identifier.
    pub(crate) fn enter(&self, request: &VerifiedRequest) -> Result<Ticket, Refusal> {
        let context = request.context();
        let key = (context.origin.clone(), context.id);
        let (digest, attempt) = (request.digest(), request.dispatch().attempt);
        let mut running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match running.get_mut(&key) {
            None => {
                running.insert(key.clone(), Running { digest, attempt });
                Ok(Ticket { running: self.clone(), key })
            }
            Some(other) if other.digest != digest => Err(Refusal::IdReused),
            Some(same) if attempt <= same.attempt => Err(Refusal::Replayed),
            Some(same) => {
                same.attempt = attempt;
                Err(Refusal::InProgress)
            }
        }
    }
}

/// One request under way.
#[derive(Debug)]
pub(crate) struct Ticket {
    running: InFlight,
    key: Key,
}

impl Ticket {
    /// The highest attempt seen while this one ran: the others were told that it is under way, and must not come again.
    pub(crate) fn attempt(&self) -> u32 {
        let running = self.running.0.lock().unwrap_or_else(PoisonError::into_inner);
        running.get(&self.key).map(|r| r.attempt).unwrap_or_default()
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.running.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}
