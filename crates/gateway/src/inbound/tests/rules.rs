//! Rules that change while a request is being served.

use super::*;
use crate::lines::Lines;
use crate::testing::{HERE, Mesh, northwest, now, reference, rules};
use concord_agreements::Agreement;
use std::time::Duration;

#[tokio::test]
async fn under_new_rules_a_request_is_decided_again() {
    let world = World::new().await;
    world.echo.meanwhile(world.replacing(rules(&[northwest(1)]), 2));
    let received = world.deliver(&world.request(1, "hello"), 1).await;
    assert_eq!(received.content(), "hello #2", "the first answer was not released");
    assert_eq!(released(&world), 1);
    assert_eq!(world.store.head().unwrap().epoch, 2);
}

#[tokio::test]
async fn nothing_is_released_under_rules_that_ended() {
    let world = World::new().await;
    world.echo.meanwhile(world.replacing(rules(&[]), 2));
    let request = world.request(1, "hello");
    let received = world.deliver(&request, 1).await;
    assert_eq!(received.verdict(), Verdict::Refused(Refusal::AgreementUnknown));
    assert!(received.reply.answer.content.is_empty());
    assert_eq!(released(&world), 0);
    assert_eq!(world.echo.served(), 1);
    world.deliver(&request, 2).await.is_repeat_of(&received);
}

#[tokio::test]
async fn another_text_of_the_agreement_is_not_the_one_that_was_asked_under() {
    let world = World::new().await;
    world.echo.meanwhile(world.replacing(rules(&[northwest(1), northwest(2)]), 2));
    let received = world.deliver(&world.request(1, "hello"), 1).await;
    assert_eq!(received.verdict(), Verdict::Refused(Refusal::AgreementDiffers));
    assert_eq!(released(&world), 0);
}

#[tokio::test]
async fn rules_that_never_rest_are_a_fault_and_not_an_answer() {
    let world = World::new().await;
    for epoch in 2..=5 {
        world.echo.meanwhile(world.replacing(rules(&[northwest(1)]), epoch));
    }
    let request = world.request(1, "hello");
    let result = world.hand_over(&request, 1).await;
    assert!(matches!(result, Err(NotServed::Fault(_))), "{result:?}");
    assert!(world.ledger().is_empty());
    assert_eq!(world.deliver(&request, 2).await.content(), "hello #5");
}

#[tokio::test]
async fn what_was_recorded_is_repeated_only_as_long_as_the_rules_allow_it() {
    let world = World::new().await;
    let request = world.request(1, "hello");
    let served = world.deliver(&request, 1).await;
    world.replacing(rules(&[northwest(1)]), 2).await;
    world.deliver(&request, 2).await.is_repeat_of(&served);
    world.replacing(rules(&[]), 3).await;
    let refused = world.deliver(&request, 3).await;
    assert_eq!(refused.verdict(), Verdict::Refused(Refusal::AgreementUnknown));
    assert!(refused.reply.answer.content.is_empty());
    assert_eq!(world.echo.served(), 1);
}

#[tokio::test]
async fn what_ends_while_it_is_served_is_refused_under_signature() {
    let ends = now().plus(Duration::from_secs(1));
    let pact = Agreement { valid_until: ends, ..northwest(1) };
    let world = World::at(HERE, rules(std::slice::from_ref(&pact)), Mesh::default(), Lines::default()).await;
    let clock = Arc::clone(&world.clock);
    world.echo.meanwhile(async move { clock.advance(Duration::from_secs(2)) });
    let request = world.seal(Context { agreement: reference(&pact), ..world.context(ORIGIN, 1) }, "hello");
    let received = world.deliver(&request, 1).await;
    assert_eq!(received.verdict(), Verdict::Refused(Refusal::AgreementExpired));
    assert_eq!((released(&world), world.echo.served()), (0, 1));
}
