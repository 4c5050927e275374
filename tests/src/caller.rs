//! Verified connections to a node's listeners, below the SDK: for what an honest program would never send.

use bytes::Bytes;
use concord_domain::{AgencyId, Clock, SystemClock};
use concord_pki::{Credential, CredentialFiles, Layout};
use concord_transport::{
    Anchors, Bundle, ClientLimits, Credentials, Leaf, PeerConnector, PemFile, RealNetwork, TrustStore,
};
use http::{Request, StatusCode};
use http_body_util::Full;
use hyper::client::conn::http2::SendRequest;
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::sync::Arc;
use tokio::task::JoinHandle;
use tonic::body::Body;
use tonic::transport::Channel;

/// A connector that shows `credential` to the node of `to`, which is believed by the authority in its folder.
///
/// # Panics
/// If the certificate cannot be shown, or the folder has no authority.
pub fn connector(layout: &Layout, to: &AgencyId, credential: &Credential) -> PeerConnector {
    let pem = |name: &str, text: &str| PemFile::new(name, text.as_bytes());
    let (certificate, key) = (pem("certificate", &credential.certificate), pem("key", &credential.key));
    let leaf = Leaf::from_pem(&certificate, &key, SystemClock.now()).expect("a usable certificate");
    let roots = vec![PemFile::read(&layout.node(to).authority().certificate).expect("an authority")];
    let bundle = Bundle { agency: to.clone(), roots, crls: Vec::new() };
    PeerConnector::new(
        Arc::new(RealNetwork),
        Arc::new(Credentials::new(leaf)),
        Arc::new(TrustStore::new(Anchors::build([bundle]).expect("anchors"))),
        Arc::new(SystemClock),
        to.clone(),
        ClientLimits::default(),
    )
}

/// A channel for tonic's clients to a listener at `https://host:port`.
///
/// # Panics
/// As [`connector`].
pub fn channel(layout: &Layout, to: &AgencyId, files: &CredentialFiles, address: &str) -> Channel {
    connector(layout, to, &crate::stranger::read(files)).channel(address.parse().expect("an address"))
}

/// An empty protobuf message as gRPC frames it: not compressed, no bytes.
const EMPTY_MESSAGE: Bytes = Bytes::from_static(&[0, 0, 0, 0, 0]);

/// One connection, which is not made again when it ends.
#[derive(Debug)]
pub struct OneConnection {
    /// Sends requests over it.
    pub requests: SendRequest<Body>,
    /// Ends with it.
    pub ended: JoinHandle<hyper::Result<()>>,
}

impl OneConnection {
    /// Connects to a listener at `https://host:port`.
    ///
    /// # Panics
    /// If the listener does not take us.
    pub async fn open(connector: &PeerConnector, address: &str) -> Self {
        let address = address.strip_prefix("https://").expect("an https address");
        let io = TokioIo::new(connector.dial(address).await.expect("a connection"));
        let shaken = hyper::client::conn::http2::handshake(TokioExecutor::new(), io).await;
        let (requests, connection) = shaken.expect("HTTP/2");
        Self { requests, ended: tokio::spawn(connection) }
    }

    /// Asks the node whether it is well.
    ///
    /// # Panics
    /// If it is not, or does not say so.
    pub async fn is_well(&mut self) {
        let request = Request::post("https://localhost/grpc.health.v1.Health/Check")
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .body(Body::new(Full::new(EMPTY_MESSAGE)));
        let answer = self.requests.send_request(request.expect("a request")).await.expect("an answer");
        // An error has no body and says so in its headers already.
        assert_eq!((answer.status(), answer.headers().get("grpc-status")), (StatusCode::OK, None));
    }
}
