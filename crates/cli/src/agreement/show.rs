//! `concord agreement show`.

use super::describe::describe;
use super::source::{Source, documents};
use crate::session::Session;
use anyhow::Context;
use clap::Args;
use concord_agreements::{Agreement, AgreementError};
use concord_domain::{AgencyId, AgreementId};
use concord_trust::{Directory, DocumentError, Kind, SignedFile, sha256};
use serde_json::json;
use std::path::Path;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The agreement's id, or a document's file, which not everybody need have signed
    agreement: String,
    #[command(flatten)]
    source: Source,
}

pub(super) fn run(session: &Session, arguments: &Arguments) -> anyhow::Result<()> {
    let (directory, rules) = documents(session, &arguments.source.dir)?;
    let name = arguments.agreement.as_str();
    if let Ok(id) = name.parse::<AgreementId>() {
        let text = rules.get(&id);
        let text = text.with_context(|| format!("no agreement {id} that all its parties signed is there"))?;
        let object = json!({ "agreement": **text, "sha256": text.digest(), "file": text.file() });
        return Ok(session.output.result(&object, || describe(text, text.digest()))?);
    }
    let file = SignedFile::read(Path::new(name))?;
    let text = Agreement::parse(&file)?;
    let digest = sha256(&[&file.bytes]);
    let signatures: Vec<_> = text.parties.iter().map(|p| (p, signature(&file, &directory, p))).collect();
    let lines = signatures.iter().map(|(party, found)| json!({ "party": party, "signature": found }));
    let object = json!({ "agreement": text, "sha256": digest, "file": file.name, "signatures": lines.collect::<Vec<_>>() });
    Ok(session.output.result(&object, || {
        let lines = signatures.iter().map(|(party, found)| format!("  {party}: {found}"));
        format!("{}\n\nsignatures\n{}", describe(&text, digest), lines.collect::<Vec<_>>().join("\n"))
    })?)
}

/// What there is of a party's signature.
fn signature(file: &SignedFile, directory: &Directory, party: &AgencyId) -> String {
    let Some(key) = directory.agreement_key(party) else { return "no card, so it cannot be checked".into() };
    match file.require(Kind::Agreement, party.as_str(), &key).map_err(AgreementError::from) {
        Ok(()) => "signed".to_owned(),
        Err(AgreementError::Document(DocumentError::NotSigned { .. })) => "not signed".to_owned(),
        Err(AgreementError::Document(DocumentError::Signature { why, .. })) => {
            format!("does not count: {why}")
        }
        Err(other) => other.to_string(),
    }
}
