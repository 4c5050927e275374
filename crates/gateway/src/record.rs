//! The recorder: what must be durable before it may leave, and the tokens that prove it.

use crate::keys::Keys;
use crate::operation::{AnyDraft, Fault};
use concord_agreements::{Asking, Opening, Permit};
use concord_domain::wanted::{Authority, LedgerPosition};
use concord_domain::{AgencyId, Clock, Digest, Entropy, Failure, Outcome, Refusal, RequestId, Timestamp};
use concord_ledger::{Entry, Event, Label, LeafRef, Receipt, RequestFacts, SignedCheckpoint};
use concord_store::{Change, Guard, GuardFailure, Recorded, Remembered, Request, Store, Write, WriteError};
use concord_trust::SealingPublicKey;
use concord_trust::envelope::{
    Answer, AnswerContext, Attached, Body, CLOCK_SKEW_MAX, Context, Dispatch, Envelope, PROTOCOL, SUITE,
    SealedAnswer, SealedRequest, Verdict, VerifiedRequest,
};
use minicbor::{Decode, Encode};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
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
    shared: Arc<Mutex<BTreeMap<(AgencyId, Refusal), Shared>>>,
    newest: Arc<AtomicU64>,
}

/// The refusals of one origin for one reason within a minute.
#[derive(Debug, Clone)]
struct Shared {
    began: Timestamp,
    recorded: u32,
    last: Leaf,
}

/// An entry that is durable, with its bytes.
#[derive(Debug, Clone)]
struct Leaf {
    at: Recorded,
    bytes: Vec<u8>,
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
    /// Repeated refusals share an entry for so long, for each origin and reason: what is refused costs a peer nothing to
    /// send, and would otherwise make our ledger grow at its will.
    const SHARED_FOR: Duration = Duration::from_secs(60);
    /// Envelopes refused before their request was looked at (replayed, expired, misaddressed) share from the second on.
    const ENVELOPES_ALONE: u32 = 1;
    /// Requests refused by the rules share from this one on: an honest officer's mistakes stand by themselves.
    const REQUESTS_ALONE: u32 = 60;

    /// A recorder over the node's store.
    pub fn new(agency: AgencyId, keys: Arc<Keys>, entropy: Arc<dyn Entropy>, store: Store) -> Self {
        let newest = store.head().map(|head| head.floor).unwrap_or_default();
        let newest = Arc::new(AtomicU64::new(newest.as_millis()));
        Self { agency, keys, entropy, store, shared: Arc::default(), newest }
    }

    /// The time by which envelopes are judged: never before the newest entry, so that a clock that was set back lets
    /// nothing in again that had expired.
    pub(crate) fn now(&self, clock: &dyn Clock) -> Timestamp {
        clock.now().max(Timestamp::from_millis(self.newest.load(Ordering::Relaxed)))
    }

    /// Writes one entry with what belongs to it.
    async fn write_entry(
        &self,
        name: &'static str,
        guards: Vec<Guard>,
        changes: Vec<Change>,
        event: Event,
    ) -> Result<Leaf, NotRecorded> {
        let committed =
            self.store.submit(Write { name, guards, changes, entries: vec![event.clone()] }).await?;
        let at = committed.entries.first().copied();
        let at = at.ok_or_else(|| Fault::new("writing the record", "no entry came back"))?;
        self.newest.fetch_max(at.time.as_millis(), Ordering::Relaxed);
        Ok(Leaf { at, bytes: Entry { time: at.time, event }.encode() })
    }

