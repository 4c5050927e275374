//! Requests: who signed, for whom, when, and whether the body is the one that was signed.

use super::{
    CONTENT, MS, body, commitment, context, dispatch, envelope, forged, layout, origin_key, padded, payload,
    seal, sealed,
};
use crate::envelope::{
    AddressedRequest, Body, CLOCK_SKEW_MAX, Context, Dispatch, Envelope, EnvelopeInvalid, LIFE_MAX,
    SealedRequest, VerifiedRequest,
};
use crate::testing::{DAY, NOW, agency, directory, directory_with, key, keyring, sealing_key};
use crate::{Kind, SignatureInvalid};
use concord_domain::{Refusal, RequestId, SystemEntropy, Timestamp};
use proptest::prelude::*;

fn verified(context: Context) -> VerifiedRequest {
    envelope(context).verify(&directory()).unwrap()
}

fn addressed(request: &VerifiedRequest, now: Timestamp) -> Result<AddressedRequest<'_>, Refusal> {
    request.address(&agency("gs.police.cn"), &agency("yn.police.cn"), now, &directory())
}

/// What Gansu says of Yunnan's request at `now`.
fn judged(change: impl FnOnce(&mut Context), now: Timestamp) -> Result<(), Refusal> {
    let mut context = context();
    change(&mut context);
    addressed(&verified(context), now).map(drop)
}

fn opened(envelope: Envelope) -> Result<Body, Refusal> {
    let request = envelope.verify(&directory()).unwrap();
    addressed(&request, NOW).unwrap().open(&[&sealing_key("fda.cn"), &sealing_key("gs.police.cn")])
}

fn invalid(envelope: Envelope) -> EnvelopeInvalid {
    envelope.verify(&directory()).unwrap_err()
}

#[test]
fn a_request_arrives() {
    let sealed = sealed(context());
    let request = sealed.dispatch(dispatch(1), &origin_key()).verify(&directory()).unwrap();
    assert_eq!(request.context(), &context());
    assert_eq!(request.dispatch(), &dispatch(1));
    assert_eq!((request.digest(), request.commitment()), (sealed.digest(), sealed.commitment()));
    let body = addressed(&request, NOW).unwrap().open(&[&sealing_key("gs.police.cn")]).unwrap();
    assert_eq!((body.content(), body.commitment()), (CONTENT, sealed.commitment()));
}

#[test]
fn only_the_protocol_and_suite_spoken_here() {
    assert_eq!(judged(|c| c.protocol = 2, NOW), Err(Refusal::ProtocolUnsupported));
    assert_eq!(judged(|c| c.suite = 0, NOW), Err(Refusal::ProtocolUnsupported));
}

#[test]
fn only_for_this_agency_and_from_the_origin_itself() {
    assert_eq!(judged(|c| c.destination = agency("fda.cn"), NOW), Err(Refusal::Misaddressed));
    let request = verified(context());
    let (here, origin, other) = (agency("gs.police.cn"), agency("yn.police.cn"), agency("fda.cn"));
    assert_eq!(request.address(&here, &other, NOW, &directory()).map(drop), Err(Refusal::HopLineBroken));
    assert_eq!(request.address(&other, &origin, NOW, &directory()).map(drop), Err(Refusal::Misaddressed));
    let elsewhere = Dispatch { next: other, ..dispatch(1) };
    let request = sealed(context()).dispatch(elsewhere, &origin_key()).verify(&directory()).unwrap();
    assert_eq!(addressed(&request, NOW).map(drop), Err(Refusal::HopLineBroken));
}

#[test]
fn a_life_of_ten_minutes_at_most() {
    assert_eq!(judged(|c| c.expires = NOW.plus(LIFE_MAX), NOW), Ok(()));
    assert_eq!(judged(|c| c.expires = NOW.plus(LIFE_MAX + MS), NOW), Err(Refusal::LifetimeTooLong));
    assert_eq!(judged(|c| c.expires = NOW.minus(MS), NOW), Err(Refusal::LifetimeTooLong));
    let for_ever = Timestamp::from_millis(u64::MAX);
    assert_eq!(judged(|c| c.expires = for_ever, NOW), Err(Refusal::LifetimeTooLong));
    assert_eq!(judged(|c| (c.created, c.expires) = (for_ever, for_ever), NOW), Err(Refusal::NotYetValid));
}

#[test]
fn clocks_may_differ_by_the_skew_and_no_more() {
    let early = NOW.minus(CLOCK_SKEW_MAX);
    assert_eq!(judged(|_| (), early), Ok(()));
    assert_eq!(judged(|_| (), early.minus(MS)), Err(Refusal::NotYetValid));
    let late = context().expires.plus(CLOCK_SKEW_MAX);
    assert_eq!(judged(|_| (), late.minus(MS)), Ok(()));
    assert_eq!(judged(|_| (), late), Err(Refusal::Expired));
}

