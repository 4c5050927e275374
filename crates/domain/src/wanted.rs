//! Wanted persons: the notice (Rules 275), the person asked about, and what a grant may disclose.
//!
//! Everything here is personal data: no type shows its content in `Debug`.

mod birth;
mod identifier;
mod notice;
mod query;
mod subject;

pub use birth::{BirthDate, InvalidBirthDate};
pub use identifier::{Identifier, IdentifierKind, InvalidIdentifier};
pub use notice::{
    Description, Field, Fields, InvalidNotice, NameKind, Notice, NoticeNumber, Offence, PersonName, Sex,
};
pub use query::{Authority, Finding, LedgerPosition, Query, Scope, Totals};
pub use subject::{Candidate, InvalidSubject, Score, Subject};
