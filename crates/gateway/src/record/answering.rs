//! Answering on the record: every answer and every refusal is durable before it is sealed.

use super::sharing::Sharing;
use super::{Leaf, NotRecorded, Recorder, facts_of};
use crate::operation::{AnyDraft, Fault};
use concord_agreements::{Opening, Permit, Quota};
use concord_domain::wanted::Authority;
use concord_domain::{Clause, Refusal, Timestamp};
use concord_ledger::{Entry, Event, LeafRef, Receipt, RequestFacts};
use concord_store::{Change, Charge, Guard, Recorded, Remembered, Request, Write};
use concord_trust::SealingPublicKey;
use concord_trust::envelope::{
    Answer, AnswerContext, Attached, Body, CLOCK_SKEW_MAX, Context, PROTOCOL, SUITE, SealedAnswer, Verdict,
    VerifiedRequest,
};
use minicbor::{Decode, Encode};
use zeroize::Zeroizing;

/// The salted answer as it is kept for a repeat.
#[derive(Encode, Decode)]
struct Kept {
    #[cbor(n(0), with = "minicbor::bytes")]
    salt: [u8; 32],
    #[cbor(n(1), with = "minicbor::bytes")]
    content: Vec<u8>,
}

impl Recorder {
    /// Puts an answer on the record, together with what a repeat will get.
    pub(crate) async fn release(
        &self,
        request: &VerifiedRequest,
        attempt: u32,
        draft: AnyDraft,
        epoch: u64,
    ) -> Result<Release, NotRecorded> {
        let AnyDraft { authority, outcome, content, until, quota, behalf, source, changes } = draft;
        let mut conditions = Conditions { guards: vec![Guard::Before(until)], changes };
        if let Some(quota) = quota {
            conditions.changes.push(Change::SpendQuota(charge(&authority, request.context(), quota)));
        }
        let mut facts = verified_facts(request);
        facts.clause.clone_from(&authority.clause);
        facts.behalf = behalf;
        let answer = Answer {
            verdict: Verdict::Served(outcome),
            agreement: Some(authority.agreement),
            clause: authority.clause,
            content,
            explanation: String::new(),
            source,
        };
        let body = self.body(&answer)?;
        let event = Event::Released { request: facts, outcome, answer: body.commitment() };
        self.remember("released", request, attempt, body, event, epoch, conditions).await
    }

    /// Puts a refusal on the record, together with what a repeat will get; beyond [`Sharing::REQUESTS_ALONE`] a minute it
    /// shares an entry and is not remembered, unless something changes with it.
    pub(crate) async fn refuse(
        &self,
        request: &VerifiedRequest,
        attempt: u32,
        refused: Refused,
        under: Ruling,
    ) -> Result<Release, NotRecorded> {
        let Refused { refusal, authority, explanation, changes } = refused;
        let mut facts = verified_facts(request);
        facts.clause = authority.as_ref().and_then(|a| a.clause.clone());
        let body = self.body(&refusal_answer(refusal, authority, explanation))?;
        let origin = &request.context().origin;
        let shared = self.sharing.entry(origin, refusal, under.now, Sharing::REQUESTS_ALONE);
        if let Some(entry) = shared.filter(|_| changes.is_empty()) {
            return Ok(Release { body, entry });
        }
        let event = Event::Refused { request: facts, refusal };
        let conditions = Conditions { guards: vec![], changes };
        let release =
            self.remember("refused", request, attempt, body, event, under.epoch, conditions).await?;
        self.sharing.note(origin, refusal, under.now, &release.entry);
        Ok(release)
    }

