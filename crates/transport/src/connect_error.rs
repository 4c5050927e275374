//! Why a peer could not be called, so that the caller can tell an unreachable peer from trouble with certificates.

use crate::chain::PeerRefused;
use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::time::Duration;
use thiserror::Error;

/// How far a call had come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Reaching the address.
    Connect,
    /// From there to the peer's first HTTP/2 byte.
    Handshake,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "connecting",
            Self::Handshake => "the handshake",
        })
    }
}

/// Why there is no connection, or why there is none any more.
#[derive(Debug, Error)]
pub enum ConnectError {
    /// The address of the peer has no host or no port.
    #[error("the address {address:?} is not of the form https://host:port")]
    BadAddress {
        /// The address.
        address: String,
    },
    /// The network has no way to the peer: nobody listens, or no route.
    #[error("the peer cannot be reached")]
    ConnectFailed(#[source] io::Error),
    /// The peer took longer than the limit.
    #[error("{phase} took longer than {limit:?}")]
    Timeout {
        /// How far it had come.
        phase: Phase,
        /// The limit.
        limit: Duration,
    },
    /// We do not believe the peer's certificate. On a live connection: not any more.
    #[error("the peer is not believed")]
    PeerRefused(#[source] PeerRefused),
    /// The peer does not believe our certificate, or takes none like it.
    #[error("the peer refused us: {alert}")]
    RefusedByPeer {
        /// The TLS alert (RFC 8446, section 6).
        alert: String,
    },
    /// The peer ended the connection before it spoke HTTP/2: it is full, or shutting down.
    #[error("the peer closed the connection before serving it")]
    Closed,
    /// The handshake failed in any other way: plaintext, another TLS version, another protocol.
    #[error("the handshake failed: {why}")]
    HandshakeFailed {
        /// What TLS says.
        why: String,
    },
    /// Our own certificate has been replaced; the next connection shows the new one.
    #[error("our certificate has been replaced")]
    CredentialsReplaced,
}

impl ConnectError {
    /// Whether it is a matter of certificates, of either side, which no second attempt mends. Otherwise the peer is
    /// unreachable for now.
    pub fn is_distrust(&self) -> bool {
        match self {
            Self::PeerRefused(_) | Self::RefusedByPeer { .. } => true,
            Self::BadAddress { .. }
            | Self::ConnectFailed(_)
            | Self::Timeout { .. }
            | Self::Closed
            | Self::HandshakeFailed { .. }
            | Self::CredentialsReplaced => false,
        }
    }

    /// Finds the reason in what tonic or hyper return, along [`StdError::source`] and inside `io::Error`s.
    ///
    /// A request that was under way when its connection ended may have lost the reason: HTTP/2 keeps only the
    /// text of what happened to the connection below it.
    pub fn find<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a Self> {
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(found) = error.downcast_ref::<Self>() {
                return Some(found);
            }
            let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
            next = match wrapped {
                Some(inner) => Some(inner),
                None => error.source(),
            };
        }
        None
    }

    /// What a failed handshake, or the wait for the first byte after it, means.
    pub(crate) fn from_handshake(error: &io::Error) -> Self {
        let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
        match tls {
            Some(rustls::Error::AlertReceived(alert)) => Self::RefusedByPeer { alert: format!("{alert:?}") },
            Some(other) => Self::HandshakeFailed { why: other.to_string() },
            None => Self::from_io(error),
        }
    }

    fn from_io(error: &io::Error) -> Self {
        if matches!(
            error.kind(),
            io::ErrorKind::UnexpectedEof
                | io::ErrorKind::ConnectionReset
                | io::ErrorKind::BrokenPipe
                | io::ErrorKind::ConnectionAborted
        ) {
            return Self::Closed;
        }
        Self::HandshakeFailed { why: error.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Error)]
    #[error("outer")]
    struct Outer(#[source] io::Error);

    #[test]
    fn the_reason_is_found_behind_other_errors() {
        let wrapped = Outer(io::Error::other(ConnectError::Closed));
        assert!(matches!(ConnectError::find(&wrapped), Some(ConnectError::Closed)));
        assert!(ConnectError::find(&Outer(io::Error::other("else"))).is_none());
    }

    #[test]
    fn only_certificates_are_distrust() {
        let alert = rustls::Error::AlertReceived(rustls::AlertDescription::CertificateRevoked);
        let refused = ConnectError::from_handshake(&io::Error::new(io::ErrorKind::InvalidData, alert));
        assert!(refused.is_distrust(), "{refused}");
        let closed = ConnectError::from_handshake(&io::ErrorKind::UnexpectedEof.into());
        assert!(!closed.is_distrust(), "{closed}");
    }
}
