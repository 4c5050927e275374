//! Whose ledger it is, and the keys that its checkpoints must be signed by.

use anyhow::{Context, bail};
use concord_domain::{AgencyId, Digest};
use concord_node::Config;
use concord_trust::{Directory, DocumentSet, PublicKey, SignedFile, sha256};
use std::path::Path;

/// A ledger's agency and that agency's checkpoint keys.
#[derive(Debug)]
pub(super) struct Whose {
    pub(super) agency: AgencyId,
    pub(super) keys: Vec<PublicKey>,
}

impl Whose {
    /// For a stopped node's data folder: what is not given stands in `node.toml` beside it.
    pub(super) fn of_folder(
        data: &Path,
        federation: Option<&Path>,
        agency: Option<&AgencyId>,
    ) -> anyhow::Result<Self> {
        let file = std::path::absolute(data)?.with_file_name("node.toml");
        let config = file.exists().then(|| Config::load(&file)).transpose()?;
        match (config, federation, agency) {
            (_, Some(folder), Some(agency)) => Self::read(folder, None, agency),
            (Some(config), Some(folder), None) => Self::read(folder, None, &config.agency),
            (Some(config), None, agency) => {
                let expected = Some(config.federation.charter_sha256);
                Self::read(&config.federation.folder, expected, agency.unwrap_or(&config.agency))
            }
            (None, _, _) => {
                bail!("there is no {}: give --federation DIR and --agency AGENCY", file.display())
            }
        }
    }

    /// For a running node.
    pub(super) fn of_running(
        agency: &AgencyId,
        federation: Option<&Path>,
        cluster: Option<&Path>,
    ) -> anyhow::Result<Self> {
        let of_cluster = cluster.map(|dir| dir.join("federation"));
        let folder = federation.or(of_cluster.as_deref());
        Self::read(
            folder.context("give --federation DIR: it has the key that signs checkpoints")?,
            None,
            agency,
        )
    }

    /// Without a digest given out of band the charter is taken as it is: whoever names the folder trusts it.
    fn read(folder: &Path, charter: Option<Digest>, agency: &AgencyId) -> anyhow::Result<Self> {
        let expected = match charter {
            Some(digest) => digest,
            None => sha256(&[&SignedFile::read(&folder.join("charter.toml"))?.bytes]),
        };
        let (directory, _) = Directory::read(folder, expected, |_| None)?;
        let keyring = directory.keyring(agency);
        keyring.with_context(|| format!("{}: there is no valid keyring of {agency}", folder.display()))?;
        // A ledger goes back to before the keys of today.
        let (documents, _) = DocumentSet::read(folder);
        let keys = directory.checkpoint_keys_ever(&documents, agency);
        Ok(Self { agency: agency.clone(), keys })
    }
}
