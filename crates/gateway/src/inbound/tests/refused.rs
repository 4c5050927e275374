//! Refusals: signed, on the record, and no way to make our ledger grow at a peer's will.

use super::*;
use crate::testing::OTHER;
use concord_domain::{Handling, HandlingLevel, Purpose};
use concord_trust::envelope::SealedRequest;
use std::time::Duration;

/// Each request that a decision or the body itself speaks against, with the reason.
fn undeserving(world: &World) -> Vec<(SealedRequest, Refusal)> {
    let context = |id| world.context(ORIGIN, id);
    let unknown = "unheard".parse().unwrap();
    let requests = [
        (Context { purpose: Purpose::Research, ..context(1) }, "hello", Refusal::PurposeNotGranted),
        (
            Context {
                handling: Handling { level: HandlingLevel::Confidential, ..Handling::default() },
                ..context(2)
            },
            "hello",
            Refusal::HandlingExceeded,
        ),
        (
            Context { operation: "test.other".parse().unwrap(), ..context(3) },
            "hello",
            Refusal::OperationNotGranted,
        ),
        (
            Context {
                agreement: concord_domain::AgreementRef { id: unknown, ..context(4).agreement },
                ..context(4)
            },
            "hello",
            Refusal::AgreementUnknown,
        ),
        (context(5), "", Refusal::BodyInvalid),
    ];
    requests.into_iter().map(|(context, ask, refusal)| (world.seal(context, ask), refusal)).collect()
}

#[tokio::test]
async fn a_decided_refusal_is_recorded_and_repeated() {
    let world = World::new().await;
    let requests = undeserving(&world);
    let mut firsts = Vec::new();
    for (request, expected) in &requests {
        let received = world.deliver(request, 1).await;
        assert_eq!(received.verdict(), Verdict::Refused(*expected));
        assert!(!received.reply.answer.explanation.is_empty());
        let Event::Refused { request: facts, refusal } = world.event_of(&received) else {
            panic!("the receipt is not of a refusal");
        };
        assert_eq!((facts.digest, refusal), (Some(request.digest()), *expected));
        firsts.push(received);
    }
    assert_eq!(world.ledger().len(), requests.len());
    let world = world.restarted().await;
    for ((request, _), first) in requests.iter().zip(&firsts) {
        world.deliver(request, 2).await.is_repeat_of(first);
    }
    assert_eq!(world.ledger().len(), requests.len(), "a repeat is no new entry");
    assert_eq!(world.echo.served(), 0);
}

#[tokio::test]
async fn a_body_for_somebody_else_is_not_opened() {
    let world = World::new().await;
    let context = world.context(ORIGIN, 1);
    let body = Body::new(b"hello".to_vec(), &*world.entropy).unwrap();
    let others = crate::testing::sealing_key(OTHER);
    let misnamed = SealedRequest::seal(context.clone(), &body, others.public(), &*world.entropy);
    let received = world.deliver(&misnamed, 1).await;
    assert_eq!(received.verdict(), Verdict::Refused(Refusal::BodyUnreadable));
    let named =
        Context { id: concord_domain::RequestId([2; 16]), sealing_key: others.public().key_id(), ..context };
    let named = SealedRequest::seal(named, &body, others.public(), &*world.entropy);
    let received = world.deliver(&named, 1).await;
    assert_eq!(received.verdict(), Verdict::Refused(Refusal::SealingKeyUnknown));
}

/// An envelope whose time was over two minutes ago.
fn stale(world: &World, from: &str, id: u8) -> SealedRequest {
    let ended = crate::testing::now().minus(Duration::from_secs(120));
    let created = ended.minus(Duration::from_secs(60));
    world.seal(Context { created, expires: ended, ..world.context(from, id) }, "hello")
}

#[tokio::test]
async fn refused_envelopes_share_an_entry_for_a_minute() {
    let world = World::new().await;
    let first = world.deliver(&stale(&world, ORIGIN, 1), 1).await;
    assert_eq!(first.verdict(), Verdict::Refused(Refusal::Expired));
    world.clock.advance(Duration::from_millis(59_999));
    let second = world.deliver(&stale(&world, ORIGIN, 2), 1).await;
    assert_eq!(second.verdict(), Verdict::Refused(Refusal::Expired));
    assert_eq!(second.receipt, first.receipt);
    assert_eq!(world.ledger().len(), 1);
    world.clock.advance(Duration::from_millis(1));
    let third = world.deliver(&stale(&world, ORIGIN, 3), 1).await;
    assert_ne!(third.receipt, first.receipt);
    assert_eq!(world.ledger().len(), 2);
    let fourth = world.deliver(&stale(&world, ORIGIN, 4), 1).await;
    assert_eq!(fourth.receipt, third.receipt);
}

#[tokio::test]
async fn entries_are_shared_neither_between_origins_nor_between_reasons() {
    let world = World::new().await;
    let expired = world.deliver(&stale(&world, ORIGIN, 1), 1).await;
    let others = world.deliver(&stale(&world, OTHER, 1), 1).await;
    let misaddressed =
        world.seal(Context { destination: agency(OTHER), ..world.context(ORIGIN, 2) }, "hello");
    let misaddressed = world.deliver(&misaddressed, 1).await;
    assert_eq!(misaddressed.verdict(), Verdict::Refused(Refusal::CarryingNotGranted));
    let entries: std::collections::BTreeSet<_> =
        [&expired, &others, &misaddressed].map(|received| received.receipt.index).into();
    assert_eq!(entries.len(), 3);
}

#[tokio::test]
async fn an_envelope_handed_over_by_another_says_nothing_of_its_origin() {
    let world = World::new().await;
    let request = world.request(1, "hello");
    let result = world.inbound.deliver(&agency(OTHER), envelope(&request, 1), soon()).await;
    assert!(matches!(result, Err(NotServed::NotFromPeer)), "{result:?}");
    assert_eq!(world.deliver(&request, 1).await.content(), "hello #1", "and leaves no trace on the request");
    let told = world.ledger().into_iter().filter_map(|event| {
        let Event::Distrusted { peer, reason, request } = event else { return None };
        Some((peer, reason.to_string(), request))
    });
    let told: Vec<_> = told.collect();
    assert_eq!(told, [(agency(OTHER), "HOP_LINE_BROKEN".to_owned(), None)], "but on the one who did it");
}

#[tokio::test]
async fn a_clock_that_was_set_back_lets_nothing_in_again() {
    let world = World::new().await;
    world.clock.advance(Duration::from_secs(300));
    world.deliver(&stale(&world, ORIGIN, 1), 1).await;
    let world = world.restarted_at(crate::testing::now()).await;
    let late = world.deliver(&world.request(2, "hello"), 1).await;
    assert_eq!(
        late.verdict(),
        Verdict::Refused(Refusal::Expired),
        "it ended four minutes before our newest entry"
    );
}

#[tokio::test]
async fn a_flood_of_refused_requests_shares_entries() {
    let world = World::new().await;
    let context = |id| Context { purpose: Purpose::Research, ..world.context(ORIGIN, id) };
    for id in 0..80 {
        let received = world.deliver(&world.seal(context(id), "hello"), 1).await;
        assert_eq!(received.verdict(), Verdict::Refused(Refusal::PurposeNotGranted));
    }
    assert_eq!(world.ledger().len(), 60);
    world.clock.advance(Duration::from_secs(60));
    let later = Context {
        created: world.clock.now(),
        expires: world.clock.now().plus(Duration::from_secs(9)),
        ..context(99)
    };
    world.deliver(&world.seal(later, "hello"), 1).await;
    assert_eq!(world.ledger().len(), 61);
}
