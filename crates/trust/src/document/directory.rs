//! The directory: one consistent view of charter, cards and keyrings.

use super::{Card, Charter, DocumentError, Floor, Keyring, Member, Signed, SignedFile, above_floor};
use crate::signing::{KeyId, PublicKey};
use concord_domain::{AgencyId, Digest};
use std::collections::BTreeMap;
use std::path::Path;

/// Everything that agencies say of themselves, verified. Immutable; a change makes a new one.
#[derive(Debug, Clone)]
pub struct Directory {
    charter: Signed<Charter>,
    members: BTreeMap<AgencyId, Member>,
    cards: BTreeMap<AgencyId, Signed<Card>>,
    keyrings: BTreeMap<AgencyId, Signed<Keyring>>,
    message_keys: BTreeMap<KeyId, AgencyId>,
}

impl Directory {
    /// Reads `charter.toml`, `cards/*.toml` and `keyrings/*.toml` below `folder`. A bad card or keyring, or one below
    /// the floor, leaves its agency without one and is told in the list; a bad charter fails the whole.
    pub fn read(
        folder: &Path,
        charter: Digest,
        floor: impl Floor + 'static,
    ) -> Result<(Self, Vec<DocumentError>), DocumentError> {
        let file = SignedFile::read(&folder.join("charter.toml"))?;
        let verified = Charter::verify(&file, charter)?;
        let sequence = verified.sequence;
        let verified = above_floor(verified, sequence, &file, floor("charter"))?;
        let mut builder = DirectoryBuilder::new(verified).above(floor);
        let mut problems = Vec::new();
        for path in documents(&folder.join("cards"), &mut problems) {
            let added = SignedFile::read(&path).and_then(|file| builder.card(&file));
            problems.extend(added.err());
        }
        for path in documents(&folder.join("keyrings"), &mut problems) {
            let added = SignedFile::read(&path).and_then(|file| builder.keyring(&file));
            problems.extend(added.err());
        }
        Ok((builder.build(), problems))
    }

    /// The charter.
    pub fn charter(&self) -> &Signed<Charter> {
        &self.charter
    }

    /// All members, by name.
    pub fn members(&self) -> impl Iterator<Item = &Member> {
        self.members.values()
    }

    /// A member.
    pub fn member(&self, agency: &AgencyId) -> Option<&Member> {
        self.members.get(agency)
    }

    /// A member's card.
    pub fn card(&self, agency: &AgencyId) -> Option<&Signed<Card>> {
        self.cards.get(agency)
    }

    /// A member's keyring; whether it is still alive is for the caller to ask.
    pub fn keyring(&self, agency: &AgencyId) -> Option<&Signed<Keyring>> {
        self.keyrings.get(agency)
    }

    /// All keyrings, by agency.
    pub fn keyrings(&self) -> impl Iterator<Item = &Signed<Keyring>> {
        self.keyrings.values()
    }

    /// All cards, by agency.
    pub fn cards(&self) -> impl Iterator<Item = &Signed<Card>> {
        self.cards.values()
    }

    /// Whose message key this is.
    pub fn by_message_key(&self, key: KeyId) -> Option<&Signed<Keyring>> {
        self.message_keys.get(&key).and_then(|agency| self.keyrings.get(agency))
    }

    /// `agency` itself, then its superiors up to the top. Circles cannot be: the charter was checked.
    pub fn line(&self, agency: &AgencyId) -> impl Iterator<Item = &AgencyId> {
        let member = |agency: &AgencyId| self.members.get(agency);
        std::iter::successors(member(agency), move |m| m.superior.as_ref().and_then(member))
            .map(|m| &m.agency)
    }

    /// Whether `agency` stands below `superior` in the charter, at any depth.
    pub fn is_below(&self, agency: &AgencyId, superior: &AgencyId) -> bool {
        self.line(agency).skip(1).any(|above| above == superior)
    }
}

