//! The block notice: stops an agency at every node, signed by the charter's emergency key.

use super::{Charter, Document, DocumentError, Signed, SignedFile, signed, to_toml};
use crate::cose::Kind;
use crate::signing::PublicKey;
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

    /// Accepts the notice if it is about a member of `charter` and one of `keys` signed it; a lift only by the current one.
    pub fn verify(
        file: &SignedFile,
        charter: &Charter,
        keys: &EmergencyKeys,
    ) -> Result<Signed<Self>, DocumentError> {
        let block = signed::<Self>(file)?;
        let current = keys.require_current(file);
        if block.lifted || !keys.all().iter().any(|key| is_signed(file, key)) {
            current?;
        }
        if !charter.members.iter().any(|member| member.agency == block.agency) {
            return Err(DocumentError::NotAMember { file: file.name.clone(), agency: block.agency.clone() });
        }
        Ok(block)
    }
}

/// The emergency keys of the charters that count. A notice stays when a successor changes the key or names none: whoever
/// writes charters would otherwise let everybody go on who was stopped.
#[derive(Debug, Clone, Default)]
pub struct EmergencyKeys {
    /// The oldest first.
    keys: Vec<PublicKey>,
}

impl EmergencyKeys {
    /// Of these charters, the oldest first.
    pub(super) fn of<'a>(charters: impl IntoIterator<Item = &'a Charter>) -> Self {
        Self { keys: charters.into_iter().filter_map(|charter| charter.emergency).collect() }
    }

    /// All of them: each may stop an agency.
    pub fn all(&self) -> &[PublicKey] {
        &self.keys
    }

    /// Demands the signature of the key that may let an agency go on: that of the latest charter that names one.
    fn require_current(&self, file: &SignedFile) -> Result<(), DocumentError> {
        let key = self.keys.last().ok_or_else(|| DocumentError::Contradiction {
            file: file.name.clone(),
            message: "the charter names no emergency key that could sign it".into(),
        })?;
        file.require(Kind::Block, "emergency", key)
    }
}

fn is_signed(file: &SignedFile, key: &PublicKey) -> bool {
    file.require(Kind::Block, "emergency", key).is_ok()
}

/// A verified notice.
pub(super) struct Notice {
    pub(super) block: Signed<Block>,
    /// Whether the current key signed it. One by a former key alone takes nothing away.
    by_current: bool,
}

impl Notice {
    /// As [`Block::verify`].
    pub(super) fn verify(
        file: &SignedFile,
        charter: &Charter,
        keys: &EmergencyKeys,
    ) -> Result<Self, DocumentError> {
        let block = Block::verify(file, charter, keys)?;
        Ok(Self { block, by_current: keys.require_current(file).is_ok() })
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

/// What counts of the notices about one agency.
#[derive(Debug, Clone, Default)]
pub(super) struct Standing {
    /// Those that count.
    pub(super) notices: Vec<Signed<Block>>,
    /// The last of them that the current key signed: the floor of the next reading. One by a former key must not put any
    /// below the floor.
    pub(super) highest: Option<(u64, Digest)>,
}

/// The notices about one agency that count, out of all that were verified.
///
/// The one with the highest sequence counts; a lift only where it names, as its predecessor, a notice that counted
/// if one is known: two texts under one sequence are read so that the agency is stopped. The order in which notices come
/// makes no difference. Those by a former key count beside the others, for their end must not be the end of theirs, until
/// the current key lets the agency go on: whoever has a key that was replaced could otherwise always name a higher
/// sequence, and stop for ever.
pub(super) fn standing(mut notices: Vec<Notice>) -> Standing {
    notices.sort_by_key(|notice| (notice.block.sequence, notice.block.digest(), !notice.by_current));
    notices.dedup_by_key(|notice| notice.block.digest());
    let (mut standing, mut former) = (Standing::default(), Vec::new());
    for same in notices.chunk_by(|a, b| a.block.sequence == b.block.sequence) {
        let (current, others): (Vec<_>, Vec<_>) = same.iter().partition(|notice| notice.by_current);
        let current: Vec<_> = current.iter().map(|notice| notice.block.clone()).collect();
        take(&mut standing.notices, &former, &current);
        let last = standing.notices.last().map(|last| (last.sequence, last.digest()));
        standing.highest = if current.is_empty() { standing.highest } else { last };
        former.extend(others.iter().map(|notice| notice.block.clone()));
    }
    let goes_on = !standing.notices.is_empty() && standing.notices.iter().all(|notice| notice.lifted);
    if !goes_on {
        standing.notices.append(&mut former);
    }
    standing
}

/// Lets the notices of one sequence take the place of those before.
fn take(standing: &mut Vec<Signed<Block>>, former: &[Signed<Block>], same: &[Signed<Block>]) {
    let follows = |notice: &&Signed<Block>| {
        let mut known = standing.iter().chain(former);
        let gap = known.clone().all(|before| before.sequence.checked_add(1) != Some(notice.sequence));
        gap || known.any(|before| notice.previous == Some(before.digest()))
    };
    let stops = |notice: &&Signed<Block>| !notice.lifted;
    let (following, others): (Vec<_>, Vec<_>) = same.iter().partition(|notice| follows(notice));
    let stopping: Vec<_> = same.iter().filter(stops).cloned().collect();
    if following.is_empty() {
        standing.extend(others.into_iter().filter(stops).cloned());
    } else if stopping.is_empty() {
        *standing = following.into_iter().cloned().collect();
    } else {
        *standing = stopping;
    }
}
