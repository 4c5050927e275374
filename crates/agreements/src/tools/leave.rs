//! What a permit says, as data.

use super::Basis;
use crate::decide::{Denial, Facts, Permit, Question, decide};
use crate::document::{Onward, Quota};
use concord_domain::wanted::Field;
use concord_domain::{AgreementRef, Clause, HandlingLevel, Operation, Timestamp};

/// Leave to ask: a description of the permit that [`decide`] would give. It permits nothing itself.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Leave {
    /// By which text.
    pub agreement: AgreementRef,
    /// By which clause of it.
    pub clause: Clause,
    /// How far it goes.
    pub extent: Extent,
    /// No longer at this instant, whatever else happens.
    pub until: Timestamp,
}

/// How far leave to ask goes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Extent {
    /// The highest handling level of a request.
    pub ceiling: HandlingLevel,
    /// The parts of a notice that an answer may disclose, in order.
    pub fields: Vec<Field>,
    /// How often it may be asked; none means as often as one likes.
    pub quota: Option<Quota>,
    /// How far what was disclosed may go on.
    pub onward: Onward,
}

/// The tools' own question. Nothing takes a permit for it, and none leaves this file.
enum Supposing {}

impl Question for Supposing {
    const NAME: &'static str = "supposing";

    fn admits(_: &Operation) -> bool {
        true
    }
}

impl Leave {
    /// What [`decide`] says to these facts at `at` on a node that has synchronized just then: how far behind a certain
    /// node is does not stand in the documents.
    pub(super) fn ask(basis: Basis<'_>, facts: &Facts<'_>, at: Timestamp) -> Result<Self, Denial> {
        let facts = Facts { synced: Some(at), ..*facts };
        decide::<Supposing>(basis.rules(), &facts, at).map(|permit| Self::of(basis, &permit))
    }

    fn of(basis: Basis<'_>, permit: &Permit<Supposing>) -> Self {
        let text = basis.rules().get(&permit.agreement().id);
        let grant = text.and_then(|text| text.grants.iter().find(|grant| grant.clause == *permit.clause()));
        Self {
            agreement: permit.agreement().clone(),
            clause: permit.clause().clone(),
            extent: Extent {
                ceiling: permit.ceiling(),
                fields: permit.fields().iter().collect(),
                quota: grant.and_then(|grant| grant.quota),
                onward: grant.map(|grant| grant.onward).unwrap_or_default(),
            },
            until: text.map(|text| text.valid_until).unwrap_or_default(),
        }
    }
}
