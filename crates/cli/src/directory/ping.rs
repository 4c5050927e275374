//! `concord directory ping`.

mod line;

use crate::output::Format;
use crate::search::timeout;
use crate::session::Session;
use clap::Args;
use concord_client::Ping;
use concord_domain::{AgencyId, Branch, PingOutcome, Purpose};
use line::{PingLine, Totals};
use std::process::ExitCode;
use std::time::Duration;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Whom
    #[arg(value_name = "AGENCY")]
    whom: AgencyId,
    /// How often, one after the other; 1000 at most
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    count: u32,
    /// For which purpose; without it the first for which the agency may be asked
    #[arg(long)]
    purpose: Option<Purpose>,
    /// Your branch, where agreements name branches
    #[arg(long)]
    branch: Option<Branch>,
    /// How long to wait for an answer, such as 10s; 60s at most
    #[arg(long, value_parser = timeout, default_value = "10s")]
    timeout: Duration,
}

/// Pings, and prints each outcome as it comes. Fails if one of them was not answered.
pub(super) async fn run(session: &Session, arguments: Arguments) -> anyhow::Result<ExitCode> {
    let Arguments { whom, count, purpose, branch, timeout } = arguments;
    let client = session.client()?;
    let mut totals = Totals::default();
    for _ in 0..count {
        let ping = Ping { agency: whom.clone(), purpose, branch };
        let pinged = client.ping(ping, timeout).await?;
        totals.count(pinged.outcome == PingOutcome::Answered, pinged.round_trip);
        let line = PingLine::from(pinged);
        session.output.result(&line, || line.to_string())?;
    }
    if count > 1 || session.output.format() == Format::Json {
        session.output.result(&totals.line(), || totals.line().to_string())?;
    }
    Ok(if totals.all_answered() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
