//! What comes back is judged: only an answer with a valid receipt, under the agreement asked under, counts.

use super::Continued;
use crate::record::{Asked, Evidence};
use concord_domain::{AgencyId, Failure, Outcome, OutcomeKind};
use concord_ledger::{Entry, Event, Receipt, RequestFacts, SignedCheckpoint, leaf_hash};
use concord_trust::PublicKey;
use concord_trust::envelope::{Answer, AnswerInvalid, Attached, Pending, Principal, Reply, Source, Verdict};

/// Who answers, with the keys that it may sign with: as they are when its answer is there, since they may have changed
/// since it was asked.
pub(super) struct Responder<'a> {
    pub(super) agency: &'a AgencyId,
    pub(super) message: Vec<PublicKey>,
    pub(super) checkpoint: Vec<PublicKey>,
}

impl Responder<'_> {
    /// The receipt, if it is this agency's.
    fn receipt(&self, signed: &[u8]) -> Option<Receipt> {
        self.message.iter().find_map(|key| Receipt::verify(signed, self.agency, key).ok())
    }
}

pub(super) fn unusable(error: AnswerInvalid) -> Failure {
    match error {
        AnswerInvalid::Signature(_) | AnswerInvalid::Malformed | AnswerInvalid::NotForThisRequest => {
            Failure::AnswerInvalid
        }
        AnswerInvalid::Unreadable => Failure::AnswerUnreadable,
    }
}

/// What an answer comes to.
pub(super) struct Judged {
    pub(super) evidence: Evidence,
    /// The service's answer.
    pub(super) content: Option<Vec<u8>>,
    /// Where it is from, for those to whom it is passed on.
    pub(super) source: Option<Source>,
}

/// By what an answer is judged.
#[derive(Clone, Copy)]
pub(super) struct Bench<'a> {
    pub(super) asked: &'a Asked,
    /// The agency that answers.
    pub(super) peer: &'a Responder<'a>,
    /// What an answer amounts to; `None` if the content is no answer.
    pub(super) read: &'a (dyn Fn(&[u8]) -> Option<OutcomeKind> + Send + Sync),
    /// Whom the peer was to ask in turn.
    pub(super) beyond: Option<&'a Responder<'a>>,
}

impl Bench<'_> {
    /// Turns a verified reply into evidence. An answer without a valid receipt over an entry about this very request
    /// does not count: the responder may not have put it on its record. Nor does one under another agreement than was
    /// asked, nor one whose outcome and content contradict each other, nor a broker's without the receipt of the agency
    /// that it has it from.
    pub(super) fn judge(&self, reply: Reply) -> Judged {
        self.counts(reply).unwrap_or_else(|failure| {
            let evidence = Evidence::of(Outcome::Failed(failure)).under(Some(self.asked.authority().clone()));
            Judged { evidence, content: None, source: None }
        })
    }

    fn counts(&self, reply: Reply) -> Result<Judged, Failure> {
        let Self { asked, peer, .. } = *self;
        let (receipt, mut route) = receipt_for(&reply, asked, peer).ok_or(Failure::AnswerInvalid)?;
        route.push(peer.agency.clone());
        let Reply { answer, commitment, opening, attached } = reply;
        let Answer { verdict, agreement, clause: _, content, explanation, source } = answer;
        let mut pending = None;
        let (outcome, content) = match verdict {
            Verdict::Refused(refusal) => (Outcome::Refused(refusal), None),
            Verdict::Served(_) if agreement.as_ref() != Some(&asked.authority().agreement) => {
                return Err(Failure::AnswerInvalid);
            }
            Verdict::Served(kind) => match (self.beyond, unanswered(kind)) {
                (Some(_), Some(Outcome::Pending)) => {
                    let asked = self.asked.request().context().created;
                    let waits = Pending::decode(&content).filter(|waits| waits.until > asked);
                    let Pending { reference, until } = waits.ok_or(Failure::AnswerUnreadable)?;
                    pending = Some((Continued { broker: peer.agency.clone(), reference }, until));
                    (Outcome::Pending, None)
                }
                (Some(_), Some(outcome)) => (outcome, None),
                _ => (self.served(kind, &content)?, Some(content)),
            },
        };
        let beyond = self.beyond.filter(|_| content.is_some());
        let source = match (beyond, source) {
            (Some(onward), Some(source)) => {
                let source = self.attested(source, onward, outcome, content.as_deref())?;
                route.extend(source.route.iter().cloned());
                Some(source)
            }
            (Some(_), None) => return Err(Failure::AnswerInvalid),
            (None, _) => content.is_some().then(|| Source {
                route: Vec::new(),
                receipt: attached.receipt.clone(),
                entry: attached.entry.clone(),
                opening: Some(opening),
            }),
        };
        let mut evidence = Evidence::of(outcome).under(Some(asked.authority().clone()));
        if matches!(outcome, Outcome::Refused(_)) && !explanation.is_empty() {
            evidence.explanation = shown(&explanation);
        }
        if beyond.is_some() && source.as_ref().is_some_and(|source| source.opening.is_none()) {
            evidence.explanation = REDACTED.to_owned();
        }
        if let Some((Continued { broker, .. }, until)) = &pending {
            evidence.explanation = format!("waits with {broker} for an officer's decision, until {until}");
        }
        evidence.pending = pending;
        evidence.answer = Some(commitment);
        evidence.receipt = Some((receipt, attached.receipt));
        evidence.checkpoint = attached.checkpoint.and_then(|text| checked(&text, peer));
        let source = source.map(|source| Source { route: route.clone(), ..source });
        evidence.route = route;
        Ok(Judged { evidence, content, source })
    }

    fn served(&self, kind: OutcomeKind, content: &[u8]) -> Result<Outcome, Failure> {
        match (served(kind), (self.read)(content)) {
            (Some(outcome), Some(read)) if read == kind => Ok(outcome),
            _ => Err(Failure::AnswerUnreadable),
        }
    }

    /// The source of a broker's answer, if the agency asked in the end signed for it: an entry that it answered this very
    /// request of ours, by way of those brokers, with this outcome, and, unless a broker had to leave something out, with
    /// the very content that we got.
    fn attested(
        &self,
        source: Source,
        onward: &Responder<'_>,
        outcome: Outcome,
        content: Option<&[u8]>,
    ) -> Result<Source, Failure> {
        let receipt = onward.receipt(&source.receipt).ok_or(Failure::AnswerInvalid)?;
        let entry = Entry::decode(&source.entry).map_err(|_| Failure::AnswerInvalid)?;
        let Event::Released { request, outcome: said, answer } = entry.event else {
            return Err(Failure::AnswerInvalid);
        };
        let us = Principal {
            agency: self.asked.request().context().origin.clone(),
            request: self.asked.request().digest(),
        };
        let ours = request.behalf.contains(&us) && said == outcome.kind();
        let last = source.route.last() == Some(onward.agency) && request.destination == *onward.agency;
        if leaf_hash(&source.entry) != receipt.leaf || !ours || !last {
            return Err(Failure::AnswerInvalid);
        }
        let unaltered = source.opening.as_ref().is_none_or(|opening| {
            let said = opening.answer().map(|answer| answer.content);
            opening.commitment() == answer && said.as_deref() == content
        });
        if unaltered { Ok(source) } else { Err(Failure::AnswerInvalid) }
    }
}

