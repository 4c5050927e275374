//! What a node's or client's certificate says.

use crate::error::PkiError;
use crate::validity::Validity;
use concord_domain::{SpiffeId, Workload};
use rcgen::{
    CertificateParams, DistinguishedName, DnType, Error, ExtendedKeyUsagePurpose, IsCa, KeyUsagePurpose,
    SanType, SerialNumber,
};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What a leaf says. Whether the authority that issues it is that of the identity's agency is not asked, so that tests
/// can make what must be refused.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LeafSpec {
    /// The single URI name. A node's certificate also serves, under the names of this machine; others only call.
    pub identity: SpiffeId,
    /// Roles, as the organizational unit of the subject; [`LeafSpec::ROLES_BYTES_MAX`] at most.
    pub roles: Vec<String>,
    /// When it is valid.
    pub validity: Validity,
}

impl LeafSpec {
    /// Bytes of all roles with a comma between them: the upper bound of an organizational unit (RFC 5280, appendix
    /// A.1). One unit lists them all, since the certificate library writes each attribute once.
    pub const ROLES_BYTES_MAX: usize = 64;

    pub(crate) fn params(&self, serial: SerialNumber) -> Result<CertificateParams, PkiError> {
        let mut params = CertificateParams::default();
        (params.not_before, params.not_after) = self.validity.dates()?;
        params.serial_number = Some(serial);
        params.distinguished_name = self.subject()?;
        params.subject_alt_names = self.names().map_err(PkiError::certificate("subject alternative name"))?;
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = self.usages();
        params.use_authority_key_identifier_extension = true;
        Ok(params)
    }

    fn subject(&self) -> Result<DistinguishedName, PkiError> {
        let (Workload::Node(name) | Workload::App(name) | Workload::Officer(name)) = &self.identity.workload;
        let mut subject = DistinguishedName::new();
        subject.push(DnType::OrganizationName, self.identity.agency.as_str());
        if !self.roles.is_empty() {
            subject.push(DnType::OrganizationalUnitName, self.unit()?);
        }
        subject.push(DnType::CommonName, name.as_str());
        Ok(subject)
    }

    fn unit(&self) -> Result<String, PkiError> {
        let plain =
            |role: &str| !role.is_empty() && role.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
        if let Some(role) = self.roles.iter().find(|role| !plain(role)) {
            return Err(PkiError::Role { role: role.clone() });
        }
        let unit = self.roles.join(",");
        let (bytes, limit) = (unit.len(), Self::ROLES_BYTES_MAX);
        if bytes > limit { Err(PkiError::RolesTooLong { bytes, limit }) } else { Ok(unit) }
    }

    fn names(&self) -> Result<Vec<SanType>, Error> {
        let mut names = vec![SanType::URI(self.identity.to_string().try_into()?)];
        match &self.identity.workload {
            Workload::Node(_) => names.extend([
                SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST)),
                SanType::IpAddress(IpAddr::V6(Ipv6Addr::LOCALHOST)),
                SanType::DnsName("localhost".try_into()?),
            ]),
            Workload::App(_) | Workload::Officer(_) => {}
        }
        Ok(names)
    }

    fn usages(&self) -> Vec<ExtendedKeyUsagePurpose> {
        match &self.identity.workload {
            // A node serves its peers and calls them, with one identity.
            Workload::Node(_) => {
                vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth]
            }
            Workload::App(_) | Workload::Officer(_) => vec![ExtendedKeyUsagePurpose::ClientAuth],
        }
    }
}
