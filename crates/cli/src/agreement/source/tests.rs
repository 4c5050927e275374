//! Folders and nodes as sources.

use super::*;
use crate::arguments::Arguments;
use crate::output::{Format, Output};
use clap::Parser;
use concord_agreements::{Act, Declaration};
use concord_domain::{AgencyId, Timestamp};
use concord_pki::{Federation, Layout, Lives, Options, declare, generate};
use concord_trust::{DocumentRef, DocumentSet};
use std::collections::BTreeMap;
use tempfile::TempDir;

fn now() -> Timestamp {
    "2026-06-01T08:00:00Z".parse().unwrap()
}

fn session(arguments: &[&str]) -> Session {
    let arguments = [&["concord"], arguments, &["register", "stats"]].concat();
    Session::new(Output::new(Format::Json), Arguments::parse_from(arguments).global)
}

/// The documents of the sample federation, without a node.
fn folder() -> (TempDir, Layout) {
    let dir = tempfile::tempdir().unwrap();
    let options = Options {
        now: now(),
        entropy: &concord_domain::SystemEntropy,
        addresses: BTreeMap::new(),
        lives: Lives::default(),
    };
    let layout = generate(&Federation::sample().unwrap(), Some(&[]), dir.path(), &options).unwrap().layout;
    (dir, layout)
}

/// What a node would have that has read this folder.
fn exported(layout: &Layout) -> Exported {
    let (documents, problems) = DocumentSet::read(&layout.federation());
    assert!(problems.is_empty());
    let charter = sha256(&[&std::fs::read(layout.charter()).unwrap()]);
    Exported { charter, seen: BTreeMap::new(), documents }
}

/// The agreements in force, by name and digest.
fn in_force(rules: &Rules) -> Vec<(String, Digest)> {
    let texts = rules.agreements(now()).filter(|text| rules.in_force(&text.id, now()));
    texts.map(|text| (text.id.to_string(), text.digest())).collect()
}

#[test]
fn the_published_documents_are_the_folder_or_in_it() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(published(dir.path()), dir.path().join("federation"));
    std::fs::write(dir.path().join("charter.toml"), "").unwrap();
    assert_eq!(published(dir.path()), dir.path());
}

#[test]
fn what_a_node_has_comes_to_the_same_as_its_folder() {
    let (dir, layout) = folder();
    let session = session(&[]);
    let (_, of_folder) = of_folder(&session, dir.path(), None).unwrap();
    let node = exported(&layout);
    let pinned = node.charter;
    let (_, of_node) = build(&session, node, pinned, LocalRules::default()).unwrap();
    assert!(in_force(&of_folder).len() > 3);
    assert_eq!(in_force(&of_folder), in_force(&of_node));
}

#[test]
fn nothing_is_believed_of_a_node_that_nobody_has_signed() {
    let (_dir, layout) = folder();
    let session = session(&[]);
    let agency: AgencyId = "cq.police.cn".parse().unwrap();
    let declaration = Declaration {
        agreement: "pan-southwest".parse().unwrap(),
        version: 1,
        party: agency.clone(),
        sequence: 1,
        issued: now(),
        act: Act::Suspension { from: now(), until: None },
    };
    declare(&layout, &declaration).unwrap();
    let absent = |exported: Exported| {
        let pinned = exported.charter;
        let (_, rules) = build(&session, exported, pinned, LocalRules::default()).unwrap();
        rules.absence(&declaration.agreement, &agency, now()).is_some()
    };
    assert!(absent(exported(&layout)));
    let mut forged = Exported { documents: DocumentSet::default(), ..exported(&layout) };
    for (at, file) in exported(&layout).documents.iter() {
        let mut file = file.clone();
        if at.kind == DocumentKind::Declaration {
            file.signatures.clear();
        }
        forged.documents.insert(at.kind, file).unwrap();
    }
    assert!(!absent(forged));
    let other = exported(&layout);
    assert!(build(&session, other, Digest([7; 32]), LocalRules::default()).is_err(), "another charter");
}

#[test]
fn what_a_node_has_seen_before_keeps_older_texts_out() {
    let (_dir, layout) = folder();
    let session = session(&[]);
    let mut node = exported(&layout);
    let (at, _) = node.documents.of_kind(DocumentKind::Agreement).next().unwrap();
    let DocumentRef { name, sequence, .. } = at.clone();
    node.seen.insert(format!("agreement/{name}"), (sequence + 1, Digest([7; 32])));
    let pinned = node.charter;
    let (_, rules) = build(&session, node, pinned, LocalRules::default()).unwrap();
    assert!(rules.get(&name.parse().unwrap(), now()).is_none(), "the node decides by it no more either");
}

#[tokio::test]
async fn documents_come_from_one_place_that_is_named() {
    let said = async |global: &[&str], dir: Option<&str>| {
        let source = Source { dir: dir.map(PathBuf::from), charter: None };
        source.documents(&session(global)).await.unwrap_err().to_string()
    };
    assert!(said(&[], None).await.contains("give --dir DIR, or a node by --connect FILE"));
    let both = said(&["--connect", "profile.toml"], Some("folder")).await;
    assert!(both.contains("give one of the two"), "{both}");
    assert!(said(&["--connect", "no-such.toml"], None).await.contains("no-such.toml"));
}
