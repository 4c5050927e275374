//! The published documents as a node reads them: directory, rules, and the anchors for TLS.

use crate::config::Config;
use crate::problem::{Problems, WithCauses};
use concord_agreements::{LocalRules, Rules};
use concord_domain::{AgencyId, Digest};
use concord_store::{Change, SeenSequence};
use concord_transport::{AnchorError, Anchors, Bundle, PemFile};
use concord_trust::{Directory, DocumentError};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The highest sequence of each document ever seen, with its digest.
pub(crate) type Seen = BTreeMap<String, (u64, Digest)>;

/// What was seen, as the store keeps it.
pub(crate) fn seen(sequences: Vec<SeenSequence>) -> Seen {
    sequences.into_iter().map(|s| (s.document, (s.sequence, s.digest))).collect()
}

/// One consistent reading of the published documents.
#[derive(Debug)]
pub(crate) struct Federation {
    /// The rules, with the directory that they were read against.
    pub(crate) rules: Arc<Rules>,
    /// Whom the federation API and our calls believe.
    pub(crate) anchors: Anchors,
}

impl Federation {
    /// Reads everything. What is wrong with others' documents is told in the list and leaves only them out; without
    /// a charter there is nothing.
    pub(crate) fn read(config: &Config, seen: &Seen) -> (Option<Self>, Problems) {
        let mut problems = Problems::default();
        let read = Self::collect(config, seen, &mut problems);
        (read, problems)
    }

    fn collect(config: &Config, seen: &Seen, problems: &mut Problems) -> Option<Self> {
        let folder = &config.federation.folder;
        let floor = seen.clone();
        let directory = Directory::read(folder, config.federation.charter_sha256, move |name: &str| {
            floor.get(name).copied()
        });
        let field = match &directory {
            Err(DocumentError::OtherCharter { .. }) => "federation.charter_sha256",
            Ok(_) | Err(_) => "federation.folder",
        };
        let (directory, bad) = problems.take(folder, field, directory)?;
        bad.iter().for_each(|error| problems.add(folder, "federation.folder", error));
        let version = |id: &_| {
            let (version, digest) = seen.get(&agreement_name(id)).copied()?;
            Some((u32::try_from(version).unwrap_or(u32::MAX), digest))
        };
        let (rules, bad) = Rules::read(folder, Arc::new(directory), LocalRules::default(), version);
        bad.iter().for_each(|error| problems.add(folder, "federation.folder", error));
        let anchors = anchors(config, rules.directory(), problems);
        Some(Self { rules: Arc::new(rules), anchors })
    }

    /// What is new in it, to be kept as the floor of the next reading.
    pub(crate) fn news(&self, seen: &Seen) -> Vec<Change> {
        let documents = self.rules.directory().highest();
        let agreements = self.rules.highest();
        let agreements =
            agreements.map(|(id, version, digest)| (agreement_name(id), u64::from(version), digest));
        documents
            .chain(agreements)
            .filter(|(name, sequence, digest)| seen.get(name) != Some(&(*sequence, *digest)))
            .map(|(document, sequence, digest)| Change::SawSequence { document, sequence, digest })
            .collect()
    }
}

fn agreement_name(id: &concord_domain::AgreementId) -> String {
    format!("agreement/{id}")
}

fn crl_file(config: &Config, agency: &AgencyId) -> PathBuf {
    config.federation.folder.join("crls").join(format!("{agency}.pem"))
}

/// The revocation list that an agency publishes, if it publishes one.
fn crls(config: &Config, agency: &AgencyId) -> Result<Vec<PemFile>, String> {
    let file = crl_file(config, agency);
    if file.exists() { read_pem(&file).map(|crl| vec![crl]) } else { Ok(Vec::new()) }
}

fn read_pem(file: &Path) -> Result<PemFile, String> {
    PemFile::read(file).map_err(|error| WithCauses(&error).to_string())
}

fn anchors(config: &Config, directory: &Directory, problems: &mut Problems) -> Anchors {
    let mut anchors = Anchors::default();
    for keyring in directory.keyrings() {
        let agency = keyring.agency.clone();
        let file = crl_file(config, &agency);
        // An unreadable list may hide a revocation: then the agency is not believed at all.
        let Some(crls) = problems.take(&file, "federation.folder", crls(config, &agency)) else {
            continue;
        };
        let name = format!("keyring of {agency}, tls_bundle");
        let roots = keyring.tls_bundle.iter().map(|pem| PemFile::new(&name, pem.as_bytes())).collect();
        problems.take_all(&file, "federation.folder", anchors.insert(Bundle { agency, roots, crls }));
    }
    anchors
}

/// Whom the local API believes: our own authority, less what it has revoked.
pub(crate) fn local_anchors(config: &Config, problems: &mut Problems) -> Option<Anchors> {
    let agency = config.agency.clone();
    let (ca, list) = (&config.tls.ca, crl_file(config, &agency));
    let roots = problems.take(ca, "tls.ca", read_pem(ca));
    let crls = problems.take(&list, "federation.folder", crls(config, &agency));
    let built = Anchors::build([Bundle { agency, roots: vec![roots?], crls: crls? }]);
    let tell = |error: &AnchorError| {
        let of_list = error.file().is_some_and(|file| Path::new(file) == list);
        let (file, field) = if of_list { (&list, "federation.folder") } else { (ca, "tls.ca") };
        problems.add(file, field, error);
    };
    built.map_err(|errors| errors.iter().for_each(tell)).ok()
}
