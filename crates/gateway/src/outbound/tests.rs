//! Judging what comes back: only an answer with a valid receipt, under the agreement asked under, counts. Two ways at once
//! are in `hedging`.

mod hedging;

use super::judge::{Bench, Judged, Responder};
use crate::operation::Operation;
use crate::record::{Asked, Evidence};
use crate::testing::{
    CHECKPOINT, Echo, HERE, MESSAGE, ORIGIN, OTHER, World, agency, key, keyring, northwest, reference,
};
use concord_domain::wanted::Authority as Clause;
use concord_domain::{Digest, Failure, Outcome, OutcomeKind, Refusal, SystemEntropy};
use concord_ledger::{Checkpoint, Entry, Event, Receipt, RequestFacts, SignedCheckpoint, leaf_hash};
use concord_trust::envelope::{Answer, Attached, Opening, Principal, Reply, Source, Verdict};

/// What we asked [`ORIGIN`], and what it may send back.
struct Exchange {
    _world: World,
    asked: Asked,
}

impl Exchange {
    async fn new() -> Self {
        let world = World::new().await;
        let asked = world.asked().await;
        Self { _world: world, asked }
    }

    /// What stands in the peer's ledger about this request.
    fn facts(&self) -> RequestFacts {
        let context = self.asked.request().context();
        RequestFacts {
            id: context.id,
            digest: Some(self.asked.request().digest()),
            origin: context.origin.clone(),
            destination: context.destination.clone(),
            operation: context.operation.clone(),
            purpose: context.purpose,
            handling: context.handling,
            agreement: Some(context.agreement.clone()),
            clause: None,
            commitment: Some(self.asked.request().commitment()),
            carriers: Vec::new(),
            behalf: Vec::new(),
        }
    }

    /// The event that an honest peer records.
    fn event(&self, verdict: Verdict) -> Event {
        let request = self.facts();
        match verdict {
            Verdict::Served(outcome) => Event::Released { request, outcome, answer: COMMITMENT },
            Verdict::Refused(refusal) => Event::Refused { request, refusal },
        }
    }

    /// An answer as an honest peer gives it.
    fn reply(&self, verdict: Verdict) -> Reply {
        let Clause { agreement, clause } = self.asked.authority().clone();
        Reply {
            answer: Answer {
                verdict,
                agreement: Some(agreement),
                clause,
                content: b"hello".to_vec(),
                explanation: String::new(),
                source: None,
            },
            commitment: COMMITMENT,
            opening: Opening { salt: [0; 32], content: vec![] },
            attached: attached(self.event(verdict)),
        }
    }

    fn hit(&self) -> Reply {
        self.reply(Verdict::Served(OutcomeKind::Hit))
    }

    fn judged(&self, reply: Reply) -> (Evidence, Option<String>) {
        self.judged_beyond(reply, None)
    }

    /// The same where [`ORIGIN`] was to ask somebody in turn.
    fn judged_beyond(&self, reply: Reply, beyond: Option<&Responder<'_>>) -> (Evidence, Option<String>) {
        let read = |content: &[u8]| Echo::decode_answer(content).map(|answer| Echo::outcome(&answer));
        let keyring = keyring(ORIGIN);
        let (message, checkpoint) = (vec![keyring.message], vec![keyring.checkpoint]);
        let peer = Responder { agency: &keyring.agency, message, checkpoint };
        let bench = Bench { asked: &self.asked, peer: &peer, read: &read, beyond };
        let Judged { evidence, content, source: _ } = bench.judge(reply);
        (evidence, content.and_then(|content| Echo::decode_answer(&content)))
    }

    fn assert_failed(&self, reply: Reply, failure: Failure) {
        let (evidence, answer) = self.judged(reply);
        assert_eq!(evidence.outcome, Outcome::Failed(failure));
        assert_eq!(answer, None);
        assert_eq!((evidence.authority.as_ref(), evidence.answer), (Some(self.asked.authority()), None));
        assert!(evidence.receipt.is_none() && evidence.checkpoint.is_none());
    }
}

