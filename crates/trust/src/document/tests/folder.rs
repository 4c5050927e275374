//! Documents on disk, and what others may leave beside them.

use crate::document::{Directory, DocumentError, Signature, SignedFile};
use crate::testing::{
    MEMBERS, agency, card, card_file, charter, charter_file, key, keyring, keyring_file, signed_charter,
};
use crate::{Kind, SignatureInvalid};
use std::path::Path;
use tempfile::TempDir;

fn required(file: &SignedFile) -> Result<(), DocumentError> {
    file.require(Kind::Card, "yn.police.cn", &key("yn.police.cn", "root").public())
}

fn written() -> (TempDir, SignedFile) {
    let (folder, file) = (TempDir::new().unwrap(), card_file(&card("yn.police.cn")));
    file.write(folder.path(), "yn.police.cn").unwrap();
    (folder, file)
}

fn read(folder: &Path) -> SignedFile {
    SignedFile::read(&folder.join("yn.police.cn.toml")).unwrap()
}

#[test]
fn a_file_is_read_as_it_was_written() {
    let (folder, file) = written();
    let found = read(folder.path());
    assert_eq!((&found.bytes, &found.signatures), (&file.bytes, &file.signatures));
    required(&found).unwrap();
}

#[test]
fn signatures_of_others_are_harmless() {
    let (folder, file) = written();
    let root = key("yn.police.cn", "root");
    let put = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
    put("yn.police.cn.aaa.sig", b"not base64!");
    put("yn.police.cn.aab.sig", &[0xff, 0xfe]);
    put("yn.police.cn.aac.sig", &[b'A'; 5000]);
    put("yn.police.cn.aad.sig", b"");
    put("yn.police.cn.km.yn.police.cn.sig", b"AAAA");
    put("xyn.police.cn.root.sig", b"AAAA");
    let strangers = SignedFile { signatures: vec![], ..file };
    // One by a stranger, and one that claims our key over other bytes; both are read before the right one.
    let strangers = strangers.sign(Kind::Card, "aae", &key("stranger", "root"));
    let false_claim = Signature { label: "aaf".into(), cose: root.sign_detached(Kind::Card, b"other") };
    let strangers =
        SignedFile { signatures: [strangers.signatures, vec![false_claim]].concat(), ..strangers };
    strangers.write(folder.path(), "yn.police.cn").unwrap();
    let found = read(folder.path());
    assert_eq!(found.signatures.len(), 1 + 5 + 2);
    required(&found).unwrap();
}

#[test]
fn a_spoilt_signature_of_the_one_who_must_sign_is_told() {
    let (folder, _) = written();
    std::fs::write(folder.path().join("yn.police.cn.yn.police.cn.sig"), "@@").unwrap();
    let found = required(&read(folder.path()));
    assert!(matches!(found, Err(DocumentError::Signature { why: SignatureInvalid::Malformed, .. })));
    std::fs::remove_file(folder.path().join("yn.police.cn.yn.police.cn.sig")).unwrap();
    assert!(matches!(required(&read(folder.path())), Err(DocumentError::NotSigned { .. })));
}

#[test]
fn a_file_has_bounds() {
    let (folder, _) = written();
    let path = folder.path().join("yn.police.cn.toml");
    let limit = usize::try_from(SignedFile::BYTES_MAX).unwrap();
    std::fs::write(&path, vec![b'#'; limit]).unwrap();
    assert!(SignedFile::read(&path).is_ok());
    std::fs::write(&path, vec![b'#'; limit + 1]).unwrap();
    assert!(matches!(SignedFile::read(&path), Err(DocumentError::TooLong { .. })));
    std::fs::write(&path, "").unwrap();
    for n in 0..SignedFile::SIGNATURES_MAX {
        std::fs::write(folder.path().join(format!("yn.police.cn.{n}.sig")), "AAAA").unwrap();
    }
    assert!(matches!(SignedFile::read(&path), Err(DocumentError::Contradiction { .. })));
    assert!(matches!(SignedFile::read(&folder.path().join("no.toml")), Err(DocumentError::File { .. })));
}

#[test]
fn a_bad_document_leaves_out_only_its_agency() {
    let folder = TempDir::new().unwrap();
    let (cards, keyrings) = (folder.path().join("cards"), folder.path().join("keyrings"));
    charter_file(&charter(), &["1", "2"]).write(folder.path(), "charter").unwrap();
    for (name, _) in MEMBERS {
        card_file(&card(name)).write(&cards, name).unwrap();
        keyring_file(&keyring(name)).write(&keyrings, name).unwrap();
    }
    let expected = signed_charter().digest();
    let (directory, problems) = Directory::read(folder.path(), expected, |_: &str| None).unwrap();
    assert!(problems.is_empty(), "{problems:?}");
    assert_eq!(
        (directory.members().count(), directory.cards().count(), directory.keyrings().count()),
        (4, 4, 4)
    );

    std::fs::write(cards.join("fda.cn.toml"), "agency = 3").unwrap();
    let (directory, problems) = Directory::read(folder.path(), expected, |_: &str| None).unwrap();
    assert_eq!(problems.len(), 2, "the card, and the keyring that no card stands above: {problems:?}");
    assert!(directory.card(&agency("fda.cn")).is_none() && directory.keyring(&agency("fda.cn")).is_none());
    assert_eq!((directory.cards().count(), directory.keyrings().count()), (3, 3));

    let floor = move |name: &str| (name == "charter").then_some((2, expected));
    assert!(matches!(Directory::read(folder.path(), expected, floor), Err(DocumentError::BelowFloor { .. })));
}
