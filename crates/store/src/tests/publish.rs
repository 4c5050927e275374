//! The published files are those of the specification, whatever was published before and wherever it stopped.

use super::{entry, open};
use crate::{Execution, PublishError, Store, WriteError};
use concord_ledger::{Checkpoint, SignedCheckpoint, paths_between, root_at, tiles_between};
use concord_trust::SigningKey;
use std::collections::BTreeMap;
use std::path::Path;

pub(super) fn signed(store: &Store, size: u64) -> SignedCheckpoint {
    let root = root_at(store, size).unwrap();
    let checkpoint = Checkpoint { ledger: super::yn(), size, root };
    SignedCheckpoint::sign(checkpoint, &SigningKey::from_seed([7; 32]))
}

pub(super) async fn grow(store: &Store, size: u64) {
    for n in store.head().unwrap().tree.size..size {
        store.submit_unwaited(entry(&format!("entry {n}"))).unwrap();
    }
    store.submit(super::change(vec![])).await.unwrap();
    assert_eq!(store.head().unwrap().tree.size, size);
}

pub(super) async fn publish(store: &Store, size: u64) -> SignedCheckpoint {
    grow(store, size.max(store.head().unwrap().tree.size)).await;
    let checkpoint = signed(store, size);
    store.publish_checkpoint(&checkpoint).await.unwrap();
    checkpoint
}

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for found in std::fs::read_dir(next).unwrap().map(|found| found.unwrap().path()) {
            if found.is_dir() {
                folders.push(found);
            } else {
                let name = found.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
                files.insert(name, std::fs::read(found).unwrap());
            }
        }
    }
    files
}

/// Everything that a ledger of this size must show.
fn expected(store: &Store, checkpoint: &SignedCheckpoint) -> BTreeMap<String, Vec<u8>> {
    let tiles = tiles_between(0, checkpoint.claimed().size, store, store).map(Result::unwrap);
    let tiles = tiles.map(|tile| (tile.path.to_string(), tile.bytes));
    tiles.chain([("checkpoint".to_owned(), checkpoint.to_string().into_bytes())]).collect()
}

#[tokio::test]
async fn published_piece_by_piece_all_tiles_are_there() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), Execution::Thread);
    for size in [0, 3, 3, 256, 600] {
        let checkpoint = publish(&store, size).await;
        let found = files(&dir.path().join("ledger"));
        for (path, bytes) in expected(&store, &checkpoint) {
            assert_eq!(found.get(&path), Some(&bytes), "{path} at size {size}");
        }
        let superseded: Vec<_> = paths_between(0, size).filter(|path| !path.is_partial()).collect();
        for path in found.keys() {
            assert!(!path.ends_with(".tmp"), "{path}");
            assert!(!superseded.iter().any(|full| path.starts_with(&full.partial_folder())), "{path}");
        }
        assert_eq!(store.latest_checkpoint().unwrap().unwrap().note, checkpoint.to_string());
    }
    store.close().await;
    let closed = store.publish_checkpoint(&signed(&store, 600)).await;
    assert!(matches!(closed, Err(PublishError::Write(WriteError::Closed))));
}

#[tokio::test]
async fn what_a_crash_left_out_is_written_next_time() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), Execution::Inline);
    publish(&store, 10).await;
    let before = std::fs::read(dir.path().join("ledger/checkpoint")).unwrap();
    publish(&store, 300).await;
    // As if the process had died before the checkpoint, with half a file beside its place.
    std::fs::write(dir.path().join("ledger/checkpoint"), before).unwrap();
    std::fs::remove_file(dir.path().join("ledger/tile/0/000")).unwrap();
    std::fs::write(dir.path().join("ledger/tile/0/000.tmp"), b"half").unwrap();
    let checkpoint = publish(&store, 301).await;
    let found = files(&dir.path().join("ledger"));
    for (path, bytes) in expected(&store, &checkpoint) {
        assert_eq!(found.get(&path), Some(&bytes), "{path}");
    }
    assert!(!found.contains_key("tile/0/000.tmp"));
}

#[tokio::test]
async fn an_unreadable_checkpoint_has_everything_written_again() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), Execution::Inline);
    publish(&store, 300).await;
    std::fs::write(dir.path().join("ledger/checkpoint"), b"?").unwrap();
    std::fs::remove_dir_all(dir.path().join("ledger/tile")).unwrap();
    let checkpoint = publish(&store, 300).await;
    assert_eq!(files(&dir.path().join("ledger")), expected(&store, &checkpoint));
}

#[tokio::test]
async fn what_is_published_never_shrinks() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), Execution::Inline);
    let checkpoint = publish(&store, 20).await;
    publish(&store, 5).await;
    assert_eq!(files(&dir.path().join("ledger")), expected(&store, &checkpoint));

    let older = tempfile::tempdir().unwrap();
    let store = open(older.path(), Execution::Inline);
    publish(&store, 5).await;
    let larger = dir.path().join("ledger/checkpoint");
    std::fs::copy(larger, older.path().join("ledger/checkpoint")).unwrap();
    let refused = store.publish_checkpoint(&signed(&store, 5)).await;
    assert!(matches!(refused, Err(PublishError::RolledBack { published: 20, head: 5 })), "{refused:?}");
}
