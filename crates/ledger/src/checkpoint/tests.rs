use super::*;
use crate::note::SIGNATURES_MAX;
use crate::tree::empty_root;
use proptest::prelude::*;
use signed_note::{Note as OracleNote, StandardSigner, StandardVerifier, VerifierList};

fn agency() -> AgencyId {
    "yn.police.cn".parse().unwrap()
}

fn key(n: u8) -> SigningKey {
    SigningKey::from_seed([n; 32])
}

fn checkpoint(size: u64) -> Checkpoint {
    Checkpoint { ledger: agency(), size, root: Digest([7; 32]) }
}

fn oracle_verifies(text: &str, key: &PublicKey) -> bool {
    let verifier = StandardVerifier::new(&checkpoint_verifier_key(&agency(), key)).unwrap();
    let note = OracleNote::from_bytes(text.as_bytes()).unwrap();
    note.verify(&VerifierList::new(vec![Box::new(verifier)])).is_ok()
}

#[test]
fn the_oracle_accepts_what_we_sign() {
    let text = SignedCheckpoint::sign(checkpoint(42), &key(1)).to_string();
    assert!(oracle_verifies(&text, &key(1).public()));
    assert!(!oracle_verifies(&text, &key(2).public()));
}

#[test]
fn we_accept_what_the_oracle_signs() {
    let skey = {
        let vkey = checkpoint_verifier_key(&agency(), &key(1).public());
        let id = vkey.split('+').nth(1).unwrap().to_owned();
        let secret = [&[1u8], [1u8; 32].as_slice()].concat();
        format!("PRIVATE+KEY+{}+{id}+{}", origin(&agency()), STANDARD.encode(secret))
    };
    let mut note = OracleNote::new(checkpoint(42).to_string().as_bytes(), &[]).unwrap();
    note.add_sigs(&[&StandardSigner::new(&skey).unwrap()]).unwrap();
    let theirs = String::from_utf8(note.to_bytes()).unwrap();
    // Ed25519 is deterministic, so the two are the same to the byte.
    assert_eq!(theirs, SignedCheckpoint::sign(checkpoint(42), &key(1)).to_string());
    let parsed = SignedCheckpoint::parse(&theirs).unwrap();
    assert_eq!(parsed.verify(&agency(), &[key(1).public()]), Ok(&checkpoint(42)));
}

#[test]
fn only_a_key_of_that_agency_counts() {
    let signed = SignedCheckpoint::sign(checkpoint(1), &key(1));
    let name = origin(&agency());
    let not_signed = Err(CheckpointInvalid::Note(NoteInvalid::NotSigned { name }));
    assert_eq!(signed.verify(&agency(), &[key(2).public()]), not_signed);
    assert_eq!(signed.verify(&agency(), &[]), not_signed);
    assert!(signed.verify(&agency(), &[key(2).public(), key(1).public()]).is_ok());
    let other = "gx.police.cn".parse().unwrap();
    let wrong = Err(CheckpointInvalid::OtherLedger { found: agency() });
    assert_eq!(signed.verify(&other, &[key(1).public()]), wrong);
}

#[test]
fn a_strangers_signature_is_passed_over_and_kept() {
    let text = SignedCheckpoint::sign(checkpoint(1), &key(1)).to_string();
    let witnessed = format!("{text}— witness.example/w {}\n", STANDARD.encode([9; 76]));
    let parsed = SignedCheckpoint::parse(&witnessed).unwrap();
    assert!(parsed.verify(&agency(), &[key(1).public()]).is_ok());
    assert_eq!(parsed.to_string(), witnessed);
    let crowd = "— witness.example/w AAAAAAA=\n".repeat(SIGNATURES_MAX);
    let crowded = SignedCheckpoint::parse(&format!("{text}{crowd}"));
    assert_eq!(crowded, Err(NoteInvalid::TooManySignatures.into()));
}

#[test]
fn a_wrong_signature_beside_a_right_one_spoils_the_note() {
    let text = SignedCheckpoint::sign(checkpoint(1), &key(1)).to_string();
    let other = SignedCheckpoint::sign(checkpoint(2), &key(1)).to_string();
    let line = other.split_once("\n\n").unwrap().1;
    let parsed = SignedCheckpoint::parse(&format!("{text}{line}")).unwrap();
    let wrong = Err(CheckpointInvalid::Note(NoteInvalid::Signature { name: origin(&agency()) }));
    assert_eq!(parsed.verify(&agency(), &[key(1).public()]), wrong);
}

#[test]
fn malformed_texts_are_named() {
    let signed = |text: &str| SignedCheckpoint::parse(&Note::sign(text.to_owned(), "x", &key(1)).to_string());
    let root = STANDARD.encode(empty_root().as_bytes());
    let good = format!("yn.police.cn/ledger\n0\n{root}\n");
    assert_eq!(signed(&good).unwrap().claimed().root, empty_root());
    assert_eq!(signed(&format!("{good}extension\n")).unwrap().claimed().size, 0);
    for (text, why) in [
        ("yn.police.cn\n0\n", CheckpointInvalid::Origin),
        ("YN/ledger\n0\n", CheckpointInvalid::Origin),
        ("yn.police.cn/ledger\n", CheckpointInvalid::Size),
        ("yn.police.cn/ledger\n+1\n", CheckpointInvalid::Size),
        ("yn.police.cn/ledger\n01\n", CheckpointInvalid::Size),
        ("yn.police.cn/ledger\n18446744073709551615\n", CheckpointInvalid::Size),
        ("yn.police.cn/ledger\n1\n", CheckpointInvalid::Root),
        ("yn.police.cn/ledger\n1\nAAAA\n", CheckpointInvalid::Root),
        (&format!("{good}\nextension\n"), CheckpointInvalid::EmptyLine),
    ] {
        assert_eq!(signed(text), Err(why), "{text}");
    }
    for (text, why) in [
        ("", NoteInvalid::Shape),
        ("text\n", NoteInvalid::Shape),
        ("text\n\n— a AAAAAAA=", NoteInvalid::Shape),
        ("text\n\n", NoteInvalid::Shape),
        ("te\txt\n\n— a AAAAAAA=\n", NoteInvalid::Control),
        ("text\n\n- a AAAAAAA=\n", NoteInvalid::SignatureLine { line: 1 }),
        ("text\n\n— a AAAAAAA=\n— a+b AAAAAAA=\n", NoteInvalid::SignatureLine { line: 2 }),
        ("text\n\n— a AAAA\n", NoteInvalid::SignatureLine { line: 1 }),
    ] {
        assert_eq!(Note::parse(text), Err(why), "{text}");
    }
}

proptest! {
    #[test]
    fn any_changed_byte_is_noticed(
        size in 0..SIZE_MAX, at in any::<prop::sample::Index>(), flip in 1u8..,
    ) {
        let signed = SignedCheckpoint::sign(checkpoint(size), &key(1)).to_string();
        prop_assert_eq!(SignedCheckpoint::parse(&signed).unwrap().to_string(), signed.clone());
        let mut bytes = signed.into_bytes();
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        let accepted = String::from_utf8(bytes).is_ok_and(|text| {
            SignedCheckpoint::parse(&text).is_ok_and(|c| c.verify(&agency(), &[key(1).public()]).is_ok())
        });
        prop_assert!(!accepted);
    }
}
