//! Pages of the record, through its own API.

use super::*;
use crate::testing::World;
use concord_domain::{AgencyId, Digest};
use concord_ledger::{Checkpoint, Event, SignedCheckpoint, leaf_hash};
use concord_store::{Change, Write};
use concord_trust::SigningKey;
use proptest::prelude::*;

/// More than two pages.
const ENTRIES: u64 = 600;

async fn with_entries() -> World {
    let world = World::new().await;
    let entries = (0..ENTRIES).map(|n| Event::Started { program: format!("entry {n}").parse().unwrap() });
    let write = Write { name: "test_entries", guards: vec![], changes: vec![], entries: entries.collect() };
    world.store.submit(write).await.unwrap();
    world
}

/// The indices listed, page by page.
async fn listed(world: &World, start: u64, limit: u64) -> Vec<Vec<u64>> {
    let request = pb::ListEntriesRequest { start, limit };
    let mut stream = world.auditor().list_entries(request).await.unwrap().into_inner();
    let mut pages = Vec::new();
    while let Some(page) = stream.message().await.unwrap() {
        for entry in &page.entries {
            assert_eq!(Digest::from_slice(&entry.leaf_hash), Some(leaf_hash(&entry.data)));
        }
        pages.push(page.entries.iter().map(|entry| entry.index).collect());
    }
    pages
}

fn assert_pages(pages: &[Vec<u64>], start: u64, limit: u64) {
    let end = if limit == 0 { ENTRIES } else { start.saturating_add(limit).min(ENTRIES) };
    let expected: Vec<u64> = (start..end).collect();
    assert_eq!(pages.concat(), expected);
    assert!(pages.iter().all(|page| (1..=ROWS_MAX).contains(&page.len())));
}

#[tokio::test]
async fn entries_at_the_edges() {
    let world = with_entries().await;
    let edges = [0, 1, 255, 256, 257, 512, ENTRIES - 1, ENTRIES, ENTRIES + 1, u64::MAX];
    for start in edges {
        for limit in edges {
            assert_pages(&listed(&world, start, limit).await, start, limit);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, ..ProptestConfig::default() })]

    #[test]
    fn entries_anywhere(ranges in prop::collection::vec((0..2 * ENTRIES, 0..2 * ENTRIES), 20)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let world = with_entries().await;
            for (start, limit) in ranges {
                assert_pages(&listed(&world, start, limit).await, start, limit);
            }
        });
    }
}

#[tokio::test]
async fn checkpoints_are_listed_from_the_first() {
    let world = with_entries().await;
    let none = world.auditor().get_checkpoint(pb::GetCheckpointRequest {}).await.unwrap_err();
    assert_eq!(none.code(), Code::NotFound);
    let agency: AgencyId = "gs.police.cn".parse().unwrap();
    let note = |size| {
        let checkpoint = Checkpoint { ledger: agency.clone(), size, root: Digest([1; 32]) };
        SignedCheckpoint::sign(checkpoint, &SigningKey::from_seed([1; 32])).to_string()
    };
    let sizes = 1..=300;
    for size in sizes.clone() {
        let changes = vec![Change::SaveCheckpoint { size, note: note(size) }];
        let write = Write { name: "test_checkpoint", guards: vec![], changes, entries: vec![] };
        world.store.submit_unwaited(write).unwrap();
    }
    let nothing = Write { name: "settle", guards: vec![], changes: vec![], entries: vec![] };
    world.store.submit(nothing).await.unwrap();
    let mut stream =
        world.auditor().list_checkpoints(pb::ListCheckpointsRequest {}).await.unwrap().into_inner();
    let mut found = Vec::new();
    while let Some(page) = stream.message().await.unwrap() {
        assert!(page.checkpoints.len() <= ROWS_MAX);
        found.extend(page.checkpoints);
    }
    assert_eq!(found, sizes.map(note).collect::<Vec<_>>());
    let latest = world.auditor().get_checkpoint(pb::GetCheckpointRequest {}).await.unwrap().into_inner();
    assert_eq!(latest.checkpoint, note(300));
}
