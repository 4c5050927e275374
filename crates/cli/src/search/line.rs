//! Outcomes as programs read them.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use concord_domain::OutcomeKind;
use concord_domain::wanted::{Authority, Candidate, Finding, LedgerPosition, Totals};
use serde::Serialize;
use std::fmt;
use std::time::Duration;

/// What came of asking one agency.
#[derive(Debug, Serialize)]
pub(crate) struct FindingLine {
    pub(crate) agency: String,
    pub(crate) outcome: &'static str,
    pub(crate) reason: Option<&'static str>,
    pub(crate) explanation: Option<String>,
    pub(crate) agreement: Option<String>,
    pub(crate) route: Vec<String>,
    pub(crate) candidates: Vec<CandidateLine>,
    pub(crate) receipt: Option<ReceiptLine>,
    pub(crate) record: Option<PositionLine>,
    pub(crate) elapsed_ms: u64,
    /// For `concord watch`, if it is pending.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) watch: Option<String>,
}

/// One candidate.
#[derive(Serialize)]
pub(crate) struct CandidateLine {
    pub(crate) notice: String,
    pub(crate) name: Option<String>,
    /// From 0 to 1.
    pub(crate) score: f64,
    pub(crate) id: Option<String>,
}

impl fmt::Debug for CandidateLine {
    /// Shows nothing: it is personal data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CandidateLine(redacted)")
    }
}

/// Where an answer stands in the answering agency's ledger, and that agency's signature under it.
#[derive(Debug, Serialize)]
pub(crate) struct ReceiptLine {
    #[serde(flatten)]
    position: PositionLine,
    /// COSE_Sign1 in base64.
    signed: String,
}

impl ReceiptLine {
    pub(crate) fn new(position: &LedgerPosition, signed: &[u8]) -> Self {
        Self { position: position.into(), signed: BASE64_STANDARD.encode(signed) }
    }
}

/// A place in a ledger.
#[derive(Debug, Serialize)]
pub(crate) struct PositionLine {
    ledger: String,
    index: u64,
    leaf: String,
}

impl From<&Finding> for FindingLine {
    fn from(finding: &Finding) -> Self {
        let Finding { agency, outcome, explanation, authority, route, candidates, .. } = finding;
        let Finding { receipt, signed_receipt, record, elapsed, watch, .. } = finding;
        Self {
            agency: agency.to_string(),
            outcome: outcome.kind().as_str(),
            reason: outcome.reason(),
            explanation: (!explanation.is_empty()).then(|| explanation.clone()),
            agreement: authority.as_ref().map(agreement),
            route: route.iter().map(ToString::to_string).collect(),
            candidates: candidates.iter().map(Into::into).collect(),
            receipt: receipt.as_ref().map(|receipt| ReceiptLine::new(receipt, signed_receipt)),
            record: record.as_ref().map(Into::into),
            elapsed_ms: millis(*elapsed),
            watch: watch.map(|watch| watch.to_string()),
        }
    }
}

/// `northwest v1 clause 2.1`.
pub(crate) fn agreement(authority: &Authority) -> String {
    match &authority.clause {
        Some(clause) => format!("{} clause {clause}", authority.agreement),
        None => authority.agreement.to_string(),
    }
}

impl From<&Candidate> for CandidateLine {
    fn from(candidate: &Candidate) -> Self {
        let Candidate { score, notice } = candidate;
        let identifier = notice.identifiers.first();
        Self {
            notice: notice.number.as_str().to_owned(),
            name: notice.name().map(|name| name.text().to_owned()),
            score: f64::from(score.thousandths()) / 1000.0,
            id: identifier.map(|i| format!("{}:{}", i.kind, i.number())),
        }
    }
}

impl From<&LedgerPosition> for PositionLine {
    fn from(position: &LedgerPosition) -> Self {
        let LedgerPosition { ledger, index, leaf } = position;
        Self { ledger: ledger.to_string(), index: *index, leaf: leaf.to_string() }
    }
}

