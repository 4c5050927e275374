//! How one pair of agencies stands in either set of rules, question by question.

use super::ChangeKind;
use super::pairs::Touched;
use crate::decide::Facts;
use crate::tools::{Basis, Extent, Leave};
use concord_domain::{
    AgencyId, Branch, Handling, HandlingCode, HandlingLevel, Operation, Purpose, Timestamp,
};
use std::collections::BTreeSet;

/// The questions worth asking: what the clauses speak of that are not the same in both sets.
#[derive(Debug)]
pub(super) struct Asked<'a> {
    before: Basis<'a>,
    after: Basis<'a>,
    what: BTreeSet<(&'a Operation, Purpose)>,
    /// None, for those that are not listed, and those that some clause or own rule tells apart.
    branches: BTreeSet<Option<Branch>>,
}

/// A question whose answer changes, and how.
#[derive(Debug)]
pub(super) struct Changed {
    pub(super) operation: Operation,
    pub(super) purpose: Purpose,
    pub(super) branches: Vec<Option<Branch>>,
    pub(super) kind: ChangeKind,
}

impl<'a> Asked<'a> {
    pub(super) fn of(touched: &Touched<'a>, before: Basis<'a>, after: Basis<'a>, at: Timestamp) -> Self {
        let clauses = touched.texts.iter().flat_map(|text| &text.grants);
        let what = clauses.flat_map(|grant| {
            grant.operations.iter().flat_map(|asked| grant.purposes.iter().map(move |why| (asked, *why)))
        });
        let texts = [before, after].map(|basis| basis.rules().chains().map(|chain| chain.at(at)));
        let of_clauses =
            texts.into_iter().flatten().flat_map(|text| &text.grants).map(|grant| &grant.branches);
        let branches = of_clauses.flatten().flatten().map(|branch| Some(*branch)).chain([None]);
        let mut branches: BTreeSet<_> = branches.collect();
        let own = [before, after].map(|basis| basis.rules().local().rules());
        // To such a rule an unknown branch is not the same as one that nothing speaks of.
        if own.into_iter().flatten().any(|rule| rule.branches.is_some()) {
            branches.extend(Branch::ALL.iter().map(|branch| Some(*branch)));
        }
        Self { before, after, what: what.collect(), branches }
    }

    pub(super) fn changes(&self, from: &AgencyId, to: &AgencyId, at: Timestamp) -> Vec<Changed> {
        let mut changes = Vec::new();
        for (operation, purpose) in &self.what {
            let facts = Facts::new(from, to, operation, *purpose);
            let of_branch = |branch: &Option<Branch>| {
                let facts = Facts { branch: *branch, ..facts };
                Some((change(tiers(self.before, &facts, at), tiers(self.after, &facts, at))?, *branch))
            };
            for (kind, branches) in grouped(self.branches.iter().filter_map(of_branch)) {
                let branches = if branches.len() == self.branches.len() { Vec::new() } else { branches };
                changes.push(Changed { operation: (*operation).clone(), purpose: *purpose, branches, kind });
            }
        }
        changes
    }
}

/// Those that have the same value, in the order in which each value first comes.
fn grouped<K: PartialEq, V>(pairs: impl IntoIterator<Item = (K, V)>) -> Vec<(K, Vec<V>)> {
    let mut groups: Vec<(K, Vec<V>)> = Vec::new();
    for (key, value) in pairs {
        match groups.iter_mut().find(|(known, _)| *known == key) {
            Some((_, values)) => values.push(value),
            None => groups.push((key, vec![value])),
        }
    }
    groups
}

/// What may be asked at each handling level, from the lowest: the first clause as far up as it goes, then whichever
/// covers the level above it. How far a clause goes is seen by asking, since own rules may stop below its ceiling.
fn tiers(basis: Basis<'_>, facts: &Facts<'_>, at: Timestamp) -> Vec<Leave> {
    let mut found: Vec<Leave> = Vec::new();
    for level in HandlingLevel::ALL {
        let handling = Handling { level: *level, code: HandlingCode::H0 };
        // Whatever covers a level covers those below it, so nothing covers those above one that nothing covers.
        let Ok(mut leave) = Leave::ask(basis, &Facts { handling, ..*facts }, at) else { break };
        leave.extent.ceiling = *level;
        match found.last_mut() {
            Some(tier) if (&tier.agreement, &tier.clause) == (&leave.agreement, &leave.clause) => {
                *tier = leave
            }
            Some(_) | None => found.push(leave),
        }
    }
    found
}

fn change(before: Vec<Leave>, after: Vec<Leave>) -> Option<ChangeKind> {
    match (before.is_empty(), after.is_empty()) {
        (true, true) => None,
        (true, false) => Some(ChangeKind::Gained(after)),
        (false, true) => Some(ChangeKind::Lost(before)),
        (false, false) if steps(&before) == steps(&after) => None,
        (false, false) => Some(ChangeKind::Altered { before, after }),
    }
}

/// How far it goes, level by level: clauses that differ in nothing but the ceiling are one step up to the highest.
fn steps(tiers: &[Leave]) -> Vec<Extent> {
    let mut steps: Vec<Extent> = Vec::new();
    for Leave { extent, .. } in tiers {
        match steps.last_mut() {
            Some(last) if *extent == (Extent { ceiling: extent.ceiling, ..last.clone() }) => {
                *last = extent.clone()
            }
            Some(_) | None => steps.push(extent.clone()),
        }
    }
    steps
}
