//! Trust by domain: for each agency its own roots and revocation lists, and nobody else's.

use crate::pem::PemFile;
use concord_domain::AgencyId;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, TrustAnchor};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use thiserror::Error;
use webpki::{CertRevocationList, OwnedCertRevocationList};
use x509_parser::prelude::{FromDer, X509Certificate};

/// What one agency publishes about its own certificates: from its keyring, and its CRL files.
#[derive(Debug, Clone)]
pub struct Bundle {
    /// Whose it is.
    pub agency: AgencyId,
    /// Its certification authorities, one or more in each text. At most [`Bundle::ROOTS_MAX`].
    pub roots: Vec<PemFile>,
    /// Its revocation lists. None means that nothing is known to be revoked. At most [`Bundle::CRLS_MAX`].
    pub crls: Vec<PemFile>,
}

impl Bundle {
    /// Roots at most: one in use, one coming, one going, for a node's and for a client's authority, and room.
    pub const ROOTS_MAX: usize = 8;
    /// Lists at most: one for each root and one for each authority below it.
    pub const CRLS_MAX: usize = 16;
}

/// Why a bundle cannot be used; names the agency and the file.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AnchorError {
    /// No root at all: nobody of that agency could ever be let in.
    #[error("{agency}: the bundle has no certificate")]
    NoRoot {
        /// Whose bundle.
        agency: AgencyId,
    },
    /// More than the limit.
    #[error("{agency}: the bundle has {found} {what}, more than the limit of {limit}")]
    TooMany {
        /// Whose bundle.
        agency: AgencyId,
        /// `roots` or `revocation lists`.
        what: &'static str,
        /// How many.
        found: usize,
        /// How many are allowed.
        limit: usize,
    },
    /// The text is not PEM, or has no section of the right kind.
    #[error("{agency}: {file}: no {what} can be read: {why}")]
    NotPem {
        /// Whose bundle.
        agency: AgencyId,
        /// The file or field.
        file: String,
        /// `certificate` or `revocation list`.
        what: &'static str,
        /// What the parser says.
        why: String,
    },
    /// A certificate that is malformed or is not that of an authority.
    #[error("{agency}: {file}: not the certificate of an authority: {why}")]
    BadRoot {
        /// Whose bundle.
        agency: AgencyId,
        /// The file or field.
        file: String,
        /// What is wrong with it.
        why: String,
    },
    /// A revocation list that is malformed, or of a kind that is not supported (delta, indirect).
    #[error("{agency}: {file}: not a usable revocation list: {why}")]
    BadCrl {
        /// Whose bundle.
        agency: AgencyId,
        /// The file or field.
        file: String,
        /// What is wrong with it.
        why: String,
    },
}

impl AnchorError {
    /// The file or field that is wrong, where it is one.
    pub fn file(&self) -> Option<&str> {
        match self {
            Self::NotPem { file, .. } | Self::BadRoot { file, .. } | Self::BadCrl { file, .. } => Some(file),
            Self::NoRoot { .. } | Self::TooMany { .. } => None,
        }
    }
}

/// A snapshot of whom to believe: agency by agency. Cheap to copy.
#[derive(Clone, Default)]
pub struct Anchors(BTreeMap<AgencyId, Arc<AgencyAnchors>>);

/// What one agency's certificates are held against.
pub(crate) struct AgencyAnchors {
    pub(crate) roots: Vec<TrustAnchor<'static>>,
    pub(crate) crls: Vec<CertRevocationList<'static>>,
}

impl Anchors {
    /// Reads every bundle. A later bundle of the same agency takes the place of an earlier one.
    ///
    /// # Errors
    /// All that is wrong, in all bundles.
    pub fn build(bundles: impl IntoIterator<Item = Bundle>) -> Result<Self, Vec<AnchorError>> {
        let mut anchors = Self::default();
        let mut errors = Vec::new();
        for bundle in bundles {
            errors.extend(anchors.insert(bundle).err().into_iter().flatten());
        }
        if errors.is_empty() { Ok(anchors) } else { Err(errors) }
    }

