//! `concord directory`: the other agencies, how each is reached, and whether it answers.

mod line;
mod list;
mod ping;
mod show;

use crate::session::Session;
use clap::Subcommand;
use std::process::ExitCode;

/// What `directory` does.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the other agencies with route, health, latency, circuit and the days left of certificate and keyring
    List,
    /// Show all that the node knows of one agency
    Show(show::Arguments),
    /// Ask an agency whether it answers, by the path that requests take, and show each hop
    Ping(ping::Arguments),
}

/// Runs one of them.
pub(crate) async fn run(session: &Session, command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::List => list::run(session).await,
        Command::Show(arguments) => show::run(session, &arguments).await,
        Command::Ping(arguments) => ping::run(session, arguments).await,
    }
}
