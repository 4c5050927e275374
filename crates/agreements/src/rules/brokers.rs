//! Whom one may ask to ask on.

use super::Rules;
use crate::coverage::Line;
use crate::document::Grant;
use concord_domain::{AgencyId, Operation, Timestamp};
use std::collections::BTreeSet;

impl Rules {
    /// The members that some clause in force at `now` names to be asked an operation by `from` so that they ask `to` in
    /// turn: superiors of `from` first, nearest first, then by name. Whether one of them may be asked this is for
    /// [`decide`](crate::decide) to say.
    pub fn brokers(
        &self,
        from: &AgencyId,
        to: &AgencyId,
        operation: &Operation,
        now: Timestamp,
    ) -> Vec<AgencyId> {
        let directory = self.directory();
        let (asking, asked) = (Line::of(from, directory), Line::of(to, directory));
        let leads = |grant: &&Grant| {
            grant.grants(operation) && grant.brokered_to.iter().any(|pattern| asked.is_named(pattern))
        };
        let mut found = BTreeSet::new();
        for text in self.agreements(now).filter(|text| text.in_force(now) && text.binds(&asking)) {
            for grant in text.grants.iter().filter(leads) {
                let brokers = self.members_in(&grant.to, text).into_iter().filter(|agency| {
                    let broker = Line::of(agency, directory);
                    ![from, to].contains(agency)
                        && text.lets_broker(&grant.to, &broker)
                        && text.reaches(grant, &asking, &broker)
                });
                found.extend(brokers);
            }
        }
        let above: Vec<_> = asking.iter().filter(|agency| found.contains(agency)).collect();
        let others = found.iter().filter(|agency| !above.contains(agency)).copied();
        above.iter().copied().chain(others).cloned().collect()
    }
}
