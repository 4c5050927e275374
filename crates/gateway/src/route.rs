//! From a scope to the agencies that will be asked.

use crate::authority::InForce;
use concord_domain::wanted::Scope;
use concord_domain::{AgencyId, AgreementId, Timestamp};
use std::collections::BTreeSet;
use thiserror::Error;

/// Why a scope cannot be asked.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ScopeInvalid {
    /// The agreement is not known here.
    #[error("agreement {0} is not known to this node")]
    AgreementUnknown(AgreementId),
    /// The charter names no such agency.
    #[error("{0} is not a member of the federation")]
    NotAMember(AgencyId),
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
    Nobody,
}

/// The agencies in scope, by name, without the asking one and each once.
pub fn resolve(
    scope: &Scope,
    here: &AgencyId,
    in_force: &InForce,
    now: Timestamp,
) -> Result<Vec<AgencyId>, ScopeInvalid> {
    let named: BTreeSet<AgencyId> = match scope {
        Scope::Agencies(list) if list.contains(here) => return Err(ScopeInvalid::Ourselves(here.clone())),
        Scope::Agencies(list) => list.iter().cloned().collect(),
        Scope::Agreement(id) => {
            let parties = in_force.rules.members_of(id, now);
            if parties.is_empty() {
                return Err(ScopeInvalid::AgreementUnknown(id.clone()));
            }
            parties.into_iter().cloned().collect()
        }
        Scope::All => in_force.directory().members().map(|member| member.agency.clone()).collect(),
    };
    if let Some(stranger) = named.iter().find(|agency| in_force.directory().member(agency).is_none()) {
        return Err(ScopeInvalid::NotAMember(stranger.clone()));
    }
    let agencies: Vec<_> = named.into_iter().filter(|agency| agency != here).collect();
    match agencies.len() {
        0 => Err(ScopeInvalid::Nobody),
        found if found > Scope::AGENCIES_MAX => {
            Err(ScopeInvalid::TooMany { found, limit: Scope::AGENCIES_MAX })
        }
        _ => Ok(agencies),
    }
}

#[cfg(test)]
mod tests;
