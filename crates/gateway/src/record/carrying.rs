//! Carrying on the record: "carried" before a request is handed on.

use super::{NotRecorded, Recorder, verified_facts};
use concord_agreements::{Carrying, Permit};
use concord_domain::{AgencyId, Timestamp};
use concord_ledger::Event;
use concord_store::Guard;
use concord_trust::envelope::{CarriedRequest, Envelope};

/// An envelope with our hop that is on the record. Only the recorder makes one, and only it can be handed on.
#[derive(Debug)]
#[must_use]
pub(crate) struct Carriage(Envelope);

impl Carriage {
    pub(crate) fn into_envelope(self) -> Envelope {
        self.0
    }
}

impl Recorder {
    /// Puts on the record that we are about to hand on to `next` what `from` handed to us.
    pub(crate) async fn carried(
        &self,
        permit: Permit<Carrying>,
        request: CarriedRequest<'_>,
        (from, next): (&AgencyId, &AgencyId),
        now: Timestamp,
        epoch: u64,
    ) -> Result<Carriage, NotRecorded> {
        let event =
            Event::Carried { request: verified_facts(&request), from: from.clone(), next: next.clone() };
        let guards = vec![Guard::RulesEpoch(epoch), Guard::Before(permit.until())];
        self.write_entry("carried", guards, vec![], event).await?;
        Ok(Carriage(request.pass_on(&self.agency, next, now, &self.keys.current().message)))
    }
}
