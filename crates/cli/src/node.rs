//! `concord node`: one node in this process.

use crate::session::Session;
use crate::signals::{self, Interrupts};
use anyhow::Context;
use clap::Args;
use concord_domain::SystemClock;
use concord_node::{Config, Node, Problems, Seams};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Notify;
use tracing_subscriber::EnvFilter;

/// What `node` takes.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The node's configuration, node.toml
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Only check the configuration and all that it names; starts nothing
    #[arg(long)]
    check: bool,
    /// Go on although a peer has seen more of this node's ledger than there is, and put that on the record
    #[arg(long)]
    accept_rollback: bool,
    /// End when standard input ends: for a parent process that must not leave nodes behind
    #[arg(long, hide = true)]
    end_with_input: bool,
}

/// What a node says on standard output when it serves, after the word `ready`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Ready {
    pub(crate) agency: String,
    pub(crate) local_api: String,
    pub(crate) federation_api: String,
}

impl Ready {
    /// The word before it.
    pub(crate) const WORD: &'static str = "ready";
}

/// Runs a node until it is told to end, or checks its configuration.
pub(crate) async fn run(session: &Session, arguments: Arguments) -> anyhow::Result<ExitCode> {
    let Arguments { config, check, accept_rollback, end_with_input } = arguments;
    let (mut config, warnings) = concord_node::check(&config, &SystemClock)?;
    if check {
        return checked(session, &config, &warnings);
    }
    log_to_stderr();
    config.accept_rollback = accept_rollback;
    let agency = config.agency.to_string();
    // Before anybody is told that the node serves, so that no signal ends it without draining.
    let (hangup, mut interrupts) = (signal(SignalKind::hangup())?, Interrupts::catch()?);
    let node = Box::pin(Node::start(config, Seams::real())).await.context("the node does not start")?;
    let ready = Ready {
        agency,
        local_api: format!("https://{}", node.local_api()),
        federation_api: format!("https://{}", node.federation_api()),
    };
    session.output.line(&format!("{} {}", Ready::WORD, serde_json::to_string(&ready)?))?;
    let reloads = tokio::spawn(reload(hangup, node.reload_handle()));
    let end = async move {
        tokio::select! {
            () = interrupts.wait() => {}
            () = signals::input_ended(), if end_with_input => {}
        }
        tracing::info!(target: "concord::node", "told to end");
    };
    node.run_until(end).await;
    reloads.abort();
    Ok(ExitCode::SUCCESS)
}

fn checked(session: &Session, config: &Config, warnings: &Problems) -> anyhow::Result<ExitCode> {
    warnings.iter().for_each(|warning| session.output.notice(&format!("warning: {warning}")));
    let object = serde_json::json!({
        "agency": config.agency, "ok": true, "warnings": warnings.iter().map(ToString::to_string).collect::<Vec<_>>(),
    });
    session.output.result(&object, || format!("{}: the configuration is good", config.agency))?;
    Ok(ExitCode::SUCCESS)
}

/// SIGHUP asks for a reload.
async fn reload(mut hangup: tokio::signal::unix::Signal, reload: Arc<Notify>) {
    while hangup.recv().await.is_some() {
        reload.notify_one();
    }
}

/// Logs go to standard error, filtered by `RUST_LOG`.
fn log_to_stderr() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    // Fails only if the process logs already.
    drop(
        tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_writer(std::io::stderr)
            .with_ansi(false)
            .try_init(),
    );
}
