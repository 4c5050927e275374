//! Block notices: who may sign them, when they stop whom, and which of several counts.

use super::contradiction;
use crate::document::{
    Block, BlockReason, Charter, Directory, DirectoryBuilder, DocumentError, DocumentKind, DocumentSet,
    SignedFile,
};
use crate::testing::{NOW, agency, block_file, charter, charter_file, key, signed_charter};
use crate::{Kind, sha256};
use concord_domain::Digest;
use proptest::prelude::*;
use std::time::Duration;
use tempfile::TempDir;

const HOUR: Duration = Duration::from_secs(3600);

fn notice(sequence: u64, previous: Option<&Block>) -> Block {
    Block {
        agency: agency("yn.police.cn"),
        sequence,
        previous: previous.map(digest),
        issued: NOW,
        from: NOW,
        until: None,
        lifted: false,
        reason: BlockReason::KeysCompromised,
    }
}

fn lift(sequence: u64, previous: &Block) -> Block {
    Block { lifted: true, ..notice(sequence, Some(previous)) }
}

fn digest(block: &Block) -> Digest {
    sha256(&[&block_file(block).bytes])
}

fn with<'a>(notices: impl IntoIterator<Item = &'a Block>) -> Directory {
    let mut builder = DirectoryBuilder::new(signed_charter());
    notices.into_iter().for_each(|notice| drop(builder.block(&block_file(notice))));
    builder.build()
}

fn is_blocked(directory: &Directory) -> bool {
    directory.blocked(&agency("yn.police.cn"), NOW).is_some()
}

#[test]
fn it_stops_its_agency_from_its_instant_to_before_its_end_and_nobody_else() {
    let block = Block { until: Some(NOW.plus(HOUR)), ..notice(1, None) };
    let directory = with([&block]);
    let blocked = |name, at| directory.blocked(&agency(name), at).is_some();
    let millisecond = Duration::from_millis(1);
    assert!(!blocked("yn.police.cn", NOW.minus(millisecond)));
    assert!(blocked("yn.police.cn", NOW));
    assert!(blocked("yn.police.cn", NOW.plus(HOUR).minus(millisecond)));
    assert!(!blocked("yn.police.cn", NOW.plus(HOUR)));
    assert!(!blocked("police.cn", NOW) && !blocked("gs.police.cn", NOW));
    assert!(is_blocked(&with([&notice(1, None)])), "without an end it has none");
    let superior = Block { agency: agency("police.cn"), ..notice(1, None) };
    assert!(!is_blocked(&with([&superior])), "nobody below is stopped by it");
}

#[test]
fn only_the_emergency_key_signs_it_and_only_about_members() {
    let mut builder = DirectoryBuilder::new(signed_charter());
    let unsigned = SignedFile::unsigned("block", notice(1, None).to_toml());
    for other in [key("charter", "1"), key("yn.police.cn", "root")] {
        let file = unsigned.clone().sign(Kind::Block, "emergency", &other);
        assert!(matches!(builder.block(&file), Err(DocumentError::NotSigned { .. })));
    }
    let file = unsigned.clone().sign(Kind::Charter, "emergency", &key("charter", "emergency"));
    assert!(matches!(builder.block(&file), Err(DocumentError::Signature { .. })));
    let stranger = Block { agency: agency("nowhere.cn"), ..notice(1, None) };
    assert!(matches!(builder.block(&block_file(&stranger)), Err(DocumentError::NotAMember { .. })));
    assert!(!is_blocked(&builder.build()));
    let none = charter_file(&Charter { emergency: None, ..charter() }, &["1", "2"]);
    let mut builder = DirectoryBuilder::new(Charter::verify(&none, sha256(&[&none.bytes])).unwrap());
    let refused = builder.block(&block_file(&notice(1, None))).unwrap_err();
    assert_eq!(contradiction(refused), "the charter names no emergency key that could sign it");
}

