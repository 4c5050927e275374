//! What a fresh folder holds.

use super::*;
use crate::{CredentialFiles, KeyName, NodeFolder};
use concord_agreements::{LocalRules, Rules};
use concord_domain::Role;
use concord_trust::{SealingKey, SigningKey, StorageKey};
use std::fs;
use std::sync::Arc;
use x509_parser::prelude::{GeneralName, ParsedExtension};

const MEMBERS: usize = 38;

#[test]
fn a_node_accepts_every_document() {
    let (_dir, generated) = fresh();
    let directory = directory(&generated);
    assert_eq!(directory.members().count(), MEMBERS);
    assert_eq!(directory.cards().count(), MEMBERS);
    assert_eq!(directory.keyrings().count(), NODES.len());
    let keyring = directory.keyring(&agency("gz.police.cn")).unwrap();
    assert_eq!(keyring.endpoints, ["https://127.0.0.1:8001"]);
    assert_eq!(keyring.expires.since(keyring.issued), concord_trust::Keyring::LIFE_MAX);
    let bundle = fs::read_to_string(generated.nodes[&keyring.agency].authority().certificate).unwrap();
    assert_eq!(keyring.tls_bundle, [bundle]);
}

#[test]
fn a_node_accepts_every_agreement() {
    let (_dir, generated) = fresh();
    let folder = generated.layout.federation();
    let directory = Arc::new(directory(&generated));
    let (rules, problems) = Rules::read(&folder, directory, LocalRules::default(), |_| None);
    assert!(problems.is_empty(), "{problems:?}");
    let sample = Federation::sample().unwrap();
    assert_eq!(rules.agreements(now()).count(), sample.agreements.len());
    assert!(rules.agreements(now()).all(|agreement| agreement.in_force(now())));
}

#[test]
fn an_altered_agreement_is_not_accepted() {
    let (_dir, generated) = fresh();
    let file = generated.layout.agreements().join("northwest.v1.toml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("restricted", "confidential")).unwrap();
    let folder = generated.layout.federation();
    let directory = Arc::new(directory(&generated));
    let (rules, problems) = Rules::read(&folder, directory, LocalRules::default(), |_| None);
    assert!(rules.get(&"northwest".parse().unwrap(), now()).is_none());
    assert_eq!(problems.len(), 1);
}

#[test]
fn keys_are_for_the_owner_and_fit_the_documents() {
    let (_dir, generated) = fresh();
    let directory = directory(&generated);
    for (agency, folder) in &generated.nodes {
        let text = |name| fs::read_to_string(folder.key(name)).unwrap();
        let public = |name| SigningKey::from_text(&text(name)).unwrap().public();
        let (card, keyring) = (directory.card(agency).unwrap(), directory.keyring(agency).unwrap());
        assert_eq!(public(KeyName::Root), directory.member(agency).unwrap().root);
        assert_eq!(public(KeyName::Agreement), card.agreement_key);
        assert_eq!(public(KeyName::Keyring), card.keyring_key);
        assert_eq!(public(KeyName::Message), keyring.message);
        assert_eq!(public(KeyName::Checkpoint), keyring.checkpoint);
        assert_eq!(*SealingKey::from_text(&text(KeyName::Sealing)).unwrap().public(), keyring.sealing);
        StorageKey::from_text(&text(KeyName::Storage)).unwrap();
    }
}

#[cfg(unix)]
#[test]
fn no_private_key_is_readable_by_others() {
    use std::os::unix::fs::PermissionsExt;
    let (dir, _) = fresh();
    let mut folders = vec![dir.path().to_owned()];
    let mut keys = 0;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "key") {
                keys += 1;
                assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{path:?}");
            } else {
                let text = fs::read_to_string(&path).unwrap();
                assert!(!text.contains("PRIVATE"), "{path:?}");
            }
        }
    }
    // Three of the charter and its emergency key, three of each member, and four keys and four certificates' keys of each node.
    assert_eq!(keys, 4 + 3 * MEMBERS + 8 * NODES.len());
}

#[test]
fn certificates_carry_one_identity_and_its_roles() {
    let (_dir, generated) = fresh();
    let all = Role::ALL.iter().map(|r| r.as_str()).collect::<Vec<_>>().join(",");
    for (agency, folder) in &generated.nodes {
        let app = folder.client(NodeFolder::APPLICATION);
        let officer = folder.client(NodeFolder::OFFICER);
        assert_leaf(&folder.node(), &format!("spiffe://{agency}/node/gateway"), None, true);
        assert_leaf(&app, &format!("spiffe://{agency}/app/console"), Some(&all), false);
        assert_leaf(
            &officer,
            &format!("spiffe://{agency}/officer/053211"),
            Some(Role::Inquirer.as_str()),
            false,
        );
        for files in [folder.node(), app, officer] {
            assert!(issued_by(&files.certificate, &folder.authority().certificate));
        }
    }
    let [yn, gz] = ["yn.police.cn", "gz.police.cn"].map(|name| &generated.nodes[&agency(name)]);
    assert!(!issued_by(&yn.node().certificate, &gz.authority().certificate));
}

