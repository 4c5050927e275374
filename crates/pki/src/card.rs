//! Renewal of an agency's card: another desk, other names, another agreement or keyring key.

use crate::error::PkiError;
use crate::file::{keep_before, publish, rename};
use crate::keys::{read_key, write_key};
use crate::layout::{KeyName, Layout};
use concord_domain::{AgencyId, Entropy};
use concord_trust::{
    Card, Charter, DirectoryBuilder, DutyDesk, Kind, Names, PublicKey, Signed, SignedFile, SigningKey, Turn,
    sha256,
};
use std::path::{Path, PathBuf};

/// What the next card changes; what is `None` stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CardRenewal {
    /// The agency's name in Chinese.
    pub name_zh: Option<String>,
    /// Its name in English.
    pub name_en: Option<String>,
    /// Telephone of the duty desk.
    pub phone: Option<String>,
    /// Mail address of the desk.
    pub email: Option<String>,
    /// When it is staffed.
    pub hours: Option<String>,
    /// Whether it names a new agreement key. What the old one signed of the documents in the folder, the new one signs too.
    pub agreement_key: bool,
    /// Whether it names a new keyring key. The keyrings in the folder are signed by both.
    pub keyring_key: bool,
}

/// Issues the successor of an agency's card, signed by its root key. Returns its sequence.
///
/// A new key signs beside the old one before the card names it, so that documents count by either card; its private key
/// takes the old one's place afterwards. If this ends in between, the next renewal first finishes that.
///
/// # Errors
/// [`PkiError::Document`] for what a node would not accept; [`PkiError::File`] without the keys at hand.
pub fn renew_card(
    layout: &Layout,
    agency: &AgencyId,
    renewal: &CardRenewal,
    entropy: &dyn Entropy,
) -> Result<u64, PkiError> {
    let last = LastCard::read(layout, agency)?;
    last.promote(&last.card)?;
    let root = read_key(last.keys.join(KeyName::Root.file_name()))?;
    let sequence = last.card.sequence.saturating_add(1);
    let new = |wanted: bool| wanted.then(|| SigningKey::generate(entropy));
    let (agreement, keyring) = (new(renewal.agreement_key), new(renewal.keyring_key));
    let public = |new: &Option<SigningKey>, old| new.as_ref().map_or(old, SigningKey::public);
    let Names { zh, en } = last.card.names.clone();
    let DutyDesk { phone, email, hours } = last.card.duty_desk.clone();
    let or = |new: &Option<String>, old| new.clone().unwrap_or(old);
    let next = Card {
        agency: agency.clone(),
        sequence,
        previous: Some(last.card.digest()),
        agreement_key: public(&agreement, last.card.agreement_key),
        keyring_key: public(&keyring, last.card.keyring_key),
        names: Names { zh: or(&renewal.name_zh, zh), en: or(&renewal.name_en, en) },
        duty_desk: DutyDesk {
            phone: or(&renewal.phone, phone),
            email: or(&renewal.email, email),
            hours: or(&renewal.hours, hours),
        },
    };
    let name = format!("cards/{agency}.toml");
    let file = SignedFile::unsigned(&name, next.to_toml()).sign(Kind::Card, agency.as_str(), &root);
    let mut builder = DirectoryBuilder::new(last.charter.clone());
    [&last.file, &file].into_iter().try_for_each(|file| builder.card(file))?;
    let label = format!("{agency}~{sequence}");
    if let Some(key) = &agreement {
        last.prepare(KeyName::Agreement, key)?;
        let old = last.card.agreement_key;
        also_sign(&layout.agreements(), Kind::Agreement, (agency, &old), (&label, key))?;
        also_sign(&layout.declarations(), Kind::Declaration, (agency, &old), (&label, key))?;
    }
    if let Some(key) = &keyring {
        last.prepare(KeyName::Keyring, key)?;
        also_sign(&layout.keyrings(), Kind::Keyring, (agency, &last.card.keyring_key), (&label, key))?;
    }
    keep_before(&layout.cards(), agency.as_str(), last.card.sequence, &last.file)?;
    publish(&layout.cards(), agency.as_str(), &file)?;
    last.promote(&next)?;
    Ok(sequence)
}

/// An agency's card as it is published, and where its keys are.
struct LastCard {
    charter: Signed<Charter>,
    card: Signed<Card>,
    file: SignedFile,
    keys: PathBuf,
}

impl LastCard {
    /// The charter is taken as it is: whoever has the root key needs nobody to tell him which federation this is.
    fn read(layout: &Layout, agency: &AgencyId) -> Result<Self, PkiError> {
        let charter = SignedFile::read(&layout.charter())?;
        let charter = Charter::verify(&charter, sha256(&[&charter.bytes]))?;
        let file = SignedFile::read(&layout.cards().join(format!("{agency}.toml")))?;
        let mut builder = DirectoryBuilder::new(charter.clone());
        builder.card(&file)?;
        let card = builder.build().card(agency).cloned();
        let card = card.ok_or_else(|| PkiError::NotAMember { agency: agency.clone() })?;
        Ok(Self { charter, card, file, keys: layout.member_keys(agency) })
    }

    fn next(&self, name: KeyName) -> PathBuf {
        self.keys.join(Turn::Next.file_name(name.as_str()))
    }

    /// Writes a key that the next card will name.
    fn prepare(&self, name: KeyName, key: &SigningKey) -> Result<(), PkiError> {
        write_key(&self.next(name), &key.to_text())
    }

    /// Puts those prepared keys that the card names in the place of the ones before.
    fn promote(&self, card: &Card) -> Result<(), PkiError> {
        for (name, public) in [(KeyName::Agreement, card.agreement_key), (KeyName::Keyring, card.keyring_key)]
        {
            let file = self.next(name);
            if file.exists() && read_key(file.clone())?.public() == public {
                rename(&file, &self.keys.join(name.file_name()))?;
            }
        }
        Ok(())
    }
}

/// Signs, with another key too, each document of a folder that the old one has signed.
fn also_sign(
    folder: &Path,
    kind: Kind,
    (agency, old): (&AgencyId, &PublicKey),
    (label, key): (&str, &SigningKey),
) -> Result<(), PkiError> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(PkiError::file(folder))?,
    };
    for entry in entries {
        let path = entry.map_err(PkiError::file(folder))?.path();
        let stem = path.file_stem().and_then(|stem| stem.to_str());
        let Some(stem) = stem.filter(|_| path.extension().is_some_and(|end| end == "toml")) else { continue };
        let file = SignedFile::read(&path)?;
        if file.require(kind, agency.as_str(), old).is_ok() {
            publish(folder, stem, &file.sign(kind, label, key))?;
        }
    }
    Ok(())
}
