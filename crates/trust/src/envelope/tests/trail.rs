//! Carried requests: Yunnan asks Gansu by way of the ministry, and of the department behind it.

use super::{body, context, origin_key};
use crate::Kind;
use crate::envelope::{Context, Dispatch, Envelope, HOPS_MAX, Hop, LIFE_MAX, SealedRequest, VerifiedRequest};
use crate::testing::{NOW, agency, directory, key, sealing_key};
use concord_domain::{AgencyId, Digest, Refusal, SystemEntropy};
use proptest::prelude::*;

const ORIGIN: &str = "yn.police.cn";
const FIRST: &str = "police.cn";
const SECOND: &str = "fda.cn";
const DESTINATION: &str = "gs.police.cn";

/// One attempt, handed to `next`.
fn sent_to(next: &str) -> Envelope {
    let sealed = SealedRequest::seal(context(), &body(), sealing_key(DESTINATION).public(), &SystemEntropy);
    sealed.dispatch(Dispatch { attempt: 1, next: agency(next), sent: NOW }, &origin_key())
}

fn verified(envelope: Envelope) -> VerifiedRequest {
    envelope.verify(&directory()).unwrap()
}

fn carried(envelope: Envelope, here: &str, from: &str, next: &str) -> Result<Envelope, Refusal> {
    let request = verified(envelope);
    let carried = request.carry(&agency(here), &agency(from), NOW, &directory())?;
    Ok(carried.pass_on(&agency(here), &agency(next), NOW, &key(here, "message")))
}

/// By both carriers.
fn by_two() -> Envelope {
    let first = carried(sent_to(FIRST), FIRST, ORIGIN, SECOND).unwrap();
    carried(first, SECOND, FIRST, DESTINATION).unwrap()
}

fn arrives(envelope: Envelope, from: &str) -> Result<Vec<AgencyId>, Refusal> {
    let request = verified(envelope);
    let carriers = request.carriers();
    request.address(&agency(DESTINATION), &agency(from), NOW, &directory()).map(|_| carriers)
}

#[test]
fn a_carried_request_arrives_as_it_was_sealed() {
    let request = verified(by_two());
    let addressed = request.address(&agency(DESTINATION), &agency(SECOND), NOW, &directory()).unwrap();
    assert_eq!(addressed.carriers(), [agency(FIRST), agency(SECOND)]);
    let opened = addressed.open(&[&sealing_key(DESTINATION)]).unwrap();
    assert_eq!(opened.content(), super::CONTENT);
}

#[test]
fn a_carrier_cannot_open_it() {
    let request = verified(sent_to(FIRST));
    let carried = request.carry(&agency(FIRST), &agency(ORIGIN), NOW, &directory()).unwrap();
    assert_eq!(carried.context(), &context());
    let stolen = request.address(&agency(FIRST), &agency(ORIGIN), NOW, &directory());
    assert_eq!(stolen.map(drop), Err(Refusal::Misaddressed));
}

#[test]
fn only_by_the_one_who_signed_last() {
    assert_eq!(arrives(by_two(), SECOND), Ok(vec![agency(FIRST), agency(SECOND)]));
    for other in [ORIGIN, FIRST, "sn.police.cn"] {
        assert_eq!(arrives(by_two(), other), Err(Refusal::HopLineBroken), "{other}");
    }
}

#[test]
fn a_carrier_must_be_the_next_of_the_one_before() {
    assert_eq!(carried(sent_to(FIRST), SECOND, ORIGIN, DESTINATION).map(drop), Err(Refusal::HopLineBroken));
    let first = carried(sent_to(FIRST), FIRST, ORIGIN, SECOND).unwrap();
    assert_eq!(arrives(first.clone(), FIRST), Err(Refusal::HopLineBroken), "it was handed to another");
    assert_eq!(carried(first, SECOND, ORIGIN, DESTINATION).map(drop), Err(Refusal::HopLineBroken));
}

#[test]
fn hops_cut_out_put_in_or_swapped_are_noticed() {
    let Envelope { hops, .. } = by_two();
    let [one, two] = hops.as_slice() else { panic!("two hops") };
    let wrong = [
        vec![two.clone()],
        vec![one.clone()],
        vec![two.clone(), one.clone()],
        vec![one.clone(), one.clone(), two.clone()],
        vec![],
    ];
    for hops in wrong {
        assert_eq!(
            arrives(Envelope { hops: hops.clone(), ..by_two() }, SECOND),
            Err(Refusal::HopLineBroken),
            "{} hops",
            hops.len()
        );
    }
}

#[test]
fn hops_of_another_request_do_not_fit() {
    let hops = by_two().hops;
    assert_eq!(arrives(Envelope { hops, ..sent_to(FIRST) }, SECOND), Err(Refusal::HopLineBroken));
}

/// A hop in the name of a carrier, signed by somebody else.
fn forged_hop(before: Digest, signer: &crate::SigningKey, kind: Kind) -> Vec<u8> {
    let hop = Hop { before, carrier: agency(FIRST), next: agency(DESTINATION), at: NOW };
    signer.sign(kind, minicbor::to_vec(hop).unwrap())
}

