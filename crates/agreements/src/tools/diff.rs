//! What changes between two sets of rules.

mod pairs;
mod rows;
mod standing;

use super::{Basis, Leave};
use concord_domain::{AgencyId, Branch, Operation, Purpose, Timestamp};
use pairs::Touched;
use rows::Rows;
use standing::Asked;

/// One change that several pairs of agencies have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Who asks, by name.
    pub from: Vec<AgencyId>,
    /// Who is asked, by name: each of these by each of [`Self::from`], except by itself.
    pub to: Vec<AgencyId>,
    /// What is asked, in order.
    pub operations: Vec<Operation>,
    /// Why, in order.
    pub purposes: Vec<Purpose>,
    /// For officers of which branches: none of them for any, otherwise those listed, where `None` is every branch that
    /// neither a clause nor an own rule speaks of, and an officer without one.
    pub branches: Vec<Option<Branch>>,
    /// What becomes of it.
    pub kind: ChangeKind,
}

/// What becomes of a question. Each list has what may be asked from the lowest handling level upwards: mostly one
/// clause, more where another one goes higher with other fields.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ChangeKind {
    /// It could not be asked, and can be.
    Gained(Vec<Leave>),
    /// It could be asked, and cannot be.
    Lost(Vec<Leave>),
    /// It can be asked with another ceiling, other fields, another quota or another onward transfer.
    Altered {
        /// As it was.
        before: Vec<Leave>,
        /// As it is then.
        after: Vec<Leave>,
    },
}

/// Which agencies gain or lose what at `at`, going from `before` to `after`: what may be asked directly and in one's
/// own name; see [`differences()`](super::differences()) for the rest. That the same may be asked by another agreement or
/// until another day is no change.
///
/// Only pairs are looked at of which an agreement speaks whose text or parties that take part are not the same in both
/// sets, and those of agencies that stand elsewhere in the charter, are stopped, or are spoken of by other own rules. Gains come first, then alterations, then losses, each by the names of those who ask.
pub fn diff<'a, 'b>(before: impl Into<Basis<'a>>, after: impl Into<Basis<'b>>, at: Timestamp) -> Vec<Change> {
    let (before, after) = (before.into(), after.into());
    let touched = Touched::between(before, after, at);
    let asked = Asked::of(&touched, before, after, at);
    let mut rows = Rows::default();
    for (from, to) in touched.pairs() {
        rows.add(from, to, asked.changes(from, to, at));
    }
    rows.into_changes()
}
