//! `concord agreement withdraw`, `suspend` and `resume`: what a party declares by itself, signed and handed to the node.

use super::file::read_key;
use super::submit::show;
use super::topic::time;
use crate::session::Session;
use anyhow::{Context, bail, ensure};
use clap::Args;
use concord_agreements::{Act, Agreement, Declaration};
use concord_client::{Client, DocumentState, DocumentStatus};
use concord_domain::{AgencyId, AgreementId, Clock, SystemClock, Timestamp};
use concord_trust::{DocumentKind, SignedFile};
use std::path::PathBuf;

/// Who declares something about what.
#[derive(Debug, Args)]
pub(crate) struct Declarant {
    /// The agreement
    agreement: AgreementId,
    /// The party that declares it
    #[arg(long, value_name = "AGENCY")]
    party: AgencyId,
    /// The party's agreement key
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
}

/// What `withdraw` takes.
#[derive(Debug, Args)]
pub(crate) struct Withdraw {
    #[command(flatten)]
    declarant: Declarant,
    /// From when on, as 2026-07-01 or 2026-07-01T00:00:00Z; the agreement says how much notice it takes
    #[arg(long, value_name = "TIME", value_parser = time)]
    effective_at: Timestamp,
    /// The version that is left, and all before it [default: the highest that has the party]
    #[arg(long, value_name = "VERSION")]
    up_to: Option<u32>,
}

/// What `suspend` takes.
#[derive(Debug, Args)]
pub(crate) struct Suspend {
    #[command(flatten)]
    declarant: Declarant,
    /// From when on, as 2026-07-01 or 2026-07-01T00:00:00Z
    #[arg(long, value_name = "TIME", value_parser = time)]
    from: Timestamp,
    /// Taking part again at this instant [default: until it resumes]
    #[arg(long, value_name = "TIME", value_parser = time)]
    until: Option<Timestamp>,
}

/// What `resume` takes.
#[derive(Debug, Args)]
pub(crate) struct Resume {
    #[command(flatten)]
    declarant: Declarant,
}

/// Declares that the party leaves, unless the agreement asks for a longer notice.
pub(super) async fn withdraw(session: &Session, arguments: &Withdraw) -> anyhow::Result<()> {
    let Withdraw { declarant, effective_at, up_to } = arguments;
    let (client, issued) = (session.client()?, SystemClock.now());
    let texts = declarant.texts(&client, *up_to).await?;
    texts.iter().try_for_each(|text| gives_notice(text, issued, *effective_at))?;
    declarant.declare(session, &client, &texts, issued, Act::Withdrawal { effective_at: *effective_at }).await
}

/// Declares that the party takes no part for now.
pub(super) async fn suspend(session: &Session, arguments: &Suspend) -> anyhow::Result<()> {
    let Suspend { declarant, from, until } = arguments;
    let client = session.client()?;
    let texts = declarant.texts(&client, None).await?;
    let act = Act::Suspension { from: *from, until: *until };
    declarant.declare(session, &client, &texts, SystemClock.now(), act).await
}

/// Declares that its suspension ends.
pub(super) async fn resume(session: &Session, arguments: &Resume) -> anyhow::Result<()> {
    let Resume { declarant } = arguments;
    let (client, now) = (session.client()?, SystemClock.now());
    let texts = declarant.texts(&client, None).await?;
    ensure!(
        declarant.has_suspended(&client, now).await?,
        "{} has no part in {} suspended, as far as the node knows: there is nothing to end",
        declarant.party,
        declarant.agreement
    );
    declarant.declare(session, &client, &texts, now, Act::Resumption).await
}

impl Declarant {
    /// The text of `version`, or of the highest version, that has the party; two where two were signed.
    async fn texts(&self, client: &Client, version: Option<u32>) -> anyhow::Result<Vec<Agreement>> {
        let Self { agreement, party, key: _ } = self;
        let mut known = client.documents(Some(DocumentKind::Agreement)).await?;
        known.retain(|document| document.at.name == agreement.as_str() && counts(document));
        known.retain(|document| version.is_none_or(|version| document.at.sequence == u64::from(version)));
        let wanted =
            version.map_or_else(|| agreement.to_string(), |version| format!("{agreement} v{version}"));
        ensure!(!known.is_empty(), "{wanted}: the node knows none that all have signed who must");
        known.sort_by_key(|document| std::cmp::Reverse(document.at.sequence));
        for same in known.chunk_by(|a, b| a.at.sequence == b.at.sequence) {
            let mut texts = Vec::new();
            for document in same {
                texts.push(Agreement::parse(&client.document(document.at.digest).await?.1)?);
            }
            texts.retain(|text| text.parties.contains(party));
            if !texts.is_empty() {
                return Ok(texts);
            }
        }
        bail!("{wanted}: {party} is not among its parties")
    }

