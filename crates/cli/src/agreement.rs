//! `concord agreement`: signed documents on their way to the federation.

mod submit;
mod withdraw;

use crate::session::Session;
use clap::Subcommand;
use std::process::ExitCode;

/// What `agreement` does.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Hand a signed document to the node, from where it spreads
    Submit(submit::Arguments),
    /// Withdraw from an agreement as one of its parties
    Withdraw(withdraw::Arguments),
}

/// Runs one of them.
pub(crate) async fn run(session: &Session, command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Submit(arguments) => submit::run(session, &arguments).await?,
        Command::Withdraw(arguments) => withdraw::run(session, &arguments).await?,
    }
    Ok(ExitCode::SUCCESS)
}
