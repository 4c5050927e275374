//! Who may carry an agreement's requests.

use super::Rules;
use crate::coverage::Line;
use concord_domain::{AgencyId, AgreementRef, Timestamp};

impl Rules {
    /// The members that an agreement lets carry its sealed requests, by name; nobody if exactly this text is not the one
    /// to judge by at `now`. Whether one of them may carry a certain request is for [`decide`](crate::decide) to say.
    /// Looks at every member: some 0.1 ms for a thousand.
    pub fn carriers(&self, agreement: &AgreementRef, now: Timestamp) -> Vec<AgencyId> {
        let text = self.get(&agreement.id, now).filter(|text| text.is(agreement) && text.carriers.is_some());
        let directory = self.directory();
        let carries =
            |agency: &&AgencyId| text.is_some_and(|text| text.carried_by(&Line::of(agency, directory)));
        directory.members().map(|member| &member.agency).filter(carries).cloned().collect()
    }
}
