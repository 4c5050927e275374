//! Asking on: a request that another agency may not make itself is vetted, by our rules or, where that is demanded, by an
//! officer ([`Vettings`]), and made in our own name on its behalf.
//!
//! We decide for the one who asks, as if it asked ourselves; our own agreement with the agency asked decides again for us,
//! and for those on whose behalf we ask. So the terms of both hold, and what comes back is narrowed to what our clause
//! discloses.

use crate::admission::{Admission, Overloaded};
use crate::deadline::Deadline;
use crate::operation::{AnyDraft, Fault, Operations, Unserved, Vetted};
use crate::outbound::{Inquiry, Outbound, Question, Returned};
use crate::record::{NotRecorded, Refused, charge};
use crate::vetting::{Leave, Settled, Vettings};
use concord_domain::{AgencyId, Outcome, OutcomeKind, Refusal};
use concord_trust::envelope::{AddressedRequest, Body, Brief, Context, Principal, Source, Voucher};
use std::time::Duration;

/// What a broker keeps of the time left, for its own record and for the way back.
const BROKER_MARGIN: Duration = Duration::from_millis(100);

/// Asks on.
#[derive(Debug, Clone)]
pub struct Broker {
    /// Our own way out.
    pub outbound: Outbound,
    /// Bounds what is asked on at once, so that it leaves room for serving: a broker waits for others, and two that wait
    /// for each other with every slot would wait for ever.
    pub slots: Admission,
    /// What waits for an officer first.
    pub vettings: Vettings,
}

impl Broker {
    /// Requests asked on at once: a quarter of what a node takes in.
    pub const BROKERED_MAX: usize = Admission::DELIVERIES_MAX / 4;
    /// Of these, for one agency.
    pub const BROKERED_PER_AGENCY_MAX: usize = Admission::DELIVERIES_PER_AGENCY_MAX / 4;

    /// Asks on by a node's own way out.
    pub(crate) fn new(outbound: Outbound, vettings: Vettings) -> Self {
        let slots = Admission::new(Self::BROKERED_MAX, Self::BROKERED_PER_AGENCY_MAX);
        Self { outbound, slots, vettings }
    }

    /// Asks `onward` what was asked of us, once it is charged to whoever asked; what waits with the next broker was charged
    /// when it was first asked on.
    pub(crate) async fn relay(
        &self,
        vetted: &dyn Vetted,
        brokered: Brokered<'_>,
        leave: &Leave,
        operations: &Operations,
        deadline: Deadline,
    ) -> Result<Returned, Unserved> {
        let context = brokered.request.context();
        let Context { origin, operation, purpose, handling, branch, .. } = context;
        let _slot = self.slots.enter(origin.as_str()).map_err(Unserved::Overloaded)?;
        let Brief { ask, nature, behalf, .. } = brokered.brief;
        let mut behalf = behalf.clone();
        behalf.push(Voucher::new(&brokered.request, brokered.body));
        let mut principals = brokered.principals.to_vec();
        principals.push(Principal { agency: origin.clone(), request: brokered.request.digest() });
        let names: Vec<_> = principals.iter().map(|principal| principal.agency.clone()).collect();
        let quota = vetted.quota().filter(|_| leave.beyond.is_none());
        let charge = quota.map(|quota| charge(&vetted.authority(), context, quota));
        let (purpose, handling, branch, nature) = (*purpose, *handling, *branch, *nature);
        let inquiry = Inquiry {
            operation,
            to: brokered.onward,
            question: Question { purpose, handling, branch, nature },
            ask,
            continues: leave.beyond.as_ref(),
            behalf: &behalf,
            principals: &principals,
            names: &names,
            charge: charge.as_ref(),
            synced: self.outbound.authority.synced(),
            // Whoever had us ask may hedge, and each of its attempts would be hedged again.
            repeatable: false,
            read: &|content| operations.read(operation, content),
        };
        let asked = Box::pin(self.outbound.inquire(inquiry, deadline.less(BROKER_MARGIN))).await;
        asked.map_err(|error| unasked(error, vetted))
    }
}

/// Why nobody was asked on.
fn unasked(error: NotRecorded, vetted: &dyn Vetted) -> Unserved {
    match error {
        NotRecorded::Busy { limit } => Unserved::Overloaded(Overloaded { limit }),
        NotRecorded::QuotaSpent { .. } => Unserved::Refused(Box::new(Refused {
            refusal: Refusal::QuotaSpent,
            authority: Some(vetted.authority()),
            explanation: error.to_string(),
            changes: Vec::new(),
        })),
        NotRecorded::RulesChanged
        | NotRecorded::TimePassed
        | NotRecorded::Known
        | NotRecorded::Full { .. }
        | NotRecorded::Fault(_) => Unserved::Fault(Fault::new("asking on", error)),
    }
}

/// A request that is to be asked on.
#[derive(Clone, Copy)]
pub(crate) struct Brokered<'a> {
    pub(crate) request: AddressedRequest<'a>,
    pub(crate) body: &'a Body,
    pub(crate) brief: &'a Brief,
    /// Those for whom the request's own origin asks.
    pub(crate) principals: &'a [Principal],
    /// Whom we are to ask.
    pub(crate) onward: &'a AgencyId,
}

/// That it waits, as our own answer.
pub(crate) fn waits(vetted: Box<dyn Vetted>, settled: Settled) -> AnyDraft {
    let Settled { pending, changes } = settled;
    let content = pending.map(|pending| pending.encode()).unwrap_or_default();
    AnyDraft { content, changes, ..vetted.unanswered(OutcomeKind::Pending) }
}

/// What came of asking on, as our own answer.
pub(crate) fn ours(
    vetted: Box<dyn Vetted>,
    onward: &AgencyId,
    returned: &Returned,
    settled: Settled,
) -> Result<AnyDraft, Unserved> {
    let Returned { concluded, content, source } = returned;
    let evidence = concluded.evidence();
    match evidence.outcome {
        Outcome::Refused(refusal) => Err(Unserved::Refused(Box::new(Refused {
            refusal,
            authority: Some(vetted.authority()),
            explanation: format!("asking {onward} on your behalf: {}", evidence.explanation),
            changes: settled.changes,
        }))),
        Outcome::Unreachable(_) => Ok(vetted.unanswered(OutcomeKind::Unreachable)),
        Outcome::TimedOut => Ok(vetted.unanswered(OutcomeKind::TimedOut)),
        Outcome::Failed(_) => Ok(vetted.unanswered(OutcomeKind::Failed)),
        Outcome::Pending => Ok(waits(vetted, settled)),
        Outcome::Hit | Outcome::NoHit => {
            let unreadable =
                || Unserved::Fault(Fault::new("asking on", "an answer that counts is unreadable"));
            let (draft, redacted) =
                content.as_deref().and_then(|content| vetted.answered(content)).ok_or_else(unreadable)?;
            let source = source.clone().map(|source| match redacted {
                true => Source { opening: None, ..source },
                false => source,
            });
            Ok(AnyDraft { source, changes: settled.changes, ..draft })
        }
    }
}

#[cfg(test)]
mod tests;
