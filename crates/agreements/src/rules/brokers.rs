//! Whom one may ask to ask on.

use super::Rules;
use crate::coverage::Line;
use crate::document::Grant;
use concord_domain::{AgencyId, Operation, Timestamp};
use std::collections::BTreeSet;

impl Rules {
    /// The members that some clause in force at `now` lets `from` ask an operation so that they ask `to` in turn:
    /// superiors of `from` first, nearest first, then by name. Whether one of them may be asked this is for
    /// [`decide`](crate::decide) to say. Looks at every member for each such clause.
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
                let reached = directory.members().map(|member| &member.agency).filter(|agency| {
                    ![from, to].contains(agency) && text.reaches(grant, &asking, &Line::of(agency, directory))
                });
                found.extend(reached);
            }
        }
        let above: Vec<_> = asking.iter().filter(|agency| found.contains(agency)).collect();
        let others = found.iter().filter(|agency| !above.contains(agency)).copied();
        above.iter().copied().chain(others).cloned().collect()
    }
}
