//! The card: what an agency says of itself for years, signed by its root key.

use super::{Document, DocumentError, Signed, SignedFile, check_text, parse, signed, to_toml};
use crate::cose::Kind;
use crate::signing::PublicKey;
use concord_domain::{AgencyId, Digest};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// An agency's names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Names {
    /// In Chinese.
    pub zh: String,
    /// In English.
    pub en: String,
}

/// The desk that receives and reviews requests (Rules 348): an office, never a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DutyDesk {
    /// Telephone of the desk.
    pub phone: String,
    /// Mail address of the desk.
    pub email: String,
    /// When it is staffed, in words.
    pub hours: String,
}

/// The signing keys that will follow, published before they are used alone: what either key signed counts, so that an
/// agency changes a key without a moment in which others take neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NextSigners {
    /// The next agreement key; today's where it stays.
    pub agreement_key: PublicKey,
    /// The next keyring key; today's where it stays.
    pub keyring_key: PublicKey,
}

/// What an agency says of itself for years.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Card {
    /// Whose card it is.
    pub agency: AgencyId,
    /// Grows by one with each new card.
    pub sequence: u64,
    /// SHA-256 of the card before this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<Digest>,
    /// The key that signs agreements; may stay offline.
    pub agreement_key: PublicKey,
    /// The key that signs keyrings.
    pub keyring_key: PublicKey,
    /// Its names.
    pub names: Names,
    /// Its duty desk.
    pub duty_desk: DutyDesk,
    /// The keys that will follow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<NextSigners>,
}

impl Card {
    /// The text to sign.
    pub fn to_toml(&self) -> String {
        to_toml(self)
    }

    /// The agreement key, then the next one where there is another.
    pub fn agreement_keys(&self) -> impl Iterator<Item = PublicKey> + use<> {
        let (current, next) = (self.agreement_key, self.next.map(|next| next.agreement_key));
        std::iter::once(current).chain(next.filter(|next| *next != current))
    }

    /// The keyring key, then the next one where there is another.
    pub fn keyring_keys(&self) -> impl Iterator<Item = PublicKey> + use<> {
        let (current, next) = (self.keyring_key, self.next.map(|next| next.keyring_key));
        std::iter::once(current).chain(next.filter(|next| *next != current))
    }

    /// Every key that the card names, with its use.
    pub(super) fn signing_keys(&self) -> impl Iterator<Item = (&'static str, PublicKey)> + use<> {
        let agreement = self.agreement_keys().map(|key| ("the agreement key", key));
        agreement.chain(self.keyring_keys().map(|key| ("the keyring key", key)))
    }

    /// Accepts the card if `root` signed it.
    pub fn verify(
        file: &SignedFile,
        root: impl Fn(&AgencyId) -> Option<PublicKey>,
    ) -> Result<Signed<Self>, DocumentError> {
        let agency = parse::<Self>(file)?.agency;
        let root = root(&agency)
            .ok_or_else(|| DocumentError::NotAMember { file: file.name.clone(), agency: agency.clone() })?;
        file.require(Kind::Card, agency.as_str(), &root)?;
        signed(file)
    }
}

/// The root keys of those who have left, by agency.
pub type FormerRoots = BTreeMap<AgencyId, BTreeSet<PublicKey>>;

impl Card {
    /// The card, if a root key signed it that its agency had before it left.
    pub fn former(file: &SignedFile, former: &FormerRoots) -> Option<Signed<Self>> {
        let roots = former.get(&parse::<Self>(file).ok()?.agency)?;
        roots.iter().find_map(|root| Self::verify(file, |_| Some(*root)).ok())
    }
}

impl Document for Card {
    fn link(&self) -> (u64, Option<Digest>) {
        (self.sequence, self.previous)
    }

    fn check(&self) -> Result<(), String> {
        let Self { names: Names { zh, en }, duty_desk: DutyDesk { phone, email, hours }, .. } = self;
        check_text("names.zh", zh)?;
        check_text("names.en", en)?;
        check_text("duty_desk.phone", phone)?;
        check_text("duty_desk.email", email)?;
        check_text("duty_desk.hours", hours)?;
        if self.agreement_keys().any(|key| self.keyring_keys().any(|other| other == key)) {
            return Err("agreement_key: the same as keyring_key; one key has one use".into());
        }
        Ok(())
    }
}
