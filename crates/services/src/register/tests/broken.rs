//! Imports that do not end well leave what was there, and do not stand in the way of the next one.

use super::*;
use std::pin::pin;
use std::task::Poll;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

/// A register that shows one notice.
async fn with_old_content() -> World {
    let world = World::new().await;
    import(&world, "local", &[notice("A-1", "Zhang Guoqiang")]).await;
    world
}

/// Demands that only the old content is there and that an import works.
async fn assert_unharmed(world: &World) {
    assert_eq!(exported(world, "").await, ["A-1 Zhang Guoqiang"]);
    assert_eq!(found(world, "Zhang Guoqiang"), ["A-1"]);
    assert!(found(world, "Chen Xiaoyu").is_empty());
    assert_eq!(world.ledger().len(), 1);
    let next = import(world, "local", &[notice("A-2", "Chen Xiaoyu")]).await;
    assert_eq!((next.taken, next.replaced), (1, 1));
    assert_eq!(exported(world, "").await, ["A-2 Chen Xiaoyu"]);
}

fn some_rows() -> pb::ImportRequest {
    rows(1, (0..100).map(|n| notice(&format!("N-{n}"), "Chen Xiaoyu")))
}

/// Three hundred rows, so that some are staged before the end.
fn many_rows() -> Vec<pb::ImportRequest> {
    let message =
        |start: u64| rows(start, (start..start + 100).map(|n| notice(&format!("N-{n}"), "Chen Xiaoyu")));
    vec![message(0), message(100), message(200)]
}

#[tokio::test]
async fn a_stream_that_says_something_wrong() {
    let too_many = rows(1, (0..101).map(|n| notice(&format!("N-{n}"), "Chen Xiaoyu")));
    let cases = [
        (vec![header("local"), some_rows()], "end"),
        (vec![header("local")], "end"),
        (vec![header("local"), some_rows(), end(99)], "end.rows"),
        (vec![header("local"), some_rows(), some_rows(), end(100)], "end.rows"),
        (vec![header("local"), some_rows(), header("local"), end(100)], "part"),
        (vec![header("local"), pb::ImportRequest { part: None }], "part"),
        (vec![header("local"), too_many, end(101)], "rows"),
        (vec![some_rows(), end(100)], "header"),
        (vec![], "header"),
        (vec![header(""), end(0)], "header.source"),
        (vec![header("Upper"), end(0)], "header.source"),
        (vec![header(&"x".repeat(65)), end(0)], "header.source"),
    ];
    for (messages, field) in cases {
        let world = with_old_content().await;
        let status = send(&world, messages).await.unwrap_err();
        assert_eq!((status.code(), violated(&status)), (Code::InvalidArgument, vec![field.to_owned()]));
        assert_unharmed(&world).await;
    }
}

#[tokio::test]
async fn a_stream_that_is_wrong_after_rows_were_staged() {
    let world = with_old_content().await;
    let messages = [vec![header("local")], many_rows()].concat();
    assert!(send(&world, messages).await.is_err());
    assert_unharmed(&world).await;
}

#[tokio::test]
async fn a_file_that_is_not_what_it_was_taken_for() {
    let world = with_old_content().await;
    let nothing = pb::ImportRow { line: 1, notice: None };
    let message = pb::ImportRequest { part: Some(Part::Rows(pb::ImportRows { rows: vec![nothing; 100] })) };
    let mut messages = vec![message; 101];
    messages.insert(0, header("local"));
    let status = send(&world, messages).await.unwrap_err();
    assert_eq!((status.code(), reason(&status)), (Code::ResourceExhausted, "TOO_MANY_REJECTED".to_owned()));
    assert_unharmed(&world).await;
}

