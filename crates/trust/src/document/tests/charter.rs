//! The charter: pinned by its hash, signed by enough of its keys, and free of contradictions.

use super::contradiction;
use crate::document::{Charter, DocumentError, Signed, SignedFile};
use crate::testing::{agency, charter, charter_file, directory, key, member, signed_charter};
use crate::{Kind, sha256};
use concord_domain::Digest;
use proptest::prelude::*;

fn verify(file: &SignedFile) -> Result<Signed<Charter>, DocumentError> {
    Charter::verify(file, sha256(&[&file.bytes]))
}

/// The contradiction in a charter that its own keys signed.
fn refused(change: impl FnOnce(&mut Charter)) -> String {
    let mut charter = charter();
    change(&mut charter);
    contradiction(verify(&charter_file(&charter, &["1", "2", "3"])).unwrap_err())
}

#[test]
fn only_the_charter_that_was_named() {
    let file = charter_file(&charter(), &["1", "2"]);
    assert_eq!(verify(&file).unwrap().digest(), sha256(&[&file.bytes]));
    let expected = Digest([7; 32]);
    let error = Charter::verify(&file, expected).unwrap_err();
    assert!(matches!(error, DocumentError::OtherCharter { expected: e, .. } if e == expected));
}

#[test]
fn a_key_counts_once_and_a_stranger_not_at_all() {
    let stranger = key("stranger", "1");
    let once = charter_file(&charter(), &["1"]);
    let others = [
        once.clone(),
        once.clone().sign(Kind::Charter, "again", &key("charter", "1")),
        once.clone().sign(Kind::Charter, "2", &stranger),
        once.clone().sign(Kind::Card, "2", &key("charter", "2")),
    ];
    for file in others {
        assert!(matches!(verify(&file), Err(DocumentError::NotSigned { .. })), "{:?}", file.signatures);
    }
    assert!(verify(&once.sign(Kind::Charter, "2", &key("charter", "2"))).is_ok());
}

#[test]
fn a_signature_covers_the_exact_bytes() {
    let mut file = charter_file(&charter(), &["1", "2", "3"]);
    file.bytes.push(b'\n');
    assert!(matches!(verify(&file), Err(DocumentError::NotSigned { .. })));
}

#[test]
fn the_threshold_is_between_one_and_all() {
    for threshold in [0, 4] {
        assert!(refused(|c| c.threshold = threshold).starts_with("threshold: must be 1 to 3"));
    }
    assert!(refused(|c| c.keys.push(key("charter", "1").public())).starts_with("keys: the same key"));
    assert!(refused(|c| c.keys.clear()).starts_with("threshold"));
}

#[test]
fn each_member_stands_there_once_with_a_root_of_its_own() {
    assert!(refused(|c| c.members.push(member("fda.cn", None))).contains("an agency stands there twice"));
    let shares_root = |c: &mut Charter| c.members[3].root = c.members[0].root;
    assert!(refused(shares_root).contains("share a root key"));
    assert!(refused(|c| c.name = "bell\u{7}".into()).starts_with("name: has a control character"));
}

#[test]
fn every_line_of_superiors_ends() {
    let circle = |c: &mut Charter| c.members[0].superior = Some(agency("yn.police.cn"));
    assert!(refused(circle).contains("form a circle"));
    assert!(refused(|c| c.members[0].superior = Some(agency("police.cn"))).contains("form a circle"));
    let missing = |c: &mut Charter| c.members[3].superior = Some(agency("state.cn"));
    assert!(refused(missing).contains("fda.cn is below state.cn, which is no member"));
}

#[test]
fn a_line_has_so_many_levels_and_no_more() {
    let line = |levels: usize| {
        let mut charter = charter();
        let name = |n: usize| format!("l{n}.cn");
        charter.members =
            (0..=levels).map(|n| member(&name(n), n.checked_sub(1).map(name).as_deref())).collect();
        verify(&charter_file(&charter, &["1", "2"]))
    };
    assert!(line(Charter::LEVELS_MAX).is_ok());
    assert!(contradiction(line(Charter::LEVELS_MAX + 1).unwrap_err()).contains("more than 8 levels"));
}

#[test]
fn an_unknown_key_is_named() {
    let text = charter().to_toml().replace("threshold = 2", "threshold = 2\ntreshold = 1");
    let file = SignedFile::unsigned("charter.toml", text);
    let error = verify(&file.sign(Kind::Charter, "1", &key("charter", "1"))).unwrap_err();
    assert!(
        matches!(&error, DocumentError::Malformed { message, .. } if message.contains("treshold")),
        "{error}"
    );
    let file = SignedFile { bytes: vec![0xff], ..charter_file(&charter(), &["1", "2"]) };
    assert!(matches!(verify(&file), Err(DocumentError::Malformed { .. })));
}

#[test]
fn who_stands_below_whom() {
    let directory = directory();
    let (ministry, yunnan) = (agency("police.cn"), agency("yn.police.cn"));
    assert_eq!(directory.line(&yunnan).collect::<Vec<_>>(), [&yunnan, &ministry]);
    assert_eq!(directory.line(&agency("nobody.cn")).count(), 0);
    assert_eq!(directory.charter().digest(), signed_charter().digest());
}

proptest! {
    #[test]
    fn enough_keys_must_sign(keys in 1usize..6, threshold in 1usize..6, signers in any::<[bool; 6]>()) {
        let names: Vec<_> = (0..keys).map(|n| n.to_string()).collect();
        let charter = Charter {
            threshold: threshold.min(keys),
            keys: names.iter().map(|n| key("charter", n).public()).collect(),
            ..charter()
        };
        let signers: Vec<_> = names.iter().zip(signers).filter(|(_, signs)| *signs).map(|(n, _)| n.as_str()).collect();
        let accepted = verify(&charter_file(&charter, &signers)).is_ok();
        prop_assert_eq!(accepted, signers.len() >= charter.threshold);
    }
}
