//! Checkpoints of a growing ledger.

use super::*;
use crate::testing::{CHECKPOINT, HERE, World, agency, key};

fn checkpointer(world: &World) -> Checkpointer {
    let keys = world.inbound.keys.clone();
    let (store, standing) = (world.store.clone(), Standing::new(world.store.clone()));
    Checkpointer { agency: agency(HERE), keys, store, standing, every: Duration::from_secs(1) }
}

/// The latest checkpoint, which must be what our key signed for our ledger.
fn covered(world: &World) -> Option<u64> {
    let latest = world.store.latest_checkpoint().unwrap()?;
    let note = SignedCheckpoint::parse(&latest.note).unwrap();
    let checkpoint = note.verify(&agency(HERE), &[key(HERE, CHECKPOINT).public()]).unwrap();
    assert_eq!(checkpoint.size, latest.size);
    Some(latest.size)
}

#[tokio::test]
async fn a_checkpoint_is_signed_only_when_the_ledger_has_grown() {
    let world = World::new().await;
    let checkpointer = checkpointer(&world);
    checkpointer.sign().await.unwrap();
    assert_eq!(covered(&world), None, "an empty ledger says nothing");
    world.deliver(&world.request(1, "hello"), 1).await;
    checkpointer.sign().await.unwrap();
    checkpointer.sign().await.unwrap();
    assert_eq!(covered(&world), Some(1));
    assert_eq!(world.store.checkpoints(0, 10).unwrap().len(), 1);
    let next = world.deliver(&world.request(2, "hello"), 1).await;
    assert_eq!(next.reply.attached.checkpoint, world.store.latest_checkpoint().unwrap().map(|c| c.note));
}

#[tokio::test(start_paused = true)]
async fn the_last_checkpoint_covers_everything() {
    let world = World::new().await;
    let shutdown = CancellationToken::new();
    let running = tokio::spawn(checkpointer(&world).run(shutdown.clone()));
    tokio::task::yield_now().await;
    world.deliver(&world.request(1, "hello"), 1).await;
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert_eq!(covered(&world), Some(1));
    world.deliver(&world.request(2, "hello"), 1).await;
    shutdown.cancel();
    running.await.unwrap();
    assert_eq!(covered(&world), Some(2));
}

#[tokio::test]
async fn of_a_ledger_that_is_not_whole_nothing_is_signed() {
    let world = World::new().await;
    let checkpointer = checkpointer(&world);
    world.deliver(&world.request(1, "hello"), 1).await;
    let elsewhere = Checkpoint { ledger: agency(HERE), size: 9, root: concord_domain::Digest([9; 32]) };
    let signer = key(HERE, CHECKPOINT);
    let note = SignedCheckpoint::sign(elsewhere, &signer).to_string();
    checkpointer.standing.judge(&agency(HERE), &note, &[signer.public()]);
    checkpointer.sign().await.unwrap();
    assert_eq!(covered(&world), None);
    checkpointer.standing.accept().await.unwrap();
    checkpointer.sign().await.unwrap();
    assert_eq!(covered(&world), Some(2), "with the record of the acceptance");
}
