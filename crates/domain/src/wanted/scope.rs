//! Which agencies a query is put to.

use crate::{AgencyId, AgencyPattern, AgreementId, InvalidAgency, InvalidText};
use std::collections::BTreeSet;
use std::str::FromStr;
use thiserror::Error;

/// Which agencies are asked: all that any term means, each once, but for the exceptions. Who a term means is for the
/// charter and the agreements of that time to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    terms: BTreeSet<ScopeTerm>,
    except: BTreeSet<AgencyPattern>,
}

/// One part of a scope. As text: `yn.police.cn`, `*.yn.police.cn`, `agreement:northwest`, `region:northwest`, `all`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum ScopeTerm {
    /// The agency of that name, or those whom the pattern means among the ones below its base in the charter.
    Agencies(AgencyPattern),
    /// The parties of an agreement.
    Agreement(AgreementId),
    /// The parties of a regional agreement, and everybody below one of them in the charter.
    Region(AgreementId),
    /// All members of the charter.
    All,
}

/// Why there is no such scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum InvalidScope {
    /// It names nobody at all.
    #[error("has no terms")]
    Empty,
    /// More than may stand in one scope.
    #[error("{found} terms and exceptions are more than the limit of {limit}")]
    TooMany {
        /// Terms and exceptions found.
        found: usize,
        /// How many there may be.
        limit: usize,
    },
}

/// Why a text is no term.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InvalidTerm {
    /// Neither `all` nor the name of an agency or a pattern over names.
    #[error(transparent)]
    Agencies(#[from] InvalidAgency),
    /// No name of an agreement after `agreement:` or `region:`.
    #[error(transparent)]
    Agreement(#[from] InvalidText),
}

impl Scope {
    /// Terms and exceptions in one scope at most: every province with those below it and some dozens of agencies by name
    /// fit. Names of the greatest length then still fit into the message of a search.
    pub const TERMS_MAX: usize = 256;
    /// Agencies in one scope at most. The greatest region of the country with all its prefectures and counties has some
    /// 700 and fits. All 3,000 counties at once do not: for one person that would be a decision and two records at every
    /// police station of the country, and is asked province by province or region by region.
    pub const AGENCIES_MAX: usize = 1024;

    /// A scope of these terms, without whom the exceptions mean.
    pub fn new(
        terms: impl IntoIterator<Item = ScopeTerm>,
        except: impl IntoIterator<Item = AgencyPattern>,
    ) -> Result<Self, InvalidScope> {
        let (terms, except): (Vec<_>, Vec<_>) = (terms.into_iter().collect(), except.into_iter().collect());
        let (found, limit) = (terms.len().saturating_add(except.len()), Self::TERMS_MAX);
        if found > limit {
            return Err(InvalidScope::TooMany { found, limit });
        }
        if terms.is_empty() {
            return Err(InvalidScope::Empty);
        }
        Ok(Self { terms: terms.into_iter().collect(), except: except.into_iter().collect() })
    }

    /// The terms, each once.
    pub fn terms(&self) -> impl Iterator<Item = &ScopeTerm> {
        self.terms.iter()
    }

    /// Who is left out whatever term means them, each once.
    pub fn except(&self) -> impl Iterator<Item = &AgencyPattern> {
        self.except.iter()
    }
}

impl From<AgencyId> for ScopeTerm {
    fn from(agency: AgencyId) -> Self {
        Self::Agencies(agency.into())
    }
}

const ALL: &str = "all";
const AGREEMENT: &str = "agreement:";
const REGION: &str = "region:";

impl FromStr for ScopeTerm {
    type Err = InvalidTerm;

    fn from_str(text: &str) -> Result<Self, InvalidTerm> {
        let text = text.trim();
        if text == ALL {
            return Ok(Self::All);
        }
        if let Some(id) = text.strip_prefix(AGREEMENT) {
            return Ok(Self::Agreement(id.parse()?));
        }
        if let Some(id) = text.strip_prefix(REGION) {
            return Ok(Self::Region(id.parse()?));
        }
        Ok(Self::Agencies(text.parse()?))
    }
}

impl std::fmt::Display for ScopeTerm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Agencies(pattern) => write!(f, "{pattern}"),
            Self::Agreement(id) => write!(f, "{AGREEMENT}{id}"),
            Self::Region(id) => write!(f, "{REGION}{id}"),
            Self::All => f.write_str(ALL),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn term(text: &str) -> ScopeTerm {
        text.parse().unwrap()
    }

    #[test]
    fn a_term_is_read_as_it_is_written() {
        for text in ["yn.police.cn", "*.yn.police.cn", "agreement:northwest", "region:northwest", "all"] {
            assert_eq!(term(text).to_string(), text);
        }
        assert_eq!(term(" yn.police.cn"), term("yn.police.cn"));
        assert!(matches!(term("region:northwest"), ScopeTerm::Region(id) if id.as_str() == "northwest"));
    }

    #[test]
    fn what_is_no_term_is_told_by_what_it_lacks() {
        for text in ["", "yn", "*", "*.*.police.cn", "yn.*.cn", "everybody", "!yn.police.cn"] {
            assert!(matches!(text.parse::<ScopeTerm>(), Err(InvalidTerm::Agencies(_))), "{text}");
        }
        for text in ["agreement:", "region:", "agreement:North West", "region:*"] {
            assert!(matches!(text.parse::<ScopeTerm>(), Err(InvalidTerm::Agreement(_))), "{text}");
        }
    }

    #[test]
    fn a_term_counts_once_and_in_any_order() {
        let [one, two] = ["all", "yn.police.cn"].map(term);
        let scope = |terms: &[&ScopeTerm]| Scope::new(terms.iter().copied().cloned(), []).unwrap();
        assert_eq!(scope(&[&one, &two, &one]), scope(&[&two, &one]));
        assert_eq!(scope(&[&one, &two, &one]).terms().count(), 2);
    }

    #[test]
    fn a_scope_has_terms_and_not_too_many() {
        let limit = Scope::TERMS_MAX;
        let pattern = || "yn.police.cn".parse::<AgencyPattern>().unwrap();
        assert_eq!(Scope::new([], [pattern()]), Err(InvalidScope::Empty));
        let terms = |count| std::iter::repeat_n(ScopeTerm::All, count);
        assert!(Scope::new(terms(limit - 1), [pattern()]).is_ok());
        let found = limit + 1;
        assert_eq!(Scope::new(terms(limit), [pattern()]), Err(InvalidScope::TooMany { found, limit }));
    }
}
