//! What is wrong with certificates, keys and bundles is said before they are used.

use crate::authority::{Authority, Issued, Spec, today};
use concord_transport::{AnchorError, Anchors, Bundle, CredentialError, Leaf, PemFile};
use std::path::Path;

const NODE: &str = "spiffe://yn.police.cn/node/gateway";

fn load(issued: &Issued) -> Vec<CredentialError> {
    Leaf::from_pem(&issued.certificate, &issued.key, today()).map(drop).unwrap_err()
}

#[test]
fn a_leaf_is_checked() {
    let authority = Authority::new("yn.police.cn");
    let good = authority.issue(&Spec::new(NODE));
    let leaf = Leaf::from_pem(&good.certificate, &good.key, today()).unwrap();
    assert_eq!(leaf.identity().to_string(), NODE);
    assert_eq!(leaf.expires(), "2026-09-01T00:00:00Z".parse().unwrap());

    let expired = load(&authority.issue(&Spec { months: (1, 3), ..Spec::new(NODE) }));
    assert!(matches!(expired[..], [CredentialError::Expired { .. }]), "{expired:?}");
    let early = load(&authority.issue(&Spec { months: (7, 9), ..Spec::new(NODE) }));
    assert!(matches!(early[..], [CredentialError::NotYetValid { .. }]), "{early:?}");
    let anonymous = load(&authority.issue(&Spec { identities: Vec::new(), ..Spec::new(NODE) }));
    assert!(matches!(anonymous[..], [CredentialError::NoIdentity { .. }]), "{anonymous:?}");
    let other = authority.issue(&Spec::new(NODE));
    let mixed = load(&Issued { certificate: good.certificate.clone(), key: other.key });
    assert!(matches!(mixed[..], [CredentialError::KeyMismatch { .. }]), "{mixed:?}");
}

#[test]
fn all_mistakes_are_told_at_once_with_their_files() {
    let swapped = Authority::new("yn.police.cn").issue(&Spec::new(NODE));
    let errors = load(&Issued { certificate: swapped.key, key: PemFile::new("empty.key", "") });
    assert_eq!(errors.len(), 2, "{errors:?}");
    assert!(errors[0].to_string().starts_with("leaf.key: no certificate"), "{}", errors[0]);
    assert!(errors[1].to_string().starts_with("empty.key: no private key"), "{}", errors[1]);
    let errors = Leaf::load(Path::new("/nowhere/a.pem"), Path::new("/nowhere/a.key"), today()).unwrap_err();
    assert!(matches!(errors[..], [CredentialError::Unreadable(_), CredentialError::Unreadable(_)]));
}

#[test]
fn keys_are_never_shown() {
    let issued = Authority::new("yn.police.cn").issue(&Spec::new("spiffe://yn.police.cn/officer/053211"));
    let leaf = Leaf::from_pem(&issued.certificate, &issued.key, today()).unwrap();
    assert_eq!(format!("{:?}", issued.key), "PemFile(leaf.key)");
    assert!(!format!("{leaf:?}").contains("053211"));
}

#[test]
fn a_bundle_is_checked() {
    let authority = Authority::new("yn.police.cn");
    let leaf = authority.issue(&Spec::new(NODE)).certificate;
    let bundle = |roots, crls| Bundle { agency: authority.agency.clone(), roots, crls };
    let errors = |bundle| Anchors::build([bundle]).map(drop).unwrap_err();

    assert!(Anchors::build([authority.bundle(&[1, 2])]).is_ok());
    assert!(matches!(errors(bundle(Vec::new(), Vec::new()))[..], [AnchorError::NoRoot { .. }]));
    assert!(matches!(errors(bundle(vec![leaf], Vec::new()))[..], [AnchorError::BadRoot { .. }]));
    let wrong_way_round = errors(bundle(vec![authority.crl(&[])], vec![authority.pem()]));
    assert!(
        matches!(wrong_way_round[..], [AnchorError::NotPem { .. }, AnchorError::NotPem { .. }]),
        "{wrong_way_round:?}"
    );
    let many = vec![authority.pem(); Bundle::ROOTS_MAX + 1];
    assert!(matches!(errors(bundle(many, Vec::new()))[..], [AnchorError::TooMany { .. }]));
    let garbage = "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n";
    let bad = errors(bundle(vec![authority.pem()], vec![PemFile::new("bad.crl", garbage)]));
    assert!(matches!(&bad[..], [AnchorError::BadCrl { file, .. }] if file == "bad.crl"), "{bad:?}");
}

#[test]
fn a_bad_bundle_changes_nothing() {
    let authority = Authority::new("yn.police.cn");
    let mut anchors = Anchors::build([authority.bundle(&[])]).unwrap();
    let bad = Bundle { agency: authority.agency.clone(), roots: Vec::new(), crls: Vec::new() };
    assert!(anchors.insert(bad).is_err());
    assert_eq!(anchors.agencies().collect::<Vec<_>>(), [&authority.agency]);
}
