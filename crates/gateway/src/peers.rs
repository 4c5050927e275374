//! What is known of the nodes that we call: whether to call them just now, how fast they are, how busy we keep them.
//!
//! One slow or dead agency must not slow the others. So each has a bulkhead of its own (calls under way at once) and a
//! circuit that opens after failures in a row: no calls for a moment, then one as a probe, and if that fails a longer
//! moment.

mod snapshot;

pub use snapshot::PeerState;

use concord_domain::{AgencyId, Circuit, Timestamp};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Calls to one agency under way at once: as many as it admits from one agency, and twice that waiting on the way.
const CALLS_MAX: usize = 192;
/// Failures in a row that open a circuit: a restart or a change of certificate costs two.
const FAILURES_MAX: u32 = 5;
/// How long a circuit is open at first; each failed probe doubles it.
const OPEN_FIRST: Duration = Duration::from_millis(250);
/// How long at most: a peer that is back is found within it.
const OPEN_MAX: Duration = Duration::from_secs(5);
/// The weight of the latest measurement in the average of latencies.
const LATEST: f64 = 0.2;

/// What is known of every peer. There are as many as the charter has members.
#[derive(Debug, Clone, Default)]
pub struct Peers(Arc<Mutex<BTreeMap<AgencyId, Known>>>);

#[derive(Debug, Default)]
struct Known {
    calls: usize,
    failures: u32,
    /// Until when the circuit is open, and for how long it was opened.
    open: Option<(Instant, Duration)>,
    probing: bool,
    /// Average seconds to an answer of each destination by way of this peer.
    latency: BTreeMap<AgencyId, f64>,
    /// When it last answered what was asked of it, by whatever way, and when it last did not.
    answered: Option<Instant>,
    unanswered: Option<Instant>,
    /// When documents were last compared with it.
    compared: Option<Instant>,
    /// When the certificate ends that its node last showed us.
    certificate_ends: Option<Timestamp>,
}

/// Why a peer is not called just now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotCalled {
    /// Its circuit is open.
    CircuitOpen,
    /// As many calls as it may have are under way.
    Busy,
}

impl Peers {
    fn with<T>(&self, peer: &AgencyId, work: impl FnOnce(&mut Known) -> T) -> T {
        let mut peers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match peers.get_mut(peer) {
            Some(known) => work(known),
            None => work(peers.entry(peer.clone()).or_default()),
        }
    }

    /// Takes a place for a call to `peer`, which is given back when the call is dropped.
    pub(crate) fn enter(&self, peer: &AgencyId) -> Result<Call, NotCalled> {
        let probe = self.with(peer, |known| {
            let probe = match known.circuit() {
                Circuit::Open => return Err(NotCalled::CircuitOpen),
                Circuit::HalfOpen => true,
                Circuit::Closed => false,
            };
            if known.calls >= CALLS_MAX {
                return Err(NotCalled::Busy);
            }
            known.calls += 1;
            known.probing |= probe;
            Ok(probe)
        })?;
        Ok(Call { peers: self.clone(), peer: peer.clone(), began: Instant::now(), probe })
    }

    /// Whether a call to `peer` would be let through.
    pub(crate) fn is_open(&self, peer: &AgencyId) -> bool {
        self.with(peer, |known| known.circuit() == Circuit::Open)
    }

    /// Notes how long a call to `peer` took to an answer of `destination`, or how long it was waited for in vain.
    pub(crate) fn kept_waiting(&self, peer: &AgencyId, destination: &AgencyId, took: Duration) {
        let took = took.as_secs_f64();
        self.with(peer, |known| {
            let average = known.latency.entry(destination.clone()).or_insert(took);
            *average += LATEST * (took - *average);
        });
    }

    /// The average time to an answer of `destination` by way of `peer`.
    pub(crate) fn latency(&self, peer: &AgencyId, destination: &AgencyId) -> Option<Duration> {
        let seconds = self.with(peer, |known| known.latency.get(destination).copied());
        seconds.map(Duration::from_secs_f64)
    }

    /// Notes whether `agency` answered what was asked of it, by whatever way.
    pub(crate) fn asked(&self, agency: &AgencyId, answered: bool) {
        let now = Some(Instant::now());
        self.with(agency, |known| match answered {
            true => known.answered = now,
            false => known.unanswered = now,
        });
    }

    /// Notes that documents were compared with `peer`.
    pub(crate) fn compared(&self, peer: &AgencyId) {
        self.with(peer, |known| known.compared = Some(Instant::now()));
    }

    /// Notes when the certificate ends that the node of `peer` showed.
    pub(crate) fn showed(&self, peer: &AgencyId, certificate_ends: Timestamp) {
        self.with(peer, |known| known.certificate_ends = Some(certificate_ends));
    }
}

impl Known {
    fn circuit(&self) -> Circuit {
        match self.open {
            None => Circuit::Closed,
            Some((until, _)) if Instant::now() < until || self.probing => Circuit::Open,
            Some(_) => Circuit::HalfOpen,
        }
    }

    /// Counts a failure; says whether the circuit is open by now.
    fn failed(&mut self) -> bool {
        self.failures = self.failures.saturating_add(1);
        if self.failures < FAILURES_MAX {
            return false;
        }
        let length = self.open.map_or(OPEN_FIRST, |(_, length)| (length * 2).min(OPEN_MAX));
        // Calls that were under way when the circuit opened do not open it further.
        if self.open.is_none() || self.probing {
            self.open = Some((Instant::now() + length, length));
        }
        true
    }

    /// Closes the circuit; says whether it was open.
    fn answered(&mut self) -> bool {
        self.failures = 0;
        self.open.take().is_some()
    }
}

/// A call under way.
#[derive(Debug)]
pub(crate) struct Call {
    peers: Peers,
    peer: AgencyId,
    began: Instant,
    probe: bool,
}

impl Call {
    /// The peer answered, with whatever, about a request to `destination`.
    pub(crate) fn answered(self, destination: &AgencyId) {
        self.measure(destination);
        if self.peers.with(&self.peer, Known::answered) {
            self.tell(Circuit::Closed);
        }
    }

    fn measure(&self, destination: &AgencyId) {
        self.peers.kept_waiting(&self.peer, destination, self.began.elapsed());
    }

    /// Nothing came back of a request to `destination`, for which the peer need not answer: but others may be quicker.
    pub(crate) fn kept_waiting(self, destination: &AgencyId) {
        self.measure(destination);
    }

    /// The peer was not reached, or its connection broke.
    pub(crate) fn failed(self) {
        if self.peers.with(&self.peer, Known::failed) {
            self.tell(Circuit::Open);
        }
    }

    /// Shows the circuit among the metrics. There are as many as members that failed once.
    fn tell(&self, circuit: Circuit) {
        let gauge = metrics::gauge!("concord_circuit_open", "peer" => self.peer.to_string());
        gauge.set(if circuit == Circuit::Open { 1.0 } else { 0.0 });
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.peers.with(&self.peer, |known| {
            known.calls = known.calls.saturating_sub(1);
            if self.probe {
                known.probing = false;
            }
        });
    }
}

#[cfg(test)]
mod tests;
