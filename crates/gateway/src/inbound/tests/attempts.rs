//! Attempts of one request: executed once, answered alike, and never confused with another request.

use super::*;
use crate::testing::{OTHER, Received, open_answer};
use concord_trust::envelope::ATTEMPTS_MAX;

fn refusal(received: &Received) -> Refusal {
    match received.verdict() {
        Verdict::Refused(refusal) => refusal,
        Verdict::Served(kind) => panic!("served as {kind}"),
    }
}

#[tokio::test]
async fn the_same_attempt_again_is_a_replay() {
    let world = World::new().await;
    let request = world.request(1, "hello");
    let served = world.deliver(&request, 3).await;
    for attempt in [3, 1] {
        let again = world.deliver(&request, attempt).await;
        assert_eq!(refusal(&again), Refusal::Replayed);
        assert!(again.reply.answer.content.is_empty());
        assert_ne!(again.receipt, served.receipt);
    }
    assert_eq!(world.echo.served(), 1);
}

#[tokio::test]
async fn a_new_attempt_gets_the_recorded_answer() {
    let world = World::new().await;
    let request = world.request(1, "hello");
    let served = world.deliver(&request, 1).await;
    world.deliver(&request, 2).await.is_repeat_of(&served);
    world.deliver(&request, ATTEMPTS_MAX).await.is_repeat_of(&served);
    assert_eq!(refusal(&world.deliver(&request, ATTEMPTS_MAX).await), Refusal::Replayed);
    let beyond = world.deliver(&request, ATTEMPTS_MAX + 1).await;
    assert_eq!(refusal(&beyond), Refusal::AttemptsExhausted);
    assert_eq!(world.echo.served(), 1);
    assert_eq!(released(&world), 1);
}

#[tokio::test]
async fn an_identifier_is_for_one_request() {
    let world = World::new().await;
    let served = world.deliver(&world.request(1, "hello"), 1).await;
    let reused = world.deliver(&world.request(1, "hello"), 2).await;
    assert_eq!(refusal(&reused), Refusal::IdReused, "the salt differs, so it is another request");
    let elsewhere = world.seal(world.context(OTHER, 1), "hello");
    assert_eq!(world.deliver(&elsewhere, 1).await.content(), "hello #2", "identifiers are each origin's own");
    assert_eq!(world.event_of(&served).name(), "released");
}

#[tokio::test]
async fn a_restart_forgets_nothing() {
    let world = World::new().await;
    let request = world.request(1, "hello");
    let served = world.deliver(&request, 1).await;
    world.deliver(&request, 2).await.is_repeat_of(&served);
    let world = world.restarted().await;
    assert_eq!(refusal(&world.deliver(&request, 2).await), Refusal::Replayed);
    assert_eq!(refusal(&world.deliver(&world.request(1, "else"), 3).await), Refusal::IdReused);
    world.deliver(&request, 3).await.is_repeat_of(&served);
    assert_eq!(world.echo.served(), 1);
    assert_eq!(released(&world), 1);
}

#[tokio::test]
async fn while_one_attempt_runs_another_is_told_so() {
    let world = World::new().await;
    let gate = Arc::new(Notify::new());
    let opened = Arc::clone(&gate);
    world.echo.meanwhile(async move { opened.notified().await });
    let request = world.request(1, "hello");
    let running = tokio::spawn(world.hand_over(&request, 1));
    while world.echo.served() == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(refusal(&world.deliver(&request, 2).await), Refusal::InProgress);
    assert_eq!(refusal(&world.deliver(&request, 2).await), Refusal::Replayed);
    assert_eq!(refusal(&world.deliver(&world.request(1, "else"), 1).await), Refusal::IdReused);
    gate.notify_one();
    let served = open_answer(&request, running.await.unwrap().unwrap());
    assert_eq!(served.content(), "hello #1");
    let told = world.deliver(&request, 2).await;
    assert_eq!(refusal(&told), Refusal::Replayed, "it was told once already");
    world.deliver(&request, 3).await.is_repeat_of(&served);
    assert_eq!(world.echo.served(), 1);
}

#[tokio::test]
async fn attempts_at_once_are_served_once() {
    let world = World::new().await;
    let request = world.request(1, "hello");
    let all = (1..=ATTEMPTS_MAX).map(|attempt| world.hand_over(&request, attempt));
    let mut answers = Vec::new();
    for answer in futures_util::future::join_all(all).await {
        let received = open_answer(&request, answer.unwrap());
        match received.verdict() {
            Verdict::Served(_) => answers.push(received),
            Verdict::Refused(refusal) => assert_eq!(refusal, Refusal::InProgress),
        }
    }
    assert_eq!(world.echo.served(), 1);
    assert_eq!(released(&world), 1);
    let first = answers.first().unwrap();
    answers.iter().for_each(|answer| answer.is_repeat_of(first));
}
