//! The person asked about, and the candidates that a register returns.

use super::{BirthDate, Identifier, NameKind, Notice, PersonName, Sex};
use crate::text::{InvalidText, hidden};
use minicbor::{Decode, Encode};
use thiserror::Error;

/// How well a candidate matches, in thousandths: 1000 is the same document number, or the same name born on the
/// same day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct Score(#[n(0)] u16);

impl Score {
    /// The best score.
    pub const BEST: Self = Self(1000);

    /// From thousandths; anything above 1000 counts as 1000.
    pub const fn from_thousandths(value: u16) -> Self {
        if value > 1000 { Self::BEST } else { Self(value) }
    }

    /// In thousandths.
    pub const fn thousandths(self) -> u16 {
        self.0
    }
}

/// The person asked about.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Subject {
    names: Vec<PersonName>,
    identifiers: Vec<Identifier>,
    /// Birth date, where known; narrows names, never identifiers.
    pub birth: Option<BirthDate>,
    /// Sex, where known; narrows names, never identifiers.
    pub sex: Option<Sex>,
}
hidden!(Subject);

/// What is wrong with a subject.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InvalidSubject {
    /// Nothing to search by.
    #[error("subject: a name or an identifier is needed")]
    Empty,
    /// Too many of something.
    #[error("subject.{field}: {count} is more than the limit of {limit}")]
    TooMany {
        /// The field.
        field: &'static str,
        /// How many there are.
        count: usize,
        /// How many are allowed.
        limit: usize,
    },
    /// A name is empty or too long.
    #[error("subject.{0}")]
    Name(#[from] InvalidText),
}

impl Subject {
    /// Names at most: one person's aliases, not a list of persons.
    pub const NAMES_MAX: usize = 8;
    /// Identifiers at most.
    pub const IDENTIFIERS_MAX: usize = 8;

    /// A subject with at least one name or identifier.
    pub fn new(names: &[String], identifiers: Vec<Identifier>) -> Result<Self, InvalidSubject> {
        if names.is_empty() && identifiers.is_empty() {
            return Err(InvalidSubject::Empty);
        }
        let counts = [
            ("names", names.len(), Self::NAMES_MAX),
            ("identifiers", identifiers.len(), Self::IDENTIFIERS_MAX),
        ];
        for (field, count, limit) in counts {
            if count > limit {
                return Err(InvalidSubject::TooMany { field, count, limit });
            }
        }
        let names = names.iter().map(|n| PersonName::new(NameKind::Primary, n)).collect::<Result<_, _>>()?;
        Ok(Self { names, identifiers, birth: None, sex: None })
    }

    /// The names to search by.
    pub fn names(&self) -> &[PersonName] {
        &self.names
    }

    /// The identifiers to search by.
    pub fn identifiers(&self) -> &[Identifier] {
        &self.identifiers
    }
}

/// A notice that may be about the subject, cut to what the agreement lets be disclosed.
#[derive(Clone, PartialEq, Eq)]
pub struct Candidate {
    /// How well it matches.
    pub score: Score,
    /// The notice.
    pub notice: Notice,
}
hidden!(Candidate);

impl Candidate {
    /// Candidates in one answer at most: a search is for one person, not a listing of the register.
    pub const PER_ANSWER_MAX: usize = 10;
}
