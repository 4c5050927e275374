//! Renewal of an agency's card: another desk, other names, another agreement or keyring key.

use crate::documents::charters;
use crate::error::PkiError;
use crate::file::{keep_before, kept_before, last_whole, publish, rename};
use crate::keys::{read_key, write_key};
use crate::layout::{KeyName, Layout};
use concord_domain::{AgencyId, Entropy};
use concord_trust::{
    Card, Charter, DirectoryBuilder, DutyDesk, Kind, Names, NextSigners, PublicKey, Signed, SignedFile,
    SigningKey, Turn,
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
    /// Whether it announces a new agreement key, or names the one that the card before has announced.
    pub agreement_key: bool,
    /// The same for the keyring key.
    pub keyring_key: bool,
}

/// What a renewal did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CardRenewed {
    /// The card's sequence.
    pub sequence: u64,
    /// Whether the card announces keys that a later one is to name.
    pub announces: bool,
}

/// Issues the successor of an agency's card, signed by its root key.
///
/// A key changes by two cards. The first announces the new one, which signs beside the old one from then on: what either
/// signed counts, and the documents in the folder are signed by both. The second one, which is to come when everybody has
/// the first, names the new key alone, whose private key takes the old one's place. If this ends in between, the next
/// renewal first finishes that.
///
/// # Errors
/// [`PkiError::Document`] for what a node would not accept; [`PkiError::File`] without the keys at hand;
/// [`PkiError::NotAnnounced`] if the key at hand is not the one that was announced.
pub fn renew_card(
    layout: &Layout,
    agency: &AgencyId,
    renewal: &CardRenewal,
    entropy: &dyn Entropy,
) -> Result<CardRenewed, PkiError> {
    let last = LastCard::read(layout, agency)?;
    last.promote(&last.card)?;
    let root = read_key(last.keys.join(KeyName::Root.file_name()))?;
    let announced = last.card.next;
    let agreement = last.step(
        KeyName::Agreement,
        renewal.agreement_key,
        (last.card.agreement_key, announced.map(|next| next.agreement_key)),
        entropy,
    )?;
    let keyring = last.step(
        KeyName::Keyring,
        renewal.keyring_key,
        (last.card.keyring_key, announced.map(|next| next.keyring_key)),
        entropy,
    )?;
    let next = last.successor(renewal, &agreement, &keyring);
    let name = format!("cards/{agency}.toml");
    let file = SignedFile::unsigned(&name, next.to_toml()).sign(Kind::Card, agency.as_str(), &root);
    let mut builder = DirectoryBuilder::new(last.charter.clone());
    [&last.file, &file].into_iter().try_for_each(|file| builder.card(file))?;
    let label = format!("{agency}~{}", next.sequence);
    if let Some(key) = &agreement.signer {
        last.prepare(KeyName::Agreement, key)?;
        let old = last.card.agreement_key;
        also_sign(&layout.agreements(), Kind::Agreement, (agency, &old), (&label, key))?;
        also_sign(&layout.declarations(), Kind::Declaration, (agency, &old), (&label, key))?;
    }
    if let Some(key) = &keyring.signer {
        last.prepare(KeyName::Keyring, key)?;
        also_sign(&layout.keyrings(), Kind::Keyring, (agency, &last.card.keyring_key), (&label, key))?;
    }
    keep_before(&layout.cards(), agency.as_str(), last.card.sequence, &last.file)?;
    publish(&layout.cards(), agency.as_str(), &file)?;
    last.promote(&next)?;
    Ok(CardRenewed { sequence: next.sequence, announces: next.next.is_some() })
}

/// What becomes of a key by the next card.
struct Step {
    current: PublicKey,
    next: PublicKey,
    /// The key that signs beside the old one.
    signer: Option<SigningKey>,
}

/// An agency's card as it is published, and where its keys are.
struct LastCard {
    charter: Signed<Charter>,
    card: Signed<Card>,
    file: SignedFile,
    keys: PathBuf,
}

impl LastCard {
    fn read(layout: &Layout, agency: &AgencyId) -> Result<Self, PkiError> {
        let charter = charters(layout)?.current().clone();
        let file = last_card(layout, agency, &charter)?;
        let mut builder = DirectoryBuilder::new(charter.clone());
        builder.card(&file)?;
        let card = builder.build().card(agency).cloned();
        let card = card.ok_or_else(|| PkiError::NotAMember { agency: agency.clone() })?;
        Ok(Self { charter, card, file, keys: layout.member_keys(agency) })
    }

    /// What becomes of the key `current`, of which the card before may have announced the next one.
    fn step(
        &self,
        name: KeyName,
        wanted: bool,
        (current, announced): (PublicKey, Option<PublicKey>),
        entropy: &dyn Entropy,
    ) -> Result<Step, PkiError> {
        match announced.filter(|announced| *announced != current) {
            Some(announced) if wanted => {
                let key = read_key(self.next(name))?;
                if key.public() != announced {
                    return Err(PkiError::NotAnnounced { file: self.next(name) });
                }
                Ok(Step { current: announced, next: announced, signer: Some(key) })
            }
            Some(announced) => Ok(Step { current, next: announced, signer: None }),
            None if wanted => {
                let key = SigningKey::generate(entropy);
                Ok(Step { current, next: key.public(), signer: Some(key) })
            }
            None => Ok(Step { current, next: current, signer: None }),
        }
    }

    /// The card that follows.
    fn successor(&self, renewal: &CardRenewal, agreement: &Step, keyring: &Step) -> Card {
        let Names { zh, en } = self.card.names.clone();
        let DutyDesk { phone, email, hours } = self.card.duty_desk.clone();
        let or = |new: &Option<String>, old| new.clone().unwrap_or(old);
        let next = NextSigners { agreement_key: agreement.next, keyring_key: keyring.next };
        let announces = agreement.next != agreement.current || keyring.next != keyring.current;
        Card {
            agency: self.card.agency.clone(),
            sequence: self.card.sequence.saturating_add(1),
            previous: Some(self.card.digest()),
            agreement_key: agreement.current,
            keyring_key: keyring.current,
            names: Names { zh: or(&renewal.name_zh, zh), en: or(&renewal.name_en, en) },
            duty_desk: DutyDesk {
                phone: or(&renewal.phone, phone),
                email: or(&renewal.email, email),
                hours: or(&renewal.hours, hours),
            },
            next: announces.then_some(next),
        }
    }

    fn next(&self, name: KeyName) -> PathBuf {
        self.keys.join(Turn::Next.file_name(name.as_str()))
    }

    /// Writes a key that a later card will name.
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

/// An agency's card as it is published, signed by the root key that this charter names.
pub(crate) fn last_card(
    layout: &Layout,
    agency: &AgencyId,
    charter: &Charter,
) -> Result<SignedFile, PkiError> {
    let member = |agency: &AgencyId| charter.members.iter().find(|member| member.agency == *agency);
    let kept = kept_before(&layout.cards(), agency.as_str())?;
    let verify = |file: &SignedFile| Card::verify(file, |agency| member(agency).map(|member| member.root));
    last_whole(&layout.cards(), agency.as_str(), &kept, verify)
}

/// Signs, with another key too, each document of a folder that the old one alone has signed.
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
        let signed_by = |key: &PublicKey| file.require(kind, agency.as_str(), key).is_ok();
        if signed_by(old) && !signed_by(&key.public()) {
            publish(folder, stem, &file.sign(kind, label, key))?;
        }
    }
    Ok(())
}
