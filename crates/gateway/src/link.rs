//! Connections to the nodes of other agencies.

use crate::courier::{Courier, Handover, NoAnswer};
use crate::deadline::Deadline;
use crate::peers::{Call, NotCalled, Peers};
use concord_domain::{AgencyId, Clock, Failure};
use concord_transport::{ClientLimits, ConnectError, Credentials, Network, PeerConnector, TrustStore};
use concord_trust::envelope::{Envelope, SealedAnswer};
use concord_wire::pb::federation::v1 as pb;
use concord_wire::pb::federation::v1::federation_service_client::FederationServiceClient;
use futures_util::future::BoxFuture;
use std::collections::BTreeMap;
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};

/// Bytes of one message between nodes at most: the largest size class of a body (1 MiB), its encapsulated key and the
/// signed part.
pub const MESSAGE_BYTES_MAX: usize = (1 << 20) + (64 << 10);

/// One connection to each agency, opened when first needed and again when lost.
#[derive(Debug, Clone)]
pub struct Links {
    network: Arc<dyn Network>,
    credentials: Arc<Credentials>,
    trust: Arc<TrustStore>,
    clock: Arc<dyn Clock>,
    limits: ClientLimits,
    peers: Peers,
    channels: Arc<Mutex<BTreeMap<(AgencyId, String), Link>>>,
}

/// A connection to one endpoint, and what opens it.
#[derive(Debug, Clone)]
struct Link {
    connector: PeerConnector,
    channel: Channel,
}

/// A call that waited less than this for an answer tells nothing of a peer: whoever names a short deadline must not open
/// its circuit for others.
const SILENCE_LEAST: Duration = Duration::from_secs(1);
/// The reason of a carrier that could hand a request to nobody, so that nothing was sent.
pub(crate) const NO_ROUTE: &str = "NO_ROUTE";
/// The reason of a carrier that handed a request on and lost the connection before an answer.
pub(crate) const CONNECTION_LOST: &str = "CONNECTION_LOST";

impl Links {
    /// Links from a node that shows `credentials` and believes `trust`.
    pub fn new(
        network: Arc<dyn Network>,
        credentials: Arc<Credentials>,
        trust: Arc<TrustStore>,
        clock: Arc<dyn Clock>,
        limits: ClientLimits,
        peers: Peers,
    ) -> Self {
        Self { network, credentials, trust, clock, limits, peers, channels: Arc::default() }
    }

    /// At its first endpoint, and at the next one only if there was no connection at all.
    async fn deliver_somewhere(
        &self,
        to: &AgencyId,
        endpoints: &[String],
        envelope: Envelope,
        deadline: Deadline,
    ) -> Result<SealedAnswer, NoAnswer> {
        let mut last = NoAnswer::Unreachable(Failure::NoEndpoint);
        for endpoint in endpoints {
            let link = self.link(to, endpoint, endpoints);
            match self.deliver_at(to, link, envelope.clone(), deadline).await {
                Err(unreached @ NoAnswer::Unreachable(Failure::ConnectFailed | Failure::HandshakeFailed)) => {
                    last = unreached;
                }
                other => return other,
            }
        }
        Err(last)
    }

    async fn deliver_at(
        &self,
        to: &AgencyId,
        link: Option<Link>,
        envelope: Envelope,
        deadline: Deadline,
    ) -> Result<SealedAnswer, NoAnswer> {
        let link = link.ok_or(NoAnswer::Unreachable(Failure::NoEndpoint))?;
        let mut client = FederationServiceClient::new(link.channel.clone())
            .max_decoding_message_size(MESSAGE_BYTES_MAX)
            .max_encoding_message_size(MESSAGE_BYTES_MAX);
        let mut request = Request::new(envelope.into());
        request.set_timeout(deadline.left());
        match tokio::time::timeout_at(deadline.instant(), client.deliver(request)).await {
            Err(_) => Err(NoAnswer::TimedOut),
            Ok(Ok(response)) => {
                self.note_certificate(to, &link);
                Ok(response.into_inner().into())
            }
            Ok(Err(status)) => {
                tracing::debug!(target: "concord::outbound", %to, code = ?status.code(), "no answer");
                Err(classify(&status, deadline))
            }
        }
    }

    /// One step of comparing documents, at the first endpoint that has a connection.
    pub(crate) async fn sync(
        &self,
        to: &AgencyId,
        endpoints: &[String],
        step: pb::SyncRequest,
        deadline: Deadline,
    ) -> Result<pb::SyncResponse, NoAnswer> {
        let mut last = NoAnswer::Unreachable(Failure::NoEndpoint);
        for endpoint in endpoints {
            let Some(link) = self.link(to, endpoint, endpoints) else { continue };
            let mut client = FederationServiceClient::new(link.channel.clone())
                .max_decoding_message_size(MESSAGE_BYTES_MAX)
                .max_encoding_message_size(MESSAGE_BYTES_MAX);
            let mut request = Request::new(step.clone());
            request.set_timeout(deadline.left());
            last = match tokio::time::timeout_at(deadline.instant(), client.sync(request)).await {
                Err(_) => return Err(NoAnswer::TimedOut),
                Ok(Ok(response)) => {
                    self.note_certificate(to, &link);
                    self.peers.compared(to);
                    return Ok(response.into_inner());
                }
                Ok(Err(status)) => classify(&status, deadline),
            };
        }
        Err(last)
    }

