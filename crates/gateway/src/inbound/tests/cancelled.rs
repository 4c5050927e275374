//! A delivery that is given up at any moment.

use super::*;
use std::pin::pin;
use std::task::Poll;

/// Polls `work` at most `polls` times and gives it up then; whether it ended by itself.
async fn give_up_after(polls: usize, work: impl Future) -> bool {
    let mut work = pin!(work);
    for _ in 0..polls {
        let done = std::future::poll_fn(|cx| Poll::Ready(work.as_mut().poll(cx).is_ready())).await;
        if done {
            return true;
        }
        tokio::task::yield_now().await;
    }
    false
}

#[tokio::test]
async fn leaves_nothing_or_an_answer_that_the_next_attempt_gets() {
    let (mut left_nothing, mut left_answer) = (0, 0);
    for polls in 0..64 {
        let world = World::new().await;
        // Gives the serving a middle to be given up in.
        world.echo.meanwhile(tokio::task::yield_now());
        let request = world.request(1, "hello");
        let ended = give_up_after(polls, world.hand_over(&request, 1)).await;
        let before = (world.echo.served(), released(&world));
        let received = world.deliver(&request, 2).await;
        assert_eq!(received.verdict(), Verdict::Served(OutcomeKind::Hit), "given up after {polls} polls");
        assert_eq!(released(&world), 1, "given up after {polls} polls");
        let Event::Released { answer, .. } = world.event_of(&received) else { panic!("no release") };
        assert_eq!(answer, received.reply.commitment);
        if before.1 == 1 {
            assert_eq!(world.echo.served(), before.0, "what is recorded is not served again");
            left_answer += 1;
        } else {
            left_nothing += 1;
        }
        if ended {
            break;
        }
    }
    assert!(left_nothing > 0 && left_answer > 0, "{left_nothing} left nothing, {left_answer} an answer");
}

#[tokio::test]
async fn the_next_attempt_may_come_before_the_given_up_write_is_done() {
    for polls in 0..8 {
        let world = World::new().await;
        let request = world.request(1, "hello");
        {
            // Without a yield the store's writer has no chance to run in between.
            let mut work = pin!(world.hand_over(&request, 1));
            for _ in 0..polls {
                std::future::poll_fn(|cx| Poll::Ready(work.as_mut().poll(cx).is_ready())).await;
            }
        }
        let received = world.deliver(&request, 2).await;
        assert_eq!(received.verdict(), Verdict::Served(OutcomeKind::Hit), "given up after {polls} polls");
        assert_eq!(released(&world), 1);
        world.deliver(&request, 3).await.is_repeat_of(&received);
    }
}
