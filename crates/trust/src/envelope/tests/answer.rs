//! Answers: by the agency asked, to this request, as committed to, with a receipt.

use super::{SALT, commitment, context, encoded, layout, padded, seal, sealed};
use crate::envelope::{
    Answer, AnswerContext, AnswerInvalid, Attached, Context, PROTOCOL, Reply, SUITE, SealedAnswer, Verdict,
};
use crate::envelope::{Body, SealedRequest};
use crate::testing::{NOW, agency, key, sealing_key};
use crate::{Kind, PublicKey, SignatureInvalid, SigningKey, sha256};
use concord_domain::{Digest, OutcomeKind, Refusal, RequestId, SystemEntropy};
use proptest::prelude::*;

fn answer() -> Answer {
    Answer {
        verdict: Verdict::Served(OutcomeKind::Hit),
        agreement: Some(context().agreement),
        clause: Some("3.1".parse().unwrap()),
        content: b"who was found".to_vec(),
        explanation: String::new(),
        source: None,
    }
}

fn answer_context(request: &SealedRequest) -> AnswerContext {
    AnswerContext {
        protocol: PROTOCOL,
        suite: SUITE,
        request: request.digest(),
        responder: agency("gs.police.cn"),
        sealing_key: sealing_key("yn.police.cn").public().key_id(),
        created: NOW,
    }
}

/// The message keys that an agency publishes.
fn signers(name: &str) -> Vec<PublicKey> {
    vec![key(name, "message").public()]
}

fn responder_key() -> SigningKey {
    key("gs.police.cn", "message")
}

/// Gansu's answer, with a context changed by `change`.
fn answered(request: &SealedRequest, change: impl FnOnce(&mut AnswerContext)) -> SealedAnswer {
    let mut context = answer_context(request);
    change(&mut context);
    let body = answer().to_body(&SystemEntropy).unwrap();
    let to = sealing_key("yn.police.cn");
    let (receipt, entry) = (b"receipt".to_vec(), b"entry".to_vec());
    let attached = Attached { receipt, entry, checkpoint: Some("checkpoint".to_owned()) };
    SealedAnswer::seal(&body, attached, context, to.public(), &responder_key(), &SystemEntropy)
}

/// What Yunnan makes of it, having asked Gansu.
fn opened(request: &SealedRequest, answer: SealedAnswer) -> Result<Reply, AnswerInvalid> {
    answer.open(
        request,
        &agency("gs.police.cn"),
        &signers("gs.police.cn"),
        &[&sealing_key("fda.cn"), &sealing_key("yn.police.cn")],
    )
}

fn refused(change: impl FnOnce(&mut AnswerContext)) -> AnswerInvalid {
    let request = sealed(context());
    opened(&request, answered(&request, change)).unwrap_err()
}

/// What a responder signs: context, digest of the sealed body, commitment.
fn payload(context: &[u8], sealed: &[u8], commitment: Digest) -> Vec<u8> {
    encoded(|e| {
        e.array(3).unwrap().bytes(context).unwrap();
        e.encode(sha256(&[sealed])).unwrap().encode(commitment).unwrap();
    })
}

/// An answer with these opened bytes, properly signed and sealed.
fn forged(request: &SealedRequest, opened_bytes: &[u8], commitment: Digest) -> SealedAnswer {
    let body = seal(opened_bytes, request.digest().as_bytes(), sealing_key("yn.police.cn").public());
    let context = minicbor::to_vec(answer_context(request)).unwrap();
    let answer = responder_key().sign(Kind::Answer, payload(&context, &body, commitment));
    SealedAnswer { answer, sealed_body: body }
}

/// Receipt and checkpoint.
fn attached() -> Vec<u8> {
    encoded(|e| {
        e.array(3).unwrap().bytes(b"receipt").unwrap().bytes(b"entry").unwrap().null().unwrap();
    })
}

#[test]
fn an_answer_arrives() {
    let request = sealed(context());
    let reply = opened(&request, answered(&request, |_| ())).unwrap();
    assert_eq!(reply.answer, answer());
    assert_eq!(
        (
            reply.attached.receipt.as_slice(),
            reply.attached.entry.as_slice(),
            reply.attached.checkpoint.as_deref()
        ),
        (b"receipt".as_slice(), b"entry".as_slice(), Some("checkpoint"))
    );
}

#[test]
fn the_commitment_covers_salt_and_answer() {
    let request = sealed(context());
    let body = Body::from_parts(SALT, minicbor::to_vec(answer()).unwrap().into());
    let to = sealing_key("yn.police.cn");
    let context = answer_context(&request);
    let nothing = Attached { receipt: vec![], entry: vec![], checkpoint: None };
    let sealed = SealedAnswer::seal(&body, nothing, context, to.public(), &responder_key(), &SystemEntropy);
    let reply = opened(&request, sealed).unwrap();
    assert_eq!(reply.commitment, body.commitment());
    assert_eq!(reply.commitment, commitment(body.content()));
}

#[test]
fn every_verdict_survives_its_way() {
    let refusals = Refusal::ALL.iter().map(|refusal| Verdict::Refused(*refusal));
    let served = OutcomeKind::ALL.iter().map(|kind| Verdict::Served(*kind));
    for verdict in refusals.chain(served) {
        let bytes = minicbor::to_vec(verdict).unwrap();
        assert_eq!(minicbor::decode::<Verdict>(&bytes).unwrap(), verdict);
    }
}

