//! Who may ask whom: agreements that their parties signed, and the one function that decides by them.
//!
//! In scope: the agreement document, its versions and signatures, what parties declare about it ([`Declaration`]), a
//! node's own narrower rules ([`LocalRules`]), the set of all that a node decides by ([`Rules`]), [`decide`], and the
//! [`tools`] that show people what it comes to. Out of scope: charter, cards and keys (`concord-trust`), spending and
//! recording (`concord-store`), the request itself (`concord-gateway`). Everything but reading a folder is pure.
//!
//! ```text
//! ID.v1.toml --all parties signed--> v1 --its parties signed v2 too--> v2 --> ...    \
//! ID.PARTY.d1.toml --the party signed--> withdrawal | suspension | resumption         > Rules
//! charter, cards, block notices (concord-trust), the node's own LocalRules           /    |
//!                                                                                         |
//!                                     Facts (from, to, operation, purpose, ...) --decide--+--> Permit | Denial
//! ```
//!
//! A [`Permit`] comes out of [`decide`] and from nowhere else, so a function that takes one cannot be called
//! without authority. Signatures are COSE_Sign1 (RFC 9052) over the document's exact bytes.

mod coverage;
mod decide;
mod declaration;
mod document;
mod error;
mod local;
mod rules;
mod signed;
#[cfg(test)]
mod testing;
pub mod tools;

pub use decide::{Asking, Carrying, Denial, Facts, Opening, Permit, Question, decide};
pub use declaration::{Act, Declaration, InvalidDeclaration, SignedDeclaration};
pub use document::{
    Agencies, Agreement, AgreementKind, Assistance, Confirmation, Grant, InvalidAgreement, Onward, Quota,
    QuotaWindow, Terms, Title,
};
pub use error::AgreementError;
pub use local::{InvalidLocalRules, LocalRule, LocalRules, Side};
pub use rules::{Absence, Conflict, Documents, Pending, Rules};
pub use signed::SignedAgreement;
