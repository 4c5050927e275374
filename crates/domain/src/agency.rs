//! Agencies, named like domains, and patterns over them.

use crate::text::{as_text, shown};
use std::str::FromStr;
use thiserror::Error;

/// A member agency: a lower-case domain name of at least two labels, also its SPIFFE trust domain.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AgencyId(String);
shown!(AgencyId);
as_text!(AgencyId);

/// Why a text does not name an agency.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("agency {found:?}: {why}")]
pub struct InvalidAgency {
    found: String,
    why: &'static str,
}

impl AgencyId {
    /// Bytes at most: the limit of a domain name (RFC 1035, 2.3.4) and of a SPIFFE trust domain is 255; a
    /// shorter one leaves room for the path of a SPIFFE ID in a certificate.
    pub const BYTES_MAX: usize = 120;
    const LABEL_MAX: usize = 63;

    /// The name, such as `km.yn.police.cn`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for AgencyId {
    type Err = InvalidAgency;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let bad = |why| InvalidAgency { found: s.chars().take(40).collect(), why };
        if s.len() > Self::BYTES_MAX {
            return Err(bad("longer than 120 bytes"));
        }
        if s.split('.').count() < 2 {
            return Err(bad("needs at least two labels, as in yn.police.cn"));
        }
        for label in s.split('.') {
            if label.is_empty() || label.len() > Self::LABEL_MAX {
                return Err(bad("a label must have 1 to 63 characters"));
            }
            if label.starts_with('-') || label.ends_with('-') {
                return Err(bad("a label must not begin or end with a hyphen"));
            }
            if !label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') {
                return Err(bad("only a-z, 0-9, hyphens and dots are allowed"));
            }
        }
        Ok(Self(s.to_owned()))
    }
}

/// `yn.police.cn` (that agency) or `*.yn.police.cn` (every agency whose name ends so). Patterns widen a
/// grant to agencies below a signatory; they never sign.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AgencyPattern {
    text: String,
    base: AgencyId,
    below: bool,
}

impl AgencyPattern {
    /// The text as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The agency that the pattern is about; for `*.yn.police.cn` this is `yn.police.cn`.
    pub fn base(&self) -> &AgencyId {
        &self.base
    }

    /// The one agency that a pattern without a star names.
    pub fn agency(&self) -> Option<&AgencyId> {
        (!self.below).then_some(&self.base)
    }

    /// Whether the pattern covers `agency`.
    pub fn matches(&self, agency: &AgencyId) -> bool {
        if !self.below {
            return *agency == self.base;
        }
        agency
            .as_str()
            .strip_suffix(self.base.as_str())
            .is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
    }
}

impl From<AgencyId> for AgencyPattern {
    fn from(agency: AgencyId) -> Self {
        Self { text: agency.0.clone(), base: agency, below: false }
    }
}

impl FromStr for AgencyPattern {
    type Err = InvalidAgency;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let (below, base) = match s.strip_prefix("*.") {
            Some(base) => (true, base),
            None => (false, s),
        };
        Ok(Self { text: s.to_owned(), base: base.parse()?, below })
    }
}
shown!(AgencyPattern);
as_text!(AgencyPattern);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_lower_case_domains() {
        for good in ["yn.police.cn", "police.cn", "km.yn.police.cn", "xj-bt.police.cn"] {
            assert_eq!(good.parse::<AgencyId>().unwrap().as_str(), good);
        }
        for bad in ["", "cn", "YN.police.cn", "yn..cn", ".police.cn", "-a.cn", "a_b.cn", "云南.cn"] {
            assert!(bad.parse::<AgencyId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_pattern_covers_what_is_below_and_not_itself() {
        let below: AgencyPattern = "*.yn.police.cn".parse().unwrap();
        assert!(below.matches(&"km.yn.police.cn".parse().unwrap()));
        assert!(!below.matches(&"yn.police.cn".parse().unwrap()));
        assert!(!below.matches(&"xyn.police.cn".parse().unwrap()));
        assert_eq!(below.agency(), None);
        let one: AgencyPattern = "yn.police.cn".parse().unwrap();
        assert_eq!(one.agency(), Some(one.base()));
        assert_eq!(AgencyPattern::from(one.base().clone()), one);
    }
}
