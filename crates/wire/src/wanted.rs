//! Wanted-person search: the local API's messages, and the sealed bodies between nodes.

mod scope;

use crate::codes;
use crate::error::Problems;
use crate::pb::wanted::v1 as pb;
use concord_domain::wanted::{Candidate, Finding, Query, Scope, Subject, Totals};
use concord_domain::{CaseRef, Failure, Officer, Outcome, OutcomeKind, Refusal};
use prost::Message;
use std::time::Duration;

impl From<Query> for pb::SearchRequest {
    fn from(query: Query) -> Self {
        let Query { subject, scope, purpose, case, officer, handling, branch, nature } = query;
        Self {
            subject: Some(subject.into()),
            scope: Some(scope.into()),
            purpose: codes::purpose_to_pb(purpose),
            case_reference: case.as_str().to_owned(),
            officer: officer.map(|o| o.as_str().to_owned()).unwrap_or_default(),
            handling: Some(handling.into()),
            branch: branch.map(codes::branch_to_pb).unwrap_or_default(),
            offence_nature: nature.map(codes::nature_to_pb).unwrap_or_default(),
        }
    }
}

impl TryFrom<pb::SearchRequest> for Query {
    type Error = Problems;

    /// Reports every field that is wrong, not only the first.
    fn try_from(message: pb::SearchRequest) -> Result<Self, Problems> {
        let pb::SearchRequest {
            subject,
            scope,
            purpose,
            case_reference,
            officer,
            handling,
            branch,
            offence_nature,
        } = message;
        let mut problems = Problems::default();
        let subject = problems.within("subject", Subject::try_from(subject.unwrap_or_default()));
        let scope = scope.ok_or_else(|| Problems::one("", "is missing")).and_then(Scope::try_from);
        let scope = problems.within("scope", scope);
        let purpose = problems.take("purpose", codes::purpose(purpose).ok_or("is missing or unknown"));
        let case = problems.take("case_reference", case_reference.parse());
        let officer = problems.take("officer", (!officer.is_empty()).then(|| officer.parse()).transpose());
        let handling = problems.within("handling", crate::request::handling(handling));
        let branch = problems.optional("branch", branch, codes::branch);
        let nature = problems.optional("offence_nature", offence_nature, codes::nature);
        let query = (|| {
            let (subject, scope, purpose, handling) = (subject?, scope?, purpose?, handling?);
            let (case, officer, branch, nature) = (case?, officer?, branch?, nature?);
            Some(Self { subject, scope, purpose, case, officer, handling, branch, nature })
        })();
        problems.finish(query)
    }
}

impl From<Finding> for pb::AgencyOutcome {
    fn from(finding: Finding) -> Self {
        let Finding { agency, outcome, explanation, authority, route, candidates, .. } = finding;
        let Finding { receipt, signed_receipt, record, elapsed, watch, .. } = finding;
        Self {
            agency: agency.to_string(),
            outcome: codes::outcome_to_pb(outcome.kind()),
            reason: outcome.reason().unwrap_or_default().to_owned(),
            explanation,
            agreement: authority.map(Into::into),
            route: route.iter().map(ToString::to_string).collect(),
            candidates: candidates.into_iter().map(Into::into).collect(),
            receipt: receipt.map(Into::into),
            signed_receipt,
            record: record.map(Into::into),
            elapsed_ms: millis(elapsed),
            watch: watch.map(|watch| watch.to_string()).unwrap_or_default(),
        }
    }
}

fn millis(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX)
}

impl TryFrom<pb::AgencyOutcome> for Finding {
    type Error = Problems;

