//! `concord search`: a wanted-person query over a scope.

mod arguments;
mod line;
mod table;

pub(crate) use arguments::{Arguments, timeout};
pub(crate) use line::{FindingLine, PositionLine, ReceiptLine, SummaryLine, agreement};

use crate::output::Format;
use crate::session::Session;
use concord_client::SearchEvent;
use futures_util::{Stream, StreamExt};
use std::process::ExitCode;
use table::Table;

/// Asks, and prints each outcome as it arrives. Succeeds when every agency in scope was asked, whatever came of it.
pub(crate) async fn run(session: &Session, arguments: Arguments) -> anyhow::Result<ExitCode> {
    let (query, timeout) = arguments.query()?;
    let client = session.client()?;
    let events = client.search(query, timeout).await?;
    match session.output.format() {
        Format::Json => as_lines(session, events).await?,
        Format::Table => as_table(session, events).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn as_lines(
    session: &Session,
    events: impl Stream<Item = Result<SearchEvent, concord_client::ClientError>>,
) -> anyhow::Result<()> {
    let mut events = Box::pin(events);
    while let Some(event) = events.next().await {
        let line = match event? {
            SearchEvent::Finding(finding) => serde_json::to_string(&FindingLine::from(&*finding))?,
            SearchEvent::Summary { totals, elapsed } => {
                serde_json::to_string(&SummaryLine::new(&totals, elapsed))?
            }
        };
        session.output.line(&line)?;
    }
    Ok(())
}

async fn as_table(
    session: &Session,
    events: impl Stream<Item = Result<SearchEvent, concord_client::ClientError>>,
) -> anyhow::Result<()> {
    let table = Table::new();
    session.output.line(&table.head())?;
    let mut events = Box::pin(events);
    while let Some(event) = events.next().await {
        let text = match event? {
            SearchEvent::Finding(finding) => table.row(&FindingLine::from(&*finding)),
            SearchEvent::Summary { totals, elapsed } => SummaryLine::new(&totals, elapsed).to_string(),
        };
        session.output.line(&text)?;
    }
    Ok(())
}
