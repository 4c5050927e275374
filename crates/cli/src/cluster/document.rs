//! `cluster.json`: how to find the nodes of a local federation.

use anyhow::Context;
use concord_client::Profile;
use concord_domain::AgencyId;
use concord_pki::{CredentialFiles, NodeFolder};
use serde::{Deserialize, Serialize};
use std::io;
use std::path::{Path, PathBuf};

/// The file that a cluster writes when all its nodes serve.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterDocument {
    /// The nodes, by agency.
    pub nodes: Vec<ClusterNode>,
}

/// One node. Files are absolute paths, addresses `https://127.0.0.1:PORT`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterNode {
    /// Whose node it is.
    pub agency: AgencyId,
    /// The agency's name in English.
    pub name: String,
    /// The process.
    pub pid: u32,
    /// `node.toml`.
    pub config: PathBuf,
    /// The node's state.
    pub data: PathBuf,
    /// For the agency's own systems and officers.
    pub local_api: String,
    /// For other nodes.
    pub federation_api: String,
    /// Where metrics are served, if they are: `http://127.0.0.1:PORT`.
    pub metrics: Option<String>,
    /// The agency's authority.
    pub ca: PathBuf,
    /// Its clients.
    pub clients: NodeClients,
}

/// The clients of one node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeClients {
    /// An IT system with every role.
    pub app: ClientFiles,
    /// An officer who may search.
    pub officer: ClientFiles,
}

/// A client's certificate and key, PEM.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientFiles {
    /// The certificate.
    pub cert: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

impl ClusterDocument {
    const FILE: &str = "cluster.json";

    /// Where it stands.
    pub fn path(dir: &Path) -> PathBuf {
        dir.join(Self::FILE)
    }

    /// Reads it.
    ///
    /// # Errors
    /// There is none (no cluster runs, or not all nodes are ready), or it is not what this program writes.
    pub fn read(dir: &Path) -> anyhow::Result<Self> {
        let path = Self::path(dir);
        let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        serde_json::from_str(&text).with_context(|| path.display().to_string())
    }

    /// The node of an agency.
    pub fn node(&self, agency: &AgencyId) -> Option<&ClusterNode> {
        self.nodes.iter().find(|node| node.agency == *agency)
    }

    /// Writes it whole: a reader finds the old one or the new one.
    pub(super) fn write(&self, dir: &Path) -> io::Result<()> {
        let new = dir.join("cluster.json.new");
        std::fs::write(&new, serde_json::to_string_pretty(self)? + "\n")?;
        std::fs::rename(&new, Self::path(dir))
    }

    /// Removes it; fine if there is none.
    pub(super) fn remove(dir: &Path) -> io::Result<()> {
        match std::fs::remove_file(Self::path(dir)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            done => done,
        }
    }
}

impl ClusterNode {
    /// The profile of the agency's application.
    pub fn app_profile(&self) -> Profile {
        self.profile(&self.clients.app)
    }

    /// The profile of the agency's officer.
    pub fn officer_profile(&self) -> Profile {
        self.profile(&self.clients.officer)
    }

    fn profile(&self, client: &ClientFiles) -> Profile {
        Profile {
            address: self.local_api.clone(),
            ca: self.ca.clone(),
            certificate: client.cert.clone(),
            key: client.key.clone(),
        }
    }
}

impl NodeClients {
    pub(super) fn of(folder: &NodeFolder) -> Self {
        let files = |name| {
            let CredentialFiles { certificate, key } = folder.client(name);
            ClientFiles { cert: certificate, key }
        };
        Self { app: files(NodeFolder::APPLICATION), officer: files(NodeFolder::OFFICER) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_as_documented_and_read_back() {
        let folder = concord_pki::Layout::new("/f").node(&"yn.police.cn".parse().unwrap());
        let node = ClusterNode {
            agency: "yn.police.cn".parse().unwrap(),
            name: "Yunnan".into(),
            pid: 7,
            config: folder.config(),
            data: folder.data(),
            local_api: "https://127.0.0.1:20001".into(),
            federation_api: "https://127.0.0.1:20002".into(),
            metrics: None,
            ca: folder.authority().certificate,
            clients: NodeClients::of(&folder),
        };
        let document = ClusterDocument { nodes: vec![node] };
        let dir = tempfile::tempdir().unwrap();
        document.write(dir.path()).unwrap();
        assert_eq!(ClusterDocument::read(dir.path()).unwrap(), document);
        let text = std::fs::read_to_string(ClusterDocument::path(dir.path())).unwrap();
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(json["nodes"][0]["clients"]["app"]["cert"], "/f/yn.police.cn/clients/app.pem");
        assert_eq!(json["nodes"][0]["ca"], "/f/yn.police.cn/tls/ca.pem");
    }
}
