//! Asking on the record: "asked" before anything is sent, and what came of it before anybody sees it.

use super::{NotRecorded, Recorder, facts_of};
use crate::outbound::Continued;
use concord_agreements::{Asking, Permit};
use concord_domain::wanted::{Authority, LedgerPosition};
use concord_domain::{AgencyId, Digest, Failure, Outcome, RequestId, Timestamp};
use concord_ledger::{Event, Label, Receipt, RequestFacts, SignedCheckpoint};
use concord_store::{Change, Charge, Guard, Recorded, Write};
use concord_trust::envelope::{Dispatch, Envelope, Principal, SealedRequest};

impl Recorder {
    /// Puts on the record that we are about to ask.
    pub(crate) async fn asked(
        &self,
        permit: Permit<Asking>,
        request: SealedRequest,
        (behalf, charge): (&[Principal], Option<&Charge>),
        epoch: u64,
    ) -> Result<Asked, NotRecorded> {
        let authority =
            Authority { agreement: permit.agreement().clone(), clause: Some(permit.clause().clone()) };
        let mut facts = facts_of(request.context());
        facts.digest = Some(request.digest());
        facts.commitment = Some(request.commitment());
        facts.behalf = behalf.to_vec();
        facts.clause.clone_from(&authority.clause);
        // Before the write: given up while it is under way, the request is still concluded on the record.
        let event = Event::Asked { request: facts.clone() };
        let guards = vec![Guard::RulesEpoch(epoch), Guard::Before(permit.until())];
        let mut asked = Asked { recorder: self.clone(), request, facts, authority, open: true };
        let changes = charge.into_iter().cloned().map(Change::SpendQuota).collect();
        let written = self.write_entry("asked", guards, changes, event).await;
        asked.open = written.is_ok();
        written.map(|_| asked)
    }

    /// Puts on the record what came of asking.
    pub(crate) async fn conclude(
        &self,
        mut asked: Asked,
        evidence: Evidence,
    ) -> Result<Concluded, NotRecorded> {
        let event = conclusion(asked.facts.clone(), &evidence);
        // Closed while it is written, since a write goes on when its caller is gone; open again if it failed.
        asked.open = false;
        let concluded = self.concluded(event, evidence).await;
        asked.open = concluded.is_err();
        concluded
    }

    /// Puts on the record what came of it where nothing was ever sent: our own rules forbid it, or there is
    /// nowhere to send it.
    pub(crate) async fn conclude_unsent(
        &self,
        facts: RequestFacts,
        evidence: Evidence,
    ) -> Result<Concluded, NotRecorded> {
        let event = match evidence.outcome {
            Outcome::Refused(refusal) => Event::Refused { request: facts, refusal },
            Outcome::Hit
            | Outcome::NoHit
            | Outcome::Pending
            | Outcome::Unreachable(_)
            | Outcome::TimedOut
            | Outcome::Failed(_) => conclusion(facts, &evidence),
        };
        self.concluded(event, evidence).await
    }

    async fn concluded(&self, event: Event, evidence: Evidence) -> Result<Concluded, NotRecorded> {
        let changes = evidence.checkpoint.iter().map(peer_checkpoint).collect();
        let record = self.position(self.write_entry("concluded", vec![], changes, event).await?.at);
        Ok(Concluded { evidence, record })
    }

    fn position(&self, recorded: Recorded) -> LedgerPosition {
        LedgerPosition { ledger: self.agency.clone(), index: recorded.index, leaf: recorded.leaf }
    }
}

fn peer_checkpoint(checkpoint: &SignedCheckpoint) -> Change {
    let claimed = checkpoint.claimed();
    Change::SavePeerCheckpoint {
        agency: claimed.ledger.clone(),
        size: claimed.size,
        note: checkpoint.to_string(),
    }
}

fn conclusion(facts: RequestFacts, evidence: &Evidence) -> Event {
    Event::Concluded {
        request: facts,
        outcome: evidence.outcome.kind(),
        reason: Label::reason(evidence.outcome),
        answer: evidence.answer,
        counterpart: evidence.receipt.as_ref().map(|(receipt, _)| receipt.leaf_ref()),
        next: evidence.route.first().cloned(),
    }
}

