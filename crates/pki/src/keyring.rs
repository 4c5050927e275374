//! Renewal of an agency's keyring, which lives for a week at most: with the same keys, or with the next ones.

use crate::card::last_card;
use crate::documents::{charters, sign_keyring};
use crate::error::PkiError;
use crate::file::{keep_before, kept_before, last_whole, publish, read_text};
use crate::keys::read_keyring_key;
use crate::layout::{Layout, NodeFolder};
use crate::rotation::put_in_place;
use concord_domain::{AgencyId, Timestamp};
use concord_trust::{DirectoryBuilder, Keyring, Signed, SignedFile, SigningKey};
use std::time::Duration;

/// What the next keyring changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renewal {
    /// When it is issued.
    pub now: Timestamp,
    /// How long it lives; [`Keyring::LIFE_MAX`] at most.
    pub life: Duration,
    /// New endpoints; `None` keeps those of the keyring before.
    pub endpoints: Option<Vec<String>>,
}

/// Issues the successor of an agency's keyring: the next sequence number, the digest of the one before, the
/// authority's certificate as it stands in the folder now, the same keys. Returns the new sequence number.
///
/// The keyring before stays beside it as `AGENCY~SEQUENCE.toml`, so that a reader who comes between document and signature
/// of the new one finds a whole one. Where a change of keys broke off, the keys go back to where they stood before it: those
/// that the keyring names again must not die while it lives.
///
/// # Errors
/// [`PkiError::NoSuchKey`] if the folder has not the keys that the keyring names.
pub fn renew_keyring(layout: &Layout, agency: &AgencyId, renewal: &Renewal) -> Result<u64, PkiError> {
    let last = LastKeyring::read(layout, agency)?;
    let next = last.successor(renewal)?;
    put_in_place(&last.folder, &next)?;
    last.follow(layout, &next)
}

/// An agency's keyring as it is published, and what makes the one after it.
pub(crate) struct LastKeyring {
    pub(crate) keyring: Signed<Keyring>,
    /// Those before it that are kept.
    before: Vec<Signed<Keyring>>,
    file: SignedFile,
    folder: NodeFolder,
    signer: SigningKey,
}

impl LastKeyring {
    pub(crate) fn read(layout: &Layout, agency: &AgencyId) -> Result<Self, PkiError> {
        let folder = layout.node(agency);
        let directory = directory_of(layout, agency)?.build();
        let card = directory.card(agency);
        let signer = read_keyring_key(&folder, card.map(|card| card.keyring_key))?;
        let keys: Vec<_> = card.into_iter().flat_map(|card| card.keyring_keys()).collect();
        let verify = |file: &SignedFile| Keyring::verify(file, |_| keys.clone());
        let kept = kept_before(&layout.keyrings(), agency.as_str())?;
        let file = last_whole(&layout.keyrings(), agency.as_str(), &kept, verify)?;
        let mut builder = directory_of(layout, agency)?;
        builder.keyring(&file)?;
        let keyring = builder.build().keyring(agency).cloned();
        let keyring = keyring.ok_or_else(|| PkiError::NotAMember { agency: agency.clone() })?;
        let before = kept.iter().filter_map(|file| verify(file).ok()).collect();
        Ok(Self { keyring, before, file, folder, signer })
    }

    /// When the last of the keyrings ends that name its sealing key: who has an earlier one only seals by that, and it may
    /// live longer than the later ones.
    pub(crate) fn sealed_to_until(&self) -> Timestamp {
        let same = self.before.iter().filter(|before| before.sealing == self.keyring.sealing);
        same.map(|before| before.expires).fold(self.keyring.expires, Timestamp::max)
    }

    /// The next one with the same keys.
    pub(crate) fn successor(&self, renewal: &Renewal) -> Result<Keyring, PkiError> {
        let Renewal { now, life, endpoints } = renewal;
        Ok(Keyring {
            sequence: self.keyring.sequence.saturating_add(1),
            previous: Some(self.keyring.digest()),
            issued: *now,
            expires: now.plus(*life),
            endpoints: endpoints.clone().unwrap_or_else(|| self.keyring.endpoints.clone()),
            tls_bundle: vec![read_text(&self.folder.authority().certificate)?],
            ..Keyring::clone(&self.keyring)
        })
    }

    /// Signs and publishes the next one, if a node would accept it. Returns its sequence.
    pub(crate) fn follow(&self, layout: &Layout, next: &Keyring) -> Result<u64, PkiError> {
        let (agency, sequence) = (&next.agency, self.keyring.sequence);
        let file = sign_keyring(next, &self.signer);
        directory_of(layout, agency)?.keyring(&file)?;
        keep_before(&layout.keyrings(), agency.as_str(), sequence, &self.file)?;
        publish(&layout.keyrings(), agency.as_str(), &file)?;
        Ok(next.sequence)
    }
}

/// The charter that counts and this agency's card.
fn directory_of(layout: &Layout, agency: &AgencyId) -> Result<DirectoryBuilder, PkiError> {
    let charter = charters(layout)?.current().clone();
    let card = last_card(layout, agency, &charter)?;
    let mut builder = DirectoryBuilder::new(charter);
    builder.card(&card)?;
    Ok(builder)
}
