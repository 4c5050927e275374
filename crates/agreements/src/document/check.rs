//! What makes a well-formed document a sensible agreement.

use super::{Agencies, Agreement, AgreementKind, Assistance, Confirmation, Grant, Quota, Terms};
use concord_domain::{AgencyPattern, Clause, Timestamp, Vetting};
use concord_trust::SignedFile;
use std::collections::BTreeSet;
use std::fmt::Display;
use thiserror::Error;

/// What is wrong with the content of an agreement; names the field and the limit.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InvalidAgreement {
    /// Versions count from 1, so that 0 can mean "none seen".
    #[error("version: must be at least 1")]
    VersionZero,
    /// A version after the first that does not say which text it follows.
    #[error("previous: version {version} must name the digest of the version before it")]
    NoPrevious {
        /// The version.
        version: u32,
    },
    /// The first version follows nothing.
    #[error("previous: version 1 has none before it")]
    PreviousOfFirst,
    /// A number outside its limits.
    #[error("{field}: {value} is not within {least} to {limit}")]
    OutOfRange {
        /// The field.
        field: String,
        /// What was found.
        value: u32,
        /// The least allowed.
        least: u32,
        /// The most allowed.
        limit: u32,
    },
    /// A text with nothing in it.
    #[error("{field}: is empty")]
    Empty {
        /// The field.
        field: String,
    },
    /// Too few of something.
    #[error("{field}: {count} are fewer than the {least} needed")]
    TooFew {
        /// The field.
        field: String,
        /// How many there are.
        count: usize,
        /// How many are needed.
        least: usize,
    },
    /// Too many of something.
    #[error("{field}: {count} are more than the limit of {limit}")]
    TooMany {
        /// The field.
        field: String,
        /// How many there are.
        count: usize,
        /// How many are allowed.
        limit: usize,
    },
    /// A text is too long.
    #[error("{field}: {length} characters are more than the limit of {limit}")]
    TooLong {
        /// The field.
        field: String,
        /// Characters found.
        length: usize,
        /// Characters allowed.
        limit: usize,
    },
    /// The same value stands in a list twice.
    #[error("{field}: {value} stands there twice")]
    Twice {
        /// The field.
        field: String,
        /// The value.
        value: String,
    },
    /// A bilateral agreement has two parties; another number would lend it a precedence that is not its own.
    #[error("parties: a bilateral agreement has 2, this one {count}")]
    NotBilateral {
        /// How many there are.
        count: usize,
    },
    /// It ends before it begins.
    #[error("valid_until: {until} is not after valid_from, {from}")]
    NeverInForce {
        /// The beginning.
        from: Timestamp,
        /// The end.
        until: Timestamp,
    },
    /// A clause names somebody for whom no party can sign.
    #[error(
        "grants, clause {clause}, {field}: {pattern} is neither about a party nor below one in the charter"
    )]
    OutsideParties {
        /// The clause.
        clause: Clause,
        /// `from` or `to`.
        field: &'static str,
        /// The pattern.
        pattern: AgencyPattern,
    },
    /// An officer is to vet what nobody may ask on.
    #[error("grants, clause {clause}, vetting: is for brokers, and brokered_to names nobody")]
    VettingOfNothing {
        /// The clause.
        clause: Clause,
    },
    /// A carrier for whom no party can sign.
    #[error("carriers: {pattern} is neither about a party nor below one in the charter")]
    CarrierOutsideParties {
        /// The pattern.
        pattern: AgencyPattern,
    },
}

impl Agreement {
    /// Parties at least: nobody agrees alone.
    pub const PARTIES_MIN: usize = 2;
    /// Parties at most: each signs, and a document holds so many signatures.
    pub const PARTIES_MAX: usize = SignedFile::SIGNATURES_MAX;
    /// Clauses at most; the longest pacts known name some thirty kinds of cooperation.
    pub const GRANTS_MAX: usize = 128;
    /// Operations of a clause at most: more than all services have verbs.
    pub const OPERATIONS_MAX: usize = 64;
    /// Patterns of one list at most, such as a clause's `from`: as many as there can be parties.
    pub const PATTERNS_MAX: usize = Self::PARTIES_MAX;
    /// Characters of a title at most: one line.
    pub const TITLE_MAX: usize = 200;
    /// Characters of `source` at most: a paragraph with its references.
    pub const SOURCE_MAX: usize = 2000;

    /// Checks what the types cannot express and what needs no charter.
    pub fn check(&self) -> Result<(), InvalidAgreement> {
        if self.version == 0 {
            return Err(InvalidAgreement::VersionZero);
        }
        match self.previous {
            Some(_) if self.version == 1 => return Err(InvalidAgreement::PreviousOfFirst),
            None if self.version > 1 => return Err(InvalidAgreement::NoPrevious { version: self.version }),
            Some(_) | None => {}
        }
        text("title.zh", &self.title.zh, Self::TITLE_MAX)?;
        text("title.en", &self.title.en, Self::TITLE_MAX)?;
        self.source.iter().try_for_each(|source| text("source", source, Self::SOURCE_MAX))?;
        count("parties", self.parties.len(), Self::PARTIES_MIN, Self::PARTIES_MAX)?;
        distinct("parties", &self.parties)?;
        if self.kind == AgreementKind::Bilateral && self.parties.len() != 2 {
            return Err(InvalidAgreement::NotBilateral { count: self.parties.len() });
        }
        if self.valid_from >= self.valid_until {
            return Err(InvalidAgreement::NeverInForce { from: self.valid_from, until: self.valid_until });
        }
        self.carriers.iter().try_for_each(|carriers| patterns("carriers", carriers))?;
        self.terms.check()?;
        count("grants", self.grants.len(), 1, Self::GRANTS_MAX)?;
        distinct("grants: clause", self.grants.iter().map(|grant| &grant.clause))?;
        self.grants.iter().try_for_each(Grant::check)
    }
}