const COMMITMENT: Digest = Digest([9; 32]);

fn receipt(entry: &[u8]) -> Receipt {
    Receipt { ledger: agency(ORIGIN), index: 7, leaf: leaf_hash(entry), time: crate::testing::now() }
}

fn attached(event: Event) -> Attached {
    let entry = Entry { time: crate::testing::now(), event }.encode();
    let receipt = receipt(&entry).sign(&key(ORIGIN, MESSAGE));
    Attached { receipt, entry, checkpoint: Some(checkpoint(ORIGIN, ORIGIN, CHECKPOINT)) }
}

fn checkpoint(ledger: &str, by: &str, purpose: u8) -> String {
    let checkpoint = Checkpoint { ledger: agency(ledger), size: 8, root: Digest([8; 32]) };
    SignedCheckpoint::sign(checkpoint, &key(by, purpose)).to_string()
}

#[tokio::test]
async fn an_honest_answer_counts_with_all_its_evidence() {
    let exchange = Exchange::new().await;
    let sent = exchange.hit();
    let (evidence, answer) = exchange.judged(sent.clone());
    assert_eq!((evidence.outcome, answer.as_deref()), (Outcome::Hit, Some("hello")));
    assert_eq!(evidence.authority.as_ref(), Some(exchange.asked.authority()));
    assert_eq!(evidence.answer, Some(COMMITMENT));
    assert_eq!(evidence.receipt, Some((receipt(&sent.attached.entry), sent.attached.receipt)));
    assert_eq!(evidence.checkpoint.map(|c| c.to_string()), sent.attached.checkpoint);
}

#[tokio::test]
async fn an_answer_under_another_agreement_or_none_does_not_count() {
    let exchange = Exchange::new().await;
    for agreement in [Some(reference(&northwest(2))), None] {
        let mut other = exchange.hit();
        other.answer.agreement = agreement;
        exchange.assert_failed(other, Failure::AnswerInvalid);
    }
}

#[tokio::test]
async fn an_answer_without_a_valid_receipt_does_not_count() {
    let exchange = Exchange::new().await;
    for verdict in [Verdict::Served(OutcomeKind::Hit), Verdict::Refused(Refusal::NoAgreement)] {
        let honest = exchange.reply(verdict);
        let receipt = receipt(&honest.attached.entry);
        let of_another_ledger = Receipt { ledger: agency(OTHER), ..receipt.clone() };
        let of_another_leaf = Receipt { leaf: Digest([1; 32]), ..receipt.clone() };
        let wrong = [
            Vec::new(),
            b"receipt".to_vec(),
            receipt.sign(&key(OTHER, MESSAGE)),
            receipt.sign(&key(ORIGIN, CHECKPOINT)),
            of_another_ledger.sign(&key(ORIGIN, MESSAGE)),
            of_another_leaf.sign(&key(ORIGIN, MESSAGE)),
            [receipt.sign(&key(ORIGIN, MESSAGE)), vec![0]].concat(),
        ];
        for receipt in wrong {
            let attached = Attached { receipt, ..honest.attached.clone() };
            exchange.assert_failed(Reply { attached, ..honest.clone() }, Failure::AnswerInvalid);
        }
    }
}

