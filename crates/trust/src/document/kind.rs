//! The kinds of documents that a federation publishes, and how each is named.

use super::{DocumentError, SignedFile};
use crate::cose::Kind;
use crate::sha256;
use concord_domain::{AgencyId, AgreementId, Digest};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::fmt;
use std::str::FromStr;
use thiserror::Error;

/// A kind of document. Its text stands in stores, on the wire and on the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DocumentKind {
    /// The list of members.
    Charter,
    /// What an agency says of itself for years.
    Card,
    /// What an agency says of itself for days.
    Keyring,
    /// An agreement of several agencies.
    Agreement,
    /// What one party declares about an agreement.
    Declaration,
    /// A notice that stops an agency everywhere.
    Block,
}

/// A text that names no kind of document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("is not a kind of document")]
pub struct UnknownDocumentKind;

impl DocumentKind {
    /// Every kind, those first on which the others rest.
    pub const ALL: [Self; 6] =
        [Self::Charter, Self::Card, Self::Keyring, Self::Agreement, Self::Declaration, Self::Block];

    /// The stable text.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Charter => "charter",
            Self::Card => "card",
            Self::Keyring => "keyring",
            Self::Agreement => "agreement",
            Self::Declaration => "declaration",
            Self::Block => "block",
        }
    }

    /// The folder of a federation that holds them; the charter stands beside the folders.
    pub const fn folder(self) -> Option<&'static str> {
        match self {
            Self::Charter => None,
            Self::Card => Some("cards"),
            Self::Keyring => Some("keyrings"),
            Self::Agreement => Some("agreements"),
            Self::Declaration => Some("declarations"),
            Self::Block => Some("blocks"),
        }
    }

    /// What its signatures are made as.
    pub const fn signed_as(self) -> Kind {
        match self {
            Self::Charter => Kind::Charter,
            Self::Card => Kind::Card,
            Self::Keyring => Kind::Keyring,
            Self::Agreement => Kind::Agreement,
            Self::Declaration => Kind::Declaration,
            Self::Block => Kind::Block,
        }
    }
}

impl fmt::Display for DocumentKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for DocumentKind {
    type Err = UnknownDocumentKind;

    fn from_str(text: &str) -> Result<Self, UnknownDocumentKind> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or(UnknownDocumentKind)
    }
}

/// Points at exactly one text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DocumentRef {
    /// What kind it is.
    pub kind: DocumentKind,
    /// What it is about: an agency, an agreement, `AGREEMENT/PARTY` for a declaration; `charter` for the charter.
    pub name: String,
    /// Its sequence or version.
    pub sequence: u64,
    /// SHA-256 of its bytes.
    pub digest: Digest,
}

#[derive(Deserialize)]
struct OfFederation {
    sequence: u64,
}

#[derive(Deserialize)]
struct OfAgency {
    agency: AgencyId,
    sequence: u64,
}

#[derive(Deserialize)]
struct OfAgreement {
    id: AgreementId,
    version: u32,
}

#[derive(Deserialize)]
struct OfDeclaration {
    agreement: AgreementId,
    party: AgencyId,
    sequence: u64,
}

impl DocumentRef {
    /// A sequence at most: stores count up to here, and one that they cannot note would keep all others from being noted.
    const SEQUENCE_MAX: u64 = i64::MAX.unsigned_abs();

    /// Reads of a document's bytes what they name themselves; nothing else of them is checked.
    ///
    /// # Errors
    /// [`DocumentError::Malformed`] if they are no TOML, or lack what names a document of this kind, or have a sequence
    /// that no store could note.
    pub fn of(kind: DocumentKind, file: &SignedFile) -> Result<Self, DocumentError> {
        let (name, sequence) = match kind {
            DocumentKind::Charter => {
                let OfFederation { sequence } = head(file)?;
                (kind.as_str().to_owned(), sequence)
            }
            DocumentKind::Card | DocumentKind::Keyring | DocumentKind::Block => {
                let OfAgency { agency, sequence } = head(file)?;
                (agency.to_string(), sequence)
            }
            DocumentKind::Agreement => {
                let OfAgreement { id, version } = head(file)?;
                (id.to_string(), u64::from(version))
            }
            DocumentKind::Declaration => {
                let OfDeclaration { agreement, party, sequence } = head(file)?;
                (format!("{agreement}/{party}"), sequence)
            }
        };
        if sequence > Self::SEQUENCE_MAX {
            let message = format!("sequence: {sequence} is more than the limit of {}", Self::SEQUENCE_MAX);
            return Err(DocumentError::Malformed { file: file.name.clone(), message });
        }
        Ok(Self { kind, name, sequence, digest: sha256(&[&file.bytes]) })
    }

    /// Kind and name as one text, under which sequences are remembered: `keyring/yn.police.cn`.
    pub fn path(&self) -> String {
        match self.kind {
            DocumentKind::Charter => self.name.clone(),
            DocumentKind::Card
            | DocumentKind::Keyring
            | DocumentKind::Agreement
            | DocumentKind::Declaration
            | DocumentKind::Block => format!("{}/{}", self.kind, self.name),
        }
    }
}

impl fmt::Display for DocumentRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.path(), self.sequence)
    }
}

fn head<T: DeserializeOwned>(file: &SignedFile) -> Result<T, DocumentError> {
    let malformed = |message: String| DocumentError::Malformed { file: file.name.clone(), message };
    let text = std::str::from_utf8(&file.bytes).map_err(|e| malformed(e.to_string()))?;
    toml::from_str(text).map_err(|e| malformed(e.to_string().trim_end().replace('\n', "; ")))
}