fn assert_leaf(files: &CredentialFiles, identity: &str, roles: Option<&str>, serves: bool) {
    with_certificate(&files.certificate, |leaf| {
        let names = &leaf.subject_alternative_name().unwrap().unwrap().value.general_names;
        let uris: Vec<_> = names.iter().filter(|name| matches!(name, GeneralName::URI(_))).collect();
        assert_eq!(uris, [&GeneralName::URI(identity)]);
        assert_eq!(names.len(), if serves { 4 } else { 1 }, "{identity}");
        let units: Vec<_> = leaf.subject().iter_organizational_unit().map(|u| u.as_str().unwrap()).collect();
        assert_eq!(units, roles.into_iter().collect::<Vec<_>>());
        let usage = leaf.extended_key_usage().unwrap().unwrap().value;
        assert_eq!((usage.server_auth, usage.client_auth), (serves, true), "{identity}");
        assert!(!leaf.is_ca());
        let seconds = |at: Timestamp| i64::try_from(at.as_millis() / 1000).unwrap();
        assert_eq!(leaf.validity().not_before.timestamp(), seconds(now()) - 60);
        assert_eq!(leaf.validity().not_after.timestamp(), seconds(now()) + 30 * 86_400);
    });
}

fn issued_by(leaf: &Path, authority: &Path) -> bool {
    with_certificate(leaf, |leaf| {
        with_certificate(authority, |authority| {
            leaf.issuer() == authority.subject()
                && leaf.verify_signature(Some(authority.public_key())).is_ok()
        })
    })
}

#[test]
fn an_authority_signs_leaves_and_lists_only() {
    let (_dir, generated) = fresh();
    for folder in generated.nodes.values() {
        with_certificate(&folder.authority().certificate, |authority| {
            let usage = authority.key_usage().unwrap().unwrap().value;
            assert!(usage.key_cert_sign() && usage.crl_sign() && !usage.digital_signature());
            let constraints = authority.basic_constraints().unwrap().unwrap().value;
            assert!(constraints.ca);
            assert_eq!(constraints.path_len_constraint, Some(0));
            let key_id = |e: &ParsedExtension<'_>| matches!(e, ParsedExtension::SubjectKeyIdentifier(_));
            assert!(authority.iter_extensions().any(|e| key_id(e.parsed_extension())));
        });
    }
}

#[test]
fn the_configuration_points_at_what_is_there() {
    let (_dir, generated) = fresh();
    let folder = &generated.nodes[&agency("yn.police.cn")];
    let config: toml::Table = fs::read_to_string(folder.config()).unwrap().parse().unwrap();
    let text = |table: &str, key: &str| config[table][key].as_str().unwrap().to_owned();
    assert_eq!(config["agency"].as_str(), Some("yn.police.cn"));
    assert_eq!(text("federation", "charter_sha256"), generated.charter.to_string());
    assert_eq!(text("local_api", "listen"), "127.0.0.1:7000");
    assert_eq!(text("federation_api", "listen"), "127.0.0.1:8000");
    let data = config["data"].as_str().unwrap().to_owned();
    let paths = [text("federation", "folder"), text("keys", "folder"), text("tls", "ca"), data];
    for path in paths.into_iter().chain([text("tls", "certificate"), text("tls", "key")]) {
        assert!(folder.dir().join(&path).exists(), "{path}");
    }
}

#[test]
fn a_second_time_is_refused_and_changes_nothing() {
    let (dir, generated) = fresh();
    let key = generated.nodes[&agency("yn.police.cn")].key(KeyName::Root);
    let before = fs::read(&key).unwrap();
    assert!(matches!(generate_into(dir.path()), Err(PkiError::AlreadyThere { .. })));
    assert_eq!(fs::read(&key).unwrap(), before);
}

#[test]
fn bad_requests_write_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let sample = Federation::sample().unwrap();
    let make = |only: &[AgencyId], options: &Options<'_>| {
        generate(&sample, Some(only), dir.path(), options).unwrap_err()
    };
    let known = nodes();
    let stranger = [agency("nowhere.cn")];
    assert!(matches!(make(&stranger, &options(&known)), PkiError::NotAMember { .. }));
    assert!(matches!(make(&known, &options(&known[..1])), PkiError::NoAddresses { .. }));
    let mut long = options(&known);
    long.lives.keyring *= 2;
    assert!(matches!(make(&known, &long), PkiError::Document(_)));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}