    /// Puts one agency's bundle in the place of what was known of it; changes nothing if the bundle is wrong.
    ///
    /// # Errors
    /// All that is wrong in it.
    pub fn insert(&mut self, bundle: Bundle) -> Result<(), Vec<AnchorError>> {
        let anchors = AgencyAnchors::read(&bundle)?;
        self.0.insert(bundle.agency, Arc::new(anchors));
        Ok(())
    }

    /// Forgets an agency: none of its certificates is believed any more.
    pub fn remove(&mut self, agency: &AgencyId) {
        self.0.remove(agency);
    }

    /// The agencies that can be believed, in order.
    pub fn agencies(&self) -> impl Iterator<Item = &AgencyId> {
        self.0.keys()
    }

    pub(crate) fn of(&self, agency: &AgencyId) -> Option<&AgencyAnchors> {
        self.0.get(agency).map(Arc::as_ref)
    }
}

impl fmt::Debug for Anchors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl AgencyAnchors {
    fn read(bundle: &Bundle) -> Result<Self, Vec<AnchorError>> {
        let agency = &bundle.agency;
        let mut errors = Vec::new();
        let mut collect = |outcome: Result<(), AnchorError>| errors.extend(outcome.err());
        let (mut roots, mut crls) = (Vec::new(), Vec::new());
        for file in &bundle.roots {
            collect(read_roots(agency, file).map(|mut found| roots.append(&mut found)));
        }
        for file in &bundle.crls {
            collect(read_crls(agency, file).map(|mut found| crls.append(&mut found)));
        }
        collect(at_most(agency, "roots", roots.len(), Bundle::ROOTS_MAX));
        collect(at_most(agency, "revocation lists", crls.len(), Bundle::CRLS_MAX));
        if bundle.roots.is_empty() {
            collect(Err(AnchorError::NoRoot { agency: agency.clone() }));
        }
        if errors.is_empty() { Ok(Self { roots, crls }) } else { Err(errors) }
    }
}

fn at_most(agency: &AgencyId, what: &'static str, found: usize, limit: usize) -> Result<(), AnchorError> {
    if found <= limit {
        return Ok(());
    }
    Err(AnchorError::TooMany { agency: agency.clone(), what, found, limit })
}

fn read_roots(agency: &AgencyId, file: &PemFile) -> Result<Vec<TrustAnchor<'static>>, AnchorError> {
    let bad = |why: String| AnchorError::BadRoot { agency: agency.clone(), file: file.name.clone(), why };
    let mut roots = Vec::new();
    for der in sections::<CertificateDer<'static>>(agency, file, "certificate")? {
        let (_, certificate) = X509Certificate::from_der(&der).map_err(|e| bad(e.to_string()))?;
        // A leaf taken for a root would vouch for itself after its authority has revoked it.
        if !certificate.is_ca() {
            return Err(bad("it is an end entity".to_owned()));
        }
        let anchor = webpki::anchor_from_trusted_cert(&der).map_err(|e| bad(e.to_string()))?;
        roots.push(anchor.to_owned());
    }
    Ok(roots)
}

fn read_crls(agency: &AgencyId, file: &PemFile) -> Result<Vec<CertRevocationList<'static>>, AnchorError> {
    let bad = |why: String| AnchorError::BadCrl { agency: agency.clone(), file: file.name.clone(), why };
    sections::<CertificateRevocationListDer<'static>>(agency, file, "revocation list")?
        .iter()
        .map(|der| OwnedCertRevocationList::from_der(der).map_err(|e| bad(e.to_string())))
        .map(|list| list.map(CertRevocationList::from))
        .collect()
}

fn sections<T: rustls::pki_types::pem::PemObject>(
    agency: &AgencyId,
    file: &PemFile,
    what: &'static str,
) -> Result<Vec<T>, AnchorError> {
    let bad = |why| AnchorError::NotPem { agency: agency.clone(), file: file.name.clone(), what, why };
    let found = file.sections::<T>().map_err(|e| bad(e.to_string()))?;
    if found.is_empty() { Err(bad("there is none".to_owned())) } else { Ok(found) }
}
