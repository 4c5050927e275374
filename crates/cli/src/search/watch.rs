//! Waiting for what is pending.

use super::Printer;
use crate::duration;
use clap::Args;
use concord_client::{Client, SearchEvent};
use concord_domain::wanted::Totals;
use concord_domain::{AgencyId, Reference};
use futures_util::StreamExt;
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::time::Instant;

/// How long one call waits: well below the quarter of an hour that the node grants, so that a line that died in silence is
/// noticed.
const CALL: Duration = Duration::from_secs(5 * 60);
/// The shortest call that is worth making.
const CALL_MIN: Duration = Duration::from_secs(1);

/// What `watch` takes.
#[derive(Debug, Args)]
pub(crate) struct WatchArguments {
    /// The watch that the search named
    #[arg(value_name = "WATCH")]
    pub(super) watch: Reference,
    /// How long to wait at most, such as 10m; 1440m at most
    #[arg(long, value_parser = wait, default_value = "1m")]
    pub(super) wait: Duration,
}

/// A wait for people's decisions.
pub(super) fn wait(text: &str) -> Result<Duration, String> {
    let wait = duration::parse(text)?;
    let granted = CALL_MIN..=Duration::from_secs(24 * 3600);
    if granted.contains(&wait) { Ok(wait) } else { Err("must be 1s to 1440m".to_owned()) }
}

/// Prints each end once as it comes, and when the wait is over whatever has none.
pub(super) async fn follow(
    client: &Client,
    printer: &Printer,
    watch: Reference,
    wait: Duration,
) -> anyhow::Result<()> {
    let (started, mut told) = (Instant::now(), BTreeSet::<AgencyId>::new());
    let mut totals = Totals::default();
    loop {
        let left = wait.saturating_sub(started.elapsed());
        let mut events = Box::pin(client.watch(watch, left.clamp(CALL_MIN, CALL)).await?);
        let mut open = Vec::new();
        while let Some(event) = events.next().await {
            match event? {
                SearchEvent::Finding(finding) if finding.watch.is_some() => open.push(finding),
                SearchEvent::Finding(finding) if told.insert(finding.agency.clone()) => {
                    totals.count(finding.outcome.kind());
                    printer.finding(&finding)?;
                }
                SearchEvent::Finding(_) | SearchEvent::Summary { .. } => {}
            }
        }
        if open.is_empty() || wait.saturating_sub(started.elapsed()) < CALL_MIN {
            for finding in open {
                totals.count(finding.outcome.kind());
                printer.finding(&finding)?;
            }
            return Ok(printer.summary(&totals, started.elapsed())?);
        }
    }
}
