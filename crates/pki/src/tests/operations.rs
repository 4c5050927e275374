//! What can be done to a folder afterwards.

use super::*;
use crate::{
    Authority, Client, KeyName, LeafSpec, NodeFolder, Renewal, Validity, issue_client, issue_node,
    renew_keyring, revoke,
};

use concord_domain::{Entropy, Role, SpiffeId, Workload};
use concord_trust::{Keyring, sha256};
use std::fs;
use std::time::Duration;
use x509_parser::prelude::{CertificateRevocationList, FromDer};

const HOUR: Duration = Duration::from_secs(3600);

fn yn() -> AgencyId {
    agency("yn.police.cn")
}

/// Number of the list, and the serial numbers on it; the list must verify.
fn list(generated: &Generated) -> (u64, Vec<String>) {
    let text = fs::read(generated.layout.crl(&yn())).unwrap();
    let (_, pem) = parse_x509_pem(&text).unwrap();
    let (_, list) = CertificateRevocationList::from_der(&pem.contents).unwrap();
    with_certificate(&generated.nodes[&yn()].authority().certificate, |authority| {
        list.verify_signature(authority.public_key()).unwrap();
    });
    let serials = list.iter_revoked_certificates().map(|entry| entry.raw_serial_as_string());
    (list.crl_number().unwrap().try_into().unwrap(), serials.collect())
}

fn serial(file: &Path) -> String {
    with_certificate(file, |leaf| leaf.raw_serial_as_string())
}

#[test]
fn revoked_certificates_add_up_on_lists_with_growing_numbers() {
    let (_dir, generated) = fresh();
    let folder = &generated.nodes[&yn()];
    assert_eq!(list(&generated), (1, vec![]));
    let officer = folder.client(NodeFolder::OFFICER).certificate;
    let app = folder.client(NodeFolder::APPLICATION).certificate;
    let revoked = revoke(&generated.layout, &yn(), &officer, now()).unwrap();
    assert_eq!((revoked.list, &revoked.serial), (2, &serial(&officer)));
    assert_eq!(revoke(&generated.layout, &yn(), &app, now().plus(HOUR)).unwrap().list, 3);
    assert_eq!(list(&generated), (3, vec![serial(&officer), serial(&app)]));
    // Once more: nothing to do.
    assert_eq!(
        revoke(&generated.layout, &yn(), &officer, now()).unwrap(),
        crate::Revoked { list: 3, ..revoked }
    );
    assert_eq!(list(&generated).0, 3);
}

#[test]
fn another_authoritys_certificate_is_not_revoked() {
    let (_dir, generated) = fresh();
    let theirs = generated.nodes[&agency("gz.police.cn")].node().certificate;
    let refused = revoke(&generated.layout, &yn(), &theirs, now());
    assert!(matches!(refused, Err(PkiError::NotIssuedHere { .. })), "{refused:?}");
    assert_eq!(list(&generated), (1, vec![]));
}

#[test]
fn a_nodes_certificate_is_replaced_with_its_key() {
    let (_dir, generated) = fresh();
    let files = generated.nodes[&yn()].node();
    let before = (serial(&files.certificate), fs::read(&files.key).unwrap());
    let validity = Validity::starting(now(), HOUR);
    assert_eq!(issue_node(&generated.layout, &yn(), validity, &SystemEntropy).unwrap(), files);
    assert_ne!(serial(&files.certificate), before.0);
    assert_ne!(fs::read(&files.key).unwrap(), before.1);
    let key = rcgen::KeyPair::from_pem(&fs::read_to_string(&files.key).unwrap()).unwrap();
    with_certificate(&files.certificate, |leaf| {
        assert_eq!(leaf.public_key().subject_public_key.data.as_ref(), key.public_key_raw());
    });
}

#[test]
fn clients_have_plain_names_and_roles() {
    let (_dir, generated) = fresh();
    let good = Client {
        file: "records".into(),
        workload: Workload::App("records".into()),
        roles: vec![Role::Registrar.to_string()],
    };
    let issue = |client: &Client| {
        issue_client(&generated.layout, &yn(), client, Validity::starting(now(), HOUR), &SystemEntropy)
    };
    let files = issue(&good).unwrap();
    with_certificate(&files.certificate, |leaf| {
        let unit = leaf.subject().iter_organizational_unit().next().unwrap();
        assert_eq!(unit.as_str().unwrap(), Role::Registrar.as_str());
    });
    let node = Client { workload: Workload::Node("gateway".into()), ..good.clone() };
    assert!(matches!(issue(&node), Err(PkiError::NotAClient)));
    let path = Client { file: "../node".into(), ..good.clone() };
    assert!(matches!(issue(&path), Err(PkiError::ClientFile { .. })));
    let name = Client { workload: Workload::App("a/b".into()), ..good.clone() };
    assert!(matches!(issue(&name), Err(PkiError::Identity(_))));
    let comma = Client { roles: vec!["inquirer,auditor".into()], ..good.clone() };
    assert!(matches!(issue(&comma), Err(PkiError::Role { .. })));
    let long = Client { roles: vec!["a".repeat(LeafSpec::ROLES_BYTES_MAX + 1)], ..good };
    assert!(matches!(issue(&long), Err(PkiError::RolesTooLong { .. })));
}

