//! `concord search`: a wanted-person query over a scope; `concord watch`: the end of what was pending.

mod arguments;
mod line;
mod table;
mod watch;

pub(crate) use arguments::{Arguments, timeout};
pub(crate) use line::{FindingLine, PositionLine, ReceiptLine, SummaryLine, agreement};
pub(crate) use watch::WatchArguments;

use crate::output::{Format, Output};
use crate::session::Session;
use concord_client::SearchEvent;
use concord_domain::wanted::{Finding, Totals};
use futures_util::StreamExt;
use std::io;
use std::process::ExitCode;
use std::time::Duration;
use table::Table;

/// Asks, and prints each outcome as it arrives; then waits for what is pending, if told to. Succeeds when every agency in
/// scope was asked, whatever came of it.
pub(crate) async fn run(session: &Session, arguments: Arguments) -> anyhow::Result<ExitCode> {
    let wait = arguments.wait();
    let (query, timeout) = arguments.query()?;
    let client = session.client()?;
    let mut events = Box::pin(client.search(query, timeout).await?);
    let printer = Printer::new(session.output)?;
    let mut pending = None;
    while let Some(event) = events.next().await {
        match event? {
            SearchEvent::Finding(finding) => {
                pending = pending.or(finding.watch);
                printer.finding(&finding)?;
            }
            SearchEvent::Summary { totals, elapsed } => printer.summary(&totals, elapsed)?,
        }
    }
    if let Some((watch, wait)) = pending.zip(wait) {
        watch::follow(&client, &printer, watch, wait).await?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Waits for the end of what was pending.
pub(crate) async fn run_watch(session: &Session, arguments: WatchArguments) -> anyhow::Result<ExitCode> {
    let client = session.client()?;
    let printer = Printer::new(session.output)?;
    watch::follow(&client, &printer, arguments.watch, arguments.wait).await?;
    Ok(ExitCode::SUCCESS)
}

/// Prints outcomes for people or for programs.
#[derive(Debug)]
struct Printer {
    output: Output,
    table: Table,
}

impl Printer {
    fn new(output: Output) -> io::Result<Self> {
        let table = Table::new();
        if output.format() == Format::Table {
            output.line(&table.head())?;
        }
        Ok(Self { output, table })
    }

    fn finding(&self, finding: &Finding) -> io::Result<()> {
        let line = FindingLine::from(finding);
        self.output.result(&line, || self.table.row(&line))
    }

    fn summary(&self, totals: &Totals, elapsed: Duration) -> io::Result<()> {
        let line = SummaryLine::new(totals, elapsed);
        self.output.result(&line, || line.to_string())
    }
}
