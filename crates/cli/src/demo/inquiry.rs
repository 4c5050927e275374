//! What the demo asks, and what it expects of every search.

use crate::people::Person;
use anyhow::{Context, bail, ensure};
use concord_client::{Client, ClientError, SearchEvent};
use concord_domain::wanted::{
    Candidate, Finding, Identifier, IdentifierKind, Query, Scope, ScopeTerm, Subject,
};
use concord_domain::{AgencyId, AgreementId, Handling, OffenceNature, OutcomeKind, Purpose, Reference};
use futures_util::{Stream, TryStreamExt};
use std::collections::BTreeMap;
use std::time::Duration;

/// Long enough for a debug build on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(10);

/// One search.
#[derive(Debug)]
pub(crate) struct Inquiry {
    pub(crate) subject: Subject,
    pub(crate) scope: Vec<AgencyId>,
    pub(crate) purpose: Purpose,
    pub(crate) nature: Option<OffenceNature>,
}

impl Inquiry {
    /// By identity number.
    pub(crate) fn by_id(person: &Person, scope: &[AgencyId]) -> anyhow::Result<Self> {
        let identifier = Identifier::new(IdentifierKind::ResidentId, person.resident_id(), None)?;
        let subject = Subject::new(&[], vec![identifier])?;
        Ok(Self { subject, scope: scope.to_vec(), purpose: Purpose::FugitiveApprehension, nature: None })
    }

    /// By name and date of birth.
    pub(crate) fn by_name(person: &Person, scope: &[AgencyId]) -> anyhow::Result<Self> {
        let mut subject = Subject::new(&[person.name().to_owned()], Vec::new())?;
        subject.birth = Some(person.birth().parse()?);
        Ok(Self { subject, scope: scope.to_vec(), purpose: Purpose::FugitiveApprehension, nature: None })
    }

    /// Asks, and checks that every agency in scope is reported exactly once, and the summary agrees.
    pub(crate) async fn ask(self, client: &Client) -> anyhow::Result<Findings> {
        let asked = self.scope.clone();
        let query = Query {
            subject: self.subject,
            scope: Scope::new(self.scope.into_iter().map(ScopeTerm::from), [])?,
            purpose: self.purpose,
            case: "demo-1".parse()?,
            officer: Some("demo-officer".parse()?),
            handling: Handling::default(),
            branch: None,
            nature: self.nature,
        };
        Findings::all(&asked, client.search(query, TIMEOUT).await?).await
    }
}

/// What came of one search.
#[derive(Debug)]
pub(crate) struct Findings(BTreeMap<AgencyId, Finding>);

impl Findings {
    /// Waits for what is pending at these agencies, and checks the same.
    pub(crate) async fn of_watch(
        client: &Client,
        watch: Reference,
        asked: &[AgencyId],
    ) -> anyhow::Result<Self> {
        Self::all(asked, client.watch(watch, TIMEOUT).await?).await
    }

    async fn all(
        asked: &[AgencyId],
        events: impl Stream<Item = Result<SearchEvent, ClientError>>,
    ) -> anyhow::Result<Self> {
        let events: Vec<_> = events.try_collect().await?;
        let mut findings = BTreeMap::new();
        let mut summed = None;
        for event in events {
            match event {
                SearchEvent::Finding(finding) => {
                    let agency = finding.agency.clone();
                    ensure!(
                        findings.insert(agency.clone(), *finding).is_none(),
                        "{agency} was reported twice"
                    );
                }
                SearchEvent::Summary { totals, elapsed: _ } => summed = Some(totals.asked()),
            }
        }
        let silent: Vec<_> = asked.iter().filter(|agency| !findings.contains_key(*agency)).collect();
        ensure!(silent.is_empty(), "not reported: {silent:?}");
        ensure!(summed.map(usize::try_from) == Some(Ok(findings.len())), "the summary counts otherwise");
        Ok(Self(findings))
    }

    /// The finding of an agency, if its outcome is the expected one.
    pub(crate) fn expect(&self, agency: &AgencyId, kind: OutcomeKind) -> anyhow::Result<&Finding> {
        let finding = self.of(agency)?;
        if finding.outcome.kind() != kind {
            bail!("{agency}: {} ({}) instead of {kind}", finding.outcome, finding.explanation);
        }
        Ok(finding)
    }

    /// The agency's best candidate, if it is the person.
    pub(crate) fn expect_person(&self, agency: &AgencyId, person: &Person) -> anyhow::Result<&Candidate> {
        let finding = self.expect(agency, OutcomeKind::Hit)?;
        let best =
            finding.candidates.first().with_context(|| format!("{agency}: a hit without a candidate"))?;
        ensure!(
            best.notice.number.as_str() == person.notice_number(),
            "{agency}: the best candidate is another person"
        );
        Ok(best)
    }

    /// Why the agency, or our own side in asking it, refused.
    pub(crate) fn refusal(&self, agency: &AgencyId) -> anyhow::Result<&'static str> {
        let outcome = self.expect(agency, OutcomeKind::Refused)?.outcome;
        outcome.reason().context("a refusal without a reason")
    }

    /// The agency's answer, if it came with authority from that agreement.
    pub(crate) fn under(&self, agency: &AgencyId, agreement: &AgreementId) -> anyhow::Result<&Finding> {
        let finding = self.expect(agency, OutcomeKind::Hit)?;
        let authority = finding.authority.as_ref().context("an answer without authority")?;
        ensure!(authority.agreement.id == *agreement, "{agency}: served under {}", authority.agreement);
        Ok(finding)
    }

    /// What came of asking the agency.
    pub(crate) fn of(&self, agency: &AgencyId) -> anyhow::Result<&Finding> {
        self.0.get(agency).with_context(|| format!("{agency} was not asked"))
    }

    pub(crate) fn into_each(self) -> impl Iterator<Item = Finding> {
        self.0.into_values()
    }
}
