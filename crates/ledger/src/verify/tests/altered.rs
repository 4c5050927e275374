//! Entries changed, swapped, removed.

use super::log::Log;
use crate::ENTRY_BYTES_MAX;
use crate::testing::sample;
use crate::verify::{Fault, Source};
use proptest::prelude::*;
use proptest::sample::Index;

const CHECKPOINTS: [u64; 4] = [3, 255, 257, 300];

fn log() -> Log {
    Log::new(300, &CHECKPOINTS)
}

/// The checkpoints around an entry: the last that is good without it, the first that covers it.
fn around(index: u64) -> (u64, u64) {
    let from = CHECKPOINTS.iter().rev().find(|at| **at <= index).copied().unwrap_or(0);
    (from, *CHECKPOINTS.iter().find(|at| **at > index).unwrap())
}

fn between(index: u64) -> Fault {
    let (from, to) = around(index);
    Fault::Between { from, to, by: Source::Checkpoint }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_byte_of_any_entry(row in any::<Index>(), at in any::<Index>(), flip in 1u8..) {
        let mut log = log();
        let row = row.index(log.rows.len());
        let bytes = &mut log.rows[row].bytes;
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        let bytes = bytes.clone();
        prop_assert_eq!(log.audit(), Err(Fault::Leaf { index: row as u64 }));
        prop_assert_eq!(log.clone().without_folder().audit(), Err(Fault::Leaf { index: row as u64 }));

        // And the forger who thinks of the leaf hash.
        log.replace(row as u64, bytes);
        prop_assert_eq!(log.audit(), Err(Fault::Altered { index: row as u64 }));
        let fault = log.without_folder().audit().unwrap_err();
        prop_assert!(fault.suspects().unwrap().contains(&(row as u64)));
        prop_assert_eq!(fault, between(row as u64));
    }

    #[test]
    fn any_byte_of_any_stored_leaf_hash(row in any::<Index>(), at in 0usize..32, flip in 1u8..) {
        let mut log = log();
        let row = row.index(log.rows.len());
        log.rows[row].leaf.0[at] ^= flip;
        prop_assert_eq!(log.audit(), Err(Fault::Leaf { index: row as u64 }));
    }

    #[test]
    fn any_swap(one in any::<Index>(), other in any::<Index>()) {
        let mut log = log();
        let (one, other) = (one.index(log.rows.len()), other.index(log.rows.len()));
        prop_assume!(one != other);
        let first = one.min(other) as u64;
        log.rows.swap(one, other);
        let found = log.rows[first as usize].index;
        prop_assert_eq!(log.audit(), Err(Fault::Order { expected: first, found }));
        log.renumber();
        prop_assert_eq!(log.audit(), Err(Fault::Altered { index: first }));
        prop_assert_eq!(log.without_folder().audit(), Err(between(first)));
    }

    #[test]
    fn any_removal(row in any::<Index>()) {
        let mut log = log();
        let row = row.index(log.rows.len());
        let index = row as u64;
        log.rows.remove(row);
        let last = row == log.rows.len();
        let tail = |good| Fault::TailMissing { good, size: 299, claimed: 300, by: Source::Checkpoint };
        let gap = if last { tail(299) } else { Fault::Order { expected: index, found: index + 1 } };
        prop_assert_eq!(log.audit(), Err(gap));
        log.renumber();
        let altered = if last { tail(299) } else { Fault::Altered { index } };
        prop_assert_eq!(log.audit(), Err(altered));
        let fault = log.without_folder().audit().unwrap_err();
        prop_assert!(fault.suspects().unwrap().contains(&index));
        prop_assert_eq!(fault, if index < 257 { between(index) } else { tail(257) });
    }

    #[test]
    fn any_insertion(row in any::<Index>()) {
        let mut log = log();
        let row = row.index(log.rows.len() + 1);
        let index = row as u64;
        log.rows.insert(row, log.rows[0].clone());
        log.replace(index, b"forged".to_vec());
        log.renumber();
        let fault = if index == 300 { Fault::Surplus { index } } else { Fault::Altered { index } };
        prop_assert_eq!(log.audit(), Err(fault));
    }

    #[test]
    fn of_two_changes_the_first_is_named(one in any::<Index>(), other in any::<Index>()) {
        let mut log = log();
        let (one, other) = (one.index(299) as u64, other.index(299) as u64);
        prop_assume!(one < other);
        log.replace(one, b"forged".to_vec());
        log.rows[other as usize].bytes.push(0);
        prop_assert_eq!(log.audit(), Err(Fault::Altered { index: one }));
    }
}

#[test]
fn the_unsigned_tail_is_held_against_the_stores_head() {
    let mut log = Log::new(12, &[10]);
    log.replace(11, b"forged".to_vec());
    assert_eq!(log.audit(), Err(Fault::Between { from: 10, to: 12, by: Source::Head }));
    assert!(log.clone().without_head().audit().is_ok());
    log.rows.truncate(11);
    let missing = Fault::TailMissing { good: 10, size: 11, claimed: 12, by: Source::Head };
    assert_eq!(log.audit(), Err(missing));
}

#[test]
fn an_entry_past_its_limit_is_named() {
    let mut entries: Vec<Vec<u8>> = (0..4).map(sample).collect();
    entries[2] = vec![0; ENTRY_BYTES_MAX + 1];
    let log = Log::of(entries, &[4]);
    assert_eq!(log.audit(), Err(Fault::TooLong { index: 2, found: ENTRY_BYTES_MAX + 1 }));
}
