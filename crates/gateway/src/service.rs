//! The federation API's calls, as gRPC has them.

use crate::carry::Lost;
use crate::deadline::Deadline;
use crate::inbound::{Inbound, NotServed};
use crate::link::{CONNECTION_LOST, MESSAGE_BYTES_MAX, NO_ROUTE};
use crate::operation::Fault;
use crate::standing::Standing;
use crate::sync::{Exchange, StepInvalid};
use concord_domain::{Entropy, RequestId};
use concord_transport::Peer;
use concord_trust::envelope::{EnvelopeInvalid, HOPS_MAX};
use concord_wire::pb::federation::v1 as pb;
use concord_wire::pb::federation::v1::federation_service_server::{
    FederationService, FederationServiceServer,
};
use concord_wire::{INCIDENT_REASON, Problems, overloaded, refused, violations};
use std::sync::Arc;
use std::time::Duration;
use tonic::{Code, Request, Response, Status};

/// How long a request is carried whose caller names no time.
const CARRY_DEFAULT: Duration = Duration::from_secs(10);
/// How long at most: as long as a search may take.
const CARRY_MAX: Duration = Duration::from_secs(60);

/// Hops of a request that are looked at: beyond those that may be, so that one too many is refused under signature; not so
/// many that empty ones fill the memory.
const HOPS_READ_MAX: usize = 4 * HOPS_MAX;

/// Serves `concord.federation.v1`.
#[derive(Debug, Clone)]
pub struct FederationApi {
    inbound: Inbound,
    exchange: Exchange,
    standing: Standing,
    entropy: Arc<dyn Entropy>,
}

impl FederationApi {
    /// The API over the way in and the documents; a node whose ledger is not whole serves neither.
    pub fn new(inbound: Inbound, exchange: Exchange, standing: Standing, entropy: Arc<dyn Entropy>) -> Self {
        Self { inbound, exchange, standing, entropy }
    }

    /// The gRPC service with its limits.
    pub fn into_service(self) -> FederationServiceServer<Self> {
        FederationServiceServer::new(self)
            .max_decoding_message_size(MESSAGE_BYTES_MAX)
            .max_encoding_message_size(MESSAGE_BYTES_MAX)
    }

    fn in_good_standing(&self) -> Result<(), Status> {
        let Some(rolled_back) = self.standing.rolled_back() else { return Ok(()) };
        Err(refused(Code::Unavailable, "ROLLED_BACK", rolled_back.to_string(), &[]))
    }

    fn status(&self, error: NotServed) -> Status {
        match error {
            NotServed::Invalid(EnvelopeInvalid::Malformed) => refused(
                Code::InvalidArgument,
                "ENVELOPE_MALFORMED",
                EnvelopeInvalid::Malformed.to_string(),
                &[],
            ),
            NotServed::Invalid(invalid) => {
                refused(Code::Unauthenticated, "ENVELOPE_NOT_AUTHENTIC", invalid.to_string(), &[])
            }
            NotServed::NotFromPeer => {
                refused(Code::Unauthenticated, "HOP_LINE_BROKEN", error.to_string(), &[])
            }
            NotServed::Lost(lost) => nothing_came_back(lost),
            NotServed::Overloaded(over) => overloaded(over.to_string(), over.limit),
            NotServed::Fault(fault) => incident(&fault, &*self.entropy),
        }
    }
}

/// A carrier's word on what became of a request. What the nodes behind it said is not passed on.
fn nothing_came_back(lost: Lost) -> Status {
    let (code, reason) = match lost {
        Lost::NoRoute => (Code::Unavailable, NO_ROUTE),
        Lost::TooLittleTime => (Code::DeadlineExceeded, "TOO_LITTLE_TIME"),
        Lost::TimedOut => (Code::DeadlineExceeded, "TIMED_OUT"),
        Lost::Broken => (Code::Aborted, CONNECTION_LOST),
        Lost::Failed(failure) => (Code::FailedPrecondition, failure.as_str()),
    };
    refused(code, reason, lost.to_string(), &[])
}

/// Logs a fault of our own under a fresh id, and gives the status that names nothing but that id.
pub fn incident(fault: &Fault, entropy: &dyn Entropy) -> Status {
    let id = RequestId::random(entropy);
    tracing::error!(target: "concord::incident", %id, %fault, "incident");
    let metadata = [("incident", id.to_string())];
    refused(Code::Internal, INCIDENT_REASON, format!("internal error, incident {id}"), &metadata)
}

#[tonic::async_trait]
impl FederationService for FederationApi {
    async fn deliver(
        &self,
        request: Request<pb::DeliverRequest>,
    ) -> Result<Response<pb::DeliverResponse>, Status> {
        let peer = request.extensions().get::<Peer>().cloned();
        let peer = peer.ok_or_else(|| Status::unauthenticated("the connection has no verified peer"))?;
        self.in_good_standing()?;
        let hops = request.get_ref().hops.len();
        if hops > HOPS_READ_MAX {
            let why = format!("{hops} are more than the limit of {HOPS_READ_MAX}");
            return Err(violations(&Problems::one("hops", why)));
        }
        // Of requests that were given up before we came to read them, as after a standstill, nothing is carried out:
        // their calls are dropped here, where HTTP/2 first looks for a reset.
        tokio::task::yield_now().await;
        let deadline = Deadline::of_call(&request, CARRY_DEFAULT, CARRY_MAX);
        let answer = self.inbound.deliver(peer.agency(), request.into_inner().into(), deadline).await;
        answer.map(|sealed| Response::new(sealed.into())).map_err(|error| self.status(error))
    }

    async fn sync(&self, request: Request<pb::SyncRequest>) -> Result<Response<pb::SyncResponse>, Status> {
        let peer = request.extensions().get::<Peer>().cloned();
        let peer = peer.ok_or_else(|| Status::unauthenticated("the connection has no verified peer"))?;
        self.in_good_standing()?;
        match self.exchange.answer(peer.agency(), request.into_inner()).await {
            Ok(response) => Ok(Response::new(response)),
            Err(StepInvalid::Field { field, why }) => Err(violations(&Problems::one(field, why))),
            Err(StepInvalid::Overloaded(over)) => Err(overloaded(over.to_string(), over.limit)),
            Err(StepInvalid::NotKept(error)) => {
                Err(incident(&Fault::new("comparing documents", error), &*self.entropy))
            }
        }
    }
}

#[cfg(test)]
mod tests;
