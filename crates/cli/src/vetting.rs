//! `concord vetting`: what other agencies ask this one to ask on, and waits for an officer's decision.

mod line;

use crate::output::Format;
use crate::session::Session;
use clap::{Args, Subcommand};
use comfy_table::{Table, presets};
use concord_client::Deciding;
use concord_domain::{Officer, Reference, VettingDecision, VettingReason};
use line::{AskLine, Line};
use serde_json::json;
use std::process::ExitCode;

/// What `vetting` does.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List what waits, the oldest first
    List {
        /// Also what is decided, asked on or expired
        #[arg(long)]
        all: bool,
    },
    /// Show one request with what it asks about whom
    Show {
        /// Under which it waits
        #[arg(value_name = "REFERENCE")]
        reference: Reference,
    },
    /// Let a request be asked on
    Approve {
        #[command(flatten)]
        by: By,
    },
    /// Refuse to ask a request on
    Refuse {
        #[command(flatten)]
        by: By,
        /// Why; the agency that asked reads it
        #[arg(long, value_name = "TEXT")]
        reason: VettingReason,
    },
}

/// Who decides on what.
#[derive(Debug, Args)]
pub(crate) struct By {
    /// Under which it waits
    #[arg(value_name = "REFERENCE")]
    reference: Reference,
    /// The officer who decides, by service number; not needed with the officer's own certificate
    #[arg(long, value_name = "NUMBER")]
    officer: Option<Officer>,
}

/// Runs one of them.
pub(crate) async fn run(session: &Session, command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::List { all } => list(session, all).await?,
        Command::Show { reference } => show(session, reference).await?,
        Command::Approve { by } => decide(session, by, VettingDecision::Approve).await?,
        Command::Refuse { by, reason } => decide(session, by, VettingDecision::Refuse(reason)).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(session: &Session, all: bool) -> anyhow::Result<()> {
    let waiting = session.client()?.vettings(!all).await?;
    match session.output.format() {
        Format::Json => {
            for waiting in &waiting {
                session.output.line(&serde_json::to_string(&Line::from(waiting))?)?;
            }
        }
        Format::Table => {
            let mut table = Table::new();
            let head = ["reference", "state", "from", "to", "operation", "purpose", "expires"];
            table.load_style(presets::UTF8_FULL_CONDENSED).set_header(head);
            table.add_rows(waiting.iter().map(|waiting| Line::from(waiting).cells()));
            session.output.line(&table.to_string())?;
        }
    }
    Ok(())
}

async fn show(session: &Session, reference: Reference) -> anyhow::Result<()> {
    let (waiting, ask) = session.client()?.vetting(reference).await?;
    let (line, ask) = (Line::from(&waiting), AskLine::from(&ask));
    let object = json!({ "vetting": line, "ask": ask });
    Ok(session.output.result(&object, || [line.rows(), ask.rows()].concat().join("\n"))?)
}

async fn decide(session: &Session, by: By, decision: VettingDecision) -> anyhow::Result<()> {
    let By { reference, officer } = by;
    let deciding = Deciding { reference, decision, officer };
    let decided = session.client()?.decide_vetting(deciding).await?;
    let says = || format!("{} is {}", decided.reference, decided.state);
    Ok(session.output.result(&Line::from(&decided), says)?)
}
