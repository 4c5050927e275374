//! Documents that live for days or years: TOML text, signed as exact bytes, each signature in a file beside it.

mod assembly;
mod block;
mod card;
mod charter;
mod directory;
mod file;
mod history;
mod keyring;
mod kind;
mod set;
mod succession;

pub use block::{Block, BlockReason, EmergencyKeys};
pub use card::{Card, DutyDesk, FormerRoots, Names, NextSigners};
pub use charter::{Charter, Member, MemberKind};
pub use directory::{Directory, DirectoryBuilder};
pub use file::{Signature, SignedFile};
pub use keyring::{Keyring, NextKeys};
pub use kind::{DocumentKind, DocumentRef, UnknownDocumentKind};
pub use set::{DocumentSet, fingerprint, signers, summary};
pub use succession::Succession;

use crate::cose::SignatureInvalid;
use crate::sha256;
use concord_domain::{AgencyId, Digest};
use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

/// Why a document does not count. Names the file and what is wrong with it.
#[derive(Debug, Error)]
pub enum DocumentError {
    /// It cannot be read or written.
    #[error("{file}: {source}")]
    File {
        /// The file.
        file: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// Longer than allowed.
    #[error("{file}: {bytes} bytes are more than the limit of {limit}")]
    TooLong {
        /// The file.
        file: String,
        /// Bytes found.
        bytes: u64,
        /// Bytes allowed.
        limit: u64,
    },
    /// Not valid TOML, an unknown key, or a value of the wrong form; the message has line and column.
    #[error("{file}: {message}")]
    Malformed {
        /// The file.
        file: String,
        /// What the parser said.
        message: String,
    },
    /// A signature that must be there is missing or wrong.
    #[error("{file}: signature of {signer}: {why}")]
    Signature {
        /// The file.
        file: String,
        /// Who should have signed.
        signer: String,
        /// What is wrong.
        why: SignatureInvalid,
    },
    /// No signature by somebody who must sign.
    #[error("{file}: not signed by {signer}")]
    NotSigned {
        /// The file.
        file: String,
        /// Who should have signed.
        signer: String,
    },
    /// The content contradicts itself or the documents above it.
    #[error("{file}: {message}")]
    Contradiction {
        /// The file.
        file: String,
        /// What does not fit.
        message: String,
    },
    /// The charter is not the one that the node was told to trust.
    #[error("{file}: SHA-256 is {found}, expected {expected}")]
    OtherCharter {
        /// The file.
        file: String,
        /// Its digest.
        found: Digest,
        /// The digest given out of band.
        expected: Digest,
    },
    /// An older document than one seen before.
    #[error("{file}: sequence {found} is below {seen}, which was seen before")]
    BelowFloor {
        /// The file.
        file: String,
        /// Its sequence.
        found: u64,
        /// The highest sequence seen.
        seen: u64,
    },
    /// Another text under a sequence that was seen before: the first one counts.
    #[error("{file}: another document with sequence {sequence} was seen before")]
    OtherText {
        /// The file.
        file: String,
        /// The sequence that both have.
        sequence: u64,
    },
    /// The successor of another text than the one that was seen before: its issuer has signed two.
    #[error("{file}: sequence {sequence} does not follow the document that was seen before it")]
    OtherPredecessor {
        /// The file.
        file: String,
        /// Its sequence.
        sequence: u64,
    },
    /// About an agency that the charter does not name.
    #[error("{file}: {agency} is not a member")]
    NotAMember {
        /// The file.
        file: String,
        /// The agency.
        agency: AgencyId,
    },
}

/// A kind of document.
pub(crate) trait Document: Serialize + DeserializeOwned {
    /// What cannot be expressed in types; the message names the field.
    fn check(&self) -> Result<(), String>;

    /// Its sequence, and the digest of its predecessor.
    fn link(&self) -> (u64, Option<Digest>);
}

/// Characters of a text for people at most: a name, a line about office hours.
const TEXT_CHARS_MAX: usize = 200;

/// Refuses what would not fit on a line or would steer a terminal: others' documents are shown to our people.
fn check_text(field: &'static str, text: &str) -> Result<(), String> {
    if text.chars().count() > TEXT_CHARS_MAX {
        return Err(format!("{field}: more than {TEXT_CHARS_MAX} characters"));
    }
    if text.chars().any(char::is_control) {
        return Err(format!("{field}: has a control character"));
    }
    Ok(())
}

/// A document whose signatures were verified: the value, the exact bytes, and their digest. Made by nothing else.
#[derive(Debug, Clone)]
pub struct Signed<T> {
    value: T,
    digest: Digest,
}

impl<T> Signed<T> {
    /// SHA-256 of the exact bytes.
    pub fn digest(&self) -> Digest {
        self.digest
    }
}

impl<T> std::ops::Deref for Signed<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// The highest sequence of a document seen before, with the digest of its bytes. Documents are named `charter`,
/// `card/AGENCY`, `keyring/AGENCY` and `block/AGENCY`.
pub trait Floor: Fn(&str) -> Option<(u64, Digest)> {}
impl<F: Fn(&str) -> Option<(u64, Digest)>> Floor for F {}

/// Refuses what is older than the floor, or another text at it.
fn above_floor<T: Document>(
    document: &Signed<T>,
    file: &SignedFile,
    seen: Option<(u64, Digest)>,
) -> Result<(), DocumentError> {
    let (sequence, _) = document.link();
    match seen {
        Some((seen, _)) if sequence < seen => {
            Err(DocumentError::BelowFloor { file: file.name.clone(), found: sequence, seen })
        }
        Some((seen, digest)) if sequence == seen && digest != document.digest => {
            Err(DocumentError::OtherText { file: file.name.clone(), sequence })
        }
        Some(_) | None => Ok(()),
    }
}

/// As [`above_floor`], and refuses the direct successor of another text than the one seen: whoever signed two texts
/// under one sequence is not believed further until a person decides.
fn follows<T: Document>(
    document: &Signed<T>,
    file: &SignedFile,
    seen: Option<(u64, Digest)>,
) -> Result<(), DocumentError> {
    above_floor(document, file, seen)?;
    let (sequence, previous) = document.link();
    match seen {
        Some((seen, digest)) if sequence.checked_sub(1) == Some(seen) && previous != Some(digest) => {
            Err(DocumentError::OtherPredecessor { file: file.name.clone(), sequence })
        }
        Some(_) | None => Ok(()),
    }
}

/// Parses the bytes of `file`; its signatures must have been verified over them.
fn signed<T: Document>(file: &SignedFile) -> Result<Signed<T>, DocumentError> {
    Ok(Signed { value: parse(file)?, digest: sha256(&[&file.bytes]) })
}

fn parse<T: Document>(file: &SignedFile) -> Result<T, DocumentError> {
    let malformed = |message: String| DocumentError::Malformed { file: file.name.clone(), message };
    let text = std::str::from_utf8(&file.bytes).map_err(|e| malformed(e.to_string()))?;
    let value: T =
        toml::from_str(text).map_err(|e| malformed(e.to_string().trim_end().replace('\n', "; ")))?;
    value.check().map_err(|message| DocumentError::Contradiction { file: file.name.clone(), message })?;
    Ok(value)
}

/// The TOML text of a document, to be signed as it is.
#[allow(
    clippy::expect_used,
    reason = "documents are plain structs of strings, numbers and lists of such, which TOML can hold"
)]
fn to_toml<T: Document>(value: &T) -> String {
    toml::to_string(value).expect("a document is plain TOML")
}

#[cfg(test)]
mod tests;
