//! The proof that a decision allowed something.

use super::Facts;
use crate::document::{Grant, Onward, Quota, Terms};
use crate::local::Side;
use crate::signed::SignedAgreement;
use concord_domain::wanted::Fields;
use concord_domain::{AgencyId, AgreementRef, Clause, HandlingLevel, Operation, Purpose, Timestamp, Vetting};
use std::fmt;
use std::marker::PhantomData;

/// What a permit is for. Each step of a request has a type of its own, so that a permit for one step does not open
/// another; services add one for each operation.
pub trait Question {
    /// What it is called, for messages.
    const NAME: &'static str;

    /// On which side of the request the agency is that decides it; services are asked. None for the tools' own question,
    /// which may be about others: then it is the side of the agency whose [local rules](crate::LocalRules) there are.
    const SIDE: Option<Side> = Some(Side::Serving);

    /// Whether it can be asked about this operation.
    fn admits(operation: &Operation) -> bool;
}

/// May our agency ask another?
#[derive(Debug)]
pub enum Asking {}

impl Question for Asking {
    const NAME: &'static str = "asking";
    const SIDE: Option<Side> = Some(Side::Asking);

    fn admits(_: &Operation) -> bool {
        true
    }
}

/// May our agency open what another sent it?
#[derive(Debug)]
pub enum Opening {}

impl Question for Opening {
    const NAME: &'static str = "opening";

    fn admits(_: &Operation) -> bool {
        true
    }
}

/// May our agency pass on, sealed, what one sends to another? We are then among those in [`Facts::via`].
#[derive(Debug)]
pub enum Carrying {}

impl Question for Carrying {
    const NAME: &'static str = "carrying";
    const SIDE: Option<Side> = Some(Side::Carrying);

    fn admits(_: &Operation) -> bool {
        true
    }
}

/// Proof that [`decide`](super::decide) allowed these facts. It cannot be made, copied, stored or sent, and it should
/// not outlive its request: what runs later is decided again.
///
/// ```
/// use concord_agreements::{Asking, Permit};
/// fn ask(permit: Permit<Asking>) -> Permit<Asking> { permit }
/// ```
/// Nothing else makes one:
/// ```compile_fail,E0451
/// use concord_agreements::{Asking, Permit};
/// fn forge(permit: Permit<Asking>) -> Permit<Asking> { Permit { ..permit } }
/// ```
/// nor a second one of it:
/// ```compile_fail,E0599
/// use concord_agreements::{Asking, Permit};
/// fn copy(permit: &Permit<Asking>) -> Permit<Asking> { Permit::clone(permit) }
/// ```
/// and one for asking does not open:
/// ```compile_fail,E0308
/// use concord_agreements::{Asking, Opening, Permit};
/// fn exchange(permit: Permit<Asking>) -> Permit<Opening> { permit }
/// ```
#[must_use = "a permit is for doing what it allows"]
pub struct Permit<Q> {
    from: AgencyId,
    to: AgencyId,
    operation: Operation,
    purpose: Purpose,
    agreement: AgreementRef,
    clause: Clause,
    fields: Fields,
    ceiling: HandlingLevel,
    quota: Option<Quota>,
    onward: Onward,
    terms: Terms,
    vetting: Vetting,
    until: Timestamp,
    question: PhantomData<fn() -> Q>,
}

impl<Q: Question> Permit<Q> {
    pub(super) fn new(
        agreement: &SignedAgreement,
        grant: &Grant,
        facts: &Facts<'_>,
        vetting: Vetting,
        until: Timestamp,
    ) -> Self {
        Self {
            from: facts.from.clone(),
            to: facts.to.clone(),
            operation: facts.operation.clone(),
            purpose: facts.purpose,
            agreement: agreement.reference(),
            clause: grant.clause.clone(),
            fields: grant.fields.iter().copied().collect(),
            ceiling: grant.handling,
            quota: grant.quota,
            onward: grant.onward,
            terms: agreement.terms.clone(),
            vetting,
            until,
            question: PhantomData,
        }
    }

    /// Who may ask.
    pub fn from(&self) -> &AgencyId {
        &self.from
    }

    /// Who may be asked.
    pub fn to(&self) -> &AgencyId {
        &self.to
    }

    /// What may be asked.
    pub fn operation(&self) -> &Operation {
        &self.operation
    }

    /// For which purpose.
    pub fn purpose(&self) -> Purpose {
        self.purpose
    }

    /// By which text.
    pub fn agreement(&self) -> &AgreementRef {
        &self.agreement
    }

    /// By which clause of it.
    pub fn clause(&self) -> &Clause {
        &self.clause
    }

    /// What of a notice may be disclosed.
    pub fn fields(&self) -> &Fields {
        &self.fields
    }

    /// The highest handling level that the clause allows.
    pub fn ceiling(&self) -> HandlingLevel {
        self.ceiling
    }

    /// How often the clause may be used; `None` as often as one likes.
    pub fn quota(&self) -> Option<Quota> {
        self.quota
    }

    /// How far what is disclosed may go on.
    pub fn onward(&self) -> Onward {
        self.onward
    }

    /// Times and grounds that the agreement sets.
    pub fn terms(&self) -> &Terms {
        &self.terms
    }

    /// Who decides whether it is asked on, if a third is to be asked in turn: the stricter of what the clause says and what
    /// the agency's own rules do.
    pub fn vetting(&self) -> Vetting {
        self.vetting
    }

    /// Until when the same decision by the same rules under this agreement comes to the same: the earliest instant at
    /// which the agreement ends or gives way to its next version, a party that the permit rests on is no longer taking
    /// part, one of the agencies is stopped, or, if the agreement is strict, this node has gone too long without
    /// synchronizing.
    pub fn until(&self) -> Timestamp {
        self.until
    }
}

impl<Q: Question> fmt::Debug for Permit<Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Permit<{}>({} to {}: ", Q::NAME, self.from, self.to)?;
        write!(f, "{} for {}, {} clause {})", self.operation, self.purpose, self.agreement, self.clause)
    }
}
