//! To whom an attempt can be handed: the destination itself where a line leads, or carriers that the agreement lets.

mod places;

pub(crate) use places::Place;

use crate::authority::InForce;
use crate::lines::Lines;
use crate::peers::Peers;
use concord_domain::{AgencyId, AgreementRef, Timestamp};
use places::Places;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Carriers that are tried for one request at most: each costs a share of its deadline.
pub(crate) const CARRIERS_TRIED_MAX: usize = 4;
/// Agreements whose carriers are kept; more than a node uses between two changes of the rules.
const KEPT_MAX: usize = 1024;
/// How long they are kept: within it a suspension or a block may begin or end, which the decision about each carrier
/// sees at once.
const KEPT_FOR: Duration = Duration::from_secs(1);

/// Chooses ways. Fewest hops first, then by measured time to an answer, then a common superior, then by name; whether a
/// peer is called at all just now is its circuit's to say.
#[derive(Debug, Clone)]
pub struct Ways {
    here: AgencyId,
    lines: Lines,
    peers: Peers,
    places: Places,
    kept: Arc<Mutex<Kept>>,
}

/// The carriers that agreements name, each list by name, under one epoch of the rules, as they were at one time.
#[derive(Debug, Default)]
struct Kept {
    epoch: u64,
    at: Timestamp,
    carriers: BTreeMap<AgreementRef, Arc<[AgencyId]>>,
}

impl Ways {
    /// The ways from `here`.
    pub fn new(here: AgencyId, lines: Lines, peers: Peers) -> Self {
        Self { here, lines, peers, places: Places::default(), kept: Arc::default() }
    }

    /// What is known of those on the way.
    pub fn peers(&self) -> &Peers {
        &self.peers
    }

    #[cfg(test)]
    pub(crate) fn lines(&self) -> &Lines {
        &self.lines
    }

    /// Everybody to whom a request of `from` to `to` under `agreement` can be handed from here, best first. Those in
    /// `passed` have had it already. Whether a carrier may carry it is to be decided before it is handed over.
    pub fn next(
        &self,
        in_force: &InForce,
        agreement: &AgreementRef,
        (from, to): (&AgencyId, &AgencyId),
        passed: &[AgencyId],
        now: Timestamp,
    ) -> Vec<AgencyId> {
        let reachable = |agency: &AgencyId| {
            let keyring = in_force.directory().keyring(agency);
            self.lines.lead_to(agency)
                && keyring.is_some_and(|k| k.is_current(now) && !k.endpoints.is_empty())
        };
        let carriers = self.carriers(in_force, agreement, now);
        let superiors = [from, to].into_iter().flat_map(|end| in_force.rules.superiors(agreement, end, now));
        let unnamed = superiors.filter(|superior| carriers.binary_search(superior).is_err());
        let mut by: Vec<_> = carriers
            .iter()
            .chain(unnamed)
            .filter(|carrier| ![&self.here, from, to].contains(carrier) && !passed.contains(carrier))
            .filter(|carrier| reachable(carrier))
            .map(|carrier| (self.rank(in_force, carrier, to), carrier))
            .collect();
        by.sort();
        // One may stand above both ends.
        by.dedup();
        by.truncate(CARRIERS_TRIED_MAX);
        let straight = reachable(to).then_some(to);
        straight.into_iter().chain(by.into_iter().map(|(_, carrier)| carrier)).cloned().collect()
    }

    /// A place for what this node asks by a carrier; waits until one is free.
    pub(crate) async fn place_at(&self, carrier: &AgencyId) -> Place {
        self.places.enter(carrier).await
    }

    /// Notes how long `next` kept us waiting for an answer of `destination`.
    pub(crate) fn kept_waiting(&self, next: &AgencyId, destination: &AgencyId, took: Duration) {
        self.peers.kept_waiting(next, destination, took);
    }

    /// The lower, the better: circuit, time to an answer, and whether it stands above the destination.
    fn rank(&self, in_force: &InForce, carrier: &AgencyId, to: &AgencyId) -> (bool, Duration, bool) {
        let above = in_force.directory().line(to).any(|above| above == carrier);
        let latency = self.peers.latency(carrier, to).unwrap_or(Duration::MAX);
        (self.peers.is_open(carrier), latency, !above)
    }

    fn carriers(&self, in_force: &InForce, agreement: &AgreementRef, now: Timestamp) -> Arc<[AgencyId]> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let old = now < kept.at || now.since(kept.at) >= KEPT_FOR;
        if old || kept.epoch != in_force.epoch || kept.carriers.len() >= KEPT_MAX {
            *kept = Kept { epoch: in_force.epoch, at: now, carriers: BTreeMap::new() };
        }
        if let Some(carriers) = kept.carriers.get(agreement) {
            return Arc::clone(carriers);
        }
        let carriers: Arc<[AgencyId]> =
            in_force.rules.carriers(agreement, now).into_iter().cloned().collect();
        kept.carriers.insert(agreement.clone(), Arc::clone(&carriers));
        carriers
    }
}
