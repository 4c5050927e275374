//! Why a decision went the other way, in words that a person can act on.

use super::bar::Bar;
use super::covering::{Gap, Missing};
use super::facts::Facts;
use crate::local::LocalRule;
use crate::rules::Absence;
use crate::signed::SignedAgreement;
use concord_domain::{AgencyId, AgreementRef, Clause, Refusal};
use concord_trust::Block;
use std::fmt::Display;
use thiserror::Error;

/// Why a decision went the other way. Speaks of agencies, agreements and codes only, never of a person.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{missing} ({refusal})")]
pub struct Denial {
    /// The stable reason.
    pub refusal: Refusal,
    /// The agreement that came closest, and its clause if one speaks of the operation.
    pub closest: Option<(AgreementRef, Option<Clause>)>,
    /// What was missing, as an English sentence.
    pub missing: String,
}

/// Values that a sentence lists at most; the agreement itself has the rest.
const LISTED_MAX: usize = 8;

impl Denial {
    fn without_agreement(refusal: Refusal, missing: String) -> Self {
        Self { refusal, closest: None, missing }
    }

    fn by(text: &SignedAgreement, clause: Option<&Clause>, refusal: Refusal, missing: String) -> Self {
        Self { refusal, closest: Some((text.reference(), clause.cloned())), missing }
    }

    pub(super) fn not_this_question(question: &str, facts: &Facts<'_>) -> Self {
        let missing = format!("{question} does not cover the operation {}", facts.operation);
        Self::without_agreement(Refusal::OperationUnknown, missing)
    }

    pub(super) fn not_a_member(agency: &AgencyId) -> Self {
        Self::without_agreement(Refusal::NotAMember, format!("the charter names no agency {agency}"))
    }

    pub(super) fn itself(agency: &AgencyId) -> Self {
        let missing = format!("{agency} would ask itself, which no agreement is about");
        Self::without_agreement(Refusal::NoAgreement, missing)
    }

    pub(super) fn no_agreement(facts: &Facts<'_>) -> Self {
        let missing = format!("no agreement in force binds both {} and {}", facts.from, facts.to);
        Self::without_agreement(Refusal::NoAgreement, missing)
    }

    /// The same, where the agreement that came closest is not about one of the two.
    pub(super) fn into_no_agreement(self, facts: &Facts<'_>) -> Self {
        let missing =
            format!("no agreement is about {} and {}; closest: {}", facts.from, facts.to, self.missing);
        Self { refusal: Refusal::NoAgreement, missing, ..self }
    }

    pub(super) fn unknown(claimed: &AgreementRef) -> Self {
        let missing = format!("no agreement {} signed by all its parties is known here", claimed.id);
        Self::without_agreement(Refusal::AgreementUnknown, missing)
    }

    pub(super) fn differs(text: &SignedAgreement, claimed: &AgreementRef) -> Self {
        let held = text.reference();
        let missing = if held.version == claimed.version {
            format!("{held} is known here with another text than the one claimed")
        } else {
            format!("{} is known here in version {}, not {}", held.id, held.version, claimed.version)
        };
        Self::by(text, None, Refusal::AgreementDiffers, missing)
    }

    pub(super) fn carries_its_own(agency: &AgencyId) -> Self {
        let missing = format!("{agency} would carry what it asks or answers itself");
        Self::without_agreement(Refusal::CarryingNotGranted, missing)
    }

    pub(super) fn blocked(block: &Block) -> Self {
        let Block { agency, sequence, from, reason, .. } = block;
        let missing = format!("{agency} is stopped since {from} by block notice {sequence}, {reason}");
        Self::without_agreement(Refusal::AgencyBlocked, missing)
    }

    pub(super) fn by_local_rule(rule: &LocalRule) -> Self {
        let missing = format!("the rule {:?} of this agency forbids it", rule.name);
        Self::without_agreement(Refusal::LocalRule, missing)
    }