    /// A place for a call, if the agency's circuit and bulkhead leave one.
    fn enter(&self, to: &AgencyId) -> Result<Call, NoAnswer> {
        self.peers.enter(to).map_err(|why| {
            NoAnswer::Unreachable(match why {
                NotCalled::CircuitOpen => Failure::CircuitOpen,
                NotCalled::Busy => Failure::Overloaded,
            })
        })
    }

    /// Notes the certificate that `to` showed on its connection.
    fn note_certificate(&self, to: &AgencyId, link: &Link) {
        if let Some(ends) = link.connector.certificate_ends() {
            self.peers.showed(to, ends);
        }
    }

    fn link(&self, to: &AgencyId, endpoint: &str, published: &[String]) -> Option<Link> {
        let mut channels = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (to.clone(), endpoint.to_owned());
        if let Some(link) = channels.get(&key) {
            return Some(link.clone());
        }
        let uri = endpoint.parse().ok()?;
        let (network, credentials) = (Arc::clone(&self.network), Arc::clone(&self.credentials));
        let (trust, clock) = (Arc::clone(&self.trust), Arc::clone(&self.clock));
        let connector =
            PeerConnector::new(network, credentials, trust, clock, to.clone(), self.limits.clone());
        // Endpoints that are not published any more are forgotten with the next new one of the same agency.
        channels.retain(|(agency, endpoint), _| agency != to || published.contains(endpoint));
        let channel = connector.channel(uri);
        let link = Link { connector, channel };
        channels.insert(key, link.clone());
        Some(link)
    }
}

impl Courier for Links {
    fn deliver<'a>(
        &'a self,
        Handover { next, endpoints, destination }: Handover<'a>,
        envelope: Envelope,
        deadline: Deadline,
    ) -> BoxFuture<'a, Result<SealedAnswer, NoAnswer>> {
        Box::pin(async move {
            let call = self.enter(next)?;
            let patient = deadline.left() >= SILENCE_LEAST;
            let answer = self.deliver_somewhere(next, endpoints, envelope, deadline).await;
            settle(call, &answer, (next, destination), patient);
            answer
        })
    }
}

/// Notes what an answer, or none, tells of the peer that was called for `destination`. `patient` says whether it had
/// [the time](SILENCE_LEAST) that it may be held to.
fn settle(
    call: Call,
    answer: &Result<SealedAnswer, NoAnswer>,
    (next, destination): (&AgencyId, &AgencyId),
    patient: bool,
) {
    match answer {
        Ok(_) => call.answered(destination),
        Err(NoAnswer::Unreachable(Failure::ConnectFailed | Failure::HandshakeFailed) | NoAnswer::Broken) => {
            call.failed();
        }
        // Time may have run out anywhere behind the peer; its own silence it answers for, if it had the time.
        Err(NoAnswer::TimedOut) if destination == next && patient => call.failed(),
        Err(NoAnswer::TimedOut) if destination != next => call.kept_waiting(destination),
        Err(NoAnswer::TimedOut | NoAnswer::Unreachable(_) | NoAnswer::Failed(_)) => drop(call),
    }
}

/// Tells what our own side saw (a status with a source) from what the peer said (one without).
fn classify(status: &Status, deadline: Deadline) -> NoAnswer {
    if let Some(source) = status.source() {
        return match ConnectError::find(source) {
            Some(error) if error.is_distrust() => NoAnswer::Unreachable(Failure::HandshakeFailed),
            Some(_) => NoAnswer::Unreachable(Failure::ConnectFailed),
            None if deadline.left().is_zero() => NoAnswer::TimedOut,
            None => NoAnswer::Broken,
        };
    }
    match status.code() {
        Code::Unavailable if concord_wire::reason(status).as_deref() == Some(NO_ROUTE) => {
            NoAnswer::Unreachable(Failure::NoRoute)
        }
        Code::Aborted if concord_wire::reason(status).as_deref() == Some(CONNECTION_LOST) => {
            NoAnswer::Failed(Failure::ConnectionLost)
        }
        Code::ResourceExhausted | Code::Unavailable => NoAnswer::Unreachable(Failure::Overloaded),
        Code::DeadlineExceeded | Code::Cancelled => NoAnswer::TimedOut,
        Code::Unauthenticated | Code::PermissionDenied | Code::InvalidArgument => {
            NoAnswer::Failed(Failure::NotAuthenticated)
        }
        Code::Ok
        | Code::Unknown
        | Code::NotFound
        | Code::AlreadyExists
        | Code::FailedPrecondition
        | Code::Aborted
        | Code::OutOfRange
        | Code::Unimplemented
        | Code::Internal
        | Code::DataLoss => NoAnswer::Failed(Failure::PeerFault),
    }
}

#[cfg(test)]
mod tests;
