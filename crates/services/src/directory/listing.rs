//! What is told of an agency that can be asked.

use super::Directory;
use concord_domain::{AgencyId, Circuit, Health, Timestamp};
use concord_gateway::{Outlook, PeerState};
use concord_trust::{Directory as Published, Member};
use concord_wire::{CardFacts, KeyringFacts, Listing, Route, Sightings, Stop, Way};
use std::collections::BTreeMap;
use std::time::Duration;

/// What is known of all peers at one moment.
type Snapshot = BTreeMap<AgencyId, PeerState>;

impl Directory {
    /// The members of these that the charter still names, each as it is known now.
    pub(super) fn listings(&self, agencies: &[AgencyId]) -> Vec<Listing> {
        let in_force = self.outbound.authority.current();
        let published = in_force.directory();
        let (seen, now) = (self.outbound.ways.peers().snapshot(), self.outbound.clock.now());
        let members = agencies.iter().filter_map(|agency| published.member(agency));
        members.map(|member| self.listing(member, published, &seen, now)).collect()
    }

    fn listing(&self, member: &Member, published: &Published, seen: &Snapshot, now: Timestamp) -> Listing {
        let agency = &member.agency;
        let state = seen.get(agency);
        let stopped = published.blocked(agency, now).map(|block| Stop {
            since: block.from,
            until: block.until,
            reason: block.reason.to_string(),
        });
        Listing {
            agency: agency.clone(),
            superior: member.superior.clone(),
            card: published
                .card(agency)
                .map(|card| CardFacts { names: card.names.clone(), duty_desk: card.duty_desk.clone() }),
            keyring: published.keyring(agency).map(|keyring| KeyringFacts {
                sequence: keyring.sequence,
                ends: keyring.expires,
                endpoints: keyring.endpoints.clone(),
            }),
            health: if stopped.is_some() { Health::Stopped } else { health(state) },
            stopped,
            route: self.route(agency, seen),
            seen: sightings(state, now),
        }
    }

    /// How it would be asked by somebody whose branch is not known.
    fn route(&self, agency: &AgencyId, seen: &Snapshot) -> Result<Route, String> {
        let outlook = self.outlook(agency, None);
        let told = outlook.map_err(|closest| closest.map(|(_, denial)| denial).unwrap_or_default());
        let (purpose, Outlook { authority, destination, ways }) = told?;
        let way = |next: AgencyId| {
            let state = seen.get(&next);
            let circuit = state.map_or(Circuit::Closed, |state| state.circuit);
            let latency = state.and_then(|state| state.latency.get(&destination).copied());
            Way { next, circuit, latency }
        };
        let ways = ways.into_iter().map(way).collect();
        let broker = (destination != *agency).then(|| destination.clone());
        Ok(Route { authority, purpose, broker, ways })
    }
}

/// By what came last: an answer, to a request or to a comparison of documents, or none.
fn health(state: Option<&PeerState>) -> Health {
    let Some(PeerState { answered, unanswered, compared, .. }) = state else { return Health::Unknown };
    let good = [*answered, *compared].into_iter().flatten().min();
    match (good, *unanswered) {
        (None, None) => Health::Unknown,
        (Some(good), Some(bad)) if bad < good => Health::Failing,
        (Some(_), _) => Health::Reachable,
        (None, Some(_)) => Health::Failing,
    }
}

fn sightings(state: Option<&PeerState>, now: Timestamp) -> Sightings {
    let Some(PeerState { answered, unanswered, compared, certificate_ends, .. }) = state else {
        return Sightings::default();
    };
    let at = |ago: &Option<Duration>| ago.map(|ago| now.minus(ago));
    Sightings {
        answered: at(answered),
        unanswered: at(unanswered),
        compared: at(compared),
        certificate_ends: *certificate_ends,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(answered: Option<u64>, unanswered: Option<u64>, compared: Option<u64>) -> PeerState {
        let [answered, unanswered, compared] =
            [answered, unanswered, compared].map(|ago| ago.map(Duration::from_secs));
        PeerState {
            circuit: Circuit::Closed,
            latency: BTreeMap::new(),
            answered,
            unanswered,
            compared,
            certificate_ends: None,
        }
    }

    #[test]
    fn health_is_what_came_last() {
        let cases = [
            ((None, None, None), Health::Unknown),
            ((Some(9), None, None), Health::Reachable),
            ((None, None, Some(9)), Health::Reachable),
            ((None, Some(9), None), Health::Failing),
            ((Some(9), Some(8), None), Health::Failing),
            ((Some(8), Some(9), None), Health::Reachable),
            ((Some(9), Some(8), Some(7)), Health::Reachable),
            ((Some(9), Some(7), Some(8)), Health::Failing),
        ];
        for ((answered, unanswered, compared), expected) in cases {
            let state = state(answered, unanswered, compared);
            assert_eq!(health(Some(&state)), expected, "{state:?}");
        }
        assert_eq!(health(None), Health::Unknown);
    }
}
