//! Routes other than the direct one: carried sealed, or brokered.

use super::{Chain, Explanation, Leg};
use crate::decide::Facts;
use crate::tools::{Basis, Leave};
use concord_domain::{AgencyId, Timestamp};

/// Who may each carry this request under the agreement of `leave`.
pub(super) fn carriers(basis: Basis<'_>, facts: &Facts<'_>, leave: &Leave, at: Timestamp) -> Vec<AgencyId> {
    let may = |agency: &&AgencyId| {
        let via = std::slice::from_ref(*agency);
        Leave::ask(basis, &Facts { agreement: Some(&leave.agreement), via, ..*facts }, at).is_ok()
    };
    let ends = [facts.from, facts.to];
    basis.rules().carriers_between(&leave.agreement, ends, at).into_iter().filter(may).cloned().collect()
}

/// Chains over [`Explanation::BROKERS_MAX`] brokers at most, shortest first.
pub(super) fn chains(basis: Basis<'_>, facts: &Facts<'_>, at: Timestamp) -> Vec<Chain> {
    let search = Search { basis, facts, at };
    let (first, last) = (search.first_legs(), search.last_legs());
    let over_one = first.iter().filter_map(|leg| search.over_one(leg));
    let over_two = first.iter().flat_map(|one| last.iter().filter_map(|two| search.over_two(one, two)));
    over_one.chain(over_two).take(Explanation::CHAINS_MAX).collect()
}

fn members(basis: Basis<'_>) -> impl Iterator<Item = &AgencyId> {
    basis.directory().members().map(|member| &member.agency)
}

struct Search<'a> {
    basis: Basis<'a>,
    /// The question as the first asker would put it directly.
    facts: &'a Facts<'a>,
    at: Timestamp,
}

impl Search<'_> {
    /// To each agency that may be asked to go on to the destination.
    fn first_legs(&self) -> Vec<Leg> {
        self.others()
            .filter_map(|broker| self.leg(self.facts.from, broker, &[], Some(self.facts.to)))
            .collect()
    }

    /// From each agency that may ask the destination for the origin, whoever stands between.
    fn last_legs(&self) -> Vec<Leg> {
        let origin = std::slice::from_ref(self.facts.from);
        self.others().filter_map(|broker| self.leg(broker, self.facts.to, origin, None)).collect()
    }

    fn over_one(&self, first: &Leg) -> Option<Chain> {
        let origin = std::slice::from_ref(self.facts.from);
        let last = self.leg(&first.to, self.facts.to, origin, None)?;
        Some(Chain { legs: vec![first.clone(), last] })
    }

    fn over_two(&self, first: &Leg, last: &Leg) -> Option<Chain> {
        let (origin, one, two) = (self.facts.from, &first.to, &last.from);
        if one == two {
            return None;
        }
        let middle = self.leg(one, two, std::slice::from_ref(origin), Some(self.facts.to))?;
        let last = self.leg(two, self.facts.to, &[origin.clone(), one.clone()], None)?;
        Some(Chain { legs: vec![first.clone(), middle, last] })
    }

    fn leg(
        &self,
        from: &AgencyId,
        to: &AgencyId,
        behalf: &[AgencyId],
        onward: Option<&AgencyId>,
    ) -> Option<Leg> {
        // A claimed agreement binds the origin and the destination, so it says nothing of the legs between.
        let facts = Facts { from, to, behalf, onward, agreement: None, via: &[], ..*self.facts };
        let leave = Leave::ask(self.basis, &facts, self.at).ok()?;
        Some(Leg { from: from.clone(), to: to.clone(), leave })
    }

    fn others(&self) -> impl Iterator<Item = &AgencyId> {
        members(self.basis).filter(|agency| *agency != self.facts.from && *agency != self.facts.to)
    }
}
