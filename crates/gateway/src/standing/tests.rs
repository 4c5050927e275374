//! A ledger that peers have seen larger.

use super::*;
use crate::testing::{CHECKPOINT, HERE, World, agency, key};
use concord_ledger::{Checkpoint, Event};

fn note(size: u64, purpose: u8) -> String {
    let checkpoint = Checkpoint { ledger: agency(HERE), size, root: Digest([1; 32]) };
    SignedCheckpoint::sign(checkpoint, &key(HERE, purpose)).to_string()
}

async fn judged(size: u64, purpose: u8) -> (World, Standing) {
    let world = World::new().await;
    let _asked = world.asked().await;
    let standing = Standing::new(world.store.clone());
    standing.judge(&agency(HERE), &note(size, purpose), &[key(HERE, CHECKPOINT).public()]);
    (world, standing)
}

#[tokio::test]
async fn a_larger_checkpoint_of_our_own_stops_everything_until_a_person_decides() {
    let (world, standing) = judged(5, CHECKPOINT).await;
    assert_eq!(standing.rolled_back(), Some(RolledBack { seen: 5, found: 1 }));
    standing.accept().await.unwrap();
    assert_eq!(standing.rolled_back(), None);
    assert!(world.ledger().contains(&Event::RollbackAccepted { seen: 5 }));
    // The same checkpoint again is settled, also after a restart; a still larger one is not.
    let keys = [key(HERE, CHECKPOINT).public()];
    let again = Standing::new(world.store.clone());
    again.judge(&agency(HERE), &note(5, CHECKPOINT), &keys);
    assert_eq!(again.rolled_back(), None);
    again.judge(&agency(HERE), &note(6, CHECKPOINT), &keys);
    assert!(again.rolled_back().is_some());
}

#[tokio::test]
async fn what_our_key_did_not_sign_or_is_not_larger_says_nothing() {
    assert_eq!(judged(1, CHECKPOINT).await.1.rolled_back(), None);
    assert_eq!(judged(5, crate::testing::MESSAGE).await.1.rolled_back(), None);
    let (_, standing) = judged(1, CHECKPOINT).await;
    standing.judge(&agency(HERE), "no note", &[]);
    assert_eq!(standing.rolled_back(), None);
}