#[tokio::test]
async fn a_receipt_over_an_entry_that_says_something_else_does_not_count() {
    let exchange = Exchange::new().await;
    let (served, refusal) = (Verdict::Served(OutcomeKind::Hit), Refusal::NoAgreement);
    let (request, answer) = (exchange.facts(), COMMITMENT);
    let others = RequestFacts { digest: Some(Digest([1; 32])), ..request.clone() };
    let strangers = RequestFacts { origin: agency(OTHER), ..request.clone() };
    let hit = OutcomeKind::Hit;
    let released = |request: &RequestFacts, outcome, answer| Event::Released {
        request: request.clone(),
        outcome,
        answer,
    };
    let refused = |request: &RequestFacts, refusal| Event::Refused { request: request.clone(), refusal };
    let wrong = [
        (served, released(&others, hit, answer)),
        (served, released(&request, OutcomeKind::NoHit, answer)),
        (served, released(&request, hit, Digest([1; 32]))),
        (served, released(&RequestFacts { digest: None, ..request.clone() }, hit, answer)),
        (served, refused(&request, refusal)),
        (served, Event::Asked { request: request.clone() }),
        (served, Event::Started { program: "concord".parse().unwrap() }),
        (Verdict::Refused(refusal), refused(&request, Refusal::Expired)),
        (Verdict::Refused(refusal), refused(&strangers, refusal)),
        (Verdict::Refused(refusal), released(&request, hit, answer)),
    ];
    for (verdict, event) in wrong {
        let reply = Reply { attached: attached(event), ..exchange.reply(verdict) };
        exchange.assert_failed(reply, Failure::AnswerInvalid);
    }
    let shared =
        Reply { attached: attached(refused(&others, refusal)), ..exchange.reply(Verdict::Refused(refusal)) };
    assert_eq!(exchange.judged(shared).0.outcome, Outcome::Refused(refusal), "refusals may share an entry");
}

#[tokio::test]
async fn a_wrong_checkpoint_only_loses_its_place_as_evidence() {
    let exchange = Exchange::new().await;
    let wrong = [
        None,
        Some("no checkpoint".to_owned()),
        Some(checkpoint(ORIGIN, OTHER, CHECKPOINT)),
        Some(checkpoint(ORIGIN, ORIGIN, MESSAGE)),
        Some(checkpoint(OTHER, ORIGIN, CHECKPOINT)),
        Some(checkpoint(OTHER, OTHER, CHECKPOINT)),
    ];
    for checkpoint in wrong {
        let honest = exchange.hit();
        let attached = Attached { checkpoint: checkpoint.clone(), ..honest.attached };
        let (evidence, answer) = exchange.judged(Reply { attached, ..honest });
        assert_eq!((evidence.outcome, answer.as_deref()), (Outcome::Hit, Some("hello")));
        assert!(evidence.checkpoint.is_none(), "{checkpoint:?}");
        assert!(evidence.receipt.is_some());
    }
}

#[tokio::test]
async fn a_responder_may_say_only_what_is_its_to_say() {
    let exchange = Exchange::new().await;
    for kind in OutcomeKind::ALL {
        for (content, amounts_to) in [("hello", OutcomeKind::Hit), ("nobody", OutcomeKind::NoHit)] {
            let mut sent = exchange.reply(Verdict::Served(*kind));
            sent.answer.content = content.into();
            if *kind == amounts_to {
                assert_eq!(exchange.judged(sent).0.outcome.kind(), amounts_to);
            } else {
                exchange.assert_failed(sent, Failure::AnswerUnreadable);
            }
        }
    }
}

#[tokio::test]
async fn content_that_cannot_be_read_is_no_answer() {
    let exchange = Exchange::new().await;
    let mut unreadable = exchange.hit();
    unreadable.answer.content = vec![0xff];
    exchange.assert_failed(unreadable, Failure::AnswerUnreadable);
}

#[tokio::test]
async fn a_refusal_keeps_its_words_without_what_misleads() {
    let exchange = Exchange::new().await;
    let mut refused = exchange.reply(Verdict::Refused(Refusal::PurposeNotGranted));
    refused.answer.explanation =
        format!("not\u{1b}[31m for\nth\u{202e}is\u{200b}{}", "x".repeat(2 * Answer::EXPLANATION_MAX));
    let (evidence, answer) = exchange.judged(refused);
    assert_eq!(evidence.outcome, Outcome::Refused(Refusal::PurposeNotGranted));
    assert_eq!(answer, None, "content beside a refusal is not looked at");
    assert!(evidence.explanation.starts_with("not[31m forthisxxx"), "{}", evidence.explanation);
    assert_eq!(evidence.explanation.chars().count(), Answer::EXPLANATION_MAX);
    let wordless = exchange.judged(exchange.reply(Verdict::Refused(Refusal::PurposeNotGranted))).0;
    assert_eq!(wordless.explanation, Refusal::PurposeNotGranted.sentence());
}

