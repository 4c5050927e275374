//! Searches as tests make them, and all that came of one.

use concord_client::{Client, ClientError, SearchEvent};
use concord_domain::wanted::{Candidate, Finding, Identifier, Query, Scope, Subject, Totals};
use concord_domain::{Handling, Outcome, OutcomeKind, Purpose, Reference};
use futures_util::{Stream, StreamExt};
use std::collections::BTreeMap;
use std::time::Duration;

/// Longer than any search of a test should take, so that a late answer is not taken for a lost one on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A subject with one document.
///
/// # Panics
/// If it is not of the form `TYPE:NUMBER`.
pub fn by_id(identifier: &str) -> Subject {
    let identifier: Identifier = identifier.parse().expect("an identifier");
    Subject::new(&[], vec![identifier]).expect("a subject")
}

/// A subject with one name.
///
/// # Panics
/// If it is no name.
pub fn by_name(name: &str) -> Subject {
    Subject::new(&[name.to_owned()], vec![]).expect("a subject")
}

/// These agencies, or whatever else terms of a scope mean.
///
/// # Panics
/// If one is no term, or there are none or too many.
pub fn agencies(terms: &[&str]) -> Scope {
    let terms = terms.iter().map(|term| term.parse().expect("a term of a scope"));
    Scope::new(terms, []).expect("a scope")
}

/// A query for the apprehension of a fugitive, by an officer whom the application names.
///
/// # Panics
/// Never.
pub fn query(subject: Subject, scope: Scope) -> Query {
    Query {
        subject,
        scope,
        purpose: Purpose::FugitiveApprehension,
        case: "A-2026-001".parse().expect("a case"),
        officer: Some("053211".parse().expect("an officer")),
        handling: Handling::default(),
        branch: None,
        nature: None,
    }
}

/// All that came of a search.
#[derive(Debug)]
pub struct Searched {
    /// By agency.
    pub findings: BTreeMap<String, Finding>,
    /// The summary.
    pub totals: Totals,
}

impl Searched {
    /// Asks and waits for the summary.
    ///
    /// # Errors
    /// As the search.
    ///
    /// # Panics
    /// If an agency is told twice, or the summary does not fit what was told.
    pub async fn of(client: &Client, query: Query, timeout: Duration) -> Result<Self, ClientError> {
        Self::all(client.search(query, timeout).await?).await
    }

    /// Watches and waits for the summary.
    ///
    /// # Errors
    /// As the watch.
    ///
    /// # Panics
    /// As [`Searched::of`].
    pub async fn of_watch(client: &Client, watch: Reference, timeout: Duration) -> Result<Self, ClientError> {
        Self::all(client.watch(watch, timeout).await?).await
    }

    async fn all(events: impl Stream<Item = Result<SearchEvent, ClientError>>) -> Result<Self, ClientError> {
        let mut findings = BTreeMap::new();
        let mut summary = None;
        let mut events = Box::pin(events);
        while let Some(event) = events.next().await {
            match event? {
                SearchEvent::Finding(finding) => {
                    let earlier = findings.insert(finding.agency.to_string(), *finding);
                    assert!(earlier.is_none(), "an agency is told twice");
                }
                SearchEvent::Summary { totals, .. } => summary = Some(totals),
            }
        }
        let totals = summary.expect("a summary");
        for kind in OutcomeKind::ALL {
            let told = findings.values().filter(|finding: &&Finding| finding.outcome.kind() == *kind).count();
            assert_eq!(
                usize::try_from(totals.of(*kind)),
                Ok(told),
                "the summary counts what was told: {kind}"
            );
        }
        Ok(Self { findings, totals })
    }

    /// What came of asking one agency.
    ///
    /// # Panics
    /// If it was not asked.
    pub fn finding(&self, agency: &str) -> &Finding {
        self.findings.get(agency).unwrap_or_else(|| panic!("{agency} was not asked"))
    }

    /// The outcome of one agency.
    pub fn outcome(&self, agency: &str) -> Outcome {
        self.finding(agency).outcome
    }

    /// The numbers of the notices that one agency gave, best first.
    pub fn notices(&self, agency: &str) -> Vec<&str> {
        self.finding(agency).candidates.iter().map(number).collect()
    }
}

/// The number of a candidate's notice.
pub fn number(candidate: &Candidate) -> &str {
    candidate.notice.number.as_str()
}
