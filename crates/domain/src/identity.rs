//! Who is at the other end of a connection: SPIFFE IDs of nodes, applications and officers.

use crate::agency::{AgencyId, InvalidAgency};
use std::fmt;
use std::str::FromStr;
use thiserror::Error;

/// What a certificate's subject is, within its agency. The federation API accepts only nodes, the local API
/// only applications and officers.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Workload {
    /// `/node/<name>`: a process of the agency's node.
    Node(String),
    /// `/app/<name>`: an IT system of the agency.
    App(String),
    /// `/officer/<name>`: a person; the name is a service number, shown to nobody but the agency itself.
    Officer(String),
}

impl fmt::Debug for Workload {
    /// Officers stay unnamed: a service number is personal data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Node(name) => write!(f, "/node/{name}"),
            Self::App(name) => write!(f, "/app/{name}"),
            Self::Officer(_) => write!(f, "/officer/redacted"),
        }
    }
}

/// A SPIFFE ID (SPIFFE-ID, section 2): `spiffe://<agency>/<kind>/<name>`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpiffeId {
    /// The trust domain.
    pub agency: AgencyId,
    /// The path, understood.
    pub workload: Workload,
}

/// Why a text is not an identity that Concord knows.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InvalidIdentity {
    /// Not `spiffe://...`.
    #[error("the identity is not a SPIFFE ID")]
    NotSpiffe,
    /// The trust domain does not name an agency.
    #[error("the trust domain does not name an agency: {0}")]
    Agency(#[from] InvalidAgency),
    /// The path is not `/node/*`, `/app/*` or `/officer/*` with one plain name.
    #[error("the path is not /node/NAME, /app/NAME or /officer/NAME")]
    Path,
}

impl SpiffeId {
    /// Bytes of a workload's name at most.
    pub const NAME_MAX: usize = 64;

    /// The node identity of an agency.
    pub fn node(agency: AgencyId) -> Self {
        Self { agency, workload: Workload::Node("gateway".to_owned()) }
    }
}

impl FromStr for SpiffeId {
    type Err = InvalidIdentity;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let rest = s.strip_prefix("spiffe://").ok_or(InvalidIdentity::NotSpiffe)?;
        let (agency, path) = rest.split_once('/').ok_or(InvalidIdentity::Path)?;
        let agency = agency.parse()?;
        let (kind, name) = path.split_once('/').ok_or(InvalidIdentity::Path)?;
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
        if name.is_empty() || name.len() > Self::NAME_MAX || !name.bytes().all(plain) {
            return Err(InvalidIdentity::Path);
        }
        let workload = match kind {
            "node" => Workload::Node(name.to_owned()),
            "app" => Workload::App(name.to_owned()),
            "officer" => Workload::Officer(name.to_owned()),
            _ => return Err(InvalidIdentity::Path),
        };
        Ok(Self { agency, workload })
    }
}

impl fmt::Display for SpiffeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, name) = match &self.workload {
            Workload::Node(name) => ("node", name),
            Workload::App(name) => ("app", name),
            Workload::Officer(name) => ("officer", name),
        };
        write!(f, "spiffe://{}/{kind}/{name}", self.agency)
    }
}

impl fmt::Debug for SpiffeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SpiffeId(spiffe://{}{:?})", self.agency, self.workload)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identities_parse_and_print() {
        let id: SpiffeId = "spiffe://yn.police.cn/app/records".parse().unwrap();
        assert_eq!(id.workload, Workload::App("records".into()));
        assert_eq!(id.to_string(), "spiffe://yn.police.cn/app/records");
        for bad in [
            "https://yn.police.cn/app/x",
            "spiffe://yn.police.cn",
            "spiffe://yn.police.cn/app",
            "spiffe://yn.police.cn/app/",
            "spiffe://yn.police.cn/app/a/b",
            "spiffe://yn.police.cn/station/a",
            "spiffe://YN.police.cn/app/a",
        ] {
            assert!(bad.parse::<SpiffeId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn an_officer_is_not_shown() {
        let id: SpiffeId = "spiffe://yn.police.cn/officer/053211".parse().unwrap();
        assert!(!format!("{id:?}").contains("053211"));
    }
}
