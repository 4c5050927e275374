//! `concord directory list`.

use super::line::{AgencyLine, RouteLine};
use crate::output::{Format, printable};
use crate::session::Session;
use comfy_table::{Table, presets};
use concord_domain::{Clock, SystemClock, Timestamp};
use std::process::ExitCode;

const HEADS: [&str; 9] =
    ["agency", "name", "health", "route", "ms", "circuit", "certificate", "keyring", "answered"];

/// Lists every other agency.
pub(super) async fn run(session: &Session) -> anyhow::Result<ExitCode> {
    let listings = session.client()?.agencies(None).await?;
    let now = SystemClock.now();
    let lines = listings.into_iter().map(|listing| AgencyLine::new(listing, now));
    match session.output.format() {
        Format::Json => {
            for line in lines {
                session.output.line(&serde_json::to_string(&line)?)?;
            }
        }
        Format::Table => {
            let mut table = Table::new();
            table.load_style(presets::UTF8_FULL_CONDENSED);
            table.set_header(HEADS);
            table.add_rows(lines.map(|line| cells(&line)));
            session.output.line(&table.to_string())?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn cells(line: &AgencyLine) -> [String; 9] {
    let best = line.route.as_ref().and_then(|route| route.ways.first());
    let answered = [line.seen.answered, line.seen.compared].into_iter().flatten().max();
    [
        line.agency.clone(),
        line.card.as_ref().map(|card| printable(&card.name_en)).unwrap_or_default(),
        line.health.to_owned(),
        line.route.as_ref().map_or_else(|| "not allowed".to_owned(), |route| ways(&line.agency, route)),
        best.and_then(|way| way.latency_ms).map(|ms| format!("{ms:.1}")).unwrap_or_default(),
        best.map(|way| way.circuit.to_owned()).unwrap_or_default(),
        line.seen.certificate_days_left.map(days).unwrap_or_default(),
        line.keyring.as_ref().map(|keyring| days(keyring.days_left)).unwrap_or_default(),
        answered.map(second).unwrap_or_default(),
    ]
}

/// The ways to an agency, best first.
pub(super) fn ways(agency: &str, route: &RouteLine) -> String {
    let destination = route.broker.as_deref().unwrap_or(agency);
    let mut ways: Vec<_> = route.broker.iter().map(|broker| format!("broker {broker}")).collect();
    ways.extend(route.ways.iter().map(|way| match way.next == destination {
        true => "straight".to_owned(),
        false => format!("by {}", way.next),
    }));
    if route.ways.is_empty() {
        ways.push("no way".to_owned());
    }
    ways.join("\n")
}

fn days(left: u64) -> String {
    format!("{left} d")
}

/// A time to the second.
fn second(at: Timestamp) -> String {
    let text = at.to_string();
    text.split_once('.').map(|(seconds, _)| format!("{seconds}Z")).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::super::line::WayLine;
    use super::*;

    fn route(broker: Option<&str>, ways: &[&str]) -> RouteLine {
        let way = |next: &&str| WayLine { next: (*next).to_owned(), circuit: "closed", latency_ms: None };
        RouteLine {
            agreement: "northwest v1 clause 1".to_owned(),
            purpose: "narcotics",
            broker: broker.map(str::to_owned),
            ways: ways.iter().map(way).collect(),
        }
    }

    #[test]
    fn ways_are_told_in_their_order() {
        let told = |broker, ways: &[&str]| super::ways("gs.police.cn", &route(broker, ways));
        assert_eq!(told(None, &["gs.police.cn", "police.cn"]), "straight\nby police.cn");
        assert_eq!(told(None, &[]), "no way");
        assert_eq!(told(Some("gx.police.cn"), &["gx.police.cn"]), "broker gx.police.cn\nstraight");
    }

    #[test]
    fn times_are_told_to_the_second() {
        assert_eq!(second("2026-06-01T08:00:00.123Z".parse().unwrap()), "2026-06-01T08:00:00Z");
    }
}
