//! The private keys of agencies, and their files.

use crate::error::PkiError;
use crate::file::{Readers, create_folder, only_ours, read_text, replace};
use crate::layout::{KeyName, Layout, NodeFolder};
use concord_domain::Entropy;
use concord_trust::{PublicKey, SealingKey, SigningKey, StorageKey, Turn};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// What every member needs to sign documents.
pub(crate) struct MemberKeys {
    pub(crate) root: SigningKey,
    pub(crate) agreement: SigningKey,
    pub(crate) keyring: SigningKey,
}

/// What a node needs besides.
pub(crate) struct NodeKeys {
    pub(crate) message: SigningKey,
    pub(crate) checkpoint: SigningKey,
    pub(crate) sealing: SealingKey,
    storage: Zeroizing<String>,
}

impl MemberKeys {
    pub(crate) fn generate(entropy: &dyn Entropy) -> Self {
        let key = || SigningKey::generate(entropy);
        Self { root: key(), agreement: key(), keyring: key() }
    }

    pub(crate) fn write(&self, folder: &Path) -> Result<(), PkiError> {
        write_keys(
            folder,
            &[
                (KeyName::Root, self.root.to_text()),
                (KeyName::Agreement, self.agreement.to_text()),
                (KeyName::Keyring, self.keyring.to_text()),
            ],
        )
    }
}

impl NodeKeys {
    pub(crate) fn generate(entropy: &dyn Entropy) -> Self {
        Self {
            message: SigningKey::generate(entropy),
            checkpoint: SigningKey::generate(entropy),
            sealing: SealingKey::generate(entropy),
            storage: StorageKey::generate_text(entropy),
        }
    }

    pub(crate) fn write(&self, folder: &Path) -> Result<(), PkiError> {
        write_keys(
            folder,
            &[
                (KeyName::Message, self.message.to_text()),
                (KeyName::Checkpoint, self.checkpoint.to_text()),
                (KeyName::Sealing, self.sealing.to_text()),
                (KeyName::Storage, self.storage.clone()),
            ],
        )
    }
}

/// The keys that sign for the whole federation.
pub(crate) struct FederationKeys {
    pub(crate) charter: Vec<SigningKey>,
    pub(crate) emergency: SigningKey,
}

impl FederationKeys {
    pub(crate) fn generate(number: usize, entropy: &dyn Entropy) -> Self {
        let charter = (0..number).map(|_| SigningKey::generate(entropy)).collect();
        Self { charter, emergency: SigningKey::generate(entropy) }
    }

    /// Writes the charter's keys as `1.key` and so on, and the emergency key.
    pub(crate) fn write(&self, layout: &Layout) -> Result<(), PkiError> {
        let folder = layout.charter_keys();
        create_folder(&folder, Readers::Owner)?;
        let numbered = self.charter.iter().zip(1_usize..);
        let files = numbered.map(|(key, number)| (folder.join(format!("{number}.key")), key));
        files
            .chain([(layout.emergency_key(), &self.emergency)])
            .try_for_each(|(file, key)| write_key(&file, &key.to_text()))
    }
}

/// Reads the key that signs an agency's keyrings: the one that its card names, also where the card was renewed and the key
/// has not taken the place of the one before yet.
pub(crate) fn read_keyring_key(
    folder: &NodeFolder,
    named: Option<PublicKey>,
) -> Result<SigningKey, PkiError> {
    let next = folder.keys().join(Turn::Next.file_name(KeyName::Keyring.as_str()));
    let next = if next.exists() { Some(read_key(next)?) } else { None };
    match next.filter(|next| Some(next.public()) == named) {
        Some(next) => Ok(next),
        None => read_key(folder.key(KeyName::Keyring)),
    }
}

/// Writes the text of a key durably, for its owner alone.
pub(crate) fn write_key(file: &Path, text: &str) -> Result<(), PkiError> {
    replace(file, line(text).as_bytes(), Readers::Owner)
}

/// Reads a signing key from a file that nobody but its owner may read.
///
/// # Errors
/// [`PkiError::OthersMayRead`], [`PkiError::File`], and [`PkiError::Key`] for what is no such key.
pub fn read_key(file: PathBuf) -> Result<SigningKey, PkiError> {
    let text = Zeroizing::new(read_text(&file)?);
    only_ours(&file)?;
    SigningKey::from_text(&text).map_err(|why| PkiError::Key { file, why })
}

fn write_keys(folder: &Path, keys: &[(KeyName, Zeroizing<String>)]) -> Result<(), PkiError> {
    create_folder(folder, Readers::Owner)?;
    keys.iter().try_for_each(|(name, text)| write_key(&folder.join(name.file_name()), text))
}

/// A text file ends its last line.
fn line(text: &str) -> Zeroizing<String> {
    Zeroizing::new(format!("{text}\n"))
}
