//! `concord demo`: a development federation from nothing to verified ledgers, each step checked.

mod agreements;
mod cast;
mod evidence;
mod inquiry;
mod routes;
mod steps;
mod walk;

pub(crate) use inquiry::Inquiry;

use crate::session::Session;
use anyhow::Context;
use clap::Args;
use std::path::PathBuf;
use std::process::ExitCode;
use walk::Walk;

/// What `demo` takes.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Keep everything in this folder, which must be new or empty [default: a temporary folder, removed at the end]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// Walks through everything; the first step that fails ends it.
pub(crate) async fn run(session: &Session, arguments: Arguments) -> anyhow::Result<ExitCode> {
    let temporary = tempfile::tempdir().context("a temporary folder")?;
    let dir = match arguments.dir {
        Some(dir) => {
            std::fs::create_dir_all(&dir).with_context(|| dir.display().to_string())?;
            anyhow::ensure!(dir.read_dir()?.next().is_none(), "{}: the folder is not empty", dir.display());
            dir
        }
        None => temporary.path().to_owned(),
    };
    steps::walk(&Walk::new(session.output), &dir).await?;
    Ok(ExitCode::SUCCESS)
}
