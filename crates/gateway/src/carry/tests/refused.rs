//! What a carrier does not carry, and what a destination does not take from one.

use super::*;
use crate::carry::{HOP_MARGIN, Lost};
use crate::deadline::Deadline;
use crate::inbound::NotServed;
use crate::testing::{
    MESSAGE, key, keyring, northwest, now, open_answer, reference, rules_blocking, rules_suspended_by,
    sealing_key,
};
use concord_agreements::{Agencies, Agreement};
use concord_domain::Refusal;
use concord_trust::envelope::{Context, Dispatch, Envelope, SealedRequest, Verdict};

fn handed_to(request: &SealedRequest, next: &str) -> Envelope {
    let origin = request.context().origin.as_str();
    request.dispatch(Dispatch { attempt: 1, next: agency(next), sent: now() }, &key(origin, MESSAGE))
}

/// The ministry's node, and a request to another under an agreement that lets nobody carry.
async fn nobody_carries() -> (World, SealedRequest) {
    let world = World::at(MINISTRY, rules(&[northwest(1)]), Mesh::default(), Lines::default()).await;
    let request = world.request(1, "hello");
    (world, request)
}

/// A request under this agreement.
fn under(world: &World, agreement: &Agreement) -> SealedRequest {
    world.seal(Context { agreement: reference(agreement), ..world.context(ORIGIN, 1) }, "hello")
}

#[tokio::test]
async fn nobody_carries_what_the_agreement_does_not_let_it_carry() {
    let (ministry, request) = nobody_carries().await;
    let handed = ministry.inbound.deliver(&agency(ORIGIN), handed_to(&request, MINISTRY), soon()).await;
    let signers = [keyring(MINISTRY).message];
    let opened = handed.unwrap().open(&request, &agency(MINISTRY), &signers, &[&sealing_key(ORIGIN)]);
    let reply = opened.unwrap();
    assert_eq!(reply.answer.verdict, Verdict::Refused(Refusal::CarryingNotGranted));
    assert!(reply.answer.explanation.contains("northwest"), "{}", reply.answer.explanation);
    let refused =
        |event: &Event| matches!(event, Event::Refused { refusal: Refusal::CarryingNotGranted, .. });
    assert!(ministry.ledger().iter().any(refused), "on the record");
    assert!(carriages(&ministry).is_empty());
}

#[tokio::test]
async fn a_copy_is_not_carried_for_somebody_else() {
    let (ministry, request) = nobody_carries().await;
    let stolen = ministry.inbound.deliver(&agency(OTHER), handed_to(&request, MINISTRY), soon()).await;
    assert!(matches!(stolen, Err(NotServed::NotFromPeer)), "{stolen:?}");
}

#[tokio::test]
async fn a_destination_takes_nothing_by_a_hop_that_is_not_permitted() {
    let ministry = Agencies::Listed(vec![MINISTRY.parse().unwrap()]);
    let by_ministry = Agreement { carriers: Some(ministry), ..carried() };
    let here =
        World::at(HERE, rules(std::slice::from_ref(&by_ministry)), Mesh::default(), Lines::default()).await;
    let request = under(&here, &by_ministry);
    let in_force = here.authority.current();
    let sent = handed_to(&request, OTHER).verify(in_force.directory()).unwrap();
    let hop = sent.carry(&agency(OTHER), &agency(ORIGIN), now(), in_force.directory()).unwrap();
    let envelope = hop.pass_on(&agency(OTHER), &agency(HERE), now(), &key(OTHER, MESSAGE));
    let answer = here.inbound.deliver(&agency(OTHER), envelope, soon()).await.unwrap();
    let received = open_answer(&request, answer);
    assert_eq!(received.verdict(), Verdict::Refused(Refusal::CarryingNotGranted));
    assert_eq!(here.echo.served(), 0);
    let Event::Refused { request, .. } = here.event_of(&received) else { panic!("a refusal") };
    assert_eq!(request.carriers, [agency(OTHER)], "the record names the hop");
}

#[tokio::test(start_paused = true)]
async fn a_carrier_that_may_not_is_passed_over_and_its_refusal_believed() {
    let scene = Scene::new().await;
    // Other rules at the ministry alone.
    scene.ministry.replacing(rules(&[Agreement { carriers: None, ..carried() }]), 2).await;
    let asked = scene.ask("hello").await;
    assert_eq!((outcome(&asked), route(&asked)), (Outcome::Hit, vec![agency(OTHER), agency(HERE)]));
    scene.mesh.leave(OTHER);
    let asked = scene.ask("hello").await;
    assert_eq!(outcome(&asked), Outcome::Unreachable(Failure::NoRoute));
    let explanation = &asked.0.evidence().explanation;
    assert!(explanation.contains("AGREEMENT_DIFFERS"), "{explanation}");
    assert!(distrusted(&scene.origin).is_empty(), "an honest refusal is nobody's misdeed");
}

#[tokio::test(start_paused = true)]
async fn a_carrier_that_the_destination_does_not_take_ends_nothing_but_that_way() {
    // Only the destination knows yet that the ministry takes no part, or is stopped.
    for rules in [rules_suspended_by, rules_blocking].map(|rules| rules(MINISTRY, &carried())) {
        let scene = Scene::new().await;
        scene.here.replacing(rules, 2).await;
        let asked = scene.ask("hello").await;
        assert_eq!((outcome(&asked), route(&asked)), (Outcome::Hit, vec![agency(OTHER), agency(HERE)]));
        let tried = (agency(MINISTRY), Outcome::Refused(Refusal::CarryingNotGranted));
        assert_eq!(asked.0.evidence().tried, [tried]);
        scene.mesh.leave(OTHER);
        assert_eq!(outcome(&scene.ask("hello").await), Outcome::Unreachable(Failure::NoRoute));
        assert_eq!(scene.here.echo.served(), 1);
        assert!(distrusted(&scene.origin).is_empty() && distrusted(&scene.here).is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_by_any_way_is_refused_once_and_for_all() {
    let scene = Scene::new().await;
    let other = Agreement { version: 2, previous: Some(reference(&carried()).digest), ..carried() };
    scene.here.replacing(rules(&[carried(), other]), 2).await;
    assert_eq!(outcome(&scene.ask("hello").await), Outcome::Refused(Refusal::AgreementDiffers));
    assert!(scene.other.ledger().is_empty(), "no other way is tried");
}

#[tokio::test]
async fn with_too_little_time_left_nothing_is_handed_on() {
    let scene = Scene::new().await;
    let request = under(&scene.here, &carried());
    let late = Deadline::after(HOP_MARGIN);
    let handed = scene.ministry.inbound.deliver(&agency(ORIGIN), handed_to(&request, MINISTRY), late).await;
    assert!(matches!(handed, Err(NotServed::Lost(Lost::TooLittleTime))), "{handed:?}");
    assert!(carriages(&scene.ministry).is_empty());
}
