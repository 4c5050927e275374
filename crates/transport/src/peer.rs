//! Who a certificate says its holder is.

use crate::chain::PeerRefused;
use crate::tls;
use concord_domain::{AgencyId, SpiffeId, Timestamp};
use rustls::pki_types::CertificateDer;
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

/// The other end of a connection, as its verified certificate states it. It stands in the extensions of every
/// request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// The single URI name of the certificate (SPIFFE X.509-SVID, section 2).
    pub identity: SpiffeId,
    /// The organizational units of its subject: roles, given by the agency's own authority. One unit may list
    /// several, separated by commas, since not every authority can write more than one. At most
    /// [`Peer::ROLES_MAX`].
    pub roles: Vec<String>,
}

impl Peer {
    /// Roles at most: one person has a handful, and each is compared at each call.
    pub const ROLES_MAX: usize = 16;
    /// Bytes of a role's name at most: the upper bound of an organizational unit (RFC 5280, appendix A.1).
    pub const ROLE_BYTES_MAX: usize = 64;
    const ROLE_SEPARATOR: char = ',';

    /// The agency whose certificate it is.
    pub fn agency(&self) -> &AgencyId {
        &self.identity.agency
    }

    /// Reads a leaf. What it says is a claim until the chain has been verified.
    pub(crate) fn claimed(leaf: &CertificateDer<'_>) -> Result<Self, PeerRefused> {
        let (rest, leaf) =
            X509Certificate::from_der(leaf).map_err(|_| PeerRefused::Malformed("certificate"))?;
        if !rest.is_empty() {
            return Err(PeerRefused::Malformed("certificate"));
        }
        Ok(Self { identity: identity(&leaf)?, roles: roles(&leaf)? })
    }
}

/// When a leaf ends; `None` if it cannot be read.
pub(crate) fn ends(leaf: &CertificateDer<'static>) -> Option<Timestamp> {
    let (_, leaf) = X509Certificate::from_der(leaf).ok()?;
    Some(tls::timestamp(leaf.validity().not_after.timestamp()))
}

fn identity(leaf: &X509Certificate<'_>) -> Result<SpiffeId, PeerRefused> {
    let names = leaf
        .subject_alternative_name()
        .map_err(|_| PeerRefused::Malformed("subject alternative name"))?
        .map(|extension| extension.value.general_names.as_slice())
        .unwrap_or_default();
    let mut uris =
        names.iter().filter_map(|name| if let GeneralName::URI(uri) = name { Some(*uri) } else { None });
    let (Some(uri), None) = (uris.next(), uris.next()) else {
        return Err(PeerRefused::NotOneIdentity);
    };
    Ok(uri.parse()?)
}

fn roles(leaf: &X509Certificate<'_>) -> Result<Vec<String>, PeerRefused> {
    let mut roles = Vec::new();
    for unit in leaf.subject().iter_organizational_unit() {
        let unit = unit.as_str().map_err(|_| PeerRefused::Malformed("organizational unit"))?;
        roles.extend(unit.split(Peer::ROLE_SEPARATOR).map(str::trim).map(str::to_owned));
    }
    if roles.len() > Peer::ROLES_MAX {
        return Err(PeerRefused::Malformed("organizational units: too many"));
    }
    if roles.iter().any(|role| role.is_empty() || role.len() > Peer::ROLE_BYTES_MAX) {
        return Err(PeerRefused::Malformed("organizational unit: empty or too long"));
    }
    Ok(roles)
}
