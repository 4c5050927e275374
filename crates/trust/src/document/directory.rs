//! The directory: one consistent view of charter, cards, keyrings and block notices.

use super::block::Notice;
use super::{
    Block, Card, Charter, DocumentError, EmergencyKeys, Floor, Keyring, Member, Signed, SignedFile,
    above_floor, block, follows,
};
use crate::signing::{KeyId, PublicKey};
use concord_domain::{AgencyId, Digest, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// Everything that agencies say of themselves, verified. Immutable; a change makes a new one.
#[derive(Debug, Clone)]
pub struct Directory {
    charter: Signed<Charter>,
    members: BTreeMap<AgencyId, Member>,
    /// Those who were members once and then were not, also if they are back, with the agreement keys that they had.
    former: BTreeMap<AgencyId, Vec<PublicKey>>,
    cards: BTreeMap<AgencyId, Signed<Card>>,
    keyrings: BTreeMap<AgencyId, Signed<Keyring>>,
    /// Of each agency the keyring before its own, where it is known: what was signed by it may still be under way.
    before: BTreeMap<AgencyId, Signed<Keyring>>,
    /// Who publishes a message key, in its keyring or in the one before.
    message_keys: BTreeMap<KeyId, BTreeSet<AgencyId>>,
    /// The notices that count; more than one of an agency only if two were signed under one sequence.
    blocks: BTreeMap<AgencyId, block::Standing>,
}

impl Directory {
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

    /// Whether an agency was a member by an earlier charter that is known, and is none any more.
    pub fn has_left(&self, agency: &AgencyId) -> bool {
        self.had_left(agency) && !self.members.contains_key(agency)
    }

    /// The same also if it is back.
    pub fn had_left(&self, agency: &AgencyId) -> bool {
        self.former.contains_key(agency)
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

    /// The block notice that stops a member at `now`. Nobody below it is stopped by it.
    pub fn blocked(&self, agency: &AgencyId, now: Timestamp) -> Option<&Signed<Block>> {
        self.blocks_of(agency).iter().find(|block| block.stops(now))
    }

    /// The notices about a member that count: mostly the latest alone, more only where two were signed under one
    /// sequence.
    pub fn blocks_of(&self, agency: &AgencyId) -> &[Signed<Block>] {
        self.blocks.get(agency).map_or(&[], |standing| &standing.notices)
    }

    /// The keyrings that publish a message key of this name, by agency, each with that key: as its own, as the next
    /// one, or in the keyring before. Mostly one: a member may copy another's public key into its own keyring, which wins
    /// it nothing, since whatever is signed names its signer, and must cost the other nothing either.
    pub fn by_message_key(&self, key: KeyId) -> impl Iterator<Item = (&Signed<Keyring>, PublicKey)> {
        let agencies = self.message_keys.get(&key).into_iter().flatten();
        agencies.flat_map(move |agency| {
            let keyrings = self.keyrings.get(agency).into_iter().chain(self.before.get(agency));
            keyrings.filter_map(move |keyring| {
                let public = keyring.message_keys().find(|public| public.key_id() == key)?;
                Some((keyring, public))
            })
        })
    }

    /// The keys that an agency's messages may be signed with at `now`: the current one, the next one, and those of the
    /// keyring before as long as that one lives. A request or an answer on its way outlives a change of keyrings.
    pub fn message_keys(&self, agency: &AgencyId, now: Timestamp) -> Vec<PublicKey> {
        self.keys_of(agency, now, |keyring| keyring.message_keys().collect())
    }

    /// The keys that an agency's checkpoints may be signed with at `now`; as [`Directory::message_keys`].
    pub fn checkpoint_keys(&self, agency: &AgencyId, now: Timestamp) -> Vec<PublicKey> {
        self.keys_of(agency, now, |keyring| keyring.checkpoint_keys().collect())
    }

    fn keys_of(
        &self,
        agency: &AgencyId,
        now: Timestamp,
        keys: impl Fn(&Keyring) -> Vec<PublicKey>,
    ) -> Vec<PublicKey> {
        let before = self.before.get(agency).filter(|keyring| keyring.is_honoured(now));
        let mut found: Vec<_> =
            self.keyrings.get(agency).into_iter().chain(before).flat_map(|k| keys(k)).collect();
        found.dedup();
        found
    }

    /// The keys that an agency signs keyrings with: the current one, and the next one; none without a card.
    pub fn keyring_keys(&self, agency: &AgencyId) -> Vec<PublicKey> {
        self.cards.get(agency).map(|card| card.keyring_keys().collect()).unwrap_or_default()
    }

    /// `agency` itself, then its superiors up to the top. Circles cannot be: the charter was checked.
    pub fn line(&self, agency: &AgencyId) -> impl Iterator<Item = &AgencyId> {
        let member = |agency: &AgencyId| self.members.get(agency);
        std::iter::successors(member(agency), move |m| m.superior.as_ref().and_then(member))
            .map(|m| &m.agency)
    }
}

type BoxedFloor = Box<dyn Fn(&str) -> Option<(u64, Digest)>>;

/// Builds a [`Directory`] from the top down: a card needs its member, a keyring its card.
pub struct DirectoryBuilder {
    directory: Directory,
    floor: BoxedFloor,
    emergency: EmergencyKeys,
    notices: BTreeMap<AgencyId, Vec<Notice>>,
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
        let (former, cards, keyrings, before, message_keys, blocks) = Default::default();
        let emergency = EmergencyKeys::of([&*charter]);
        let directory = Directory { charter, members, former, cards, keyrings, before, message_keys, blocks };
        Self { directory, floor: Box::new(|_| None), emergency, notices: BTreeMap::new() }
    }

    /// Takes the block notices of all charters from the pinned one on.
    #[must_use]
    pub(super) fn stopped_by(self, emergency: EmergencyKeys) -> Self {
        Self { emergency, ..self }
    }

    /// Remembers who has left, also if they are back, with the keys with which they signed agreements before.
    #[must_use]
    pub fn formerly(mut self, former: BTreeMap<AgencyId, Vec<PublicKey>>) -> Self {
        self.directory.former = former;
        self
    }

    /// Takes nothing older than what was seen before.
    #[must_use]
    pub fn above(self, floor: impl Floor + 'static) -> Self {
        Self { floor: Box::new(floor), ..self }
    }

    /// Verifies and adds a card. Of two cards of one agency the later one counts, whichever comes first.
    pub fn card(&mut self, file: &SignedFile) -> Result<(), DocumentError> {
        let root = |agency: &AgencyId| self.directory.members.get(agency).map(|m| m.root);
        let card = Card::verify(file, root)?;
        let seen = (self.floor)(&card_name(&card.agency));
        follows(&card, file, seen)?;
        let beside = self.directory.cards.get(&card.agency).map(|c| (c.sequence, c.digest()));
        follows(&card, file, beside)?;
        one_use(file, card.signing_keys(), root(&card.agency).map(|root| ("the root key", root)))?;
        self.directory.cards.insert(card.agency.clone(), card);
        Ok(())
    }

    /// Verifies and adds a keyring. Of two keyrings of one agency the later one counts, whichever comes first.
    pub fn keyring(&mut self, file: &SignedFile) -> Result<(), DocumentError> {
        let keyring = Keyring::verify(file, |agency| self.directory.keyring_keys(agency))?;
        let seen = (self.floor)(&keyring_name(&keyring.agency));
        follows(&keyring, file, seen)?;
        let beside = self.directory.keyrings.get(&keyring.agency).map(|k| (k.sequence, k.digest()));
        follows(&keyring, file, beside)?;
        let root = self.directory.members.get(&keyring.agency).map(|m| ("the root key", m.root));
        let card = self.directory.cards.get(&keyring.agency).into_iter();
        one_use(file, keyring.signing_keys(), root.into_iter().chain(card.flat_map(|c| c.signing_keys())))?;
        self.directory.keyrings.insert(keyring.agency.clone(), keyring);
        Ok(())
    }

    /// Verifies and adds a block notice. Notices count whichever order they come in: the one with the highest sequence,
    /// but a lift only as the successor of what was seen. Of two texts under one sequence the one that stops the agency
    /// counts; the error tells that there are two.
    pub fn block(&mut self, file: &SignedFile) -> Result<(), DocumentError> {
        let notice = Notice::verify(file, &self.directory.charter, &self.emergency)?;
        let block = &notice.block;
        let seen = (self.floor)(&block_name(&block.agency));
        let fits = follows(block, file, seen);
        if matches!(fits, Err(DocumentError::BelowFloor { .. })) || (fits.is_err() && block.lifted) {
            return fits;
        }
        let beside = self.notices.entry(block.agency.clone()).or_default();
        let same = |other: &&Signed<Block>| other.sequence == block.sequence;
        let other = beside.iter().map(|other| &other.block).find(same);
        let single = above_floor(block, file, other.map(|other| (other.sequence, other.digest())));
        beside.push(notice);
        fits.and(single)
    }

    /// The finished view.
    pub fn build(mut self) -> Directory {
        for (agency, notices) in self.notices {
            self.directory.blocks.insert(agency, block::standing(notices));
        }
        let message_keys = &mut self.directory.message_keys;
        for keyring in self.directory.keyrings.values().chain(self.directory.before.values()) {
            for key in keyring.message_keys() {
                message_keys.entry(key.key_id()).or_default().insert(keyring.agency.clone());
            }
        }
        self.directory
    }

    /// Keeps the verified predecessor of an agency's keyring.
    pub(super) fn before(&mut self, keyring: Signed<Keyring>) {
        self.directory.before.insert(keyring.agency.clone(), keyring);
    }

    /// What was built so far.
    pub(super) fn directory(&self) -> &Directory {
        &self.directory
    }
}

/// Refuses a document that names one of the keys above it for another use.
fn one_use(
    file: &SignedFile,
    named: impl IntoIterator<Item = (&'static str, PublicKey)>,
    above: impl IntoIterator<Item = (&'static str, PublicKey)>,
) -> Result<(), DocumentError> {
    let above: BTreeMap<_, _> = above.into_iter().map(|(name, key)| (key, name)).collect();
    for (field, key) in named {
        if let Some(name) = above.get(&key) {
            let message = format!("{field}: the same as {name} of the agency; one key has one use");
            return Err(DocumentError::Contradiction { file: file.name.clone(), message });
        }
    }
    Ok(())
}

fn card_name(agency: &AgencyId) -> String {
    format!("card/{agency}")
}

fn keyring_name(agency: &AgencyId) -> String {
    format!("keyring/{agency}")
}

fn block_name(agency: &AgencyId) -> String {
    format!("block/{agency}")
}

impl Directory {
    /// Name, sequence and digest of each document: to be kept, and given back as the floor.
    pub fn highest(&self) -> impl Iterator<Item = (String, u64, Digest)> {
        let charter = ("charter".to_owned(), self.charter.sequence, self.charter.digest());
        let cards = self.cards.values().map(|c| (card_name(&c.agency), c.sequence, c.digest()));
        let keyrings = self.keyrings.values().map(|k| (keyring_name(&k.agency), k.sequence, k.digest()));
        let blocks = self.blocks.iter().filter_map(|(agency, standing)| {
            let (sequence, digest) = standing.highest?;
            Some((block_name(agency), sequence, digest))
        });
        std::iter::once(charter).chain(cards).chain(keyrings).chain(blocks)
    }

    /// The keys by which a signature of an agency counts as one that it made when it could: those that it signs with, and
    /// those that it had before it left.
    pub fn agreement_keys_ever(&self, agency: &AgencyId) -> Vec<PublicKey> {
        let former = self.former.get(agency).into_iter().flatten().copied();
        self.agreement_keys(agency).into_iter().chain(former).collect()
    }

    /// The keys that an agency signs agreements with: the current one, and the next one; none without a card.
    pub fn agreement_keys(&self, agency: &AgencyId) -> Vec<PublicKey> {
        self.cards.get(agency).map(|card| card.agreement_keys().collect()).unwrap_or_default()
    }
}
