//! A federation of three nodes in a temporary folder, judged with the eyes of a node.

mod agreement;
mod block;
mod card;
mod generated;
mod operations;
mod rotation;
mod sample;

use crate::{Addresses, Federation, Generated, Lives, Options, PkiError, generate};
use concord_domain::{AgencyId, SystemEntropy, Timestamp};
use concord_trust::Directory;
use std::path::Path;
use tempfile::TempDir;
use x509_parser::pem::parse_x509_pem;
use x509_parser::prelude::X509Certificate;

const NODES: [&str; 3] = ["yn.police.cn", "gz.police.cn", "km.yn.police.cn"];

fn agency(name: &str) -> AgencyId {
    name.parse().unwrap()
}

fn nodes() -> Vec<AgencyId> {
    NODES.map(agency).to_vec()
}

fn now() -> Timestamp {
    "2026-06-01T08:00:00Z".parse().unwrap()
}

fn options(agencies: &[AgencyId]) -> Options<'static> {
    let addresses = agencies.iter().zip(0u16..).map(|(agency, number)| {
        let at = |port: u16| format!("127.0.0.1:{}", port + number).parse().unwrap();
        (agency.clone(), Addresses { local_api: at(7000), federation_api: at(8000) })
    });
    Options { now: now(), entropy: &SystemEntropy, addresses: addresses.collect(), lives: Lives::default() }
}

fn generate_into(dir: &Path) -> Result<Generated, PkiError> {
    generate(&Federation::sample().unwrap(), Some(&nodes()), dir, &options(&nodes()))
}

fn fresh() -> (TempDir, Generated) {
    let dir = tempfile::tempdir().unwrap();
    let generated = generate_into(dir.path()).unwrap();
    (dir, generated)
}

fn directory(generated: &Generated) -> Directory {
    let nothing_seen = |_: &str| None;
    let (directory, problems) =
        Directory::read(&generated.layout.federation(), generated.charter, nothing_seen).unwrap();
    assert!(problems.is_empty(), "{problems:?}");
    directory
}

/// Hands the certificate in `file` to `look`.
fn with_certificate<T>(file: &Path, look: impl FnOnce(&X509Certificate<'_>) -> T) -> T {
    let text = std::fs::read(file).unwrap();
    let (rest, pem) = parse_x509_pem(&text).unwrap();
    assert!(rest.is_empty(), "{}: more than one section", file.display());
    look(&pem.parse_x509().unwrap())
}
