//! `concord agreement what-if`.

use super::diff::show;
use super::source::{Source, documents};
use super::topic::time;
use crate::session::Session;
use clap::Args;
use concord_agreements::{Agreement, tools};
use concord_domain::{Clock, SystemClock, Timestamp};
use concord_trust::SignedFile;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The proposed document; it is taken as if all its parties had signed it
    file: PathBuf,
    #[command(flatten)]
    source: Source,
    /// The time to judge by: 2027-01-01, or 2027-01-01T08:00:00Z [default: now, or when the document begins if that is
    /// later]
    #[arg(long, value_name = "TIME", value_parser = time)]
    at: Option<Timestamp>,
}

pub(super) fn run(session: &Session, arguments: &Arguments) -> anyhow::Result<()> {
    let (_, rules) = documents(session, &arguments.source.dir)?;
    let proposed = SignedFile::read(&arguments.file)?;
    let begins = Agreement::parse(&proposed)?.valid_from;
    let at = arguments.at.unwrap_or_else(|| SystemClock.now().max(begins));
    show(session, &tools::what_if(&rules, &proposed, at)?)
}
