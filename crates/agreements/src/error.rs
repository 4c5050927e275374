//! Why a document does not count.

use crate::document::InvalidAgreement;
use concord_domain::{AgencyId, AgreementId, Timestamp};
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
    /// A version that names no version before it that counts here.
    #[error("{file}: version {version} does not follow a version of {id} that counts here")]
    NoPredecessor {
        /// The file.
        file: String,
        /// The agreement.
        id: AgreementId,
        /// The version.
        version: u32,
    },
    /// A party of the version before has neither signed the successor nor withdrawn by its beginning, so that it would
    /// be displaced.
    #[error(
        "{file}: {party}, a party of version {version}, has neither signed this one nor withdrawn: {source}"
    )]
    PredecessorNotSigned {
        /// The file of the successor.
        file: String,
        /// The version before.
        version: u32,
        /// The party.
        party: AgencyId,
        /// What is wrong with its signature.
        source: Box<AgreementError>,
    },
    /// Two texts of one version, both signed by all who must: neither counts until a person decides.
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
    /// Two declarations of one party under one sequence: whatever they take from the party counts, what they give back
    /// does not.
    #[error("{file}: {other} is another declaration of {party} with the same sequence {sequence}")]
    TwoDeclarations {
        /// The file.
        file: String,
        /// The other file.
        other: String,
        /// The party.
        party: AgencyId,
        /// The sequence.
        sequence: u64,
    },
    /// A withdrawal that would be in effect before the notice of the agreement has passed.
    #[error(
        "{file}: withdrawal.effective_at: {effective_at} is before {earliest}, the end of the notice agreed"
    )]
    NoticeTooShort {
        /// The file.
        file: String,
        /// When it would be in effect.
        effective_at: Timestamp,
        /// When it may be at the earliest.
        earliest: Timestamp,
    },
    /// A withdrawal from a version that does not count here, or not with that party.
    #[error(
        "{file}: no version {version} of {id} with the party {party} counts here, from which it could withdraw"
    )]
    NothingToWithdrawFrom {
        /// The file.
        file: String,
        /// The agreement.
        id: AgreementId,
        /// The version.
        version: u32,
        /// The party.
        party: AgencyId,
    },
    /// More documents in the folder than a node reads.
    #[error("{folder}: {count} {what} are more than the limit of {limit}; none was read")]
    TooMany {
        /// The folder.
        folder: String,
        /// What they are.
        what: &'static str,
        /// How many there are.
        count: usize,
        /// How many are allowed.
        limit: usize,
    },
}
