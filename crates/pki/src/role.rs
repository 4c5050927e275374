//! Roles of local callers, as they stand in the organizational unit of a certificate.

/// May search.
pub const INQUIRER: &str = "inquirer";
/// An application that may name the officer it acts for.
pub const ON_BEHALF: &str = "on-behalf";
/// May change and read the agency's own register.
pub const REGISTRAR: &str = "registrar";
/// May read the record.
pub const AUDITOR: &str = "auditor";

/// The roles of the application client that [`generate`](crate::generate) makes: all of them.
pub const OF_APPLICATION: &[&str] = &[INQUIRER, ON_BEHALF, REGISTRAR, AUDITOR];
/// The roles of the officer client that [`generate`](crate::generate) makes.
pub const OF_OFFICER: &[&str] = &[INQUIRER];
