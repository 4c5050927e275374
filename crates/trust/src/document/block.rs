//! The block notice: stops an agency at every node, signed by the charter's emergency key.

use super::{Charter, Document, DocumentError, Signed, SignedFile, signed, to_toml};
use crate::cose::Kind;
use concord_domain::{AgencyId, Digest, Timestamp};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Why an agency is stopped. A closed set: a notice goes to everybody and must not tell of persons or cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BlockReason {
    /// Somebody else has, or may have, its keys.
    KeysCompromised,
    /// It used what it was given against the agreements.
    Misuse,
    /// Its systems are not in its own hands, or not sound.
    Incident,
    /// A court or a superior authority has ordered it.
    Ordered,
    /// An exercise.
    Exercise,
}

impl fmt::Display for BlockReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::KeysCompromised => "keys-compromised",
            Self::Misuse => "misuse",
            Self::Incident => "incident",
            Self::Ordered => "ordered",
            Self::Exercise => "exercise",
        })
    }
}

/// Stops one agency at every node, or lets it go on. Those below it are not stopped by it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Block {
    /// Who is stopped.
    pub agency: AgencyId,
    /// Grows by one with each notice about this agency, from 1.
    pub sequence: u64,
    /// SHA-256 of the notice about it before this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<Digest>,
    /// When it was issued.
    pub issued: Timestamp,
    /// Stopped from this instant on.
    pub from: Timestamp,
    /// No longer stopped at this instant; absent means until a notice lifts it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Whether this notice ends the ones before it instead of stopping anybody.
    #[serde(default)]
    pub lifted: bool,
    /// Why.
    pub reason: BlockReason,
}

impl Block {
    /// The text to sign.
    pub fn to_toml(&self) -> String {
        to_toml(self)
    }

    /// Whether it stops the agency at `now`.
    pub fn stops(&self, now: Timestamp) -> bool {
        !self.lifted && self.from <= now && self.until.is_none_or(|until| now < until)
    }

    /// Accepts the notice if it is about a member and the charter's emergency key signed it.
    pub fn verify(file: &SignedFile, charter: &Charter) -> Result<Signed<Self>, DocumentError> {
        let block = signed::<Self>(file)?;
        let key = charter.emergency.ok_or_else(|| DocumentError::Contradiction {
            file: file.name.clone(),
            message: "the charter names no emergency key that could sign it".into(),
        })?;
        file.require(Kind::Block, "emergency", &key)?;
        if !charter.members.iter().any(|member| member.agency == block.agency) {
            return Err(DocumentError::NotAMember { file: file.name.clone(), agency: block.agency.clone() });
        }
        Ok(block)
    }
}

impl Document for Block {
    fn link(&self) -> (u64, Option<Digest>) {
        (self.sequence, self.previous)
    }

    fn check(&self) -> Result<(), String> {
        match (self.sequence, self.previous) {
            (0, _) => return Err("sequence: must be at least 1".into()),
            (1, Some(_)) => return Err("previous: the first notice has none before it".into()),
            (1, None) | (_, Some(_)) => {}
            (_, None) => return Err("previous: every notice but the first names the one before".into()),
        }
        if self.until.is_some_and(|until| until <= self.from) {
            return Err("until: must be after from".into());
        }
        Ok(())
    }
}

/// The notices about one agency that count, out of all that were verified.
///
/// The one with the highest sequence counts; a lift only where it names, as its predecessor, a notice that counted
/// if one is known: two texts under one sequence are read so that the agency is stopped. The order in which notices
/// come makes no difference.
pub(super) fn standing(mut notices: Vec<Signed<Block>>) -> Vec<Signed<Block>> {
    notices.sort_by_key(|notice| (notice.sequence, notice.digest()));
    notices.dedup_by_key(|notice| notice.digest());
    let mut standing: Vec<Signed<Block>> = Vec::new();
    for same in notices.chunk_by(|a, b| a.sequence == b.sequence) {
        let follows = |notice: &&Signed<Block>| {
            let gap = standing.iter().all(|before| before.sequence.checked_add(1) != Some(notice.sequence));
            gap || standing.iter().any(|before| notice.previous == Some(before.digest()))
        };
        let stops = |notice: &&Signed<Block>| !notice.lifted;
        let (following, others): (Vec<_>, Vec<_>) = same.iter().partition(|notice| follows(notice));
        let stopping: Vec<_> = same.iter().filter(stops).cloned().collect();
        if following.is_empty() {
            standing.extend(others.into_iter().filter(stops).cloned());
        } else if stopping.is_empty() {
            standing = following.into_iter().cloned().collect();
        } else {
            standing = stopping;
        }
    }
    standing
}
