//! The decision: may this agency ask that one this, now?

mod denial;
mod permit;
#[cfg(test)]
mod tests;

pub use denial::Denial;
pub use permit::{Asking, Opening, Permit, Question};

use crate::document::Grant;
use crate::rules::Rules;
use crate::signed::SignedAgreement;
use concord_domain::{
    AgencyId, AgreementRef, Branch, Handling, OffenceNature, Operation, Purpose, Refusal, Timestamp,
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

/// Decides by one clause of one agreement: the first that covers all facts, agreements taken in the order of
/// [`AgreementKind::precedence`](crate::AgreementKind::precedence) and then by name, clauses as they stand. Nothing
/// is put together from two clauses.
///
/// A denial is about the clause that came closest: that which passed most of these checks, the first if several
/// did: the agreement binds both; operation; direction; purpose; branch; handling level; time. For a claimed
/// agreement the time comes first, since of a text that is not in force nothing else matters.
pub fn decide<Q: Question>(rules: &Rules, facts: &Facts<'_>, now: Timestamp) -> Result<Permit<Q>, Denial> {
    if !Q::admits(facts.operation) {
        return Err(Denial::not_this_question(Q::NAME, facts));
    }
    if let Some(stranger) = [facts.from, facts.to].into_iter().find(|a| rules.directory().member(a).is_none())
    {
        return Err(Denial::not_a_member(stranger));
    }
    if facts.from == facts.to {
        return Err(Denial::itself(facts.from));
    }
    let (agreement, grant) = match facts.agreement {
        Some(claimed) => covered_by_claimed(rules, claimed, facts, now)?,
        None => covered_by_any(rules, facts, now)?,
    };
    Ok(Permit::new(agreement, grant, facts))
}

type Covering<'a> = (&'a SignedAgreement, &'a Grant);

fn covered_by_claimed<'a>(
    rules: &'a Rules,
    claimed: &AgreementRef,
    facts: &Facts<'_>,
    now: Timestamp,
) -> Result<Covering<'a>, Denial> {
    let text = rules.get(&claimed.id).ok_or_else(|| Denial::unknown(claimed))?;
    if text.reference() != *claimed {
        return Err(Denial::differs(text, claimed));
    }
    if !text.in_force(now) {
        return Err(Denial::not_in_force(text, None, now));
    }
    if let Some(stranger) = [facts.from, facts.to].into_iter().find(|a| !text.binds(a, rules.directory())) {
        return Err(Denial::not_bound(text, stranger));
    }
    covering(rules, text, facts).map(|grant| (text, grant)).map_err(|gap| gap.denial(facts))
}

fn covered_by_any<'a>(rules: &'a Rules, facts: &Facts<'_>, now: Timestamp) -> Result<Covering<'a>, Denial> {
    let mut closest: Option<Gap<'_>> = None;
    let mut out_of_force = None;
    for text in rules.between(facts.from, facts.to) {
        match covering(rules, text, facts) {
            Ok(grant) if text.in_force(now) => return Ok((text, grant)),
            Ok(grant) => out_of_force = out_of_force.or(Some((text, grant))),
            // What an agreement out of force lacks besides is no news to anybody.
            Err(gap) if text.in_force(now) && text.separates(facts.from, facts.to, rules.directory()) => {
                closest = Some(further(closest, gap));
            }
            // Nor is an agreement that both are bound by through one and the same party.
            Err(_) => {}
        }
    }
    Err(match (out_of_force, closest) {
        (Some((text, grant)), _) => Denial::not_in_force(text, Some(&grant.clause), now),
        (None, Some(gap)) if gap.is_about_others(rules, facts) => gap.denial(facts).into_no_agreement(facts),
        (None, Some(gap)) => gap.denial(facts),
        (None, None) => Denial::no_agreement(facts),
    })
}

/// The first clause that covers the facts, or the first of those that came furthest.
fn covering<'a>(rules: &Rules, text: &'a SignedAgreement, facts: &Facts<'_>) -> Result<&'a Grant, Gap<'a>> {
    let mut closest = Gap { text, grant: None, missing: Missing::Operation };
    for grant in &text.grants {
        match missing(rules, text, grant, facts) {
            None => return Ok(grant),
            Some(missing) => closest = further(Some(closest), Gap { text, grant: Some(grant), missing }),
        }
    }
    Err(closest)
}

fn missing(rules: &Rules, text: &SignedAgreement, grant: &Grant, facts: &Facts<'_>) -> Option<Missing> {
    if !grant.operations.contains(facts.operation) {
        return Some(Missing::Operation);
    }
    if !text.reaches(grant, facts.from, facts.to, rules.directory()) {
        return Some(Missing::Direction);
    }
    if !grant.purposes.contains(&facts.purpose) {
        return Some(Missing::Purpose);
    }
    let branches = grant.branches.as_ref();
    if branches.is_some_and(|granted| !facts.branch.is_some_and(|branch| granted.contains(&branch))) {
        return Some(Missing::Branch);
    }
    (facts.handling.level > grant.handling).then_some(Missing::Handling)
}

/// The first check that a clause fails, in the order of the checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Missing {
    Operation,
    Direction,
    Purpose,
    Branch,
    Handling,
}

impl Missing {
    const fn refusal(self) -> Refusal {
        match self {
            Self::Operation | Self::Direction => Refusal::OperationNotGranted,
            Self::Purpose => Refusal::PurposeNotGranted,
            Self::Branch => Refusal::BranchNotGranted,
            Self::Handling => Refusal::HandlingExceeded,
        }
    }
}

/// How close a clause came; without a clause, none speaks of the operation.
#[derive(Debug, Clone, Copy)]
struct Gap<'a> {
    text: &'a SignedAgreement,
    grant: Option<&'a Grant>,
    missing: Missing,
}

impl Gap<'_> {
    /// Whether the agreement is not about one of the two at all.
    fn is_about_others(&self, rules: &Rules, facts: &Facts<'_>) -> bool {
        let concerns = |agency| self.text.concerns(agency, rules.directory());
        !concerns(facts.from) || !concerns(facts.to)
    }
}

/// The one that came further; the earlier one if both came as far.
fn further<'a>(earlier: Option<Gap<'a>>, later: Gap<'a>) -> Gap<'a> {
    match earlier {
        Some(earlier) if earlier.missing >= later.missing => earlier,
        Some(_) | None => later,
    }
}
