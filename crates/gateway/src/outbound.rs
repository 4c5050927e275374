//! The way out: one agency is asked, and what came of it is on the record before anybody sees it.

use crate::authority::{Authority, InForce};
use crate::deadline::Deadline;
use crate::keys::Keys;
use crate::link::{Links, NoAnswer};
use crate::operation::{Fault, Operation, closest};
use crate::record::{Asked, Concluded, Evidence, NotRecorded, Recorder};
use concord_agreements::{Asking, Facts, decide};
use concord_domain::wanted::Authority as Clause;
use concord_domain::{
    AgencyId, Branch, Clock, Entropy, Failure, Handling, Outcome, OutcomeKind, Purpose, Refusal, RequestId,
    Timestamp,
};
use concord_ledger::{Entry, Event, Receipt, RequestFacts, SignedCheckpoint, leaf_hash};
use concord_trust::envelope::{
    ATTEMPTS_MAX, Answer, Attached, Body, Context, LIFE_MAX, PROTOCOL, Reply, SUITE, SealedRequest, Verdict,
};
use concord_trust::{Keyring, PublicKey};
use std::sync::Arc;
use std::time::Duration;

/// What is asked of each agency alike, outside the sealed body.
#[derive(Debug, Clone, Copy)]
pub struct Question {
    /// Why.
    pub purpose: Purpose,
    /// How far the information may go on.
    pub handling: Handling,
    /// The officer's branch.
    pub branch: Option<Branch>,
}

/// Asks other agencies.
#[derive(Debug, Clone)]
pub struct Outbound {
    /// This agency.
    pub agency: AgencyId,
    /// Opens answers.
    pub keys: Arc<Keys>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes identifiers and salts.
    pub entropy: Arc<dyn Entropy>,
    /// The rules in force.
    pub authority: Authority,
    /// Puts everything on the record.
    pub recorder: Recorder,
    /// Connections to other nodes.
    pub links: Links,
}

/// Broken connections of one request at most: a peer that restarts or changes its certificate may cost the first attempt
/// its connection, and the second one that was still thought to be open. The destination executes a request once, however
/// many attempts there are.
const BROKEN_MAX: u32 = 2;
/// The first pause before another attempt; each is twice the one before.
const ATTEMPT_PAUSE: Duration = Duration::from_millis(25);
/// Times a request is decided again because newer rules came into force meanwhile.
const DECISIONS_MAX: usize = 3;

impl Outbound {
    /// Asks one agency. Whatever happens is an outcome; only a record that cannot be written is an error, because
    /// then nothing may be shown.
    pub async fn ask<O: Operation>(
        &self,
        to: &AgencyId,
        question: Question,
        ask: &O::Ask,
        deadline: Deadline,
    ) -> Result<(Concluded, Option<O::Answer>), NotRecorded> {
        let mut in_force = self.authority.current();
        for _ in 1..DECISIONS_MAX {
            match self.ask_under::<O>(&in_force, to, question, ask, deadline).await {
                Err(NotRecorded::RulesChanged) => in_force = self.authority.newer_than(in_force.epoch).await,
                other => return other,
            }
        }
        self.ask_under::<O>(&in_force, to, question, ask, deadline).await
    }

    async fn ask_under<O: Operation>(
        &self,
        in_force: &InForce,
        to: &AgencyId,
        question: Question,
        ask: &O::Ask,
        deadline: Deadline,
    ) -> Result<(Concluded, Option<O::Answer>), NotRecorded> {
        let now = self.clock.now();
        let operation = O::name();
        let facts = Facts {
            handling: question.handling,
            branch: question.branch,
            synced: self.authority.synced(),
            ..Facts::new(&self.agency, to, &operation, question.purpose)
        };
        let id = RequestId::random(&*self.entropy);
        let permit = match decide::<Asking>(&in_force.rules, &facts, now) {
            Ok(permit) => permit,
            Err(denial) => {
                let mut evidence = Evidence::of(Outcome::Refused(denial.refusal)).under(closest(&denial));
                evidence.explanation = denial.to_string();
                return self.unsent(id, &facts, evidence).await.map(|c| (c, None));
            }
        };
        let authority =
            Clause { agreement: permit.agreement().clone(), clause: Some(permit.clause().clone()) };
        let directory = in_force.directory();
        let ours = directory.keyring(&self.agency).map(|k| k.sequence).unwrap_or_default();
        let Some(keyring) = directory.keyring(to).filter(|k| k.is_current(now) && !k.endpoints.is_empty())
        else {
            let evidence = Evidence::of(Outcome::Unreachable(Failure::NoEndpoint)).under(Some(authority));
            return self.unsent(id, &facts, evidence).await.map(|c| (c, None));
        };
        let body =
            Body::new(O::encode_ask(ask), &*self.entropy).map_err(|e| Fault::new("sealing a request", e))?;
        let context = self.context(id, &facts, &authority, ours, keyring, now, deadline);
        let request = SealedRequest::seal(context, &body, &keyring.sealing, &*self.entropy);
        let asked = self.recorder.asked(permit, request, in_force.epoch).await?;
        let (evidence, answer) = self.exchange::<O>(&asked, keyring, deadline).await;
        let concluded = self.recorder.conclude(asked, evidence).await?;
        let outcome = concluded.evidence().outcome;
        tracing::info!(target: "concord::outbound", %id, %to, %outcome, "concluded");
        Ok((concluded, answer))
    }

