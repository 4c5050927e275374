//! Identical changes of many pairs as one row.

use super::standing::Changed;
use super::{Change, ChangeKind};
use concord_domain::{AgencyId, Branch, Operation, Purpose};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What changes, without between whom.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct What {
    operations: BTreeSet<Operation>,
    purposes: BTreeSet<Purpose>,
    branches: Vec<Option<Branch>>,
    kind: ChangeKind,
}

/// Changes with the pairs that have them, in the order in which each change first comes.
#[derive(Debug, Default)]
pub(super) struct Rows<'a> {
    places: HashMap<What, usize>,
    rows: Vec<(What, Pairs<'a>)>,
}

type Pairs<'a> = BTreeMap<&'a AgencyId, BTreeSet<&'a AgencyId>>;

impl<'a> Rows<'a> {
    pub(super) fn add(&mut self, from: &'a AgencyId, to: &'a AgencyId, changes: Vec<Changed>) {
        for what in same_operations(same_purposes(changes)) {
            let Self { places, rows } = self;
            let next = rows.len();
            let place = *places.entry(what).or_insert_with_key(|what| {
                rows.push((what.clone(), Pairs::new()));
                next
            });
            if let Some((_, pairs)) = rows.get_mut(place) {
                pairs.entry(from).or_default().insert(to);
            }
        }
    }

    pub(super) fn into_changes(self) -> Vec<Change> {
        let mut changes: Vec<Change> = Vec::new();
        for (what, pairs) in self.rows {
            for (from, to) in rectangles(&pairs) {
                let What { operations, purposes, branches, kind } = what.clone();
                changes.push(Change {
                    from: from.into_iter().cloned().collect(),
                    to: to.into_iter().cloned().collect(),
                    operations: operations.into_iter().collect(),
                    purposes: purposes.into_iter().collect(),
                    branches,
                    kind,
                });
            }
        }
        // Stable: what is equal so far keeps the order in which it was found.
        changes.sort_by(|a, b| (a.rank(), &a.from, &a.to).cmp(&(b.rank(), &b.from, &b.to)));
        changes
    }
}

impl Change {
    const fn rank(&self) -> u8 {
        match self.kind {
            ChangeKind::Gained(_) => 0,
            ChangeKind::Altered { .. } => 1,
            ChangeKind::Lost(_) => 2,
        }
    }
}

/// Changes of one pair that differ in nothing but the purpose.
fn same_purposes(changes: Vec<Changed>) -> Vec<What> {
    let mut found: Vec<What> = Vec::new();
    for Changed { operation, purpose, branches, kind } in changes {
        let what = What { operations: [operation].into(), purposes: [purpose].into(), branches, kind };
        let alike = |w: &&mut What| {
            (&w.operations, &w.branches, &w.kind) == (&what.operations, &what.branches, &what.kind)
        };
        match found.iter_mut().find(alike) {
            Some(known) => known.purposes.extend(what.purposes),
            None => found.push(what),
        }
    }
    found
}

/// And of those the ones that differ in nothing but the operation.
fn same_operations(changes: Vec<What>) -> Vec<What> {
    let mut found: Vec<What> = Vec::new();
    for what in changes {
        let alike = |w: &&mut What| {
            (&w.purposes, &w.branches, &w.kind) == (&what.purposes, &what.branches, &what.kind)
        };
        match found.iter_mut().find(alike) {
            Some(known) => known.operations.extend(what.operations),
            None => found.push(what),
        }
    }
    found
}

type Rectangle<'a> = (Vec<&'a AgencyId>, BTreeSet<&'a AgencyId>);

/// The pairs as few rectangles `from` x `to`. Since nobody asks itself, agencies that may each ask all the others share
/// one: those asked are looked at as they are and with the asker among them, and whichever more askers share is taken.
fn rectangles<'a>(pairs: &Pairs<'a>) -> Vec<Rectangle<'a>> {
    let with_asker = |from: &'a AgencyId, to: &BTreeSet<&'a AgencyId>| {
        let mut closed = to.clone();
        closed.insert(from);
        closed
    };
    let (mut plain, mut closed) = (BTreeMap::new(), BTreeMap::new());
    for (from, to) in pairs {
        *plain.entry(to.clone()).or_insert(0_usize) += 1;
        *closed.entry(with_asker(from, to)).or_insert(0_usize) += 1;
    }
    let mut found: BTreeMap<BTreeSet<&AgencyId>, Vec<&AgencyId>> = BTreeMap::new();
    for (from, to) in pairs {
        let all = with_asker(from, to);
        let shared = if closed.get(&all) > plain.get(to) { all } else { to.clone() };
        found.entry(shared).or_default().push(from);
    }
    found.into_iter().map(|(to, from)| (from, to)).collect()
}
