//! The certificate and key that this process shows, and their replacement while it runs.

use crate::chain::PeerRefused;
use crate::peer::Peer;
use crate::pem::{PemFile, Unreadable};
use crate::tls;
use arc_swap::ArcSwap;
use concord_domain::{AgencyId, SpiffeId, Timestamp};
use rustls::crypto::KeyProvider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use thiserror::Error;
use tokio::sync::watch;
use x509_parser::prelude::{FromDer, X509Certificate};

/// Why a certificate and its key cannot be shown to anyone; names the file.
#[derive(Debug, Error)]
pub enum CredentialError {
    /// The file cannot be read.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// Not PEM, or without a section of the right kind.
    #[error("{file}: no {what} can be read: {why}")]
    NotPem {
        /// The file.
        file: String,
        /// `certificate` or `private key`.
        what: &'static str,
        /// What the parser says.
        why: String,
    },
    /// The certificate cannot be understood.
    #[error("{file}: the certificate is malformed")]
    Malformed {
        /// The file.
        file: String,
    },
    /// The certificate has no identity of this federation.
    #[error("{file}: the certificate has no usable identity")]
    NoIdentity {
        /// The file.
        file: String,
        /// What is wrong with it.
        #[source]
        why: PeerRefused,
    },
    /// The certificate's time is over.
    #[error("{file}: the certificate expired on {on}")]
    Expired {
        /// The file.
        file: String,
        /// Its last second.
        on: Timestamp,
    },
    /// The certificate's time has not begun.
    #[error("{file}: the certificate is not valid before {from}")]
    NotYetValid {
        /// The file.
        file: String,
        /// Its first second.
        from: Timestamp,
    },
    /// A key of an unknown kind, or one that cannot be read.
    #[error("{file}: the private key is of no supported kind")]
    BadKey {
        /// The file.
        file: String,
    },
    /// The key is another certificate's.
    #[error("{key_file}: the private key does not belong to the certificate in {certificate_file}")]
    KeyMismatch {
        /// The certificate's file.
        certificate_file: String,
        /// The key's file.
        key_file: String,
    },
}

impl CredentialError {
    /// The file that is wrong; of a pair that does not fit, the key's.
    pub fn file(&self) -> &str {
        match self {
            Self::Unreadable(Unreadable { file, source: _ })
            | Self::NotPem { file, .. }
            | Self::Malformed { file }
            | Self::NoIdentity { file, .. }
            | Self::Expired { file, .. }
            | Self::NotYetValid { file, .. }
            | Self::BadKey { file }
            | Self::KeyMismatch { certificate_file: _, key_file: file } => file,
        }
    }
}

/// A certificate with its chain and key, checked and ready to be shown. `Debug` shows whose it is, never the key.
pub struct Leaf {
    identity: SpiffeId,
    expires: Timestamp,
    key: Arc<SingleCertAndKey>,
}

impl Leaf {
    /// Reads and checks the two files.
    ///
    /// # Errors
    /// All that is wrong with them, as far as one can see behind the first mistake.
    pub fn load(certificate: &Path, key: &Path, now: Timestamp) -> Result<Self, Vec<CredentialError>> {
        let certificate = PemFile::read(certificate).map_err(CredentialError::from);
        let key = PemFile::read(key).map_err(CredentialError::from);
        let (certificate, key) = both(certificate, key)?;
        Self::from_pem(&certificate, &key, now)
    }

    /// Checks a certificate (the leaf first, then what lies between it and the root) and its key.
    ///
    /// # Errors
    /// As [`Leaf::load`].
    pub fn from_pem(
        certificate: &PemFile,
        key: &PemFile,
        now: Timestamp,
    ) -> Result<Self, Vec<CredentialError>> {
        let (chain, key_der) = both(read_chain(certificate, now), read_key(key))?;
        let certified = certified(chain.certificates, key_der, certificate, key).map_err(|e| vec![e])?;
        Ok(Self { identity: chain.identity, expires: chain.expires, key: Arc::new(certified.into()) })
    }

    /// Whose certificate it is.
    pub fn identity(&self) -> &SpiffeId {
        &self.identity
    }

