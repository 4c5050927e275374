//! Who may ask whom: agreements that their parties signed, and the one function that decides by them.
//!
//! In scope: the agreement document, its signatures, the set of agreements a node decides by ([`Rules`]),
//! [`decide`], and the [`tools`] that show people what it comes to. Out of scope: charter, cards and keys
//! (`concord-trust`), spending and recording (`concord-store`), the request itself (`concord-gateway`). Everything
//! but reading a folder is pure.
//!
//! ```text
//! NAME.toml + NAME.PARTY.sig --every party signed--> SignedAgreement --highest version--> Rules
//!                                                                                           |
//!                                    Facts (from, to, operation, purpose, ...) ---decide----+--> Permit | Denial
//! ```
//!
//! A [`Permit`] comes out of [`decide`] and from nowhere else, so a function that takes one cannot be called
//! without authority. Signatures are COSE_Sign1 (RFC 9052) over the document's exact bytes.

mod coverage;
mod decide;
mod document;
mod error;
mod rules;
mod signed;
#[cfg(test)]
mod testing;
pub mod tools;

pub use decide::{Asking, Denial, Facts, Opening, Permit, Question, decide};
pub use document::{
    Agencies, Agreement, AgreementKind, Assistance, Confirmation, Grant, InvalidAgreement, Onward, Quota,
    QuotaWindow, Terms, Title,
};
pub use error::AgreementError;
pub use rules::Rules;
pub use signed::SignedAgreement;
