//! `concord agreement what-if`.

use super::diff::show;
use super::source::Source;
use super::topic::WhenBegun;
use crate::session::Session;
use clap::Args;
use concord_agreements::{Agreement, tools};
use concord_trust::SignedFile;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The proposed document; it is taken as if all its parties had signed it
    file: PathBuf,
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    when: WhenBegun,
}

pub(super) async fn run(session: &Session, arguments: &Arguments) -> anyhow::Result<()> {
    let (_, rules) = arguments.source.documents(session).await?;
    let proposed = SignedFile::read(&arguments.file)?;
    let begins = Agreement::parse(&proposed)?.valid_from;
    let at = arguments.when.or_begun([begins]);
    show(session, &tools::what_if(&rules, &proposed, at)?)
}
