//! Which pairs of agencies a change can touch at all.

use crate::coverage::Line;
use crate::local::LocalRule;
use crate::rules::Chain;
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
        let moved = moved(before, after, at);
        let mut touched = Self { pairs: BTreeMap::new(), texts: Vec::new() };
        for (basis, other) in [(before, after), (after, before)] {
            let members: Vec<_> = members(basis).map(|agency| (agency, line(basis, agency))).collect();
            for chain in basis.rules().chains() {
                let text = chain.at(at);
                if !alike(chain, other, at) && text.in_force(at) {
                    touched.add_text(text, &members);
                } else if !moved.is_empty() {
                    touched.texts.push(text);
                }
            }
            touched.add_moved(&moved, &members);
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

    fn add_text(&mut self, text: &'a SignedAgreement, members: &[(&'a AgencyId, Line<'a>)]) {
        self.texts.push(text);
        let bound: Vec<_> = members.iter().filter(|(_, line)| text.binds(line)).collect();
        for grant in &text.grants {
            let covered = |agencies| {
                let covers =
                    |(agency, line): &&(_, _)| text.covers(agencies, grant.below, line).then_some(*agency);
                bound.iter().copied().filter_map(|member| covers(&member)).collect::<Vec<_>>()
            };
            let to = covered(&grant.to);
            for from in covered(&grant.from) {
                self.pairs.entry(from).or_default().extend(&to);
            }
        }
    }

    /// Whoever stands elsewhere, or is treated otherwise than by agreements, whoever the other agency is.
    fn add_moved(&mut self, moved: &BTreeSet<&'a AgencyId>, members: &[(&'a AgencyId, Line<'a>)]) {
        for agency in moved {
            self.pairs.entry(agency).or_default().extend(members.iter().map(|(other, _)| other));
            for (other, _) in members {
                self.pairs.entry(other).or_default().insert(agency);
            }
        }
    }
}

/// Whether the other rules have the same text to judge by, with the same parties taking part in it.
fn alike(chain: &Chain, other: Basis<'_>, at: Timestamp) -> bool {
    let text = chain.at(at);
    let stands = |chain: &Chain| {
        let absent = |party| chain.absence(party, text.version, at).is_some();
        text.parties.iter().map(absent).collect::<Vec<_>>()
    };
    let mut others = other.rules().chains_of(&text.id);
    let held = others.find(|held| held.at(at).digest() == text.digest());
    held.is_some_and(|held| stands(held) == stands(chain))
}

fn members(basis: Basis<'_>) -> impl Iterator<Item = &AgencyId> {
    basis.directory().members().map(|member| &member.agency)
}

fn line<'a>(basis: Basis<'a>, agency: &AgencyId) -> Line<'a> {
    Line::of(agency, basis.directory())
}

/// The agencies that have other superiors in one than in the other, are members of one only, are stopped in one only,
/// or are spoken of by an own rule that is not in both.
fn moved<'a>(before: Basis<'a>, after: Basis<'a>, at: Timestamp) -> BTreeSet<&'a AgencyId> {
    let own = |basis: Basis<'a>, other: Basis<'a>| {
        let same = other.rules().local().rules();
        basis.rules().local().rules().iter().filter(move |rule| !same.contains(rule))
    };
    let changed: Vec<_> = own(before, after).chain(own(after, before)).collect();
    let stopped = |basis: Basis<'a>, agency: &AgencyId| basis.directory().blocked(agency, at).is_some();
    let differs = |agency: &&AgencyId| {
        let (was, is) = (line(before, agency), line(after, agency));
        let spoken_of = |rule: &&LocalRule| rule.speaks_of(&was) || rule.speaks_of(&is);
        was != is || stopped(before, agency) != stopped(after, agency) || changed.iter().any(spoken_of)
    };
    members(before).chain(members(after)).filter(differs).collect()
}
