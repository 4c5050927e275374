//! The anchors in force, and the news that they have changed.

use crate::anchors::Anchors;
use arc_swap::ArcSwap;
use std::sync::Arc;
use tokio::sync::watch;

/// The anchors in force. Every handshake reads them anew; every live connection hears of a change and verifies its
/// peer again.
#[derive(Debug)]
pub struct TrustStore {
    anchors: ArcSwap<Anchors>,
    version: watch::Sender<u64>,
}

impl TrustStore {
    /// Starts with `anchors`.
    pub fn new(anchors: Anchors) -> Self {
        Self { anchors: ArcSwap::from_pointee(anchors), version: watch::Sender::new(0) }
    }

    /// Puts `anchors` in force. Connections whose peer they no longer support end at once.
    pub fn replace(&self, anchors: Anchors) {
        // First the anchors, then the news: whoever hears it finds what it is about.
        self.anchors.store(Arc::new(anchors));
        self.version.send_modify(|version| *version += 1);
    }

    /// The anchors in force now.
    pub fn snapshot(&self) -> Arc<Anchors> {
        self.anchors.load_full()
    }

    /// Counts the replacements; awaiting a change wakes after each.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.version.subscribe()
    }
}