    async fn unsent(
        &self,
        id: RequestId,
        facts: &Facts<'_>,
        evidence: Evidence,
    ) -> Result<Concluded, NotRecorded> {
        let (agreement, clause) = evidence.authority.clone().map(|a| (a.agreement, a.clause)).unzip();
        let recorded = RequestFacts {
            id,
            digest: None,
            origin: facts.from.clone(),
            destination: facts.to.clone(),
            operation: facts.operation.clone(),
            purpose: facts.purpose,
            handling: facts.handling,
            agreement,
            clause: clause.flatten(),
            commitment: None,
        };
        let outcome = evidence.outcome;
        let concluded = self.recorder.conclude_unsent(recorded, evidence).await?;
        tracing::info!(target: "concord::outbound", %id, to = %facts.to, %outcome, "not sent");
        Ok(concluded)
    }

    #[allow(
        clippy::too_many_arguments,
        reason = "each is a different part of one context, and there is one caller"
    )]
    fn context(
        &self,
        id: RequestId,
        facts: &Facts<'_>,
        authority: &Clause,
        origin_keyring: u64,
        destination: &Keyring,
        now: Timestamp,
        deadline: Deadline,
    ) -> Context {
        Context {
            protocol: PROTOCOL,
            suite: SUITE,
            id,
            origin: self.agency.clone(),
            destination: facts.to.clone(),
            operation: facts.operation.clone(),
            purpose: facts.purpose,
            handling: facts.handling,
            branch: facts.branch,
            agreement: authority.agreement.clone(),
            origin_keyring,
            destination_keyring: destination.sequence,
            sealing_key: destination.sealing.key_id(),
            created: now,
            expires: now.plus(deadline.left().min(LIFE_MAX)),
        }
    }

    /// Sends, waits until the deadline, and judges what comes back.
    async fn exchange<O: Operation>(
        &self,
        asked: &Asked,
        peer: &Keyring,
        deadline: Deadline,
    ) -> (Evidence, Option<O::Answer>) {
        let authority = Some(asked.authority().clone());
        let peer = &Responder { keyring: peer, authority: &self.authority, clock: &*self.clock };
        match self.send(asked, peer, deadline).await {
            Err(outcome) => (Evidence::of(outcome).under(authority), None),
            Ok(reply) => judge::<O>(reply, asked, peer),
        }
    }

    /// Sends attempt after attempt: again after a connection broke, and again while the destination says that it is still
    /// working on an earlier attempt, whose answer would otherwise be lost.
    async fn send(&self, asked: &Asked, peer: &Responder<'_>, deadline: Deadline) -> Result<Reply, Outcome> {
        for attempt in 1..=ATTEMPTS_MAX {
            let last = attempt == ATTEMPTS_MAX;
            let Keyring { agency, endpoints, .. } = peer.keyring;
            let envelope = asked.envelope(attempt, agency, self.clock.now());
            match self.links.deliver(agency, endpoints, envelope, deadline).await {
                Ok(sealed) => {
                    let opened =
                        sealed.open(asked.request(), agency, &peer.message_keys(), &self.keys.opening());
                    let reply = opened.map_err(|error| Outcome::Failed(unusable(error)))?;
                    if reply.answer.verdict != Verdict::Refused(Refusal::InProgress) || last {
                        return Ok(reply);
                    }
                }
                Err(NoAnswer::Broken) if attempt <= BROKEN_MAX => {}
                Err(no_answer) => return Err(no_answer.outcome()),
            }
            let pause = ATTEMPT_PAUSE * 2_u32.saturating_pow(attempt - 1);
            if tokio::time::timeout_at(deadline.instant(), tokio::time::sleep(pause)).await.is_err() {
                return Err(Outcome::TimedOut);
            }
        }
        Err(Outcome::TimedOut)
    }
}

/// Who was asked. What it may sign with is looked up when its answer is there: its keys may have changed meanwhile.
struct Responder<'a> {
    /// The keyring that it was asked by.
    keyring: &'a Keyring,
    authority: &'a Authority,
    clock: &'a dyn Clock,
}

impl Responder<'_> {
    fn message_keys(&self) -> Vec<PublicKey> {
        self.authority.current().directory().message_keys(&self.keyring.agency, self.clock.now())
    }

    fn checkpoint_keys(&self) -> Vec<PublicKey> {
        self.authority.current().directory().checkpoint_keys(&self.keyring.agency, self.clock.now())
    }
}