    /// Puts on the record that an envelope was refused before its request was even looked at: replayed, expired,
    /// misaddressed. Not remembered, and shared by the origin's repetitions for a minute.
    pub(crate) async fn refuse_envelope(
        &self,
        request: &VerifiedRequest,
        refusal: Refusal,
        explanation: String,
        now: Timestamp,
    ) -> Result<Release, NotRecorded> {
        let body = self.body(&refusal_answer(refusal, None, explanation))?;
        let origin = &request.context().origin;
        if let Some(entry) = self.sharing.entry(origin, refusal, now, Sharing::ENVELOPES_ALONE) {
            return Ok(Release { body, entry });
        }
        let event = Event::Refused { request: verified_facts(request), refusal };
        let entry = self.write_entry("refused_envelope", vec![], vec![], event).await?;
        self.sharing.note(origin, refusal, now, &entry);
        Ok(Release { body, entry })
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
                | Event::Started { .. }
                | Event::Adopted { .. }
                | Event::RollbackAccepted { .. }
                | Event::Carried { .. }
                | Event::Distrusted { .. }
                | Event::Vetted { .. },
            ) => return Ok(Err(refusal)),
        }
        let (origin, id, attempt) =
            (request.context().origin.clone(), request.context().id, request.dispatch().attempt);
        let guards =
            vec![Guard::RulesEpoch(epoch), Guard::AttemptNewer { origin: origin.clone(), id, attempt }];
        let changes = vec![Change::RememberAttempt { origin, id, attempt }];
        self.store.submit(Write { name: "repeated", guards, changes, entries: vec![] }).await?;
        let kept = self.keys.current().storage.open(&remembered.answer, request.digest().as_bytes());
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

    #[allow(
        clippy::too_many_arguments,
        reason = "each is another part of one write, and both callers are here"
    )]
    async fn remember(
        &self,
        name: &'static str,
        request: &VerifiedRequest,
        attempt: u32,
        body: Body,
        event: Event,
        epoch: u64,
        conditions: Conditions,
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
            answer: self.keys.current().storage.seal(&kept, request.digest().as_bytes(), &*self.entropy),
        };
        let Conditions { mut guards, mut changes } = conditions;
        guards.extend([Guard::RequestNew { origin: origin.clone(), id: *id }, Guard::RulesEpoch(epoch)]);
        changes.push(Change::RememberRequest(remembered));
        Ok(Release { body, entry: self.write_entry(name, guards, changes, event).await? })
    }
}

/// What must hold and change with a write besides.
#[derive(Debug)]
struct Conditions {
    guards: Vec<Guard>,
    changes: Vec<Change>,
}

/// Each asking agency has the quota of a clause for itself.
pub(crate) fn charge(authority: &Authority, context: &Context, quota: Quota) -> Charge {
    let clause = authority.clause.as_ref().map(Clause::as_str).unwrap_or_default();
    Charge {
        name: format!("{}/{clause}/{}", authority.agreement.id, context.origin),
        window: quota.per.length(),
        limit: quota.requests.get(),
    }
}

/// A refusal with what is said about it.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) refusal: Refusal,
    pub(crate) authority: Option<Authority>,
    pub(crate) explanation: String,
    /// What changes with it.
    pub(crate) changes: Vec<Change>,
}

/// Under which epoch, and when, something was decided.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ruling {
    pub(crate) epoch: u64,
    pub(crate) now: Timestamp,
}

fn refusal_answer(refusal: Refusal, authority: Option<Authority>, explanation: String) -> Answer {
    let (agreement, clause) = authority.map(|a| (a.agreement, a.clause)).unzip();
    Answer {
        verdict: Verdict::Refused(refusal),
        agreement,
        clause: clause.flatten(),
        content: Vec::new(),
        explanation: explanation.chars().take(Answer::EXPLANATION_MAX).collect(),
        source: None,
    }
}

/// What a request says in the open, with what names it, for the ledger.
pub(crate) fn verified_facts(request: &VerifiedRequest) -> RequestFacts {
    RequestFacts {
        digest: Some(request.digest()),
        commitment: Some(request.commitment()),
        carriers: request.carriers(),
        ..facts_of(request.context())
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
        let key = &recorder.keys.current().message;
        let receipt = Receipt { ledger: recorder.agency.clone(), index, leaf, time }.sign(key);
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
        Ok(SealedAnswer::seal(&self.body, attached, context, to, key, &*recorder.entropy))
    }

    /// Where it stands in our ledger.
    pub(crate) fn leaf_ref(&self) -> LeafRef {
        LeafRef { index: self.entry.at.index, hash: self.entry.at.leaf }
    }
}
