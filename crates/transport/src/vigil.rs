//! Keeps asking, for as long as a connection lives, whether its peer may still be believed.

use crate::chain::{self, PeerRefused, Side};
use crate::tls::unix_time;
use crate::trust_store::TrustStore;
use concord_domain::Clock;
use rustls::pki_types::CertificateDer;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// Where trust and time come from, taken before the handshake: a change that falls between the handshake and the
/// first wait is then not missed.
#[derive(Debug)]
pub(crate) struct Watchtower {
    trust: Arc<TrustStore>,
    changes: watch::Receiver<u64>,
    clock: Arc<dyn Clock>,
    recheck: Duration,
}

impl Watchtower {
    pub(crate) fn new(trust: &Arc<TrustStore>, clock: &Arc<dyn Clock>, recheck: Duration) -> Self {
        Self { changes: trust.changes(), trust: Arc::clone(trust), clock: Arc::clone(clock), recheck }
    }

    /// Begins to watch over the chain that the peer showed.
    pub(crate) fn over(self, shown: &[CertificateDer<'static>], side: Side) -> Vigil {
        Vigil { tower: self, chain: shown.to_vec(), side }
    }
}

/// Watches over one connection.
#[derive(Debug)]
pub(crate) struct Vigil {
    tower: Watchtower,
    chain: Vec<CertificateDer<'static>>,
    side: Side,
}

impl Vigil {
    /// Ends when the chain no longer verifies: revoked, its agency's bundle removed, or expired. It is verified
    /// again at each change of trust, and now and then for the sake of expiry.
    pub(crate) async fn broken(mut self) -> PeerRefused {
        loop {
            tokio::select! {
                changed = self.tower.changes.changed() => {
                    // The sender lives in the store, which is held here: there is always another change to await.
                    debug_assert!(changed.is_ok(), "the trust store outlives its connections");
                }
                () = tokio::time::sleep(self.tower.recheck) => {}
            }
            if let Err(refused) = self.verify() {
                return refused;
            }
        }
    }

    fn verify(&self) -> Result<(), PeerRefused> {
        let (leaf, intermediates) = self.chain.split_first().ok_or(PeerRefused::Malformed("chain: empty"))?;
        let anchors = self.tower.trust.snapshot();
        chain::verify(&anchors, leaf, intermediates, self.side, unix_time(self.tower.clock.as_ref()))
            .map(drop)
    }
}
