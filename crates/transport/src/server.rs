//! A listener: accepts, lets the verified in, and ends in peace.

use crate::acceptor;
use crate::connection::{self, End};
use crate::credentials::Credentials;
use crate::limits::ServerLimits;
use crate::network::{BoxedIo, Listener, Network};
use crate::peer::Peer;
use crate::slots::{AgencySlot, AgencySlots};
use crate::trust_store::TrustStore;
use crate::verify::Accept;
use bytes::Bytes;
use concord_domain::Clock;
use http::{Request, Response};
use hyper::body::Body;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;
use tower::Service;

/// After a failed `accept`, mostly for want of file descriptors: long enough for one to come free.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What a listener needs to know for its handshakes.
#[derive(Debug, Clone)]
pub struct ServerTls {
    /// What it shows.
    pub credentials: Arc<Credentials>,
    /// Whom it believes.
    pub trust: Arc<TrustStore>,
    /// By which time certificates are judged.
    pub clock: Arc<dyn Clock>,
    /// Whom it lets in.
    pub accept: Accept,
}

/// A listener that is not bound yet.
#[derive(Debug, Clone)]
pub struct Server {
    network: Arc<dyn Network>,
    tls: ServerTls,
    limits: ServerLimits,
}

impl Server {
    /// A listener over `network`.
    pub fn new(network: Arc<dyn Network>, tls: ServerTls, limits: ServerLimits) -> Self {
        Self { network, tls, limits }
    }

    /// Takes the port. Connections wait in the kernel's queue until [`Bound::serve`].
    ///
    /// # Errors
    /// What the network says: the port is taken, or the address is not ours.
    pub async fn bind(&self, address: SocketAddr) -> io::Result<Bound> {
        let listener = self.network.bind(address).await?;
        let address = listener.local_addr()?;
        Ok(Bound { listener, address, tls: self.tls.clone(), limits: self.limits.clone() })
    }
}

/// A listener with its port.
#[derive(Debug)]
pub struct Bound {
    listener: Box<dyn Listener>,
    address: SocketAddr,
    tls: ServerTls,
    limits: ServerLimits,
}

impl Bound {
    /// The address, with the port that it became.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `shutdown`, and then until the requests under way have ended or the drain is over.
    ///
    /// Each request carries the [`Peer`] and its [`RequestDeadline`](crate::RequestDeadline) in its extensions. The
    /// service answers everything itself, errors too, as tonic's `Routes` and axum's `Router` do. No failed
    /// handshake, failed `accept` or panic in a connection ends the loop. Dropping the future drops every
    /// connection.
    pub async fn serve<S, B>(self, service: S, shutdown: CancellationToken)
    where
        S: Service<Request<tonic::body::Body>, Response = Response<B>, Error = Infallible>,
        S: Clone + Send + 'static,
        S::Future: Send,
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let Self { mut listener, address, tls, limits } = self;
        let gate = Arc::new(Gate::new(address, tls, limits));
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                biased;
                () = shutdown.cancelled() => break,
                Some(ended) = connections.join_next() => report(ended),
                (io, handshake) = gate.next(listener.as_mut()) => {
                    let served = Arc::clone(&gate).serve(io, handshake, service.clone(), shutdown.clone());
                    connections.spawn(served);
                }
            }
        }
        drop(listener);
        while let Some(ended) = connections.join_next().await {
            report(ended);
        }
    }
}

fn report(ended: Result<(), JoinError>) {
    if let Err(error) = ended {
        tracing::error!(panicked = error.is_panic(), "a connection's task did not end by itself");
    }
}

/// What all connections of one listener share.
struct Gate {
    address: SocketAddr,
    tls: ServerTls,
    limits: ServerLimits,
    handshakes: Arc<Semaphore>,
    connections: Arc<Semaphore>,
    agencies: Arc<AgencySlots>,
}

/// A verified peer's place, for as long as it is held.
struct Place {
    _connection: OwnedSemaphorePermit,
    _agency: AgencySlot,
}

impl Gate {
    fn new(address: SocketAddr, tls: ServerTls, limits: ServerLimits) -> Self {
        Self {
            address,
            handshakes: Arc::new(Semaphore::new(limits.handshakes)),
            connections: Arc::new(Semaphore::new(limits.connections)),
            agencies: AgencySlots::new(limits.connections_per_agency),
            tls,
            limits,
        }
    }

    /// The next stranger, once there is room for a handshake.
    async fn next(&self, listener: &mut dyn Listener) -> (BoxedIo, Option<OwnedSemaphorePermit>) {
        // The semaphore is never closed, so there is always a permit to wait for.
        let handshake = Arc::clone(&self.handshakes).acquire_owned().await.ok();
        loop {
            match listener.accept().await {
                Ok((io, _)) => return (io, handshake),
                Err(error) => {
                    tracing::warn!(listener = %self.address, %error, "accept failed");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    async fn serve<S, B>(
        self: Arc<Self>,
        io: BoxedIo,
        handshake: Option<OwnedSemaphorePermit>,
        service: S,
        shutdown: CancellationToken,
    ) where
        S: Service<Request<tonic::body::Body>, Response = Response<B>, Error = Infallible>,
        S: Clone + Send + 'static,
        S::Future: Send,
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let Self { address, tls, limits, .. } = self.as_ref();
        let shaken = acceptor::accept(io, tls, limits.handshake, limits.recheck);
        let mut accepted = tokio::select! {
            shaken = shaken => match shaken {
                Ok(accepted) => accepted,
                Err(failed) => {
                    tracing::info!(listener = %address, reason = %failed, "connection refused");
                    return;
                }
            },
            () = shutdown.cancelled() => return,
        };
        drop(handshake);
        let agency = accepted.peer.agency().clone();
        let Some(_place) = self.place(&accepted.peer) else {
            tracing::warn!(listener = %address, %agency, "connection refused: no place left");
            // A clean end, so that the peer can tell a full house from a broken line. If it fails, so be it.
            drop(tokio::time::timeout(limits.handshake, accepted.io.shutdown()).await);
            return;
        };
        tracing::debug!(listener = %address, %agency, "connection accepted");
        let end = connection::serve(accepted, service, limits, shutdown).await;
        self.report(&agency, &end);
    }

    fn place(&self, peer: &Peer) -> Option<Place> {
        let connection = Arc::clone(&self.connections).try_acquire_owned().ok()?;
        let agency = self.agencies.take(peer.agency())?;
        Some(Place { _connection: connection, _agency: agency })
    }

    fn report(&self, agency: &concord_domain::AgencyId, end: &End) {
        let listener = self.address;
        match end {
            End::Untrusted(_) | End::Cut(_) => {
                tracing::warn!(%listener, %agency, reason = %end, "connection ended")
            }
            End::ByPeer | End::Failed(_) | End::NoRequest | End::Left(_) => {
                tracing::debug!(%listener, %agency, reason = %end, "connection ended");
            }
        }
    }
}
