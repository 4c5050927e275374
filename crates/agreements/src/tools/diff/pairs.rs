//! Which pairs of agencies a change can touch at all.

use crate::signed::SignedAgreement;
use crate::tools::Basis;
use concord_domain::{AgencyId, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// The pairs of agencies that two sets of rules may treat differently, and because of which texts.
#[derive(Debug)]
pub(super) struct Touched<'a> {
    /// Whom each agency might ask.
    pairs: BTreeMap<&'a AgencyId, BTreeSet<&'a AgencyId>>,
    /// The texts whose clauses say what might change.
    pub(super) texts: Vec<&'a SignedAgreement>,
}

impl<'a> Touched<'a> {
    pub(super) fn between(before: Basis<'a>, after: Basis<'a>, at: Timestamp) -> Self {
        let moved = moved(before, after);
        let mut touched = Self { pairs: BTreeMap::new(), texts: Vec::new() };
        for (basis, other) in [(before, after), (after, before)] {
            for text in basis.rules().agreements() {
                let same = other.rules().get(&text.id).is_some_and(|held| held.digest() == text.digest());
                if !same && text.in_force(at) {
                    touched.add_text(text, basis);
                } else if !moved.is_empty() {
                    touched.texts.push(text);
                }
            }
            touched.add_moved(&moved, basis);
        }
        touched
    }

    /// Each pair of different agencies, by name.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (&'a AgencyId, &'a AgencyId)> {
        let of = |(from, to): (&&'a AgencyId, &BTreeSet<&'a AgencyId>)| {
            let from = *from;
            to.iter().map(move |to| (from, *to)).collect::<Vec<_>>()
        };
        self.pairs.iter().flat_map(of).filter(|(from, to)| from != to)
    }

    fn add_text(&mut self, text: &'a SignedAgreement, basis: Basis<'a>) {
        self.texts.push(text);
        let bound: Vec<_> = members(basis).filter(|agency| text.binds(agency, basis.directory())).collect();
        for grant in &text.grants {
            let covered = |agencies| {
                let covers =
                    |agency: &&AgencyId| text.covers(agencies, grant.below, agency, basis.directory());
                bound.iter().copied().filter(covers).collect::<Vec<_>>()
            };
            let to = covered(&grant.to);
            for from in covered(&grant.from) {
                self.pairs.entry(from).or_default().extend(&to);
            }
        }
    }

    /// Whoever stands elsewhere may be covered by other clauses, whoever the other agency is.
    fn add_moved(&mut self, moved: &BTreeSet<&'a AgencyId>, basis: Basis<'a>) {
        for agency in moved {
            self.pairs.entry(agency).or_default().extend(members(basis));
            for other in members(basis) {
                self.pairs.entry(other).or_default().insert(agency);
            }
        }
    }
}

fn members(basis: Basis<'_>) -> impl Iterator<Item = &AgencyId> {
    basis.directory().members().map(|member| &member.agency)
}

/// The agencies that have other superiors in one than in the other, or are members of one only.
fn moved<'a>(before: Basis<'a>, after: Basis<'a>) -> BTreeSet<&'a AgencyId> {
    let line = |basis: Basis<'a>, agency| basis.directory().line(agency).collect::<Vec<_>>();
    let all = members(before).chain(members(after));
    all.filter(|agency| line(before, agency) != line(after, agency)).collect()
}
