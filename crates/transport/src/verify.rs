//! The verifier that rustls asks, one for each connection, so that its verdict stays with that connection.

use crate::chain::{self, PeerRefused, Side};
use crate::peer::Peer;
use crate::trust_store::TrustStore;
use concord_domain::{AgencyId, Workload};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, OtherError, PeerIncompatible, SignatureScheme,
};
use std::sync::{Arc, OnceLock};

/// Whose certificates a connection takes. Everything else is refused in the handshake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Accept {
    /// The federation API: a node of any agency that has a bundle here.
    Nodes,
    /// The local API: applications and officers of the node's own agency.
    Locals {
        /// The node's own agency.
        agency: AgencyId,
    },
    /// An outgoing call: the node of the agency that was called, and of no other.
    NodeOf {
        /// The agency that was called.
        agency: AgencyId,
    },
}

impl Accept {
    fn check(&self, peer: &Peer) -> Result<(), PeerRefused> {
        let node = match peer.identity.workload {
            Workload::Node(_) => true,
            Workload::App(_) | Workload::Officer(_) => false,
        };
        let (nodes_wanted, agency_wanted) = match self {
            Self::Nodes => (true, None),
            Self::Locals { agency } => (false, Some(agency)),
            Self::NodeOf { agency } => (true, Some(agency)),
        };
        let found = peer.agency();
        match agency_wanted {
            Some(expected) if expected != found => {
                let (expected, found) = (expected.clone(), found.clone());
                Err(PeerRefused::UnexpectedAgency { expected, found })
            }
            _ if node != nodes_wanted => Err(PeerRefused::UnacceptedWorkload { agency: found.clone() }),
            Some(_) | None => Ok(()),
        }
    }
}

/// Picks the anchors by the trust domain that the leaf claims, judges the chain against those alone, and keeps the
/// verdict. Host names are not looked at: the identity is the SPIFFE ID.
#[derive(Debug)]
pub(crate) struct Verifier {
    trust: Arc<TrustStore>,
    accept: Accept,
    verdict: OnceLock<Result<Peer, PeerRefused>>,
}

impl Verifier {
    pub(crate) fn new(trust: Arc<TrustStore>, accept: Accept) -> Self {
        Self { trust, accept, verdict: OnceLock::new() }
    }

    /// What was decided; `None` while the peer has shown no certificate.
    pub(crate) fn verdict(&self) -> Option<Result<Peer, PeerRefused>> {
        self.verdict.get().cloned()
    }

    fn judge(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        side: Side,
        now: UnixTime,
    ) -> Result<(), rustls::Error> {
        let verdict = self.verdict.get_or_init(|| {
            let peer = chain::verify(&self.trust.snapshot(), leaf, intermediates, side, now)?;
            self.accept.check(&peer).map(|()| peer)
        });
        verdict.as_ref().map(drop).map_err(|refused| alert(refused).into())
    }
}

/// What the other side is told, as far as TLS has words for it.
fn alert(refused: &PeerRefused) -> CertificateError {
    match refused {
        PeerRefused::Expired { .. } => CertificateError::Expired,
        PeerRefused::NotYetValid { .. } => CertificateError::NotValidYet,
        PeerRefused::Revoked { .. } => CertificateError::Revoked,
        PeerRefused::NotIssuedByAgency { .. } | PeerRefused::UnknownAgency(_) => {
            CertificateError::UnknownIssuer
        }
        PeerRefused::WrongPurpose { .. } => CertificateError::InvalidPurpose,
        PeerRefused::UnexpectedAgency { .. } | PeerRefused::UnacceptedWorkload { .. } => {
            CertificateError::ApplicationVerificationFailure
        }
        PeerRefused::Malformed(_) | PeerRefused::NotOneIdentity | PeerRefused::BadIdentity(_) => {
            CertificateError::BadEncoding
        }
        PeerRefused::ChainTooLong { .. } | PeerRefused::Invalid { .. } => {
            CertificateError::Other(OtherError(Arc::new(refused.clone())))
        }
    }
}

fn signature(
    message: &[u8],
    certificate: &CertificateDer<'_>,
    signed: &DigitallySignedStruct,
) -> Result<HandshakeSignatureValid, rustls::Error> {
    let algorithms = &crate::tls::provider().signature_verification_algorithms;
    rustls::crypto::verify_tls13_signature(message, certificate, signed, algorithms)
}

fn schemes() -> Vec<SignatureScheme> {
    crate::tls::provider().signature_verification_algorithms.supported_schemes()
}

/// Never asked: only TLS 1.3 is negotiated. It refuses all the same.
fn no_tls12() -> Result<HandshakeSignatureValid, rustls::Error> {
    Err(PeerIncompatible::Tls12NotOffered.into())
}

impl ClientCertVerifier for Verifier {
    /// No hints: the list of members is nothing to tell a stranger.
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        self.judge(leaf, intermediates, Side::Client, now).map(|()| ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        no_tls12()
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        schemes()
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        self.judge(leaf, intermediates, Side::Server, now).map(|()| ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        no_tls12()
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        schemes()
    }
}
