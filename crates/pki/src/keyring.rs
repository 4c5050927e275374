//! Renewal of an agency's keyring, which lives for a week at most.

use crate::documents::sign_keyring;
use crate::error::PkiError;
use crate::file::{publish, read_text};
use crate::keys::read_keyring_key;
use crate::layout::Layout;
use concord_domain::{AgencyId, Timestamp};
use concord_trust::{Charter, DirectoryBuilder, Keyring, SignedFile, sha256};
use std::time::Duration;

/// What the next keyring changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renewal {
    /// When it is issued.
    pub now: Timestamp,
    /// How long it lives; [`Keyring::LIFE_MAX`] at most.
    pub life: Duration,
    /// New endpoints; `None` keeps those of the keyring before.
    pub endpoints: Option<Vec<String>>,
}

/// Issues the successor of an agency's keyring: the next sequence number, the digest of the one before, the
/// authority's certificate as it stands in the folder now, the same keys. Returns the new sequence number.
///
/// Document and signature are two files, renamed one after the other: a reader that comes between them finds a
/// signature that does not verify, and must read again.
pub fn renew_keyring(layout: &Layout, agency: &AgencyId, renewal: &Renewal) -> Result<u64, PkiError> {
    let folder = layout.node(agency);
    let signer = read_keyring_key(&folder)?;
    let mut builder = directory_of(layout, agency)?;
    builder.keyring(&SignedFile::read(&layout.keyrings().join(format!("{agency}.toml")))?)?;
    let directory = builder.build();
    let last = directory.keyring(agency).ok_or_else(|| PkiError::NotAMember { agency: agency.clone() })?;
    let next = Keyring {
        sequence: last.sequence.saturating_add(1),
        previous: Some(last.digest()),
        issued: renewal.now,
        expires: renewal.now.plus(renewal.life),
        endpoints: renewal.endpoints.clone().unwrap_or_else(|| last.endpoints.clone()),
        tls_bundle: vec![read_text(&folder.authority().certificate)?],
        ..Keyring::clone(last)
    };
    let file = sign_keyring(&next, &signer);
    directory_of(layout, agency)?.keyring(&file)?;
    publish(&layout.keyrings(), agency.as_str(), &file)?;
    Ok(next.sequence)
}

/// The charter and this agency's card. The charter is taken as it is: whoever has the keyring key needs nobody to
/// tell him which federation this is.
fn directory_of(layout: &Layout, agency: &AgencyId) -> Result<DirectoryBuilder, PkiError> {
    let charter = SignedFile::read(&layout.charter())?;
    let mut builder = DirectoryBuilder::new(Charter::verify(&charter, sha256(&[&charter.bytes]))?);
    builder.card(&SignedFile::read(&layout.cards().join(format!("{agency}.toml")))?)?;
    Ok(builder)
}