#[test]
fn what_makes_no_sense_is_named() {
    let says = |block: &Block| {
        contradiction(DirectoryBuilder::new(signed_charter()).block(&block_file(block)).unwrap_err())
    };
    let first = notice(1, None);
    assert_eq!(says(&notice(0, None)), "sequence: must be at least 1");
    assert_eq!(says(&notice(1, Some(&first))), "previous: the first notice has none before it");
    assert_eq!(says(&notice(2, None)), "previous: every notice but the first names the one before");
    assert_eq!(says(&Block { until: Some(NOW), ..first }), "until: must be after from");
}

#[test]
fn a_lift_lets_the_agency_go_on_and_a_later_notice_stops_it_again() {
    let first = notice(1, None);
    let second = lift(2, &first);
    let third = notice(3, Some(&second));
    assert!(!is_blocked(&with([&first, &second])));
    assert!(is_blocked(&with([&first, &second, &third])));
    assert!(!is_blocked(&with([&second])), "the latest notice alone is enough");
    let highest: Vec<_> =
        with([&third, &first]).highest().filter(|(name, ..)| name.contains("block")).collect();
    assert_eq!(highest, [("block/yn.police.cn".to_owned(), 3, digest(&third))]);
}

#[test]
fn a_lift_of_another_text_lifts_nothing() {
    let (first, other) = (notice(1, None), Block { reason: BlockReason::Misuse, ..notice(1, None) });
    let unrelated = Block { lifted: true, ..notice(1, None) };
    assert!(is_blocked(&with([&first, &lift(2, &unrelated)])));
    assert!(!is_blocked(&with([&first, &other, &lift(2, &other)])), "one of the two that were signed");
    assert!(is_blocked(&with([&first, &unrelated])), "of two under one sequence the stricter counts");
    let floor = digest(&first);
    let mut builder = DirectoryBuilder::new(signed_charter()).above(move |_: &str| Some((1, floor)));
    let refused = builder.block(&block_file(&lift(2, &unrelated)));
    assert!(matches!(refused, Err(DocumentError::OtherPredecessor { .. })));
    let told = builder.block(&block_file(&other));
    assert!(matches!(told, Err(DocumentError::OtherText { .. })));
    assert!(is_blocked(&builder.build()), "told, and counted all the same");
}

#[test]
fn the_folder_of_notices_is_read_if_it_is_there() {
    let folder = TempDir::new().unwrap();
    for needed in ["cards", "keyrings"] {
        std::fs::create_dir(folder.path().join(needed)).unwrap();
    }
    charter_file(&charter(), &["1", "2"]).write(folder.path(), "charter").unwrap();
    let read = || Directory::read(folder.path(), signed_charter().digest(), |_: &str| None).unwrap();
    assert!(read().1.is_empty() && !is_blocked(&read().0));
    let blocks = folder.path().join("blocks");
    block_file(&notice(1, None)).write(&blocks, "yn.police.cn").unwrap();
    std::fs::write(blocks.join("fda.cn.toml"), "agency = 3").unwrap();
    let (directory, problems) = read();
    assert!(is_blocked(&directory));
    assert_eq!(problems.len(), 1, "{problems:?}");
}

/// A notice signed by the emergency key of this name.
fn signed_by(block: &Block, name: &str) -> SignedFile {
    let file = SignedFile::unsigned("block", block.to_toml());
    file.sign(Kind::Block, "emergency", &key("charter", name))
}

/// What counts of these notices after a successor of the charter named another emergency key, or none.
fn after_successor(emergency: Option<&str>, notices: &[SignedFile]) -> Directory {
    let pinned = charter_file(&charter(), &["1", "2"]);
    let digest = sha256(&[&pinned.bytes]);
    let emergency = emergency.map(|name| key("charter", name).public());
    let successor = Charter { sequence: 2, previous: Some(digest), emergency, ..charter() };
    let mut set = DocumentSet::default();
    for file in [pinned, charter_file(&successor, &["1", "2"])] {
        set.insert(DocumentKind::Charter, file).unwrap();
    }
    notices.iter().for_each(|file| drop(set.insert(DocumentKind::Block, file.clone()).unwrap()));
    let (directory, _) = Directory::of(&set, digest, |_: &str| None).unwrap();
    assert_eq!(directory.charter().sequence, 2);
    directory
}

