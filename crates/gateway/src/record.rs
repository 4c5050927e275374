//! The recorder: what must be durable before it may leave, and the tokens that prove it.

use crate::keys::Keys;
use crate::operation::{AnyDraft, Fault};
use concord_agreements::{Asking, Permit};
use concord_domain::wanted::{Authority, LedgerPosition};
use concord_domain::{AgencyId, Digest, Entropy, Failure, Outcome, Refusal, RequestId, Timestamp};
use concord_ledger::{Entry, Event, Label, LeafRef, Receipt, RequestFacts, SignedCheckpoint};
use concord_store::{Change, Guard, GuardFailure, Recorded, Remembered, Request, Store, Write, WriteError};
use concord_trust::SealingPublicKey;
use concord_trust::envelope::{
    Answer, AnswerContext, Body, CLOCK_SKEW_MAX, Context, Dispatch, Envelope, PROTOCOL, SUITE, SealedAnswer,
    SealedRequest, Verdict, VerifiedRequest,
};
use minicbor::{Decode, Encode};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use thiserror::Error;
use zeroize::Zeroizing;

/// Why something is not on the record, so that it may not leave.
#[derive(Debug, Error)]
pub enum NotRecorded {
    /// Newer rules came into force since it was decided: decide again.
    #[error("the rules changed since the decision")]
    RulesChanged,
    /// A request or attempt of this number was recorded meanwhile.
    #[error("the request was recorded meanwhile")]
    Known,
    /// Too many writes are waiting.
    #[error("{limit} writes are waiting already, the limit")]
    Busy {
        /// Writes that may wait.
        limit: usize,
    },
    /// The store failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<WriteError> for NotRecorded {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::GuardFailed(GuardFailure::RulesChanged { .. }) => Self::RulesChanged,
            WriteError::GuardFailed(_) => Self::Known,
            WriteError::Busy { limit } => Self::Busy { limit },
            other @ (WriteError::TooLarge { .. }
            | WriteError::NumberTooLarge
            | WriteError::DuplicateNotice { .. }
            | WriteError::GenerationNotStaged { .. }
            | WriteError::GenerationLive { .. }
            | WriteError::CheckpointBeyondHead { .. }
            | WriteError::Closed
            | WriteError::Interrupted
            | WriteError::Storage(_)) => Self::Fault(Fault::new("writing the record", other)),
        }
    }
}

/// Puts things on the record, and hands out the tokens that let them leave.
#[derive(Debug, Clone)]
pub struct Recorder {
    agency: AgencyId,
    keys: Arc<Keys>,
    entropy: Arc<dyn Entropy>,
    store: Store,
    shared: Arc<Mutex<BTreeMap<(AgencyId, Refusal), Recorded>>>,
}

/// The salted answer as it is kept for a repeat.
#[derive(Encode, Decode)]
struct Kept {
    #[cbor(n(0), with = "minicbor::bytes")]
    salt: [u8; 32],
    #[cbor(n(1), with = "minicbor::bytes")]
    content: Vec<u8>,
}

impl Recorder {
    /// Repeated refusals of envelopes share an entry for so long, for each origin and reason: replayed or stale
    /// envelopes cost a peer nothing to send, and would otherwise make our ledger grow at its will.
    const SHARED_FOR: Duration = Duration::from_secs(60);

    /// A recorder over the node's store.
    pub fn new(agency: AgencyId, keys: Arc<Keys>, entropy: Arc<dyn Entropy>, store: Store) -> Self {
        Self { agency, keys, entropy, store, shared: Arc::default() }
    }

    /// Puts on the record that we are about to ask.
    pub async fn asked(
        &self,
        permit: Permit<Asking>,
        request: SealedRequest,
        epoch: u64,
    ) -> Result<Asked, NotRecorded> {
        let authority =
            Authority { agreement: permit.agreement().clone(), clause: Some(permit.clause().clone()) };
        let mut facts = facts_of(request.context());
        facts.digest = Some(request.digest());
        facts.commitment = Some(request.commitment());
        facts.clause.clone_from(&authority.clause);
        let entries = vec![Event::Asked { request: facts.clone() }];
        let guards = vec![Guard::RulesEpoch(epoch)];
        // Before the write: given up while it is under way, the request is still concluded on the record.
        let mut asked = Asked { recorder: self.clone(), request, facts, authority, open: true };
        let written = self.store.submit(Write { name: "asked", guards, changes: vec![], entries }).await;
        asked.open = written.is_ok();
        written?;
        Ok(asked)
    }

    /// Puts on the record what came of asking.
    pub async fn conclude(&self, mut asked: Asked, evidence: Evidence) -> Result<Concluded, NotRecorded> {
        let event = conclusion(asked.facts.clone(), &evidence);
        asked.open = false;
        self.concluded(event, evidence).await
    }

