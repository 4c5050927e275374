//! Which agencies a search asks.

use crate::error::Problems;
use crate::pb::wanted::v1 as pb;
use concord_domain::wanted::{InvalidScope, Scope, ScopeTerm};

impl From<ScopeTerm> for pb::ScopeTerm {
    fn from(term: ScopeTerm) -> Self {
        use pb::scope_term::Term;
        let term = match term {
            ScopeTerm::Agencies(pattern) => Term::Agencies(pattern.to_string()),
            ScopeTerm::Agreement(id) => Term::Agreement(id.to_string()),
            ScopeTerm::Region(id) => Term::Region(id.to_string()),
            ScopeTerm::All => Term::All(pb::AllAgencies {}),
        };
        Self { term: Some(term) }
    }
}

impl TryFrom<pb::ScopeTerm> for ScopeTerm {
    type Error = Problems;

    fn try_from(message: pb::ScopeTerm) -> Result<Self, Problems> {
        use pb::scope_term::Term;
        let pb::ScopeTerm { term } = message;
        match term.ok_or_else(|| Problems::one("", "is missing"))? {
            Term::Agencies(text) => {
                text.parse().map(Self::Agencies).map_err(|e| Problems::one("agencies", e))
            }
            Term::Agreement(id) => id.parse().map(Self::Agreement).map_err(|e| Problems::one("agreement", e)),
            Term::Region(id) => id.parse().map(Self::Region).map_err(|e| Problems::one("region", e)),
            Term::All(pb::AllAgencies {}) => Ok(Self::All),
        }
    }
}

impl From<Scope> for pb::Scope {
    fn from(scope: Scope) -> Self {
        Self {
            terms: scope.terms().cloned().map(Into::into).collect(),
            except: scope.except().map(ToString::to_string).collect(),
        }
    }
}

impl TryFrom<pb::Scope> for Scope {
    type Error = Problems;

    /// Reports every term that is wrong, not only the first.
    fn try_from(message: pb::Scope) -> Result<Self, Problems> {
        let pb::Scope { terms, except } = message;
        let found = terms.len().saturating_add(except.len());
        if found > Self::TERMS_MAX {
            // Before anything is read: a message has room for thousands.
            return Err(Problems::one("terms", InvalidScope::TooMany { found, limit: Self::TERMS_MAX }));
        }
        let mut problems = Problems::default();
        let read = |(n, term)| problems.within(&format!("terms[{n}]"), ScopeTerm::try_from(term));
        let terms: Vec<_> = terms.into_iter().enumerate().filter_map(read).collect();
        let read = |(n, text): (usize, String)| problems.take(&format!("except[{n}]"), text.parse());
        let except: Vec<_> = except.into_iter().enumerate().filter_map(read).collect();
        if !problems.is_empty() {
            return Err(problems);
        }
        Self::new(terms, except).map_err(|e| Problems::one("terms", e))
    }
}
