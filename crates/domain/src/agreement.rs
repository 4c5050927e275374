//! How everything else points at an agreement.

use crate::digest::Digest;
use crate::text::{short_text, shown};
use minicbor::{Decode, Encode};

short_text! {
    /// The identifier of an agreement, such as `northwest`: kebab-case, stable over its versions.
    pub struct AgreementId("agreement id", 64, |c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}
shown!(AgreementId);

short_text! {
    /// The number of a clause within an agreement, such as `3.1`.
    pub struct Clause("clause", 32, |c| c.is_ascii_alphanumeric() || ".-()§".contains(c))
}
shown!(Clause);

/// One exact text of an agreement: identifier, version and the SHA-256 of the signed bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct AgreementRef {
    /// The agreement.
    #[n(0)]
    pub id: AgreementId,
    /// Its version; versions only grow.
    #[n(1)]
    pub version: u32,
    /// SHA-256 of the document's bytes.
    #[n(2)]
    pub digest: Digest,
}

impl std::fmt::Display for AgreementRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} v{}", self.id, self.version)
    }
}
