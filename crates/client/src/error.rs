//! What can go wrong with a call, with what the node says about it kept apart.

use crate::profile::ProfileError;
use concord_transport::{AnchorError, ConnectError, CredentialError, Unreadable};
use concord_wire::Problems;
use std::collections::BTreeMap;
use std::error::Error as StdError;
use std::fmt::Display;
use thiserror::Error;
use tonic::{Code, Status};
use tonic_types::StatusExt;

/// Why a call has no result.
#[derive(Debug, Error)]
pub enum ClientError {
    /// The profile cannot be used.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// The certificates of the profile cannot be used; one reason a line.
    #[error("{0}")]
    Certificates(String),
    /// The address of the profile is not of the form `https://host:port`.
    #[error("the address {0:?} is not of the form https://host:port")]
    Address(String),
    /// There is no connection to the node.
    #[error("the node cannot be reached: {0}")]
    Unreachable(String),
    /// The node refused or failed, in its own words.
    #[error(transparent)]
    Rejected(Box<Rejection>),
    /// The node's answer is not one that this program understands.
    #[error("the node's answer cannot be understood: {0}")]
    Answer(Problems),
    /// The stream ended before its last message.
    #[error("the node's answer broke off")]
    BrokenOff,
    /// The rows to import could not be read; nothing was taken.
    #[error("the rows cannot be read: {0}")]
    Rows(std::io::Error),
}

/// A status of the node, taken apart.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message} ({code:?}{})", reason.as_ref().map(|r| format!(", {r}")).unwrap_or_default())]
pub struct Rejection {
    /// The gRPC code.
    pub code: Code,
    /// The stable UPPER_SNAKE reason, where there is one.
    pub reason: Option<String>,
    /// In words.
    pub message: String,
    /// Each field that is wrong.
    pub violations: Vec<Violation>,
    /// What belongs to the reason, by name.
    pub metadata: BTreeMap<String, String>,
}

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Its path, such as `subject.identifiers[2].number`.
    pub field: String,
    /// What is wrong.
    pub message: String,
}

impl From<Status> for ClientError {
    fn from(status: Status) -> Self {
        if let Some(source) = status.source() {
            return Self::Unreachable(reason_for(source));
        }
        let details = status.get_error_details();
        let info = details.error_info();
        let violations = details.bad_request().map(|b| b.field_violations.as_slice()).unwrap_or_default();
        let violation = |v: &tonic_types::FieldViolation| Violation {
            field: v.field.clone(),
            message: v.description.clone(),
        };
        Self::Rejected(Box::new(Rejection {
            code: status.code(),
            reason: info.map(|i| i.reason.clone()),
            message: status.message().to_owned(),
            violations: violations.iter().map(violation).collect(),
            metadata: info.map(|i| i.metadata.clone().into_iter().collect()).unwrap_or_default(),
        }))
    }
}

/// What the transport says if it was asked, else what gRPC says, with what lies behind it.
fn reason_for(error: &(dyn StdError + 'static)) -> String {
    let mut next: Option<&dyn StdError> =
        Some(ConnectError::find(error).map_or(error, |found| -> &dyn StdError { found }));
    let mut words: Vec<String> = Vec::new();
    while let Some(error) = next {
        let text = error.to_string();
        if words.last().is_none_or(|last| !last.contains(&text)) {
            words.push(text);
        }
        next = error.source();
    }
    words.join(": ")
}

impl From<Unreadable> for ClientError {
    fn from(error: Unreadable) -> Self {
        Self::Certificates(format!("{error}: {}", error.source))
    }
}

impl From<Vec<CredentialError>> for ClientError {
    fn from(errors: Vec<CredentialError>) -> Self {
        Self::Certificates(lines(&errors))
    }
}

impl From<Vec<AnchorError>> for ClientError {
    fn from(errors: Vec<AnchorError>) -> Self {
        Self::Certificates(lines(&errors))
    }
}

fn lines(errors: &[impl Display]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use concord_wire::{refused, violations};

    fn rejection(status: Status) -> Rejection {
        let ClientError::Rejected(rejection) = ClientError::from(status) else { panic!("not a rejection") };
        *rejection
    }

    #[test]
    fn reasons_and_fields_are_kept() {
        let status = refused(Code::PermissionDenied, "ROLE_MISSING", "no", &[("method", "/x".into())]);
        let found = rejection(status);
        assert_eq!((found.code, found.reason.as_deref()), (Code::PermissionDenied, Some("ROLE_MISSING")));
        assert_eq!(found.metadata["method"], "/x");
        assert_eq!(found.to_string(), "no (PermissionDenied, ROLE_MISSING)");

        let found = rejection(violations(&Problems::one("purpose", "is missing or unknown")));
        assert_eq!(found.reason.as_deref(), Some("INVALID_FIELDS"));
        assert_eq!(found.violations[0].field, "purpose");
    }

    #[test]
    fn a_lost_connection_is_told_by_its_cause() {
        let mut status = Status::unavailable("tcp");
        status.set_source(std::sync::Arc::new(ConnectError::Closed));
        let error = ClientError::from(status).to_string();
        assert!(error.contains("closed the connection before serving it"), "{error}");
    }
}
