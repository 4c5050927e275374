//! From a scope to the agencies that will be asked.

use crate::authority::InForce;
use concord_agreements::{AgreementKind, Rules};
use concord_domain::wanted::{Scope, ScopeTerm};
use concord_domain::{AgencyId, AgencyPattern, AgreementId, Timestamp};
use std::collections::BTreeSet;
use thiserror::Error;

/// Why a scope cannot be asked.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ScopeInvalid {
    /// The agreement is not known here.
    #[error("agreement {0} is not known to this node")]
    AgreementUnknown(AgreementId),
    /// A region is what a regional agreement is about.
    #[error("agreement {0} is not of kind regional, so it makes no region")]
    NotRegional(AgreementId),
    /// The charter names no such agency.
    #[error("{0} is not a member of the federation")]
    NotAMember(AgencyId),
    /// The charter names the agency that the pattern is about, and nobody whom it means.
    #[error("{0} means no member of the federation")]
    Nobody(AgencyPattern),
    /// The asking agency named itself.
    #[error("{0} is the asking agency itself; its own register needs no federation")]
    Ourselves(AgencyId),
    /// More agencies than one scope may have.
    #[error("{found} agencies are more than the limit of {limit}")]
    TooMany {
        /// Agencies found.
        found: usize,
        /// Agencies allowed.
        limit: usize,
    },
    /// Nobody is left to ask.
    #[error("no agency but the asking one is in scope")]
    NobodyElse,
}

/// The agencies in scope, by name, without the asking one and each once. Whether an agreement lets us ask them is not
/// looked at: whoever is meant gets an outcome.
pub fn resolve(
    scope: &Scope,
    here: &AgencyId,
    in_force: &InForce,
    now: Timestamp,
) -> Result<Vec<AgencyId>, ScopeInvalid> {
    let mut meant = BTreeSet::new();
    for term in scope.terms() {
        meant.extend(meant_by(term, here, &in_force.rules, now)?);
    }
    for pattern in scope.except() {
        // One that is mistyped would leave in whoever was to be left out.
        known(pattern, &in_force.rules)?;
        for agency in in_force.rules.meant_by(pattern) {
            meant.remove(agency);
        }
    }
    meant.remove(here);
    match meant.len() {
        0 => Err(ScopeInvalid::NobodyElse),
        found if found > Scope::AGENCIES_MAX => {
            Err(ScopeInvalid::TooMany { found, limit: Scope::AGENCIES_MAX })
        }
        _ => Ok(meant.into_iter().cloned().collect()),
    }
}

fn meant_by<'a>(
    term: &ScopeTerm,
    here: &AgencyId,
    rules: &'a Rules,
    now: Timestamp,
) -> Result<Vec<&'a AgencyId>, ScopeInvalid> {
    match term {
        ScopeTerm::Agencies(pattern) if pattern.agency() == Some(here) => {
            Err(ScopeInvalid::Ourselves(here.clone()))
        }
        ScopeTerm::Agencies(pattern) => {
            known(pattern, rules)?;
            let agencies = rules.meant_by(pattern);
            // Nobody is asked, so nobody would be told of: that must not look like an answer.
            if agencies.is_empty() { Err(ScopeInvalid::Nobody(pattern.clone())) } else { Ok(agencies) }
        }
        ScopeTerm::Agreement(id) => members(id, rules.members_of(id, now)),
        ScopeTerm::Region(id) => match rules.get(id, now) {
            Some(text) if text.kind != AgreementKind::Regional => Err(ScopeInvalid::NotRegional(id.clone())),
            Some(_) | None => members(id, rules.region(id, now)),
        },
        ScopeTerm::All => Ok(rules.directory().members().map(|member| &member.agency).collect()),
    }
}

fn known(pattern: &AgencyPattern, rules: &Rules) -> Result<(), ScopeInvalid> {
    match rules.directory().member(pattern.base()) {
        Some(_) => Ok(()),
        None => Err(ScopeInvalid::NotAMember(pattern.base().clone())),
    }
}

/// Those whom an agreement means; that it has no parties says that it is not known.
fn members<'a>(
    id: &AgreementId,
    agencies: BTreeSet<&'a AgencyId>,
) -> Result<Vec<&'a AgencyId>, ScopeInvalid> {
    if agencies.is_empty() {
        return Err(ScopeInvalid::AgreementUnknown(id.clone()));
    }
    Ok(agencies.into_iter().collect())
}

#[cfg(test)]
mod tests;