/// Proof that "asked" is on the record. Dropped before it is concluded, because the caller gave up, it puts
/// that on the record by itself.
#[derive(Debug)]
#[must_use]
pub struct Asked {
    recorder: Recorder,
    request: SealedRequest,
    facts: RequestFacts,
    authority: Authority,
    open: bool,
}

impl Asked {
    /// The envelope of one attempt, handed to `next`.
    pub fn envelope(&self, attempt: u32, next: &AgencyId, sent: Timestamp) -> Envelope {
        self.request
            .dispatch(Dispatch { attempt, next: next.clone(), sent }, &self.recorder.keys.current().message)
    }

    /// The sealed request.
    pub fn request(&self) -> &SealedRequest {
        &self.request
    }

    /// Under what it is asked.
    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    /// Its identifier.
    pub fn id(&self) -> RequestId {
        self.facts.id
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        if !self.open {
            return;
        }
        let cancelled = Evidence::of(Outcome::Failed(Failure::Cancelled));
        let entries = vec![conclusion(self.facts.clone(), &cancelled)];
        let write = Write { name: "cancelled", guards: vec![], changes: vec![], entries };
        if let Err(error) = self.recorder.store.submit_unwaited(write) {
            tracing::warn!(request = %self.facts.id, %error, "a cancelled request is not concluded on the record");
        }
    }
}

/// What is known of an outcome, before it is on the record.
#[derive(Debug, Clone)]
pub struct Evidence {
    /// What came of it.
    pub outcome: Outcome,
    /// The reason in words.
    pub explanation: String,
    /// The authority that was asked or answered under.
    pub authority: Option<Authority>,
    /// Salted commitment to the answer.
    pub answer: Option<Digest>,
    /// The other agency's receipt, verified, and as it was signed.
    pub receipt: Option<(Receipt, Vec<u8>)>,
    /// The other agency's latest checkpoint, verified.
    pub checkpoint: Option<SignedCheckpoint>,
    /// The agencies that the decisive attempt passed, as far as they are known, the asking one left out; nobody if
    /// nothing was sent.
    pub route: Vec<AgencyId>,
    /// The ways that brought nothing before that, each with why, in the order in which they were tried.
    pub tried: Vec<(AgencyId, Outcome)>,
    /// With whom it waits and until when, where it is pending.
    pub pending: Option<(Continued, Timestamp)>,
}

impl Evidence {
    /// An outcome with nothing beside it.
    pub fn of(outcome: Outcome) -> Self {
        let explanation = outcome.sentence().to_owned();
        let (authority, answer, receipt, checkpoint, route, tried, pending) = Default::default();
        Self { outcome, explanation, authority, answer, receipt, checkpoint, route, tried, pending }
    }

    /// The same with the authority that was asked under.
    #[must_use]
    pub fn under(self, authority: Option<Authority>) -> Self {
        Self { authority, ..self }
    }

    /// Whether `agency` answers, as far as this tells: what a broker refuses or lets wait tells nothing of the agency
    /// behind it.
    pub(crate) fn says_of(&self, agency: &AgencyId) -> Option<bool> {
        match self.outcome {
            Outcome::Hit | Outcome::NoHit => Some(true),
            Outcome::Refused(_) | Outcome::Pending => {
                self.receipt.iter().find(|(receipt, _)| receipt.ledger == *agency).map(|_| true)
            }
            Outcome::Unreachable(_) | Outcome::TimedOut | Outcome::Failed(_) => Some(false),
        }
    }
}

/// An outcome that is on the record. Only the recorder makes one, and only it may be shown to a caller.
#[derive(Debug)]
#[must_use]
pub struct Concluded {
    evidence: Evidence,
    record: LedgerPosition,
}

impl Concluded {
    /// What is known of the outcome.
    pub fn evidence(&self) -> &Evidence {
        &self.evidence
    }

    /// Where it stands in our ledger.
    pub fn record(&self) -> &LedgerPosition {
        &self.record
    }
}
