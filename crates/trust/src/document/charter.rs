//! The charter: the signed list of member agencies, their superiors and root keys.

use super::{Document, DocumentError, Signed, SignedFile, check_text, signed, to_toml};
use crate::cose::Kind;
use crate::sha256;
use crate::signing::PublicKey;
use concord_domain::{AgencyId, Digest};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What kind of agency a member is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MemberKind {
    /// The ministry.
    Ministry,
    /// A province, autonomous region, municipality, or the production corps.
    Province,
    /// A prefecture or city.
    Prefecture,
    /// A county or district.
    County,
    /// Another department, such as food and drug.
    Department,
    /// A partner abroad.
    Foreign,
}

/// A member agency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// Its name.
    pub agency: AgencyId,
    /// What kind it is.
    pub kind: MemberKind,
    /// Its superior; none for the ministry, departments and foreign partners.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub superior: Option<AgencyId>,
    /// Its root key, which signs its cards.
    pub root: PublicKey,
}

/// The list of members. Nodes are started with its SHA-256, given out of band.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Charter {
    /// What the federation is called.
    pub name: String,
    /// Grows by one with each new charter.
    pub sequence: u64,
    /// SHA-256 of the charter before this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<Digest>,
    /// How many of the charter keys must sign.
    pub threshold: usize,
    /// The charter keys.
    pub keys: Vec<PublicKey>,
    /// The key that signs block notices; without one nobody can stop an agency everywhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emergency: Option<PublicKey>,
    /// The members.
    pub members: Vec<Member>,
}

impl Charter {
    /// Steps from a member to the top of its line at most: station, county, prefecture, province, ministry,
    /// and some to spare.
    pub const LEVELS_MAX: usize = 8;

    /// The text to sign.
    pub fn to_toml(&self) -> String {
        to_toml(self)
    }

    /// Accepts the charter if its bytes are the expected ones and enough of its keys signed them.
    pub fn verify(file: &SignedFile, expected: Digest) -> Result<Signed<Self>, DocumentError> {
        let found = sha256(&[&file.bytes]);
        if found != expected {
            return Err(DocumentError::OtherCharter { file: file.name.clone(), found, expected });
        }
        let charter = signed::<Self>(file)?;
        charter.require_threshold(file)?;
        Ok(charter)
    }

    /// Demands that enough of this charter's keys signed `file`.
    pub(super) fn require_threshold(&self, file: &SignedFile) -> Result<(), DocumentError> {
        let has_signed = |key: &&PublicKey| file.require(Kind::Charter, "a charter key", key).is_ok();
        let signed = self.keys.iter().filter(has_signed).count();
        if signed >= self.threshold {
            return Ok(());
        }
        let signer = format!("{} charter keys, only by {signed}", self.threshold);
        Err(DocumentError::NotSigned { file: file.name.clone(), signer })
    }
}

impl Document for Charter {
    fn link(&self) -> (u64, Option<Digest>) {
        (self.sequence, self.previous)
    }

    fn check(&self) -> Result<(), String> {
        check_text("name", &self.name)?;
        let distinct: BTreeSet<_> = self.keys.iter().collect();
        if distinct.len() != self.keys.len() {
            return Err("keys: the same key stands there twice".into());
        }
        if self.emergency.is_some_and(|emergency| distinct.contains(&emergency)) {
            return Err("emergency: the same as a charter key; one key has one use".into());
        }
        if self.threshold == 0 || self.threshold > self.keys.len() {
            return Err(format!("threshold: must be 1 to {}, the number of keys", self.keys.len()));
        }
        let superiors: BTreeMap<_, _> =
            self.members.iter().map(|m| (&m.agency, m.superior.as_ref())).collect();
        if superiors.len() != self.members.len() {
            return Err("members: an agency stands there twice".into());
        }
        let roots: BTreeSet<_> = self.members.iter().map(|m| m.root).collect();
        if roots.len() != self.members.len() {
            return Err("members: two agencies share a root key".into());
        }
        if self.emergency.is_some_and(|emergency| roots.contains(&emergency)) {
            return Err("emergency: the same as a member's root key; one key has one use".into());
        }
        self.members.iter().try_for_each(|member| line_ends(member, &superiors))
    }
}

fn line_ends(member: &Member, superiors: &BTreeMap<&AgencyId, Option<&AgencyId>>) -> Result<(), String> {
    let mut next = member.superior.as_ref();
    for _ in 0..=Charter::LEVELS_MAX {
        let Some(superior) = next else { return Ok(()) };
        let above = superiors.get(superior);
        next = *above
            .ok_or_else(|| format!("members: {} is below {superior}, which is no member", member.agency))?;
    }
    Err(format!(
        "members: the superiors of {} form a circle or more than {} levels",
        member.agency,
        Charter::LEVELS_MAX
    ))
}
