//! Handling, authority and ledger positions.

use crate::codes;
use crate::error::Problems;
use crate::pb::request::v1 as pb;
use concord_domain::wanted::{Authority, LedgerPosition};
use concord_domain::{AgreementRef, Digest, Handling, HandlingCode, HandlingLevel};

impl From<Handling> for pb::Handling {
    fn from(handling: Handling) -> Self {
        let Handling { level, code } = handling;
        Self { level: codes::level_to_pb(level), code: codes::code_to_pb(code) }
    }
}

/// What is not stated reads as official, H0. What is stated and not known is an error: it may be more guarded than
/// anything known here.
pub(crate) fn handling(message: Option<pb::Handling>) -> Result<Handling, Problems> {
    let pb::Handling { level, code } = message.unwrap_or_default();
    let mut problems = Problems::default();
    let level = match level {
        0 => Some(HandlingLevel::Official),
        number => problems.take("level", codes::level(number).ok_or("is unknown")),
    };
    let code = match code {
        0 => Some(HandlingCode::H0),
        number => problems.take("code", codes::code(number).ok_or("is unknown")),
    };
    problems.finish(level.zip(code).map(|(level, code)| Handling { level, code }))
}

impl From<Authority> for pb::AgreementClause {
    fn from(authority: Authority) -> Self {
        let Authority { agreement: AgreementRef { id, version, digest }, clause } = authority;
        Self {
            id: id.to_string(),
            version,
            digest: digest.as_bytes().to_vec(),
            clause: clause.map(|c| c.to_string()).unwrap_or_default(),
        }
    }
}

impl TryFrom<pb::AgreementClause> for Authority {
    type Error = Problems;

    fn try_from(message: pb::AgreementClause) -> Result<Self, Problems> {
        let pb::AgreementClause { id, version, digest, clause } = message;
        let mut problems = Problems::default();
        let id = problems.take("id", id.parse());
        let digest = problems.take("digest", digest_of(&digest));
        let clause = problems.take("clause", (!clause.is_empty()).then(|| clause.parse()).transpose());
        let authority = id.zip(digest).zip(clause);
        problems.finish(
            authority.map(|((id, digest), clause)| Self {
                agreement: AgreementRef { id, version, digest },
                clause,
            }),
        )
    }
}

impl From<LedgerPosition> for pb::LedgerPosition {
    fn from(position: LedgerPosition) -> Self {
        let LedgerPosition { ledger, index, leaf } = position;
        Self { ledger: ledger.to_string(), index, leaf_hash: leaf.as_bytes().to_vec() }
    }
}

impl TryFrom<pb::LedgerPosition> for LedgerPosition {
    type Error = Problems;

    fn try_from(message: pb::LedgerPosition) -> Result<Self, Problems> {
        let pb::LedgerPosition { ledger, index, leaf_hash } = message;
        let mut problems = Problems::default();
        let ledger = problems.take("ledger", ledger.parse());
        let leaf = problems.take("leaf_hash", digest_of(&leaf_hash));
        problems.finish(ledger.zip(leaf).map(|(ledger, leaf)| Self { ledger, index, leaf }))
    }
}

fn digest_of(bytes: &[u8]) -> Result<Digest, &'static str> {
    Digest::from_slice(bytes).ok_or("must have 32 bytes")
}
