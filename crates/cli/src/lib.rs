//! The one binary of Concord: nodes, local federations, and an agency's own questions to its node.
//!
//! In scope: arguments, output for people and for programs, running nodes as processes ([`Cluster`]).
//! Out of scope: whatever a program other than this one might want to do; that stands in `concord-client`.
//!
//! ```text
//!  Arguments --> Session (output, profile) --> one file or folder a command
//!                                               node                          a node in this process
//!                                               cluster, demo, bench          Cluster: nodes as child processes
//!                                               search, vetting, directory    concord_client::Client
//!                                               register, ledger              concord_client::Client
//!                                               pki                           concord_pki
//!                                               agreement                     concord_agreements::tools
//! ```

mod agreement;
mod arguments;
mod bench;
mod cluster;
mod demo;
mod directory;
mod duration;
mod ledger;
mod node;
mod output;
mod people;
mod pki;
mod register;
mod search;
mod session;
mod signals;
mod vetting;

pub use cluster::{ClientFiles, Cluster, ClusterDocument, ClusterNode, ClusterOptions, NodeClients};
pub use people::Person;

use arguments::{Arguments, Command};
use clap::Parser;
use output::Output;
use session::Session;
use std::process::ExitCode;

/// Runs the command line of this process; errors go to standard error.
pub fn main() -> ExitCode {
    let Arguments { global, command } = Arguments::parse();
    let output = Output::new(global.output);
    let session = Session::new(output, global);
    let done = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(anyhow::Error::from)
        .and_then(|runtime| runtime.block_on(Box::pin(run(&session, command))));
    done.unwrap_or_else(|error| {
        output.error(&error);
        ExitCode::FAILURE
    })
}

async fn run(session: &Session, command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Node(arguments) => node::run(session, arguments).await,
        Command::Cluster(command) => cluster::run(session, command).await,
        Command::Search(arguments) => search::run(session, arguments).await,
        Command::Watch(arguments) => search::run_watch(session, arguments).await,
        Command::Vetting(command) => vetting::run(session, command).await,
        Command::Register(command) => register::run(session, command).await,
        Command::Directory(command) => directory::run(session, command).await,
        Command::Agreement(command) => agreement::run(session, command).await,
        Command::Ledger(command) => ledger::run(session, command).await,
        Command::Pki(command) => pki::run(session, command),
        Command::Demo(arguments) => demo::run(session, arguments).await,
        Command::Bench(arguments) => bench::run(session, arguments).await,
    }
}