    /// Puts on the record what came of it where nothing was ever sent: our own rules forbid it, or there is
    /// nowhere to send it.
    pub async fn conclude_unsent(
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
        let write = Write { name: "concluded", guards: vec![], changes, entries: vec![event] };
        let record = self.position(first(self.store.submit(write).await?.entries)?);
        Ok(Concluded { evidence, record })
    }

    fn position(&self, recorded: Recorded) -> LedgerPosition {
        LedgerPosition { ledger: self.agency.clone(), index: recorded.index, leaf: recorded.leaf }
    }

    /// Puts an answer on the record, together with what a repeat will get.
    pub(crate) async fn release(
        &self,
        request: &VerifiedRequest,
        draft: AnyDraft,
        epoch: u64,
    ) -> Result<Release, NotRecorded> {
        let AnyDraft { authority, outcome, content } = draft;
        let mut facts = verified_facts(request);
        facts.clause.clone_from(&authority.clause);
        let answer = Answer {
            verdict: Verdict::Served(outcome),
            agreement: Some(authority.agreement),
            clause: authority.clause,
            content,
            explanation: String::new(),
        };
        let body = self.body(&answer)?;
        let event = Event::Released { request: facts, outcome, answer: body.commitment() };
        self.remember("released", request, body, event, Some(epoch)).await
    }

    /// Puts a refusal on the record, together with what a repeat will get.
    pub(crate) async fn refuse(
        &self,
        request: &VerifiedRequest,
        refusal: Refusal,
        authority: Option<Authority>,
        explanation: String,
        epoch: u64,
    ) -> Result<Release, NotRecorded> {
        let mut facts = verified_facts(request);
        facts.clause = authority.as_ref().and_then(|a| a.clause.clone());
        let body = self.body(&refusal_answer(refusal, authority, explanation))?;
        self.remember("refused", request, body, Event::Refused { request: facts, refusal }, Some(epoch)).await
    }

    /// Puts on the record that an envelope was refused before its request was even looked at: replayed, expired,
    /// misaddressed. Not remembered, and shared by the origin's repetitions for a minute.
    pub(crate) async fn refuse_envelope(
        &self,
        request: &VerifiedRequest,
        refusal: Refusal,
        now: Timestamp,
    ) -> Result<Release, NotRecorded> {
        let body = self.body(&refusal_answer(refusal, None, refusal.sentence().to_owned()))?;
        let key = (request.context().origin.clone(), refusal);
        let earlier = self.shared.lock().unwrap_or_else(PoisonError::into_inner).get(&key).copied();
        if let Some(entry) = earlier.filter(|entry| now.since(entry.time) < Self::SHARED_FOR) {
            return Ok(Release { body, entry });
        }
        let entries = vec![Event::Refused { request: verified_facts(request), refusal }];
        let write = Write { name: "refused_envelope", guards: vec![], changes: vec![], entries };
        let entry = first(self.store.submit(write).await?.entries)?;
        self.shared.lock().unwrap_or_else(PoisonError::into_inner).insert(key, entry);
        Ok(Release { body, entry })
    }

    /// The recorded answer again, for a new attempt of the same request.
    pub(crate) async fn repeat(
        &self,
        request: &VerifiedRequest,
        remembered: &Remembered,
    ) -> Result<Release, NotRecorded> {
        let (origin, id, attempt) =
            (request.context().origin.clone(), request.context().id, request.dispatch().attempt);
        let guards = vec![Guard::AttemptNewer { origin: origin.clone(), id, attempt }];
        let changes = vec![Change::RememberAttempt { origin, id, attempt }];
        self.store.submit(Write { name: "repeated", guards, changes, entries: vec![] }).await?;
        let unreadable = |e| Fault::new("reading a kept answer", e);
        let kept = self.keys.storage.open(&remembered.answer, request.digest().as_bytes());
        let kept = kept.map_err(unreadable)?;
        let Kept { salt, content } =
            minicbor::decode(&kept).map_err(|e| Fault::new("reading a kept answer", e))?;
        let entry = self.recorded(remembered.entry)?;
        Ok(Release { body: Body::from_parts(salt, Zeroizing::new(content)), entry })
    }

    /// What stands at an index of our ledger, as a receipt names it.
    fn recorded(&self, index: u64) -> Result<Recorded, Fault> {
        let stored = self.store.entries(index, 1).map_err(|e| Fault::new("reading an entry", e))?;
        let stored = stored.into_iter().find(|stored| stored.index == index);
        let stored = stored.ok_or_else(|| Fault::new("reading an entry", "it is not there"))?;
        let entry = Entry::decode(&stored.bytes).map_err(|e| Fault::new("reading an entry", e))?;
        Ok(Recorded { index, leaf: stored.leaf, time: entry.time })
    }

    fn body(&self, answer: &Answer) -> Result<Body, Fault> {
        answer.to_body(&*self.entropy).map_err(|e| Fault::new("an answer over its limit", e))
    }

