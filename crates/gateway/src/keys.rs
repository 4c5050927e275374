//! The keys that a running node holds.

use concord_trust::{SealingKey, SigningKey, StorageKey};

/// The private keys of a running node. Root and agreement keys are not among them: they may stay offline.
#[derive(Debug)]
pub struct Keys {
    /// Signs requests, answers and receipts.
    pub message: SigningKey,
    /// Signs checkpoints.
    pub checkpoint: SigningKey,
    /// Opens what is sealed to this agency: the current key first, then those that still may be used.
    pub sealing: Vec<SealingKey>,
    /// Encrypts what the node keeps.
    pub storage: StorageKey,
}

impl Keys {
    /// The sealing keys, for opening.
    pub(crate) fn opening(&self) -> Vec<&SealingKey> {
        self.sealing.iter().collect()
    }
}
