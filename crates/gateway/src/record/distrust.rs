//! Peers that handed over what no honest node sends: on the record by name, once a minute for each reason.

use super::Recorder;
use concord_domain::{AgencyId, RequestId, Timestamp};
use concord_ledger::Event;
use concord_store::Write;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// When each peer was last recorded for each reason. There are as many as members and reasons at most.
#[derive(Debug, Clone, Default)]
pub(super) struct Recorded(Arc<Mutex<BTreeMap<(AgencyId, &'static str), Timestamp>>>);

const ONCE_IN: Duration = Duration::from_secs(60);

impl Recorded {
    fn is_news(&self, peer: &AgencyId, reason: &'static str, now: Timestamp) -> bool {
        let mut recorded = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (peer.clone(), reason);
        if recorded.get(&key).is_some_and(|last| now.since(*last) < ONCE_IN) {
            return false;
        }
        recorded.insert(key, now);
        true
    }
}

impl Recorder {
    /// Puts on the record that `peer`, as its certificate says, handed us what is wrong for `reason`. Nobody waits for
    /// it: it discloses nothing, and rides with the next group.
    pub(crate) fn distrust(
        &self,
        peer: &AgencyId,
        reason: &'static str,
        request: Option<RequestId>,
        now: Timestamp,
    ) {
        tracing::warn!(target: "concord::distrust", %peer, reason, "handed over what no honest node sends");
        metrics::counter!("concord_distrusted_total", "reason" => reason).increment(1);
        let Ok(label) = reason.parse() else { return };
        if !self.distrusted.is_news(peer, reason, now) {
            return;
        }
        let entries = vec![Event::Distrusted { peer: peer.clone(), reason: label, request }];
        let write = Write { name: "distrusted", guards: vec![], changes: vec![], entries };
        if let Err(error) = self.store.submit_unwaited(write) {
            tracing::warn!(target: "concord::distrust", %peer, %error, "not on the record");
        }
    }
}