#[tokio::test]
async fn what_was_asked_under_is_not_the_responders_to_say() {
    let exchange = Exchange::new().await;
    for agreement in [Some(reference(&northwest(2))), None] {
        let mut refused = exchange.reply(Verdict::Refused(Refusal::AgreementDiffers));
        refused.answer.agreement = agreement;
        assert_eq!(exchange.judged(refused).0.authority.as_ref(), Some(exchange.asked.authority()));
    }
}

/// What [`OTHER`] would have recorded when it answered, had [`ORIGIN`] asked it on our behalf.
fn released_beyond(exchange: &Exchange) -> (RequestFacts, OutcomeKind, Digest) {
    let us = Principal { agency: agency(HERE), request: exchange.asked.request().digest() };
    let facts = RequestFacts {
        origin: agency(ORIGIN),
        destination: agency(OTHER),
        behalf: vec![us],
        ..exchange.facts()
    };
    (facts, OutcomeKind::Hit, said().commitment())
}

/// What [`OTHER`] answered.
fn said() -> Opening {
    let answer = Answer {
        verdict: Verdict::Served(OutcomeKind::Hit),
        agreement: None,
        clause: None,
        content: b"hello".to_vec(),
        explanation: String::new(),
        source: None,
    };
    Opening { salt: [3; 32], content: answer.to_body(&SystemEntropy).unwrap().content().to_vec() }
}

fn source(
    (request, outcome, answer): (RequestFacts, OutcomeKind, Digest),
    opening: Option<Opening>,
) -> Source {
    let event = Event::Released { request, outcome, answer };
    let entry = Entry { time: crate::testing::now(), event }.encode();
    let receipt = Receipt { ledger: agency(OTHER), ..receipt(&entry) }.sign(&key(OTHER, MESSAGE));
    Source { route: vec![agency(OTHER)], receipt, entry, opening }
}

#[tokio::test]
async fn a_brokers_word_counts_only_with_what_the_other_signed_about_this_very_request() {
    let exchange = Exchange::new().await;
    let theirs = keyring(OTHER);
    let (message, checkpoint) = (vec![theirs.message], vec![theirs.checkpoint]);
    let other = Responder { agency: &theirs.agency, message, checkpoint };
    let by_broker = |kind, content: &[u8], source| {
        let mut reply = exchange.reply(Verdict::Served(kind));
        (reply.answer.content, reply.answer.source) = (content.to_vec(), Some(source));
        exchange.judged_beyond(reply, Some(&other)).0.outcome
    };
    let honest = || released_beyond(&exchange);
    let (hit, no_hit) = (OutcomeKind::Hit, OutcomeKind::NoHit);
    assert_eq!(by_broker(hit, b"hello", source(honest(), Some(said()))), Outcome::Hit);
    assert_eq!(by_broker(hit, b"hel", source(honest(), None)), Outcome::Hit, "passed on in part");
    let invalid = Outcome::Failed(Failure::AnswerInvalid);
    assert_eq!(by_broker(no_hit, b"nobody", source(honest(), None)), invalid, "a hit that is kept back");
    assert_eq!(by_broker(hit, b"hullo", source(honest(), Some(said()))), invalid, "altered");
    let (mut facts, outcome, answer) = honest();
    facts.behalf[0].request = Digest([7; 32]);
    assert_eq!(
        by_broker(hit, b"hello", source((facts, outcome, answer), Some(said()))),
        invalid,
        "an old one"
    );
    let (mut facts, outcome, answer) = honest();
    facts.behalf[0].agency = agency(OTHER);
    assert_eq!(
        by_broker(hit, b"hello", source((facts, outcome, answer), Some(said()))),
        invalid,
        "for others"
    );
    let mut forged = source(honest(), Some(said()));
    forged.receipt = receipt(&forged.entry).sign(&key(ORIGIN, MESSAGE));
    assert_eq!(by_broker(hit, b"hello", forged), invalid, "signed by the broker");
}
