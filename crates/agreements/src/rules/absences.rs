//! Which parties take no part in an agreement, and from when on.

use crate::declaration::{Act, SignedDeclaration};
use concord_domain::{AgencyId, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// Why a party takes no part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absence {
    /// It withdrew.
    Withdrawn {
        /// In effect since.
        since: Timestamp,
    },
    /// It suspended its part.
    Suspended {
        /// In effect since.
        since: Timestamp,
        /// Until this instant; `None` until it resumes.
        until: Option<Timestamp>,
    },
    /// A later charter does not name it any more.
    Left,
    /// It signed two different texts of one version of the agreement, so that nobody knows which one it means.
    TwoTexts {
        /// Since the earlier one of them would have begun.
        since: Timestamp,
    },
}

/// What the parties of one agreement declared, as far as it counts.
#[derive(Debug, Clone, Default)]
pub(crate) struct Absences(BTreeMap<AgencyId, Declared>);

#[derive(Debug, Clone, Default)]
struct Declared {
    /// The version up to which the party withdrew, and from when on.
    withdrawals: Vec<(u32, Timestamp)>,
    suspensions: Vec<(Timestamp, Option<Timestamp>)>,
    two_texts: Option<Timestamp>,
    /// The versions that the party signed before it left the federation, and not since.
    left: BTreeSet<u32>,
}

impl Absences {
    /// The suspensions that count: of each party those with the highest sequence, unless a resumption has a higher one.
    /// A resumption does not count where another text has its sequence.
    pub(crate) fn suspended(declarations: &[SignedDeclaration]) -> Self {
        let mut absences = Self::default();
        let parties: BTreeSet<_> = declarations.iter().map(|d| &d.party).collect();
        for party in parties {
            let of_party: Vec<_> = declarations.iter().filter(|d| d.party == *party).collect();
            let alone = |d: &&&SignedDeclaration| {
                of_party.iter().all(|other| other.sequence != d.sequence || other.digest() == d.digest())
            };
            let resumed = of_party.iter().filter(|d| d.act == Act::Resumption).filter(alone);
            let resumed = resumed.map(|d| d.sequence).max().unwrap_or_default();
            let suspensions = of_party.iter().filter_map(|d| match d.act {
                Act::Suspension { from, until } => Some((d.sequence, from, until)),
                Act::Withdrawal { .. } | Act::Resumption => None,
            });
            let latest = suspensions.clone().map(|(sequence, ..)| sequence).max().unwrap_or_default();
            if latest > resumed {
                let counting = suspensions.filter(|(sequence, ..)| *sequence == latest);
                absences.of(party).suspensions.extend(counting.map(|(_, from, until)| (from, until)));
            }
        }
        absences
    }

    pub(crate) fn withdraws(&mut self, party: &AgencyId, version: u32, effective_at: Timestamp) {
        self.of(party).withdrawals.push((version, effective_at));
    }

    pub(crate) fn signed_two_texts(&mut self, party: &AgencyId, since: Timestamp) {
        let two_texts = &mut self.of(party).two_texts;
        *two_texts = Some(two_texts.map_or(since, |earlier| earlier.min(since)));
    }

    pub(crate) fn has_left(&mut self, party: &AgencyId, version: u32) {
        self.of(party).left.insert(version);
    }

    fn of(&mut self, party: &AgencyId) -> &mut Declared {
        self.0.entry(party.clone()).or_default()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Why the party takes no part in that version at `now`.
    pub(crate) fn of_party(&self, party: &AgencyId, version: u32, now: Timestamp) -> Option<Absence> {
        let declared = self.0.get(party)?;
        let two_texts = declared.two_texts.filter(|since| *since <= now);
        let two_texts = two_texts.map(|since| Absence::TwoTexts { since });
        let withdrawn = declared.withdrawn(version).filter(|since| *since <= now);
        let withdrawn = withdrawn.map(|since| Absence::Withdrawn { since });
        let in_effect = |(since, until): &&(Timestamp, Option<Timestamp>)| {
            *since <= now && until.is_none_or(|until| now < until)
        };
        let suspended = declared.suspensions.iter().find(in_effect);
        let suspended = suspended.map(|(since, until)| Absence::Suspended { since: *since, until: *until });
        declared.left.contains(&version).then_some(Absence::Left).or(two_texts).or(withdrawn).or(suspended)
    }

    /// Whether the party's withdrawal from that version is in effect at `at`.
    pub(crate) fn has_withdrawn(&self, party: &AgencyId, version: u32, at: Timestamp) -> bool {
        let withdrawn = self.0.get(party).and_then(|declared| declared.withdrawn(version));
        withdrawn.is_some_and(|since| since <= at)
    }

    /// The next instant after `now` from which the party takes no part in that version.
    pub(crate) fn next(&self, party: &AgencyId, version: u32, now: Timestamp) -> Option<Timestamp> {
        let declared = self.0.get(party)?;
        let suspended = declared.suspensions.iter().map(|(since, _)| *since);
        let ends = suspended.chain(declared.withdrawn(version)).chain(declared.two_texts);
        ends.filter(|at| *at > now).min()
    }
}

impl Declared {
    fn withdrawn(&self, version: u32) -> Option<Timestamp> {
        self.withdrawals.iter().filter(|(upto, _)| *upto >= version).map(|(_, at)| *at).min()
    }
}
