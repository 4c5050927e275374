//! A document on disk: `NAME.toml`, and `NAME.SIGNER.sig` for each signature.

use super::DocumentError;
use crate::cose::{Cose, Kind, SignatureInvalid};
use crate::signing::{PublicKey, SigningKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::path::Path;

/// One signature over a document's bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// The middle of the file name: says who claims to have signed, for people; the key id inside decides.
    pub label: String,
    /// A detached COSE_Sign1.
    pub cose: Vec<u8>,
}

/// A document's exact bytes with all signatures found beside it; nothing is verified yet.
#[derive(Debug, Clone)]
pub struct SignedFile {
    /// The path, for messages.
    pub name: String,
    /// The exact bytes.
    pub bytes: Vec<u8>,
    /// The signatures, in the order of their file names.
    pub signatures: Vec<Signature>,
}

impl SignedFile {
    /// Bytes of a document at most: a charter of 4,000 members takes 1 MiB.
    pub const BYTES_MAX: u64 = 1 << 20;
    /// Bytes of a signature file at most; ours have about 130.
    const SIGNATURE_BYTES_MAX: u64 = 4096;
    /// Signatures of one document at most: as many parties as an agreement may have.
    pub const SIGNATURES_MAX: usize = 256;

    /// A document in memory, not yet signed.
    pub fn unsigned(name: &str, text: String) -> Self {
        Self { name: name.to_owned(), bytes: text.into_bytes(), signatures: Vec::new() }
    }

    /// Adds a signature.
    #[must_use]
    pub fn sign(mut self, kind: Kind, label: &str, key: &SigningKey) -> Self {
        let cose = key.sign_detached(kind, &self.bytes);
        self.signatures.push(Signature { label: label.to_owned(), cose });
        self
    }

    /// Reads `path` (`NAME.toml`) and every `NAME.*.sig` beside it.
    pub fn read(path: &Path) -> Result<Self, DocumentError> {
        let name = path.display().to_string();
        let bytes = read_bounded(path, Self::BYTES_MAX)?;
        let stem = path.file_stem().and_then(|s| s.to_str()).unwrap_or_default();
        let folder = path.parent().unwrap_or(Path::new("."));
        let mut signatures = Vec::new();
        for (label, file) in signature_files(folder, stem)
            .map_err(|source| DocumentError::File { file: name.clone(), source })?
        {
            let text = read_bounded(&file, Self::SIGNATURE_BYTES_MAX)?;
            let malformed = || DocumentError::Signature {
                file: name.clone(),
                signer: label.clone(),
                why: SignatureInvalid::Malformed,
            };
            let text = std::str::from_utf8(&text).map_err(|_| malformed())?;
            let cose = STANDARD.decode(text.trim()).map_err(|_| malformed())?;
            signatures.push(Signature { label, cose });
        }
        if signatures.len() > Self::SIGNATURES_MAX {
            let message = format!(
                "{} signatures are more than the limit of {}",
                signatures.len(),
                Self::SIGNATURES_MAX
            );
            return Err(DocumentError::Contradiction { file: name, message });
        }
        Ok(Self { name, bytes, signatures })
    }

    /// Writes the document as `folder/stem.toml` with its signatures beside it.
    pub fn write(&self, folder: &Path, stem: &str) -> Result<(), DocumentError> {
        let put = |name: String, bytes: &[u8]| {
            let path = folder.join(name);
            std::fs::write(&path, bytes)
                .map_err(|source| DocumentError::File { file: path.display().to_string(), source })
        };
        std::fs::create_dir_all(folder)
            .map_err(|source| DocumentError::File { file: folder.display().to_string(), source })?;
        put(format!("{stem}.toml"), &self.bytes)?;
        self.signatures.iter().try_for_each(|signature| {
            let text = STANDARD.encode(&signature.cose) + "\n";
            put(format!("{stem}.{}.sig", signature.label), text.as_bytes())
        })
    }

    /// Demands a valid signature by `key`, whom messages call `signer`.
    pub fn require(&self, kind: Kind, signer: &str, key: &PublicKey) -> Result<(), DocumentError> {
        let id = key.key_id();
        let by_key = |s: &&Signature| Cose::parse(&s.cose).is_ok_and(|c| c.key_id() == id);
        let signature = self.signatures.iter().find(by_key);
        let signature = signature
            .ok_or_else(|| DocumentError::NotSigned { file: self.name.clone(), signer: signer.to_owned() })?;
        key.verify_detached(kind, &self.bytes, &signature.cose).map_err(|why| DocumentError::Signature {
            file: self.name.clone(),
            signer: signer.to_owned(),
            why,
        })
    }
}

fn signature_files(folder: &Path, stem: &str) -> std::io::Result<Vec<(String, std::path::PathBuf)>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
        let label =
            name.strip_prefix(stem).and_then(|n| n.strip_prefix('.')).and_then(|n| n.strip_suffix(".sig"));
        if let Some(label) = label {
            found.push((label.to_owned(), path.clone()));
        }
    }
    found.sort();
    Ok(found)
}

fn read_bounded(path: &Path, limit: u64) -> Result<Vec<u8>, DocumentError> {
    let file = path.display().to_string();
    let failed = |source| DocumentError::File { file: path.display().to_string(), source };
    let bytes = std::fs::metadata(path).map_err(failed)?.len();
    if bytes > limit {
        return Err(DocumentError::TooLong { file, bytes, limit });
    }
    std::fs::read(path).map_err(failed)
}
