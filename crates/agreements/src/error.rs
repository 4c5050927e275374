//! Why a document does not count as an agreement.

use crate::document::InvalidAgreement;
use concord_domain::{AgencyId, AgreementId};
use concord_trust::DocumentError;
use thiserror::Error;

/// Why a document does not count. Names the file and what is wrong with it.
#[derive(Debug, Error)]
pub enum AgreementError {
    /// It cannot be read, is not valid TOML, or a party's signature is missing or wrong.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// Its content makes no sense.
    #[error("{file}: {why}")]
    Invalid {
        /// The file.
        file: String,
        /// What is wrong.
        why: InvalidAgreement,
    },
    /// A party without a verified card, so that nobody knows its agreement key.
    #[error("{file}: {party} has no valid card, so its signature cannot be checked")]
    NoCard {
        /// The file.
        file: String,
        /// The party.
        party: AgencyId,
    },
    /// The file is named for another agreement or version than it holds.
    #[error("{file}: holds what should be named {expected}")]
    OtherName {
        /// The file.
        file: String,
        /// The name that fits its content.
        expected: String,
    },
    /// A higher version was seen before: going back would bring back what was taken away.
    #[error("{file}: version {version} is below version {floor}, which was in force here before")]
    BelowFloor {
        /// The file.
        file: String,
        /// The agreement.
        id: AgreementId,
        /// The highest version found.
        version: u32,
        /// The highest version ever seen.
        floor: u32,
    },
    /// The same version was seen before with other bytes.
    #[error("{file}: version {version} was seen before with another text")]
    OtherText {
        /// The file.
        file: String,
        /// The agreement.
        id: AgreementId,
        /// The version.
        version: u32,
    },
    /// Two texts of one version, both signed by all: neither counts until a person decides.
    #[error("{file}: {other} is another signed text of the same version {version}; neither counts")]
    TwoTexts {
        /// The file.
        file: String,
        /// The other file.
        other: String,
        /// The agreement.
        id: AgreementId,
        /// The version.
        version: u32,
    },
    /// More documents in the folder than a node reads.
    #[error("{folder}: {count} agreements are more than the limit of {limit}; none was read")]
    TooMany {
        /// The folder.
        folder: String,
        /// How many there are.
        count: usize,
        /// How many are allowed.
        limit: usize,
    },
}
