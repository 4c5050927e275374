//! The published documents as a node reads them: directory, rules, and the anchors for TLS.

use crate::config::{Config, one_line};
use crate::problem::{Problems, WithCauses};
use concord_agreements::{Documents, LocalRules, Rules};
use concord_domain::{AgencyId, Digest};
use concord_ledger::{Event, Label};
use concord_store::{Change, SeenSequence};
use concord_transport::{AnchorError, Anchors, Bundle, PemFile};
use concord_trust::{Directory, DocumentError, DocumentKind, DocumentSet};
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
    /// Everything that was read, whether it counts or not.
    pub(crate) documents: DocumentSet,
    /// Whom the federation API and our calls believe.
    pub(crate) anchors: Anchors,
}

impl Federation {
    /// Reads the folder, and adds what is `kept` in the store. What is wrong with others' documents is told in the list
    /// and leaves only them out; without a charter, or with own rules that cannot be read, there is nothing.
    pub(crate) fn read(config: &Config, seen: &Seen, kept: DocumentSet) -> (Option<Self>, Problems) {
        let mut problems = Problems::default();
        let read = Self::collect(config, seen, kept, &mut problems);
        (read, problems)
    }

    fn collect(config: &Config, seen: &Seen, kept: DocumentSet, problems: &mut Problems) -> Option<Self> {
        let folder = &config.federation.folder;
        let floor = seen.clone();
        let (mut documents, bad) = DocumentSet::read(folder);
        bad.iter().for_each(|error| problems.add(folder, "federation.folder", error));
        documents.merge(kept);
        let directory = Directory::of(&documents, config.federation.charter_sha256, move |name: &str| {
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
        let files = |kind| documents.of_kind(kind).map(|(_, file)| file.clone()).collect();
        let of_rules = Documents {
            agreements: files(DocumentKind::Agreement),
            declarations: files(DocumentKind::Declaration),
        };
        let (rules, bad) =
            Rules::build(of_rules, Arc::new(directory), local_rules(config, problems)?, version);
        bad.iter().for_each(|error| problems.add(folder, "federation.folder", error));
        let anchors = anchors(config, rules.directory(), problems);
        Some(Self { rules: Arc::new(rules), documents, anchors })
    }

    /// What is new in it: to be kept as the floor of the next reading, and to go on the record as taken up. A second text
    /// under a sequence that was seen is not: the floor keeps the first, which is no reason to stop taking up the rest.
    pub(crate) fn news(&self, seen: &Seen) -> Vec<(Change, Event)> {
        let documents = self.rules.directory().highest();
        let agreements = self.rules.highest();
        let agreements =
            agreements.map(|(id, version, digest)| (agreement_name(id), u64::from(version), digest));
        let declarations = self.rules.declarations().iter().map(|declaration| {
            let name = format!("declaration/{}/{}", declaration.agreement, declaration.party);
            (name, declaration.sequence, declaration.digest())
        });
        documents
            .chain(agreements)
            .chain(latest(declarations))
            .filter(|(name, sequence, _)| seen.get(name).is_none_or(|(known, _)| known < sequence))
            .filter_map(|(document, sequence, digest)| {
                let event = adopted(&document, sequence, digest)?;
                Some((Change::SawSequence { document, sequence, digest }, event))
            })
            .collect()
    }
}

/// The node's own rules. With a file that cannot be read nothing is decided at all: it may forbid what agreements allow.
fn local_rules(config: &Config, problems: &mut Problems) -> Option<LocalRules> {
    let Some(file) = &config.local_rules else { return Some(LocalRules::default()) };
    let text = problems.take(file, "local_rules", std::fs::read_to_string(file))?;
    problems.take(file, "local_rules", toml::from_str(&text).map_err(|error| one_line(&text, &error)))
}

/// Of each name the highest sequence; they come in the order of name and sequence.
fn latest(
    documents: impl Iterator<Item = (String, u64, Digest)>,
) -> impl Iterator<Item = (String, u64, Digest)> {
    let latest: BTreeMap<_, _> =
        documents.map(|(name, sequence, digest)| (name, (sequence, digest))).collect();
    latest.into_iter().map(|(name, (sequence, digest))| (name, sequence, digest))
}

fn adopted(document: &str, sequence: u64, digest: Digest) -> Option<Event> {
    let (kind, name) = document.split_once('/').unwrap_or((document, document));
    let short: String = name.chars().take(Label::BYTES_MAX).collect();
    Some(Event::Adopted { kind: kind.parse().ok()?, name: short.parse().ok()?, sequence, digest })
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
