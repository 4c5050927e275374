//! `concord agreement show`.

use super::describe::{describe, row};
use super::source::Source;
use super::standing::{self, Absent, State};
use super::topic::When;
use super::words;
use crate::session::Session;
use anyhow::bail;
use clap::Args;
use concord_agreements::{Agreement, AgreementError, Rules, SignedAgreement};
use concord_domain::{AgencyId, AgreementId, Timestamp};
use concord_trust::{Directory, DocumentError, Kind, SignedFile, sha256};
use serde_json::{Value, json};
use std::path::Path;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The agreement's id, or a document's file, which not everybody need have signed
    agreement: String,
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    when: When,
}

pub(super) async fn run(session: &Session, arguments: &Arguments) -> anyhow::Result<()> {
    let (directory, rules) = arguments.source.documents(session).await?;
    let (name, at) = (arguments.agreement.as_str(), arguments.when.or_now());
    if let Ok(id) = name.parse::<AgreementId>() {
        let Some(text) = rules.get(&id, at) else { bail!(absent(&rules, &id)) };
        let shown = || format!("{}\n\n{}", describe(text, text.digest()), standing(&rules, text, at));
        return Ok(session.output.result(&line(&rules, text, at), shown)?);
    }
    let file = SignedFile::read(Path::new(name))?;
    let text = Agreement::parse(&file)?;
    let digest = sha256(&[&file.bytes]);
    let signers = text.parties.iter().chain(
        text_before(&rules, &text)
            .flat_map(|before| before.parties.iter().filter(|party| !text.parties.contains(party))),
    );
    let signatures: Vec<_> = signers.map(|p| (p, signature(&file, &directory, p))).collect();
    let lines = signatures.iter().map(|(party, found)| json!({ "party": party, "signature": found }));
    let object = json!({ "agreement": text, "sha256": digest, "file": file.name, "signatures": lines.collect::<Vec<_>>() });
    Ok(session.output.result(&object, || {
        let lines = signatures.iter().map(|(party, found)| format!("  {party}: {found}"));
        format!("{}\n\nsignatures\n{}", describe(&text, digest), lines.collect::<Vec<_>>().join("\n"))
    })?)
}

/// The version that counts and that the text says it follows: its parties sign the text as well.
fn text_before<'a>(rules: &'a Rules, text: &'a Agreement) -> impl Iterator<Item = &'a SignedAgreement> {
    rules.versions(&text.id).filter(|before| text.previous == Some(before.digest()))
}

/// Why nothing of that name is shown.
fn absent(rules: &Rules, id: &AgreementId) -> String {
    let waiting: Vec<_> = standing::pending(rules, Some(id)).map(standing::pending_text).collect();
    let waiting = if waiting.is_empty() { String::new() } else { format!("; {}", waiting.join("; ")) };
    format!("no agreement {id} that all its parties signed is there{waiting}")
}

fn line(rules: &Rules, text: &SignedAgreement, at: Timestamp) -> Value {
    let version = |other: &SignedAgreement| {
        json!({ "version": other.version, "sha256": other.digest(), "valid_from": other.valid_from,
                "valid_until": other.valid_until, "state": State::of(rules, other, at).as_str() })
    };
    let (id, state) = (&text.id, State::of(rules, text, at));
    let declared = rules.declarations().iter().filter(|declaration| declaration.agreement == *id);
    json!({
        "agreement": **text, "sha256": text.digest(), "file": text.file(), "at": at,
        "in_force": state == State::InForce, "state": state.as_str(),
        "absent": Absent::all(rules, text, at).iter().map(Absent::line).collect::<Vec<_>>(),
        "versions": rules.versions(id).map(version).collect::<Vec<_>>(),
        "pending": standing::pending(rules, Some(id)).map(standing::pending_line).collect::<Vec<_>>(),
        "conflicts": standing::conflicts(rules, Some(id)).map(standing::conflict_line).collect::<Vec<_>>(),
        "declarations": declared.map(|declaration| json!(**declaration)).collect::<Vec<_>>(),
    })
}

/// How the agreement stands, in words.
fn standing(rules: &Rules, text: &SignedAgreement, at: Timestamp) -> String {
    let id = &text.id;
    let versions = rules
        .versions(id)
        .map(|other| format!("v{} {}", other.version, State::of(rules, other, at).as_str()));
    let mut lines = vec![format!("as of {}", words::time(at)), row("versions", &words::list(versions))];
    lines.extend(Absent::all(rules, text, at).iter().map(|absent| row("without", &absent.text())));
    let pending = standing::pending(rules, Some(id)).map(standing::pending_text);
    lines.extend(pending.map(|pending| row("pending", &pending)));
    let conflicts = standing::conflicts(rules, Some(id)).map(standing::conflict_text);
    lines.extend(conflicts.map(|conflict| row("conflict", &conflict)));
    let declared = rules.declarations().iter().filter(|declaration| declaration.agreement == *id);
    lines.extend(declared.map(|declaration| row("declared", &standing::declared(declaration))));
    lines.join("\n")
}

/// What there is of a party's signature.
fn signature(file: &SignedFile, directory: &Directory, party: &AgencyId) -> String {
    let keys = directory.agreement_keys(party);
    if keys.is_empty() {
        return "no card, so it cannot be checked".into();
    }
    match file.require_any(Kind::Agreement, party.as_str(), &keys).map_err(AgreementError::from) {
        Ok(()) => "signed".to_owned(),
        Err(AgreementError::Document(DocumentError::NotSigned { .. })) => "not signed".to_owned(),
        Err(AgreementError::Document(DocumentError::Signature { why, .. })) => {
            format!("does not count: {why}")
        }
        Err(other) => other.to_string(),
    }
}