fn unusable(error: concord_trust::envelope::AnswerInvalid) -> Failure {
    use concord_trust::envelope::AnswerInvalid;
    match error {
        AnswerInvalid::Signature(_) | AnswerInvalid::Malformed | AnswerInvalid::NotForThisRequest => {
            Failure::AnswerInvalid
        }
        AnswerInvalid::Unreadable => Failure::AnswerUnreadable,
    }
}

/// Turns a verified reply into evidence. An answer without a valid receipt over an entry about this very request does not
/// count: the responder may not have put it on its record. Nor does one under another agreement than was asked, nor one
/// whose outcome and content contradict each other.
fn judge<O: Operation>(reply: Reply, asked: &Asked, peer: &Responder<'_>) -> (Evidence, Option<O::Answer>) {
    let failed =
        |failure| (Evidence::of(Outcome::Failed(failure)).under(Some(asked.authority().clone())), None);
    let Some(receipt) = receipt_for(&reply, asked, peer) else { return failed(Failure::AnswerInvalid) };
    let Reply { answer, commitment, attached } = reply;
    let Answer { verdict, agreement, clause: _, content, explanation } = answer;
    let (outcome, answer) = match verdict {
        Verdict::Refused(refusal) => (Outcome::Refused(refusal), None),
        Verdict::Served(_) if agreement.as_ref() != Some(&asked.authority().agreement) => {
            return failed(Failure::AnswerInvalid);
        }
        Verdict::Served(kind) => match (served(kind), O::decode_answer(&content)) {
            (Some(outcome), Some(answer)) if O::outcome(&answer) == kind => (outcome, Some(answer)),
            _ => return failed(Failure::AnswerUnreadable),
        },
    };
    let mut evidence = Evidence::of(outcome).under(Some(asked.authority().clone()));
    if matches!(outcome, Outcome::Refused(_)) && !explanation.is_empty() {
        evidence.explanation = shown(&explanation);
    }
    evidence.answer = Some(commitment);
    evidence.receipt = Some((receipt, attached.receipt));
    evidence.checkpoint = attached.checkpoint.and_then(|text| checked(&text, peer));
    (evidence, answer)
}

/// The receipt, if it is the responder's, over the entry that came with it, and that entry says what the answer says. A
/// refusal may share an earlier entry for the same reason.
fn receipt_for(reply: &Reply, asked: &Asked, peer: &Responder<'_>) -> Option<Receipt> {
    let Attached { receipt, entry, checkpoint: _ } = &reply.attached;
    let keys = peer.message_keys();
    let receipt = keys.iter().find_map(|key| Receipt::verify(receipt, &peer.keyring.agency, key).ok())?;
    if leaf_hash(entry) != receipt.leaf {
        return None;
    }
    let event = Entry::decode(entry).ok()?.event;
    let says_so = match (event, reply.answer.verdict) {
        (Event::Released { request, outcome, answer }, Verdict::Served(kind)) => {
            let ours = request.digest == Some(asked.request().digest());
            ours && outcome == kind && answer == reply.commitment
        }
        (Event::Refused { request, refusal }, Verdict::Refused(said)) => {
            refusal == said && request.origin == asked.request().context().origin
        }
        (
            Event::Released { .. }
            | Event::Refused { .. }
            | Event::Asked { .. }
            | Event::Concluded { .. }
            | Event::Imported { .. }
            | Event::Started { .. }
            | Event::Adopted { .. }
            | Event::RollbackAccepted { .. },
            _,
        ) => false,
    };
    says_so.then_some(receipt)
}

/// Another agency's words as they may stand on an officer's screen: no control characters, and none that turn the
/// direction of text or take no room.
fn shown(text: &str) -> String {
    let hidden = |c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    text.chars().filter(|c| !c.is_control() && !hidden(*c)).take(Answer::EXPLANATION_MAX).collect()
}

/// What a served verdict may say; the rest are not a responder's to say.
fn served(kind: OutcomeKind) -> Option<Outcome> {
    match kind {
        OutcomeKind::Hit => Some(Outcome::Hit),
        OutcomeKind::NoHit => Some(Outcome::NoHit),
        OutcomeKind::Pending => Some(Outcome::Pending),
        OutcomeKind::Refused | OutcomeKind::Unreachable | OutcomeKind::TimedOut | OutcomeKind::Failed => None,
    }
}

/// The responder's checkpoint, if it is one; a wrong one only loses its place as evidence.
fn checked(text: &str, peer: &Responder<'_>) -> Option<SignedCheckpoint> {
    let checkpoint = SignedCheckpoint::parse(text).ok()?;
    checkpoint.verify(&peer.keyring.agency, &peer.checkpoint_keys()).ok()?;
    Some(checkpoint)
}

impl NoAnswer {
    fn outcome(self) -> Outcome {
        match self {
            Self::TimedOut => Outcome::TimedOut,
            Self::Broken => Outcome::Unreachable(Failure::ConnectionLost),
            Self::Unreachable(failure) => Outcome::Unreachable(failure),
            Self::Failed(failure) => Outcome::Failed(failure),
        }
    }
}

#[cfg(test)]
mod tests;
