//! Wanted persons: the notice (Rules 275), the person asked about, and what a grant may disclose.
//!
//! Everything here is personal data: no type shows its content in `Debug`.

mod birth;
mod field;
mod identifier;
mod name;
mod notice;
mod query;
mod scope;
mod subject;

pub use birth::{BirthDate, InvalidBirthDate};
pub use field::{Field, Fields};
pub use identifier::{Identifier, IdentifierKind, InvalidIdentifier};
pub use name::{NameKind, PersonName, Sex};
pub use notice::{Description, InvalidNotice, Notice, NoticeNumber, Offence};
pub use query::{Authority, Finding, LedgerPosition, Query, Totals};
pub use scope::{InvalidScope, InvalidTerm, Scope, ScopeTerm};
pub use subject::{Candidate, InvalidSubject, Score, Subject};
