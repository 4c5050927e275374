//! What a decision is about.

use concord_domain::{
    AgencyId, AgreementRef, Branch, Handling, OffenceNature, Operation, Purpose, Timestamp,
};

/// What a decision is about. Never a person: those stand in the sealed body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts<'a> {
    /// Who asks.
    pub from: &'a AgencyId,
    /// Who is asked.
    pub to: &'a AgencyId,
    /// What is asked.
    pub operation: &'a Operation,
    /// Why.
    pub purpose: Purpose,
    /// How guarded the request is; its level must not exceed the clause's.
    pub handling: Handling,
    /// The asking officer's branch; unknown is not among the branches that a clause lists.
    pub branch: Option<Branch>,
    /// `None`: any agreement will do, as when the origin looks for one. `Some`: exactly this text must be in
    /// force and cover the facts, as when the destination judges what the origin claims.
    pub agreement: Option<&'a AgreementRef>,
    /// Who carries the sealed request between the two, in order; a carrier that decides counts itself in.
    pub via: &'a [AgencyId],
    /// For whom `from` asks, the first asker first; none unless it is a broker.
    pub behalf: &'a [AgencyId],
    /// Whom `to` is asked to ask in turn, in its own name; none unless it is to be a broker.
    pub onward: Option<&'a AgencyId>,
    /// The nature of the offence, where it may exclude cooperation; known only from an opened body.
    pub nature: Option<OffenceNature>,
    /// When this node last synchronized documents with a peer; none if it never has.
    pub synced: Option<Timestamp>,
}

impl<'a> Facts<'a> {
    /// A direct request in one's own name under whichever agreement covers it, about an ordinary offence, as judged by
    /// a node that never synchronized.
    pub fn new(from: &'a AgencyId, to: &'a AgencyId, operation: &'a Operation, purpose: Purpose) -> Self {
        Self {
            from,
            to,
            operation,
            purpose,
            handling: Handling::default(),
            branch: None,
            agreement: None,
            via: &[],
            behalf: &[],
            onward: None,
            nature: None,
            synced: None,
        }
    }
}
