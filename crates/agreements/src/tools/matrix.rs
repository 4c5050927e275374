//! Who may ask whom.

use super::{Basis, Leave};
use crate::decide::Facts;
use concord_domain::{AgencyId, AgreementRef, Branch, Clause, Handling, Operation, Purpose, Timestamp};
use std::collections::BTreeMap;

/// What is asked about, between whichever agencies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    /// What is asked.
    pub operation: Operation,
    /// Why.
    pub purpose: Purpose,
    /// How guarded the request is.
    pub handling: Handling,
    /// The asking officer's branch, if known.
    pub branch: Option<Branch>,
}

impl Topic {
    pub(super) fn facts<'a>(&'a self, from: &'a AgencyId, to: &'a AgencyId) -> Facts<'a> {
        let Self { operation, purpose, handling, branch } = self;
        Facts { handling: *handling, branch: *branch, ..Facts::new(from, to, operation, *purpose) }
    }
}

/// For each member that asks and each that is asked the clause that lets it, if any does.
#[derive(Debug, Clone)]
pub struct Matrix {
    members: Vec<AgencyId>,
    cells: Vec<Cell>,
    /// Row by row; an index into `cells`. A million cells of 1,000 members take 16 MB so.
    rows: Vec<Vec<Option<usize>>>,
}

/// The clause by which one agency may ask another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cell {
    /// The text.
    pub agreement: AgreementRef,
    /// Its clause.
    pub clause: Clause,
}

/// Who may ask whom about `topic` at `at`, directly and in its own name. One decision for each pair of members: 36 take
/// no time to speak of, 1,000 with 200 agreements some seconds.
pub fn matrix<'a>(basis: impl Into<Basis<'a>>, topic: &Topic, at: Timestamp) -> Matrix {
    let basis = basis.into();
    let members: Vec<_> = basis.directory().members().map(|member| member.agency.clone()).collect();
    let mut known = BTreeMap::new();
    let mut cells = Vec::new();
    let mut place = |from, to| {
        let leave = Leave::ask(basis, &topic.facts(from, to), at).ok()?;
        let cell = Cell { agreement: leave.agreement, clause: leave.clause };
        Some(*known.entry(cell).or_insert_with_key(|cell| {
            cells.push(cell.clone());
            cells.len() - 1
        }))
    };
    let rows = members.iter().map(|from| members.iter().map(|to| place(from, to)).collect()).collect();
    Matrix { members, cells, rows }
}

impl Matrix {
    /// Rows and columns: every member of the charter, by name.
    pub fn members(&self) -> &[AgencyId] {
        &self.members
    }

    /// What stands in some place, in the order in which it first does, row by row.
    pub fn cells(&self) -> &[Cell] {
        &self.cells
    }

    /// Whom `from` may ask by which clause: every member, with none where it may not.
    pub fn row(&self, from: &AgencyId) -> impl Iterator<Item = (&AgencyId, Option<&Cell>)> {
        let row = self.members.binary_search(from).ok().and_then(|at| self.rows.get(at));
        let cell = |place: &Option<usize>| place.and_then(|at| self.cells.get(at));
        self.members.iter().zip(row.into_iter().flatten()).map(move |(to, place)| (to, cell(place)))
    }

    /// The clause that lets `from` ask `to`; none also where one of them is no member.
    pub fn cell(&self, from: &AgencyId, to: &AgencyId) -> Option<&Cell> {
        let place = |agency| self.members.binary_search(agency).ok();
        let at = self.rows.get(place(from)?)?.get(place(to)?)?;
        at.and_then(|at| self.cells.get(at))
    }
}
