//! A bound on the connections of each agency, so that one peer cannot take them all.

use concord_domain::AgencyId;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The connections that are open, agency by agency.
#[derive(Debug)]
pub(crate) struct AgencySlots {
    limit: usize,
    open: Mutex<BTreeMap<AgencyId, usize>>,
}

/// One agency's place for one connection; dropping it frees the place.
#[derive(Debug)]
pub(crate) struct AgencySlot {
    slots: Arc<AgencySlots>,
    agency: AgencyId,
}

impl AgencySlots {
    pub(crate) fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self { limit, open: Mutex::default() })
    }

    /// A place, if the agency has one left.
    pub(crate) fn take(self: &Arc<Self>, agency: &AgencyId) -> Option<AgencySlot> {
        let mut open = self.open();
        let taken = open.get(agency).copied().unwrap_or_default();
        if taken >= self.limit {
            return None;
        }
        open.insert(agency.clone(), taken + 1);
        Some(AgencySlot { slots: Arc::clone(self), agency: agency.clone() })
    }

    fn open(&self) -> MutexGuard<'_, BTreeMap<AgencyId, usize>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for AgencySlot {
    fn drop(&mut self) {
        let mut open = self.slots.open();
        match open.get_mut(&self.agency) {
            Some(taken) if *taken > 1 => *taken -= 1,
            // The last one takes the entry along: an agency that is gone leaves nothing behind.
            Some(_) | None => drop(open.remove(&self.agency)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_agency_has_its_own_places() {
        let slots = AgencySlots::new(2);
        let [yn, gx]: [AgencyId; 2] = ["yn.police.cn", "gx.police.cn"].map(|a| a.parse().unwrap());
        let first = slots.take(&yn).unwrap();
        let second = slots.take(&yn).unwrap();
        assert!(slots.take(&yn).is_none());
        assert!(slots.take(&gx).is_some());
        drop(first);
        let third = slots.take(&yn).unwrap();
        assert!(slots.take(&yn).is_none());
        drop((second, third));
        assert!(slots.open().is_empty());
    }
}
