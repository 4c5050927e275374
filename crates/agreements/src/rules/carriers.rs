//! Who may carry what an agreement grants.

use super::{Chain, Rules};
use crate::coverage::Line;
use crate::signed::SignedAgreement;
use concord_domain::{AgencyId, AgreementRef, Timestamp};
use std::collections::BTreeSet;

impl Rules {
    /// The members that exactly this text names as carriers at `now`, but none that is stopped or behind a party that takes
    /// no part. Nobody if the text is not known here. Whether a request may be made at all, and whether one of these is at
    /// one of its ends, is for [`decide`](crate::decide) to say.
    pub fn carriers(&self, text: &AgreementRef, now: Timestamp) -> BTreeSet<&AgencyId> {
        let Some((chain, text)) = self.known(text) else { return BTreeSet::new() };
        let named = |agency: &&AgencyId| {
            let line = Line::of(agency, &self.directory);
            text.carried_by(&line) && chain.takes_part(text, &line, now) && self.is_free(agency, now)
        };
        let all = text.carriers.iter().flat_map(|carriers| self.members_in(carriers, text));
        all.filter(named).collect()
    }

    /// The same for those that carry without being named: the superiors of `end`, one of the two ends of a request, up to
    /// the party that it stands behind, nearest first. What reaches an agency only because its superior has signed may
    /// reach it through that superior: a carrier reads nothing, and whoever signs for others may know that they are asked.
    pub fn superiors(&self, text: &AgreementRef, end: &AgencyId, now: Timestamp) -> Vec<&AgencyId> {
        let Some((chain, text)) = self.known(text) else { return Vec::new() };
        let line = Line::of(end, &self.directory);
        if !chain.takes_part(text, &line, now) {
            return Vec::new();
        }
        text.superiors(&line).filter(|agency| self.is_free(agency, now)).collect()
    }

    /// Whoever may be among the carriers of a request between these two under exactly this text at `now`.
    pub fn carriers_between(
        &self,
        text: &AgreementRef,
        ends: [&AgencyId; 2],
        now: Timestamp,
    ) -> BTreeSet<&AgencyId> {
        let superiors = ends.into_iter().flat_map(|end| self.superiors(text, end, now));
        superiors.chain(self.carriers(text, now)).collect()
    }

    fn known(&self, text: &AgreementRef) -> Option<(&Chain, &SignedAgreement)> {
        self.chains_of(&text.id).find_map(|chain| Some((chain, chain.text(text)?)))
    }

    fn is_free(&self, agency: &AgencyId, now: Timestamp) -> bool {
        self.directory.blocked(agency, now).is_none()
    }
}
