//! Pings: what is asked, what came of it, and what travels sealed.

use crate::codes;
use crate::error::Problems;
use crate::pb::directory::v1 as pb;
use concord_domain::wanted::{Authority, LedgerPosition};
use concord_domain::{AgencyId, Branch, Passed, PingOutcome, Purpose, Timestamp};
use concord_trust::envelope::HOPS_MAX;
use prost::Message;
use std::time::Duration;

/// A ping as its asker states it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ping {
    /// Whom.
    pub agency: AgencyId,
    /// For which purpose; none takes the first for which the agency may be asked.
    pub purpose: Option<Purpose>,
    /// The asker's branch.
    pub branch: Option<Branch>,
}

/// What came of a ping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pinged {
    /// The agency asked.
    pub agency: AgencyId,
    /// What came of it.
    pub outcome: PingOutcome,
    /// The stable reason; empty where there is none.
    pub reason: String,
    /// The reason in words; empty where there is none.
    pub explanation: String,
    /// For which purpose.
    pub purpose: Purpose,
    /// The authority, where one was found.
    pub authority: Option<Authority>,
    /// The agencies passed, the asking one first.
    pub route: Vec<AgencyId>,
    /// The way as the agency saw it, itself last; nothing without an answer.
    pub hops: Vec<Passed>,
    /// The ways that brought nothing before.
    pub tried: Vec<PingTry>,
    /// Where the answer stands in the answering agency's ledger.
    pub receipt: Option<LedgerPosition>,
    /// The receipt itself, signed by the answering agency.
    pub signed_receipt: Vec<u8>,
    /// Where the outcome stands in the asking agency's ledger.
    pub record: Option<LedgerPosition>,
    /// From the decision to ask to the outcome on the record, to the microsecond.
    pub round_trip: Duration,
}

/// A way that brought nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PingTry {
    /// To whom the request was handed, or was to be.
    pub next: AgencyId,
    /// What came of it.
    pub outcome: PingOutcome,
    /// The stable reason; empty where there is none.
    pub reason: String,
}

impl From<Ping> for pb::PingRequest {
    fn from(ping: Ping) -> Self {
        let Ping { agency, purpose, branch } = ping;
        Self {
            agency: agency.to_string(),
            purpose: purpose.map(codes::purpose_to_pb).unwrap_or_default(),
            branch: branch.map(codes::branch_to_pb).unwrap_or_default(),
        }
    }
}

impl TryFrom<pb::PingRequest> for Ping {
    type Error = Problems;

    fn try_from(message: pb::PingRequest) -> Result<Self, Problems> {
        let pb::PingRequest { agency, purpose, branch } = message;
        let mut problems = Problems::default();
        let agency = problems.take("agency", agency.parse());
        let purpose = problems.optional("purpose", purpose, codes::purpose);
        let branch = problems.optional("branch", branch, codes::branch);
        let parts = agency.zip(purpose).zip(branch);
        problems.finish(parts.map(|((agency, purpose), branch)| Self { agency, purpose, branch }))
    }
}

impl From<Pinged> for pb::PingResponse {
    fn from(pinged: Pinged) -> Self {
        let Pinged { agency, outcome, reason, explanation, purpose, authority, route, hops, .. } = pinged;
        let Pinged { tried, receipt, signed_receipt, record, round_trip, .. } = pinged;
        Self {
            agency: agency.to_string(),
            outcome: codes::ping_outcome_to_pb(outcome),
            reason,
            explanation,
            purpose: codes::purpose_to_pb(purpose),
            agreement: authority.map(Into::into),
            route: route.iter().map(ToString::to_string).collect(),
            hops: hops.iter().map(Into::into).collect(),
            tried: tried.into_iter().map(Into::into).collect(),
            receipt: receipt.map(Into::into),
            signed_receipt,
            record: record.map(Into::into),
            round_trip_us: u64::try_from(round_trip.as_micros()).unwrap_or(u64::MAX),
        }
    }
}

impl TryFrom<pb::PingResponse> for Pinged {
    type Error = Problems;

