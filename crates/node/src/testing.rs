//! A node's folder in a generated federation, which tests then spoil.

use crate::config::Config;
use concord_agreements::{Agreement, AgreementKind, Declaration, Grant};
use concord_domain::wanted::Field;
use concord_domain::{AgencyId, Clock, FixedClock, Purpose, SystemEntropy, Timestamp};
use concord_pki::{Addresses, Federation, KeyName, Layout, Lives, NodeFolder, Options, generate};
use concord_trust::{Block, Kind, SignedFile, SigningKey, sha256};
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;

/// The agency whose node it is.
pub(crate) const HERE: &str = "yn.police.cn";
/// Another agency with a node.
pub(crate) const OTHER: &str = "gz.police.cn";

pub(crate) fn agency(name: &str) -> AgencyId {
    name.parse().unwrap()
}

/// When the federation was generated.
pub(crate) fn now() -> Timestamp {
    "2026-06-01T08:00:00Z".parse().unwrap()
}

/// A generated federation and the configuration of [`HERE`].
pub(crate) struct World {
    dir: TempDir,
    pub(crate) config: Config,
    pub(crate) clock: Arc<FixedClock>,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::of(&[HERE, OTHER].map(agency))
    }

    /// With nodes of these, [`HERE`] among them.
    pub(crate) fn of(nodes: &[AgencyId]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let addresses = nodes.iter().zip(0u16..).map(|(agency, number)| {
            let at = |port: u16| format!("127.0.0.1:{}", port + number).parse().unwrap();
            (agency.clone(), Addresses { local_api: at(7000), federation_api: at(8000) })
        });
        let options = Options {
            now: now(),
            entropy: &SystemEntropy,
            addresses: addresses.collect(),
            lives: Lives::default(),
        };
        generate(&Federation::sample().unwrap(), Some(nodes), dir.path(), &options).unwrap();
        let file = Layout::new(dir.path()).node(&agency(HERE)).config();
        let config = Config::load(&file).unwrap();
        Self { dir, config, clock: Arc::new(FixedClock::at(now())) }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn layout(&self) -> Layout {
        Layout::new(self.dir.path())
    }

    /// The folder of [`HERE`].
    pub(crate) fn node(&self) -> NodeFolder {
        self.layout().node(&agency(HERE))
    }

    /// Publishes a pact of the two, signed by these.
    pub(crate) fn publish_pact(&self, pact: &Agreement, signers: &[&str]) {
        let stem = pact.file_stem();
        let file = SignedFile::unsigned(&format!("{stem}.toml"), pact.to_toml());
        let signed = signers
            .iter()
            .fold(file, |file, name| file.sign(Kind::Agreement, name, &self.agreement_key(name)));
        signed.write(&self.layout().agreements(), &stem).unwrap();
    }

    /// Publishes what a party declares, as a file of this name.
    pub(crate) fn publish_declaration(&self, stem: &str, declaration: &Declaration) {
        let party = declaration.party.as_str();
        let file = SignedFile::unsigned(stem, declaration.to_toml());
        let file = file.sign(Kind::Declaration, party, &self.agreement_key(party));
        file.write(&self.layout().declarations(), stem).unwrap();
    }

    /// Publishes a block notice, as a file of this name.
    pub(crate) fn publish_block(&self, stem: &str, block: &Block) {
        let key = std::fs::read_to_string(self.layout().emergency_key()).unwrap();
        let file = SignedFile::unsigned(stem, block.to_toml());
        let file = file.sign(Kind::Block, "emergency", &SigningKey::from_text(&key).unwrap());
        file.write(&self.layout().blocks(), stem).unwrap();
    }

    /// The agreement key of a node's folder.
    fn agreement_key(&self, name: &str) -> SigningKey {
        self.key(name, KeyName::Agreement)
    }

    /// A signing key of a node's folder.
    pub(crate) fn key(&self, name: &str, key: KeyName) -> SigningKey {
        let file = self.layout().node(&agency(name)).key(key);
        SigningKey::from_text(&std::fs::read_to_string(file).unwrap()).unwrap()
    }

    /// Removes the files of a version of the pact.
    pub(crate) fn remove_pact_files(&self, version: u32) {
        for name in [format!("pact.v{version}.toml")]
            .into_iter()
            .chain([HERE, OTHER].map(|signer| format!("pact.v{version}.{signer}.sig")))
        {
            std::fs::remove_file(self.layout().agreements().join(name)).unwrap();
        }
    }
}

/// A pact of the two agencies; a later version follows the one before.
pub(crate) fn pact(version: u32) -> Agreement {
    let grant = Grant::new(
        "1".parse().unwrap(),
        vec!["wanted.search".parse().unwrap()],
        vec![Purpose::FugitiveApprehension],
        vec![Field::Name],
    );
    let year = "2026-01-01T00:00:00Z".parse().unwrap().."2027-01-01T00:00:00Z".parse().unwrap();
    let (id, parties) = ("pact".parse().unwrap(), [HERE, OTHER].map(agency).to_vec());
    Agreement {
        version,
        previous: (version > 1).then(|| sha256(&[pact(version - 1).to_toml().as_bytes()])),
        ..Agreement::new(id, AgreementKind::Bilateral, parties, year, vec![grant])
    }
}

/// Copies a file over another.
pub(crate) fn copy(from: &Path, to: &Path) {
    std::fs::copy(from, to).unwrap();
}
