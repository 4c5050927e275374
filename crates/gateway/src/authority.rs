//! The rules in force, and their epoch.

use concord_agreements::Rules;
use concord_domain::Timestamp;
use concord_trust::Directory;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::watch;

/// One set of rules, numbered. Every recorded decision names the epoch that it was made under, and the recording
/// transaction refuses it if a newer one has begun.
#[derive(Debug, Clone)]
pub struct InForce {
    /// The rules.
    pub rules: Arc<Rules>,
    /// Their number.
    pub epoch: u64,
}

impl InForce {
    /// Charter, cards and keyrings that go with these rules.
    pub fn directory(&self) -> &Directory {
        self.rules.directory()
    }
}

/// Where the rules in force are read and replaced.
#[derive(Debug, Clone)]
pub struct Authority {
    in_force: Arc<watch::Sender<InForce>>,
    /// When documents were last compared with a peer, in milliseconds; zero if never.
    synced: Arc<AtomicU64>,
}

impl Authority {
    /// Begins with one set of rules.
    pub fn new(in_force: InForce) -> Self {
        Self { in_force: Arc::new(watch::Sender::new(in_force)), synced: Arc::default() }
    }

    /// The rules now.
    pub fn current(&self) -> InForce {
        self.in_force.borrow().clone()
    }

    /// Puts newer rules in force. Their epoch must already be in the store: decisions under the old one fail
    /// there from then on, and are made again here.
    pub fn replace(&self, in_force: InForce) {
        self.in_force.send_replace(in_force);
    }

    /// When this node last compared documents with a peer; agreements may refuse to be used by one that has not for long.
    pub fn synced(&self) -> Option<Timestamp> {
        match self.synced.load(Ordering::Relaxed) {
            0 => None,
            millis => Some(Timestamp::from_millis(millis)),
        }
    }

    /// Notes that it just has.
    pub fn set_synced(&self, at: Timestamp) {
        self.synced.fetch_max(at.as_millis(), Ordering::Relaxed);
    }

    /// Between the store's epoch and the rules here lies a moment; a reload that failed in it must not hold requests.
    const NEWER_WITHIN: Duration = Duration::from_secs(2);

    /// The rules newer than `epoch`, or after two seconds those that there are.
    pub async fn newer_than(&self, epoch: u64) -> InForce {
        let mut changes = self.in_force.subscribe();
        let newer = changes.wait_for(|in_force| in_force.epoch > epoch);
        match tokio::time::timeout(Self::NEWER_WITHIN, newer).await {
            Ok(Ok(in_force)) => in_force.clone(),
            Ok(Err(_)) | Err(_) => self.current(),
        }
    }
}
