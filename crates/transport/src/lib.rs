//! Mutual TLS for both listeners and for the calls between nodes: who is at the other end, and for how long.
//!
//! In scope: listening, dialing, TLS 1.3 with certificates on both sides, trust by domain, live connections that
//! end when trust in them ends, HTTP/2 with a limit on everything, the time limit of a request.
//! Out of scope: any gRPC service, roles and methods (`concord-services`), charters and keyrings
//! (`concord-trust`), routing and retries (`concord-gateway`).
//!
//! ```text
//!  Network ── accept ──> handshake ──> Verifier: which domain does the leaf claim?  ──> HTTP/2 ──> service
//!     seam               time limit    that domain's roots and CRLs, and no others       limits     Peer in
//!                                                                                          │        extensions
//!  Network ── connect ─> handshake ──> Verifier: is it the node of the expected agency? ───┤
//!                                                                                          │
//!  TrustStore.replace, Credentials.replace ──────────── Vigil: does the chain still verify? ┘
//! ```
//!
//! Nothing is ever resumed: no tickets, no session cache, no early data. A resumed session would come back without
//! the verifier being asked, and with it a revoked peer.
//!
//! References: RFC 8446 (TLS 1.3), RFC 5280 (certificates, CRLs), RFC 9113 (HTTP/2), SPIFFE X.509-SVID,
//! draft-ietf-tls-ecdhe-mlkem (X25519MLKEM768), gRPC over HTTP/2 (`grpc-timeout`).

mod acceptor;
mod activity;
mod anchors;
mod chain;
mod connect_error;
mod connection;
mod connector;
mod credentials;
mod limits;
mod network;
mod peer;
mod peer_io;
mod pem;
mod request_limit;
mod server;
mod slots;
mod tls;
mod trust_store;
mod verify;
mod vigil;

pub use anchors::{AnchorError, Anchors, Bundle};
pub use chain::PeerRefused;
pub use connect_error::{ConnectError, Phase};
pub use connector::PeerConnector;
pub use credentials::{CredentialError, Credentials, Leaf};
pub use limits::{ClientLimits, ServerLimits};
pub use network::{BoxedIo, Io, Listener, Network, RealNetwork};
pub use peer::Peer;
pub use peer_io::PeerIo;
pub use pem::{PemFile, Unreadable};
pub use request_limit::RequestDeadline;
pub use server::{Bound, Server, ServerTls};
pub use trust_store::TrustStore;
pub use verify::Accept;
