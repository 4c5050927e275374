//! What agencies have published before: for judging what was signed long ago.

use super::{Card, Directory, DocumentKind, DocumentSet, Keyring};
use crate::signing::PublicKey;
use concord_domain::AgencyId;

impl Directory {
    /// Every key that an agency has published for its checkpoints, the current one first: of each of its keyrings in `set`
    /// that a keyring key of one of its cards there has signed. A past that is verified as a whole is of many keys; what is
    /// signed today is judged by [`Directory::checkpoint_keys`].
    pub fn checkpoint_keys_ever(&self, set: &DocumentSet, agency: &AgencyId) -> Vec<PublicKey> {
        let root = |agency: &AgencyId| self.member(agency).map(|member| member.root);
        let cards = set.of_name(DocumentKind::Card, agency.as_str());
        let cards = cards.filter_map(|(_, file)| Card::verify(file, root).ok());
        let signers: Vec<_> = cards.flat_map(|card| card.keyring_keys()).collect();
        let files = set.of_name(DocumentKind::Keyring, agency.as_str());
        let of_agency = |of: &AgencyId| if of == agency { signers.clone() } else { Vec::new() };
        let verified = files.rev().filter_map(|(_, file)| Keyring::verify(file, of_agency).ok());
        let current = self.keyring(agency).into_iter().flat_map(|keyring| keyring.checkpoint_keys());
        let mut keys: Vec<PublicKey> = Vec::new();
        for key in current.chain(verified.flat_map(|keyring| keyring.checkpoint_keys())) {
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        keys
    }
}
