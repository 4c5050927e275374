//! The way in: an envelope from another node becomes a signed answer or a signed refusal.

use crate::admission::Overloaded;
use crate::authority::{Authority, InForce};
use crate::broker::{Broker, Brokered};
use crate::carry::{Carrier, Denied, Lost, NotCarried};
use crate::deadline::Deadline;
use crate::keys::Keys;
use crate::operation::{AnyDraft, Fault, Operations, Unserved};
use crate::outbound::Outbound;
use crate::record::{NotRecorded, Recorder, Refused, Release, Ruling};
use crate::replay::{InFlight, Ticket};
use concord_agreements::{Facts, Opening, Permit, decide};
use concord_domain::wanted::Authority as Clause;
use concord_domain::{AgencyId, Clock, Refusal, Timestamp};
use concord_store::{Remembered, Store};
use concord_trust::envelope::{
    AddressedRequest, Body, Brief, Context, Envelope, EnvelopeInvalid, SealedAnswer, VerifiedRequest,
};
use std::sync::Arc;
use thiserror::Error;

/// Why there is no signed answer: nothing was authenticated, or we could not put it on the record.
#[derive(Debug, Error)]
pub enum NotServed {
    /// The envelope does not count.
    #[error(transparent)]
    Invalid(#[from] EnvelopeInvalid),
    /// The peer is neither the origin nor the last carrier: a stranger's copy of an envelope says nothing about its
    /// origin.
    #[error("the envelope is not from the peer that handed it over")]
    NotFromPeer,
    /// It was to be carried, and nothing came back.
    #[error(transparent)]
    Lost(#[from] Lost),
    /// Over capacity.
    #[error(transparent)]
    Overloaded(#[from] Overloaded),
    /// A fault of our own.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// Serves envelopes that are for this agency.
#[derive(Debug, Clone)]
pub struct Inbound {
    /// This agency.
    pub agency: AgencyId,
    /// Opens bodies.
    pub keys: Arc<Keys>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// The rules in force.
    pub authority: Authority,
    /// Remembers requests.
    pub store: Store,
    /// Puts answers on the record.
    pub recorder: Recorder,
    /// What this node serves.
    pub operations: Operations,
    /// Hands on what is for others.
    pub carrier: Carrier,
    /// Asks on for those who may not ask themselves.
    pub broker: Broker,
    running: InFlight,
}

/// Times a request is looked at because something changed while it was being served: rules change by people's hands, and
/// a request has few attempts, so twice is already unlikely.
const LOOKS_MAX: usize = 4;

impl Inbound {
    /// The way in of the node whose way out this is, with nothing running.
    pub fn new(outbound: Outbound, store: Store, operations: Operations) -> Self {
        let carrier = Carrier::new(&outbound);
        let Outbound { agency, keys, clock, authority, recorder, .. } = outbound.clone();
        let (broker, running) = (Broker::new(outbound), InFlight::default());
        Self { agency, keys, clock, authority, store, recorder, operations, carrier, broker, running }
    }

    /// Serves one envelope that `peer` handed over, or hands it on; what is to be carried by the deadline.
    pub async fn deliver(
        &self,
        peer: &AgencyId,
        envelope: Envelope,
        deadline: Deadline,
    ) -> Result<SealedAnswer, NotServed> {
        let in_force = self.authority.current();
        let request = self.authentic(peer, envelope, &in_force)?;
        let release = if request.context().destination == self.agency {
            self.answer(peer, &request, in_force, deadline).await?
        } else {
            match self.carrier.carry(peer, &request, in_force, deadline).await {
                Ok(answer) => return Ok(answer),
                Err(NotCarried::Refused(denied)) => self.refuse_to_carry(&request, *denied).await?,
                Err(NotCarried::NotRecorded(error)) => return Err(self.unrecorded(error)),
                Err(NotCarried::Lost(lost)) => return Err(lost.into()),
                Err(NotCarried::Overloaded(over)) => return Err(over.into()),
            }
        };
        let now = self.clock.now();
        let in_force = self.authority.current();
        let keyring =
            in_force.directory().keyring(&request.context().origin).ok_or(EnvelopeInvalid::KeyUnknown)?;
        Ok(release.seal(&self.recorder, &request, &keyring.sealing, now)?)
    }

    /// The request, if its origin signed it and the peer is the one that must have handed it over. What else the peer
    /// hands over it answers for itself, on the record.
    fn authentic(
        &self,
        peer: &AgencyId,
        envelope: Envelope,
        in_force: &InForce,
    ) -> Result<VerifiedRequest, NotServed> {
        let distrust = |reason| self.recorder.distrust(peer, reason, None, self.recorder.now(&*self.clock));
        let request = envelope.verify(in_force.directory()).inspect_err(|invalid| {
            let unknown = matches!(invalid, EnvelopeInvalid::KeyUnknown);
            distrust(if unknown { KEY_UNKNOWN } else { NOT_AUTHENTIC });
        })?;
        if request.handed_by() != peer {
            distrust(Refusal::HopLineBroken.as_str());
            return Err(NotServed::NotFromPeer);
        }
        Ok(request)
    }

    async fn refuse_to_carry(
        &self,
        request: &VerifiedRequest,
        Denied { refusal, denial }: Denied,
    ) -> Result<Release, NotServed> {
        let now = self.recorder.now(&*self.clock);
        tracing::info!(target: "concord::inbound", id = %request.context().id, reason = %refusal, "not carried");
        count(refusal.as_str());
        let explanation = denial.map_or_else(|| refusal.sentence().to_owned(), |denial| denial.to_string());
        let refused = self.recorder.refuse_envelope(request, refusal, explanation, now).await;
        refused.map_err(|error| self.unrecorded(error))
    }

    async fn answer(
        &self,
        peer: &AgencyId,
        request: &VerifiedRequest,
        in_force: InForce,
        deadline: Deadline,
    ) -> Result<Release, NotServed> {
        let now = self.recorder.now(&*self.clock);
        let release = match request.address(&self.agency, peer, now, in_force.directory()) {
            Err(refusal) => {
                if matches!(refusal, Refusal::HopLineBroken | Refusal::HopLoop | Refusal::HopsTooMany) {
                    self.recorder.distrust(peer, refusal.as_str(), None, now);
                }
                self.refuse_envelope(request, refusal, now).await?
            }
            Ok(addressed) => match self.running.enter(request) {
                Err(refusal) => self.refuse_envelope(request, refusal, now).await?,
                Ok(ticket) => self.once(addressed, &ticket, in_force, now, deadline).await?,
            },
        };
        let Context { id, origin, operation, .. } = request.context();
        let index = release.leaf_ref().index;
        tracing::info!(target: "concord::inbound", %id, %origin, %operation, index, "answered");
        Ok(release)
    }

    /// Executes a request once; a new attempt of a request that was answered gets the recorded answer. Looks again
    /// when the rules changed meanwhile, or when an earlier attempt, given up by its peer, was recorded meanwhile.
    async fn once(
        &self,
        request: AddressedRequest<'_>,
        ticket: &Ticket,
        mut in_force: InForce,
        now: Timestamp,
        deadline: Deadline,
    ) -> Result<Release, NotServed> {
        for _ in 1..LOOKS_MAX {
            match self.serve_or_repeat(request, ticket, &in_force, now, deadline).await? {
                Once::Recorded(Err(NotRecorded::RulesChanged)) => {
                    in_force = self.authority.newer_than(in_force.epoch).await;
                }
                Once::Recorded(Err(NotRecorded::Known | NotRecorded::TimePassed)) => {}
                settled @ (Once::Recorded(_) | Once::NotAgain(_)) => {
                    return self.settle(&request, settled, now).await;
                }
            }
        }
        let last = self.serve_or_repeat(request, ticket, &in_force, now, deadline).await?;
        self.settle(&request, last, now).await
    }

    async fn settle(
        &self,
        request: &VerifiedRequest,
        once: Once,
        now: Timestamp,
    ) -> Result<Release, NotServed> {
        match once {
            Once::NotAgain(refusal) => self.refuse_envelope(request, refusal, now).await,
            Once::Recorded(Err(NotRecorded::Known)) => {
                self.refuse_envelope(request, Refusal::Replayed, now).await
            }
            Once::Recorded(recorded) => recorded.map_err(|error| self.unrecorded(error)),
        }
    }

    async fn serve_or_repeat(
        &self,
        request: AddressedRequest<'_>,
        ticket: &Ticket,
        in_force: &InForce,
        now: Timestamp,
        deadline: Deadline,
    ) -> Result<Once, Fault> {
        let Context { origin, id, .. } = request.context();
        // Rules that came into force since the signature was verified may have taken the key away.
        if !in_force.directory().message_keys(origin, now).contains(&request.signed_by()) {
            return Ok(Once::NotAgain(Refusal::KeyringStale));
        }
        let remembered =
            self.store.remembered(origin, id).map_err(|e| Fault::new("reading earlier requests", e))?;
        Ok(match remembered {
            Some(earlier) if earlier.digest != request.digest() => Once::NotAgain(Refusal::IdReused),
            Some(earlier) if request.dispatch().attempt <= earlier.attempt => {
                Once::NotAgain(Refusal::Replayed)
            }
            Some(earlier) => self.repeat(request, &earlier, in_force, now).await,
            None => Once::Recorded(self.serve_under(request, ticket, in_force, now, deadline).await),
        })
    }

    /// The recorded answer leaves again only if the rules of now still allow it; a refusal discloses nothing, and always
    /// may.
    async fn repeat(
        &self,
        request: AddressedRequest<'_>,
        earlier: &Remembered,
        in_force: &InForce,
        now: Timestamp,
    ) -> Once {
        let carriers = request.carriers();
        let facts = facts_of(request.context(), &carriers, self.authority.synced());
        let permit = decide::<Opening>(&in_force.rules, &facts, now);
        let permit = permit.map_err(|denial| denial.refusal);
        match self.recorder.repeat(permit, &request, earlier, in_force.epoch).await {
            Ok(Ok(release)) => Once::Recorded(Ok(release)),
            Ok(Err(refusal)) => Once::NotAgain(refusal),
            Err(error) => Once::Recorded(Err(error)),
        }
    }

    async fn refuse_envelope(
        &self,
        request: &VerifiedRequest,
        refusal: Refusal,
        now: Timestamp,
    ) -> Result<Release, NotServed> {
        tracing::info!(target: "concord::inbound", id = %request.context().id, reason = %refusal, "envelope refused");
        count(refusal.as_str());
        let explanation = refusal.sentence().to_owned();
        let recorded = self.recorder.refuse_envelope(request, refusal, explanation, now).await;
        recorded.map_err(|error| self.unrecorded(error))
    }

    fn unrecorded(&self, error: NotRecorded) -> NotServed {
        match error {
            NotRecorded::Busy { limit } => NotServed::Overloaded(Overloaded { limit }),
            NotRecorded::Fault(fault) => NotServed::Fault(fault),
            other @ (NotRecorded::RulesChanged
            | NotRecorded::TimePassed
            | NotRecorded::QuotaSpent { .. }
            | NotRecorded::Known) => NotServed::Fault(Fault::new("recording an answer", other)),
        }
    }

    /// Decides, opens, serves and records.
    async fn serve_under(
        &self,
        request: AddressedRequest<'_>,
        ticket: &Ticket,
        in_force: &InForce,
        now: Timestamp,
        deadline: Deadline,
    ) -> Result<Release, NotRecorded> {
        match self.draft(request, in_force, now, deadline).await {
            Ok(draft) => {
                let (outcome, authority) = (draft.outcome, draft.authority.clone());
                match self.recorder.release(&request, ticket.attempt(), draft, in_force.epoch).await {
                    Err(spent @ NotRecorded::QuotaSpent { .. }) => {
                        let refused = (Refusal::QuotaSpent, Some(authority), spent.to_string());
                        self.refuse(request, ticket, refused, in_force, now).await
                    }
                    recorded => {
                        count(outcome.as_str());
                        recorded
                    }
                }
            }
            Err(Unserved::Overloaded(Overloaded { limit })) => Err(NotRecorded::Busy { limit }),
            Err(Unserved::Fault(fault)) => Err(fault.into()),
            Err(Unserved::Refused { refusal, authority, explanation }) => {
                self.refuse(request, ticket, (refusal, authority, explanation), in_force, now).await
            }
        }
    }

    async fn refuse(
        &self,
        request: AddressedRequest<'_>,
        ticket: &Ticket,
        (refusal, authority, explanation): (Refusal, Option<Clause>, String),
        in_force: &InForce,
        now: Timestamp,
    ) -> Result<Release, NotRecorded> {
        count(refusal.as_str());
        // What the origin named stays named, so that it can be told apart from what applies here.
        let named = Clause { agreement: request.context().agreement.clone(), clause: None };
        let refused = Refused { refusal, authority: authority.or(Some(named)), explanation };
        let ruling = Ruling { epoch: in_force.epoch, now };
        self.recorder.refuse(&request, ticket.attempt(), refused, ruling).await
    }

    async fn draft(
        &self,
        request: AddressedRequest<'_>,
        in_force: &InForce,
        now: Timestamp,
        deadline: Deadline,
    ) -> Result<AnyDraft, Unserved> {
        let (context, carriers) = (request.context(), request.carriers());
        let facts = facts_of(context, &carriers, self.authority.synced());
        let permit = decide::<Opening>(&in_force.rules, &facts, now)?;
        let body = self.open(permit, request).map_err(Unserved::plain)?;
        let brief = Brief::decode(body.content()).ok_or_else(|| Unserved::plain(Refusal::BodyInvalid))?;
        let principals = brief.principals(context, in_force.directory()).map_err(Unserved::plain)?;
        let onward = brief.onward.as_ref();
        let facts = Facts { nature: brief.nature, behalf: &principals, onward, ..facts };
        let Some(onward) = onward else {
            let draft = self.operations.serve(&in_force.rules, &facts, now, &brief.ask).await?;
            return Ok(AnyDraft { behalf: principals, ..draft });
        };
        let vetted = self.operations.vet(&in_force.rules, &facts, now, &brief.ask)?;
        let brokered = Brokered { request, body: &body, brief: &brief, principals: &principals, onward };
        self.broker.relay(vetted, brokered, &self.operations, deadline).await
    }

    /// Only with a permit is a body opened at all.
    fn open(&self, _: Permit<Opening>, request: AddressedRequest<'_>) -> Result<Body, Refusal> {
        request.open(&self.keys.opening())
    }
}

/// Why a peer is distrusted that hands over an envelope without a signature that counts.
const NOT_AUTHENTIC: &str = "ENVELOPE_NOT_AUTHENTIC";
/// Why it may be distrusted: the signing key is altered, or the origin's keyring has not come here yet.
const KEY_UNKNOWN: &str = "KEY_UNKNOWN";

/// Counts what was answered, by outcome or reason.
fn count(result: &'static str) {
    metrics::counter!("concord_deliveries_total", "result" => result).increment(1);
}

/// What becomes of a request that may have been seen before.
enum Once {
    /// It must not be executed under this identifier or attempt.
    NotAgain(Refusal),
    /// It was served now, or its recorded answer found.
    Recorded(Result<Release, NotRecorded>),
}

fn facts_of<'a>(context: &'a Context, carriers: &'a [AgencyId], synced: Option<Timestamp>) -> Facts<'a> {
    Facts {
        via: carriers,
        synced,
        handling: context.handling,
        branch: context.branch,
        agreement: Some(&context.agreement),
        ..Facts::new(&context.origin, &context.destination, &context.operation, context.purpose)
    }
}

#[cfg(test)]
mod tests;
