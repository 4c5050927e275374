//! All that is known of the peers at one moment, for those who look at it.

use super::{Known, Peers};
use concord_domain::{AgencyId, Circuit, Timestamp};
use std::collections::BTreeMap;
use std::sync::PoisonError;
use std::time::Duration;
use tokio::time::Instant;

/// What this node has seen of one agency and of its node since it started. Times are so long ago.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerState {
    /// Whether calls to its node go through.
    pub circuit: Circuit,
    /// The average time to an answer of each destination by way of its node.
    pub latency: BTreeMap<AgencyId, Duration>,
    /// When it last answered what was asked of it, by whatever way.
    pub answered: Option<Duration>,
    /// When what was asked of it last got no answer.
    pub unanswered: Option<Duration>,
    /// When documents were last compared with its node.
    pub compared: Option<Duration>,
    /// When the certificate ends that its node last showed us.
    pub certificate_ends: Option<Timestamp>,
}

impl Peers {
    /// What is known of every agency that something was tried with.
    pub fn snapshot(&self) -> BTreeMap<AgencyId, PeerState> {
        let peers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        peers.iter().map(|(agency, known)| (agency.clone(), known.at(now))).collect()
    }
}

impl Known {
    fn at(&self, now: Instant) -> PeerState {
        let Self { latency, answered, unanswered, compared, certificate_ends, .. } = self;
        let ago = |at: &Option<Instant>| at.map(|at| now.saturating_duration_since(at));
        let latency = latency.iter().map(|(to, seconds)| (to.clone(), Duration::from_secs_f64(*seconds)));
        PeerState {
            circuit: self.circuit(),
            latency: latency.collect(),
            answered: ago(answered),
            unanswered: ago(unanswered),
            compared: ago(compared),
            certificate_ends: *certificate_ends,
        }
    }
}