#[test]
fn an_answer_to_another_request_does_not_pass() {
    let (one, other) = (sealed(context()), sealed(Context { id: RequestId([7; 16]), ..context() }));
    let found = opened(&one, answered(&other, |_| ()));
    assert_eq!(found.unwrap_err(), AnswerInvalid::NotForThisRequest);
    // Sealed for the other request, but signed as an answer to this one.
    let stolen = answered(&other, |_| ()).sealed_body;
    let context = minicbor::to_vec(answer_context(&one)).unwrap();
    let signed = responder_key().sign(Kind::Answer, payload(&context, &stolen, Digest([0; 32])));
    let found = opened(&one, SealedAnswer { answer: signed, sealed_body: stolen });
    assert_eq!(found.unwrap_err(), AnswerInvalid::Unreadable);
}

#[test]
fn only_the_agency_asked_answers() {
    assert_eq!(refused(|c| c.responder = agency("fda.cn")), AnswerInvalid::NotForThisRequest);
    let request = sealed(context());
    let found = answered(&request, |_| ()).open(
        &request,
        &agency("fda.cn"),
        &signers("fda.cn"),
        &[&sealing_key("yn.police.cn")],
    );
    assert_eq!(found.unwrap_err(), AnswerInvalid::Signature(SignatureInvalid::OtherKey));
}

#[test]
fn another_kind_of_signature_does_not_pass() {
    let request = sealed(context());
    let SealedAnswer { sealed_body, .. } = answered(&request, |_| ());
    let context = minicbor::to_vec(answer_context(&request)).unwrap();
    let signed = responder_key().sign(Kind::Receipt, payload(&context, &sealed_body, Digest([0; 32])));
    let found = opened(&request, SealedAnswer { answer: signed, sealed_body });
    assert_eq!(found.unwrap_err(), AnswerInvalid::Signature(SignatureInvalid::Signature));
}

#[test]
fn only_the_protocol_and_suite_that_were_asked_in() {
    assert_eq!(refused(|c| c.protocol = 2), AnswerInvalid::Malformed);
    assert_eq!(refused(|c| c.suite = 2), AnswerInvalid::Malformed);
}

#[test]
fn it_opens_with_the_key_that_was_named() {
    assert_eq!(
        refused(|c| c.sealing_key = sealing_key("gs.police.cn").public().key_id()),
        AnswerInvalid::Unreadable
    );
    assert_eq!(
        refused(|c| c.sealing_key = sealing_key("fda.cn").public().key_id()),
        AnswerInvalid::Unreadable
    );
}

#[test]
fn what_is_opened_is_whole_and_as_committed_to() {
    let request = sealed(context());
    let content = minicbor::to_vec(answer()).unwrap();
    let open = |content: &[u8], attached: Option<&[u8]>, committed: &[u8]| {
        opened(&request, forged(&request, &padded(layout(content, attached)), commitment(committed)))
    };
    let attached = attached();
    assert_eq!(open(&content, Some(&attached), &content).unwrap().answer, answer());
    let behind = |bytes: &[u8]| [bytes, &[0]].concat();
    let refused = [
        ("no receipt", open(&content, None, &content)),
        ("another commitment", open(&content, Some(&attached), b"other")),
        ("something behind the answer", open(&behind(&content), Some(&attached), &behind(&content))),
        ("something behind the receipt", open(&content, Some(&behind(&attached)), &content)),
        ("no answer", open(b"", Some(&attached), b"")),
        (
            "not padded",
            opened(&request, forged(&request, &layout(&content, Some(&attached)), commitment(&content))),
        ),
    ];
    for (what, found) in refused {
        assert_eq!(found.map(drop), Err(AnswerInvalid::Unreadable), "{what}");
    }
}

#[test]
fn nothing_stands_behind_what_was_signed() {
    let request = sealed(context());
    let SealedAnswer { sealed_body, .. } = answered(&request, |_| ());
    let context = minicbor::to_vec(answer_context(&request)).unwrap();
    let signed = |context: &[u8]| payload(context, &sealed_body, Digest([0; 32]));
    let payloads =
        [[signed(&context), vec![0]].concat(), signed(&[context.as_slice(), &[0]].concat()), vec![]];
    for payload in payloads {
        let answer = responder_key().sign(Kind::Answer, payload);
        let found = opened(&request, SealedAnswer { answer, sealed_body: sealed_body.clone() });
        assert_eq!(found.unwrap_err(), AnswerInvalid::Malformed);
    }
}

#[test]
fn an_answer_shows_nothing_of_itself() {
    let request = sealed(context());
    let reply = opened(&request, answered(&request, |_| ())).unwrap();
    let shown = format!("{reply:?} {request:?} {:?}", answer().to_body(&SystemEntropy).unwrap());
    let bytes = format!("{:?}", answer().content);
    assert!(!shown.contains("who was found") && !shown.contains(bytes.trim_matches(['[', ']'])));
}

proptest! {
    #[test]
    fn any_changed_byte_is_noticed(at in any::<prop::sample::Index>(), flip in 1u8..) {
        let request = sealed(context());
        let answer = answered(&request, |_| ());
        let (mut signed, mut body) = (answer.clone(), answer);
        let (in_signed, in_body) = (at.index(signed.answer.len()), at.index(body.sealed_body.len()));
        signed.answer[in_signed] ^= flip;
        body.sealed_body[in_body] ^= flip;
        prop_assert!(opened(&request, signed).is_err());
        prop_assert_eq!(opened(&request, body).map(drop), Err(AnswerInvalid::Malformed));
    }

    #[test]
    fn any_bytes_are_refused_in_peace(bytes in proptest::collection::vec(any::<u8>(), 0..1024)) {
        let request = sealed(context());
        let unsigned = SealedAnswer { answer: bytes.clone(), sealed_body: vec![] };
        prop_assert!(opened(&request, unsigned).is_err());
        let found = opened(&request, forged(&request, &padded(bytes.clone()), commitment(b"")));
        prop_assert_eq!(found.map(drop), Err(AnswerInvalid::Unreadable));
    }
}
