//! `concord agreement submit`: a signed document goes to the node.

use crate::session::Session;
use anyhow::Context;
use clap::Args;
use concord_client::DocumentStatus;
use concord_trust::{DocumentKind, DocumentRef, SignedFile};
use std::path::{Path, PathBuf};

/// What `submit` takes.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The document, NAME.toml, with its signatures NAME.SIGNER.sig beside it
    file: PathBuf,
    /// charter, card, keyring, agreement, declaration or block [default: by the folder that it stands in, else by what
    /// it says]
    #[arg(long, value_name = "KIND")]
    kind: Option<DocumentKind>,
}

/// Hands it over, and says what became of it.
pub(crate) async fn run(session: &Session, arguments: &Arguments) -> anyhow::Result<()> {
    let Arguments { file: path, kind } = arguments;
    let file = SignedFile::read(path)?;
    let kind = kind
        .or_else(|| by_folder(path))
        .or_else(|| by_content(&file))
        .with_context(|| format!("{}: say what it is with --kind", path.display()))?;
    let status = session.client()?.submit_document(kind, file).await?;
    show(session, &status)
}

/// Shows what became of a document.
pub(super) fn show(session: &Session, status: &DocumentStatus) -> anyhow::Result<()> {
    let DocumentStatus { at, signers, state, missing } = status;
    let DocumentRef { kind, name, sequence, digest } = at;
    let object = serde_json::json!({
        "kind": kind.as_str(), "name": name, "sequence": sequence, "digest": digest, "signers": signers,
        "state": state.as_str(), "missing": missing,
    });
    let shown = || {
        let waits =
            if missing.is_empty() { String::new() } else { format!(", waits for {}", missing.join(", ")) };
        format!("{at}: {state}, signed by {}{waits}", signers.join(", "))
    };
    Ok(session.output.result(&object, shown)?)
}

fn by_folder(path: &Path) -> Option<DocumentKind> {
    let folder = path.parent()?.file_name()?.to_str()?;
    DocumentKind::ALL.into_iter().find(|kind| kind.folder() == Some(folder))
}

/// The kind by the key that only this kind has.
fn by_content(file: &SignedFile) -> Option<DocumentKind> {
    let table: toml::Table = toml::from_str(std::str::from_utf8(&file.bytes).ok()?).ok()?;
    let marks = [
        ("members", DocumentKind::Charter),
        ("agreement_key", DocumentKind::Card),
        ("tls_bundle", DocumentKind::Keyring),
        ("parties", DocumentKind::Agreement),
        ("party", DocumentKind::Declaration),
        ("reason", DocumentKind::Block),
    ];
    marks.into_iter().find(|(mark, _)| table.contains_key(*mark)).map(|(_, kind)| kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_told_by_its_folder_or_by_what_it_says() {
        assert_eq!(by_folder(Path::new("x/agreements/a.v1.toml")), Some(DocumentKind::Agreement));
        assert_eq!(by_folder(Path::new("a.v1.toml")), None);
        let said = |text: &str| by_content(&SignedFile::unsigned("x.toml", text.to_owned()));
        assert_eq!(said("parties = []"), Some(DocumentKind::Agreement));
        assert_eq!(said("party = \"yn.police.cn\""), Some(DocumentKind::Declaration));
        assert_eq!(said("other = 1"), None);
        assert_eq!(said("["), None);
    }
}
