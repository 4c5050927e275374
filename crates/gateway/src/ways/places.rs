//! How much this node has carried for itself at the same moment.

use crate::carry::Carrier;
use concord_domain::AgencyId;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Places at each carrier, first come, first served. A carrier sheds what is more than it takes in from one peer at once,
/// and a scope of a hundred counties asked through their superior is more: what is over waits here.
#[derive(Debug, Clone, Default)]
pub(super) struct Places(Arc<Mutex<BTreeMap<AgencyId, Arc<Semaphore>>>>);

/// One request at a carrier; its place is free again when this is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    /// None only where places are given out no more, which nobody ever says.
    _held: Option<OwnedSemaphorePermit>,
}

impl Places {
    /// Requests of ours at one carrier at once.
    const EACH_MAX: usize = Carrier::CARRIED_PER_PEER_MAX;

    /// A place at that carrier as soon as one is free.
    pub(super) async fn enter(&self, carrier: &AgencyId) -> Place {
        let places = {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            match all.get(carrier) {
                Some(places) => Arc::clone(places),
                None => {
                    let places = Arc::new(Semaphore::new(Self::EACH_MAX));
                    all.insert(carrier.clone(), Arc::clone(&places));
                    places
                }
            }
        };
        Place { _held: places.acquire_owned().await.ok() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    #[tokio::test]
    async fn what_is_over_waits_for_a_place_at_that_carrier_only() {
        let (places, ministry) = (Places::default(), "police.cn".parse().unwrap());
        let mut held = Vec::new();
        for _ in 0..Places::EACH_MAX {
            held.push(places.enter(&ministry).now_or_never().unwrap());
        }
        let mut waiting = Box::pin(places.enter(&ministry));
        assert!((&mut waiting).now_or_never().is_none());
        assert!(places.enter(&"bj.police.cn".parse().unwrap()).now_or_never().is_some());
        held.pop();
        assert!((&mut waiting).now_or_never().is_some());
    }
}
