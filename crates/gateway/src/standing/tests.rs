//! A ledger that does not lead to what peers have seen of it.

use super::*;
use crate::testing::{CHECKPOINT, HERE, World, agency, key};
use concord_ledger::Event;

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
    assert_eq!(standing.accept().await.unwrap(), Some(RolledBack { seen: 5, found: 1 }));
    assert_eq!(standing.rolled_back(), None);
    assert_eq!(standing.accept().await.unwrap(), None, "there is nothing more to accept");
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
async fn of_what_peers_hold_the_largest_is_accepted_whoever_comes_last() {
    let (world, standing) = judged(7, CHECKPOINT).await;
    let keys = [key(HERE, CHECKPOINT).public()];
    standing.judge(&agency(HERE), &note(5, CHECKPOINT), &keys);
    assert_eq!(standing.rolled_back(), Some(RolledBack { seen: 7, found: 1 }));
    standing.accept().await.unwrap();
    let again = Standing::new(world.store.clone());
    again.judge(&agency(HERE), &note(7, CHECKPOINT), &keys);
    assert_eq!(again.rolled_back(), None);
}

#[tokio::test]
async fn another_past_of_our_own_counts_as_much_though_the_ledger_is_as_large() {
    assert_eq!(judged(1, CHECKPOINT).await.1.rolled_back(), Some(RolledBack { seen: 1, found: 1 }));
}

#[tokio::test]
async fn what_our_key_did_not_sign_or_the_ledger_leads_to_says_nothing() {
    let (world, standing) = judged(5, crate::testing::MESSAGE).await;
    assert_eq!(standing.rolled_back(), None);
    let ours = Checkpoint { ledger: agency(HERE), size: 1, root: world.store.head().unwrap().tree.root };
    let _more = world.asked().await;
    let ours = SignedCheckpoint::sign(ours, &key(HERE, CHECKPOINT)).to_string();
    standing.judge(&agency(HERE), &ours, &[key(HERE, CHECKPOINT).public()]);
    assert_eq!(standing.rolled_back(), None);
    standing.judge(&agency(HERE), "no note", &[]);
    assert_eq!(standing.rolled_back(), None);
}

#[tokio::test]
async fn what_a_key_of_before_signed_counts_as_much() {
    let world = World::new().await;
    let standing = Standing::new(world.store.clone()).signed_by(vec![key(HERE, CHECKPOINT).public()]);
    standing.judge(&agency(HERE), &note(5, crate::testing::MESSAGE), &[]);
    assert_eq!(standing.rolled_back(), None);
    standing.judge(&agency(HERE), &note(5, CHECKPOINT), &[]);
    assert_eq!(standing.rolled_back(), Some(RolledBack { seen: 5, found: 0 }));
}
