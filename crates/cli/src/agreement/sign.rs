//! `concord agreement sign`.

use super::file::read_key;
use super::source::{of_folder, of_node};
use crate::session::Session;
use anyhow::{Context, bail, ensure};
use clap::Args;
use concord_agreements::{Agreement, Rules};
use concord_domain::AgencyId;
use concord_pki::{KeyName, Layout};
use concord_trust::{Kind, SignedFile, sha256};
use serde_json::json;
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The document, ID.vVERSION.toml; the signature is written beside it
    file: PathBuf,
    /// The party that signs; with --dir also one that the version before had
    #[arg(long = "as", value_name = "AGENCY")]
    party: AgencyId,
    /// File of the party's agreement key [default: the party's in DIR]
    #[arg(long, value_name = "KEYFILE", required_unless_present = "dir")]
    key: Option<PathBuf>,
    /// A federation's folder: the key must be the one on the party's card there, or else on the card that the node has which
    /// --connect or --cluster names
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Replace another signature of the party that stands beside the document
    #[arg(long)]
    force: bool,
}

pub(super) async fn run(session: &Session, arguments: &Arguments) -> anyhow::Result<()> {
    let Arguments { file: path, party, key, dir, force } = arguments;
    let file = SignedFile::read(path)?;
    let agreement = Agreement::parse(&file)?;
    let federation = match dir {
        Some(dir) => Some(of_folder(session, dir, None)?),
        None if session.names_node() => Some(of_node(session, None).await?),
        None => None,
    };
    let rules = federation.as_ref().map(|(_, rules)| rules);
    ensure!(
        agreement.parties.contains(party) || releases(rules, &agreement, party),
        "{}: {party} is not among its parties, nor, as far as --dir or the node tells, among those of the version before",
        path.display()
    );
    let key_file = match (key, dir) {
        (Some(key), _) => key.clone(),
        (None, Some(dir)) => kept_in(dir, party)?,
        (None, None) => bail!("which key? give --key KEYFILE or --dir DIR"),
    };
    let key = read_key(&key_file)?;
    if let Some((directory, _)) = &federation {
        let carded = directory.agreement_keys(party);
        ensure!(!carded.is_empty(), "{party} has no valid card");
        ensure!(
            carded.contains(&key.public()),
            "{}: not the agreement key on the card of {party}",
            key_file.display()
        );
    } else {
        let unchecked = "it was not checked against the card, which takes --dir DIR or a node";
        session.output.notice(&format!("{}: {unchecked}", key_file.display()));
    }
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let expected = agreement.file_stem();
    if stem != expected {
        session
            .output
            .notice(&format!("to count in a folder of agreements it must be called {expected}.toml"));
    }
    let digest = sha256(&[&file.bytes]);
    let beside = file.signatures.iter().find(|signature| signature.label == party.as_str()).cloned();
    let signed = SignedFile { signatures: Vec::new(), ..file }.sign(Kind::Agreement, party.as_str(), &key);
    let signature = signed.signatures.first().context("a signature was made")?;
    ensure!(
        *force || beside.is_none_or(|other| other == *signature),
        "another signature of {party} stands beside {}, by another key or over an earlier text: --force replaces it",
        path.display()
    );
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

/// Whether the version before, which counts there, has the party: it signs the one after too, or is not displaced.
fn releases(rules: Option<&Rules>, text: &Agreement, party: &AgencyId) -> bool {
    let mut versions = rules.into_iter().flat_map(|rules| rules.versions(&text.id));
    versions.any(|before| text.previous == Some(before.digest()) && before.parties.contains(party))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arguments::Arguments as CommandLine;
    use crate::output::{Format, Output};
    use clap::Parser;
    use concord_trust::SigningKey;
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;

    const PARTY: &str = "yn.police.cn";

    /// A folder with a draft of Yunnan and Gansu and a key.
    fn folder() -> (tempfile::TempDir, SigningKey) {
        let dir = tempfile::tempdir().unwrap();
        let key = SigningKey::from_seed([7; 32]);
        write_key(&dir.path().join("a.key"), &key, 0o600);
        let kind = concord_agreements::AgreementKind::Bilateral;
        let parties = [PARTY.parse().unwrap(), "gs.police.cn".parse().unwrap()];
        let now = "2026-12-31T00:00:00Z".parse().unwrap();
        let text = crate::agreement::draft::first(kind, &"pact".parse().unwrap(), &parties, now);
        std::fs::write(dir.path().join("pact.v1.toml"), text).unwrap();
        (dir, key)
    }

    fn write_key(file: &Path, key: &SigningKey, mode: u32) {
        std::fs::write(file, key.to_text().as_bytes()).unwrap();
        std::fs::set_permissions(file, Permissions::from_mode(mode)).unwrap();
    }

    /// The command as it runs, to its end.
    fn run(session: &Session, arguments: &Arguments) -> anyhow::Result<()> {
        futures_util::FutureExt::now_or_never(super::run(session, arguments)).unwrap()
    }

    fn sign(dir: &Path, party: &str, key: &str) -> anyhow::Result<()> {
        sign_with(dir, party, key, false)
    }

    fn sign_with(dir: &Path, party: &str, key: &str, force: bool) -> anyhow::Result<()> {
        let CommandLine { global, .. } = CommandLine::parse_from(["concord", "register", "stats"]);
        let session = Session::new(Output::new(Format::Json), global);
        let (file, key) = (dir.join("pact.v1.toml"), Some(dir.join(key)));
        run(&session, &Arguments { file, party: party.parse().unwrap(), key, dir: None, force })
    }

    #[test]
    fn the_signature_stands_beside_the_untouched_document() {
        let (dir, key) = folder();
        let file = dir.path().join("pact.v1.toml");
        let before = std::fs::read(&file).unwrap();
        sign(dir.path(), PARTY, "a.key").unwrap();
        assert_eq!(std::fs::read(&file).unwrap(), before);
        assert!(dir.path().join("pact.v1.yn.police.cn.sig").exists());
        let read = SignedFile::read(&file).unwrap();
        read.require(Kind::Agreement, PARTY, &key.public()).unwrap();
    }

    #[test]
    fn another_signature_stays_unless_forced() {
        let (dir, key) = folder();
        let [file, kept] = ["pact.v1.toml", "pact.v1.yn.police.cn.sig"].map(|name| dir.path().join(name));
        sign(dir.path(), PARTY, "a.key").unwrap();
        let first = std::fs::read(&kept).unwrap();
        sign(dir.path(), PARTY, "a.key").unwrap();
        assert_eq!(std::fs::read(&kept).unwrap(), first, "the same once more");

        let other = SigningKey::from_seed([8; 32]);
        write_key(&dir.path().join("b.key"), &other, 0o600);
        let refused = sign(dir.path(), PARTY, "b.key").unwrap_err().to_string();
        assert!(refused.contains("another signature of yn.police.cn stands beside"), "{refused}");
        assert_eq!(std::fs::read(&kept).unwrap(), first);
        sign_with(dir.path(), PARTY, "b.key", true).unwrap();
        SignedFile::read(&file).unwrap().require(Kind::Agreement, PARTY, &other.public()).unwrap();

        std::fs::write(&kept, "no signature").unwrap();
        assert!(sign(dir.path(), PARTY, "a.key").is_err(), "whatever it is");
        sign_with(dir.path(), PARTY, "a.key", true).unwrap();
        SignedFile::read(&file).unwrap().require(Kind::Agreement, PARTY, &key.public()).unwrap();
    }

    #[test]
    fn what_must_not_be_signed_is_refused_and_named() {
        let (dir, _) = folder();
        let refused = |party, key| sign(dir.path(), party, key).unwrap_err().to_string();
        assert!(refused("sn.police.cn", "a.key").contains("sn.police.cn is not among its parties"));
        assert!(refused(PARTY, "none.key").contains("none.key: No such file"));
        assert!(refused(PARTY, "pact.v1.toml").contains("pact.v1.toml"), "a document is no key");
        write_key(&dir.path().join("open.key"), &SigningKey::from_seed([7; 32]), 0o640);
        let open = refused(PARTY, "open.key");
        assert!(open.contains("open.key: has mode 0640; others must not read it: 0600"), "{open}");
        std::fs::write(dir.path().join("pact.v1.toml"), "id = 1").unwrap();
        assert!(refused(PARTY, "a.key").contains("pact.v1.toml"));
        assert!(!dir.path().join("pact.v1.yn.police.cn.sig").exists());
    }
}
