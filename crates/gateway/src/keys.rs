//! The keys that a running node holds.

use concord_trust::{SealingKey, SigningKey, StorageKey};
use std::sync::{Arc, PoisonError, RwLock};

/// The private keys of a running node at one time. Root and agreement keys are not among them: they may stay offline.
#[derive(Debug)]
pub struct Keys {
    /// Signs requests, answers and receipts.
    pub message: SigningKey,
    /// Signs checkpoints.
    pub checkpoint: SigningKey,
    /// Opens what is sealed to this agency: the current key first, then those that still may be used, or already.
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

/// Where the keys are read and replaced. Cheap to clone; all clones show the same keys.
#[derive(Debug, Clone)]
pub struct HeldKeys(Arc<RwLock<Arc<Keys>>>);

impl HeldKeys {
    /// Begins with these.
    pub fn new(keys: Keys) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(keys))))
    }

    /// The keys now.
    pub fn current(&self) -> Arc<Keys> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts others in their place. What is being signed or opened goes on with those that it began with.
    pub fn replace(&self, keys: Keys) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
    }
}