/// What is said of an answer of which a broker had to leave something out.
const REDACTED: &str = "passed on in part: a broker's own agreement discloses less";

/// What a broker may say besides an answer: that it got none that counts, or that there is none yet.
fn unanswered(kind: OutcomeKind) -> Option<Outcome> {
    match kind {
        OutcomeKind::Unreachable => Some(Outcome::Unreachable(Failure::BeyondBroker)),
        OutcomeKind::Failed => Some(Outcome::Failed(Failure::BeyondBroker)),
        OutcomeKind::TimedOut => Some(Outcome::TimedOut),
        OutcomeKind::Pending => Some(Outcome::Pending),
        OutcomeKind::Hit | OutcomeKind::NoHit | OutcomeKind::Refused => None,
    }
}

/// The receipt, if it is the responder's, over the entry that came with it, and that entry says what the answer says. A
/// refusal may share an earlier entry for the same reason. With it come the carriers that the request passed on its way
/// to the responder, as its ledger has them.
pub(super) fn receipt_for(
    reply: &Reply,
    asked: &Asked,
    peer: &Responder<'_>,
) -> Option<(Receipt, Vec<AgencyId>)> {
    let Attached { receipt, entry, checkpoint: _ } = &reply.attached;
    let receipt = peer.receipt(receipt)?;
    if leaf_hash(entry) != receipt.leaf {
        return None;
    }
    let event = Entry::decode(entry).ok()?.event;
    let ours = |request: &RequestFacts| request.digest == Some(asked.request().digest());
    let (says_so, request) = match (event, reply.answer.verdict) {
        (Event::Released { request, outcome, answer }, Verdict::Served(kind)) => {
            (ours(&request) && outcome == kind && answer == reply.commitment, request)
        }
        (Event::Refused { request, refusal }, Verdict::Refused(said)) => {
            (refusal == said && request.origin == asked.request().context().origin, request)
        }
        (
            Event::Released { .. }
            | Event::Refused { .. }
            | Event::Asked { .. }
            | Event::Concluded { .. }
            | Event::Imported { .. }
            | Event::Started { .. }
            | Event::Adopted { .. }
            | Event::RollbackAccepted { .. }
            | Event::Carried { .. }
            | Event::Distrusted { .. }
            | Event::Vetted { .. },
            _,
        ) => return None,
    };
    // A shared entry is about another request, which may have come by another way.
    let carriers = if ours(&request) { request.carriers } else { Vec::new() };
    says_so.then_some((receipt, carriers))
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
        OutcomeKind::Pending
        | OutcomeKind::Refused
        | OutcomeKind::Unreachable
        | OutcomeKind::TimedOut
        | OutcomeKind::Failed => None,
    }
}

/// The responder's checkpoint, if it is one; a wrong one only loses its place as evidence.
fn checked(text: &str, peer: &Responder<'_>) -> Option<SignedCheckpoint> {
    let checkpoint = SignedCheckpoint::parse(text).ok()?;
    checkpoint.verify(peer.agency, &peer.checkpoint).ok()?;
    Some(checkpoint)
}