#[tokio::test]
async fn a_caller_who_gives_up() {
    let world = with_old_content().await;
    let (sender, receiver) = mpsc::channel(8);
    let mut registrar = world.registrar();
    let importing = tokio::spawn(async move { registrar.import(ReceiverStream::new(receiver)).await });
    for message in [vec![header("local")], many_rows()].concat() {
        sender.send(message).await.unwrap();
    }
    while sender.capacity() < 8 {
        tokio::task::yield_now().await;
    }
    importing.abort();
    assert!(importing.await.unwrap_err().is_cancelled());
    assert_unharmed(&world).await;
}

#[tokio::test]
async fn searches_see_the_old_content_until_the_end_and_one_import_runs_at_a_time() {
    let world = with_old_content().await;
    let (sender, receiver) = mpsc::channel(8);
    let mut registrar = world.registrar();
    let importing = tokio::spawn(async move { registrar.import(ReceiverStream::new(receiver)).await });
    for message in [vec![header("local")], many_rows()].concat() {
        sender.send(message).await.unwrap();
        while sender.capacity() < sender.max_capacity() {
            tokio::task::yield_now().await;
        }
        assert_eq!(found(&world, "Zhang Guoqiang"), ["A-1"]);
        assert!(found(&world, "Chen Xiaoyu").is_empty());
    }
    assert_eq!(exported(&world, "").await, ["A-1 Zhang Guoqiang"]);
    let second = send(&world, vec![header("other"), end(0)]).await.unwrap_err();
    assert_eq!((second.code(), reason(&second)), (Code::Aborted, "IMPORT_RUNNING".to_owned()));
    sender.send(end(300)).await.unwrap();
    assert_eq!(importing.await.unwrap().unwrap().into_inner().taken, 300);
    assert!(found(&world, "Zhang Guoqiang").is_empty());
    assert_eq!(found(&world, "Chen Xiaoyu").len(), 10);
}

#[tokio::test]
async fn a_caller_who_gives_up_at_the_very_end_leaves_index_and_rows_alike() {
    let (mut old, mut new) = (0, 0);
    for polls in 0..64 {
        let world = with_old_content().await;
        let messages = vec![header("local"), rows(1, [notice("A-1", "Chen Xiaoyu")]), end(1)];
        let ended = {
            let mut importing = pin!(send(&world, messages));
            let mut ended = false;
            for _ in 0..polls {
                ended = std::future::poll_fn(|cx| Poll::Ready(importing.as_mut().poll(cx).is_ready())).await;
                if ended {
                    break;
                }
                tokio::task::yield_now().await;
            }
            ended
        };
        // What was begun ends, although nobody waits for it; until then the import keeps others out.
        drop(world.register.importing.lock().await);
        match exported(&world, "").await.as_slice() {
            [shown] if shown == "A-1 Zhang Guoqiang" => {
                old += 1;
                assert_eq!(found(&world, "Zhang Guoqiang"), ["A-1"], "given up after {polls} polls");
            }
            [shown] if shown == "A-1 Chen Xiaoyu" => {
                new += 1;
                assert_eq!(found(&world, "Chen Xiaoyu"), ["A-1"], "given up after {polls} polls");
                assert!(found(&world, "Zhang Guoqiang").is_empty(), "given up after {polls} polls");
            }
            other => panic!("given up after {polls} polls: {other:?}"),
        }
        if ended {
            break;
        }
    }
    assert!(old > 0 && new > 0, "{old} left the old content, {new} the new");
}

#[tokio::test]
async fn a_file_without_a_notice_does_not_empty_a_source_unasked() {
    let world = with_old_content().await;
    let careful = pb::ImportHeader { source: "local".to_owned(), may_empty: false };
    let careful = pb::ImportRequest { part: Some(Part::Header(careful)) };
    let refused = send(&world, vec![careful.clone(), end(0)]).await.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused)),
        (Code::FailedPrecondition, "WOULD_EMPTY_SOURCE".to_owned())
    );
    assert_unharmed(&world).await;
    send(&world, vec![header("local"), end(0)]).await.unwrap();
    assert!(exported(&world, "").await.is_empty());
    send(&world, vec![careful, end(0)]).await.unwrap();
}
