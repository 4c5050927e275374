//! What comes back is judged: only an answer with a valid receipt, under the agreement asked under, counts.

use crate::operation::Operation;
use crate::record::{Asked, Evidence};
use concord_domain::{AgencyId, Failure, Outcome, OutcomeKind};
use concord_ledger::{Entry, Event, Receipt, RequestFacts, SignedCheckpoint, leaf_hash};
use concord_trust::PublicKey;
use concord_trust::envelope::{Answer, AnswerInvalid, Attached, Reply, Verdict};

/// Who answers, with the keys that it may sign with: as they are when its answer is there, since they may have changed
/// since it was asked.
pub(super) struct Responder<'a> {
    pub(super) agency: &'a AgencyId,
    pub(super) message: Vec<PublicKey>,
    pub(super) checkpoint: Vec<PublicKey>,
}

pub(super) fn unusable(error: AnswerInvalid) -> Failure {
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
pub(super) fn judge<O: Operation>(
    reply: Reply,
    asked: &Asked,
    peer: &Responder<'_>,
) -> (Evidence, Option<O::Answer>) {
    let failed =
        |failure| (Evidence::of(Outcome::Failed(failure)).under(Some(asked.authority().clone())), None);
    let Some((receipt, mut route)) = receipt_for(&reply, asked, peer) else {
        return failed(Failure::AnswerInvalid);
    };
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
    route.push(peer.agency.clone());
    evidence.route = route;
    evidence.checkpoint = attached.checkpoint.and_then(|text| checked(&text, peer));
    (evidence, answer)
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
    let receipt = peer.message.iter().find_map(|key| Receipt::verify(receipt, peer.agency, key).ok())?;
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
            | Event::Distrusted { .. },
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
        OutcomeKind::Pending => Some(Outcome::Pending),
        OutcomeKind::Refused | OutcomeKind::Unreachable | OutcomeKind::TimedOut | OutcomeKind::Failed => None,
    }
}

/// The responder's checkpoint, if it is one; a wrong one only loses its place as evidence.
fn checked(text: &str, peer: &Responder<'_>) -> Option<SignedCheckpoint> {
    let checkpoint = SignedCheckpoint::parse(text).ok()?;
    checkpoint.verify(peer.agency, &peer.checkpoint).ok()?;
    Some(checkpoint)
}