impl Grant {
    fn check(&self) -> Result<(), InvalidAgreement> {
        let field = |name: &str| format!("grants, clause {}, {name}", self.clause);
        for (name, agencies) in [("from", &self.from), ("to", &self.to)] {
            patterns(&field(name), agencies)?;
        }
        for (name, third) in [("brokered_to", &self.brokered_to), ("on_behalf_of", &self.on_behalf_of)] {
            count(&field(name), third.len(), 0, Agreement::PATTERNS_MAX)?;
            distinct(&field(name), third)?;
        }
        if self.vetting == Vetting::Officer && self.brokered_to.is_empty() {
            return Err(InvalidAgreement::VettingOfNothing { clause: self.clause.clone() });
        }
        if let Some(quota) = self.quota {
            within(&field("quota, requests"), quota.requests.get(), 1, Quota::REQUESTS_MAX)?;
        }
        count(&field("operations"), self.operations.len(), 1, Agreement::OPERATIONS_MAX)?;
        distinct(&field("operations"), &self.operations)?;
        // Purposes, branches and fields are closed sets: being distinct bounds them.
        count(&field("purposes"), self.purposes.len(), 1, usize::MAX)?;
        distinct(&field("purposes"), &self.purposes)?;
        if let Some(branches) = &self.branches {
            count(&field("branches"), branches.len(), 1, usize::MAX)?;
            distinct(&field("branches"), branches)?;
        }
        distinct(&field("fields"), &self.fields)
    }
}

impl Terms {
    fn check(&self) -> Result<(), InvalidAgreement> {
        if let Some(Confirmation { urgent_minutes, routine_minutes }) = self.confirmation {
            let limit = Confirmation::MINUTES_MAX;
            within("terms.confirmation.routine_minutes", routine_minutes, 1, limit)?;
            within("terms.confirmation.urgent_minutes", urgent_minutes, 1, routine_minutes)?;
        }
        if let Some(Assistance { check_days, remote_check_days, other_days }) = self.assistance {
            let days = [("check", check_days), ("remote_check", remote_check_days), ("other", other_days)];
            for (what, days) in days {
                let limit = Assistance::DAYS_MAX.into();
                within(&format!("terms.assistance.{what}_days"), days.into(), 1, limit)?;
            }
        }
        let notice = self.withdrawal_notice_days.into();
        within("terms.withdrawal_notice_days", notice, 0, Self::WITHDRAWAL_NOTICE_DAYS_MAX.into())?;
        if let Some(minutes) = self.sync_within_minutes {
            within("terms.sync_within_minutes", minutes, 1, Self::SYNC_WITHIN_MINUTES_MAX)?;
        }
        // Grounds and natures are closed sets: being distinct bounds them.
        distinct("terms.refusal_grounds", self.refusal_grounds.iter().flatten())?;
        distinct("terms.exclusions", self.exclusions.iter().flatten())
    }
}

fn patterns(field: &str, agencies: &Agencies) -> Result<(), InvalidAgreement> {
    let Agencies::Listed(patterns) = agencies else { return Ok(()) };
    count(field, patterns.len(), 1, Agreement::PATTERNS_MAX)?;
    distinct(field, patterns)
}

fn within(field: &str, value: u32, least: u32, limit: u32) -> Result<(), InvalidAgreement> {
    if (least..=limit).contains(&value) {
        return Ok(());
    }
    Err(InvalidAgreement::OutOfRange { field: field.to_owned(), value, least, limit })
}

fn text(field: &str, text: &str, limit: usize) -> Result<(), InvalidAgreement> {
    let length = text.chars().count();
    if text.trim().is_empty() {
        return Err(InvalidAgreement::Empty { field: field.to_owned() });
    }
    if length > limit {
        return Err(InvalidAgreement::TooLong { field: field.to_owned(), length, limit });
    }
    Ok(())
}

fn count(field: &str, count: usize, least: usize, limit: usize) -> Result<(), InvalidAgreement> {
    if count < least {
        return Err(InvalidAgreement::TooFew { field: field.to_owned(), count, least });
    }
    if count > limit {
        return Err(InvalidAgreement::TooMany { field: field.to_owned(), count, limit });
    }
    Ok(())
}

fn distinct<T: Ord + Display>(
    field: &str,
    values: impl IntoIterator<Item = T>,
) -> Result<(), InvalidAgreement> {
    let mut seen = BTreeSet::new();
    for value in values {
        let shown = value.to_string();
        if !seen.insert(value) {
            return Err(InvalidAgreement::Twice { field: field.to_owned(), value: shown });
        }
    }
    Ok(())
}
