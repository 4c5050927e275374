//! The way in, judged by what its origin receives and what its ledger says.

mod attempts;
mod cancelled;
mod history;
mod refused;
mod rules;

use super::*;
use crate::testing::{ORIGIN, World, agency, envelope, soon};
use concord_domain::OutcomeKind;
use concord_ledger::Event;
use concord_trust::envelope::Verdict;
use tokio::sync::Notify;

/// How many answers were released.
fn released(world: &World) -> usize {
    world.ledger().iter().filter(|event| matches!(event, Event::Released { .. })).count()
}

#[tokio::test]
async fn a_request_is_served_and_recorded() {
    let world = World::new().await;
    let request = world.request(1, "hello");
    let received = world.deliver(&request, 1).await;
    assert_eq!(received.verdict(), Verdict::Served(OutcomeKind::Hit));
    assert_eq!(received.content(), "hello #1");
    let authority = (received.reply.answer.agreement.clone(), received.reply.answer.clause.clone());
    assert_eq!(authority, (Some(request.context().agreement.clone()), Some("1".parse().unwrap())));
    let Event::Released { request: facts, outcome, answer } = world.event_of(&received) else {
        panic!("the receipt is not of a release");
    };
    assert_eq!(answer, received.reply.commitment);
    assert_eq!(outcome, OutcomeKind::Hit);
    assert_eq!((facts.digest, facts.commitment), (Some(request.digest()), Some(request.commitment())));
    assert_eq!((facts.origin, facts.clause), (agency(ORIGIN), Some("1".parse().unwrap())));
    assert_eq!(world.ledger().len(), 1);
}

#[tokio::test]
async fn what_is_not_authentic_is_neither_answered_nor_recorded() {
    let world = World::new().await;
    let (first, second) = (world.request(1, "hello"), world.request(2, "hello"));
    let swapped = Envelope { sealed_body: envelope(&second, 1).sealed_body, ..envelope(&first, 1) };
    let garbage = Envelope { request: b"garbage".to_vec(), hops: vec![], sealed_body: vec![] };
    for bad in [swapped, garbage] {
        let result = world.inbound.deliver(&agency(ORIGIN), bad, soon()).await;
        assert!(matches!(result, Err(NotServed::Invalid(_))), "{result:?}");
    }
    assert!(world.ledger().is_empty());
    assert_eq!(world.echo.served(), 0);
}

#[tokio::test]
async fn a_fault_of_ours_releases_nothing_and_may_be_tried_again() {
    let world = World::new().await;
    for (id, ask) in [(1, "fault"), (2, "long")] {
        let request = world.request(id, ask);
        for attempt in [1, 2] {
            let result = world.hand_over(&request, attempt).await;
            assert!(matches!(result, Err(NotServed::Fault(_))), "{ask}: {result:?}");
        }
    }
    assert!(world.ledger().is_empty());
    assert_eq!(world.echo.served(), 4, "nothing was remembered, so each attempt is a new one");
}
