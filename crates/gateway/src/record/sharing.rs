//! Entries that repeated refusals share: what is refused costs a peer nothing to send, and would otherwise make our
//! ledger grow at its will.

use super::Leaf;
use concord_domain::{AgencyId, Refusal, Timestamp};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The refusals of each origin for each reason, minute by minute. There are as many as members and reasons at most.
#[derive(Debug, Clone, Default)]
pub(super) struct Sharing(Arc<Mutex<BTreeMap<(AgencyId, Refusal), Minute>>>);

#[derive(Debug, Clone)]
struct Minute {
    began: Timestamp,
    recorded: u32,
    last: Leaf,
}

impl Sharing {
    const SHARED_FOR: Duration = Duration::from_secs(60);
    /// Envelopes refused before their request was looked at (replayed, expired, misaddressed) share from the second on.
    pub(super) const ENVELOPES_ALONE: u32 = 1;
    /// Requests refused by the rules share from this one on: an honest officer's mistakes stand by themselves.
    pub(super) const REQUESTS_ALONE: u32 = 60;

    /// The entry to share, if this minute has as many of its own as it may.
    pub(super) fn entry(
        &self,
        origin: &AgencyId,
        refusal: Refusal,
        now: Timestamp,
        alone: u32,
    ) -> Option<Leaf> {
        let minutes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let minute = minutes.get(&(origin.clone(), refusal))?;
        let within = now.since(minute.began) < Self::SHARED_FOR && minute.recorded >= alone;
        within.then(|| minute.last.clone())
    }

    /// Notes an entry of its own.
    pub(super) fn note(&self, origin: &AgencyId, refusal: Refusal, now: Timestamp, entry: &Leaf) {
        let mut minutes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (origin.clone(), refusal);
        let earlier = minutes.get(&key).filter(|minute| now.since(minute.began) < Self::SHARED_FOR);
        let (began, recorded) = earlier.map_or((now, 0), |minute| (minute.began, minute.recorded));
        minutes.insert(key, Minute { began, recorded: recorded.saturating_add(1), last: entry.clone() });
    }
}
