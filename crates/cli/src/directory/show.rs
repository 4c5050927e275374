//! `concord directory show`.

use super::line::{AgencyLine, SeenLine};
use super::list::ways;
use crate::output::printable;
use crate::session::Session;
use anyhow::Context;
use clap::Args;
use comfy_table::{Table, presets};
use concord_domain::{AgencyId, Clock, SystemClock, Timestamp};
use std::process::ExitCode;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Whom
    #[arg(value_name = "AGENCY")]
    whom: AgencyId,
}

/// Shows one agency.
pub(super) async fn run(session: &Session, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let listings = session.client()?.agencies(Some(&arguments.whom)).await?;
    let listing = listings.into_iter().next().context("the charter does not name it any more")?;
    let line = AgencyLine::new(listing, SystemClock.now());
    session.output.result(&line, || table(&line).to_string())?;
    Ok(ExitCode::SUCCESS)
}

fn table(line: &AgencyLine) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    table.add_rows(rows(line).into_iter().map(|(head, text)| [head.to_owned(), text]));
    table
}

/// What there is to tell; what is not there has no row.
fn rows(line: &AgencyLine) -> Vec<(&'static str, String)> {
    let AgencyLine { agency, superior, health, card, keyring, stopped, route, denial, seen } = line;
    let mut rows = vec![("agency", agency.clone())];
    rows.extend(superior.iter().map(|superior| ("below", superior.clone())));
    if let Some(card) = card {
        rows.push(("names", printable(&format!("{} / {}", card.name_zh, card.name_en))));
        rows.push(("duty desk", printable(&format!("{}, {}, {}", card.phone, card.email, card.hours))));
    }
    rows.push(("health", (*health).to_owned()));
    rows.extend(stopped.iter().map(|stop| {
        let until = stop.until.map(|until| format!(" until {until}")).unwrap_or_default();
        ("stopped", printable(&format!("since {}{until}: {}", stop.since, stop.reason)))
    }));
    if let Some(route) = route {
        rows.push(("may be asked", format!("for {} under {}", route.purpose, route.agreement)));
        rows.push(("route", ways(agency, route)));
        rows.extend(route.ways.iter().map(|way| {
            let latency = way.latency_ms.map(|ms| format!(", {ms:.1} ms")).unwrap_or_default();
            ("way", format!("{}: circuit {}{latency}", way.next, way.circuit))
        }));
    }
    rows.extend(denial.iter().map(|denial| ("may not be asked", printable(denial))));
    if let Some(keyring) = keyring {
        let (sequence, ends, left) = (keyring.sequence, keyring.ends, keyring.days_left);
        rows.push(("keyring", format!("{sequence}, ends {ends}, {left} days left")));
        rows.push(("endpoints", printable(&keyring.endpoints.join(" "))));
    }
    rows.extend(seen_rows(seen));
    rows
}

fn seen_rows(seen: &SeenLine) -> Vec<(&'static str, String)> {
    let SeenLine { answered, unanswered, compared, certificate_ends, certificate_days_left } = seen;
    let row = |head, at: &Option<Timestamp>| at.map(|at| (head, at.to_string()));
    let certificate = certificate_ends.zip(*certificate_days_left);
    let certificate =
        certificate.map(|(ends, left)| ("certificate", format!("ends {ends}, {left} days left")));
    let rows = [
        row("answered", answered),
        row("did not answer", unanswered),
        row("documents compared", compared),
        certificate,
    ];
    rows.into_iter().flatten().collect()
}
