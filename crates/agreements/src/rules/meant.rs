//! Whom a list of agencies in an agreement may mean.

use super::Rules;
use crate::document::{Agencies, Agreement};
use concord_domain::{AgencyId, AgencyPattern};

impl Rules {
    /// All members that may be meant by `agencies` where they stand in `text`; whole charters are gone through for
    /// patterns with a star only.
    pub(super) fn meant<'a>(&'a self, agencies: &'a Agencies, text: &'a Agreement) -> Vec<&'a AgencyId> {
        let member = |agency| self.directory.member(agency).map(|member| &member.agency);
        let is_name = |pattern: &AgencyPattern| pattern.agency().is_some();
        match agencies {
            Agencies::Parties => text.parties.iter().collect(),
            Agencies::Listed(patterns) if patterns.iter().all(is_name) => {
                patterns.iter().filter_map(|pattern| member(pattern.base())).collect()
            }
            Agencies::Listed(_) => self.directory.members().map(|member| &member.agency).collect(),
        }
    }
}
