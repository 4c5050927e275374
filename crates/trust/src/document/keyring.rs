//! The keyring: what an agency says of itself for days, signed by its keyring key.

use super::{Document, DocumentError, Signed, SignedFile, parse, signed, to_toml};
use crate::cose::Kind;
use crate::envelope::CLOCK_SKEW_MAX;
use crate::sealing::SealingPublicKey;
use crate::signing::PublicKey;
use concord_domain::{AgencyId, Digest, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// The keys that will follow, published before they are used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NextKeys {
    /// The next message key.
    pub message: PublicKey,
    /// The next checkpoint key.
    pub checkpoint: PublicKey,
    /// The next sealing key.
    pub sealing: SealingPublicKey,
}

/// What an agency says of itself for days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keyring {
    /// Whose keyring it is.
    pub agency: AgencyId,
    /// Grows by one with each new keyring.
    pub sequence: u64,
    /// SHA-256 of the keyring before this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<Digest>,
    /// When it was issued.
    pub issued: Timestamp,
    /// When it ends; at most [`Keyring::LIFE_MAX`] later.
    pub expires: Timestamp,
    /// Where its federation API is: `https://host:port`, best first.
    pub endpoints: Vec<String>,
    /// Protocol versions that its node speaks.
    pub protocols: Vec<u32>,
    /// The key that signs requests, hops, answers and receipts.
    pub message: PublicKey,
    /// The key that signs checkpoints.
    pub checkpoint: PublicKey,
    /// The key that bodies for it are sealed to.
    pub sealing: SealingPublicKey,
    /// The CA certificates of its trust domain, each in PEM.
    pub tls_bundle: Vec<String>,
    /// The keys that will follow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<NextKeys>,
}

impl Keyring {
    /// Life at most: a lost key does harm for no longer than a week.
    pub const LIFE_MAX: Duration = Duration::from_secs(7 * 86_400);
    /// Endpoints at most.
    pub const ENDPOINTS_MAX: usize = 8;
    /// CA certificates at most: today's and the next one's, with room for a change of both.
    pub const BUNDLE_MAX: usize = 4;

    /// The text to sign.
    pub fn to_toml(&self) -> String {
        to_toml(self)
    }

    /// Whether the keyring is alive at `now`; one issued in the future, beyond the clock skew, is not yet, for
    /// it would otherwise live longer than [`Keyring::LIFE_MAX`].
    pub fn is_current(&self, now: Timestamp) -> bool {
        self.issued <= now.plus(CLOCK_SKEW_MAX) && now < self.expires
    }

    /// Whether what it names still counts at `now` for what was signed while it was alive: for the clock skew longer
    /// than [`Keyring::is_current`].
    pub fn is_honoured(&self, now: Timestamp) -> bool {
        self.issued <= now.plus(CLOCK_SKEW_MAX) && now < self.expires.plus(CLOCK_SKEW_MAX)
    }

    /// The message key, then the next one: its agency may begin to use it before everybody has the next keyring.
    pub fn message_keys(&self) -> impl Iterator<Item = PublicKey> + use<> {
        std::iter::once(self.message).chain(self.next.as_ref().map(|next| next.message))
    }

    /// The checkpoint key, then the next one.
    pub fn checkpoint_keys(&self) -> impl Iterator<Item = PublicKey> + use<> {
        std::iter::once(self.checkpoint).chain(self.next.as_ref().map(|next| next.checkpoint))
    }

    /// Every signing key that the keyring names, with its use. A key may be its own successor.
    pub(super) fn signing_keys(&self) -> impl Iterator<Item = (&'static str, PublicKey)> {
        let next = self.next.as_ref().map(|n| [("message", n.message), ("checkpoint", n.checkpoint)]);
        let now = [("message", self.message), ("checkpoint", self.checkpoint)];
        now.into_iter().chain(next.into_iter().flatten())
    }

    /// Accepts the keyring if one of the agency's keyring keys signed it.
    pub fn verify(
        file: &SignedFile,
        keyring_keys: impl Fn(&AgencyId) -> Vec<PublicKey>,
    ) -> Result<Signed<Self>, DocumentError> {
        let agency = parse::<Self>(file)?.agency;
        let keys = keyring_keys(&agency);
        if keys.is_empty() {
            let message = format!("there is no card of {agency} that names its keyring key");
            return Err(DocumentError::Contradiction { file: file.name.clone(), message });
        }
        file.require_any(Kind::Keyring, agency.as_str(), &keys)?;
        signed(file)
    }
}

impl Document for Keyring {
    fn link(&self) -> (u64, Option<Digest>) {
        (self.sequence, self.previous)
    }

    fn check(&self) -> Result<(), String> {
        if self.expires <= self.issued || self.expires.since(self.issued) > Self::LIFE_MAX {
            return Err("expires: must be after issued, by 7 days at most".into());
        }
        let mut uses = BTreeMap::new();
        for (field, key) in self.signing_keys() {
            let earlier = uses.insert(key, field).filter(|earlier| *earlier != field);
            if let Some(other) = earlier {
                return Err(format!("{field}: the same key as {other}; one key has one use"));
            }
        }
        if self.endpoints.len() > Self::ENDPOINTS_MAX {
            return Err(format!("endpoints: more than {}", Self::ENDPOINTS_MAX));
        }
        if let Some(bad) = self.endpoints.iter().find(|e| !e.starts_with("https://")) {
            return Err(format!("endpoints: {bad:?} is not https://host:port"));
        }
        if self.tls_bundle.is_empty() || self.tls_bundle.len() > Self::BUNDLE_MAX {
            return Err(format!("tls_bundle: must have 1 to {} certificates", Self::BUNDLE_MAX));
        }
        Ok(())
    }
}
