//! What waits for an officer of ours, as it stands on the local API.

use crate::codes;
use crate::error::Problems;
use crate::pb::vetting::v1 as pb;
use crate::wanted::Ask;
use concord_domain::wanted::Authority;
use concord_domain::{
    AgencyId, Officer, Reference, Timestamp, VettingDecision, VettingReason, WaitingRequest,
};

impl From<WaitingRequest> for pb::Vetting {
    fn from(waiting: WaitingRequest) -> Self {
        let WaitingRequest { reference, state, origin, behalf, onward, operation, purpose, .. } = waiting;
        let WaitingRequest { handling, branch, nature, authority, created, expires, .. } = waiting;
        Self {
            reference: reference.to_string(),
            state: codes::vetting_state_to_pb(state),
            origin: origin.to_string(),
            behalf: behalf.iter().map(ToString::to_string).collect(),
            onward: onward.to_string(),
            operation: operation.to_string(),
            purpose: codes::purpose_to_pb(purpose),
            handling: Some(handling.into()),
            branch: branch.map(codes::branch_to_pb).unwrap_or_default(),
            offence_nature: nature.map(codes::nature_to_pb).unwrap_or_default(),
            agreement: authority.map(Into::into),
            created_ms: created.as_millis(),
            expires_ms: expires.as_millis(),
            decided_by: waiting.decided_by.map(|o| o.as_str().to_owned()).unwrap_or_default(),
            reason: waiting.reason.map(|r| r.as_str().to_owned()).unwrap_or_default(),
        }
    }
}

impl TryFrom<pb::Vetting> for WaitingRequest {
    type Error = Problems;

    fn try_from(message: pb::Vetting) -> Result<Self, Problems> {
        let pb::Vetting { reference, state, origin, behalf, onward, operation, purpose, .. } = message;
        let pb::Vetting { handling, branch, offence_nature, agreement, decided_by, reason, .. } = message;
        let (created, expires) = (message.created_ms, message.expires_ms);
        let mut problems = Problems::default();
        let reference: Option<Reference> = problems.take("reference", reference.parse());
        let state = problems.take("state", codes::vetting_state(state).ok_or("is missing or unknown"));
        let origin = problems.take("origin", origin.parse());
        let behalf: Result<Vec<AgencyId>, _> = behalf.iter().map(|agency| agency.parse()).collect();
        let behalf = problems.take("behalf", behalf);
        let onward = problems.take("onward", onward.parse());
        let operation = problems.take("operation", operation.parse());
        let purpose = problems.take("purpose", codes::purpose(purpose).ok_or("is missing or unknown"));
        let handling = problems.within("handling", crate::request::handling(handling));
        let branch = problems.optional("branch", branch, codes::branch);
        let nature = problems.optional("offence_nature", offence_nature, codes::nature);
        let authority: Result<Option<Authority>, _> = agreement.map(TryInto::try_into).transpose();
        let authority = problems.within("agreement", authority);
        let decided: Result<Option<Officer>, _> =
            (!decided_by.is_empty()).then(|| decided_by.parse()).transpose();
        let decided_by = problems.take("decided_by", decided);
        let reason: Result<Option<VettingReason>, _> =
            (!reason.is_empty()).then(|| reason.parse()).transpose();
        let reason = problems.take("reason", reason);
        let waiting = (|| {
            let (reference, state, origin, behalf) = (reference?, state?, origin?, behalf?);
            let (onward, operation, purpose, handling) = (onward?, operation?, purpose?, handling?);
            let (branch, nature, authority) = (branch?, nature?, authority?);
            Some(Self {
                reference,
                state,
                origin,
                behalf,
                onward,
                operation,
                purpose,
                handling,
                branch,
                nature,
                authority,
                created: Timestamp::from_millis(created),
                expires: Timestamp::from_millis(expires),
                decided_by: decided_by?,
                reason: reason?,
            })
        })();
        problems.finish(waiting)
    }
}

/// An officer's decision as it is handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deciding {
    /// On which request.
    pub reference: Reference,
    /// What.
    pub decision: VettingDecision,
    /// By whom; none where the caller's own certificate says it.
    pub officer: Option<Officer>,
}

impl From<Deciding> for pb::DecideVettingRequest {
    fn from(deciding: Deciding) -> Self {
        let Deciding { reference, decision, officer } = deciding;
        let decision = match decision {
            VettingDecision::Approve => pb::decide_vetting_request::Decision::Approve(pb::Approval {}),
            VettingDecision::Refuse(reason) => {
                let reason = reason.as_str().to_owned();
                pb::decide_vetting_request::Decision::Refuse(pb::Rejection { reason })
            }
        };
        Self {
            reference: reference.to_string(),
            decision: Some(decision),
            officer: officer.map(|o| o.as_str().to_owned()).unwrap_or_default(),
        }
    }
}

impl TryFrom<pb::DecideVettingRequest> for Deciding {
    type Error = Problems;

    fn try_from(message: pb::DecideVettingRequest) -> Result<Self, Problems> {
        let pb::DecideVettingRequest { reference, decision, officer } = message;
        let mut problems = Problems::default();
        let reference = problems.take("reference", reference.parse());
        let decision = match decision {
            None => problems.take("decision", Err("is missing")),
            Some(pb::decide_vetting_request::Decision::Approve(pb::Approval {})) => {
                Some(VettingDecision::Approve)
            }
            Some(pb::decide_vetting_request::Decision::Refuse(pb::Rejection { reason })) => {
                problems.take("refuse.reason", reason.parse().map(VettingDecision::Refuse))
            }
        };
        let officer = problems.take("officer", (!officer.is_empty()).then(|| officer.parse()).transpose());
        let deciding = reference.zip(decision).zip(officer);
        problems.finish(deciding.map(|((reference, decision), officer)| Self {
            reference,
            decision,
            officer,
        }))
    }
}

/// A request that waits, with what it asks.
pub type WaitingSearch = (WaitingRequest, Ask);

impl TryFrom<pb::GetVettingResponse> for WaitingSearch {
    type Error = Problems;

    fn try_from(message: pb::GetVettingResponse) -> Result<Self, Problems> {
        let pb::GetVettingResponse { vetting, ask } = message;
        let mut problems = Problems::default();
        let waiting = problems.within("vetting", WaitingRequest::try_from(vetting.unwrap_or_default()));
        let ask = match ask {
            None => problems.take("ask", Err("is missing, or of an operation that is not known here")),
            Some(pb::get_vetting_response::Ask::WantedSearch(ask)) => {
                problems.within("wanted_search", ask.try_into())
            }
        };
        problems.finish(waiting.zip(ask))
    }
}
