//! Where documents come from: a folder, or a node.

use crate::session::Session;
use anyhow::{Context, bail};
use clap::Args;
use concord_agreements::{Documents, LocalRules, Rules};
use concord_client::{Client, ClientError, Exported};
use concord_domain::{AgreementId, Digest};
use concord_trust::{Directory, DocumentKind, SignedFile, sha256};
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The documents that a command looks at.
#[derive(Debug, Args)]
pub(super) struct Source {
    /// A federation's folder as `concord pki init` makes it, or its published documents alone [default: what the node that
    /// --connect or --cluster names has, with its own rules if the caller is a liaison]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// SHA-256 of the charter to start from, as somebody trusted has told it [default: the folder's own charter, or the one
    /// that the node was started with]
    #[arg(long, value_name = "SHA256", value_parser = digest)]
    charter: Option<Digest>,
}

impl Source {
    /// Reads charter, cards, block notices, agreements and what parties declared about them, and verifies all of it here.
    /// What does not count is left out and told on standard error.
    pub(super) async fn documents(&self, session: &Session) -> anyhow::Result<(Arc<Directory>, Rules)> {
        match (&self.dir, session.names_node()) {
            (Some(dir), false) => of_folder(session, dir, self.charter),
            (None, true) => of_node(session, self.charter).await,
            (Some(_), true) => bail!(
                "the documents of --dir, or those of the node that --connect or --cluster names? give one of the two"
            ),
            (None, false) => bail!(
                "whose documents? give --dir DIR, or a node by --connect FILE, or by --cluster DIR with --agency AGENCY"
            ),
        }
    }
}

fn digest(text: &str) -> Result<Digest, &'static str> {
    Digest::from_hex(text).ok_or("must have 64 hexadecimal digits")
}

/// What stands in a folder. Without a charter's digest whoever names the folder trusts its charter. No node's own rules are
/// there.
pub(super) fn of_folder(
    session: &Session,
    dir: &Path,
    charter: Option<Digest>,
) -> anyhow::Result<(Arc<Directory>, Rules)> {
    let folder = published(dir);
    let pinned = match charter {
        Some(digest) => digest,
        None => sha256(&[&SignedFile::read(&folder.join("charter.toml"))?.bytes]),
    };
    let (directory, problems) = Directory::read(&folder, pinned, |_| None)?;
    left_out(session, &problems);
    let directory = Arc::new(directory);
    let (rules, problems) = Rules::read(&folder, directory.clone(), LocalRules::default(), |_| None);
    left_out(session, &problems);
    Ok((directory, rules))
}

/// What the node has. Without a charter's digest whoever names the node trusts the charter that it was started with;
/// nothing else is believed of it but what it has seen before, by which it leaves out what is older.
pub(super) async fn of_node(
    session: &Session,
    charter: Option<Digest>,
) -> anyhow::Result<(Arc<Directory>, Rules)> {
    let client = session.client()?;
    let own = own_rules(session, &client).await?;
    let exported = client.export_documents().await?;
    let pinned = charter.unwrap_or(exported.charter);
    build(session, exported, pinned, own)
}

fn build(
    session: &Session,
    exported: Exported,
    pinned: Digest,
    own: LocalRules,
) -> anyhow::Result<(Arc<Directory>, Rules)> {
    let Exported { charter: _, seen, documents } = exported;
    let floor = seen.clone();
    let (directory, problems) =
        Directory::of(&documents, pinned, move |name: &str| floor.get(name).copied())?;
    left_out(session, &problems);
    let directory = Arc::new(directory);
    let files = |kind| documents.of_kind(kind).map(|(_, file)| file.clone()).collect();
    let of_rules = Documents {
        agreements: files(DocumentKind::Agreement),
        declarations: files(DocumentKind::Declaration),
    };
    let highest = |id: &AgreementId| {
        let (version, digest) = seen.get(&format!("{}/{id}", DocumentKind::Agreement)).copied()?;
        Some((u32::try_from(version).unwrap_or(u32::MAX), digest))
    };
    let (rules, problems) = Rules::build(of_rules, directory.clone(), own, highest);
    left_out(session, &problems);
    Ok((directory, rules))
}

/// The node's own rules, which only narrow; none, with a word about it, for a caller who may not know them.
async fn own_rules(session: &Session, client: &Client) -> anyhow::Result<LocalRules> {
    let agency = client.agency();
    match client.local_rules().await {
        Ok(text) => {
            let rules: LocalRules =
                toml::from_str(&text).with_context(|| format!("the own rules of {agency}"))?;
            Ok(rules.of(agency.clone()))
        }
        Err(ClientError::Rejected(rejection)) if rejection.reason.as_deref() == Some(ROLE_MISSING) => {
            session.output.notice(&format!(
                "by the documents alone: what the node of {agency} forbids by rules of its own is told to a liaison only"
            ));
            Ok(LocalRules::default())
        }
        Err(error) => Err(error.into()),
    }
}

/// The reason of a node that does not let a caller do this.
const ROLE_MISSING: &str = "ROLE_MISSING";

fn left_out(session: &Session, problems: &[impl Display]) {
    problems.iter().for_each(|problem| session.output.notice(&format!("left out: {problem}")));
}

/// The folder of the published documents: `dir` itself, or the one in it.
fn published(dir: &Path) -> PathBuf {
    if dir.join("charter.toml").exists() { dir.to_owned() } else { dir.join("federation") }
}

#[cfg(test)]
mod tests;
