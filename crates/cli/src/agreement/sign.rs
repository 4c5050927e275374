//! `concord agreement sign`.

use super::source::documents;
use crate::session::Session;
use anyhow::{Context, bail, ensure};
use clap::Args;
use concord_agreements::Agreement;
use concord_domain::AgencyId;
use concord_pki::{KeyName, Layout};
use concord_trust::{Kind, SignedFile, SigningKey, sha256};
use serde_json::json;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The document, ID.vVERSION.toml; the signature is written beside it
    file: PathBuf,
    /// The party that signs
    #[arg(long = "as", value_name = "AGENCY")]
    party: AgencyId,
    /// File of the party's agreement key [default: the party's in DIR]
    #[arg(long, value_name = "KEYFILE", required_unless_present = "dir")]
    key: Option<PathBuf>,
    /// A federation's folder: the key must be the one on the party's card there
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

pub(super) fn run(session: &Session, arguments: &Arguments) -> anyhow::Result<()> {
    let Arguments { file: path, party, key, dir } = arguments;
    let file = SignedFile::read(path)?;
    let agreement = Agreement::parse(&file)?;
    ensure!(agreement.parties.contains(party), "{}: {party} is not among its parties", path.display());
    let key_file = match (key, dir) {
        (Some(key), _) => key.clone(),
        (None, Some(dir)) => kept_in(dir, party)?,
        (None, None) => bail!("which key? give --key KEYFILE or --dir DIR"),
    };
    let key = read_key(&key_file)?;
    if let Some(dir) = dir {
        let (directory, _) = documents(session, dir)?;
        let carded = directory.agreement_key(party).with_context(|| format!("{party} has no valid card"))?;
        ensure!(
            carded == key.public(),
            "{}: not the agreement key on the card of {party}",
            key_file.display()
        );
    }
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let expected = agreement.file_stem();
    if stem != expected {
        session
            .output
            .notice(&format!("to count in a folder of agreements it must be called {expected}.toml"));
    }
    let digest = sha256(&[&file.bytes]);
    let signed = SignedFile { signatures: Vec::new(), ..file }.sign(Kind::Agreement, party.as_str(), &key);
    let signature = signed.signatures.first().context("a signature was made")?;
    let written = signature.write(path.parent().unwrap_or(Path::new("")), stem)?;
    let object = json!({ "file": path, "sha256": digest, "party": party, "signature": written });
    let shown = || {
        format!(
            "{}: {party} signs {agreement_name} with SHA-256 {digest}",
            written.display(),
            agreement_name = expected
        )
    };
    Ok(session.output.result(&object, shown)?)
}

/// The key as `concord pki init` leaves it: with the node if the agency has one here, else among the offline keys.
fn kept_in(dir: &Path, party: &AgencyId) -> anyhow::Result<PathBuf> {
    let layout = Layout::new(dir);
    let kept = [
        layout.node(party).key(KeyName::Agreement),
        layout.offline_keys(party).join(KeyName::Agreement.file_name()),
    ];
    let found = kept.iter().find(|file| file.exists()).cloned();
    found.with_context(|| {
        let [node, offline] = kept.map(|file| file.display().to_string());
        format!("no key of {party} in {node} or {offline}: give --key KEYFILE")
    })
}

fn read_key(file: &Path) -> anyhow::Result<SigningKey> {
    let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
    SigningKey::from_text(&Zeroizing::new(text)).with_context(|| file.display().to_string())
}
