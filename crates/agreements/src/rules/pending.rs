//! Texts that wait for signatures.

use concord_domain::{AgencyId, AgreementRef};

/// A text that makes sense and would count, had all signed who must: its own parties, and those of the version before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// The text.
    pub text: AgreementRef,
    /// The file.
    pub file: String,
    /// Who still must sign, in the order of the parties.
    pub missing: Vec<AgencyId>,
}
