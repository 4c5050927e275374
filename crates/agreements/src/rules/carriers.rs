//! Who may carry what an agreement grants.

use super::Rules;
use crate::coverage::Line;
use crate::document::{Agencies, Agreement};
use concord_domain::{AgencyId, AgencyPattern, AgreementRef, Timestamp};
use std::collections::BTreeSet;

impl Rules {
    /// The members that may be among the carriers of a request under exactly this text at `now`: those that it lets
    /// carry, but none that is stopped. Nobody if the text is not known here. Whether the request may be made at all,
    /// and whether one of these is at one of its ends, is for [`decide`](crate::decide) to say.
    pub fn carriers(&self, text: &AgreementRef, now: Timestamp) -> BTreeSet<&AgencyId> {
        let known = self.chains_of(&text.id).find_map(|chain| Some((chain, chain.text(text)?)));
        let Some((chain, text)) = known else { return BTreeSet::new() };
        let lets = |agency: &&AgencyId| {
            chain.lets_carry(text, &Line::of(agency, &self.directory), now)
                && self.directory.blocked(agency, now).is_none()
        };
        self.candidates(text).into_iter().filter(lets).collect()
    }

    /// All members that may be meant by the carriers; whole charters are gone through for patterns with a star only.
    fn candidates<'a>(&'a self, text: &'a Agreement) -> Vec<&'a AgencyId> {
        let member = |agency| self.directory.member(agency).map(|member| &member.agency);
        let is_name = |pattern: &AgencyPattern| pattern.matches(pattern.base());
        match &text.carriers {
            None => Vec::new(),
            Some(Agencies::Parties) => text.parties.iter().collect(),
            Some(Agencies::Listed(patterns)) if patterns.iter().all(is_name) => {
                patterns.iter().filter_map(|pattern| member(pattern.base())).collect()
            }
            Some(Agencies::Listed(_)) => self.directory.members().map(|member| &member.agency).collect(),
        }
    }
}
