//! What a node tells of the other agencies.

use crate::codes;
use crate::error::Problems;
use crate::pb::directory::v1 as pb;
use concord_domain::wanted::Authority;
use concord_domain::{AgencyId, Circuit, Health, Purpose, Timestamp};
use concord_trust::{DutyDesk, Names};
use std::time::Duration;

/// What a node knows of another agency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// Which.
    pub agency: AgencyId,
    /// The agency above it.
    pub superior: Option<AgencyId>,
    /// From its card, if there is a valid one.
    pub card: Option<CardFacts>,
    /// From its keyring, if there is a valid one.
    pub keyring: Option<KeyringFacts>,
    /// Why it is stopped, if it is.
    pub stopped: Option<Stop>,
    /// How it would be asked now, or why it may not be.
    pub route: Result<Route, String>,
    /// Whether it answers.
    pub health: Health,
    /// What the node has seen of it since it started.
    pub seen: Sightings,
}

/// What an agency says of itself for years.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardFacts {
    /// Its names.
    pub names: Names,
    /// The desk that receives requests.
    pub duty_desk: DutyDesk,
}

/// What an agency says of itself for days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyringFacts {
    /// Its number.
    pub sequence: u64,
    /// When it ends or ended.
    pub ends: Timestamp,
    /// Where its federation API is, best first.
    pub endpoints: Vec<String>,
}

/// A block notice in effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stop {
    /// Since when.
    pub since: Timestamp,
    /// Until when, unless only another notice lifts it.
    pub until: Option<Timestamp>,
    /// Why, such as `keys-compromised`.
    pub reason: String,
}

/// How an agency would be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The clause that lets us ask.
    pub authority: Authority,
    /// The first purpose for which it does.
    pub purpose: Purpose,
    /// Who would ask it in our place.
    pub broker: Option<AgencyId>,
    /// To whom the request could be handed, best first; nobody if there is no way.
    pub ways: Vec<Way>,
}

/// Somebody to whom a request could be handed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// The agency or broker itself, or a carrier.
    pub next: AgencyId,
    /// Whether calls to its node go through.
    pub circuit: Circuit,
    /// The average time to an answer by this way, to the microsecond.
    pub latency: Option<Duration>,
}

/// What a node has seen of an agency since it started.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sightings {
    /// When it last answered a request, by whatever way.
    pub answered: Option<Timestamp>,
    /// When a request to it last got no answer.
    pub unanswered: Option<Timestamp>,
    /// When documents were last compared with its node.
    pub compared: Option<Timestamp>,
    /// When the certificate ends that its node last showed.
    pub certificate_ends: Option<Timestamp>,
}

impl From<Listing> for pb::Agency {
    fn from(listing: Listing) -> Self {
        let Listing { agency, superior, card, keyring, stopped, route, health, seen } = listing;
        Self {
            agency: agency.to_string(),
            superior: superior.map(|superior| superior.to_string()).unwrap_or_default(),
            card: card.map(Into::into),
            keyring: keyring.map(Into::into),
            stopped: stopped.map(Into::into),
            route: Some(route.map_or_else(denied, Into::into)),
            health: codes::health_to_pb(health),
            seen: Some(seen.into()),
        }
    }
}

impl TryFrom<pb::Agency> for Listing {
    type Error = Problems;

    fn try_from(message: pb::Agency) -> Result<Self, Problems> {
        let pb::Agency { agency, superior, card, keyring, stopped, route, health, seen } = message;
        let mut problems = Problems::default();
        let agency = problems.take("agency", agency.parse());
        let superior =
            problems.take("superior", (!superior.is_empty()).then(|| superior.parse()).transpose());
        let route = problems.within("route", read_route(route.unwrap_or_default()));
        let health = problems.take("health", codes::health(health).ok_or("is missing or unknown"));
        let listing = (|| {
            let (agency, superior, route, health) = (agency?, superior?, route?, health?);
            let (card, keyring) = (card.map(Into::into), keyring.map(Into::into));
            let (stopped, seen) = (stopped.map(Into::into), seen.unwrap_or_default().into());
            Some(Self { agency, superior, card, keyring, stopped, route, health, seen })
        })();
        problems.finish(listing)
    }
}

impl From<CardFacts> for pb::Card {
    fn from(card: CardFacts) -> Self {
        let CardFacts { names: Names { zh, en }, duty_desk: DutyDesk { phone, email, hours } } = card;
        Self { name_zh: zh, name_en: en, phone, email, hours }
    }
}

