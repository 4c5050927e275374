//! What stands against an agreement as a whole at an instant, whatever its clauses say.

use super::facts::Facts;
use super::places::Places;
use crate::rules::{Absence, Chain};
use crate::signed::SignedAgreement;
use concord_domain::{AgencyId, Refusal, Timestamp};

/// Why nothing of an agreement applies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Bar {
    NotYet,
    Expired,
    /// A party that one of the two stands behind, or one of so many that fewer than two are left.
    Absent {
        party: AgencyId,
        absence: Absence,
    },
    /// This node last synchronized too long ago, or never did.
    Stale {
        synced: Option<Timestamp>,
    },
}

impl Bar {
    pub(super) const fn refusal(&self) -> Refusal {
        match self {
            Self::NotYet => Refusal::AgreementNotYetInForce,
            Self::Expired => Refusal::AgreementExpired,
            Self::Absent { absence: Absence::TwoTexts { .. }, .. } => Refusal::AgreementDiffers,
            Self::Absent { absence: Absence::Left, .. } => Refusal::NotAMember,
            Self::Absent { absence: Absence::Withdrawn { .. }, .. } => Refusal::AgreementWithdrawn,
            Self::Absent { absence: Absence::Suspended { .. }, .. } => Refusal::AgreementSuspended,
            Self::Stale { .. } => Refusal::SyncStale,
        }
    }
}

/// Why the text is not in force between the two at `now`.
pub(super) fn bar(chain: &Chain, text: &SignedAgreement, places: &Places<'_>, now: Timestamp) -> Option<Bar> {
    if !text.in_force(now) {
        return Some(if now < text.valid_from { Bar::NotYet } else { Bar::Expired });
    }
    if chain.is_undisturbed() {
        return None;
    }
    let absent = |party: &AgencyId| {
        let absence = chain.absence(party, text.version, now)?;
        Some(Bar::Absent { party: party.clone(), absence })
    };
    let of_two = [text.party_of(&places.from), text.party_of(&places.to)];
    let too_few = || chain.present(text, now).nth(1).is_none();
    let first_absent = || text.parties.iter().find_map(absent).filter(|_| too_few());
    of_two.into_iter().flatten().find_map(absent).or_else(first_absent)
}

/// Whether the agreement is strict, and this node does not know well enough what holds.
pub(super) fn stale(text: &SignedAgreement, facts: &Facts<'_>, now: Timestamp) -> Option<Bar> {
    let is_fresh = |synced: Timestamp| now < synced.plus(text.terms.sync_within());
    let stale = text.strict && !facts.synced.is_some_and(is_fresh);
    stale.then_some(Bar::Stale { synced: facts.synced })
}
