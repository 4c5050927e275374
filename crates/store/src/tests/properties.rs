//! How writes fall into groups never changes what they do.

use super::{event, yn};
use crate::database::open_writer;
use crate::folder::Folder;
use crate::group::commit_group;
use crate::{Change, Committed, Guard, Request, Write, WriteError, ledger, replay, schema, sequence};
use concord_domain::{Digest, RequestId, Timestamp};
use proptest::prelude::*;
use rusqlite::Connection;

fn database() -> (tempfile::TempDir, Connection) {
    let dir = tempfile::tempdir().unwrap();
    let mut db = open_writer(&Folder::new(dir.path()).database()).unwrap();
    db.pragma_update(None, "synchronous", "off").unwrap();
    schema::migrate(&mut db).unwrap();
    (dir, db)
}

fn guard() -> impl Strategy<Value = Guard> {
    prop_oneof![
        (0..3u8).prop_map(|id| Guard::RequestNew { origin: yn(), id: RequestId([id; 16]) }),
        (0..3u8, 0..4u32).prop_map(|(id, attempt)| Guard::AttemptNewer {
            origin: yn(),
            id: RequestId([id; 16]),
            attempt
        }),
        (0..4u64, 0..2u8).prop_map(|(sequence, digest)| Guard::SequenceNotLower {
            document: "card/yn.police.cn".to_owned(),
            sequence,
            digest: Digest([digest; 32])
        }),
        (0..2u64).prop_map(Guard::RulesEpoch),
    ]
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        (0..3u8, 0..4u32).prop_map(|(id, attempt)| {
            Change::RememberRequest(Request { attempt, ..super::request(id, 10) })
        }),
        (0..3u8, 0..4u32).prop_map(|(id, attempt)| Change::RememberAttempt {
            origin: yn(),
            id: RequestId([id; 16]),
            attempt
        }),
        (0..4u64, 0..2u8).prop_map(|(sequence, digest)| Change::SawSequence {
            document: "card/yn.police.cn".to_owned(),
            sequence,
            digest: Digest([digest; 32])
        }),
        (0..2u64).prop_map(Change::SetRulesEpoch),
        (0..20u64).prop_map(|size| Change::SaveCheckpoint { size, note: size.to_string() }),
    ]
}

fn write() -> impl Strategy<Value = Write> {
    let guards = proptest::collection::vec(guard(), 0..2);
    let changes = proptest::collection::vec(change(), 0..3);
    (guards, changes, 0..3usize).prop_map(|(guards, changes, entries)| Write {
        name: "any",
        guards,
        changes,
        entries: (0..entries).map(|n| event(&format!("entry {n}"))).collect(),
    })
}

type Results = Vec<Result<Committed, WriteError>>;

/// Everything that the writes could have changed.
fn state(db: &Connection) -> impl PartialEq + std::fmt::Debug + use<> {
    let requests: Vec<_> =
        (0..3u8).map(|id| replay::read(db, &yn(), &RequestId([id; 16])).unwrap()).collect();
    let entries: Vec<_> =
        ledger::read_entries(db, 0, 1_000).unwrap().into_iter().map(Result::unwrap).collect();
    let checkpoints = crate::checkpoint::read_page(db, 0, 100).unwrap();
    (ledger::read_head(db).unwrap(), entries, requests, sequence::read_all(db).unwrap(), checkpoints)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn groups_do_as_single_writes_do(writes in proptest::collection::vec(write(), 1..20), size in 2..8usize) {
        let (_one, mut single) = database();
        let (_two, mut grouped) = database();
        let now = Timestamp::from_millis(7);
        let one_by_one: Results =
            writes.iter().flat_map(|w| commit_group(&mut single, now, vec![w.clone()]).unwrap()).collect();
        let together: Results =
            writes.chunks(size).flat_map(|group| commit_group(&mut grouped, now, group.to_vec()).unwrap()).collect();
        prop_assert_eq!(one_by_one, together);
        prop_assert_eq!(state(&single), state(&grouped));
    }

    #[test]
    fn a_write_that_fails_leaves_nothing(before in proptest::collection::vec(write(), 0..6), last in write()) {
        let (_dir, mut db) = database();
        commit_group(&mut db, Timestamp::default(), before).unwrap();
        let untouched = state(&db);
        let result = commit_group(&mut db, Timestamp::default(), vec![last]).unwrap();
        if result.iter().any(Result::is_err) {
            prop_assert_eq!(state(&db), untouched);
        }
    }
}
