//! `concord agreement`: agreements are drafted, signed and submitted, and shown for what they come to.

mod declare;
mod describe;
mod diff;
mod draft;
mod explain;
mod file;
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
    Withdraw(declare::Withdraw),
    /// Take no part in an agreement for now, as one of its parties
    Suspend(declare::Suspend),
    /// Take part again, as the party that suspended its part
    Resume(declare::Resume),
}

/// Runs one of them.
pub(crate) async fn run(session: &Session, command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Draft(arguments) => draft::run(session, &arguments)?,
        Command::Sign(arguments) => sign::run(session, &arguments).await?,
        Command::List(arguments) => list::run(session, &arguments).await?,
        Command::Show(arguments) => show::run(session, &arguments).await?,
        Command::Explain(arguments) => explain::run(session, &arguments).await?,
        Command::Diff(arguments) => diff::run(session, &arguments).await?,
        Command::WhatIf(arguments) => what_if::run(session, &arguments).await?,
        Command::Matrix(arguments) => matrix::run(session, &arguments).await?,
        Command::Graph(arguments) => graph::run(session, &arguments).await?,
        Command::Submit(arguments) => submit::run(session, &arguments).await?,
        Command::Withdraw(arguments) => declare::withdraw(session, &arguments).await?,
        Command::Suspend(arguments) => declare::suspend(session, &arguments).await?,
        Command::Resume(arguments) => declare::resume(session, &arguments).await?,
    }
    Ok(ExitCode::SUCCESS)
}
