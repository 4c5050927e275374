//! Whether a clause covers the facts, and how close it came.

use super::facts::Facts;
use super::places::Places;
use crate::coverage::Line;
use crate::document::Grant;
use crate::rules::Chain;
use crate::signed::SignedAgreement;
use concord_domain::{AgencyPattern, Refusal, Timestamp};

/// The first clause that covers the facts, or the first of those that came furthest.
pub(super) fn covering<'a>(
    chain: &Chain,
    text: &'a SignedAgreement,
    facts: &Facts<'_>,
    places: &Places<'_>,
    now: Timestamp,
) -> Result<&'a Grant, Gap<'a>> {
    let mut closest = Gap { text, grant: None, missing: Missing::Operation };
    let ends = [&places.from, &places.to];
    let carried = places.via.iter().all(|carrier| chain.lets_carry(text, carrier, ends, now));
    for grant in &text.grants {
        match missing(text, grant, facts, places, carried) {
            None => return Ok(grant),
            Some(missing) => closest = further(Some(closest), Gap { text, grant: Some(grant), missing }),
        }
    }
    Err(closest)
}

fn missing(
    text: &SignedAgreement,
    grant: &Grant,
    facts: &Facts<'_>,
    places: &Places<'_>,
    carried: bool,
) -> Option<Missing> {
    if !grant.grants(facts.operation) {
        return Some(Missing::Operation);
    }
    if !text.reaches(grant, &places.from, &places.to) {
        return Some(Missing::Direction);
    }
    if !grant.purposes.contains(&facts.purpose) {
        return Some(Missing::Purpose);
    }
    let branches = grant.branches.as_ref();
    if branches.is_some_and(|granted| !facts.branch.is_some_and(|branch| granted.contains(&branch))) {
        return Some(Missing::Branch);
    }
    if facts.handling.level > grant.handling {
        return Some(Missing::Handling);
    }
    if !carried {
        return Some(Missing::Carrying);
    }
    let names = |patterns: &[AgencyPattern], line: &Line<'_>| patterns.iter().any(|p| line.is_named(p));
    let asks_for = |third| text.lets_broker(&grant.from, &places.from) && names(&grant.on_behalf_of, third);
    if !places.behalf.iter().all(asks_for) {
        return Some(Missing::Behalf);
    }
    let asks_on = |third| text.lets_broker(&grant.to, &places.to) && names(&grant.brokered_to, third);
    if !places.onward.iter().all(asks_on) {
        return Some(Missing::Onward);
    }
    facts.nature.is_some_and(|nature| text.excludes(nature)).then_some(Missing::Nature)
}

/// The first check that a clause fails, in the order of the checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Missing {
    Operation,
    Direction,
    Purpose,
    Branch,
    Handling,
    Carrying,
    Behalf,
    Onward,
    Nature,
}

impl Missing {
    pub(super) const fn refusal(self) -> Refusal {
        match self {
            Self::Operation | Self::Direction => Refusal::OperationNotGranted,
            Self::Purpose => Refusal::PurposeNotGranted,
            Self::Branch => Refusal::BranchNotGranted,
            Self::Handling => Refusal::HandlingExceeded,
            Self::Carrying => Refusal::CarryingNotGranted,
            Self::Behalf | Self::Onward => Refusal::BrokeringNotGranted,
            Self::Nature => Refusal::OffenceExcluded,
        }
    }
}

/// How close a clause came; without a clause, none speaks of the operation.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gap<'a> {
    pub(super) text: &'a SignedAgreement,
    pub(super) grant: Option<&'a Grant>,
    pub(super) missing: Missing,
}

impl Gap<'_> {
    /// Whether the agreement is not about one of the two at all.
    pub(super) fn is_about_others(&self, places: &Places<'_>) -> bool {
        !self.text.concerns(&places.from) || !self.text.concerns(&places.to)
    }
}

/// The one that came further; the earlier one if both came as far.
pub(super) fn further<'a>(earlier: Option<Gap<'a>>, later: Gap<'a>) -> Gap<'a> {
    match earlier {
        Some(earlier) if earlier.missing >= later.missing => earlier,
        Some(_) | None => later,
    }
}
