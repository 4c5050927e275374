//! Successors of the pinned charter: by leave of the one before, one at a time.

use crate::document::{Charter, Directory, DocumentError, DocumentKind, DocumentSet, SignedFile, Succession};
use crate::sha256;
use crate::testing::{charter, charter_file, key, member};
use concord_domain::Digest;

fn digest(file: &SignedFile) -> Digest {
    sha256(&[&file.bytes])
}

fn pinned() -> SignedFile {
    charter_file(&charter(), &["1", "2"])
}

/// The successor of `before` that lets `newcomer` in.
fn next(before: &SignedFile, sequence: u64, newcomer: &str) -> Charter {
    let mut charter = Charter { sequence, previous: Some(digest(before)), ..charter() };
    charter.members.push(member(newcomer, None));
    charter
}

fn follow(files: &[SignedFile], seen: Option<(u64, Digest)>) -> Result<Succession, DocumentError> {
    Succession::follow(files, digest(&pinned()), seen)
}

#[test]
fn a_successor_of_the_pinned_charter_counts_whatever_the_order() {
    let second = charter_file(&next(&pinned(), 2, "a.cn"), &["1", "3"]);
    let third = charter_file(&next(&second, 3, "b.cn"), &["2", "3"]);
    let mut files = [third.clone(), pinned(), second];
    for _ in 0..2 {
        let succession = follow(&files, None).unwrap();
        assert_eq!(succession.current().digest(), digest(&third));
        assert_eq!(succession.charters().count(), 3);
        assert!(succession.rivals().is_empty());
        files.reverse();
    }
}

#[test]
fn those_before_must_give_leave() {
    let mut charter = next(&pinned(), 2, "a.cn");
    charter.keys = ["4", "5"].map(|n| key("charter", n).public()).to_vec();
    let current = |signers: &[&str]| {
        let files = [pinned(), charter_file(&charter, signers)];
        follow(&files, None).unwrap().current().sequence
    };
    assert_eq!(current(&["4", "5"]), 1, "its own keys only");
    assert_eq!(current(&["1", "2"]), 1, "the keys before only");
    assert_eq!(current(&["1", "4", "5"]), 1, "too few of the keys before");
    assert_eq!(current(&["1", "2", "4", "5"]), 2);
}

#[test]
fn what_does_not_follow_does_not_count() {
    let gap = charter_file(&next(&pinned(), 3, "a.cn"), &["1", "2"]);
    let mut other = next(&pinned(), 2, "a.cn");
    other.previous = Some(Digest([1; 32]));
    let files = [pinned(), gap, charter_file(&other, &["1", "2"])];
    assert_eq!(follow(&files, None).unwrap().current().sequence, 1);
}

#[test]
fn of_two_successors_the_first_seen_stays_and_none_follows() {
    let one = charter_file(&next(&pinned(), 2, "a.cn"), &["1", "2"]);
    let other = charter_file(&next(&pinned(), 2, "b.cn"), &["2", "3"]);
    let after = charter_file(&next(&one, 3, "c.cn"), &["1", "2"]);
    let files = [pinned(), one.clone(), other.clone(), after.clone()];
    assert_eq!(follow(&files, None).unwrap().current().sequence, 1, "nobody saw one first");
    for first in [&one, &other] {
        let succession = follow(&files, Some((2, digest(first)))).unwrap();
        assert_eq!(succession.current().digest(), digest(first));
        assert_eq!(succession.rivals().len(), 2);
    }
    // What was in force before its rival came stays in force.
    let succession = follow(&files, Some((3, digest(&after)))).unwrap();
    assert_eq!(succession.current().digest(), digest(&after));
}

#[test]
fn of_two_successors_people_are_told() {
    let one = charter_file(&next(&pinned(), 2, "a.cn"), &["1", "2"]);
    let other = charter_file(&next(&pinned(), 2, "b.cn"), &["2", "3"]);
    let told = |files: &[&SignedFile], seen: Option<(u64, Digest)>| {
        let mut set = DocumentSet::default();
        files.iter().for_each(|file| drop(set.insert(DocumentKind::Charter, (*file).clone()).unwrap()));
        let floor = move |name: &str| seen.filter(|_| name == "charter");
        let (_, problems) = Directory::of(&set, digest(&pinned()), floor).unwrap();
        let of_two = |e: &DocumentError| matches!(e, DocumentError::OtherText { sequence: 2, .. });
        assert!(problems.iter().all(of_two), "{problems:?}");
        problems.len()
    };
    assert_eq!(told(&[&pinned(), &one, &other], None), 2, "neither counts");
    assert_eq!(told(&[&pinned(), &one, &other], Some((2, digest(&one)))), 1, "the first seen counts");
    assert_eq!(told(&[&pinned(), &one], None), 0);
}

#[test]
fn nothing_below_what_was_seen() {
    let second = charter_file(&next(&pinned(), 2, "a.cn"), &["1", "2"]);
    let seen = Some((2, digest(&second)));
    assert!(matches!(follow(&[pinned()], seen), Err(DocumentError::BelowFloor { found: 1, seen: 2, .. })));
    let stranger = charter_file(&Charter { name: "other".into(), ..charter() }, &["1", "2"]);
    assert!(matches!(follow(&[stranger], None), Err(DocumentError::OtherCharter { .. })));
    assert!(matches!(follow(&[], None), Err(DocumentError::File { .. })));
}

#[test]
fn who_left_is_known_from_the_charters_before_whichever_is_pinned() {
    let second = charter_file(&next(&pinned(), 2, "a.cn"), &["1", "2"]);
    let third = charter_file(&next(&second, 3, "b.cn"), &["1", "2"]);
    let files = [pinned(), second.clone(), third.clone()];
    let left = |files: &[SignedFile], first: &SignedFile| {
        let succession = Succession::follow(files, digest(first), None).unwrap();
        succession.former_members().keys().map(ToString::to_string).collect::<Vec<_>>()
    };
    for first in &files {
        assert_eq!(left(&files, first), ["a.cn"], "b.cn is in, a.cn was");
    }
    assert_eq!(left(std::slice::from_ref(&third), &third), [""; 0], "nobody told");
    let forged = charter_file(&next(&pinned(), 2, "ghost.cn"), &["1", "2"]);
    assert_eq!(left(&[forged.clone(), third.clone()], &third), [""; 0], "not the one that the third names");
    let fourth = charter_file(&next(&third, 4, "a.cn"), &["1", "2"]);
    let back = [pinned(), second.clone(), third.clone(), fourth];
    assert_eq!(left(&back, &back[0]), ["a.cn", "b.cn"], "also who is back");
    let succession = Succession::follow(std::slice::from_ref(&third), digest(&third), None).unwrap();
    assert!(succession.leads_to_pinned(digest(&second)) && succession.leads_to_pinned(digest(&third)));
    assert!(!succession.leads_to_pinned(digest(&forged)));
}
