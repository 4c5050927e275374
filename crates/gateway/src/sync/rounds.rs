//! The task that keeps a node's documents equal to those of its peers.

use super::library::Library;
use super::round::{Gain, RoundFailed, round};
use crate::authority::Authority;
use crate::courier::NoAnswer;
use crate::deadline::Deadline;
use crate::lines::Lines;
use crate::link::Links;
use crate::standing::Standing;
use concord_domain::{AgencyId, Clock, Entropy, EntropyExt};
use futures_util::future::FutureExt;
use futures_util::stream::{StreamExt, iter};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Compares documents with every linked peer now and then, and at once when something arrived.
#[derive(Debug, Clone)]
pub struct Rounds {
    /// This agency.
    pub agency: AgencyId,
    /// The documents.
    pub library: Library,
    /// Connections to other nodes.
    pub links: Links,
    /// Whom a line leads to.
    pub lines: Lines,
    /// Who the peers are; learns when the last round was.
    pub authority: Authority,
    /// What peers have seen of our own ledger.
    pub standing: Standing,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Shuffles the peers.
    pub entropy: Arc<dyn Entropy>,
    /// Between two rounds with everybody.
    pub every: Duration,
}

/// What came of a round with all peers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Synced {
    /// Peers that answered.
    pub reached: usize,
    /// Peers that did not.
    pub missed: usize,
    /// Documents or signatures that were new here.
    pub received: usize,
}

impl Rounds {
    /// Peers asked in one round at most, in random order: what is new reaches everybody in a few rounds all the same, as
    /// each of them asks others.
    pub const PEERS_MAX: usize = 16;
    /// Peers asked at once, each with a page of a megabyte under way.
    const AT_ONCE_MAX: usize = 4;
    /// The same where all are asked, before anything is served: of 4,000 that do not answer within two seconds, none is
    /// waited for longer than two minutes.
    const AT_ONCE_OF_ALL_MAX: usize = 64;
    /// How long a round with one peer may take.
    const PEER_WITHIN: Duration = Duration::from_secs(10);

    /// Runs rounds until `shutdown`.
    pub async fn run(self, shutdown: CancellationToken) {
        let mut ticks = tokio::time::interval(self.every);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                () = self.library.something_to_spread() => {}
                () = shutdown.cancelled() => return,
            }
            tokio::select! {
                _ = self.once() => {}
                () = shutdown.cancelled() => return,
            }
        }
    }

    /// One round with every peer, each within this time: any of them may be the only one that has seen the most of our
    /// ledger.
    pub async fn with_all(&self, within: Duration) -> Synced {
        self.with_each(self.peers(), Self::AT_ONCE_OF_ALL_MAX, within).await
    }

    /// One round with some peers.
    async fn once(&self) -> Synced {
        let mut peers = self.peers();
        peers.truncate(Self::PEERS_MAX);
        self.with_each(peers, Self::AT_ONCE_MAX, Self::PEER_WITHIN).await
    }

    async fn with_each(
        &self,
        peers: Vec<(AgencyId, Vec<String>)>,
        at_once: usize,
        within: Duration,
    ) -> Synced {
        let rounds = iter(peers).map(|(agency, endpoints)| {
            let gain = self.with(agency.clone(), endpoints, within);
            gain.map(|gain| (agency, gain)).boxed()
        });
        let results: Vec<_> = rounds.buffer_unordered(at_once).collect().await;
        let (mut synced, mut fresh) = (Synced::default(), false);
        for (peer, gain) in &results {
            match gain {
                Some(gain) => {
                    synced.reached += 1;
                    synced.received += gain.received;
                    fresh |= !self.is_blocked(peer);
                }
                None => synced.missed += 1,
            }
        }
        if fresh {
            self.authority.set_synced(self.clock.now());
        }
        synced
    }

    /// A blocked peer may hold back what would stop it, such as a withdrawal: comparing with it alone makes nobody fresh.
    fn is_blocked(&self, peer: &AgencyId) -> bool {
        self.authority.current().directory().blocked(peer, self.clock.now()).is_some()
    }

    /// The members that have a keyring with an endpoint, but us, in random order. Also one that has ended: a node that was
    /// down for longer than keyrings live knows no other, and would never learn of the next ones. Its certificate is judged
    /// all the same, and what it sends is verified.
    fn peers(&self) -> Vec<(AgencyId, Vec<String>)> {
        let in_force = self.authority.current();
        let linked = in_force.directory().keyrings().filter(|keyring| {
            let linked = keyring.agency != self.agency && self.lines.lead_to(&keyring.agency);
            linked && !keyring.endpoints.is_empty()
        });
        let mut peers: Vec<_> = linked
            .map(|keyring| (self.entropy.bytes::<8>(), keyring.agency.clone(), keyring.endpoints.clone()))
            .collect();
        peers.sort();
        peers.into_iter().map(|(_, agency, endpoints)| (agency, endpoints)).collect()
    }

    async fn with(&self, peer: AgencyId, endpoints: Vec<String>, within: Duration) -> Option<Gain> {
        let deadline = Deadline::after(within);
        let call = |request| self.links.sync(&peer, &endpoints, request, deadline).boxed();
        match round(&self.library, &peer, &call).await {
            Ok(gain) => {
                if gain != Gain::default() {
                    let Gain { received, dropped, sent, checkpoint: _ } = gain;
                    tracing::debug!(target: "concord::sync", %peer, received, dropped, sent, "compared");
                }
                gain.checkpoint.iter().for_each(|note| self.judge(note));
                Some(gain)
            }
            Err(failed) => {
                let why = match failed {
                    RoundFailed::Call(NoAnswer::TimedOut) => "timed out".to_owned(),
                    RoundFailed::Call(NoAnswer::Broken) => "connection lost".to_owned(),
                    RoundFailed::Call(NoAnswer::Unreachable(failure) | NoAnswer::Failed(failure)) => {
                        failure.as_str().to_owned()
                    }
                    RoundFailed::Nonsense => "its answer makes no sense".to_owned(),
                    RoundFailed::NotKept(error) => error.to_string(),
                };
                tracing::debug!(target: "concord::sync", %peer, why, "not compared");
                None
            }
        }
    }

    /// Judges what the peer has seen of our ledger by the keyrings that are compared too: this round may have brought the
    /// one that names the key.
    fn judge(&self, note: &str) {
        let (in_force, documents) = (self.authority.current(), self.library.documents());
        let keys = in_force.directory().checkpoint_keys_ever(&documents, &self.agency);
        self.standing.judge(&self.agency, note, &keys);
    }
}