    fn try_from(message: pb::AgencyOutcome) -> Result<Self, Problems> {
        let pb::AgencyOutcome {
            agency,
            outcome,
            reason,
            explanation,
            agreement,
            route,
            candidates,
            receipt,
            signed_receipt,
            record,
            elapsed_ms,
            watch,
        } = message;
        let mut problems = Problems::default();
        let agency = problems.take("agency", agency.parse());
        let outcome = problems.take("outcome", outcome_of(outcome, &reason));
        let authority = problems.within("agreement", agreement.map(TryInto::try_into).transpose());
        let receipt = problems.within("receipt", receipt.map(TryInto::try_into).transpose());
        let record = problems.within("record", record.map(TryInto::try_into).transpose());
        let route = problems.take("route", route.iter().map(|a| a.parse()).collect::<Result<Vec<_>, _>>());
        let candidates: Result<Vec<_>, _> = candidates.into_iter().map(Candidate::try_from).collect();
        let candidates = problems.within("candidates", candidates);
        let elapsed = Duration::from_millis(u64::from(elapsed_ms));
        let watch = problems.take("watch", (!watch.is_empty()).then(|| watch.parse()).transpose());
        let finding = (|| {
            let (agency, outcome, authority, route) = (agency?, outcome?, authority?, route?);
            let (candidates, receipt, record, watch) = (candidates?, receipt?, record?, watch?);
            Some(Self {
                agency,
                outcome,
                explanation,
                authority,
                route,
                candidates,
                receipt,
                signed_receipt,
                record,
                elapsed,
                watch,
            })
        })();
        problems.finish(finding)
    }
}

fn outcome_of(number: i32, reason: &str) -> Result<Outcome, String> {
    let kind = codes::outcome(number).ok_or("is missing or unknown")?;
    let failure = || reason.parse::<Failure>().map_err(|e| e.to_string());
    Ok(match kind {
        OutcomeKind::Hit => Outcome::Hit,
        OutcomeKind::NoHit => Outcome::NoHit,
        OutcomeKind::Refused => Outcome::Refused(reason.parse::<Refusal>().map_err(|e| e.to_string())?),
        OutcomeKind::Pending => Outcome::Pending,
        OutcomeKind::Unreachable => Outcome::Unreachable(failure()?),
        OutcomeKind::TimedOut => Outcome::TimedOut,
        OutcomeKind::Failed => Outcome::Failed(failure()?),
    })
}

/// One message of a search's stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SearchEvent {
    /// What came of asking one agency.
    Finding(Box<Finding>),
    /// The end.
    Summary {
        /// Agencies of each outcome.
        totals: Totals,
        /// What the whole search took.
        elapsed: Duration,
    },
}

impl From<SearchEvent> for pb::SearchResponse {
    fn from(event: SearchEvent) -> Self {
        let result = match event {
            SearchEvent::Finding(finding) => pb::search_response::Result::Outcome((*finding).into()),
            SearchEvent::Summary { totals, elapsed } => {
                pb::search_response::Result::Summary(summary(&totals, elapsed))
            }
        };
        Self { result: Some(result) }
    }
}

fn summary(totals: &Totals, elapsed: Duration) -> pb::Summary {
    pb::Summary {
        asked: totals.asked(),
        hit: totals.of(OutcomeKind::Hit),
        no_hit: totals.of(OutcomeKind::NoHit),
        refused: totals.of(OutcomeKind::Refused),
        pending: totals.of(OutcomeKind::Pending),
        unreachable: totals.of(OutcomeKind::Unreachable),
        timed_out: totals.of(OutcomeKind::TimedOut),
        failed: totals.of(OutcomeKind::Failed),
        elapsed_ms: millis(elapsed),
    }
}

impl TryFrom<pb::SearchResponse> for SearchEvent {
    type Error = Problems;

    fn try_from(message: pb::SearchResponse) -> Result<Self, Problems> {
        let pb::SearchResponse { result } = message;
        match result.ok_or_else(|| Problems::one("result", "is missing"))? {
            pb::search_response::Result::Outcome(outcome) => Ok(Self::Finding(Box::new(outcome.try_into()?))),
            pb::search_response::Result::Summary(summary) => {
                let pb::Summary {
                    asked: _,
                    hit,
                    no_hit,
                    refused,
                    pending,
                    unreachable,
                    timed_out,
                    failed,
                    elapsed_ms,
                } = summary;
                let mut totals = Totals::default();
                let counts = [hit, no_hit, refused, pending, unreachable, timed_out, failed];
                OutcomeKind::ALL.iter().zip(counts).for_each(|(kind, count)| totals.add(*kind, count));
                Ok(Self::Summary { totals, elapsed: Duration::from_millis(u64::from(elapsed_ms)) })
            }
        }
    }
}