    pub(super) fn barred(text: &SignedAgreement, clause: Option<&Clause>, bar: Bar) -> Self {
        let name = text.reference();
        let refusal = bar.refusal();
        let missing = match bar {
            Bar::NotYet => format!("{name} is not in force before {}", text.valid_from),
            Bar::Expired => format!("{name} expired on {}", text.valid_until),
            Bar::Absent { party, absence: Absence::Left } => {
                format!("{party}, a party of {name}, has left the federation")
            }
            Bar::Absent { party, absence: Absence::Withdrawn { since } } => {
                format!("{party} has withdrawn from {name} since {since}")
            }
            Bar::Absent { party, absence: Absence::Suspended { since, until: None } } => {
                format!("{party} has suspended {name} since {since}")
            }
            Bar::Absent { party, absence: Absence::Suspended { since, until: Some(until) } } => {
                format!("{party} has suspended {name} since {since} until {until}")
            }
            Bar::Absent { party, absence: Absence::TwoTexts { since } } => {
                format!("{party} signed another text of {name} too and is bound by neither since {since}")
            }
            Bar::Stale { synced: Some(synced) } => {
                let minutes = text.terms.sync_within().as_secs() / 60;
                format!(
                    "{name} is strict, and the last synchronization, {synced}, is over {minutes} minutes ago"
                )
            }
            Bar::Stale { synced: None } => format!("{name} is strict, and this node never synchronized"),
        };
        Self::by(text, clause, refusal, missing)
    }

    pub(super) fn not_bound(text: &SignedAgreement, agency: &AgencyId) -> Self {
        let missing = format!("{agency} is neither a party of {} nor below one", text.reference());
        Self::by(text, None, Refusal::NotAParty, missing)
    }
}

impl Gap<'_> {
    pub(super) fn denial(&self, facts: &Facts<'_>) -> Denial {
        let name = self.text.reference();
        let Some(grant) = self.grant.filter(|_| self.missing > Missing::Operation) else {
            let granted = self.text.grants.iter().flat_map(|grant| &grant.operations);
            let missing =
                format!("{name} does not grant the operation {}, only {}", facts.operation, list(granted));
            return Denial::by(self.text, None, self.missing.refusal(), missing);
        };
        let clause = &grant.clause;
        let lacks = match self.missing {
            Missing::Operation | Missing::Direction => {
                let below = if grant.below { "" } else { ", nor to agencies below those it names" };
                let (operation, from, to) = (facts.operation, facts.from, facts.to);
                format!("grants {operation}, but not from {from} to {to}{below}")
            }
            Missing::Purpose => {
                format!("does not grant the purpose {}, only {}", facts.purpose, list(&grant.purposes))
            }
            Missing::Branch => {
                let asked =
                    facts.branch.map_or_else(|| "an unnamed branch".into(), |b| format!("the branch {b}"));
                format!("does not grant {asked}, only {}", list(grant.branches.iter().flatten()))
            }
            Missing::Handling => {
                let (asked, ceiling) = (facts.handling.level, grant.handling);
                format!("does not go as far as the handling level {asked}, only up to {ceiling}")
            }
            Missing::Carrying => format!("does not let all of {} carry it", list(facts.via)),
            Missing::Behalf => {
                format!("does not let {} ask on behalf of all of {}", facts.from, list(facts.behalf))
            }
            Missing::Onward => format!("does not let {} ask {} in turn", facts.to, list(facts.onward)),
            Missing::Nature => format!("excludes {} offences", list(facts.nature)),
        };
        let missing = format!("clause {clause} of {name} {lacks}");
        Denial::by(self.text, Some(clause), self.missing.refusal(), missing)
    }
}

/// The distinct values in their order, the first few by name and the others by number.
fn list<T: Display>(values: impl IntoIterator<Item = T>) -> String {
    let mut shown: Vec<String> = Vec::new();
    for value in values {
        let value = value.to_string();
        if !shown.contains(&value) {
            shown.push(value);
        }
    }
    let more = shown.len().saturating_sub(LISTED_MAX);
    shown.truncate(LISTED_MAX);
    let named = shown.join(", ");
    if more == 0 { named } else { format!("{named} and {more} more") }
}
