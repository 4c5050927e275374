//! Where documents come from.

use crate::session::Session;
use anyhow::Context;
use clap::Args;
use concord_agreements::{LocalRules, Rules};
use concord_trust::{Directory, SignedFile, SigningKey, sha256};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use zeroize::Zeroizing;

/// The documents that a command looks at.
#[derive(Debug, Args)]
pub(super) struct Source {
    /// A federation's folder as `concord pki init` makes it, or its published documents alone
    #[arg(long, value_name = "DIR")]
    pub(super) dir: PathBuf,
}

/// Reads charter, cards, block notices, agreements and what parties declared about them. Whoever names the folder trusts
/// its charter; what else in it does not count is left out and told on standard error. No node's own rules are there.
pub(super) fn documents(session: &Session, dir: &Path) -> anyhow::Result<(Arc<Directory>, Rules)> {
    let folder = published(dir);
    let charter = sha256(&[&SignedFile::read(&folder.join("charter.toml"))?.bytes]);
    let (directory, problems) = Directory::read(&folder, charter, |_| None)?;
    problems.iter().for_each(|problem| session.output.notice(&format!("left out: {problem}")));
    let directory = Arc::new(directory);
    let (rules, problems) = Rules::read(&folder, directory.clone(), LocalRules::default(), |_| None);
    problems.iter().for_each(|problem| session.output.notice(&format!("left out: {problem}")));
    Ok((directory, rules))
}

/// Reads a party's agreement key.
pub(super) fn read_key(file: &Path) -> anyhow::Result<SigningKey> {
    let text =
        std::fs::read_to_string(file).map(Zeroizing::new).with_context(|| file.display().to_string())?;
    SigningKey::from_text(&text).with_context(|| file.display().to_string())
}

/// The folder of the published documents: `dir` itself, or the one in it.
fn published(dir: &Path) -> PathBuf {
    if dir.join("charter.toml").exists() { dir.to_owned() } else { dir.join("federation") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_documents_are_the_folder_or_in_it() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(published(dir.path()), dir.path().join("federation"));
        std::fs::write(dir.path().join("charter.toml"), "").unwrap();
        assert_eq!(published(dir.path()), dir.path());
    }
}