impl From<SearchEvent> for pb::WatchResponse {
    fn from(event: SearchEvent) -> Self {
        let result = match event {
            SearchEvent::Finding(finding) => pb::watch_response::Result::Outcome((*finding).into()),
            SearchEvent::Summary { totals, elapsed } => {
                pb::watch_response::Result::Summary(summary(&totals, elapsed))
            }
        };
        Self { result: Some(result) }
    }
}

impl TryFrom<pb::WatchResponse> for SearchEvent {
    type Error = Problems;

    fn try_from(message: pb::WatchResponse) -> Result<Self, Problems> {
        let pb::WatchResponse { result } = message;
        let result = result.map(|result| match result {
            pb::watch_response::Result::Outcome(outcome) => pb::search_response::Result::Outcome(outcome),
            pb::watch_response::Result::Summary(summary) => pb::search_response::Result::Summary(summary),
        });
        pb::SearchResponse { result }.try_into()
    }
}

/// The sealed body of a wanted-person request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// Whom.
    pub subject: Subject,
    /// The case that it belongs to.
    pub case: CaseRef,
    /// The officer who answers for it.
    pub officer: Officer,
}

impl Ask {
    /// The bytes to seal.
    pub fn encode(&self) -> Vec<u8> {
        pb::SearchAsk::from(self.clone()).encode_to_vec()
    }

    /// Reads opened bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, Problems> {
        pb::SearchAsk::decode(bytes).map_err(|_| Problems::one("body", "is no SearchAsk"))?.try_into()
    }
}

impl From<Ask> for pb::SearchAsk {
    fn from(ask: Ask) -> Self {
        let Ask { subject, case, officer } = ask;
        Self {
            subject: Some(subject.into()),
            case_reference: case.as_str().to_owned(),
            officer: officer.as_str().to_owned(),
        }
    }
}

impl TryFrom<pb::SearchAsk> for Ask {
    type Error = Problems;

    fn try_from(message: pb::SearchAsk) -> Result<Self, Problems> {
        let pb::SearchAsk { subject, case_reference, officer } = message;
        let mut problems = Problems::default();
        let subject = problems.within("subject", Subject::try_from(subject.unwrap_or_default()));
        let case = problems.take("case_reference", case_reference.parse());
        let officer = problems.take("officer", officer.parse());
        problems.finish(subject.zip(case).zip(officer).map(|((subject, case), officer)| Self {
            subject,
            case,
            officer,
        }))
    }
}

/// The bytes of a finding to keep.
pub fn encode_finding(finding: Finding) -> Vec<u8> {
    pb::AgencyOutcome::from(finding).encode_to_vec()
}

/// Reads the bytes of a finding that was kept.
pub fn decode_finding(bytes: &[u8]) -> Result<Finding, Problems> {
    let message = pb::AgencyOutcome::decode(bytes).map_err(|_| Problems::one("", "is no AgencyOutcome"))?;
    message.try_into()
}

/// The bytes of an answer to seal.
pub fn encode_answer(candidates: &[Candidate]) -> Vec<u8> {
    pb::SearchAnswer { candidates: candidates.iter().cloned().map(Into::into).collect() }.encode_to_vec()
}

/// Reads the opened bytes of an answer; more candidates than an answer may have are an error.
pub fn decode_answer(bytes: &[u8]) -> Result<Vec<Candidate>, Problems> {
    let message = pb::SearchAnswer::decode(bytes).map_err(|_| Problems::one("body", "is no SearchAnswer"))?;
    let pb::SearchAnswer { candidates } = message;
    if candidates.len() > Candidate::PER_ANSWER_MAX {
        return Err(Problems::one(
            "candidates",
            format!("more than the limit of {}", Candidate::PER_ANSWER_MAX),
        ));
    }
    candidates.into_iter().map(TryInto::try_into).collect()
}
