//! `concord agreement`: agreements are drafted, signed and submitted, and shown for what they come to.

mod describe;
mod diff;
mod draft;
mod explain;
mod graph;
mod list;
mod matrix;
mod show;
mod sign;
mod source;
mod standing;
mod submit;
mod topic;
mod what_if;
mod withdraw;
mod words;

use crate::session::Session;
use clap::Subcommand;
use std::process::ExitCode;

/// What `agreement` does.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Write a commented document to start from, or the next version of one
    Draft(draft::Arguments),
    /// Sign a document as one of its parties
    Sign(sign::Arguments),
    /// List the agreements, version by version, with what is in force and who is missing
    List(list::Arguments),
    /// Show one agreement, clause by clause, and how it stands
    Show(show::Arguments),
    /// Say why a request would be allowed or refused, and by which route
    Explain(explain::Arguments),
    /// Show which agencies gain or lose what, and which fields differ, from one version or federation folder to another
    Diff(diff::Arguments),
    /// Show which agencies would gain or lose what, and which fields would differ, if all parties signed a document
    WhatIf(what_if::Arguments),
    /// Show who may ask whom
    Matrix(matrix::Arguments),
    /// Draw agencies and agreements
    Graph(graph::Arguments),
    /// Hand a signed document to the node, from where it spreads
    Submit(submit::Arguments),
    /// Withdraw from an agreement as one of its parties
    Withdraw(withdraw::Arguments),
}

/// Runs one of them.
pub(crate) async fn run(session: &Session, command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Draft(arguments) => draft::run(session, &arguments)?,
        Command::Sign(arguments) => sign::run(session, &arguments)?,
        Command::List(arguments) => list::run(session, &arguments)?,
        Command::Show(arguments) => show::run(session, &arguments)?,
        Command::Explain(arguments) => explain::run(session, &arguments)?,
        Command::Diff(arguments) => diff::run(session, &arguments)?,
        Command::WhatIf(arguments) => what_if::run(session, &arguments)?,
        Command::Matrix(arguments) => matrix::run(session, &arguments)?,
        Command::Graph(arguments) => graph::run(session, &arguments)?,
        Command::Submit(arguments) => submit::run(session, &arguments).await?,
        Command::Withdraw(arguments) => withdraw::run(session, &arguments).await?,
    }
    Ok(ExitCode::SUCCESS)
}