impl From<pb::Card> for CardFacts {
    fn from(message: pb::Card) -> Self {
        let pb::Card { name_zh, name_en, phone, email, hours } = message;
        Self { names: Names { zh: name_zh, en: name_en }, duty_desk: DutyDesk { phone, email, hours } }
    }
}

impl From<KeyringFacts> for pb::Keyring {
    fn from(keyring: KeyringFacts) -> Self {
        let KeyringFacts { sequence, ends, endpoints } = keyring;
        Self { sequence, ends_ms: ends.as_millis(), endpoints }
    }
}

impl From<pb::Keyring> for KeyringFacts {
    fn from(message: pb::Keyring) -> Self {
        let pb::Keyring { sequence, ends_ms, endpoints } = message;
        Self { sequence, ends: Timestamp::from_millis(ends_ms), endpoints }
    }
}

impl From<Stop> for pb::Stop {
    fn from(stop: Stop) -> Self {
        let Stop { since, until, reason } = stop;
        Self { since_ms: since.as_millis(), until_ms: until.map(Timestamp::as_millis), reason }
    }
}

impl From<pb::Stop> for Stop {
    fn from(message: pb::Stop) -> Self {
        let pb::Stop { since_ms, until_ms, reason } = message;
        Self { since: Timestamp::from_millis(since_ms), until: until_ms.map(Timestamp::from_millis), reason }
    }
}

fn denied(denial: String) -> pb::Route {
    pb::Route { denial, ..Default::default() }
}

impl From<Route> for pb::Route {
    fn from(route: Route) -> Self {
        let Route { authority, purpose, broker, ways } = route;
        Self {
            agreement: Some(authority.into()),
            purpose: codes::purpose_to_pb(purpose),
            broker: broker.map(|broker| broker.to_string()).unwrap_or_default(),
            ways: ways.into_iter().map(Into::into).collect(),
            denial: String::new(),
        }
    }
}

/// Without a clause it is the denial.
fn read_route(message: pb::Route) -> Result<Result<Route, String>, Problems> {
    let pb::Route { agreement, purpose, broker, ways, denial } = message;
    let Some(agreement) = agreement else { return Ok(Err(denial)) };
    let mut problems = Problems::default();
    let authority = problems.within("agreement", agreement.try_into());
    let purpose = problems.take("purpose", codes::purpose(purpose).ok_or("is missing or unknown"));
    let broker = problems.take("broker", (!broker.is_empty()).then(|| broker.parse()).transpose());
    let ways: Result<Vec<_>, _> = ways.into_iter().map(Way::try_from).collect();
    let ways = problems.within("ways", ways);
    let route = (|| {
        let (authority, purpose, broker, ways) = (authority?, purpose?, broker?, ways?);
        Some(Ok(Route { authority, purpose, broker, ways }))
    })();
    problems.finish(route)
}

impl From<Way> for pb::Way {
    fn from(way: Way) -> Self {
        let Way { next, circuit, latency } = way;
        let latency_us = latency.map(|latency| u64::try_from(latency.as_micros()).unwrap_or(u64::MAX));
        Self { next: next.to_string(), circuit: codes::circuit_to_pb(circuit), latency_us }
    }
}

impl TryFrom<pb::Way> for Way {
    type Error = Problems;

    fn try_from(message: pb::Way) -> Result<Self, Problems> {
        let pb::Way { next, circuit, latency_us } = message;
        let mut problems = Problems::default();
        let next = problems.take("next", next.parse());
        let circuit = problems.take("circuit", codes::circuit(circuit).ok_or("is missing or unknown"));
        let latency = latency_us.map(Duration::from_micros);
        problems.finish(next.zip(circuit).map(|(next, circuit)| Self { next, circuit, latency }))
    }
}

impl From<Sightings> for pb::Sightings {
    fn from(seen: Sightings) -> Self {
        let Sightings { answered, unanswered, compared, certificate_ends } = seen;
        let millis = |at: Option<Timestamp>| at.map(Timestamp::as_millis);
        Self {
            answered_ms: millis(answered),
            unanswered_ms: millis(unanswered),
            compared_ms: millis(compared),
            certificate_ends_ms: millis(certificate_ends),
        }
    }
}

impl From<pb::Sightings> for Sightings {
    fn from(message: pb::Sightings) -> Self {
        let pb::Sightings { answered_ms, unanswered_ms, compared_ms, certificate_ends_ms } = message;
        let at = |millis: Option<u64>| millis.map(Timestamp::from_millis);
        Self {
            answered: at(answered_ms),
            unanswered: at(unanswered_ms),
            compared: at(compared_ms),
            certificate_ends: at(certificate_ends_ms),
        }
    }
}