    async fn remember(
        &self,
        name: &'static str,
        request: &VerifiedRequest,
        body: Body,
        event: Event,
        epoch: Option<u64>,
    ) -> Result<Release, NotRecorded> {
        let Context { origin, id, expires, .. } = request.context();
        let kept = Kept { salt: *body.salt(), content: body.content().to_vec() };
        let kept = Zeroizing::new(minicbor::to_vec(kept).map_err(|e| Fault::new("keeping an answer", e))?);
        let remembered = Request {
            origin: origin.clone(),
            id: *id,
            digest: request.digest(),
            attempt: request.dispatch().attempt,
            keep_until: expires.plus(CLOCK_SKEW_MAX),
            answer: self.keys.storage.seal(&kept, request.digest().as_bytes(), &*self.entropy),
        };
        let mut guards = vec![Guard::RequestNew { origin: origin.clone(), id: *id }];
        guards.extend(epoch.map(Guard::RulesEpoch));
        let changes = vec![Change::RememberRequest(remembered)];
        let committed = self.store.submit(Write { name, guards, changes, entries: vec![event] }).await?;
        Ok(Release { body, entry: first(committed.entries)? })
    }
}

fn first(entries: Vec<Recorded>) -> Result<Recorded, Fault> {
    entries.first().copied().ok_or_else(|| Fault::new("writing the record", "no entry came back"))
}

fn peer_checkpoint(checkpoint: &SignedCheckpoint) -> Change {
    let claimed = checkpoint.claimed();
    Change::SavePeerCheckpoint {
        agency: claimed.ledger.clone(),
        size: claimed.size,
        note: checkpoint.to_string(),
    }
}

fn refusal_answer(refusal: Refusal, authority: Option<Authority>, explanation: String) -> Answer {
    let (agreement, clause) = authority.map(|a| (a.agreement, a.clause)).unzip();
    Answer {
        verdict: Verdict::Refused(refusal),
        agreement,
        clause: clause.flatten(),
        content: Vec::new(),
        explanation: explanation.chars().take(Answer::EXPLANATION_MAX).collect(),
    }
}

fn conclusion(facts: RequestFacts, evidence: &Evidence) -> Event {
    Event::Concluded {
        request: facts,
        outcome: evidence.outcome.kind(),
        reason: Label::reason(evidence.outcome),
        answer: evidence.answer,
        counterpart: evidence.receipt.as_ref().map(|(receipt, _)| receipt.leaf_ref()),
    }
}

/// What a context says, for the ledger.
fn facts_of(context: &Context) -> RequestFacts {
    RequestFacts {
        id: context.id,
        digest: None,
        origin: context.origin.clone(),
        destination: context.destination.clone(),
        operation: context.operation.clone(),
        purpose: context.purpose,
        handling: context.handling,
        agreement: Some(context.agreement.clone()),
        clause: None,
        commitment: None,
    }
}

fn verified_facts(request: &VerifiedRequest) -> RequestFacts {
    RequestFacts {
        digest: Some(request.digest()),
        commitment: Some(request.commitment()),
        ..facts_of(request.context())
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
        self.request.dispatch(Dispatch { attempt, next: next.clone(), sent }, &self.recorder.keys.message)
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
}

impl Evidence {
    /// An outcome with nothing beside it.
    pub fn of(outcome: Outcome) -> Self {
        let explanation = outcome.sentence().to_owned();
        Self { outcome, explanation, authority: None, answer: None, receipt: None, checkpoint: None }
    }

    /// The same with the authority that was asked under.
    #[must_use]
    pub fn under(self, authority: Option<Authority>) -> Self {
        Self { authority, ..self }
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

/// An answer that is on the record. Only the recorder makes one, and only it can be sealed and sent.
#[derive(Debug)]
#[must_use]
pub struct Release {
    body: Body,
    entry: Recorded,
}

impl Release {
    /// Seals and signs the answer with its receipt.
    pub(crate) fn seal(
        self,
        recorder: &Recorder,
        request: &VerifiedRequest,
        to: &SealingPublicKey,
        now: Timestamp,
    ) -> Result<SealedAnswer, Fault> {
        let Recorded { index, leaf, time } = self.entry;
        let receipt =
            Receipt { ledger: recorder.agency.clone(), index, leaf, time }.sign(&recorder.keys.message);
        let checkpoint =
            recorder.store.latest_checkpoint().map_err(|e| Fault::new("reading a checkpoint", e))?;
        let context = AnswerContext {
            protocol: PROTOCOL,
            suite: SUITE,
            request: request.digest(),
            responder: recorder.agency.clone(),
            sealing_key: to.key_id(),
            created: now,
        };
        let checkpoint = checkpoint.map(|c| c.note);
        Ok(SealedAnswer::seal(
            &self.body,
            receipt,
            checkpoint,
            context,
            to,
            &recorder.keys.message,
            &*recorder.entropy,
        ))
    }

    /// Where it stands in our ledger.
    pub(crate) fn leaf_ref(&self) -> LeafRef {
        LeafRef { index: self.entry.index, hash: self.entry.leaf }
    }
}
