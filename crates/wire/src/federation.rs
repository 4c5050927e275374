//! Envelopes as they travel.

use crate::pb::federation::v1 as pb;
use concord_trust::envelope::{Envelope, SealedAnswer};

impl From<Envelope> for pb::DeliverRequest {
    fn from(envelope: Envelope) -> Self {
        let Envelope { request, hops, sealed_body } = envelope;
        let hops = hops.into_iter().map(Into::into).collect();
        Self { request: request.into(), hops, sealed_body: sealed_body.into() }
    }
}

impl From<pb::DeliverRequest> for Envelope {
    fn from(message: pb::DeliverRequest) -> Self {
        let pb::DeliverRequest { request, hops, sealed_body } = message;
        let hops = hops.into_iter().map(Into::into).collect();
        Self { request: request.into(), hops, sealed_body: sealed_body.into() }
    }
}

impl From<SealedAnswer> for pb::DeliverResponse {
    fn from(answer: SealedAnswer) -> Self {
        let SealedAnswer { answer, sealed_body } = answer;
        Self { answer: answer.into(), sealed_body: sealed_body.into() }
    }
}

impl From<pb::DeliverResponse> for SealedAnswer {
    fn from(message: pb::DeliverResponse) -> Self {
        let pb::DeliverResponse { answer, sealed_body } = message;
        Self { answer: answer.into(), sealed_body: sealed_body.into() }
    }
}
