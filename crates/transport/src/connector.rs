//! Calls the node of one agency.

use crate::anchors::{AnchorError, Anchors, Bundle};
use crate::chain::Side;
use crate::connect_error::{ConnectError, Phase};
use crate::credentials::Credentials;
use crate::limits::ClientLimits;
use crate::network::{BoxedIo, Network};
use crate::peer;
use crate::peer_io::PeerIo;
use crate::pem::PemFile;
use crate::tls::{self, ALPN_H2};
use crate::trust_store::TrustStore;
use crate::verify::{Accept, Verifier};
use crate::vigil::{Vigil, Watchtower};
use arc_swap::ArcSwapOption;
use concord_domain::{AgencyId, Clock, Timestamp};
use futures_util::future::BoxFuture;
use http::Uri;
use hyper_util::rt::TokioIo;
use rustls::pki_types::{DnsName, ServerName};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tonic::transport::Channel;
use tower::Service;

/// Opens connections to the node of one agency, and to nobody who cannot prove to be that. For tonic's `Channel`
/// it is a connector; [`PeerConnector::dial`] gives the bare stream.
#[derive(Debug, Clone)]
pub struct PeerConnector {
    network: Arc<dyn Network>,
    credentials: Arc<Credentials>,
    trust: Arc<TrustStore>,
    clock: Arc<dyn Clock>,
    agency: AgencyId,
    limits: ClientLimits,
    certificate_ends: Arc<ArcSwapOption<Timestamp>>,
}

impl PeerConnector {
    /// A connector to the node of `agency`, which is believed as far as `trust` goes.
    pub fn new(
        network: Arc<dyn Network>,
        credentials: Arc<Credentials>,
        trust: Arc<TrustStore>,
        clock: Arc<dyn Clock>,
        agency: AgencyId,
        limits: ClientLimits,
    ) -> Self {
        Self { network, credentials, trust, clock, agency, limits, certificate_ends: Arc::default() }
    }

    /// For an application or officer: a connector to the node of the same agency, as the client's own certificate
    /// names it, under that agency's authority.
    ///
    /// # Errors
    /// What is wrong with the authority's certificate.
    pub fn to_own_node(
        network: Arc<dyn Network>,
        credentials: Arc<Credentials>,
        authority: PemFile,
        clock: Arc<dyn Clock>,
        limits: ClientLimits,
    ) -> Result<Self, Vec<AnchorError>> {
        let agency = credentials.current().agency().clone();
        let bundle = Bundle { agency: agency.clone(), roots: vec![authority], crls: Vec::new() };
        let trust = Arc::new(TrustStore::new(Anchors::build([bundle])?));
        Ok(Self::new(network, credentials, trust, clock, agency, limits))
    }

    /// The agency that is called.
    pub fn agency(&self) -> &AgencyId {
        &self.agency
    }

    /// When the certificate ends that the node showed on the latest connection; `None` before the first. Clones of a
    /// connector know it together.
    pub fn certificate_ends(&self) -> Option<Timestamp> {
        self.certificate_ends.load().as_deref().copied()
    }

    /// A channel that connects when it is first used, and again when it has lost its connection. Needs a tokio
    /// runtime around it.
    pub fn channel(&self, uri: Uri) -> Channel {
        let endpoint = self.limits.endpoint(uri);
        Channel::new(self.clone(), endpoint)
    }

    /// Connects to `address`, written `host:port`. The peer has then been verified, and has taken our certificate.
    ///
    /// # Errors
    /// As [`ConnectError`] lists them; each phase has its own time limit.
    pub async fn dial(&self, address: &str) -> Result<PeerIo, ConnectError> {
        let io = within(Phase::Connect, self.limits.connect, self.network.connect(address))
            .await?
            .map_err(ConnectError::ConnectFailed)?;
        within(Phase::Handshake, self.limits.handshake, self.handshake(io)).await?
    }

    async fn handshake(&self, io: BoxedIo) -> Result<PeerIo, ConnectError> {
        let tower = Watchtower::new(&self.trust, &self.clock, self.limits.recheck);
        let replaced = self.credentials.changes();
        let verifier = Arc::new(Verifier::new(Arc::clone(&self.trust), self.expected()));
        let tls = self.tls(io, &verifier).await?;
        let (_, session) = tls.get_ref();
        if session.alpn_protocol() != Some(ALPN_H2) {
            return Err(ConnectError::HandshakeFailed { why: "HTTP/2 was not negotiated".to_owned() });
        }
        let shown = session.peer_certificates().unwrap_or_default();
        self.certificate_ends.store(shown.first().and_then(peer::ends).map(Arc::new));
        let vigil = tower.over(shown, Side::Server);
        let end = end(vigil, replaced, self.limits.swap_grace);
        PeerIo::open(tls, Box::pin(end)).await.map_err(|error| ConnectError::from_handshake(&error))
    }

    async fn tls(&self, io: BoxedIo, verifier: &Arc<Verifier>) -> Result<TlsStream<BoxedIo>, ConnectError> {
        let leaf = self.credentials.current();
        let config = tls::client(&leaf, Arc::clone(verifier), Arc::clone(&self.clock))
            .map_err(|error| ConnectError::HandshakeFailed { why: error.to_string() })?;
        let outcome = TlsConnector::from(Arc::new(config)).connect(self.server_name(), io).await;
        if let Some(Err(refused)) = verifier.verdict() {
            return Err(ConnectError::PeerRefused(refused));
        }
        outcome.map_err(|error| ConnectError::from_handshake(&error))
    }

    fn expected(&self) -> Accept {
        Accept::NodeOf { agency: self.agency.clone() }
    }

    /// rustls wants a name. It is neither sent nor compared.
    fn server_name(&self) -> ServerName<'static> {
        match DnsName::try_from(self.agency.as_str().to_owned()) {
            Ok(name) => ServerName::DnsName(name),
            Err(_) => ServerName::IpAddress(std::net::Ipv4Addr::UNSPECIFIED.into()),
        }
    }
}

async fn within<T>(phase: Phase, limit: Duration, work: impl Future<Output = T>) -> Result<T, ConnectError> {
    timeout(limit, work).await.map_err(|_| ConnectError::Timeout { phase, limit })
}

/// Waits for a reason to end a live connection.
async fn end(vigil: Vigil, mut replaced: watch::Receiver<u64>, grace: Duration) -> ConnectError {
    let swapped = async {
        // When the credentials are gone nobody can replace them any more, and the connection stays as it is.
        if replaced.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
        tokio::time::sleep(grace).await;
    };
    tokio::select! {
        refused = vigil.broken() => ConnectError::PeerRefused(refused),
        () = swapped => ConnectError::CredentialsReplaced,
    }
}

impl Service<Uri> for PeerConnector {
    type Response = TokioIo<PeerIo>;
    type Error = ConnectError;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connector = self.clone();
        Box::pin(async move {
            let address = match (uri.scheme_str(), uri.host(), uri.port_u16()) {
                (Some("https"), Some(host), Some(port)) => format!("{host}:{port}"),
                (_, _, _) => return Err(ConnectError::BadAddress { address: uri.to_string() }),
            };
            connector.dial(&address).await.map(TokioIo::new)
        })
    }
}
