//! Where everything stands in the folder of a generated federation.

use crate::credential::CredentialFiles;
use concord_domain::AgencyId;
use concord_trust::Turn;
use std::path::{Path, PathBuf};

/// The folder of a generated federation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout(PathBuf);

impl Layout {
    /// About `dir`; nothing is read or made.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self(dir.into())
    }

    /// The folder itself.
    pub fn dir(&self) -> &Path {
        &self.0
    }

    /// The published documents, shared by all.
    pub fn federation(&self) -> PathBuf {
        self.0.join("federation")
    }

    /// The charter.
    pub fn charter(&self) -> PathBuf {
        self.federation().join("charter.toml")
    }

    /// The cards, `AGENCY.toml` each.
    pub fn cards(&self) -> PathBuf {
        self.federation().join("cards")
    }

    /// The keyrings, `AGENCY.toml` each.
    pub fn keyrings(&self) -> PathBuf {
        self.federation().join("keyrings")
    }

    /// The agreements, `ID.vVERSION.toml` each.
    pub fn agreements(&self) -> PathBuf {
        self.federation().join("agreements")
    }

    /// What parties declared about agreements, `ID.PARTY.dSEQUENCE.toml` each.
    pub fn declarations(&self) -> PathBuf {
        self.federation().join("declarations")
    }

    /// The block notices, `AGENCY.toml` each: the latest about it.
    pub fn blocks(&self) -> PathBuf {
        self.federation().join("blocks")
    }

    /// The revocation lists, `AGENCY.pem` each.
    pub fn crls(&self) -> PathBuf {
        self.federation().join("crls")
    }

    /// The revocation list of an agency's authority.
    pub fn crl(&self, agency: &AgencyId) -> PathBuf {
        self.crls().join(format!("{agency}.pem"))
    }

    /// The charter's private keys, `1.key` and so on, and its emergency key.
    pub fn charter_keys(&self) -> PathBuf {
        // No agency has this name: an agency's has a dot.
        self.offline().join("charter")
    }

    /// The charter's emergency key, which signs block notices.
    pub fn emergency_key(&self) -> PathBuf {
        self.charter_keys().join("emergency.key")
    }

    /// The private keys of a member that has no node here: root, agreement and keyring key.
    pub fn offline_keys(&self, agency: &AgencyId) -> PathBuf {
        self.offline().join(agency.as_str())
    }

    /// The folder of an agency's node.
    pub fn node(&self, agency: &AgencyId) -> NodeFolder {
        NodeFolder(self.0.join(agency.as_str()))
    }

    /// The folder of a member's root, agreement and keyring key: with its node if it has one here.
    pub fn member_keys(&self, agency: &AgencyId) -> PathBuf {
        let node = self.node(agency);
        if node.config().exists() { node.keys() } else { self.offline_keys(agency) }
    }

    /// The private key that signs a member's agreements and declarations.
    pub fn agreement_key(&self, agency: &AgencyId) -> PathBuf {
        self.member_keys(agency).join(KeyName::Agreement.file_name())
    }

    fn offline(&self) -> PathBuf {
        self.0.join("offline")
    }
}

/// The folder of one agency's node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeFolder(PathBuf);

impl NodeFolder {
    /// The client of the agency's own IT systems.
    pub const APPLICATION: &str = "app";
    /// The client of one officer.
    pub const OFFICER: &str = "officer";

    /// The folder itself.
    pub fn dir(&self) -> &Path {
        &self.0
    }

    /// The node's configuration.
    pub fn config(&self) -> PathBuf {
        self.0.join("node.toml")
    }

    /// The folder of private keys.
    pub fn keys(&self) -> PathBuf {
        self.0.join("keys")
    }

    /// One private key.
    pub fn key(&self, name: KeyName) -> PathBuf {
        self.keys().join(name.file_name())
    }

    /// The agency's authority.
    pub fn authority(&self) -> CredentialFiles {
        self.tls("ca")
    }

    /// The node's certificate.
    pub fn node(&self) -> CredentialFiles {
        self.tls("node")
    }

    /// The folder of client certificates.
    pub fn clients(&self) -> PathBuf {
        self.0.join("clients")
    }

    /// A client's certificate; `file` is the name of both files without their endings.
    pub fn client(&self, file: &str) -> CredentialFiles {
        CredentialFiles::named(&self.clients(), file)
    }

    /// Where the node keeps its state.
    pub fn data(&self) -> PathBuf {
        self.0.join("data")
    }

    fn tls(&self, file: &str) -> CredentialFiles {
        CredentialFiles::named(&self.0.join("tls"), file)
    }
}

/// An agency's private keys. One key has one use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyName {
    /// Signs cards. Ed25519.
    Root,
    /// Signs agreements. Ed25519.
    Agreement,
    /// Signs keyrings. Ed25519.
    Keyring,
    /// Signs requests, hops, answers and receipts. Ed25519.
    Message,
    /// Signs checkpoints. Ed25519.
    Checkpoint,
    /// Opens sealed bodies. X-Wing.
    Sealing,
    /// Encrypts what the node keeps. AES-256.
    Storage,
}

impl KeyName {
    /// What it is for, in a word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Agreement => "agreement",
            Self::Keyring => "keyring",
            Self::Message => "message",
            Self::Checkpoint => "checkpoint",
            Self::Sealing => "sealing",
            Self::Storage => "storage",
        }
    }

    /// The name of its file.
    pub fn file_name(self) -> String {
        Turn::Current.file_name(self.as_str())
    }
}