    /// Puts on the record that we are about to ask.
    pub(crate) async fn asked(
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
        // Before the write: given up while it is under way, the request is still concluded on the record.
        let event = Event::Asked { request: facts.clone() };
        let mut asked = Asked { recorder: self.clone(), request, facts, authority, open: true };
        let written = self.write_entry("asked", vec![Guard::RulesEpoch(epoch)], vec![], event).await;
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

    /// Puts an answer on the record, together with what a repeat will get.
    pub(crate) async fn release(
        &self,
        request: &VerifiedRequest,
        attempt: u32,
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
        self.remember("released", request, attempt, body, event, epoch).await
    }

    /// Puts a refusal on the record, together with what a repeat will get; beyond [`Self::REQUESTS_ALONE`] a minute it
    /// shares an entry and is not remembered.
    pub(crate) async fn refuse(
        &self,
        request: &VerifiedRequest,
        attempt: u32,
        refused: Refused,
        under: Ruling,
    ) -> Result<Release, NotRecorded> {
        let Refused { refusal, authority, explanation } = refused;
        let mut facts = verified_facts(request);
        facts.clause = authority.as_ref().and_then(|a| a.clause.clone());
        let body = self.body(&refusal_answer(refusal, authority, explanation))?;
        let origin = &request.context().origin;
        if let Some(entry) = self.shared(origin, refusal, under.now, Self::REQUESTS_ALONE) {
            return Ok(Release { body, entry });
        }
        let event = Event::Refused { request: facts, refusal };
        let release = self.remember("refused", request, attempt, body, event, under.epoch).await?;
        self.share(origin, refusal, under.now, &release.entry);
        Ok(release)
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
        let origin = &request.context().origin;
        if let Some(entry) = self.shared(origin, refusal, now, Self::ENVELOPES_ALONE) {
            return Ok(Release { body, entry });
        }
        let event = Event::Refused { request: verified_facts(request), refusal };
        let entry = self.write_entry("refused_envelope", vec![], vec![], event).await?;
        self.share(origin, refusal, now, &entry);
        Ok(Release { body, entry })
    }

    /// The entry to share, if this minute has as many of its own as it may.
    fn shared(&self, origin: &AgencyId, refusal: Refusal, now: Timestamp, alone: u32) -> Option<Leaf> {
        let shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        let minute = shared.get(&(origin.clone(), refusal))?;
        let within = now.since(minute.began) < Self::SHARED_FOR && minute.recorded >= alone;
        within.then(|| minute.last.clone())
    }

    fn share(&self, origin: &AgencyId, refusal: Refusal, now: Timestamp, entry: &Leaf) {
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (origin.clone(), refusal);
        let earlier = shared.get(&key).filter(|minute| now.since(minute.began) < Self::SHARED_FOR);
        let (began, recorded) = earlier.map_or((now, 0), |minute| (minute.began, minute.recorded));
        shared.insert(key, Shared { began, recorded: recorded.saturating_add(1), last: entry.clone() });
    }

    /// The recorded answer again, for a new attempt of the same request. Without a permit only a refusal may go out
    /// again, and otherwise the reason why there is none is given back.
    pub(crate) async fn repeat(
        &self,
        permit: Result<Permit<Opening>, Refusal>,
        request: &VerifiedRequest,
        remembered: &Remembered,
        epoch: u64,
    ) -> Result<Result<Release, Refusal>, NotRecorded> {
        let (entry, event) = self.recorded(remembered.entry)?;
        match (permit, event) {
            (Ok(_), _) | (Err(_), Event::Refused { .. }) => {}
            (
                Err(refusal),
                Event::Released { .. }
                | Event::Asked { .. }
                | Event::Concluded { .. }
                | Event::Imported { .. }
                | Event::Started { .. },
            ) => return Ok(Err(refusal)),
        }
        let (origin, id, attempt) =
            (request.context().origin.clone(), request.context().id, request.dispatch().attempt);
        let guards =
            vec![Guard::RulesEpoch(epoch), Guard::AttemptNewer { origin: origin.clone(), id, attempt }];
        let changes = vec![Change::RememberAttempt { origin, id, attempt }];
        self.store.submit(Write { name: "repeated", guards, changes, entries: vec![] }).await?;
        let kept = self.keys.storage.open(&remembered.answer, request.digest().as_bytes());
        let kept = kept.map_err(|e| Fault::new("reading a kept answer", e))?;
        let Kept { salt, content } =
            minicbor::decode(&kept).map_err(|e| Fault::new("reading a kept answer", e))?;
        Ok(Ok(Release { body: Body::from_parts(salt, Zeroizing::new(content)), entry }))
    }

    /// What stands at an index of our ledger.
    fn recorded(&self, index: u64) -> Result<(Leaf, Event), Fault> {
        let stored = self.store.entries(index, 1).map_err(|e| Fault::new("reading an entry", e))?;
        let stored = stored.into_iter().find(|stored| stored.index == index);
        let stored = stored.ok_or_else(|| Fault::new("reading an entry", "it is not there"))?;
        let entry = Entry::decode(&stored.bytes).map_err(|e| Fault::new("reading an entry", e))?;
        let at = Recorded { index, leaf: stored.leaf, time: entry.time };
        Ok((Leaf { at, bytes: stored.bytes }, entry.event))
    }

    fn body(&self, answer: &Answer) -> Result<Body, Fault> {
        answer.to_body(&*self.entropy).map_err(|e| Fault::new("an answer over its limit", e))
    }

    async fn remember(
        &self,
        name: &'static str,
        request: &VerifiedRequest,
        attempt: u32,
        body: Body,
        event: Event,
        epoch: u64,
    ) -> Result<Release, NotRecorded> {
        let Context { origin, id, expires, .. } = request.context();
        let kept = Kept { salt: *body.salt(), content: body.content().to_vec() };
        let kept = Zeroizing::new(minicbor::to_vec(kept).map_err(|e| Fault::new("keeping an answer", e))?);
        let remembered = Request {
            origin: origin.clone(),
            id: *id,
            digest: request.digest(),
            attempt,
            keep_until: expires.plus(CLOCK_SKEW_MAX),
            answer: self.keys.storage.seal(&kept, request.digest().as_bytes(), &*self.entropy),
        };
        let guards = vec![Guard::RequestNew { origin: origin.clone(), id: *id }, Guard::RulesEpoch(epoch)];
        let changes = vec![Change::RememberRequest(remembered)];
        Ok(Release { body, entry: self.write_entry(name, guards, changes, event).await? })
    }
}

/// A refusal with what is said about it.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) refusal: Refusal,
    pub(crate) authority: Option<Authority>,
    pub(crate) explanation: String,
}

/// Under which epoch, and when, something was decided.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ruling {
    pub(crate) epoch: u64,
    pub(crate) now: Timestamp,
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
    entry: Leaf,
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
        let Leaf { at: Recorded { index, leaf, time }, bytes } = self.entry;
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
        let attached = Attached { receipt, entry: bytes, checkpoint: checkpoint.map(|c| c.note) };
        Ok(SealedAnswer::seal(&self.body, attached, context, to, &recorder.keys.message, &*recorder.entropy))
    }

    /// Where it stands in our ledger.
    pub(crate) fn leaf_ref(&self) -> LeafRef {
        LeafRef { index: self.entry.at.index, hash: self.entry.at.leaf }
    }
}

#[cfg(test)]
mod tests;
