//! A wanted-person query as its asker states it, and what came of it.

use super::{Candidate, Scope, Subject};
use crate::{
    AgencyId, AgreementRef, Branch, CaseRef, Clause, Digest, Handling, OffenceNature, Officer, Outcome,
    OutcomeKind, Purpose, Reference,
};
use std::collections::BTreeMap;
use std::time::Duration;

/// A wanted-person query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// Whom.
    pub subject: Subject,
    /// Which agencies.
    pub scope: Scope,
    /// Why.
    pub purpose: Purpose,
    /// The case that it belongs to.
    pub case: CaseRef,
    /// The officer who answers for it; none where the caller's own certificate says it.
    pub officer: Option<Officer>,
    /// How far the information may go on.
    pub handling: Handling,
    /// The officer's branch.
    pub branch: Option<Branch>,
    /// The nature of the offence, where it may exclude cooperation; none for an ordinary one.
    pub nature: Option<OffenceNature>,
}

/// The authority of a clause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority {
    /// The agreement.
    pub agreement: AgreementRef,
    /// The clause; none where the agreement was named but no clause applied.
    pub clause: Option<Clause>,
}

/// Where an entry stands in a ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerPosition {
    /// The agency that keeps the ledger.
    pub ledger: AgencyId,
    /// Zero-based index.
    pub index: u64,
    /// Leaf hash.
    pub leaf: Digest,
}

/// What came of asking one agency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The agency asked.
    pub agency: AgencyId,
    /// What came of it.
    pub outcome: Outcome,
    /// The reason in words; empty where there is none.
    pub explanation: String,
    /// The authority, where one was found.
    pub authority: Option<Authority>,
    /// The agencies passed, the asking one first.
    pub route: Vec<AgencyId>,
    /// Candidates, best first.
    pub candidates: Vec<Candidate>,
    /// Where the answer stands in the answering agency's ledger.
    pub receipt: Option<LedgerPosition>,
    /// The receipt itself, signed by the answering agency.
    pub signed_receipt: Vec<u8>,
    /// Where the outcome stands in the asking agency's ledger.
    pub record: Option<LedgerPosition>,
    /// From the start of the search.
    pub elapsed: Duration,
    /// Under which its end can be waited for, if it is pending.
    pub watch: Option<Reference>,
}

/// How many agencies there were of each outcome.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Totals {
    counts: BTreeMap<OutcomeKind, u32>,
}

impl Totals {
    /// Counts one outcome.
    pub fn count(&mut self, kind: OutcomeKind) {
        self.add(kind, 1);
    }

    /// Adds to one outcome.
    pub fn add(&mut self, kind: OutcomeKind, agencies: u32) {
        *self.counts.entry(kind).or_default() += agencies;
    }

    /// Agencies of one outcome.
    pub fn of(&self, kind: OutcomeKind) -> u32 {
        self.counts.get(&kind).copied().unwrap_or_default()
    }

    /// All agencies asked.
    pub fn asked(&self) -> u32 {
        self.counts.values().sum()
    }
}
