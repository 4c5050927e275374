//! The handshake of an incoming connection: from bytes to a verified peer.

use crate::chain::{PeerRefused, Side};
use crate::network::BoxedIo;
use crate::peer::Peer;
use crate::server::ServerTls;
use crate::tls::{self, ALPN_H2};
use crate::verify::Verifier;
use crate::vigil::{Vigil, Watchtower};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// A connection whose peer is known.
pub(crate) struct Accepted {
    pub(crate) io: TlsStream<BoxedIo>,
    pub(crate) peer: Peer,
    pub(crate) vigil: Vigil,
}

/// Why a connection came to nothing before its first request.
#[derive(Debug, Error)]
pub(crate) enum HandshakeFailed {
    #[error("the handshake took longer than {0:?}")]
    TooSlow(Duration),
    #[error(transparent)]
    Refused(PeerRefused),
    #[error("the handshake failed: {0}")]
    Tls(io::Error),
    #[error("the TLS configuration cannot be built: {0}")]
    Config(#[from] rustls::Error),
    #[error("HTTP/2 was not negotiated")]
    NotHttp2,
    #[error("the peer showed no certificate")]
    NoCertificate,
}

/// Runs the handshake with the leaf and the anchors of this moment.
pub(crate) async fn accept(
    io: BoxedIo,
    tls: &ServerTls,
    time_limit: Duration,
    recheck: Duration,
) -> Result<Accepted, HandshakeFailed> {
    let tower = Watchtower::new(&tls.trust, &tls.clock, recheck);
    let verifier = Arc::new(Verifier::new(Arc::clone(&tls.trust), tls.accept.clone()));
    let leaf = tls.credentials.current();
    let config = tls::server(&leaf, Arc::clone(&verifier), Arc::clone(&tls.clock))?;
    let handshake = TlsAcceptor::from(Arc::new(config)).accept(io);
    let outcome = tokio::time::timeout(time_limit, handshake)
        .await
        .map_err(|_| HandshakeFailed::TooSlow(time_limit))?;
    let peer = match verifier.verdict() {
        Some(Ok(peer)) => Some(peer),
        Some(Err(refused)) => return Err(HandshakeFailed::Refused(refused)),
        None => None,
    };
    let io = outcome.map_err(HandshakeFailed::Tls)?;
    let peer = peer.ok_or(HandshakeFailed::NoCertificate)?;
    let (_, session) = io.get_ref();
    // A client that offers no protocol at all is let through by TLS; here it has nothing to say.
    if session.alpn_protocol() != Some(ALPN_H2) {
        return Err(HandshakeFailed::NotHttp2);
    }
    let chain = session.peer_certificates().ok_or(HandshakeFailed::NoCertificate)?;
    let vigil = tower.over(chain, Side::Client);
    Ok(Accepted { io, peer, vigil })
}
