//! Who may carry what an agreement grants.

use super::Rules;
use crate::coverage::Line;
use concord_domain::{AgencyId, AgreementRef, Timestamp};
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
        let named = text.carriers.iter().flat_map(|carriers| self.meant(carriers, text));
        named.filter(lets).collect()
    }
}
