//! Deciding on the record whether we ask on.

use super::{NotRecorded, Recorder};
use concord_domain::{Digest, Refusal, Timestamp};
use concord_ledger::{Event, RequestFacts};
use concord_store::{Change, Guard};

impl Recorder {
    /// Puts an officer's decision on the record together with what it changes, if that is before `expires`.
    pub(crate) async fn vetted(
        &self,
        request: RequestFacts,
        refusal: Option<Refusal>,
        decision: Digest,
        change: Change,
        expires: Timestamp,
    ) -> Result<(), NotRecorded> {
        let event = Event::Vetted { request, refusal, decision };
        self.write_entry("vetted", vec![Guard::Before(expires)], vec![change], event).await.map(drop)
    }
}
