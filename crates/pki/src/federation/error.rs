//! What can be wrong with the description of a federation.

use concord_agreements::AgreementError;
use concord_domain::{AgencyId, AgreementId};
use thiserror::Error;

/// What is wrong with the description; names the field and the limit.
#[derive(Debug, Error)]
pub enum FederationError {
    /// A file cannot be read.
    #[error("{file}: {source}")]
    File {
        /// The file.
        file: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file is longer than allowed.
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
    /// An agreement's text is wrong by itself.
    #[error(transparent)]
    Agreement(#[from] AgreementError),
    /// The file of one agreement holds another.
    #[error("{file}: holds the agreement {found}")]
    OtherAgreement {
        /// The file.
        file: String,
        /// What it holds.
        found: AgreementId,
    },
    /// A text with nothing in it, or too much.
    #[error("{field}: has {length} characters, allowed are 1 to {limit}")]
    Text {
        /// The field.
        field: String,
        /// Characters found.
        length: usize,
        /// Characters allowed.
        limit: usize,
    },
    /// Too few or too many of something.
    #[error("{field}: {count} is not between {least} and {limit}")]
    Count {
        /// The field.
        field: &'static str,
        /// How many there are.
        count: usize,
        /// How many are needed.
        least: usize,
        /// How many are allowed.
        limit: usize,
    },
    /// The same name stands in a list twice.
    #[error("{field}: {value} stands there twice")]
    Twice {
        /// The field.
        field: &'static str,
        /// The name.
        value: String,
    },
    /// A superior that is not a member.
    #[error("members: {agency} is below {superior}, which is no member")]
    UnknownSuperior {
        /// The member.
        agency: AgencyId,
        /// Its superior.
        superior: AgencyId,
    },
    /// A party that is not a member, so that nobody could sign for it.
    #[error("agreements: {party}, a party of {agreement}, is no member")]
    UnknownParty {
        /// The agreement.
        agreement: AgreementId,
        /// The party.
        party: AgencyId,
    },
    /// A line is said not to lead to or from an agency that is not a member.
    #[error("no_lines: {agency} is not a member")]
    UnknownEnd {
        /// The agency.
        agency: AgencyId,
    },
}
