//! Errors as google.rpc details: every status carries an ErrorInfo with a stable reason.

use std::collections::HashMap;
use std::time::Duration;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, StatusExt};

/// The domain of every ErrorInfo.
const DOMAIN: &str = "concord";
/// Reason of a fault of our own; the metadata has nothing but the incident's id.
pub const INCIDENT_REASON: &str = "INTERNAL";

/// What is wrong with one field. Names the field and the limit, never the content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Path of the field, such as `subject.identifiers[2].number`.
    pub field: String,
    /// What is wrong with it.
    pub message: String,
}

/// Everything that is wrong with a message, the first [`Problems::COUNT_MAX`] of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// Problems at most. A status travels in HTTP/2 trailers, of which clients take some 16 KiB; a message full of
    /// mistakes would make it longer.
    pub const COUNT_MAX: usize = 10;

    /// One problem.
    pub fn one(field: &str, message: impl ToString) -> Self {
        Self(vec![Problem { field: field.to_owned(), message: message.to_string() }])
    }

    /// These and others.
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        self.0.extend(others.0);
        self.0.truncate(Self::COUNT_MAX);
        self
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each problem.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.0.iter()
    }

    /// The value of an enum's number in `field`, which may be left out: 0 says that it was. Notes a number that is unknown.
    pub(crate) fn optional<T>(
        &mut self,
        field: &str,
        number: i32,
        read: impl Fn(i32) -> Option<T>,
    ) -> Option<Option<T>> {
        match number {
            0 => Some(None),
            number => self.take(field, read(number).ok_or("is unknown").map(Some)),
        }
    }

    /// Notes what is wrong with `field`, or gives its value.
    pub(crate) fn take<T>(&mut self, field: &str, result: Result<T, impl ToString>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(e) => {
                if self.0.len() < Self::COUNT_MAX {
                    self.0.push(Problem { field: field.to_owned(), message: e.to_string() });
                }
                None
            }
        }
    }

    /// Notes what is wrong inside `field`, or gives its value.
    pub(crate) fn within<T>(&mut self, field: &str, result: Result<T, Self>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(inner) => {
                let join = |p: Problem| Problem {
                    field: if p.field.is_empty() { field.to_owned() } else { format!("{field}.{}", p.field) },
                    message: p.message,
                };
                self.0.extend(inner.0.into_iter().map(join));
                self.0.truncate(Self::COUNT_MAX);
                None
            }
        }
    }

    /// The value if nothing was wrong.
    pub(crate) fn finish<T>(self, value: Option<T>) -> Result<T, Self> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            Some(_) | None => Err(self),
        }
    }
}

impl std::fmt::Display for Problems {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let each: Vec<_> = self.0.iter().map(|p| format!("{}: {}", p.field, p.message)).collect();
        f.write_str(&each.join("; "))
    }
}

impl std::error::Error for Problems {}

/// INVALID_ARGUMENT that names each field.
pub fn violations(problems: &Problems) -> Status {
    let fields = problems.iter().map(|p| FieldViolation::new(&p.field, &p.message)).collect::<Vec<_>>();
    let mut details = ErrorDetails::with_bad_request(fields);
    details.set_error_info("INVALID_FIELDS", DOMAIN, HashMap::<String, String>::new());
    Status::with_error_details(Code::InvalidArgument, problems.to_string(), details)
}

/// RESOURCE_EXHAUSTED that names the limit and says when to try again.
pub fn overloaded(message: impl Into<String>, limit: usize) -> Status {
    let metadata = HashMap::from([("limit".to_owned(), limit.to_string())]);
    let mut details = ErrorDetails::with_error_info("OVERLOADED", DOMAIN, metadata);
    details.set_retry_info(Some(RETRY_AFTER));
    Status::with_error_details(Code::ResourceExhausted, message, details)
}

/// When to try again after OVERLOADED: several times what a request takes, so that the queue has moved on.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The stable reason of a status of ours.
pub fn reason(status: &Status) -> Option<String> {
    let info = status.get_details_error_info().filter(|info| info.domain == DOMAIN);
    info.map(|info| info.reason)
}

/// A status with a stable reason and metadata.
pub fn refused(code: Code, reason: &str, message: impl Into<String>, metadata: &[(&str, String)]) -> Status {
    let metadata: HashMap<String, String> =
        metadata.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect();
    Status::with_error_details(code, message, ErrorDetails::with_error_info(reason, DOMAIN, metadata))
}
