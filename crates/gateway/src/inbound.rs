//! The way in: an envelope from another node becomes a signed answer or a signed refusal.

mod facts;

use crate::admission::Overloaded;
use crate::arrival::Arrival;
use crate::authority::{Authority, InForce};
use crate::broker::{Broker, Brokered, ours, waits};
use crate::carry::{Carrier, Denied, Lost, NotCarried};
use crate::deadline::Deadline;
use crate::keys::HeldKeys;
use crate::operation::{AnyDraft, Fault, Operations, Unserved};
use crate::outbound::{Outbound, Returned};
use crate::record::{NotRecorded, Recorder, Refused, Release, Ruling};
use crate::replay::{InFlight, Ticket};
use crate::vetting::{Held, Turn, Vettings};
use concord_agreements::{Facts, Opening, Permit, decide};
use concord_domain::wanted::Authority as Clause;
use concord_domain::{AgencyId, Clock, Refusal, Timestamp};
use concord_store::{Remembered, Store};
use concord_trust::envelope::{
    AddressedRequest, Body, Brief, Context, Envelope, EnvelopeInvalid, SealedAnswer, VerifiedRequest,
};
use facts::{facts_of, only_its_way_is_denied};
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
    pub keys: HeldKeys,
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
        let vettings = Vettings::new(&outbound, store.clone());
        let (broker, running) = (Broker::new(outbound, vettings), InFlight::default());
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
                Err(NotCarried::Refused(denied)) => self.refuse_to_carry(peer, &request, *denied).await?,
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
    /// hands over it answers for itself, on the record; but a key that is not known may only be one that has not come
    /// here yet.
    fn authentic(
        &self,
        peer: &AgencyId,
        envelope: Envelope,
        in_force: &InForce,
    ) -> Result<VerifiedRequest, NotServed> {
        let distrust = |reason| self.recorder.distrust(peer, reason, None, self.recorder.now(&*self.clock));
        let request = match envelope.verify(in_force.directory()) {
            Ok(request) => request,
            Err(EnvelopeInvalid::KeyUnknown) => return Err(EnvelopeInvalid::KeyUnknown.into()),
            Err(invalid) => {
                distrust(NOT_AUTHENTIC);
                return Err(invalid.into());
            }
        };
        if request.handed_by() != peer {
            distrust(Refusal::HopLineBroken.as_str());
            return Err(NotServed::NotFromPeer);
        }
        Ok(request)
    }

    /// A trail that an honest peer would not have handed on is on the record with its name.
    fn look_at_trail(&self, peer: &AgencyId, refusal: Refusal, now: Timestamp) {
        if matches!(refusal, Refusal::HopLineBroken | Refusal::HopLoop | Refusal::HopsTooMany) {
            self.recorder.distrust(peer, refusal.as_str(), None, now);
        }
    }

    async fn refuse_to_carry(
        &self,
        peer: &AgencyId,
        request: &VerifiedRequest,
        Denied { refusal, denial }: Denied,
    ) -> Result<Release, NotServed> {
        let now = self.recorder.now(&*self.clock);
        self.look_at_trail(peer, refusal, now);
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
                self.look_at_trail(peer, refusal, now);
                self.refuse_envelope(request, refusal, now).await?
            }
            Ok(addressed) => match self.running.enter(request) {
                Err(refusal) => self.refuse_envelope(request, refusal, now).await?,
                Ok(ticket) => {
                    let (held, returned) = (None, None);
                    self.once(Serving { request: addressed, ticket, in_force, now, deadline, held, returned })
                        .await?
                }
            },
        };
        let Context { id, origin, operation, .. } = request.context();
        let index = release.leaf_ref().index;
        tracing::info!(target: "concord::inbound", %id, %origin, %operation, index, "answered");
        Ok(release)
    }

    /// Executes a request once; a new attempt of a request that was answered gets the recorded answer. Looks again
    /// when the rules or the time changed meanwhile, or when an earlier attempt, given up by its peer, was recorded
    /// meanwhile.
    async fn once(&self, mut serving: Serving<'_>) -> Result<Release, NotServed> {
        for _ in 1..LOOKS_MAX {
            match self.serve_or_repeat(&mut serving).await? {
                Once::Recorded(Err(NotRecorded::RulesChanged)) => {
                    serving.in_force = self.authority.newer_than(serving.in_force.epoch).await;
                }
                Once::Recorded(Err(NotRecorded::Known | NotRecorded::TimePassed)) => {}
                settled @ (Once::Recorded(_) | Once::NotAgain(_)) => {
                    return self.settle(&serving, settled).await;
                }
            }
            serving.now = self.recorder.now(&*self.clock);
        }
        let last = self.serve_or_repeat(&mut serving).await?;
        self.settle(&serving, last).await
    }

    async fn settle(&self, serving: &Serving<'_>, once: Once) -> Result<Release, NotServed> {
        let Serving { request, now, .. } = serving;
        match once {
            Once::NotAgain(refusal) => self.refuse_envelope(request, refusal, *now).await,
            Once::Recorded(Err(NotRecorded::Known)) => {
                self.refuse_envelope(request, Refusal::Replayed, *now).await
            }
            Once::Recorded(recorded) => recorded.map_err(|error| self.unrecorded(error)),
        }
    }

    async fn serve_or_repeat(&self, serving: &mut Serving<'_>) -> Result<Once, Fault> {
        let (request, now) = (serving.request, serving.now);
        let Context { origin, id, .. } = request.context();
        // Rules that came into force since the signature was verified may have taken the key away.
        if !serving.in_force.directory().message_keys(origin, now).contains(&request.signed_by()) {
            return Ok(Once::NotAgain(Refusal::KeyringStale));
        }
        let remembered =
            self.store.remembered(origin, id).map_err(|e| Fault::new("reading earlier requests", e))?;
        Ok(match remembered {
            Some(earlier) if earlier.digest != request.digest() => Once::NotAgain(Refusal::IdReused),
            Some(earlier) if request.dispatch().attempt <= earlier.attempt => {
                Once::NotAgain(Refusal::Replayed)
            }
            Some(_) | None
                if only_its_way_is_denied(&request, &serving.in_force, self.authority.synced(), now) =>
            {
                Once::NotAgain(Refusal::CarryingNotGranted)
            }
            Some(earlier) => self.repeat(serving, &earlier).await,
            None => Once::Recorded(self.serve_under(serving).await),
        })
    }

    /// The recorded answer leaves again only if the rules of now still allow it; a refusal discloses nothing, and always
    /// may.
    async fn repeat(&self, serving: &Serving<'_>, earlier: &Remembered) -> Once {
        let Serving { request, in_force, now, .. } = serving;
        let carriers = request.carriers();
        let facts = facts_of(request.context(), &carriers, self.authority.synced());
        let permit = decide::<Opening>(&in_force.rules, &facts, *now);
        let permit = permit.map_err(|denial| denial.refusal);
        match self.recorder.repeat(permit, request, earlier, in_force.epoch).await {
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
            | NotRecorded::Full { .. }
            | NotRecorded::Known) => NotServed::Fault(Fault::new("recording an answer", other)),
        }
    }

    /// Decides, opens, serves and records.
    async fn serve_under(&self, serving: &mut Serving<'_>) -> Result<Release, NotRecorded> {
        match self.draft(serving).await {
            Ok(draft) => {
                let (outcome, authority) = (draft.outcome, draft.authority.clone());
                let attempt = serving.ticket.attempt();
                let epoch = serving.in_force.epoch;
                match self.recorder.release(&serving.request, attempt, draft, epoch).await {
                    Err(spent @ NotRecorded::QuotaSpent { .. }) => {
                        self.refuse(serving, over(Refusal::QuotaSpent, authority, &spent)).await
                    }
                    Err(full @ NotRecorded::Full { .. }) => {
                        self.refuse(serving, over(Refusal::VettingsTooMany, authority, &full)).await
                    }
                    recorded => {
                        count(outcome.as_str());
                        recorded
                    }
                }
            }
            Err(Unserved::Overloaded(Overloaded { limit })) => Err(NotRecorded::Busy { limit }),
            Err(Unserved::Fault(fault)) => Err(fault.into()),
            Err(Unserved::Refused(refused)) => self.refuse(serving, *refused).await,
        }
    }

    async fn refuse(&self, serving: &Serving<'_>, refused: Refused) -> Result<Release, NotRecorded> {
        let Serving { request, ticket, in_force, now, .. } = serving;
        count(refused.refusal.as_str());
        // What the origin named stays named, so that it can be told apart from what applies here.
        let named = Clause { agreement: request.context().agreement.clone(), clause: None };
        let refused = Refused { authority: refused.authority.or(Some(named)), ..refused };
        let ruling = Ruling { epoch: in_force.epoch, now: *now };
        self.recorder.refuse(request, ticket.attempt(), refused, ruling).await
    }

    async fn draft(&self, serving: &mut Serving<'_>) -> Result<AnyDraft, Unserved> {
        let Serving { request, in_force, now, deadline, held, returned, ticket: _ } = serving;
        let (request, now, rules) = (*request, *now, &in_force.rules);
        let (context, carriers) = (request.context(), request.carriers());
        let facts = facts_of(context, &carriers, self.authority.synced());
        let permit = decide::<Opening>(rules, &facts, now)?;
        let body = self.open(permit, request).map_err(Unserved::plain)?;
        let brief = Brief::decode(body.content()).ok_or_else(|| Unserved::plain(Refusal::BodyInvalid))?;
        let principals = brief.principals(context, in_force.directory(), now).map_err(Unserved::plain)?;
        let names: Vec<_> = principals.iter().map(|principal| principal.agency.clone()).collect();
        let onward = brief.onward.as_ref();
        let facts = Facts { nature: brief.nature, behalf: &names, onward, ..facts };
        let Some(onward) = onward else {
            let arrival = Arrival::of(&request, now);
            let draft = self.operations.serve(rules, &facts, &arrival, &brief.ask).await?;
            return Ok(AnyDraft { behalf: principals, ..draft });
        };
        let vetted = self.operations.vet(rules, &facts, now, &brief.ask)?;
        let brokered = Brokered { request, body: &body, brief: &brief, principals: &principals, onward };
        let Broker { vettings, .. } = &self.broker;
        let leave = match vettings.turn(&*vetted, brokered, now, held)? {
            Turn::AskOn(leave) => leave,
            Turn::Wait(settled) => return Ok(AnyDraft { behalf: principals, ..waits(vetted, settled) }),
        };
        let returned = match returned {
            Some(returned) => returned,
            None => {
                let relayed = self.broker.relay(&*vetted, brokered, &leave, &self.operations, *deadline);
                returned.insert(relayed.await?)
            }
        };
        let evidence = returned.concluded.evidence();
        let settled = vettings.settled(&leave, brokered, vetted.authority(), evidence, now)?;
        let draft = ours(vetted, onward, returned, settled)?;
        Ok(AnyDraft { behalf: principals, ..draft })
    }

    /// Only with a permit is a body opened at all.
    fn open(&self, _: Permit<Opening>, request: AddressedRequest<'_>) -> Result<Body, Refusal> {
        request.open(&self.keys.current().opening())
    }
}

/// Why a peer is distrusted that hands over an envelope without a signature that counts.
const NOT_AUTHENTIC: &str = "ENVELOPE_NOT_AUTHENTIC";

/// That a limit is reached.
fn over(refusal: Refusal, authority: Clause, why: &NotRecorded) -> Refused {
    Refused { refusal, authority: Some(authority), explanation: why.to_string(), changes: vec![] }
}

/// Counts what was answered, by outcome or reason.
fn count(result: &'static str) {
    metrics::counter!("concord_deliveries_total", "result" => result).increment(1);
}

/// A request that is being served, by the rules and at the time of the latest look.
struct Serving<'a> {
    request: AddressedRequest<'a>,
    ticket: Ticket,
    in_force: InForce,
    now: Timestamp,
    deadline: Deadline,
    /// Keeps others from asking on what was approved once, until this is on the record.
    held: Option<Held>,
    /// What came of asking on, in an earlier look: nobody is asked twice.
    returned: Option<Returned>,
}

/// What becomes of a request that may have been seen before.
enum Once {
    /// It must not be executed under this identifier or attempt.
    NotAgain(Refusal),
    /// It was served now, or its recorded answer found.
    Recorded(Result<Release, NotRecorded>),
}

#[cfg(test)]
mod tests;
