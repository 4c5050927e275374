//! A certificate with its private key, in memory and as files.

use crate::error::PkiError;
use crate::file::{Readers, create_folder, replace};
use std::fmt;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// A certificate and its private key (PKCS #8), both in PEM. `Debug` does not show the key.
#[derive(Clone)]
pub struct Credential {
    /// The certificate.
    pub certificate: String,
    /// The private key.
    pub key: Zeroizing<String>,
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credential({:?}, key redacted)", self.certificate)
    }
}

impl Credential {
    /// Writes both files. Each is replaced atomically, the key first: a reader in between finds a key that does not
    /// fit the old certificate, keeps what it has, and reads again when the certificate changes.
    pub fn write(&self, files: &CredentialFiles) -> Result<(), PkiError> {
        for path in [&files.key, &files.certificate] {
            create_folder(path.parent().unwrap_or(Path::new(".")), Readers::Owner)?;
        }
        replace(&files.key, self.key.as_bytes(), Readers::Owner)?;
        replace(&files.certificate, self.certificate.as_bytes(), Readers::All)
    }
}

/// Where a certificate and its private key stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialFiles {
    /// The certificate, in PEM.
    pub certificate: PathBuf,
    /// The private key, in PEM.
    pub key: PathBuf,
}

impl CredentialFiles {
    /// `NAME.pem` and `NAME.key` in `folder`.
    pub fn named(folder: &Path, name: &str) -> Self {
        Self { certificate: folder.join(format!("{name}.pem")), key: folder.join(format!("{name}.key")) }
    }
}