    /// Whether what the party declared last is a suspension that is not over.
    async fn has_suspended(&self, client: &Client, now: Timestamp) -> anyhow::Result<bool> {
        let Self { agreement, party, key: _ } = self;
        let (known, name) =
            (client.documents(Some(DocumentKind::Declaration)).await?, format!("{agreement}/{party}"));
        for document in known.into_iter().filter(|d| d.at.name == name && stands(d.state)) {
            let declaration = Declaration::parse(&client.document(document.at.digest).await?.1)?;
            if suspends(declaration.act, now) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Signs it and hands it over.
    async fn declare(
        &self,
        session: &Session,
        client: &Client,
        texts: &[Agreement],
        issued: Timestamp,
        act: Act,
    ) -> anyhow::Result<()> {
        let Self { agreement, party, key } = self;
        let declaration = Declaration {
            agreement: agreement.clone(),
            version: texts.first().context("a text")?.version,
            party: party.clone(),
            sequence: next_sequence(client, agreement, party).await?,
            issued,
            act,
        };
        declaration.check()?;
        let kind = DocumentKind::Declaration;
        let file = SignedFile::unsigned(&declaration.file_stem(), declaration.to_toml());
        let file = file.sign(kind.signed_as(), party.as_str(), &read_key(key)?);
        let status = client.submit_document(kind, file).await?;
        show(session, &status)?;
        match status.state {
            DocumentState::InForce | DocumentState::Upcoming => Ok(()),
            DocumentState::Idle
            | DocumentState::Pending
            | DocumentState::Superseded
            | DocumentState::Ended
            | DocumentState::Conflict => {
                bail!("the node keeps it, but it does not count there: {party} stays as it was")
            }
        }
    }
}

/// Whether all have signed who must. An agreement whose time is over, or in which too few take part, still binds those
/// who may take part again.
const fn counts(document: &DocumentStatus) -> bool {
    match document.state {
        DocumentState::InForce
        | DocumentState::Upcoming
        | DocumentState::Superseded
        | DocumentState::Ended
        | DocumentState::Conflict => true,
        DocumentState::Pending | DocumentState::Idle => false,
    }
}

/// Whether a declaration is among the latest of its party.
const fn stands(state: DocumentState) -> bool {
    match state {
        DocumentState::InForce | DocumentState::Conflict => true,
        DocumentState::Upcoming
        | DocumentState::Pending
        | DocumentState::Superseded
        | DocumentState::Ended
        | DocumentState::Idle => false,
    }
}

/// Whether there is something to resume from.
fn suspends(act: Act, now: Timestamp) -> bool {
    match act {
        Act::Suspension { from: _, until } => until.is_none_or(|until| now < until),
        Act::Withdrawal { .. } | Act::Resumption => false,
    }
}

/// Refuses what nodes would leave out, before it is signed and spreads.
fn gives_notice(text: &Agreement, issued: Timestamp, effective_at: Timestamp) -> anyhow::Result<()> {
    let earliest = issued.plus(text.terms.withdrawal_notice());
    ensure!(
        effective_at >= earliest,
        "{} v{} asks for {} days' notice: signed now, a withdrawal takes effect at {earliest} at the earliest, not at \
         {effective_at}",
        text.id,
        text.version,
        text.terms.withdrawal_notice_days
    );
    Ok(())
}

/// One more than the party's highest declaration about the agreement.
async fn next_sequence(client: &Client, agreement: &AgreementId, party: &AgencyId) -> anyhow::Result<u64> {
    let known = client.documents(Some(DocumentKind::Declaration)).await?;
    let name = format!("{agreement}/{party}");
    let highest = known.iter().filter(|d| d.at.name == name).map(|d| d.at.sequence).max();
    Ok(highest.unwrap_or_default().saturating_add(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use concord_agreements::{AgreementKind, Terms};

    fn pact(withdrawal_notice_days: u16) -> Agreement {
        let parties = ["yn.police.cn".parse().unwrap(), "gs.police.cn".parse().unwrap()];
        let (id, now) = ("pact".parse().unwrap(), "2026-01-01T00:00:00Z".parse().unwrap());
        let text = super::super::draft::first(AgreementKind::Bilateral, &id, &parties, now);
        let drafted = Agreement::parse(&SignedFile::unsigned("draft", text)).unwrap();
        Agreement { terms: Terms { withdrawal_notice_days, ..Terms::default() }, ..drafted }
    }

    #[test]
    fn only_a_suspension_that_is_not_over_can_be_ended() {
        let [before, now, after] = ["2026-06-01", "2026-06-30", "2026-07-01"].map(|day| time(day).unwrap());
        let suspended = |from, until| suspends(Act::Suspension { from, until }, now);
        assert!(suspended(before, None) && suspended(before, Some(after)) && suspended(after, None));
        assert!(!suspended(before, Some(now)), "over by itself");
        assert!(!suspends(Act::Resumption, now) && !suspends(Act::Withdrawal { effective_at: after }, now));
    }

    #[test]
    fn too_short_a_notice_is_refused_with_the_earliest_time() {
        let [issued, short, long] = ["2026-06-01", "2026-06-30", "2026-07-01"].map(|day| time(day).unwrap());
        let refused = gives_notice(&pact(30), issued, short).unwrap_err().to_string();
        assert!(refused.contains("pact v1 asks for 30 days' notice"), "{refused}");
        assert!(refused.contains("at 2026-07-01T00:00:00.000Z at the earliest"), "{refused}");
        gives_notice(&pact(30), issued, long).unwrap();
        gives_notice(&pact(0), issued, issued).unwrap();
        assert!(gives_notice(&pact(0), short, issued).is_err(), "the past");
    }
}