#[test]
fn tests_can_have_what_must_be_refused() {
    let (_dir, generated) = fresh();
    let authority = Authority::load(&generated.nodes[&yn()].authority()).unwrap();
    let stranger = SpiffeId::node(agency("gz.police.cn"));
    let expired = Validity { from: now().minus(HOUR * 2), until: now().minus(HOUR) };
    let spec = LeafSpec { identity: stranger, roles: vec![], validity: expired };
    let leaf = authority.issue_leaf(&spec, &SystemEntropy).unwrap();
    let (_, pem) = parse_x509_pem(leaf.certificate.as_bytes()).unwrap();
    let until = pem.parse_x509().unwrap().validity().not_after.timestamp();
    assert_eq!(until, i64::try_from(expired.until.as_millis() / 1000).unwrap());
    assert!(!format!("{leaf:?} {authority:?}").contains("PRIVATE"));
    let never = LeafSpec { validity: Validity { from: now(), until: now() }, ..spec };
    assert!(matches!(authority.issue_leaf(&never, &SystemEntropy), Err(PkiError::NeverValid { .. })));
}

#[test]
fn an_authority_with_another_ones_key_does_not_load() {
    let (_dir, generated) = fresh();
    let mut files = generated.nodes[&yn()].authority();
    files.key = generated.nodes[&agency("gz.police.cn")].authority().key;
    assert!(matches!(Authority::load(&files), Err(PkiError::OtherKey { .. })));
}

#[test]
fn a_renewed_keyring_follows_the_one_before() {
    let (_dir, generated) = fresh();
    let before = directory(&generated).keyring(&yn()).unwrap().clone();
    let later = now().plus(HOUR);
    let renewal = Renewal { now: later, life: HOUR, endpoints: Some(vec!["https://[::1]:9000".into()]) };
    assert_eq!(renew_keyring(&generated.layout, &yn(), &renewal).unwrap(), 2);
    let after = directory(&generated).keyring(&yn()).unwrap().clone();
    assert_eq!((after.sequence, after.previous), (2, Some(before.digest())));
    assert_eq!((after.issued, after.expires), (later, later.plus(HOUR)));
    assert_eq!(after.endpoints, ["https://[::1]:9000"]);
    assert_eq!(after.message, before.message);
    let kept = Renewal { endpoints: None, ..renewal };
    assert_eq!(renew_keyring(&generated.layout, &yn(), &kept).unwrap(), 3);
    assert_eq!(directory(&generated).keyring(&yn()).unwrap().endpoints, after.endpoints);
    let files = fs::read_dir(generated.layout.keyrings()).unwrap().count();
    assert_eq!(files, 2 * (NODES.len() + 2), "each with its signature, those before too");
}

#[test]
fn a_renewal_that_nobody_would_accept_changes_nothing() {
    let (_dir, generated) = fresh();
    let file = generated.layout.keyrings().join("yn.police.cn.toml");
    let before = sha256(&[&fs::read(&file).unwrap()]);
    let long = Renewal { now: now(), life: Keyring::LIFE_MAX + HOUR, endpoints: None };
    assert!(matches!(renew_keyring(&generated.layout, &yn(), &long), Err(PkiError::Document(_))));
    let folder = &generated.nodes[&yn()];
    fs::copy(folder.key(KeyName::Message), folder.key(KeyName::Keyring)).unwrap();
    let right = Renewal { life: HOUR, ..long };
    assert!(matches!(renew_keyring(&generated.layout, &yn(), &right), Err(PkiError::Document(_))));
    assert_eq!(sha256(&[&fs::read(&file).unwrap()]), before);
    directory(&generated);
}

/// The same byte for ever.
#[derive(Debug)]
struct Stuck(u8);

impl Entropy for Stuck {
    fn fill(&self, out: &mut [u8]) {
        out.fill(self.0);
    }
}

#[test]
fn certificates_keys_come_from_the_given_randomness() {
    let create = |byte| Authority::create(&yn(), Validity::starting(now(), HOUR), &Stuck(byte));
    let key = |byte| create(byte).unwrap().credential().key.clone();
    assert_eq!(key(1), key(1));
    assert_ne!(key(1), key(2));
    // No scalar of P-256: zero, and one above the order.
    assert!(matches!(create(0), Err(PkiError::NoKey { .. })));
    assert!(matches!(create(255), Err(PkiError::NoKey { .. })));
}
