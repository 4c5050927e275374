//! What a permit says, as data.

use super::Basis;
use crate::decide::{Denial, Facts, Permit, Question, decide};
use crate::document::{Onward, Quota};
use crate::local::Side;
use concord_domain::wanted::Field;
use concord_domain::{AgreementRef, Clause, HandlingLevel, Operation, Timestamp, Vetting};

/// Leave to ask: a description of the permit that [`decide`] would give. It permits nothing itself.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Leave {
    /// By which text.
    pub agreement: AgreementRef,
    /// By which clause of it.
    pub clause: Clause,
    /// How far it goes.
    pub extent: Extent,
    /// Until when it is the same by these documents; see [`Permit::until`].
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
    /// Who decides whether a broker asks on.
    pub vetting: Vetting,
}

/// The tools' own question. Nothing takes a permit for it, and none leaves this file.
enum Supposing {}

impl Question for Supposing {
    const NAME: &'static str = "supposing";
    const SIDE: Option<Side> = None;

    fn admits(_: &Operation) -> bool {
        true
    }
}

impl Leave {
    /// What [`decide`] says to these facts at `at` on a node that never falls behind: when it synchronizes does not stand
    /// in the documents. It is the node whose own rules there are, else that of the one asked.
    pub(super) fn ask(basis: Basis<'_>, facts: &Facts<'_>, at: Timestamp) -> Result<Self, Denial> {
        let facts = Facts { synced: Some(Timestamp::from_millis(u64::MAX)), ..*facts };
        decide::<Supposing>(basis.rules(), &facts, at).map(|permit| Self::of(&permit))
    }

    fn of(permit: &Permit<Supposing>) -> Self {
        Self {
            agreement: permit.agreement().clone(),
            clause: permit.clause().clone(),
            extent: Extent {
                ceiling: permit.ceiling(),
                fields: permit.fields().iter().collect(),
                quota: permit.quota(),
                onward: permit.onward(),
                vetting: permit.vetting(),
            },
            until: permit.until(),
        }
    }
}