    fn try_from(message: pb::PingResponse) -> Result<Self, Problems> {
        let pb::PingResponse {
            agency,
            outcome,
            reason,
            explanation,
            purpose,
            agreement,
            route,
            hops,
            tried,
            receipt,
            signed_receipt,
            record,
            round_trip_us,
        } = message;
        let mut problems = Problems::default();
        let agency = problems.take("agency", agency.parse());
        let outcome = problems.take("outcome", codes::ping_outcome(outcome).ok_or("is missing or unknown"));
        let purpose = problems.take("purpose", codes::purpose(purpose).ok_or("is missing or unknown"));
        let authority = problems.within("agreement", agreement.map(TryInto::try_into).transpose());
        let route = problems.take("route", route.iter().map(|a| a.parse()).collect::<Result<Vec<_>, _>>());
        let hops = problems.within("hops", hops.into_iter().map(passed).collect::<Result<Vec<_>, _>>());
        let tried =
            problems.within("tried", tried.into_iter().map(PingTry::try_from).collect::<Result<Vec<_>, _>>());
        let receipt = problems.within("receipt", receipt.map(TryInto::try_into).transpose());
        let record = problems.within("record", record.map(TryInto::try_into).transpose());
        let round_trip = Duration::from_micros(round_trip_us);
        let pinged = (|| {
            let (agency, outcome, purpose, authority) = (agency?, outcome?, purpose?, authority?);
            let (route, hops, tried, receipt, record) = (route?, hops?, tried?, receipt?, record?);
            Some(Self {
                agency,
                outcome,
                reason,
                explanation,
                purpose,
                authority,
                route,
                hops,
                tried,
                receipt,
                signed_receipt,
                record,
                round_trip,
            })
        })();
        problems.finish(pinged)
    }
}

impl From<PingTry> for pb::Attempt {
    fn from(tried: PingTry) -> Self {
        let PingTry { next, outcome, reason } = tried;
        Self { next: next.to_string(), outcome: codes::ping_outcome_to_pb(outcome), reason }
    }
}

impl TryFrom<pb::Attempt> for PingTry {
    type Error = Problems;

    fn try_from(message: pb::Attempt) -> Result<Self, Problems> {
        let pb::Attempt { next, outcome, reason } = message;
        let mut problems = Problems::default();
        let next = problems.take("next", next.parse());
        let outcome = problems.take("outcome", codes::ping_outcome(outcome).ok_or("is missing or unknown"));
        problems.finish(next.zip(outcome).map(|(next, outcome)| Self { next, outcome, reason }))
    }
}

impl From<&Passed> for pb::Hop {
    fn from(passed: &Passed) -> Self {
        let Passed { agency, at } = passed;
        Self { agency: agency.to_string(), at_ms: at.as_millis() }
    }
}

fn passed(message: pb::Hop) -> Result<Passed, Problems> {
    let pb::Hop { agency, at_ms } = message;
    let agency = agency.parse().map_err(|e| Problems::one("agency", e))?;
    Ok(Passed { agency, at: Timestamp::from_millis(at_ms) })
}

/// Reads the opened bytes of a ping: nothing is known that it could say.
pub fn decode_ping_ask(bytes: &[u8]) -> Result<(), Problems> {
    let pb::PingAsk {} = pb::PingAsk::decode(bytes).map_err(|_| Problems::one("body", "is no PingAsk"))?;
    Ok(())
}

/// The bytes of an answer to seal.
pub fn encode_ping_answer(hops: &[Passed]) -> Vec<u8> {
    pb::PingAnswer { hops: hops.iter().map(Into::into).collect() }.encode_to_vec()
}

/// Reads the opened bytes of an answer; a way of fewer than its two ends, or of more carriers than a request may pass, is
/// an error.
pub fn decode_ping_answer(bytes: &[u8]) -> Result<Vec<Passed>, Problems> {
    let message = pb::PingAnswer::decode(bytes).map_err(|_| Problems::one("body", "is no PingAnswer"))?;
    let pb::PingAnswer { hops } = message;
    let possible = 2..=HOPS_MAX + 2;
    if !possible.contains(&hops.len()) {
        let (least, most) = (possible.start(), possible.end());
        return Err(Problems::one("hops", format!("must be {least} to {most}")));
    }
    hops.into_iter().map(passed).collect()
}
