//! A listener with its authorities, and callers of it.

use crate::authority::{Authority, agency, today};
use crate::memory::MemoryNetwork;
use bytes::Bytes;
use concord_domain::{Clock, FixedClock};
use concord_transport::{
    Accept, Anchors, ClientLimits, ConnectError, Credentials, Leaf, Network, Peer, PeerConnector, PeerIo,
    RequestDeadline, Server, ServerLimits, ServerTls, TrustStore,
};
use http::{Request, Response};
use hyper::client::conn::http2::SendRequest;
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::body::Body;

/// Yunnan listens; Guangxi calls.
pub struct World {
    pub yn: Authority,
    pub gx: Authority,
    pub clock: Arc<FixedClock>,
    pub network: Arc<MemoryNetwork>,
    /// What both sides believe.
    pub trust: Arc<TrustStore>,
    pub credentials: Arc<Credentials>,
    pub accept: Accept,
    pub limits: ServerLimits,
    pub client_limits: ClientLimits,
}

/// A running listener.
pub struct Running {
    pub address: SocketAddr,
    pub shutdown: CancellationToken,
    pub task: JoinHandle<()>,
    /// A line for each request that was dropped before it was answered.
    pub cancelled: mpsc::UnboundedReceiver<()>,
}

/// An open connection.
pub struct Caller {
    pub send: SendRequest<Body>,
    /// Ends with the connection.
    pub connection: JoinHandle<hyper::Result<()>>,
}

impl World {
    pub fn new() -> Self {
        let (yn, gx) = (Authority::new("yn.police.cn"), Authority::new("gx.police.cn"));
        let anchors = Anchors::build([yn.bundle(&[]), gx.bundle(&[])]).unwrap();
        Self {
            clock: Arc::new(FixedClock::at(today())),
            network: Arc::default(),
            trust: Arc::new(TrustStore::new(anchors)),
            credentials: Arc::new(Credentials::new(yn.leaf_for("node/gateway"))),
            accept: Accept::Nodes,
            limits: ServerLimits::federation(),
            client_limits: ClientLimits::default(),
            yn,
            gx,
        }
    }

    /// As the local API of Yunnan.
    pub fn local() -> Self {
        Self { accept: Accept::Locals { agency: agency("yn.police.cn") }, ..Self::new() }
    }

    /// Puts new revocation lists in force.
    pub fn revoke(&self, of_yn: &[u64], of_gx: &[u64]) {
        self.trust.replace(Anchors::build([self.yn.bundle(of_yn), self.gx.bundle(of_gx)]).unwrap());
    }

    pub async fn listen(&self) -> Running {
        let tls = ServerTls {
            credentials: Arc::clone(&self.credentials),
            trust: Arc::clone(&self.trust),
            clock: self.clock(),
            accept: self.accept.clone(),
        };
        let server = Server::new(self.network(), tls, self.limits.clone());
        let bound = server.bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let (told, cancelled) = mpsc::unbounded_channel();
        let shutdown = CancellationToken::new();
        let address = bound.local_addr();
        let service = tower::service_fn(move |request| answer(request, told.clone()));
        let task = tokio::spawn(bound.serve(service, shutdown.clone()));
        Running { address, shutdown, task, cancelled }
    }

    pub fn connector(&self, leaf: Leaf) -> PeerConnector {
        self.connector_to("yn.police.cn", Arc::new(Credentials::new(leaf)))
    }

    pub fn connector_to(&self, called: &str, credentials: Arc<Credentials>) -> PeerConnector {
        PeerConnector::new(
            self.network(),
            credentials,
            Arc::clone(&self.trust),
            self.clock(),
            agency(called),
            self.client_limits.clone(),
        )
    }

    /// Calls with `leaf`.
    pub async fn call(&self, running: &Running, leaf: Leaf) -> Result<Caller, ConnectError> {
        self.connector(leaf).dial(&running.address.to_string()).await.map(Caller::over)?.await
    }

    /// Calls as the node of Guangxi, which nothing is wrong with.
    pub async fn good_call(&self, running: &Running) -> Caller {
        self.call(running, self.gx.leaf_for("node/gateway")).await.unwrap()
    }

    pub fn network(&self) -> Arc<dyn Network> {
        Arc::clone(&self.network) as Arc<dyn Network>
    }

    pub fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock) as Arc<dyn Clock>
    }
}

impl Caller {
    pub async fn over(io: PeerIo) -> Result<Self, ConnectError> {
        let (send, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(io)).await.unwrap();
        Ok(Self { send, connection: tokio::spawn(connection) })
    }

    pub async fn get(&mut self, path: &str) -> hyper::Result<Response<hyper::body::Incoming>> {
        self.send.send_request(request(path)).await
    }

    /// Whom the server takes us for, and our roles.
    pub async fn who(&mut self) -> (String, String) {
        let response = self.get("/who").await.unwrap();
        let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
        (header("x-peer"), header("x-roles"))
    }
}

pub fn request(path: &str) -> Request<Body> {
    Request::post(format!("https://node{path}")).body(Body::empty()).unwrap()
}

/// `/who` tells who asks, `/hang` never answers, `/stream` answers with a body that never ends.
async fn answer(
    request: Request<Body>,
    cancelled: mpsc::UnboundedSender<()>,
) -> Result<Response<Body>, Infallible> {
    let told = OnDrop(cancelled);
    let peer = request.extensions().get::<Peer>().unwrap().clone();
    assert!(request.extensions().get::<RequestDeadline>().is_some());
    match request.uri().path() {
        "/hang" => {
            let never: Infallible = std::future::pending().await;
            drop(told);
            match never {}
        }
        "/stream" => Ok(Response::new(Body::new(Endless(told)))),
        _ => {
            std::mem::forget(told);
            let response = Response::builder()
                .header("x-peer", peer.identity.to_string())
                .header("x-roles", peer.roles.join("|"));
            Ok(response.body(Body::empty()).unwrap())
        }
    }
}

struct OnDrop(mpsc::UnboundedSender<()>);

impl Drop for OnDrop {
    fn drop(&mut self) {
        self.0.send(()).ok();
    }
}

/// A body that never has a frame.
struct Endless(#[allow(dead_code, reason = "it is there to be dropped")] OnDrop);

impl hyper::body::Body for Endless {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<hyper::body::Frame<Bytes>, Infallible>>> {
        std::task::Poll::Pending
    }
}

pub fn refusal(outcome: Result<Caller, ConnectError>) -> String {
    match outcome {
        Ok(_) => panic!("the call should have been refused"),
        Err(ConnectError::RefusedByPeer { alert }) => alert,
        Err(other) => panic!("the peer should have refused with an alert: {other:?}"),
    }
}