#[test]
fn a_successor_of_the_charter_lets_nobody_go_on() {
    let first = notice(1, None);
    let stop = signed_by(&first, "emergency");
    let lift = lift(2, &first);
    let lifted_by = |emergency, name: &str| {
        !is_blocked(&after_successor(emergency, &[stop.clone(), signed_by(&lift, name)]))
    };
    for emergency in [Some("new"), None] {
        assert!(is_blocked(&after_successor(emergency, std::slice::from_ref(&stop))), "{emergency:?}");
    }
    let refused = after_successor(Some("new"), &[signed_by(&lift, "emergency")]);
    assert!(refused.blocks_of(&agency("yn.police.cn")).is_empty());
    assert!(lifted_by(Some("new"), "new"));
    assert!(!lifted_by(Some("new"), "emergency"), "the former key only stops");
    assert!(lifted_by(None, "emergency"), "the last that there was");
    assert!(!lifted_by(None, "new"));
}

#[test]
fn a_notice_by_a_former_key_takes_nothing_away() {
    let first = notice(1, None);
    let short = Block { until: Some(NOW.plus(Duration::from_millis(1))), ..notice(2, Some(&first)) };
    let files = [signed_by(&first, "new"), signed_by(&short, "emergency")];
    let directory = after_successor(Some("new"), &files);
    assert!(directory.blocked(&agency("yn.police.cn"), NOW.plus(HOUR)).is_some(), "its end is its own");
    let floor: Vec<_> = directory.highest().filter(|(name, ..)| name.contains("block")).collect();
    assert_eq!(floor, [("block/yn.police.cn".to_owned(), 1, digest(&first))]);
    let files = [files.as_slice(), &[signed_by(&lift(3, &short), "new")]].concat();
    assert!(!is_blocked(&after_successor(Some("new"), &files)));
}

#[test]
fn a_former_key_stops_nobody_whom_the_current_one_lets_go_on() {
    let theirs = Block { previous: Some(Digest([1; 32])), ..notice(i64::MAX.unsigned_abs(), None) };
    let theirs = signed_by(&theirs, "emergency");
    assert!(is_blocked(&after_successor(Some("new"), std::slice::from_ref(&theirs))), "until then it stops");
    let stop = notice(1, None);
    let files = [theirs, signed_by(&stop, "new"), signed_by(&lift(2, &stop), "new")];
    assert!(is_blocked(&after_successor(Some("new"), &files[..2])));
    let directory = after_successor(Some("new"), &files);
    assert!(!is_blocked(&directory), "whatever sequence the former one names");
    let floor: Vec<_> = directory.highest().filter(|(name, ..)| name.contains("block")).collect();
    assert_eq!(floor[0].1, 2);
}

proptest! {
    /// Whichever order they come in, and whatever else was signed under the same sequences.
    #[test]
    fn the_order_of_notices_decides_nothing(
        written in proptest::collection::vec((1u64..4, any::<bool>(), any::<prop::sample::Index>()), 1..6),
        turn in any::<prop::sample::Index>(),
    ) {
        let mut notices: Vec<Block> = Vec::new();
        for (sequence, lifted, before) in written {
            let before = if notices.is_empty() { notice(1, None) } else { before.get(&notices).clone() };
            let before = (sequence > 1).then_some(&before);
            let issued = NOW.plus(HOUR * u32::try_from(notices.len()).unwrap());
            notices.push(Block { lifted, issued, ..notice(sequence, before) });
        }
        let mut turned = notices.clone();
        turned.rotate_left(turn.index(notices.len()));
        let counting = |directory: Directory| {
            let blocks = directory.blocks_of(&agency("yn.police.cn"));
            blocks.iter().map(|block| block.digest()).collect::<Vec<_>>()
        };
        let forwards = counting(with(&notices));
        prop_assert_eq!(&forwards, &counting(with(&turned)));
        prop_assert_eq!(&forwards, &counting(with(notices.iter().rev())));
    }
}
