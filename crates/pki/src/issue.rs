//! Certificates for an agency whose folder exists.

use crate::authority::Authority;
use crate::credential::CredentialFiles;
use crate::error::PkiError;
use crate::layout::{Layout, NodeFolder};
use crate::leaf::LeafSpec;
use crate::validity::Validity;
use concord_domain::{AgencyId, Entropy, SpiffeId, Workload};

/// A client of an agency's own node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// The name of its files, without ending: letters, digits, hyphens and underscores, up to
    /// [`Client::FILE_CHARS_MAX`].
    pub file: String,
    /// An application or an officer.
    pub workload: Workload,
    /// Its roles; see [`concord_domain::Role`].
    pub roles: Vec<String>,
}

impl Client {
    /// Characters of a file name at most; file systems take 255 bytes.
    pub const FILE_CHARS_MAX: usize = 64;

    fn file(&self) -> Result<&str, PkiError> {
        let plain = self.file.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
        if plain && (1..=Self::FILE_CHARS_MAX).contains(&self.file.len()) {
            Ok(&self.file)
        } else {
            Err(PkiError::ClientFile { limit: Self::FILE_CHARS_MAX })
        }
    }
}

/// Issues a client's certificate by the agency's authority; one of the same file name is replaced, not revoked.
pub fn issue_client(
    layout: &Layout,
    agency: &AgencyId,
    client: &Client,
    validity: Validity,
    entropy: &dyn Entropy,
) -> Result<CredentialFiles, PkiError> {
    let folder = layout.node(agency);
    let authority = Authority::load(&folder.authority())?;
    write_client(&folder, &authority, agency, client, validity, entropy)
}

/// Issues a new certificate, for a new key, for the agency's node; the old one is replaced, not revoked.
pub fn issue_node(
    layout: &Layout,
    agency: &AgencyId,
    validity: Validity,
    entropy: &dyn Entropy,
) -> Result<CredentialFiles, PkiError> {
    let folder = layout.node(agency);
    let authority = Authority::load(&folder.authority())?;
    write_node(&folder, &authority, agency, validity, entropy)
}

pub(crate) fn write_client(
    folder: &NodeFolder,
    authority: &Authority,
    agency: &AgencyId,
    client: &Client,
    validity: Validity,
    entropy: &dyn Entropy,
) -> Result<CredentialFiles, PkiError> {
    match client.workload {
        Workload::Node(_) => return Err(PkiError::NotAClient),
        Workload::App(_) | Workload::Officer(_) => {}
    }
    let files = folder.client(client.file()?);
    // A workload is a bare name; only what parses as an identity is one.
    let identity = SpiffeId { agency: agency.clone(), workload: client.workload.clone() };
    let identity = identity.to_string().parse()?;
    let spec = LeafSpec { identity, roles: client.roles.clone(), validity };
    authority.issue_leaf(&spec, entropy)?.write(&files)?;
    Ok(files)
}

pub(crate) fn write_node(
    folder: &NodeFolder,
    authority: &Authority,
    agency: &AgencyId,
    validity: Validity,
    entropy: &dyn Entropy,
) -> Result<CredentialFiles, PkiError> {
    let files = folder.node();
    let spec = LeafSpec { identity: SpiffeId::node(agency.clone()), roles: Vec::new(), validity };
    authority.issue_leaf(&spec, entropy)?.write(&files)?;
    Ok(files)
}
