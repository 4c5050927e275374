//! What is asked is concluded on the record exactly once, however the asking ends.

use super::*;
use crate::testing::{HERE, ORIGIN, World, agency, northwest, reference};
use concord_domain::{Digest, Failure, Outcome, OutcomeKind, Refusal};
use concord_ledger::SignedCheckpoint;
use std::pin::pin;
use std::task::Poll;

/// Outcome and reason of each conclusion.
fn conclusions(world: &World) -> Vec<(OutcomeKind, Option<String>)> {
    let concluded = world.ledger().into_iter().filter(|event| event.name() == "concluded");
    concluded.map(|event| (event.outcome().unwrap(), event.reason().map(str::to_owned))).collect()
}

/// Lets the store's writer do what is queued.
async fn settle(world: &World) {
    let nothing = Write { name: "settle", guards: vec![], changes: vec![], entries: vec![] };
    world.store.submit(nothing).await.unwrap();
}

fn cancelled() -> (OutcomeKind, Option<String>) {
    (OutcomeKind::Failed, Some("CANCELLED".to_owned()))
}

#[tokio::test]
async fn asking_is_on_the_record_first() {
    let world = World::new().await;
    let asked = world.asked().await;
    let [Event::Asked { request }] = &world.ledger()[..] else { panic!("{:?}", world.ledger()) };
    assert_eq!(request.digest, Some(asked.request().digest()));
    assert_eq!(request.commitment, Some(asked.request().commitment()));
    assert_eq!(request.agreement, Some(reference(&northwest(1))));
    assert_eq!((request.id, request.clause.clone()), (asked.id(), Some("1".parse().unwrap())));
    assert_eq!(asked.authority().clause, request.clause);
}

#[tokio::test]
async fn a_dropped_request_is_concluded_as_cancelled() {
    let world = World::new().await;
    drop(world.asked().await);
    settle(&world).await;
    assert_eq!(conclusions(&world), [cancelled()]);
    assert_eq!(world.ledger().len(), 2);
}

#[tokio::test]
async fn a_concluded_request_is_concluded_once() {
    let world = World::new().await;
    let asked = world.asked().await;
    let mut evidence = Evidence::of(Outcome::NoHit);
    evidence.answer = Some(Digest([3; 32]));
    let concluded = world.inbound.recorder.conclude(asked, evidence).await.unwrap();
    settle(&world).await;
    assert_eq!(conclusions(&world), [(OutcomeKind::NoHit, None)]);
    assert_eq!(concluded.evidence().outcome, Outcome::NoHit);
    let record = concluded.record();
    let stored = world.store.entries(record.index, 1).unwrap().remove(0);
    assert_eq!((record.ledger.clone(), record.leaf), (agency(HERE), stored.leaf));
}

#[tokio::test]
async fn given_up_while_it_is_recorded_it_is_concluded_once() {
    for polls in 0..3 {
        let world = World::new().await;
        let (permit, request) = world.question();
        {
            let mut asking = pin!(world.inbound.recorder.asked(permit, request, (&[], None), 1));
            for _ in 0..polls {
                let polled =
                    std::future::poll_fn(|cx| Poll::Ready(asking.as_mut().poll(cx).is_ready())).await;
                assert!(!polled, "the writer had no chance to run");
            }
        }
        settle(&world).await;
        let (events, expected) = (world.ledger(), if polls == 0 { 0 } else { 1 });
        assert_eq!(events.iter().filter(|event| event.name() == "asked").count(), expected);
        assert_eq!(conclusions(&world), vec![cancelled(); expected]);
    }
}

#[tokio::test]
async fn given_up_while_it_is_concluded_it_is_concluded_once() {
    for polls in 0..3 {
        let world = World::new().await;
        let asked = world.asked().await;
        {
            let mut concluding =
                pin!(world.inbound.recorder.conclude(asked, Evidence::of(Outcome::TimedOut)));
            for _ in 0..polls {
                let polled =
                    std::future::poll_fn(|cx| Poll::Ready(concluding.as_mut().poll(cx).is_ready())).await;
                assert!(!polled, "the writer had no chance to run");
            }
        }
        settle(&world).await;
        let expected = if polls == 0 { cancelled() } else { (OutcomeKind::TimedOut, None) };
        assert_eq!(conclusions(&world), [expected], "{polls} polls");
    }
}

#[tokio::test]
async fn under_rules_that_ended_nothing_is_asked() {
    let world = World::new().await;
    let (permit, request) = world.question();
    world.replacing(crate::testing::rules(&[]), 2).await;
    let result = world.inbound.recorder.asked(permit, request, (&[], None), 1).await;
    assert!(matches!(result, Err(NotRecorded::RulesChanged)), "{result:?}");
    settle(&world).await;
    assert!(world.ledger().is_empty());
}

#[tokio::test]
async fn what_was_never_sent_is_recorded_as_what_it_is() {
    let world = World::new().await;
    let facts = facts_of(world.question().1.context());
    let recorder = &world.inbound.recorder;
    for outcome in [Outcome::Refused(Refusal::NoAgreement), Outcome::Unreachable(Failure::NoEndpoint)] {
        let concluded = recorder.conclude_unsent(facts.clone(), Evidence::of(outcome)).await.unwrap();
        assert_eq!(concluded.evidence().outcome, outcome);
    }
    let names: Vec<_> = world.ledger().iter().map(|event| (event.name(), event.outcome())).collect();
    let expected = [("refused", Some(OutcomeKind::Refused)), ("concluded", Some(OutcomeKind::Unreachable))];
    assert_eq!(names, expected);
}

#[tokio::test]
async fn a_peers_checkpoint_is_kept_with_the_conclusion() {
    use crate::testing::{CHECKPOINT, key};
    let world = World::new().await;
    let checkpoint = |size| {
        let claim = concord_ledger::Checkpoint { ledger: agency(ORIGIN), size, root: Digest([1; 32]) };
        SignedCheckpoint::sign(claim, &key(ORIGIN, CHECKPOINT))
    };
    for size in [5, 3] {
        let evidence = Evidence { checkpoint: Some(checkpoint(size)), ..Evidence::of(Outcome::Hit) };
        let asked = world.asked().await;
        let _concluded = world.inbound.recorder.conclude(asked, evidence).await.unwrap();
    }
    let kept = world.store.peer_checkpoint(&agency(ORIGIN)).unwrap().unwrap();
    assert_eq!((kept.size, kept.note), (5, checkpoint(5).to_string()));
}
