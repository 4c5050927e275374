//! Agencies as programs read them.

use crate::search::agreement;
use concord_client::{CardFacts, KeyringFacts, Listing, Route, Sightings, Stop, Way};
use concord_domain::Timestamp;
use serde::Serialize;
use std::time::Duration;

/// What the node knows of an agency.
#[derive(Debug, Serialize)]
pub(super) struct AgencyLine {
    pub(super) agency: String,
    pub(super) superior: Option<String>,
    pub(super) health: &'static str,
    pub(super) card: Option<CardLine>,
    pub(super) keyring: Option<KeyringLine>,
    pub(super) stopped: Option<StopLine>,
    pub(super) route: Option<RouteLine>,
    pub(super) denial: Option<String>,
    pub(super) seen: SeenLine,
}

#[derive(Debug, Serialize)]
pub(super) struct CardLine {
    pub(super) name_zh: String,
    pub(super) name_en: String,
    pub(super) phone: String,
    pub(super) email: String,
    pub(super) hours: String,
}

#[derive(Debug, Serialize)]
pub(super) struct KeyringLine {
    pub(super) sequence: u64,
    pub(super) ends: Timestamp,
    pub(super) days_left: u64,
    pub(super) endpoints: Vec<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct StopLine {
    pub(super) since: Timestamp,
    pub(super) until: Option<Timestamp>,
    pub(super) reason: String,
}

#[derive(Debug, Serialize)]
pub(super) struct RouteLine {
    pub(super) agreement: String,
    pub(super) purpose: &'static str,
    pub(super) broker: Option<String>,
    pub(super) ways: Vec<WayLine>,
}

#[derive(Debug, Serialize)]
pub(super) struct WayLine {
    pub(super) next: String,
    pub(super) circuit: &'static str,
    pub(super) latency_ms: Option<f64>,
}

#[derive(Debug, Serialize)]
pub(super) struct SeenLine {
    pub(super) answered: Option<Timestamp>,
    pub(super) unanswered: Option<Timestamp>,
    pub(super) compared: Option<Timestamp>,
    pub(super) certificate_ends: Option<Timestamp>,
    pub(super) certificate_days_left: Option<u64>,
}

impl AgencyLine {
    /// As it is at `now`, from which days are counted.
    pub(super) fn new(listing: Listing, now: Timestamp) -> Self {
        let Listing { agency, superior, card, keyring, stopped, route, health, seen } = listing;
        let (route, denial) = match route {
            Ok(route) => (Some(route.into()), None),
            Err(denial) => (None, Some(denial)),
        };
        Self {
            agency: agency.to_string(),
            superior: superior.map(|superior| superior.to_string()),
            health: health.as_str(),
            card: card.map(Into::into),
            keyring: keyring.map(|keyring| KeyringLine::new(keyring, now)),
            stopped: stopped.map(Into::into),
            route,
            denial,
            seen: SeenLine::new(seen, now),
        }
    }
}

impl From<CardFacts> for CardLine {
    fn from(card: CardFacts) -> Self {
        let CardFacts { names, duty_desk } = card;
        Self {
            name_zh: names.zh,
            name_en: names.en,
            phone: duty_desk.phone,
            email: duty_desk.email,
            hours: duty_desk.hours,
        }
    }
}

impl KeyringLine {
    fn new(keyring: KeyringFacts, now: Timestamp) -> Self {
        let KeyringFacts { sequence, ends, endpoints } = keyring;
        Self { sequence, ends, days_left: days(ends.since(now)), endpoints }
    }
}

impl From<Stop> for StopLine {
    fn from(stop: Stop) -> Self {
        let Stop { since, until, reason } = stop;
        Self { since, until, reason }
    }
}

impl From<Route> for RouteLine {
    fn from(route: Route) -> Self {
        let Route { authority, purpose, broker, ways } = route;
        let way = |Way { next, circuit, latency }: Way| WayLine {
            next: next.to_string(),
            circuit: circuit.as_str(),
            latency_ms: latency.map(millis),
        };
        Self {
            agreement: agreement(&authority),
            purpose: purpose.as_str(),
            broker: broker.map(|broker| broker.to_string()),
            ways: ways.into_iter().map(way).collect(),
        }
    }
}

impl SeenLine {
    fn new(seen: Sightings, now: Timestamp) -> Self {
        let Sightings { answered, unanswered, compared, certificate_ends } = seen;
        let certificate_days_left = certificate_ends.map(|ends| days(ends.since(now)));
        Self { answered, unanswered, compared, certificate_ends, certificate_days_left }
    }
}

/// Whole days that are left; none also of what is over.
fn days(left: Duration) -> u64 {
    left.as_secs() / 86_400
}

/// Milliseconds to the microsecond.
pub(super) fn millis(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;
    use concord_domain::Health;

    #[test]
    fn lines_have_the_documented_keys_and_count_whole_days() {
        let now: Timestamp = "2026-06-01T08:00:00Z".parse().unwrap();
        let after = |hours: u32| now.plus(hours * Duration::from_secs(3600));
        let listing = Listing {
            agency: "gs.police.cn".parse().unwrap(),
            superior: None,
            card: None,
            keyring: Some(KeyringFacts { sequence: 3, ends: after(47), endpoints: vec![] }),
            stopped: None,
            route: Err("no agreement".to_owned()),
            health: Health::Reachable,
            seen: Sightings { certificate_ends: Some(now), ..Sightings::default() },
        };
        let text = serde_json::to_string(&AgencyLine::new(listing, now)).unwrap();
        assert_eq!(
            text,
            r#"{"agency":"gs.police.cn","superior":null,"health":"reachable","card":null,"keyring":{"sequence":3,"ends":"2026-06-03T07:00:00.000Z","days_left":1,"endpoints":[]},"stopped":null,"route":null,"denial":"no agreement","seen":{"answered":null,"unanswered":null,"compared":null,"certificate_ends":"2026-06-01T08:00:00.000Z","certificate_days_left":0}}"#
        );
    }
}