#[test]
fn a_stale_keyring_signs_nothing() {
    let judged = |issued: Timestamp, expires: Timestamp| {
        let stale = crate::Keyring { issued, expires, ..keyring("yn.police.cn") };
        let request = envelope(context()).verify(&directory_with(&[stale])).unwrap();
        addressed(&request, NOW).map(drop)
    };
    let (issued, expires) = (NOW.minus(DAY), NOW.plus(DAY));
    assert_eq!(judged(issued, NOW.minus(CLOCK_SKEW_MAX).plus(MS)), Ok(()));
    assert_eq!(judged(issued, NOW.minus(CLOCK_SKEW_MAX)), Err(Refusal::KeyringStale));
    assert_eq!(judged(NOW.plus(CLOCK_SKEW_MAX), expires), Ok(()));
    assert_eq!(judged(NOW.plus(CLOCK_SKEW_MAX + MS), expires), Err(Refusal::KeyringStale), "issued ahead");
}

#[test]
fn the_body_opens_with_the_key_that_was_named() {
    let theirs = sealing_key("fda.cn");
    let request = verified(context());
    let open = addressed(&request, NOW).unwrap().open(&[&theirs]);
    assert_eq!(open.map(drop), Err(Refusal::SealingKeyUnknown));
    // Sealed to one key, but naming another of ours.
    let lies = Context { sealing_key: theirs.public().key_id(), ..context() };
    assert_eq!(opened(envelope(lies)).map(drop), Err(Refusal::BodyUnreadable));
}

#[test]
fn the_body_of_another_request_does_not_pass() {
    let (one, other) = (envelope(context()), envelope(Context { id: RequestId([7; 16]), ..context() }));
    let swapped = Envelope { request: one.request, hops: vec![], sealed_body: other.sealed_body.clone() };
    assert_eq!(invalid(swapped), EnvelopeInvalid::BodySwapped);
    // Signed by a malicious origin as if it were its own: the context is not the one that the body was sealed with.
    let bytes = minicbor::to_vec(context()).unwrap();
    let signed = payload(&bytes, &other.sealed_body, commitment(CONTENT));
    assert_eq!(opened(forged(signed, other.sealed_body)).map(drop), Err(Refusal::BodyUnreadable));
}

#[test]
fn what_is_opened_is_what_was_committed_to() {
    let bytes = minicbor::to_vec(context()).unwrap();
    let to = sealing_key("gs.police.cn");
    let open = |opened_bytes: &[u8], content: &[u8]| {
        let body = seal(opened_bytes, &bytes, to.public());
        opened(forged(payload(&bytes, &body, commitment(content)), body))
    };
    let good = padded(layout(CONTENT, None));
    assert_eq!(open(&good, CONTENT).unwrap().content(), CONTENT);
    assert_eq!(open(&good, b"another content").map(drop), Err(Refusal::CommitmentMismatch));
    assert_eq!(open(&layout(CONTENT, None), CONTENT).map(drop), Err(Refusal::BodyUnreadable), "not padded");
    let hidden = [&good[..good.len() - 1], b"x"].concat();
    assert_eq!(open(&hidden, CONTENT).map(drop), Err(Refusal::BodyUnreadable), "hidden in the padding");
    assert_eq!(open(&[0xff; 1 << 10], CONTENT).map(drop), Err(Refusal::BodyUnreadable), "no layout");
}

#[test]
fn the_origin_is_who_signed() {
    let by = |key| sealed(context()).dispatch(dispatch(1), &key);
    assert_eq!(invalid(by(key("fda.cn", "message"))), EnvelopeInvalid::OriginMismatch);
    assert_eq!(invalid(by(key("stranger", "message"))), EnvelopeInvalid::KeyUnknown);
    assert_eq!(invalid(by(key("yn.police.cn", "checkpoint"))), EnvelopeInvalid::KeyUnknown);
    assert_eq!(invalid(by(key("yn.police.cn", "root"))), EnvelopeInvalid::KeyUnknown);
}

#[test]
fn a_copied_public_key_makes_nobody_else() {
    let copier = crate::Keyring { message: origin_key().public(), ..keyring("fda.cn") };
    let directory = directory_with(&[copier]);
    let request = envelope(context()).verify(&directory).unwrap();
    assert_eq!(request.context().origin, agency("yn.police.cn"));
    let by_copier = sealed(context()).dispatch(dispatch(1), &key("fda.cn", "message"));
    assert_eq!(by_copier.verify(&directory).unwrap_err(), EnvelopeInvalid::KeyUnknown);
    let third = envelope(Context { origin: agency("police.cn"), ..context() });
    assert_eq!(third.verify(&directory).unwrap_err(), EnvelopeInvalid::OriginMismatch);
}