fn documents(folder: &Path, problems: &mut Vec<DocumentError>) -> Vec<std::path::PathBuf> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(source) => {
            problems.push(DocumentError::File { file: folder.display().to_string(), source });
            return Vec::new();
        }
    };
    let mut paths: Vec<_> = entries.filter_map(|e| e.ok().map(|e| e.path())).collect();
    paths.retain(|path| path.extension().is_some_and(|e| e == "toml"));
    paths.sort();
    paths
}

/// Builds a [`Directory`] from the top down: a card needs its member, a keyring its card.
pub struct DirectoryBuilder {
    directory: Directory,
    floor: Box<dyn Fn(&str) -> Option<(u64, Digest)>>,
}

impl std::fmt::Debug for DirectoryBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DirectoryBuilder").field("directory", &self.directory).finish_non_exhaustive()
    }
}

impl DirectoryBuilder {
    /// Begins with a verified charter.
    pub fn new(charter: Signed<Charter>) -> Self {
        let members = charter.members.iter().map(|m| (m.agency.clone(), m.clone())).collect();
        let (cards, keyrings, message_keys) = Default::default();
        let directory = Directory { charter, members, cards, keyrings, message_keys };
        Self { directory, floor: Box::new(|_| None) }
    }

    /// Takes nothing older than what was seen before.
    #[must_use]
    pub fn above(self, floor: impl Floor + 'static) -> Self {
        Self { floor: Box::new(floor), ..self }
    }

    /// Verifies and adds a card.
    pub fn card(&mut self, file: &SignedFile) -> Result<(), DocumentError> {
        let root = |agency: &AgencyId| self.directory.members.get(agency).map(|m| m.root);
        let card = Card::verify(file, root)?;
        let (sequence, seen) = (card.sequence, (self.floor)(&card_name(&card.agency)));
        let card = above_floor(card, sequence, file, seen)?;
        self.directory.cards.insert(card.agency.clone(), card);
        Ok(())
    }

    /// Verifies and adds a keyring. A message key that another agency already publishes is refused: a signature
    /// must name one signer.
    pub fn keyring(&mut self, file: &SignedFile) -> Result<(), DocumentError> {
        let key = |agency: &AgencyId| self.directory.cards.get(agency).map(|c| c.keyring_key);
        let keyring = Keyring::verify(file, key)?;
        let (sequence, seen) = (keyring.sequence, (self.floor)(&keyring_name(&keyring.agency)));
        let keyring = above_floor(keyring, sequence, file, seen)?;
        let owner = self.directory.message_keys.get(&keyring.message.key_id());
        if owner.is_some_and(|owner| *owner != keyring.agency) {
            let message = "message: another agency publishes the same key".to_owned();
            return Err(DocumentError::Contradiction { file: file.name.clone(), message });
        }
        self.directory.message_keys.insert(keyring.message.key_id(), keyring.agency.clone());
        self.directory.keyrings.insert(keyring.agency.clone(), keyring);
        Ok(())
    }

    /// The finished view.
    pub fn build(self) -> Directory {
        self.directory
    }
}

fn card_name(agency: &AgencyId) -> String {
    format!("card/{agency}")
}

fn keyring_name(agency: &AgencyId) -> String {
    format!("keyring/{agency}")
}

impl Directory {
    /// Name, sequence and digest of each document: to be kept, and given back as the floor.
    pub fn highest(&self) -> impl Iterator<Item = (String, u64, Digest)> {
        let charter = ("charter".to_owned(), self.charter.sequence, self.charter.digest());
        let cards = self.cards.values().map(|c| (card_name(&c.agency), c.sequence, c.digest()));
        let keyrings = self.keyrings.values().map(|k| (keyring_name(&k.agency), k.sequence, k.digest()));
        std::iter::once(charter).chain(cards).chain(keyrings)
    }

    /// The key that an agency signs agreements with.
    pub fn agreement_key(&self, agency: &AgencyId) -> Option<PublicKey> {
        self.cards.get(agency).map(|card| card.agreement_key)
    }
}
