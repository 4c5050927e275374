//! One inquiry as it goes out, and what comes back of it.

use super::Question;
use crate::record::Concluded;
use concord_agreements::{Asking, Denial, Facts, Permit, Rules, decide};
use concord_domain::{AgencyId, Operation as Name, OutcomeKind, Reference, Timestamp};
use concord_store::Charge;
use concord_trust::envelope::{BEHALF_MAX, Brief, Principal, Source, Voucher};
use minicbor::{Decode, Encode};

/// Brokers considered for one inquiry at most: a clause may name everybody, and each costs a decision.
const BROKERS_CONSIDERED_MAX: usize = 16;

/// What is asked of one agency, for whatever operation.
#[derive(Clone, Copy)]
pub(crate) struct Inquiry<'a> {
    /// The operation.
    pub(crate) operation: &'a Name,
    /// Who is asked in the end.
    pub(crate) to: &'a AgencyId,
    /// What is asked of everybody alike.
    pub(crate) question: Question,
    /// The service's ask.
    pub(crate) ask: &'a [u8],
    /// With whom the same ask waits; none if it is asked for the first time.
    pub(crate) continues: Option<&'a Continued>,
    /// The signed requests of those for whom it is asked.
    pub(crate) behalf: &'a [Voucher],
    /// Those for whom it is asked, as the vouchers say.
    pub(crate) principals: &'a [Principal],
    /// The same by name.
    pub(crate) names: &'a [AgencyId],
    /// What it costs whoever had us ask.
    pub(crate) charge: Option<&'a Charge>,
    /// When this node last synchronized documents with a peer.
    pub(crate) synced: Option<Timestamp>,
    /// Whether another attempt may go out while the one before is still waited for.
    pub(crate) repeatable: bool,
    /// What an answer amounts to; `None` if the content is no answer.
    pub(crate) read: &'a (dyn Fn(&[u8]) -> Option<OutcomeKind> + Send + Sync),
}

/// With which broker something waits, and under which reference.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Continued {
    /// The broker.
    #[n(0)]
    pub broker: AgencyId,
    /// The reference that it gave.
    #[n(1)]
    pub reference: Reference,
}

/// What came of an inquiry.
pub(crate) struct Returned {
    /// On our record.
    pub(crate) concluded: Concluded,
    /// The service's answer, where one counts.
    pub(crate) content: Option<Vec<u8>>,
    /// Where it is from, for those to whom it is passed on.
    pub(crate) source: Option<Source>,
}

/// Whom we ask, and by what authority.
pub(super) struct Plan {
    pub(super) permit: Permit<Asking>,
    /// The agency that the request is for: the one asked in the end, or a broker.
    pub(super) destination: AgencyId,
    /// Whom a broker is to ask in turn.
    pub(super) onward: Option<AgencyId>,
}

impl<'a> Inquiry<'a> {
    /// Asked for ourselves, for the first time, and by one way after the other; by a node that never synchronized.
    pub(super) fn ours(
        operation: &'a Name,
        to: &'a AgencyId,
        question: Question,
        ask: &'a [u8],
        read: &'a (dyn Fn(&[u8]) -> Option<OutcomeKind> + Send + Sync),
    ) -> Self {
        Self {
            operation,
            to,
            question,
            ask,
            continues: None,
            behalf: &[],
            principals: &[],
            names: &[],
            charge: None,
            synced: None,
            repeatable: false,
            read,
        }
    }
}

impl Inquiry<'_> {
    /// What a decision is about, if `here` asks `destination`.
    pub(super) fn facts<'a>(&'a self, here: &'a AgencyId, destination: &'a AgencyId) -> Facts<'a> {
        let Question { purpose, handling, branch, nature } = self.question;
        Facts {
            handling,
            branch,
            nature,
            behalf: self.names,
            synced: self.synced,
            ..Facts::new(here, destination, self.operation, purpose)
        }
    }

    /// Straight to the agency asked if an agreement covers that; otherwise by the broker with whom it waits, or the first
    /// whom one lets us ask.
    pub(super) fn plan(&self, rules: &Rules, here: &AgencyId, now: Timestamp) -> Result<Plan, Denial> {
        let denial = match decide::<Asking>(rules, &self.facts(here, self.to), now) {
            Ok(permit) => return Ok(Plan { permit, destination: self.to.clone(), onward: None }),
            Err(denial) => denial,
        };
        if self.principals.len() >= BEHALF_MAX {
            return Err(denial);
        }
        let brokers = rules.brokers(here, self.to, self.operation, now).into_iter();
        let continued = |broker: &AgencyId| self.continues.is_none_or(|at| at.broker == *broker);
        let others = brokers.filter(|broker| !self.names.contains(broker) && continued(broker));
        for broker in others.take(BROKERS_CONSIDERED_MAX) {
            let facts = Facts { onward: Some(self.to), ..self.facts(here, &broker) };
            if let Ok(permit) = decide::<Asking>(rules, &facts, now) {
                return Ok(Plan { permit, destination: broker, onward: Some(self.to.clone()) });
            }
        }
        Err(denial)
    }

    /// What the body says.
    pub(super) fn brief(&self, onward: Option<AgencyId>) -> Brief {
        let (ask, behalf, nature) = (self.ask.to_vec(), self.behalf.to_vec(), self.question.nature);
        let continues = self.continues.filter(|_| onward.is_some()).map(|at| at.reference);
        Brief { ask, nature, onward, behalf, continues }
    }
}
