//! Checkpoints damaged, and logs that lost or rewrote what somebody holds a checkpoint of.

use super::log::{Log, agency, honest, key, sign};
use crate::tiles::CHECKPOINT_PATH;
use crate::verify::{Fault, Source};
use crate::{Checkpoint, CheckpointInvalid, SignedCheckpoint, TreeHead};
use concord_domain::Digest;
use proptest::prelude::*;
use proptest::sample::Index;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_byte_of_any_checkpoint(which in 0usize..3, at in any::<Index>(), flip in 1u8..0x80) {
        let mut log = Log::new(20, &[5, 10, 20]);
        let text = log.checkpoints[which].clone();
        let mut bytes = text.into_bytes();
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        log.checkpoints[which] = String::from_utf8_lossy(&bytes).into_owned();
        let named = matches!(
            log.audit(),
            Err(Fault::Checkpoint { by: Source::Checkpoint, position, .. }) if position == which as u64
        );
        prop_assert!(named);
        let mut log = Log::new(20, &[5, 10, 20]);
        log.files().insert(CHECKPOINT_PATH.to_owned(), bytes);
        if which == 2 {
            let named = matches!(log.audit(), Err(Fault::Checkpoint { by: Source::Folder, .. }));
            prop_assert!(named);
        }
    }

    #[test]
    fn a_lost_tail_is_found_with_a_checkpoint_kept_elsewhere(kept in 0u64..40, against in 0u64..=40) {
        // The store, its checkpoints and its folder were all put back to an earlier state.
        let mut log = Log::new(kept, &[kept]);
        log.against = Some(honest(against));
        if against <= kept {
            prop_assert!(log.audit().is_ok());
        } else {
            let missing = Fault::TailMissing { good: kept, size: kept, claimed: against, by: Source::Against };
            prop_assert_eq!(missing.suspects(), Some(kept..against));
            prop_assert_eq!(log.audit(), Err(missing));
        }
    }

    #[test]
    fn a_past_signed_anew_is_found_with_a_checkpoint_kept_elsewhere(
        index in 0u64..30, against in 1u64..=30,
    ) {
        let mut entries: Vec<Vec<u8>> = (0..30).map(crate::testing::sample).collect();
        entries[index as usize] = b"forged".to_vec();
        let mut log = Log::of(entries, &[4, 10, 30]);
        log.against = Some(honest(against));
        if against <= index {
            prop_assert!(log.audit().is_ok());
        } else {
            let rewritten = Fault::Rewritten { size: against, by: Source::Against };
            prop_assert_eq!(log.audit(), Err(rewritten));
        }
    }
}

#[test]
fn only_checkpoints_of_this_ledger_by_its_keys_count() {
    let mut log = Log::new(5, &[5]);
    let checkpoint = Checkpoint { ledger: agency(), size: 5, root: log.root() };
    log.checkpoints = vec![SignedCheckpoint::sign(checkpoint.clone(), &key(7)).to_string()];
    assert!(matches!(log.audit(), Err(Fault::Checkpoint { position: 0, .. })));
    let ledger: concord_domain::AgencyId = "gx.police.cn".parse().unwrap();
    let other = Checkpoint { ledger: ledger.clone(), ..checkpoint };
    log.checkpoints = vec![SignedCheckpoint::sign(other.clone(), &key(1)).to_string()];
    let why = CheckpointInvalid::OtherLedger { found: ledger };
    let fault = |by| Fault::Checkpoint { by, position: 0, why: why.clone() };
    assert_eq!(log.audit(), Err(fault(Source::Checkpoint)));
    log.against = Some(SignedCheckpoint::sign(other, &key(1)));
    assert_eq!(log.audit(), Err(fault(Source::Against)));
}

#[test]
fn checkpoints_ascend_and_may_repeat() {
    let mut log = Log::new(20, &[5, 10, 20]);
    log.checkpoints.swap(0, 1);
    assert_eq!(log.audit(), Err(Fault::CheckpointOrder { position: 1, size: 5 }));
    let mut log = Log::new(20, &[5, 20]);
    log.checkpoints.insert(0, log.checkpoints[0].clone());
    assert_eq!(log.audit().unwrap().checkpoints, 3);
}

#[test]
fn two_checkpoints_of_one_size_convict() {
    let mut log = Log::new(20, &[10, 20]);
    let forked = sign(TreeHead { size: 10, root: Digest([1; 32]) });
    log.checkpoints.insert(1, forked.to_string());
    assert_eq!(log.audit(), Err(Fault::Rewritten { size: 10, by: Source::Checkpoint }));
}

#[test]
fn an_alteration_is_narrowed_by_a_checkpoint_kept_elsewhere() {
    let mut log = Log::new(20, &[4, 20]).without_folder();
    log.against = Some(honest(9));
    log.replace(6, b"forged".to_vec());
    assert_eq!(log.audit(), Err(Fault::Between { from: 4, to: 9, by: Source::Against }));
}

#[test]
fn a_store_put_back_to_before_its_folder_is_found() {
    let mut log = Log::new(20, &[10]);
    log.folder = Log::new(25, &[25]).folder;
    let missing = Fault::TailMissing { good: 20, size: 20, claimed: 25, by: Source::Folder };
    assert_eq!(log.audit(), Err(missing));
}
