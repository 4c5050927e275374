//! How much of one kind of work is under way at once.

use concord_domain::AgencyId;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use thiserror::Error;

/// Over a limit; nothing was done, and nothing is put on the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{limit} requests are under way already, the limit")]
pub struct Overloaded {
    /// The limit.
    pub limit: usize,
}

/// Slots for work, in all and for each agency, so that one peer's flood leaves room for the others.
#[derive(Debug, Clone)]
pub struct Admission {
    busy: Arc<Mutex<BTreeMap<AgencyId, usize>>>,
    total_max: usize,
    agency_max: usize,
}

impl Admission {
    /// Deliveries under way at once: at 10 ms each, some 50,000 a second; far above what one machine's disk takes.
    pub const DELIVERIES_MAX: usize = 512;
    /// Of these, for one agency.
    pub const DELIVERIES_PER_AGENCY_MAX: usize = 256;

    /// Slots with these limits.
    pub fn new(total_max: usize, agency_max: usize) -> Self {
        Self { busy: Arc::default(), total_max, agency_max }
    }

    /// Takes a slot, which is given back when it is dropped.
    pub fn enter(&self, agency: &AgencyId) -> Result<Slot, Overloaded> {
        let mut busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        if busy.values().sum::<usize>() >= self.total_max {
            return Err(Overloaded { limit: self.total_max });
        }
        let mine = busy.entry(agency.clone()).or_default();
        if *mine >= self.agency_max {
            return Err(Overloaded { limit: self.agency_max });
        }
        *mine += 1;
        Ok(Slot { admission: self.clone(), agency: agency.clone() })
    }
}

/// One unit of work under way.
#[derive(Debug)]
pub struct Slot {
    admission: Admission,
    agency: AgencyId,
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut busy = self.admission.busy.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(mine) = busy.get_mut(&self.agency) {
            *mine = mine.saturating_sub(1);
            if *mine == 0 {
                busy.remove(&self.agency);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_agency_does_not_take_every_slot() {
        let (a, b): (AgencyId, AgencyId) = ("a.cn".parse().unwrap(), "b.cn".parse().unwrap());
        let admission = Admission::new(3, 2);
        let first = admission.enter(&a).unwrap();
        let _second = admission.enter(&a).unwrap();
        assert_eq!(admission.enter(&a).unwrap_err(), Overloaded { limit: 2 });
        let _third = admission.enter(&b).unwrap();
        assert_eq!(admission.enter(&b).unwrap_err(), Overloaded { limit: 3 });
        drop(first);
        assert!(admission.enter(&b).is_ok());
    }
}