    /// The agency whose certificate it is.
    pub fn agency(&self) -> &AgencyId {
        &self.identity.agency
    }

    /// Its last second.
    pub fn expires(&self) -> Timestamp {
        self.expires
    }

    pub(crate) fn resolver(&self) -> Arc<SingleCertAndKey> {
        Arc::clone(&self.key)
    }
}

impl fmt::Debug for Leaf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Leaf")
            .field("identity", &self.identity)
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}

/// The leaf in use. Every handshake takes the one of that moment.
#[derive(Debug)]
pub struct Credentials {
    leaf: ArcSwap<Leaf>,
    version: watch::Sender<u64>,
}

impl Credentials {
    /// Starts with `leaf`.
    pub fn new(leaf: Leaf) -> Self {
        Self { leaf: ArcSwap::from_pointee(leaf), version: watch::Sender::new(0) }
    }

    /// Shows `leaf` from now on. Accepted connections stay; outgoing ones end after
    /// [`ClientLimits::swap_grace`](crate::ClientLimits::swap_grace), so that they are opened again with it.
    pub fn replace(&self, leaf: Leaf) {
        self.leaf.store(Arc::new(leaf));
        self.version.send_modify(|version| *version += 1);
    }

    /// The leaf in use now.
    pub fn current(&self) -> Arc<Leaf> {
        self.leaf.load_full()
    }

    /// Counts the replacements; awaiting a change wakes after each.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.version.subscribe()
    }
}

struct Chain {
    certificates: Vec<CertificateDer<'static>>,
    identity: SpiffeId,
    expires: Timestamp,
}

fn read_chain(file: &PemFile, now: Timestamp) -> Result<Chain, CredentialError> {
    let name = || file.name.clone();
    let not_pem = |why: String| CredentialError::NotPem { file: name(), what: "certificate", why };
    let certificates = file.sections::<CertificateDer<'static>>().map_err(|e| not_pem(e.to_string()))?;
    let leaf = certificates.first().ok_or_else(|| not_pem("there is none".to_owned()))?;
    let (_, parsed) =
        X509Certificate::from_der(leaf).map_err(|_| CredentialError::Malformed { file: name() })?;
    let expires = tls::timestamp(parsed.validity().not_after.timestamp());
    let from = tls::timestamp(parsed.validity().not_before.timestamp());
    if now > expires {
        return Err(CredentialError::Expired { file: name(), on: expires });
    }
    if now < from {
        return Err(CredentialError::NotYetValid { file: name(), from });
    }
    let identity =
        Peer::claimed(leaf).map_err(|why| CredentialError::NoIdentity { file: name(), why })?.identity;
    Ok(Chain { certificates, identity, expires })
}

fn read_key(file: &PemFile) -> Result<PrivateKeyDer<'static>, CredentialError> {
    let not_pem = |why: String| CredentialError::NotPem { file: file.name.clone(), what: "private key", why };
    let keys = file.sections::<PrivateKeyDer<'static>>().map_err(|e| not_pem(e.to_string()))?;
    keys.into_iter().next().ok_or_else(|| not_pem("there is none".to_owned()))
}

fn certified(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    certificate_file: &PemFile,
    key_file: &PemFile,
) -> Result<CertifiedKey, CredentialError> {
    let provider: &dyn KeyProvider = tls::provider().key_provider;
    let key = provider
        .load_private_key(key)
        .map_err(|_| CredentialError::BadKey { file: key_file.name.clone() })?;
    let certified = CertifiedKey::new(chain, key);
    // A key whose public half cannot be told counts as another certificate's: every kind in use can tell it.
    certified.keys_match().map_err(|_| CredentialError::KeyMismatch {
        certificate_file: certificate_file.name.clone(),
        key_file: key_file.name.clone(),
    })?;
    Ok(certified)
}

/// Both, or what is wrong with either.
fn both<A, B>(
    a: Result<A, CredentialError>,
    b: Result<B, CredentialError>,
) -> Result<(A, B), Vec<CredentialError>> {
    match (a, b) {
        (Ok(a), Ok(b)) => Ok((a, b)),
        (a, b) => Err(a.err().into_iter().chain(b.err()).collect()),
    }
}
