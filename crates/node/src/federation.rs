//! The published documents as a node reads them: directory, rules, and the anchors for TLS.

use crate::config::Config;
use crate::problem::Problems;
use concord_agreements::Rules;
use concord_domain::{AgencyId, Digest};
use concord_store::{Change, SeenSequence};
use concord_transport::{Anchors, Bundle, PemFile};
use concord_trust::Directory;
use std::collections::BTreeMap;
use std::path::PathBuf;
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
    /// Whom the local API believes.
    pub(crate) local_anchors: Anchors,
}

impl Federation {
    /// Reads everything. What is wrong with others' documents is told in the list and leaves only them out; without
    /// a charter, or without our own authority, there is nothing.
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
        let (directory, bad) = problems.take(folder, "federation.folder", directory)?;
        bad.iter().for_each(|error| problems.add(folder, "federation.folder", error));
        let version = |id: &_| {
            let (version, digest) = seen.get(&agreement_name(id)).copied()?;
            Some((u32::try_from(version).unwrap_or(u32::MAX), digest))
        };
        let (rules, bad) = Rules::read(&folder.join("agreements"), Arc::new(directory), version);
        bad.iter().for_each(|error| problems.add(folder, "federation.folder", error));
        let anchors = anchors(config, rules.directory(), problems);
        let local_anchors = local_anchors(config, problems)?;
        Some(Self { rules: Arc::new(rules), anchors, local_anchors })
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
fn crls(config: &Config, agency: &AgencyId) -> Result<Vec<PemFile>, concord_transport::Unreadable> {
    let file = crl_file(config, agency);
    if file.exists() { PemFile::read(&file).map(|crl| vec![crl]) } else { Ok(Vec::new()) }
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

fn local_anchors(config: &Config, problems: &mut Problems) -> Option<Anchors> {
    let agency = config.agency.clone();
    let ca = problems.take(&config.tls.ca, "tls.ca", PemFile::read(&config.tls.ca))?;
    let crls = problems.take(crl_file(config, &agency), "federation.folder", crls(config, &agency))?;
    let bundle = Bundle { agency, roots: vec![ca], crls };
    problems.take_all(&config.tls.ca, "tls.ca", Anchors::build([bundle]))
}