#[test]
fn a_hop_is_signed_by_its_carrier_as_a_hop() {
    let honest = carried(sent_to(FIRST), FIRST, ORIGIN, DESTINATION).unwrap();
    let request = honest.request.clone();
    let before = crate::sha256(&[b"concord/hop-link/v1", &request]);
    let hops = |key: &crate::SigningKey, kind| Envelope {
        hops: vec![forged_hop(before, key, kind)],
        ..honest.clone()
    };
    let own = key(FIRST, "message");
    assert!(arrives(hops(&own, Kind::Hop), FIRST).is_ok());
    assert_eq!(arrives(hops(&own, Kind::Request), FIRST), Err(Refusal::HopLineBroken));
    for (name, purpose) in [(ORIGIN, "message"), (SECOND, "message"), (FIRST, "checkpoint")] {
        let forged = hops(&key(name, purpose), Kind::Hop);
        assert_eq!(arrives(forged, FIRST), Err(Refusal::HopLineBroken), "{name} {purpose}");
    }
}

#[test]
fn a_carrier_answers_for_its_predecessor() {
    let honest = carried(sent_to(FIRST), FIRST, ORIGIN, SECOND).unwrap();
    let before = crate::sha256(&[b"concord/hop-link/v1", &honest.request]);
    let hop = Hop { before, carrier: agency(FIRST), next: agency(SECOND), at: NOW };
    let forged = key(ORIGIN, "message").sign(Kind::Hop, minicbor::to_vec(hop).unwrap());
    let forged = Envelope { hops: vec![forged], ..honest };
    assert_eq!(carried(forged, SECOND, FIRST, DESTINATION).map(drop), Err(Refusal::HopLineBroken));
}

#[test]
fn nobody_is_passed_twice() {
    let back = carried(sent_to(FIRST), FIRST, ORIGIN, ORIGIN).unwrap();
    assert_eq!(carried(back, ORIGIN, FIRST, DESTINATION).map(drop), Err(Refusal::HopLoop));
    let first = carried(sent_to(FIRST), FIRST, ORIGIN, SECOND).unwrap();
    let circle = carried(first, SECOND, FIRST, FIRST).unwrap();
    assert_eq!(carried(circle, FIRST, SECOND, DESTINATION).map(drop), Err(Refusal::HopLoop));
}

#[test]
fn a_request_passes_a_few_carriers_and_no_more() {
    let mut envelope = sent_to(FIRST);
    let mut from = agency(ORIGIN);
    // Names that sign in circles: the number counts before the circle is looked at.
    let names = [FIRST, SECOND, FIRST, SECOND, FIRST];
    for (at, name) in names.iter().enumerate().take(HOPS_MAX) {
        let next = agency(names[at + 1]);
        let before = match envelope.hops.last() {
            Some(hop) => crate::sha256(&[b"concord/hop-link/v1", hop]),
            None => crate::sha256(&[b"concord/hop-link/v1", &envelope.request]),
        };
        let hop = Hop { before, carrier: agency(name), next, at: NOW };
        envelope.hops.push(key(name, "message").sign(Kind::Hop, minicbor::to_vec(hop).unwrap()));
        from = agency(name);
    }
    let request = verified(envelope.clone());
    assert_eq!(request.carry(&agency(FIRST), &from, NOW, &directory()).map(drop), Err(Refusal::HopLoop));
    envelope.hops.push(envelope.hops[0].clone());
    let request = verified(envelope);
    assert_eq!(
        request.carry(&agency(FIRST), &agency(ORIGIN), NOW, &directory()).map(drop),
        Err(Refusal::HopsTooMany)
    );
}

#[test]
fn a_carrier_takes_nothing_that_is_over() {
    let long = Context { expires: NOW.plus(LIFE_MAX).plus(super::MS), ..context() };
    let sealed = SealedRequest::seal(long, &body(), sealing_key(DESTINATION).public(), &SystemEntropy);
    let sent = sealed.dispatch(Dispatch { attempt: 1, next: agency(FIRST), sent: NOW }, &origin_key());
    assert_eq!(carried(sent, FIRST, ORIGIN, DESTINATION).map(drop), Err(Refusal::LifetimeTooLong));
    let late = verified(sent_to(FIRST));
    let after = NOW.plus(LIFE_MAX);
    assert_eq!(
        late.carry(&agency(FIRST), &agency(ORIGIN), after, &directory()).map(drop),
        Err(Refusal::Expired)
    );
}

proptest! {
    // Each case builds a federation anew: a few dozen take a second.
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn any_changed_byte_of_a_hop_is_noticed(which in 0usize..2, at in any::<prop::sample::Index>(), flip in 1u8..) {
        let mut envelope = by_two();
        let at = at.index(envelope.hops[which].len());
        envelope.hops[which][at] ^= flip;
        prop_assert!(arrives(envelope, SECOND).is_err());
    }
}