/// The last line of a search.
#[derive(Debug, Serialize)]
pub(crate) struct SummaryLine {
    summary: Summary,
}

#[derive(Debug, Serialize)]
struct Summary {
    asked: u32,
    hit: u32,
    no_hit: u32,
    refused: u32,
    pending: u32,
    unreachable: u32,
    timed_out: u32,
    failed: u32,
    elapsed_ms: u64,
}

impl SummaryLine {
    pub(crate) fn new(totals: &Totals, elapsed: Duration) -> Self {
        let summary = Summary {
            asked: totals.asked(),
            hit: totals.of(OutcomeKind::Hit),
            no_hit: totals.of(OutcomeKind::NoHit),
            refused: totals.of(OutcomeKind::Refused),
            pending: totals.of(OutcomeKind::Pending),
            unreachable: totals.of(OutcomeKind::Unreachable),
            timed_out: totals.of(OutcomeKind::TimedOut),
            failed: totals.of(OutcomeKind::Failed),
            elapsed_ms: millis(elapsed),
        };
        Self { summary }
    }
}

impl fmt::Display for SummaryLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Summary { asked, hit, no_hit, refused, pending, unreachable, timed_out, failed, elapsed_ms } =
            &self.summary;
        write!(f, "asked {asked} in {elapsed_ms} ms:")?;
        let counts = [hit, no_hit, refused, pending, unreachable, timed_out, failed];
        let kinds = OutcomeKind::ALL.iter().zip(counts).filter(|(_, count)| **count > 0);
        let shown: Vec<_> = kinds.map(|(kind, count)| format!(" {count} {kind}")).collect();
        f.write_str(
            if shown.is_empty() { " nobody was in scope".to_owned() } else { shown.join(",") }.as_str(),
        )
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use concord_domain::{AgreementRef, Digest, Outcome, Refusal};

    fn finding(outcome: Outcome) -> Finding {
        let agreement =
            AgreementRef { id: "northwest".parse().unwrap(), version: 1, digest: Digest([0; 32]) };
        Finding {
            agency: "gs.police.cn".parse().unwrap(),
            outcome,
            explanation: String::new(),
            authority: Some(Authority { agreement, clause: "2.1".parse().ok() }),
            route: vec![],
            candidates: vec![],
            receipt: Some(LedgerPosition {
                ledger: "gs.police.cn".parse().unwrap(),
                index: 3,
                leaf: Digest([1; 32]),
            }),
            signed_receipt: vec![1, 2, 3],
            record: None,
            elapsed: Duration::from_millis(12),
            watch: None,
        }
    }

    #[test]
    fn lines_have_the_documented_keys() {
        let line = FindingLine::from(&finding(Outcome::Refused(Refusal::NoAgreement)));
        let text = serde_json::to_string(&line).unwrap();
        assert!(
            text.starts_with(
                r#"{"agency":"gs.police.cn","outcome":"refused","reason":"NO_AGREEMENT","explanation":null,"agreement":"northwest v1 clause 2.1","route":[],"candidates":[],"receipt":{"ledger":"gs.police.cn","index":3,"leaf":"0101"#
            ),
            "{text}"
        );
        assert!(text.ends_with(r#""signed":"AQID"},"record":null,"elapsed_ms":12}"#), "{text}");
    }

    #[test]
    fn a_summary_counts_every_kind() {
        let mut totals = Totals::default();
        [OutcomeKind::Hit, OutcomeKind::NoHit, OutcomeKind::NoHit].into_iter().for_each(|k| totals.count(k));
        let line = SummaryLine::new(&totals, Duration::from_millis(5));
        assert_eq!(line.to_string(), "asked 3 in 5 ms: 1 hit, 2 no_hit");
        assert_eq!(
            serde_json::to_string(&line).unwrap(),
            r#"{"summary":{"asked":3,"hit":1,"no_hit":2,"refused":0,"pending":0,"unreachable":0,"timed_out":0,"failed":0,"elapsed_ms":5}}"#
        );
    }
}
