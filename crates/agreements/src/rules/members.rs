//! Whom patterns and agreements mean among the members of the charter.

use super::Rules;
use crate::document::{Agencies, Agreement};
use concord_domain::{AgencyId, AgencyPattern, AgreementId, Timestamp};
use std::collections::BTreeSet;

impl Rules {
    /// The members that the pattern means, by name: as in a clause, the agency itself, or those whose name ends right and
    /// who stand below the pattern's base in the charter.
    pub fn meant_by(&self, pattern: &AgencyPattern) -> Vec<&AgencyId> {
        if let Some(agency) = pattern.agency() {
            return self.directory.member(agency).map(|member| &member.agency).into_iter().collect();
        }
        let members = self.directory.members().map(|member| &member.agency);
        // Names first: they are compared in no time, and few are left to be looked up.
        let alike = members.filter(|agency| pattern.matches(agency));
        alike.filter(|agency| self.directory.line(agency).any(|above| above == pattern.base())).collect()
    }

    /// The agencies that a list in an agreement names itself, as [`meant_by`](Self::meant_by).
    pub(super) fn members_in<'a>(&'a self, agencies: &'a Agencies, text: &'a Agreement) -> Vec<&'a AgencyId> {
        match agencies {
            Agencies::Parties => text.parties.iter().collect(),
            Agencies::Listed(patterns) => patterns.iter().flat_map(|p| self.meant_by(p)).collect(),
        }
    }

    /// The parties of an agreement as [`members_of`](Self::members_of) tells them, and every member below one of them in
    /// the charter.
    pub fn region(&self, id: &AgreementId, now: Timestamp) -> BTreeSet<&AgencyId> {
        let parties = self.members_of(id, now);
        if parties.is_empty() {
            return parties;
        }
        let members = self.directory.members().map(|member| &member.agency);
        members.filter(|agency| self.directory.line(agency).any(|above| parties.contains(above))).collect()
    }
}
