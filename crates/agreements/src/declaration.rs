//! What one party declares about an agreement: that it withdraws, suspends its part for now, or resumes.

mod signed;
#[cfg(test)]
mod tests;

pub use signed::SignedDeclaration;

use crate::error::AgreementError;
use concord_domain::{AgencyId, AgreementId, Timestamp};
use concord_trust::{DocumentError, SignedFile};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A declaration as written. It takes from its party only, so the party alone signs it, with its agreement key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Declaration {
    /// The agreement.
    pub agreement: AgreementId,
    /// The version that the party has before it. A withdrawal covers it and all before.
    pub version: u32,
    /// Who declares.
    pub party: AgencyId,
    /// Grows by one with each declaration of the party about the agreement, from 1.
    pub sequence: u64,
    /// When it was issued.
    pub issued: Timestamp,
    /// What is declared.
    pub act: Act,
}

/// What a party declares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// It leaves the named version and all before. It is bound again only by a later version that it signs.
    Withdrawal {
        /// From this instant on; the text's notice must have passed since the issue.
        effective_at: Timestamp,
    },
    /// It takes no part for now, whichever version is in force.
    Suspension {
        /// From this instant on.
        from: Timestamp,
        /// Taking part again at this instant; `None` until it resumes.
        until: Option<Timestamp>,
    },
    /// It ends its suspension.
    Resumption,
}

/// What is wrong with the content of a declaration; names the field.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InvalidDeclaration {
    /// Not exactly one of the three.
    #[error("needs exactly one of withdrawal, suspension and resumption, has {found}")]
    NotOneAct {
        /// How many it has.
        found: usize,
    },
    /// Versions and sequences count from 1.
    #[error("{field}: must be at least 1")]
    Zero {
        /// The field.
        field: &'static str,
    },
    /// It ends before it begins.
    #[error("suspension.until: {until} is not after suspension.from, {from}")]
    NeverSuspended {
        /// The beginning.
        from: Timestamp,
        /// The end.
        until: Timestamp,
    },
}

impl Declaration {
    /// Reads a document's bytes and checks its content; its signature is not looked at.
    pub fn parse(file: &SignedFile) -> Result<Self, AgreementError> {
        let malformed = |message| DocumentError::Malformed { file: file.name.clone(), message };
        let text = std::str::from_utf8(&file.bytes).map_err(|e| malformed(e.to_string()))?;
        Ok(toml::from_str(text).map_err(|e| malformed(e.to_string().trim_end().replace('\n', "; ")))?)
    }

    /// The text to sign.
    #[allow(
        clippy::expect_used,
        reason = "a declaration is a plain struct of strings, numbers and tables of such, which TOML can hold"
    )]
    pub fn to_toml(&self) -> String {
        toml::to_string(self).expect("a declaration is plain TOML")
    }

    /// The name of its file without `.toml`, as the folder of declarations demands it: `ID.PARTY.dSEQUENCE`.
    pub fn file_stem(&self) -> String {
        format!("{}.{}.d{}", self.agreement, self.party, self.sequence)
    }

    /// Checks what the types cannot express.
    pub fn check(&self) -> Result<(), InvalidDeclaration> {
        for (field, zero) in [("version", self.version == 0), ("sequence", self.sequence == 0)] {
            if zero {
                return Err(InvalidDeclaration::Zero { field });
            }
        }
        match self.act {
            Act::Suspension { from, until: Some(until) } if until <= from => {
                Err(InvalidDeclaration::NeverSuspended { from, until })
            }
            Act::Withdrawal { .. } | Act::Suspension { .. } | Act::Resumption => Ok(()),
        }
    }
}

/// The form in TOML: three tables, of which one is there.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    agreement: AgreementId,
    version: u32,
    party: AgencyId,
    sequence: u64,
    issued: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    withdrawal: Option<Withdrawal>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    suspension: Option<Suspension>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    resumption: Option<Resumption>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Withdrawal {
    effective_at: Timestamp,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Suspension {
    from: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<Timestamp>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Resumption {}

impl TryFrom<Written> for Declaration {
    type Error = InvalidDeclaration;

    fn try_from(written: Written) -> Result<Self, InvalidDeclaration> {
        let Written { agreement, version, party, sequence, issued, withdrawal, suspension, resumption } =
            written;
        let act = match (withdrawal, suspension, resumption) {
            (Some(Withdrawal { effective_at }), None, None) => Act::Withdrawal { effective_at },
            (None, Some(Suspension { from, until }), None) => Act::Suspension { from, until },
            (None, None, Some(Resumption {})) => Act::Resumption,
            (w, s, r) => {
                let found = usize::from(w.is_some()) + usize::from(s.is_some()) + usize::from(r.is_some());
                return Err(InvalidDeclaration::NotOneAct { found });
            }
        };
        let declaration = Self { agreement, version, party, sequence, issued, act };
        declaration.check().map(|()| declaration)
    }
}

impl From<Declaration> for Written {
    fn from(declaration: Declaration) -> Self {
        let Declaration { agreement, version, party, sequence, issued, act } = declaration;
        let (withdrawal, suspension, resumption) = match act {
            Act::Withdrawal { effective_at } => (Some(Withdrawal { effective_at }), None, None),
            Act::Suspension { from, until } => (None, Some(Suspension { from, until }), None),
            Act::Resumption => (None, None, Some(Resumption {})),
        };
        Self { agreement, version, party, sequence, issued, withdrawal, suspension, resumption }
    }
}