#[test]
fn another_kind_of_signature_does_not_pass() {
    let bytes = minicbor::to_vec(context()).unwrap();
    for kind in [Kind::Answer, Kind::Receipt, Kind::Agreement, Kind::Keyring, Kind::Card, Kind::Charter] {
        let request = origin_key().sign(kind, payload(&bytes, b"body", commitment(CONTENT)));
        let envelope = Envelope { request, hops: vec![], sealed_body: b"body".to_vec() };
        assert_eq!(invalid(envelope), EnvelopeInvalid::Signature(SignatureInvalid::Signature), "{kind:?}");
    }
    let detached = origin_key().sign_detached(Kind::Request, b"");
    let envelope = Envelope { request: detached, hops: vec![], sealed_body: vec![] };
    assert_eq!(invalid(envelope), EnvelopeInvalid::Signature(SignatureInvalid::Malformed));
}

#[test]
fn nothing_stands_behind_what_was_signed() {
    let bytes = minicbor::to_vec(context()).unwrap();
    let signed = |context: &[u8]| payload(context, b"body", commitment(CONTENT));
    assert!(forged(signed(&bytes), b"body".to_vec()).verify(&directory()).is_ok());
    let behind_payload = [signed(&bytes), vec![0]].concat();
    let behind_context = signed(&[bytes.as_slice(), &[0]].concat());
    for payload in [behind_payload, behind_context, vec![], signed(b""), b"\x80".to_vec()] {
        assert_eq!(invalid(forged(payload, b"body".to_vec())), EnvelopeInvalid::Malformed);
    }
}

#[test]
fn attempts_share_a_digest_and_requests_do_not() {
    let one = sealed(context());
    let digest =
        |attempt| one.dispatch(dispatch(attempt), &origin_key()).verify(&directory()).unwrap().digest();
    assert_eq!(digest(1), digest(2));
    assert_ne!(one.digest(), sealed(context()).digest(), "another salt");
    let content = body();
    let seal = |context| {
        SealedRequest::seal(context, &content, sealing_key("gs.police.cn").public(), &SystemEntropy)
    };
    assert_ne!(seal(context()).digest(), seal(context()).digest(), "sealed anew");
    assert_eq!(seal(context()).commitment(), seal(context()).commitment());
}

/// The rules of time as DESIGN states them, in milliseconds and without saturation.
fn in_time(created: i128, expires: i128, now: i128) -> bool {
    let (life, skew) = (600_000, 60_000);
    let lived = expires - created;
    (0..=life).contains(&lived) && created <= now + skew && now < expires + skew
}

proptest! {
    #[test]
    fn any_time_is_judged_by_the_same_rule(created in -700_000i64..700_000, life in -1_000i64..700_000, now in -700_000i64..700_000) {
        let at = |offset: i64| Timestamp::from_millis(NOW.as_millis().checked_add_signed(offset).unwrap());
        let (from, until) = (at(created), at(created + life));
        let accepted = judged(|c| (c.created, c.expires) = (from, until), at(now)).is_ok();
        prop_assert_eq!(accepted, in_time(created.into(), (created + life).into(), now.into()));
    }

    #[test]
    fn any_changed_byte_of_the_signed_part_is_noticed(at in any::<prop::sample::Index>(), flip in 1u8..) {
        let mut altered = envelope(context());
        let at = at.index(altered.request.len());
        altered.request[at] ^= flip;
        prop_assert!(altered.verify(&directory()).is_err());
    }

    #[test]
    fn any_changed_byte_of_the_body_is_noticed(at in any::<prop::sample::Index>(), flip in 1u8..) {
        let mut altered = envelope(context());
        let at = at.index(altered.sealed_body.len());
        altered.sealed_body[at] ^= flip;
        prop_assert_eq!(invalid(altered), EnvelopeInvalid::BodySwapped);
    }

    #[test]
    fn any_bytes_are_refused_in_peace(request in proptest::collection::vec(any::<u8>(), 0..200), sealed_body in proptest::collection::vec(any::<u8>(), 0..50)) {
        let unsigned = Envelope { request: request.clone(), hops: vec![], sealed_body: sealed_body.clone() };
        prop_assert!(unsigned.verify(&directory()).is_err());
        prop_assert_eq!(invalid(forged(request, sealed_body)), EnvelopeInvalid::Malformed);
    }
}
