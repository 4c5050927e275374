//! `concord ledger`: the agency's record, shown and verified.

mod entry;
mod verify;
mod whose;

pub(crate) use verify::Offline;

use crate::output::Format;
use crate::session::Session;
use anyhow::Context;
use clap::Subcommand;
use comfy_table::{Table, presets};
use concord_client::LedgerEntry;
use entry::EntryLine;
use futures_util::{Stream, StreamExt, stream};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use verify::Against;
use whose::Whose;

/// What `ledger` does.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check every entry against every hash and signature; names the first bad index, and fails
    Verify {
        /// The data folder of a stopped node; without it, the running node is asked
        #[arg(long, value_name = "DIR")]
        data: Option<PathBuf>,
        /// Folder of the published documents, with the key that signs checkpoints [default: as node.toml beside the
        /// data folder says, or the cluster's]
        #[arg(long, value_name = "DIR")]
        federation: Option<PathBuf>,
        /// A checkpoint that was kept elsewhere: also finds a missing tail, and a past that was signed anew
        #[arg(long, value_name = "FILE")]
        against: Option<PathBuf>,
    },
    /// Show the latest signed checkpoint
    Checkpoint {
        /// The data folder of a stopped node; without it, the running node is asked
        #[arg(long, value_name = "DIR")]
        data: Option<PathBuf>,
    },
    /// Show entries
    Entries {
        /// The data folder of a stopped node; without it, the running node is asked
        #[arg(long, value_name = "DIR")]
        data: Option<PathBuf>,
        /// Index of the first entry
        #[arg(long, default_value_t = 0)]
        start: u64,
        /// Entries at most [default: to the end]
        #[arg(long)]
        limit: Option<u64>,
    },
}

/// Runs one of them.
pub(crate) async fn run(session: &Session, command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Verify { data, federation, against } => {
            verify(session, data.as_deref(), federation.as_deref(), against.as_deref()).await
        }
        Command::Checkpoint { data } => checkpoint(session, data.as_deref()).await,
        Command::Entries { data, start, limit } => entries(session, data.as_deref(), start, limit).await,
    }
}

async fn verify(
    session: &Session,
    data: Option<&Path>,
    federation: Option<&Path>,
    against: Option<&Path>,
) -> anyhow::Result<ExitCode> {
    let against = against.map(Against::read).transpose()?;
    let verdict = match data {
        Some(data) => {
            let whose = Whose::of_folder(data, federation, session.agency())?;
            Offline::open(data)?.verify(&whose.agency, &whose.keys, against.as_ref())?
        }
        None => {
            let client = session.client()?;
            let whose = Whose::of_running(client.agency(), federation, session.cluster())?;
            verify::online(&client, &whose, against.as_ref()).await?
        }
    };
    session.output.result(&verdict, || verdict.to_string())?;
    Ok(if verdict.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn checkpoint(session: &Session, data: Option<&Path>) -> anyhow::Result<ExitCode> {
    let note = match data {
        Some(data) => {
            Offline::open(data)?.latest_checkpoint()?.context("the ledger has no checkpoint yet")?
        }
        None => session.client()?.checkpoint().await?,
    };
    // A note ends with its own line feed, which is part of it.
    let object = serde_json::json!({ "checkpoint": note });
    session.output.result(&object, || note.strip_suffix('\n').unwrap_or(&note).to_owned())?;
    Ok(ExitCode::SUCCESS)
}

async fn entries(
    session: &Session,
    data: Option<&Path>,
    start: u64,
    limit: Option<u64>,
) -> anyhow::Result<ExitCode> {
    match data {
        Some(data) => {
            let offline = Offline::open(data)?;
            let rows = stream::iter(offline.entries(start, limit)?);
            show(session, rows).await?;
        }
        None => {
            let client = session.client()?;
            let rows = client.entries(start, limit).await?.map(|entry| Ok(entry?));
            show(session, rows).await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn show(
    session: &Session,
    entries: impl Stream<Item = anyhow::Result<LedgerEntry>>,
) -> anyhow::Result<()> {
    let mut entries = Box::pin(entries);
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED).set_header(EntryLine::HEAD);
    while let Some(entry) = entries.next().await {
        let line = EntryLine::read(&entry?)?;
        match session.output.format() {
            Format::Json => session.output.line(&serde_json::to_string(&line)?)?,
            Format::Table => {
                table.add_row(line.cells());
            }
        }
    }
    match session.output.format() {
        Format::Json => Ok(()),
        Format::Table => Ok(session.output.line(&table.to_string())?),
    }
}
