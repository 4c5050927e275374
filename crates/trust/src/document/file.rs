//! A document on disk: `NAME.toml`, and `NAME.SIGNER.sig` for each signature.

use super::DocumentError;
use crate::cose::{Cose, Kind};
use crate::signing::{PublicKey, SigningKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::io::Read;
use std::path::{Path, PathBuf};

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
        // The parent of a bare file name is empty, and nothing can be read from a folder without a name.
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut signatures = Vec::new();
        for (label, file) in signature_files(folder, stem)
            .map_err(|source| DocumentError::File { file: name.clone(), source })?
        {
            // Whoever may add a file here must not be able to spoil the signatures of others: what is no signature
            // stays as one that nobody can have made.
            let text = match read_bounded(&file, Self::SIGNATURE_BYTES_MAX) {
                Err(DocumentError::TooLong { .. }) => Vec::new(),
                other => other?,
            };
            let cose = STANDARD.decode(text.trim_ascii()).unwrap_or_default();
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
        std::fs::create_dir_all(folder)
            .map_err(|source| DocumentError::File { file: folder.display().to_string(), source })?;
        put(&folder.join(format!("{stem}.toml")), &self.bytes)?;
        self.signatures.iter().try_for_each(|signature| signature.write(folder, stem).map(drop))
    }

    /// Demands a valid signature by `key`, whom messages call `signer`. Others beside it do no harm, not even one
    /// that falsely claims this key.
    pub fn require(&self, kind: Kind, signer: &str, key: &PublicKey) -> Result<(), DocumentError> {
        let mut wrong = None;
        for signature in &self.signatures {
            match Cose::parse(&signature.cose) {
                Ok(cose) if cose.key_id() == key.key_id() => {
                    match key.verify_detached(kind, &self.bytes, &signature.cose) {
                        Ok(()) => return Ok(()),
                        Err(why) => wrong = Some(why),
                    }
                }
                Err(why) if signature.label == signer => wrong = Some(why),
                Ok(_) | Err(_) => {}
            }
        }
        let (file, signer) = (self.name.clone(), signer.to_owned());
        Err(match wrong {
            Some(why) => DocumentError::Signature { file, signer, why },
            None => DocumentError::NotSigned { file, signer },
        })
    }
}

impl SignedFile {
    /// Demands a valid signature by one of `keys`, which are all of one `signer`; what is told is about the first.
    pub fn require_any(&self, kind: Kind, signer: &str, keys: &[PublicKey]) -> Result<(), DocumentError> {
        let mut first = None;
        for key in keys {
            match self.require(kind, signer, key) {
                Ok(()) => return Ok(()),
                Err(error) => first = first.or(Some(error)),
            }
        }
        let (file, signer) = (self.name.clone(), signer.to_owned());
        Err(first.unwrap_or(DocumentError::NotSigned { file, signer }))
    }
}

impl Signature {
    /// Writes it as `folder/stem.LABEL.sig`, beside the document that it signs; gives the path.
    pub fn write(&self, folder: &Path, stem: &str) -> Result<PathBuf, DocumentError> {
        let path = folder.join(format!("{stem}.{}.sig", self.label));
        put(&path, (STANDARD.encode(&self.cose) + "\n").as_bytes())?;
        Ok(path)
    }
}

fn put(path: &Path, bytes: &[u8]) -> Result<(), DocumentError> {
    std::fs::write(path, bytes)
        .map_err(|source| DocumentError::File { file: path.display().to_string(), source })
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
    // The file may have grown since: never take more than a byte above the limit.
    let mut read = Vec::new();
    let opened = std::fs::File::open(path).map_err(failed)?;
    opened.take(limit.saturating_add(1)).read_to_end(&mut read).map_err(failed)?;
    let bytes = u64::try_from(read.len()).unwrap_or(u64::MAX);
    if bytes > limit { Err(DocumentError::TooLong { file, bytes, limit }) } else { Ok(read) }
}
