//! PEM texts that remember which file they came from.

use rustls::pki_types::pem::{self, PemObject};
use std::fmt;
use std::io;
use std::path::Path;
use thiserror::Error;
use zeroize::Zeroizing;

/// A PEM text and its name: a file, or the field of the document that it stood in. `Debug` shows only the name,
/// and the text is wiped from memory when dropped, since it may be a private key.
#[derive(Clone)]
pub struct PemFile {
    /// What errors call it.
    pub name: String,
    /// The text.
    pub pem: Zeroizing<Vec<u8>>,
}

/// A file that cannot be read.
#[derive(Debug, Error)]
#[error("{file}: cannot be read")]
pub struct Unreadable {
    /// The file.
    pub file: String,
    /// What the operating system says.
    #[source]
    pub source: io::Error,
}

impl PemFile {
    /// A text that is already in memory.
    pub fn new(name: impl Into<String>, pem: impl Into<Vec<u8>>) -> Self {
        Self { name: name.into(), pem: Zeroizing::new(pem.into()) }
    }

    /// Reads a file.
    pub fn read(path: &Path) -> Result<Self, Unreadable> {
        let name = path.display().to_string();
        match std::fs::read(path) {
            Ok(pem) => Ok(Self::new(name, pem)),
            Err(source) => Err(Unreadable { file: name, source }),
        }
    }

    /// Every section of one kind, in order; sections of other kinds are passed over.
    pub(crate) fn sections<T: PemObject>(&self) -> Result<Vec<T>, pem::Error> {
        T::pem_slice_iter(&self.pem).collect()
    }
}

impl fmt::Debug for PemFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PemFile({})", self.name)
    }
}
