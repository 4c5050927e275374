//! Why something is allowed or refused, and by which route.

mod routes;

use super::{Basis, Extent, Leave};
use crate::coverage::Line;
use crate::decide::{Denial, Facts};
use crate::document::AgreementKind;
use crate::signed::SignedAgreement;
use concord_domain::{AgencyId, AgreementRef, Clause, Timestamp};

/// Everything there is to say about one question at one time.
#[derive(Debug, Clone)]
pub struct Explanation {
    /// What is decided about asking directly.
    pub decision: Result<Leave, Denial>,
    /// Each agreement that binds both, in the order in which they are taken, with what it says by itself.
    pub considered: Vec<Considered>,
    /// Who may carry the sealed request where the two share no line: members that the deciding agreement lets, by name.
    ///  None if the request is refused.
    pub carriers: Vec<AgencyId>,
    /// Chains of brokers where the request is refused directly, the shortest first and then by name;
    /// [`Explanation::CHAINS_MAX`] at most.
    pub chains: Vec<Chain>,
}

/// An agreement that binds both, with what it says by itself.
#[derive(Debug, Clone)]
pub struct Considered {
    /// The text.
    pub agreement: AgreementRef,
    /// Its kind.
    pub kind: AgreementKind,
    /// Its clause that covers the question, or what it lacks.
    pub decision: Result<Clause, Denial>,
}

/// A chain of requests, each in its sender's own name on behalf of the first.
#[derive(Debug, Clone)]
pub struct Chain {
    /// The requests, from the first asker to the one asked; two or three.
    pub legs: Vec<Leg>,
}

/// One request of a [`Chain`].
#[derive(Debug, Clone)]
pub struct Leg {
    /// Who asks.
    pub from: AgencyId,
    /// Who is asked.
    pub to: AgencyId,
    /// By what.
    pub leave: Leave,
}

impl Explanation {
    /// Brokers of a chain at most: the longest there is goes from a county over its province and the ministry.
    pub const BROKERS_MAX: usize = 2;
    /// Chains told at most; whoever needs more than these has a choice already.
    pub const CHAINS_MAX: usize = 16;
}

impl Chain {
    /// Who asks on the way, in order.
    pub fn brokers(&self) -> impl Iterator<Item = &AgencyId> {
        self.legs.iter().skip(1).map(|leg| &leg.from)
    }

    /// How far the whole chain goes: terms only narrow on the way. Quotas are left out, since each leg is charged
    /// between its own two agencies.
    pub fn extent(&self) -> Option<Extent> {
        let extents = self.legs.iter().map(|leg| &leg.leave.extent);
        let narrow = |narrowed: Extent, leg: &Extent| Extent {
            ceiling: narrowed.ceiling.min(leg.ceiling),
            fields: narrowed.fields.into_iter().filter(|field| leg.fields.contains(field)).collect(),
            quota: None,
            onward: narrowed.onward.min(leg.onward),
            vetting: narrowed.vetting.max(leg.vetting),
        };
        let mut extents = extents.cloned();
        let first = Extent { quota: None, ..extents.next()? };
        Some(extents.fold(first, |narrowed, leg| narrow(narrowed, &leg)))
    }

    /// No longer at this instant: the first end among its legs.
    pub fn until(&self) -> Option<Timestamp> {
        self.legs.iter().map(|leg| leg.leave.until).min()
    }
}

/// Explains what is decided about `facts` at `at`, which may lie in the future.
///
/// Brokers are sought only where the two may not ask directly. The search tries every pair of agencies that may be the
/// first and the last broker, so it takes some thousand decisions among 1,000 agencies.
pub fn explain<'a>(basis: impl Into<Basis<'a>>, facts: &Facts<'_>, at: Timestamp) -> Explanation {
    let basis = basis.into();
    let decision = Leave::ask(basis, facts, at);
    let carriers = decision.as_ref().map(|leave| routes::carriers(basis, facts, leave, at));
    let chains = if decision.is_ok() { Vec::new() } else { routes::chains(basis, facts, at) };
    Explanation {
        considered: considered(basis, facts, at),
        carriers: carriers.unwrap_or_default(),
        decision,
        chains,
    }
}

fn considered(basis: Basis<'_>, facts: &Facts<'_>, at: Timestamp) -> Vec<Considered> {
    let alone = |text: &SignedAgreement| {
        let agreement = text.reference();
        let decision = Leave::ask(basis, &Facts { agreement: Some(&agreement), ..*facts }, at);
        Considered { kind: text.kind, decision: decision.map(|leave| leave.clause), agreement }
    };
    if facts.from == facts.to {
        return Vec::new();
    }
    let [from, to] = [facts.from, facts.to].map(|agency| Line::of(agency, basis.directory()));
    basis.rules().between(&from, &to, at).map(|(_, text)| alone(text)).collect()
}
