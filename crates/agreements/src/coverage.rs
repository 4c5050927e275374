//! Whether an agency stands behind a party or a pattern, by the order of the charter.

use crate::document::{Agencies, Agreement, Grant, InvalidAgreement};
use concord_domain::{AgencyId, AgencyPattern};
use concord_trust::Directory;

/// An agency and everybody above it, nearest first, looked up once for all the questions about it. Empty if the
/// charter does not name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line<'a>(Vec<&'a AgencyId>);

impl<'a> Line<'a> {
    pub(crate) fn of(agency: &AgencyId, directory: &'a Directory) -> Self {
        Self(directory.line(agency).collect())
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &'a AgencyId> {
        self.0.iter().copied()
    }

    /// Whether the pattern names this agency itself. A name that ends right is not enough: anybody can be called
    /// `x.yn.police.cn`, only the charter says who stands below Yunnan.
    pub(crate) fn is_named(&self, pattern: &AgencyPattern) -> bool {
        names(pattern, &self.0)
    }
}

fn names(pattern: &AgencyPattern, line: &[&AgencyId]) -> bool {
    line.first().is_some_and(|agency| pattern.matches(agency)) && line.contains(&pattern.base())
}

impl Agreement {
    /// The party that the agency stands behind: itself or the nearest above it in the charter.
    pub(crate) fn party_of<'a>(&self, line: &Line<'a>) -> Option<&'a AgencyId> {
        line.iter().find(|above| self.parties.contains(above))
    }

    /// Whether the agency is a party or below one in the charter.
    pub(crate) fn binds(&self, line: &Line<'_>) -> bool {
        self.party_of(line).is_some()
    }

    /// Whether it stands between the two: each behind a party of its own. Two provinces below a ministry that is a
    /// party are both bound by its signature, and still it is no agreement between them.
    pub(crate) fn separates(&self, from: &Line<'_>, to: &Line<'_>) -> bool {
        self.party_of(from) != self.party_of(to)
    }

    /// Whether the agency is a party, or one of those below that some clause speaks of. An agency whose superior has
    /// signed something that only the superior itself does is bound by it, and yet it is not about that agency.
    pub(crate) fn concerns(&self, line: &Line<'_>) -> bool {
        let named = |grant: &Grant| {
            let mut sides = [&grant.from, &grant.to].into_iter();
            sides.any(|agencies| self.covers(agencies, grant.below, line))
        };
        line.0.first().is_some_and(|agency| self.parties.contains(agency)) || self.grants.iter().any(named)
    }

    /// Whether the grant reaches from one to the other. One among the parties is between them, so it says nothing
    /// between two agencies behind one and the same party; one that names agencies may.
    pub(crate) fn reaches(&self, grant: &Grant, from: &Line<'_>, to: &Line<'_>) -> bool {
        let is_among_parties = grant.from == Agencies::Parties && grant.to == Agencies::Parties;
        self.covers(&grant.from, grant.below, from)
            && self.covers(&grant.to, grant.below, to)
            && (!is_among_parties || self.separates(from, to))
    }

    /// Whether one among those on a side of a grant may be a broker: exactly those are that it names itself.
    pub(crate) fn lets_broker(&self, side: &Agencies, line: &Line<'_>) -> bool {
        self.covers(side, false, line)
    }

    /// Whether the agency is among the carriers that are named. They are exactly those: being below one is not enough.
    pub(crate) fn carried_by(&self, line: &Line<'_>) -> bool {
        self.carriers.as_ref().is_some_and(|carriers| self.covers(carriers, false, line))
    }

    /// Those above the agency up to the party that it stands behind, nearest first. That party's signature binds them as it
    /// binds the agency itself. Nobody above one that is a party, or that none stands above.
    pub(crate) fn superiors<'a>(&self, line: &Line<'a>) -> impl Iterator<Item = &'a AgencyId> {
        let party = line.iter().position(|above| self.parties.contains(above)).unwrap_or_default();
        line.iter().take(party.saturating_add(1)).skip(1)
    }

    /// Whether `agencies`, as a clause that reaches below or not names them, takes in the agency.
    pub(crate) fn covers(&self, agencies: &Agencies, below: bool, line: &Line<'_>) -> bool {
        let levels = if below { line.0.len() } else { 1 };
        (0..levels).filter_map(|level| line.0.get(level..)).any(|line| match agencies {
            Agencies::Parties => line.first().is_some_and(|named| self.parties.contains(named)),
            Agencies::Listed(patterns) => patterns.iter().any(|p| names(p, line)),
        })
    }

    /// Demands that every pattern of clauses and carriers is about a party or an agency below one: nobody else has
    /// signed for it. Those for whom a broker asks, or whom it asks, are beyond the agreement and not looked at.
    pub(crate) fn check_patterns(&self, directory: &Directory) -> Result<(), InvalidAgreement> {
        let outside = |agencies: &Agencies| match agencies {
            Agencies::Parties => None,
            Agencies::Listed(patterns) => {
                patterns.iter().find(|p| !self.binds(&Line::of(p.base(), directory))).cloned()
            }
        };
        for grant in &self.grants {
            for (field, agencies) in [("from", &grant.from), ("to", &grant.to)] {
                if let Some(pattern) = outside(agencies) {
                    let clause = grant.clause.clone();
                    return Err(InvalidAgreement::OutsideParties { clause, field, pattern });
                }
            }
        }
        match self.carriers.as_ref().and_then(outside) {
            Some(pattern) => Err(InvalidAgreement::CarrierOutsideParties { pattern }),
            None => Ok(()),
        }
    }
}
