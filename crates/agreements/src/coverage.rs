//! Whether an agency stands behind a party or a pattern, by the order of the charter.

use crate::document::{Agencies, Agreement, Grant, InvalidAgreement};
use concord_domain::{AgencyId, AgencyPattern};
use concord_trust::Directory;

impl Agreement {
    /// Whether `agency` is a party or below one in the charter.
    pub(crate) fn binds(&self, agency: &AgencyId, directory: &Directory) -> bool {
        directory.line(agency).any(|above| self.parties.contains(above))
    }

    /// Whether it stands between the two: each behind a party of its own. Two provinces below a ministry that is a
    /// party are both bound by its signature, and still it is no agreement between them.
    pub(crate) fn separates(&self, from: &AgencyId, to: &AgencyId, directory: &Directory) -> bool {
        let nearest = |agency| directory.line(agency).find(|above| self.parties.contains(above));
        nearest(from) != nearest(to)
    }

    /// Whether `agency` is a party, or one of those below that some clause speaks of. An agency whose superior has
    /// signed something that only the superior itself does is bound by it, and yet it is not about that agency.
    pub(crate) fn concerns(&self, agency: &AgencyId, directory: &Directory) -> bool {
        let named = |grant: &Grant| {
            let mut sides = [&grant.from, &grant.to].into_iter();
            sides.any(|agencies| self.covers(agencies, grant.below, agency, directory))
        };
        self.parties.contains(agency) || self.grants.iter().any(named)
    }

    /// Whether the grant reaches from `from` to `to`.
    pub(crate) fn reaches(
        &self,
        grant: &Grant,
        from: &AgencyId,
        to: &AgencyId,
        directory: &Directory,
    ) -> bool {
        let covers = |agencies, agency| self.covers(agencies, grant.below, agency, directory);
        covers(&grant.from, from) && covers(&grant.to, to)
    }

    /// Whether `agencies`, as a clause that reaches below or not names them, takes in `agency`.
    pub(crate) fn covers(
        &self,
        agencies: &Agencies,
        below: bool,
        agency: &AgencyId,
        directory: &Directory,
    ) -> bool {
        let levels = if below { usize::MAX } else { 1 };
        directory.line(agency).take(levels).any(|named| match agencies {
            Agencies::Parties => self.parties.contains(named),
            Agencies::Listed(patterns) => patterns.iter().any(|p| names(p, named, directory)),
        })
    }

    /// Demands that every pattern is about a party or an agency below one: nobody else has signed for it.
    pub(crate) fn check_patterns(&self, directory: &Directory) -> Result<(), InvalidAgreement> {
        for grant in &self.grants {
            for (field, agencies) in [("from", &grant.from), ("to", &grant.to)] {
                let Agencies::Listed(patterns) = agencies else { continue };
                if let Some(pattern) = patterns.iter().find(|p| !self.binds(p.base(), directory)) {
                    let (clause, pattern) = (grant.clause.clone(), pattern.clone());
                    return Err(InvalidAgreement::OutsideParties { clause, field, pattern });
                }
            }
        }
        Ok(())
    }
}

/// Whether the pattern names `agency`. A name that ends right is not enough: anybody can be called
/// `x.yn.police.cn`, only the charter says who stands below Yunnan.
pub(crate) fn names(pattern: &AgencyPattern, agency: &AgencyId, directory: &Directory) -> bool {
    pattern.matches(agency) && directory.line(agency).any(|above| above == pattern.base())
}
