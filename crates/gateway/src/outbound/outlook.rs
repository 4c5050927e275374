//! How an agency would be asked just now, for those who want to know it without asking.

use super::{Inquiry, Outbound, Question};
use crate::operation::Operation;
use concord_agreements::Denial;
use concord_domain::AgencyId;
use concord_domain::wanted::Authority as Clause;

/// How an agency would be asked. Nothing may be done by it: what is asked is decided when it is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outlook {
    /// The clause that lets us ask.
    pub authority: Clause,
    /// Whom the request would be for: the agency itself, or a broker that asks it in turn.
    pub destination: AgencyId,
    /// To whom it could be handed, best first: the destination where a line leads, then carriers. Nobody if there is no way.
    pub ways: Vec<AgencyId>,
}

impl Outbound {
    /// How `to` would be asked by the rules of now.
    ///
    /// # Errors
    /// Why it may not be asked.
    pub fn outlook<O: Operation>(&self, to: &AgencyId, question: Question) -> Result<Outlook, Denial> {
        let (in_force, now, operation) = (self.authority.current(), self.clock.now(), O::name());
        let inquiry = Inquiry {
            synced: self.authority.synced(),
            ..Inquiry::ours(&operation, to, question, &[], &|_| None)
        };
        let plan = inquiry.plan(&in_force.rules, &self.agency, now)?;
        let (permit, destination) = (plan.permit, plan.destination);
        let authority =
            Clause { agreement: permit.agreement().clone(), clause: Some(permit.clause().clone()) };
        let keyring = in_force.directory().keyring(&destination).filter(|keyring| keyring.is_current(now));
        let ends = (&self.agency, &destination);
        let ways = keyring.map(|_| self.ways.next(&in_force, &authority.agreement, ends, &[], now));
        let ways = ways.unwrap_or_default();
        Ok(Outlook { authority, destination, ways })
    }
}

#[cfg(test)]
mod tests;
