//! `concord agreement withdraw`: a party's declaration that it leaves, signed and handed to the node.

use super::source::read_key;
use super::submit::show;
use crate::session::Session;
use anyhow::{Context, bail};
use clap::Args;
use concord_agreements::{Act, Declaration};
use concord_client::{Client, DocumentState};
use concord_domain::{AgencyId, AgreementId, Clock, SystemClock, Timestamp};
use concord_trust::{DocumentKind, SignedFile};
use std::path::PathBuf;

/// What `withdraw` takes.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The agreement
    agreement: AgreementId,
    /// The party that withdraws
    #[arg(long, value_name = "AGENCY")]
    party: AgencyId,
    /// From when on, as 2026-07-01T00:00:00Z; the agreement says how much notice it takes
    #[arg(long, value_name = "TIME")]
    effective_at: Timestamp,
    /// The party's agreement key
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The version that is left, and all before it [default: the highest that the node knows]
    #[arg(long, value_name = "VERSION")]
    up_to: Option<u32>,
}

/// Declares, signs and submits it.
pub(crate) async fn run(session: &Session, arguments: &Arguments) -> anyhow::Result<()> {
    let Arguments { agreement, party, effective_at, key, up_to } = arguments;
    let signer = read_key(key)?;
    let client = session.client()?;
    let version = match up_to {
        Some(version) => *version,
        None => highest(&client, agreement).await?,
    };
    let declaration = Declaration {
        agreement: agreement.clone(),
        version,
        party: party.clone(),
        sequence: next_sequence(&client, agreement, party).await?,
        issued: SystemClock.now(),
        act: Act::Withdrawal { effective_at: *effective_at },
    };
    let kind = DocumentKind::Declaration;
    let file = SignedFile::unsigned(&declaration.file_stem(), declaration.to_toml());
    let file = file.sign(kind.signed_as(), party.as_str(), &signer);
    let status = client.submit_document(kind, file).await?;
    show(session, &status)?;
    match status.state {
        DocumentState::InForce | DocumentState::Upcoming => Ok(()),
        DocumentState::Idle
        | DocumentState::Pending
        | DocumentState::Superseded
        | DocumentState::Ended
        | DocumentState::Conflict => bail!(
            "the node keeps it, and {party} stays bound: {agreement} may ask for a longer notice, or version {version} \
             may not be {party}'s to leave"
        ),
    }
}

/// The highest version that all have signed who must.
async fn highest(client: &Client, agreement: &AgreementId) -> anyhow::Result<u32> {
    let known = client.documents(Some(DocumentKind::Agreement)).await?;
    let counts = |state| matches!(state, DocumentState::InForce | DocumentState::Upcoming);
    let versions = known.iter().filter(|d| d.at.name == agreement.as_str() && counts(d.state));
    let Some(highest) = versions.map(|d| d.at.sequence).max() else {
        bail!("{agreement}: the node knows no version in force or to come; give --up-to");
    };
    u32::try_from(highest).context("a version")
}

/// One more than the party's highest declaration about the agreement.
async fn next_sequence(client: &Client, agreement: &AgreementId, party: &AgencyId) -> anyhow::Result<u64> {
    let known = client.documents(Some(DocumentKind::Declaration)).await?;
    let name = format!("{agreement}/{party}");
    let highest = known.iter().filter(|d| d.at.name == name).map(|d| d.at.sequence).max();
    Ok(highest.unwrap_or_default().saturating_add(1))
}
