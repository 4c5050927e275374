//! The one judgement on a peer's certificates, at the handshake and again whenever trust changes.

use crate::anchors::{AgencyAnchors, Anchors};
use crate::peer::Peer;
use concord_domain::{AgencyId, InvalidIdentity, Timestamp};
use rustls::pki_types::{CertificateDer, UnixTime};
use std::time::Duration;
use thiserror::Error;
use webpki::{
    EndEntityCert, ExpirationPolicy, KeyUsage, RevocationCheckDepth, RevocationOptions,
    RevocationOptionsBuilder, UnknownStatusPolicy,
};

/// Certificates between leaf and root at most: an authority and one below it; more only costs signature checks.
const INTERMEDIATES_MAX: usize = 3;

/// Why the other end is not believed. Never holds a person's name.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PeerRefused {
    /// A part of the leaf that cannot be read.
    #[error("the peer's certificate cannot be read: {0}")]
    Malformed(&'static str),
    /// No URI name, or more than one (SPIFFE X.509-SVID, section 2).
    #[error("the peer's certificate does not have exactly one URI name")]
    NotOneIdentity,
    /// The URI name is not an identity of this federation.
    #[error("the peer's identity: {0}")]
    BadIdentity(#[from] InvalidIdentity),
    /// An agency without a bundle.
    #[error("{0} has no certificate bundle here")]
    UnknownAgency(AgencyId),
    /// Another agency than the one that was called.
    #[error("expected {expected}, found {found}")]
    UnexpectedAgency {
        /// Whom the caller wanted.
        expected: AgencyId,
        /// Who answered.
        found: AgencyId,
    },
    /// A node where applications and officers are served, or the other way round.
    #[error("{agency}: this kind of identity is not accepted here")]
    UnacceptedWorkload {
        /// Whose certificate.
        agency: AgencyId,
    },
    /// Longer than the limit.
    #[error("{agency}: the chain has {found} intermediate certificates, more than the limit of {limit}")]
    ChainTooLong {
        /// Whose certificate.
        agency: AgencyId,
        /// How many.
        found: usize,
        /// How many are allowed.
        limit: usize,
    },
    /// No path to a root of the agency that the leaf claims.
    #[error("{agency}: the certificate was not issued by that agency")]
    NotIssuedByAgency {
        /// Whose certificate it claims to be.
        agency: AgencyId,
    },
    /// No longer valid.
    #[error("{agency}: the certificate expired on {on}")]
    Expired {
        /// Whose certificate.
        agency: AgencyId,
        /// Its last second.
        on: Timestamp,
    },
    /// Not valid yet.
    #[error("{agency}: the certificate is not valid before {from}")]
    NotYetValid {
        /// Whose certificate.
        agency: AgencyId,
        /// Its first second.
        from: Timestamp,
    },
    /// On the agency's revocation list.
    #[error("{agency}: the certificate is revoked")]
    Revoked {
        /// Whose certificate.
        agency: AgencyId,
    },
    /// Without the extended key usage of its side: `clientAuth` or `serverAuth`.
    #[error("{agency}: the certificate is not for this use")]
    WrongPurpose {
        /// Whose certificate.
        agency: AgencyId,
    },
    /// Anything else that RFC 5280 forbids.
    #[error("{agency}: the certificate is not valid: {why}")]
    Invalid {
        /// Whose certificate.
        agency: AgencyId,
        /// What the path validation says.
        why: String,
    },
}

/// `id-kp-serverAuth` and `id-kp-clientAuth` (RFC 5280, 4.2.1.12) in DER. They must be there: the library's own
/// usages also accept a certificate that names no use at all.
const SERVER_AUTH: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 1];
const CLIENT_AUTH: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 2];

/// Which side of a connection the certificate speaks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// The peer has called us.
    Client,
    /// We have called the peer.
    Server,
}

/// Judges a chain against the roots and revocation lists of exactly the agency that its leaf claims.
///
/// Revocation is checked along the whole path. Where no list covers an issuer the certificate passes: an agency that
/// has published none has revoked nothing. A list past its `nextUpdate` still counts: what it revokes stays
/// revoked, and a list that is late must not cut an agency off.
pub(crate) fn verify(
    anchors: &Anchors,
    leaf: &CertificateDer<'_>,
    intermediates: &[CertificateDer<'_>],
    side: Side,
    now: UnixTime,
) -> Result<Peer, PeerRefused> {
    let peer = Peer::claimed(leaf)?;
    let agency = peer.agency();
    if intermediates.len() > INTERMEDIATES_MAX {
        let (found, limit) = (intermediates.len(), INTERMEDIATES_MAX);
        return Err(PeerRefused::ChainTooLong { agency: agency.clone(), found, limit });
    }
    let anchors = anchors.of(agency).ok_or_else(|| PeerRefused::UnknownAgency(agency.clone()))?;
    path(anchors, leaf, intermediates, side, now).map_err(|error| refused(agency, error))?;
    Ok(peer)
}

fn path(
    anchors: &AgencyAnchors,
    leaf: &CertificateDer<'_>,
    intermediates: &[CertificateDer<'_>],
    side: Side,
    now: UnixTime,
) -> Result<(), webpki::Error> {
    let usage = match side {
        Side::Client => KeyUsage::required(CLIENT_AUTH),
        Side::Server => KeyUsage::required(SERVER_AUTH),
    };
    let crls: Vec<_> = anchors.crls.iter().collect();
    let algorithms = crate::tls::provider().signature_verification_algorithms.all;
    EndEntityCert::try_from(leaf)?
        .verify_for_usage(algorithms, &anchors.roots, intermediates, now, usage, revocation(&crls), None)
        .map(drop)
}

/// `None` where there is no list at all: the builder has no other way to say so.
fn revocation<'a>(crls: &'a [&'a webpki::CertRevocationList<'a>]) -> Option<RevocationOptions<'a>> {
    let options = RevocationOptionsBuilder::new(crls).ok()?;
    let options = options
        .with_depth(RevocationCheckDepth::Chain)
        .with_status_policy(UnknownStatusPolicy::Allow)
        .with_expiration_policy(ExpirationPolicy::Ignore);
    Some(options.build())
}

#[allow(clippy::wildcard_enum_match_arm, reason = "a foreign enum that grows; the rest keeps its own words")]
fn refused(agency: &AgencyId, error: webpki::Error) -> PeerRefused {
    use webpki::Error;
    let agency = agency.clone();
    match error {
        Error::UnknownIssuer | Error::InvalidSignatureForPublicKey => {
            PeerRefused::NotIssuedByAgency { agency }
        }
        Error::CertExpired { not_after, .. } => PeerRefused::Expired { agency, on: timestamp(not_after) },
        Error::CertNotValidYet { not_before, .. } => {
            PeerRefused::NotYetValid { agency, from: timestamp(not_before) }
        }
        Error::CertRevoked => PeerRefused::Revoked { agency },
        Error::RequiredEkuNotFoundContext(_) => PeerRefused::WrongPurpose { agency },
        other => PeerRefused::Invalid { agency, why: other.to_string() },
    }
}

fn timestamp(at: UnixTime) -> Timestamp {
    Timestamp::default().plus(Duration::from_secs(at.as_secs()))
}
